//! Patterns of paths, by their segments. What a pattern may say stands in `signatures.toml`.

use hashbrown::{HashMap, HashSet};

/// More segments than any pattern speaks of.
const MOST: usize = 12;

/// The segments of a folded path, empty ones left out.
pub(super) struct Segments<'a> {
    held: [&'a [u8]; MOST],
    count: usize,
}

impl<'a> Segments<'a> {
    /// Of a path without query.
    pub(super) fn of(path: &'a [u8]) -> Self {
        let mut segments = Self { held: [b""; MOST], count: 0 };
        for segment in path.split(|&b| b == b'/').filter(|s| !s.is_empty()) {
            // The last one matters even where there are too many.
            segments.held[segments.count.min(MOST - 1)] = segment;
            segments.count = (segments.count + 1).min(MOST);
        }
        segments
    }

    /// All of them.
    pub(super) fn all(&self) -> &[&'a [u8]] {
        &self.held[..self.count]
    }

    /// The last one, empty for the root.
    pub(super) fn last(&self) -> &'a [u8] {
        self.all().last().copied().unwrap_or(b"")
    }

    /// Nothing stands behind the last one.
    fn is(&self, count: usize) -> bool {
        self.count == count
    }
}

/// What a rooted pattern says of what is behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behind {
    Anything,
    Nothing,
    Letters,
}

struct Rooted {
    segments: Vec<&'static [u8]>,
    behind: Behind,
}

impl Rooted {
    fn new(pattern: &'static str) -> Self {
        let (pattern, behind) = match (pattern.strip_suffix('$'), pattern.strip_suffix('*')) {
            (Some(bare), _) => (bare, Behind::Nothing),
            (_, Some(bare)) => (bare, Behind::Letters),
            _ => (pattern, Behind::Anything),
        };
        Self { segments: pattern.split('/').filter(|s| !s.is_empty()).map(str::as_bytes).collect(), behind }
    }

    fn matches(&self, path: &Segments) -> bool {
        let Some((last, before)) = self.segments.split_last() else { return false };
        let Some(here) = path.all().get(..self.segments.len()) else { return false };
        let ends = if self.behind == Behind::Letters { here[before.len()].starts_with(last) } else { here[before.len()] == *last };
        ends && here[..before.len()] == *before && (self.behind != Behind::Nothing || path.is(self.segments.len()))
    }
}

/// A list of patterns, ready to be asked.
pub(super) struct Patterns {
    names: HashSet<&'static [u8]>,
    starts: Vec<&'static [u8]>,
    ends: Vec<&'static [u8]>,
    /// By their first segment.
    rooted: HashMap<&'static [u8], Vec<Rooted>>,
    /// Those whose first segment may go on.
    open: Vec<Rooted>,
}

impl Patterns {
    /// Of a list.
    pub(super) fn new(list: &[&'static str]) -> Self {
        let mut patterns = Self { names: HashSet::new(), starts: Vec::new(), ends: Vec::new(), rooted: HashMap::new(), open: Vec::new() };
        for pattern in list {
            if pattern.starts_with('/') {
                let rooted = Rooted::new(pattern);
                match rooted.segments[..] {
                    [_] if rooted.behind == Behind::Letters => patterns.open.push(rooted),
                    [first, ..] => patterns.rooted.entry(first).or_default().push(rooted),
                    [] => {}
                }
            } else if let Some(end) = pattern.strip_prefix('*') {
                patterns.ends.push(end.as_bytes());
            } else if let Some(start) = pattern.strip_suffix('*') {
                patterns.starts.push(start.as_bytes());
            } else {
                patterns.names.insert(pattern.as_bytes());
            }
        }
        patterns
    }

    /// Whether one of them speaks of a path.
    pub(super) fn speak_of(&self, path: &Segments) -> bool {
        let Some(first) = path.all().first() else { return false };
        let last = path.last();
        path.all().iter().any(|s| self.names.contains(s) || self.starts.iter().any(|start| s.starts_with(start)))
            || self.ends.iter().any(|end| last.ends_with(end))
            || self.rooted.get(first).is_some_and(|list| list.iter().any(|r| r.matches(path)))
            || self.open.iter().any(|r| r.matches(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_say_what_the_list_says() {
        let patterns = Patterns::new(&[".git", ".env.*", "*.sql", "/solr", "/shell$", "/a/b*", "/pma*"]);
        for (path, hit) in [
            ("/", false),
            ("/x/.git/config", true),
            ("/.gitignore", false),
            ("/.env.local", true),
            ("/.environment", false),
            ("/db/dump.sql", true),
            ("/dump.sql/x", false),
            ("/solr", true),
            ("//solr//admin/", true),
            ("/solr2", false),
            ("/x/solr", false),
            ("/shell/", true),
            ("/shell/x", false),
            ("/a/bcd/e", true),
            ("/a/c", false),
            ("/a", false),
            ("/pma4.8/x", true),
        ] {
            assert_eq!(patterns.speak_of(&Segments::of(path.as_bytes())), hit, "{path}");
        }
        let deep = format!("{}/.git", "/x".repeat(40));
        assert!(patterns.speak_of(&Segments::of(deep.as_bytes())));
    }
}
