//! What is wrong with a rule, and where.

use std::error::Error;
use std::fmt;

/// Characters that a message shows before and after the place that it is about.
const AROUND: usize = 70;

/// Longer than any word that could be meant.
const MAX_WORD: usize = 40;

/// What is wrong with the text of a rule. Displayed with the text and a caret below the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    what: String,
    /// The text around the place, in one line.
    text: String,
    /// Characters before the place in it.
    at: usize,
    /// Bytes before the place in the whole text.
    byte: usize,
}

impl RuleError {
    /// About the byte `at` of a text.
    pub(super) fn new(what: impl Into<String>, text: &str, at: usize) -> Self {
        let byte = at;
        let at = text.char_indices().take_while(|(byte, _)| *byte < at).count();
        let left_out = at.saturating_sub(AROUND);
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        Self { what: what.into(), text: text.chars().skip(left_out).take(2 * AROUND).map(plain).collect(), at: at - left_out, byte }
    }

    /// What is wrong, without the place.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Bytes of the text before the place.
    pub fn place(&self) -> usize {
        self.byte
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  {}\n  {:>width$}", self.what, self.text, "^", width = self.at + 1)
    }
}

impl Error for RuleError {}

/// `, did you mean 'x'?`, if one of the words is like this one; else nothing.
pub fn nearest<'a>(word: &str, words: impl Iterator<Item = &'a str> + Clone) -> String {
    if word.len() > MAX_WORD {
        return String::new();
    }
    let word = word.to_ascii_lowercase();
    let near = |other: &&str| strsim::osa_distance(&word, other) <= (word.len() / 3).max(1);
    let like = words.clone().filter(near).min_by_key(|other| strsim::osa_distance(&word, other));
    // Servers' own names are longer: $upstream_connect_time is connect_time.
    let inside = || words.filter(|other| other.len() > 3 && word.contains(other)).max_by_key(|other| other.len());
    like.or_else(inside).map_or_else(String::new, |other| format!(", did you mean '{other}'?"))
}
