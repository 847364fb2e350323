//! What a finding says of itself, in the words that all outputs share. Text of the log is passed on as it is: whoever writes
//! it cleans it.

use super::human;
use crate::catalogue::{self, cause::CauseFix};
use crate::diagnose::{Affected, Finding, Part, Severity, Share, Traffic};
use crate::report::Report;
use jiff::Timestamp;

/// Codes that are named.
const CODES: usize = 4;

/// A sign that tells severities apart without colour, beside the word.
pub(super) const fn mark(severity: Severity) -> char {
    match severity {
        Severity::Critical | Severity::Error => '✖',
        Severity::Warning => '▲',
        Severity::Notice => '•',
        Severity::Info => '·',
    }
}

/// The rule that found it: its name without the number of the finding.
pub(super) fn rule(finding: &Finding) -> &str {
    match finding.id.rsplit_once('.') {
        Some((rule, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => rule,
        _ => &finding.id,
    }
}

/// `502, 504 on POST /api/v1/payments`, `502 on 12 routes, most on GET /products/{id}`
pub(super) fn place(finding: &Finding) -> String {
    let mut codes: Vec<String> = finding.codes.iter().take(CODES).map(|code| format!("{code:03}")).collect();
    if finding.codes.len() > CODES {
        codes.push("…".to_owned());
    }
    let affected = &finding.affected;
    let place = match (&finding.route, affected.routes.first()) {
        (Some(route), _) => format!("{}{route}", finding.method.as_ref().map(|m| format!("{m} ")).unwrap_or_default()),
        (None, Some(most)) if affected.routes_total > 1 => {
            format!("{} routes, most on {}", human::count(affected.routes_total as u64), most.name)
        }
        (None, Some(only)) => only.name.clone(),
        (None, None) => String::new(),
    };
    [codes.join(", "), place].iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" on ")
}

/// From when to when, as `time` writes a moment of something that lasts so many seconds; empty where no time is logged.
pub(super) fn period(finding: &Finding, time: &dyn Fn(i64, i64) -> String) -> String {
    let at = |text: &Option<String>| text.as_ref().and_then(|t| t.parse::<Timestamp>().ok()).map(Timestamp::as_second);
    let (Some(start), Some(end)) = (at(&finding.start), at(&finding.end)) else { return String::new() };
    let time = |at: i64| time(at, end.saturating_sub(start));
    match (finding.open.before, finding.open.after) {
        (true, true) => "throughout the log".to_owned(),
        (true, false) => format!("from the start of the log to {}", time(end)),
        (false, true) => format!("since {}, until the end of the log", time(start)),
        (false, false) if start == end => format!("at {}", time(start)),
        (false, false) => format!("{} to {}", time(start), time(end)),
    }
}

/// `556 of 873 requests (64 %)`, `about 5,229 of 41,109 requests (13 %)`
pub(super) fn extent(finding: &Finding) -> String {
    if finding.estimated {
        let about = extent(&Finding { estimated: false, ..finding.clone() });
        return format!("about {}", about.strip_prefix("all ").unwrap_or(&about));
    }
    let (count, of) = (finding.count, finding.of);
    let noun = |number: u64| if number == 1 { "request" } else { "requests" };
    match count {
        _ if of > count => format!("{} of {} {} ({})", human::count(count), human::count(of), noun(of), human::percent(count, of)),
        1 => "1 request".to_owned(),
        _ if of == count => format!("all {} requests", human::count(count)),
        _ => format!("{} requests", human::count(count)),
    }
}

/// `97 %`
pub(super) fn sureness(finding: &Finding) -> String {
    format!("{:.0} %", finding.confidence * 100.0)
}

/// The directives of a fix, if the catalogue has them. A step for one server begins with its name.
pub(super) fn config(finding: &Finding, step: &str) -> Option<&'static str> {
    let is_it =
        |fix: &&CauseFix| step == fix.step || step.strip_prefix(fix.server).and_then(|rest| rest.strip_prefix(": ")) == Some(fix.step);
    catalogue::cause::by_id(finding.cause)?.fixes.iter().find(is_it).and_then(|fix| fix.config)
}

/// Who and what is affected, a name for each kind and `GET /item/{id} ×4, POST /cart ×2 and 5 more` with the values as `value`
/// writes them; kinds that are not logged are left out.
pub(super) fn affected(affected: &Affected, value: &dyn Fn(&str) -> String) -> Vec<(&'static str, String)> {
    let shares = |shares: &[Share], total: usize| {
        let named: Vec<String> = shares.iter().map(|share| format!("{} ×{}", value(&share.name), human::count(share.count))).collect();
        let more = total.saturating_sub(shares.len());
        let more = if more > 0 { format!(" and {} more", human::count(more as u64)) } else { String::new() };
        named.join(", ") + &more
    };
    let all = [
        ("routes", &affected.routes, affected.routes_total),
        ("hosts", &affected.hosts, 0),
        ("upstreams", &affected.upstreams, 0),
        ("clients", &affected.clients, affected.clients_total),
    ];
    all.into_iter().filter(|(_, of, _)| !of.is_empty()).map(|(name, of, total)| (name, shares(of, total))).collect()
}

/// That nothing is wrong, or that what is wrong has no name.
pub(super) fn nothing_wrong(report: &Report) -> String {
    let of = |from: u16, to: u16| report.codes.iter().filter(|c| (from..=to).contains(&c.code)).map(|c| c.count).sum::<u64>();
    let all = report.lines.parsed;
    let (server, client) = (of(500, 599), of(400, 499));
    // What a healthy site has of errors: clients come and go, icons are missing.
    let quiet = server.saturating_mul(200) <= all && client.saturating_mul(20) <= all;
    if quiet {
        let among = if report.lines.filtered > 0 { " in what the filters let through" } else { "" };
        format!("✔ Nothing looks wrong{among}: no finding of severity warning or above")
    } else {
        "No finding of severity warning or above: no rule explains the errors".to_owned()
    }
}

/// What moves a rate by less than this part of it is not worth a word …
const WORTH: f64 = 0.2;
/// … nor what moves it by less than this: a server error is worth ten of the client's.
const LEAST: [f64; 2] = [0.001, 0.01];

/// How the error rates look without those who are no users: `4xx 12 %, 3.0 % without scanners (1 client, 504 requests)`.
/// Empty where they look much the same.
pub(super) fn without_bots(traffic: &Traffic) -> String {
    let all = traffic.all();
    let mut sentences = Vec::new();
    let classes = [("5xx", (|p| p.errors_5xx) as fn(&Part) -> u64), ("4xx", |p| p.errors_4xx)];
    for ((name, of), least) in classes.into_iter().zip(LEAST) {
        let rate = of(&all) as f64 / all.count.max(1) as f64;
        let mut rates = Vec::new();
        for (who, part) in &traffic.parts()[..3] {
            let (errors, count) = (of(&all) - of(part), all.count - part.count);
            let without = errors as f64 / count.max(1) as f64;
            if count > 0 && (without - rate).abs() > (rate * WORTH).max(least) {
                let clients = if part.clients == 1 { "client" } else { "clients" };
                rates.push(format!(
                    "{} without {who} ({} {clients}, {} requests)",
                    human::percent(errors, count),
                    human::count(part.clients),
                    human::count(part.count)
                ));
            }
        }
        if !rates.is_empty() {
            sentences.push(format!("{name} {}, {}", human::percent(of(&all), all.count), rates.join(", ")));
        }
    }
    sentences.join("; ")
}
