"""Every operation, in every way of taking its rows: what a type checker must know of them.

Checked by mypy and pyright, never run.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import assert_type

import trio

import thetatrio
from thetatrio import (
    BatchChannel,
    CompletedChannel,
    Config,
    LimiterStatistics,
    Option,
    Plan,
    Query,
    RawAnswer,
    RowChannel,
    Session,
    TerminalStatus,
    rows,
)
from thetatrio.requests import (
    CalendarYear,
    IndexHistoryPrice,
    OptionHistoryQuote,
    OptionHistoryTrade,
    OptionListContracts,
    OptionListExpirations,
    OptionSnapshotGreeksAll,
    Parameter,
    Request,
    StockHistoryEod,
    StockHistoryOhlc,
    StockListSymbols,
    StockSnapshotQuote,
    operations,
)

DAY = dt.date(2024, 11, 4)


async def opened() -> None:
    async with thetatrio.open_session() as session:
        assert_type(session, Session)
    async with thetatrio.open_session(Config(), tier="standard", row_format="csv") as session:
        assert_type(session.config, Config)
        assert_type(session.simulated, bool | None)
        assert_type(session.statistics(), LimiterStatistics)


async def stock_list_symbols(session: Session) -> None:
    query = session.stock.list_symbols()
    assert_type(query, Query[rows.Symbol])
    assert_type(query.request, Request[rows.Symbol])
    assert_type(query.plan(), Plan[rows.Symbol])
    assert_type(query.plan().requests, tuple[Request[rows.Symbol], ...])
    assert_type(await query, list[rows.Symbol])
    assert_type(await query.fetch(), list[rows.Symbol])
    async with query.rows() as channel:
        assert_type(channel, RowChannel[rows.Symbol])
        assert_type(await channel.receive(), rows.Symbol)
        assert_type(channel.receive_nowait(), rows.Symbol)
        assert_type(channel.batches(), BatchChannel[rows.Symbol])
        async for row in channel:
            assert_type(row, rows.Symbol)
    async with query.batches() as batches:
        assert_type(batches, BatchChannel[rows.Symbol])
        assert_type(await batches.receive(), list[rows.Symbol])
        async for batch in batches:
            assert_type(batch, list[rows.Symbol])


async def stock_snapshot_quote(session: Session) -> None:
    query = session.stock.snapshot_quote("AAPL")
    assert_type(query, Query[rows.StockQuote])
    assert_type(query.request, Request[rows.StockQuote])
    assert_type(query.plan(), Plan[rows.StockQuote])
    assert_type(query.plan().requests, tuple[Request[rows.StockQuote], ...])
    assert_type(await query, list[rows.StockQuote])
    assert_type(await query.fetch(), list[rows.StockQuote])
    async with query.rows() as channel:
        assert_type(channel, RowChannel[rows.StockQuote])
        assert_type(await channel.receive(), rows.StockQuote)
        assert_type(channel.receive_nowait(), rows.StockQuote)
        assert_type(channel.batches(), BatchChannel[rows.StockQuote])
        async for row in channel:
            assert_type(row, rows.StockQuote)
    async with query.batches() as batches:
        assert_type(batches, BatchChannel[rows.StockQuote])
        assert_type(await batches.receive(), list[rows.StockQuote])
        async for batch in batches:
            assert_type(batch, list[rows.StockQuote])


async def stock_history_eod(session: Session) -> None:
    query = session.stock.history_eod("AAPL", start_date=DAY, end_date=DAY)
    assert_type(query, Query[rows.Eod])
    assert_type(query.request, Request[rows.Eod])
    assert_type(query.plan(), Plan[rows.Eod])
    assert_type(query.plan().requests, tuple[Request[rows.Eod], ...])
    assert_type(await query, list[rows.Eod])
    assert_type(await query.fetch(), list[rows.Eod])
    async with query.rows() as channel:
        assert_type(channel, RowChannel[rows.Eod])
        assert_type(await channel.receive(), rows.Eod)
        assert_type(channel.receive_nowait(), rows.Eod)
        assert_type(channel.batches(), BatchChannel[rows.Eod])
        async for row in channel:
            assert_type(row, rows.Eod)
    async with query.batches() as batches:
        assert_type(batches, BatchChannel[rows.Eod])
        assert_type(await batches.receive(), list[rows.Eod])
        async for batch in batches:
            assert_type(batch, list[rows.Eod])


async def stock_history_ohlc(session: Session) -> None:
    query = session.stock.history_ohlc("AAPL", date=DAY)
    assert_type(query, Query[rows.Ohlc])
    assert_type(query.request, Request[rows.Ohlc])
    assert_type(query.plan(), Plan[rows.Ohlc])
    assert_type(query.plan().requests, tuple[Request[rows.Ohlc], ...])
    assert_type(await query, list[rows.Ohlc])
    assert_type(await query.fetch(), list[rows.Ohlc])
    async with query.rows() as channel:
        assert_type(channel, RowChannel[rows.Ohlc])
        assert_type(await channel.receive(), rows.Ohlc)
        assert_type(channel.receive_nowait(), rows.Ohlc)
        assert_type(channel.batches(), BatchChannel[rows.Ohlc])
        async for row in channel:
            assert_type(row, rows.Ohlc)
    async with query.batches() as batches:
        assert_type(batches, BatchChannel[rows.Ohlc])
        assert_type(await batches.receive(), list[rows.Ohlc])
        async for batch in batches:
            assert_type(batch, list[rows.Ohlc])


async def option_list_expirations(session: Session) -> None:
    query = session.option.list_expirations("SPY")
    assert_type(query, Query[rows.Expiration])
    assert_type(query.request, Request[rows.Expiration])
    assert_type(query.plan(), Plan[rows.Expiration])
    assert_type(query.plan().requests, tuple[Request[rows.Expiration], ...])
    assert_type(await query, list[rows.Expiration])
    assert_type(await query.fetch(), list[rows.Expiration])
    async with query.rows() as channel:
        assert_type(channel, RowChannel[rows.Expiration])
        assert_type(await channel.receive(), rows.Expiration)
        assert_type(channel.receive_nowait(), rows.Expiration)
        assert_type(channel.batches(), BatchChannel[rows.Expiration])
        async for row in channel:
            assert_type(row, rows.Expiration)
    async with query.batches() as batches:
        assert_type(batches, BatchChannel[rows.Expiration])
        assert_type(await batches.receive(), list[rows.Expiration])
        async for batch in batches:
            assert_type(batch, list[rows.Expiration])


async def option_list_contracts(session: Session) -> None:
    query = session.option.list_contracts("SPY", request_type="quote", date=DAY)
    assert_type(query, Query[rows.ListedContract])
    assert_type(query.request, Request[rows.ListedContract])
    assert_type(query.plan(), Plan[rows.ListedContract])
    assert_type(query.plan().requests, tuple[Request[rows.ListedContract], ...])
    assert_type(await query, list[rows.ListedContract])
    assert_type(await query.fetch(), list[rows.ListedContract])
    async with query.rows() as channel:
        assert_type(channel, RowChannel[rows.ListedContract])
        assert_type(await channel.receive(), rows.ListedContract)
        assert_type(channel.receive_nowait(), rows.ListedContract)
        assert_type(channel.batches(), BatchChannel[rows.ListedContract])
        async for row in channel:
            assert_type(row, rows.ListedContract)
    async with query.batches() as batches:
        assert_type(batches, BatchChannel[rows.ListedContract])
        assert_type(await batches.receive(), list[rows.ListedContract])
        async for batch in batches:
            assert_type(batch, list[rows.ListedContract])


async def option_snapshot_greeks_all(session: Session) -> None:
    query = session.option.snapshot_greeks_all("SPY", expiration=DAY)
    assert_type(query, Query[rows.OptionGreeks])
    assert_type(query.request, Request[rows.OptionGreeks])
    assert_type(query.plan(), Plan[rows.OptionGreeks])
    assert_type(query.plan().requests, tuple[Request[rows.OptionGreeks], ...])
    assert_type(await query, list[rows.OptionGreeks])
    assert_type(await query.fetch(), list[rows.OptionGreeks])
    async with query.rows() as channel:
        assert_type(channel, RowChannel[rows.OptionGreeks])
        assert_type(await channel.receive(), rows.OptionGreeks)
        assert_type(channel.receive_nowait(), rows.OptionGreeks)
        assert_type(channel.batches(), BatchChannel[rows.OptionGreeks])
        async for row in channel:
            assert_type(row, rows.OptionGreeks)
    async with query.batches() as batches:
        assert_type(batches, BatchChannel[rows.OptionGreeks])
        assert_type(await batches.receive(), list[rows.OptionGreeks])
        async for batch in batches:
            assert_type(batch, list[rows.OptionGreeks])


async def option_history_trade(session: Session) -> None:
    query = session.option.history_trade("SPY", expiration=DAY, date=DAY)
    assert_type(query, Query[rows.OptionTrade])
    assert_type(query.request, Request[rows.OptionTrade])
    assert_type(query.plan(), Plan[rows.OptionTrade])
    assert_type(query.plan().requests, tuple[Request[rows.OptionTrade], ...])
    assert_type(await query, list[rows.OptionTrade])
    assert_type(await query.fetch(), list[rows.OptionTrade])
    async with query.rows() as channel:
        assert_type(channel, RowChannel[rows.OptionTrade])
        assert_type(await channel.receive(), rows.OptionTrade)
        assert_type(channel.receive_nowait(), rows.OptionTrade)
        assert_type(channel.batches(), BatchChannel[rows.OptionTrade])
        async for row in channel:
            assert_type(row, rows.OptionTrade)
    async with query.batches() as batches:
        assert_type(batches, BatchChannel[rows.OptionTrade])
        assert_type(await batches.receive(), list[rows.OptionTrade])
        async for batch in batches:
            assert_type(batch, list[rows.OptionTrade])


async def option_history_quote(session: Session) -> None:
    query = session.option.history_quote("SPY", expiration=DAY, date=DAY)
    assert_type(query, Query[rows.OptionQuote])
    assert_type(query.request, Request[rows.OptionQuote])
    assert_type(query.plan(), Plan[rows.OptionQuote])
    assert_type(query.plan().requests, tuple[Request[rows.OptionQuote], ...])
    assert_type(await query, list[rows.OptionQuote])
    assert_type(await query.fetch(), list[rows.OptionQuote])
    async with query.rows() as channel:
        assert_type(channel, RowChannel[rows.OptionQuote])
        assert_type(await channel.receive(), rows.OptionQuote)
        assert_type(channel.receive_nowait(), rows.OptionQuote)
        assert_type(channel.batches(), BatchChannel[rows.OptionQuote])
        async for row in channel:
            assert_type(row, rows.OptionQuote)
    async with query.batches() as batches:
        assert_type(batches, BatchChannel[rows.OptionQuote])
        assert_type(await batches.receive(), list[rows.OptionQuote])
        async for batch in batches:
            assert_type(batch, list[rows.OptionQuote])


async def index_history_price(session: Session) -> None:
    query = session.index.history_price("SPX", date=DAY)
    assert_type(query, Query[rows.Price])
    assert_type(query.request, Request[rows.Price])
    assert_type(query.plan(), Plan[rows.Price])
    assert_type(query.plan().requests, tuple[Request[rows.Price], ...])
    assert_type(await query, list[rows.Price])
    assert_type(await query.fetch(), list[rows.Price])
    async with query.rows() as channel:
        assert_type(channel, RowChannel[rows.Price])
        assert_type(await channel.receive(), rows.Price)
        assert_type(channel.receive_nowait(), rows.Price)
        assert_type(channel.batches(), BatchChannel[rows.Price])
        async for row in channel:
            assert_type(row, rows.Price)
    async with query.batches() as batches:
        assert_type(batches, BatchChannel[rows.Price])
        assert_type(await batches.receive(), list[rows.Price])
        async for batch in batches:
            assert_type(batch, list[rows.Price])


async def calendar_year(session: Session) -> None:
    query = session.calendar.year(year=2024)
    assert_type(query, Query[rows.CalendarDay])
    assert_type(query.request, Request[rows.CalendarDay])
    assert_type(query.plan(), Plan[rows.CalendarDay])
    assert_type(query.plan().requests, tuple[Request[rows.CalendarDay], ...])
    assert_type(await query, list[rows.CalendarDay])
    assert_type(await query.fetch(), list[rows.CalendarDay])
    async with query.rows() as channel:
        assert_type(channel, RowChannel[rows.CalendarDay])
        assert_type(await channel.receive(), rows.CalendarDay)
        assert_type(channel.receive_nowait(), rows.CalendarDay)
        assert_type(channel.batches(), BatchChannel[rows.CalendarDay])
        async for row in channel:
            assert_type(row, rows.CalendarDay)
    async with query.batches() as batches:
        assert_type(batches, BatchChannel[rows.CalendarDay])
        assert_type(await batches.receive(), list[rows.CalendarDay])
        async for batch in batches:
            assert_type(batch, list[rows.CalendarDay])


async def every_spelling(session: Session) -> None:
    session.stock.history_ohlc("AAPL", date=DAY, interval="1m", venue="utp_cta")
    session.stock.history_ohlc(symbol="AAPL", date="2024-11-04", start_time="09:30")
    session.stock.history_ohlc(
        "AAPL", start_date="20241104", end_date=DAY, start_time=dt.time(9), end_time=dt.time(16)
    )
    session.stock.history_ohlc("AAPL", date=None, start_date=DAY, end_date=DAY)
    session.stock.snapshot_quote("AAPL,MSFT", min_time="10:00")
    session.stock.snapshot_quote(["AAPL", "MSFT"])
    session.stock.snapshot_quote(("AAPL", "MSFT"), venue="nqb")
    session.option.list_contracts(request_type="trade", date=DAY)
    session.option.list_contracts(None, request_type="trade", date=DAY, max_dte=0)
    session.option.list_contracts(["SPY", "QQQ"], request_type="quote", date="20241104")
    session.option.history_quote("SPY", expiration="*", date=DAY, strike=570, right="C")
    session.option.history_quote("SPY", expiration=DAY, date=DAY, strike=570.5, right="put")
    session.option.history_trade("SPY", expiration=DAY, date=DAY, strike="*", right="both")
    session.option.history_trade("SPY", expiration=DAY, date=DAY, strike=Decimal("1.5"))
    session.option.snapshot_greeks_all(
        "SPY", expiration="*", annual_dividend=0, rate_type="treasury_y10", rate_value=4.5,
        stock_price=Decimal(570), version="1", max_dte=7, strike_range=5, min_time=dt.time(10),
        use_market_value=True,
    )  # fmt: skip
    session.calendar.year(year="2024")


async def several(session: Session) -> None:
    symbols = session.stock.list_symbols()
    bars = session.stock.history_ohlc("AAPL", date=DAY)
    trades = session.option.history_trade("SPY", expiration="*", date=DAY)
    prices = session.index.history_price("SPX", date=DAY)
    days = session.calendar.year(year=2024)
    assert_type(await session.gather(symbols), tuple[list[rows.Symbol]])
    assert_type(await session.gather(symbols, bars), tuple[list[rows.Symbol], list[rows.Ohlc]])
    assert_type(
        await session.gather(symbols, bars, trades),
        tuple[list[rows.Symbol], list[rows.Ohlc], list[rows.OptionTrade]],
    )
    assert_type(
        await session.gather(symbols, bars, trades, prices),
        tuple[list[rows.Symbol], list[rows.Ohlc], list[rows.OptionTrade], list[rows.Price]],
    )
    assert_type(
        await session.gather(symbols, bars, trades, prices, days),
        tuple[
            list[rows.Symbol],
            list[rows.Ohlc],
            list[rows.OptionTrade],
            list[rows.Price],
            list[rows.CalendarDay],
        ],
    )
    found, ohlc = await session.gather(symbols, bars)
    assert_type(found[0].symbol, str)
    assert_type(ohlc[0].timestamp, dt.datetime)
    many = [session.stock.history_ohlc(symbol, date=DAY) for symbol in ("AAPL", "MSFT")]
    assert_type(many, list[Query[rows.Ohlc]])
    assert_type(await session.gather(*many), tuple[list[rows.Ohlc], ...])
    assert_type(
        await session.gather(bars, bars, bars, bars, bars, bars), tuple[list[rows.Ohlc], ...]
    )
    async with session.as_completed(many) as done:
        assert_type(done, CompletedChannel[rows.Ohlc])
        assert_type(await done.receive(), tuple[Query[rows.Ohlc], list[rows.Ohlc]])
        async for query, batch in done:
            assert_type(query, Query[rows.Ohlc])
            assert_type(query.request, Request[rows.Ohlc])
            assert_type(batch, list[rows.Ohlc])


async def in_tasks(session: Session) -> None:
    query = session.stock.list_symbols()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(query.fetch)
        nursery.start_soon(session.calendar.year(year=2024).fetch)
    assert_type(await query.save("symbols.csv"), int)
    assert_type(await query.save("symbols", format="ndjson"), int)


async def columns(session: Session) -> None:
    (quote, *_) = await session.option.history_quote("SPY", expiration=DAY, date=DAY)
    assert_type(quote.contract, Option)
    assert_type(quote.timestamp, dt.datetime)
    assert_type(quote.timestamp_ny, dt.datetime)
    assert_type(quote.bid, float)
    assert_type(quote.bid_size, int)
    assert_type(quote.strike, float)
    assert_type(quote.expiration, dt.date)
    (greeks, *_) = await session.option.snapshot_greeks_all("SPY", expiration=DAY)
    assert_type(greeks.lambda_, float)
    assert_type(greeks.underlying_timestamp, dt.datetime)
    (day, *_) = await session.calendar.year(year=2024)
    assert_type(day.open, dt.time | None)
    assert_type(day.date, dt.date)
    (report, *_) = await session.stock.history_eod("AAPL", start_date=DAY, end_date=DAY)
    assert_type(report.created, dt.datetime)


async def by_hand(session: Session) -> None:
    request = StockHistoryEod("AAPL", start_date=DAY, end_date="2024-11-08")
    assert_type(session.query(request), Query[rows.Eod])
    assert_type(await session.query(request), list[rows.Eod])
    assert_type(session.stock.bind(request), Query[rows.Eod])
    assert_type(request.date_range, tuple[dt.date, dt.date] | None)
    assert_type(request.is_settled(DAY), bool)
    assert_type(StockHistoryEod.row_type(), type[rows.Eod])
    assert_type(StockHistoryEod.parameters(), tuple[Parameter, ...])
    assert_type(operations()["stock_history_eod"], type[Request[rows.Row]])
    assert_type(await session.query(StockListSymbols()), list[rows.Symbol])
    assert_type(await session.query(StockSnapshotQuote("AAPL")), list[rows.StockQuote])
    assert_type(await session.query(StockHistoryOhlc("AAPL", date=DAY)), list[rows.Ohlc])
    assert_type(await session.query(OptionListExpirations("SPY")), list[rows.Expiration])
    assert_type(
        await session.query(OptionListContracts(request_type="quote", date=DAY)),
        list[rows.ListedContract],
    )
    assert_type(
        await session.query(OptionSnapshotGreeksAll("SPY", expiration=DAY)),
        list[rows.OptionGreeks],
    )
    assert_type(
        await session.query(OptionHistoryTrade("SPY", expiration=DAY, date=DAY)),
        list[rows.OptionTrade],
    )
    assert_type(
        await session.query(OptionHistoryQuote("SPY", expiration=DAY, date=DAY)),
        list[rows.OptionQuote],
    )
    assert_type(await session.query(IndexHistoryPrice("SPX", date=DAY)), list[rows.Price])
    assert_type(await session.query(CalendarYear(year=2024)), list[rows.CalendarDay])


async def untyped(session: Session) -> None:
    answer = await session.get("/v3/stock/list/symbols", {"format": "csv", "n": 1, "b": False})
    assert_type(answer, RawAnswer)
    assert_type(answer.status, int)
    assert_type(answer.content, bytes)
    assert_type(answer.text, str)
    assert_type(answer.json(), object)
    assert_type(answer.rows(), list[dict[str, object]])
    assert_type(await session.get("/v3/stock/list/symbols"), RawAnswer)


async def statuses(session: Session) -> None:
    assert_type(await session.terminal.mdds_status(), TerminalStatus)
    assert_type(await session.terminal.fpss_status(), TerminalStatus)
    await session.terminal.shutdown()
