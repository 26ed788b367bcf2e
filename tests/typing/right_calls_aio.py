"""Every operation under asyncio. Made by generate_faces.py; checked, never run."""

from __future__ import annotations

import datetime as dt
from typing import assert_type

import thetatrio
from thetatrio import aio, rows

DAY = dt.date(2024, 11, 4)


async def opened() -> None:
    async with aio.open_session(tier="standard") as session:
        assert_type(session, aio.Session)
        assert_type(session, thetatrio.Session)


async def stock_list_symbols(session: aio.Session) -> None:
    query = session.stock.list_symbols()
    assert_type(query, aio.Query[rows.Symbol])
    assert_type(await query, list[rows.Symbol])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Symbol)


async def stock_list_dates(session: aio.Session) -> None:
    query = session.stock.list_dates("AAPL", request_type="quote")
    assert_type(query, aio.Query[rows.Date])
    assert_type(await query, list[rows.Date])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Date)


async def stock_snapshot_ohlc(session: aio.Session) -> None:
    query = session.stock.snapshot_ohlc("AAPL")
    assert_type(query, aio.Query[rows.SnapshotOhlc])
    assert_type(await query, list[rows.SnapshotOhlc])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.SnapshotOhlc)


async def stock_snapshot_trade(session: aio.Session) -> None:
    query = session.stock.snapshot_trade("AAPL")
    assert_type(query, aio.Query[rows.StockTrade])
    assert_type(await query, list[rows.StockTrade])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.StockTrade)


async def stock_snapshot_quote(session: aio.Session) -> None:
    query = session.stock.snapshot_quote("AAPL")
    assert_type(query, aio.Query[rows.StockQuote])
    assert_type(await query, list[rows.StockQuote])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.StockQuote)


async def stock_snapshot_market_value(session: aio.Session) -> None:
    query = session.stock.snapshot_market_value("AAPL")
    assert_type(query, aio.Query[rows.MarketValue])
    assert_type(await query, list[rows.MarketValue])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.MarketValue)


async def stock_history_eod(session: aio.Session) -> None:
    query = session.stock.history_eod("AAPL", start_date=DAY, end_date=DAY)
    assert_type(query, aio.Query[rows.Eod])
    assert_type(await query, list[rows.Eod])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Eod)


async def stock_history_ohlc(session: aio.Session) -> None:
    query = session.stock.history_ohlc("AAPL")
    assert_type(query, aio.Query[rows.Ohlc])
    assert_type(await query, list[rows.Ohlc])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Ohlc)


async def stock_history_trade(session: aio.Session) -> None:
    query = session.stock.history_trade("AAPL")
    assert_type(query, aio.Query[rows.Trade])
    assert_type(await query, list[rows.Trade])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Trade)


async def stock_history_quote(session: aio.Session) -> None:
    query = session.stock.history_quote("AAPL")
    assert_type(query, aio.Query[rows.Quote])
    assert_type(await query, list[rows.Quote])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Quote)


async def stock_history_trade_quote(session: aio.Session) -> None:
    query = session.stock.history_trade_quote("AAPL")
    assert_type(query, aio.Query[rows.TradeQuote])
    assert_type(await query, list[rows.TradeQuote])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.TradeQuote)


async def stock_at_time_trade(session: aio.Session) -> None:
    query = session.stock.at_time_trade("AAPL", start_date=DAY, end_date=DAY, time_of_day="10:00")
    assert_type(query, aio.Query[rows.Trade])
    assert_type(await query, list[rows.Trade])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Trade)


async def stock_at_time_quote(session: aio.Session) -> None:
    query = session.stock.at_time_quote("AAPL", start_date=DAY, end_date=DAY, time_of_day="10:00")
    assert_type(query, aio.Query[rows.Quote])
    assert_type(await query, list[rows.Quote])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Quote)


async def stock_flat_file_trade_quote(session: aio.Session) -> None:
    query = session.stock.flat_file_trade_quote(date=DAY)
    assert_type(query, thetatrio.FileQuery)


async def stock_flat_file_quote(session: aio.Session) -> None:
    query = session.stock.flat_file_quote(date=DAY)
    assert_type(query, thetatrio.FileQuery)


async def stock_flat_file_eod(session: aio.Session) -> None:
    query = session.stock.flat_file_eod(date=DAY)
    assert_type(query, thetatrio.FileQuery)


async def stock_history_split(session: aio.Session) -> None:
    query = session.stock.history_split("AAPL", start_date=DAY, end_date=DAY)
    assert_type(query, aio.Query[rows.Split])
    assert_type(await query, list[rows.Split])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Split)


