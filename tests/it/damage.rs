//! What happens with damaged files? Rows, or an error that says what to do: never a panic, never a long wait.
//!
//! `EVALGAUGE_DAMAGE_INPUTS` sets how many damaged copies each reader gets, `EVALGAUGE_DAMAGE_FROM` the number
//! of the first one, `EVALGAUGE_DAMAGE_SEEDS` the seeds (names, a comma between), `EVALGAUGE_DAMAGE_SECONDS`
//! when to stop with a seed; with any of them the test says on standard error how fast it went.
//! `EVALGAUGE_DAMAGE_READER` reads by the reader of the format alone, from memory or, as large files are, from disk. `TMPDIR` on a file system in
//! memory makes it several times faster, the release profile again. What ends the program (memory that is not
//! there) leaves no message: `EVALGAUGE_DAMAGE_KEEP` keeps each copy before it is read. What was found once stays
//! under `tests/corpus/SEED/FINDING` as the files that were damaged.

use crate::mutate::{Dice, mutate};
use crate::seeds::{Part, SEEDS, Seed, files_below, load, write};
use evalgauge::ingest::detect::detect;
use evalgauge::ingest::walk::Found;
use evalgauge::ingest::{IngestOptions, Source, ingest, read_source};
use evalgauge::response::{PivotOptions, pivot};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

/// No input of a few kilobytes may take longer.
const LONGEST: Duration = Duration::from_secs(1);

/// Of the inputs that a reader gets alone, every so manieth is on disk, as large files are, with a beginning in memory.
const FROM_DISK: u64 = 4;
const BEGINNING: usize = 1 << 10;

/// CPU time of this thread, as far as the system tells it (Linux).
fn cpu_time() -> Option<Duration> {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(told.split(' ').next()?.parse().ok()?))
}

/// One thread, so that nothing waits for another and all work is counted.
fn alone<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(work)
}

fn setting<T: FromStr>(name: &str) -> Option<T> {
    std::env::var(format!("EVALGAUGE_DAMAGE_{name}")).ok()?.parse().ok()
}

