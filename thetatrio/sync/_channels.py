"""What is received from in a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Generic, Self, TypeVar

from thetatrio._calls import BlockingIterationOnly
from thetatrio._faces.on_threads import RowSide
from thetatrio._owner import Owner
from thetatrio.errors import EndOfChannel, SessionClosed, WouldBlock
from thetatrio.rows import Row

__all__ = ["BatchChannel", "Channel", "RowChannel"]

R = TypeVar("R", bound=Row)
T = TypeVar("T")


class Channel(BlockingIterationOnly, Generic[T]):
    """What comes one after another. Several threads may receive; each item goes to one of them."""

    def __init__(
        self, receive: Callable[[float | None], T], close: Callable[[], object] = lambda: None
    ) -> None:
        self._receive = receive
        self._close = close

    def receive(self, *, timeout: float | None = None) -> T:
        """Return the next, waiting for it `timeout` seconds at most.

        Raises EndOfChannel after the last, TimeoutError where nothing came, and
        the errors of what it comes from.
        """
        return self._receive(timeout)

    def close(self) -> None:
        """End what it comes from. Leaving its block does it too."""
        self._close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        try:
            return self._receive(None)
        except (EndOfChannel, SessionClosed) as end:
            if isinstance(end, SessionClosed) and not self._ends_with_session:
                raise
            raise StopIteration from None

    _ends_with_session: bool = False


class StateChannel(Channel[T], Generic[T]):
    """States of the stream as they change, the present one first. Made by `stream.states()`."""

    _ends_with_session: bool = True

    def __init__(
        self,
        receive: Callable[[float | None], T],
        receive_nowait: Callable[[], T],
        owner: Owner,
    ) -> None:
        super().__init__(receive)
        self._receive_nowait = receive_nowait
        self._owner = owner

    def __next__(self) -> T:
        self._owner.check()  # the end of the session ends a loop; a fork of the process does not
        return super().__next__()

    def receive_nowait(self) -> T:
        """Return the next state if there is one. Raises WouldBlock if not."""
        return self._receive_nowait()


class BatchChannel(Channel[list[R]], Generic[R]):
    """Rows of one query as they arrive, in lists. Made by `query.batches()`."""

    def __init__(self, side: RowSide[R]) -> None:
        super().__init__(self._next, side.end)
        self._side = side

    def _next(self, timeout: float | None) -> list[R]:
        rows = self._side.next_batch(timeout)
        if not rows:
            raise EndOfChannel("all rows have been received")
        return rows


class RowChannel(Channel[R], Generic[R]):
    """Rows of one query as they arrive. Made by `query.rows()`."""

    def __init__(self, side: RowSide[R]) -> None:
        super().__init__(self._next, self._end)
        self._side = side
        self._turn = threading.Lock()
        self._ready: Iterator[R] = iter(())
        side.block.watch(self)

    def disown(self) -> None:
        """Forget rows that were not received."""
        self._ready = iter(())

    def _next(self, timeout: float | None) -> R:
        for row in self._ready:
            return row
        self._side.block.check()  # before the lock, which a fork may have left held
        with self._turn:  # so that threads do not replace each other's rows
            for row in self._ready:
                return row
            self._ready = iter(self._side.next_batch(timeout))
            for row in self._ready:
                return row
        raise EndOfChannel("all rows have been received")

    def __next__(self) -> R:
        for row in self._ready:
            return row
        return super().__next__()

    def receive_nowait(self) -> R:
        """Return the next row if it has been decoded already. Raises WouldBlock if not."""
        for row in self._ready:
            return row
        self._side.block.check()
        raise WouldBlock("no row has been decoded yet; use receive()")

    def batches(self) -> BatchChannel[R]:
        """Return the channel of lists behind this one; rows already begun stay here."""
        return BatchChannel(self._side)

    def _end(self) -> None:
        self.disown()
        self._side.end()