async def stock_history_dividend(session: aio.Session) -> None:
    query = session.stock.history_dividend("AAPL", start_date=DAY, end_date=DAY)
    assert_type(query, aio.Query[rows.Dividend])
    assert_type(await query, list[rows.Dividend])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Dividend)


async def stock_history_trade_flags(session: aio.Session) -> None:
    query = session.stock.history_trade_flags("AAPL")
    assert_type(query, aio.Query[rows.TradeFlags])
    assert_type(await query, list[rows.TradeFlags])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.TradeFlags)


async def stock_file_trade_quote(session: aio.Session) -> None:
    query = session.stock.file_trade_quote(date=DAY)
    assert_type(query, aio.Query[rows.FilePath])
    assert_type(await query, list[rows.FilePath])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.FilePath)


async def option_list_symbols(session: aio.Session) -> None:
    query = session.option.list_symbols()
    assert_type(query, aio.Query[rows.Symbol])
    assert_type(await query, list[rows.Symbol])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Symbol)


async def option_list_dates(session: aio.Session) -> None:
    query = session.option.list_dates("AAPL", request_type="quote", expiration=DAY)
    assert_type(query, aio.Query[rows.Date])
    assert_type(await query, list[rows.Date])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Date)


async def option_list_expirations(session: aio.Session) -> None:
    query = session.option.list_expirations("AAPL")
    assert_type(query, aio.Query[rows.Expiration])
    assert_type(await query, list[rows.Expiration])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Expiration)


async def option_list_strikes(session: aio.Session) -> None:
    query = session.option.list_strikes("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.Strike])
    assert_type(await query, list[rows.Strike])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Strike)


async def option_list_contracts(session: aio.Session) -> None:
    query = session.option.list_contracts(request_type="quote", date=DAY)
    assert_type(query, aio.Query[rows.ListedContract])
    assert_type(await query, list[rows.ListedContract])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.ListedContract)


async def option_snapshot_ohlc(session: aio.Session) -> None:
    query = session.option.snapshot_ohlc("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionSnapshotOhlc])
    assert_type(await query, list[rows.OptionSnapshotOhlc])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionSnapshotOhlc)


async def option_snapshot_trade(session: aio.Session) -> None:
    query = session.option.snapshot_trade("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionTrade])
    assert_type(await query, list[rows.OptionTrade])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionTrade)


async def option_snapshot_quote(session: aio.Session) -> None:
    query = session.option.snapshot_quote("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionQuote])
    assert_type(await query, list[rows.OptionQuote])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionQuote)


async def option_snapshot_open_interest(session: aio.Session) -> None:
    query = session.option.snapshot_open_interest("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OpenInterest])
    assert_type(await query, list[rows.OpenInterest])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OpenInterest)


async def option_snapshot_market_value(session: aio.Session) -> None:
    query = session.option.snapshot_market_value("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionMarketValue])
    assert_type(await query, list[rows.OptionMarketValue])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionMarketValue)


async def option_history_eod(session: aio.Session) -> None:
    query = session.option.history_eod("AAPL", expiration=DAY, start_date=DAY, end_date=DAY)
    assert_type(query, aio.Query[rows.OptionEod])
    assert_type(await query, list[rows.OptionEod])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionEod)


async def option_history_ohlc(session: aio.Session) -> None:
    query = session.option.history_ohlc("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionOhlc])
    assert_type(await query, list[rows.OptionOhlc])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionOhlc)


async def option_history_trade(session: aio.Session) -> None:
    query = session.option.history_trade("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionTrade])
    assert_type(await query, list[rows.OptionTrade])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionTrade)


async def option_history_quote(session: aio.Session) -> None:
    query = session.option.history_quote("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionQuote])
    assert_type(await query, list[rows.OptionQuote])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionQuote)


async def option_history_trade_quote(session: aio.Session) -> None:
    query = session.option.history_trade_quote("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionTradeQuote])
    assert_type(await query, list[rows.OptionTradeQuote])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionTradeQuote)


async def option_history_open_interest(session: aio.Session) -> None:
    query = session.option.history_open_interest("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OpenInterest])
    assert_type(await query, list[rows.OpenInterest])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OpenInterest)


