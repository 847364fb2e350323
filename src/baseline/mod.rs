//! What a log was like, small enough to keep: counts per route and code, how much they come in heaps, and durations. A gate
//! holds a later log against it, `compare` two of them. Its JSON form is read again by later versions.

mod durations;
mod summary;

pub use durations::Durations;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// No log has more lines.
const MOST: u64 = 1 << 53;

/// Seconds from 1970 that a log may be away.
const YEARS: i64 = 1 << 40;

/// Grows when a field changes its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// A summary of a log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// [`SCHEMA_VERSION`] of whoever wrote it; says too what the file is.
    pub logcodes_baseline: u32,
    /// Seconds since 1970 of the first and the last request; `None` when none states a time.
    pub span: Option<(i64, i64)>,
    /// Seconds that a window of the dispersions is wide; 0 where there were none.
    pub window_seconds: i64,
    /// Lines that are neither blank nor directives.
    pub read: u64,
    /// Those that are no record.
    pub rejected: u64,
    /// Each route.
    pub routes: Vec<Route>,
}

/// One route.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The service that it belongs to, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// `None` when there was no request line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The route.
    pub route: String,
    /// Requests.
    pub count: u64,
    /// Each code.
    pub codes: BTreeMap<u16, Count>,
    /// Dispersion of whole classes, by their first digit.
    pub classes: BTreeMap<u8, f64>,
    /// Durations: microseconds (two digits are exact) and how many, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub latency: Vec<(u64, u64)>,
}

/// One code of one route.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Responses.
    pub count: u64,
    /// How much they come in heaps: their variance per window against what Poisson's distribution has, at least 1 and rather too
    /// high than too low; 8 where nothing tells.
    pub dispersion: f64,
}

/// Why a text is no baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is something else.
    #[error("this is no baseline: {0}; 'logcodes check FILE --save-baseline BASELINE' writes one")]
    Other(serde_json::Error),
    /// It is of a later version.
    #[error("this baseline is of version {0}, and this logcodes reads up to {SCHEMA_VERSION}: update it, or save the baseline anew")]
    Later(u32),
    /// Its numbers cannot be.
    #[error("this baseline is damaged: {0}; save it anew with 'logcodes check FILE --save-baseline BASELINE'")]
    Damaged(String),
}

impl Baseline {
    /// Whether a file that begins so is meant to be a baseline.
    pub fn is_meant(start: &[u8]) -> bool {
        let start = start.trim_ascii_start();
        start.strip_prefix(b"{").is_some_and(|inner| inner.trim_ascii_start().starts_with(b"\"logcodes_baseline\""))
    }

    /// Reads one.
    ///
    /// # Errors
    /// The text is none, or one of a later version.
    pub fn read(text: &[u8]) -> Result<Self, BaselineError> {
        #[derive(Deserialize)]
        struct Version {
            logcodes_baseline: u32,
        }
        let version: Version = serde_json::from_slice(text).map_err(BaselineError::Other)?;
        if version.logcodes_baseline > SCHEMA_VERSION {
            return Err(BaselineError::Later(version.logcodes_baseline));
        }
        let baseline: Self = serde_json::from_slice(text).map_err(BaselineError::Other)?;
        baseline.checked().map_err(BaselineError::Damaged)
    }

    /// That its counts can be added up, and nothing in it is no number.
    fn checked(self) -> Result<Self, String> {
        let whole = self.routes.iter().try_fold(0_u64, |sum, route| sum.checked_add(route.count)).filter(|sum| *sum <= MOST);
        if whole.is_none() || self.read > MOST || self.rejected > self.read {
            return Err("its counts do not add up".into());
        }
        let is_time = |at: i64| (-YEARS..=YEARS).contains(&at);
        if self.span.is_some_and(|(start, end)| start > end || !is_time(start) || !is_time(end)) || self.window_seconds < 0 {
            return Err("its times cannot be".into());
        }
        for route in &self.routes {
            let codes = route.codes.values().try_fold(0_u64, |sum, code| sum.checked_add(code.count));
            let durations = route.latency.iter().try_fold(0_u64, |sum, (_, count)| sum.checked_add(*count));
            let spreads = route.codes.values().map(|code| code.dispersion).chain(route.classes.values().copied());
            if codes != Some(route.count) || durations.is_none_or(|sum| sum > route.count) {
                return Err(format!("the counts of {} do not add up", route.route));
            }
            if spreads.into_iter().any(|spread| !(1.0..=MOST as f64).contains(&spread)) {
                return Err(format!("a dispersion of {} is below 1 or beyond reason", route.route));
            }
        }
        Ok(self)
    }

