//! A comparison -> bytes. One file an output; the registry below is the only list of them.

mod html;
mod json;
mod markdown;
mod table;
mod words;

use super::{Output, Writer};
use crate::compare::Comparison;

/// Every output of a comparison.
pub const COMPARISONS: &[Output<Writer<Comparison>>] = &[
    Output { name: "table", extensions: &["txt"], write: table::write },
    Output { name: "json", extensions: &["json"], write: json::write },
    Output { name: "md", extensions: &["md", "markdown"], write: markdown::write },
    Output { name: "html", extensions: &["html", "htm"], write: html::write },
];
