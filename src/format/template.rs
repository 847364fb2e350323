//! nginx `log_format` and Apache `LogFormat` strings -> [`Program`], read by nom.
//!
//! This is the only part of the room that nom is for: it runs once a format, never once a line. A string of JSON with
//! variables in it becomes a JSON reader instead.

use super::Reader;
use super::bytes::Literal;
use super::directive;
use super::field::{Field, TimeLayout};
use super::goaccess;
use super::keyed::template::json_template;
use super::logged::UNKNOWN;
use super::program::{End, Program, Step};
use super::times;
use super::variables::{self, Ranked};
use nom::branch::alt;
use nom::bytes::complete::{tag, take_till1, take_while, take_while1};
use nom::character::complete::{anychar, char};
use nom::combinator::{map, map_opt, opt};
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};
use std::collections::HashMap;

/// What is wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}\n  {text}\n  {marker:>width$}", width = .at + 1, marker = "^")]
pub struct TemplateError {
    what: String,
    /// The text around the place.
    text: String,
    /// Offset in characters of the place within it.
    at: usize,
}

/// Characters that a message shows before and after the place that it is about.
const AROUND: usize = 100;

impl TemplateError {
    /// What is wrong, without the place.
    pub fn what(&self) -> &str {
        &self.what
    }

    pub(super) fn new(what: impl Into<String>, text: &str, at: usize) -> Self {
        let at = text.char_indices().take_while(|(byte, _)| *byte < at).count();
        let left_out = at.saturating_sub(AROUND);
        Self { what: what.into(), text: text.chars().skip(left_out).take(2 * AROUND).collect(), at: at - left_out }
    }
}

/// A part of a template, and where it starts.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Literal(String),
    Field(Ranked),
}

/// Whose names a template uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// nginx variables.
    Nginx,
    /// Apache directives.
    Apache,
    /// The fields' own names, written like nginx variables: `$remote`, `$duration_ms`.
    Own,
    /// GoAccess's specifiers, which have a compiler of their own.
    GoAccess,
}

/// Whether a user name may have spaces in it. Where the format is a guess, a name of several words is more likely a sign
/// that the guess is wrong: a virtual host before the address shifts all fields by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UserName {
    OneWord,
    AnyWords,
}

/// What nginx does to values before it writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Escape {
    /// `\xNN` for quotes, backslashes and control bytes; `-` for what is absent.
    Default,
    /// The escapes of JSON; nothing for what is absent.
    Json,
    /// Nothing: a quote inside a value is a plain quote, and a backslash before the closing one escapes nothing.
    None,
}

/// Compiles a template out of a server's configuration, its quotes and their escapes taken off.
pub(super) fn configured(text: &str, syntax: Syntax, escape: Escape) -> Result<Reader, TemplateError> {
    if syntax == Syntax::Apache {
        return program(text, syntax, UserName::AnyWords).map(Reader::Text);
    }
    if text.trim_start().starts_with('{')
        && let Ok(json) = json_template(text.trim())
    {
        return Ok(Reader::Json(json));
    }
    // nginx has taken off all escapes: a backslash that is left is one.
    let program = program(&text.replace('\\', "\\\\"), syntax, UserName::AnyWords)?;
    Ok(Reader::Text(if escape == Escape::None { program.with_raw_quotes() } else { program }))
}

/// Compiles a template as a user gives it.
pub(super) fn compile(text: &str) -> Result<Reader, TemplateError> {
    let text = text.trim();
    let joined = directive::body(text);
    let body = joined.as_deref().unwrap_or(text);
    if goaccess::is_meant_by(body) {
        return goaccess::compile(body);
    }
    let syntax = if body.contains('$') { Syntax::Nginx } else { Syntax::Apache };
    if syntax == Syntax::Apache && !body.contains('%') {
        let what = format!(
            "'{body}' is neither the name of a known format nor a template; 'logcodes formats' lists the names, templates look like '$remote_addr … $status' or '%h … %>s'"
        );
        return Err(TemplateError::new(what, body, 0));
    }
    if body.starts_with('{') && syntax == Syntax::Nginx {
        return json_template(body).map(Reader::Json);
    }
    program(body, syntax, UserName::AnyWords).map(Reader::Text)
}

/// Whose names a template has that a user gives. Varnish writes Apache's, and some of its own.
pub(super) fn server(text: &str) -> &'static str {
    match text {
        text if goaccess::is_meant_by(directive::body(text.trim()).as_deref().unwrap_or(text)) => UNKNOWN,
        text if text.contains('$') => "nginx",
        text if ["%{Varnish:", "%{VCL_", "%{VSL:"].iter().any(|own| text.contains(own)) => "varnish",
        _ => "apache",
    }
}

