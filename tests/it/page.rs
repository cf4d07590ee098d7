//! Is the page whole and fit to read? Links, identifiers, no network, no overflow in a browser.

use base64::Engine;
use evalgauge::numeric::bootstrap::{BootstrapOptions, bootstrap};
use evalgauge::numeric::correlation::pearson;
use evalgauge::numeric::proportion::wilson;
use evalgauge::numeric::random::stream;
use evalgauge::numeric::special::logistic;
use evalgauge::render;
use evalgauge::report::items::ItemMeasure;
use evalgauge::report::leaderboard::Standing;
use evalgauge::report::look_at::{Suspect, Votes};
use evalgauge::report::reliability::SubjectReliability;
use evalgauge::report::respondents::AlikePair;
use evalgauge::report::{
    self, BenchmarkReport, Block, FileRead, FileSkipped, LintNote, Method, NotRun, Provenance, Report, Sample,
};
use evalgauge::response::{BitMatrix, Cells, Item, Metric, ResponseMatrix};
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

/// A Rasch-like matrix with subjects, some missing cells and some items that work backwards.
fn simulated(name: &str, models: usize, items: usize, seed: u64) -> ResponseMatrix {
    let mut random = stream(seed, 0);
    let ability: Vec<f64> = (0..models).map(|k| 3.0 * k as f64 / models as f64 - 1.0).collect();
    let difficulty: Vec<f64> = (0..items).map(|_| 5.0 * random.random::<f64>() - 2.5).collect();
    let mut bits = BitMatrix::missing(items, models);
    for (item, difficulty) in difficulty.iter().enumerate() {
        let slope = if item % 23 == 5 { -1.0 } else { 1.4 };
        for (model, ability) in ability.iter().enumerate() {
            let right = random.random::<f64>() < logistic(slope * (ability - difficulty));
            let missing = random.random::<f64>() < 0.01;
            bits.set(item, model, (!missing).then_some(right));
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
    ResponseMatrix::new(
        name,
        Metric::new(name, "acc", Some("strict-match")),
        (0..models).map(|k| model_name(k).into()).collect(),
        (0..items).map(|i| format!("{name}/{i}").into()).collect(),
        &subjects,
        Cells::Binary(bits),
        None,
    )
}

/// Scores of a matrix as items × respondents, missing counted as the item's mean: enough for a fixture.
fn filled(matrix: &ResponseMatrix) -> Vec<Vec<f64>> {
    (0..matrix.n_items())
        .map(|i| {
            let row: Vec<Option<f64>> = (0..matrix.n_respondents()).map(|r| matrix.score(i, r)).collect();
            let known: Vec<f64> = row.iter().copied().flatten().collect();
            let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
            row.into_iter().map(|s| s.unwrap_or(mean)).collect()
        })
        .collect()
}

fn variance(x: &[f64]) -> f64 {
    evalgauge::numeric::describe::variance(x, 1).unwrap_or(0.0)
}

/// Cronbach's alpha of some items over resampled models.
fn alpha(scores: &[Vec<f64>], keep: &[usize]) -> Result<evalgauge::numeric::Estimate, String> {
    if keep.len() < 2 {
        return Err("it takes 2 items or more".to_owned());
    }
    let models = scores[0].len();
    let options = BootstrapOptions { replicates: 100, ..Default::default() };
    bootstrap(models, &options, |drawn| {
        let k = keep.len() as f64;
        let of = |item: usize| drawn.iter().map(|&m| scores[item][m]).collect::<Vec<_>>();
        let single: f64 = keep.iter().map(|&i| variance(&of(i))).sum();
        let total: Vec<f64> =
            drawn.iter().map(|&m| keep.iter().map(|&i| scores[i][m]).sum::<f64>()).collect();
        let whole = variance(&total);
        (whole > 0.0).then(|| k / (k - 1.0) * (1.0 - single / whole))
    })
    .ok_or_else(|| "all models have the same score".to_owned())
}

fn benchmark(name: &str, models: usize, items: usize, seed: u64) -> BenchmarkReport {
    let matrix = simulated(name, models, items, seed);
    let sample = Sample::of(&matrix);
    let scores = filled(&matrix);
    let mut report = BenchmarkReport::new(sample.clone());
    report.mean_score = matrix.mean_score();

    let standings: Vec<Standing> = matrix
        .respondent_totals()
        .into_iter()
        .zip(matrix.respondents())
        .enumerate()
        .map(|(k, ((right, n), model))| Standing {
            model: model.to_string(),
            score: wilson(right, n as f64, 0.95).unwrap(),
            ranks: Some(((models - k).saturating_sub(2).max(1) as f64, (models - k + 1).min(models) as f64)),
            n_items: n,
        })
        .collect();
    let method = Method::new(
        "Score",
        "Share of items answered correctly.",
        Some("Wilson 1927, doi:10.1080/01621459.1927.10502953"),
    );
    report.add("Leaderboard", report::leaderboard::section(&sample, &standings, Some(0.25), vec![method]));

    let everything: Vec<usize> = (0..items).collect();
    let overall = alpha(&scores, &everything);
    report.reliability = overall.as_ref().ok().copied();
    let subjects: Vec<SubjectReliability> = matrix
        .items_by_subject()
        .into_iter()
        .enumerate()
        .map(|(s, members)| SubjectReliability {
            subject: matrix.subjects()[s].clone(),
            reliability: alpha(&scores, &members),
            n_items: members.len(),
        })
        .collect();
    let section = report::reliability::section(&sample, "Cronbach's α", &overall, &subjects, vec![]);
    report.add("Reliability", section);

    let totals: Vec<f64> = (0..models).map(|m| scores.iter().map(|row| row[m]).sum()).collect();
    let measures: Vec<ItemMeasure> = matrix
        .item_totals()
        .into_iter()
        .enumerate()
        .map(|(i, (right, n))| {
            let rest: Vec<f64> = totals.iter().zip(&scores[i]).map(|(t, s)| t - s).collect();
            ItemMeasure {
                item: matrix.items()[i].to_string(),
                subject: matrix.subject_name(i).map(str::to_owned),
                share_correct: (n > 0).then(|| right / n as f64),
                item_rest: pearson(&scores[i], &rest),
                n_models: n,
            }
        })
        .collect();
    report.add("Items", report::items::section(&sample, &measures, Some(0.25), vec![]));
    report.add("Response map", report::response_map::section(&matrix));

    let pair = AlikePair {
        first: model_name(0),
        second: model_name(2),
        agreement: 0.997,
        expected: Some(0.71),
        n_items: items,
    };
    if let Some(section) = report::respondents::section(models, &[pair], Some(models - 1), vec![]) {
        report.add("Near copies", Ok(section));
    }

    let mut text = Item::new(name, Some("subject 5"), "q");
    text.question =
        Some("Which of <b>these</b> holds?\n\tf(x) = x² & y\u{7}\n".to_owned() + &"long ".repeat(600));
    text.options = Some((0..10).map(|k| format!("option {k} {}", "w".repeat(40))).collect());
    let suspects: Vec<Suspect> = (0..4)
        .map(|k| Suspect {
            item: measures[k * 23 + 5].item.clone(),
            subject: Some("subject 5".to_owned()),
            reasons: vec![format!("Weaker models do better: item–rest correlation −0.4{k}.")],
            text: (k % 2 == 0).then_some(&text),
            votes: (k < 3).then(|| Votes {
                by_option: (0..10)
                    .map(|o| if o == 2 { [1, 4, 9] } else { [1, usize::from(o == 7), 0] })
                    .collect(),
                n_models: [10, 9, 9],
                key: Some(7),
            }),
        })
        .collect();
    report.add("Items to look at", report::look_at::section(&suspects, vec![]));
    report.not_run.push(
        NotRun::new("Option statistics", "the dump does not say which option was chosen")
            .with_remedy("Export the samples with `--log_samples`."),
    );
    report
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
    for section in &report.sections {
        for block in &section.blocks {
            let Block::Figure(figure) = block else { continue };
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
    }
    assert_eq!(n, 5, "leaderboard, reliability, difficulty, discrimination, response map");
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
