//! What a key holds, told by its name and its values: JSON, LTSV and logfmt lines name their fields as they like.
//!
//! Only what the known keys leave open is guessed, and every guess is said.

use super::KeyRow;
use super::pairs::{Dialect, logfmt, ltsv};
use crate::format::clock::Clock;
use crate::format::field::{Field, TimeLayout, Unit};
use crate::format::value;
use crate::model::RequestLine;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Rank of a guessed key: behind every known one.
const RANK: u8 = u8::MAX;

/// Values of one key that are looked at.
const VALUES: usize = 64;

/// How the lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    Json,
    Pairs(Dialect),
}

/// The keys of some lines with values of each.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    values: BTreeMap<Vec<String>, Vec<String>>,
    lines: usize,
}

impl Seen {
    pub(crate) fn of(lines: &[&[u8]], notation: Notation) -> Self {
        let mut seen = Self::default();
        for line in lines {
            seen.lines += usize::from(match notation {
                Notation::Json => seen.json(line),
                Notation::Pairs(dialect) => seen.pairs(line, dialect),
            });
        }
        seen
    }

    fn json(&mut self, line: &[u8]) -> bool {
        let Ok(object @ serde_json::Value::Object(_)) = serde_json::from_slice(line) else { return false };
        self.walk(&object, &mut Vec::new());
        true
    }

    fn walk(&mut self, value: &serde_json::Value, path: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(map) if path.len() < 8 => {
                for (key, inner) in map {
                    path.push(key.clone());
                    self.walk(inner, path);
                    path.pop();
                }
            }
            serde_json::Value::Array(list) => list.first().filter(|v| !v.is_array()).into_iter().for_each(|first| self.walk(first, path)),
            serde_json::Value::String(text) => self.add(path.clone(), text.clone()),
            serde_json::Value::Number(number) => self.add(path.clone(), number.to_string()),
            _ => {}
        }
    }

    fn pairs(&mut self, line: &[u8], dialect: Dialect) -> bool {
        let pairs: Option<Vec<_>> = match dialect {
            Dialect::Ltsv => ltsv(line).collect(),
            Dialect::Logfmt => Some(logfmt(line).collect()),
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let Some(pairs) = pairs.filter(|pairs| pairs.len() > 2) else { return false };
        pairs.iter().for_each(|pair| self.add(vec![text(pair.key)], text(pair.value)));
        true
    }

    fn add(&mut self, path: Vec<String>, value: String) {
        let values = self.values.entry(path).or_default();
        if values.len() < VALUES && !matches!(value.as_str(), "" | "-") {
            values.push(value);
        }
    }

    /// Whether two of the keys at least are names of nginx's variables, or what people shorten them to.
    pub(crate) fn is_of_nginx(&self) -> bool {
        let name = |path: &[String]| if let [name] = path { NGINX.contains(&name.as_str()) } else { false };
        self.values.keys().filter(|path| name(path)).count() >= 2
    }

    /// Whether the line has a key of nginx's upstream, so that a short key beside it is of the upstream too.
    fn has_upstream(&self) -> bool {
        self.values.keys().any(|path| path.last().is_some_and(|name| UPSTREAM_TIMES.contains(&name.as_str())))
    }

    /// A key for each field that `known` does not hold and that one of the keys can be.
    pub(crate) fn guesses(&self, known: &dyn Fn(&Field) -> bool) -> Vec<KeyRow> {
        let mut taken: Vec<&[String]> = Vec::new();
        let mut rows = Vec::new();
        for guess in GUESSES {
            let field = (guess.field)(&[]);
            if known(&field) || (field.is_of_request_line() && rows.iter().any(|(_, f, _): &KeyRow| *f == Field::Request)) {
                continue;
            }
            // What was never stated in the sample can be told by its neighbours only.
            let known_empty = self.has_upstream() && matches!(field, Field::UpstreamAddr | Field::UpstreamStatus);
            let fits = |(path, values): &(&Vec<String>, &Vec<String>)| {
                !taken.contains(&path.as_slice()) && (!values.is_empty() || known_empty) && values.iter().all(|v| (guess.is)(v))
            };
            let named = |path: &[String]| guess.name_of(path);
            let candidates: Vec<_> = self.values.iter().filter(fits).filter(|(path, _)| !guess.is_refused(path)).collect();
            let best = candidates.iter().filter_map(|c| Some((named(c.0)?, c))).min_by_key(|(rank, c)| (*rank, c.0.len()));
            let alone = (!guess.needs_name && candidates.len() == 1).then(|| &candidates[0]);
            if let Some((path, values)) = best.map(|(_, c)| c).or(alone) {
                taken.push(path);
                let values: Vec<&str> = values.iter().map(String::as_str).chain(path.last().map(String::as_str)).collect();
                let field = (guess.field)(&values);
                rows.extend((!field.is_skipped()).then(|| ((*path).clone(), field, RANK)));
            }
        }
        rows
    }
}

