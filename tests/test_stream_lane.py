"""thetatrio._stream.lane: one list for many feeds, and what a reconnect does to it."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_events import AAPL, CALL, MSFT, SPX, at, bar, market_value, quote, trade
from tests.test_stream_buffer import numbered
from thetatrio._stream.lane import OVERLAP, REMEMBERED, Lane
from thetatrio._stream.wire import Key
from thetatrio.contracts import Stock
from thetatrio.events import Following, Gap, JoinedTrade, Lost, Replayed, Topic, Undecodable

pytestmark = pytest.mark.core

TRADES = Topic.trades(AAPL)
BOTH = Topic.trades(AAPL, MSFT)
KEY, OTHER = Key("TRADE", "STOCK", AAPL), Key("TRADE", "STOCK", MSFT)


class Inbox:
    """What a lane gives to one feed, in order."""

    def __init__(self):
        self.lists = []
        self.got = []
        self.received = 0

    def deliver(self, events):
        assert events
        self.lists.append(events)
        self.got += events
        self.received += len(events)

    def notify(self, notice):
        self.got.append(notice)

    def notify_replayed(self, count):
        self.received += count
        self.got.append(Replayed(count=count))

    def take(self):
        got, self.got = self.got, []
        return got

    @property
    def numbers(self):
        """Numbers of events, and notices."""
        return [getattr(entry, "sequence", entry) for entry in self.got]


def laned(*topics, feeds=1):
    lane = Lane(topics or (TRADES,))
    lane.receivers += [Inbox() for _ in range(feeds)]
    return lane, *lane.receivers


def flush(lane, events, now=0.0):
    lane.pending += events
    lane.flush(now)


def lost(since=None, reason="cut"):
    return Lost(reason=reason, since=since)


def gap(since, until, replayed=0, topics=(TRADES,), reason="cut"):
    return Gap(reason=reason, since=since, until=until, replayed=replayed, topics=topics)


def reconnected(lane, now=10.0, reason="cut"):
    lane.lose(reason)
    lane.returned(now)


def test_a_lane_knows_what_it_is_of():
    """Subscriptions and events are those of all its topics."""
    lane, _ = laned(Topic.trades(AAPL), Topic.quotes(CALL))
    assert lane.keys == [KEY, Key("QUOTE", "OPTION", CALL)]
    assert lane.routes == [("TRADE", AAPL), ("QUOTE", CALL)]


def test_events_go_to_every_feed_in_the_same_lists():
    """Feeds of one lane get the same events in the same lists, which the lane fills no more."""
    lane, one, other = laned(feeds=2)
    flush(lane, numbered(0, 1))
    flush(lane, numbered(2), now=7.0)
    assert one.lists == other.lists == [numbered(0, 1), numbered(2)]
    assert lane.pending == []
    assert (lane.last, lane.last_at) == (numbered(2)[0], 7.0)


def test_notices_go_to_every_feed():
    """A notice for a lane is one for each of its feeds, between their events."""
    lane, one, other = laned(feeds=2)
    notice = Undecodable(count=1, first_bytes=b"x")
    flush(lane, numbered(0))
    lane.notify(notice)
    flush(lane, numbered(1))
    assert one.numbers == other.numbers == [0, notice, 1]


# Losses


def test_a_loss_is_told_at_once():
    """Lost says why, and the market time of the last event before it."""
    lane, inbox = laned()
    flush(lane, numbered(3, 7))
    assert (lane.is_plain, lane.is_lost) == (True, False)
    lane.lose("cut")
    assert inbox.numbers == [3, 7, lost(at(7))]
    assert (lane.is_plain, lane.is_lost) == (False, True)


def test_a_loss_before_any_event_has_no_beginning():
    """Who had no event before a loss cannot say since when."""
    lane, inbox = laned()
    lane.lose("cut")
    lane.close_gap(at(9))
    assert inbox.numbers == [lost(), gap(None, at(9))]


def test_a_feed_that_came_later_has_its_own_beginning():
    """Of the feeds of a lane, one that had no event yet is told of no time before it."""
    lane, early = laned()
    flush(lane, numbered(3))
    late = Inbox()
    lane.receivers.append(late)
    reconnected(lane)
    flush(lane, numbered(8), 10)
    assert early.numbers == [3, lost(at(3)), gap(at(3), at(8)), 8]
    assert late.numbers == [lost(), gap(None, at(8)), 8]


def test_a_loss_that_goes_on_is_told_once():
    """Failed attempts to reconnect are no further losses."""
    lane, inbox = laned()
    flush(lane, numbered(3))
    lane.lose("cut")
    lane.lose("refused")
    reconnected(lane, reason="cut again")
    flush(lane, numbered(8), 10)
    assert inbox.numbers == [3, lost(at(3)), gap(at(3), at(8)), 8]


def test_the_first_event_ends_the_gap():
    """Gap stands before the first event after a loss, and until its time."""
    lane, inbox = laned()
    flush(lane, numbered(3))
    reconnected(lane)
    lane.answered(KEY, 10)
    flush(lane, numbered(8, 9), 10)
    flush(lane, numbered(10), 11)
    assert inbox.numbers == [3, lost(at(3)), gap(at(3), at(8)), 8, 9, 10]
    assert not lane.is_lost


def test_an_acknowledgement_ends_the_gap_where_no_event_comes():
    """close_gap() tells until when data was missing; the next event tells nothing more."""
    lane, inbox = laned()
    flush(lane, numbered(3))
    reconnected(lane)
    assert lane.answered_at is None
    lane.answered(KEY, 12.0)
    assert lane.answered_at == 12.0
    lane.close_gap(at(7))
    lane.close_gap(at(8))
    assert lane.answered_at is None
    flush(lane, numbered(9), 20)
    assert inbox.numbers == [3, lost(at(3)), gap(at(3), at(7)), 9]


def test_a_gap_does_not_end_before_it_begins():
    """Where the clock of the acknowledgement is behind the market's, the gap is empty."""
    lane, inbox = laned()
    flush(lane, numbered(30))
    reconnected(lane)
    lane.close_gap(at(7))
    assert inbox.numbers[-1] == gap(at(30), at(30))


