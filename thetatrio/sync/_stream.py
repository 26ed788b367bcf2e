"""The stream of the blocking face: thin, typed, over the core's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, ClassVar, Generic, Literal, TypeVar, Unpack, final, overload

from thetatrio._calls import BlockingIterationOnly, ExplainedAttributes, explain_calls
from thetatrio._faces.on_threads import Block, Caller, FeedSide, Receiver
from thetatrio._stream import feed as native
from thetatrio._stream.buffer import FeedStatistics
from thetatrio._stream.states import StateChannel as NativeStates
from thetatrio._stream.states import StreamState, StreamStatistics
from thetatrio._stream.stream import FeedOptions
from thetatrio._stream.stream import Stream as NativeStream
from thetatrio.contracts import Contract, Index, Option, Stock
from thetatrio.events import (
    AnyTopic,
    Following,
    FullTradeKind,
    JoinedTrade,
    MarketValue,
    Notice,
    Ohlc,
    Price,
    Quote,
    StreamEvent,
    Topic,
    Trade,
)
from thetatrio.sync._channels import StateChannel

__all__ = ["Batches", "Feed", "FeedWithNotices", "Stream"]

A = TypeVar("A", bound=StreamEvent)
B = TypeVar("B", bound=StreamEvent)
C = TypeVar("C", bound=StreamEvent)
D = TypeVar("D", bound=StreamEvent)
E = TypeVar("E", bound=StreamEvent)


@final
class Feed(BlockingIterationOnly, Generic[E]):
    """Events of one subscription. Made by the methods of `session.stream`.

    `for event in feed` gives data only; what is missing is logged as a
    warning in its place, or raised with `on_loss="raise"`. `with_notices()`
    gives both. Several threads may read one feed; each event goes to one of them.

    A feed does not end by itself. Reading raises FeedClosed once its block has
    been left; SessionClosed with its session, and what is fatal to the stream
    (ReconnectGaveUp, ProtocolError, AuthenticationFailed), after the events that
    had arrived.
    """

    def __init__(self, caller: Caller, side: FeedSide[E]) -> None:
        self._caller = caller
        self._side = side

    @property
    def topics(self) -> tuple[AnyTopic, ...]:
        """What it is of now: one topic for each kind of event."""
        return self._side.feed.topics

    @property
    def refused(self) -> Mapping[Contract | str, str]:
        """The terminal's word for each contract it refused; `option` or `stock` for all trades."""
        return self._side.feed.refused

    def statistics(self) -> FeedStatistics:
        """Return how many events came, were read, were given up and wait."""
        return self._side.feed.statistics()

    def __repr__(self) -> str:
        return repr(self._side.feed)

    def receive(self, *, timeout: float | None = None) -> E:
        """Return the next event, waiting for it `timeout` seconds at most.

        Raises TimeoutError, SlowConsumer and GapError in their place where the
        feed was opened so, FeedClosed and what else ends a feed.
        """
        return self._side.next_event(timeout)

    def receive_nowait(self) -> E:
        """Return the next event if it has arrived. Raises WouldBlock if not, else as `receive`."""
        return self._side.receive_nowait(self._side.feed)

    def iterate(self, *, timeout: float | None = None) -> Iterator[E]:
        """Iterate until nothing has come for `timeout` seconds.

        for quote in feed.iterate(timeout=5):
            print(quote)
        """
        try:
            while True:
                yield self._side.next_event(timeout)
        except TimeoutError:
            return

    def __iter__(self) -> Feed[E]:
        return self

    def __next__(self) -> E:
        return self._side.next_event(None)

    def batches(self) -> Batches[E]:
        """Return a channel of lists: what arrived together, one event at least.

        The cheapest way to read. It reads from this feed; each event is given once.
        """
        return Batches(self._side)

    def with_notices(self) -> FeedWithNotices[E]:
        """Return a channel of events and notices, each notice in its place.

        It reads from this feed; each event is given once.
        """
        return FeedWithNotices(self._side)

    def add(self, *contracts: Contract | Topic[E]) -> None:
        """Subscribe to more contracts, and return once the terminal acknowledged.

        Args:
            contracts: for each kind of event this feed is of; or topics, which say of which.

        Raises InvalidRequest for what cannot be added, SubscriptionRefused and
        SubscriptionUnanswered as subscribing does; the feed stays as it was.
        """
        self._caller.ask(partial(self._side.near.add, *contracts))

    def remove(self, *contracts: Contract | Topic[E]) -> None:
        """Subscribe to less: of these contracts nothing that has not arrived will be given.

        Args:
            contracts: for each kind of event this feed is of; or topics, which say of which.
        """
        self._caller.portal.peek(partial(self._side.near.remove, *contracts))


