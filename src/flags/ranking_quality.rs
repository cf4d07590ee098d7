//! How good is an order, if the truth is known? Measures in which ties count by expectation.

/// A ranking with known truth as blocks of equal scores, from the largest down.
///
/// Everything but the order within a block is known of it, which is all that measures need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocks(Vec<(usize, usize)>);

/// Positions of the items in blocks of equal scores, from the largest down.
pub fn tied_order(scores: &[f64]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    order.chunk_by(|&a, &b| scores[a] == scores[b]).map(<[usize]>::to_vec).collect()
}

impl Blocks {
    /// The blocks of some scores; `positive` says which items are to be found.
    pub fn new(scores: &[f64], positive: &[bool]) -> Self {
        Self::weighted(&tied_order(scores), |_| 1, positive)
    }

    /// The blocks where each item counts `times(item)` times, as in a resample.
    pub fn weighted(order: &[Vec<usize>], times: impl Fn(usize) -> usize, positive: &[bool]) -> Self {
        let count = |block: &Vec<usize>| {
            block.iter().fold((0, 0), |(n, p), &i| {
                let times = times(i);
                (n + times, p + if positive[i] { times } else { 0 })
            })
        };
        Self(order.iter().map(count).filter(|b| b.0 > 0).collect())
    }

    /// Number of items, and of positives.
    pub fn totals(&self) -> (usize, usize) {
        self.0.iter().fold((0, 0), |(n, p), b| (n + b.0, p + b.1))
    }

    /// Expected number of positives among the first `k` when ties are broken at random.
    fn expected_hits(&self, k: usize) -> f64 {
        let (mut seen, mut hits) = (0, 0.0);
        for &(n, positives) in &self.0 {
            let taken = n.min(k - seen);
            hits += positives as f64 * taken as f64 / n as f64;
            seen += taken;
            if seen == k {
                break;
            }
        }
        hits
    }

    /// Expected share of positives among the first `k`; `None` with fewer than `k` items or `k` = 0.
    pub fn precision_at(&self, k: usize) -> Option<f64> {
        (k > 0 && k <= self.totals().0).then(|| self.expected_hits(k) / k as f64)
    }

    /// Expected share of all positives among the first `share` of the items; `None` without positives.
    pub fn recall_at(&self, share: f64) -> Option<f64> {
        let (n, positives) = self.totals();
        let k = (share.clamp(0.0, 1.0) * n as f64).round() as usize;
        (positives > 0).then(|| self.expected_hits(k.min(n)) / positives as f64)
    }

    /// Probability that a positive scores above a negative, ties counting half; `None` where one side is
    /// empty.
    ///
    /// # Reference
    /// Hanley & McNeil 1982, doi:10.1148/radiology.143.1.7063747.
    pub fn auroc(&self) -> Option<f64> {
        let (n, positives) = self.totals();
        let negatives = n - positives;
        if positives == 0 || negatives == 0 {
            return None;
        }
        let (mut below, mut won) = (negatives as f64, 0.0);
        for &(n, p) in &self.0 {
            let tied = (n - p) as f64;
            below -= tied;
            won += p as f64 * (below + tied / 2.0);
        }
        Some(won / (positives as f64 * negatives as f64))
    }

    /// Mean precision at the places of the positives, ties in expectation; `None` without positives.
    ///
    /// Within a block of *n* equal scores with *p* positives, after *N* items with *P* positives, the
    /// expected sum over the block is
    ///
    /// ```text
    /// Σ_{t=1..n} (p/n) (P + 1 + (t − 1)(p − 1)/(n − 1)) / (N + t)
    /// ```
    pub fn average_precision(&self) -> Option<f64> {
        let (mut before, mut found, mut sum) = (0usize, 0usize, 0.0);
        for &(n, p) in &self.0 {
            if p > 0 {
                let rate = if n > 1 { (p as f64 - 1.0) / (n as f64 - 1.0) } else { 0.0 };
                for t in 1..=n {
                    let hits = found as f64 + 1.0 + (t as f64 - 1.0) * rate;
                    sum += p as f64 / n as f64 * hits / (before + t) as f64;
                }
            }
            before += n;
            found += p;
        }
        (found > 0).then(|| sum / found as f64)
    }
}

