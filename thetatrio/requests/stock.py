"""Requests about stocks and ETFs."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, ClassVar

from thetatrio import rows
from thetatrio.config import Tier
from thetatrio.requests._base import (
    DateLike,
    Interval,
    Request,
    SymbolRequest,
    SymbolsRequest,
    TimeLike,
    Venue,
)

__all__ = ["StockHistoryEod", "StockHistoryOhlc", "StockListSymbols", "StockSnapshotQuote"]


class StockListSymbols(Request[rows.Symbol], frozen=True, kw_only=True):
    """List every stock and ETF symbol that has data, delisted ones included.

    Makes a `GET /v3/stock/list/symbols` request. Tier: free. The vendor adds
    to the list overnight.

    Returns rows of `thetatrio.rows.Symbol`, one for each symbol.

        symbols = await session.stock.list_symbols()
        print(len(symbols), symbols[0].symbol)
    """

    operation: ClassVar[str] = "stock_list_symbols"
    path: ClassVar[str] = "/v3/stock/list/symbols"
    tier: ClassVar[Tier] = Tier.FREE

    if TYPE_CHECKING:
        # Without a field of its own, mypy would let the class be called with anything.
        def __init__(self) -> None: ...


class StockHistoryEod(SymbolRequest[rows.Eod], frozen=True, kw_only=True):
    """Fetch the end-of-day reports of one stock over a range of days.

    Makes a `GET /v3/stock/history/eod` request. Tier: free; how far back a
    tier reaches is limited. The vendor makes a day's report at about 17:15
    New York time.

    Args:
        symbol: the ticker of those days (history stays under the old one after a change).
        start_date: first day, inclusive.
        end_date: last day, inclusive.

    Returns rows of `thetatrio.rows.Eod`, one for each report in order of
    days, none for days without a session. Prices are dollars, never adjusted
    for splits.

        reports = await session.stock.history_eod(
            "AAPL", start_date="2024-10-01", end_date="2024-10-31")
        print(reports[-1].created.date(), reports[-1].close)
    """

    operation: ClassVar[str] = "stock_history_eod"
    path: ClassVar[str] = "/v3/stock/history/eod"
    tier: ClassVar[Tier] = Tier.FREE
    history_limited: ClassVar[bool] = True

    start_date: DateLike
    end_date: DateLike


class StockHistoryOhlc(SymbolRequest[rows.Ohlc], frozen=True, kw_only=True):
    """Fetch the bars of one stock, of one day or a range of days.

    Makes a `GET /v3/stock/history/ohlc` request. Tier: value; how far back a
    tier reaches is limited. Yesterday's data is there from about 01:45 New
    York time.

    Args:
        symbol: the ticker of those days.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive: a month at most, and one day only
            for intervals under a minute (else RequestTooLarge).
        interval: length of a bar; its timestamp is its opening.
        start_time: opening of the first bar, New York wall clock, inclusive.
        end_time: end of the window, New York wall clock, inclusive.
        venue: `nqb` (Nasdaq Basic, live) or `utp_cta` (consolidated, 15 minutes late).

    Returns rows of `thetatrio.rows.Ohlc` in order of time. A bar without a
    trade is all zeros. Prices are dollars, never adjusted for splits.

        bars = await session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1m")
        print(bars[0].timestamp, bars[0].close)
    """

    operation: ClassVar[str] = "stock_history_ohlc"
    path: ClassVar[str] = "/v3/stock/history/ohlc"
    tier: ClassVar[Tier] = Tier.VALUE
    history_limited: ClassVar[bool] = True
    intraday: ClassVar[bool] = True

    date: DateLike | None = None
    start_date: DateLike | None = None
    end_date: DateLike | None = None
    interval: Interval = "1s"
    start_time: TimeLike = dt.time(9, 30)
    end_time: TimeLike = dt.time(16)
    venue: Venue = "nqb"


class StockSnapshotQuote(SymbolsRequest[rows.StockQuote], frozen=True, kw_only=True):
    """Fetch the present best bid and offer of one stock, of several, or of all.

    Makes a `GET /v3/stock/snapshot/quote` request. Tier: value. Takes no
    slot. The terminal forgets its snapshots at midnight New York time and has
    none on days without a session.

    Args:
        symbol: a ticker, several (a sequence, or text with commas), or `*` for all.
        venue: `nqb` (Nasdaq Basic) or `utp_cta` (consolidated, 15 minutes late).
        min_time: leave out quotes older than this time of day, New York wall clock.

    Returns rows of `thetatrio.rows.StockQuote`, one for each symbol that has
    a quote, in the terminal's order. Prices are dollars, sizes are shares.

        for quote in await session.stock.snapshot_quote(["AAPL", "MSFT"]):
            print(quote.symbol, quote.bid, quote.ask)
    """

    operation: ClassVar[str] = "stock_snapshot_quote"
    path: ClassVar[str] = "/v3/stock/snapshot/quote"
    tier: ClassVar[Tier] = Tier.VALUE
    takes_slot: ClassVar[bool] = False
    settles: ClassVar[bool] = False

    venue: Venue = "nqb"
    min_time: TimeLike | None = None
