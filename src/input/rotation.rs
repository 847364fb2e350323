//! What the names of rotated logs say: which log they belong to, and which of them is older.
//!
//! ```text
//! access.log                       the log itself
//! access.log.1   access.log.2.gz   numbered: the higher, the older
//! access.log-20250614.zst          dated behind the name
//! access-20250614.log              dated inside it
//! access.log.2025-06-14_12.xz      to the hour
//! ```
//!
//! Names only tell which files are one set, and their order where the lines have no time.

use std::borrow::Cow;

/// Where a file stands among those of its log; less is older.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Age {
    /// By the digits of a date.
    Dated(String),
    /// By a number that grows with the age.
    Numbered(std::cmp::Reverse<u64>),
    /// Still written, or not rotated at all.
    Current,
}

/// Endings that compression adds.
const PACKED: &[&str] = &[".gz", ".zst", ".bz2", ".xz", ".z"];

/// The log that a file belongs to, by its name without rotation and compression, and its age.
pub fn rotation(name: &str) -> (String, Age) {
    let name = name.strip_prefix("./").unwrap_or(name);
    let (folder, mut file) = name.split_at(name.rfind('/').map_or(0, |slash| slash + 1));
    while let Some(bare) = PACKED.iter().find_map(|ending| strip_ending(file, ending)) {
        file = bare;
    }
    if let Some((stem, age)) = behind(file) {
        return (format!("{folder}{stem}"), age);
    }
    // A date may stand before the ending, but not a number: server-1.log and server-2.log are two logs.
    if let Some((stem, ending)) = file.rsplit_once('.')
        && let Some((stem, age @ Age::Dated(_))) = behind(stem)
    {
        return (format!("{folder}{stem}.{ending}"), age);
    }
    (format!("{folder}{file}"), Age::Current)
}

fn strip_ending<'n>(name: &'n str, ending: &str) -> Option<&'n str> {
    let cut = name.len().checked_sub(ending.len()).filter(|&cut| cut > 0 && name.is_char_boundary(cut))?;
    name[cut..].eq_ignore_ascii_case(ending).then(|| &name[..cut])
}

/// A rotation at the end of a name.
fn behind(name: &str) -> Option<(&str, Age)> {
    let separator = |c: char| matches!(c, '.' | '-' | '_');
    let of_date = |c: char| c.is_ascii_digit() || separator(c) || matches!(c, 'T' | 'Z' | ':' | '+');
    let run = name.len() - name.chars().rev().take_while(|&c| of_date(c)).count();
    // The longest ending first: the day before the hour.
    for (at, _) in name[run..].match_indices(separator).map(|(at, text)| (run + at, text)).filter(|&(at, _)| at > 0) {
        let digits: Cow<str> = name[at + 1..].chars().filter(char::is_ascii_digit).collect();
        if name[at + 1..].starts_with(|c: char| c.is_ascii_digit()) && is_date(&digits) {
            return Some((&name[..at], Age::Dated(digits.into_owned())));
        }
    }
    let (stem, number) = name.rsplit_once(['.', '-'])?;
    let short = !stem.is_empty() && (1..=6).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    short.then(|| number.parse().ok()).flatten().map(|number| (stem, Age::Numbered(std::cmp::Reverse(number))))
}

/// Year, month and day at the start, or the ten digits of seconds since 1970, as rotatelogs writes them.
fn is_date(digits: &str) -> bool {
    let number = |range: std::ops::Range<usize>| digits.get(range).and_then(|part| part.parse::<u32>().ok());
    let day = matches!(number(0..4), Some(1990..=2999)) && matches!(number(4..6), Some(1..=12)) && matches!(number(6..8), Some(1..=31));
    day || digits.len() == 10 && digits.starts_with('1')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_log() {
        for name in [
            "access.log",
            "./access.log",
            "access.log.1",
            "access.log.10.gz",
            "access.log-20250614",
            "access.log-20250614.zst",
            "access-20250614.log",
            "access-2025-06-14.log.GZ",
            "access.log.2025-06-14_12.xz",
            "access.log.20250101-120000.gz",
            "access.log-20250614-1749859200.bz2",
            "access.log.1749859200",
            "access.log.2025-06-14T12:30:00Z",
        ] {
            assert_eq!(rotation(name).0, "access.log", "{name}");
        }
        for name in ["server-1.log", "0.log", "a/b.c/access", "20250614.log", "access_log", "é.log", ".gz", "", "/", "x/1"] {
            assert_eq!(rotation(name), (name.to_owned(), Age::Current));
        }
        assert_eq!(rotation("pods/a/0.log.20250101-120000.gz").0, "pods/a/0.log");
        assert_eq!(rotation("logs.tar.gz:var/log/access.log.1").0, "logs.tar.gz:var/log/access.log");
    }

    #[test]
    fn the_oldest_is_the_least() {
        let ordered = |names: &[&str]| names.windows(2).all(|pair| rotation(pair[0]) < rotation(pair[1]));
        assert!(ordered(&["access.log.10.gz", "access.log.2.gz", "access.log.1", "access.log"]));
        assert!(ordered(&["access.log-20250614.gz", "access.log-20250615", "access.log"]));
        assert!(ordered(&["access.log.2025-06-14_11.xz", "access.log.2025-06-14_12.xz", "access.log.2025-06-15_00", "access.log"]));
    }
}
