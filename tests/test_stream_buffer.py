"""thetatrio._stream.buffer: bounded, in order, and no event unaccounted for."""

import datetime as dt
import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_events import AAPL, MSFT, at, bar, quote, trade
from thetatrio._stream.buffer import Buffer, FeedStatistics, compacted, market_time_of
from thetatrio.contracts import Stock
from thetatrio.errors import InvalidRequest
from thetatrio.events import Dropped, Gap, Lost, Replayed, Topic, Undecodable
from thetatrio.market_time import NEW_YORK

pytestmark = pytest.mark.core

DROPPING = ["raise", "drop_oldest", "drop_newest"]
POLICIES = [*DROPPING, "latest", "block"]
STOCKS = [Stock(letter) for letter in "ABCDEFGH"]
NOTICES_KEPT = 128


def numbered(*numbers, contract=AAPL):
    """Trades whose time is their number."""
    return [trade(number, contract, sequence=number) for number in numbers]


def dropped(first, last):
    return Dropped(count=last - first + 1, since=at(first), until=at(last))


def lost(reason="cut"):
    return Lost(reason=reason, since=None)


def drain(buffer, most=1000):
    """Take everything: numbers of events, and notices."""
    found = [event.sequence for event in buffer.items]
    while (entry := buffer.take(most)) is not None:
        found += [event.sequence for event in entry] if isinstance(entry, list) else [entry]
    return found


@pytest.mark.parametrize("capacity", [0, -1, True, 1.5, "5", None])
def test_a_capacity_that_is_none_is_refused(capacity):
    """A buffer holds a whole number of events, one at least."""
    with pytest.raises(InvalidRequest, match="buffer: a whole number of events from 1, not"):
        Buffer(capacity, "raise")


@pytest.mark.parametrize("overflow", ["", "drop", None, 1])
def test_a_policy_that_is_none_is_refused(overflow):
    """The message names the policies there are."""
    with pytest.raises(InvalidRequest, match="overflow: one of raise, drop_oldest, .*, not"):
        Buffer(10, overflow)


@pytest.mark.parametrize("overflow", POLICIES)
def test_what_fits_is_given_in_order(overflow):
    """Up to its capacity every policy gives everything, notices in their places."""
    buffer = Buffer(10, overflow)
    contracts = iter([*STOCKS, AAPL, MSFT])
    for start in (0, 3, 6):
        batch = [numbered(start + step, contract=next(contracts))[0] for step in range(3)]
        buffer.push(batch)
        buffer.push_notice(lost(str(start)))
    assert not buffer.is_full
    assert drain(buffer) == [0, 1, 2, lost("0"), 3, 4, 5, lost("3"), 6, 7, 8, lost("6")]
    assert buffer.take(1) is None
    assert buffer.is_empty
    assert buffer.statistics() == FeedStatistics(
        received=9, delivered=9, dropped=0, conflated=0, replayed=0, waiting=0
    )


@pytest.mark.parametrize("overflow", POLICIES)
def test_no_more_is_taken_than_asked_for(overflow):
    """A long list is handed out in parts."""
    buffer = Buffer(10, overflow)
    buffer.push([numbered(n, contract=STOCKS[n])[0] for n in range(7)])
    assert [len(buffer.take(3)) for _ in range(3)] == [3, 3, 1]


@pytest.mark.parametrize("overflow", ["raise", "drop_oldest"])
def test_the_oldest_are_dropped(overflow):
    """What is over goes from the front, and is told where it was, with its times."""
    buffer = Buffer(4, overflow)
    buffer.push(numbered(0, 1, 2))
    buffer.push(numbered(3, 4))
    buffer.push(numbered(5))
    assert buffer.waiting == 4
    assert drain(buffer) == [dropped(0, 1), 2, 3, 4, 5]
    buffer.push(numbered(*range(10, 30)))
    assert drain(buffer) == [dropped(10, 25), 26, 27, 28, 29]
    assert buffer.statistics().dropped == 18


