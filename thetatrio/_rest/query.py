"""One query on its way: planned, sent, decoded, delivered as the caller wants it."""

from __future__ import annotations

import os
import warnings
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from thetatrio import market_time
from thetatrio._rest import dialect_v3 as dialect
from thetatrio._rest.answer import Answer
from thetatrio._rest.channels import BatchChannel, RowChannel
from thetatrio._rest.client import Ask, RestClient
from thetatrio._rest.decode import Decoder, decoder_for
from thetatrio._rest.planner import Plan, plan
from thetatrio._rest.save import FileFormat, file_format, save_answer
from thetatrio.config import RowFormat
from thetatrio.errors import DecodeError
from thetatrio.requests import Request
from thetatrio.rows import Row

if TYPE_CHECKING:
    from _typeshed import StrPath

__all__ = ["Query", "Reading"]

R = TypeVar("R", bound=Row)


class Reading(Generic[R]):
    """The rows of one request, batch after batch. `open()` first, `aclose()` in any case."""

    def __init__(
        self,
        client: RestClient,
        request: Request[R],
        *,
        read_ahead: bool,
        on_restart: Callable[[], None] = lambda: None,
    ) -> None:
        self._request = request
        self._asked: RowFormat = client.config.row_format
        self._decoder: Decoder[R] | None = None
        self._on_restart = on_restart
        self._at_end = False
        ask = Ask(
            dialect.target_of(request, self._asked),
            dialect.ACCEPT[self._asked],
            counted=request.takes_slot,
            flat_file=request.flat_file,
            read_ahead=read_ahead,
            about=request,
        )
        self._answer = Answer(
            client,
            ask,
            # Where nothing is handed out before the end, a cut means starting over.
            settled=read_ahead and request.is_settled(market_time.today()),
            on_restart=self._restart,
        )

    async def open(self) -> None:
        """Send the request and wait for the head of its answer."""
        self._at_end = not await self._answer.open()
        if not self._at_end:
            self._decoder = self._choose_decoder()

    async def next_batch(self) -> list[R]:
        """Return the rows that arrive next; none at the end."""
        rows: list[R] = []
        try:
            while not rows and not self._at_end:
                chunk = await self._answer.receive()
                if chunk:
                    if self._decoder is None:
                        self._decoder = self._choose_decoder()
                    rows = self._decoder.feed(chunk)
                else:
                    self._at_end = True
                    rows = [] if self._decoder is None else self._decoder.finish()
        except DecodeError as error:
            self._at_end = True
            raise self._named(error) from error.__cause__
        return rows

    def delivered(self, rows: int) -> None:
        """Note that so many more rows are in a user's hands."""
        self._answer.delivered += rows

    async def aclose(self) -> None:
        """End the request and give its slot back."""
        self._at_end = True
        await self._answer.aclose()

    def _restart(self) -> None:
        self._decoder = None
        self._on_restart()

    def _choose_decoder(self) -> Decoder[R]:
        try:
            form = dialect.form_of(self._answer.content_type, self._asked)
        except DecodeError as error:
            raise self._named(error) from None
        return decoder_for(form, self._request.row_type())

    def _named(self, error: DecodeError) -> DecodeError:
        """Return the error with the request it happened to."""
        if error.request is not None:
            return error
        return DecodeError(
            f"{self._request.operation}: {error}",
            first_bytes=error.first_bytes,
            request=self._request,
        )


