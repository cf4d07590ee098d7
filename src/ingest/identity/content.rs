//! What was asked, and is it what was asked elsewhere?

use crate::ingest::item_hash::item_hash;
use crate::response::Item;
use rustc_hash::FxHashSet;
use std::borrow::Cow;
use xxhash_rust::xxh3::xxh3_64;

/// What was asked, as far as it is known: hashes of the question alone and with its options.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content {
    question: u64,
    pub whole: Option<u64>,
    /// Whether the harness's own hash of the document stands for a question that is not known.
    pub is_of_document: bool,
}

impl Content {
    pub fn of(item: &Item) -> Option<Self> {
        let Some(question) = item.question().filter(|q| !q.trim().is_empty()) else {
            let hash = item.doc_hash.as_deref()?;
            return Some(Self { question: xxh3_64(hash.as_bytes()), whole: None, is_of_document: true });
        };
        let options = item.options().filter(|options| !options.is_empty());
        Some(Self {
            question: item_hash::<&str>(&question, &[]),
            whole: options.map(|options| item_hash(&question, &options)),
            is_of_document: false,
        })
    }

    /// Whether nothing says that it is another one.
    pub fn equals(self, other: Self) -> bool {
        if self.is_of_document != other.is_of_document {
            return true;
        }
        match (self.whole, other.whole) {
            (Some(a), Some(b)) => a == b,
            _ => self.question == other.question,
        }
    }

    pub fn hash(self) -> u64 {
        self.whole.unwrap_or(self.question)
    }
}

/// Where a content is found: hashes of the subject and of the content.
pub(super) type Where = (Option<u64>, u64);

pub(super) fn place(item: &Item, content: Content) -> Where {
    (item.subject.as_deref().map(|subject| xxh3_64(subject.as_bytes())), content.hash())
}

/// Whether two names of subjects are one, however they are spelt.
pub(in crate::ingest) fn is_one_subject(a: &str, b: &str) -> bool {
    let marks = |name: &str| -> String {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    a == b || marks(a) == marks(b)
}

/// Whether a name is a place in a list: `12`, `astronomy/12`, `id12`.
pub(in crate::ingest) fn is_place(id: &str) -> bool {
    let last = id.rsplit('/').next().unwrap_or(id);
    let number = last.strip_prefix("id").unwrap_or(last);
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

/// The share of the words of the shorter text that the longer one has too; none where the keys say that they are
/// two questions.
pub(super) fn overlap(a: &Item, b: &Item) -> Option<f64> {
    fn key(item: &Item) -> (bool, Option<u64>) {
        let options = item.options().zip(item.gold);
        let keyed = options.and_then(|(all, gold)| all.get(usize::from(gold)).cloned().map(Cow::Owned));
        let text = keyed.or_else(|| item.gold_text());
        (item.options.is_some(), text.map(|text| item_hash::<&str>(&text, &[])))
    }
    if let ((of_options, Some(first)), (other_of_options, Some(second))) = (key(a), key(b))
        && of_options == other_of_options
        && first != second
    {
        return Some(0.0);
    }
    fn texts(item: &Item) -> Vec<String> {
        let question = item.question().map(Cow::into_owned);
        question.into_iter().chain(item.options().unwrap_or_default().into_owned()).collect()
    }
    fn words(texts: &[String]) -> FxHashSet<&str> {
        let words = texts.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
        words.filter(|word| !word.is_empty()).collect()
    }
    let (a, b) = (texts(a), texts(b));
    let (a, b) = (words(&a), words(&b));
    let shorter = a.len().min(b.len());
    (shorter > 0).then(|| a.intersection(&b).count() as f64 / shorter as f64)
}
