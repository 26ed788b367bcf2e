"""Frames of pandas, by way of pyarrow. Imported when one is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from thetatrio.frames._arrow import ArrowLibrary, Table
from thetatrio.frames._schema import Column, Values, library

__all__ = ["PandasLibrary"]

DataFrame: TypeAlias = Any
"""A `pandas.DataFrame`. The library says nothing of its types, so all of it is Any in here."""


class PandasLibrary:
    """Makes `pandas.DataFrame`; its parts are tables of pyarrow, and so are its arguments."""

    def __init__(self, columns: Sequence[Column], *, use_threads: bool = True) -> None:
        pandas: Any = library("pandas", "pandas")
        pyarrow: Any = library("pyarrow", "pandas")
        # pandas has no type for dates and times but these: its own way is
        # Python objects, and a column of those has no type.
        self._types: dict[object, object] = {
            each: pandas.ArrowDtype(each) for each in (pyarrow.date32(), pyarrow.time32("ms"))
        }
        self._arrow = ArrowLibrary(columns, use_threads=use_threads)

    @property
    def columns(self) -> Sequence[Column]:
        """The columns that an answer is read for."""
        return self._arrow.columns

    def height(self, part: Table) -> int:
        """Return the number of rows of a part."""
        return self._arrow.height(part)

    def parse(self, names: tuple[str, ...], lines: bytes) -> Table | None:
        """Return the table of lines of CSV; None where anything is out of the ordinary."""
        return self._arrow.parse(names, lines)

    def build(self, values: Values) -> Table:
        """Return the table of values that have been read already."""
        return self._arrow.build(values)

    def join(self, parts: list[Table], symbol: str | None) -> DataFrame:
        """Return one frame of the tables."""
        table: Any = self._arrow.join(parts, symbol)
        return table.to_pandas(types_mapper=self._types.get)
