"""How the stream is: connecting, live, lost, on its way back."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Final, Literal, TypeAlias, final

import msgspec
import trio

from thetatrio._calls import AsyncIterationOnly
from thetatrio._owner import Owner
from thetatrio.errors import SessionClosed, WouldBlock

__all__ = ["StateChannel", "StateName", "States", "StreamState", "StreamStatistics"]

_LOGGER: Final = logging.getLogger("thetatrio.stream")

StateName: TypeAlias = Literal[
    "idle", "connecting", "live", "upstream lost", "reconnecting", "failed"
]

_KEPT: Final = 1024
# Of several sockets, what the stream is called: the worst of them, `live` before `idle`.
_RANKS: Final[tuple[StateName, ...]] = (
    "idle", "live", "upstream lost", "connecting", "reconnecting", "failed"
)  # fmt: skip


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """A state of the connection to the terminal's stream."""

    name: StateName
    """`idle`: nothing is wanted yet. `upstream lost`: connected, and the terminal has lost the
    vendor's servers. `failed`: given up; the next subscription tries again."""
    attempt: int = 0
    """Which attempt in a row it is or will be, from 1; 0 where it is none."""
    delay: float = 0.0
    """Seconds until the attempt (`reconnecting`)."""
    reason: str = ""
    """Why, where something went wrong."""


class StreamStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of a session's stream."""

    state: StreamState
    connections: int
    """Connections that were opened, the first one included."""
    bytes: int
    """Bytes received."""
    messages: int
    """Messages received, heartbeats included."""
    unwanted: int
    """Events nobody asked for; a terminal may send every client everything."""
    undecodable: int
    """Messages that could not be read; told by `Undecodable`."""
    unknown: dict[str, int]
    """Messages of kinds the library does not know, by kind."""
    feeds: int
    subscriptions: int
    """What the terminal is asked for, each once however many feeds want it."""
    confirmed: int
    """Subscriptions that the terminal acknowledged."""
    refused: int
    unanswered_commands: int


@final
class StateChannel(AsyncIterationOnly):
    """States of the stream as they change, the present one first. Made by `stream.states()`.

    One that is not read keeps the newest 1,024.
    """

    def __init__(self, now: StreamState, owner: Owner | None = None) -> None:
        self._owner = owner
        self._waiting: deque[StreamState] = deque([now], _KEPT)
        self._lot = trio.lowlevel.ParkingLot()
        self._ended: Callable[[], Exception] | None = None

    def push(self, state: StreamState) -> None:
        """Give a state to the readers."""
        self._waiting.append(state)
        self._lot.unpark()

    def end(self, error: Callable[[], Exception]) -> None:
        """Let readers meet an error after what waits."""
        self._ended = error
        self._lot.unpark_all()

    async def receive(self) -> StreamState:
        """Return the next state, waiting for it. Raises SessionClosed with its session."""
        self._check()
        await trio.lowlevel.checkpoint()
        while not self._waiting:
            if self._ended is not None:
                raise self._ended()
            await self._lot.park()
        return self._waiting.popleft()

    def receive_nowait(self) -> StreamState:
        """Return the next state if there is one. Raises WouldBlock if not."""
        self._check()
        if not self._waiting:
            if self._ended is not None:
                raise self._ended()
            raise WouldBlock("the state has not changed; await receive()")
        return self._waiting.popleft()

    def __aiter__(self) -> StateChannel:
        return self

    def _check(self) -> None:
        if self._owner is not None and self._ended is None:
            self._owner.check()
        elif self._owner is not None:
            self._owner.check_process()

    async def __anext__(self) -> StreamState:
        self._check()  # the end of the session ends a loop; a fork of the process does not
        try:
            return await self.receive()
        except SessionClosed:
            raise StopAsyncIteration from None


@final
class States:
    """The state of a session's stream, over all its sockets, and who follows it."""

    def __init__(self, owner: Owner | None = None) -> None:
        self._owner = owner
        self.now: StreamState = StreamState(name="idle")
        """The worst that a socket is in."""
        self._of: dict[object, StreamState] = {}
        self._channels: dict[StateChannel, None] = {}

    def set(self, socket: object, state: StreamState) -> None:
        """Note the state of one socket, and tell where that changes the stream's."""
        self._of[socket] = state
        worst = max(self._of.values(), key=lambda each: _RANKS.index(each.name))
        if worst == self.now:
            return
        self.now = worst
        _LOGGER.debug("stream: %r", worst)
        for channel in self._channels:
            channel.push(worst)

    def open(self) -> StateChannel:
        """Return a channel of states, the present one first."""
        channel = StateChannel(self.now, self._owner)
        self._channels[channel] = None
        return channel

    def close(self, channel: StateChannel, error: Callable[[], Exception]) -> None:
        """Give no more states to a channel; its readers meet an error."""
        self._channels.pop(channel, None)
        channel.end(error)

    def end(self, error: Callable[[], Exception]) -> None:
        """Let the readers of all channels meet an error."""
        for channel in self._channels:
            channel.end(error)
