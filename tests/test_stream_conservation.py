"""Nothing a feed received goes uncounted: the law of its counts, for every overflow policy.

received = delivered + dropped + conflated + replayed + waiting, where
`received` is what the client's end of the line was seen to take, `delivered`
what a reader was handed, and the rest is what notices say in their places.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, get_args

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

import thetatrio
from thetatrio import Dropped, GapError, Index, Option, Replayed, SlowConsumer, Stock, Topic
from thetatrio._nursery import open_hidden_nursery
from thetatrio._stream.buffer import Overflow
from thetatrio.contracts import Contract
from thetatrio.events import Ohlc, Quote, Trade
from thetatrio.testing import (
    CutFrame,
    Duplicates,
    GarbageText,
    RejectHandshake,
    StreamSettings,
    Terminal,
    memory_stream_pair,
)

pytestmark = pytest.mark.core

POLICIES = get_args(Overflow)
AAPL, MSFT = Stock("AAPL"), Stock("MSFT")
CALL = Option("SPXW", "2024-11-15", 5800, "C")
CONTRACTS = (AAPL, MSFT, CALL)
TOPICS: dict[str, Callable[..., Topic[Any]]] = {
    "TRADE": Topic.trades,
    "QUOTE": Topic.quotes,
    "OHLC": Topic.ohlc,
}
SUBJECTS = [(kind, contract) for kind in TOPICS for contract in CONTRACTS]
HAND_FED = StreamSettings(source="none", numbered=True)
"""A terminal that sends what the test emits, each event with its number."""


# What comes in, seen from outside the library


class Arrival(NamedTuple):
    """One event that the client's end of a connection took."""

    connection: int
    kind: str
    contract: Contract
    number: int

    @property
    def subject(self) -> tuple[str, Contract]:
        return self.kind, self.contract


class Line(trio.abc.Stream):
    """The client's end of a connection, which notes the events it takes, in order."""

    def __init__(self, stream: trio.abc.Stream, connection: int, arrivals: list[Arrival]) -> None:
        self._stream = stream
        self._connection = connection
        self._arrivals = arrivals
        self._unread = b""
        self._answered = False

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        data = bytes(await self._stream.receive_some(max_bytes))
        self._unread += data
        if not self._answered:
            head, end, rest = self._unread.partition(b"\r\n\r\n")
            self._answered = bool(end)
            self._unread = rest if end else head
        while self._answered and (frame := self._frame()) is not None:
            self._note(*frame)
        return data

    def _frame(self) -> tuple[int, bytes] | None:
        data = self._unread
        if len(data) < 2:
            return None
        wide = {126: 2, 127: 8}.get(data[1], 0)
        head = 2 + wide
        size = int.from_bytes(data[2:head], "big") if wide else data[1]
        if len(data) < head or len(data) < head + size:
            return None
        self._unread = data[head + size :]
        return data[0], data[head : head + size]

    def _note(self, first: int, payload: bytes) -> None:
        if first != 0x81:  # a whole text message
            return
        try:
            said = json.loads(payload)
            kind = said["header"]["type"]
            number = said[kind.lower()][NUMBER_OF[kind]]
        except (ValueError, LookupError, TypeError):
            return
        if isinstance(number, int):
            contract = contract_of(said["contract"])
            self._arrivals.append(Arrival(self._connection, kind, contract, number))

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._stream.aclose()


NUMBER_OF = {"TRADE": "size", "QUOTE": "bid_size", "OHLC": "volume"}


def contract_of(said: dict[str, Any]) -> Contract:
    """Return the contract that an event names."""
    if said["security_type"] == "STOCK":
        return Stock(said["root"])
    if said["security_type"] == "INDEX":
        return Index(said["root"])
    strike = f"{said['strike'] // 1000}.{said['strike'] % 1000:03}"
    return Option(said["root"], str(said["expiration"]), strike, said["right"])


