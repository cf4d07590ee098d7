//! What does a value say that was written as Python prints it? The same as JSON, with other words and quotes.

use serde_json::{Map, Value};
use std::iter::Peekable;
use std::str::Chars;

/// Values within values that are followed.
const DEPTH: usize = 32;

/// A value as Python prints it: dictionaries, lists, tuples and sets, texts, numbers, `True`, `None`, `nan`, and
/// numbers in the wrapping of their library (`np.float64(0.5)`). What is no number is null; infinite numbers are
/// texts, which [`number`](super::value::number) knows.
pub fn python_value(text: &str) -> Option<Value> {
    let mut reader = Reader { chars: text.chars().peekable() };
    let value = reader.value(0)?;
    reader.space();
    reader.chars.next().is_none().then_some(value)
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
}

impl Reader<'_> {
    fn space(&mut self) {
        while self.chars.next_if(|c| c.is_whitespace()).is_some() {}
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.space();
        let first = *self.chars.peek().filter(|_| depth < DEPTH)?;
        match first {
            '[' => self.list(']', depth),
            '(' => self.list(')', depth),
            '{' => self.braced(depth),
            '\'' | '"' => self.text().map(Value::String),
            _ => self.word(depth),
        }
    }

    /// The values up to a bracket.
    fn list(&mut self, close: char, depth: usize) -> Option<Value> {
        self.chars.next();
        let mut all = Vec::new();
        loop {
            self.space();
            if self.chars.next_if_eq(&close).is_some() {
                return Some(Value::Array(all));
            }
            all.push(self.value(depth + 1)?);
            self.comma(close)?;
        }
    }

    /// A dictionary or a set.
    fn braced(&mut self, depth: usize) -> Option<Value> {
        self.chars.next();
        let (mut fields, mut all) = (Map::new(), Vec::new());
        loop {
            self.space();
            if self.chars.next_if_eq(&'}').is_some() {
                return Some(if all.is_empty() { Value::Object(fields) } else { Value::Array(all) });
            }
            let key = self.value(depth + 1)?;
            self.space();
            if self.chars.next_if_eq(&':').is_some() {
                let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                fields.insert(key, self.value(depth + 1)?);
            } else {
                all.push(key);
            }
            self.comma('}')?;
        }
    }

    /// A comma, or the bracket that ends the list, which is left.
    fn comma(&mut self, close: char) -> Option<()> {
        self.space();
        let ends = self.chars.next_if_eq(&',').is_some() || self.chars.peek() == Some(&close);
        ends.then_some(())
    }

    fn text(&mut self) -> Option<String> {
        let quote = self.chars.next()?;
        let mut text = String::new();
        loop {
            match self.chars.next()? {
                c if c == quote => return Some(text),
                '\\' => text.push(match self.chars.next()? {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'x' => self.code(2)?,
                    'u' => self.code(4)?,
                    'U' => self.code(8)?,
                    other => other,
                }),
                c => text.push(c),
            }
        }
    }

    fn code(&mut self, digits: usize) -> Option<char> {
        let mut code = 0;
        for _ in 0..digits {
            code = code * 16 + self.chars.next()?.to_digit(16)?;
        }
        char::from_u32(code)
    }

    /// A number, a name, or a call of one value.
    fn word(&mut self, depth: usize) -> Option<Value> {
        let mut word = String::new();
        while let Some(c) = self.chars.next_if(|c| c.is_alphanumeric() || "+-._".contains(*c)) {
            word.push(c);
        }
        if !word.is_empty() && self.chars.peek() == Some(&'(') {
            let Value::Array(arguments) = self.list(')', depth)? else { return None };
            return arguments.into_iter().next();
        }
        match word.as_str() {
            "True" => Some(Value::Bool(true)),
            "False" => Some(Value::Bool(false)),
            "None" => Some(Value::Null),
            _ => match word.parse::<i64>() {
                Ok(whole) => Some(Value::from(whole)),
                Err(_) => match word.parse::<f64>().ok()? {
                    infinite if infinite.is_infinite() => Some(Value::String(infinite.to_string())),
                    number => Some(Value::from(number)),
                },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_read_as_python_prints_them() {
        for (text, value) in [
            ("{'em': 1, 'bleurt': nan}", json!({ "em": 1, "bleurt": null })),
            ("{'em': True, \"user's_f1\": 0.5}", json!({ "em": true, "user's_f1": 0.5 })),
            ("{'a': None, 'b': -inf, }", json!({ "a": null, "b": "-inf" })),
            ("[(-1.5, False), (-2e-05, True)]", json!([[-1.5, false], [-2e-5, true]])),
            (r#"['it\'s "x"\n', "\u00e9\x41"]"#, json!(["it's \"x\"\n", "éA"])),
            ("{'s': np.float64(0.25), 'c': {1, 2}, 'e': {}}", json!({ "s": 0.25, "c": [1, 2], "e": {} })),
            (" (1,) ", json!([1])),
        ] {
            assert_eq!(python_value(text), Some(value), "{text}");
        }
    }

    #[test]
    fn what_python_would_not_print_is_none() {
        for text in ["", "[1", "{'a': }", "[1 2]", "{'a': 1} x", "'x", "hello", "[,]", "'\\xzz'"] {
            assert_eq!(python_value(text), None, "{text}");
        }
        assert_eq!(python_value(&"[".repeat(100_000)), None);
    }
}
