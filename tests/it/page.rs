//! Is the page whole and fit to read? Links, identifiers, no network, no overflow in a browser.

use base64::Engine;
use evalgauge::classical::{ClassicalOptions, analyse};
use evalgauge::irt::{IrtOptions, fit, item_fit, local_dependence};
use evalgauge::numeric::Estimate;
use evalgauge::numeric::random::stream;
use evalgauge::numeric::special::logistic;
use evalgauge::plot::canvas::AxisSpec;
use evalgauge::plot::{
    Chart, CurvesData, Heading, IsoLine, NARROW, ScatterData, ScatterPoint, Series, WIDE, curves, scatter,
};
use evalgauge::render;
use evalgauge::report::{
    BenchmarkInputs, BenchmarkReport, Block, FileRead, FileSkipped, ItemResponse, LintNote, Provenance,
    Report, build,
};
use evalgauge::response::{BitMatrix, Cells, Item, Metric, NO_OPTION, OptionPlanes, ResponseMatrix};
use evalgauge::uncertainty::{LeaderboardOptions, leaderboard};
use ndarray::Array2;
use rand::RngExt;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Names as they come from dumps: long, foreign, hostile.
fn model_name(k: usize) -> String {
    match k {
        0 => "</script><img src=x onerror=alert(1)>".to_owned(),
        1 => "通义千问-72B-Chat".to_owned(),
        2 => "an-organisation-with-a-long-name/A-Model-Whose-Name-Does-Not-End-70B-Instruct-v0.3-FP8-dynamic"
            .to_owned(),
        3 => "a\"quoted\"&'model'".to_owned(),
        k => format!("organisation-{}/model-{k}-{}B", k % 7, 1 + k * 3 % 71),
    }
}

/// A matrix with subjects, options, missing cells, a copied model and items with wrong keys.
fn simulated(name: &str, models: usize, items: usize, seed: u64) -> ResponseMatrix {
    const OPTIONS: u8 = 10;
    let mut random = stream(seed, 0);
    let ability: Vec<f64> = (0..models).map(|k| 3.0 * k as f64 / models as f64 - 1.0).collect();
    let mut bits = BitMatrix::missing(items, models);
    let mut chosen = Array2::from_elem((items, models), NO_OPTION);
    for item in 0..items {
        let difficulty = 5.0 * random.random::<f64>() - 2.5;
        // Every 23rd item is keyed to option 7 while option 2 is right.
        let (key, truth) = if item % 23 == 5 { (7, 2) } else { (item as u8 % OPTIONS, item as u8 % OPTIONS) };
        for (model, ability) in ability.iter().enumerate() {
            let knows = random.random::<f64>() < logistic(1.6 * (ability - difficulty));
            let option = if knows { truth } else { random.random_range(0..OPTIONS) };
            if random.random::<f64>() < 0.01 {
                continue;
            }
            if random.random::<f64>() > 0.02 {
                chosen[[item, model]] = option;
            }
            bits.set(item, model, Some(option == key));
        }
        // Model 2 is a copy of model 0.
        if models > 2 {
            bits.set(item, 2, bits.get(item, 0));
            chosen[[item, 2]] = chosen[[item, 0]];
        }
    }
    let subjects: Vec<Option<String>> = (0..items)
        .map(|i| {
            Some(match i % 9 {
                0 => "high_school_government_and_politics_with_a_very_long_subject_name".to_owned(),
                1 if i > 20 => format!("rare {}", i % 2),
                k => format!("subject {k}"),
            })
        })
        .collect();
    let gold =
        Array2::from_shape_fn((items, models), |(i, _)| if i % 23 == 5 { 7 } else { i as u8 % OPTIONS });
    ResponseMatrix::new(
        name,
        Metric::new(name, "acc", Some("strict-match")),
        (0..models).map(|k| model_name(k).into()).collect(),
        (0..items).map(|i| format!("{name}/{i}").into()).collect(),
        &subjects,
        Cells::Binary(bits),
        Some(OptionPlanes { chosen, gold, n_options: vec![OPTIONS; items] }),
    )
}

