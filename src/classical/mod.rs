//! How good are the items, and how repeatable is the ranking? Classical test theory of one benchmark.
//!
//! The entry is [`analyse`]. Missing answers are never wrong: every statistic is over what is there.
//!
//! | statistic | over |
//! |---|---|
//! | difficulty, options | the respondents who answered the item |
//! | item–rest, biserial, upper–lower | the same, with rest scores centred on item means ([`rest`]) |
//! | scalability, tetrachoric, signed φ² | for each pair of items, the respondents who answered both |
//! | alpha, λ₂ | without gaps, the variance of the total; with gaps, the covariances of those pairs, with a warning; none where a pair is shared by fewer than two |
//! | split half | sums; with gaps, shares of what was answered in each half |
//! | clones | for each pair of respondents, the items that both answered |

pub mod clones;
pub mod discrimination;
pub mod item;
pub mod options;
pub mod pairs;
pub mod reliability;
pub mod rest;
pub mod scale;
pub mod split_half;
pub mod tables;
pub mod tetrachoric;

pub use clones::{CloneOptions, ClonePair, Clones};
pub use discrimination::DiscriminationSign;
pub use item::ItemStatistics;
pub use options::OptionShare;
pub use pairs::TetrachoricMethod;
pub use scale::Reliability;
pub use split_half::SplitHalf;

use crate::numeric::Estimate;
use crate::numeric::correlation::pearson;
use crate::response::{Cells, RespondentId, ResponseMatrix};
use serde::Serialize;
use thiserror::Error;

/// How to analyse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassicalOptions {
    /// Confidence level of all intervals.
    pub level: f64,
    /// Seed of the random halves.
    pub seed: u64,
    /// Random halves for the split-half reliability.
    pub splits: usize,
    /// Share of the respondents in each extreme group of the upper–lower difference, in `(0, 0.5]`.
    pub tail_share: f64,
    /// How tetrachoric correlations are found.
    pub tetrachoric: TetrachoricMethod,
    /// Whether each subject gets its own reliability.
    pub by_subject: bool,
    /// What counts as a near-copy.
    pub clones: CloneOptions,
    /// The most multiplications to spend on pairs of items whose scores are not 0/1, and on split halves of
    /// such scores.
    pub work: u64,
}

impl Default for ClassicalOptions {
    fn default() -> Self {
        Self {
            level: 0.95,
            seed: 1,
            splits: 1000,
            tail_share: 0.27,
            tetrachoric: TetrachoricMethod::CosinePi,
            by_subject: true,
            clones: CloneOptions::default(),
            work: 10_000_000_000,
        }
    }
}

/// What the analysis says of one respondent. Ranks and their intervals are a matter of `uncertainty`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RespondentSummary {
    /// The respondent.
    pub respondent: RespondentId,
    /// Items with a score.
    pub n_items: usize,
    /// Mean score over those items: Wilson's interval for 0/1 scores, Student's for others.
    pub score: Option<Estimate>,
    /// Correlation of its scores with the item means: how well it follows the common order of difficulty.
    pub item_mean_correlation: Option<f64>,
    /// The respondent most like it beyond score and difficulty, and their residual correlation.
    pub nearest: Option<(RespondentId, f64)>,
}

/// Everything [`analyse`] finds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassicalAnalysis {
    /// One entry for each item, in the order of the matrix.
    pub items: Vec<ItemStatistics>,
    /// The benchmark as a whole.
    pub overall: Reliability,
    /// Each subject by itself, in the order of the matrix.
    pub subjects: Vec<(String, Reliability)>,
    /// One entry for each respondent, in the order of the matrix.
    pub respondents: Vec<RespondentSummary>,
    /// Near-copies among the respondents, most alike first.
    pub clones: Vec<ClonePair>,
    /// What could not be computed or must be read with care, and why.
    pub warnings: Vec<String>,
}

/// Why nothing could be analysed.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ClassicalError {
    /// No cell has a score.
    #[error(
        "benchmark {benchmark:?} has no scored response among {n_items} items and {n_respondents} models"
    )]
    NoResponses {
        /// The benchmark.
        benchmark: String,
        /// Its items.
        n_items: usize,
        /// Its respondents.
        n_respondents: usize,
    },
    /// A score is infinite.
    #[error(
        "benchmark {benchmark:?}: model {respondent:?} has the score {score} on item {item:?}; scores must be finite"
    )]
    NotFinite {
        /// The benchmark.
        benchmark: String,
        /// The respondent.
        respondent: String,
        /// The item.
        item: String,
        /// Its score.
        score: f64,
    },
    /// An option outside its range.
    #[error("{name} must be {range}, and is {value}")]
    Option {
        /// The option.
        name: &'static str,
        /// What it may be.
        range: &'static str,
        /// What it was.
        value: f64,
    },
}

/// The lowest and highest score an item can have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreRange {
    /// 0 for right and wrong; otherwise the lowest score met.
    pub low: f64,
    /// 1 for right and wrong; otherwise the highest score met.
    pub high: f64,
}

impl ScoreRange {
    fn of(matrix: &ResponseMatrix) -> Self {
        match matrix.cells() {
            Cells::Binary(_) | Cells::Counts(_) => Self { low: 0.0, high: 1.0 },
            _ => {
                let start = Self { low: f64::INFINITY, high: f64::NEG_INFINITY };
                let met = (0..matrix.n_items())
                    .flat_map(|i| matrix.item_row(i))
                    .filter(|x| !x.is_nan())
                    .fold(start, |range, x| Self { low: range.low.min(x), high: range.high.max(x) });
                // One single score everywhere is neither a floor nor a ceiling.
                if met.low < met.high { met } else { Self { low: f64::NEG_INFINITY, high: f64::INFINITY } }
            }
        }
    }
}

