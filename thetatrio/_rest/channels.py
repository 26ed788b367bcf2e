"""What rows are received from: a channel of rows, and one of lists of rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from itertools import islice
from operator import length_hint
from typing import Final, Generic, Protocol, TypeVar, final

import trio

from thetatrio._calls import AsyncIterationOnly
from thetatrio._owner import OpenBlock, Owner
from thetatrio.errors import EndOfChannel, ThetaDataError, WouldBlock
from thetatrio.rows import Row

__all__ = ["BatchChannel", "RowChannel", "RowSource"]

R = TypeVar("R", bound=Row)

WITHOUT_CHECKPOINT: Final = 256
"""Rows that iteration hands out at most before it lets others run."""


class RowSource(Protocol[R]):
    """Where rows come from: a `Reading`, or one on another side."""

    @property
    def owner(self) -> Owner:
        """Who may read them."""
        ...

    async def next_batch(self) -> list[R]:
        """Return the rows that arrive next; none at the end."""
        ...

    def delivered(self, rows: int) -> None:
        """Note that so many more rows are in a user's hands."""
        ...

    async def aclose(self) -> None:
        """End the request."""
        ...


class BatchChannel(AsyncIterationOnly, Generic[R]):
    """Rows of one query as they arrive, in lists. Made by `query.batches()`.

    Several tasks may receive from one channel; each list goes to one of them.
    """

    def __init__(
        self, reading: RowSource[R], turn: AbstractAsyncContextManager[object] | None = None
    ) -> None:
        self._reading = reading
        self.turn: AbstractAsyncContextManager[object] = turn or trio.Lock()
        """Held by whoever receives."""
        self._closed = False
        self.block: OpenBlock = OpenBlock(reading.owner, "rows")
        """Where they can be received."""

    async def receive(self) -> list[R]:
        """Return the next rows, in order.

        Raises EndOfChannel after the last; ConnectionLost with
        `rows_delivered`, DecodeError and other errors of
        `thetatrio.errors` if the answer does not come to its end; SessionClosed
        after the query's block.
        """
        self.block.check()
        async with self.turn:
            rows = await self.next()
        if not rows:
            self.block.check_left()  # while this task waited
            raise EndOfChannel("all rows have been received")
        return rows

    async def next(self) -> list[R]:
        """Return the next rows, none at the end; for the holder of the turn."""
        if self._closed:
            return []
        try:
            rows = await self._reading.next_batch()
        except ThetaDataError:
            if self._closed:  # by another task, while this one waited
                return []
            raise
        self._reading.delivered(len(rows))
        return rows

    async def aclose(self) -> None:
        """End the request. Leaving the query's block does it too."""
        self._closed = True
        if not self.block.owner.is_foreign:
            await self._reading.aclose()

    def __aiter__(self) -> BatchChannel[R]:
        return self

    async def __anext__(self) -> list[R]:
        try:
            return await self.receive()
        except EndOfChannel:
            raise StopAsyncIteration from None


class RowChannel(AsyncIterationOnly, Generic[R]):
    """Rows of one query as they arrive. Made by `query.rows()`.

    Several tasks may receive from one channel; each row goes to one of them.
    """

    def __init__(self, batches: BatchChannel[R]) -> None:
        self._batches = batches
        self._batch: Iterator[R] = iter(())
        self._ready: Iterator[R] = iter(())
        batches.block.watch(self)

    async def receive(self) -> R:
        """Return the next row, in order.

        Raises EndOfChannel after the last, SessionClosed after the query's block, and the
        errors of the query.
        """
        try:
            return await self.__anext__()
        except StopAsyncIteration:
            raise EndOfChannel("all rows have been received") from None

    def receive_nowait(self) -> R:
        """Return the next row if it has been decoded already. Raises WouldBlock if not."""
        self._batches.block.check()
        for row in self._ready:
            return row
        self._ready = iter(list(islice(self._batch, WITHOUT_CHECKPOINT)))
        for row in self._ready:
            return row
        raise WouldBlock("no row has been decoded yet; await receive()")

    def batches(self) -> BatchChannel[R]:
        """Return the channel of lists behind this one; rows already begun stay here."""
        return self._batches

    async def aclose(self) -> None:
        """End the request, and forget rows that were not received."""
        self.disown()
        await self._batches.aclose()

    def disown(self) -> None:
        """Forget rows that were not received."""
        self._batch = self._ready = iter(())

    def __aiter__(self) -> AsyncIterator[R]:
        self._batches.block.check()
        return _Rows(self)

    async def __anext__(self) -> R:
        self._batches.block.check()
        return await self._next()

    async def _next(self) -> R:
        for row in self._ready:
            return row
        await self._more()
        for row in self._ready:
            return row
        raise StopAsyncIteration

    async def _more(self) -> None:
        self._batches.block.check()
        # Taking the turn is a checkpoint, and keeps several receivers from
        # replacing each other's rows.
        async with self._batches.turn:
            if not _left(self._ready) and not _left(self._batch):
                self._batch = iter(await self._batches.next())
                self._batches.block.check_left()  # while this task waited
            if not _left(self._ready):
                self._ready = iter(list(islice(self._batch, WITHOUT_CHECKPOINT)))


@final
class _Rows(Generic[R]):
    """The iteration of rows: whether the loop may read them was checked once, when it began."""

    __slots__ = ("_channel",)

    def __init__(self, channel: RowChannel[R]) -> None:
        self._channel = channel

    def __aiter__(self) -> _Rows[R]:
        return self

    async def __anext__(self) -> R:
        for row in self._channel._ready:  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            return row
        return await self._channel._next()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def _left(rows: Iterator[R]) -> int:
    return length_hint(rows)
