"""Who may send, and when: widths, windows, lanes, pauses and spools, held to by replaying all."""

import functools
import itertools
import math
import random
from contextlib import asynccontextmanager
from unittest import mock

import msgspec
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from thetatrio._rest import limiter as module
from thetatrio._rest.limiter import HELD_BACK, UNCOUNTED_SLOTS, Lane, Limiter
from thetatrio.config import Rate
from thetatrio.errors import InternalError, SessionClosed

pytestmark = pytest.mark.core

QUERY, PART = Lane.QUERY, Lane.PART


class Caller(msgspec.Struct, frozen=True):
    """One request's life, in seconds."""

    at: float = 0.0
    lane: Lane = QUERY
    counted: bool = True
    patience: float = math.inf
    """Until it is cancelled while waiting."""
    sends: float = 0.0
    """From its lease to its bytes on the way (inf: it fails before)."""
    holds: float = 1.0
    cut: float = math.inf
    """Until it is cancelled in flight."""


class Event(msgspec.Struct, frozen=True):
    """One line of the record."""

    at: float
    what: str
    caller: int = -1
    until: float = 0.0


class Record:
    """Runs callers against a limiter, and writes down what happens in its order."""

    def __init__(self, slots, rate, callers, pauses=()):
        self.slots, self.rate, self.callers, self.pauses = slots, rate, callers, pauses
        self.limiter = Limiter(slots, rate)
        self.events = []
        self.statistics = None
        self._tasks = {}
        self._owners = {}
        self._grant, self._give_back = self.limiter._grant, self.limiter.give_back
        self.limiter._grant = self._note_grant
        self.limiter.give_back = self._note_give_back

    async def run(self):
        with trio.fail_after(100_000):  # a wake-up that is lost shows as a wait without end
            async with trio.open_nursery() as background:
                background.start_soon(self.limiter.run)
                async with trio.open_nursery() as nursery:
                    for number, caller in enumerate(self.callers):
                        nursery.start_soon(self._call, number, caller)
                    for at, seconds in self.pauses:
                        nursery.start_soon(self._pause, at, seconds)
                self.statistics = self.limiter.statistics()
                background.cancel_scope.cancel()
        self.events = [
            Event(event.at, event.what, self._owners.get(event.caller, event.caller), event.until)
            for event in self.events
        ]
        return self

    def count(self, what):
        return sum(event.what == what for event in self.events)

    def _note(self, what, caller=-1, until=0.0):
        self.events.append(Event(trio.current_time(), what, caller, until))

    def _note_grant(self, *, counted):
        lease = self._grant(counted=counted)
        self._note("starts", lease)  # whose it is shows when it is given back
        return lease

    def _note_give_back(self, lease, stamp, *, counted):
        self._owners[lease] = self._tasks[trio.lowlevel.current_task()]
        self._note("ends", lease)
        self._give_back(lease, stamp, counted=counted)

    async def _pause(self, at, seconds):
        await trio.sleep_until(at)
        self._note("pauses", until=at + seconds)
        self.limiter.pause(seconds)

    async def _call(self, number, caller):
        await trio.sleep_until(caller.at)
        self._tasks[trio.lowlevel.current_task()] = number
        lease = None
        with trio.move_on_after(caller.patience):
            self._note("comes", number)
            lease = await self.limiter.acquire(caller.lane, counted=caller.counted)
        if lease is None:
            self._note("leaves", number)
            return
        with trio.move_on_after(caller.cut) as scope:
            try:
                if caller.sends < math.inf:
                    await trio.sleep(caller.sends)
                    self._note("sends", number)
                    lease.sent()
                await trio.sleep(caller.holds)
            finally:
                lease.release()
                lease.release()
        if scope.cancelled_caught:
            self._note("cut", number)