def test_a_gap_of_nothing_is_none():
    """Without a loss there is no gap, whoever says that data flows."""
    lane, inbox = laned()
    lane.close_gap(at(7))
    lane.answered(KEY, 1.0)
    assert lane.answered_at is None
    assert inbox.got == []


def test_an_event_without_a_time_does_not_end_the_gap():
    """The gap ends at the first event that says when it was; nothing is held back for it."""
    lane, inbox = laned()
    flush(lane, numbered(3))
    reconnected(lane)
    flush(lane, [trade(5, sequence=5, date=0)], 10)
    assert lane.is_lost
    flush(lane, numbered(8), 10)
    assert inbox.numbers == [3, lost(at(3)), 5, gap(at(3), at(8)), 8]
    reconnected(lane, 20)
    flush(lane, [trade(9, sequence=9, date=0)], 20)
    lane.lose("cut")
    assert inbox.numbers[5:] == [lost(at(8)), 9]


def test_a_feed_of_nothing_is_back_at_once():
    """A lane without subscriptions waits for no acknowledgement."""
    lane, _ = laned(Topic.trades())
    reconnected(lane, 10.0)
    assert lane.answered_at == 10.0


# What the terminal repeats


def test_repeated_events_are_counted_and_not_given():
    """After a reconnect, what was delivered before is told by Replayed, in its place."""
    lane, inbox = laned()
    flush(lane, numbered(0, 1, 2, 3))
    reconnected(lane)
    inbox.take()
    flush(lane, numbered(2, 3, 4, 5), 10)
    assert inbox.numbers == [Replayed(count=2), gap(at(3), at(4), 2), 4, 5]
    assert inbox.received == 8


def test_repeated_events_between_new_ones():
    """Each run of them is told where it stood; the gap has those before it."""
    lane, inbox = laned()
    flush(lane, numbered(0, 1, 0, 1, 2, 3))
    reconnected(lane)
    lane.answered(KEY, 10)
    inbox.take()
    flush(lane, numbered(0, 1), 10)
    flush(lane, numbered(2, 4, 3, 1, 5, 6, 0), 11)
    assert inbox.numbers == [
        Replayed(count=2), Replayed(count=1), gap(at(3), at(4), 3), 4,
        Replayed(count=2), 5, 6, Replayed(count=1),
    ]  # fmt: skip


