"""Every operation but those of Greeks and the first ones: what a type checker must know of it.

Checked by mypy and pyright, never run.
"""

from __future__ import annotations

import datetime as dt
from typing import assert_type

from thetatrio import ChunkChannel, FileQuery, Query, Session, rows
from thetatrio.requests import FlatFileRequest, Request, StockFlatFileEod

DAY = dt.date(2024, 11, 4)


async def stock(session: Session) -> None:
    list_dates = session.stock.list_dates("AAPL", request_type="trade")
    assert_type(list_dates, Query[rows.Date])
    assert_type(list_dates.request, Request[rows.Date])
    assert_type(await list_dates, list[rows.Date])
    snapshot_ohlc = session.stock.snapshot_ohlc("AAPL")
    assert_type(snapshot_ohlc, Query[rows.SnapshotOhlc])
    assert_type(snapshot_ohlc.request, Request[rows.SnapshotOhlc])
    assert_type(await snapshot_ohlc, list[rows.SnapshotOhlc])
    snapshot_trade = session.stock.snapshot_trade("AAPL")
    assert_type(snapshot_trade, Query[rows.StockTrade])
    assert_type(snapshot_trade.request, Request[rows.StockTrade])
    assert_type(await snapshot_trade, list[rows.StockTrade])
    snapshot_market_value = session.stock.snapshot_market_value("AAPL")
    assert_type(snapshot_market_value, Query[rows.MarketValue])
    assert_type(snapshot_market_value.request, Request[rows.MarketValue])
    assert_type(await snapshot_market_value, list[rows.MarketValue])
    history_trade = session.stock.history_trade("AAPL", date=DAY)
    assert_type(history_trade, Query[rows.Trade])
    assert_type(history_trade.request, Request[rows.Trade])
    assert_type(await history_trade, list[rows.Trade])
    history_quote = session.stock.history_quote("AAPL", date=DAY)
    assert_type(history_quote, Query[rows.Quote])
    assert_type(history_quote.request, Request[rows.Quote])
    assert_type(await history_quote, list[rows.Quote])
    history_trade_quote = session.stock.history_trade_quote("AAPL", date=DAY)
    assert_type(history_trade_quote, Query[rows.TradeQuote])
    assert_type(history_trade_quote.request, Request[rows.TradeQuote])
    assert_type(await history_trade_quote, list[rows.TradeQuote])
    at_time_trade = session.stock.at_time_trade(
        "AAPL", start_date=DAY, end_date=DAY, time_of_day="15:30"
    )
    assert_type(at_time_trade, Query[rows.Trade])
    assert_type(at_time_trade.request, Request[rows.Trade])
    assert_type(await at_time_trade, list[rows.Trade])
    at_time_quote = session.stock.at_time_quote(
        "AAPL", start_date=DAY, end_date=DAY, time_of_day="15:30"
    )
    assert_type(at_time_quote, Query[rows.Quote])
    assert_type(at_time_quote.request, Request[rows.Quote])
    assert_type(await at_time_quote, list[rows.Quote])


async def option_lists(session: Session) -> None:
    list_symbols = session.option.list_symbols()
    assert_type(list_symbols, Query[rows.Symbol])
    assert_type(list_symbols.request, Request[rows.Symbol])
    assert_type(await list_symbols, list[rows.Symbol])
    list_dates = session.option.list_dates("SPY", expiration="2024-11-15", request_type="quote")
    assert_type(list_dates, Query[rows.Date])
    assert_type(list_dates.request, Request[rows.Date])
    assert_type(await list_dates, list[rows.Date])
    list_strikes = session.option.list_strikes("SPY", expiration="2024-11-15")
    assert_type(list_strikes, Query[rows.Strike])
    assert_type(list_strikes.request, Request[rows.Strike])
    assert_type(await list_strikes, list[rows.Strike])


async def option_snapshots(session: Session) -> None:
    snapshot_ohlc = session.option.snapshot_ohlc("SPY", expiration="2024-11-15")
    assert_type(snapshot_ohlc, Query[rows.OptionSnapshotOhlc])
    assert_type(snapshot_ohlc.request, Request[rows.OptionSnapshotOhlc])
    assert_type(await snapshot_ohlc, list[rows.OptionSnapshotOhlc])
    snapshot_trade = session.option.snapshot_trade("SPY", expiration="2024-11-15")
    assert_type(snapshot_trade, Query[rows.OptionTrade])
    assert_type(snapshot_trade.request, Request[rows.OptionTrade])
    assert_type(await snapshot_trade, list[rows.OptionTrade])
    snapshot_quote = session.option.snapshot_quote("SPY", expiration="2024-11-15")
    assert_type(snapshot_quote, Query[rows.OptionQuote])
    assert_type(snapshot_quote.request, Request[rows.OptionQuote])
    assert_type(await snapshot_quote, list[rows.OptionQuote])
    snapshot_open_interest = session.option.snapshot_open_interest("SPY", expiration="2024-11-15")
    assert_type(snapshot_open_interest, Query[rows.OpenInterest])
    assert_type(snapshot_open_interest.request, Request[rows.OpenInterest])
    assert_type(await snapshot_open_interest, list[rows.OpenInterest])
    snapshot_market_value = session.option.snapshot_market_value("SPY", expiration="2024-11-15")
    assert_type(snapshot_market_value, Query[rows.OptionMarketValue])
    assert_type(snapshot_market_value.request, Request[rows.OptionMarketValue])
    assert_type(await snapshot_market_value, list[rows.OptionMarketValue])


