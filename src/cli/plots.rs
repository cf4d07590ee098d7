//! Where do charts go? Every figure of a report, in a directory of its benchmark.

use super::output::Output;
use crate::report::BenchmarkReport;
use crate::report::words::file_stem;

/// Writes the figures of reports into `plots/BENCHMARK/`.
pub fn write_plots<'a>(
    reports: impl Iterator<Item = &'a BenchmarkReport>,
    output: &mut Output,
) -> anyhow::Result<()> {
    for report in reports {
        for figure in report.figures() {
            output.figure(&format!("plots/{}", file_stem(&report.sample.benchmark)), figure)?;
        }
    }
    Ok(())
}
