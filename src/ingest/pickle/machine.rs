//! What data does a pickle build? Its instructions are followed as far as they build data; the moment one would
//! call anything but the makers of numpy arrays, reading ends.
//!
//! # Reference
//! Python's `pickletools`, which lists the instructions: <https://github.com/python/cpython/blob/main/Lib/pickletools.py>

use super::array::{Array, Kind};
use super::value::{Group, Value};
use std::rc::Rc;
use thiserror::Error;

/// Why a pickle was not read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PickleError {
    /// It ends too early.
    #[error("the pickle ends in the middle of an instruction; copy or download it again")]
    Truncated,
    /// An instruction does not fit what is there.
    #[error("the pickle is damaged at byte {at}; copy or download it again")]
    Damaged {
        /// Where.
        at: usize,
    },
    /// It would do more than build data.
    #[error(
        "the pickle would call {what}, and reading it never runs code; write the table as CSV or Parquet with the \
         program that made it"
    )]
    Call {
        /// What it would call.
        what: String,
    },
    /// It is too large.
    #[error("the pickle builds more than {limit} values; write the table as CSV or Parquet")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
}

/// How far back an object is looked for that was remembered before it got its state.
const RECENT: usize = 64;
/// Values that may be built.
const LIMIT: usize = 50_000_000;

