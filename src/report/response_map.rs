//! What does the whole matrix look like?

use super::finding::{Consequence, Finding, NotRun};
use super::sample::Sample;
use super::section::{Block, Figure, Section, SectionId};
use super::words::{count, percent};
use crate::plot::{Heading, ResponseMapData, response_map};
use crate::response::ResponseMatrix;

/// Mean of the cells present; nothing present sorts last.
fn means(totals: &[(f64, usize)]) -> Vec<f64> {
    totals.iter().map(|(sum, n)| if *n > 0 { sum / *n as f64 } else { f64::NEG_INFINITY }).collect()
}

fn descending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]).then(a.cmp(&b)));
    order
}

/// The matrix with models by score and items by difficulty, and what is missing of it.
///
/// # Errors
/// When the matrix has no score.
pub fn section(matrix: &ResponseMatrix) -> Result<(Section, Vec<Finding>), NotRun> {
    let sample = Sample::of(matrix);
    let data = ResponseMapData {
        heading: Heading::new("Who got what right", sample.subtitle()),
        matrix,
        models: descending(&means(&matrix.respondent_totals())),
        items: descending(&means(&matrix.item_totals())),
    };
    let caption = "Rows are models, the best at the top; columns are items, the easiest at the left. A clean \
                   benchmark shades evenly from blue at the upper left to orange at the lower right. Orange columns \
                   in a blue ground are items that strong models miss.";
    let figure = Figure::draw("response-map", caption, |width| response_map(&data, width))?;
    let section = Section {
        id: SectionId::ResponseMap,
        title: "Response map".to_owned(),
        lede: Vec::new(),
        blocks: vec![Block::Figure(figure)],
        methods: Vec::new(),
    };
    Ok((section, missing(&sample).into_iter().collect()))
}

fn missing(sample: &Sample) -> Option<Finding> {
    let share = 1.0 - sample.density;
    (share > 0.0).then(|| Finding {
        consequence: if share >= 0.05 { Consequence::Care } else { Consequence::Information },
        weight: share,
        headline: format!("{} of the model × item cells have no score.", percent(share)),
        detail: format!(
            "{} × {} would make {}; missing cells are left out of every number here, never counted as wrong. \
             Scores of models that answered different items are not comparable without a model of difficulty.",
            count(sample.n_models, "model"),
            count(sample.n_items, "item"),
            count(sample.n_models * sample.n_items, "score"),
        ),
        action: (share >= 0.05)
            .then(|| "Compare models on the items that all of them answered, or complete the runs.".to_owned()),
        section: Some(SectionId::ResponseMap),
    })
}
