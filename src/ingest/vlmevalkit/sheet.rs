//! What is in the cells of a spreadsheet? Those that are there, up to a limit of what it unpacks to.

use crate::ingest::{ReadError, Source};
use crate::store::guard::guard;
use calamine::{Data, Reader, Xlsx, XlsxError};
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use zip::ZipArchive;

/// The names of the columns of the first sheet of a spreadsheet.
///
/// # Errors
/// [`ReadError::Malformed`].
pub fn columns(source: &Source) -> Result<Vec<String>, ReadError> {
    let names = cells(source, 1)?.pop_first().map(|(_, names)| names).unwrap_or_default();
    Ok(names.into_values().map(|name| name.to_string()).collect())
}

/// The cells of a row, by column.
type Cells = BTreeMap<u32, Data>;

/// The cells of the first sheet, up to so many rows of it. Only those that are there: one cell at the far corner of
/// a sheet would make a rectangle of all others.
fn cells(source: &Source, most_rows: usize) -> Result<BTreeMap<u32, Cells>, ReadError> {
    let malformed = |message| ReadError::Malformed { file: source.name(), row: None, message };
    let bytes = source.bytes()?;
    bounded(&bytes, MOST_BYTES).map_err(malformed)?;
    let read = || {
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(&*bytes))?;
        let Some(sheet) = book.sheet_names().into_iter().next() else { return Ok(BTreeMap::new()) };
        let mut reader = book.worksheet_cells_reader(&sheet)?;
        let mut rows: BTreeMap<u32, Cells> = BTreeMap::new();
        while let Some(cell) = reader.next_cell()? {
            let (row, column) = cell.get_position();
            if rows.len() == most_rows && !rows.contains_key(&row) {
                break;
            }
            let value = Data::from(cell.get_value().clone());
            if value != Data::Empty {
                rows.entry(row).or_default().insert(column, value);
            }
        }
        Ok::<_, XlsxError>(rows)
    };
    guard(read).map_err(|why: String| {
        malformed(format!("the spreadsheet cannot be read ({why}); copy it or export it again"))
    })
}

/// A spreadsheet that unpacks to more is none of answers.
const MOST_BYTES: u64 = 512 << 20;

/// Whether the members of a zip file unpack to so many bytes at most. What they say of themselves may be wrong.
fn bounded(bytes: &[u8], most: u64) -> Result<(), String> {
    let damaged =
        |why: String| format!("the spreadsheet cannot be unpacked ({why}); copy it or export it again");
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| damaged(e.to_string()))?;
    let mut left = most;
    for at in 0..zip.len() {
        let member = zip.by_index(at).map_err(|e| damaged(e.to_string()))?;
        let unpacked = io::copy(&mut member.take(left.saturating_add(1)), &mut io::sink());
        left = left.checked_sub(unpacked.map_err(|e| damaged(e.to_string()))?).ok_or_else(|| {
            format!("the spreadsheet unpacks to more than {} MB; save its table as CSV", most >> 20)
        })?;
    }
    Ok(())
}

/// The first sheet of a spreadsheet, its first row taken for the names of columns.
pub(super) struct Sheet {
    /// The names of columns, by column.
    names: BTreeMap<u32, String>,
    /// The number of each row in the sheet, from 1, and its cells.
    pub rows: Vec<(u64, Cells)>,
}

impl Sheet {
    pub fn read(source: &Source) -> Result<Self, ReadError> {
        let mut rows = cells(source, usize::MAX)?;
        let Some((_, names)) = rows.pop_first() else {
            return Err(ReadError::Empty { file: source.name() });
        };
        let names = names.into_iter().map(|(column, name)| (column, name.to_string())).collect();
        Ok(Self { names, rows: rows.into_iter().map(|(row, cells)| (u64::from(row) + 1, cells)).collect() })
    }

    pub fn column(&self, name: &str) -> Option<u32> {
        self.names.iter().find(|(_, n)| *n == name).map(|(column, _)| *column)
    }

    /// The text of a cell; whole numbers without a point, although a spreadsheet has only real ones.
    pub fn text(&self, row: usize, column: u32) -> Option<String> {
        match self.rows.get(row)?.1.get(&column)? {
            Data::Empty | Data::Error(_) => None,
            Data::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Some((*number as i64).to_string())
            }
            other => Some(other.to_string()).filter(|text| !text.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::SimpleFileOptions;

    #[test]
    fn what_unpacks_to_too_much_is_not_read() {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in ["[Content_Types].xml", "xl/workbook.xml"] {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(&[b' '; 3000]).unwrap();
        }
        let bytes = zip.finish().unwrap().into_inner();
        assert_eq!(bounded(&bytes, 6000), Ok(()));
        assert!(bounded(&bytes, 5999).unwrap_err().contains("save its table as CSV"));
        assert!(bounded(&bytes[..bytes.len() - 9], 6000).unwrap_err().contains("copy it"));
    }
}
