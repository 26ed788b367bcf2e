"""Frames of polars. Imported when one is asked for, for it imports polars."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final, cast

import polars as pl

from thetatrio.errors import DecodeError
from thetatrio.frames._cells import REFUSALS, SPACE, first_line, reader_of
from thetatrio.frames._clock import FEW, FIRST, offsets, steps
from thetatrio.frames._schema import RIGHTS, SYMBOL, ZONE, Column, Kind, Values

__all__ = ["PolarsLibrary"]

# The ordinary form of a timestamp. Versions of polars differ in what else
# their strptime takes; the pattern leaves it only the calendar to decide.
_TIMESTAMP: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?$"
_STRPTIME: Final = "%Y-%m-%dT%H:%M:%S.%3f"
_WIDTH: Final = len("2024-11-04T09:30:00.000")
# What polars raises at bytes it cannot read: OSError where it takes them for compressed ones.
_REFUSALS: Final = (
    *REFUSALS,
    OSError,
    TypeError,
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
)
_RIGHT: Final = pl.Enum(RIGHTS)
_CALL, _PUT = RIGHTS
_TYPES: Final[dict[Kind, pl.DataType]] = {
    "timestamp": pl.Datetime("ms", ZONE),
    "date": pl.Date(),
    "time": pl.Time(),
    "int": pl.Int64(),
    "float": pl.Float64(),
    "text": pl.String(),
    "symbol": pl.Categorical(),
    "right": _RIGHT,
}
# What is given for values of a column; symbols become categories at the end, for
# until polars 1.32 each part would have categories of its own.
_GIVEN: Final[dict[Kind, pl.DataType]] = {
    **_TYPES,
    "timestamp": pl.Datetime("us"),
    "symbol": pl.String(),
    "right": pl.String(),
}


class PolarsLibrary:
    """Makes `polars.DataFrame`."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns

    @property
    def columns(self) -> Sequence[Column]:
        """The columns that an answer is read for."""
        return self._columns

    def height(self, part: pl.DataFrame) -> int:
        """Return the number of rows of a part."""
        return part.height

    def join(self, parts: list[pl.DataFrame], symbol: str | None) -> pl.DataFrame:
        """Return one frame of the parts, with its column of symbols as categories."""
        name = SYMBOL.name
        parts = parts or [self.build({column.name: [] for column in self._columns})]
        if symbol is not None and name not in parts[0].columns:
            parts = [part.select(pl.lit(symbol).alias(name), pl.all()) for part in parts]
        frame = pl.concat(parts)
        if name not in frame.columns:
            return frame
        return frame.with_columns(pl.col(name).cast(_TYPES[SYMBOL.kind]))

    def build(self, values: Values) -> pl.DataFrame:
        """Return the frame of values that have been read already."""
        return pl.DataFrame([_series(column, values[column.name]) for column in self._columns])

    def parse(self, names: tuple[str, ...], lines: bytes) -> pl.DataFrame | None:
        """Return the frame of lines of CSV; None where anything is out of the ordinary."""
        if b'"' in lines or not lines.isascii():
            return None
        try:
            raw = _read(self._columns, names, lines)
            return None if raw is None else _converted(self._columns, raw)
        except _REFUSALS:
            return None


