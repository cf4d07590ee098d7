//! Do real and made-up dumps become the table that they hold?

use crate::shared::shared;
use evalgauge::ingest::explain::FileRole;
use evalgauge::ingest::{
    Format, IngestError, IngestOptions, IngestReport, RowsAre, explain, ingest, look, walk,
};
use evalgauge::response::{PivotOptions, ResponseTable, pivot};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn read_with(paths: &[PathBuf], options: &IngestOptions) -> (ResponseTable, IngestReport) {
    ingest(paths, options, &|_| {}).unwrap_or_else(|e| panic!("{e}"))
}

fn read(path: &Path) -> (ResponseTable, IngestReport) {
    read_with(&[path.to_owned()], &IngestOptions::default())
}

/// Model, item, score, subject, chosen, gold: what the truth table of the samples says of each row.
type Truth = BTreeMap<(String, String), (Option<f64>, Option<String>, Option<u16>, Option<u16>)>;

fn rows(table: &ResponseTable) -> Truth {
    table
        .rows()
        .map(|r| {
            let item = &table.items[r.item as usize];
            let model = table.runs[r.run as usize].model.to_string();
            ((model, item.id.to_string()), (r.score, item.subject.clone(), r.chosen, r.gold))
        })
        .collect()
}

fn truth() -> Option<Truth> {
    let mut reader = csv::Reader::from_path(shared("samples/_truth/truth_long.csv")?).unwrap();
    let rows = reader.records().map(|r| {
        let r = r.unwrap();
        let option = |k: usize| r[k].parse().ok();
        ((r[0].to_owned(), r[3].to_owned()), (r[4].parse().ok(), Some(r[2].to_owned()), option(5), option(6)))
    });
    Some(rows.collect())
}

#[test]
fn every_long_form_of_the_samples_is_the_truth() {
    let Some(truth) = truth() else { return };
    for file in ["long.arrow", "long.jsonl", "long.parquet", "long.tsv.gz", "long_shuffled.csv"] {
        let Some(path) = shared(&format!("samples/plain/{file}")) else { return };
        let (table, report) = read(&path);
        assert_eq!(rows(&table), truth, "{file}");
        assert_eq!(table.benchmarks(), ["toy_mmlu"], "{file}");
        assert!(report.notes.is_empty(), "{file}: {:?}", report.notes);
        let gold_of = |id: &str| truth.iter().find(|((_, i), _)| i == id).and_then(|(_, v)| v.3);
        assert!(table.items.iter().all(|i| i.gold == gold_of(i.id.as_str())), "{file}");
    }
}

/// Writes a long table with a metric for each model: correct answers on the first `right` of ten items.
fn scored(directory: &Path, metric: &str, models: &[(&str, usize)]) {
    let row = |model: &str, right: usize, item: usize| {
        format!("{model},i{item},b,{metric},{}\n", u8::from(item < right))
    };
    let rows = models.iter().flat_map(|(m, right)| (0..10).map(move |item| row(m, *right, item)));
    let text: String =
        std::iter::once("model,item,benchmark,metric,score\n".to_owned()).chain(rows).collect();
    fs::write(directory.join(format!("{metric}.csv")), text).unwrap();
}

