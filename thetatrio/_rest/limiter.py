"""Who may send, and when: slots, a token bucket, a pause for all, two lanes.

The vendor limits requests in flight, and for the free tier requests a minute.
A request holds a `Lease` from before it is sent until its answer has been
read. Waiting is first come, first served in each of two lanes; plain queries
go before the parts of a long pull, but a part goes at least every fourth turn.
"""

from __future__ import annotations

import copy
import logging
import math
from bisect import insort
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import Final, final

import msgspec
import trio

from thetatrio.config import Rate
from thetatrio.errors import InternalError, ThetaDataError

_logger = logging.getLogger("thetatrio")

__all__ = ["Lane", "Lease", "Limiter", "LimiterStatistics"]

UNCOUNTED_SLOTS: Final = 8
"""Width of what the vendor does not count (snapshots): a bound all the same."""
TURNS_BEFORE_A_PART: Final = 3
"""Plain queries that may go before a waiting part of a long pull."""
WIDEN_AFTER: Final = 60.0
"""Seconds after which a slot comes back that a 429 has cost."""
ONE_BURST: Final = 1.0
"""Seconds within which several 429 are about requests that were sent together."""
HELD_BACK: Final = 0.5
"""Seconds a body may lie unread while somebody waits for its slot."""


class Lane(IntEnum):
    """Where a request queues."""

    QUERY = 0
    PART = 1


class LimiterStatistics(msgspec.Struct, frozen=True):
    """The limiter at one moment."""

    slots: int
    """Counted requests that may be in flight; fewer than configured for a while after a 429."""
    in_flight: int
    """Counted requests that hold a slot."""
    uncounted_in_flight: int
    """Requests in flight that the vendor does not count, such as snapshots."""
    waiting: int
    """Requests that wait for a slot, a token or the end of a pause."""
    started: int
    """Requests sent so far, retries included."""
    paused_for: float
    """Seconds until the pause ends that a busy terminal asked for; 0 where there is none."""
    spooled: int
    """Answers moved to temporary files so far, because nobody read them."""


@final
class Lease:
    """The right to have one request in flight. Give it back with `release()`, once."""

    __slots__ = (
        "_counted",
        "_held_back_since",
        "_limiter",
        "_spool",
        "_stamp",
        "released",
        "spooling",
    )

    def __init__(self, limiter: Limiter, *, counted: bool, stamp: _Stamp | None) -> None:
        self._limiter = limiter
        self._counted = counted
        self._stamp = stamp
        self._spool: Callable[[], None] | None = None
        self._held_back_since = math.inf
        self.released: bool = False
        self.spooling: bool = False

    def sent(self) -> None:
        """Note that the request is on its way: the rate counts it from now."""
        self._limiter.note_sent(self._stamp)

    def offer_spool(self, spool: Callable[[], None]) -> None:
        """Say how the body can be read by somebody else, should its slot be needed."""
        self._spool = spool

    def held_back(self, since: float) -> None:
        """Note since when its reader has been holding the body back (inf: it is not)."""
        self._held_back_since = since

    def release(self) -> None:
        """Give the slot back; and the token, where nothing was sent."""
        if not self.released:
            self.released = True
            self._spool = None
            self._limiter.give_back(self, self._stamp, counted=self._counted)

    def due_for_spooling(self, now: float) -> float:
        """Return the seconds until the body may be taken over; inf where it may not."""
        if self._spool is None or not self._counted:
            return math.inf
        return self._held_back_since + HELD_BACK - now

    def spool(self) -> None:
        """Have the body taken over."""
        if self._spool is not None:
            spool, self._spool = self._spool, None
            self.spooling = True
            spool()


class _Stamp(msgspec.Struct):
    """One token: reserved when it is granted, dated when the request is sent."""

    at: float = math.inf


class _Waiter(msgspec.Struct):
    ticket: int
    granted: trio.Event
    lease: Lease | None = None


