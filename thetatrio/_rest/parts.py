"""A planned query's parts: several under way at a time, their bytes in order.

The part whose rows are due next goes first: it has the earliest ticket at the
limiter, with its retries and with what it is split into. The others run ahead
of it as far as their window allows, and no part is begun before the reader
comes near. One that fails ends the query, when its turn comes: what stands
before it is whole.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, Generic, Literal, Protocol, TypeVar, final

import trio

from thetatrio import market_time
from thetatrio._nursery import run_together
from thetatrio._rest import planner
from thetatrio._rest.answer import Answer, AnswerBytes
from thetatrio._rest.client import RestClient
from thetatrio._rest.held_answer import HeldAnswer
from thetatrio._rest.limiter import UNCOUNTED_SLOTS
from thetatrio._rest.newest_reports import NewestReports, has_twins
from thetatrio._rest.refusals import Refusal, classify, reaction_to
from thetatrio._rest.retry import is_about_wildcard
from thetatrio.contracts import without_share_class_mark
from thetatrio.errors import (
    ConnectionLost,
    InvalidRequest,
    ReadTimeout,
    RequestTooLarge,
    ServerError,
    SessionClosed,
    SlowConsumer,
    ThetaDataError,
)
from thetatrio.requests import (
    OptionListContracts,
    OptionListExpirations,
    OptionListStrikes,
    OptionListSymbols,
    Request,
)
from thetatrio.rows import Row

__all__ = ["WINDOW_BYTES", "Parts", "resolve"]

R = TypeVar("R", bound=Row)

WINDOW_BYTES: Final = 16 << 20
"""Bytes that all parts of a query hold together, ahead of their reader."""
_PIECE: Final = 64 << 10
BAD_REQUEST: Final = 400
MAX_REACTIONS: Final = 4
"""Refusals that a request is split for, one after the other; the next one is an error."""
_LISTED_TOGETHER: Final = 16

_logger = logging.getLogger("thetatrio")


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

    def __init__(self, request: Request[R], ticket: int, reactions: int = 0) -> None:
        self.request = request
        self.reactions = reactions
        """Refusals that have led to this request."""
        self.refusal: Refusal | None = None
        """The refusal that it is split for."""
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
        plan: what to send, in the order of the rows.
        make_answer: makes the answer of one request, to be read.
        fetch: asks for a list that splitting needs.
        ahead_alone: pieces that a query of one request holds ahead of its reader.
        keeps_bytes: whether the terminal's bytes are what is wanted, duplicates included.
    """

    def __init__(
        self,
        client: RestClient,
        plan: planner.Plan[R],
        make_answer: MakeAnswer[R],
        fetch: Callable[[Request[Any]], Awaitable[list[Any]]],
        *,
        ahead_alone: int,
        keeps_bytes: bool = False,
    ) -> None:
        self._client = client
        config = client.config
        self._newest_only = client.is_v3 and config.eod_duplicates == "newest" and not keeps_bytes
        self._make_answer = make_answer
        self._fetch = fetch
        limiter = client.limiter
        requests = plan.requests
        if len(requests) > client.config.max_requests:
            raise _too_many(client, plan, len(requests))
        self._unresolved = plan if plan.unresolved else None
        self._first = requests[0] if requests else None
        self._planned = len(requests)
        self._had_data = False
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
        if self._unresolved is not None:
            await self._resolve(self._unresolved)
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
                self._had_data = True
                self._current = part
                if not self._alone:
                    self._begin_some()
                return part.request, part.answer
            await self._close(part)
        if not self._had_data and self._first is not None:
            await self._check_root(self._first)
        return None

    async def _check_root(self, request: Request[R]) -> None:
        """Raise InvalidRequest if there is no data since an option's root is spelled otherwise.

        Roots have no mark of a share class: options of BRK.B are under BRKB, and BRK.B has no
        data, which a terminal reports as it does a day without trades.
        """
        symbol: object = getattr(request, "symbol", None)
        if not isinstance(symbol, str) or not request.operation.startswith("option_"):
            return
        plain = without_share_class_mark(symbol)
        if plain == symbol or not self._client.is_v3:
            return
        if self._client.option_roots is None:
            listed = await self._fetch(OptionListSymbols())
            self._client.option_roots = frozenset(row.symbol for row in listed)
        roots = self._client.option_roots
        same = sorted(root for root in roots if without_share_class_mark(root) == plain)
        if same and symbol not in roots:
            raise InvalidRequest(
                f"{request.operation}: the terminal has no options of root {symbol!r}; those of"
                f" that share class are under {' or '.join(map(repr, same))}",
                request=request,
            )

    async def _resolve(self, plan: planner.Plan[R]) -> None:
        resolved = await resolve(self._client, plan, self._fetch)
        self._unresolved = None
        self._waiting = deque(
            Part(request, self._client.limiter.take_ticket()) for request in resolved.requests
        )
        self._alone = len(self._waiting) == 1

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
        lessons = self._client.lessons
        if (
            not lessons.is_empty
            and self._of_a_range(part)
            and lessons.is_not_made(part.request, trio.current_time())
        ):
            return  # left out, as was logged
        split = self._lesson.split_of(part.request)
        if split is None:
            split = self._learned_split(part)
        if split is None:
            split = await self._try(part)
        if split is None:
            return
        self._alone = False
        pieces = await self._split(part, split)
        reactions = part.reactions + (part.refusal is not None)
        part.replaced_by = [Part(request, part.ticket, reactions) for request in pieces]

    def _learned_split(self, part: Part[R]) -> planner.Split | None:
        """Return what a refusal of another request has taught about this one."""
        lessons = self._client.lessons
        if lessons.is_empty or not self._client.is_v3:
            return None
        request = part.request
        if planner.needs_expirations(request, self._client.today(), lessons):
            part.refusal = Refusal("expiration")
            return "expiration"
        most, days = lessons.most_days(request), request.date_range
        if most is None or days is None or (days[1] - days[0]).days < most:
            return None
        part.refusal = Refusal("days", most)
        return "date" if "start_date" in request.__struct_fields__ else None

    async def _try(self, part: Part[R]) -> planner.Split | None:
        """Send a part; return what to split it by if the terminal does not answer it as it is."""
        part.answer = answer = self._make_answer(
            part.request, ticket=part.ticket, pieces=self._pieces, alone=self._alone
        )
        days = part.request.date_range
        is_held = days is not None and days[0] < days[1] and planner.has_wildcard(part.request)
        sent = answer
        if is_held and isinstance(answer, Answer):
            part.answer = answer = HeldAnswer(answer, self._client.spool_room)
        if self._newest_only and has_twins(part.request):
            chain = sent.chain_restart if answer is sent and isinstance(sent, Answer) else None
            part.answer = answer = NewestReports(answer, part.request.operation, chain)
        try:
            part.has_data = await answer.open()
        except (InvalidRequest, ServerError, ConnectionLost, ReadTimeout, SlowConsumer) as error:
            split = self._split_for(part, error, is_held=is_held)
            await answer.aclose()
            part.answer = None
            return split
        return None

    def _split_for(
        self, part: Part[R], error: ThetaDataError, *, is_held: bool
    ) -> planner.Split | None:
        """Return what a part is split by, since it failed; None if it is left out.

        Raises the error if nothing makes smaller requests of it.
        """
        request = part.request
        if isinstance(error, RequestTooLarge):
            split = planner.next_split(request)
            if split is None:
                raise _smallest(request, error) from error
            self._lesson.learn(request, split)
            return split
        days, today = request.date_range, self._client.today()
        of_today = days is not None and days[1] >= today
        refusal = self._refusal_in(error, is_held=is_held)
        if refusal is None:
            raise error
        is_late = refusal.wanted == "past_day" and days is not None and days[0] >= today
        if is_late and self._of_a_range(part):
            self._note_left_out(request, today, error)
            return None
        split = reaction_to(request, refusal)
        if split is None or part.reactions >= MAX_REACTIONS:
            raise error
        if isinstance(error, InvalidRequest) or is_held:
            self._client.lessons.learn(request, refusal, of_today=of_today)
        part.refusal = refusal
        return split

    def _note_left_out(self, request: Request[R], today: dt.date, error: ThetaDataError) -> None:
        if self._client.lessons.note_not_made(request, today, trio.current_time()):
            _logger.warning(
                "%s: %s is left out, since the terminal has no data of the current day yet: %s",
                request.operation,
                today,
                " ".join(getattr(error, "terminal_text", "").split()),
            )

    def _refusal_in(self, error: ThetaDataError, *, is_held: bool) -> Refusal | None:
        """Return what a failure asks for; None if it is to be raised."""
        if not self._client.is_v3:
            return None
        if isinstance(error, InvalidRequest):
            return classify(error.terminal_text) if error.code == BAD_REQUEST else None
        if is_about_wildcard(error):
            return Refusal("expiration")
        return Refusal("day", 1) if is_held else None

    def _of_a_range(self, part: Part[R]) -> bool:
        """Return whether a part is about some of a query's days: the others are delivered."""
        return self._planned > 1 or part.reactions > 0

    async def _split(self, part: Part[R], split: planner.Split) -> list[Request[R]]:
        request = part.request
        match split:
            case "date":
                if part.refusal is None:
                    return planner.by_date(request, self._lesson.most_days)
                today = self._client.today()
                pieces = planner.before_and_from(request, today)
                if part.refusal.wanted == "past_day" and len(pieces) > 1:
                    return pieces
                return planner.by_date(request, part.refusal.most_days)
            case "expiration":
                if self._client.is_v3 and request.date_range is not None:
                    return await by_listed_expiration(self._client, request, self._fetch)
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


