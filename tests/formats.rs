//! Every sample of every built-in format is read as its data file says, and recognised for what it is.

use logcodes::format::{Format, Memory, Reject, builtins, detect};
use logcodes::model::Record;
use std::time::Duration;

fn shown(record: &Record<'_>, field: &str) -> String {
    let text = |bytes: Option<&[u8]>| bytes.map_or("null".to_owned(), |b| String::from_utf8_lossy(b).into_owned());
    let seconds = |d: Option<Duration>| d.map_or("null".to_owned(), |d| d.as_secs_f64().to_string());
    match field {
        "time" => record.time.map_or("null".to_owned(), |t| t.to_string()),
        "remote" => text(record.remote),
        "user" => text(record.user),
        "method" => text(record.method),
        "path" => text(record.path),
        "query" => text(record.query),
        "protocol" => text(record.protocol),
        "status" => record.status.map_or("null".to_owned(), |s| s.get().to_string()),
        "bytes" => record.bytes.map_or("null".to_owned(), |b| b.to_string()),
        "duration" => seconds(record.duration),
        "host" => text(record.host),
        "referer" => text(record.referer),
        "user_agent" => text(record.user_agent),
        "upstream_addr" => text(record.upstream_addr),
        "upstream_status" => text(record.upstream_status),
        "upstream_time" => seconds(record.upstream_time),
        "request_id" => text(record.request_id),
        "queue_time" => seconds(record.queue_time),
        "connect_time" => seconds(record.connect_time),
        "header_time" => seconds(record.header_time),
        "termination_state" => text(record.termination_state),
        "cache_status" => text(record.cache_status),
        "malformed" => text(record.malformed),
        other => panic!("{other} is no field of a record"),
    }
}

#[test]
fn samples_are_read_as_stated() {
    for builtin in builtins() {
        let format = builtin.format();
        for sample in builtin.samples {
            let (mut memory, mut record) = (Memory::default(), Record::default());
            let read = format.parse(sample.line.as_bytes(), &mut memory, &mut record).map_err(Reject::reason);
            if let Some(reason) = sample.rejected {
                assert_eq!(read, Err(reason), "{}: {}", builtin.name, sample.line);
                continue;
            }
            assert_eq!(read, Ok(()), "{}: {}", builtin.name, sample.line);
            for (field, expected) in sample.record {
                assert_eq!(shown(&record, field), *expected, "{field} of {}: {}", builtin.name, sample.line);
            }
        }
    }
}

#[test]
fn samples_are_recognised() {
    for builtin in builtins().iter().filter(|b| !b.fallback) {
        let lines: Vec<&[u8]> = builtin.samples.iter().filter(|s| s.rejected.is_none()).map(|s| s.line.as_bytes()).collect();
        let found = detect(&lines);
        assert_eq!(found.format.map(|f| f.name().to_owned()).as_deref(), Some(builtin.name));
    }
}

#[test]
fn samples_are_recognised_in_lines_of_a_container_runtime() {
    for builtin in builtins().iter().filter(|b| !b.fallback && !matches!(b.syntax, "w3c" | "zeek" | "csv")) {
        let records = builtin.samples.iter().filter(|s| s.rejected.is_none());
        let lines: Vec<String> = records.map(|s| format!("2025-06-15T15:06:40.123456789Z stdout F {}", s.line)).collect();
        let found = detect(&lines.iter().map(String::as_bytes).collect::<Vec<_>>());
        let expected = format!("{}, in container runtime lines", builtin.name);
        assert_eq!(found.format.map(|f| f.name().to_owned()), Some(expected));
    }
}

#[test]
fn a_narrowed_format_accepts_the_same_lines() {
    use logcodes::format::Wanted;
    for builtin in builtins() {
        let (whole, narrow) = (builtin.format(), builtin.format().narrowed(Wanted::TALLY));
        for line in builtins().iter().flat_map(|b| b.samples).map(|s| s.line.as_bytes()) {
            let (mut a, mut b) = (Record::default(), Record::default());
            let (mut ma, mut mb) = (Memory::default(), Memory::default());
            let (ra, rb) = (whole.parse(line, &mut ma, &mut a), narrow.parse(line, &mut mb, &mut b));
            assert_eq!(ra, rb, "{}: {}", builtin.name, String::from_utf8_lossy(line));
            if ra.is_ok() {
                assert_eq!(
                    (a.time, a.method, a.path, a.status, a.bytes, a.duration),
                    (b.time, b.method, b.path, b.status, b.bytes, b.duration)
                );
            }
        }
    }
}

fn detected(lines: &[&str]) -> Format {
    detect(&lines.iter().map(|l| l.as_bytes()).collect::<Vec<_>>()).format.unwrap()
}

const COMBINED: &str = r#"192.0.2.7 - - [15/Jun/2025:15:06:40 +0000] "GET /a HTTP/1.1" 200 5 "-" "curl/8""#;

