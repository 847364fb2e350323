//! Lines whose format is told from themselves, and then read at once and in chunks.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logcodes::format::detect;
use logcodes_fuzz::{lines, read, read_in_chunks};

fuzz_target!(|data: &[u8]| {
    let lines = lines(data, 9);
    let found = detect(&lines);
    for candidate in &found.candidates {
        let stopped = candidate.stopped.as_ref();
        assert!(stopped.is_none_or(|s| s.matched.is_none_or(|matched| matched <= s.line.len())), "{candidate:?}");
    }
    let Some(format) = found.format else { return };
    read(&format, &lines, |_| ());
    for one in 0..lines.len() {
        for two in one..lines.len() {
            read_in_chunks(&format, &lines, one, two);
        }
    }
});
