//! A comparison -> bytes. One file an output; the registry below is the only list of them.

mod html;
mod json;
mod markdown;
mod table;
mod words;

use super::View;
use crate::compare::Comparison;
use std::io::{self, Write};

/// A way to write a comparison.
pub struct ComparisonOutput {
    /// The name that `-o` takes.
    pub name: &'static str,
    /// File name extensions that mean it.
    pub extensions: &'static [&'static str],
    /// Writes a comparison.
    pub write: fn(&Comparison, &View, &mut dyn Write) -> io::Result<()>,
}

/// Every output.
pub const COMPARISONS: &[ComparisonOutput] = &[
    ComparisonOutput { name: "table", extensions: &["txt"], write: table::write },
    ComparisonOutput { name: "json", extensions: &["json"], write: json::write },
    ComparisonOutput { name: "md", extensions: &["md", "markdown"], write: markdown::write },
    ComparisonOutput { name: "html", extensions: &["html", "htm"], write: html::write },
];

/// The output of that name, or the one that a file name's extension means.
pub fn comparison_output(name: &str) -> Option<&'static ComparisonOutput> {
    let extension = std::path::Path::new(name).extension().map(|x| x.to_string_lossy().to_ascii_lowercase());
    COMPARISONS
        .iter()
        .find(|o| o.name == name)
        .or_else(|| COMPARISONS.iter().find(|o| extension.as_deref().is_some_and(|x| o.extensions.contains(&x))))
}
