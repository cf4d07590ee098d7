//! How is JSON read that was written by Python, cut short, or named after another format?
//!
//! Three things happen between the bytes and a reader: the text is checked and repaired ([`mod@repair`]), its
//! shape is found from what it holds and its records are handed out one by one ([`mod@records`]), and values of
//! the wrong type are taken for what they are instead of ending the file ([`lenient`]). A large file goes this way in
//! pieces ([`mod@pieces`]).

mod following;
pub mod lenient;
pub mod pieces;
pub mod python;
pub mod records;
pub mod repair;
mod repaired;
pub mod scan;
pub mod value;
mod window;

pub use lenient::{Scalar, Text, number_from_text};
pub use pieces::{Piece, each_record, elements, elements_of, entries, pieces, records};
pub use python::python_value;
pub use records::{Fault, Passage, Shape, first_record};
pub use repair::{repair, text_in, text_of};
