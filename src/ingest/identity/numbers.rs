//! Do files count their items from 0 or from 1? Where names are mere numbers and no text tells what was asked, items
//! that are joined by number are one off if two programs count differently.

use crate::ingest::marks::Marks;
use crate::response::{Item, Joiner};
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

/// Of fewer items the first one may well be missing.
const LEAST: u32 = 10;
/// Of the numbers between the first and the last at least this share is there, in tenths.
const TENTHS_THERE: u32 = 9;
/// Higher numbers are names of their own.
const HIGHEST: u32 = 1 << 20;
/// Where more different texts stand before numbers, these are no numbers of items.
const MOST_STEMS: usize = 1 << 8;

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

    /// The first and the last, if few are missing between them.
    fn range(&self) -> Option<(u32, u32)> {
        let width = self.last.checked_sub(self.first)? + 1;
        (10 * self.all.count() >= TENTHS_THERE * width).then_some((self.first, self.last))
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
        if let Some((stem, number)) = split(id)
            && self.of_stem.len() <= MOST_STEMS
        {
            match self.of_stem.get_mut(stem) {
                Some(known) => known.add(number),
                None => self.of_stem.entry(stem.to_owned()).or_default().add(number),
            }
        }
    }

    /// Adds those of another file.
    pub fn take(&mut self, other: Self) {
        for (stem, numbers) in other.of_stem {
            if self.of_stem.len() > MOST_STEMS {
                return;
            }
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

    /// What these numbers are to ones that are known: all that share a stem say so together.
    pub fn base(&self, known: &Self) -> Base {
        if self.of_stem.len().max(known.of_stem.len()) > MOST_STEMS {
            return Base::Same;
        }
        let (mut base, mut n_items) = (None, 0);
        for (stem, numbers) in &self.of_stem {
            let (Some(new), Some(known)) =
                (numbers.range(), known.of_stem.get(stem).and_then(Numbers::range))
            else {
                continue;
            };
            let this = match (known, new) {
                ((0, last), (1, end)) if end == last + 1 => Base::OneHigher,
                ((1, last), (0, end)) if end + 1 == last => Base::OneLower,
                // Either the first one was not answered, or the last one, and they are one off.
                ((0, _), (1, _)) | ((1, _), (0, _)) => Base::Unclear,
                _ => Base::Same,
            };
            n_items += numbers.all.count();
            base = match base {
                None => Some(this),
                Some(base) if base == this => Some(base),
                Some(_) => Some(Base::Unclear),
            };
        }
        base.filter(|_| n_items >= LEAST).unwrap_or(Base::Same)
    }
}

/// The name that an item has in files that count otherwise.
pub(super) fn shifted(id: &str, base: Base) -> Option<String> {
    let (stem, number) = split(id)?;
    let width = id.len() - stem.len();
    let number = match base {
        Base::OneHigher => number.checked_sub(1)?,
        Base::OneLower => number + 1,
        Base::Same | Base::Unclear => return None,
    };
    // `010` is `009` and `10` is `9`.
    let is_padded = id[stem.len()..].starts_with('0') && width > 1;
    Some(if is_padded { format!("{stem}{number:0width$}") } else { format!("{stem}{number}") })
}

/// Whether the keys of a file do not say that its numbers mean what they mean in earlier files: no more of them agree
/// as the numbers stand than do if they are read as being one off.
pub(super) fn keys_agree(items: &[Item], benchmark: &str, joiner: &Joiner, base: Base) -> bool {
    let of = |id: &str| joiner.table().items.get(joiner.item(benchmark, id)? as usize);
    let same = |a: &Item, b: &Item| match (a.gold, b.gold, &a.gold_text, &b.gold_text) {
        (Some(a), Some(b), ..) => Some(a == b),
        (.., Some(a), Some(b)) => Some(a.is_same(b)),
        _ => None,
    };
    // Where it is not clear which way they are off, it is asked in the one that can be.
    let base = match base {
        Base::Unclear if of("0").is_none() => Base::OneLower,
        Base::Unclear => Base::OneHigher,
        base => base,
    };
    let (mut as_they_stand, mut one_off) = (0usize, 0usize);
    for item in items.iter().filter(|item| item.benchmark == benchmark).take(KEYS_COMPARED) {
        let moved = shifted(item.id.as_str(), base).and_then(|id| of(&id));
        if let (Some(stays), Some(moves)) = (
            of(item.id.as_str()).and_then(|known| same(item, known)),
            moved.and_then(|known| same(item, known)),
        ) {
            as_they_stand += usize::from(stays);
            one_off += usize::from(moves);
        }
    }
    one_off >= as_they_stand
}

/// Keys by which it is judged.
const KEYS_COMPARED: usize = 1000;

/// What stands before the number that a name ends with.
fn split(id: &str) -> Option<(&str, u32)> {
    let at = id.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (stem, number) = id.split_at(at);
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
        assert_eq!([of(1..30, 0..30), of(1..20, 0..30)], [Base::Unclear; 2]);
        assert_eq!(of(1..6, 0..5), Base::Same);
        let with_holes = |holes: &[u32]| counting((1..31).filter(|k| !holes.contains(k)));
        assert_eq!(with_holes(&[7, 9]).base(&counting(0..30)), Base::OneHigher);
        assert_eq!(with_holes(&[3, 5, 7, 9]).base(&counting(0..30)), Base::Same);
    }

    #[test]
    fn names_keep_what_stands_before_their_number() {
        assert_eq!(shifted("law/10", Base::OneHigher).as_deref(), Some("law/9"));
        assert_eq!(shifted("id7", Base::OneLower).as_deref(), Some("id8"));
        assert_eq!(shifted("q-010", Base::OneHigher).as_deref(), Some("q-009"));
        for id in ["q", "4294967295", "18446744073709551615"] {
            assert_eq!(shifted(id, Base::OneLower), None, "{id}");
        }
        assert_eq!(shifted("0", Base::OneHigher), None);
    }
}
