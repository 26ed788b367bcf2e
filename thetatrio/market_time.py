"""New York wall clock, milliseconds of the day, trading-day arithmetic.

Everything the vendor sends is New York wall-clock time without an offset.
Users meet aware datetimes in `NEW_YORK`; the wire's naive values stay inside.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from thetatrio._numbers import as_int

__all__ = [
    "MS_PER_DAY",
    "NEW_YORK",
    "from_ms_of_day",
    "in_new_york",
    "is_weekend",
    "months",
    "ms_of_day",
    "now",
    "parse_date",
    "parse_moment",
    "parse_time",
    "time_text",
    "today",
    "weekdays",
]

NEW_YORK: Final = ZoneInfo("America/New_York")
MS_PER_DAY: Final = 86_400_000

_DATE = re.compile(r"(\d{4})(-?)(\d{2})\2(\d{2})", re.ASCII)
# Cold patterns are compiled, and kept by `re`, when they are first needed.
_MOMENT = r"(?a)\d{4}-?\d{2}-?\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?"
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?", re.ASCII)


def in_new_york(naive: dt.datetime) -> dt.datetime:
    """Return the aware datetime for a wall-clock value as the vendor writes it.

    In the hour that the end of daylight saving repeats, the first of the two
    is meant (no US session lies there except index options' night hours, and
    the wire does not say which). A time that the start of it skips keeps its
    wall-clock reading.
    """
    return naive.replace(tzinfo=NEW_YORK)


def from_ms_of_day(date: dt.date, milliseconds: int) -> dt.datetime:
    """Return the aware datetime of a date and milliseconds since its New York midnight.

    They are wall-clock milliseconds: 34200000 is 09:30 on every day of the
    year. 86400000, which index prices have, is midnight of the next day.
    Raises ValueError outside 0 to 86400000.
    """
    number = as_int(milliseconds)
    if number is None or not 0 <= number <= MS_PER_DAY:
        raise ValueError(f"{milliseconds} is not a millisecond of a day (0 to {MS_PER_DAY})")
    midnight = dt.datetime(date.year, date.month, date.day)
    return in_new_york(midnight + dt.timedelta(milliseconds=number))


def ms_of_day(moment: dt.datetime | dt.time) -> int:
    """Return the wall-clock milliseconds since New York midnight.

    An aware datetime is brought to New York first; a naive one and a time are
    taken as New York's. What is finer than a millisecond is cut off.
    """
    if isinstance(moment, dt.datetime) and moment.tzinfo is not None:
        moment = moment.astimezone(NEW_YORK)
    seconds = (moment.hour * 60 + moment.minute) * 60 + moment.second
    return seconds * 1000 + moment.microsecond // 1000


def parse_date(value: object) -> dt.date:
    """Return a date from a date, `YYYY-MM-DD` or `YYYYMMDD`. Raises ValueError otherwise.

    A datetime is refused: whether its date is New York's would be a guess.
    """
    if isinstance(value, dt.datetime):
        raise ValueError(f"expected a date, got a datetime ({value}); say which day with .date()")
    if isinstance(value, dt.date):
        return value
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is not a date: use a date, 'YYYY-MM-DD' or 'YYYYMMDD'")
    try:
        return dt.date(int(match[1]), int(match[3]), int(match[4]))
    except ValueError as problem:
        raise ValueError(f"{value!r} is not a date: {problem}") from None


def parse_time(value: object) -> dt.time:
    """Return a wall-clock time from a time or `HH:MM[:SS[.fff]]`. Raises ValueError otherwise.

    An aware time is refused: the vendor's times are New York's, always.
    """
    if isinstance(value, dt.time):
        if value.tzinfo is not None:
            raise ValueError(f"{value!r} has a time zone; times of day are New York's, without one")
        return value
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is not a time of day: use a time or 'HH:MM:SS.mmm'")
    hour, minute, second, fraction = match.groups()
    microsecond = int((fraction or "0").ljust(6, "0")[:6])
    try:
        return dt.time(int(hour), int(minute), int(second or 0), microsecond)
    except ValueError as problem:
        raise ValueError(f"{value!r} is not a time of day: {problem}") from None


def parse_moment(value: object) -> dt.datetime:
    """Return an aware datetime in New York.

    Args:
        value: A datetime, or text such as `2024-11-04 12:00`, `2024-11-04T12:00:00.000` or
            `2024-11-04T17:00:00Z`. Without an offset or a zone it is New York's time.

    Raises:
        ValueError: Anything else; a date alone too, because the time would be a guess.
    """
    moment: dt.datetime | None = None
    if isinstance(value, dt.datetime):
        # A plain datetime, also of pandas' Timestamp. NaT has no date.
        moment = dt.datetime.combine(value.date(), value.timetz())
    elif isinstance(value, str) and re.fullmatch(_MOMENT, value.strip()):
        try:
            moment = dt.datetime.fromisoformat(value.strip())
        except ValueError as problem:
            raise ValueError(f"{value!r} is not a date and time: {problem}") from None
    if moment is None:
        raise ValueError(
            f"{value!r} is not a date and time: use a datetime or 'YYYY-MM-DD HH:MM:SS'"
        )
    return in_new_york(moment) if moment.tzinfo is None else moment.astimezone(NEW_YORK)


def time_text(time: dt.time) -> str:
    """Return a time of day as requests spell it, `HH:MM:SS.mmm`."""
    return time.isoformat("milliseconds")


def now() -> dt.datetime:
    """Return the present moment in New York. The library's only look at the wall clock."""
    return dt.datetime.now(NEW_YORK)


def today() -> dt.date:
    """Return New York's date of the present moment."""
    return now().date()


def is_weekend(date: dt.date) -> bool:
    """Tell whether a date is a Saturday or a Sunday."""
    return date.weekday() >= 5


def weekdays(start: dt.date, end: dt.date) -> Iterator[dt.date]:
    """Yield the Mondays to Fridays from `start` to `end`, both inclusive.

    Holidays are not known by arithmetic; the terminal's calendar has them.
    """
    for days in range((end - start).days + 1):
        date = start + dt.timedelta(days)
        if not is_weekend(date):
            yield date


def months(start: dt.date, end: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    """Yield first and last day of each calendar month from `start` to `end`, all inclusive.

    The first month begins at `start`, the last one ends at `end`: ranges that
    the terminal accepts one by one for intraday data.
    """
    while start <= end:
        year, month = divmod(start.year * 12 + start.month, 12)
        last = min(end, dt.date(year, month + 1, 1) - dt.timedelta(1))
        yield start, last
        start = last + dt.timedelta(1)
