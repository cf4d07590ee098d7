//! Where do results go? Into the directory asked for, all of them or none.

use super::console::Console;
use crate::report::Figure;
use crate::report::words::count;
use crate::response::Table;
use crate::store;
use anyhow::{Context, bail};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The output directory of a run. Files are staged inside it and moved into place at the end, so that an
/// interrupted run leaves nothing half written. The staging area comes into being with the first file: a run
/// that is interrupted while it measures leaves nothing at all.
pub struct Output {
    directory: PathBuf,
    staging: Option<TempDir>,
    names: Vec<String>,
}

impl Output {
    /// Prepares `directory`, which is made if it is not there.
    pub fn create(directory: &Path) -> anyhow::Result<Self> {
        if directory.exists() && !directory.is_dir() {
            bail!("--out {} is a file; name a directory", directory.display());
        }
        fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        // That it can be written into is known before anything is measured.
        staging_in(directory)?;
        Ok(Self { directory: directory.to_owned(), staging: None, names: Vec::new() })
    }

    /// A table as CSV and as Parquet.
    pub fn table(&mut self, table: &Table) -> anyhow::Result<()> {
        self.bytes(&format!("{}.csv", table.name), &store::csv_bytes(table)?)?;
        self.bytes(&format!("{}.parquet", table.name), &store::parquet_bytes(table)?)
    }

    /// Any value as JSON.
    pub fn json(&mut self, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
        self.bytes(name, &serde_json::to_vec_pretty(value)?)
    }

    /// A chart as SVG and as PNG.
    pub fn figure(&mut self, directory: &str, figure: &Figure) -> anyhow::Result<()> {
        let stem = format!("{directory}/{}", figure.name);
        self.bytes(&format!("{stem}.svg"), figure.wide.svg()?.as_bytes())?;
        self.bytes(&format!("{stem}.png"), &figure.wide.png()?)
    }

    /// A place for a file or directory that somebody else writes; it is moved with the rest.
    pub fn stage(&mut self, name: &str) -> anyhow::Result<PathBuf> {
        let staging = match &mut self.staging {
            Some(staging) => staging,
            none => none.insert(staging_in(&self.directory)?),
        };
        let path = staging.path().join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        }
        self.names.push(name.to_owned());
        Ok(path)
    }

    /// A file below the directory; `name` may have `/` in it.
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.stage(name)?;
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Moves everything into place and returns where it is. What earlier runs left among the plots and exports is
    /// named: it may be of other data.
    pub fn commit(self, console: &Console) -> anyhow::Result<PathBuf> {
        let older = self.of_earlier_runs();
        if let Some(one) = older.first() {
            console.note(&format!(
                "{} also holds {} of an earlier run, for instance {one}",
                self.directory.display(),
                count(older.len(), "folder")
            ));
        }
        let Some(staging) = &self.staging else { return Ok(self.directory) };
        for (at, name) in self.names.iter().enumerate() {
            let to = self.directory.join(name);
            // A directory cannot be renamed onto another: the old one goes away with the staging area.
            if to.is_dir() {
                fs::rename(&to, staging.path().join(format!(".old-{at}")))
                    .with_context(|| format!("cannot replace {}", to.display()))?;
            }
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
            }
            fs::rename(staging.path().join(name), &to)
                .with_context(|| format!("cannot write {}", to.display()))?;
        }
        Ok(self.directory)
    }

    /// Folders of plots and exports that this run does not write.
    fn of_earlier_runs(&self) -> Vec<String> {
        let mut found = Vec::new();
        for of in ["plots", "export"] {
            for entry in fs::read_dir(self.directory.join(of)).into_iter().flatten().flatten() {
                let name = format!("{of}/{}/", entry.file_name().to_string_lossy());
                if entry.path().is_dir() && !self.names.iter().any(|n| n.starts_with(&name)) {
                    found.push(name);
                }
            }
        }
        found.sort();
        found
    }
}

fn staging_in(directory: &Path) -> anyhow::Result<TempDir> {
    tempfile::Builder::new()
        .prefix(".evalgauge-")
        .tempdir_in(directory)
        .with_context(|| format!("cannot write into {}", directory.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_earlier_runs_are_known() {
        let dir = tempfile::tempdir().unwrap();
        for old in ["plots/old", "plots/same", "export/old"] {
            fs::create_dir_all(dir.path().join(old)).unwrap();
        }
        let mut output = Output::create(dir.path()).unwrap();
        output.bytes("plots/same/chart.svg", b"").unwrap();
        assert_eq!(output.of_earlier_runs(), ["export/old/", "plots/old/"]);
    }
}
