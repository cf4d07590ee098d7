//! What is the product of a bit matrix with two columns of numbers? Sums over set bits, eight at a time.

use crate::response::BitMatrix;
use rayon::prelude::*;

/// Blocks of words that are summed apart and added in order, so that threads never change the result.
const BLOCKS: usize = 8;

/// For each row of `matrix`, the sums of `x` and of `y` over the columns whose value bit is set.
///
/// ```text
/// out[r] = (Σ_c M[r,c] x[c], Σ_c M[r,c] y[c])
/// ```
///
/// Eight columns index a table of their 256 subset sums ("four Russians": Arlazarov et al. 1970).
pub(crate) fn bit_product(matrix: &BitMatrix, x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
    let words = matrix.words();
    let per_block = words.div_ceil(BLOCKS).max(1);
    let partial: Vec<Vec<(f64, f64)>> = (0..words.div_ceil(per_block))
        .into_par_iter()
        .map(|block| {
            let mut out = vec![(0.0, 0.0); matrix.rows()];
            let mut table = vec![[(0.0, 0.0); 256]; 8];
            for w in block * per_block..((block + 1) * per_block).min(words) {
                for (byte, sums) in table.iter_mut().enumerate() {
                    for bit in 0..8 {
                        let column = w * 64 + byte * 8 + bit;
                        let (dx, dy) = if column < x.len() { (x[column], y[column]) } else { (0.0, 0.0) };
                        let half = 1 << bit;
                        for low in 0..half {
                            sums[half + low] = (sums[low].0 + dx, sums[low].1 + dy);
                        }
                    }
                }
                for (row, total) in out.iter_mut().enumerate() {
                    let word = matrix.value_row(row)[w];
                    for (byte, sums) in table.iter().enumerate() {
                        let s = sums[(word >> (8 * byte) & 255) as usize];
                        total.0 += s.0;
                        total.1 += s.1;
                    }
                }
            }
            out
        })
        .collect();
    let mut partial = partial.into_iter();
    let mut out = partial.next().unwrap_or_else(|| vec![(0.0, 0.0); matrix.rows()]);
    for block in partial {
        for (a, b) in out.iter_mut().zip(block) {
            a.0 += b.0;
            a.1 += b.1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_definition() {
        let m = BitMatrix::from_fn(7, 150, |r, c| ((r * 31 + c * 17) % 5 != 0).then_some((r * c) % 3 == 1));
        let x: Vec<f64> = (0..150).map(|c| c as f64 * 0.5 - 9.0).collect();
        let y: Vec<f64> = (0..150).map(|c| (c as f64).sin()).collect();
        for (r, (sx, sy)) in bit_product(&m, &x, &y).into_iter().enumerate() {
            let set =
                |v: &[f64]| -> f64 { (0..150).filter(|c| m.get(r, *c) == Some(true)).map(|c| v[c]).sum() };
            assert!((sx - set(&x)).abs() < 1e-9 && (sy - set(&y)).abs() < 1e-9);
        }
    }
}
