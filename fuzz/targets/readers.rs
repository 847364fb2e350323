//! Lines for every built-in format; for formats in columns once more with the first line as their heading.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logcodes::format::{Format, builtins};
use logcodes::tally::{Spec, Tally};
use logcodes_fuzz::{lines, read, split};
use std::sync::LazyLock;

/// The formats, each with what its headings begin with.
static FORMATS: LazyLock<Vec<(Format, Option<&str>)>> = LazyLock::new(|| {
    let heading = |syntax| match syntax {
        "w3c" => Some("#Fields: "),
        "zeek" => Some("#fields\t"),
        "csv" => Some("time_micros,"),
        _ => None,
    };
    builtins().iter().map(|b| (Format::from_user(b.name).expect("its own name"), heading(b.syntax))).collect()
});

fuzz_target!(|data: &[u8]| {
    let lines = lines(data, 6);
    let mut tally = Tally::new(Spec { cross: true, ..Spec::default() });
    for (format, heading) in FORMATS.iter() {
        read(format, &lines, |record| {
            split(format, record);
            tally.absorb(record);
        });
        if let Some(heading) = heading {
            let heading = [heading.as_bytes(), lines[0]].concat();
            let under: Vec<&[u8]> = [&heading[..]].into_iter().chain(lines[1..].iter().copied()).collect();
            read(format, &under, |record| tally.absorb(record));
        }
    }
    tally.finish();
    tally.rows().flat_map(|(_, codes)| codes).for_each(|(_, cell)| _ = cell.latency.quantiles());
});
