//! Where in the data an error occurred: computed from the open containers after it has, so that data without errors pays nothing.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use super::escape;
use super::rules::substitute;
use super::stack::{Frame, Remaining, Stack};
use super::substitute::Substitute;
use crate::cpython::call::str_of;
use crate::cpython::items::{Item, collect_results, items};
use crate::cpython::str::utf8;
use crate::error::{Error, MAX_DEPTH, Result};
use crate::output::Output;

/// Longer keys are cut: the place is for people to read.
const MAX_KEY_BYTES: usize = 60;
/// Of more steps than twice this many, those in the middle are left out.
const MAX_STEPS: usize = 12;

/// Adds the place to an error of the writer.
#[cold]
#[inline(never)]
pub(super) fn located<'py>(error: Error, stack: &Stack<'py>, root: &Bound<'py, PyAny>) -> Error {
    if matches!(error, Error::NoMemory) {
        return error;
    }
    let frames = stack.frames();
    let mut steps = Vec::new();
    let mut innermost = Some(root.clone());
    for (index, frame) in frames.iter().enumerate() {
        innermost = None;
        if frame.is_empty || matches!(frame.remaining, Remaining::Replacement(_)) {
            continue;
        }
        let next = frames.get(index + 1).map(|frame| &frame.object);
        match current(frame, next) {
            Some((step, value)) => {
                steps.push(step);
                innermost = value;
            }
            None => steps.push("[?]".to_owned()),
        }
    }
    match error {
        // The place is the dict: its key is what cannot be written.
        Error::NotJsonKey(_) => drop(steps.pop()),
        Error::Circular | Error::TooDeep => {
            if let Some(object) = innermost {
                append_plain_steps(&mut steps, &object, stack, matches!(error, Error::Circular));
            }
        }
        _ => {}
    }
    Error::At(joined(&steps), Box::new(error))
}

fn joined(steps: &[String]) -> String {
    if steps.len() <= 2 * MAX_STEPS {
        return steps.concat();
    }
    format!("{}[...]{}", steps[..MAX_STEPS].concat(), steps[steps.len() - MAX_STEPS..].concat())
}

/// Returns the step to the element that is being written, and the element. `next` is the object of the next frame.
fn current<'py>(frame: &Frame<'py>, next: Option<&Bound<'py, PyAny>>) -> Option<(String, Option<Bound<'py, PyAny>>)> {
    match &frame.remaining {
        Remaining::Items(remaining) => {
            let mut items = items_of(&frame.object).ok()?;
            let index = items.len().checked_sub(remaining.len() + 1)?;
            let (key, value) = items.swap_remove(index);
            Some((key_step(&key), Some(value)))
        }
        #[cfg(not(Py_GIL_DISABLED))]
        Remaining::List { at, list, .. } => {
            let index = at.checked_sub(1)?;
            Some((format!("[{index}]"), list.get_item(index).ok()))
        }
        Remaining::Tuple { at, tuple } => {
            let index = at.checked_sub(1)?;
            Some((format!("[{index}]"), tuple.get_item(index).ok()))
        }
        Remaining::Iterator(_) => {
            let next = next?;
            let index = index_of(next, &frame.object)?;
            Some((format!("[{index}]"), Some(next.clone())))
        }
        Remaining::Replacement(_) => None,
    }
}

/// Returns the items that an object is written as.
fn items_of<'py>(object: &Bound<'py, PyAny>) -> Result<Vec<Item<'py>>> {
    if let Ok(dict) = object.cast::<PyDict>() {
        return Ok(items(dict)?);
    }
    Ok(match substitute(object)? {
        Some(Substitute::Fields(items)) => items,
        _ => Vec::new(),
    })
}

/// Returns where an element is in a subclass of list or tuple.
fn index_of(element: &Bound<'_, PyAny>, object: &Bound<'_, PyAny>) -> Option<usize> {
    match (object.cast::<PyList>(), object.cast::<PyTuple>()) {
        (Ok(list), _) => list.iter().position(|other| other.is(element)),
        (_, Ok(tuple)) => tuple.iter().position(|other| other.is(element)),
        _ => None,
    }
}