/// The value that a pickle builds.
///
/// # Errors
/// See [`PickleError`].
pub fn load(bytes: &[u8]) -> Result<Value, PickleError> {
    let mut machine =
        Machine { bytes, at: 0, stack: Vec::new(), marks: Vec::new(), memo: Vec::new(), built: 0 };
    loop {
        if machine.step()? {
            return machine.pop();
        }
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    /// Heights of the stack at open marks.
    marks: Vec<usize>,
    memo: Vec<Option<Value>>,
    built: usize,
}

impl<'a> Machine<'a> {
    fn damaged(&self) -> PickleError {
        PickleError::Damaged { at: self.at }
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], PickleError> {
        let end = self.at.checked_add(n).ok_or(PickleError::Truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or(PickleError::Truncated)?;
        self.at = end;
        Ok(taken)
    }

    fn number(&mut self, size: usize) -> Result<usize, PickleError> {
        let bytes = self.take(size)?;
        let value = bytes.iter().rev().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
        usize::try_from(value).map_err(|_| self.damaged())
    }

    fn line(&mut self) -> Result<&'a str, PickleError> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|b| *b == b'\n').ok_or(PickleError::Truncated)?;
        let line = std::str::from_utf8(&rest[..end]).map_err(|_| self.damaged())?;
        self.at += end + 1;
        Ok(line)
    }

    fn push(&mut self, value: Value) -> Result<(), PickleError> {
        self.built += 1;
        if self.built > LIMIT {
            return Err(PickleError::TooLarge { limit: LIMIT });
        }
        self.stack.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Result<Value, PickleError> {
        if self.marks.last().is_some_and(|mark| *mark >= self.stack.len()) {
            return Err(self.damaged());
        }
        self.stack.pop().ok_or(PickleError::Damaged { at: self.at })
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Value>, PickleError> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len()).ok_or_else(|| self.damaged())?;
        Ok(self.stack.split_off(mark))
    }

    fn last(&mut self) -> Result<&mut Value, PickleError> {
        let at = self.at;
        self.stack.last_mut().ok_or(PickleError::Damaged { at })
    }

    fn text(&mut self, size: usize) -> Result<(), PickleError> {
        let bytes = self.take(size)?;
        let text = std::str::from_utf8(bytes).map_err(|_| self.damaged())?;
        self.push(Value::Text(text.into()))
    }

    fn remember(&mut self, place: usize) -> Result<(), PickleError> {
        if place > self.memo.len().saturating_mul(2) + 1024 {
            return Err(self.damaged());
        }
        let value = self.last()?.clone();
        if place >= self.memo.len() {
            self.memo.resize(place + 1, None);
        }
        self.memo[place] = Some(value);
        Ok(())
    }

    fn recall(&mut self, place: usize) -> Result<(), PickleError> {
        let value = self.memo.get(place).cloned().flatten().ok_or_else(|| self.damaged())?;
        self.push(value)
    }

    fn tuple(&mut self, n: usize) -> Result<(), PickleError> {
        let from = self.stack.len().checked_sub(n).ok_or_else(|| self.damaged())?;
        let parts = self.stack.split_off(from);
        self.group(parts, Value::Tuple)
    }

    fn group(&mut self, parts: Vec<Value>, kind: fn(Rc<Group>) -> Value) -> Result<(), PickleError> {
        let group = Group::of(parts).ok_or_else(|| self.damaged())?;
        self.push(kind(group))
    }

    fn append(&mut self, new: Vec<Value>) -> Result<(), PickleError> {
        let at = self.at;
        match self.last()? {
            Value::List(list) => Rc::make_mut(list).extend(new).ok_or(PickleError::Damaged { at }),
            _ => Err(PickleError::Damaged { at }),
        }
    }

    fn set(&mut self, new: Vec<Value>) -> Result<(), PickleError> {
        let at = self.at;
        match self.last()? {
            Value::Dict(entries) if new.len().is_multiple_of(2) => {
                Rc::make_mut(entries).extend(new).ok_or(PickleError::Damaged { at })
            }
            _ => Err(PickleError::Damaged { at }),
        }
    }

    /// One instruction; whether it was the last.
    fn step(&mut self) -> Result<bool, PickleError> {
        let operation = self.take(1)?[0];
        match operation {
            0x80 => {
                self.take(1)?;
            }
            0x95 => {
                self.take(8)?;
            }
            b'.' => return Ok(true),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => {
                self.pop()?;
            }
            b'1' => {
                self.pop_to_mark()?;
            }
            b'2' => {
                let value = self.last()?.clone();
                self.push(value)?;
            }
            b'N' => self.push(Value::None)?,
            0x88 => self.push(Value::Whole(1))?,
            0x89 => self.push(Value::Whole(0))?,
            b'K' => {
                let n = self.number(1)?;
                self.push(Value::Whole(n as i64))?;
            }
            b'M' => {
                let n = self.number(2)?;
                self.push(Value::Whole(n as i64))?;
            }
            b'J' => {
                let bytes = self.take(4)?;
                let n = i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                self.push(Value::Whole(i64::from(n)))?;
            }
            0x8a => {
                let n = self.number(1)?;
                let bytes = self.take(n)?;
                let n = whole(bytes).ok_or_else(|| self.damaged())?;
                self.push(Value::Whole(n))?;
            }
            b'G' => {
                let bytes: [u8; 8] = self.take(8)?.try_into().map_err(|_| PickleError::Truncated)?;
                self.push(Value::Real(f64::from_be_bytes(bytes)))?;
            }
            0x8c => {
                let n = self.number(1)?;
                self.text(n)?;
            }
            b'X' => {
                let n = self.number(4)?;
                self.text(n)?;
            }
            0x8d => {
                let n = self.number(8)?;
                self.text(n)?;
            }
            b'C' | b'U' | b'B' | b'T' | 0x8e | 0x96 => {
                let size = match operation {
                    b'C' | b'U' => 1,
                    b'B' | b'T' => 4,
                    _ => 8,
                };
                let n = self.number(size)?;
                let bytes = self.take(n)?;
                self.push(Value::Bytes(bytes.into()))?;
            }
            b']' | 0x8f => self.push(Value::List(Rc::default()))?,
            b'}' => self.push(Value::Dict(Rc::default()))?,
            b')' => self.push(Value::Tuple(Rc::default()))?,
            0x85 => self.tuple(1)?,
            0x86 => self.tuple(2)?,
            0x87 => self.tuple(3)?,
            b't' => {
                let parts = self.pop_to_mark()?;
                self.group(parts, Value::Tuple)?;
            }
            b'l' => {
                let parts = self.pop_to_mark()?;
                self.group(parts, Value::List)?;
            }
            b'd' => {
                let parts = self.pop_to_mark()?;
                self.push(Value::Dict(Rc::default()))?;
                self.set(parts)?;
            }
            b'a' => {
                let value = self.pop()?;
                self.append(vec![value])?;
            }
            b'e' | 0x90 => {
                let values = self.pop_to_mark()?;
                self.append(values)?;
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set(vec![key, value])?;
            }
            b'u' => {
                let values = self.pop_to_mark()?;
                self.set(values)?;
            }
            0x94 => self.remember(self.memo.len())?,
            b'q' => {
                let place = self.number(1)?;
                self.remember(place)?;
            }
            b'r' => {
                let place = self.number(4)?;
                self.remember(place)?;
            }
            b'h' => {
                let place = self.number(1)?;
                self.recall(place)?;
            }
            b'j' => {
                let place = self.number(4)?;
                self.recall(place)?;
            }
            b'c' => {
                let name = format!("{}.{}", self.line()?, self.line()?);
                self.push(Value::Name(name.into()))?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let name = match (module.as_text(), name.as_text()) {
                    (Some(module), Some(name)) => format!("{module}.{name}"),
                    _ => return Err(self.damaged()),
                };
                self.push(Value::Name(name.into()))?;
            }
            b'R' => {
                let arguments = self.pop()?;
                let called = self.pop()?;
                let made = self.make(&called, &arguments)?;
                self.push(made)?;
            }
            b'b' => {
                let state = self.pop()?;
                let blank = self.pop()?;
                let unbuilt = matches!(blank, Value::Blank | Value::Kind(_)).then(|| blank.clone());
                let built = self.build(blank, &state)?;
                // What was remembered just before it was built is the same object in Python.
                let mut recent = self.memo.iter_mut().rev().take(RECENT);
                if let Some(place) = recent.find(|place| unbuilt.is_some() && **place == unbuilt) {
                    *place = Some(built.clone());
                }
                self.push(built)?;
            }
            other => return Err(PickleError::Call { what: format!("instruction {other:#04x}") }),
        }
        Ok(false)
    }

    /// What the known makers of arrays give; nothing else is called.
    fn make(&self, called: &Value, arguments: &Value) -> Result<Value, PickleError> {
        let Value::Name(name) = called else { return Err(self.damaged()) };
        let arguments = arguments.as_list().ok_or_else(|| self.damaged())?;
        let maker = name.replace("numpy._core", "numpy.core");
        match (maker.as_str(), arguments) {
            ("numpy.core.multiarray._reconstruct", _) => Ok(Value::Blank),
            ("numpy.dtype", [format, ..]) => {
                let format = format.as_text().unwrap_or_default();
                let refused = || PickleError::Call { what: format!("the number format {format:?}") };
                Kind::of(format).map(Value::Kind).ok_or_else(refused)
            }
            ("numpy.core.numeric._frombuffer", [Value::Bytes(bytes), Value::Kind(kind), shape, order]) => {
                self.array(shape, *kind, order.as_text() == Some("F"), bytes)
            }
            ("numpy.core.multiarray.scalar", [Value::Kind(kind), Value::Bytes(bytes)]) => {
                let array = Array::new(vec![1, 1], *kind, false, bytes.to_vec());
                Ok(array.and_then(|a| a.get(0, 0)).map_or(Value::None, Value::Real))
            }
            _ => Err(PickleError::Call { what: name.to_string() }),
        }
    }

    /// The state of a number format says its byte order, that of an array shape, format and bytes.
    fn build(&self, blank: Value, state: &Value) -> Result<Value, PickleError> {
        match (blank, state.as_list().unwrap_or_default()) {
            (Value::Kind(kind), [_, order, ..]) => {
                Ok(Value::Kind(Kind { big_endian: order.as_text() == Some(">"), ..kind }))
            }
            (Value::Blank, [_, shape, Value::Kind(kind), fortran, Value::Bytes(bytes)]) => {
                self.array(shape, *kind, *fortran == Value::Whole(1), bytes)
            }
            _ => Err(PickleError::Call { what: "the state of an object".to_owned() }),
        }
    }

    fn array(
        &self,
        shape: &Value,
        kind: Kind,
        column_major: bool,
        bytes: &[u8],
    ) -> Result<Value, PickleError> {
        let shape: Option<Vec<usize>> = shape.as_list().and_then(|all| all.iter().map(Value::size).collect());
        let array = shape.and_then(|shape| Array::new(shape, kind, column_major, bytes.to_vec()));
        array.map(|array| Value::Array(Rc::new(array))).ok_or_else(|| self.damaged())
    }
}

/// A whole number of any length up to eight bytes, least significant first, in two's complement.
fn whole(bytes: &[u8]) -> Option<i64> {
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut word = if negative { [0xff; 8] } else { [0; 8] };
    word.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(i64::from_le_bytes(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_are_built() {
        // pickle.dumps({"a": [1, -2, 0.5, None, True], "b": "ü"}, 4)
        let bytes = b"\x80\x04\x95(\0\0\0\0\0\0\0}\x94(\x8c\x01a\x94]\x94(K\x01J\xfe\xff\xff\xffG?\xe0\0\0\0\0\0\0N\x88e\x8c\x01b\x94\x8c\x02\xc3\xbc\x94u.";
        let value = load(bytes).unwrap();
        let list = value.get("a").unwrap().as_list().unwrap();
        assert_eq!(list, [Value::Whole(1), Value::Whole(-2), Value::Real(0.5), Value::None, Value::Whole(1)]);
        assert_eq!(value.get("b").unwrap().as_text(), Some("ü"));
    }

    #[test]
    fn nothing_is_ever_called() {
        // What `__reduce__` of an attacker gives: os.system("echo").
        let bytes = b"\x80\x02cposix\nsystem\nq\0X\x04\0\0\0echoq\x01\x85q\x02Rq\x03.";
        let error = load(bytes).unwrap_err();
        assert_eq!(error, PickleError::Call { what: "posix.system".to_owned() });
        assert!(error.to_string().contains("never runs code"));
    }

    #[test]
    fn damage_is_an_error() {
        for bytes in [
            &b"\x80\x04"[..],
            b"\x80\x04.",
            b"\x80\x04e.",
            b"\x80\x04(0.",
            b"\x80\x04B\xff\xff\xff\x7f",
            b"\x80\x04h\x09.",
        ] {
            assert!(load(bytes).is_err(), "{bytes:?}");
        }
    }
}
