"""A byte stream that takes messages out in bulk and leaves the rest to trio-websocket.

trio-websocket does the handshake, the control frames, the close and the
errors. Between them, hundreds of whole messages arrive in one read; each would
cost it some twenty microseconds. This stream, which lies under it, takes them
out: all messages of a read go to `deliver` together, and trio-websocket sees
what is left.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import trio

from thetatrio._stream.frames import FrameSplitter, Take, masked_texts

__all__ = ["READ_SIZE", "READ_SIZE_MANY", "FastLane"]

READ_SIZE: Final = 256 * 1024
"""A read costs as much as a hundred messages; half of this was dearer, twice this no cheaper."""
READ_SIZE_MANY: Final = 1024 * 1024
"""Where many tasks are woken after each read, fewer and larger reads pay."""

_SWITCHING_PROTOCOLS: Final = 101
_LONGEST_HEAD: Final = 64 * 1024
_LONGEST_REFUSAL: Final = 128 * 1024
# A deadline that is noticed so late was noticed by a loop that was kept busy.
_LATE: Final = 0.1
_DRAIN: Final = 0.05


class _OneTask:
    """Refuses a second task at the same time, as every trio stream does."""

    def __init__(self, complaint: str) -> None:
        self._complaint = complaint
        self._busy = False

    def __enter__(self) -> None:
        if self._busy:
            raise trio.BusyResourceError(self._complaint)
        self._busy = True

    def __exit__(self, *_: object) -> None:
        self._busy = False


def _reading(stream: trio.abc.Stream) -> Callable[[int], Awaitable[bytes | bytearray]]:
    """Return what reads a stream: of a socket, with less on the way than its stream has.

    That asks the system for bytes first, which in a quiet stream are never
    there, and gives what it got only after all other tasks had their turn.
    """
    if not isinstance(stream, trio.SocketStream) or os.name != "posix":
        return stream.receive_some
    socket = stream.socket

    async def read(size: int) -> bytes:
        while True:
            if socket.fileno() < 0:
                raise trio.ClosedResourceError("this socket was already closed")
            await trio.lowlevel.wait_readable(socket)
            try:
                # Asked for again: another task may have closed it meanwhile.
                return os.read(socket.fileno(), size)
            except BlockingIOError:
                pass  # readable no more
            except OSError as error:
                raise trio.BrokenResourceError(f"socket connection broken: {error}") from error

    return read


class FastLane(trio.abc.Stream):
    """The stream under trio-websocket.

    Args:
        stream: the connection's bytes.
        deliver: takes the messages of one read, in order; it cannot wait.
        take: takes those that are ordinary by itself, out of the bytes of a read.
        max_frame: bytes of the longest message. A longer one is not kept, and
            nothing is delivered after it; see `oversize`.
        idle_timeout: seconds between two messages. Control frames do not count,
            nor does time in which nothing was read.
        message_deadline: seconds from a message's first byte to its last.
        room: asked before each read; returns None, or what to await until reading may go on.
        read_size: tells how many bytes to ask for.
    """

    def __init__(
        self,
        stream: trio.abc.Stream,
        deliver: Callable[[Sequence[bytes]], None],
        *,
        take: Take | None = None,
        max_frame: int = 1 << 20,
        idle_timeout: float = math.inf,
        message_deadline: float = math.inf,
        room: Callable[[], Awaitable[None] | None] | None = None,
        read_size: Callable[[], int] = lambda: READ_SIZE,
    ) -> None:
        self._stream = stream
        self._read = _reading(stream)
        self._deliver = deliver
        self._take_ordinary = take
        self._took = False
        self._idle_timeout = idle_timeout
        self._message_deadline = message_deadline
        self._room = room
        # What was asked for already, and has to be awaited before the next read.
        self._held_back: Awaitable[None] | None = None
        self._read_size = read_size
        self._turn = trio.StrictFIFOLock()
        self._one_sender = _OneTask("another task is sending on this stream")
        self._one_receiver = _OneTask("another task is receiving on this stream")
        self.ended: trio.Event = trio.Event()
        """Set once no byte can be read any more, whoever ended it."""
        self.reason: str = ""
        """Why it ended, where that was seen here."""
        self.error: BaseException | None = None
        """What broke it, if that was seen here."""
        self.oversized: trio.Event = trio.Event()
        """Set once a message was longer than `max_frame`."""
        self.status: int | None = None
        """The status of the answer to the handshake."""
        self.bytes_read: int = 0
        # The answer to the handshake while it is being read; frames follow it.
        self._head: bytearray | None = bytearray()
        self._frames: FrameSplitter | None = None
        # Bytes that may still come of an answer that refuses the handshake.
        self._refusal_left = _LONGEST_REFUSAL
        self._max_frame = max_frame
        self._through = b""
        self.message_at: float = 0.0
        """When the last message came, of trio's clock; moved on by the time nothing was read."""
        self._begun_at: float | None = None
        self._excused = False  # for waking late, once until something has come
        # Since when what is read next may have lain there, as nothing was read.
        self._unread_since: float | None = None

    @property
    def upgraded(self) -> bool:
        """Whether the handshake was answered with 101."""
        return self.status == _SWITCHING_PROTOCOLS

    @property
    def may_be_http(self) -> bool:
        """Whether what came so far can be the beginning of an HTTP answer; true before a byte."""
        if self._head is None:
            return self.status is not None
        return b"HTTP/1.".startswith(bytes(self._head[:7]))

    @property
    def irregular(self) -> bool:
        """Whether a frame came that no server may send."""
        return self._frames is not None and self._frames.irregular

    @property
    def peer_has_closed(self) -> bool:
        """Whether a close frame came."""
        return self._frames is not None and self._frames.passing and not self._frames.irregular

    def close_soon(self) -> None:
        """Note that our close is being sent, after which pings are not answered."""
        if self._frames is not None:
            self._frames.closing = True

    @property
    def arrived_at(self) -> float:
        """The earliest moment, of trio's clock, at which what is being taken may have arrived."""
        return trio.current_time() if self._unread_since is None else self._unread_since

    def excuse_silence(self) -> None:
        """Let the time between two messages begin now: another sign of life is waited for."""
        self.message_at = trio.current_time()

    # Sending: trio-websocket's frames and ours, one after the other.

    async def send_texts(self, texts: list[bytes]) -> None:
        """Send text messages together, which is much cheaper than one after the other."""
        async with self._turn:
            await self._stream.send_all(masked_texts(texts))

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes, after the texts that are being sent."""
        with self._one_sender:
            async with self._turn:
                await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until sending would probably not wait."""
        with self._one_sender:
            async with self._turn:
                await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """Close the connection."""
        self._end("closed")
        await self._stream.aclose()

    async def aclose_forcefully(self) -> None:
        """Close the connection without waiting for anything."""
        self._end("closed")
        await trio.aclose_forcefully(self._stream)

    # Receiving.

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what is not a text message, at most `max_bytes`; empty at the end."""
        if max_bytes is not None and operator.index(max_bytes) < 1:
            raise ValueError("max_bytes must be 1 or more")
        with self._one_receiver:
            try:
                return await self._receive(max_bytes)
            except trio.BrokenResourceError as error:
                self.error = error
                cause = str(error.__cause__ or error)
                self._end(f"the connection broke ({cause})" if cause else "the connection broke")
                raise
            except trio.ClosedResourceError:
                self._end("closed")
                raise

    async def _receive(self, max_bytes: int | None) -> bytes:
        if self._through:
            await trio.lowlevel.checkpoint()
        while not self._through:
            await self._wait_for_room()
            if self._frames is None:  # the handshake's deadline is its caller's
                size = self._read_size() if max_bytes is None else max_bytes
                there = self._take(await self._stream.receive_some(size))
            else:
                there = await self._read_in_time()
            if not there:
                self._end("the terminal ended the connection")
                return b""
        count = len(self._through) if max_bytes is None else max_bytes
        given, self._through = self._through[:count], self._through[count:]
        return given

    def _end(self, reason: str) -> None:
        self.reason = self.reason or reason
        self.ended.set()

    async def _wait_for_room(self) -> None:
        waiting, self._held_back = self._held_back, None
        if waiting is None and self._room is not None:
            waiting = self._room()
        if waiting is not None:
            before = trio.current_time()
            await waiting
            waited = trio.current_time() - before
            self._excuse(waited)
            if waited and self._unread_since is None:
                self._unread_since = before

    def _excuse(self, seconds: float) -> None:
        # We did not look: that was no silence of the peer's.
        self.message_at += seconds
        if self._begun_at is not None:
            self._begun_at += seconds

    async def _read_in_time(self) -> bool:
        """Read and take frames until something is for trio-websocket; False at the end.

        Returns also where there may be no room. The clock is set once for many
        reads: it goes off when a message could be due at the soonest, and is
        set anew where none is.
        """
        soonest = min(self._idle_timeout, self._message_deadline)
        while True:
            alarm = min(self._deadline, trio.current_time() + soonest)
            with trio.CancelScope(deadline=alarm):
                return await self._read_on()
            deadline = self._deadline
            late = trio.current_time() - deadline
            if late < 0:
                continue
            if self._excused or late <= _LATE:
                break
            # The program kept the loop busy; what came meanwhile lies in the socket.
            self._excused = True
            self._excuse(late + _DRAIN)
        if self._begun_at is None:
            self.reason = f"no message for {self._idle_timeout:g} s"
        else:
            self.reason = f"a message was not complete after {self._message_deadline:g} s"
        raise trio.BrokenResourceError(self.reason)

    @property
    def _deadline(self) -> float:
        if self._begun_at is None:
            return self.message_at + self._idle_timeout
        return self._begun_at + self._message_deadline

    async def _read_on(self) -> bool:
        read, read_size, room = self._read, self._read_size, self._room
        while self._take(data := await read(size := read_size())):
            if len(data) < size:
                self._unread_since = None  # that was all
            if self._through:
                return True
            if room is not None:
                self._held_back = room()
                if self._held_back is not None:
                    return True
        return False

    def _take(self, read: bytes | bytearray) -> bool:
        """Take what was read; False where that is nothing."""
        if not read:
            return False
        data = bytes(read)
        self.bytes_read += len(data)
        if self._frames is not None:
            self._take_frames(self._frames, data)
        elif self._head is not None:
            self._take_head(self._head, data)
        else:
            if self.status is not None:
                self._refusal_left -= len(data)
            if self._refusal_left < 0:  # trio-websocket would keep all of it
                self.reason = f"the body of its answer was longer than {_LONGEST_REFUSAL} bytes"
                return False
            self._through += data
        return True

    def _take_head(self, head: bytearray, data: bytes) -> None:
        before = len(head)
        head += data
        end = head.find(b"\r\n\r\n", max(0, before - 3))
        if end < 0:
            if len(head) > _LONGEST_HEAD:
                self._head = None
            self._through += data
            return
        status = bytes(head[9:12])
        self.status = int(status) if status.isdigit() else None
        self._head = None
        if not self.upgraded:
            self._through += data
            return
        split = end + 4 - before
        self._through += data[:split]
        self._frames = FrameSplitter(self._max_frame)
        self.message_at = trio.current_time()
        if split < len(data):
            self._take_frames(self._frames, data[split:])

    def _take_frames(self, frames: FrameSplitter, data: bytes) -> None:
        take = None if self._take_ordinary is None else self._take_some
        self._took = False
        payloads, through = frames.feed(data, take)
        if through:
            self._through += through
        now = trio.current_time()
        if payloads or self._took:
            self.message_at = now
            self._begun_at = None
            self._excused = False
        if payloads:
            self._deliver(payloads)
        if not frames.partial:
            self._begun_at = None
        elif self._begun_at is None:
            self._begun_at = now
            self._excused = False
        if frames.oversize and not self.oversized.is_set():
            self.reason = f"a message was longer than {self._max_frame} bytes"
            self.oversized.set()

    def _take_some(self, payloads: Sequence[bytes], data: bytes, position: int) -> int:
        assert self._take_ordinary is not None  # noqa: S101  # only then it is called
        reached = self._take_ordinary(payloads, data, position)
        self._took = bool(payloads) or reached > position
        return reached