def test_the_newest_are_dropped():
    """What is over goes from the end, and is told there; what comes after is given again."""
    buffer = Buffer(4, "drop_newest")
    buffer.push(numbered(0, 1, 2))
    buffer.push(numbered(3, 4))
    buffer.push(numbered(5))
    buffer.push(numbered(6))
    assert buffer.take(1) == numbered(0)
    buffer.push(numbered(7, 8))
    assert drain(buffer) == [1, 2, 3, dropped(4, 6), 7, dropped(8, 8)]
    assert buffer.statistics().dropped == 4


def test_a_blocking_buffer_drops_nothing():
    """It says that it is full, and what one read brings comes on top."""
    buffer = Buffer(4, "block")
    buffer.push(numbered(0, 1, 2))
    assert not buffer.is_full
    buffer.push(numbered(*range(3, 10)))
    assert buffer.is_full
    assert buffer.waiting == 10
    assert drain(buffer) == list(range(10))
    assert not buffer.is_full
    assert buffer.statistics().dropped == 0


def test_the_latest_of_each_contract_is_kept():
    """A newer event takes the place of its contract's older one, and comes last."""
    buffer = Buffer(10, "latest")
    a, b, c = STOCKS[:3]
    buffer.push([*numbered(0, contract=a), *numbered(1, contract=b), *numbered(2, contract=a)])
    buffer.push([*numbered(3, contract=c), *numbered(4, contract=b)])
    assert buffer.waiting == 3
    assert buffer.statistics().conflated == 2
    assert drain(buffer) == [2, 3, 4]


def test_the_latest_is_of_each_kind():
    """A quote does not take the place of a trade of the same contract."""
    buffer = Buffer(10, "latest")
    buffer.push([quote(1), trade(2), bar(3), quote(4)])
    assert buffer.take(10) == [trade(2), bar(3), quote(4)]


def test_notices_stand_between_the_latest():
    """Events that came after a notice are given after it."""
    buffer = Buffer(10, "latest")
    a, b = STOCKS[:2]
    buffer.push([*numbered(0, contract=a), *numbered(1, contract=b)])
    buffer.push_notice(lost())
    buffer.push(numbered(2, contract=a))
    assert drain(buffer) == [1, lost(), 2]


def test_more_contracts_than_there_is_room_for():
    """Where even the newest of each are too many, the oldest of them are dropped and told."""
    buffer = Buffer(3, "latest")
    buffer.push([numbered(n, contract=STOCKS[n])[0] for n in range(5)])
    assert buffer.waiting == 3
    assert drain(buffer) == [dropped(0, 1), 2, 3, 4]
    assert buffer.statistics() == FeedStatistics(
        received=5, delivered=3, dropped=2, conflated=0, replayed=0, waiting=0
    )


def test_a_newer_event_takes_the_place_of_one_in_hand():
    """Where there is no room, what a newer event has followed goes first, lined up or not."""
    buffer = Buffer(2, "latest")
    a, b = STOCKS[:2]
    buffer.push(numbered(0, contract=a))
    buffer.items = iter(buffer.take(10))
    buffer.push([*numbered(1, contract=b), *numbered(2, contract=a)])
    buffer.push(numbered(3, contract=a))
    assert buffer.statistics() == FeedStatistics(
        received=4, delivered=0, dropped=0, conflated=2, replayed=0, waiting=2
    )
    assert drain(buffer) == [1, 3]


def test_a_newer_event_takes_the_place_of_one_before_notices():
    """Events that many notices have parted are the newest of each contract all the same."""
    buffer = Buffer(3, "latest")
    a, b, c = STOCKS[:3]
    for number, contracts in enumerate([(a, b), (a,), (c,)]):
        for contract in contracts:
            buffer.push(numbered(number, contract=contract))
        for _ in range(3 * NOTICES_KEPT):
            buffer.push_notice(lost())
    assert buffer.statistics().dropped == 0
    assert [each for each in drain(buffer) if each != lost()] == [0, 1, 2]
    assert buffer.statistics().conflated == 1