IDENTITY = {"ms": 7, "sequence": 5, "price": 10.0, "size": 100, "date": 20241104}


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"ms_of_day": 8}, False),
        ({"sequence": 6}, False),
        ({"price": 10.01}, False),
        ({"size": 101}, False),
        ({"date_int": 20241105}, False),
        ({"contract": MSFT}, False),
        ({"exchange": 7}, False),
        ({"condition": 0}, False),
    ],
)
def test_a_trade_is_known_by_all_of_its_fields(changes, same):
    """A print that differs from a delivered one in any field is another print, and delivered."""
    lane, inbox = laned(BOTH)
    delivered = trade(**IDENTITY)
    flush(lane, [delivered])
    reconnected(lane)
    inbox.take()
    flush(lane, [msgspec.structs.replace(delivered, **changes)], 10)
    assert (inbox.got == [Replayed(count=1)]) == same


@pytest.mark.parametrize("make", [quote, bar], ids=lambda make: make.__name__)
def test_other_events_are_known_by_all_they_say(make):
    """A quote or bar that differs in any field is a new one."""
    lane, inbox = laned(Topic.quotes(AAPL, MSFT))
    flush(lane, [make(7)])
    reconnected(lane)
    inbox.take()
    for other in (make(8), make(7, MSFT), make(7, date=20241105), make(7, AAPL, 99.0)):
        flush(lane, [other], 10)
    assert not any(isinstance(entry, Replayed) for entry in inbox.take())
    flush(lane, [make(7)], 10)
    assert inbox.take() == [Replayed(count=1)]


@pytest.mark.parametrize("make", [trade, quote, bar, market_value], ids=lambda make: make.__name__)
@pytest.mark.parametrize(("before", "after"), [(1, 1), (1, 3), (3, 2), (2, 5)])
def test_equal_events_are_counted(make, before, after):
    """Of equal events after a reconnect, as many are repetitions as were delivered before it."""
    lane, inbox = laned(Topic.quotes(AAPL))
    flush(lane, [make(7)] * before)
    reconnected(lane)
    inbox.take()
    flush(lane, [make(7)] * after, 10)
    repeated = min(before, after)
    assert inbox.received == before + after
    assert sum(each.count for each in inbox.got if isinstance(each, Replayed)) == repeated
    assert inbox.got.count(make(7)) == after - repeated


def test_equal_events_are_counted_anew_after_each_reconnect():
    """What was repeated after one reconnect may be repeated after the next, as often as it was."""
    lane, inbox = laned()
    flush(lane, numbered(0))
    for _ in range(3):
        reconnected(lane)
        inbox.take()
        flush(lane, numbered(0), 10)
        assert [each for each in inbox.take() if not isinstance(each, Lost)] == [Replayed(count=1)]
    flush(lane, numbered(0), 10)
    reconnected(lane)
    inbox.take()
    flush(lane, numbered(0, 0, 0), 10)
    assert [each for each in inbox.numbers if not isinstance(each, Gap)] == [Replayed(count=2), 0]


def test_joined_trades_are_counted():
    """A second print that is equal to a joined one is delivered, whatever its quote and bar are."""
    lane, inbox = laned(Topic.joined_trades("stock"))
    flush(lane, [quote(0), trade(1)])
    reconnected(lane)
    inbox.take()
    flush(lane, [trade(1), trade(1)], 10)
    assert [each for each in inbox.take() if not isinstance(each, Gap)] == [
        Replayed(count=1), JoinedTrade(trade(1), None, None),
    ]  # fmt: skip


def test_lanes_that_parted_count_by_themselves():
    """What is repeated to one feed does not use up what another has to recognise."""
    lane, stays, leaves = laned(feeds=2)
    flush(lane, numbered(0))
    reconnected(lane)
    flush(lane, numbered(9), 10)
    own = lane.split(leaves)
    for each in (lane, own):
        flush(each, numbered(0, 0), 10)
    for inbox in (stays, leaves):
        assert inbox.numbers[-3:] == [9, Replayed(count=1), 0]


