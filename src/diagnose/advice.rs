//! What to log to learn more: fields that rules asked for in vain, and the line of the server's configuration that adds them.
//!
//! The lines are such that this program reads every field of them without being told the format. It knows neither records
//! nor rules: what is logged and what was wanted is told to it.

use super::finding::Advice;

/// The most fields that are named at once: a longer list is put off, and with it all of it.
const MOST: usize = 3;

/// What a field tells, and how a server writes it.
struct Row {
    /// Its name, as rules call it.
    field: &'static str,
    /// Fields that are worked out from it.
    gives: &'static [&'static str],
    /// What it would tell.
    tells: &'static str,
    /// Rows of one group are written together: half of them tell little.
    group: u8,
    /// How each server writes it.
    parts: &'static [(&'static str, Part)],
}

/// How a server writes a field.
enum Part {
    /// It stands in the line that the others are put behind.
    Base,
    /// This, behind that line.
    Tail(&'static str),
    /// A setting of its own, which replaces the line.
    Setting(&'static str),
}

use Part::{Base, Setting, Tail};

const HTTPLOG: Part = Setting("option httplog");

const TRAEFIK: Part = Setting(
    "accessLog:
  format: json
  fields:
    headers:
      names:
        User-Agent: keep
        Referer: keep",
);

const IIS: Part = Setting(
    "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Filter 'system.applicationHost/sites/siteDefaults/logFile' \
     -Name logExtFileFlags -Value 'Date,Time,ClientIP,UserName,ServerIP,Method,UriStem,UriQuery,HttpStatus,Win32Status,BytesSent,\
     BytesRecv,TimeTaken,ServerPort,UserAgent,Referer,HttpSubStatus,Host'",
);

/// In the order in which they help: what opens the most questions first.
const ROWS: &[Row] = &[
    Row {
        field: "duration",
        gives: &["concurrent"],
        tells: "how long requests took: tells time limits, slow routes and clients that ran out of patience apart",
        group: 1,
        parts: &[
            ("nginx", Tail("rt=$request_time")),
            ("apache", Tail("D=%D")),
            ("lighttpd", Tail("D=%D")),
            ("varnish", Tail("D=%D")),
            ("haproxy", HTTPLOG),
            ("traefik", TRAEFIK),
            ("iis", IIS),
        ],
    },
    Row {
        field: "connect_time",
        gives: &[],
        tells: "whether the upstream was reached at all: a refused connection and a broken one look alike without it",
        group: 2,
        parts: &[("nginx", Tail(r#"uct="$upstream_connect_time""#)), ("haproxy", HTTPLOG)],
    },
    Row {
        field: "header_time",
        gives: &["answered"],
        tells: "whether the error came from the upstream or was made by the proxy, and how long the answer took to begin",
        group: 2,
        parts: &[("nginx", Tail(r#"uht="$upstream_header_time""#)), ("haproxy", HTTPLOG)],
    },
    Row {
        field: "upstream_time",
        gives: &["proxied"],
        tells: "what part of the time the upstream took: a slow application and a slow client look alike without it",
        group: 2,
        parts: &[("nginx", Tail(r#"urt="$upstream_response_time""#)), ("haproxy", HTTPLOG), ("traefik", TRAEFIK)],
    },
    Row {
        field: "upstream_status",
        gives: &["first_upstream_status", "tries", "retried"],
        tells: "what each try came to: shows errors that a retry hid, and codes that the proxy replaced",
        group: 2,
        parts: &[("nginx", Tail(r#"us="$upstream_status""#)), ("traefik", TRAEFIK)],
    },
    Row {
        field: "upstream_addr",
        gives: &["first_upstream_addr", "no_peer"],
        tells: "which server behind the proxy it was: one bad server among many stands out",
        group: 2,
        parts: &[
            ("nginx", Tail(r#"ua="$upstream_addr""#)),
            ("apache", Tail("w=%{BALANCER_WORKER_NAME}e")),
            ("haproxy", HTTPLOG),
            ("traefik", TRAEFIK),
        ],
    },
    Row {
        field: "termination",
        gives: &["queue_time"],
        tells: "who ended the request and in which phase",
        group: 3,
        parts: &[("haproxy", HTTPLOG), ("iis", IIS)],
    },
    Row {
        field: "referer",
        gives: &["own_referer", "foreign_referer"],
        tells: "where the link stands: tells broken links of your own pages from those of others",
        group: 4,
        parts: &[("nginx", Base), ("apache", Base), ("lighttpd", Base), ("varnish", Base), ("traefik", TRAEFIK), ("iis", IIS)],
    },
    Row {
        field: "agent",
        gives: &["agent_family", "actor"],
        tells: "who asks: tells people, crawlers, scanners, health checks and versions of an app apart",
        group: 4,
        parts: &[("nginx", Base), ("apache", Base), ("lighttpd", Base), ("varnish", Base), ("traefik", TRAEFIK), ("iis", IIS)],
    },
    Row {
        field: "user",
        gives: &[],
        tells: "which accounts are concerned",
        group: 5,
        parts: &[("nginx", Base), ("apache", Base), ("lighttpd", Base), ("varnish", Base), ("iis", IIS)],
    },
    Row {
        field: "host",
        gives: &[],
        tells: "which site was asked for: tells stray names from your own, and one site's errors from another's",
        group: 6,
        parts: &[
            ("nginx", Tail(r#"host="$host""#)),
            ("apache", Tail(r#"host=\"%{Host}i\""#)),
            ("varnish", Tail(r#"host="%{Host}i""#)),
            ("iis", IIS),
        ],
    },
    Row {
        field: "cache",
        gives: &[],
        tells: "whether the cache had the answer: tells a cache that fails from an upstream that does",
        group: 7,
        parts: &[("nginx", Tail("cs=$upstream_cache_status")), ("varnish", Tail("cs=%{Varnish:hitmiss}x"))],
    },
];

/// The line of a server, before and behind the tail.
const LINES: &[(&str, &str, &str)] = &[
    (
        "nginx",
        r#"log_format logcodes '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#,
        "';",
    ),
    ("apache", r#"LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\""#, r#"" logcodes"#),
    ("lighttpd", r#"accesslog.format = "%h %V %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\""#, r#"""#),
    ("varnish", r#"varnishncsa -F '%h %l %u %t "%r" %s %b "%{Referer}i" "%{User-agent}i""#, "'"),
];

/// The servers whose default line cannot be told apart, where the log does not say whose it is.
const ALIKE: [&str; 2] = ["nginx", "apache"];

/// What to log to learn more: of the fields that rules wanted, with their weight, those that are not `logged`; the most
/// useful first, and not many. What to add is the same for all of them, one whole thing to paste, which keeps what is logged
/// already. Nothing for a server whose format is fixed.
pub fn advice(server: &str, logged: &dyn Fn(&str) -> bool, wanted: &[(&'static str, usize)]) -> Vec<Advice> {
    let servers: &[&str] = if server == "unknown" { &ALIKE } else { &[server] };
    let weight = |row: &Row| -> usize { wanted.iter().filter(|(field, _)| row.is_for(field)).map(|(_, weight)| weight).sum() };
    let missing = |row: &&Row| weight(row) > 0 && !logged(row.field) && servers.iter().any(|s| row.part(s).is_some());
    let mut rows: Vec<&Row> = ROWS.iter().filter(missing).collect();
    rows.sort_by_key(|row| (row.group, std::cmp::Reverse(weight(row))));
    rows.truncate(MOST);
    let groups: Vec<u8> = rows.iter().map(|row| row.group).collect();
    let chosen: Vec<&Row> = ROWS.iter().filter(|row| groups.contains(&row.group) || logged(row.field)).collect();
    let pasted: Vec<String> = servers.iter().filter_map(|s| paste(s, &rows, &chosen)).collect();
    let add = pasted.join("\n");
    rows.iter().map(|row| Advice { field: row.field, tells: row.tells.into(), add: add.clone() }).collect()
}

/// What to paste for `rows`, together with what else is `chosen`.
fn paste(server: &str, rows: &[&Row], chosen: &[&Row]) -> Option<String> {
    if let Some(setting) = rows.iter().find_map(|row| match row.part(server) {
        Some(Setting(setting)) => Some(*setting),
        _ => None,
    }) {
        return Some(setting.into());
    }
    rows.iter().find(|row| row.part(server).is_some())?;
    let (_, head, foot) = LINES.iter().find(|(of, ..)| *of == server)?;
    let mut line = String::from(*head);
    for row in chosen {
        if let Some(Tail(part)) = row.part(server) {
            line.push(' ');
            line.push_str(part);
        }
    }
    line.push_str(foot);
    Some(line)
}

impl Row {
    /// The field is this one or worked out from it.
    fn is_for(&self, field: &str) -> bool {
        self.field == field || self.gives.contains(&field)
    }

    fn part(&self, server: &str) -> Option<&Part> {
        self.parts.iter().find(|(of, _)| *of == server).map(|(_, part)| part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(found: &[Advice]) -> Vec<&'static str> {
        found.iter().map(|a| a.field).collect()
    }

    #[test]
    fn every_field_of_the_table_is_a_word_of_the_rules() {
        for row in ROWS {
            for field in std::iter::once(&row.field).chain(row.gives) {
                assert!(crate::rule::words::Field::named(field).is_some(), "{field}");
            }
        }
    }

    #[test]
    fn what_opens_most_comes_first_and_a_group_goes_by_weight() {
        let wanted = [("cache", 900), ("upstream_addr", 2), ("header_time", 5), ("duration", 1), ("connect_time", 1)];
        let found = advice("nginx", &|_| false, &wanted);
        assert_eq!(fields(&found), ["duration", "header_time", "upstream_addr"]);
    }

    #[test]
    fn the_line_keeps_what_is_logged_and_adds_whole_groups() {
        let found = advice("nginx", &|f| f == "host", &[("tries", 1)]);
        assert_eq!(fields(&found), ["upstream_status"]);
        let line = &found[0].add;
        for part in ["uct=", "uht=", "urt=", "us=", "ua=", "host="] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
        assert!(!line.contains("rt=$request_time") && line.starts_with("log_format logcodes '") && line.ends_with("';"));
    }

    #[test]
    fn nothing_is_said_of_what_is_logged_or_cannot_be_logged() {
        assert!(advice("nginx", &|_| true, &[("duration", 1)]).is_empty());
        assert!(advice("apache", &|_| false, &[("connect_time", 9)]).is_empty());
        assert!(advice("alb", &|_| false, &[("duration", 9), ("host", 1)]).is_empty());
        assert!(advice("nginx", &|_| false, &[("duration", 0)]).is_empty());
    }

    #[test]
    fn a_log_that_does_not_tell_its_server_gets_a_line_for_each_that_it_may_be() {
        let found = advice("unknown", &|_| false, &[("duration", 1)]);
        let lines: Vec<&str> = found[0].add.lines().collect();
        assert!(lines[0].starts_with("log_format") && lines[1].starts_with("LogFormat"), "{lines:?}");
        let found = advice("unknown", &|_| false, &[("connect_time", 1)]);
        assert_eq!(found[0].add.lines().count(), 1, "Apache cannot tell it");
    }

    #[test]
    fn a_setting_stands_for_itself() {
        let found = advice("haproxy", &|_| false, &[("queue_time", 1), ("duration", 1)]);
        assert_eq!(fields(&found), ["duration", "termination"]);
        assert!(found.iter().all(|a| a.add == "option httplog"));
    }
}
