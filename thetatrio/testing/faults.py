"""Faults of a simulated terminal, in the words of toxiproxy.

    terminal.faults.append(LimitData(10_000, path="option_history_quote", times=1))

A fault hits requests whose path matches `path` (an operation's name such as
`stock_history_eod`, or a glob such as `/v3/option/*`), from the `nth` of them
on, `times` of them (None: all). Several faults may hit one request; where two
of a kind do, the first counts. Times are seconds of trio's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TypeAlias

import msgspec

__all__ = [
    "Bandwidth",
    "Fault",
    "FaultScript",
    "Garbage",
    "HalfOpen",
    "Latency",
    "LimitData",
    "Mute",
    "NoLength",
    "Refuse",
    "ResetPeer",
    "Slicer",
    "Status",
    "WrongType",
]


class _Aim(msgspec.Struct, frozen=True, kw_only=True):
    path: str = "*"
    """An operation's name, or a glob over the path of the URL."""
    nth: int = 1
    """The first of the matching requests that is hit, counted from 1."""
    times: int | None = None
    """How many are hit; None: all from then on."""


class Latency(_Aim, frozen=True):
    """Wait before the answer's head, the slot held."""

    seconds: float
    jitter: float = 0.0
    """Up to so many seconds more or less, drawn from the terminal's seed."""


class Slicer(_Aim, frozen=True):
    """Send the body in slices of `size` bytes, `delay` seconds apart."""

    size: int
    delay: float = 0.0


class Bandwidth(_Aim, frozen=True):
    """Send the body at so many bytes a second, ten times a second."""

    rate: float


class LimitData(_Aim, frozen=True):
    """Cut the connection (FIN) once `bytes` of the body are sent. Shorter bodies are whole."""

    bytes: int


class ResetPeer(_Aim, frozen=True):
    """Reset the connection (RST) once `after` bytes of the body are sent, or its last.

    A memory stream without a `reset()` of its own is closed instead.
    """

    after: int = 0


class Mute(_Aim, frozen=True):
    """Take the request, hold its slot, and never answer (toxiproxy's timeout)."""


class HalfOpen(_Aim, frozen=True):
    """Stop sending after so many bytes of the body; the connection stays open."""

    after: int


class Garbage(_Aim, frozen=True):
    """Send seeded random bytes for a body. Status and content type are as usual."""

    size: int = 2_048


class WrongType(_Aim, frozen=True):
    """Give the answer another content type; None leaves the header out."""

    content_type: str | None


class Status(_Aim, frozen=True):
    """Answer with a status and a text instead of data."""

    code: int
    text: str = "simulated fault"
    headers: Mapping[str, str] = {}
    """Such as `{"Retry-After": "7"}`."""
    content_type: str = "text/plain"


class NoLength(_Aim, frozen=True):
    """Send the body with neither Content-Length nor chunks; the connection's end is its end."""


class Refuse(_Aim, frozen=True):
    """Close the connection right after it is accepted. Counts connections; `path` is not used."""


Fault: TypeAlias = (
    Latency
    | Slicer
    | Bandwidth
    | LimitData
    | ResetPeer
    | Mute
    | HalfOpen
    | Garbage
    | WrongType
    | Status
    | NoLength
    | Refuse
)


class FaultScript:
    """The faults of a terminal, which may change while it runs."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lines: list[tuple[Fault, list[int]]] = []
        self.extend(faults)

    def append(self, fault: Fault) -> None:
        """Add a fault; its count of requests begins now."""
        self._lines.append((fault, [0, 0]))

    def extend(self, faults: Iterable[Fault]) -> None:
        """Add several faults."""
        for fault in faults:
            self.append(fault)

    def remove(self, fault: Fault) -> None:
        """Take back the first fault that equals this one. Raises ValueError where none does."""
        for at, (mine, _) in enumerate(self._lines):
            if mine == fault:
                del self._lines[at]
                return
        raise ValueError(f"{fault} is not in the script")

    def clear(self) -> None:
        """Take back all faults."""
        self._lines.clear()

    def hits(self, fault: Fault) -> int:
        """Return how many requests (connections, for `Refuse`) faults equal to this have hit."""
        return sum(counts[1] for mine, counts in self._lines if mine == fault)

    def __iter__(self) -> Iterator[Fault]:
        return iter([fault for fault, _ in self._lines])

    def __len__(self) -> int:
        return len(self._lines)

    def for_connection(self) -> bool:
        """Tell whether the connection just accepted is refused, and count it."""
        refused = [line for line in self._lines if isinstance(line[0], Refuse)]
        # Every one of them counts, so this is no lazy any().
        hits = [self._counted(fault, counts) for fault, counts in refused]
        return True in hits

    def for_request(self, path: str, operation: str) -> list[Fault]:
        """Return the faults that hit a request, and count it."""
        aimed = [
            line
            for line in self._lines
            if not isinstance(line[0], Refuse)
            and (line[0].path == operation or fnmatchcase(path, line[0].path))
        ]
        return [fault for fault, counts in aimed if self._counted(fault, counts)]

    @staticmethod
    def _counted(fault: Fault, counts: list[int]) -> bool:
        counts[0] += 1
        past = counts[0] - fault.nth
        hit = past >= 0 and (fault.times is None or past < fault.times)
        counts[1] += hit
        return hit
