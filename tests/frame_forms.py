"""The three kinds of frames, for `tests.test_frames` and its likes, and what can be seen of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import settings

from tests.answers import ANSWERS
from thetatrio import frames, rows
from thetatrio.errors import DecodeError


class Kind(NamedTuple):
    """One library's frames."""

    name: str
    reader: Callable[..., frames.FrameReader[Any]]
    of_rows: Callable[..., Any]
    empty: Callable[..., Any]
    schema: Callable[[Any], Any]
    """What two frames of one type of row have in common, in something that can be compared."""
    values: Callable[[Any], list[list[object]]]
    """A frame's values, column by column; moments as milliseconds since 1970 in UTC."""

    def read(self, row_type, *pieces, symbol=None, pool=None):
        """Return the frame of one answer in pieces."""
        reader = self.reader(row_type, symbol=symbol, pool=pool)
        for piece in pieces:
            reader.feed(piece)
        return reader.finish()

    def outcome(self, row_type, *pieces, pool=None):
        """Return what is in the frame, as text for the sake of NaN, or "refused"."""
        try:
            return repr(self.values(self.read(row_type, *pieces, pool=pool)))
        except DecodeError as error:
            return "refused" if len(error.first_bytes) <= 256 else "refused at length"

    def seen(self, frame):
        """Return all that two equal frames have in common."""
        return self.schema(frame), repr(self.values(frame))


def polars_values(frame):
    def values(column):
        if isinstance(column.dtype, pl.Datetime):
            return column.cast(pl.Int64)
        return column.cast(pl.String) if column.dtype in (pl.Categorical, pl.Enum) else column

    return [values(column).to_list() for column in frame]


def arrow_values(table):
    return [
        (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_pylist()
        for column in table.columns
    ]


def pandas_values(frame):
    return arrow_values(pa.Table.from_pandas(frame, preserve_index=False))


def pandas_schema(frame):
    # A category's type has the categories in it, which are data.
    assert isinstance(frame.index, pd.RangeIndex)
    return [(name, str(dtype)) for name, dtype in frame.dtypes.items()]


POLARS = Kind(
    "polars",
    frames.polars_reader,
    frames.polars,
    frames.empty_polars,
    lambda frame: frame.schema,
    polars_values,
)
ARROW = Kind(
    "arrow",
    frames.arrow_reader,
    frames.arrow,
    frames.empty_arrow,
    lambda table: table.schema,
    arrow_values,
)
PANDAS = Kind(
    "pandas",
    frames.pandas_reader,
    frames.pandas,
    frames.empty_pandas,
    pandas_schema,
    pandas_values,
)
KINDS = (POLARS, ARROW, PANDAS)

# One of each type of row: frames know of no operations.
BY_TYPE = {answer.row_type.__name__: answer for answer in ANSWERS.values()}
# Among these are all kinds of columns, narrow rows and wide ones; `deep` takes the others too.
USUAL = (
    rows.CalendarDay,
    rows.Date,
    rows.Expiration,
    rows.IndexMarketValue,
    rows.InterestRate,
    rows.OptionGreeks,
    rows.OptionMarketValue,
    rows.OptionQuote,
    rows.OptionTrade,
    rows.Price,
    rows.Symbol,
)
each_answer = pytest.mark.parametrize(
    "answer",
    [
        pytest.param(answer, id=name, marks=() if answer.row_type in USUAL else pytest.mark.deep)
        for name, answer in BY_TYPE.items()
    ],
)
each_type = pytest.mark.parametrize("answer", BY_TYPE.values(), ids=list(BY_TYPE))
FEWER = settings(max_examples=settings.default.max_examples // 3)
"""Examples are dear here: a frame is some hundred calls of its library."""
