//! Compressed bytes in, plain bytes out: gzip, zstd, bzip2 and xz, told by what the bytes are, never by a name.
//!
//! All four may hold several members one after another (frames, streams: each format has its own word), as rotation,
//! parallel compressors and `cat` make them. What is between and behind them:
//!
//! ```text
//! member  zeros?  member  zeros?  end            read to the end
//! member  zeros?  anything else                  an error, after all of the member was given out
//! member that ends early or is damaged           an error, after all that could be decoded was given out
//! ```

use bzip2::Decompress as Bzip2;
use flate2::{Decompress as Gzip, FlushDecompress};
use lzma_rust2::{Action, Status as XzStatus, XzStream};
use std::io::{self, Read};
use zstd_safe::{DCtx, InBuffer, OutBuffer, ResetDirective};

/// Bytes that a decoder is fed at once.
const BUFFER: usize = 128 << 10;
/// Whoever asks for as much at once needs no buffer between.
const LARGE: usize = 16 << 10;
/// Files compressed twice are seen now and then; more layers are a trap.
const MOST_LAYERS: usize = 3;
/// Memory of an xz decoder: twice what `xz -9` needs, so that no file can ask for gigabytes. zstd's own limit is the same.
const XZ_KIBIBYTES: u32 = 128 << 10;

/// Bytes that xz is asked for at once.
const SMALL: usize = 32 << 10;

/// A reader that shows its next bytes without giving them out. An error waits until what was read before it is taken.
pub(super) struct Peek<R> {
    reader: R,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    failed: Option<io::Error>,
    done: bool,
}

impl<R: Read> Peek<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), at: 0, end: 0, failed: None, done: false }
    }

    /// The next `n` bytes; fewer only at the end or before an error.
    pub(super) fn peek(&mut self, n: usize) -> &[u8] {
        while self.end - self.at < n && self.more() {}
        &self.buffer[self.at..self.end.min(self.at + n)]
    }

    /// Reads once more into the buffer; false when nothing came.
    fn more(&mut self) -> bool {
        if self.done || self.failed.is_some() {
            return false;
        }
        self.buffer.resize(BUFFER, 0);
        self.buffer.copy_within(self.at..self.end, 0);
        (self.at, self.end) = (0, self.end - self.at);
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.done = true,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => self.failed = Some(error),
            }
            return !self.done && self.failed.is_none();
        }
    }

    /// What lies ready, at least a byte unless at the end.
    fn ready(&mut self) -> io::Result<&[u8]> {
        if self.at == self.end {
            self.more();
        }
        match self.failed.take() {
            Some(error) if self.at == self.end => Err(error),
            waiting => {
                self.failed = waiting;
                Ok(&self.buffer[self.at..self.end])
            }
        }
    }
}

impl<R: Read> Read for Peek<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // What is read in large pieces goes past the buffer.
        if self.at == self.end && self.failed.is_none() && out.len() >= LARGE {
            return self.reader.read(out);
        }
        let ready = self.ready()?;
        let n = ready.len().min(out.len());
        out[..n].copy_from_slice(&ready[..n]);
        self.at += n;
        Ok(n)
    }
}

/// The formats that are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

impl Packing {
    /// Bytes that tell a format.
    pub(super) const MAGIC: usize = 10;

    /// What the first bytes of an input are.
    pub(super) fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            // A block begins with pi, the end of an empty stream with its square root.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
        }
    }

    /// What a decoder says, and what to do.
    fn complaint(self, why: &str) -> String {
        let name = self.name();
        let why = why.to_lowercase();
        // What zstd and the xz decoder say to a file that asks for more memory than they may take.
        if why.contains("memory") {
            let more = if self == Self::Zstd { " --long=31" } else { "" };
            return format!("the {name} data needs more than 128 MiB of memory ({why}): '{name} -dc{more} FILE | logcodes' reads it");
        }
        format!("the {name} data is damaged ({why}); '{name} -t' says more")
    }

    fn decoder(self) -> Decoder {
        match self {
            Self::Gzip => Decoder::Gzip(Gzip::new_gzip(15)),
            Self::Zstd => Decoder::Zstd(DCtx::create()),
            Self::Bzip2 => Decoder::Bzip2(Bzip2::new(false)),
            Self::Xz => Decoder::Xz(Box::new(XzStream::new_mem_limit(false, XZ_KIBIBYTES))),
        }
    }
}

/// The bytes behind all layers of compression.
pub(super) fn decompressed(reader: impl Read + Send + 'static) -> Peek<Box<dyn Read + Send>> {
    let mut plain: Peek<Box<dyn Read + Send>> = Peek::new(Box::new(reader));
    for _ in 0..MOST_LAYERS {
        let Some(packing) = Packing::of(plain.peek(Packing::MAGIC)) else { break };
        plain = Peek::new(Box::new(Members::new(plain, packing)));
    }
    plain
}