class Replay:
    """Holds a record to all that is promised, event by event."""

    def __init__(self, record, uncounted=UNCOUNTED_SLOTS):
        self.rate, self.callers, self.events = record.rate, record.callers, record.events
        self.width = {True: record.slots, False: uncounted}
        self.free = dict(self.width)
        self.waiting = []
        self.sent = []
        self.reserved = set()
        self.resume_at = 0.0
        self.turns = []

    def check(self):
        self.check_windows()
        now = 0.0
        for event in self.events:
            if event.at > now:
                self.check_nobody_waits_in_vain(event.at)
            now = event.at
            getattr(self, event.what)(event)
        assert not self.waiting
        assert self.free == self.width

    def check_windows(self):
        if self.rate is not None:
            sent = sorted(event.at for event in self.events if event.what == "sends")
            for first, after in zip(sent, sent[self.rate.count :], strict=False):
                assert after - first >= self.rate.per

    def may_start_at(self):
        if self.rate is None:
            return self.resume_at
        over = len(self.sent) + len(self.reserved) - self.rate.count
        if over < 0:
            return self.resume_at
        if over >= len(self.sent):
            return math.inf
        return max(self.resume_at, sorted(self.sent)[over] + self.rate.per)

    def check_nobody_waits_in_vain(self, now):
        for number in self.waiting:
            assert not self.free[self.callers[number].counted] or self.may_start_at() >= now

    def ready(self, lane):
        """Return who waits in a lane although there is a slot."""
        callers = self.callers
        return [
            n for n in self.waiting if callers[n].lane is lane and self.free[callers[n].counted]
        ]

    def comes(self, event):
        self.waiting.append(event.caller)

    def leaves(self, event):
        if event.caller in self.waiting:  # else it was granted and cancelled in one moment
            self.waiting.remove(event.caller)

    def starts(self, event):
        caller = self.callers[event.caller]
        assert self.free[caller.counted] > 0
        assert self.may_start_at() <= event.at
        alike = [n for n in self.ready(caller.lane) if self.callers[n].counted is caller.counted]
        assert event.caller == alike[0], "first come, first served"
        last = self.turns[-3:]
        if caller.lane is PART and self.ready(QUERY):
            assert [lane for lane, _ in last] == [QUERY] * 3, "queries go before parts"
        if caller.lane is QUERY and [lane for lane, _ in last] == [QUERY] * 3:
            waited = set(self.ready(PART)).intersection(*(waiting for _, waiting in last))
            assert not waited, "a part at least every fourth turn"
        self.waiting.remove(event.caller)
        self.turns.append((caller.lane, set(self.waiting)))
        self.free[caller.counted] -= 1
        self.reserved.add(event.caller)

    def sends(self, event):
        self.reserved.remove(event.caller)
        self.sent.append(event.at)

    def ends(self, event):
        self.reserved.discard(event.caller)
        self.free[self.callers[event.caller].counted] += 1

    def cut(self, event):
        pass

    def pauses(self, event):
        self.resume_at = max(self.resume_at, event.until)


def run_all(slots, rate, callers, pauses=()):
    record = Record(slots, rate, callers, pauses)
    return trio.run(record.run, clock=MockClock(autojump_threshold=0))


# Quarters are exact in binary, and many of them fall on the same moment.
quarters = st.integers(0, 16).map(lambda n: n / 4)
seldom = st.one_of(st.just(math.inf), st.just(math.inf), quarters)
callers = st.builds(
    Caller,
    at=quarters,
    lane=st.sampled_from(Lane),
    counted=st.booleans(),
    patience=seldom,
    sends=st.one_of(st.just(0.0), quarters, st.just(math.inf)),
    holds=quarters,
    cut=seldom,
)
rates = st.none() | st.builds(Rate, st.integers(1, 4), st.integers(1, 20).map(lambda n: n / 4))


