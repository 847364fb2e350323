//! What each status code means: one data file an entry in `codes/`, checked and compiled in by the build.
//!
//! The room holds facts and sentences. It knows nothing of logs, counts or outputs.

pub mod cause;

use serde::Serialize;

/// One meaning of one status code. Several vendors may use a number, each with its own entry.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// The name of its data file: `502`, `499-nginx`, `000-log`.
    pub key: &'static str,
    /// The number as logged; -1 for what HAProxy writes when there was no response.
    pub code: i16,
    /// The last number, where the entry covers a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_to: Option<i16>,
    /// `1xx` to `5xx`, or `other` for numbers outside of the classes (RFC 9110 §15).
    pub class: &'static str,
    /// The reason phrase, spelt as in RFC 9110 where it stands there.
    pub name: &'static str,
    /// Other phrases that servers print.
    pub aliases: &'static [&'static str],
    /// `standard`, `experimental`, `draft`, `deprecated`, `obsolete`, `reserved`, `vendor`, `folklore` or `artefact`.
    pub state: &'static str,
    /// Who means this by the number, for codes outside the registry.
    pub vendor: Option<&'static str>,
    /// Of several entries of one code, the one that reports show.
    pub primary: bool,
    /// Where it is defined.
    pub reference: &'static str,
    /// The meaning in at most 60 characters.
    pub short: &'static str,
    /// What to do first, in at most 80 characters.
    pub first_step: &'static str,
    /// The meaning in one to three sentences.
    pub meaning: &'static str,
    /// When servers send it.
    pub when: &'static str,
    /// How it shows in access logs.
    pub logged: &'static str,
    /// `info`, `notice`, `warning`, `error` or `critical`.
    pub severity: &'static str,
    /// From when on it is worse than that; empty for never.
    pub escalate: &'static str,
    /// Whether a client may try again: `yes`, `idempotent`, `later`, `after-change`, `no` or `not-applicable`.
    pub retry: &'static str,
    /// A clause about retrying; may be empty.
    pub retry_note: &'static str,
    /// `heuristic`, `explicit`, `never` or `not-applicable` (RFC 9111 §3).
    pub cache: &'static str,
    /// Whose fault it usually is, likeliest first.
    pub fault: &'static [&'static str],
    /// Keys of other entries, most useful first.
    pub related: &'static [&'static str],
    /// Header fields that go with it.
    pub headers: &'static [Header],
    /// What leads to it, likeliest first.
    pub causes: &'static [Cause],
    /// What to do, by server.
    pub fixes: &'static [Fix],
    /// A whole exchange.
    pub example: Option<Example>,
}

/// A header field that goes with a code.
#[derive(Debug, Serialize)]
pub struct Header {
    /// The field's name.
    pub name: &'static str,
    /// `request` or `response`.
    pub on: &'static str,
    /// `must`, `should` or `may`.
    pub need: &'static str,
    /// What it is for.
    pub why: &'static str,
}

/// What leads to a code.
#[derive(Debug, Serialize)]
pub struct Cause {
    /// The same cause has the same word in every entry.
    pub id: &'static str,
    /// One sentence.
    pub text: &'static str,
}

/// What to do about a code.
#[derive(Debug, Serialize)]
pub struct Fix {
    /// `nginx`, `apache`, `app` or `other`.
    pub server: &'static str,
    /// One sentence.
    pub step: &'static str,
    /// Where `config` stands in the server's configuration: `location`, `server`, `directory` …
    pub context: Option<&'static str>,
    /// The version that `config` needs, where it is newer than nginx 1.22 or Apache 2.4.57.
    pub since: Option<&'static str>,
    /// Directives, ready to paste.
    pub config: Option<&'static str>,
}

/// An exchange that ends in the code.
#[derive(Debug, Serialize)]
pub struct Example {
    /// The request's head and content.
    pub request: &'static str,
    /// The response's head and content; interim responses stand before the final one.
    pub response: &'static str,
    /// What to see in it.
    pub note: Option<&'static str>,
}

include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// Every entry, by code; within a code the primary one first.
pub fn entries() -> &'static [Entry] {
    ENTRIES
}

/// The entries of a code, the primary one first: those of exactly this number, else those of a range around it. Empty for a
/// number that nobody has given a meaning to.
pub fn lookup(code: i16) -> Vec<&'static Entry> {
    let exact: Vec<_> = ENTRIES.iter().filter(|e| e.code == code && e.code_to.is_none()).collect();
    if !exact.is_empty() {
        return exact;
    }
    ENTRIES.iter().filter(|e| e.code_to.is_some_and(|to| (e.code..=to).contains(&code))).collect()
}

/// The entry of that key.
pub fn by_key(key: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|e| e.key == key)
}

/// The name of a code, or what its class says of a number that has none.
pub fn name(code: u16) -> &'static str {
    let entry = i16::try_from(code).ok().and_then(|code| lookup(code).into_iter().next());
    entry.map_or("Unassigned", |e| e.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_meanings_of_a_number_come_primary_first() {
        let keys = |code| lookup(code).iter().map(|e| e.key).collect::<Vec<_>>();
        assert_eq!(keys(499), ["499-nginx", "499-arcgis"]);
        assert_eq!(keys(502), ["502"]);
        assert_eq!(keys(777), ["600-custom"]);
        assert_eq!(keys(299), [""; 0]);
    }
}
