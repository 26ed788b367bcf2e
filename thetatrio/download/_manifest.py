"""What a dataset has: a journal of one line for each part that was asked for.

Each line is JSON, added once the part's file is under its name, so that a
process that is killed loses at most the line it was writing; of several lines
about one part the last one counts. A download that ends writes the lines
anew, each part once and in order. There are no times in it: the same
download makes the same manifest, however often it was interrupted.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Final, Literal, TypeAlias, final

import msgspec

from thetatrio._version import __version__
from thetatrio.download._layout import OWN_FOLDER, DatasetFormat, DatasetPart
from thetatrio.errors import DownloadError

__all__ = [
    "Manifest",
    "ManifestHeader",
    "OperationRecord",
    "PartRecord",
    "PartState",
    "manifest_path",
    "sync_folder",
]

PartState: TypeAlias = Literal["done", "no_data", "pending", "failed"]
"""`done`: its file is there. `no_data`: there is none, for good. `pending`: the day was not over
when it was asked for. `failed`: the terminal did not give it."""

FORMAT_VERSION: Final = 1


class ManifestHeader(msgspec.Struct, frozen=True, tag_field="line", tag="header"):
    """The first line: what holds for the whole dataset."""

    manifest: int
    """The version of the manifest's form."""
    thetatrio: str
    """The version of the library that began the dataset."""
    format: DatasetFormat
    simulated: bool
    """Whether its data comes from a simulated terminal."""


class OperationRecord(msgspec.Struct, frozen=True, tag_field="line", tag="operation"):
    """An operation of the dataset: what all of its parts have in common."""

    operation: str
    settings: dict[str, str]
    """The parameters that decide what a row means."""
    columns: tuple[str, ...] = ()
    """The columns of its files, in their order; empty before the first file."""


class PartRecord(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="line", tag="part"):
    """One part: what was asked for it, and what came."""

    operation: str
    symbol: str
    date: str
    first: dt.date
    """First day that was asked for."""
    last: dt.date
    """Last day that was asked for, inclusive."""
    state: PartState
    contracts: str = ""
    request: str = ""
    """Path and query of the request; a part that is too large takes several."""
    file: str = ""
    """Where its file lies in the dataset; empty where there is none."""
    rows: int = 0
    bytes: int = 0
    sha256: str = ""
    error: str = ""
    """Why the terminal did not give it."""

    @property
    def part(self) -> DatasetPart:
        """Which part it is."""
        return DatasetPart(self.operation, self.symbol, self.date, self.contracts)


Line: TypeAlias = ManifestHeader | OperationRecord | PartRecord
_LINE: Final = msgspec.json.Decoder[Line](ManifestHeader | OperationRecord | PartRecord)
_ENCODE: Final = msgspec.json.Encoder().encode


def manifest_path(folder: Path) -> Path:
    """Return where a dataset's manifest lies."""
    return folder / OWN_FOLDER / "manifest.ndjson"


def sync_folder(folder: Path) -> None:
    """Have a folder's names on the disk, where the system can do that."""
    if os.name == "nt":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@final
class Manifest:
    """A dataset's manifest: read with `load()`, extended with `add()`. For one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._path = manifest_path(folder)
        self._file: IO[bytes] | None = None
        self._whole = 0
        self.header: ManifestHeader | None = None
        self.operations: dict[str, OperationRecord] = {}
        self.parts: dict[DatasetPart, PartRecord] = {}

    def load(self) -> None:
        """Read what is there; nothing is an empty dataset. Raises DownloadError, OSError."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        # What follows the last line end is what a killed process was writing.
        self._whole = data.rfind(b"\n") + 1
        for number, line in enumerate(data[: self._whole].splitlines(), 1):
            try:
                self._take(_LINE.decode(line))
            except (msgspec.MsgspecError, ValueError) as problem:
                raise DownloadError(
                    f"{self._path}: line {number} is no line of a manifest ({problem})"
                ) from problem
        if self.header is not None and self.header.manifest > FORMAT_VERSION:
            raise DownloadError(
                f"{self._path} was written by thetatrio {self.header.thetatrio}, which is newer"
                f" than this one ({__version__})"
            )

    def begin(self, form: DatasetFormat, *, simulated: bool) -> None:
        """Open it for adding; a new one begins with its header."""
        file = self._file = self._path.open("ab")
        file.truncate(self._whole)
        if self.header is None:
            self.add([ManifestHeader(FORMAT_VERSION, __version__, form, simulated)])
            sync_folder(self._path.parent)

    def add(self, lines: Iterable[Line]) -> None:
        """Add lines, safely on the disk."""
        new = list(lines)
        if self._file is None:
            raise AssertionError("a manifest that was not begun")
        self._file.write(b"".join(_ENCODE(line) + b"\n" for line in new))
        self._file.flush()
        os.fsync(self._file.fileno())
        for line in new:
            self._take(line)

    def compact(self) -> None:
        """Write each part once, in order, in place of the lines that came as they came."""
        lines: list[Line] = [] if self.header is None else [self.header]
        lines += [record for _, record in sorted(self.operations.items())]
        lines += [record for _, record in sorted(self.parts.items())]
        self.close()
        new = self._path.with_suffix(".new")
        with new.open("wb") as file:
            file.write(b"".join(_ENCODE(line) + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        sync_folder(self._path.parent)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _take(self, line: Line) -> None:
        if isinstance(line, PartRecord):
            self.parts[line.part] = line
        elif isinstance(line, OperationRecord):
            self.operations[line.operation] = line
        else:
            self.header = line

    def settings_problem(self, operation: str, settings: Mapping[str, str]) -> str | None:
        """Return how an operation's settings differ from those it has in the dataset."""
        there = self.operations.get(operation)
        if there is None or there.settings == settings:
            return None
        names = sorted(there.settings.keys() | settings.keys())
        return ", ".join(
            f"{name}={there.settings.get(name, 'not given')} there,"
            f" {settings.get(name, 'not given')} here"
            for name in names
            if there.settings.get(name) != settings.get(name)
        )
