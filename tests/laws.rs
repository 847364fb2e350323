//! The laws of counting: a merge is a sum, and no cut, no order and no number of workers changes a count.

mod support;

use logcodes::format::{Format, Memory};
use logcodes::input::Origin;
use logcodes::model::{MAX_SERVICES, Record, ServiceId, Services};
use logcodes::report::{Report, ReportSpec};
use logcodes::scan::{ScanSpec, Silent, scan};
use logcodes::service::ServiceRules;
use logcodes::tally::{Lines, MAX_ROUTES, Place, Spec, Tally};
use proptest::prelude::*;
use std::collections::BTreeMap;
use support::{Dir, combined};

/// A line: mostly a request, now and then something else.
fn line() -> impl Strategy<Value = String> {
    let path = prop::sample::select(vec!["/", "/a", "/a/1", "/a/22?x=1", "/b c", "/u/3f2a9c1b-4f1c-4a5e-9b1d-0123456789ab", "*"]);
    let method = prop::sample::select(vec!["GET", "POST", "get"]);
    let code = prop::sample::select(vec![0u16, 200, 301, 404, 499, 502, 999]);
    let request =
        (0u32..90_000, method, path, code, 0u64..1000).prop_map(|(t, m, p, c, b)| combined(t, &format!("{m} {p} HTTP/1.1"), c, b));
    prop_oneof![
        8 => request,
        1 => prop::sample::select(vec!["garbage\n", "\n", "# directive\n", "192.0.2.7 - - [15/Jun/2025:00:00\n", "\u{feff}x\r\n"]).prop_map(str::to_owned),
        1 => (0u32..90_000).prop_map(|t| combined(t, r"\x16\x03", 400, 0)),
    ]
}

/// With the windows of single routes, so that they are held to the laws too.
fn spec() -> Spec {
    Spec { cross: true, ..Spec::default() }
}

/// A line of one of three services, the first of which is none.
fn serviced() -> impl Strategy<Value = (String, usize)> {
    (line(), 0usize..3)
}

fn service(number: usize) -> ServiceId {
    let services = Services::new(["api".to_owned(), "shop".to_owned()]);
    [ServiceId::NONE, services.id(Some("api")), services.id(Some("shop"))][number]
}

fn tally(lines: &[(String, usize)], input: u32) -> Tally {
    let format =
        r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time"#;
    let (format, mut memory) = (Format::from_user(format).unwrap(), Memory::default());
    let mut tally = Tally::new(spec());
    for (number, (line, of)) in lines.iter().enumerate() {
        tally.set_service(service(*of));
        let mut record = Record::default();
        let text = line.trim_end().as_bytes();
        match format.parse(text, &mut memory, &mut record) {
            Ok(()) => tally.absorb(&record),
            Err(reject) => tally.reject(reject, Place { input, chunk: 0, line: number as u32 }, text),
        }
        tally.count_lines(input, Lines { lines: 1, ..Lines::default() });
    }
    tally
}

type Digest = (BTreeMap<String, String>, BTreeMap<(i64, ServiceId, u16), u64>, Vec<String>, Vec<u64>, u64, Option<(i64, i64)>);

/// All that a tally counted, in an order of its own.
fn digest(mut tally: Tally) -> Digest {
    tally.finish();
    let mut cells = BTreeMap::new();
    for (key, codes) in tally.rows() {
        for (code, cell) in codes {
            let name = format!("{:?} {} {} {code}", key.service, String::from_utf8_lossy(&key.method), String::from_utf8_lossy(&key.route));
            cells.insert(name, format!("{} {} {:?} {:?} {:?}", cell.count, cell.bytes, cell.seen, cell.latency.quantiles(), cell.windows));
        }
    }
    let (_, windows) = tally.windows();
    let windows = windows.flat_map(|(start, codes)| codes.map(move |(of, code, n)| ((start, of, code.get()), n))).collect();
    let rejects = tally.rejects().iter().map(|(reject, reason)| format!("{reject:?} {reason:?}")).collect();
    (cells, windows, rejects, tally.inputs().values().map(|l| l.lines).collect(), tally.untimed(), tally.span())
}

