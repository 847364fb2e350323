//! What a finding says of itself, in the words that all outputs share. Text of the log is passed on as it is: whoever writes
//! it cleans it.

use super::human;
use crate::diagnose::{Finding, Severity, Traffic};
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

/// `556 of 873 requests (64 %)`
pub(super) fn extent(finding: &Finding) -> String {
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

/// What moves a rate by less than this part of it is not worth a word.
const WORTH: f64 = 0.2;

/// How the error rates look without those who are no users: `4xx 12 %, 3.0 % without scanners (1 client, 504 requests)`.
/// Empty where they look much the same.
pub(super) fn without_bots(traffic: &Traffic) -> String {
    let all = traffic.all();
    let mut sentences = Vec::new();
    for (name, of) in [("5xx", (|p| p.errors_5xx) as fn(&crate::diagnose::Part) -> u64), ("4xx", |p| p.errors_4xx)] {
        let rate = of(&all) as f64 / all.count.max(1) as f64;
        let mut rates = Vec::new();
        for (who, part) in &traffic.parts()[..3] {
            let (errors, count) = (of(&all) - of(part), all.count - part.count);
            let without = errors as f64 / count.max(1) as f64;
            if count > 0 && (without - rate).abs() > rate * WORTH {
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
