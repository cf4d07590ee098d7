//! Do the parts work together? The one integration-test binary.

mod classical;
mod layers;
#[cfg(feature = "tables")]
mod lm_eval;
#[cfg(feature = "charts")]
mod page;
mod shared;
mod snr;
mod tidy;
