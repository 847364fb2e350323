//! GoAccess's `log-format`, as it stands in goaccess.conf: `%h %^[%d:%t %^] "%r" %s %b "%R" "%u"`, with the lines
//! `date-format` and `time-format` beside it or their usual values. Source: goaccess(1), "CUSTOM LOG/DATE FORMAT".

use super::Reader;
use super::field::{Field, TimeLayout, Unit};
use super::keyed::template::with_values;
use super::template::{self, Piece, Syntax, TemplateError, UserName};
use super::times;
use super::variables::Ranked;

/// Whether a text that a user gives is one: neither nginx nor Apache writes `%^`, `%d` or `%x`.
pub(super) fn is_meant_by(text: &str) -> bool {
    // Apache's arguments, `%{%d/%b/%Y}t`, are none of GoAccess's specifiers.
    let log = Settings::of(text).log;
    let mut parts = log.split("%{");
    let first = parts.next().unwrap_or_default().to_owned();
    let body = parts.fold(first, |body, part| body + part.split_once('}').map_or("", |(_, rest)| rest));
    text.lines().any(|line| setting(line).is_some_and(|(name, _)| name == "log-format"))
        || (!body.contains('$') && ["%^", "%d", "%x", "%~"].iter().any(|specifier| body.contains(specifier)))
}

/// Compiles it.
pub(super) fn compile(text: &str) -> Result<Reader, TemplateError> {
    let settings = Settings::of(text);
    let body = settings.log.as_str();
    if body.starts_with('{') {
        let field = |value: &str| {
            let at = value.find('%')?;
            let (field, _) = settings.specifier(&value[at + 1..])?;
            (!field.is_skipped()).then_some((field, 1))
        };
        return with_values(body, body, "%s", &field).map(Reader::Json);
    }
    let pieces = settings.pieces()?;
    template::assembled(settings.times(pieces), body, Syntax::GoAccess, UserName::AnyWords).map(Reader::Text)
}

/// The formats of a goaccess.conf.
struct Settings {
    log: String,
    date: String,
    time: String,
    both: Option<String>,
}

/// A line `name value` of a goaccess.conf.
fn setting(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.trim().split_once(|c: char| c.is_whitespace() || c == '=')?;
    let known = matches!(name, "log-format" | "date-format" | "time-format" | "datetime-format");
    known.then(|| (name, value.trim().trim_start_matches('=').trim()))
}

impl Settings {
    fn of(text: &str) -> Self {
        let mut settings = Self { log: text.trim().to_owned(), date: "%d/%b/%Y".to_owned(), time: "%H:%M:%S".to_owned(), both: None };
        for (name, value) in text.lines().filter_map(setting) {
            match name {
                "log-format" => value.clone_into(&mut settings.log),
                "date-format" => value.clone_into(&mut settings.date),
                "time-format" => value.clone_into(&mut settings.time),
                _ => settings.both = Some(value.to_owned()),
            }
        }
        settings.time = settings.time.replace("%T", "%H:%M:%S");
        settings
    }

    fn pieces(&self) -> Result<Vec<(usize, Piece)>, TemplateError> {
        let (body, mut found) = (self.log.as_str(), Vec::new());
        let mut at = 0;
        while at < body.len() {
            let rest = &body[at..];
            let Some(specifier) = rest.strip_prefix(['%', '~']).filter(|_| !rest.starts_with("%%")) else {
                let skip = usize::from(rest.starts_with("%%"));
                let end = rest.char_indices().skip(1).find(|(_, c)| matches!(c, '%' | '~')).map_or(rest.len(), |(n, _)| n);
                found.push((at, Piece::Literal(rest[skip..end.max(skip + 1)].to_owned())));
                at += end.max(skip + 1);
                continue;
            };
            let (field, length) =
                if rest.starts_with('~') { forwarded(specifier) } else { self.specifier(specifier) }.ok_or_else(|| {
                    TemplateError::new("this is no specifier of GoAccess: %h, %d, %t, %r, %s, %b, %R, %u, %^ and others are", body, at)
                })?;
            // White space between date and time: a pattern's space stands for any amount of it.
            let parts_of_time = field == Field::Spaces && ["%d", "%t"].iter().any(|next| body[at + 2..].starts_with(next));
            found.push((at, if parts_of_time { Piece::Literal(" ".to_owned()) } else { Piece::Field((field, 1)) }));
            at += 1 + length;
        }
        Ok(found)
    }

    /// The field of what follows a `%`, and its length.
    fn specifier(&self, text: &str) -> Option<(Field, usize)> {
        use Field::*;
        let field = match text.chars().next()? {
            'x' => Time(self.date_and_time()),
            'd' => Time(TimeLayout::Pattern(self.date.as_str().into())),
            't' => Time(TimeLayout::Pattern(self.time.as_str().into())),
            'v' => Host,
            'e' => User,
            'h' => Remote,
            'r' => Request,
            'm' => Method,
            'U' => Target,
            'q' => Query,
            'H' => Protocol,
            's' => Status,
            'b' => Bytes,
            'R' => Referer,
            'u' => UserAgent,
            'T' => Duration(Unit::Seconds),
            'L' => Duration(Unit::Millis),
            'D' => Duration(Unit::Micros),
            'n' => Duration(Unit::Nanos),
            '~' => Spaces,
            '^' | 'C' | 'K' | 'k' | 'M' | 'S' => Skip,
            _ => return None,
        };
        Some((field, 1))
    }

