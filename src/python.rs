//! The Python side by name: its classes, modules and functions, each looked up once.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::exceptions::PyAttributeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyBytes, PyDict, PyInt, PyModule, PyString};

use crate::dict_version::{is_still, version_of};
use crate::json::{Lossy, Writer};
use crate::kept_function::KeptFunction;
use crate::{base64, event_id, panics};

/// What `find` finds, kept for ever. It runs Python code, which may come back here: no lock is held meanwhile.
pub fn found_once<'py, T>(
    kept: &'py PyOnceLock<Py<T>>,
    py: Python<'py>,
    find: impl FnOnce() -> PyResult<Bound<'py, T>>,
) -> PyResult<&'py Bound<'py, T>> {
    if let Some(found) = kept.get(py) {
        return Ok(found.bind(py));
    }
    let found = find()?.unbind();
    Ok(kept.get_or_init(py, || found).bind(py))
}

/// The class Payload.
pub fn payload_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    found_once(&CLASS, py, || py.import("snowplow_tracker.payload")?.getattr("Payload"))
}

/// The class Subject.
pub fn subject_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    found_once(&CLASS, py, || py.import("snowplow_tracker.subject")?.getattr("Subject"))
}

/// The module `snowplow_tracker.tracker`, whose `time` and `uuid` users may replace.
pub fn tracker_module(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    found_once(&MODULE, py, || py.import("snowplow_tracker.tracker"))
}

/// Its namespace.
fn tracker_namespace(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    static NAMESPACE: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    found_once(&NAMESPACE, py, || Ok(tracker_module(py)?.dict()))
}

/// A Python text of ASCII characters.
#[cfg(not(any(feature = "abi3", Py_3_14)))]
#[expect(unsafe_code, reason = "decoding an event's id takes a thirtieth of track()")]
pub fn ascii<'py, const N: usize>(py: Python<'py>, characters: &[u8; N]) -> PyResult<Bound<'py, PyString>> {
    debug_assert!(characters.is_ascii());
    // SAFETY: the text is new, known to nobody else, and has room for N characters of one byte, none of them above 127.
    unsafe {
        let text: Bound<'py, PyAny> = Bound::from_owned_ptr_or_err(py, ffi::PyUnicode_New(N.cast_signed(), 127))?;
        ffi::PyUnicode_1BYTE_DATA(text.as_ptr()).copy_from_nonoverlapping(characters.as_ptr(), N);
        Ok(text.cast_into_unchecked())
    }
}

/// A Python text of ASCII characters.
#[cfg(any(feature = "abi3", Py_3_14))]
pub fn ascii<'py, const N: usize>(py: Python<'py>, characters: &[u8; N]) -> PyResult<Bound<'py, PyString>> {
    PyString::from_bytes(py, characters)
}

/// The UTF-8 of an exact `str`, where it can be had without running Python code; None of anything else.
#[inline]
pub fn lent_utf8<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a [u8]> {
    let text = object.cast_exact::<PyString>().ok()?;
    kept_utf8(text).or_else(|| if has_no_surrogates(text) { utf8_of_any(text) } else { None })
}

/// Whether all characters are below 256. To encode others may raise an exception, or call what a program registered in its place.
#[cfg(not(feature = "abi3"))]
#[expect(unsafe_code, reason = "there is no safe way to ask")]
fn has_no_surrogates(text: &Bound<'_, PyString>) -> bool {
    // SAFETY: the object is a live text.
    unsafe { ffi::PyUnicode_KIND(text.as_ptr()) == ffi::PyUnicode_1BYTE_KIND }
}

/// Nobody can tell.
#[cfg(feature = "abi3")]
fn has_no_surrogates(_text: &Bound<'_, PyString>) -> bool {
    false
}

/// A Python text as UTF-8; None where it has lone surrogates: the exception that says so may start a garbage collection.
#[inline]
pub fn utf8<'a>(text: &'a Bound<'_, PyString>) -> Option<&'a [u8]> {
    kept_utf8(text).or_else(|| utf8_of_any(text))
}

