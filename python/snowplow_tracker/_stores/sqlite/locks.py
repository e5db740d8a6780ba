"""Locks on single bytes of a file, held until they are unlocked or the process ends."""

from __future__ import annotations

import errno
import os
import struct
import sys

__all__ = ["try_lock", "unlock"]

if sys.platform == "win32":
    import msvcrt

    def try_lock(file: int, byte: int) -> bool:
        """Lock a byte. Returns False if another process has locked it."""
        os.lseek(file, byte, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def unlock(file: int, byte: int) -> None:
        """Unlock a byte."""
        os.lseek(file, byte, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    # Linux has locks that belong to the open file, not to the process: a program that opens and
    # closes the file as well, to copy its folder for example, does not release them. See fcntl(2),
    # "Open file description locks". They conflict with the locks of processes without them.
    _ofd_setlk: int | None = getattr(fcntl, "F_OFD_SETLK", None)

    def try_lock(file: int, byte: int) -> bool:
        """Lock a byte. Returns False if another process has locked it."""
        try:
            _set_lock(file, fcntl.F_WRLCK, byte)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def unlock(file: int, byte: int) -> None:
        """Unlock a byte."""
        _set_lock(file, fcntl.F_UNLCK, byte)

    def _set_lock(file: int, kind: int, byte: int) -> None:
        global _ofd_setlk  # noqa: PLW0603 - there is one kernel
        if _ofd_setlk is not None:
            # struct flock: l_type, l_whence, l_start, l_len, l_pid
            request = struct.pack("hhqqi4x", kind, os.SEEK_SET, byte, 1, 0)
            try:
                fcntl.fcntl(file, _ofd_setlk, request)
            except OSError as error:
                if error.errno != errno.EINVAL:  # the kernel or the sandbox does not have them
                    raise
                _ofd_setlk = None
            else:
                return
        if kind == fcntl.F_UNLCK:
            fcntl.lockf(file, fcntl.LOCK_UN, 1, byte)
        else:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
