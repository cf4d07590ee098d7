//! How is a ladder analysed, unless told otherwise?

use super::combine::CombineOptions;
use super::law::{Conditions, FitOptions};
use serde::Serialize;
use std::collections::BTreeMap;

/// How a ladder is analysed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LadderOptions {
    /// Checkpoints at the end of a run that are averaged into its value.
    pub final_checkpoints: usize,
    /// Window of the moving average before step 2.
    pub path_window: usize,
    /// Share of each run's checkpoints left out of step 2 at its beginning.
    pub path_skip: f64,
    /// Fewest rungs from which a back-test starts.
    pub least_origin: usize,
    /// Accuracy of guessing by task, where it is not the usual one of that task.
    pub chance: BTreeMap<String, f64>,
    /// Greatest possible accuracy.
    pub ceiling: f64,
    /// Items by task: if given, intervals also hold for another sample of items.
    pub n_items: BTreeMap<String, usize>,
    /// Further targets that have not been trained yet, by name.
    pub planned_targets: Vec<(String, Conditions)>,
    /// Checkpoints whose mean a planned target will be scored by; `None` is as many as the rungs.
    pub planned_checkpoints: Option<usize>,
    /// How laws are fitted.
    pub fit: FitOptions,
    /// How forms are combined.
    pub combine: CombineOptions,
    /// Level of the intervals.
    pub level: f64,
    /// Bootstrap refits over runs.
    pub replicates: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
}

impl Default for LadderOptions {
    fn default() -> Self {
        Self {
            final_checkpoints: 5,
            path_window: 5,
            path_skip: 0.1,
            least_origin: 5,
            chance: BTreeMap::new(),
            ceiling: 1.0,
            n_items: BTreeMap::new(),
            planned_targets: Vec::new(),
            planned_checkpoints: None,
            fit: FitOptions::default(),
            combine: CombineOptions::default(),
            level: 0.9,
            replicates: 200,
            seed: 1,
        }
    }
}