fn key_step(key: &Bound<'_, PyAny>) -> String {
    let Ok(text) = key.cast::<PyString>().cloned().or_else(|_| str_of(key)) else { return "[?]".to_owned() };
    let Some(text) = utf8(&text).and_then(|text| std::str::from_utf8(text).ok()) else { return "[?]".to_owned() };
    let is_name = |text: &str| {
        text.starts_with(|first: char| first.is_alphabetic() || first == '_')
            && text.chars().all(|character| character.is_alphanumeric() || character == '_' || character == '-')
    };
    let end = (0..=MAX_KEY_BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    if end == text.len() && is_name(text) {
        return format!(".{text}");
    }
    let mut quoted = Output::new();
    escape::append_string(&mut quoted, &text.as_bytes()[..end]);
    let ellipsis = if end < text.len() { "..." } else { "" };
    format!("[{}{ellipsis}]", String::from_utf8_lossy(&quoted))
}

/// A container on the second walk, with its elements that are not walked yet.
struct Level<'py> {
    object: Bound<'py, PyAny>,
    elements: std::vec::IntoIter<(Step<'py>, Bound<'py, PyAny>)>,
}

enum Step<'py> {
    Key(Bound<'py, PyAny>),
    Index(usize),
}

/// Appends the steps to the container in `root` that contains itself, or is nested too deep. The writer noted no steps there: it writes
/// plain data by recursion.
fn append_plain_steps<'py>(steps: &mut Vec<String>, root: &Bound<'py, PyAny>, stack: &Stack<'py>, is_circular: bool) {
    let is_found = |object: &Bound<'py, PyAny>, levels: &[Level<'py>]| {
        if is_circular {
            stack.contains(object) || levels.iter().any(|level| level.object.is(object))
        } else {
            stack.len() + levels.len() == MAX_DEPTH
        }
    };
    if is_found(root, &[]) {
        return;
    }
    let outer = steps.len();
    let mut levels = vec![Level { object: root.clone(), elements: containers_in(root) }];
    while let Some(level) = levels.last_mut() {
        let Some((step, object)) = level.elements.next() else {
            levels.pop();
            steps.truncate(outer + levels.len().saturating_sub(1));
            continue;
        };
        steps.push(match step {
            Step::Key(key) => key_step(&key),
            Step::Index(index) => format!("[{index}]"),
        });
        if is_found(&object, &levels) {
            return;
        }
        levels.push(Level { elements: containers_in(&object), object });
    }
}

/// Returns the plain containers in a plain container. Without memory for them, none: the place of an error then ends here.
fn containers_in<'py>(object: &Bound<'py, PyAny>) -> std::vec::IntoIter<(Step<'py>, Bound<'py, PyAny>)> {
    let is_container = |element: &Bound<'py, PyAny>| {
        element.is_exact_instance_of::<PyDict>()
            || element.is_exact_instance_of::<PyList>()
            || element.is_exact_instance_of::<PyTuple>()
    };
    let indexed = |(index, element)| Ok((Step::Index(index), element));
    let containers = if let Ok(dict) = object.cast_exact::<PyDict>() {
        let items = items(dict).unwrap_or_default().into_iter();
        collect_results(items.filter(|(_, value)| is_container(value)).map(|(key, value)| Ok((Step::Key(key), value))))
    } else if let Ok(list) = object.cast_exact::<PyList>() {
        collect_results(list.iter().enumerate().filter(|(_, element)| is_container(element)).map(indexed))
    } else if let Ok(tuple) = object.cast_exact::<PyTuple>() {
        collect_results(tuple.iter().enumerate().filter(|(_, element)| is_container(element)).map(indexed))
    } else {
        Ok(Vec::new())
    };
    containers.unwrap_or_default().into_iter()
}
