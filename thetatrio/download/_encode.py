"""Answers' bytes to a part's file: Parquet row group by row group, CSV, NDJSON.

All of it runs in worker threads, one at a time for each part. Bytes come in
blocks of a fixed size, whatever pieces they arrived in, so that the same
answer makes the same file.
"""

from __future__ import annotations

import csv
import io
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final, Protocol, cast

import msgspec

from thetatrio._rest.json_text import MARKS, mark_not_a_number
from thetatrio._version import __version__
from thetatrio.download._files import HashedFile
from thetatrio.download._layout import PARTITIONS, DatasetFormat
from thetatrio.errors import DecodeError
from thetatrio.frames._cells import REFUSALS, cells_of, fail, values_of
from thetatrio.frames._schema import columns_of, library
from thetatrio.rows import Row

__all__ = ["Encoder", "encoder_for"]

MAX_LINE: Final = 16 << 20
"""Bytes of the longest line: past that it is no row, and must not fill the memory."""
_BEFORE_HEADER: Final = b" \t\r\n\v\f\xef\xbb\xbf"  # a byte order mark is among them


class Encoder(Protocol):
    """Writes what the terminal answers to one file."""

    rows: int
    """Rows so far."""

    def feed(self, block: bytes) -> None:
        """Take bytes of an answer. Raises DecodeError for what is no such answer, OSError."""
        ...

    def end_answer(self) -> None:
        """Take the end of an answer; another may follow."""
        ...

    def finish(self) -> tuple[str, ...]:
        """Write what is left; return the names of the file's columns."""
        ...

    def abandon(self) -> None:
        """Let go of what is held, once the file has been discarded."""
        ...


def encoder_for(
    form: DatasetFormat,
    row_type: type[Row],
    file: HashedFile,
    *,
    row_group_rows: int,
    simulated: bool,
) -> Encoder:
    """Return what writes a file of a format; for Parquet, pyarrow must be there."""
    if form == "csv":
        return CsvEncoder(row_type, file)
    if form == "ndjson":
        return NdjsonEncoder(row_type, file)
    return ParquetEncoder(row_type, file, row_group_rows=row_group_rows, simulated=simulated)


class _Lines:
    """Cuts blocks at line ends."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, block: bytes) -> bytes:
        """Return the lines that are whole now."""
        end = block.rfind(b"\n") + 1
        if not end:
            self._rest += block
            if len(self._rest) > MAX_LINE:
                fail(f"no line ends within {MAX_LINE} bytes", self._rest)
            return b""
        whole = self._rest + block[:end]
        self._rest = block[end:]
        return whole

    def rest(self) -> bytes:
        """Return the last line, which nothing ended."""
        rest, self._rest = self._rest, b""
        return rest


class _CsvReader(ABC):
    """What Parquet and CSV files share: answers' lines of names, and their other lines."""

    def __init__(self, row_type: type[Row]) -> None:
        self._columns = tuple(
            column for column in columns_of(row_type) if column.name not in PARTITIONS
        )
        self._lines = _Lines()
        self._names: tuple[str, ...] | None = None
        self._header = b""
        self.rows: int = 0

    def feed(self, block: bytes) -> None:
        """Take bytes of an answer."""
        self._take(self._lines.take(block))

    def end_answer(self) -> None:
        """Take the end of an answer; the next one begins with a line of names."""
        rest = self._lines.rest()
        if rest.strip():
            self._take(rest + b"\n")
        self._names = None

    def _take(self, lines: bytes) -> None:
        if self._names is None:
            line, _, lines = lines.lstrip(_BEFORE_HEADER).partition(b"\n")
            if not line:
                return
            self._header = line
            self._names = self._read_names(line)
        lines = lines.strip(b"\r\n")
        if lines:
            self._write(self._names, lines)

    def _read_names(self, line: bytes) -> tuple[str, ...]:
        try:
            names = tuple(cells_of(line))
        except REFUSALS as error:
            fail("the line of column names cannot be read", line, error)
        missing = [each.name for each in self._columns if each.required and each.name not in names]
        if missing:
            fail(f"the answer has no column {', '.join(missing)}", line)
        if len(set(names)) != len(names):
            fail("the answer has a column twice", line)
        return names

    def abandon(self) -> None:  # noqa: B027  # one that holds more says so
        """Let go of what is held."""

    @abstractmethod
    def _write(self, names: tuple[str, ...], lines: bytes) -> None:
        """Write whole lines whose cells have these names."""


