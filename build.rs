//! Sets the cfg flags of PyO3 (`Py_3_14`, `Py_GIL_DISABLED`, ...) for this crate.

fn main() {
    #[cfg(feature = "python")]
    pyo3_build_config::use_pyo3_cfgs();
}
