//! Where are the reference data that are not part of the project?

use std::path::{Path, PathBuf};

/// The path of `relative` in the folder of reference data beside the project, if it is there.
///
/// Where it is absent the test says so and passes, unless `EVALGAUGE_REQUIRE_SHARED=1` makes its absence a
/// failure.
pub fn shared(relative: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(relative);
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var("EVALGAUGE_REQUIRE_SHARED").as_deref() != Ok("1"),
        "{} is absent, and EVALGAUGE_REQUIRE_SHARED=1 requires it",
        path.display()
    );
    eprintln!("skipped: needs ../shared/{relative}, which is absent");
    None
}
