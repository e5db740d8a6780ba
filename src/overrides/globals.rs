//! The clock and the source of event ids, which programs patch: `time.time` and `uuid.uuid4`, as `snowplow_tracker.tracker` sees them.
//!
//! freezegun replaces `time.time`, time-machine changes it in place, and tests patch either the module or the name in
//! `snowplow_tracker.tracker`.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::sync::once::SetOnce;
use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyCFunction, PyDict, PyModule, PyString};

use crate::cpython::call::{call_c_function, call_user_code};
use crate::cpython::dict_version::{is_still, version_of};
use crate::cpython::lookup::{module_attribute, modules, tracker_module, tracker_namespace};
use crate::sync::rcu::Rcu;

static CLOCK: CachedGlobal = CachedGlobal::new();

/// Returns true if `now` is known to call a C function.
#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
pub fn knows_clock(py: Python<'_>) -> bool {
    tracker_namespace(py).is_ok_and(|outer| CLOCK.entry.peek(py, |cached| cached.is_current(outer)) == Some(true))
}

/// Returns the current time as `time.time` shows it.
pub fn now(py: Python<'_>) -> PyResult<f64> {
    CLOCK.call0(tracker_module(py)?, tracker_namespace(py)?, crate::sync::once::intern!(py, "time"))?.extract()
}

/// Caches the lookup of `module.name`, where both have the same name (`time.time`). The cache is dropped when either module's dict
/// changes. Only C functions are cached, since Python functions may be patched in place.
struct CachedGlobal {
    entry: Rcu<CachedFunction>,
}

struct CachedFunction {
    function: Py<PyCFunction>,
    /// The version of the namespace that contains the module.
    outer: u64,
    /// The module's own namespace, and its version.
    namespace: Py<PyDict>,
    inner: u64,
}

impl CachedGlobal {
    const fn new() -> Self {
        Self { entry: Rcu::new() }
    }

    /// Calls the function `name` of the module `name` in the module `parent`, whose namespace is `outer`.
    fn call0<'py>(
        &self,
        parent: &Bound<'py, PyModule>,
        outer: &Bound<'py, PyDict>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = parent.py();
        match self.entry.load(py).get() {
            Some(cached) if cached.is_current(outer) => call_c_function(cached.function.bind(py)),
            _ => call_user_code(&self.look_up(parent, outer, name)?, (), None),
        }
    }

    fn look_up<'py>(
        &self,
        parent: &Bound<'py, PyModule>,
        outer: &Bound<'py, PyDict>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        // Both versions are read before the values, so a change made meanwhile by another thread makes them outdated.
        let outer = with_critical_section(outer, || version_of(outer));
        let module = module_attribute(parent, name)?;
        let namespace = module.cast_exact::<PyModule>().ok().map(PyModuleMethods::dict);
        let inner =
            namespace.as_ref().map_or(0, |namespace| with_critical_section(namespace, || version_of(namespace)));
        let function = module_attribute(&module, name)?;
        if let Some(namespace) = namespace
            && outer != 0
            && inner != 0
            && let Ok(c_function) = function.cast_exact::<PyCFunction>()
            && namespace.get_item(name)?.is_some_and(|own| own.is(&function))
        {
            let cached =
                CachedFunction { function: c_function.clone().unbind(), outer, namespace: namespace.unbind(), inner };
            self.entry.replace(parent.py(), cached);
        }
        Ok(function)
    }
}

impl CachedFunction {
    fn is_current(&self, outer: &Bound<'_, PyDict>) -> bool {
        is_still(outer, self.outer) && is_still(self.namespace.bind(outer.py()), self.inner)
    }
}

/// The versions of the dicts that lead to `uuid.uuid4`, when it was last seen to be the original.
static UNPATCHED: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];

/// Returns the namespace that names `uuid`, `sys.modules`, and the namespace of the module: `None` as long as it was not seen.
fn dicts_to_uuid4(py: Python<'_>) -> PyResult<[Option<&Bound<'_, PyDict>>; 3]> {
    let of_uuid = STDLIB_UUID4.get(py).map(|(_, namespace)| namespace.bind(py));
    Ok([Some(tracker_namespace(py)?), Some(modules(py)?), of_uuid])
}

fn are_unchanged(dicts: [Option<&Bound<'_, PyDict>>; 3]) -> bool {
    let mut known = dicts.into_iter().zip(&UNPATCHED);
    known.all(|(dict, version)| dict.is_none_or(|dict| is_still(dict, version.load(Ordering::Relaxed))))
}

/// Returns true if `replaced_uuid4` is known to return `None`.
#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
pub fn knows_uuid4(py: Python<'_>) -> bool {
    dicts_to_uuid4(py).is_ok_and(are_unchanged)
}

/// Returns `uuid.uuid4` if a program has replaced it.
pub fn replaced_uuid4(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    let dicts = dicts_to_uuid4(py)?;
    if are_unchanged(dicts) {
        return Ok(None);
    }
    let (namespace, modules) = (tracker_namespace(py)?, modules(py)?);
    let versions = dicts.map(|dict| dict.map_or(0, |dict| with_critical_section(dict, || version_of(dict))));
    let name = crate::sync::once::intern!(py, "uuid");
    let module = namespace.get_item(name)?.map_or_else(|| modules.get_item(name), |module| Ok(Some(module)))?;
    if let Some(module) = &module {
        // The attribute is missing while another thread is importing the module.
        let uuid4 = match module_attribute(module, crate::sync::once::intern!(py, "uuid4")) {
            Err(error) if error.is_instance_of::<PyAttributeError>(py) => return Ok(None),
            uuid4 => uuid4?,
        };
        if !is_stdlib_uuid4(&uuid4, module)? {
            return Ok(Some(uuid4));
        }
    }
    // An object that replaces the module has no version.
    if module.is_none_or(|module| is_stdlib_module(&module)) {
        for (known, version) in UNPATCHED.iter().zip(versions) {
            known.store(version, Ordering::Relaxed);
        }
    }
    Ok(None)
}

/// `uuid.uuid4` of the standard library, and the namespace of its module.
static STDLIB_UUID4: SetOnce<(Py<PyAny>, Py<PyDict>)> = SetOnce::new();

/// Returns true if a function is `uuid.uuid4` of the standard library. It is recognised by its `__globals__` the first time, and by its
/// identity from then on.
fn is_stdlib_uuid4(uuid4: &Bound<'_, PyAny>, module: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = uuid4.py();
    if let Some((original, _)) = STDLIB_UUID4.get(py) {
        return Ok(uuid4.is(original));
    }
    let Ok(module) = module.cast::<PyModule>() else { return Ok(false) };
    let is_original = uuid4.get_type().name()? == "function"
        && module.name().is_ok_and(|name| name == "uuid")
        && uuid4.getattr("__globals__")?.is(module.dict());
    if is_original {
        let _ = STDLIB_UUID4.set(py, (uuid4.clone().unbind(), module.dict().unbind()));
    }
    Ok(is_original)
}

fn is_stdlib_module(module: &Bound<'_, PyAny>) -> bool {
    let original = STDLIB_UUID4.get(module.py());
    module
        .cast_exact::<PyModule>()
        .is_ok_and(|module| original.is_some_and(|(_, namespace)| module.dict().is(namespace)))
}
