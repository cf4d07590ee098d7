//! Does everything come out of an archive, or is named, within limits?

use super::unpacking::MAX_DEPTH;
use super::*;
use std::io::Write;
use std::sync::Mutex;

fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ::zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, ::zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tar_gz_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = ::tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (name, content) in members {
        let mut header = ::tar::Header::new_ustar();
        // The name as it is: `set_path` refuses what an attacker would write.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_cksum();
        tar.append(&header, *content).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// The names and contents that come out, and what could not be read.
fn expanded(content: &[u8], limit: u64) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.bin");
    std::fs::write(&path, content).unwrap();
    let options = IngestOptions { max_unpacked_bytes: limit, ..Default::default() };
    let (found, _temporary) = expand(vec![Found::File(path)], &options, None, &Meter::silent()).unwrap();
    let (mut members, mut faults) = (Vec::new(), Vec::new());
    for found in found {
        match found {
            Found::Member(m) => members.push((m.name, std::fs::read(m.file).unwrap())),
            Found::Unreadable(path, message) => {
                let name = path.display().to_string();
                faults.push(format!("{}: {message}", name.rsplit("a.bin").next().unwrap_or_default()));
            }
            Found::File(path) => members.push((path.display().to_string(), Vec::new())),
            Found::Store(_) => {}
        }
    }
    (members, faults)
}

