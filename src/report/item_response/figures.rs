//! How does a fit look? Information, the map of models and items, parameters, curves and fit.

use super::ItemResponse;
use super::items::{ItemSummary, worth_drawing};
use crate::irt::tables::ability_grid;
use crate::irt::{ItemParameters, Model, probabilities, test_information};
use crate::numeric::describe::{mean, std_dev};
use crate::numeric::proportion::wilson;
use crate::numeric::special::{logistic, logit, normal_quantile};
use crate::numeric::{Estimate, Interval};
use crate::plot::canvas::AxisSpec;
use crate::plot::{
    CurvesData, Heading, InformationData, ItemCurve, ItemCurvesData, ItemFitData, ItemParametersData,
    PlotError, Series, WrightMapData, curves, information, item_curves, item_fit, item_parameters,
    wright_map,
};
use crate::report::sample::Sample;
use crate::report::section::{Block, Figure};
use crate::report::words::number;
use crate::response::{Cells, ResponseMatrix};

/// The charts of a fit.
pub(super) fn blocks(
    sample: &Sample,
    inputs: &ItemResponse,
    items: &[ItemSummary],
) -> Result<Vec<Block>, PlotError> {
    let mut figures = vec![information_figure(sample, inputs)?, map(sample, inputs)?];
    figures.push(match inputs.fit.model.has_common_slope() {
        true => difficulties(sample, inputs)?,
        false => parameters(sample, inputs)?,
    });
    figures.extend(curves_of_items(sample, inputs, items)?);
    figures.extend(fit_of_items(sample, items)?);
    Ok(figures.into_iter().map(Block::Figure).collect())
}

/// The name of the scale with its unit.
fn scale(model: Model) -> &'static str {
    match model {
        Model::Rasch => "ability and difficulty, logits",
        _ => "ability and difficulty, standard deviations of ability",
    }
}

fn information_figure(sample: &Sample, inputs: &ItemResponse) -> Result<Figure, PlotError> {
    let fit = inputs.fit;
    let grid = ability_grid(fit);
    let curve: Vec<(f64, f64)> = grid.iter().copied().zip(test_information(fit, &grid)).collect();
    let at = |t: f64, what: &str| {
        let i = test_information(fit, &[t])[0];
        (t, i, format!("{what}: ±{:.2}", normal_quantile(0.975) / i.sqrt()))
    };
    let strongest = fit.abilities.iter().map(|a| a.eap.value).max_by(f64::total_cmp);
    let peak = curve.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|p| p.0);
    let mut marks: Vec<_> = strongest.map(|t| at(t, "strongest model")).into_iter().collect();
    marks.extend(peak.map(|t| at(t, "best")));
    let data = InformationData {
        heading: Heading::new("Where the benchmark measures well", sample.subtitle()),
        axis_title: scale(fit.model).replace(" and difficulty", ""),
        information: curve,
        abilities: fit.abilities.iter().map(|a| a.eap.value).collect(),
        marks,
    };
    let caption = "High where many items tell models apart. ± is half the 95 % interval of a model's ability there. \
                   Models far from the hill are measured poorly, however many items there are.";
    Figure::draw("irt-information", caption, |w| information(&data, w))
}

fn map(sample: &Sample, inputs: &ItemResponse) -> Result<Figure, PlotError> {
    let data = WrightMapData {
        heading: Heading::new("Models and items on one scale", sample.subtitle()),
        axis_title: scale(inputs.fit.model).to_owned(),
        abilities: inputs.fit.abilities.iter().map(|a| a.eap.value).collect(),
        difficulties: inputs.fit.items.iter().map(|i| i.location.value).filter(|b| b.is_finite()).collect(),
    };
    let caption = "A model is right on half of the items at its own place, on more of those to the left, on fewer of \
                   those to the right. Items to the right of all models are beyond them; items to the left of all \
                   challenge none.";
    Figure::draw("irt-map", caption, |w| wright_map(&data, w))
}

