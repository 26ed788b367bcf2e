"""The sockets of a session's stream: a terminal's one, a gateway's one, or one for each kind.

Each has a supervisor, which knows of no other. A feed of several kinds whose
sockets are several has a subscriber at each, and one inbox: order is that of
arrival, and what one socket lost is told with its topics only.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypedDict, final
from urllib.parse import SplitResult, urlsplit

import trio

from thetatrio._owner import Owner, is_on_trio
from thetatrio._stream.buffer import OnLoss, Overflow
from thetatrio._stream.dialect import TERMINAL, Dialect
from thetatrio._stream.gateway import KINDS, GatewayDialect
from thetatrio._stream.inbox import Inbox
from thetatrio._stream.states import StateChannel, States, StreamStatistics
from thetatrio._stream.subscribing import Subscriber, Unanswered, merged, name_of
from thetatrio._stream.supervisor import Supervisor, closed
from thetatrio.config import Config
from thetatrio.contracts import Contract
from thetatrio.errors import FeedClosed, ThetaDataError
from thetatrio.events import AnyTopic, TopicKind

if TYPE_CHECKING:
    from thetatrio._stream.connection import Dial

__all__ = ["Options", "Sockets", "Together"]


class Options(TypedDict):
    """How a feed is, whatever it is of."""

    capacity: int
    overflow: Overflow
    on_loss: OnLoss
    partial: bool
    unanswered: Unanswered


@final
class Sockets:
    """All sockets of one session, each opened with the first subscription that needs it.

    Args:
        config: where they are, and what is spoken there.
        start_soon: starts a background task of the session.
        dial: opens the bytes of a connection; None: TCP.
        chance: the source of jitter.
        owner: who may use them.
    """

    def __init__(
        self,
        config: Config,
        start_soon: Callable[[Callable[[], Awaitable[object]]], None],
        dial: Dial | None,
        chance: random.Random,
        owner: Owner,
    ) -> None:
        self.owner: Owner = owner
        """Who may use them."""
        owner.watch(self)
        self._states = States(owner)
        self._closed = False
        # A feed that blocks holds back every socket it reads from.
        room = trio.lowlevel.ParkingLot()

        def supervisor(url: SplitResult, dialect: Dialect) -> Supervisor:
            return Supervisor(
                config,
                start_soon,
                dial,
                chance,
                url=url,
                dialect=dialect,
                states=self._states,
                room=room,
            )

        url = urlsplit(config.stream_url)
        self._of_kind: dict[TopicKind, Supervisor] = {}
        if config.stream_api == "gateway" and config.stream_sockets == "per_kind":
            prefix = url.path.rstrip("/")
            for kind in KINDS:
                path = url._replace(path=f"{prefix}/{kind}")
                dialect = GatewayDialect(config.stream_form, kind)
                self._of_kind[kind] = supervisor(path, dialect)
            self._all = list(self._of_kind.values())
        else:
            gateway = config.stream_api == "gateway"
            self._all = [
                supervisor(url, GatewayDialect(config.stream_form) if gateway else TERMINAL)
            ]

    def subscriber(self, topics: Iterable[AnyTopic], options: Options) -> Subscriber | Together:
        """Return what stands behind a new feed. Raises InvalidRequest."""
        if self._of_kind:
            return Together(self._of_kind, topics, options)
        return Subscriber(self._all[0], topics, **options)

    def fail(self, error: ThetaDataError) -> None:
        """End all feeds with an error; each reader gets one of its own."""
        for each in self._all:
            each.fail(error)

    async def aclose(self) -> None:
        """Say goodbye, as long as the caller's deadline lets it, and end everything."""
        self._closed = True
        self._states.end(closed)
        async with trio.open_nursery() as nursery:
            for each in self._all:
                nursery.start_soon(each.aclose)

    def time_to_leave(self) -> float:
        """Return how many seconds `aclose()` may take, from now on."""
        return max(each.time_to_leave() for each in self._all)

    def disown(self) -> None:
        """Stop all tasks in a forked child, and send nothing; if its event loop goes on there."""
        self._closed = True
        if is_on_trio():
            for each in self._all:
                each.disown()

    def check_open(self) -> None:
        """Raise if the stream cannot be used here.

        Raises:
            SessionClosed: The session has been closed, or this is a forked child.
            RuntimeError: Another event loop, or none, runs the caller.
        """
        self.owner.check_process()
        if self._closed:
            raise closed()
        self.owner.check()

    def open_states(self) -> StateChannel:
        """Return a channel of states, the present one first."""
        self.check_open()
        return self._states.open()

    def close_states(self, channel: StateChannel) -> None:
        """Give no more states to a channel."""
        self._states.close(channel, closed)

    def statistics(self) -> StreamStatistics:
        """Return counts of the stream, of all sockets together."""
        self.check_open()
        parts = [each.statistics() for each in self._all]
        if len(parts) == 1:
            return parts[0]
        feeds = {feed for each in self._all for feed in each.feeds}
        return _sum(parts, len(feeds))


