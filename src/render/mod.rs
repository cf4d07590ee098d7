//! How are results shown to people? Pages for a browser and tables for a terminal.

pub mod html;
pub mod text;
mod view;

pub use html::{RenderError, html};
