//! Did all models answer the same items? Who did not, where, and where they stand on the items that all have.

use super::finding::{Consequence, Finding};
use super::leaderboard::Standing;
use super::section::SectionId;
use super::words::{count, list, number, percent};
use crate::response::ResponseMatrix;

/// A model with less than this share of the items is named.
const WANTED: f64 = 0.98;
/// Models named in a finding.
const NAMED: usize = 3;

/// What a reader must know of models that lack items; `None` if all have enough of them.
///
/// A model that lacks hard items scores higher than it would; its place is compared with the one it has on the
/// items that every model answered.
pub fn finding(matrix: &ResponseMatrix, standings: &[Standing]) -> Option<Finding> {
    let answered = matrix.respondent_totals();
    let n_items = matrix.item_totals().iter().filter(|t| t.1 > 0).count();
    let share = |n: usize| n as f64 / n_items.max(1) as f64;
    let mut lacking: Vec<usize> =
        (0..answered.len()).filter(|&r| answered[r].1 > 0 && share(answered[r].1) < WANTED).collect();
    if lacking.is_empty() || standings.len() < 2 {
        return None;
    }
    lacking.sort_by_key(|&r| answered[r].1);
    let common: Vec<usize> = (0..matrix.n_items())
        .filter(|&i| (0..answered.len()).all(|r| answered[r].1 == 0 || matrix.score(i, r).is_some()))
        .collect();
    let places = Places::of(matrix, &answered, &common);
    let told: Vec<String> = lacking.iter().take(NAMED).map(|&r| places.tell(matrix, r, n_items)).collect();
    let more = match lacking.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!(" {} lack items too.", count(n, "more model")),
    };
    let moved = match places.moved() {
        _ if common.len() < 2 => " No items were answered by all, so no fair order can be given.".to_owned(),
        0 => format!(" On the {} that all answered, nobody changes places.", count(common.len(), "item")),
        n => format!(
            " On the {} that all answered, {} another place.",
            count(common.len(), "item"),
            if n == 1 { "1 model takes".to_owned() } else { format!("{n} models take") }
        ),
    };
    Some(Finding {
        consequence: if common.len() < 2 || places.moved() > 0 {
            Consequence::Conclusion
        } else {
            Consequence::Care
        },
        weight: 1.0 - share(answered[lacking[0]].1),
        headline: format!(
            "{} with less than {} of the items {} compared over other items than the rest.",
            count(lacking.len(), "model"),
            percent(WANTED),
            if lacking.len() == 1 { "is" } else { "are" }
        ),
        detail: format!("{}{more}{moved}", told.join(" ")),
        action: Some(
            "Add the missing results, or compare over the items that all have in common.".to_owned(),
        ),
        section: Some(SectionId::Leaderboard),
    })
}

/// The places of all models, over the items each has and over those that all have.
struct Places {
    own: Vec<Option<usize>>,
    common: Vec<Option<usize>>,
}

impl Places {
    fn of(matrix: &ResponseMatrix, answered: &[(f64, usize)], common: &[usize]) -> Self {
        let own: Vec<Option<f64>> =
            answered.iter().map(|&(sum, n)| (n > 0).then(|| sum / n as f64)).collect();
        let on_common = |r: usize| {
            own[r]?;
            let sum: f64 = common.iter().filter_map(|&i| matrix.score(i, r)).sum();
            (!common.is_empty()).then(|| sum / common.len() as f64)
        };
        let shared: Vec<Option<f64>> = (0..answered.len()).map(on_common).collect();
        let ranks = |s: &[Option<f64>]| {
            crate::uncertainty::ranks::competition_ranks(s, matrix.metric.higher_is_better)
        };
        Self { own: ranks(&own), common: ranks(&shared) }
    }

    /// How many models have another place on the common items.
    fn moved(&self) -> usize {
        let moved = |(a, b): &(&Option<usize>, &Option<usize>)| a.is_some() && b.is_some() && a != b;
        self.own.iter().zip(&self.common).filter(moved).count()
    }

    /// One model: what it lacks, and its places.
    fn tell(&self, matrix: &ResponseMatrix, r: usize, n_items: usize) -> String {
        let lacks: Vec<usize> = (0..matrix.n_items()).filter(|&i| matrix.score(i, r).is_none()).collect();
        let mut by_subject: std::collections::BTreeMap<usize, usize> = Default::default();
        for subject in lacks.iter().filter_map(|&i| matrix.subject_of(i)) {
            *by_subject.entry(subject).or_default() += 1;
        }
        let mut most: Vec<(usize, usize)> = by_subject.into_iter().map(|(s, n)| (n, s)).collect();
        most.sort_by(|a, b| b.cmp(a));
        let most: Vec<String> =
            most.iter().take(2).map(|(n, s)| format!("{n} in {}", matrix.subjects()[*s])).collect();
        let names: Vec<&str> = most.iter().map(String::as_str).collect();
        let of_subjects = if names.is_empty() { String::new() } else { format!(" ({})", list(&names, 2)) };
        let place = match (self.own[r], self.common[r]) {
            (Some(own), Some(common)) if own != common => {
                format!("; it holds place {own}, and place {common} on the items that all answered")
            }
            (Some(own), _) => format!("; it holds place {own}"),
            (None, _) => String::new(),
        };
        format!(
            "{} lacks {} of {} items{of_subjects}{place}.",
            matrix.respondents()[r],
            number(Some(lacks.len() as f64), 0),
            number(Some(n_items as f64), 0)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Estimate;

    fn standing(model: &str) -> Standing {
        let score = Estimate::bare(0.5);
        Standing { model: model.to_owned(), score, ranks: None, could_be_first: None, n_items: 1 }
    }

    #[test]
    fn a_model_that_lacks_the_hard_items_is_named_with_both_places() {
        // The second is right on the two easy items that it has; on these the first is right too.
        let (y, n) = (Some(true), Some(false));
        let m = ResponseMatrix::from_rows(&[vec![y, y, n, n], vec![y, y, None, None]]);
        let standings = [standing("a"), standing("b")];
        let found = finding(&m, &standings).unwrap();
        assert!(found.detail.contains("lacks 2 of 4 items; it holds place 1"), "{}", found.detail);
        assert!(found.detail.contains("On the 2 items that all answered, 1 model takes"), "{}", found.detail);
        let complete = ResponseMatrix::from_rows(&[vec![y, y], vec![y, n]]);
        assert!(finding(&complete, &standings).is_none());
    }
}
