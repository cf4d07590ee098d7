//! What do all charts share? Title and subtitle, panel, axes, grid and legend.

use super::PlotError;
use super::font::{self, MIDDLE_TO_BASELINE};
use super::ink::Ink;
use super::labels::{Frame, shorten, wrap};
use super::scale::{Scale, Tick};
use super::scene::{Anchor, Mark, Scene, Text, Weight};

/// Width of a chart on a desk, px.
pub const WIDE: f64 = 860.0;
/// Width of a chart on a telephone, px.
pub const NARROW: f64 = 350.0;
/// The least width that leaves room for a panel, px.
pub const MINIMUM_WIDTH: f64 = 240.0;

/// Size of titles, px.
pub const TITLE: f64 = 15.0;
/// Size of subtitles and axis titles, px.
pub const SUBTITLE: f64 = 12.0;
/// Size of tick labels and names, px.
pub const LABEL: f64 = 11.5;
/// From one baseline to the next, as a share of the size.
const LEADING: f64 = 1.35;

/// What stands over a chart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heading {
    /// What is shown.
    pub title: String,
    /// Of what: the benchmark, the number of models and items.
    pub subtitle: String,
}

impl Heading {
    /// A title and a subtitle.
    pub fn new(title: impl Into<String>, subtitle: impl Into<String>) -> Self {
        Self { title: title.into(), subtitle: subtitle.into() }
    }
}

/// A chart in the making: a scene and the height used so far.
#[derive(Debug)]
pub struct Canvas {
    /// The marks so far.
    pub scene: Scene,
    /// The next free height, px.
    pub y: f64,
}

/// Distance of everything from the edge of the chart, px.
pub const MARGIN: f64 = 4.0;

impl Canvas {
    /// A canvas with the heading written.
    ///
    /// # Errors
    /// When the width is below [`MINIMUM_WIDTH`].
    pub fn new(chart: &'static str, heading: &Heading, width: f64) -> Result<Self, PlotError> {
        if width.is_nan() || width < MINIMUM_WIDTH {
            return Err(PlotError::TooNarrow { chart, width, minimum: MINIMUM_WIDTH });
        }
        let label = format!("{}. {}", heading.title, heading.subtitle);
        let mut canvas = Self { scene: Scene::new(width, 0.0, label), y: MARGIN };
        canvas.paragraph(&heading.title, TITLE, Weight::SemiBold, Ink::Text);
        canvas.paragraph(&heading.subtitle, SUBTITLE, Weight::Regular, Ink::Muted);
        canvas.y += 6.0;
        Ok(canvas)
    }

    /// Writes wrapped text across the canvas.
    pub fn paragraph(&mut self, text: &str, size: f64, weight: Weight, ink: Ink) {
        let room = self.scene.width - 2.0 * MARGIN;
        for line in wrap(text, room, |t| font::width_of(t, size, weight)) {
            let line = if font::width_of(&line, size, weight) > room {
                shorten(&line, size * 1.08, room)
            } else {
                line
            };
            self.scene.marks.push(Mark::Text(Text {
                at: (MARGIN, self.y + size),
                text: line,
                size,
                weight,
                anchor: Anchor::Start,
                ink,
            }));
            self.y += size * LEADING;
        }
    }

    /// Writes a note under what has been drawn.
    pub fn note(&mut self, text: &str) {
        self.y += 4.0;
        self.paragraph(text, LABEL, Weight::Regular, Ink::Muted);
    }

    /// Writes a row of colour keys, in as many lines as they need.
    pub fn legend(&mut self, entries: &[(Key, &str)]) {
        let (swatch, gap) = (18.0, 14.0);
        let mut x = MARGIN;
        let mut y = self.y + LABEL * 0.7;
        for (key, text) in entries {
            let room = self.scene.width - 2.0 * MARGIN - swatch - 4.0;
            let text = shorten(text, LABEL, room);
            let width = swatch + 4.0 + font::width(&text, LABEL);
            if x > MARGIN && x + width > self.scene.width - MARGIN {
                x = MARGIN;
                y += LABEL * 1.5;
            }
            key.draw(&mut self.scene, x, y, swatch);
            self.scene.text(
                (x + swatch + 4.0, y + LABEL * MIDDLE_TO_BASELINE),
                text,
                LABEL,
                Anchor::Start,
                Ink::Text,
            );
            x += width + gap;
        }
        self.y = y + LABEL * 1.1;
    }

    /// Closes the chart.
    pub fn finish(mut self) -> Scene {
        self.scene.height = (self.y + MARGIN).ceil();
        self.scene
    }
}

