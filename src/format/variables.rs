//! What the servers' own names mean: nginx variables, Apache's `%` directives, and the short keys that people give them.
//!
//! A table each, one row a name. Where several names lead to one field, the rank says which one is believed: 1 is the
//! field's own, larger ones are stand-ins.

use super::field::{Field, TimeLayout, Unit};
use super::template::APACHE_TIME;

/// A field and its rank among the names that lead to it.
pub(super) type Ranked = (Field, u8);

/// nginx variables, without their `$`. Source: the nginx documentation's index of variables.
pub(super) fn nginx(name: &str) -> Ranked {
    use Field::*;
    match name {
        "time_local" => (Time(TimeLayout::Clf), 1),
        "time_iso8601" => (Time(TimeLayout::Iso), 1),
        "msec" => (Time(TimeLayout::Epoch), 1),
        "remote_addr" => (Remote, 1),
        // The client that a balancer in front names, unless the realip module has made it the address of the peer.
        "proxy_protocol_addr" => (Remote, 2),
        "realip_remote_addr" | "binary_remote_addr" => (Remote, 3),
        "remote_user" => (User, 1),
        "request" => (Request, 1),
        "request_method" => (Method, 1),
        "request_uri" => (Target, 1),
        "uri" | "document_uri" => (Path, 2),
        "args" | "query_string" => (Query, 2),
        "server_protocol" => (Protocol, 1),
        "status" => (Status, 1),
        "body_bytes_sent" => (Bytes, 1),
        "bytes_sent" => (Bytes, 2),
        "request_time" => (Duration(Unit::Seconds), 1),
        "host" => (Host, 1),
        "http_host" => (Host, 2),
        "server_name" => (Host, 3),
        "http_referer" => (Referer, 1),
        "http_user_agent" => (UserAgent, 1),
        "upstream_addr" => (UpstreamAddr, 1),
        "upstream_status" => (UpstreamStatus, 1),
        "upstream_response_time" => (UpstreamTime(Unit::Seconds), 1),
        "upstream_cache_status" => (CacheStatus, 1),
        "sent_http_x_cache_status" | "sent_http_x_cache" | "upstream_http_x_cache" => (CacheStatus, 2),
        "request_id" => (RequestId, 1),
        "http_x_request_id" | "req_id" => (RequestId, 2),
        "upstream_connect_time" => (ConnectTime(Unit::Seconds), 1),
        "upstream_header_time" => (HeaderTime(Unit::Seconds), 1),
        name if name.starts_with("upstream_") => (SkipList, 1),
        _ => (Skip, 1),
    }
}

/// logcodes' own names for the fields of a format whose server has no template language, or one of its own: the names that
/// `records` prints, numbers of time with their unit behind them, `_` for what is read past.
pub(super) fn own(name: &str) -> Option<Field> {
    let (stem, unit) = [("_s", "s"), ("_ms", "ms"), ("_us", "us"), ("_ns", "ns")]
        .into_iter()
        .find_map(|(suffix, unit)| Some((name.strip_suffix(suffix)?, unit)))
        .unwrap_or((name, ""));
    Some(match name {
        "_" => Field::Skip,
        "list" => Field::SkipList,
        "clf_head" => Field::ClfHead,
        "address_port" => Field::AddressPort,
        "captures" => Field::Captures,
        "brackets" => Field::Brackets,
        "words" => Field::Words,
        "spaces" => Field::Spaces,
        "protocol_status" => Field::ProtocolStatus,
        "absolute_request" => Field::AbsoluteRequest,
        "time_clf" => Field::Time(TimeLayout::Clf),
        "time_iso" => Field::Time(TimeLayout::Iso),
        "time_epoch" => Field::Time(TimeLayout::Epoch),
        "time_ctime" => Field::Time(TimeLayout::Pattern("%a %b %e %H:%M:%S %Y".into())),
        _ => return Field::named(stem, unit),
    })
}

