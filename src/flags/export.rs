//! How does a harness run the repaired benchmark? Repairs in the forms that harnesses read.

use super::effect::Repairs;
use super::evidence::option_letter;
use super::panel::Panel;
use super::report::FlagReport;
use crate::response::Item;
use serde::Serialize;
use std::collections::BTreeMap;

/// The module that lm-evaluation-harness loads as `process_docs`; it reads `repairs.json` beside it.
pub const LM_EVAL_MODULE: &str = include_str!("export_lm_eval.py");

/// What to do to one task of lm-evaluation-harness, by position of the document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TaskRepairs {
    /// Documents to leave out.
    pub drop: Vec<u64>,
    /// New keys: position of the option by position of the document.
    pub rekey: BTreeMap<u64, u8>,
}

/// A sample as Inspect's `json_dataset` reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InspectSample {
    /// The question.
    pub input: String,
    /// The options.
    pub choices: Vec<String>,
    /// Letter of the key.
    pub target: String,
    /// The item.
    pub id: String,
    /// What else is known.
    pub metadata: InspectMetadata,
}

/// The metadata of a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InspectMetadata {
    /// The subject.
    pub subject: Option<String>,
    /// Letter of the key before it was changed; `None` where it was not.
    pub original_target: Option<String>,
}

/// A text in HELM's form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HelmText {
    /// The text.
    pub text: String,
}

/// One option in HELM's form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HelmReference {
    /// The option.
    pub output: HelmText,
    /// `correct` on the key.
    pub tags: Vec<&'static str>,
}

/// An instance as HELM's `custom_mcqa` scenario reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HelmInstance {
    /// The question.
    pub input: HelmText,
    /// The options.
    pub references: Vec<HelmReference>,
    /// The split.
    pub split: &'static str,
    /// The item.
    pub id: String,
}

/// The repaired benchmark for each harness.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Export {
    /// Documents to keep, by task: the file that `lm_eval --samples` takes.
    pub lm_eval_samples: BTreeMap<String, Vec<u64>>,
    /// Documents to drop and re-key, by task.
    pub lm_eval_repairs: BTreeMap<String, TaskRepairs>,
    /// Names of the dropped items, for any harness.
    pub drop: Vec<String>,
    /// Samples for Inspect, where the text of question and options is known.
    pub inspect: Vec<InspectSample>,
    /// Instances for HELM, likewise.
    pub helm: Vec<HelmInstance>,
    /// Items that a harness which goes by position cannot be told of.
    pub n_without_position: usize,
    /// Items kept whose text is not known, so that they are in no data set.
    pub n_without_text: usize,
}

impl FlagReport {
    /// What to do with the first `n` items of the reading list that are key suspects or worse: an item of
    /// which one option leads the key gets that option, others that are suspected are dropped. Saturated
    /// items and leak suspects stay: nothing speaks against their keys.
    pub fn repairs(&self, n: usize) -> Repairs {
        use super::evidence::Kind::{LeakSuspect, Saturated};
        let mut repairs = Repairs::default();
        for flag in self.flags.iter().take(n) {
            match (flag.kind, flag.suggested_option) {
                (None | Some(Saturated | LeakSuspect), _) => {}
                (_, Some(option)) => {
                    repairs.rekey.insert(flag.item, option);
                }
                _ => repairs.drop.push(flag.item),
            }
        }
        repairs.drop.sort_unstable();
        repairs
    }
}

/// The number that ends an item's name in the source.
fn number(item: &Item) -> Option<u64> {
    let name = item.native_id.as_deref().unwrap_or(item.id.as_str());
    let digits = name.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().ok()
}

/// Task of an item: its subject, or its benchmark where it has none.
fn task(item: &Item) -> String {
    item.subject.clone().unwrap_or_else(|| item.benchmark.clone())
}

/// Position of each item within its task: the number that ends its name, in tasks whose numbers are 0, 1, 2 … to
/// the last. Other numbers are names, not positions, and would make a harness drop the wrong items.
fn positions(items: &[Item]) -> Vec<Option<u64>> {
    let mut by_task: BTreeMap<String, Vec<Option<u64>>> = BTreeMap::new();
    items.iter().for_each(|item| by_task.entry(task(item)).or_default().push(number(item)));
    by_task.retain(|_, numbers| {
        numbers.sort_unstable();
        numbers.iter().zip(0..).all(|(n, at)| *n == Some(at))
    });
    items.iter().map(|item| by_task.contains_key(&task(item)).then(|| number(item)).flatten()).collect()
}

