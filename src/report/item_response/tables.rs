//! Which models, items and pairs stand out in a fit, in figures?

use super::ItemResponse;
use super::items::ItemSummary;
use crate::report::section::TableView;
use crate::report::words::{count, interval, number};

/// Rows shown of each list; all are in the files.
const ROWS: usize = 20;
/// Models shown.
const MODELS: usize = 40;

/// The lists of a fit.
pub(super) fn blocks(inputs: &ItemResponse, items: &[ItemSummary]) -> Vec<TableView> {
    let mut out = vec![abilities(inputs)];
    out.extend(trials(inputs));
    out.extend(to_look_at(inputs, items));
    out.extend(pairs(inputs));
    out
}

fn abilities(inputs: &ItemResponse) -> TableView {
    let mut order: Vec<_> = inputs.fit.abilities.iter().collect();
    order.sort_by(|a, b| b.eap.value.total_cmp(&a.eap.value).then_with(|| a.respondent.cmp(&b.respondent)));
    let rows = order
        .iter()
        .map(|a| {
            vec![
                a.respondent.to_string(),
                number(Some(a.eap.value), 3),
                interval(&a.eap, 3),
                number(Some(a.score), 4),
                number(a.person_fit, 1),
                number(Some(a.n_items as f64), 0),
            ]
        })
        .collect();
    let headings = ["model", "#ability", "#95 % interval", "#score", "#person fit", "#items"];
    TableView::new("Abilities of the models, ablest first", &headings, rows)
        .limited(MODELS, "abilities.csv")
        .folded()
}

fn trials(inputs: &ItemResponse) -> Option<TableView> {
    let choice = inputs.choice.filter(|c| c.trials.len() > 1)?;
    let best = choice.trials.iter().filter_map(|t| t.held_out).max_by(f64::total_cmp);
    let rows = choice
        .trials
        .iter()
        .map(|t| {
            let behind = best.zip(t.held_out).map(|(b, h)| b - h);
            vec![
                t.model.to_string(),
                number(t.held_out, 5),
                number(behind, 5),
                number(t.difference_se, 5),
                match (&t.reason, t.model == choice.model) {
                    (Some(reason), _) => format!("not tried: {reason}"),
                    (None, true) => "chosen: the simplest within one standard error of the best".to_owned(),
                    (None, false) => String::new(),
                },
            ]
        })
        .collect();
    let headings =
        ["model of the answers", "#log-likelihood, held out", "#behind the best", "#± (standard error)", ""];
    Some(
        TableView::new("Why this model: how well each predicts answers it has not seen", &headings, rows)
            .folded(),
    )
}

fn to_look_at(inputs: &ItemResponse, items: &[ItemSummary]) -> Option<TableView> {
    let mut found: Vec<&ItemSummary> = items.iter().filter(|i| i.backwards || i.misfits).collect();
    if found.is_empty() {
        return None;
    }
    let q = |i: &ItemSummary| i.misfit_q.unwrap_or(1.0);
    found.sort_by(|a, b| {
        b.backwards.cmp(&a.backwards).then(q(a).total_cmp(&q(b))).then(a.place.cmp(&b.place))
    });
    let caption = format!("{} with a negative slope or a misfit", count(found.len(), "item"));
    let rows = found
        .into_iter()
        .map(|i| {
            let item = &inputs.fit.items[i.place];
            vec![
                item.item.to_string(),
                number(Some(item.discrimination.value), 2),
                interval(&item.discrimination, 2),
                number(i.outfit, 2),
                match i.misfit_q {
                    Some(q) if q < 0.001 => "under 0.001".to_owned(),
                    q => number(q, 3),
                },
                number(i.share, 3),
            ]
        })
        .collect();
    let headings = ["item", "#slope", "#95 % interval", "#outfit", "#misfit, adjusted p", "#share correct"];
    Some(TableView::new(caption, &headings, rows).limited(ROWS, "item_parameters.csv").folded())
}

fn pairs(inputs: &ItemResponse) -> Option<TableView> {
    let pairs = inputs.dependence.map(|d| &d.pairs).filter(|p| !p.is_empty())?;
    let name = |place: usize| inputs.fit.items[place].item.to_string();
    let rows = pairs
        .iter()
        .take(ROWS + 1)
        .map(|p| {
            vec![name(p.first), name(p.second), number(Some(p.q3), 2), number(Some(p.n_shared as f64), 0)]
        })
        .collect();
    let headings = ["item", "other item", "#correlation of residuals", "#models"];
    let caption = format!("{} of items beyond ability, the clearest first", count(pairs.len(), "pair"));
    let mut table = TableView::new(caption, &headings, rows).folded();
    if pairs.len() > ROWS {
        table.rows.truncate(ROWS);
        let left = crate::plot::scale::grouped((pairs.len() - ROWS) as f64, 0);
        table.note = Some(format!("{left} more in dependent_pairs.csv."));
    }
    Some(table)
}
