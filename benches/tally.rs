//! Counting: records that were read already, and two tallies that become one.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use logcodes::model::{Record, StatusCode, Timestamp};
use logcodes::tally::{Spec, Tally};
use std::time::Duration;

const RECORDS: usize = 10_000;

fn records(paths: &[String]) -> Vec<Record<'_>> {
    paths
        .iter()
        .enumerate()
        .map(|(n, path)| Record {
            time: Some(Timestamp::from_seconds(1_750_000_000 + n as i64)),
            method: Some(b"GET"),
            path: Some(path.as_bytes()),
            status: StatusCode::new([200, 200, 200, 404, 502][n % 5]),
            bytes: Some(n as u64),
            duration: Some(Duration::from_micros(n as u64 % 4000)),
            ..Record::default()
        })
        .collect()
}

fn count(records: &[Record<'_>]) -> Tally {
    let mut tally = Tally::new(Spec::default());
    records.iter().for_each(|r| tally.absorb(r));
    tally
}

fn counted(tally: &Tally) -> u64 {
    tally.rows().flat_map(|(_, cells)| cells).map(|(_, cell)| cell.count).sum()
}

fn tallies(criterion: &mut Criterion) {
    let few: Vec<String> = (0..RECORDS).map(|n| format!("/api/v1/users/{}/orders", n % 50)).collect();
    let many: Vec<String> = (0..RECORDS).map(|n| format!("/api/v1/users/{n}/orders")).collect();
    let mut group = criterion.benchmark_group("tally");
    group.throughput(Throughput::Elements(RECORDS as u64));
    for (name, paths) in [("paths seen before", &few), ("every path new", &many)] {
        let records = records(paths);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let tally = count(&records);
                assert_eq!(counted(&tally), RECORDS as u64);
                tally
            });
        });
    }
    let records = records(&many);
    group.bench_function("merge", |bencher| {
        bencher.iter_batched(
            || (count(&records), count(&records)),
            |(mut one, other)| {
                one.merge(other);
                assert_eq!(counted(&one), 2 * RECORDS as u64);
                one
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, tallies);
criterion_main!(benches);
