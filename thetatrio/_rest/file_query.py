"""Flat files: a whole day of everything, kept or read as bytes, never as a list."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, final

import trio

from thetatrio._calls import AsyncIterationOnly, OnlyAFile, explain_calls
from thetatrio._files import local_path
from thetatrio._owner import OpenBlock, Owner
from thetatrio._rest.body import READ_AHEAD
from thetatrio._rest.client import RestClient
from thetatrio._rest.joined import JoinedBytes
from thetatrio._rest.reading import fetch_all
from thetatrio._rest.save import FileFormat, file_format, save_answer
from thetatrio.errors import EndOfChannel, ThetaDataError
from thetatrio.requests import Request
from thetatrio.rows import Row

if TYPE_CHECKING:
    from _typeshed import StrPath

__all__ = ["ChunkChannel", "FileQuery"]


@final
class ChunkChannel(AsyncIterationOnly):
    """The bytes of a flat file as they arrive. Made by `file_query.chunks()`."""

    def __init__(self, answers: JoinedBytes, owner: Owner) -> None:
        self._answers = answers
        self.block: OpenBlock = OpenBlock(owner, "bytes")
        """Where they can be received."""
        self._turn = trio.Lock()
        self._closed = False

    async def receive(self) -> bytes:
        """Return the next bytes, never none.

        Raises EndOfChannel after the last; ConnectionLost where the file was
        cut and what came before could not be shown to be the same again;
        SessionClosed after the query's block.
        """
        self.block.check()
        async with self._turn:
            chunk = await self._next()
        if not chunk:
            self.block.check_left()  # while this task waited
            raise EndOfChannel("all bytes have been received")
        return chunk

    async def _next(self) -> bytes:
        if self._closed:
            return b""
        try:
            return await self._answers.receive()
        except ThetaDataError:
            if self._closed:  # by another task, while this one waited
                return b""
            raise

    async def aclose(self) -> None:
        """End the request. Leaving the query's block does it too."""
        self._closed = True
        if not self.block.owner.is_foreign:
            await self._answers.aclose()

    def __aiter__(self) -> ChunkChannel:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self.receive()
        except EndOfChannel:
            raise StopAsyncIteration from None


@final
@explain_calls("query", "an operation of a session, such as session.option.flat_file_eod()")
class FileQuery(OnlyAFile):
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
        target = local_path(path, "save")
        wanted = file_format(target, format)
        client, whole = self._client, self._client.plan(self._request)
        client.check_open()
        return await save_answer(client, whole, wanted, target, partial(fetch_all, client))

    @asynccontextmanager
    async def chunks(self, *, format: FileFormat = "csv") -> AsyncGenerator[ChunkChannel, None]:  # noqa: A002
        """Open a channel of the file's bytes as they arrive, in constant memory.

        After a cut the same bytes must come again, or it is ConnectionLost:
        what was received is never followed by bytes of another file. A range of
        several answers is one after the other, CSV with one line of names.
        Raises InvalidRequest where JSON would hold several.

            async with session.option.flat_file_eod(date="2024-11-04").chunks() as chunks:
                async for chunk in chunks:
                    print(len(chunk))
                    break
        """
        client, whole = self._client, self._client.plan(self._request)
        client.check_open()
        fetch = partial(fetch_all, client)
        answers = JoinedBytes(client, whole, format, fetch, read_ahead=READ_AHEAD)
        try:
            await answers.open()
            channel = ChunkChannel(answers, client.owner)
            try:
                yield channel
            finally:
                channel.block.leave()
        finally:
            await answers.aclose()
