"""The files of a durable store: how they are created, and which one a descriptor is."""

from __future__ import annotations

import contextlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["create_private", "descriptors_of", "identity_of", "protected"]

_SUFFIXES = ("", "-wal", "-shm")
_PRIVATE = 0o600


def identity_of(path: Path) -> tuple[int, int] | None:
    """Return device and inode of the file at a path, None if there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def create_private(path: Path, like: Path | None = None) -> int:
    """Open a file to read and write. If it is new, only its owner may.

    SQLite creates a database for everybody to read, and `-wal` and `-shm` like the database:
    `findCreateFileMode` in its os_unix.c.

    Args:
        path: Path of the file.
        like: A file whose permissions a new file gets, if it exists: the program may have
            prepared it for a group.

    Returns:
        The descriptor.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
    try:
        file = os.open(path, flags | os.O_EXCL, _PRIVATE)
    except FileExistsError:
        return os.open(path, flags, _PRIVATE)
    if like is not None and hasattr(os, "fchmod"):
        with contextlib.suppress(OSError):
            os.fchmod(file, like.stat().st_mode & 0o666)
    return file


def descriptors_of(path: Path) -> frozenset[int]:
    """Return the descriptors by which this process has a database open, where that is known."""
    files = {identity_of(Path(f"{path}{suffix}")) for suffix in _SUFFIXES} - {None}
    return frozenset(number for number in _open_descriptors() if _identity(number) in files)


@contextmanager
def protected(path: Path, descriptors: frozenset[int]) -> Generator[None]:
    """Keep the program's files from a connection whose descriptors the program has closed.

    SQLite goes on using the numbers of its descriptors, which may be other files' by now:
    https://www.sqlite.org/howtocorrupt.html#_continuing_to_use_a_file_descriptor_after_it_has_been_closed
    Close the connection in this block: meanwhile, the lost descriptors refer to the null device,
    open for reading only, which SQLite can neither lock nor write to.

    Args:
        path: Path of the database.
        descriptors: What `descriptors_of` returned when the connection was new.
    """
    lost = descriptors - descriptors_of(path)
    if not lost:
        yield
        return
    null = os.open(os.devnull, os.O_RDONLY)
    reused = {number for number in lost - {null} if _identity(number) is not None}
    for number in lost - {null} - reused:  # first: a copy must not get one of these numbers
        os.dup2(null, number, inheritable=False)
    saved = {number: (os.dup(number), os.get_inheritable(number)) for number in reused}
    for number in reused:
        os.dup2(null, number, inheritable=False)
    try:
        yield
    finally:
        for number, (copy, is_inheritable) in saved.items():
            os.dup2(copy, number, is_inheritable)
            os.close(copy)
        if null not in lost:
            os.close(null)


def _open_descriptors() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/dev/fd")]  # noqa: PTH208 - names alone
    except (OSError, ValueError):
        return []


def _identity(number: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(number)
    except OSError:
        return None
    return status.st_dev, status.st_ino
