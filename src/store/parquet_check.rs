//! Do the counts and sizes that a Parquet file claims fit one another? Asked before it is read.
//!
//! A damaged count would make the reader ask for more memory than there is, which ends the program and cannot be
//! caught. The footer is therefore read twice, first within a limit. It lists the chunks of each row group; a chunk is a row of pages, each behind a header with its
//! number of values and its sizes. Only the headers are read here: the pages of a chunk must have as many values
//! as the chunk, and those of a column that is no list as many as the group has rows.
//!
//! Reference: the Parquet format, `parquet.thrift` there, and its section "Data Pages".

use polars::prelude::{FileMetadata, PolarsError, PolarsResult};
use polars_parquet_format::thrift::protocol::TCompactInputProtocol;
use polars_parquet_format::{FileMetaData, PageHeader, PageType};
use std::io::{BufReader, Read, Seek, SeekFrom};

/// What a Parquet file begins and ends with.
const MAGIC: &[u8] = b"PAR1";
/// A footer may need this many times its bytes when it is read: an element of a list takes a byte at least, and is
/// counted as eight.
const FOOTER_RATIO: usize = 16;

/// Bytes of a header, the texts among its statistics included.
const MAX_HEADER: usize = 16 << 20;
/// Headers are short, and the pages between them are passed over.
const READ_AHEAD: usize = 512;
/// A page may unpack to this much in any case: not every program counts what its columns unpack to.
const ANY_PAGE: i64 = 64 << 20;
/// A file of more values than this, 16 bytes each, is not read at once.
const MAX_VALUES: u64 = 1 << 32;

/// Whether there is a Parquet file: its signatures, and a footer whose lists are as long as they say.
///
/// # Errors
/// What does not fit.
pub fn footer_fits(mut file: impl Read + Seek) -> PolarsResult<()> {
    let length = file.seek(SeekFrom::End(0))?;
    let (mut start, mut end) = ([0; 4], [0; 8]);
    if length < (start.len() + end.len()) as u64 {
        return Err(wrong("no Parquet signature"));
    }
    file.rewind()?;
    file.read_exact(&mut start)?;
    if start != *MAGIC {
        return Err(wrong("no Parquet signature at the start"));
    }
    file.seek(SeekFrom::End(-8))?;
    file.read_exact(&mut end)?;
    let (size, magic) = end.split_at(4);
    if *magic != *MAGIC {
        return Err(wrong("no Parquet signature at the end"));
    }
    let size = size.iter().rev().fold(0, |size, &byte| size << 8 | u64::from(byte));
    let Some(place) = (length - 8).checked_sub(size).filter(|_| size > 0) else {
        return Err(wrong("a footer that does not fit"));
    };
    file.seek(SeekFrom::Start(place))?;
    let mut footer = Vec::new();
    file.take(size).read_to_end(&mut footer)?;
    let limit = footer.len().saturating_mul(FOOTER_RATIO);
    FileMetaData::read_from_in_protocol(&mut TCompactInputProtocol::new(footer.as_slice(), limit))
        .map_err(|_| wrong("a footer that contradicts itself"))?;
    Ok(())
}

/// Whether all of a file can be read at once.
///
/// # Errors
/// What does not fit.
pub fn whole_fits(metadata: &FileMetadata, file: impl Read + Seek) -> PolarsResult<()> {
    let n_values = pages_fit(metadata, file)?;
    if n_values > MAX_VALUES { Err(wrong("more values than can be held; give it in parts")) } else { Ok(()) }
}

/// Whether all pages have the counts and sizes that the footer says; the number of values in the file.
///
/// # Errors
/// What does not fit.
pub fn pages_fit(metadata: &FileMetadata, file: impl Read + Seek) -> PolarsResult<u64> {
    let mut file = BufReader::with_capacity(READ_AHEAD, file);
    let (mut n_rows, mut n_all) = (0u64, 0u64);
    for group in &metadata.row_groups {
        n_rows = n_rows.saturating_add(group.num_rows() as u64);
        for column in group.parquet_columns() {
            let n_values = u64::try_from(column.num_values()).map_err(|_| wrong("a negative count"))?;
            let is_list = column.descriptor().descriptor.max_rep_level > 0;
            if !is_list && n_values != group.num_rows() as u64 {
                return Err(wrong("a column that is longer or shorter than its rows"));
            }
            let range = column.byte_range();
            let n_in_pages = values_of_pages(&mut file, range.start, range.end, column.uncompressed_size())?;
            if n_in_pages != n_values {
                return Err(wrong("pages that have more or fewer values than their column"));
            }
            n_all = n_all.saturating_add(n_values);
        }
    }
    let no_columns = metadata.row_groups.iter().any(|g| g.parquet_columns().is_empty() && g.num_rows() > 0);
    if no_columns || n_rows != metadata.num_rows as u64 {
        return Err(wrong("another number of rows than its row groups have"));
    }
    Ok(n_all)
}

