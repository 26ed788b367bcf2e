"""A range split into requests the terminal accepts. Pure.

This version knows the rules and passes on what needs no splitting; what would
need it is refused, naming the days that may be asked for at once.
"""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Final, Generic, TypeVar

import msgspec

from thetatrio.errors import RequestTooLarge
from thetatrio.requests import Request
from thetatrio.rows import Row

__all__ = ["Plan", "plan"]

R = TypeVar("R", bound=Row)

# Intervals for which the terminal gives one day at a time.
_SUB_MINUTE: Final = frozenset({"tick", "10ms", "100ms", "500ms", "1s", "5s", "10s", "15s", "30s"})


class Plan(msgspec.Struct, Generic[R], frozen=True):
    """The requests that answer a query, in the order of their rows."""

    requests: tuple[Request[R], ...]


def plan(request: Request[R]) -> Plan[R]:
    """Return the requests to send for one that was asked.

    Raises RequestTooLarge where the terminal would not give that many days in
    one answer.
    """
    days = request.date_range
    if days is not None and request.intraday:
        first, last = days
        why = _one_day_only(request)
        allowed = first if why else _end_of_month_from(first)
        if last > allowed:
            what = f"one day at a time ({why})" if why else "a month at a time"
            raise RequestTooLarge(
                f"{request.operation}: the terminal gives {what}; {first} to {last} are"
                f" {(last - first).days + 1} days: ask for {first} to {allowed} and go on from"
                f" {allowed + dt.timedelta(1)}",
                request=request,
            )
    return Plan((request,))


def _one_day_only(request: Request[R]) -> str:
    if request.tick:
        return "every tick is given"
    if getattr(request, "expiration", None) == "*":
        return "expiration='*'"
    interval: object = getattr(request, "interval", None)
    return f"interval={interval!r}" if interval in _SUB_MINUTE else ""


def _end_of_month_from(first: dt.date) -> dt.date:
    """Return the last day of the month that begins on a day: 15 January gives 14 February."""
    year, month = divmod(first.year * 12 + first.month, 12)
    last_of_next = calendar.monthrange(year, month + 1)[1]
    if first.day > last_of_next:
        return dt.date(year, month + 1, last_of_next)
    return dt.date(year, month + 1, first.day) - dt.timedelta(1)
