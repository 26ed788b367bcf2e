"""What REST answers become: one Struct for each kind of row.

Columns keep the vendor's names. Times are New York's: the attribute with the
column's name (`row.timestamp`) is an aware datetime, made when it is asked
for; the one with `_ny` added holds the wire's wall-clock value, which costs
nothing more than decoding it. Prices, strikes and Greeks are in dollars;
sizes are in shares or contracts; exchange and condition codes are explained
by `thetatrio.codes`. Rows are immutable, compare by value, and hash.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, TypeAlias

import msgspec

from thetatrio.contracts import Option
from thetatrio.market_time import in_new_york

__all__ = [
    "CalendarDay",
    "Eod",
    "Expiration",
    "ListedContract",
    "Ohlc",
    "OptionGreeks",
    "OptionQuote",
    "OptionRow",
    "OptionTrade",
    "Price",
    "Row",
    "StockQuote",
    "Symbol",
]


WallClock: TypeAlias = Annotated[dt.datetime, msgspec.Meta(tz=False)]
"""A New York wall-clock value without an offset, as it is on the wire."""
TimeOfDay: TypeAlias = Annotated[dt.time, msgspec.Meta(tz=False)]
# So that every row that was decoded has a `contract`.
StrikeDollars: TypeAlias = Annotated[float, msgspec.Meta(ge=0, lt=1_000_000)]


class Row(msgspec.Struct, frozen=True, gc=False):
    """Base of all rows."""


class Symbol(Row, frozen=True, gc=False):
    """A symbol that has data."""

    symbol: str


class Expiration(Row, frozen=True, gc=False):
    """A date on which options of a root expire. Expired ones are listed too."""

    symbol: str
    expiration: dt.date


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


class ListedContract(OptionRow, frozen=True, gc=False):
    """A contract that was quoted or traded on the day asked for."""


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


class OptionGreeks(OptionRow, frozen=True, gc=False):
    """Quote, implied volatility and Greeks of every order of one option contract.

    The scale is the vendor's: vega and rho are for a change of 1.00 (100
    points) in volatility or rate, theta is for one day. `implied_vol` is a
    fraction. Rows for which no volatility fits have a large `iv_error` and
    degenerate Greeks.
    """

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    bid: float
    ask: float
    delta: float
    theta: float
    vega: float
    rho: float
    epsilon: float
    lambda_: float = msgspec.field(name="lambda")
    gamma: float
    vanna: float
    charm: float
    vomma: float
    veta: float
    vera: float
    speed: float
    zomma: float
    color: float
    ultima: float
    d1: float
    d2: float
    dual_delta: float
    dual_gamma: float
    implied_vol: float
    iv_error: float
    underlying_timestamp_ny: WallClock = msgspec.field(name="underlying_timestamp")
    underlying_price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When the option's quote was made."""
        return in_new_york(self.timestamp_ny)

    @property
    def underlying_timestamp(self) -> dt.datetime:
        """When the underlying's price was made."""
        return in_new_york(self.underlying_timestamp_ny)


class Price(Row, frozen=True, gc=False):
    """An index's price. 0.0 where the index had not been calculated yet."""

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When the index stood there."""
        return in_new_york(self.timestamp_ny)


class CalendarDay(Row, frozen=True, gc=False):
    """A day on which the stock market keeps other hours than 09:30 to 16:00."""

    date: dt.date
    type: Literal["open", "early_close", "full_close", "weekend"]
    open: TimeOfDay | None
    """New York wall clock; None on days without a session."""
    close: TimeOfDay | None
