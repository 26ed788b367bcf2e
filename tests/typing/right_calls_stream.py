"""The stream, in every way of subscribing and reading: what a type checker must know of it.

Checked by mypy and pyright, never run.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import assert_never, assert_type

from thetatrio import (
    Batches,
    Contract,
    Dropped,
    Feed,
    FeedOptions,
    FeedStatistics,
    FeedWithNotices,
    Following,
    Gap,
    GapError,
    Index,
    Lost,
    Notice,
    Option,
    Replayed,
    Session,
    SlowConsumer,
    StateChannel,
    Stock,
    Stream,
    StreamEvent,
    StreamState,
    StreamStatistics,
    SubscriptionRefused,
    SubscriptionUnanswered,
    Topic,
    Undecodable,
    requests,
    rows,
)
from thetatrio.events import (
    AnyTopic,
    FullTradeKind,
    JoinedTrade,
    MarketValue,
    Ohlc,
    Price,
    Quote,
    TopicKind,
    Trade,
)

AAPL = Stock("AAPL")
SPX = Index("SPX")
CALL = Option("SPXW", dt.date(2024, 3, 15), 4800, "C")
OPTIONS: FeedOptions = {"buffer": 10, "overflow": "latest", "on_loss": "raise"}


async def quotes(session: Session) -> None:
    assert_type(session.stream, Stream)
    async with session.stream.quotes(AAPL, CALL) as feed:
        assert_type(feed, Feed[Quote])
        assert_type(await feed.receive(), Quote)
        assert_type(feed.receive_nowait(), Quote)
        async for quote in feed:
            assert_type(quote, Quote)
            assert_type(quote.contract, Contract)
            assert_type(quote.timestamp, dt.datetime)
            assert_type(quote.date, dt.date)
            assert_type(quote.bid, float)
            assert_type(quote.bid_size, int)
            assert_type(quote.ms_of_day, int)
        assert_type(feed.batches(), Batches[Quote])
        assert_type(await feed.batches().receive(), list[Quote])
        assert_type(feed.batches().receive_nowait(), list[Quote])
        async for batch in feed.batches():
            assert_type(batch, list[Quote])
        assert_type(feed.topics, tuple[AnyTopic, ...])
        assert_type(feed.refused, Mapping[Contract | str, str])
        assert_type(feed.statistics(), FeedStatistics)
        assert_type(feed.statistics().waiting, int)


async def notices(session: Session) -> None:
    async with session.stream.quotes(AAPL) as feed:
        entries = feed.with_notices()
        assert_type(entries, FeedWithNotices[Quote])
        assert_type(await entries.receive(), Quote | Notice)
        assert_type(entries.receive_nowait(), Quote | Notice)
        async for entry in entries:
            match entry:
                case Quote():
                    assert_type(entry, Quote)
                case Gap():
                    assert_type(entry.since, dt.datetime | None)
                    assert_type(entry.until, dt.datetime)
                    assert_type(entry.topics, tuple[AnyTopic, ...])
                    assert_type(entry.replayed, int)
                case Lost():
                    assert_type(entry.since, dt.datetime | None)
                case Dropped():
                    assert_type(entry.until, dt.datetime | None)
                case Replayed():
                    assert_type(entry.count, int)
                case Undecodable():
                    assert_type(entry.first_bytes, bytes)
                case _:
                    assert_never(entry)


async def other_kinds(session: Session) -> None:
    async with session.stream.trades(AAPL, CALL) as trades:
        assert_type(trades, Feed[Trade])
        assert_type(await trades.receive(), Trade)
        async for trade in trades:
            assert_type(trade.sequence, int)
    async with session.stream.ohlc(AAPL, CALL, SPX) as bars:
        assert_type(bars, Feed[Ohlc])
        assert_type((await bars.receive()).close, float)
    async with session.stream.prices(SPX) as prices:
        assert_type(prices, Feed[Price])
        assert_type((await prices.receive()).price, float)
    async with session.stream.market_values(SPX, AAPL, CALL) as values:
        assert_type(values, Feed[MarketValue])
        assert_type((await values.receive()).market_price, float)


async def full_trades(session: Session, security: FullTradeKind) -> None:
    async with session.stream.full_trades("option") as joined:
        assert_type(joined, Feed[JoinedTrade | Following])
        async for event in joined:
            match event:
                case JoinedTrade():
                    assert_type(event.trade, Trade)
                    assert_type(event.quote, Quote | None)
                    assert_type(event.bar, Ohlc | None)
                    assert_type(event.contract, Contract)
                case Following():
                    assert_type(event.quote, Quote)
                    assert_type(event.index, int)
                case _:
                    assert_never(event)
        assert_type(await joined.batches().receive(), list[JoinedTrade | Following])
    async with session.stream.full_trades(security, joined=True, buffer=10) as again:
        assert_type(again, Feed[JoinedTrade | Following])
    async with session.stream.full_trades("stock", joined=False) as apart:
        assert_type(apart, Feed[Trade | Quote | Ohlc])
        assert_type(await apart.receive(), Trade | Quote | Ohlc)


async def several_topics(session: Session, kind: TopicKind) -> None:
    stream = session.stream
    assert_type(Topic.quotes(AAPL, CALL), Topic[Quote])
    assert_type(Topic.trades(AAPL), Topic[Trade])
    assert_type(Topic.ohlc(SPX), Topic[Ohlc])
    assert_type(Topic.prices(SPX), Topic[Price])
    assert_type(Topic.market_values(SPX), Topic[MarketValue])
    assert_type(Topic.full_trades("stock"), Topic[Trade | Quote | Ohlc])
    assert_type(Topic.joined_trades("option"), Topic[JoinedTrade | Following])
    quotes, trades, bars = Topic.quotes(AAPL), Topic.trades(AAPL), Topic.ohlc(AAPL)
    prices, values = Topic.prices(SPX), Topic.market_values(SPX)
    async with stream.subscribe(quotes) as one:
        assert_type(one, Feed[Quote])
    async with stream.subscribe(quotes, trades) as two:
        assert_type(two, Feed[Quote | Trade])
        assert_type(await two.receive(), Quote | Trade)
        async for event in two:
            assert_type(event, Quote | Trade)
        await two.add(Topic.trades(CALL))
        await two.add(Topic.quotes(CALL), Topic.trades(CALL), CALL)
        two.remove(Topic.trades(AAPL), AAPL)
    async with stream.subscribe(quotes, trades, bars) as three:
        assert_type(three, Feed[Quote | Trade | Ohlc])
    async with stream.subscribe(quotes, trades, bars, prices, overflow="block") as four:
        assert_type(four, Feed[Quote | Trade | Ohlc | Price])
        assert_type(await four.batches().receive(), list[Quote | Trade | Ohlc | Price])
    async with stream.subscribe(quotes, trades, bars, prices, values) as five:
        assert_type(five, Feed[StreamEvent])
    topics: list[AnyTopic] = [quotes, trades, Topic(kind, (AAPL,))]
    async with stream.subscribe(*topics) as any_number:
        assert_type(any_number, Feed[StreamEvent])


async def options(session: Session) -> None:
    async with session.stream.quotes(AAPL, **OPTIONS) as feed:
        assert_type(feed, Feed[Quote])
    async with session.stream.trades(
        AAPL, buffer=1, overflow="raise", on_loss="log", partial=True, unanswered="accept"
    ) as trades:
        await trades.add(CALL, AAPL)
        trades.remove(CALL)
        try:
            await trades.receive()
        except GapError as error:
            assert_type(error.notice, Notice | None)
        except SlowConsumer as error:
            assert_type(error.count, int)
        except SubscriptionRefused as error:
            assert_type(error.refused, Mapping[Contract | str, str])
        except SubscriptionUnanswered as error:
            assert_type(error.contracts, tuple[Contract | str, ...])


async def gaps(session: Session, gap: Gap) -> None:
    found = session.requests_for(gap)
    assert_type(found, list[requests.Request[rows.Row]])
    for request in session.requests_for(gap, inclusive=True):
        assert_type(await session.query(request), list[rows.Row])


async def states(session: Session) -> None:
    async with session.stream.states() as channel:
        assert_type(channel, StateChannel)
        assert_type(await channel.receive(), StreamState)
        assert_type(channel.receive_nowait(), StreamState)
        async for state in channel:
            assert_type(state.attempt, int)
            assert_type(state.delay, float)
    assert_type(session.stream.statistics(), StreamStatistics)
    assert_type(session.stream.statistics().state, StreamState)
    assert_type(session.stream.statistics().unknown, dict[str, int])
