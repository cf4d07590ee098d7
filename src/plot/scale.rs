//! Where does a value go, and which values get a label? Linear and logarithmic scales with round ticks.

use super::PlotError;

/// How values are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Equal steps are equally wide.
    Linear,
    /// Equal factors are equally wide.
    Log,
}

/// From values to pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Smallest and largest value.
    pub domain: (f64, f64),
    /// Their places, px; a vertical scale runs from the bottom up.
    pub range: (f64, f64),
    /// Linear or logarithmic.
    pub spread: Spread,
}

/// A value with its label.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// The value.
    pub value: f64,
    /// The label.
    pub label: String,
}

impl Scale {
    /// A linear scale.
    pub fn linear(domain: (f64, f64), range: (f64, f64)) -> Self {
        Self { domain, range, spread: Spread::Linear }
    }

    /// The place of a value, px.
    pub fn at(&self, value: f64) -> f64 {
        let (a, b) = (self.position(self.domain.0), self.position(self.domain.1));
        let share = if a == b { 0.5 } else { (self.position(value) - a) / (b - a) };
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    /// The place of a value, kept between the ends.
    pub fn clamped(&self, value: f64) -> f64 {
        self.at(value.clamp(self.domain.0, self.domain.1))
    }

    fn position(&self, value: f64) -> f64 {
        match self.spread {
            Spread::Linear => value,
            Spread::Log => value.log10(),
        }
    }

    /// Round values inside the domain, about `count` of them.
    pub fn ticks(&self, count: usize) -> Vec<Tick> {
        match self.spread {
            Spread::Linear => linear_ticks(self.domain, count),
            Spread::Log => log_ticks(self.domain, count),
        }
    }

    /// As many ticks as fit when a label takes `room(label)` pixels along the scale.
    pub fn fitting_ticks(&self, count: usize, room: impl Fn(&str) -> f64) -> Vec<Tick> {
        let mut wanted = count.max(2);
        loop {
            let ticks = self.ticks(wanted);
            let fits = ticks.windows(2).all(|pair| {
                let gap = (self.at(pair[1].value) - self.at(pair[0].value)).abs();
                gap >= (room(&pair[0].label) + room(&pair[1].label)) / 2.0
            });
            if fits {
                return ticks;
            }
            if wanted <= 2 {
                return ticks.into_iter().take(1).collect();
            }
            wanted -= 1;
        }
    }
}

/// The smallest and the largest of finite values; an error names the first that is not finite.
pub fn extent(
    chart: &'static str,
    what: &str,
    values: impl IntoIterator<Item = f64>,
) -> Result<(f64, f64), PlotError> {
    let mut ends: Option<(f64, f64)> = None;
    for value in values {
        if !value.is_finite() {
            return Err(PlotError::NotFinite { chart, what: what.to_owned(), value });
        }
        ends = Some(ends.map_or((value, value), |(low, high)| (low.min(value), high.max(value))));
    }
    ends.ok_or(PlotError::Empty { chart, what: "no values" })
}

/// A domain a little wider than the data, so that no mark sits on the frame; of one value, one around it.
pub fn padded((low, high): (f64, f64), share: f64) -> (f64, f64) {
    let width = high - low;
    if width <= f64::EPSILON * low.abs().max(high.abs()).max(1e-300) {
        let half = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
        return (low - half, high + half);
    }
    (low - share * width, high + share * width)
}

fn linear_ticks((low, high): (f64, f64), count: usize) -> Vec<Tick> {
    let width = high - low;
    if !(width.is_finite() && width > 0.0) {
        return vec![Tick { value: low, label: shortest(low) }];
    }
    let raw = width / count.max(1) as f64;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .iter()
        .map(|m| m * power)
        .find(|s| *s >= raw * (1.0 - 1e-9))
        .unwrap_or(10.0 * power);
    let first = (low / step - 1e-6).ceil() as i64;
    let last = (high / step + 1e-6).floor() as i64;
    // Decimals that tell two neighbours apart.
    let decimals = (0..=12).find(|d| {
        let scaled = step * 10f64.powi(*d);
        (scaled - scaled.round()).abs() < 1e-6 * scaled
    });
    let decimals = decimals.unwrap_or(12) as usize;
    (first..=last)
        .map(|k| {
            let value = k as f64 * step;
            Tick { value, label: grouped(value, decimals) }
        })
        .collect()
}

fn log_ticks((low, high): (f64, f64), count: usize) -> Vec<Tick> {
    if !(low > 0.0 && high > low) {
        return vec![Tick { value: low, label: shortest(low) }];
    }
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let inside = |v: f64| v >= low * (1.0 - 1e-9) && v <= high * (1.0 + 1e-9);
    let decades: Vec<i32> = (first..=last).filter(|d| inside(10f64.powi(*d))).collect();
    let values: Vec<f64> = if decades.len() > count {
        let every = decades.len().div_ceil(count.max(1)) as i32;
        decades.into_iter().filter(|d| d.rem_euclid(every) == 0).map(|d| 10f64.powi(d)).collect()
    } else {
        // The finest set of digits that still has no more than `count` values.
        let with = |digits: &[f64]| -> Vec<f64> {
            (first..=last)
                .flat_map(|d| digits.iter().map(move |m| m * 10f64.powi(d)).collect::<Vec<_>>())
                .filter(|v| inside(*v))
                .collect()
        };
        [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]]
            .iter()
            .map(|digits| with(digits))
            .find(|v| v.len() <= count.max(2))
            .unwrap_or_else(|| with(&[1.0]))
    };
    if values.len() < 2 && high / low < 10.0 {
        return linear_ticks((low, high), count);
    }
    values.into_iter().map(|value| Tick { value, label: shortest(value) }).collect()
}