/// Apache directives: the letter, and the text in braces before it. Source: mod_log_config, mod_logio.
pub(super) fn apache(letter: char, argument: Option<&str>) -> Ranked {
    use Field::*;
    let header = argument.unwrap_or_default().to_ascii_lowercase();
    match (letter, header.as_str()) {
        ('t', "") => (Time(TimeLayout::Clf), APACHE_TIME),
        ('t', _) => (Time(TimeLayout::Pattern(argument.unwrap_or_default().into())), 1),
        ('a', "c") => (Remote, 3),
        ('h' | 'a', _) => (Remote, 1),
        ('u', _) => (User, 1),
        ('r', _) => (Request, 1),
        ('m', _) => (Method, 1),
        ('U', _) => (Path, 1),
        ('q', _) => (Query, 1),
        ('H', _) => (Protocol, 1),
        ('s', _) => (Status, 1),
        ('b' | 'B', _) => (Bytes, 1),
        ('O', _) => (Bytes, 2),
        ('D', _) | ('T', "us") => (Duration(Unit::Micros), 1),
        ('T', "ms") => (Duration(Unit::Millis), 1),
        ('T', _) => (Duration(Unit::Seconds), 2),
        ('i', "host") => (Host, 1),
        ('V', _) => (Host, 2),
        ('v', _) => (Host, 3),
        ('i', "referer") => (Referer, 1),
        ('i', "user-agent") => (UserAgent, 1),
        ('i', "x-request-id") => (RequestId, 2),
        // How the connection ended, which is how mod_log_config tells of clients that went before the end.
        ('X', _) => (TerminationState, 1),
        // Varnish has the rest of Apache's directives, and some of its own.
        ('e', "cache-status") | ('x', "varnish:hitmiss") => (CacheStatus, 1),
        ('o', "x-cache-status" | "x-cache" | "cf-cache-status") | ('x', "varnish:handling") => (CacheStatus, 2),
        ('x', "varnish:time_firstbyte") => (Duration(Unit::Seconds), 3),
        ('e', "unique_id") => (RequestId, 1),
        ('e', "balancer_worker_name") => (UpstreamAddr, 1),
        _ => (Skip, 1),
    }
}

/// The short keys of `key=value` pairs that people put behind the combined format.
pub(super) fn short_key(key: &str) -> Option<Field> {
    Some(match key.to_ascii_lowercase().as_str() {
        "rt" | "request_time" | "req_time" | "reqtime" => Field::Duration(Unit::Seconds),
        "d" | "duration_us" => Field::Duration(Unit::Micros),
        "duration_ms" => Field::Duration(Unit::Millis),
        "urt" | "upstream_response_time" | "upstream_time" => Field::UpstreamTime(Unit::Seconds),
        "uct" | "upstream_connect_time" => Field::ConnectTime(Unit::Seconds),
        "uht" | "upstream_header_time" => Field::HeaderTime(Unit::Seconds),
        "us" | "upstream_status" => Field::UpstreamStatus,
        "cs" | "cache" | "cache_status" | "upstream_cache_status" | "ucs" | "x_cache" => Field::CacheStatus,
        "x" => Field::TerminationState,
        "ua" | "uaddr" | "upstream_addr" | "upstream" | "w" => Field::UpstreamAddr,
        "rid" | "request_id" | "reqid" | "id" => Field::RequestId,
        "host" | "vhost" | "http_host" => Field::Host,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::format::clock::Clock;
    use crate::format::template::{Syntax, UserName, program};
    use crate::model::Record;
    use jiff::tz::TimeZone;

    #[test]
    fn the_proxy_protocol_names_the_client() {
        let remote = |template: &str, line: &'static str| {
            let program = program(template, Syntax::Nginx, UserName::AnyWords).unwrap();
            let mut record = Record::default();
            program.parse(line.as_bytes(), &mut Clock::new(TimeZone::UTC), &mut record).unwrap();
            record.remote.map(|r| String::from_utf8_lossy(r).into_owned())
        };
        assert_eq!(remote("$proxy_protocol_addr $status", "192.0.2.7 200").as_deref(), Some("192.0.2.7"));
        assert_eq!(remote("$proxy_protocol_addr $remote_addr $status", "- 192.0.2.8 200").as_deref(), Some("192.0.2.8"));
        assert_eq!(remote("$realip_remote_addr $proxy_protocol_addr $status", "192.0.2.9 192.0.2.7 200").as_deref(), Some("192.0.2.7"));
    }
}
