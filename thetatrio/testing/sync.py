"""The simulated terminal for tests that await nothing.

with open_terminal(seed=7) as terminal, sync.open_session(config=terminal.config) as session:
    print(len(session.stock.list_symbols().fetch()))
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Unpack

from thetatrio._calls import explained
from thetatrio._faces.on_threads import Block, Caller
from thetatrio._portal import Use
from thetatrio.testing import _terminal as native
from thetatrio.testing._ledger import Ledger
from thetatrio.testing._remote import RemoteTerminal, until
from thetatrio.testing._terminal import Terminal, TerminalOptions

__all__ = ["SyncTerminal", "open_terminal"]


class SyncTerminal(RemoteTerminal):
    """A simulated terminal for threads."""

    def __init__(self, terminal: Terminal, caller: Caller) -> None:
        super().__init__(terminal, caller.portal)
        self._caller = caller

    def wait_until(self, holds: Callable[[Ledger], bool], *, timeout: float = 10.0) -> None:
        """Wait until something is true of the ledger. Raises TimeoutError.

        terminal.wait_until(lambda ledger: ledger.in_flight == 0)
        """
        self._caller.finish(partial(until, self._terminal, holds), timeout).result()


@partial(explained, "open_terminal")
@contextmanager
def open_terminal(
    *,
    port: int = 0,
    stream_port: int = 0,
    allow_real_port: bool = False,
    **options: Unpack[TerminalOptions],
) -> Generator[SyncTerminal, None, None]:
    """Open a simulated terminal that listens on 127.0.0.1 for the time of the block.

    As `thetatrio.testing.open_terminal`, in the thread that works for
    `thetatrio.sync`.

        with open_terminal(tier="standard") as terminal:
            with sync.open_session(config=terminal.config) as session: ...

    Args:
        port: of requests; 0 for a free one. Ports of real terminals are refused
            (InvalidConfig) unless `allow_real_port` is true.
        stream_port: of the stream, likewise.
        allow_real_port: whether ports of `REAL_PORTS` may be used.
        options: arguments of `Terminal`, with its defaults.
    """
    use = Use()
    try:
        caller = Caller(use.open())
        opening = partial(
            native.open_terminal,
            port=port,
            stream_port=stream_port,
            allow_real_port=allow_real_port,
            **options,
        )
        block: Block[Terminal, Terminal] = Block(caller, opening, lambda found: found)
        with block as terminal:
            yield SyncTerminal(terminal, caller)
    finally:
        use.close()
