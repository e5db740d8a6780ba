//! The built-in rules for scalars and arrays of numpy.

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyString, PyTuple};

use super::durations::iso_duration;
use super::substitute::Substitute;
use crate::cpython::call::str_of;
use crate::cpython::items::collect_results;
use crate::error::Result;

/// The units of numpy that have a fixed length: seconds, and digits after the decimal point.
const UNITS: [(&str, i128, u32); 11] = [
    ("W", 604_800, 0),
    ("D", 86_400, 0),
    ("h", 3_600, 0),
    ("m", 60, 0),
    ("s", 1, 0),
    ("ms", 1, 3),
    ("us", 1, 6),
    ("ns", 1, 9),
    ("ps", 1, 12),
    ("fs", 1, 15),
    ("as", 1, 18),
];

/// Returns what is written for a scalar. Without the special cases, `item()` returns the number of nanoseconds for a time, and digits that
/// nobody wrote for a float of 32 bits.
pub(super) fn scalar_value<'py>(scalar: &Bound<'py, PyAny>) -> Result<Substitute<'py>> {
    let dtype = scalar.getattr("dtype")?;
    let kind: char = dtype.getattr("kind")?.extract()?;
    let item = match kind {
        'M' => moment_text(scalar)?,
        'm' => duration(scalar)?,
        'f' => float(scalar, dtype.getattr("itemsize")?.extract()?)?,
        'V' => match dtype.getattr("names")?.cast::<PyTuple>() {
            Ok(names) => {
                let fields = names.iter().map(|name| Ok((name.clone(), scalar.get_item(name)?)));
                return Ok(Substitute::Fields(collect_results(fields)?));
            }
            Err(_) => scalar.call_method0("item")?,
        },
        _ => scalar.call_method0("item")?,
    };
    Ok(Substitute::Object(item))
}

/// Returns the contents of an array as a list, or as its elements if those need the rules for scalars.
pub(super) fn array_contents<'py>(array: &Bound<'py, PyAny>) -> Result<Substitute<'py>> {
    let dtype = array.getattr("dtype")?;
    let kind: char = dtype.getattr("kind")?.extract()?;
    let is_plain = "biuUO".contains(kind) || kind == 'f' && dtype.getattr("itemsize")?.extract::<usize>()? == 8;
    let is_single = array.getattr("ndim")?.extract::<usize>()? == 0;
    if !is_plain && !is_single {
        return Substitute::elements_of(array);
    }
    let contents = array.call_method0("tolist")?;
    // A masked element is None.
    if is_plain || contents.is_none() {
        return Ok(Substitute::Object(contents));
    }
    Ok(Substitute::Object(array.get_item(PyTuple::empty(array.py()))?))
}

/// Returns a float of fewer than 64 bits by its shortest digits, and one of more bits as the nearest of 64.
fn float<'py>(scalar: &Bound<'py, PyAny>, bytes: usize) -> Result<Bound<'py, PyAny>> {
    if bytes < 8 {
        return Ok(scalar.py().get_type::<PyFloat>().call1((str_of(scalar)?,))?);
    }
    Ok(scalar.call_method0("__float__")?)
}

/// Returns a `datetime64` as ISO 8601 text, and `NaT` as None.
fn moment_text<'py>(moment: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
    let item = moment.call_method0("item")?;
    if item.is_none() {
        return Ok(item);
    }
    if let Some(isoformat) = item.getattr_opt("isoformat")? {
        return Ok(isoformat.call0()?);
    }
    // The item is an int: the time has digits that `datetime` lacks, or a year that it cannot represent.
    let text = str_of(moment)?;
    let text = text.to_cow()?;
    let shortened = match text.split_once('.') {
        Some((seconds, fraction)) => match fraction.trim_end_matches('0') {
            "" => seconds.to_owned(),
            digits => format!("{seconds}.{digits:0<6}"),
        },
        None => text.into_owned(),
    };
    Ok(PyString::new(moment.py(), &shortened).into_any())
}

/// Returns a `timedelta64` as ISO 8601 text, `NaT` as None, and one without a unit as its number.
fn duration<'py>(delta: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
    let py = delta.py();
    let item = delta.call_method0("item")?;
    if item.is_none() {
        return Ok(item);
    }
    let (unit, per_count): (String, i128) =
        numpy(delta)?.call_method1("datetime_data", (delta.getattr("dtype")?,))?.extract()?;
    let count = delta.call_method1("view", ("int64",))?.extract::<i128>()? * per_count;
    let text = match UNITS.iter().find(|(known, ..)| *known == unit) {
        Some((_, seconds, digits)) => iso_duration(count * seconds, *digits),
        // Years and months have no fixed length.
        None if unit == "Y" || unit == "M" => {
            format!("{}P{}{unit}", if count < 0 { "-" } else { "" }, count.unsigned_abs())
        }
        None => return Ok(item),
    };
    Ok(PyString::new(py, &text).into_any())
}

/// Returns the module of a scalar.
fn numpy<'py>(scalar: &Bound<'py, PyAny>) -> Result<Bound<'py, PyModule>> {
    Ok(scalar.py().import("numpy")?)
}
