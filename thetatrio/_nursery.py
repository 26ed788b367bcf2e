"""A nursery that its users cannot see: how contexts with background tasks end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import trio

from thetatrio.errors import InternalError

__all__ = ["open_hidden_nursery", "run_together"]

T = TypeVar("T")


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
