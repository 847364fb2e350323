//! tar archives: their members one after another, read and never written anywhere.
//!
//! An archive is walked once from its start. A member is a name, a place and a size; its bytes are read, or skipped, before
//! the next one is asked for. Nothing that an archive says is believed beyond its own length. Of sparse members the stored
//! pieces are read and the holes left out.

use super::Map;
use super::decompress::decompressed;
use super::find::is_log;
use std::io::{self, Cursor, Read};
use std::sync::{Arc, Mutex, MutexGuard};
use tar::{EntryType, GnuExtSparseHeader, Header, PaxExtensions};

/// All of an archive is in blocks of this size.
pub(super) const BLOCK: usize = 512;
/// Names and attributes that are longer than this are an attack.
const MOST_ATTRIBUTES: u64 = 1 << 20;

/// A regular file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its number among all that the archive holds.
    pub number: u32,
    /// Its path as the archive has it, for showing only.
    pub name: String,
    /// Where its bytes begin in the archive.
    pub at: u64,
    /// How many they are.
    pub size: u64,
}

/// Whether the first block of an input begins a tar archive: its checksum tells, in every dialect.
pub(super) fn is_tar(start: &[u8]) -> bool {
    start.get(..BLOCK).is_some_and(|block| header(block).is_some())
}

fn header(block: &[u8]) -> Option<&Header> {
    let header = Header::from_byte_slice(block);
    let sum: u32 = block[..148].iter().chain(&block[156..]).map(|&byte| u32::from(byte)).sum();
    (header.cksum().ok()? == sum + 8 * u32::from(b' ')).then_some(header)
}

/// The members of an archive.
pub struct Members(Arc<Mutex<Walk>>);

impl Members {
    /// Of a mapped archive, or of one that comes as a stream.
    pub fn of(tape: Tape) -> Self {
        Self(Arc::new(Mutex::new(Walk { tape, at: 0, left: 0, next: 0, count: 0, ended: false, nested: false, failed: None })))
    }

    /// The next regular file that looks like a log; `None` at the end, and where the archive is broken: then
    /// [`Members::failed`] says how.
    pub fn next_log(&mut self) -> Option<Member> {
        let mut walk = self.walk();
        loop {
            match walk.next_file() {
                Ok(Some(member)) if !is_log(&member.name) => {}
                Ok(member) => return member,
                Err(error) => {
                    walk.failed.get_or_insert(error.to_string());
                    return None;
                }
            }
        }
    }

    /// The bytes of the member that came last, decompressed. Of an archive in the archive there are none: one may hold itself.
    pub fn read(&self) -> Box<dyn Read + Send> {
        let mut plain = decompressed(Current(Arc::clone(&self.0)));
        if is_tar(plain.peek(BLOCK)) {
            self.walk().nested = true;
            return Box::new(io::empty());
        }
        Box::new(plain)
    }

    /// What is wrong with the archive itself, as far as it was walked.
    pub fn failed(&self) -> Option<String> {
        self.walk().failed.clone()
    }

    /// How many members of any kind were seen.
    pub fn count(&self) -> u32 {
        self.walk().count
    }

    fn walk(&self) -> MutexGuard<'_, Walk> {
        self.0.lock().expect("reading does not panic")
    }
}

/// The bytes of the member that came last, as they are stored.
struct Current(Arc<Mutex<Walk>>);

impl Read for Current {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.lock().expect("reading does not panic").read(out)
    }
}

/// Where an archive comes from.
pub enum Tape {
    /// Skipping costs nothing.
    Mapped(Cursor<Map>),
    /// Skipping is reading.
    Stream(Box<dyn Read + Send>),
}

struct Walk {
    tape: Tape,
    at: u64,
    /// Bytes of the member that are still to come.
    left: u64,
    /// Where the next header is.
    next: u64,
    count: u32,
    /// The archive's own end was seen.
    ended: bool,
    /// An archive in the archive was passed over.
    nested: bool,
    failed: Option<String>,
}

/// What stands before a member and belongs to it.
#[derive(Default)]
struct Attributes {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    /// The member begins with a map of its pieces.
    mapped_pieces: bool,
}