def number_of(event: Any) -> int:
    """Return the number that a numbered terminal gave an event."""
    match event:
        case Trade(size=number) | Quote(bid_size=number) | Ohlc(volume=number):
            return number
        case _:
            return int(event.price)


@asynccontextmanager
async def streaming(terminal: Terminal, **options: Any):
    """Open a session on a terminal's stream over memory streams; yield it and what arrives."""
    arrivals: list[Arrival] = []
    connections = 0
    options.setdefault("chance", random.Random(1))
    async with open_hidden_nursery() as nursery:

        async def dial(host: str, port: int) -> trio.abc.Stream:
            nonlocal connections
            connections += 1
            ours, theirs = memory_stream_pair()
            nursery.start_soon(terminal.serve_stream, theirs)
            return Line(ours, connections, arrivals)

        async with thetatrio.open_session(terminal.config, dial=dial, **options) as session:
            yield session, arrivals


# What goes out


class Reader:
    """A feed, what it was of and when, and what was read of it."""

    def __init__(
        self,
        feed: Any,
        overflow: str,
        way: str,
        arrivals: Sequence[Arrival],
        since: int | None = None,
    ) -> None:
        self.feed = feed
        self.overflow = overflow
        self.way = way
        self.entries: list[Any] = []
        """Numbers of events, and notices, as they were read."""
        self.delivered = 0
        self.going = trio.Event()
        self._arrivals = arrivals
        # From which arrival on it is of what.
        self._wanted: list[tuple[int, frozenset[Any]]] = []
        self.note_wanted(since=since)
        channels = {"notices": feed.with_notices, "batches": feed.batches, "plain": lambda: feed}
        self._channel = channels[way]()

    @property
    def wanted(self) -> frozenset[Any]:
        """What the feed is of now."""
        return frozenset(
            (kind, contract)
            for topic in self.feed.topics
            for kind, make in TOPICS.items()
            if make().kind == topic.kind
            for contract in topic.contracts
        )

    def note_wanted(self, wanted: Iterable[Any] | None = None, since: int | None = None) -> None:
        """Note what the feed is of from now on, or from an arrival on."""
        first = len(self._arrivals) if since is None else since
        self._wanted.append((first, self.wanted if wanted is None else frozenset(wanted)))

    def arrived(self) -> list[Arrival]:
        """Return what arrived for it, what was repeated included."""
        found = []
        ends = [first for first, _ in self._wanted[1:]] + [len(self._arrivals)]
        for (first, wanted), end in zip(self._wanted, ends, strict=True):
            found += [each for each in self._arrivals[first:end] if each.subject in wanted]
        return found

    def note(self, given: Any) -> None:
        """Note what the feed gave."""
        for each in given if isinstance(given, list) else [given]:
            if isinstance(each, Trade | Quote | Ohlc):
                self.delivered += 1
                self.entries.append(number_of(each))
            else:
                self.entries.append(each)

    def note_error(self, error: SlowConsumer | GapError) -> None:
        """Note what the feed raised in place of a notice."""
        if isinstance(error, SlowConsumer):
            assert self.overflow == "raise"
            self.entries.append(Dropped(count=error.count, since=None, until=None))
        else:
            assert self.way != "notices"
            assert not (self.overflow == "raise" and isinstance(error.notice, Dropped))
            self.entries.append(error.notice)

    def read(self, most: int) -> int:
        """Read so much, as far as it is there; return how much it was."""
        for count in range(most):
            try:
                self.note(self._channel.receive_nowait())
            except thetatrio.WouldBlock:
                return count
            except (SlowConsumer, GapError) as error:
                self.note_error(error)
        return most

    async def wait(self, seconds: float) -> None:
        """Wait for one entry, and give up after some seconds."""
        with trio.move_on_after(seconds):
            try:
                self.note(await self._channel.receive())
            except (SlowConsumer, GapError) as error:
                self.note_error(error)

    def stall(self) -> None:
        """Read no more, except one entry that is being waited for."""
        if self.going.is_set():
            self.going = trio.Event()

    async def follow(self) -> None:
        """Read whatever comes, while it is going."""
        while True:
            await self.going.wait()
            try:
                self.note(await self._channel.receive())
            except (SlowConsumer, GapError) as error:
                self.note_error(error)
            except thetatrio.FeedClosed:
                return

    def check(self) -> None:
        """Hold the law, at any moment."""
        counts = self.feed.statistics()
        gone = counts.dropped + counts.conflated + counts.replayed
        assert counts.received == counts.delivered + gone + counts.waiting
        assert counts.received == len(self.arrived())
        assert counts.delivered == self.delivered
        assert min(counts.waiting, gone) >= 0
        assert counts.conflated == 0 or self.overflow == "latest"
        assert counts.dropped == 0 or self.overflow != "block"

    def check_whole(self) -> None:
        """Hold the places of everything, once all was read."""
        counts = self.feed.statistics()
        assert counts.waiting == 0
        new, repeated = split_repeated(self.arrived())
        assert counts.replayed == len(repeated)
        assert sum_of(Dropped, self.entries) == counts.dropped
        if self.way == "notices":
            assert sum_of(Replayed, self.entries) == counts.replayed
        places = {number: place for place, number in enumerate(new)}
        assert counts.dropped + counts.conflated == len(new) - self.delivered
        before, dropped = -1, 0
        for entry in [*self.entries, None]:
            if isinstance(entry, Dropped):
                dropped += entry.count
            elif entry is None or isinstance(entry, int):
                place = len(new) if entry is None else places[entry]
                assert place > before, "delivered twice, or not in order of arrival"
                missing = place - before - 1
                if self.overflow != "latest":
                    assert dropped == missing, "not told in its place"
                assert dropped <= missing
                before, dropped = place, 0


