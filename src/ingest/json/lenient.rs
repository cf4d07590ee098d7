//! What if a value has another type than it should? It is taken for what it is.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// The number that a text means: Python's and JSON's way of writing numbers, `nan`, `inf`, `True` and `False`.
pub fn number_from_text(text: &str) -> Option<f64> {
    let text = text.trim();
    match text {
        "True" | "true" => Some(1.0),
        "False" | "false" => Some(0.0),
        _ => text.parse().ok(),
    }
}

/// Any JSON value, of which only scalars are kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Truth(bool),
    /// A whole number.
    Whole(i64),
    /// Any other number.
    Number(f64),
    /// A string, borrowed from the source where it has no escapes.
    Text(Cow<'a, str>),
    /// A list; its elements were passed over.
    List,
    /// An object; its members were passed over.
    Object,
}

impl Scalar<'_> {
    /// The value as a number, also where it was written as text. Neither `null` nor `NaN` is a number.
    pub fn number(&self) -> Option<f64> {
        let value = match self {
            Scalar::Truth(truth) => Some(f64::from(u8::from(*truth))),
            Scalar::Whole(whole) => Some(*whole as f64),
            Scalar::Number(number) => Some(*number),
            Scalar::Text(text) => number_from_text(text),
            Scalar::Null | Scalar::List | Scalar::Object => None,
        };
        value.filter(|v| !v.is_nan())
    }

    /// The value as text, as a name would be written; nothing for `null`, lists and objects.
    pub fn name(&self) -> Option<String> {
        match self {
            Scalar::Truth(truth) => Some(truth.to_string()),
            Scalar::Whole(whole) => Some(whole.to_string()),
            Scalar::Number(number) => Some(number.to_string()),
            Scalar::Text(text) => Some(text.clone().into_owned()),
            Scalar::Null | Scalar::List | Scalar::Object => None,
        }
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Truth(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Whole(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Scalar::Number(value as f64), Scalar::Whole))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(value))
    }
    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(value)))
    }
    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(value.to_owned())))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::List)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Object)
    }
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// A string, borrowed from the source where it has no escapes (the usual `Cow` always copies).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text<'a>(pub Cow<'a, str>);

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }
    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(value)))
    }
    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(value.to_owned())))
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_python_writes_them() {
        let read = |text: &str| serde_json::from_str::<Scalar>(text).unwrap().number();
        assert_eq!(read("\"-1.5\""), Some(-1.5));
        assert_eq!(read("true"), Some(1.0));
        assert_eq!(read("\"False\""), Some(0.0));
        assert_eq!(read("\"-inf\""), Some(f64::NEG_INFINITY));
        assert_eq!(read("\"-Infinity\""), Some(f64::NEG_INFINITY));
        assert_eq!(read("\"NaN\""), None);
        assert_eq!(read("null"), None);
        assert_eq!(read("[1, {\"a\": 2}]"), None);
        assert_eq!(read("18446744073709551615"), Some(18446744073709551615.0));
    }

    #[test]
    fn strings_without_escapes_are_borrowed() {
        let plain: Text = serde_json::from_str("\"plain\"").unwrap();
        let escaped: Text = serde_json::from_str("\"a\\nb\"").unwrap();
        assert!(matches!(plain.0, Cow::Borrowed("plain")));
        assert_eq!(escaped.0, "a\nb");
    }
}
