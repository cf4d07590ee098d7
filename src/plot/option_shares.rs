//! Which options do weak and strong models choose? The votes on one item by third of ability.

use super::canvas::{Canvas, Heading, LABEL, MARGIN};
use super::font::{self, MIDDLE_TO_BASELINE};
use super::ink::Ink;
use super::labels::shorten;
use super::scene::{Anchor, Mark};
use super::{Chart, PlotError};

/// The votes for one option.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionShare {
    /// Its letter, or another short name.
    pub label: String,
    /// Whether it is the key.
    pub is_key: bool,
    /// Votes of the weakest, middle and strongest third of models.
    pub votes: [usize; 3],
}

/// The votes on one item.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionSharesData {
    /// Title and subtitle.
    pub heading: Heading,
    /// The options in their order.
    pub options: Vec<OptionShare>,
    /// Attempts of each third.
    pub n_models: [usize; 3],
}

/// Three panels of bars, from the weakest third of models to the strongest; the key is green.
///
/// # Errors
/// When there is no option, or nobody answered.
pub fn option_shares(data: &OptionSharesData, width: f64) -> Result<Chart, PlotError> {
    const CHART: &str = "option_shares";
    if data.options.is_empty() || data.n_models.iter().all(|n| *n == 0) {
        return Err(PlotError::Empty { chart: CHART, what: "no votes" });
    }
    let mut canvas = Canvas::new(CHART, &data.heading, width)?;
    let row = 17.0;
    let name = |o: &OptionShare| if o.is_key { format!("{} ✓", o.label) } else { o.label.clone() };
    let names =
        data.options.iter().map(|o| font::width(&name(o), LABEL)).fold(0.0, f64::max).min(width * 0.3);
    let gap = 10.0;
    let panel = (width - 2.0 * MARGIN - names - 8.0 - 2.0 * gap) / 3.0;
    let top = canvas.y + 2.0 * LABEL * 1.3 + 2.0;
    for (k, option) in data.options.iter().enumerate() {
        let baseline = top + (k as f64 + 0.5) * row + LABEL * MIDDLE_TO_BASELINE;
        let text = shorten(&name(option), LABEL, names);
        let ink = if option.is_key { Ink::Green } else { Ink::Text };
        canvas.scene.text((MARGIN + names, baseline), text, LABEL, Anchor::End, ink);
    }
    let figure_room = font::width("100 %", LABEL) + 4.0;
    for (third, title) in ["weakest third", "middle third", "strongest third"].into_iter().enumerate() {
        let left = MARGIN + names + 8.0 + third as f64 * (panel + gap);
        let n = data.n_models[third];
        let models = if n == 1 { "1 model".to_owned() } else { format!("{n} models") };
        let scene = &mut canvas.scene;
        scene.text((left, canvas.y + LABEL), shorten(title, LABEL, panel), LABEL, Anchor::Start, Ink::Text);
        scene.text((left, canvas.y + LABEL * 2.3), models, LABEL, Anchor::Start, Ink::Muted);
        let bottom = top + data.options.len() as f64 * row;
        scene.line(vec![(left, top), (left, bottom)], Ink::Axis, 1.0);
        if n == 0 {
            continue;
        }
        for (k, option) in data.options.iter().enumerate() {
            let share = option.votes[third] as f64 / n as f64;
            let y = top + k as f64 * row;
            let length = share * (panel - figure_room).max(10.0);
            let ink = if option.is_key { Ink::Green } else { Ink::Axis };
            if length > 0.0 {
                let hint = format!("{}: {} of {n}", option.label, option.votes[third]);
                let area = (left, y + 3.0, length, row - 6.0);
                scene.marks.push(Mark::Rect { area, ink, opacity: 1.0, hint: Some(hint) });
            }
            if option.votes[third] > 0 {
                let at = (left + length + 4.0, y + row / 2.0 + LABEL * MIDDLE_TO_BASELINE);
                scene.text(at, format!("{:.0} %", 100.0 * share), LABEL, Anchor::Start, Ink::Muted);
            }
        }
    }
    canvas.y = top + data.options.len() as f64 * row + 2.0;
    Ok(Chart::new(canvas.finish()))
}
