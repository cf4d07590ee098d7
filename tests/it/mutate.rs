//! How is a dump damaged? Bytes lost, changed and added, values of the wrong kind, archives put together wrongly.

use crate::seeds::{Content, Part};
use serde_json::{Value, json};

/// Numbers that look random and are the same every time (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(name: &str, number: u64) -> Self {
        let seed = name.bytes().fold(number, |sum, b| sum.wrapping_mul(0x100_0000_01b3) ^ u64::from(b));
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 where there is none.
    pub fn below(&mut self, n: usize) -> usize {
        (self.roll() % n.max(1) as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// Pieces of text that mean something to a parser.
const PIECES: [&str; 36] = [
    "NaN",
    "-Infinity",
    "\"",
    "\\",
    "\\ud83d",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\n",
    "\r\n",
    "1e999",
    "-1",
    "0",
    ":",
    "null",
    "true",
    "\u{feff}",
    "\u{0}",
    "\t",
    ";",
    "'",
    "\"\"",
    "é",
    "🦀",
    "A",
    "(B)",
    "9223372036854775808",
    "18446744073709551616",
    "-0.0",
    "1e-320",
    "..",
    "/",
    "|",
    "[[[[[[[[",
];

/// A damaged copy of a file.
pub fn mutate(part: &Part, dice: &mut Dice) -> Vec<u8> {
    let structured = !matches!(part.content, Content::Bytes) && !dice.one_in(3);
    let mut bytes = if structured { restructured(&part.content, dice) } else { part.bytes.clone() };
    if !structured || dice.one_in(8) {
        for _ in 0..=dice.below(4) {
            damage(&mut bytes, dice);
        }
    }
    bytes
}

fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let n = bytes.len();
    let at = dice.below(n + 1);
    let longest = if dice.one_in(4) { n } else { 16 };
    let length = 1 + dice.below(longest);
    let end = (at + length).min(n);
    match dice.below(12) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let copy = bytes[at..end].to_vec();
            let to = dice.below(n + 1);
            bytes.splice(to..to, copy);
        }
        3 => bytes[at..end].fill([0, 0xff, b' ', b'9'][dice.below(4)]),
        4 => bytes[at..end].reverse(),
        5..8 => {
            let piece = PIECES[dice.below(PIECES.len())].as_bytes();
            let times = if dice.one_in(50) { 10_000 } else { 1 };
            bytes.splice(at..at, piece.repeat(times));
        }
        8 => {
            let piece = PIECES[dice.below(PIECES.len())].bytes();
            bytes.splice(at..end, piece);
        }
        kind if n > 0 => {
            let at = at.min(n - 1);
            match kind {
                9 => bytes[at] ^= 1 << dice.below(8),
                10 => bytes[at] = dice.below(256) as u8,
                _ => bytes[at] = bytes[at].wrapping_add(1),
            }
        }
        _ => {}
    }
}

fn restructured(content: &Content, dice: &mut Dice) -> Vec<u8> {
    let mut content = content.clone();
    for _ in 0..=dice.below(3) {
        match &mut content {
            Content::Json(value) => change(value, dice),
            Content::Lines(lines) if dice.one_in(6) => shuffle(lines, dice),
            Content::Lines(lines) if lines.is_empty() => {}
            Content::Lines(lines) => {
                let at = dice.below(lines.len());
                change(&mut lines[at], dice);
            }
            Content::Zip(parts) if dice.one_in(12) => shuffle(parts, dice),
            Content::Zip(parts) if parts.is_empty() => {}
            Content::Zip(parts) => {
                let (at, other) = (dice.below(parts.len()), dice.below(parts.len()));
                match dice.below(16) {
                    0 => parts[at].name = parts[other].name.clone(),
                    1 => parts[at].bytes = parts[other].bytes.clone(),
                    _ => parts[at].bytes = mutate(&parts[at], dice),
                }
            }
            Content::Bytes => {}
        }
    }
    content.write().unwrap_or_default()
}

/// Removes one, repeats one, or exchanges two.
fn shuffle<T: Clone>(all: &mut Vec<T>, dice: &mut Dice) {
    if all.is_empty() {
        return;
    }
    let (at, other) = (dice.below(all.len()), dice.below(all.len()));
    match dice.below(3) {
        0 => drop(all.remove(at)),
        1 => all.push(all[at].clone()),
        _ => all.swap(at, other),
    }
}

/// Changes one value somewhere within.
fn change(value: &mut Value, dice: &mut Dice) {
    let value = somewhere(value, dice);
    match value {
        Value::Array(all) if dice.one_in(3) => shuffle(all, dice),
        Value::Object(fields) if dice.one_in(3) && !fields.is_empty() => {
            let key = fields.keys().nth(dice.below(fields.len())).cloned().unwrap_or_default();
            let taken = fields.shift_remove(&key);
            if dice.one_in(2) {
                let renamed = [String::new(), key.to_uppercase(), "0".to_owned(), format!("{key}x")];
                fields.insert(renamed[dice.below(4)].clone(), taken.unwrap_or_default());
            }
        }
        Value::String(text) if dice.one_in(3) => {
            let mut bytes = std::mem::take(text).into_bytes();
            damage(&mut bytes, dice);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        Value::Number(number) if dice.one_in(3) => {
            let shifted = number.as_f64().unwrap_or_default() * [-1.0, 10.0, 0.5, 1e300][dice.below(4)];
            *value = json!(shifted);
        }
        _ => *value = odd(value, dice),
    }
}

fn somewhere<'a>(mut value: &'a mut Value, dice: &mut Dice) -> &'a mut Value {
    loop {
        let n = match value {
            Value::Array(all) => all.len(),
            Value::Object(fields) => fields.len(),
            _ => 0,
        };
        if n == 0 || dice.one_in(6) {
            return value;
        }
        let at = dice.below(n);
        value = match value {
            Value::Array(all) => &mut all[at],
            Value::Object(fields) => fields.values_mut().nth(at).expect("a place below the length"),
            other => return other,
        };
    }
}

/// A value that is not expected there.
fn odd(value: &Value, dice: &mut Dice) -> Value {
    match dice.below(32) {
        0..4 => Value::Null,
        4 => json!(true),
        5 => json!(false),
        6 => json!(""),
        7 => json!("x"),
        8 => json!("NaN"),
        9 => json!("-Infinity"),
        10 => json!("1e999"),
        11 => json!("['a', \"b"),
        12 => json!("🦀\u{0}\u{202e}é"),
        13 => json!("x".repeat(300)),
        14 => json!(-1),
        15 => json!(0),
        16 => json!(2),
        17 => json!(1.5),
        18 => json!(65_536),
        19 => json!(4_294_967_296_u64),
        20 => json!(i64::MIN),
        21 => json!(u64::MAX),
        22 => json!(1e308),
        23 => json!([]),
        24 => json!({}),
        25 => (0..100).fold(json!(1), |inner, _| json!([inner])),
        26 => json!({ "a": { "b": null }, "0": [] }),
        27 => json!([value, value]),
        28 => json!({ "value": value }),
        29 => json!(value.to_string()),
        30 => json!(["a", 1, null, [0.5]]),
        _ => json!(Vec::from_iter(0..70_000)),
    }
}
