//! Evidence -> findings: what went wrong here, by the rules that the catalogue's causes declare.
//!
//! ```text
//! tally::Evidence ─> table     a row a record, a column a field: columns (a record by itself), sequence (its neighbours)
//!                      │
//!                    engine    each rule in its order: filter (select) -> group -> condition; what one explains is explained
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
mod names;
mod pages;
mod select;
mod sequence;
mod shift;
mod signature;
mod table;
mod tell;
mod timeouts;
mod traffic;
mod wording;

pub use advice::advice;
pub use finding::{Advice, Affected, Finding, Open, Sample, Severity, Share};
pub use tell::sample;
pub use traffic::{Part, Traffic};

use crate::model::StatusCode;
use crate::scan::{Scan, Scanned};
use engine::Case;
use std::collections::{BTreeMap, BTreeSet};
use table::{Source, Table};

/// What the lines tell.
pub struct Diagnosis {
    /// What went wrong, worst first.
    pub findings: Vec<Finding>,
    /// What to log to learn more.
    pub advice: Vec<Advice>,
    /// Who asked.
    pub traffic: Traffic,
}

/// Judges a scan. `route_of` gives the route of a path of an input, `mask` takes secrets out of a line.
pub fn diagnose(scan: &Scan, route_of: &(dyn Fn(u32, &[u8]) -> Vec<u8> + Sync), mask: &dyn Fn(&str) -> String) -> Diagnosis {
    let source = |input: &Scanned| Source {
        server: input.server,
        logged: input.logged.clone(),
        times_header: input.logged.contains(&"header_time"),
        service: scan.services.as_ref().and_then(|services| services.name(input.service)).map(str::to_owned),
        site: format!("{:?} {}", input.service, input.format.as_deref().unwrap_or_default()),
    };
    let mut table = Table::new(scan.tally.evidence().events(), scan.inputs.iter().map(source).collect(), route_of);
    errorpage::guess_servers(&mut table);
    let counted = counted(scan);
    let is_counted = |code: u16| counted.as_ref().is_none_or(|codes| codes.contains(&code));
    let mut cases = engine::merge(engine::ask(&table, scan.workers));
    cases.retain(|case| case.main_code().is_some_and(is_counted));
    let traffic = traffic::of(&table, &cases, &is_counted);
    Diagnosis { findings: tell::findings(&cases, scan, mask), advice: advice_on(&cases, &table), traffic }
}

/// The codes that a filter let through; `None` for all. The samples hold others too, to compare with.
fn counted(scan: &Scan) -> Option<BTreeSet<u16>> {
    let is_filtered = scan.tally.inputs().values().any(|lines| lines.filtered > 0);
    let codes = scan.tally.rows().flat_map(|(_, cells)| cells).map(|(code, _)| code);
    let other = scan.tally.other().keys().map(|(_, code)| *code);
    is_filtered.then(|| codes.chain(other).map(StatusCode::get).collect())
}

/// A rule that is no surer than this guesses, and what most rules on server errors decide by would help.
const GUESS: f64 = 0.7;
const WANTED_MOSTLY: &[&str] = &["duration", "upstream_status", "connect_time", "header_time"];

/// What the rules that speak would be surer with, for the server of most requests that they speak of.
fn advice_on(cases: &[Case<'_, '_>], table: &Table<'_>) -> Vec<Advice> {
    let (mut wanted, mut inputs): (BTreeMap<&str, usize>, BTreeMap<u32, usize>) = Default::default();
    for case in cases {
        let count = case.members.rows.len();
        let rule = case.ready.rule;
        let is_guess = rule.confidence <= GUESS && case.main_code().is_some_and(|code| code >= 500);
        let fields = if is_guess && rule.better_with.is_empty() { WANTED_MOSTLY } else { rule.better_with };
        fields.iter().for_each(|field| *wanted.entry(*field).or_default() += count);
        for row in case.members.members() {
            *inputs.entry(table.rows[row].event.place.input).or_default() += 1;
        }
    }
    let Some((&input, _)) = inputs.iter().max_by_key(|(input, count)| (**count, std::cmp::Reverse(**input))) else { return Vec::new() };
    let source = &table.sources[input as usize];
    let wanted: Vec<(&str, usize)> = wanted.into_iter().collect();
    advice(source.server, &|field| source.logged.contains(&field), &wanted)
}
