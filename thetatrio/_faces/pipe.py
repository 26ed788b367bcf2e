"""Lists from the portal's thread to a reader elsewhere, in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import trio

from thetatrio._portal import Portal

__all__ = ["Pipe"]

T = TypeVar("T")

_MESSAGES: Final = 256


class Pipe(Generic[T]):
    """Messages of stated sizes; whoever sends waits while `limit` of them are not taken.

    Credit is counted on both sides and costs no wake-up while the reader keeps up.

    Args:
        portal: whose thread sends.
        limit: what may be on its way, before the message that goes beyond.
        wake: called in the portal's thread after a message was put in.
    """

    def __init__(self, portal: Portal, limit: int, wake: Callable[[], object]) -> None:
        self._portal = portal
        self._limit = limit
        self._wake = wake
        self._messages: deque[T] = deque()
        self._sent = 0
        self._taken = 0  # by the reader's side alone
        self._is_parked = False
        self._lot = trio.lowlevel.ParkingLot()

    # The portal's side

    @property
    def _is_full(self) -> bool:
        return self._sent - self._taken >= self._limit or len(self._messages) >= _MESSAGES

    async def room(self) -> None:
        """Wait until a message may be sent."""
        while self._is_full:
            self._is_parked = True
            # What was taken before that is not told.
            if self._is_full:
                await self._lot.park()
        self._is_parked = False

    def send(self, message: T, size: int) -> None:
        """Send a message."""
        self._sent += size
        self._messages.append(message)
        self._wake()

    # The reader's side

    @property
    def has_messages(self) -> bool:
        """Whether something waits to be taken."""
        return bool(self._messages)

    def take(self) -> T | None:
        """Take the next message, if there is one; it counts until `credit` says otherwise."""
        return self._messages.popleft() if self._messages else None

    def credit(self, taken: int) -> None:
        """Say how much of all that was sent has been taken off the reader's hands."""
        self._taken = taken
        if self._is_parked:
            self._portal.call_soon(self._lot.unpark_all)
