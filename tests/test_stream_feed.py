"""thetatrio._stream.feed and inbox: each event to one reader, losses told in their place."""

import logging
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import trio
from trio.testing import assert_checkpoints, wait_all_tasks_blocked

from tests.test_events import AAPL, CALL, MSFT, SPX, at
from tests.test_stream_buffer import STOCKS, dropped, gap, lost, numbered
from thetatrio._stream.feed import Feed
from thetatrio._stream.inbox import WITHOUT_CHECKPOINT, Inbox
from thetatrio._stream.subscribing import name_of
from thetatrio.errors import (
    FeedClosed,
    GapError,
    InvalidRequest,
    ReconnectGaveUp,
    SessionClosed,
    SlowConsumer,
    WouldBlock,
)
from thetatrio.events import Replayed, Topic, Undecodable

pytestmark = pytest.mark.core


class Subscription:
    """What a feed belongs to, which only writes down what it is asked for."""

    def __init__(self, *topics):
        self.topics = topics
        self.refused = {AAPL: "INVALID_PERMS"}
        self.asked = []

    async def add(self, topics):
        await trio.lowlevel.checkpoint()
        self.asked.append(("add", *topics))

    def remove(self, topics):
        self.asked.append(("remove", *topics))


class Opened:
    """A feed and its inbox."""

    def __init__(self, *topics, capacity=100_000, overflow="raise", on_loss="log"):
        self.inbox = Inbox(capacity, overflow, on_loss, lambda: NAME)
        self.subscription = Subscription(*(topics or [Topic.trades(AAPL)]))
        self.feed = Feed(self.inbox, self.subscription)

    def deliver(self, *numbers):
        self.inbox.deliver(numbered(*numbers))


async def by_receive(feed):
    while True:
        yield [(await feed.receive()).sequence]


async def by_iteration(feed):
    async for event in feed:
        yield [event.sequence]


async def by_batches(feed):
    async for batch in feed.batches():
        yield [event.sequence for event in batch]


async def by_batches_one_by_one(feed):
    batches = feed.batches()
    while True:
        yield [event.sequence for event in await batches.receive()]


async def by_entries(feed):
    async for entry in feed.with_notices():
        yield [getattr(entry, "sequence", entry)]


async def by_entries_one_by_one(feed):
    entries = feed.with_notices()
    while True:
        yield [getattr(entry, "sequence", entry) for entry in [await entries.receive()]]


PLAIN = [by_receive, by_iteration, by_batches, by_batches_one_by_one]
NOTICED = [by_entries, by_entries_one_by_one]
each_way = pytest.mark.parametrize("way", [*PLAIN, *NOTICED], ids=lambda way: way.__name__)
each_plain_way = pytest.mark.parametrize("way", PLAIN, ids=lambda way: way.__name__)


async def read(way, feed, found, until=None):
    """Read into `found`, up to a number of entries or for ever."""
    reading = way(feed)
    try:
        while until is None or len(found) < until:
            found += await anext(reading)
    finally:
        await reading.aclose()


@each_way
async def test_events_are_read_in_order(way):
    """Whichever way one reads, every event comes once, in the order it arrived."""
    opened, found = Opened(), []
    opened.deliver(*range(300))
    opened.deliver(300)
    opened.deliver(*range(301, 1000))
    await read(way, opened.feed, found, 1000)
    assert found == list(range(1000))
    assert opened.feed.statistics().delivered == 1000


@each_way
async def test_a_reader_that_waits_is_woken(way):
    """Events are read as they arrive."""
    opened, found = Opened(), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(read, way, opened.feed, found)
        for number in range(5):
            await wait_all_tasks_blocked()
            opened.deliver(2 * number, 2 * number + 1)
            await wait_all_tasks_blocked()
            assert found == list(range(2 * number + 2))
        nursery.cancel_scope.cancel()


