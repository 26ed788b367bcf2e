"""Flat files: a whole day of everything, kept or read as bytes, never as a list."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, final

import trio

from thetatrio import market_time
from thetatrio._rest import dialect_v3 as dialect
from thetatrio._rest.answer import Answer
from thetatrio._rest.body import READ_AHEAD
from thetatrio._rest.client import Ask, RestClient
from thetatrio._rest.planner import Plan
from thetatrio._rest.reading import fetch_all
from thetatrio._rest.save import FileFormat, file_format, save_answer
from thetatrio.errors import EndOfChannel, ThetaDataError
from thetatrio.requests import Request
from thetatrio.rows import Row

if TYPE_CHECKING:
    from _typeshed import StrPath

__all__ = ["ChunkChannel", "FileQuery"]


@final
class ChunkChannel:
    """The bytes of a flat file as they arrive. Made by `file_query.chunks()`."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._turn = trio.Lock()
        self._closed = False

    async def receive(self) -> bytes:
        """Return the next bytes, never none.

        Raises EndOfChannel after the last; ConnectionLost where the file was
        cut and what came before could not be shown to be the same again.
        """
        async with self._turn:
            chunk = await self._next()
        if not chunk:
            raise EndOfChannel("all bytes have been received")
        self._answer.delivered += 1
        return chunk

    async def _next(self) -> bytes:
        if self._closed:
            return b""
        try:
            return await self._answer.receive()
        except ThetaDataError:
            if self._closed:  # by another task, while this one waited
                return b""
            raise

    async def aclose(self) -> None:
        """End the request. Leaving the query's block does it too."""
        self._closed = True
        await self._answer.aclose()

    def __aiter__(self) -> ChunkChannel:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self.receive()
        except EndOfChannel:
            raise StopAsyncIteration from None


@final
class FileQuery:
    """A request for a flat file, tied to a session: save it, or take its bytes as they come.

    A day of every contract is hundreds of megabytes, so there is no list of
    it. The vendor builds the file while one waits, for up to half an hour
    (`flat_file_timeout`).
    """

    def __init__(self, client: RestClient, request: Request[Row]) -> None:
        self._client = client
        self._request = request

    @property
    def request(self) -> Request[Row]:
        """What is asked: a value that can be printed, compared and kept."""
        return self._request

    def __repr__(self) -> str:
        return f"<FileQuery {self._request!r}>"

    async def save(self, path: StrPath, *, format: FileFormat | None = None) -> int:  # noqa: A002
        """Save the file as the terminal sends it; return its size in bytes.

        Args:
            path: where to. The file appears whole or not at all; one that is there is replaced.
            format: `csv`, `ndjson` or `json`; None takes it from the path's ending.

        A cut is tried again from the start. No data makes an empty file.
        Memory stays flat. Raises as `Query.save` does.
        """
        target = os.fspath(path)
        wanted = file_format(target, format)
        return await save_answer(
            self._client, Plan((self._request,)), wanted, target, partial(fetch_all, self._client)
        )

    @asynccontextmanager
    async def chunks(self, *, format: FileFormat = "csv") -> AsyncGenerator[ChunkChannel, None]:  # noqa: A002
        """Open a channel of the file's bytes as they arrive, in constant memory.

        After a cut the same bytes must come again, or it is ConnectionLost:
        what was received is never followed by bytes of another file.

            async with session.option.flat_file_eod(date="2024-11-04").chunks() as chunks:
                async for chunk in chunks:
                    print(len(chunk))
                    break
        """
        request = self._request
        ask = Ask(
            dialect.target_of(request, format),
            dialect.ACCEPT[format],
            counted=request.takes_slot,
            flat_file=request.flat_file,
            read_ahead=READ_AHEAD,
            about=request,
        )
        settled = request.is_settled(market_time.today())
        answer = Answer(self._client, ask, settled=settled, unit="pieces")
        try:
            if await answer.open():
                dialect.form_of(answer.content_type, format)  # refuses a web page
            yield ChunkChannel(answer)
        finally:
            await answer.aclose()
