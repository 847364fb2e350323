//! Evidence -> findings: what went wrong here, by the rules that the catalogue's causes declare.

mod finding;
pub mod pages;
pub mod signature;

pub use finding::{Advice, Affected, Finding, Open, Sample, Severity, Share};
