//! The format string inside a line of configuration, as people copy it from their server's files.

/// A pasted configuration line, `log_format main '…' '…';` or `LogFormat "…" name`: the string inside.
pub(super) fn body(text: &str) -> Option<String> {
    if let Some(rest) = text.strip_prefix("log_format ") {
        let strings = quoted_strings(rest);
        return (!strings.is_empty()).then(|| strings.concat());
    }
    if let Some(rest) = text.strip_prefix("LogFormat ").or_else(|| text.strip_prefix("CustomLog ")) {
        return quoted_strings(rest).into_iter().find(|s| s.contains('%')).map(|s| s.replace("\\\"", "\""));
    }
    // A LogFormat string copied with the quotes escaped.
    (text.contains('%') && text.contains("\\\"")).then(|| text.trim_matches('"').replace("\\\"", "\""))
}

/// The quoted strings of a configuration line, quotes removed.
fn quoted_strings(text: &str) -> Vec<String> {
    let (mut strings, mut chars) = (Vec::new(), text.chars().peekable());
    while let Some(c) = chars.next() {
        if c != '\'' && c != '"' {
            continue;
        }
        let mut string = String::new();
        while let Some(d) = chars.next() {
            match d {
                '\\' if chars.peek() == Some(&c) && c == '\'' => string.extend(chars.next()),
                '\\' => {
                    string.push('\\');
                    string.extend(chars.next());
                }
                d if d == c => break,
                d => string.push(d),
            }
        }
        strings.push(string);
    }
    strings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_directive_is_its_string() {
        let pasted = "log_format main '$remote_addr [$time_local] '\n '\"$request\" $status';";
        assert_eq!(body(pasted).as_deref(), Some("$remote_addr [$time_local] \"$request\" $status"));
        let pasted = r#"LogFormat "%h %t \"%r\" %>s" short"#;
        assert_eq!(body(pasted).as_deref(), Some(r#"%h %t "%r" %>s"#));
    }
}
