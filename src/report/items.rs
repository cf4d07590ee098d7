//! Which items measure, which say nothing, and which work backwards?

use super::finding::{Consequence, Finding, NotRun};
use super::sample::Sample;
use super::section::{Block, Figure, Method, Section, SectionId, TableView};
use super::words::{count, count_of, interval, level, number, percent};
use crate::numeric::Estimate;
use crate::numeric::special::normal_cdf;
use crate::plot::{DiscriminationData, Heading, HistogramData, discrimination, histogram};

/// What is known of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemMeasure {
    /// The item.
    pub item: String,
    /// Its subject.
    pub subject: Option<String>,
    /// Mean score, from 0 (nobody is right) to 1; `None` where nobody answered.
    pub share_correct: Option<f64>,
    /// Correlation of the item with the score on all other items; `None` where all models score the same.
    pub item_rest: Option<Estimate>,
    /// Models that answered it.
    pub n_models: usize,
}

/// Items shown in the table; all are in `items.csv`.
const TABLE_ROWS: usize = 20;

/// Difficulty and discrimination of all items; `effective_models` are the models less what near-copies repeat.
///
/// # Errors
/// When no item has a score.
pub fn section(
    sample: &Sample,
    items: &[ItemMeasure],
    effective_models: Option<f64>,
    methods: Vec<Method>,
) -> Result<(Section, Vec<Finding>), NotRun> {
    let difficulty: Vec<f64> = items.iter().filter_map(|i| i.share_correct).collect();
    if difficulty.is_empty() {
        return Err(NotRun::new("Item difficulty", "no item has a score"));
    }
    let inside = difficulty.iter().all(|p| (0.0..=1.0).contains(p));
    let both: Vec<(f64, f64)> = items
        .iter()
        .filter_map(|i| Some((i.share_correct?, i.item_rest?.value)))
        .filter(|(p, r)| p.is_finite() && r.is_finite())
        .collect();
    let mut blocks = Vec::new();
    let share = "item difficulty: share of models that are right (0 = hardest, 1 = easiest)";
    if inside {
        let (bins, domain) = bins(sample.n_models);
        let data = HistogramData {
            heading: Heading::new("How hard the items are", sample.subtitle()),
            value_title: share.to_owned(),
            count_title: "number of items".to_owned(),
            values: difficulty.clone(),
            domain,
            bins,
            reference: sample.chance.map(|c| (c, format!("guessing ({})", percent(c)))),
        };
        let caption =
            "Items at either end, which nearly all models get right or wrong, hardly tell models apart.";
        blocks.push(Block::Figure(Figure::draw("difficulty", caption, |w| histogram(&data, w))?));
    } else {
        blocks.push(Block::Note("Scores leave the range from 0 to 1, so no difficulty is drawn.".to_owned()));
    }
    if both.is_empty() {
        blocks.push(Block::Note(
            "No item–rest correlation could be computed: every item has the same score for all models."
                .to_owned(),
        ));
    } else if inside {
        let data = DiscriminationData {
            heading: Heading::new(
                "Which items tell models apart",
                format!("{}; {} vary between models", sample.subtitle(), count(both.len(), "item")),
            ),
            difficulty_title: share.to_owned(),
            discrimination_title: "discrimination: item–rest correlation (−1 to 1)".to_owned(),
            items: both.clone(),
        };
        let caption = "Below 0, better models do worse: a wrong key, an ambiguous question, or a trick that only \
                       strong models fall for. Around 0 an item adds only noise.";
        blocks.push(Block::Figure(Figure::draw("discrimination", caption, |w| discrimination(&data, w))?));
    }
    if let Some(table) = backward_table(items) {
        blocks.push(Block::Table(table));
    }
    let findings: Vec<Finding> = [backward(items, sample, effective_models), uninformative(items, sample)]
        .into_iter()
        .flatten()
        .collect();
    let lede = vec![lede(&difficulty, &both)];
    let title = "Item difficulty and discrimination".to_owned();
    Ok((Section { id: SectionId::Items, title, lede, blocks, methods }, findings))
}

