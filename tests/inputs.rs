//! What may be read: compressed files, archives, directories, rotated sets, and files that are none of it or broken.

mod support;

use serde_json::Value;
use support::pack::{ALL, bz2, gz, tar, xz, zst};
use support::{Dir, combined, fixture};

/// Lines with the times from..to.
fn lines(seconds: std::ops::Range<u32>) -> String {
    seconds.map(|n| combined(n, &format!("GET /item/{n} HTTP/1.1"), if n % 7 == 0 { 404 } else { 200 }, 10)).collect()
}

fn paths(json: &Value) -> Vec<&str> {
    json["inputs"].as_array().unwrap().iter().map(|input| input["path"].as_str().unwrap()).collect()
}

fn warnings(json: &Value) -> String {
    json["warnings"].as_array().unwrap().iter().flat_map(|warning| [warning.as_str().unwrap(), "\n"]).collect()
}

/// The report without what names inputs.
fn totals(mut json: Value) -> Value {
    let report = json.as_object_mut().unwrap();
    report.remove("inputs");
    report.remove("warnings");
    for reject in report["rejects"].as_array_mut().unwrap() {
        reject.as_object_mut().unwrap().remove("samples");
    }
    for finding in report["findings"].as_array_mut().unwrap() {
        finding.as_object_mut().unwrap().remove("samples");
    }
    json
}

/// The files of the tests below, each a part of the same log.
fn rotated(dir: &Dir, parts: &[&str]) {
    let [one, two, three, four, five, six, seven] = parts else { panic!("seven parts") };
    let folder = dir.path().join("logs/nginx/old");
    std::fs::create_dir_all(&folder).unwrap();
    dir.file("logs/nginx/access.log", seven);
    dir.file("logs/nginx/access.log.1", six);
    dir.file("logs/nginx/access.log.2.gz", [gz(&five.as_bytes()[..200]), gz(&five.as_bytes()[200..])].concat());
    dir.file("logs/nginx/old/access.log-20261123.zst", zst(four.as_bytes()));
    dir.file("logs/nginx/old/access-20261122.log.bz2", bz2(three.as_bytes()));
    dir.file("logs/nginx/old/access.log.2026-11-21_12.xz", xz(two.as_bytes()));
    let half = one.len() / 2 + one[one.len() / 2..].find('\n').unwrap() + 1;
    let members = [
        ("./var/log/nginx/access.log.8.gz", gz(&one.as_bytes()[..half])),
        ("./var/log/nginx/access.log.7", one.as_bytes()[half..].to_vec()),
    ];
    dir.file("logs/more.log.tar.zst", zst(&tar(&members.each_ref().map(|(name, data)| (*name, data.as_slice())))));
    // And what a directory of logs holds besides.
    dir.file("logs/nginx/error.log", "2026/11/24 00:00:00 [error] 1#1: x\n");
    dir.file("logs/nginx/worker.log", "started\nstopped\n");
    dir.file("logs/nginx/empty.log", "");
    dir.file("logs/nginx/.access.log.swp", "access");
    dir.file("logs/index.html", "<p>");
    std::os::unix::fs::symlink("..", dir.path().join("logs/nginx/up")).unwrap();
}

#[test]
fn a_directory_of_everything_is_the_sum_of_its_lines() {
    for name in ["nginx-timed", "nginx-combined"] {
        let dir = Dir::new();
        let text = std::fs::read_to_string(fixture(name).join("access.log")).unwrap();
        dir.file("all.log", &text);
        let all: Vec<&str> = text.split_inclusive('\n').collect();
        let parts: Vec<String> = all.chunks(all.len().div_ceil(7)).map(<[&str]>::concat).collect();
        rotated(&dir, &parts.iter().map(String::as_str).collect::<Vec<_>>());
        let whole = totals(dir.run(&["-o", "json", "all.log"]).exits(0).json());
        for options in [&["-j1"][..], &["-j2"], &["-j7"], &["-j1", "--no-mmap"], &["-j3", "--no-mmap"]] {
            let json = dir.run(&[options, &["-o", "json", "logs"]].concat()).exits(0).json();
            assert_eq!(json["inputs"].as_array().unwrap().len(), 8, "{:?}", paths(&json));
            let warned = warnings(&json);
            assert!(
                warned.contains("2 files hold no access lines and are left out: logs/nginx/empty.log, logs/nginx/worker.log"),
                "{warned}"
            );
            assert_eq!(totals(json), whole, "{name} {options:?}");
        }
    }
}

