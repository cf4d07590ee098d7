//! What must be mended before a strict parser can read what Python wrote?

use crate::ingest::{ReadError, Source};
use memchr::memmem::Finder;
use std::borrow::Cow;
use std::sync::LazyLock;

/// The content of a source as text that a strict JSON parser accepts, copied only where it had to be mended.
///
/// A character that is cut off at the very end is left out: what is before it is still worth reading, and the
/// parser will find that the text ends too early.
///
/// # Errors
/// [`ReadError::Empty`] where there is nothing but blanks, [`ReadError::Malformed`] where the bytes are not
/// UTF-8 text.
pub fn text_of(source: &Source) -> Result<Cow<'_, str>, ReadError> {
    Ok(match source.bytes()? {
        Cow::Borrowed(bytes) => text_in(bytes, || source.name())?,
        Cow::Owned(bytes) => Cow::Owned(text_in(&bytes, || source.name())?.into_owned()),
    })
}

/// As [`text_of`], of some bytes of a file.
///
/// # Errors
/// As [`text_of`]; rows count from the first of these bytes.
pub fn text_in(bytes: &[u8], file: impl Fn() -> String) -> Result<Cow<'_, str>, ReadError> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            // The sequence is valid as far as it goes, so what is before it is text.
            std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            return Err(ReadError::Malformed {
                file: file(),
                row: Some(1 + before.iter().filter(|b| **b == b'\n').count() as u64),
                message: format!("byte {} is not UTF-8 text; convert the file to UTF-8", error.valid_up_to()),
            });
        }
    };
    if text.trim_start().is_empty() {
        return Err(ReadError::Empty { file: file() });
    }
    Ok(repair(text))
}

/// Replaces what Python writes and JSON does not know, outside of strings and inside of them.
///
/// * Bare `NaN`, `Infinity` and `-Infinity` become the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, which
///   can be told from every number and which [`super::number_from_text`] reads back.
/// * Half of a surrogate pair (`\ud83d` alone) becomes `\ufffd`.
/// * Whole numbers beyond the range of a double, which Python writes to their last digit, become strings of the
///   same digits.
///
/// Text without any is returned as it is. Line breaks are never added or removed, so that line numbers
/// hold. A line break ends a string: one broken line does not turn the rest of the file inside out.
pub fn repair(text: &str) -> Cow<'_, str> {
    repair_from(text, false)
}

/// As [`repair`], of a text that begins within a string or outside.
pub(super) fn repair_from(text: &str, mut in_string: bool) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    if !is_suspect(bytes) {
        return Cow::Borrowed(text);
    }
    let mut mended = String::new();
    // Everything before `copied` is in `mended` already.
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        let (length, replacement) = match bytes[at] {
            b'\n' => {
                in_string = false;
                (1, None)
            }
            b'"' => {
                in_string = !in_string;
                (1, None)
            }
            b'\\' if in_string => escape(&bytes[at..]),
            b'N' | b'I' if !in_string => constant(&bytes[at..]),
            b'-' if !in_string && bytes.get(at + 1) == Some(&b'I') => constant(&bytes[at..]),
            b'-' | b'0'..=b'9' if !in_string => number(&text[at..]),
            _ => (1, None),
        };
        if let Some(replacement) = replacement {
            mended.push_str(&text[copied..at]);
            mended.push_str(&replacement);
            copied = at + length;
        }
        at += length;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    mended.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(mended)
}

/// Whether these bytes end within a string, as [`repair`] sees it.
pub(super) fn ends_in_string(bytes: &[u8], begins_in_string: bool) -> bool {
    let (mut at, mut in_string) = match memchr::memrchr(b'\n', bytes) {
        Some(end) => (end + 1, false),
        None => (0, begins_in_string),
    };
    while let Some(next) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        let is_quote = bytes[at + next] == b'"';
        in_string ^= is_quote;
        // What is behind a backslash within a string is no end of it.
        at += next + if is_quote || !in_string { 1 } else { 2 };
    }
    in_string
}

/// Whether there is anything that may have to be mended: every byte of every dump is looked at for it.
fn is_suspect(bytes: &[u8]) -> bool {
    static MARKS: LazyLock<[Finder; 4]> =
        LazyLock::new(|| ["NaN", "Infinity", r"\ud", r"\uD"].map(|mark| Finder::new(mark.as_bytes())));
    // Some at a time, so that they stay in the processor's cache from one mark to the next.
    const STEP: usize = 1 << 15;
    const OVERLAP: usize = "Infinity".len() - 1;
    (0..bytes.len()).step_by(STEP).any(|from| {
        let piece = &bytes[from..bytes.len().min(from + STEP + OVERLAP)];
        MARKS.iter().any(|mark| mark.find(piece).is_some()) || is_long_number(bytes, from, STEP)
    })
}

/// Whole numbers of fewer digits are within the range of a double.
const LONG: usize = 309;

/// Whether so many digits follow one another somewhere that they reach into these bytes. A row of digits that long
/// covers one of the few places that are looked at.
fn is_long_number(bytes: &[u8], from: usize, length: usize) -> bool {
    const APART: usize = 256;
    let is_digit = |b: &&u8| b.is_ascii_digit();
    (from..bytes.len().min(from + length)).step_by(APART).any(|at| {
        let before = bytes[..at].iter().rev().take(LONG).take_while(is_digit).count();
        bytes[at].is_ascii_digit()
            && before + bytes[at..].iter().take(LONG).take_while(is_digit).count() >= LONG
    })
}

