"""What a dataset has: a journal of one line for each part that was asked for.

Each line is JSON, added once the part's file is under its name, so that a
process that is killed loses at most the line it was writing; of several lines
about one part the last one counts. A download that ends writes the lines
anew, each part once and in order. There are no times in it: the same
download makes the same manifest, however often it was interrupted.

A manifest is read as untrusted input. The last field of each line, `crc32`, is
the CRC-32 of all lines up to it, without their checksums: a byte that was
changed, a line that is missing, repeated or out of order is `DownloadError`.
Whoever can compute a checksum can still write any line, so each is also
checked for what it says: a part's file has the one name that its part has, and
its days are inside of the part.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Final, Literal, TypeAlias, final

import msgspec

from thetatrio._files import UnfinishedFile, sync_folder
from thetatrio._version import __version__
from thetatrio.download._files import unfinished_folder
from thetatrio.download._layout import (
    OWN_FOLDER,
    DatasetFormat,
    DatasetPart,
    days_of,
    file_of,
    is_choice,
    overlaps,
)
from thetatrio.errors import DownloadError

__all__ = [
    "Manifest",
    "ManifestHeader",
    "OperationRecord",
    "PartRecord",
    "PartState",
    "manifest_path",
]

PartState: TypeAlias = Literal["done", "no_data", "pending", "failed"]
"""`done`: its file is there. `no_data`: there is none, for good. `pending`: the day was not over
when it was asked for. `failed`: the terminal did not give it."""

FORMAT_VERSION: Final = 2


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
_HEADER: Final = msgspec.json.Decoder(ManifestHeader)
_ENCODE: Final = msgspec.json.Encoder().encode
_CHECKSUM: Final = rb',"crc32":"([0-9a-f]{8})"\}\Z'
_SHA256: Final = r"[0-9a-f]{64}"


def manifest_path(folder: Path) -> Path:
    """Return where a dataset's manifest lies."""
    return folder / OWN_FOLDER / "manifest.ndjson"


class _Damaged(Exception):
    """What is wrong with a line of a manifest."""


def _need(holds: object, problem: str) -> None:
    if not holds:
        raise _Damaged(problem)


def _checked(line: bytes, before: int) -> tuple[bytes, int]:
    """Return a line without its checksum, and the checksum.

    Args:
        line: The line, without its line end.
        before: Checksum of the line before it.

    Raises:
        _Damaged: It has no checksum, or another one.
    """
    match = re.search(_CHECKSUM, line)
    if match is None:
        raise _Damaged("it has no checksum")
    text = line[: match.start()] + b"}"
    checksum = zlib.crc32(text, before)
    _need(int(match[1], 16) == checksum, "its checksum is wrong")
    return text, checksum


def _encode(line: Line, before: int) -> tuple[bytes, int]:
    text = _ENCODE(line)
    checksum = zlib.crc32(text, before)
    return b'%s,"crc32":"%08x"}\n' % (text[:-1], checksum), checksum


