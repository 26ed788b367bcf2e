"""Trades and quotes of stocks, and what bars are: a fold of trades.

A trade's price lies at or inside the quote of its second, its day's first,
highest, lowest and last prices are the daily summary's, and its sizes add up
to the day's volume.
"""

from __future__ import annotations

import bisect
import datetime as dt
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from thetatrio.testing._calendar import OPEN_MS, close_ms
from thetatrio.testing._instruments import STOCKS
from thetatrio.testing._paths import DayPath, DaySummary, Paths
from thetatrio.testing._seeding import mixed, random_stream, stable_number

NO_CONDITION: Final = 255
_EXCHANGES: Final = (1, 3, 4, 5, 7, 9, 57, 57, 57, 60, 63, 64, 65, 68, 69, 73)
_CLOSE_AUCTION: Final = (6, 0)
_ODD_LOT: Final = 115
_INTERMARKET_SWEEP: Final = 95


class Trade(NamedTuple):
    """One print."""

    ms: int
    """Milliseconds of the day."""
    sequence: int
    ext_condition1: int
    ext_condition2: int
    ext_condition3: int
    ext_condition4: int
    condition: int
    size: int
    exchange: int
    price: float


class Quote(NamedTuple):
    """One best bid and offer."""

    ms: int
    bid_size: int
    bid_exchange: int
    bid: float
    bid_condition: int
    ask_size: int
    ask_exchange: int
    ask: float
    ask_condition: int


class Bar(NamedTuple):
    """What was traded from `ms` on, for one interval; zeros where nothing was."""

    ms: int
    open: float
    high: float
    low: float
    close: float
    volume: int
    trades: int
    vwap: float
    """From the day's first trade of the request on, as the vendor's is: cumulative."""


def signed32(number: int) -> int:
    """Return a number as a signed 32-bit counter shows it, wrapped."""
    return (number + 0x80000000) % 0x100000000 - 0x80000000


def trade_times(count: int, span_ms: int, *parts: object) -> list[int]:
    """Return `count` sorted milliseconds of the day, denser near open and close.

    The first three are one millisecond, and about an eighth of the others
    share theirs with the one before.
    """
    stream = random_stream("times", *parts)
    draw = stream.random
    # The inverse of a U-shaped density; 0.6 puts twice the average at both ends.
    fractions = sorted(draw() for _ in range(count))
    times: list[int] = []
    bend, turn = 0.6 / (2 * math.pi), 2 * math.pi
    first = OPEN_MS + 1 + stable_number("first", *parts) % 900
    last = OPEN_MS + span_ms - 1
    for index, fraction in enumerate(fractions):
        if index < 3:
            times.append(first)
        elif draw() < 0.125:
            times.append(times[-1])
        else:
            at = OPEN_MS + int((fraction - bend * math.sin(turn * fraction)) * span_ms)
            times.append(min(last, max(times[-1], at)))
    return times


