//! `--nginx-conf` and `--apache-conf`: the configurations of real servers, and the logs that these wrote with them; and what
//! is said about configurations that help nothing.

mod support;

use serde_json::Value;
use support::{Dir, Ran, combined, fixture};

/// A report of one log of a server's fixtures.
fn report(server: &str, main: &str, log: &str) -> Value {
    let folder = fixture("conf").join(server);
    let (conf, log) = (folder.join(main), folder.join("logs").join(log));
    let option = if server == "nginx" { "--nginx-conf" } else { "--apache-conf" };
    Dir::new().run(&["-o", "json", option, conf.to_str().unwrap(), log.to_str().unwrap()]).exits(0).json()
}

/// A log: its format, what must stand in the note about it, its codes with their counts.
type Expected<'a> = (&'a str, &'a str, &'a [&'a str], &'a [(u64, u64)]);

fn check(server: &str, main: &str, logs: &[Expected<'_>]) {
    let written = std::fs::read_dir(fixture("conf").join(server).join("logs")).unwrap().count();
    assert_eq!(logs.len(), written, "a log of {server} is not checked");
    for (log, format, places, codes) in logs {
        let json = report(server, main, log);
        let input = &json["inputs"][0];
        assert_eq!(input["format"], *format, "{log}");
        for place in *places {
            assert!(input["note"].as_str().unwrap().contains(place), "{log}: no {place} in {input}");
        }
        assert!(!input["note"].as_str().unwrap().contains("sampled lines"), "{log}: {input}");
        let found: Vec<_> =
            json["codes"].as_array().unwrap().iter().map(|c| (c["code"].as_u64().unwrap(), c["count"].as_u64().unwrap())).collect();
        assert_eq!(found, *codes, "{log}");
        assert_eq!(json["lines"]["rejected"], 0, "{log}");
    }
}

#[test]
fn logs_of_nginx_are_read_as_its_configuration_says() {
    let main = ["log_format main at", "formats.conf:2"];
    check(
        "nginx",
        "nginx.conf",
        &[
            ("access.log", "main (formats.conf)", &["formats.conf:2", "nginx.conf:13"], &[(200, 6)]),
            ("api.log", "json (formats.conf)", &["formats.conf:5", "api.conf:4"], &[(200, 6), (404, 2)]),
            ("raw.log", "raw (formats.conf)", &["formats.conf:8", "api.conf:7"], &[(200, 5)]),
            ("blue.shop.example.com.access.log", "tabs (formats.conf)", &["$host.access.log", "hosts.conf:4"], &[(200, 4), (301, 2)]),
            ("www.log", "combined (nginx)", &["built into nginx", "sites-enabled/www:4"], &[(200, 5), (410, 3)]),
            ("zipped.log.gz", "main (formats.conf)", &main, &[(200, 5), (410, 3)]),
            ("errors.log", "main (formats.conf)", &main, &[(410, 3)]),
            ("both.log", "main (formats.conf)", &["lines of tabs are written to it too"], &[(200, 9), (410, 3)]),
        ],
    );
}

#[test]
fn logs_of_apache_are_read_as_its_configuration_says() {
    check(
        "apache2",
        "apache2.conf",
        &[
            ("access.log", "combined (apache2.conf)", &["apache2.conf:15", "000-default.conf:4"], &[(404, 8)]),
            ("other_vhosts_access.log", "vhost_combined (apache2.conf)", &["other-vhosts-access-log.conf:2"], &[(404, 3)]),
            ("shop.example.com-access.log", "timed (shop.conf)", &["shop.conf:5", "shop.conf:7"], &[(404, 4)]),
            ("rotated.20250614", "CustomLog (shop.conf:8)", &["CustomLog at"], &[(404, 6)]),
            ("transfer.log", "LogFormat (shop.conf:9)", &["TransferLog logs/transfer.log"], &[(404, 6)]),
        ],
    );
}

#[test]
fn escapes_are_those_of_the_format() {
    let folder = fixture("conf/nginx");
    let records = |log: &str| -> Vec<Value> {
        let (conf, log) = (folder.join("nginx.conf"), folder.join("logs").join(log));
        let ran = Dir::new().run(&["records", "--nginx-conf", conf.to_str().unwrap(), log.to_str().unwrap()]).exits(0);
        ran.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let json = &records("api.log")[5];
    assert_eq!((&json["path"], &json["user_agent"]), (&"/v1/a\"b\\c".into(), &"odd \"agent\" \\".into()));
    let raw = &records("raw.log")[4];
    assert_eq!((&raw["path"], &raw["user_agent"], &raw["bytes"]), (&"/raw/a\"b".into(), &"ends with \\".into(), &3.into()));
}

#[test]
fn formats_lists_what_is_in_a_configuration() {
    let dir = Dir::new();
    let conf = fixture("conf/nginx/nginx.conf");
    let list = dir.run(&["formats", "--nginx-conf", conf.to_str().unwrap()]).exits(0).stdout();
    // A format's own line, and those indented below it.
    let about = |name: &str| {
        let mut lines = list.lines().skip_while(|l| !l.starts_with(&format!("{name:<24} ")));
        let first = lines.next().unwrap_or_else(|| panic!("no {name} in\n{list}"));
        std::iter::once(first).chain(lines.take_while(|l| l.starts_with(' '))).collect::<Vec<_>>().join("\n")
    };
    assert!(about("main").contains("formats.conf:2\n") && about("main").contains("used by logs/both.log ("), "{list}");
    assert!(about("tabs").contains("used by logs/$host.access.log ("), "{list}");
    assert!(about("visits").contains("no $status") && about("visits").contains("used by no log"), "{list}");
    assert!(about("combined").contains("built in") && about("combined").contains("sites-enabled/www:4"), "{list}");
    let log = fixture("conf/nginx/logs/both.log");
    let told = dir.run(&["formats", "--nginx-conf", conf.to_str().unwrap(), log.to_str().unwrap()]).exits(0).stdout();
    assert!(told.contains("both.log: main (formats.conf)\n    log_format main at") && told.contains("8 of 12 sampled lines"), "{told}");
}

const TIMED: &str = "events {} http { log_format timed '$remote_addr [$time_iso8601] \"$request\" $status $request_time';\n\
    log_format bare '$status $request_uri';\n access_log /var/log/nginx/access.log timed;\n access_log /srv/a/site.log timed;\n\
    access_log /srv/b/site.log bare; }";

fn timed(count: usize) -> String {
    "192.0.2.7 [2025-06-15T15:06:40+00:00] \"GET /a HTTP/1.1\" 502 0.250\n".repeat(count)
}

fn format_and_note(ran: &Ran) -> (String, String) {
    let json = ran.json();
    (json["inputs"][0]["format"].as_str().unwrap().to_owned(), json["inputs"][0]["note"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_log_elsewhere_is_known_by_its_name_or_by_its_lines() {
    let dir = Dir::new();
    dir.file("nginx.conf", TIMED);
    let run = |log: &str| format_and_note(&dir.run(&["-o", "json", "--nginx-conf", "nginx.conf", log]).exits(0));
    // By its name, whatever rotation has made of it.
    dir.file("access.log-20250614", timed(3));
    let (format, note) = run("access.log-20250614");
    assert_eq!(format, "timed (nginx.conf)");
    assert_eq!(note, "log_format timed at nginx.conf:1, by access_log /var/log/nginx/access.log at nginx.conf:3");
    // Of two logs of one name, by the lines.
    dir.file("site.log", "404 /x\n".repeat(3));
    assert_eq!(run("site.log").0, "bare (nginx.conf)");
    std::fs::create_dir(dir.path().join("a")).unwrap();
    dir.file("a/site.log", timed(2) + "404 /x\n");
    assert_eq!(run("a/site.log").0, "timed (nginx.conf)");
    assert!(run("a/site.log").1.ends_with("; 2 of 3 sampled lines are read"), "{}", run("a/site.log").1);
    // By the lines alone, from a pipe too.
    dir.file("copy.txt", timed(3));
    let (format, note) = run("copy.txt");
    assert_eq!((format.as_str(), note.contains("nothing in nginx.conf writes a log of this name")), ("timed (nginx.conf)", true), "{note}");
    let piped = dir.run_with(&["-o", "json", "--nginx-conf", "nginx.conf"], Some(timed(3).as_bytes())).exits(0);
    assert_eq!(format_and_note(&piped).0, "timed (nginx.conf)");
    dir.file("builtin.txt", combined(0, "GET / HTTP/1.1", 200, 1));
    assert_eq!(run("builtin.txt").0, "combined (nginx)");
    // Not at all: then by what is known anyway.
    dir.file("access.log", format!("www.example.com:80 {}", combined(0, "GET / HTTP/1.1", 200, 1)));
    let (format, note) = run("access.log");
    assert_eq!(format, "apache-vhost-combined");
    assert!(note.contains("nginx.conf:3 writes a log of this name") && note.contains("reads none of these lines"), "{note}");
    dir.file("none.log", "garbage\n");
    dir.run(&["--nginx-conf", "nginx.conf", "none.log"]).exits(3);
    dir.file("empty.log", "");
    assert!(dir.run(&["--nginx-conf", "nginx.conf", "empty.log"]).exits(3).stderr().contains("empty"));
}

#[test]
fn a_name_given_is_looked_for_in_the_configuration_first() {
    let dir = Dir::new();
    dir.file("nginx.conf", TIMED.replace("timed", "common"));
    dir.file("x.log", timed(2));
    let run = |format: &str| dir.run(&["-o", "json", "--nginx-conf", "nginx.conf", "-f", format, "x.log"]);
    assert_eq!(format_and_note(&run("common").exits(0)).0, "common (nginx.conf)");
    assert_eq!(format_and_note(&run("nginx").exits(0)).0, "nginx-combined");
    let unknown = run("nothing").exits(2).stderr();
    assert!(unknown.contains("nginx.conf (it has bare, combined, common)"), "{unknown}");
    assert!(run("$remote_addr [").exits(2).stderr().contains("no $status"));
}

#[test]
fn both_servers_can_be_given() {
    let dir = Dir::new();
    dir.file("nginx.conf", TIMED);
    dir.file("httpd.conf", "LogFormat \"%s %U%q\" short\nCustomLog logs/short_log short\n");
    dir.file("short_log", "404 /x?y\n");
    let ran = dir.run(&["-o", "json", "--nginx-conf", "nginx.conf", "--apache-conf", "httpd.conf", "short_log"]).exits(0);
    assert_eq!(
        format_and_note(&ran),
        ("short (httpd.conf)".into(), "LogFormat short at httpd.conf:1, by CustomLog logs/short_log at httpd.conf:2".into())
    );
}

#[test]
fn a_configuration_copied_from_its_server_is_found_with_its_includes() {
    let dir = Dir::new();
    for folder in ["etc/nginx/conf.d", "etc/httpd/conf", "etc/httpd/conf.d", "etc/httpd/vhosts/x"] {
        std::fs::create_dir_all(dir.path().join(folder)).unwrap();
    }
    dir.file("etc/nginx/nginx.conf", "http { include /no/such/root/nginx/conf.d/*.conf; }");
    dir.file("etc/nginx/conf.d/a.conf", "include b.part; access_log /x/short.log short;");
    dir.file("etc/nginx/conf.d/b.part", "log_format short '$status $uri';");
    dir.file(
        "etc/httpd/conf/httpd.conf",
        "ServerRoot /no/such/root/httpd\nIncludeOptional conf.d/*.conf\nInclude vhosts\nInclude conf.d/none*.conf\n",
    );
    dir.file("etc/httpd/conf.d/a.conf", "LogFormat \"%s %U\" short\n");
    dir.file("etc/httpd/vhosts/x/b.conf", "CustomLog /x/short.log short\n");
    dir.file("short.log", "404 /x\n");
    let nginx = dir.run(&["-o", "json", "--nginx-conf", "etc/nginx/nginx.conf", "short.log"]).exits(0);
    assert_eq!((format_and_note(&nginx).0.as_str(), nginx.stderr().as_str()), ("short (b.part)", ""));
    let apache = dir.run(&["-o", "json", "--apache-conf", "etc/httpd/conf/httpd.conf", "short.log"]).exits(0);
    assert_eq!((format_and_note(&apache).0.as_str(), apache.stderr().as_str()), ("short (a.conf)", ""));
    assert!(format_and_note(&apache).1.contains("etc/httpd/vhosts/x/b.conf:1"));
}

#[test]
fn a_dump_of_nginx_is_read_without_the_files() {
    let dir = Dir::new();
    let dump = "# configuration file /no/such/nginx/nginx.conf:\nhttp { include conf.d/*.conf; access_log logs/x.log short;\n include mime.types; }\n\n\
        # configuration file /no/such/nginx/conf.d/a.conf:\n# a comment\nlog_format short '$status $uri';\n\n\
        # configuration file /no/such/nginx/mime.types:\ntypes { text/html html; }\n";
    dir.file("dump.txt", dump);
    dir.file("x.log", "404 /x\n");
    let ran = dir.run(&["-o", "json", "--nginx-conf", "dump.txt", "x.log"]).exits(0);
    let (format, note) = format_and_note(&ran);
    assert_eq!((format.as_str(), ran.stderr().as_str()), ("short (a.conf)", ""));
    assert_eq!(note, "log_format short at /no/such/nginx/conf.d/a.conf:2, by access_log logs/x.log at /no/such/nginx/nginx.conf:1");
    let piped = dir.run_with(&["-o", "json", "--nginx-conf", "/dev/stdin", "x.log"], Some(dump.as_bytes())).exits(0);
    assert_eq!(format_and_note(&piped).0, "short (a.conf)");
}

#[test]
fn notes_are_said_once_and_not_for_each_of_many() {
    let dir = Dir::new();
    let logs: String = (0..6).map(|n| format!("access_log /l/{n}.log;")).collect::<Vec<_>>().concat();
    dir.file("nginx.conf", logs);
    for n in 0..6 {
        dir.file(&format!("{n}.log"), combined(n, "GET / HTTP/1.1", 200, 1));
        dir.file(&format!("{n}.log.1"), combined(n, "GET / HTTP/1.1", 200, 1));
    }
    let table = dir.run(&["--nginx-conf", "nginx.conf", "."]).exits(0).stdout();
    assert_eq!(table.matches("note: ").count(), 4, "{table}");
    assert!(table.contains("0.log.1 and 1 more: combined, which is built into nginx") && table.contains("… 2 more notes"), "{table}");
}

#[test]
fn faults_are_told_with_their_place() {
    let dir = Dir::new();
    dir.file("access.log", timed(2));
    dir.file("part.conf", "# nothing\n");
    let run = |option: &str, text: &str| {
        dir.file("x.conf", text);
        dir.run(&["-o", "json", option, "x.conf", "access.log"])
    };
    let refused = |option: &str, text: &str, what: &str| {
        let said = run(option, text).exits(2).stderr();
        assert!(said.contains(what), "{text}: no {what:?} in\n{said}");
    };
    refused("--nginx-conf", "user x;\ninclude part.conf;", "x.conf: no log_format and no access_log in it or in the file that it includes");
    refused("--nginx-conf", "http {\naccess_log /x main;\n}", "x.conf:2: access_log names the format 'main', which no log_format defines");
    refused("--nginx-conf", "log_format a '$remote_addr';", "x.conf:1: the format has no $status");
    refused("--nginx-conf", "log_format a '$status $ x';", "a '$' must be followed by the name of a variable");
    refused("--nginx-conf", "\0\u{1}", "this is a binary file");
    refused("--nginx-conf", "", "no log_format and no access_log in it;");
    refused("--apache-conf", "ServerName x\n", "x.conf: no LogFormat and no CustomLog in it;");
    refused("--apache-conf", "CustomLog a combined\n", "x.conf:1: CustomLog names the format 'combined', which no LogFormat defines");
    let missing = dir.run(&["--nginx-conf", "missing.conf", "access.log"]).exits(2).stderr();
    assert!(missing.contains("--nginx-conf: missing.conf: no such file"), "{missing}");
    assert!(dir.run(&["--apache-conf", ".", "access.log"]).exits(2).stderr().contains("this is a directory"));
    // What leaves something to read with is a warning.
    let faulty = format!("include nowhere.conf;\naccess_log /y other;\n{TIMED} }}");
    let warned = run("--nginx-conf", &faulty).exits(0);
    for what in
        ["x.conf:1: 'nowhere.conf' is included and cannot be read: no such file", "x.conf:2: access_log names", "x.conf:7: unexpected '}'"]
    {
        assert!(warned.stderr().contains(what), "no {what:?} in\n{}", warned.stderr());
    }
    assert_eq!(dir.run(&["-q", "-o", "json", "--nginx-conf", "x.conf", "access.log"]).exits(0).stderr(), "");
}

#[test]
fn hostile_configurations_are_no_crash() {
    let dir = Dir::new();
    dir.file("access.log", timed(2));
    let run = |text: Vec<u8>| {
        dir.file("x.conf", text);
        dir.run(&["-o", "json", "--nginx-conf", "x.conf", "access.log"])
    };
    let with = |before: &str| [before.as_bytes(), TIMED.as_bytes()].concat();
    run(with(&"a {".repeat(500_000))).exits(0);
    run(with(&"}".repeat(500_000))).exits(0);
    run(with(&format!("x '{}';", "y".repeat(10 << 20)))).exits(0);
    run(with("include x.conf;\ninclude ./x.conf;\ninclude *.conf;\ninclude **/**;\ninclude /dev/zero;\n")).exits(0);
    run(with(&"include x.conf;".repeat(200_000))).exits(0);
    run([b"x \xff\xfe\x80;\n", TIMED.as_bytes()].concat()).exits(0);
    run(format!("log_format a '{}$status';", "$a ".repeat(1 << 20)).into()).exits(2);
    let told =
        run(with("log_format \u{1b}[31m '$status $x';\naccess_log /access.log \u{1b}[31m;\naccess_log /\u{202e}.log no;\n")).exits(0);
    assert!(!told.stderr().contains(['\u{1b}', '\u{202e}']), "{}", told.stderr());
    let listed = dir.run(&["formats", "--nginx-conf", "x.conf"]).exits(0).stdout();
    assert!(!listed.contains(['\u{1b}', '\u{202e}']), "{listed}");
    let table = dir.run(&["--nginx-conf", "x.conf", "access.log"]).exits(0).stdout();
    assert!(!table.contains(['\u{1b}', '\u{202e}']), "{table}");
}

#[test]
fn a_containers_log_is_unwrapped_first() {
    let dir = Dir::new();
    dir.file("nginx.conf", TIMED);
    let wrapped = |line: &str| format!("2025-06-15T15:06:41.000000001Z stdout F {line}\n");
    dir.file("0.log", timed(3).lines().map(wrapped).collect::<String>());
    let configured = dir.run(&["-o", "json", "--nginx-conf", "nginx.conf", "0.log"]).exits(0);
    assert_eq!(format_and_note(&configured).0, "timed (nginx.conf), in container runtime lines");
    let given = dir.run(&["-o", "json", "-f", "$remote_addr [$time_iso8601] \"$request\" $status $request_time", "0.log"]).exits(0);
    assert_eq!(format_and_note(&given).0, "given with -f, in container runtime lines");
    assert_eq!(given.json()["lines"]["parsed"], 3);
}