async def option_at_time_trade(session: aio.Session) -> None:
    query = session.option.at_time_trade(
        "AAPL", expiration=DAY, start_date=DAY, end_date=DAY, time_of_day="10:00"
    )
    assert_type(query, aio.Query[rows.OptionTrade])
    assert_type(await query, list[rows.OptionTrade])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionTrade)


async def option_at_time_quote(session: aio.Session) -> None:
    query = session.option.at_time_quote(
        "AAPL", expiration=DAY, start_date=DAY, end_date=DAY, time_of_day="10:00"
    )
    assert_type(query, aio.Query[rows.OptionQuote])
    assert_type(await query, list[rows.OptionQuote])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionQuote)


async def option_flat_file_trade_quote(session: aio.Session) -> None:
    query = session.option.flat_file_trade_quote(date=DAY)
    assert_type(query, thetatrio.FileQuery)


async def option_flat_file_quote(session: aio.Session) -> None:
    query = session.option.flat_file_quote(date=DAY)
    assert_type(query, thetatrio.FileQuery)


async def option_flat_file_eod(session: aio.Session) -> None:
    query = session.option.flat_file_eod(date=DAY)
    assert_type(query, thetatrio.FileQuery)


async def option_flat_file_open_interest(session: aio.Session) -> None:
    query = session.option.flat_file_open_interest(date=DAY)
    assert_type(query, thetatrio.FileQuery)


async def option_history_trade_flags(session: aio.Session) -> None:
    query = session.option.history_trade_flags("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionTradeFlags])
    assert_type(await query, list[rows.OptionTradeFlags])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionTradeFlags)


async def option_file_eod(session: aio.Session) -> None:
    query = session.option.file_eod(date=DAY)
    assert_type(query, aio.Query[rows.FilePath])
    assert_type(await query, list[rows.FilePath])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.FilePath)


async def option_file_open_interest(session: aio.Session) -> None:
    query = session.option.file_open_interest(date=DAY)
    assert_type(query, aio.Query[rows.FilePath])
    assert_type(await query, list[rows.FilePath])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.FilePath)


async def option_file_trade_quote(session: aio.Session) -> None:
    query = session.option.file_trade_quote(date=DAY)
    assert_type(query, aio.Query[rows.FilePath])
    assert_type(await query, list[rows.FilePath])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.FilePath)


async def option_snapshot_greeks_implied_volatility(session: aio.Session) -> None:
    query = session.option.snapshot_greeks_implied_volatility("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionImpliedVolatility])
    assert_type(await query, list[rows.OptionImpliedVolatility])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionImpliedVolatility)


async def option_snapshot_greeks_all(session: aio.Session) -> None:
    query = session.option.snapshot_greeks_all("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionGreeks])
    assert_type(await query, list[rows.OptionGreeks])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeks)


async def option_snapshot_greeks_first_order(session: aio.Session) -> None:
    query = session.option.snapshot_greeks_first_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionGreeksFirstOrder])
    assert_type(await query, list[rows.OptionGreeksFirstOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeksFirstOrder)


async def option_snapshot_greeks_second_order(session: aio.Session) -> None:
    query = session.option.snapshot_greeks_second_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionGreeksSecondOrder])
    assert_type(await query, list[rows.OptionGreeksSecondOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeksSecondOrder)


async def option_snapshot_greeks_third_order(session: aio.Session) -> None:
    query = session.option.snapshot_greeks_third_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionGreeksThirdOrder])
    assert_type(await query, list[rows.OptionGreeksThirdOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeksThirdOrder)


async def option_history_greeks_eod(session: aio.Session) -> None:
    query = session.option.history_greeks_eod("AAPL", expiration=DAY, start_date=DAY, end_date=DAY)
    assert_type(query, aio.Query[rows.OptionGreeksEod])
    assert_type(await query, list[rows.OptionGreeksEod])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeksEod)


async def option_history_greeks_implied_volatility(session: aio.Session) -> None:
    query = session.option.history_greeks_implied_volatility("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionBidAskImpliedVolatility])
    assert_type(await query, list[rows.OptionBidAskImpliedVolatility])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionBidAskImpliedVolatility)


async def option_history_greeks_all(session: aio.Session) -> None:
    query = session.option.history_greeks_all("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionGreeks])
    assert_type(await query, list[rows.OptionGreeks])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeks)


