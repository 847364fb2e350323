//! Bytes in: finds the files that an argument means, opens them mapped or as a stream, decompresses.
//!
//! The room knows nothing of lines or formats beyond where a chunk may be cut.

mod chunk;
mod find;
mod mmap;
mod open;

pub use chunk::{Blocks, Chunk, MAX_LINE, chunk_of, chunks};
pub use find::find;
pub use mmap::Map;
pub use open::{Opened, Origin, open};

use std::io;
use std::path::PathBuf;

/// Why an input cannot be read, in words that say what to do.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// There is no such file.
    #[error("{0}: no such file or directory")]
    Missing(PathBuf),
    /// A pattern that fits no file.
    #[error("{0}: no file fits this pattern")]
    NoMatch(String),
    /// A folder without anything that looks like a log.
    #[error(
        "{0}: no log in this directory (looked for files called *access* or *.log*, without error logs; directories in it are not looked into)"
    )]
    NoLogs(PathBuf),
    /// Anything that the system says.
    #[error("{path}: {error}")]
    Io {
        /// The input.
        path: String,
        /// What the system says.
        error: io::Error,
    },
}
