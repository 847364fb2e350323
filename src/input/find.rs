//! From arguments to the files that they mean: a file, a directory, a pattern, `-`.

use super::{InputError, Origin, rotation};
use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// The inputs of all arguments.
#[derive(Debug, Default)]
pub struct Found {
    /// Every file once, in the order of the arguments.
    pub origins: Vec<Origin>,
    /// What was passed over, in words.
    pub warnings: Vec<String>,
}

/// The inputs that arguments mean; each file once, by whatever names it comes.
///
/// # Errors
/// When nothing is there, or standard input is named twice.
pub fn find(arguments: &[PathBuf]) -> Result<Found, InputError> {
    let mut search = Search::default();
    for argument in arguments {
        search.argument(argument)?;
    }
    Ok(search.found())
}

/// Names of standard input.
const STDIN: &[&str] = &["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

#[derive(Default)]
struct Search {
    origins: Vec<Origin>,
    stdin: bool,
    /// The places in `origins` of the files found so far, by device and number.
    seen: HashMap<(u64, u64), usize>,
    /// A name more, and the first one.
    again: Vec<(String, String)>,
    unreadable: Vec<String>,
}

impl Search {
    fn argument(&mut self, path: &Path) -> Result<(), InputError> {
        if STDIN.iter().any(|name| path == Path::new(name)) && std::mem::replace(&mut self.stdin, true) {
            return Err(InputError::StdinTwice);
        }
        if path == Path::new("-") {
            self.origins.push(Origin::Stdin);
            return Ok(());
        }
        let pattern = path.to_str().filter(|text| text.contains(['*', '?', '[']));
        match (fs::metadata(path), pattern) {
            (Ok(meta), _) if meta.is_dir() => self.directory(path),
            (Ok(meta), _) => {
                self.add(Origin::File(path.to_owned()), &meta);
                Ok(())
            }
            (Err(_), Some(pattern)) => self.pattern(pattern),
            (Err(error), None) if error.kind() == std::io::ErrorKind::NotFound => Err(InputError::Missing(path.to_owned())),
            (Err(error), None) => Err(InputError::Io { path: path.display().to_string(), error }),
        }
    }

    /// All logs in a directory and the directories in it. Links to files are followed, those to directories are not: what they
    /// lead to is either here anyway, or was not asked for.
    fn directory(&mut self, folder: &Path) -> Result<(), InputError> {
        fs::read_dir(folder).map_err(|error| InputError::Io { path: folder.display().to_string(), error })?;
        let mut logs = Vec::new();
        for entry in WalkDir::new(folder).min_depth(1).into_iter().filter_entry(|entry| !is_hidden(entry)) {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => logs.extend(is_log(&entry.file_name().to_string_lossy()).then(|| entry.into_path())),
                Err(error) => self.unreadable.push(error.to_string()),
            }
        }
        if self.all(logs) { Ok(()) } else { Err(InputError::NoLogs(folder.to_owned())) }
    }

    fn pattern(&mut self, pattern: &str) -> Result<(), InputError> {
        let paths = glob::glob(pattern).map_err(|_| InputError::NoMatch(pattern.to_owned()))?;
        if self.all(paths.filter_map(Result::ok).collect()) { Ok(()) } else { Err(InputError::NoMatch(pattern.to_owned())) }
    }

    /// Adds the regular files among these, of one log the oldest first; false if there are none.
    fn all(&mut self, mut paths: Vec<PathBuf>) -> bool {
        paths.sort_by_cached_key(|path| (rotation(&path.to_string_lossy()), path.clone()));
        let mut any = false;
        for path in paths {
            match fs::metadata(&path) {
                Ok(meta) if meta.is_file() => {
                    any = true;
                    self.add(Origin::Found(path), &meta);
                }
                Ok(_) => {}
                Err(error) => self.unreadable.push(format!("{}: {error}", path.display())),
            }
        }
        any
    }

    fn add(&mut self, origin: Origin, meta: &Metadata) {
        let next = self.origins.len();
        match *self.seen.entry((meta.dev(), meta.ino())).or_insert(next) {
            first if first < next => {
                let before = &mut self.origins[first];
                self.again.push((origin.name(), before.name()));
                // What is named once counts as named.
                if matches!(origin, Origin::File(_)) && matches!(before, Origin::Found(_)) {
                    *before = origin;
                }
            }
            _ => self.origins.push(origin),
        }
    }

    fn found(self) -> Found {
        let mut warnings = Vec::new();
        if let [(name, first), more @ ..] = self.again.as_slice() {
            let more = if more.is_empty() { String::new() } else { format!(", and so it is with {} more", more.len()) };
            warnings.push(format!("{name} is the same file as {first}, so it is read once{more}"));
        }
        if !self.unreadable.is_empty() {
            warnings.push(format!("{}; left out", some_of(&self.unreadable, "; ")));
        }
        Found { origins: self.origins, warnings }
    }
}

/// Up to three of several names, and how many more there are.
pub fn some_of(names: &[String], between: &str) -> String {
    let shown = names[..names.len().min(3)].join(between);
    if names.len() > 3 { format!("{shown} and {} more", names.len() - 3) } else { shown }
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// What is called access or ends like a log, error logs left out; and archives that are called after logs.
pub(super) fn is_log(path: &str) -> bool {
    let hidden = path.split('/').any(|part| part.starts_with('.') && !matches!(part, "." | ".."));
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let archive = name.contains(".tar") || name.contains(".tgz");
    !hidden && !name.contains("error") && (name.contains("access") || name.contains(".log") || archive && name.contains("log"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_told_by_their_names() {
        for name in
            ["access.log", "x/access_log", "0.log", "0.log.20250101-120000.gz", "Access.LOG.1", "logs.tar.gz", "nginx-logs.tgz", "./a.log"]
        {
            assert!(is_log(name), "{name}");
        }
        for name in ["error.log", "error.log.1.gz", ".access.log", "x/.git/a.log", "._access.log", "backup.tar", "syslog", "index.html", ""]
        {
            assert!(!is_log(name), "{name}");
        }
    }
}