class StockTape:
    """One stock's trades and quotes of one day."""

    def __init__(self, paths: Paths, seed: int, symbol: str, date: dt.date) -> None:
        self._stock = STOCKS[symbol]
        self.date: dt.date = date
        self._key = (seed, "stock", symbol, date)
        self._number = stable_number(*self._key)
        self.summary: DaySummary = paths.summary(symbol, date)
        self._paths = paths
        self._lazy_trades: Sequence[Trade] | None = None
        activity = 0.8 + (self._number % 1000) / 2500
        seconds = (close_ms(date) - OPEN_MS) / 23_400_000
        self.count: int = max(10, round(self._stock.trades * activity * seconds))
        """Trades of the day."""
        auction = 1.3 + (self._number % 777) / 2000
        self.volume: int = round(self.count * self._stock.average_size * auction)
        """Shares of the day."""

    @property
    def path(self) -> DayPath:
        """The day's prices second by second."""
        return self._paths.path(self._stock.symbol, self.date)

    def quote(self, ms: int) -> Quote:
        """Return the quote in effect at a millisecond of the day.

        A quote lasts a second; before the first one, bid and ask are zero.
        """
        last = (close_ms(self.date) - OPEN_MS) // 1000
        second = min((ms - OPEN_MS) // 1000, last)
        if second < 0:
            return Quote(ms, 0, 1, 0.0, 0, 0, 1, 0.0, 0)
        return self._quote_of(ms, second, self.path.prices[second])

    def _quote_of(self, ms: int, second: int, price: float) -> Quote:
        bid, ask = self._bid_and_ask(price, second)
        bits = mixed(self._number + second)
        return Quote(
            ms,
            1 + bits % 9,
            _EXCHANGES[(bits >> 8) & 15],
            bid,
            0,
            1 + (bits >> 16) % 9,
            _EXCHANGES[(bits >> 24) & 15],
            ask,
            0,
        )

    def quote_before(self, ms: int, *, strictly: bool = False) -> Quote | None:
        """Return the last quote up to a millisecond, or `strictly` before it, with its own stamp.

        None before the day's first.
        """
        moment = min(ms - strictly, close_ms(self.date))
        if moment < OPEN_MS:
            return None
        return self.quote(moment - (moment - OPEN_MS) % 1000)

    def quote_changes(self, start: int, end: int) -> Iterator[Quote]:
        """Yield the quote of each second from `start` to `end` inclusive."""
        first = OPEN_MS + 1000 * max(0, -((OPEN_MS - start) // 1000))
        prices = self.path.prices
        for ms in range(first, min(end, close_ms(self.date)) + 1, 1000):
            second = (ms - OPEN_MS) // 1000
            yield self._quote_of(ms, second, prices[second])

    def closing_quote(self) -> Quote:
        """Return the day's last quote, for which no path is needed."""
        close = close_ms(self.date)
        return self._quote_of(close, (close - OPEN_MS) // 1000, self.summary.close)

    def _bid_and_ask(self, price: float, second: int) -> tuple[float, float]:
        # Wider by the minute after the open: one to four cents at 200 dollars.
        wide = max(1, round(price * 0.5)) // 100 + (3 if second < 60 else 0)
        bid = math.floor(price * 100 + 1e-6) - wide
        ask = math.ceil(price * 100 - 1e-6) + wide
        if bid == ask:
            ask += 1
        return max(1, bid) / 100, ask / 100

    @property
    def trades(self) -> Sequence[Trade]:
        """The day's trades, by time and sequence."""
        if self._lazy_trades is None:
            self._lazy_trades = list(self._print())
        return self._lazy_trades

    def iter_trades(self) -> Iterator[Trade]:
        """Yield the day's trades as `trades` has them."""
        return iter(self.trades)

    def _print(self) -> Iterator[Trade]:
        span = close_ms(self.date) - OPEN_MS
        path = self.path
        day = self.summary
        extremes = {path.high_second: day.high, path.low_second: day.low}
        times = trade_times(self.count - 3, span, *self._key)
        times += [OPEN_MS + second * 1000 + 137 for second in extremes]
        times.sort()
        stream = random_stream(*self._key, "trades")
        draw = stream.random
        sequence = stream.randrange(1, 20_000)
        left = self.volume
        average = self._stock.average_size
        for index, ms in enumerate(times):
            second = (ms - OPEN_MS) // 1000
            bid, ask = self._bid_and_ask(path.prices[second], second)
            choice = draw()
            if index == 0:
                traded = day.open
            elif (ms - OPEN_MS) % 1000 == 137 and second in extremes:
                traded = extremes.pop(second)
            elif choice < 0.4:
                traded = min(day.high, max(day.low, bid))
            elif choice < 0.8:
                traded = min(day.high, max(day.low, ask))
            else:
                # Midpoint prints have four decimals where the spread is odd.
                traded = min(day.high, max(day.low, round((bid + ask) / 2, 4)))
            size = min(self._size(draw(), average), max(1, (left - 1) // 2))
            left -= size
            sequence += 1 + int(draw() * 7)
            sweep = choice < 0.3
            yield Trade(
                ms,
                sequence,
                32 if index else NO_CONDITION,
                _INTERMARKET_SWEEP if sweep else NO_CONDITION,
                NO_CONDITION,
                _ODD_LOT if size < 100 else NO_CONDITION,
                1 if sweep else 0,
                size,
                _EXCHANGES[int(draw() * 16)],
                traded,
            )
        condition, extra = _CLOSE_AUCTION
        yield Trade(
            close_ms(self.date), sequence + 1, extra, 255, 255, 255, condition, left, 1, day.close
        )

    @staticmethod
    def _size(fraction: float, average: int) -> int:
        # Half are odd lots of a few shares, the rest round lots; the mean is about `average`.
        if fraction < 0.5:
            return 1 + int(fraction * average)
        if fraction < 0.8:
            return min(100, average)
        return min(5 * average, int(average * (1 + 8 * (fraction - 0.8))))


def bars(trades: Iterable[Trade], start: int, end: int, interval: int) -> Iterator[Bar]:
    """Fold trades into bars stamped with their start, from `start` to `end` inclusive.

    Args:
        trades: by time.
        start: millisecond of the day of the first bar.
        end: no bar begins and no trade counts after this millisecond.
        interval: milliseconds of a bar.
    """
    coming = iter(trades)
    trade = next(coming, None)
    while trade is not None and trade.ms < start:
        trade = next(coming, None)
    shares, dollars = 0, 0.0
    for stamp in range(start, end + 1, interval):
        until = min(stamp + interval, end + 1)
        if trade is None or trade.ms >= until:
            yield Bar(stamp, 0.0, 0.0, 0.0, 0.0, 0, 0, 0.0)
            continue
        opening = high = low = last = trade.price
        volume = count = 0
        while trade is not None and trade.ms < until:
            last = trade.price
            high, low = max(high, last), min(low, last)
            volume += trade.size
            count += 1
            dollars += last * trade.size
            trade = next(coming, None)
        shares += volume
        worth = dollars / shares if shares else 0.0
        yield Bar(stamp, opening, high, low, last, volume, count, worth)


def last_trade(trades: Sequence[Trade], ms: int) -> Trade | None:
    """Return the last of a day's trades at or before a millisecond."""
    at = bisect.bisect_right(trades, ms, key=lambda trade: trade.ms)
    return trades[at - 1] if at else None


def market_value(quote: Quote) -> float:
    """Return the price between bid and ask that the sizes at both weigh, or their middle."""
    sizes = quote.bid_size + quote.ask_size
    if not sizes:
        return (quote.bid + quote.ask) / 2
    return (quote.bid * quote.ask_size + quote.ask * quote.bid_size) / sizes
