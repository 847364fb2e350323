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
            // Where a word begins with a bracket it is no choice of characters but an IPv6 address (RFC 3986 §3.2.2).
            let address = word.starts_with('[').then(|| globset::escape(word));
            let glob = GlobBuilder::new(address.as_deref().unwrap_or(word))
                .case_insensitive(true)
                .build()
                .map_err(|e| FilterError(format!("'{part}': {}", e.kind())))?;
            parts.push((inside, glob.compile_matcher()));
        }
        let Some((first, _)) = parts.first() else {
            return Err(FilterError("the filter is empty: name what to look for, or !WHAT to leave out".into()));
        };
        Ok(Self { default: !first, parts })
    }

    /// Whether a host is in, with its port or without.
    pub fn accepts_host(&self, host: Option<&[u8]>) -> bool {
        let Some(host) = host else { return self.default };
        let port = memchr::memrchr(b':', host).filter(|&at| host[at + 1..].iter().all(u8::is_ascii_digit));
        let bare = port.map_or(host, |at| &host[..at]);
        let address = bare.strip_prefix(b"[").and_then(|b| b.strip_suffix(b"]")).unwrap_or(bare);
        self.accepts_any(&[host, bare, address])
    }

    /// Whether a value is in; `None` is what a log does not state.
    pub fn accepts(&self, value: Option<&[u8]>) -> bool {
        value.map_or(self.default, |value| self.accepts_any(&[value]))
    }

    /// The last part that speaks of one of the spellings decides.
    fn accepts_any(&self, spellings: &[&[u8]]) -> bool {
        let speaks = |glob: &GlobMatcher| spellings.iter().any(|s| glob.is_match(&*String::from_utf8_lossy(s)));
        self.parts.iter().rev().find(|(_, glob)| speaks(glob)).map_or(self.default, |(inside, _)| *inside)
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
        for (filter, host, inside) in [
            ("www.example.com,!www.example.com:8443", "www.example.com:8443", false),
            ("www.example.com,!www.example.com:8443", "www.example.com:80", true),
            ("!*.example.com,www.example.com:8443", "www.example.com:8443", true),
            ("[::1]", "[::1]:8080", true),
            ("[::1]:8080", "[::1]:8080", true),
            ("::1", "[::1]:8080", true),
            ("::1", "[::2]", false),
        ] {
            assert_eq!(WordFilter::parse(filter).unwrap().accepts_host(Some(host.as_bytes())), inside, "{filter} on {host}");
        }
        assert!(WordFilter::parse("!HEAD").unwrap().accepts(None));
        assert!(WordFilter::parse(" ,").is_err());
        assert!(WordFilter::parse("a[").is_err());
    }
}
