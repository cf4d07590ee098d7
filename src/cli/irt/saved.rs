//! Which item parameters were saved? `item_parameters.csv` read back into fits.

use super::with_cells;
use crate::irt::{IrtFit, ItemParameters, Model, Reliability};
use crate::numeric::{Convergence, Estimate, Interval, StopReason};
use crate::response::matrix::NO_CATEGORY;
use crate::response::{BitMatrix, Cells, Metric, ResponseMatrix};
use anyhow::{Context, bail};
use ndarray::Array2;
use std::collections::HashMap;
use std::path::Path;

/// A row of a file: its line, and its cells by column.
type Line = (usize, HashMap<String, String>);

/// The calibration of one benchmark.
#[derive(Debug)]
pub struct Saved {
    /// Its items, without abilities.
    pub fit: IrtFit,
    /// All scores that its ordered items have, ascending; the levels of an item are positions here.
    pub scores: Vec<f32>,
    subjects: Vec<Option<String>>,
}

/// One row as text, with what is needed to name it in a message.
struct Row<'a> {
    place: String,
    cells: HashMap<&'a str, &'a str>,
}

impl Row<'_> {
    fn text(&self, column: &str) -> Option<&str> {
        self.cells.get(column).copied().map(str::trim).filter(|t| !t.is_empty())
    }

    fn number(&self, column: &str) -> anyhow::Result<Option<f64>> {
        let Some(text) = self.text(column) else { return Ok(None) };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => bail!("{}: {column} is {text:?}, which is not a number", self.place),
        }
    }

    fn numbers(&self, column: &str) -> anyhow::Result<Vec<f64>> {
        let Some(text) = self.text(column) else { return Ok(Vec::new()) };
        text.split(';')
            .map(|t| t.trim().parse::<f64>().ok().filter(|v| v.is_finite()))
            .collect::<Option<Vec<f64>>>()
            .with_context(|| format!("{}: {column} is {text:?}, which are not numbers", self.place))
    }

    /// A value with its standard error and interval, in the columns that every table has for them.
    fn estimate(&self, column: &str) -> anyhow::Result<Option<Estimate>> {
        let Some(value) = self.number(column)? else { return Ok(None) };
        let std_error = self.number(&format!("{column}_se"))?;
        let ends = self.number(&format!("{column}_low"))?.zip(self.number(&format!("{column}_high"))?);
        let interval = ends.map(|(low, high)| Interval::new(low, high, 0.95));
        Ok(Some(Estimate { value, std_error, interval }))
    }
}

