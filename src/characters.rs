//! The characters of a string, as CPython stores them.

/// The characters of a string.
#[derive(Clone, Copy)]
pub enum Characters<'a> {
    /// In UTF-8.
    Utf8(&'a [u8]),
    /// One byte each: Latin-1.
    One(&'a [u8]),
    /// Two bytes each.
    Two(&'a [u16]),
    /// Four bytes each.
    Four(&'a [u32]),
    /// Not readable without running Python code.
    Unknown,
}