/// Bins that each hold the same number of possible shares `k / n`, at most 40 of them: bins of a round width
/// would hold now more and now fewer, which looks like a comb.
fn bins(n_models: usize) -> (usize, (f64, f64)) {
    let n = n_models.max(1);
    let each = (n + 1).div_ceil(40);
    let bins = (n + 1).div_ceil(each);
    let width = each as f64 / n as f64;
    let low = -0.5 / n as f64;
    (bins, (low, low + bins as f64 * width))
}

fn lede(difficulty: &[f64], both: &[(f64, f64)]) -> String {
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        crate::numeric::describe::quantile_sorted(&values, 0.5)
    };
    format!(
        "The item in the middle is answered correctly by {} of the models; the middle item–rest correlation is {}.",
        middle(difficulty.to_vec()).map_or("–".to_owned(), percent),
        number(middle(both.iter().map(|b| b.1).collect()), 2)
    )
}

/// Items with a negative item–rest correlation, the surest first.
fn negative(items: &[ItemMeasure]) -> Vec<(&ItemMeasure, Estimate)> {
    let mut found: Vec<(&ItemMeasure, Estimate)> =
        items.iter().filter_map(|i| Some((i, i.item_rest.filter(|r| r.value < 0.0)?))).collect();
    let surety = |e: &Estimate| e.high().unwrap_or(f64::INFINITY);
    found.sort_by(|a, b| {
        let by_interval = surety(&a.1).total_cmp(&surety(&b.1));
        by_interval.then(a.1.value.total_cmp(&b.1.value)).then_with(|| a.0.item.cmp(&b.0.item))
    });
    found
}

fn backward_table(items: &[ItemMeasure]) -> Option<TableView> {
    let negative = negative(items);
    if negative.is_empty() {
        return None;
    }
    let caption =
        format!("{} with a negative item–rest correlation, the surest first", count(negative.len(), "item"));
    let level = format!("#{}", level(negative.iter().map(|(_, r)| r)));
    let rows = negative
        .into_iter()
        .map(|(i, r)| {
            vec![
                i.item.clone(),
                i.subject.clone().unwrap_or_else(|| "–".to_owned()),
                number(Some(r.value), 3),
                interval(&r, 3),
                number(i.share_correct, 3),
                number(Some(i.n_models as f64), 0),
            ]
        })
        .collect();
    let headings = ["item", "subject", "#item–rest", &level, "#share correct", "#models"];
    Some(TableView::new(caption, &headings, rows).limited(TABLE_ROWS, "items.csv").folded())
}