/// Of the keys that a format of the same notation knows, those that lead to what `guessed` has no key for. The status is never
/// among them, since without its key the format would have read the lines; nor is a request where none was guessed.
pub(crate) fn beyond(known: Vec<KeyRow>, guessed: &[KeyRow]) -> Vec<KeyRow> {
    let has = |is: &dyn Fn(&Field) -> bool| guessed.iter().any(|(_, field, _)| is(field));
    let has_parts = has(&|f| f.is_of_request_line()) && !has(&|f| *f == Field::Request);
    let is_open = |(path, field, _): &KeyRow| {
        let may = match field {
            Field::Status | Field::Request | Field::Target | Field::Path | Field::Not(_) => false,
            field if field.is_of_request_line() => has_parts,
            _ => true,
        };
        may && !guessed.iter().any(|(taken, other, _)| taken == path || other.bit() == field.bit())
    };
    known.into_iter().filter(is_open).collect()
}

/// How the key of one field is known.
struct Guess {
    /// The field, given the values and, behind them, the key's name.
    field: fn(&[&str]) -> Field,
    /// What the values must be.
    is: fn(&str) -> bool,
    /// What the name may hold, the best first.
    names: &'static [&'static str],
    /// What it may not hold.
    refused: &'static [&'static str],
    /// The values alone do not tell.
    needs_name: bool,
}

impl Guess {
    fn name_of(&self, path: &[String]) -> Option<usize> {
        let name = path.join(".").to_ascii_lowercase();
        let last = path.last().map_or("", String::as_str);
        // What is as short as this is a part of many words.
        self.names.iter().position(|hint| if hint.len() <= 3 { last.eq_ignore_ascii_case(hint) } else { name.contains(hint) })
    }

    fn is_refused(&self, path: &[String]) -> bool {
        let name = path.join(".").to_ascii_lowercase();
        self.refused.iter().any(|hint| name.contains(hint))
    }
}

const ELSEWHERE: &[&str] = &["upstream", "origin", "backend", "server_addr", "local", "x_forwarded", "listen"];

