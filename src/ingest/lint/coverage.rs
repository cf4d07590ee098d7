//! Which models lack items, and which scores cannot tell models apart?

use super::kind::*;
use crate::ingest::account::{Account, Tally};
use crate::ingest::plain::scale::is_share;
use crate::response::{Metric, ResponseTable};
use std::collections::HashSet;

/// Fewer models or items than this, and "all of them" says nothing.
const MIN_TO_BE_ALL: u32 = 2;

pub(super) fn coverage(table: &ResponseTable, account: &Account, found: &mut Vec<Lint>) {
    let unit = on_the_unit_scale(table);
    let mut n_answered = vec![0; account.benchmarks.len()];
    for ((tally, _), &benchmark) in account.of_item.iter().zip(&account.benchmark_of) {
        n_answered[benchmark] += usize::from(tally.n > 0);
    }
    let mut lists: [Collector; 10] = std::array::from_fn(|_| Collector::new(table));
    let [
        unanswered,
        other,
        other_models,
        sets,
        all_right,
        all_wrong,
        constant,
        model_right,
        model_wrong,
        successes,
    ] = &mut lists;
    for (at, (tally, span)) in account.of_item.iter().enumerate() {
        let id = |id: &str| id.to_owned();
        let bounded = unit.contains(table.items[at].benchmark.as_str());
        match tally {
            Tally { n: 0, .. } => match account.other_metric[at] {
                Some(metric) => {
                    let label = table.metrics[metric as usize].label();
                    other.add_item(at as u32, |id| format!("{id}: {label}"));
                }
                None => unanswered.add_item(at as u32, id),
            },
            t if t.n < MIN_TO_BE_ALL => {}
            t if bounded && t.right == t.n => all_right.add_item(at as u32, id),
            t if bounded && t.wrong == t.n => all_wrong.add_item(at as u32, id),
            _ if span.is_one_score() => constant.add_item(at as u32, id),
            _ => {}
        }
    }
    for (benchmark, n_of_models) in account.n_answered().into_iter().enumerate() {
        let (benchmark_name, all) = (account.benchmarks[benchmark].as_str(), n_answered[benchmark]);
        for (model, has) in n_of_models.into_iter().enumerate() {
            let (name, tally) = (account.models[model], account.of_model(benchmark, model));
            if tally.n == 0 {
                if let Some(metric) = account.other_metric_of(benchmark, model) {
                    let label = table.metrics[metric as usize].label();
                    other_models.add(benchmark_name, || format!("{name}: {label}"));
                }
                continue;
            }
            if has < all {
                sets.add(benchmark_name, || format!("{name}: {has} of {all}"));
            }
            if !unit.contains(benchmark_name) || tally.n < MIN_TO_BE_ALL {
                continue;
            }
            if tally.right == tally.n && account.lists_successes.contains(&(benchmark, model)) {
                successes.add(benchmark_name, || name.to_owned());
            } else if tally.right == tally.n {
                model_right.add(benchmark_name, || name.to_owned());
            } else if tally.wrong == tally.n {
                model_wrong.add(benchmark_name, || name.to_owned());
            }
        }
    }
    partly_seen(table, account, found);
    scales(table, account, found);
    let kinds = [
        &UNANSWERED,
        &OTHER_METRIC,
        &MODEL_OTHER_METRIC,
        &ITEM_SETS,
        &ALL_RIGHT,
        &ALL_WRONG,
        &CONSTANT,
        &MODEL_RIGHT,
        &MODEL_WRONG,
        &SUCCESSES,
    ];
    for (list, kind) in lists.into_iter().zip(kinds) {
        list.report(kind, found);
    }
}

/// Models named of those that lack an item.
const MAX_LACKING: usize = 3;

/// Items that some models of their benchmark were asked, and others not.
fn partly_seen(table: &ResponseTable, account: &Account, found: &mut Vec<Lint>) {
    let (a, b) = (&account.answered, &account.only_asked);
    let (names, benchmark_of) = (&account.models, &account.benchmark_of);
    let words_of = |item: usize| a.present_row(item).iter().zip(b.present_row(item)).map(|(a, b)| a | b);
    let mut anyone = vec![vec![0u64; a.words()]; account.benchmarks.len()];
    for (item, &benchmark) in benchmark_of.iter().enumerate() {
        anyone[benchmark].iter_mut().zip(words_of(item)).for_each(|(all, word)| *all |= word);
    }
    let n_anyone: Vec<u32> = anyone.iter().map(|words| words.iter().map(|w| w.count_ones()).sum()).collect();
    let mut partly = Collector::new(table);
    for (item, &benchmark) in benchmark_of.iter().enumerate() {
        let (n, of) = (words_of(item).map(u64::count_ones).sum::<u32>(), n_anyone[benchmark]);
        if n == 0 || n == of {
            continue;
        }
        partly.add_item(item as u32, |id| {
            let words: Vec<u64> = words_of(item).collect();
            let has = |words: &[u64], model: usize| words[model / 64] >> (model % 64) & 1 == 1;
            let lacks = |model: &usize| has(&anyone[benchmark], *model) && !has(&words, *model);
            let lacking: Vec<&str> =
                (0..names.len()).filter(lacks).take(MAX_LACKING).map(|model| names[model]).collect();
            let more = (of - n) as usize - lacking.len();
            let more = if more > 0 { format!(" and {more} others") } else { String::new() };
            format!("{id}: {n} of {of}, without {}{more}", lacking.join(" and "))
        });
    }
    partly.report(&PARTLY_SEEN, found);
}

/// Benchmarks whose primary scores all lie between 0, wrong, and 1, right; not where less is better.
fn on_the_unit_scale(table: &ResponseTable) -> HashSet<&str> {
    let mut unit: HashSet<&str> = table.metrics.iter().map(|m| m.benchmark.as_str()).collect();
    for metric in table.metrics.iter().filter(|metric| metric.primary && !metric.higher_is_better) {
        unit.remove(metric.benchmark.as_str());
    }
    let is_beyond = |score: f64| !(0.0..=1.0).contains(&score);
    if table.score_range().is_none_or(|(low, high)| !is_beyond(low) && !is_beyond(high)) {
        return unit;
    }
    let mut beyond = vec![false; table.metrics.len()];
    table.blocks().each(|attempt| beyond[attempt.metric] |= attempt.score.is_some_and(is_beyond));
    for (metric, _) in table.metrics.iter().zip(beyond).filter(|(metric, beyond)| metric.primary && *beyond) {
        unit.remove(metric.benchmark.as_str());
    }
    unit
}
/// With fewer scores it is chance that none is above 1.
const MIN_TO_HAVE_A_SCALE: u32 = 10;

/// Models whose scores under a metric that is a share go beyond 1 while those of others do not.
fn scales(table: &ResponseTable, account: &Account, found: &mut Vec<Lint>) {
    let mut above = Collector::new(table);
    for (at, benchmark) in account.benchmarks.iter().enumerate() {
        let is_of_share = |m: &&Metric| m.primary && m.benchmark == *benchmark && is_share(&m.name);
        if table.metrics.iter().find(is_of_share).is_none() {
            continue;
        }
        let is_within = |model: usize| {
            account.of_model(at, model).n >= MIN_TO_HAVE_A_SCALE && account.top(at, model) <= 1.0
        };
        if (0..account.models.len()).any(is_within) {
            for (model, name) in account.models.iter().enumerate() {
                let top = account.top(at, model);
                if top > 1.0 {
                    above.add(benchmark, || format!("{name}: up to {top}"));
                }
            }
        }
    }
    above.report(&SCALES, found);
}
