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
    RequestType,
    SymbolRequest,
    SymbolsRequest,
    TimeLike,
    Venue,
    unsent,
)

__all__ = [
    "StockAtTimeQuote",
    "StockAtTimeTrade",
    "StockHistoryEod",
    "StockHistoryOhlc",
    "StockHistoryQuote",
    "StockHistoryTrade",
    "StockHistoryTradeQuote",
    "StockListDates",
    "StockListSymbols",
    "StockSnapshotMarketValue",
    "StockSnapshotOhlc",
    "StockSnapshotQuote",
    "StockSnapshotTrade",
]


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


class StockListDates(SymbolsRequest[rows.Date], frozen=True, kw_only=True):
    """List the days on which one stock or several have data.

    Makes a `GET /v3/stock/list/dates/{request_type}` request. Tier: free. The
    vendor adds to the list overnight.

    Args:
        symbol: a ticker, or several (a sequence, or text with commas).
        request_type: `trade` or `quote`: which of the two there must be data of.

    Returns rows of `thetatrio.rows.Date`, in the terminal's order; for several
    tickers, all of their days without saying whose.

        days = await session.stock.list_dates("AAPL", request_type="trade")
        print(len(days), days[0].date)
    """

    operation: ClassVar[str] = "stock_list_dates"
    path: ClassVar[str] = "/v3/stock/list/dates/{request_type}"
    tier: ClassVar[Tier] = Tier.FREE

    request_type: RequestType


class StockSnapshotOhlc(SymbolsRequest[rows.SnapshotOhlc], frozen=True, kw_only=True):
    """Fetch today's bar so far of one stock, of several, or of all.

    Makes a `GET /v3/stock/snapshot/ohlc` request. Tier: value. Takes no slot.
    The terminal forgets its snapshots at midnight New York time and has none
    on days without a session.

    Args:
        symbol: a ticker, several (a sequence, or text with commas), or `*` for all.
        venue: `nqb` (Nasdaq Basic, live) or `utp_cta` (consolidated, 15 minutes late).
        min_time: leave out what is older than this time of day, New York wall clock.
        current_day_only: leave out what is from before today; an older terminal ignores it.

    Returns rows of `thetatrio.rows.SnapshotOhlc`, one for each symbol that has
    traded, in the terminal's order. Prices are dollars, volume is the venue's
    shares.

        for bar in await session.stock.snapshot_ohlc(["AAPL", "MSFT"]):
            print(bar.symbol, bar.open, bar.close, bar.volume)
    """

    operation: ClassVar[str] = "stock_snapshot_ohlc"
    path: ClassVar[str] = "/v3/stock/snapshot/ohlc"
    tier: ClassVar[Tier] = Tier.VALUE
    takes_slot: ClassVar[bool] = False
    settles: ClassVar[bool] = False

    venue: Venue = unsent("nqb")
    min_time: TimeLike | None = None
    current_day_only: bool | None = None


class StockSnapshotTrade(SymbolsRequest[rows.StockTrade], frozen=True, kw_only=True):
    """Fetch the last trade of one stock or of several.

    Makes a `GET /v3/stock/snapshot/trade` request. Tier: standard. Takes no
    slot. The terminal forgets its snapshots at midnight New York time and has
    none on days without a session.

    Args:
        symbol: a ticker, or several (a sequence, or text with commas).
        venue: `nqb` (Nasdaq Basic, live) or `utp_cta` (consolidated, 15 minutes late).
        min_time: leave out what is older than this time of day, New York wall clock.
        current_day_only: leave out what is from before today; an older terminal ignores it.

    Returns rows of `thetatrio.rows.StockTrade`, one for each symbol that has
    traded, in the terminal's order. Prices are dollars, sizes are shares.

        for trade in await session.stock.snapshot_trade(["AAPL", "MSFT"]):
            print(trade.symbol, trade.price, trade.size)
    """

    operation: ClassVar[str] = "stock_snapshot_trade"
    path: ClassVar[str] = "/v3/stock/snapshot/trade"
    tier: ClassVar[Tier] = Tier.STANDARD
    takes_slot: ClassVar[bool] = False
    settles: ClassVar[bool] = False

    venue: Venue = unsent("nqb")
    min_time: TimeLike | None = None
    current_day_only: bool | None = None