/// The number of values in the pages between two places of the file.
fn values_of_pages(file: &mut (impl Read + Seek), start: u64, end: u64, unpacked: i64) -> PolarsResult<u64> {
    let (mut at, mut n_values) = (start, 0u64);
    while at < end {
        file.seek(SeekFrom::Start(at))?;
        let header =
            PageHeader::read_from_in_protocol(&mut TCompactInputProtocol::new(&mut *file, MAX_HEADER))
                .map_err(|_| wrong("a page without a header"))?;
        let size =
            u64::try_from(header.compressed_page_size).map_err(|_| wrong("a page of negative size"))?;
        at = file.stream_position()?.checked_add(size).ok_or_else(|| wrong("a page without an end"))?;
        if at > end {
            return Err(wrong("a page that ends after its column"));
        }
        let unpacked_page = i64::from(header.uncompressed_page_size);
        if unpacked_page < 0 || unpacked_page > unpacked.max(ANY_PAGE) {
            return Err(wrong("a page that is larger than its column"));
        }
        n_values += values_of_page(&header).ok_or_else(|| wrong("a page with a negative count"))?;
    }
    Ok(n_values)
}

/// The number of values in a page; `None` if one of its counts is negative or missing.
fn values_of_page(header: &PageHeader) -> Option<u64> {
    let count = |n: i32| u64::try_from(n).ok();
    match header.type_ {
        PageType::DATA_PAGE => count(header.data_page_header.as_ref()?.num_values),
        PageType::DATA_PAGE_V2 => {
            let page = header.data_page_header_v2.as_ref()?;
            let levels =
                count(page.definition_levels_byte_length)? + count(page.repetition_levels_byte_length)?;
            let n_values = count(page.num_values)?;
            let fits = count(page.num_nulls)? <= n_values
                && count(page.num_rows)? <= n_values
                && levels <= count(header.compressed_page_size)?;
            fits.then_some(n_values)
        }
        PageType::DICTIONARY_PAGE => {
            // A value takes a byte at least, but for texts of which all are empty, and then their lengths do.
            let n_values = count(header.dictionary_page_header.as_ref()?.num_values)?;
            (n_values <= count(header.uncompressed_page_size)?).then_some(0)
        }
        _ => Some(0),
    }
}

fn wrong(what: &'static str) -> PolarsError {
    PolarsError::ComputeError(what.into())
}

#[cfg(test)]
mod tests {
    use super::super::columnar::{Written, read_parquet, write_parquet};
    use super::*;
    use polars::prelude::{ParquetReader, SerReader};
    use std::io::Cursor;

    fn file() -> Vec<u8> {
        let words: Vec<String> = (0..40).map(|k| format!("word number {}", k % 7)).collect();
        let group = |from: usize| {
            vec![
                ("model", Written::Text(words[from..].iter().map(|w| Some(w.as_str())).collect())),
                ("score", Written::Real((from..40).map(|k| (k % 3 > 0).then_some(k as f64 / 8.0)).collect())),
                ("chosen", Written::Whole((from..40).map(|k| Some(k as i64 % 5)).collect(), 16)),
            ]
        };
        write_parquet(vec![group(0), group(10)]).unwrap()
    }

    fn check(bytes: &[u8]) -> PolarsResult<u64> {
        let mut reader = ParquetReader::new(Cursor::new(bytes));
        pages_fit(reader.get_metadata()?, Cursor::new(bytes))
    }

    #[test]
    fn all_values_of_a_whole_file_are_counted() {
        assert_eq!(check(&file()).unwrap(), 3 * (40 + 30));
    }

    #[test]
    fn a_count_that_does_not_fit_is_found_before_it_is_read() {
        let bytes = file();
        // The count of the first data page: where the header says 40, as a varint in zigzag.
        let n_found = (4..200).filter(|&at| bytes[at] == 80).filter(|&at| {
            [[79u8], [1], [120]].iter().all(|other| {
                let mut damaged = bytes.clone();
                damaged[at] = other[0];
                check(&damaged).is_err()
            })
        });
        assert!(n_found.count() > 0);
    }

    #[test]
    fn a_byte_changed_anywhere_gives_a_table_or_an_error() {
        let bytes = file();
        let mut n_read = 0;
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= if at % 2 == 0 { 0x80 } else { 0x01 };
            if let Ok(frame) = read_parquet(&damaged) {
                assert!(frame.columns.iter().all(|(_, cells)| cells.len() == frame.n_rows), "byte {at}");
                n_read += 1;
            }
        }
        // Most bytes are content.
        assert!(n_read > 0 && n_read < bytes.len());
    }
}
