"""Ctrl-C: for the commands, cancel what runs and then raise; in short sections, raise later."""

from __future__ import annotations

import signal
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import FrameType
from typing import Any, TypeVar, TypeVarTuple

import trio

from thetatrio._nursery import open_hidden_nursery

__all__ = ["DeferredInterrupts", "run_interruptibly"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class DeferredInterrupts:
    """A section of code that Ctrl-C does not interrupt: it is raised at the section's end.

    KeyboardInterrupt can be raised between any two instructions of the main thread, such as
    between the start of a thread and the line that remembers it. The handler of SIGINT is
    replaced meanwhile, so the section has to be short. Does nothing in other threads, which
    are never interrupted, and if SIGINT has no handler in Python.
    """

    def __init__(self) -> None:
        self._handler: Callable[[int, FrameType | None], Any] | None = None
        self._came: list[FrameType | None] = []

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler):
            self._handler = handler
            with suppress(ValueError):  # a subinterpreter's main thread gets no signals
                signal.signal(signal.SIGINT, self._note)

    def _note(self, _number: int, frame: FrameType | None) -> None:
        self._came.append(frame)

    def __exit__(self, *_: object) -> None:
        if self._handler is None:
            return
        with suppress(ValueError):
            signal.signal(signal.SIGINT, self._handler)
        if self._came:
            self._handler(signal.SIGINT, self._came[0])


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
