//! How are numbers summed up? Means, variances and quantiles of plain slices.

/// The arithmetic mean; `None` of nothing.
pub fn mean(x: &[f64]) -> Option<f64> {
    (!x.is_empty()).then(|| x.iter().sum::<f64>() / x.len() as f64)
}

/// The variance with divisor `n − ddof`; `None` with `ddof` or fewer values.
pub fn variance(x: &[f64], ddof: usize) -> Option<f64> {
    if x.len() <= ddof {
        return None;
    }
    let m = mean(x)?;
    Some(x.iter().map(|v| (v - m) * (v - m)).sum::<f64>() / (x.len() - ddof) as f64)
}

/// The standard deviation with divisor `n − ddof`; `None` with `ddof` or fewer values.
pub fn std_dev(x: &[f64], ddof: usize) -> Option<f64> {
    variance(x, ddof).map(f64::sqrt)
}

/// The quantile at `p` of values **already sorted**, by linear interpolation (type 7 of Hyndman and Fan
/// 1996, doi:10.1080/00031305.1996.10473566, the default of R and NumPy); `None` of nothing.
pub fn quantile_sorted(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let h = p.clamp(0.0, 1.0) * last as f64;
    let below = h.floor() as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (h - below as f64) * (sorted[above] - sorted[below]))
}

/// The quantile at `p`, as [`quantile_sorted`], of values in any order; `None` of nothing.
pub fn quantile(x: &[f64], p: f64) -> Option<f64> {
    let mut sorted = x.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile_sorted(&sorted, p)
}

/// The median; `None` of nothing.
pub fn median(x: &[f64]) -> Option<f64> {
    quantile(x, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let x = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        assert_eq!(mean(&x), Some(5.0));
        assert_eq!(variance(&x, 0), Some(4.0));
        assert_eq!(std_dev(&x, 0), Some(2.0));
        assert_eq!(variance(&x[..1], 1), None);
        assert_eq!(mean(&[]), None);
        assert_eq!(median(&x), Some(4.5));
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.25), Some(1.75));
    }
}
