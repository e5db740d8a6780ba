//! Which text is a schema URI that a record may have: the same as `bulk/described.py` says.

const SCHEME: &str = "iglu:";
const ENVELOPES: [&str; 2] = ["/unstruct_event/jsonschema/", "/contexts/jsonschema/"];
/// Bad rows have a form of their own.
const BAD_ROWS: &str = "iglu:com.snowplowanalytics.snowplow.badrows/";
/// A load has a few schemas. Those of more are checked again and again.
const MAX_KNOWN: usize = 16;

/// Remembers URIs that were found to be usual.
#[derive(Default)]
pub struct Schemas(Vec<Box<str>>);

impl Schemas {
    /// Returns true if text is a schema URI, but not that of an envelope or a bad row. Such a URI needs no JSON escape.
    pub fn knows(&mut self, text: &str) -> bool {
        if self.0.iter().any(|known| **known == *text) {
            return true;
        }
        let is_good = is_usual(text);
        if is_good && self.0.len() < MAX_KNOWN {
            self.0.push(text.into());
        }
        is_good
    }
}

fn is_usual(text: &str) -> bool {
    let Some(path) = text.strip_prefix(SCHEME) else { return false };
    let mut parts = path.split('/');
    let (Some(vendor), Some(name), Some(format), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    is_word(vendor, b".-")
        && is_word(name, b"-")
        && is_word(format, b"-")
        && is_version(version)
        && !ENVELOPES.iter().any(|envelope| text.contains(envelope))
        && !text.starts_with(BAD_ROWS)
}

fn is_word(text: &str, further: &[u8]) -> bool {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || further.contains(&byte);
    !text.is_empty() && text.bytes().all(is_good)
}

fn is_version(text: &str) -> bool {
    let mut numbers = text.split('-');
    let is_number = |number: &str| number == "0" || !number.starts_with('0') && is_digits(number);
    let (Some(model), Some(revision), Some(addition), None) =
        (numbers.next(), numbers.next(), numbers.next(), numbers.next())
    else {
        return false;
    };
    model != "0" && [model, revision, addition].into_iter().all(is_number)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{MAX_KNOWN, Schemas};

    #[test]
    fn schema_uris_are_known() {
        let mut schemas = Schemas::default();
        for good in ["iglu:com.acme/order/jsonschema/1-0-0", "iglu:a-b_c.D9/x-y/z/10-0-23"] {
            assert!(schemas.knows(good) && schemas.knows(good), "{good}");
        }
        for wrong in [
            "",
            "iglu:",
            "iglu:com.acme/order/jsonschema/1-0",
            "iglu:com.acme/order/jsonschema/1-0-0-0",
            "iglu:com.acme/order/jsonschema/0-0-0",
            "iglu:com.acme/order/jsonschema/1-00-0",
            "iglu:com.acme/order/jsonschema/1-0-x",
            "iglu:com.acme/order/jsonschema/1-0-",
            "iglu:com.acme/order/jsonschema/1-0-0/",
            "iglu:com.acme/order/jsonschema/1-0-0\n",
            "iglu:com.acme/or.der/jsonschema/1-0-0",
            "iglu:com.äcme/order/jsonschema/1-0-0",
            "iglu:com.acme//jsonschema/1-0-0",
            "com.acme/order/jsonschema/1-0-0",
            "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0",
            "iglu:com.acme/contexts/jsonschema/1-0-0",
            "iglu:com.snowplowanalytics.snowplow.badrows/adapter_failures/jsonschema/1-0-0",
        ] {
            assert!(!schemas.knows(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_load_may_have_any_number_of_them() {
        let mut schemas = Schemas::default();
        for number in 1..3 * MAX_KNOWN {
            assert!(schemas.knows(&format!("iglu:com.acme/order/jsonschema/{number}-0-0")));
        }
        assert_eq!(schemas.0.len(), MAX_KNOWN);
    }
}
