//! Are trees, archives, odd names and interrupted runs read as users expect?
//!
//! `EVALGAUGE_KILLS` sets how often a reading is killed at a random moment; with it the test says on standard error
//! what it did.

use crate::mutate::Dice;
use evalgauge::ingest::{IngestOptions, ingest};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CSV: &str = "item,score\nq1,1\nq2,0\nq3,1\n";

fn read(path: &Path) -> (usize, Vec<String>, Vec<String>) {
    let (table, report) = ingest(&[path.to_owned()], &IngestOptions::default(), &|_| ()).unwrap();
    let mut models: Vec<String> = table.runs.iter().map(|r| r.model.to_string()).collect();
    models.sort();
    (table.len(), models, report.files.into_iter().map(|f| f.file).collect())
}

/// A nested archive: a tar.gz with two files of results, in a zip file with a third.
fn archive(path: &Path) {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for name in ["runs/b|1.csv", "runs/c:2.csv"] {
        let mut header = tar::Header::new_gnu();
        header.set_size(CSV.len() as u64);
        tar.append_data(&mut header, name, CSV.as_bytes()).unwrap();
    }
    let inner = tar.into_inner().unwrap().finish().unwrap();
    let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
    for (name, content) in [("a.csv", CSV.as_bytes()), ("inner.bin", &inner)] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, content).unwrap();
    }
    zip.finish().unwrap();
}

#[test]
fn archives_are_read_like_directories() {
    let dir = tempfile::tempdir().unwrap();
    archive(&dir.path().join("results.zip"));
    let (rows, models, files) = read(dir.path());
    assert_eq!((rows, models), (9, vec!["a".to_owned(), "b|1".into(), "c:2".into()]));
    assert!(files.iter().any(|f| f.ends_with("results.zip!inner.bin/runs/c:2.csv")), "{files:?}");
}

#[cfg(unix)]
#[test]
fn odd_names_and_loops_of_links_are_no_trouble() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"caf\xe9|x:y.csv");
    if fs::write(dir.path().join(odd), CSV).is_err() {
        return; // Some file systems refuse such names.
    }
    std::os::unix::fs::symlink(dir.path(), dir.path().join("again")).unwrap();
    let (rows, models, _) = read(dir.path());
    assert_eq!((rows, models.len()), (3, 1));
}

/// A few hundred files in as many directories.
fn tree(path: &Path) {
    for at in 0..200 {
        let dir = path.join(format!("{at:03}"));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join(format!("model-{at}.csv")), CSV).unwrap();
    }
}