@given(
    slots=st.integers(1, 3),
    uncounted=st.integers(1, 3),
    rate=rates,
    callers=st.lists(callers, min_size=1, max_size=24),
    pauses=st.lists(st.tuples(quarters, quarters), max_size=2),
)
def test_all_promises_hold_whatever_callers_do(slots, uncounted, rate, callers, pauses):
    """Widths, windows, order and lanes hold, and nobody waits beside a free slot and token."""
    with mock.patch.object(module, "UNCOUNTED_SLOTS", uncounted):
        record = run_all(slots, rate, callers, pauses)
        Replay(record, uncounted).check()
    statistics = record.statistics
    assert (statistics.in_flight, statistics.uncounted_in_flight, statistics.waiting) == (0, 0, 0)
    assert statistics.started == record.count("sends")
    assert record.limiter._reserved == 0
    assert not record.limiter._leases


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rate", [None, Rate(20, per=10.0)], ids=["width", "rate"])
def test_two_hundred_callers_of_whom_fifty_are_cancelled(seed, rate):
    """Of 200 callers 30 leave the queue and 20 are cut in flight; all others are served."""
    chance = random.Random(seed)
    crowd = [
        Caller(
            at=number / 64,
            lane=chance.choice([QUERY, QUERY, PART]),
            counted=chance.random() < 0.9,
            sends=chance.randrange(4) / 8,
            holds=chance.randrange(4, 16) / 8,
        )
        for number in range(200)
    ]
    chosen = chance.sample(range(80, 200), 50)
    for number in chosen[:30]:
        # In the lane and pool that are served last: these wait for certain.
        crowd[number] = msgspec.structs.replace(
            crowd[number], lane=PART, counted=True, patience=chance.randrange(1, 5) / 8
        )
    for number in chosen[30:]:
        crowd[number] = msgspec.structs.replace(crowd[number], holds=2.0, cut=1.0)
    record = run_all(4, rate, crowd)
    Replay(record).check()
    assert (record.count("leaves"), record.count("cut")) == (30, 20)
    assert record.count("starts") == 170


@asynccontextmanager
async def limited(slots=1, rate=None):
    async with trio.open_nursery() as nursery:
        limiter = Limiter(slots, rate)
        nursery.start_soon(limiter.run)
        yield limiter
        nursery.cancel_scope.cancel()


def figures(limiter):
    s = limiter.statistics()
    return s.in_flight, s.uncounted_in_flight, s.waiting, s.started, s.paused_for