#[test]
fn right_answers_are_right_under_whatever_name_a_harness_has_for_them() {
    let directory = tempfile::tempdir().unwrap();
    scored(directory.path(), "acc", &[("m1", 3), ("m2", 5)]);
    scored(directory.path(), "exact_match", &[("m3", 7)]);
    scored(directory.path(), "rouge_l", &[("m4", 9)]);
    let (table, report) = read(directory.path());
    let primary: Vec<&str> = table.metrics.iter().filter(|m| m.primary).map(|m| m.name.as_str()).collect();
    assert_eq!(primary, ["acc", "exact_match"]);
    let summary = &report.benchmarks[0];
    assert_eq!((summary.n_models, summary.mean_score), (4, Some(0.5)));
    let left: Vec<_> = report.lint.iter().filter(|l| l.code == "models_of_another_metric").collect();
    assert_eq!((left.len(), left[0].examples.as_slice()), (1, &["m4: rouge_l".to_owned()][..]));
    let (matrix, told) = pivot(&table, "b", &PivotOptions::default()).unwrap();
    assert_eq!((matrix.n_respondents(), matrix.mean_score()), (3, Some(0.5)));
    assert_eq!(told.models_without_metric, ["m4"]);
    let asked = PivotOptions { metric: Some("exact_match".to_owned()), ..Default::default() };
    assert_eq!(pivot(&table, "b", &asked).unwrap().0.mean_score(), Some(0.7));
    // A store keeps what counts.
    let store = directory.path().join("s.evals");
    evalgauge::store::write(&table, &store, &evalgauge::store::Provenance::default()).unwrap();
    let again = evalgauge::store::read(&store).unwrap();
    assert_eq!(pivot(&again, "b", &PivotOptions::default()).unwrap().0.mean_score(), Some(0.5));
}

#[test]
fn every_wide_form_of_the_samples_carries_what_it_can() {
    let Some(truth) = truth() else { return };
    let scores = |t: &Truth| t.iter().filter_map(|(k, v)| v.0.map(|s| (k.clone(), s))).collect::<Vec<_>>();
    for file in ["wide.csv", "wide.parquet", "wide_transposed.csv"] {
        let Some(path) = shared(&format!("samples/plain/{file}")) else { return };
        assert_eq!(scores(&rows(&read(&path).0)), scores(&truth), "{file}");
    }
    let Some(path) = shared("samples/plain/wide_with_missing.csv") else { return };
    let (table, report) = read(&path);
    let have = rows(&table);
    assert!(have.len() < truth.len() && !have.is_empty());
    assert!(have.iter().all(|(key, row)| row.0 == truth[key].0));
    assert!(report.lint.iter().any(|l| l.code == "different_item_sets"), "{:?}", report.lint);
    let Some(path) = shared("samples/plain/wide_no_model_column.csv") else { return };
    let (table, report) = read(&path);
    assert_eq!((table.runs.len(), table.items.len(), table.len()), (3, 24, 72));
    assert!(report.notes.iter().any(|n| n.message.contains("does not name")), "{:?}", report.notes);
    let sums = |r| table.rows().filter(|x| x.run == r).filter_map(|x| x.score).sum::<f64>();
    let of = |model: &str| truth.iter().filter(|(k, _)| k.0 == model).filter_map(|(_, v)| v.0).sum::<f64>();
    let models = ["toy-org/Toy-70B", "toy-org/Toy-7B", "other/Toy-1B"];
    assert_eq!([0, 1, 2].map(sums), models.map(of));
}

#[test]
fn rows_are_what_the_user_says() {
    let Some(path) = shared("samples/plain/wide_transposed.csv") else { return };
    let options = IngestOptions { rows: Some(RowsAre::Models), ..Default::default() };
    let (table, _) = read_with(&[path], &options);
    assert_eq!((table.runs.len(), table.items.len()), (24, 3));
}

fn check(
    path: &str,
    shape: (usize, usize),
    density: f64,
    mean: f64,
) -> Option<(ResponseTable, IngestReport)> {
    let (table, report) = read(&shared(path)?);
    let b = &report.benchmarks[0];
    assert_eq!((b.n_models, b.n_items), shape, "{path}");
    assert!((b.density - density).abs() < 5e-4, "{path}: density {}", b.density);
    assert!((b.mean_score.unwrap() - mean).abs() < 5e-5, "{path}: mean {:?}", b.mean_score);
    assert_eq!(b.benchmark, Path::new(path).file_name().unwrap().to_string_lossy());
    let (matrix, _) = pivot(&table, &b.benchmark, &PivotOptions::default()).unwrap();
    assert_eq!((matrix.n_respondents(), matrix.n_items()), shape, "{path}");
    Some((table, report))
}