async def option_history(session: Session) -> None:
    history_eod = session.option.history_eod(
        "SPY", expiration="2024-11-15", start_date=DAY, end_date=DAY
    )
    assert_type(history_eod, Query[rows.OptionEod])
    assert_type(history_eod.request, Request[rows.OptionEod])
    assert_type(await history_eod, list[rows.OptionEod])
    history_ohlc = session.option.history_ohlc("SPY", expiration="2024-11-15", date=DAY)
    assert_type(history_ohlc, Query[rows.OptionOhlc])
    assert_type(history_ohlc.request, Request[rows.OptionOhlc])
    assert_type(await history_ohlc, list[rows.OptionOhlc])
    history_trade_quote = session.option.history_trade_quote(
        "SPY", expiration="2024-11-15", date=DAY
    )
    assert_type(history_trade_quote, Query[rows.OptionTradeQuote])
    assert_type(history_trade_quote.request, Request[rows.OptionTradeQuote])
    assert_type(await history_trade_quote, list[rows.OptionTradeQuote])
    history_open_interest = session.option.history_open_interest(
        "SPY", expiration="2024-11-15", date=DAY
    )
    assert_type(history_open_interest, Query[rows.OpenInterest])
    assert_type(history_open_interest.request, Request[rows.OpenInterest])
    assert_type(await history_open_interest, list[rows.OpenInterest])
    at_time_trade = session.option.at_time_trade(
        "SPY", expiration="2024-11-15", start_date=DAY, end_date=DAY, time_of_day="15:30"
    )
    assert_type(at_time_trade, Query[rows.OptionTrade])
    assert_type(at_time_trade.request, Request[rows.OptionTrade])
    assert_type(await at_time_trade, list[rows.OptionTrade])
    at_time_quote = session.option.at_time_quote(
        "SPY", expiration="2024-11-15", start_date=DAY, end_date=DAY, time_of_day="15:30"
    )
    assert_type(at_time_quote, Query[rows.OptionQuote])
    assert_type(at_time_quote.request, Request[rows.OptionQuote])
    assert_type(await at_time_quote, list[rows.OptionQuote])


async def index(session: Session) -> None:
    list_symbols = session.index.list_symbols()
    assert_type(list_symbols, Query[rows.Symbol])
    assert_type(list_symbols.request, Request[rows.Symbol])
    assert_type(await list_symbols, list[rows.Symbol])
    list_dates = session.index.list_dates("SPX")
    assert_type(list_dates, Query[rows.Date])
    assert_type(list_dates.request, Request[rows.Date])
    assert_type(await list_dates, list[rows.Date])
    snapshot_ohlc = session.index.snapshot_ohlc("SPX")
    assert_type(snapshot_ohlc, Query[rows.SnapshotOhlc])
    assert_type(snapshot_ohlc.request, Request[rows.SnapshotOhlc])
    assert_type(await snapshot_ohlc, list[rows.SnapshotOhlc])
    snapshot_price = session.index.snapshot_price("SPX")
    assert_type(snapshot_price, Query[rows.IndexPrice])
    assert_type(snapshot_price.request, Request[rows.IndexPrice])
    assert_type(await snapshot_price, list[rows.IndexPrice])
    snapshot_market_value = session.index.snapshot_market_value("SPX")
    assert_type(snapshot_market_value, Query[rows.IndexMarketValue])
    assert_type(snapshot_market_value.request, Request[rows.IndexMarketValue])
    assert_type(await snapshot_market_value, list[rows.IndexMarketValue])
    history_eod = session.index.history_eod("SPX", start_date=DAY, end_date=DAY)
    assert_type(history_eod, Query[rows.Eod])
    assert_type(history_eod.request, Request[rows.Eod])
    assert_type(await history_eod, list[rows.Eod])
    history_ohlc = session.index.history_ohlc("SPX", start_date=DAY, end_date=DAY)
    assert_type(history_ohlc, Query[rows.Ohlc])
    assert_type(history_ohlc.request, Request[rows.Ohlc])
    assert_type(await history_ohlc, list[rows.Ohlc])
    at_time_price = session.index.at_time_price(
        "SPX", start_date=DAY, end_date=DAY, time_of_day="15:30"
    )
    assert_type(at_time_price, Query[rows.Trade])
    assert_type(at_time_price.request, Request[rows.Trade])
    assert_type(await at_time_price, list[rows.Trade])


