"""A part's file: written in the dataset's own folder, and under its name only when complete."""

from __future__ import annotations

import hashlib
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, final

from thetatrio._files import UnfinishedFile
from thetatrio.download._layout import OWN_FOLDER
from thetatrio.errors import DownloadError

__all__ = [
    "HashedFile",
    "check_own_folder",
    "clear_unfinished",
    "hash_of",
    "place_in",
    "size_of",
    "unfinished_folder",
]

_BLOCK: Final = 1 << 20
_OLD_MANIFEST: Final = "manifest.new"
_OWN: Final[dict[str, tuple[str, Callable[[int], bool]]]] = {
    "": ("folder", stat.S_ISDIR),
    "lock": ("file", stat.S_ISREG),
    "manifest.ndjson": ("file", stat.S_ISREG),
    "unfinished": ("folder", stat.S_ISDIR),
}


def unfinished_folder(folder: Path) -> Path:
    """Return where a dataset's unfinished files are.

    Not where the datasets' readers look, and on the same file system, where a rename is one step.
    """
    return folder / OWN_FOLDER / "unfinished"


def check_own_folder(folder: Path) -> None:
    """Check that what the library writes in a dataset is in the dataset.

    Raises:
        DownloadError: The dataset's own folder, or a file of the library's in it, is a symbolic
            link or something else than the library makes.
        OSError: It cannot be looked at.
    """
    for name, (kind, is_kind) in _OWN.items():
        path = folder / OWN_FOLDER / name
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            continue
        if stat.S_ISLNK(mode):
            raise DownloadError(
                f"{path} is a symbolic link, and a download would write to where it points;"
                f" replace it by the {kind} itself, or give another folder"
            )
        if not is_kind(mode):
            raise DownloadError(f"{path} is not a {kind}; remove it, or give another folder")


def place_in(folder: Path, file: str) -> Path:
    """Return the path of a file in a dataset, whose folders may not lead out of it.

    Args:
        folder: The dataset; it may itself be reached through symbolic links.
        file: Path in the dataset, with `/` between folders.

    Raises:
        DownloadError: A folder on the way is a symbolic link to outside of the dataset.
    """
    path = folder / file
    try:
        with suppress(FileNotFoundError):  # it is yet to be made
            path.parent.resolve(strict=True)
        real = path.parent.resolve()
        inside = real.is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a loop of links
        real, inside = path.parent, False
    if not inside:
        raise DownloadError(
            f"{path.parent} leads out of the dataset {folder}, to {real}, by a symbolic link;"
            " replace the link by the folder itself, or give another folder"
        )
    return path


def clear_unfinished(folder: Path) -> None:
    """Remove what earlier downloads left unfinished; for the holder of the lock."""
    place = unfinished_folder(folder)
    if place.exists():
        shutil.rmtree(place)
    place.mkdir()
    with suppress(OSError):  # no file of a killed run, then
        (folder / OWN_FOLDER / _OLD_MANIFEST).unlink()


@final
class HashedFile:
    """A new file that knows the hash of what was written. Writers of Parquet take it for a file.

    Args:
        folder: The dataset.

    Raises:
        OSError: The file cannot be created.
    """

    def __init__(self, folder: Path) -> None:
        self._unfinished = UnfinishedFile(unfinished_folder(folder), "part")
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
        self._unfinished.file.write(data)
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    def tell(self) -> int:
        """Return the number of bytes so far."""
        return self.size

    def flush(self) -> None:
        """Do nothing: what is written reaches the disk in `commit()`."""

    def writable(self) -> bool:
        """Return True."""
        return True

    def readable(self) -> bool:
        """Return False."""
        return False

    def seekable(self) -> bool:
        """Return False."""
        return False

    def commit(self, target: Path) -> None:
        """Give the file its name, in one step, for good. Raises OSError."""
        self._unfinished.finish()
        self._unfinished.path.stat()  # if the whole dataset was removed, it is not made again
        target.parent.mkdir(parents=True, exist_ok=True)
        self._unfinished.commit(target)

    def close(self) -> None:
        """Do nothing: writers of Parquet close what they write to."""

    def discard(self) -> None:
        """Close the file, and remove it unless it was committed."""
        self._discarded = True
        self._unfinished.discard()


def size_of(path: Path) -> int:
    """Return the size of a regular file; a link to one is none. Raises OSError."""
    there = path.lstat()
    if not stat.S_ISREG(there.st_mode):
        raise FileNotFoundError(f"{path} is not a file")
    return there.st_size


def hash_of(path: Path) -> str:
    """Return the hash of a file's bytes. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
