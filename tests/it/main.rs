//! Do the parts work together? The one integration-test binary.

mod layers;
#[cfg(feature = "charts")]
mod page;
mod tidy;
