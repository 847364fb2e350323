//! `5xx,!502,400-404`

use super::FilterError;
use crate::model::StatusCode;

/// A set of status codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusFilter(Box<[bool; StatusCode::COUNT]>);

impl StatusFilter {
    /// Codes, classes and ranges, separated by commas; `!` takes out. When the first one takes out, all others are in.
    ///
    /// # Errors
    /// When a part is none of these.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let parts: Vec<&str> = text.split(',').map(str::trim).filter(|p| !p.is_empty()).collect();
        let Some(first) = parts.first() else {
            return Err(FilterError("the status filter is empty: try 5xx, 404, 400-404 or !200".into()));
        };
        let mut set = Box::new([first.starts_with('!'); StatusCode::COUNT]);
        for part in parts {
            let (inside, codes) = match part.strip_prefix('!') {
                Some(rest) => (false, rest),
                None => (true, part),
            };
            let (from, to) = range(codes).ok_or_else(|| FilterError(format!("'{part}' is no status: try 5xx, 404, 400-404 or !502")))?;
            set[from..=to].fill(inside);
        }
        Ok(Self(set))
    }

    /// Whether the code is in the set.
    pub fn accepts(&self, code: StatusCode) -> bool {
        self.0[usize::from(code.get())]
    }
}

/// First and last of `404`, `4xx`, `40x`, `400-404`.
fn range(text: &str) -> Option<(usize, usize)> {
    if let Some((from, to)) = text.split_once('-') {
        let (from, to) = (range(from.trim())?.0, range(to.trim())?.1);
        return (from <= to).then_some((from, to));
    }
    // Digits first, then nothing but x: 4x1 would be no range.
    let digits = text.trim_end_matches(['x', 'X']);
    if !(1..=3).contains(&text.len()) || digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fill = |digit: char| text.chars().map(|c| if matches!(c, 'x' | 'X') { digit } else { c }).collect::<String>().parse().ok();
    Some((fill('0')?, fill('9')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<u16> {
        let filter = StatusFilter::parse(text).unwrap();
        [0, 200, 302, 400, 404, 405, 499, 500, 502, 599, 999].into_iter().filter(|&c| filter.accepts(StatusCode::new(c).unwrap())).collect()
    }

    #[test]
    fn codes_classes_ranges_and_exceptions() {
        assert_eq!(codes("5xx,!502"), [500, 599]);
        assert_eq!(codes("400-404"), [400, 404]);
        assert_eq!(codes("40x"), [400, 404, 405]);
        assert_eq!(codes("!2xx,!3xx"), [0, 400, 404, 405, 499, 500, 502, 599, 999]);
        assert_eq!(codes("000, 4xx-5xx"), [0, 400, 404, 405, 499, 500, 502, 599]);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "x", "5xxx", "504-502", "abc", "-5", "!", "4x1", "400-4x1", "!5x2", "x04", "4+1"] {
            assert!(StatusFilter::parse(text).is_err(), "{text}");
        }
        let said = StatusFilter::parse("4x1").unwrap_err().to_string();
        assert_eq!(said, "'4x1' is no status: try 5xx, 404, 400-404 or !502");
    }
}
