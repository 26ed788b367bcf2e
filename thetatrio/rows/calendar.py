"""Rows of the calendar and of interest rates."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from thetatrio.rows._base import Row, TimeOfDay

__all__ = ["CalendarDay", "CalendarHours", "InterestRate"]


class CalendarDay(Row, frozen=True, gc=False):
    """A day on which the stock market keeps other hours than 09:30 to 16:00."""

    date: dt.date
    type: Literal["open", "early_close", "full_close", "weekend"]
    open: TimeOfDay | None
    """New York wall clock; None on days without a session."""
    close: TimeOfDay | None


class CalendarHours(Row, frozen=True, gc=False):
    """The stock market's hours on the day asked for."""

    type: Literal["open", "early_close", "full_close", "weekend"]
    open: TimeOfDay | None
    """New York wall clock; None on days without a session."""
    close: TimeOfDay | None


class InterestRate(Row, frozen=True, gc=False):
    """One interest rate on one day."""

    created: dt.date
    """The day."""
    rate: float
    """Percent."""