@pytest.mark.parametrize("overflow", ["raise", "drop_oldest"])
def test_a_buffer_of_one_keeps_the_newest(overflow):
    """The smallest buffer holds the last event, and says how many went before."""
    buffer = Buffer(1, overflow)
    for number in range(5):
        buffer.push(numbered(number))
    assert drain(buffer) == [dropped(0, 3), 4]


def test_a_buffer_of_one_keeps_the_oldest():
    """With `drop_newest` the smallest buffer holds the first event."""
    buffer = Buffer(1, "drop_newest")
    for number in range(5):
        buffer.push(numbered(number))
    assert drain(buffer) == [0, dropped(1, 4)]


def test_a_buffer_of_one_has_one_latest():
    """With `latest` the smallest buffer holds one contract's newest."""
    buffer = Buffer(1, "latest")
    for number in range(5):
        buffer.push(numbered(number))
    assert buffer.statistics().conflated == 4
    buffer.push(numbered(5, contract=MSFT))
    assert drain(buffer) == [dropped(4, 4), 5]


def test_what_is_in_hand_can_still_be_dropped():
    """Events that a reader has lined up count as waiting, and are the oldest."""
    buffer = Buffer(3, "drop_oldest")
    buffer.push(numbered(0, 1, 2))
    buffer.items = iter(buffer.take(10))
    assert next(buffer.items).sequence == 0
    assert buffer.waiting == 2
    buffer.push(numbered(3, 4))
    assert buffer.statistics() == FeedStatistics(
        received=5, delivered=1, dropped=1, conflated=0, replayed=0, waiting=3
    )
    assert drain(buffer) == [dropped(1, 1), 2, 3, 4]


def test_a_full_hand_is_not_a_full_buffer():
    """A reader is waited for as long as events wait behind those that it goes through."""
    buffer = Buffer(3, "block")
    buffer.push(numbered(0, 1, 2))
    assert buffer.is_full
    buffer.items = iter(buffer.take(10))
    assert not buffer.is_full


@pytest.mark.parametrize("date", [0, 20240230, 10**30, 99991332])
def test_a_time_that_is_none_is_not_told(date):
    """Events whose date cannot be read are dropped like others, and counted."""
    strange = trade(1, sequence=1, date=date)
    assert market_time_of(strange) is None
    buffer = Buffer(1, "drop_oldest")
    buffer.push([*numbered(0), strange, strange, *numbered(2)])
    assert drain(buffer) == [Dropped(count=3, since=at(0), until=None), 2]
    buffer.push([strange, *numbered(3)])
    buffer.push(numbered(4))
    assert drain(buffer) == [Dropped(count=2, since=at(3), until=at(3)), 4]


def test_replayed_events_are_counted_and_told():
    """What was delivered before is received, not waiting, and told in its place."""
    buffer = Buffer(10, "raise")
    buffer.push(numbered(0))
    buffer.push_replayed(7)
    buffer.push(numbered(1))
    assert buffer.received == 9
    assert buffer.statistics() == FeedStatistics(
        received=9, delivered=0, dropped=0, conflated=0, replayed=7, waiting=2
    )
    assert drain(buffer) == [0, Replayed(count=7), 1]


def test_what_is_put_back_comes_next():
    """Entries that were taken and put back stand where they were."""
    buffer = Buffer(10, "raise")
    buffer.push(numbered(0, 1, 2))
    buffer.push_notice(lost())
    buffer.push(numbered(3))
    entries = [buffer.take(2), buffer.take(2), buffer.take(2)]
    buffer.put_back(entries)
    assert buffer.statistics().waiting == 4
    assert drain(buffer) == [0, 1, 2, lost(), 3]


@pytest.mark.parametrize("overflow", POLICIES)
def test_what_is_forgotten_counts_as_dropped(overflow):
    """clear() leaves nothing to read, and no event uncounted."""
    buffer = Buffer(10, overflow)
    buffer.push([numbered(n, contract=STOCKS[n])[0] for n in range(6)])
    buffer.items = iter(buffer.take(3))
    next(buffer.items)
    buffer.push_notice(lost())
    buffer.push(numbered(7))
    buffer.clear()
    assert buffer.is_empty
    assert drain(buffer) == []
    assert buffer.statistics() == FeedStatistics(
        received=7, delivered=1, dropped=6, conflated=0, replayed=0, waiting=0
    )
    buffer.push(numbered(8))
    assert drain(buffer) == [8]


