//! What does a JSON file look like, before it is read? Its outer shape and the fields of its first object.
//!
//! The scan only follows strings and brackets, so it accepts what strict readers refuse (`NaN`) and costs no
//! memory, and it can look at a file that is cut short.

use super::json::scan::value_end;
use std::borrow::Cow;

/// The outer shape of a JSON file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One object.
    Object,
    /// Objects one after the other, usually one on each line.
    Lines,
    /// One array; the fields are those of its first element.
    Array,
}

/// The shape of a file and the fields of its (first) object, with their raw values.
#[derive(Debug, Clone, PartialEq)]
pub struct Peek<'a> {
    /// The shape.
    pub shape: Shape,
    /// Names and raw values of the fields, in order.
    pub fields: Vec<(Cow<'a, str>, &'a [u8])>,
    /// Whether the scan met the end of the file inside a value.
    pub truncated: bool,
    /// The field in which it did, with what is there of its value.
    pub cut: Option<(Cow<'a, str>, &'a [u8])>,
}

impl<'a> Peek<'a> {
    /// Looks at a file; `None` if it does not begin with `{` or `[`.
    pub fn at(bytes: &'a [u8]) -> Option<Self> {
        let start = skip_space(bytes, 0);
        match bytes.get(start)? {
            b'{' => {
                let Object { fields, end, cut } = object(bytes, start);
                let rest = end.map_or(bytes.len(), |end| skip_space(bytes, end));
                let shape = if rest < bytes.len() { Shape::Lines } else { Shape::Object };
                Some(Self { shape, fields, truncated: end.is_none(), cut })
            }
            b'[' => {
                let first = skip_space(bytes, start + 1);
                let Object { fields, end, cut } = match bytes.get(first) {
                    Some(b'{') => object(bytes, first),
                    _ => Object { fields: Vec::new(), end: value_end(bytes, first), cut: None },
                };
                Some(Self { shape: Shape::Array, fields, truncated: end.is_none(), cut })
            }
            _ => None,
        }
    }

    /// The raw value of a field.
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| *value)
    }

    /// Whether there is such a field, be it cut short; `a.b` is field `b` of the object in field `a`.
    pub fn has(&self, path: &str) -> bool {
        let cut = |name: &str| self.cut.as_ref().filter(|(n, _)| n == name).map(|(_, value)| *value);
        let found = |name: &str| self.field(name).or_else(|| cut(name));
        match path.split_once('.') {
            None => found(path).is_some(),
            Some((outer, inner)) => found(outer).and_then(Peek::at).is_some_and(|object| object.has(inner)),
        }
    }

    /// Whether all values are plain: neither objects nor arrays of objects.
    pub fn is_flat(&self) -> bool {
        self.fields.iter().all(|(_, value)| value.first() != Some(&b'{'))
    }
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

type Fields<'a> = Vec<(Cow<'a, str>, &'a [u8])>;

/// The fields of an object, the position after it if it ends, and the field in which it is cut short.
struct Object<'a> {
    fields: Fields<'a>,
    end: Option<usize>,
    cut: Option<(Cow<'a, str>, &'a [u8])>,
}

/// The object that begins at `at`.
fn object(bytes: &[u8], at: usize) -> Object<'_> {
    let mut object = Object { fields: Vec::new(), end: None, cut: None };
    object.end = collect(bytes, at + 1, &mut object);
    object
}

fn collect<'a>(bytes: &'a [u8], mut at: usize, object: &mut Object<'a>) -> Option<usize> {
    loop {
        at = skip_space(bytes, at);
        match bytes.get(at)? {
            b'}' => return Some(at + 1),
            b',' => at += 1,
            b'"' => {
                let end = value_end(bytes, at)?;
                let name = String::from_utf8_lossy(bytes.get(at + 1..end - 1)?);
                at = skip_space(bytes, end);
                if bytes.get(at)? != &b':' {
                    return None;
                }
                let start = skip_space(bytes, at + 1);
                let Some(end) = value_end(bytes, start) else {
                    object.cut = Some((name, bytes.get(start..).unwrap_or_default()));
                    return None;
                };
                at = end;
                object.fields.push((name, &bytes[start..at]));
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_and_fields_are_seen_through_nan_and_nesting() {
        let peek = Peek::at(br#" {"a": NaN, "b": {"c": [1, "}"]}, "d":"\"x"} "#).unwrap();
        assert_eq!(peek.shape, Shape::Object);
        assert_eq!(peek.fields.iter().map(|(n, _)| &**n).collect::<Vec<_>>(), ["a", "b", "d"]);
        assert!(peek.has("b.c") && !peek.has("b.d") && !peek.is_flat());
        assert_eq!(Peek::at(b"{\"a\":1}\n{\"a\":2}").unwrap().shape, Shape::Lines);
        assert_eq!(Peek::at(b"[{\"a\":1}, 2]").unwrap().fields.len(), 1);
        assert!(Peek::at(b"model,item").is_none());
    }

    #[test]
    fn a_field_that_is_cut_short_is_there() {
        let peek = Peek::at(br#"{"a": 1, "b": {"c": 2, "d": [{"#).unwrap();
        assert!(peek.has("a") && peek.has("b.c") && peek.has("b.d") && !peek.has("b.e") && peek.truncated);
        assert_eq!((peek.fields.len(), peek.field("b")), (1, None));
    }

    #[test]
    fn a_cut_anywhere_is_survived() {
        let text = br#"{"a": [1, {"b": "c\\"}], "d": -1.5e3}"#;
        for end in 0..text.len() {
            if let Some(peek) = Peek::at(&text[..end]) {
                assert!(peek.truncated, "cut at {end}");
            }
        }
    }
}