def split_repeated(arrivals: Iterable[Arrival]) -> tuple[list[int], list[int]]:
    """Return the numbers that came for the first time, and those that came again, in order."""
    seen: dict[int, None] = {}
    repeated: list[int] = []
    for each in arrivals:
        if each.number in seen:
            repeated.append(each.number)
        seen[each.number] = None
    return list(seen), repeated


def sum_of(kind: type[Any], entries: Iterable[Any]) -> int:
    """Return the sum of the counts of one kind of notice."""
    return sum(entry.count for entry in entries if isinstance(entry, kind))


# The property

SECONDS = st.sampled_from([0.05, 0.4, 1.5, 6.0, 40.0])
SUBJECT = st.sampled_from(SUBJECTS)
FEED = st.integers(0, 2)
CUTS = st.sampled_from(
    [{}, {"now": True}, {"code": 1000}, {"code": 1011, "now": True}, {"reset": True, "now": True}]
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("emit"), SUBJECT, st.integers(1, 40)),
        st.tuples(st.just("emit"), SUBJECT, st.integers(1, 6)),
        st.tuples(st.just("settle")),
        st.tuples(st.just("sleep"), SECONDS),
        st.tuples(st.just("read"), FEED, st.integers(1, 12)),
        st.tuples(st.just("wait"), FEED, SECONDS),
        st.tuples(st.just("go"), FEED),
        st.tuples(st.just("stall"), FEED),
        st.tuples(st.just("add"), FEED, SUBJECT),
        st.tuples(st.just("remove"), FEED, SUBJECT),
        st.tuples(st.just("cut"), CUTS, st.integers(0, 60)),
        st.tuples(st.just("cut frame"), st.integers(1, 10), st.integers(0, 80)),
        st.tuples(st.just("garbage"), st.integers(1, 10)),
        st.tuples(st.just("reject")),
        st.tuples(st.just("flap"), st.sampled_from([0.3, 2.0, 8.0])),
    ),
    max_size=30,
)
WAYS = st.sampled_from(["notices", "notices", "plain", "batches"])
KINDS_OF_FEED = st.tuples(
    st.integers(1, 12), WAYS, st.sets(SUBJECT, min_size=1, max_size=4), st.booleans()
)