#[test]
fn compression_is_told_by_content() {
    let dir = Dir::new();
    let (text, half) = (lines(0..500), lines(0..250));
    for (ending, pack) in ALL {
        let members = [pack(half.as_bytes()), vec![0; 512], pack(lines(250..500).as_bytes())].concat();
        let names = ["access.log", "access.log.gz", "access.log.xz"];
        for name in names {
            dir.file(name, &members);
            let json = dir.run(&["-o", "json", name]).exits(0).json();
            assert_eq!((&json["lines"]["parsed"], &json["lines"]["rejected"]), (&500.into(), &0.into()), "{ending} as {name}");
            assert_eq!(warnings(&json), "");
        }
        let json = dir.run_with(&["-o", "json"], Some(&members)).exits(0).json();
        assert_eq!((&json["lines"]["parsed"], &json["inputs"][0]["lines"]), (&500.into(), &500.into()), "{ending} in a pipe");
        assert!(dir.run(&["formats", "access.log"]).exits(0).stdout().starts_with("access.log: nginx-combined\n"));
        assert_eq!(dir.run(&["records", "access.log"]).exits(0).stdout().lines().count(), 500);
    }
    dir.file("plain.gz", &text);
    assert_eq!(dir.run(&["-o", "json", "plain.gz"]).exits(0).json()["lines"]["parsed"], 500);
}

#[test]
fn what_could_be_read_counts_and_the_rest_is_said() {
    let dir = Dir::new();
    let text = lines(0..20_000);
    for (ending, pack) in ALL {
        let whole = pack(text.as_bytes());
        let cases = [
            ("garbage", [whole.as_slice(), b"and more"].concat(), "behind the ", 20_000..20_001),
            ("cut", whole[..whole.len() * 2 / 3].to_vec(), " data ends early: it is cut off, or still being written", 5_000..20_000),
        ];
        for (what, bytes, says, counts) in cases {
            let name = format!("{what}.{ending}");
            dir.file(&name, &bytes);
            for piped in [false, true] {
                let args: &[&str] = if piped { &["-o", "json"] } else { &["-o", "json", &name] };
                let ran = dir.run_with(args, piped.then_some(bytes.as_slice())).exits(0);
                let json = ran.json();
                assert!(counts.contains(&json["lines"]["parsed"].as_u64().unwrap()), "{name}: {}", json["lines"]);
                let warned = warnings(&json);
                assert!(warned.contains(says) && warned.contains("what was read before it counts"), "{name}: {warned}");
                assert!(warned.starts_with(if piped { "-: " } else { &name }), "{warned}");
                assert!(ran.stderr().contains(says), "{}", ran.stderr());
            }
            let records = dir.run(&["records", &name]).exits(0);
            assert!(counts.contains(&(records.stdout().lines().count() as u64)) && records.stderr().contains(says), "{}", records.stderr());
        }
        // Nothing at all of it can be read: then that is what is said.
        dir.file("stub", &whole[..11]);
        let ran = dir.run(&["stub"]).exits(3);
        assert!(ran.stderr().contains("stub: "), "{ending}: {}", ran.stderr());
    }
}

