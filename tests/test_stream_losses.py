"""thetatrio._stream.losses: what was lost is told at once, and closed when its end is known."""

import datetime as dt

import pytest
import trio

from tests.test_events import AAPL, MSFT, OPEN, at
from tests.test_stream_buffer import numbered
from tests.test_stream_roster import KEY, OTHER, nothing, subscriber_of
from thetatrio import market_time
from thetatrio._stream.losses import GRACE, Losses
from thetatrio._stream.roster import Roster
from thetatrio._stream.router import Router
from thetatrio._stream.subscriptions import Word
from thetatrio.events import Gap, Lost, Topic

pytestmark = pytest.mark.core

TRADES, BOTH = Topic.trades(AAPL), Topic.trades(AAPL, MSFT)
WALL = at() + dt.timedelta(seconds=7)


class Line:
    """The feeds of a socket, their losses, and what each has been told."""

    def __init__(self):
        self.roster = Roster(Router(lambda: 0.0, nothing, nothing), trio.lowlevel.ParkingLot())
        self.losses = Losses(self.roster)

    async def feed(self, *topics, acknowledged=True):
        subscriber = subscriber_of(*topics)
        if acknowledged:
            await subscriber.open()
        self.roster.add(subscriber)
        return subscriber

    def say(self, key, response="SUBSCRIBED", now=0.0):
        return self.losses.settle(Word(key, response), now)


@pytest.fixture
def line(monkeypatch):
    monkeypatch.setattr(market_time, "now", lambda: WALL)
    return Line()


def flush(subscriber, *times, now=0.0):
    subscriber.lane.pending += numbered(*times)
    subscriber.lane.flush(now)


def notices(subscriber):
    """Take what a feed holds; return its notices."""
    found = []
    while (entry := subscriber.inbox.next_entry_nowait()) is not None:
        found += [entry] if isinstance(entry, Lost | Gap) else []
    return found


async def test_who_has_never_been_acknowledged_has_lost_nothing(line):
    """A cut is told to the others; where upstream is lost, it is told to everyone."""
    waiting = await line.feed(TRADES, acknowledged=False)
    begun = await line.feed(BOTH)
    line.losses.lose("cut")
    assert notices(waiting) == []
    assert notices(begun) == [Lost(reason="cut", since=None)]
    line.losses.lose("upstream", everyone=True)
    assert notices(waiting) == [Lost(reason="upstream", since=None)]
    assert notices(begun) == []  # its loss goes on


async def test_a_gap_waits_a_moment_for_the_first_event(line):
    """Without one it is closed after that, as of the acknowledgement; the next is told to come."""
    feed = await line.feed(TRADES)
    flush(feed, OPEN)
    line.losses.lose("cut")
    line.losses.returned(10.0)
    assert line.losses.close_gaps(10.0) is None  # the terminal owes an answer
    assert line.say(KEY, now=12.0)
    assert not line.say(KEY, now=12.5)  # it was due already
    assert line.losses.close_gaps(12.5) == 12.0 + GRACE
    notices(feed)
    assert line.losses.close_gaps(14.0) is None
    until = WALL - dt.timedelta(seconds=2)
    assert notices(feed) == [
        Gap(reason="cut", since=at(), until=until, replayed=0, topics=(TRADES,))
    ]


async def test_a_gap_ends_no_earlier_than_data_can_come(line):
    """Where a terminal had no upstream as it took subscriptions back, the wait begins again."""
    feed = await line.feed(TRADES)
    line.losses.lose("cut")
    line.losses.returned(10.0)
    line.say(KEY, now=10.0)
    line.losses.postpone(20.0)
    assert line.losses.close_gaps(20.5) == 20.0 + GRACE
    line.losses.close_gaps(21.0)
    assert notices(feed)[-1].until == WALL - dt.timedelta(seconds=1)


async def test_a_replay_has_a_time_of_its_own(line, monkeypatch):
    """A gap ends at the time of the market that is played, as its newest lane knows it."""
    monkeypatch.setattr(market_time, "now", lambda: WALL + dt.timedelta(days=3))
    late, newest = await line.feed(TRADES), await line.feed(Topic.trades(MSFT))
    flush(late, OPEN, now=1.0)
    flush(newest, OPEN + 9_000, now=5.0)
    line.losses.lose("cut")
    line.losses.returned(6.0)
    line.say(KEY, now=6.0)
    notices(late)
    line.losses.close_gaps(7.0)
    assert notices(late)[-1].until == at(OPEN + 9_000) + dt.timedelta(seconds=1)


async def test_what_is_not_taken_back_is_told_to_those_who_had_it(line):
    """Lost with the terminal's word; a gap of that contract alone once it is taken after all."""
    one, other = await line.feed(TRADES), await line.feed(BOTH)
    waiting = await line.feed(Topic.trades(MSFT), acknowledged=False)
    flush(one, OPEN)
    line.say(KEY, "MAX_STREAMS_REACHED")
    reason = "the terminal does not take AAPL back: MAX_STREAMS_REACHED"
    assert notices(one) == [Lost(reason=reason, since=at())]
    assert notices(other) == [Lost(reason=reason, since=None)]
    assert notices(waiting) == []
    assert one.refused == {AAPL: "MAX_STREAMS_REACHED"}
    line.say(OTHER)  # of another contract: nothing to tell
    assert notices(other) == []
    line.say(KEY)
    (gap,) = notices(other)
    assert (gap.since, gap.until, gap.topics) == (None, WALL, (TRADES,))
    assert notices(one)[0].since == at()
    assert one.refused == other.refused == {}
    line.say(KEY)
    assert notices(one) == []


async def test_silence_is_no_refusal(line):
    """Where the terminal says nothing, a subscription that was there is not told as lost."""
    feed = await line.feed(TRADES)
    line.say(KEY, None)
    assert notices(feed) == []
    assert feed.refused == {}
