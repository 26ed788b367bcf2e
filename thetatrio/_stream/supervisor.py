"""What keeps the stream up: connect, subscribe, watch, reconnect, report losses."""

from __future__ import annotations

import copy
import logging
import math
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult

import trio

from thetatrio._secrets import redact
from thetatrio._stream.command_numbers import COMMAND_NUMBERS
from thetatrio._stream.dialect import Dialect
from thetatrio._stream.fast_lane import READ_SIZE, READ_SIZE_MANY
from thetatrio._stream.loss_log import warn_of_loss
from thetatrio._stream.losses import Losses
from thetatrio._stream.roster import Roster
from thetatrio._stream.router import Router
from thetatrio._stream.states import States, StreamState, StreamStatistics
from thetatrio._stream.subscribing import Subscriber, Waiter
from thetatrio._stream.subscriptions import SUBSCRIBED, Command, Subscriptions, Word
from thetatrio._stream.wire import Answer, Key
from thetatrio.config import Config
from thetatrio.errors import (
    AuthenticationFailed,
    ConnectTimeout,
    InvalidConfig,
    ProtocolError,
    ReconnectGaveUp,
    SessionClosed,
    TerminalError,
    ThetaDataError,
    TLSError,
)
from thetatrio.events import AnyTopic

if TYPE_CHECKING:
    from thetatrio._stream.connection import Connection, Dial

__all__ = ["REMOVED_PER_SECOND", "Supervisor", "closed", "time_to_leave"]

_LOGGER: Final = logging.getLogger("thetatrio.stream")

_CONNECTED: Final = "CONNECTED"
LONGEST_HOLD: Final = 1.0
"""Seconds without reading after which a terminal may have dropped data."""
WARN_OF_HOLDS_EACH: Final = 60.0
UPSTREAM_AFTER: Final = 5.0
"""Seconds after an acknowledgement in which a terminal may have no upstream. After a cold start it
is there after about one."""
REMOVED_PER_SECOND: Final = 500
"""Subscriptions that the slowest terminal removes in a second; live ones answer 8,000 requests."""
_MANY_LANES: Final = 16
_LONGEST_RETRY_AFTER: Final = 120.0
_FATAL: Final = (AuthenticationFailed, InvalidConfig, ProtocolError, TLSError)


def time_to_leave(config: Config, subscriptions: int) -> float:
    """Return how many seconds leaving a session may take with so many subscriptions."""
    return config.close_timeout + subscriptions // REMOVED_PER_SECOND


