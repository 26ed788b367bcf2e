"""The REST side of a session: one request sent, and sent again where that is right."""

from __future__ import annotations

import datetime as dt
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar, final

import msgspec
import trio

from thetatrio import market_time
from thetatrio._nursery import raise_bare_interrupt
from thetatrio._owner import Owner
from thetatrio._rest import dialect_v2, dialect_v3
from thetatrio._rest.body import Body, DirectBody, PumpedBody, SpoolRoom, StartSoon
from thetatrio._rest.dialect import Dialect
from thetatrio._rest.limiter import Lane, Lease, Limiter
from thetatrio._rest.planner import Plan, plan
from thetatrio._rest.refusals import Lessons
from thetatrio._rest.retry import Fail, History, judge
from thetatrio.config import Config
from thetatrio.errors import SessionClosed, ThetaDataError
from thetatrio.market_time import parse_date
from thetatrio.requests import Request
from thetatrio.rows import Row
from thetatrio.rules import USUAL_FIRST_BYTE, first_byte_allowance

if TYPE_CHECKING:
    from thetatrio._rest.transport import HttpTransport, Reply, Transport

__all__ = ["Ask", "Opened", "RestClient"]

R = TypeVar("R", bound=Row)

OK: Final = 200
TOO_MANY_REQUESTS: Final = 429


class Ask(msgspec.Struct, frozen=True):
    """One GET request as the client sends it."""

    target: str
    """Path and query."""
    accept: str = "*/*"
    counted: bool = True
    """Whether it takes one of the vendor's slots."""
    flat_file: bool = False
    """Whether the vendor builds the answer while one waits."""
    read_ahead: int = 0
    """Pieces of up to 64 KiB that a task of the session's reads ahead, so that the reader may
    pause; 0 where the body is read by the task that asked."""
    about: object | None = None
    """The request it is sent for, for errors to carry."""


class Opened(msgspec.Struct, frozen=True):
    """An answer whose head has arrived."""

    status: int
    content_type: str
    body: Body | None
    """None where the terminal said that there is no data."""
    end_is_provable: bool = True
    next_page: str | None = None
    """What the head says of the page after this one."""


