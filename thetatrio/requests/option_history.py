"""Requests for the past of options. Roots: `SPXW` is not `SPX`."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from thetatrio import rows
from thetatrio.config import Tier
from thetatrio.requests._base import (
    Count,
    DateLike,
    Expiration,
    Interval,
    PositiveCount,
    Right,
    Strike,
    SymbolRequest,
    TimeLike,
    unsent,
)

__all__ = [
    "OptionHistoryEod",
    "OptionHistoryOhlc",
    "OptionHistoryOpenInterest",
    "OptionHistoryQuote",
    "OptionHistoryTrade",
    "OptionHistoryTradeQuote",
]


class OptionHistoryEod(SymbolRequest[rows.OptionEod], frozen=True, kw_only=True):
    """Fetch the end-of-day reports of one option, of a chain, or of a root, over days.

    Makes a `GET /v3/option/history/eod` request. Tier: free; how far back a
    tier reaches is limited. The vendor makes a day's report at about 17:15 New
    York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        start_date: first day, inclusive.
        end_date: last day, inclusive. Any range: per request the terminal accepts one day with
            `expiration="*"`; a longer range is sent as several requests.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.

    Returns rows of `thetatrio.rows.OptionEod`, contract after contract, each
    in order of days. Prices and strikes are dollars. Contracts that nobody
    traded have reports too, their bars all zero.

        reports = await session.option.history_eod(
            "SPY", expiration="2024-11-15", right="call",
            start_date="2024-11-04", end_date="2024-11-08")
        print(reports[0].contract, reports[0].created.date(), reports[0].close)
    """

    operation: ClassVar[str] = "option_history_eod"
    path: ClassVar[str] = "/v3/option/history/eod"
    tier: ClassVar[Tier] = Tier.FREE
    history_limited: ClassVar[bool] = True

    expiration: Expiration
    start_date: DateLike
    end_date: DateLike
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None


class OptionHistoryOhlc(SymbolRequest[rows.OptionOhlc], frozen=True, kw_only=True):
    """Fetch the bars of one option, of a chain, or of all chains of a root.

    Makes a `GET /v3/option/history/ohlc` request. Tier: value; how far back a
    tier reaches is limited. Yesterday's data is there from about 01:45 New
    York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts a month, or
            one day with `expiration="*"` or an interval under a minute; a longer range is sent as
            several requests.
        interval: length of a bar; its timestamp is its opening.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        start_time: opening of the first bar, New York wall clock, inclusive.
        end_time: end of the window, New York wall clock, inclusive.
        strike_range: only this many strikes above and below the money, and the one at it.

    Returns rows of `thetatrio.rows.OptionOhlc`, contract after contract, each
    in order of time. Prices and strikes are dollars. A bar without a trade is
    all zeros.

        bars = await session.option.history_ohlc(
            "SPY", expiration="2024-11-15", right="call",
            date="2024-11-04", interval="1h")
        print(bars[0].contract, bars[0].timestamp, bars[0].close)
    """

    operation: ClassVar[str] = "option_history_ohlc"
    path: ClassVar[str] = "/v3/option/history/ohlc"
    tier: ClassVar[Tier] = Tier.VALUE
    history_limited: ClassVar[bool] = True
    intraday: ClassVar[bool] = True

    expiration: Expiration
    date: DateLike | None = None
    start_date: DateLike | None = None
    end_date: DateLike | None = None
    interval: Interval = "1s"
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    start_time: TimeLike = unsent(dt.time(9, 30))
    end_time: TimeLike = unsent(dt.time(16))
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
        end_date: last day, both inclusive. Any range: per request the terminal accepts one day; a
            longer range is sent as several requests.
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
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    start_time: TimeLike = unsent(dt.time(9, 30))
    end_time: TimeLike = unsent(dt.time(16))
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None


class OptionHistoryQuote(SymbolRequest[rows.OptionQuote], frozen=True, kw_only=True):
    """Fetch the quotes of one option, of a chain, or of all chains of a root.

    Makes a `GET /v3/option/history/quote` request. Tier: value; how far back
    a tier reaches is limited. Yesterday's data is there from about 01:45 New
    York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts a month, or
            one day with `expiration="*"` or an interval under a minute; a longer range is sent as
            several requests.
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
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    start_time: TimeLike = unsent(dt.time(9, 30))
    end_time: TimeLike = unsent(dt.time(16))
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None


class OptionHistoryTradeQuote(SymbolRequest[rows.OptionTradeQuote], frozen=True, kw_only=True):
    """Fetch every trade of one option, of a chain, or of a root, with the quote it met.

    Makes a `GET /v3/option/history/trade_quote` request. Tier: standard; how
    far back a tier reaches is limited. Yesterday's data is there from about
    01:45 New York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts one day; a
            longer range is sent as several requests.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        start_time: first moment, New York wall clock, inclusive.
        end_time: last moment, New York wall clock, inclusive.
        exclusive: pair a trade with the last quote before its moment; False also takes a
            quote of the same moment.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        use_time_based_trade_quote: whether the vendor pairs by time stamp (its own default);
            an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionTradeQuote`, contract after contract,
    each in order of trades. Prices and strikes are dollars. Sizes are
    contracts.

        trades = await session.option.history_trade_quote(
            "SPY", expiration="2024-11-15", right="call", date="2024-11-04")
        print(trades[0].contract, trades[0].price, trades[0].bid, trades[0].ask)
    """

    operation: ClassVar[str] = "option_history_trade_quote"
    path: ClassVar[str] = "/v3/option/history/trade_quote"
    tier: ClassVar[Tier] = Tier.STANDARD
    history_limited: ClassVar[bool] = True
    intraday: ClassVar[bool] = True
    tick: ClassVar[bool] = True

    expiration: Expiration
    date: DateLike | None = None
    start_date: DateLike | None = None
    end_date: DateLike | None = None
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    start_time: TimeLike = unsent(dt.time(9, 30))
    end_time: TimeLike = unsent(dt.time(16))
    exclusive: bool = unsent(True)
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None
    use_time_based_trade_quote: bool | None = None


class OptionHistoryOpenInterest(SymbolRequest[rows.OpenInterest], frozen=True, kw_only=True):
    """Fetch the daily open interest of one option, of a chain, or of a root.

    Makes a `GET /v3/option/history/open_interest` request. Tier: value; how
    far back a tier reaches is limited. A day's comes about 06:30 New York time
    and is that of the evening before.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts one day
            with `expiration="*"`; a longer range is sent as several requests.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.

    Returns rows of `thetatrio.rows.OpenInterest`, contract after contract,
    each in order of days. Contracts without any have no row. Strikes are
    dollars.

        for row in await session.option.history_open_interest(
                "SPY", expiration="2024-11-15", right="call", date="2024-11-04"):
            print(row.contract, row.timestamp, row.open_interest)
    """

    operation: ClassVar[str] = "option_history_open_interest"
    path: ClassVar[str] = "/v3/option/history/open_interest"
    tier: ClassVar[Tier] = Tier.VALUE
    history_limited: ClassVar[bool] = True

    expiration: Expiration
    date: DateLike | None = None
    start_date: DateLike | None = None
    end_date: DateLike | None = None
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None