impl Walk {
    fn next_file(&mut self) -> io::Result<Option<Member>> {
        let mut attributes = Attributes::default();
        loop {
            self.skip_to(self.next)?;
            let Some(block) = self.block()? else { return Ok(None) };
            let Some(header) = header(&block) else { return Err(self.broken("what should be a header is none")) };
            let kind = header.entry_type();
            let stored = header.entry_size().map_err(|_| self.broken("a member has no size"))?;
            let describes = kind.is_gnu_longname() || kind.is_gnu_longlink() || kind.is_pax_local_extensions();
            self.left = match attributes.size {
                Some(size) if !describes && !kind.is_pax_global_extensions() => size,
                // Of a hard link nothing is stored, whatever its size says.
                _ if kind.is_hard_link() => 0,
                _ => stored,
            };
            if kind.is_gnu_sparse() && header.as_gnu().is_some_and(tar::GnuHeader::is_extended) {
                self.skip_sparse_headers()?;
            }
            let end = self.at.checked_add(self.left).and_then(|end| end.checked_next_multiple_of(BLOCK as u64));
            self.next = end.ok_or_else(|| self.broken("a member has no possible size"))?;
            if describes || kind.is_pax_global_extensions() {
                self.describe(kind, &mut attributes)?;
                continue;
            }
            self.count += 1;
            let of_header = header.path_bytes().into_owned();
            let attributes = std::mem::take(&mut attributes);
            let name = String::from_utf8_lossy(&attributes.name.unwrap_or(of_header)).into_owned();
            let regular = matches!(kind, EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse);
            if regular && !name.ends_with('/') {
                if attributes.mapped_pieces {
                    self.skip_piece_map()?;
                }
                return Ok(Some(Member { number: self.count - 1, name, at: self.at, size: self.left }));
            }
        }
    }

    /// The next header that is not empty. An archive ends with empty blocks, and several may stand one after another.
    fn block(&mut self) -> io::Result<Option<[u8; BLOCK]>> {
        loop {
            let mut block = [0; BLOCK];
            match self.fill(&mut block)? {
                0 if self.ended => return Ok(None),
                BLOCK if block.iter().all(|&byte| byte == 0) => (self.ended, self.next) = (true, self.at),
                BLOCK => {
                    self.ended = false;
                    return Ok(Some(block));
                }
                _ => return Err(self.cut()),
            }
        }
    }

