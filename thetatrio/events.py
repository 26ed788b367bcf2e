"""What the stream delivers: events, and notices of what it could not deliver.

Events are flat and immutable; `event.contract` is one shared value per
contract. Prices are dollars, `ms_of_day` and `date_int` what the wire said, in
New York's wall clock; `event.date` and `event.timestamp` are made of them when
they are asked for.

A gateway's stream (`stream_api="gateway"`) may leave fields out: they are None
then, and `event.missing` names them. Their types are those of the terminal's
events all the same, which are never without one.

Notices stand where data is missing or was repeated, in their place between the
events: `feed.with_notices()` gives both.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Generic,
    Literal,
    TypeAlias,
    TypeVar,
    cast,
    final,
    get_args,
)

import msgspec

from thetatrio._calls import ExplainedStruct
from thetatrio.contracts import Contract, Index, Option, Stock
from thetatrio.errors import InvalidRequest
from thetatrio.market_time import from_ms_of_day

__all__ = [
    "Dropped",
    "Event",
    "Following",
    "FullTradeKind",
    "Gap",
    "JoinedTrade",
    "Lost",
    "MarketValue",
    "Notice",
    "Ohlc",
    "Price",
    "Quote",
    "Replayed",
    "StreamEvent",
    "Topic",
    "TopicKind",
    "Trade",
    "Undecodable",
]

if TYPE_CHECKING:
    _Contract: TypeAlias = Contract
    E = TypeVar("E", bound="StreamEvent", covariant=True)  # noqa: PLC0105
else:
    # The wire's contract is read apart from the rest, once for each contract.
    _Contract: TypeAlias = Any
    E = TypeVar("E")

_NO_CONTRACT = cast("Contract", None)


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of what comes from the wire. One contract value is shared by all its events."""

    contract: _Contract = _NO_CONTRACT
    """A `Stock`, `Option` or `Index`."""
    ms_of_day: int
    """Milliseconds since New York's midnight, by its wall clock."""
    date_int: int = msgspec.field(name="date")
    """The date as the wire writes it: 20240315."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields that a gateway left out, which are None; a terminal leaves none out.

        async with session.stream.quotes(thetatrio.Stock("AAPL")) as quotes:
            quote = await quotes.receive()
            print(quote.missing)
        """
        return tuple(name for name in self.__struct_fields__ if getattr(self, name) is None)

    @property
    def has_time(self) -> bool:
        """Whether the wire said when; a gateway may not."""
        return None not in {self.date_int, self.ms_of_day}  # pyright: ignore[reportUnnecessaryContains]

    @property
    def date(self) -> dt.date:
        """The day of the event, in New York. Raises ValueError where the wire's is none."""
        try:
            year, rest = divmod(self.date_int, 10_000)
            return dt.date(year, rest // 100, rest % 100)
        except (OverflowError, TypeError):  # None is what a gateway left out
            raise ValueError(f"{self.date_int} is not a date") from None

    @property
    def timestamp(self) -> dt.datetime:
        """The moment of the event, aware, in New York. Raises ValueError for what is none."""
        if not self.has_time:
            raise ValueError("the event came without its date or time")
        try:
            return from_ms_of_day(self.date, self.ms_of_day)
        except OverflowError:
            raise ValueError(f"{self.date_int} has no next day") from None


@final
class Quote(Event, frozen=True, kw_only=True, gc=False):
    """A best bid and offer."""

    bid_size: int
    bid_exchange: int
    """A number of `thetatrio.codes.EXCHANGES`, as `ask_exchange`."""
    bid: float
    bid_condition: int
    ask_size: int
    ask_exchange: int
    ask: float
    ask_condition: int


@final
class Trade(Event, frozen=True, kw_only=True, gc=False):
    """A print."""

    sequence: int
    """A signed 32-bit counter of the exchange; negative ones are ordinary."""
    size: int
    condition: int
    price: float
    exchange: int


@final
class Ohlc(Event, frozen=True, kw_only=True, gc=False):
    """The day's bar so far, sent beside trades and index prices."""

    open: float
    high: float
    low: float
    close: float
    volume: int
    count: int
    """Trades of the day; for an index, its calculations."""


@final
class Price(Event, frozen=True, kw_only=True, gc=False):
    """An index's price, sent when it changes, about once a second at most.

    The wire calls it a trade; of one, only the price and the time mean anything here.
    """

    price: float


@final
class MarketValue(Event, frozen=True, kw_only=True, gc=False):
    """What the vendor takes something to be worth (v3 terminals)."""

    market_bid: float
    market_ask: float
    market_price: float


@final
class JoinedTrade(msgspec.Struct, frozen=True, gc=False):
    """A trade of the full stream with what the terminal sent before it."""

    trade: Trade
    quote: Quote | None
    """The contract's last quote at that time; None where none was seen yet."""
    bar: Ohlc | None
    """The contract's bar of the day; None where none was seen yet."""

    @property
    def contract(self) -> Contract:
        """What was traded."""
        return self.trade.contract

    @property
    def timestamp(self) -> dt.datetime:
        """When it was traded."""
        return self.trade.timestamp


@final
class Following(msgspec.Struct, frozen=True, gc=False):
    """One of the quotes that follow an option's trade in the full stream."""

    trade: Trade
    quote: Quote
    index: int
    """1 for the first after the trade, 2 for the second."""

    @property
    def contract(self) -> Contract:
        """What was quoted."""
        return self.quote.contract

    @property
    def timestamp(self) -> dt.datetime:
        """When it was quoted."""
        return self.quote.timestamp


StreamEvent: TypeAlias = Quote | Trade | Ohlc | Price | MarketValue | JoinedTrade | Following

FullTradeKind: TypeAlias = Literal["option", "stock"]
TopicKind: TypeAlias = Literal["quotes", "trades", "ohlc", "prices", "market_values", "full_trades"]

# Which contracts a kind of event exists for.
_ALLOWED: Final[dict[str, tuple[type, ...]]] = {
    "quotes": (Stock, Option),
    "trades": (Stock, Option),
    "ohlc": (Stock, Option, Index),
    "prices": (Index,),
    "market_values": (Stock, Option, Index),
}


@final
class Topic(Generic[E]):
    """What a feed is of: a kind of event, and the contracts it is wanted for.

        topics = Topic.quotes(spx, aapl), Topic.trades(aapl)
        async with session.stream.subscribe(*topics) as feed: ...

    Made by its methods. Equal topics are equal and hash equally. Raises
    InvalidRequest for what no terminal streams, such as trades of an index.
    """

    __slots__ = ("contracts", "joined", "kind", "security")
    kind: TopicKind
    contracts: tuple[Contract, ...]
    """Each once, in the order given; empty for the full trade stream."""
    security: FullTradeKind | None
    """Whose trades, for the full trade stream; None for others."""
    joined: bool
    """Whether trades of the full stream are joined with quotes and bars."""

    def __init__(
        self,
        kind: TopicKind,
        contracts: tuple[Contract, ...] = (),
        *,
        security: FullTradeKind | None = None,
        joined: bool = False,
    ) -> None:
        self.kind = kind
        self.security = security
        self.joined = joined
        given = cast("object", contracts)  # who checks no types may pass anything
        if not isinstance(given, Iterable):
            raise InvalidRequest(f"Topic: expected contracts in a tuple, got {given!r}")
        self.contracts = tuple(contracts)  # not a dict of them yet: lists do not hash
        self._check()
        self.contracts = tuple(dict.fromkeys(contracts))

    def _check(self) -> None:
        if self.kind not in get_args(TopicKind):
            kinds = ", ".join(get_args(TopicKind))
            raise InvalidRequest(f"{self.kind!r} is no kind of topic; there are {kinds}")
        if self.kind == "full_trades":
            if self.security not in get_args(FullTradeKind):
                raise InvalidRequest(
                    f"full trades: 'option' or 'stock', not {self.security!r};"
                    " indices have prices, and there is no stream of everything else"
                )
            if self.contracts:
                raise InvalidRequest("the full trade stream is of all contracts; name none")
            return
        allowed = _ALLOWED[self.kind]
        wrong = [each for each in self.contracts if not isinstance(each, allowed)]
        if wrong:
            names = " or ".join(kind.__name__ for kind in allowed)
            text = ", ".join(repr(each) for each in wrong[:5])
            first = cast("object", wrong[0])  # text, where nobody checks types
            hint = ""
            if any(isinstance(each, Index) for each in wrong):
                hint = "; an index has prices: Topic.prices, session.stream.prices"
            elif isinstance(first, (list, set, frozenset, dict)):
                hint = f"; give each contract as an argument of its own: {self.kind}(*contracts)"
            elif isinstance(first, str):
                hint = f"; write it as thetatrio.{allowed[0].__name__}({first!r})"
            raise InvalidRequest(
                f"{self.kind}: expected {names}, got {text}{hint}",
                problems=tuple(repr(each) for each in wrong),
            )

    @staticmethod
    def quotes(*contracts: Stock | Option) -> Topic[Quote]:
        """Return the topic of quotes of stocks and options."""
        return Topic("quotes", contracts)

    @staticmethod
    def trades(*contracts: Stock | Option) -> Topic[Trade]:
        """Return the topic of trades of stocks and options."""
        return Topic("trades", contracts)

    @staticmethod
    def ohlc(*contracts: Contract) -> Topic[Ohlc]:
        """Return the topic of bars, which the terminal sends beside trades and index prices."""
        return Topic("ohlc", contracts)

    @staticmethod
    def prices(*indices: Index) -> Topic[Price]:
        """Return the topic of prices of indices."""
        return Topic("prices", indices)

    @staticmethod
    def market_values(*contracts: Contract) -> Topic[MarketValue]:
        """Return the topic of market values (v3 terminals)."""
        return Topic("market_values", contracts)

    @staticmethod
    def full_trades(security: FullTradeKind) -> Topic[Trade | Quote | Ohlc]:
        """Return the topic of every trade of all options or stocks, as the terminal sends them."""
        return Topic("full_trades", security=security)

    @staticmethod
    def joined_trades(security: FullTradeKind) -> Topic[JoinedTrade | Following]:
        """Return the topic of every trade of all options or stocks, each with quote and bar."""
        return Topic("full_trades", security=security, joined=True)

    def _key(self) -> tuple[object, ...]:
        return self.kind, self.contracts, self.security, self.joined

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Topic):
            return NotImplemented
        return self._key() == cast("AnyTopic", other)._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> tuple[Callable[..., AnyTopic], tuple[object, ...]]:
        return _topic, self._key()

    def __repr__(self) -> str:
        if self.security is not None:
            name = "joined_trades" if self.joined else "full_trades"
            return f"Topic.{name}({self.security!r})"
        shown = ", ".join(repr(each) for each in self.contracts[:3])
        more = f", and {len(self.contracts) - 3} more" if len(self.contracts) > 3 else ""
        return f"Topic.{self.kind}({shown}{more})"


