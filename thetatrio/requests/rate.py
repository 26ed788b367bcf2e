"""Requests about interest rates."""

from __future__ import annotations

from typing import ClassVar

from thetatrio import rows
from thetatrio.config import Tier
from thetatrio.requests._base import DateLike, SymbolRequest

__all__ = [
    "InterestRateHistoryEod",
]


class InterestRateHistoryEod(SymbolRequest[rows.InterestRate], frozen=True, kw_only=True):
    """Fetch one interest rate over a range of days.

    Makes a `GET /v3/interest_rate/history/eod` request. Tier: free.

    Args:
        symbol: `SOFR`, or a treasury from `TREASURY_M1` to `TREASURY_Y30`: the words of
            `rate_type`, in capitals.
        start_date: first day, inclusive.
        end_date: last day, inclusive.

    Returns rows of `thetatrio.rows.InterestRate` in order of days, in percent.

        rates = await session.interest_rate.history_eod(
            "SOFR", start_date="2024-11-04", end_date="2024-11-08")
        print(rates[-1].created, rates[-1].rate)
    """

    operation: ClassVar[str] = "interest_rate_history_eod"
    path: ClassVar[str] = "/v3/interest_rate/history/eod"
    tier: ClassVar[Tier] = Tier.FREE

    start_date: DateLike
    end_date: DateLike