fn parameters(sample: &Sample, inputs: &ItemResponse) -> Result<Figure, PlotError> {
    let fit = inputs.fit;
    let abilities = fit.abilities.iter().map(|a| a.eap.value);
    let data = ItemParametersData {
        heading: Heading::new("Difficulty and slope of the items", sample.subtitle()),
        difficulty_title: "difficulty b, standard deviations of ability".to_owned(),
        slope_title: "slope a: how sharply the item tells models apart, logits for a standard deviation"
            .to_owned(),
        items: fit
            .items
            .iter()
            .map(|i| (i.location, i.discrimination))
            .filter(|(b, a)| b.value.is_finite() && a.value.is_finite())
            .collect(),
        abilities: (
            abilities.clone().fold(f64::INFINITY, f64::min),
            abilities.fold(f64::NEG_INFINITY, f64::max),
        ),
    };
    let caption = "The higher an item, the more it tells. Below 0 better models do worse. Items with a slope near 0 \
                   have no difficulty to speak of.";
    Figure::draw("irt-parameters", caption, |w| item_parameters(&data, w))
}

/// Points of the curve of ordered difficulties.
const ORDERED: usize = 400;

fn difficulties(sample: &Sample, inputs: &ItemResponse) -> Result<Figure, PlotError> {
    let mut order: Vec<&Estimate> =
        inputs.fit.items.iter().map(|i| &i.location).filter(|b| b.value.is_finite()).collect();
    order.sort_by(|a, b| a.value.total_cmp(&b.value));
    let n = order.len();
    let step = n.div_ceil(ORDERED).max(1);
    let shown: Vec<(f64, &Estimate)> =
        (0..n).step_by(step).map(|k| (100.0 * (k as f64 + 0.5) / n as f64, order[k])).collect();
    let band = shown.iter().map(|(_, b)| Some((b.low()?, b.high()?))).collect::<Option<Vec<_>>>();
    let mut ends: Vec<f64> = inputs.fit.abilities.iter().map(|a| a.eap.value).collect();
    ends.sort_by(f64::total_cmp);
    let level = |t: f64, name: &str| Series {
        name: name.to_owned(),
        points: vec![(0.0, t), (100.0, t)],
        band: None,
        dashed: true,
    };
    let mut series = vec![Series {
        name: "difficulty and its 95 % interval".to_owned(),
        points: shown.iter().map(|(x, b)| (*x, b.value)).collect(),
        band,
        dashed: false,
    }];
    series.extend(ends.last().map(|t| level(*t, "strongest model")));
    series.extend(ends.first().map(|t| level(*t, "weakest model")));
    let data = CurvesData {
        heading: Heading::new("How hard the items are, and how well that is known", sample.subtitle()),
        x: AxisSpec::linear("share of the items that are easier, %").with_domain(0.0, 100.0),
        y: AxisSpec::linear(scale(inputs.fit.model).replace("ability and ", "")),
        series,
    };
    let caption = "Where the band is wide against the rise of the line, the order of single items is open.";
    Figure::draw("irt-difficulties", caption, |w| curves(&data, w))
}

/// Points of a drawn curve.
const POINTS: usize = 61;

fn curves_of_items(
    sample: &Sample,
    inputs: &ItemResponse,
    items: &[ItemSummary],
) -> Result<Option<Figure>, PlotError> {
    let chosen = worth_drawing(inputs, items);
    if chosen.is_empty() {
        return Ok(None);
    }
    let fit = inputs.fit;
    let abilities = fit.abilities.iter().map(|a| a.eap.value);
    let (low, high) =
        (abilities.clone().fold(f64::INFINITY, f64::min), abilities.fold(f64::NEG_INFINITY, f64::max));
    let room = 0.1 * (high - low).max(0.5);
    let (low, high) = (low - room, high + room);
    let grid: Vec<f64> = (0..POINTS).map(|k| low + (high - low) * k as f64 / (POINTS - 1) as f64).collect();
    let groups = groups(inputs);
    let data = ItemCurvesData {
        heading: Heading::new("Do answers follow the fitted curves?", sample.subtitle()),
        ability_title: scale(fit.model).replace(" and difficulty", ""),
        score_title: "share right, or mean score as a share of the highest".to_owned(),
        items: chosen
            .into_iter()
            .map(|(place, reason, alarm)| {
                let item = &fit.items[place];
                ItemCurve {
                    item: item.item.to_string(),
                    reason: match fit.model.has_common_slope() {
                        true => reason.to_owned(),
                        false => format!("{reason}, slope {}", number(Some(item.discrimination.value), 2)),
                    },
                    curve: grid.iter().map(|t| (*t, expected(fit.model, item, *t))).collect(),
                    band: grid.iter().map(|t| band(fit.model, item, *t)).collect(),
                    groups: groups.iter().filter_map(|g| observed(inputs.matrix, item, g)).collect(),
                    alarm,
                }
            })
            .collect(),
    };
    let caption = "Dots off the curve by more than their intervals are models that do not answer as their ability \
                   predicts. A curve that falls belongs to an item on which better models do worse.";
    Figure::draw("irt-item-curves", caption, |w| item_curves(&data, w)).map(Some)
}

