//! Sentences about a group of requests, with `{term}` where a value goes: `{part(connect_time = none)} were never connected`.

use super::error::RuleError;
use super::{Term, term};

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text as it is.
    Text(String),
    /// What is to be worked out: a measure of the group, or the most frequent value of a field in it.
    Term(Term),
}

/// The parts of a sentence, in order.
///
/// # Errors
/// A brace does not pair, or what it holds is no term.
pub fn sentence(text: &str) -> Result<Vec<Piece>, RuleError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let place = text.len() - rest.len() + at;
        let (before, braced) = rest.split_at(at);
        if !before.is_empty() {
            pieces.push(Piece::Text(before.into()));
        }
        let inner = braced.strip_prefix('{').ok_or_else(|| RuleError::new("this brace was never opened", text, place))?;
        let end = inner.find('}').ok_or_else(|| RuleError::new("this brace is never closed", text, place))?;
        pieces.push(Piece::Term(term(&inner[..end])?));
        rest = &inner[end + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.into()));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_hold_terms() {
        let pieces = sentence("{part(502)} failed on {upstream_addr}").unwrap();
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces[1], Piece::Text(" failed on ".into()));
        assert_eq!(pieces[2], Piece::Term(term("upstream_addr").unwrap()));
        assert_eq!(sentence("plain").unwrap(), [Piece::Text("plain".into())]);
    }

    #[test]
    fn braces_that_do_not_pair_and_words_that_are_none_are_refused() {
        for (wrong, what) in [("{count", "never closed"), ("count}", "never opened"), ("{coutn} of", "'count'?"), ("{onset}", "no value")] {
            assert!(sentence(wrong).unwrap_err().to_string().contains(what), "{wrong}");
        }
    }
}
