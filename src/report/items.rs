//! Which items measure, which say nothing, and which work backwards?

use super::finding::{Consequence, Finding, NotRun};
use super::sample::Sample;
use super::section::{Block, Figure, Method, Section, SectionId, TableView};
use super::words::{count, count_of, interval, level, number, percent};
use crate::numeric::Estimate;
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

/// Difficulty and discrimination of all items.
///
/// # Errors
/// When no item has a score.
pub fn section(
    sample: &Sample,
    items: &[ItemMeasure],
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
    let findings: Vec<Finding> =
        [backward(items, sample), uninformative(items, sample)].into_iter().flatten().collect();
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

fn backward(items: &[ItemMeasure], sample: &Sample) -> Option<Finding> {
    let negative = negative(items);
    let n = negative.len();
    if n == 0 {
        return None;
    }
    let clearly = negative.iter().filter(|(_, r)| r.high().is_some_and(|h| h < 0.0)).count();
    // Of items whose true correlation is 0, this share lies wholly below 0 by chance.
    let tail = negative.iter().find_map(|(_, r)| r.interval).map_or(0.025, |i| (1.0 - i.level) / 2.0);
    let expected = (tail * sample.n_items as f64).ceil() as usize;
    let share = n as f64 / sample.n_items as f64;
    let surely = if clearly == 0 {
        "For none of them is the whole interval below 0, so all of them may be sound.".to_owned()
    } else {
        format!(
            "For {} the whole interval is below 0; if no item discriminated at all, chance would give up to {}.",
            count(clearly, "item"),
            count(expected, "such item")
        )
    };
    Some(Finding {
        consequence: if clearly > 0 { Consequence::Care } else { Consequence::Information },
        weight: share,
        headline: format!(
            "{} ({}) {} backwards: weaker models do better on {}.",
            count_of(n, sample.n_items, "item"),
            percent(share),
            if n == 1 { "works" } else { "work" },
            if n == 1 { "it" } else { "them" }
        ),
        detail: format!(
            "Their item–rest correlation over {} is negative. {surely}",
            count(sample.n_models, "model")
        ),
        action: Some(
            "Check the keys of the surest ones first; they are under “Items to look at”.".to_owned(),
        ),
        section: Some(SectionId::Items),
    })
}

fn uninformative(items: &[ItemMeasure], sample: &Sample) -> Option<Finding> {
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
