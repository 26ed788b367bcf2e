"""Requests that only v2 terminals answer: splits, dividends, flags of trades, files on their disk.

Each is a method of the session's groups, as others are; in a session that was
not opened with `api="v2"` asking is refused before anything is sent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar, Final, cast

from thetatrio.config import Tier
from thetatrio.requests._base import (
    DateLike,
    Expiration,
    Request,
    Right,
    Strike,
    SymbolRequest,
    TimeLike,
    Venue,
    unsent,
)
from thetatrio.rows import Row
from thetatrio.rows.v2 import Dividend, FilePath, OptionTradeFlags, Split, TradeFlags

__all__ = [
    "OptionFileEod",
    "OptionFileOpenInterest",
    "OptionFileTradeQuote",
    "OptionHistoryTradeFlags",
    "StockFileTradeQuote",
    "StockHistoryDividend",
    "StockHistorySplit",
    "StockHistoryTradeFlags",
    "operations",
]


_WHO: Final = "v2 terminals only"


class StockHistorySplit(SymbolRequest[Split], frozen=True, kw_only=True):
    """Fetch one stock's last split, as it stood on each day of a range (v2 terminals only).

    Makes a `GET /v2/hist/stock/split` request. Tier: standard.

    Args:
        symbol: the ticker.
        start_date: first day, inclusive.
        end_date: last day, inclusive.

    Returns rows of `thetatrio.rows.Split`.

        splits = await session.stock.history_split(
            "AAPL", start_date="2024-11-01", end_date="2024-11-04")
        print(splits[-1].split_date, splits[-1].after_shares)
    """

    operation: ClassVar[str] = "stock_history_split"
    path: ClassVar[str] = "/v2/hist/stock/split"
    tier: ClassVar[Tier] = Tier.STANDARD
    since: ClassVar[str] = _WHO
    v2_only: ClassVar[bool] = True

    start_date: DateLike
    end_date: DateLike


class StockHistoryDividend(SymbolRequest[Dividend], frozen=True, kw_only=True):
    """Fetch one stock's last dividend, as it stood on each day of a range (v2 terminals only).

    Makes a `GET /v2/hist/stock/dividend` request. Tier: standard.

    Args:
        symbol: the ticker.
        start_date: first day, inclusive.
        end_date: last day, inclusive.

    Returns rows of `thetatrio.rows.Dividend`.

        dividends = await session.stock.history_dividend(
            "AAPL", start_date="2024-11-01", end_date="2024-11-04")
        print(dividends[-1].ex_date, dividends[-1].dividend_amount)
    """

    operation: ClassVar[str] = "stock_history_dividend"
    path: ClassVar[str] = "/v2/hist/stock/dividend"
    tier: ClassVar[Tier] = Tier.STANDARD
    since: ClassVar[str] = _WHO
    v2_only: ClassVar[bool] = True

    start_date: DateLike
    end_date: DateLike


class StockHistoryTradeFlags(SymbolRequest[TradeFlags], frozen=True, kw_only=True):
    """Fetch every trade of one stock on one day, with its flags (v2 terminals only).

    Makes a `GET /v2/hist/stock/trade` request. Tier: standard; how far back a
    tier reaches is limited.

    Args:
        symbol: the ticker of those days.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts one day; a
            longer range is sent as several requests.
        start_time: first moment, New York wall clock, inclusive.
        end_time: last moment, New York wall clock, inclusive.
        venue: `nqb` (Nasdaq Basic, live) or `utp_cta` (consolidated, 15 minutes late).

    Returns rows of `thetatrio.rows.TradeFlags` in order of time: those of
    `history_trade`, and four columns more.

        trades = await session.stock.history_trade_flags(
            "AAPL", date="2024-11-01", start_time="09:30", end_time="09:31")
        print(len(trades), trades[0].price, trades[0].condition_flags)
    """

    operation: ClassVar[str] = "stock_history_trade_flags"
    path: ClassVar[str] = "/v2/hist/stock/trade"
    tier: ClassVar[Tier] = Tier.STANDARD
    history_limited: ClassVar[bool] = True
    intraday: ClassVar[bool] = True
    tick: ClassVar[bool] = True
    since: ClassVar[str] = _WHO
    v2_only: ClassVar[bool] = True

    date: DateLike | None = None
    start_date: DateLike | None = None
    end_date: DateLike | None = None
    start_time: TimeLike = unsent(dt.time(9, 30))
    end_time: TimeLike = unsent(dt.time(16))
    venue: Venue = unsent("nqb")


class OptionHistoryTradeFlags(SymbolRequest[OptionTradeFlags], frozen=True, kw_only=True):
    """Fetch every trade of one option or of a chain, with its flags (v2 terminals only).

    Makes a `GET /v2/hist/option/trade` request. Tier: standard; how far back a
    tier reaches is limited. There is one for each right, and for all strikes a
    `GET /v2/bulk_hist/option/trade` takes its place.

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

    Returns rows of `thetatrio.rows.OptionTradeFlags`: those of
    `history_trade`, and four columns more.

        trades = await session.option.history_trade_flags(
            "SPY", expiration="2024-11-15", date="2024-11-01")
        print(len(trades), trades[0].contract, trades[0].records_back)
    """

    operation: ClassVar[str] = "option_history_trade_flags"
    path: ClassVar[str] = "/v2/hist/option/trade"
    tier: ClassVar[Tier] = Tier.STANDARD
    history_limited: ClassVar[bool] = True
    intraday: ClassVar[bool] = True
    tick: ClassVar[bool] = True
    since: ClassVar[str] = _WHO
    v2_only: ClassVar[bool] = True

    expiration: Expiration
    date: DateLike | None = None
    start_date: DateLike | None = None
    end_date: DateLike | None = None
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    start_time: TimeLike = unsent(dt.time(9, 30))
    end_time: TimeLike = unsent(dt.time(16))


class FileRequest(Request[FilePath], frozen=True, kw_only=True):
    """Base of requests that have the terminal write a day's file on its own machine."""

    tier: ClassVar[Tier] = Tier.PRO
    flat_file: ClassVar[bool] = True
    since: ClassVar[str] = _WHO
    v2_only: ClassVar[bool] = True

    date: DateLike

    @classmethod
    def row_type(cls) -> type[FilePath]:
        """Return the Struct that each row of the answer becomes."""
        return FilePath


