"""Ctrl-C and SIGTERM: commands are cancelled, then raise; short sections are left uninterrupted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import FrameType
from typing import Any, Final, NoReturn, TypeVar, TypeVarTuple

import trio

from thetatrio._nursery import open_hidden_nursery

__all__ = [
    "DeferredInterrupts",
    "Terminated",
    "exit_code",
    "exit_when_terminated",
    "run_interruptibly",
]

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


# How a service manager, a container runtime and a closed terminal window end a program.
_TERMINATING: Final = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Terminated(KeyboardInterrupt):
    """A signal such as SIGTERM ended the job, which was cancelled and cleaned up as by Ctrl-C.

    Args:
        number: The signal's number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """Return what shells report for a program that a signal ended: 130 (Ctrl-C), 143 (SIGTERM)."""
    number = interrupt.number if isinstance(interrupt, Terminated) else signal.SIGINT
    return 128 + number


def exit_when_terminated() -> None:
    """Exit with the signal's code, such as 143, on a signal that would end the process anyway.

    The kernel delivers no signal to process 1 of a container unless the process
    has a handler for it, and Python has none for SIGTERM. A signal that the
    parent had ignored, as `nohup` does, stays ignored.
    """
    for number in _TERMINATING:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _exit)


def _exit(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def _ending_signals() -> list[int]:
    ignored = (signal.SIG_IGN, None)  # None: the handler is not Python's
    return [
        signal.SIGINT,
        *(number for number in _TERMINATING if signal.getsignal(number) not in ignored),
    ]


def run_interruptibly(job: Callable[[*Ts], Awaitable[T]], *args: *Ts) -> T:
    """Run a job with trio, as `trio.run` does; Ctrl-C cancels it and then raises KeyboardInterrupt.

    SIGTERM and SIGHUP cancel it likewise, and raise `Terminated`, which is a
    KeyboardInterrupt. Raised in whatever line happens to run, an interrupt can
    hit between a coroutine's making and its awaiting, which Python then
    complains about. A second signal has its usual effect at once, for a job
    that does not come to its end.
    """
    if threading.current_thread() is not threading.main_thread():
        return trio.run(job, *args)  # signals are the main thread's
    return trio.run(_cancelled_by_interrupt, job, args)


async def _cancelled_by_interrupt(job: Callable[[*Ts], Awaitable[T]], args: tuple[*Ts]) -> T:
    interrupt: KeyboardInterrupt | None = None
    results: list[T] = []
    with trio.CancelScope() as scope:
        async with open_hidden_nursery() as nursery:

            async def watch(*, task_status: trio.TaskStatus[None]) -> None:  # noqa: ASYNC114
                nonlocal interrupt
                with trio.open_signal_receiver(*_ending_signals()) as signals:
                    task_status.started()
                    number = await anext(aiter(signals))
                # Here, where the usual meaning of a second signal is back.
                interrupt = KeyboardInterrupt() if number == signal.SIGINT else Terminated(number)
                scope.cancel()

            await nursery.start(watch)
            results.append(await job(*args))
    if interrupt is not None and not results:
        raise interrupt
    return results[0]
