//! Evidence -> findings: what went wrong here, by the rules that the catalogue's causes declare.

mod finding;
pub mod pages;
pub mod series;
pub mod signature;
pub mod timeouts;

pub use finding::{Advice, Affected, Finding, Open, Sample, Severity, Share};