/// Reads the calibrations of a file, one for each benchmark in it.
///
/// A table made elsewhere needs `item`, `discrimination` and either `intercept` or `difficulty`; `guessing` and `upper`
/// where the model has them.
pub fn read(path: &Path) -> anyhow::Result<Vec<Saved>> {
    let name = path.display();
    if path.is_dir() {
        bail!("{name} is a directory: name the item_parameters.csv in it");
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
    if bytes.starts_with(b"PAR1") {
        bail!("{name} is Parquet: name the item_parameters.csv beside it");
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes.as_slice());
    let headings = reader.headers().with_context(|| format!("{name} is no CSV table"))?.clone();
    for needed in ["item", "discrimination"] {
        if !headings.iter().any(|h| h == needed) {
            bail!("{name} has no column {needed}: expected the item_parameters.csv of evalgauge irt");
        }
    }
    let mut found: Vec<(String, Vec<Line>)> = Vec::new();
    for (k, record) in reader.records().enumerate() {
        let record = record.with_context(|| format!("{name}, line {}", k + 2))?;
        let cells: HashMap<String, String> =
            headings.iter().zip(record.iter()).map(|(h, c)| (h.to_owned(), c.to_owned())).collect();
        let benchmark = cells.get("benchmark").cloned().unwrap_or_default();
        match found.iter_mut().find(|(b, _)| *b == benchmark) {
            Some((_, rows)) => rows.push((k + 2, cells)),
            None => found.push((benchmark, vec![(k + 2, cells)])),
        }
    }
    let calibrations: Vec<Saved> = found
        .iter()
        .map(|(benchmark, rows)| {
            let rows = rows.iter().map(|(line, cells)| Row {
                place: format!("{name}, line {line}"),
                cells: cells.iter().map(|(h, c)| (h.as_str(), c.as_str())).collect(),
            });
            calibration(benchmark, rows.collect())
        })
        .collect::<anyhow::Result<_>>()?;
    let calibrations: Vec<Saved> = calibrations.into_iter().filter(|c| !c.fit.items.is_empty()).collect();
    if calibrations.is_empty() {
        bail!("{name} has no item with parameters");
    }
    Ok(calibrations)
}

fn calibration(benchmark: &str, rows: Vec<Row>) -> anyhow::Result<Saved> {
    // Items that were left out of the fit stand in the table without parameters.
    let rows: Vec<Row> = rows.into_iter().filter(|r| r.text("discrimination").is_some()).collect();
    let mut scores: Vec<f32> = Vec::new();
    for row in &rows {
        scores.extend(row.numbers("category_scores")?.into_iter().map(|s| s as f32));
    }
    scores.sort_by(f32::total_cmp);
    scores.dedup();
    let model = model_of(&rows)?;
    let mut seen: HashMap<String, String> = HashMap::new();
    let mut items = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let item = item_of(row, index, &scores)?;
        if let Some(before) = seen.insert(item.item.to_string(), row.place.clone()) {
            bail!("{}: item {} stands already in {before}", row.place, item.item);
        }
        items.push(item);
    }
    let first = |column: &str, default: f64| -> anyhow::Result<f64> {
        Ok(rows.first().map(|r| r.number(column)).transpose()?.flatten().unwrap_or(default))
    };
    let sd = first("ability_sd", 1.0)?;
    if sd <= 0.0 {
        bail!("{}: ability_sd is {sd}; it must be above 0", rows[0].place);
    }
    let subjects = rows.iter().map(|r| r.text("subject").map(str::to_owned)).collect();
    let fit = IrtFit {
        benchmark: benchmark.to_owned(),
        model,
        items,
        abilities: Vec::new(),
        ability_std_dev: Estimate::bare(sd),
        ability_mean: first("ability_mean", 0.0)?,
        // What the table of parameters does not say is not known.
        log_likelihood: f64::NAN,
        log_prior: f64::NAN,
        n_parameters: 0,
        aic: f64::NAN,
        bic: f64::NAN,
        convergence: Convergence {
            reason: StopReason::Exact,
            iterations: 0,
            objective: f64::NAN,
            gradient_norm: None,
        },
        reliability: Reliability { empirical: None, marginal: None },
        effective_respondents: 0.0,
        n_responses: 0,
        excluded_items: Vec::new(),
        excluded_respondents: Vec::new(),
        warnings: Vec::new(),
        priors: Default::default(),
        full_information: false,
    };
    Ok(Saved { fit, scores, subjects })
}

fn model_of(rows: &[Row]) -> anyhow::Result<Model> {
    let has = |column: &str| rows.iter().any(|r| r.text(column).is_some());
    match rows.first().and_then(|r| Some((r, r.text("irt_model")?))) {
        Some((row, name)) => Model::from_name(name).with_context(|| {
            let known: Vec<&str> = Model::ALL.iter().map(|m| m.name()).collect();
            format!("{}: irt_model is {name:?}; expected one of {}", row.place, known.join(", "))
        }),
        None if has("upper") => Ok(Model::FourParameter),
        None if has("guessing") => Ok(Model::ThreeParameter),
        None => Ok(Model::TwoParameter),
    }
}

