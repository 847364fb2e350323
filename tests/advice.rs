//! What is advised to be logged can be read: a line in the advised format goes through detection and through `-f`, and no
//! field of it is lost.

use logcodes::diagnose::advice;
use logcodes::format::{Format, Memory, detect};
use logcodes::model::Record;

const WANTED: [(&str, usize); 12] = [
    ("duration", 9),
    ("connect_time", 9),
    ("header_time", 9),
    ("upstream_time", 9),
    ("upstream_status", 9),
    ("upstream_addr", 9),
    ("termination", 9),
    ("referer", 9),
    ("agent", 9),
    ("user", 9),
    ("host", 9),
    ("cache", 9),
];

/// The line that a server is advised to write when all of a rule's wishes are open; asked again until nothing is missing.
fn line_of(server: &str) -> String {
    let mut known: Vec<&str> = Vec::new();
    let mut line = String::new();
    for _ in 0..WANTED.len() {
        let found = advice(server, &|field| known.contains(&field), &WANTED);
        match found.last() {
            Some(last) => line.clone_from(&last.add),
            None => break,
        }
        known.extend(found.iter().map(|a| a.field));
    }
    assert!(known.len() >= 4, "{server}: {known:?}");
    line
}

/// The format string between the outer quotes of a configuration line.
fn format_of(line: &str, quote: char) -> String {
    let (start, end) = (line.find(quote).unwrap() + 1, line.rfind(quote).unwrap());
    line[start..end].replace("\\\"", "\"")
}

/// The line that a server would write, the longest names replaced first.
fn written(format: &str, values: &[(&str, &str)]) -> String {
    let mut values = values.to_vec();
    values.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    values.iter().fold(format.to_owned(), |line, (name, value)| line.replace(name, value))
}

const NGINX: &[(&str, &str)] = &[
    ("$remote_addr", "192.0.2.7"),
    ("$remote_user", "-"),
    ("$time_local", "24/Nov/2026:09:15:00 +0000"),
    ("$request_time", "0.523"),
    ("$request", "POST /pay?x=1 HTTP/1.1"),
    ("$status", "502"),
    ("$body_bytes_sent", "157"),
    ("$http_referer", "https://example.com/cart"),
    ("$http_user_agent", "ShopApp/5.2 (iOS 18)"),
    ("$upstream_connect_time", "-, 0.004"),
    ("$upstream_header_time", "-, 0.250"),
    ("$upstream_response_time", "0.001, 0.500"),
    ("$upstream_status", "502, 200"),
    ("$upstream_addr", "192.0.2.21:8080, 192.0.2.22:8080"),
    ("$upstream_cache_status", "MISS"),
    ("$host", "shop.example.com"),
];

const PERCENT: &[(&str, &str)] = &[
    ("%h", "192.0.2.7"),
    ("%l", "-"),
    ("%V", "shop.example.com"),
    ("%u", "-"),
    ("%t", "[24/Nov/2026:09:15:00 +0000]"),
    ("%r", "POST /pay?x=1 HTTP/1.1"),
    ("%>s", "502"),
    ("%s", "502"),
    ("%b", "157"),
    ("%{Referer}i", "https://example.com/cart"),
    ("%{User-Agent}i", "ShopApp/5.2 (iOS 18)"),
    ("%{User-agent}i", "ShopApp/5.2 (iOS 18)"),
    ("%D", "523000"),
    ("%{BALANCER_WORKER_NAME}e", "http://192.0.2.22:8080"),
    ("%{Host}i", "shop.example.com"),
    ("%{Varnish:hitmiss}x", "miss"),
];

/// The record of a line, as `format` reads it.
fn read(format: &Format, line: &str, check: &dyn Fn(&Record)) {
    let mut memory = Memory::default();
    let mut record = Record::default();
    format.parse(line.as_bytes(), &mut memory, &mut record).unwrap_or_else(|e| panic!("{line}: {e:?}"));
    assert_eq!(record.status.map(logcodes::model::StatusCode::get), Some(502), "{line}");
    assert_eq!(record.path, Some(b"/pay".as_slice()), "{line}");
    assert_eq!(record.bytes, Some(157), "{line}");
    assert_eq!(record.remote, Some(b"192.0.2.7".as_slice()), "{line}");
    assert_eq!(record.duration.map(|d| d.as_millis()), Some(523), "{line}");
    assert_eq!(record.referer, Some(b"https://example.com/cart".as_slice()), "{line}");
    assert_eq!(record.user_agent, Some(b"ShopApp/5.2 (iOS 18)".as_slice()), "{line}");
    check(&record);
}

/// Both ways to the format: named with `-f`, and found.
fn both(format: &str, line: &str, check: &dyn Fn(&Record)) {
    read(&Format::from_user(format).unwrap(), line, check);
    let lines = vec![line.as_bytes(); 20];
    let found = detect(&lines).format.unwrap_or_else(|| panic!("no format was found for {line}"));
    read(&found, line, check);
}

#[test]
fn the_line_advised_for_nginx_is_read_whole() {
    let advised = line_of("nginx");
    let format = format_of(&advised, '\'');
    let line = written(&format, NGINX);
    assert!(!line.contains('$'), "{line}");
    both(&format, &line, &|record| {
        assert_eq!(record.upstream_time.map(|d| d.as_millis()), Some(501));
        assert!(record.connect_time.is_some() && record.header_time.is_some(), "{line}");
        assert_eq!(record.upstream_status, Some(b"502, 200".as_slice()));
        assert_eq!(record.upstream_addr, Some(b"192.0.2.21:8080, 192.0.2.22:8080".as_slice()));
        assert_eq!(record.host, Some(b"shop.example.com".as_slice()));
        assert_eq!(record.cache_status, Some(b"MISS".as_slice()));
    });
}

#[test]
fn the_line_advised_for_apache_is_read_whole() {
    let advised = line_of("apache");
    let format = format_of(&advised, '"');
    let line = written(&format, PERCENT);
    assert!(!line.contains('%'), "{line}");
    both(&format, &line, &|record| {
        assert_eq!(record.upstream_addr, Some(b"http://192.0.2.22:8080".as_slice()));
        assert_eq!(record.host, Some(b"shop.example.com".as_slice()));
    });
}

#[test]
fn the_line_advised_for_lighttpd_is_read_whole() {
    let format = format_of(&line_of("lighttpd"), '"');
    both(&format, &written(&format, PERCENT), &|_| {});
}

#[test]
fn the_line_advised_for_varnish_is_read_whole() {
    let format = format_of(&line_of("varnish"), '\'');
    both(&format, &written(&format, PERCENT), &|record| {
        assert_eq!(record.host, Some(b"shop.example.com".as_slice()));
    });
}
