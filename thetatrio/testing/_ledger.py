"""What a simulated terminal was asked and what it sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import msgspec
import trio

from thetatrio.testing._stream.ledger import StreamLedger

Outcome: TypeAlias = Literal["open", "completed", "aborted"]


class LedgerEntry(msgspec.Struct, kw_only=True, eq=False):
    """One request. Fields after `started` fill as it is answered."""

    number: int
    """Counts from 1 since the terminal was made."""
    connection: int
    """Which connection it came on, counted from 1."""
    method: str
    path: str
    operation: str
    """The operation's name, or empty where the path is none's."""
    query: Mapping[str, str]
    host: str
    headers: Mapping[str, str]
    """Names in lower case."""
    started: float
    """Seconds of trio's clock, as `ended`."""
    ended: float | None = None
    status: int | None = None
    """None until an answer is begun."""
    body_bytes: int = 0
    """Bytes of the body handed to the connection, chunk framing apart."""
    outcome: Outcome = "open"
    """`aborted`: the client went away, or a fault or a shutdown cut it."""


class Ledger:
    """Requests, totals, and what is going on now.

    `in_flight` counts requests that hold one of the account's slots, `waiting`
    those in the queue for one; snapshots, which take no slot, are neither.
    """

    def __init__(self) -> None:
        self._changed = trio.Event()
        self.in_flight: int = 0
        self.snapshots_in_flight: int = 0
        self.waiting: int = 0
        self.connections: int = 0
        """Open now."""
        self._numbers = 0
        self.requests: list[LedgerEntry] = []
        """By arrival, those still open included."""
        self.highest_in_flight: int = 0
        self.highest_waiting: int = 0
        self.connections_total: int = 0
        self.stream: StreamLedger = StreamLedger()
        """The stream's own; the numbers above are those of requests."""

    def reset(self) -> None:
        """Forget past requests; what is going on now still counts, and the stream."""
        self.requests.clear()
        self.highest_in_flight = self.in_flight
        self.highest_waiting = self.waiting
        self.connections_total = self.connections

    @property
    def total(self) -> int:
        """Requests received."""
        return len(self.requests)

    @property
    def completed(self) -> int:
        """Requests answered whole, whatever the status."""
        return sum(entry.outcome == "completed" for entry in self.requests)

    @property
    def aborted(self) -> int:
        """Requests whose answer was not begun or not finished."""
        return sum(entry.outcome == "aborted" for entry in self.requests)

    @property
    def body_bytes(self) -> int:
        """Bytes of all bodies."""
        return sum(entry.body_bytes for entry in self.requests)

    def of(self, operation: str) -> list[LedgerEntry]:
        """Return the requests of one operation, by arrival."""
        return [entry for entry in self.requests if entry.operation == operation]

    def statuses(self) -> list[int | None]:
        """Return the statuses of all requests, by arrival."""
        return [entry.status for entry in self.requests]

    async def wait_until(self, holds: Callable[[Ledger], bool]) -> None:
        """Wait until something is true of this ledger, such as `lambda it: it.in_flight == 2`."""
        await trio.lowlevel.checkpoint()
        while not holds(self):
            await self._changed.wait()

    async def wait_idle(self) -> None:
        """Wait until nothing is in flight or waiting."""
        await self.wait_until(
            lambda ledger: not (ledger.in_flight or ledger.snapshots_in_flight or ledger.waiting)
        )

    # What follows is for the terminal, which keeps this ledger.

    def note(
        self,
        *,
        connections: int = 0,
        in_flight: int = 0,
        snapshots: int = 0,
        waiting: int = 0,
    ) -> None:
        """Count something that began (+1) or ended (-1)."""
        self.connections += connections
        self.connections_total += max(0, connections)
        self.in_flight += in_flight
        self.snapshots_in_flight += snapshots
        self.waiting += waiting
        self.highest_in_flight = max(self.highest_in_flight, self.in_flight)
        self.highest_waiting = max(self.highest_waiting, self.waiting)
        self.changed()

    def changed(self) -> None:
        """Wake those who wait for something to become true."""
        self._changed.set()
        self._changed = trio.Event()

    def begin(
        self,
        *,
        connection: int,
        method: str,
        path: str,
        operation: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
    ) -> LedgerEntry:
        """Enter a request that has just arrived."""
        self._numbers += 1
        entry = LedgerEntry(
            number=self._numbers,
            connection=connection,
            method=method,
            path=path,
            operation=operation,
            query=query,
            host=headers.get("host", ""),
            headers=headers,
            started=trio.current_time(),
        )
        self.requests.append(entry)
        self.changed()
        return entry

    def end(self, entry: LedgerEntry, outcome: Outcome) -> None:
        """Note that a request is over."""
        entry.ended = trio.current_time()
        entry.outcome = outcome
        self.changed()