    /// A long name, or attributes: of the next member.
    fn describe(&mut self, kind: EntryType, attributes: &mut Attributes) -> io::Result<()> {
        if self.left > MOST_ATTRIBUTES {
            return Err(self.broken("a member's name has no possible length"));
        }
        let mut text = vec![0; self.left as usize];
        if self.fill(&mut text)? < text.len() {
            return Err(self.cut());
        }
        self.left = 0;
        if kind.is_gnu_longname() {
            text.truncate(memchr::memchr(0, &text).unwrap_or(text.len()));
            attributes.name = Some(text);
        } else if kind.is_pax_local_extensions() {
            for (key, value) in
                PaxExtensions::new(&text).map_while(Result::ok).map(|e| (e.key_bytes().to_owned(), e.value_bytes().to_owned()))
            {
                match key.as_slice() {
                    b"path" if attributes.name.is_none() => attributes.name = Some(value),
                    b"GNU.sparse.name" => attributes.name = Some(value),
                    b"GNU.sparse.major" => attributes.mapped_pieces = value == b"1",
                    b"size" => attributes.size = std::str::from_utf8(&value).ok().and_then(|size| size.parse().ok()),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// More of where the pieces of a sparse member belong, which stands between its header and them.
    fn skip_sparse_headers(&mut self) -> io::Result<()> {
        let mut extension = GnuExtSparseHeader::new();
        loop {
            if self.fill(extension.as_mut_bytes())? < BLOCK {
                return Err(self.cut());
            }
            if !extension.is_extended() {
                return Ok(());
            }
        }
    }

    /// The same in the newer dialect: a count and twice so many numbers, each on a line, at the start of the member.
    fn skip_piece_map(&mut self) -> io::Result<()> {
        let (mut text, mut lines, mut wanted) = (Vec::new(), 0, None);
        while wanted.is_none_or(|wanted| lines < wanted) && self.left >= BLOCK as u64 {
            let mut block = [0; BLOCK];
            if self.fill(&mut block)? < BLOCK {
                return Err(self.cut());
            }
            self.left -= BLOCK as u64;
            lines += memchr::memchr_iter(b'\n', &block).count() as u64;
            if wanted.is_none() {
                text.extend_from_slice(&block);
                let count = text.split(|&byte| byte == b'\n').next().and_then(|line| std::str::from_utf8(line).ok()?.parse::<u64>().ok());
                wanted = Some(count.ok_or_else(|| self.broken("a sparse member has no map"))?.saturating_mul(2).saturating_add(1));
            }
        }
        Ok(())
    }

    fn skip_to(&mut self, to: u64) -> io::Result<()> {
        self.left = 0;
        match &mut self.tape {
            Tape::Mapped(map) => {
                if to > map.get_ref().len() as u64 {
                    return Err(self.cut());
                }
                map.set_position(to);
            }
            Tape::Stream(reader) => {
                let skipped = io::copy(&mut reader.by_ref().take(to - self.at), &mut io::sink());
                match skipped {
                    Ok(skipped) if self.at + skipped < to => return Err(self.cut()),
                    Ok(_) => {}
                    Err(error) => return Err(self.failing(error)),
                }
            }
        }
        self.at = to;
        Ok(())
    }

    /// Fills a buffer as far as the archive reaches.
    fn fill(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < out.len() {
            match self.read_tape(&mut out[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(filled)
    }

    fn read_tape(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = match &mut self.tape {
                Tape::Mapped(map) => map.read(out),
                Tape::Stream(reader) => reader.read(out),
            };
            match read {
                Ok(read) => {
                    self.at += read as u64;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failing(error)),
            }
        }
    }

    /// Bytes of the member.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = out.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        match self.read_tape(&mut out[..most])? {
            0 => Err(self.cut()),
            read => {
                self.left -= read as u64;
                Ok(read)
            }
        }
    }

    fn cut(&mut self) -> io::Error {
        self.failing(io::Error::other("the tar archive ends early: it is cut off, or still being written"))
    }

    fn broken(&mut self, what: &str) -> io::Error {
        self.failing(io::Error::other(format!("the tar archive is damaged at byte {} ({what})", self.at)))
    }

    /// Remembers an error of the archive, as opposed to one of a member's own content.
    fn failing(&mut self, error: io::Error) -> io::Error {
        self.failed.get_or_insert(error.to_string());
        error
    }
}

/// The logs of an archive that can be read only once, as one stream.
pub(super) struct Joined {
    members: Members,
    now: Option<Box<dyn Read + Send>>,
    line_open: bool,
}

impl Joined {
    pub(super) fn of(reader: Box<dyn Read + Send>) -> Self {
        Self { members: Members::of(Tape::Stream(reader)), now: None, line_open: false }
    }
}

impl Read for Joined {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(now) = &mut self.now else {
                if self.members.next_log().is_none() {
                    let nested = || self.members.walk().nested.then(|| "an archive in the tar archive is not read".to_owned());
                    return self.members.failed().or_else(nested).map_or(Ok(0), |failed| Err(io::Error::other(failed)));
                }
                self.now = Some(self.members.read());
                continue;
            };
            match now.read(out)? {
                0 if out.is_empty() => return Ok(0),
                0 => {
                    self.now = None;
                    if std::mem::take(&mut self.line_open) {
                        out[0] = b'\n';
                        return Ok(1);
                    }
                }
                read => {
                    self.line_open = out[read - 1] != b'\n';
                    return Ok(read);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(name: &str, kind: EntryType, size: u64, change: &dyn Fn(&mut Header)) -> Vec<u8> {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(size);
        change(&mut header);
        header.set_cksum();
        header.as_bytes().to_vec()
    }

    fn entry(name: &str, kind: EntryType, data: &[u8]) -> Vec<u8> {
        let mut bytes = block(name, kind, data.len() as u64, &|_| ());
        bytes.extend_from_slice(data);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
        bytes
    }

    fn archive(entries: &[Vec<u8>]) -> Vec<u8> {
        [entries.concat(), vec![0; 2 * BLOCK]].concat()
    }

    /// Names and contents of the logs, and what is wrong.
    fn logs(bytes: Vec<u8>) -> (Vec<(String, String)>, Option<String>) {
        let mut members = Members::of(Tape::Stream(Box::new(Cursor::new(bytes))));
        let mut found = Vec::new();
        while let Some(member) = members.next_log() {
            let mut content = Vec::new();
            let _ = members.read().read_to_end(&mut content);
            found.push((member.name, String::from_utf8_lossy(&content).into_owned()));
        }
        (found, members.failed())
    }

    fn pair(name: &str, content: &str) -> (String, String) {
        (name.to_owned(), content.to_owned())
    }

    #[test]
    fn names_of_every_dialect() {
        let long = format!("{}access.log", "long/".repeat(40));
        let pax = |text: &str| {
            let length = (1..1000).find(|n| n.to_string().len() + 1 + text.len() + 1 == *n).unwrap();
            format!("{length} {text}\n")
        };
        let attributes = pax("path=var/log/é.access.log") + &pax("mtime=1");
        let bytes = archive(&[
            entry("", EntryType::XGlobalHeader, pax("comment=x").as_bytes()),
            entry("@LongLink", EntryType::GNULongName, long.as_bytes()),
            entry("long", EntryType::Regular, b"one"),
            entry("x", EntryType::XHeader, attributes.as_bytes()),
            entry("access", EntryType::Regular, b"two"),
            entry("../../../etc/access.log", EntryType::Regular, b"three"),
            entry("/access.log", EntryType::Regular, b"four"),
            entry("access.log/", EntryType::Directory, b""),
            entry("link.log", EntryType::Symlink, b""),
            block("hard.log", EntryType::Link, 4096, &|_| ()),
            entry("fifo.log", EntryType::Fifo, b""),
            entry("last.log", EntryType::Continuous, b"five"),
        ]);
        assert!(is_tar(&bytes) && !is_tar(&bytes[1..]) && !is_tar(&[0; BLOCK]) && !is_tar(b"x"));
        let expected = [
            pair(&long, "one"),
            pair("var/log/é.access.log", "two"),
            pair("../../../etc/access.log", "three"),
            pair("/access.log", "four"),
            pair("last.log", "five"),
        ];
        assert_eq!(logs(bytes), (expected.to_vec(), None));
    }

    #[test]
    fn of_sparse_members_the_pieces_are_read() {
        let piece = [b"a\n".repeat(256), b"b\n".to_vec()].concat();
        let mut old = block("old.log", EntryType::GNUSparse, piece.len() as u64, &|header| {
            let gnu = header.as_gnu_mut().unwrap();
            gnu.set_real_size(1 << 60);
            gnu.set_is_extended(true);
        });
        let mut extension = GnuExtSparseHeader::new();
        extension.set_is_extended(true);
        old.extend_from_slice(extension.as_bytes());
        old.extend_from_slice(GnuExtSparseHeader::new().as_bytes());
        old.extend_from_slice(&piece);
        old.resize(old.len().next_multiple_of(BLOCK), 0);
        let new = [format!("{:\0<512}", "1\n1048576\n514\n").into_bytes(), piece.clone()].concat();
        let bytes = archive(&[
            old,
            entry("x", EntryType::XHeader, b"22 GNU.sparse.major=1\n29 GNU.sparse.name=new.log.1\n"),
            entry("GNUSparseFile.1/new.log", EntryType::Regular, &new),
            entry("next.log", EntryType::Regular, b"next"),
        ]);
        let piece = String::from_utf8(piece).unwrap();
        assert_eq!(logs(bytes), (vec![pair("old.log", &piece), pair("new.log.1", &piece), pair("next.log", "next")], None));
    }

    #[test]
    fn lies_are_believed_no_further_than_the_archive_reaches() {
        let one = entry("one.log", EntryType::Regular, b"one");
        for (size, kind, says) in [
            (u64::MAX, EntryType::Regular, "no possible size"),
            (1 << 50, EntryType::Regular, "ends early"),
            (1 << 50, EntryType::GNULongName, "no possible length"),
            (1 << 19, EntryType::GNULongName, "ends early"),
        ] {
            let bytes = archive(&[one.clone(), block("big.log", kind, size, &|_| ()), entry("more.log", EntryType::Regular, b"more")]);
            let (found, failed) = logs(bytes);
            assert_eq!(found[0], pair("one.log", "one"));
            assert!(failed.as_ref().is_some_and(|failed| failed.contains(says)), "{size} {kind:?} {failed:?}");
        }
        let (found, failed) = logs([one.clone(), vec![b'x'; BLOCK]].concat());
        assert!(found.len() == 1 && failed.unwrap().contains("damaged at byte"));
    }

    #[test]
    fn cut_or_damaged_anywhere_it_ends_with_a_word() {
        let whole = archive(&[entry("one.log", EntryType::Regular, b"one"), entry("two.log", EntryType::Regular, &b"two\n".repeat(300))]);
        let all = logs(whole.clone()).0;
        for length in 1..whole.len() - 2 * BLOCK {
            let (found, failed) = logs(whole[..length].to_vec());
            assert!(failed.is_some(), "cut to {length}");
            assert!(found.iter().zip(&all).all(|(cut, all)| cut.0 == all.0 && all.1.starts_with(&cut.1)), "cut to {length}: {found:?}");
        }
        for at in 0..BLOCK {
            for bit in 0..8 {
                let mut bad = whole.clone();
                bad[at] ^= 1 << bit;
                logs(bad);
            }
        }
    }

    #[test]
    fn an_archive_that_holds_an_archive() {
        let inner = archive(&[entry("access.log", EntryType::Regular, b"inner")]);
        let outer = archive(&[entry("inner.log", EntryType::Regular, &inner), entry("access.log", EntryType::Regular, b"outer")]);
        assert_eq!(logs(outer.clone()).0, [pair("inner.log", ""), pair("access.log", "outer")]);
        let (mut joined, mut text) = (Joined::of(Box::new(Cursor::new(outer))), Vec::new());
        assert!(joined.read_to_end(&mut text).unwrap_err().to_string().contains("an archive in the tar archive"));
        assert_eq!(text, b"outer\n");
    }
}