#[test]
fn mmlu_pro_with_the_tables_beside_it() {
    let Some((table, report)) = check("data/mmlu-pro", (29, 12032), 0.995, 0.40245) else { return };
    let lint = |code: &str| report.lint.iter().find(|l| l.code == code).map(|l| l.count);
    assert_eq!(lint("conflicting_keys"), Some(33));
    assert_eq!(lint("score_contradicts_key"), None);
    assert_eq!(table.items.iter().filter(|i| i.question.is_some() && i.options.is_some()).count(), 12032);
    assert_eq!(report.benchmarks[0].n_subjects, 14);
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
    // 32,697 answers without a letter are scored 0 in the source, and known as no answer.
    let silent = table.rows().filter(|r| r.status == evalgauge::response::Status::NoAnswer).count();
    assert_eq!(silent, 32_697);
    let first = table.items.iter().find(|i| i.id.as_str() == "70").unwrap();
    assert_eq!((first.gold, first.subject.as_deref()), (Some(8), Some("business")));
}

#[test]
fn mmlu_redux_with_words_for_letters() {
    let Some((table, report)) = check("data/mmlu-redux", (20, 5700), 0.9969, 0.81526) else { return };
    assert_eq!(report.benchmarks[0].n_subjects, 57);
    assert!(table.rows().all(|r| r.chosen.is_none_or(|c| c < 4)));
    let text = table.rows().filter(|r| r.prediction.as_deref() == Some("T")).count();
    assert_eq!(text, 403);
    assert!(!report.lint.iter().any(|l| l.code == "choice_not_among_options"));
}

#[test]
fn swebench_verified_from_csv() {
    let Some((_, report)) = check("data/swebench-verified", (25, 500), 1.0, 0.52256) else { return };
    assert_eq!(report.benchmarks[0].metrics[0].metric, "resolved");
    assert!(
        report.files.iter().any(|f| f.because.contains("models, joined by \"folder\": 25 of 25")),
        "{:?}",
        report.files
    );
}

#[test]
fn five_runs_of_one_model() {
    let Some(path) = shared("data/repeated-runs") else { return };
    let (table, report) = read(&path);
    let b = &report.benchmarks[0];
    assert_eq!((b.n_models, b.n_runs, b.n_items, table.len()), (1, 5, 1157, 5785));
    assert_eq!(b.benchmark, "repeated-runs");
    let options = PivotOptions { every_run: true, ..Default::default() };
    let (matrix, _) = pivot(&table, "repeated-runs", &options).unwrap();
    let mut means: Vec<f64> = matrix.respondent_totals().iter().map(|(s, n)| s / *n as f64).collect();
    means.sort_by(f64::total_cmp);
    assert!((means[0] - 0.813310).abs() < 1e-6 && (means[4] - 0.827139).abs() < 1e-6, "{means:?}");
}

#[test]
fn stated_confidence_is_five_benchmarks() {
    let Some(path) = shared("data/stated-confidence") else { return };
    let (_, report) = read(&path);
    let shapes: BTreeMap<&str, (usize, usize)> =
        report.benchmarks.iter().map(|b| (b.benchmark.as_str(), (b.n_models, b.n_items))).collect();
    assert_eq!(shapes["boolq_valid"], (11, 3270));
    assert_eq!(shapes["sat_en"], (11, 206));
    assert_eq!(shapes.len(), 5);
}

#[test]
fn averages_are_refused_with_a_reason() {
    for path in ["data/pythia-checkpoints", "data/olmo-ladder", "data/labels"] {
        let Some(path) = shared(path) else { return };
        let error = ingest(std::slice::from_ref(&path), &IngestOptions::default(), &|_| {}).unwrap_err();
        let IngestError::NothingRead { skipped, .. } = &error else { panic!("{error}") };
        assert!(!skipped.is_empty(), "{error}");
        assert!(error.to_string().contains("model, item and score"), "{error}");
        println!("{error}\n");
    }
}

