//! What do the answers say of models and items on one scale, and how little may they say?

mod figures;
mod findings;
mod items;
mod tables;

use super::finding::{Finding, NotRun};
use super::sample::Sample;
use super::section::{Block, Method, Section, SectionId};
use super::words::{count, number, percent};
use crate::irt::{Choice, Dependence, IrtFit, ItemFits, Model, Warning};
use crate::numeric::Estimate;
use crate::numeric::describe::{mean, median, variance};
use crate::response::ResponseMatrix;

/// A fitted item response model with what was found out about it.
#[derive(Debug, Clone, Copy)]
pub struct ItemResponse<'a> {
    /// The scores.
    pub matrix: &'a ResponseMatrix,
    /// The fit.
    pub fit: &'a IrtFit,
    /// Fit of the items, where it could be computed.
    pub item_fits: Option<&'a ItemFits>,
    /// Dependence between items, where it could be computed.
    pub dependence: Option<&'a Dependence>,
    /// Why this model was taken, where it was chosen by its predictions.
    pub choice: Option<&'a Choice>,
}

/// Abilities and items on one scale: what can be concluded first, then charts and lists.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn section(sample: &Sample, inputs: &ItemResponse) -> Result<(Section, Vec<Finding>), NotRun> {
    let precision = Precision::of(inputs.fit);
    let items = items::summaries(inputs);
    let mut blocks = figures::blocks(sample, inputs, &items)?;
    blocks.extend(tables::blocks(inputs, &items).into_iter().map(Block::Table));
    let section = Section {
        id: SectionId::ItemResponse,
        title: "Item response".to_owned(),
        lede: lede(inputs, &precision),
        blocks,
        methods: methods(inputs.fit.model),
    };
    Ok((section, findings::findings(sample, inputs, &items, &precision)))
}

/// What the reader of a fit must know and no finding says.
pub fn cautions(fit: &IrtFit) -> Vec<String> {
    fit.warnings
        .iter()
        .filter(|w| {
            matches!(
                w,
                Warning::BelowLeast { .. }
                    | Warning::Constant { .. }
                    | Warning::NotIdentified { .. }
                    | Warning::InfiniteMaximumLikelihood { .. }
            )
        })
        .map(|w| format!("Item response: {w}"))
        .collect()
}

/// How well a fit knows what it estimates.
struct Precision {
    /// Median half-width of the intervals of abilities, logits.
    ability: Option<f64>,
    /// Median half-width of the intervals of difficulties, logits.
    difficulty: Option<f64>,
    /// Share of the differences between difficulties that is not error.
    difficulty_signal: Option<f64>,
    /// The same of slopes, where each item has its own.
    slope_signal: Option<f64>,
}

impl Precision {
    fn of(fit: &IrtFit) -> Self {
        let own_slope = !fit.model.has_common_slope();
        let difficulties: Vec<&Estimate> = fit.items.iter().map(|i| &i.location).collect();
        let intercepts: Vec<&Estimate> = fit.items.iter().filter_map(|i| i.intercepts.first()).collect();
        let slopes: Vec<&Estimate> = fit.items.iter().map(|i| &i.discrimination).collect();
        // Slopes near 0 put difficulties anywhere: what is known of items is then told by their intercepts.
        let signal_of = if own_slope { &intercepts } else { &difficulties };
        Self {
            ability: half_width(fit.abilities.iter().map(|a| &a.eap)),
            difficulty: half_width(difficulties.iter().copied()),
            difficulty_signal: signal(signal_of),
            slope_signal: own_slope.then(|| signal(&slopes)).flatten(),
        }
    }
}

fn half_width<'a>(estimates: impl Iterator<Item = &'a Estimate>) -> Option<f64> {
    let widths: Vec<f64> = estimates.filter_map(|e| e.interval).map(|i| 0.5 * i.width()).collect();
    median(&widths)
}