@each_way
async def test_each_event_goes_to_one_reader(way):
    """Several tasks that read one feed share its events; none is lost, none is doubled."""
    opened, found = Opened(), [[] for _ in range(5)]
    async with trio.open_nursery() as nursery:
        for each in found:
            nursery.start_soon(read, way, opened.feed, each)
        for start in range(0, 3000, 30):
            opened.deliver(*range(start, start + 30))
            await trio.lowlevel.checkpoint()
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert sorted(sum(found, [])) == list(range(3000))
    assert all(each == sorted(each) for each in found)


async def test_readers_of_all_kinds_share_a_feed():
    """Iteration, lists and notices read from the same feed."""
    opened, found = Opened(), [[] for _ in PLAIN + NOTICED]
    async with trio.open_nursery() as nursery:
        for way, each in zip(PLAIN + NOTICED, found, strict=True):
            nursery.start_soon(read, way, opened.feed, each)
        for start in range(0, 2000, 10):
            opened.deliver(*range(start, start + 10))
            if start % 70 == 0:
                await wait_all_tasks_blocked()
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert sorted(sum(found, [])) == list(range(2000))


@each_way
async def test_a_cancelled_reader_loses_nothing(way):
    """Who is cancelled while it waits takes no event with it, also at the very moment of one."""
    opened, found = Opened(), []
    number = 0
    for ticks in range(8):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(read, way, opened.feed, found)
            await wait_all_tasks_blocked()
            opened.deliver(number, number + 1)
            for _ in range(ticks):
                await trio.lowlevel.cancel_shielded_checkpoint()
            nursery.cancel_scope.cancel()
        number += 2
    opened.inbox.end(lambda: SessionClosed("left"))
    with pytest.raises(SessionClosed):
        await read(way, opened.feed, found)
    assert found == list(range(number))


@each_way
async def test_a_reader_cancelled_before_it_reads_takes_nothing(way):
    """In a scope that is cancelled already, reading gives Cancelled and keeps the events."""
    opened, found = Opened(), []
    opened.deliver(0, 1)
    with trio.CancelScope() as scope:
        scope.cancel()
        await read(way, opened.feed, found)
    assert found == []
    assert opened.feed.statistics().waiting == 2
    await read(way, opened.feed, found, 2)
    assert found == [0, 1]


async def test_reading_lets_others_run():
    """The first read of what arrived together, and one that finds an error, are checkpoints."""
    opened = Opened()
    for receive in (
        opened.feed.receive,
        opened.feed.batches().receive,
        opened.feed.with_notices().receive,
    ):
        opened.deliver(0)
        with assert_checkpoints():
            await receive()
        opened.inbox.notify(lost())
        opened.deliver(1)
        with assert_checkpoints():
            await receive()
        await read(by_entries, opened.feed, [], opened.inbox.waiting)
    opened.inbox.end(lambda: SessionClosed("left"))
    for receive in (
        opened.feed.receive,
        opened.feed.batches().receive,
        opened.feed.with_notices().receive,
    ):
        with assert_checkpoints(), pytest.raises(SessionClosed):
            await receive()


@pytest.mark.parametrize("way", [by_iteration, by_receive, *NOTICED], ids=lambda way: way.__name__)
async def test_a_loop_over_many_events_lets_others_run(way):
    """However many have arrived, other tasks run after 256 events at most."""
    opened, found, seen = Opened(), [], [0]
    opened.deliver(*range(5000))
    opened.deliver(*range(5000, 10_000))

    async def watch():
        while True:
            seen.append(len(found))
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        await read(way, opened.feed, found, 10_000)
        nursery.cancel_scope.cancel()
    seen.append(10_000)
    assert max(after - before for before, after in pairwise(seen)) <= 2 * WITHOUT_CHECKPOINT


async def test_a_batch_begins_with_what_is_in_hand():
    """What came together and was read in part is given before what came later, and not lost."""
    opened = Opened()
    opened.deliver(0, 1, 2)
    assert opened.feed.receive_nowait().sequence == 0
    opened.deliver(3, 4)
    batches = opened.feed.batches()
    assert batches.receive_nowait() == numbered(1, 2)
    assert batches.receive_nowait() == numbered(3, 4)
    assert opened.feed.statistics().delivered == 5