def test_only_the_seconds_after_a_reconnect_count():
    """What is repeated later is delivered as sent."""
    for seconds, known in ((0, True), (OVERLAP - 0.01, True), (OVERLAP, False), (60, False)):
        lane, inbox = laned()
        flush(lane, numbered(0))
        reconnected(lane, 100.0)
        inbox.take()
        flush(lane, numbered(0), 100.0 + seconds)
        assert (Replayed(count=1) in inbox.got) == known
        assert (0 in inbox.numbers) != known


def test_nothing_is_suppressed_at_any_other_time():
    """While nothing was lost, equal events are all given; so they are while the line is down."""
    lane, inbox = laned()
    for _ in range(3):
        flush(lane, numbered(0, 0))
    lane.lose("cut")
    flush(lane, numbered(0))
    assert inbox.numbers == [0] * 6 + [lost(at(0)), gap(at(0), at(0)), 0]
    lane, inbox = laned()
    reconnected(lane)
    lane.answered(KEY, 10)
    flush(lane, numbered(1, 1), 10)
    flush(lane, numbered(1), 11)
    flush(lane, numbered(1), 100)
    assert inbox.numbers == [lost(), gap(None, at(1)), 1, 1, 1, 1], "it is what came before"
    assert lane.is_plain


def test_so_many_events_are_remembered():
    """The last 4,096 at least, and no more than a list beyond them."""
    lane, inbox = laned()
    for start in range(0, 10_000, 100):
        flush(lane, numbered(*range(start, start + 100)))
    assert REMEMBERED <= sum(len(each) for each in lane._recent) < REMEMBERED + 100
    reconnected(lane)
    inbox.take()
    flush(lane, numbered(*range(10_000 - REMEMBERED, 10_000)), 10)
    assert inbox.take() == [Replayed(count=REMEMBERED)]
    flush(lane, numbered(0), 10)
    assert inbox.numbers[-1] == 0


def test_a_long_list_is_remembered_whole_and_then_forgotten():
    """Lists are remembered as they came, so that memory is bounded by the longest."""
    lane, _ = laned()
    flush(lane, numbered(*range(3 * REMEMBERED)))
    flush(lane, numbered(1))
    assert len(lane._recent) == 2
    for number in range(REMEMBERED):
        flush(lane, numbered(number))
    assert sum(len(each) for each in lane._recent) == REMEMBERED


def test_a_second_reconnect_remembers_what_came_between():
    """After a short life, what was new in it is known too."""
    lane, inbox = laned()
    flush(lane, numbered(0, 1))
    reconnected(lane, 10)
    flush(lane, numbered(1, 2), 11)
    reconnected(lane, 12)
    inbox.take()
    flush(lane, numbered(1, 2, 3), 13)
    assert inbox.numbers == [Replayed(count=2), gap(at(2), at(3), 2), 3]


@settings(max_examples=settings.default.max_examples // 2)
@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 40)), min_size=1, max_size=6),
    st.lists(st.integers(0, 200), max_size=6),
)
def test_what_is_sent_again_is_never_given_twice(lives, cuts):
    """Over many lives that each begin with a part of the past: every event once, in order."""
    lane, inbox = laned()
    number, now, sent = 0, 0.0, 0
    for new, again in lives:
        events = numbered(*range(max(0, number - again), number + new))
        edges = sorted({0, len(events), *(cut for cut in cuts if cut < len(events))})
        for start, end in pairwise(edges):
            flush(lane, events[start:end], now)
        sent += len(events)
        number += new
        now += 10
        reconnected(lane, now)
    events = [each for each in inbox.numbers if isinstance(each, int)]
    assert events == list(range(number))
    replayed = sum(each.count for each in inbox.got if isinstance(each, Replayed))
    assert replayed + number == sent == inbox.received
    for each in inbox.got:
        if isinstance(each, Gap):
            assert each.since < each.until


# What the terminal does not take back


def gaps_in(inbox):
    return [each for each in inbox.got if isinstance(each, Gap)]


def test_each_subscription_has_one_gap():
    """Subscriptions that come back one after the other have one gap each, from the same moment."""
    lane, inbox = laned(BOTH)
    flush(lane, numbered(1))
    reconnected(lane)
    lane.answered(KEY, 10.5)
    assert lane.answered_at is None
    inbox.take()
    flush(lane, numbered(5), 11)
    assert inbox.numbers == [gap(at(1), at(5)), 5]
    flush(lane, numbered(6), 12)
    assert lane.is_lost
    lane.answered(OTHER, 13.0)
    assert lane.answered_at == 13.0
    flush(lane, numbered(8), 14)
    assert inbox.numbers[2:] == [6, gap(at(1), at(8), topics=(Topic.trades(MSFT),)), 8]
    assert not lane.is_lost