fn archive() -> Vec<u8> {
    let json = |n| format!("{{\"time\":\"2025-06-16T00:00:{n:02}Z\",\"status\":200,\"uri\":\"/json\"}}\n");
    let json = (0..50).map(json).collect::<Vec<_>>().concat();
    let long = format!("{}access.log", "directory/".repeat(30));
    let (one, two) = (gz(lines(0..10).as_bytes()), lines(10..30));
    let inner = tar(&[("access.log", lines(0..5).as_bytes())]);
    let members: Vec<(&str, &[u8])> = vec![
        ("var/log/nginx/access.log", two.as_bytes()),
        ("var/log/nginx/access.log.1", &one),
        ("var/log/nginx/error.log", b"2025/06/15 00:00:00 [error] x\n"),
        ("var/log/app.log", json.as_bytes()),
        ("var/log/other.log", b"nothing\nof interest\n"),
        ("inner.access.tar", &inner),
        ("notes.txt", b"text"),
        (&long, b"192.0.2.9 - - [17/Jun/2025:00:00:00 +0000] \"GET / HTTP/1.1\" 500 1 \"-\" \"-\""),
    ];
    tar(&members)
}

#[test]
fn every_log_in_an_archive_is_an_input() {
    let dir = Dir::new();
    let plain = archive();
    dir.file("logs.tar", &plain);
    for (ending, pack) in ALL {
        dir.file(&format!("logs.tar.{ending}"), pack(&plain));
    }
    for name in ["logs.tar", "logs.tar.gz", "logs.tar.zst", "logs.tar.bz2", "logs.tar.xz"] {
        for options in [&["-j1"][..], &["-j4"], &["-j2", "--no-mmap"]] {
            let json = dir.run(&[options, &["-o", "json", name]].concat()).exits(0).json();
            let inputs: Vec<String> = json["inputs"]
                .as_array()
                .unwrap()
                .iter()
                .map(|i| format!("{} {} {}", i["path"].as_str().unwrap(), i["format"].as_str().unwrap(), i["lines"]))
                .collect();
            let expected = [
                format!("{name}:var/log/nginx/access.log.1 nginx-combined 10"),
                format!("{name}:var/log/nginx/access.log nginx-combined 20"),
                format!("{name}:var/log/app.log json 50"),
                format!("{name}:{}access.log nginx-combined 1", "directory/".repeat(30)),
            ];
            assert_eq!(inputs, expected);
            assert_eq!((&json["lines"]["parsed"], &json["lines"]["rejected"]), (&81.into(), &0.into()));
            let warned = warnings(&json);
            assert!(
                warned
                    .contains(&format!("2 files hold no access lines and are left out: {name}:var/log/other.log, {name}:inner.access.tar")),
                "{warned}"
            );
        }
        let records = dir.run(&["records", name]).exits(0).stdout();
        let times: Vec<&str> = records.lines().map(|l| &l[l.find("2025-06-").unwrap()..][..19]).collect();
        assert_eq!(times.len(), 81);
        assert!(times.is_sorted(), "{times:?}");
        let formats = dir.run(&["formats", name]).exits(3).stdout();
        assert!(formats.contains(&format!("{name}:var/log/app.log: json\n")), "{formats}");
    }
    // A pipe cannot be read twice: one input, and that is said.
    let two = tar(&[
        ("a/access.log.1", &gz(lines(0..10).as_bytes())),
        ("a/access.log", lines(10..29).trim_end().as_bytes()),
        ("b/access.log", lines(29..30).as_bytes()),
    ]);
    for bytes in [two.clone(), zst(&two)] {
        let ran = dir.run_with(&["-o", "json"], Some(&bytes)).exits(0);
        assert_eq!((&ran.json()["lines"]["parsed"], &ran.json()["lines"]["rejected"]), (&30.into(), &0.into()));
        assert!(dir.run_with(&[], Some(&bytes)).exits(0).stdout().contains("a tar archive on a pipe"));
    }
    assert!(!dir.path().join("var").exists() && !dir.path().join("access.log").exists());
}

