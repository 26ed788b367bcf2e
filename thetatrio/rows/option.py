"""Rows of options: quotes, trades, bars, open interest."""

from __future__ import annotations

import datetime as dt

import msgspec

from thetatrio.market_time import in_new_york
from thetatrio.rows._base import OptionRow, WallClock

__all__ = [
    "OpenInterest",
    "OptionEod",
    "OptionMarketValue",
    "OptionOhlc",
    "OptionQuote",
    "OptionSnapshotOhlc",
    "OptionTrade",
    "OptionTradeQuote",
]


class OptionQuote(OptionRow, frozen=True, gc=False):
    """The national best bid and offer of one option contract.

    Zeros are real: options have no market before the open, and dead strikes none at all.
    """

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    bid_size: int
    bid_exchange: int
    bid: float
    bid_condition: int
    ask_size: int
    ask_exchange: int
    ask: float
    ask_condition: int

    @property
    def timestamp(self) -> dt.datetime:
        """When the quote held: at an interval, the last quote at that moment."""
        return in_new_york(self.timestamp_ny)

    @property
    def is_empty(self) -> bool:
        """Whether there was no market: bid and ask are 0, as before the open of options."""
        return not (self.bid or self.ask)


class OptionTrade(OptionRow, frozen=True, gc=False):
    """One trade of one option contract."""

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    sequence: int
    """The exchange's number of the trade. Signed 32-bit: it wraps, and may be negative."""
    ext_condition1: int
    """255 where there is none; so for the other three."""
    ext_condition2: int
    ext_condition3: int
    ext_condition4: int
    condition: int
    size: int
    exchange: int
    price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When the trade was."""
        return in_new_york(self.timestamp_ny)


class OptionOhlc(OptionRow, frozen=True, gc=False):
    """One bar of one option contract. A bar without trades is all zeros, which is no price."""

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    open: float
    high: float
    low: float
    close: float
    volume: int
    count: int
    """Trades in the bar."""
    vwap: float
    """Volume-weighted average price of the day up to the end of this bar."""

    @property
    def timestamp(self) -> dt.datetime:
        """The opening of the bar."""
        return in_new_york(self.timestamp_ny)

    @property
    def is_empty(self) -> bool:
        """Whether no trade made the bar: all its prices are 0, which is no price."""
        return not (self.open or self.high or self.low or self.close)


class OptionSnapshotOhlc(OptionRow, frozen=True, gc=False):
    """The bar of the day so far of one option contract."""

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    open: float
    high: float
    low: float
    close: float
    volume: int
    count: int
    """Trades of the day."""

    @property
    def timestamp(self) -> dt.datetime:
        """When its last trade was."""
        return in_new_york(self.timestamp_ny)

    @property
    def is_empty(self) -> bool:
        """Whether no trade made the bar: all its prices are 0, which is no price."""
        return not (self.open or self.high or self.low or self.close)


class OptionEod(OptionRow, frozen=True, gc=False):
    """The end-of-day report of one option contract: bar of the day and closing quote.

    A day can have two reports; the one with the newest `created` counts. The
    bar of a day without trades is all zeros.
    """

    created_ny: WallClock = msgspec.field(name="created")
    last_trade_ny: WallClock = msgspec.field(name="last_trade")
    open: float
    high: float
    low: float
    close: float
    volume: int
    count: int
    bid_size: int
    bid_exchange: int
    bid: float
    bid_condition: int
    ask_size: int
    ask_exchange: int
    ask: float
    ask_condition: int

    @property
    def created(self) -> dt.datetime:
        """When the report was made, about 17:15. Its date is the trading day."""
        return in_new_york(self.created_ny)

    @property
    def last_trade(self) -> dt.datetime:
        """When the last trade was."""
        return in_new_york(self.last_trade_ny)

    @property
    def is_empty(self) -> bool:
        """Whether the day had neither a trade nor a quote: everything is 0, which is no price."""
        return not (self.open or self.high or self.low or self.close or self.bid or self.ask)


class OptionTradeQuote(OptionRow, frozen=True, gc=False):
    """One trade of one option contract, and the quote it met."""

    trade_timestamp_ny: WallClock = msgspec.field(name="trade_timestamp")
    quote_timestamp_ny: WallClock = msgspec.field(name="quote_timestamp")
    sequence: int
    """The exchange's number of the trade. Signed 32-bit: it wraps, and may be negative."""
    ext_condition1: int
    """255 where there is none; so for the other three."""
    ext_condition2: int
    ext_condition3: int
    ext_condition4: int
    condition: int
    size: int
    exchange: int
    price: float
    bid_size: int
    bid_exchange: int
    bid: float
    bid_condition: int
    ask_size: int
    ask_exchange: int
    ask: float
    ask_condition: int

    @property
    def trade_timestamp(self) -> dt.datetime:
        """When the trade was."""
        return in_new_york(self.trade_timestamp_ny)

    @property
    def quote_timestamp(self) -> dt.datetime:
        """When the quote was made."""
        return in_new_york(self.quote_timestamp_ny)


class OpenInterest(OptionRow, frozen=True, gc=False):
    """The open interest of one option contract, of the evening before."""

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    open_interest: int
    """Contracts."""

    @property
    def timestamp(self) -> dt.datetime:
        """When it was reported, about 06:30."""
        return in_new_york(self.timestamp_ny)


class OptionMarketValue(OptionRow, frozen=True, gc=False):
    """The vendor's valuation of one option contract."""

    market_bid: float
    market_ask: float
    market_price: float
    # The vendor's own JSON and NDJSON samples lack this column; its CSV has it.
    timestamp_ny: WallClock | None = msgspec.field(name="timestamp", default=None)

    @property
    def timestamp(self) -> dt.datetime | None:
        """When it was made; None where the terminal does not say."""
        return None if self.timestamp_ny is None else in_new_york(self.timestamp_ny)