/// A sample of a mark in a legend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Key {
    /// A filled box.
    Box(Ink, f64),
    /// An empty box.
    EmptyBox,
    /// A line.
    Line(Ink),
    /// A dashed line.
    Dashed(Ink),
    /// A dot on its interval.
    Interval(Ink),
    /// A dot.
    Dot(Ink),
}

impl Key {
    fn draw(self, scene: &mut Scene, x: f64, y: f64, width: f64) {
        match self {
            Self::Box(ink, opacity) => scene.rect((x + 3.0, y - 5.0, width - 6.0, 10.0), ink, opacity),
            Self::EmptyBox => {
                let (l, t, r, b) = (x + 3.5, y - 4.5, x + width - 3.5, y + 4.5);
                scene.line(vec![(l, t), (r, t), (r, b), (l, b), (l, t)], Ink::Axis, 1.0);
            }
            Self::Line(ink) => scene.line(vec![(x, y), (x + width, y)], ink, 2.0),
            Self::Dashed(ink) => scene.dashed(vec![(x, y), (x + width, y)], ink, 1.5),
            Self::Interval(ink) => {
                scene.line(vec![(x, y), (x + width, y)], ink, 2.0);
                scene.dot((x + width / 2.0, y), 3.5, ink, None);
            }
            Self::Dot(ink) => scene.dot((x + width / 2.0, y), 3.5, ink, None),
        }
    }
}

/// Room that the labels of a vertical axis take, px.
pub fn label_room(ticks: &[Tick]) -> f64 {
    ticks.iter().map(|t| font::width(&t.label, LABEL)).fold(0.0, f64::max) + 8.0
}

/// Vertical ticks that fit a height.
pub fn vertical_ticks(scale: &Scale, count: usize) -> Vec<Tick> {
    scale.fitting_ticks(count, |_| LABEL * 1.6)
}

/// Horizontal ticks that fit a width.
pub fn horizontal_ticks(scale: &Scale, count: usize) -> Vec<Tick> {
    scale.fitting_ticks(count, |label| font::width(label, LABEL) + 10.0)
}

/// Draws grid, labels and title of a horizontal axis under a panel; returns the height used below it.
pub fn horizontal_axis(scene: &mut Scene, panel: Frame, scale: &Scale, title: &str, grid: bool) -> f64 {
    for tick in horizontal_ticks(scale, 8) {
        let x = scale.at(tick.value);
        if grid {
            scene.line(vec![(x, panel.top), (x, panel.bottom)], Ink::Grid, 1.0);
        }
        scene.line(vec![(x, panel.bottom), (x, panel.bottom + 4.0)], Ink::Axis, 1.0);
        // A label at the end of the axis is moved inwards rather than clipped.
        let half = font::width(&tick.label, LABEL) / 2.0;
        let x = x.clamp(MARGIN + half, (scene.width - MARGIN - half).max(MARGIN + half));
        scene.text((x, panel.bottom + 6.0 + LABEL), tick.label, LABEL, Anchor::Middle, Ink::Muted);
    }
    scene.line(vec![(panel.left, panel.bottom), (panel.right, panel.bottom)], Ink::Axis, 1.0);
    let mut y = panel.bottom + 6.0 + LABEL + 5.0;
    // Under the panel if it fits there or another panel stands beside it, else across the whole chart.
    let beside = panel.width() < 0.5 * scene.width;
    let (left, right) = if beside || font::width(title, SUBTITLE) <= panel.width() {
        (panel.left, panel.right)
    } else {
        (MARGIN, scene.width - MARGIN)
    };
    for line in wrap(title, right - left, |t| font::width(t, SUBTITLE)) {
        scene.text(((left + right) / 2.0, y + SUBTITLE), line, SUBTITLE, Anchor::Middle, Ink::Muted);
        y += SUBTITLE * LEADING;
    }
    y - panel.bottom
}

/// Draws grid and labels of a vertical axis to the left of a panel.
pub fn vertical_axis(scene: &mut Scene, panel: Frame, scale: &Scale, ticks: &[Tick]) {
    for tick in ticks {
        let y = scale.at(tick.value);
        scene.line(vec![(panel.left, y), (panel.right, y)], Ink::Grid, 1.0);
        scene.text(
            (panel.left - 6.0, y + LABEL * MIDDLE_TO_BASELINE),
            tick.label.clone(),
            LABEL,
            Anchor::End,
            Ink::Muted,
        );
    }
    scene.line(vec![(panel.left, panel.top), (panel.left, panel.bottom)], Ink::Axis, 1.0);
}

