//! How is JSON read that was written by Python, cut short, or named after another format?
//!
//! Three things happen between the bytes and a reader: the text is checked and repaired ([`mod@repair`]), its
//! shape is found from what it holds and its records are handed out one by one ([`records`]), and values of
//! the wrong type are taken for what they are instead of ending the file ([`lenient`]).

pub mod lenient;
pub mod python;
pub mod records;
pub mod repair;
pub mod value;

pub use lenient::{Scalar, Text, number_from_text};
pub use python::python_value;
pub use records::{Fault, Passage, Shape, each_record, first_record};
pub use repair::{repair, text_in, text_of};
