//! Baselines as files.

use super::error::Failure;
use crate::baseline::Baseline;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
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

/// Whether one can be kept there: a new file, or one that is no other thing.
pub(super) fn may_save(path: &Path) -> Result<(), Failure> {
    let is_other = path.exists() && !path.is_file();
    let wrong = |what| Failure::Usage(format!("--save-baseline: {}: {what}", path.display()));
    if is_other { Err(wrong("this is no file that could be written over")) } else { Ok(()) }
}

/// Keeps one, whole or not at all: an older one may be what this log was held against.
pub(super) fn save(path: &Path, baseline: &Baseline) -> Result<(), Failure> {
    let wrong = |error: std::io::Error| Failure::Usage(format!("--save-baseline: {}: {error}", path.display()));
    // A link stays one.
    let target = if path.exists() { path.canonicalize().map_err(wrong)? } else { path.to_owned() };
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let beside = target.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = File::create_new(&beside).and_then(|file| {
        let mut out = BufWriter::new(file);
        baseline.write(&mut out)?;
        out.flush()?;
        std::fs::rename(&beside, &target)
    });
    written.map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        wrong(error)
    })
}