/// All members of one compressed input.
struct Members<R> {
    input: Peek<R>,
    packing: Packing,
    decoder: Decoder,
    inside: bool,
    /// Told after all that was decoded before it.
    failed: Option<String>,
}

impl<R: Read> Members<R> {
    fn new(input: Peek<R>, packing: Packing) -> Self {
        Self { input, packing, decoder: packing.decoder(), inside: true, failed: None }
    }

    /// Goes to the next member; false at the end.
    fn next_member(&mut self) -> io::Result<bool> {
        loop {
            let ready = self.input.ready()?;
            if ready.is_empty() {
                return Ok(false);
            }
            let zeros = ready.iter().take_while(|&&byte| byte == 0).count();
            if zeros == 0 {
                break;
            }
            self.input.at += zeros;
        }
        let name = self.packing.name();
        if Packing::of(self.input.peek(Packing::MAGIC)) != Some(self.packing) {
            return Err(io::Error::other(format!("behind the {name} data stands something else, which is not read")));
        }
        self.decoder.restart(self.packing);
        self.inside = true;
        Ok(true)
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(failed) = self.failed.take() {
                return Err(io::Error::other(failed));
            }
            if !self.inside && !self.next_member()? {
                return Ok(0);
            }
            let ready = self.input.ready()?;
            let nothing_left = ready.is_empty();
            let step = self.decoder.step(ready, out);
            self.input.at += step.consumed;
            self.inside = !step.ended;
            let stuck = step.consumed + step.produced == 0 && !step.ended;
            self.failed = match step.failed {
                Some(Trouble::Damaged(why)) => Some(self.packing.complaint(&why)),
                None if stuck && !nothing_left => Some(self.packing.complaint("no way on")),
                None if !stuck => None,
                _ => Some(format!("the {} data ends early: it is cut off, or still being written", self.packing.name())),
            };
            if step.produced > 0 {
                return Ok(step.produced);
            }
        }
    }
}

/// What one call of a decoder did.
struct Step {
    consumed: usize,
    produced: usize,
    /// The member is complete.
    ended: bool,
    failed: Option<Trouble>,
}

enum Trouble {
    /// The input ended within a member.
    Early,
    /// What the decoder says.
    Damaged(String),
}

