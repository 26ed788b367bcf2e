"""A simulated terminal seen from outside the thread it runs in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import trio

from thetatrio._portal import Portal
from thetatrio.config import Config
from thetatrio.testing._ledger import Ledger
from thetatrio.testing._terminal import Terminal

__all__ = ["RemoteTerminal", "until"]

T = TypeVar("T")


class RemoteTerminal:
    """A simulated terminal in a thread of its own. Made by the `open_terminal` of a face."""

    def __init__(self, terminal: Terminal, portal: Portal | None) -> None:
        self._terminal = terminal
        self._portal = portal

    if not TYPE_CHECKING:  # a type checker knows that it is not there

        def __getattr__(self, name: str) -> object:
            there = not name.startswith("_") and hasattr(self._terminal, name)
            raise AttributeError(
                f"{type(self).__name__} has no {name!r}"
                + (f"; terminal.call(lambda it: it.{name}) reaches the terminal's" if there else "")
            )

    @property
    def config(self) -> Config:
        """Settings for a session that talks to this terminal."""
        return self._terminal.config

    @property
    def url(self) -> str:
        """Scheme, host and port, as a session's `base_url`."""
        return self._terminal.url

    @property
    def stream_url(self) -> str:
        """Where the stream is."""
        return self._terminal.stream_url

    @property
    def ledger(self) -> Ledger:
        """What was asked and sent, to be looked at; it goes on while one looks."""
        return self._terminal.ledger

    def call(self, function: Callable[[Terminal], T]) -> T:
        """Have something done with the terminal, in the thread it runs in; return what comes of it.

        terminal.call(lambda it: it.stream.emit("QUOTE", thetatrio.Stock("AAPL"), bid=220.5))
        """
        if self._portal is None:
            return function(self._terminal)
        return self._portal.peek(lambda: function(self._terminal))

    def advance(self, seconds: float) -> None:
        """Put the market's clock forward; the events of these seconds come at once.

        terminal.advance(60)
        """
        self.call(lambda terminal: terminal.stream.advance(seconds))


async def until(terminal: Terminal, holds: Callable[[Ledger], bool]) -> None:
    """Wait, in the terminal's thread, until something is true of its ledger or its stream's."""
    ledger = terminal.ledger
    async with trio.open_nursery() as nursery:

        async def watch(wait: Callable[[Callable[[object], bool]], Awaitable[None]]) -> None:
            await wait(lambda _: holds(ledger))
            nursery.cancel_scope.cancel()

        nursery.start_soon(watch, ledger.wait_until)
        nursery.start_soon(watch, ledger.stream.wait_until)
