//! Which checkpoint is it? Training steps and tokens in revisions, paths and names.

use super::size::quantity;

const WORDS: [&str; 4] = ["step", "checkpoint", "iter", "ckpt"];
/// What converters put behind the step in the name of a directory.
const CONVERTED: [&str; 3] = ["-unsharded", "-hf", "_hf"];
/// Names of models end in smaller numbers for other reasons: `Step-3`, `SPPO-iter3`.
const LEAST_IN_NAMES: i64 = 10;

/// The training step in a revision: `step143000`, `step1000-tokens4B`, `stage1-step1000`, `checkpoint-100`.
pub fn in_revision(revision: &str) -> Option<i64> {
    WORDS.iter().find_map(|word| {
        let found = |(at, _): (usize, &str)| number_after(&revision[at + word.len()..], |c| c == '-');
        revision.match_indices(word).find_map(found)
    })
}

/// The step that a whole part of a path stands for: `checkpoint-1000`, `global_step1000`, `step1000-unsharded-hf`.
pub fn as_part(part: &str) -> Option<i64> {
    let mut bare = part;
    while let Some(rest) = CONVERTED.iter().find_map(|end| bare.strip_suffix(end)) {
        bare = rest;
    }
    let bare = bare.strip_prefix("global_").unwrap_or(bare);
    WORDS.iter().find_map(|word| number_after(bare.strip_prefix(word)?, |_| false))
}

/// The step within a name: `m-step1000`, `m_ckpt-500-hf`.
pub fn in_name(name: &str) -> Option<i64> {
    let behind_mark = |at: usize| name[..at].ends_with(['-', '_']);
    WORDS.iter().find_map(|word| {
        let mut places = name.match_indices(word).filter(|(at, _)| behind_mark(*at));
        let step =
            places.find_map(|(at, _)| number_after(&name[at + word.len()..], |c| matches!(c, '-' | '_')));
        step.filter(|step| *step >= LEAST_IN_NAMES)
    })
}

/// Whether a step as the last part of `org/part` is one: `stepfun-ai/step3` is a model.
pub fn is_credible(step: i64) -> bool {
    step >= LEAST_IN_NAMES
}

/// The digits at the start, after one `-` or `_`; what follows them must begin with an `end` or be nothing.
fn number_after(text: &str, end: impl Fn(char) -> bool) -> Option<i64> {
    let text = text.strip_prefix(['-', '_']).unwrap_or(text);
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let ended = text[digits..].chars().next().is_none_or(end);
    ended.then(|| text[..digits].parse().ok()).flatten()
}

/// The training tokens in a revision or name: `step1000-tokens4B` is 4e9.
pub fn tokens_in(text: &str) -> Option<f64> {
    let behind = text.rsplit_once("tokens")?.1.trim_start_matches(['-', '_']);
    let word = behind.split(['-', '_']).next().unwrap_or(behind);
    word.ends_with(['K', 'M', 'B', 'T']).then(|| quantity(word)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_from_revisions_parts_and_names() {
        assert_eq!(in_revision("step1250-unsharded-hf"), Some(1250));
        assert_eq!(in_revision("stage2-step7"), Some(7));
        assert_eq!(in_revision("v2"), None);
        for part in ["checkpoint-500", "global_step500", "ckpt_500", "step500-unsharded-hf"] {
            assert_eq!(as_part(part), Some(500), "{part}");
        }
        assert_eq!(as_part("step-by-step"), None);
        assert_eq!(in_name("olmo-1b-step1000-tokens4B"), Some(1000));
        for none in ["step-1-8k", "SPPO-iter3", "m-step1000x", "footstep1000"] {
            assert_eq!(in_name(none), None, "{none}");
        }
    }

    #[test]
    fn tokens_have_a_scale() {
        assert_eq!(tokens_in("step1000-tokens4B"), Some(4e9));
        assert_eq!(tokens_in("m-tokens_1.5T-hf"), Some(1.5e12));
        assert_eq!(tokens_in("maxtokens512"), None);
    }
}
