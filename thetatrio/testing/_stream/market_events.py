"""A subscription's events of the market's day, in its order: what REST calls history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from thetatrio.contracts import Contract, Index, Option, Stock
from thetatrio.testing._calendar import OPEN_MS, close_ms, option_close_ms
from thetatrio.testing._chains import Listed
from thetatrio.testing._instruments import STOCKS
from thetatrio.testing._market import Market
from thetatrio.testing._options import OptionTape
from thetatrio.testing._stream.commands import StreamSubscription
from thetatrio.testing._stream.events import Channel, Happening, Values
from thetatrio.testing._tape import Quote, StockTape, Trade, market_value

Moment: TypeAlias = tuple[int, list[Happening]]
"""A millisecond of the day and what happens in it, in order."""
_QUOTES_AFTER: Final = 2
_INDEX_EXCHANGE: Final = 5
_QUOTES_LAST_MS: Final = 5_000


class DayBar:
    """The day's bar so far."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._count = self._volume = 0
        self._open = self._high = self._low = 0.0

    def add(self, ms: int, price: float, size: int) -> Happening:
        """Take a trade in and return the bar as an event."""
        if not self._count:
            self._open = self._high = self._low = price
        self._high, self._low = max(self._high, price), min(self._low, price)
        self._count += 1
        self._volume += size
        values = (
            *(ms, self._open, self._high, self._low, price),
            *(self._volume, self._count, self._channel.date),
        )
        return Happening(self._channel, "OHLC", values)


class MarketEvents:
    """Looks up what subscriptions bring on one day."""

    def __init__(
        self, market: Market, date: dt.date, channel: Callable[[Contract, int], Channel]
    ) -> None:
        self._market = market
        self.date: dt.date = date
        self._date_int = int(date.strftime("%Y%m%d"))
        self._channel = channel

    @property
    def end_ms(self) -> int:
        """The last millisecond of the day in which anything happens."""
        return max(close_ms(self.date), option_close_ms(self.date))

    def channel(self, contract: Contract) -> Channel:
        """Return a contract's channel of this day."""
        return self._channel(contract, self._date_int)

    def contracts(self, subscription: StreamSubscription) -> list[Contract]:
        """Return the contracts of a subscription that exist, by asset class and name."""
        if subscription.contract is not None:
            return [subscription.contract] if self._exists(subscription.contract) else []
        if subscription.sec_type == "STOCK":
            return [Stock(symbol) for symbol in sorted(STOCKS)]
        return [
            Option.from_row(root, listed.expiration, listed.strike / 1000, listed.right)
            for root in self._market.roots()
            for listed in self._market.listed(root, self.date)
        ]

    def _exists(self, contract: Contract) -> bool:
        match contract:
            case Stock():
                return self._market.has_stock(contract.symbol)
            case Index():
                return self._market.has_index(contract.symbol)
            case Option():
                return self._market.has_root(contract.symbol) and (
                    _listed(contract) in self._market.listed(contract.symbol, self.date)
                )

    def moments(
        self, subscription: StreamSubscription, contract: Contract, since: int
    ) -> Iterator[Moment]:
        """Return what a subscription brings of one contract from a millisecond on."""
        channel = self.channel(contract)
        if isinstance(contract, Index):
            values = subscription.req_type == "MARKET_VALUE"
            return self._index(channel, since, market_values=values)
        tape = self.tape(contract)
        if subscription.contract is None:
            return self._full_trades(channel, tape, since)
        if subscription.req_type == "QUOTE":
            return ((quote.ms, [_quoted(channel, quote)]) for quote in self._quotes(tape, since))
        if subscription.req_type == "MARKET_VALUE":
            return ((q.ms, [_valued(channel, q)]) for q in self._quotes(tape, since))
        return self._trades(channel, tape, since)

    def tape(self, contract: Stock | Option) -> StockTape | OptionTape:
        """Return a contract's quotes and trades of the day."""
        if isinstance(contract, Stock):
            return self._market.stock(contract.symbol, self.date)
        return self._market.option(_listed(contract), self.date)

    def index_price(self, contract: Index, ms: int) -> float:
        """Return an index's price at a millisecond of the session."""
        values = self._market.index_values(contract.symbol, self.date)
        return values[max(1, min(len(values) - 1, (ms - OPEN_MS) // 1000))]

    def _quotes(self, tape: StockTape | OptionTape, since: int) -> Iterator[Quote]:
        # One second earlier, because an option's first quote is compared with none.
        for quote in tape.quote_changes(max(OPEN_MS, since - 1000), self.end_ms):
            if quote.ms >= since:
                yield quote

    def _trades(
        self, channel: Channel, tape: StockTape | OptionTape, since: int
    ) -> Iterator[Moment]:
        bar = DayBar(channel)
        for trade in tape.iter_trades():
            so_far = bar.add(trade.ms, trade.price, trade.size)
            if trade.ms >= since:
                yield trade.ms, [so_far, _traded(channel, trade)]

    def _full_trades(
        self, channel: Channel, tape: StockTape | OptionTape, since: int
    ) -> Iterator[Moment]:
        # Quotes that follow a trade are one's own moments; those of two trades are sent once.
        bar = DayBar(channel)
        follows: list[Quote] = []
        for trade in tape.iter_trades():
            so_far = bar.add(trade.ms, trade.price, trade.size)
            if trade.ms < since:
                continue
            while follows and follows[0].ms <= trade.ms:
                quote = follows.pop(0)
                yield quote.ms, [_quoted(channel, quote)]
            before = tape.quote_before(trade.ms)
            first = [] if before is None else [_quoted(channel, before)]
            yield trade.ms, [*first, so_far, _traded(channel, trade)]
            if isinstance(tape, OptionTape):
                follows = _following(tape, trade.ms)
        for quote in follows:
            yield quote.ms, [_quoted(channel, quote)]

    def _index(self, channel: Channel, since: int, *, market_values: bool) -> Iterator[Moment]:
        bar = DayBar(channel)
        for ms, price in self._market.index_ticks(channel.contract.symbol, self.date):
            if market_values:
                values: Values = (channel.date, ms, price, price, price)
                moment = [Happening(channel, "MARKET_VALUE", values)]
            else:
                values = (ms, 0, 0, 0, price, _INDEX_EXCHANGE, channel.date)
                moment = [bar.add(ms, price, 0), Happening(channel, "TRADE", values)]
            if ms >= since:
                yield ms, moment


def _listed(contract: Option) -> Listed:
    right = "CALL" if contract.right == "C" else "PUT"
    return Listed(contract.symbol, contract.expiration, contract.strike_thousandths, right)


def _following(tape: OptionTape, ms: int) -> list[Quote]:
    quotes: list[Quote] = []
    changes: Iterable[Quote] = tape.quote_changes(ms - 999, ms + _QUOTES_LAST_MS * _QUOTES_AFTER)
    for quote in changes:
        if quote.ms > ms:
            quotes.append(quote)
            if len(quotes) == _QUOTES_AFTER:
                break
    return quotes


def _quoted(channel: Channel, quote: Quote) -> Happening:
    return Happening(channel, "QUOTE", (*quote, channel.date))


def _valued(channel: Channel, quote: Quote) -> Happening:
    values = (channel.date, quote.ms, quote.bid, quote.ask, market_value(quote))
    return Happening(channel, "MARKET_VALUE", values)


def _traded(channel: Channel, trade: Trade) -> Happening:
    values = (
        *(trade.ms, trade.sequence, trade.size, trade.condition),
        *(trade.price, trade.exchange, channel.date),
    )
    return Happening(channel, "TRADE", values)
