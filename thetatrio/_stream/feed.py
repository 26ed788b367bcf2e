"""What a user reads: one subscriber's events, in order of arrival."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from operator import length_hint
from typing import Any, Generic, Protocol, TypeVar, final

from thetatrio._calls import AsyncIterationOnly
from thetatrio._stream.buffer import FeedStatistics
from thetatrio._stream.inbox import WHOLE, Inbox
from thetatrio.contracts import Contract
from thetatrio.errors import InvalidRequest, WouldBlock
from thetatrio.events import AnyTopic, Notice, StreamEvent, Topic

__all__ = ["Batches", "Feed", "FeedWithNotices", "parts_of"]

E = TypeVar("E", bound=StreamEvent)


class Subscription(Protocol):
    """What a feed asks of the stream it belongs to."""

    @property
    def topics(self) -> tuple[AnyTopic, ...]:
        """What it is of: one topic for each kind of event."""
        ...

    @property
    def refused(self) -> Mapping[Contract | str, str]:
        """The terminal's word for each contract it refused."""
        ...

    async def add(self, topics: Iterable[AnyTopic]) -> None:
        """Subscribe to more."""
        ...

    def remove(self, topics: Iterable[AnyTopic]) -> None:
        """Subscribe to less."""
        ...


@final
class Feed(AsyncIterationOnly, Generic[E]):
    """Events of one subscription. Made by the methods of `session.stream`.

    `async for event in feed` gives data only; what is missing is logged as a
    warning in its place, or raised with `on_loss="raise"`. `with_notices()`
    gives both. Several tasks may read one feed; each event goes to one of them.

    A feed does not end by itself. Reading raises FeedClosed once its block has
    been left; SessionClosed with its session, and what is fatal to the stream
    (ReconnectGaveUp, ProtocolError, AuthenticationFailed), after the events that
    had arrived.
    """

    def __init__(self, inbox: Inbox[E], subscription: Subscription) -> None:
        self._inbox = inbox
        self._subscription = subscription

    @property
    def topics(self) -> tuple[AnyTopic, ...]:
        """What it is of now: one topic for each kind of event."""
        return self._subscription.topics

    @property
    def refused(self) -> Mapping[Contract | str, str]:
        """The terminal's word for each contract it refused; `option` or `stock` for all trades."""
        return self._subscription.refused

    def statistics(self) -> FeedStatistics:
        """Return how many events came, were read, were given up and wait."""
        self._inbox.check()
        return self._inbox.statistics()

    def __repr__(self) -> str:
        return f"<Feed of {', '.join(map(repr, self.topics)) or 'nothing'}>"

    async def receive(self) -> E:
        """Return the next event, waiting for it.

        Raises SlowConsumer and GapError in their place where the feed was
        opened so, FeedClosed and what else ends a feed.
        """
        self._inbox.check()
        return await _next_event(self._inbox)

    def receive_nowait(self) -> E:
        """Return the next event if it has arrived. Raises WouldBlock if not, else as `receive`."""
        inbox = self._inbox
        inbox.check()
        while True:
            for event in inbox.items:
                return event
            if not inbox.line_up():
                if inbox.ended is not None:
                    raise inbox.ended()
                raise WouldBlock("no event has arrived; await receive()")

    def batches(self) -> Batches[E]:
        """Return a channel of lists: what arrived together, one event at least.

        The cheapest way to read. It reads from this feed; each event is given once.
        """
        return Batches(self, self._inbox)

    def with_notices(self) -> FeedWithNotices[E]:
        """Return a channel of events and notices, each notice in its place.

        It reads from this feed; each event is given once.
        """
        return FeedWithNotices(self._inbox)

    def __aiter__(self) -> AsyncIterator[E]:
        self._inbox.check()
        return _Events(self._inbox)

    async def __anext__(self) -> E:
        return await self.receive()

    async def add(self, *contracts: Contract | Topic[E]) -> None:
        """Subscribe to more contracts, and return once the terminal acknowledged.

        Sends a `STREAM` command for each that no other feed has. May be awaited
        in the loop that reads this feed, whatever its overflow policy.

        Args:
            contracts: for each kind of event this feed is of; or topics, which say of which.

        Raises InvalidRequest for what cannot be added, SubscriptionRefused and
        SubscriptionUnanswered as subscribing does; the feed stays as it was.
        """
        self._inbox.check()
        await self._subscription.add(self._as_topics(contracts))

    def remove(self, *contracts: Contract | Topic[E]) -> None:
        """Subscribe to less: of these contracts nothing that has not arrived will be given.

        Sends a `STREAM` command with `add: false` for each that no other feed
        has, and does not wait for the answer.

        Args:
            contracts: for each kind of event this feed is of; or topics, which say of which.
        """
        self._inbox.check()
        self._subscription.remove(self._as_topics(contracts))

    def _as_topics(self, given: Iterable[Contract | Topic[E]]) -> list[AnyTopic]:
        contracts: list[Contract] = []
        topics: list[Any] = []
        for each in given:
            if isinstance(each, Topic):
                topics.append(each)
            else:
                contracts.append(each)
        mine = self.topics
        if contracts:
            if any(topic.security is not None for topic in mine):
                raise InvalidRequest("a feed of all trades has no contracts to add or remove")
            if not mine:
                raise InvalidRequest("this feed is of nothing yet; say of what with a Topic")
            topics += [Topic(topic.kind, tuple(contracts)) for topic in mine]
        return topics