    /// Writes it: a line a route, so that two can be compared as text.
    ///
    /// # Errors
    /// Of the writer.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let head = Self { routes: Vec::new(), ..self.clone() };
        let head = serde_json::to_string(&head)?;
        let (before, after) = head.split_once("[]").unwrap_or((&head, ""));
        write!(out, "{before}[")?;
        for (at, route) in self.routes.iter().enumerate() {
            out.write_all(if at > 0 { b",\n" } else { b"\n" })?;
            serde_json::to_writer(&mut *out, route)?;
        }
        writeln!(out, "\n]{after}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Baseline {
        let codes = BTreeMap::from([(200, Count { count: 90, dispersion: 1.0 }), (502, Count { count: 10, dispersion: 2.5 })]);
        let route =
            Route { method: Some("GET".into()), route: "/[]".into(), count: 100, codes, latency: vec![(900, 3)], ..Route::default() };
        let routes = vec![route.clone(), Route { service: Some("api".into()), ..route }];
        Baseline { logcodes_baseline: SCHEMA_VERSION, span: Some((1, 2)), window_seconds: 60, read: 101, rejected: 1, routes }
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        for baseline in [small(), Baseline { routes: Vec::new(), ..small() }] {
            let mut text = Vec::new();
            baseline.write(&mut text).unwrap();
            assert!(Baseline::is_meant(&text));
            assert_eq!(Baseline::read(&text).unwrap(), baseline);
        }
    }

    #[test]
    fn what_is_none_is_refused_in_words() {
        for (text, what) in [
            ("", "this is no baseline"),
            ("{}", "missing field `logcodes_baseline`"),
            ("192.0.2.1 - -", "this is no baseline"),
            (r#"{"logcodes_baseline":2,"later":1}"#, "of version 2"),
            (
                r#"{"logcodes_baseline":1,"span":null,"window_seconds":60,"read":1,"rejected":0,"routes":[],"more":1}"#,
                "unknown field `more`",
            ),
            (r#"{"logcodes_baseline":1,"span":null,"window_seconds":60,"read":-1,"rejected":0,"routes":[]}"#, "invalid value"),
            (r#"{"logcodes_baseline":1,"span":null,"window_seconds":60,"read":1,"rejected":2,"routes":[]}"#, "do not add up"),
            (r#"{"logcodes_baseline":1,"span":[5,1],"window_seconds":60,"read":1,"rejected":0,"routes":[]}"#, "times cannot be"),
            (
                r#"{"logcodes_baseline":1,"span":[-9223372036854775808,1],"window_seconds":60,"read":1,"rejected":0,"routes":[]}"#,
                "times cannot be",
            ),
        ] {
            let error = Baseline::read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(what), "{text}: {error}");
        }
        let with = |change: &dyn Fn(&mut Route)| {
            let mut baseline = small();
            change(&mut baseline.routes[0]);
            let mut text = Vec::new();
            baseline.write(&mut text).unwrap();
            Baseline::read(&text).map(|_| ()).map_err(|e| e.to_string())
        };
        assert_eq!(with(&|_| ()), Ok(()));
        assert!(with(&|route| route.count = u64::MAX).unwrap_err().contains("damaged"));
        assert!(with(&|route| route.count = 99).unwrap_err().contains("do not add up"));
        assert!(with(&|route| route.latency = vec![(1, u64::MAX), (2, 1)]).unwrap_err().contains("do not add up"));
        assert!(with(&|route| _ = route.classes.insert(5, 0.0)).unwrap_err().contains("dispersion"));
        assert!(!Baseline::is_meant(b"{\"time\":1}") && Baseline::is_meant(b" {\n \"logcodes_baseline\":1"));
    }
}
