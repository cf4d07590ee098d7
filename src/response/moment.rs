//! When was a run made? Programs write times in many ways, and only moments can be compared.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

/// Microseconds since 1970 of a time as programs write it; `None` where it is not known how to read it.
///
/// Dates with or without marks between their parts (`2026-01-31T12:00:00.5+02:00`, `2026-01-31T12-00-00`,
/// `20260131_120000`, `20260131`), and numbers of seconds, milliseconds or microseconds. A time without an offset is taken for one in UTC.
pub(crate) fn moment(text: &str) -> Option<i64> {
    let text = text.trim();
    of_number(text).or_else(|| of_date(text))
}

/// A number of seconds or smaller units since 1970, by the digits it has in this century.
fn of_number(text: &str) -> Option<i64> {
    let whole = text.split('.').next()?;
    let scale = match whole.len() {
        9..=10 => 1e6,
        12..=13 => 1e3,
        15..=16 => 1.0,
        _ => return None,
    };
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_number.then(|| text.parse::<f64>().ok()).flatten().map(|number| (number * scale) as i64)
}

/// A date, its time of day and its offset.
fn of_date(text: &str) -> Option<i64> {
    // Each group of digits with the mark before it.
    let mut groups: Vec<(char, &str)> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let mark = rest[..at].chars().next_back().unwrap_or(' ');
        let n = rest[at..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - at);
        groups.push((mark, &rest[at..at + n]));
        rest = &rest[at + n..];
    }
    let mut groups = groups.into_iter().peekable();
    let number = |text: &str| text.parse::<u32>().ok();
    let (_, first) = groups.next()?;
    let (date, time) = match first.len() {
        4 => (format!("{first}{:0>2}{:0>2}", groups.next()?.1, groups.next()?.1), None),
        8 => (first.to_owned(), None),
        14 => (first[..8].to_owned(), Some(first[8..].to_owned())),
        _ => return None,
    };
    let date = NaiveDate::parse_from_str(&date, "%Y%m%d").ok()?;
    let time = match (time, groups.peek().map(|(_, group)| group.len())) {
        (Some(time), _) => time,
        (None, Some(6 | 4)) => groups.next()?.1.to_owned(),
        (None, _) => {
            let mut time = String::new();
            while time.len() < 6
                && groups.peek().is_some_and(|(mark, group)| group.len() == 2 && *mark != '+')
            {
                time.push_str(groups.next()?.1);
            }
            time
        }
    };
    let part = |at: usize| time.get(at..at + 2).map_or(Some(0), number);
    let time = NaiveTime::from_hms_opt(part(0)?, part(2)?, part(4)?)?;
    let fraction = groups
        .next_if(|(mark, _)| *mark == '.')
        .map_or(0.0, |(_, digits)| format!("0.{digits}").parse::<f64>().unwrap_or(0.0));
    let offset = match groups.next() {
        Some((sign @ ('+' | '-'), hours)) => {
            let (hours, minutes) = match hours.len() {
                4 => (number(&hours[..2])?, number(&hours[2..])?),
                _ => (number(hours)?, groups.next().map_or(Some(0), |(_, minutes)| number(minutes))?),
            };
            let minutes = i64::from(hours) * 60 + i64::from(minutes);
            TimeDelta::try_minutes(if sign == '+' { minutes } else { -minutes })?
        }
        _ => TimeDelta::zero(),
    };
    let moment = NaiveDateTime::new(date, time).checked_sub_signed(offset)?;
    Some(moment.and_utc().timestamp_micros() + (fraction * 1e6) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_is_written_in_many_ways() {
        // date -u -d 2026-01-31T12:00:00 +%s
        let noon = Some(1_769_860_800_000_000);
        for text in [
            "2026-01-31T12:00:00",
            "2026-01-31T12-00-00",
            "2026-01-31T12-00-00.000000",
            "2026-01-31 12:00:00 UTC",
            "2026-01-31T14:00:00+02:00",
            "2026-01-31T07:00:00-0500",
            "2026-01-31T08-00-00-04-00",
            "2026-01-31 12:00",
            "20260131_120000",
            "20260131_1200",
            "20260131120000",
            "1769860800",
            "1769860800.0",
            "1769860800000",
        ] {
            assert_eq!(moment(text), noon, "{text}");
        }
        assert_eq!(moment("2026-01-31T12:00:00.25Z"), noon.map(|noon| noon + 250_000));
        let midnight = noon.map(|noon| noon - 12 * 3_600_000_000);
        assert_eq!([moment("2026-01-31"), moment("20260131"), moment("2026-1-31")], [midnight; 3]);
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "yesterday",
            "2026",
            "2026-13-01",
            "12",
            "20261399",
            "2026-01-31T99:00:00",
            "v1.2",
            "9".repeat(400).as_str(),
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
