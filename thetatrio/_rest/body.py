"""One answer's bytes, from the connection to whoever reads them.

`DirectBody` is read by the task that asked; cancelling it ends the request.
`PumpedBody` is read by a task of its own into a small buffer, so that a
cancelled `receive()` loses nothing. A reader that stops reading fills that
buffer, the connection is held back, and its slot stays taken; a query asked by
that same reader would wait for ever. So when a slot is wanted, the limiter has
the rest of a body that is held back read into a spool: memory first, then a
temporary file.
"""

from __future__ import annotations

import math
import tempfile
from collections import deque
from collections.abc import Awaitable, Callable
from typing import IO, TYPE_CHECKING, Final, Protocol, final

import trio

from thetatrio._rest.limiter import Lease
from thetatrio.errors import SessionClosed, SlowConsumer, ThetaDataError

if TYPE_CHECKING:
    from thetatrio._rest.transport import Reply

__all__ = ["Body", "DirectBody", "PumpedBody", "SpoolRoom", "StartSoon"]

READ_AHEAD: Final = 4  # pieces a pumped body holds by default, of up to 64 KiB each
IN_MEMORY: Final = 1 << 20  # bytes of a spool kept before they go to its file
PIECE: Final = 1 << 16  # bytes handed on at once; more leaves the processor's cache


class StartSoon(Protocol):
    """Starts a task that lives as long as the session."""

    def __call__(self, task: Callable[[], Awaitable[object]], /) -> None: ...


