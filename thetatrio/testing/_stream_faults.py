"""Faults of the simulated terminal's stream: declarations only.

Three kinds, by what they count. Faults of frames count the frames with events
of all connections, or of one (`connection`). Faults of connections count the
connections to the stream. Faults of commands count the commands it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from thetatrio._calls import ExplainedStruct

GarbageKind: TypeAlias = Literal[
    "not_json", "truncated", "wrong_types", "bad_utf8", "unknown_kind", "unknown_field"
]
BadFrameKind: TypeAlias = Literal[
    "masked", "rsv", "reserved_opcode", "continuation", "long_control", "interleaved"
]


class _StreamAim(msgspec.Struct, frozen=True, kw_only=True, metaclass=ExplainedStruct):
    nth: int = 1
    """The first that is hit, counted from 1."""
    times: int | None = None
    """How many are hit; None: all from then on."""
    every: int | None = None
    """Hit the `nth` and then each so many later; None: each one from the `nth` on."""


class _FrameAim(_StreamAim, frozen=True, kw_only=True):
    connection: int | None = None
    """Hit, and count, the frames of this connection only (a number of the ledger)."""


class _CommandAim(_StreamAim, frozen=True, kw_only=True):
    root: str = "*"
    """Hit, and count, commands with such a root only: a glob, as in `SPX*`."""


class CutFrame(_FrameAim, frozen=True):
    """Send so many bytes of the frame, but never all, and end the connection (FIN, or RST)."""

    bytes: int = 50
    reset: bool = False


class Fragmented(_FrameAim, frozen=True):
    """Send the message in so many frames, with a ping between any two if asked to."""

    pieces: int = 3
    ping_between: bool = False


class CutFragments(_FrameAim, frozen=True):
    """Send the first `after` of so many fragments of the message, and end the connection."""

    pieces: int = 3
    after: int = 1
    reset: bool = False


class PingFlood(_FrameAim, frozen=True):
    """Send so many pings before the frame."""

    count: int
    payload_size: int = 0
    """0 to 125."""


class GarbageText(_FrameAim, frozen=True):
    """Send a text message that is no event before the frame.

    `unknown_field` is none: the event itself gets fields that nobody knows.
    """

    kind: GarbageKind = "not_json"


class Oversize(_FrameAim, frozen=True):
    """Send a message of so many bytes before the frame: a status, padded."""

    size: int


class SlowLoris(_FrameAim, frozen=True):
    """Send the frame byte by byte, so many seconds apart."""

    delay: float


class MuteStream(_FrameAim, frozen=True):
    """Send nothing more from this frame on, not even a status; the connection stays."""


class HalfOpenStream(_FrameAim, frozen=True):
    """Neither send nor read from this frame on; the connection stays.

    Who does not read does not learn that the client has gone either: the
    connection is given up after `seconds`.
    """

    seconds: float = 60.0


class PingsOnly(_FrameAim, frozen=True):
    """Send nothing but a ping every `interval` seconds from this frame on."""

    interval: float = 1.0


class CloseFrame(_FrameAim, frozen=True):
    """Close with this code in place of the frame."""

    code: int = 1000
    reason: str = ""


class BadFrame(_FrameAim, frozen=True):
    """Send a frame that servers must not send before this one.

    `interleaved` begins a message within this one, which then is never whole.
    """

    kind: BadFrameKind = "masked"


class UpstreamFlap(_FrameAim, frozen=True):
    """Lose the vendor's server after the frame, for so many seconds."""

    seconds: float


class RejectHandshake(_StreamAim, frozen=True):
    """Answer the handshake with a status other than 101."""

    status: int = 503
    headers: Mapping[str, str] = {}
    body: str = "simulated fault"


class WrongAccept(_StreamAim, frozen=True):
    """Answer the handshake with the Sec-WebSocket-Accept of another key."""


class SilentHandshake(_StreamAim, frozen=True):
    """Take the connection and never answer the handshake."""


class SlicedStream(_StreamAim, frozen=True):
    """Hand all bytes of the connection on in slices of this size."""

    size: int = 1


class IgnoreClose(_StreamAim, frozen=True):
    """Go on as if the client's close frame had not come."""


class KeepOpen(_StreamAim, frozen=True):
    """Answer the client's close frame and keep the connection until the client ends it."""


class Duplicates(_StreamAim, frozen=True):
    """Begin the connection with the last `count` events again (1,000 at most)."""

    count: int


class LateAcknowledgement(_CommandAim, frozen=True):
    """Answer the command so many seconds late; it takes effect at once."""

    seconds: float


class Unanswered(_CommandAim, frozen=True):
    """Do not answer the command; it takes effect."""


class RefuseSubscription(_CommandAim, frozen=True):
    """Answer a subscribing command with a refusal. Removals are neither hit nor counted."""

    response: str = "INVALID_PERMS"


FrameFault: TypeAlias = (
    CutFrame
    | Fragmented
    | CutFragments
    | PingFlood
    | GarbageText
    | Oversize
    | SlowLoris
    | MuteStream
    | HalfOpenStream
    | PingsOnly
    | CloseFrame
    | BadFrame
    | UpstreamFlap
)
ConnectionFault: TypeAlias = (
    RejectHandshake
    | WrongAccept
    | SilentHandshake
    | SlicedStream
    | IgnoreClose
    | KeepOpen
    | Duplicates
)
CommandFault: TypeAlias = LateAcknowledgement | Unanswered | RefuseSubscription
StreamFault: TypeAlias = FrameFault | ConnectionFault | CommandFault
