"""Quotes and trades of one option on one day, priced from its underlying's path."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from thetatrio.testing._calendar import OPEN_MS, option_close_ms
from thetatrio.testing._chains import Listed
from thetatrio.testing._instruments import INSTRUMENTS, ROOTS
from thetatrio.testing._paths import Paths
from thetatrio.testing._pricing import DAYS_A_YEAR, Terms
from thetatrio.testing._rates import rate_percent
from thetatrio.testing._seeding import mixed, random_stream, stable_number
from thetatrio.testing._tape import NO_CONDITION, Quote, Trade, signed32, trade_times

_EXCHANGES: Final = (1, 4, 5, 6, 7, 9, 11, 22, 31, 42, 43, 46, 47, 60, 65, 76)
_NATIONAL_BBO: Final = 50
_CONDITIONS: Final = (18, 18, 18, 18, 18, 18, 125, 125, 130, 130, 131, 133)
_HOURS_A_YEAR: Final = DAYS_A_YEAR * 24
_ZERO_DAYS_V1: Final = 0.15
# A quote that lasts a second keeps its sizes for three.
_SIZES_LAST: Final = 3


def years_to(expiration: dt.date, date: dt.date, ms: int, version: str = "latest") -> float:
    """Return the time to expiry the market prices with, in years of 365 days.

    Whole days; on the last day the hours to the close, at least one
    (`version="1"`: 0.15 of a day, whatever the time).
    """
    days = (expiration - date).days
    if days > 0:
        return days / DAYS_A_YEAR
    if version == "1":
        return _ZERO_DAYS_V1 / DAYS_A_YEAR
    return max(1.0, (option_close_ms(date) - ms) / 3_600_000) / _HOURS_A_YEAR


class _Draw(NamedTuple):
    """What chance decides of a trade."""

    sequence: int
    choice: float
    size: int
    condition: int
    exchange: int


class OptionTape:
    """One option's quotes and trades of one day."""

    def __init__(self, paths: Paths, seed: int, contract: Listed, date: dt.date) -> None:
        self.contract = contract
        self.date: dt.date = date
        root = ROOTS[contract.root]
        self._penny = root.penny
        self._underlying = INSTRUMENTS[root.underlying]
        self._key = (seed, "option", *contract, date)
        self._number = stable_number(*self._key)
        self._paths = paths
        self._close = option_close_ms(date)
        # Each option has its own moment of the second at which its quotes change.
        self._offset = 1 + self._number % 997
        self._last = (self._close - OPEN_MS - self._offset) // 1000
        self._strike = contract.strike / 1000
        self.rate: float = self.rate_percent("sofr") / 100
        centre = paths.close(root.underlying, date - dt.timedelta(days=1))
        days = max(1, (contract.expiration - date).days)
        self._moneyness = math.log(self._strike / centre) / math.sqrt(days / DAYS_A_YEAR)
        self.volatility: float = self._smile()
        self._lazy_trades: Sequence[Trade] | None = None

    def _smile(self) -> float:
        # Per day, underlying and expiration, so that calls and puts agree.
        day = random_stream(self._key[0], "smile", self._underlying.driver, self.date)
        level = self._underlying.volatility * day.uniform(0.92, 1.12)
        skew, curve = day.uniform(0.04, 0.10), day.uniform(0.05, 0.12)
        x = max(-2.5, min(2.5, self._moneyness))
        return max(0.05, level * (1 - skew * x + curve * x * x))

    def underlying_price(self, ms: int) -> float:
        """Return the underlying's price the quote of this moment was made from, in dollars."""
        prices = self._paths.path(self._underlying.symbol, self.date).prices
        second = max(0, min(self._last, (ms - OPEN_MS - self._offset) // 1000))
        return round(prices[second], 2)

    def underlying_at(self, ms: int) -> float:
        """Return the underlying's price at a millisecond of the day, in dollars.

        Up to a second newer than what the quote of that moment was made from.
        """
        prices = self._paths.path(self._underlying.symbol, self.date).prices
        return round(prices[max(0, min(len(prices) - 1, (ms - OPEN_MS) // 1000))], 2)

    def rate_percent(self, rate_type: str) -> float:
        """Return a rate of the day in percent."""
        return rate_percent(self._key[0], rate_type, self.date)

    def terms(self, ms: int) -> Terms:
        """Return what the market prices this option with at a millisecond of the day."""
        return Terms(
            self.underlying_price(ms),
            self._strike,
            years_to(self.contract.expiration, self.date, ms),
            self.rate,
            0.0,
            self.contract.right == "CALL",
        )

    def quotes(self, stamps: Sequence[int]) -> list[Quote]:
        """Return the quote in effect at each millisecond of the day, stamped with it."""
        prices = self._paths.path(self._underlying.symbol, self.date).prices
        # The loop is `price` of _pricing written out: a chain's day is 10^5 quotes.
        erfc, log, sqrt, exp = math.erfc, math.log, math.sqrt, math.exp
        strike, rate, volatility = self._strike, self.rate, self.volatility
        call, penny = self.contract.right == "CALL", self._penny
        sign = 1.0 if call else -1.0
        same_day = self.contract.expiration <= self.date
        years = years_to(self.contract.expiration, self.date, 0)
        deviation = volatility * sqrt(years)
        shift = rate * years / deviation + deviation / 2
        discounted = strike * exp(-rate * years)
        half, offset, last, number = sqrt(0.5), self._offset, self._last, self._number
        exchange = _EXCHANGES[number & 15]
        rows: list[Quote] = []
        before = -2
        row: Quote | None = None
        for ms in stamps:
            second = (ms - OPEN_MS - offset) // 1000
            second = min(second, last)
            if second < 0:
                rows.append(
                    Quote(ms, 0, exchange, 0.0, _NATIONAL_BBO, 0, exchange, 0.0, _NATIONAL_BBO)
                )
                continue
            if second == before and row is not None:
                row = row._replace(ms=ms)
                rows.append(row)
                continue
            before = second
            if same_day:
                years = years_to(
                    self.contract.expiration, self.date, OPEN_MS + second * 1000 + offset
                )
                deviation = volatility * sqrt(years)
                shift = rate * years / deviation + deviation / 2
                discounted = strike * exp(-rate * years)
            spot = round(prices[second], 2)
            d1 = log(spot / strike) / deviation + shift
            value = (
                spot * erfc(-sign * d1 * half) - discounted * erfc(-sign * (d1 - deviation) * half)
            ) * (sign * 0.5)
            # Ticks of a cent, of a nickel from 3.00 on; the spread a tick or about 1 %.
            tick = 1 if penny or value < 2.995 else 5
            margin = max(tick * 0.4, value * (0.3 if penny else 0.6))
            bid = int((value * 100 - margin) // tick) * tick
            ask = -int((-value * 100 - margin) // tick) * tick
            bits = mixed(number + second // _SIZES_LAST)
            row = Quote(
                ms,
                1 + bits % 600 if bid > 0 else 0,
                _EXCHANGES[(bits >> 12) & 15],
                bid / 100 if bid > 0 else 0.0,
                _NATIONAL_BBO,
                1 + (bits >> 20) % 600,
                _EXCHANGES[(bits >> 32) & 15],
                ask / 100,
                _NATIONAL_BBO,
            )
            rows.append(row)
        return rows

    def quote_changes(self, start: int, end: int) -> Iterator[Quote]:
        """Yield each new quote from `start` to `end` inclusive, stamped with its own moment."""
        first = max(0, -((OPEN_MS + self._offset - start) // 1000))
        last = min(self._last, (end - OPEN_MS - self._offset) // 1000)
        before: tuple[object, ...] | None = None
        for stamps in self._stamps(first, last, opening=start <= OPEN_MS <= end):
            for quote in self.quotes(stamps):
                if quote[1:] != before:
                    before = quote[1:]
                    yield quote

    def _stamps(self, first: int, last: int, *, opening: bool) -> Iterator[list[int]]:
        # In pieces that grow: many readers want a few quotes only, others the day.
        if opening:
            yield [OPEN_MS]
        size = 8
        while first <= last:
            until = min(last + 1, first + size)
            yield [OPEN_MS + second * 1000 + self._offset for second in range(first, until)]
            first, size = until, min(512, size * 2)

    def last_quote(self) -> Quote:
        """Return the day's last quote, stamped with its own moment."""
        return self._settled(self._last)

    def quote_before(self, ms: int, *, strictly: bool = False) -> Quote | None:
        """Return the last quote up to a millisecond, or `strictly` before it, with its own stamp.

        None before the day's first.
        """
        moment = ms - strictly
        if moment < OPEN_MS:
            return None
        return self._settled(min(self._last, (moment - OPEN_MS - self._offset) // 1000))

    def _settled(self, second: int) -> Quote:
        # Quotes of one second that say what the one before said are no quotes of their own.
        if second < 0:
            return self.quotes([OPEN_MS])[0]
        quote = self.quotes([OPEN_MS + second * 1000 + self._offset])[0]
        while True:
            second -= 1
            before = self.quotes([OPEN_MS + second * 1000 + self._offset])[0]
            if before[1:] != quote[1:]:
                return quote
            quote = before

    @property
    def count(self) -> int:
        """Trades of the day; none in many options far from the money."""
        days = max(1, (self.contract.expiration - self.date).days)
        busy = 900 * math.exp(-((self._moneyness * 4) ** 2)) / (1 + days / 9)
        return int(busy * (0.5 + (self._number >> 20) % 1000 / 1000) + (self._number >> 40) % 3)

    @property
    def trades(self) -> Sequence[Trade]:
        """The day's trades, by time and sequence, each at or inside the quote of its moment."""
        if self._lazy_trades is None:
            self._lazy_trades = list(self._print())
        return self._lazy_trades

    def iter_trades(self) -> Iterator[Trade]:
        """Yield the day's trades as `trades` has them, made as they are read and not kept."""
        return self._print() if self._lazy_trades is None else iter(self._lazy_trades)

    @property
    def volume(self) -> int:
        """Contracts traded on the day: the sizes of its trades, of which no price is needed."""
        return sum(drawn.size for drawn in self._draws())

    def _draws(self) -> Iterator[_Draw]:
        stream = random_stream(*self._key, "trades")
        draw = stream.random
        # A 32-bit counter that has wrapped by the time it comes to some options.
        sequence = stream.randrange(0x7F000000, 0x81000000) if self._number & 3 == 0 else 0
        sequence = sequence or stream.randrange(1_000_000, 900_000_000)
        for _ in range(self.count):
            sequence += 1 + int(draw() ** 4 * 50_000)
            choice, luck = draw(), draw()
            size = min(500, 1 + int(4 * luck / (1.004 - luck)))
            condition = _CONDITIONS[int(draw() * len(_CONDITIONS))]
            yield _Draw(sequence, choice, size, condition, _EXCHANGES[int(draw() * 16)])

    def _print(self) -> Iterator[Trade]:
        opening = OPEN_MS + self._offset
        span = self._close - OPEN_MS
        times = [max(opening, ms) for ms in trade_times(self.count, span, *self._key)]
        quotes = (
            quote for at in range(0, len(times), 64) for quote in self.quotes(times[at : at + 64])
        )
        for ms, quote, drawn in zip(times, quotes, self._draws(), strict=True):
            choice = drawn.choice
            middle = (quote.bid + quote.ask) / 2
            if choice < 0.35 and quote.bid > 0:
                traded = quote.bid
            elif choice < 0.7 or quote.bid <= 0:
                traded = quote.ask
            else:
                traded = round(max(quote.bid, math.floor(middle * 100) / 100), 2)
            yield Trade(
                ms,
                signed32(drawn.sequence),
                NO_CONDITION,
                NO_CONDITION,
                NO_CONDITION,
                NO_CONDITION,
                drawn.condition,
                drawn.size,
                drawn.exchange,
                traded,
            )