/// Reads a directory to the matrices of its benchmarks; whether there were rows.
fn read(path: &Path) -> bool {
    match ingest(&[path.to_owned()], &IngestOptions::default(), &|_| {}) {
        Ok((table, report)) => {
            assert_eq!(report.n_rows, table.len());
            for benchmark in &report.benchmarks {
                // Whether there is a matrix depends on the scores; that it is found out without a panic does not.
                let _ = pivot(&table, &benchmark.benchmark, &PivotOptions::default());
            }
            !table.is_empty()
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

/// Reads, and says what is wrong if anything is.
fn fault(read: impl Fn() -> bool) -> Result<(bool, Duration), String> {
    let mut fastest = Duration::MAX;
    // A reading may be slow for reasons of the machine: CPU time of the thread counts, as far as it is known.
    for _ in 0..3 {
        let (start, before) = (Instant::now(), if fastest == Duration::MAX { None } else { cpu_time() });
        let rows = catch_unwind(AssertUnwindSafe(&read)).map_err(|panic| {
            let message = panic.downcast_ref::<String>().cloned();
            message
                .or_else(|| panic.downcast_ref::<&str>().map(|&m| m.to_owned()))
                .unwrap_or_else(|| "panic".to_owned())
        })?;
        let cpu = before.zip(cpu_time()).map(|(before, after)| after.saturating_sub(before));
        fastest = fastest.min(cpu.unwrap_or_else(|| start.elapsed()));
        if fastest < LONGEST {
            return Ok((rows, fastest));
        }
    }
    Err(format!("took {fastest:?}"))
}

/// What came of the damaged copies of one seed.
#[derive(Default)]
struct Tally {
    inputs: u64,
    with_rows: u64,
    slowest: Option<(Duration, u64)>,
    faults: Vec<String>,
}

/// How an input is read.
#[derive(Clone, Copy, PartialEq)]
enum Depth {
    /// From a directory, to the matrices.
    All,
    /// From memory, by the reader of its format alone: many times as fast.
    Reader,
}

fn run(seed: &Seed, numbers: std::ops::Range<u64>, until: Option<Instant>, depth: Depth) -> Tally {
    let parts = load(seed);
    let dir = tempfile::tempdir().unwrap();
    let paths = write(&parts, dir.path());
    let mut files: Vec<(Source, bool)> =
        parts.iter().zip(&paths).map(|(part, path)| file(part, path)).collect();
    let keeps = setting::<u8>("KEEP").is_some();
    let mut tally = Tally::default();
    for number in numbers {
        if until.is_some_and(|until| Instant::now() > until) {
            break;
        }
        let mut dice = Dice::new(seed.name, number);
        let at = dice.below(parts.len());
        let damaged = mutate(&parts[at], &mut dice);
        if keeps {
            keep(seed, number, &parts[at], &damaged);
        }
        tally.inputs += 1;
        let outcome = match depth {
            Depth::All => {
                fs::write(&paths[at], &damaged).unwrap();
                let outcome = fault(|| read(dir.path()));
                fs::write(&paths[at], &parts[at].bytes).unwrap();
                outcome
            }
            Depth::Reader => {
                let found = Found::File(paths[at].clone());
                let source = if number % FROM_DISK == 0 {
                    fs::write(&paths[at], &damaged).unwrap();
                    let beginning = damaged[..damaged.len().min(BEGINNING)].to_vec();
                    Source::on_disk(&found, u64::MAX, beginning)
                } else {
                    Source::of(&found, damaged.clone())
                };
                let whole = std::mem::replace(&mut files[at].0, source);
                let outcome = fault(|| read_alone(&files, at));
                files[at].0 = whole;
                outcome
            }
        };
        match outcome {
            Ok((rows, took)) => {
                tally.with_rows += u64::from(rows);
                tally.slowest = tally.slowest.max(Some((took, number)));
            }
            Err(message) => {
                let kept = keep(seed, number, &parts[at], &damaged);
                tally.faults.push(format!("{} {number}: {message}; kept as {}", seed.name, kept.display()));
            }
        }
    }
    tally
}

/// A file as its reader gets it, and whether it explains others.
fn file(part: &Part, path: &Path) -> (Source, bool) {
    let source = Source::new(path.to_owned(), None, part.bytes.clone());
    let explains = detect(&source).is_ok_and(|detected| detected.format.is_context());
    (source, explains)
}

/// Reads the file at a place with those that explain it; one that explains others, with each of those.
fn read_alone(files: &[(Source, bool)], at: usize) -> bool {
    let read = |which: usize| {
        let others = files.iter().enumerate().filter(|(other, (_, explains))| *explains && *other != which);
        let beside: Vec<&Source> = others.map(|(_, (source, _))| source).collect();
        let fragment = read_source(&files[which].0, &beside, &IngestOptions::default());
        fragment.map(|fragment| !fragment.table.is_empty()).map_err(|error| error.to_string().is_empty())
    };
    let alone = read(at);
    assert_ne!(alone, Err(true), "an error that says nothing");
    alone.unwrap_or(false)
        || files[at].1
            && (0..files.len()).filter(|which| !files[*which].1).any(|which| read(which) == Ok(true))
}

/// Leaves a finding where it can be looked at, in the form of the corpus.
fn keep(seed: &Seed, number: u64, part: &Part, damaged: &[u8]) -> PathBuf {
    let finding =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus").join(seed.name).join(number.to_string());
    let damaged = Part { bytes: damaged.to_owned(), ..part.clone() };
    write(&[damaged], &finding);
    finding
}

#[test]
fn damaged_copies_give_rows_or_an_error() {
    let wanted: Option<String> = setting("SEEDS");
    let (inputs, from): (Option<u64>, Option<u64>) = (setting("INPUTS"), setting("FROM"));
    let seconds: Option<u64> = setting("SECONDS");
    let depth = if setting::<u8>("READER").is_some() { Depth::Reader } else { Depth::All };
    let tells = wanted.is_some() || inputs.is_some() || seconds.is_some();
    let from = from.unwrap_or(0);
    let to = from + inputs.unwrap_or(if seconds.is_some() { u64::MAX >> 1 } else { 100 });
    let mut faults = Vec::new();
    for seed in SEEDS {
        if wanted.as_ref().is_some_and(|wanted| !wanted.split(',').any(|name| name == seed.name)) {
            continue;
        }
        let start = Instant::now();
        let until = seconds.map(|seconds| start + Duration::from_secs(seconds));
        let mut tally = alone(|| run(seed, from..to, until, depth));
        if tells {
            let (slowest, number) = tally.slowest.unwrap_or_default();
            eprintln!(
                "{}: {} inputs from {from}, {:.0} a second, {} with rows, {} faults; slowest {number} with {slowest:.1?}",
                seed.name,
                tally.inputs,
                tally.inputs as f64 / start.elapsed().as_secs_f64(),
                tally.with_rows,
                tally.faults.len(),
            );
        }
        faults.append(&mut tally.faults);
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn readers_alone_give_rows_or_an_error() {
    for seed in SEEDS {
        let tally = run(seed, 100..200, None, Depth::Reader);
        assert!(tally.faults.is_empty(), "{}", tally.faults.join("\n"));
    }
}

#[test]
fn files_cut_anywhere_give_rows_or_an_error() {
    for seed in SEEDS {
        let (parts, dir) = (load(seed), tempfile::tempdir().unwrap());
        let paths = write(&parts, dir.path());
        for (part, path) in parts.iter().zip(&paths) {
            for k in 0..12 {
                fs::write(path, &part.bytes[..part.bytes.len() * k / 12]).unwrap();
                alone(|| fault(|| read(dir.path())))
                    .unwrap_or_else(|e| panic!("{} cut at {k}/12: {e}", path.display()));
            }
            fs::write(path, &part.bytes).unwrap();
        }
    }
}

#[test]
fn what_was_found_once_stays_mended() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    for seed in SEEDS {
        let Ok(findings) = fs::read_dir(corpus.join(seed.name)) else { continue };
        for finding in findings.map(|finding| finding.unwrap().path()) {
            let dir = tempfile::tempdir().unwrap();
            write(&load(seed), dir.path());
            for file in files_below(&finding) {
                let name = file.strip_prefix(&finding).unwrap().to_str().unwrap();
                let name = name.replace("%3A", ":").replace("%7C", "|");
                fs::write(dir.path().join(name), fs::read(&file).unwrap()).unwrap();
            }
            alone(|| fault(|| read(dir.path()))).unwrap_or_else(|e| panic!("{}: {e}", finding.display()));
        }
    }
}
