//! Plain values that every room speaks: a log line's record, its status code, its time.
//!
//! Nothing here opens a file, reads a clock or knows a log format.

mod record;
mod status;
mod time;

pub use record::{Record, RequestLine};
pub use status::{StatusClass, StatusCode};
pub use time::{Timestamp, civil_from_days, days_from_civil};