#[test]
fn a_format_says_what_it_logs() {
    let combined = detected(&[COMBINED]);
    let names = ["status", "method", "path", "query", "protocol", "request", "bytes", "referer", "agent", "client", "user", "time"];
    assert_eq!(combined.logged(), names);
    assert!(combined.logs("agent") && !combined.logs("duration") && !combined.logs("nonsense"));
    let timed = detected(&[&format!("{COMBINED} rt=0.001 us=- cs=-")]);
    assert!(timed.logs("duration") && timed.logs("upstream_status") && timed.logs("cache") && !timed.logs("upstream_addr"));
    // Of keys those that lines have, whatever they hold; of columns those of the heading.
    let json = r#"{"time":"2025-06-15T15:06:40Z","status":200,"request":"GET / HTTP/1.1","upstream_addr":""}"#;
    let wrapped = format!(r#"{{"log":{},"stream":"stdout","time":"2025-06-15T15:06:41Z"}}"#, serde_json::to_string(json).unwrap());
    for line in [json, &wrapped] {
        assert_eq!(detected(&[line]).logged(), ["status", "method", "path", "query", "protocol", "request", "upstream_addr", "time"]);
    }
    let given = Format::from_user("json").unwrap().in_wrapper(&[json.as_bytes()]);
    assert!(given.logs("upstream_addr") && !given.logs("duration"));
    let w3c = detected(&["#Fields: date time cs-uri-stem sc-status sc-substatus", "2025-06-15 15:06:40 / 404 0"]);
    assert_eq!(w3c.logged(), ["status", "path", "query", "termination", "time"]);
    let alb = Format::from_user("alb").unwrap();
    assert!(["duration", "upstream_time", "termination", "host"].iter().all(|name| alb.logs(name)) && !alb.logs("connect_time"));
    assert!(alb.narrowed(logcodes::format::Wanted::EVIDENCE).logs("upstream_time"));
}

#[test]
fn a_format_says_who_wrote_it_if_it_knows() {
    let given = |text: &str| Format::from_user(text).unwrap().server();
    assert_eq!(
        ["combined", "nginx-combined", "apache-common", "clf", "haproxy", "alb"].map(given),
        ["unknown", "nginx", "apache", "unknown", "haproxy", "alb"]
    );
    assert_eq!(given("$remote_addr [$time_local] $status"), "nginx");
    assert_eq!(given("%h %t %>s"), "apache");
    assert_eq!(given("%h %t %s %{Varnish:hitmiss}x"), "varnish");
    assert_eq!(given(r#"%h %^[%d:%t %^] "%r" %s"#), "unknown");
    let found = |line: &str| detected(&[line]).server();
    assert_eq!(found(COMBINED), "unknown");
    assert_eq!(found(&format!("{COMBINED} urt=0.001")), "nginx");
    assert_eq!(found(&format!("{COMBINED} hit")), "varnish");
    assert_eq!(found(&format!("www.example.com {COMBINED}")), "unknown");
    assert_eq!(found(&format!("www.example.com:443 {COMBINED}")), "apache");
    assert_eq!(found(r#"{"time_iso8601":"2025-06-15T15:06:40Z","status":200,"request":"GET / HTTP/1.1","request_time":1.5}"#), "nginx");
    assert_eq!(found(r#"{"time":"2025-06-15T15:06:40Z","status":200,"request":"GET / HTTP/1.1"}"#), "unknown");
    let headed = |names: &str, line: &str| detected(&[&format!("#Fields: {names}"), line]).server();
    assert_eq!(headed("date time cs-uri-stem sc-status sc-win32-status", "2025-06-15 15:06:40 / 200 0"), "iis");
    assert_eq!(headed("date time x-edge-location cs-uri-stem sc-status", "2025-06-15 15:06:40 FRA / 200"), "cloudfront");
    assert_eq!(headed("date time cs-uri-stem sc-status", "2025-06-15 15:06:40 / 200"), "unknown");
}

/// The names that goaccess(1) lists for its --log-format.
#[test]
fn the_names_of_goaccess_are_known() {
    let names = [
        ("COMBINED", "nginx-combined"),
        ("VCOMBINED", "apache-vhost-combined"),
        ("COMMON", "apache-common"),
        ("VCOMMON", "apache-vhost-common"),
        ("W3C", "w3c"),
        ("SQUID", "squid"),
        ("CLOUDFRONT", "w3c"),
        ("CLOUDSTORAGE", "gcs-csv"),
        ("AWSELB", "aws-elb"),
        ("AWSS3", "aws-s3"),
        ("AWSALB", "aws-alb"),
        ("CADDY", "caddy-json"),
        ("TRAEFIKCLF", "traefik-clf"),
    ];
    for (theirs, ours) in names {
        for name in [theirs.to_owned(), theirs.to_lowercase()] {
            assert_eq!(Format::from_user(&name).unwrap().name(), ours, "{name}");
        }
    }
}
