//! How is a text mended on its way from disk to the parser? Some of it at a time, cut where nothing that has to be
//! mended is cut through.

use super::repair::{ends_in_string, repair_from};
use crate::ingest::ReadError;
use std::io::{self, Read};

/// Bytes that are mended together.
const STEP: usize = 1 << 18;

/// A text as [`super::repair()`] gives it, while it is read.
pub struct Repaired<R> {
    inner: R,
    file: String,
    /// What is read and not mended yet.
    raw: Vec<u8>,
    /// What is mended, and how much of it is taken.
    text: Vec<u8>,
    taken: usize,
    /// Bytes before `raw`, and whether they end within a string.
    before: u64,
    in_string: bool,
    ended: bool,
}

impl<R: Read> Repaired<R> {
    /// Reads the text of a file, whose name is for messages.
    pub fn new(inner: R, file: String) -> Self {
        Self {
            inner,
            file,
            raw: Vec::new(),
            text: Vec::new(),
            taken: 0,
            before: 0,
            in_string: false,
            ended: false,
        }
    }

    /// Mends the next bytes. Nothing comes after an error: a parser may ask once more.
    fn refill(&mut self) -> io::Result<()> {
        self.mend_next().inspect_err(|_| {
            self.raw.clear();
            self.text.clear();
            (self.taken, self.ended) = (0, true);
        })
    }

    fn mend_next(&mut self) -> io::Result<()> {
        let mut end = 0;
        while end == 0 && !self.ended {
            let read = self.inner.by_ref().take(STEP as u64).read_to_end(&mut self.raw)?;
            self.ended = read < STEP;
            end = if self.ended { self.raw.len() } else { cut(&self.raw) };
        }
        let text = match std::str::from_utf8(&self.raw[..end]) {
            Ok(text) => text,
            // A character that is cut off at the very end is left out, as from a text in memory.
            Err(error) if error.error_len().is_none() && self.ended => {
                std::str::from_utf8(&self.raw[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(error) => {
                let at = self.before + error.valid_up_to() as u64;
                let message = format!("byte {at} is not UTF-8 text; convert the file to UTF-8");
                let file = self.file.clone();
                return Err(io::Error::other(ReadError::Malformed { file, row: None, message }));
            }
        };
        self.text.clear();
        self.text.extend_from_slice(repair_from(text, self.in_string).as_bytes());
        self.taken = 0;
        self.in_string = ends_in_string(text.as_bytes(), self.in_string);
        self.before += end as u64;
        self.raw.drain(..end);
        Ok(())
    }
}

impl<R: Read> Read for Repaired<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.text.len() && !(self.ended && self.raw.is_empty()) {
            self.refill()?;
        }
        let n = into.len().min(self.text.len() - self.taken);
        into[..n].copy_from_slice(&self.text[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}

/// Where these bytes can be cut: behind a byte that is no part of a word, a number or an escape; 0 where there is none.
fn cut(bytes: &[u8]) -> usize {
    let is_end = |byte: &u8| {
        byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'+' | b'-' | b'.' | b'\\')
    };
    bytes.iter().rposition(is_end).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::json::repair;

    /// Gives so many bytes at a time.
    struct Drip<'b>(&'b [u8], usize);
    impl Read for Drip<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(into.len());
            into[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    #[test]
    fn a_text_mended_in_pieces_is_the_text_mended() {
        let record = r#"{"a": NaN, "b": "NaN and \ud83d\" Infinity ü", "c": [-Infinity, 1e999, -2.5]}, "#;
        let text = record.repeat(STEP / 16);
        let mut read = String::new();
        Repaired::new(Drip(text.as_bytes(), 1000), "f".to_owned()).read_to_string(&mut read).unwrap();
        assert!(read == repair(&text) && read != text);
    }

    #[test]
    fn what_is_no_text_is_told_with_its_place() {
        let bytes = [b"{\"a\": \"".as_slice(), &[b' '; STEP], b"\xff\"}"].concat();
        let mut text = Repaired::new(bytes.as_slice(), "f".to_owned());
        let error = text.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains(&format!("byte {}", STEP + 7)), "{error}");
        assert_eq!(text.read(&mut [0; 9]).unwrap(), 0);
        let mut read = Vec::new();
        Repaired::new(&b"{\"a\": \"\xc3"[..], "f".to_owned()).read_to_end(&mut read).unwrap();
        assert_eq!(read, b"{\"a\": \"");
    }
}
