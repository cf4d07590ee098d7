//! Do the parts work together? The one integration-test binary.

mod classical;
#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "tables")]
mod conformance;
#[cfg(feature = "tables")]
mod damage;
#[cfg(feature = "tables")]
mod dumps;
#[cfg(feature = "cli")]
mod flag_cli;
#[cfg(feature = "tables")]
mod flags;
#[cfg(feature = "tables")]
mod formats;
#[cfg(feature = "tables")]
mod harnesses;
#[cfg(feature = "tables")]
mod ingest;
mod irt;
#[cfg(feature = "cli")]
mod irt_cli;
mod irt_edge;
#[cfg(feature = "tables")]
mod irt_long;
mod ladder;
#[cfg(feature = "cli")]
mod ladder_cli;
mod layers;
#[cfg(feature = "tables")]
mod lm_eval;
#[cfg(feature = "tables")]
mod logs;
#[cfg(feature = "tables")]
mod models;
#[cfg(feature = "tables")]
mod mutate;
#[cfg(feature = "charts")]
mod page;
#[cfg(feature = "charts")]
mod panel_size;
#[cfg(feature = "tables")]
mod samples;
#[cfg(feature = "cli")]
mod scale;
#[cfg(feature = "tables")]
mod seeds;
mod shared;
#[cfg(feature = "tables")]
mod sheets;
#[cfg(feature = "cli")]
mod snapshots;
mod snr;
#[cfg(feature = "cli")]
mod snr_cli;
#[cfg(feature = "tables")]
mod store;
mod tidy;
