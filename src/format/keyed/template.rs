//! Templates that write JSON: `{"time":"$time_iso8601","status":$status}`.

use super::json::JsonProgram;
use super::{KeyRow, Keys};
use crate::format::Field;
use crate::format::template::TemplateError;
use crate::format::variables::{self, Ranked};

/// Compiles an nginx `log_format` that writes JSON.
pub(crate) fn json_template(body: &str) -> Result<JsonProgram, TemplateError> {
    let mut quoted = String::with_capacity(body.len());
    let mut in_string = false;
    let mut chars = body.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                in_string = !in_string;
                quoted.push(c);
            }
            '$' if !in_string => {
                quoted.push_str("\"$");
                while let Some(d) = chars.next_if(|d| d.is_ascii_alphanumeric() || matches!(d, '_' | '{' | '}')) {
                    quoted.push(d);
                }
                quoted.push('"');
            }
            c => quoted.push(c),
        }
    }
    let variable = |text: &str| {
        let name = text.strip_prefix('$')?;
        Some(variables::nginx(name.trim_start_matches('{').trim_end_matches('}')))
    };
    with_values(&quoted, body, "$status", &variable)
}

/// The keys of a JSON text whose values name fields; `body` is the template for messages.
pub(crate) fn with_values(
    json: &str,
    body: &str,
    status: &str,
    field: &dyn Fn(&str) -> Option<Ranked>,
) -> Result<JsonProgram, TemplateError> {
    let value: serde_json::Value = serde_json::from_str(json).map_err(|e| {
        TemplateError::new(format!("the template begins like JSON but is none: {e}"), body, e.column().saturating_sub(1).min(body.len()))
    })?;
    let mut keys = Vec::new();
    collect(&value, &mut Vec::new(), field, &mut keys);
    if !keys.iter().any(|(_, field, _)| *field == Field::Status) {
        return Err(TemplateError::new(format!("the format has no {status}, so there is no status code to count"), body, 0));
    }
    Ok(JsonProgram(Keys::new(keys)))
}

fn collect(value: &serde_json::Value, path: &mut Vec<String>, field: &dyn Fn(&str) -> Option<Ranked>, keys: &mut Vec<KeyRow>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, inner) in map {
                path.push(key.clone());
                collect(inner, path, field, keys);
                path.pop();
            }
        }
        // A list of one stands for a header, as in what is read.
        serde_json::Value::Array(list) => list.first().into_iter().for_each(|first| collect(first, path, field, keys)),
        serde_json::Value::String(text) => keys.extend(field(text).map(|(field, rank)| (path.clone(), field, rank))),
        _ => {}
    }
}