async def test_nothing_is_waited_for_by_nowait():
    """The `_nowait` ways give what is there, and WouldBlock where nothing is."""
    opened = Opened()
    ways = (opened.feed, opened.feed.batches(), opened.feed.with_notices())
    for way in ways:
        with pytest.raises(WouldBlock, match=r"await receive\(\)"):
            way.receive_nowait()
    opened.deliver(*range(5))
    assert opened.feed.receive_nowait().sequence == 0
    assert opened.feed.with_notices().receive_nowait().sequence == 1
    assert opened.feed.batches().receive_nowait() == numbered(2, 3, 4)
    opened.inbox.notify(lost())
    opened.deliver(5)
    assert opened.feed.with_notices().receive_nowait() == lost()
    assert opened.feed.with_notices().receive_nowait().sequence == 5
    for way in ways:
        with pytest.raises(WouldBlock):
            way.receive_nowait()


async def test_a_list_is_what_arrived_together():
    """However long it is, what came in one read is one list, waited for or not."""
    opened = Opened()
    batches = opened.feed.batches()
    for receive in (batches.receive, trio_free(batches.receive_nowait)):
        opened.deliver(*range(1000))
        opened.deliver(1000)
        assert len(await receive()) == 1000
        assert len(await receive()) == 1


def trio_free(function):
    async def call():
        await trio.lowlevel.checkpoint()
        return function()

    return call


async def test_what_is_done_to_a_list_harms_nobody():
    """A list from batches() is its reader's: changing it changes no count and no other read."""
    opened = Opened(capacity=10)
    opened.deliver(0, 1, 2)
    for receive in (opened.feed.batches().receive, trio_free(opened.feed.batches().receive_nowait)):
        batch = await receive()
        opened.deliver(3, 4)
        batch.clear()
        batch.extend(numbered(*range(50)))
        assert opened.feed.statistics().waiting == 2
    assert await opened.feed.batches().receive() == numbered(3, 4)
    numbers = opened.feed.statistics()
    assert (numbers.received, numbers.delivered, numbers.waiting) == (7, 7, 0)


async def test_a_list_after_single_reads_is_the_rest():
    """Who has read one event of those that arrived together gets the others as a list."""
    opened = Opened()
    opened.deliver(0, 1, 2)
    assert (await opened.feed.receive()).sequence == 0
    assert await opened.feed.batches().receive() == numbered(1, 2)


# Losses


@each_way
async def test_who_is_too_slow_is_told_once(way):
    """With `raise`, SlowConsumer stands in the place of what was given up, and reading goes on."""
    opened, found = Opened(capacity=3), []
    opened.deliver(0, 1, 2, 3, 4)
    with pytest.raises(
        SlowConsumer, match=r"Stock\('AAPL'\)\): 2 events were given up here"
    ) as caught:
        await read(way, opened.feed, found)
    assert caught.value.count == 2
    await read(way, opened.feed, found, 3)
    assert found == [2, 3, 4]
    opened.deliver(5)
    await read(way, opened.feed, found, 4)
    assert found == [2, 3, 4, 5]


async def test_who_is_too_slow_without_waiting_is_told_once():
    """The `_nowait` ways raise it in its place too."""
    opened = Opened(capacity=2)
    for way in (opened.feed, opened.feed.batches(), opened.feed.with_notices()):
        opened.deliver(0, 1, 2)
        with pytest.raises(SlowConsumer):
            way.receive_nowait()
        assert opened.feed.batches().receive_nowait() == numbered(1, 2)


async def test_losing_what_was_in_hand_is_told():
    """Events that a slow loop had lined up, and that are given up, are raised too."""
    opened, found = Opened(capacity=3), []
    opened.deliver(0, 1, 2)
    with pytest.raises(SlowConsumer) as caught:
        async for event in opened.feed:
            found.append(event.sequence)
            if len(found) == 1:
                opened.deliver(3, 4)
    assert (found, caught.value.count) == ([0], 1)
    await read(by_iteration, opened.feed, found, 4)
    assert found == [0, 2, 3, 4]


