//! Times of usual lines in milliseconds since 1970: numbers of milliseconds, and ISO 8601 in its common forms.

/// Smaller numbers are seconds: see `bulk/times.py`.
const LEAST_MILLISECONDS: u64 = 100_000_000_000;
/// The last millisecond of the year 9999.
const LATEST: i64 = 253_402_300_799_999;
/// The first one of the year 1.
const EARLIEST: i64 = -62_135_596_800_000;
const MILLISECONDS_OF_DAY: i64 = 86_400_000;
const DAYS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Returns the milliseconds that a number says, or `None` if it says something else.
pub fn of_number(number: u64) -> Option<i64> {
    let milliseconds = i64::try_from(number).ok()?;
    (number >= LEAST_MILLISECONDS && milliseconds <= LATEST).then_some(milliseconds)
}

/// Returns the time of `2024-05-01T08:30:00.123Z`, with a space for `T`, without the fraction, with an offset or nothing for `Z`.
/// `None` for any other text.
pub fn of_text(text: &str) -> Option<i64> {
    let (head, mut rest) = text.as_bytes().split_first_chunk::<19>()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b' ', h1, h2, b':', n1, n2, b':', s1, s2] = *head else {
        return None;
    };
    let (year, month, day) = (two(y1, y2)? * 100 + two(y3, y4)?, two(m1, m2)?, two(d1, d2)?);
    let (hour, minute, second) = (two(h1, h2)?, two(n1, n2)?, two(s1, s2)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut fraction = 0;
    if let Some(digits) = rest.strip_prefix(b".") {
        let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digit = |place: usize| if place < length { i64::from(digits[place] - b'0') } else { 0 };
        if length == 0 {
            return None;
        }
        fraction = (digit(0) * 10 + digit(1)) * 10 + digit(2);
        rest = &digits[length..];
    }
    let days = days_since_1970(year, month, day)?;
    let of_day = ((hour * 60 + minute) * 60 + second) * 1000 + fraction;
    let time = days * MILLISECONDS_OF_DAY + of_day - offset(rest)?;
    (EARLIEST..=LATEST).contains(&time).then_some(time)
}

fn offset(text: &[u8]) -> Option<i64> {
    let (sign, hours, minutes) = match *text {
        [] | [b'Z'] => (1, 0, 0),
        [b'+', h1, h2, b':', m1, m2] => (1, two(h1, h2)?, two(m1, m2)?),
        [b'-', h1, h2, b':', m1, m2] => (-1, two(h1, h2)?, two(m1, m2)?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
}

fn two(tens: u8, units: u8) -> Option<i64> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    Some(digit(tens)? * 10 + digit(units)?)
}

fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let before = DAYS.get(..usize::try_from(month - 1).ok()?)?;
    let of_month = DAYS.get(before.len())? + i64::from(is_leap && month == 2);
    if year < 1 || !(1..=of_month).contains(&day) {
        return None;
    }
    let years = year - 1;
    let leap_days = years / 4 - years / 100 + years / 400 + i64::from(is_leap && month > 2);
    Some((year - 1970) * 365 + leap_days - 477 + before.iter().sum::<i64>() + day - 1)
}

#[cfg(test)]
mod tests {
    use super::{EARLIEST, LATEST, of_number, of_text};

    #[test]
    fn numbers_of_milliseconds() {
        for number in [100_000_000_000, 1_714_550_400_000, 253_402_300_799_999] {
            assert_eq!(of_number(number).map(i64::cast_unsigned), Some(number));
        }
        for number in [0, 99_999_999_999, 253_402_300_800_000, u64::MAX] {
            assert_eq!(of_number(number), None);
        }
    }

    #[test]
    fn texts() {
        for (text, milliseconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01 00:00:00", 0),
            ("1970-01-01 00:00:00.1", 100),
            ("1970-01-01 00:00:00.0123456789", 12),
            ("1969-12-31T23:59:59.999Z", -1),
            ("1969-12-31T23:59:59.999001Z", -1),
            ("2024-02-29T12:00:00.123456+00:00", 1_709_208_000_123),
            ("2024-03-01T00:00:00+05:30", 1_709_231_400_000),
            ("2024-03-01T00:00:00-05:30", 1_709_271_000_000),
            ("2000-03-01T00:00:00", 951_868_800_000),
            ("1900-03-01T00:00:00", -2_203_891_200_000),
            ("0001-01-01T00:00:00", EARLIEST),
            ("9999-12-31T23:59:59.999Z", LATEST),
        ] {
            assert_eq!(of_text(text), Some(milliseconds), "{text}");
        }
        for text in [
            "",
            "2024-05-01",
            "2024-05-01T08:30",
            "2024-05-01T08:30:00.",
            "2024-05-01T08:30:00.Z",
            "2024-05-01T08:30:00,123",
            "2024-05-01T08:30:00z",
            "2024-05-01T08:30:00+0000",
            "2024-05-01T08:30:00+24:00",
            "2024-05-01T08:30:00Z ",
            "2024-05-01T24:00:00Z",
            "2024-05-01T08:30:60Z",
            "2023-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-04-31T00:00:00Z",
            "2024-04-00T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "٢٠٢٤-05-01T00:00:00Z",
        ] {
            assert_eq!(of_text(text), None, "{text}");
        }
    }
}
