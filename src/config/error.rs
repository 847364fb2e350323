//! What is wrong with a configuration, and where.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

/// Characters of a line that are shown before and after the place.
const AROUND: usize = 70;

/// One mistake. Displayed with its place, the line and a caret below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    what: String,
    place: Option<Place>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    /// `logcodes.toml:3:9`, or the name of a variable.
    name: String,
    /// The text around it, in one line.
    text: String,
    /// Characters before the place in it.
    before: usize,
}

impl ConfigError {
    /// About no place in a text.
    pub(super) fn plain(what: impl Into<String>) -> Self {
        Self { what: what.into(), place: None }
    }

    /// About the byte `at` of a line.
    pub(super) fn new(what: impl Into<String>, name: String, line: &str, at: usize) -> Self {
        let characters = line.char_indices().take_while(|(byte, _)| *byte < at).count();
        let left_out = characters.saturating_sub(AROUND);
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let text = line.chars().skip(left_out).take(2 * AROUND).map(plain).collect();
        Self { what: what.into(), place: Some(Place { name, text, before: characters - left_out }) }
    }

    /// What is wrong, without the place.
    pub fn what(&self) -> &str {
        &self.what
    }
}

impl Display for ConfigError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.place {
            None => f.write_str(&self.what),
            Some(Place { name, text, before }) => write!(f, "{name}: {}\n  {text}\n  {:>width$}", self.what, "^", width = before + 1),
        }
    }
}

impl Error for ConfigError {}

/// Mistakes that are told: who hands in something else than a configuration reads no more of them.
const MOST: usize = 100;

/// Mistakes as they are found. To say where one stands takes time, so that only those that are told are worded.
#[derive(Default)]
pub(super) struct Mistakes {
    /// With the byte that each is about.
    found: Vec<(usize, ConfigError)>,
    /// Those beside them.
    more: usize,
}

impl Mistakes {
    /// One more, about the byte `at`.
    pub(super) fn add(&mut self, at: usize, error: impl FnOnce() -> ConfigError) {
        if self.found.len() < MOST {
            self.found.push((at, error()));
        } else {
            self.more += 1;
        }
    }

    pub(super) fn count(&self) -> usize {
        self.found.len() + self.more
    }

    /// Leaves those about bytes before this one.
    pub(super) fn before(&mut self, end: usize) {
        self.found.retain(|(at, _)| *at < end);
    }

    /// In the order of the text, where they are about one.
    pub(super) fn sorted(mut self) -> Self {
        self.found.sort_by_key(|(at, _)| *at);
        self
    }

    pub(super) fn told(self, name: &str) -> impl Iterator<Item = ConfigError> + use<> {
        let more = (self.more > 0).then(|| ConfigError::plain(format!("{name}: and {} more mistakes", self.more)));
        self.found.into_iter().map(|(_, error)| error).chain(more)
    }
}

/// All that is wrong, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl Display for ConfigErrors {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if at > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

impl Error for ConfigErrors {}
