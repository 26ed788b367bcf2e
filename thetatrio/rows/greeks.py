"""Rows of implied volatilities and Greeks.

One scale holds for all of them, the vendor's: vega and rho are for a change
of 1.00 (100 points) in volatility or in the rate, so divide by 100 for one
point; theta is for one day; `implied_vol` is a fraction (0.25 is a quarter).
`iv_error` says how badly it fits: 0 is well, and 100 is not at all, as where
there is no market; the Greeks mean nothing there, and little outside regular
hours. `underlying_price`, in dollars, is that of `underlying_timestamp`.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from thetatrio.market_time import in_new_york
from thetatrio.rows._base import OptionRow, WallClock

__all__ = [
    "OptionBidAskImpliedVolatility",
    "OptionGreeks",
    "OptionGreeksEod",
    "OptionGreeksFirstOrder",
    "OptionGreeksSecondOrder",
    "OptionGreeksThirdOrder",
    "OptionImpliedVolatility",
    "OptionTradeGreeks",
    "OptionTradeGreeksFirstOrder",
    "OptionTradeGreeksSecondOrder",
    "OptionTradeGreeksThirdOrder",
    "OptionTradeImpliedVolatility",
]


class OptionGreeks(OptionRow, frozen=True, gc=False):
    """Quote, implied volatility and Greeks of every order of one option contract.

    The scale is the vendor's: vega and rho are for a change of 1.00 (100
    points) in volatility or rate, theta is for one day, charm for a year.
    `implied_vol` is a fraction. Rows for which no volatility fits have a large `iv_error` and
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
        """When the quote was made; at an interval, the moment it held."""
        return in_new_york(self.timestamp_ny)

    @property
    def underlying_timestamp(self) -> dt.datetime:
        """When the underlying's price was made."""
        return in_new_york(self.underlying_timestamp_ny)


class OptionGreeksFirstOrder(OptionRow, frozen=True, gc=False):
    """Quote, implied volatility and first-order Greeks of one option contract.

    Scales are those of `OptionGreeks`: vega and rho for a change of 1.00,
    theta for one day, `implied_vol` a fraction.
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
    implied_vol: float
    iv_error: float
    underlying_timestamp_ny: WallClock = msgspec.field(name="underlying_timestamp")
    underlying_price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When the quote was made; at an interval, the moment it held."""
        return in_new_york(self.timestamp_ny)

    @property
    def underlying_timestamp(self) -> dt.datetime:
        """When the underlying's price was made."""
        return in_new_york(self.underlying_timestamp_ny)


class OptionGreeksSecondOrder(OptionRow, frozen=True, gc=False):
    """Quote, implied volatility and second-order Greeks of one option contract.

    Changes of volatility are counted in units of 1.00; charm is for a year.
    `implied_vol` is a fraction; `iv_error` is 100 where no volatility fits.
    """

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    bid: float
    ask: float
    gamma: float
    vanna: float
    charm: float
    vomma: float
    veta: float
    implied_vol: float
    iv_error: float
    underlying_timestamp_ny: WallClock = msgspec.field(name="underlying_timestamp")
    underlying_price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When the quote was made; at an interval, the moment it held."""
        return in_new_york(self.timestamp_ny)

    @property
    def underlying_timestamp(self) -> dt.datetime:
        """When the underlying's price was made."""
        return in_new_york(self.underlying_timestamp_ny)


class OptionGreeksThirdOrder(OptionRow, frozen=True, gc=False):
    """Quote, implied volatility and third-order Greeks of one option contract.

    `ultima` stops at -100. `implied_vol` is a fraction; `iv_error` is
    100 where no volatility fits.
    """

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    bid: float
    ask: float
    speed: float
    zomma: float
    color: float
    ultima: float
    implied_vol: float
    iv_error: float
    underlying_timestamp_ny: WallClock = msgspec.field(name="underlying_timestamp")
    underlying_price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When the quote was made; at an interval, the moment it held."""
        return in_new_york(self.timestamp_ny)

    @property
    def underlying_timestamp(self) -> dt.datetime:
        """When the underlying's price was made."""
        return in_new_york(self.underlying_timestamp_ny)


class OptionImpliedVolatility(OptionRow, frozen=True, gc=False):
    """Quote of one option contract, and the volatility that its middle implies.

    `implied_vol` is a fraction; `iv_error` is large where none fits.
    """

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    bid: float
    ask: float
    implied_vol: float
    iv_error: float
    underlying_timestamp_ny: WallClock = msgspec.field(name="underlying_timestamp")
    underlying_price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When the quote was made; at an interval, the moment it held."""
        return in_new_york(self.timestamp_ny)

    @property
    def underlying_timestamp(self) -> dt.datetime:
        """When the underlying's price was made."""
        return in_new_york(self.underlying_timestamp_ny)