/// Texts as they come from dumps: markup, control characters, long words; every third item has none.
fn texts(matrix: &ResponseMatrix) -> Vec<Item> {
    (0..matrix.n_items())
        .filter(|i| i % 3 != 0)
        .map(|i| {
            let question = format!(
                "Which of <b>these</b> holds for {i}?\n\tf(x) = x² & y\u{7}\n{}",
                "long ".repeat(500)
            );
            Item {
                question: Some(question.into()),
                options: Some((0..10).map(|k| format!("option {k} {}", "w".repeat(60))).collect()),
                ..Item::new(&matrix.benchmark, None, matrix.items()[i].clone())
            }
        })
        .collect()
}

fn report_of(matrix: &ResponseMatrix, texts: &[Item]) -> BenchmarkReport {
    let classical = analyse(matrix, &ClassicalOptions { splits: 50, ..Default::default() });
    let board = leaderboard(matrix, &LeaderboardOptions { replicates: 200, ..Default::default() });
    let fitted = fit(matrix, &IrtOptions::default()).and_then(|fit| {
        let fits = item_fit(&fit, matrix)?;
        let dependence = local_dependence(&fit, matrix, 0.2)?;
        Ok((fit, fits, dependence))
    });
    build(&BenchmarkInputs {
        matrix,
        texts,
        classical: classical.as_ref().map_err(ToString::to_string),
        leaderboard: board.as_ref().map_err(ToString::to_string),
        ladder: Err("no run is marked as a rung of a scaling ladder".to_owned()),
        item_response: fitted.as_ref().map_err(ToString::to_string).map(|(fit, fits, dependence)| {
            ItemResponse { matrix, fit, item_fits: Some(fits), dependence: Some(dependence), choice: None }
        }),
        signal: Err("no run says its training step or seed".to_owned()),
        selection: Err("not chosen here".to_owned()),
        flags: Err("the page is tested without them".to_owned()),
    })
}

fn benchmark(name: &str, models: usize, items: usize, seed: u64) -> BenchmarkReport {
    let matrix = simulated(name, models, items, seed);
    report_of(&matrix, &texts(&matrix))
}

fn page(benchmarks: Vec<BenchmarkReport>) -> Report {
    Report {
        title: "How far can these benchmarks be trusted?".to_owned(),
        command: Some("evalgauge report results/ --out report".to_owned()),
        provenance: Provenance {
            files_read: vec![FileRead {
                path: "results/<model>/samples.jsonl".into(),
                format: "lm_eval".into(),
                n_rows: 12_032,
            }],
            files_skipped: vec![FileSkipped { path: "notes.txt".into(), reason: "no known format".into() }],
            n_rows: 34_800,
            n_duplicates: 3,
            n_without_score: 348,
            n_models: 29,
            metrics: vec!["simulated: acc,strict-match (also exact_match)".into()],
            notes: vec!["2 runs were set aside for a later run of the same model.".into()],
            lint: vec![LintNote {
                message: "1 model answered the same item twice with different scores".into(),
                place: Some("results/b/samples.jsonl, row 17".into()),
                remedy: Some("Give the repeats a number.".into()),
            }],
        },
        benchmarks,
    }
}

/// The values of an attribute, as written.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let key = format!(" {name}=\"");
    html.match_indices(&key)
        .map(|(at, _)| html[at + key.len()..].split('"').next().unwrap_or_default())
        .collect()
}

fn check_page(html: &str) {
    let ids = attributes(html, "id");
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len(), "an identifier is used twice");
    for id in &unique {
        assert!(
            !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
            "identifier {id:?}"
        );
    }
    for href in attributes(html, "href") {
        match href.strip_prefix('#') {
            Some(target) => assert!(unique.contains(target), "no target for #{target}"),
            None => assert!(href.starts_with("data:image/png;base64,"), "{href} is not in the page"),
        }
    }
    assert!(attributes(html, "src").is_empty() && !html.contains("@import"));
    for load in html.match_indices("url(") {
        assert!(html[load.0..].starts_with("url(data:"), "a style loads from outside");
    }
    assert!(!html.contains("<script"), "the page has no script, not even from a model's name");
    assert!(html.contains("&lt;&#x2f;script&gt;") || html.contains("&lt;/script&gt;"));
    assert!(!html.contains('\u{7}'));
    assert!(!html.contains("NaN") && !html.contains(">inf<"));
}

