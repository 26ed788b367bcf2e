"""Frames of pyarrow. Imported when one is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias, cast

from thetatrio.errors import DecodeError
from thetatrio.frames._cells import REFUSALS, SPACE, first_line, reader_of
from thetatrio.frames._clock import FEW, FIRST, offsets, steps
from thetatrio.frames._schema import RIGHTS, SYMBOL, ZONE, Column, Kind, Values, library

__all__ = ["ArrowLibrary", "Table"]

Table: TypeAlias = Any
"""A `pyarrow.Table`. The library says nothing of its types, so all of it is Any in here."""

_SECONDS: Final = len("2024-11-04T09:30:00")
_WIDTH: Final = len("2024-11-04T09:30:00.000")
_FINE: Final = r"^[^.]{19}(\.[0-9]{1,9})?$"


class ArrowLibrary:
    """Makes `pyarrow.Table`.

    Args:
        columns: what the tables have.
        use_threads: let pyarrow parse in threads of its own, which costs a tenth
            more: not where several pieces are parsed at once anyway.
    """

    def __init__(self, columns: Sequence[Column], *, use_threads: bool = True) -> None:
        self._use_threads = use_threads
        pa = self._pa = library("pyarrow", "arrow")
        self._pc = library("pyarrow.compute", "arrow")
        self._csv = library("pyarrow.csv", "arrow")
        self._columns = columns
        self._refusals: tuple[type[BaseException], ...] = (*REFUSALS, TypeError, pa.ArrowException)
        category = pa.dictionary(pa.int32(), pa.string())
        self._types: dict[Kind, Any] = {
            "timestamp": pa.timestamp("ms", ZONE),
            "date": pa.date32(),
            "time": pa.time32("ms"),
            "int": pa.int64(),
            "float": pa.float64(),
            "text": pa.string(),
            "symbol": category,
            "right": category,
        }

    @property
    def columns(self) -> Sequence[Column]:
        """The columns that an answer is read for."""
        return self._columns

    def height(self, part: Table) -> int:
        """Return the number of rows of a part."""
        return cast("int", part.num_rows)

    def join(self, parts: list[Table], symbol: str | None) -> Table:
        """Return one table of the parts, in which all chunks of a column have one dictionary."""
        pa = self._pa
        table = (
            pa.concat_tables(parts).unify_dictionaries()
            if parts
            else self.build({column.name: [] for column in self._columns})
        )
        if symbol is None or "symbol" in table.column_names:
            return table
        indices = pa.repeat(pa.scalar(0, pa.int32()), table.num_rows)
        column = pa.DictionaryArray.from_arrays(indices, pa.array([symbol], pa.string()))
        return table.add_column(0, pa.field(SYMBOL.name, self._types["symbol"]), column)

    def build(self, values: Values) -> Table:
        """Return the table of values that have been read already."""
        return self._table([self._array(each, values[each.name]) for each in self._columns])

    def parse(self, names: tuple[str, ...], lines: bytes) -> Table | None:
        """Return the table of lines of CSV; None where anything is out of the ordinary."""
        if b'"' in lines or not lines.isascii():
            return None
        try:
            raw = self._read_at_once(names, lines) or self._read_with_care(names, lines)
            if raw is None or self._may_be_hexadecimal(raw, names, lines):
                return None
            return self._converted(raw)
        except self._refusals:
            return None

    def _read_at_once(self, names: tuple[str, ...], lines: bytes) -> Table | None:
        """Return all of it by its type; None where the lines might mean something else."""
        times = [each.name for each in self._columns if each.kind == "timestamp"]
        times = [name for name in times if name in names]
        try:
            raw = self._read(names, lines, self._pa.timestamp("ms"))
        except self._refusals:
            return None
        # A carriage return within a line ends it for pyarrow alone.
        if raw is None or raw.num_rows != lines.count(b"\n") + (not lines.endswith(b"\n")):
            return None
        # Times without seconds are times to pyarrow alone. None has more than two colons.
        stamps = sum(raw.num_rows - raw[name].null_count for name in times)
        return raw if lines.count(b":") == 2 * stamps else None

    def _read_with_care(self, names: tuple[str, ...], lines: bytes) -> Table | None:
        """Return numbers as such and all else as text; None where that is not all of it."""
        lines = lines.replace(b"\r\n", b"\n")
        return None if b"\r" in lines else self._read(names, lines, self._pa.string())

    def _read(self, names: tuple[str, ...], lines: bytes, timestamp: Any) -> Table | None:
        """Return what pyarrow reads; None where a cell is missing."""
        pa, csv = self._pa, self._csv
        wanted = {column.name: column for column in self._columns}
        types = {"timestamp": timestamp, "int": pa.int64(), "float": pa.float64()}
        shown = [name if name in wanted else f"column {n}" for n, name in enumerate(names)]
        given = [name for name in names if name in wanted]
        raw = csv.read_csv(
            pa.BufferReader(lines),
            read_options=csv.ReadOptions(column_names=shown, use_threads=self._use_threads),
            # What has cells too many or too few, pyarrow refuses.
            parse_options=csv.ParseOptions(quote_char=False, double_quote=False),
            convert_options=csv.ConvertOptions(
                include_columns=given,
                column_types={
                    name: types.get(wanted[name].kind, self._types["symbol"]) for name in given
                },
                null_values=[""],
                strings_can_be_null=True,
                check_utf8=False,  # for it is ASCII
            ),
        )
        if any(raw[name].null_count and not wanted[name].nullable for name in given):
            return None
        return raw

    def _may_be_hexadecimal(self, raw: Table, names: tuple[str, ...], lines: bytes) -> bool:
        """Return whether a number may be written as 0x10, which is one to pyarrow alone."""
        for letter in (b"x", b"X"):
            # One byte is found at next to no cost and counted at little. Finding two costs a
            # seventh of the parsing, and many a symbol has an X.
            if letter not in lines:
                continue
            in_texts = self._in_texts(raw, letter.decode()) if raw.num_columns == len(names) else -1
            if lines.count(letter) != in_texts and b"0" + letter in lines:
                return True
        return False

    def _in_texts(self, raw: Table, letter: str) -> int:
        """Return how many of a letter the columns of text have."""
        found = 0
        for column in raw.columns:
            for chunk in column.chunks if self._pa.types.is_dictionary(column.type) else ():
                counts = [text.count(letter) for text in chunk.dictionary.to_pylist()]
                if any(counts):
                    places = self._pc.value_counts(chunk.indices.drop_null()).to_pylist()
                    found += sum(counts[each["values"]] * each["counts"] for each in places)
        return found

    def _converted(self, raw: Table) -> Table | None:
        arrays: list[Any] = []
        for column in self._columns:
            if column.name not in raw.column_names:
                arrays.append(self._array(column, [None] * raw.num_rows))
                continue
            cells: Any = raw[column.name]
            if column.kind == "timestamp":
                cells = self._timestamps(cells)
            elif column.kind == "float":
                cells = cells if self._within(column, cells) else None
            elif column.kind != "int":
                cells = self._by_distinct_cells(column, cells)
            if cells is None:
                return None
            arrays.append(cells)
        return self._table(arrays)

    def _within(self, column: Column, values: Any) -> bool:
        pc = self._pc
        if not pc.all(pc.is_finite(values)).as_py():  # either it says so, or it is out of range
            return False
        within: list[Any] = []
        if column.minimum is not None:
            within.append(pc.greater_equal(values, column.minimum))
        if column.below is not None:
            within.append(pc.less(values, column.below))
        return not any(pc.any(pc.invert(each)).as_py() for each in within)

    def _by_distinct_cells(self, column: Column, cells: Any) -> Any:
        """Read each different cell once, as one cell is read."""
        encoded = cells.unify_dictionaries().combine_chunks()
        read = reader_of(column)
        texts = cast("list[str]", encoded.dictionary.to_pylist())
        stripped = [text.strip(SPACE) for text in texts]
        if not all(text and text.isprintable() for text in stripped):  # the line may be blank
            return None
        values = [read(text) for text in stripped]
        return self._array(column, values).take(encoded.indices)

    def _timestamps(self, cells: Any) -> Any:
        pa, pc = self._pa, self._pc
        if not pa.types.is_string(cells.type):
            return self._checked(cells.cast(pa.int64()))
        widths = pc.min_max(pc.binary_length(cells)).as_py()
        if widths["min"] is None:
            return cells.cast(self._types["timestamp"])
        # Shorter ones are dates without a time to pyarrow; it knows all the rest by itself.
        if widths["min"] < _SECONDS:
            return None
        if widths["max"] > _WIDTH:
            if not pc.all(pc.match_substring_regex(cells, _FINE)).as_py():
                return None
            cells = pc.utf8_slice_codeunits(cells, 0, _WIDTH)
        return self._checked(cells.cast(pa.timestamp("ms")).cast(pa.int64()))

    def _checked(self, wall: Any) -> Any:
        """Return the instants of wall-clock milliseconds; None where one is before the year 1."""
        first = self._pc.min(wall).as_py()
        return None if first is not None and first < FIRST else self._in_new_york(wall)

    def _table(self, arrays: list[Any]) -> Table:
        fields = [(column.name, self._types[column.kind]) for column in self._columns]
        return self._pa.Table.from_arrays(arrays, schema=self._pa.schema(fields))

    def _array(self, column: Column, values: list[object]) -> Any:
        pa, kind = self._pa, column.kind
        try:
            if kind == "timestamp":
                fine = pa.array(values, pa.timestamp("us")).cast(pa.int64())
                return self._in_new_york(self._floor(fine, 1000))
            if kind == "time":
                fine = pa.array(values, pa.time64("us")).cast(pa.int64())
                return self._floor(fine, 1000).cast(pa.int32()).cast(self._types["time"])
            if kind in ("symbol", "right"):
                return self._category(column, pa.array(values, pa.string()))
            return pa.array(values, self._types[kind])
        except self._refusals as error:
            raise DecodeError(f"column {column.name}: {first_line(error)}") from error

    def _category(self, column: Column, texts: Any) -> Any:
        """Return texts as categories; the rights are always the same two."""
        if column.kind != "right":
            return texts.dictionary_encode()
        rights = self._pa.array(RIGHTS, self._pa.string())
        indices = self._pc.index_in(texts, value_set=rights)
        if indices.null_count != texts.null_count:
            raise ValueError("neither CALL nor PUT")
        return self._pa.DictionaryArray.from_arrays(indices, rights)

    def _floor(self, values: Any, by: int) -> Any:
        # Division cuts towards zero, which before 1970 would be upwards.
        pc = self._pc
        cut = pc.divide(values, by)
        return pc.if_else(pc.less(values, pc.multiply(cut, by)), pc.subtract(cut, 1), cut)

    def _in_new_york(self, wall: Any) -> Any:
        """Return the instants of wall-clock milliseconds, by the rule of `market_time`."""
        pc = self._pc
        if wall.null_count < len(wall):
            bounds = pc.min_max(wall).as_py()
            found = steps(bounds["min"], bounds["max"])
            offset: Any = found[0].offset
            if len(found) > FEW:
                offset = self._pa.array(offsets(wall.to_pylist(), found), self._pa.int64())
            else:
                for step in found[1:]:
                    offset = pc.if_else(pc.greater_equal(wall, step.start), step.offset, offset)
            wall = pc.subtract(wall, offset)
        return wall.cast(self._types["timestamp"])