AnyTopic: TypeAlias = Topic[StreamEvent]


def _topic(
    kind: TopicKind,
    contracts: tuple[Contract, ...],
    security: FullTradeKind | None,
    joined: bool,  # noqa: FBT001
) -> AnyTopic:
    return Topic(kind, contracts, security=security, joined=joined)


class Lost(msgspec.Struct, frozen=True, kw_only=True, metaclass=ExplainedStruct):
    """The line is down from here on; a `Gap` says when data may flow again."""

    reason: str
    since: dt.datetime | None
    """Market time of the feed's last event before it, exclusive; None where it had none."""


class Gap(msgspec.Struct, frozen=True, kw_only=True, metaclass=ExplainedStruct):
    """Data is missing here: what was sent after `since` and before `until`, both exclusive.

    `session.requests_for(gap)` gives the requests that fetch it.
    """

    reason: str
    since: dt.datetime | None
    """Market time of the feed's last event before the cut; None where it had none."""
    until: dt.datetime
    """Market time of the first event after it, or of the terminal's renewed acknowledgement."""
    replayed: int
    """Events that the terminal repeated at this seam, told by `Replayed` and not delivered."""
    topics: tuple[AnyTopic, ...]
    """The subscriptions that it is of; those that came back later have a gap of their own."""


class Dropped(msgspec.Struct, frozen=True, kw_only=True, metaclass=ExplainedStruct):
    """Events were given up here because they were not read in time."""

    count: int
    since: dt.datetime | None
    """Market time of the first of them; None where it could not be read."""
    until: dt.datetime | None
    """Market time of the last of them."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True, metaclass=ExplainedStruct):
    """The terminal repeated events here after a reconnect; they were delivered before."""

    count: int


class Undecodable(msgspec.Struct, frozen=True, kw_only=True, metaclass=ExplainedStruct):
    """Frames arrived here that could not be read; whose they were is not known."""

    count: int
    first_bytes: bytes
    """The first 256 bytes of the first of them."""


Notice: TypeAlias = Lost | Gap | Dropped | Replayed | Undecodable