const GUESSES: &[Guess] = &[
    Guess {
        field: |_| Field::Status,
        is: |v| value::status(v.as_bytes()).is_some_and(|s| matches!(s.get(), 0 | 100..=599)),
        names: &["status", "code", "response", "st", "sc", "rc"],
        refused: &["upstream", "origin", "backend", "cache", "bytes", "size", "duration", "time", "port", "grpc", "exit", "zip"],
        needs_name: true,
    },
    Guess { field: |_| Field::Request, is: is_request, names: &["request", "req", "line"], refused: &[], needs_name: false },
    Guess { field: |_| Field::Method, is: |v| METHODS.contains(&v), names: &["method", "verb"], refused: &["override"], needs_name: false },
    Guess {
        field: |_| Field::Target,
        is: |v| v.starts_with('/') || v.starts_with("http://") || v.starts_with("https://") || v == "*",
        names: &["request_uri", "uri", "url", "path", "target", "request", "page"],
        refused: &["refer", "upstream", "origin", "file", "root"],
        needs_name: false,
    },
    Guess {
        field: |_| Field::Time(TimeLayout::Any),
        is: is_time,
        names: &["time", "ts", "date", "@t", "when", "start", "at"],
        refused: &["upstream", "duration", "elapsed", "response_time", "request_time"],
        needs_name: false,
    },
    Guess {
        field: duration,
        is: is_number,
        names: &["duration", "request_time", "response_time", "latency", "elapsed", "took", "reqtime", "runtime", "time", "_ms", "rt"],
        refused: &["upstream", "origin", "backend", "connect", "header", "timestamp", "bytes", "size", "queue", "start", "ttl"],
        needs_name: true,
    },
    Guess {
        field: |_| Field::Bytes,
        is: |v| value::unsigned(v.as_bytes()).is_some(),
        names: &["bytes_sent", "body_bytes", "response_size", "bytes", "size", "length"],
        refused: &["request", "recv", "received", "upstream", "origin", "_in", "mem", "redis", "cache", "disk"],
        needs_name: true,
    },
    Guess {
        field: |_| Field::Peer,
        is: is_address,
        names: &["remote", "client", "peer", "src", "addr", "ip", "host"],
        refused: ELSEWHERE,
        needs_name: true,
    },
    Guess {
        field: |_| Field::Host,
        is: |v| !v.contains(['/', ' ']) && !is_address(v),
        names: &["host", "authority", "domain", "server_name", "vhost"],
        refused: &["upstream", "remote", "client", "backend"],
        needs_name: true,
    },
    Guess { field: |_| Field::Referer, is: |_| true, names: &["refer"], refused: &[], needs_name: true },
    Guess { field: |_| Field::UserAgent, is: |_| true, names: &["agent"], refused: &[], needs_name: true },
    Guess {
        field: |_| Field::UpstreamStatus,
        is: is_status_list,
        names: &["us", "upstream_status", "upstream.status", "upstreamstatus"],
        refused: &[],
        needs_name: true,
    },
    Guess {
        field: |_| Field::CacheStatus,
        is: value::is_cache_status,
        names: &["cache_status", "cachestatus", "x-cache", "x_cache", "xcache", "cache_result", "cache", "cs", "ucs"],
        refused: &["control", "key"],
        needs_name: true,
    },
    Guess {
        field: upstream_addr,
        is: is_peer_list,
        names: &["upstream_addr", "upstream.addr", "upstreamaddr", "ua", "up", "upstream_host", "upstream", "backend"],
        refused: &["time", "status", "bytes", "length", "duration", "latency", "connect", "header", "cache"],
        needs_name: true,
    },
    Guess {
        field: |values| Field::ConnectTime(unit(values)),
        is: is_number_list,
        names: &["uct", "upstream_connect", "upstream.connect", "upstreamconnect"],
        refused: &[],
        needs_name: true,
    },
    Guess {
        field: |values| Field::HeaderTime(unit(values)),
        is: is_number_list,
        names: &["uht", "upstream_header", "upstream.header", "upstreamheader"],
        refused: &["size", "bytes", "length"],
        needs_name: true,
    },
    Guess {
        field: |values| Field::UpstreamTime(unit(values)),
        is: is_number_list,
        names: &["urt", "upstream_response_time", "upstream.response_time", "upstreamresponsetime", "upstream_time", "upstream_duration"],
        refused: &[],
        needs_name: true,
    },
    Guess {
        field: |_| Field::RequestId,
        is: |v| v.len() >= 8 && !v.contains(' '),
        names: &["request_id", "req_id", "requestid", "trace_id", "traceid", "correlation"],
        refused: &[],
        needs_name: true,
    },
];

/// Variables of nginx that no other server's keys are called.
const NGINX: [&str; 18] = [
    "body_bytes_sent",
    "time_local",
    "time_iso8601",
    "msec",
    "http_user_agent",
    "http_referer",
    "http_x_forwarded_for",
    "request_time",
    "request_length",
    "upstream_addr",
    "upstream_status",
    "upstream_response_time",
    "upstream_connect_time",
    "upstream_header_time",
    "upstream_cache_status",
    "uct",
    "uht",
    "urt",
];

/// What the times of nginx's upstream are called.
const UPSTREAM_TIMES: [&str; 6] = ["uct", "uht", "urt", "upstream_connect_time", "upstream_header_time", "upstream_response_time"];

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"];

fn is_request(text: &str) -> bool {
    RequestLine::parse(text.as_bytes()).is_some_and(|line| line.protocol.is_some())
}

/// A time after 2000 and before 2100.
fn is_time(text: &str) -> bool {
    let mut clock = Clock::new(TimeZone::UTC);
    clock.any(text.as_bytes()).is_some_and(|t| (946_684_800..4_102_444_800).contains(&t.seconds))
}

