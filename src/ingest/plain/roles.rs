//! What does each column of a plain table mean? By its name, however it is spelt.

use super::tally::Tally;
use crate::store::frame::Frame;
use std::collections::HashMap;

/// What a column is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The model that answered.
    Model,
    /// The item that was asked.
    Item,
    /// The subject of the item.
    Subject,
    /// The benchmark of the item.
    Benchmark,
    /// The metric of the score.
    Metric,
    /// The extraction that the answer went through.
    Filter,
    /// Whether the metric is the primary one.
    Primary,
    /// Epoch, sample or trial.
    Repeat,
    /// The run.
    Run,
    /// Training step.
    Step,
    /// Seed.
    Seed,
    /// Prompt variant.
    Variant,
    /// Revision of the model.
    Revision,
    /// Worked examples in the prompt.
    NShot,
    /// Sampling temperature.
    Temperature,
    /// What became of the attempt.
    Status,
    /// The option or answer given.
    Chosen,
    /// The answer given, beside the option.
    Prediction,
    /// The key.
    Gold,
    /// The key as text.
    GoldText,
    /// Log-probability of the key.
    LogpGold,
    /// Its distance from the best other option.
    LogpMargin,
    /// Tokens read.
    TokensIn,
    /// Tokens written.
    TokensOut,
    /// Row in the source.
    SourceRow,
    /// The question as text.
    Question,
    /// The options as text.
    Options,
    /// Number of parameters.
    Params,
    /// The same in millions.
    ParamsMillions,
    /// The same in thousands of millions.
    ParamsBillions,
    /// Training tokens.
    Tokens,
    /// Training compute.
    Flops,
    /// Family of the model.
    Family,
    /// Role in a ladder.
    LadderRole,
    /// Time of the run.
    Timestamp,
    /// Number format.
    Dtype,
    /// The program that made the dump.
    Harness,
    /// Its version.
    HarnessVersion,
    /// Version of the task.
    TaskVersion,
}

