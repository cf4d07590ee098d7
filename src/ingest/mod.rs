//! How does a dump become a long table?
//!
//! Every file goes the same way: it is found and unwrapped ([`source`]), recognised from its content, read by
//! the one reader of its format into a [`Fragment`], and the fragments are joined. What could not be read is
//! counted and named, never dropped in silence.

pub mod fragment;
pub mod item_hash;
pub mod json;
pub mod lm_eval;
pub mod py_irt;
pub mod source;

pub use fragment::{Fragment, Note, ReadError};
pub use source::Source;
