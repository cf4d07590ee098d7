//! What is in a store, and where did it come from?

use crate::response::Metric;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The mark by which a manifest is known.
pub const FORMAT: &str = "evalgauge store";
/// The version of the schema that this program writes, and the latest that it reads.
pub const VERSION: u32 = 1;

/// Where the rows of a store came from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The paths that were read, as they were given.
    pub paths: Vec<String>,
    /// What the reading reported, as JSON.
    pub report: Option<Value>,
    /// The fingerprint of what was read.
    #[serde(default)]
    pub input: Option<String>,
}

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// Version of the schema.
    pub version: u32,
    /// The program that wrote the store.
    pub written_by: String,
    /// Number of rows of `responses.parquet`.
    pub n_rows: usize,
    /// The metrics, in the order of the table.
    pub metrics: Vec<Metric>,
    /// Where the rows came from.
    #[serde(default)]
    pub provenance: Provenance,
}

impl Manifest {
    /// The manifest of a table that this program writes.
    pub fn new(n_rows: usize, metrics: &[Metric], provenance: &Provenance) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            written_by: concat!("evalgauge ", env!("CARGO_PKG_VERSION")).to_owned(),
            n_rows,
            metrics: metrics.to_vec(),
            provenance: provenance.clone(),
        }
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|e| format!("is damaged ({e})"))?;
        if manifest.format != FORMAT {
            return Err(format!("is not the manifest of a store (format {:?})", manifest.format));
        }
        if manifest.version > VERSION {
            let later = manifest.version;
            return Err(format!("has version {later}, and this program reads up to {VERSION}"));
        }
        Ok(manifest)
    }
}
