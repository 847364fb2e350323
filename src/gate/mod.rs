//! The gate: rules held against a report, and a baseline if there is one -> a verdict.

mod verdict;

pub use verdict::{Alert, Before, Cause, MOST_OTHERS, Outcome, Part, Ruling, Unit, Verdict, Window};
