//! What is a section made of? Plain words, figures, tables, items, and how its numbers are computed.

use crate::plot::{Chart, NARROW, PlotError, WIDE};
use serde::Serialize;

/// The sections a page may have, in reading order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SectionId {
    /// Models with intervals and ranks.
    Leaderboard,
    /// Reliability of the whole and of each subject.
    Reliability,
    /// Difficulty and discrimination of items.
    Items,
    /// Item response theory.
    ItemResponse,
    /// Signal and noise.
    SignalNoise,
    /// Scaling ladders.
    Ladder,
    /// Selection of subtasks and items.
    Selection,
    /// The whole matrix.
    ResponseMap,
    /// Models that are suspiciously alike.
    Respondents,
    /// Items that deserve a look.
    LookAt,
}

impl SectionId {
    /// Its name in anchors and file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leaderboard => "leaderboard",
            Self::Reliability => "reliability",
            Self::Items => "items",
            Self::ItemResponse => "irt",
            Self::SignalNoise => "snr",
            Self::Ladder => "ladder",
            Self::Selection => "selection",
            Self::ResponseMap => "response-map",
            Self::Respondents => "respondents",
            Self::LookAt => "look-at",
        }
    }
}

/// One part of a benchmark's block.
#[derive(Debug, Clone)]
pub struct Section {
    /// Which section it is.
    pub id: SectionId,
    /// Its title.
    pub title: String,
    /// Paragraphs in plain words.
    pub lede: Vec<String>,
    /// What it shows.
    pub blocks: Vec<Block>,
    /// How its numbers are computed.
    pub methods: Vec<Method>,
}

/// A thing shown in a section.
#[derive(Debug, Clone)]
pub enum Block {
    /// A chart.
    Figure(Figure),
    /// A table.
    Table(TableView),
    /// Items with their text and votes.
    Items(Vec<ItemCard>),
    /// A paragraph.
    Note(String),
}

/// A chart for a desk and the same for a telephone, with what it says.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The stem of its file names, unique within the benchmark.
    pub name: String,
    /// How to read it.
    pub caption: String,
    /// For a desk.
    pub wide: Chart,
    /// For a telephone.
    pub narrow: Chart,
}

impl Figure {
    /// Draws a chart at both widths.
    ///
    /// # Errors
    /// As the chart's function.
    pub fn draw(
        name: impl Into<String>,
        caption: impl Into<String>,
        chart: impl Fn(f64) -> Result<Chart, PlotError>,
    ) -> Result<Self, PlotError> {
        Ok(Self { name: name.into(), caption: caption.into(), wide: chart(WIDE)?, narrow: chart(NARROW)? })
    }
}

/// A column of a table for people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnView {
    /// Its heading.
    pub title: String,
    /// Numbers are set to the right.
    pub numeric: bool,
}

/// A table for people: every cell is text already.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableView {
    /// What it lists.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<ColumnView>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
    /// Rows that exist beyond those shown, and where they are.
    pub note: Option<String>,
    /// Whether a page shows it only on demand.
    pub folded: bool,
}

impl TableView {
    /// A table from headings, where a heading that begins with `#` is of a numeric column.
    pub fn new(caption: impl Into<String>, headings: &[&str], rows: Vec<Vec<String>>) -> Self {
        let columns = headings
            .iter()
            .map(|h| ColumnView { title: h.trim_start_matches('#').to_owned(), numeric: h.starts_with('#') })
            .collect();
        Self { caption: caption.into(), columns, rows, note: None, folded: false }
    }

    /// Shown only on demand.
    pub fn folded(self) -> Self {
        Self { folded: true, ..self }
    }

    /// Keeps the first `most` rows and says so, naming the table that has them all.
    pub fn limited(mut self, most: usize, table: &str) -> Self {
        if self.rows.len() > most {
            let left = self.rows.len() - most;
            self.rows.truncate(most);
            self.note = Some(format!("{} more in {table}.", crate::plot::scale::grouped(left as f64, 0)));
        }
        self
    }
}

/// An option of an item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemOption {
    /// Its letter.
    pub label: String,
    /// Its text, where the dump has it.
    pub text: Option<String>,
    /// Whether it is the key.
    pub is_key: bool,
}

/// An item that deserves a look.
#[derive(Debug, Clone)]
pub struct ItemCard {
    /// Its name.
    pub item: String,
    /// Its subject.
    pub subject: Option<String>,
    /// Why it deserves a look, in plain words with the numbers.
    pub reasons: Vec<String>,
    /// The question.
    pub question: Option<String>,
    /// Its options.
    pub options: Vec<ItemOption>,
    /// The key as text, where it is no listed option.
    pub key_text: Option<String>,
    /// Votes by third of ability.
    pub votes: Option<Chart>,
}

/// How a number is computed, and who says so.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Method {
    /// The number.
    pub name: String,
    /// In one or two sentences.
    pub how: String,
    /// Author, year and DOI.
    pub reference: Option<String>,
}

impl Method {
    /// A method without or with a reference.
    pub fn new(name: &str, how: &str, reference: Option<&str>) -> Self {
        Self { name: name.to_owned(), how: how.to_owned(), reference: reference.map(str::to_owned) }
    }
}
