//! Which results of an item response fit change what a reader may conclude?

use super::items::ItemSummary;
use super::{ItemResponse, Precision};
use crate::irt::{Warning, test_information};
use crate::numeric::special::normal_quantile;
use crate::report::finding::{Consequence, Finding};
use crate::report::sample::Sample;
use crate::report::section::SectionId;
use crate::report::words::{count, count_of, number, percent};

/// Below this share of signal a parameter is said to be unknown.
const KNOWN: f64 = 0.8;
/// The strongest model counts as poorly measured if its interval is this many times the narrowest.
const POORLY: f64 = 2.0;

/// Everything worth saying of a fit.
pub(super) fn findings(
    sample: &Sample,
    inputs: &ItemResponse,
    items: &[ItemSummary],
    precision: &Precision,
) -> Vec<Finding> {
    let mut out = invalid(inputs);
    out.extend(unknown_items(inputs, precision));
    out.extend(where_it_measures(inputs));
    out.extend(backwards(sample, inputs, items));
    out.extend(misfit(sample, items));
    out.extend(dependent(inputs));
    out
}

fn finding(consequence: Consequence, weight: f64, headline: String, detail: String) -> Finding {
    Finding { consequence, weight, headline, detail, action: None, section: Some(SectionId::ItemResponse) }
}

/// What makes the whole fit doubtful.
fn invalid(inputs: &ItemResponse) -> Vec<Finding> {
    let of = |w: &Warning| match w {
        Warning::NotConverged { convergence } => Some(finding(
            Consequence::Conclusion,
            1.0,
            "The item response model did not converge: its numbers are not to be used.".to_owned(),
            format!("It stopped after {} iterations: {w}.", convergence.iterations),
        )),
        Warning::Disconnected { groups } => Some(Finding {
            action: Some(
                "Let some models of each group answer some items of another, or analyse the groups apart."
                    .to_owned(),
            ),
            ..finding(
                Consequence::Conclusion,
                1.0,
                format!(
                    "Models and items fall into {} groups without a common link: abilities of different groups cannot \
                     be compared.",
                    groups.len()
                ),
                capital(&format!("{w}.")),
            )
        }),
        _ => None,
    };
    inputs.fit.warnings.iter().filter_map(of).collect()
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or(String::new(), |c| c.to_uppercase().chain(rest).collect())
}

/// Whether the models are too few to say anything of single items.
fn unknown_items(inputs: &ItemResponse, precision: &Precision) -> Option<Finding> {
    let n = inputs.fit.abilities.len();
    let models = count(n, "model");
    let common = inputs.fit.model.has_common_slope();
    let signal = match common {
        true => precision.difficulty_signal?,
        false => precision.slope_signal?,
    };
    let what = if common { "how hard" } else { "how sharp" };
    let half = number(precision.difficulty, 2);
    if signal >= KNOWN {
        return None;
    }
    let detail = format!(
        "A difficulty is known to ±{half} (median half-width of its 95 % interval, on the scale of ability). Of the \
         differences between {}, {} are more than error. Statements on the whole benchmark and on the abilities of \
         models are not touched by this.",
        if common { "difficulties" } else { "slopes" },
        percent(signal)
    );
    Some(Finding {
        action: Some(
            "Rank or drop single items only with results of more, and more different, models.".to_owned(),
        ),
        ..finding(
            Consequence::Care,
            1.0 - signal,
            format!("{models} say little of single items: {what} an item is remains largely open."),
            detail,
        )
    })
}

/// Whether information lies where the models are.
fn where_it_measures(inputs: &ItemResponse) -> Option<Finding> {
    let fit = inputs.fit;
    let abilities: Vec<f64> = fit.abilities.iter().map(|a| a.eap.value).collect();
    let information = test_information(fit, &abilities);
    let half = |i: f64| normal_quantile(0.975) / i.sqrt();
    let strongest = (0..abilities.len()).max_by(|a, b| abilities[*a].total_cmp(&abilities[*b]))?;
    let best = information.iter().copied().max_by(f64::total_cmp).filter(|i| *i > 0.0)?;
    let (top, least) = (half(information[strongest]), half(best));
    if !top.is_finite() {
        return None;
    }
    let name = fit.abilities[strongest].respondent.to_string();
    let above = fit.items.iter().filter(|i| i.location.value > abilities[strongest]).count();
    let detail = format!(
        "The ability of the strongest, {name}, is known to ±{}, the best known to ±{} (95 %). {} {} harder than the \
         strongest model is able.",
        number(Some(top), 2),
        number(Some(least), 2),
        count_of(above, fit.items.len(), "item"),
        if above == 1 { "is" } else { "are" }
    );
    let ratio = top / least;
    if ratio < POORLY {
        return Some(finding(
            Consequence::Information,
            0.0,
            format!(
                "The benchmark measures its strongest models about as well as the others: ±{} against ±{} at best.",
                number(Some(top), 2),
                number(Some(least), 2)
            ),
            detail,
        ));
    }
    Some(Finding {
        action: Some("Add items that the strongest models get right about half the time.".to_owned()),
        ..finding(
            Consequence::Care,
            1.0 - 1.0 / ratio,
            format!(
                "The strongest model is measured {} times as coarsely as the best-measured: ±{} against ±{}.",
                number(Some(ratio), 1),
                number(Some(top), 2),
                number(Some(least), 2)
            ),
            detail,
        )
    })
}

