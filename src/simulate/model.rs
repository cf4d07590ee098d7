//! Who is related to whom? Models with abilities, families of one maker, and near-copies of one base model.

use super::ability::AbilityDistribution;
use super::error::{SimulationError, not_negative, share, within};
use super::random::{Purpose, normal, source};
use crate::response::RespondentId;
use rand::RngExt;
use rand::seq::SliceRandom;

/// How models are related.
#[derive(Debug, Clone, PartialEq)]
pub struct FamilyOptions {
    /// Number of families; 0 leaves every base model by itself.
    pub n_families: usize,
    /// Correlation of abilities within a family.
    pub family_correlation: f64,
    /// Share of the models that are copies (fine-tunes) of another one.
    pub clone_share: f64,
    /// Share of its answers that a copy takes from its base model; the rest it gives by itself.
    pub copied_share: f64,
    /// Standard deviation of the difference in ability between a copy and its base model.
    pub clone_drift_sd: f64,
}

impl Default for FamilyOptions {
    fn default() -> Self {
        Self {
            n_families: 0,
            family_correlation: 0.3,
            clone_share: 0.0,
            copied_share: 0.8,
            clone_drift_sd: 0.2,
        }
    }
}

impl FamilyOptions {
    pub(crate) fn validate(&self, n_models: usize) -> Result<(), SimulationError> {
        within("n_families", self.n_families as f64, 0.0, n_models as f64)?;
        share("family_correlation", self.family_correlation)?;
        share("clone_share", self.clone_share)?;
        share("copied_share", self.copied_share)?;
        not_negative("clone_drift_sd", self.clone_drift_sd)
    }
}

/// All that is true of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelTruth {
    /// Its name.
    pub model: RespondentId,
    /// Its ability.
    pub ability: f64,
    /// Its ability in each subject.
    pub subject_ability: Vec<f64>,
    /// Its family, from 0; `None` for a model by itself.
    pub family: Option<usize>,
    /// The model that it copies, as a position among the models, always an earlier one.
    pub clone_of: Option<usize>,
    /// Whether it has seen the leaked items.
    pub has_seen_leaks: bool,
}

/// What models are drawn from.
pub(crate) struct Population<'a> {
    pub n_models: usize,
    pub n_subjects: usize,
    pub abilities: &'a AbilityDistribution,
    pub subject_correlation: f64,
    pub families: &'a FamilyOptions,
    pub leaked_models: f64,
    pub seed: u64,
}

