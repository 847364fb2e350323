//! The path of a log as a configuration states it, with variables in it, and how well the path of a file fits it.
//!
//! Logs are read where they were written, or from a copy elsewhere: so paths are compared from their end, and the file's name
//! alone is enough.

/// A path with gaps that variables leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LogPath {
    /// Its parts from the last to the first, each as the texts between its gaps.
    parts: Vec<Box<[Box<str>]>>,
}

/// How much of a path fits: more is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fits {
    /// Parts that agree, counted from the end.
    parts: usize,
    /// Bytes of the file's name that the configuration states.
    stated: usize,
}

impl LogPath {
    /// A path in which `$name` and `${name}` stand for any text. `None` when it says nothing of the file's name.
    pub(super) fn new(path: &str) -> Option<Self> {
        Self::of(path, false)
    }

    /// The same for a program that writes logs, in which `%Y` and the like stand for any text too.
    pub(super) fn with_times(path: &str) -> Option<Self> {
        Self::of(path, true)
    }

    fn of(path: &str, times: bool) -> Option<Self> {
        // A variable in braces may hold a slash only as text that is none: `${name}` has letters.
        let parts: Vec<_> = path.rsplit('/').filter(|part| !matches!(*part, "" | ".")).map(|part| texts(part, times)).collect();
        let says_something = parts.first()?.iter().any(|text| text.contains(|c: char| c.is_alphanumeric()));
        says_something.then_some(Self { parts })
    }

    /// How well a file's path fits.
    pub(super) fn fits(&self, file: &FilePath<'_>) -> Option<Fits> {
        let (name, folders) = self.parts.split_first()?;
        if !file.names.iter().any(|n| is_like(name, n)) {
            return None;
        }
        let more = folders.iter().zip(&file.folders).take_while(|(part, folder)| is_like(part, folder)).count();
        Some(Fits { parts: 1 + more, stated: name.iter().map(|text| text.len()).sum() })
    }
}

/// The path of a file that may be a log.
pub(super) struct FilePath<'p> {
    /// Its name, and what this was before rotation.
    names: Vec<String>,
    /// Its folders, from the last to the first.
    folders: Vec<&'p str>,
}

impl<'p> FilePath<'p> {
    pub(super) fn new(path: &'p str) -> Self {
        let mut parts = path.rsplit('/').filter(|part| !matches!(*part, "" | "."));
        Self { names: parts.next().map(unrotated).unwrap_or_default(), folders: parts.collect() }
    }
}

/// The texts between the gaps of one part.
fn texts(part: &str, times: bool) -> Box<[Box<str>]> {
    let (mut texts, mut text, mut rest) = (Vec::new(), String::new(), part);
    while let Some(c) = rest.chars().next() {
        let gap = match c {
            '$' if rest[1..].starts_with('{') => rest.find('}').map_or(rest.len(), |at| at + 1),
            '$' => 1 + rest[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len() - 1),
            '%' if times => rest.len().min(1 + rest[1..].chars().next().map_or(0, char::len_utf8)),
            _ => 0,
        };
        if gap == 0 {
            text.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            texts.push(std::mem::take(&mut text).into());
            rest = &rest[gap..];
        }
    }
    texts.push(text.into());
    texts.into()
}

/// Whether a name begins with the first text, ends with the last, and has the others between, in their order.
fn is_like(texts: &[Box<str>], name: &str) -> bool {
    match texts {
        [] => false,
        [only] => **only == *name,
        [first, middle @ .., last] => {
            let Some(mut rest) = name.strip_prefix(&**first).and_then(|rest| rest.strip_suffix(&**last)) else { return false };
            for text in middle {
                let Some(at) = rest.find(&**text) else { return false };
                rest = &rest[at + text.len()..];
            }
            true
        }
    }
}

/// Endings of compressed and of kept files.
const KEPT: &[&str] = &[".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip", ".Z", ".old"];

/// A file's name, and what it may have been before rotation: `access.log.2.gz`, `access.log-20250614`,
/// `access-2025-06-14.log` were all `access.log`.
fn unrotated(name: &str) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    let plain = KEPT.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    names.push(plain.to_owned());
    names.extend(without_number(plain).map(str::to_owned));
    if let Some((stem, extension)) = plain.rsplit_once('.').filter(|(_, x)| x.chars().all(|c| c.is_ascii_alphabetic())) {
        names.extend(without_number(stem).map(|stem| format!("{stem}.{extension}")));
    }
    names
}

/// What stands before a number or a date at the end.
fn without_number(name: &str) -> Option<&str> {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '_'));
    let number = &name[stem.len()..];
    (!stem.is_empty() && number.starts_with(['.', '-', '_']) && number.ends_with(|c: char| c.is_ascii_digit())).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(path: &str, file: &str) -> Option<usize> {
        LogPath::new(path)?.fits(&FilePath::new(file)).map(|fits| fits.parts)
    }

    #[test]
    fn paths_agree_from_their_end() {
        let path = "/var/log/nginx/access.log";
        assert_eq!(fits(path, "/var/log/nginx/access.log"), Some(4));
        assert_eq!(fits(path, "/home/jane/copy/nginx/access.log"), Some(2));
        assert_eq!(fits(path, "access.log"), Some(1));
        assert_eq!(fits(path, "/var/log/nginx/other.log"), None);
        assert_eq!(fits("logs/access.log", "/usr/share/nginx/logs/access.log"), Some(2));
    }

    #[test]
    fn rotated_names_are_those_that_they_were() {
        for name in ["access.log.1", "access.log.2.gz", "access.log-20250614", "access.log-20250614.gz", "access.log.2025-06-14.zst"] {
            assert_eq!(fits("/x/access.log", name), Some(1), "{name}");
        }
        for name in ["access-20250614.log", "access.2025-06-14.log.gz", "access.log.old", "access.log.1718323200"] {
            assert_eq!(fits("access.log", name), Some(1), "{name}");
        }
        for name in ["access2.log", "access.log.bak", "my-access.log", "access.log1", "access.log.", "20250614"] {
            assert_eq!(fits("access.log", name), None, "{name}");
        }
    }

    #[test]
    fn variables_are_any_text() {
        assert_eq!(fits("/var/log/nginx/$host.access.log", "/var/log/nginx/www.example.com.access.log.1"), Some(4));
        assert_eq!(fits("/var/log/${host}/a-${x}b.log", "/var/log/y/a-1b.log"), Some(4));
        assert_eq!(fits("/var/log/${host}/a-${x}b.log", "a-1c.log"), None);
        assert_eq!(fits("$path", "access.log"), None);
        assert_eq!(fits("/var/log/${unclosed", "access.log"), None);
        assert!(LogPath::with_times("/l/access_log.%Y%m%d").unwrap().fits(&FilePath::new("/l/access_log.20250614")).is_some());
        assert!(LogPath::with_times("/l/%Y/access_log%").unwrap().fits(&FilePath::new("/l/access_log")).is_some());
    }

    #[test]
    fn the_name_that_says_more_fits_better() {
        let best = |path: &str| LogPath::new(path).unwrap().fits(&FilePath::new("/l/api.access.log"));
        assert!(best("/l/api.access.log") > best("/l/$host.access.log"));
        assert!(best("/l/$host.access.log") > best("/m/api.access.log"));
    }
}
