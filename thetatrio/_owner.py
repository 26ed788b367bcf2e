"""Who may use a session: the process, and the event loop, that opened it.

A session's sockets, tasks and buffers belong to one event loop of one process.
A forked child inherits copies of them, and would read the parent's events, or
write to its sockets. So each session has an `Owner`, and every public object of
the session asks it before it does anything.

After a fork, `os.register_at_fork` marks the child's copies: no system call is
needed for each use. Objects that hand out buffered data without asking (the
iteration of feeds and rows) register themselves with `Owner.watch`, and their
buffers are emptied in the child; iteration pays nothing.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Literal, Protocol, TypeAlias
from weakref import WeakSet

import sniffio
import trio

from thetatrio.errors import SessionClosed

__all__ = [
    "Interface",
    "OpenBlock",
    "Owner",
    "Watched",
    "belongs_to_parent",
    "is_on_trio",
    "leave_epoll",
    "runtime_here",
]

Interface: TypeAlias = Literal["thetatrio", "thetatrio.aio", "thetatrio.sync"]
"""The module that a session was opened with."""

_REMEDIES: Final = {
    "trio": "open one with thetatrio.open_session() in this trio.run()",
    "asyncio": "open one with thetatrio.aio.open_session() in this event loop",
    "": "open one with thetatrio.sync.open_session() in plain threads",
}


class Watched(Protocol):
    """An object whose inherited copy in a forked child must not be used."""

    def disown(self) -> None:
        """Drop everything buffered, and make each later use raise; sends nothing."""
        ...


def belongs_to_parent() -> SessionClosed:
    """Return the error for every use of a session in a forked child."""
    return SessionClosed(
        "this session was opened before the process was forked, and belongs to the parent"
        f" process; open another one in this process (pid {os.getpid()})"
    )


def is_on_trio() -> bool:
    """Return whether the caller is in a trio task, or in a callback of a trio run."""
    try:
        trio.lowlevel.current_trio_token()
    except RuntimeError:
        return False
    return True


def runtime_here() -> str:
    """Return the name of the async library that runs the caller; empty in plain threads."""
    if is_on_trio():
        return "trio"
    asyncio: Any = sys.modules.get("asyncio")
    if asyncio is not None and asyncio._get_running_loop() is not None:  # noqa: SLF001
        return "asyncio"
    with suppress(sniffio.AsyncLibraryNotFoundError):
        return sniffio.current_async_library()
    return ""


class Owner:
    """The process and the event loop that opened a session.

    Args:
        interface: Module that the session was opened with.
        is_here: Return whether the caller may use the session; called in this process only.
            None if every thread may.
        runtime: Name of the async library that runs its event loop; empty if there is none.
        leave_loop: Separate a forked child's copy of the event loop from the parent's.
    """

    def __init__(
        self,
        interface: Interface,
        is_here: Callable[[], bool] | None,
        runtime: str = "",
        leave_loop: Callable[[], None] | None = None,
    ) -> None:
        self._interface = interface
        self._is_here = is_here
        self._runtime = runtime
        self._leave_loop = leave_loop
        self._thread = threading.current_thread().name
        self._watched: WeakSet[Watched] = WeakSet()
        self.is_foreign: bool = False
        """Whether this is a forked child's copy of a session of the parent."""
        _owners.add(self)

    @classmethod
    def on_trio(cls) -> Owner:
        """Return the owner of a session that is opened in this `trio.run()`."""
        token = trio.lowlevel.current_trio_token()

        def is_here() -> bool:
            try:
                return trio.lowlevel.current_trio_token() is token
            except RuntimeError:
                return False

        return cls("thetatrio", is_here, "trio", lambda: _leave_trio_run() if is_here() else None)

    def check(self) -> None:
        """Refuse a caller that may not use the session. Takes some 200 ns.

        Raises:
            SessionClosed: This is a forked child of the process that opened it.
            RuntimeError: Another event loop, or none, runs the caller.
        """
        if self.is_foreign:
            raise belongs_to_parent()
        if self._is_here is not None and not self._is_here():
            raise self._elsewhere()

    def check_process(self) -> None:
        """Raise SessionClosed in a forked child of the process that opened the session."""
        if self.is_foreign:
            raise belongs_to_parent()

    def is_here(self) -> bool:
        """Return whether the caller runs where the session was opened; False in a child."""
        return not self.is_foreign and (self._is_here is None or self._is_here())

    def watch(self, watched: Watched) -> None:
        """Have an object disown its data in forked children, as long as it exists."""
        self._watched.add(watched)

    def disown(self) -> None:
        """Refuse all use from now on; called in a forked child."""
        if self._leave_loop is not None:
            self._leave_loop()
        self.is_foreign = True
        for watched in list(self._watched):
            watched.disown()

    def _elsewhere(self) -> RuntimeError:
        here = runtime_here()
        # One library on both sides: another loop, another run, or another thread of it.
        other = "another " if here == self._runtime else ""
        place = f"under {other}{here}" if here else "where no event loop runs"
        remedy = _REMEDIES.get(here, _REMEDIES[""])
        return RuntimeError(
            f"this session was opened with {self._interface}.open_session() under {self._runtime}"
            f" (thread {self._thread!r}) and can only be used there; it was used {place}"
            f" (thread {threading.current_thread().name!r}): {remedy}"
        )


