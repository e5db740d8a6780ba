//! A JSON value, written as compact JSON while it is parsed: exactly as `json/` writes what `bulk/inputs/json_text.py` makes of it.
//!
//! `serde_json` refuses whatever is no JSON, what is not UTF-8, lone surrogates, numbers that no float holds, and deep nesting. Of what it
//! accepts, a few things have no usual form, and are refused here.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::keys::Keys;
use crate::json::escape;
use crate::output::Output;

/// From here on, a float may be an integer that was rounded.
const LEAST_ROUNDED: f64 = 9_223_372_036_854_775_808.0;

/// Returns the error of a line that is not usual. Nobody reads its text.
pub fn unusual<E: Error>() -> E {
    E::custom("unusual")
}

/// Writes a value. With `deserialize`, any value; with `object`, an object only.
pub struct Value<'a> {
    /// Where the JSON goes.
    pub out: &'a mut Output,
    /// Memory for keys.
    pub keys: &'a mut Keys,
}

impl Value<'_> {
    /// Writes an object. Fails if the value is none.
    pub fn object<'de, D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }

    fn again(&mut self) -> Value<'_> {
        Value { out: self.out, keys: self.keys }
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        escape::append_string(self.out, text.as_bytes());
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        escape::append_short(self.out, itoa::Buffer::new().format(number).as_bytes());
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        escape::append_short(self.out, itoa::Buffer::new().format(number).as_bytes());
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        // Python reads -0 as an integer.
        if number.abs() >= LEAST_ROUNDED || number == 0.0 && number.is_sign_negative() {
            return Err(unusual());
        }
        escape::append_short(self.out, zmij::Buffer::new().format_finite(number).as_bytes());
        Ok(())
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<(), E> {
        escape::append_short(self.out, if flag { b"true" } else { b"false" });
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        escape::append_short(self.out, b"null");
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.out.push(b'[');
        let start = self.out.len();
        while items.next_element_seed(self.again())?.is_some() {
            self.out.push(b',');
        }
        close(self.out, start, b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        self.out.push(b'{');
        let (start, keys) = (self.out.len(), self.keys.begin());
        while members.next_key_seed(Key(self.again()))?.is_some() {
            self.out.push(b':');
            members.next_value_seed(self.again())?;
            self.out.push(b',');
        }
        close(self.out, start, b'}');
        if self.keys.end(keys) { Ok(()) } else { Err(unusual()) }
    }
}

/// Writes a bracket over the comma after the last item.
fn close(out: &mut Output, start: usize, bracket: u8) {
    if out.len() > start {
        out.pop();
    }
    out.push(bracket);
}

/// Writes a key.
struct Key<'a>(Value<'a>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        escape::append_string(self.0.out, text.as_bytes());
        if self.0.keys.add(text.as_bytes()) { Ok(()) } else { Err(unusual()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::DeserializeSeed;

    use super::{Keys, Value};
    use crate::output::Output;

    fn written(json: &str) -> Option<String> {
        let (mut out, mut keys) = (Output::new(), Keys::default());
        let mut deserializer = serde_json::Deserializer::from_str(json);
        Value { out: &mut out, keys: &mut keys }.deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        assert_eq!(keys.begin(), 0);
        Some(String::from_utf8(out.to_vec()).unwrap())
    }

    #[test]
    fn values_have_one_form() {
        for (json, expected) in [
            (r#" { "a" : [ 1 , -2 , { } , [ ] ] , "b" : null } "#, r#"{"a":[1,-2,{},[]],"b":null}"#),
            (r#""\u00fc\/\n\u0001\ud83d\ude00""#, "\"ü/\\n\\u0001\u{1f600}\""),
            (
                "[1.50, 1E5, 1e-7, 0.1, 18446744073709551615, -9223372036854775808]",
                "[1.5,100000.0,1e-7,0.1,18446744073709551615,-9223372036854775808]",
            ),
            ("[true, false]", "[true,false]"),
            (r#"{"a": {"a": 1}, "b": {"a": 1}}"#, r#"{"a":{"a":1},"b":{"a":1}}"#),
        ] {
            assert_eq!(written(json).as_deref(), Some(expected), "{json}");
        }
    }

    #[test]
    fn what_has_no_usual_form_is_refused() {
        for json in [
            "",
            "{",
            "[1,]",
            "01",
            "NaN",
            "-Infinity",
            "1e400",
            "-0",
            "-0.0",
            "18446744073709551616",
            "-9223372036854775809",
            "1e19",
            r#""\ud83d""#,
            "\"\n\"",
            "\u{feff}1",
            r#"{"a": 1, "a": 1}"#,
            r#"{"a": 1, "\u0061": 1}"#,
            r#"[{"b": {"a": 1, "a": 2}}]"#,
            "1 2",
            &"[".repeat(200),
            &format!("{}{}", "[".repeat(200), "]".repeat(200)),
        ] {
            assert_eq!(written(json), None, "{json}");
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            (-1e18..1e18).prop_map(|number: f64| (if number == 0.0 { 0.5 } else { number }).into()),
            ".*".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::hash_map(".{0,6}", inner, 0..6)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_means_the_same(value in any_json(), is_pretty: bool) {
            let json = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let compact = written(&json.unwrap()).unwrap();
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&compact).unwrap(), value);
            prop_assert_eq!(written(&compact), Some(compact));
        }

        #[test]
        fn any_text_is_written_or_refused(text in "[\\[\\]{}\",:0-9a-f\\\\eE.+ -]{0,60}") {
            if let Some(compact) = written(&text) {
                prop_assert_eq!(
                    serde_json::from_str::<serde_json::Value>(&compact).unwrap(),
                    serde_json::from_str::<serde_json::Value>(&text).unwrap()
                );
            }
        }
    }
}