def _sum(parts: list[StreamStatistics], feeds: int) -> StreamStatistics:
    unknown: dict[str, int] = {}
    for part in parts:
        for kind, count in part.unknown.items():
            unknown[kind] = unknown.get(kind, 0) + count
    return StreamStatistics(
        state=parts[0].state,  # they share it
        connections=sum(part.connections for part in parts),
        bytes=sum(part.bytes for part in parts),
        messages=sum(part.messages for part in parts),
        unwanted=sum(part.unwanted for part in parts),
        undecodable=sum(part.undecodable for part in parts),
        unknown=unknown,
        feeds=feeds,
        subscriptions=sum(part.subscriptions for part in parts),
        confirmed=sum(part.confirmed for part in parts),
        refused=sum(part.refused for part in parts),
        unanswered_commands=sum(part.unanswered_commands for part in parts),
    )


_Gone: TypeAlias = Callable[[Subscriber], None]


class _Part(Subscriber):
    """A feed's subscriber at one of several sockets."""

    def __init__(
        self,
        book: Supervisor,
        topics: Iterable[AnyTopic],
        options: Options,
        inbox: Inbox[Any],
        gone: _Gone,
    ) -> None:
        super().__init__(book, topics, **options, inbox=inbox)
        self._gone = gone

    def fail(self, error: Callable[[], Exception]) -> None:
        """Let readers meet an error after what they have; the other parts go, too."""
        super().fail(error)
        self._gone(self)


@final
class Together:
    """What stands behind one feed whose kinds of events have sockets of their own.

    Args:
        books: the supervisor of each kind.
        topics: what it wants.
        options: how the feed is.
    """

    def __init__(
        self, books: Mapping[TopicKind, Supervisor], topics: Iterable[AnyTopic], options: Options
    ) -> None:
        self._books = books
        self._options = options
        self.inbox: Final[Inbox[Any]] = Inbox(
            options["capacity"],
            options["overflow"],
            options["on_loss"],
            lambda: name_of(self.topics),
        )
        given = merged(topics)
        next(iter(books.values())).check(given)
        self._parts: dict[TopicKind, _Part] = {
            topic.kind: self._part(topic.kind, [topic]) for topic in given
        }
        # One after the other: a second may want the part that the first is opening.
        self._adding = trio.StrictFIFOLock()

    def _part(self, kind: TopicKind, topics: Iterable[AnyTopic]) -> _Part:
        return _Part(self._books[kind], topics, self._options, self.inbox, self._end_others)

    def _end_others(self, failed: Subscriber) -> None:
        for part in self._parts.values():
            if part is not failed:
                part.leave()

    @property
    def topics(self) -> tuple[AnyTopic, ...]:
        """What it is of: one topic for each kind of event."""
        return tuple(topic for part in self._parts.values() for topic in part.topics)

    @property
    def refused(self) -> Mapping[Contract | str, str]:
        """The word for each contract that was refused."""
        return {what: word for part in self._parts.values() for what, word in part.refused.items()}

    async def open(self) -> None:
        """Subscribe to what it is of. Raises what subscribing raises."""
        for part in self._parts.values():
            await part.open()

    def close(self) -> None:
        """Unsubscribe; readers meet FeedClosed."""
        self.inbox.end(lambda: FeedClosed("this feed's block has been left"), forget=True)
        for part in self._parts.values():
            part.leave()

    async def add(self, topics: Iterable[AnyTopic]) -> None:
        """Subscribe to more; on failure everything stays as it was."""
        await trio.lowlevel.checkpoint()
        given = merged(topics)
        next(iter(self._books.values())).check(given)
        async with self._adding:
            if self.inbox.ended is not None:
                raise self.inbox.ended()
            undo: list[Callable[[], None]] = []
            try:
                for topic in given:
                    undo.append(await self._add(topic))  # noqa: PERF401  # kept if one fails
            except BaseException:
                if self.inbox.ended is None:
                    for each in undo:
                        each()
                raise

    async def _add(self, topic: AnyTopic) -> Callable[[], None]:
        """Subscribe to one topic more; return what takes it back."""
        kind = topic.kind
        part = self._parts.get(kind)
        if part is not None:
            had = {each for known in part.topics for each in known.contracts}
            new = tuple(each for each in topic.contracts if each not in had)
            await part.add([topic])
            return lambda: part.remove([type(topic)(kind, new)])
        made = self._parts[kind] = self._part(kind, [topic])

        def take_back() -> None:
            self._parts.pop(kind, None)
            made.leave()

        try:
            await made.open()
        except BaseException:
            take_back()
            raise
        return take_back

    def remove(self, topics: Iterable[AnyTopic]) -> None:
        """Subscribe to less."""
        for topic in topics:
            part = self._parts.get(topic.kind)
            if part is not None:
                part.remove([topic])
