//! What do long jobs cost, run once? Wall time, CPU time and peak memory of the cases that are named.

use std::time::Instant;

/// A job that is too long to be repeated: it returns what is timed, as a closure, once its input is made.
pub struct Case {
    /// What is matched against the arguments of `cargo bench --`.
    pub name: &'static str,
    /// Makes the input and returns the job, which sums its result up in a line.
    pub prepare: fn() -> Box<dyn FnOnce() -> String>,
}

/// Runs the cases that an argument names; none without arguments, for they take minutes.
pub fn run(cases: &[Case]) {
    let names: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    for case in cases.iter().filter(|c| names.iter().any(|n| c.name.contains(n.as_str()))) {
        let job = (case.prepare)();
        // Forgets the peak of earlier cases and of making the input.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let (wall, cpu) = (Instant::now(), cpu_seconds());
        let result = job();
        let wall = wall.elapsed().as_secs_f64();
        let cpu = match (cpu, cpu_seconds()) {
            (Some(before), Some(after)) => format!("{:.2} s CPU", after - before),
            _ => "CPU time unknown".to_owned(),
        };
        let peak = peak_mebibytes().map_or("peak unknown".to_owned(), |m| format!("{m} MiB peak"));
        println!("{:<28} {wall:8.2} s  {cpu:>14}  {peak:>14}  {result}", case.name);
    }
}

/// CPU time of this process, user and system; known on Linux.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Fields 14 and 15, counted after the name in brackets; a tick is a hundredth of a second.
    let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / 100.0)
}

/// Most memory resident at once; known on Linux.
fn peak_mebibytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}
