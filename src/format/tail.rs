//! What stands in the columns behind the known part of a line: told by their keys, or by their values in all lines of a sample.
//!
//! A column without a key is taken only for what its values can hardly be otherwise, and what was taken is said.

use super::field::{Field, Unit};
use super::{value, variables};

/// What is known of one line.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// The values of its tail, column by column.
    pub(super) values: Vec<&'a str>,
    /// Bytes of its request line and headers: a request is no smaller.
    pub(super) request: u64,
    /// Bytes sent.
    pub(super) bytes: Option<u64>,
}

/// What the columns are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) fields: Vec<Field>,
    /// What was taken without a key: in a word for the format's name, and in a sentence if it may be wrong.
    pub(super) taken: Vec<(&'static str, Option<String>)>,
    /// The server that writes such columns, where they tell.
    pub(super) server: Option<&'static str>,
}

/// Reads the columns, whose keys are given; `place` is where they stand, in words. `None` when nothing in them is understood.
pub(super) fn read(keys: &[Option<&str>], lines: &[Line<'_>], place: &str) -> Option<Reading> {
    let columns: Vec<Vec<&str>> = (0..keys.len()).map(|at| lines.iter().filter_map(|l| l.values.get(at).copied()).collect()).collect();
    let mut reading = Reading { fields: vec![Field::Skip; keys.len()], taken: Vec::new(), server: None };
    let bare: Vec<usize> = (0..keys.len()).filter(|&at| keys[at].is_none()).collect();
    for (at, key) in keys.iter().enumerate().filter_map(|(at, key)| Some((at, key.as_deref()?))) {
        reading.fields[at] = of_key(key, &columns[at]).unwrap_or(Field::Skip);
        reading.server = reading.server.or(server_of_key(key));
    }
    reading.words(&bare, &columns);
    reading.seconds(&bare, &columns, place)?;
    reading.whole_numbers(&bare, &columns, lines, place);
    reading.first_byte(keys);
    reading.fields.iter().any(|f| *f != Field::Skip).then_some(reading)
}

impl Reading {
    fn has(&self, field: &Field) -> bool {
        self.fields.iter().any(|f| f.bit() == field.bit())
    }

    fn take(&mut self, at: usize, field: Field, word: &'static str, note: Option<String>) {
        self.fields[at] = field;
        self.taken.push((word, note));
    }

    /// What the cache did, and Apache's status of the connection: columns of few words.
    fn words(&mut self, bare: &[usize], columns: &[Vec<&str>]) {
        if let Some(&at) = bare.iter().find(|&&at| is_cache(&columns[at]))
            && !self.has(&Field::CacheStatus)
        {
            self.take(at, Field::CacheStatus, "cache", None);
            // nginx writes them in capitals.
            self.server = self.server.or(columns[at].iter().any(|v| matches!(*v, "hit" | "miss")).then_some("varnish"));
        }
        if let Some(&at) = bare.iter().find(|&&at| is_connection_status(&columns[at])) {
            self.take(at, Field::TerminationState, "connection status", None);
            self.server = self.server.or(Some("apache"));
        }
    }

    /// Seconds with three decimals, as nginx writes them, or four, as Rack does. Of two columns the larger one is the whole
    /// request; what more of them are nobody knows.
    fn seconds(&mut self, bare: &[usize], columns: &[Vec<&str>], place: &str) -> Option<()> {
        let seconds: Vec<usize> = bare.iter().copied().filter(|&at| mostly(&columns[at], &|v| decimals(v).is_some())).collect();
        let sum = |at: usize| columns[at].iter().filter_map(|v| v.parse::<f64>().ok()).sum::<f64>();
        let whole = match *seconds.as_slice() {
            [] => return Some(()),
            [one] => one,
            [a, b] => {
                let (whole, part) = if sum(a) >= sum(b) { (a, b) } else { (b, a) };
                self.fields[part] = Field::UpstreamTime(Unit::Seconds);
                whole
            }
            _ => return None,
        };
        let (what, where_) =
            if place.is_empty() { ("the number with decimals", "at the end") } else { ("the number with three decimals", place) };
        let note = format!("{what} {where_} is taken for the time of the whole request in seconds; -f tells otherwise");
        self.take(whole, Field::Duration(Unit::Seconds), "seconds", Some(note));
        self.server = self.server.or(mostly(&columns[whole], &|v| decimals(v) == Some(3)).then_some("nginx"));
        Some(())
    }

    /// A column of whole numbers that can only be the time of the request.
    fn whole_numbers(&mut self, bare: &[usize], columns: &[Vec<&str>], lines: &[Line<'_>], place: &str) {
        if self.has(&Field::Duration(Unit::Seconds)) {
            return;
        }
        // Apache's `%T %X`: what stands before the status of the connection is a time, of whatever unit.
        let status = self.fields.iter().position(|f| *f == Field::TerminationState);
        let before = |at: usize| self.taken.iter().any(|(word, _)| *word == "connection status") && status == Some(at + 1);
        let found: Vec<(usize, Unit)> =
            bare.iter().filter_map(|&at| Some((at, Times::of(at, lines, &columns[at])?.unit(before(at))?))).collect();
        let [(at, unit)] = *found.as_slice() else { return };
        let (word, directive) = if unit == Unit::Micros { ("microseconds", "%D") } else { ("milliseconds", "%{ms}T") };
        let place = if place.is_empty() { "at the end" } else { place };
        let note = format!("the whole number {place} is taken for the {word} of the request ({directive}); -f tells otherwise");
        self.take(at, Field::Duration(unit), word, Some(note));
        // nginx has no such number.
        self.server = self.server.or(Some("apache"));
    }

    /// The time to the first byte stands in for the whole time where nothing else does.
    fn first_byte(&mut self, keys: &[Option<&str>]) {
        let first_byte = keys.iter().position(|key| key.is_some_and(|key| key.eq_ignore_ascii_case("ttfb")));
        if let Some(at) = first_byte.filter(|_| !self.has(&Field::Duration(Unit::Seconds))) {
            let note = "ttfb, the time to the first byte, stands in for the time of the whole request".to_owned();
            self.fields[at] = Field::Duration(Unit::Seconds);
            self.taken.push(("", Some(note)));
        }
    }
}

/// The field of a key, if the values can be what it says.
fn of_key(key: &str, values: &[&str]) -> Option<Field> {
    match variables::short_key(key)? {
        Field::TerminationState if !is_connection_status(values) => None,
        Field::CacheStatus if !values.iter().all(|v| is_unstated(v) || value::is_cache_status(v)) => None,
        field => Some(field),
    }
}

/// The server whose names the keys are made of.
fn server_of_key(key: &str) -> Option<&'static str> {
    match key.to_ascii_lowercase().as_str() {
        "uct" | "uht" | "urt" | "rt" | "request_time" => Some("nginx"),
        key if key.starts_with("upstream_") => Some("nginx"),
        "x" | "w" => Some("apache"),
        _ => None,
    }
}

fn is_unstated(value: &str) -> bool {
    matches!(value, "" | "-")
}

fn mostly(values: &[&str], is: &dyn Fn(&str) -> bool) -> bool {
    values.iter().filter(|v| is(v)).count() * 2 > values.len()
}

/// Words of nginx and Varnish; a column that has neither a hit nor a miss is none.
fn is_cache(values: &[&str]) -> bool {
    let found = |v: &&str| ["hit", "miss"].iter().any(|word| v.eq_ignore_ascii_case(word));
    values.iter().all(|v| is_unstated(v) || value::is_cache_status(v)) && values.iter().any(found)
}

/// `+` for kept alive, `-` for closed, `X` for a client that went before the end.
fn is_connection_status(values: &[&str]) -> bool {
    values.iter().all(|v| matches!(*v, "+" | "-" | "X")) && values.iter().any(|v| matches!(*v, "+" | "X"))
}

/// How many decimals a number of seconds has: `0.123`, `0.1234`.
fn decimals(value: &str) -> Option<usize> {
    let (whole, fraction) = value.split_once('.')?;
    let digits = !whole.is_empty() && [whole, fraction].iter().all(|d| d.bytes().all(|b| b.is_ascii_digit()));
    (digits && matches!(fraction.len(), 3 | 4)).then_some(fraction.len())
}

/// The whole numbers of one column.
#[derive(Debug)]
struct Times {
    sorted: Vec<u64>,
    /// They are sizes, or numbers that count up.
    other: bool,
}

impl Times {
    /// Lines that it takes to judge.
    const FEWEST: usize = 16;

    fn of(at: usize, lines: &[Line<'_>], column: &[&str]) -> Option<Self> {
        let numbers: Vec<u64> = column.iter().filter_map(|v| v.parse().ok()).collect();
        let unstated = column.iter().filter(|v| is_unstated(v)).count();
        if numbers.len() < Self::FEWEST || numbers.len() + unstated < column.len() {
            return None;
        }
        let share = |is: &dyn Fn(&Line<'_>, u64) -> bool| {
            let rows = lines.iter().filter_map(|l| Some((l, l.values.get(at)?.parse().ok()?)));
            rows.filter(|(line, n)| is(line, *n)).count() as f64 / numbers.len() as f64
        };
        // The bytes of a request are those of its line and headers and some more; those of a response likewise.
        let request = share(&|line, n| (line.request..line.request + 2_048).contains(&n)) > 0.9;
        let response = share(&|line, n| line.bytes.is_some_and(|b| (b..b + 2_048).contains(&n))) > 0.8;
        let rising = numbers.windows(2).filter(|pair| pair[0] <= pair[1]).count() * 10 > numbers.len() * 9;
        let mut sorted = numbers;
        sorted.sort_unstable();
        Some(Self { sorted, other: request || response || rising })
    }

    /// The value that this part of all values does not pass.
    fn quantile(&self, part: f64) -> u64 {
        self.sorted[((self.sorted.len() - 1) as f64 * part) as usize]
    }

    fn distinct(&self) -> usize {
        1 + self.sorted.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }

    /// The unit, if these are times. No server answers in less than some microseconds; most answer in more than 100, and
    /// times of all kinds of requests spread over more than a factor of four. Where it is known that they are times, smaller
    /// ones are milliseconds, but for those that are 0 or 1, which may be seconds.
    fn unit(&self, is_time: bool) -> Option<Unit> {
        let (low, middle, high) = (self.quantile(0.05), self.quantile(0.5), self.quantile(0.95));
        let varied = self.distinct() * 4 >= self.sorted.len() || self.distinct() >= 64;
        let exact = self.sorted.iter().any(|n| n % 1_000 != 0);
        if !self.other && low >= 10 && middle >= 100 && high >= 4 * low && varied && exact {
            return Some(Unit::Micros);
        }
        (is_time && middle >= 2 && self.distinct() >= 8).then_some(Unit::Millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads tails whose columns have no spaces in them, of requests of 150 bytes that are answered by 5000.
    fn taken(tails: &[String]) -> Option<Reading> {
        let first: Vec<&str> = tails[0].split(' ').collect();
        let keys: Vec<Option<&str>> = first.iter().map(|word| word.split_once('=').map(|(key, _)| key)).collect();
        let line = |tail| Line { values: values(tail), request: 150, bytes: Some(5_000) };
        read(&keys, &tails.iter().map(String::as_str).map(line).collect::<Vec<_>>(), "behind the user agent")
    }

    fn values(tail: &str) -> Vec<&str> {
        tail.split(' ').map(|word| word.split_once('=').map_or(word, |(_, value)| value)).collect()
    }

    fn fields(tail: impl Fn(u64) -> String) -> Vec<Field> {
        taken(&(0..200).map(tail).collect::<Vec<_>>()).map_or(Vec::new(), |reading| reading.fields)
    }

    /// Numbers from 40 to some hundred thousands, as servers' microseconds are.
    fn micros(n: u64) -> u64 {
        let n = n.wrapping_mul(2_654_435_761) % 1_009;
        if n % 3 == 0 { 9_000 + n * 251 } else { 40 + n / 4 }
    }

    #[test]
    fn the_larger_of_two_bare_numbers_is_the_whole_time() {
        let fields = fields(|n| format!("0.0{:02} 0.1{:02}", n % 90, n % 90));
        assert_eq!(fields, [Field::UpstreamTime(Unit::Seconds), Field::Duration(Unit::Seconds)]);
    }

    #[test]
    fn whole_numbers_are_microseconds_if_they_look_it() {
        let duration = |unit| vec![Field::Duration(unit)];
        assert_eq!(fields(|n| micros(n).to_string()), duration(Unit::Micros));
        assert_eq!(fields(|n| format!("{} {}", n % 5, micros(n))), [Field::Skip, Field::Duration(Unit::Micros)]);
        // A request's bytes, a response's, a port, a number that counts up, milliseconds, whole seconds as microseconds.
        assert_eq!(fields(|n| (180 + micros(n) % 900).to_string()), []);
        assert_eq!(fields(|n| (5_000 + micros(n) % 900).to_string()), []);
        assert_eq!(fields(|n| (32_768 + micros(n) % 28_000).to_string()), []);
        assert_eq!(fields(|n| (100 + n * 31).to_string()), []);
        assert_eq!(fields(|n| (micros(n) / 100).to_string()), []);
        assert_eq!(fields(|n| (micros(n) * 1_000).to_string()), []);
        assert_eq!(taken(&["1807".to_owned()]), None);
    }

    #[test]
    fn before_the_status_of_a_connection_stands_a_time() {
        let status = |n: u64| ["+", "+", "-", "X"][n as usize % 4];
        let timed = |unit| vec![Field::Duration(unit), Field::TerminationState, Field::Skip];
        assert_eq!(fields(|n| format!("{} {} {}", micros(n), status(n), n % 4)), timed(Unit::Micros));
        assert_eq!(fields(|n| format!("{} {} {}", 3 + n % 60, status(n), n % 4)), timed(Unit::Millis));
        assert_eq!(fields(|n| format!("{} {} 1", n / 199, status(n))), [Field::Skip, Field::TerminationState, Field::Skip]);
        assert_eq!(fields(|_| "21 - 3".to_owned()), []);
    }

    #[test]
    fn what_the_cache_did_is_told_by_its_words() {
        let word = |n: u64| ["hit", "miss"][n as usize % 2];
        let reading = taken(&(0..9).map(|n| format!("{} pass ttfb=0.00{n}", word(n))).collect::<Vec<_>>()).unwrap();
        assert_eq!(reading.fields, [Field::CacheStatus, Field::Skip, Field::Duration(Unit::Seconds)]);
        assert_eq!(reading.server, Some("varnish"));
        assert_eq!(fields(|n| format!("cs={}", ["-", "EXPIRED"][n as usize % 2])), [Field::CacheStatus]);
        assert_eq!(fields(|n| format!("cs={n}")), []);
        assert_eq!(fields(|_| "cs=TCP_MISS_ABORTED/200".to_owned()), [Field::CacheStatus]);
        assert_eq!(fields(|_| "/hit".to_owned()), []);
        assert_eq!(fields(|_| "pass".to_owned()), []);
    }

    #[test]
    fn keys_tell_the_server() {
        let server = |tail: &str| taken(&[tail.to_owned()]).unwrap().server;
        assert_eq!(server("rt=0.001 uct=-"), Some("nginx"));
        assert_eq!(server("D=120 I=3 X=+ w=-"), Some("apache"));
        assert_eq!(server("host=www.example.com"), None);
    }
}
