//! Which model is ahead, and how much of the order is chance?

use super::finding::{Consequence, Finding, NotRun};
use super::sample::Sample;
use super::section::{Block, Figure, Method, Section, SectionId, TableView};
use super::words::{count, count_of, interval, level, list, number};
use crate::numeric::Estimate;
use crate::plot::{Heading, LeaderboardData, LeaderboardRow, leaderboard};

/// One model's place.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The model.
    pub model: String,
    /// Its mean score with its interval.
    pub score: Estimate,
    /// First and last place that the data allow it.
    pub ranks: Option<(f64, f64)>,
    /// Whether no other model is better beyond chance.
    pub could_be_first: Option<bool>,
    /// Items it has a score on.
    pub n_items: usize,
}

/// Models shown in the table; all are in `models.csv`.
const TABLE_ROWS: usize = 200;

/// The leaderboard with intervals, and what may be said about first place.
///
/// # Errors
/// With fewer than two models there is no order.
pub fn section(
    sample: &Sample,
    standings: &[Standing],
    methods: Vec<Method>,
) -> Result<(Section, Vec<Finding>), NotRun> {
    if standings.len() < 2 {
        return Err(NotRun::new(
            "Leaderboard",
            format!("it takes 2 models or more; there are {}", standings.len()),
        )
        .with_remedy("Add the results of other models."));
    }
    let mut order: Vec<&Standing> = standings.iter().collect();
    order.sort_by(|a, b| {
        let rising = a.score.value.total_cmp(&b.score.value);
        let better_first = if sample.higher_is_better { rising.reverse() } else { rising };
        better_first.then_with(|| a.model.cmp(&b.model))
    });
    let level = level(standings.iter().map(|s| &s.score));
    let data = LeaderboardData {
        heading: Heading::new("Models by score", sample.subtitle()),
        score_title: format!("mean score ({}), dot, and its {level}, line", sample.metric),
        rows: order
            .iter()
            .map(|s| LeaderboardRow { model: s.model.clone(), score: s.score, ranks: s.ranks })
            .collect(),
        chance: sample.chance,
        higher_is_better: sample.higher_is_better,
    };
    let caption = "Models whose lines overlap much may well change places on another set of items of the same kind. \
                   The places at the right are those that the data do not rule out.";
    let figure = Figure::draw("leaderboard", caption, |width| leaderboard(&data, width))?;
    let rows = order
        .iter()
        .enumerate()
        .map(|(place, s)| {
            vec![
                (place + 1).to_string(),
                s.model.clone(),
                number(Some(s.score.value), 4),
                interval(&s.score, 4),
                s.ranks.map_or("–".to_owned(), |(a, b)| format!("{a:.0} to {b:.0}")),
                number(Some(s.n_items as f64), 0),
            ]
        })
        .collect();
    let table = TableView::new(
        format!("All {}", count(standings.len(), "model")),
        &["#place", "model", "#score", &format!("#{level}"), "#places possible", "#items"],
        rows,
    )
    .limited(TABLE_ROWS, "models.csv")
    .folded();
    let findings: Vec<Finding> = first_place(&order).into_iter().collect();
    let lede = findings.iter().map(|f| f.headline.clone()).collect();
    let section = Section {
        id: SectionId::Leaderboard,
        title: "Leaderboard".to_owned(),
        lede,
        blocks: vec![Block::Figure(figure), Block::Table(table)],
        methods,
    };
    Ok((section, findings))
}

/// Whether somebody is clearly first.
fn first_place(order: &[&Standing]) -> Option<Finding> {
    let first = order[0];
    first.could_be_first?;
    let contenders: Vec<&str> =
        order.iter().filter(|s| s.could_be_first == Some(true)).map(|s| s.model.as_str()).collect();
    let others: Vec<&str> = contenders.iter().copied().filter(|m| *m != first.model).collect();
    let lead = (first.score.value - order[1].score.value).abs();
    let half = first.score.interval.map(|i| i.width() / 2.0);
    let margin = half
        .map_or(String::new(), |h| format!(" The leading score is known to about ±{}.", number(Some(h), 3)));
    let lead_text = if lead == 0.0 {
        format!("{} and {} have the same score.{margin}", first.model, order[1].model)
    } else {
        format!("{} leads {} by {}.{margin}", first.model, order[1].model, number(Some(lead), 4))
    };
    Some(if contenders.len() > 1 {
        Finding {
            consequence: Consequence::Conclusion,
            weight: contenders.len() as f64 / order.len() as f64,
            headline: format!(
                "First place is not settled: {} could hold it.",
                count_of(contenders.len(), order.len(), "model")
            ),
            detail: format!("{lead_text} The data do not rule out {}.", list(&others, 5)),
            action: Some(
                "Do not announce a winner from this benchmark alone; report the interval, or compare the models \
                 item by item with a paired test."
                    .to_owned(),
            ),
            section: Some(SectionId::Leaderboard),
        }
    } else {
        Finding {
            consequence: Consequence::Information,
            weight: 0.0,
            headline: format!(
                "{} is first beyond chance.",
                contenders.first().unwrap_or(&first.model.as_str())
            ),
            detail: format!(
                "{lead_text} Every other model is beaten on the items that both answered, at a level of 5 % for \
                 all comparisons together."
            ),
            action: None,
            section: Some(SectionId::Leaderboard),
        }
    })
}