class OptionBidAskImpliedVolatility(OptionRow, frozen=True, gc=False):
    """The volatilities that bid, middle and ask of one option contract imply.

    All three are fractions; `implied_vol` and `iv_error` belong to the
    middle. They are 0 where none fits, and `iv_error` is 100.
    """

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
    bid: float
    bid_implied_vol: float
    midpoint: float
    implied_vol: float
    ask: float
    ask_implied_vol: float
    iv_error: float
    underlying_timestamp_ny: WallClock = msgspec.field(name="underlying_timestamp")
    underlying_price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When the quote was made; at an interval, the moment it held."""
        return in_new_york(self.timestamp_ny)

    @property
    def underlying_timestamp(self) -> dt.datetime:
        """When the underlying's price was made."""
        return in_new_york(self.underlying_timestamp_ny)


class OptionTradeGreeks(OptionRow, frozen=True, gc=False):
    """One trade of one option contract, with what its price implies: Greeks of every order.

    Scales are those of `OptionGreeks`: vega and rho for a change of 1.00,
    theta for one day, `implied_vol` a fraction. Prices under the intrinsic
    value imply no volatility: it is 0 there.
    """

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
        """When the trade was."""
        return in_new_york(self.timestamp_ny)

    @property
    def underlying_timestamp(self) -> dt.datetime:
        """When the underlying's price was made."""
        return in_new_york(self.underlying_timestamp_ny)


class OptionTradeGreeksFirstOrder(OptionRow, frozen=True, gc=False):
    """One trade of one option contract, with the first-order Greeks that its price implies.

    Scales are those of `OptionGreeks`: vega and rho for a change of 1.00,
    theta for one day, `implied_vol` a fraction, 0 where none fits.
    """

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
    delta: float
    theta: float
    vega: float
    rho: float
    epsilon: float
    lambda_: float = msgspec.field(name="lambda")
    implied_vol: float
    iv_error: float
    underlying_timestamp_ny: WallClock = msgspec.field(name="underlying_timestamp")
    underlying_price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When the trade was."""
        return in_new_york(self.timestamp_ny)

    @property
    def underlying_timestamp(self) -> dt.datetime:
        """When the underlying's price was made."""
        return in_new_york(self.underlying_timestamp_ny)


class OptionTradeGreeksSecondOrder(OptionRow, frozen=True, gc=False):
    """One trade of one option contract, with the second-order Greeks that its price implies.

    Changes of volatility are counted in units of 1.00; charm is for a year.
    `implied_vol` is a fraction, 0 where none fits.
    """

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
    gamma: float
    vanna: float
    charm: float
    vomma: float
    veta: float
    implied_vol: float
    iv_error: float
    underlying_timestamp_ny: WallClock = msgspec.field(name="underlying_timestamp")
    underlying_price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When the trade was."""
        return in_new_york(self.timestamp_ny)

    @property
    def underlying_timestamp(self) -> dt.datetime:
        """When the underlying's price was made."""
        return in_new_york(self.underlying_timestamp_ny)


class OptionTradeGreeksThirdOrder(OptionRow, frozen=True, gc=False):
    """One trade of one option contract, with the third-order Greeks that its price implies.

    `implied_vol` is a fraction, 0 where none fits.
    """

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
    speed: float
    zomma: float
    color: float
    ultima: float
    implied_vol: float
    iv_error: float
    underlying_timestamp_ny: WallClock = msgspec.field(name="underlying_timestamp")
    underlying_price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When the trade was."""
        return in_new_york(self.timestamp_ny)

    @property
    def underlying_timestamp(self) -> dt.datetime:
        """When the underlying's price was made."""
        return in_new_york(self.underlying_timestamp_ny)


class OptionTradeImpliedVolatility(OptionRow, frozen=True, gc=False):
    """One trade of one option contract, and the volatility that its price implies.

    `implied_vol` is a fraction, 0 where none fits.
    """

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
    implied_vol: float
    iv_error: float
    underlying_timestamp_ny: WallClock = msgspec.field(name="underlying_timestamp")
    underlying_price: float

    @property
    def timestamp(self) -> dt.datetime:
        """When the trade was."""
        return in_new_york(self.timestamp_ny)

    @property
    def underlying_timestamp(self) -> dt.datetime:
        """When the underlying's price was made."""
        return in_new_york(self.underlying_timestamp_ny)


class OptionGreeksEod(OptionRow, frozen=True, gc=False):
    """Bar of the day, closing quote, implied volatility and Greeks of one option contract.

    Scales are those of `OptionGreeks`: vega and rho for a change of 1.00,
    theta for one day, `implied_vol` a fraction. A contract without trades has
    a bar of zeros.
    """

    timestamp_ny: WallClock = msgspec.field(name="timestamp")
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
        """When the closing figures were made; its date is the trading day."""
        return in_new_york(self.timestamp_ny)

    @property
    def underlying_timestamp(self) -> dt.datetime:
        """When the underlying's closing report was made, about 17:15."""
        return in_new_york(self.underlying_timestamp_ny)
