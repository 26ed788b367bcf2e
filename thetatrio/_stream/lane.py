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
from collections import Counter, deque
from collections.abc import Collection
from itertools import chain
from typing import Any, Final, Protocol

from thetatrio._stream.buffer import market_time_of
from thetatrio._stream.joining import Joiner
from thetatrio._stream.wire import SECURITY_OF, EventKind, Key, keys_of, routes_of
from thetatrio.contracts import Contract
from thetatrio.events import (
    AnyTopic,
    Event,
    Gap,
    JoinedTrade,
    Lost,
    MarketValue,
    Notice,
    Quote,
    StreamEvent,
    Topic,
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
    """A loss that is open for some subscriptions: their gap was not reported yet."""

    def __init__(
        self, reason: str, since: dt.datetime | None, lost: dict[Key, dt.datetime | None]
    ) -> None:
        self.reason = reason
        self.since = since
        self.lost = lost
        """The subscriptions, each with the market time since when it is lost."""
        self.replayed = 0
        self.is_whole = True
        """Whether no gap of it was reported yet, of any subscription."""
        self.doubtful: set[Key] = set()
        """Those that have sent an event which may be due to another subscription."""

    def copy(self) -> _Loss:
        """Return one that goes on by itself."""
        copied = copy.copy(self)
        copied.lost = self.lost.copy()
        copied.doubtful = self.doubtful.copy()
        return copied


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
        # How often each event was delivered before a reconnect, less those repeated since; made
        # at the first event after it, None until then.
        self._known: Counter[object] | None = None
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

    def lost_since(self, key: Key) -> dt.datetime | None:
        """Return since when a subscription is lost, in market time; None if it is not known."""
        return None if self._loss is None else self._loss.lost.get(key)

    def split(self, receiver: Receiver) -> Lane:
        """Take a feed out, and return a lane of its own that goes on where this one is."""
        self.receivers.remove(receiver)
        lane = copy.copy(self)
        lane.receivers = [receiver]
        lane.pending = []
        lane.unanswered = set(self.unanswered)
        lane._recent = self._recent.copy()  # noqa: SLF001
        lane._loss = None if self._loss is None else self._loss.copy()  # noqa: SLF001
        lane._known = copy.copy(self._known)  # noqa: SLF001
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
        before = self._loss
        if before is not None and before.is_whole:
            return
        since = None if self.last is None else market_time_of(self.last)
        keys = self.keys
        self._loss = _Loss(reason, since, dict.fromkeys(keys, since))
        if before is not None:  # what was still lost has been so for longer
            self._loss.lost |= {key: before.lost[key] for key in keys if key in before.lost}
            self._loss.replayed = before.replayed
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
        loss = self._loss
        if loss is not None:
            keys = [key for key in self.keys if loss.is_whole or key in loss.lost]
            loss.lost = {key: loss.lost.get(key, loss.since) for key in keys}
        if self.unanswered:
            self.unanswered.intersection_update(self.keys)
            if loss is not None and not self.unanswered:
                self.answered_at = now

    def close_gap(self, until: dt.datetime) -> None:
        """Report the gap of everything that is lost: data may flow from now on."""
        if self._loss is not None:
            self._close(self._loss, list(self._loss.lost), until)

    def _close(self, loss: _Loss, keys: list[Key], until: dt.datetime) -> None:
        """Report the gap of some subscriptions: one for all that were lost at the same time."""
        of_since: dict[dt.datetime | None, set[Key]] = {}
        for key in keys:
            of_since.setdefault(loss.lost.pop(key), set()).add(key)
        is_all = len(of_since) < 2 and not loss.lost and loss.is_whole
        loss.is_whole = False
        if not loss.lost:
            self._loss = None
            self.answered_at = None
        for since, closed in of_since.items() or [(loss.since, set[Key]())]:
            topics = self.topics if is_all else narrowed(self.topics, closed)
            for receiver in self.receivers:
                receiver.notify(
                    Gap(
                        reason=loss.reason,
                        since=since if receiver.received else None,
                        until=until if since is None else max(until, since),
                        replayed=loss.replayed,
                        topics=topics,
                    )
                )
            loss.replayed = 0

    def _close_returned(self, loss: _Loss, events: list[StreamEvent]) -> None:
        """Report the gap of the subscriptions that events show to be back.

        Those are the ones that the terminal has acknowledged, and those whose own events came
        before that, as a terminal goes on with what the account is subscribed to.
        """
        until = market_time_of(events[0])
        if until is None:
            return
        if not self.unanswered:
            self.close_gap(until)
            return
        keys = [key for key in loss.lost if key not in self.unanswered]
        if keys:
            self._close(loss, keys, until)
        first: dict[Key, StreamEvent] = {}
        for event in events:
            first.setdefault(self._key_of(event), event)
        early = [
            key
            for key in first
            if key in loss.lost and (_is_proof(key) or key not in loss.doubtful)
        ]
        if not early:
            return
        # An early event proves nothing of the time before it: one gap, up to the latest of them.
        until = max(until, *filter(None, (market_time_of(first[key]) for key in early)))
        self._close(loss, early, until)
        doubtful = [key for key in early if not _is_proof(key)]
        if doubtful:
            # The rest of their gap, up to the acknowledgement.
            loss.lost |= dict.fromkeys(doubtful, until)
            loss.doubtful.update(doubtful)
            self._loss = loss

    def _key_of(self, event: StreamEvent) -> Key:
        """Return the subscription that an event of this lane is due to."""
        security = SECURITY_OF[type(event.contract)]
        for topic in self.topics:
            if topic.security is not None and topic.security.upper() == security:
                return Key("TRADE", security, None)
        match event:
            case Quote():
                return Key("QUOTE", security, event.contract)
            case MarketValue():
                return Key("MARKET_VALUE", security, event.contract)
            case _:
                return Key("TRADE", security, event.contract)

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
            known = Counter(map(identity, chain.from_iterable(self._recent)))
            self._known = known
        new: list[StreamEvent] = []
        repeated = 0
        for event in events:
            key = identity(event)
            if known[key] > 0:
                known[key] -= 1  # an equal event after so many is another one
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
        if self._loss is not None:
            self._close_returned(self._loss, events)
        self._give(events, now)


def identity(event: StreamEvent) -> object:
    """Return a value that is equal for two events if every field of theirs is.

    Of a joined trade, the trade counts: its quote and bar may not have been repeated with it.
    """
    if isinstance(event, JoinedTrade):
        event = event.trade
    if isinstance(event, Event) and not event.has_time:
        return object()  # without a time, another that is equal need not be the same
    return event


def _is_proof(key: Key) -> bool:
    """Tell whether an event of a subscription shows that it is active, acknowledged or not.

    A quote does not: the full trade stream, of this client or of another, sends some quotes of
    each contract. Nor does an event of the full trade stream, which may be of one contract only.
    """
    return key.request != "QUOTE" and key.contract is not None


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