fn merged(mut one: Tally, other: Tally) -> Tally {
    one.merge(other);
    one
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn tallies_are_a_commutative_monoid(a in prop::collection::vec(serviced(), 0..40), b in prop::collection::vec(serviced(), 0..40), c in prop::collection::vec(serviced(), 0..40)) {
        let t = |lines: &[(String, usize)], input| tally(lines, input);
        prop_assert_eq!(digest(merged(Tally::new(spec()), t(&a, 0))), digest(t(&a, 0)));
        prop_assert_eq!(digest(merged(t(&a, 0), Tally::new(spec()))), digest(t(&a, 0)));
        prop_assert_eq!(digest(merged(t(&a, 0), t(&b, 1))), digest(merged(t(&b, 1), t(&a, 0))));
        let left = merged(merged(t(&a, 0), t(&b, 1)), t(&c, 2));
        let right = merged(t(&a, 0), merged(t(&b, 1), t(&c, 2)));
        prop_assert_eq!(digest(left), digest(right));
    }

    #[test]
    fn chunks_jobs_and_ways_of_reading_change_nothing(lines in prop::collection::vec(line(), 1..200), chunk in 1usize..3000, jobs in 1usize..5, map in any::<bool>()) {
        let dir = Dir::new();
        let path = dir.file("x.log", lines.concat());
        let json = |spec: ScanSpec| serde_json::to_string(&Report::new(&scan(&[Origin::File(path.clone())], &spec, &Silent).unwrap(), &ReportSpec::default())).unwrap();
        let one = json(ScanSpec { jobs: Some(1), chunk: usize::MAX / 2, ..ScanSpec::default() });
        prop_assert_eq!(json(ScanSpec { jobs: Some(jobs), chunk, map, ..ScanSpec::default() }), one);
    }

    #[test]
    fn services_are_the_same_for_all_chunks_jobs_and_orders(lines in prop::collection::vec(serviced(), 1..200), chunk in 1usize..3000, jobs in 1usize..5, map in any::<bool>(), backwards in any::<bool>()) {
        let dir = Dir::new();
        let of = |service: usize| lines.iter().filter(|(_, of)| *of == service).map(|(line, _)| line.as_str()).collect::<String>();
        let mut origins: Vec<Origin> = ["x.log", "api.log", "shop.log"].iter().enumerate().map(|(n, name)| Origin::File(dir.file(name, of(n)))).collect();
        let report = |origins: &[Origin], spec: ScanSpec| {
            let services = Some(ServiceRules::parse(["shop=shop*", "api=api*"]).unwrap());
            let report = Report::new(&scan(origins, &ScanSpec { services, ..spec }, &Silent).unwrap(), &ReportSpec::default());
            for (number, name) in [None, Some("api"), Some("shop")].into_iter().enumerate() {
                let alone = scan(&origins[number..=number], &ScanSpec::default(), &Silent).unwrap();
                let parsed: u64 = alone.tally.inputs().values().map(|lines| lines.parsed).sum();
                let row = report.services.iter().flatten().find(|row| row.service.name() == name);
                assert_eq!(row.map_or(0, |row| row.count), parsed, "{name:?}");
                let timed: u64 = row.iter().flat_map(|row| &row.windows).flat_map(|w| w.codes.values()).sum();
                assert_eq!(timed, parsed - alone.tally.untimed(), "{name:?}");
            }
            serde_json::to_string(&(&report.codes, &report.routes, &report.services, &report.windows, &report.lines)).unwrap()
        };
        let one = report(&origins, ScanSpec { jobs: Some(1), chunk: usize::MAX / 2, ..ScanSpec::default() });
        prop_assert_eq!(report(&origins, ScanSpec { jobs: Some(jobs), chunk, map, ..ScanSpec::default() }), one.clone());
        if backwards {
            origins.reverse();
        }
        let services = Some(ServiceRules::parse(["shop=shop*", "api=api*"]).unwrap());
        let other = Report::new(&scan(&origins, &ScanSpec { services, jobs: Some(jobs), ..ScanSpec::default() }, &Silent).unwrap(), &ReportSpec::default());
        prop_assert_eq!(serde_json::to_string(&(&other.codes, &other.routes, &other.services, &other.windows, &other.lines)).unwrap(), one);
    }

    #[test]
    fn the_order_of_files_changes_nothing(a in prop::collection::vec(line(), 1..60), b in prop::collection::vec(line(), 1..60)) {
        let dir = Dir::new();
        let (a, b) = (Origin::File(dir.file("a.log", a.concat())), Origin::File(dir.file("b.log", b.concat())));
        let report = |origins: &[Origin]| {
            let report = Report::new(&scan(origins, &ScanSpec::default(), &Silent).unwrap(), &ReportSpec::default());
            serde_json::to_string(&(&report.codes, &report.routes, &report.windows, &report.lines)).unwrap()
        };
        prop_assert_eq!(report(&[a.clone(), b.clone()]), report(&[b, a]));
    }
}

