//! How the format of an input is settled: by its lines, by what was given, or by the configuration of the server that wrote it.

use crate::format::conf::{Conf, Picked};
use crate::format::{Detection, Format, detect, peeled};
use std::path::Path;
use std::sync::Arc;

/// Where the format of an input comes from.
#[derive(Clone, Debug, Default)]
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
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
            Self::Given(format) => Detection { format: Some(format.clone().in_wrapper(lines)), note: None, ..detect(lines) },
            Self::Configured(conf) => configured(conf, place, lines),
        }
    }
}

fn configured(conf: &Conf, place: Option<&Path>, lines: &[&[u8]]) -> Detection {
    let place = place.map(absolute);
    let pick = |lines: &[&[u8]]| conf.pick(place.as_deref(), lines);
    // The lines of a container's log are those that its server's configuration says, with something around them.
    let inside = || peeled(lines).iter().find_map(|peeled| pick(&peeled.iter().map(Vec::as_slice).collect::<Vec<_>>()).ok());
    match pick(lines).or_else(|why| inside().ok_or(why)) {
        Ok(Picked { format, note, candidates, lines: count }) => {
            Detection { format: Some(format.in_wrapper(lines)), note: Some(note), candidates, lines: count }
        }
        Err(why) => {
            let found = detect(lines);
            let note = std::iter::once(why).chain(found.note).collect::<Vec<_>>().join("; ");
            Detection { note: Some(note), ..found }
        }
    }
}

/// The absolute path of an input, with `/` between its parts.
fn absolute(path: &Path) -> String {
    std::path::absolute(path).as_deref().unwrap_or(path).to_string_lossy().replace('\\', "/")
}
