//! Where does chance come from? Independent streams of one explicit seed.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The generator used everywhere: portable, counter-based, with independent streams.
pub type Rng = ChaCha8Rng;

/// Stream `index` of `seed`.
///
/// Work that is spread over threads takes one stream for each unit of work (replicate, item, model), so
/// the number of threads never changes a result.
pub fn stream(seed: u64, index: u64) -> Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(index);
    rng
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn streams_are_reproducible_and_differ() {
        let draw = |seed, index| stream(seed, index).random::<u64>();
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }
}
