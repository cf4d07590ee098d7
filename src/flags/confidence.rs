//! How sure are the models, and of what? Option probabilities at a temperature that makes them honest.

use super::evidence::Evidence;
use crate::numeric::special::log_sum_exp;
use crate::response::{Item, ResponseTable};
use std::collections::HashMap;

/// Probabilities of the options of each item, averaged over models.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionConfidence {
    /// The temperature applied to each run, by position in the table's runs; 1 where it could not be found.
    pub temperature: Vec<f64>,
    /// By item: mean probability of each option, and the models behind it.
    pub mean: Vec<Option<(Vec<f64>, usize)>>,
    /// By item: the margin of the best other option over the key.
    pub margin: Vec<Option<Evidence>>,
}

/// Mean option probabilities and the margin they give; `None` where the table has no option scores.
///
/// ```text
/// P_jik = exp(ℓ_jik / T_j) / Σ_k' exp(ℓ_jik' / T_j),   T_j minimises −Σ_i ln P_ji,key
/// margin_i = max_{d≠g} mean_j P_jid − mean_j P_jig
/// ```
///
/// `ℓ` is the log-probability of an option, nats. A model that is too sure of itself gets `T > 1`. Items are
/// those named by `items`, with keys `gold`; cells in which an option has no score are left out.
///
/// # Reference
/// Guo et al. 2017, *On Calibration of Modern Neural Networks*, arXiv 1706.04599.
pub fn option_confidence(
    table: &ResponseTable,
    benchmark: &str,
    items: &[String],
    gold: &[Option<u8>],
) -> Option<OptionConfidence> {
    let place: HashMap<&str, u32> = items.iter().map(String::as_str).zip(0..).collect();
    let of_benchmark = |item: &Item| item.benchmark == benchmark;
    let item_at: Vec<Option<u32>> = (table.items.iter())
        .map(|item| place.get(item.id.as_str()).copied().filter(|_| of_benchmark(item)))
        .collect();
    let mut temperature = vec![1.0; table.runs.len()];
    let mut sums: Vec<Option<(Vec<f64>, usize)>> = vec![None; items.len()];
    for (run, scores) in by_run(table, &item_at) {
        let cells = complete_cells(&scores);
        let keyed: Vec<(&[f64], usize)> = cells
            .iter()
            .filter_map(|(item, logp)| Some((logp.as_slice(), usize::from(gold[*item]?))))
            .filter(|(logp, key)| key < &logp.len())
            .collect();
        let t = best_temperature(&keyed);
        temperature[run] = t;
        for (item, logp) in &cells {
            let p = softmax(logp, t);
            let cell = sums[*item].get_or_insert_with(|| (vec![0.0; p.len()], 0));
            if cell.0.len() == p.len() {
                cell.0.iter_mut().zip(&p).for_each(|(sum, p)| *sum += p);
                cell.1 += 1;
            }
        }
    }
    if sums.iter().all(Option::is_none) {
        return None;
    }
    let mean: Vec<Option<(Vec<f64>, usize)>> = sums
        .into_iter()
        .map(|cell| cell.map(|(sum, n)| (sum.iter().map(|s| s / n as f64).collect(), n)))
        .collect();
    let margin = mean.iter().zip(gold).map(|(mean, gold)| margin_of(mean.as_ref()?, (*gold)?)).collect();
    Some(OptionConfidence { temperature, mean, margin })
}

/// The log-probability of an option: item, option, nats.
type Scored = (u32, u16, f32);

