//! The fast parser against a slow and obvious one, on generated lines.

use logcodes::format::{Format, Memory};
use logcodes::model::Record;
use proptest::prelude::*;

/// What the slow parser finds.
#[derive(Debug, PartialEq, Default)]
struct Slow {
    remote: Option<String>,
    user: Option<String>,
    time: Option<String>,
    method: Option<String>,
    path: Option<String>,
    query: Option<String>,
    protocol: Option<String>,
    status: u16,
    bytes: Option<u64>,
    referer: Option<String>,
    agent: Option<String>,
}

/// Reads a combined line piece by piece, each piece by the plainest means.
fn slow(line: &str) -> Option<Slow> {
    let (head, rest) = line.split_once("] \"")?;
    let (who, time) = head.split_once(" [")?;
    let (remote, user) = who.split_once(" - ")?;
    let time = jiff::fmt::strtime::parse("%d/%b/%Y:%H:%M:%S %z", time).ok().and_then(|t| t.to_timestamp().ok()).map(|t| t.to_string());
    let (request, rest) = quoted(rest)?;
    let mut words = rest.strip_prefix(' ')?.splitn(3, ' ');
    let status = words.next()?;
    if status.is_empty() || status.len() > 3 || !status.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let bytes = words.next()?;
    let (referer, rest) = quoted(words.next()?.strip_prefix('"')?)?;
    let (agent, _) = quoted(rest.strip_prefix(" \"")?)?;
    let stated = |text: &str| (!matches!(text, "" | "-")).then(|| text.to_owned());
    let mut found = Slow {
        remote: stated(remote),
        user: stated(user),
        time,
        status: status.parse().ok()?,
        bytes: bytes.parse().ok(),
        referer: stated(referer),
        agent: stated(agent),
        ..Slow::default()
    };
    if let Some((method, rest)) = request.split_once(' ')
        && !method.is_empty()
        && method.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
    {
        let (target, protocol) = match rest.rsplit_once(' ') {
            Some((target, last))
                if last.strip_prefix("HTTP/").is_some_and(|v| !v.is_empty() && v.chars().all(|c| c.is_ascii_digit() || c == '.')) =>
            {
                (target, Some(last))
            }
            None if !rest.is_empty() => (rest, None),
            _ => return Some(found),
        };
        found.method = Some(method.to_owned());
        found.protocol = protocol.map(str::to_owned);
        found.path = Some(target.split('?').next()?.to_owned());
        found.query = target.split_once('?').map(|(_, q)| q.to_owned());
    }
    Some(found)
}

/// The text up to the first quote that is not escaped, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return Some((&text[..at], &text[at + 1..])),
            _ => escaped = false,
        }
    }
    None
}

fn fast(line: &str) -> Option<Slow> {
    let format = Format::from_user("combined").unwrap();
    let (mut memory, mut r) = (Memory::default(), Record::default());
    format.parse(line.as_bytes(), &mut memory, &mut r).ok()?;
    let text = |bytes: Option<&[u8]>| bytes.map(|b| String::from_utf8_lossy(b).into_owned());
    Some(Slow {
        remote: text(r.remote),
        user: text(r.user),
        time: r.time.map(|t| t.to_string()),
        method: text(r.method),
        path: text(r.path),
        query: text(r.query),
        protocol: text(r.protocol),
        status: r.status?.get(),
        bytes: r.bytes,
        referer: text(r.referer),
        agent: text(r.user_agent),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn fast_and_slow_agree(
        remote in "[0-9a-f.:]{1,30}|host\\.example",
        user in "-|[a-z]{1,9}( [a-z]{1,9})?",
        time in "[0-3][0-9]/(Jan|Feb|Jun|Dec|Foo)/20[0-9]{2}:[0-2][0-9]:[0-5][0-9]:[0-5][0-9] [+-](0[0-9]|1[0-4])(00|30)",
        request in r#"(GET|get|POST|OPTIONS|M-SEARCH|PROPFIND|G@T|) ?(/|\*|http://h/|)([a-z0-9/?&=%. é]|\\\\|\\"|\\x16){0,24}( HTTP/(1\.[01]|2|3\.0|x)|)"#,
        status in "[0-9]{1,4}|-",
        bytes in "[0-9]{1,21}|-",
        referer in r#"(-|https?://[a-z/?=]{0,60}|([a-z ]|\\"|\\\\){0,9}|)"#,
        agent in r#"(-|Mozilla/5\.0 \([a-zA-Z; ]{0,80}\)|([a-z ]|\\"|\\\\){0,9}|)"#,
    ) {
        let line = format!("{remote} - {user} [{time}] \"{request}\" {status} {bytes} \"{referer}\" \"{agent}\"");
        prop_assert_eq!(fast(&line), slow(&line), "{}", line);
    }
}
