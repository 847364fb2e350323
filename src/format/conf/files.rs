//! The files of a configuration on their way through a parser: what is open, what comes next, and when it is too much.
//!
//! Includes are a stack and no recursion. A file that includes itself, or files that include each other so often that it
//! never ends, are told and left out.

use super::Place;
use std::sync::Arc;

/// What an include asks for.
#[derive(Clone, Copy, Debug)]
pub struct Include<'a> {
    /// The file or pattern, as written.
    pub pattern: &'a str,
    /// The file that the include stands in.
    pub from: &'a str,
    /// The folder that the configuration says relative names begin at.
    pub root: Option<&'a str>,
}

/// One file, or why there is none.
#[derive(Debug)]
pub struct Loaded {
    /// Its path.
    pub path: String,
    /// Its text, or what went wrong.
    pub text: Result<String, String>,
}

/// Finds the files that an include means, in the order to read them. A pattern that fits nothing gives none.
pub type Load<'l> = dyn FnMut(&Include<'_>) -> Vec<Loaded> + 'l;

/// Files deep. nginx itself knows no limit, but runs out of file handles.
const DEEPEST: usize = 64;
/// Includes, and files in all, each counted as often as it is included.
const MOST_FILES: usize = 50_000;
/// Bytes in all, those of files that are left out too: a file may ask for itself in every line.
const MOST_BYTES: usize = 128 << 20;
/// Warnings that are kept.
pub(super) const MOST_WARNINGS: usize = 20;

/// A file that is being read.
pub(super) struct File {
    pub(super) path: Arc<str>,
    pub(super) text: String,
    /// Where to read on, in bytes.
    pub(super) at: usize,
    /// The line of that place.
    pub(super) line: u32,
    /// Blocks that were open when the file was begun.
    pub(super) depth: usize,
    begun: bool,
}

impl File {
    fn new(path: &str, text: String) -> Self {
        Self { path: path.into(), text, at: 0, line: 1, depth: 0, begun: false }
    }

    pub(super) fn place(&self, line: u32) -> Place {
        Place { file: self.path.clone(), line }
    }
}

pub(super) struct Files<'f, 'l> {
    load: &'f mut Load<'l>,
    /// The one being read is the last; below it the ones that it was included by, and those that come after it.
    open: Vec<File>,
    asked: usize,
    count: usize,
    bytes: usize,
    warnings: Vec<String>,
}

impl<'f, 'l> Files<'f, 'l> {
    pub(super) fn new(main: &str, text: String, load: &'f mut Load<'l>) -> Self {
        let bytes = text.len();
        Self { load, open: vec![File::new(main, text)], asked: 0, count: 1, bytes, warnings: Vec::new() }
    }

    /// The file to read on, with `depth` blocks open if it is only begun.
    pub(super) fn current(&mut self, depth: usize) -> Option<&mut File> {
        let file = self.open.last_mut()?;
        if !file.begun {
            (file.begun, file.depth) = (true, depth);
        }
        Some(file)
    }

    /// The current file is read.
    pub(super) fn done(&mut self) {
        self.open.pop();
    }

    /// Files read.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    pub(super) fn warn(&mut self, place: &Place, what: &str) {
        match self.warnings.len() {
            0..MOST_WARNINGS => self.warnings.push(format!("{place}: {what}")),
            MOST_WARNINGS => self.warnings.push(format!("{place}: {what}; more of the kind is not told")),
            _ => {}
        }
    }

    pub(super) fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    #[cfg(test)]
    pub(super) fn take_main(mut self) -> File {
        self.open.pop().expect("the main file")
    }

    /// Loads a file beside the configuration that is no part of it; nothing is said if it is not there.
    pub(super) fn beside(&mut self, name: &str) -> Option<String> {
        let from = self.open.last()?.path.clone();
        (self.load)(&Include { pattern: name, from: &from, root: None }).into_iter().find_map(|l| l.text.ok())
    }

    /// Opens what an include means, to be read next. `may_miss` is for includes that need not be there.
    pub(super) fn include(&mut self, place: &Place, pattern: &str, root: Option<&str>, may_miss: bool) {
        if self.open.iter().filter(|f| f.begun).count() >= DEEPEST {
            return self.warn(place, &format!("includes are nested {DEEPEST} deep: '{pattern}' is left out"));
        }
        self.asked += 1;
        if self.asked > MOST_FILES || self.count >= MOST_FILES || self.bytes >= MOST_BYTES {
            return self.warn(place, &format!("the configuration is too large: '{pattern}' is left out"));
        }
        let loaded = (self.load)(&Include { pattern, from: &place.file, root });
        let mut files = Vec::new();
        for Loaded { path, text } in loaded {
            self.bytes += text.as_ref().map_or(0, String::len);
            match text {
                Ok(_) if self.open.iter().any(|f| f.begun && *f.path == *path) => {
                    self.warn(place, &format!("'{path}' is included while it is read, and is left out this time"));
                }
                Ok(text) if text.contains('\0') => self.warn(place, &format!("'{path}' is a binary file, and is left out")),
                Ok(text) if self.count < MOST_FILES && self.bytes <= MOST_BYTES => {
                    self.count += 1;
                    files.push(File::new(&path, text));
                }
                Ok(_) => self.warn(place, &format!("the configuration is too large: '{path}' is left out")),
                Err(_) if may_miss => {}
                Err(error) => self.warn(place, &format!("'{path}' is included and cannot be read: {error}")),
            }
        }
        self.open.extend(files.into_iter().rev());
    }
}