#[test]
fn all_real_data_at_once() {
    let Some(path) = shared("data") else { return };
    let (table, report) = read(&path);
    assert_eq!(report.benchmarks.len(), 9);
    assert_eq!(table.len(), 347_215 + 113_651 + 12_500 + 5_785 + 72_185);
    assert!(report.skipped.iter().all(|s| s.reason.len() > 20), "{:?}", report.skipped);
    assert!(report.notes.len() < 60);
    println!("{}", serde_json::to_string_pretty(&report).unwrap());
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
    put("good.csv", b"model,item,correct\na,1,1\na,2,0\nb,1,0\nb,2,1\n");
    put("empty.csv", b"");
    put("noise.bin", &[0, 1, 2, 3, 255, 254, 0, 7]);
    put("archive.zip", b"PK\x03\x04....");
    put("cut.parquet", b"PAR1abcdefgh");
    put("notes.md", b"# Notes\n\nNothing, really.\n");
    put("half.json", b"[{\"model\": \"a\", \"ite");
    let (table, report) = read(dir.path());
    assert_eq!((table.len(), report.files.len(), report.skipped.len()), (4, 2, 5));
    let reason = |name: &str| {
        let skipped = report.skipped.iter().find(|s| s.file.ends_with(name)).unwrap();
        skipped.reason.clone()
    };
    assert!(reason("empty.csv").contains("empty"));
    assert!(reason("noise.bin").contains("binary"));
    assert!(reason("archive.zip").contains("unpack it first"));
    assert!(reason("cut.parquet").contains("damaged"));
    assert!(reason("half.json").contains("ends in the middle"), "{}", reason("half.json"));
    let notes = report.files.iter().find(|file| file.file.ends_with("notes.md")).unwrap();
    assert_eq!(notes.format, Format::Auxiliary);
}

#[test]
fn nothing_to_read_is_an_error_with_reasons() {
    let dir = tempfile::tempdir().unwrap();
    let options = IngestOptions::default();
    let nothing = ingest(&[dir.path().to_owned()], &options, &|_| {}).unwrap_err();
    assert!(matches!(nothing, IngestError::NoFiles { .. }), "{nothing}");
    let missing = ingest(&[dir.path().join("x")], &options, &|_| {}).unwrap_err();
    assert!(matches!(missing, IngestError::NoSuchPath { .. }), "{missing}");
}

#[test]
fn the_order_of_rows_does_not_depend_on_threads() {
    let dir = tempfile::tempdir().unwrap();
    for k in 0..7 {
        let text = format!("model,item,score\nm{k},1,1\nm{k},2,0\n");
        fs::create_dir_all(dir.path().join(format!("d{}", k % 3))).unwrap();
        fs::write(dir.path().join(format!("d{}/{k}.csv", k % 3)), text).unwrap();
    }
    let options = IngestOptions { benchmark: Some("b".to_owned()), ..Default::default() };
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| read_with(&[dir.path().to_owned()], &options))
    };
    let (one, four) = (on(1), on(4));
    assert_eq!(one, four);
    assert_eq!((one.0.runs.len(), one.0.items.len(), one.0.len()), (7, 2, 14));
}

#[test]
fn columns_of_every_kind_are_read_or_named() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/kinds.parquet");
    let (table, report) = read(&path);
    let row = |k: usize| {
        let r = table.row(k);
        (table.runs[r.run as usize].id.clone(), table.items[r.item as usize].id.to_string(), r.score, r.gold)
    };
    assert_eq!(table.len(), 5, "the row without an item is left out");
    assert_eq!(row(0), ("a".into(), "1".into(), Some(1.0), Some(0)));
    assert_eq!(row(2), ("b".into(), "1".into(), None, Some(0)));
    assert_eq!(table.items[0].options().as_deref(), Some(&["x".to_owned(), "y".to_owned()][..]));
    let notes: Vec<&str> = report.notes.iter().map(|n| n.message.as_str()).collect();
    assert!(
        notes.iter().any(|n| n.ends_with("without a meaning here were left out: cost, nothing")),
        "{notes:?}"
    );
    assert!(notes.iter().any(|n| n.ends_with("neither words nor numbers were left out: usage")), "{notes:?}");
    assert!(table.runs.iter().all(|run| run.timestamp.is_some()), "{:?}", table.runs);
    assert!(notes.iter().any(|n| n.contains("without a model or an item")), "{notes:?}");
}

