//! How is an array or an object found within a text, of which only some is in memory? By following paths: what is in
//! them is handed on as it is written, with its name in an object.

use super::pieces::Piece;
use super::records::{Passage, Shape, in_one_line};
use super::window::{Stop, Window};
use serde_json::{Map, Value};
use std::io::Read;

/// A path, and its place among those that are asked for.
type Path<'p> = (usize, &'p [&'p str]);

/// What is done with elements and entries on the way.
pub(super) struct Following<F> {
    each: F,
    shape: Shape,
    /// What came of it so far.
    pub passage: Passage,
    /// Elements or entries so far.
    pub row: u64,
}

impl<F: FnMut(usize, Option<&str>, &Piece) -> Option<Passage>> Following<F> {
    pub fn new(shape: Shape, each: F) -> Self {
        Self { each, shape, passage: Passage::new(shape), row: 0 }
    }

    /// Goes through all of a text; what is beside the paths is kept in `rest`.
    pub fn through<R: Read>(
        &mut self,
        text: &mut Window<R>,
        paths: &[&[&str]],
        rest: &mut Value,
    ) -> Result<(), Stop> {
        let paths: Vec<Path> = paths.iter().copied().enumerate().collect();
        self.follow(text, &paths, rest)?;
        match text.next()? {
            Some(_) => Err(Stop::Odd("more after the end of the value".to_owned())),
            None => Ok(()),
        }
    }

    fn follow<R: Read>(
        &mut self,
        text: &mut Window<R>,
        paths: &[Path],
        rest: &mut Value,
    ) -> Result<(), Stop> {
        let end = paths.iter().find(|(_, path)| path.is_empty()).map(|(place, _)| *place);
        if let Some(place) = end
            && text.take(b'[')?
        {
            return items(text, b']', |text| {
                let element = text.value()?;
                self.hand_on(place, None, element);
                Ok(())
            });
        }
        if !text.take(b'{')? {
            return text.value().map(drop);
        }
        if end.is_none() {
            *rest = Value::Object(Map::new());
        }
        items(text, b'}', |text| {
            let key: String =
                serde_json::from_str(text.value()?).map_err(|error| Stop::Odd(in_one_line(&error)))?;
            if !text.take(b':')? {
                return Err(expected(b':'));
            }
            if let Some(place) = end {
                self.hand_on(place, Some(&key), text.value()?);
                return Ok(());
            }
            let steps = paths.iter().filter_map(|(place, path)| Some((*place, path.split_first()?)));
            let further: Vec<Path> = steps
                .filter(|(_, (step, _))| **step == key)
                .map(|(place, (_, path))| (place, path))
                .collect();
            if !further.is_empty() {
                return self.follow(text, &further, &mut rest[&key]);
            }
            match serde_json::from_str(text.value()?) {
                Ok(value) => rest[&key] = value,
                Err(error) => {
                    self.passage.fault(self.row + 1, format!("field {key:?}: {}", in_one_line(&error)));
                }
            }
            Ok(())
        })
    }

    fn hand_on(&mut self, place: usize, key: Option<&str>, text: &str) {
        let piece = Piece::element(text, self.row + 1, self.shape);
        if let Some(passage) = (self.each)(place, key, &piece) {
            self.row += 1;
            self.passage.append(passage);
        }
    }

    /// What came of a text that could not be followed to its end.
    pub fn stopped(mut self, stop: &Stop) -> Passage {
        match stop {
            Stop::Cut => self.passage.truncated = Some(self.row + 1),
            Stop::Odd(message) => {
                self.passage.fault(self.row + 1, format!("{message}; what follows was not read"));
            }
            Stop::TooLong | Stop::Io(_) => self.passage.fault(self.row + 1, "cannot be read"),
        }
        self.passage
    }
}

/// Hands everything between commas to `take`, up to a bracket.
fn items<R: Read>(
    text: &mut Window<R>,
    end: u8,
    mut take: impl FnMut(&mut Window<R>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    if text.take(end)? {
        return Ok(());
    }
    loop {
        take(text)?;
        if text.take(end)? {
            return Ok(());
        }
        if !text.take(b',')? {
            return Err(expected(end));
        }
    }
}

fn expected(byte: u8) -> Stop {
    Stop::Odd(format!("`{}` is missing", char::from(byte)))
}
