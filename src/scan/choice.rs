//! How the format of an input is settled: by its lines, by what was given, or by the configuration of the server that wrote it.

use crate::format::conf::{Conf, Picked};
use crate::format::{Detection, Format, detect};
use std::path::Path;
use std::sync::Arc;

/// Where the format of an input comes from.
#[derive(Clone, Debug, Default)]
pub enum Choice {
    /// Each input's lines tell.
    #[default]
    Detect,
    /// It is given, for all inputs.
    Given(Format),
    /// The configuration of a server tells, for each input by its path and lines.
    Configured(Arc<Conf>),
}

impl Choice {
    /// The format of an input whose place and some lines are known.
    pub(super) fn settle(&self, place: Option<&Path>, lines: &[&[u8]]) -> Detection {
        match self {
            Self::Detect => detect(lines),
            Self::Given(format) => Detection { format: Some(format.clone()), note: None, ..detect(lines) },
            Self::Configured(conf) => match conf.pick(place.map(absolute).as_deref(), lines) {
                Ok(Picked { format, note, candidates, lines }) => Detection { format: Some(format), note: Some(note), candidates, lines },
                Err(why) => {
                    let found = detect(lines);
                    let note = std::iter::once(why).chain(found.note).collect::<Vec<_>>().join("; ");
                    Detection { note: Some(note), ..found }
                }
            },
        }
    }
}

/// The absolute path of an input, with `/` between its parts.
fn absolute(path: &Path) -> String {
    std::path::absolute(path).as_deref().unwrap_or(path).to_string_lossy().replace('\\', "/")
}
