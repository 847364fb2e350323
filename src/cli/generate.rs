//! `logcodes generate config`

use super::args::{GenerateArgs, Generated};
use super::error::Failure;
use super::{Exit, stdout};
use crate::config::REFERENCE;

pub(super) fn run(args: &GenerateArgs) -> Result<Exit, Failure> {
    match args.what {
        Generated::Config => stdout::with(None, |out| Ok(out.write_all(REFERENCE.as_bytes())?))?,
    }
    Ok(Exit::Success)
}
