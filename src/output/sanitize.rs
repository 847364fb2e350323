//! Text from strangers, made harmless for a terminal.

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text with control, bidirectional and zero-width characters written as escapes, so that a log line can neither move
/// the cursor nor pose as something else (CVE-2021-42574 shows how).
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if !is_hostile(c) => clean.push(c),
            '\t' => clean.push_str("\\t"),
            c if (c as u32) < 0x100 => clean.push_str(&format!("\\x{:02x}", c as u32)),
            c => clean.push_str(&format!("\\u{{{:x}}}", c as u32)),
        }
    }
    Cow::Owned(clean)
}

fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{061c}' | '\u{180e}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Columns that a text takes on a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text cut to so many columns, with `…` where something is missing.
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let (mut kept, mut used) = (String::new(), 0);
    for c in text.chars() {
        let next = c.width().unwrap_or(0);
        if used + next + 1 > columns {
            break;
        }
        kept.push(c);
        used += next;
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// The text cut in its middle: the start and the end of a path say most.
pub fn cut_middle(text: &str, columns: usize) -> String {
    if width(text) <= columns || columns < 8 {
        return cut(text, columns);
    }
    let tail_columns = columns / 3;
    let (mut tail, mut used) = (Vec::new(), 0);
    for c in text.chars().rev() {
        let next = c.width().unwrap_or(0);
        if used + next > tail_columns {
            break;
        }
        tail.push(c);
        used += next;
    }
    let head = cut(text, columns - used);
    head + &tail.into_iter().rev().collect::<String>()
}

/// Wraps at spaces: the first line behind `first`, the others behind `indent`. A word longer than a line is broken.
pub fn wrap(text: &str, columns: usize, first: &str, indent: &str) -> String {
    let (mut wrapped, mut column) = (String::from(first), width(first));
    for (at, word) in text.split_whitespace().enumerate() {
        let length = width(word);
        if at > 0 && column + 1 + length > columns {
            wrapped.push('\n');
            wrapped.push_str(indent);
            column = width(indent);
        } else if at > 0 {
            wrapped.push(' ');
            column += 1;
        }
        for c in word.chars() {
            let next = c.width().unwrap_or(0);
            if column + next > columns && column > width(indent) {
                wrapped.push('\n');
                wrapped.push_str(indent);
                column = width(indent);
            }
            wrapped.push(c);
            column += next;
        }
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hostile_reaches_a_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\u{202e}c\u{200b}\u{7f}\u{85}\t"), "a\\x1b[2Jb\\u{202e}c\\u{200b}\\x7f\\x85\\t");
        assert!(matches!(clean("/plain/päth"), Cow::Borrowed(_)));
    }

    #[test]
    fn cuts_count_columns() {
        assert_eq!(cut("日本語のパス", 7), "日本語…");
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut_middle("/api/v1/users/{id}/orders/{id}/items", 20), "/api/v1/users…/items");
        assert_eq!(
            wrap("see https://example.org/a/long/path for more", 20, "- ", "  "),
            "- see\n  https://example.or\n  g/a/long/path for\n  more"
        );
        assert!(width(&cut_middle("/api/v1/users/{id}/orders/{id}/items", 20)) <= 20);
    }
}
