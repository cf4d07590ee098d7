//! How is a column of scores kept? Each distinct score once and its code in every row, as long as there are few.

use super::codes::{BUFFER, Codes};
use serde::{Deserialize, Serialize};

/// A column of scores; `NaN` is none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Scores {
    Few {
        levels: Vec<f64>,
        codes: Codes,
    },
    /// The bits of each score, in halves: the high ones are much alike, and scores of single precision have no low
    /// ones.
    Many {
        high: Codes,
        low: Codes,
    },
}

/// No score is the same as no score, although `NaN` is not the same as `NaN`.
impl PartialEq for Scores {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Few { levels: a, codes: x }, Self::Few { levels: b, codes: y }) => {
                a.iter().map(|s| s.to_bits()).eq(b.iter().map(|s| s.to_bits())) && x == y
            }
            (Self::Many { high: a, low: x }, Self::Many { high: b, low: y }) => a == b && x == y,
            _ => false,
        }
    }
}

fn high(score: f64) -> u32 {
    (score.to_bits() >> 32) as u32
}

fn low(score: f64) -> u32 {
    score.to_bits() as u32
}

fn score(high: u32, low: u32) -> f64 {
    f64::from_bits(u64::from(high) << 32 | u64::from(low))
}

/// More distinct scores than this are kept as numbers.
const FEW: usize = 256;

impl Default for Scores {
    fn default() -> Self {
        Self::Few { levels: Vec::new(), codes: Codes::default() }
    }
}

impl Scores {
    /// Adds a score; `NaN` is none.
    #[inline]
    pub fn push(&mut self, score: f64) {
        if let Self::Few { levels, codes } = self {
            // By bits, so that −0 and NaN come back as they are.
            match levels.iter().position(|l| l.to_bits() == score.to_bits()) {
                Some(code) => return codes.push(code as u32),
                None if levels.len() < FEW => {
                    codes.push(levels.len() as u32);
                    levels.push(score);
                    return;
                }
                None => {
                    let (mut highs, mut lows) = (Codes::default(), Codes::default());
                    highs.append(codes, |code| high(levels[code as usize]));
                    lows.append(codes, |code| low(levels[code as usize]));
                    *self = Self::Many { high: highs, low: lows };
                }
            }
        }
        if let Self::Many { high: highs, low: lows } = self {
            highs.push(high(score));
            lows.push(low(score));
        }
    }

    /// Adds scores; `NaN` is none.
    pub fn extend(&mut self, mut scores: &[f64]) {
        while let Self::Few { levels, codes } = self {
            let mut known = Vec::with_capacity(scores.len());
            if let [a, b] = levels[..] {
                // Right and wrong come in no order that a processor could foresee: no branch on which it is.
                let is_known = |s: &&f64| (s.to_bits() == a.to_bits()) | (s.to_bits() == b.to_bits());
                known.extend(
                    scores.iter().take_while(is_known).map(|s| u32::from(s.to_bits() == b.to_bits())),
                );
            } else {
                let code = |score: &f64| levels.iter().position(|l| l.to_bits() == score.to_bits());
                known.extend(scores.iter().map_while(code).map(|code| code as u32));
            }
            codes.extend(&known);
            let Some((new, later)) = scores[known.len()..].split_first() else { return };
            self.push(*new);
            scores = later;
        }
        if let Self::Many { high: highs, low: lows } = self {
            for scores in scores.chunks(BUFFER) {
                let mut half = [0; BUFFER];
                let half = &mut half[..scores.len()];
                half.iter_mut().zip(scores).for_each(|(half, score)| *half = high(*score));
                highs.extend(half);
                half.iter_mut().zip(scores).for_each(|(half, score)| *half = low(*score));
                lows.extend(half);
            }
        }
    }

    /// Puts the scores from `start` on into `out`.
    pub fn read(&self, start: usize, out: &mut [f64]) {
        let mut buffer = [0; BUFFER];
        for (at, out) in out.chunks_mut(BUFFER).enumerate() {
            let (start, codes) = (start + at * BUFFER, &mut buffer[..out.len()]);
            match self {
                Self::Few { levels, codes: column } => {
                    column.read(start, codes);
                    out.iter_mut().zip(codes).for_each(|(out, code)| *out = levels[*code as usize]);
                }
                Self::Many { high, low } => {
                    let mut lows = [0; BUFFER];
                    let lows = &mut lows[..out.len()];
                    high.read(start, codes);
                    low.read(start, lows);
                    let halves = codes.iter().zip(lows);
                    out.iter_mut().zip(halves).for_each(|(out, (high, low))| *out = score(*high, *low));
                }
            }
        }
    }

