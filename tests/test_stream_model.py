"""The stream against a model of it: whatever happens, in any order, the promises hold after it.

Hypothesis chooses what happens next and trio runs in between, as the guest of
a loop that is cranked by hand: after each step everything has come to rest, at
a moment that the test alone moves on, and the promises can be looked at.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import pytest
import trio
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from trio.testing import MockClock, wait_all_tasks_blocked

import thetatrio
from tests.test_stream_conservation import (
    AAPL,
    CONTRACTS,
    MSFT,
    POLICIES,
    Arrival,
    Reader,
    streaming,
)
from thetatrio import Gap, Lost, SubscriptionRefused, Topic
from thetatrio.contracts import Contract
from thetatrio.market_time import from_ms_of_day
from thetatrio.testing import (
    CutFrame,
    LateAcknowledgement,
    RefuseSubscription,
    StreamSettings,
    Terminal,
)

SETTLED = 3.0
"""Seconds after the last disturbance in which everything is told."""
LONGEST_RECONNECT = 120.0
SLIGHTLY = dt.timedelta(milliseconds=3)
"""What a clock that tells whole milliseconds may be off."""
HEARTBEAT = 1.0
ONE_READ = 128 * 1024 // 150
"""Events that one read may bring to a feed that blocks."""


class GuestLoop:
    """Runs trio step by step: `crank` returns when every task waits for time or for the test."""

    def __init__(self, main: Callable[[], Any]) -> None:
        self.clock = MockClock()
        self.outcome: Any = None
        self._ticks: deque[Callable[[], object]] = deque()
        self._at_rest = False
        self._over = False
        trio.lowlevel.start_guest_run(
            self._run,
            main,
            run_sync_soon_threadsafe=self._ticks.append,
            done_callback=self._note_outcome,
            clock=self.clock,
        )
        self.crank()

    def _note_outcome(self, outcome: Any) -> None:
        self.outcome = outcome

    async def _run(self, main: Callable[[], Any]) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(main)
            # There is always this task to go on with: trio starts no thread to wait in.
            while not self._over:
                await wait_all_tasks_blocked()
                self._at_rest = True
                await trio.lowlevel.checkpoint()

    def crank(self) -> None:
        """Let everything happen that can without time passing."""
        self._at_rest = False
        while self.outcome is None and not self._at_rest:
            self._ticks.popleft()()

    def advance(self, seconds: float) -> Iterator[float]:
        """Let time pass, from one deadline to the next; yield at each."""
        until = self.clock.current_time() + seconds
        while self.outcome is None:
            left = until - self.clock.current_time()
            step = trio.lowlevel.current_statistics().seconds_to_next_deadline
            if step >= left:
                self.clock.jump(max(0.0, left))
                self.crank()
                return
            self.clock.jump(max(0.0, step))
            self.crank()
            yield step

    def end(self) -> None:
        """Let the run end, whose main task has ended, and raise what it raised."""
        self._over = True
        while self.outcome is None:
            self._ticks.popleft()()
        self.outcome.unwrap()


class Happened(NamedTuple):
    """Something that happened on the market, whoever was told of it."""

    number: int
    contract: Contract
    time: dt.datetime


class Held:
    """A feed of the model: what is wanted of it, and since which event."""

    def __init__(self, contracts: frozenset[Contract], overflow: str, buffer: int) -> None:
        self.contracts = contracts
        self.overflow = overflow
        self.buffer = buffer
        self.reader: Reader | None = None
        self.pending = True
        """Whether it waits for the terminal's word."""
        self.leave = trio.Event()
        self.going = trio.Event()
        # For each contract, after which event it is wanted, up to which, and which was the
        # last that had happened when it was given back.
        self.due: dict[Contract, list[list[float]]] = {}

    def want(self, contracts: frozenset[Contract], after: int) -> None:
        """Note that contracts were acknowledged."""
        for contract in contracts:
            spans = self.due.setdefault(contract, [])
            if not spans or spans[-1][2] != float("inf"):
                spans.append([after, float("inf"), float("inf")])

    def want_no_more(self, contract: Contract, up_to: int, by: int) -> None:
        """Note that a contract was given back, by a moment at which so many events had happened."""
        self.want(frozenset({contract}), by)  # where it was never noted, what has arrived is over
        span = self.due[contract][-1]
        span[1:] = min(span[1], up_to), by

    def want_from_first(self, arrived: Sequence[Arrival]) -> None:
        """Note that a contract is wanted from its first event on, acknowledged or not."""
        for contract, spans in self.due.items():
            before = -1.0
            for span in spans:
                first = (a.number for a in arrived if a.contract == contract and a.number > before)
                span[0] = min(span[0], next(first, span[0]))
                before = span[2]

    def is_due(self, event: Happened) -> bool:
        """Tell whether the feed has to know of an event."""
        spans = self.due.get(event.contract, ())
        return any(first < event.number <= last for first, last, _ in spans)


