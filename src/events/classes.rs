//! The kinds of events as Python classes. A class defines parameters only; state and behaviour are those of `Event`.

#[cfg(not(feature = "abi3"))]
use crate::sync::once::SetOnce;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

#[cfg(not(feature = "abi3"))]
use super::event::COMMON_PARAMETERS;
use super::event::Event;
use super::kinds::{MAX_FIELDS, PAGE_PING, PAGE_VIEW, SCREEN_VIEW, SELF_DESCRIBING, STRUCTURED};
#[cfg(not(feature = "abi3"))]
use super::native_class::{Arguments, CallSignature, Vectorcall};
use super::state::{Common, State};

/// Defines the class of a kind. `__new__` accepts any arguments, so that subclasses may have any constructor; `__init__` stores the
/// parameters. Each parameter is given by its index in the kind's fields, its name and the name of its setter, and is also a property.
macro_rules! event_class {
    (
        $(#[$doc:meta])*
        $class:ident is $kind:ident in $module:literal, $text_signature:literal
        required { $($required_at:literal $required:ident $set_required:ident),* }
        optional { $($optional_at:literal $optional:ident $set_optional:ident),* }
        $($methods:tt)*
    ) => {
        $(#[$doc])*
        #[allow(clippy::doc_markdown, reason = "Python shows it: names are as in other docstrings")]
        #[pyclass(extends = Event, subclass, frozen, module = $module)]
        pub struct $class;

        #[pymethods]
        impl $class {
            #[new]
            #[pyo3(signature = (*_args, **_kwargs), text_signature = $text_signature)]
            fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyClassInitializer<Self> {
                PyClassInitializer::from(Event::of(State::unset(&$kind))).add_subclass(Self)
            }

            #[allow(clippy::too_many_arguments, reason = "the parameters of the event")]
            #[pyo3(signature = (
                $($required,)* $($optional = None,)* event_subject = None, context = None, true_timestamp = None, *,
                event_id = None
            ))]
            fn __init__<'py>(
                slf: &Bound<'py, Self>,
                $($required: Bound<'py, PyAny>,)*
                $($optional: Option<Bound<'py, PyAny>>,)*
                event_subject: Option<Bound<'py, PyAny>>,
                context: Option<Bound<'py, PyAny>>,
                true_timestamp: Option<Bound<'py, PyAny>>,
                event_id: Option<Bound<'py, PyAny>>,
            ) -> PyResult<()> {
                let mut values = [const { None }; MAX_FIELDS];
                $(values[$required_at] = Some($required);)*
                $(values[$optional_at] = $optional;)*
                let common = Common { event_subject, context, true_timestamp, event_id };
                Ok(Event::construct(slf.as_super(), &$kind, values, common)?)
            }

            // `install_signature` makes this `__init__`.
            /// Creates an event. The class describes the parameters.
            #[allow(clippy::too_many_arguments, reason = "the parameters of the event")]
            #[pyo3(signature = (
                $($required,)* $($optional = None,)* event_subject = None, context = None, true_timestamp = None, *,
                event_id = None
            ))]
            fn __construct__<'py>(
                slf: &Bound<'py, Self>,
                $($required: Bound<'py, PyAny>,)*
                $($optional: Option<Bound<'py, PyAny>>,)*
                event_subject: Option<Bound<'py, PyAny>>,
                context: Option<Bound<'py, PyAny>>,
                true_timestamp: Option<Bound<'py, PyAny>>,
                event_id: Option<Bound<'py, PyAny>>,
            ) -> PyResult<()> {
                Self::__init__(slf, $($required,)* $($optional,)* event_subject, context, true_timestamp, event_id)
            }

            $(
                #[getter]
                fn $required<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
                    Event::value(slf.as_super(), $required_at)
                }

                #[setter($required)]
                fn $set_required(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
                    Event::set_value(slf.as_super(), $required_at, value)
                }
            )*

            $(
                #[getter]
                fn $optional<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
                    Event::value(slf.as_super(), $optional_at)
                }

                #[setter($optional)]
                fn $set_optional(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
                    Event::set_value(slf.as_super(), $optional_at, value)
                }
            )*

            $($methods)*
        }

        #[cfg(not(feature = "abi3"))]
        impl Vectorcall<{ [$($required_at,)* $($optional_at,)*].len() + COMMON_PARAMETERS.len() }> for $class {
            fn call_signature() -> &'static SetOnce<CallSignature> {
                static SIGNATURE: SetOnce<CallSignature> = SetOnce::new();
                &SIGNATURE
            }

            type Base = Event;

            #[inline(always)]
            fn unset() -> Event {
                Event::of(State::unset(&$kind))
            }

            #[inline(always)]
            fn set(
                event: &mut Event,
                arguments: &Arguments<'_, '_, { [$($required_at,)* $($optional_at,)*].len() + COMMON_PARAMETERS.len() }>,
            ) -> crate::error::Result<()> {
                let [values @ .., subject, context, timestamp] = arguments;
                let common = [subject, context, timestamp].map(|value| value.as_deref().filter(|value| !value.is_none()));
                event.state_mut().set(values.iter().map(Option::as_deref), common)
            }

            fn instance(py: Python<'_>, contents: Event) -> PyResult<Bound<'_, Self>> {
                Bound::new(py, PyClassInitializer::from(contents).add_subclass(Self))
            }

            #[cfg(not(Py_GIL_DISABLED))]
            fn place(instance: &Bound<'_, Self>) -> *const Event {
                instance.as_super().get()
            }
        }
    };
}

