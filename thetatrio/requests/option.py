"""Requests about options. Symbols are roots: `SPXW` is not `SPX` (see `thetatrio.contracts`)."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from thetatrio import rows
from thetatrio.config import Tier
from thetatrio.requests._base import (
    AnySymbolsRequest,
    Count,
    DateLike,
    Expiration,
    Interval,
    Number,
    PositiveCount,
    RateType,
    RequestType,
    Right,
    Strike,
    SymbolRequest,
    SymbolsRequest,
    TimeLike,
    Version,
)

__all__ = [
    "OptionHistoryQuote",
    "OptionHistoryTrade",
    "OptionListContracts",
    "OptionListExpirations",
    "OptionSnapshotGreeksAll",
]


class OptionListExpirations(SymbolsRequest[rows.Expiration], frozen=True, kw_only=True):
    """List the expirations of one root or several, past ones included.

    Makes a `GET /v3/option/list/expirations` request. Tier: free. The lists
    begin in 2012.

    Args:
        symbol: a root, or several (a sequence, or text with commas).

    Returns rows of `thetatrio.rows.Expiration`.

        for row in await session.option.list_expirations("SPY"):
            print(row.symbol, row.expiration)
    """

    operation: ClassVar[str] = "option_list_expirations"
    path: ClassVar[str] = "/v3/option/list/expirations"
    tier: ClassVar[Tier] = Tier.FREE


class OptionListContracts(AnySymbolsRequest[rows.ListedContract], frozen=True, kw_only=True):
    """List the contracts that were quoted or traded on one day.

    Makes a `GET /v3/option/list/contracts/{request_type}` request. Tier:
    value; how far back a tier reaches is limited.

    Args:
        symbol: a root, several (a sequence, or text with commas), or None for all of them.
        request_type: `trade` or `quote`: which of the two must have happened.
        date: the day.
        max_dte: leave out contracts with more days to expiry than this.

    Returns rows of `thetatrio.rows.ListedContract`, unsorted. Strikes are dollars.

        contracts = await session.option.list_contracts(
            "SPY", request_type="quote", date="2024-11-04", max_dte=7)
        print(len(contracts), contracts[0].contract)
    """

    operation: ClassVar[str] = "option_list_contracts"
    path: ClassVar[str] = "/v3/option/list/contracts/{request_type}"
    tier: ClassVar[Tier] = Tier.VALUE
    history_limited: ClassVar[bool] = True

    request_type: RequestType
    date: DateLike
    max_dte: Count | None = None


class OptionHistoryQuote(SymbolRequest[rows.OptionQuote], frozen=True, kw_only=True):
    """Fetch the quotes of one option, of a chain, or of all chains of a root.

    Makes a `GET /v3/option/history/quote` request. Tier: value; how far back
    a tier reaches is limited. Yesterday's data is there from about 01:45 New
    York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all (one day only).
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive: a month at most, and one day only
            for `*` and for intervals under a minute (else RequestTooLarge).
        interval: distance of the moments; `tick` gives every quote instead.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        start_time: first moment, New York wall clock, inclusive.
        end_time: last moment, New York wall clock, inclusive.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.

    Returns rows of `thetatrio.rows.OptionQuote`, contract after contract, each
    in order of time: the last quote at each moment. Prices and strikes are
    dollars. Options have zero quotes at 09:30:00 and on dead strikes.

        quotes = await session.option.history_quote(
            "SPY", expiration="2024-11-15", right="call",
            date="2024-11-04", interval="1m")
        print(quotes[1].contract, quotes[1].bid, quotes[1].ask)
    """

    operation: ClassVar[str] = "option_history_quote"
    path: ClassVar[str] = "/v3/option/history/quote"
    tier: ClassVar[Tier] = Tier.VALUE
    history_limited: ClassVar[bool] = True
    intraday: ClassVar[bool] = True

    expiration: Expiration
    date: DateLike | None = None
    start_date: DateLike | None = None
    end_date: DateLike | None = None
    interval: Interval = "1s"
    strike: Strike = "*"
    right: Right = "both"
    start_time: TimeLike = dt.time(9, 30)
    end_time: TimeLike = dt.time(16)
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None


class OptionHistoryTrade(SymbolRequest[rows.OptionTrade], frozen=True, kw_only=True):
    """Fetch every trade of one option, of a chain, or of all chains of a root.

    Makes a `GET /v3/option/history/trade` request. Tier: standard; how far
    back a tier reaches is limited.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive and the same (else RequestTooLarge).
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        start_time: first moment, New York wall clock, inclusive.
        end_time: last moment, New York wall clock, inclusive.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.

    Returns rows of `thetatrio.rows.OptionTrade`, contract after contract, each
    in order of time. Prices and strikes are dollars, sizes are contracts.

        trades = await session.option.history_trade(
            "SPY", expiration="2024-11-15", date="2024-11-04")
        print(len(trades), trades[0].contract, trades[0].price)
    """

    operation: ClassVar[str] = "option_history_trade"
    path: ClassVar[str] = "/v3/option/history/trade"
    tier: ClassVar[Tier] = Tier.STANDARD
    history_limited: ClassVar[bool] = True
    intraday: ClassVar[bool] = True
    tick: ClassVar[bool] = True

    expiration: Expiration
    date: DateLike | None = None
    start_date: DateLike | None = None
    end_date: DateLike | None = None
    strike: Strike = "*"
    right: Right = "both"
    start_time: TimeLike = dt.time(9, 30)
    end_time: TimeLike = dt.time(16)
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None


class OptionSnapshotGreeksAll(SymbolRequest[rows.OptionGreeks], frozen=True, kw_only=True):
    """Fetch present quotes with implied volatility and Greeks of every order.

    Makes a `GET /v3/option/snapshot/greeks/all` request. Tier: pro. Takes no
    slot. The terminal forgets its snapshots at midnight New York time and has
    none on days without a session, nor for expired contracts.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        stock_price: a price of the underlying, in place of the present one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15
            days on the day of expiry.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        min_time: leave out quotes older than this time of day, New York wall clock.
        use_market_value: price from the vendor's market value instead of the quote's middle.

    Returns rows of `thetatrio.rows.OptionGreeks`, one for each contract that
    has a quote. Prices and strikes are dollars.

        for row in await session.option.snapshot_greeks_all("SPY", expiration="2024-11-15"):
            print(row.contract, row.delta, row.implied_vol)
    """

    operation: ClassVar[str] = "option_snapshot_greeks_all"
    path: ClassVar[str] = "/v3/option/snapshot/greeks/all"
    tier: ClassVar[Tier] = Tier.PRO
    takes_slot: ClassVar[bool] = False
    settles: ClassVar[bool] = False

    expiration: Expiration
    strike: Strike = "*"
    right: Right = "both"
    annual_dividend: Number | None = None
    rate_type: RateType = "sofr"
    rate_value: Number | None = None
    stock_price: Number | None = None
    version: Version = "latest"
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None
    min_time: TimeLike | None = None
    use_market_value: bool = False
