//! A whole scan and its report, mapped and streamed.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logcodes::input::Origin;
use logcodes::report::{Report, ReportSpec};
use logcodes::scan::{ScanSpec, Silent, scan};
use std::fmt::Write;

const LINES: u64 = 198_000;

fn scans(criterion: &mut Criterion) {
    let mut log = String::new();
    for n in 0..LINES {
        let (status, second) = ([200, 200, 200, 304, 404, 502][n as usize % 6], n * 86_400 / LINES);
        let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        writeln!(log, r#"192.0.2.{} - - [15/Jun/2025:{clock} +0000] "GET /api/v1/users/{} HTTP/1.1" {status} {n} "-" "Mozilla/5.0 (X11; Linux x86_64)""#, n % 250, n % 3000).expect("a string takes all");
    }
    let path = std::env::temp_dir().join(format!("logcodes-bench-{}.log", std::process::id()));
    std::fs::write(&path, &log).expect("the temporary directory can be written");
    let origins = [Origin::File(path.clone())];
    let mut group = criterion.benchmark_group("scan");
    group.throughput(Throughput::Bytes(log.len() as u64));
    group.sample_size(20);
    for (name, spec) in [
        ("mapped, one worker", ScanSpec { jobs: Some(1), ..ScanSpec::default() }),
        ("mapped, all cores", ScanSpec::default()),
        ("streamed, all cores", ScanSpec { map: false, ..ScanSpec::default() }),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let report = Report::new(&scan(&origins, &spec, &Silent).expect("the log is there"), &ReportSpec::default());
                assert_eq!((report.lines.parsed, report.codes[0].count, report.routes.len()), (LINES, LINES / 2, 1));
                report
            });
        });
    }
    group.finish();
    std::fs::remove_file(path).expect("the log is still there");
}

criterion_group!(benches, scans);
criterion_main!(benches);