/// Names of each role in order of preference: lower case, letters and digits only. A column is taken by the
/// first role that names it.
const NAMES: &[(Role, &[&str])] = &[
    (
        Role::Model,
        &["model", "modelname", "modelid", "llm", "system", "respondent", "agent", "submission", "subjectid"],
    ),
    (
        Role::Item,
        &[
            "item",
            "itemid",
            "questionid",
            "qid",
            "instanceid",
            "problemid",
            "exampleid",
            "sampleid",
            "promptid",
            "docid",
            "uid",
            "taskid",
        ],
    ),
    (Role::Subject, &["subject", "category", "subtask", "topic", "domain", "subset", "task", "subjectname"]),
    (
        Role::Benchmark,
        &[
            "benchmark",
            "dataset",
            "suite",
            "eval",
            "evaluation",
            "benchmarkname",
            "datasetname",
            "qset",
            "questionset",
        ],
    ),
    (Role::Metric, &["metric", "metricname", "scorer", "measure"]),
    (Role::Filter, &["filter", "extraction"]),
    (Role::Primary, &["primary"]),
    (
        Role::Repeat,
        &[
            "repeat",
            "epoch",
            "replication",
            "replicate",
            "trial",
            "sampleindex",
            "sampleidx",
            "attempt",
            "iteration",
        ],
    ),
    (Role::Run, &["run", "runid", "evaluationid"]),
    (Role::Step, &["step", "checkpointstep", "trainingstep"]),
    (Role::Seed, &["seed", "randomseed"]),
    (
        Role::Variant,
        &["promptvariant", "variant", "promptname", "prompttemplate", "perturbation", "template"],
    ),
    (Role::Revision, &["revision", "modelrevision"]),
    (Role::NShot, &["nshot", "nshots", "shots", "numfewshot", "fewshot"]),
    (Role::Temperature, &["temperature"]),
    (Role::Status, &["status"]),
    (
        Role::Chosen,
        &[
            "chosen",
            "chosenindex",
            "chosenoption",
            "predictedindex",
            "pred",
            "predicted",
            "prediction",
            "answergiven",
            "givenanswer",
            "letter",
            "choice",
            "selected",
            "selectedoption",
            "modelanswer",
            "predictedanswer",
            "parsedanswer",
            "extractedanswer",
            "parsed",
            "extracted",
        ],
    ),
    (Role::Prediction, &["prediction", "predictiontext", "modeloutput"]),
    (
        Role::Gold,
        &[
            "gold",
            "goldindex",
            "answerindex",
            "answeridx",
            "correctindex",
            "key",
            "answerkey",
            "correctanswer",
            "goldanswer",
            "correctoption",
            "groundtruth",
            "gt",
            "target",
            "reference",
            "answer",
            "label",
            "truth",
            "expected",
        ],
    ),
    (Role::GoldText, &["goldtext"]),
    (Role::LogpGold, &["logpgold", "logprobgold", "goldlogprob"]),
    (Role::LogpMargin, &["logpmargin", "logprobmargin"]),
    (Role::TokensIn, &["ntokensin", "tokensin", "inputtokens", "prompttokens"]),
    (Role::TokensOut, &["ntokensout", "tokensout", "outputtokens", "completiontokens"]),
    (Role::SourceRow, &["sourcerow"]),
    (Role::Question, &["question", "questiontext", "prompt", "stem", "instruction", "problem", "input"]),
    (Role::Options, &["options", "choices"]),
    (Role::Params, &["params", "parameters", "nparams", "nparameters", "numparameters", "modelsize", "size"]),
    (Role::ParamsMillions, &["paramsm", "parametersm"]),
    (Role::ParamsBillions, &["paramsb", "parametersb", "sizeb"]),
    (Role::Tokens, &["tokens", "trainingtokens", "ntokens", "traintokens"]),
    (Role::Flops, &["flops", "computeflops", "compute", "trainingflops"]),
    (Role::Family, &["family", "modelfamily", "basemodel"]),
    (Role::LadderRole, &["role"]),
    (Role::Timestamp, &["timestamp", "datetime", "date"]),
    (Role::Dtype, &["dtype", "precision"]),
    (Role::Harness, &["harness"]),
    (Role::HarnessVersion, &["harnessversion"]),
    (Role::TaskVersion, &["taskversion"]),
];

/// Names of score columns: all of them are kept, the first in this order is the default.
const SCORES: &[&str] = &[
    "score",
    "correct",
    "iscorrect",
    "acc",
    "accuracy",
    "accnorm",
    "exactmatch",
    "em",
    "resolved",
    "passed",
    "pass",
    "pass1",
    "solved",
    "hit",
    "success",
    "isright",
    "f1",
    "f1score",
];
/// Names that mean a score only where nothing better is there.
const WEAK_SCORES: &[&str] = &[
    "resp", "response", "value", "grade", "result", "outcome", "mark", "points", "rating", "reward", "y",
    "label",
];
/// Score columns whose name says no more than "score"; their metric is called so.
const GENERIC_SCORES: &[&str] = &[
    "score",
    "correct",
    "iscorrect",
    "isright",
    "resp",
    "response",
    "value",
    "y",
    "label",
    "result",
    "outcome",
];

/// Lower case, letters and digits only.
pub fn normal(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Parts of names of metrics that only count where no other column is a score.
const METRIC_PARTS: [&str; 8] =
    ["bertscore", "bleu", "chrf", "meteor", "rouge", "f1", "exactmatch", "similarity"];

/// The columns of a frame by their meaning.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Roles {
    /// Position of the column of each role.
    by_role: HashMap<Role, usize>,
    /// Positions of columns that may be scores, best first.
    pub scores: Vec<usize>,
    /// Positions of columns that may be scores if `scores` has none.
    pub weak_scores: Vec<usize>,
    /// What was assumed where a name does not say.
    pub assumptions: Vec<String>,
}

