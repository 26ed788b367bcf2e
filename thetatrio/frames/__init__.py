"""Frames of polars, pyarrow and pandas: of rows, and of CSV as it arrives.

A frame has the vendor's columns under the vendor's names. Timestamps are
time-zone-aware, in New York, with milliseconds; dates are dates; whole
numbers have 64 bits, prices and Greeks are 64-bit floats; `symbol` and
`right` are categories. A frame without rows has the columns and types of a
full one. A library is imported when a frame of it is asked for.
"""

# pyarrow says nothing of its types, so what is one of them is unknown to pyright.
# pyright: reportUnknownParameterType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from thetatrio._calls import mark_used
from thetatrio.errors import InvalidRequest, WrongCall
from thetatrio.events import Event
from thetatrio.frames._events import event_columns, event_values
from thetatrio.frames._reader import CsvReader, Library
from thetatrio.frames._reader import FrameReader as FrameReader
from thetatrio.frames._schema import Column, columns_of, library, values_in
from thetatrio.rows import Row

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    import pandas as pd  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
    import polars as pl
    import pyarrow as pa  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]

P = TypeVar("P")
F = TypeVar("F")

__all__ = [
    "FrameReader",
    "arrow",
    "arrow_reader",
    "empty_arrow",
    "empty_pandas",
    "empty_polars",
    "pandas",
    "pandas_reader",
    "polars",
    "polars_reader",
]


def polars_reader(
    row_type: type[Row], *, symbol: str | None = None, pool: ThreadPoolExecutor | None = None
) -> FrameReader[pl.DataFrame]:
    """Return a reader of CSV answers that gives a polars DataFrame.

    Args:
        row_type: what the rows of the answers are.
        symbol: becomes the first column, where rows of this type have none.
        pool: threads that parse, several megabytes each, side by side; None: the one that feeds.

    Raises InvalidRequest where polars is not installed.
    """
    return CsvReader(_polars_frames(columns_of(row_type)), symbol, pool)


def arrow_reader(
    row_type: type[Row], *, symbol: str | None = None, pool: ThreadPoolExecutor | None = None
) -> FrameReader[pa.Table]:
    """Return a reader of CSV answers that gives a pyarrow Table; as `polars_reader`."""
    library = _arrow_frames(columns_of(row_type), use_threads=pool is None)
    return CsvReader(library, symbol, pool)


def pandas_reader(
    row_type: type[Row], *, symbol: str | None = None, pool: ThreadPoolExecutor | None = None
) -> FrameReader[pd.DataFrame]:
    """Return a reader of CSV answers that gives a pandas DataFrame; as `polars_reader`.

    Dates and times are pyarrow's types, for pandas has none of its own.
    """
    library = _pandas_frames(columns_of(row_type), use_threads=pool is None)
    return CsvReader(library, symbol, pool)


def polars(
    rows: Sequence[Row] | Sequence[Event],
    row_type: type[Row | Event] | None = None,
    *,
    symbol: str | None = None,
) -> pl.DataFrame:
    """Return the polars DataFrame of rows, or of events of the stream.

    Events have their contract's `symbol`, `expiration`, `strike` and `right`
    in the first columns (stocks and indices only the first), then `timestamp`.

    Args:
        rows: all of one type.
        row_type: what they are; needed only where there are none.
        symbol: becomes the first column, where rows of this type have none.

    Raises WrongCall for what is not rows or events, InvalidRequest for rows of several
    types, and if polars is not installed; DecodeError for what a column cannot hold,
    such as a whole number of more than 64 bits.
    """
    return _frame(_polars_frames, rows, row_type, symbol)


def arrow(
    rows: Sequence[Row] | Sequence[Event],
    row_type: type[Row | Event] | None = None,
    *,
    symbol: str | None = None,
) -> pa.Table:
    """Return the pyarrow Table of rows; as `polars`."""
    return _frame(_arrow_frames, rows, row_type, symbol)


def pandas(
    rows: Sequence[Row] | Sequence[Event],
    row_type: type[Row | Event] | None = None,
    *,
    symbol: str | None = None,
) -> pd.DataFrame:
    """Return the pandas DataFrame of rows; as `polars`, with the types of `pandas_reader`."""
    return _frame(_pandas_frames, rows, row_type, symbol)


