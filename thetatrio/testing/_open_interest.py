"""Open interest: what a day's volume leaves open for the next morning."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

from thetatrio.testing._chains import Chains, Listed
from thetatrio.testing._seeding import Recent, stable_number

STAMP_MS: Final = 23_400_000
"""06:30:00; a contract's row is stamped some seconds after."""
_BEGUN: Final = 5_000
_TABLES_KEPT: Final = 4_096


class OpenInterest:
    """Open interest of every option on every day it is listed.

    It begins with what older listings would have left open (nothing for one
    option in eight), and from each day to the next changes by a part of that
    day's volume, never by more than all of it.
    """

    def __init__(
        self, chains: Chains, seed: int, today: dt.date, volume: Callable[[Listed, dt.date], int]
    ) -> None:
        self._chains = chains
        self._seed = seed
        self._today = today
        self._volume = volume
        self._tables: Recent[Mapping[dt.date, int]] = Recent(_TABLES_KEPT)

    def held(self, contract: Listed, date: dt.date) -> int:
        """Return the contracts open before a trading day begins."""
        return self._tables.get(contract, lambda: self._table(contract)).get(date, 0)

    def stamp(self, contract: Listed, date: dt.date) -> int:
        """Return the millisecond of the day at which a contract's number arrives."""
        return STAMP_MS + stable_number(self._seed, "arrives", *contract, date) % 16 * 1000

    def _table(self, contract: Listed) -> Mapping[dt.date, int]:
        root, expiration = contract.root, contract.expiration
        table: dict[dt.date, int] = {}
        begun = stable_number(self._seed, "begun", *contract)
        held = 0 if begun % 8 == 0 else 1 + begun // 8 % _BEGUN
        for day in self._chains.listing_days(root, expiration, self._today):
            table[day] = held
            if contract in self._chains.listed(root, day):
                # More is opened than closed: -35 % to 65 % of the volume.
                chance = stable_number(self._seed, "held", *contract, day) % 1001 / 1000
                held = max(0, held + round(self._volume(contract, day) * (chance - 0.35)))
        return table