#[test]
fn archives_that_are_odd_or_broken() {
    let dir = Dir::new();
    let (one, two) = (lines(0..4_000), lines(4_000..8_000));
    let whole = tar(&[("etc/access.log", one.as_bytes()), ("b/access.log", two.as_bytes())]);
    for (name, bytes) in [
        ("cut.tar", whole[..whole.len() * 3 / 4].to_vec()),
        ("cut.tgz", gz(&whole[..whole.len() * 3 / 4])),
        ("cut2.tgz", {
            let all = gz(&whole);
            all[..all.len() * 3 / 4].to_vec()
        }),
    ] {
        dir.file(name, &bytes);
        for options in [&["-j1"][..], &["-j3"], &["--no-mmap"]] {
            let json = dir.run(&[options, &["-o", "json", name]].concat()).exits(0).json();
            assert!((4_000..8_000).contains(&json["lines"]["parsed"].as_u64().unwrap()), "{name} {}", json["lines"]);
            let warned = warnings(&json);
            assert!(
                warned.lines().count() == 1 && warned.starts_with(&format!("{name}: ")) && warned.contains("ends early"),
                "{name} {options:?}: {warned}"
            );
        }
        let records = dir.run(&["records", name]).exits(0);
        assert!(records.stderr().contains("ends early"), "{}", records.stderr());
        let piped = dir.run_with(&["-o", "json"], Some(&bytes)).exits(0).json();
        assert!(warnings(&piped).contains("ends early") && piped["lines"]["parsed"].as_u64().unwrap() >= 4_000);
    }
    // What was added later replaces what is called the same.
    let replaced = tar(&[("access.log", lines(0..3).as_bytes()), ("access.log", lines(0..5).as_bytes())]);
    dir.file("replaced.tar", replaced);
    assert_eq!(dir.run(&["-o", "json", "replaced.tar"]).exits(0).json()["lines"]["parsed"], 5);
    // Two archives one behind the other.
    dir.file("two.tar", [tar(&[("access.log", lines(0..3).as_bytes())]), tar(&[("b.log", lines(3..5).as_bytes())])].concat());
    assert_eq!(dir.run(&["-o", "json", "two.tar"]).exits(0).json()["lines"]["parsed"], 5);
    dir.file("none.tar", tar(&[("notes.txt", b"x")]));
    assert!(dir.run(&["none.tar"]).exits(2).stderr().contains("none.tar: no log in this archive of 1"));
    dir.file("access.log", lines(0..3));
    let both = dir.run(&["-o", "json", "none.tar", "access.log"]).exits(2);
    assert_eq!(both.json()["lines"]["parsed"], 3);
    // A member that is damaged by itself does not take its neighbours along.
    let bad = gz(one.as_bytes());
    let members = tar(&[("a/access.log", &bad[..bad.len() / 2]), ("b/access.log", two.as_bytes())]);
    for (name, bytes) in [("member.tar", members.clone()), ("member.tar.zst", zst(&members))] {
        dir.file(name, bytes);
        let json = dir.run(&["-o", "json", name]).exits(0).json();
        assert!((4_001..8_000).contains(&json["lines"]["parsed"].as_u64().unwrap()));
        assert!(warnings(&json).starts_with(&format!("{name}:a/access.log: the gzip data ends early")), "{}", warnings(&json));
    }
}

#[test]
fn a_file_by_several_names_is_read_once() {
    let dir = Dir::new();
    dir.file("access.log", lines(0..10));
    std::fs::create_dir(dir.path().join("d")).unwrap();
    std::os::unix::fs::symlink("../access.log", dir.path().join("d/link.log")).unwrap();
    std::fs::hard_link(dir.path().join("access.log"), dir.path().join("hard.log")).unwrap();
    for other in ["access.log", "./access.log", "d/../access.log", "d/link.log", "hard.log", "acc*.log", "d"] {
        let ran = dir.run(&["-o", "json", "access.log", other]).exits(0);
        assert_eq!(ran.json()["lines"]["parsed"], 10, "{other}");
        assert!(ran.stderr().contains("is the same file as access.log, so it is read once"), "{other}: {}", ran.stderr());
        assert_eq!(dir.run(&["records", "access.log", other]).exits(0).stdout().lines().count(), 10);
    }
    for args in [&["-", "-"][..], &["-", "access.log", "/dev/stdin"]] {
        let ran = dir.run_with(args, Some(b"")).exits(2);
        assert!(ran.stderr().contains("standard input is named twice"), "{}", ran.stderr());
    }
}

