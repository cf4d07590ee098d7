//! Do the parts work together? The one integration-test binary.

mod layers;
mod shared;
mod snr;
mod tidy;