/// A title and the way its values are spread, for charts whose axes the caller chooses.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisSpec {
    /// What is measured, with its unit.
    pub title: String,
    /// Linear or logarithmic.
    pub spread: super::scale::Spread,
    /// First and last value; `None` takes them from the data.
    pub domain: Option<(f64, f64)>,
    /// Only whole numbers get a label.
    pub whole: bool,
}

impl AxisSpec {
    /// A linear axis that takes its ends from the data.
    pub fn linear(title: impl Into<String>) -> Self {
        Self { title: title.into(), spread: super::scale::Spread::Linear, domain: None, whole: false }
    }

    /// A logarithmic axis that takes its ends from the data.
    pub fn log(title: impl Into<String>) -> Self {
        Self { title: title.into(), spread: super::scale::Spread::Log, domain: None, whole: false }
    }

    /// A linear axis of counts.
    pub fn counts(title: impl Into<String>) -> Self {
        Self { whole: true, ..Self::linear(title) }
    }

    /// With fixed ends.
    pub fn with_domain(self, low: f64, high: f64) -> Self {
        Self { domain: Some((low, high)), ..self }
    }

    /// The ends for values: as fixed, else a little wider than the data.
    ///
    /// # Errors
    /// When there is no value, or one that is not finite or, on a logarithmic axis, not positive.
    pub fn domain_of(
        &self,
        chart: &'static str,
        values: impl IntoIterator<Item = f64>,
    ) -> Result<(f64, f64), PlotError> {
        use super::scale::{Spread, extent, padded};
        let (low, high) = extent(chart, &self.title, values)?;
        if let Some(domain) = self.domain {
            return Ok(domain);
        }
        match self.spread {
            Spread::Linear => Ok(padded((low, high), 0.04)),
            Spread::Log if low > 0.0 => {
                let (a, b) = padded((low.log10(), high.log10()), 0.04);
                Ok((10f64.powf(a), 10f64.powf(b)))
            }
            Spread::Log => {
                Err(PlotError::NotFinite { chart, what: format!("log of {}", self.title), value: low })
            }
        }
    }
}

/// A panel with two axes, drawn on a canvas.
#[derive(Debug, Clone, Copy)]
pub struct Panel {
    /// Where the data go.
    pub frame: Frame,
    /// The horizontal scale.
    pub x: Scale,
    /// The vertical scale.
    pub y: Scale,
}

impl Panel {
    /// Draws both axes of a panel `height` px high and moves the canvas below them. The title of the
    /// vertical axis stands over the panel, where it can be read without turning the head.
    pub fn draw(
        canvas: &mut Canvas,
        height: f64,
        x: (&AxisSpec, (f64, f64)),
        y: (&AxisSpec, (f64, f64)),
    ) -> Self {
        let whole = (0.0, canvas.scene.width);
        let (panel, bottom) = Self::draw_between(canvas, whole, height, x, y);
        canvas.y = bottom;
        panel
    }

    /// The same between two distances from the left edge, for panels side by side; the canvas stays where it is,
    /// and where the panel ends is returned.
    pub fn draw_between(
        canvas: &mut Canvas,
        (left, right): (f64, f64),
        height: f64,
        (x_axis, x_domain): (&AxisSpec, (f64, f64)),
        (y_axis, y_domain): (&AxisSpec, (f64, f64)),
    ) -> (Self, f64) {
        let mut top = canvas.y;
        for line in wrap(&y_axis.title, right - left - 2.0 * MARGIN, |t| font::width(t, SUBTITLE)) {
            canvas.scene.text((left + MARGIN, top + SUBTITLE), line, SUBTITLE, Anchor::Start, Ink::Muted);
            top += SUBTITLE * LEADING;
        }
        top += 6.0;
        let y = Scale { domain: y_domain, range: (top + height, top), spread: y_axis.spread };
        let mut ticks = vertical_ticks(&y, 6);
        if y_axis.whole {
            ticks.retain(|t| t.value.fract() == 0.0);
            ticks.iter_mut().for_each(|t| t.label = super::scale::grouped(t.value, 0));
        }
        let frame = Frame {
            left: left + MARGIN + label_room(&ticks),
            top,
            right: right - MARGIN - 8.0,
            bottom: top + height,
        };
        let x = Scale { domain: x_domain, range: (frame.left, frame.right), spread: x_axis.spread };
        vertical_axis(&mut canvas.scene, frame, &y, &ticks);
        let used = horizontal_axis(&mut canvas.scene, frame, &x, &x_axis.title, true);
        (Self { frame, x, y }, frame.bottom + used)
    }
}
