//! Request target -> route: the low-cardinality name that requests are counted under (OpenTelemetry's `http.route`).
//!
//! Identifiers become placeholders by their shape (`/users/17` -> `/users/{id}`), patterns of the user go first, and
//! positions with too many values are folded. What a path becomes depends on the path and on rules that are fixed before
//! the scan, never on the lines read so far: so the counts are the same however a log is cut.

mod digest;
mod fold;
mod intern;
mod pattern;
mod recent;
mod shape;
mod template;

pub use fold::{Counted, Folds, MAX_VALUES, fold_positions};
pub use intern::{RouteId, RouteKey, Routes, known_method};
pub use pattern::{Pattern, PatternError};

use crate::model::ServiceId;
use std::sync::Arc;

/// How paths become routes: the same for all workers of a scan.
#[derive(Clone, Debug, Default)]
pub struct RouteRules {
    patterns: Arc<[Pattern]>,
    /// By service: what floods one must not fold the routes of another.
    folds: Arc<[Folds]>,
}

/// Stands for a request line that is none.
pub const NO_REQUEST: &[u8] = b"(no request)";

impl RouteRules {
    /// Rules with the user's patterns, which win over the automatic ones.
    pub fn new(patterns: Vec<Pattern>) -> Self {
        Self { patterns: patterns.into(), folds: Arc::default() }
    }

    /// The same rules with what a sample of each service's log taught.
    #[must_use]
    pub fn learned(&self, taught: impl IntoIterator<Item = (ServiceId, Folds)>) -> Self {
        let mut folds = Vec::new();
        for (service, of) in taught {
            folds.resize_with(folds.len().max(service.index() + 1), Folds::default);
            folds[service.index()] = of;
        }
        Self { patterns: self.patterns.clone(), folds: folds.into() }
    }

    fn folds(&self, service: ServiceId) -> Option<&Folds> {
        self.folds.get(service.index())
    }

    /// Whether a route is one of the user's own.
    pub fn is_pattern(&self, route: &[u8]) -> bool {
        self.patterns.iter().any(|p| p.route().as_bytes() == route)
    }

    /// Appends the route of a service's `path` to `out`.
    pub fn write(&self, service: ServiceId, path: &[u8], out: &mut Vec<u8>) {
        if let Some(pattern) = self.patterns.iter().find(|p| p.matches(path)) {
            out.extend_from_slice(pattern.route().as_bytes());
            return;
        }
        template::write(path, self.folds(service), out);
    }
}