#[test]
fn a_page_is_whole_and_needs_nothing_else() {
    let report = page(vec![benchmark("simulated", 29, 600, 1)]);
    let html = render::html(&report).unwrap();
    check_page(&html);
    assert_eq!(html, render::html(&report).unwrap(), "the same report gives the same page");
    for heading in [
        "Findings",
        "Leaderboard",
        "Reliability",
        "Item difficulty",
        "Response map",
        "nearly copies",
        "Items to look at",
        "could not run",
        "What was read",
    ] {
        assert!(html.contains(heading), "{heading} is missing");
    }
    assert!(html.len() < 1_000_000, "{} bytes", html.len());
}

#[test]
fn many_benchmarks_fit_on_one_page() {
    let benchmarks = (0..20).map(|k| benchmark(&format!("bench {k}"), 12, 130, k)).collect();
    let html = render::html(&page(benchmarks)).unwrap();
    check_page(&html);
    assert!(html.contains("id=\"overview\""));
    assert!(html.len() < 5_000_000, "{} bytes", html.len());
}

#[test]
fn every_chart_can_be_written_as_svg_and_png() {
    let report = benchmark("simulated", 29, 600, 1);
    let mut n = 0;
    for figure in report.figures() {
        n += 1;
        for chart in [&figure.wide, &figure.narrow] {
            let svg = chart.svg().unwrap();
            assert!(svg.starts_with("<?xml") && svg.trim_end().ends_with("</svg>"));
            assert!(!svg.contains("var("), "a file of its own has its own colours");
            assert!(!svg.contains("NaN"));
        }
        let png = figure.wide.png().unwrap();
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        save(&format!("{}.png", figure.name), &png);
        save(&format!("{}.svg", figure.name), figure.wide.svg().unwrap().as_bytes());
    }
    assert_eq!(n, 10, "five charts of scores and items, five of item response");
}

#[test]
fn what_is_planted_is_found() {
    let report = benchmark("simulated", 29, 600, 1);
    let said = |text: &str| report.findings.iter().any(|f| f.headline.contains(text));
    assert!(
        said("surely works backwards") && said("same answers") && said("have no score"),
        "{:#?}",
        report.findings
    );
    let cards = report.sections.iter().flat_map(|s| &s.blocks).find_map(|b| match b {
        Block::Items(cards) => Some(cards),
        _ => None,
    });
    let cards = cards.expect("items to look at");
    let planted = cards.iter().filter(|c| {
        let number: usize = c.item.rsplit('/').next().unwrap().parse().unwrap();
        number % 23 == 5
    });
    assert!(
        planted.count() * 3 >= cards.len() * 2,
        "{:?}",
        cards.iter().map(|c| &c.item).collect::<Vec<_>>()
    );
    assert!(cards.iter().all(|c| c.votes.is_some() && !c.reasons.is_empty()));
    assert!(cards.iter().any(|c| c.reasons.iter().any(|r| r.contains("strongest third choose C"))));
}

#[test]
fn a_page_of_almost_nothing_says_why() {
    let matrix = ResponseMatrix::from_rows(&[vec![Some(true), Some(false)]]);
    let report = report_of(&matrix, &[]);
    for check in ["Leaderboard", "Reliability", "Votes by option"] {
        assert!(report.not_run.iter().any(|n| n.check.contains(check)), "{check}: {:?}", report.not_run);
    }
    let html = render::html(&page(vec![report])).unwrap();
    assert!(html.contains("could not run"));
    assert!(!html.contains("NaN"));
}

#[test]
fn a_page_as_large_as_mmlu_pro_stays_small() {
    let matrix = simulated("mmlu-pro-like", 29, 12_032, 3);
    let html = render::html(&page(vec![report_of(&matrix, &texts(&matrix))])).unwrap();
    assert!(html.len() < 3_000_000, "{} bytes", html.len());
    save("mmlu-pro-like.html", html.as_bytes());
}

