"""Events at a steady rate, in turn over what is subscribed, for load and soak."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import trio

from thetatrio.contracts import Contract, Index
from thetatrio.testing._calendar import OPEN_MS
from thetatrio.testing._seeding import stable_number
from thetatrio.testing._stream.account import Account
from thetatrio.testing._stream.events import Channel, Happening, Kind, Values
from thetatrio.testing._stream.market_events import MarketEvents
from thetatrio.testing._tape import signed32

_NOON_MS: Final = 43_200_000
_PRICES: Final = 21


class _Place(NamedTuple):
    """One kind of event of one contract, and the prices it goes through."""

    channel: Channel
    kind: Kind
    prices: list[float]
    offers: list[float]


class SteadyEvents:
    """Takes the subscriptions of contracts that exist in turn, for ever."""

    def __init__(self, events: MarketEvents, seed: int) -> None:
        self._events = events
        self._seed = seed
        self._version = -1
        self._places: list[_Place] = []
        self._made = 0
        self._begun: float | None = None
        self._begun_made = 0
        self._rate = 0.0

    def __bool__(self) -> bool:
        return bool(self._places)

    def resume(self) -> None:
        """Begin to count anew: what was due while nobody was there is not made up for."""
        self._begun = None

    def take(self, account: Account) -> None:
        """Go on with what an account is subscribed to now."""
        if account.version == self._version:
            return
        self._version = account.version
        self._places = [
            self._place(contract, kind)
            for wanted in account
            for contract in self._events.contracts(wanted)
            for kind in self._kinds(wanted.req_type, full=wanted.contract is None)
        ]

    @staticmethod
    def _kinds(req_type: Kind, *, full: bool) -> tuple[Kind, ...]:
        return ("QUOTE", "OHLC", "TRADE") if full else (req_type,)

    def _place(self, contract: Contract, kind: Kind) -> _Place:
        middle = self._price(contract)
        first = stable_number(self._seed, "steady", contract) % _PRICES
        steps = [(first + step * 8) % _PRICES - _PRICES // 2 for step in range(_PRICES)]
        prices = [max(0.01, round(middle + step * 0.01, 2)) for step in steps]
        offers = [round(price + 0.02, 2) for price in prices]
        return _Place(self._events.channel(contract), kind, prices, offers)

    def _price(self, contract: Contract) -> float:
        if isinstance(contract, Index):
            return self._events.index_price(contract, _NOON_MS)
        quote = self._events.tape(contract).quote_before(_NOON_MS)
        return quote.ask if quote is not None else 1.0

    def due(self, rate: float) -> int:
        """Return how many events should have been made by now and were not."""
        now = trio.current_time()
        if self._begun is None or rate != self._rate:
            self._begun, self._begun_made, self._rate = now, self._made, rate
        return math.floor((now - self._begun) * rate + 1e-6) - (self._made - self._begun_made)

    def until_next(self, rate: float, tick: float) -> float:
        """Return the seconds until some events are due, `tick` or more."""
        if self._begun is None:
            return tick
        following = self._begun + (self._made - self._begun_made + 1) / rate
        return max(tick, following - trio.current_time())

    def next_events(self, count: int, ms: int) -> list[Happening]:
        """Make the next events; all are stamped with one millisecond of the session."""
        stamp = OPEN_MS + (ms - OPEN_MS) % (self._events.end_ms - OPEN_MS)
        places, length, made = self._places, len(self._places), self._made
        self._made += count
        return [
            Happening(place.channel, place.kind, _values(place, stamp, number))
            for number in range(made, made + count)
            for place in (places[number % length],)
        ]


def _values(place: _Place, ms: int, number: int) -> Values:
    date = place.channel.date
    at = number % _PRICES
    price = place.prices[at]
    match place.kind:
        case "TRADE":
            if place.channel.security_type == "INDEX":
                return (ms, 0, 0, 0, price, 5, date)
            return (ms, signed32(number * 3), 1 + number % 97, 0, price, 57, date)
        case "QUOTE":
            size = 1 + number % 89
            return (ms, size, 57, price, 0, 90 - size, 1, place.offers[at], 0, date)
        case "MARKET_VALUE":
            offer = place.offers[at]
            return (date, ms, price, offer, (price + offer) / 2)
        case "OHLC":
            prices = place.prices
            return (ms, prices[0], max(prices), min(prices), price, number, number, date)