async def option_history_greeks_first_order(session: aio.Session) -> None:
    query = session.option.history_greeks_first_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionGreeksFirstOrder])
    assert_type(await query, list[rows.OptionGreeksFirstOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeksFirstOrder)


async def option_history_greeks_second_order(session: aio.Session) -> None:
    query = session.option.history_greeks_second_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionGreeksSecondOrder])
    assert_type(await query, list[rows.OptionGreeksSecondOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeksSecondOrder)


async def option_history_greeks_third_order(session: aio.Session) -> None:
    query = session.option.history_greeks_third_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionGreeksThirdOrder])
    assert_type(await query, list[rows.OptionGreeksThirdOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeksThirdOrder)


async def option_history_trade_greeks_implied_volatility(session: aio.Session) -> None:
    query = session.option.history_trade_greeks_implied_volatility("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionTradeImpliedVolatility])
    assert_type(await query, list[rows.OptionTradeImpliedVolatility])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionTradeImpliedVolatility)


async def option_history_trade_greeks_all(session: aio.Session) -> None:
    query = session.option.history_trade_greeks_all("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionTradeGreeks])
    assert_type(await query, list[rows.OptionTradeGreeks])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionTradeGreeks)


async def option_history_trade_greeks_first_order(session: aio.Session) -> None:
    query = session.option.history_trade_greeks_first_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionTradeGreeksFirstOrder])
    assert_type(await query, list[rows.OptionTradeGreeksFirstOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionTradeGreeksFirstOrder)


async def option_history_trade_greeks_second_order(session: aio.Session) -> None:
    query = session.option.history_trade_greeks_second_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionTradeGreeksSecondOrder])
    assert_type(await query, list[rows.OptionTradeGreeksSecondOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionTradeGreeksSecondOrder)


async def option_history_trade_greeks_third_order(session: aio.Session) -> None:
    query = session.option.history_trade_greeks_third_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionTradeGreeksThirdOrder])
    assert_type(await query, list[rows.OptionTradeGreeksThirdOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionTradeGreeksThirdOrder)


async def option_snapshot_binomial_greeks_all(session: aio.Session) -> None:
    query = session.option.snapshot_binomial_greeks_all("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionGreeks])
    assert_type(await query, list[rows.OptionGreeks])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeks)


async def option_snapshot_binomial_greeks_first_order(session: aio.Session) -> None:
    query = session.option.snapshot_binomial_greeks_first_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionGreeksFirstOrder])
    assert_type(await query, list[rows.OptionGreeksFirstOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeksFirstOrder)


async def option_snapshot_binomial_greeks_second_order(session: aio.Session) -> None:
    query = session.option.snapshot_binomial_greeks_second_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionGreeksSecondOrder])
    assert_type(await query, list[rows.OptionGreeksSecondOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeksSecondOrder)


async def option_snapshot_binomial_greeks_third_order(session: aio.Session) -> None:
    query = session.option.snapshot_binomial_greeks_third_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionGreeksThirdOrder])
    assert_type(await query, list[rows.OptionGreeksThirdOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeksThirdOrder)


async def option_history_binomial_greeks_eod(session: aio.Session) -> None:
    query = session.option.history_binomial_greeks_eod(
        "AAPL", expiration=DAY, start_date=DAY, end_date=DAY
    )
    assert_type(query, aio.Query[rows.OptionGreeksEod])
    assert_type(await query, list[rows.OptionGreeksEod])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeksEod)


async def option_history_binomial_greeks_all(session: aio.Session) -> None:
    query = session.option.history_binomial_greeks_all("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionGreeks])
    assert_type(await query, list[rows.OptionGreeks])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeks)


async def option_history_binomial_greeks_first_order(session: aio.Session) -> None:
    query = session.option.history_binomial_greeks_first_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionGreeksFirstOrder])
    assert_type(await query, list[rows.OptionGreeksFirstOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeksFirstOrder)


async def option_history_binomial_greeks_second_order(session: aio.Session) -> None:
    query = session.option.history_binomial_greeks_second_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionGreeksSecondOrder])
    assert_type(await query, list[rows.OptionGreeksSecondOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeksSecondOrder)


async def option_history_binomial_greeks_third_order(session: aio.Session) -> None:
    query = session.option.history_binomial_greeks_third_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionGreeksThirdOrder])
    assert_type(await query, list[rows.OptionGreeksThirdOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionGreeksThirdOrder)


async def option_history_binomial_trade_greeks_all(session: aio.Session) -> None:
    query = session.option.history_binomial_trade_greeks_all("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionTradeGreeks])
    assert_type(await query, list[rows.OptionTradeGreeks])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionTradeGreeks)


async def option_history_binomial_trade_greeks_first_order(session: aio.Session) -> None:
    query = session.option.history_binomial_trade_greeks_first_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionTradeGreeksFirstOrder])
    assert_type(await query, list[rows.OptionTradeGreeksFirstOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionTradeGreeksFirstOrder)


async def option_history_binomial_trade_greeks_second_order(session: aio.Session) -> None:
    query = session.option.history_binomial_trade_greeks_second_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionTradeGreeksSecondOrder])
    assert_type(await query, list[rows.OptionTradeGreeksSecondOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionTradeGreeksSecondOrder)


async def option_history_binomial_trade_greeks_third_order(session: aio.Session) -> None:
    query = session.option.history_binomial_trade_greeks_third_order("AAPL", expiration=DAY)
    assert_type(query, aio.Query[rows.OptionTradeGreeksThirdOrder])
    assert_type(await query, list[rows.OptionTradeGreeksThirdOrder])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.OptionTradeGreeksThirdOrder)


