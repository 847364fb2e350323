//! How a rule came out -> what is shown of it: the numbers, the lines, the findings that speak of the same requests, what to do.

use super::judge::{Judge, Judged, hit_of};
use super::ledger::{Group, Hit};
use super::plan::slower_than;
use super::verdict::{Alert, Cause, MOST_OTHERS, Outcome, Part, Ruling};
use super::watch::Firing;
use super::{Rule, words};
use crate::catalogue;
use crate::diagnose::{Finding, Sample};
use crate::model::rfc3339;
use crate::report::{Line, Lines};
use crate::rule::{Bound, Limit, Metric};
use std::collections::BTreeSet;

/// Lines that a ruling shows.
const SAMPLES: usize = 3;
/// Findings and fixes that it names.
const FINDINGS: usize = 3;
const FIXES: usize = 4;

/// The ruling on a rule.
pub(super) fn ruling(judge: &Judge<'_>, rule: &Rule, lines: &Lines<'_>) -> Ruling {
    let limit = &rule.limit;
    let judged = judge.judge(limit);
    let reason = words::reason(limit, &judged);
    let violations = judged.parts.iter().filter(|(outcome, _)| *outcome == Outcome::Fail).count();
    let Judged { outcome, unit, parts, firings, .. } = judged;
    let mut parts = parts.into_iter();
    let part = parts.next().map(|(_, part)| part).unwrap_or_default();
    let others = parts.filter(|(outcome, _)| *outcome != Outcome::Pass).map(|(_, part)| part).take(MOST_OTHERS).collect();
    let (mut samples, mut findings, mut fixes) = (Vec::new(), Vec::new(), Vec::new());
    if outcome != Outcome::Pass {
        samples = self::samples(judge, limit, &part, lines);
        let causes = causes(judge, limit, &part);
        findings = causes.iter().take(FINDINGS).map(|finding| finding.id.clone()).collect();
        fixes = self::fixes(judge, rule, &part, &causes);
    }
    Ruling {
        rule: limit.text.clone(),
        name: rule.name.clone(),
        severity: limit.severity.word(),
        verdict: outcome,
        unit,
        part,
        reason,
        others,
        violations,
        alerts: firings.into_iter().map(|(group, firing, peak)| alert(group, &firing, peak)).collect(),
        samples,
        findings,
        fixes,
    }
}

fn alert(group: Group, firing: &Firing, peak: f64) -> Alert {
    let Group { service, method, route, code } = group;
    Alert {
        service,
        method,
        route,
        code,
        began: rfc3339(firing.began),
        fired: rfc3339(firing.fired),
        cleared: firing.cleared.map(rfc3339),
        peak,
    }
}

/// Whether a rule's filter counts a line, and it is of the part and within its window.
fn is_meant(judge: &Judge<'_>, limit: &Limit, part: &Part, line: &Line) -> bool {
    let group = Group::of_part(part);
    let threshold = match limit.bound {
        Some(Bound::Value(op, threshold)) => slower_than(op, threshold),
        _ => part.before.and_then(|before| before.value).unwrap_or(0.0),
    };
    let route = crate::baseline::Route {
        service: line.service.clone(),
        method: line.method.clone(),
        route: line.route.clone(),
        ..crate::baseline::Route::default()
    };
    let is_hit = match hit_of(&limit.metric, threshold) {
        Some(Hit::Filter(filter)) => judge.ledger.is_hit(filter, &route, line.status),
        Some(Hit::Slower(seconds)) => line.duration.is_some_and(|duration| duration > seconds),
        None => false,
    };
    let within = |time: i64| part.window.as_ref().is_none_or(|window| (window.start_seconds..window.end_seconds).contains(&time));
    is_hit
        && super::ledger::Ledger::lets(&limit.scope, &route, line.status)
        && group.has(line.service.as_deref(), line.method.as_deref(), &line.route)
        && group.code.is_none_or(|code| code == line.status)
        && line.time.map_or(part.window.is_none(), within)
}

fn samples(judge: &Judge<'_>, limit: &Limit, part: &Part, lines: &Lines<'_>) -> Vec<Sample> {
    if matches!(limit.metric, Metric::Unparsed) {
        let rejects = judge.ledger.report.rejects.iter().flat_map(|reject| &reject.samples);
        return rejects.take(SAMPLES).map(|s| Sample { input: s.input.clone(), line: s.line, text: s.text.clone() }).collect();
    }
    lines.pick(SAMPLES, &|line| is_meant(judge, limit, part, line))
}

