"""How many requests the terminal serves at once, queues, and refuses."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import trio

from thetatrio.config import Rate, Tier
from thetatrio.testing._ledger import Ledger
from thetatrio.testing._operations import Refusal

SNAPSHOT_WIDTH: Final = 8
"""Requests of operations that take no slot, served at once on any tier."""


class Limiter:
    """Slots by tier, a queue of bounded length, and the free tier's rate.

    Args:
        tier: sets the number of slots (1, 2, 4, 8).
        queue: requests that may wait for a slot; one more is refused with 429.
        rate: requests in any window beyond which 429 is the answer, or None.
        ledger: where it is written down.
        slots: how many, where it is not for the tier to say.
    """

    def __init__(
        self, *, tier: Tier, queue: int, rate: Rate | None, ledger: Ledger, slots: int | None = None
    ) -> None:
        self._slots = trio.Semaphore(slots or tier.slots)
        self._snapshots = trio.Semaphore(SNAPSHOT_WIDTH)
        self._queue = queue
        self._rate = rate
        self._ledger = ledger
        self._starts: deque[float] = deque()

    @asynccontextmanager
    async def slot(self, *, counted: bool) -> AsyncGenerator[None, None]:
        """Hold a slot for the time of the block. Raises a 429 Refusal where the queue is full."""
        self._count()
        semaphore = self._slots if counted else self._snapshots
        try:
            semaphore.acquire_nowait()
        except trio.WouldBlock:
            if semaphore.statistics().tasks_waiting >= self._queue:
                raise Refusal(429, "Too many requests: the request queue is full.") from None
            self._ledger.note(waiting=1)
            try:
                await semaphore.acquire()
            finally:
                self._ledger.note(waiting=-1)
        self._ledger.note(in_flight=counted, snapshots=not counted)
        try:
            yield
        finally:
            semaphore.release()
            self._ledger.note(in_flight=-counted, snapshots=-(not counted))

    def _count(self) -> None:
        if self._rate is None:
            return
        now = trio.current_time()
        while self._starts and self._starts[0] <= now - self._rate.per:
            self._starts.popleft()
        if len(self._starts) >= self._rate.count:
            raise Refusal(
                429,
                f"Too many requests: {self._rate.count} in {self._rate.per:g} seconds.",
            )
        self._starts.append(now)