/// Compiles the template of a text format.
pub(super) fn program(body: &str, syntax: Syntax, user: UserName) -> Result<Program, TemplateError> {
    assembled(pieces(body, syntax)?, body, syntax, user)
}

/// Makes a program of pieces.
pub(super) fn assembled(mut pieces: Vec<(usize, Piece)>, body: &str, syntax: Syntax, user: UserName) -> Result<Program, TemplateError> {
    believe_the_best(&mut pieces);
    if !pieces.iter().any(|(_, p)| matches!(p, Piece::Field((Field::Status | Field::ProtocolStatus, _)))) {
        let status = match syntax {
            Syntax::Apache => "%>s",
            Syntax::GoAccess => "%s",
            Syntax::Nginx | Syntax::Own => "$status",
        };
        return Err(TemplateError::new(format!("the format has no {status}, so there is no status code to count"), body, 0));
    }
    steps(&pieces, body, syntax, user)
}

/// Compiles a template that goes on with fields known by other means: what stands before and after each, and the field.
pub(super) fn extended<'t>(
    body: &str,
    syntax: Syntax,
    tail: impl Iterator<Item = (&'t str, Field, &'t str)>,
) -> Result<Program, TemplateError> {
    let mut all = pieces(body, syntax)?;
    for (before, field, after) in tail {
        all.push((body.len(), Piece::Literal(before.to_owned())));
        all.push((body.len(), Piece::Field((field, 1))));
        all.push((body.len(), Piece::Literal(after.to_owned())));
    }
    let mut all = merge_literals(all);
    believe_the_best(&mut all);
    steps(&all, body, syntax, UserName::OneWord)
}

fn pieces(body: &str, syntax: Syntax) -> Result<Vec<(usize, Piece)>, TemplateError> {
    let (mut rest, mut found) = (body, Vec::new());
    while !rest.is_empty() {
        let at = body.len() - rest.len();
        let parsed = match syntax {
            Syntax::Nginx => variable_piece(rest, |name| Some(variables::nginx(name))),
            Syntax::Own => variable_piece(rest, |name| Some((variables::own(name)?, 1))),
            Syntax::Apache | Syntax::GoAccess => apache_piece(rest),
        };
        let (next, piece) = parsed.map_err(|_| {
            let what = match syntax {
                Syntax::Nginx | Syntax::Own => "a '$' must be followed by the name of a variable, as in $status or ${status}",
                Syntax::Apache | Syntax::GoAccess => "a '%' must be followed by a directive, as in %h, %>s or %{Referer}i",
            };
            TemplateError::new(what, body, at)
        })?;
        found.push((at, piece));
        rest = next;
    }
    Ok(times::joined(targets_joined(merge_literals(found))))
}

/// `$name`, `${name}` or the text up to the next `$`.
fn variable_piece(input: &str, field: impl Fn(&str) -> Option<Ranked>) -> IResult<&str, Piece> {
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let braced = delimited(tag("${"), take_while1(name), char('}'));
    let bare = preceded(char('$'), take_while1(name));
    let variable = map_opt(alt((braced, bare)), |name: &str| field(name).map(Piece::Field));
    let literal = map(take_till1(|c| c == '$'), |t: &str| Piece::Literal(unescape(t)));
    alt((variable, literal)).parse(input)
}

/// `%[!][codes][<|>][{argument}][^t]letter`, `%%`, or the text up to the next `%`.
fn apache_piece(input: &str) -> IResult<&str, Piece> {
    let percent = map(tag("%%"), |_| Piece::Literal("%".to_owned()));
    let modifiers = take_while(|c: char| c.is_ascii_digit() || matches!(c, '!' | ',' | '<' | '>'));
    let argument = opt(delimited(char('{'), take_till1(|c| c == '}'), char('}')));
    let letter = preceded(opt(tag("^t")), nom::combinator::verify(anychar, |c: &char| c.is_ascii_alphabetic()));
    let directive = map(preceded(char('%'), (modifiers, argument, letter)), |(_, argument, letter): (&str, Option<&str>, char)| {
        Piece::Field(variables::apache(letter, argument))
    });
    let literal = map(take_till1(|c| c == '%'), |t: &str| Piece::Literal(unescape(t)));
    alt((percent, directive, literal)).parse(input)
}

/// The escapes that both servers know in a quoted string of their configuration; others stay as they are.
fn unescape(text: &str) -> String {
    let (mut plain, mut chars) = (String::with_capacity(text.len()), text.chars().peekable());
    while let Some(c) = chars.next() {
        let escaped = match (c, chars.peek()) {
            ('\\', Some('t')) => '\t',
            ('\\', Some('n')) => '\n',
            ('\\', Some('r')) => '\r',
            ('\\', Some(&same @ ('"' | '\'' | '\\'))) => same,
            _ => {
                plain.push(c);
                continue;
            }
        };
        plain.push(escaped);
        chars.next();
    }
    plain
}

