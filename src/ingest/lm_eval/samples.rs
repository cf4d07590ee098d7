//! What did a model answer, document by document? The samples files of v0.4.0 to v0.4.13.

use super::context::Context;
use super::describe::{describe, option_scores, option_texts};
use super::file_name;
use super::options::{Options, key, named};
use super::rows::{Rows, Value};
use super::sample::{Answer, Sample};
use crate::ingest::fragment::counted;
use crate::ingest::json::{Passage, Scalar, Text, number_from_text, pieces};
use crate::ingest::{Fragment, ReadError, Source};
use crate::response::{Row, Status};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;

/// Longer answers are texts, not extracted answers: they are left where they are.
const PREDICTION_CHARACTERS: usize = 128;

/// The metric in place of all others with `--predict_only`, whose value says nothing.
const BYPASS: &str = "bypass";
const PREDICTED_ONLY: &str = "this sample has no metric: with --predict_only the harness gives answers without scores; run \
                              the evaluation without it";

/// What the harness's filters give where they find no answer.
const NO_ANSWER: &str = "[invalid]";

/// Reads a file of samples: an indented array (v0.4.0 to v0.4.2) or lines, whatever its name ends in.
///
/// Every metric under every filter is a row. Before v0.4.7 rows do not name their filter: the k-th row of a
/// document belongs to the k-th filter of the task.
///
/// # Errors
/// [`ReadError`] where not one record could be read. A record that could not be read beside others is a note.
pub fn read(source: &Source, context: &Context) -> Result<Fragment, ReadError> {
    let mut reader = Reader::new(source, context);
    let passage = pieces(source, |piece| piece.each(|row, sample: Sample| reader.take(row, &sample)))?;
    reader.finish(passage)
}

fn guess_task(name: &str) -> String {
    if let Some((_, task)) = file_name::guess_early_samples(name) {
        return task;
    }
    let stem = name.strip_suffix(".jsonl").or_else(|| name.strip_suffix(".json")).unwrap_or(name);
    stem.strip_prefix("samples_").unwrap_or(stem).to_owned()
}

#[derive(Default)]
struct Counts {
    unnamed_filters: usize,
    repeated: usize,
    contradicted: usize,
    /// Those of them whose options were scored twice.
    of_two_requests: usize,
}

struct Reader<'c> {
    rows: Rows<'c>,
    delimiter: &'c str,
    filters: &'c [String],
    /// Rows met of each item, where rows do not name their filter.
    n_rows_of: FxHashMap<u32, usize>,
    /// Item and filter of the rows that name it.
    seen: FxHashSet<(u32, u32)>,
    names_of_filters: Vec<String>,
    counts: Counts,
    faults: Vec<(u64, &'static str)>,
}

impl<'c> Reader<'c> {
    fn new(source: &Source, context: &'c Context) -> Self {
        let name = source.file_name();
        let in_name = file_name::samples(&name);
        let timestamp = in_name.map(|(_, timestamp)| timestamp);
        let results = context.find(source, timestamp);
        let early = || {
            let r = results?;
            let args = r.model_args_text.as_deref().unwrap_or_default();
            file_name::early_samples(&name, args, r.tasks.keys().map(String::as_str))
        };
        let (task, guessed) = match in_name.map(|(task, _)| task).or_else(early) {
            Some(task) => (task.to_owned(), false),
            None => (guess_task(&name), true),
        };
        let mut rows = Rows::new(source, results, timestamp, &task);
        if guessed {
            rows.note(
                None,
                format!(
                    "the file name does not follow the harness's rule: task {task:?} was guessed from it"
                ),
            );
        }
        let configuration = results.and_then(|r| r.tasks.get(&task));
        Self {
            rows,
            delimiter: configuration.and_then(|t| t.target_delimiter.as_deref()).unwrap_or(" "),
            filters: configuration.map(|t| t.filters.as_slice()).unwrap_or_default(),
            n_rows_of: FxHashMap::default(),
            seen: FxHashSet::default(),
            names_of_filters: Vec::new(),
            counts: Counts::default(),
            faults: Vec::new(),
        }
    }