async def test_a_window_is_exact_from_the_first_minute_on(autojump_clock):
    """Rate(20, per=60) is 20 at once, and then one for each that is 60 seconds old."""
    record = Record(2, Rate(20, 60.0), [Caller(holds=0.5)] * 60)
    await record.run()
    Replay(record).check()
    sent = [event.at for event in record.events if event.what == "sends"]
    assert sent == [60 * minute + n // 2 * 0.5 for minute in range(3) for n in range(20)]


async def test_a_token_is_dated_when_the_request_is_sent(autojump_clock):
    """Requests that reserve their tokens early and send late keep every window exact."""
    record = Record(8, Rate(3, 10.0), [Caller(sends=9.0)] * 3 + [Caller(at=1.0)] * 6)
    await record.run()
    Replay(record).check()
    sent = [event.at for event in record.events if event.what == "sends"]
    assert sent == [9, 9, 9, 19, 19, 19, 29, 29, 29]


async def test_a_token_is_given_back_only_where_nothing_was_sent(autojump_clock):
    """A request that failed before its bytes left costs nothing; one cut in flight costs one."""
    async with limited(8, Rate(1, 60.0)) as limiter:
        (await limiter.acquire(QUERY, counted=True)).release()
        lease = await limiter.acquire(QUERY, counted=True)
        assert trio.current_time() == 0
        await trio.sleep(5)
        lease.sent()
        lease.sent()
        lease.release()
        assert lease.released
        lease = await limiter.acquire(QUERY, counted=False)
        assert trio.current_time() == 65


async def test_a_token_that_comes_back_during_a_pause_is_used_after_it(autojump_clock):
    """A waiter behind a reserved token is woken when the pause ends, though nothing happens then.

    Found by replay: the limiter slept without end, for a reserved token is dated by an event.
    """
    async with limited(2, Rate(1, 60.0)) as limiter:
        reserved = await limiter.acquire(QUERY, counted=True)

        async def give_back():
            await trio.sleep(1)
            limiter.pause(10)
            await trio.sleep(1)
            reserved.release()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(give_back)
            with trio.fail_after(100):
                await limiter.acquire(QUERY, counted=True)
        assert trio.current_time() == 11


@pytest.mark.parametrize("counted", [True, False])
async def test_what_is_counted_and_what_is_not_do_not_block_each_other(counted, autojump_clock):
    """Snapshots are eight at a time, whatever the slots are, and each pool has its own queue."""
    async with limited(3) as limiter, trio.open_nursery() as nursery:
        width = 3 if counted else 8
        leases = [await limiter.acquire(QUERY, counted=counted) for _ in range(width)]
        granted = trio.Event()

        async def one_more():
            leases.append(await limiter.acquire(QUERY, counted=counted))
            granted.set()

        nursery.start_soon(one_more)
        await wait_all_tasks_blocked()
        assert not granted.is_set()
        assert limiter.statistics().waiting == 1
        (await limiter.acquire(QUERY, counted=not counted)).release()
        leases[0].release()
        await granted.wait()
        assert trio.current_time() == 0


async def test_lanes_are_served_in_turn(autojump_clock):
    """Queries go first, and each fourth turn is a part's while parts wait."""
    crowd = [Caller(holds=0.25)]
    crowd += [Caller(at=0.125, lane=PART, holds=0.25)] * 3
    crowd += [Caller(at=0.125, holds=0.25)] * 8
    record = Record(1, None, crowd)
    await record.run()
    Replay(record).check()
    order = "".join(
        crowd[event.caller].lane.name[0] for event in record.events if event.what == "starts"
    )
    assert order == "QQQQPQQQPQQP"


async def test_a_pause_holds_everyone(autojump_clock):
    """Who waits and who comes during a pause starts at its end, and the longer pause wins."""
    async with limited(4) as limiter:
        started = []

        async def call(at, counted):
            await trio.sleep_until(at)
            lease = await limiter.acquire(QUERY, counted=counted)
            lease.sent()
            started.append(trio.current_time())
            await trio.sleep(1)
            lease.release()

        async with trio.open_nursery() as nursery:
            assert figures(limiter) == (0, 0, 0, 0, 0)
            limiter.pause(5)
            limiter.pause(2)
            for at, counted in [(0, True), (0, False), (1, True), (5, True)]:
                nursery.start_soon(call, at, counted)
            await trio.sleep(1.5)
            assert figures(limiter) == (0, 0, 3, 0, 3.5)
            limiter.pause(5.5)
            await trio.sleep(4.5)
            assert figures(limiter) == (0, 0, 4, 0, 1)
            await trio.sleep(1.5)
            assert figures(limiter) == (3, 1, 0, 4, 0)
            assert limiter.statistics().slots == 4
        assert started == [7] * 4
        assert figures(limiter) == (0, 0, 0, 4, 0)


async def test_a_grant_that_meets_a_cancellation_goes_to_the_next(autojump_clock):
    """A waiter cancelled in the moment of its turn gives the lease back, and its token."""
    async with limited(1, Rate(2, 60.0)) as limiter:
        first = await limiter.acquire(QUERY, counted=True)
        first.sent()
        async with trio.open_nursery() as nursery:
            with trio.CancelScope() as scope:
                nursery.start_soon(_cancel_and_release, scope, first)
                await limiter.acquire(QUERY, counted=True)
            assert scope.cancelled_caught
        assert figures(limiter) == (0, 0, 0, 1, 0)
        await limiter.acquire(QUERY, counted=True)
        assert trio.current_time() == 0


async def _cancel_and_release(scope, lease):
    await wait_all_tasks_blocked()
    scope.cancel()
    lease.release()


async def test_closing_turns_everybody_away(autojump_clock):
    """Who waits and who comes gets the error, each one of its own; leases can be given back."""
    cause = OSError("why")
    why = SessionClosed("left")
    why.__cause__ = cause
    caught = []

    async with limited(1, Rate(5)) as limiter:

        async def call(lane, counted):
            with pytest.raises(SessionClosed, match="left") as raised:
                await limiter.acquire(lane, counted=counted)
            caught.append(raised.value)

        lease = await limiter.acquire(QUERY, counted=True)
        limiter.pause(100)
        async with trio.open_nursery() as nursery:
            for lane in Lane:
                nursery.start_soon(call, lane, True)
                nursery.start_soon(call, lane, False)
            await wait_all_tasks_blocked()
            limiter.close(why)
            await call(QUERY, True)
        assert figures(limiter) == (1, 0, 0, 0, 100)
        lease.release()
        assert figures(limiter) == (0, 0, 0, 0, 100)
    assert len({id(error) for error in [why, *caught]}) == 6
    assert {id(error.__cause__) for error in caught} == {id(cause)}


async def test_closing_may_meet_a_cancellation(autojump_clock):
    """A waiter cancelled in the moment of closing just leaves."""
    async with limited(1) as limiter:
        await limiter.acquire(QUERY, counted=True)
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:

                async def close():
                    await wait_all_tasks_blocked()
                    scope.cancel()
                    limiter.close(SessionClosed("left"))

                nursery.start_soon(close)
                await limiter.acquire(QUERY, counted=True)
        assert scope.cancelled_caught
        assert limiter.statistics().waiting == 0


async def test_a_lost_grant_would_be_a_defect(autojump_clock):
    """A waiter that is woken without a lease says that this is our fault."""
    async with limited(1) as limiter:
        await limiter.acquire(QUERY, counted=True)
        async with trio.open_nursery() as nursery:

            async def wake():
                await wait_all_tasks_blocked()
                limiter._queues[QUERY, True].popleft().granted.set()

            nursery.start_soon(wake)
            with pytest.raises(InternalError):
                await limiter.acquire(QUERY, counted=True)


class HeldBack:
    """A lease whose body can be spooled, and is held back from a moment on."""

    def __init__(self, lease, since):
        self.lease = lease
        self.spooled_at = None
        lease.sent()
        lease.offer_spool(self._spool)
        lease.held_back(since)

    def _spool(self):
        self.spooled_at = trio.current_time()


async def holding(limiter, *since, counted=True):
    return [HeldBack(await limiter.acquire(QUERY, counted=counted), moment) for moment in since]


async def wait_for(limiter, seconds, *, counted=True, waiters=1):
    """Wait in the queue, several side by side, and give up after some time."""

    async def wait():
        (await limiter.acquire(QUERY, counted=counted)).release()

    with trio.move_on_after(seconds):
        async with trio.open_nursery() as nursery:
            for _ in range(waiters):
                nursery.start_soon(wait)


async def test_a_body_held_back_is_spooled_when_its_slot_is_wanted(autojump_clock):
    """Half a second after it stopped being read, and not before, a waiter gets it moved away."""
    async with limited(1) as limiter:
        (body,) = await holding(limiter, 0.25)
        await wait_for(limiter, 0.5)
        assert body.spooled_at is None
        await wait_for(limiter, 10)
        assert body.spooled_at == 0.25 + HELD_BACK
        assert limiter.statistics().spooled == 1
        await wait_for(limiter, 10)
        body.lease.spool()
        assert limiter.statistics().spooled == 1


async def test_a_body_that_stops_being_read_later_is_spooled_in_time(autojump_clock):
    """A reader that stops without a sign while somebody waits is noticed to the half second."""
    async with limited(1) as limiter:
        (body,) = await holding(limiter, math.inf)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait_for, limiter, 20)
            await trio.sleep(7.125)
            body.lease.held_back(trio.current_time())
            await trio.sleep(0.25)
            body.lease.held_back(math.inf)  # read again
            await trio.sleep(0.25)
            body.lease.held_back(trio.current_time())
        assert body.spooled_at == 7.625 + HELD_BACK


