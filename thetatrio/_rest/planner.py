"""A range split into requests the terminal accepts. Pure.

The terminal bounds what it gives in one answer: a month of minute bars, a day
of ticks, of sub-minute intervals and of most operations with `expiration=*`, 365
days of daily reports, about a million rows (`thetatrio.rules`). A longer range is
planned as parts by date; a part that is still too large (570) is split on: by
date, then by expiration, strike and right, and for a single contract by time of
day. All expirations at once, where an operation refuses them, are planned as one
request for each expiration that was listed on that day.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, Generic, Literal, Protocol, TypeAlias, TypeVar

import msgspec

from thetatrio.contracts import index_of_root
from thetatrio.market_time import is_weekend, ms_of_day
from thetatrio.requests import Request
from thetatrio.rows import Row
from thetatrio.rules import rules_of

__all__ = [
    "Estimate",
    "Learned",
    "LeftOut",
    "Plan",
    "Split",
    "before_and_from",
    "by_date",
    "by_expiration",
    "by_right",
    "by_strike",
    "by_time",
    "estimate",
    "has_wildcard",
    "needs_expirations",
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
    unresolved: bool = False
    """Whether some of the requests are about all expirations, which the operation refuses: each
    becomes one request for each expiration of its day when these are listed. `query.resolve()`
    lists them."""


class Estimate(msgspec.Struct, frozen=True):
    """How much a query asks for, roughly, before anything is sent."""

    requests: int | None
    """Requests planned; more if one turns out to be too large. None: unknown until the
    expirations are listed, which `query.resolve()` does."""
    days: int
    """Days asked about."""
    rows_per_contract: int | None
    """Rows of one contract, where its interval says so; None for ticks and lists."""


class Learned(Protocol):
    """What a session has learned from the terminal's refusals."""

    def most_days(self, request: Request[Any]) -> int | None:
        """Return the days of one request that the terminal has named; None if it has not."""
        ...

    def refuses_wildcard(self, request: Request[Any], *, of_today: bool) -> bool:
        """Return whether the terminal has refused all expirations at once."""
        ...


def plan(
    request: Request[R],
    closed: Collection[dt.date] = (),
    *,
    today: dt.date | None = None,
    learned: Learned | None = None,
) -> Plan[R]:
    """Return the requests to send for one that was requested, by date.

    Args:
        request: What was requested.
        closed: Days on which the terminal's calendar says that nothing trades.
        today: The terminal's day; None if no day is treated as the current one.
        learned: What refusals have taught; None for a v2 terminal, which `thetatrio.rules` is
            not about.
    """
    days = request.date_range
    fields = request.__struct_fields__
    if days is None:
        return Plan((request,))
    unresolved = learned is not None and needs_expirations(request, today, learned)
    if days[0] == days[1] or "start_date" not in fields:
        return Plan((request,), unresolved=unresolved)
    first, last = days
    rules = rules_of(request.operation)
    if learned is not None and today is not None and first < today <= last:
        # The current day has rules of its own, and its refusal must not cost the others.
        is_special = not rules.current_day or (has_wildcard(request) and rules.wildcard_days > 1)
        if is_special:
            parts = [
                plan(part, closed, today=today, learned=learned)
                for part in before_and_from(request, today)
            ]
            return Plan(
                tuple(sent for part in parts for sent in part.requests),
                tuple(out for part in parts for out in part.left_out),
                any(part.unresolved for part in parts),
            )
    most = _most_days(request, learned)
    if most == 1:
        found = _by_day(request, first, last, closed)
        return Plan(found.requests, found.left_out, unresolved)
    if most is not None and has_wildcard(request):
        found = _by_window(request, first, last, closed, most)
        return Plan(found.requests, found.left_out, unresolved)
    if most is not None and (last - first).days >= most:
        return Plan(
            tuple(
                _between(request, day, min(last, day + dt.timedelta(most - 1)))
                for day in _days(first, last)
                if (day - first).days % most == 0
            ),
            unresolved=unresolved,
        )
    if request.intraday and last > _end_of_month_from(first):
        return Plan(tuple(_by_month(request, first, last)), unresolved=unresolved)
    return Plan((request,), unresolved=unresolved)


