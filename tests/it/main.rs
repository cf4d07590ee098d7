//! Do the parts work together? The one integration-test binary.

mod layers;
mod tidy;
