//! What numbers are in the bytes of a numpy array?

/// The number format of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// `b` truth values, `i` whole numbers, `u` whole numbers without sign, `f` real numbers.
    pub letter: u8,
    /// Bytes of each.
    pub size: usize,
    /// Whether the most significant byte comes first.
    pub big_endian: bool,
}

impl Kind {
    /// The format of numpy's name for it: `i8`, `f4`, `b1`, `<f8`.
    pub fn of(name: &str) -> Option<Self> {
        let (big_endian, rest) = match name.as_bytes().first()? {
            b'>' => (true, &name[1..]),
            b'<' | b'|' | b'=' => (false, &name[1..]),
            _ => (false, name),
        };
        let letter = *rest.as_bytes().first()?;
        let size = rest.get(1..)?.parse().ok()?;
        let known = matches!((letter, size), (b'b', 1) | (b'i' | b'u', 1 | 2 | 4 | 8) | (b'f', 4 | 8));
        known.then_some(Self { letter, size, big_endian })
    }
}

/// An array of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Lengths along the dimensions.
    pub shape: Vec<usize>,
    /// The number format.
    pub kind: Kind,
    /// Whether the first dimension varies fastest.
    pub column_major: bool,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Array {
    /// An array, if the bytes are as many as the shape asks for.
    pub fn new(shape: Vec<usize>, kind: Kind, column_major: bool, bytes: Vec<u8>) -> Option<Self> {
        let n = shape.iter().try_fold(kind.size, |n, length| n.checked_mul(*length))?;
        (n == bytes.len()).then_some(Self { shape, kind, column_major, bytes })
    }

    /// The number in a row and a column of an array of two dimensions; `NaN` is none.
    pub fn get(&self, row: usize, column: usize) -> Option<f64> {
        let [rows, columns] = self.shape[..] else { return None };
        if row >= rows || column >= columns {
            return None;
        }
        let at = if self.column_major { column * rows + row } else { row * columns + column };
        let bytes = self.bytes.get(at * self.kind.size..(at + 1) * self.kind.size)?;
        let mut word = [0u8; 8];
        for (place, byte) in bytes.iter().enumerate() {
            let place = if self.kind.big_endian { self.kind.size - 1 - place } else { place };
            word[place] = *byte;
        }
        let unsigned = u64::from_le_bytes(word);
        let value = match self.kind.letter {
            b'f' if self.kind.size == 4 => f64::from(f32::from_bits(unsigned as u32)),
            b'f' => f64::from_bits(unsigned),
            b'i' => {
                let unused = 64 - 8 * self.kind.size as u32;
                ((unsigned << unused) as i64 >> unused) as f64
            }
            _ => unsigned as f64,
        };
        Some(value).filter(|v| !v.is_nan())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_out_of_their_bytes() {
        let of = |name: &str, bytes: &[u8], shape: [usize; 2]| {
            Array::new(shape.to_vec(), Kind::of(name).unwrap(), false, bytes.to_vec()).unwrap()
        };
        assert_eq!(of("i1", &[1, 0xff], [1, 2]).get(0, 1), Some(-1.0));
        assert_eq!(of(">i2", &[0x01, 0x02], [1, 1]).get(0, 0), Some(258.0));
        assert_eq!(of("<f4", &1.5f32.to_le_bytes(), [1, 1]).get(0, 0), Some(1.5));
        assert_eq!(of("f8", &f64::NAN.to_le_bytes(), [1, 1]).get(0, 0), None);
        let mut column_major = of("b1", &[1, 0, 0, 1, 1, 1], [2, 3]);
        assert_eq!(column_major.get(0, 1), Some(0.0));
        column_major.column_major = true;
        assert_eq!(column_major.get(1, 1), Some(1.0));
        assert!(Array::new(vec![3, usize::MAX], Kind::of("f8").unwrap(), false, vec![]).is_none());
        assert!(Kind::of("O8").is_none());
    }
}
