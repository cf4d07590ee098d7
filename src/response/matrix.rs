//! Who got which item right? One benchmark and one metric as a matrix of items × respondents.

use super::bits::BitMatrix;
use super::ids::{ItemId, RespondentId};
use super::metric::Metric;
use super::options::OptionPlanes;
use ndarray::{Array2, Axis};

/// Repeated binary attempts: `correct` of `trials`, items × respondents; no trials is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// Correct attempts.
    pub correct: Array2<u16>,
    /// All scored attempts.
    pub trials: Array2<u16>,
}

/// The mark of a missing cell among categories.
pub const NO_CATEGORY: u8 = u8::MAX;

/// The scores of a matrix in the narrowest form that keeps them exactly. Always items × respondents.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// 0 and 1, once each.
    Binary(BitMatrix),
    /// 0 and 1, several times.
    Counts(Counts),
    /// Few ordered levels: positions in `levels`, [`NO_CATEGORY`] where missing.
    Categories {
        /// Position of the level of each cell.
        level: Array2<u8>,
        /// The scores that the positions stand for, ascending.
        levels: Vec<f32>,
    },
    /// Any numbers; `NaN` where missing. Repeats are averaged, and the count of repeats is in the pivot's
    /// report.
    Scores(Array2<f32>),
}

/// One benchmark and one metric: the scores of respondents on items.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseMatrix {
    /// The benchmark.
    pub benchmark: String,
    /// The metric of the scores.
    pub metric: Metric,
    respondents: Vec<RespondentId>,
    items: Vec<ItemId>,
    /// Names of the subjects, in order of first appearance.
    subjects: Vec<String>,
    /// Subject of each item, as a position in `subjects`.
    item_subject: Vec<Option<u32>>,
    cells: Cells,
    options: Option<OptionPlanes>,
}

impl ResponseMatrix {
    /// A matrix from its parts.
    ///
    /// # Panics
    /// If the shapes do not fit: a fault of the program, not of its input.
    pub fn new(
        benchmark: impl Into<String>,
        metric: Metric,
        respondents: Vec<RespondentId>,
        items: Vec<ItemId>,
        item_subjects: &[Option<String>],
        cells: Cells,
        options: Option<OptionPlanes>,
    ) -> Self {
        let shape = match &cells {
            Cells::Binary(b) => (b.rows(), b.columns()),
            Cells::Counts(c) => c.trials.dim(),
            Cells::Categories { level, .. } => level.dim(),
            Cells::Scores(s) => s.dim(),
        };
        assert_eq!(shape, (items.len(), respondents.len()), "cells do not fit the items and respondents");
        assert_eq!(item_subjects.len(), items.len(), "one subject or none for each item");
        let mut subjects: Vec<String> = Vec::new();
        let mut place = std::collections::HashMap::new();
        let item_subject = item_subjects
            .iter()
            .map(|s| {
                s.as_ref().map(|s| {
                    *place.entry(s.clone()).or_insert_with(|| {
                        subjects.push(s.clone());
                        subjects.len() as u32 - 1
                    })
                })
            })
            .collect();
        Self {
            benchmark: benchmark.into(),
            metric,
            respondents,
            items,
            subjects,
            item_subject,
            cells,
            options,
        }
    }

    /// A binary matrix with made-up names (`m0`, `i0`, …), for tests, simulation and callers without names.
    /// `bits` is items × respondents.
    pub fn from_bits(bits: BitMatrix) -> Self {
        let respondents = (0..bits.columns()).map(|r| format!("m{r}").into()).collect();
        let items: Vec<ItemId> = (0..bits.rows()).map(|i| format!("i{i}").into()).collect();
        let none = vec![None; items.len()];
        Self::new(
            "benchmark",
            Metric::new("benchmark", "acc", None),
            respondents,
            items,
            &none,
            Cells::Binary(bits),
            None,
        )
    }

    /// As [`Self::from_bits`], from respondents × items with `None` for missing: the way such tables are
    /// printed.
    pub fn from_rows(rows: &[Vec<Option<bool>>]) -> Self {
        let items = rows.iter().map(Vec::len).max().unwrap_or(0);
        Self::from_bits(BitMatrix::from_fn(items, rows.len(), |i, r| rows[r].get(i).copied().flatten()))
    }

    /// Number of respondents.
    pub fn n_respondents(&self) -> usize {
        self.respondents.len()
    }

