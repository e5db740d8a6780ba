//! Dictionaries with their key rules, lists and tuples.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::{Writer, scalars};
use crate::error::{Error, Result, type_name};

impl<'py> Writer<'_, 'py> {
    pub(super) fn dict(&mut self, dict: &Bound<'py, PyDict>) -> Result<()> {
        self.guard.enter(dict)?;
        let bottom = self.items.len();
        self.items.extend(dict.iter());
        self.object(bottom)?;
        self.guard.leave();
        Ok(())
    }

    /// A subclass of dict, by the items that it shows.
    pub(super) fn mapping(&mut self, dict: &Bound<'py, PyDict>) -> Result<()> {
        self.guard.enter(dict)?;
        let bottom = self.items.len();
        for item in dict.call_method0(pyo3::intern!(dict.py(), "items"))?.try_iter()? {
            self.items.push(item?.extract()?);
        }
        self.object(bottom)?;
        self.guard.leave();
        Ok(())
    }

    /// Writes the items above `bottom` as an object.
    fn object(&mut self, bottom: usize) -> Result<()> {
        self.items[bottom..].reverse();
        self.out.push(b'{');
        let mut first = true;
        while self.items.len() > bottom {
            let Some((key, value)) = self.items.pop() else { break };
            if !first {
                self.out.push(b',');
            }
            first = false;
            self.key(&key)?;
            self.out.push(b':');
            self.write(&value)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn key(&mut self, key: &Bound<'py, PyAny>) -> Result<()> {
        if let Ok(text) = key.cast::<PyString>() {
            return self.text(text);
        }
        self.out.push(b'"');
        if key.is_none() {
            self.raw(b"null");
        } else if let Ok(flag) = key.cast_exact::<PyBool>() {
            self.raw(if flag.is_true() { b"true" } else { b"false" });
        } else if let Ok(number) = key.cast::<PyInt>() {
            self.raw(scalars::int_repr(number)?.to_str()?.as_bytes());
        } else if let Ok(number) = key.cast::<PyFloat>() {
            self.raw(scalars::float_repr(number)?.to_str()?.as_bytes());
        } else {
            return Err(Error::NotJsonKey(type_name(key)));
        }
        self.out.push(b'"');
        Ok(())
    }

    /// A list, at most as long as it was when its writing began: an encoder may let it grow meanwhile.
    pub(super) fn list(&mut self, list: &Bound<'py, PyList>) -> Result<()> {
        self.guard.enter(list)?;
        self.array(list.iter().map(Ok))?;
        self.guard.leave();
        Ok(())
    }

    pub(super) fn tuple(&mut self, tuple: &Bound<'py, PyTuple>) -> Result<()> {
        self.guard.enter(tuple)?;
        self.array(tuple.iter().map(Ok))?;
        self.guard.leave();
        Ok(())
    }

    /// A subclass of list or tuple, by what iterating over it gives.
    pub(super) fn iterable(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        self.guard.enter(object)?;
        self.array(object.try_iter()?)?;
        self.guard.leave();
        Ok(())
    }

    fn array(&mut self, items: impl Iterator<Item = PyResult<Bound<'py, PyAny>>>) -> Result<()> {
        self.out.push(b'[');
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.write(&item?)?;
        }
        self.out.push(b']');
        Ok(())
    }
}