/// More routes than there is room for, at no position so many that it would be folded.
#[test]
fn too_many_routes_are_dropped_the_same_way_for_every_number_of_jobs() {
    let dir = Dir::new();
    let (places, values) = (50, 2 * MAX_ROUTES / 50 + 100);
    let mut log = String::new();
    for n in 0..places * values {
        log += &combined(n as u32 % 80_000, &format!("GET /place-{}/value-{} HTTP/1.1", word(n % places), word(n / places)), 200, 10);
    }
    let path = dir.file("x.log", log);
    let json = |jobs| {
        let spec = ScanSpec { jobs: Some(jobs), chunk: 64 << 10, ..ScanSpec::default() };
        let mut found = scan(&[Origin::File(path.clone())], &spec, &Silent).unwrap();
        found.tally.finish();
        let rows = found.tally.rows().map(|(key, _)| key.clone()).collect::<std::collections::BTreeSet<_>>();
        let other: u64 = found.tally.other().values().map(|c| c.count).sum();
        (rows, other, Report::new(&found, &ReportSpec::default()))
    };
    let (rows, other, report) = json(1);
    assert_eq!(rows.len(), MAX_ROUTES);
    assert_eq!(other as usize, places * values - MAX_ROUTES);
    assert_eq!(report.codes[0].count as usize, places * values);
    assert!(report.routes.iter().any(|r| r.route == "(other)" && r.count == other));
    for jobs in [2, 7] {
        let again = json(jobs);
        assert_eq!((&again.0, again.1), (&rows, other), "{jobs} jobs");
    }
}

/// The same with the routes spread over services: which ones are dropped hangs on no order, and each keeps its own sum.
#[test]
fn too_many_routes_of_many_services_too() {
    let dir = Dir::new();
    let files = MAX_SERVICES + 6;
    let each = 2 * MAX_ROUTES / files + 10;
    let mut origins = Vec::new();
    for file in 0..files {
        let line = |n: usize| combined(n as u32 * 37 % 80_000, &format!("GET /{}/{} HTTP/1.1", word(n % 40), word(n / 40)), 200, 10);
        origins.push(Origin::File(dir.file(&format!("s{file:02}.log"), (0..each).map(line).collect::<String>())));
    }
    let found = |origins: &[Origin], jobs| {
        let services = Some(ServiceRules::parse(["auto"]).unwrap());
        let scan = scan(origins, &ScanSpec { services, jobs: Some(jobs), chunk: 64 << 10, ..ScanSpec::default() }, &Silent).unwrap();
        let rows = scan.tally.rows().map(|(key, _)| key.clone()).collect::<std::collections::BTreeSet<_>>();
        let report = Report::new(&scan, &ReportSpec::default());
        let services: Vec<_> = report.services.unwrap().into_iter().map(|s| (s.service.name().unwrap().to_owned(), s.count)).collect();
        (rows, services, report.warnings)
    };
    let one = found(&origins, 1);
    assert_eq!(one.0.len(), MAX_ROUTES);
    assert_eq!(one.1.len(), MAX_SERVICES + 1);
    assert_eq!(one.1[0], (Services::OTHER.to_owned(), 6 * each as u64));
    assert!(one.1[1..].iter().all(|(_, count)| *count == each as u64), "{:?}", one.1);
    assert!(one.2.iter().any(|warning| warning.contains("6 of 70 services")), "{:?}", one.2);
    origins.reverse();
    assert!(found(&origins, 3) == one);
}

/// A number as a word, so that no rule takes it for an identifier.
fn word(mut n: usize) -> String {
    let mut word = String::new();
    loop {
        word.push((b'a' + (n % 26) as u8) as char);
        n /= 26;
        if n == 0 {
            return word;
        }
    }
}
