//! The only `unsafe` of the crate: mapped files that survive being truncated.
//!
//! A log may be cut while it is read: logrotate's `copytruncate` does that. Touching a mapped page behind the new end raises
//! SIGBUS, which kills. So a handler stands ready: a fault inside one of our maps puts empty pages over the lost rest of
//! it and notes the cut; a fault anywhere else falls back to what the system does. The reader sees NUL bytes, asks
//! [`Map::cut`], and reports what was there before.
//!
//! Contract of a [`Map`]: its bytes may change while they are looked at, as another process may write to the file. Nobody
//! may rely on two reads giving the same byte, and nothing here or above does: lines are parsed once, in one pass, with
//! checked indexing throughout.
#![expect(unsafe_code, reason = "mapping a file and handling SIGBUS cannot be done without")]

use memmap2::Mmap;
use std::fs::File;
use std::io;
use std::ops::Deref;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

/// A mapped regular file.
#[derive(Debug)]
pub struct Map {
    map: Option<Mmap>,
    file: File,
    entry: &'static Entry,
}

/// A map in the list that the signal handler walks. Entries are never freed, only emptied: the handler may be looking.
#[derive(Debug)]
struct Entry {
    start: AtomicUsize,
    length: AtomicUsize,
    cut: AtomicBool,
    next: AtomicPtr<Entry>,
}

static LIST: AtomicPtr<Entry> = AtomicPtr::new(std::ptr::null_mut());

impl Map {
    /// Maps a whole file for reading.
    ///
    /// # Errors
    /// When the system refuses, as it does for files that cannot be mapped.
    pub fn of(file: &File) -> io::Result<Self> {
        static HANDLER: Once = Once::new();
        HANDLER.call_once(install);
        let file = file.try_clone()?;
        let length = file.metadata()?.len();
        // SAFETY: the map is read-only and its bytes are only ever read as plain `u8`s, for which any value is valid. That
        // another process changes them is part of this type's contract; that pages vanish is handled below.
        let map = if length == 0 { None } else { Some(unsafe { Mmap::map(&file)? }) };
        let (start, length) = map.as_ref().map_or((0, 0), |m| (m.as_ptr() as usize, m.len()));
        Ok(Self { map, file, entry: register(start, length) })
    }

    /// The length at which the file was cut since it was mapped, if it was.
    pub fn cut(&self) -> Option<usize> {
        let now = self.file.metadata().map_or(usize::MAX, |m| usize::try_from(m.len()).unwrap_or(usize::MAX));
        (self.entry.cut.load(Ordering::Relaxed) || now < self.len()).then(|| now.min(self.len()))
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.map.as_deref().unwrap_or_default()
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        self.entry.length.store(0, Ordering::Relaxed);
    }
}

fn register(start: usize, length: usize) -> &'static Entry {
    let entry = Box::leak(Box::new(Entry {
        start: AtomicUsize::new(start),
        length: AtomicUsize::new(length),
        cut: AtomicBool::new(false),
        next: AtomicPtr::new(LIST.load(Ordering::Acquire)),
    }));
    let new: *mut Entry = entry;
    while let Err(now) = LIST.compare_exchange(entry.next.load(Ordering::Relaxed), new, Ordering::AcqRel, Ordering::Acquire) {
        entry.next.store(now, Ordering::Relaxed);
    }
    entry
}

fn install() {
    // SAFETY: `action` is a valid, zeroed `sigaction` with a handler of the type that SA_SIGINFO asks for.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_fault as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut());
    }
}

/// Runs inside the signal: atomics, `mmap` and `sigaction` only, no allocation, no lock.
extern "C" fn on_fault(_signal: libc::c_int, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a valid `info`, and for SIGBUS it holds the address.
    let address = unsafe { (*info).si_addr() } as usize;
    let mut entry = LIST.load(Ordering::Acquire);
    while !entry.is_null() {
        // SAFETY: entries are leaked boxes, so that every pointer in the list stays valid.
        let here = unsafe { &*entry };
        let (start, length) = (here.start.load(Ordering::Relaxed), here.length.load(Ordering::Relaxed));
        if (start..start + length).contains(&address) {
            let page = address & !(PAGE - 1);
            // SAFETY: the range lies inside a map of ours, page-aligned; replacing its lost pages by empty ones keeps every
            // reference into it valid.
            let patched = unsafe {
                libc::mmap(
                    page as *mut libc::c_void,
                    start + length - page,
                    libc::PROT_READ,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE,
                    -1,
                    0,
                )
            };
            if patched != libc::MAP_FAILED {
                here.cut.store(true, Ordering::Relaxed);
                return;
            }
        }
        entry = here.next.load(Ordering::Acquire);
    }
    // Not ours: let the fault happen again with the system's own handling.
    // SAFETY: restoring the default action is always allowed.
    unsafe {
        libc::signal(libc::SIGBUS, libc::SIG_DFL);
    }
}

/// The smallest page of the systems that this runs on; a larger one is only patched again.
const PAGE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_cut_under_the_map_reads_as_empty_and_says_so() {
        let path = std::env::temp_dir().join(format!("logcodes-cut-{}", std::process::id()));
        let mut file = File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
        file.write_all(&vec![b'x'; 64 * 1024]).unwrap();
        let map = Map::of(&file).unwrap();
        assert_eq!((map[0], map.cut()), (b'x', None));
        file.set_len(8 * 1024).unwrap();
        assert_eq!(memchr::memchr_iter(b'x', &map).count(), 8 * 1024);
        assert_eq!(map.cut(), Some(8 * 1024));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn an_empty_file_is_an_empty_map() {
        let path = std::env::temp_dir().join(format!("logcodes-empty-{}", std::process::id()));
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
        assert!(Map::of(&file).unwrap().is_empty());
        std::fs::remove_file(&path).unwrap();
    }
}
