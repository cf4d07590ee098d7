//! Which names may be spellings of one? Letters and digits compared, and who made it where one does not say.

use super::{OF_CACHE, with_slashes};
use std::collections::BTreeMap;

/// What converters and servers put behind a name.
const ENDINGS: [&str; 6] = ["-hf", "_hf", "-pytorch", "-vllm", "-turbomind", "-lmdeploy"];

/// The letters and digits of a name, dots and slashes, without case.
pub fn plain_name(name: &str) -> String {
    // A dot tells versions apart (1.5 from 15), and a slash organisations, so they stay.
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, '.' | '/');
    let core: String = name.replace("__", "/").chars().filter(kept).flat_map(char::to_lowercase).collect();
    if core.is_empty() { name.to_owned() } else { core }
}

/// The same without what converters put behind it, parts from the last to the first.
fn parts_of(name: &str) -> Vec<String> {
    let name = with_slashes(name).to_lowercase();
    // The default revision, a directory of the hub's cache, the hub or another provider before a colon.
    let name = name.strip_suffix("@main").unwrap_or(&name);
    let name = name.strip_prefix(OF_CACHE).map_or(name.to_owned(), |name| name.replacen("--", "/", 1));
    let name = match name.split_once(':') {
        Some(("hf" | "huggingface", name)) => name.to_owned(),
        Some((provider, name)) if provider.bytes().all(|b| b.is_ascii_alphabetic()) => {
            format!("{provider}/{name}")
        }
        _ => name,
    };
    let bare = ENDINGS.iter().find_map(|end| name.strip_suffix(end)).filter(|bare| !bare.is_empty());
    plain_name(bare.unwrap_or(&name)).split('/').rev().map(str::to_owned).collect()
}

/// Groups of two names and more that are the same in letters and digits, where some may lack the first parts: who
/// made the model, or who serves it.
///
/// A name without its organisation is that of the names that end in it, as long as these end in one another; two
/// organisations are two models.
pub fn alike<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<Vec<&'n str>> {
    let mut spellings: BTreeMap<Vec<String>, Vec<&str>> = BTreeMap::new();
    for name in names {
        spellings.entry(parts_of(name)).or_default().push(name);
    }
    // In this order the longer forms of a name come right behind it, up to an end.
    let mut spellings: Vec<(Vec<String>, Vec<&str>)> = spellings.into_iter().collect();
    let n = spellings.len();
    let mut ends: Vec<usize> = (1..=n).collect();
    let mut is_chain = vec![true; n];
    for at in (0..n).rev() {
        while ends[at] < n && spellings[ends[at]].0.starts_with(&spellings[at].0) {
            is_chain[at] = ends[at] == at + 1 && is_chain[at + 1];
            ends[at] = ends[ends[at]];
        }
    }
    // `org_name` for `org/name`: the same letters, with nothing between the parts.
    let together = |parts: &[String]| parts.iter().rev().map(String::as_str).collect::<String>();
    let whole: BTreeMap<String, usize> = (spellings.iter().enumerate())
        .filter(|(_, (parts, _))| parts.len() > 1)
        .map(|(at, (parts, _))| (together(parts), at))
        .collect();
    for at in 0..n {
        let of = match spellings[at].0.as_slice() {
            [name] => whole.get(name).copied(),
            _ => None,
        };
        if let Some(of) = of {
            let names = std::mem::take(&mut spellings[at].1);
            spellings[of].1.extend(names);
        }
    }
    for at in 0..n.saturating_sub(1) {
        if is_chain[at] && ends[at] > at + 1 {
            let shorter = std::mem::take(&mut spellings[at].1);
            spellings[at + 1].1.splice(0..0, shorter);
        }
    }
    spellings.into_iter().map(|(_, names)| names).filter(|names| names.len() > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_found_and_others_left() {
        let one = [
            "Llama-3-8B",
            "llama-3-8b-hf",
            "meta-llama/Llama-3-8B",
            "meta-llama--Llama-3-8B",
            "meta-llama__Llama-3-8B",
            "meta-llama/Llama-3-8B@main",
            "models--meta-llama--Llama-3-8B",
            "hf:meta-llama/Llama-3-8B",
            "openai:meta-llama/Llama-3-8B",
        ];
        let others = ["meta-llama/Llama-3-8B-GPTQ", "meta-llama/Llama-3-80B", "Llama-3.8B"];
        assert_eq!(alike(one.into_iter().chain(others)), [one]);
        assert_eq!(
            alike(["Toy-7B", "toy-org/Toy-7B", "toy-7b-hf"]),
            [["Toy-7B", "toy-7b-hf", "toy-org/Toy-7B"]]
        );
    }

    #[test]
    fn marks_between_parts_may_be_any() {
        assert_eq!(
            alike(["toy-org/Toy-7B", "toy-org_Toy-7B", "Toy-8B"]),
            [["toy-org/Toy-7B", "toy-org_Toy-7B"]]
        );
    }

    #[test]
    fn two_organisations_are_two_models() {
        assert_eq!(alike(["a/bert", "b/bert", "a__Bert", "bert"]), [["a/bert", "a__Bert"]]);
        // What serves both is no longer form of either alone.
        assert_eq!(alike(["m", "a/m", "x/a/m", "y/a/m"]), [[""; 0]; 0]);
        assert_eq!(alike(["m", "a/m", "b/m", "x/b/m"]), [["b/m", "x/b/m"]]);
        assert_ne!(plain_name("gpt-1.5"), plain_name("gpt-15"));
        assert!(alike(["-hf", "/", "??"]).is_empty());
    }
}