#[inline(never)]
fn utf8_of_any<'a>(text: &'a Bound<'_, PyString>) -> Option<&'a [u8]> {
    text.to_str().ok().map(str::as_bytes)
}

/// The UTF-8 that a text has already: of ASCII characters alone, or asked before.
#[cfg(not(any(feature = "abi3", Py_3_14)))]
#[inline]
#[expect(
    unsafe_code,
    reason = "asking for UTF-8 that is there takes a twentieth of writing JSON, a quarter beyond ASCII"
)]
fn kept_utf8<'a>(text: &'a Bound<'_, PyString>) -> Option<&'a [u8]> {
    let text = text.as_ptr();
    // SAFETY: the object is a live text, which never changes. One of ASCII characters alone, each a byte, is its own UTF-8; any other
    // begins as a PyCompactUnicodeObject and keeps the UTF-8 that it once made for as long as it lives.
    unsafe {
        if ffi::PyUnicode_IS_COMPACT_ASCII(text) != 0 {
            let length = ffi::PyUnicode_GET_LENGTH(text).unsigned_abs();
            return Some(std::slice::from_raw_parts(ffi::PyUnicode_1BYTE_DATA(text), length));
        }
        let text = text.cast::<ffi::PyCompactUnicodeObject>();
        let (utf8, length) = ((*text).utf8.cast::<u8>(), (*text).utf8_length.unsigned_abs());
        // Without the GIL another thread may be making it.
        (!utf8.is_null() && cfg!(not(Py_GIL_DISABLED))).then(|| std::slice::from_raw_parts(utf8, length))
    }
}

/// The UTF-8 that a text has already, which this interpreter does not tell.
#[cfg(any(feature = "abi3", Py_3_14))]
fn kept_utf8<'a>(_text: &'a Bound<'_, PyString>) -> Option<&'a [u8]> {
    None
}

/// An int that fits; None where it does not. `extract` would raise an exception for that, which may start a garbage collection.
#[inline]
#[expect(unsafe_code, reason = "there is no safe way to ask without an exception")]
pub fn small_int(number: &Bound<'_, PyInt>) -> Option<i64> {
    let mut overflow = 0;
    // SAFETY: the object is a live int, for which this sets no exception.
    let number = unsafe { ffi::PyLong_AsLongLongAndOverflow(number.as_ptr(), &raw mut overflow) };
    (overflow == 0).then_some(number)
}

/// The compact JSON text of an object in UTF-8, by the one writer of this package.
#[pyfunction]
#[pyo3(signature = (obj, json_encoder=None))]
pub fn dumps<'py>(obj: &Bound<'py, PyAny>, json_encoder: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(obj.py(), &json_bytes(obj, json_encoder)?))
}

/// The same as URL-safe base64 with padding.
#[pyfunction]
#[pyo3(signature = (obj, json_encoder=None))]
pub fn b64<'py>(obj: &Bound<'py, PyAny>, json_encoder: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyString>> {
    let json = json_bytes(obj, json_encoder)?;
    let mut encoded = Vec::new();
    base64::append(&mut encoded, &json);
    PyString::from_bytes(obj.py(), &encoded)
}

/// The compact JSON text of an object in UTF-8.
pub fn json_bytes<'py>(obj: &Bound<'py, PyAny>, json_encoder: Option<&Bound<'py, PyAny>>) -> PyResult<Vec<u8>> {
    panics::guarded(|| {
        let mut out = Vec::new();
        let mut lossy = Lossy::default();
        Writer::new(&mut out, json_encoder, &mut lossy).write(obj)?;
        warn_of_loss(obj.py(), lossy)?;
        Ok(out)
    })
}

/// Reseeds the generators of event ids. Must be called in a forked child, or it would draw the same ids as its parent.
#[pyfunction]
pub fn reseed_event_ids() {
    event_id::reseed();
}