    /// Number of scores, those that are none among them.
    pub fn len(&self) -> usize {
        let (Self::Few { codes, .. } | Self::Many { high: codes, .. }) = self;
        codes.len()
    }

    /// Adds all scores of `other`.
    pub fn append(&mut self, other: &Self) {
        let mut buffer = [0.0; BUFFER];
        for start in (0..other.len()).step_by(BUFFER) {
            let scores = &mut buffer[..BUFFER.min(other.len() - start)];
            other.read(start, scores);
            self.extend(scores);
        }
    }

    /// The lowest and the highest score; none if there is no score.
    pub fn range(&self) -> Option<(f64, f64)> {
        let mut range = None;
        let mut take = |scores: &[f64]| {
            for &s in scores.iter().filter(|s| !s.is_nan()) {
                let (low, high) = range.unwrap_or((s, s));
                range = Some((s.min(low), s.max(high)));
            }
        };
        match self {
            Self::Few { levels, .. } => take(levels),
            Self::Many { .. } => {
                let mut buffer = [0.0; BUFFER];
                for start in (0..self.len()).step_by(BUFFER) {
                    let scores = &mut buffer[..BUFFER.min(self.len() - start)];
                    self.read(start, scores);
                    take(scores);
                }
            }
        }
        range
    }

    pub fn map(&mut self, change: impl Fn(f64) -> f64) {
        let change = |score: f64| if score.is_nan() { score } else { change(score) };
        match self {
            Self::Few { levels, .. } => levels.iter_mut().for_each(|score| *score = change(*score)),
            Self::Many { .. } => {
                let old =
                    std::mem::replace(self, Self::Many { high: Codes::default(), low: Codes::default() });
                let mut buffer = [0.0; BUFFER];
                for start in (0..old.len()).step_by(BUFFER) {
                    let scores = &mut buffer[..BUFFER.min(old.len() - start)];
                    old.read(start, scores);
                    scores.iter_mut().for_each(|score| *score = change(*score));
                    self.extend(scores);
                }
            }
        }
    }

    /// A column without rows that keeps scores in the same way.
    pub fn empty_like(&self) -> Self {
        match self {
            Self::Few { levels, .. } => Self::Few { levels: levels.clone(), codes: Codes::default() },
            Self::Many { .. } => Self::Many { high: Codes::default(), low: Codes::default() },
        }
    }

    pub fn codes(&self) -> [Option<&Codes>; 2] {
        match self {
            Self::Few { codes, .. } => [Some(codes), None],
            Self::Many { high, low } => [Some(high), Some(low)],
        }
    }

    pub fn codes_mut(&mut self) -> [Option<&mut Codes>; 2] {
        match self {
            Self::Few { codes, .. } => [Some(codes), None],
            Self::Many { high, low } => [Some(high), Some(low)],
        }
    }

    #[inline]
    pub fn get(&self, row: usize) -> f64 {
        match self {
            Self::Few { levels, codes } => levels[codes.get(row) as usize],
            Self::Many { high, low } => score(high.get(row), low.get(row)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_scores_are_kept_as_well_as_few() {
        let mut scores = Scores::default();
        let values: Vec<f64> = (0..2 * FEW).map(|k| if k == 3 { f64::NAN } else { k as f64 / 7.0 }).collect();
        values.iter().for_each(|v| scores.push(*v));
        assert!(matches!(scores, Scores::Many { .. }));
        assert!(values.iter().enumerate().all(|(row, v)| scores.get(row).to_bits() == v.to_bits()));
        for n in [FEW / 2, 2 * FEW] {
            let (mut together, mut read) = (Scores::default(), vec![0.0; n - 1]);
            together.extend(&values[..n / 3]);
            together.extend(&values[n / 3..n]);
            together.read(1, &mut read);
            assert!(read.iter().zip(&values[1..]).all(|(a, b)| a.to_bits() == b.to_bits()));
            let mut appended = Scores::default();
            appended.append(&together);
            assert!(appended == together);
            assert_eq!(together.range(), Some((0.0, (n - 1) as f64 / 7.0)));
            together.map(|score| -score);
            assert!(together.get(3).is_nan());
            assert_eq!(together.range(), Some((-((n - 1) as f64) / 7.0, 0.0)));
        }
    }
}