class Supervisor:
    """One socket of a session's stream, over all its connections.

    Args:
        config: all times and bounds.
        start_soon: starts a background task of the session.
        dial: opens the bytes of a connection; None: TCP.
        chance: the source of jitter.
        url: where it is.
        dialect: what is spoken there.
        states: told how it is.
        room: where reading waits for feeds that block; shared with the session's other sockets.
    """

    def __init__(
        self,
        config: Config,
        start_soon: Callable[[Callable[[], Awaitable[object]]], None],
        dial: Dial | None,
        chance: random.Random,
        *,
        url: SplitResult,
        dialect: Dialect,
        states: States,
        room: trio.lowlevel.ParkingLot,
    ) -> None:
        self._config = config
        self._start_soon = start_soon
        self._dial = dial
        self._chance = chance
        self._url = url
        self._dialect = dialect
        self._states = states
        self._router = Router(self._arrived_at, self._on_answer, self._on_status, dialect)
        self._subscriptions = Subscriptions(COMMAND_NUMBERS)
        self._roster = Roster(self._router, room)
        self._losses = Losses(self._roster)
        self._waiters: dict[Key, list[Waiter]] = {}
        self._scope = trio.CancelScope(shield=True)
        self._running = False
        self._closed = False
        # Set when the task that serves the connection has something to look at.
        self._stirred = trio.Event()
        self._room = room
        self._warned_of_hold_at = -math.inf
        self._connection: Connection | None = None
        self._is_open = False
        self._opened_at = 0.0
        self._upstream = ""
        self._upstream_lost = False
        # Whether this connection has had upstream, and until when it may be without any though
        # subscriptions were accepted.
        self._had_upstream = False
        self._upstream_due = math.inf
        self._connections = 0
        self._bytes = 0

    # The book, for subscribers

    def check(self, topics: Iterable[AnyTopic]) -> None:
        """Raise InvalidRequest for what this stream cannot have."""
        self._dialect.check(topics)

    def attach(self, subscriber: Subscriber) -> None:
        """Route events to a new subscriber, in one lane with those who want the same."""
        if self._closed:
            raise closed()
        lane = self._roster.add(subscriber)
        if self._upstream_lost:
            lane.lose(_upstream_reason(self._upstream))  # nothing comes until it is back

    def detach(self, subscriber: Subscriber) -> None:
        """Route no more events to a subscriber."""
        self._roster.remove(subscriber)

    def change(self, subscriber: Subscriber, topics: tuple[AnyTopic, ...]) -> None:
        """Route other events to a subscriber, which has a lane of its own from now on."""
        self._roster.move(subscriber, topics)
        self._stir()

    def acquire(self, keys: Sequence[Key]) -> Waiter:
        """Want subscriptions; the waiter is settled by the terminal's word on each."""
        if self._closed:
            raise closed()
        waiter = Waiter(keys)
        self._subscriptions.acquire(keys)
        for key in keys:
            word = self._subscriptions.word_on(key)
            if word is None:
                self._waiters.setdefault(key, []).append(waiter)
            else:
                waiter.settle(word)
        if not self._running and keys:
            self._running = True
            self._start_soon(self.run)
        self._stir()
        self._roster.make_room()
        return waiter

    def release(
        self, keys: Sequence[Key], waiter: Waiter | None = None, *, leaving: bool = False
    ) -> None:
        """Want subscriptions no longer."""
        if waiter is not None:
            for key in keys:
                waiting = self._waiters.get(key, [])
                if waiter in waiting:
                    waiting.remove(waiter)
                    if not waiting:
                        del self._waiters[key]
            if waiter.is_void:
                return
        untold = leaving and not self._config.unsubscribe_on_exit
        self._subscriptions.release(keys, untold=untold)
        if keys:
            self._stir()

    # Its life

    async def run(self) -> None:
        """Keep connected while anything is wanted; ends with `aclose`."""
        # Shielded: whoever cancels the session, the goodbye is still said; aclose() ends this.
        with self._scope:
            while True:
                while not self._subscriptions.keys:
                    await self._stirred.wait()
                    self._stirred = trio.Event()
                await self._stay_connected()

    async def aclose(self) -> None:
        """Unsubscribe from everything, close the connection and end all feeds.

        Takes `time_to_leave` at most. Logs how many subscriptions may remain at the terminal.
        """
        self._closed = True
        for subscriber in self._roster.subscribers:
            subscriber.fail(closed)
            self.detach(subscriber)  # one that is full must not keep the terminal's goodbye away
        for waiter in self._all_waiters():
            waiter.fail(closed)
        connection = self._connection
        unsubscribe = self._config.unsubscribe_on_exit
        active = self._subscriptions.active
        removals = self._subscriptions.removals() if unsubscribe else []
        all_read = False
        why = "leaving was interrupted"
        try:
            if connection is None or not self._is_open:
                why = "the stream was not connected"
            else:
                limit = time_to_leave(self._config, active if unsubscribe else 0)
                with trio.move_on_after(limit) as scope:
                    all_read = await connection.goodbye(self._dialect.texts(removals, ()))
                if scope.cancelled_caught:
                    why = f"the terminal did not confirm within {limit:g} s"
                elif not all_read:
                    why = f"the connection ended first: {connection.lane.reason or 'closed'}"
                else:
                    why = "the terminal answered ERROR"
        finally:
            self._scope.cancel()
            if unsubscribe:
                self._warn_of(self._subscriptions.may_remain(all_read=all_read), active, why)
            if connection is not None:
                # Ends at once: nothing is waited for.
                with trio.move_on_after(self._config.close_timeout, shield=True):
                    await connection.lane.aclose_forcefully()

    def time_to_leave(self) -> float:
        """Return how many seconds leaving may take, with the subscriptions that are active now."""
        unsubscribes = self._config.unsubscribe_on_exit
        return time_to_leave(self._config, self._subscriptions.active if unsubscribes else 0)

    def _warn_of(self, count: int, of: int, why: str) -> None:
        """Log that subscriptions may remain at the terminal."""
        if count:
            warn_of_loss(
                "the stream at %s: %d of %d subscriptions may remain at the terminal and count"
                " against the account's limit until it is restarted (%s)",
                self._url.geturl(), count, of, why,
            )  # fmt: skip

    def disown(self) -> None:
        """Stop in a forked child: nothing is sent, and the parent's connection stays open."""
        self._closed = True
        self._scope.cancel()

    def fail(self, error: ThetaDataError) -> None:
        """End all feeds with an error; each reader gets one of its own."""

        def copied() -> Exception:
            return copy.copy(error)

        self._set_state(StreamState(name="failed", reason=str(error)))
        self._subscriptions.forget()
        for waiter in self._all_waiters():
            waiter.fail(copied)
        self._waiters.clear()
        for subscriber in self._roster.subscribers:
            subscriber.fail(copied)
            self.detach(subscriber)

    def _all_waiters(self) -> Iterable[Waiter]:
        return dict.fromkeys(waiter for waiters in self._waiters.values() for waiter in waiters)

    async def _stay_connected(self) -> None:
        """Connect, and connect again, until nothing is wanted or there is no use."""
        failures = 0
        began = trio.current_time()
        while self._subscriptions.keys:
            self._set_state(StreamState(name="connecting", attempt=failures + 1))
            opened_before = self._connections
            failure: ThetaDataError | None = None
            try:
                reason = await self._live()
            except ThetaDataError as error:
                failure = error
                reason = str(error)
            now = trio.current_time()
            if self._connections > opened_before:
                self._lose(reason)
                began = now
                # One that does not last is a failed attempt, unless it was the first.
                failures = 0 if self._was_stable(now) or opened_before == 0 else failures + 1
            else:
                failures += 1
            fatal = self._fatal(failure, failures, now - began, reason)
            if fatal is not None:
                self.fail(fatal)
                return
            delay = self._delay(failures, failure)
            self._set_state(
                StreamState(name="reconnecting", attempt=failures + 1, delay=delay, reason=reason)
            )
            await trio.sleep(delay)
        self._set_state(StreamState(name="idle"))
        active = self._subscriptions.active
        if self._config.unsubscribe_on_exit and not self._closed:
            self._warn_of(active, active, "the connection ended before they were removed")

    def _fatal(
        self, failure: ThetaDataError | None, failures: int, elapsed: float, reason: str
    ) -> ThetaDataError | None:
        """Return what to end all feeds with, or None where another attempt is worth it."""
        if isinstance(failure, _FATAL):
            return failure
        if self._connections == 0:
            return failure if elapsed >= self._config.wait_for_terminal else None
        policy = self._config.reconnect
        too_often = policy.max_attempts is not None and failures >= policy.max_attempts
        if too_often or (policy.max_elapsed is not None and elapsed >= policy.max_elapsed):
            words = f"the stream did not come back in {failures} attempts; the last one: {reason}"
            return ReconnectGaveUp(words, attempts=failures)
        return None

    def _was_stable(self, now: float) -> bool:
        lane = self._connection.lane if self._connection is not None else None
        until = now if lane is None else min(now, lane.message_at)
        return until - self._opened_at >= self._config.reconnect.stable

    def _delay(self, failures: int, failure: ThetaDataError | None) -> float:
        policy = self._config.reconnect
        # A connection that was up and is lost is no failure: the first wait is from `base`.
        doublings = min(failures if self._connections else failures - 1, 64)
        delay = self._chance.uniform(0, min(policy.cap, policy.base * 2.0**doublings))
        if isinstance(failure, TerminalError) and failure.retry_after is not None:
            delay = max(delay, min(failure.retry_after, _LONGEST_RETRY_AFTER))
        return delay

    async def _live(self) -> str:
        """Live through one connection; return why it ended. Raises what kept it from opening."""
        # Here, since importing it takes longer than importing all of thetatrio.
        from thetatrio._stream.connection import (
            Connection,
            dial_tcp,
            handshake_headers,
            open_stream,
        )

        config = self._config
        deadline = trio.current_time() + config.connect_timeout
        stream: trio.abc.Stream | None = None
        with trio.CancelScope(deadline=deadline):
            stream = await open_stream(self._url, config, self._dial or dial_tcp)
        if stream is None:
            tls = ", and does it speak TLS" if self._url.scheme == "wss" else ""
            raise ConnectTimeout(
                f"no connection to the stream of Theta Terminal at {self._url.netloc} within"
                f" connect_timeout ({config.connect_timeout:g} s); is it running{tls}?"
            )
        connection = self._connection = Connection(
            stream,
            self._url,
            config,
            deliver=self._router.deliver,
            take=self._router.take,
            room=self._wait_for_room,
            read_size=self._read_size,
            headers=handshake_headers(config, self._url),
            beats=self._dialect.beats,
        )
        try:
            return await connection.run(self._serve, self._on_open, deadline)
        finally:
            self._is_open = False
            self._bytes += connection.lane.bytes_read

    def _read_size(self) -> int:
        return READ_SIZE if len(self._router.lanes) <= _MANY_LANES else READ_SIZE_MANY

    # While it is open

    def _on_open(self) -> None:
        now = trio.current_time()
        self._is_open = True
        self._opened_at = now
        self._upstream = ""
        self._upstream_lost = False
        self._had_upstream = False
        self._upstream_due = math.inf
        self._connections += 1
        self._losses.returned(now)
        self._set_state(StreamState(name="live"))

    async def _serve(self, connection: Connection) -> None:
        """Tell the terminal what is wanted; look after answers and gaps that are due."""
        timeout = self._config.ack_timeout
        while True:
            self._stirred = trio.Event()
            now = trio.current_time()
            for word in self._subscriptions.expired(now, timeout):
                self._settle(word)
            for word in self._subscriptions.held_too_long(now, self._config.subscribe_timeout):
                self._settle(word)
            if self._upstream_due <= now:
                self._miss_upstream()
            # A terminal without upstream takes subscriptions, and has nothing to send yet.
            has_data = self._upstream in ("", _CONNECTED)
            next_gap = self._losses.close_gaps(now) if has_data else None
            had_and_lost = self._had_upstream and self._upstream_lost
            commands = self._subscriptions.commands(now, has_upstream=not had_and_lost)
            if commands:
                await self._tell(connection, commands)
                continue
            next_answer = self._subscriptions.next_deadline(timeout)
            due = [each for each in (next_gap, next_answer) if each is not None]
            due += [
                self._subscriptions.next_retry(),
                self._subscriptions.next_hold_end(self._config.subscribe_timeout),
                self._upstream_due,
            ]
            with trio.CancelScope(deadline=min(due, default=math.inf)):
                await self._stirred.wait()

    async def _tell(self, connection: Connection, commands: Sequence[Command]) -> None:
        texts = self._dialect.texts(commands, self._subscriptions)
        if texts:
            await connection.send(texts)
        if not self._dialect.acknowledges and not connection.lane.ended.is_set():
            for command in commands:
                self._on_answer(Answer(command.number, SUBSCRIBED))

    def _stir(self) -> None:
        self._stirred.set()

    def _on_answer(self, answer: Answer) -> None:
        word = self._subscriptions.answered(answer, trio.current_time())
        if word is not None:
            self._settle(word)
        self._stir()

    def _settle(self, word: Word) -> None:
        now = trio.current_time()
        for waiter in self._waiters.pop(word.key, ()):
            waiter.settle(word)
        if self._losses.settle(word, now):
            self._stir()
        is_without = self._upstream not in ("", _CONNECTED) and not self._had_upstream
        if word.accepted and is_without and not self._upstream_lost:
            self._upstream_due = min(self._upstream_due, now + UPSTREAM_AFTER)
            self._stir()

    def _miss_upstream(self) -> None:
        """Report that subscriptions are accepted, and that nothing can come of them."""
        self._upstream_due = math.inf
        if self._upstream in ("", _CONNECTED):
            return
        self._upstream_lost = True
        reason = (
            f"the terminal accepts subscriptions, and has no connection to the vendor's stream"
            f" ({redact(self._upstream)}) {UPSTREAM_AFTER:g} s later: its login may be refused"
            " (see its log), or the vendor's servers may be in maintenance"
        )
        warn_of_loss("the stream at %s: %s", self._url.geturl(), reason)
        self._lose(reason, everyone=True)
        self._set_state(StreamState(name="upstream lost", reason=reason))

    def _on_status(self, status: str) -> None:
        if not status:  # a heartbeat that does not say how upstream is
            return
        before, self._upstream = self._upstream, status
        if status == before:
            return
        if status == _CONNECTED:
            self._had_upstream = True
            self._upstream_due = math.inf
            self._subscriptions.retry_now()
            if self._upstream_lost:
                self._upstream_lost = False
                _LOGGER.info("the terminal's upstream is back; subscribing again")
                self._subscriptions.renew()
                self._losses.returned(trio.current_time())
                self._set_state(StreamState(name="live"))
            elif before:
                # It had none when this connection began: what is missing ends no earlier than now.
                self._losses.postpone(trio.current_time())
            self._stir()
        elif before == _CONNECTED:
            # Before its first request a terminal is not connected, which is no loss.
            self._upstream_lost = True
            reason = _upstream_reason(status)
            self._lose(reason, everyone=True)
            self._set_state(StreamState(name="upstream lost", reason=reason))

    def _lose(self, reason: str, *, everyone: bool = False) -> None:
        self._router.flush()
        if not self._is_open:
            self._subscriptions.disconnected()
        self._losses.lose(reason, everyone=everyone)

    def _arrived_at(self) -> float:
        """Return when what is being routed arrived, at the earliest."""
        return trio.current_time() if self._connection is None else self._connection.lane.arrived_at

    # A feed that blocks

    def _wait_for_room(self) -> Awaitable[None] | None:
        """Return None, or what to await until no feed with overflow="block" is full.

        While the terminal owes an answer, reading goes on all the same: who
        reads the feed may be the one who waits for it.
        """
        return self._until_there_is_room() if self._is_held_back() else None

    async def _until_there_is_room(self) -> None:
        with trio.move_on_after(LONGEST_HOLD):
            while self._is_held_back():
                await self._room.park()
            return
        now = trio.current_time()
        if now - self._warned_of_hold_at >= WARN_OF_HOLDS_EACH:
            self._warned_of_hold_at = now
            warn_of_loss(
                'the stream at %s has not been read for %g s, since a feed with overflow="block"'
                " is full: the terminal drops data of slow clients without a message, so that some"
                " may be missing",
                self._url.geturl(), LONGEST_HOLD,
            )  # fmt: skip
        while self._is_held_back():
            await self._room.park()

    def _is_held_back(self) -> bool:
        return self._roster.is_full and not self._subscriptions.is_asking

    # What is seen of it

    def statistics(self) -> StreamStatistics:
        """Return counts of the stream."""
        book, router, connection = self._subscriptions, self._router, self._connection
        now_read = connection.lane.bytes_read if connection is not None and self._is_open else 0
        return StreamStatistics(
            state=self._states.now,
            connections=self._connections,
            bytes=self._bytes + now_read,
            messages=router.messages,
            unwanted=router.unwanted,
            undecodable=router.undecodable,
            unknown=dict(router.unknown),
            feeds=len(self._roster.subscribers),
            subscriptions=len(book),
            confirmed=book.count("confirmed"),
            refused=book.count("refused"),
            unanswered_commands=book.unanswered,
        )

    @property
    def feeds(self) -> set[object]:
        """What tells its feeds apart: their inboxes, which one at several sockets shares."""
        return {each.inbox for each in self._roster.subscribers}

    def _set_state(self, state: StreamState) -> None:
        self._states.set(self, state)


def _upstream_reason(status: str) -> str:
    return f"the terminal has lost its upstream ({redact(status)})"


def closed() -> SessionClosed:
    """Return what readers meet once the session has been left."""
    return SessionClosed("the session of this stream has been left")