NOTICES = [
    lost("the line was cut"),
    gap("the line was cut", 1000, 3000, 0, Topic.trades(AAPL)),
    gap("the line was cut", None, 3000, 0, Topic.trades(AAPL)),
    dropped(10, 29),
    Replayed(count=17),
    Undecodable(count=3, first_bytes=b"{oops" * 100),
]
NAME = name_of([Topic.trades(AAPL)])
TEXTS = [
    "lost (the line was cut)",
    "gap from 2024-11-04 00:00:01.000 to 2024-11-04 00:00:03.000 New York time (the line was cut)",
    "gap from the beginning to 2024-11-04 00:00:03.000 New York time (the line was cut)",
    "20 events given up, the reader is too slow",
    "17 events were repeated by the terminal",
    "3 frames could not be read: b'{oops",
]


def warnings(caplog):
    assert all(record.levelno == logging.WARNING for record in caplog.records)
    assert all(record.name == "thetatrio.stream" for record in caplog.records)
    return [record.getMessage() for record in caplog.records]


async def test_a_gap_in_a_part_of_a_feed_names_the_part(caplog):
    """The warning of a gap names its contracts if they are not those of the feed."""
    opened = Opened()
    opened.inbox.notify(gap("cut", None, 3000, 0, Topic.trades(MSFT)))
    opened.deliver(0)
    await opened.feed.receive()
    (warning,) = warnings(caplog)
    assert warning.startswith(f"{NAME}: gap in Topic.trades(Stock('MSFT')) from the beginning to")


@each_plain_way
@pytest.mark.parametrize(("notice", "text"), list(zip(NOTICES, TEXTS, strict=True)))
async def test_plain_reading_logs_losses(way, notice, text, caplog):
    """Each loss is a warning that says whose it is, and no event is kept back."""
    opened, found = Opened(overflow="drop_oldest"), []
    opened.deliver(0)
    opened.inbox.notify(notice)
    opened.deliver(1)
    await read(way, opened.feed, found, 1)
    assert warnings(caplog) == []
    await read(way, opened.feed, found, 2)
    (warning,) = warnings(caplog)
    assert warning.startswith(f"{NAME}: {text}")
    assert len(warning) < 300
    assert found == [0, 1]


@pytest.fixture
def disabled_loggers():
    """What `dictConfig` does to every logger that exists and that it does not name."""
    logger = logging.getLogger("thetatrio.stream")
    logger.disabled = True
    yield logger
    logger.disabled = False


async def test_losses_are_logged_after_dictconfig(disabled_loggers, caplog):
    """A logging configuration that disables existing loggers does not silence losses."""
    opened = Opened(overflow="drop_oldest")
    for number, notice in enumerate(NOTICES[:3]):
        opened.inbox.notify(notice)
        opened.deliver(number)
    await opened.feed.receive()
    (warning,) = warnings(caplog)
    assert warning == f"{NAME}: {TEXTS[0]}"
    # What is chosen on purpose holds: a level, a filter, and logging.disable().
    disabled_loggers.setLevel(logging.ERROR)
    await opened.feed.receive()
    disabled_loggers.setLevel(logging.NOTSET)
    refuse = lambda record: False  # noqa: E731
    disabled_loggers.addFilter(refuse)
    await opened.feed.receive()
    disabled_loggers.removeFilter(refuse)
    opened.inbox.notify(NOTICES[0])
    opened.deliver(3)
    logging.disable(logging.WARNING)
    try:
        await opened.feed.receive()
    finally:
        logging.disable(logging.NOTSET)
    assert len(warnings(caplog)) == 1


@each_plain_way
async def test_a_run_of_losses_is_one_warning(way, caplog):
    """Losses that stand in one place are told together, in order."""
    opened, found = Opened(overflow="drop_oldest"), []
    for notice in NOTICES[:3]:
        opened.inbox.notify(notice)
    opened.deliver(0)
    for notice in NOTICES[3:]:
        opened.inbox.notify(notice)
    opened.deliver(1)
    await read(way, opened.feed, found, 2)
    first, second = warnings(caplog)
    assert first == f"{NAME}: " + "; ".join(TEXTS[:3])
    assert second.startswith(f"{NAME}: " + "; ".join(TEXTS[3:]))


