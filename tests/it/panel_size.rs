//! How many models does one need to find wrong keys? The simulated study of docs/flags.md, small or in full.
//!
//! `EVALGAUGE_DRAW=1 cargo test --test it how_many_models` makes the figure and the table of the document.

use evalgauge::flags::panel_size::{PanelSize, PanelSizeOptions, panel_sizes};
use evalgauge::numeric::Estimate;
use evalgauge::plot::canvas::AxisSpec;
use evalgauge::plot::{CurvesData, Heading, Series, WIDE, curves};
use std::path::Path;

fn series(sizes: &[PanelSize], name: &str, value: impl Fn(&PanelSize) -> Estimate, dashed: bool) -> Series {
    let ends =
        |e: Estimate| (e.low().expect("an interval").max(0.0), e.high().expect("an interval").min(1.0));
    Series {
        name: name.to_owned(),
        points: sizes.iter().map(|s| (s.n_models as f64, value(s).value)).collect(),
        band: Some(sizes.iter().map(|s| ends(value(s))).collect()),
        dashed,
    }
}

fn draw(sizes: &[PanelSize]) {
    let domain = Some((0.0, 1.0));
    let data = CurvesData {
        heading: Heading::new(
            "How many models does one need?",
            "simulated: 1,000 items, 3 % wrong keys, half of the models copies; bands: 95 % over 20 benchmarks",
        ),
        x: AxisSpec::log("number of models"),
        y: AxisSpec { domain, ..AxisSpec::linear("share of the wrong keys, or of the items read") },
        series: vec![
            series(sizes, "recall, reading 3 %", |s| s.at[1].1, false),
            series(sizes, "recall, reading 5 %", |s| s.at[2].1, false),
            series(sizes, "recall, reading 10 %", |s| s.at[3].1, false),
            series(sizes, "precision of the first 1 %", |s| s.at[0].2, true),
            series(sizes, "precision of the first 3 %", |s| s.at[1].2, true),
        ],
    };
    let chart = curves(&data, WIDE).expect("a chart");
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images");
    std::fs::write(images.join("panel_size.svg"), chart.svg().expect("a drawing")).expect("a file");
    std::fs::write(images.join("panel_size.png"), chart.png().expect("a picture")).expect("a file");
    let cell = |e: Estimate| format!("{:.2} ± {:.2}", e.value, e.high().expect("an interval") - e.value);
    for s in sizes {
        println!(
            "| {} | {} | {} | {} | {} | {} |",
            s.n_models,
            cell(s.at[0].2),
            cell(s.at[1].1),
            cell(s.at[2].1),
            cell(s.at[3].1),
            cell(s.average_precision)
        );
    }
}

#[test]
fn how_many_models_does_one_need() {
    let in_full = std::env::var("EVALGAUGE_DRAW").as_deref() == Ok("1");
    let small =
        PanelSizeOptions { sizes: vec![3, 10, 40], replicates: 4, n_items: 300, ..Default::default() };
    let options = if in_full { PanelSizeOptions::default() } else { small };
    let sizes = panel_sizes(&options).expect("a study");
    if in_full {
        draw(&sizes);
    }
    let found: Vec<f64> = sizes.iter().map(|s| s.average_precision.value).collect();
    assert!(found[0] < found[found.len() - 1], "{found:?}");
    assert!(sizes.iter().all(|s| s.at.windows(2).all(|w| w[0].1.value <= w[1].1.value + 1e-12)));
}