/// The scores of each run that has any, one run at a time; those of an item in the order of the options.
fn by_run<'t>(
    table: &'t ResponseTable,
    item_at: &'t [Option<u32>],
) -> impl Iterator<Item = (usize, Vec<Scored>)> + 't {
    let run_of = |at: &u32| table.options.get(*at as usize).run;
    let mut order: Vec<u32> = (0..table.options.len() as u32).collect();
    // Dumps come run by run, mostly.
    if !order.is_sorted_by_key(run_of) {
        order.sort_by_cached_key(run_of);
    }
    let mut start = 0;
    std::iter::from_fn(move || {
        let run = run_of(order.get(start)?);
        let mut scores: Vec<Scored> = Vec::new();
        while let Some(score) = order.get(start).map(|at| table.options.get(*at as usize)) {
            if score.run != run {
                break;
            }
            start += 1;
            if let (Some(item), Some(logp)) = (item_at[score.item as usize], score.logp_sum) {
                scores.push((item, score.option, logp));
            }
        }
        scores.sort_by_key(|(item, option, _)| (*item, *option));
        Some((run as usize, scores))
    })
}

/// The items of a run whose options are complete from 0 on, at least two: only they say anything about the rest. Of
/// an option that has several scores the last counts.
fn complete_cells(scores: &[Scored]) -> Vec<(usize, Vec<f64>)> {
    let of_items = scores.chunk_by(|a, b| a.0 == b.0);
    let cell = |of_item: &[Scored]| {
        let of_options = of_item.chunk_by(|a, b| a.1 == b.1).filter_map(<[Scored]>::last);
        let complete = of_options.clone().map(|scored| scored.1).eq(0..of_options.clone().count() as u16);
        let logp: Vec<f64> = of_options.map(|scored| f64::from(scored.2)).collect();
        (complete && logp.len() >= 2).then(|| (of_item[0].0 as usize, logp))
    };
    of_items.filter_map(cell).collect()
}

fn margin_of((mean, n): &(Vec<f64>, usize), key: u8) -> Option<Evidence> {
    let own = *mean.get(usize::from(key))?;
    let rival = mean
        .iter()
        .enumerate()
        .filter(|(k, _)| *k != usize::from(key))
        .map(|(_, p)| *p)
        .fold(f64::NEG_INFINITY, f64::max);
    Some(Evidence::above("probability_margin", rival - own, 0.0, *n))
}

fn softmax(logp: &[f64], temperature: f64) -> Vec<f64> {
    let scaled: Vec<f64> = logp.iter().map(|l| l / temperature).collect();
    let total = log_sum_exp(&scaled);
    scaled.iter().map(|l| (l - total).exp()).collect()
}

/// The temperature from 1/20 to 20 that makes the keys likeliest, by golden-section search over its logarithm:
/// the loss is convex in 1/T, hence has one minimum.
fn best_temperature(keyed: &[(&[f64], usize)]) -> f64 {
    if keyed.is_empty() {
        return 1.0;
    }
    let loss = |ln_t: f64| -> f64 {
        let t = ln_t.exp();
        keyed
            .iter()
            .map(|(logp, key)| {
                let scaled: Vec<f64> = logp.iter().map(|l| l / t).collect();
                log_sum_exp(&scaled) - scaled[*key]
            })
            .sum()
    };
    let ratio = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (-(20f64.ln()), 20f64.ln());
    let (mut a, mut b) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut fa, mut fb) = (loss(a), loss(b));
    for _ in 0..40 {
        if fa < fb {
            (high, b, fb) = (b, a, fa);
            a = high - ratio * (high - low);
            fa = loss(a);
        } else {
            (low, a, fa) = (a, b, fb);
            b = low + ratio * (high - low);
            fb = loss(b);
        }
    }
    ((low + high) / 2.0).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three right and one wrong at log-odds ±ln 9: the honest probability is 3/4, so ln 9 / T = ln 3, T = 2.
    #[test]
    fn overconfidence_is_cooled_to_the_observed_accuracy() {
        let sure = [0.9f64.ln(), 0.1f64.ln()];
        let keyed: Vec<(&[f64], usize)> = vec![(&sure, 0), (&sure, 0), (&sure, 0), (&sure, 1)];
        assert!((best_temperature(&keyed) - 2.0).abs() < 1e-6);
        assert!((softmax(&sure, 2.0)[0] - 0.75).abs() < 1e-12);
    }
}