fn text(content: &str) -> (ResponseTable, IngestReport) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("quiz.csv");
    fs::write(&path, content).unwrap();
    read(&path)
}

fn notes(report: &IngestReport) -> String {
    report.notes.iter().map(|n| n.message.as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn scores_come_from_keys_where_there_are_none() {
    let (table, report) = text("model,item,pred,gold\na,1,A,A\na,2,B,C\na,3,,D\na,4,Paris,A\n");
    let scores: Vec<_> = table.rows().map(|r| (r.score, r.status.as_str())).collect();
    assert_eq!(scores, [(Some(1.0), "ok"), (Some(0.0), "ok"), (Some(0.0), "no_answer"), (Some(0.0), "ok")]);
    assert_eq!(table.row(3).prediction.as_deref(), Some("Paris"));
    assert!(notes(&report).contains("equals the key"), "{}", notes(&report));
    assert_eq!(table.benchmarks(), ["quiz"]);
}

#[test]
fn scores_come_from_the_keys_of_the_table_beside() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("answers.csv"),
        "model,item_id,prediction\na,q1,yes\na,q2,no\nb,q1,no\nb,q2,maybe\n",
    )
    .unwrap();
    let items = "item_id,question,choices,answer\nq1,One?,\"[\"\"yes\"\",\"\"no\"\"]\",0\nq2,Two?,\"[\"\"yes\"\",\"\"no\"\"]\",1\nq3,Three?,[],\n";
    fs::write(dir.path().join("questions.csv"), items).unwrap();
    let (table, report) = read(dir.path());
    let rows: Vec<_> = table.rows().map(|r| (r.score, r.chosen, r.gold)).collect();
    let expected = [
        (Some(1.0), Some(0), Some(0)),
        (Some(1.0), Some(1), Some(1)),
        (Some(0.0), Some(1), Some(0)),
        (Some(0.0), None, Some(1)),
    ];
    assert_eq!(rows, expected, "{}", notes(&report));
    assert!(report.files.iter().any(|f| f.because.contains("items, joined by \"item_id\": 2 of 2")));
    fs::remove_file(dir.path().join("questions.csv")).unwrap();
    let error = ingest(&[dir.path().to_owned()], &IngestOptions::default(), &|_| {}).unwrap_err();
    assert!(error.to_string().contains("without keys"), "{error}");
}

#[test]
fn percentages_are_rescaled_and_said_to_be() {
    let (table, report) = text("model;item;accuracy\na;1;100\na;2;0\nb;1;33,5\nb;2;50\n");
    assert_eq!(table.rows().map(|r| r.score.unwrap()).collect::<Vec<_>>(), [1.0, 0.0, 0.335, 0.5]);
    assert!(notes(&report).contains("percentages"), "{}", notes(&report));
    let (table, report) = text("model,item,score\na,1,5\na,2,0\nb,1,3\nb,2,4\n");
    assert_eq!(table.row(0).score, Some(5.0));
    assert!(notes(&report).contains("kept as they are"));
}

#[test]
fn a_mistyped_score_does_not_make_percentages_of_the_others() {
    let rows: String =
        (0..40).map(|k| format!("m{},{},{}\n", k / 20, k % 20, if k == 7 { 11 } else { k % 2 })).collect();
    let (table, report) = text(&format!("model,item,correct\n{rows}"));
    assert_eq!(table.rows().filter(|row| row.score == Some(1.0)).count(), 19);
    assert!(notes(&report).contains("1 score is more than 1 (up to 11)"), "{}", notes(&report));
    let found = report.lint.iter().find(|lint| lint.code == "scores_on_two_scales").unwrap();
    assert_eq!((found.count, found.examples.as_slice()), (1, &["m0: up to 11".to_owned()][..]));
}

