//! Do files count their items from 0 or from 1? Where names are mere numbers and no text tells what was asked, items
//! that are joined by number are one off if two programs count differently.

use super::content::is_place;
use crate::ingest::marks::Marks;
use crate::response::Item;
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

/// Of fewer items the first one may well be missing.
const LEAST: u32 = 10;
/// Higher numbers are names of their own.
const HIGHEST: u32 = 1 << 24;

/// Numbers that are the last part of names: those of one benchmark that share what stands before (a subject).
#[derive(Debug, Clone)]
struct Numbers {
    all: Marks,
    first: u32,
    last: u32,
}

impl Default for Numbers {
    fn default() -> Self {
        Self { all: Marks::default(), first: u32::MAX, last: 0 }
    }
}

impl Numbers {
    fn add(&mut self, number: u32) {
        self.all.insert(number as usize);
        (self.first, self.last) = (self.first.min(number), self.last.max(number));
    }

    /// The first and the last, if there are enough and none is missing between them.
    fn range(&self) -> Option<(u32, u32)> {
        let n = self.all.count();
        (n >= LEAST && self.last - self.first == n - 1).then_some((self.first, self.last))
    }
}

/// The numbers of a benchmark: before what stands in front of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Counting {
    of_stem: FxHashMap<String, Numbers>,
}

/// How the numbers of a file are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    /// As they are.
    Same,
    /// Each is one too high: the file counts from 1, earlier ones from 0, and both have as many items.
    OneHigher,
    /// Each is one too low.
    OneLower,
    /// They begin elsewhere than those of earlier files, and there are not as many: they may be one off.
    Unclear,
}

impl Counting {
    /// Adds the name of an item.
    pub fn add(&mut self, id: &str) {
        if let Some((stem, number)) = split(id) {
            match self.of_stem.get_mut(stem) {
                Some(known) => known.add(number),
                None => self.of_stem.entry(stem.to_owned()).or_default().add(number),
            }
        }
    }

    /// Adds those of another file.
    pub fn take(&mut self, other: Self) {
        for (stem, numbers) in other.of_stem {
            match self.of_stem.entry(stem) {
                Entry::Occupied(known) => {
                    let known = known.into_mut();
                    known.all.take(&numbers.all);
                    known.first = known.first.min(numbers.first);
                    known.last = known.last.max(numbers.last);
                }
                Entry::Vacant(new) => _ = new.insert(numbers),
            }
        }
    }

    /// What these numbers are to ones that are known.
    pub fn base(&self, known: &Self) -> Base {
        let mut base = None;
        for (stem, numbers) in &self.of_stem {
            let (Some(new), Some(known)) =
                (numbers.range(), known.of_stem.get(stem).and_then(Numbers::range))
            else {
                continue;
            };
            let this = match (known, new) {
                ((0, last), (1, end)) if end == last + 1 => Base::OneHigher,
                ((1, last), (0, end)) if end + 1 == last => Base::OneLower,
                // The first one was not answered.
                ((0, last), (1, end)) | ((1, end), (0, last)) if end == last => Base::Same,
                ((0, _), (1, _)) | ((1, _), (0, _)) => Base::Unclear,
                _ => Base::Same,
            };
            base = match base {
                None => Some(this),
                Some(base) if base == this => Some(base),
                Some(_) => Some(Base::Unclear),
            };
        }
        base.unwrap_or(Base::Same)
    }
}

/// The name that an item has in files that count otherwise.
pub(super) fn shifted(item: &Item, base: Base) -> Option<String> {
    let (stem, number) = split(item.id.as_str())?;
    let number = match base {
        Base::OneHigher => number.checked_sub(1)?,
        Base::OneLower => number + 1,
        Base::Same | Base::Unclear => return None,
    };
    Some(format!("{stem}{number}"))
}

/// What stands before the number of a name that is a place; numbers with leading zeros are names of their own.
fn split(id: &str) -> Option<(&str, u32)> {
    if !is_place(id) {
        return None;
    }
    let at = id.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (stem, number) = id.split_at(at);
    if number.len() > 1 && number.starts_with('0') {
        return None;
    }
    Some((stem, number.parse().ok().filter(|number| *number < HIGHEST)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(ids: impl Iterator<Item = u32>) -> Counting {
        let mut counting = Counting::default();
        ids.for_each(|id| counting.add(&format!("law/{id}")));
        counting
    }

    #[test]
    fn as_many_items_from_another_number_on_are_one_off() {
        let of =
            |new: std::ops::Range<u32>, known: std::ops::Range<u32>| counting(new).base(&counting(known));
        assert_eq!(of(1..31, 0..30), Base::OneHigher);
        assert_eq!(of(0..30, 1..31), Base::OneLower);
        assert_eq!(of(0..30, 0..30), Base::Same);
        // One without the first item, one with fewer, one with too few to tell.
        assert_eq!(of(1..30, 0..30), Base::Same);
        assert_eq!(of(1..20, 0..30), Base::Unclear);
        assert_eq!(of(1..6, 0..5), Base::Same);
        assert_eq!(counting((1..31).filter(|k| *k != 7)).base(&counting(0..30)), Base::Same);
    }

    #[test]
    fn names_keep_what_stands_before_their_number() {
        let shifted = |id: &str, base| shifted(&Item::new("b", None, id), base);
        assert_eq!(shifted("law/10", Base::OneHigher).as_deref(), Some("law/9"));
        assert_eq!(shifted("id7", Base::OneLower).as_deref(), Some("id8"));
        for id in ["007", "q1", "4294967295", "18446744073709551615"] {
            assert_eq!(shifted(id, Base::OneLower), None, "{id}");
        }
        assert_eq!(shifted("0", Base::OneHigher), None);
    }
}
