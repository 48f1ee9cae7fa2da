//! JSON values taken as they come: a field of the wrong type is an absent field, never an error.
//!
//! One object in ten thousand that a broken controller wrote must not take the list down with it. Only
//! text that is no JSON at all still fails.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The text of a string, a number or a boolean; nothing for anything else.
#[derive(Debug, Default)]
pub(super) struct Scalar<'a>(pub(super) Option<Cow<'a, str>>);

impl Scalar<'_> {
    /// Its text; empty when there is none.
    pub(super) fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

/// A map read as `T`; the default of `T` for anything else.
#[derive(Debug, Default)]
pub(super) struct Loose<T>(pub(super) T);

/// The first `MAX` maps of a list, read as `T`; none for anything else.
#[derive(Debug)]
pub(super) struct Items<T, const MAX: usize> {
    /// Those that are kept.
    pub(super) kept: Vec<T>,
    /// How many more there are.
    pub(super) more: usize,
}

impl<T, const MAX: usize> Default for Items<T, MAX> {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            more: 0,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor(PhantomData))
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor(PhantomData))
    }
}

impl<'de, T: Deserialize<'de> + Default, const MAX: usize> Deserialize<'de> for Items<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemsVisitor(PhantomData))
    }
}

fn drain_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

fn drain_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<usize, A::Error> {
    let mut count = 0;
    while seq.next_element::<IgnoredAny>()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// Answers `$value` to each sort of scalar, so that only what is wanted is written out.
macro_rules! scalars_are {
    ($value:expr) => {
        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($value)
        }
    };
}

struct ScalarVisitor<'a>(PhantomData<&'a ()>);

impl<'a> ScalarVisitor<'a> {
    fn own(value: &impl ToString) -> Scalar<'a> {
        Scalar(Some(Cow::Owned(value.to_string())))
    }
}

impl<'de: 'a, 'a> Visitor<'de> for ScalarVisitor<'a> {
    type Value = Scalar<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar(Some(Cow::Borrowed(value))))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Self::own(&value))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Self::own(&value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Self::own(&value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Self::own(&value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Self::own(&value))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Scalar(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        drain_map(map).map(|()| Scalar(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        drain_seq(seq).map(|_| Scalar(None))
    }
}

struct LooseVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for LooseVisitor<T> {
    type Value = Loose<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    scalars_are!(Loose(T::default()));

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Loose)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        drain_seq(seq).map(|_| Loose(T::default()))
    }
}

struct ItemsVisitor<T, const MAX: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default, const MAX: usize> Visitor<'de> for ItemsVisitor<T, MAX> {
    type Value = Items<T, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    scalars_are!(Items::default());

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        drain_map(map).map(|()| Items::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < MAX {
            match seq.next_element::<Loose<T>>()? {
                Some(item) => kept.push(item.0),
                None => return Ok(Items { kept, more: 0 }),
            }
        }
        Ok(Items {
            kept,
            more: drain_seq(seq)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Pair<'a> {
        #[serde(borrow)]
        a: Scalar<'a>,
        #[serde(borrow)]
        b: Scalar<'a>,
    }

    #[test]
    fn any_value_is_taken() {
        for (json, a, b) in [
            (r#"{"a":"x","b":"y"}"#, "x", "y"),
            (r#"{"a":23,"b":-4}"#, "23", "-4"),
            (r#"{"a":1.5,"b":true}"#, "1.5", "true"),
            (r#"{"a":null,"b":{"c":[1,{"d":2}]}}"#, "", ""),
            (r#"{"a":["x"],"b":"esc\"aped"}"#, "", "esc\"aped"),
            (r#"{"unknown":{"x":[]},"b":"y"}"#, "", "y"),
            ("null", "", ""),
            ("[1,[2],{}]", "", ""),
            ("\"text\"", "", ""),
            ("17", "", ""),
        ] {
            let Loose(pair) = serde_json::from_str::<Loose<Pair<'_>>>(json).expect(json);
            assert_eq!((pair.a.as_str(), pair.b.as_str()), (a, b), "{json}");
        }
    }

    #[test]
    fn lists_are_bounded_and_counted() {
        for (json, kept, more) in [
            (r#"[{"a":"1"},{"a":"2"},{"a":"3"}]"#, 2, 1),
            (r#"[{"a":"1"}, null]"#, 2, 0),
            ("null", 0, 0),
            ("{}", 0, 0),
            ("\"x\"", 0, 0),
        ] {
            let items: Items<Pair<'_>, 2> = serde_json::from_str(json).expect(json);
            assert_eq!((items.kept.len(), items.more), (kept, more), "{json}");
        }
    }
}
