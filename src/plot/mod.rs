//! What does a result look like? Charts, each from one result, all in one house style.
//!
//! A chart is first a [`Scene`]: a list of marks in CSS pixels, with inks instead of colours. From the scene
//! come an SVG that stands alone, an SVG that follows the light or dark theme of the page around it, and a
//! PNG at twice the size. Text is measured with the embedded font before it is placed, so that labels are
//! thinned out, shortened or moved, never clipped or overprinted.
//!
//! Every chart is a function `name(&NameData, width) -> Result<Chart, PlotError>`; the width is in CSS pixels
//! and the layout adapts to it ([`WIDE`] for a desk, [`NARROW`] for a telephone).

pub mod canvas;
mod clip;
mod cloud;
pub mod curves;
pub mod discrimination;
pub mod fit_panels;
pub mod font;
pub mod histogram;
pub mod information;
pub mod ink;
pub mod item_curves;
pub mod item_fit;
pub mod item_parameters;
pub mod labels;
pub mod leaderboard;
pub mod option_shares;
mod png_writer;
pub mod reliability;
pub mod response_map;
mod rows;
pub mod scale;
pub mod scatter;
pub mod scene;
pub mod select;
pub mod snr;
mod strips;
mod svg_writer;
pub mod wright_map;

pub use canvas::{Heading, NARROW, WIDE};
pub use curves::{CurvesData, Series, curves};
pub use discrimination::{DiscriminationData, discrimination};
pub use fit_panels::{FitMark, FitPanel, FitPanelsData, fit_panels};
pub use histogram::{HistogramData, histogram};
pub use information::{InformationData, information};
pub use item_curves::{ItemCurve, ItemCurvesData, item_curves};
pub use item_fit::{ItemFitData, item_fit};
pub use item_parameters::{ItemParametersData, item_parameters};
pub use leaderboard::{LeaderboardData, LeaderboardRow, leaderboard};
pub use option_shares::{OptionShare, OptionSharesData, option_shares};
pub use reliability::{ReliabilityData, ReliabilityRow, reliability};
pub use response_map::{ResponseMapData, response_map};
pub use scatter::{IsoLine, ScatterData, ScatterPoint, scatter};
pub use scene::Scene;
pub use wright_map::{WrightMapData, wright_map};

use thiserror::Error;

/// Why a chart could not be drawn.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PlotError {
    /// There is nothing to draw.
    #[error("{chart}: nothing to draw: {what}")]
    Empty {
        /// The chart.
        chart: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// A value that must be finite is not.
    #[error("{chart}: {what} is {value}, which cannot be drawn")]
    NotFinite {
        /// The chart.
        chart: &'static str,
        /// Which value.
        what: String,
        /// The value.
        value: f64,
    },
    /// The chart is narrower than its parts.
    #[error("{chart}: a width of {width} px is too little; the minimum is {minimum} px")]
    TooNarrow {
        /// The chart.
        chart: &'static str,
        /// The width asked for.
        width: f64,
        /// The least width.
        minimum: f64,
    },
    /// The bitmap could not be made.
    #[error("cannot draw the bitmap: {0}")]
    Bitmap(String),
    /// The embedded font could not be read.
    #[error("the embedded font cannot be read")]
    Font,
}

/// A drawn chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    scene: Scene,
}

impl Chart {
    /// The chart of a scene.
    pub fn new(scene: Scene) -> Self {
        Self { scene }
    }

    /// The marks.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// An SVG file that stands alone, in light colours.
    pub fn svg(&self) -> Result<String, PlotError> {
        svg_writer::standalone(&self.scene)
    }

    /// An `<svg>` element for a page that defines the inks as CSS variables (see [`ink::stylesheet`]).
    pub fn svg_inline(&self) -> Result<String, PlotError> {
        svg_writer::inline(&self.scene)
    }

    /// A PNG file in light colours, at twice the size of the SVG.
    pub fn png(&self) -> Result<Vec<u8>, PlotError> {
        png_writer::png(&self.scene)
    }
}
