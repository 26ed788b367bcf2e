"""What may be tried again, and when. Pure: clock and chance are handed in."""

from __future__ import annotations

import random
from typing import Final, TypeAlias

import msgspec

from thetatrio._retry_after import parse_retry_after
from thetatrio.config import RetryPolicy
from thetatrio.errors import (
    ConnectError,
    ConnectionLost,
    ConnectTimeout,
    RateLimited,
    ReadTimeout,
    TerminalDisconnected,
    TerminalError,
    TerminalStarting,
    ThetaDataError,
    TLSError,
)

__all__ = ["Fail", "History", "Retry", "is_about_wildcard", "judge", "parse_retry_after"]

# The vendor's table of codes, read together with what clients met: one that
# tried 570 and 572 again like any 5xx made 31,000 needless errors in a week.
_UNTIL_ELAPSED: Final = frozenset({429, 474, 500, 502, 503, 504, 571})
_ONCE: Final = frozenset({470, 572})
_NEVER: Final = frozenset({570})


class Retry(msgspec.Struct, frozen=True):
    """Try again after so many seconds."""

    after: float
    pause: bool
    """Whether everybody waits: the terminal said that it has too much to do."""


class Fail(msgspec.Struct, frozen=True):
    """Give up with this error."""

    error: ThetaDataError


Verdict: TypeAlias = Retry | Fail


class History(msgspec.Struct):
    """What a request has been through; `failed` is called for each failure."""

    failures: int = 0
    repeats: int = 0
    """Failures of the kind that is tried again once."""
    since: float | None = None
    """When the first failure was, on the caller's clock."""

    def elapsed(self, now: float) -> float:
        """Return the seconds since the first failure."""
        return 0.0 if self.since is None else now - self.since


def judge(
    error: ThetaDataError,
    history: History,
    *,
    now: float,
    policy: RetryPolicy,
    chance: random.Random,
    answered: bool,
    quick: bool,
    wait_for_terminal: float = 0.0,
) -> Verdict:
    """Say whether a request that met an error is sent again, and note the failure.

    Args:
        error: what happened, before any row was handed out.
        history: the request's earlier failures; brought up to date here.
        now: seconds on any steady clock.
        policy: limits.
        chance: source of jitter.
        answered: whether this session has had an answer before. A refused
            connection then means a terminal that restarts, else one that
            was never there.
        quick: whether the operation is answered quickly, so that silence is
            worth one more try.
        wait_for_terminal: seconds for which a session's first request is patient.
    """
    if history.since is None:
        history.since = now
    elapsed = history.elapsed(now)
    history.failures += 1
    budget = _budget(error, history, policy, wait_for_terminal, answered=answered, quick=quick)
    # Who waits for a terminal waits by the clock; all others also by the count.
    patient = _waits_for_terminal(error, answered=answered) and elapsed < wait_for_terminal
    if elapsed >= budget or (history.failures >= policy.max_attempts and not patient):
        return Fail(error)
    if not isinstance(error, TerminalError) or error.retry_after is None:
        doublings = min(history.failures - 1, 64)  # patience has no count: 2.0 ** 1024 overflows
        bound = min(policy.cap, policy.base * 2.0**doublings)
        after = min(chance.uniform(0, bound), budget - elapsed)
        return Retry(after, pause=error.code == 429)
    asked = error.retry_after
    if asked <= policy.max_retry_after:
        return Retry(asked, pause=True)
    return Fail(
        RateLimited(
            f"the terminal asks to be left alone for {asked:g} s, longer than max_retry_after"
            f" ({policy.max_retry_after:g} s); {error}",
            code=error.code,
            request=error.request,
            terminal_text=error.terminal_text,
            retry_after=asked,
        )
    )


def is_about_wildcard(error: ThetaDataError) -> bool:
    """Return whether a failure (500) is one of a request about all expirations.

    `ClickHouse quote query failed` was seen for quotes with `expiration=*`, again and again,
    while each expiration alone was answered.
    """
    return (
        error.code == 500  # an HTTP status
        and isinstance(error, TerminalError)
        and "query failed" in error.terminal_text.lower()
        and getattr(error.request, "expiration", None) == "*"
    )


def _waits_for_terminal(error: ThetaDataError, *, answered: bool) -> bool:
    if isinstance(error, TLSError):
        return False
    if isinstance(error, (ConnectError, ConnectTimeout)):
        return not answered
    return isinstance(error, (TerminalStarting, TerminalDisconnected))


def _budget(
    error: ThetaDataError,
    history: History,
    policy: RetryPolicy,
    wait_for_terminal: float,
    *,
    answered: bool,
    quick: bool,
) -> float:
    """Return for how many seconds after the first failure this error is worth another try."""
    code = error.code
    if isinstance(error, TLSError):  # a certificate does not become valid by waiting
        return 0.0
    if isinstance(error, (ConnectError, ConnectTimeout)):
        return policy.max_elapsed if answered else wait_for_terminal
    if isinstance(error, (TerminalStarting, TerminalDisconnected)):
        return max(policy.max_elapsed, wait_for_terminal)
    if is_about_wildcard(error) and history.failures > 1:
        return 0.0  # each expiration alone is answered: the query splits it
    if isinstance(error, ConnectionLost) or code in _UNTIL_ELAPSED:
        return policy.max_elapsed
    once = code in _ONCE or (code is not None and code >= 500 and code not in _NEVER)
    # A request whose answer did not begin still keeps the terminal busy: not sent twice.
    went_silent = isinstance(error, ReadTimeout) and not error.first_byte
    if once or (went_silent and quick):
        history.repeats += 1
        return policy.max_elapsed if history.repeats == 1 else 0.0
    return 0.0
