//! How is a text gone through of which only some is in memory? Value by value, of which one must fit.

use super::records::in_one_line;
use super::scan::Scan;
use serde::de::IgnoredAny;
use std::io::{self, Read};

/// Bytes that are read at a time.
const STEP: usize = 1 << 17;
/// A longer value is no record.
pub(super) const LONGEST_VALUE: usize = 256 << 20;

/// Why a text cannot be followed any further.
#[derive(Debug)]
pub(super) enum Stop {
    /// It ends too early.
    Cut,
    /// Something stands where it must not; what is wrong.
    Odd(String),
    /// A value is longer than [`LONGEST_VALUE`].
    TooLong,
    /// It cannot be read.
    Io(io::Error),
}

/// A text and how far it was gone through.
pub(super) struct Window<R> {
    reader: R,
    bytes: Vec<u8>,
    /// What of these bytes was gone through.
    at: usize,
}

impl<R: Read> Window<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, bytes: Vec::new(), at: 0 }
    }

    /// Reads on; whether there was anything.
    fn fill(&mut self) -> Result<bool, Stop> {
        self.bytes.drain(..self.at);
        self.at = 0;
        if self.bytes.len() > LONGEST_VALUE {
            return Err(Stop::TooLong);
        }
        let read = self.reader.by_ref().take(STEP as u64).read_to_end(&mut self.bytes);
        read.map(|n| n > 0).map_err(Stop::Io)
    }

    /// The next byte that is no blank; it is not gone through yet. `None` at the end.
    pub fn next(&mut self) -> Result<Option<u8>, Stop> {
        loop {
            let blank = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.at += blank;
            if let Some(byte) = self.bytes.get(self.at) {
                return Ok(Some(*byte));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Goes past the next byte if it is this one.
    pub fn take(&mut self, byte: u8) -> Result<bool, Stop> {
        let is_next = self.next()?.ok_or(Stop::Cut)? == byte;
        self.at += usize::from(is_next);
        Ok(is_next)
    }

    /// Goes past the next value, which is handed out as it is written: parsing it will tell whether it is one.
    pub fn value(&mut self) -> Result<&str, Stop> {
        self.next()?;
        let (mut scan, mut seen) = (Scan::default(), 0);
        let length = loop {
            match scan.over(&self.bytes[self.at + seen..]) {
                Some(more) => break seen + more,
                None => seen = self.bytes.len() - self.at,
            }
            if !self.fill()? {
                return Err(ends_within(&self.bytes[self.at..]));
            }
        };
        let start = self.at;
        self.at += length;
        std::str::from_utf8(&self.bytes[start..self.at]).map_err(|error| Stop::Odd(error.to_string()))
    }
}

/// Why a value has no end: the text is cut, or the value goes on for a bracket or a quote that is wrong.
fn ends_within(rest: &[u8]) -> Stop {
    let last_line = rest.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len);
    let n_lines = 1 + memchr::memchr_iter(b'\n', rest).count();
    // A number that is cut is none to the parser, which says so at the end.
    let is_at_end = |e: &serde_json::Error| e.is_eof() || (e.line() == n_lines && e.column() >= last_line);
    match serde_json::from_slice::<IgnoredAny>(rest) {
        Err(error) if !is_at_end(&error) => Stop::Odd(in_one_line(&error)),
        _ => Stop::Cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_handed_out_one_by_one() {
        let long = format!("[\"{}\"]", "é".repeat(STEP));
        let text = format!(" {long} ,\n{{\"a\": 1}}] ");
        let mut window = Window::new(text.as_bytes());
        assert!(!window.take(b',').unwrap());
        assert_eq!(window.value().unwrap(), long);
        assert!(window.take(b',').unwrap());
        assert_eq!(window.value().unwrap(), "{\"a\": 1}");
        assert!(window.take(b']').unwrap() && window.next().unwrap().is_none());
        assert!(matches!(window.value(), Err(Stop::Cut)) && matches!(window.take(b'x'), Err(Stop::Cut)));
        for cut in ["[1, {", "[-", "[\n1.", "[1e", "[tru", "[\"\\u00"] {
            assert!(matches!(Window::new(cut.as_bytes()).value(), Err(Stop::Cut)), "{cut}");
        }
        assert!(matches!(Window::new(&b"[[1}, 2"[..]).value(), Err(Stop::Odd(_))));
    }
}