@each_plain_way
async def test_a_loss_is_told_before_the_next_event(way, caplog):
    """A reader that waits is told of a loss at once, though no event follows."""
    opened, found = Opened(), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(read, way, opened.feed, found)
        await wait_all_tasks_blocked()
        opened.inbox.notify(lost())
        await wait_all_tasks_blocked()
        assert warnings(caplog) == [f"{NAME}: lost (cut)"]
        nursery.cancel_scope.cancel()
    assert found == []


async def test_losses_are_logged_without_waiting_too(caplog):
    """receive_nowait() logs what stands before the next event."""
    opened = Opened()
    opened.inbox.notify(lost())
    with pytest.raises(WouldBlock):
        opened.feed.receive_nowait()
    opened.inbox.notify_replayed(2)
    opened.deliver(0)
    assert opened.feed.batches().receive_nowait() == numbered(0)
    assert len(warnings(caplog)) == 2


SCRIPT = """
import trio
from thetatrio._stream.feed import Feed
from thetatrio._stream.inbox import Inbox
from thetatrio.events import Lost, Price

async def main():
    inbox = Inbox(10, "raise", "log", lambda: "feed of SPX")
    inbox.notify(Lost(reason="the line was cut", since=None))
    inbox.deliver([Price(ms_of_day=0, date_int=20241104, price=1.0)])
    print((await Feed(inbox, None).receive()).price)

trio.run(main)
"""


def test_a_program_that_configures_nothing_sees_losses():
    """Without any configuration of logging, a loss is a line on stderr."""
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    root = Path(__file__).parent.parent
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout == "1.0\n"
    assert run.stderr == "feed of SPX: lost (the line was cut)\n"


@each_plain_way
@pytest.mark.parametrize(("notice", "text"), list(zip(NOTICES, TEXTS, strict=True)))
async def test_losses_can_be_raised(way, notice, text, caplog):
    """With on_loss="raise" a loss is a GapError in its place; what was repeated is no loss."""
    opened, found = Opened(overflow="drop_oldest", on_loss="raise"), []
    opened.deliver(0)
    opened.inbox.notify(notice)
    opened.deliver(1)
    await read(way, opened.feed, found, 1)
    if not isinstance(notice, Replayed):
        with pytest.raises(GapError) as caught:
            await read(way, opened.feed, found)
        assert caught.value.notice is notice
        message = str(caught.value)
        assert message.startswith(f"{NAME}: {text}")
        assert ("session.requests_for(gap)" in message) == text.startswith("gap")
        assert caplog.records == []
    await read(way, opened.feed, found, 2)
    assert found == [0, 1]


async def test_each_loss_is_raised_in_turn(caplog):
    """Of several in one place each is raised; a loss that its gap closes is told by the gap."""
    opened = Opened(overflow="drop_oldest", on_loss="raise")
    told = [dropped(1, 2), lost("a"), gap("a"), Undecodable(count=1, first_bytes=b""), lost("b")]
    for notice in told:
        opened.inbox.notify(notice)
    opened.deliver(0)
    raised = []
    while True:
        try:
            assert (await opened.feed.receive()).sequence == 0
            break
        except GapError as error:
            raised.append(error.notice)
    assert raised == [told[0], *told[2:]]
    assert warnings(caplog) == [f"{NAME}: lost (a)"]


async def test_a_gap_says_all_also_after_what_was_repeated(caplog):
    """Events that the terminal repeated before a gap do not make its loss a second error."""
    opened = Opened(on_loss="raise")
    opened.inbox.notify(lost())
    opened.inbox.notify_replayed(3)
    opened.inbox.notify(gap())
    opened.deliver(0)
    with pytest.raises(GapError) as caught:
        await opened.feed.receive()
    assert caught.value.notice == gap()
    assert (await opened.feed.receive()).sequence == 0
    (warning,) = warnings(caplog)
    assert "3 events were repeated" in warning


