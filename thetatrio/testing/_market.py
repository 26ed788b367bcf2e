"""The simulated market: one seed, one day that is today, everything consistent."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator, Sequence
from typing import Final

from thetatrio.testing._calendar import (
    OPEN_MS,
    close_ms,
    days_between,
    is_trading_day,
    option_close_ms,
)
from thetatrio.testing._chains import Chains, Listed
from thetatrio.testing._instruments import INDICES, ROOTS, STOCKS
from thetatrio.testing._open_interest import OpenInterest
from thetatrio.testing._options import OptionTape
from thetatrio.testing._paths import Paths
from thetatrio.testing._rates import rate_percent
from thetatrio.testing._seeding import Recent, stable_number
from thetatrio.testing._tape import Quote, StockTape

# A stock's day of trades is about 2 MB, an option's up to 200 kB with its trades.
_STOCK_TAPES_KEPT: Final = 16
_OPTION_TAPES_KEPT: Final = 512
_INDEX_DAYS_KEPT: Final = 8
_MARKETS_KEPT: Final = 2


class Market:
    """What every answer of a simulated terminal is made from.

    Args:
        seed: the same seed gives the same market, in every process.
        day: today's date. The day is over: its last quotes and its end-of-day
            report are there, and nothing after it exists.
        contracts: options listed per root and week.
        paths: prices of the same seed, to be shared with another day's market.
    """

    def __init__(
        self, *, seed: int = 7, day: dt.date, contracts: int = 200, paths: Paths | None = None
    ) -> None:
        self.seed = seed
        self.day = day
        self.paths: Paths = paths or Paths(seed)
        self.chains: Chains = Chains(self.paths, contracts)
        self.open_interest: OpenInterest = OpenInterest(
            self.chains, seed, day, lambda contract, date: self._tape(contract, date).volume
        )
        self._stocks: Recent[StockTape] = Recent(_STOCK_TAPES_KEPT)
        self._ticks: Recent[Sequence[tuple[int, float]]] = Recent(_INDEX_DAYS_KEPT)
        self._options: Recent[OptionTape] = Recent(_OPTION_TAPES_KEPT)

    def days(self, start: dt.date, end: dt.date) -> Sequence[dt.date]:
        """Return the trading days from `start` to `end` that have happened, both inclusive."""
        return days_between(start, min(end, self.day))

    def is_open_today(self) -> bool:
        """Tell whether today is a trading day; snapshots are empty where it is not."""
        return is_trading_day(self.day)

    def has_stock(self, symbol: str) -> bool:
        """Tell whether a symbol is one of the market's stocks."""
        return symbol in STOCKS

    def stock(self, symbol: str, date: dt.date) -> StockTape:
        """Return a stock's trades and quotes of a trading day."""
        return self._stocks.get(
            (symbol, date), lambda: StockTape(self.paths, self.seed, symbol, date)
        )

    def created_ms(self, *parts: object) -> int:
        """Return when an end-of-day report was made: a millisecond from 17:15 to 17:18."""
        return 62_100_000 + stable_number(self.seed, "created", *parts) % 180_000

    def stock_snapshot(self, symbol: str) -> Quote:
        """Return a stock's last quote of today."""
        return self.stock(symbol, self.day).closing_quote()

    def index_values(self, symbol: str, date: dt.date) -> Sequence[float]:
        """Return an index's value second by second from 09:30:00, to two decimals.

        The first is 0.0: an index has no value before its first calculation.
        """
        seconds = (close_ms(date) - OPEN_MS) // 1000
        prices = self.paths.path(symbol, date).prices[: seconds + 1]
        return [0.0, *(round(price, 2) for price in prices[1:])]

    def index_ticks(self, symbol: str, date: dt.date) -> Sequence[tuple[int, float]]:
        """Return the milliseconds at which an index's value changes, and its values."""
        return self._ticks.get((symbol, date), lambda: self._changes(symbol, date))

    def _changes(self, symbol: str, date: dt.date) -> Sequence[tuple[int, float]]:
        values = self.index_values(symbol, date)
        return [
            (OPEN_MS + second * 1000, value)
            for second, value in enumerate(values)
            if second and value != values[second - 1]
        ]

    def rate(self, rate_type: str, date: dt.date) -> float:
        """Return an interest rate of a day in percent."""
        return rate_percent(self.seed, rate_type, date)

    def has_index(self, symbol: str) -> bool:
        """Tell whether a symbol is one of the market's indices."""
        return symbol in INDICES

    def has_root(self, symbol: str) -> bool:
        """Tell whether options trade under a symbol."""
        return symbol in ROOTS

    def option(self, contract: Listed, date: dt.date) -> OptionTape:
        """Return an option's quotes and trades of a trading day."""
        return self._options.get((contract, date), lambda: self._tape(contract, date))

    def _tape(self, contract: Listed, date: dt.date) -> OptionTape:
        return OptionTape(self.paths, self.seed, contract, date)

    def listed(self, root: str, date: dt.date) -> Sequence[Listed]:
        """Return a root's options of a trading day, by expiration, strike and right."""
        return self.chains.listed(root, date)

    def session(self, date: dt.date, *, options: bool) -> tuple[int, int]:
        """Return a day's first and last millisecond of trading."""
        return OPEN_MS, option_close_ms(date) if options else close_ms(date)

    def roots(self) -> Iterator[str]:
        """Yield every root, by name."""
        yield from sorted(ROOTS)


@functools.lru_cache(_MARKETS_KEPT)
def market_of(*, seed: int, day: dt.date, contracts: int) -> Market:
    """Return the market of these settings, shared by the terminals of this process.

    A market never changes, and a day of it takes longer to make than most
    answers: tests that open a terminal each have it made once.
    """
    return Market(seed=seed, day=day, contracts=contracts, paths=paths_of(seed))


@functools.lru_cache(_MARKETS_KEPT)
def paths_of(seed: int) -> Paths:
    """Return the prices of a seed, shared by its markets."""
    return Paths(seed)
