"""Requests about indices."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from thetatrio import rows
from thetatrio.config import Tier
from thetatrio.requests._base import DateLike, Interval, SymbolRequest, TimeLike

__all__ = ["IndexHistoryPrice"]


class IndexHistoryPrice(SymbolRequest[rows.Price], frozen=True, kw_only=True):
    """Fetch the prices of one index, of one day or a range of days.

    Makes a `GET /v3/index/history/price` request. Tier: value; how far back a
    tier reaches is limited.

    Args:
        symbol: the index, such as `SPX` or `VIX`.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive: a month at most, and one day only
            for intervals under a minute (else RequestTooLarge).
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
    start_time: TimeLike = dt.time(9, 30)
    end_time: TimeLike = dt.time(16)