/// Expected score as a share of the highest.
fn expected(model: Model, item: &ItemParameters, ability: f64) -> f64 {
    let p = probabilities(model, item, ability);
    let top = (p.len() - 1).max(1) as f64;
    p.iter().enumerate().map(|(k, p)| k as f64 / top * p).sum()
}

/// Ends of the 95 % interval of the curve of a two-outcome item without asymptotes, from the covariance of slope and
/// intercept.
fn band(model: Model, item: &ItemParameters, t: f64) -> Option<(f64, f64)> {
    let c = item.covariance.as_ref().filter(|c| c.len() == 4 && item.levels.is_empty())?;
    let z = logit(expected(model, item, t));
    let half = normal_quantile(0.975) * (t * t * c[0] + 2.0 * t * c[1] + c[3]).max(0.0).sqrt();
    Some((logistic(z - half), logistic(z + half)))
}

/// Models of similar ability: the ability and the column of each.
fn groups(inputs: &ItemResponse) -> Vec<Vec<(f64, usize)>> {
    let abilities = &inputs.fit.abilities;
    let mut order: Vec<usize> = (0..abilities.len()).collect();
    order.sort_by(|a, b| abilities[*a].eap.value.total_cmp(&abilities[*b].eap.value));
    let n_groups = (abilities.len() / 8).clamp(4, 10).min(abilities.len());
    (0..n_groups)
        .map(|g| {
            let members = &order[g * order.len() / n_groups..(g + 1) * order.len() / n_groups];
            members.iter().map(|k| (abilities[*k].eap.value, abilities[*k].index)).collect()
        })
        .collect()
}

/// Mean ability and mean score of a group on an item.
fn observed(
    matrix: &ResponseMatrix,
    item: &ItemParameters,
    group: &[(f64, usize)],
) -> Option<(f64, Estimate)> {
    let top = item.levels.last().map_or(1.0, |last| match matrix.cells() {
        Cells::Categories { levels, .. } => levels[*last as usize] as f64,
        _ => 1.0,
    });
    let answered: Vec<(f64, f64)> =
        group.iter().filter_map(|(t, column)| Some((*t, matrix.score(item.index, *column)? / top))).collect();
    let ability = mean(&answered.iter().map(|a| a.0).collect::<Vec<_>>())?;
    let scores: Vec<f64> = answered.iter().map(|a| a.1).collect();
    let n = scores.len() as f64;
    if scores.iter().all(|s| *s == 0.0 || *s == 1.0) {
        return Some((ability, wilson(scores.iter().sum(), n, 0.95)?));
    }
    let value = mean(&scores)?;
    let estimate = match std_dev(&scores, 1) {
        Some(sd) => {
            let half = normal_quantile(0.975) * sd / n.sqrt();
            let interval = Interval::new((value - half).max(0.0), (value + half).min(1.0), 0.95);
            Estimate::with_interval(value, Some(sd / n.sqrt()), interval)
        }
        None => Estimate::bare(value),
    };
    Some((ability, estimate))
}

fn fit_of_items(sample: &Sample, items: &[ItemSummary]) -> Result<Option<Figure>, PlotError> {
    let known: Vec<(f64, f64, bool)> = items
        .iter()
        .filter_map(|i| Some((i.share?, i.outfit.filter(|o| o.is_finite() && *o > 0.0)?, i.misfits)))
        .collect();
    if known.is_empty() {
        return Ok(None);
    }
    let data = ItemFitData {
        heading: Heading::new("Which items surprise", sample.subtitle()),
        share_title: "share of models that are right, or mean score".to_owned(),
        square_title: "outfit: mean squared standardised residual (1 = as fitted)".to_owned(),
        items: known,
        misfit: "misfit".to_owned(),
    };
    let caption = "Above 1 an item gets answers that the models' abilities do not explain; below 1 it follows ability \
                   more closely than its curve. With few models outfit strays far by chance: only the marked items \
                   are beyond it.";
    Figure::draw("irt-item-fit", caption, |w| item_fit(&data, w)).map(Some)
}
