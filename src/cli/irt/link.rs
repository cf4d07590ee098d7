//! How does one calibration come onto the scale of another? Linking through the items they share.

use super::saved::{self, Saved};
use crate::cli::analysis::merged;
use crate::cli::console::Console;
use crate::cli::output::Output;
use crate::irt::IrtFit;
use crate::irt::link::{Link, LinkMethod, link, relink};
use crate::irt::tables::item_table;
use crate::numeric::Estimate;
use crate::numeric::discovery::adjusted;
use crate::numeric::special::normal_cdf;
use crate::plot::canvas::AxisSpec;
use crate::plot::{Heading, IsoLine, ScatterData, ScatterPoint, scatter};
use crate::render::text;
use crate::report::words::{estimate, file_stem, number};
use crate::report::{Figure, TableView};
use crate::response::Table;
use anyhow::Context;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;

/// Bring one calibration onto the scale of another through common items
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    evalgauge irt link --from v2/item_parameters.csv --to v1/item_parameters.csv --out linked\n  \
    evalgauge irt score --parameters linked/item_parameters.csv v2.csv --out scored\n\n\
    Writes link, common_items and item_parameters (.csv and .parquet), plots/ and summary.json. The items of --from \
    are written on the scale of --to, ready for irt score.")]
pub struct LinkArgs {
    /// item_parameters.csv of the new calibration, whose scale is given up
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// item_parameters.csv of the calibration whose scale is kept
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Directory for the tables
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Which constants the linked table uses; both are reported
    #[arg(long, value_enum, default_value_t = MethodName::StockingLord, value_name = "METHOD")]
    method: MethodName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MethodName {
    /// Equal test characteristic curves
    StockingLord,
    /// Equal mean and spread of difficulties
    MeanSigma,
}

#[derive(Serialize)]
struct LinkSummary {
    benchmark: String,
    onto: String,
    method: &'static str,
    links: Vec<Link>,
    n_common_items: usize,
    n_drifting: usize,
}

/// One common item after linking.
struct Common {
    item: String,
    from: Estimate,
    to: Estimate,
    linked: Estimate,
    /// Linked less kept, with its standard error.
    difference: Estimate,
    /// Adjusted p-value of a difference of 0.
    drift_q: Option<f64>,
}

/// A common item drifts if it would be named by chance at most this often.
const DRIFT: f64 = 0.05;

pub fn run(args: &LinkArgs, console: &Console) -> anyhow::Result<()> {
    let (from, to) = (saved::read(&args.from)?, saved::read(&args.to)?);
    let mut output = Output::create(&args.out)?;
    let (mut tables, mut summaries, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for new in &from {
        let name = new.fit.benchmark.as_str();
        let old = saved::for_benchmark(&to, name, &args.to)?;
        let links = [LinkMethod::MeanSigma, LinkMethod::StockingLord]
            .into_iter()
            .map(|method| link(&old.fit, &new.fit, method))
            .collect::<Result<Vec<Link>, _>>()
            .with_context(|| format!("{name}: {} cannot be linked", args.from.display()))?;
        let chosen = if args.method == MethodName::MeanSigma { &links[0] } else { &links[1] };
        let linked = relink(&new.fit, chosen);
        let common = common_items(&new.fit, &old.fit, &linked);
        let drifting = common.iter().filter(|c| c.drift_q.is_some_and(|q| q <= DRIFT)).count();
        if drifting > 0 {
            console.warning(&format!(
                "{name}: {drifting} of {} common items changed their difficulty beyond error (drift_q in \
                 common_items.csv); a link through the others may be truer",
                common.len()
            ));
        }
        rows.extend(links.iter().map(|l| link_row(name, l)));
        tables.push(link_table(name, &links, chosen.method));
        tables.push(common_table(name, &common));
        tables.push(item_table(&new.frame(), &linked, None));
        draw(new, old, &common, &mut output)?;
        summaries.push(LinkSummary {
            benchmark: name.to_owned(),
            onto: old.fit.benchmark.clone(),
            method: method_name(chosen.method),
            n_common_items: common.len(),
            n_drifting: drifting,
            links,
        });
    }
    for table in merged(tables.into_iter()) {
        output.table(&table)?;
    }
    output.json("summary.json", &summaries)?;
    let directory = output.commit(console)?;
    let headings =
        ["benchmark", "method", "#slope [95 %]", "#shift [95 %]", "#common items", "#misfit of an item"];
    let mut table = TableView::new("", &headings, rows);
    table.note =
        Some("ability on the scale of --to = slope × ability on the scale of --from + shift".to_owned());
    console.result(&text::table(&table, &console.text_options()), &summaries)?;
    console.note(&format!("linked item_parameters.csv in {}", directory.display()));
    Ok(())
}

fn method_name(method: LinkMethod) -> &'static str {
    match method {
        LinkMethod::MeanSigma => "mean_sigma",
        LinkMethod::StockingLord => "stocking_lord",
    }
}

fn link_row(benchmark: &str, link: &Link) -> Vec<String> {
    vec![
        benchmark.to_owned(),
        method_name(link.method).to_owned(),
        estimate(&link.slope, 3),
        estimate(&link.intercept, 3),
        link.n_items.to_string(),
        number(Some(link.misfit), 4),
    ]
}

fn common_items(new: &IrtFit, old: &IrtFit, linked: &IrtFit) -> Vec<Common> {
    let place: std::collections::HashMap<&str, &Estimate> =
        old.items.iter().map(|i| (i.item.as_str(), &i.location)).collect();
    let mut out: Vec<Common> = new
        .items
        .iter()
        .zip(&linked.items)
        .filter_map(|(before, after)| {
            let to = **place.get(before.item.as_str())?;
            let value = after.location.value - to.value;
            let difference = match (after.location.std_error, to.std_error) {
                (Some(a), Some(b)) => Estimate::normal(value, a.hypot(b), 0.95),
                _ => Estimate::bare(value),
            };
            Some(Common {
                item: before.item.to_string(),
                from: before.location,
                to,
                linked: after.location,
                difference,
                drift_q: None,
            })
        })
        .collect();
    let p: Vec<Option<f64>> = out
        .iter()
        .map(|c| {
            let error = c.difference.std_error.filter(|e| *e > 0.0)?;
            Some(2.0 * normal_cdf(-(c.difference.value / error).abs()))
        })
        .collect();
    out.iter_mut().zip(adjusted(&p)).for_each(|(c, q)| c.drift_q = q);
    out
}

fn link_table(benchmark: &str, links: &[Link], used: LinkMethod) -> Table {
    Table::new("link")
        .text("benchmark", links.iter().map(|_| Some(benchmark)))
        .text("method", links.iter().map(|l| Some(method_name(l.method))))
        .truth("chosen", links.iter().map(|l| Some(l.method == used)))
        .real("link_slope", links.iter().map(|l| Some(l.slope.value)))
        .real("link_slope_se", links.iter().map(|l| l.slope.std_error))
        .real("link_slope_low", links.iter().map(|l| l.slope.low()))
        .real("link_slope_high", links.iter().map(|l| l.slope.high()))
        .real("link_shift", links.iter().map(|l| Some(l.intercept.value)))
        .real("link_shift_se", links.iter().map(|l| l.intercept.std_error))
        .real("link_shift_low", links.iter().map(|l| l.intercept.low()))
        .real("link_shift_high", links.iter().map(|l| l.intercept.high()))
        .whole("n_items", links.iter().map(|l| Some(l.n_items as i64)))
        .real("link_misfit", links.iter().map(|l| Some(l.misfit)))
}

fn common_table(benchmark: &str, common: &[Common]) -> Table {
    let column = |of: fn(&Common) -> Option<f64>| common.iter().map(of).collect::<Vec<_>>();
    Table::new("common_items")
        .text("benchmark", common.iter().map(|_| Some(benchmark)))
        .text("item", common.iter().map(|c| Some(c.item.as_str())))
        .real("difficulty_from", column(|c| Some(c.from.value)))
        .real("difficulty_linked", column(|c| Some(c.linked.value)))
        .real("difficulty_to", column(|c| Some(c.to.value)))
        .real("difficulty_change", column(|c| Some(c.difference.value)))
        .real("difficulty_change_se", column(|c| c.difference.std_error))
        .real("difficulty_change_low", column(|c| c.difference.low()))
        .real("difficulty_change_high", column(|c| c.difference.high()))
        .real("drift_q", column(|c| c.drift_q))
}

/// Points drawn with their intervals; of more, the dots alone.
const INTERVALS: usize = 100;

fn draw(new: &Saved, old: &Saved, common: &[Common], output: &mut Output) -> anyhow::Result<()> {
    let bare = |e: Estimate| if common.len() > INTERVALS { Estimate::bare(e.value) } else { e };
    let drifts = |c: &Common| c.drift_q.is_some_and(|q| q <= DRIFT);
    // Items with a slope near 0 have difficulties without bounds and would push the others together.
    let finite: Vec<&Common> =
        common.iter().filter(|c| c.to.value.abs() < FAR && c.linked.value.abs() < FAR).collect();
    if finite.is_empty() {
        return Ok(());
    }
    let ends = finite.iter().flat_map(|c| [c.to.value, c.linked.value]);
    let (low, high) = (ends.clone().fold(f64::INFINITY, f64::min), ends.fold(f64::NEG_INFINITY, f64::max));
    let (low, high) = (low - 0.05 * (high - low).max(0.1), high + 0.05 * (high - low).max(0.1));
    let data = ScatterData {
        heading: Heading::new(
            "Difficulties of the common items after linking",
            format!("{} onto {}: {} items", new.fit.benchmark, old.fit.benchmark, common.len()),
        ),
        x: AxisSpec::linear("difficulty in the calibration whose scale is kept").with_domain(low, high),
        y: AxisSpec::linear("difficulty in the new calibration, linked").with_domain(low, high),
        points: finite
            .iter()
            .map(|c| ScatterPoint {
                x: bare(c.to),
                y: bare(c.linked),
                label: drifts(c).then(|| c.item.clone()),
                group: usize::from(drifts(c)),
            })
            .collect(),
        groups: vec!["unchanged within error".to_owned(), "changed beyond error".to_owned()],
        iso_lines: vec![IsoLine { label: "unchanged".to_owned(), points: vec![(low, low), (high, high)] }],
    };
    let figure = Figure::draw("irt-link", "", |width| scatter(&data, width))?;
    output.figure(&format!("plots/{}", file_stem(&new.fit.benchmark)), &figure)
}

/// Difficulties beyond this are not drawn.
const FAR: f64 = 6.0;