impl Population<'_> {
    /// Draws the models: first the base models, then the copies.
    ///
    /// ```text
    /// base:     z = √ρ f + √(1−ρ) e,  θ from the distribution at z   (ρ family correlation, f one per family)
    /// copy:     θ = θ_base + drift
    /// subject:  θₛ = μ + √r (θ − μ) + √(1−r) σ eₛ                    (r correlation between subjects)
    /// ```
    pub fn draw(&self) -> Vec<ModelTruth> {
        // The first model is always a base model.
        let n_clones =
            ((self.families.clone_share * self.n_models as f64).round() as usize).min(self.n_models - 1);
        let n_base = self.n_models - n_clones;
        let n_families = self.families.n_families.min(n_base);
        let mut shared = source(self.seed, Purpose::Models, 0);
        let family_effect: Vec<f64> = (0..n_families).map(|_| normal(&mut shared)).collect();
        let mut family_of: Vec<usize> = (0..n_base).map(|m| m % n_families.max(1)).collect();
        family_of.shuffle(&mut shared);

        let width = (self.n_models.max(2) - 1).to_string().len();
        let mut models: Vec<ModelTruth> = Vec::with_capacity(self.n_models);
        for m in 0..self.n_models {
            let mut rng = source(self.seed, Purpose::Models, m + 1);
            let (own, component) = (normal(&mut rng), rng.random::<f64>());
            let model = format!("sim/m{m:0width$}").into();
            let given = matches!(self.abilities, AbilityDistribution::Given(_));
            let next = if let Some(&family) = family_of.get(m) {
                let family = (n_families > 0).then_some(family);
                let rho = self.families.family_correlation;
                let z = family.map_or(own, |f| rho.sqrt() * family_effect[f] + (1.0 - rho).sqrt() * own);
                ModelTruth {
                    model,
                    ability: self.abilities.place(m, z, component),
                    subject_ability: Vec::new(),
                    family,
                    clone_of: None,
                    has_seen_leaks: false,
                }
            } else {
                let base = rng.random_range(0..n_base);
                let ability = if given {
                    self.abilities.place(m, 0.0, 0.0)
                } else {
                    models[base].ability + self.families.clone_drift_sd * own
                };
                ModelTruth { model, ability, clone_of: Some(base), ..models[base].clone() }
            };
            models.push(next);
        }
        self.add_subjects(&mut models);
        self.leak(&mut models, n_base);
        models
    }

    fn add_subjects(&self, models: &mut [ModelTruth]) {
        let (mean, sd) = self.abilities.moments();
        let r = self.subject_correlation;
        for m in 0..models.len() {
            let base = models[m].clone_of.map(|b| (models[b].ability, models[b].subject_ability.clone()));
            let model = &mut models[m];
            let mut rng = source(self.seed, Purpose::Subjects, m);
            model.subject_ability = match base {
                // A copy has the strengths of its base model.
                Some((ability, by_subject)) => {
                    by_subject.iter().map(|s| s + model.ability - ability).collect()
                }
                None => (0..self.n_subjects)
                    .map(|_| {
                        let own = (1.0 - r).sqrt() * sd * normal(&mut rng);
                        mean + r.sqrt() * (model.ability - mean) + own
                    })
                    .collect(),
            };
        }
    }

    /// The share that has seen the leaked items is of base models; copies have seen what their base has.
    fn leak(&self, models: &mut [ModelTruth], n_base: usize) {
        let mut order: Vec<usize> = (0..n_base).collect();
        order.shuffle(&mut source(self.seed, Purpose::Models, self.n_models + 1));
        for &m in order.iter().take((self.leaked_models * n_base as f64).round() as usize) {
            models[m].has_seen_leaks = true;
        }
        for m in n_base..models.len() {
            models[m].has_seen_leaks = models[m].clone_of.is_some_and(|b| models[b].has_seen_leaks);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::correlation::pearson;
    use crate::numeric::describe::{mean, std_dev};

    fn draw(families: FamilyOptions, n_models: usize, n_subjects: usize, r: f64) -> Vec<ModelTruth> {
        Population {
            n_models,
            n_subjects,
            abilities: &AbilityDistribution::Normal { mean: 1.0, sd: 2.0 },
            subject_correlation: r,
            families: &families,
            leaked_models: 0.25,
            seed: 11,
        }
        .draw()
    }

    /// Standard errors at 4,000 models: of a mean 2/√4000, of a deviation 2/√8000, of a correlation
    /// (1 − r²)/√4000.
    #[test]
    fn abilities_and_subjects_have_the_stated_moments() {
        let models = draw(FamilyOptions::default(), 4000, 2, 0.6);
        let column = |s: usize| models.iter().map(|m| m.subject_ability[s]).collect::<Vec<_>>();
        let theta: Vec<f64> = models.iter().map(|m| m.ability).collect();
        for x in [&theta, &column(0), &column(1)] {
            assert!((mean(x).unwrap() - 1.0).abs() < 4.0 * 2.0 / 4000f64.sqrt());
            assert!((std_dev(x, 1).unwrap() - 2.0).abs() < 4.0 * 2.0 / 8000f64.sqrt());
        }
        let r = pearson(&column(0), &column(1)).unwrap();
        assert!((r - 0.6).abs() < 4.0 * 0.64 / 4000f64.sqrt(), "{r}");
        assert_eq!(models.iter().filter(|m| m.has_seen_leaks).count(), 1000);
    }

    /// With 1,000 families of two, the correlation between the two is that of the family.
    #[test]
    fn families_resemble_one_another_as_stated() {
        let options = FamilyOptions { n_families: 1000, family_correlation: 0.5, ..FamilyOptions::default() };
        let models = draw(options, 2000, 1, 1.0);
        let mut pairs = vec![Vec::new(); 1000];
        for m in &models {
            pairs[m.family.unwrap()].push(m.ability);
        }
        assert!(pairs.iter().all(|p| p.len() == 2));
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().map(|p| (p[0], p[1])).unzip();
        let r = pearson(&x, &y).unwrap();
        assert!((r - 0.5).abs() < 4.0 * 0.75 / 1000f64.sqrt(), "{r}");
    }

    #[test]
    fn copies_follow_an_earlier_base_model() {
        let options = FamilyOptions { n_families: 5, clone_share: 0.4, ..FamilyOptions::default() };
        let models = draw(options, 50, 3, 0.5);
        assert_eq!(models.iter().filter(|m| m.clone_of.is_some()).count(), 20);
        for (at, m) in models.iter().enumerate() {
            if let Some(base) = m.clone_of {
                assert!(base < at && models[base].clone_of.is_none());
                assert_eq!(m.family, models[base].family);
                let drift = m.ability - models[base].ability;
                assert!((m.subject_ability[2] - models[base].subject_ability[2] - drift).abs() < 1e-12);
            }
        }
    }
}