def has_wildcard(request: Request[Any]) -> bool:
    """Return whether a request is about all expirations at once."""
    return bool(getattr(request, "expiration", None) == "*")


def needs_expirations(request: Request[Any], today: dt.date | None, learned: Learned) -> bool:
    """Return whether a request is about all expirations, and its operation refuses that.

    Args:
        request: What was requested.
        today: The terminal's day; None if no day is treated as the current one.
        learned: What refusals have taught.
    """
    days = request.date_range
    if days is None or not has_wildcard(request):
        return False
    rules = rules_of(request.operation)
    of_today = today is not None and days[1] >= today
    wildcard = rules.current_day_wildcard if of_today else rules.expiration_wildcard
    return wildcard == "refuses" or learned.refuses_wildcard(request, of_today=of_today)


def before_and_from(request: Request[R], day: dt.date) -> list[Request[R]]:
    """Return a request about several days as one about those before a day, and one from it on."""
    days = request.date_range
    if days is None or not days[0] < day <= days[1]:
        return [request]
    return [
        _between(request, days[0], day - dt.timedelta(1)),
        _between(request, day, days[1]),
    ]


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
    return Estimate(None if plan.unresolved else len(plan.requests), days, rows)


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
        msgspec.structs.replace(request, start_time=_time(start), end_time=_time(middle - 1)),
        msgspec.structs.replace(request, start_time=_time(middle), end_time=_time(end)),
    ]


def _window(request: Request[Any]) -> tuple[int, int]:
    start: dt.time | None = getattr(request, "start_time", None)
    end: dt.time | None = getattr(request, "end_time", None)
    return ms_of_day(start or _DAY_OPENS), ms_of_day(end or _DAY_CLOSES)


def _time(milliseconds: int) -> dt.time:
    seconds, rest = divmod(milliseconds, 1000)
    return dt.time(seconds // 3600, seconds // 60 % 60, seconds % 60, rest * 1000)


def _most_days(request: Request[Any], learned: Learned | None) -> int | None:
    """Return the days of one request, both ends inclusive; None if there is no bound in days."""
    interval: object = getattr(request, "interval", None)
    if request.tick or (request.intraday and interval in _SUB_MINUTE):
        return 1
    if learned is None:  # a v2 terminal
        return 1 if has_wildcard(request) else None
    rules = rules_of(request.operation)
    bounds = [
        days
        for days in (
            rules.most_days,
            rules.wildcard_days if has_wildcard(request) else None,
            learned.most_days(request),
        )
        if days is not None
    ]
    return min(bounds, default=None)


def _by_day(
    request: Request[R], first: dt.date, last: dt.date, closed: Collection[dt.date]
) -> Plan[R]:
    return _by_window(request, first, last, closed, 1)


def _by_window(
    request: Request[R], first: dt.date, last: dt.date, closed: Collection[dt.date], most: int
) -> Plan[R]:
    """Return requests of at most so many days, each from a day that may trade to another one."""
    windows: list[tuple[dt.date, dt.date]] = []
    idle: list[tuple[dt.date, str]] = []
    left_out: list[LeftOut] = []
    sundays = trades_on_sundays(request)
    for day in _days(first, last):
        if is_weekend(day) and not (sundays and day.weekday() == calendar.SUNDAY):
            idle.append((day, "weekend"))
        elif day in closed:
            idle.append((day, "closed, says the terminal's calendar"))
        elif windows and (day - windows[-1][0]).days < most:
            windows[-1] = (windows[-1][0], day)
        else:
            windows.append((day, day))
    within = {day for window in windows for day in _days(*window)}
    for day, why in idle:
        if day in within:
            continue
        before = left_out[-1] if left_out else None
        if before is not None and before.why == why and (day - before.last).days == 1:
            left_out[-1] = LeftOut(before.first, day, why)
        else:
            left_out.append(LeftOut(day, day, why))
    return Plan(tuple(_between(request, *window) for window in windows), tuple(left_out))


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