# Whatever happens


class Reader:
    """Pushes numbered events and reads them as an inbox does, and keeps count of all."""

    def __init__(self, capacity, overflow):
        self.capacity = capacity
        self.buffer = Buffer(capacity, overflow)
        self.pushed = 0
        self.replayed = 0
        self.notices = 0
        self.found = []
        self.newest = {}

    def push(self, contracts):
        events = []
        for index in contracts:
            contract = STOCKS[index]
            events += numbered(self.pushed, contract=contract)
            self.newest[contract] = self.pushed
            self.pushed += 1
        self.buffer.push(events)

    def notice(self):
        # It says after which events it stands.
        self.notices += 1
        self.buffer.push_notice(lost(str(self.pushed)))

    def replay(self, count):
        self.replayed += count
        self.notices += 1
        self.buffer.push_replayed(count)

    def read(self, events, most):
        for _ in range(events):
            for event in self.buffer.items:
                self.found.append(event)
                break
            else:
                entry = self.buffer.take(most)
                if isinstance(entry, list):
                    self.buffer.items = iter(entry)
                elif entry is not None:
                    self.found.append(entry)

    def look(self, entries, most):
        if self.buffer.waiting > self.buffer._held:
            return  # only who has nothing in hand takes
        taken = [self.buffer.take(most) for _ in range(entries)]
        self.buffer.put_back([entry for entry in taken if entry is not None])

    @property
    def delivered(self):
        return [event.sequence for event in self.found if hasattr(event, "sequence")]

    def check(self):
        buffer = self.buffer
        numbers = buffer.statistics()
        assert numbers.received == self.pushed + self.replayed
        assert numbers.delivered == len(self.delivered)
        assert numbers.replayed == self.replayed
        assert numbers.received == (
            numbers.delivered + numbers.dropped + numbers.conflated + numbers.replayed
            + numbers.waiting
        )  # fmt: skip
        assert numbers.waiting == buffer.waiting
        if buffer.overflow == "block":
            assert numbers.dropped == 0
        else:
            assert buffer.waiting <= self.capacity
        if buffer.overflow != "latest":
            assert numbers.conflated == 0
        assert self.delivered == sorted(set(self.delivered))
        inside = sum(not isinstance(entry, list) for entry in buffer._entries)
        inside += sum(isinstance(entry, Lost | Replayed) for entry in buffer._newest.values())
        assert buffer._notices == inside


def batches_of(data):
    """Make lists of contracts out of bytes, which are drawn much faster than lists of lists."""
    found = [[]]
    for byte in data:
        found[-1].append(byte % 8)
        if byte & 0x40:
            found.append([])
    return [batch for batch in found if batch]


