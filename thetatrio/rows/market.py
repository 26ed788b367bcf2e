"""Rows of stocks and indices."""

from __future__ import annotations

import datetime as dt

import msgspec

from thetatrio.market_time import in_new_york
from thetatrio.rows._base import Row, WallClock

__all__ = [
    "Eod",
    "IndexMarketValue",
    "IndexPrice",
    "MarketValue",
    "Ohlc",
    "Price",
    "Quote",
    "SnapshotOhlc",
    "StockQuote",
    "StockTrade",
    "Trade",
    "TradeQuote",
]


class Ohlc(Row, frozen=True, gc=False):
    """One bar. A bar without trades is all zeros, which is not a price of zero."""

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


class Eod(Row, frozen=True, gc=False):
    """The end-of-day report of one stock or index: bar of the day and closing quote.

    A day can have two reports; the one with the newest `created` counts.
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


class StockQuote(Row, frozen=True, gc=False):
    """The best bid and offer of one stock."""

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    symbol: str
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
        """When the quote was made."""
        return in_new_york(self.timestamp_ny)

    @property
    def is_empty(self) -> bool:
        """Whether there was no market: bid and ask are 0, as before the open of options."""
        return not (self.bid or self.ask)


class Price(Row, frozen=True, gc=False):
    """An index's price. 0.0 where the index had not been calculated yet."""

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When the index stood there."""
        return in_new_york(self.timestamp_ny)


class SnapshotOhlc(Row, frozen=True, gc=False):
    """The bar of the day so far of one stock or index. Index bars have no volume."""

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    symbol: str
    open: float
    high: float
    low: float
    close: float
    volume: int
    count: int
    """Trades of the day."""

    @property
    def timestamp(self) -> dt.datetime:
        """When its last trade or price was."""
        return in_new_york(self.timestamp_ny)

    @property
    def is_empty(self) -> bool:
        """Whether no trade made the bar: all its prices are 0, which is no price."""
        return not (self.open or self.high or self.low or self.close)


class Trade(Row, frozen=True, gc=False):
    """One trade of one stock; or an index's price in the columns of a trade."""

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


class StockTrade(Row, frozen=True, gc=False):
    """The last trade of one stock."""

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    symbol: str
    sequence: int
    """The exchange's number of the trade. Signed 32-bit: it wraps, and may be negative."""
    size: int
    condition: int
    price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When the trade was."""
        return in_new_york(self.timestamp_ny)


class Quote(Row, frozen=True, gc=False):
    """The best bid and offer of one stock, of a request that names the stock."""

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


class TradeQuote(Row, frozen=True, gc=False):
    """One trade of one stock, and the quote it met."""

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


class MarketValue(Row, frozen=True, gc=False):
    """The vendor's valuation of one stock."""

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    symbol: str
    market_bid: float
    market_ask: float
    market_price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When it was made."""
        return in_new_york(self.timestamp_ny)


class IndexPrice(Row, frozen=True, gc=False):
    """The last price of one index."""

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    symbol: str
    price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When the index stood there."""
        return in_new_york(self.timestamp_ny)


class IndexMarketValue(Row, frozen=True, gc=False):
    """The vendor's valuation of one index."""

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    symbol: str
    market_price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When it was made."""
        return in_new_york(self.timestamp_ny)