pub(super) fn merge_literals(pieces: Vec<(usize, Piece)>) -> Vec<(usize, Piece)> {
    let mut merged: Vec<(usize, Piece)> = Vec::new();
    let mut push = |at: usize, piece: Piece| match (merged.last_mut(), piece) {
        (Some((_, Piece::Literal(before))), Piece::Literal(text)) => before.push_str(&text),
        (_, piece) => merged.push((at, piece)),
    };
    for (at, piece) in pieces {
        match piece {
            // Apache writes the brackets itself.
            Piece::Field((Field::Time(TimeLayout::Clf), rank)) if rank == APACHE_TIME => {
                push(at, Piece::Literal("[".into()));
                push(at, Piece::Field((Field::Time(TimeLayout::Clf), 1)));
                push(at, Piece::Literal("]".into()));
            }
            piece => push(at, piece),
        }
    }
    merged
}

/// A path with its query at once behind it, `%U%q` or `$uri$is_args$args`, is a target: where there is no query, nothing
/// tells the two apart.
fn targets_joined(pieces: Vec<(usize, Piece)>) -> Vec<(usize, Piece)> {
    let mut joined: Vec<(usize, Piece)> = Vec::with_capacity(pieces.len());
    for (at, piece) in pieces {
        joined.push((at, piece));
        let count = match joined.as_slice() {
            [.., (_, Piece::Field((Field::Path, _))), (_, Piece::Field((Field::Query, _)))] => 2,
            [.., (_, Piece::Field((Field::Path, _))), (_, Piece::Field((Field::Skip, _))), (_, Piece::Field((Field::Query, _)))] => 3,
            _ => continue,
        };
        joined.truncate(joined.len() - count + 1);
        if let Some((_, Piece::Field((field, _)))) = joined.last_mut() {
            *field = Field::Target;
        }
    }
    joined
}

/// Where two names lead to one field, the better one is read and the other read past. A request line says it all: what a
/// server made of it, `$uri` after a rewrite, must not stand in its place.
fn believe_the_best(pieces: &mut [(usize, Piece)]) {
    let mut best: HashMap<u32, (u8, usize)> = HashMap::new();
    let has_request = pieces.iter().any(|(_, p)| matches!(p, Piece::Field((Field::Request | Field::AbsoluteRequest, _))));
    for (at, (_, piece)) in pieces.iter().enumerate() {
        if let Piece::Field((field, rank)) = piece
            && !field.is_skipped()
            && !field.is_more()
        {
            let entry = best.entry(field.bit()).or_insert((*rank, at));
            if *rank < entry.0 {
                *entry = (*rank, at);
            }
        }
    }
    for (at, (_, piece)) in pieces.iter_mut().enumerate() {
        let Piece::Field((field, _)) = piece else { continue };
        let lesser = !field.is_more() && best.get(&field.bit()).is_some_and(|(_, best)| *best != at);
        if lesser || (has_request && field.is_of_request_line()) {
            *field = match field {
                Field::Time(TimeLayout::Pattern(pattern)) => Field::SkipTime(std::mem::take(pattern)),
                _ => Field::Skip,
            };
        }
    }
}

fn steps(pieces: &[(usize, Piece)], body: &str, syntax: Syntax, user: UserName) -> Result<Program, TemplateError> {
    let mut pieces = pieces.iter().peekable();
    let mut before = String::new();
    if let Some((_, Piece::Literal(text))) = pieces.next_if(|(_, p)| matches!(p, Piece::Literal(_))) {
        before.clone_from(text);
    }
    let head: Box<[u8]> = before.as_bytes().into();
    let mut steps: Vec<Step> = Vec::new();
    while let Some((_, Piece::Field((field, _)))) = pieces.next() {
        let (end, after) = match pieces.peek() {
            None => (End::Line, String::new()),
            Some((_, Piece::Literal(text))) => {
                pieces.next();
                let last = pieces.peek().is_none();
                let text = if last { text.trim_end() } else { text.as_str() };
                (literal_end(text), text.to_owned())
            }
            Some((_, Piece::Field(_))) if *field == Field::Spaces => (End::Spaces, String::new()),
            // The first of the spaces ends a time, which may hold some.
            Some((_, Piece::Field((Field::Spaces, _)))) if matches!(field, Field::Time(TimeLayout::Pattern(_))) => {
                (End::Byte(b' '), " ".to_owned())
            }
            Some((at, Piece::Field((next, _)))) => (before_field(next, body, *at)?, String::new()),
        };
        let quoted = before.ends_with('"') && after.starts_with('"');
        let word = field.is_word()
            || (matches!(syntax, Syntax::Apache | Syntax::Own) && *field == Field::User && user == UserName::OneWord)
            || (syntax == Syntax::Own && *field == Field::Skip && after.starts_with(' '));
        let end = match field {
            Field::Time(TimeLayout::Pattern(pattern)) | Field::SkipTime(pattern) if !times::is_epoch(pattern) && !after.is_empty() => {
                End::Time(pattern.clone(), Literal::new(after.as_bytes()))
            }
            Field::Captures => End::Groups(*b"{}", Literal::new(after.as_bytes())),
            Field::Brackets => End::Groups(*b"[]", Literal::new(after.as_bytes())),
            Field::Words => End::Quote,
            _ => end,
        };
        let step = Step::new(field.clone(), end, quoted, word, field.is_list());
        let bare = syntax == Syntax::Own && !quoted && !matches!(field, Field::ClfHead | Field::Captures | Field::Brackets | Field::Spaces);
        steps.push(if bare { step.bare() } else { step });
        before = after;
    }
    let required = required(&steps);
    Ok(Program { numeric_bytes: syntax == Syntax::Nginx, strict: syntax == Syntax::Own, ..Program::new(head, steps, required) })
}

