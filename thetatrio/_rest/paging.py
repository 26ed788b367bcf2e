"""Answers in pages, asked for one after the other, with one page in memory at a time."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final, Literal, final

import msgspec
import trio

from thetatrio._calls import AsyncIterationOnly
from thetatrio._owner import OpenBlock, Owner
from thetatrio._rest.answer import Answer
from thetatrio._rest.client import Ask, RestClient
from thetatrio._rest.decode import Form
from thetatrio._rest.dialect import Spelling, Translator
from thetatrio._rest.limiter import Lane
from thetatrio._rest.pages import Envelope, Replay, Trail, envelope_of, links_of
from thetatrio._rest.raw import ParameterValue, RawAnswer, target_of
from thetatrio._rest.retry import History
from thetatrio._secrets import drop_frames
from thetatrio.config import Config
from thetatrio.errors import (
    ConnectionLost,
    DecodeError,
    EndOfChannel,
    ServerError,
    TerminalError,
    ThetaDataError,
)

__all__ = ["PAGE_GONE", "Fetched", "PageChannel", "PagedAnswer", "Pages", "open_pages"]

PAGE_GONE: Final = 477
"""The status of a page that the terminal no longer has."""
_OK: Final = 200
_NO_DATA: Final = 472
_PIECE: Final = 1 << 16  # bytes given at once, as of any body
_JSON: Final = frozenset({"application/json", "text/json"})


class Fetched(msgspec.Struct, frozen=True):
    """One page, whole."""

    has_data: bool
    """Whether the terminal did not say that there is none."""
    content_type: str
    content: bytes
    envelope: Envelope | None
    """What JSON is made of; None for other forms, and for JSON that is no object."""

    def __repr__(self) -> str:
        return f"Fetched({len(self.content)} bytes)"  # a link in them may have a token


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
        expected: the format that was requested; None for pages of an unknown kind.
    """

    def __init__(
        self,
        client: RestClient,
        first: Ask,
        lane: Lane = Lane.QUERY,
        ticket: int | None = None,
        expected: Form | None = None,
    ) -> None:
        self._client = client
        self._first = first
        self._lane = lane
        self._ticket = ticket
        self._expected: Form | None = expected
        self.restarts: int = 0
        """How often it was begun again."""
        self._begin()

    def _begin(self) -> None:
        config: Config = self._client.config
        self._target: str | None = self._first.target
        self._last: str | None = None
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
        DecodeError for a link that is not followed; DecodeError after
        `max_pages` pages, if the last of them names another one.
        """
        if self._target is None:
            return None
        if self.fetched >= self._client.config.max_pages:
            request = self._first.about or self._first.target
            raise DecodeError(
                f"pagination does not end: page {self.fetched} (max_pages) links to another one;"
                " if the answer really has more pages, raise max_pages, else report it to whoever"
                f" runs the terminal or gateway (request: {request})",
                request=self._first.about,
            )
        self._last = None
        ask = msgspec.structs.replace(self._first, target=self._target, read_ahead=0)
        body = io.BytesIO()  # its repr does not show the bytes

        def restart() -> None:
            body.seek(body.truncate(0))

        # Nothing of a page is used before it is whole: one that is cut is asked for again.
        answer = Answer(
            self._client,
            ask,
            settled=False,
            lane=self._lane,
            ticket=self._ticket,
            on_restart=restart,
            expected=self._expected,
            is_parsed=True,
        )
        try:
            has_data = await answer.open()
            while body.write(await answer.receive()):
                pass
        finally:
            await answer.aclose()
        if not has_data and self.fetched:
            raise ServerError(
                "a page that the one before it named has no data", code=_NO_DATA, request=ask.about
            )
        try:
            page = self._page(body.getvalue(), answer, has_data=has_data)
        except ThetaDataError as error:
            drop_frames(error)  # they have the link, in which there may be a token
            raise
        self.fetched += 1
        return page

    def _page(self, content: bytes, answer: Answer, *, has_data: bool) -> Fetched:
        envelope = None
        if is_json(answer.content_type, content) and content.lstrip()[:1] == b"{":
            envelope = envelope_of(content)
        target = self._trail.follow(links_of(envelope, answer.next_page))
        self._last, self._target = self._target, target
        return Fetched(has_data, answer.content_type, content, envelope)

    def step_back(self) -> bool:
        """Ask for the last page again, whose content was an error; tell whether there is one."""
        if self._last is None:
            return False
        if self._target is not None:
            self._trail.step_back(self._target, self._last)
        self._target, self._last = self._last, None
        self.fetched -= 1
        return True

    def may_restart(self, error: ThetaDataError) -> bool:
        """Tell whether an error means that pages have expired, and going back is right, once."""
        return error.code == PAGE_GONE and self.fetched > 0 and not self.restarts


@final
class PageChannel(AsyncIterationOnly):
    """The pages of an answer as the terminal sent them. Made by `session.pages()`."""

    def __init__(self, pages: Pages, owner: Owner) -> None:
        self._pages = pages
        self.block: OpenBlock = OpenBlock(owner, "pages")
        """Where they can be received."""
        self._turn = trio.Lock()
        self._given = 0
        self._replay = Replay()
        self._closed = False

    async def receive(self) -> RawAnswer:
        """Return the next page.

        Raises EndOfChannel after the last, ForeignPage for a link that leads
        elsewhere, ConnectionLost where pages expired and did not come again
        as they were, SessionClosed after its block, and the errors of any query.
        """
        self.block.check()
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
        self.block.check_left()  # while this task waited
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
    client.check_open()
    channel = PageChannel(Pages(client, Ask(target, about=target)), client.owner)
    try:
        yield channel
    finally:
        channel.block.leave()
        await channel.aclose()


@final
class PagedAnswer:
    """An answer in pages as the bytes that a v3 terminal would have sent. As `Answer`.

    A slot is taken for one page at a time, and never while nobody reads. A
    `receive()` that is cancelled has taken nothing.
    """

    def __init__(
        self,
        client: RestClient,
        ask: Ask,
        spelling: Spelling,
        translator: Translator,
        *,
        settled: bool,
        lane: Lane = Lane.QUERY,
        ticket: int | None = None,
        on_restart: Callable[[], None] = lambda: None,
        unit: Literal["rows", "pieces"] = "rows",
    ) -> None:
        """Keep what is needed to ask, and to ask again; as `Answer`'s, and how pages are read."""
        self._client = client
        self._ask = ask
        self._targets = spelling.targets
        self._translator = translator
        self._settled = settled
        self._lane = lane
        self._ticket = ticket
        self._on_restart = on_restart
        self._unit = unit
        self._restarted = False
        self._ended = False
        self.content_type: str = translator.content_type
        self.delivered: int = 0
        """Rows or pieces made of these bytes that a user has in hand."""
        self._begin()

    def _begin(self) -> None:
        self._given = False
        self._number = 0
        self._ready = b""
        self._taken = 0
        self._has_head = False
        self._next_target()

    def _next_target(self) -> None:
        target = self._targets[self._number]
        ask = msgspec.structs.replace(self._ask, target=target.target)
        expected: Form = "csv" if ask.accept == "text/csv" else "json"
        self._pages = Pages(self._client, ask, self._lane, self._ticket, expected)
        self._replay = Replay()
        self._history = History()

    async def open(self) -> bool:
        """Send requests until there are rows; return whether there are any."""
        await self._fill()
        return bool(self._ready)

    async def receive(self) -> bytes:
        """Return the next bytes; none at the end.

        Raises the errors of any page; ConnectionLost where pages expired and
        did not come again as they were.
        """
        if self._taken == len(self._ready):
            await self._fill()
        piece = self._ready[self._taken : self._taken + _PIECE]
        self._taken += len(piece)
        self._given = self._given or bool(piece)
        return piece

    async def aclose(self) -> None:
        """End it: nothing is under way between pages."""
        self._ended = True
        self._ready = b""
        self._taken = 0

    async def _fill(self) -> None:
        """Ask for pages until one has new rows, or there are none left."""
        self._ready, self._taken = b"", 0
        while not self._ended and not self._ready:
            new = await self._next_rows()
            if new is None:
                self._ended = True
                if self._has_head:
                    self._ready = self._translator.tail()
            elif new:
                head = b"" if self._has_head else self._translator.head()
                self._has_head = True
                self._ready = head + new

    async def _next_rows(self) -> bytes | None:
        """Return the rows of the next page that were not there before; None at the end."""
        self._client.check_open()
        target = self._targets[self._number]
        try:
            page = await self._pages.fetch()
            if page is None:
                return self._end_of_target()
            rows = b""
            if page.has_data:
                rows = self._translator.rows(target, page.content_type, page.content, page.envelope)
        except DecodeError as error:
            drop_frames(error)  # they have the page, and a link in it may have a token
            raise
        except TerminalError as error:
            told = error
        else:
            return self._new(rows)
        await self._meet(told)
        return b""

    async def _meet(self, error: TerminalError) -> None:
        """Go on after an error of a page, or raise it."""
        if self._pages.may_restart(error) and not self._restarted:
            self._start_over(error)
        elif self._pages.step_back():
            # Told of in a page with a status of 200, so that nobody has judged it yet.
            await self._client.wait_before_retry(error, self._ask, self._history)
        else:
            raise error

    def _new(self, rows: bytes) -> bytes:
        new = self._replay.take(rows)
        if new is None:
            raise self._lost("asked again, the terminal gave other rows")
        return new

    def _end_of_target(self) -> bytes | None:
        if not self._replay.is_whole:
            raise self._lost("asked again, the terminal gave fewer rows")
        self._number += 1
        if self._number == len(self._targets):
            self._number -= 1
            return None
        self._next_target()
        return b""

    def _start_over(self, cause: ThetaDataError) -> None:
        self._restarted = True
        if not self.delivered:
            if self._given:  # else the reader may still be at another part of its query
                self._on_restart()
            self._begin()
            return
        if not self._settled:
            raise self._lost(
                "asked again it could differ: it is not about the settled past"
            ) from cause
        self._pages.restart()
        self._replay.restart()

    def _lost(self, why: str) -> ConnectionLost:
        return ConnectionLost(
            f"the pages expired; {self.delivered} {self._unit} had been delivered, and {why}",
            rows_delivered=self.delivered if self._unit == "rows" else 0,
            request=self._ask.about,
        )