/// A chart with awkward names, drawn at both widths.
fn try_both(name: &str, chart: impl Fn(f64) -> Chart) {
    for (width, label) in [(WIDE, "wide"), (NARROW, "narrow")] {
        let chart = chart(width);
        let svg = chart.svg().unwrap();
        assert!(svg.contains("<path") && !svg.contains("NaN") && !svg.contains("\"inf"));
        save(&format!("{name}-{label}.png"), &chart.png().unwrap());
        save(&format!("{name}-{label}.svg"), svg.as_bytes());
    }
}

#[test]
fn general_charts_draw_curves_bands_points_names_and_iso_lines() {
    let information = CurvesData {
        heading: Heading::new("Test information", "simulated, 2PL: 29 models, 600 items"),
        x: AxisSpec::linear("ability θ (standard deviations)").with_domain(-4.0, 4.0),
        y: AxisSpec::linear("information"),
        series: (0..3)
            .map(|k| {
                let points: Vec<(f64, f64)> = (-60..=60)
                    .map(|t| (t as f64 / 10.0, 8.0 * (-(t as f64 / 10.0 - k as f64).powi(2) / 2.0).exp()))
                    .collect();
                Series {
                    name: format!("subject {k}"),
                    band: Some(points.iter().map(|(_, y)| (y * 0.8, y * 1.2)).collect()),
                    points,
                    dashed: k == 2,
                }
            })
            .collect(),
    };
    try_both("curves", |w| curves(&information, w).unwrap());

    let ladder = ScatterData {
        heading: Heading::new("Signal and noise", "40 benchmarks, 18 models"),
        x: AxisSpec::log("compute (FLOPs)"),
        y: AxisSpec::linear("accuracy (share correct)").with_domain(0.0, 1.0),
        points: (0..40)
            .map(|k| ScatterPoint {
                x: Estimate::bare(10f64.powf(18.0 + (k * 7 % 40) as f64 / 10.0)),
                y: Estimate::normal(0.1 + 0.02 * (k * 11 % 40) as f64, 0.02, 0.95),
                label: Some(format!("organisation/model {k}")),
                group: k % 3,
            })
            .collect(),
        groups: ["rungs", "targets", "others"].map(str::to_owned).to_vec(),
        iso_lines: (1..4)
            .map(|r| IsoLine {
                label: format!("ratio {r}"),
                points: (0..=50)
                    .map(|t| (10f64.powf(17.5 + t as f64 / 10.0), 0.004 * (r * t) as f64))
                    .collect(),
            })
            .collect(),
    };
    try_both("scatter", |w| scatter(&ladder, w).unwrap());
    assert!(scatter(&ScatterData { points: vec![], ..ladder.clone() }, WIDE).is_err());
    let mut zero = ladder;
    zero.points[0].x = Estimate::bare(0.0);
    assert!(scatter(&zero, WIDE).is_err(), "zero has no place on a logarithmic axis");
}

/// Keeps a result for people to look at, where `EVALGAUGE_KEEP_PAGES` names a directory.
fn save(name: &str, bytes: &[u8]) {
    if let Some(dir) = std::env::var_os("EVALGAUGE_KEEP_PAGES") {
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(Path::new(&dir).join(name), bytes).unwrap();
    }
}

/// A Chromium on this machine.
fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("EVALGAUGE_CHROMIUM").map(PathBuf::from);
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = named.or_else(|| {
        let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
        std::env::split_paths(&paths).flat_map(|dir| names.map(|n| dir.join(n))).find(|p| p.is_file())
    });
    if found.is_none() {
        assert!(
            std::env::var_os("EVALGAUGE_REQUIRE_CHROMIUM").is_none(),
            "EVALGAUGE_REQUIRE_CHROMIUM is set and there is no Chromium in PATH"
        );
        println!("skipped: the page was not tried in a browser because there is no Chromium in PATH");
    }
    found
}

