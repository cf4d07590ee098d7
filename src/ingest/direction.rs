//! Are larger values of a metric better? By its name, where nothing else says so.

/// Parts of the names of metrics of which less is better.
const LOWER: [&str; 11] = [
    "perplexity",
    "loss",
    "bits_per",
    // OLMES gives it in bits, unlike what it calls `logits_per_char`.
    "logits_per_byte",
    "edit_distance",
    "error_rate",
    "absolute_value_difference",
    "longest_common_prefix_length",
    "toxicity",
    "hallucination",
    "toxic_frac",
];
/// Whole words of such names, which are parts of others too: `answer` has `wer`.
const LOWER_WORDS: [&str; 5] = ["ppl", "nll", "wer", "cer", "distance"];
/// Whole names.
const LOWER_NAMES: [&str; 1] = ["bias"];
/// Beginnings of the names of HELM's measures of bias.
const OF_BIAS: [&str; 3] = ["bias_metric:", "bbq_metric_ambiguous_bias", "bbq_metric_unambiguous_bias"];

/// Whether more of a metric is better.
pub fn higher_is_better(metric: &str) -> bool {
    let name = metric.to_lowercase();
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    !(LOWER.iter().any(|part| name.contains(part))
        || LOWER_NAMES.contains(&name.as_str())
        || words.any(|word| LOWER_WORDS.contains(&word))
        || OF_BIAS.iter().any(|begin| name.starts_with(begin)))
}

#[cfg(test)]
mod tests {
    use super::higher_is_better;

    #[test]
    fn less_of_a_loss_is_better() {
        for lower in [
            "byte_perplexity",
            "word_ppl",
            "eval-loss",
            "bits_per_byte",
            "logits_per_byte_corr",
            "WER",
            "bias_metric:mode=associations",
            "expected_max_toxicity",
            "edit_distance_norm",
            "Bias",
            "Hallucination",
        ] {
            assert!(!higher_is_better(lower), "{lower}");
        }
        for higher in
            ["acc_norm", "answer_correctness", "bleu_4", "certainty", "bias_metric_score", "logits_per_char"]
        {
            assert!(higher_is_better(higher), "{higher}");
        }
    }
}
