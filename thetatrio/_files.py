"""Files that appear under their names complete or not at all. Every file of the library is one.

A file is written under a temporary name in the folder of its target (where a
rename is one step), then renamed. The temporary name is random and created
exclusively, so that two processes never write to one file, whatever their
process ids and hosts are. In containers the process id is nearly always 1.

While it is written, the file is locked (`flock`), also against other
containers on the same volume. The operating system drops the lock when the
process ends, however it ends. A temporary file that nobody has locked is
therefore left over from a killed run, and the next writer to the same target
removes it. Where the file system has no locks, age decides: `STALE_AFTER`.

Windows has no `flock`; there an open file cannot be removed by anybody else,
and between its closing and its renaming `CLOSED_FOR` protects it. (Written
from Microsoft's documentation; not run on Windows.)
"""

from __future__ import annotations

import os
import re
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, final

from thetatrio.errors import InvalidRequest

if sys.platform != "win32":
    import fcntl

__all__ = ["UnfinishedFile", "local_path", "remove_unfinished", "sync_folder"]

STALE_AFTER: Final = 24 * 3600.0
"""Seconds without a write after which a file is left over, on file systems without locks."""
CLOSED_FOR: Final = 60.0
"""Seconds for which a file without an owner is kept on Windows."""

_NAME_BYTES: Final = 200  # of the target's name; file systems allow 255 in all
_SUFFIX: Final = r"\.[0-9a-f]{16}\.part"
_ATTEMPTS: Final = 100
# At least two letters: `C:/data` is a drive. One slash: `Path` turns `s3://x` into `s3:/x`.
_URL: Final = r"[A-Za-z][A-Za-z0-9+.-]+:/"


def local_path(path: str | bytes | os.PathLike[str], what: str) -> str:
    """Return a path as text.

    Args:
        path: Where a file or a dataset is to be written.
        what: The call, for the message: `save` or `download`.

    Raises:
        InvalidRequest: It is not a path, or it is a URL, such as `s3://bucket/x`; nobody means
            a folder named `s3:`.
    """
    try:
        text = os.fsdecode(path)
    except TypeError:
        raise InvalidRequest(
            f"{what}: expected a path as text or a pathlib.Path, got {path!r:.100}"
        ) from None
    if re.match(_URL, text):
        raise InvalidRequest(
            f"{what}: {text!r} is a URL, and files are written to local paths only: write to a"
            " local folder and upload it, or mount the storage"
        )
    return text


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, if the system can do that."""
    if os.name == "nt":
        return
    try:
        number = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a folder that may be written and not read
        return
    try:
        os.fsync(number)
    finally:
        os.close(number)


@final
class UnfinishedFile:
    """A new file under a temporary name. `commit()` it, and `discard()` it in any case.

    Args:
        folder: Where the temporary file is; on the file system of its target.
        name: Name of the target, which the temporary name begins with.

    Raises:
        OSError: The file cannot be created.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.path: Path
        """The temporary name."""
        self.file: IO[bytes]
        """The open file."""
        self.path, self.file = _create(folder, _stem(name))
        self._is_ours = True

    def commit(self, target: Path) -> None:
        """Flush the file to the disk and rename it to its target, in one step.

        Raises:
            OSError: The file cannot be written, or it was removed meanwhile.
        """
        self.finish()
        if os.name == "nt":  # Windows cannot rename an open file
            self.file.close()
        # Still locked until it is closed below, so that nobody takes it for a leftover.
        self.path.replace(target)
        self._is_ours = False
        self.file.close()
        sync_folder(target.parent)

    def finish(self) -> None:
        """Flush the file to the disk. Raises OSError."""
        self.file.flush()
        os.fsync(self.file.fileno())

    def discard(self) -> None:
        """Close the file, and remove it unless it was committed. Never raises OSError."""
        is_ours, self._is_ours = self._is_ours, False
        if os.name == "nt":  # an open file cannot be removed there
            self._close()
        if is_ours:
            # While it is locked: until then no cleaner removes it, so that the name is still ours.
            with suppress(OSError):
                self.path.unlink()
        self._close()

    def _close(self) -> None:
        with suppress(OSError):  # what could not be written is of no use now
            self.file.close()


def _stem(name: str) -> str:
    return name.encode(errors="surrogateescape")[:_NAME_BYTES].decode(errors="ignore")


def _create(folder: Path, stem: str) -> tuple[Path, IO[bytes]]:
    for _ in range(_ATTEMPTS):
        path = folder / f"{stem}.{os.urandom(8).hex()}.part"
        try:
            file = path.open("xb")
        except FileExistsError:
            continue
        if _lock(file) is not False and _is_at(path, file):
            return path, file
        file.close()  # a cleaner came between creating and locking; it removes the file
    raise FileExistsError(f"no temporary name is free for {folder / stem}")


def _lock(file: IO[bytes]) -> bool | None:
    """Lock a file; return False if somebody else has it, None if there are no locks."""
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network and user-space file systems have none
        return None
    return True


def _is_at(path: Path, file: IO[bytes]) -> bool:
    try:
        there = path.lstat()
    except FileNotFoundError:
        return False
    here = os.fstat(file.fileno())
    return (there.st_ino, there.st_dev) == (here.st_ino, here.st_dev)


def remove_unfinished(folder: Path, name: str) -> None:
    """Remove temporary files of a target that killed runs left.

    A file that a live process writes stays, on this machine or another one.

    Args:
        folder: The folder of the temporary files.
        name: Name of the target.
    """
    leftover = re.compile(re.escape(_stem(name)) + _SUFFIX)
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if leftover.fullmatch(entry.name)]
    except OSError:
        return  # what creates the new file reports it
    for each in names:
        with suppress(OSError):  # another process was quicker, or it may not be removed
            _remove_if_left(folder / each)


def _remove_if_left(path: Path) -> None:
    if not stat.S_ISREG(path.lstat().st_mode):
        return  # none of ours
    if sys.platform == "win32":
        if time.time() - path.stat().st_mtime > CLOSED_FOR:
            path.unlink()
        return
    with os.fdopen(os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        locked = _lock(file)
        age = time.time() - os.fstat(file.fileno()).st_mtime
        if (locked or (locked is None and age > STALE_AFTER)) and _is_at(path, file):
            path.unlink()