class ParquetEncoder(_CsvReader):
    """Row groups of a fixed number of rows, compressed with zstd."""

    def __init__(
        self, row_type: type[Row], file: HashedFile, *, row_group_rows: int, simulated: bool
    ) -> None:
        super().__init__(row_type)
        self._parquet = library("pyarrow.parquet", "arrow")
        from thetatrio.frames._arrow import ArrowLibrary

        # pyarrow has no types of its own to say.
        self._library = cast("Any", ArrowLibrary(self._columns))
        self._file = file
        self._group = row_group_rows
        # The same in every file: readers compare the schemas of a dataset's files.
        self._metadata = {
            "thetatrio.version": __version__,
            "thetatrio.simulated": "true" if simulated else "false",
        }
        self._writer: Any = None
        self._held: list[Any] = []
        self._held_rows = 0

    def _write(self, names: tuple[str, ...], lines: bytes) -> None:
        found: Any = self._library.parse(names, lines)
        if found is None:
            found = self._library.build(values_of(self._columns, names, lines, self.rows))
        height: int = self._library.height(found)
        self.rows += height
        self._held.append(found)
        self._held_rows += height
        while self._held_rows >= self._group:
            self._write_group(self._group)

    def finish(self) -> tuple[str, ...]:
        """Write the last row group and the file's end."""
        if self._held_rows:
            self._write_group(self._held_rows)
        if self._writer is not None:
            self._writer.close()
        return tuple(column.name for column in self._columns)

    def abandon(self) -> None:
        """Let go of what is held, and of the writer, which would otherwise end itself later."""
        self._held.clear()
        if self._writer is not None:
            self._writer.close()

    def _write_group(self, rows: int) -> None:
        table: Any = self._library.join(self._held, None)
        # In one chunk, for pages end where chunks do.
        group = table.slice(0, rows).combine_chunks()
        group = group.replace_schema_metadata(self._metadata)
        self._held_rows -= rows
        self._held = [table.slice(rows)] if self._held_rows else []
        if self._writer is None:
            writer = self._parquet.ParquetWriter
            self._writer = writer(self._file, group.schema, compression="zstd")
        self._writer.write_table(group, row_group_size=rows)


class CsvEncoder(_CsvReader):
    """CSV as the terminal sends it, without the columns that the path says; one line of names."""

    def __init__(self, row_type: type[Row], file: HashedFile) -> None:
        super().__init__(row_type)
        self._file = file
        self._end = b"\n"
        self._written: tuple[str, ...] = ()
        self._left_out: list[int] = []

    def _read_names(self, line: bytes) -> tuple[str, ...]:
        names = super()._read_names(line)
        kept = tuple(name for name in names if name not in PARTITIONS)
        if not self._written:
            self._written = kept
            self._end = b"\r\n" if line.endswith(b"\r") else b"\n"
            self._file.write(",".join(kept).encode() + self._end)
        elif kept != self._written:
            fail(f"the columns were {', '.join(self._written)} in answers before", line)
        self._left_out = [place for place, name in enumerate(names) if name in PARTITIONS]
        return names

    def _write(self, names: tuple[str, ...], lines: bytes) -> None:
        lines = lines.replace(b"\r\n", b"\n")
        while b"\n\n" in lines:
            lines = lines.replace(b"\n\n", b"\n")
        height = lines.count(b"\n") + 1
        if b'"' in lines or b"\r" in lines:
            lines = self._slowly(names, lines)
        else:
            if lines.count(b",") != height * (len(names) - 1):
                fail(f"not every row has {len(names)} cells", lines)
            for place in reversed(self._left_out):
                lines = _without_cell(lines, place, len(names))
        self.rows += height
        self._file.write(lines.replace(b"\n", self._end) + self._end)

    def _slowly(self, names: tuple[str, ...], lines: bytes) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for line in lines.split(b"\n"):
            try:
                cells = cells_of(line)
                if len(cells) != len(names):
                    raise ValueError(f"{len(cells)} cells for {len(names)} columns")
            except REFUSALS as error:
                fail(f"a row cannot be read: {error}", line, error)
            writer.writerow(
                [cell for place, cell in enumerate(cells) if place not in self._left_out]
            )
        return text.getvalue().encode().removesuffix(b"\n")

    def finish(self) -> tuple[str, ...]:
        """Return the names of the columns; everything is written."""
        return self._written


