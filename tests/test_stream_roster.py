"""thetatrio._stream.roster: who is there, in which lane, and who holds the reading back."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.test_events import AAPL, MSFT
from tests.test_stream_buffer import numbered
from tests.test_stream_subscribing import Book
from thetatrio._stream.roster import Roster
from thetatrio._stream.router import Router
from thetatrio._stream.subscribing import Subscriber
from thetatrio._stream.wire import Key
from thetatrio.events import Topic

pytestmark = pytest.mark.core

TRADES, OTHERS = Topic.trades(AAPL), Topic.trades(MSFT)
BOTH = Topic.trades(AAPL, MSFT)
KEY, OTHER = Key("TRADE", "STOCK", AAPL), Key("TRADE", "STOCK", MSFT)


def nothing(*_):
    return None


@pytest.fixture
def roster():
    return Roster(Router(lambda: 0.0, nothing, nothing), trio.lowlevel.ParkingLot())


def subscriber_of(*topics, overflow="raise", capacity=100):
    return Subscriber(
        Book(), topics, capacity=capacity, overflow=overflow, on_loss="log", partial=False,
        unanswered="raise",
    )  # fmt: skip


def added(roster, *topics, **options):
    subscriber = subscriber_of(*topics, **options)
    roster.add(subscriber)
    return subscriber


def flush(lane, *numbers):
    lane.pending += numbered(*numbers)
    lane.flush(0.0)


def sequences(subscriber):
    return [each.sequence for each in subscriber.inbox.take(100)]


def test_feeds_of_the_same_topics_share_a_lane(roster):
    """Those who want the same are given the same lists; who wants something else has another."""
    one, two, other = added(roster, TRADES), added(roster, TRADES), added(roster, OTHERS)
    assert one.lane is two.lane
    assert list(roster.lanes) == [one.lane, other.lane]
    assert list(roster.lanes_of(KEY)) == [one.lane]
    assert list(roster.lanes_of(OTHER)) == [other.lane]
    assert roster.subscribers == [one, two, other]


def test_the_last_who_leaves_takes_the_lane_along(roster):
    """A lane is there as long as a feed is; to leave twice is to leave once."""
    one, two = added(roster, TRADES), added(roster, TRADES)
    lane = one.lane
    roster.remove(one)
    roster.remove(one)
    assert (one.lane, two.lane, list(roster.lanes)) == (None, lane, [lane])
    roster.remove(two)
    assert not roster.subscribers
    assert not list(roster.lanes)
    assert not roster.lanes_of(KEY)
    assert added(roster, TRADES).lane is not lane


def test_who_comes_while_a_loss_is_open_shares_none_of_it(roster):
    """The lane of those who lost something is not joined; after the gap, the newer one is."""
    one = added(roster, TRADES)
    one.lane.lose("cut")
    two = added(roster, TRADES)
    assert two.lane is not one.lane
    assert not two.lane.is_lost
    assert added(roster, TRADES).lane is two.lane
    assert list(roster.lanes_of(KEY)) == [one.lane, two.lane]


async def test_who_wants_something_else_goes_on_in_a_lane_of_his_own(autojump_clock, roster):
    """The others' lane stays theirs; who was alone keeps his, under its new topics."""
    one, two = added(roster, TRADES), added(roster, TRADES)
    shared = one.lane
    flush(shared, 1, 2)
    roster.move(two, (BOTH,))
    assert one.lane is shared
    assert two.lane is not shared
    assert two.lane.last is shared.last  # it goes on where the two were
    assert list(roster.lanes_of(KEY)) == [shared, two.lane]
    assert list(roster.lanes_of(OTHER)) == [two.lane]
    alone = two.lane
    roster.move(two, (OTHERS,))
    assert two.lane is alone
    assert two.topics == alone.topics == (OTHERS,)
    assert list(roster.lanes_of(KEY)) == [shared]
    roster.remove(two)
    roster.move(two, (BOTH,))  # who has left wants nothing
    assert two.lane is None
    assert two.topics == (OTHERS,)


async def test_lanes_have_begun_where_somebody_was_acknowledged_or_had_something(
    autojump_clock, roster
):
    """Not where all still wait for the first word."""
    waiting, had, acknowledged = (subscriber_of(each) for each in (TRADES, OTHERS, BOTH))
    roster.add(waiting)
    roster.add(had)
    flush(had.lane, 1)
    await acknowledged.open()
    roster.add(acknowledged)
    assert roster.begun() == {had.lane, acknowledged.lane}
    roster.remove(had)
    assert roster.begun() == {acknowledged.lane}


def test_only_a_full_feed_that_blocks_holds_reading_back(roster):
    """Others lose, and say so; room is made by reading, and by leaving."""
    drops = added(roster, TRADES, overflow="drop_oldest", capacity=2)
    assert not roster.is_full
    blocks = added(roster, TRADES, overflow="block", capacity=2)
    assert drops.lane is blocks.lane
    assert not roster.is_full
    flush(blocks.lane, 1, 2)
    assert roster.is_full
    assert sequences(blocks) == [1, 2]
    assert not roster.is_full
    flush(blocks.lane, 3, 4)
    assert roster.is_full
    roster.remove(blocks)
    assert not roster.is_full


async def test_whoever_waits_for_room_is_told_of_it(autojump_clock):
    """When a feed that blocks is read, and when it leaves."""
    room = trio.lowlevel.ParkingLot()
    roster = Roster(Router(lambda: 0.0, nothing, nothing), room)
    blocks = added(roster, TRADES, overflow="block", capacity=2)
    flush(blocks.lane, 1, 2)
    for make_room in (blocks.inbox.next_entry_nowait, lambda: roster.remove(blocks)):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(room.park)
            await wait_all_tasks_blocked()
            assert len(room) == 1
            make_room()
            await wait_all_tasks_blocked()
            assert len(room) == 0