/// `var(estimates) / (var(estimates) + mean(SE²))`, as the empirical reliability of abilities.
fn signal(estimates: &[&Estimate]) -> Option<f64> {
    let known: Vec<(f64, f64)> = estimates.iter().filter_map(|e| Some((e.value, e.std_error?))).collect();
    let spread = variance(&known.iter().map(|k| k.0).collect::<Vec<_>>(), 1)?;
    let error = mean(&known.iter().map(|k| k.1 * k.1).collect::<Vec<_>>())?;
    Some(spread / (spread + error)).filter(|s| s.is_finite())
}

/// What a model gives each item, in words.
fn in_words(model: Model) -> &'static str {
    match model {
        Model::Rasch => "a difficulty for each item, one slope for all",
        Model::OneParameter => "a difficulty for each item, one slope for all",
        Model::TwoParameter => "a difficulty and a slope for each item",
        Model::ThreeParameter => "a difficulty, a slope and a floor of guessing for each item",
        Model::FourParameter => "a difficulty, a slope, a floor of guessing and a ceiling for each item",
        Model::Graded => "a slope and thresholds between ordered scores for each item, graded response",
        Model::PartialCredit => "a slope and steps between ordered scores for each item, partial credit",
    }
}

fn lede(inputs: &ItemResponse, precision: &Precision) -> Vec<String> {
    let fit = inputs.fit;
    let n = fit.abilities.len();
    let mut first = format!(
        "Models and items on one scale: the further a model's ability lies above an item's difficulty, the likelier \
         it is right. Fitted is {} ({}), to {} and {}.",
        fit.model,
        in_words(fit.model),
        count(n, "model"),
        count(fit.items.len(), "item")
    );
    if let Some(reason) = chosen_because(inputs) {
        first.push(' ');
        first.push_str(&reason);
    } else if inputs.choice.is_none() {
        first
            .push_str(" How other models of the answers compare to it, the command evalgauge irt finds out.");
    }
    let unit = if fit.model == Model::Rasch { "logits" } else { "standard deviations of ability" };
    let mut can: Vec<String> = Vec::new();
    let mut cannot: Vec<String> = Vec::new();
    if let (Some(r), Some(half)) = (fit.reliability.empirical, precision.ability) {
        let text = format!(
            "an ability is known to ±{} {unit}, and {} of the differences between these models are more than error",
            number(Some(half), 2),
            percent(r)
        );
        if r >= 0.8 { can.push(text) } else { cannot.push(text) }
    }
    if let (Some(share), Some(half)) = (precision.difficulty_signal, precision.difficulty) {
        let text = format!(
            "a difficulty is known to ±{} {unit}, and {} of the differences between items are more than error",
            number(Some(half), 2),
            percent(share)
        );
        if share >= 0.8 { can.push(text) } else { cannot.push(text) }
    }
    match precision.slope_signal {
        Some(share) => {
            let text = format!("of the differences between slopes, {} are more than error", percent(share));
            if share >= 0.8 { can.push(text) } else { cannot.push(text) }
        }
        None => cannot.push(format!(
            "how sharply single items tell models apart: slopes need {} models, and a floor of guessing {}",
            Model::TwoParameter.least_respondents(),
            Model::ThreeParameter.least_respondents()
        )),
    }
    let mut out = vec![first];
    if !can.is_empty() {
        out.push(format!("What can be concluded: {}.", can.join("; ")));
    }
    if !cannot.is_empty() {
        out.push(format!("What cannot be concluded, or only with much doubt: {}.", cannot.join("; ")));
    }
    out
}

