"""Feeds that want the same events: one list for all of them, and what they missed.

A lane is what events are routed to. Its list is filled while the messages of
one read are decoded, and copied to each of its feeds afterwards. What a
reconnect does to data (a loss, repeated events, the gap that closes it) is the
same for all of its feeds, and is worked out here. No I/O.
"""

from __future__ import annotations

import copy
import datetime as dt
import math
from collections import deque
from collections.abc import Collection
from typing import Any, Final, Protocol

from thetatrio._stream.buffer import market_time_of
from thetatrio._stream.joining import Joiner
from thetatrio._stream.wire import EventKind, Key, keys_of, routes_of
from thetatrio.contracts import Contract
from thetatrio.events import (
    AnyTopic,
    Event,
    Gap,
    JoinedTrade,
    Lost,
    Notice,
    StreamEvent,
    Topic,
    Trade,
)

__all__ = ["OVERLAP", "REMEMBERED", "Lane", "Receiver", "narrowed"]

OVERLAP: Final = 5.0
"""Seconds after a reconnect in which events that were delivered before are recognised."""
REMEMBERED: Final = 4_096
"""Events that are remembered for it."""


class Receiver(Protocol):
    """What a lane needs of a feed's inbox."""

    @property
    def received(self) -> int:
        """Events that arrived."""
        ...

    def deliver(self, events: list[Any]) -> None:
        """Take events, in a list that others have as well and nobody changes any more."""
        ...

    def notify(self, notice: Notice) -> None:
        """Take a notice."""
        ...

    def notify_replayed(self, count: int) -> None:
        """Count events that were delivered before."""
        ...


class _Loss:
    """A loss whose gap has not been told."""

    def __init__(self, reason: str, since: dt.datetime | None) -> None:
        self.reason = reason
        self.since = since
        self.replayed = 0
        self.topics: tuple[AnyTopic, ...] | None = None
        """What it is of, where that is not all of the lane's."""


