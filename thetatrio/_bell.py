"""How a plain thread waits for another."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final

__all__ = ["Bell"]

# Seconds of one system call. Ctrl-C that comes between Python's last look and the call ends
# no call, and is met at the next look; on Windows it never ends one.
_PATIENCE: Final = 0.1 if sys.platform == "win32" else 0.5


class Bell:
    """Waits in threads for what is told in another; Ctrl-C may come at any point of it.

    `threading.Event` and `Condition` take and give back their lock in Python code,
    where KeyboardInterrupt can come between: the lock is then held for ever, and so
    is the thread that tells. What waits here holds no lock: a queue in C is all that
    the two share.
    """

    def __init__(self) -> None:
        self._waiting: dict[SimpleQueue[None], None] = {}

    def ring(self) -> None:
        """Have the waiting threads look again. Never waits."""
        for rung in list(self._waiting):
            rung.put(None)

    def until(self, holds: Callable[[], bool], deadline: float | None = None) -> bool:
        """Wait until something holds; False where that was not before the deadline.

        Args:
            holds: looked at first, and after each ring.
            deadline: by `time.monotonic()`.
        """
        if holds():
            return True
        rung: SimpleQueue[None] = SimpleQueue()
        try:
            self._waiting[rung] = None
            while not holds():  # what was told before this thread waited rang for nobody
                patience = _PATIENCE
                if deadline is not None:
                    patience = min(patience, deadline - time.monotonic())
                    if patience <= 0:
                        return False
                with suppress(Empty):
                    rung.get(timeout=patience)
        finally:
            self._waiting.pop(rung, None)
        return True
