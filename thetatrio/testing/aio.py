"""The simulated terminal for tests under asyncio, anyio and trio.

async with open_terminal(seed=7) as terminal:
    async with aio.open_session(config=terminal.config) as session:
        print(len(await session.stock.list_symbols()))
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Unpack

import sniffio
import trio

from thetatrio._calls import explained
from thetatrio._faces.on_asyncio import Block, Caller
from thetatrio._owner import Owner
from thetatrio._portal import Use
from thetatrio.testing import _terminal as native
from thetatrio.testing._ledger import Ledger
from thetatrio.testing._remote import RemoteTerminal, until
from thetatrio.testing._terminal import Terminal, TerminalOptions

__all__ = ["AsyncTerminal", "open_terminal"]


class AsyncTerminal(RemoteTerminal):
    """A simulated terminal for tasks of asyncio, anyio and trio."""

    def __init__(self, terminal: Terminal, caller: Caller | None) -> None:
        super().__init__(terminal, None if caller is None else caller.portal)
        self._caller = caller

    async def wait_until(self, holds: Callable[[Ledger], bool], *, timeout: float = 10.0) -> None:  # noqa: ASYNC109
        """Wait until something is true of the ledger. Raises TimeoutError.

        await terminal.wait_until(lambda ledger: ledger.in_flight == 0)
        """

        async def wait() -> bool:
            with trio.move_on_after(timeout):
                await until(self._terminal, holds)
                return True
            return False

        if not await (wait() if self._caller is None else self._caller.ask(wait)):
            raise TimeoutError(f"that was not so within {timeout:g} s")


@partial(explained, "open_terminal")
@asynccontextmanager
async def open_terminal(
    *,
    port: int = 0,
    stream_port: int = 0,
    allow_real_port: bool = False,
    **options: Unpack[TerminalOptions],
) -> AsyncGenerator[AsyncTerminal, None]:
    """Open a simulated terminal that listens on 127.0.0.1 for the time of the block.

    As `thetatrio.testing.open_terminal`, in the thread that works for
    `thetatrio.aio`; under trio there is no thread.

        async with open_terminal(tier="standard") as terminal:
            async with aio.open_session(config=terminal.config) as session: ...

    Args:
        port: of requests; 0 for a free one. Ports of real terminals are refused
            (InvalidConfig) unless `allow_real_port` is true.
        stream_port: of the stream, likewise.
        allow_real_port: whether ports of `REAL_PORTS` may be used.
        options: arguments of `Terminal`, with its defaults.
    """
    opening = partial(
        native.open_terminal,
        port=port,
        stream_port=stream_port,
        allow_real_port=allow_real_port,
        **options,
    )
    if sniffio.current_async_library() == "trio":
        async with opening() as terminal:
            yield AsyncTerminal(terminal, None)
        return
    use = Use()
    try:
        # A fixture of a test session may outlive the loop of each test.
        caller = Caller(use.open(), Owner("thetatrio.aio", None))
        async with Block(caller, opening) as terminal:
            yield AsyncTerminal(terminal, caller)
    finally:
        use.close()
