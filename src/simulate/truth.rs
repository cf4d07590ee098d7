//! What is the truth behind the data? Every parameter and planted error, as values and as tables.

use super::item::ItemTruth;
use super::model::ModelTruth;
use super::prompt::PromptTruth;
use crate::response::Table;

/// All that is true of a simulated benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// Name of the benchmark.
    pub benchmark: String,
    /// Names of the subjects; items and models point to them by position.
    pub subjects: Vec<String>,
    /// The items, in the order of the table.
    pub items: Vec<ItemTruth>,
    /// The models.
    pub models: Vec<ModelTruth>,
    /// Share of answers that a copy takes from its base model.
    pub copied_share: f64,
    /// The prompt variants, the base form first.
    pub prompts: Vec<PromptTruth>,
}

impl Truth {
    /// The truth as tables: `truth_items`, `truth_models`, and where there is something to say
    /// `truth_thresholds`, `truth_abilities` and `truth_prompts`.
    pub fn tables(&self) -> Vec<Table> {
        let mut tables = vec![self.items_table(), self.models_table()];
        if self.items.iter().any(|i| !i.curve.thresholds().is_empty()) {
            tables.push(self.thresholds_table());
        }
        if self.subjects.len() > 1 {
            tables.push(self.abilities_table());
        }
        if self.prompts.len() > 1 {
            tables.push(self.prompts_table());
        }
        tables
    }

    fn subject(&self, at: usize) -> Option<&str> {
        (self.subjects.len() > 1).then(|| self.subjects[at].as_str())
    }

    fn items_table(&self) -> Table {
        let items = &self.items;
        let choice = |get: fn(&super::choice::Choice) -> Option<u8>| {
            items.iter().map(move |i| i.choice.as_ref().and_then(get).map(i64::from))
        };
        Table::new("truth_items")
            .text("benchmark", items.iter().map(|_| Some(self.benchmark.as_str())))
            .text("subject", items.iter().map(|i| self.subject(i.subject)))
            .text("item", items.iter().map(|i| Some(i.item.as_str())))
            .real("discrimination", items.iter().map(|i| Some(i.curve.discrimination)))
            .real("difficulty", items.iter().map(|i| Some(i.curve.difficulty)))
            .real("guessing", items.iter().map(|i| i.curve.asymptotes().map(|a| a.0)))
            .real("upper", items.iter().map(|i| i.curve.asymptotes().map(|a| a.1)))
            .whole("n_options", items.iter().map(|i| i.choice.as_ref().map(|c| c.n_options() as i64)))
            .whole("true_key", choice(|c| Some(c.true_key)))
            .whole("recorded_key", choice(|c| Some(c.recorded_key)))
            .whole("second_key", choice(|c| c.second_key))
            .whole("attractive_option", choice(|c| Some(c.attractive)))
            .text("planted_error", items.iter().map(|i| i.planted.map(|p| p.to_string())))
            .text("duplicate_of", items.iter().map(|i| i.duplicate_of.map(|o| items[o].item.as_str())))
    }

    fn models_table(&self) -> Table {
        let models = &self.models;
        Table::new("truth_models")
            .text("model", models.iter().map(|m| Some(m.model.as_str())))
            .real("ability", models.iter().map(|m| Some(m.ability)))
            .text("family", models.iter().map(|m| m.family.map(family_name)))
            .text("clone_of", models.iter().map(|m| m.clone_of.map(|b| models[b].model.as_str())))
            .real("copied_share", models.iter().map(|m| m.clone_of.map(|_| self.copied_share)))
            .truth("has_seen_leaks", models.iter().map(|m| Some(m.has_seen_leaks)))
    }

    fn thresholds_table(&self) -> Table {
        let rows =
            || self.items.iter().flat_map(|i| i.curve.thresholds().iter().zip(1i64..).map(move |t| (i, t)));
        Table::new("truth_thresholds")
            .text("benchmark", rows().map(|_| Some(self.benchmark.as_str())))
            .text("item", rows().map(|(i, _)| Some(i.item.as_str())))
            .whole("category", rows().map(|(_, (_, k))| Some(k)))
            .real("threshold", rows().map(|(_, (b, _))| Some(*b)))
    }

    fn abilities_table(&self) -> Table {
        let rows =
            || self.models.iter().flat_map(|m| m.subject_ability.iter().enumerate().map(move |s| (m, s)));
        Table::new("truth_abilities")
            .text("model", rows().map(|(m, _)| Some(m.model.as_str())))
            .text("subject", rows().map(|(_, (s, _))| Some(self.subjects[s].as_str())))
            .real("ability", rows().map(|(_, (_, a))| Some(*a)))
    }

    fn prompts_table(&self) -> Table {
        let rows = || {
            let models = self.models.iter();
            self.prompts.iter().flat_map(move |p| models.clone().zip(&p.model_effect).map(move |m| (p, m)))
        };
        Table::new("truth_prompts")
            .text("prompt_variant", rows().map(|(p, _)| p.variant.as_deref()))
            .text("model", rows().map(|(_, (m, _))| Some(m.model.as_str())))
            .real("variant_effect", rows().map(|(p, _)| Some(p.effect)))
            .real("model_effect", rows().map(|(_, (_, e))| Some(*e)))
    }
}

/// The name of a family.
pub(crate) fn family_name(family: usize) -> String {
    format!("family_{}", family + 1)
}