/// Codes of a part that the rule counts, the most frequent first.
fn codes(judge: &Judge<'_>, limit: &Limit, part: &Part) -> Vec<u16> {
    let Some(Hit::Filter(filter)) = hit_of(&limit.metric, 0.0) else { return Vec::new() };
    let group = Group::of_part(part);
    let mut counts: Vec<(u64, u16)> = Vec::new();
    for route in judge.ledger.sums.routes.iter().filter(|route| group.has(route.service.as_deref(), route.method.as_deref(), &route.route))
    {
        for (&code, counted) in &route.codes {
            if group.code.is_none_or(|own| own == code) && judge.ledger.is_hit(filter, route, code) {
                match counts.iter_mut().find(|(_, other)| *other == code) {
                    Some((count, _)) => *count += counted.count,
                    None => counts.push((counted.count, code)),
                }
            }
        }
    }
    counts.sort_by_key(|&(count, code)| (std::cmp::Reverse(count), code));
    counts.into_iter().map(|(_, code)| code).collect()
}

/// The findings that speak of the part's codes, route and time, the worst first.
fn causes<'j>(judge: &'j Judge<'_>, limit: &Limit, part: &Part) -> Vec<&'j Finding> {
    let codes: BTreeSet<u16> = codes(judge, limit, part).into_iter().collect();
    let overlaps = |finding: &Finding| match (&part.window, &finding.start, &finding.end) {
        // RFC 3339 in UTC sorts as its text does, down to the second.
        (Some(window), Some(start), Some(end)) => start.as_str() < window.end.as_str() && window.start.as_str() <= end.as_str(),
        _ => true,
    };
    let is_of_route = |finding: &Finding| match (&finding.route, &part.route) {
        (Some(one), Some(other)) => one == other,
        (None, Some(route)) => finding.affected.routes.iter().any(|affected| affected.name.ends_with(route.as_str())),
        _ => true,
    };
    let findings = judge.ledger.report.findings.iter();
    let mut causes: Vec<&Finding> = findings
        .filter(|finding| finding.codes.iter().any(|code| codes.contains(code)) && overlaps(finding) && is_of_route(finding))
        .collect();
    // What is about the very route says more of it than what is about others too.
    causes.sort_by_key(|finding| part.route.is_some() && finding.route != part.route);
    causes
}

fn fixes(judge: &Judge<'_>, rule: &Rule, part: &Part, causes: &[&Finding]) -> Vec<String> {
    let mut fixes: Vec<String> = rule.fix.iter().cloned().collect();
    match rule.limit.metric {
        Metric::Unparsed => fixes
            .push("see which lines these are, and name the format: logcodes formats FILE; -f takes the server's own format string".into()),
        Metric::Quantile(_) => fixes.push("see which routes are slow: logcodes --sort p95 FILE".into()),
        _ => {}
    }
    fixes.extend(causes.iter().flat_map(|finding| finding.fixes.iter().take(2)).cloned());
    if causes.is_empty() {
        let code = codes(judge, &rule.limit, part).first().copied();
        let entry = code.and_then(|code| catalogue::lookup(code as i16).into_iter().next());
        fixes.extend(entry.into_iter().flat_map(|entry| entry.fixes.iter().map(|fix| fix.step.to_owned())));
    }
    let mut seen = BTreeSet::new();
    fixes.retain(|fix| seen.insert(fix.clone()));
    fixes.truncate(FIXES);
    fixes
}

/// The findings that rulings name.
pub(super) fn named(rulings: &[Ruling], findings: &[Finding]) -> Vec<Cause> {
    let named: BTreeSet<&str> = rulings.iter().flat_map(|ruling| &ruling.findings).map(String::as_str).collect();
    let cause = |finding: &Finding| Cause {
        id: finding.id.clone(),
        title: finding.title.clone(),
        confidence: finding.confidence,
        evidence: finding.evidence.clone(),
        fixes: finding.fixes.clone(),
    };
    findings.iter().filter(|finding| named.contains(finding.id.as_str())).map(cause).collect()
}