#[test]
fn log_directories_of_kubernetes() {
    let dir = Dir::new();
    let pod = dir.path().join("log/pods/shop_web-0_3f2a9c1b/nginx");
    std::fs::create_dir_all(&pod).unwrap();
    std::fs::create_dir_all(dir.path().join("log/containers")).unwrap();
    std::fs::create_dir_all(dir.path().join("log/pods/shop_web-0_3f2a9c1b/.git")).unwrap();
    let inside = |name: &str| format!("log/pods/shop_web-0_3f2a9c1b/{name}");
    dir.file(&inside("nginx/0.log"), lines(20..30));
    dir.file(&inside("nginx/0.log.20250101-120000.gz"), gz(lines(0..10).as_bytes()));
    dir.file(&inside("nginx/0.log.20250101-130000"), lines(10..20));
    dir.file(&inside(".git/access.log"), lines(0..1));
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, dir.path().join(name)).unwrap();
    link("../pods/shop_web-0_3f2a9c1b/nginx/0.log", "log/containers/web-0_shop_nginx.log");
    link("../pods/gone/0.log", "log/containers/gone.log");
    let json = dir.run(&["-o", "json", "log/pods"]).exits(0).json();
    assert_eq!(paths(&json), [inside("nginx/0.log.20250101-120000.gz"), inside("nginx/0.log.20250101-130000"), inside("nginx/0.log")]);
    assert_eq!(dir.run(&["-o", "json", "log/containers"]).exits(0).json()["lines"]["parsed"], 10);
    let ran = dir.run(&["-o", "json", "log"]).exits(0);
    assert_eq!(ran.json()["lines"]["parsed"], 30);
    assert!(ran.stderr().contains("same file") && ran.stderr().contains("gone.log"), "{}", ran.stderr());
    // A directory by a link to it, and links to directories in it, which are not followed.
    link("log/pods", "here");
    link("../../..", &inside("nginx/up"));
    assert_eq!(dir.run(&["-o", "json", "here"]).exits(0).json()["lines"]["parsed"], 30);
}

#[test]
fn what_was_not_named_may_be_something_else() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path().join("d")).unwrap();
    for n in 0..5 {
        dir.file(&format!("d/app{n}.log"), "some words\nand more of them\n");
    }
    let nothing = dir.run(&["d"]).exits(3);
    assert!(nothing.stderr().contains("no known format reads these lines"), "{}", nothing.stderr());
    dir.file("d/access.log", lines(0..10));
    dir.file("d/access.log.1", "");
    dir.file("d/core.log", [0, 1, 2, 3].repeat(500));
    for found in ["d", "d/*"] {
        let ran = dir.run(&["-o", "json", found]).exits(0);
        let json = ran.json();
        assert_eq!(json["lines"], serde_json::json!({"read": 10, "parsed": 10, "filtered": 0, "rejected": 0, "directives": 0}));
        assert_eq!(paths(&json), ["d/access.log"]);
        let said = "7 files hold no access lines and are left out: d/access.log.1, d/app0.log, d/app1.log and 4 more";
        assert!(warnings(&json).contains(said) && ran.stderr().contains(said), "{}", ran.stderr());
        let records = dir.run(&["records", found, "--rejects", "bad.tsv"]).exits(0);
        assert!(records.stderr().contains(said) && std::fs::read(dir.path().join("bad.tsv")).unwrap().is_empty());
        // A format of the user's own changes nothing about that.
        let format = "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"";
        assert_eq!(dir.run(&["-o", "json", "-f", format, found]).exits(0).json()["lines"]["read"], 10);
    }
    let named = dir.run(&["-o", "json", "d/access.log", "d/app1.log"]).exits(0).json();
    assert_eq!(named["lines"]["rejected"], 2);
    let named = dir.run(&["-o", "json", "d", "d/app1.log"]).exits(0).json();
    assert_eq!((&named["lines"]["rejected"], paths(&named).len()), (&2.into(), 2));
}

