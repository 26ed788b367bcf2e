"""The columns of a frame, as a row's Struct declares them."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    TypeAlias,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from thetatrio.errors import InvalidRequest
from thetatrio.rows import Row

__all__ = [
    "RIGHTS",
    "SYMBOL",
    "ZONE",
    "Column",
    "Kind",
    "Values",
    "columns_of",
    "library",
    "values_in",
]

Kind: TypeAlias = Literal["timestamp", "date", "time", "int", "float", "text", "symbol", "right"]
"""What a column holds. `symbol` and `right` are texts of which a frame has few different ones."""

Values: TypeAlias = dict[str, list[object]]
"""The values of each column, as rows hold them: timestamps are naive."""

RIGHTS: Final = ("CALL", "PUT")
ZONE: Final = "America/New_York"

KINDS: Final[dict[object, Kind]] = {
    dt.datetime: "timestamp",
    dt.date: "date",
    dt.time: "time",
    int: "int",
    float: "float",
    str: "text",
}


class Column(msgspec.Struct, frozen=True):
    """One column of a frame."""

    name: str
    """The vendor's name for it, which is the frame's too."""
    attribute: str
    """The attribute of a row that has its value."""
    kind: Kind
    nullable: bool = False
    """Whether a row may be without a value."""
    required: bool = True
    """Whether an answer must have it."""
    hint: object = str
    """The type of one value, as the Struct declares it: what a cell is read as."""
    minimum: float | None = None
    below: float | None = None


SYMBOL: Final = Column("symbol", "symbol", "symbol")
"""The column that is added where the vendor leaves it out."""


@cache
def columns_of(row_type: type[Row]) -> tuple[Column, ...]:
    """Return the columns of frames of a type of row, in the order of its Struct."""
    hints = get_type_hints(row_type, include_extras=True)
    return tuple(
        _column(field.encode_name, field.name, hints[field.name], required=field.required)
        for field in msgspec.structs.fields(row_type)
    )


def _column(name: str, attribute: str, hint: object, *, required: bool) -> Column:
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    (inner,) = (option for option in options if option is not type(None))
    plain, *metas = get_args(inner) if get_origin(inner) is Annotated else (inner,)
    meta = next((each for each in metas if isinstance(each, msgspec.Meta)), msgspec.Meta())
    kind: Kind
    if name == "symbol":
        kind = "symbol"
    elif get_origin(plain) is Literal:
        kind = "right" if get_args(plain) == RIGHTS else "text"
    else:
        kind = KINDS[plain]
    return Column(
        name,
        attribute,
        kind,
        nullable=len(options) > 1,
        required=required,
        hint=inner,
        minimum=None if meta.ge is None else float(meta.ge),
        below=None if meta.lt is None else float(meta.lt),
    )


def values_in(columns: Sequence[Column], rows: Sequence[Row]) -> Values:
    """Return the values of each column that rows have."""
    return {column.name: list(map(attrgetter(column.attribute), rows)) for column in columns}


def library(name: str, extra: str) -> Any:
    """Import a library that not everybody has. Raises InvalidRequest that says how to get it."""
    try:
        return cast("Any", import_module(name))
    except ImportError as error:
        raise InvalidRequest(
            f"this needs {name.partition('.')[0]}: pip install 'thetatrio[{extra}]',"
            f" or '.[{extra}]' in a clone of thetatrio"
        ) from error
