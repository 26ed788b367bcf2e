"""Requests for the present of options. Roots: `SPXW` is not `SPX`."""

from __future__ import annotations

from typing import ClassVar

from thetatrio import rows
from thetatrio.config import Tier
from thetatrio.requests._base import (
    Count,
    Expiration,
    PositiveCount,
    Right,
    Strike,
    SymbolRequest,
    TimeLike,
    unsent,
)

__all__ = [
    "OptionSnapshotMarketValue",
    "OptionSnapshotOhlc",
    "OptionSnapshotOpenInterest",
    "OptionSnapshotQuote",
    "OptionSnapshotTrade",
]


class OptionSnapshotOhlc(SymbolRequest[rows.OptionSnapshotOhlc], frozen=True, kw_only=True):
    """Fetch today's bars so far of one option, of a chain, or of all chains of a root.

    Makes a `GET /v3/option/snapshot/ohlc` request. Tier: value. Takes no slot.
    The terminal forgets its snapshots at midnight New York time and has none
    on days without a session, nor for expired contracts.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        min_time: leave out what is older than this time of day, New York wall clock.
        current_day_only: leave out what is from before today; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionSnapshotOhlc`, one for each contract
    that has traded today. Prices and strikes are dollars.

        for bar in await session.option.snapshot_ohlc("SPY", expiration="2024-11-15"):
            print(bar.contract, bar.close, bar.volume)
    """

    operation: ClassVar[str] = "option_snapshot_ohlc"
    path: ClassVar[str] = "/v3/option/snapshot/ohlc"
    tier: ClassVar[Tier] = Tier.VALUE
    takes_slot: ClassVar[bool] = False
    settles: ClassVar[bool] = False

    expiration: Expiration
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None
    min_time: TimeLike | None = None
    current_day_only: bool | None = None


class OptionSnapshotTrade(SymbolRequest[rows.OptionTrade], frozen=True, kw_only=True):
    """Fetch the last trade of one option, of each of a chain, or of a whole root.

    Makes a `GET /v3/option/snapshot/trade` request. Tier: standard. Takes no
    slot. The terminal forgets its snapshots at midnight New York time and has
    none on days without a session, nor for expired contracts.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        strike_range: only this many strikes above and below the money, and the one at it.
        min_time: leave out what is older than this time of day, New York wall clock.
        current_day_only: leave out what is from before today; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionTrade`, one for each contract that
    has traded. Prices and strikes are dollars.

        for trade in await session.option.snapshot_trade("SPY", expiration="2024-11-15"):
            print(trade.contract, trade.price, trade.size)
    """

    operation: ClassVar[str] = "option_snapshot_trade"
    path: ClassVar[str] = "/v3/option/snapshot/trade"
    tier: ClassVar[Tier] = Tier.STANDARD
    takes_slot: ClassVar[bool] = False
    settles: ClassVar[bool] = False

    expiration: Expiration
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    strike_range: PositiveCount | None = None
    min_time: TimeLike | None = None
    current_day_only: bool | None = None


class OptionSnapshotQuote(SymbolRequest[rows.OptionQuote], frozen=True, kw_only=True):
    """Fetch the present quote of one option, of each of a chain, or of a whole root.

    Makes a `GET /v3/option/snapshot/quote` request. Tier: value. Takes no
    slot. The terminal forgets its snapshots at midnight New York time and has
    none on days without a session, nor for expired contracts.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        min_time: leave out what is older than this time of day, New York wall clock.
        current_day_only: leave out what is from before today; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionQuote`, one for each contract that
    has a quote. Prices and strikes are dollars.

        for quote in await session.option.snapshot_quote("SPY", expiration="2024-11-15"):
            print(quote.contract, quote.bid, quote.ask)
    """

    operation: ClassVar[str] = "option_snapshot_quote"
    path: ClassVar[str] = "/v3/option/snapshot/quote"
    tier: ClassVar[Tier] = Tier.VALUE
    takes_slot: ClassVar[bool] = False
    settles: ClassVar[bool] = False

    expiration: Expiration
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None
    min_time: TimeLike | None = None
    current_day_only: bool | None = None


class OptionSnapshotOpenInterest(SymbolRequest[rows.OpenInterest], frozen=True, kw_only=True):
    """Fetch the last open interest of one option, of a chain, or of a whole root.

    Makes a `GET /v3/option/snapshot/open_interest` request. Tier: value. Takes
    no slot. The terminal forgets its snapshots at midnight New York time and
    has none on days without a session, nor for expired contracts. Open
    interest comes once a day, about 06:30 New York time, and is that of the
    evening before.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        min_time: leave out what is older than this time of day, New York wall clock.
        current_day_only: leave out what is from before today; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OpenInterest`, one for each contract that
    has any. Strikes are dollars.

        for row in await session.option.snapshot_open_interest("SPY", expiration="2024-11-15"):
            print(row.contract, row.open_interest)
    """

    operation: ClassVar[str] = "option_snapshot_open_interest"
    path: ClassVar[str] = "/v3/option/snapshot/open_interest"
    tier: ClassVar[Tier] = Tier.VALUE
    takes_slot: ClassVar[bool] = False
    settles: ClassVar[bool] = False

    expiration: Expiration
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None
    min_time: TimeLike | None = None
    current_day_only: bool | None = None


class OptionSnapshotMarketValue(SymbolRequest[rows.OptionMarketValue], frozen=True, kw_only=True):
    """Fetch the vendor's present valuation of one option, of a chain, or of a whole root.

    Makes a `GET /v3/option/snapshot/market_value` request. Tier: standard.
    Takes no slot. The terminal forgets its snapshots at midnight New York time
    and has none on days without a session, nor for expired contracts.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        min_time: leave out what is older than this time of day, New York wall clock.
        current_day_only: leave out what is from before today; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionMarketValue`, one for each contract
    that has one. Prices and strikes are dollars.

        for row in await session.option.snapshot_market_value("SPY", expiration="2024-11-15"):
            print(row.contract, row.market_price)
    """

    operation: ClassVar[str] = "option_snapshot_market_value"
    path: ClassVar[str] = "/v3/option/snapshot/market_value"
    tier: ClassVar[Tier] = Tier.STANDARD
    takes_slot: ClassVar[bool] = False
    settles: ClassVar[bool] = False

    expiration: Expiration
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None
    min_time: TimeLike | None = None
    current_day_only: bool | None = None
