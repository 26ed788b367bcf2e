"""The US trading calendar by rule, 2012 to 2030.

Rules are those of the New York Stock Exchange (its Rule 7.2): a holiday on a
Sunday moves to Monday, one on a Saturday to Friday, except New Year's Day,
which then is not kept at all.
"""

from __future__ import annotations

import bisect
import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

from thetatrio.market_time import is_weekend, weekdays

FIRST_YEAR: Final = 2012
LAST_YEAR: Final = 2030

OPEN_MS: Final = 34_200_000
"""09:30, milliseconds of the day."""
CLOSE_MS: Final = 57_600_000
"""16:00."""
EARLY_CLOSE_MS: Final = 46_800_000
"""13:00."""
EARLY_OPTION_CLOSE_MS: Final = 47_700_000
"""13:15, when options end on an early close."""

# Closings that follow no rule: storm Sandy, two days of mourning.
_EXTRA_CLOSINGS: Final = frozenset(
    {
        dt.date(2012, 10, 29),
        dt.date(2012, 10, 30),
        dt.date(2018, 12, 5),
        dt.date(2025, 1, 9),
    }
)
_DAY: Final = dt.timedelta(days=1)


class Holiday(NamedTuple):
    """A day that is not a full session."""

    date: dt.date
    early: bool
    """Whether it closes early; otherwise it does not open."""


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> dt.date:
    first = dt.date(year, month, 1)
    return first + dt.timedelta((weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _last_monday(year: int, month: int) -> dt.date:
    last = dt.date(year, month + 1, 1) - _DAY
    return last - dt.timedelta(last.weekday())


def _easter(year: int) -> dt.date:
    # Gregorian computus (Meeus, Jones, Butcher).
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return dt.date(year, month, day + 1)


def _observed(date: dt.date) -> dt.date:
    if date.weekday() == 5:
        return date - _DAY
    return date + _DAY if date.weekday() == 6 else date


@cache
def _closings(year: int) -> frozenset[dt.date]:
    thanksgiving = _nth_weekday(year, 11, 3, 4)
    days = {
        _nth_weekday(year, 1, 0, 3),
        _nth_weekday(year, 2, 0, 3),
        _easter(year) - 2 * _DAY,
        _last_monday(year, 5),
        _observed(dt.date(year, 7, 4)),
        _nth_weekday(year, 9, 0, 1),
        thanksgiving,
        _observed(dt.date(year, 12, 25)),
    }
    new_year = dt.date(year, 1, 1)
    if new_year.weekday() != 5:
        days.add(_observed(new_year))
    if year >= 2022:
        days.add(_observed(dt.date(year, 6, 19)))
    return frozenset(days | {day for day in _EXTRA_CLOSINGS if day.year == year})


@cache
def _early_closes(year: int) -> frozenset[dt.date]:
    candidates = {
        dt.date(year, 7, 3),
        _nth_weekday(year, 11, 3, 4) + _DAY,
        dt.date(year, 12, 24),
    }
    closed = _closings(year)
    return frozenset(day for day in candidates if not is_weekend(day) and day not in closed)


def holidays(year: int) -> Sequence[Holiday]:
    """Return a year's closings and early closes, by date."""
    rows = [Holiday(day, False) for day in _closings(year)]
    rows += [Holiday(day, True) for day in _early_closes(year)]
    return sorted(rows)


def is_trading_day(date: dt.date) -> bool:
    """Tell whether the exchanges open on a date."""
    return not is_weekend(date) and date not in _closings(date.year)


def is_early_close(date: dt.date) -> bool:
    """Tell whether a trading day ends at 13:00."""
    return date in _early_closes(date.year)


def close_ms(date: dt.date) -> int:
    """Return the millisecond of the day at which stocks close."""
    return EARLY_CLOSE_MS if is_early_close(date) else CLOSE_MS


def option_close_ms(date: dt.date) -> int:
    """Return the millisecond of the day at which options close."""
    return EARLY_OPTION_CLOSE_MS if is_early_close(date) else CLOSE_MS


@cache
def trading_days() -> tuple[dt.date, ...]:
    """Return every trading day of the years this calendar knows."""
    every = weekdays(dt.date(FIRST_YEAR, 1, 1), dt.date(LAST_YEAR, 12, 31))
    return tuple(day for day in every if day not in _closings(day.year))


def days_between(start: dt.date, end: dt.date) -> Sequence[dt.date]:
    """Return the trading days from `start` to `end`, both inclusive."""
    days = trading_days()
    return days[bisect.bisect_left(days, start) : bisect.bisect_right(days, end)]


def trading_day_before(date: dt.date) -> dt.date:
    """Return the last trading day before a date (the calendar's first day, before that)."""
    days = trading_days()
    return days[max(0, bisect.bisect_left(days, date) - 1)]