def test_subscriptions_that_are_back_together_share_a_gap():
    """What is acknowledged before the first event is in one gap, and so is all of a feed."""
    many = [Stock(f"S{number}") for number in range(50)]
    lane, inbox = laned(Topic.trades(AAPL, *many), Topic.quotes(AAPL, *many))
    reconnected(lane)
    for key in lane.keys[:70]:
        lane.answered(key, 10.5)
    flush(lane, numbered(5), 11)
    (first,) = gaps_in(inbox)
    assert first.topics == (Topic.trades(AAPL, *many), Topic.quotes(AAPL, *many[:18]))
    for key in lane.keys[70:]:
        lane.answered(key, 11.5)
    flush(lane, numbered(6), 12)
    assert gaps_in(inbox) == [first, gap(None, at(6), topics=(Topic.quotes(*many[18:]),))]


def test_an_event_before_its_acknowledgement_ends_its_gap():
    """Where the account's data goes on at once, each subscription has one gap all the same."""
    lane, inbox = laned(BOTH)
    flush(lane, numbered(1))
    reconnected(lane)
    inbox.take()
    flush(lane, numbered(5, contract=MSFT), 10.1)
    flush(lane, numbered(6), 10.2)
    assert not lane.is_lost
    lane.answered(KEY, 10.5)
    lane.answered(OTHER, 10.5)
    flush(lane, numbered(7), 11)
    assert lane.answered_at is None
    assert inbox.numbers == [
        gap(at(1), at(5), topics=(Topic.trades(MSFT),)), 5, gap(at(1), at(6), topics=(TRADES,)),
        6, 7,
    ]  # fmt: skip


def test_events_of_one_read_end_their_gaps_together():
    """However many subscriptions one read brings events of, it ends their gaps in one notice.

    Up to the latest of their first events: none is proof of the time before it.
    """
    lane, inbox = laned(BOTH, Topic.ohlc(SPX), Topic.market_values(AAPL))
    reconnected(lane)
    inbox.take()
    events = [trade(5), trade(6, MSFT), bar(7, SPX), market_value(8, AAPL)]
    flush(lane, events, 10.1)
    assert inbox.got == [gap(None, at(8), topics=lane.topics), *events]
    assert not lane.is_lost


def test_an_event_of_one_subscription_is_no_proof_of_another():
    """What is not acknowledged may have missed what was before its own first event."""
    lane, inbox = laned(BOTH)
    flush(lane, [trade(1), trade(1, MSFT)])
    reconnected(lane)
    inbox.take()
    lane.answered(KEY, 10)
    events = [trade(5), trade(7, MSFT)]
    flush(lane, events, 10.1)
    assert inbox.got == [
        gap(at(1), at(5), topics=(Topic.trades(AAPL),)),
        gap(at(1), at(7), topics=(Topic.trades(MSFT),)),
        *events,
    ]
    assert not lane.is_lost


@pytest.mark.parametrize(
    ("topic", "event", "key"),
    [
        (Topic.quotes(AAPL), quote, Key("QUOTE", "STOCK", AAPL)),
        (Topic.full_trades("stock"), trade, Key("TRADE", "STOCK", None)),
        (Topic.full_trades("stock"), quote, Key("TRADE", "STOCK", None)),
    ],
)
def test_an_event_that_another_subscription_may_have_caused_proves_nothing(topic, event, key):
    """The full trade stream sends quotes, too, and a contract's trades are those of all trades.

    A quote, or an event of the full trade stream, before the acknowledgement ends the gap, in its
    place; what may be missing up to the acknowledgement is a second one. Never more than two.
    """
    lane, inbox = laned(topic)
    flush(lane, [event(1)])
    reconnected(lane)
    inbox.take()
    for number in (5, 6, 7):
        flush(lane, [event(number)], 10.1)
    assert lane.is_lost
    lane.answered(key, 10.5)
    flush(lane, [event(8)], 10.6)
    assert not lane.is_lost
    assert gaps_in(inbox) == [
        gap(at(1), at(5), topics=(topic,)), gap(at(5), at(8), topics=(topic,)),
    ]  # fmt: skip
    assert inbox.got[0] == gap(at(1), at(5), topics=(topic,))
    assert inbox.got[-2:] == [gap(at(5), at(8), topics=(topic,)), event(8)]