/// A number with thousands set apart by commas and a real minus sign.
pub fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    for (k, digit) in whole.chars().enumerate() {
        if k > 0 && (whole.len() - k).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    let zero = out.chars().all(|c| matches!(c, '0' | '.' | ','));
    if value < 0.0 && !zero { format!("−{out}") } else { out }
}

/// A round number in few characters: `0.001`, `20`, `5k`, `1M`, `10¹⁸`.
pub fn shortest(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if (1e15..).contains(&size) || size < 1e-4 {
        let exponent = size.log10().floor();
        let digits = value / 10f64.powf(exponent);
        let power: String = format!("{exponent}").chars().map(superscript).collect();
        return if (digits - 1.0).abs() < 1e-9 {
            format!("10{power}")
        } else {
            format!("{}·10{power}", trimmed(digits))
        };
    }
    for (unit, name) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if size >= unit * 0.9999 {
            return format!("{}{name}", trimmed(value / unit));
        }
    }
    trimmed(value)
}

fn trimmed(value: f64) -> String {
    let text = grouped(value, if value.abs() < 0.01 { 5 } else { 3 });
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn superscript(c: char) -> char {
    match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        c => c.to_digit(10).and_then(|d| char::from_u32(0x2070 + d)).unwrap_or(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale, count: usize) -> Vec<String> {
        scale.ticks(count).into_iter().map(|t| t.label).collect()
    }

    #[test]
    fn ticks_are_round() {
        let unit = Scale::linear((0.0, 1.0), (0.0, 100.0));
        assert_eq!(labels(&unit, 5), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        let wide = Scale::linear((-3.0, 12_000.0), (0.0, 100.0));
        assert_eq!(labels(&wide, 4), ["0", "5,000", "10,000"]);
        let small = Scale::linear((0.012, 0.019), (0.0, 1.0));
        assert_eq!(labels(&small, 4), ["0.012", "0.014", "0.016", "0.018"]);
    }

    #[test]
    fn logarithmic_ticks_are_powers_of_ten_or_round_digits() {
        let scale = |domain| Scale { domain, range: (0.0, 1.0), spread: Spread::Log };
        assert_eq!(labels(&scale((1e3, 1e12)), 5), ["10k", "1M", "100M", "10G", "1T"]);
        assert_eq!(labels(&scale((0.5, 60.0)), 8), ["0.5", "1", "2", "5", "10", "20", "50"]);
        assert_eq!(labels(&scale((1e18, 1e22)), 5), ["10¹⁸", "10¹⁹", "10²⁰", "10²¹", "10²²"]);
    }

    #[test]
    fn labels_that_do_not_fit_are_thinned_out() {
        let scale = Scale::linear((0.0, 1.0), (0.0, 100.0));
        let n = |room: f64| scale.fitting_ticks(10, |_| room).len();
        assert!(n(9.0) == 11 && n(30.0) <= 4 && n(1000.0) == 1);
    }

    #[test]
    fn places_follow_the_spread() {
        let log = Scale { domain: (1.0, 100.0), range: (0.0, 10.0), spread: Spread::Log };
        assert!((log.at(10.0) - 5.0).abs() < 1e-12);
        let up = Scale::linear((0.0, 1.0), (100.0, 0.0));
        assert_eq!(up.at(0.25), 75.0);
        assert_eq!(padded((2.0, 2.0), 0.05), (1.8, 2.2));
        assert_eq!(grouped(-1234.5, 1), "−1,234.5");
        assert_eq!(grouped(-0.0001, 2), "0.00");
    }
}
