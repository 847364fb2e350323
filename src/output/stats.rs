//! How fast a run was and where its time went, for people.

use super::human;
use std::io::{self, Write};
use std::time::Duration;

/// What there is to say of a run.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Lines read.
    pub lines: u64,
    /// Bytes of the inputs, decompressed.
    pub text: u64,
    /// Bytes of the files that they came from; `None` where one was no file.
    pub files: Option<u64>,
    /// Workers that counted.
    pub workers: usize,
    /// The most memory that was seen in use, without that of mapped files, where the system tells.
    pub memory: Option<u64>,
    /// Stages in their order: what they are, time that passed, time of all cores together.
    pub stages: Vec<(&'static str, Duration, Duration)>,
}

/// Writes them as aligned lines.
///
/// # Errors
/// When writing fails.
pub fn write_stats(stats: &Stats, out: &mut dyn Write) -> io::Result<()> {
    let sum = |of: fn(&(&str, Duration, Duration)) -> Duration| stats.stages.iter().map(of).sum::<Duration>();
    let (wall, cpu) = (sum(|s| s.1), sum(|s| s.2));
    let rate = |count: u64| (count as f64 / wall.as_secs_f64().max(1e-9)) as u64;
    writeln!(out, "lines      {:>14}   {:>14} a second", human::count(stats.lines), human::count(rate(stats.lines)))?;
    if let Some(files) = stats.files.filter(|&files| files != stats.text) {
        writeln!(out, "file bytes {:>14}   {:>14} a second", human::bytes(files), human::bytes(rate(files)))?;
    }
    writeln!(out, "bytes      {:>14}   {:>14} a second", human::bytes(stats.text), human::bytes(rate(stats.text)))?;
    writeln!(out, "workers    {:>14}", stats.workers)?;
    if let Some(memory) = stats.memory {
        writeln!(out, "memory     {:>14}   without mapped files", human::bytes(memory))?;
    }
    writeln!(out, "{:<10} {:>14}   {:>14}   {:>7}", "stage", "wall ms", "CPU ms", "share")?;
    let total = ("total", wall, cpu);
    for (name, spent, worked) in stats.stages.iter().chain([&total]) {
        let share = human::percent(spent.as_nanos() as u64, wall.as_nanos() as u64);
        writeln!(out, "{name:<10} {:>14.1}   {:>14.1}   {share:>7}", spent.as_secs_f64() * 1e3, worked.as_secs_f64() * 1e3)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_of_the_whole_time() {
        let (second, half) = (Duration::from_secs(1), Duration::from_millis(500));
        let stats = Stats {
            lines: 3_000_000,
            text: 600_000_000,
            files: Some(60_000_000),
            workers: 2,
            memory: Some(40_000_000),
            stages: vec![("scan", second, 2 * second), ("output", half, half)],
        };
        let mut out = Vec::new();
        write_stats(&stats, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for line in [
            "lines           3,000,000        2,000,000 a second",
            "file bytes          60 MB            40 MB a second",
            "bytes              600 MB           400 MB a second",
            "workers                 2",
            "memory              40 MB   without mapped files",
            "scan               1000.0           2000.0      67 %",
            "total              1500.0           2500.0     100 %",
        ] {
            assert!(text.lines().any(|l| l == line), "no {line:?} in\n{text}");
        }
        let mut out = Vec::new();
        write_stats(&Stats { files: Some(600_000_000), memory: None, ..stats }, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains("file bytes") && !text.contains("memory"), "{text}");
    }
}
