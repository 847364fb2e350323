//! The lists of `signatures.toml`, as the build wrote them down.

include!(concat!(env!("OUT_DIR"), "/signatures.rs"));
