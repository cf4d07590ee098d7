//! How many items, seeds and checkpoints does a difference need? A decision study over the three.

use crate::numeric::special::normal_quantile;
use serde::Serialize;

/// Components of the variance of the difference of two models on the same items, for one item, seed and
/// checkpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Components {
    /// Between checkpoints of a run.
    pub checkpoint: f64,
    /// Between seeds of a recipe; 0 where only one seed was seen, which is then a lower bound.
    pub seed: f64,
    /// Of a model at an item, once for each item; 0 asks about these very items.
    pub item: f64,
}

/// How often each source of noise is averaged over.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Design {
    /// Items.
    pub n_items: f64,
    /// Seeds of each model.
    pub n_seeds: f64,
    /// Checkpoints averaged for each run.
    pub n_checkpoints: f64,
}

impl Components {
    /// The variance of the difference of two models.
    ///
    /// ```text
    /// Var = 2 (σ²_seed / S + σ²_checkpoint / (S T) + σ²_item / n)
    /// ```
    ///
    /// # Reference
    /// Brennan 2001, *Generalizability Theory*, doi:10.1007/978-1-4757-3456-0, for the relative error of a design
    /// with items crossed with models, and seeds and checkpoints nested in them.
    pub fn variance_of_difference(&self, design: &Design) -> f64 {
        let training = (self.seed + self.checkpoint / design.n_checkpoints) / design.n_seeds;
        2.0 * (training + self.item / design.n_items)
    }

    /// The smallest difference that is significant at `1 − level`, two-sided.
    ///
    /// ```text
    /// z_{(1+level)/2} √Var
    /// ```
    pub fn smallest_difference(&self, design: &Design, level: f64) -> f64 {
        normal_quantile(0.5 + level / 2.0) * self.variance_of_difference(design).sqrt()
    }

    /// The smallest count of one source that finds a difference with a power of 80 %, all else as in the design;
    /// `None` where no count is enough because the other sources alone are too noisy.
    pub fn needed(&self, source: Source, difference: f64, design: &Design, level: f64) -> Option<u64> {
        let z = normal_quantile(0.5 + level / 2.0) + normal_quantile(POWER);
        let allowed = (difference / z) * (difference / z) / 2.0;
        let training = (self.seed + self.checkpoint / design.n_checkpoints) / design.n_seeds;
        let (own, rest) = match source {
            Source::Items => (self.item, training),
            Source::Seeds => (self.seed + self.checkpoint / design.n_checkpoints, self.item / design.n_items),
            Source::Checkpoints => {
                (self.checkpoint / design.n_seeds, self.seed / design.n_seeds + self.item / design.n_items)
            }
        };
        let room = allowed - rest;
        if room <= 0.0 {
            return (own == 0.0 && rest <= allowed).then_some(1);
        }
        // A count that is whole but for rounding is that count.
        Some(((own / room) * (1.0 - 1e-12)).ceil().max(1.0) as u64)
    }
}

/// Power of the needed counts.
pub const POWER: f64 = 0.8;

/// What can be had more of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Items.
    Items,
    /// Seeds.
    Seeds,
    /// Checkpoints.
    Checkpoints,
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESIGN: Design = Design { n_items: 100.0, n_seeds: 1.0, n_checkpoints: 5.0 };

    #[test]
    fn by_hand() {
        let c = Components { checkpoint: 0.05, seed: 0.01, item: 2.0 };
        // 2 (.01 + .01 + .02) = .08
        assert!((c.variance_of_difference(&DESIGN) - 0.08).abs() < 1e-12);
        let smallest = c.smallest_difference(&DESIGN, 0.95);
        assert!((smallest - 1.959963984540054 * 0.08f64.sqrt()).abs() < 1e-12);
    }

    /// The power example of arXiv 2411.00640: δ = .03 and ω² = 1/9 need 969 items.
    #[test]
    fn items_needed_agree_with_the_published_example() {
        let c = Components { checkpoint: 0.0, seed: 0.0, item: 1.0 / 18.0 };
        assert_eq!(c.needed(Source::Items, 0.03, &DESIGN, 0.95), Some(969));
    }

    #[test]
    fn no_number_of_checkpoints_makes_up_for_few_items() {
        let c = Components { checkpoint: 0.01, seed: 0.0, item: 10.0 };
        assert_eq!(c.needed(Source::Checkpoints, 0.1, &DESIGN, 0.95), None);
        assert!(c.needed(Source::Items, 0.1, &DESIGN, 0.95).is_none());
        let c = Components { checkpoint: 0.0001, ..c };
        assert!(c.needed(Source::Items, 0.1, &DESIGN, 0.95).is_some());
    }
}