async def resolve(
    client: RestClient,
    plan: planner.Plan[R],
    fetch: Callable[[Request[Any]], Awaitable[list[Any]]],
) -> planner.Plan[R]:
    """Return a plan in which each request is known.

    Args:
        client: Sends.
        plan: What is known so far.
        fetch: Returns the rows of a list.

    Raises:
        InvalidRequest: There are more requests than `max_requests`. No data was requested.
    """
    if not plan.unresolved:
        if len(plan.requests) > client.config.max_requests:
            raise _too_many(client, plan, len(plan.requests))
        return plan
    found: list[Request[R]] = []
    for place in range(0, len(plan.requests), _LISTED_TOGETHER):
        some = plan.requests[place : place + _LISTED_TOGETHER]
        today, learned = client.today(), client.lessons
        needs = [planner.needs_expirations(request, today, learned) for request in some]
        listed = iter(
            await run_together(
                [
                    partial(by_listed_expiration, client, request, fetch)
                    for request, is_needed in zip(some, needs, strict=True)
                    if is_needed
                ]
            )
        )
        for request, is_needed in zip(some, needs, strict=True):
            found += next(listed) if is_needed else [request]
        left = len(plan.requests) - place - len(some)
        if len(found) + left > client.config.max_requests:
            raise _too_many(client, plan, len(found) + left, at_least=left > 0)
    return planner.Plan(tuple(found), plan.left_out)


