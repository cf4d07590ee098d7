//! What is in one record of a samples file? Only what is needed is built; prompts are passed over.

use crate::ingest::json::{Scalar, Text, number_from_text};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// One record. Keys that are neither known nor a metric's are passed over.
#[derive(Debug, Default)]
pub(super) struct Sample<'a> {
    pub doc_id: Option<Scalar<'a>>,
    pub doc: Doc<'a>,
    pub target: Vec<Scalar<'a>>,
    pub requests: Vec<Request<'a>>,
    pub answers: Vec<Answer<'a>>,
    pub filter: Option<Text<'a>>,
    /// The names of the metrics (v0.4.7 and later).
    pub metrics: Option<Vec<Scalar<'a>>>,
    pub doc_hash: Option<Scalar<'a>>,
    /// Everything else, metrics among them.
    pub others: Vec<(Text<'a>, Scalar<'a>)>,
}

/// What was asked of the model once: a prompt, as it stands in the source, and a continuation.
#[derive(Debug, Default)]
pub(super) struct Request<'a> {
    pub prompt: Option<&'a str>,
    pub continuation: Option<Scalar<'a>>,
}

/// What a filter made of the model's responses.
#[derive(Debug, PartialEq)]
pub(super) enum Answer<'a> {
    /// Log-probability of a continuation, and whether it is the greedy one.
    LogLikelihood(f64, Option<bool>),
    /// Text.
    Text(Cow<'a, str>),
    /// Anything else.
    Other,
}

/// The document's own fields that say something about the item.
#[derive(Debug, Default)]
pub(super) struct Doc<'a> {
    pub fields: Vec<(Text<'a>, Scalar<'a>)>,
    pub lists: Vec<(Text<'a>, Vec<Cow<'a, str>>)>,
}

macro_rules! visitor {
    ($of:ident, $expecting:literal, $($method:item)+) => {
        impl<'de> Deserialize<'de> for $of<'de> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visit;
                impl<'de> Visitor<'de> for Visit {
                    type Value = $of<'de>;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    $($method)+
                }
                deserializer.deserialize_any(Visit)
            }
        }
    };
}

macro_rules! scalars_give {
    ($nothing:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
}

visitor! { Sample, "an object with `doc_id`, `doc`, `resps` and `filtered_resps`",
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut sample = Sample::default();
        while let Some(key) = map.next_key::<Text>()? {
            match key.0.as_ref() {
                "doc_id" => sample.doc_id = Some(map.next_value()?),
                "doc" => sample.doc = map.next_value()?,
                "target" => sample.target = map.next_value::<Field>()?.into_scalars(),
                "arguments" => sample.requests = map.next_value::<Requests>()?.0,
                "filtered_resps" => sample.answers = map.next_value::<Answers>()?.0,
                "filter" => {
                    if let Scalar::Text(filter) = map.next_value()? {
                        sample.filter = Some(Text(filter));
                    }
                }
                "metrics" => sample.metrics = Some(map.next_value::<Field>()?.into_scalars()),
                "doc_hash" => sample.doc_hash = Some(map.next_value()?),
                "resps" | "prompt_hash" | "target_hash" | "token_counts" | "input_media" => {
                    map.next_value::<IgnoredAny>()?;
                }
                _ => sample.others.push((key, map.next_value()?)),
            }
        }
        Ok(sample)
    }
}

visitor! { Doc, "a document",
    scalars_give!(Doc::default());
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Doc::default())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut doc = Doc::default();
        while let Some(key) = map.next_key::<Text>()? {
            match map.next_value()? {
                Field::Scalar(value) => doc.fields.push((key, value)),
                Field::List(list) => {
                    let texts = list.into_iter().map(|element| match element {
                        Scalar::Text(text) => Some(text),
                        _ => None,
                    });
                    doc.lists.extend(texts.collect::<Option<_>>().map(|texts| (key, texts)));
                }
            }
        }
        Ok(doc)
    }
}

