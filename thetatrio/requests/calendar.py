"""Requests about the stock market's calendar."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from thetatrio import rows
from thetatrio.config import Tier
from thetatrio.requests._base import DateLike, Request, Year

__all__ = [
    "CalendarOnDate",
    "CalendarOpenToday",
    "CalendarYear",
]


class CalendarOpenToday(Request[rows.CalendarHours], frozen=True, kw_only=True):
    """Fetch today's hours of the stock market.

    Makes a `GET /v3/calendar/today` request. Tier: free. Today is the New York
    date.

    Returns rows of `thetatrio.rows.CalendarHours`: one.

        (today,) = await session.calendar.open_today()
        print(today.type, today.open, today.close)
    """

    operation: ClassVar[str] = "calendar_open_today"
    path: ClassVar[str] = "/v3/calendar/today"
    tier: ClassVar[Tier] = Tier.FREE
    settles: ClassVar[bool] = False

    if TYPE_CHECKING:
        # Without a field of its own, mypy would let the class be called with anything.
        def __init__(self) -> None: ...


class CalendarOnDate(Request[rows.CalendarHours], frozen=True, kw_only=True):
    """Fetch the stock market's hours on one day.

    Makes a `GET /v3/calendar/on_date` request. Tier: value.

    Args:
        date: the day; one to come is fine.

    Returns rows of `thetatrio.rows.CalendarHours`: one, without the date.

        (day,) = await session.calendar.on_date(date="2024-11-29")
        print(day.type, day.open, day.close)
    """

    operation: ClassVar[str] = "calendar_on_date"
    path: ClassVar[str] = "/v3/calendar/on_date"
    tier: ClassVar[Tier] = Tier.VALUE
    future_dates: ClassVar[bool] = True

    date: DateLike


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
