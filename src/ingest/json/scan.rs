//! Where does a JSON value end? Only strings and brackets are followed: strict or not, whole or cut, some bytes at a
//! time, and far faster than it is parsed.

/// How far a value was followed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scan {
    depth: usize,
    in_string: bool,
    /// Whether the byte before was a backslash within a string, which takes its meaning from the next one.
    escaped: bool,
}

impl Scan {
    /// Follows a value over the bytes behind those of the last call: how many of them are its own, if it ends with
    /// them or the next one is not its own. A number, a word or nothing at all ends before a blank, a comma or a
    /// bracket that it did not open; the end of the text is not told from a cut.
    pub fn over(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if std::mem::take(&mut self.escaped) {
                at += 1;
                continue;
            }
            if self.in_string {
                let next = at + memchr::memchr2(b'"', b'\\', &bytes[at..])?;
                at = next + 1;
                if bytes[next] == b'\\' {
                    self.escaped = true;
                    continue;
                }
                self.in_string = false;
            } else {
                match bytes[at] {
                    b'"' => {
                        self.in_string = true;
                        at += 1;
                        continue;
                    }
                    b'{' | b'[' => {
                        self.depth += 1;
                        at += 1;
                        continue;
                    }
                    b'}' | b']' => match self.depth.checked_sub(1) {
                        Some(depth) => self.depth = depth,
                        None => return Some(at),
                    },
                    byte if self.depth == 0 && (byte == b',' || byte.is_ascii_whitespace()) => {
                        return Some(at);
                    }
                    _ => {
                        at += 1;
                        continue;
                    }
                }
                at += 1;
            }
            // Behind a string or a bracket that was closed.
            if self.depth == 0 {
                return Some(at);
            }
        }
        None
    }
}

/// The place behind the value that begins at a place; `None` if the bytes end before it does.
pub fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    Scan::default().over(bytes.get(at..)?).map(|length| at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_it_ends_however_it_is_cut() {
        let values =
            [r#"{"a": [1, "}\"\\"], "b": NaN}"#, r#""\\""#, "-1.5e3", "[]", "null", r#"[[{}], "é\\\"]"]"#];
        for value in values {
            for after in [", 1", "]", "}", " ", "\n"] {
                let text = format!("{value}{after}").into_bytes();
                for first in 0..text.len() {
                    let mut scan = Scan::default();
                    let end = scan.over(&text[..first]).or_else(|| Some(first + scan.over(&text[first..])?));
                    assert_eq!(end, Some(value.len()), "{value}{after} {first}");
                }
            }
        }
    }

    #[test]
    fn what_is_cut_has_no_end() {
        for text in ["{\"a\": 1", "\"a", "\"a\\\"", "[1, [2]", "12", ""] {
            assert_eq!(value_end(text.as_bytes(), 0), None, "{text}");
        }
        assert_eq!(value_end(b"1", 7), None);
    }
}
