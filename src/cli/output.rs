//! What `-o` means, or the error that says what it may.

use super::error::Failure;
use crate::output::{Output, find};
use std::path::Path;

/// The output of a registry that `-o` means, and the file that it goes to, if not to standard output.
pub(super) fn wanted<'w, W>(registry: &'static [Output<W>], text: &'w str) -> Result<(&'static Output<W>, Option<&'w Path>), Failure> {
    let (output, file) = find(registry, text).ok_or_else(|| {
        let names: Vec<&str> = registry.iter().map(|o| o.name).collect();
        Failure::Usage(format!("-o: '{text}' is neither {} nor a file name that ends like one of them, nor NAME=FILE", names.join(", ")))
    })?;
    Ok((output, file.map(Path::new)))
}