/// Of the items whose interval is wholly below 0, how many are expected to have a positive true correlation.
///
/// ```text
/// z_i = atanh r_i ~ N(ζ_i, s_i²),   ζ_i ~ N(μ, τ²),   expected = Σ P(ζ_i > 0 | z_i)
/// ```
/// over the items `i` with an interval below 0; `μ` and `τ²` by moments from all items. Near-copies among the
/// models tell less than their number: `s_i²` grows by `(n − 3)/(n_effective − 3)`. `None` with fewer than 20
/// items or 4 models in effect.
///
/// # Reference
/// Stephens 2017, doi:10.1093/biostatistics/kxw041 (the local false sign rate).
fn expected_false_signs(items: &[ItemMeasure], effective_models: Option<f64>) -> Option<f64> {
    let transformed: Vec<(f64, f64, bool)> = items
        .iter()
        .filter_map(|i| {
            let (rest, n) = (i.item_rest?, i.n_models as f64);
            let effective = effective_models.map_or(n, |e| e.min(n));
            let fits = rest.value.abs() < 1.0 && n > 3.0 && effective > 3.0;
            fits.then(|| (rest.value.atanh(), 1.0 / (effective - 3.0), rest.high().is_some_and(|h| h < 0.0)))
        })
        .collect();
    if transformed.len() < 20 {
        return None;
    }
    let n = transformed.len() as f64;
    let mean = transformed.iter().map(|t| t.0).sum::<f64>() / n;
    let spread = transformed.iter().map(|t| (t.0 - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let noise = transformed.iter().map(|t| t.1).sum::<f64>() / n;
    let true_spread = (spread - noise).max(1e-9);
    let posterior = |&(z, variance, _): &(f64, f64, bool)| {
        let weight = true_spread / (true_spread + variance);
        let (centre, sd) = (mean + weight * (z - mean), (weight * variance).sqrt());
        normal_cdf(centre / sd)
    };
    Some(transformed.iter().filter(|t| t.2).map(posterior).sum())
}

fn backward(items: &[ItemMeasure], sample: &Sample, effective_models: Option<f64>) -> Option<Finding> {
    let negative = negative(items);
    if negative.is_empty() {
        return None;
    }
    let clearly = negative.iter().filter(|(_, r)| r.high().is_some_and(|h| h < 0.0)).count();
    let share = clearly as f64 / sample.n_items as f64;
    let by_chance = count(negative.len() - clearly, "more item");
    let (headline, detail) = if clearly == 0 {
        (
            format!("No item surely works backwards; {} may.", count(negative.len(), "item")),
            "Their item–rest correlations are negative, but every interval reaches above 0.".to_owned(),
        )
    } else {
        let false_signs = match expected_false_signs(items, effective_models) {
            Some(n) => format!(
                " Given how the correlations of all items spread, about {} of them would be positive if measured \
                 with many more models.",
                number(Some(n), if n < 10.0 { 1 } else { 0 })
            ),
            None => String::new(),
        };
        (
            format!(
                "{} ({}) {} backwards: weaker models do better on {}.",
                count_of(clearly, sample.n_items, "item"),
                percent(share),
                if clearly == 1 { "works" } else { "work" },
                if clearly == 1 { "it" } else { "them" }
            ),
            format!(
                "The whole interval of their item–rest correlation over {} is below 0.{false_signs} {by_chance} \
                 with a negative correlation may be so by chance.",
                count(sample.n_models, "model")
            ),
        )
    };
    Some(Finding {
        consequence: if clearly > 0 { Consequence::Care } else { Consequence::Information },
        weight: share,
        headline,
        detail,
        action: Some(
            "Check the keys of the surest ones first; they are under “Items to look at”.".to_owned(),
        ),
        section: Some(SectionId::Items),
    })
}

fn uninformative(items: &[ItemMeasure], sample: &Sample) -> Option<Finding> {
    // Scores on another scale than 0 to 1 have no ends that all models could share; one model tells nothing
    // apart by itself.
    if sample.n_models < 2 || items.iter().filter_map(|i| i.share_correct).any(|p| !(0.0..=1.0).contains(&p))
    {
        return None;
    }
    let all = items.iter().filter(|i| i.share_correct.is_some_and(|p| p >= 1.0)).count();
    let none = items.iter().filter(|i| i.share_correct.is_some_and(|p| p <= 0.0)).count();
    let n = all + none;
    if n == 0 {
        return None;
    }
    let share = n as f64 / sample.n_items as f64;
    Some(Finding {
        consequence: if share >= 0.25 { Consequence::Care } else { Consequence::Information },
        weight: share,
        headline: format!(
            "{} ({}) do not tell these models apart at all.",
            count_of(n, sample.n_items, "item"),
            percent(share)
        ),
        detail: format!(
            "All models are right on {} and all are wrong on {}.",
            count(all, "item"),
            count(none, "item")
        ),
        action: (none > 0).then(|| {
            "Look at those that nobody gets right: they may be hard, or their keys may be wrong.".to_owned()
        }),
        section: Some(SectionId::Items),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bin_holds_as_many_possible_shares() {
        for n in [1, 2, 29, 40, 97, 400, 2211] {
            let (bins, (low, high)) = bins(n);
            assert!(bins <= 40 && low < 0.0 && high > 1.0);
            let mut held = vec![0; bins];
            for k in 0..=n {
                held[((k as f64 / n as f64 - low) / (high - low) * bins as f64) as usize] += 1;
            }
            assert!(held[..bins - 1].iter().all(|h| *h == held[0]), "{n}: {held:?}");
        }
    }
}
