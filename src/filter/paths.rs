//! `/api` and `/api/*/orders`: paths by prefix, pattern or part.

use super::FilterError;
use globset::{GlobBuilder, GlobMatcher};

/// A list of paths.
#[derive(Clone, Debug)]
pub struct PathFilter {
    default: bool,
    parts: Vec<(bool, Matcher)>,
}

#[derive(Clone, Debug)]
enum Matcher {
    /// This path, and what is below it.
    Below(Vec<u8>),
    /// The whole path is of this pattern.
    Glob(GlobMatcher),
    /// The path holds this text.
    Part(Vec<u8>),
}

impl PathFilter {
    /// Parts separated by commas, `!` takes out. `/api` is that path and all below it; with `*`, `?` or `[` the part is a
    /// pattern of the whole path; anything else is looked for within the path.
    ///
    /// # Errors
    /// When there is no part, or a pattern is broken.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parts = Vec::new();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (inside, path) = match part.strip_prefix('!') {
                Some(rest) => (false, rest),
                None => (true, part),
            };
            let matcher = if path.contains(['*', '?', '[']) {
                let glob =
                    GlobBuilder::new(path).literal_separator(false).build().map_err(|e| FilterError(format!("'{part}': {}", e.kind())))?;
                Matcher::Glob(glob.compile_matcher())
            } else if path.starts_with('/') {
                Matcher::Below(path.trim_end_matches('/').into())
            } else {
                Matcher::Part(path.into())
            };
            parts.push((inside, matcher));
        }
        let Some((first, _)) = parts.first() else {
            return Err(FilterError("the path filter is empty: try /api, /api/*/orders or !/healthz".into()));
        };
        Ok(Self { default: !first, parts })
    }

    /// Whether a path is in; `None` is a line without a request.
    pub fn accepts(&self, path: Option<&[u8]>) -> bool {
        let Some(path) = path else { return self.default };
        self.parts.iter().rev().find(|(_, m)| m.matches(path)).map_or(self.default, |(inside, _)| *inside)
    }
}

impl Matcher {
    fn matches(&self, path: &[u8]) -> bool {
        match self {
            Self::Below(prefix) => path.strip_prefix(prefix.as_slice()).is_some_and(|rest| matches!(rest.first(), None | Some(b'/'))),
            Self::Glob(glob) => glob.is_match(&*String::from_utf8_lossy(path)),
            Self::Part(part) => memchr::memmem::find(path, part).is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_pattern_and_part() {
        let accepts = |filter: &str, path: &str| PathFilter::parse(filter).unwrap().accepts(Some(path.as_bytes()));
        assert!(accepts("/api", "/api/v1"));
        assert!(accepts("/api/", "/api"));
        assert!(!accepts("/api", "/apiary"));
        assert!(accepts("/api/*/orders", "/api/v1/users/7/orders"));
        assert!(!accepts("/api/*/orders", "/api/v1/orders/7"));
        assert!(accepts("wp-", "/blog/wp-login.php"));
        assert!(!accepts("!/healthz", "/healthz"));
        assert!(accepts("!/healthz", "/"));
        assert!(accepts("/", "/anything"));
    }
}
