//! How many bits do rows share? Counting kernels over packed words.

/// Number of positions set in both rows.
///
/// The shorter row sets the length.
pub fn count_and(a: &[u64], b: &[u64]) -> u32 {
    a.iter().zip(b).map(|(x, y)| (x & y).count_ones()).sum()
}

/// Number of positions set in all three rows.
pub fn count_and3(a: &[u64], b: &[u64], c: &[u64]) -> u32 {
    a.iter().zip(b).zip(c).map(|((x, y), z)| (x & y & z).count_ones()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        assert_eq!(count_and(&[0b1011, u64::MAX], &[0b0110, 1]), 2);
        assert_eq!(count_and3(&[0b1011], &[0b0011], &[0b0010]), 1);
        assert_eq!(count_and(&[], &[]), 0);
    }
}
