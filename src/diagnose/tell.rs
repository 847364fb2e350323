//! A case in words: the finding that is shown.

use super::difference;
use super::engine::{Case, Ready};
use super::finding::{Affected, Finding, Open, Sample, Share};
use super::group::Members;
use super::{timeouts, wording};
use crate::model::rfc3339;
use crate::rule::words::Field;
use crate::rule::{Piece, Term};
use crate::scan::Scan;
use crate::tally::Event;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// Values named of each kind that is affected.
const NAMED: usize = 5;

/// The findings of all cases, in their order.
pub(super) fn findings(cases: &[Case<'_, '_>], scan: &Scan, mask: &dyn Fn(&str) -> String) -> Vec<Finding> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    cases
        .iter()
        .map(|case| {
            let number = numbers.entry(case.ready.rule.id).or_default();
            *number += 1;
            let id = if *number == 1 { case.ready.rule.id.to_owned() } else { format!("{}.{number}", case.ready.rule.id) };
            finding(case, id, scan, mask)
        })
        .collect()
}

fn finding(case: &Case<'_, '_>, id: String, scan: &Scan, mask: &dyn Fn(&str) -> String) -> Finding {
    let Case { ready, members, severity } = case;
    let Ready { cause, rule, .. } = ready;
    let (start, end) = members.time();
    let moment = |at: f64| (!at.is_nan()).then(|| rfc3339(at.floor() as i64));
    let whole = members.table.span();
    let margin = members.table.margin();
    let mut evidence: Vec<String> = ready.sentences().evidence.iter().filter_map(|text| wording::sentence(text, members)).collect();
    evidence.extend(time_limit(members));
    evidence.extend(difference::told(members));
    // Referers and targets stand in sentences too.
    evidence.iter_mut().for_each(|sentence| *sentence = mask(sentence));
    let only = |field: Field| Some(members.values(field)).filter(|v| v.len() == 1).map(|v| members.table.name(v[0].0, field));
    Finding {
        id,
        cause: cause.id,
        severity: *severity,
        codes: members.values(Field::Status).iter().map(|(key, _)| f64::from_bits(*key) as u16).collect(),
        method: only(Field::Method),
        route: only(Field::Route),
        start: moment(start),
        end: moment(end),
        open: Open { before: start <= whole.0 + margin, after: end >= whole.1 - margin },
        count: members.count().round() as u64,
        of: members.weigh_rows(&members.peers()).max(members.count()).round() as u64,
        estimated: members.members().any(|row| members.table.rows[row].weight > 1.0),
        confidence: rule.confidence,
        title: mask(&title(case)),
        evidence,
        fixes: fixes(case),
        refuted_by: cause.refuted_by,
        doubt: rule.doubt.to_owned(),
        affected: affected(members, mask),
        samples: samples(members, scan, mask),
    }
}

/// Whose default it is that the requests gather at, if they do.
fn time_limit(members: &Members<'_, '_>) -> Option<String> {
    let (center, share) = members.cluster(Field::Duration).filter(|(center, share)| *center >= 0.9 && *share >= 0.5)?;
    let row = members.members().next()?;
    let (status, server) = (members.table.rows[row].status, members.table.source(row).server);
    timeouts::named(center, status, server)
        .map(|whose| format!("{} of them took {center:.1} s; for comparison, {whose}", wording::share(share)))
}

/// A title says what it can: what is not stated has the name of its kind.
fn title(case: &Case<'_, '_>) -> String {
    let text = |piece: &Piece| wording::sentence(std::slice::from_ref(piece), &case.members).unwrap_or_else(|| unstated(piece).into());
    case.ready.sentences().title.iter().map(text).collect()
}

fn unstated(piece: &Piece) -> &'static str {
    match piece {
        Piece::Term(Term::Field(Field::UpstreamAddr | Field::FirstUpstreamAddr)) => "the upstream",
        Piece::Term(Term::Field(Field::Client)) => "a client",
        Piece::Term(Term::Field(Field::Network)) => "a network",
        Piece::Term(Term::Field(Field::Host)) => "the host",
        Piece::Term(Term::Field(Field::Route | Field::Path | Field::Directory | Field::Prefix)) => "the path",
        Piece::Term(Term::Field(Field::Agent | Field::AgentFamily)) => "an agent",
        _ => "?",
    }
}

/// The steps for the servers that wrote the lines, and those for all.
fn fixes(case: &Case<'_, '_>) -> Vec<String> {
    let servers: Vec<String> =
        case.members.values(Field::Server).iter().map(|(key, _)| case.members.table.name(*key, Field::Server)).collect();
    let guess = servers.iter().all(|server| server == "unknown");
    let suits = |server: &str| match server {
        "any" | "app" => true,
        "nginx" | "apache" if guess => true,
        server => servers.iter().any(|s| s == server),
    };
    let step = |fix: &crate::catalogue::cause::CauseFix| match fix.server {
        "any" => fix.step.to_owned(),
        server => format!("{server}: {}", fix.step),
    };
    case.ready.cause.fixes.iter().filter(|fix| suits(fix.server)).map(step).collect()
}

fn affected(members: &Members<'_, '_>, mask: &dyn Fn(&str) -> String) -> Affected {
    let name = |field: Field, key: u64| mask(&members.table.name(key, field));
    let top = |field: Field| {
        let of = members.values(field).into_iter().take(NAMED);
        of.map(|(key, count)| Share { name: name(field, key), count: count.round() as u64 }).collect()
    };
    let mut routes: HashMap<(u32, u32), f64> = HashMap::new();
    let endpoints = members.table.endpoints();
    for row in members.members() {
        let (method, route, _) = endpoints.known[endpoints.of[row] as usize];
        *routes.entry((method, route)).or_default() += members.table.rows[row].weight;
    }
    let mut routes: Vec<_> = routes.into_iter().collect();
    routes.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let text = |field: Field, symbol: u32| members.table.symbols(field).1.get(symbol as usize).map(|name| String::from_utf8_lossy(name));
    let endpoint = |(method, route): (u32, u32)| {
        let route = text(Field::Route, route).unwrap_or_default();
        text(Field::Method, method).map_or_else(|| route.clone().into_owned(), |method| format!("{method} {route}"))
    };
    Affected {
        routes_total: routes.len(),
        routes: routes.into_iter().take(NAMED).map(|(of, count)| Share { name: endpoint(of), count: count.round() as u64 }).collect(),
        hosts: top(Field::Host),
        upstreams: top(Field::UpstreamAddr),
        clients: top(Field::Client),
        clients_total: members.values(Field::Client).len(),
    }
}

/// The first line, the last one, and one from the middle.
fn samples(members: &Members<'_, '_>, scan: &Scan, mask: &dyn Fn(&str) -> String) -> Vec<Sample> {
    let rows: Vec<usize> = members.members().collect();
    let mut picked: Vec<usize> = [0, rows.len() / 2, rows.len().saturating_sub(1)].iter().filter_map(|&at| rows.get(at).copied()).collect();
    picked.dedup();
    picked.into_iter().map(|row| sample(scan, members.table.rows[row].event, mask)).collect()
}

/// The line of a record. `mask` takes secrets out of it.
pub fn sample(scan: &Scan, event: &Event, mask: &dyn Fn(&str) -> String) -> Sample {
    Sample {
        input: scan.inputs[event.place.input as usize].name.clone(),
        line: scan.line_number(event.place),
        text: mask(&String::from_utf8_lossy(event.line())) + if event.is_cut() { "…" } else { "" },
    }
}
