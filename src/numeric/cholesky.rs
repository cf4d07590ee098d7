//! How is a small symmetric system solved? Cholesky's factor of matrices stored row by row.

/// Cholesky's lower factor of a symmetric positive definite matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Cholesky {
    n: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors the `n` × `n` matrix stored row by row; `None` if it is not positive definite.
    ///
    /// ```text
    /// A = L Lᵀ
    /// ```
    pub fn new(matrix: &[f64], n: usize) -> Option<Self> {
        let mut lower = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let dot: f64 = (0..j).map(|k| lower[i * n + k] * lower[j * n + k]).sum();
                let rest = matrix[i * n + j] - dot;
                if i == j {
                    // Below the rounding of its own diagonal a pivot is noise.
                    if rest.is_nan() || rest <= matrix[i * n + i].abs() * 1e-13 {
                        return None;
                    }
                    lower[i * n + i] = rest.sqrt();
                } else {
                    lower[i * n + j] = rest / lower[j * n + j];
                }
            }
        }
        Some(Self { n, lower })
    }

    /// Solves `A x = b` in place.
    pub fn solve(&self, b: &mut [f64]) {
        let n = self.n;
        for i in 0..n {
            let dot: f64 = (0..i).map(|k| self.lower[i * n + k] * b[k]).sum();
            b[i] = (b[i] - dot) / self.lower[i * n + i];
        }
        for i in (0..n).rev() {
            let dot: f64 = (i + 1..n).map(|k| self.lower[k * n + i] * b[k]).sum();
            b[i] = (b[i] - dot) / self.lower[i * n + i];
        }
    }

    /// `A⁻¹`, row by row.
    pub fn inverse(&self) -> Vec<f64> {
        let n = self.n;
        let mut out = vec![0.0; n * n];
        let mut column = vec![0.0; n];
        for j in 0..n {
            column.fill(0.0);
            column[j] = 1.0;
            self.solve(&mut column);
            for i in 0..n {
                out[i * n + j] = column[i];
            }
        }
        out
    }
}

/// Solves the symmetric system `A x = b` in place, adding to the diagonal what it takes to be definite.
///
/// The ridge grows tenfold from 1e-10 of the diagonal; a direction about which nothing is known gets no step.
pub fn solve_ridged(matrix: &[f64], b: &mut [f64]) {
    let n = b.len();
    let mut ridged = matrix.to_vec();
    let mut ridge = 0.0;
    for _ in 0..16 {
        if let Some(factor) = Cholesky::new(&ridged, n) {
            return factor.solve(b);
        }
        ridge = if ridge == 0.0 { 1e-10 } else { ridge * 10.0 };
        for i in 0..n {
            ridged[i * n + i] = matrix[i * n + i].abs() * (1.0 + ridge) + ridge;
        }
    }
    b.fill(0.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // [[4, 2], [2, 3]]: inverse is [[3, −2], [−2, 4]] / 8.
        let f = Cholesky::new(&[4.0, 2.0, 2.0, 3.0], 2).unwrap();
        let inverse = f.inverse();
        for (got, want) in inverse.iter().zip([0.375, -0.25, -0.25, 0.5]) {
            assert!((got - want).abs() < 1e-15);
        }
        let mut b = vec![8.0, 7.0];
        f.solve(&mut b);
        assert!((b[0] - 1.25).abs() < 1e-15 && (b[1] - 1.5).abs() < 1e-15);
        assert!(Cholesky::new(&[1.0, 2.0, 2.0, 1.0], 2).is_none());
    }

    #[test]
    fn a_singular_system_still_gives_finite_numbers() {
        let mut b = vec![1.0, 0.0];
        solve_ridged(&[1.0, 0.0, 0.0, 0.0], &mut b);
        assert!(b.iter().all(|v| v.is_finite()) && (b[0] - 1.0).abs() < 1e-6);
    }
}