class OpenBlock:
    """The block that a channel was opened with: whether the channel can still be used.

    Args:
        owner: Who may use the session.
        kind: What the channel delivers, for the message: `rows`.
    """

    def __init__(self, owner: Owner, kind: str) -> None:
        self.owner: Owner = owner
        """Who may use the session."""
        self._kind = kind
        self._is_left = False
        self._watched: list[Watched] = []

    def check(self) -> None:
        """Refuse a caller that may not use the channel, and each one after its block.

        Raises:
            SessionClosed: The block has been left, or this is a forked child.
            RuntimeError: Another event loop, or none, runs the caller.
        """
        self.owner.check()
        self.check_left()

    def check_left(self) -> None:
        """Raise SessionClosed if the block has been left; in any thread."""
        if self._is_left:
            # Not the end of the channel: a loop that ended there would look complete.
            raise SessionClosed(
                f"the block that these {self._kind} were opened with has been left, and not all"
                f" may have been received; receive {self._kind} inside the block"
            )

    def watch(self, watched: Watched) -> None:
        """Have an object forget its data when the block is left, and in forked children."""
        self.owner.watch(watched)
        self._watched.append(watched)

    def leave(self) -> None:
        """Refuse all use from now on."""
        self._is_left = True
        while self._watched:
            self._watched.pop().disown()


_owners: Final[WeakSet[Owner]] = WeakSet()


def leave_epoll(inherited: int, *, keep: int | None = None) -> None:
    """Give a forked child's copy of an event loop an epoll of its own.

    A child shares its parent's epoll: an event that the child polls is not reported to the
    parent any more, and what the child unregisters, at its loop's end at the latest, is
    unregistered for the parent.

    Args:
        inherited: Descriptor of the parent's epoll; it is replaced in this process.
        keep: Descriptor that the child's loop goes on waiting for.
    """
    with select.epoll() as own:
        if keep is not None:
            own.register(keep, select.EPOLLIN | select.EPOLLONESHOT)
        os.dup2(own.fileno(), inherited, inheritable=False)


def _leave_trio_run() -> None:
    """Separate the `trio.run()` of this thread from the parent's, in a forked child.

    trio has no public access to what the two share: its epoll, and the socket pair that
    wakes it from threads and signals. If they are not where they were, nothing is done,
    and a test fails. (kqueue is not inherited, and Windows has no fork.)
    """
    core: Any = trio._core  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    try:
        runner: Any = core._run.GLOBAL_RUN_CONTEXT.runner  # noqa: SLF001
        epoll: int = runner.io_manager._epoll.fileno()  # noqa: SLF001
        wakeup: Any = runner.entry_queue.wakeup
        pair: tuple[int, int] = wakeup.wakeup_sock.fileno(), wakeup.write_sock.fileno()
    except AttributeError:
        return
    for own, inherited in zip(socket.socketpair(), pair, strict=True):
        own.setblocking(False)
        os.dup2(own.fileno(), inherited, inheritable=False)
        own.close()
    leave_epoll(epoll, keep=pair[0])


def _disown_all() -> None:
    for owner in list(_owners):
        owner.disown()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown_all)
