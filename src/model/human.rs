//! Numbers as people read them, for every room that writes sentences.

/// `6,003,012`
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `0.08 %`; what is there but rounds to nothing is `<0.01 %`.
pub fn percent(part: u64, whole: u64) -> String {
    let share = part as f64 / whole.max(1) as f64 * 100.0;
    match share {
        _ if part == 0 => "0".to_owned(),
        s if s < 0.01 => "<0.01 %".to_owned(),
        s if s < 1.0 => format!("{s:.2} %"),
        s if s < 10.0 => format!("{s:.1} %"),
        // Never round up to all of them.
        s if part < whole && s > 99.9 => "99.9 %".to_owned(),
        s if part < whole && s >= 99.0 => format!("{s:.1} %"),
        s => format!("{s:.0} %"),
    }
}

/// `850 µs`, `12 ms`, `1.9 s`, `6.7 min`
pub fn seconds(seconds: f64) -> String {
    match seconds {
        0.0 => "0 ms".to_owned(),
        s if s < 0.000_999_5 => format!("{:.0} µs", s * 1e6),
        s if s < 0.999_5 => format!("{:.0} ms", s * 1e3),
        s if s < 99.95 => format!("{s:.1} s"),
        s if s < 594.0 => format!("{:.1} min", s / 60.0),
        s if s < 5970.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// The same for a share of 0 to 1 that is no ratio of two counts.
pub fn share(share: f64) -> String {
    let share = share.clamp(0.0, 1.0);
    if share > 0.0 && share < 1e-9 { "<0.01 %".to_owned() } else { percent((share * 1e12).round() as u64, 1_000_000_000_000) }
}

/// `1.4x`, `12x`: so many times.
pub fn times(ratio: f64) -> String {
    match ratio {
        r if r >= 9.95 => format!("{}x", count(r.round() as u64)),
        r if r >= 0.095 => format!("{r:.1}x"),
        r => format!("{r:.2}x"),
    }
}

/// A number in three digits, or all before the point: a value just above its limit must not look the same.
pub fn digits(number: f64) -> String {
    if number.abs() >= 100.0 {
        return count(number.round().max(0.0) as u64);
    }
    let places = if number == 0.0 { 0 } else { (2 - number.abs().log10().floor() as i32).clamp(0, 6) as usize };
    let text = format!("{number:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// `1 request`, `2,000 requests`
pub fn counted(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count(number)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_ratios() {
        assert_eq!([share(0.0), share(1e-12), share(0.0123), share(1.0)], ["0", "<0.01 %", "1.2 %", "100 %"]);
        assert_eq!([times(1.0), times(0.04), times(12.3)], ["1.0x", "0.04x", "12x"]);
        assert_eq!([counted(1, "request"), counted(0, "request"), counted(1234, "request")], ["1 request", "0 requests", "1,234 requests"]);
    }
}