@final
class Batches(AsyncIterationOnly, Generic[E]):
    """Lists of a feed's events. Made by `feed.batches()`."""

    def __init__(self, feed: Feed[E], inbox: Inbox[E]) -> None:
        self._feed = feed
        self._inbox = inbox

    async def receive(self) -> list[E]:
        """Return what has arrived together, waiting for one event at least; errors as the feed."""
        return await self.__anext__()

    def receive_nowait(self) -> list[E]:
        """Return what has arrived together. Raises WouldBlock where nothing has."""
        self._inbox.check()
        if not length_hint(self._inbox.items):
            self._inbox.line_up(WHOLE)
        first = self._feed.receive_nowait()
        return [first, *self._inbox.items]

    def __aiter__(self) -> Batches[E]:
        return self

    async def __anext__(self) -> list[E]:
        inbox = self._inbox
        inbox.check()
        while True:
            await inbox.more(WHOLE)
            batch = list(inbox.items)
            if batch:
                return batch


@final
class FeedWithNotices(AsyncIterationOnly, Generic[E]):
    """A feed's events and notices, in order. Made by `feed.with_notices()`."""

    def __init__(self, inbox: Inbox[E]) -> None:
        self._inbox = inbox

    async def receive(self) -> E | Notice:
        """Return the next event or notice, waiting for it.

        Raises SlowConsumer in place of Dropped with `overflow="raise"`,
        FeedClosed and what else ends a feed.
        """
        return await self.__anext__()

    def receive_nowait(self) -> E | Notice:
        """Return the next event or notice if there is one. Raises WouldBlock if not."""
        self._inbox.check()
        for event in self._inbox.items:
            return event
        entry = self._inbox.next_entry_nowait()
        if entry is None:
            if self._inbox.ended is not None:
                raise self._inbox.ended()
            raise WouldBlock("nothing has arrived; await receive()")
        return entry

    def __aiter__(self) -> AsyncIterator[E | Notice]:
        self._inbox.check()
        return _Entries(self._inbox)

    async def __anext__(self) -> E | Notice:
        self._inbox.check()
        return await anext(_Entries(self._inbox))


async def _next_event(inbox: Inbox[E]) -> E:
    while True:
        for event in inbox.items:
            return event
        await inbox.more()


@final
class _Events(Generic[E]):
    """The iteration of a feed: whether the loop may read it was checked once, when it began."""

    __slots__ = ("_inbox",)

    def __init__(self, inbox: Inbox[E]) -> None:
        self._inbox = inbox

    def __aiter__(self) -> _Events[E]:
        return self

    async def __anext__(self) -> E:
        inbox = self._inbox
        for event in inbox.items:
            return event
        return await _next_event(inbox)


@final
class _Entries(Generic[E]):
    """The iteration of a feed with its notices, as `_Events`."""

    __slots__ = ("_inbox",)

    def __init__(self, inbox: Inbox[E]) -> None:
        self._inbox = inbox

    def __aiter__(self) -> _Entries[E]:
        return self

    async def __anext__(self) -> E | Notice:
        for event in self._inbox.items:
            return event
        return await self._inbox.next_entry()


def parts_of(feed: Feed[E]) -> tuple[Inbox[E], Subscription]:
    """Return what a feed is made of; for faces that read it from another thread."""
    return feed._inbox, feed._subscription  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
