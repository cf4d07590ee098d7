//! How are tables changed that are no text? Parquet and Arrow through polars, spreadsheets in their XML.

use crate::seeds::{Content, Part};
use polars::prelude::*;
use std::io::Cursor;

/// The same table with its rows in the opposite order; `None` if it is no table.
pub fn reversed(bytes: &[u8]) -> Option<Vec<u8>> {
    changed(bytes, DataFrame::reverse, |rows| rows.reverse())
}

/// The same table with a column that no reader knows, in front of the others where there are columns.
pub fn extended(bytes: &[u8]) -> Option<Vec<u8>> {
    let extend = |table: &DataFrame| {
        let values: Vec<i64> = (0..table.height() as i64).collect();
        let mut columns = table.columns().to_vec();
        columns.push(Column::new("zz_unknown".into(), values));
        DataFrame::new_infer_height(columns).unwrap()
    };
    changed(bytes, extend, |rows| {
        for (at, row) in rows.iter_mut().enumerate() {
            row.push(format!("<c r=\"ZZ0\" t=\"inlineStr\"><is><t>zz {at}</t></is></c>"));
        }
    })
}

/// The table after a change of its columns, or of the cells of each row below the header and the header itself.
fn changed(
    bytes: &[u8],
    table: impl Fn(&DataFrame) -> DataFrame,
    rows: impl Fn(&mut Vec<Vec<String>>),
) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    if bytes.starts_with(b"PAR1") {
        let whole = ParquetReader::new(Cursor::new(bytes)).finish().unwrap();
        ParquetWriter::new(&mut out).finish(&mut table(&whole)).unwrap();
        return Some(out);
    }
    if bytes.starts_with(b"ARROW1") {
        let whole = IpcReader::new(Cursor::new(bytes)).finish().unwrap();
        IpcWriter::new(&mut out).finish(&mut table(&whole)).unwrap();
        return Some(out);
    }
    let book = Part::new(String::new(), bytes.to_vec());
    let Content::Zip(mut members) = book.content.clone() else { return None };
    let sheet = members.iter_mut().find(|member| member.name == "xl/worksheets/sheet1.xml")?;
    sheet.bytes = with_rows(std::str::from_utf8(&sheet.bytes).unwrap(), rows).into_bytes();
    Some(book.with(Content::Zip(members)).bytes)
}

/// The XML of a sheet with its rows changed; the header stays in front.
fn with_rows(xml: &str, change: impl Fn(&mut Vec<Vec<String>>)) -> String {
    let (before, inner) = xml.split_once("<sheetData>").unwrap();
    let (inner, after) = inner.split_once("</sheetData>").unwrap();
    let cells = |row: &str| -> Vec<String> {
        let inner = row.split_once('>').unwrap().1.split_once("</row>").unwrap().0;
        inner.split_inclusive("</c>").map(str::to_owned).collect()
    };
    let mut rows: Vec<Vec<String>> = inner.split("<row ").skip(1).map(cells).collect();
    let header = rows.remove(0);
    change(&mut rows);
    let mut with_header = vec![header];
    change(&mut with_header);
    with_header.append(&mut rows);
    let mut xml = format!("{before}<sheetData>");
    for (at, row) in with_header.iter().enumerate() {
        let cells = row.iter().map(|cell| {
            let (before, rest) = cell.split_once("r=\"").unwrap();
            let (place, rest) = rest.split_once('"').unwrap();
            let column: String = place.chars().take_while(char::is_ascii_alphabetic).collect();
            format!("{before}r=\"{column}{}\"{rest}", at + 1)
        });
        xml += &format!("<row r=\"{}\">{}</row>", at + 1, cells.collect::<String>());
    }
    xml + "</sheetData>" + after
}
