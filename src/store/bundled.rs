//! Which data come with the program? The digits-zoo results, so that every command can be tried at once.

use super::{StoreError, read_parts};
use crate::response::ResponseTable;

/// The name of the bundled data set.
pub const BUNDLED: &str = "digits-zoo";

/// The files of the bundled data set, as they stand in `notebooks-data/digits-zoo/`.
const PARTS: [(&str, &[u8]); 4] = [
    ("responses.parquet", include_bytes!("../../notebooks-data/digits-zoo/responses.parquet")),
    ("items.parquet", include_bytes!("../../notebooks-data/digits-zoo/items.parquet")),
    ("runs.parquet", include_bytes!("../../notebooks-data/digits-zoo/runs.parquet")),
    ("options.parquet", include_bytes!("../../notebooks-data/digits-zoo/options.parquet")),
];

/// The bundled results: 398 classifiers on 600 handwritten digits, with checkpoints and input variants.
///
/// They are no language models; `notebooks-data/digits-zoo/README.md` says what they are.
///
/// # Errors
/// Never on an undamaged program.
pub fn bundled() -> Result<ResponseTable, StoreError> {
    read_parts(&PARTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{PivotOptions, pivot};

    #[test]
    fn the_counts_of_its_readme_are_those_of_the_data() {
        let table = bundled().unwrap();
        assert_eq!((table.runs.len(), table.items.len(), table.len()), (973, 600, 582_000));
        let (matrix, report) = pivot(&table, BUNDLED, &PivotOptions::default()).unwrap();
        assert_eq!((matrix.n_respondents(), matrix.n_items(), matrix.subjects().len()), (398, 600, 5));
        assert_eq!(report.runs_set_aside.len(), 973 - 398);
        assert_eq!(matrix.n_present(), 392 * 600 + 6 * 300);
        assert!(matrix.options().is_some());
    }
}