def test_an_event_of_another_kind_proves_nothing():
    """A trade does not end the gap of the quotes of its contract."""
    lane, inbox = laned(Topic.quotes(AAPL), Topic.trades(AAPL))
    reconnected(lane)
    flush(lane, [trade(5)], 10.1)
    assert gaps_in(inbox) == [gap(None, at(5), topics=(TRADES,))]
    assert lane.is_lost


def test_the_gap_of_the_rest_can_end_by_its_acknowledgement():
    """If no event comes, the second gap ends when it is told to."""
    lane, inbox = laned(BOTH)
    reconnected(lane)
    lane.answered(OTHER, 10.5)
    flush(lane, numbered(5, contract=MSFT), 11)
    lane.answered(KEY, 12.0)
    lane.close_gap(at(9))
    assert gaps_in(inbox) == [
        gap(None, at(5), topics=(Topic.trades(MSFT),)), gap(None, at(9), topics=(TRADES,)),
    ]  # fmt: skip


def test_the_rest_is_named_by_its_contracts():
    """Of several topics only those contracts are told that need what is not back."""
    topics = (Topic.trades(AAPL, MSFT), Topic.ohlc(AAPL, SPX), Topic.quotes(AAPL))
    lane, inbox = laned(*topics)
    reconnected(lane)
    lane.answered(OTHER, 10.1)
    lane.answered(Key("TRADE", "INDEX", SPX), 10.2)
    lane.answered(Key("QUOTE", "STOCK", AAPL), 10.3)
    flush(lane, numbered(5, contract=MSFT), 11)
    lane.answered(KEY, 12.0)
    lane.close_gap(at(9))
    assert inbox.got[-1].topics == (Topic.trades(AAPL), Topic.ohlc(AAPL))


def test_the_full_stream_is_named_whole():
    """What is missing of the full trade stream is all of it."""
    full = Topic.full_trades("stock")
    lane, inbox = laned(full, Topic.quotes(CALL))
    reconnected(lane)
    lane.answered(Key("QUOTE", "OPTION", CALL), 10.5)
    flush(lane, [quote(5, CALL)], 11)
    lane.close_gap(at(9))
    assert inbox.got[-1].topics == (full,)


def test_a_disconnect_while_a_part_is_missing():
    """What was still missing is so since the first disconnect, the rest since the second."""
    lane, inbox = laned(BOTH)
    flush(lane, numbered(1))
    reconnected(lane)
    lane.answered(KEY, 10.5)
    flush(lane, numbered(5, 6), 11)
    inbox.take()
    reconnected(lane, 20, "cut again")
    lane.answered(KEY, 20.5)
    lane.answered(OTHER, 20.5)
    flush(lane, numbered(9), 21)
    assert inbox.numbers == [
        lost(at(6), "cut again"),
        gap(at(6), at(9), reason="cut again"),
        gap(at(1), at(9), topics=(Topic.trades(MSFT),), reason="cut again"),
        9,
    ]  # fmt: skip
    assert not lane.is_lost


def test_what_is_added_while_a_part_is_missing_is_not_missing():
    """A contract that comes later is in the gap of all of the feed, and in none of a part of it."""
    lane, inbox = laned(BOTH)
    reconnected(lane)
    lane.answered(KEY, 10.5)
    flush(lane, numbered(5), 11)
    wider = Topic.trades(AAPL, MSFT, Stock("IBM"))
    lane.topics = (wider,)
    lane.wait_for_wanted(11.5)
    assert lane.lost_since(OTHER) is None
    lane.answered(OTHER, 12)
    lane.close_gap(at(9))
    assert gaps_in(inbox)[1:] == [gap(None, at(9), topics=(Topic.trades(MSFT),))]
    reconnected(lane)
    assert lane.lost_since(OTHER) == at(5)
    lane.topics = (BOTH,)
    lane.wait_for_wanted(20)
    lane.close_gap(at(10))
    assert gaps_in(inbox)[2:] == [gap(at(5), at(10), topics=(BOTH,))]
    assert lane.lost_since(OTHER) is None


