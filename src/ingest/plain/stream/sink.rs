//! How do pieces become rows? Words become runs, items and metrics as they are met, in the order of the file.

use super::known::{Builder, Column, Known};
use super::{Columns, Unfit};
use crate::ingest::direction::higher_is_better;
use crate::ingest::fragment::{Fragment, Note};
use crate::ingest::plain::roles::{Roles, metric_name};
use crate::ingest::plain::scale::{Scale, Spread};
use crate::ingest::plain::value::{Value, parse};
use crate::ingest::plain::{Naming, Responses, long, tidy};
use crate::response::{Item, Line, Metric, ResponseTable, Run, Spill};
use crate::store::frame::Frame;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::sync::Arc;

/// The place of the items among the words of a row.
const ITEM: usize = 1;

/// Some rows of the table.
pub struct Piece {
    words: Vec<Column>,
    scores: Vec<f64>,
}

impl Piece {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.scores.len()
    }
}

/// Builds a piece row by row, or column by column.
pub struct PieceBuilder<'k> {
    words: Vec<Builder<'k>>,
    scores: Vec<f64>,
}

impl<'k> PieceBuilder<'k> {
    /// Adds the word of a column; no word is nothing that a simple table has.
    #[inline]
    pub fn word(&mut self, column: usize, word: &str) -> Result<(), Unfit> {
        self.words(column, word, 1)
    }

    /// Adds the word of a column in `n` rows.
    #[inline]
    pub fn words(&mut self, column: usize, word: &str, n: usize) -> Result<(), Unfit> {
        let word = if column == ITEM { tidy::without_fraction(word) } else { word.trim() };
        if word.is_empty() {
            return Err(Unfit);
        }
        self.words[column].push(word, n);
        Ok(())
    }

    /// Adds a score; `None` is none.
    #[inline]
    pub fn score(&mut self, score: Option<f64>) -> Result<(), Unfit> {
        match score {
            Some(score) if !score.is_finite() => return Err(Unfit),
            score => self.scores.push(score.unwrap_or(f64::NAN)),
        }
        Ok(())
    }

    /// Adds scores; `NaN` is none.
    pub fn scores(&mut self, scores: &[f64]) -> Result<(), Unfit> {
        self.scores.extend_from_slice(scores);
        if scores.iter().any(|score| score.is_infinite()) { Err(Unfit) } else { Ok(()) }
    }

    /// Adds a score as it is written.
    #[inline]
    pub fn score_text(&mut self, text: &str) -> Result<(), Unfit> {
        let score = match text {
            "0" => Some(0.0),
            "1" => Some(1.0),
            "" => None,
            text => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Some(number),
                _ => match parse(&text.trim().to_lowercase(), None).map_err(|()| Unfit)? {
                    Some(Value::Score(score)) => Some(score),
                    Some(Value::None(_)) => return Err(Unfit),
                    None => None,
                },
            },
        };
        self.score(score)
    }

    /// The piece; columns of different lengths are no simple table.
    pub fn finish(self) -> Result<Piece, Unfit> {
        let n = self.scores.len();
        if self.words.iter().any(|w| w.len() != n) {
            return Err(Unfit);
        }
        Ok(Piece { words: self.words.into_iter().map(Builder::finish).collect(), scores: self.scores })
    }
}

/// The words of each column so far.
pub struct Vocabulary {
    columns: Vec<Known>,
}

/// The rows of a piece with their words by number.
pub struct Coded {
    words: Vec<Vec<u32>>,
    scores: Vec<f64>,
}

impl Vocabulary {
    /// A piece to be filled.
    pub fn piece(&self) -> PieceBuilder<'_> {
        PieceBuilder { words: self.columns.iter().map(Builder::new).collect(), scores: Vec::new() }
    }

    /// Numbers the words of the next piece, and learns its new ones.
    pub fn admit(&mut self, piece: Piece) -> Coded {
        let Piece { words, scores } = piece;
        Coded { words: self.columns.iter_mut().zip(words).map(|(k, w)| k.take(w)).collect(), scores }
    }

    fn word(&self, column: usize, code: u32) -> &str {
        self.columns[column].words().get(code as usize)
    }

    /// The words of a column from number `from` on.
    fn from(&self, column: usize, from: usize) -> impl Iterator<Item = &str> {
        let words = self.columns[column].words();
        (from..words.len()).map(|code| words.get(code))
    }
}

/// The table in the making.
pub struct Sink {
    columns: Columns,
    naming: Naming,
    notes: Vec<Note>,
    table: ResponseTable,
    spill: Option<Arc<Spill>>,
    /// Number of the item of a benchmark (by code) and name (by code), where the table names benchmarks.
    item_of: FxHashMap<(u32, u32), u32>,
    /// The subject (by code) of each item, where the table names subjects.
    subject_of: Vec<u32>,
    metric_of: FxHashMap<u32, u32>,
}

impl Sink {
    /// A table without rows, of the columns of `frame`.
    pub fn new(columns: Columns, frame: &Frame, roles: &Roles, naming: Naming) -> Self {
        Self {
            notes: long::opening_notes(&long::names_of(frame), &frame.unread, roles, &naming),
            columns,
            naming,
            table: ResponseTable::default(),
            spill: None,
            item_of: FxHashMap::default(),
            subject_of: Vec::new(),
            metric_of: FxHashMap::default(),
        }
    }