async def calendar(session: Session) -> None:
    open_today = session.calendar.open_today()
    assert_type(open_today, Query[rows.CalendarHours])
    assert_type(open_today.request, Request[rows.CalendarHours])
    assert_type(await open_today, list[rows.CalendarHours])
    on_date = session.calendar.on_date(date=DAY)
    assert_type(on_date, Query[rows.CalendarHours])
    assert_type(on_date.request, Request[rows.CalendarHours])
    assert_type(await on_date, list[rows.CalendarHours])


async def interest_rate(session: Session) -> None:
    history_eod = session.interest_rate.history_eod("SOFR", start_date=DAY, end_date=DAY)
    assert_type(history_eod, Query[rows.InterestRate])
    assert_type(history_eod.request, Request[rows.InterestRate])
    assert_type(await history_eod, list[rows.InterestRate])


async def flat_files(session: Session) -> None:
    assert_type(session.stock.flat_file_trade_quote(date=DAY), FileQuery)
    assert_type(session.stock.flat_file_quote(date=DAY), FileQuery)
    assert_type(session.stock.flat_file_eod(date=DAY), FileQuery)
    assert_type(session.option.flat_file_trade_quote(date=DAY), FileQuery)
    assert_type(session.option.flat_file_quote(date=DAY), FileQuery)
    assert_type(session.option.flat_file_eod(date=DAY), FileQuery)
    assert_type(session.option.flat_file_open_interest(date=DAY), FileQuery)
    assert_type(session.index.flat_file_eod(date=DAY), FileQuery)
    query = session.option.flat_file_eod(date="2024-11-04")
    assert_type(await query.save("eod.csv"), int)
    assert_type(await query.save("eod", format="ndjson"), int)
    assert_type(query.request, Request[rows.Row])
    async with query.chunks(format="csv") as chunks:
        assert_type(chunks, ChunkChannel)
        assert_type(await chunks.receive(), bytes)
        async for chunk in chunks:
            assert_type(chunk, bytes)
    request = StockFlatFileEod(date=DAY)
    assert_type(request.columns, tuple[str, ...])
    assert_type(session.stock.bind_file(request), FileQuery)
    assert_type(session.file_query(request), FileQuery)
    flat: FlatFileRequest = request
    assert_type(flat.date_range, tuple[dt.date, dt.date] | None)


async def every_spelling(session: Session) -> None:
    session.stock.snapshot_ohlc(["AAPL", "MSFT"], min_time="10:00", current_day_only=True)
    session.stock.history_trade_quote(
        "AAPL", date=DAY, exclusive=False, use_time_based_trade_quote=None, venue="utp_cta"
    )
    session.stock.at_time_quote(
        "AAPL", start_date=DAY, end_date="2024-11-08", time_of_day=dt.time(15, 30)
    )
    session.option.list_dates("SPY", request_type="trade", expiration="*", strike=570, right="C")
    session.option.list_strikes(("SPY", "QQQ"), expiration=DAY)
    session.option.snapshot_quote("SPY", expiration="*", max_dte=0, strike_range=1)
    session.option.at_time_trade(
        "SPY", expiration=DAY, start_date=DAY, end_date=DAY, time_of_day="15:30", right="both"
    )
    session.index.history_ohlc("SPX", start_date=DAY, end_date=DAY, interval="1h")
    session.calendar.on_date(date="2030-12-25")


async def columns(session: Session) -> None:
    (trade, *_) = await session.option.history_trade_quote("SPY", expiration=DAY, date=DAY)
    assert_type(trade.trade_timestamp, dt.datetime)
    assert_type(trade.quote_timestamp, dt.datetime)
    assert_type(trade.sequence, int)
    (report, *_) = await session.option.history_eod(
        "SPY", expiration=DAY, start_date=DAY, end_date=DAY
    )
    assert_type(report.created, dt.datetime)
    assert_type(report.last_trade, dt.datetime)
    (rate, *_) = await session.interest_rate.history_eod("SOFR", start_date=DAY, end_date=DAY)
    assert_type(rate.created, dt.date)
    assert_type(rate.rate, float)
    (today,) = await session.calendar.open_today()
    assert_type(today.open, dt.time | None)
    (day, *_) = await session.stock.list_dates("AAPL", request_type="trade")
    assert_type(day.date, dt.date)
