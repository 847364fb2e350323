//! The words of limits: metrics, clauses, keys and units, each with how it is written and what it means. One table each; the
//! parser, its errors and the documentation read them.

use super::{Key, Level};
use crate::rule::error::nearest;
use crate::rule::words::{Field, Measure};

macro_rules! words {
    ($(#[$of:meta])* $name:ident { $($(#[doc = $doc:literal])* $word:literal = $variant:ident $usage:literal;)* }) => {
        $(#[$of])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[doc = $doc])* $variant,)* }

        impl $name {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// How it is written.
            pub const fn usage(self) -> &'static str {
                match self { $(Self::$variant => $usage),* }
            }

            /// What it means, in a line.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),*)),* }
            }

            /// The one of that word.
            pub fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|w| w.word() == word)
            }
        }
    };
}

words! {
    /// What can be measured.
    Measured {
        /// Share of the requests that are such: of all, or of those that `where` and `by` single out.
        "rate" = Rate "rate(5xx)";
        /// How many requests are such; `count` alone counts all.
        "count" = Count "count(502, 504)";
        /// Quantile of the time that requests took, `p50` to `p99.9`.
        "p95" = Quantile "p95(duration)";
        /// Share of the lines that are no record.
        "share" = Unparsed "share(unparsed)";
        /// Such requests are much more frequent in some span than in the rest of the log.
        "spike" = Spike "spike(5xx)";
        /// A route answers with such a code that it does not have in the baseline.
        "new" = New "new(5xx)";
    }
}

words! {
    /// What can stand behind the metric, in any order, each at most once.
    Clause {
        /// Only these requests are looked at.
        "where" = Where "where route = \"/api/*\"";
        /// For each of these separately.
        "by" = By "by route, method";
        /// In any span of this length instead of in all that was read.
        "window" = Window "window 5m";
        /// The same as `window`, for counts.
        "per" = Per "per 1m";
        /// With fewer requests nothing is judged.
        "min" = Min "min 200";
        /// It must be true for so long before it counts.
        "for" = For "for 2m";
        /// What ends it, where that is not just the contrary.
        "clear" = Clear "clear < 1%";
        /// How bad a violation is: `warning` is said and fails nothing, `error` and `critical` fail the check.
        "severity" = Severity "severity warning";
        /// The comparison states an objective for a time of this length.
        "over" = Over "over 30d";
        /// The objective's allowance is used up so many times too fast.
        "burn" = Burn "burn 14.4x";
    }
}

/// Can a request be asked for this where it is only counted?
pub(in crate::rule) fn counted(field: Field) -> bool {
    key_of(field.word()).is_some()
}

/// The key of that word.
pub(super) fn key_of(word: &str) -> Option<Key> {
    Key::ALL.iter().copied().find(|key| key.word() == word)
}

/// The level of that word.
pub(super) fn level_of(word: &str) -> Option<Level> {
    Level::ALL.iter().copied().find(|level| level.word() == word)
}

/// What to say of a field that nothing is counted by.
pub(in crate::rule) fn not_counted(word: &str) -> String {
    let instead = match word {
        "host" => "read only the lines that you mean with --host",
        "path" | "directory" | "prefix" | "extension" => "ask for the route, or read only the lines that you mean with --path",
        "ok" => "write 1xx or 2xx or 304",
        "duration" => "measure it: p95(duration)",
        _ => "read only the lines that you mean with --path, --host, --since and --until",
    };
    format!("{word} cannot be asked here: limits count requests by {}; {instead}", keys())
}

/// What to say of a word that is no field.
pub(in crate::rule) fn no_key(word: &str) -> String {
    let known = Key::ALL.iter().map(|key| key.word());
    let other = match word {
        "code" | "codes" | "http_status" => ", did you mean 'status'?".into(),
        "url" | "uri" | "endpoint" | "target" => ", did you mean 'route'?".into(),
        "verb" => ", did you mean 'method'?".into(),
        "app" | "application" | "vhost" => ", did you mean 'service'?".into(),
        _ => nearest(word, known),
    };
    let known = if other.is_empty() { format!(": there are {}", keys()) } else { other };
    format!("'{word}' is nothing that limits count by{known}")
}

/// `route, method, service and status`
fn keys() -> String {
    let words: Vec<&str> = Key::ALL.iter().map(|key| key.word()).collect();
    listed(&words, "and")
}

/// `a, b and c`
pub(super) fn listed(words: &[&str], last: &str) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).into(),
        [head @ .., end] => format!("{} {last} {end}", head.join(", ")),
    }
}

/// How all metrics are written.
pub(super) fn metrics() -> String {
    let written: Vec<&str> = Measured::ALL.iter().map(|metric| metric.usage()).collect();
    listed(&written, "or")
}

/// What to say of a word that stands where a metric should and is none.
pub(super) fn no_metric(word: &str) -> String {
    let instead = match word {
        "median" | "avg" | "average" | "mean" => "write p50(duration)",
        "max" | "latency" | "duration" | "time" | "quantile" | "percentile" => "write p95(duration), or another one from p50 to p99.9",
        "error_rate" | "errors" | "ratio" | "percent" | "part" => "write rate(5xx)",
        "requests" | "hits" | "total" => "write count",
        "unparsed" | "rejected" | "rejects" => "write share(unparsed)",
        _ => "",
    };
    if !instead.is_empty() {
        return format!("'{word}' is no metric: {instead}");
    }
    if word == "not" || word == "all" {
        return format!("a limit begins with what is measured: {}; it says what is a violation", metrics());
    }
    if Field::named(word).is_some() {
        return format!("'{word}' is a field of one request; a limit begins with what is measured of many: {}", metrics());
    }
    if Measure::named(word).is_some() {
        return format!("'{word}' is a measure of the rules of causes; a limit measures {}", metrics());
    }
    let near = nearest(word, Measured::ALL.iter().map(|metric| metric.word()));
    if near.is_empty() {
        format!("no metric is called '{word}'; there are {}", metrics())
    } else {
        format!("no metric is called '{word}'{near}")
    }
}

/// What to say of a word that stands where a clause should and is none.
pub(super) fn no_clause(word: &str) -> String {
    match word {
        "and" | "or" => {
            return format!(
                "a limit holds one metric against one value, other than the rules of causes: without '{word}', as two limits; requests are singled out with where"
            );
        }
        "group" | "each" => return "write by: by route".into(),
        "in" | "within" | "last" | "during" => return "write window: window 5m".into(),
        "if" | "when" | "filter" => return "write where: where route = \"/api/*\"".into(),
        "baseline" => return "write how many times the baseline: > 2x baseline".into(),
        _ => {}
    }
    let near = nearest(word, Clause::ALL.iter().map(|clause| clause.word()));
    let words: Vec<&str> = Clause::ALL.iter().map(|clause| clause.word()).collect();
    format!("a comparison or one of {} is expected here{near}", listed(&words, "and"))
}
