"""Requests about indices."""

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
    unsent,
)

__all__ = [
    "IndexAtTimePrice",
    "IndexHistoryEod",
    "IndexHistoryOhlc",
    "IndexHistoryPrice",
    "IndexListDates",
    "IndexListSymbols",
    "IndexSnapshotMarketValue",
    "IndexSnapshotOhlc",
    "IndexSnapshotPrice",
]


class IndexListSymbols(Request[rows.Symbol], frozen=True, kw_only=True):
    """List every index that has data.

    Makes a `GET /v3/index/list/symbols` request. Tier: free. The vendor adds
    to the list overnight.

    Returns rows of `thetatrio.rows.Symbol`, one for each index.

        indices = await session.index.list_symbols()
        print(len(indices), indices[0].symbol)
    """

    operation: ClassVar[str] = "index_list_symbols"
    path: ClassVar[str] = "/v3/index/list/symbols"
    tier: ClassVar[Tier] = Tier.FREE

    if TYPE_CHECKING:
        # Without a field of its own, mypy would let the class be called with anything.
        def __init__(self) -> None: ...


class IndexListDates(SymbolsRequest[rows.Date], frozen=True, kw_only=True):
    """List the days on which one index or several have data.

    Makes a `GET /v3/index/list/dates` request. Tier: free. The vendor adds to
    the list overnight.

    Args:
        symbol: an index, or several (a sequence, or text with commas).

    Returns rows of `thetatrio.rows.Date`, in the terminal's order; for several
    indices, all of their days without saying whose.

        days = await session.index.list_dates("SPX")
        print(len(days), days[0].date)
    """

    operation: ClassVar[str] = "index_list_dates"
    path: ClassVar[str] = "/v3/index/list/dates"
    tier: ClassVar[Tier] = Tier.FREE


class IndexSnapshotOhlc(SymbolsRequest[rows.SnapshotOhlc], frozen=True, kw_only=True):
    """Fetch today's bar so far of one index or of several.

    Makes a `GET /v3/index/snapshot/ohlc` request. Tier: standard. Takes no
    slot. The terminal forgets its snapshots at midnight New York time and has
    none on days without a session.

    Args:
        symbol: an index, or several (a sequence, or text with commas).
        min_time: leave out what is older than this time of day, New York wall clock.
        current_day_only: leave out what is from before today; an older terminal ignores it.

    Returns rows of `thetatrio.rows.SnapshotOhlc`, one for each index that has
    been calculated, in the terminal's order. Prices are points. Volume and
    count are 0.

        for bar in await session.index.snapshot_ohlc(["SPX", "VIX"]):
            print(bar.symbol, bar.open, bar.close)
    """

    operation: ClassVar[str] = "index_snapshot_ohlc"
    path: ClassVar[str] = "/v3/index/snapshot/ohlc"
    tier: ClassVar[Tier] = Tier.STANDARD
    takes_slot: ClassVar[bool] = False
    settles: ClassVar[bool] = False

    min_time: TimeLike | None = None
    current_day_only: bool | None = None


class IndexSnapshotPrice(SymbolsRequest[rows.IndexPrice], frozen=True, kw_only=True):
    """Fetch the last price of one index or of several.

    Makes a `GET /v3/index/snapshot/price` request. Tier: standard. Takes no
    slot. The terminal forgets its snapshots at midnight New York time and has
    none on days without a session.

    Args:
        symbol: an index, or several (a sequence, or text with commas).
        min_time: leave out what is older than this time of day, New York wall clock.
        current_day_only: leave out what is from before today; an older terminal ignores it.

    Returns rows of `thetatrio.rows.IndexPrice`, one for each index that has
    been calculated, in the terminal's order. Prices are points.

        for row in await session.index.snapshot_price(["SPX", "VIX"]):
            print(row.symbol, row.price)
    """

    operation: ClassVar[str] = "index_snapshot_price"
    path: ClassVar[str] = "/v3/index/snapshot/price"
    tier: ClassVar[Tier] = Tier.STANDARD
    takes_slot: ClassVar[bool] = False
    settles: ClassVar[bool] = False

    min_time: TimeLike | None = None
    current_day_only: bool | None = None


class IndexSnapshotMarketValue(SymbolsRequest[rows.IndexMarketValue], frozen=True, kw_only=True):
    """Fetch the vendor's present valuation of one index or of several.

    Makes a `GET /v3/index/snapshot/market_value` request. Tier: standard.
    Takes no slot. The terminal forgets its snapshots at midnight New York time
    and has none on days without a session.

    Args:
        symbol: an index, or several (a sequence, or text with commas).
        min_time: leave out what is older than this time of day, New York wall clock.
        current_day_only: leave out what is from before today; an older terminal ignores it.

    Returns rows of `thetatrio.rows.IndexMarketValue`, one for each index that
    has one, in the terminal's order. Prices are points.

        for row in await session.index.snapshot_market_value("SPX"):
            print(row.symbol, row.market_price)
    """

    operation: ClassVar[str] = "index_snapshot_market_value"
    path: ClassVar[str] = "/v3/index/snapshot/market_value"
    tier: ClassVar[Tier] = Tier.STANDARD
    takes_slot: ClassVar[bool] = False
    settles: ClassVar[bool] = False

    min_time: TimeLike | None = None
    current_day_only: bool | None = None