#[test]
fn rotated_sets_stand_in_the_order_of_their_content() {
    let dir = Dir::new();
    dir.file("access.log", lines(60..70));
    dir.file("access.log.1", lines(50..60));
    dir.file("access.log.2.gz", gz(lines(30..40).as_bytes()));
    // The numbers say otherwise than the times.
    dir.file("access.log.3.bz2", bz2(lines(40..50).as_bytes()));
    dir.file("access.log-20250614.zst", zst(lines(20..30).as_bytes()));
    dir.file("access-20250613.log", lines(10..20));
    dir.file("access.log.2025-06-14_12.xz", xz(lines(0..10).as_bytes()));
    dir.file("other.log", lines(0..1));
    let order = [
        "access.log.2025-06-14_12.xz",
        "access-20250613.log",
        "access.log-20250614.zst",
        "access.log.2.gz",
        "access.log.3.bz2",
        "access.log.1",
        "access.log",
    ];
    let shuffled = [
        "access.log.1",
        "other.log",
        "access.log",
        "access-20250613.log",
        "access.log.2.gz",
        "access.log.3.bz2",
        "access.log-20250614.zst",
        "access.log.2025-06-14_12.xz",
    ];
    for jobs in ["-j1", "-j4"] {
        let json = dir.run(&[&["-o", "json", jobs], &shuffled[..]].concat()).exits(0).json();
        assert_eq!(paths(&json), [&order[..], &["other.log"]].concat());
        let json = dir.run(&["-o", "json", jobs, "access*"]).exits(0).json();
        assert_eq!(paths(&json), order);
        let json = dir.run(&["-o", "json", jobs, "."]).exits(0).json();
        assert_eq!(paths(&json), [&order.map(|name| format!("./{name}"))[..], &["./other.log".to_owned()]].concat());
    }
    let records = dir.run(&["records", "access*"]).exits(0).stdout();
    let times: Vec<&str> = records.lines().map(|l| &l[l.find("T00:").unwrap()..][..9]).collect();
    assert!(times.len() == 70 && times.is_sorted(), "{times:?}");
    // Without times names are all there is.
    let bare = |n: u32| format!("192.0.2.1 - - [-] \"GET /{n} HTTP/1.1\" 200 1\n").repeat(3);
    for (n, name) in ["bare.log", "bare.log.1", "bare.log.10", "bare.log.9"].iter().enumerate() {
        dir.file(name, bare(n as u32));
    }
    let json = dir.run(&["-o", "json", "-f", "$remote_addr - - [$x] \"$request\" $status $body_bytes_sent", "bare*"]).exits(0).json();
    assert_eq!(paths(&json), ["bare.log.10", "bare.log.9", "bare.log.1", "bare.log"]);
}

#[test]
fn many_streams_count_the_same_for_every_number_of_jobs() {
    let dir = Dir::new();
    let names: Vec<String> = (0..40u32)
        .map(|n| {
            let (ending, pack) = ALL[n as usize % 4];
            let name = format!("host{n}.log.{ending}");
            dir.file(&name, pack(lines(n * 100..n * 100 + 37 * (n % 9) + 1).as_bytes()));
            name
        })
        .chain([dir.file("plain.log", lines(0..3_000)).file_name().unwrap().to_string_lossy().into_owned()])
        .collect();
    let of = |jobs: &str| {
        let args: Vec<&str> = ["-o", "json", jobs].into_iter().chain(names.iter().map(String::as_str)).collect();
        dir.run(&args).exits(0).stdout()
    };
    let one = of("-j1");
    for jobs in ["-j2", "-j3", "-j16"] {
        assert!(of(jobs) == one, "{jobs}");
    }
}

