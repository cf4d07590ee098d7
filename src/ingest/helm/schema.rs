//! Which metric of a run of HELM counts? What the schemas of its leaderboards say.

/// The main metric of each run group: `main_name` in `static/schema_*.yaml` of HELM.
///
/// From `schema_classic`, `schema_lite`, `schema_mmlu`, `schema_capabilities` and `schema_safety`, of which the
/// newest is first where they differ (`gsm` and `bbq` changed theirs; `wildbench` had a score before it was
/// rescaled to the unit interval). Not compared with runs of these groups, of which there is no sample here, and
/// without `main_split`: where a run has several splits, all of them count, while HELM's leaderboards show one.
#[rustfmt::skip]
const MAIN: &[(&str, &[&str])] = &[
    ("anthropic_red_team", &["safety_score"]),
    ("babi_qa", &["quasi_exact_match"]),
    ("bbq", &["bbq_accuracy", "quasi_exact_match"]),
    ("bigcodebench", &["bigcodebench_p@1"]),
    ("billsum_legal_summarization", &["rouge_2"]),
    ("blimp", &["exact_match"]),
    ("boolq", &["quasi_exact_match"]),
    ("civil_comments", &["quasi_exact_match"]),
    ("code_apps", &["test_avg"]),
    ("code_humaneval", &["pass"]),
    ("dyck_language", &["exact_match_indicator"]),
    ("entity_data_imputation", &["quasi_exact_match"]),
    ("entity_matching", &["quasi_exact_match"]),
    ("eurlexsum_legal_summarization", &["rouge_2"]),
    ("gpqa", &["chain_of_thought_correctness"]),
    ("gsm", &["final_number_exact_match", "exact_match_indicator"]),
    ("harm_bench", &["safety_score"]),
    ("harm_bench_gcg_transfer", &["safety_score"]),
    ("hellaswag", &["exact_match"]),
    ("ice", &["bits_per_byte"]),
    ("ifeval", &["ifeval_strict_accuracy"]),
    ("imdb", &["quasi_exact_match"]),
    ("legal_support", &["quasi_exact_match"]),
    ("legalbench", &["quasi_exact_match"]),
    ("lex_glue", &["classification_macro_f1"]),
    ("lextreme", &["classification_macro_f1"]),
    ("lsat_qa", &["quasi_exact_match"]),
    ("math_chain_of_thought", &["math_equiv_chain_of_thought"]),
    ("math_regular", &["math_equiv"]),
    ("med_qa", &["quasi_exact_match"]),
    ("mmlu", &["exact_match"]),
    ("mmlu_pro", &["chain_of_thought_correctness"]),
    ("msmarco_regular", &["RR@10"]),
    ("msmarco_trec", &["NDCG@10"]),
    ("multilexsum_legal_summarization", &["rouge_2"]),
    ("narrative_qa", &["f1_score"]),
    ("natural_qa_closedbook", &["f1_score"]),
    ("natural_qa_openbook_longans", &["f1_score"]),
    ("numeracy", &["absolute_value_difference"]),
    ("omni_math", &["omni_math_accuracy"]),
    ("openbookqa", &["exact_match"]),
    ("quac", &["f1_score"]),
    ("raft", &["quasi_exact_match"]),
    ("simple_safety_tests", &["safety_score"]),
    ("summarization_cnndm", &["rouge_2"]),
    ("summarization_xsum", &["rouge_2"]),
    ("synthetic_reasoning", &["quasi_exact_match"]),
    ("synthetic_reasoning_natural", &["f1_set_match"]),
    ("the_pile", &["bits_per_byte"]),
    ("truthful_qa", &["exact_match"]),
    ("twitter_aae", &["bits_per_byte"]),
    ("wikifact", &["quasi_exact_match"]),
    ("wildbench", &["wildbench_score_rescaled", "wildbench_score"]),
    ("wmt_14", &["bleu_4"]),
    ("xstest", &["safety_score"]),
];

/// What counts where no group of the run is one of those, best first.
const USUAL: [&str; 8] = [
    "exact_match",
    "quasi_exact_match",
    "chain_of_thought_correctness",
    "ifeval_strict_accuracy",
    "math_equiv_chain_of_thought",
    "math_equiv",
    "f1_score",
    "rouge_2",
];

/// The metrics that may count for a run of these groups, best first.
pub fn main_metrics<'a>(groups: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = &'static str> {
    let mut known = groups.into_iter().filter_map(|group| MAIN.iter().find(|(name, _)| *name == group));
    let of_group = known.next().map_or(&[][..], |(_, metrics)| metrics);
    of_group.iter().copied().chain(USUAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_of_the_leaderboard_says_what_counts() {
        let first = |groups: &[&'static str]| main_metrics(groups.iter().copied()).next();
        assert_eq!(first(&["gsm"]), Some("final_number_exact_match"));
        assert_eq!(first(&["wmt_14", "wmt_14_cs-en"]), Some("bleu_4"));
        // A run of the second group of the specification is known by it.
        assert_eq!(first(&["my_suite", "med_qa"]), Some("quasi_exact_match"));
        assert_eq!(first(&["my_suite"]), Some("exact_match"));
        assert!(MAIN.is_sorted_by_key(|(group, _)| *group));
    }
}
