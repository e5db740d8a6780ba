//! A module's function under a name of the same text, `time.time`, looked up anew only where one of the namespaces has changed.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule, PyString};

use crate::dict_version::version_of;
use crate::guarded::Guarded;
use crate::python::attribute;

/// The function as of the last time that it was looked up.
pub struct KeptFunction {
    kept: Guarded<Option<Kept>>,
}

struct Kept {
    function: Py<PyAny>,
    /// Where the module was found, and the module's own namespace: their versions.
    outer: u64,
    inner: u64,
    module: Py<PyDict>,
}

impl KeptFunction {
    /// Not looked up yet.
    pub const fn new() -> Self {
        Self { kept: Guarded::new(None) }
    }

    /// The function of that name in the module of that name in another module, whose namespace is `outer`.
    pub fn get<'py>(
        &self,
        of: &Bound<'py, PyModule>,
        outer: &Bound<'py, PyDict>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Some(function) = self.unchanged(outer) {
            return Ok(function);
        }
        let module = attribute(of, name)?;
        let function = attribute(&module, name)?;
        if let Ok(module) = module.cast_exact::<PyModule>()
            && version_of(outer) != 0
        {
            let kept = Kept {
                function: function.clone().unbind(),
                outer: version_of(outer),
                inner: version_of(&module.dict()),
                module: module.dict().unbind(),
            };
            drop(self.kept.with(of.py(), |old| old.replace(kept)));
        }
        Ok(function)
    }

    fn unchanged<'py>(&self, outer: &Bound<'py, PyDict>) -> Option<Bound<'py, PyAny>> {
        let (py, version) = (outer.py(), version_of(outer));
        if version == 0 {
            return None;
        }
        self.kept.with(py, |kept| {
            let kept = kept.as_ref()?;
            let is_unchanged = kept.outer == version && kept.inner == version_of(kept.module.bind(py));
            is_unchanged.then(|| kept.function.bind(py).clone())
        })
    }
}
