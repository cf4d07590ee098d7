//! In which number format are the weights, as names and arguments write it?

/// Number formats and quantisations.
const FORMATS: [&str; 36] = [
    "fp8",
    "fp16",
    "bf16",
    "fp32",
    "fp4",
    "nf4",
    "mxfp4",
    "nvfp4",
    "int8",
    "int4",
    "int3",
    "int2",
    "8bit",
    "6bit",
    "5bit",
    "4bit",
    "3bit",
    "2bit",
    "w8a8",
    "w8a16",
    "w4a16",
    "w4a8",
    "w4a4",
    "gptq",
    "awq",
    "gguf",
    "bnb",
    "hqq",
    "aqlm",
    "exl2",
    "exl3",
    "eetq",
    "quip",
    "spqr",
    "smoothquant",
    "quanto",
];
/// Those that are no quantisation.
const FLOATS: [&str; 3] = ["fp16", "bf16", "fp32"];
/// What stands behind the number of bits of a quantisation of llama.cpp: `Q4_K_M`, `Q8_0`, `IQ2_XXS`.
const OF_GGUF: [&str; 14] =
    ["0", "1", "k", "k_s", "k_m", "k_l", "k_xl", "xxs", "xs", "s", "m", "nl", "0_4_4", "0_8_8"];

/// The number format or quantisation in a name; several are put together as in `gptq-int4`.
pub fn format_of(name: &str) -> Option<String> {
    found_in(name, |_| true)
}

/// The quantisation in a name or in a number format; `float16` and the like are none.
pub fn quantisation_of(name: &str) -> Option<String> {
    found_in(name, |format| !FLOATS.contains(&format))
}

fn found_in(name: &str, wanted: impl Fn(&str) -> bool) -> Option<String> {
    let lower = name.to_lowercase().replace("-bit", "bit");
    let mut found: Vec<&str> = Vec::new();
    for part in lower.split(['-', '/', ' ', ':', '@', '.', '(', ')', '[', ']']) {
        let of_gguf = tails(part).find(|tail| is_of_gguf(tail));
        for format in part.split('_').filter(|word| FORMATS.contains(word)).chain(of_gguf) {
            if wanted(format) && !found.contains(&format) {
                found.push(format);
            }
        }
    }
    (!found.is_empty()).then(|| found.join("-"))
}

/// The part, and what is behind each `_` of it.
fn tails(part: &str) -> impl Iterator<Item = &str> {
    std::iter::once(part).chain(part.match_indices('_').map(|(at, _)| &part[at + 1..]))
}

fn is_of_gguf(word: &str) -> bool {
    let bits = word.strip_prefix("iq").or_else(|| word.strip_prefix('q'));
    let kind = bits.and_then(|bits| bits.strip_prefix(|c: char| ('1'..='8').contains(&c)));
    kind.and_then(|kind| kind.strip_prefix('_')).is_some_and(|kind| OF_GGUF.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_however_they_are_written() {
        let of = |name: &str| format_of(name).unwrap_or_default();
        assert_eq!(of("x/Llama-3-8B-GPTQ"), "gptq");
        assert_eq!(of("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4"), "gptq-int4");
        assert_eq!(of("unsloth/llama-3-8b-bnb-4bit"), "bnb-4bit");
        assert_eq!(of("mlx/Mistral-7B-4-bit"), "4bit");
        assert_eq!(of("bartowski/Llama-3-8B-Q4_K_M.gguf"), "q4_k_m-gguf");
        assert_eq!(of("llama_3_IQ2_XXS"), "iq2_xxs");
        assert_eq!(of("llama3:8b-instruct-q8_0"), "q8_0");
        for none in ["x/Llama-3-8B", "report-q4", "q9_0", "auto", "qwen_q", ""] {
            assert_eq!(of(none), "", "{none}");
        }
        assert_eq!(quantisation_of("bf16"), None);
        assert_eq!(quantisation_of("m-fp8"), Some("fp8".to_owned()));
    }
}
