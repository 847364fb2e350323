//! From an input's path to the service that it is a log of: by the user's patterns, or by the path itself.
//!
//! Works on paths as text and opens nothing; of the system it asks the working directory alone, for what relative paths mean.

mod auto;

use crate::model::Services;
use globset::{GlobBuilder, GlobMatcher};
use std::path::{Component, Path, PathBuf};

/// What is wrong with a rule's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ServiceError(String);

/// How inputs get their service: the first rule that fits wins.
#[derive(Clone, Debug)]
pub struct ServiceRules(Vec<Rule>);

#[derive(Clone, Debug)]
enum Rule {
    /// The name of what fits the pattern.
    Pattern(String, GlobMatcher),
    /// A name taken from the path.
    Auto,
}

impl ServiceRules {
    /// Rules as texts: `NAME=PATTERN` or `auto`.
    ///
    /// # Errors
    /// When a text is neither, or its pattern is broken.
    pub fn parse<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, ServiceError> {
        texts.into_iter().map(|text| Rule::parse(text.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// The service of an input; one without a path is standard input, which patterns know as `-`. `None` when no rule fits.
    pub fn label(&self, path: Option<&Path>) -> Option<String> {
        self.fitting(path).map(|(_, name)| name)
    }

    /// The number of the rule that gives an input its service, and that service.
    pub fn fitting(&self, path: Option<&Path>) -> Option<(usize, String)> {
        let spellings = Spellings::new(path);
        self.0.iter().enumerate().find_map(|(at, rule)| match rule {
            Rule::Pattern(name, glob) => spellings.fit(glob).then(|| (at, name.clone())),
            Rule::Auto => spellings.absolute.as_deref().and_then(auto::label).map(|name| (at, name)),
        })
    }
}

impl Rule {
    fn parse(text: &str) -> Result<Self, ServiceError> {
        if text.trim() == "auto" {
            return Ok(Self::Auto);
        }
        let refused = |why: &str| Err(ServiceError(format!("'{text}' {why}: write NAME=PATTERN, as in api='api*.log', or auto")));
        let Some((name, pattern)) = text.split_once('=') else { return refused("names no pattern") };
        match (name.trim(), pattern) {
            ("", _) => refused("has no name before '='"),
            (_, "") => refused("has no pattern behind '='"),
            (Services::OTHER, _) => refused("takes the name of all services that there is no room for"),
            (name, pattern) => GlobBuilder::new(pattern.strip_prefix("./").unwrap_or(pattern))
                // As in a shell: only ** goes into directories.
                .literal_separator(true)
                .build()
                .map(|glob| Self::Pattern(name.to_owned(), glob.compile_matcher()))
                .or_else(|e| refused(&format!("is no pattern ({})", e.kind()))),
        }
    }
}

/// The forms of a path that a pattern may fit.
struct Spellings<'p> {
    given: &'p Path,
    /// `None` for standard input.
    absolute: Option<PathBuf>,
}

impl<'p> Spellings<'p> {
    fn new(path: Option<&'p Path>) -> Self {
        let absolute = path.and_then(|path| std::path::absolute(path).ok()).map(|path| without_dots(&path));
        let given = path.unwrap_or(Path::new("-"));
        Self { given: given.strip_prefix("./").unwrap_or(given), absolute }
    }

    fn fit(&self, glob: &GlobMatcher) -> bool {
        let name = self.given.file_name().map(Path::new);
        [Some(self.given), self.absolute.as_deref(), name].into_iter().flatten().any(|spelling| glob.is_match(spelling))
    }
}

/// The path without `.` and `..`, as far as its text tells.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(rules: &[&str], path: &str) -> Option<String> {
        ServiceRules::parse(rules).unwrap().label((path != "-").then(|| Path::new(path)))
    }

    #[test]
    fn the_first_fitting_rule_wins() {
        let rules = ["api=api*.log", "shop=/var/log/shop/**", "rest=**/rest/*", "auto", "pipe=-"];
        for (path, service) in [
            ("logs/api-1.log", Some("api")),
            ("/var/log/shop/api.log", Some("api")),
            ("/var/log/shop/eu/access.log", Some("shop")),
            ("/var/log/nginx/../shop/access.log", Some("shop")),
            ("./rest/x.txt", Some("rest")),
            ("/srv/blog/access.log", Some("blog")),
            ("/var/log/access.log", None),
            ("-", Some("pipe")),
        ] {
            assert_eq!(label(&rules, path).as_deref(), service, "{path}");
        }
        assert_eq!(label(&["a=logs/*.log"], "logs/deep/x.log"), None, "a star stays in its directory");
        assert_eq!(label(&["a=./logs/*.log"], "logs/x.log").as_deref(), Some("a"));
        assert_eq!(label(&["a=b=c*"], "b=c.log").as_deref(), Some("a"), "the first '=' parts name and pattern");
    }

    #[test]
    fn relative_paths_have_an_absolute_form() {
        let here = std::path::absolute("x.log").unwrap();
        let rule = format!("here={}/*.log", globset::escape(&here.parent().unwrap().to_string_lossy()));
        assert_eq!(label(&[&rule], "x.log").as_deref(), Some("here"));
        assert_eq!(label(&[&rule], "no/../x.log").as_deref(), Some("here"));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "api", "=x", " =x", "api=", "api=[", "(other)=x", "Auto"] {
            let error = ServiceRules::parse([text]).unwrap_err().to_string();
            assert!(error.contains("NAME=PATTERN"), "{text}: {error}");
        }
    }
}