    fn date_and_time(&self) -> TimeLayout {
        match (&self.both, self.date.as_str()) {
            (Some(both), _) => TimeLayout::Pattern(both.replace("%T", "%H:%M:%S").into()),
            (None, _) => TimeLayout::Any,
        }
    }

    /// Date and time as one. GoAccess reads past the zone; where date and time are those of the Common Log Format it is known
    /// to be what follows them.
    fn times(&self, pieces: Vec<(usize, Piece)>) -> Vec<(usize, Piece)> {
        let mut joined = times::joined(template::merge_literals(pieces));
        let clf = format!("{}:{}", self.date, self.time);
        if clf != "%d/%b/%Y:%H:%M:%S" {
            return joined;
        }
        let is_time = |piece: &Piece| matches!(piece, Piece::Field((Field::Time(TimeLayout::Pattern(p)), _)) if **p == *clf);
        if let Some(at) = joined.iter().position(|(_, piece)| is_time(piece))
            && let Some([(_, Piece::Literal(space)), (_, Piece::Field((Field::Skip, _)))]) = joined.get(at + 1..at + 3)
            && space == " "
        {
            let ranked: Ranked = (Field::Time(TimeLayout::Clf), 1);
            joined[at].1 = Piece::Field(ranked);
            joined.drain(at + 1..at + 3);
        }
        joined
    }
}

/// `~h{, }`: the client in a list of forwarded addresses.
fn forwarded(text: &str) -> Option<(Field, usize)> {
    let end = text.strip_prefix("h{")?.find('}')?;
    Some((Field::Forwarded, 3 + end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Format, Memory};
    use crate::model::{Record, StatusCode};

    fn read(format: &str, line: &str) -> (Option<String>, Option<u16>, Option<String>, Option<f64>) {
        assert!(is_meant_by(format), "{format}");
        let format = Format::from_user(format).unwrap();
        let (mut memory, mut record) = (Memory::default(), Record::default());
        format.parse(line.as_bytes(), &mut memory, &mut record).unwrap();
        let text = |bytes: Option<&[u8]>| bytes.map(|b| String::from_utf8_lossy(b).into_owned());
        (
            record.time.map(|t| t.to_string()),
            record.status.map(StatusCode::get),
            text(record.remote),
            record.duration.map(|d| d.as_secs_f64()),
        )
    }

    #[test]
    fn specifiers() {
        let line = r#"192.0.2.7 - - [15/Jun/2025:15:06:40 +0200] "GET /a HTTP/1.1" 502 157 "-" "curl/8" 0.25"#;
        let expected = (Some("2025-06-15T13:06:40Z".into()), Some(502), Some("192.0.2.7".into()), Some(0.25));
        assert_eq!(read(r#"%h %^[%d:%t %^] "%r" %s %b "%R" "%u" %T"#, line), expected);
        assert_eq!(read("log-format %h %^[%d:%t %^] \"%r\" %s %b \"%R\" \"%u\" %T\ntime-format %T\ndate-format %d/%b/%Y", line), expected);
    }

    #[test]
    fn other_dates_and_forwarded_addresses() {
        let format = "time-format %H:%M:%S\ndate-format %Y-%m-%d\nlog-format %d%~%t%~~h{, } %m %U %s %L";
        let line = "2025-06-15   15:06:40 192.0.2.7,10.0.0.1 GET /a 200 12";
        let expected = (Some("2025-06-15T15:06:40Z".to_owned()), Some(200), Some("192.0.2.7".into()), Some(0.012));
        assert_eq!(read(format, line), expected);
    }

    #[test]
    fn json_with_specifiers() {
        let format = r#"{"ts":"%x.%^","request":{"client_ip":"%h","method":"%m","uri":"%U","headers":{"User-Agent":["%u"]}},"duration":"%T","status":"%s"}"#;
        let line = r#"{"ts":1750000000.25,"request":{"client_ip":"192.0.2.7","method":"GET","uri":"/a"},"duration":0.5,"status":404}"#;
        assert_eq!(read(format, line), (Some("2025-06-15T15:06:40.25Z".into()), Some(404), Some("192.0.2.7".into()), Some(0.5)));
    }

    #[test]
    fn text_between_specifiers_may_begin_with_any_letter() {
        let expected = (Some("2025-06-15T15:06:40Z".into()), Some(200), None, None);
        assert_eq!(read("é%d:%t %% %s", "é15/Jun/2025:15:06:40 % 200"), expected);
        assert_eq!(read("%d:%té%s€", "15/Jun/2025:15:06:40é200€"), expected);
    }

    #[test]
    fn what_is_no_specifier_is_pointed_at() {
        insta::assert_snapshot!(compile("%h %^ %y %s").map(|_| ()).unwrap_err().to_string(), @r"
        this is no specifier of GoAccess: %h, %d, %t, %r, %s, %b, %R, %u, %^ and others are
          %h %^ %y %s
                ^
        ");
    }

    #[test]
    fn the_other_servers_templates_are_theirs() {
        for text in ["%h %l %u %t \"%r\" %>s %b", "$remote_addr $status", "%{Host}^ti %>s"] {
            assert!(!is_meant_by(text), "{text}");
        }
    }
}
