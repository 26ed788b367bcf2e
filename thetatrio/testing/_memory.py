"""A connection without sockets, bounded like one, that can also be reset."""

from __future__ import annotations

import operator
from typing import Final

import trio

_CAPACITY: Final = 64 * 1024


class _Pipe:
    """One direction: a bounded buffer of bytes."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.data: bytearray = bytearray()
        self.ended = False
        """The writer is done: what is left may be read."""
        self.abandoned = False
        """The reader is gone: writing fails."""
        self.broken = False
        """Reset: reading and writing fail."""
        self._lot = trio.lowlevel.ParkingLot()

    async def changed(self) -> None:
        await self._lot.park()

    def notify(self) -> None:
        self._lot.unpark_all()


class MemoryStream(trio.abc.HalfCloseableStream):
    """One end of a pair made by `memory_stream_pair`."""

    def __init__(self, incoming: _Pipe, outgoing: _Pipe) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._closed = False
        self._sending = False
        self._receiving = False
        self.bytes_sent: int = 0
        """Bytes handed to the peer's buffer, also by a `send_all` that did not finish."""

    def _check(self) -> None:
        if self._closed:
            raise trio.ClosedResourceError
        if self._incoming.broken:
            raise trio.BrokenResourceError("connection reset by peer")

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes, waiting while the peer's buffer is full."""
        if self._sending:
            raise trio.BusyResourceError("another task is sending on this stream")
        self._sending = True
        try:
            await trio.lowlevel.checkpoint()
            pipe = self._outgoing
            at = 0
            while True:
                self._check()
                if pipe.ended:
                    raise trio.ClosedResourceError("the end has been sent")
                if pipe.abandoned:
                    raise trio.BrokenResourceError("the peer is gone")
                room = pipe.capacity - len(pipe.data)
                if room > 0:
                    part = data[at : at + room]
                    pipe.data += part
                    at += len(part)
                    self.bytes_sent += len(part)
                    pipe.notify()
                if at >= len(data):
                    return
                await pipe.changed()
        finally:
            self._sending = False

    async def wait_send_all_might_not_block(self) -> None:
        """Wait for room in the peer's buffer."""
        if self._sending:
            raise trio.BusyResourceError("another task is sending on this stream")
        self._sending = True
        try:
            await trio.lowlevel.checkpoint()
            self._check()
            pipe = self._outgoing
            while len(pipe.data) >= pipe.capacity and not pipe.abandoned:
                await pipe.changed()
                self._check()
        finally:
            self._sending = False

    async def send_eof(self) -> None:
        """End this direction; the peer reads what was sent, then an empty piece."""
        if self._sending:
            raise trio.BusyResourceError("another task is sending on this stream")
        await trio.lowlevel.checkpoint()
        self._check()
        self._outgoing.ended = True
        self._outgoing.notify()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what has arrived, waiting for at least a byte; empty at the end."""
        if max_bytes is not None and operator.index(max_bytes) < 1:
            raise ValueError("max_bytes must be 1 or more")
        if self._receiving:
            raise trio.BusyResourceError("another task is receiving on this stream")
        self._receiving = True
        try:
            await trio.lowlevel.checkpoint()
            pipe = self._incoming
            while True:
                self._check()
                if pipe.data:
                    count = len(pipe.data) if max_bytes is None else max_bytes
                    data = bytes(pipe.data[:count])
                    del pipe.data[:count]
                    pipe.notify()
                    return data
                if pipe.ended:
                    return b""
                await pipe.changed()
        finally:
            self._receiving = False

    def reset(self) -> None:
        """Break the connection: the peer's next read or write fails with BrokenResourceError."""
        self._closed = True
        for pipe in (self._incoming, self._outgoing):
            pipe.data.clear()
            pipe.broken = True
            pipe.notify()

    async def aclose(self) -> None:
        """Close: the peer reads what was sent, then the end; its writes fail."""
        if not self._closed:
            self._closed = True
            self._outgoing.ended = True
            self._incoming.abandoned = True
            self._outgoing.notify()
            self._incoming.notify()
        await trio.lowlevel.checkpoint()


def memory_stream_pair(capacity: int = _CAPACITY) -> tuple[MemoryStream, MemoryStream]:
    """Return two connected streams, each direction holding `capacity` bytes at most.

    Unlike trio's own, a full direction makes the sender wait, as a socket does.
    """
    there, back = _Pipe(capacity), _Pipe(capacity)
    return MemoryStream(back, there), MemoryStream(there, back)
