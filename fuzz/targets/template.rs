//! A template of any kind, and behind a NUL lines for it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logcodes::format::Format;
use logcodes_fuzz::{halves, lines, read, split};

fuzz_target!(|data: &[u8]| {
    let (template, text) = halves(data);
    match Format::from_user(&String::from_utf8_lossy(template)) {
        Ok(format) => read(&format, &lines(text, 8), |record| split(&format, record)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
