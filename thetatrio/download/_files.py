"""A part's file: written beside the dataset, and under its name only when it is whole."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, final

from thetatrio.download._layout import OWN_FOLDER
from thetatrio.download._manifest import sync_folder

__all__ = ["HashedFile", "clear_unfinished", "hash_of", "put_in_place"]

_NUMBERS = itertools.count()
_BLOCK: Final = 1 << 20


def _unfinished(folder: Path) -> Path:
    return folder / OWN_FOLDER / "unfinished"


def clear_unfinished(folder: Path) -> None:
    """Take away what earlier downloads left unfinished; for the holder of the lock."""
    place = _unfinished(folder)
    if place.exists():
        shutil.rmtree(place)
    place.mkdir()


@final
class HashedFile:
    """A new file that knows the hash of what was written. Writers of Parquet take it for a file."""

    def __init__(self, folder: Path) -> None:
        # Not where the datasets' readers look, and on the same file system,
        # where a rename is a single step.
        self.path: Path = _unfinished(folder) / f"{os.getpid()}-{next(_NUMBERS)}"
        self._file: IO[bytes] = self.path.open("wb")
        self._hash = hashlib.sha256()
        self._discarded = False
        self.size: int = 0

    @property
    def closed(self) -> bool:
        """False, so that a writer of Parquet goes on to its own end."""
        return False

    @property
    def sha256(self) -> str:
        """The hash of the bytes so far."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> int:
        """Add bytes."""
        if self._discarded:  # a writer of Parquet that is let go of writes its end all the same
            return len(data)
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    def tell(self) -> int:
        """Return the number of bytes so far."""
        return self.size

    def flush(self) -> None:
        """Do nothing: what is written reaches the disk in `finish()`."""

    def writable(self) -> bool:
        """Return True."""
        return True

    def readable(self) -> bool:
        """Return False."""
        return False

    def seekable(self) -> bool:
        """Return False."""
        return False

    def finish(self) -> None:
        """Have all bytes on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def close(self) -> None:
        """Do nothing: writers of Parquet close what they write to."""

    def discard(self) -> None:
        """Let go of it, and take it away where it was not put in its place."""
        self._discarded = True
        with suppress(OSError):  # what could not be written is of no interest now
            self._file.close()
        with suppress(OSError):
            self.path.unlink()


def put_in_place(file: Path, target: Path) -> None:
    """Give a whole file its name, in one step, for good."""
    file.stat()  # where the whole folder was taken away, none is made again
    target.parent.mkdir(parents=True, exist_ok=True)
    file.replace(target)
    sync_folder(target.parent)


def hash_of(path: Path) -> str:
    """Return the hash of a file's bytes. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
