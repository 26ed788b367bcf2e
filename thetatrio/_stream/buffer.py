"""What a feed holds for its reader: lists of events, notices between them, exact counts.

No event is counted by itself: lists are pushed and taken whole, and
received = delivered + dropped + conflated + replayed + waiting at any moment.
No I/O, no waiting.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import length_hint
from typing import Final, Generic, Literal, TypeAlias, TypeVar, get_args

import msgspec

from thetatrio._numbers import as_int
from thetatrio.errors import InvalidRequest
from thetatrio.events import Dropped, Gap, Lost, Notice, Replayed, StreamEvent, Undecodable

__all__ = ["Buffer", "FeedStatistics", "OnLoss", "Overflow", "compacted", "market_time_of"]

Overflow: TypeAlias = Literal["raise", "drop_oldest", "drop_newest", "latest", "block"]
"""What happens when a feed's reader is too slow."""
OnLoss: TypeAlias = Literal["log", "raise"]
"""How plain iteration tells of losses."""

E = TypeVar("E", bound=StreamEvent)

_NOTICES_KEPT: Final = 128


class FeedStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one feed. received = delivered + dropped + conflated + replayed + waiting."""

    received: int
    """Events that arrived for it."""
    delivered: int
    """Events that were handed to its reader."""
    dropped: int
    """Events given up because they were not read in time; told by `Dropped`."""
    conflated: int
    """Events replaced by a newer one of their contract (`overflow="latest"`)."""
    replayed: int
    """Events the terminal repeated after a reconnect; told by `Replayed`."""
    waiting: int
    """Events that wait to be read."""


def market_time_of(event: StreamEvent) -> dt.datetime | None:
    """Return an event's time, or None where the wire's date or time is none."""
    try:
        return event.timestamp
    except ValueError:
        return None


def compacted(notices: Iterable[Notice]) -> list[Notice]:
    """Return notices that stand in one place as few that say the same."""
    dropped: Dropped | None = None
    undecodable: Undecodable | None = None
    gap: Gap | None = None
    lost: Lost | None = None
    replayed = 0
    for notice in notices:
        match notice:
            case Dropped():
                dropped = notice if dropped is None else _both_dropped(dropped, notice)
            case Undecodable():
                if undecodable is None:
                    undecodable = notice
                else:
                    count = undecodable.count + notice.count
                    undecodable = msgspec.structs.replace(undecodable, count=count)
            case Replayed():
                replayed += notice.count
            case Gap():
                gap = notice if gap is None else _both_gaps(gap, notice)
                lost = None
            case Lost():
                lost = notice
    found: list[Notice | None] = [
        dropped, undecodable, Replayed(count=replayed) if replayed else None, gap, lost,
    ]  # fmt: skip
    return [notice for notice in found if notice is not None]


def _both_dropped(first: Dropped, second: Dropped) -> Dropped:
    return Dropped(
        count=first.count + second.count,
        since=first.since if first.since is not None else second.since,
        until=second.until if second.until is not None else first.until,
    )


def _both_gaps(first: Gap, second: Gap) -> Gap:
    return Gap(
        reason=second.reason,
        since=first.since,
        until=max(first.until, second.until),
        replayed=first.replayed + second.replayed,
        topics=tuple(dict.fromkeys(first.topics + second.topics)),
    )


class Buffer(Generic[E]):
    """Bounded: `capacity` events and few notices, whatever its reader does.

    Args:
        capacity: events held at most (`block`: what one read brings comes on top).
        overflow: what happens to what is more.
    """

    def __init__(self, capacity: int, overflow: Overflow) -> None:
        if overflow not in get_args(Overflow):
            raise InvalidRequest(
                f"overflow: one of {', '.join(get_args(Overflow))}, not {overflow!r}"
            )
        number = as_int(capacity)
        if number is None or number < 1:
            raise InvalidRequest(f"buffer: a whole number of events from 1, not {capacity!r}")
        self.capacity: int = number
        """Events held at most."""
        self.overflow: Overflow = overflow
        """What happens to what is more than the capacity."""
        self.items: Iterator[E] = iter(())
        """What is being handed out."""
        # What comes after it, in order.
        self._entries: deque[list[E] | Notice] = deque()
        self._held = 0  # events in _entries
        # `latest`: one event for each kind and contract, and notices, in order.
        self._newest: dict[object, E | Notice] = {}
        self._notices = 0
        self._compact_at = _NOTICES_KEPT
        self._received = self._dropped = self._conflated = self._replayed = 0

    @property
    def waiting(self) -> int:
        """Events that wait to be read."""
        return self._held + length_hint(self.items)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is there to take, apart from `items`."""
        return not self._entries and not self._newest

    @property
    def is_full(self) -> bool:
        """Whether the reader is behind by the whole capacity, not counting what it has in hand."""
        # Of that nobody is told when it is read.
        return self._held >= self.capacity

    @property
    def received(self) -> int:
        """Events that arrived."""
        return self._received

    def statistics(self) -> FeedStatistics:
        """Return how many events came, were read, were given up and wait."""
        waiting = self.waiting
        gone = self._dropped + self._conflated + self._replayed
        return FeedStatistics(
            received=self._received,
            delivered=self._received - gone - waiting,
            dropped=self._dropped,
            conflated=self._conflated,
            replayed=self._replayed,
            waiting=waiting,
        )

    def push(self, events: list[E]) -> None:
        """Take events; the list is not changed, by whoever has it."""
        self._received += len(events)
        if self.overflow == "latest":
            self._push_newest(events)
            return
        self._held += len(events)
        self._entries.append(events)
        over = self._held + length_hint(self.items) - self.capacity
        if over > 0:
            if self.overflow == "drop_newest":
                self._drop_newest(over)
            elif self.overflow != "block":
                self._drop_oldest(over)

    def push_notice(self, notice: Notice) -> None:
        """Take a notice, to be told in its place."""
        self._notices += 1
        if self.overflow == "latest":
            self._newest[object()] = notice
        else:
            last = self._entries[-1] if self._entries else None
            if isinstance(notice, Dropped) and isinstance(last, Dropped):
                self._entries[-1] = _both_dropped(last, notice)
                self._notices -= 1
            else:
                self._entries.append(notice)
        if self._notices > self._compact_at:
            self._compact()

    def push_replayed(self, count: int) -> None:
        """Count events that were delivered before, and tell of them here."""
        self._received += count
        self._replayed += count
        self.push_notice(Replayed(count=count))

    def take(self, most: int) -> list[E] | Notice | None:
        """Take what comes next: up to `most` events, or a notice; None where nothing is there."""
        if self.overflow == "latest" and not self._entries:
            self._line_up(most)
        if not self._entries:
            return None
        entry = self._entries.popleft()
        if not isinstance(entry, list):
            self._notices -= 1
            return entry
        if len(entry) > most:
            self._entries.appendleft(entry[most:])
            entry = entry[:most]
        self._held -= len(entry)
        return entry

    def put_back(self, entries: Sequence[list[E] | Notice]) -> None:
        """Undo the taking of entries, which come next again."""
        for entry in reversed(entries):
            self._entries.appendleft(entry)
            if isinstance(entry, list):
                self._held += len(entry)
            else:
                self._notices += 1

    def clear(self) -> None:
        """Forget what was not read; it counts as dropped."""
        self._dropped += self.waiting
        self.items = iter(())
        self._entries.clear()
        self._newest.clear()
        self._held = self._notices = 0

    # `latest`

    def _push_newest(self, events: list[E]) -> None:
        newest = self._newest
        for event in events:
            key = (type(event), event.contract)
            if newest.pop(key, None) is not None:
                self._conflated += 1
                self._held -= 1
            newest[key] = event
        self._held += len(events)
        if self._held + length_hint(self.items) > self.capacity:
            lined_up = self._conflate_lined_up()
            over = self._held - self.capacity
            while lined_up < over:
                lined_up += self._line_up(over - lined_up)
            if over > 0:  # more contracts than there is room for
                self._drop_oldest(over)

    def _conflate_lined_up(self) -> int:
        """Give up what is lined up and has a newer event behind it; return how many are left."""
        self._take_back()
        entries: deque[list[E] | Notice] = deque()
        seen: set[object] = set()
        for entry in reversed(self._entries):
            if not isinstance(entry, list):
                entries.appendleft(entry)
                continue
            kept: list[E] = []
            for event in reversed(entry):
                key = (type(event), event.contract)
                if key not in self._newest and key not in seen:
                    seen.add(key)
                    kept.append(event)
            self._conflated += len(entry) - len(kept)
            self._held -= len(entry) - len(kept)
            if kept:
                entries.appendleft(kept[::-1])
        self._entries = entries
        return len(seen)

    def _line_up(self, most: int) -> int:
        """Bring the first of the newest into the ordinary order of entries; return how many."""
        count = 0
        events: list[E] = []
        for key in list(islice(self._newest, most)):
            value = self._newest.pop(key)
            if isinstance(value, Lost | Gap | Dropped | Replayed | Undecodable):
                if events:
                    self._entries.append(events)
                    events = []
                self._entries.append(value)
            else:
                events.append(value)
                count += 1
        if events:
            self._entries.append(events)
        return count

    # Giving up

    def _take_back(self) -> None:
        """Let what is being handed out wait again, before all else."""
        if length_hint(self.items):
            kept = list(self.items)
            self.items = iter(())
            self._held += len(kept)
            self._entries.appendleft(kept)

    def _drop_oldest(self, count: int) -> None:
        head: list[Notice] = []  # what stands before the first event that is kept
        self._dropped += count
        self._take_back()
        while count:
            entry = self._entries.popleft()
            if not isinstance(entry, list):
                head.append(entry)
                continue
            if len(entry) > count:
                self._entries.appendleft(entry[count:])
                entry = entry[:count]
            count -= len(entry)
            self._held -= len(entry)
            notice = _dropped(entry)
            last = head[-1] if head else None
            if isinstance(last, Dropped):
                head[-1] = _both_dropped(last, notice)
            else:
                head.append(notice)
                self._notices += 1
        self._entries.extendleft(reversed(head))
        if self._notices > self._compact_at:
            self._compact()

    def _drop_newest(self, count: int) -> None:
        newest = self._entries.pop()
        assert isinstance(newest, list)  # noqa: S101  # it was pushed just now
        kept = len(newest) - count
        if kept:
            self._entries.append(newest[:kept])
        self._dropped += count
        self._held -= count
        self.push_notice(_dropped(newest[kept:]))

    def _compact(self) -> None:
        """Make each run of notices one of few; runs between events stay where they are."""
        entries: deque[list[E] | Notice] = deque()
        run: list[Notice] = []
        self._line_up(len(self._newest))
        for entry in self._entries:
            if isinstance(entry, list):
                entries.extend(compacted(run))
                run = []
                entries.append(entry)
            else:
                run.append(entry)
        entries.extend(compacted(run))
        self._entries = entries
        self._notices = sum(not isinstance(entry, list) for entry in entries)
        # Where events stand between them they are bounded as the events are.
        self._compact_at = max(_NOTICES_KEPT, 2 * self._notices)


def _dropped(events: list[E]) -> Dropped:
    times = (market_time_of(event) for event in chain(events[:1], events[-1:]))
    return Dropped(count=len(events), since=next(times), until=next(times))