    /// The same, which puts rows aside that are more than memory should hold.
    pub fn spilling_to(self, spill: Option<&Arc<Spill>>) -> Self {
        Self { spill: spill.map(Arc::clone), ..self }
    }

    /// No word of any column yet.
    pub fn vocabulary(&self) -> Vocabulary {
        Vocabulary { columns: self.columns.words.iter().map(|_| Known::default()).collect() }
    }

    /// Adds the next piece.
    pub fn add(&mut self, vocabulary: &Vocabulary, piece: Coded) -> Result<(), Unfit> {
        let Coded { words: codes, scores } = piece;
        for word in vocabulary.from(0, self.table.runs.len()) {
            let mut run = Run::new(word, word);
            run.files.push(self.naming.file.clone());
            self.table.runs.push(run);
        }
        let items = self.items(vocabulary, &codes)?;
        let benchmarks = self.columns.benchmark.map(|at| codes[at].as_slice());
        let mut start = 0;
        while start < scores.len() {
            let benchmark = benchmarks.map(|b| b[start]);
            let same = benchmarks.map_or(scores.len() - start, |b| {
                b[start..].iter().take_while(|code| Some(**code) == benchmark).count()
            });
            let rows = start..start + same;
            let metric = self.metric(vocabulary, benchmark);
            let row = self.naming.line(self.table.len());
            let row = u32::try_from(row).map_err(|_| Unfit)?;
            self.table.extend_plain(
                &codes[0][rows.clone()],
                &items[rows.clone()],
                metric,
                &scores[rows.clone()],
                Line::EachFrom(row),
            );
            start = rows.end;
        }
        if let Some(spill) = &self.spill {
            self.table.put_aside(spill);
        }
        Ok(())
    }

    /// The item of each row.
    fn items<'c>(&mut self, vocabulary: &Vocabulary, codes: &'c [Vec<u32>]) -> Result<Cow<'c, [u32]>, Unfit> {
        let (benchmark, subject) = (self.columns.benchmark, self.columns.subject);
        if let (None, None) = (benchmark, subject) {
            // Words are numbered in the order in which they are met, and so are items.
            for id in vocabulary.from(1, self.table.items.len()) {
                self.table.items.push(Item::new(&self.naming.benchmark, None, id));
            }
            return Ok(Cow::Borrowed(&codes[1]));
        }
        let mut last = (u32::MAX, u32::MAX, 0);
        let mut items = Vec::with_capacity(codes[1].len());
        for (row, &name) in codes[1].iter().enumerate() {
            let in_benchmark = benchmark.map_or(0, |at| codes[at][row]);
            let at = if (in_benchmark, name) == (last.0, last.1) {
                last.2
            } else if benchmark.is_none() {
                name
            } else {
                let next = self.table.items.len() as u32;
                *self.item_of.entry((in_benchmark, name)).or_insert(next)
            };
            last = (in_benchmark, name, at);
            if at as usize == self.table.items.len() {
                let of = benchmark.map(|at| vocabulary.word(at, in_benchmark));
                let in_subject = subject.map(|at| vocabulary.word(at, codes[at][row]));
                let id = vocabulary.word(1, name);
                self.table.items.push(Item::new(of.unwrap_or(&self.naming.benchmark), in_subject, id));
                self.subject_of.extend(subject.map(|at| codes[at][row]));
            }
            // An item under two subjects may be two items.
            if subject.is_some_and(|s| self.subject_of[at as usize] != codes[s][row]) {
                return Err(Unfit);
            }
            items.push(at);
        }
        Ok(Cow::Owned(items))
    }

    fn metric(&mut self, vocabulary: &Vocabulary, benchmark: Option<u32>) -> u32 {
        let next = self.table.metrics.len() as u32;
        let at = *self.metric_of.entry(benchmark.unwrap_or(0)).or_insert(next);
        if at == next {
            let of = match (benchmark, self.columns.benchmark) {
                (Some(code), Some(column)) => vocabulary.word(column, code).to_owned(),
                _ => self.naming.benchmark.clone(),
            };
            let name = metric_name(&self.columns.score_name);
            let higher_is_better = higher_is_better(&name);
            self.table.metrics.push(Metric { higher_is_better, ..Metric::new(of, name, None) });
        }
        at
    }

    /// The results.
    pub fn finish(mut self) -> Result<Responses, Unfit> {
        if self.table.is_empty() {
            return Err(Unfit);
        }
        let name = metric_name(&self.columns.score_name);
        let is_share = self.table.score_range().is_none_or(|(low, high)| low >= 0.0 && high <= 1.0);
        let scale = if is_share {
            Scale::AsIs
        } else {
            let mut spread = Spread::default();
            self.table.blocks().each(|attempt| attempt.score.into_iter().for_each(|x| spread.add(x)));
            Scale::of(Some(spread), Some(&name))
        };
        if let Some(message) = scale.tell() {
            let message = format!("metric {name:?}: {message}");
            self.notes.push(Note { file: self.naming.file.clone(), row: None, message });
            self.table.map_scores(|score| scale.apply(score));
        }
        Ok(Responses {
            fragment: Fragment { table: self.table, notes: self.notes, ..Fragment::default() },
            shape: "long table",
            item_column: Some(self.columns.item_name),
            needs_keys: false,
        })
    }
}
