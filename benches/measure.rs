//! What did a piece of work cost? Wall and CPU time, and the peak of resident memory while it ran.

use std::fs;
use std::time::Instant;

/// Runs the work once and says on standard error what it cost; the work returns its number of rows.
pub fn measured(name: &str, bytes: u64, work: impl FnOnce() -> usize) {
    // Linux forgets the peak when asked to; elsewhere there is none to tell.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let (cpu, start) = (cpu_seconds(), Instant::now());
    let rows = work();
    let wall = start.elapsed().as_secs_f64();
    let cpu = cpu_seconds().zip(cpu).map_or(f64::NAN, |(after, before)| after - before);
    let megabytes = bytes as f64 / 1e6;
    eprintln!(
        "{name}: {rows} rows, {megabytes:.0} MB; {wall:.2} s wall, {cpu:.2} s CPU; {:.2} million rows and {:.0} MB \
         a second of CPU; peak {} MB",
        rows as f64 / 1e6 / cpu,
        megabytes / cpu,
        peak_megabytes().map_or("?".to_owned(), |peak| peak.to_string()),
    );
}

/// CPU time of the process, all threads, in user and system code. The kernel counts in hundredths of a second.
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

fn peak_megabytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
}