async def index_list_symbols(session: aio.Session) -> None:
    query = session.index.list_symbols()
    assert_type(query, aio.Query[rows.Symbol])
    assert_type(await query, list[rows.Symbol])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Symbol)


async def index_list_dates(session: aio.Session) -> None:
    query = session.index.list_dates("AAPL")
    assert_type(query, aio.Query[rows.Date])
    assert_type(await query, list[rows.Date])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Date)


async def index_snapshot_ohlc(session: aio.Session) -> None:
    query = session.index.snapshot_ohlc("AAPL")
    assert_type(query, aio.Query[rows.SnapshotOhlc])
    assert_type(await query, list[rows.SnapshotOhlc])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.SnapshotOhlc)


async def index_snapshot_price(session: aio.Session) -> None:
    query = session.index.snapshot_price("AAPL")
    assert_type(query, aio.Query[rows.IndexPrice])
    assert_type(await query, list[rows.IndexPrice])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.IndexPrice)


async def index_snapshot_market_value(session: aio.Session) -> None:
    query = session.index.snapshot_market_value("AAPL")
    assert_type(query, aio.Query[rows.IndexMarketValue])
    assert_type(await query, list[rows.IndexMarketValue])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.IndexMarketValue)


async def index_history_eod(session: aio.Session) -> None:
    query = session.index.history_eod("AAPL", start_date=DAY, end_date=DAY)
    assert_type(query, aio.Query[rows.Eod])
    assert_type(await query, list[rows.Eod])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Eod)


async def index_history_ohlc(session: aio.Session) -> None:
    query = session.index.history_ohlc("AAPL", start_date=DAY, end_date=DAY)
    assert_type(query, aio.Query[rows.Ohlc])
    assert_type(await query, list[rows.Ohlc])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Ohlc)


async def index_history_price(session: aio.Session) -> None:
    query = session.index.history_price("AAPL")
    assert_type(query, aio.Query[rows.Price])
    assert_type(await query, list[rows.Price])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Price)


async def index_at_time_price(session: aio.Session) -> None:
    query = session.index.at_time_price("AAPL", start_date=DAY, end_date=DAY, time_of_day="10:00")
    assert_type(query, aio.Query[rows.Trade])
    assert_type(await query, list[rows.Trade])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.Trade)


async def index_flat_file_eod(session: aio.Session) -> None:
    query = session.index.flat_file_eod(date=DAY)
    assert_type(query, thetatrio.FileQuery)


async def calendar_open_today(session: aio.Session) -> None:
    query = session.calendar.open_today()
    assert_type(query, aio.Query[rows.CalendarHours])
    assert_type(await query, list[rows.CalendarHours])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.CalendarHours)


async def calendar_on_date(session: aio.Session) -> None:
    query = session.calendar.on_date(date=DAY)
    assert_type(query, aio.Query[rows.CalendarHours])
    assert_type(await query, list[rows.CalendarHours])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.CalendarHours)


async def calendar_year(session: aio.Session) -> None:
    query = session.calendar.year(year=2024)
    assert_type(query, aio.Query[rows.CalendarDay])
    assert_type(await query, list[rows.CalendarDay])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.CalendarDay)


async def interest_rate_history_eod(session: aio.Session) -> None:
    query = session.interest_rate.history_eod("AAPL", start_date=DAY, end_date=DAY)
    assert_type(query, aio.Query[rows.InterestRate])
    assert_type(await query, list[rows.InterestRate])
    async with query.rows() as channel:
        assert_type(await channel.receive(), rows.InterestRate)
