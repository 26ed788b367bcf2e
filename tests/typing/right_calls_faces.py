"""The other ways of taking what the faces give: what a type checker must know of them.

Checked by mypy and pyright, never run.
"""

# pyarrow says nothing of its types, so what is one of them is unknown to pyright.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import assert_type

import polars as pl

from thetatrio import (
    FeedStatistics,
    Notice,
    Option,
    OptionChain,
    Plan,
    Stock,
    StreamState,
    Topic,
    aio,
    download,
    rows,
    sync,
)
from thetatrio.events import Following, JoinedTrade, Ohlc, Quote, Trade
from thetatrio.testing import aio as testing_aio
from thetatrio.testing import sync as testing_sync

AAPL = Stock("AAPL")


async def tasks(session: aio.Session) -> None:
    task = asyncio.create_task(session.stock.list_symbols())
    assert_type(await task, list[rows.Symbol])
    async with asyncio.TaskGroup() as group:
        two = group.create_task(session.stock.snapshot_quote("AAPL"))
    assert_type(two.result(), list[rows.StockQuote])
    assert_type(await asyncio.wait_for(session.stock.list_symbols(), 1), list[rows.Symbol])
    async with session.stream.quotes(AAPL) as feed:
        assert_type(feed, aio.Feed[Quote])
        async for quote in feed:
            assert_type(quote, Quote)


def queries(session: sync.Session) -> None:
    query = session.stock.list_symbols()
    assert_type(list(query), list[rows.Symbol])
    assert_type(query.plan(), Plan[rows.Symbol])
    with query.rows() as channel:
        assert_type(channel, sync.RowChannel[rows.Symbol])
        assert_type(channel.receive(timeout=1), rows.Symbol)
        assert_type(channel.receive_nowait(), rows.Symbol)
        for row in channel:
            assert_type(row, rows.Symbol)
    with query.batches() as batches:
        assert_type(batches, sync.BatchChannel[rows.Symbol])
        for batch in batches:
            assert_type(batch, list[rows.Symbol])
    assert_type(query.polars(), pl.DataFrame)
    with query.frames() as frames:
        assert_type(frames.receive(), pl.DataFrame)
    assert_type(query.save("x.csv"), int)
    both = session.gather(query, session.stock.snapshot_quote("AAPL"))
    assert_type(both, tuple[list[rows.Symbol], list[rows.StockQuote]])
    with session.as_completed([query]) as done:
        for asked, found in done:
            assert_type(asked, sync.Query[rows.Symbol])
            assert_type(found, list[rows.Symbol])
    assert_type(session.chain("SPY", expiration="2024-11-15"), OptionChain)
    with session.option.flat_file_eod(date="2024-11-04").chunks() as chunks:
        assert_type(chunks.receive(), bytes)


def downloads(session: sync.Session) -> None:
    work = session.download(session.stock.history_eod("A", start_date="x", end_date="y"), "to")
    assert_type(work.run(), download.DownloadReport)
    assert_type(work.progress(), download.DownloadProgress)
    with work.events() as events:
        for event in events:
            assert_type(event, download.PartBegun | download.PartEnded)


def feeds(session: sync.Session, call: Option) -> None:
    with session.stream.quotes(AAPL, call, buffer=10) as feed:
        assert_type(feed, sync.Feed[Quote])
        assert_type(feed.receive(timeout=1), Quote)
        assert_type(feed.receive_nowait(), Quote)
        assert_type(feed.iterate(timeout=1), Iterator[Quote])
        assert_type(feed.batches().receive(timeout=1), list[Quote])
        assert_type(feed.with_notices().receive(), Quote | Notice)
        assert_type(feed.statistics(), FeedStatistics)
        for quote in feed:
            assert_type(quote, Quote)
    with session.stream.subscribe(Topic.quotes(AAPL), Topic.trades(AAPL)) as both:
        assert_type(both, sync.Feed[Quote | Trade])
    with session.stream.full_trades("option") as joined:
        assert_type(joined, sync.Feed[JoinedTrade | Following])
    with session.stream.full_trades("stock", joined=False) as apart:
        assert_type(apart, sync.Feed[Trade | Quote | Ohlc])
    with session.stream.states() as states:
        assert_type(states.receive(), StreamState)


async def terminals() -> None:
    with testing_sync.open_terminal(seed=7) as blocking:
        assert_type(blocking, testing_sync.SyncTerminal)
        assert_type(blocking.call(lambda it: it.seed), int)
    async with testing_aio.open_terminal(seed=7) as terminal:
        assert_type(terminal, testing_aio.AsyncTerminal)
        assert_type(terminal.call(lambda it: it.seed), int)
