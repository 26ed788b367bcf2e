"""New York's distance from UTC, for whole columns of wall-clock times at once.

What `market_time.in_new_york` says of one time, this says of all times
between two: over a column there are one or two distances, so that a column is
moved to UTC by a subtraction.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect
from collections.abc import Iterable
from functools import cache
from typing import Final, NamedTuple

from thetatrio.market_time import MS_PER_DAY, in_new_york

__all__ = ["FEW", "FIRST", "Step", "offsets", "steps"]

_EPOCH: Final = dt.datetime(1970, 1, 1)
_MS: Final = dt.timedelta(milliseconds=1)
FIRST: Final = (dt.datetime(1, 1, 1) - _EPOCH) // _MS
"""The first wall-clock millisecond that there is."""
FEW: Final = 64
"""So many steps, a generation's, are best applied to a whole column one by one."""
# New York has never changed its clock twice within so many days.
_STRIDE: Final = 7 * MS_PER_DAY


class Step(NamedTuple):
    """From a wall-clock time on, this is the distance from UTC."""

    start: int
    """Milliseconds since 1970 by the wall clock."""
    offset: int
    """Milliseconds that the wall clock is ahead of UTC; New York's are negative."""


def steps(first: int, last: int) -> list[Step]:
    """Return the distances from UTC of all wall-clock times from first to last, in order.

    The first of them starts at `first`, the others after it.
    """
    found = [Step(first, _offset(first))]
    for year in range(_year(first), _year(last) + 1):
        found.extend(step for step in _changes(year) if first < step.start <= last)
    return found


def offsets(walls: Iterable[int | None], found: list[Step]) -> list[int | None]:
    """Return the distance from UTC of each wall-clock time, where there are many steps."""
    starts = [step.start for step in found]
    return [None if wall is None else found[bisect(starts, wall) - 1].offset for wall in walls]


def _wall(naive: dt.datetime) -> int:
    return (naive - _EPOCH) // _MS


def _year(wall: int) -> int:
    return (_EPOCH + wall * _MS).year


@cache
def _changes(year: int) -> tuple[Step, ...]:
    """Return the changes from the beginning of a year to its end, both included."""
    at = _wall(dt.datetime(year, 1, 1))
    at = max(at - 1, FIRST)  # so that a change at New Year's midnight is one of this year
    end = _wall(dt.datetime(year, 12, 31, 23, 59, 59, 999_000))
    offset = _offset(at)
    found: list[Step] = []
    while at < end:
        after = min(at + _STRIDE, end)
        if _offset(after) != offset:
            offset = _offset(after)
            found.append(Step(_change(at, after), offset))
        at = after
    return tuple(found)


def _change(before: int, after: int) -> int:
    old = _offset(before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(wall: int) -> int:
    distance = in_new_york(_EPOCH + wall * _MS).utcoffset()
    assert distance is not None  # noqa: S101  # it has a zone
    return distance // _MS
