//! Plain values that every room speaks: a log line's record, its status code, its time, its service.
//!
//! Nothing here opens a file, reads a clock or knows a log format.

pub mod human;
mod record;
mod service;
mod status;
mod time;

pub use record::{Record, RequestLine, is_token};
pub use service::{MAX_SERVICES, ServiceId, Services};
pub use status::{StatusClass, StatusCode};
pub use time::{DAY, HOUR, MINUTE, Timestamp, WEEK, civil_from_days, days_from_civil, rfc3339};