def _without_cell(lines: bytes, place: int, width: int) -> bytes:
    """Return lines of CSV without the cell at a place."""
    if place == 0:
        # A part has one symbol, so that the first cell is nearly always the same one.
        lines = b"\n" + lines
        first = lines[: lines.index(b",") + 1]
        if lines.count(first) == lines.count(b"\n"):
            return lines.replace(first, b"\n")[1:]
        return re.sub(rb"\n[^,\n]*,", b"\n", lines)[1:]
    if place == width - 1:
        return re.sub(rb"(?m),[^,\n]*$", b"", lines)
    return re.sub(rb"(?m)^((?:[^,\n]*,){%d})[^,\n]*," % place, rb"\1", lines)


class NdjsonEncoder:
    """A JSON object a line as the terminal sends it, without the members that the path says."""

    def __init__(self, row_type: type[Row], file: HashedFile) -> None:
        columns = columns_of(row_type)
        names = {column.name for column in columns if column.required}
        self._required = names - set(PARTITIONS)
        self._not_floats = {column.name for column in columns if column.kind != "float"}
        self._file = file
        self._lines = _Lines()
        # Numbers stay the text that they are.
        self._decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
        self._encode = msgspec.json.Encoder().encode
        self._names: tuple[str, ...] = ()
        self.rows: int = 0

    def feed(self, block: bytes) -> None:
        """Take bytes of an answer."""
        self._write(self._lines.take(block).split(b"\n"))

    def end_answer(self) -> None:
        """Take the end of an answer."""
        self._write([self._lines.rest()])

    def finish(self) -> tuple[str, ...]:
        """Return the names of the members; everything is written."""
        return self._names

    def abandon(self) -> None:
        """Let go of what is held."""

    def _write(self, lines: Sequence[bytes]) -> None:
        written: list[bytes] = []
        for line in lines:
            if not line.strip():
                continue
            try:
                row = self._decode_row(line)
            except REFUSALS as error:
                raise DecodeError(
                    f"row {self.rows + len(written) + 1}: {error}", first_bytes=line[:256]
                ) from error
            if not self._required <= row.keys():
                missing = ", ".join(sorted(self._required - row.keys()))
                fail(f"row {self.rows + len(written) + 1} has no {missing}", line)
            for name in PARTITIONS:
                row.pop(name, None)
            if not self._names:
                self._names = tuple(sorted(row))
            written.append(self._encode(row) + b"\n")
        if written:
            self.rows += len(written)
            self._file.write(b"".join(written))

    def _decode_row(self, line: bytes) -> dict[str, msgspec.Raw]:
        try:
            return self._decode(line)
        except msgspec.DecodeError:
            # A bare NaN or Infinity, which JSON does not have. Each becomes null in the file, as
            # in the files of v2 terminals: other readers of NDJSON refuse the bare words.
            row = self._decode(mark_not_a_number(line))
        for name, value in row.items():
            if bytes(value) in MARKS:
                if name in self._not_floats:
                    raise ValueError(
                        f"column {name}: NaN or Infinity is not a value of this column"
                    )
                row[name] = msgspec.Raw(b"null")
        return row