@final
class Batches(BlockingIterationOnly, Generic[E]):
    """Lists of a feed's events. Made by `feed.batches()`."""

    def __init__(self, side: FeedSide[E]) -> None:
        self._side = side
        self._polled: native.Batches[E] = side.feed.batches()

    def receive(self, *, timeout: float | None = None) -> list[E]:
        """Return what has arrived together, waiting for one event at least; errors as the feed."""
        return self._side.receive(self._polled, timeout)

    def receive_nowait(self) -> list[E]:
        """Return what has arrived together. Raises WouldBlock where nothing has."""
        return self._side.receive_nowait(self._polled)

    def iterate(self, *, timeout: float | None = None) -> Iterator[list[E]]:
        """Iterate until nothing has come for `timeout` seconds."""
        try:
            while True:
                yield self._side.receive(self._polled, timeout)
        except TimeoutError:
            return

    def __iter__(self) -> Batches[E]:
        return self

    def __next__(self) -> list[E]:
        return self._side.receive(self._polled, None)


@final
class FeedWithNotices(BlockingIterationOnly, Generic[E]):
    """A feed's events and notices, in order. Made by `feed.with_notices()`."""

    def __init__(self, side: FeedSide[E]) -> None:
        self._side = side
        self._polled: native.FeedWithNotices[E] = side.feed.with_notices()

    def receive(self, *, timeout: float | None = None) -> E | Notice:
        """Return the next event or notice, waiting for it.

        Raises TimeoutError, SlowConsumer in place of Dropped with
        `overflow="raise"`, FeedClosed and what else ends a feed.
        """
        return self._side.receive(self._polled, timeout)

    def receive_nowait(self) -> E | Notice:
        """Return the next event or notice if there is one. Raises WouldBlock if not."""
        return self._side.receive_nowait(self._polled)

    def iterate(self, *, timeout: float | None = None) -> Iterator[E | Notice]:
        """Iterate until nothing has come for `timeout` seconds."""
        try:
            while True:
                yield self._side.receive(self._polled, timeout)
        except TimeoutError:
            return

    def __iter__(self) -> FeedWithNotices[E]:
        return self

    def __next__(self) -> E | Notice:
        return self._side.receive(self._polled, None)


