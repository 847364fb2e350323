//! What a log was like, small enough to keep: counts per route and code, how much they come in heaps, and durations. A gate
//! holds a later log against it, `compare` two of them. Its JSON form is read again by later versions.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Bytes sent.
    pub bytes: u64,
    /// Windows that have requests of it.
    pub windows: u64,
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
    /// Their variance per window against what Poisson's distribution has, at least 1; 1 where nothing tells.
    pub dispersion: f64,
}