    fn take(&mut self, row: u64, sample: &Sample) {
        let Some(native_id) = sample.doc_id.as_ref().and_then(Scalar::name) else {
            self.faults.push((row, "a sample must have a `doc_id`; is this a samples file of lm_eval?"));
            return;
        };
        let options = Options::read(&sample.requests, &sample.answers, self.delimiter)
            .filter(|_| !sample.requests.is_empty());
        let n_options = options.as_ref().map(Options::n);
        let texts = option_texts(sample, options.as_ref());
        let metrics = values(sample);
        if metrics.is_empty() {
            let is_unscored =
                sample.metrics.is_some() || sample.others.iter().any(|(key, _)| key.0 == BYPASS);
            self.faults.push((row, if is_unscored { PREDICTED_ONLY } else { "this sample has no metric" }));
            return;
        }
        let answer = match sample.answers.first() {
            Some(Answer::Text(text)) => Some(text.as_ref()),
            _ => None,
        };
        let gold = match (&options, answer) {
            (Some(options), _) if options.n() > 1 => gold_of_options(sample, options, &texts, &metrics),
            (None, Some(_)) => match sample.target.as_slice() {
                [Scalar::Text(text)] => named(text, &texts, texts.len()).and_then(|k| u16::try_from(k).ok()),
                _ => None,
            },
            _ => None,
        };
        let (item, is_new) =
            self.rows.item(native_id, |item| describe(item, sample, &texts, options.as_ref(), gold));
        if is_new && let Some(options) = &options {
            let scores = option_scores(options, item);
            self.rows.table().options.extend(scores);
        }
        let filter = self.filter(sample, item);

        let margin = match (&options, gold) {
            (Some(options), Some(gold)) => options.margin(gold),
            // A single continuation is its own key.
            (Some(options), None) if n_options == Some(1) => options.margin(0),
            _ => None,
        };
        let source_row = u32::try_from(row).ok();
        for (name, value) in metrics {
            let metric = self.rows.metric(name, filter.as_deref());
            let score = match value {
                Value::Score(score) => Some(score),
                Value::List | Value::Missing => None,
            };
            let mut chosen = match &options {
                Some(options) => options.chosen(name),
                None => {
                    answer.and_then(|a| named(a, &texts, texts.len())).and_then(|k| u16::try_from(k).ok())
                }
            };
            let mut row_gold = gold;
            if let (Some(c), Some(g), Some(score)) = (chosen, gold, score)
                && is_accuracy(name)
                && (score == 1.0) != (c == g)
                && (score == 0.0 || score == 1.0)
            {
                // Whatever was compared, it was not these two.
                self.counts.contradicted += 1;
                let is_twice = |o: &Options| o.scored.iter().any(|s| s.logp_uncond.is_some());
                self.counts.of_two_requests += usize::from(options.as_ref().is_some_and(is_twice));
                chosen = None;
                if options.is_none() {
                    row_gold = None;
                }
            }
            let mut new = Row::new(0, item, metric, score);
            new.chosen = chosen;
            new.gold = row_gold;
            new.logp_gold = margin.map(|(gold, _)| gold as f32);
            new.logp_margin = margin.and_then(|(_, margin)| margin).map(|m| m as f32);
            new.source_row = source_row;
            if let Some(answer) = answer {
                if answer == NO_ANSWER {
                    new.status = Status::NoAnswer;
                } else if answer.chars().nth(PREDICTION_CHARACTERS).is_none() {
                    new.prediction = Some(answer.into());
                }
            }
            self.rows.push(new, value);
        }
    }