/// A scalar, a list of scalars, or the list `text` of an object (`{"text": […], "label": […]}`).
enum Field<'a> {
    Scalar(Scalar<'a>),
    List(Vec<Scalar<'a>>),
}

visitor! { Field, "any value",
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Field::Scalar(Scalar::Truth(value)))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Field::Scalar(Scalar::Whole(value)))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Field::Scalar(i64::try_from(value).map_or(Scalar::Number(value as f64), Scalar::Whole)))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Field::Scalar(Scalar::Number(value)))
    }
    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Field::Scalar(Scalar::Text(Cow::Borrowed(value))))
    }
    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Field::Scalar(Scalar::Text(Cow::Owned(value.to_owned()))))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field::Scalar(Scalar::Null))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(element) = list.next_element()? {
            all.push(element);
        }
        Ok(Field::List(all))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Field::Scalar(Scalar::Object);
        while let Some(key) = map.next_key::<Text>()? {
            if key.0 == "text" {
                if let list @ Field::List(_) = map.next_value()? {
                    found = list;
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

impl<'a> Field<'a> {
    /// The scalars of a list, or the one scalar.
    fn into_scalars(self) -> Vec<Scalar<'a>> {
        match self {
            Field::List(all) => all,
            Field::Scalar(Scalar::Null | Scalar::Object) => Vec::new(),
            Field::Scalar(one) => vec![one],
        }
    }
}

/// `[[prompt, continuation], …]` (before v0.4.3) or `{"gen_args_0": {"arg_0": prompt, "arg_1": …}, …}`.
struct Requests<'a>(Vec<Request<'a>>);

visitor! { Requests, "the arguments of the requests",
    scalars_give!(Requests(Vec::new()));
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(request) = list.next_element()? {
            all.push(request);
        }
        Ok(Requests(all))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut all: Vec<(u32, Request)> = Vec::new();
        while let Some(key) = map.next_key::<Text>()? {
            let number = key.0.strip_prefix("gen_args_").and_then(|n| n.parse().ok());
            all.push((number.unwrap_or(all.len() as u32), map.next_value()?));
        }
        all.sort_by_key(|(number, _)| *number);
        Ok(Requests(all.into_iter().map(|(_, request)| request).collect()))
    }
}

visitor! { Request, "the arguments of a request",
    scalars_give!(Request::default());
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let prompt = list.next_element::<&'de RawValue>()?.map(RawValue::get);
        let continuation = list.next_element()?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Request { prompt, continuation })
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut request = Request::default();
        while let Some(key) = map.next_key::<Text>()? {
            match key.0.as_ref() {
                "arg_0" => request.prompt = Some(map.next_value::<&'de RawValue>()?.get()),
                "arg_1" => request.continuation = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(request)
    }
}

struct Answers<'a>(Vec<Answer<'a>>);

visitor! { Answers, "the filtered responses",
    scalars_give!(Answers(Vec::new()));
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(answer) = list.next_element()? {
            all.push(answer);
        }
        Ok(Answers(all))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Answers(Vec::new()))
    }
}

visitor! { Answer, "a filtered response",
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Answer::Other)
    }
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Answer::LogLikelihood(value as f64, None))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Answer::LogLikelihood(value as f64, None))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Answer::LogLikelihood(value, None))
    }
    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Answer::Text(Cow::Borrowed(value)))
    }
    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Answer::Text(Cow::Owned(value.to_owned())))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Answer::Other)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Answer::Other)
    }
    /// A pair of log-probability and greediness, as numbers or as text; any other list is text or something else.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let first = list.next_element::<Scalar>()?;
        let second = list.next_element::<Scalar>()?;
        let mut more = false;
        while list.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        let number = first.as_ref().and_then(|f| match f {
            Scalar::Text(text) => number_from_text(text),
            Scalar::Whole(_) | Scalar::Number(_) => f.number(),
            _ => None,
        });
        let greedy = match &second {
            Some(Scalar::Truth(truth)) => Some(*truth),
            Some(Scalar::Text(text)) => match text.as_ref() {
                "True" | "true" => Some(true),
                "False" | "false" => Some(false),
                _ => None,
            },
            _ => None,
        };
        Ok(match (number, greedy, second.is_some(), first) {
            (Some(number), Some(greedy), _, _) if !more => Answer::LogLikelihood(number, Some(greedy)),
            (_, _, false, Some(Scalar::Text(text))) => Answer::Text(text),
            _ => Answer::Other,
        })
    }
}
