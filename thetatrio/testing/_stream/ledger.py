"""What the stream sent, to whom, and what it was told."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias

import msgspec
import trio

from thetatrio.contracts import Contract

EventRow: TypeAlias = tuple[int, str, Contract, int, int, int, tuple[int, ...], float]
"""A `StreamEvent` before anybody looks at it."""
_COMMANDS_KEPT: Final = 100_000


class NumberRanges:
    """Numbers of events in the order they were added, kept as ranges."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []
        self._count = 0
        self._ordered = True

    def add(self, first: int, last: int | None = None) -> None:
        """Add a number, or all from `first` to `last` inclusive."""
        stop = (first if last is None else last) + 1
        self._count += stop - first
        if self._stops and self._stops[-1] == first:
            self._stops[-1] = stop
        else:
            self._ordered = self._ordered and first > self.last
            self._starts.append(first)
            self._stops.append(stop)

    def add_all(self, numbers: Iterable[int]) -> None:
        """Add several numbers."""
        for number in numbers:
            self.add(number)

    @property
    def ranges(self) -> tuple[range, ...]:
        """The ranges, in the order they were added."""
        return tuple(map(range, self._starts, self._stops))

    @property
    def last(self) -> int:
        """The number added last, or 0."""
        return self._stops[-1] - 1 if self._stops else 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        for numbers in self.ranges:
            yield from numbers

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int):
            return False
        if self._ordered:
            at = bisect_right(self._starts, number)
            return at > 0 and number < self._stops[at - 1]
        return any(number in numbers for numbers in self.ranges)

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{numbers[0]}-{numbers[-1]}" if len(numbers) > 1 else f"{numbers[0]}"
            for numbers in self.ranges
        )
        return f"NumberRanges({shown})"


class StreamEvent(NamedTuple):
    """One event that was made, and the connections it was meant for."""

    number: int
    """Counts from 1; the same for all who get it."""
    kind: str
    contract: Contract
    date: int
    ms_of_day: int
    sequence: int
    """0 where its kind has none."""
    connections: tuple[int, ...]
    time: float
    """Seconds of trio's clock."""


class StreamCommand(msgspec.Struct, kw_only=True, eq=False):
    """One message of a client."""

    connection: int
    text: str
    """What it sent, at most its first 4,096 characters."""
    id: int
    add: bool
    msg_type: str
    sec_type: str | None
    req_type: str | None
    contract: Contract | None
    time: float
    """Seconds of trio's clock."""
    grows: bool
    """Whether its id is above all of the account's before."""
    response: str | None = None
    """What was answered; None: nothing, or nothing yet."""


class StreamConnectionEntry(msgspec.Struct, kw_only=True, eq=False):
    """One connection: what was sent to it and what it sent."""

    number: int
    """Counts from 1 since the terminal was made."""
    opened: float
    closed: float | None = None
    handshake: int | None = None
    """Status of its handshake's answer; 101 where it was accepted."""
    close_code: int | None = None
    """The code of the client's close frame."""
    sent: NumberRanges = msgspec.field(default_factory=NumberRanges)
    """Events whose every byte was handed to the connection."""
    cut: NumberRanges = msgspec.field(default_factory=NumberRanges)
    """Events of which only a part was."""
    overflowed: NumberRanges = msgspec.field(default_factory=NumberRanges)
    """Events for which its queue had no room; never sent."""
    resent: NumberRanges = msgspec.field(default_factory=NumberRanges)
    """Events sent again (`Duplicates`)."""
    frames: int = 0
    events: int = 0
    statuses: int = 0
    pings: int = 0
    bytes: int = 0
    """Bytes handed to the connection, the handshake included."""
    commands: int = 0
    responses: Counter[str] = msgspec.field(default_factory=Counter[str])
    """How often it was answered what."""
    unanswered: int = 0
    """Commands whose answer is due or will not come."""
    highest_unanswered: int = 0
    ids_not_growing: int = 0
    """Commands whose id was not above all before on this connection."""


class StreamLedger:
    """Events, connections and commands of the stream.

    Details are kept of the last events only, numbers for ever.
    """

    def __init__(self) -> None:
        self._changed = trio.Event()
        self._details: deque[EventRow] = deque(maxlen=0)
        self._commands: deque[StreamCommand] = deque(maxlen=_COMMANDS_KEPT)
        self.total: int = 0
        """Events so far, which is the highest number."""
        self.connections: dict[int, StreamConnectionEntry] = {}
        """All that ever came, by their numbers."""
        self.open: int = 0
        """Connections whose handshake was accepted and that have not ended."""

    @property
    def commands(self) -> list[StreamCommand]:
        """The commands of all connections, by arrival (the last 100,000)."""
        return list(self._commands)

    @property
    def details(self) -> list[StreamEvent]:
        """The last events, by number."""
        return [StreamEvent._make(row) for row in self._details]

    def event(self, number: int) -> StreamEvent | None:
        """Return an event, or None where it is none of the last."""
        if not self._details:
            return None
        at = number - self._details[0][0]
        return StreamEvent._make(self._details[at]) if 0 <= at < len(self._details) else None

    def numbers(self, connection: int) -> NumberRanges:
        """Return the numbers of what was sent whole to a connection."""
        return self.connections[connection].sent

    def sent_to(self, connection: int) -> list[StreamEvent]:
        """Return those of the last events that were sent whole to a connection."""
        sent = self.connections[connection].sent
        return [StreamEvent._make(row) for row in self._details if row[0] in sent]

    def sent(self) -> list[int]:
        """Return the numbers sent whole to one connection or more, sorted."""
        found: set[int] = set()
        for entry in self.connections.values():
            found.update(entry.sent)
        return sorted(found)

    async def wait_until(self, holds: Callable[[StreamLedger], bool]) -> None:
        """Wait until something is true of this ledger, such as `lambda it: it.open == 2`."""
        await trio.lowlevel.checkpoint()
        while not holds(self):
            await self._changed.wait()

    # What follows is for the terminal, which keeps this ledger.

    def keep_last(self, count: int) -> None:
        """Keep the details of so many events."""
        if count != self._details.maxlen:
            self._details = deque(self._details, maxlen=count)

    def changed(self) -> None:
        """Wake those who wait for something to become true."""
        self._changed.set()
        self._changed = trio.Event()

    def begin(self) -> StreamConnectionEntry:
        """Enter a connection that has just been made."""
        number = len(self.connections) + 1
        entry = StreamConnectionEntry(number=number, opened=trio.current_time())
        self.connections[number] = entry
        self.changed()
        return entry

    def enter(self, command: StreamCommand) -> None:
        """Enter a command that has just arrived."""
        entry = self.connections[command.connection]
        entry.commands += 1
        entry.unanswered += 1
        entry.highest_unanswered = max(entry.highest_unanswered, entry.unanswered)
        self._commands.append(command)
        self.changed()

    def answered(self, command: StreamCommand, response: str) -> None:
        """Note what a command was answered."""
        entry = self.connections[command.connection]
        command.response = response
        entry.unanswered -= 1
        entry.responses[response] += 1
        self.changed()

    def note(self, rows: list[EventRow]) -> None:
        """Note events that were made; they are numbered on from `total`."""
        self.total += len(rows)
        self._details.extend(rows)
        self.changed()
