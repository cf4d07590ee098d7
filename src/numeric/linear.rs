//! How are small linear problems solved? Cholesky, least squares and symmetric eigenvectors, a few rows wide.

/// Solves `A x = b` for a symmetric positive definite `A` (row-major, `n × n`), in place; `b` becomes `x`.
///
/// Returns whether `A` was positive definite to working precision; if not, `b` is spoilt.
pub fn solve_positive_definite(a: &mut [f64], b: &mut [f64]) -> bool {
    let n = b.len();
    for j in 0..n {
        let mut diagonal = a[j * n + j];
        let scale = diagonal.abs();
        for k in 0..j {
            diagonal -= a[j * n + k] * a[j * n + k];
        }
        // Anything smaller is rounding, and its square root would be noise. A NaN is refused too.
        if !(diagonal > scale * 1e-15 && diagonal > 0.0) {
            return false;
        }
        let root = diagonal.sqrt();
        a[j * n + j] = root;
        for i in j + 1..n {
            let mut s = a[i * n + j];
            for k in 0..j {
                s -= a[i * n + k] * a[j * n + k];
            }
            a[i * n + j] = s / root;
        }
    }
    for i in 0..n {
        for k in 0..i {
            b[i] -= a[i * n + k] * b[k];
        }
        b[i] /= a[i * n + i];
    }
    for i in (0..n).rev() {
        for k in i + 1..n {
            b[i] -= a[k * n + i] * b[k];
        }
        b[i] /= a[i * n + i];
    }
    true
}

/// A weighted linear least-squares fit.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearFit {
    /// Coefficients, in the order of the regressors.
    pub coefficients: Vec<f64>,
    /// `(XᵀWX)⁻¹`, row-major.
    pub inverse: Vec<f64>,
    /// `Σ w (y − Xβ)²`.
    pub residual_sum: f64,
}

/// Weighted least squares of `y` on the rows of `x`; `None` where the regressors are not independent.
///
/// ```text
/// β = (XᵀWX)⁻¹ XᵀWy
/// ```
pub fn least_squares(x: &[Vec<f64>], y: &[f64], weights: &[f64]) -> Option<LinearFit> {
    let p = x.first()?.len();
    if x.iter().zip(weights).filter(|(_, w)| **w > 0.0).count() < p {
        return None;
    }
    let mut normal = vec![0.0; p * p];
    let mut moment = vec![0.0; p];
    for ((row, &target), &w) in x.iter().zip(y).zip(weights) {
        for i in 0..p {
            moment[i] += w * row[i] * target;
            for j in 0..p {
                normal[i * p + j] += w * row[i] * row[j];
            }
        }
    }
    let mut coefficients = moment;
    if !solve_positive_definite(&mut normal.clone(), &mut coefficients) {
        return None;
    }
    let mut inverse = vec![0.0; p * p];
    for j in 0..p {
        let mut unit = vec![0.0; p];
        unit[j] = 1.0;
        if !solve_positive_definite(&mut normal.clone(), &mut unit) {
            return None;
        }
        for i in 0..p {
            inverse[i * p + j] = unit[i];
        }
    }
    let residual_sum = x
        .iter()
        .zip(y)
        .zip(weights)
        .map(|((row, target), w)| {
            let e = target - row.iter().zip(&coefficients).map(|(a, b)| a * b).sum::<f64>();
            w * e * e
        })
        .sum();
    Some(LinearFit { coefficients, inverse, residual_sum })
}

/// Eigenvalues (descending) and eigenvectors (rows, unit length) of a symmetric matrix by Jacobi rotations.
///
/// # Reference
/// Golub & Van Loan 2013, *Matrix Computations*, §8.5.
pub fn symmetric_eigen(matrix: &[f64], n: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut a = matrix.to_vec();
    let mut v = vec![0.0; n * n];
    for i in 0..n {
        v[i * n + i] = 1.0;
    }
    for _ in 0..100 {
        let off: f64 =
            (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a[i * n + j].powi(2)).sum();
        let all: f64 = a.iter().map(|x| x * x).sum();
        if off <= all * 1e-32 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                if a[p * n + q] == 0.0 {
                    continue;
                }
                let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * a[p * n + q]);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for k in 0..n {
                    let (kp, kq) = (a[k * n + p], a[k * n + q]);
                    a[k * n + p] = c * kp - s * kq;
                    a[k * n + q] = s * kp + c * kq;
                }
                for k in 0..n {
                    let (pk, qk) = (a[p * n + k], a[q * n + k]);
                    a[p * n + k] = c * pk - s * qk;
                    a[q * n + k] = s * pk + c * qk;
                }
                for k in 0..n {
                    let (kp, kq) = (v[k * n + p], v[k * n + q]);
                    v[k * n + p] = c * kp - s * kq;
                    v[k * n + q] = s * kp + c * kq;
                }
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a[j * n + j].total_cmp(&a[i * n + i]));
    let values = order.iter().map(|&i| a[i * n + i]).collect();
    let vectors = order.iter().map(|&i| (0..n).map(|k| v[k * n + i]).collect()).collect();
    (values, vectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_system_by_hand() {
        let mut a = vec![4.0, 2.0, 2.0, 3.0];
        let mut b = vec![10.0, 8.0];
        assert!(solve_positive_definite(&mut a, &mut b));
        assert!((b[0] - 1.75).abs() < 1e-14 && (b[1] - 1.5).abs() < 1e-14);
        assert!(!solve_positive_definite(&mut [1.0, 1.0, 1.0, 1.0], &mut [1.0, 1.0]));
    }

    #[test]
    fn a_weight_of_two_is_a_row_twice() {
        let x: Vec<Vec<f64>> = [0.0, 1.0, 2.0, 4.0].iter().map(|&v| vec![1.0, v]).collect();
        let y = [1.0, 2.0, 2.5, 7.0];
        let weighted = least_squares(&x, &y, &[1.0, 2.0, 1.0, 0.0]).unwrap();
        let rows = [x[0].clone(), x[1].clone(), x[1].clone(), x[2].clone()];
        let twice = least_squares(&rows, &[1.0, 2.0, 2.0, 2.5], &[1.0; 4]).unwrap();
        assert!((weighted.coefficients[1] - twice.coefficients[1]).abs() < 1e-14);
        assert_eq!(least_squares(&vec![vec![1.0, 2.0]; 5], &[1.0; 5], &[1.0; 5]), None);
    }

    #[test]
    fn eigenvectors_of_a_known_matrix() {
        let (values, vectors) = symmetric_eigen(&[2.0, 1.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 5.0], 3);
        assert!((values[0] - 5.0).abs() < 1e-14 && (values[1] - 3.0).abs() < 1e-14);
        assert!((vectors[1][0].abs() - 0.5f64.sqrt()).abs() < 1e-14);
    }
}
