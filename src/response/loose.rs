//! Which items have texts in memory that could be on disk?

use super::held::PutAside;
use super::item::Item;
use super::spill::Spill;
use std::sync::Arc;

/// So many bytes are written at once.
const BATCH: usize = 1 << 20;

fn is_elsewhere(text: &dyn PutAside, spill: Option<&Arc<Spill>>) -> bool {
    !text.spill().zip(spill).is_some_and(|(known, spill)| Arc::ptr_eq(known, spill))
}

/// The items of a growing list whose texts were not put aside yet.
#[derive(Debug, Clone, Default)]
pub struct Loose {
    items: Vec<u32>,
    bytes: usize,
}

impl Loose {
    /// Takes note of an item that has come, or that has got a text; texts that are in `spill` have their place.
    pub fn note(&mut self, at: u32, item: &Item, spill: Option<&Arc<Spill>>) {
        let elsewhere = item.texts().flatten().filter(|text| is_elsewhere(*text, spill));
        let bytes = elsewhere.map(PutAside::len).sum::<usize>();
        if bytes > 0 {
            self.bytes += bytes;
            self.items.push(at);
        }
    }

    /// Bytes of the texts, wherever they are.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Puts all of them aside in one place, also those that are in another; what there is no room for stays where it
    /// is.
    pub fn put_aside(&mut self, items: &mut [Item], spill: &Arc<Spill>) {
        self.bytes = 0;
        let places = std::mem::take(&mut self.items);
        let (mut batch, mut bytes) = (Vec::new(), Vec::new());
        for (k, place) in places.iter().enumerate() {
            let Some(item) = items.get(*place as usize) else { continue };
            for (field, text) in item.texts().enumerate() {
                let start = bytes.len();
                let text = text.filter(|text| is_elsewhere(*text, Some(spill)));
                if text.is_some_and(|text| text.add_to(&mut bytes)) {
                    batch.push((*place, field, start..bytes.len()));
                }
            }
            if bytes.len() < BATCH && k + 1 < places.len() {
                continue;
            }
            let Some(at) = spill.write(&bytes) else { return };
            for (place, field, range) in batch.drain(..) {
                if let Some(Some(text)) = items[place as usize].texts_mut().nth(field) {
                    text.leave(spill, at + range.start as u64, &bytes[range]);
                }
            }
            bytes.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::spill::tests::scratch;
    use super::*;

    fn item(at: usize) -> Item {
        let options = (0..at % 5).map(|k| format!("{k} {}", "ü".repeat(at % 7))).collect();
        Item {
            question: Some(format!("question {at} {}", "long ".repeat(at % 900)).into()),
            options: Some(options),
            gold_text: at.is_multiple_of(3).then(|| at.to_string().into()),
            metadata_json: at.is_multiple_of(2).then(|| "".into()),
            ..Item::new("b", None, at.to_string())
        }
    }

    #[test]
    fn texts_come_back_whole() {
        let before: Vec<Item> = (0..1000).map(item).collect();
        let mut items = before.clone();
        let (own, all) = (Spill::new(scratch(), 0), Spill::new(scratch(), 0));
        for (n, spill) in [(700, &own), (1000, &all)] {
            let mut loose = Loose::default();
            (0..).zip(&items[..n]).for_each(|(at, item)| loose.note(at, item, Some(spill)));
            let n_bytes = loose.bytes();
            loose.put_aside(&mut items, spill);
            assert!(n_bytes > 0 && loose.bytes() == 0);
            assert!(items[1..n].iter().all(|item| item.spill().is_some_and(|at| Arc::ptr_eq(at, spill))));
            assert!(items == before, "the same without being read");
            for (item, before) in items.iter().zip(&before) {
                assert_eq!(item.question(), before.question());
                assert_eq!(item.options(), before.options());
                assert_eq!(
                    (item.gold_text(), item.metadata_json()),
                    (before.gold_text(), before.metadata_json())
                );
                assert_eq!(item.n_options(), before.n_options());
            }
            loose.note(5, &items[5], Some(spill));
            assert_eq!(loose.bytes(), 0, "it has its place");
        }
        assert!(items[5] != before[6] && before[5] == items[5]);
        assert_eq!((own.check(), all.check()), (Ok(()), Ok(())));
    }

    #[test]
    fn a_full_or_failing_disk_is_no_other_text() {
        let before: Vec<Item> = (0..9).map(item).collect();
        let put_aside = |spill: &Arc<Spill>| {
            let (mut items, mut loose) = (before.clone(), Loose::default());
            (0..9).for_each(|at| loose.note(at, &items[at as usize], None));
            loose.put_aside(&mut items, spill);
            items
        };
        let full = Spill::new(std::fs::File::open(std::env::current_exe().unwrap()).unwrap(), 0);
        let items = put_aside(&full);
        assert!(items == before && items.iter().all(|item| item.spill().is_none()));
        let file = scratch();
        let failing = Spill::new(file.try_clone().unwrap(), 0);
        let mut items = put_aside(&failing);
        file.set_len(10).unwrap();
        assert_eq!((items[8].question().as_deref(), items[8].n_options()), (Some(""), Some(3)));
        assert!(items[8].check().is_err() && postcard::to_stdvec(&items[8]).is_err());
        // What cannot be read is not moved either.
        let other = Spill::new(scratch(), 0);
        let mut loose = Loose::default();
        loose.note(8, &items[8], Some(&other));
        loose.put_aside(&mut items, &other);
        assert!(items[8].check().is_err());
    }
}
