"""What a refusal (HTTP 400) asks for. Pure.

Texts are recognised by their key words, in any case, since builds of the terminal differ. A
text that is not recognised asks for nothing: the request is wrong, and the caller is told so.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final, Literal, TypeAlias

import msgspec

from thetatrio._rest import planner
from thetatrio.requests import Request

__all__ = ["Lessons", "Refusal", "Wanted", "classify", "reaction_to"]

Wanted: TypeAlias = Literal["days", "month", "day", "expiration", "start_time", "past_day"]
"""What the terminal wants instead: fewer days, a month at most, one day, a single expiration, a
start before now, or days before the current one."""

NOT_MADE_FOR: Final = 60.0
"""Seconds for which reports of the current day are not requested again, once refused."""
_MONTH_DAYS: Final = 28
"""Days that are within a month, whatever the month."""
_NUMBER: Final = r"(?i)(?:max|limit|most|than)[^0-9]{0,40}([0-9]{1,5}) *days?"


class Refusal(msgspec.Struct, frozen=True):
    """A refusal whose text was recognised."""

    wanted: Wanted
    most_days: int | None = None
    """Days of one request, both ends inclusive, if the text names a number or implies it."""


# The first that has all words of one of its alternatives. "Cannot specify '*' for the date" is
# about the expiration, in spite of its words: the date cannot be `*`.
_TEXTS: Final[tuple[tuple[Refusal, tuple[tuple[str, ...], ...]], ...]] = (
    (
        Refusal("expiration"),
        (("expiration", "specify "), ("expiration", "without"), ("cannot specify", "*")),
    ),
    (Refusal("day", 1), (("day at a time",), ("single day",), ("intervals", "minute"))),
    (Refusal("start_time"), (("current day", "start time"),)),
    (Refusal("past_day"), (("current day", "not available"),)),
    (Refusal("month", _MONTH_DAYS), (("1 month",), ("one month",))),
)


def classify(text: str) -> Refusal | None:
    """Return what the text of a refusal asks for; None if it is not recognised."""
    lower = " ".join(text.lower().replace("-", " ").replace("_", " ").split())
    for refusal, alternatives in _TEXTS:
        if any(all(word in lower for word in words) for words in alternatives):
            return refusal
    if match := re.search(_NUMBER, lower):
        return Refusal("days", max(1, int(match[1])))
    return Refusal("days") if "too many days" in lower else None


def reaction_to(request: Request[Any], refusal: Refusal) -> planner.Split | None:
    """Return what splits the request as a refusal asks for; None if nothing makes it smaller."""
    days = request.date_range
    if refusal.wanted == "expiration":
        return "expiration" if getattr(request, "expiration", None) == "*" else None
    if refusal.wanted == "start_time":
        return None
    several = days is not None and days[0] < days[1] and "start_date" in request.__struct_fields__
    return "date" if several else None


class Lessons:
    """What a session has learned from refusals, by operation and wildcard."""

    def __init__(self) -> None:
        self._most_days: dict[tuple[str, bool], int] = {}
        self._refuse_wildcard: set[tuple[str, bool]] = set()
        self._not_made: dict[str, tuple[dt.date, float]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been refused."""
        return not (self._most_days or self._refuse_wildcard or self._not_made)

    def learn(self, request: Request[Any], refusal: Refusal, *, of_today: bool) -> None:
        """Remember a refusal, for requests of the same operation.

        Args:
            request: What was refused.
            refusal: What the terminal asks for.
            of_today: Whether the request is about the current day.
        """
        if refusal.wanted == "expiration":
            self._refuse_wildcard.add((request.operation, of_today))
            if not of_today:
                self._refuse_wildcard.add((request.operation, True))
        elif refusal.most_days is not None:
            key = (request.operation, planner.has_wildcard(request))
            self._most_days[key] = min(refusal.most_days, self._most_days.get(key, 1 << 30))

    def note_not_made(self, request: Request[Any], day: dt.date, now: float) -> bool:
        """Note that reports of the current day are not made yet; return whether that is news."""
        before = self._not_made.get(request.operation)
        self._not_made[request.operation] = (day, now)
        return before is None or before[0] != day or now - before[1] >= NOT_MADE_FOR

    def is_not_made(self, request: Request[Any], now: float) -> bool:
        """Return whether a request is about reports that were not made a moment ago."""
        known, days = self._not_made.get(request.operation), request.date_range
        if known is None or days is None:
            return False
        return days[0] >= known[0] and now - known[1] < NOT_MADE_FOR

    def most_days(self, request: Request[Any]) -> int | None:
        """Return the days of one request that the terminal has named; None if it has not."""
        return self._most_days.get((request.operation, planner.has_wildcard(request)))

    def refuses_wildcard(self, request: Request[Any], *, of_today: bool) -> bool:
        """Return whether the terminal has refused all expirations at once."""
        return (request.operation, of_today) in self._refuse_wildcard
