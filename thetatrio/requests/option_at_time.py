"""Requests for options at one time of day. Roots: `SPXW` is not `SPX`."""

from __future__ import annotations

from typing import ClassVar

from thetatrio import rows
from thetatrio.config import Tier
from thetatrio.requests._base import (
    Count,
    DateLike,
    Expiration,
    PositiveCount,
    Right,
    Strike,
    SymbolRequest,
    TimeLike,
    unsent,
)

__all__ = [
    "OptionAtTimeQuote",
    "OptionAtTimeTrade",
]


class OptionAtTimeTrade(SymbolRequest[rows.OptionTrade], frozen=True, kw_only=True):
    """Fetch options' last trades at one time of day, for each day of a range.

    Makes a `GET /v3/option/at_time/trade` request. Tier: standard; how far
    back a tier reaches is limited. Yesterday's data is there from about 01:45
    New York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        start_date: first day, inclusive.
        end_date: last day, inclusive. Any range: per request the terminal accepts one day with
            `expiration="*"`; a longer range is sent as several requests.
        time_of_day: the moment, New York wall clock, the same on every day.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.

    Returns rows of `thetatrio.rows.OptionTrade`, contract after contract, each
    in order of days. One row for each day with a trade by then, stamped with
    the trade's own time. Prices and strikes are dollars.

        trades = await session.option.at_time_trade(
            "SPY", expiration="2024-11-15", right="call",
            start_date="2024-11-04", end_date="2024-11-08", time_of_day="15:30")
        print(len(trades), trades[0].contract, trades[0].price)
    """

    operation: ClassVar[str] = "option_at_time_trade"
    path: ClassVar[str] = "/v3/option/at_time/trade"
    tier: ClassVar[Tier] = Tier.STANDARD
    history_limited: ClassVar[bool] = True

    expiration: Expiration
    start_date: DateLike
    end_date: DateLike
    time_of_day: TimeLike
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None


class OptionAtTimeQuote(SymbolRequest[rows.OptionQuote], frozen=True, kw_only=True):
    """Fetch options' last quotes at one time of day, for each day of a range.

    Makes a `GET /v3/option/at_time/quote` request. Tier: value; how far back a
    tier reaches is limited. Yesterday's data is there from about 01:45 New
    York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        start_date: first day, inclusive.
        end_date: last day, inclusive. Any range: per request the terminal accepts one day with
            `expiration="*"`; a longer range is sent as several requests.
        time_of_day: the moment, New York wall clock, the same on every day.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.

    Returns rows of `thetatrio.rows.OptionQuote`, contract after contract, each
    in order of days. Prices and strikes are dollars.

        quotes = await session.option.at_time_quote(
            "SPY", expiration="2024-11-15", right="call",
            start_date="2024-11-04", end_date="2024-11-08", time_of_day="15:30")
        print(len(quotes), quotes[0].contract, quotes[0].bid)
    """

    operation: ClassVar[str] = "option_at_time_quote"
    path: ClassVar[str] = "/v3/option/at_time/quote"
    tier: ClassVar[Tier] = Tier.VALUE
    history_limited: ClassVar[bool] = True

    expiration: Expiration
    start_date: DateLike
    end_date: DateLike
    time_of_day: TimeLike
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None