@final
class Manifest:
    """A dataset's manifest: read with `load()`, extended with `add()`. For one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = manifest_path(folder)
        self._file: IO[bytes] | None = None
        self._whole = 0
        self._checksum = 0
        self.header: ManifestHeader | None = None
        self.operations: dict[str, OperationRecord] = {}
        self.parts: dict[DatasetPart, PartRecord] = {}
        self._shapes: dict[str, tuple[int, bool]] = {}

    def load(self) -> None:
        """Read what is there; nothing is an empty dataset.

        Raises:
            DownloadError: It is damaged, says what cannot be, or is of another version.
            OSError: It cannot be read.
        """
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        # What follows the last line end is what a killed process was writing.
        self._whole = data.rfind(b"\n") + 1
        for number, line in enumerate(data[: self._whole].split(b"\n")[:-1], 1):
            try:
                self._read(line)
            except (msgspec.MsgspecError, ValueError, RecursionError, _Damaged) as problem:
                raise DownloadError(
                    f"{self._path}: line {number} is damaged ({problem}); restore the file from a"
                    " copy, or give another folder"
                ) from problem
        self._check_choices()

    def _read(self, line: bytes) -> None:
        if self.header is None:
            self._check_version(line)
        text, self._checksum = _checked(line, self._checksum)
        record = _LINE.decode(text)
        if isinstance(record, PartRecord):
            self._check_part(record)
        elif isinstance(record, OperationRecord):
            before = self.operations.get(record.operation)
            same = before is None or before.settings == record.settings
            _need(same, f"other parameters of {record.operation} than before")
            same = before is None or before.columns in ((), record.columns)
            _need(same, f"other columns of {record.operation} than before")
        else:
            _need(self.header is None, "a second header")
        _need(self.header is not None or isinstance(record, ManifestHeader), "no header before it")
        self._take(record)

    def _check_version(self, line: bytes) -> None:
        try:
            header = _HEADER.decode(line)
        except msgspec.MsgspecError:
            return  # damaged, which the checksum says
        if header.manifest > FORMAT_VERSION:
            raise DownloadError(
                f"{self._path} was written by thetatrio {header.thetatrio}, which is newer"
                f" than this one ({__version__})"
            )
        if header.manifest < FORMAT_VERSION:
            raise DownloadError(
                f"{self._path} was written by thetatrio {header.thetatrio}, before manifests had"
                " checksums; download it again to another folder"
            )

    def _check_part(self, record: PartRecord) -> None:
        operation, date = record.operation, record.date
        _need(operation in self.operations, f"a part of {operation!r} before that operation")
        days = days_of(date)
        if days is None:
            raise _Damaged(f"{date!r} is neither a day nor a month")
        inside = days[0] <= record.first <= record.last <= days[1]
        _need(inside, f"days {record.first} to {record.last} are not inside of {date}")
        _need(is_choice(record.contracts), f"{record.contracts!r} chooses no contracts")
        # Days beside months, or some of the contracts beside all, would be rows twice.
        shape = len(date), bool(record.contracts)
        same = self._shapes.setdefault(operation, shape) == shape
        _need(same, f"{date} is another kind of part than those of {operation} before it")
        if record.file:
            header = self.header
            name = "" if header is None else file_of(record.part, header.format)
            _need(record.file == name, f"the file {record.file!r} is not that of its part")
            _need(record.state in ("done", "pending"), f"a file of a part that is {record.state}")
            _need(record.rows > 0 and record.bytes > 0, "a file without rows or bytes")
            _need(re.fullmatch(_SHA256, record.sha256), "a file without a hash")
        else:
            _need(record.state != "done", "a part that is done has no file")
            empty = (record.rows, record.bytes, record.sha256) == (0, 0, "")
            _need(empty, "rows, bytes or a hash without a file")

    def _check_choices(self) -> None:
        chosen: dict[tuple[str, str, str], list[str]] = {}
        for part in self.parts:
            if part.contracts:
                chosen.setdefault((part.operation, part.symbol, part.date), []).append(
                    part.contracts
                )
        for place, contracts in chosen.items():
            both = overlaps(contracts) if len(contracts) > 1 else None
            if both is not None:
                raise DownloadError(
                    f"{self._path} is damaged: {' '.join(place)} has {both[0]} beside {both[1]},"
                    " whose rows would be there twice; restore the file from a copy, or give"
                    " another folder"
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
        written = bytearray()
        checksum = self._checksum
        for line in new:
            text, checksum = _encode(line, checksum)
            written += text
        self._file.write(written)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._checksum = checksum
        for line in new:
            self._take(line)

    def compact(self) -> None:
        """Write each part once, in order, in place of the lines that came as they came."""
        lines: list[Line] = [] if self.header is None else [self.header]
        lines += [record for _, record in sorted(self.operations.items())]
        lines += [record for _, record in sorted(self.parts.items())]
        self.close()
        file = UnfinishedFile(unfinished_folder(self._folder), self._path.name)
        try:
            checksum = 0
            for line in lines:
                text, checksum = _encode(line, checksum)
                file.file.write(text)
            file.commit(self._path)
        finally:
            file.discard()

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