class Course:
    """One course of events: three feeds, a terminal, and what happens to them."""

    def __init__(self, terminal: Terminal, readers: list[Reader]) -> None:
        self.terminal = terminal
        self.readers = readers

    async def take(self, step: tuple[Any, ...]) -> None:  # noqa: C901, PLR0912  # one case each
        """Let one thing happen."""
        stream, faults = self.terminal.stream, self.terminal.faults
        match step:
            case "emit", (kind, contract), count:
                for _ in range(count):
                    stream.emit(kind, contract)
            case ("settle",):
                await wait_all_tasks_blocked()
            case "sleep", seconds:
                await trio.sleep(seconds)
            case "read", feed, count:
                self.readers[feed].read(count)
            case "wait", feed, seconds:
                await self.readers[feed].wait(seconds)
            case "go", feed:
                self.readers[feed].going.set()
            case "stall", feed:
                self.readers[feed].stall()
            case "add" | "remove" as change, feed, (kind, contract):
                await self.change(self.readers[feed], change, kind, contract)
            case "cut", how, again:
                faults.append(Duplicates(again, times=1))
                stream.drop(**how)
            case "cut frame", nth, size:
                faults.append(CutFrame(size, nth=nth, times=1))
            case "garbage", nth:
                faults.append(GarbageText(nth=nth, times=1))
            case ("reject",):
                faults.append(RejectHandshake(times=1))
            case "flap", seconds:
                stream.flap(seconds)
            case _:
                raise AssertionError(step)

    async def change(self, reader: Reader, change: str, kind: str, contract: Any) -> None:
        # So that nothing arrives between our note of it and the change itself.
        await wait_all_tasks_blocked()
        topic = TOPICS[kind](contract)
        if change == "add":
            reader.note_wanted(reader.wanted | {(kind, contract)})
            await reader.feed.add(topic)
        else:
            reader.feed.remove(topic)
            reader.note_wanted()

    async def end(self) -> None:
        """Let everything come that is on its way, and read it all."""
        self.terminal.faults.clear()
        quiet = 0
        while quiet < 3:
            await trio.sleep(2)
            read = [reader.read(1000) for reader in self.readers]
            quiet = quiet + 1 if self.terminal.stream.connections and not any(read) else 0


async def conserve(overflow: str, others: Sequence[str], feeds: Any, steps: Any) -> None:
    """Run one course, and hold the law after each of its steps."""
    terminal = Terminal(contracts=2, stream=HAND_FED)
    async with streaming(terminal) as (session, arrivals):
        stack = [
            session.stream.subscribe(
                *(TOPICS[kind](contract) for kind, contract in sorted(subjects, key=str)),
                overflow=policy,
                buffer=buffer,
                on_loss="raise",
            )
            for policy, (buffer, _, subjects, _) in zip((overflow, *others), feeds, strict=True)
        ]
        async with stack[0] as a, stack[1] as b, stack[2] as c, trio.open_nursery() as nursery:
            readers = [
                Reader(feed, policy, way, arrivals)
                for feed, policy, (_, way, *_) in zip(
                    (a, b, c), (overflow, *others), feeds, strict=True
                )
            ]
            for reader, (*_, going) in zip(readers, feeds, strict=True):
                nursery.start_soon(reader.follow)
                if going:
                    reader.going.set()
            course = Course(terminal, readers)
            for step in steps:
                await course.take(step)
                for reader in readers:
                    reader.check()
            await course.end()
            for reader in readers:
                reader.check()
                reader.check_whole()
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize("overflow", POLICIES)
@given(st.tuples(*[st.sampled_from(POLICIES)] * 2), st.tuples(*[KINDS_OF_FEED] * 3), STEPS)
def test_every_event_is_counted_once(overflow, others, feeds, steps):
    """Whatever stalls, overflows, breaks and changes: each event is delivered once or counted."""
    trio.run(conserve, overflow, others, feeds, steps, clock=MockClock(autojump_threshold=0))
