//! Standard output, or a file, buffered.

use super::error::Failure;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Runs `write` on standard output or, with a path, on a new file.
pub(super) fn with<T>(path: Option<&Path>, write: impl FnOnce(&mut dyn Write) -> Result<T, Failure>) -> Result<T, Failure> {
    let mut out: Box<dyn Write> = match path {
        Some(path) => {
            let file = File::create(path).map_err(|e| Failure::Usage(format!("{}: {e}", path.display())))?;
            Box::new(BufWriter::new(file))
        }
        None => Box::new(BufWriter::with_capacity(64 << 10, io::stdout().lock())),
    };
    let done = write(&mut out)?;
    out.flush()?;
    Ok(done)
}