FEEDS = Bundle("feeds")
SOME = st.sets(st.sampled_from(CONTRACTS), min_size=1).map(frozenset)
CUTS = [{}, {"now": True}, {"code": 1000}, {"code": 1011, "now": True}]
CUTS += [{"reset": True, "now": True}]


class StreamModel(RuleBasedStateMachine):
    """What is wanted, what happened, what was told."""

    @initialize(
        target=FEEDS,
        owner=st.sampled_from(["account", "connection"]),
        contracts=SOME,
        overflow=st.sampled_from(POLICIES),
        late=st.booleans(),
    )
    def begin(self, owner: Any, contracts: Any, overflow: Any, late: Any) -> Held:
        """Open a session with one feed, whose acknowledgement may be late."""
        stream = StreamSettings(source="none", subscriptions=owner)
        self.terminal = Terminal(contracts=2, stream=stream)
        self.happened: list[Happened] = []
        self.held: list[Held] = []
        self.later: list[tuple[Held, frozenset[Contract]]] = []
        self.connected_since: float | None = None
        self.undisturbed = 0
        self.calm_since: float | None = None
        self.baseline: int | None = None
        self.closing: trio.Event
        self.closed = self.broken = False
        self.steps = 0
        self.tasks_before: int
        self.loop = GuestLoop(self._main)
        if late:
            self.answer_next_late(0.5)
        return self._open(contracts, overflow, 12, going=True)

    async def _main(self) -> None:
        self.closing = trio.Event()
        self.tasks_before = trio.lowlevel.current_statistics().tasks_living
        async with trio.open_nursery() as self.nursery:
            async with streaming(self.terminal) as (self.session, self.arrivals):
                await self.closing.wait()
            self.closed = True
            await trio.sleep_forever()

    async def _hold(self, held: Held) -> None:
        since = len(self.arrivals)
        options = {"overflow": held.overflow, "buffer": held.buffer}
        try:
            async with self.session.stream.trades(*ordered(held.contracts), **options) as feed:
                held.reader = Reader(feed, held.overflow, "notices", self.arrivals, since)
                held.reader.going = held.going
                self._want(held, held.contracts)
                held.pending = False
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._read, held)
                    await held.leave.wait()
                    nursery.cancel_scope.cancel()
        except SubscriptionRefused:
            pass
        except thetatrio.SessionClosed:
            assert self.closing.is_set()
        self._forget(held)

    async def _read(self, held: Held) -> None:
        assert held.reader is not None
        try:
            await held.reader.follow()
        except thetatrio.SessionClosed:
            assert self.closing.is_set()

    def _forget(self, held: Held) -> None:
        held.pending = False
        if held in self.held:
            self.held.remove(held)

    async def _widen(self, held: Held, contracts: frozenset[Contract]) -> None:
        reader = held.reader
        assert reader is not None
        before = held.contracts
        held.pending = True
        held.contracts |= contracts
        reader.note_wanted({("TRADE", contract) for contract in held.contracts})
        try:
            await reader.feed.add(Topic.trades(*ordered(contracts)))
            self._want(held, contracts)
        except SubscriptionRefused:
            held.contracts = before
            reader.note_wanted()
        except (thetatrio.FeedClosed, thetatrio.SessionClosed):
            pass
        held.pending = False

    def _want(self, held: Held, contracts: frozenset[Contract]) -> None:
        # Whether upstream is there is told by heartbeats: to one who comes while it is not, and
        # was never told that it was, it is not lost but not yet there.
        if self.is_upstream_told or self.session.stream.statistics().state.name == "upstream lost":
            held.want(contracts, len(self.happened))
        else:
            self.later.append((held, contracts))

    @property
    def is_upstream_told(self) -> bool:
        """Whether the client was told on this connection that upstream is there."""
        ledger = self.terminal.ledger.stream
        opened = [ledger.connections[number].opened for number in self.terminal.stream.connections]
        if self.connected_since is None or not opened:
            return False
        told = max(opened[-1], self.connected_since + HEARTBEAT)
        return self.loop.clock.current_time() > told

    # What may happen

    def crank(self) -> None:
        """Let everything come to rest, and note whether nothing is the matter."""
        self.steps += 1
        self.loop.crank()
        self._note_calm()

    def _note_calm(self) -> None:
        now = self.loop.clock.current_time()
        self.calm_since = (self.calm_since or now) if self._is_quiet() else None
        if self.is_calm:  # sooner, a gap may not be told yet
            self.undisturbed = len(self.happened)
        connected = self.terminal.stream.upstream == "CONNECTED"
        self.connected_since = (self.connected_since or now) if connected else None
        if self.is_upstream_told:
            for held, contracts in self.later:
                held.want(contracts & held.contracts, len(self.happened))
            self.later.clear()

    def _is_quiet(self) -> bool:
        if self.closing.is_set():
            return False
        counts = self.session.stream.statistics()
        return (
            counts.state.name == "live"
            and counts.unanswered_commands == 0
            and counts.confirmed + counts.refused == counts.subscriptions
            and self.terminal.stream.upstream == "CONNECTED"
            and not any(held.pending for held in self.held)
            and not any(held.overflow == "block" and not held.going.is_set() for held in self.held)
        )

    @property
    def is_calm(self) -> bool:
        """Whether nothing has been the matter for a while."""
        now = self.loop.clock.current_time()
        return self.calm_since is not None and now - self.calm_since > SETTLED

    @precondition(lambda self: not self.closing.is_set() and len(self.held) < 4)
    @rule(
        target=FEEDS,
        contracts=SOME,
        overflow=st.sampled_from(POLICIES),
        buffer=st.integers(1, 12),
        going=st.booleans(),
    )
    def subscribe(self, contracts: Any, overflow: Any, buffer: Any, going: Any) -> Any:
        held = self._open(contracts, overflow, buffer, going=going)
        return held if held in self.held else multiple()

    def _open(
        self, contracts: frozenset[Contract], overflow: str, buffer: int, *, going: bool
    ) -> Held:
        held = Held(contracts, overflow, buffer)
        if going:
            held.going.set()
        self.held.append(held)
        self.nursery.start_soon(self._hold, held)
        self.crank()
        return held

    @rule(held=consumes(FEEDS))
    def unsubscribe(self, held: Held) -> None:
        held.leave.set()
        self.crank()

    @precondition(lambda self: not self.closing.is_set())
    @rule(held=FEEDS, contracts=SOME)
    def widen(self, held: Held, contracts: Any) -> None:
        if held.reader is not None and held in self.held and not held.pending:
            self.nursery.start_soon(self._widen, held, contracts)
            self.crank()

    @precondition(lambda self: not self.closing.is_set())
    @rule(held=FEEDS, contract=st.sampled_from(CONTRACTS))
    def narrow(self, held: Held, contract: Any) -> None:
        if held.reader is not None and held in self.held and not held.pending:
            held.reader.feed.remove(contract)
            held.reader.note_wanted()
            held.contracts -= {contract}
            # What is lost of it by now is told by Lost; the gap is that of what is still wanted.
            held.want_no_more(contract, self.undisturbed, len(self.happened))
            self.crank()

    @rule(held=FEEDS)
    def pause(self, held: Held) -> None:
        if held.going.is_set():
            held.going = trio.Event()
            if held.reader is not None:
                held.reader.going = held.going

    @rule(held=FEEDS)
    def resume(self, held: Held) -> None:
        held.going.set()
        self.crank()

    @rule(contract=st.sampled_from(CONTRACTS), count=st.integers(1, 12))
    def send(self, contract: Any, count: int) -> None:
        self._happen(contract, count)
        self.crank()

    def _happen(self, contract: Contract, count: int) -> None:
        stream = self.terminal.stream
        ms = stream.source.now_ms()
        asked = {each.contract for each in stream.account}
        for _ in range(count):
            number = len(self.happened) + 1
            time = from_ms_of_day(stream.source.date, ms)
            self.happened.append(Happened(number, contract, time))
            if stream.flowing and contract in asked:
                stream.emit("TRADE", contract, size=number, ms_of_day=ms)

    @rule(how=st.sampled_from(CUTS), contract=st.sampled_from(CONTRACTS), count=st.integers(0, 5))
    def drop(self, how: Any, contract: Any, count: int) -> None:
        self._happen(contract, count)
        self.terminal.stream.drop(**how)
        self.crank()

    @rule(size=st.integers(0, 60), contract=st.sampled_from(CONTRACTS))
    def drop_mid_frame(self, size: int, contract: Any) -> None:
        self.terminal.faults.append(CutFrame(size, times=1))
        self._happen(contract, 3)
        self.crank()

    @rule(word=st.sampled_from(["INVALID_PERMS", "MAX_STREAMS_REACHED"]))
    def refuse_next(self, word: str) -> None:
        self.terminal.faults.append(RefuseSubscription(response=word, times=1))

    @rule(seconds=st.sampled_from([0.5, 3.0]))
    def answer_next_late(self, seconds: float) -> None:
        self.terminal.faults.append(LateAcknowledgement(seconds=seconds, times=1))

    # Longer than between two heartbeats: what is shorter no client can know of.
    @rule(seconds=st.sampled_from([2.5, 8.0]))
    def lose_upstream(self, seconds: float) -> None:
        if self.is_upstream_told:
            self.terminal.stream.flap(seconds)
            self.crank()

    @rule(seconds=st.sampled_from([0.01, 0.3, 1.0, 3.5, 12.0]))
    def advance(self, seconds: float) -> None:
        for _ in self.loop.advance(seconds):
            self._note_calm()
        self._note_calm()

    # Not soon: nothing else happens after it.
    @precondition(lambda self: not self.closing.is_set() and self.steps > 12)
    @rule()
    def close(self) -> None:
        if self.is_calm:
            self._check_calm()
        was_calm = self.is_calm
        # What has arrived may still be read, and then its reader is told.
        for held in self.held:
            held.going.set()
        self.closing.set()
        self.loop.crank()
        for _ in self.loop.advance(1.01):
            pass
        assert self.closed, "leaving takes longer than close_timeout"
        for held in self.held:
            if held.reader is not None:
                assert held.reader.feed.statistics().waiting == 0
            held.leave.set()
        self.loop.crank()
        assert not self.held
        assert trio.lowlevel.current_statistics().tasks_living == self.tasks_before
        assert not (was_calm and self.terminal.stream.subscriptions)

    # What holds after everything

    @invariant()
    def promises_hold(self) -> None:
        if self.closing.is_set():
            return
        self.broken = True
        for held in self.held:
            if held.reader is not None:
                self._check_feed(held, held.reader)
        if self.is_calm:
            self._check_calm()
        self.broken = False

    @staticmethod
    def _check_feed(held: Held, reader: Reader) -> None:
        reader.check()
        numbers = [entry for entry in reader.entries if isinstance(entry, int)]
        assert numbers == sorted(set(numbers))
        room = held.buffer + (ONE_READ if held.overflow == "block" else 0)
        assert reader.feed.statistics().waiting <= room

    def _check_calm(self) -> None:
        for held in self.held:
            if held.going.is_set():
                self._check_told(held)
        self._check_subscriptions()
        own = sum(2 if held.reader is not None else 1 for held in self.held)
        others = trio.lowlevel.current_statistics().tasks_living - own
        self.baseline = self.baseline or others
        assert others == self.baseline, "a task too many, or one too few"

    def _check_told(self, held: Held) -> None:
        reader = held.reader
        assert reader is not None
        reader.check_whole()
        held.want_from_first(reader.arrived())
        arrived = {each.number for each in reader.arrived()}
        gaps = [entry for entry in reader.entries if isinstance(entry, Gap)]
        refused = reader.feed.refused
        down = False
        for entry in reader.entries:
            if isinstance(entry, Lost) and "does not take" not in entry.reason:
                down = True
            elif isinstance(entry, Gap):
                down = False
        assert not down, "lost, and no gap says until when"
        for event in self.happened:
            if event.number in arrived or event.contract in refused or not held.is_due(event):
                continue
            assert any(is_in(event, gap) for gap in gaps), f"{event} is missing, and nobody says so"

    def _check_subscriptions(self) -> None:
        wanted = {contract for held in self.held for contract in held.contracts}
        refused = {
            contract
            for held in self.held
            if held.reader is not None
            for contract in held.reader.feed.refused
        }
        subscribed = {each.contract for each in self.terminal.stream.account}
        assert wanted - refused <= subscribed <= wanted

    def teardown(self) -> None:
        """Let everything come to rest, look once more, and end."""
        if not hasattr(self, "loop"):
            return
        try:
            if not (self.closing.is_set() or self.broken):
                self._come_to_rest()
                self.close()
        finally:
            self.closing.set()
            self.nursery.cancel_scope.cancel()
            self.loop.crank()
            for _ in self.loop.advance(5):
                pass
            self.loop.end()

    def _come_to_rest(self) -> None:
        self.terminal.faults.clear()
        for held in self.held:
            held.going.set()
        self.crank()
        if not any(held.contracts for held in self.held):
            return
        until = self.loop.clock.current_time() + LONGEST_RECONNECT
        while not self.is_calm:
            self.advance(1.0)
            assert self.loop.clock.current_time() < until, "it does not come to rest"
        self._check_calm()