class IndexHistoryEod(SymbolRequest[rows.Eod], frozen=True, kw_only=True):
    """Fetch the end-of-day reports of one index over a range of days.

    Makes a `GET /v3/index/history/eod` request. Tier: free; how far back a
    tier reaches is limited. The vendor makes a day's report at about 17:15 New
    York time.

    Args:
        symbol: the index, such as `SPX` or `VIX`.
        start_date: first day, inclusive.
        end_date: last day, inclusive.

    Returns rows of `thetatrio.rows.Eod`, one for each report in order of days,
    none for days without a session. Prices are points. Volume, count and the
    closing quote are zeros.

        reports = await session.index.history_eod(
            "SPX", start_date="2024-11-04", end_date="2024-11-08")
        print(reports[-1].created.date(), reports[-1].close)
    """

    operation: ClassVar[str] = "index_history_eod"
    path: ClassVar[str] = "/v3/index/history/eod"
    tier: ClassVar[Tier] = Tier.FREE
    history_limited: ClassVar[bool] = True

    start_date: DateLike
    end_date: DateLike


class IndexHistoryOhlc(SymbolRequest[rows.Ohlc], frozen=True, kw_only=True):
    """Fetch the bars of one index over a range of days.

    Makes a `GET /v3/index/history/ohlc` request. Tier: standard; how far back
    a tier reaches is limited. Yesterday's data is there from about 01:45 New
    York time.

    Args:
        symbol: the index, such as `SPX` or `VIX`.
        start_date: first day and
        end_date: last day, inclusive. Any range: per request the terminal accepts a month, or one
            day with an interval under a minute; a longer range is sent as several requests.
        interval: length of a bar; its timestamp is its opening.
        start_time: opening of the first bar, New York wall clock, inclusive.
        end_time: end of the window, New York wall clock, inclusive.

    Returns rows of `thetatrio.rows.Ohlc` in order of time. Prices are points.
    Volume, count and vwap are 0.

        bars = await session.index.history_ohlc(
            "SPX", start_date="2024-11-04", end_date="2024-11-04", interval="1m")
        print(bars[0].timestamp, bars[0].close)
    """

    operation: ClassVar[str] = "index_history_ohlc"
    path: ClassVar[str] = "/v3/index/history/ohlc"
    tier: ClassVar[Tier] = Tier.STANDARD
    history_limited: ClassVar[bool] = True
    intraday: ClassVar[bool] = True

    start_date: DateLike
    end_date: DateLike
    interval: Interval = "1s"
    start_time: TimeLike = unsent(dt.time(9, 30))
    end_time: TimeLike = unsent(dt.time(16))


class IndexHistoryPrice(SymbolRequest[rows.Price], frozen=True, kw_only=True):
    """Fetch the prices of one index, of one day or a range of days.

    Makes a `GET /v3/index/history/price` request. Tier: value; how far back a
    tier reaches is limited.

    Args:
        symbol: the index, such as `SPX` or `VIX`.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts a month, or
            one day with an interval under a minute; a longer range is sent as several requests.
        interval: distance of the moments; `tick` gives every change instead.
        start_time: first moment, New York wall clock, inclusive.
        end_time: last moment, New York wall clock, inclusive.

    Returns rows of `thetatrio.rows.Price` in order of time: the price at
    exactly each moment, 0.0 before the index was first calculated that day
    (as a rule at 09:30:00). Indices print on change only.

        prices = await session.index.history_price("SPX", date="2024-11-04", interval="1m")
        print(prices[-1].timestamp, prices[-1].price)
    """

    operation: ClassVar[str] = "index_history_price"
    path: ClassVar[str] = "/v3/index/history/price"
    tier: ClassVar[Tier] = Tier.VALUE
    history_limited: ClassVar[bool] = True
    intraday: ClassVar[bool] = True

    date: DateLike | None = None
    start_date: DateLike | None = None
    end_date: DateLike | None = None
    interval: Interval = "1s"
    start_time: TimeLike = unsent(dt.time(9, 30))
    end_time: TimeLike = unsent(dt.time(16))


class IndexAtTimePrice(SymbolRequest[rows.Trade], frozen=True, kw_only=True):
    """Fetch one index's price at one time of day, for each day of a range.

    Makes a `GET /v3/index/at_time/price` request. Tier: value; how far back a
    tier reaches is limited. Yesterday's data is there from about 01:45 New
    York time.

    Args:
        symbol: the index, such as `SPX` or `VIX`.
        start_date: first day, inclusive.
        end_date: last day, inclusive.
        time_of_day: the moment, New York wall clock, the same on every day.

    Returns rows of `thetatrio.rows.Trade`, one for each day with a session, in
    the columns of a trade: of them, `timestamp` and `price` mean something.
    Prices are points.

        prices = await session.index.at_time_price(
            "SPX", start_date="2024-11-04", end_date="2024-11-08", time_of_day="15:30")
        print([(row.timestamp, row.price) for row in prices])
    """

    operation: ClassVar[str] = "index_at_time_price"
    path: ClassVar[str] = "/v3/index/at_time/price"
    tier: ClassVar[Tier] = Tier.VALUE
    history_limited: ClassVar[bool] = True

    start_date: DateLike
    end_date: DateLike
    time_of_day: TimeLike