/// Why this model and no other was fitted.
pub fn chosen_because(inputs: &ItemResponse) -> Option<String> {
    if let Some(Warning::Downgraded { asked, least, n_respondents, .. }) =
        inputs.fit.warnings.iter().find(|w| matches!(w, Warning::Downgraded { .. }))
    {
        return Some(format!("{asked} would need {least} models; there are {n_respondents}."));
    }
    let choice = inputs.choice?;
    let tried: Vec<_> = choice.trials.iter().filter(|t| t.held_out.is_some()).collect();
    let too_few: Vec<String> =
        choice.trials.iter().filter_map(|t| t.reason.as_ref().map(|r| format!("{} {r}", t.model))).collect();
    let aside = if too_few.is_empty() { String::new() } else { format!(" ({})", too_few.join("; ")) };
    if tried.len() < 2 {
        return Some(format!("No other model was in question{aside}."));
    }
    let of = |m: Model| tried.iter().find(|t| t.model == m).and_then(|t| t.held_out);
    let best = tried
        .iter()
        .max_by(|a, b| a.held_out.unwrap_or(f64::MIN).total_cmp(&b.held_out.unwrap_or(f64::MIN)))?;
    let how = if best.model == choice.model {
        "it predicts answers it has not seen best".to_owned()
    } else {
        format!("it is simpler than {} and predicts unseen answers as well within the error", best.model)
    };
    let scores: Vec<String> =
        tried.iter().map(|t| format!("{} {}", t.model, number(of(t.model), 4))).collect();
    Some(format!(
        "It was chosen because {how} (mean log-likelihood of {} held-out answers: {}){aside}.",
        crate::plot::scale::grouped(choice.n_held_out as f64, 0),
        scores.join(", ")
    ))
}

fn methods(model: Model) -> Vec<Method> {
    let formula = match model {
        Model::Rasch => "P = σ(θ − b), with the spread of θ estimated",
        Model::OneParameter => "P = σ(a (θ − b)) with one a for all items",
        Model::TwoParameter => "P = σ(a (θ − b))",
        Model::ThreeParameter => "P = c + (1 − c) σ(a (θ − b))",
        Model::FourParameter => "P = c + (u − c) σ(a (θ − b))",
        Model::Graded => "P(score ≥ k) = σ(a (θ − bₖ))",
        Model::PartialCredit => "P(score = k) ∝ exp(Σ a (θ − bⱼ)) over the steps j ≤ k",
    };
    vec![
        Method::new(
            "Item response model",
            &format!(
                "{formula}, σ(z) = 1/(1 + e⁻ᶻ), fitted by marginal maximum likelihood with weak priors and quadrature \
                 around each model's ability. A logit is the unit of θ under the Rasch model; under the others θ has \
                 a standard deviation of 1 over models."
            ),
            Some("Bock & Aitkin 1981, doi:10.1007/BF02293801."),
        ),
        Method::new(
            "Ability and its interval",
            "Mean and standard deviation of the posterior, the items and their parameters taken as given: it says how well \
             these answers place a model, not what other items would say.",
            Some("Bock & Mislevy 1982, doi:10.1177/014662168200600405."),
        ),
        Method::new(
            "Share that is more than error",
            "Variance of the estimates over itself plus the mean squared standard error.",
            Some("Green et al. 1984, doi:10.1111/j.1745-3984.1984.tb01039.x."),
        ),
        Method::new(
            "Misfit",
            "Observed against expected answers by sum score (S-X²) where the benchmark is small and complete enough, \
             else the standardised log-likelihood of the answers; adjusted so that at most 5 % of the items named \
             are expected to be named by chance. Outfit is the mean squared standardised residual, 1 if all is well.",
            Some(
                "Orlando & Thissen 2000, doi:10.1177/01466216000241003; Benjamini & Hochberg 1995, \
                 doi:10.1111/j.2517-6161.1995.tb02031.x.",
            ),
        ),
        Method::new(
            "Dependent items",
            "Correlation of two items' residuals over models (Q3); pairs are named beyond 0.2 or four standard \
             errors from the mean of all pairs, whichever is further.",
            Some(
                "Yen 1984, doi:10.1177/014662168400800201; Christensen et al. 2017, doi:10.1177/0146621616677520.",
            ),
        ),
    ]
}
