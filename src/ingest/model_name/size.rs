//! How large is a model? What a number with a letter of scale says, in a cell or within a name.

/// A number, with a letter of scale behind it or none: `7B`, `190M`, `1.5T`, `1e9`.
pub fn quantity(word: &str) -> Option<f64> {
    let word = word.trim();
    let scale = match word.chars().last()?.to_ascii_uppercase() {
        'K' => 1e3,
        'M' => 1e6,
        'B' => 1e9,
        'T' => 1e12,
        _ => 1.0,
    };
    let number = if scale > 1.0 { &word[..word.len() - 1] } else { word };
    number.trim().parse::<f64>().ok().map(|n| n * scale).filter(|n| n.is_finite())
}

/// The number of parameters that a part of a name gives: `7B`, `150M`, `0.5b`, `8x7B` (as the product).
///
/// A size is a number with `M`, `B` or `T` behind it (`K` is the length of a context), between marks; of several the first counts.
pub fn size_of(name: &str) -> Option<f64> {
    let base = name.rsplit('/').next().unwrap_or(name);
    base.split(['-', '_', ' ', ':', '@', ',', '(', ')']).find_map(one_size)
}

fn one_size(part: &str) -> Option<f64> {
    let number = part.strip_suffix(['M', 'm', 'B', 'b', 'T'])?;
    let is_plain = number.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'x'));
    let product = || part.split('x').map(quantity).product::<Option<f64>>();
    is_plain.then(product).flatten().filter(|n| *n > 0.0 && n.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_in_many_ways() {
        assert_eq!(quantity("7B"), Some(7e9));
        assert_eq!(quantity("190m"), Some(190e6));
        assert_eq!(quantity("1e9"), Some(1e9));
        assert_eq!(quantity(" 4 K"), Some(4e3));
        for none in ["c0.001", "", "B", "é", "nan", "infT"] {
            assert_eq!(quantity(none), None, "{none}");
        }
    }

    #[test]
    fn sizes_stand_between_marks() {
        assert_eq!(size_of("meta-llama/Llama-2-7b-hf"), Some(7e9));
        assert_eq!(size_of("EleutherAI/pythia-1.4b"), Some(1.4e9));
        assert_eq!(size_of("Mixtral-8x7B-Instruct-v0.1"), Some(56e9));
        assert_eq!(size_of("ollama/qwen2.5:0.5b"), Some(0.5e9));
        assert_eq!(size_of("150M"), Some(150e6));
        for none in ["gpt-4o", "claude-3-opus", "phi-3-mini-4k-instruct-128", "b", "v0.1b2", "llama-8bit"] {
            assert_eq!(size_of(none), None, "{none}");
        }
    }
}