async def test_the_body_held_back_longest_is_spooled_first(autojump_clock):
    """One waiter takes one body: the one that has lain longest, and no other."""
    async with limited(3) as limiter:
        bodies = await holding(limiter, 3.0, 1.0, 2.0)
        await trio.sleep(5)
        await wait_for(limiter, 10)
        assert [body.spooled_at for body in bodies] == [None, 5, None]
        bodies[1].lease.release()
        await wait_for(limiter, 10)
        assert trio.current_time() == 15  # the slot was free
        await holding(limiter, math.inf)
        await wait_for(limiter, 10, waiters=2)
        assert [body.spooled_at for body in bodies] == [15, 5, 15]
        assert limiter.statistics().spooled == 3


async def test_no_more_bodies_are_spooled_than_are_wanted(autojump_clock):
    """Each waiter is worth one spool, and one that is under way counts."""
    async with limited(4) as limiter:
        bodies = await holding(limiter, 0.0, 0.0, 0.0, 0.0)
        await wait_for(limiter, 10, waiters=2)
        assert sum(body.spooled_at is not None for body in bodies) == 2
        await wait_for(limiter, 10, waiters=2)
        assert sum(body.spooled_at is not None for body in bodies) == 2
        await wait_for(limiter, 10, waiters=3)
        assert sum(body.spooled_at is not None for body in bodies) == 3