event_class! {
    /// A visit of a page.
    ///
    /// Args:
    ///     page_url: Address of the page.
    ///     page_title: Title of the page.
    ///     referrer: Address of the page that led there.
    ///     event_subject: See `Event`.
    ///     context: See `Event`.
    ///     true_timestamp: See `Event`.
    ///     event_id: See `Event`.
    ///
    /// Raises:
    ///     ValueError: `page_url` is None, empty or not a string, or `event_id` is no UUID.
    PageView is PAGE_VIEW in "snowplow_tracker.events.page_view",
    "(page_url, page_title=None, referrer=None, event_subject=None, context=None, true_timestamp=None, *, \
      event_id=None)"
    required { 0 page_url set_page_url }
    optional { 1 page_title set_page_title, 2 referrer set_referrer }
}

event_class! {
    /// A sign that a visitor is still on a page.
    ///
    /// Args:
    ///     page_url: Address of the page.
    ///     page_title: Title of the page.
    ///     referrer: Address of the page that led there.
    ///     min_x: Least horizontal offset since the last ping, in pixels.
    ///     max_x: Greatest horizontal offset.
    ///     min_y: Least vertical offset.
    ///     max_y: Greatest vertical offset.
    ///     event_subject: See `Event`.
    ///     context: See `Event`.
    ///     true_timestamp: See `Event`.
    ///     event_id: See `Event`.
    ///
    /// Raises:
    ///     ValueError: `page_url` is None, empty or not a string, or `event_id` is no UUID.
    PagePing is PAGE_PING in "snowplow_tracker.events.page_ping",
    "(page_url, page_title=None, referrer=None, min_x=None, max_x=None, min_y=None, max_y=None, \
      event_subject=None, context=None, true_timestamp=None, *, \
      event_id=None)"
    required { 0 page_url set_page_url }
    optional {
        1 page_title set_page_title, 2 referrer set_referrer,
        3 min_x set_min_x, 4 max_x set_max_x, 5 min_y set_min_y, 6 max_y set_max_y
    }
}

event_class! {
    /// An action in a category.
    ///
    /// Args:
    ///     category: The category of the action.
    ///     action: The name of the action.
    ///     label: The object of the action.
    ///     property_: A property of the action or the object.
    ///     value: A number that goes with the action.
    ///     event_subject: See `Event`.
    ///     context: See `Event`.
    ///     true_timestamp: See `Event`.
    ///     event_id: See `Event`.
    ///
    /// Raises:
    ///     ValueError: `category` or `action` is None, empty or not a string, or `event_id` is no UUID.
    StructuredEvent is STRUCTURED in "snowplow_tracker.events.structured_event",
    "(category, action, label=None, property_=None, value=None, event_subject=None, context=None, true_timestamp=None, *, \
      event_id=None)"
    required { 0 category set_category, 1 action set_action }
    optional { 2 label set_label, 3 property_ set_property_, 4 value set_value }
}

event_class! {
    /// An event whose data is described by a schema of your own.
    ///
    /// Args:
    ///     event_json: Data and schema.
    ///     event_subject: See `Event`.
    ///     context: See `Event`.
    ///     true_timestamp: See `Event`.
    ///     event_id: See `Event`.
    ///
    /// Raises:
    ///     ValueError: `event_json` is None, or `event_id` is no UUID.
    SelfDescribing is SELF_DESCRIBING in "snowplow_tracker.events.self_describing",
    "(event_json, event_subject=None, context=None, true_timestamp=None, *, \
      event_id=None)"
    required { 0 event_json set_event_json }
    optional {}
}

event_class! {
    /// A view of a screen of an app.
    ///
    /// Args:
    ///     id_: The view's own id, a UUID.
    ///     name: Name of the screen.
    ///     type: Kind of the screen.
    ///     previous_name: Name of the screen before.
    ///     previous_id: Id of the view before.
    ///     previous_type: Kind of the screen before.
    ///     transition_type: How the screen was reached.
    ///     event_subject: See `Event`.
    ///     context: See `Event`.
    ///     true_timestamp: See `Event`.
    ///     event_id: See `Event`.
    ///
    /// Raises:
    ///     ValueError: `id_` or `name` is None, empty or not a string, or `event_id` is no UUID.
    ScreenView is SCREEN_VIEW in "snowplow_tracker.events.screen_view",
    "(id_, name, type=None, previous_name=None, previous_id=None, previous_type=None, transition_type=None, \
      event_subject=None, context=None, true_timestamp=None, *, \
      event_id=None)"
    required { 0 id_ set_id_, 1 name set_name }
    optional {
        2 r#type set_type, 3 previous_name set_previous_name, 4 previous_id set_previous_id,
        5 previous_type set_previous_type, 6 transition_type set_transition_type
    }

    #[getter]
    fn screen_view_properties<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        Event::screen_view_properties(slf.as_super())
    }

    #[setter]
    fn set_screen_view_properties(slf: &Bound<'_, Self>, properties: Bound<'_, PyDict>) {
        Event::set_screen_view_properties(slf.as_super(), properties);
    }
}