    /// Number of items.
    pub fn n_items(&self) -> usize {
        self.items.len()
    }

    /// The respondents, in column order.
    pub fn respondents(&self) -> &[RespondentId] {
        &self.respondents
    }

    /// The items, in row order.
    pub fn items(&self) -> &[ItemId] {
        &self.items
    }

    /// Names of the subjects.
    pub fn subjects(&self) -> &[String] {
        &self.subjects
    }

    /// Subject of an item, as a position in [`Self::subjects`].
    pub fn subject_of(&self, item: usize) -> Option<usize> {
        self.item_subject[item].map(|s| s as usize)
    }

    /// Name of the subject of an item.
    pub fn subject_name(&self, item: usize) -> Option<&str> {
        self.subject_of(item).map(|s| self.subjects[s].as_str())
    }

    /// The items of each subject.
    pub fn items_by_subject(&self) -> Vec<Vec<usize>> {
        let mut groups = vec![Vec::new(); self.subjects.len()];
        for item in 0..self.n_items() {
            if let Some(s) = self.subject_of(item) {
                groups[s].push(item);
            }
        }
        groups
    }

    /// The scores.
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    /// Chosen and keyed options, where the dump has them.
    pub fn options(&self) -> Option<&OptionPlanes> {
        self.options.as_ref()
    }

    /// The packed scores, items × respondents, if they are binary and unrepeated.
    pub fn binary(&self) -> Option<&BitMatrix> {
        match &self.cells {
            Cells::Binary(b) => Some(b),
            _ => None,
        }
    }

    /// The score of a cell; the share correct where it was tried several times; `None` is missing.
    pub fn score(&self, item: usize, respondent: usize) -> Option<f64> {
        match &self.cells {
            Cells::Binary(b) => b.get(item, respondent).map(|v| v as u8 as f64),
            Cells::Counts(c) => {
                let n = c.trials[[item, respondent]];
                (n > 0).then(|| c.correct[[item, respondent]] as f64 / n as f64)
            }
            Cells::Categories { level, levels } => {
                let at = level[[item, respondent]];
                (at != NO_CATEGORY).then(|| levels[at as usize] as f64)
            }
            Cells::Scores(s) => Some(s[[item, respondent]] as f64).filter(|v| !v.is_nan()),
        }
    }

    /// Share of cells that are present.
    pub fn density(&self) -> f64 {
        let cells = (self.n_items() * self.n_respondents()) as f64;
        if cells == 0.0 { 0.0 } else { self.n_present() as f64 / cells }
    }

    /// Number of cells that are present.
    pub fn n_present(&self) -> u64 {
        match &self.cells {
            Cells::Binary(b) => b.n_present(),
            Cells::Counts(c) => c.trials.iter().filter(|n| **n > 0).count() as u64,
            Cells::Categories { level, .. } => level.iter().filter(|l| **l != NO_CATEGORY).count() as u64,
            Cells::Scores(s) => s.iter().filter(|v| !v.is_nan()).count() as u64,
        }
    }

    /// Sum of scores and number of cells present, for each item.
    pub fn item_totals(&self) -> Vec<(f64, usize)> {
        (0..self.n_items())
            .map(|i| match &self.cells {
                Cells::Binary(b) => {
                    let (ones, present) = b.row_counts(i);
                    (ones as f64, present as usize)
                }
                _ => total((0..self.n_respondents()).map(|r| self.score(i, r))),
            })
            .collect()
    }

    /// The scores of an item by respondent, `NaN` where missing: the row that dense arithmetic works on.
    pub fn item_row(&self, item: usize) -> Vec<f64> {
        (0..self.n_respondents()).map(|r| self.score(item, r).unwrap_or(f64::NAN)).collect()
    }

    /// Sum of scores and number of cells present, for each respondent.
    pub fn respondent_totals(&self) -> Vec<(f64, usize)> {
        match &self.cells {
            Cells::Binary(b) => {
                let t = b.transposed();
                (0..t.rows()).map(|r| t.row_counts(r)).map(|(ones, n)| (ones as f64, n as usize)).collect()
            }
            _ => (0..self.n_respondents())
                .map(|r| total((0..self.n_items()).map(|i| self.score(i, r))))
                .collect(),
        }
    }