fn literal_end(text: &str) -> End {
    match *text.as_bytes() {
        [] => End::Line,
        [one] => End::Byte(one),
        _ => End::Text(Literal::new(text.as_bytes())),
    }
}

/// Two fields without text between them can be told apart only if the second one says how it begins.
fn before_field(next: &Field, body: &str, at: usize) -> Result<End, TemplateError> {
    match next {
        Field::Target | Field::Path => Ok(End::Before(b'/')),
        Field::Query => Ok(End::Before(b'?')),
        Field::Spaces => Ok(End::Before(b' ')),
        _ => Err(TemplateError::new(
            "two fields stand next to each other without text between them, so nothing says where the first one ends",
            body,
            at,
        )),
    }
}

/// The steps up to the last field that a record needs: time, request, status.
fn required(steps: &[Step]) -> usize {
    let has_request = steps.iter().any(|s| matches!(s.field, Field::Request | Field::AbsoluteRequest));
    let needed = |field: &Field| match field {
        Field::Method | Field::Target | Field::Path => !has_request,
        field => field.is_required(),
    };
    steps.iter().rposition(|s| needed(&s.field)).map_or(0, |at| at + 1)
}

/// Marks the Apache `%t`, which brings its own brackets.
pub(super) const APACHE_TIME: u8 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        compile(text).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn a_path_with_its_query_is_one_target() {
        let paths = |template: &str, line: &str| {
            let Ok(Reader::Text(program)) = compile(template) else { panic!("{template}") };
            let (mut clock, mut record) = (crate::format::clock::Clock::new(jiff::tz::TimeZone::UTC), crate::model::Record::default());
            program.parse(line.as_bytes(), &mut clock, &mut record).unwrap();
            let text = |bytes: Option<&[u8]>| bytes.map(|b| String::from_utf8_lossy(b).into_owned());
            (text(record.path), text(record.query))
        };
        for template in ["%m %U%q %H %>s %{Referer}i", "$request_method $uri$is_args$args $server_protocol $status $http_referer"] {
            assert_eq!(paths(template, "GET /a HTTP/1.1 200 /b?c"), (Some("/a".into()), None), "{template}");
            assert_eq!(paths(template, "GET /a?d=e HTTP/1.1 200 -"), (Some("/a".into()), Some("d=e".into())), "{template}");
        }
    }

    #[test]
    fn escapes_are_taken_off_once() {
        assert_eq!(unescape(r#"\\t\t\"\\\x"#), "\\t\t\"\\\\x");
        let Ok(Reader::Text(program)) = configured(r"$status \t\\$uri", Syntax::Nginx, Escape::Default) else { panic!() };
        assert_eq!(program.progress(br"200 \t\\/a").0, 2);
    }

    #[test]
    fn errors_point_at_the_place() {
        insta::assert_snapshot!(error("$remote_addr $ $status"), @r"
        a '$' must be followed by the name of a variable, as in $status or ${status}
          $remote_addr $ $status
                       ^
        ");
        insta::assert_snapshot!(error("%h %{Referer %>s"), @r"
        a '%' must be followed by a directive, as in %h, %>s or %{Referer}i
          %h %{Referer %>s
             ^
        ");
        insta::assert_snapshot!(error("$remote_addr$status"), @r"
        two fields stand next to each other without text between them, so nothing says where the first one ends
          $remote_addr$status
                      ^
        ");
        insta::assert_snapshot!(error("$remote_addr [$time_local]"), @r"
        the format has no $status, so there is no status code to count
          $remote_addr [$time_local]
          ^
        ");
    }
}