async def test_nobody_waiting_nothing_is_spooled(autojump_clock):
    """A body may lie unread for as long as nobody wants its slot."""
    async with limited(2) as limiter:
        bodies = await holding(limiter, 0.0, 0.0)
        await trio.sleep(1000)
        await wait_for(limiter, 1, counted=False)
        assert [body.spooled_at for body in bodies] == [None, None]
        assert limiter.statistics().spooled == 0


async def test_a_pause_is_no_reason_to_spool(autojump_clock):
    """While a pause holds a waiter no body is moved: a slot would not help."""
    async with limited(1) as limiter:
        (body,) = await holding(limiter, 0.0)
        limiter.pause(60)
        await wait_for(limiter, 59)
        assert body.spooled_at is None
        await wait_for(limiter, 10)
        assert body.spooled_at == 60


async def test_a_rate_is_no_reason_to_spool(autojump_clock):
    """While the rate holds a waiter no body is moved, be the tokens sent or reserved."""
    async with limited(2, Rate(1, 60.0)) as limiter:
        (body,) = await holding(limiter, 0.0)
        await wait_for(limiter, 10)
        reserved = await limiter.acquire(QUERY, counted=True)
        assert trio.current_time() == 60
        await wait_for(limiter, 100)
        reserved.sent()
        await wait_for(limiter, 59)
        assert body.spooled_at is None
        await wait_for(limiter, 10)
        assert body.spooled_at == 220


async def test_what_is_not_counted_is_never_spooled(autojump_clock):
    """Snapshots wait for each other; their bodies are small and soon read."""
    async with limited(1) as limiter:
        bodies = await holding(limiter, *[0.0] * UNCOUNTED_SLOTS, counted=False)
        await wait_for(limiter, 10, counted=False)
        assert not any(body.spooled_at for body in bodies)


async def test_a_lease_given_back_is_not_spooled(autojump_clock):
    """A body that ended has nothing to be moved."""
    async with limited(1) as limiter:
        (body,) = await holding(limiter, 0.0)
        body.lease.release()
        body.lease.spool()
        await wait_for(limiter, 10)
        assert body.spooled_at is None
        assert trio.current_time() == 0


async def test_a_request_that_comes_again_keeps_its_place(autojump_clock):
    """A ticket taken before others queued goes before them, however late it comes back."""
    limiter = Limiter(1, None)
    order = []

    async def use(name, ticket=None):
        lease = await limiter.acquire(Lane.QUERY, counted=True, ticket=ticket)
        order.append(name)
        await trio.sleep(1)
        lease.release()

    early = limiter.take_ticket()
    async with trio.open_nursery() as nursery:
        for name in ("a", "b", "c"):
            nursery.start_soon(use, name)
            await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(use, "early", early)
    assert order == ["a", "early", "b", "c"]


@pytest.mark.parametrize("arrival", list(itertools.permutations(range(4))))
async def test_tickets_go_in_their_order_however_they_arrive(arrival):
    """A request that comes back with an early ticket goes before all later ones of its lane."""
    limiter = Limiter(1, None)
    tickets = [limiter.take_ticket() for _ in range(4)]
    holder = await limiter.acquire(QUERY, counted=True)
    order = []

    async def call(number):
        lease = await limiter.acquire(QUERY, counted=True, ticket=tickets[number])
        order.append(number)
        lease.release()

    async with trio.open_nursery() as nursery:
        for number in arrival:
            nursery.start_soon(call, number)
            await wait_all_tasks_blocked()
        holder.release()
    assert order == [0, 1, 2, 3]


async def test_those_of_one_ticket_go_in_order_of_arrival():
    """Two requests with one ticket are first come, first served between themselves."""
    limiter = Limiter(1, None)
    ticket = limiter.take_ticket()
    holder = await limiter.acquire(QUERY, counted=True)
    order = []

    async def call(number):
        lease = await limiter.acquire(QUERY, counted=True, ticket=ticket)
        order.append(number)
        lease.release()

    async with trio.open_nursery() as nursery:
        for number in range(3):
            nursery.start_soon(call, number)
            await wait_all_tasks_blocked()
        holder.release()
    assert order == [0, 1, 2]