    /// Mean score over all cells present; `None` of nothing.
    pub fn mean_score(&self) -> Option<f64> {
        let (sum, n) = self.item_totals().into_iter().fold((0.0, 0), |(s, n), (a, b)| (s + a, n + b));
        (n > 0).then(|| sum / n as f64)
    }

    /// The matrix of some items, in the given order.
    pub fn select_items(&self, keep: &[usize]) -> Self {
        let cells = match &self.cells {
            Cells::Binary(b) => Cells::Binary(b.select_rows(keep)),
            other => select_cells(other, Axis(0), keep),
        };
        let options = self.options.as_ref().map(|o| OptionPlanes {
            n_options: keep.iter().map(|&i| o.n_options[i]).collect(),
            ..select_options(o, Axis(0), keep)
        });
        let subjects: Vec<Option<String>> =
            keep.iter().map(|&i| self.subject_name(i).map(str::to_owned)).collect();
        let items = keep.iter().map(|&i| self.items[i].clone()).collect();
        Self::new(
            self.benchmark.clone(),
            self.metric.clone(),
            self.respondents.clone(),
            items,
            &subjects,
            cells,
            options,
        )
    }

    /// The matrix of some respondents, in the given order.
    pub fn select_respondents(&self, keep: &[usize]) -> Self {
        let cells = match &self.cells {
            Cells::Binary(b) => Cells::Binary(b.transposed().select_rows(keep).transposed()),
            other => select_cells(other, Axis(1), keep),
        };
        Self {
            respondents: keep.iter().map(|&r| self.respondents[r].clone()).collect(),
            cells,
            options: self.options.as_ref().map(|o| select_options(o, Axis(1), keep)),
            ..self.clone()
        }
    }
}

fn total(scores: impl Iterator<Item = Option<f64>>) -> (f64, usize) {
    scores.flatten().fold((0.0, 0), |(sum, n), s| (sum + s, n + 1))
}

fn select_cells(cells: &Cells, axis: Axis, keep: &[usize]) -> Cells {
    match cells {
        Cells::Binary(_) => unreachable!("packed cells are selected by their own methods"),
        Cells::Counts(c) => Cells::Counts(Counts {
            correct: c.correct.select(axis, keep),
            trials: c.trials.select(axis, keep),
        }),
        Cells::Categories { level, levels } => {
            Cells::Categories { level: level.select(axis, keep), levels: levels.clone() }
        }
        Cells::Scores(s) => Cells::Scores(s.select(axis, keep)),
    }
}

fn select_options(options: &OptionPlanes, axis: Axis, keep: &[usize]) -> OptionPlanes {
    OptionPlanes {
        chosen: options.chosen.select(axis, keep),
        gold: options.gold.select(axis, keep),
        n_options: options.n_options.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> ResponseMatrix {
        let (y, n) = (Some(true), Some(false));
        ResponseMatrix::from_rows(&[vec![y, n, None], vec![y, y, n]])
    }

    #[test]
    fn totals_leave_missing_cells_out() {
        let m = small();
        assert_eq!(m.item_totals(), vec![(2.0, 2), (1.0, 2), (0.0, 1)]);
        assert_eq!(m.respondent_totals(), vec![(1.0, 2), (2.0, 3)]);
        assert_eq!(m.mean_score(), Some(0.6));
        assert!((m.density() - 5.0 / 6.0).abs() < 1e-15);
    }

    #[test]
    fn selections_keep_names_and_cells_together() {
        let m = small().select_items(&[2, 0]).select_respondents(&[1]);
        assert_eq!(m.items()[0].as_str(), "i2");
        assert_eq!(m.respondents()[0].as_str(), "m1");
        assert_eq!((m.score(0, 0), m.score(1, 0)), (Some(0.0), Some(1.0)));
    }

    #[test]
    fn repeats_are_a_share_of_their_trials() {
        let cells =
            Cells::Counts(Counts { correct: ndarray::array![[3u16, 0]], trials: ndarray::array![[4u16, 0]] });
        let m = ResponseMatrix::new(
            "b",
            Metric::new("b", "acc", None),
            vec!["a".into(), "b".into()],
            vec!["i".into()],
            &[None],
            cells,
            None,
        );
        assert_eq!(m.score(0, 0), Some(0.75));
        assert_eq!(m.score(0, 1), None);
        assert_eq!(m.n_present(), 1);
    }
}