#[test]
fn letters_say_where_the_numbers_of_keys_begin() {
    let of = |key: &str, from: usize| {
        let row = |k: usize| {
            format!("m{},{},{},{}\n", k / 40, k % 40, ["A", "B", "C", "D"][k % 4], (k * 7 / 3) % 4 + from)
        };
        let (table, report) =
            text(&format!("model,item,prediction,{key}\n{}", (0..120).map(row).collect::<String>()));
        let scores: Vec<Option<f64>> = table.rows().map(|row| row.score).collect();
        (scores, notes(&report).contains("numbered from 1"))
    };
    let right = of("gold", 0);
    assert!(!right.1);
    for key in ["gold", "answer_index", "answer"] {
        assert_eq!(of(key, 1), (right.0.clone(), true), "{key}");
    }
}

#[test]
fn options_that_are_shuffled_within_a_table_are_numbered_as_in_the_first_row() {
    let shown =
        |order: [&str; 3]| format!("\"[{}]\"", order.map(|option| format!("\"\"{option}\"\"")).join(","));
    let (first, other) = (shown(["x", "y", "z"]), shown(["z", "x", "y"]));
    let (table, report) = text(&format!(
        "model,item,options,chosen,gold,score\na,1,{first},A,B,0\nb,1,{other},B,C,0\nc,1,{other},C,C,1\n"
    ));
    let rows: Vec<_> = table.rows().map(|row| (row.chosen, row.gold)).collect();
    assert_eq!(rows, [(Some(0), Some(1)), (Some(0), Some(1)), (Some(1), Some(1))]);
    assert!(notes(&report).contains("1 item shows its options in another order"), "{}", notes(&report));
    assert!(!report.lint.iter().any(|lint| lint.code == "conflicting_keys"));
}

#[test]
fn tables_written_one_after_the_other_name_their_columns_again() {
    let (table, report) = text("model,item,score\na,1,1\na,2,0\nmodel,item,score\nb,1,1\nb,2,1\n");
    assert_eq!((table.runs.len(), table.items.len(), table.len()), (2, 2, 4));
    let note = report.notes.iter().find(|note| note.message.contains("columns once more")).unwrap();
    assert!(note.examples[0].ends_with("row 4"), "{:?}", note.examples);
}

#[test]
fn a_quote_that_is_left_open_takes_lines_with_it_that_are_counted() {
    let rows = |n: usize| (0..n).map(|k| format!("m,{k},1\n")).collect::<String>();
    let (table, report) = text(&format!("model,item,score\n{}m,\"odd,1\n{}", rows(200), rows(9)));
    assert_eq!(table.len(), 200);
    assert!(notes(&report).contains("10 lines have another number of fields"), "{}", notes(&report));
}

#[test]
fn whole_numbers_with_a_fraction_name_the_same_items() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| fs::write(directory.path().join(name), content).unwrap();
    write("a.csv", "model,item,score\na,0,1\na,1,0\n");
    write("b.csv", "model,item,score\nb,0.0,1\nb,1.0,0\n");
    let options = IngestOptions { benchmark: Some("b".to_owned()), ..Default::default() };
    let (table, _) = read_with(&[directory.path().to_owned()], &options);
    assert_eq!((table.items.len(), table.len()), (2, 4));
}

#[test]
fn answers_and_keys_of_one_model_are_results() {
    let directory = tempfile::tempdir().unwrap();
    let quiz = directory.path().join("quiz");
    fs::create_dir(&quiz).unwrap();
    for (model, pred) in [("gpt", "A"), ("opus", "B")] {
        let content = format!("question_id,question,pred,answer\n1,what?,{pred},A\n2,who?,{pred},B\n");
        fs::write(quiz.join(format!("{model}.csv")), content).unwrap();
    }
    let (table, _) = read(&quiz);
    let models: Vec<&str> = table.runs.iter().map(|run| run.model.as_str()).collect();
    assert_eq!((models, table.benchmarks()), (vec!["gpt", "opus"], vec!["quiz".to_owned()]));
    assert_eq!(table.rows().map(|row| row.score.unwrap()).collect::<Vec<_>>(), [1.0, 0.0, 0.0, 1.0]);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_left_aside() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.csv"), "model,item,score\na,1,1\n").unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(directory.path().join("socket")).unwrap();
    let paths = [directory.path().to_owned()];
    let (_, report) = read(directory.path());
    assert_eq!(report.skipped.len(), 1);
    assert!(evalgauge::ingest::fingerprint(&paths, &IngestOptions::default()).is_ok());
    assert!(
        report.skipped[0].reason.contains("a pipe, a socket or a device"),
        "{}",
        report.skipped[0].reason
    );
}