@final
class SpoolRoom:
    """How much the spools of one session may hold, together."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0

    @property
    def taken(self) -> int:
        """Bytes held now."""
        return self._taken

    def take(self, size: int) -> None:
        """Take room for so many bytes. Raises SlowConsumer where there is none left."""
        if self._taken + size > self._limit:
            raise SlowConsumer(
                f"more than spool_limit ({self._limit} bytes) of answers lie unread, and their"
                " slots are needed: read them, leave their blocks, or raise spool_limit"
            )
        self._taken += size

    def give_back(self, size: int) -> None:
        """Give room back."""
        self._taken -= size


@final
class Spool:
    """Bytes on their way from a connection to a reader that is late."""

    def __init__(self, room: SpoolRoom) -> None:
        self._room = room
        self._memory: deque[bytes] = deque()
        self._in_memory = 0
        self._file: IO[bytes] | None = None
        self._read_at = 0
        self._written = 0
        self._moving = trio.Lock()
        self._news = trio.Event()
        self._ended = False
        self._error: ThetaDataError | None = None

    async def write(self, chunk: bytes) -> None:
        """Add bytes. Raises SlowConsumer where there is no room."""
        self._room.take(len(chunk))
        self._memory.append(chunk)
        self._in_memory += len(chunk)
        self._tell()
        if self._in_memory > IN_MEMORY:
            async with self._moving:
                await trio.to_thread.run_sync(self._append, b"".join(self._memory))
                self._memory.clear()
                self._in_memory = 0

    def end(self, error: ThetaDataError | None) -> None:
        """Say that nothing more comes, and why."""
        self._ended = True
        self._error = error
        self._tell()

    async def read(self) -> bytes:
        """Return the next bytes; none at the end. Raises what ended the body early."""
        while True:
            async with self._moving:
                if self._read_at < self._written:
                    return await self._read_file()
                if self._memory:
                    chunk = self._memory.popleft()
                    self._in_memory -= len(chunk)
                    self._room.give_back(len(chunk))
                    return chunk
                if self._ended:
                    if self._error is not None:
                        raise self._error
                    return b""
                self._news = trio.Event()
            await self._news.wait()

    async def aclose(self) -> None:
        """Throw away what was not read, and give its room back."""
        async with self._moving:  # a reader's thread may be at the file
            self._room.give_back(self._written + self._in_memory)
            self._memory.clear()
            self._in_memory = self._written = self._read_at = 0
            if self._file is not None:
                self._file.close()

    async def _read_file(self) -> bytes:
        chunk = await trio.to_thread.run_sync(self._take)
        if self._read_at == self._written:
            # The next block goes to the file's beginning: its room is free.
            self._room.give_back(self._written)
            self._written = self._read_at = 0
        return chunk

    def _tell(self) -> None:
        self._news.set()

    def _append(self, block: bytes) -> None:
        try:
            if self._file is None:
                # Unbuffered, so that a full disk is met here and not while reading or closing.
                self._file = tempfile.TemporaryFile(prefix="thetatrio-", buffering=0)  # noqa: SIM115
            self._file.seek(self._written)
            left = memoryview(block)
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise SlowConsumer(
                f"an unread answer cannot be kept in a temporary file ({error.strerror or error})"
                f" in {_temporary_folder()}: set TMPDIR to a folder that can be written and has"
                " space for spool_limit, or read answers without pausing"
            ) from error
        self._written += len(block)

    def _take(self) -> bytes:
        if self._file is None:
            raise AssertionError("bytes in a file that is not there")
        try:
            self._file.seek(self._read_at)
            chunk = self._file.read(min(PIECE, self._written - self._read_at))
        except OSError as error:
            raise SlowConsumer(
                f"an unread answer cannot be read from its temporary file ({error.strerror})"
            ) from error
        if not chunk:
            raise SlowConsumer("an unread answer's temporary file was cut short")
        self._read_at += len(chunk)
        return chunk


def _temporary_folder() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:  # none of the usual ones can be written to
        return "any of the usual folders"


class Body(Protocol):
    """The bytes of one answer, and the lease that goes with them."""

    async def receive(self) -> bytes:
        """Return the next bytes; none at the proven end of the answer.

        Raises ConnectionLost, ReadTimeout, or SlowConsumer where a spool
        could not hold what nobody read.
        """
        ...

    async def aclose(self) -> None:
        """End the request, whatever has been read of it, and give its slot back."""
        ...


@final
class DirectBody:
    """A body read by the task that asked for it."""

    def __init__(self, reply: Reply, lease: Lease) -> None:
        self._reply = reply
        self._lease = lease

    async def receive(self) -> bytes:
        """Return the next bytes; none at the proven end."""
        chunk = await self._reply.receive()
        if not chunk:
            self._lease.release()
        return chunk

    async def aclose(self) -> None:
        """End the request and give its slot back."""
        try:
            await self._reply.aclose()
        finally:
            self._lease.release()


@final
class PumpedBody:
    """A body read ahead of its reader by a task of the session's."""

    def __init__(
        self,
        reply: Reply,
        lease: Lease,
        room: SpoolRoom,
        start: StartSoon,
        ahead: int = READ_AHEAD,
    ) -> None:
        self._ahead = ahead
        self._reply = reply
        self._lease = lease
        self._room = room
        self._buffer: deque[bytes] = deque()
        self._spool: Spool | None = None
        self._news = trio.Event()
        self._wanted = trio.Event()
        self._ended = False
        self._error: ThetaDataError | None = None
        self._scope = trio.CancelScope()
        self._done = trio.Event()
        lease.offer_spool(self._take_over)
        start(self._pump)

    async def receive(self) -> bytes:
        """Return the next bytes; none at the proven end. Cancelled, it has taken nothing."""
        while not self._buffer:
            if self._spool is not None:
                return await self._spool.read()
            if self._ended:
                if self._error is not None:
                    raise self._error
                return b""
            self._news = trio.Event()
            await self._news.wait()
        chunk = self._buffer.popleft()
        self._wanted.set()
        return chunk

    async def aclose(self) -> None:
        """End the request and give its slot back."""
        self._scope.cancel()
        with trio.CancelScope(shield=True):  # ends at once: it has just been cancelled
            await self._done.wait()
            self._buffer.clear()
            if self._spool is not None:
                await self._spool.aclose()

    def _take_over(self) -> None:
        self._spool = Spool(self._room)
        self._wanted.set()

    async def _pump(self) -> None:
        error: ThetaDataError | None = SessionClosed("the session was left while this was read")
        try:
            with self._scope:
                await self._reply.hand_to(self._hand_on)
                error = None
        except ThetaDataError as reason:
            error = reason
        finally:
            try:
                await self._reply.aclose()
            finally:
                self._lease.release()
                self._ended = True
                self._error = error
                if self._spool is not None:
                    self._spool.end(error)
                self._news.set()
                self._done.set()

    async def _hand_on(self, chunk: bytes) -> None:
        if self._spool is None:
            if len(self._buffer) < self._ahead:
                self._buffer.append(chunk)
                self._news.set()
                return
            self._lease.held_back(trio.current_time())
            while len(self._buffer) >= self._ahead and self._spool is None:
                self._wanted = trio.Event()
                await self._wanted.wait()
            self._lease.held_back(math.inf)
        if self._spool is None:
            self._buffer.append(chunk)
            self._news.set()
        else:
            await self._spool.write(chunk)