/// Analyses the items, the reliability and the respondents of one benchmark.
///
/// # Errors
/// See [`ClassicalError`]. Too little data for one statistic is not an error: the statistic is `None`, and
/// notes and warnings say why.
pub fn analyse(
    matrix: &ResponseMatrix,
    options: &ClassicalOptions,
) -> Result<ClassicalAnalysis, ClassicalError> {
    check(matrix, options)?;
    let range = ScoreRange::of(matrix);
    let pairs = pairs::pair_sums(matrix, options.tetrachoric, options.work);
    let mut items = item::item_statistics(matrix, pairs.as_ref(), &range, options);
    let clones = clones::find_clones(matrix, &options.clones);

    let every_item: Vec<usize> = (0..matrix.n_items()).collect();
    let overall = scale::reliability(
        matrix,
        &every_item,
        &items,
        pairs.as_ref(),
        clones.effective_respondents,
        options,
    );
    scale::alpha_without(matrix, pairs.as_ref(), &mut items);
    let subjects = if options.by_subject { by_subject(matrix, &items, options) } else { Vec::new() };
    let respondents = respondent_summaries(matrix, &clones, options.level);
    let warnings = warnings(matrix, &items, &overall, &clones, pairs.is_some());
    Ok(ClassicalAnalysis { items, overall, subjects, respondents, clones: clones.pairs, warnings })
}

fn check(matrix: &ResponseMatrix, options: &ClassicalOptions) -> Result<(), ClassicalError> {
    if !(options.level > 0.0 && options.level < 1.0) {
        return Err(ClassicalError::Option { name: "level", range: "between 0 and 1", value: options.level });
    }
    if !(options.tail_share > 0.0 && options.tail_share <= 0.5) {
        return Err(ClassicalError::Option {
            name: "tail_share",
            range: "above 0 and at most 0.5",
            value: options.tail_share,
        });
    }
    if let Cells::Scores(scores) = matrix.cells()
        && let Some(((i, r), x)) = scores.indexed_iter().find(|(_, x)| x.is_infinite())
    {
        return Err(ClassicalError::NotFinite {
            benchmark: matrix.benchmark.clone(),
            respondent: matrix.respondents()[r].to_string(),
            item: matrix.items()[i].to_string(),
            score: *x as f64,
        });
    }
    if matrix.item_totals().iter().all(|&(_, n)| n == 0) {
        return Err(ClassicalError::NoResponses {
            benchmark: matrix.benchmark.clone(),
            n_items: matrix.n_items(),
            n_respondents: matrix.n_respondents(),
        });
    }
    Ok(())
}

fn by_subject(
    matrix: &ResponseMatrix,
    items: &[ItemStatistics],
    options: &ClassicalOptions,
) -> Vec<(String, Reliability)> {
    (matrix.items_by_subject().iter().zip(matrix.subjects()))
        .map(|(at, name)| {
            let part = matrix.select_items(at);
            let pairs = pairs::pair_sums(&part, TetrachoricMethod::CosinePi, options.work);
            let effective = clones::find_clones(&part, &options.clones).effective_respondents;
            (name.clone(), scale::reliability(&part, at, items, pairs.as_ref(), effective, options))
        })
        .collect()
}

fn respondent_summaries(matrix: &ResponseMatrix, clones: &Clones, level: f64) -> Vec<RespondentSummary> {
    use rayon::prelude::*;
    let means: Vec<Option<f64>> =
        matrix.item_totals().iter().map(|&(sum, n)| (n > 0).then(|| sum / n as f64)).collect();
    (0..matrix.n_respondents())
        .into_par_iter()
        .map(|r| {
            let (scores, others): (Vec<f64>, Vec<f64>) =
                (0..matrix.n_items()).filter_map(|i| Some((matrix.score(i, r)?, means[i]?))).unzip();
            let score = match matrix.cells() {
                Cells::Binary(_) => discrimination::share_right(&scores, level),
                _ => discrimination::mean_with_t_interval(&scores, level),
            };
            RespondentSummary {
                respondent: matrix.respondents()[r].clone(),
                n_items: scores.len(),
                score,
                item_mean_correlation: if scores.len() >= 3 { pearson(&scores, &others) } else { None },
                nearest: clones.nearest[r].map(|(s, rho)| (matrix.respondents()[s].clone(), rho)),
            }
        })
        .collect()
}

fn warnings(
    matrix: &ResponseMatrix,
    items: &[ItemStatistics],
    overall: &Reliability,
    clones: &Clones,
    has_pairs: bool,
) -> Vec<String> {
    let mut warnings = overall.notes.clone();
    let n = matrix.n_respondents();
    let unanswered = items.iter().filter(|i| i.n_responses == 0).count();
    if unanswered > 0 {
        warnings
            .push(format!("{unanswered} of {} items have no scored response and are left out", items.len()));
    }
    if n < 20 {
        warnings.push(format!(
            "{n} models: the standard error of an item's discrimination is about {:.2}; read single items with care",
            1.0 / ((n as f64 - 2.0).max(1.0)).sqrt()
        ));
    }
    if clones.n_pairs > 0 {
        warnings.push(format!(
            "{} near-copies ({} identical): {n} models are worth about {:.1} distinct ones, \
             and intervals that take them as independent are too narrow",
            clones.n_pairs, clones.n_identical, clones.effective_respondents
        ));
    }
    if !has_pairs {
        warnings.push(format!(
            "{} items with scores other than 0/1 are too many for statistics of all pairs; scalability and \
             signed squared correlations are left out",
            items.len()
        ));
    }
    warnings
}
