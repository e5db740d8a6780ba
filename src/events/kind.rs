//! What each kind of event is made of: its parameters, and the fields of the tracker protocol that they travel in.

use crate::contracts;
use crate::error::Result;
use crate::name::{Name, name};
use pyo3::prelude::*;

/// The most parameters that a kind of event has.
pub const MAX_FIELDS: usize = 7;

/// Where an event's parameters end up.
#[derive(Clone, Copy, PartialEq)]
pub enum Shape {
    /// Each in a field of its own.
    Flat,
    /// One self-describing JSON, in `ue_px` or `ue_pr`.
    SelfDescribing,
    /// The properties of a screen view, a self-describing event too.
    ScreenView,
}

/// What a parameter must be.
#[derive(Clone, Copy)]
pub enum Check {
    /// Anything; None and "" leave it out.
    Optional,
    /// A text that is not empty.
    Text,
    /// Anything but None.
    Present,
}

/// One parameter of an event.
pub struct Field {
    /// Its Python name.
    pub name: &'static str,
    /// Its name in the payload, or for a screen view in the data.
    pub key: &'static Name,
    /// What it must be.
    pub check: Check,
}

impl Field {
    const fn optional(name: &'static str, key: &'static Name) -> Self {
        Self { name, key, check: Check::Optional }
    }

    const fn text(name: &'static str, key: &'static Name) -> Self {
        Self { name, key, check: Check::Text }
    }

    /// Raises the contract's error where `value` is not what the parameter must be.
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
    /// The field `e`; the base class has none.
    pub event_type: Option<&'static Name>,
    /// Where its parameters end up.
    pub shape: Shape,
    /// Its parameters in order.
    pub fields: &'static [Field],
}

impl Kind {
    /// How many of its parameters, the first ones, are required.
    #[cfg(not(feature = "abi3"))]
    pub fn required(&self) -> usize {
        self.fields.iter().filter(|field| !matches!(field.check, Check::Optional)).count()
    }

    /// Whether a value is as good as none. In a screen view's data the empty text is a value.
    pub fn leaves_out(&self, value: &Bound<'_, PyAny>) -> bool {
        if self.shape == Shape::ScreenView { value.is_none() } else { contracts::is_blank(value) }
    }
}

/// An event that is only what its payload says.
pub static CUSTOM: Kind = Kind { event_type: None, shape: Shape::Flat, fields: &[] };

/// A page view.
pub static PAGE_VIEW: Kind = Kind {
    event_type: Some(name!("pv")),
    shape: Shape::Flat,
    fields: &[
        Field::text("page_url", name!("url")),
        Field::optional("page_title", name!("page")),
        Field::optional("referrer", name!("refr")),
    ],
};

/// A page ping.
pub static PAGE_PING: Kind = Kind {
    event_type: Some(name!("pp")),
    shape: Shape::Flat,
    fields: &[
        Field::text("page_url", name!("url")),
        Field::optional("page_title", name!("page")),
        Field::optional("referrer", name!("refr")),
        Field::optional("min_x", name!("pp_mix")),
        Field::optional("max_x", name!("pp_max")),
        Field::optional("min_y", name!("pp_miy")),
        Field::optional("max_y", name!("pp_may")),
    ],
};

/// A structured event.
pub static STRUCTURED: Kind = Kind {
    event_type: Some(name!("se")),
    shape: Shape::Flat,
    fields: &[
        Field::text("category", name!("se_ca")),
        Field::text("action", name!("se_ac")),
        Field::optional("label", name!("se_la")),
        Field::optional("property_", name!("se_pr")),
        Field::optional("value", name!("se_va")),
    ],
};

/// A self-describing event.
pub static SELF_DESCRIBING: Kind = Kind {
    event_type: Some(name!("ue")),
    shape: Shape::SelfDescribing,
    fields: &[Field { name: "event_json", key: name!("event_json"), check: Check::Present }],
};

/// A screen view.
pub static SCREEN_VIEW: Kind = Kind {
    event_type: Some(name!("ue")),
    shape: Shape::ScreenView,
    fields: &[
        Field::text("id_", name!("id")),
        Field::text("name", name!("name")),
        Field::optional("type", name!("type")),
        Field::optional("previous_name", name!("previousName")),
        Field::optional("previous_id", name!("previousId")),
        Field::optional("previous_type", name!("previousType")),
        Field::optional("transition_type", name!("transitionType")),
    ],
};
