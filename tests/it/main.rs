//! Do the parts work together? The one integration-test binary.

mod ingest;
mod layers;
mod shared;
mod store;
mod tidy;
