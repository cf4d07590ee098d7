//! What values can a pickle hold here? Data, and the names of what could be called.

use super::array::{Array, Kind};
use std::rc::Rc;

/// A value that a pickle built.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// A truth value or a whole number.
    Whole(i64),
    /// A real number.
    Real(f64),
    /// Text.
    Text(Rc<str>),
    /// Bytes.
    Bytes(Rc<[u8]>),
    /// A list or a set.
    List(Rc<Group>),
    /// A tuple.
    Tuple(Rc<Group>),
    /// A dictionary: keys and values in turn.
    Dict(Rc<Group>),
    /// The name of something that could be called; it never is.
    Name(Rc<str>),
    /// A number format.
    Kind(Kind),
    /// An array that is still without its shape and bytes.
    Blank,
    /// An array.
    Array(Rc<Array>),
}

/// Values in one another, at most.
const MAX_DEPTH: usize = 64;

/// The members of a list, tuple or dictionary.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    pub(super) parts: Vec<Value>,
    pub(super) depth: usize,
}

impl Group {
    /// Adds members, unless they would lie too deep in one another.
    pub fn extend(&mut self, new: Vec<Value>) -> Option<()> {
        let deepest = new.iter().map(Value::depth).max().map_or(0, |depth| depth + 1);
        self.depth = self.depth.max(deepest);
        self.parts.extend(new);
        (self.depth <= MAX_DEPTH).then_some(())
    }

    /// The members, unless they would lie too deep in one another.
    pub fn of(parts: Vec<Value>) -> Option<Rc<Self>> {
        let mut group = Self::default();
        group.extend(parts)?;
        Some(Rc::new(group))
    }
}

impl Value {
    /// The value of a key of a dictionary.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_dict()?.into_iter().find(|(k, _)| k.as_text() == Some(key)).map(|(_, value)| value)
    }

    /// The entries of a dictionary.
    pub fn as_dict(&self) -> Option<Vec<(&Value, &Value)>> {
        let Self::Dict(group) = self else { return None };
        Some(group.parts.chunks_exact(2).map(|entry| (&entry[0], &entry[1])).collect())
    }

    fn depth(&self) -> usize {
        match self {
            Self::List(group) | Self::Tuple(group) | Self::Dict(group) => group.depth,
            _ => 0,
        }
    }

    /// The elements of a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        if let Self::List(all) | Self::Tuple(all) = self { Some(&all.parts) } else { None }
    }

    /// Text.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// An array.
    pub fn as_array(&self) -> Option<&Array> {
        if let Self::Array(array) = self { Some(array) } else { None }
    }

    /// What it is, in a word or two.
    pub fn kind(&self) -> String {
        match self {
            Self::Dict(_) => {
                let entries = self.as_dict().unwrap_or_default();
                let names: Vec<&str> = entries.iter().take(8).filter_map(|(key, _)| key.as_text()).collect();
                format!("a dictionary with the keys {}", names.join(", "))
            }
            Self::List(all) => format!("a list of {}", all.parts.len()),
            Self::Array(array) => format!("an array of the shape {:?}", array.shape),
            _ => "a single value".to_owned(),
        }
    }

    /// A number of things.
    pub fn size(&self) -> Option<usize> {
        if let Self::Whole(n) = self { usize::try_from(*n).ok() } else { None }
    }
}
