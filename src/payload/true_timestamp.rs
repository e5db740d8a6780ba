//! The true timestamp of an event: a number of milliseconds, or a time with a time zone.

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};

use crate::cpython::call::{call_user_code, call_user_method};
use crate::error::{Error, Result, type_name};
use crate::json::rules::{Rule, rule_of, substitute};
use crate::json::substitute::Substitute;

/// Returns a true timestamp in whole milliseconds since 1970, or `None` if it is missing, or neither a number nor a time. Raises
/// `ValueError` for a time without a time zone: which moment it means is not known here.
#[cold]
pub fn milliseconds<'py>(timestamp: &Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyAny>>> {
    let py = timestamp.py();
    if timestamp.is_instance_of::<PyInt>() {
        return whole(timestamp);
    }
    if let Ok(number) = timestamp.cast::<PyFloat>() {
        return if number.value().is_finite() { whole(timestamp) } else { Ok(None) };
    }
    match rule_of(timestamp)? {
        Some(Rule::Moment) if has_time_zone(timestamp)? => {
            let datetime = py.import("datetime")?;
            let utc = datetime.getattr("timezone")?.getattr("utc")?;
            let epoch = datetime.getattr("datetime")?.call1((1970, 1, 1, 0, 0, 0, 0, utc))?;
            let since = call_user_method(timestamp, crate::sync::once::intern!(py, "__sub__"), (epoch,))?;
            let part = |name| since.getattr(name)?.extract::<i64>();
            let seconds = part("days")? * 86_400 + part("seconds")?;
            let whole = seconds * 1_000 + part("microseconds")? / 1_000;
            Ok(Some(whole.into_pyobject(py).map_err(PyErr::from)?.into_any()))
        }
        Some(Rule::Moment | Rule::IsoFormat) => Err(Error::NoTimeZone(type_name(timestamp))),
        Some(Rule::NumpyScalar) => match substitute(timestamp)? {
            Some(Substitute::Object(item)) if item.is_instance_of::<PyInt>() || item.is_instance_of::<PyFloat>() => {
                milliseconds(&item)
            }
            Some(Substitute::Object(item)) if !item.is_none() && type_name(timestamp) == "datetime64" => {
                Err(Error::NoTimeZone(type_name(timestamp)))
            }
            _ => Ok(None),
        },
        Some(Rule::Decimal) => match substitute(timestamp)? {
            Some(Substitute::Digits(_)) => whole(timestamp),
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

fn has_time_zone(moment: &Bound<'_, PyAny>) -> Result<bool> {
    Ok(!call_user_method(moment, crate::sync::once::intern!(moment.py(), "utcoffset"), ())?.is_none())
}

/// Returns a number without its fraction.
fn whole<'py>(number: &Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyAny>>> {
    let py = number.py();
    Ok(Some(call_user_code(&py.get_type::<PyInt>(), (number,), None)?))
}