fn backwards(sample: &Sample, inputs: &ItemResponse, items: &[ItemSummary]) -> Option<Finding> {
    let n = items.iter().filter(|i| i.backwards).count();
    if n == 0 {
        return None;
    }
    let expected = (0.025 * items.len() as f64).ceil() as usize;
    let share = n as f64 / sample.n_items.max(1) as f64;
    Some(Finding {
        action: Some("Check the keys of these items first.".to_owned()),
        ..finding(
            Consequence::Care,
            share,
            format!(
                "{} ({}) surely {} a negative slope: the abler a model, the likelier it is wrong.",
                count_of(n, sample.n_items, "item"),
                percent(share),
                if n == 1 { "has" } else { "have" }
            ),
            format!(
                "The whole 95 % interval of the slope lies below 0 over {}. If no item told models apart, chance would \
                 give up to {}.",
                count(inputs.fit.abilities.len(), "model"),
                count(expected, "such item")
            ),
        )
    })
}

fn misfit(sample: &Sample, items: &[ItemSummary]) -> Option<Finding> {
    let tested = items.iter().filter(|i| i.misfit_q.is_some()).count();
    let n = items.iter().filter(|i| i.misfits).count();
    if n == 0 {
        return None;
    }
    let share = n as f64 / tested as f64;
    Some(Finding {
        action: Some(
            "Look at their curves and questions: a second way to the answer, a leak, a wrong key.".to_owned(),
        ),
        ..finding(
            Consequence::Care,
            share,
            format!(
                "{} ({}) {} not follow the fitted model.",
                count_of(n, tested, "item"),
                percent(share),
                if n == 1 { "does" } else { "do" }
            ),
            format!(
                "Answers to them depart from what the models' abilities predict; at most 5 % of these items are expected \
                 to be named by chance. {} in all were read.",
                count(sample.n_items, "item")
            ),
        )
    })
}

fn dependent(inputs: &ItemResponse) -> Option<Finding> {
    let dependence = inputs.dependence?;
    let pairs = dependence.pairs.iter().filter(|p| p.q3 > dependence.mean.unwrap_or(0.0)).count();
    let worst = dependence.pairs.iter().find(|p| p.q3 > dependence.mean.unwrap_or(0.0))?;
    let mut touched: Vec<usize> = dependence.pairs.iter().flat_map(|p| [p.first, p.second]).collect();
    touched.sort_unstable();
    touched.dedup();
    let share = touched.len() as f64 / inputs.fit.items.len().max(1) as f64;
    let among_all = pairs as f64 / dependence.n_pairs.max(1) as f64;
    let name = |place: usize| inputs.fit.items[place].item.to_string();
    Some(Finding {
        action: Some("Look whether they ask the same thing twice; keep one of each such group.".to_owned()),
        ..finding(
            if among_all >= 0.001 { Consequence::Care } else { Consequence::Information },
            among_all,
            format!(
                "{} of items {} answered more alike than ability explains.",
                count(pairs, "pair"),
                if pairs == 1 { "is" } else { "are" }
            ),
            format!(
                "They touch {} of the items. The most alike, {} and {}, have residuals that correlate at {} over {}. \
                 Such items count less than they seem, and standard errors look better than they are.",
                percent(share),
                name(worst.first),
                name(worst.second),
                number(Some(worst.q3), 2),
                count(worst.n_shared, "model")
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headlines_begin_with_a_capital() {
        assert_eq!(capital("the design"), "The design");
        assert_eq!(capital(""), "");
    }
}