/// Precision, recall and their mean that weights recall β times as much, of a decision.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Decision {
    /// Share of the flagged that are positive.
    pub precision: f64,
    /// Share of the positives that are flagged.
    pub recall: f64,
    /// `(1 + β²) P R / (β² P + R)`; 0 where nothing is found.
    pub f_beta: f64,
    /// Number flagged.
    pub n_flagged: usize,
}

/// The decision to flag what is marked; `None` without positives.
pub fn decision(flagged: &[bool], positive: &[bool], beta: f64) -> Option<Decision> {
    let all = positive.iter().filter(|p| **p).count() as f64;
    let n_flagged = flagged.iter().filter(|f| **f).count();
    let hits = flagged.iter().zip(positive).filter(|(f, p)| **f && **p).count() as f64;
    if all == 0.0 {
        return None;
    }
    let b = beta * beta;
    Some(Decision {
        precision: if n_flagged > 0 { hits / n_flagged as f64 } else { 0.0 },
        recall: hits / all,
        f_beta: (1.0 + b) * hits / (b * all + n_flagged as f64),
        n_flagged,
    })
}

/// The score from which flagging gives the largest F_β, the highest of equals; `None` without positives.
pub fn best_threshold(scores: &[f64], positive: &[bool], beta: f64) -> Option<f64> {
    let all = positive.iter().filter(|p| **p).count() as f64;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let b = beta * beta;
    let (mut flagged, mut hits, mut best) = (0.0, 0.0, None);
    for block in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        flagged += block.len() as f64;
        hits += block.iter().filter(|i| positive[**i]).count() as f64;
        let f = (1.0 + b) * hits / (b * all + flagged);
        if all > 0.0 && best.is_none_or(|(top, _)| f > top) {
            best = Some((f, scores[block[0]]));
        }
    }
    best.map(|b| b.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [f64; 5] = [0.9, 0.8, 0.8, 0.3, 0.1];
    const POSITIVE: [bool; 5] = [true, false, true, false, true];

    #[test]
    fn ties_count_by_expectation() {
        let blocks = Blocks::new(&SCORES, &POSITIVE);
        assert_eq!(blocks.precision_at(2), Some(0.75));
        assert_eq!(blocks.precision_at(6), None);
        assert_eq!(blocks.recall_at(0.4), Some(0.5));
    }

    /// Pairs won: .9 beats both (2), .8 ties one and beats one (1.5), .1 beats none: 3.5 of 6.
    #[test]
    fn auroc_by_hand() {
        assert_eq!(Blocks::new(&SCORES, &POSITIVE).auroc(), Some(3.5 / 6.0));
        assert_eq!(Blocks::new(&SCORES, &[true; 5]).auroc(), None);
    }

    /// The two orders of the tie: + + − − + and + − + − +: (1 + 1 + 3/5)/3 and (1 + 2/3 + 3/5)/3.
    #[test]
    fn average_precision_is_the_mean_over_the_orders_of_ties() {
        let exact = ((2.6 / 3.0) + (1.0 + 2.0 / 3.0 + 0.6) / 3.0) / 2.0;
        assert!((Blocks::new(&SCORES, &POSITIVE).average_precision().unwrap() - exact).abs() < 1e-12);
    }

    #[test]
    fn an_item_counted_twice_is_two_tied_items() {
        let twice = Blocks::weighted(&tied_order(&[2.0, 1.0]), |i| 2 - i, &[true, false]);
        assert_eq!(twice, Blocks::new(&[2.0, 2.0, 1.0], &[true, true, false]));
    }

    #[test]
    fn thresholds_and_decisions_by_hand() {
        assert_eq!(best_threshold(&SCORES, &POSITIVE, 1.0), Some(0.1));
        let d = decision(&[true, true, true, false, false], &POSITIVE, 2.0).unwrap();
        assert!((d.precision - 2.0 / 3.0).abs() < 1e-12 && (d.recall - 2.0 / 3.0).abs() < 1e-12);
        assert!((d.f_beta - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(decision(&[true], &[false], 1.0), None);
    }
}
