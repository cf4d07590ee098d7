//! How is an average over a normal distribution taken? Equally spaced and Gauss–Hermite rules.

use super::special::normal_pdf;

/// Nodes of a rule for the standard normal distribution, with the logarithms of its weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Where the function is evaluated.
    pub nodes: Vec<f64>,
    /// Weights of the nodes; they sum to one.
    pub weights: Vec<f64>,
}

/// `count` equally spaced nodes on `[−range, range]`, weighted by the normal density and scaled to sum one.
///
/// For smooth functions wider than the spacing the trapezoid rule converges faster than any power of it:
/// on a normal curve of standard deviation σ the relative error at spacing h is `2 exp(−2π²σ²/h²)`.
///
/// # Reference
/// Trefethen & Weideman 2014, doi:10.1137/130932132.
pub fn normal_grid(count: usize, range: f64) -> Rule {
    let step = if count > 1 { 2.0 * range / (count - 1) as f64 } else { 0.0 };
    let first = if count > 1 { -range } else { 0.0 };
    let nodes: Vec<f64> = (0..count).map(|q| first + step * q as f64).collect();
    let density: Vec<f64> = nodes.iter().map(|t| normal_pdf(*t)).collect();
    let total: f64 = density.iter().sum();
    Rule { nodes, weights: density.iter().map(|w| w / total).collect() }
}

/// The Gauss–Hermite rule of `count` nodes for the standard normal distribution.
///
/// ```text
/// Σ wₖ f(xₖ) = E f(Z), exact for polynomials of degree 2·count − 1
/// ```
///
/// Roots of the Hermite functions by Newton's method from asymptotic starts; good to 200 nodes.
///
/// # Reference
/// Golub & Welsch 1969, doi:10.1090/S0025-5718-69-99647-1, for the rule; Press et al. 2007, section 4.6, for
/// the iteration.
pub fn gauss_hermite(count: usize) -> Rule {
    let n = count as f64;
    let mut nodes = vec![0.0; count];
    let mut weights = vec![0.0; count];
    let mut z = 0.0;
    for i in 0..count.div_ceil(2) {
        z = match i {
            0 => (2.0 * n + 1.0).sqrt() - 1.855_75 * (2.0 * n + 1.0).powf(-1.0 / 6.0),
            1 => z - 1.14 * n.powf(0.426) / z,
            2 => 1.86 * z - 0.86 * nodes[0],
            3 => 1.91 * z - 0.91 * nodes[1],
            _ => 2.0 * z - nodes[i - 2],
        };
        let mut slope = 1.0;
        for _ in 0..100 {
            let (mut p1, mut p2) = (std::f64::consts::PI.powf(-0.25), 0.0);
            for j in 1..=count {
                let p3 = p2;
                p2 = p1;
                let j = j as f64;
                p1 = z * (2.0 / j).sqrt() * p2 - ((j - 1.0) / j).sqrt() * p3;
            }
            slope = (2.0 * n).sqrt() * p2;
            let step = p1 / slope;
            z -= step;
            if step.abs() < 1e-15 * z.abs().max(1.0) {
                break;
            }
        }
        // Kept in the units of exp(−x²) while roots are guessed from one another.
        nodes[i] = z;
        weights[i] = 2.0 / (slope * slope);
    }
    let half = count.div_ceil(2);
    for i in 0..half {
        let (x, w) = (nodes[i] * std::f64::consts::SQRT_2, weights[i] / std::f64::consts::PI.sqrt());
        (nodes[count - 1 - i], weights[count - 1 - i]) = (x, w);
        (nodes[i], weights[i]) = (-x, w);
    }
    if count % 2 == 1 {
        nodes[count / 2] = 0.0;
    }
    Rule { nodes, weights }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(rule: &Rule, power: i32) -> f64 {
        rule.nodes.iter().zip(&rule.weights).map(|(x, w)| w * x.powi(power)).sum()
    }

    #[test]
    fn moments_of_the_normal_distribution() {
        for rule in [gauss_hermite(1), gauss_hermite(2), gauss_hermite(15), gauss_hermite(60)] {
            assert!((moment(&rule, 0) - 1.0).abs() < 1e-12);
            assert!(moment(&rule, 1).abs() < 1e-12);
        }
        for rule in [gauss_hermite(5), gauss_hermite(15), normal_grid(61, 6.0)] {
            assert!((moment(&rule, 2) - 1.0).abs() < 1e-6);
            assert!((moment(&rule, 4) - 3.0).abs() < 1e-5);
        }
    }

    /// Three nodes by hand: 0 and ±√3 with weights 2/3 and 1/6.
    #[test]
    fn three_nodes_by_hand() {
        let rule = gauss_hermite(3);
        assert!((rule.nodes[2] - 3f64.sqrt()).abs() < 1e-13);
        assert!((rule.weights[1] - 2.0 / 3.0).abs() < 1e-13);
        assert!((rule.weights[0] - 1.0 / 6.0).abs() < 1e-13);
    }
}
