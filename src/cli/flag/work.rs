//! What do the detectors say of one benchmark, and which files hold it?

use crate::classical::ClassicalAnalysis;
use crate::cli::console::Console;
use crate::cli::input::Benchmark;
use crate::cli::output::Output;
use crate::flags::confidence::option_confidence;
use crate::flags::effect::{Effect, Repairs, effect};
use crate::flags::export::{LM_EVAL_MODULE, export};
use crate::flags::fit::ItemFits;
use crate::flags::instability::instability;
use crate::flags::panel::{PanelError, families};
use crate::flags::report::panel_items;
use crate::flags::{Context, FlagReport, Panel, RankingOptions, flag_items};
use crate::report::FlagInputs;
use crate::report::words::file_stem;
use crate::response::{Item, ResponseTable, Table};
use crate::uncertainty::LeaderboardOptions;
use serde::Serialize;

/// What the user chose.
#[derive(Debug, Clone, Copy)]
pub struct FlagSettings {
    pub top: usize,
    pub seed: u64,
}

/// One benchmark with everything found out about its items.
pub struct Flagged {
    pub panel: Panel,
    pub items: Vec<Item>,
    pub report: FlagReport,
    pub repairs: Repairs,
    /// What the repairs change, or why that cannot be said.
    pub effect: Result<Effect, String>,
    settings: FlagSettings,
}

impl Flagged {
    pub fn of(
        table: &ResponseTable,
        benchmark: &Benchmark,
        classical: Option<&ClassicalAnalysis>,
        fits: Option<&ItemFits>,
        settings: &FlagSettings,
    ) -> Result<Self, PanelError> {
        let matrix = &benchmark.matrix;
        let panel = Panel::new(matrix, Some(&families(table, matrix)))?;
        let items = panel_items(table, &matrix.benchmark);
        let instability = instability(table, &matrix.benchmark, &panel.items);
        let confidence = option_confidence(table, &matrix.benchmark, &panel.items, &panel.gold);
        let context = Context {
            items: Some(&items),
            classical: classical.map(|c| c.items.as_slice()),
            fits,
            instability: Some(&instability),
            confidence: confidence.as_ref(),
        };
        let options = RankingOptions { top: settings.top, seed: settings.seed, ..Default::default() };
        let report = flag_items(&panel, &context, &options);
        let repairs = report.repairs(settings.top);
        let effect = if repairs == Repairs::default() {
            Err("no item on the reading list is suspected of a fault: nothing to repair".to_owned())
        } else {
            let board = LeaderboardOptions { seed: settings.seed, ..Default::default() };
            effect(matrix, &repairs, &board).map_err(|e| e.to_string())
        };
        Ok(Self { panel, items, report, repairs, effect, settings: *settings })
    }

    /// What a page shows of it.
    pub fn inputs(&self) -> FlagInputs<'_> {
        FlagInputs { panel: &self.panel, items: &self.items, report: &self.report }
    }

    pub fn tables(&self) -> Vec<Table> {
        let (report, panel) = (&self.report, &self.panel);
        let mut tables = vec![
            report.flags_table(panel),
            report.rules_table(panel),
            report.review_table(panel, Some(&self.items), self.settings.top, self.settings.seed),
            report.repairs_table(panel, &self.repairs),
        ];
        tables.extend(report.duplicate_pairs_table(panel));
        tables.extend(self.effect.iter().map(|e| e.table(&report.benchmark)));
        tables
    }

    /// The repaired benchmark for harnesses, in a directory of its own; what could not be written is told.
    pub fn write_export(&self, output: &mut Output, console: &Console) -> anyhow::Result<()> {
        let out = export(&self.panel, &self.items, &self.repairs);
        let directory = format!("export/{}", file_stem(&self.report.benchmark));
        output.bytes(&format!("{directory}/drop.txt"), lines(&out.drop).as_bytes())?;
        if !out.lm_eval_samples.is_empty() {
            output.json(&format!("{directory}/lm_eval/samples.json"), &out.lm_eval_samples)?;
            output.json(&format!("{directory}/lm_eval/repairs.json"), &out.lm_eval_repairs)?;
            output.bytes(&format!("{directory}/lm_eval/repaired.py"), LM_EVAL_MODULE.as_bytes())?;
        }
        if out.n_without_position > 0 {
            console.note(&format!(
                "{}: {} items are not numbered by their position in a task, so export/ has no list for \
                 lm-evaluation-harness of them",
                self.report.benchmark, out.n_without_position
            ));
        }
        if !out.inspect.is_empty() {
            output.bytes(&format!("{directory}/inspect/repaired.jsonl"), &json_lines(&out.inspect)?)?;
            output.bytes(&format!("{directory}/helm/repaired.jsonl"), &json_lines(&out.helm)?)?;
        }
        Ok(())
    }
}

fn lines(names: &[String]) -> String {
    names.iter().map(|n| format!("{n}\n")).collect()
}

fn json_lines<T: Serialize>(rows: &[T]) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut bytes, row)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}
