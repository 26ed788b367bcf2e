"""A feed on another side: its reader's inbox there, filled from the one the stream fills."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any, Final, Generic, TypeAlias, TypeVar

import msgspec

from thetatrio._faces.pipe import Pipe
from thetatrio._portal import Portal
from thetatrio._stream.buffer import FeedStatistics, Overflow
from thetatrio._stream.feed import Subscription
from thetatrio._stream.inbox import Inbox
from thetatrio.contracts import Contract
from thetatrio.events import AnyTopic, Notice, StreamEvent

__all__ = ["FarInbox", "FarSubscription", "Run"]

E = TypeVar("E", bound=StreamEvent)

Run: TypeAlias = list[list[E] | Notice]
"""Events and notices in order; nothing: the feed has ended."""

ON_THE_WAY: Final = 4096
"""Events on their way between two threads; as many again may be in the last list."""
_ENDLESS: Final = 1 << 62


class FarInbox(Inbox[E], Generic[E]):
    """The inbox that a reader on another side has.

    What the stream's own inbox holds comes through a pipe, as far as it is
    read here; a reader who is behind meets the overflow policy over there.

    Args:
        portal: the way to the stream.
        near: the stream's inbox.
        wake: called in the portal's thread when `drain` has something to do.
    """

    def __init__(self, portal: Portal, near: Inbox[E], wake: Callable[[], object]) -> None:
        # Nothing is given up here but for a newer event of its contract: the
        # pipe sends no more than is read.
        policy: Overflow = near.overflow if near.overflow in ("raise", "latest") else "block"
        super().__init__(_ENDLESS, policy, near.on_loss, near.name)
        self._portal = portal
        self._near = near
        self._limit = min(ON_THE_WAY, near.capacity)
        self._pipe: Pipe[Run[E]] = Pipe(portal, self._limit, wake)
        self.freed = self._credit

    async def pump(self) -> None:
        """Hand on what comes; in the portal's thread."""
        near, pipe = self._near, self._pipe
        while True:
            await pipe.room()
            run = await near.next_run(self._limit)
            pipe.send(run, sum(len(entry) for entry in run if isinstance(entry, list)))
            if not run:
                return

    @property
    def has_arrivals(self) -> bool:
        """Whether `drain` has something to do."""
        return self._pipe.has_messages

    def drain(self) -> None:
        """Take in what has come over; on the reader's side."""
        lists: list[list[E]] = []
        while (run := self._pipe.take()) is not None:
            for entry in run:
                if isinstance(entry, list):
                    lists.append(entry)
                else:
                    self._push_joined(lists)
                    self.push_notice(entry)
            if not run and self.ended is None:
                self.ended = self._near.ended
        self._push_joined(lists)
        self._credit()
        self._wake()

    def _push_joined(self, lists: list[list[E]]) -> None:
        if lists:
            self.push(lists[0] if len(lists) == 1 else list(chain.from_iterable(lists)))
            lists.clear()

    def close(self) -> None:
        """Let readers meet what the stream's inbox ended with, and forget what was not read."""
        self.drain()
        if self._near.ended is not None:
            self.end(self._near.ended, forget=True)

    def statistics(self) -> FeedStatistics:
        """Return how many events came, were read, were given up and wait, on both sides."""
        far: list[FeedStatistics] = []

        def look() -> FeedStatistics:
            far.append(super(FarInbox, self).statistics())
            return self._near.statistics()

        near = self._portal.peek(look)
        here = far[-1]
        dropped = near.dropped + here.dropped
        conflated = near.conflated + here.conflated
        gone = here.delivered + dropped + conflated + near.replayed
        return msgspec.structs.replace(
            near,
            delivered=here.delivered,
            dropped=dropped,
            conflated=conflated,
            waiting=near.received - gone,
        )

    def _credit(self) -> None:
        self._pipe.credit(self.received - self._held)


class FarSubscription:
    """A feed's subscription, asked across.

    Args:
        portal: the way to it.
        subscription: the stream's own.
        ask: has a coroutine function run in the portal's thread.
    """

    def __init__(
        self,
        portal: Portal,
        subscription: Subscription,
        ask: Callable[[Callable[[], Any]], Any],
    ) -> None:
        self._portal = portal
        self._subscription = subscription
        self._ask = ask

    @property
    def topics(self) -> tuple[AnyTopic, ...]:
        """What it is of: one topic for each kind of event."""
        if not self._portal.is_mine:  # a forked child's copy may still be shown in a log
            return self._subscription.topics
        return self._portal.peek(lambda: self._subscription.topics)

    @property
    def refused(self) -> Mapping[Contract | str, str]:
        """The terminal's word for each contract it refused."""
        if not self._portal.is_mine:
            return self._subscription.refused
        return self._portal.peek(lambda: self._subscription.refused)

    async def add(self, topics: Iterable[AnyTopic]) -> None:
        """Subscribe to more."""
        await self._ask(lambda: self._subscription.add(topics))

    def remove(self, topics: Iterable[AnyTopic]) -> None:
        """Subscribe to less."""
        self._portal.peek(lambda: self._subscription.remove(topics))
