//! Baselines as files.

use super::error::Failure;
use super::{stderr, stdout};
use crate::baseline::Baseline;
use crate::gate::Outcome;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes of a file that tell whether it is a baseline.
const HEAD: u64 = 256;
/// Bytes that a baseline may have: one of very many routes with all their durations has some megabytes.
const LARGEST: u64 = 1 << 30;

/// Whether a file is meant to be one. What cannot be read is said by whoever reads it; a pipe could be read only once.
pub(super) fn is_one(path: &Path) -> bool {
    let mut start = Vec::new();
    path.is_file() && File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut start)).is_ok() && Baseline::is_meant(&start)
}

/// Reads one; `option` is what named it.
pub(super) fn read(path: &Path, option: &str) -> Result<Baseline, Failure> {
    let wrong = |what: String| Failure::Usage(format!("{option}{}: {what}", path.display()));
    let mut text = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut text)).map_err(|e| wrong(e.to_string()))?;
    Baseline::read(&text).map_err(|e| wrong(e.to_string()))
}

/// Keeps one, if the log did not fail: one that fails is none that later ones should be held against.
pub(super) fn save(path: &Path, baseline: &Baseline, verdict: Outcome) -> Result<(), Failure> {
    if verdict == Outcome::Fail {
        stderr::say(&format!("warning: {}: not saved, because a log that fails is no measure for later ones", path.display()));
        return Ok(());
    }
    // Whole or not at all: the old one may be what this log was held against.
    let beside = path.with_extension("tmp");
    stdout::with(Some(&beside), |out| Ok(baseline.write(out)?))?;
    std::fs::rename(&beside, path).map_err(|e| Failure::Usage(format!("--save-baseline: {}: {e}", path.display())))
}
