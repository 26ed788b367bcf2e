"""Rows that only v2 terminals have: splits, dividends, paths of files, flags of trades."""

from __future__ import annotations

import datetime as dt

import msgspec

from thetatrio.market_time import in_new_york
from thetatrio.rows._base import Row, WallClock
from thetatrio.rows.market import Trade
from thetatrio.rows.option import OptionTrade

__all__ = ["Dividend", "FilePath", "OptionTradeFlags", "Split", "TradeFlags"]


class TradeFlags(Trade, frozen=True, gc=False):
    """One trade of one stock, with the flags that v3 terminals do not send."""

    condition_flags: int
    """A number of the vendor's, as v2 sends it; so are the other three."""
    price_flags: int
    volume_type: int
    records_back: int


class OptionTradeFlags(OptionTrade, frozen=True, gc=False):
    """One trade of one option contract, with the flags that v3 terminals do not send."""

    condition_flags: int
    """A number of the vendor's, as v2 sends it; so are the other three."""
    price_flags: int
    volume_type: int
    records_back: int


class Split(Row, frozen=True, gc=False):
    """The last split of one stock, as it stood on one day."""

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    split_date: dt.date
    before_shares: float
    """So many shares became"""
    after_shares: float
    """so many."""

    @property
    def timestamp(self) -> dt.datetime:
        """The day it was asked for, and the time of its report."""
        return in_new_york(self.timestamp_ny)


class Dividend(Row, frozen=True, gc=False):
    """The last dividend of one stock, as it stood on one day."""

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    ex_date: dt.date
    record_date: dt.date
    payment_date: dt.date
    ann_date: dt.date
    """When it was announced."""
    dividend_amount: float
    """Dollars a share."""
    less_amount: float

    @property
    def timestamp(self) -> dt.datetime:
        """The day it was asked for, and the time of its report."""
        return in_new_york(self.timestamp_ny)


class FilePath(Row, frozen=True, gc=False):
    """Where a v2 terminal has written a file, on the machine it runs on."""

    path: str
