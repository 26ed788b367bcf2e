"""Answers in pages, asked for one after the other, with one page in memory at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final, final

import msgspec
import trio

from thetatrio._rest.answer import Answer
from thetatrio._rest.client import Ask, RestClient
from thetatrio._rest.limiter import Lane
from thetatrio._rest.pages import Envelope, Replay, Trail, envelope_of, links_of
from thetatrio._rest.raw import ParameterValue, RawAnswer, target_of
from thetatrio.config import Config
from thetatrio.errors import ConnectionLost, EndOfChannel, ServerError, ThetaDataError

__all__ = ["PAGE_GONE", "Fetched", "PageChannel", "Pages", "open_pages"]

PAGE_GONE: Final = 477
"""The status of a page that the terminal no longer has."""
_OK: Final = 200
_NO_DATA: Final = 472
_JSON: Final = frozenset({"application/json", "text/json"})


class Fetched(msgspec.Struct, frozen=True):
    """One page, whole."""

    has_data: bool
    """Whether the terminal did not say that there is none."""
    content_type: str
    content: bytes
    envelope: Envelope | None
    """What JSON is made of; None for other forms, and for JSON that is no object."""


def is_json(content_type: str, content: bytes) -> bool:
    """Tell whether a page is JSON, by its type; by its look where the type says nothing."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in _JSON:
        return True
    return kind in ("", "application/octet-stream") and content.lstrip()[:1] == b"{"


@final
class Pages:
    """The pages of one answer in their order. A cancelled `fetch()` has taken nothing.

    Args:
        client: sends.
        first: what to send for the first page.
        lane: where the requests queue.
        ticket: their place there; None: the last.
    """

    def __init__(
        self, client: RestClient, first: Ask, lane: Lane = Lane.QUERY, ticket: int | None = None
    ) -> None:
        self._client = client
        self._first = first
        self._lane = lane
        self._ticket = ticket
        self.restarts: int = 0
        """How often it was begun again."""
        self._begin()

    def _begin(self) -> None:
        config: Config = self._client.config
        self._target: str | None = self._first.target
        self._trail = Trail(
            config.base_url, has_key=config.api_key is not None, first=self._first.target
        )
        self.fetched: int = 0
        """Pages since the beginning."""

    def restart(self) -> None:
        """Go back to the first page."""
        self.restarts += 1
        self._begin()

    async def fetch(self) -> Fetched | None:
        """Return the next page, whole; None after the last.

        Raises the error that the terminal answered with, ForeignPage and
        DecodeError for a link that is not followed.
        """
        if self._target is None:
            return None
        ask = msgspec.structs.replace(self._first, target=self._target)
        pieces: list[bytes] = []
        # Nothing of a page is used before it is whole: one that is cut is asked for again.
        answer = Answer(
            self._client,
            ask,
            settled=False,
            lane=self._lane,
            ticket=self._ticket,
            on_restart=pieces.clear,
        )
        try:
            has_data = await answer.open()
            while chunk := await answer.receive():
                pieces.append(chunk)
        finally:
            await answer.aclose()
        if not has_data and self.fetched:
            raise ServerError(
                "a page that the one before it named has no data", code=_NO_DATA, request=ask.about
            )
        content = b"".join(pieces)
        envelope = None
        if is_json(answer.content_type, content) and content.lstrip()[:1] == b"{":
            envelope = envelope_of(content)
        self._target = self._trail.follow(links_of(envelope, answer.next_page))
        self.fetched += 1
        return Fetched(has_data, answer.content_type, content, envelope)

    def may_restart(self, error: ThetaDataError) -> bool:
        """Tell whether an error means that pages have expired, and going back is right, once."""
        return error.code == PAGE_GONE and self.fetched > 0 and not self.restarts


@final
class PageChannel:
    """The pages of an answer as the terminal sent them. Made by `session.pages()`."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._turn = trio.Lock()
        self._given = 0
        self._replay = Replay()
        self._closed = False

    async def receive(self) -> RawAnswer:
        """Return the next page.

        Raises EndOfChannel after the last, ForeignPage for a link that leads
        elsewhere, ConnectionLost where pages expired and did not come again
        as they were, and the errors of any query.
        """
        async with self._turn:
            while not self._closed:
                try:
                    page = await self._pages.fetch()
                except ServerError as error:
                    if not self._pages.may_restart(error):
                        raise
                    self._pages.restart()
                    self._replay.restart()
                    continue
                if page is None:
                    if self._pages.fetched < self._given:
                        raise self._differ()
                    break
                # Of a page that comes again, its rows; its head tells the time it took.
                rows = page.envelope.rows if page.envelope is not None else b""
                new = self._replay.take(rows or page.content)
                if self._pages.fetched == self._given and not self._replay.is_whole:
                    raise self._differ()
                if new is None or (self._pages.fetched <= self._given and new):
                    raise self._differ()
                if self._pages.fetched > self._given:
                    self._given += 1
                    status = _OK if page.has_data else _NO_DATA
                    return RawAnswer(status, page.content_type, page.content)
        raise EndOfChannel("all pages have been received")

    @staticmethod
    def _differ() -> ConnectionLost:
        return ConnectionLost("the pages expired, and asked again, the terminal gave others")

    async def aclose(self) -> None:
        """End it. Leaving its block does it too."""
        self._closed = True

    def __aiter__(self) -> PageChannel:
        return self

    async def __anext__(self) -> RawAnswer:
        try:
            return await self.receive()
        except EndOfChannel:
            raise StopAsyncIteration from None


@asynccontextmanager
async def open_pages(
    client: RestClient, path: str, params: Mapping[str, ParameterValue]
) -> AsyncGenerator[PageChannel, None]:
    """Open a channel of the pages of a path that the library does not know."""
    target = target_of("pages", path, params)
    channel = PageChannel(Pages(client, Ask(target, about=target)))
    try:
        yield channel
    finally:
        await channel.aclose()
