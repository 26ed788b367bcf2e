"""What waits for one client, on its way out: many frames at a time, faults one by one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import trio

from thetatrio.testing._stream.frames import PING, close_frame, frame, text_head
from thetatrio.testing._stream.ledger import StreamConnectionEntry
from thetatrio.testing._stream.misdelivery import before, is_whole, pieces_of, with_unknown_fields
from thetatrio.testing._stream.wire import Wire
from thetatrio.testing._stream_faults import (
    BadFrame,
    CloseFrame,
    CutFragments,
    CutFrame,
    Fragmented,
    FrameFault,
    GarbageText,
    HalfOpenStream,
    MuteStream,
    PingFlood,
    PingsOnly,
    SlowLoris,
    UpstreamFlap,
)

if TYPE_CHECKING:
    from thetatrio.testing._stream.server import StreamServer

Item: TypeAlias = tuple[int, bytes]
"""An event's number and its message; below 0: an event that is sent again."""
TEXT_ONLY: Final = 0
"""In place of a number: a text message that is no event."""
RAW: Final = -(1 << 62)
"""In place of a number: bytes that are no message."""

_CHUNK: Final = 64 * 1024
_CHUNK_ITEMS: Final = 512
_GOODBYE: Final = 1.0
# Of these the first one decides how a frame is sent, or that it is not.
_DECISIVE: Final = (
    MuteStream,
    HalfOpenStream,
    PingsOnly,
    CloseFrame,
    CutFrame,
    CutFragments,
    Fragmented,
    SlowLoris,
    BadFrame,
)


class HangUp(NamedTuple):
    """How a connection is to be ended."""

    code: int | None
    reason: str = ""
    with_reset: bool = False


class Outgoing(NamedTuple):
    """One frame that is to be sent, and whose events it has."""

    data: bytes
    numbers: tuple[int, ...]
    message: bytes


