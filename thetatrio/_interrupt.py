"""Ctrl-C for the commands: cancel what runs, let it clean up, then say that it was Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar, TypeVarTuple

import trio

from thetatrio._nursery import open_hidden_nursery

__all__ = ["run_interruptibly"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def run_interruptibly(job: Callable[[*Ts], Awaitable[T]], *args: *Ts) -> T:
    """Run a job with trio, as `trio.run` does; Ctrl-C cancels it and then raises KeyboardInterrupt.

    Raised in whatever line happens to run, an interrupt can hit between a
    coroutine's making and its awaiting, which Python then complains about. A
    second Ctrl-C is raised at once, for a job that does not come to its end.
    """
    if threading.current_thread() is not threading.main_thread():
        return trio.run(job, *args)  # signals are the main thread's
    return trio.run(_cancelled_by_interrupt, job, args)


async def _cancelled_by_interrupt(job: Callable[[*Ts], Awaitable[T]], args: tuple[*Ts]) -> T:
    interrupted = False
    results: list[T] = []
    with trio.CancelScope() as scope:
        async with open_hidden_nursery() as nursery:

            async def watch(*, task_status: trio.TaskStatus[None]) -> None:  # noqa: ASYNC114
                nonlocal interrupted
                with trio.open_signal_receiver(signal.SIGINT) as signals:
                    task_status.started()
                    await anext(aiter(signals))
                # Here, where the usual meaning of a second Ctrl-C is back.
                interrupted = True
                scope.cancel()

            await nursery.start(watch)
            results.append(await job(*args))
    if interrupted and not results:
        raise KeyboardInterrupt
    return results[0]
