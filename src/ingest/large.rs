//! Which files are read from disk, instead of being held while they are read?

use super::IngestOptions;
use super::detect::{Detected, detect};
use super::fragment::ReadError;
use super::source::Source;
use super::unwrap::{Content, Layers, Unpacked, content};
use super::walk::Found;

/// Files of programs that are larger than this stay on disk while they are read.
const ON_DISK_FROM: u64 = 4 << 20;

/// Bytes by which the format of a large file is known.
const BEGINNING: usize = 1 << 18;

/// A file that is large and known by its beginning as that of a program whose readers need not hold it.
pub(super) fn on_disk(
    found: &Found,
    options: &IngestOptions,
) -> Result<Option<(Source, Detected)>, ReadError> {
    if found.size() < ON_DISK_FROM {
        return Ok(None);
    }
    let mut unpacked = Unpacked::open(found.on_disk(), options.max_unpacked_bytes)?;
    let beginning = unpacked.sample(BEGINNING)?;
    let is_streamed = match content(&beginning) {
        Content::Text => matches!(beginning.trim_ascii_start().first(), Some(b'{' | b'[')),
        Content::Archive(_) | Content::Parquet => unpacked.layers() == Layers::None,
        _ => false,
    };
    if !is_streamed {
        return Ok(None);
    }
    let source = Source::on_disk(found, options.max_unpacked_bytes, beginning);
    let detected = detect(&source).ok().filter(|detected| !detected.format.is_plain());
    Ok(detected.map(|detected| (source, detected)))
}
