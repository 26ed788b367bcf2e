"""A range split into requests the terminal accepts. Pure.

The terminal bounds what it gives in one answer: a month of minute bars, a day
of ticks, of sub-minute intervals and of `expiration=*`, about a million rows.
A longer range is planned as parts by date; a part that is still too large
(570) is split on: by date, then by expiration, strike and right, and for a
single contract by time of day.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

import msgspec

from thetatrio.contracts import index_of_root
from thetatrio.market_time import is_weekend, ms_of_day
from thetatrio.requests import Request
from thetatrio.rows import Row

__all__ = [
    "Estimate",
    "LeftOut",
    "Plan",
    "Split",
    "by_date",
    "by_expiration",
    "by_right",
    "by_strike",
    "by_time",
    "estimate",
    "next_split",
    "plan",
    "trades_on_sundays",
]

R = TypeVar("R", bound=Row)

Split: TypeAlias = Literal["date", "expiration", "strike", "right", "time"]
"""What a part that is too large is split by next."""

# Intervals for which the terminal gives one day at a time.
_SUB_MINUTE: Final = frozenset({"tick", "10ms", "100ms", "500ms", "1s", "5s", "10s", "15s", "30s"})
_INTERVAL_MS: Final = {
    "10ms": 10, "100ms": 100, "500ms": 500, "1s": 1_000, "5s": 5_000, "10s": 10_000,
    "15s": 15_000, "30s": 30_000, "1m": 60_000, "5m": 300_000, "10m": 600_000,
    "15m": 900_000, "30m": 1_800_000, "1h": 3_600_000,
}  # fmt: skip
# Sunday evening's session belongs to Monday's date; what the vendor files under
# a Sunday is not known, so that such days are asked for.
_NIGHT_ROOTS: Final = frozenset({"SPX", "SPXW", "VIX", "VIXW", "XSP"})
_DAY_OPENS, _DAY_CLOSES = dt.time(9, 30), dt.time(16, 15)
_SHORTEST_MS: Final = 60_000


class LeftOut(msgspec.Struct, frozen=True):
    """Days that are not asked about, since nothing can have traded."""

    first: dt.date
    last: dt.date
    """Inclusive."""
    why: str


class Plan(msgspec.Struct, Generic[R], frozen=True):
    """The requests that answer a query, in the order of their rows."""

    requests: tuple[Request[R], ...]
    left_out: tuple[LeftOut, ...] = ()


class Estimate(msgspec.Struct, frozen=True):
    """How much a query asks for, roughly, before anything is sent."""

    requests: int
    """Requests planned; more where one turns out to be too large."""
    days: int
    """Days asked about."""
    rows_per_contract: int | None
    """Rows of one contract, where its interval says so; None for ticks and lists."""


def plan(request: Request[R], closed: Collection[dt.date] = ()) -> Plan[R]:
    """Return the requests to send for one that was asked, by date.

    Args:
        request: what was asked.
        closed: days on which the terminal's calendar says that nothing trades.
    """
    days = request.date_range
    fields = request.__struct_fields__
    if days is None or days[0] == days[1] or "start_date" not in fields:
        return Plan((request,))
    first, last = days
    if _one_day_only(request):
        return _by_day(request, first, last, closed)
    if request.intraday and last > _end_of_month_from(first):
        return Plan(tuple(_by_month(request, first, last)))
    return Plan((request,))


def estimate(plan: Plan[Any]) -> Estimate:
    """Return how much a plan asks for."""
    days = 0
    for request in plan.requests:
        span = request.date_range
        if span is not None:
            days += sum(not is_weekend(day) for day in _days(*span)) or 1
    rows: int | None = None
    if plan.requests:
        request = plan.requests[0]
        step = _INTERVAL_MS.get(str(getattr(request, "interval", "")))
        start: dt.time | None = getattr(request, "start_time", None)
        end: dt.time | None = getattr(request, "end_time", None)
        if step is not None and start is not None and end is not None:
            rows = days * ((ms_of_day(end) - ms_of_day(start)) // step + 1)
        elif request.operation.endswith("_eod"):
            rows = days
    return Estimate(len(plan.requests), days, rows)


def next_split(request: Request[Any]) -> Split | None:
    """Return what a request that is too large can be split by; None where by nothing."""
    days = request.date_range
    fields = request.__struct_fields__
    if days is not None and days[0] < days[1] and "start_date" in fields:
        return "date"
    if getattr(request, "expiration", None) == "*":
        return "expiration"
    if "strike" in fields and getattr(request, "strike", None) == "*":
        return "strike"
    if "right" in fields and getattr(request, "right", None) == "both":
        return "right"
    # A bar's volume-weighted price runs on from the first trade of its request.
    runs_on = any(field == "vwap" for field in request.row_type().__struct_fields__)
    if request.intraday and days is not None and "start_time" in fields and not runs_on:
        start, end = _window(request)
        step = _INTERVAL_MS.get(str(getattr(request, "interval", "")), 1)
        if end - start >= 2 * max(_SHORTEST_MS, step) - 1:
            return "time"
    return None


def by_date(request: Request[R], most: int | None = None) -> list[Request[R]]:
    """Return a request about several days as several, of `most` days each or of its halves."""
    days = request.date_range
    if days is None:
        return [request]
    first, last = days
    count = (last - first).days + 1
    size = min(most or count, (count + 1) // 2)
    return [
        _between(request, first + dt.timedelta(at), min(last, first + dt.timedelta(at + size - 1)))
        for at in range(0, count, size)
    ]


def by_expiration(request: Request[R], expirations: Sequence[dt.date]) -> list[Request[R]]:
    """Return a request about all expirations as one for each that was alive then."""
    days = request.date_range
    alive = sorted({day for day in expirations if days is None or day >= days[0]})
    return [msgspec.structs.replace(request, expiration=day) for day in alive]


def by_strike(request: Request[R], strikes: Sequence[float]) -> list[Request[R]]:
    """Return a request about all strikes as one for each."""
    return [
        msgspec.structs.replace(request, strike=strike) for strike in sorted(dict.fromkeys(strikes))
    ]


def by_right(request: Request[R]) -> list[Request[R]]:
    """Return a request about calls and puts as one about calls and one about puts."""
    return [msgspec.structs.replace(request, right=right) for right in ("call", "put")]


def by_time(request: Request[R]) -> list[Request[R]]:
    """Return a request about a part of a day as its halves, which meet between milliseconds."""
    start, end = _window(request)
    step = _INTERVAL_MS.get(str(getattr(request, "interval", "")), 1)
    # On the grid of the interval, so that the rows are those of the whole.
    middle = start + ((end - start + 1) // 2) // step * step
    middle = max(start + step, middle)
    return [
        msgspec.structs.replace(request, end_time=_time(middle - 1)),
        msgspec.structs.replace(request, start_time=_time(middle)),
    ]


def _window(request: Request[Any]) -> tuple[int, int]:
    start: dt.time | None = getattr(request, "start_time", None)
    end: dt.time | None = getattr(request, "end_time", None)
    return ms_of_day(start or _DAY_OPENS), ms_of_day(end or _DAY_CLOSES)


def _time(milliseconds: int) -> dt.time:
    seconds, rest = divmod(milliseconds, 1000)
    return dt.time(seconds // 3600, seconds // 60 % 60, seconds % 60, rest * 1000)


def _one_day_only(request: Request[Any]) -> bool:
    interval: object = getattr(request, "interval", None)
    everything = getattr(request, "expiration", None) == "*"
    return request.tick or everything or (request.intraday and interval in _SUB_MINUTE)


def _by_day(
    request: Request[R], first: dt.date, last: dt.date, closed: Collection[dt.date]
) -> Plan[R]:
    requests: list[Request[R]] = []
    left_out: list[LeftOut] = []
    sundays = trades_on_sundays(request)
    for day in _days(first, last):
        if is_weekend(day) and not (sundays and day.weekday() == calendar.SUNDAY):
            why = "weekend"
        elif day in closed:
            why = "closed, says the terminal's calendar"
        else:
            requests.append(_between(request, day, day))
            continue
        before = left_out[-1] if left_out else None
        if before is not None and before.why == why and (day - before.last).days == 1:
            left_out[-1] = LeftOut(before.first, day, why)
        else:
            left_out.append(LeftOut(day, day, why))
    return Plan(tuple(requests), tuple(left_out))


def trades_on_sundays(request: Request[Any]) -> bool:
    """Tell whether something may be filed under a Sunday: night sessions, and a window there."""
    symbol = getattr(request, "symbol", None)
    if not isinstance(symbol, str):
        return False
    if symbol not in _NIGHT_ROOTS and index_of_root(symbol) not in _NIGHT_ROOTS:
        return False
    start: dt.time | None = getattr(request, "start_time", None)
    end: dt.time | None = getattr(request, "end_time", None)
    inside = start is not None and start >= _DAY_OPENS and end is not None and end <= _DAY_CLOSES
    return not inside


def _by_month(request: Request[R], first: dt.date, last: dt.date) -> Iterator[Request[R]]:
    while first <= last:
        end = min(last, _end_of_month_from(first))
        yield _between(request, first, end)
        first = end + dt.timedelta(1)


def _between(request: Request[R], first: dt.date, last: dt.date) -> Request[R]:
    return msgspec.structs.replace(request, start_date=first, end_date=last)


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    for number in range((last - first).days + 1):
        yield first + dt.timedelta(number)


def _end_of_month_from(first: dt.date) -> dt.date:
    """Return the last day of the month that begins on a day: 15 January gives 14 February."""
    year, month = divmod(first.year * 12 + first.month, 12)
    last_of_next = calendar.monthrange(year, month + 1)[1]
    if first.day > last_of_next:
        return dt.date(year, month + 1, last_of_next)
    return dt.date(year, month + 1, first.day) - dt.timedelta(1)
