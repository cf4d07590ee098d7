//! Who answers what? Cells missing at random, attempts that fail, and items that only some models are given.

use super::error::{SimulationError, share, within};

/// Which items a model is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Coverage {
    /// All of them.
    #[default]
    Complete,
    /// Item `i` lies in block `i mod n_blocks`; model `m` is given `blocks_per_model` blocks from block
    /// `m mod n_blocks` on, cyclically. From two blocks a model on, all models and items hang together.
    Booklets {
        /// Number of blocks.
        n_blocks: usize,
        /// Blocks that a model is given.
        blocks_per_model: usize,
    },
    /// Parts with their own models and their own items: nothing links their scales.
    Disconnected {
        /// Number of parts.
        n_parts: usize,
    },
}

impl Coverage {
    /// Whether the model is given the item.
    pub fn gives(self, item: usize, model: usize) -> bool {
        match self {
            Self::Complete => true,
            Self::Booklets { n_blocks, blocks_per_model } => {
                (item % n_blocks + n_blocks - model % n_blocks) % n_blocks < blocks_per_model
            }
            Self::Disconnected { n_parts } => item % n_parts == model % n_parts,
        }
    }

    fn validate(self, n_models: usize, n_items: usize) -> Result<(), SimulationError> {
        let most = n_models.min(n_items) as f64;
        match self {
            Self::Complete => Ok(()),
            Self::Booklets { n_blocks, blocks_per_model } => {
                within("n_blocks", n_blocks as f64, 1.0, most)?;
                within("blocks_per_model", blocks_per_model as f64, 1.0, n_blocks as f64)
            }
            Self::Disconnected { n_parts } => within("n_parts", n_parts as f64, 1.0, most),
        }
    }
}

/// Which answers are not there.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MissingOptions {
    /// Share of the cells given that is missing at random: no row at all.
    pub at_random: f64,
    /// Share of the attempts left that fails: a row with status `error` and no score.
    pub failed: f64,
    /// Which items a model is given.
    pub coverage: Coverage,
}

impl MissingOptions {
    pub(crate) fn validate(&self, n_models: usize, n_items: usize) -> Result<(), SimulationError> {
        share("missing at_random", self.at_random)?;
        share("failed", self.failed)?;
        self.coverage.validate(n_models, n_items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Model 2 of three blocks, two a model, is given blocks 2 and 0.
    #[test]
    fn booklets_by_hand() {
        let booklets = Coverage::Booklets { n_blocks: 3, blocks_per_model: 2 };
        let given = |m| (0..6).filter(|&i| booklets.gives(i, m)).collect::<Vec<_>>();
        assert_eq!(given(0), [0, 1, 3, 4]);
        assert_eq!(given(1), [1, 2, 4, 5]);
        assert_eq!(given(2), [0, 2, 3, 5]);
    }

    #[test]
    fn disconnected_parts_share_neither_models_nor_items() {
        let parts = Coverage::Disconnected { n_parts: 2 };
        assert!(parts.gives(0, 0) && parts.gives(1, 1) && !parts.gives(0, 1) && !parts.gives(1, 0));
    }

    #[test]
    fn a_design_must_fit() {
        let missing = MissingOptions {
            coverage: Coverage::Booklets { n_blocks: 3, blocks_per_model: 4 },
            ..Default::default()
        };
        assert_eq!(
            missing.validate(10, 10).unwrap_err().to_string(),
            "blocks_per_model is 4; it must be between 1 and 3"
        );
    }
}