    /// The filter of a row: its own word, or its place among the rows of its document.
    fn filter<'s>(&mut self, sample: &'s Sample, item: u32) -> Option<Cow<'s, str>>
    where
        'c: 's,
    {
        if let Some(Text(filter)) = &sample.filter {
            let known = self.names_of_filters.iter().position(|f| f == filter).unwrap_or_else(|| {
                self.names_of_filters.push(filter.clone().into_owned());
                self.names_of_filters.len() - 1
            });
            if !self.seen.insert((item, known as u32)) {
                self.counts.repeated += 1;
            }
            return Some(Cow::Borrowed(filter));
        }
        let place = self.n_rows_of.entry(item).or_default();
        let k = *place;
        *place += 1;
        match self.filters.get(k) {
            Some(filter) => Some(Cow::Borrowed(filter)),
            None if k == 0 => None,
            None => {
                self.counts.unnamed_filters += 1;
                Some(Cow::Owned(format!("filter-{}", k + 1)))
            }
        }
    }

    fn finish(mut self, mut passage: Passage) -> Result<Fragment, ReadError> {
        for (row, message) in std::mem::take(&mut self.faults) {
            passage.fault(row, message);
        }
        self.say_counts();
        self.rows.finish(&passage)
    }

    fn say_counts(&mut self) {
        let Counts { unnamed_filters, repeated, contradicted, of_two_requests } = self.counts;
        if unnamed_filters > 0 {
            self.rows.note(
                None,
                format!(
                    "{} of a document and the results file does not name their filters: called filter-2, \
                     filter-3, … in the order of the file",
                    counted(unnamed_filters, "row is a further one", "rows are further ones")
                ),
            );
        }
        if repeated > 0 {
            let repeat = counted(repeated, "row repeats", "rows repeat");
            self.rows.note(None, format!("{repeat} a document under the same filter"));
        }
        if contradicted > 0 {
            self.rows.note(
                None,
                format!(
                    "{} the option that the log-probabilities or the answer point to: kept without a chosen option",
                    counted(contradicted, "score contradicts", "scores contradict")
                ),
            );
        }
        if of_two_requests > 0 {
            self.rows.note(
                None,
                "options were scored twice, for acc_mutual_info: versions of the harness before v0.4.9 then compared \
                 every second log-probability, so that their scores of this task are wrong",
            );
        }
    }
}

/// Metrics whose score is 1 exactly if the chosen option is the key.
fn is_accuracy(metric: &str) -> bool {
    matches!(metric, "acc" | "acc_norm" | "acc_bytes" | "acc_mutual_info" | "exact_match")
}

/// The metrics of a sample: those it lists, or every value that can be one (a number, a list, nothing).
fn values<'s>(sample: &'s Sample) -> Vec<(&'s str, Value)> {
    let value_of = |scalar: &Scalar| match scalar.number() {
        Some(score) if score.is_finite() => Value::Score(score),
        _ if matches!(scalar, Scalar::List | Scalar::Object) => Value::List,
        _ => Value::Missing,
    };
    match &sample.metrics {
        Some(names) => names
            .iter()
            .filter_map(|name| match name {
                Scalar::Text(name) => Some(name.as_ref()).filter(|name| *name != BYPASS),
                _ => None,
            })
            .map(|name| {
                let found = sample.others.iter().find(|(key, _)| key.0 == name);
                (name, found.map_or(Value::Missing, |(_, value)| value_of(value)))
            })
            .collect(),
        None => sample
            .others
            .iter()
            .filter(|(key, _)| key.0 != BYPASS)
            .filter(|(_, value)| match value {
                Scalar::Text(text) => number_from_text(text).is_some(),
                // A metric may be a list; an object is something else.
                Scalar::Object => false,
                _ => true,
            })
            .map(|(key, value)| (key.0.as_ref(), value_of(value)))
            .collect(),
    }
}

/// The key of an attempt whose options were scored one by one.
fn gold_of_options(
    sample: &Sample,
    options: &Options,
    texts: &[&str],
    metrics: &[(&str, Value)],
) -> Option<u16> {
    let by_name = |wanted: &str| metrics.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    let mut outcome = None;
    for metric in ["acc", "acc_norm"] {
        match (by_name(metric), options.chosen(metric)) {
            // The score is a share of probability: there is more than one key.
            (Some(Value::Score(score)), _) if score != 0.0 && score != 1.0 => return None,
            (Some(Value::Score(score)), Some(chosen)) if outcome.is_none() => {
                outcome = Some((chosen, score == 1.0))
            }
            _ => {}
        }
    }
    // What was compared is the text of the request; the document may have another text for the same option.
    let scored: Vec<&str> = options.scored.iter().map(|o| o.text).collect();
    key(&sample.target, &[&scored, texts], options.n(), outcome)
}
