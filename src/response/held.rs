//! Where is a text of an item? In memory, or on disk where there are more of them than memory should hold.

use super::spill::{Spill, SpillError};
use serde::de::DeserializeOwned;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::{Borrow, Cow};
use std::fmt;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// What can be put aside as bytes.
pub trait Packed: ToOwned + PartialEq {
    /// How many texts it is.
    fn count(&self) -> usize;

    /// How many bytes it is.
    fn size(&self) -> usize;

    /// Adds the bytes to `out`.
    fn pack(&self, out: &mut Vec<u8>);

    /// What [`Self::pack`] made bytes of; as much as there is where they were damaged.
    fn unpack(bytes: Vec<u8>) -> Self::Owned;
}

impl Packed for str {
    fn count(&self) -> usize {
        1
    }

    fn size(&self) -> usize {
        self.len()
    }

    fn pack(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }

    fn unpack(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap_or_default()
    }
}

impl Packed for [String] {
    fn count(&self) -> usize {
        self.len()
    }

    fn size(&self) -> usize {
        self.iter().map(|text| size_of::<u64>() + text.len()).sum()
    }

    fn pack(&self, out: &mut Vec<u8>) {
        for text in self {
            out.extend_from_slice(&(text.len() as u64).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
    }

    fn unpack(bytes: Vec<u8>) -> Vec<String> {
        let (mut texts, mut rest) = (Vec::new(), bytes.as_slice());
        while let Some((length, after)) = rest.split_first_chunk()
            && let Some((text, after)) = after.split_at_checked(u64::from_le_bytes(*length) as usize)
        {
            texts.push(String::from_utf8_lossy(text).into_owned());
            rest = after;
        }
        texts
    }
}

/// A text of an item (`str`), or a list of them (`[String]`).
///
/// What cannot be read back from disk is empty, and [`Spill::check`] says so.
pub struct Held<T: Packed + ?Sized>(Place<T>);

enum Place<T: Packed + ?Sized> {
    Here(T::Owned),
    Away(Away),
}

/// Where bytes are on disk, and their hash, by which they are known without being read.
#[derive(Debug, Clone)]
struct Away {
    spill: Arc<Spill>,
    at: u64,
    len: u32,
    count: u32,
    hash: u64,
}

impl Away {
    fn read(&self) -> Result<Vec<u8>, SpillError> {
        self.spill.read(self.at, self.len as usize)
    }
}

impl<T: Packed + ?Sized> Held<T> {
    /// The value, from disk if it is there.
    pub fn get(&self) -> Cow<'_, T> {
        self.try_get().unwrap_or_else(|_| Cow::Owned(T::unpack(Vec::new())))
    }

    fn try_get(&self) -> Result<Cow<'_, T>, SpillError> {
        Ok(match &self.0 {
            Place::Here(value) => Cow::Borrowed(value.borrow()),
            Place::Away(away) => Cow::Owned(T::unpack(away.read()?)),
        })
    }

    /// How many texts it is; nothing is read from disk.
    pub fn count(&self) -> usize {
        match &self.0 {
            Place::Here(value) => value.borrow().count(),
            Place::Away(away) => away.count as usize,
        }
    }

    /// Whether both are the same to the last byte; nothing is read from disk.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Place::Away(a), Place::Away(b)) => (a.len, a.hash) == (b.len, b.hash),
            (Place::Here(a), Place::Here(b)) => *Borrow::<T>::borrow(a) == *Borrow::<T>::borrow(b),
            (Place::Here(here), Place::Away(away)) | (Place::Away(away), Place::Here(here)) => {
                let bytes = packed::<T>(here.borrow());
                bytes.len() == away.len as usize && xxh3_64(&bytes) == away.hash
            }
        }
    }
}

fn packed<T: Packed + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.pack(&mut bytes);
    bytes
}

/// A value that can be put aside, whatever it is.
pub(super) trait PutAside {
    /// Where it was put aside.
    fn spill(&self) -> Option<&Arc<Spill>>;

    /// Bytes of the value.
    fn len(&self) -> usize;

    /// Adds the bytes of the value, unless they cannot be read.
    fn add_to(&self, out: &mut Vec<u8>) -> bool;

    /// Leaves memory for `spill`, where it has these bytes at `at`.
    fn leave(&mut self, spill: &Arc<Spill>, at: u64, bytes: &[u8]);
}

impl<T: Packed + ?Sized> PutAside for Held<T> {
    fn spill(&self) -> Option<&Arc<Spill>> {
        if let Place::Away(away) = &self.0 { Some(&away.spill) } else { None }
    }

    fn len(&self) -> usize {
        match &self.0 {
            Place::Here(value) => value.borrow().size(),
            Place::Away(away) => away.len as usize,
        }
    }

    fn add_to(&self, out: &mut Vec<u8>) -> bool {
        match &self.0 {
            Place::Here(value) => {
                value.borrow().pack(out);
                true
            }
            Place::Away(away) => away.read().map(|bytes| out.extend_from_slice(&bytes)).is_ok(),
        }
    }

    fn leave(&mut self, spill: &Arc<Spill>, at: u64, bytes: &[u8]) {
        if let (Ok(len), Ok(count)) = (u32::try_from(bytes.len()), u32::try_from(self.count())) {
            self.0 = Place::Away(Away { spill: Arc::clone(spill), at, len, count, hash: xxh3_64(bytes) });
        }
    }
}

impl<T: Packed<Owned: Clone> + ?Sized> Clone for Held<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Place::Here(value) => Place::Here(value.clone()),
            Place::Away(away) => Place::Away(away.clone()),
        })
    }
}

impl<T: Packed + fmt::Debug + ?Sized> fmt::Debug for Held<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Debug::fmt(&*self.get(), f)
    }
}

impl<T: Packed + ?Sized> PartialEq for Held<T> {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other)
    }
}

impl From<String> for Held<str> {
    fn from(text: String) -> Self {
        Self(Place::Here(text))
    }
}

impl From<&str> for Held<str> {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Vec<String>> for Held<[String]> {
    fn from(texts: Vec<String>) -> Self {
        Self(Place::Here(texts))
    }
}

impl FromIterator<String> for Held<[String]> {
    fn from_iter<I: IntoIterator<Item = String>>(texts: I) -> Self {
        texts.into_iter().collect::<Vec<_>>().into()
    }
}

impl<T: Packed + Serialize + ?Sized> Serialize for Held<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.try_get().map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de, T: Packed<Owned: DeserializeOwned> + ?Sized> Deserialize<'de> for Held<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::Owned::deserialize(deserializer).map(|value| Self(Place::Here(value)))
    }
}