/// Logs what JSON could not say, if there was any.
pub fn warn_of_loss(py: Python<'_>, lossy: Lossy) -> PyResult<()> {
    if lossy.non_finite + lossy.surrogates > 0 {
        tracker_module(py)?.call_method1("_warn_of_loss", (lossy.non_finite, lossy.surrogates))?;
    }
    Ok(())
}

/// The clock as Python shows it: freezegun replaces `time.time`, time-machine changes it in place, tests patch either module.
pub fn now(py: Python<'_>) -> PyResult<f64> {
    static CLOCK: KeptFunction = KeptFunction::new();
    CLOCK.call0(tracker_module(py)?, tracker_namespace(py)?, pyo3::intern!(py, "time"))?.extract()
}

/// An attribute, straight out of the dict where the object is a module that has it.
pub fn module_attribute<'py>(object: &Bound<'py, PyAny>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    if let Ok(module) = object.cast_exact::<PyModule>()
        && let Some(value) = module.dict().get_item(name)?
    {
        return Ok(value);
    }
    object.getattr(name)
}

/// `uuid.uuid4`, where a program has replaced it.
pub fn replaced_uuid4(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    static UNPATCHED: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];
    let (namespace, modules) = (tracker_namespace(py)?, modules(py)?);
    // No module uuid was seen yet where there is no third one.
    let of_uuid = GENUINE_UUID4.get(py).map(|(_, namespace)| namespace.bind(py));
    let dicts = [Some(namespace), Some(modules), of_uuid];
    let mut known = dicts.into_iter().zip(&UNPATCHED);
    if known.all(|(dict, version)| dict.is_none_or(|dict| is_still(dict, version.load(Ordering::Relaxed)))) {
        return Ok(None);
    }
    let versions = dicts.map(|dict| dict.map_or(0, |dict| with_critical_section(dict, || version_of(dict))));
    let name = pyo3::intern!(py, "uuid");
    let module = namespace.get_item(name)?.map_or_else(|| modules.get_item(name), |module| Ok(Some(module)))?;
    if let Some(module) = &module {
        // A thread that imports the module may be in the middle of that.
        let uuid4 = match module_attribute(module, pyo3::intern!(py, "uuid4")) {
            Err(error) if error.is_instance_of::<PyAttributeError>(py) => return Ok(None),
            uuid4 => uuid4?,
        };
        if !is_the_library_s_uuid4(&uuid4, module)? {
            return Ok(Some(uuid4));
        }
    }
    // What stands in the module's place has no version.
    if module.is_none_or(|module| is_the_library_s_module(&module)) {
        for (known, version) in UNPATCHED.iter().zip(versions) {
            known.store(version, Ordering::Relaxed);
        }
    }
    Ok(None)
}

fn modules(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    static MODULES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    found_once(&MODULES, py, || Ok(py.import("sys")?.getattr("modules")?.cast_into()?))
}

/// The standard library's own function, with the namespace that it was made in.
static GENUINE_UUID4: PyOnceLock<(Py<PyAny>, Py<PyDict>)> = PyOnceLock::new();

/// The function that the standard library defines is known by the module that it was made in, and from then on by its identity.
fn is_the_library_s_uuid4(uuid4: &Bound<'_, PyAny>, module: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = uuid4.py();
    if let Some((genuine, _)) = GENUINE_UUID4.get(py) {
        return Ok(uuid4.is(genuine));
    }
    let Ok(module) = module.cast::<PyModule>() else { return Ok(false) };
    let is_genuine = uuid4.get_type().name()? == "function"
        && module.name().is_ok_and(|name| name == "uuid")
        && uuid4.getattr("__globals__")?.is(module.dict());
    if is_genuine {
        let _ = GENUINE_UUID4.set(py, (uuid4.clone().unbind(), module.dict().unbind()));
    }
    Ok(is_genuine)
}

fn is_the_library_s_module(module: &Bound<'_, PyAny>) -> bool {
    let genuine = GENUINE_UUID4.get(module.py());
    module
        .cast_exact::<PyModule>()
        .is_ok_and(|module| genuine.is_some_and(|(_, namespace)| module.dict().is(namespace)))
}
