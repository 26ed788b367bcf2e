"""A server's WebSocket frames, cut into whole messages and the rest. No I/O.

Only what is ordinary is taken: unmasked text and binary messages, whole or in
fragments. Control frames are for trio-websocket. At the first frame that is
not as it should be (masked, reserved bits or opcodes, a continuation of
nothing, a message within a message) everything from the beginning of its
message passes on, for ever, so that trio-websocket sees what to refuse: the
fragments of an unfinished message as one fragment, then the bytes as they came.
So it does after a close frame.

Memory is bounded by `max_frame`: of fragments, only their payloads are kept,
joined, so that any number of empty ones takes no memory.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

__all__ = ["COMMON", "LONGEST_COMMON", "FrameSplitter", "Take", "masked_close", "masked_texts"]

Take: TypeAlias = Callable[[Sequence[bytes], bytes, int], int]
"""Takes whole messages, and after them frames of a read from a position on, as far as they are
ordinary; returns where they are not."""

_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_DATA: Final = (_CONTINUATION, _TEXT, _BINARY)
_CONTROL: Final = (_CLOSE, _PING, _PONG)
_FIN: Final = 0x80
_SHORT: Final = struct.Struct(">HH").unpack_from
COMMON: Final = 0x817E
"""The first two bytes of a whole unmasked text frame of 126 to 65535 bytes."""
LONGEST_COMMON: Final = 0xFFFF
"""Bytes of the longest message in such a frame."""


class FrameSplitter:
    """Takes bytes as they come, gives messages and what is none.

    Args:
        max_frame: bytes of the longest message. Of a longer one nothing is
            kept, `oversize` is set, and no message is given any more.
    """

    def __init__(self, max_frame: int = 1 << 20) -> None:
        self._max = max_frame
        self.oversize: bool = False
        """Whether a message was longer than `max_frame`."""
        self.passing: bool = False
        """Whether everything passes, since a frame was irregular or a close."""
        self.irregular: bool = False
        """Whether a frame was one that no server may send."""
        self.closing: bool = False
        """Whether our close was sent: pings do not pass any more, since nothing may follow it."""
        self._fast = max_frame >= LONGEST_COMMON
        # The beginning of a frame that is not whole; a bytearray, since a large
        # one comes in many pieces.
        self._waiting = bytearray()
        # Bytes it lacks, where it is an ordinary one whose head is there; 0 if that is not known.
        self._lacking: int = 0
        self._skipping = 0
        # The message that came in part, and the opcode of its first fragment; 0 if there is none.
        self._message = bytearray()
        self._opcode: int = 0

    @property
    def partial(self) -> bool:
        """Whether a message or frame has begun and is not complete."""
        return bool(self._waiting or self._opcode or self._skipping)

    def feed(self, data: bytes, take: Take | None = None) -> tuple[list[bytes], bytes]:
        """Take the next bytes; return whole messages, in order, and what is for trio-websocket.

        Messages that `take` took, which is called once at most, are not returned.
        """
        if self.passing:
            return [], data
        payloads: list[bytes] = []
        through: list[bytes] = []
        position = 0
        if self._skipping:
            position = min(self._skipping, len(data))
            self._skipping -= position
        if self._waiting:
            lacking, self._lacking = self._lacking, 0
            if lacking and lacking <= len(data):
                self._waiting += data[:lacking]
                payloads.append(bytes(self._waiting[4:]))
                self._waiting.clear()
                position = lacking
            else:
                position = self._complete(data, position, payloads, through)
        if take is not None and self._fast and not self._opcode and not self.passing:
            position = take(payloads, data, position)
            payloads = []
            there = len(data) - position
            if there >= 4:
                word: int
                size: int
                word, size = _SHORT(data, position)
                if word == COMMON and there < 4 + size:
                    self._waiting += data[position:]
                    self._lacking = 4 + size - there
                    return payloads, b"".join(through)
        self._split(data, position, payloads, through)
        return payloads, b"".join(through)

    def _split(
        self, data: bytes, position: int, payloads: list[bytes], through: list[bytes]
    ) -> None:
        add = payloads.append
        head, common = _SHORT, COMMON
        size_of_data = len(data)
        last = size_of_data - 4
        while position < size_of_data:
            if self.passing:
                through.append(data[position:])
                return
            if self._fast and not self._opcode:
                while position <= last:
                    word, size = head(data, position)
                    if word != common:
                        break
                    begin = position + 4
                    end = begin + size
                    if end > size_of_data:
                        break
                    add(data[begin:end])
                    position = end
                if position == size_of_data:
                    return
            position = self._one(data, position, payloads, through)

    def _complete(
        self, data: bytes, position: int, payloads: list[bytes], through: list[bytes]
    ) -> int:
        """Go on with the frame that was not whole; return where in `data` it ends."""
        waiting = self._waiting
        while True:
            size = self._judged(waiting, 0)
            if size < 0:
                self._pass(bytes(waiting) + data[position:], through)
                return len(data)
            if size and self._is_skipped(waiting[0]):
                position += self._skip(size - len(waiting), len(data) - position)
                waiting.clear()
                return position
            if position == len(data) and size != len(waiting):
                return position
            missing = size - len(waiting) if size else 1  # one more byte of its head
            piece = data[position : position + missing]
            waiting += piece
            position += len(piece)
            if size and len(piece) == missing:
                frame = bytes(waiting)
                waiting.clear()
                self._one(frame, 0, payloads, through)
                return position

    def _one(self, data: bytes, position: int, payloads: list[bytes], through: list[bytes]) -> int:
        """Take the frame at `position`, or what is there of it; return where it ends."""
        size = self._judged(data, position)
        if size < 0:
            self._pass(data[position:], through)
            return len(data)
        if size and self._is_skipped(data[position]):
            return position + self._skip(size, len(data) - position)
        end = position + size
        if not size or end > len(data):
            self._waiting += data[position:]
            return len(data)
        opcode = data[position] & 0x0F
        if opcode in _CONTROL:
            self._control(data[position:end], opcode, through)
        else:
            self._data(data[position:end], payloads)
        return end

    def _pass(self, data: bytes, through: list[bytes]) -> None:
        if self._opcode:
            through += (_head(self._opcode, len(self._message)), bytes(self._message))
        through.append(data)
        self._forget_message()
        self._waiting.clear()
        self.passing = self.irregular = True

    def _is_skipped(self, first: int) -> bool:
        return self.oversize and first & 0x0F in _DATA

    def _skip(self, size: int, there: int) -> int:
        taken = min(size, there)
        self._skipping = size - taken
        return taken

    def _control(self, frame: bytes, opcode: int, through: list[bytes]) -> None:
        if opcode == _PING and self.closing:
            return
        if opcode == _PING and through and through[-1][0] & 0x0F == _PING:
            # Of several pings that lie before us, RFC 6455 (5.5.3) lets one answer only the last.
            through[-1] = frame
        else:
            through.append(frame)
        self.passing = opcode == _CLOSE

    def _data(self, frame: bytes, payloads: list[bytes]) -> None:
        payload = frame[_head_size(frame[1]) :]
        final = frame[0] & _FIN
        if final and not self._opcode:
            payloads.append(payload)
            return
        self._opcode = self._opcode or frame[0] & 0x0F
        self._message += payload
        if final:
            payloads.append(bytes(self._message))
            self._forget_message()

    def _forget_message(self) -> None:
        self._message.clear()
        self._opcode = 0

    def _judged(self, data: bytes | bytearray, position: int) -> int:
        """Return the size of the frame at `position`, 0 without its whole head, -1 if irregular.

        One that makes its message too long sets `oversize`.
        """
        known = len(data) - position
        first = data[position]
        second = data[position + 1] if known > 1 else 0
        if not self._is_regular(first, second):
            return -1
        head = _head_size(second)
        if known < head:
            return 0
        body = second
        if second > 125:
            body = int.from_bytes(data[position + 2 : position + head], "big")
        if first & 0x0F in _DATA and len(self._message) + body > self._max:
            self.oversize = True
            self._fast = False
            self._forget_message()
        return head + body

    def _is_regular(self, first: int, second: int) -> bool:
        opcode = first & 0x0F
        if first & 0x70 or second & 0x80:
            return False
        if opcode in _CONTROL:
            # A close has no body, or a code of two bytes and words.
            return bool(first & _FIN) and second <= 125 and not (opcode == _CLOSE and second == 1)
        if opcode not in _DATA:
            return False
        return self.oversize or (opcode == _CONTINUATION) == bool(self._opcode)


def _head_size(second: int) -> int:
    return 2 if second < 126 else 4 if second == 126 else 10


def _head(first: int, size: int, *, mask: int = 0) -> bytes:
    """Return the head of a frame, by its first byte; `mask` is the mask bit, 0x80 or 0."""
    if size < 126:
        return struct.pack(">BB", first, mask | size)
    if size <= LONGEST_COMMON:
        return struct.pack(">BBH", first, mask | 126, size)
    return struct.pack(">BBQ", first, mask | 127, size)


def masked_close(code: int) -> bytes:
    """Return a close as a client's frame."""
    mask = os.urandom(4)
    covered = bytes(byte ^ key for byte, key in zip(code.to_bytes(2, "big"), mask, strict=False))
    return bytes((0x80 | _CLOSE, 0x82)) + mask + covered


def masked_texts(texts: list[bytes]) -> bytes:
    """Return text messages as a client's frames, masked as RFC 6455 (5.3) wants it."""
    parts: list[bytes] = []
    for text in texts:
        size = len(text)
        head = _head(_FIN | _TEXT, size, mask=0x80)
        mask = os.urandom(4)
        # All at once: as numbers, bytes are combined a word at a time.
        covered = int.from_bytes(text, "big") ^ int.from_bytes(
            (mask * (size // 4 + 1))[:size], "big"
        )
        parts += (head, mask, covered.to_bytes(size, "big"))
    return b"".join(parts)