@final
class Limiter:
    """Grants leases. Needs `run()` in some task, to notice that time has passed."""

    def __init__(self, slots: int, rate: Rate | None) -> None:
        self._slots = slots
        # Fewer after the terminal had too much to do (429), until time has passed.
        self._width = slots
        self._reduced_at = -math.inf
        self._widen_at = math.inf
        self._rate = rate
        self._free = {True: slots, False: UNCOUNTED_SLOTS}
        self._queues: dict[tuple[Lane, bool], deque[_Waiter]] = {
            (lane, counted): deque() for lane in Lane for counted in (True, False)
        }
        self._waiting = 0
        self._tickets = 0
        self._turns = 0
        self._sent_at: list[float] = []  # the last `rate.count` starts, oldest first
        self._reserved = 0
        self._resume_at = -math.inf
        self._leases: set[Lease] = set()
        self._started = 0
        self._spooled = 0
        self._wake = trio.Event()
        self._closed: ThetaDataError | None = None

    def statistics(self) -> LimiterStatistics:
        """Return the present figures."""
        self._widen(trio.current_time())
        return LimiterStatistics(
            slots=self._width,
            in_flight=self._width - self._free[True],
            uncounted_in_flight=UNCOUNTED_SLOTS - self._free[False],
            waiting=self._waiting,
            started=self._started,
            paused_for=max(0.0, self._resume_at - trio.current_time()),
            spooled=self._spooled,
        )

    def take_ticket(self) -> int:
        """Return a place in the order of arrival, to be kept through retries."""
        self._tickets += 1
        return self._tickets

    async def acquire(self, lane: Lane, *, counted: bool, ticket: int | None = None) -> Lease:
        """Wait for a slot, a token and the end of any pause.

        A cancelled wait leaves nothing behind. Not a checkpoint where there
        is nothing to wait for: what follows is a request, which is one. A
        ticket taken earlier goes before all later ones of its lane; without
        one, the request arrives now.
        """
        self._check_open()
        now = trio.current_time()
        if self._widen_at <= now:
            self._widen(now)
        if not self._waiting and self._free[counted] > 0 and self._may_start_at(now) <= now:
            return self._grant(counted=counted)
        waiter = _Waiter(self.take_ticket() if ticket is None else ticket, trio.Event())
        queue = self._queues[lane, counted]
        place = len(queue)
        while place and queue[place - 1].ticket > waiter.ticket:
            place -= 1
        queue.insert(place, waiter)
        self._waiting += 1
        self._dispatch()
        self._wake.set()
        try:
            await waiter.granted.wait()
        except BaseException:
            # A grant and a cancellation can meet: the lease then goes back.
            if waiter.lease is not None:
                waiter.lease.release()
            elif self._closed is None:
                queue.remove(waiter)
                self._waiting -= 1
                self._wake.set()
            raise
        if waiter.lease is None:
            self._check_open()
            raise InternalError("a slot was granted without a lease")
        return waiter.lease

    def pause(self, seconds: float) -> None:
        """Let nobody start for so long; a longer pause that is under way stays."""
        self._resume_at = max(self._resume_at, trio.current_time() + seconds)
        self._wake.set()

    def reduce_slots(self) -> None:
        """Halve the slots, since the terminal has too much to do; one comes back each minute.

        Answers to requests that were sent before the last reduction do not reduce them again.
        """
        now = trio.current_time()
        if now - self._reduced_at < ONE_BURST:
            return
        self._reduced_at = now
        self._widen_at = now + WIDEN_AFTER
        width = max(1, self._width // 2)
        if width < self._width:
            self._free[True] -= self._width - width
            self._width = width
            _logger.warning(
                "the terminal has too many requests (HTTP 429): %d of %d slots are used from now"
                " on, one more each minute; other programs on the account share its slots",
                width,
                self._slots,
            )
        self._wake.set()

    def _widen(self, now: float) -> None:
        while self._widen_at <= now:
            self._widen_at = self._widen_at + WIDEN_AFTER
            if self._width < self._slots:
                self._width += 1
                self._free[True] += 1
            if self._width == self._slots:
                self._widen_at = math.inf

    def close(self, why: ThetaDataError) -> None:
        """Turn away whoever waits and whoever comes, with this error."""
        self._closed = why
        for queue in self._queues.values():
            while queue:
                queue.popleft().granted.set()
        self._waiting = 0

    async def run(self) -> None:
        """Wake waiters when time has passed, and have unread bodies taken over; never returns."""
        while True:
            self._wake = trio.Event()
            self._widen(trio.current_time())
            self._dispatch()
            widen_at = self._widen_at if self._waiting else math.inf
            with trio.move_on_at(min(self._next_look(), widen_at)):
                await self._wake.wait()

    def note_sent(self, stamp: _Stamp | None) -> None:
        """Count a start, and date its token."""
        self._started += 1
        if stamp is not None and stamp.at == math.inf:
            stamp.at = trio.current_time()
            self._reserved -= 1
            insort(self._sent_at, stamp.at)
            self._wake.set()

    def give_back(self, lease: Lease, stamp: _Stamp | None, *, counted: bool) -> None:
        """Take a slot back, and a token that was not used."""
        self._leases.discard(lease)
        self._free[counted] += 1
        if stamp is not None and stamp.at == math.inf:
            stamp.at = -math.inf
            self._reserved -= 1
        if self._waiting:
            self._dispatch()
            # A token that came back can turn "not before an event" into a moment,
            # such as the end of a pause, that nobody is waiting for yet.
            self._wake.set()

    def _check_open(self) -> None:
        if self._closed is not None:
            # One exception raised to several would have the last one's traceback.
            raise copy.copy(self._closed) from self._closed.__cause__

    def _grant(self, *, counted: bool) -> Lease:
        self._free[counted] -= 1
        stamp = None
        if self._rate is not None:
            stamp = _Stamp()
            self._reserved += 1
        lease = Lease(self, counted=counted, stamp=stamp)
        self._leases.add(lease)
        return lease

    def _may_start_at(self, now: float) -> float:
        """Return the moment from which one more start is allowed; inf: not before an event."""
        moment = self._resume_at
        if self._rate is not None:
            # Exact over every window: the start `count` before this one must
            # lie a whole window back. A reserved token may be used at any
            # moment from now, so it counts as used now, until it is dated.
            count, per = self._rate.count, self._rate.per
            while len(self._sent_at) > count or (self._sent_at and self._sent_at[0] <= now - per):
                del self._sent_at[0]
            if self._reserved >= count:
                return math.inf
            over = len(self._sent_at) + self._reserved - count
            if over >= 0:
                moment = max(moment, self._sent_at[over] + per)
        return moment

    def _dispatch(self) -> None:
        """Grant whatever can be granted now."""
        now = trio.current_time()
        while self._waiting and self._may_start_at(now) <= now:
            choice = self._choose()
            if choice is None:
                return
            lane, counted = choice
            waiter = self._queues[lane, counted].popleft()
            self._waiting -= 1
            parts_wait = any(self._queues[Lane.PART, counted] for counted in (True, False))
            self._turns = self._turns + 1 if lane is Lane.QUERY and parts_wait else 0
            waiter.lease = self._grant(counted=counted)
            waiter.granted.set()

    def _choose(self) -> tuple[Lane, bool] | None:
        """Return the queue whose first waiter is next, among those with a free slot."""
        heads: dict[Lane, tuple[int, bool]] = {}
        for (lane, counted), queue in self._queues.items():
            if queue and self._free[counted] > 0:
                head = (queue[0].ticket, counted)
                heads[lane] = min(heads.get(lane, head), head)
        if not heads:
            return None
        part_is_due = Lane.PART in heads and self._turns >= TURNS_BEFORE_A_PART
        lane = Lane.PART if part_is_due or Lane.QUERY not in heads else Lane.QUERY
        return lane, heads[lane][1]

    def _next_look(self) -> float:
        """Return when time alone will change something, and take over what is due now."""
        if not self._waiting:
            return math.inf
        now = trio.current_time()
        start = self._may_start_at(now)
        if start > now:
            return start
        wanted = sum(len(self._queues[lane, True]) for lane in Lane)
        wanted -= sum(lease.spooling for lease in self._leases)
        return self._spool_held_back(wanted, now) if wanted > 0 else math.inf

    def _spool_held_back(self, wanted: int, now: float) -> float:
        """Have the bodies taken over that have lain unread longest; return when to look again."""
        due = sorted(
            ((lease.due_for_spooling(now), lease) for lease in self._leases),
            key=lambda pair: pair[0],
        )
        for wait, lease in due[:wanted]:
            if wait <= 0:
                self._spooled += 1
                lease.spool()
        # A reader that is reading now may stop without a sign: look again within the bound.
        return now + min((wait for wait, _ in due if 0 < wait < HELD_BACK), default=HELD_BACK)