impl Roles {
    /// Reads the names of a frame's columns.
    pub fn of(frame: &Frame) -> Self {
        let names: Vec<String> = frame.columns.iter().map(|(name, _)| normal(name)).collect();
        let mut taken = vec![false; names.len()];
        let mut roles = Self::default();
        let find = |wanted: &str, taken: &mut Vec<bool>| {
            let at = (0..names.len()).find(|&at| !taken[at] && names[at] == wanted)?;
            taken[at] = true;
            Some(at)
        };
        for name in SCORES {
            roles.scores.extend(find(name, &mut taken));
        }
        for (role, synonyms) in NAMES {
            if let Some(at) = synonyms.iter().find_map(|name| find(name, &mut taken)) {
                roles.by_role.insert(*role, at);
            }
        }
        // A second name of the chosen answer is its text; `answer` beside another key is the answer given.
        if roles.has(Role::Gold) && !roles.has(Role::Chosen) && roles.name(frame, Role::Gold) != "answer" {
            roles.by_role.extend(find("answer", &mut taken).map(|at| (Role::Chosen, at)));
        }
        for name in WEAK_SCORES {
            roles.weak_scores.extend(find(name, &mut taken));
        }
        roles.assume(frame, &names, &mut taken);
        roles.assume_scores(frame);
        roles
    }

    /// What people mean where the usual names are missing.
    fn assume(&mut self, frame: &Frame, names: &[String], taken: &mut [bool]) {
        let known = |roles: &Self, role: Role| roles.by_role.contains_key(&role);
        // `subject, item, score`: in psychometrics the subject is who answers.
        if !known(self, Role::Model)
            && known(self, Role::Item)
            && (!self.scores.is_empty() || !self.weak_scores.is_empty())
            && names.iter().all(|n| n != "id")
            && let Some(at) = self.by_role.get(&Role::Subject).copied().filter(|&at| names[at] == "subject")
        {
            self.by_role.remove(&Role::Subject);
            self.take(Role::Model, at, "who answers", frame);
        }
        if !known(self, Role::Model) {
            let weak =
                |n: &&String| known(self, Role::Item) && matches!(n.as_str(), "id" | "name" | "person");
            if let Some(at) = free(names, taken, weak) {
                taken[at] = true;
                self.take(Role::Model, at, "the model", frame);
            } else if let Some(at) = self.by_role.remove(&Role::Run) {
                self.take(Role::Model, at, "the model", frame);
            }
        }
        // Scores by the id of what was asked, all of one model.
        if !known(self, Role::Item) && !known(self, Role::Model) && !self.scores.is_empty() {
            let is_id = |n: &&String| n.ends_with("id");
            let all_differ = |at: &usize| frame.columns[*at].1.to_words().distinct().len() == frame.n_rows;
            if let Some(at) = free(names, taken, is_id).filter(|at| frame.n_rows > 1 && all_differ(at)) {
                taken[at] = true;
                self.take(Role::Item, at, "the item", frame);
            }
        }
        if !known(self, Role::Item) && known(self, Role::Model) {
            let by_id = |n: &&String| n.ends_with("id") || n.ends_with("index") || n.ends_with("idx");
            if let Some(at) = free(names, taken, by_id).filter(|_| self.looks_like_rows(frame)) {
                taken[at] = true;
                self.take(Role::Item, at, "the item", frame);
            } else if let Some(&at) =
                self.by_role.get(&Role::Question).filter(|_| self.looks_like_rows(frame))
            {
                self.take(Role::Item, at, "the item, by its text", frame);
            }
        }
    }

    /// Beside models and items columns of numbers that are called like metrics are scores, where no other is.
    fn assume_scores(&mut self, frame: &Frame) {
        let has = |role| self.has(role);
        let is_scored = !self.scores.is_empty() || !self.weak_scores.is_empty() || has(Role::Chosen);
        if is_scored || !has(Role::Model) || !has(Role::Item) {
            return;
        }
        let is_called = |name: &str| METRIC_PARTS.iter().any(|part| normal(name).contains(part));
        let fits = |at: &usize| {
            let (name, cells) = &frame.columns[*at];
            !self.is_taken(*at)
                && is_called(name)
                && Tally::of(cells).facts().is_some_and(|f| f.spread.is_some())
        };
        let found: Vec<usize> = (0..frame.columns.len()).filter(fits).collect();
        let names: Vec<&str> = found.iter().map(|&at| frame.columns[at].0.as_str()).collect();
        if !found.is_empty() {
            self.assumptions.push(format!(
                "no column is called a score, so these are taken for scores: {}",
                names.join(", ")
            ));
            self.scores = found;
        }
    }

