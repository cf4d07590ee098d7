//! How much does the wording of the prompt move a score? Variants whose effects have known variances.

use super::error::{SimulationError, not_negative, within};
use super::random::{Purpose, normal, source};

/// How prompt variants differ. All effects add to ability.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptOptions {
    /// Number of variants; with 1 there are no effects. The first is the base form.
    pub n_variants: usize,
    /// Standard deviation of the effect of a variant on all answers.
    pub main_sd: f64,
    /// Standard deviation of the effect of a variant on one model.
    pub model_sd: f64,
    /// Standard deviation of the effect of a variant on one item.
    pub item_sd: f64,
}

impl Default for PromptOptions {
    fn default() -> Self {
        Self { n_variants: 1, main_sd: 0.1, model_sd: 0.2, item_sd: 0.3 }
    }
}

impl PromptOptions {
    pub(crate) fn validate(&self) -> Result<(), SimulationError> {
        within("n_variants", self.n_variants as f64, 1.0, 1000.0)?;
        not_negative("prompt main_sd", self.main_sd)?;
        not_negative("prompt model_sd", self.model_sd)?;
        not_negative("prompt item_sd", self.item_sd)
    }

    /// Draws the effects of every variant; the base form has effects like any other.
    pub(crate) fn draw(&self, n_models: usize, seed: u64) -> Vec<PromptTruth> {
        let on = f64::from(self.n_variants > 1);
        (0..self.n_variants)
            .map(|v| {
                let mut rng = source(seed, Purpose::Prompts, v);
                PromptTruth {
                    variant: (v > 0).then(|| format!("variant_{v}")),
                    effect: on * self.main_sd * normal(&mut rng),
                    model_effect: (0..n_models).map(|_| on * self.model_sd * normal(&mut rng)).collect(),
                }
            })
            .collect()
    }

    /// The effect of each variant on one item.
    pub(crate) fn item_effects(&self, item: usize, seed: u64) -> Vec<f64> {
        if self.n_variants == 1 {
            return vec![0.0];
        }
        let mut rng = source(seed, Purpose::PromptItems, item);
        (0..self.n_variants).map(|_| self.item_sd * normal(&mut rng)).collect()
    }
}

/// All that is true of one prompt variant.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptTruth {
    /// Its name; `None` is the base form.
    pub variant: Option<String>,
    /// What it adds to the ability of all.
    pub effect: f64,
    /// What it adds to that of each model.
    pub model_effect: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::describe::std_dev;

    #[test]
    fn effects_have_the_stated_deviations() {
        let options = PromptOptions { n_variants: 800, main_sd: 0.5, model_sd: 0.1, item_sd: 0.3 };
        let variants = options.draw(3, 4);
        let main: Vec<f64> = variants.iter().map(|v| v.effect).collect();
        let model: Vec<f64> = variants.iter().flat_map(|v| v.model_effect.clone()).collect();
        let within = |x: &[f64], sd: f64| {
            let got = std_dev(x, 1).unwrap();
            assert!((got - sd).abs() < 4.0 * sd / (2.0 * x.len() as f64).sqrt(), "{got} is not {sd}");
        };
        within(&main, 0.5);
        within(&model, 0.1);
        within(&options.item_effects(0, 4), 0.3);
        assert_ne!(options.item_effects(0, 4), options.item_effects(1, 4));
    }

    #[test]
    fn one_variant_has_no_effect() {
        let only = PromptOptions::default().draw(2, 1);
        assert_eq!(only, vec![PromptTruth { variant: None, effect: 0.0, model_effect: vec![0.0; 2] }]);
    }
}
