"""Faults of a simulated terminal, in the words of toxiproxy.

    terminal.faults.append(LimitData(10_000, path="option_history_quote", times=1))

A fault hits requests whose path matches `path` (an operation's name such as
`stock_history_eod`, or a glob such as `/v3/option/*`), from the `nth` of them
on, `times` of them (None: all). Several faults may hit one request; where two
of a kind do, the first counts. Times are seconds of trio's clock.

Faults of the stream hit frames, connections or commands instead, as each says:

    terminal.faults.append(CutFrame(bytes=50, nth=1_000, times=1))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TypeAlias

import msgspec

from thetatrio._calls import ExplainedStruct
from thetatrio.testing._stream_faults import (
    BadFrame,
    CloseFrame,
    CommandFault,
    ConnectionFault,
    CutFragments,
    CutFrame,
    Duplicates,
    Fragmented,
    FrameFault,
    GarbageText,
    HalfOpenStream,
    IgnoreClose,
    KeepOpen,
    LateAcknowledgement,
    MuteStream,
    Oversize,
    PingFlood,
    PingsOnly,
    RefuseSubscription,
    RejectHandshake,
    SilentHandshake,
    SlicedStream,
    SlowLoris,
    StreamFault,
    Unanswered,
    UpstreamFlap,
    WrongAccept,
)

__all__ = [
    "BadFrame",
    "Bandwidth",
    "CloseFrame",
    "CutFragments",
    "CutFrame",
    "Duplicates",
    "Fault",
    "FaultScript",
    "Fragmented",
    "Garbage",
    "GarbageText",
    "HalfOpen",
    "HalfOpenStream",
    "IgnoreClose",
    "KeepOpen",
    "LateAcknowledgement",
    "Latency",
    "LimitData",
    "Mute",
    "MuteStream",
    "NoLength",
    "Oversize",
    "PingFlood",
    "PingsOnly",
    "Refuse",
    "RefuseSubscription",
    "RejectHandshake",
    "ResetPeer",
    "SilentHandshake",
    "SlicedStream",
    "Slicer",
    "SlowLoris",
    "Status",
    "Unanswered",
    "UpstreamFlap",
    "WrongAccept",
    "WrongType",
]


class _Aim(msgspec.Struct, frozen=True, kw_only=True, metaclass=ExplainedStruct):
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


RequestFault: TypeAlias = (
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
Fault: TypeAlias = RequestFault | StreamFault


class FaultScript:
    """The faults of a terminal, which may change while it runs."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lines: list[tuple[Fault, list[int]]] = []
        self._of_frames: list[tuple[FrameFault, list[int]]] = []
        self.extend(faults)

    def append(self, fault: Fault) -> None:
        """Add a fault; its count of requests begins now."""
        counts = [0, 0]
        self._lines.append((fault, counts))
        # Apart from the others, because a stream has many frames.
        if isinstance(fault, FrameFault):
            self._of_frames.append((fault, counts))

    def extend(self, faults: Iterable[Fault]) -> None:
        """Add several faults."""
        for fault in faults:
            self.append(fault)

    def remove(self, fault: Fault) -> None:
        """Take back the first fault that equals this one. Raises ValueError where none does."""
        for at, (mine, counts) in enumerate(self._lines):
            if mine == fault:
                del self._lines[at]
                self._of_frames = [line for line in self._of_frames if line[1] is not counts]
                return
        raise ValueError(f"{fault} is not in the script")

    def clear(self) -> None:
        """Take back all faults."""
        self._lines.clear()
        self._of_frames.clear()

    def hits(self, fault: Fault) -> int:
        """Return how many requests, connections, frames or commands such faults have hit."""
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

    def for_request(self, path: str, operation: str) -> list[RequestFault]:
        """Return the faults that hit a request, and count it."""
        return [
            fault
            for fault, counts in self._lines
            if isinstance(fault, RequestFault)
            and not isinstance(fault, Refuse)
            and (fault.path == operation or fnmatchcase(path, fault.path))
            and self._counted(fault, counts)
        ]

    def for_stream_connection(self) -> list[ConnectionFault]:
        """Return the faults that hit a connection to the stream, and count it."""
        return [
            fault
            for fault, counts in self._lines
            if isinstance(fault, ConnectionFault) and self._counted(fault, counts)
        ]

    def for_command(self, root: str, *, adds: bool) -> list[CommandFault]:
        """Return the faults that hit a command of the stream, and count it."""
        return [
            fault
            for fault, counts in self._lines
            if isinstance(fault, CommandFault)
            and (adds or not isinstance(fault, RefuseSubscription))
            and fnmatchcase(root, fault.root)
            and self._counted(fault, counts)
        ]

    @property
    def hits_frames(self) -> bool:
        """Whether any fault may hit a frame of the stream, so that frames must be counted."""
        return bool(self._of_frames)

    def for_frame(self, connection: int) -> list[FrameFault]:
        """Return the faults that hit a frame with events, and count it."""
        return [
            fault
            for fault, counts in self._of_frames
            if fault.connection in (None, connection) and self._counted(fault, counts)
        ]

    @staticmethod
    def _counted(fault: Fault, counts: list[int]) -> bool:
        counts[0] += 1
        past = counts[0] - fault.nth
        every = None if isinstance(fault, RequestFault) else fault.every
        if past >= 0 and every is not None:
            past = -1 if past % every else past // every
        hit = past >= 0 and (fault.times is None or past < fault.times)
        counts[1] += hit
        return hit