async def by_listed_expiration(
    client: RestClient,
    request: Request[R],
    fetch: Callable[[Request[Any]], Awaitable[list[Any]]],
) -> list[Request[R]]:
    """Return a request about all expirations as one for each that was listed on its days.

    Those that expire years later, and those that were not listed yet, would each cost a request
    that has no data.
    """
    days = request.date_range
    if days is None:
        return [request]
    found: set[dt.date] = set()
    day = days[0]
    while day <= days[1]:
        if not market_time.is_weekend(day) or days[0] == days[1]:
            found.update(await _listed_on(client, request, day, fetch))
        day += dt.timedelta(1)
    return planner.by_expiration(request, sorted(found))


async def _listed_on(
    client: RestClient,
    request: Request[Any],
    day: dt.date,
    fetch: Callable[[Request[Any]], Awaitable[list[Any]]],
) -> tuple[dt.date, ...]:
    """Return the expirations that had contracts on a day, in order."""
    symbol: str = getattr(request, "symbol", "")
    most: int | None = getattr(request, "max_dte", None)
    today = client.today()
    # Today's trades are not all there yet.
    kind: Literal["trade", "quote"] = "trade" if request.tick and day < today else "quote"
    key = (symbol, day, kind, most)
    known = client.listed.get(key)
    if known is not None:
        return known
    contracts = await fetch(OptionListContracts(symbol, request_type=kind, date=day, max_dte=most))
    found = {contract.expiration for contract in contracts}
    if not found and day >= today:  # not listed before the day has ended
        found = {row.expiration for row in await fetch(OptionListExpirations(symbol))}
    alive = sorted(
        expiration
        for expiration in found
        if expiration >= day and (most is None or (expiration - day).days <= most)
    )
    if alive and day < today:
        client.listed[key] = tuple(alive)
    return tuple(alive)


def _too_many(
    client: RestClient, plan: planner.Plan[Any], count: int, *, at_least: bool = False
) -> InvalidRequest:
    request = plan.requests[0]
    some = "at least " if at_least else ""
    return InvalidRequest(
        f"{request.operation}: {some}{count} requests would be sent, more than max_requests"
        f" ({client.config.max_requests}); request fewer days, give an expiration or max_dte, or"
        " raise max_requests",
        request=request,
    )
