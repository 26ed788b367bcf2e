"""What the account is subscribed to upstream, and what its tier allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from thetatrio.config import Tier
from thetatrio.testing._stream.commands import Command, StreamSubscription
from thetatrio.testing._stream.settings import Upstream

SUBSCRIBED: Final = "SUBSCRIBED"
ERROR: Final = "ERROR"
MAX_STREAMS_REACHED: Final = "MAX_STREAMS_REACHED"
INVALID_PERMS: Final = "INVALID_PERMS"

STREAM_LIMITS: Final[Mapping[tuple[str, str], Mapping[Tier, int | None]]] = {
    ("STOCK", "QUOTE"): {Tier.STANDARD: 1_000, Tier.PRO: 2_000},
    ("STOCK", "TRADE"): {Tier.STANDARD: 1_000, Tier.PRO: 20_000},
    ("OPTION", "QUOTE"): {Tier.STANDARD: 10_000, Tier.PRO: 15_000},
    ("OPTION", "TRADE"): {Tier.STANDARD: 15_000, Tier.PRO: None},
    ("INDEX", "TRADE"): {Tier.STANDARD: 3, Tier.PRO: 100},
    # The vendor states none for market values; they are taken as quotes.
    ("STOCK", "MARKET_VALUE"): {Tier.STANDARD: 1_000, Tier.PRO: 2_000},
    ("OPTION", "MARKET_VALUE"): {Tier.STANDARD: 10_000, Tier.PRO: 15_000},
    ("INDEX", "MARKET_VALUE"): {Tier.STANDARD: 3, Tier.PRO: 100},
}
"""Contracts streamable at once by asset class, kind and tier; None: no limit."""


class Account:
    """Subscriptions in the order they were made, each with who made it and how."""

    def __init__(self, tier: Tier) -> None:
        self.tier: Tier = tier
        self._made: dict[StreamSubscription, tuple[int, bool]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._highest_id: int | None = None
        self.version: int = 0
        """Grows with each change."""

    def __len__(self) -> int:
        return len(self._made)

    def __iter__(self) -> Iterator[StreamSubscription]:
        return iter(self._made)

    def __contains__(self, subscription: object) -> bool:
        return subscription in self._made

    def grows(self, number: int) -> bool:
        """Tell whether an id is above all before, and remember it."""
        grown = self._highest_id is None or number > self._highest_id
        if grown:
            self._highest_id = number
        return grown

    def obey(self, command: Command, upstream: Upstream, connection: int, *, grown: bool) -> str:
        """Do what a command says; return the response."""
        if command.is_stop:
            self.clear()
            return SUBSCRIBED
        wanted = command.subscription
        if wanted is None or upstream == "ERROR":
            return ERROR
        if upstream == "UNVERIFIED":
            return INVALID_PERMS
        if not command.add:
            self.remove(wanted)
            return SUBSCRIBED
        refusal = self._refusal(wanted)
        if refusal is None:
            self._add(wanted, connection, grown=grown)
        return refusal or SUBSCRIBED

    def _refusal(self, wanted: StreamSubscription) -> str | None:
        if self.tier in (Tier.FREE, Tier.VALUE):
            return INVALID_PERMS
        if wanted.contract is None:
            return None if self.tier is Tier.PRO else INVALID_PERMS
        kind = (wanted.sec_type, wanted.req_type)
        limit = STREAM_LIMITS[kind][self.tier]
        if limit is not None and wanted not in self._made and self._counts[kind] >= limit:
            return MAX_STREAMS_REACHED
        return None

    def _add(self, wanted: StreamSubscription, connection: int, *, grown: bool) -> None:
        if wanted not in self._made:
            self._counts[wanted.sec_type, wanted.req_type] += wanted.contract is not None
        self._made[wanted] = (connection, grown)
        self.version += 1

    def remove(self, wanted: StreamSubscription) -> None:
        """Take a subscription back, if there is one."""
        if self._made.pop(wanted, None) is not None:
            self._counts[wanted.sec_type, wanted.req_type] -= wanted.contract is not None
            self.version += 1

    def clear(self) -> None:
        """Take all subscriptions back."""
        self._made.clear()
        self._counts.clear()
        self.version += 1

    def forget_connection(self, connection: int) -> None:
        """Take back what a connection subscribed to."""
        for wanted in [one for one, (maker, _) in self._made.items() if maker == connection]:
            self.remove(wanted)

    def lose_upstream(self) -> None:
        """Take back what a terminal does not subscribe to again: ids that did not grow."""
        for wanted in [one for one, (_, grown) in self._made.items() if not grown]:
            self.remove(wanted)
