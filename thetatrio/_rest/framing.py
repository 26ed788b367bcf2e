"""Answers into frames: CSV parsed by a columnar library while the rest still arrives."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, Generic, TypeAlias, TypeVar, cast

import trio

from thetatrio._calls import AsyncIterationOnly
from thetatrio._owner import OpenBlock, Owner
from thetatrio._rest import dialect_v3 as dialect
from thetatrio._rest.answer import AnswerBytes
from thetatrio._rest.asking import ask_for
from thetatrio._rest.client import RestClient
from thetatrio._rest.limiter import Lane
from thetatrio._rest.parts import Parts
from thetatrio._rest.planner import Plan
from thetatrio._secrets import hide_causes
from thetatrio.errors import DecodeError, EndOfChannel
from thetatrio.frames import FrameReader
from thetatrio.requests import Request
from thetatrio.rows import Row

__all__ = ["FrameChannel", "open_frames", "read_frame", "symbol_of"]

F = TypeVar("F")
R = TypeVar("R", bound=Row)
T = TypeVar("T")

FEED: Final = 4 << 20
"""Bytes handed to a thread at once, while what follows them is read."""
AHEAD: Final = 128
"""Pieces of 64 KiB that a query of one request holds meanwhile."""
ENOUGH: Final = 144 << 20
"""Bytes of CSV after which a channel's frame is given, at the next answer's end. What is held
besides frames, in windows and by the libraries' own allocators, is less than one of these then."""

PARSERS: Final = 2
"""Threads that parse one query's pieces: what arrives over loopback keeps no more of them busy."""

MakeReader: TypeAlias = Callable[..., FrameReader[F]]
Fetch: TypeAlias = Callable[[Request[Any]], Awaitable[list[Any]]]


def symbol_of(request: Request[Any]) -> str | None:
    """Return the symbol that all rows of an answer have, where they do not say so themselves."""
    given: object = getattr(request, "symbol", None)
    if isinstance(given, tuple):
        several = cast("tuple[str, ...]", given)
        given = several[0] if len(several) == 1 else None
    named = "symbol" in request.row_type().__struct_fields__
    return given if isinstance(given, str) and given != "*" and not named else None


class FrameReading(Generic[F]):
    """The frames of one query. `aclose()` in any case."""

    def __init__(
        self, client: RestClient, plan: Plan[Any], make_reader: MakeReader[F], fetch: Fetch
    ) -> None:
        self._client = client
        from concurrent.futures import ThreadPoolExecutor  # a hundredth of the import

        # Its threads begin with its first work, and most answers are too short to be any.
        self._pool = ThreadPoolExecutor(PARSERS, "thetatrio-frames")
        self._make_reader = partial(make_reader, pool=self._pool)
        # The frame that is being read, the bytes and answers in it, and the answer it is at.
        self._reader: FrameReader[F] | None = None
        self._read = self._answers = 0
        self._found: tuple[Request[Any], AnswerBytes] | None = None
        self._operation = ""
        self._asked: Request[Any] | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._parts: Parts[Any] = Parts(client, plan, self._make_answer, fetch, ahead_alone=AHEAD)

    def _make_answer(
        self, request: Request[Any], /, *, ticket: int, pieces: int, alone: bool
    ) -> AnswerBytes:
        return ask_for(
            self._client,
            request,
            "csv",
            read_ahead=pieces,
            lane=Lane.QUERY if alone else Lane.PART,
            ticket=ticket,
            on_restart=self._restart,
            unit="pieces",
        )

    def _restart(self) -> None:
        self._pieces.clear()
        self._size = 0

    async def next_frame(self, enough: float) -> F | None:
        """Return the next frame: of answers of `enough` bytes together, or of all; None at the end.

        Cancelled, the next call goes on where this one was. Raises what a part
        failed with, DecodeError for what is no such CSV.
        """
        reader = self._reader
        if reader is None:
            reader = self._reader = self._make_reader()
        while await self._is_within(reader, enough):
            pass
        if not self._answers and enough != float("inf"):
            return None
        # Of several answers, which one was wrong is not known here.
        alone = self._answers == 1
        self._reader, self._read, self._answers = None, 0, 0
        try:
            return await _in_thread(reader.finish)
        except DecodeError as error:
            raise _named(error, self._operation, self._asked if alone else None) from error

    async def _is_within(self, reader: FrameReader[F], enough: float) -> bool:
        """Read another answer into the frame; return whether there was room for one, and one."""
        if self._found is None:
            if self._read >= enough:
                return False
            self._found = await self._parts.next_answer()
            if self._found is None:
                return False
            if self._answers:
                reader.next_answer()
            self._answers += 1
        request, answer = self._found
        self._operation, self._asked = request.operation, request
        try:
            await self._read_answer(request, answer, reader)
        except DecodeError as error:
            if error.request is not None:
                raise
            raise _named(error, request.operation, request) from error
        self._found = None
        return True

    async def _read_answer(
        self, request: Request[Any], answer: AnswerBytes, reader: FrameReader[F]
    ) -> None:
        form = dialect.form_of(answer.content_type, "csv")
        if form != "csv":
            raise DecodeError(
                f"{request.operation}: asked for csv, the terminal answered with"
                f" {answer.content_type}",
                request=request,
            )
        while chunk := await answer.receive():
            self._pieces.append(chunk)
            self._size += len(chunk)
            if self._size >= FEED:
                await self._flush(reader, answer)
        await self._flush(reader, answer)

    async def _flush(self, reader: FrameReader[F], answer: AnswerBytes) -> None:
        if self._pieces:
            pieces, self._pieces = self._pieces, []
            self._read += self._size
            self._size = 0
            # From here on a cut may only go on with the same bytes.
            answer.delivered += len(pieces)
            await _in_thread(partial(_feed, reader, pieces))

    async def aclose(self) -> None:
        """End all requests and give their slots back."""
        try:
            await self._parts.aclose()
        finally:
            # Bounded by the pieces that are being parsed; cell by cell one takes two seconds.
            await _in_thread(partial(self._pool.shutdown, cancel_futures=True))  # noqa: ASYNC102