/// What stands for a piece of text, if it is not the piece itself.
type Replacement = Option<Cow<'static, str>>;

/// The length of the constant that starts here and what stands for it.
fn constant(bytes: &[u8]) -> (usize, Replacement) {
    for (word, quoted) in [("NaN", "\"NaN\""), ("Infinity", "\"Infinity\""), ("-Infinity", "\"-Infinity\"")] {
        let ends = bytes.get(word.len()).is_none_or(|b| !b.is_ascii_alphanumeric());
        if bytes.starts_with(word.as_bytes()) && ends {
            return (word.len(), Some(quoted.into()));
        }
    }
    (1, None)
}

/// The length of the number that starts here and, if no double is as large, what stands for it.
fn number(text: &str) -> (usize, Replacement) {
    let of_number = |b: &u8| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    let length = text.bytes().take_while(|b| of_number(b)).count();
    let number = &text[..length];
    let is_long = length >= LONG || number.contains(['e', 'E']);
    let beyond = is_long && number.parse().is_ok_and(f64::is_infinite);
    (length, beyond.then(|| format!("\"{number}\"").into()))
}

/// The length of the escape that starts here and, if it is half of a pair, what stands for it.
fn escape(bytes: &[u8]) -> (usize, Replacement) {
    match unit(bytes) {
        Some(0xD800..=0xDBFF) => match unit(&bytes[6..]) {
            Some(0xDC00..=0xDFFF) => (12, None),
            _ => (6, Some("\\ufffd".into())),
        },
        Some(0xDC00..=0xDFFF) => (6, Some("\\ufffd".into())),
        // The escaped character may be the first byte of several; the rest is passed over one by one. A line
        // break is never part of an escape.
        _ if bytes.get(1).is_some_and(|b| *b != b'\n') => (2, None),
        _ => (1, None),
    }
}

/// The code unit of a `\uXXXX` escape.
fn unit(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    let text = std::str::from_utf8(digits).ok().filter(|t| t.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u16::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_outside_of_strings_are_quoted_and_others_left() {
        let text = r#"{"NaN": NaN, "a": [-Infinity,Infinity], "b": "NaN \" Infinity", "c": NaNo}"#;
        let want = r#"{"NaN": "NaN", "a": ["-Infinity","Infinity"], "b": "NaN \" Infinity", "c": NaNo}"#;
        assert_eq!(repair(text), want);
        assert!(matches!(repair(r#"{"a": "NaN"}"#), Cow::Borrowed(_)));
    }

    #[test]
    fn marks_are_found_wherever_they_stand() {
        for mark in ["NaN", "-Infinity", "\\ud83d", "\\uDE00"] {
            for before in [0, 1, 32_761, 32_765, 32_767, 32_768, 70_000] {
                assert!(is_suspect(format!("{}{mark}}}", " ".repeat(before)).as_bytes()), "{before} {mark}");
            }
        }
        assert!(!is_suspect("Na N Inf \\u00e9 Banana".repeat(1000).as_bytes()) && !is_suspect(b"Na"));
    }

    #[test]
    fn numbers_that_no_double_holds_are_quoted() {
        let (fits, beyond) = ("9".repeat(308), "9".repeat(309));
        for before in [0, 255, 256, 32_600, 70_000] {
            let text = |number: &str| {
                format!("{}{{\"a\": [-{number}, 1.5e3], \"{beyond}\": 1}}", " ".repeat(before))
            };
            let quoted = text(&beyond).replace(&format!("-{beyond}"), &format!("\"-{beyond}\""));
            assert!(repair(&text(&beyond)) == quoted, "{before}");
            assert!(repair(&text(&fits)) == text(&fits), "{before}");
        }
        assert!(matches!(repair(&fits), Cow::Borrowed(_)));
        let value: serde_json::Value = serde_json::from_str(&repair(&beyond)).unwrap();
        assert_eq!(value, beyond.as_str());
    }

    #[test]
    fn half_a_pair_of_surrogates_is_replaced_and_a_whole_pair_kept() {
        assert_eq!(
            repair(r#""\ud83d \ud83d\ude00 \\ud83d \udE00""#),
            r#""\ufffd \ud83d\ude00 \\ud83d \ufffd""#
        );
    }

    #[test]
    fn a_broken_line_does_not_spoil_the_next() {
        assert_eq!(repair("{\"a\n{\"b\": NaN}\n"), "{\"a\n{\"b\": \"NaN\"}\n");
    }

    #[test]
    fn a_character_cut_off_at_the_end_is_left_out() {
        let whole = "{\"a\": \"é".as_bytes();
        let source = |bytes: &[u8]| Source::new("x.json", None, bytes.to_vec());
        assert_eq!(text_of(&source(&whole[..whole.len() - 1])).unwrap(), "{\"a\": \"");
        assert!(matches!(text_of(&source(b"{\xff\xfe}")), Err(ReadError::Malformed { .. })));
        assert!(matches!(text_of(&source(b" \n")), Err(ReadError::Empty { .. })));
    }
}
