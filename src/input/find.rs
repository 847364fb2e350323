//! From an argument to the files that it means: a file, a directory, a pattern, `-`.

use super::{InputError, Origin};
use std::fs;
use std::path::{Path, PathBuf};

/// The inputs of one argument, rotated files before the ones that they were rotated from.
///
/// # Errors
/// When nothing is there.
pub fn find(path: &Path) -> Result<Vec<Origin>, InputError> {
    if path == Path::new("-") {
        return Ok(vec![Origin::Stdin]);
    }
    let pattern = path.to_str().filter(|text| text.contains(['*', '?', '[']));
    match (fs::metadata(path), pattern) {
        (Ok(meta), _) if meta.is_dir() => logs_in(path),
        (Ok(_), _) => Ok(vec![Origin::File(path.to_owned())]),
        (Err(_), Some(pattern)) => matching(pattern),
        (Err(error), None) if error.kind() == std::io::ErrorKind::NotFound => Err(InputError::Missing(path.to_owned())),
        (Err(error), None) => Err(InputError::Io { path: path.display().to_string(), error }),
    }
}

/// The logs of a directory: what is called access or ends like a log, error logs left out. Directories in it are not looked
/// into.
fn logs_in(folder: &Path) -> Result<Vec<Origin>, InputError> {
    let entries = fs::read_dir(folder).map_err(|error| InputError::Io { path: folder.display().to_string(), error })?;
    let is_log = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        !name.starts_with('.') && !name.contains("error") && (name.contains("access") || name.contains(".log"))
    };
    let logs = entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.is_file() && is_log(p)).collect();
    in_order(logs).ok_or_else(|| InputError::NoLogs(folder.to_owned()))
}

fn matching(pattern: &str) -> Result<Vec<Origin>, InputError> {
    let paths = glob::glob(pattern).map_err(|_| InputError::NoMatch(pattern.to_owned()))?;
    in_order(paths.filter_map(Result::ok).filter(|p| p.is_file()).collect()).ok_or_else(|| InputError::NoMatch(pattern.to_owned()))
}

/// Oldest first: of one log those rotated by date, then the highest rotation number, the file still written last.
fn in_order(mut paths: Vec<PathBuf>) -> Option<Vec<Origin>> {
    paths.sort_by_cached_key(|path| {
        let name = path.to_string_lossy().into_owned();
        let bare = name.trim_end_matches(".gz");
        let rotation = bare.rsplit_once(['.', '-']).and_then(|(stem, digits)| Some((stem.to_owned(), digits.parse::<i64>().ok()?)));
        match rotation {
            Some((stem, date)) if date > 19_000_000 => (stem, 0, date, name),
            Some((stem, number)) => (stem, 1, -number, name),
            None => (bare.to_owned(), 2, 0, name),
        }
    });
    (!paths.is_empty()).then(|| paths.into_iter().map(Origin::File).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_logs_come_oldest_first() {
        let ordered =
            |names: &[&str]| in_order(names.iter().map(PathBuf::from).collect()).unwrap().iter().map(Origin::name).collect::<Vec<_>>();
        let numbered = ["access.log", "access.log.1", "access.log.10.gz", "access.log.2.gz"];
        assert_eq!(ordered(&numbered), ["access.log.10.gz", "access.log.2.gz", "access.log.1", "access.log"]);
        let dated = ["access.log", "access.log-20250615", "access.log-20250614.gz"];
        assert_eq!(ordered(&dated), ["access.log-20250614.gz", "access.log-20250615", "access.log"]);
    }
}
