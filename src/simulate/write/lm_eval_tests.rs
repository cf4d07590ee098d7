//! Is every score found again in the files, under its model and task?

use super::*;
use crate::response::ResponseTable;
use crate::simulate::{ChoiceOptions, MissingOptions, SimulationOptions, simulate};
use std::fs;

fn table(options: SimulationOptions) -> ResponseTable {
    simulate(&SimulationOptions { n_models: 3, n_items: 12, ..options }).unwrap().table
}

fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn every_score_is_found_again_under_its_model_and_task() {
    let choices = ChoiceOptions { log_probabilities: true, ..Default::default() };
    let table = table(SimulationOptions { choices: Some(choices), n_subjects: 2, ..Default::default() });
    let out = tempfile::tempdir().unwrap();
    let written = write_lm_eval(&table, out.path()).unwrap();
    assert_eq!((written.n_rows, written.n_rows_left_out, written.files.len()), (36, 0, 9));
    for row in table.rows() {
        let run = &table.runs[row.run as usize];
        let item = &table.items[row.item as usize];
        let subject = item.subject.as_deref().unwrap();
        let name = format!("samples_simulated_{subject}_{}.jsonl", run.timestamp.as_deref().unwrap());
        let path = out.path().join(run.model.as_str().replace('/', "__")).join(name);
        let lines = lines(&path);
        let line = &lines[row.item as usize % 6];
        assert_eq!(line["doc_id"], row.item as usize % 6);
        assert_eq!(line["acc"].as_f64(), row.score);
        assert_eq!(line["target"], row.gold.unwrap().to_string());
        let logp: Vec<f32> =
            (0..4).map(|k| line["filtered_resps"][k][0].as_str().unwrap().parse().unwrap()).collect();
        let chosen = (0..4).max_by(|&a, &b| logp[a].total_cmp(&logp[b])).unwrap();
        assert_eq!(Some(chosen as u16), row.chosen);
    }
    let results: Value = serde_json::from_str(&fs::read_to_string(&written.files[2]).unwrap()).unwrap();
    let right: f64 = (0..12).filter_map(|r| table.score(r)).sum();
    assert!((results["groups"]["simulated"]["acc,none"].as_f64().unwrap() - right / 12.0).abs() < 1e-12);
    assert_eq!(results["configs"]["simulated_subject_1"]["output_type"], "multiple_choice");
}

#[test]
fn without_log_probabilities_the_answer_is_written_as_text() {
    let choices = Some(ChoiceOptions::default());
    for (options, metric) in [
        (SimulationOptions { choices, ..Default::default() }, "acc"),
        (SimulationOptions::default(), "exact_match"),
    ] {
        let table = table(options);
        let out = tempfile::tempdir().unwrap();
        let written = write_lm_eval(&table, out.path()).unwrap();
        for line in lines(&written.files[0]) {
            let right = line["filtered_resps"][0] == line["target"];
            assert_eq!(line[metric].as_f64(), Some(f64::from(u8::from(right))));
        }
        let results: Value = serde_json::from_str(&fs::read_to_string(&written.files[1]).unwrap()).unwrap();
        assert_eq!(results["configs"]["simulated"]["output_type"], "generate_until");
        assert_eq!(results["groups"], Value::Object(Default::default()));
    }
}

#[test]
fn what_the_format_cannot_hold_is_counted_or_refused() {
    let missing = MissingOptions { failed: 0.5, ..Default::default() };
    let failed = table(SimulationOptions { missing, ..Default::default() });
    let out = tempfile::tempdir().unwrap();
    let written = write_lm_eval(&failed, out.path()).unwrap();
    assert_eq!(written.n_rows + written.n_rows_left_out, 36);
    assert!(written.n_rows_left_out > 5);
    let repeated = table(SimulationOptions { repeats: 2, ..Default::default() });
    let error = write_lm_eval(&repeated, out.path()).unwrap_err().to_string();
    assert!(error.starts_with("run \"sim/m0\" has repeat 1 of item \"i00\""), "{error}");
}

#[test]
fn directory_names_are_those_of_the_harness() {
    assert_eq!(sanitised("other/Toy-1B"), "other__Toy-1B");
    assert_eq!(sanitised("a//b:c"), "a__b__c");
}
