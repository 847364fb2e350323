//! Evidence -> findings: what went wrong here, by the rules that the catalogue's causes declare.

mod finding;
mod traffic;

pub use finding::{Advice, Affected, Finding, Open, Sample, Severity, Share};
pub use traffic::{Part, Traffic};