def ordered(contracts: frozenset[Contract]) -> list[Contract]:
    """Return contracts in the order in which they are the same in every run."""
    return [contract for contract in CONTRACTS if contract in contracts]


def is_in(event: Happened, gap: Gap) -> bool:
    """Tell whether a gap covers an event, by its topics and times."""
    contracts = {contract for topic in gap.topics for contract in topic.contracts}
    begun = gap.since is None or gap.since - SLIGHTLY <= event.time
    return event.contract in contracts and begun and event.time <= gap.until + SLIGHTLY


def test_nothing_is_lost_without_being_told():
    """Thirty things that may happen, in any order: each promise of the stream holds after each."""
    courses = min(60, settings.default.max_examples)
    usual = settings(settings.default, max_examples=courses, stateful_step_count=30)
    run_state_machine_as_test(StreamModel, settings=usual)


@pytest.mark.deep
def test_nothing_is_lost_without_being_told_deep():
    """The same, with longer courses of events and many more of them."""
    long = settings(settings.default, max_examples=2_000, stateful_step_count=50)
    run_state_machine_as_test(StreamModel, settings=long)


BOTH = frozenset({AAPL, MSFT})
ONE = frozenset({AAPL})
COURSES: dict[str, tuple[frozenset[Contract], list[tuple[Any, ...]]]] = {
    "the connection is cut and back while upstream is gone": (
        ONE,
        [
            *(("advance", 1.1), ("send", AAPL, 1), ("lose_upstream", 8.0), ("drop", {}, AAPL, 0)),
            *(("advance", 3.5), ("send", AAPL, 2), ("advance", 12.0)),
        ],
    ),
    "somebody subscribes while upstream is gone": (
        ONE,
        [
            *(("advance", 1.1), ("lose_upstream", 8.0), ("advance", 1.0)),
            *(("subscribe", frozenset({MSFT}), "raise", 5, True), ("send", MSFT, 1)),
            ("advance", 12.0),
        ],
    ),
    "upstream is lost before the acknowledgement comes, and is back long after it": (
        ONE,
        [
            *(("advance", 3.5), ("answer_next_late", 3.0)),
            *(("subscribe", frozenset({MSFT}), "raise", 5, True), ("lose_upstream", 8.0)),
            *(("advance", 4.5), ("send", MSFT, 1), ("advance", 12.0)),
        ],
    ),
    "events come before the acknowledgement, and then the connection is cut": (
        ONE,
        [
            ("answer_next_late", 3.0),
            *(("subscribe", frozenset({MSFT}), "raise", 5, True), ("send", MSFT, 1)),
            *(("advance", 0.3), ("drop_mid_frame", 5, MSFT), ("advance", 0.3)),
            ("answer_next_late", 0.5),
        ],
    ),
    "what is waited for after a loss is no longer wanted": (
        BOTH,
        [
            *(("advance", 3.5), ("answer_next_late", 3.0), ("drop", {}, AAPL, 0)),
            *(("advance", 0.3), ("narrow", AAPL), ("advance", 12.0)),
        ],
    ),
    "a contract is given back while the connection is down": (
        BOTH,
        [("advance", 3.5), ("drop", {}, AAPL, 0), ("narrow", AAPL), ("advance", 12.0)],
    ),
    "the terminal does not take back what it has": (
        BOTH,
        [
            *(("advance", 3.5), ("refuse_next", "MAX_STREAMS_REACHED"), ("drop", {}, AAPL, 0)),
            *(("advance", 3.5), ("narrow", AAPL), ("advance", 12.0)),
        ],
    ),
    "a reader holds the line back, and then it is cut": (
        ONE,
        [
            *(("subscribe", ONE, "block", 1, False), ("send", AAPL, 1), ("advance", 0.1)),
            *(("send", AAPL, 1), ("advance", 0.1), ("drop_mid_frame", 0, AAPL)),
        ],
    ),
    "the terminal takes back later what it did not at first": (
        BOTH,
        [
            *(("advance", 3.5), ("send", AAPL, 1), ("send", MSFT, 1)),
            *(("refuse_next", "MAX_STREAMS_REACHED"), ("drop", {}, AAPL, 0), ("advance", 3.5)),
            *(("send", AAPL, 2), ("send", MSFT, 2), ("advance", 3.5), ("drop", {}, MSFT, 1)),
            *(("advance", 3.5), ("send", AAPL, 1), ("send", MSFT, 1), ("advance", 3.5)),
        ],
    ),
    "an answer is lost with its connection, and the next one is a refusal": (
        ONE,
        [
            ("answer_next_late", 3.0),
            ("subscribe", frozenset({MSFT}), "raise", 5, True),
            *(("refuse_next", "INVALID_PERMS"), ("refuse_next", "INVALID_PERMS")),
            *(("drop", {}, AAPL, 0), ("advance", 12.0)),
        ],
    ),
}


@pytest.mark.parametrize("owner", ["account", "connection"])
@pytest.mark.parametrize("course", COURSES)
def test_courses_of_events_that_are_hard(course, owner):
    """Each of these has once lost events without a word, or left the terminal subscribed."""
    contracts, steps = COURSES[course]
    model = StreamModel()
    held = model.begin(owner=owner, contracts=contracts, overflow="raise", late=False)
    try:
        for name, *arguments in steps:
            if name == "narrow":
                model.narrow(held, *arguments)
            else:
                getattr(model, name)(*arguments)
            model.promises_hold()
    finally:
        model.teardown()
