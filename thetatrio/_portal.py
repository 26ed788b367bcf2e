"""trio in a thread of its own: what the faces for asyncio and for scripts run on.

One thread for each process, shared by all sessions of those faces, and gone
after the last. Control calls cross one by one, in some hundred microseconds;
what is hot goes through `_faces.pipe`.
"""

from __future__ import annotations

import atexit
import errno
import os
import threading
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import trio

from thetatrio._bell import Bell
from thetatrio._interrupt import DeferredInterrupts
from thetatrio._owner import Owner
from thetatrio.errors import InternalError, SessionClosed

__all__ = ["Job", "Portal", "Use"]

T = TypeVar("T")

_GOODBYE: Final = 10.0
"""Seconds that the interpreter's end waits for jobs to end, beside what they say that they need."""
_CLOSING: Final = 5.0
"""Seconds that one job may take, beside what it says that it needs, before those that began
earlier are cancelled, too."""


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
        self._begun = False
        self.ended: bool = False
        """Whether nothing of it runs any more."""
        self.time_to_end: Callable[[], float] = lambda: 0.0
        """Return the seconds that its end may take once it is cancelled; called over there."""

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
        """Have the work cancelled; it ends when it has cleaned up.

        Also if `Portal.begin` was interrupted before the work began, or did not get there.
        """
        if not self._portal.call_soon(self._cancel):
            self.end()

    def _cancel(self) -> None:
        if self._begun:
            self._scope.cancel()
        elif not self.ended:
            self.end()

    async def stop(self) -> None:
        """Cancel the work and wait until it has cleaned up; in the portal's thread."""
        gone = trio.Event()
        self.then(gone.set)
        self._cancel()
        while not self.ended:  # what is reported before the end rings, too
            await gone.wait()
            gone = trio.Event()
            self.then(gone.set)

    def begin(self, nursery: trio.Nursery) -> None:
        """Start the task that does the work; for the portal."""
        self._begun = True
        nursery.start_soon(self.run)

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
    """A thread that runs trio, and the way into it. Made by `Use.open()`."""

    def __init__(self) -> None:
        self.users: int = 0
        """Sessions that need it; for `Use`."""
        self._owner = Owner("thetatrio.sync", None)
        # Without a lock: an interrupt could leave it held. Each change of a dict is atomic.
        self._jobs: dict[Job[object], None] = {}
        self._over = False
        self._is_leaving = False
        self._time_to_end = 0.0
        self._leave = trio.Event()
        self._token: trio.lowlevel.TrioToken | None = None
        self._nursery: trio.Nursery | None = None
        self._is_settled = False
        self._failure: BaseException | None = None
        self._bell = Bell()
        # The thread is a daemon: a program that ends with a session open does not hang.
        self._thread = threading.Thread(target=self._run, name="thetatrio", daemon=True)

    def launch(self) -> None:
        """Start the thread, and do not wait for it. Not to be interrupted."""
        self._thread.start()
        atexit.register(self.stop)

    def wait_until_started(self) -> None:
        """Wait until the thread takes work.

        Raises:
            RuntimeError: It could not start; its cause is the reason.
        """
        self._bell.until(lambda: self._is_settled)
        if self._failure is not None:
            raise RuntimeError(_start_failure(self._failure)) from self._failure

    @property
    def is_here(self) -> bool:
        """Whether this is the portal's own thread."""
        return self._thread.ident == threading.get_ident()

    @property
    def is_mine(self) -> bool:
        """Whether this process has it, and was not forked off one that has."""
        return not self._owner.is_foreign

    @property
    def is_over(self) -> bool:
        """Whether its thread takes no more work."""
        return self._over or self._is_leaving

    def start(self, work: Callable[[], Awaitable[T]], told: Callable[[], object]) -> Job[T]:
        """Begin work; `told` is called in the portal's thread when something has come of it.

        Raises SessionClosed after the end, and in a forked child.
        """
        job = Job(self, work)
        job.then(told)
        self.begin(job)
        return job

    def begin(self, job: Job[T]) -> None:
        """Begin the work of a job. If this is interrupted, `job.cancel()` cleans up.

        Raises SessionClosed after the end, and in a forked child.
        """
        self._owner.check_process()
        # Added first: whoever ends the thread sees it, or this sees that the thread has ended.
        self._jobs[job] = None  # type: ignore[index]  # pyright: ignore[reportArgumentType]
        if self._over:
            self.forget(job)
            raise _closed()
        self.call_soon(self._begin, job)

    def _begin(self, job: Job[T]) -> None:
        if self._nursery is None:
            raise InternalError("a portal without a nursery was asked to begin something")
        if not job.ended:
            job.begin(self._nursery)

    def call_soon(self, function: Callable[..., object], *args: object) -> bool:
        """Call a function in the portal's thread, soon; False if that is over."""
        if self._token is None or not self.is_mine:
            return False
        try:
            self._token.run_sync_soon(function, *args)
        except trio.RunFinishedError:
            return False
        return True

    def peek(self, read: Callable[[], T]) -> T:
        """Return what a quick function gives in the portal's thread, where nothing moves meanwhile.

        Here, once the portal is over. Raises SessionClosed in a forked child.
        """
        self._owner.check_process()
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
        self._jobs.pop(job, None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    def leave_soon(self) -> None:
        """Have the thread end as soon as what runs in it has cleaned up; never waits."""
        self._is_leaving = True
        self.call_soon(self._leave.set)

    def stop(self) -> None:
        """End the thread: cancel what runs in it, and wait until that has cleaned up."""
        if not self.is_mine:
            return
        self.leave_soon()
        if self.is_here:
            return
        try:
            self._join()
        except BaseException:  # Ctrl-C; a second one does not wait
            self._join()
            raise

    def _join(self) -> None:
        began = time.monotonic()
        while self._thread.is_alive():
            # It may have become longer while this waited: the jobs are asked over there.
            left = began + _GOODBYE + self._time_to_end - time.monotonic()
            if left <= 0:
                break
            self._thread.join(left)

    def _run(self) -> None:
        try:
            trio.run(self._main)
        except BaseException as error:  # noqa: ASYNC103  # raised by those who wait for the start
            if self._token is not None:
                raise
            # The caller may keep the error for as long as it likes, not trio's half-made sockets.
            traceback.clear_frames(error.__traceback__)
            self._failure = error
        finally:
            self._over = True
            for job in list(self._jobs):  # asked for when the run was about to end
                job.end()
            atexit.unregister(self.stop)
            self._settle()

    async def _main(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            self._settle()
            if not self._is_leaving:  # nobody could set the event before the token was there
                await self._leave.wait()
            self._time_to_end = sum(job.time_to_end() for job in self._jobs)
            # The newest first: a session can then still unsubscribe at a simulated terminal
            # that was opened before it, in the same thread.
            for job in reversed(list(self._jobs)):
                with trio.move_on_after(_CLOSING + job.time_to_end()):
                    await job.stop()
            nursery.cancel_scope.cancel()

    def _settle(self) -> None:
        self._is_settled = True
        self._bell.ring()


def _start_failure(error: BaseException) -> str:
    """Return what to say of a thread that could not start, with a remedy."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        hint = "close files, or raise the limit of open files (ulimit -n)"
    else:
        hint = (
            "it needs a socket pair of its own; if a test plugin blocks sockets, allow those"
            " (pytest-socket: --allow-unix-socket)"
        )
    return f"the thread that runs thetatrio's event loop could not start ({error}): {hint}"


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


class Use:
    """One session's use of the process's portal, whose thread is gone after the last use.

    Closed by hand in any case; where an interrupt comes before there is anybody to do that,
    by the collector, which does not wait for the thread.
    """

    def __init__(self) -> None:
        self._portal: Portal | None = None
        self.job: Job[None] | None = None
        """Cancelled where the collector gives the use back: the session's own."""

    def open(self) -> Portal:
        """Return the process's portal, started if it was not there.

        After an interrupt, or an error, `close()` leaves nothing behind.

        Raises:
            RuntimeError: Its thread could not start; the cause is the reason.
        """
        with DeferredInterrupts(), _shared.lock:
            portal = _shared.portal
            if portal is None or portal.is_over:
                portal = Portal()
                try:
                    portal.launch()
                except RuntimeError as error:  # no more threads
                    raise RuntimeError(_start_failure(error)) from error
                _shared.portal = portal
            portal.users += 1
            self._portal = portal
        portal.wait_until_started()
        return portal

    def close(self) -> None:
        """Give the use back; after the last one, wait until the thread is gone."""
        with DeferredInterrupts():
            portal, self._portal = self._portal, None
            is_last = portal is not None and _release(portal)
            if portal is not None and is_last:
                portal.leave_soon()
        if portal is not None and is_last:
            portal.stop()

    def __del__(self) -> None:
        portal = getattr(self, "_portal", None)
        if portal is None or not portal.is_mine:
            return
        # Not here: the lock may be held by the very code that the collector interrupted.
        if self.job is not None:
            self.job.cancel()
        portal.call_soon(_release_here, portal)


def _release(portal: Portal) -> bool:
    """Count one user less; return whether that was the last."""
    with _shared.lock:
        portal.users -= 1
        if portal.users:
            return False
        if _shared.portal is portal:
            _shared.portal = None
        return True


def _release_here(portal: Portal) -> None:
    if _release(portal):
        portal.leave_soon()