async def test_a_token_goes_to_who_waits_longest_counted_or_not(autojump_clock):
    """Where a rate is what everybody waits for, snapshots do not pass history that came before."""
    limiter = Limiter(4, Rate(1, per=10))
    (await limiter.acquire(QUERY, counted=True)).sent()
    order = []

    async def call(number, *, counted):
        lease = await limiter.acquire(QUERY, counted=counted)
        lease.sent()
        order.append(number)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(limiter.run)
        async with trio.open_nursery() as callers:
            for number, counted in enumerate((True, False, False, True)):
                callers.start_soon(functools.partial(call, number, counted=counted))
                await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert order == [0, 1, 2, 3]


async def test_a_lease_given_back_dates_no_token(autojump_clock):
    """Whoever says that it sent after giving its lease back changes nothing of the rate."""
    limiter = Limiter(4, Rate(1, per=10))
    lease = await limiter.acquire(QUERY, counted=True)
    assert lease.released is False
    lease.release()
    lease.sent()
    (await limiter.acquire(QUERY, counted=True)).sent()
    with trio.move_on_after(1) as waited:
        await limiter.acquire(QUERY, counted=True)
    assert waited.cancelled_caught


async def test_a_body_is_taken_over_only_where_it_was_offered_and_is_held_back():
    """Without an offer, or a reader who holds it back, there is no moment for that."""
    limiter = Limiter(1, None)
    lease = await limiter.acquire(QUERY, counted=True)
    assert lease.due_for_spooling(1.0) == math.inf
    lease.held_back(0.0)
    assert lease.due_for_spooling(1.0) == math.inf
    lease.offer_spool(lambda: None)
    assert lease.due_for_spooling(1.0) == HELD_BACK - 1.0
    lease.held_back(math.inf)
    assert lease.due_for_spooling(1.0) == math.inf
    lease.release()
    lease = await limiter.acquire(QUERY, counted=True)
    lease.offer_spool(lambda: None)
    assert lease.due_for_spooling(1.0) == math.inf


@asynccontextmanager
async def running(slots):
    """Yield a limiter whose task runs."""
    limiter = Limiter(slots, None)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(limiter.run)
        yield limiter
        nursery.cancel_scope.cancel()


async def test_a_busy_terminal_halves_the_slots(autojump_clock, caplog):
    """A 429 halves them, down to one; several of one burst count once; one returns a minute."""
    async with running(8) as limiter:
        for _ in range(3):
            limiter.reduce_slots()  # requests that were in flight together
        assert limiter.statistics().slots == 4
        assert len(caplog.records) == 1
        for expected in (2, 1, 1):
            await trio.sleep(2)
            limiter.reduce_slots()
            assert limiter.statistics().slots == expected
        for expected in (2, 3, 4, 5, 6, 7, 8, 8):
            await trio.sleep(60)
            assert limiter.statistics().slots == expected


async def test_fewer_slots_hold_for_whoever_comes(autojump_clock):
    """Requests in flight go on; new ones wait until fewer than the reduced slots are in flight."""
    async with running(4) as limiter:
        leases = [await limiter.acquire(QUERY, counted=True) for _ in range(4)]
        limiter.reduce_slots()
        assert limiter.statistics().in_flight == 4
        for lease in leases[:2]:
            lease.release()
        with trio.move_on_after(10) as scope:
            await limiter.acquire(QUERY, counted=True)
        assert scope.cancelled_caught
        leases[2].release()
        (await limiter.acquire(QUERY, counted=True)).release()
        leases[3].release()
        assert limiter.statistics().in_flight == 0


async def test_a_slot_that_comes_back_is_used(autojump_clock):
    """Who waits for a slot gets the one that time gives back."""
    async with running(2) as limiter:
        await limiter.acquire(QUERY, counted=True)
        limiter.reduce_slots()
        start = trio.current_time()
        await limiter.acquire(QUERY, counted=True)
        assert trio.current_time() - start == 60
