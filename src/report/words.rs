//! How is a number said? Counts with their nouns, shares in percent, estimates with their intervals.

use crate::numeric::Estimate;
use crate::plot::scale::grouped;

/// `1 item`, `12,032 items`.
pub fn count(n: usize, noun: &str) -> String {
    let number = grouped(n as f64, 0);
    if n == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `3 of 57 subjects`.
pub fn count_of(n: usize, of: usize, noun: &str) -> String {
    format!("{} of {}", grouped(n as f64, 0), count(of, noun))
}

/// `12.3 %`, with a space that no line breaks at; shares that round to none or all without being so say it.
pub fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.0005 {
        "under 0.1\u{a0}%".to_owned()
    } else if share < 1.0 && share > 0.9995 {
        "over 99.9\u{a0}%".to_owned()
    } else if share == 0.0 || share == 1.0 {
        format!("{:.0}\u{a0}%", 100.0 * share)
    } else {
        format!("{}\u{a0}%", grouped(100.0 * share, 1))
    }
}

/// A number with a real minus sign; `–` where there is none.
pub fn number(value: Option<f64>, decimals: usize) -> String {
    value.filter(|v| v.is_finite()).map_or("–".to_owned(), |v| grouped(v, decimals))
}

/// `0.912 (0.880 to 0.941)`, or the value alone where no interval exists.
pub fn estimate(e: &Estimate, decimals: usize) -> String {
    let value = number(Some(e.value), decimals);
    match e.interval {
        Some(i) => format!("{value} ({} to {})", grouped(i.low, decimals), grouped(i.high, decimals)),
        None => value,
    }
}

/// The interval alone: `0.880 to 0.941`.
pub fn interval(e: &Estimate, decimals: usize) -> String {
    e.interval.map_or("–".to_owned(), |i| {
        format!("{} to {}", grouped(i.low, decimals), grouped(i.high, decimals))
    })
}

/// `95 % interval`, from the level of the first estimate that has one.
pub fn level<'a>(estimates: impl IntoIterator<Item = &'a Estimate>) -> String {
    let level = estimates.into_iter().find_map(|e| e.interval).map_or(0.95, |i| i.level);
    format!("{}\u{a0}% interval", super::super::plot::scale::shortest(level * 100.0))
}

/// `a`, `a and b`, `a, b and c`; of more than `most`, the first ones and `n more`.
pub fn list(names: &[&str], most: usize) -> String {
    let (shown, left) = names.split_at(names.len().min(most));
    let mut parts: Vec<String> = shown.iter().map(|s| (*s).to_owned()).collect();
    if !left.is_empty() {
        parts.push(format!("{} more", grouped(left.len() as f64, 0)));
    }
    match parts.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// A name as part of a file name on any system.
pub fn file_stem(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let name: String = name.chars().map(safe).collect();
    if name.trim_matches('.').is_empty() { "unnamed".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Interval;

    #[test]
    fn numbers_read_like_prose() {
        assert_eq!(count(1, "item"), "1 item");
        assert_eq!(count(12_032, "item"), "12,032 items");
        assert_eq!(percent(0.00001), "under 0.1\u{a0}%");
        assert_eq!(percent(1.0), "100\u{a0}%");
        assert_eq!(list(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(list(&["a"], 2), "a");
        let e = Estimate::with_interval(0.5, None, Interval::new(-0.1, 0.9, 0.95));
        assert_eq!(estimate(&e, 2), "0.50 (−0.10 to 0.90)");
        assert_eq!(level([&e]), "95\u{a0}% interval");
    }
}
