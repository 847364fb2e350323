//! Bytes as an input that can be read once, and as an archive: compressed or not, whole or broken. What comes out is taken as
//! far as the limit; memory is held by libFuzzer's own limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logcodes::input::{Members, Opened, Tape, stream};
use std::io::{Cursor, Read};

/// Bytes that are taken of an output: a bomb has no end.
const MOST: usize = 1 << 20;
/// Members that are read of an archive.
const MEMBERS: usize = 50;

/// What a reader gives in steps of `step` bytes, and whether it ended well.
fn taken(mut reader: impl Read, step: usize) -> (Vec<u8>, bool) {
    let (mut out, mut part) = (Vec::new(), vec![0; step]);
    while out.len() < MOST {
        let room = step.min(MOST - out.len());
        match reader.read(&mut part[..room]) {
            Ok(0) => return (out, true),
            Ok(read) => out.extend_from_slice(&part[..read]),
            Err(error) => {
                assert!(!error.to_string().is_empty());
                return (out, false);
            }
        }
    }
    (out, true)
}

fn plain(data: &[u8], step: usize) -> (Vec<u8>, bool) {
    match stream(Cursor::new(data.to_vec())) {
        Opened::Stream(reader) | Opened::Joined(reader) => taken(reader, step),
        Opened::Mapped(_) | Opened::Archive(..) => unreachable!("a stream is neither"),
    }
}

fuzz_target!(|data: &[u8]| {
    let (large, good) = plain(data, 256 << 10);
    let (small, same) = plain(data, 1000);
    if good && same {
        assert!(large == small, "{} bytes in large steps, {} in small ones", large.len(), small.len());
    }
    let mut members = Members::of(Tape::Stream(Box::new(Cursor::new(data.to_vec()))));
    for _ in 0..MEMBERS {
        let Some(member) = members.next_log() else {
            let failed = members.failed();
            assert!(failed.is_none_or(|why| !why.is_empty()));
            break;
        };
        assert!(member.at <= data.len() as u64 && member.number < members.count());
        taken(members.read(), 4096);
    }
});
