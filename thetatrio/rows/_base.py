"""What all rows share."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, TypeAlias

import msgspec

from thetatrio.contracts import Option

__all__ = ["OptionRow", "Row", "StrikeDollars", "TimeOfDay", "WallClock"]

WallClock: TypeAlias = Annotated[dt.datetime, msgspec.Meta(tz=False)]
"""A New York wall-clock value without an offset, as it is on the wire."""
TimeOfDay: TypeAlias = Annotated[dt.time, msgspec.Meta(tz=False)]
# So that every row that was decoded has a `contract`.
StrikeDollars: TypeAlias = Annotated[float, msgspec.Meta(ge=0, lt=1_000_000)]


class Row(msgspec.Struct, frozen=True, gc=False):
    """Base of all rows."""


class OptionRow(Row, frozen=True, gc=False):
    """Base of rows about one option contract."""

    symbol: str
    """The root, such as `SPXW`."""
    expiration: dt.date
    strike: StrikeDollars
    """Dollars."""
    right: Literal["CALL", "PUT"]

    @property
    def contract(self) -> Option:
        """The contract as a value that can be compared, hashed and asked for again."""
        return Option.from_row(self.symbol, self.expiration, self.strike, self.right)

    def expired_on(self, day: dt.date) -> bool:
        """Return whether the contract had expired before a day.

        Snapshots of a terminal can have contracts that expired the day before, with that day's
        stamps.

        Args:
            day: The day, such as the one of the snapshot.
        """
        return self.expiration < day