/// Both pipes stay open until both were read to their ends: whoever reads one after the other waits for ever.
#[test]
fn two_streams_are_read_at_once() {
    let dir = Dir::new();
    let pipes = ["a.log", "b.log"].map(|name| dir.path().join(name));
    assert!(std::process::Command::new("mkfifo").args(&pipes).status().unwrap().success());
    let text = lines(0..80_000);
    let writing = {
        let (text, [first, second]) = (text.clone(), pipes);
        std::thread::spawn(move || {
            let open = |path| std::fs::File::options().write(true).open(path).unwrap();
            let write = |file: &mut std::fs::File| std::io::Write::write_all(file, text.as_bytes()).unwrap();
            let (mut first, mut second) = (open(first), open(second));
            // Each more than a pipe, the channel and the sample of the start can hold together.
            std::thread::scope(|scope| {
                scope.spawn(|| write(&mut first));
                scope.spawn(|| write(&mut second));
            });
        })
    };
    let mut command = std::process::Command::new("timeout");
    command.args(["60", env!("CARGO_BIN_EXE_logcodes"), "-o", "json", "-j2", "a.log", "b.log"]).current_dir(dir.path());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    writing.join().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["lines"]["parsed"], 160_000);
}

#[test]
fn logs_in_archives_have_their_own_service_and_configured_format() {
    let dir = Dir::new();
    let logs = [
        ("var/log/nginx/shop-access.log", lines(0..10)),
        ("var/log/nginx/api-access.log.1", lines(10..15)),
        ("./var/log/nginx/api-access.log", lines(15..20)),
    ];
    let bytes = tar(&logs.each_ref().map(|(name, text)| (*name, text.as_bytes())));
    dir.file("logs.tar.gz", gz(&bytes));
    dir.file("access.log", lines(20..23));
    let run = |args: &[&str]| dir.run(&[args, &["-o", "json", "logs.tar.gz", "access.log"]].concat());
    let counts = |json: &Value| {
        let rows = json["services"].as_array().unwrap().iter();
        rows.map(|row| (row["service"].as_str().map(str::to_owned), row["count"].as_u64().unwrap())).collect::<Vec<_>>()
    };
    let json = run(&["--service", "auto"]).exits(0).json();
    // The third one is the folder of the test.
    let found = counts(&json);
    assert!(found.len() == 3 && ["api", "shop"].iter().all(|name| found.contains(&(Some((*name).to_owned()), 10))), "{found:?}");
    let only = run(&["--service", "auto", "--only-service", "api"]).exits(0);
    assert_eq!((counts(&only.json()), only.json()["lines"]["read"].as_u64()), (vec![(Some("api".to_owned()), 10)], Some(10)));
    let records = dir.run(&["records", "--service", "auto", "--only-service", "shop", "logs.tar.gz", "access.log"]).exits(0).stdout();
    assert!(records.lines().count() == 10 && records.lines().all(|line| line.contains("\"service\":\"shop\"")), "{records}");
    let none = run(&["--service", "auto", "--only-service", "nobody"]).exits(2);
    assert!(none.stderr().contains("--only-service"), "{}", none.stderr());
    let conf = "http { log_format mine '$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\"';\n\
                server { access_log /var/log/nginx/shop-access.log mine; } }\n";
    dir.file("nginx.conf", conf);
    let json = run(&["--nginx-conf", "nginx.conf"]).exits(0).json();
    let formats: Vec<_> = json["inputs"].as_array().unwrap().iter().map(|i| i["format"].as_str().unwrap().to_owned()).collect();
    assert!(formats.iter().any(|format| format.contains("mine")), "{formats:?}");
}

#[test]
fn a_line_that_ends_in_the_middle_says_so() {
    let dir = Dir::new();
    let line = |kind: &str, text: &str| format!("2025-06-15T15:06:40.1Z stdout {kind} {text}\n");
    let whole = |n: u32| line("F", combined(n, "GET / HTTP/1.1", 200, 1).trim_end());
    let log: String = (0..20).map(whole).chain([line("P", "192.0.2.1 - - [")]).collect();
    let file = dir.file("0.log", &log);
    for (args, input) in [(vec!["-o", "json", file.to_str().unwrap()], None), (vec!["-o", "json", "-"], Some(log.as_bytes()))] {
        let ran = dir.run_with(&args, input).exits(0);
        assert!(ran.stderr().contains("ends within a line that came in pieces"), "{}", ran.stderr());
        assert_eq!((&ran.json()["lines"]["parsed"], &ran.json()["lines"]["directives"]), (&20.into(), &1.into()));
    }
}
