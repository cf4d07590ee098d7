//! Is it the same question if it stands under another subject? Not where names are numbers within a subject, or where
//! one run has both.

use super::Identity;
use super::content::{Content, is_one_subject, is_place};
use crate::ingest::fragment::{Note, counted};
use crate::response::{Item, Joiner};
use rustc_hash::FxHashMap;

impl Identity {
    /// Puts the subject before the names of items that stand for those of another subject in earlier files; items that
    /// these files call with their subject, or without it, get that name.
    ///
    /// Returns the new names by benchmark and old name.
    pub(super) fn tell_subjects_apart(
        &self,
        items: &mut [Item],
        contents: &[Option<Content>],
        joiner: &Joiner,
        is_answered: impl Fn(u32) -> bool,
        file: &str,
        notes: &mut Vec<Note>,
    ) -> FxHashMap<(String, String), String> {
        let mut renamed = FxHashMap::default();
        let mut n_apart = 0;
        for (item, content) in items.iter_mut().zip(contents) {
            let Some(subject) = item.subject.as_deref() else { continue };
            let id = item.id.as_str();
            let is_of = |id: &str| {
                let known = joiner.table().items.get(joiner.item(&item.benchmark, id)? as usize)?;
                known.subject.as_deref().map(|known| is_one_subject(known, subject))
            };
            let qualified = || format!("{subject}/{id}");
            let new = match joiner.item(&item.benchmark, id) {
                Some(at) => {
                    let known = self.benchmarks.get(&item.benchmark).and_then(|k| k.content_of.get(id));
                    let is_same_text = known.zip(*content).is_some_and(|(known, new)| known.equals(new));
                    let is_other = is_of(id) == Some(false) && !is_same_text;
                    let is_apart = is_other && (is_place(id) || is_answered(at));
                    n_apart += usize::from(is_apart);
                    is_apart.then(qualified)
                }
                None if is_of(&qualified()) == Some(true) => Some(qualified()),
                None => {
                    let bare = id.strip_prefix(subject).and_then(|rest| rest.strip_prefix('/'));
                    bare.filter(|bare| is_of(bare) == Some(true)).map(str::to_owned)
                }
            };
            if let Some(new) = new.filter(|new| new != id) {
                let old = std::mem::replace(&mut item.id, new.as_str().into());
                item.native_id.get_or_insert_with(|| old.to_string());
                renamed.insert((item.benchmark.clone(), old.to_string()), new);
            }
        }
        if n_apart > 0 {
            let have = counted(n_apart, "item has a name", "items have names");
            let message = format!(
                "{have} that earlier files give to items of other subjects; they are kept apart as subject/name"
            );
            notes.push(Note { file: file.to_owned(), row: None, message });
        }
        renamed
    }
}