fn names(members: &[(String, Vec<u8>)]) -> Vec<&str> {
    members.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn members_come_out_in_order_from_archives_within_archives() {
    let inner = tar_gz_of(&[("m|1/b:c.csv", b"x"), ("m|1/a.csv", b"y")]);
    let outer =
        zip_of(&[("z.csv", b"1"), ("deep/inner.tar.gz", &inner), ("__MACOSX/z.csv", b"no"), (".x", b"no")]);
    let (members, faults) = expanded(&outer, 1 << 30);
    assert_eq!(names(&members), ["deep/inner.tar.gz/m|1/a.csv", "deep/inner.tar.gz/m|1/b:c.csv", "z.csv"]);
    assert_eq!((members[0].1.as_slice(), faults.len()), (&b"y"[..], 0));
}

#[test]
fn no_name_leads_out_of_the_directory() {
    let (members, _) = expanded(&tar_gz_of(&[("../../up.csv", b"1"), ("/etc/x.csv", b"2")]), 1 << 30);
    assert_eq!(names(&members), ["etc/x.csv", "up.csv"]);
    assert!(!Path::new("/etc/x.csv").exists());
}

#[test]
fn bombs_stop_and_deep_nests_end() {
    let bomb = zip_of(&[("small.csv", b"a"), ("zeros.csv", &vec![0; 1 << 20])]);
    let (members, faults) = expanded(&bomb, 1 << 16);
    assert_eq!((names(&members), faults.len()), (vec!["small.csv"], 1));
    let mut nest = zip_of(&[("x.csv", b"1")]);
    for _ in 0..MAX_DEPTH {
        nest = zip_of(&[("n.zip", &nest)]);
    }
    let (members, faults) = expanded(&nest, 1 << 30);
    assert!(members.is_empty() && faults[0].contains("unpack it first"), "{faults:?}");
}

#[test]
fn what_is_before_a_cut_is_read_and_the_cut_is_told() {
    let long: Vec<u8> = (0..200_000u32).flat_map(|k| k.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let whole = tar_gz_of(&[("a.csv", b"x"), ("b.csv", &long)]);
    let (members, faults) = expanded(&whole[..whole.len() / 2], 1 << 30);
    assert_eq!((names(&members), faults.len()), (vec!["a.csv"], 1), "{faults:?}");
}

#[test]
fn logs_and_spreadsheets_stay_whole() {
    let whole: [&[(&str, &[u8])]; 4] = [
        &[("header.json", b"{}"), ("samples/1_epoch_1.json", b"{}")],
        &[("_journal/start.json", b"{}")],
        &[("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")],
        &[("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", b"<x/>")],
    ];
    for members in whole {
        let (found, _) = expanded(&zip_of(members), 1 << 30);
        assert!(found.len() == 1 && found[0].0.ends_with("a.bin"), "{members:?}");
    }
    for name in ["header.json", "mimetype"] {
        let (found, faults) = expanded(&zip_of(&[(name, b"x"), ("z.csv", b"1")]), 1 << 30);
        assert_eq!((names(&found), faults.len()), (vec![name, "z.csv"], 0));
    }
}

/// One entry of a tar archive, in GNU's form.
fn entry(name: &str, kind: u8, link: &str, content: &[u8]) -> Vec<u8> {
    let mut header = ::tar::Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(::tar::EntryType::new(kind));
    header.set_size(content.len() as u64);
    header.set_cksum();
    let mut bytes = [header.as_bytes().as_slice(), content].concat();
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

#[test]
fn what_is_no_file_counts_and_headers_end() {
    let before = entry("a.csv", b'0', "", b"1");
    for kind in *b"LKx" {
        let endless = entry("././@LongLink", kind, "", &vec![b'x'; 2 << 20]);
        let (members, faults) = expanded(&[before.clone(), endless].concat(), 1 << 30);
        assert_eq!(names(&members), ["a.csv"]);
        assert!(faults.len() == 1 && faults[0].contains("headers of a member"), "{faults:?}");
    }
    for kind in *b"5g1" {
        let large = entry("b", kind, "a.csv", &vec![0; 2 << 20]);
        let (members, faults) = expanded(&[before.clone(), large.clone()].concat(), 1 << 20);
        assert_eq!(names(&members)[0], "a.csv");
        assert!(faults.len() == 1 && faults[0].contains("--max-unpacked"), "{faults:?}");
        let (_, faults) = expanded(&[before.clone(), large].concat(), 1 << 30);
        assert!(faults.is_empty(), "{faults:?}");
    }
}

#[test]
fn links_within_are_followed_and_others_are_told() {
    let tar = [
        entry("runs/a.csv", b'0', "", b"1"),
        entry("b.csv", b'1', "runs/a.csv", b""),
        entry("runs/last.csv", b'2', "./a.csv", b""),
        entry("last", b'2', "runs", b""),
        entry("d.csv", b'2', "/etc/passwd", b""),
        entry("e.csv", b'1', "f.csv", b""),
        entry("tty", b'3', "", b""),
    ]
    .concat();
    let (members, faults) = expanded(&tar, 1 << 30);
    assert_eq!(members, [("b.csv".to_owned(), b"1".to_vec()), ("runs/a.csv".into(), b"1".to_vec())]);
    let told = |name: &str| faults.iter().find_map(|f| f.strip_prefix(&format!("!{name}: "))).unwrap();
    assert_eq!(faults.len(), 5);
    assert_eq!(told("runs/last.csv"), "it is a link to ./a.csv, which is read itself");
    assert_eq!(told("last"), "it is a link to runs, which is read itself");
    assert!(told("d.csv").starts_with("it is a link to /etc/passwd, which is not among the members"));
    assert!(told("e.csv").starts_with("it is a link to f.csv, which is not among the members"));
    assert_eq!(told("tty"), "it is no file");
}

#[test]
fn archives_older_than_their_mark_are_known() {
    let mut header = ::tar::Header::new_old();
    header.set_path("a.csv").unwrap();
    header.set_mode(0o644);
    header.set_size(1);
    header.set_cksum();
    let mut tar = [header.as_bytes().as_slice(), b"1"].concat();
    tar.resize(2048, 0);
    assert_eq!(names(&expanded(&tar, 1 << 30).0), ["a.csv"]);
    tar[148] ^= 1;
    assert!(expanded(&tar, 1 << 30).0[0].0.ends_with("a.bin"));
}

/// What is done to an archive whose headers of a member, local and central, begin at two places.
type Change = dyn Fn(&mut [u8], usize, usize);

/// Changes the two headers of a member, by where its name begins in each.
fn change(zip: &mut [u8], name: &str, change: impl Fn(&mut [u8], usize, usize)) {
    let is_there = |at: &usize| zip[*at..].starts_with(name.as_bytes());
    let places: Vec<usize> = (0..zip.len()).filter(is_there).collect();
    change(zip, places[0] - 30, places[1] - 46);
}

#[test]
fn a_member_that_cannot_be_read_takes_no_other_with_it() {
    let content = b"model,item,score\n".repeat(9);
    let whole = zip_of(&[("a.csv", b"1"), ("b.csv", &content), ("c.csv", b"3")]);
    let damage: [(&str, &Change); 3] = [
        ("it is encrypted", &|zip, local, central| {
            zip[local + 6] |= 1;
            zip[central + 8] |= 1;
        }),
        ("it is compressed by a method that is not read", &|zip, local, central| {
            zip[local + 8] = 97;
            zip[central + 10] = 97;
        }),
        ("it is damaged", &|zip, local, _| zip[local + 40] ^= 0xff),
    ];
    for (why, damage) in damage {
        let mut zip = whole.clone();
        change(&mut zip, "b.csv", damage);
        let (members, faults) = expanded(&zip, 1 << 30);
        assert_eq!(names(&members), ["a.csv", "c.csv"]);
        assert!(faults.len() == 1 && faults[0].starts_with(&format!("!b.csv: {why}")), "{faults:?}");
    }
}

#[test]
fn names_that_differ_in_odd_bytes_are_two() {
    let mut zip = zip_of(&[("caf1.csv", b"1"), ("caf2.csv", b"2")]);
    for (name, byte) in [("caf1", 0xe9), ("caf2", 0xe8)] {
        change(&mut zip, name, |zip, local, central| {
            zip[local + 33] = byte;
            zip[central + 49] = byte;
        });
    }
    let (members, faults) = expanded(&zip, 1 << 30);
    assert_eq!((names(&members), faults.len()), (vec!["caf%E8.csv", "caf%E9.csv"], 0));
}

#[test]
fn unpacked_archives_are_found_again_until_they_change() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second] = ["a.zip", "b.tar.gz"].map(|name| dir.path().join(name));
    fs::write(&first, zip_of(&[("x.csv", b"1"), ("inner.tgz", &tar_gz_of(&[("y.csv", b"2")]))])).unwrap();
    fs::write(&second, tar_gz_of(&[("z.csv", b"3")])).unwrap();
    let work = Work::open(&dir.path().join("t.evals")).unwrap();
    let told = Mutex::new(Vec::new());
    let expand = || {
        let found = vec![Found::File(first.clone()), Found::File(second.clone())];
        let tell = |progress| told.lock().unwrap().push(progress);
        let meter = Meter::new(&found, &tell);
        expand(found, &IngestOptions::default(), Some(&work), &meter).unwrap().0
    };
    let whole = expand();
    let shown: Vec<_> = whole.iter().map(|found| found.member().unwrap()).collect();
    assert_eq!(shown, ["inner.tgz/y.csv", "x.csv", "z.csv"]);
    let last = told.lock().unwrap().pop().unwrap();
    let archives = [&first, &second].map(|path| fs::metadata(path).unwrap().len()).iter().sum::<u64>();
    assert_eq!((last.total, last.bytes, last.total_bytes), (3, archives, archives + 3));
    // What is there is not unpacked again; where something is missing, all of the archive is.
    fs::write(whole[1].on_disk(), "5").unwrap();
    fs::remove_file(whole[2].on_disk()).unwrap();
    assert_eq!(expand(), whole);
    let content = |at: usize| fs::read_to_string(whole[at].on_disk()).unwrap();
    assert_eq!((content(1), content(2)), ("5".to_owned(), "3".to_owned()));
    fs::write(&first, zip_of(&[("x.csv", b"4")])).unwrap();
    let changed = expand();
    assert_eq!((changed.len(), changed[1].on_disk()), (2, whole[2].on_disk()));
    assert!(!whole[1].on_disk().exists());
}