async def _in_thread(work: Callable[[], T]) -> T:
    # A thread is not cancelled. What comes of it is not to be lost by being cancelled before it.
    with trio.CancelScope(shield=True):
        return await trio.to_thread.run_sync(work)
    raise AssertionError("a scope that nobody can cancel")


def _feed(reader: FrameReader[object], pieces: list[bytes]) -> None:
    # One by one: the reader puts them together once, when it parses.
    for piece in pieces:
        reader.feed(piece)


def _named(error: DecodeError, operation: str, request: Request[Any] | None) -> DecodeError:
    hide_causes(error)  # its frames have the answer, in which a server may repeat a key
    return DecodeError(f"{operation}: {error}", first_bytes=error.first_bytes, request=request)


async def read_frame(
    client: RestClient, plan: Plan[Any], make_reader: MakeReader[F], fetch: Fetch
) -> F:
    """Return one frame of all answers of a plan."""
    client.check_open()
    reading = FrameReading(client, plan, make_reader, fetch)
    try:
        frame = await reading.next_frame(float("inf"))
    finally:
        await reading.aclose()
    if frame is None:
        raise AssertionError("a frame of everything is there even when it is empty")
    return frame


class FrameChannel(AsyncIterationOnly, Generic[F]):
    """Frames of a query, in order. Made by `query.frames()`."""

    def __init__(self, reading: FrameReading[F], owner: Owner) -> None:
        self._reading = reading
        self.block: OpenBlock = OpenBlock(owner, "frames")
        """Where they can be received."""
        self._turn = trio.Lock()
        self._at_end = False

    async def receive(self) -> F:
        """Return the next frame.

        Raises EndOfChannel after the last, SessionClosed after the query's block, and the
        errors of the query.
        """
        self.block.check()
        async with self._turn:
            if self._at_end:
                raise EndOfChannel("all frames have been received")
            frame = await self._reading.next_frame(ENOUGH)
            self.block.check_left()  # while this task waited
            if frame is None:
                self._at_end = True
                raise EndOfChannel("all frames have been received")
            return frame

    async def aclose(self) -> None:
        """End the request. Leaving the query's block does it too."""
        self._at_end = True
        if not self.block.owner.is_foreign:
            await self._reading.aclose()

    def __aiter__(self) -> FrameChannel[F]:
        return self

    async def __anext__(self) -> F:
        try:
            return await self.receive()
        except EndOfChannel:
            raise StopAsyncIteration from None


@asynccontextmanager
async def open_frames(
    client: RestClient, plan: Plan[Any], make_reader: MakeReader[F], fetch: Fetch
) -> AsyncGenerator[FrameChannel[F], None]:
    """Open a channel of frames."""
    client.check_open()
    reading = FrameReading(client, plan, make_reader, fetch)
    channel = FrameChannel(reading, client.owner)
    try:
        yield channel
    finally:
        channel.block.leave()
        await reading.aclose()