class Query(Coroutine[object, None, list[R]], Generic[R]):
    """A request tied to a session: await it, or take its rows another way.

    `await query` gives a list; `query.rows()` and `query.batches()` give rows
    as they arrive, in constant memory; `query.save(path)` keeps the answer as
    the terminal sent it. Each of these sends the request anew. A query that
    is dropped unused warns, like a coroutine that was never awaited.

    Queries are coroutines, so `asyncio.create_task` takes them; for trio's
    `start_soon` use `query.fetch`.
    """

    def __init__(self, client: RestClient, request: Request[R]) -> None:
        self._client = client
        self._request = request
        self._used = False
        self._running: Coroutine[object, object, list[R]] | None = None

    @property
    def request(self) -> Request[R]:
        """What is asked: a value that can be printed, compared and kept."""
        return self._request

    def __repr__(self) -> str:
        return f"<Query {self._request!r}>"

    def plan(self) -> Plan[R]:
        """Return the requests that will be sent, in the order of their rows. Sends nothing.

        Raises RequestTooLarge where the terminal would not give that much.
        """
        self._used = True
        return plan(self._request)

    async def fetch(self) -> list[R]:
        """Return all rows as a list; an empty one where there is no data.

        A connection that is cut in the middle is tried again from the start,
        so the list is whole or there is an error. Raises the errors of
        `thetatrio.errors`.
        """
        (request,) = self.plan().requests
        rows: list[R] = []
        reading = Reading(self._client, request, read_ahead=False, on_restart=rows.clear)
        try:
            await reading.open()
            while batch := await reading.next_batch():
                rows += batch
        finally:
            await reading.aclose()
        return rows

    @asynccontextmanager
    async def rows(self) -> AsyncGenerator[RowChannel[R], None]:
        """Open a channel of rows as they arrive, in constant memory.

        Entering sends the request and waits for the head of its answer, so
        refusals are raised there. Leaving ends the request, however much of
        it was read. No data is a channel that ends at once.

            async with query.rows() as rows:
                async for row in rows:
                    print(row)
        """
        async with self._open_batches() as batches:
            yield RowChannel(batches)

    @asynccontextmanager
    async def batches(self) -> AsyncGenerator[BatchChannel[R], None]:
        """Open a channel of lists of rows as they arrive, in constant memory.

        Like `rows()`, and cheaper for each row. A list is what one piece of
        the answer completed, up to a few hundred rows; none is empty.

            async with query.batches() as batches:
                async for rows in batches:
                    print(len(rows))
        """
        async with self._open_batches() as batches:
            yield batches

    async def save(self, path: StrPath, *, format: FileFormat | None = None) -> int:  # noqa: A002
        """Save the answer as the terminal sends it; return its size in bytes.

        Args:
            path: where to. The file appears whole or not at all; one that is there is replaced.
            format: `csv`, `ndjson` or `json`; None takes it from the path's ending.

        No data makes an empty file. Raises InvalidRequest where the format is
        not known, DecodeError where the terminal answers in another one,
        OSError where the file cannot be written.
        """
        self._used = True
        target = os.fspath(path)
        wanted = file_format(target, format)
        (request,) = self.plan().requests
        return await save_answer(self._client, request, wanted, target)

    @asynccontextmanager
    async def _open_batches(self) -> AsyncGenerator[BatchChannel[R], None]:
        (request,) = self.plan().requests
        reading = Reading(self._client, request, read_ahead=True)
        try:
            await reading.open()
            yield BatchChannel(reading)
        finally:
            await reading.aclose()

    # What makes it a coroutine: each is passed on to a fresh `fetch()`.

    def __await__(self) -> Generator[object, None, list[R]]:
        return cast("Generator[object, None, list[R]]", self.fetch().__await__())

    def _coroutine(self) -> Coroutine[object, object, list[R]]:
        if self._running is None:
            self._running = self.fetch()
        return self._running

    def send(self, value: None, /) -> object:
        """Go on with the fetch; for event loops."""
        self._used = True
        return self._coroutine().send(value)

    def throw(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
        /,
    ) -> object:
        """Raise in the fetch; for event loops."""
        self._used = True
        error = typ if isinstance(typ, BaseException) else None
        if error is None:
            error = val if isinstance(val, BaseException) else cast("type[BaseException]", typ)()
        return self._coroutine().throw(error.with_traceback(tb) if tb else error)

    def close(self) -> None:
        """Give the fetch up; for event loops. One that never began does not warn then."""
        self._used = True
        if self._running is not None:
            self._running.close()

    def __del__(self) -> None:
        if not getattr(self, "_used", True):
            warnings.warn(
                f"{self!r} was never used: await it, or take .rows(), .batches() or .save()",
                RuntimeWarning,
                stacklevel=2,
                source=self,
            )
