//! From an argument to the files that it means: a file, a directory, a pattern, `-`.

use super::{InputError, Origin};
use std::fs;
use std::path::{Path, PathBuf};

/// The inputs of one argument, rotated files before the ones that they were rotated from.
///
/// # Errors
/// When nothing is there.
pub fn find(argument: &str) -> Result<Vec<Origin>, InputError> {
    if argument == "-" {
        return Ok(vec![Origin::Stdin]);
    }
    let path = Path::new(argument);
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => logs_in(path),
        Ok(_) => Ok(vec![Origin::File(path.to_owned())]),
        Err(_) if argument.contains(['*', '?', '[']) => matching(argument),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(InputError::Missing(path.to_owned())),
        Err(error) => Err(InputError::Io { path: argument.to_owned(), error }),
    }
}

/// The access logs of a directory; where none is called so, everything that ends like a log, save error logs.
fn logs_in(folder: &Path) -> Result<Vec<Origin>, InputError> {
    let entries = fs::read_dir(folder).map_err(|error| InputError::Io { path: folder.display().to_string(), error })?;
    let files: Vec<PathBuf> = entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.is_file()).collect();
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let visible = |path: &&PathBuf| !name(path).starts_with('.');
    let access: Vec<PathBuf> = files.iter().filter(visible).filter(|p| name(p).contains("access")).cloned().collect();
    let chosen = if access.is_empty() {
        files.iter().filter(visible).filter(|p| name(p).contains(".log") && !name(p).contains("error")).cloned().collect()
    } else {
        access
    };
    in_order(chosen).ok_or_else(|| InputError::NoLogs(folder.to_owned()))
}

fn matching(pattern: &str) -> Result<Vec<Origin>, InputError> {
    let paths = glob::glob(pattern).map_err(|_| InputError::NoMatch(pattern.to_owned()))?;
    in_order(paths.filter_map(Result::ok).filter(|p| p.is_file()).collect()).ok_or_else(|| InputError::NoMatch(pattern.to_owned()))
}

/// Oldest first: of one log the highest rotation number first, the file still written last.
fn in_order(mut paths: Vec<PathBuf>) -> Option<Vec<Origin>> {
    paths.sort_by_cached_key(|path| {
        let name = path.to_string_lossy().into_owned();
        let bare = name.trim_end_matches(".gz").trim_end_matches(".zst").to_owned();
        let (stem, number) = match bare.rsplit_once('.') {
            Some((stem, digits)) if digits.parse::<u32>().is_ok() => (stem.to_owned(), digits.parse().unwrap_or(0)),
            _ => (bare, 0u32),
        };
        (stem, std::cmp::Reverse(number), name)
    });
    (!paths.is_empty()).then(|| paths.into_iter().map(Origin::File).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_logs_come_oldest_first() {
        let paths = ["access.log", "access.log.1", "access.log.10.gz", "access.log.2.gz"].map(PathBuf::from).to_vec();
        let names: Vec<String> = in_order(paths).unwrap().iter().map(Origin::name).collect();
        assert_eq!(names, ["access.log.10.gz", "access.log.2.gz", "access.log.1", "access.log"]);
    }
}
