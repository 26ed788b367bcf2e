"""`session.stream`: live data by subscription."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, ClassVar, Literal, TypedDict, TypeVar, Unpack, cast, final, overload

import trio

from thetatrio._calls import ExplainedAttributes, explain_calls, unknown_name
from thetatrio._stream.buffer import OnLoss, Overflow
from thetatrio._stream.feed import Feed
from thetatrio._stream.sockets import Sockets
from thetatrio._stream.states import StateChannel, StreamStatistics
from thetatrio._stream.subscribing import Unanswered
from thetatrio.contracts import Contract, Index, Option, Stock
from thetatrio.errors import InvalidRequest, WrongCall
from thetatrio.events import (
    AnyTopic,
    Following,
    FullTradeKind,
    JoinedTrade,
    MarketValue,
    Ohlc,
    Price,
    Quote,
    StreamEvent,
    Topic,
    Trade,
)

__all__ = ["FeedOptions", "Stream"]

A = TypeVar("A", bound=StreamEvent)
B = TypeVar("B", bound=StreamEvent)
C = TypeVar("C", bound=StreamEvent)
D = TypeVar("D", bound=StreamEvent)


class FeedOptions(TypedDict, total=False):
    """Keyword arguments of everything that opens a feed."""

    buffer: int
    """Events held for a reader that is behind; `Config.buffer`, 65,536, by default."""
    overflow: Overflow
    """What happens to more: `raise` drops the oldest and raises SlowConsumer in their place
    (the default for feeds with trades: a missing print is wrong volume), `drop_oldest` (the
    default for others), `drop_newest`, `latest` keeps the newest of each contract, `block`
    holds back the socket, hence every feed of the session and the answers to the terminal's
    pings, until there is room."""
    on_loss: OnLoss
    """How plain iteration tells of what is missing: `log` a warning, or `raise` GapError."""
    partial: bool
    """Go on with what the terminal accepted where it refuses some; see `feed.refused`."""
    unanswered: Unanswered
    """Where the terminal says nothing within `ack_timeout`: `raise`, or `accept` and go on."""


@final
@explain_calls("session.stream", "opening a session: session.stream")
class Stream(ExplainedAttributes):
    """Live data: `session.stream`. One WebSocket carries all feeds; it opens with the first.

    With `stream_api="gateway"` it is a gateway's stream (quotes and trades
    only, nothing is acknowledged), and `stream_sockets` says how many sockets there are.
    """

    _called: ClassVar[str] = "session.stream"

    def __init__(self, sockets: Sockets, buffer: int) -> None:
        self._sockets = sockets
        self._buffer = buffer

    @asynccontextmanager
    async def quotes(
        self, *contracts: Stock | Option, **options: Unpack[FeedOptions]
    ) -> AsyncGenerator[Feed[Quote], None]:
        """Subscribe to quotes of stocks and options; open a feed of them.

        Sends `{"msg_type": "STREAM", "req_type": "QUOTE", "add": true, ...}` for
        each contract and returns once the terminal acknowledged all of them.
        Tier: standard. Leaving the block unsubscribes.

        Args:
            contracts: each a `Stock` or an `Option`; more may be added while it runs.
            options: see `FeedOptions`.

        Raises InvalidRequest for other contracts, SubscriptionRefused,
        SubscriptionUnanswered, and ConnectError and others where the stream
        cannot be opened.

            async with session.stream.quotes(thetatrio.Stock("AAPL")) as quotes:
                quote = await quotes.receive()
                print(quote.contract, quote.bid, quote.ask, quote.timestamp)
        """
        async with self._open([Topic.quotes(*contracts)], options) as feed:
            yield feed

    @asynccontextmanager
    async def trades(
        self, *contracts: Stock | Option, **options: Unpack[FeedOptions]
    ) -> AsyncGenerator[Feed[Trade], None]:
        """Subscribe to trades of stocks and options; open a feed of them.

        Sends `{"msg_type": "STREAM", "req_type": "TRADE", "add": true, ...}` for
        each contract and returns once the terminal acknowledged all of them.
        Tier: standard. Leaving the block unsubscribes.

        Args:
            contracts: each a `Stock` or an `Option`; more may be added while it runs.
            options: see `FeedOptions`; `overflow` is `raise` by default.

        Raises as `quotes` does.

            async with session.stream.trades(thetatrio.Stock("AAPL")) as trades:
                trade = await trades.receive()
                print(trade.contract, trade.price, trade.size, trade.timestamp)
        """
        async with self._open([Topic.trades(*contracts)], options) as feed:
            yield feed

    @asynccontextmanager
    async def ohlc(
        self, *contracts: Contract, **options: Unpack[FeedOptions]
    ) -> AsyncGenerator[Feed[Ohlc], None]:
        """Subscribe to the day's bar of contracts, as it changes; open a feed of them.

        The terminal sends a bar beside trades and index prices, so that this
        sends `{"msg_type": "STREAM", "req_type": "TRADE", "add": true, ...}` for
        each contract. Tier: standard.

        Args:
            contracts: stocks, options and indices.
            options: see `FeedOptions`.

        Raises as `quotes` does.

            async with session.stream.ohlc(thetatrio.Stock("AAPL")) as bars:
                bar = await bars.receive()
                print(bar.contract, bar.open, bar.close, bar.volume)
        """
        async with self._open([Topic.ohlc(*contracts)], options) as feed:
            yield feed

    @asynccontextmanager
    async def prices(
        self, *indices: Index, **options: Unpack[FeedOptions]
    ) -> AsyncGenerator[Feed[Price], None]:
        """Subscribe to prices of indices; open a feed of them.

        Sends `{"msg_type": "STREAM", "sec_type": "INDEX", "req_type": "TRADE", ...}`
        for each index. Sent on change only, about once a second; the first of a
        day is usually that of 09:30:01. Tier: standard.

        Args:
            indices: each an `Index`.
            options: see `FeedOptions`.

        Raises as `quotes` does.

            async with session.stream.prices(thetatrio.Index("SPX")) as prices:
                print((await prices.receive()).price)
        """
        async with self._open([Topic.prices(*indices)], options) as feed:
            yield feed

    @asynccontextmanager
    async def market_values(
        self, *contracts: Contract, **options: Unpack[FeedOptions]
    ) -> AsyncGenerator[Feed[MarketValue], None]:
        """Subscribe to market values; open a feed of them.

        Sends `{"msg_type": "STREAM", "req_type": "MARKET_VALUE", "add": true, ...}`
        for each contract. v3 terminals; others refuse it or say nothing.

        Args:
            contracts: indices, stocks and options.
            options: see `FeedOptions`.

        Raises as `quotes` does.

            async with session.stream.market_values(thetatrio.Index("SPX")) as values:
                print((await values.receive()).market_price)
        """
        async with self._open([Topic.market_values(*contracts)], options) as feed:
            yield feed

    @overload
    def full_trades(
        self,
        security: FullTradeKind,
        *,
        joined: Literal[True] = True,
        **options: Unpack[FeedOptions],
    ) -> AbstractAsyncContextManager[Feed[JoinedTrade | Following]]: ...
    @overload
    def full_trades(
        self, security: FullTradeKind, *, joined: Literal[False], **options: Unpack[FeedOptions]
    ) -> AbstractAsyncContextManager[Feed[Trade | Quote | Ohlc]]: ...
    def full_trades(
        self, security: FullTradeKind, *, joined: bool = True, **options: Unpack[FeedOptions]
    ) -> AbstractAsyncContextManager[Feed[Any]]:
        """Subscribe to every trade of all options, or of all stocks; open a feed of them.

        Sends `{"msg_type": "STREAM_BULK", "req_type": "TRADE", "add": true, ...}`.
        Tier: pro. The terminal sends a contract's last quote and bar before
        each trade and, for options, the next two quotes after it.

        Args:
            security: `option` or `stock`.
            joined: give a `JoinedTrade` at each trade, with its quote and bar,
                and the quotes after it as `Following`; False gives quotes, bars
                and trades as they come, of other subscriptions too.
            options: see `FeedOptions`; `overflow` is `raise` by default.

        Raises as `quotes` does.

            async with session.stream.full_trades("option") as trades:
                print(await trades.receive())
        """
        topic = Topic.joined_trades(security) if joined else Topic.full_trades(security)
        return self._open([topic], options)

    @overload
    def subscribe(
        self, a: Topic[A], /, **options: Unpack[FeedOptions]
    ) -> AbstractAsyncContextManager[Feed[A]]: ...
    @overload
    def subscribe(
        self, a: Topic[A], b: Topic[B], /, **options: Unpack[FeedOptions]
    ) -> AbstractAsyncContextManager[Feed[A | B]]: ...
    @overload
    def subscribe(
        self, a: Topic[A], b: Topic[B], c: Topic[C], /, **options: Unpack[FeedOptions]
    ) -> AbstractAsyncContextManager[Feed[A | B | C]]: ...
    @overload
    def subscribe(
        self, a: Topic[A], b: Topic[B], c: Topic[C], d: Topic[D], /, **options: Unpack[FeedOptions]
    ) -> AbstractAsyncContextManager[Feed[A | B | C | D]]: ...
    @overload
    def subscribe(
        self, *topics: AnyTopic, **options: Unpack[FeedOptions]
    ) -> AbstractAsyncContextManager[Feed[StreamEvent]]: ...
    def subscribe(
        self, *topics: AnyTopic, **options: Unpack[FeedOptions]
    ) -> AbstractAsyncContextManager[Feed[Any]]:
        """Subscribe to events of several kinds; open one feed of them, in order of arrival.

        Sends what the topics' own methods send.

        Args:
            topics: such as `Topic.quotes(...)` and `Topic.trades(...)`.
            options: see `FeedOptions`; `overflow` is `raise` by default if trades are among them.

        Raises as `quotes` does.

            aapl = thetatrio.Stock("AAPL")
            topics = thetatrio.Topic.quotes(aapl), thetatrio.Topic.trades(aapl)
            async with session.stream.subscribe(*topics) as feed:
                print(await feed.receive())
        """
        return self._open(topics, options)

    @asynccontextmanager
    async def states(self) -> AsyncGenerator[StateChannel, None]:
        """Open a channel of the connection's states, the present one first.

        It does not connect; subscribing does.

            async with session.stream.states() as states:
                print((await states.receive()).name)
        """
        self._sockets.check_open()
        await trio.lowlevel.checkpoint()
        channel = self._sockets.open_states()
        try:
            yield channel
        finally:
            self._sockets.close_states(channel)

    def statistics(self) -> StreamStatistics:
        """Return counts of connections, messages, feeds and subscriptions."""
        return self._sockets.statistics()

    @asynccontextmanager
    async def _open(
        self, topics: Iterable[AnyTopic], options: FeedOptions
    ) -> AsyncGenerator[Feed[Any], None]:
        self._sockets.check_open()
        for name in options:
            known = FeedOptions.__annotations__
            if name not in known:
                raise WrongCall(f"a feed has no option {name!r}{unknown_name(name, known)}")
        given = list(topics)
        for topic in cast("list[object]", given):
            if not isinstance(topic, Topic):
                raise InvalidRequest(
                    f"subscribe: expected topics, each an argument of its own, such as"
                    f" Topic.quotes(Stock('AAPL')); got {topic!r}"
                )
        subscriber = self._sockets.subscriber(
            given,
            {
                "capacity": options.get("buffer", self._buffer),
                "overflow": options.get("overflow", _default_overflow(given)),
                "on_loss": options.get("on_loss", "log"),
                "partial": options.get("partial", False),
                "unanswered": options.get("unanswered", "raise"),
            },
        )
        subscriber.inbox.own(self._sockets.owner)
        feed: Feed[Any] = Feed(subscriber.inbox, subscriber)
        await trio.lowlevel.checkpoint()
        try:
            await subscriber.open()
            yield feed
        finally:
            subscriber.close()


def _default_overflow(topics: Iterable[AnyTopic]) -> Overflow:
    trades = any(topic.kind in ("trades", "full_trades") for topic in topics)
    return "raise" if trades else "drop_oldest"