class StockSnapshotQuote(SymbolsRequest[rows.StockQuote], frozen=True, kw_only=True):
    """Fetch the present best bid and offer of one stock, of several, or of all.

    Makes a `GET /v3/stock/snapshot/quote` request. Tier: value. Takes no
    slot. The terminal forgets its snapshots at midnight New York time and has
    none on days without a session.

    Args:
        symbol: a ticker, several (a sequence, or text with commas), or `*` for all.
        venue: `nqb` (Nasdaq Basic) or `utp_cta` (consolidated, 15 minutes late).
        min_time: leave out quotes older than this time of day, New York wall clock.
        current_day_only: leave out what is from before today; an older terminal ignores it.

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

    venue: Venue = unsent("nqb")
    min_time: TimeLike | None = None
    current_day_only: bool | None = None


class StockSnapshotMarketValue(SymbolsRequest[rows.MarketValue], frozen=True, kw_only=True):
    """Fetch the vendor's present valuation of one stock, of several, or of all.

    Makes a `GET /v3/stock/snapshot/market_value` request. Tier: standard.
    Takes no slot. The terminal forgets its snapshots at midnight New York time
    and has none on days without a session.

    Args:
        symbol: a ticker, several (a sequence, or text with commas), or `*` for all.
        venue: `nqb` (Nasdaq Basic, live) or `utp_cta` (consolidated, 15 minutes late).
        min_time: leave out what is older than this time of day, New York wall clock.
        current_day_only: leave out what is from before today; an older terminal ignores it.

    Returns rows of `thetatrio.rows.MarketValue`, one for each symbol that has
    one, in the terminal's order. Prices are dollars.

        for value in await session.stock.snapshot_market_value(["AAPL", "MSFT"]):
            print(value.symbol, value.market_price)
    """

    operation: ClassVar[str] = "stock_snapshot_market_value"
    path: ClassVar[str] = "/v3/stock/snapshot/market_value"
    tier: ClassVar[Tier] = Tier.STANDARD
    takes_slot: ClassVar[bool] = False
    settles: ClassVar[bool] = False

    venue: Venue = unsent("nqb")
    min_time: TimeLike | None = None
    current_day_only: bool | None = None


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
        end_date: last day, both inclusive. Any range: per request the terminal accepts a month, or
            one day with an interval under a minute; a longer range is sent as several requests.
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
    start_time: TimeLike = unsent(dt.time(9, 30))
    end_time: TimeLike = unsent(dt.time(16))
    venue: Venue = unsent("nqb")


class StockHistoryTrade(SymbolRequest[rows.Trade], frozen=True, kw_only=True):
    """Fetch every trade of one stock on one day.

    Makes a `GET /v3/stock/history/trade` request. Tier: standard; how far back
    a tier reaches is limited. Yesterday's data is there from about 01:45 New
    York time.

    Args:
        symbol: the ticker of those days.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts one day; a
            longer range is sent as several requests.
        start_time: first moment, New York wall clock, inclusive.
        end_time: last moment, New York wall clock, inclusive.
        venue: `nqb` (Nasdaq Basic, live) or `utp_cta` (consolidated, 15 minutes late).

    Returns rows of `thetatrio.rows.Trade` in order of time. Prices are
    dollars, never adjusted for splits; sizes are shares.

        trades = await session.stock.history_trade(
            "AAPL", date="2024-11-04", start_time="09:30", end_time="09:31")
        print(len(trades), trades[0].timestamp, trades[0].price)
    """

    operation: ClassVar[str] = "stock_history_trade"
    path: ClassVar[str] = "/v3/stock/history/trade"
    tier: ClassVar[Tier] = Tier.STANDARD
    history_limited: ClassVar[bool] = True
    intraday: ClassVar[bool] = True
    tick: ClassVar[bool] = True

    date: DateLike | None = None
    start_date: DateLike | None = None
    end_date: DateLike | None = None
    start_time: TimeLike = unsent(dt.time(9, 30))
    end_time: TimeLike = unsent(dt.time(16))
    venue: Venue = unsent("nqb")


class StockHistoryQuote(SymbolRequest[rows.Quote], frozen=True, kw_only=True):
    """Fetch the quotes of one stock, of one day or a range of days.

    Makes a `GET /v3/stock/history/quote` request. Tier: value; how far back a
    tier reaches is limited. Yesterday's data is there from about 01:45 New
    York time.

    Args:
        symbol: the ticker of those days.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts a month, or
            one day with an interval under a minute; a longer range is sent as several requests.
        interval: distance of the moments; `tick` gives every quote instead.
        start_time: first moment, New York wall clock, inclusive.
        end_time: last moment, New York wall clock, inclusive.
        venue: `nqb` (Nasdaq Basic, live) or `utp_cta` (consolidated, 15 minutes late).

    Returns rows of `thetatrio.rows.Quote` in order of time: the last quote at
    each moment. Prices are dollars, never adjusted for splits; sizes are
    shares.

        quotes = await session.stock.history_quote("AAPL", date="2024-11-04", interval="1m")
        print(quotes[1].timestamp, quotes[1].bid, quotes[1].ask)
    """

    operation: ClassVar[str] = "stock_history_quote"
    path: ClassVar[str] = "/v3/stock/history/quote"
    tier: ClassVar[Tier] = Tier.VALUE
    history_limited: ClassVar[bool] = True
    intraday: ClassVar[bool] = True

    date: DateLike | None = None
    start_date: DateLike | None = None
    end_date: DateLike | None = None
    interval: Interval = "1s"
    start_time: TimeLike = unsent(dt.time(9, 30))
    end_time: TimeLike = unsent(dt.time(16))
    venue: Venue = unsent("nqb")


class StockHistoryTradeQuote(SymbolRequest[rows.TradeQuote], frozen=True, kw_only=True):
    """Fetch every trade of one stock on one day, each with the quote it met.

    Makes a `GET /v3/stock/history/trade_quote` request. Tier: standard; how
    far back a tier reaches is limited. Yesterday's data is there from about
    01:45 New York time.

    Args:
        symbol: the ticker of those days.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts one day; a
            longer range is sent as several requests.
        start_time: first moment, New York wall clock, inclusive.
        end_time: last moment, New York wall clock, inclusive.
        exclusive: pair a trade with the last quote before its moment; False also takes a
            quote of the same moment.
        venue: `nqb` (Nasdaq Basic, live) or `utp_cta` (consolidated, 15 minutes late).
        use_time_based_trade_quote: whether the vendor pairs by time stamp (its own default);
            an older terminal ignores it.

    Returns rows of `thetatrio.rows.TradeQuote` in order of trades. Prices are
    dollars, never adjusted for splits; sizes are shares.

        trades = await session.stock.history_trade_quote(
            "AAPL", date="2024-11-04", start_time="09:30", end_time="09:31")
        print(trades[-1].price, trades[-1].bid, trades[-1].ask)
    """

    operation: ClassVar[str] = "stock_history_trade_quote"
    path: ClassVar[str] = "/v3/stock/history/trade_quote"
    tier: ClassVar[Tier] = Tier.STANDARD
    history_limited: ClassVar[bool] = True
    intraday: ClassVar[bool] = True
    tick: ClassVar[bool] = True

    date: DateLike | None = None
    start_date: DateLike | None = None
    end_date: DateLike | None = None
    start_time: TimeLike = unsent(dt.time(9, 30))
    end_time: TimeLike = unsent(dt.time(16))
    exclusive: bool = unsent(True)
    venue: Venue = unsent("nqb")
    use_time_based_trade_quote: bool | None = None


class StockAtTimeTrade(SymbolRequest[rows.Trade], frozen=True, kw_only=True):
    """Fetch one stock's last trade at one time of day, for each day of a range.

    Makes a `GET /v3/stock/at_time/trade` request. Tier: standard; how far back
    a tier reaches is limited. Yesterday's data is there from about 01:45 New
    York time.

    Args:
        symbol: the ticker of those days.
        start_date: first day, inclusive.
        end_date: last day, inclusive.
        time_of_day: the moment, New York wall clock, the same on every day.
        venue: `nqb` (Nasdaq Basic, live) or `utp_cta` (consolidated, 15 minutes late).

    Returns rows of `thetatrio.rows.Trade`, one for each day with a trade by
    then, stamped with the trade's own time. Prices are dollars, never adjusted
    for splits; sizes are shares.

        trades = await session.stock.at_time_trade(
            "AAPL", start_date="2024-11-04", end_date="2024-11-08", time_of_day="15:30")
        print([(trade.timestamp, trade.price) for trade in trades])
    """

    operation: ClassVar[str] = "stock_at_time_trade"
    path: ClassVar[str] = "/v3/stock/at_time/trade"
    tier: ClassVar[Tier] = Tier.STANDARD
    history_limited: ClassVar[bool] = True

    start_date: DateLike
    end_date: DateLike
    time_of_day: TimeLike
    venue: Venue = unsent("nqb")


class StockAtTimeQuote(SymbolRequest[rows.Quote], frozen=True, kw_only=True):
    """Fetch one stock's last quote at one time of day, for each day of a range.

    Makes a `GET /v3/stock/at_time/quote` request. Tier: value; how far back a
    tier reaches is limited. Yesterday's data is there from about 01:45 New
    York time.

    Args:
        symbol: the ticker of those days.
        start_date: first day, inclusive.
        end_date: last day, inclusive.
        time_of_day: the moment, New York wall clock, the same on every day.
        venue: `nqb` (Nasdaq Basic, live) or `utp_cta` (consolidated, 15 minutes late).

    Returns rows of `thetatrio.rows.Quote`, one for each day with a session.
    Prices are dollars, never adjusted for splits; sizes are shares.

        quotes = await session.stock.at_time_quote(
            "AAPL", start_date="2024-11-04", end_date="2024-11-08", time_of_day="15:30")
        print([(quote.timestamp, quote.bid) for quote in quotes])
    """

    operation: ClassVar[str] = "stock_at_time_quote"
    path: ClassVar[str] = "/v3/stock/at_time/quote"
    tier: ClassVar[Tier] = Tier.VALUE
    history_limited: ClassVar[bool] = True

    start_date: DateLike
    end_date: DateLike
    time_of_day: TimeLike
    venue: Venue = unsent("nqb")
