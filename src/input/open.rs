//! Opens an input: mapped if it is a plain regular file, else as a stream.

use super::{InputError, Map};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, Chain, Cursor, Read};
use std::path::{Path, PathBuf};

/// What an argument means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Standard input.
    Stdin,
    /// A file, a pipe, a device.
    File(PathBuf),
}

impl Origin {
    /// The name that reports show.
    pub fn name(&self) -> String {
        self.path().map_or_else(|| "-".to_owned(), |path| path.display().to_string())
    }

    /// Where it is.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin => None,
            Self::File(path) => Some(path),
        }
    }
}

/// An input, ready to be read.
pub enum Opened {
    /// A mapped file.
    Mapped(Map),
    /// A stream of bytes, decompressed.
    Stream(Box<dyn Read + Send>),
}

/// Opens an input. With `map` a regular file without compression is mapped; where that fails, it is read.
///
/// # Errors
/// When the system refuses.
pub fn open(origin: &Origin, map: bool) -> Result<Opened, InputError> {
    let failed = |error| InputError::Io { path: origin.name(), error };
    match origin {
        Origin::Stdin => decompressed(io::stdin()).map(Opened::Stream).map_err(failed),
        Origin::File(path) => {
            let mut file = File::open(path).map_err(failed)?;
            let meta = file.metadata().map_err(failed)?;
            if meta.is_dir() {
                return Err(failed(io::ErrorKind::IsADirectory.into()));
            }
            if !meta.is_file() {
                return decompressed(file).map(Opened::Stream).map_err(failed);
            }
            let (magic, read) = magic(&mut file).map_err(failed)?;
            if magic[..read].starts_with(GZIP) {
                return Ok(Opened::Stream(Box::new(MultiGzDecoder::new(replay(magic, read, file)))));
            }
            if map && let Ok(map) = Map::of(&file) {
                return Ok(Opened::Mapped(map));
            }
            Ok(Opened::Stream(Box::new(replay(magic, read, file))))
        }
    }
}

/// The first bytes of a gzip member (RFC 1952 §2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b];

fn decompressed(mut reader: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let (magic, read) = magic(&mut reader)?;
    let whole = replay(magic, read, reader);
    Ok(if magic[..read].starts_with(GZIP) { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) })
}

fn magic(reader: &mut impl Read) -> io::Result<([u8; 4], usize)> {
    let (mut magic, mut read) = ([0; 4], 0);
    while read < magic.len() {
        match reader.read(&mut magic[read..]) {
            Ok(0) => break,
            Ok(n) => read += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok((magic, read))
}

fn replay<R: Read>(magic: [u8; 4], read: usize, rest: R) -> Chain<Cursor<Vec<u8>>, R> {
    Cursor::new(magic[..read].to_vec()).chain(rest)
}
