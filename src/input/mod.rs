//! Bytes in: finds the files that the arguments mean, opens them mapped or as a stream, decompresses, walks archives.
//!
//! The room knows nothing of lines or formats beyond where a chunk may be cut.

mod archive;
mod chunk;
mod decompress;
mod find;
mod mmap;
mod open;
mod rotation;

pub use archive::{Member, Members, Tape};
pub use chunk::{Blocks, Chunk, Copied, MAX_LINE, chunk_of, chunks, read_chunk};
pub use find::{Found, find, some_of};
pub use mmap::Map;
pub use open::{Opened, Origin, is_archive, member, open, stream};
pub use rotation::{Age, rotation};

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
    #[error("{0}: no log in this directory or below (looked for files called *access* or *.log*, without error logs and hidden ones)")]
    NoLogs(PathBuf),
    /// An archive without anything that looks like a log.
    #[error("{path}: no log in this archive of {members} (looked for files called *access* or *.log*, without error logs and hidden ones)")]
    NoLogsInside {
        /// The archive.
        path: String,
        /// How many members it has.
        members: u32,
    },
    /// Archives in which no log is of a service that is asked for.
    #[error("--only-service: none of the logs in the archives is of such a service; 'logcodes --service auto' without it shows them")]
    NoneOfService,
    /// An archive that is broken before its first log.
    #[error("{0}")]
    Archive(String),
    /// An archive that is another one than before.
    #[error("{0}: the archive changed while it was read")]
    Changed(String),
    /// Standard input is named by two arguments.
    #[error("standard input is named twice, but it can be read only once: leave one of them out")]
    StdinTwice,
    /// Anything that the system says.
    #[error("{path}: {error}")]
    Io {
        /// The input.
        path: String,
        /// What the system says.
        error: io::Error,
    },
}
