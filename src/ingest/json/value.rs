//! What does a value mean where harnesses differ in how they write it?

use super::number_from_text;
use serde_json::Value;

/// The value as a number, also where it was written as text or truth value. `NaN` is no number.
pub fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => number_from_text(text),
        _ => None,
    };
    number.filter(|n| !n.is_nan())
}

/// The value as a whole number.
pub fn whole(value: &Value) -> Option<i64> {
    number(value).filter(|n| n.fract() == 0.0 && n.abs() < 9e15).map(|n| n as i64)
}

/// The value as a name: text as it is, numbers as they are written.
pub fn name(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The text at a path of keys.
pub fn text_at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    path.iter().try_fold(value, |at, key| at.get(key))?.as_str()
}

/// A list of texts: an array of them, or one as Python prints it.
pub fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(all) => all.iter().map(name).collect(),
        Value::String(text) => python_list(text),
        _ => None,
    }
}

/// A list of texts as Python prints it: `['a', "it's"]`.
pub fn python_list(text: &str) -> Option<Vec<String>> {
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    let mut all = Vec::new();
    let mut rest = inner.trim_start();
    while let Some(quote) = rest.chars().next() {
        if quote != '\'' && quote != '"' {
            return None;
        }
        let mut item = String::new();
        let mut chars = rest[1..].char_indices();
        let end = loop {
            match chars.next()? {
                (at, c) if c == quote => break at + 2,
                (_, '\\') => match chars.next()?.1 {
                    'n' => item.push('\n'),
                    't' => item.push('\t'),
                    'r' => item.push('\r'),
                    other => item.push(other),
                },
                (_, c) => item.push(c),
            }
        };
        all.push(item);
        rest = rest[end..].trim_start();
        rest = match rest.strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    Some(all)
}

/// The option that a letter stands for: `B`, `(B)`, `B.` and ` B` are 1.
pub fn letter(text: &str) -> Option<u16> {
    let is_capital = text.bytes().any(|b| b.is_ascii_uppercase());
    letter_of_any_case(text).filter(|_| is_capital)
}

/// The same where small letters stand for options too.
pub fn letter_of_any_case(text: &str) -> Option<u16> {
    let text = text.trim().trim_start_matches('(').trim_end_matches([')', '.', ':']);
    match text.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => Some(u16::from(letter.to_ascii_uppercase() - b'A')),
        _ => None,
    }
}

/// The option that a value names: by position, by letter, or by its text among the options.
pub fn option(value: &Value, options: &[String]) -> Option<u16> {
    let by_text = |text: &str| options.iter().position(|o| o.trim() == text.trim());
    match value {
        Value::Number(_) => whole(value).and_then(|n| u16::try_from(n).ok()),
        Value::String(text) => letter(text)
            .or_else(|| by_text(text).and_then(|at| u16::try_from(at).ok()))
            .or_else(|| text.trim().parse().ok()),
        Value::Array(all) if all.len() == 1 => option(&all[0], options),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_are_read_as_python_prints_them() {
        assert_eq!(python_list(r#"['a', "it's", 'b\'c\n']"#).unwrap(), ["a", "it's", "b'c\n"]);
        assert_eq!(python_list("[]").unwrap(), [""; 0]);
        assert_eq!(python_list("['ü', 'x"), None);
        assert_eq!(python_list("[1, 2]"), None);
    }

    #[test]
    fn options_are_named_in_three_ways() {
        let options = ["yes".to_owned(), "no".to_owned()];
        for value in
            [json!("B"), json!("(B)"), json!(" B."), json!(1), json!("1"), json!("no"), json!(["no"])]
        {
            assert_eq!(option(&value, &options), Some(1), "{value}");
        }
        assert_eq!(option(&json!(null), &options), None);
        assert_eq!(
            (number(&json!("True")), number(&json!("NaN")), whole(&json!(1.5))),
            (Some(1.0), None, None)
        );
    }
}
