"""WebSocket frames as bytes (RFC 6455, section 5.2), right and wrong ones."""

from __future__ import annotations

import struct
from typing import Final

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

_MASKED: Final = 0x80
_MASK: Final = bytes((0x5A, 0xC3, 0x3C, 0xA5))
_SHORT: Final = 126


def head_of(length: int, opcode: int = TEXT, *, fin: bool = True, rsv: int = 0) -> bytes:
    """Return what goes before a payload of a length, unmasked as servers send it."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    if length < _SHORT:
        return bytes((first, length))
    if length < 0x10000:
        return struct.pack("!BBH", first, 126, length)
    return struct.pack("!BBQ", first, 127, length)


def frame(payload: bytes, opcode: int = TEXT, *, fin: bool = True, rsv: int = 0) -> bytes:
    """Return a whole frame."""
    return head_of(len(payload), opcode, fin=fin, rsv=rsv) + payload


def masked_frame(payload: bytes) -> bytes:
    """Return a text frame masked as only clients may send it."""
    head = bytearray(head_of(len(payload)))
    head[1] |= _MASKED
    body = bytes(byte ^ _MASK[at & 3] for at, byte in enumerate(payload))
    return bytes(head) + _MASK + body


def close_frame(code: int, reason: str) -> bytes:
    """Return a close frame; any code, also those that must not be sent."""
    return frame(struct.pack("!H", code) + reason.encode()[:123], CLOSE)


def fragments(payload: bytes, pieces: int) -> list[bytes]:
    """Return a text message as so many frames (one for each byte at most)."""
    count = max(1, min(pieces, len(payload)))
    cuts = [len(payload) * piece // count for piece in range(count + 1)]
    return [
        frame(
            payload[cuts[piece] : cuts[piece + 1]],
            CONTINUATION if piece else TEXT,
            fin=piece == count - 1,
        )
        for piece in range(count)
    ]


# A table, because a frame a message is what the stream does most.
_HEADS: Final = [head_of(length) for length in range(2048)]


def text_head(length: int) -> bytes:
    """Return what goes before a text message of a length."""
    return _HEADS[length] if length < len(_HEADS) else head_of(length)
