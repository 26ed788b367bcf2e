"""The byte stream under a WebSocket: shared by trio-websocket and by our own frames.

trio-websocket writes the handshake, pongs and closes through `send_all`; events
are written by `transmit`, many frames at a time. Both hold `lock`, so frames
never mix. Faults of a connection's bytes happen here.
"""

from __future__ import annotations

import base64
import re

import trio

from thetatrio.testing._sending import reset
from thetatrio.testing._stream.ledger import StreamConnectionEntry

_ACCEPT = re.compile(rb"(?i)(sec-websocket-accept: *)[^\r]*")
_HOST = re.compile(rb"(?i)\r\nhost:[ \t]*([^\r\n]*?)[ \t]*\r\n")
_LONGEST_HEAD = 1 << 16
_CLOSE = 0x88


class Wire(trio.abc.Stream):
    """A connection's bytes, counted, with its faults."""

    def __init__(self, stream: trio.abc.Stream, entry: StreamConnectionEntry) -> None:
        self._stream = stream
        self._entry = entry
        self.lock: trio.Lock = trio.Lock()
        # trio-websocket may still be reading when `drain` begins to.
        self._read_lock = trio.Lock()
        self.over: trio.Event = trio.Event()
        """Set once the connection has ended, from whichever side."""
        self.closing: bool = False
        """Whether a close frame was sent, after which nothing may be."""
        self.progress: int = 0
        """Bytes that the last `transmit` handed on."""
        self.slice_size: int | None = None
        self.wrong_accept: bool = False
        self.mute: bool = False
        """Send nothing."""
        self.deaf_for: float | None = None
        """Read nothing, and end the connection after so many seconds."""
        self.ignore_close: bool = False
        self.keep_open: bool = False
        self.host: str = ""
        """The handshake's Host header, once it was read."""
        self._head: bytearray | None = bytearray()
        self.closed_by_protocol: trio.Event = trio.Event()
        """Set once trio-websocket would have closed the connection."""

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send what trio-websocket wrote: a handshake, a pong or a close."""
        data = bytes(data)
        if self.wrong_accept and data.startswith(b"HTTP/1.1 101"):
            wrong = base64.b64encode(b"another key's digest")
            data = _ACCEPT.sub(rb"\g<1>" + wrong, data)
        is_close = data[:1] == bytes((_CLOSE,))
        async with self.lock:
            # After a close frame nothing may be sent, not even a second one.
            if self.mute or self.closing or (is_close and self.ignore_close):
                return
            self.closing = is_close
            await self.transmit(data)

    async def transmit(self, data: bytes) -> None:
        """Send bytes. The lock must be held; `progress` says how far it came."""
        self.progress = 0
        size = self.slice_size
        if size is None:
            await self._pass_on(data)
            return
        for at in range(0, len(data), size):
            await self._pass_on(data[at : at + size])
            # So that a reader takes this slice before the next one comes.
            await trio.lowlevel.checkpoint()

    async def _pass_on(self, data: bytes) -> None:
        stream = self._stream
        before = self.progress
        try:
            if isinstance(stream, trio.SocketStream):
                await self._send_counted(stream, data)
                return
            # Other streams tell how far they came, or send all or nothing.
            sent = getattr(stream, "bytes_sent", None)
            try:
                await stream.send_all(data)
                self.progress = before + len(data)
            finally:
                if isinstance(sent, int):
                    now: object = getattr(stream, "bytes_sent", sent)
                    self.progress = before + (now if isinstance(now, int) else sent) - sent
        finally:
            self._entry.bytes += self.progress - before

    async def _send_counted(self, stream: trio.SocketStream, data: bytes) -> None:
        # SocketStream.send_all does not tell how much of its data went before an error.
        view = memoryview(data)
        try:
            while view:
                sent = await stream.socket.send(view)
                self.progress += sent
                view = view[sent:]
        except OSError as problem:
            raise trio.BrokenResourceError(str(problem)) from problem

    async def wait_send_all_might_not_block(self) -> None:
        """Wait for room."""
        await self._stream.wait_send_all_might_not_block()

    def _read_head(self, head: bytearray, data: bytes) -> None:
        head += data
        if (end := head.find(b"\r\n\r\n")) >= 0 or len(head) > _LONGEST_HEAD:
            match = _HOST.search(head, 0, end + 2 if end >= 0 else len(head))
            self.host = match[1].decode("latin-1") if match is not None else ""
            self._head = None

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what the client sent; the end also sets `over`."""
        async with self._read_lock:
            while True:
                if self.deaf_for is not None:
                    await trio.sleep(self.deaf_for)
                    self.over.set()
                    return b""
                try:
                    data = bytes(await self._stream.receive_some(max_bytes))
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    self.over.set()
                    raise
                if not data:
                    self.over.set()
                if self._head is not None:
                    self._read_head(self._head, data)
                if not data or self.deaf_for is None:
                    return data

    async def aclose(self) -> None:
        """Close the connection, as trio-websocket does, unless a fault keeps it."""
        self.closed_by_protocol.set()
        if self.ignore_close or self.keep_open:
            await trio.lowlevel.checkpoint()
            return
        await self.cut()

    async def cut(self, *, with_reset: bool = False) -> None:
        """End the connection now, by FIN or by RST."""
        self.over.set()
        if with_reset:
            await reset(self._stream)
        else:
            await self._stream.aclose()

    async def drain(self) -> None:
        """Read until the client ends the connection; sets `over`."""
        while await self.receive_some(65_536):
            pass
