//! Which metric counts? The headline of the results, else the first scorer that was planned, by the name that its
//! scores have.

use super::log::{Header, Sample};
use super::score::value_in;
use crate::ingest::json::value::{name, text_at};
use rustc_hash::FxHashMap;
use serde_json::Value;

/// A scorer that may count, and the key of its scores where they are objects.
type Candidate = (String, Option<String>);

/// The metrics of a run.
#[derive(Debug, Default)]
pub struct Metrics {
    /// The one that counts; samples that broke down hang on it.
    pub primary: String,
    /// For scorers whose values are objects: the metric of a sample that they gave no value.
    without_value: FxHashMap<String, String>,
}

impl Metrics {
    /// The metrics that the header names, as far as samples have them.
    pub fn of(header: &Header, samples: &[Sample]) -> Self {
        let keys = Keys::of(samples);
        let candidates = candidates(header);
        let primary = candidates.iter().find_map(|(scorer, key)| keys.metric(scorer, key.as_deref()));
        let planned = || candidates.first().map(|(scorer, key)| label(scorer, key.as_deref()));
        // A run that broke down may not say what was planned.
        let seen = || keys.0.keys().min().and_then(|scorer| keys.metric(scorer, None));
        let primary = primary.or_else(planned).or_else(seen).unwrap_or_else(|| "score".to_owned());
        let of_objects = keys.0.iter().filter(|(_, seen)| !seen.is_empty());
        let without_value = of_objects.filter_map(|(scorer, _)| {
            let is_primary = primary.strip_prefix(scorer.as_str()).is_some_and(|key| key.starts_with('/'));
            let metric = if is_primary { Some(primary.clone()) } else { keys.metric(scorer, None) };
            Some((scorer.clone(), metric?))
        });
        Self { without_value: without_value.collect(), primary }
    }

    /// The metric of a scorer that gave a sample no value at all.
    pub fn without_value<'m>(&'m self, scorer: &'m str) -> &'m str {
        self.without_value.get(scorer).map_or(scorer, String::as_str)
    }
}

fn label(scorer: &str, key: Option<&str>) -> String {
    key.map_or_else(|| scorer.to_owned(), |key| format!("{scorer}/{key}"))
}

/// Candidates in the order in which they count.
fn candidates(header: &Header) -> Vec<Candidate> {
    let mut all = Vec::new();
    let mut add = |scorer: &Value, key: Option<&str>| {
        if let Some(scorer) = name(scorer) {
            all.push((scorer.clone(), key.filter(|key| *key != scorer).map(str::to_owned)));
        }
    };
    let headline = &header.results["headline"];
    add(&headline["scorer"], text_at(headline, &["score"]));
    for score in header.results["scores"].as_array().into_iter().flatten() {
        add(&score["scorer"], text_at(score, &["name"]));
    }
    for scorer in header.eval["scorers"].as_array().into_iter().flatten() {
        let metrics = &scorer["metrics"];
        let lists = metrics.as_array().map_or(std::slice::from_ref(metrics), Vec::as_slice);
        // A metric is an object with a name; metrics by key are an object of lists of them.
        let by_key =
            lists.iter().filter(|list| !list["name"].is_string()).filter_map(Value::as_object).flatten();
        let keys: Vec<&str> = by_key.map(|(key, _)| key.as_str()).filter(|key| *key != "*").collect();
        keys.iter().for_each(|key| add(&scorer["name"], Some(key)));
        if keys.is_empty() {
            add(&scorer["name"], None);
        }
    }
    all
}

/// For each scorer that gave values: how many had each key, in the order in which they were seen. No key: numbers and
/// the like.
struct Keys(FxHashMap<String, Vec<(String, usize)>>);

impl Keys {
    fn of(samples: &[Sample]) -> Self {
        let mut of_scorer: FxHashMap<String, Vec<(String, usize)>> = FxHashMap::default();
        let scores = samples.iter().filter_map(|sample| sample.scores.as_object()).flatten();
        for (scorer, score) in scores {
            if !of_scorer.contains_key(scorer) {
                of_scorer.insert(scorer.clone(), Vec::new());
            }
            let (Some(seen), Some(parts)) = (of_scorer.get_mut(scorer), value_in(score).as_object()) else {
                continue;
            };
            for key in parts.keys() {
                match seen.iter_mut().find(|(known, _)| known == key) {
                    Some((_, n)) => *n += 1,
                    None => seen.push((key.clone(), 1)),
                }
            }
        }
        Self(of_scorer)
    }

    /// The metric of a scorer and a key, if there are such scores: without the key where the scorer has none, with the
    /// most frequent one where it has others.
    fn metric(&self, scorer: &str, key: Option<&str>) -> Option<String> {
        let seen = self.0.get(scorer)?;
        let wanted = seen.iter().find(|(known, _)| Some(known.as_str()) == key);
        let most = || seen.iter().rev().max_by_key(|(_, n)| *n);
        Some(label(scorer, wanted.or_else(most).map(|(key, _)| key.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn primary(eval: &Value, results: &Value, scores: &[Value]) -> String {
        let header = Header { eval: eval.clone(), results: results.clone(), ..Header::default() };
        let samples: Vec<Sample> =
            scores.iter().map(|scores| Sample { scores: scores.clone(), ..Sample::default() }).collect();
        Metrics::of(&header, &samples).primary
    }

    #[test]
    fn the_metric_that_counts_is_one_that_there_is() {
        let by_key =
            json!({"scorers": [{"name": "multi", "metrics": {"exact": [], "len": []}}, {"name": "match"}]});
        let any_key = json!({"scorers": [{"name": "multi", "metrics": [{"*": [{"name": "mean"}]}]}]});
        let headline = |scorer: &str, score: &str| json!({"headline": {"scorer": scorer, "score": score}});
        let exact = json!({"multi": {"value": {"exact": 1, "len": 2}}, "match": {"value": "C"}});
        let only_match = json!({"match": {"value": "C"}});
        let none = Value::Null;
        let failed = json!({});
        let seen = [failed.clone(), exact.clone()];
        assert_eq!(primary(&by_key, &none, &[]), "multi/exact");
        assert_eq!(primary(&by_key, &none, &seen), "multi/exact");
        assert_eq!(primary(&any_key, &none, &seen), "multi/exact");
        assert_eq!(primary(&any_key, &none, std::slice::from_ref(&failed)), "multi");
        assert_eq!(primary(&by_key, &headline("multi", "len"), &seen), "multi/len");
        assert_eq!(primary(&by_key, &headline("match", "match"), &seen), "match");
        // The headline of grouped metrics names the group, which no sample has.
        assert_eq!(primary(&by_key, &headline("match", "even"), &seen), "match");
        assert_eq!(primary(&by_key, &none, &[only_match]), "match");
        assert_eq!(primary(&none, &none, &[]), "score");
    }

    #[test]
    fn no_value_is_one_of_the_metrics_that_there_are() {
        let scores =
            [json!({"multi": {"value": {"exact": 1}}}), json!({"multi": {"value": "NaN"}, "match": "NaN"})];
        let samples = scores.map(|scores| Sample { scores, ..Sample::default() });
        let metrics = Metrics::of(&Header::default(), &samples);
        assert_eq!(
            (metrics.without_value("multi"), metrics.without_value("match")),
            ("multi/exact", "match")
        );
    }
}