class Lane:
    """One list of events for all feeds of the same topics."""

    def __init__(self, topics: tuple[AnyTopic, ...]) -> None:
        self.topics: tuple[AnyTopic, ...] = topics
        """One for each kind of event."""
        self.receivers: list[Receiver] = []
        self.pending: list[StreamEvent] = []
        """Events of the read that is being decoded."""
        joined = any(topic.joined for topic in topics)
        self._joiner = Joiner() if joined else None
        # Lists as they were delivered, so that remembering costs nothing per event.
        self._recent: deque[list[StreamEvent]] = deque()
        self._recent_count = 0
        self.last: StreamEvent | None = None
        """The newest event that was delivered."""
        self.last_at: float = 0.0
        """When it was, on the clock of the caller."""
        # Of the events of this day, the one that was here soonest after its time, as what its
        # time is ahead of the caller's clock by, in milliseconds: what came later had waited.
        self._ahead = -math.inf
        self._ahead_day = 0
        self._is_first = True
        self.unanswered: set[Key] = set()
        """Subscriptions that the terminal has not taken back after a loss."""
        self.answered_at: float | None = None
        """When the last of them was taken back; None where no loss is open."""
        self._loss: _Loss | None = None
        # Made at the first event after a reconnect; None until then.
        self._known: frozenset[object] | None = None
        self._overlap_until = 0.0
        self._plain = True

    @property
    def keys(self) -> list[Key]:
        """The subscriptions it needs."""
        return [key for topic in self.topics for key in keys_of(topic)]

    @property
    def routes(self) -> list[tuple[EventKind, Contract | str]]:
        """The events it is of."""
        return [route for topic in self.topics for route in routes_of(topic)]

    @property
    def is_plain(self) -> bool:
        """Whether no loss is open and nothing is looked at for having been delivered before."""
        return self._plain

    @property
    def is_lost(self) -> bool:
        """Whether a loss is open: its gap has not been told."""
        return self._loss is not None

    @property
    def lost_since(self) -> dt.datetime | None:
        """Since when a loss is open, in the market's time; None: no loss, or not known."""
        return None if self._loss is None else self._loss.since

    def split(self, receiver: Receiver) -> Lane:
        """Take a feed out, and return a lane of its own that goes on where this one is."""
        self.receivers.remove(receiver)
        lane = copy.copy(self)
        lane.receivers = [receiver]
        lane.pending = []
        lane.unanswered = set(self.unanswered)
        lane._recent = self._recent.copy()  # noqa: SLF001
        lane._loss = copy.copy(self._loss)  # noqa: SLF001
        lane._joiner = copy.deepcopy(self._joiner)  # noqa: SLF001
        return lane

    def flush(self, now: float) -> None:
        """Give the events of one read to the feeds."""
        events = self.pending[:]
        self.pending.clear()
        if self._joiner is not None:
            events = self._joiner.join(events)
            if not events:
                return
        if self._plain:
            self._give(events, now)
        else:
            self._give_after_loss(events, now)

    def notify(self, notice: Notice) -> None:
        """Give a notice to the feeds."""
        for receiver in self.receivers:
            receiver.notify(notice)

    # Losses

    def lose(self, reason: str) -> None:
        """Tell that the line is down. A loss that is open goes on."""
        self.answered_at = None
        self.unanswered.clear()
        loss = self._loss
        if loss is not None and loss.topics is None:
            return
        since = None if self.last is None else market_time_of(self.last)
        # Where a part of the lane was still missing, that part's loss began earlier.
        self._loss = _Loss(reason, since if loss is None else loss.since)
        self._plain = False
        if self._joiner is not None:
            self._joiner.forget()
        for receiver in self.receivers:
            receiver.notify(Lost(reason=reason, since=since if receiver.received else None))

    def market_time(self, at: float) -> dt.datetime | None:
        """Return what the market's time was at a moment, from the events of the lane."""
        if self.last is None or (newest := market_time_of(self.last)) is None:
            return None
        since = max(0.0, at - self.last_at)
        if isinstance(self.last, Event) and self.last.date_int == self._ahead_day:
            since = max(since, at + (self._ahead - self.last.ms_of_day) / 1000)
        try:
            return newest + dt.timedelta(seconds=since)
        except OverflowError:  # the last day that there is
            return newest

    def returned(self, now: float) -> None:
        """Note that the line is back: subscriptions are on their way, events may be repeated."""
        self._is_first = True
        self.unanswered = set(self.keys)
        self._known = None
        self._overlap_until = now + OVERLAP
        self._plain = False
        if not self.unanswered:
            self.answered_at = now

    def answered(self, key: Key, now: float) -> None:
        """Note that the terminal took a subscription back, or will not."""
        self.unanswered.discard(key)
        if self._loss is not None and not self.unanswered and self.answered_at is None:
            self.answered_at = now

    def wait_for_wanted(self, now: float) -> None:
        """Wait no longer for answers about what the lane is not of any more."""
        if self.unanswered:
            self.unanswered.intersection_update(self.keys)
            if self._loss is not None and not self.unanswered:
                self.answered_at = now

    def close_gap(self, until: dt.datetime) -> None:
        """Tell the gap of the loss that is open: data may flow from now on."""
        loss = self._loss
        if loss is None:
            return
        self._loss = None
        self.answered_at = None
        if self.unanswered:
            # Those the terminal has not taken back yet have a gap of their own, which goes on.
            self._loss = _Loss(loss.reason, until)
            self._loss.topics = narrowed(self.topics, self.unanswered)
        for receiver in self.receivers:
            receiver.notify(
                Gap(
                    reason=loss.reason,
                    since=loss.since if receiver.received else None,
                    until=until if loss.since is None else max(until, loss.since),
                    replayed=loss.replayed,
                    topics=self.topics if loss.topics is None else loss.topics,
                )
            )

    def _give(self, events: list[StreamEvent], now: float) -> None:
        self.last = last = events[-1]
        self.last_at = now
        if isinstance(last, Event) and last.has_time:
            ahead = last.ms_of_day - now * 1000
            if ahead > self._ahead or last.date_int != self._ahead_day or self._is_first:
                self._ahead, self._ahead_day = ahead, last.date_int
                self._is_first = False
        self._recent.append(events)
        self._recent_count += len(events)
        while self._recent_count - len(self._recent[0]) >= REMEMBERED:
            self._recent_count -= len(self._recent.popleft())
        for receiver in self.receivers:
            receiver.deliver(events)

    def _give_after_loss(self, events: list[StreamEvent], now: float) -> None:
        if now < self._overlap_until:
            events = self._without_repeated(events, now)
        else:
            self._known = None
            self._plain = self._loss is None
        if events:
            self._give_new(events, now)

    def _without_repeated(self, events: list[StreamEvent], now: float) -> list[StreamEvent]:
        """Give all runs of new events but the last, which is returned, counting what was known."""
        known = self._known
        if known is None:
            known = frozenset(identity(each) for recent in self._recent for each in recent)
            self._known = known
        new: list[StreamEvent] = []
        repeated = 0
        for event in events:
            if identity(event) in known:
                if new:
                    self._give_new(new, now)
                    new = []
                repeated += 1
                continue
            if repeated:
                self._count_repeated(repeated)
                repeated = 0
            new.append(event)
        if repeated:
            self._count_repeated(repeated)
        return new

    def _count_repeated(self, count: int) -> None:
        if self._loss is not None:
            self._loss.replayed += count
        for receiver in self.receivers:
            receiver.notify_replayed(count)

    def _give_new(self, events: list[StreamEvent], now: float) -> None:
        # The first of them ends what is missing, unless that is only of subscriptions
        # that the terminal has not taken back.
        if self._loss is not None and (self._loss.topics is None or not self.unanswered):
            until = market_time_of(events[0])
            if until is not None:
                self.close_gap(until)
        self._give(events, now)


def identity(event: StreamEvent) -> object:
    """Return what two events share when one is the other repeated."""
    if isinstance(event, JoinedTrade):
        event = event.trade
    if isinstance(event, Event) and not event.has_time:
        return object()  # nobody knows whether another that says the same is the same
    if isinstance(event, Trade):
        return (
            event.contract,
            event.date_int,
            event.ms_of_day,
            event.sequence,
            event.size,
            event.price,
        )
    return event


def narrowed(topics: tuple[AnyTopic, ...], keys: Collection[Key]) -> tuple[AnyTopic, ...]:
    """Return topics with only those contracts that need one of some subscriptions."""
    found: list[AnyTopic] = []
    for topic in topics:
        wanted = [key.contract for key in keys_of(topic) if key in keys]
        if topic.security is not None and wanted:
            found.append(topic)
        else:
            contracts = tuple(each for each in wanted if each is not None)
            if contracts:
                found.append(Topic(topic.kind, contracts))
    return tuple(found)
