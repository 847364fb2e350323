//! The user's own routes: `/users/{id}`, `/files/*`.

/// A pattern of segments. `{name}` and `*` stand for one segment, a last `**` or `{name...}` for any number of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    route: String,
    segments: Vec<Segment>,
    open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Any,
}

/// What is wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Routes are paths.
    #[error("the route '{0}' must begin with '/', as in /users/{{id}}")]
    NoSlash(String),
    /// `**` and `{name...}` swallow everything behind them.
    #[error("in the route '{0}' only the last segment may stand for several")]
    OpenInside(String),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When the text does not begin with `/`, or has an open segment before its last.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let Some(path) = text.strip_prefix('/') else {
            return Err(PatternError::NoSlash(text.to_owned()));
        };
        let mut segments = Vec::new();
        let mut open = false;
        for part in path.split('/') {
            if open {
                return Err(PatternError::OpenInside(text.to_owned()));
            }
            if part == "**" || (part.starts_with('{') && part.ends_with("...}")) {
                open = true;
            } else if part == "*" || (part.starts_with('{') && part.ends_with('}')) {
                segments.push(Segment::Any);
            } else {
                segments.push(Segment::Literal(part.to_owned()));
            }
        }
        Ok(Self { route: text.to_owned(), segments, open })
    }

    /// The text that stands in reports.
    pub fn route(&self) -> &str {
        &self.route
    }

    /// Whether a path, without its query, is of this route.
    pub fn matches(&self, path: &[u8]) -> bool {
        let Some(path) = path.strip_prefix(b"/") else { return false };
        let mut parts = path.split(|&b| b == b'/');
        for segment in &self.segments {
            let Some(part) = parts.next() else { return false };
            match segment {
                Segment::Literal(text) if text.as_bytes() != part => return false,
                Segment::Any if part.is_empty() => return false,
                _ => {}
            }
        }
        self.open || parts.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_matched_one_by_one() {
        let matches = |pattern: &str, path: &str| Pattern::parse(pattern).unwrap().matches(path.as_bytes());
        assert!(matches("/users/{id}", "/users/alice"));
        assert!(!matches("/users/{id}", "/users/alice/orders"));
        assert!(!matches("/users/{id}", "/users/"));
        assert!(matches("/files/**", "/files/a/b/c"));
        assert!(matches("/files/{rest...}", "/files/a"));
        assert!(matches("/", "/"));
        assert!(!matches("/", "/a"));
    }

    #[test]
    fn bad_patterns_are_refused() {
        assert_eq!(Pattern::parse("users"), Err(PatternError::NoSlash("users".into())));
        assert_eq!(Pattern::parse("/a/**/b"), Err(PatternError::OpenInside("/a/**/b".into())));
    }
}