def steps_of(data):
    """Make operations out of bytes: what to do, how much of it, and in what pieces."""
    for what, count, size in zip(data[::3], data[1::3], data[2::3], strict=False):
        most = (1, 2, 256)[size % 3]
        match what % 8:
            case 0 | 1 | 2:
                yield (
                    "push",
                    [(what // 8 + place * (count % 3)) % 8 for place in range(count % 12 + 1)],
                )
            case 3:
                yield "push", [count % 2, most % 2]
            case 4:
                yield ("notice",)
            case 5:
                yield "replay", count % 5 + 1
            case 6:
                yield "read", count % 9 + 1, most
            case _:
                yield "look", count % 4 + 1, most


operations = st.binary(max_size=90).map(lambda data: list(steps_of(data)))


@pytest.mark.parametrize("overflow", POLICIES)
@given(capacity=st.integers(1, 8), steps=operations)
def test_every_event_is_accounted_for(overflow, capacity, steps):
    """After any operations, received = delivered + dropped + conflated + replayed + waiting."""
    reader = Reader(capacity, overflow)
    for name, *arguments in steps:
        getattr(reader, name)(*arguments)
        reader.check()
    reader.read(10_000, 256)
    reader.check()
    assert reader.buffer.waiting == 0
    told = sum(entry.count for entry in reader.found if isinstance(entry, Dropped))
    assert told == reader.buffer.statistics().dropped
    told = sum(entry.count for entry in reader.found if isinstance(entry, Replayed))
    assert told == reader.replayed


@pytest.mark.parametrize("overflow", [*DROPPING, "block"])
@given(capacity=st.integers(1, 8), steps=operations)
def test_what_is_missing_is_told_in_its_place(overflow, capacity, steps):
    """Between two events stand exactly as many dropped ones as their numbers differ, with times."""
    reader = Reader(capacity, overflow)
    for name, *arguments in steps:
        getattr(reader, name)(*arguments)
    reader.read(10_000, 256)
    number = 0
    lost_there = 0
    for entry in reader.found:
        match entry:
            case Dropped(count=count):
                assert entry == dropped(number, number + count - 1)
                number += count
            case Lost(reason=reason):
                assert number == int(reason)
                lost_there += 1
            case Replayed():
                pass
            case _:
                assert entry.sequence == number
                number += 1
    assert number == reader.pushed
    assert lost_there == sum(name == "notice" for name, *_ in steps)


@given(capacity=st.integers(1, 8), steps=operations)
def test_the_newest_of_each_contract_is_always_given(capacity, steps):
    """With `latest`, what is seen last of a contract is what came last, however late one reads."""
    reader = Reader(capacity, "latest")
    for name, *arguments in steps:
        getattr(reader, name)(*arguments)
    reader.read(10_000, 256)
    seen = {event.contract: event.sequence for event in reader.found if hasattr(event, "sequence")}
    newest = sorted(reader.newest.values())[-capacity:]
    assert set(newest) <= set(seen.values())
    if len(reader.newest) <= capacity:
        assert seen == reader.newest
        assert reader.buffer.statistics().dropped == 0


@given(st.binary(max_size=100).map(batches_of))
def test_unread_the_latest_are_one_of_each(batches):
    """As long as nobody reads, one event of each contract waits, in the order they came last."""
    reader = Reader(8, "latest")
    for batch in batches:
        reader.push(batch)
        assert reader.buffer.waiting == len(reader.newest)
    reader.read(10_000, 256)
    assert reader.delivered == sorted(reader.newest.values())


# Notices are few


def entries_of(buffer):
    return len(buffer._entries) + len(buffer._newest)


def counts_of(found):
    counts = Counter()
    for notice in found:
        counts[type(notice).__name__] += getattr(notice, "count", 1)
    return counts


@pytest.mark.parametrize("overflow", POLICIES)
def test_notices_without_events_are_few(overflow):
    """Ten thousand notices that nobody reads take the room of some hundred; no count is lost."""
    buffer = Buffer(10, overflow)
    buffer.push(numbered(0))
    for number in range(2_500):
        buffer.push_notice(Undecodable(count=2, first_bytes=b"%d" % number))
        buffer.push_replayed(3)
        buffer.push_notice(dropped(number, number))
        buffer.push_notice(lost(str(number)))
        assert entries_of(buffer) < 3 * NOTICES_KEPT
    found = drain(buffer)
    assert found.pop(0) == 0
    counts = counts_of(found)
    assert (counts["Undecodable"], counts["Replayed"], counts["Dropped"]) == (5000, 7500, 2500)
    assert [each for each in found if isinstance(each, Lost)][-1] == lost("2499")
    first = next(each for each in found if isinstance(each, Undecodable))
    assert first.first_bytes == b"0"
    assert buffer.statistics().replayed == 7500


@pytest.mark.parametrize("overflow", POLICIES)
def test_notices_between_events_are_few(overflow):
    """Ten thousand notices with events between them are bounded as the events are."""
    capacity = 20
    buffer = Buffer(capacity, overflow)
    for number in range(5_000):
        if overflow != "block" or not buffer.is_full:
            buffer.push(numbered(number, contract=STOCKS[number % 8]))
        buffer.push_notice(Undecodable(count=1, first_bytes=b"x"))
        buffer.push_notice(lost(str(number)))
        assert entries_of(buffer) < capacity + 3 * NOTICES_KEPT
    found = drain(buffer)
    counts = counts_of(each for each in found if not isinstance(each, int))
    assert counts["Undecodable"] == 5_000
    numbers = buffer.statistics()
    assert counts["Dropped"] == numbers.dropped
    assert numbers.delivered == sum(isinstance(each, int) for each in found)


def test_notices_of_what_is_dropped_are_few():
    """Dropping events between many notices leaves few of them, and no event uncounted."""
    buffer = Buffer(200, "drop_oldest")
    for number in range(NOTICES_KEPT):
        buffer.push(numbered(number))
        buffer.push_notice(lost(str(number)))
    buffer.push(numbered(*range(NOTICES_KEPT, 201)))
    assert entries_of(buffer) <= 2 * NOTICES_KEPT + 2
    assert buffer.take(1) == dropped(0, 0)
    buffer.push(numbered(*range(201, 300)))
    found = drain(buffer)
    assert found[0] == lost("0")
    assert [each for each in found if isinstance(each, int)] == list(range(100, 300))


# Many notices as few


def gap(reason="cut", since=1, until=2, replayed=0, *topics):
    begin = None if since is None else at(since)
    return Gap(reason=reason, since=begin, until=at(until), replayed=replayed, topics=topics)


QUOTES, TRADES = Topic.quotes(AAPL), Topic.trades(AAPL)


@pytest.mark.parametrize(
    ("notices", "few"),
    [
        ([], []),
        ([dropped(1, 3), dropped(4, 9)], [dropped(1, 9)]),
        (
            [Dropped(count=1, since=None, until=None), dropped(4, 9)],
            [Dropped(count=7, since=at(4), until=at(9))],
        ),
        (
            [dropped(4, 9), Dropped(count=1, since=None, until=None)],
            [Dropped(count=7, since=at(4), until=at(9))],
        ),
        ([Replayed(count=1), Replayed(count=2)], [Replayed(count=3)]),
        (
            [Undecodable(count=2, first_bytes=b"a"), Undecodable(count=3, first_bytes=b"b")],
            [Undecodable(count=5, first_bytes=b"a")],
        ),
        ([lost("a"), lost("b")], [lost("b")]),
        ([lost("a"), gap("a")], [gap("a")]),
        ([lost("a"), gap("a"), lost("b")], [gap("a"), lost("b")]),
        (
            [gap("a", 1, 9, 3, QUOTES), lost("b"), gap("b", 4, 5, 4, TRADES, QUOTES)],
            [gap("b", 1, 9, 7, QUOTES, TRADES)],
        ),
        ([gap("a", None, 3), gap("b", 5, 6)], [gap("b", None, 6)]),
        (
            [lost("b"), Replayed(count=1), Undecodable(count=1, first_bytes=b""), dropped(1, 1)],
            [dropped(1, 1), Undecodable(count=1, first_bytes=b""), Replayed(count=1), lost("b")],
        ),
    ],
)
def test_notices_of_one_place_become_few(notices, few):
    """They say together what they said one by one: all counts, the whole gap, the open loss."""
    assert compacted(notices) == few
    assert compacted(few) == few


few = st.integers(1, 9)
times = st.integers(0, 99)
notices = st.lists(
    st.one_of(
        st.builds(lambda count: Replayed(count=count), few),
        st.builds(lambda count: Undecodable(count=count, first_bytes=b"?"), few),
        st.builds(lambda first, count: dropped(first, first + count), times, few),
        st.builds(lambda number: lost(str(number)), times),
        st.builds(lambda since, count: gap("cut", since, since + count, count), times, few),
    ),
    max_size=30,
)  # fmt: skip


@given(notices)
def test_few_notices_keep_all_counts(many):
    """However many there are, at most one of each kind is left, and no count is lost."""
    few = compacted(many)
    assert len(few) == len({type(notice) for notice in few})
    before, after = counts_of(many), counts_of(few)
    for kind in ("Dropped", "Replayed", "Undecodable"):
        assert before[kind] == after[kind]
    gaps = [notice for notice in many if isinstance(notice, Gap)]
    if gaps:
        (found,) = (notice for notice in few if isinstance(notice, Gap))
        assert found.replayed == sum(each.replayed for each in gaps)
        assert found.until == max(each.until for each in gaps)
    open_loss = None
    for notice in many:
        if isinstance(notice, Lost | Gap):
            open_loss = notice if isinstance(notice, Lost) else None
    assert [notice for notice in few if isinstance(notice, Lost)] == [
        notice for notice in (open_loss,) if notice is not None
    ]


def test_times_are_the_markets():
    """The moment of an event is its own, aware."""
    assert market_time_of(trade(34_200_000)) == dt.datetime(2024, 11, 4, 9, 30, tzinfo=NEW_YORK)


@pytest.fixture
def latest():
    """Events of contracts by their letters, whose numbers go on from one call to the next."""
    numbers = itertools.count()
    return lambda *names: [numbered(next(numbers), contract=Stock(name))[0] for name in names]


def test_what_is_in_hand_is_not_given_up_while_there_is_room(latest):
    """With `latest`, what a reader has begun to take stays until there is too much."""
    buffer = Buffer(2, "latest")
    buffer.push(latest("A"))
    buffer.items = iter(buffer.take(1))
    buffer.push(latest("A"))
    assert buffer.statistics().conflated == 0
    assert drain(buffer) == [0, 1]


def test_taking_some_leaves_the_others_to_be_replaced(latest):
    """With `latest`, only what was asked for is lined up; a newer event stands for the rest."""
    buffer = Buffer(9, "latest")
    buffer.push(latest(*"ABC"))
    assert [each.sequence for each in buffer.take(1)] == [0]
    buffer.push(latest("C", "B"))
    assert buffer.statistics().conflated == 2
    assert drain(buffer) == [3, 4]


def test_after_an_overflow_the_rest_is_still_the_latest(latest):
    """With `latest`, giving up the oldest contract leaves the others to be replaced by newer."""
    buffer = Buffer(3, "latest")
    buffer.push(latest(*"ABCD"))
    assert buffer.take(1) == Dropped(count=1, since=at(0), until=at(0))
    assert [event.sequence for event in buffer.take(1)] == [1]
    buffer.push(latest("C", "D"))
    assert buffer.statistics().conflated == 2
    assert drain(buffer) == [4, 5]


def test_an_overflow_counts_events_and_not_the_notices_between(latest):
    """With `latest`, two contracts too many are two given up, whatever is told between them."""
    buffer = Buffer(2, "latest")
    buffer.push(latest("A"))
    buffer.push_notice(lost())
    buffer.push(latest(*"BCD"))
    gone = [Dropped(count=1, since=at(n), until=at(n)) for n in (0, 1)]
    assert drain(buffer) == [gone[0], lost(), gone[1], 2, 3]
    assert buffer.statistics().dropped == 2


def test_an_overflow_gives_up_what_is_in_hand_and_has_a_newer(latest):
    """With `latest`, the rest of what is in hand stays, in its order, before the newer ones."""
    buffer = Buffer(5, "latest")
    buffer.push(latest(*"ABCD"))
    buffer.items = iter(buffer.take(4))
    buffer.push(latest("A", "E"))
    assert buffer.statistics().conflated == 1
    assert drain(buffer) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("overflow", DROPPING)
def test_what_was_dropped_before_counts_when_all_is_forgotten(overflow):
    """An end with events unread adds them to those given up earlier."""
    buffer = Buffer(2, overflow)
    buffer.push(numbered(0, 1, 2))
    buffer.clear()
    assert buffer.statistics() == FeedStatistics(
        received=3, delivered=0, dropped=3, conflated=0, replayed=0, waiting=0
    )
