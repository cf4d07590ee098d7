//! How are right, wrong and missing kept in two bits? The packed matrix under everything binary.

use rayon::prelude::*;

/// A matrix of 0, 1 and missing: one plane of values, one of presence, 64 cells a word.
///
/// Bit `c % 64` of word `c / 64` of a row belongs to column `c`. Two invariants hold always and kernels rely
/// on them: a value bit is set only where the presence bit is, and the bits past the last column are 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BitMatrix {
    rows: usize,
    columns: usize,
    words: usize,
    value: Vec<u64>,
    present: Vec<u64>,
}

impl BitMatrix {
    /// A matrix in which everything is missing.
    pub fn missing(rows: usize, columns: usize) -> Self {
        let words = columns.div_ceil(64);
        Self { rows, columns, words, value: vec![0; rows * words], present: vec![0; rows * words] }
    }

    /// A matrix filled cell by cell.
    pub fn from_fn(rows: usize, columns: usize, cell: impl Fn(usize, usize) -> Option<bool>) -> Self {
        let mut m = Self::missing(rows, columns);
        for r in 0..rows {
            for c in 0..columns {
                m.set(r, c, cell(r, c));
            }
        }
        m
    }

    /// A matrix filled row by row in parallel: `fill` is given a row with its value words and presence words,
    /// all zero. Whatever it leaves outside the invariants is cleared, so a kernel may write whole words.
    pub fn from_rows(
        rows: usize,
        columns: usize,
        fill: impl Fn(usize, &mut [u64], &mut [u64]) + Sync,
    ) -> Self {
        let mut m = Self::missing(rows, columns);
        if m.words == 0 {
            return m;
        }
        let last = u64::MAX >> (m.words * 64 - columns);
        let planes = m.value.par_chunks_mut(m.words).zip(m.present.par_chunks_mut(m.words));
        planes.enumerate().for_each(|(row, (value, present))| {
            fill(row, value, present);
            present[present.len() - 1] &= last;
            value.iter_mut().zip(present).for_each(|(v, p)| *v &= *p);
        });
        m
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Words in a row.
    pub fn words(&self) -> usize {
        self.words
    }

    /// The cell; `None` is missing.
    pub fn get(&self, row: usize, column: usize) -> Option<bool> {
        assert!(row < self.rows && column < self.columns, "cell outside the matrix");
        let (word, bit) = (row * self.words + column / 64, 1u64 << (column % 64));
        (self.present[word] & bit != 0).then_some(self.value[word] & bit != 0)
    }

    /// Sets the cell; `None` makes it missing.
    pub fn set(&mut self, row: usize, column: usize, cell: Option<bool>) {
        assert!(row < self.rows && column < self.columns, "cell outside the matrix");
        let (word, bit) = (row * self.words + column / 64, 1u64 << (column % 64));
        self.value[word] &= !bit;
        self.present[word] &= !bit;
        if let Some(v) = cell {
            self.present[word] |= bit;
            if v {
                self.value[word] |= bit;
            }
        }
    }

    /// Sets a cell if it is missing; says whether it was.
    pub fn set_new(&mut self, row: usize, column: usize, value: bool) -> bool {
        assert!(row < self.rows && column < self.columns, "cell outside the matrix");
        let (word, bit) = (row * self.words + column / 64, 1u64 << (column % 64));
        let is_new = self.present[word] & bit == 0;
        if is_new {
            self.present[word] |= bit;
            self.value[word] |= u64::from(value) << (column % 64);
        }
        is_new
    }

    /// Makes a cell present, as 0 if it was missing; says whether it was.
    pub fn mark(&mut self, row: usize, column: usize) -> bool {
        assert!(row < self.rows && column < self.columns, "cell outside the matrix");
        let (word, bit) = (row * self.words + column / 64, 1u64 << (column % 64));
        let is_new = self.present[word] & bit == 0;
        self.present[word] |= bit;
        is_new
    }

    /// Takes the cells of `other`, a matrix of the same shape; `None` if both have a cell.
    pub fn join_disjoint(mut self, other: &Self) -> Option<Self> {
        assert!((self.rows, self.columns) == (other.rows, other.columns), "matrices of different shapes");
        if self.present.iter().zip(&other.present).any(|(a, b)| a & b != 0) {
            return None;
        }
        self.present.iter_mut().zip(&other.present).for_each(|(a, b)| *a |= b);
        self.value.iter_mut().zip(&other.value).for_each(|(a, b)| *a |= b);
        Some(self)
    }

    /// Makes the cells present that `other` has, a matrix of the same shape; their values are not taken.
    pub fn mark_all(&mut self, other: &Self) {
        assert!((self.rows, self.columns) == (other.rows, other.columns), "matrices of different shapes");
        self.present.iter_mut().zip(&other.present).for_each(|(a, b)| *a |= b);
    }

    /// Cells present in this matrix or in `other`, one of the same shape.
    pub fn n_present_in_either(&self, other: &Self) -> u64 {
        assert!((self.rows, self.columns) == (other.rows, other.columns), "matrices of different shapes");
        self.present.iter().zip(&other.present).map(|(a, b)| (a | b).count_ones() as u64).sum()
    }

    /// The value words of a row.
    pub fn value_row(&self, row: usize) -> &[u64] {
        &self.value[row * self.words..(row + 1) * self.words]
    }

    /// The presence words of a row.
    pub fn present_row(&self, row: usize) -> &[u64] {
        &self.present[row * self.words..(row + 1) * self.words]
    }

    /// Ones and cells present in a row.
    pub fn row_counts(&self, row: usize) -> (u32, u32) {
        let ones = self.value_row(row).iter().map(|w| w.count_ones()).sum();
        (ones, self.present_row(row).iter().map(|w| w.count_ones()).sum())
    }

    /// Cells present in the whole matrix.
    pub fn n_present(&self) -> u64 {
        self.present.iter().map(|w| w.count_ones() as u64).sum()
    }

    /// Whether no cell is missing.
    pub fn is_complete(&self) -> bool {
        self.n_present() == self.rows as u64 * self.columns as u64
    }

    /// Rows become columns. Done in blocks of 64 × 64 bits, in parallel.
    pub fn transposed(&self) -> Self {
        let mut out = Self::missing(self.columns, self.rows);
        if out.words == 0 || self.words == 0 {
            return out;
        }
        transpose_plane(&self.value, self.rows, self.words, &mut out.value, out.words, self.columns);
        transpose_plane(&self.present, self.rows, self.words, &mut out.present, out.words, self.columns);
        out
    }

    /// The rows at `keep`, in that order.
    pub fn select_rows(&self, keep: &[usize]) -> Self {
        let mut out = Self::missing(keep.len(), self.columns);
        for (to, &from) in keep.iter().enumerate() {
            let range = to * self.words..(to + 1) * self.words;
            out.value[range.clone()].copy_from_slice(self.value_row(from));
            out.present[range].copy_from_slice(self.present_row(from));
        }
        out
    }
}

/// Transposes one bit plane of `rows` × `words` words into one of `columns` × `out_words`.
fn transpose_plane(
    plane: &[u64],
    rows: usize,
    words: usize,
    out: &mut [u64],
    out_words: usize,
    columns: usize,
) {
    out.par_chunks_mut(64 * out_words).enumerate().for_each(|(block_column, out_rows)| {
        let mut block = [0u64; 64];
        for block_row in 0..out_words {
            for (i, word) in block.iter_mut().enumerate() {
                let row = block_row * 64 + i;
                *word = if row < rows { plane[row * words + block_column] } else { 0 };
            }
            transpose_64(&mut block);
            let height = (columns - block_column * 64).min(64);
            for (i, word) in block.iter().enumerate().take(height) {
                out_rows[i * out_words + block_row] = *word;
            }
        }
    });
}

/// Transposes a 64 × 64 block of bits in place by swapping ever smaller sub-blocks.
///
/// # Reference
/// Warren 2012, *Hacker's Delight*, section 7-3 (there for 32 × 32 and the other bit order).
fn transpose_64(block: &mut [u64; 64]) {
    let mut width = 32;
    let mut mask = 0x0000_0000_ffff_ffffu64;
    while width > 0 {
        let mut row = 0;
        while row < 64 {
            let swap = ((block[row] >> width) ^ block[row + width]) & mask;
            block[row] ^= swap << width;
            block[row + width] ^= swap;
            row = (row + width + 1) & !width;
        }
        width >>= 1;
        mask ^= mask << width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(r: usize, c: usize) -> Option<bool> {
        let h = (r * 7919 + c * 104_729 + (r * c) % 13) % 11;
        (h != 0).then_some(h % 3 == 1)
    }

    #[test]
    fn cells_come_back() {
        let m = BitMatrix::from_fn(5, 130, pattern);
        for r in 0..5 {
            for c in 0..130 {
                assert_eq!(m.get(r, c), pattern(r, c));
            }
        }
    }

    #[test]
    fn the_transpose_agrees_with_the_definition_at_awkward_sizes() {
        for (rows, columns) in [(1, 1), (3, 64), (64, 65), (70, 129), (128, 3), (0, 5), (5, 0)] {
            let m = BitMatrix::from_fn(rows, columns, pattern);
            assert_eq!(
                m.transposed(),
                BitMatrix::from_fn(columns, rows, |r, c| pattern(c, r)),
                "{rows} x {columns}"
            );
            assert_eq!(m.transposed().transposed(), m);
        }
    }

    #[test]
    fn a_value_is_never_set_where_nothing_is_present() {
        let mut m = BitMatrix::from_fn(2, 70, |_, _| Some(true));
        m.set(1, 69, None);
        m.set(1, 68, Some(false));
        assert_eq!(m.row_counts(0), (70, 70));
        assert_eq!(m.row_counts(1), (68, 69));
        assert!(!m.is_complete());
        assert_eq!(m.select_rows(&[1, 1, 0]).row_counts(1), (68, 69));
    }

    #[test]
    fn rows_filled_in_whole_words_keep_the_invariants() {
        let m = BitMatrix::from_rows(3, 70, |row, value, present| {
            value.fill(u64::MAX);
            present.fill(if row == 1 { 0 } else { u64::MAX });
        });
        assert_eq!(m, BitMatrix::from_fn(3, 70, |r, _| (r != 1).then_some(true)));
        assert_eq!(BitMatrix::from_rows(3, 0, |_, _, _| {}), BitMatrix::missing(3, 0));
    }

    #[test]
    fn a_leaderboard_takes_under_seven_megabytes() {
        let m = BitMatrix::missing(12_032, 2_211);
        assert!((m.value.len() + m.present.len()) * 8 < 7_000_000);
    }
}
