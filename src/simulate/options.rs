//! What should the data be like? Everything that can be asked for, with values that make a plain benchmark.

use super::ability::AbilityDistribution;
use super::choice::ChoiceOptions;
use super::coverage::MissingOptions;
use super::curve::ItemModel;
use super::error::{SimulationError, not_negative, share, within};
use super::fault::FaultOptions;
use super::item::ItemOptions;
use super::model::FamilyOptions;
use super::prompt::PromptOptions;

/// What to simulate. The defaults make 100 independent models on 200 clean two-parameter items.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulationOptions {
    /// The seed of everything random.
    pub seed: u64,
    /// Name of the benchmark.
    pub benchmark: String,
    /// Number of models.
    pub n_models: usize,
    /// Number of items.
    pub n_items: usize,
    /// Number of subjects; with 1 no subject is recorded. Items are split evenly among them.
    pub n_subjects: usize,
    /// Standard deviation of the difference in difficulty between subjects.
    pub subject_difficulty_sd: f64,
    /// Correlation of a model's abilities in two subjects.
    pub subject_correlation: f64,
    /// Attempts at each item.
    pub repeats: u32,
    /// The response model.
    pub item_model: ItemModel,
    /// The distribution of item parameters.
    pub items: ItemOptions,
    /// The distribution of abilities.
    pub abilities: AbilityDistribution,
    /// How models are related.
    pub families: FamilyOptions,
    /// Options to choose from; `None` records right and wrong only.
    pub choices: Option<ChoiceOptions>,
    /// Errors to plant.
    pub faults: FaultOptions,
    /// Answers that are not there.
    pub missing: MissingOptions,
    /// Prompt variants.
    pub prompts: PromptOptions,
}

impl Default for SimulationOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            benchmark: "simulated".to_owned(),
            n_models: 100,
            n_items: 200,
            n_subjects: 1,
            subject_difficulty_sd: 0.3,
            subject_correlation: 1.0,
            repeats: 1,
            item_model: ItemModel::TwoParameter,
            items: ItemOptions::default(),
            abilities: AbilityDistribution::default(),
            families: FamilyOptions::default(),
            choices: None,
            faults: FaultOptions::default(),
            missing: MissingOptions::default(),
            prompts: PromptOptions::default(),
        }
    }
}

impl SimulationOptions {
    /// Whether the options make sense.
    ///
    /// # Errors
    /// The first option that does not, with its value and what is allowed.
    pub fn validate(&self) -> Result<(), SimulationError> {
        within("n_models", self.n_models as f64, 1.0, 1e6)?;
        within("n_items", self.n_items as f64, 1.0, 1e7)?;
        within("n_subjects", self.n_subjects as f64, 1.0, self.n_items as f64)?;
        not_negative("subject_difficulty_sd", self.subject_difficulty_sd)?;
        share("subject_correlation", self.subject_correlation)?;
        within("repeats", self.repeats as f64, 1.0, 10_000.0)?;
        self.item_model.validate()?;
        self.items.validate()?;
        self.abilities.validate(self.n_models)?;
        self.families.validate(self.n_models)?;
        if let Some(choices) = &self.choices {
            choices.validate()?;
            let name = "item_model";
            let value = self.item_model.to_string();
            if !self.item_model.is_binary() {
                let reason = "which has ordered categories and cannot have options; leave them out";
                return Err(SimulationError::Incompatible { name, value, reason });
            }
        }
        self.faults.validate(self.n_items, self.choices.as_ref().map(|c| c.n_options))?;
        self.missing.validate(self.n_models, self.n_items)?;
        self.prompts.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_make_no_sense_are_refused_by_name() {
        let message = |o: SimulationOptions| o.validate().unwrap_err().to_string();
        let plain = SimulationOptions::default;
        plain().validate().unwrap();
        assert_eq!(
            message(SimulationOptions { n_models: 0, ..plain() }),
            "n_models is 0; it must be between 1 and 1000000"
        );
        assert_eq!(
            message(SimulationOptions { n_subjects: 300, ..plain() }),
            "n_subjects is 300; it must be between 1 and 200"
        );
        assert_eq!(
            message(SimulationOptions {
                item_model: ItemModel::Graded { n_categories: 4 },
                choices: Some(ChoiceOptions::default()),
                ..plain()
            }),
            "item_model is grm, which has ordered categories and cannot have options; leave them out"
        );
        assert!(
            message(SimulationOptions { item_model: ItemModel::Graded { n_categories: 1 }, ..plain() })
                .starts_with("n_categories is 1")
        );
    }
}
