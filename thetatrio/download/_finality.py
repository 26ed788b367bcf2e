"""When a day is over for good: until then, "no data" may still become data. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from thetatrio.market_time import NEW_YORK, is_weekend

if TYPE_CHECKING:
    from thetatrio.download._layout import Contents

__all__ = ["final_from", "is_final", "next_trading_day"]

_DAY: Final = dt.timedelta(days=1)
# The vendor's night run has a day's history ready at about 01:45; reports of
# the end of the day and open interest can come, and be corrected, until noon.
_HISTORY: Final = dt.time(2)
_REPORTS: Final = dt.time(12)
_REPORT_OPERATIONS: Final = ("_eod", "_open_interest")


def next_trading_day(day: dt.date, closed: Collection[dt.date]) -> dt.date:
    """Return the first trading day after a day; `closed` are those that the calendar takes out."""
    day += _DAY
    while is_weekend(day) or day in closed:
        day += _DAY
    return day


def final_from(operation: str, day: dt.date, closed: Collection[dt.date]) -> dt.datetime:
    """Return the moment, in UTC, from which an operation's answer about a day is the last word."""
    hour = _REPORTS if operation.endswith(_REPORT_OPERATIONS) else _HISTORY
    moment = dt.datetime.combine(next_trading_day(day, closed), hour, NEW_YORK)
    # Between times of one zone Python compares the wall clock: not so in UTC.
    return moment.astimezone(dt.UTC)


def is_final(
    contents: Contents, asked: dt.datetime, closed: Collection[dt.date], *, has_data: bool
) -> bool:
    """Tell whether an answer that was asked for at a moment will stay what it is.

    A single day with data is complete once New York's day has ended; where a
    part has several days, the last one may be the one that is missing.
    """
    if has_data and contents.first == contents.last:
        return asked.astimezone(NEW_YORK).date() > contents.last
    return asked.astimezone(dt.UTC) >= final_from(contents.part.operation, contents.last, closed)