class StreamSender:
    """Writes what is queued for one client; the only one who writes its events."""

    def __init__(
        self,
        server: StreamServer,
        wire: Wire,
        entry: StreamConnectionEntry,
        queue: deque[Item],
    ) -> None:
        self._server = server
        self._wire = wire
        self._entry = entry
        self._queue = queue
        self._more = trio.Event()
        self._hang_up: HangUp | None = None
        self._deadline = trio.CancelScope()
        self._pings_only: float | None = None
        self.protocol_closed: Callable[[], bool] = lambda: False
        """Whether a close frame was sent or received."""

    def wake(self) -> None:
        """Tell the sender that something is queued."""
        self._more.set()

    @property
    def ending(self) -> bool:
        """Whether the connection is about to be ended, so that nothing more is queued."""
        return self._hang_up is not None

    def hang_up(self, how: HangUp, deadline: float) -> None:
        """End the connection once the queue is sent, or when trio's clock is at `deadline`."""
        self._hang_up = how
        self._deadline.deadline = deadline
        self.wake()

    async def run(self) -> None:
        """Send until the connection is to be ended, and end it."""
        with self._deadline:
            while self._hang_up is None or (self._queue and self._may_send()):
                if not self._queue or not self._may_send():
                    self._more = trio.Event()
                    await self._wait()
                    continue
                async with self._wire.lock:
                    if self._may_send():
                        await self._send_some()
                self._server.made_room()
        if self._hang_up is not None:
            await self._end(self._hang_up)

    async def _wait(self) -> None:
        if self._pings_only is None:
            await self._more.wait()
            return
        with trio.move_on_after(self._pings_only) as waiting:
            await self._more.wait()
        if waiting.cancelled_caught:
            async with self._wire.lock:
                self._entry.pings += 1
                await self._wire.transmit(frame(b"only", PING))

    def _may_send(self) -> bool:
        wire = self._wire
        if wire.mute or wire.closing:
            return False
        return wire.ignore_close or not self.protocol_closed()

    async def _send_some(self) -> None:
        faults = self._server.faults
        frames = self._next_frames()
        if not faults.hits_frames:
            await self._transmit(frames)
            return
        ready: list[Outgoing] = []
        for one in frames:
            hits = faults.for_frame(self._entry.number) if one.numbers else []
            if not hits:
                ready.append(one)
                continue
            await self._transmit(ready)
            ready = []
            await self._misdeliver(one, hits)
            if not self._may_send() or self._hang_up is not None:
                # What comes after this frame stays unsent, as the frames in the queue do.
                self._queue.clear()
                return
        await self._transmit(ready)

    def _next_frames(self) -> list[Outgoing]:
        queue = self._queue
        joined = self._server.settings.newline_joined
        frames: list[Outgoing] = []
        size = 0
        while queue and size < _CHUNK and len(frames) < _CHUNK_ITEMS:
            number, message = queue.popleft()
            if number == RAW:
                frames.append(Outgoing(message, (), message))
                size += len(message)
                continue
            numbers: tuple[int, ...] = (number,) if number else ()
            while len(numbers) < joined and numbers and queue and queue[0][0] > 0:
                following, text = queue.popleft()
                message += b"\n" + text
                numbers += (following,)
            data = text_head(len(message)) + message
            frames.append(Outgoing(data, numbers, message))
            size += len(data)
        return frames

    async def _transmit(self, frames: list[Outgoing]) -> None:
        wire = self._wire
        data = b"".join([one.data for one in frames])
        sent = 0
        try:
            await wire.transmit(data)
            sent = len(data)
        finally:
            self._account_for(frames, sent or wire.progress)

    def _account_for(self, frames: list[Outgoing], sent: int) -> None:
        position = 0
        for one in frames:
            position += len(one.data)
            if position > sent:
                if position - len(one.data) < sent:
                    self._entry.cut.add_all(abs(number) for number in one.numbers)
                break
            self._sent_whole(one.numbers)
        self._server.ledger.changed()

    def _sent_whole(self, numbers: tuple[int, ...]) -> None:
        entry = self._entry
        entry.frames += 1
        for number in numbers:
            if number > 0:
                entry.events += 1
                entry.sent.add(number)
            else:
                entry.resent.add(-number)

    async def _misdeliver(self, one: Outgoing, faults: list[FrameFault]) -> None:
        message = one.message
        for fault in faults:
            extra = before(fault, message)
            if extra:
                await self._wire.transmit(extra)
            if isinstance(fault, PingFlood):
                self._entry.pings += fault.count
            if isinstance(fault, GarbageText) and fault.kind == "unknown_field":
                message = b"\n".join(map(with_unknown_fields, message.split(b"\n")))
        decisive = next((fault for fault in faults if isinstance(fault, _DECISIVE)), None)
        if not self._withheld(decisive):
            await self._send_pieces(one.numbers, message, decisive)
        for fault in faults:
            if isinstance(fault, UpstreamFlap):
                self._server.flap(fault.seconds)

    def _withheld(self, fault: FrameFault | None) -> bool:
        wire = self._wire
        match fault:
            case MuteStream():
                wire.mute = True
            case HalfOpenStream():
                wire.mute = True
                wire.deaf_for = fault.seconds
            case PingsOnly():
                wire.mute = True
                self._pings_only = fault.interval
            case CloseFrame():
                self._hang_up = HangUp(fault.code, fault.reason)
            case _:
                return False
        return True

    async def _send_pieces(
        self, numbers: tuple[int, ...], message: bytes, fault: FrameFault | None
    ) -> None:
        wire = self._wire
        sent = 0
        left = pieces_of(fault, message)
        try:
            while left:
                await wire.transmit(left[0])
                sent += len(left.pop(0))
                if isinstance(fault, SlowLoris) and left:
                    await trio.sleep(fault.delay)
        finally:
            if is_whole(fault) and not left:
                self._sent_whole(numbers)
            elif sent + (wire.progress if left else 0):
                self._entry.cut.add_all(abs(number) for number in numbers)
            self._server.ledger.changed()
        if isinstance(fault, (CutFrame, CutFragments)):
            self._hang_up = HangUp(None, with_reset=fault.reset)

    async def _end(self, how: HangUp) -> None:
        wire = self._wire
        with trio.move_on_after(_GOODBYE):
            if how.code is not None and self._may_send():
                async with wire.lock:
                    wire.closing = True
                    await wire.transmit(close_frame(how.code, how.reason))
                await wire.over.wait()
        with trio.CancelScope(shield=True), trio.move_on_after(_GOODBYE):
            await wire.cut(with_reset=how.with_reset)
