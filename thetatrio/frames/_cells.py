"""Cells of CSV to values, one by one: the road that takes every spelling terminals are known for.

What a cell means is decided here and nowhere else. Where a library reads a
piece faster, it must come to the same values, or leave the piece to this.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, Literal, NoReturn, cast, get_args, get_origin

import msgspec

from thetatrio.errors import DecodeError
from thetatrio.frames._schema import Column, Values
from thetatrio.market_time import NEW_YORK

__all__ = [
    "FIRST_BYTES",
    "REFUSALS",
    "SPACE",
    "cells_of",
    "fail",
    "first_line",
    "reader_of",
    "values_of",
]

FIRST_BYTES: Final = 256
# What msgspec, the csv module and datetime raise on hostile bytes.
REFUSALS: Final = (msgspec.MsgspecError, ValueError, OverflowError, csv.Error)
SPACE: Final = " \t\r\n"
# Spellings of numbers beyond JSON's, of which none can mean two things. The
# libraries take them in bulk, so they must be taken here.
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,19}")
_FINER: Final = re.compile(r"(:[0-9]{2}\.[0-9]{3})[0-9]+")
_INT64: Final = 1 << 63


def fail(what: str, data: bytes, cause: BaseException | None = None) -> NoReturn:
    """Raise DecodeError with what was wrong, and the bytes where it was."""
    first = data[:FIRST_BYTES]
    raise DecodeError(f"{what}; the bytes there begin {first[:80]!r}", first_bytes=first) from cause


def cells_of(line: bytes) -> list[str]:
    """Return the cells of a line, without the space around them. Raises what REFUSALS has."""
    text = line.decode().strip(SPACE)
    if '"' not in text:
        return [cell.strip(SPACE) for cell in text.split(",")]
    (cells,) = csv.reader([text], strict=True, skipinitialspace=True)
    return [cell.strip(SPACE) for cell in cells]


def values_of(
    columns: Sequence[Column], names: Sequence[str], lines: bytes, rows_before: int
) -> Values:
    """Return the values in lines of CSV whose cells have these names.

    Raises DecodeError that says which row cannot be read, counted from
    `rows_before`.
    """
    found: Values = {column.name: [] for column in columns}
    given = [
        (found[column.name].append, names.index(column.name), column, reader_of(column))
        for column in columns
        if column.name in names
    ]
    count = 0
    for line in lines.split(b"\n"):
        if not line.strip():
            continue
        count += 1
        try:
            cells = cells_of(line)
            if len(cells) != len(names):
                raise ValueError(f"{len(cells)} cells for {len(names)} columns")
            for append, place, column, read in given:
                try:
                    append(read(cells[place]))
                except REFUSALS as error:
                    raise ValueError(
                        f"column {column.name}: {cells[place]!r:.80}: {first_line(error)}"
                    ) from error
        except REFUSALS as error:
            fail(f"row {rows_before + count}: {first_line(error)}", line, error)
    for column in columns:
        if column.name not in names:
            found[column.name] = [None] * count
    return found


def first_line(error: BaseException) -> str:
    """Return what an error says, in one line."""
    if isinstance(error, UnicodeDecodeError):
        return "the text is not UTF-8"
    return str(error).partition("\n")[0][:FIRST_BYTES]


@cache
def reader_of(column: Column) -> Callable[[str], object]:
    """Return what makes a value of a cell of this column. It raises what REFUSALS has."""
    read = _reader(column)
    if column.nullable:
        return lambda cell: None if cell.lower() in ("", "null") else read(cell)
    return read


def _reader(column: Column) -> Callable[[str], object]:
    hint = cast("Any", column.hint)
    if column.kind == "timestamp":
        return _wall_clock
    if column.kind == "date":
        return _date
    if column.kind == "int":
        return _integer
    if column.kind == "float":
        return lambda cell: msgspec.convert(_number(cell), hint)
    if column.kind == "right":
        return lambda cell: msgspec.convert(_RIGHTS.get(cell.upper(), cell), hint)
    if get_origin(hint) is Literal:
        lower = "open" in get_args(hint)
        return lambda cell: msgspec.convert(cell.lower() if lower else cell, hint)
    if column.kind == "time":
        return lambda cell: msgspec.convert(cell, hint)
    return _text


_RIGHTS: Final[Mapping[str, str]] = {"C": "CALL", "P": "PUT", "CALL": "CALL", "PUT": "PUT"}


def _text(cell: str) -> str:
    if "\r" in cell:
        raise ValueError("a carriage return is neither text nor a line end")
    return cell


def _integer(cell: str) -> int:
    number = int(cell) if _INTEGER.fullmatch(cell) else msgspec.convert(cell, int, strict=False)
    if not -_INT64 <= number < _INT64:
        raise ValueError("the number does not fit 64 bits")
    return number


def _number(cell: str) -> float:
    if not _NUMBER.fullmatch(cell):
        return msgspec.convert(cell, float, strict=False)
    number = float(cell)
    if math.isinf(number):
        raise ValueError("the number is out of range")
    return number


def _date(cell: str) -> dt.date:
    if len(cell) == 8 and cell.isascii() and cell.isdigit():
        cell = f"{cell[:4]}-{cell[4:6]}-{cell[6:]}"
    return msgspec.convert(cell, dt.date)


def _wall_clock(cell: str) -> dt.datetime:
    # Finer digits are cut off here, for msgspec would round some of them up.
    text = _FINER.sub(r"\1", cell)
    moment = msgspec.convert(text, dt.datetime)
    if moment.tzinfo is not None:  # no terminal sends an offset; one that did would mean it
        moment = moment.astimezone(NEW_YORK).replace(tzinfo=None)
    return moment
