//! Two logs, or two halves of one -> what changed.
