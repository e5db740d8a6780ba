//! Dictionaries with their key rules, lists and tuples.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

#[cfg(not(Py_GIL_DISABLED))]
use super::escape;
use super::scalars::{float_repr, int_repr};
use super::stack::{Frame, Remaining};
use super::writer::Writer;
use crate::cpython::call::{call_user_code, call_user_method};
#[cfg(not(Py_GIL_DISABLED))]
use crate::cpython::items::{borrowed_element, borrowed_entry};
#[cfg(not(Py_GIL_DISABLED))]
use crate::cpython::str::borrowed_utf8;
use crate::error::{Error, Result, type_name};

impl<'py> Writer<'_, 'py> {
    pub(super) fn open_dict(&mut self, dict: &Bound<'py, PyDict>) -> Result<()> {
        self.out.push(b'{');
        let rest = Remaining::of_dict(dict, &mut self.items);
        self.open(dict, rest)
    }

    /// A subclass of dict, by the items that it shows.
    pub(super) fn open_mapping(&mut self, dict: &Bound<'py, PyDict>) -> Result<()> {
        if dict.is_empty() {
            self.raw(b"{}");
            return Ok(());
        }
        let bottom = self.items.len();
        self.open(dict, Remaining::Items(bottom))?;
        // Without the GIL another thread may change the dict at any time: a list is made of its items at once.
        let items = call_user_method(dict, pyo3::intern!(dict.py(), "items"), ())?;
        for item in call_user_code(&dict.py().get_type::<PyList>(), (items,), None)?.try_iter()? {
            self.items.push(item?.extract()?);
        }
        self.items[bottom..].reverse();
        self.out.push(b'{');
        Ok(())
    }

    #[cfg(not(Py_GIL_DISABLED))]
    pub(super) fn open_list(&mut self, list: &Bound<'py, PyList>) -> Result<()> {
        self.out.push(b'[');
        self.open(list, Remaining::List { at: 0, end: list.len() })
    }

    /// As of now, since another thread may change the list at any time.
    #[cfg(Py_GIL_DISABLED)]
    pub(super) fn open_list(&mut self, list: &Bound<'py, PyList>) -> Result<()> {
        self.out.push(b'[');
        self.open(list, Remaining::Tuple { at: 0, tuple: list.to_tuple() })
    }

    pub(super) fn open_tuple(&mut self, tuple: &Bound<'py, PyTuple>) -> Result<()> {
        self.out.push(b'[');
        self.open(tuple, Remaining::Tuple { at: 0, tuple: tuple.clone() })
    }

    /// A subclass of list or tuple, by what iterating over it gives.
    pub(super) fn open_iterable(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        self.out.push(b'[');
        self.open(object, Remaining::Iterator(object.try_iter()?))
    }

    /// Writes what is open to its end, innermost first.
    pub(super) fn finish(&mut self) -> Result<()> {
        while let Some(frame) = self.frames.last_mut() {
            match &mut frame.rest {
                #[cfg(not(Py_GIL_DISABLED))]
                Remaining::DictWriter(position) => {
                    let (position, is_first) = (*position, frame.is_empty);
                    let dict = frame.object.cast::<PyDict>().map_err(PyErr::from)?.clone();
                    self.entries(&dict, position, is_first)?;
                }
                #[cfg(not(Py_GIL_DISABLED))]
                Remaining::List { at, end } => {
                    let (at, end, is_first) = (*at, *end, frame.is_empty);
                    let list = frame.object.cast::<PyList>().map_err(PyErr::from)?.clone();
                    self.elements(&list, at, end, is_first)?;
                }
                Remaining::Items(bottom) => {
                    let bottom = *bottom;
                    self.next_item(bottom)?;
                }
                Remaining::Encoded(answer) => match answer.take() {
                    Some(answer) => self.begin(&answer)?,
                    None => drop(self.frames.pop()),
                },
                Remaining::Tuple { .. } | Remaining::Iterator(_) => self.next_element()?,
            }
        }
        Ok(())
    }

    /// A dict's items while all is plain: up to its end, or to a value that is a container or may run Python code.
    #[cfg(not(Py_GIL_DISABLED))]
    #[expect(unsafe_code, reason = "see borrowed_entry")]
    fn entries(&mut self, dict: &Bound<'py, PyDict>, mut position: isize, mut is_first: bool) -> Result<()> {
        // SAFETY: asking for lent UTF-8, writing it, and writing a constant run no Python code; anything else is owned first.
        while let Some((key, value)) = unsafe { borrowed_entry(dict, &mut position) } {
            let Some(text) = borrowed_utf8(&key) else {
                let (key, value) = (key.to_owned(), value.to_owned());
                return self.uncommon_entry(position, is_first, &key, &value);
            };
            escape::append_key(self.out, text, std::mem::take(&mut is_first));
            if self.constant(&value) {
                continue;
            }
            let value = value.to_owned();
            if !self.plain_text(&value) {
                self.pause(Remaining::DictWriter(position));
                return self.begin_container(&value);
            }
        }
        self.close(b'}');
        Ok(())
    }

    /// An item of a dict whose key is no text that can be written as it is lent.
    #[cfg(not(Py_GIL_DISABLED))]
    #[inline(never)]
    fn uncommon_entry(
        &mut self,
        position: isize,
        is_first: bool,
        key: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
    ) -> Result<()> {
        self.pause(Remaining::DictWriter(position));
        if !is_first {
            self.out.push(b',');
        }
        if !self.plain_text(key) {
            self.snapshot_open_dicts();
            self.uncommon_key(key)?;
        }
        self.out.push(b':');
        self.begin(value)
    }

    /// Notes where the innermost container, no longer empty, goes on.
    #[cfg(not(Py_GIL_DISABLED))]
    fn pause(&mut self, rest: Remaining<'py>) {
        if let Some(frame) = self.frames.last_mut() {
            (frame.rest, frame.is_empty) = (rest, false);
        }
    }

    /// A list's elements while all is plain, as `entries`.
    #[cfg(not(Py_GIL_DISABLED))]
    #[expect(unsafe_code, reason = "see borrowed_element")]
    fn elements(&mut self, list: &Bound<'py, PyList>, mut at: usize, end: usize, mut is_first: bool) -> Result<()> {
        // SAFETY: as in `entries`.
        while at < end
            && let Some(element) = unsafe { borrowed_element(list, at) }
        {
            at += 1;
            if !std::mem::take(&mut is_first) {
                self.out.push(b',');
            }
            if self.constant(&element) {
                continue;
            }
            let element = element.to_owned();
            if !self.plain_text(&element) {
                self.pause(Remaining::List { at, end });
                return self.begin_container(&element);
            }
        }
        self.close(b']');
        Ok(())
    }

    fn next_item(&mut self, bottom: usize) -> Result<()> {
        if self.items.len() == bottom {
            self.close(b'}');
            return Ok(());
        }
        let Some((key, value)) = self.items.pop() else { return Ok(()) };
        self.separate();
        if !self.plain_text(&key) {
            self.uncommon_key(&key)?;
        }
        self.out.push(b':');
        self.begin(&value)
    }

    fn next_element(&mut self) -> Result<()> {
        while let Some(frame) = self.frames.last_mut() {
            let Some(element) = frame.next_element()? else { break };
            self.separate();
            if !self.plain_scalar(&element) {
                return self.begin(&element);
            }
        }
        self.close(b']');
        Ok(())
    }

    fn separate(&mut self) {
        let is_first = self.frames.last_mut().is_none_or(|frame| std::mem::take(&mut frame.is_empty));
        if !is_first {
            self.out.push(b',');
        }
    }

    #[cold]
    #[inline(never)]
    fn uncommon_key(&mut self, key: &Bound<'py, PyAny>) -> Result<()> {
        if let Ok(text) = key.cast::<PyString>() {
            return self.text(text);
        }
        self.out.push(b'"');
        if key.is_none() {
            self.raw(b"null");
        } else if let Ok(flag) = key.cast_exact::<PyBool>() {
            self.raw(if flag.is_true() { b"true" } else { b"false" });
        } else if let Ok(number) = key.cast::<PyInt>() {
            self.raw(int_repr(number)?.to_str()?.as_bytes());
        } else if let Ok(number) = key.cast::<PyFloat>() {
            match number.value() {
                f64::INFINITY => self.raw(b"Infinity"),
                f64::NEG_INFINITY => self.raw(b"-Infinity"),
                value if value.is_nan() => self.raw(b"NaN"),
                _ => self.raw(float_repr(number)?.to_str()?.as_bytes()),
            }
        } else {
            return Err(Error::NotJsonKey(type_name(key)));
        }
        self.out.push(b'"');
        Ok(())
    }
}

impl<'py> Frame<'py> {
    fn next_element(&mut self) -> Result<Option<Bound<'py, PyAny>>> {
        let element = match &mut self.rest {
            Remaining::Tuple { at, tuple } => {
                *at += 1;
                tuple.get_item(*at - 1).ok()
            }
            Remaining::Iterator(iterator) => iterator.next().transpose()?,
            _ => None,
        };
        Ok(element)
    }
}
