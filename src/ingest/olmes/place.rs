//! Which checkpoint is it, by where its file lies? Releases of checkpoints say it in the path alone.

use crate::ingest::model_name::{size_of, step_of_part};
use crate::response::{FactSource, Run};

/// What the directories above a file say: `<recipe>/<size>/seed-<n>/step-<n>`, as far as they are there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// Recipe, size and seed: which training run it was. `None` where no directory tells.
    pub model: Option<String>,
    /// The directories that were read, `/` between them.
    path: String,
    recipe: Option<String>,
    params: Option<f64>,
    seed: Option<i64>,
    step: Option<i64>,
}

impl Place {
    /// Reads directories, outermost first. `None` where they name neither a seed nor a step.
    ///
    /// The seed is a number or a word (`seed-14`, `seed_14`, `seed-default`), the step is spelt as directories of
    /// checkpoints are. Above them are the size and the recipe, in one directory or in two; without a seed only
    /// what has a size is taken for them.
    pub fn of(directories: &[String]) -> Option<Self> {
        // An archive of a checkpoint has its name, as has the directory in it.
        let bare =
            |d: &String| d.strip_suffix(".tar.gz").or_else(|| d.strip_suffix(".tar")).unwrap_or(d).to_owned();
        let mut above: Vec<String> = directories.iter().map(bare).collect();
        above.dedup();
        let step_at = above.iter().rposition(|part| step_of_part(part).is_some());
        let seed_at = above.iter().rposition(|part| seed_of(part).is_some());
        let first = step_at.into_iter().chain(seed_at).min()?;
        let named = |at: usize| {
            let part = above.get(at)?;
            Some(part.as_str()).filter(|_| size_of(part).is_some())
        };
        let (model, parent) = (first.checked_sub(1).and_then(named), first.checked_sub(1));
        let is_size = |part: &str| part.split(['-', '_']).count() == 1;
        let above_size = first.checked_sub(2).and_then(|at| above.get(at)).map(String::as_str);
        let (recipe, size) = match (model, parent) {
            (Some(size), _) if is_size(size) && above_size.is_some() => (above_size, Some(size)),
            (Some(whole), _) => (None, Some(whole)),
            (None, Some(parent)) if seed_at.is_some() => (above_size, Some(above[parent].as_str())),
            (None, _) => (None, None),
        };
        let seed_name = seed_at.map(|at| above[at].as_str());
        let words: Vec<&str> = [recipe, size, seed_name].into_iter().flatten().collect();
        Some(Self {
            model: size.map(|_| words.join("-")),
            path: [recipe, size]
                .into_iter()
                .flatten()
                .chain(above[first..].iter().map(String::as_str))
                .collect::<Vec<_>>()
                .join("/"),
            recipe: recipe.map(str::to_owned),
            params: size.and_then(size_of),
            seed: seed_name.and_then(seed_of).and_then(|seed| seed.parse().ok()),
            step: step_at.and_then(|at| step_of_part(&above[at])),
        })
    }

    /// Tells a run what the path says; of a model too, if it says one.
    pub fn tell(&self, run: &mut Run) {
        if self.step.is_some() {
            (run.step, run.step_source) = (self.step, Some(FactSource::Name));
        }
        run.seed = self.seed.or(run.seed);
        if let Some(model) = &self.model {
            run.model = model.as_str().into();
            run.model_raw = Some(self.path.clone());
            run.family = self.recipe.clone();
            if self.params.is_some() {
                (run.params, run.params_source) = (self.params, Some(FactSource::Name));
            }
        }
    }
}

/// What `seed` stands before in the name of a directory: `14`, `default`.
fn seed_of(part: &str) -> Option<&str> {
    let rest = part.strip_prefix("seed")?;
    let value = rest
        .strip_prefix(['-', '_'])
        .or_else(|| rest.starts_with(|c: char| c.is_ascii_digit()).then_some(rest))?;
    (!value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Model, seed, step and size.
    type Told = (Option<String>, Option<i64>, Option<i64>, Option<f64>);

    fn of(path: &str) -> Option<Told> {
        let parts: Vec<String> = path.split('/').map(str::to_owned).collect();
        Place::of(&parts).map(|place| (place.model, place.seed, place.step, place.params))
    }

    #[test]
    fn checkpoints_are_known_by_their_directories() {
        let all = |model: &str, seed, step, params| Some((Some(model.to_owned()), seed, step, Some(params)));
        let told = all("r-150M-seed-14", Some(14), Some(1250), 150e6);
        assert_eq!(of("d/r.tar.gz/r/150M/seed-14/step-1250.tar.gz/step-1250"), told);
        assert_eq!(of("r/150M/seed-14/step1250"), told);
        assert_eq!(of("r/150M/seed-14/step1250-unsharded-hf"), told);
        assert_eq!(of("r/1B/seed-default/step-1"), all("r-1B-seed-default", None, Some(1), 1e9));
        assert_eq!(of("r/1B/seed-6198"), all("r-1B-seed-6198", Some(6198), None, 1e9));
        assert_eq!(of("d/r-150M/step-100"), all("r-150M", None, Some(100), 150e6));
        assert_eq!(of("d/r-150M/seed_2/step-100"), all("r-150M-seed_2", Some(2), Some(100), 150e6));
        assert_eq!(of("d/r/150M/step-100"), all("r-150M", None, Some(100), 150e6));
        // A size is not always a number.
        assert_eq!(
            of("r/small/seed-1/step-5"),
            Some((Some("r-small-seed-1".into()), Some(1), Some(5), None))
        );
    }

    #[test]
    fn other_directories_say_less_or_nothing() {
        assert_eq!(of("results/step-100"), Some((None, None, Some(100), None)));
        for none in ["results/Toy-7B", "seeds/7B", "seed/7B", "step-by-step/m-7B"] {
            assert_eq!(of(none), None, "{none}");
        }
        assert_eq!(of("seed-1"), Some((None, Some(1), None, None)));
    }
}
