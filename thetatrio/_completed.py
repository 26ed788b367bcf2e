"""Queries side by side, each handed over as it is done."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

import trio

from thetatrio._calls import AsyncIterationOnly
from thetatrio._nursery import open_hidden_nursery
from thetatrio._owner import OpenBlock, Owner
from thetatrio._rest.query import Query
from thetatrio.errors import EndOfChannel
from thetatrio.rows import Row

__all__ = ["CompletedChannel", "open_completed"]

R = TypeVar("R", bound=Row)


class CompletedChannel(AsyncIterationOnly, Generic[R]):
    """Queries and their rows, as they are done. Made by `session.as_completed()`."""

    def __init__(
        self,
        receiver: trio.MemoryReceiveChannel[tuple[Query[R], list[R] | Exception]],
        owner: Owner,
    ) -> None:
        self._receiver = receiver
        self.block: OpenBlock = OpenBlock(owner, "results")
        """Where they can be received."""

    async def receive(self) -> tuple[Query[R], list[R]]:
        """Return a query that is done, and its rows.

        Raises EndOfChannel after the last; and a query's error in its turn,
        with its request in `error.request`, after which receiving can go on;
        SessionClosed after its block.
        """
        self.block.check()
        try:
            query, result = await self._receiver.receive()
        except (trio.EndOfChannel, trio.ClosedResourceError):
            self.block.check_left()  # while this task waited
            raise EndOfChannel("all queries are done") from None
        if isinstance(result, Exception):
            raise result
        return query, result

    def __aiter__(self) -> CompletedChannel[R]:
        return self

    async def __anext__(self) -> tuple[Query[R], list[R]]:
        try:
            return await self.receive()
        except EndOfChannel:
            raise StopAsyncIteration from None


@asynccontextmanager
async def open_completed(
    queries: Iterable[Query[R]], workers: int, owner: Owner
) -> AsyncGenerator[CompletedChannel[R], None]:
    """Open the channel, with so many queries under way at most; each holds one result."""
    todo = iter(list(queries))
    sender, receiver = trio.open_memory_channel["tuple[Query[R], list[R] | Exception]"](0)
    async with open_hidden_nursery() as nursery:
        with sender, receiver:
            for _ in range(workers):
                nursery.start_soon(_complete, todo, sender.clone())
            sender.close()
            channel = CompletedChannel(receiver, owner)
            try:
                yield channel
            finally:
                channel.block.leave()
            nursery.cancel_scope.cancel()


async def _complete(
    todo: Iterator[Query[R]],
    sender: trio.MemorySendChannel[tuple[Query[R], list[R] | Exception]],
) -> None:
    with sender:
        for query in todo:
            result: list[R] | Exception
            try:
                result = await query.fetch()
            except Exception as error:  # noqa: BLE001  # raised where it is received
                result = error
            try:
                await sender.send((query, result))
            except trio.BrokenResourceError:
                return
