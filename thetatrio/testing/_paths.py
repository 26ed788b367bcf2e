"""Where prices are, day by day and second by second.

A daily summary (open, high, low, close) is drawn first and is cheap; the
second-by-second path of a day is made to fit it, so that years of daily bars
need no intraday work and still agree with it.
"""

from __future__ import annotations

import bisect
import datetime as dt
import math
from array import array
from collections.abc import Sequence
from typing import Final, NamedTuple

from thetatrio.testing._calendar import OPEN_MS, close_ms, option_close_ms, trading_days
from thetatrio.testing._instruments import ANCHOR, INSTRUMENTS, Instrument
from thetatrio.testing._seeding import Recent, random_stream

_DAYS_A_YEAR: Final = 252
# Paths of a second each are 190 kB a day; daily closes 38 kB a symbol.
_PATHS_KEPT: Final = 96


class DaySummary(NamedTuple):
    """A day's prices, in dollars with cents or in points."""

    open: float
    high: float
    low: float
    close: float


class DayPath(NamedTuple):
    """A day's prices second by second from 09:30:00 (index 0) to the close."""

    prices: Sequence[float]
    high_second: int
    low_second: int


class Paths:
    """Price paths of every instrument, all from one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._closes: dict[str, Sequence[float]] = {}
        self._paths: Recent[DayPath] = Recent(_PATHS_KEPT)

    def close(self, symbol: str, date: dt.date) -> float:
        """Return the close of the last trading day up to and including `date`."""
        closes = self._closes.get(symbol)
        if closes is None:
            closes = self._closes[symbol] = self._daily(INSTRUMENTS[symbol])
        days = trading_days()
        return closes[max(0, bisect.bisect_right(days, date) - 1)]

    def _daily(self, instrument: Instrument) -> Sequence[float]:
        days = trading_days()
        stream = random_stream(self._seed, "returns", instrument.driver)
        step = instrument.volatility / math.sqrt(_DAYS_A_YEAR)
        keep = 0.5 ** (1 / instrument.half_life) if instrument.half_life else 1.0
        drift = instrument.drift / _DAYS_A_YEAR - step * step / 2
        logs = array("d", [0.0])
        for _ in days[1:]:
            logs.append(logs[-1] * keep + drift + step * stream.gauss(0.0, 1.0))
        at_anchor = logs[bisect.bisect_left(days, ANCHOR)]
        anchor = bisect.bisect_left(days, ANCHOR)
        # A path that forgets is brought through its level on the anchor day only.
        pull = [keep ** abs(index - anchor) for index in range(len(days))]
        return [
            max(0.05, round(instrument.level * math.exp(log - at_anchor * weight), 2))
            for log, weight in zip(logs, pull, strict=True)
        ]

    def summary(self, symbol: str, date: dt.date) -> DaySummary:
        """Return a trading day's open, high, low and close."""
        instrument = INSTRUMENTS[symbol]
        stream = random_stream(self._seed, "day", instrument.driver, date)
        step = instrument.volatility / math.sqrt(_DAYS_A_YEAR)
        before = self.close(symbol, date - dt.timedelta(days=1))
        close = self.close(symbol, date)
        share = stream.uniform(0.1, 0.5)
        opening = before * (close / before) ** share * math.exp(0.2 * step * stream.gauss(0, 1))
        opening = max(0.05, round(opening, 2))
        high = max(opening, close) * math.exp(abs(stream.gauss(0, 0.35 * step)))
        low = min(opening, close) * math.exp(-abs(stream.gauss(0, 0.35 * step)))
        return DaySummary(
            opening,
            round(max(opening, close, high) + 0.01, 2),
            round(max(0.01, min(opening, close, low) - 0.01), 2),
            close,
        )

    def path(self, symbol: str, date: dt.date) -> DayPath:
        """Return a trading day's path: within its summary's low and high, reaching both.

        It ends at the option close, which on early closes is 15 minutes after
        the stocks'; for those minutes it stays where the stocks closed.
        """
        return self._paths.get((symbol, date), lambda: self._second_by_second(symbol, date))

    def _second_by_second(self, symbol: str, date: dt.date) -> DayPath:
        day = self.summary(symbol, date)
        seconds = (close_ms(date) - OPEN_MS) // 1000
        instrument = INSTRUMENTS[symbol]
        stream = random_stream(self._seed, "path", instrument.driver, date)
        scale = instrument.volatility / math.sqrt(_DAYS_A_YEAR * seconds) * 0.8
        walk = array("d", [0.0])
        level = 0.0
        gauss = stream.gauss
        for _ in range(seconds):
            level += gauss(0.0, scale)
            walk.append(level)
        slope = (math.log(day.close / day.open) - level) / seconds
        high, low, exp, first = day.high, day.low, math.exp, day.open
        prices = array(
            "d", (first * exp(wander + slope * second) for second, wander in enumerate(walk))
        )
        _fit(prices, day)
        inner = range(60, seconds - 60)
        high_second = max(inner, key=prices.__getitem__)
        low_second = min(inner, key=prices.__getitem__)
        prices[0], prices[seconds] = day.open, day.close
        if instrument.is_index:
            # Its first value, a second after the open, is the day's open.
            prices[1] = day.open
        prices[high_second], prices[low_second] = high, low
        prices.extend([day.close] * ((option_close_ms(date) - close_ms(date)) // 1000))
        return DayPath(prices, high_second, low_second)


def _fit(prices: array[float], day: DaySummary) -> None:
    """Stretch what a path does above and below its open and close to the day's high and low.

    In proportion, so that it touches each once: held in by force it would
    stick to them, and bar after bar would have the same low.
    """
    top, bottom = max(day.open, day.close), min(day.open, day.close)
    above, below = max(prices) - top, bottom - min(prices)
    up = (day.high - top) / above if above > 0 else 0.0
    down = (bottom - day.low) / below if below > 0 else 0.0
    for second, price in enumerate(prices):
        if price > top:
            prices[second] = top + (price - top) * up
        elif price < bottom:
            prices[second] = bottom - (bottom - price) * down