async def test_a_loss_that_is_open_is_raised_at_once():
    """As long as its gap is not known, a loss is an error of its own."""
    opened = Opened(on_loss="raise")
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def receive():
            with pytest.raises(GapError) as caught:
                await opened.feed.receive()
            assert caught.value.notice == lost()

        await wait_all_tasks_blocked()
        opened.inbox.notify(lost())


@pytest.mark.parametrize("on_loss", ["log", "raise"])
async def test_notices_are_given_in_their_places(on_loss, caplog):
    """with_notices() gives every notice between the events, and neither logs nor raises them."""
    opened, found = Opened(overflow="drop_oldest", on_loss=on_loss), []
    expected = []
    for number, notice in enumerate(NOTICES):
        opened.deliver(2 * number, 2 * number + 1)
        opened.inbox.notify(notice)
        expected += [2 * number, 2 * number + 1, notice]
    await read(by_entries, opened.feed, found, len(expected))
    assert found == expected
    assert caplog.records == []


async def test_a_slow_reader_of_notices_is_told_by_error_or_notice():
    """Where `raise` is not the policy, Dropped is a notice like the others."""
    for overflow in ("drop_oldest", "drop_newest"):
        opened, found = Opened(capacity=2, overflow=overflow), []
        opened.deliver(0, 1, 2)
        await read(by_entries, opened.feed, found, 3)
        assert found == (
            [dropped(0, 0), 1, 2] if overflow == "drop_oldest" else [0, 1, dropped(2, 2)]
        )


@pytest.mark.parametrize("on_loss", ["", "warn", None])
def test_what_is_done_about_losses_is_checked(on_loss):
    """Losses are logged or raised, nothing else."""
    with pytest.raises(InvalidRequest, match="on_loss: 'log' or 'raise', not"):
        Opened(on_loss=on_loss)


# How it ends


@each_way
async def test_what_arrived_is_read_before_the_end(way):
    """What is fatal comes after the events and notices that had arrived."""
    opened, found = Opened(), []
    opened.deliver(*range(600))
    opened.inbox.notify(lost())
    opened.deliver(600)
    opened.inbox.end(lambda: ReconnectGaveUp("gave up", attempts=3))
    with pytest.raises(ReconnectGaveUp, match="gave up"):
        await read(way, opened.feed, found)
    assert [entry for entry in found if entry != lost()] == list(range(601))


@each_way
async def test_a_closed_feed_gives_nothing(way):
    """Once its block is left, what was not read is forgotten and counts as dropped."""
    opened, found = Opened(), []
    opened.deliver(0, 1, 2)
    await read(by_receive, opened.feed, [], 1)
    opened.inbox.end(lambda: SessionClosed("left"))
    opened.inbox.end(lambda: FeedClosed("left"), forget=True)
    with pytest.raises(FeedClosed):
        await read(way, opened.feed, found)
    numbers = opened.feed.statistics()
    assert (found, numbers.dropped, numbers.delivered, numbers.waiting) == ([], 2, 1, 0)


async def test_the_first_end_counts():
    """What ended a feed stays what it says, unless its block is left."""
    opened = Opened()
    opened.inbox.end(lambda: ReconnectGaveUp("first"))
    opened.inbox.end(lambda: SessionClosed("second"))
    with pytest.raises(ReconnectGaveUp):
        await opened.feed.receive()


async def test_the_end_without_waiting():
    """The `_nowait` ways say how the feed ended rather than WouldBlock."""
    opened = Opened()
    opened.deliver(0)
    opened.inbox.end(lambda: SessionClosed("left"))
    assert opened.feed.receive_nowait().sequence == 0
    for way in (opened.feed, opened.feed.batches(), opened.feed.with_notices()):
        with pytest.raises(SessionClosed):
            way.receive_nowait()


