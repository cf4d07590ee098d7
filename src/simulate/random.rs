//! Which draw comes from which stream? One stream for each purpose and unit of work, so that asking for more
//! of one thing (missing answers, say) leaves the rest of the data as it was.

use crate::numeric::random::{Rng, stream};
use rand::RngExt;
use rand_distr::StandardNormal;

/// What a stream is used for. The numbers are part of what a seed means: never reuse one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Models = 1,
    Items = 2,
    Faults = 3,
    Answers = 4,
    Missing = 5,
    Prompts = 6,
    Choices = 7,
    Subjects = 8,
    CheckpointModels = 9,
    CheckpointNoise = 10,
    CheckpointItems = 11,
    CheckpointAnswers = 12,
    PromptItems = 13,
}

/// The stream of one unit of work.
pub(crate) fn source(seed: u64, purpose: Purpose, index: usize) -> Rng {
    stream(seed, ((purpose as u64) << 48) | index as u64)
}

/// A draw from the standard normal distribution.
pub(crate) fn normal(rng: &mut Rng) -> f64 {
    rng.sample(StandardNormal)
}

/// A draw from the standard Gumbel distribution; the largest of `ln pₖ + Gumbel` is `k` with probability
/// `pₖ / Σp`.
pub(crate) fn gumbel(rng: &mut Rng) -> f64 {
    // 1 − u lies in (0, 1], where the inner logarithm is finite; an exact 1 is kept off 0.
    let u: f64 = 1.0 - rng.random::<f64>();
    -(-u.ln()).max(f64::MIN_POSITIVE).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean of the standard Gumbel distribution: Euler's constant; variance π²/6.
    #[test]
    fn gumbel_moments() {
        let mut rng = source(1, Purpose::Answers, 0);
        let x: Vec<f64> = (0..100_000).map(|_| gumbel(&mut rng)).collect();
        let mean = crate::numeric::describe::mean(&x).unwrap();
        let variance = crate::numeric::describe::variance(&x, 1).unwrap();
        assert!((mean - 0.577_215_664_9).abs() < 4.0 * (1.644_934 / 1e5f64).sqrt(), "{mean}");
        assert!((variance - 1.644_934).abs() < 0.05, "{variance}");
    }

    #[test]
    fn purposes_do_not_share_a_stream() {
        let first = |p, i| source(3, p, i).random::<u64>();
        assert_ne!(first(Purpose::Items, 0), first(Purpose::Answers, 0));
        assert_ne!(first(Purpose::Items, 0), first(Purpose::Items, 1));
    }
}
