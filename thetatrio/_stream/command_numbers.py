"""The numbers of stream commands: no two sessions of one user on one machine use the same number.

A terminal does not resubscribe after its own reconnect if it has seen a number
before. A number has 31 bits as far as is known, and one session can use tens of
thousands of them in a second, so that no clock is fine enough. Therefore a file
of the user's keeps the next free number, and each process reserves a block of
numbers in it. A state directory that is missing or read-only is not an error:
the numbers are then those after the last one of this process, and at least the
seconds since 2024.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, final

from thetatrio import market_time

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["BLOCK", "COMMAND_NUMBERS", "LAST", "CommandNumbers", "state_file"]

_LOGGER: Final = logging.getLogger("thetatrio.stream")

LAST: Final = 2**31 - 1
"""The greatest number; after it they begin again at the seconds since 2024."""
BLOCK: Final = 1024
"""Numbers that a process reserves at a time."""

_EPOCH: Final = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
# The file is locked for microseconds. A process that was stopped meanwhile must not stop others.
_ATTEMPTS: Final = 20
_PAUSE: Final = 0.001
_FLAGS: Final = (
    os.O_RDWR
    | os.O_CREAT
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
)


def state_file() -> Path:
    """Return the path of the file with the next free number.

    `$XDG_STATE_HOME/thetatrio/command-number`, by default in `~/.local/state`; on Windows it is
    in `%LOCALAPPDATA%`. Raises RuntimeError if there is no home directory.
    """
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_STATE_HOME", ""))
        if not base.is_absolute():  # such a value is to be ignored, by the XDG specification
            base = Path.home() / ".local" / "state"
    return base / "thetatrio" / "command-number"


@final
class CommandNumbers(Iterator[int]):
    """Numbers that grow, for all sessions of a process, from any thread.

    Args:
        path: returns the file with the next free number.
        now: returns the present moment.
    """

    def __init__(
        self,
        path: Callable[[], Path] = state_file,
        now: Callable[[], dt.datetime] = market_time.now,
    ) -> None:
        self._path = path
        self._now = now
        self._lock = threading.Lock()
        self._next = self._end = 0

    def __next__(self) -> int:
        with self._lock:
            if self._next >= self._end:
                self._next = self._reserve()
                self._end = self._next + BLOCK
            number = self._next
            self._next += 1
            return number

    def after_fork(self) -> None:
        """Leave the rest of the block to the parent; for the child of a fork."""
        self._lock = threading.Lock()  # a thread of the parent's may have held it
        self._next = self._end

    def _reserve(self) -> int:
        """Return the first number of a new block."""
        seconds = int((self._now() - _EPOCH).total_seconds())
        lowest = _start(max(seconds, self._end), seconds)
        try:
            return _reserve_in(self._path(), lowest, seconds)
        except (OSError, RuntimeError) as error:
            _LOGGER.debug("command numbers are not kept for other sessions: %s", error)
            return lowest


def _start(number: int, seconds: int) -> int:
    """Return where a block begins: at a number, or anew if too few numbers follow it."""
    for start in (number, seconds):
        if 0 < start <= LAST + 1 - BLOCK:
            return start
    return 1


def _reserve_in(path: Path, lowest: int, seconds: int) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(path, _FLAGS, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):  # reading a pipe or a terminal never returns
            raise OSError(f"{path} is not a regular file")
        _lock(file)
        try:
            text = os.read(file, 10)
            free = int(text) if text.isdigit() else 0
            first = _start(max(lowest, free), seconds)
            os.lseek(file, 0, os.SEEK_SET)
            # Always of the same length, so that it is never there in part.
            os.write(file, b"%010d\n" % (first + BLOCK))
        finally:
            _unlock(file)
    finally:
        os.close(file)
    return first


def _lock(file: int) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            _lock_now(file)
        except (BlockingIOError, PermissionError):
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(_PAUSE)
        else:
            return


if sys.platform == "win32":

    def _lock_now(file: int) -> None:
        os.lseek(file, 1 << 20, os.SEEK_SET)  # what is locked cannot be read by others
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)

    def _unlock(file: int) -> None:
        os.lseek(file, 1 << 20, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:

    def _lock_now(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


COMMAND_NUMBERS: Final = CommandNumbers()
"""Those of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=COMMAND_NUMBERS.after_fork)