@final
class RestClient:
    """Limiter, transport and retries, joined. Owned by a session."""

    def __init__(
        self,
        config: Config,
        start_soon: StartSoon,
        http: HttpTransport | None,
        chance: random.Random,
        owner: Owner,
    ) -> None:
        self.config = config
        self.owner: Owner = owner
        """Who may use the session."""
        self.dialect: Dialect = dialect_v2 if config.api == "v2" else dialect_v3
        """What the terminal speaks."""
        self.limiter: Limiter = Limiter(config.effective_slots, config.effective_rate)
        self.spool_room: SpoolRoom = SpoolRoom(config.spool_limit)
        self.start_soon: StartSoon = start_soon
        """Starts a task that lives as long as the session."""
        self.closed_days: set[dt.date] = set()
        """Days that the terminal's calendar has called closed in this session."""
        self.lessons: Lessons = Lessons()
        """What the terminal's refusals have taught in this session."""
        self.listed: dict[tuple[object, ...], tuple[dt.date, ...]] = {}
        """Expirations that were listed, by symbol, day and kind of contracts."""
        self.option_roots: frozenset[str] | None = None
        """All roots of options, once they were listed."""
        self._http = http
        self._chance = chance
        self._transport: Transport | None = None
        self._closed = False

    @property
    def transport(self) -> Transport:
        """The way to the terminal, made when it is first needed."""
        if self._transport is None:
            from thetatrio._rest.transport import Transport

            self._transport = Transport(self.config, self._http)
        return self._transport

    @property
    def server(self) -> str:
        """What the terminal called itself in its last answer; empty before the first."""
        return self._transport.server if self._transport is not None else ""

    @property
    def is_v3(self) -> bool:
        """Whether the terminal speaks v3, which `thetatrio.rules` is about."""
        return self.dialect is dialect_v3

    def today(self) -> dt.date:
        """Return the terminal's day.

        Returns:
            New York's date; that of its market if the last answer came from a simulated terminal.
        """
        if self._transport is not None and self._transport.server == dialect_v3.SIMULATOR:
            with suppress(ValueError):
                return parse_date(self._transport.market_day)
        return market_time.today()

    def plan(self, request: Request[R]) -> Plan[R]:
        """Return the requests that a query sends, as far as is known; sends nothing."""
        learned = self.lessons if self.is_v3 else None
        return plan(request, self.closed_days, today=self.today(), learned=learned)

    def check_open(self) -> None:
        """Raise if the session cannot be used here.

        Raises:
            SessionClosed: The session has been closed, or this is a forked child.
            RuntimeError: Another event loop, or none, runs the caller.
        """
        if self._closed:
            self.owner.check_process()
            raise SessionClosed("the session has been closed; open another one")
        self.owner.check()

    def check_still_open(self) -> None:
        """Raise SessionClosed if the session has been closed, or this is a forked child.

        For whoever has passed check_open() with the same call.
        """
        if self._closed or self.owner.is_foreign:
            self.check_open()

    async def open(
        self, ask: Ask, history: History, lane: Lane = Lane.QUERY, ticket: int | None = None
    ) -> Opened:
        """Send a request, again where that is right, and return its answer's head and body.

        Args:
            ask: what to send.
            history: what this request has been through; brought up to date.
            lane: where it queues.
            ticket: its place there; None: the last.

        Raises the error that the terminal's answer means, or that the way to
        it met, once trying again would not be right.
        """
        # One ticket for all tries: who was first stays first through a retry.
        ticket = self.limiter.take_ticket() if ticket is None else ticket
        while True:
            self.check_open()
            lease = await self.limiter.acquire(lane, counted=ask.counted, ticket=ticket)
            try:
                return await self._attempt(ask, lease)
            except ThetaDataError as error:
                lease.release()
                await self.wait_before_retry(error, ask, history)
            except BaseException as error:
                lease.release()
                raise_bare_interrupt(error)
                raise

    async def wait_before_retry(self, error: ThetaDataError, ask: Ask, history: History) -> None:
        """Wait as long as is right before trying again; raise the error where that is not right."""
        self.check_open()
        if error.request is None:
            error.request = ask.about
        verdict = judge(
            error,
            history,
            now=trio.current_time(),
            policy=self.config.retry,
            chance=self._chance,
            answered=self.transport.answered,
            quick=not ask.flat_file,
            wait_for_terminal=self.config.wait_for_terminal,
        )
        if isinstance(verdict, Fail):
            if verdict.error is error:
                raise error
            raise verdict.error from error
        if error.code == TOO_MANY_REQUESTS:
            self.limiter.reduce_slots()
        if verdict.pause:
            self.limiter.pause(verdict.after)
        else:
            await trio.sleep(verdict.after)

    async def _attempt(self, ask: Ask, lease: Lease) -> Opened:
        config = self.config
        timeout = config.flat_file_timeout if ask.flat_file else config.first_byte_timeout
        if timeout is None:
            timeout = first_byte_allowance(getattr(ask.about, "operation", ""))
        reply = await self.transport.send(
            ask.target, accept=ask.accept, first_byte_timeout=timeout, on_sent=lease.sent
        )
        if reply.status == OK:
            body = (
                PumpedBody(reply, lease, self.spool_room, self.start_soon, ask.read_ahead)
                if ask.read_ahead
                else DirectBody(reply, lease)
            )
            return Opened(OK, reply.content_type, body, reply.end_is_provable, reply.next_page)
        return await self._without_data(ask, lease, reply)

    async def _without_data(self, ask: Ask, lease: Lease, reply: Reply) -> Opened:
        try:
            text = await reply.receive_text()
        finally:
            await reply.aclose()
        if reply.status != dialect_v3.NO_DATA:
            raise self.dialect.error_of(
                reply.status,
                text,
                request=ask.about,
                retry_after=reply.retry_after,
                redirect=reply.redirect,
            )
        lease.release()
        return Opened(reply.status, reply.content_type, None)

    async def ask_once(
        self, target: str, *, complete: bool = True
    ) -> tuple[int, str, ThetaDataError | None]:
        """Send a request past the limiter and without retries.

        For requests about the terminal itself: its status, and its end.

        Args:
            target: Path and query.
            complete: Whether the text of an answer with data has to be complete.

        Returns:
            The status; the text; and the error that they mean, or None with a status of 200.

        Raises:
            TransportError: The answer did not arrive.
        """
        self.check_open()
        reply = await self.transport.send(
            target,
            first_byte_timeout=self.config.first_byte_timeout or USUAL_FIRST_BYTE,
            on_sent=lambda: None,
        )
        try:
            text = await reply.receive_text(complete=complete and reply.status == OK)
        finally:
            await reply.aclose()
        if reply.status == OK:
            return OK, text, None
        error = self.dialect.error_of(reply.status, text, request=target, redirect=reply.redirect)
        return reply.status, text, error

    async def aclose(self) -> None:
        """Close all connections; whoever still reads gets SessionClosed."""
        self._closed = True
        self.limiter.close(SessionClosed("the session was left while this request waited"))
        if self._transport is not None:
            await self._transport.aclose()