fn ingest_command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evalgauge"));
    command.current_dir(dir).args(["ingest", "tree", "--out", "t.evals"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a command says, on both streams.
fn said(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

fn store(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(dir.join("t.evals")).unwrap();
    let mut files: Vec<_> =
        entries.map(|e| e.unwrap().path()).map(|p| (p.clone(), fs::read(p).unwrap())).collect();
    files.sort();
    files
}

#[test]
fn what_has_not_changed_is_not_read_again() {
    let dir = tempfile::tempdir().unwrap();
    tree(&dir.path().join("tree"));
    let run = || said(ingest_command(dir.path()));
    assert!(run().contains("200 files read"));
    let first = store(dir.path());
    assert!(run().contains("up to date"));
    assert_eq!(store(dir.path()), first);
    // Nor is what a reading left that was killed after its store was written.
    fs::create_dir(dir.path().join(".evalgauge-t.evals")).unwrap();
    fs::write(dir.path().join(".evalgauge-t.evals/x.part"), "of no use").unwrap();
    assert!(run().contains("up to date"));
    assert!(!dir.path().join(".evalgauge-t.evals").exists());
    // A store that was cut or changed is not up to date, whatever its manifest says.
    for (name, is_cut) in [("responses.parquet", true), ("items.parquet", false)] {
        let file = dir.path().join("t.evals").join(name);
        let mut content = fs::read(&file).unwrap();
        let at = content.len() / 2;
        content[at] ^= 1;
        content.truncate(if is_cut { 100 } else { content.len() });
        fs::write(&file, content).unwrap();
        let said = run();
        assert!(said.contains(name) && said.contains("200 files read"), "{said}");
        assert_eq!(store(dir.path()), first);
    }
    fs::write(dir.path().join("tree/000/model-0.csv"), "item,score\nq1,0\n").unwrap();
    assert!(run().contains("200 files read"));
    assert_ne!(store(dir.path()), first);
}

#[test]
fn a_store_among_its_input_is_not_read_into_itself() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.csv"), "model,item,score\nm,1,1\nm,2,0\n").unwrap();
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_evalgauge"));
        command.current_dir(dir.path()).args(["ingest", ".", "--out", "t.evals"]);
        said(command)
    };
    assert!(run().contains("1 file read"));
    let first = store(dir.path());
    assert!(run().contains("up to date"));
    fs::remove_file(dir.path().join("t.evals/items.parquet")).unwrap();
    let again = run();
    assert!(again.contains("1 file read"), "{again}");
    assert_eq!(store(dir.path()), first);
}

#[test]
fn a_run_that_is_killed_leaves_nothing_false() {
    let dir = tempfile::tempdir().unwrap();
    tree(&dir.path().join("tree"));
    assert!(ingest_command(dir.path()).status().unwrap().success());
    let whole = store(dir.path());
    for milliseconds in [1, 20, 60, 120] {
        fs::remove_dir_all(dir.path().join("t.evals")).unwrap_or_default();
        let mut child = ingest_command(dir.path()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        if dir.path().join("t.evals").exists() {
            assert_eq!(store(dir.path()), whole, "killed after {milliseconds} ms");
        }
        assert!(ingest_command(dir.path()).status().unwrap().success());
        assert_eq!(store(dir.path()), whole, "after a kill at {milliseconds} ms");
    }
}

/// More than what is read at once: plain tables with a table of items beside them, samples of a harness, and archives
/// of both.
fn large_tree(path: &Path) {
    let (plain, samples) = (path.join("plain"), path.join("samples"));
    fs::create_dir_all(&plain).unwrap();
    fs::create_dir_all(&samples).unwrap();
    let mut items = "item,subject,question\n".to_owned();
    (0..10_000).for_each(|item| items.push_str(&format!("q{item},s{},What is {item}?\n", item % 7)));
    fs::write(plain.join("items.csv"), items).unwrap();
    for model in 0..3 {
        fs::write(plain.join(format!("m{model}.csv")), table(model)).unwrap();
    }
    for model in 0..3 {
        fs::write(samples.join(samples_name(model)), samples_of(model)).unwrap();
    }
    let gzip = flate2::write::GzEncoder::new(
        File::create(path.join("tables.tar.gz")).unwrap(),
        flate2::Compression::fast(),
    );
    let mut tar = tar::Builder::new(gzip);
    for model in 3..5 {
        let mut header = tar::Header::new_gnu();
        let table = table(model);
        header.set_size(table.len() as u64);
        tar.append_data(&mut header, format!("more/m{model}.csv"), table.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap();
    let mut zip = zip::ZipWriter::new(File::create(path.join("samples.zip")).unwrap());
    zip.start_file(samples_name(3), zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut zip, samples_of(3).as_bytes()).unwrap();
    zip.finish().unwrap();
}

fn table(model: usize) -> String {
    let remark = "x".repeat(400);
    let mut text = "model,item,score,remark\n".to_owned();
    for item in 0..10_000 {
        let score = u8::from((item * 7 + model * 3) % 11 < 6);
        text.push_str(&format!("m{model},q{item},{score},{remark}\n"));
    }
    text
}

fn samples_name(model: usize) -> String {
    format!("samples_arith_2026-01-0{}T00-00-00.000000.jsonl", model + 1)
}

fn samples_of(model: usize) -> String {
    let prompt = "x".repeat(8000);
    let mut text = String::new();
    for item in 0..500 {
        let number = item + model;
        text.push_str(&format!(
            r#"{{"doc_id":{item},"doc":{{"question":"What is {number}?","choices":["a","b"]}},"target":"0","arguments":{{"gen_args_0":{{"arg_0":"{prompt}","arg_1":" a"}},"gen_args_1":{{"arg_0":"{prompt}","arg_1":" b"}}}},"resps":[[["-1.0","False"]],[["-2.0","False"]]],"filtered_resps":[["-1.0","False"],["-2.0","False"]],"acc":1.0}}"#
        ));
        text.push('\n');
    }
    text
}

/// The parts that are kept, with the time at which they were written.
fn parts(dir: &Path) -> Vec<(PathBuf, std::time::SystemTime)> {
    let entries = fs::read_dir(dir.join(".evalgauge-t.evals")).into_iter().flatten().flatten();
    let parts = entries.map(|e| e.path()).filter(|path| path.extension().is_some_and(|e| e == "part"));
    parts.filter_map(|path| Some((path.clone(), fs::metadata(path).ok()?.modified().ok()?))).collect()
}

#[test]
fn a_large_reading_goes_on_where_it_was_killed() {
    let dir = tempfile::tempdir().unwrap();
    large_tree(&dir.path().join("tree"));
    assert!(ingest_command(dir.path()).status().unwrap().success());
    let whole = store(dir.path());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left beside the store");
    fs::remove_dir_all(dir.path().join("t.evals")).unwrap();
    for wanted in [1, 3, 5, 8] {
        let before = parts(dir.path());
        let mut child = ingest_command(dir.path()).spawn().unwrap();
        while parts(dir.path()).len() < wanted && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if dir.path().join("t.evals").exists() {
            break;
        }
        // What was done stays done.
        let after = parts(dir.path());
        assert!(
            after.len() >= wanted && before.iter().all(|part| after.contains(part)),
            "{before:?} {after:?}"
        );
    }
    assert!(ingest_command(dir.path()).status().unwrap().success());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left beside the store");
    assert!(store(dir.path()) == whole, "the store differs after kills");
}

/// Where there is a store, it is the one of an uninterrupted run.
fn assert_whole(dir: &Path, whole: &[(PathBuf, Vec<u8>)], when: &str) -> bool {
    let is_there = dir.join("t.evals").exists();
    assert!(!is_there || store(dir) == whole, "the store differs {when}");
    is_there
}

#[test]
fn a_reading_killed_at_random_moments_ends_in_the_same_store() {
    let setting = std::env::var("EVALGAUGE_KILLS").ok();
    let wanted = setting.as_ref().map_or(2, |kills| kills.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    large_tree(&dir.path().join("tree"));
    said(ingest_command(dir.path()));
    let whole = store(dir.path());
    // Again, from memory as all that follow.
    fs::remove_dir_all(dir.path().join("t.evals")).unwrap();
    let start = Instant::now();
    said(ingest_command(dir.path()));
    let takes = start.elapsed();
    let mut dice = Dice::new("kills", 0);
    let (mut kills, mut in_a_row, mut too_late, mut resumed) = (0, 0, 0, 0);
    while kills < wanted {
        fs::remove_dir_all(dir.path().join("t.evals")).unwrap();
        // What was done before a kill is not done again: the next one comes within the time that is left.
        let mut left = takes;
        let before = kills;
        for _ in 0..=dice.below(4) {
            let moment = left.mul_f64(dice.below(1000) as f64 / 1000.0);
            left -= moment;
            let mut child = ingest_command(dir.path()).spawn().unwrap();
            std::thread::sleep(moment);
            let had_ended = child.try_wait().unwrap().is_some();
            child.kill().unwrap();
            child.wait().unwrap();
            let when = format!("after kill {kills}, at {moment:?} of {takes:?}");
            if assert_whole(dir.path(), &whole, &when) {
                too_late += 1;
                break;
            }
            kills += usize::from(!had_ended);
        }
        in_a_row += usize::from(kills > before + 1);
        resumed += 1;
        said(ingest_command(dir.path()));
        assert!(assert_whole(dir.path(), &whole, &format!("after {kills} kills and a run to the end")));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "something is left beside the store");
    }
    if setting.is_some() {
        eprintln!(
            "{kills} kills at random moments of a run of {takes:.1?}, {in_a_row} times several in a row, {too_late} \
             more after the store was there, {resumed} runs to the end, each with the same store"
        );
    }
}
