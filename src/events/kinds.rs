//! The kinds of events: for each, the parameters of the constructor and the payload fields that they are sent in.

use pyo3::prelude::*;

use crate::contracts;
use crate::error::Result;
use crate::field_name::{FieldName, field_name};

/// The largest number of parameters of a kind.
pub const MAX_FIELDS: usize = 7;

/// How an event's parameters are sent.
#[derive(Clone, Copy, PartialEq)]
pub enum Shape {
    /// Each in its own payload field.
    Flat,
    /// One self-describing JSON, in `ue_px` or `ue_pr`.
    SelfDescribing,
    /// The properties of a screen view, which is sent as a self-describing event.
    ScreenView,
}

/// The check of a parameter.
#[derive(Clone, Copy)]
pub enum Check {
    /// Any value; None and "" omit it.
    Optional,
    /// A string that is not empty.
    Text,
    /// Any value but None and "".
    Present,
}

/// One parameter of an event.
pub struct Field {
    /// Its Python name.
    pub name: &'static str,
    /// Its name in the payload, or in the data of a screen view.
    pub key: &'static FieldName,
    /// Its check.
    pub check: Check,
}

impl Field {
    const fn optional(name: &'static str, key: &'static FieldName) -> Self {
        Self { name, key, check: Check::Optional }
    }

    const fn text(name: &'static str, key: &'static FieldName) -> Self {
        Self { name, key, check: Check::Text }
    }

    /// Fails if `value` does not pass the check.
    pub fn check(&self, value: Option<&Bound<'_, PyAny>>) -> Result<()> {
        match self.check {
            Check::Optional => Ok(()),
            Check::Text => contracts::require_text(self.name, value),
            Check::Present => contracts::require(self.name, value),
        }
    }
}

/// A kind of event.
pub struct Kind {
    /// The field `e`. The base class has none.
    pub event_type: Option<&'static FieldName>,
    /// How its parameters are sent.
    pub shape: Shape,
    /// Its parameters, required ones first.
    pub fields: &'static [Field],
}

impl Kind {
    /// Returns the number of required parameters.
    #[cfg(not(feature = "abi3"))]
    pub fn required(&self) -> usize {
        self.fields.iter().filter(|field| !matches!(field.check, Check::Optional)).count()
    }

    /// Returns true if a value is omitted. In the data of a screen view, the empty string is a value.
    pub fn omits(&self, value: &Bound<'_, PyAny>) -> bool {
        if self.shape == Shape::ScreenView { value.is_none() } else { contracts::is_blank(value) }
    }
}

/// The base class: an event that consists of its payload only.
pub static CUSTOM: Kind = Kind { event_type: None, shape: Shape::Flat, fields: &[] };

/// A page view.
pub static PAGE_VIEW: Kind = Kind {
    event_type: Some(field_name!("pv")),
    shape: Shape::Flat,
    fields: &[
        Field::text("page_url", field_name!("url")),
        Field::optional("page_title", field_name!("page")),
        Field::optional("referrer", field_name!("refr")),
    ],
};

/// A page ping.
pub static PAGE_PING: Kind = Kind {
    event_type: Some(field_name!("pp")),
    shape: Shape::Flat,
    fields: &[
        Field::text("page_url", field_name!("url")),
        Field::optional("page_title", field_name!("page")),
        Field::optional("referrer", field_name!("refr")),
        Field::optional("min_x", field_name!("pp_mix")),
        Field::optional("max_x", field_name!("pp_max")),
        Field::optional("min_y", field_name!("pp_miy")),
        Field::optional("max_y", field_name!("pp_may")),
    ],
};

/// A structured event.
pub static STRUCTURED: Kind = Kind {
    event_type: Some(field_name!("se")),
    shape: Shape::Flat,
    fields: &[
        Field::text("category", field_name!("se_ca")),
        Field::text("action", field_name!("se_ac")),
        Field::optional("label", field_name!("se_la")),
        Field::optional("property_", field_name!("se_pr")),
        Field::optional("value", field_name!("se_va")),
    ],
};

/// A self-describing event.
pub static SELF_DESCRIBING: Kind = Kind {
    event_type: Some(field_name!("ue")),
    shape: Shape::SelfDescribing,
    fields: &[Field { name: "event_json", key: field_name!("event_json"), check: Check::Present }],
};

/// A screen view.
pub static SCREEN_VIEW: Kind = Kind {
    event_type: Some(field_name!("ue")),
    shape: Shape::ScreenView,
    fields: &[
        Field::text("id_", field_name!("id")),
        Field::text("name", field_name!("name")),
        Field::optional("type", field_name!("type")),
        Field::optional("previous_name", field_name!("previousName")),
        Field::optional("previous_id", field_name!("previousId")),
        Field::optional("previous_type", field_name!("previousType")),
        Field::optional("transition_type", field_name!("transitionType")),
    ],
};
