//! How much compute would a compute-optimal model have needed for the same loss? Owen's scaled compute.

use super::law::Conditions;
use serde::Serialize;

/// Constants of `L(N, D) = E + A N^(−α) + B D^(−β)`, with the loss in nats per token.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LossConstants {
    /// Irreducible loss *E*.
    pub irreducible: f64,
    /// *A*.
    pub a: f64,
    /// *B*.
    pub b: f64,
    /// *α*.
    pub alpha: f64,
    /// *β*.
    pub beta: f64,
}

impl LossConstants {
    /// Hoffmann et al. 2022, arXiv 2203.15556, approach 3: the default.
    pub const HOFFMANN: Self = Self { irreducible: 1.69, a: 406.4, b: 410.7, alpha: 0.34, beta: 0.28 };

    /// Besiroglu et al. 2024, arXiv 2404.10102: the same data, fitted again.
    pub const BESIROGLU: Self =
        Self { irreducible: 1.8172, a: 482.01, b: 2085.43, alpha: 0.3478, beta: 0.3658 };

    /// The loss of a model, nats per token.
    pub fn loss(&self, at: &Conditions) -> f64 {
        self.irreducible + self.a * at.parameters.powf(-self.alpha) + self.b * at.tokens.powf(-self.beta)
    }

    /// The compute with which a compute-optimal model reaches the loss of this one, FLOPs.
    ///
    /// ```text
    /// G = (α A / (β B))^(1/(α + β))
    /// reducible(C) = (A G^(−α) + B G^β) (C/6)^(−αβ/(α + β)),   solved for C at L(N, D) − E
    /// ```
    ///
    /// Owen does not print which constants were used; both published sets are offered.
    ///
    /// # Reference
    /// Owen 2024, arXiv 2401.04757, §2.
    pub fn scaled_compute(&self, at: &Conditions) -> f64 {
        let sum = self.alpha + self.beta;
        let g = (self.alpha * self.a / (self.beta * self.b)).powf(1.0 / sum);
        let amplitude = self.a * g.powf(-self.alpha) + self.b * g.powf(self.beta);
        6.0 * ((self.loss(at) - self.irreducible) / amplitude).powf(-sum / (self.alpha * self.beta))
    }
}

impl Default for LossConstants {
    fn default() -> Self {
        Self::HOFFMANN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A model on the compute-optimal path needs exactly its own compute; any other less.
    #[test]
    fn the_optimal_model_is_worth_its_own_compute() {
        for k in [LossConstants::HOFFMANN, LossConstants::BESIROGLU] {
            let compute_flops: f64 = 1e21;
            let sum = k.alpha + k.beta;
            let g = (k.alpha * k.a / (k.beta * k.b)).powf(1.0 / sum);
            let parameters = g * (compute_flops / 6.0).powf(k.beta / sum);
            let tokens = compute_flops / 6.0 / parameters;
            let optimal = Conditions { parameters, tokens, compute_flops };
            assert!((k.scaled_compute(&optimal) / compute_flops - 1.0).abs() < 1e-9);
            let small = Conditions { parameters: parameters / 4.0, tokens: tokens * 4.0, compute_flops };
            assert!(k.scaled_compute(&small) < 0.99 * compute_flops);
        }
    }
}