@final
@explain_calls("session.stream", "opening a session: session.stream")
class Stream(ExplainedAttributes):
    """Live data: `session.stream`. One WebSocket carries all feeds; it opens with the first."""

    _called: ClassVar[str] = "session.stream"

    def __init__(self, caller: Caller, stream: NativeStream) -> None:
        self._caller = caller
        self._native = stream

    def quotes(
        self, *contracts: Stock | Option, **options: Unpack[FeedOptions]
    ) -> AbstractContextManager[Feed[Quote]]:
        """Subscribe to quotes of stocks and options; open a feed of them.

        Returns once the terminal acknowledged all of them. Tier: standard.
        Leaving the block unsubscribes.

        Args:
            contracts: each a `Stock` or an `Option`; more may be added while it runs.
            options: see `FeedOptions`.

        Raises InvalidRequest for other contracts, SubscriptionRefused,
        SubscriptionUnanswered, and ConnectError and others where the stream
        cannot be opened.

            with session.stream.quotes(thetatrio.Stock("AAPL")) as quotes:
                quote = quotes.receive(timeout=5)
                print(quote.contract, quote.bid, quote.ask, quote.timestamp)
        """
        return self._open(partial(self._native.quotes, *contracts, **options))

    def trades(
        self, *contracts: Stock | Option, **options: Unpack[FeedOptions]
    ) -> AbstractContextManager[Feed[Trade]]:
        """Subscribe to trades of stocks and options; open a feed of them.

        Args:
            contracts: each a `Stock` or an `Option`; more may be added while it runs.
            options: see `FeedOptions`; `overflow` is `raise` by default.

        Raises as `quotes` does. Tier: standard.
        """
        return self._open(partial(self._native.trades, *contracts, **options))

    def ohlc(
        self, *contracts: Contract, **options: Unpack[FeedOptions]
    ) -> AbstractContextManager[Feed[Ohlc]]:
        """Subscribe to the day's bar of contracts, as it changes; open a feed of them.

        Args:
            contracts: stocks, options and indices.
            options: see `FeedOptions`.

        Raises as `quotes` does. Tier: standard.
        """
        return self._open(partial(self._native.ohlc, *contracts, **options))

    def prices(
        self, *indices: Index, **options: Unpack[FeedOptions]
    ) -> AbstractContextManager[Feed[Price]]:
        """Subscribe to prices of indices; open a feed of them.

        Args:
            indices: each an `Index`.
            options: see `FeedOptions`.

        Raises as `quotes` does. Tier: standard.
        """
        return self._open(partial(self._native.prices, *indices, **options))

    def market_values(
        self, *contracts: Contract, **options: Unpack[FeedOptions]
    ) -> AbstractContextManager[Feed[MarketValue]]:
        """Subscribe to market values; open a feed of them.

        Args:
            contracts: indices, stocks and options.
            options: see `FeedOptions`.

        Raises as `quotes` does. v3 terminals; others refuse it or say nothing.
        """
        return self._open(partial(self._native.market_values, *contracts, **options))

    @overload
    def full_trades(
        self,
        security: FullTradeKind,
        *,
        joined: Literal[True] = True,
        **options: Unpack[FeedOptions],
    ) -> AbstractContextManager[Feed[JoinedTrade | Following]]: ...
    @overload
    def full_trades(
        self, security: FullTradeKind, *, joined: Literal[False], **options: Unpack[FeedOptions]
    ) -> AbstractContextManager[Feed[Trade | Quote | Ohlc]]: ...
    def full_trades(
        self, security: FullTradeKind, *, joined: bool = True, **options: Unpack[FeedOptions]
    ) -> AbstractContextManager[Feed[Any]]:
        """Subscribe to every trade of all options, or of all stocks; open a feed of them.

        Args:
            security: `option` or `stock`.
            joined: give a `JoinedTrade` at each trade, with its quote and bar,
                and the quotes after it as `Following`; False gives quotes, bars
                and trades as they come, of other subscriptions too.
            options: see `FeedOptions`; `overflow` is `raise` by default.

        Raises as `quotes` does. Tier: pro.
        """
        opening: Any = self._native.full_trades
        return self._open(partial(opening, security, joined=joined, **options))

    @overload
    def subscribe(
        self, a: Topic[A], /, **options: Unpack[FeedOptions]
    ) -> AbstractContextManager[Feed[A]]: ...
    @overload
    def subscribe(
        self, a: Topic[A], b: Topic[B], /, **options: Unpack[FeedOptions]
    ) -> AbstractContextManager[Feed[A | B]]: ...
    @overload
    def subscribe(
        self, a: Topic[A], b: Topic[B], c: Topic[C], /, **options: Unpack[FeedOptions]
    ) -> AbstractContextManager[Feed[A | B | C]]: ...
    @overload
    def subscribe(
        self, a: Topic[A], b: Topic[B], c: Topic[C], d: Topic[D], /, **options: Unpack[FeedOptions]
    ) -> AbstractContextManager[Feed[A | B | C | D]]: ...
    @overload
    def subscribe(
        self, *topics: AnyTopic, **options: Unpack[FeedOptions]
    ) -> AbstractContextManager[Feed[StreamEvent]]: ...
    def subscribe(
        self, *topics: AnyTopic, **options: Unpack[FeedOptions]
    ) -> AbstractContextManager[Feed[Any]]:
        """Subscribe to events of several kinds; open one feed of them, in order of arrival.

        Args:
            topics: such as `Topic.quotes(...)` and `Topic.trades(...)`.
            options: see `FeedOptions`; `overflow` is `raise` by default if trades are among them.

        Raises as `quotes` does.

            aapl = thetatrio.Stock("AAPL")
            topics = thetatrio.Topic.quotes(aapl), thetatrio.Topic.trades(aapl)
            with session.stream.subscribe(*topics) as feed:
                print(feed.receive(timeout=5))
        """
        opening: Any = self._native.subscribe
        return self._open(partial(opening, *topics, **options))

    def states(self) -> AbstractContextManager[StateChannel[StreamState]]:
        """Open a channel of the connection's states, the present one first.

        It does not connect; subscribing does.

            with session.stream.states() as states:
                print(states.receive().name)
        """

        def dress(states: NativeStates) -> StateChannel[StreamState]:
            return StateChannel(
                Receiver(self._caller, states.receive).receive,
                partial(self._caller.portal.peek, states.receive_nowait),
                self._caller.owner,
            )

        return Block(self._caller, self._native.states, dress)

    def statistics(self) -> StreamStatistics:
        """Return counts of connections, messages, feeds and subscriptions."""
        return self._caller.portal.peek(self._native.statistics)

    def _open(self, opening: partial[Any]) -> AbstractContextManager[Feed[Any]]:
        return Block(self._caller, opening, partial(Feed[Any], self._caller))