/// What a browser says of a page at a width: a script in a copy of the page measures it in a frame of that
/// width, since the window of a browser cannot be made as narrow as a telephone.
fn probe(chromium: &Path, html: &str, width: u32, dir: &Path) -> String {
    let policy = html.find("<meta http-equiv=").unwrap();
    let policy_end = policy + html[policy..].find('>').unwrap() + 1;
    let recorder = "<script>parent.problems = []; addEventListener('error', e => parent.problems.push(e.message || e.target.outerHTML.slice(0, 80)), true); console.error = m => parent.problems.push(m);</script>";
    let copy = format!("{}{recorder}{}", &html[..policy], &html[policy_end..]);
    let outer = format!(
        "<!DOCTYPE html><meta charset=utf-8><body><iframe id=f width={width} height=900 style='border:0'></iframe><pre id=result></pre>
<script>
const bytes = Uint8Array.from(atob('{}'), c => c.charCodeAt(0));
const frame = document.getElementById('f');
frame.onload = () => {{
  const d = frame.contentDocument, seen = d.documentElement.clientWidth, wide = [], covered = [], clipped = [];
  for (const e of d.querySelectorAll('main *, nav *')) {{
    if (e.closest('.scroll') || e.closest('svg') && e.tagName !== 'svg') continue;
    const r = e.getBoundingClientRect();
    if (r.width > 0 && r.right > seen + 0.5 && !e.closest('.skip')) wide.push(e.tagName + '.' + e.className);
  }}
  for (const svg of d.querySelectorAll('svg')) {{
    const box = svg.getBoundingClientRect();
    if (box.width === 0) continue;
    const texts = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
    texts.forEach(([name, a], i) => {{
      if (a.left < box.left - 1 || a.right > box.right + 1 || a.top < box.top - 1 || a.bottom > box.bottom + 2) clipped.push(name);
      for (const [other, b] of texts.slice(i + 1)) {{
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 1 && down > Math.min(a.height, b.height) * 0.35) covered.push(name + ' / ' + other);
      }}
    }});
  }}
  document.getElementById('result').textContent = 'RESULT ' + JSON.stringify({{
    overflow: d.documentElement.scrollWidth - seen, width: seen, problems, wide: wide.slice(0, 5),
    covered: covered.slice(0, 5), clipped: clipped.slice(0, 5), svgs: d.querySelectorAll('svg').length }}) + ' END';
}};
frame.srcdoc = new TextDecoder().decode(bytes);
</script>",
        base64::engine::general_purpose::STANDARD.encode(copy)
    );
    let path = dir.join(format!("probe-{width}.html"));
    std::fs::write(&path, outer).unwrap();
    let profile = dir.join(format!("profile-{width}"));
    let mut child = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-dev-shm-usage", "--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--window-size={},1000", width.max(1300)))
        .arg(format!("file://{}", path.display()))
        .stdout(std::fs::File::create(dir.join("dom.html")).unwrap())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(120) {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("Chromium did not finish within two minutes");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let dom = std::fs::read_to_string(dir.join("dom.html")).unwrap();
    let mark = "<pre id=\"result\">RESULT ";
    let at =
        dom.find(mark).unwrap_or_else(|| panic!("Chromium gave no result: {}", &dom[..dom.len().min(400)]));
    let result = dom[at + mark.len()..].split(" END").next().unwrap();
    result.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[test]
fn a_browser_shows_the_page_without_errors_or_overflow() {
    let single = render::html(&page(vec![benchmark("simulated", 29, 600, 1)])).unwrap();
    let several = (0..3).map(|k| benchmark(&format!("bench {k}"), 9 + 40 * k, 90, k as u64)).collect();
    let several = render::html(&page(several)).unwrap();
    save("single.html", single.as_bytes());
    save("several.html", several.as_bytes());
    let Some(chromium) = chromium() else { return };
    let dir = tempfile::tempdir().unwrap();
    for (name, html) in [("single", &single), ("several", &several)] {
        for width in [1280, 390] {
            let result = probe(&chromium, html, width, dir.path());
            let value: serde_json::Value = serde_json::from_str(&result).unwrap();
            let none = serde_json::json!([]);
            assert!(value["overflow"].as_f64().unwrap() <= 0.0, "{name} at {width}: {result}");
            assert!(value["svgs"].as_u64().unwrap() > 8, "{name} at {width}: {result}");
            for what in ["problems", "wide", "covered", "clipped"] {
                assert_eq!(value[what], none, "{name} at {width}, {what}: {result}");
            }
        }
    }
}
