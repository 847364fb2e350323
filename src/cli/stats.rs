//! `--stats`: how fast it went, on standard error.

use crate::input::Origin;
use crate::output::{Stats, write_stats};
use crate::report::Report;
use crate::scan::{Scan, Stages};
use std::io;

/// Says how fast a run was. Where standard error is full or closed there is no place left to say so.
pub(super) fn say(scan: &Scan, report: &Report, origins: &[Origin], stages: &Stages, memory: Option<u64>) {
    let stats = Stats {
        lines: report.lines.read + report.lines.directives,
        text: scan.inputs.iter().map(|input| input.bytes).sum(),
        files: files(origins),
        workers: scan.workers,
        memory: memory.max(own_memory()),
        stages: stages.all().iter().map(|&(name, spent)| (name, spent.wall, spent.cpu)).collect(),
    };
    let _ = write_stats(&stats, &mut io::stderr().lock());
}

/// Bytes of the files, if all are regular ones.
fn files(origins: &[Origin]) -> Option<u64> {
    let length = |origin: &Origin| origin.path().and_then(|path| std::fs::metadata(path).ok()).filter(std::fs::Metadata::is_file);
    origins.iter().map(|origin| length(origin).map(|file| file.len())).sum()
}

/// Bytes of memory in use now that are no pages of files, where the system tells.
pub(super) fn own_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?.trim().strip_suffix(" kB")?;
    Some(kibibytes.parse::<u64>().ok()? << 10)
}
