//! Which records count: by status, path, method, host and time.

mod paths;
mod status;
mod words;

pub use paths::PathFilter;
pub use status::StatusFilter;
pub use words::WordFilter;

use crate::format::{Field, Wanted};
use crate::model::Record;

/// What is wrong with a filter's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FilterError(String);

/// All conditions; a record must meet each of those that are set.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// By status code.
    pub status: Option<StatusFilter>,
    /// By path.
    pub path: Option<PathFilter>,
    /// By method.
    pub method: Option<WordFilter>,
    /// By host.
    pub host: Option<WordFilter>,
    /// Not before this second since 1970.
    pub since: Option<i64>,
    /// Before this second since 1970.
    pub until: Option<i64>,
}

impl Filter {
    /// Whether there is nothing to check.
    pub fn is_empty(&self) -> bool {
        self.status.is_none()
            && self.path.is_none()
            && self.method.is_none()
            && self.host.is_none()
            && self.since.is_none()
            && self.until.is_none()
    }

    /// The fields that the conditions look at, beside those that `wanted` holds.
    #[must_use]
    pub fn wanted(&self, wanted: Wanted) -> Wanted {
        if self.host.is_some() { wanted.and(&Field::Host).and(&Field::ClfHead) } else { wanted }
    }

    /// Whether a record meets all conditions. What a record does not state meets only negated ones; a record without a
    /// time lies in no stretch of time.
    pub fn accepts(&self, record: &Record<'_>) -> bool {
        self.status.as_ref().is_none_or(|f| record.status.is_some_and(|s| f.accepts(s))) && self.accepts_but_for_status(record)
    }

    /// Whether a record meets all conditions but that on its status: those that do are what errors are compared with.
    pub fn accepts_but_for_status(&self, record: &Record<'_>) -> bool {
        let within = match record.time {
            Some(time) => self.since.is_none_or(|t| time.seconds >= t) && self.until.is_none_or(|t| time.seconds < t),
            None => self.since.is_none() && self.until.is_none(),
        };
        within
            && self.method.as_ref().is_none_or(|f| f.accepts(record.method))
            && self.host.as_ref().is_none_or(|f| f.accepts_host(record.host))
            && self.path.as_ref().is_none_or(|f| f.accepts(record.path))
    }
}