fn item_of(row: &Row, index: usize, scores: &[f32]) -> anyhow::Result<ItemParameters> {
    let place = &row.place;
    let item = row.text("item").with_context(|| format!("{place}: the item has no name"))?;
    let discrimination =
        row.estimate("discrimination")?.with_context(|| format!("{place}: no discrimination"))?;
    let a = discrimination.value;
    let steps = row.numbers("step_intercepts")?;
    let category_scores = row.numbers("category_scores")?;
    if !steps.is_empty() && category_scores.len() != steps.len() + 1 {
        bail!(
            "{place}: {} step_intercepts need {} category_scores; there are {}",
            steps.len(),
            steps.len() + 1,
            category_scores.len()
        );
    }
    let location = row.estimate("difficulty")?;
    let intercepts = match (steps.is_empty(), row.estimate("intercept")?, location) {
        (false, _, _) => steps.iter().map(|d| Estimate::bare(*d)).collect(),
        (true, Some(d), _) => vec![d],
        (true, None, Some(b)) => vec![Estimate::bare(-a * b.value)],
        (true, None, None) => bail!("{place}: item {item} has neither intercept nor difficulty"),
    };
    let location = location.unwrap_or_else(|| Estimate::bare(-intercepts[0].value / a));
    let asymptote = |column: &str| -> anyhow::Result<Option<Estimate>> {
        let value = row.estimate(column)?;
        match value {
            Some(e) if !(0.0..=1.0).contains(&e.value) => {
                bail!("{place}: {column} is {}; it must lie between 0 and 1", e.value)
            }
            value => Ok(value),
        }
    };
    let errors = discrimination.std_error.zip(intercepts[0].std_error).filter(|_| steps.is_empty());
    // Under the Rasch model the slope is fixed and has no error.
    let errors = errors.or(intercepts[0].std_error.filter(|_| steps.is_empty()).map(|d| (0.0, d)));
    let covariance =
        row.number("slope_intercept_cov")?.zip(errors).map(|(cov, (a, d))| vec![a * a, cov, cov, d * d]);
    Ok(ItemParameters {
        item: item.into(),
        index,
        discrimination,
        difficulties: difficulties(row, location)?,
        intercepts,
        location,
        guessing: asymptote("guessing")?,
        upper: asymptote("upper")?,
        covariance,
        n_responses: row.number("n_models")?.map_or(0, |n| n as usize),
        levels: category_scores
            .iter()
            .filter_map(|s| scores.iter().position(|known| *known == *s as f32))
            .map(|k| k as u8)
            .collect(),
        notes: Vec::new(),
    })
}

/// Difficulties of the steps; an item of one step has that of its row.
fn difficulties(row: &Row, location: Estimate) -> anyhow::Result<Vec<Estimate>> {
    let steps: Vec<Estimate> = row.numbers("thresholds")?.into_iter().map(Estimate::bare).collect();
    Ok(if steps.is_empty() { vec![location] } else { steps })
}

impl Saved {
    /// A matrix with the items and nobody who answered them: the frame that tables of items are written in.
    pub fn frame(&self) -> ResponseMatrix {
        let n = self.fit.items.len();
        let cells = if self.scores.is_empty() {
            Cells::Binary(BitMatrix::missing(n, 0))
        } else {
            Cells::Categories { level: Array2::from_elem((n, 0), NO_CATEGORY), levels: self.scores.clone() }
        };
        ResponseMatrix::new(
            self.fit.benchmark.clone(),
            Metric::new(&self.fit.benchmark, "score", None),
            Vec::new(),
            self.fit.items.iter().map(|i| i.item.clone()).collect(),
            &self.subjects,
            cells,
            None,
        )
    }

    /// A matrix with its scores as positions among those that were calibrated.
    ///
    /// # Errors
    /// For a score that no item was calibrated with.
    pub fn aligned(&self, matrix: &ResponseMatrix) -> anyhow::Result<ResponseMatrix> {
        if self.scores.is_empty() {
            return Ok(matrix.clone());
        }
        let mut level = Array2::from_elem((matrix.n_items(), matrix.n_respondents()), NO_CATEGORY);
        for i in 0..matrix.n_items() {
            for r in 0..matrix.n_respondents() {
                let Some(score) = matrix.score(i, r) else { continue };
                let known = self.scores.iter().position(|s| (*s as f64 - score).abs() < 1e-6);
                level[[i, r]] = known.with_context(|| {
                    let known: Vec<String> = self.scores.iter().map(f32::to_string).collect();
                    format!(
                        "item {} has the score {score}, but was calibrated with {}",
                        matrix.items()[i],
                        known.join(", ")
                    )
                })? as u8;
            }
        }
        Ok(with_cells(matrix, Cells::Categories { level, levels: self.scores.clone() }))
    }
}

/// The calibration for a benchmark: that of its name, or the only one there is.
pub fn for_benchmark<'a>(saved: &'a [Saved], benchmark: &str, path: &Path) -> anyhow::Result<&'a Saved> {
    match saved {
        [only] => Ok(only),
        several => several.iter().find(|s| s.fit.benchmark == benchmark).with_context(|| {
            let names: Vec<&str> = several.iter().map(|s| s.fit.benchmark.as_str()).collect();
            format!(
                "{} has no parameters of {benchmark}; it has those of {}",
                path.display(),
                names.join(", ")
            )
        }),
    }
}
