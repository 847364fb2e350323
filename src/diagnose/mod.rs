//! Evidence -> findings: what went wrong here, by the rules that the catalogue's causes declare.

mod advice;
mod finding;
pub mod signature;

pub use advice::advice;
pub use finding::{Advice, Affected, Finding, Open, Sample, Severity, Share};
