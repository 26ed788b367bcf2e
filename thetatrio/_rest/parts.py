"""A planned query's parts: several under way at a time, their bytes in order.

The part whose rows are due next goes first: it has the earliest ticket at the
limiter, with its retries and with what it is split into. The others run ahead
of it as far as their window allows, and no part is begun before the reader
comes near. One that fails ends the query, when its turn comes: what stands
before it is whole.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, Generic, Protocol, TypeVar, final

import trio

from thetatrio._rest import planner
from thetatrio._rest.answer import AnswerBytes
from thetatrio._rest.client import RestClient
from thetatrio._rest.limiter import UNCOUNTED_SLOTS
from thetatrio.errors import RequestTooLarge, SessionClosed, ThetaDataError
from thetatrio.requests import OptionListExpirations, OptionListStrikes, Request
from thetatrio.rows import Row

__all__ = ["WINDOW_BYTES", "Parts"]

R = TypeVar("R", bound=Row)

WINDOW_BYTES: Final = 16 << 20
"""Bytes that all parts of a query hold together, ahead of their reader."""
_PIECE: Final = 64 << 10


class _Lesson:
    """What a part that was too large has taught about those that follow."""

    def __init__(self) -> None:
        self.most_days: int | None = None
        self.splits: set[planner.Split] = set()
        self.expirations: list[dt.date] | None = None

    def learn(self, request: Request[Any], split: planner.Split) -> None:
        days = request.date_range
        if split == "date" and days is not None:
            half = ((days[1] - days[0]).days + 2) // 2
            self.most_days = half if self.most_days is None else min(self.most_days, half)
        else:
            self.splits.add(split)

    def split_of(self, request: Request[Any]) -> planner.Split | None:
        """Return what a request is known to need splitting by, before it is sent."""
        if self.most_days is None and not self.splits:
            return None
        split = planner.next_split(request)
        days = request.date_range
        if split == "date" and days is not None and self.most_days is not None:
            return split if (days[1] - days[0]).days >= self.most_days else None
        # By time depends on how busy one contract is, which says nothing of others.
        return split if split in self.splits and split != "time" else None


class MakeAnswer(Protocol[R]):
    """Makes the answer of one request, to be opened."""

    def __call__(
        self, request: Request[R], /, *, ticket: int, pieces: int, alone: bool
    ) -> AnswerBytes:
        """Return it.

        Args:
            request: what to send.
            ticket: its place at the limiter.
            pieces: how many it may hold ahead of its reader; 0 where it is read at once.
            alone: whether it is all of its query.
        """
        ...


@final
class Part(Generic[R]):
    """One request of a plan: sent, retried, or replaced by what it is split into."""

    def __init__(self, request: Request[R], ticket: int) -> None:
        self.request = request
        self.ticket = ticket
        self.answer: AnswerBytes | None = None
        self.has_data = False
        self.settled: trio.Event = trio.Event()
        """Set once it is open, has failed or has been replaced."""
        self.error: ThetaDataError | None = None
        self.replaced_by: list[Part[R]] | None = None
        self.begun = False
        self.queued: trio.Event = trio.Event()
        """Set once it has taken its place at the limiter, or never will."""


@final
class Parts(Generic[R]):
    """The parts of one query, as its reader goes through them.

    Args:
        client: sends.
        requests: what to send, in the order of the rows.
        make_answer: makes the answer of one request, to be read.
        fetch: asks for a list that splitting needs.
        ahead_alone: pieces that a query of one request holds ahead of its reader.
    """

    def __init__(
        self,
        client: RestClient,
        requests: Sequence[Request[R]],
        make_answer: MakeAnswer[R],
        fetch: Callable[[Request[Any]], Awaitable[list[Any]]],
        ahead_alone: int,
    ) -> None:
        self._client = client
        self._make_answer = make_answer
        self._fetch = fetch
        limiter = client.limiter
        self._waiting: deque[Part[R]] = deque(
            Part(request, limiter.take_ticket()) for request in requests
        )
        counted = any(request.takes_slot for request in requests)
        # More than may be in flight, so that a slot that is free is taken at once.
        self._ahead = (client.config.effective_slots if counted else UNCOUNTED_SLOTS) * 2 + 1
        self._lesson = _Lesson()
        self._scopes: set[trio.CancelScope] = set()
        self._running = 0
        self._idle = trio.Event()
        self._current: Part[R] | None = None
        self._last_queued: trio.Event | None = None
        # A query of one request is opened by the task that asked.
        self._ahead_alone = ahead_alone
        self._alone = len(self._waiting) == 1

    @property
    def is_several(self) -> bool:
        """Whether there is, or was found to be, more than one part."""
        return not self._alone

    @property
    def _pieces(self) -> int:
        if self._alone:
            return self._ahead_alone
        return max(1, WINDOW_BYTES // _PIECE // self._ahead)

    async def next_answer(self) -> tuple[Request[R], AnswerBytes] | None:
        """Return the next part's request and its answer, open and with data; None at the end.

        Raises what a part failed with.
        """
        await self._finish_current()
        while self._waiting:
            part = self._waiting[0]
            if self._alone:
                part.begun = True
                self._running += 1
                if self._ahead_alone:
                    await self._run(part)
                else:
                    # One task asks and reads: nobody else can end it, and a scope costs as much
                    # as 20 rows.
                    await self._settle(part)
            else:
                self._begin_some()
                await part.settled.wait()
            self._waiting.popleft()
            if part.replaced_by is not None:
                self._waiting.extendleft(reversed(part.replaced_by))
                continue
            if part.error is not None:
                raise part.error
            if part.answer is not None and part.has_data:
                self._current = part
                if not self._alone:
                    self._begin_some()
                return part.request, part.answer
            await self._close(part)
        return None

    async def aclose(self) -> None:
        """End all parts, and give their slots back."""
        if not self._running and self._current is None and not self._waiting:
            return
        for scope in self._scopes:
            scope.cancel()
        with trio.CancelScope(shield=True):  # all of it has just been cancelled
            while self._running:
                self._idle = trio.Event()
                await self._idle.wait()
            await self._finish_current()
            for part in self._waiting:
                await self._close(part)
            self._waiting.clear()

    async def _finish_current(self) -> None:
        part, self._current = self._current, None
        if part is not None:
            await self._close(part)

    @staticmethod
    async def _close(part: Part[R]) -> None:
        if part.answer is not None:
            await part.answer.aclose()

    def _begin_some(self) -> None:
        open_now = 1 if self._current is not None else 0
        for part in list(self._waiting)[: self._ahead - open_now]:
            if not part.begun:
                part.begun = True
                self._running += 1
                after, self._last_queued = self._last_queued, part.queued
                self._client.start_soon(partial(self._run, part, after))

    async def _run(self, part: Part[R], after: trio.Event | None = None) -> None:
        scope = trio.CancelScope()
        self._scopes.add(scope)
        try:
            with scope:
                await self._settle(part, after)
        finally:
            self._scopes.discard(scope)

    async def _settle(self, part: Part[R], after: trio.Event | None = None) -> None:
        error: ThetaDataError | None = SessionClosed("the session was left while this was asked")
        try:
            if after is not None:
                # Tasks begin in any order; slots are to be taken in that of the parts.
                await after.wait()
            # Nothing is waited for between here and its place at the limiter.
            part.queued.set()
            await self._open(part)
            error = None
        except ThetaDataError as reason:
            error = reason
        finally:
            part.error = error
            part.queued.set()
            self._running -= 1
            part.settled.set()
            self._idle.set()

    async def _open(self, part: Part[R]) -> None:
        split = self._lesson.split_of(part.request)
        if split is None:
            split = await self._try(part)
        if split is None:
            return
        self._alone = False
        pieces = await self._split(part.request, split)
        part.replaced_by = [Part(request, part.ticket) for request in pieces]

    async def _try(self, part: Part[R]) -> planner.Split | None:
        """Send a part; return what to split it by where the terminal finds it too large."""
        part.answer = answer = self._make_answer(
            part.request, ticket=part.ticket, pieces=self._pieces, alone=self._alone
        )
        try:
            part.has_data = await answer.open()
        except RequestTooLarge as error:
            await answer.aclose()
            part.answer = None
            split = planner.next_split(part.request)
            if split is None:
                raise _smallest(part.request, error) from error
            self._lesson.learn(part.request, split)
            return split
        return None

    async def _split(self, request: Request[R], split: planner.Split) -> list[Request[R]]:
        match split:
            case "date":
                return planner.by_date(request, self._lesson.most_days)
            case "expiration":
                return planner.by_expiration(request, await self._expirations(request))
            case "strike":
                return planner.by_strike(request, await self._strikes(request))
            case "right":
                return planner.by_right(request)
            case "time":
                return planner.by_time(request)

    async def _expirations(self, request: Request[R]) -> Sequence[dt.date]:
        if self._lesson.expirations is None:
            listed = await self._fetch(OptionListExpirations(getattr(request, "symbol", "")))
            self._lesson.expirations = [row.expiration for row in listed]
        return self._lesson.expirations

    async def _strikes(self, request: Request[R]) -> Sequence[float]:
        symbol, expiration = getattr(request, "symbol", ""), getattr(request, "expiration", "")
        listed = await self._fetch(OptionListStrikes(symbol, expiration=expiration))
        return [row.strike for row in listed]


def _smallest(request: Request[Any], error: RequestTooLarge) -> RequestTooLarge:
    shown = ", ".join(
        f"{name}={value}"
        for name in request.__struct_fields__
        if (value := getattr(request, name)) is not None
    )
    return RequestTooLarge(
        f"{request.operation}({shown}) cannot be split any further, and the terminal still finds"
        f" it too large: {error}",
        code=error.code,
        request=request,
    )
