//! Evidence -> findings: what went wrong here, by the rules that the catalogue's causes declare.
//!
//! ```text
//! tally::Evidence ─> table     a row a record, a column a field: columns (a record by itself), sequence (its neighbours)
//!                      │
//!                    engine    each rule in its order: filter -> group -> condition; what one explains is explained
//!                      │
//!                    tell      the case in words: evidence, differences, who is affected, sample lines
//! ```
//!
//! The room knows the tally and the catalogue, and no output. Counts are exact as long as the samples left nothing out, and
//! estimates with the right weights otherwise.

mod advice;
mod columns;
mod difference;
mod engine;
mod errorpage;
mod finding;
mod group;
mod pages;
mod sequence;
mod series;
mod shift;
pub mod signature;
mod table;
mod tell;
mod wording;

pub use advice::advice;
pub use finding::{Advice, Affected, Finding, Open, Sample, Severity, Share};

use crate::scan::Scan;
use table::{Source, Table};

/// What the lines tell.
pub struct Diagnosis {
    /// What went wrong, worst first.
    pub findings: Vec<Finding>,
    /// What to log to learn more.
    pub advice: Vec<Advice>,
}

/// Judges a scan. `route_of` gives the route of a path of an input, `mask` takes secrets out of a line.
pub fn diagnose(scan: &Scan, route_of: &dyn Fn(u32, &[u8]) -> Vec<u8>, mask: &dyn Fn(&str) -> String) -> Diagnosis {
    let source = |input: &crate::scan::Scanned| Source { server: input.server, logged: input.logged.clone() };
    let table = Table::new(scan.tally.evidence().events(), scan.inputs.iter().map(source).collect(), route_of);
    let cases = engine::merge(engine::ask(&table));
    Diagnosis { findings: tell::findings(&cases, scan, mask), advice: Vec::new() }
}
