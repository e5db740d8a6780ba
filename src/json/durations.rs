//! Durations as ISO 8601 text: those of `datetime`, pandas and numpy.

use std::fmt::Write;

use pyo3::prelude::*;

use crate::error::Result;

const SECONDS_PER_DAY: i128 = 86_400;

/// Returns a `timedelta` as ISO 8601 text. That of pandas also has nanoseconds.
pub(super) fn timedelta_text(delta: &Bound<'_, PyAny>) -> Result<String> {
    let part = |name| delta.getattr(name)?.extract::<i128>();
    let seconds = part("days")? * SECONDS_PER_DAY + part("seconds")?;
    let nanoseconds = match delta.getattr_opt("nanoseconds")? {
        Some(nanoseconds) => nanoseconds.extract()?,
        None => 0,
    };
    Ok(iso_duration(seconds * 1_000_000_000 + part("microseconds")? * 1_000 + nanoseconds, 9))
}

/// Returns a count of `10^-digits` seconds as ISO 8601 text, such as `P1DT2H0.5S`.
pub(super) fn iso_duration(count: i128, digits: u32) -> String {
    let mut text = String::from(if count < 0 { "-P" } else { "P" });
    let (count, per_second) = (count.unsigned_abs(), 10_u128.pow(digits));
    let (seconds, fraction) = (count / per_second, count % per_second);
    let (days, seconds) = (seconds / 86_400, seconds % 86_400);
    if days > 0 {
        push(&mut text, days, 'D');
    }
    if days == 0 || seconds > 0 || fraction > 0 {
        text.push('T');
    }
    for (number, unit) in [(seconds / 3_600, 'H'), (seconds / 60 % 60, 'M')] {
        if number > 0 {
            push(&mut text, number, unit);
        }
    }
    if fraction > 0 {
        let width = digits as usize;
        let decimals = format!("{fraction:0width$}");
        // Writing to a string cannot fail.
        let _ = write!(text, "{}.{}S", seconds % 60, decimals.trim_end_matches('0'));
    } else if seconds % 60 > 0 || text.ends_with('T') {
        push(&mut text, seconds % 60, 'S');
    }
    text
}

fn push(text: &mut String, number: u128, unit: char) {
    // Writing to a string cannot fail.
    let _ = write!(text, "{number}{unit}");
}
