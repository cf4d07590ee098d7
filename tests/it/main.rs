//! Do the parts work together? The one integration-test binary.

mod layers;
#[cfg(feature = "tables")]
mod lm_eval;
mod shared;
mod snr;
mod tidy;
