//! What is on a chart? Marks in CSS pixels, from back to front.

use super::ink::Ink;
use std::sync::Arc;

/// A place in CSS pixels, `y` downwards.
pub type Place = (f64, f64);

/// Where a text stands relative to its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// To the right of it.
    Start,
    /// Centred on it.
    Middle,
    /// To the left of it.
    End,
}

/// How heavy a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Plain.
    Regular,
    /// For titles.
    SemiBold,
}

/// One line of text, its baseline at `at`.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// The baseline at the anchor.
    pub at: Place,
    /// The text.
    pub text: String,
    /// The em, px.
    pub size: f64,
    /// Plain or semi-bold.
    pub weight: Weight,
    /// Which end of it is at `at`.
    pub anchor: Anchor,
    /// Its colour.
    pub ink: Ink,
}

/// An image of indexed colours.
#[derive(Debug, Clone, PartialEq)]
pub struct Raster {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The colours; an index without a colour is transparent.
    pub palette: Vec<(u8, u8, u8)>,
    /// Index of each cell, row by row.
    pub cells: Vec<u8>,
}

/// One thing drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line through points.
    Line {
        /// The points.
        points: Vec<Place>,
        /// Its colour.
        ink: Ink,
        /// Its width, px.
        width: f64,
        /// Lengths of dash and gap, px.
        dash: Option<(f64, f64)>,
    },
    /// Filled polygons of one colour.
    Fill {
        /// The corners of each.
        rings: Vec<Vec<Place>>,
        /// Their colour.
        ink: Ink,
        /// From 0 to 1.
        opacity: f64,
        /// What a pointer is told.
        hint: Option<String>,
    },
    /// A filled rectangle: left, top, width, height.
    Rect {
        /// Left, top, width, height, px.
        area: (f64, f64, f64, f64),
        /// Its colour.
        ink: Ink,
        /// From 0 to 1.
        opacity: f64,
        /// What a pointer is told.
        hint: Option<String>,
    },
    /// A dot.
    Dot {
        /// Its centre.
        at: Place,
        /// Its radius, px.
        radius: f64,
        /// Its colour.
        ink: Ink,
        /// Filled with the ground instead of the ink.
        hollow: bool,
        /// What a pointer is told.
        hint: Option<String>,
    },
    /// A line of text.
    Text(Text),
    /// An image: left, top, width, height.
    Image {
        /// Left, top, width, height, px.
        area: (f64, f64, f64, f64),
        /// Its cells.
        raster: Arc<Raster>,
    },
}

/// All marks of a chart and what it is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Width, px.
    pub width: f64,
    /// Height, px.
    pub height: f64,
    /// What the chart shows, for readers who cannot see it.
    pub label: String,
    /// The marks, from back to front.
    pub marks: Vec<Mark>,
}

impl Scene {
    /// An empty scene.
    pub fn new(width: f64, height: f64, label: impl Into<String>) -> Self {
        Self { width, height, label: label.into(), marks: Vec::new() }
    }

    /// Adds a line.
    pub fn line(&mut self, points: Vec<Place>, ink: Ink, width: f64) {
        self.marks.push(Mark::Line { points, ink, width, dash: None });
    }

    /// Adds a dashed line.
    pub fn dashed(&mut self, points: Vec<Place>, ink: Ink, width: f64) {
        self.marks.push(Mark::Line { points, ink, width, dash: Some((4.0, 3.0)) });
    }

    /// Adds a filled rectangle.
    pub fn rect(&mut self, area: (f64, f64, f64, f64), ink: Ink, opacity: f64) {
        self.marks.push(Mark::Rect { area, ink, opacity, hint: None });
    }

    /// Adds a filled polygon.
    pub fn fill(&mut self, ring: Vec<Place>, ink: Ink, opacity: f64) {
        self.marks.push(Mark::Fill { rings: vec![ring], ink, opacity, hint: None });
    }

    /// Adds a dot.
    pub fn dot(&mut self, at: Place, radius: f64, ink: Ink, hint: Option<String>) {
        self.marks.push(Mark::Dot { at, radius, ink, hollow: false, hint });
    }

    /// Adds a line of plain text.
    pub fn text(&mut self, at: Place, text: impl Into<String>, size: f64, anchor: Anchor, ink: Ink) {
        self.marks.push(Mark::Text(Text {
            at,
            text: text.into(),
            size,
            weight: Weight::Regular,
            anchor,
            ink,
        }));
    }
}