async def test_each_reader_gets_an_error_of_its_own():
    """Tasks that wait, and reads that come later, do not share an exception object."""
    opened, caught = Opened(), []

    async def wait(way):
        try:
            await read(way, opened.feed, [])
        except SessionClosed as error:
            caught.append(error)

    async with trio.open_nursery() as nursery:
        for way in PLAIN + NOTICED:
            nursery.start_soon(wait, way)
        await wait_all_tasks_blocked()
        opened.inbox.end(lambda: SessionClosed("left"))
    for way in PLAIN + NOTICED:
        await wait(way)
    assert len({id(error) for error in caught}) == 2 * len(PLAIN + NOTICED)


# What is seen of it


async def test_who_waits_for_room_is_told_when_something_was_taken():
    """Each time that a reader takes events, `freed` is called."""
    opened, freed = Opened(overflow="block", capacity=2), []
    opened.inbox.freed = lambda: freed.append(opened.inbox.is_full)
    opened.deliver(0, 1)
    assert opened.inbox.is_full
    await opened.feed.receive()
    assert freed == [False]
    opened.deliver(2, 3)
    await read(by_entries, opened.feed, [], 3)
    assert freed == [False, False]


def test_a_feed_says_what_it_is():
    """Its topics, refusals and representation are those of its subscription."""
    opened = Opened(Topic.trades(AAPL), Topic.quotes(AAPL, MSFT))
    assert opened.feed.topics == (Topic.trades(AAPL), Topic.quotes(AAPL, MSFT))
    assert opened.feed.refused == {AAPL: "INVALID_PERMS"}
    assert repr(opened.feed) == (
        "<Feed of Topic.trades(Stock('AAPL')), Topic.quotes(Stock('AAPL'), Stock('MSFT'))>"
    )
    opened.subscription.topics = ()
    assert repr(opened.feed) == "<Feed of nothing>"


async def test_contracts_are_added_for_every_kind():
    """Contracts are for each kind of event the feed is of; topics say of which."""
    opened = Opened(Topic.trades(AAPL), Topic.quotes(AAPL))
    await opened.feed.add(MSFT, CALL)
    opened.feed.remove(AAPL)
    await opened.feed.add(Topic.prices(SPX), MSFT)
    opened.feed.remove(Topic.quotes(MSFT))
    await opened.feed.add()
    assert opened.subscription.asked == [
        ("add", Topic.trades(MSFT, CALL), Topic.quotes(MSFT, CALL)),
        ("remove", Topic.trades(AAPL), Topic.quotes(AAPL)),
        ("add", Topic.prices(SPX), Topic.trades(MSFT), Topic.quotes(MSFT)),
        ("remove", Topic.quotes(MSFT)),
        ("add",),
    ]


async def test_what_cannot_be_added_is_refused():
    """Contracts of another kind, or for a feed of all trades or of nothing, are refused."""
    for opened, contract, words in (
        (Opened(Topic.trades(AAPL)), SPX, "trades: expected Stock or Option"),
        (Opened(Topic.full_trades("stock")), AAPL, "a feed of all trades has no contracts"),
        (Opened(Topic.joined_trades("stock")), AAPL, "a feed of all trades has no contracts"),
    ):
        with pytest.raises(InvalidRequest, match=words):
            await opened.feed.add(contract)
        with pytest.raises(InvalidRequest, match=words):
            opened.feed.remove(contract)
    opened = Opened()
    opened.subscription.topics = ()
    with pytest.raises(InvalidRequest, match="of nothing yet; say of what with a Topic"):
        await opened.feed.add(AAPL)
    await opened.feed.add(Topic.quotes(AAPL))
    assert opened.subscription.asked == [("add", Topic.quotes(AAPL))]


async def test_the_latest_are_read_like_others():
    """A feed of the newest of each contract is read in all ways, and new ones go on to replace."""
    opened, found = Opened(overflow="latest"), []
    a, b = STOCKS[:2]
    for number in range(0, 100, 2):
        opened.inbox.deliver([*numbered(number, contract=a), *numbered(number + 1, contract=b)])
    await read(by_iteration, opened.feed, found, 1)
    opened.inbox.deliver(numbered(100, contract=b))
    await read(by_batches, opened.feed, found, 3)
    assert found == [98, 99, 100]
    assert opened.feed.statistics().conflated == 98
    assert at(0) < at(1)
