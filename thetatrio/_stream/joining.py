"""The full trade stream, joined: each trade with its quote and bar, then the quotes that follow.

The terminal sends a contract's last quote and its bar before each trade, and
for options the next two quotes after it, interleaved with other contracts.
Nothing is waited for: a trade is given at once with what was seen, and the
quotes that follow as they come.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from thetatrio.contracts import Contract, Option
from thetatrio.events import Following, JoinedTrade, Ohlc, Quote, StreamEvent, Trade

__all__ = ["CONTRACTS_KEPT", "Joiner"]

CONTRACTS_KEPT: Final = 65_536
"""Contracts of which the last quote and bar are remembered; then those unseen for longest go."""
_FOLLOWING: Final = 2


class _Seen:
    __slots__ = ("bar", "followed", "quote", "trade")

    def __init__(self) -> None:
        self.quote: Quote | None = None
        self.bar: Ohlc | None = None
        self.trade: Trade | None = None
        """The last trade, while quotes that follow it are expected."""
        self.followed = 0


class Joiner:
    """Joins the events of one full trade stream, in bounded memory."""

    def __init__(self, kept: int = CONTRACTS_KEPT) -> None:
        self._kept = kept
        self._seen: dict[Contract, _Seen] = {}

    def forget(self) -> None:
        """Forget quotes, bars and trades: they are from before a gap."""
        self._seen.clear()

    def join(self, events: Iterable[StreamEvent]) -> list[StreamEvent]:
        """Return what is given for events as they came."""
        joined: list[StreamEvent] = []
        for event in events:
            seen = self._of(event.contract)
            match event:
                case Quote():
                    self._quote(event, seen, joined)
                case Ohlc():
                    seen.bar = event
                case Trade():
                    joined.append(JoinedTrade(event, seen.quote, seen.bar))
                    if isinstance(event.contract, Option):
                        seen.trade, seen.followed = event, 0
                case _:
                    pass
        return joined

    @staticmethod
    def _quote(quote: Quote, seen: _Seen, joined: list[StreamEvent]) -> None:
        # What stood before the next trade is sent again with it: that follows nothing.
        if seen.trade is not None and quote != seen.quote:
            seen.followed += 1
            joined.append(Following(seen.trade, quote, seen.followed))
            if seen.followed == _FOLLOWING:
                seen.trade = None
        seen.quote = quote

    def _of(self, contract: Contract) -> _Seen:
        seen = self._seen.pop(contract, None)
        if seen is None:
            seen = _Seen()
            if len(self._seen) >= self._kept:
                del self._seen[next(iter(self._seen))]
        # At the end: the first is the one unseen for longest.
        self._seen[contract] = seen
        return seen
