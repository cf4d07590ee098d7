//! What does a ladder analysis say? Its fits, predictions and back-tests, by task and target.

use super::backtest::{BacktestRow, TaskRungs};
use super::check::{Refusal, Warning};
use super::combine::CombinedRow;
use super::form::{Form, FormFits};
use super::interval::{Calibration, CoveredRow};
use super::law::Conditions;
use super::options::LadderOptions;
use super::resample::Replicates;
use crate::numeric::Interval;
use serde::Serialize;

/// What one form says of one target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FormPrediction {
    /// The form.
    pub form: Form,
    /// Predicted accuracy.
    pub predicted: f64,
    /// Its interval: for the combination the calibrated one, for a single form the bootstrap over runs, which
    /// knows nothing of the form being wrong.
    pub interval: Option<Interval>,
    /// The loss on the way, for chained forms.
    pub predicted_loss: Option<f64>,
    /// Its weight in the combination.
    pub weight: Option<f64>,
}

/// Everything said of one target on one task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetPrediction {
    /// Name of the target.
    pub target: String,
    /// How it is trained.
    pub at: Conditions,
    /// What it scored, where that is known; never used.
    pub actual: Option<f64>,
    /// The loss it reached, where that is known; never used.
    pub actual_loss: Option<f64>,
    /// Orders of magnitude of compute above the largest rung.
    pub distance_oom: f64,
    /// The same over the span of the rungs.
    pub ratio: f64,
    /// Each form, the combination last.
    pub forms: Vec<FormPrediction>,
    /// Standard deviation between the forms, weighted.
    pub form_sd: f64,
    /// Standard deviation of the combination over the bootstrap refits.
    pub parameter_sd: Option<f64>,
    /// Noise of the target's own value: checkpoints, and items where their number is given.
    pub target_sd: f64,
    /// What limits the prediction.
    pub warnings: Vec<Warning>,
}

impl TargetPrediction {
    /// The prediction that the tool stands by.
    pub fn selected(&self) -> Option<&FormPrediction> {
        self.forms.iter().find(|f| f.form == Form::Combined)
    }
}

/// The analysis of one task.
#[derive(Debug, Clone)]
pub struct TaskReport {
    /// Position that its back-tests carry.
    pub position: usize,
    /// Its rungs, by compute.
    pub task: TaskRungs,
    /// Every law, fitted to all rungs.
    pub fits: FormFits,
    /// Weights of the forms in the order of [`Form::all`].
    pub weights: Vec<f64>,
    /// Bootstrap refits.
    pub replicates: Replicates,
    /// Predictions by target.
    pub targets: Vec<TargetPrediction>,
    /// Targets that were refused.
    pub refused_targets: Vec<(String, Refusal)>,
    /// What limits all predictions of this task.
    pub warnings: Vec<Warning>,
}

/// The analysis of a ladder.
#[derive(Debug, Clone)]
pub struct LadderReport {
    /// The tasks that could be analysed.
    pub tasks: Vec<TaskReport>,
    /// The tasks that could not, and why.
    pub refused: Vec<(String, Refusal)>,
    /// What limits everything.
    pub warnings: Vec<Warning>,
    /// Back-tests of every form; `task` is the [`TaskReport::position`].
    pub backtest: Vec<BacktestRow>,
    /// Back-tests of the combination.
    pub combined: Vec<CombinedRow>,
    /// Back-tests of its intervals.
    pub intervals: Vec<CoveredRow>,
    /// The calibration of the intervals of the targets.
    pub calibration: Option<Calibration>,
    /// The options used.
    pub options: LadderOptions,
}

/// Why a whole ladder cannot be analysed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LadderError {
    /// No run is marked as a rung.
    #[error("no run is a rung: mark the small runs as rungs, or give the targets by name")]
    NoRungs,
    /// Every task was refused.
    #[error("no task can be predicted; '{task}': {refusal}")]
    AllRefused {
        /// The first task.
        task: String,
        /// Why it was refused.
        refusal: Refusal,
    },
}
