//! What is in a store, and where did it come from? Also: is it still as it was written?

use crate::response::Metric;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{self, Read, Write};
use xxhash_rust::xxh3::Xxh3;

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

/// A file of a store as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreFile {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: u64,
    /// The XXH3 of its content (64 bits), as hexadecimal digits.
    pub xxh3: String,
}

impl StoreFile {
    /// What is wrong with the size of a file.
    ///
    /// # Errors
    /// A sentence that says it.
    pub fn check_size(&self, bytes: u64) -> Result<(), String> {
        if bytes == self.bytes {
            return Ok(());
        }
        Err(format!("has {bytes} bytes, and {} were written: it was cut or changed", self.bytes))
    }

    /// What is wrong with the content of a file.
    ///
    /// # Errors
    /// That it cannot be read; within, a sentence that says what is wrong.
    pub fn check(&self, mut content: impl Read) -> io::Result<Result<(), String>> {
        let mut hashed = Hashed::new(io::sink());
        io::copy(&mut content, &mut hashed)?;
        let now = hashed.of(&self.name);
        Ok(self.check_size(now.bytes).and_then(|()| {
            let changed = || "has another content than was written: it was damaged or changed".to_owned();
            (now.xxh3 == self.xxh3).then_some(()).ok_or_else(changed)
        }))
    }
}

/// What is written, counted and hashed on its way.
pub struct Hashed<W> {
    inner: W,
    bytes: u64,
    hash: Xxh3,
}

impl<W> Hashed<W> {
    /// Nothing so far.
    pub fn new(inner: W) -> Self {
        Self { inner, bytes: 0, hash: Xxh3::new() }
    }

    /// What was written, as a file of this name.
    pub fn of(&self, name: &str) -> StoreFile {
        StoreFile { name: name.to_owned(), bytes: self.bytes, xxh3: format!("{:016x}", self.hash.digest()) }
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.bytes += n as u64;
        self.hash.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
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
    /// The other files of the store; those of stores that were made by hand need not be named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<StoreFile>,
    /// Where the rows came from.
    #[serde(default)]
    pub provenance: Provenance,
}

impl Manifest {
    /// The manifest of a table that this program writes.
    pub fn new(n_rows: usize, metrics: &[Metric], files: Vec<StoreFile>, provenance: &Provenance) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            written_by: concat!("evalgauge ", env!("CARGO_PKG_VERSION")).to_owned(),
            n_rows,
            metrics: metrics.to_vec(),
            files,
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