enum Decoder {
    Gzip(Gzip),
    Zstd(DCtx<'static>),
    Bzip2(Bzip2),
    Xz(Box<XzStream>),
}

impl Decoder {
    fn restart(&mut self, packing: Packing) {
        // Frames may be small and many, and the context is large.
        let again = if let Self::Zstd(context) = self { context.reset(ResetDirective::SessionOnly).is_ok() } else { false };
        if !again {
            *self = packing.decoder();
        }
    }

    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        match self {
            Self::Gzip(gzip) => {
                let (from, to) = (gzip.total_in(), gzip.total_out());
                let done = gzip.decompress(input, out, FlushDecompress::None);
                let failed = done.as_ref().err().map(|e| Trouble::Damaged(e.message().unwrap_or("no deflate data").to_owned()));
                let ended = matches!(done, Ok(flate2::Status::StreamEnd));
                Step { consumed: (gzip.total_in() - from) as usize, produced: (gzip.total_out() - to) as usize, ended, failed }
            }
            Self::Bzip2(bzip2) => {
                let (from, to) = (bzip2.total_in(), bzip2.total_out());
                let done = bzip2.decompress(input, out);
                let failed = done.as_ref().err().map(|e| Trouble::Damaged(e.to_string()));
                let ended = matches!(done, Ok(bzip2::Status::StreamEnd));
                Step { consumed: (bzip2.total_in() - from) as usize, produced: (bzip2.total_out() - to) as usize, ended, failed }
            }
            Self::Zstd(context) => {
                let (mut from, mut to) = (InBuffer::around(input), OutBuffer::around(out));
                let done = context.decompress_stream(&mut to, &mut from);
                let failed = done.err().map(|code| Trouble::Damaged(zstd_safe::get_error_name(code).to_owned()));
                Step { consumed: from.pos, produced: to.pos(), ended: matches!(done, Ok(0)), failed }
            }
            Self::Xz(xz) => {
                let (from, to) = (xz.total_in(), xz.total_out());
                // Where this decoder fails, all that one call decoded is lost.
                let most = out.len().min(SMALL);
                let out = &mut out[..most];
                let done = xz.process(input, out, if input.is_empty() { Action::Finish } else { Action::Run });
                let early = |e: &io::Error| e.kind() == io::ErrorKind::UnexpectedEof;
                let failed = done.as_ref().err().map(|e| if early(e) { Trouble::Early } else { Trouble::Damaged(e.to_string()) });
                let ended = done.is_ok_and(|result| result.status == XzStatus::StreamEnd);
                Step { consumed: (xz.total_in() - from) as usize, produced: (xz.total_out() - to) as usize, ended, failed }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const ALL: [Packing; 4] = [Packing::Gzip, Packing::Zstd, Packing::Bzip2, Packing::Xz];

    fn packed(packing: Packing, data: &[u8]) -> Vec<u8> {
        match packing {
            Packing::Gzip => {
                let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                gzip.write_all(data).unwrap();
                gzip.finish().unwrap()
            }
            Packing::Zstd => {
                let mut out = vec![0; zstd_safe::compress_bound(data.len())];
                let length = zstd_safe::compress(out.as_mut_slice(), data, 3).unwrap();
                out.truncate(length);
                out
            }
            Packing::Bzip2 => {
                let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                bzip2.write_all(data).unwrap();
                bzip2.finish().unwrap()
            }
            Packing::Xz => {
                let mut xz = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(0)).unwrap();
                xz.write_all(data).unwrap();
                xz.finish().unwrap()
            }
        }
    }

    /// What comes out, and how it ends.
    fn plain(data: Vec<u8>) -> (Vec<u8>, Option<String>) {
        let (mut reader, mut out, mut part) = (decompressed(io::Cursor::new(data)), Vec::new(), vec![0; 50_000]);
        loop {
            match reader.read(&mut part) {
                Ok(0) => return (out, None),
                Ok(n) => out.extend_from_slice(&part[..n]),
                Err(error) => return (out, Some(error.to_string())),
            }
        }
    }

    /// Lines that no compressor makes much smaller than half.
    fn text(lines: u64) -> Vec<u8> {
        (0..lines).flat_map(|n| format!("{:016x}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).into_bytes()).collect()
    }

    #[test]
    fn members_and_padding_are_one_text() {
        let (one, other) = (text(20_000), text(3));
        let both = [one.as_slice(), &other].concat();
        for packing in ALL {
            let (a, b) = (packed(packing, &one), packed(packing, &other));
            assert_eq!(Packing::of(&a), Some(packing));
            for whole in [
                [a.as_slice(), &b].concat(),
                [a.as_slice(), &[0; 512], &b, &vec![0; 100_000]].concat(),
                [a.as_slice(), &packed(packing, b""), &b].concat(),
            ] {
                assert_eq!(plain(whole), (both.clone(), None), "{packing:?}");
            }
            assert_eq!(plain(packed(packing, &packed(packing, &both))), (both.clone(), None), "{packing:?} twice");
        }
        let skippable = [&[0x55, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3], packed(Packing::Zstd, &other).as_slice()].concat();
        assert_eq!(plain([skippable.as_slice(), &skippable].concat()), ([other.as_slice(), &other].concat(), None));
    }

    #[test]
    fn what_could_be_read_comes_before_the_error() {
        let one = text(20_000);
        for packing in ALL {
            let whole = packed(packing, &one);
            let (read, why) = plain([whole.as_slice(), b"trailing garbage"].concat());
            assert!(read == one && why.as_ref().is_some_and(|why| why.contains("something else")), "{packing:?} {why:?}");
            let (read, why) = plain(whole[..whole.len() / 2].to_vec());
            assert!(why.as_ref().is_some_and(|why| why.contains("ends early")), "{packing:?} {why:?}");
            // bzip2's blocks hold 100 kB and more, and are decoded whole or not at all.
            assert!(one.starts_with(&read) && read.len() > one.len() / 4, "{packing:?}: {} of {}", read.len(), one.len());
            let (read, why) = plain(whole[..whole.len() - 1].to_vec());
            assert!(read.len() > one.len() * 3 / 4 && why.is_some(), "{packing:?}: {why:?}");
            let (read, why) = plain(whole[..11].to_vec());
            assert!(read.is_empty() && why.is_some(), "{packing:?} {why:?}");
        }
    }

    #[test]
    fn damage_is_an_error_and_never_a_crash() {
        let one = text(2_000);
        for packing in ALL {
            let whole = packed(packing, &one);
            for at in (10..whole.len()).step_by(1 + whole.len() / 400) {
                for bit in [0, 6] {
                    let mut bad = whole.clone();
                    bad[at] ^= 1 << bit;
                    let (read, why) = plain(bad);
                    assert!(why.is_some() || read == one || packing == Packing::Zstd, "{packing:?}: byte {at}, bit {bit}");
                }
            }
        }
    }

    #[test]
    fn too_much_memory_is_refused_with_advice() {
        // A frame that asks for a window of 512 MiB.
        let (_, why) = plain([0x28, 0xb5, 0x2f, 0xfd, 0, 0x98, 1, 0, 0, 0, 0, 0].to_vec());
        assert!(why.as_ref().is_some_and(|why| why.contains("more than 128 MiB") && why.contains("zstd -dc --long=31")), "{why:?}");
    }

    #[test]
    fn what_is_not_compressed_stays_as_it_is() {
        for data in [&b""[..], b"x", b"BZh9 is how this line begins\n", &[0x1f, 0x8b], &[0; 2000]] {
            assert_eq!(plain(data.to_vec()), (data.to_vec(), None));
        }
    }
}
