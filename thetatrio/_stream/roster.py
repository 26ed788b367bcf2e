"""The feeds of one socket, and the lanes that those of the same topics share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import trio

from thetatrio._stream.lane import Lane
from thetatrio._stream.router import Router
from thetatrio._stream.subscribing import Subscriber
from thetatrio._stream.wire import Key
from thetatrio.events import AnyTopic

__all__ = ["Roster"]


class Roster:
    """Who is there, in which lane.

    Args:
        router: gives events to the lanes.
        room: where reading waits for feeds that block.
    """

    def __init__(self, router: Router, room: trio.lowlevel.ParkingLot) -> None:
        self._router = router
        self._room = room
        self._subscribers: dict[Subscriber, None] = {}
        self._lanes_of: dict[Key, list[Lane]] = {}
        self._shared: dict[tuple[AnyTopic, ...], Lane] = {}
        self._blocking = 0

    @property
    def subscribers(self) -> Sequence[Subscriber]:
        """All that are there now, in the order in which they came."""
        return list(self._subscribers)

    @property
    def lanes(self) -> Iterable[Lane]:
        """All lanes; they must not come or go meanwhile."""
        return self._router.lanes

    def lanes_of(self, key: Key) -> Sequence[Lane]:
        """Return the lanes that need a subscription."""
        return self._lanes_of.get(key, ())

    def begun(self) -> set[Lane]:
        """Return the lanes of those who were acknowledged, or had something all the same."""
        return {
            each.lane
            for each in self._subscribers
            if each.lane is not None and (each.established or each.inbox.received)
        }

    def add(self, subscriber: Subscriber) -> Lane:
        """Route events to a new subscriber; return its lane, one with those who want the same."""
        self._subscribers[subscriber] = None
        inbox = subscriber.inbox
        if inbox.overflow == "block":
            self._blocking += 1
            inbox.freed = self.make_room
        lane = self._shared.get(subscriber.topics)
        if lane is None or not lane.is_plain:
            lane = Lane(subscriber.topics)
            self._add_lane(lane)
            self._shared[subscriber.topics] = lane
        subscriber.lane = lane
        lane.receivers.append(inbox)
        return lane

    def remove(self, subscriber: Subscriber) -> None:
        """Route no more events to a subscriber."""
        if self._subscribers.pop(subscriber, self) is self:
            return
        if subscriber.inbox.overflow == "block":
            self._blocking -= 1
            self.make_room()
        lane = subscriber.lane
        if lane is not None:
            lane.receivers.remove(subscriber.inbox)
            if not lane.receivers:
                self._remove_lane(lane)
        subscriber.lane = None

    def move(self, subscriber: Subscriber, topics: tuple[AnyTopic, ...]) -> None:
        """Route other events to a subscriber, which has a lane of its own from now on."""
        lane = subscriber.lane
        if lane is None:
            return
        if len(lane.receivers) > 1:
            lane = subscriber.lane = lane.split(subscriber.inbox)
        else:
            self._remove_lane(lane)
        lane.topics = subscriber.topics = topics
        self._add_lane(lane)
        lane.wait_for_wanted(trio.current_time())

    def _add_lane(self, lane: Lane) -> None:
        self._router.add(lane)
        for key in lane.keys:
            self._lanes_of.setdefault(key, []).append(lane)

    def _remove_lane(self, lane: Lane) -> None:
        self._router.remove(lane)
        for key in lane.keys:
            lanes = self._lanes_of[key]
            lanes.remove(lane)
            if not lanes:
                del self._lanes_of[key]
        if self._shared.get(lane.topics) is lane:
            del self._shared[lane.topics]

    # Feeds that block

    @property
    def is_full(self) -> bool:
        """Whether a feed that blocks has room for no more."""
        return self._blocking > 0 and any(
            each.inbox.overflow == "block" and each.inbox.is_full for each in self._subscribers
        )

    def make_room(self) -> None:
        """Let whoever waits for room look again."""
        self._room.unpark_all()