def _series(column: Column, values: list[object]) -> pl.Series:
    try:
        found = pl.Series(column.name, values, dtype=_GIVEN[column.kind])
        if column.kind == "right":
            return found.cast(_RIGHT)
    except _REFUSALS as error:
        raise DecodeError(f"column {column.name}: {first_line(error)}") from error
    if column.kind == "timestamp":
        return _in_new_york(found.cast(pl.Int64) // 1000)
    if column.kind == "time":
        nanoseconds = found.cast(pl.Int64)
        return (nanoseconds - nanoseconds % 1_000_000).cast(pl.Time)
    return found


def _read(columns: Sequence[Column], names: tuple[str, ...], lines: bytes) -> pl.DataFrame | None:
    """Return numbers as such and all else as text; None where cells may be missing."""
    wanted = {column.name: column for column in columns}
    schema: dict[str, pl.DataType] = {}
    for number, name in enumerate(names):
        column = wanted.get(name)
        if column is None:
            schema[f"column {number}"] = pl.String()
        else:
            schema[name] = _TYPES[column.kind] if column.kind in ("int", "float") else pl.String()
    raw = pl.read_csv(io.BytesIO(lines), has_header=False, schema=schema, quote_char=None)
    if not raw.height:
        return None
    required = [name for name in names if name in wanted and not wanted[name].nullable]
    if any(raw[name].null_count() for name in required):
        return None
    # A row that is too short has its last cells null, and that shows where no
    # cell may be. One that is too long polars refuses.
    if len(required) < len(names) and lines.count(b",") != raw.height * (len(names) - 1):
        return None
    return raw


def _converted(columns: Sequence[Column], raw: pl.DataFrame) -> pl.DataFrame | None:
    found: list[pl.Series] = []
    for column in columns:
        if column.name not in raw.columns:
            found.append(_series(column, [None] * raw.height))
            continue
        cells = raw[column.name]
        values: pl.Series | None = cells
        if column.kind == "timestamp":
            values = _timestamps(cells)
        elif column.kind == "float":
            values = cells if _within(column, cells) else None
        elif column.kind == "right":
            values = _rights(column, cells)
        elif column.kind != "int":
            values = _by_distinct_cells(column, cells)
        if values is None:
            return None
        found.append(values)
    # With chunks of unlike lengths, each later use of the frame would make them alike.
    return pl.DataFrame(found).rechunk()


def _within(column: Column, values: pl.Series) -> bool:
    if not values.is_finite().all():  # either it says so, or it is out of range
        return False
    if column.minimum is not None and not (values >= column.minimum).all():
        return False
    return column.below is None or (values < column.below).all()


def _by_distinct_cells(column: Column, cells: pl.Series) -> pl.Series | None:
    """Read each different cell once, as one cell is read."""
    read = reader_of(column)
    distinct = cells.drop_nulls().unique() if _varies(cells) else cells.head(1).drop_nulls()
    texts = cast("list[str]", distinct.to_list())
    stripped = [text.strip(SPACE) for text in texts]
    if not all(text and text.isprintable() for text in stripped):  # the line may be blank
        return None
    values = [read(text) for text in stripped]
    new = _series(column, values)
    if texts == values:
        return cells.cast(new.dtype)
    if len(new) == 1 and not cells.null_count():
        return new.new_from_index(0, len(cells))
    return cells.replace_strict(distinct, new, default=None, return_dtype=new.dtype)


def _rights(column: Column, cells: pl.Series) -> pl.Series | None:
    puts = cells == _PUT
    if cells.null_count() or not (puts | (cells == _CALL)).all():
        return _by_distinct_cells(column, cells)
    # Comparing twice and picking by number costs half of casting text to categories.
    return pl.Series(column.name, RIGHTS, dtype=_RIGHT).gather(puts.cast(pl.UInt32))


def _varies(cells: pl.Series) -> bool:
    # Parts of one contract or one day are common, and comparing is cheaper than hashing.
    return bool(cells.null_count()) or not (cells == cells[0]).all()


def _timestamps(cells: pl.Series) -> pl.Series | None:
    if not cells.str.contains(_TIMESTAMP).all():
        return None
    widths = cells.str.len_bytes()
    if (widths != _WIDTH).any():
        whole = widths == _WIDTH - len(".000")
        cells = (cells + ".000").zip_with(whole, cells) if whole.any() else cells
        cells = cells.str.pad_end(_WIDTH, "0")
        cells = cells.str.head(_WIDTH) if (widths > _WIDTH).any() else cells
    wall = cells.str.to_datetime(_STRPTIME, time_unit="ms", cache=False).cast(pl.Int64)
    return None if (wall < FIRST).any() else _in_new_york(wall)


def _in_new_york(wall: pl.Series) -> pl.Series:
    """Return the instants of wall-clock milliseconds, by the rule of `market_time`."""
    if wall.null_count() < len(wall):
        found = steps(cast("int", wall.min()), cast("int", wall.max()))
        if len(found) == 1:
            wall = wall - found[0].offset
        elif len(found) > FEW:
            wall = wall - pl.Series(offsets(wall.to_list(), found), dtype=pl.Int64)
        else:
            offset = pl.lit(found[0].offset)
            for step in found[1:]:
                offset = pl.when(wall >= step.start).then(step.offset).otherwise(offset)
            wall = pl.select((wall - offset).alias(wall.name)).to_series()
    return wall.cast(_TYPES["timestamp"])