def test_what_is_wanted_no_more_is_not_waited_for():
    """A feed that becomes narrower is back when what is left of it is."""
    lane, inbox = laned(BOTH)
    reconnected(lane)
    lane.answered(KEY, 10.5)
    lane.topics = (TRADES,)
    lane.wait_for_wanted(11.0)
    assert lane.answered_at == 11.0
    lane.close_gap(at(9))
    lane.wait_for_wanted(12.0)
    assert lane.answered_at is None
    assert inbox.got[-1] == gap(None, at(9))
    reconnected(lane, 20.0)
    lane.wait_for_wanted(21.0)
    assert lane.answered_at is None, "it is wanted still"


# Feeds that part


def test_a_feed_that_parts_goes_on_where_it_was():
    """A lane of its own has the same past: what was lost, and what was delivered."""
    lane, stays, leaves = laned(feeds=2)
    flush(lane, numbered(0, 1))
    reconnected(lane)
    own = lane.split(leaves)
    assert (lane.receivers, own.receivers) == ([stays], [leaves])
    own.topics = (BOTH,)
    for each in (lane, own):
        flush(each, numbered(1, 2), 10)
    assert stays.numbers == [0, 1, lost(at(1)), Replayed(count=1), gap(at(1), at(2), 1), 2]
    assert leaves.numbers == [
        0, 1, lost(at(1)), Replayed(count=1), gap(at(1), at(2), 1, (BOTH,)), 2,
    ]  # fmt: skip


def test_lanes_that_parted_share_nothing():
    """What happens to one afterwards does not happen to the other."""
    lane, stays, leaves = laned(BOTH, feeds=2)
    reconnected(lane)
    own = lane.split(leaves)
    lane.answered(KEY, 10.5)
    lane.answered(OTHER, 10.5)
    assert own.answered_at is None
    flush(lane, numbered(5), 11)
    assert own.pending == []
    assert own.is_lost
    lane.lose("cut again")
    assert leaves.numbers == [lost()]
    flush(own, numbered(7), 11)
    assert leaves.numbers == [lost(), gap(None, at(7)), 7]
    assert own.is_lost, "for all that it was told, nothing is back"
    assert stays.numbers[-1] == lost(at(5), "cut again")


# Joined trades


JOINED = Topic.joined_trades("option")


def test_joined_trades_are_joined_for_all_feeds():
    """A lane of joined trades gives them in place of what the terminal sends."""
    lane, one, other = laned(JOINED, feeds=2)
    before, day, print_, after = quote(1, CALL), bar(2, CALL), trade(3, CALL), quote(4, CALL)
    flush(lane, [before, day])
    assert one.lists == []
    flush(lane, [print_])
    flush(lane, [after])
    expected = [JoinedTrade(print_, before, day), Following(print_, after, 1)]
    assert one.got == other.got == expected
    assert lane.last == expected[-1]


def test_a_loss_takes_the_past_with_it():
    """After a gap a trade is not joined with quotes from before it, and is known all the same."""
    lane, inbox = laned(JOINED)
    flush(lane, [quote(1, CALL), trade(3, CALL)])
    reconnected(lane)
    inbox.take()
    again, new = trade(3, CALL), trade(9, CALL, 2)
    flush(lane, [again, bar(8, CALL), new], 10)
    assert inbox.got == [
        Replayed(count=1),
        gap(at(3), at(9), 1, (JOINED,)),
        JoinedTrade(new, None, bar(8, CALL)),
    ]


def test_a_lane_that_parts_joins_on():
    """Both lanes know the quotes and bars from before."""
    lane, stays, leaves = laned(JOINED, feeds=2)
    before = quote(1, CALL)
    flush(lane, [before])
    own = lane.split(leaves)
    for each in (lane, own):
        flush(each, [trade(3, CALL)])
        flush(each, [quote(4, CALL)])
    expected = [
        JoinedTrade(trade(3, CALL), before, None),
        Following(trade(3, CALL), quote(4, CALL), 1),
    ]
    assert stays.got == leaves.got == expected