fn is_number(text: &str) -> bool {
    value::duration(text.as_bytes(), Unit::Seconds).is_some() && !is_time(text)
}

/// One time a try; what was never reached has none.
fn is_number_list(text: &str) -> bool {
    text.split([',', ':']).map(str::trim).all(|one| one == "-" || is_number(one))
}

fn is_address(text: &str) -> bool {
    let bare = text.rsplit_once(':').map_or(text, |(address, _)| address.trim_matches(['[', ']']));
    text.parse::<IpAddr>().is_ok() || bare.parse::<IpAddr>().is_ok()
}

/// One status a try.
fn is_status_list(text: &str) -> bool {
    text.split([',', ':'])
        .map(str::trim)
        .all(|one| one == "-" || value::status(one.as_bytes()).is_some_and(|s| matches!(s.get(), 100..=599)))
}

/// One server a try: an address with a port, a socket, or the name of a group in which none was alive.
fn is_peer_list(text: &str) -> bool {
    let peers = || text.split(", ").flat_map(|tries| tries.split(" : "));
    peers().all(|one| one.starts_with("unix:") || !one.is_empty() && !one.contains(['/', ' ', '(']))
}

/// Names alone may be anything: of some servers the port must be stated. Without any value the neighbours have told.
fn upstream_addr(values: &[&str]) -> Field {
    let is_port = |(_, port): (&str, &str)| port.parse::<u16>().is_ok();
    let has_port = |v: &&str| v.starts_with("unix:") || v.split([',', ' ']).any(|one| one.rsplit_once(':').is_some_and(is_port));
    let values = &values[..values.len().saturating_sub(1)];
    if values.is_empty() || values.iter().any(has_port) { Field::UpstreamAddr } else { Field::Skip }
}

fn duration(values: &[&str]) -> Field {
    Field::Duration(unit(values))
}