#[test]
fn a_file_for_each_model_is_one_benchmark_and_spaces_are_no_part_of_names() {
    let directory = tempfile::tempdir().unwrap();
    let quiz = directory.path().join("quiz");
    fs::create_dir(&quiz).unwrap();
    fs::write(quiz.join("gpt.csv"), "item,score\na,1\nb,0\n").unwrap();
    fs::write(quiz.join("llama.csv"), "item ,score\n a,0\nb ,0\n").unwrap();
    // An id will do where nothing else can be the item.
    fs::write(
        quiz.join("other.jsonl"),
        "{\"id\": \"a\", \"correct\": true}\n{\"id\": \"b\", \"correct\": true}\n",
    )
    .unwrap();
    let (table, _) = read(&quiz);
    let (matrix, _) = pivot(&table, "quiz", &PivotOptions::default()).unwrap();
    assert_eq!((matrix.n_respondents(), matrix.n_items(), matrix.mean_score()), (3, 2, Some(0.5)));
    assert_eq!(table.benchmarks(), ["quiz"]);
}

#[test]
fn rows_and_columns_that_sum_up_are_no_models_and_items() {
    let (table, report) = text("model,q1,q2,q3,total,mean\na,1,0,1,2,.67\nb,0,0,1,1,.33\nTotal,1,0,2,3,1\n");
    assert_eq!((table.runs.len(), table.items.len(), table.len()), (2, 3, 6));
    let notes = notes(&report);
    assert!(notes.contains("1 row at the end sums") && notes.contains("total, mean"), "{notes}");
}

#[test]
fn a_line_that_names_the_delimiter_is_no_row() {
    let (table, report) = text("sep=;\nmodel;item;score\na;1;1\na;2;0\nb;1;0\n");
    assert_eq!(table.rows().map(|r| r.score).collect::<Vec<_>>(), [1.0, 0.0, 0.0].map(Some));
    assert!(report.notes.is_empty(), "{}", notes(&report));
}

#[test]
fn metrics_repeats_steps_and_variants_are_kept_apart() {
    let (table, report) = text(
        "model,benchmark,item,metric,score,epoch,step,prompt_variant\n\
         a,b,1,acc,1,1,100,\na,b,1,acc,0,2,100,\na,b,1,f1,0.5,1,100,\na,b,1,acc,1,1,200,\na,b,1,acc,1,1,200,x\n",
    );
    let runs: Vec<&str> = table.runs.iter().map(|r| r.id.as_str()).collect();
    assert_eq!(runs, ["a step 100", "a step 200", "a step 200 (x)"]);
    assert_eq!(table.runs[1].step, Some(200));
    assert_eq!(table.runs[2].prompt_variant.as_deref(), Some("x"));
    assert_eq!(table.rows().map(|r| r.repeat).collect::<Vec<_>>(), [1, 2, 1, 1, 1]);
    let primary: Vec<_> = table.metrics.iter().map(|m| (m.name.as_str(), m.primary)).collect();
    assert_eq!(primary, [("acc", true), ("f1", false)]);
    assert!(report.benchmarks[0].primary_because.contains("most models"));
}

#[test]
fn several_score_columns_are_several_metrics() {
    let (table, _) = text("model,item,acc,acc_norm\na,1,1,0\nb,1,0,0\n");
    assert_eq!(table.metrics.iter().map(|m| m.label()).collect::<Vec<_>>(), ["acc", "acc_norm"]);
    assert_eq!((table.len(), table.metrics[0].primary), (4, true));
}

