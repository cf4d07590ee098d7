//! How does a long table look as JSON Lines? One object for each row, under the names of the canonical columns.

use super::{WriteError, Written, write_file};
use crate::response::{ResponseTable, Row};
use serde_json::{Map, Value, json};
use std::path::Path;

/// Writes every row of the table as one line of JSON to the file `path`.
///
/// `model, benchmark, subject, item, score, metric, repeat, run, status` are always there (`null` is not known);
/// what else is known of a row or its run is added.
///
/// # Errors
/// What the file system refuses; then no file is left behind.
pub fn write_json_lines(table: &ResponseTable, path: &Path) -> Result<Written, WriteError> {
    write_file(path, |out| {
        for row in table.rows() {
            serde_json::to_writer(&mut *out, &object(table, &row))?;
            out.write_all(b"\n")?;
        }
        Ok(())
    })?;
    Ok(Written { files: vec![path.to_owned()], n_rows: table.len(), n_rows_left_out: 0 })
}

fn object(table: &ResponseTable, row: &Row) -> Value {
    let run = &table.runs[row.run as usize];
    let item = &table.items[row.item as usize];
    let metric = &table.metrics[row.metric as usize];
    let mut out = Map::new();
    let mut always = |name: &str, value: Value| out.insert(name.to_owned(), value);
    always("model", json!(run.model.as_str()));
    always("benchmark", json!(item.benchmark));
    always("subject", json!(item.subject));
    always("item", json!(item.id.as_str()));
    always("score", json!(row.score));
    always("metric", json!(metric.name));
    always("repeat", json!(row.repeat));
    always("run", json!(run.id));
    always("status", json!(row.status.as_str()));
    let known = [
        ("filter", json!(metric.filter)),
        ("chosen", json!(row.chosen)),
        ("gold", json!(row.gold)),
        ("prediction", json!(row.prediction.as_deref())),
        ("logp_gold", json!(row.logp_gold)),
        ("logp_margin", json!(row.logp_margin)),
        ("revision", json!(run.revision)),
        ("step", json!(run.step)),
        ("seed", json!(run.seed)),
        ("prompt_variant", json!(run.prompt_variant)),
        ("family", json!(run.family)),
        ("params", json!(run.params)),
        ("tokens", json!(run.tokens)),
        ("flops", json!(run.flops)),
        ("timestamp", json!(run.timestamp)),
        ("question", json!(item.question)),
    ];
    out.extend(known.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.to_owned(), v)));
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::{ChoiceOptions, MissingOptions, SimulationOptions, simulate};

    #[test]
    fn every_row_is_a_line_with_its_score() {
        let simulation = simulate(&SimulationOptions {
            n_models: 4,
            n_items: 6,
            choices: Some(ChoiceOptions::default()),
            missing: MissingOptions { failed: 0.3, ..Default::default() },
            ..Default::default()
        })
        .unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("long.jsonl");
        let written = write_json_lines(&simulation.table, &path).unwrap();
        assert_eq!(written.n_rows, 24);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 24);
        for (line, row) in text.lines().zip(simulation.table.rows()) {
            let value: Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["score"].as_f64(), row.score);
            assert_eq!(value["status"], row.status.as_str());
            assert_eq!(value["model"], simulation.table.runs[row.run as usize].model.as_str());
            assert_eq!(value.get("chosen").and_then(Value::as_u64), row.chosen.map(u64::from));
        }
        assert!(text.starts_with(r#"{"model":"sim/m0","benchmark":"simulated","subject":null,"item":"i0","#));
    }
}
