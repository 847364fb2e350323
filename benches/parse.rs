//! One line at a time: each built-in format over its own samples, and the common line a million times.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logcodes::format::{Format, Memory, Wanted, builtins};
use logcodes::model::Record;
use std::hint::black_box;

const LINE: &str = r#"192.0.2.7 - - [15/Jun/2025:15:06:40 +0000] "GET /api/v1/users/17?fields=name HTTP/1.1" 200 5120 "https://www.example.com/" "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0""#;

fn combined(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse combined");
    group.throughput(Throughput::Bytes(LINE.len() as u64));
    for (name, wanted) in [("all fields", Wanted::ALL), ("fields of the tally", Wanted::TALLY)] {
        let format = Format::from_user("combined").expect("a built-in format").narrowed(wanted);
        let mut memory = Memory::default();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut record = Record::default();
                format.parse(black_box(LINE.as_bytes()), &mut memory, &mut record).expect("the line is right");
                assert_eq!(record.status.expect("a status").get(), 200);
                record.bytes
            });
        });
    }
    group.finish();
}

fn samples(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse samples");
    for builtin in builtins() {
        let (format, mut memory) = (builtin.format(), Memory::default());
        let lines: Vec<&[u8]> = builtin.samples.iter().filter(|s| s.rejected.is_none()).map(|s| s.line.as_bytes()).collect();
        group.throughput(Throughput::Bytes(lines.iter().map(|l| l.len() as u64).sum()));
        group.bench_function(builtin.name, |bencher| {
            bencher.iter(|| {
                let read = lines.iter().filter(|line| format.parse(black_box(line), &mut memory, &mut Record::default()).is_ok()).count();
                assert_eq!(read, lines.len());
            });
        });
    }
    group.finish();
}

criterion_group!(benches, combined, samples);
criterion_main!(benches);
