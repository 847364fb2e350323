//! `GET,POST` and `!HEAD`: lists of words, compared without regard to case, with `*` for any run of characters.

use super::FilterError;
use globset::{GlobBuilder, GlobMatcher};

/// A list of words.
#[derive(Clone, Debug)]
pub struct WordFilter {
    /// Whether what no part speaks of is in.
    default: bool,
    parts: Vec<(bool, GlobMatcher)>,
}

impl WordFilter {
    /// Words separated by commas; `!` takes out. When the first one takes out, all others are in.
    ///
    /// # Errors
    /// When there is no word, or a pattern in `[]` or `{}` is not closed.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parts = Vec::new();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (inside, word) = match part.strip_prefix('!') {
                Some(rest) => (false, rest),
                None => (true, part),
            };
            let glob = GlobBuilder::new(word).case_insensitive(true).build().map_err(|e| FilterError(format!("'{part}': {}", e.kind())))?;
            parts.push((inside, glob.compile_matcher()));
        }
        let Some((first, _)) = parts.first() else {
            return Err(FilterError("the filter is empty: name what to look for, or !WHAT to leave out".into()));
        };
        Ok(Self { default: !first, parts })
    }

    /// Whether a host is in, with its port or without.
    pub fn accepts_host(&self, host: Option<&[u8]>) -> bool {
        let port = host.and_then(|h| memchr::memrchr(b':', h).filter(|&at| h[at + 1..].iter().all(u8::is_ascii_digit)));
        let bare = host.zip(port).map(|(host, at)| &host[..at]);
        match bare {
            // Either spelling may be named, to let in as to leave out.
            Some(bare) if self.default => self.accepts(host) && self.accepts(Some(bare)),
            Some(bare) => self.accepts(host) || self.accepts(Some(bare)),
            None => self.accepts(host),
        }
    }

    /// Whether a value is in; `None` is what a log does not state.
    pub fn accepts(&self, value: Option<&[u8]>) -> bool {
        let Some(value) = value else { return self.default };
        let text = String::from_utf8_lossy(value);
        self.parts.iter().rev().find(|(_, glob)| glob.is_match(&*text)).map_or(self.default, |(inside, _)| *inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_that_speaks_of_a_word_decides() {
        let filter = WordFilter::parse("*.example.com,!static.*").unwrap();
        assert!(filter.accepts(Some(b"WWW.example.com")));
        assert!(!filter.accepts(Some(b"static.example.com")));
        assert!(!filter.accepts(None));
        assert!(filter.accepts_host(Some(b"www.example.com:8443")));
        assert!(!WordFilter::parse("!www.example.com").unwrap().accepts_host(Some(b"www.example.com:80")));
        assert!(WordFilter::parse("!HEAD").unwrap().accepts(None));
        assert!(WordFilter::parse(" ,").is_err());
        assert!(WordFilter::parse("a[").is_err());
    }
}
