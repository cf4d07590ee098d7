//! Which option was chosen, and how sure was the model? What is known beyond right and wrong.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// The score of one option of one item in one run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OptionScore {
    /// Which run of the table.
    pub run: u32,
    /// Which item of the table.
    pub item: u32,
    /// Which option, from 0.
    pub option: u16,
    /// Log-probability of the option's text, nats, summed over its tokens.
    pub logp_sum: Option<f32>,
    /// The same for each character.
    pub logp_per_char: Option<f32>,
    /// The same for each byte, nats.
    pub logp_per_byte: Option<f32>,
    /// Log-probability without the question.
    pub logp_uncond: Option<f32>,
    /// Number of tokens.
    pub num_tokens: Option<u32>,
    /// Whether greedy decoding would give it.
    pub is_greedy: Option<bool>,
}

/// The mark of "no option" in [`OptionPlanes`]: nothing chosen, or no key known.
pub const NO_OPTION: u8 = u8::MAX;

/// Chosen and keyed options beside the scores of a matrix, both items × respondents.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionPlanes {
    /// The option chosen, from 0; [`NO_OPTION`] where none is known.
    pub chosen: Array2<u8>,
    /// The key the attempt was scored against, from 0; [`NO_OPTION`] where none is known.
    pub gold: Array2<u8>,
    /// Number of options of each item: as listed, or the largest one chosen or keyed plus one.
    pub n_options: Vec<u8>,
}

impl OptionPlanes {
    /// The key of an item: the one most respondents were scored against, the smaller one in a tie.
    pub fn item_gold(&self, item: usize) -> Option<u8> {
        let mut votes = [0u32; NO_OPTION as usize];
        for &g in self.gold.row(item) {
            if g != NO_OPTION {
                votes[g as usize] += 1;
            }
        }
        let best = (0..votes.len()).max_by_key(|&k| (votes[k], std::cmp::Reverse(k)))?;
        (votes[best] > 0).then_some(best as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_key_of_an_item_is_the_one_most_were_scored_against() {
        let gold = array![[2u8, 2, 1], [NO_OPTION, NO_OPTION, NO_OPTION], [3, 1, NO_OPTION]];
        let planes = OptionPlanes { chosen: gold.clone(), gold, n_options: vec![4, 4, 4] };
        assert_eq!(planes.item_gold(0), Some(2));
        assert_eq!(planes.item_gold(1), None);
        assert_eq!(planes.item_gold(2), Some(1));
    }
}
