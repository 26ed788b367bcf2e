"""Requests about the stock market's calendar."""

from __future__ import annotations

from typing import ClassVar

from thetatrio import rows
from thetatrio.config import Tier
from thetatrio.requests._base import Request, Year

__all__ = ["CalendarYear"]


class CalendarYear(Request[rows.CalendarDay], frozen=True, kw_only=True):
    """List a year's holidays and days on which the market closes early.

    Makes a `GET /v3/calendar/year_holidays` request. Tier: value.

    Args:
        year: four digits; a year to come is fine.

    Returns rows of `thetatrio.rows.CalendarDay` in order of days, of types
    `full_close` and `early_close` only; weekends and usual days have none.

        for day in await session.calendar.year(year=2024):
            print(day.date, day.type, day.close)
    """

    operation: ClassVar[str] = "calendar_year"
    path: ClassVar[str] = "/v3/calendar/year_holidays"
    tier: ClassVar[Tier] = Tier.VALUE

    year: Year
