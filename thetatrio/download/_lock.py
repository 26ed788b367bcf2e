"""One download at a time in a folder: a lock that the operating system gives up with its owner."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO, Final, final

from thetatrio.errors import DownloadError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["FolderLock"]

# Windows keeps others from reading what is locked: the process number stays readable.
_LOCKED_BYTE: Final = 1 << 20


@final
class FolderLock:
    """Held from `take()` until `release()` or the death of the process, however it dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def take(self) -> None:
        """Take the lock. Raises DownloadError where another download has it, OSError as it comes.

        The file stays afterwards: one that is taken away could be locked twice.
        """
        # A link is not followed: what it points to would be emptied.
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        file = os.fdopen(os.open(self._path, flags, 0o666), "r+b")
        try:
            _lock(file)
        except BlockingIOError:
            file.seek(0)
            owner = file.read(32).decode("ascii", "replace").strip()
            file.close()
            raise DownloadError(
                f"another download is at work in {self._path.parent.parent}"
                f" (process {owner or 'unknown'}); wait for it, or end it"
            ) from None
        except BaseException:
            file.close()
            raise
        self._file = file
        file.seek(0)
        file.truncate(0)
        file.write(f"{os.getpid()}\n".encode())
        file.flush()

    def release(self) -> None:
        """Let others in."""
        if self._file is not None:
            self._file.close()  # closing is unlocking, on every system
            self._file = None


if sys.platform == "win32":

    def _lock(file: IO[bytes]) -> None:
        file.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error

else:

    def _lock(file: IO[bytes]) -> None:
        # Of the open file and not of the process: two downloads of one program
        # keep each other out as well.
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