#[test]
fn names_keep_their_leading_zeros_and_one_file_may_be_one_model() {
    let (table, report) = text("question_id,correct\n007,1\n07,0\n");
    assert_eq!(table.items.iter().map(|i| i.id.as_str()).collect::<Vec<_>>(), ["007", "07"]);
    assert_eq!(table.runs[0].model.as_str(), "quiz");
    assert!(notes(&report).contains("the file's name"), "{}", notes(&report));
}

#[test]
fn every_file_is_explained() {
    let Some(samples) = shared("samples") else { return };
    let (files, skipped) = look(std::slice::from_ref(&samples), &IngestOptions::default(), &|_| {}).unwrap();
    let all = explain(&files, &skipped);
    let on_disk = walk::walk(std::slice::from_ref(&samples), None).unwrap();
    let of_disk = all.iter().filter(|e| !e.file.contains('!')).count();
    let archives: std::collections::BTreeSet<&str> =
        all.iter().filter_map(|e| e.file.split_once('!')).map(|(archive, _)| archive).collect();
    assert!(!archives.is_empty());
    assert_eq!(of_disk + archives.len(), on_disk.len());
    for e in &all {
        match e.role {
            FileRole::Dump => assert!(e.n_rows > 0 && e.evidence.is_some(), "{e:?}"),
            FileRole::Companion | FileRole::Auxiliary => {
                assert!(e.n_rows == 0 && e.evidence.is_some(), "{e:?}")
            }
            FileRole::SetAside => assert!(e.reason.is_some_and(|r| !r.is_empty()), "{e:?}"),
        }
        assert_eq!(e.found.is_some(), e.nearest.is_some(), "{e:?}");
        let prose = e.file.ends_with(".md") || e.file.ends_with(".yaml");
        assert!(!prose || e.role == FileRole::Auxiliary, "{e:?}");
        let is_samples = e.file.contains("/lm_eval/") && e.file.contains("samples_");
        assert!(!is_samples || e.role == FileRole::Dump, "{e:?}");
    }
    let keys = all.iter().find(|e| e.file.ends_with("runs_to_run_suites.json")).unwrap();
    assert_eq!(keys.role, FileRole::Auxiliary, "{keys:?}");
}

#[test]
fn a_table_of_models_says_what_dumps_do_not() {
    let Some(samples) = shared("samples/lm_eval/v0.4.13") else { return };
    let directory = tempfile::tempdir().unwrap();
    let models = directory.path().join("models.csv");
    fs::write(
        &models,
        "model,params,tokens,family\nToy-7B,6.9B,2T,toys\nother/Toy-1B,1.1B,,toys\nabsent,1B,,x\n",
    )
    .unwrap();
    let (table, report) = read_with(&[samples, models.clone()], &IngestOptions::default());
    let of = |model: &str| {
        let runs: Vec<_> = table.runs.iter().filter(|r| r.model.as_str() == model).collect();
        assert!(
            !runs.is_empty() && runs.iter().all(|r| (r.params, r.tokens) == (runs[0].params, runs[0].tokens))
        );
        (runs[0].params, runs[0].tokens, runs[0].family.clone())
    };
    assert_eq!(of("toy-org/Toy-7B"), (Some(6.9e9), Some(2e12), Some("toys".to_owned())));
    assert_eq!(of("other/Toy-1B"), (Some(1.1e9), None, Some("toys".to_owned())));
    assert_eq!(of("toy-org/Toy-70B").0, Some(70e9));
    let used =
        report.files.iter().find(|f| f.file == models.display().to_string()).expect("the table is used");
    assert!(used.because.contains("models: family, params, tokens given to"), "{}", used.because);
    let said = |text: &str| report.notes.iter().any(|note| note.message.contains(text));
    assert!(said("1 model of this table is in no dump: absent"), "{:?}", report.notes);
    assert!(said("sizes of 1 models were parsed"), "{:?}", report.notes);
}
