//! Takes a line of JSON apart into the texts between its values. It reads only lines that are known to be well-formed, and
//! gives up on what is rare; how the pieces are put to use is no matter here.

use super::{Key, Keys, Node, Row};

/// Objects and lists within one another.
const DEEPEST: usize = 32;

/// How what follows a piece ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// A string: at a quote.
    Quote,
    /// A number, `true`, `false`, `null`: where its characters do.
    Scalar,
    /// Nothing follows.
    Line,
}

/// A text between two values, with what it says about the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece<'l> {
    pub(super) literal: &'l [u8],
    pub(super) ends: Ends,
    /// The field that the value is of.
    pub(super) row: Option<Row>,
    /// The bits of the fields that have a key in the text.
    pub(super) met: u32,
    /// The objects and lists that the value stands in: all on which the meaning of what follows can hang.
    pub(super) context: String,
}

/// The pieces of a line, in which serde_json has found an object; `None` when the line has something rare.
pub(super) fn pieces<'l>(line: &'l [u8], keys: &Keys) -> Option<Vec<Piece<'l>>> {
    std::str::from_utf8(line).ok()?;
    let mut reader = Reader { line, at: 0, piece_from: 0, met: 0, context: String::new(), depth: 0, pieces: Vec::new() };
    reader.value(Under { row: None, inside: Some(&keys.root), listed: false }, "")?;
    reader.at = line.len();
    reader.piece(Ends::Line, None);
    Some(reader.pieces)
}

struct Reader<'l> {
    line: &'l [u8],
    at: usize,
    /// The end of the last value.
    piece_from: usize,
    met: u32,
    context: String,
    depth: usize,
    pieces: Vec<Piece<'l>>,
}

/// What a value is read as.
#[derive(Clone, Copy, Default)]
struct Under<'k> {
    row: Option<Row>,
    /// The keys that matter if it is an object.
    inside: Option<&'k Node>,
    /// It is itself the first of a list.
    listed: bool,
}

impl<'k> Under<'k> {
    fn key(key: &'k Key) -> Self {
        Self { row: key.row, inside: (!key.inside.keys.is_empty()).then_some(&key.inside), listed: false }
    }
}

impl Reader<'_> {
    fn piece(&mut self, ends: Ends, row: Option<Row>) {
        let literal = &self.line[self.piece_from..self.at];
        self.pieces.push(Piece { literal, ends, row, met: self.met, context: self.context.clone() });
        self.met = 0;
    }

    /// The next byte that is no space.
    fn next(&mut self) -> Option<u8> {
        let rest = self.line.get(self.at..)?;
        self.at += rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n'))?;
        Some(self.line[self.at])
    }

    fn value(&mut self, under: Under<'_>, name: &str) -> Option<()> {
        match self.next()? {
            open @ (b'{' | b'[') => {
                self.at += 1;
                self.depth += 1;
                let length = self.context.len();
                // No name has a control byte in it.
                let mark = if open == b'[' { "\u{1}" } else { under.inside.map_or("\u{2}", |_| "\u{3}") };
                self.context.extend([mark, if under.inside.is_some() { name } else { "" }]);
                match open {
                    _ if self.depth > DEEPEST => return None,
                    b'{' => self.object(under.inside)?,
                    _ => self.list(if under.listed { None } else { under.row })?,
                }
                self.context.truncate(length);
                self.depth -= 1;
            }
            b'"' => {
                self.at += 1;
                self.piece(Ends::Quote, under.row);
                self.skip_string()?;
                self.piece_from = self.at;
                self.at += 1;
            }
            _ => {
                self.piece(Ends::Scalar, under.row);
                self.at += self.line[self.at..].iter().position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n'))?;
                self.piece_from = self.at;
            }
        }
        Some(())
    }

    /// What is behind `{`, up to behind `}`.
    fn object(&mut self, node: Option<&Node>) -> Option<()> {
        while self.next()? != b'}' {
            if self.line[self.at] == b',' {
                self.at += 1;
                self.next()?;
            }
            self.at += 1;
            let from = self.at;
            self.skip_string()?;
            let name = std::str::from_utf8(&self.line[from..self.at]).ok()?;
            if name.contains('\\') {
                return None;
            }
            self.at += 1;
            self.next()?;
            self.at += 1;
            let key = node.and_then(|node| node.keys.get(name));
            self.met |= key.and_then(|key| key.row).map_or(0, Row::met);
            self.value(key.map(Under::key).unwrap_or_default(), name)?;
        }
        self.at += 1;
        Some(())
    }

    /// What is behind `[`, up to behind `]`. Only the first element can be the value of a field.
    fn list(&mut self, row: Option<Row>) -> Option<()> {
        let mut under = Under { row, inside: None, listed: true };
        while self.next()? != b']' {
            if self.line[self.at] == b',' {
                self.at += 1;
            }
            self.value(under, "")?;
            under = Under::default();
        }
        self.at += 1;
        Some(())
    }

    /// From behind a quote to the next one.
    fn skip_string(&mut self) -> Option<()> {
        while self.line.get(self.at)? != &b'"' {
            self.at += if self.line[self.at] == b'\\' { 2 } else { 1 };
        }
        Some(())
    }
}
