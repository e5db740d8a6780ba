//! A module's function under a name of the same text, `time.time`. While it is one written in C, it is looked up anew only where one of
//! the namespaces has changed.

use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyCFunction, PyDict, PyModule, PyString};

use crate::dict_version::{is_still, version_of};
use crate::program_code::call;
use crate::python::module_attribute;
use crate::shared::Shared;

/// The function as of the last time that it was looked up.
pub struct KeptFunction {
    kept: Shared<Kept>,
}

struct Kept {
    function: Py<PyAny>,
    /// The version of the namespace where the module was found.
    outer: u64,
    /// The module's own namespace, and its version.
    namespace: Py<PyDict>,
    inner: u64,
}

impl KeptFunction {
    /// Not looked up yet.
    pub const fn new() -> Self {
        Self { kept: Shared::new() }
    }

    /// Calls the function of that name in the module of that name in another module, whose namespace is `outer`.
    pub fn call0<'py>(
        &self,
        of: &Bound<'py, PyModule>,
        outer: &Bound<'py, PyDict>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = of.py();
        match self.kept.load(py).get() {
            Some(kept) if kept.is_unchanged(outer) => kept.function.bind(py).call0(),
            _ => call(&self.look_up(of, outer, name)?, (), None),
        }
    }

    fn look_up<'py>(
        &self,
        of: &Bound<'py, PyModule>,
        outer: &Bound<'py, PyDict>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        // Without the GIL: what changes from here on leaves the versions out of date.
        let outer = with_critical_section(outer, || version_of(outer));
        let module = module_attribute(of, name)?;
        let namespace = module.cast_exact::<PyModule>().ok().map(PyModuleMethods::dict);
        let inner =
            namespace.as_ref().map_or(0, |namespace| with_critical_section(namespace, || version_of(namespace)));
        let function = module_attribute(&module, name)?;
        if let Some(namespace) = namespace
            && outer != 0
            && inner != 0
            && function.is_exact_instance_of::<PyCFunction>()
            && namespace.get_item(name)?.is_some_and(|own| own.is(&function))
        {
            let kept = Kept { function: function.clone().unbind(), outer, namespace: namespace.unbind(), inner };
            self.kept.replace(of.py(), kept);
        }
        Ok(function)
    }
}

impl Kept {
    fn is_unchanged(&self, outer: &Bound<'_, PyDict>) -> bool {
        is_still(outer, self.outer) && is_still(self.namespace.bind(outer.py()), self.inner)
    }
}
