//! Functions of CPython that PyO3 does not declare.

/// Declares functions of CPython. On Windows, they come from the DLL of the version, as those that PyO3 declares.
macro_rules! extern_python {
    ($($declarations:tt)*) => {
        #[cfg_attr(all(windows, not(Py_3_11)), link(name = "python310", kind = "raw-dylib"))]
        #[cfg_attr(all(windows, Py_3_11, not(Py_3_12)), link(name = "python311", kind = "raw-dylib"))]
        #[cfg_attr(all(windows, Py_3_12, not(Py_3_13)), link(name = "python312", kind = "raw-dylib"))]
        #[cfg_attr(
            all(windows, Py_3_13, not(Py_3_14), not(Py_GIL_DISABLED)),
            link(name = "python313", kind = "raw-dylib")
        )]
        #[cfg_attr(all(windows, Py_3_13, not(Py_3_14), Py_GIL_DISABLED), link(name = "python313t", kind = "raw-dylib"))]
        #[cfg_attr(
            all(windows, Py_3_14, not(Py_3_15), not(Py_GIL_DISABLED)),
            link(name = "python314", kind = "raw-dylib")
        )]
        #[cfg_attr(all(windows, Py_3_14, not(Py_3_15), Py_GIL_DISABLED), link(name = "python314t", kind = "raw-dylib"))]
        #[cfg_attr(all(windows, Py_3_15, not(Py_GIL_DISABLED)), link(name = "python315", kind = "raw-dylib"))]
        #[cfg_attr(all(windows, Py_3_15, Py_GIL_DISABLED), link(name = "python315t", kind = "raw-dylib"))]
        unsafe extern "C" {
            $($declarations)*
        }
    };
}

pub(crate) use extern_python;