def empty_polars(row_type: type[Row | Event], *, symbol: str | None = None) -> pl.DataFrame:
    """Return a polars DataFrame without rows, with the columns and types of a full one."""
    return polars([], row_type, symbol=symbol)


def empty_arrow(row_type: type[Row | Event], *, symbol: str | None = None) -> pa.Table:
    """Return a pyarrow Table without rows, with the columns and types of a full one."""
    return arrow([], row_type, symbol=symbol)


def empty_pandas(row_type: type[Row | Event], *, symbol: str | None = None) -> pd.DataFrame:
    """Return a pandas DataFrame without rows, with the columns and types of a full one."""
    return pandas([], row_type, symbol=symbol)


def _polars_frames(columns: Sequence[Column]) -> Library[pl.DataFrame, pl.DataFrame]:
    library("polars", "polars")
    from thetatrio.frames._polars import PolarsLibrary

    return PolarsLibrary(columns)


def _arrow_frames(
    columns: Sequence[Column], *, use_threads: bool = True
) -> Library[pa.Table, pa.Table]:
    from thetatrio.frames._arrow import ArrowLibrary

    return ArrowLibrary(columns, use_threads=use_threads)


def _pandas_frames(
    columns: Sequence[Column], *, use_threads: bool = True
) -> Library[pa.Table, pd.DataFrame]:
    from thetatrio.frames._pandas import PandasLibrary

    return PandasLibrary(columns, use_threads=use_threads)


def _checked(rows: Sequence[Row] | Sequence[Event]) -> Sequence[Row] | Sequence[Event]:
    """Return rows or events as a list. Raises WrongCall, with a remedy, for anything else."""
    given = cast("object", rows)  # who checks no types may pass anything
    if hasattr(given, "request"):
        mark_used(given)
        raise WrongCall("a frame is of rows, got a query: query.polars(), .arrow() or .pandas()")
    if isinstance(given, (Row, Event)):
        raise WrongCall("a frame is of several rows, got one: give a list, [row]")
    if not isinstance(given, Iterable):
        raise WrongCall(f"a frame is of a list of rows or events, got {given!r:.100}")
    several = list(cast("Iterable[object]", given))
    wrong = [kind for kind in set(map(type, several)) if not issubclass(kind, (Row, Event))]
    for row in several if wrong else ():
        if type(row) in wrong:
            raise WrongCall(
                f"a frame is of rows of an answer or events of a feed, got a {type(row).__name__}"
                f"{_parts_hint(row)}"
            )
    return cast("Sequence[Row]", several)


def _parts_hint(value: object) -> str:
    """Return how a frame is made of what holds rows, such as an entry of a chain."""
    names: tuple[str, ...] = getattr(value, "__struct_fields__", ())
    parts = [name for name in names if isinstance(getattr(value, name), (Row, Event))]
    if not parts:
        return ""
    return (
        f"; it has parts that are rows ({', '.join(parts)}):"
        f" [it.{parts[0]} for it in entries if it.{parts[0]} is not None]"
    )


def _frame(
    frames: Callable[[Sequence[Column]], Library[P, F]],
    rows: Sequence[Row] | Sequence[Event],
    row_type: type[Row | Event] | None,
    symbol: str | None,
) -> F:
    rows = _checked(rows)
    kinds = {type(row) for row in rows} | ({row_type} if row_type is not None else set())
    if len(kinds) != 1:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise InvalidRequest(
            f"a frame is of rows of one type, and these are of several: {names}"
            if kinds
            else "a frame of no rows needs their type, as in frames.polars([], rows.Quote)"
        )
    (kind,) = kinds
    if issubclass(kind, Event):
        columns = event_columns(kind)
        values = event_values(columns, cast("Sequence[Event]", rows))
    else:
        columns = columns_of(kind)
        values = values_in(columns, cast("Sequence[Row]", rows))
    library = frames(columns)
    return library.join([library.build(values)], symbol)
