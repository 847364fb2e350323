//! Opens an input: mapped if it is a plain regular file, as an archive if it is one, else as a stream.

use super::archive::{self, Joined, Members, Tape};
use super::decompress::{Packing, decompressed};
use super::{InputError, Map};
use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

/// What an argument means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Standard input.
    Stdin,
    /// A file, a pipe, a device.
    File(PathBuf),
    /// A file that a directory or a pattern led to: nobody said that it is an access log.
    Found(PathBuf),
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
            Self::File(path) | Self::Found(path) => Some(path),
        }
    }

    /// Whether it is a regular file, which can be read twice.
    pub fn is_regular(&self) -> bool {
        self.path().is_some_and(Path::is_file)
    }
}

/// An input, ready to be read.
pub enum Opened {
    /// A mapped file.
    Mapped(Map),
    /// A stream of bytes, decompressed.
    Stream(Box<dyn Read + Send>),
    /// The logs of a tar archive that can be read only once, one after another as one stream.
    Joined(Box<dyn Read + Send>),
    /// A tar archive in a regular file, with the map where its members lie open.
    Archive(Members, Option<Map>),
}

/// Opens an input. With `map` a regular file without compression is mapped; where that fails, it is read. An archive that is
/// no regular file can be read only once, so that its logs come as one stream.
///
/// # Errors
/// When the system refuses.
pub fn open(origin: &Origin, map: bool) -> Result<Opened, InputError> {
    let failed = |error| InputError::Io { path: origin.name(), error };
    let Some(path) = origin.path() else { return Ok(stream(io::stdin())) };
    let file = File::open(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if meta.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    if meta.is_file() { regular(file, meta.len(), map).map_err(failed) } else { Ok(stream(file)) }
}

/// An input that can be read only once, such as a pipe: decompressed, and of an archive the logs one after another.
pub fn stream(reader: impl Read + Send + 'static) -> Opened {
    let mut plain = decompressed(reader);
    let tar = archive::is_tar(plain.peek(archive::BLOCK));
    if tar { Opened::Joined(Box::new(Joined::of(Box::new(plain)))) } else { Opened::Stream(Box::new(plain)) }
}

fn regular(mut file: File, length: u64, map: bool) -> io::Result<Opened> {
    let mut start = Vec::new();
    (&mut file).take(archive::BLOCK as u64).read_to_end(&mut start)?;
    file.rewind()?;
    if Packing::of(&start).is_some() {
        return Ok(unpacked(file));
    }
    let mapped = if map { Map::of(&file).ok() } else { None };
    let measured = || Box::new(Measured { file, left: length });
    Ok(match (mapped, archive::is_tar(&start)) {
        (Some(map), true) => Opened::Archive(Members::of(Tape::Mapped(Cursor::new(map.clone()))), Some(map)),
        (None, true) => Opened::Archive(Members::of(Tape::Stream(measured())), None),
        (Some(map), false) => Opened::Mapped(map),
        (None, false) => Opened::Stream(measured()),
    })
}

fn unpacked(file: File) -> Opened {
    let mut plain = decompressed(file);
    if archive::is_tar(plain.peek(archive::BLOCK)) {
        return Opened::Archive(Members::of(Tape::Stream(Box::new(plain))), None);
    }
    Opened::Stream(Box::new(plain))
}

/// The bytes of a member of a mapped archive: itself, or what it holds if it is compressed. An archive in an archive holds
/// none.
pub fn member(map: Map) -> Opened {
    if Packing::of(&map).is_none() && !archive::is_tar(&map) {
        return Opened::Mapped(map);
    }
    let mut plain = decompressed(Cursor::new(map));
    let nested = archive::is_tar(plain.peek(archive::BLOCK));
    Opened::Stream(if nested { Box::new(io::empty()) } else { Box::new(plain) })
}

/// Whether an input is a file that holds several.
pub fn is_archive(origin: &Origin) -> bool {
    origin.is_regular() && matches!(open(origin, false), Ok(Opened::Archive(..)))
}

/// A file that must not end earlier than it did when it was opened.
struct Measured {
    file: File,
    left: u64,
}

impl Read for Measured {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(out)?;
        self.left = self.left.saturating_sub(read as u64);
        if read == 0 && self.left > 0 && !out.is_empty() {
            let left = std::mem::take(&mut self.left);
            return Err(io::Error::other(format!("the file was cut while it was read: {left} bytes are missing")));
        }
        Ok(read)
    }
}
