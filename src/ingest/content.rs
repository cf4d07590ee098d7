//! What do the bytes of a file hold? Known by the first of them, never by the name.

use crate::store::is_arrow_stream;

/// What the unwrapped bytes are, by their first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow file (Feather version 2) or stream.
    Arrow,
    /// An archive of files, by name.
    Archive(&'static str),
    /// A Python pickle.
    Pickle,
    /// Text: nothing says otherwise.
    Text,
    /// Neither text nor anything known.
    Binary,
}

/// What the bytes are.
pub fn content(bytes: &[u8]) -> Content {
    match bytes {
        [b'P', b'A', b'R', b'1', ..] => Content::Parquet,
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Content::Arrow,
        [0xff, 0xff, 0xff, 0xff, ..] if is_arrow_stream(bytes) => Content::Arrow,
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Content::Archive("zip archive"),
        [b'7', b'z', 0xbc, 0xaf, ..] => Content::Archive("7z archive"),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Content::Archive("bzip2 file"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Content::Archive("xz file"),
        [0x80, 2..=5, ..] => Content::Pickle,
        _ if is_tar(bytes) => Content::Archive("tar archive"),
        _ if is_text(&bytes[..bytes.len().min(1 << 14)]) => Content::Text,
        _ => Content::Binary,
    }
}

/// Whether these are the first bytes of a tar archive: it says so, or it is of the time before archives said so, and
/// the sum of its first header is right.
pub fn is_tar(bytes: &[u8]) -> bool {
    if bytes.get(257..262) == Some(b"ustar") {
        return true;
    }
    let Some(header) = bytes.get(..512) else { return false };
    let digits = String::from_utf8_lossy(&header[148..156]);
    let told = u32::from_str_radix(digits.trim_matches(['\0', ' ']), 8).ok();
    let but_the_sum = header[..148].iter().chain(&header[156..]);
    let sum = but_the_sum.map(|&byte| u32::from(byte)).sum::<u32>() + 8 * u32::from(b' ');
    header[0] != 0 && header[257..].iter().all(|&byte| byte == 0) && told == Some(sum)
}

/// Text has no control characters but those of layout.
fn is_text(bytes: &[u8]) -> bool {
    let control = |b: &&u8| **b < 0x20 && !matches!(**b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    !bytes.contains(&0) && bytes.iter().filter(control).count() * 100 <= bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_known_by_its_first_bytes() {
        assert_eq!(content(b"PAR1....."), Content::Parquet);
        assert_eq!(content(b"PK\x03\x04"), Content::Archive("zip archive"));
        assert_eq!(content(b"model,item"), Content::Text);
        assert_eq!(content(&[0x00, 0x01, 0xff]), Content::Binary);
    }

    #[test]
    fn a_tar_archive_is_known_by_its_mark_or_its_sum() {
        let mut header = vec![0; 512];
        header[..5].copy_from_slice(b"a.csv");
        header[124..135].copy_from_slice(b"00000000001");
        let sum = header.iter().map(|&byte| u32::from(byte)).sum::<u32>() + 8 * 32;
        header[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
        assert!(is_tar(&header) && content(&header) == Content::Archive("tar archive"));
        header[0] = b'b';
        assert!(!is_tar(&header) && !is_tar(&header[..511]) && !is_tar(&[0; 512]));
        header[257..262].copy_from_slice(b"ustar");
        assert!(is_tar(&header));
    }
}
