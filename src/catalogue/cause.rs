//! Why a code occurs, and how the lines tell: one data file a cause in `causes/`, checked and compiled in by the build.

use serde::Serialize;

/// A cause that lines of a log can give away.
#[derive(Debug, Serialize)]
pub struct Cause {
    /// The word for it, the same in reports, in the entries of codes and in the name of its file.
    pub id: &'static str,
    /// What went wrong, in one line without a full stop; `{field}` is the most frequent value among the requests, and
    /// `{measure}` is worked out.
    pub title: &'static str,
    /// What happens, in one to three sentences.
    pub meaning: &'static str,
    /// `info`, `notice`, `warning`, `error` or `critical`.
    pub severity: &'static str,
    /// What would speak against it.
    pub refuted_by: &'static str,
    /// What to do, most useful first.
    pub fixes: &'static [CauseFix],
    /// How lines give it away; each stands for itself.
    pub rules: &'static [Rule],
}

/// What to do about a cause.
#[derive(Debug, Serialize)]
pub struct CauseFix {
    /// `any`, or the server that it is for: `nginx`, `apache`, `haproxy` …
    pub server: &'static str,
    /// One sentence.
    pub step: &'static str,
    /// Directives, ready to paste.
    pub config: Option<&'static str>,
}

/// One way in which lines give a cause away.
#[derive(Debug, Serialize)]
pub struct Rule {
    /// Its name.
    pub id: &'static str,
    /// The servers whose logs it is for; empty for all.
    pub servers: &'static [&'static str],
    /// The codes that it speaks of; empty for all.
    pub codes: &'static [u16],
    /// Rules of lower order are asked first, and what they explain is explained.
    pub order: u8,
    /// Fields that must be logged: without them the rule is silent.
    pub needs: &'static [&'static str],
    /// Which requests it speaks of: a filter.
    #[serde(rename = "where")]
    pub filter: &'static str,
    /// Requests that differ in this field are judged apart.
    pub by: Option<&'static str>,
    /// What must hold for them together: a condition.
    pub when: &'static str,
    /// How sure it makes, 0 to 1.
    pub confidence: f64,
    /// Another severity than the cause's.
    pub severity: Option<&'static str>,
    /// When it is worse: conditions, each with the severity that then holds; the last one that holds counts.
    pub raise: &'static [(&'static str, &'static str)],
    /// Another title than the cause's.
    pub title: Option<&'static str>,
    /// Sentences about the requests; `{condition term}` in them is worked out.
    pub evidence: &'static [&'static str],
    /// What else it could be.
    pub doubt: &'static str,
    /// Fields that would make it surer, where they are not logged.
    pub better_with: &'static [&'static str],
}

include!(concat!(env!("OUT_DIR"), "/causes.rs"));

/// Every cause, by name.
pub fn causes() -> &'static [Cause] {
    CAUSES
}

/// The cause of that name.
pub fn by_id(id: &str) -> Option<&'static Cause> {
    CAUSES.iter().find(|cause| cause.id == id)
}

/// The rule of that name, and the cause that it gives away.
pub fn rule(id: &str) -> Option<(&'static Cause, &'static Rule)> {
    CAUSES.iter().find_map(|cause| cause.rules.iter().find(|rule| rule.id == id).map(|rule| (cause, rule)))
}

/// The rules that judge a code by name; those that look at every code are not among them.
pub fn judging(codes: std::ops::RangeInclusive<i16>) -> impl Iterator<Item = (&'static Cause, &'static Rule)> {
    let judges = move |rule: &Rule| rule.codes.iter().any(|&code| i16::try_from(code).is_ok_and(|code| codes.contains(&code)));
    let rules = CAUSES.iter().flat_map(|cause| cause.rules.iter().map(move |rule| (cause, rule)));
    rules.filter(move |(_, rule)| judges(rule))
}