class OptionFileEod(FileRequest, frozen=True, kw_only=True):
    """Fetch the path of a file that a v2 terminal writes: all options' end-of-day reports.

    Makes a `GET /v2/file/option/eod` request. Tier: pro; writing it takes about a
    minute.

    Args:
        date: the day.

    Returns rows of `thetatrio.rows.FilePath`: one.

        rows = await session.option.file_eod(date="2024-11-01")
        print(rows[0].path)
    """

    operation: ClassVar[str] = "option_file_eod"
    path: ClassVar[str] = "/v2/file/option/eod"


class OptionFileOpenInterest(FileRequest, frozen=True, kw_only=True):
    """Fetch the path of a file that a v2 terminal writes: all options' open interest of a day.

    Makes a `GET /v2/file/option/open_interest` request. Tier: pro.

    Args:
        date: the day.

    Returns rows of `thetatrio.rows.FilePath`: one.

        rows = await session.option.file_open_interest(date="2024-11-01")
        print(rows[0].path)
    """

    operation: ClassVar[str] = "option_file_open_interest"
    path: ClassVar[str] = "/v2/file/option/open_interest"


class OptionFileTradeQuote(FileRequest, frozen=True, kw_only=True):
    """Fetch the path of a file that a v2 terminal writes: all options' trades with quotes.

    Makes a `GET /v2/file/option/trade_quote` request. Tier: pro; writing it takes
    about three minutes.

    Args:
        date: the day.

    Returns rows of `thetatrio.rows.FilePath`: one.

        rows = await session.option.file_trade_quote(date="2024-11-01")
        print(rows[0].path)
    """

    operation: ClassVar[str] = "option_file_trade_quote"
    path: ClassVar[str] = "/v2/file/option/trade_quote"


class StockFileTradeQuote(FileRequest, frozen=True, kw_only=True):
    """Fetch the path of a file that a v2 terminal writes: all stocks' trades with quotes.

    Makes a `GET /v2/file/stock/trade_quote` request. Tier: pro; writing it takes
    about half an hour.

    Args:
        date: the day.

    Returns rows of `thetatrio.rows.FilePath`: one.

        rows = await session.stock.file_trade_quote(date="2024-11-01")
        print(rows[0].path)
    """

    operation: ClassVar[str] = "stock_file_trade_quote"
    path: ClassVar[str] = "/v2/file/stock/trade_quote"


_REQUESTS: Final = (
    OptionFileEod,
    OptionFileOpenInterest,
    OptionFileTradeQuote,
    OptionHistoryTradeFlags,
    StockFileTradeQuote,
    StockHistoryDividend,
    StockHistorySplit,
    StockHistoryTradeFlags,
)


def operations() -> Mapping[str, type[Request[Row]]]:
    """Return the request classes of what only v2 terminals have, by the operation's name."""
    found = cast("Iterator[type[Request[Row]]]", iter(_REQUESTS))
    return MappingProxyType({request.operation: request for request in found})