/// The unit stands in the key's name; without one a fraction means seconds, and whole numbers milliseconds.
fn unit(values: &[&str]) -> Unit {
    let name = values.last().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
    let numbers = &values[..values.len().saturating_sub(1)];
    let units = [
        ("micro", Unit::Micros),
        ("_us", Unit::Micros),
        ("nano", Unit::Nanos),
        ("_ns", Unit::Nanos),
        ("ms", Unit::Millis),
        ("milli", Unit::Millis),
    ];
    let named = units.iter().find(|(hint, _)| name.contains(hint)).map(|(_, unit)| *unit);
    let whole = numbers.iter().all(|n| n.bytes().all(|b| b.is_ascii_digit() || matches!(b, b',' | b':' | b' ' | b'-')));
    named.unwrap_or(if whole { Unit::Millis } else { Unit::Seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_by_names_and_values() {
        let line =
            br#"{"when":"2025-06-15T15:06:40Z","from":{"ip":"192.0.2.7"},"what":"GET /a HTTP/1.1","st":502,"took_ms":12,"len":7,"v":3}"#;
        let rows = Seen::of(&[line], Notation::Json).guesses(&|_| false);
        let shown: Vec<String> = rows.iter().map(|(path, field, _)| format!("{}={field:?}", path.join("."))).collect();
        assert_eq!(shown, ["st=Status", "what=Request", "when=Time(Any)", "took_ms=Duration(Millis)", "from.ip=Peer"]);
    }

    #[test]
    fn short_keys_are_told_by_values_and_neighbours() {
        let guessed = |lines: &[&str]| {
            let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
            let rows = Seen::of(&lines, Notation::Json).guesses(&|f| !matches!(f, Field::UpstreamAddr | Field::UpstreamStatus));
            rows.iter().map(|(path, field, _)| format!("{}={field:?}", path.join("."))).collect::<Vec<_>>()
        };
        let both = ["us=UpstreamStatus", "ua=UpstreamAddr"];
        assert_eq!(guessed(&[r#"{"us":"502, 200","ua":"10.0.0.5:80, unix:/run/a.sock"}"#, r#"{"us":"","ua":"backend"}"#]), both);
        assert_eq!(guessed(&[r#"{"uct":"","us":"","ua":""}"#]), both);
        assert_eq!(guessed(&[r#"{"us":"","ua":""}"#]), [""; 0]);
        assert_eq!(guessed(&[r#"{"uct":"0.1","us":"31415","ua":"Mozilla/5.0 (X11)"}"#, r#"{"ua":"curl"}"#]), [""; 0]);
        assert_eq!(guessed(&[r#"{"ua":"curl"}"#]), [""; 0]);
    }

    /// The guesses of upstream fields and what caches did, in the order of the table.
    fn of_upstream(line: &str) -> Vec<String> {
        let of = |f: &Field| matches!(f, Field::UpstreamAddr | Field::UpstreamStatus | Field::CacheStatus);
        let times = |f: &Field| matches!(f, Field::ConnectTime(_) | Field::HeaderTime(_) | Field::UpstreamTime(_));
        let rows = Seen::of(&[line.as_bytes()], Notation::Json).guesses(&|f| !of(f) && !times(f));
        rows.iter().map(|(path, field, _)| format!("{}={field:?}", path.join("."))).collect()
    }

    #[test]
    fn keys_of_the_upstream_are_told_short_and_spelt_out() {
        let short = r#"{"up":"192.0.2.1:80, 192.0.2.2:80","us":"502, 200","uct":"0.001, 0.002","uht":"-, 0.018","urt":"0.001, 0.018","ucs":"MISS"}"#;
        assert_eq!(
            of_upstream(short),
            [
                "us=UpstreamStatus",
                "ucs=CacheStatus",
                "up=UpstreamAddr",
                "uct=ConnectTime(Seconds)",
                "uht=HeaderTime(Seconds)",
                "urt=UpstreamTime(Seconds)"
            ]
        );
        let spelt_out = r#"{"upstream_status":"200","cache_status":"HIT","upstream_addr":"unix:/run/a.sock","upstream_connect_time":"0.001","upstream_header_time":"0.018","upstream_response_time":"0.018"}"#;
        assert_eq!(
            of_upstream(spelt_out),
            [
                "upstream_status=UpstreamStatus",
                "cache_status=CacheStatus",
                "upstream_addr=UpstreamAddr",
                "upstream_connect_time=ConnectTime(Seconds)",
                "upstream_header_time=HeaderTime(Seconds)",
                "upstream_response_time=UpstreamTime(Seconds)"
            ]
        );
        let nested = r#"{"upstream":{"addr":"192.0.2.1:80","status":200,"connect_ms":3,"header_ms":"4, 5","response_time":12}}"#;
        assert_eq!(
            of_upstream(nested),
            [
                "upstream.status=UpstreamStatus",
                "upstream.addr=UpstreamAddr",
                "upstream.connect_ms=ConnectTime(Millis)",
                "upstream.header_ms=HeaderTime(Millis)",
                "upstream.response_time=UpstreamTime(Millis)"
            ]
        );
        assert_eq!(
            of_upstream(r#"{"up":"yes","us":"east","uct":"soon","urt":"2025-06-15T15:06:40Z","upstream_header_size":"7"}"#),
            [""; 0]
        );
    }

    #[test]
    fn beyond_the_guesses_known_keys_are_read() {
        let row = |path: &str, field| (vec![path.to_owned()], field, 1);
        let known = || {
            vec![
                row("status", Field::Status),
                row("request", Field::Request),
                row("method", Field::Method),
                row("path", Field::Target),
                row("ref", Field::Referer),
                row("ua", Field::UserAgent),
                row("time", Field::Time(TimeLayout::Any)),
            ]
        };
        let left = |guessed: &[KeyRow]| beyond(known(), guessed).into_iter().map(|(path, ..)| path.join(".")).collect::<Vec<_>>();
        // One key is the address of the upstream, the other field has a better key.
        assert_eq!(left(&[row("ua", Field::UpstreamAddr), row("ts", Field::Time(TimeLayout::Any)), row("req", Field::Request)]), ["ref"]);
        assert_eq!(left(&[row("page", Field::Target)]), ["method", "ref", "ua", "time"]);
    }

    #[test]
    fn known_fields_are_not_guessed() {
        let line = b"status:200\tpath:/x\ttime:2025-06-15T15:06:40Z\tverb:GET";
        let rows = Seen::of(&[line], Notation::Pairs(Dialect::Ltsv)).guesses(&|f| *f == Field::Status);
        assert_eq!(rows.len(), 3);
    }
}
