"""trio in a thread of its own: what the faces for asyncio and for scripts run on.

One thread for each process, shared by all sessions of those faces, and gone
after the last. Control calls cross one by one, in some hundred microseconds;
what is hot goes through `_faces.pipe`.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Generic, TypeVar

import trio

from thetatrio._bell import Bell
from thetatrio.errors import InternalError, SessionClosed

__all__ = ["Job", "Portal", "acquire", "release"]

T = TypeVar("T")

_GOODBYE: Final = 10.0
"""Seconds that the interpreter's end waits for sessions to close."""


def _closed() -> SessionClosed:
    return SessionClosed("the session this belonged to was left")


class Job(Generic[T]):
    """Work in the portal's thread, and what came of it."""

    def __init__(self, portal: Portal, work: Callable[[], Awaitable[T]]) -> None:
        self._portal = portal
        self._work = work
        self._scope = trio.CancelScope()
        self._results: list[T] = []
        self._error: BaseException | None = None
        self._told: list[Callable[[], object]] = []
        self.ended: bool = False
        """Whether nothing of it runs any more."""

    def then(self, told: Callable[[], object]) -> None:
        """Call this, in the portal's thread, whenever something has come of it, its end included.

        At once and here if it has ended; perhaps twice.
        """
        self._told.append(told)
        if self.ended:
            told()

    def tell(self) -> None:
        """Say that something has come of it."""
        for told in self._told:
            told()

    def cancel(self) -> None:
        """Have the work cancelled; it ends when it has cleaned up."""
        self._portal.call_soon(self._scope.cancel)

    @property
    def has_failed(self) -> bool:
        """Whether the work raised something that nobody has met yet."""
        return self._error is not None

    @property
    def has_result(self) -> bool:
        """Whether the work returned, or raised, something that nobody has met yet."""
        return bool(self._results) or self._error is not None

    def result(self) -> T:
        """Return what the work returned, or raise what it raised, once it has ended."""
        if self._error is not None:
            error, self._error = self._error, None
            try:
                raise error
            finally:
                del error  # it refers to this frame
        if not self._results:
            raise _closed()
        return self._results[0]

    async def run(self) -> None:
        """Do the work; for the portal."""
        try:
            with self._scope:
                self._results.append(await self._work())
        except trio.Cancelled:
            raise  # the thread ends; it has no result
        except BaseException as error:  # noqa: BLE001  # it is the caller's
            # Of this frame nobody learns anything.
            trace = error.__traceback__
            self._error = error.with_traceback(trace and trace.tb_next)
        finally:
            self.end()

    def end(self) -> None:
        """Note that nothing of it runs, and say so; for the portal."""
        self.ended = True
        self._portal.forget(self)
        self.tell()


class Portal:
    """A thread that runs trio, and the way into it. Made by `acquire()`."""

    def __init__(self) -> None:
        self.users: int = 0
        """Sessions that need it; for `acquire` and `release`."""
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._jobs: set[Job[object]] = set()
        self._over = False
        self._leave = trio.Event()
        self._token: trio.lowlevel.TrioToken | None = None
        self._nursery: trio.Nursery | None = None
        self._started = False
        self._bell = Bell()
        # The thread is a daemon: a program that ends with a session open does not hang.
        self._thread = threading.Thread(target=self._run, name="thetatrio", daemon=True)
        self._thread.start()
        atexit.register(self.stop)
        try:
            self._bell.until(lambda: self._started)
        except BaseException:  # Ctrl-C
            self._bell.until(lambda: self._started)
            self.stop()
            raise

    @property
    def is_here(self) -> bool:
        """Whether this is the portal's own thread."""
        return self._thread.ident == threading.get_ident()

    @property
    def is_mine(self) -> bool:
        """Whether this process has it, and was not forked off one that has."""
        return self._process == os.getpid()

    def start(self, work: Callable[[], Awaitable[T]], told: Callable[[], object]) -> Job[T]:
        """Begin work; `told` is called in the portal's thread when something has come of it.

        Raises SessionClosed after the end, RuntimeError in a process that was forked since.
        """
        self._check()
        job = Job(self, work)
        job.then(told)
        with self._lock:
            if self._over:
                raise _closed()
            self._jobs.add(job)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        self.call_soon(self._begin, job)
        return job

    def _begin(self, job: Job[T]) -> None:
        if self._nursery is None:
            raise InternalError("a portal without a nursery was asked to begin something")
        self._nursery.start_soon(job.run)

    def call_soon(self, function: Callable[..., object], *args: object) -> None:
        """Call a function in the portal's thread, soon, or never if that is over."""
        if self._token is not None and self.is_mine:
            with suppress(trio.RunFinishedError):
                self._token.run_sync_soon(function, *args)

    def peek(self, read: Callable[[], T]) -> T:
        """Return what a quick function gives in the portal's thread, where nothing moves meanwhile.

        Here, once the portal is over.
        """
        self._check()
        if self.is_here:
            return read()
        found: list[T] = []
        errors: list[Exception] = []
        bell = Bell()

        def look() -> None:
            try:
                found.append(read())
            except Exception as error:  # noqa: BLE001  # it is the caller's
                errors.append(error)
            finally:
                bell.ring()

        def done() -> bool:
            return bool(found or errors)

        self.call_soon(look)
        # What is asked of a run that is about to end may never be called.
        while not bell.until(done, time.monotonic() + 0.05):
            if not self._thread.is_alive() and not done():
                return read()
        if errors:
            raise errors.pop()
        return found[0]

    def forget(self, job: Job[T]) -> None:
        """Note that a job has ended; for the job."""
        with self._lock:
            self._jobs.discard(job)  # pyright: ignore[reportArgumentType]

    def stop(self) -> None:
        """End the thread: cancel what runs in it, and wait until that has cleaned up."""
        atexit.unregister(self.stop)
        if not self.is_mine:
            return
        self.call_soon(self._leave.set)
        if not self.is_here:
            self._thread.join(_GOODBYE)

    def _check(self) -> None:
        if not self.is_mine:
            raise RuntimeError(
                "this session was opened before the process was forked, and stayed behind;"
                " open another one here"
            )

    def _run(self) -> None:
        try:
            trio.run(self._main)
        finally:
            with self._lock:
                self._over = True
                left = list(self._jobs)
            for job in left:  # asked for when the run was about to end
                job.end()
            self._tell_started()

    async def _main(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            self._tell_started()
            await self._leave.wait()
            nursery.cancel_scope.cancel()

    def _tell_started(self) -> None:
        self._started = True
        self._bell.ring()


class _Shared:
    """The process's portal, if there is one."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        # In a forked child the thread is not there, and the lock may be held for ever.
        self.lock = threading.Lock()
        self.portal: Portal | None = None


_shared: Final = _Shared()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_shared.forget)


def acquire() -> Portal:
    """Return the process's portal, and count one more who needs it."""
    with _shared.lock:
        if _shared.portal is None:
            _shared.portal = Portal()
        _shared.portal.users += 1
        return _shared.portal


def release(portal: Portal) -> None:
    """Count one less who needs a portal; after the last its thread is gone."""
    with _shared.lock:
        portal.users -= 1
        if portal.users:
            return
        if _shared.portal is portal:
            _shared.portal = None
    portal.stop()
