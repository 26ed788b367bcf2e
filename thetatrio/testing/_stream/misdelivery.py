"""What a fault puts on the wire around or in place of one frame with events."""

from __future__ import annotations

from typing import Final, assert_never, cast

import msgspec

from thetatrio.testing._stream.frames import (
    CONTINUATION,
    PING,
    TEXT,
    fragments,
    frame,
    head_of,
    masked_frame,
)
from thetatrio.testing._stream_faults import (
    BadFrame,
    BadFrameKind,
    CutFragments,
    CutFrame,
    Fragmented,
    FrameFault,
    GarbageKind,
    GarbageText,
    Oversize,
    PingFlood,
    SlowLoris,
)

_RESERVED_OPCODE: Final = 0x3
_LONG_CONTROL: Final = 126
_LONGEST_PING: Final = 125
_NAMES: Final = frozenset({"header", "contract", "root", "exp", "strike", "right"})
_STATUS: Final = b'{"header":{"type":"STATUS","status":"CONNECTED","padding":"%s"}}'


def before(fault: FrameFault, message: bytes) -> bytes:
    """Return the bytes that a fault sends before a message's frame; none for most."""
    match fault:
        case PingFlood():
            return frame(b"p" * min(_LONGEST_PING, fault.payload_size), PING) * fault.count
        case GarbageText() if fault.kind != "unknown_field":
            return frame(garbage(fault.kind, message))
        case Oversize():
            return frame(_STATUS % (b"x" * max(0, fault.size - len(_STATUS) + 2)))
        case BadFrame() if fault.kind != "interleaved":
            return bad_frame(fault.kind, message)
        case _:
            return b""


def pieces_of(fault: FrameFault | None, message: bytes) -> list[bytes]:
    """Return a message's frame in the pieces in which it is sent; cut ones lack the end."""
    whole = head_of(len(message)) + message
    match fault:
        case CutFrame():
            return [whole[: max(0, min(fault.bytes, len(whole) - 1))]]
        case CutFragments():
            parts = fragments(message, fault.pieces)
            return [b"".join(parts[: max(0, min(fault.after, len(parts) - 1))])]
        case Fragmented():
            between = frame(b"between", PING) if fault.ping_between else b""
            return [between.join(fragments(message, fault.pieces))]
        case BadFrame(kind="interleaved"):
            return [fragments(message, 2)[0] + frame(b"{}")]
        case SlowLoris():
            return [whole[at : at + 1] for at in range(len(whole))]
        case _:
            return [whole]


def is_whole(fault: FrameFault | None) -> bool:
    """Tell whether a frame that a fault hits arrives in the end."""
    return not isinstance(fault, (CutFrame, CutFragments)) and not (
        isinstance(fault, BadFrame) and fault.kind == "interleaved"
    )


def with_unknown_fields(message: bytes) -> bytes:
    """Return an event's message with fields in it that nobody knows."""
    tree = msgspec.json.decode(message, type=dict[str, object])
    for part in tree.values():
        if isinstance(part, dict):
            part["unknown"] = {"nested": [1, None, "text"]}
    return msgspec.json.encode({"unknown": 1} | tree)


def garbage(kind: GarbageKind, message: bytes) -> bytes:
    """Return a text message that is no event, made from one that is."""
    message = message.split(b"\n")[0]  # of several joined, the others would be events still
    match kind:
        case "not_json":
            return b"this is not JSON"
        case "truncated":
            return message[: len(message) // 2]
        case "bad_utf8":
            if b'"type"' not in message:  # a gateway's
                return message.replace(b'"root":"', b'"root":"\xff\xfe\x80', 1)
            return message.replace(b'"type"', b'"\xff\xfe\x80"', 1)
        case "unknown_kind":
            return b'{"header":{"type":"NEWS","status":"CONNECTED"},"news":{"text":"simulated"}}'
        case "wrong_types" | "unknown_field":
            tree = msgspec.json.decode(message, type=dict[str, object])
            wrong = {name: part if name in _NAMES else _wrong(part) for name, part in tree.items()}
            return msgspec.json.encode(wrong)
        case _ as never:
            assert_never(never)


def _wrong(part: object) -> object:
    return (
        dict.fromkeys(cast("dict[str, object]", part), "wrong")
        if isinstance(part, dict)
        else "wrong"
    )


def bad_frame(kind: BadFrameKind, message: bytes) -> bytes:
    """Return a frame that a server must not send."""
    match kind:
        case "masked":
            return masked_frame(message)
        case "rsv":
            return frame(message, rsv=4)
        case "reserved_opcode":
            return frame(message, _RESERVED_OPCODE)
        case "continuation":
            return frame(message, CONTINUATION)
        case "long_control":
            return frame(b"p" * _LONG_CONTROL, PING)
        case "interleaved":
            return frame(message[:1], TEXT, fin=False)
        case _ as never:
            assert_never(never)
