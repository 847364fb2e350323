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
        // Large reads of plain data go past the buffer.
        if self.at == self.end && self.failed.is_none() && out.len() >= BUFFER {
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
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => Some(Self::Bzip2),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Some(Self::Bzip2),
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
            return format!("the {name} data needs too much memory ({why}): decompress it with '{name} -dc' into a pipe to 'logcodes -'");
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
        let name = self.packing.name();
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
            if let Some(why) = step.failed {
                self.failed = Some(self.packing.complaint(&why));
            } else if step.consumed + step.produced == 0 && !step.ended {
                let cut = format!("the {name} data ends early: it is cut off, or still being written");
                self.failed = Some(if nothing_left { cut } else { self.packing.complaint("no way on") });
            }
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
    failed: Option<String>,
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
                let failed = done.as_ref().err().map(|e| e.message().unwrap_or("no deflate data").to_owned());
                let ended = matches!(done, Ok(flate2::Status::StreamEnd));
                Step { consumed: (gzip.total_in() - from) as usize, produced: (gzip.total_out() - to) as usize, ended, failed }
            }
            Self::Bzip2(bzip2) => {
                let (from, to) = (bzip2.total_in(), bzip2.total_out());
                let done = bzip2.decompress(input, out);
                let failed = done.as_ref().err().map(ToString::to_string);
                let ended = matches!(done, Ok(bzip2::Status::StreamEnd));
                Step { consumed: (bzip2.total_in() - from) as usize, produced: (bzip2.total_out() - to) as usize, ended, failed }
            }
            Self::Zstd(context) => {
                let (mut from, mut to) = (InBuffer::around(input), OutBuffer::around(out));
                let done = context.decompress_stream(&mut to, &mut from);
                let failed = done.err().map(|code| zstd_safe::get_error_name(code).to_owned());
                Step { consumed: from.pos, produced: to.pos(), ended: matches!(done, Ok(0)), failed }
            }
            Self::Xz(xz) => {
                let (from, to) = (xz.total_in(), xz.total_out());
                // Where this decoder fails, all that one call decoded is lost.
                let most = out.len().min(SMALL);
                let out = &mut out[..most];
                let done = xz.process(input, out, if input.is_empty() { Action::Finish } else { Action::Run });
                let failed = done.as_ref().err().filter(|e| e.kind() != io::ErrorKind::UnexpectedEof).map(ToString::to_string);
                let ended = done.is_ok_and(|result| result.status == XzStatus::StreamEnd);
                Step { consumed: (xz.total_in() - from) as usize, produced: (xz.total_out() - to) as usize, ended, failed }
            }
        }
    }
}