    /// Whether models have several rows each, as they do where rows are about items.
    fn looks_like_rows(&self, frame: &Frame) -> bool {
        self.by_role.get(&Role::Model).is_some_and(|&at| {
            let models = frame.columns[at].1.to_words().distinct().len();
            frame.n_rows > models || models == 1
        })
    }

    fn take(&mut self, role: Role, at: usize, what: &str, frame: &Frame) {
        self.by_role.insert(role, at);
        self.assumptions.push(format!("no column says so, so {:?} is taken for {what}", frame.columns[at].0));
    }

    /// Position of the column of a role.
    pub fn get(&self, role: Role) -> Option<usize> {
        self.by_role.get(&role).copied()
    }

    /// Whether a column has this role.
    pub fn has(&self, role: Role) -> bool {
        self.by_role.contains_key(&role)
    }

    /// The normalised name of the column of a role; empty if there is none.
    pub fn name(&self, frame: &Frame, role: Role) -> String {
        self.get(role).map(|at| normal(&frame.columns[at].0)).unwrap_or_default()
    }

    /// Whether the column at this position has any role.
    pub fn is_taken(&self, at: usize) -> bool {
        self.by_role.values().any(|&a| a == at) || self.scores.contains(&at)
    }
}

/// The one free column whose name fits; none if several do.
fn free(names: &[String], taken: &[bool], fits: impl Fn(&&String) -> bool) -> Option<usize> {
    let mut fitting = (0..names.len()).filter(|&at| !taken[at] && fits(&&names[at]));
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first)
}

/// The metric that a score column stands for.
pub fn metric_name(column: &str) -> String {
    let name = normal(column);
    if GENERIC_SCORES.contains(&name.as_str()) {
        "score".to_owned()
    } else {
        match name.as_str() {
            "accuracy" => "acc".to_owned(),
            "em" => "exact_match".to_owned(),
            _ => column.trim().to_lowercase().replace(' ', "_"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::frame::Cells;

    fn roles(names: &[&str]) -> (Frame, Roles) {
        let words = || Cells::Words(["m", "m"].iter().map(|w| Some(*w)).collect());
        let columns = names.iter().map(|n| (n.to_string(), words())).collect();
        let frame = Frame { columns, n_rows: 2, unread: Vec::new() };
        let roles = Roles::of(&frame);
        (frame, roles)
    }

    #[test]
    fn names_are_known_however_they_are_spelt() {
        let (_, r) = roles(&["Model Name", "question-ID", "Is_Correct", "PRED", "answer", "acc_norm"]);
        assert_eq!(r.get(Role::Model), Some(0));
        assert_eq!(r.get(Role::Item), Some(1));
        assert_eq!(r.scores, [2, 5]);
        assert_eq!(r.get(Role::Chosen), Some(3));
        assert_eq!(r.get(Role::Gold), Some(4));
    }

    #[test]
    fn a_second_answer_is_the_one_given() {
        let (_, r) = roles(&["model", "item", "answer", "gold"]);
        assert_eq!((r.get(Role::Chosen), r.get(Role::Gold)), (Some(2), Some(3)));
        let (_, r) = roles(&["model", "item", "chosen", "prediction"]);
        assert_eq!((r.get(Role::Chosen), r.get(Role::Prediction)), (Some(2), Some(3)));
    }

    #[test]
    fn what_is_assumed_is_said() {
        let (_, r) = roles(&["id", "item", "resp"]);
        assert_eq!((r.get(Role::Model), r.weak_scores.as_slice()), (Some(0), &[2usize][..]));
        let (_, r) = roles(&["model", "rubric_id", "correct"]);
        assert_eq!(r.get(Role::Item), Some(1));
        assert_eq!(r.assumptions.len(), 1);
        let (_, r) = roles(&["subject", "item", "score"]);
        assert_eq!((r.get(Role::Model), r.get(Role::Subject)), (Some(0), None));
    }
}
