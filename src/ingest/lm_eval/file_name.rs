//! What does a file name say? Task and timestamp, by exact rules: task names are prefixes of one another.

/// Whether the text is a timestamp as the harness writes it: `2026-11-22T20-47-39.859001`, with `:` for the
/// inner `-` in some versions and without a fraction where it is zero.
pub fn is_timestamp(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(w, f)| (w, Some(f)));
    let pattern = b"dddd-dd-ddTdd-dd-dd";
    whole.len() == pattern.len()
        && whole.bytes().zip(pattern).all(|(byte, want)| match want {
            b'd' => byte.is_ascii_digit(),
            b'-' => byte == b'-' || byte == b':',
            want => byte == *want,
        })
        && fraction.is_none_or(|f| !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()))
}

/// Task and timestamp of `samples_<task>_<timestamp>.jsonl` or `.json`.
pub fn samples(file_name: &str) -> Option<(&str, &str)> {
    let (task, timestamp) = stem(file_name)?.strip_prefix("samples_")?.rsplit_once('_')?;
    (!task.is_empty() && is_timestamp(timestamp)).then_some((task, timestamp))
}

/// The timestamp of a results file: at the end of its name, `results_<timestamp>.json`,
/// `<any name>_<timestamp>.json`, or before it, as lmms-eval has it.
pub fn results_timestamp(file_name: &str) -> Option<&str> {
    let stem = stem(file_name)?;
    let at_end = stem.rsplit_once('_').map(|(_, timestamp)| timestamp).filter(|t| is_timestamp(t));
    at_end.or_else(|| stem.strip_suffix("_results").filter(|timestamp| is_lmms_timestamp(timestamp)))
}

/// Whether the text is a timestamp as lmms-eval writes it: `<YYYYmmdd>_<HHMMSS>`.
fn is_lmms_timestamp(text: &str) -> bool {
    let pattern = b"dddddddd_dddddd";
    let fits = |(byte, want): (u8, &u8)| if *want == b'd' { byte.is_ascii_digit() } else { byte == *want };
    text.len() == pattern.len() && text.bytes().zip(pattern).all(fits)
}

/// Task and timestamp of samples of lmms-eval: `<YYYYmmdd>_<HHMMSS>_samples_<task>.jsonl`.
pub fn lmms_samples(file_name: &str) -> Option<(&str, &str)> {
    let (timestamp, task) = stem(file_name)?.split_once("_samples_")?;
    (is_lmms_timestamp(timestamp) && !task.is_empty()).then_some((task, timestamp))
}

/// The task of `<task>_write_out_info.json` (v0.3).
pub fn write_out(file_name: &str) -> Option<&str> {
    stem(file_name)?.strip_suffix("_write_out_info").filter(|task| !task.is_empty())
}

/// The task of `<model_args>_<task>.jsonl` (v0.4.0 to v0.4.2), where the arguments of the model are known.
///
/// The name is built for every task of the results file and compared as a whole.
pub fn early_samples<'t>(
    file_name: &str,
    model_args: &str,
    tasks: impl Iterator<Item = &'t str>,
) -> Option<&'t str> {
    let stem = stem(file_name)?;
    let spellings = [
        model_args.replace(['/', '='], "__"),
        replace_runs(model_args, "\"<>:/|\\?*[]="),
        replace_runs(model_args, "\"<>:/|\\?*[]"),
    ];
    let mut tasks = tasks;
    tasks.find(|task| {
        let before = stem.strip_suffix(task).and_then(|s| s.strip_suffix('_'));
        before.is_some_and(|before| spellings.iter().any(|s| s == before))
    })
}

/// The model and the task of `<model_args>_<task>.jsonl` where nothing else is known: a guess.
///
/// The last argument ends at the first single `_` of its value, which is wrong for a model or a number format
/// whose own name has one.
pub fn guess_early_samples(file_name: &str) -> Option<(String, String)> {
    let stem = stem(file_name)?;
    let last = stem.rfind(',').map_or(0, |comma| comma + 1);
    let bytes = stem.as_bytes();
    let value = last + stem[last..].find("__")? + 2;
    let single = (value..bytes.len()).find(|&i| {
        bytes[i] == b'_' && bytes.get(i + 1) != Some(&b'_') && bytes.get(i.wrapping_sub(1)) != Some(&b'_')
    })?;
    let task = &stem[single + 1..];
    let model = stem[..single].split(',').find_map(|argument| {
        let (key, value) = argument.split_once("__")?;
        super::model::NAME_KEYS.contains(&key).then(|| value.to_owned())
    })?;
    (!task.is_empty()).then(|| (model, task.to_owned()))
}

fn stem(file_name: &str) -> Option<&str> {
    file_name.strip_suffix(".jsonl").or_else(|| file_name.strip_suffix(".json"))
}

/// Every run of the given characters becomes `__`.
fn replace_runs(text: &str, characters: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_run = false;
    for c in text.chars() {
        let special = characters.contains(c);
        if !special {
            out.push(c);
        } else if !in_run {
            out.push_str("__");
        }
        in_run = special;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn task_and_timestamp_are_taken_from_the_right_end() {
        let ts = "2026-11-22T20-47-39.859001";
        assert_eq!(samples(&format!("samples_toy_arith_{ts}.jsonl")), Some(("toy_arith", ts)));
        assert_eq!(samples(&format!("samples_toy_arith_maj4_{ts}.json")), Some(("toy_arith_maj4", ts)));
        assert_eq!(samples("samples_a_2026-11-22T20:47:39.jsonl"), Some(("a", "2026-11-22T20:47:39")));
        assert_eq!(samples("samples_toy.jsonl"), None);
        assert_eq!(samples(&format!("samples__{ts}.csv")), None);
        assert_eq!(results_timestamp(&format!("my_run_{ts}.json")), Some(ts));
        assert_eq!(results_timestamp("results.json"), None);
        assert_eq!(lmms_samples("20250101_000000_samples_x_y.jsonl"), Some(("x_y", "20250101_000000")));
        assert_eq!(lmms_samples("samples_20250101.jsonl"), None);
        assert_eq!(results_timestamp("20250101_000000_results.json"), Some("20250101_000000"));
        assert_eq!(write_out("arc_easy_write_out_info.json"), Some("arc_easy"));
    }

    #[test]
    fn early_names_are_compared_as_a_whole() {
        let name = "pretrained__o__m,dtype__float16_toy_mmlu_virology.jsonl";
        let tasks = ["virology", "mmlu_virology", "toy_mmlu_virology"];
        let args = "pretrained=o/m,dtype=float16";
        assert_eq!(early_samples(name, args, tasks.into_iter()), Some("toy_mmlu_virology"));
        assert_eq!(early_samples(name, "pretrained=o/m", tasks.into_iter()), None);
        assert_eq!(early_samples("_a.jsonl", "", ["a"].into_iter()), Some("a"));
    }

    #[test]
    fn early_names_are_guessed_where_nothing_else_is_known() {
        let guess = |name| guess_early_samples(name);
        assert_eq!(
            guess("pretrained__o__m,dtype__float16_toy_mmlu.jsonl"),
            Some(("o__m".to_owned(), "toy_mmlu".to_owned()))
        );
        assert_eq!(
            guess("pretrained__EleutherAI__pythia-160m_arc_easy.jsonl"),
            Some(("EleutherAI__pythia-160m".to_owned(), "arc_easy".to_owned()))
        );
        assert_eq!(guess("notes.jsonl"), None);
    }
}
