"""Which options are listed on which day.

A root's listing stays the same from Monday to Friday but for what expires:
its strikes lie around the close before that Monday. In all there are
`contracts` of them (rounded down to pairs of call and put) in each week's listing.
"""

from __future__ import annotations

import bisect
import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

from thetatrio.market_time import weekdays
from thetatrio.testing._calendar import (
    FIRST_YEAR,
    LAST_YEAR,
    days_between,
    is_trading_day,
    trading_day_before,
)
from thetatrio.testing._instruments import ROOTS, Root
from thetatrio.testing._paths import Paths
from thetatrio.testing._seeding import Recent

_FIRST_EXPIRATION: Final = dt.date(FIRST_YEAR, 6, 1)
# Before, roots with daily expirations had weekly ones (they came in several steps).
_DAILY_SINCE: Final = dt.date(2022, 5, 16)
_LISTINGS_KEPT: Final = 256


class Listed(NamedTuple):
    """One option of a listing; sorts as the terminal lists them."""

    root: str
    expiration: dt.date
    strike: int
    """Thousandths of a dollar."""
    right: str
    """`CALL` or `PUT`."""


@cache
def expirations(cycle: str) -> Sequence[dt.date]:
    """Return every expiration date of a cycle, by date."""
    found: set[dt.date] = set()
    for day in weekdays(_FIRST_EXPIRATION, dt.date(LAST_YEAR, 12, 31)):
        if cycle == "daily" and day >= _DAILY_SINCE:
            if is_trading_day(day):
                found.add(day)
        elif day.weekday() == 4 and (cycle != "monthly" or 15 <= day.day <= 21):
            found.add(day if is_trading_day(day) else trading_day_before(day))
    return sorted(found)


def listed_expirations(root: Root, date: dt.date, count: int) -> Sequence[dt.date]:
    """Return the `count` expirations listed on a date: the next ones, then some monthly ones."""
    near = count if root.cycle == "monthly" else count - count // 4
    cycle = expirations(root.cycle)
    at = bisect.bisect_left(cycle, date)
    chosen = list(cycle[at : at + near])
    monthly = expirations("monthly")
    at = bisect.bisect_right(monthly, chosen[-1]) if chosen else len(monthly)
    return chosen + list(monthly[at : at + count - near])


class Chains:
    """Listings of every root."""

    def __init__(self, paths: Paths, contracts: int) -> None:
        self._paths = paths
        self._pairs = max(1, contracts // 2)
        # For 200 contracts 8 expirations, for 12 two: a little wider than deep.
        self._expirations = max(1, round(self._pairs**0.5 / 1.25))
        self._listings: Recent[Sequence[Listed]] = Recent(_LISTINGS_KEPT)

    def listed(self, root: str, date: dt.date) -> Sequence[Listed]:
        """Return the options of a root that have data on a trading day, sorted."""
        return self._listings.get((root, date), lambda: self._list(ROOTS[root], date))

    def _list(self, root: Root, date: dt.date) -> Sequence[Listed]:
        monday = date - dt.timedelta(date.weekday())
        centre = self._paths.close(root.underlying, monday - dt.timedelta(days=1))
        dates = listed_expirations(root, monday, self._expirations)
        each, more = divmod(self._pairs, len(dates))
        rows: list[Listed] = []
        for index, expiration in enumerate(dates):
            if expiration < date or (root.morning_settled and expiration == date):
                continue
            days = (expiration - monday).days
            step = root.step * (1 if days < 60 else 2 if days < 200 else 4)
            for strike in self._strikes(centre, step, each + (index < more)):
                rows += [Listed(root.symbol, expiration, strike, right) for right in _RIGHTS]
        return rows

    @staticmethod
    def _strikes(centre: float, step: float, count: int) -> Sequence[int]:
        middle = round(centre / step)
        first = max(1, middle - (count - 1) // 2)
        return [round((first + index) * step * 1000) for index in range(count)]

    def expirations(self, root: str, until: dt.date) -> Sequence[dt.date]:
        """Return every expiration a root ever had, up to those listed on `until`."""
        declared = ROOTS[root]
        ahead = listed_expirations(declared, until, self._expirations)
        past = [date for date in expirations(declared.cycle) if date < until]
        return past + list(ahead)

    def listing_days(self, root: str, expiration: dt.date, until: dt.date) -> Sequence[dt.date]:
        """Return the trading days up to `until` on which an expiration has listed options."""
        declared = ROOTS[root]
        last = min(until, expiration - dt.timedelta(days=declared.morning_settled))
        monday = last - dt.timedelta(last.weekday())
        weeks: list[Sequence[dt.date]] = []
        while monday.year >= FIRST_YEAR and expiration in listed_expirations(
            declared, monday, self._expirations
        ):
            weeks.append(days_between(monday, min(last, monday + dt.timedelta(days=4))))
            monday -= dt.timedelta(days=7)
        return [day for week in reversed(weeks) for day in week]


_RIGHTS: Final = ("CALL", "PUT")