/// The benchmark with the repairs made, in the forms of lm-evaluation-harness (`--samples` and `process_docs`),
/// Inspect (`json_dataset`) and HELM (`custom_mcqa`).
///
/// # Reference
/// lm-evaluation-harness `docs/interface.md` and `docs/task_guide.md`; Inspect, *Datasets*; HELM,
/// `scenarios/custom_mcqa_scenario.py`.
pub fn export(panel: &Panel, items: &[Item], repairs: &Repairs) -> Export {
    let mut out = Export::default();
    let positions = positions(items);
    for (at, item) in items.iter().enumerate().take(panel.n_items()) {
        let dropped = repairs.drop.binary_search(&at).is_ok();
        let new_key = repairs.rekey.get(&at).copied();
        match positions[at] {
            Some(document) => {
                let listed = out.lm_eval_repairs.entry(task(item)).or_default();
                if dropped {
                    listed.drop.push(document);
                } else {
                    out.lm_eval_samples.entry(task(item)).or_default().push(document);
                }
                if let Some(key) = new_key {
                    listed.rekey.insert(document, key);
                }
            }
            None => out.n_without_position += 1,
        }
        if dropped {
            out.drop.push(item.id.to_string());
            continue;
        }
        let old = panel.gold[at].or(item.gold.and_then(|g| u8::try_from(g).ok()));
        let (Some(question), Some(options), Some(key)) = (item.question(), item.options(), new_key.or(old))
        else {
            out.n_without_text += 1;
            continue;
        };
        out.inspect.push(InspectSample {
            input: question.clone().into_owned(),
            choices: options.to_vec(),
            target: option_letter(usize::from(key)),
            id: item.id.to_string(),
            metadata: InspectMetadata {
                subject: item.subject.clone(),
                original_target: new_key.and(old).map(|k| option_letter(usize::from(k))),
            },
        });
        let reference = |(k, text): (usize, &String)| HelmReference {
            output: HelmText { text: text.clone() },
            tags: if k == usize::from(key) { vec!["correct"] } else { Vec::new() },
        };
        out.helm.push(HelmInstance {
            input: HelmText { text: question.into_owned() },
            references: options.iter().enumerate().map(reference).collect(),
            split: "test",
            id: item.id.to_string(),
        });
    }
    // Items come in the order of their names, "10" before "2".
    out.lm_eval_samples.values_mut().for_each(|documents| documents.sort_unstable());
    out.lm_eval_repairs.values_mut().for_each(|repairs| repairs.drop.sort_unstable());
    out.lm_eval_repairs.retain(|_, r| !r.drop.is_empty() || !r.rekey.is_empty());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::margin::tests::lettered;
    use crate::flags::report::{Context, flag_items};

    fn items() -> Vec<Item> {
        (0..4)
            .map(|i| Item {
                question: Some(format!("question {i}").into()),
                options: Some(["yes", "no", "perhaps"].map(str::to_owned).to_vec().into()),
                ..Item::new("b", Some("law"), format!("law/{i}"))
            })
            .collect()
    }

    #[test]
    fn repairs_take_the_leading_option_and_drop_the_rest() {
        let panel = lettered("AAAA", &["BBBB", "BCBC", "AAAA", "AAAB"], 3);
        let report = flag_items(&panel, &Context::default(), &Default::default());
        let repairs = report.repairs(4);
        assert_eq!(repairs.rekey.get(&0), Some(&1));
        assert!(!repairs.drop.contains(&2), "everybody is right: nothing speaks against the key");
    }

    #[test]
    fn every_form_holds_what_is_left_with_the_new_keys() {
        let panel = lettered("AAAA", &["BBBB", "BCBC", "AAAA", "AAAB"], 3);
        let repairs = Repairs { drop: vec![1], rekey: [(0, 1)].into() };
        let out = export(&panel, &items(), &repairs);
        assert_eq!(out.lm_eval_samples["law"], vec![0, 2, 3]);
        assert_eq!(out.lm_eval_repairs["law"], TaskRepairs { drop: vec![1], rekey: [(0, 1)].into() });
        assert_eq!((out.inspect.len(), out.helm.len(), out.drop.clone()), (3, 3, vec!["law/1".to_owned()]));
        assert_eq!((out.inspect[0].target.as_str(), out.inspect[1].target.as_str()), ("B", "A"));
        assert_eq!(out.inspect[0].metadata.original_target.as_deref(), Some("A"));
        assert_eq!(out.helm[0].references[1].tags, vec!["correct"]);
        assert!(out.helm[0].references[0].tags.is_empty());
    }

    #[test]
    fn names_that_are_no_positions_are_not_taken_for_them() {
        let panel = lettered("AAAA", &["BBBB", "BCBC", "AAAA", "AAAB"], 3);
        let mut items = items();
        items[3].id = "law/912".into();
        let out = export(&panel, &items, &Repairs { drop: vec![1], rekey: [(0, 1)].into() });
        assert!(out.lm_eval_samples.is_empty() && out.lm_eval_repairs.is_empty());
        assert_eq!((out.n_without_position, out.inspect.len()), (4, 3));
    }
}
