"""An async context of the core that somebody on another side is in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Generic, Protocol, TypeVar, cast

import trio

from thetatrio._nursery import open_hidden_nursery
from thetatrio._portal import Job, Portal
from thetatrio._session import Session, time_to_leave

__all__ = ["Side", "Stay"]

T = TypeVar("T")


class Side(Protocol):
    """What stands on another side for something that is read there."""

    @property
    def value(self) -> object:
        """What is read."""
        ...

    async def pump(self) -> None:
        """Hand on what comes; in the portal's thread."""
        ...

    def close(self) -> None:
        """Let readers meet the end."""
        ...


class Stay(Generic[T]):
    """A task in the portal's thread that is in a context until it is told to leave.

    Args:
        portal: where it is.
        open_it: makes the context.
        side_of: makes what stands for the context's value on the caller's side, where
            that is not the value itself.
        told: called in the portal's thread when it has entered, failed or ended.
    """

    def __init__(
        self,
        portal: Portal,
        open_it: Callable[[], AbstractAsyncContextManager[T]],
        side_of: Callable[[T], Side | None],
        told: Callable[[], object],
    ) -> None:
        self._portal = portal
        self._open = open_it
        self._side_of = side_of
        self._told = told
        self._leave = trio.Event()
        self._side: Side | None = None
        self._entered: list[T] = []
        self.job: Job[None] = Job(portal, self._run)
        """The task. Cancelled, it leaves."""
        self.job.then(told)

    def enter(self) -> None:
        """Begin to enter the context. If this is interrupted, `job.cancel()` cleans up."""
        self._portal.begin(self.job)

    async def _run(self) -> None:
        async with self._open() as value, open_hidden_nursery() as nursery:
            if isinstance(value, Session):
                self.job.time_to_end = partial(time_to_leave, value)
            self._side = self._side_of(value)
            if self._side is not None:
                nursery.start_soon(self._side.pump)
            self._entered.append(value)
            self._told()
            await self._leave.wait()

    @property
    def is_settled(self) -> bool:
        """Whether it has entered, or has failed to."""
        return bool(self._entered) or self.job.ended

    def value(self) -> T:
        """Return what the context gave, as its side has it; raises what entering raised."""
        if not self._entered:
            self.job.result()
            raise AssertionError("a context that was not entered did not say why")
        return self._entered[0] if self._side is None else cast("T", self._side.value)

    def leave(self) -> None:
        """Have it leave the context."""
        self._portal.call_soon(self._leave.set)

    def close(self) -> None:
        """Let readers meet the end."""
        if self._side is not None:
            self._side.close()

    def raise_for(self, error: BaseException | None) -> None:
        """Raise what leaving raised; where the block has an error of its own, note it there."""
        if not self.job.has_failed:
            return
        try:
            self.job.result()
        except Exception as late:
            if error is None:
                raise
            error.add_note(f"meanwhile: {late!r}")
