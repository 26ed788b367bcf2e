"""A nursery that its users cannot see: how contexts with background tasks end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar, cast

import trio

from thetatrio.errors import InternalError

__all__ = ["bare_interrupts", "open_hidden_nursery", "raise_bare_interrupt", "run_together"]

T = TypeVar("T")


def raise_bare_interrupt(error: BaseException) -> None:
    """Raise a bare KeyboardInterrupt in place of a group that holds nothing else.

    trio wraps an interrupt that hits a task in a group, once for each nursery, those of
    httpcore, trio-websocket and `trio.open_tcp_stream` included; `except KeyboardInterrupt`
    does not catch that. Cancellations beside it are left out. A group with any other error
    in it is left alone: it is the caller's own, and none of its errors is dropped.

    Args:
        error: What was caught.

    Raises:
        KeyboardInterrupt: With the group as its cause.
    """
    if not isinstance(error, BaseExceptionGroup):
        return
    group = cast("BaseExceptionGroup[BaseException]", error)
    interrupts, others = group.split((KeyboardInterrupt, trio.Cancelled))
    if others is None and interrupts is not None and interrupts.subgroup(KeyboardInterrupt):
        raise KeyboardInterrupt from error


@contextmanager
def bare_interrupts() -> Generator[None, None, None]:
    """Raise KeyboardInterrupt bare out of a block; see `raise_bare_interrupt`."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise_bare_interrupt(group)
        raise


@asynccontextmanager
async def open_hidden_nursery() -> AsyncGenerator[trio.Nursery, None]:
    """Open a nursery whose tasks end with its body, and whose body's exception comes out bare.

    Its tasks must not raise: what goes wrong in them is for their readers. One
    that raises all the same is a defect, and comes out as InternalError,
    unless the body has an exception of its own, which wins.
    """
    raised: BaseException | None = None
    try:
        async with trio.open_nursery() as nursery:
            try:
                yield nursery
            except BaseException as error:  # noqa: BLE001, ASYNC103  # raised again below
                raised = error
            nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        _, crashes = group.split(trio.Cancelled)
        if crashes is None:
            if raised is None:
                raise
        elif crashes.subgroup(KeyboardInterrupt) is not None:
            raise KeyboardInterrupt from crashes
        elif raised is None or isinstance(raised, trio.Cancelled):
            raise InternalError(
                "a background task of thetatrio failed; please report this"
            ) from crashes
        else:
            raised.add_note(f"meanwhile a background task of thetatrio failed: {crashes!r}")
    if raised is not None:
        raise_bare_interrupt(raised)
        raise raised


async def run_together(jobs: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
    """Run jobs side by side and return their results in order.

    Where one fails, the others are cancelled, and its error is raised, bare.
    """
    results: dict[int, T] = {}
    failed: list[Exception] = []
    settled = trio.Event()

    async def run(place: int, job: Callable[[], Awaitable[T]]) -> None:
        try:
            results[place] = await job()
        except Exception as error:  # noqa: BLE001  # raised below, bare
            failed.append(error)
        if failed or len(results) == len(jobs):
            settled.set()

    async with open_hidden_nursery() as nursery:
        for place, job in enumerate(jobs):
            nursery.start_soon(run, place, job)
        if jobs:
            await settled.wait()
        else:
            await trio.lowlevel.checkpoint()
    if failed:
        raise failed[0]
    return [results[place] for place in range(len(jobs))]
