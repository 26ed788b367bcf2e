"""Every operation on the blocking face. Made by generate_faces.py; checked, never run."""

from __future__ import annotations

import datetime as dt
from typing import assert_type

from thetatrio import rows, sync

DAY = dt.date(2024, 11, 4)


def opened() -> None:
    with sync.open_session(tier="standard") as session:
        assert_type(session, sync.Session)
    assert_type(sync.connect(), sync.Session)


def stock_list_symbols(session: sync.Session) -> None:
    query = session.stock.list_symbols()
    assert_type(query, sync.Query[rows.Symbol])
    assert_type(query.fetch(), list[rows.Symbol])
    for row in query:
        assert_type(row, rows.Symbol)


def stock_list_dates(session: sync.Session) -> None:
    query = session.stock.list_dates("AAPL", request_type="quote")
    assert_type(query, sync.Query[rows.Date])
    assert_type(query.fetch(), list[rows.Date])
    for row in query:
        assert_type(row, rows.Date)


def stock_snapshot_ohlc(session: sync.Session) -> None:
    query = session.stock.snapshot_ohlc("AAPL")
    assert_type(query, sync.Query[rows.SnapshotOhlc])
    assert_type(query.fetch(), list[rows.SnapshotOhlc])
    for row in query:
        assert_type(row, rows.SnapshotOhlc)


def stock_snapshot_trade(session: sync.Session) -> None:
    query = session.stock.snapshot_trade("AAPL")
    assert_type(query, sync.Query[rows.StockTrade])
    assert_type(query.fetch(), list[rows.StockTrade])
    for row in query:
        assert_type(row, rows.StockTrade)


def stock_snapshot_quote(session: sync.Session) -> None:
    query = session.stock.snapshot_quote("AAPL")
    assert_type(query, sync.Query[rows.StockQuote])
    assert_type(query.fetch(), list[rows.StockQuote])
    for row in query:
        assert_type(row, rows.StockQuote)


def stock_snapshot_market_value(session: sync.Session) -> None:
    query = session.stock.snapshot_market_value("AAPL")
    assert_type(query, sync.Query[rows.MarketValue])
    assert_type(query.fetch(), list[rows.MarketValue])
    for row in query:
        assert_type(row, rows.MarketValue)


def stock_history_eod(session: sync.Session) -> None:
    query = session.stock.history_eod("AAPL", start_date=DAY, end_date=DAY)
    assert_type(query, sync.Query[rows.Eod])
    assert_type(query.fetch(), list[rows.Eod])
    for row in query:
        assert_type(row, rows.Eod)


def stock_history_ohlc(session: sync.Session) -> None:
    query = session.stock.history_ohlc("AAPL")
    assert_type(query, sync.Query[rows.Ohlc])
    assert_type(query.fetch(), list[rows.Ohlc])
    for row in query:
        assert_type(row, rows.Ohlc)


def stock_history_trade(session: sync.Session) -> None:
    query = session.stock.history_trade("AAPL")
    assert_type(query, sync.Query[rows.Trade])
    assert_type(query.fetch(), list[rows.Trade])
    for row in query:
        assert_type(row, rows.Trade)


def stock_history_quote(session: sync.Session) -> None:
    query = session.stock.history_quote("AAPL")
    assert_type(query, sync.Query[rows.Quote])
    assert_type(query.fetch(), list[rows.Quote])
    for row in query:
        assert_type(row, rows.Quote)


def stock_history_trade_quote(session: sync.Session) -> None:
    query = session.stock.history_trade_quote("AAPL")
    assert_type(query, sync.Query[rows.TradeQuote])
    assert_type(query.fetch(), list[rows.TradeQuote])
    for row in query:
        assert_type(row, rows.TradeQuote)


def stock_at_time_trade(session: sync.Session) -> None:
    query = session.stock.at_time_trade("AAPL", start_date=DAY, end_date=DAY, time_of_day="10:00")
    assert_type(query, sync.Query[rows.Trade])
    assert_type(query.fetch(), list[rows.Trade])
    for row in query:
        assert_type(row, rows.Trade)


def stock_at_time_quote(session: sync.Session) -> None:
    query = session.stock.at_time_quote("AAPL", start_date=DAY, end_date=DAY, time_of_day="10:00")
    assert_type(query, sync.Query[rows.Quote])
    assert_type(query.fetch(), list[rows.Quote])
    for row in query:
        assert_type(row, rows.Quote)


def stock_flat_file_trade_quote(session: sync.Session) -> None:
    query = session.stock.flat_file_trade_quote(date=DAY)
    assert_type(query, sync.FileQuery)


def stock_flat_file_quote(session: sync.Session) -> None:
    query = session.stock.flat_file_quote(date=DAY)
    assert_type(query, sync.FileQuery)


def stock_flat_file_eod(session: sync.Session) -> None:
    query = session.stock.flat_file_eod(date=DAY)
    assert_type(query, sync.FileQuery)


def stock_history_split(session: sync.Session) -> None:
    query = session.stock.history_split("AAPL", start_date=DAY, end_date=DAY)
    assert_type(query, sync.Query[rows.Split])
    assert_type(query.fetch(), list[rows.Split])
    for row in query:
        assert_type(row, rows.Split)


def stock_history_dividend(session: sync.Session) -> None:
    query = session.stock.history_dividend("AAPL", start_date=DAY, end_date=DAY)
    assert_type(query, sync.Query[rows.Dividend])
    assert_type(query.fetch(), list[rows.Dividend])
    for row in query:
        assert_type(row, rows.Dividend)


def stock_history_trade_flags(session: sync.Session) -> None:
    query = session.stock.history_trade_flags("AAPL")
    assert_type(query, sync.Query[rows.TradeFlags])
    assert_type(query.fetch(), list[rows.TradeFlags])
    for row in query:
        assert_type(row, rows.TradeFlags)


def stock_file_trade_quote(session: sync.Session) -> None:
    query = session.stock.file_trade_quote(date=DAY)
    assert_type(query, sync.Query[rows.FilePath])
    assert_type(query.fetch(), list[rows.FilePath])
    for row in query:
        assert_type(row, rows.FilePath)


def option_list_symbols(session: sync.Session) -> None:
    query = session.option.list_symbols()
    assert_type(query, sync.Query[rows.Symbol])
    assert_type(query.fetch(), list[rows.Symbol])
    for row in query:
        assert_type(row, rows.Symbol)


def option_list_dates(session: sync.Session) -> None:
    query = session.option.list_dates("AAPL", request_type="quote", expiration=DAY)
    assert_type(query, sync.Query[rows.Date])
    assert_type(query.fetch(), list[rows.Date])
    for row in query:
        assert_type(row, rows.Date)


def option_list_expirations(session: sync.Session) -> None:
    query = session.option.list_expirations("AAPL")
    assert_type(query, sync.Query[rows.Expiration])
    assert_type(query.fetch(), list[rows.Expiration])
    for row in query:
        assert_type(row, rows.Expiration)


def option_list_strikes(session: sync.Session) -> None:
    query = session.option.list_strikes("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.Strike])
    assert_type(query.fetch(), list[rows.Strike])
    for row in query:
        assert_type(row, rows.Strike)


def option_list_contracts(session: sync.Session) -> None:
    query = session.option.list_contracts(request_type="quote", date=DAY)
    assert_type(query, sync.Query[rows.ListedContract])
    assert_type(query.fetch(), list[rows.ListedContract])
    for row in query:
        assert_type(row, rows.ListedContract)


def option_snapshot_ohlc(session: sync.Session) -> None:
    query = session.option.snapshot_ohlc("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionSnapshotOhlc])
    assert_type(query.fetch(), list[rows.OptionSnapshotOhlc])
    for row in query:
        assert_type(row, rows.OptionSnapshotOhlc)


def option_snapshot_trade(session: sync.Session) -> None:
    query = session.option.snapshot_trade("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionTrade])
    assert_type(query.fetch(), list[rows.OptionTrade])
    for row in query:
        assert_type(row, rows.OptionTrade)


def option_snapshot_quote(session: sync.Session) -> None:
    query = session.option.snapshot_quote("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionQuote])
    assert_type(query.fetch(), list[rows.OptionQuote])
    for row in query:
        assert_type(row, rows.OptionQuote)


def option_snapshot_open_interest(session: sync.Session) -> None:
    query = session.option.snapshot_open_interest("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OpenInterest])
    assert_type(query.fetch(), list[rows.OpenInterest])
    for row in query:
        assert_type(row, rows.OpenInterest)


def option_snapshot_market_value(session: sync.Session) -> None:
    query = session.option.snapshot_market_value("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionMarketValue])
    assert_type(query.fetch(), list[rows.OptionMarketValue])
    for row in query:
        assert_type(row, rows.OptionMarketValue)


def option_history_eod(session: sync.Session) -> None:
    query = session.option.history_eod("AAPL", expiration=DAY, start_date=DAY, end_date=DAY)
    assert_type(query, sync.Query[rows.OptionEod])
    assert_type(query.fetch(), list[rows.OptionEod])
    for row in query:
        assert_type(row, rows.OptionEod)


def option_history_ohlc(session: sync.Session) -> None:
    query = session.option.history_ohlc("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionOhlc])
    assert_type(query.fetch(), list[rows.OptionOhlc])
    for row in query:
        assert_type(row, rows.OptionOhlc)


def option_history_trade(session: sync.Session) -> None:
    query = session.option.history_trade("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionTrade])
    assert_type(query.fetch(), list[rows.OptionTrade])
    for row in query:
        assert_type(row, rows.OptionTrade)


def option_history_quote(session: sync.Session) -> None:
    query = session.option.history_quote("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionQuote])
    assert_type(query.fetch(), list[rows.OptionQuote])
    for row in query:
        assert_type(row, rows.OptionQuote)


def option_history_trade_quote(session: sync.Session) -> None:
    query = session.option.history_trade_quote("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionTradeQuote])
    assert_type(query.fetch(), list[rows.OptionTradeQuote])
    for row in query:
        assert_type(row, rows.OptionTradeQuote)


def option_history_open_interest(session: sync.Session) -> None:
    query = session.option.history_open_interest("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OpenInterest])
    assert_type(query.fetch(), list[rows.OpenInterest])
    for row in query:
        assert_type(row, rows.OpenInterest)


def option_at_time_trade(session: sync.Session) -> None:
    query = session.option.at_time_trade(
        "AAPL", expiration=DAY, start_date=DAY, end_date=DAY, time_of_day="10:00"
    )
    assert_type(query, sync.Query[rows.OptionTrade])
    assert_type(query.fetch(), list[rows.OptionTrade])
    for row in query:
        assert_type(row, rows.OptionTrade)


def option_at_time_quote(session: sync.Session) -> None:
    query = session.option.at_time_quote(
        "AAPL", expiration=DAY, start_date=DAY, end_date=DAY, time_of_day="10:00"
    )
    assert_type(query, sync.Query[rows.OptionQuote])
    assert_type(query.fetch(), list[rows.OptionQuote])
    for row in query:
        assert_type(row, rows.OptionQuote)


def option_flat_file_trade_quote(session: sync.Session) -> None:
    query = session.option.flat_file_trade_quote(date=DAY)
    assert_type(query, sync.FileQuery)


def option_flat_file_quote(session: sync.Session) -> None:
    query = session.option.flat_file_quote(date=DAY)
    assert_type(query, sync.FileQuery)


def option_flat_file_eod(session: sync.Session) -> None:
    query = session.option.flat_file_eod(date=DAY)
    assert_type(query, sync.FileQuery)


def option_flat_file_open_interest(session: sync.Session) -> None:
    query = session.option.flat_file_open_interest(date=DAY)
    assert_type(query, sync.FileQuery)


def option_history_trade_flags(session: sync.Session) -> None:
    query = session.option.history_trade_flags("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionTradeFlags])
    assert_type(query.fetch(), list[rows.OptionTradeFlags])
    for row in query:
        assert_type(row, rows.OptionTradeFlags)


def option_file_eod(session: sync.Session) -> None:
    query = session.option.file_eod(date=DAY)
    assert_type(query, sync.Query[rows.FilePath])
    assert_type(query.fetch(), list[rows.FilePath])
    for row in query:
        assert_type(row, rows.FilePath)


def option_file_open_interest(session: sync.Session) -> None:
    query = session.option.file_open_interest(date=DAY)
    assert_type(query, sync.Query[rows.FilePath])
    assert_type(query.fetch(), list[rows.FilePath])
    for row in query:
        assert_type(row, rows.FilePath)


def option_file_trade_quote(session: sync.Session) -> None:
    query = session.option.file_trade_quote(date=DAY)
    assert_type(query, sync.Query[rows.FilePath])
    assert_type(query.fetch(), list[rows.FilePath])
    for row in query:
        assert_type(row, rows.FilePath)


def option_snapshot_greeks_implied_volatility(session: sync.Session) -> None:
    query = session.option.snapshot_greeks_implied_volatility("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionImpliedVolatility])
    assert_type(query.fetch(), list[rows.OptionImpliedVolatility])
    for row in query:
        assert_type(row, rows.OptionImpliedVolatility)


def option_snapshot_greeks_all(session: sync.Session) -> None:
    query = session.option.snapshot_greeks_all("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionGreeks])
    assert_type(query.fetch(), list[rows.OptionGreeks])
    for row in query:
        assert_type(row, rows.OptionGreeks)


def option_snapshot_greeks_first_order(session: sync.Session) -> None:
    query = session.option.snapshot_greeks_first_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionGreeksFirstOrder])
    assert_type(query.fetch(), list[rows.OptionGreeksFirstOrder])
    for row in query:
        assert_type(row, rows.OptionGreeksFirstOrder)


def option_snapshot_greeks_second_order(session: sync.Session) -> None:
    query = session.option.snapshot_greeks_second_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionGreeksSecondOrder])
    assert_type(query.fetch(), list[rows.OptionGreeksSecondOrder])
    for row in query:
        assert_type(row, rows.OptionGreeksSecondOrder)


def option_snapshot_greeks_third_order(session: sync.Session) -> None:
    query = session.option.snapshot_greeks_third_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionGreeksThirdOrder])
    assert_type(query.fetch(), list[rows.OptionGreeksThirdOrder])
    for row in query:
        assert_type(row, rows.OptionGreeksThirdOrder)


def option_history_greeks_eod(session: sync.Session) -> None:
    query = session.option.history_greeks_eod("AAPL", expiration=DAY, start_date=DAY, end_date=DAY)
    assert_type(query, sync.Query[rows.OptionGreeksEod])
    assert_type(query.fetch(), list[rows.OptionGreeksEod])
    for row in query:
        assert_type(row, rows.OptionGreeksEod)


def option_history_greeks_implied_volatility(session: sync.Session) -> None:
    query = session.option.history_greeks_implied_volatility("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionBidAskImpliedVolatility])
    assert_type(query.fetch(), list[rows.OptionBidAskImpliedVolatility])
    for row in query:
        assert_type(row, rows.OptionBidAskImpliedVolatility)


def option_history_greeks_all(session: sync.Session) -> None:
    query = session.option.history_greeks_all("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionGreeks])
    assert_type(query.fetch(), list[rows.OptionGreeks])
    for row in query:
        assert_type(row, rows.OptionGreeks)


def option_history_greeks_first_order(session: sync.Session) -> None:
    query = session.option.history_greeks_first_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionGreeksFirstOrder])
    assert_type(query.fetch(), list[rows.OptionGreeksFirstOrder])
    for row in query:
        assert_type(row, rows.OptionGreeksFirstOrder)


def option_history_greeks_second_order(session: sync.Session) -> None:
    query = session.option.history_greeks_second_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionGreeksSecondOrder])
    assert_type(query.fetch(), list[rows.OptionGreeksSecondOrder])
    for row in query:
        assert_type(row, rows.OptionGreeksSecondOrder)


def option_history_greeks_third_order(session: sync.Session) -> None:
    query = session.option.history_greeks_third_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionGreeksThirdOrder])
    assert_type(query.fetch(), list[rows.OptionGreeksThirdOrder])
    for row in query:
        assert_type(row, rows.OptionGreeksThirdOrder)


def option_history_trade_greeks_implied_volatility(session: sync.Session) -> None:
    query = session.option.history_trade_greeks_implied_volatility("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionTradeImpliedVolatility])
    assert_type(query.fetch(), list[rows.OptionTradeImpliedVolatility])
    for row in query:
        assert_type(row, rows.OptionTradeImpliedVolatility)


def option_history_trade_greeks_all(session: sync.Session) -> None:
    query = session.option.history_trade_greeks_all("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionTradeGreeks])
    assert_type(query.fetch(), list[rows.OptionTradeGreeks])
    for row in query:
        assert_type(row, rows.OptionTradeGreeks)


def option_history_trade_greeks_first_order(session: sync.Session) -> None:
    query = session.option.history_trade_greeks_first_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionTradeGreeksFirstOrder])
    assert_type(query.fetch(), list[rows.OptionTradeGreeksFirstOrder])
    for row in query:
        assert_type(row, rows.OptionTradeGreeksFirstOrder)


def option_history_trade_greeks_second_order(session: sync.Session) -> None:
    query = session.option.history_trade_greeks_second_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionTradeGreeksSecondOrder])
    assert_type(query.fetch(), list[rows.OptionTradeGreeksSecondOrder])
    for row in query:
        assert_type(row, rows.OptionTradeGreeksSecondOrder)


def option_history_trade_greeks_third_order(session: sync.Session) -> None:
    query = session.option.history_trade_greeks_third_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionTradeGreeksThirdOrder])
    assert_type(query.fetch(), list[rows.OptionTradeGreeksThirdOrder])
    for row in query:
        assert_type(row, rows.OptionTradeGreeksThirdOrder)


def option_snapshot_binomial_greeks_all(session: sync.Session) -> None:
    query = session.option.snapshot_binomial_greeks_all("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionGreeks])
    assert_type(query.fetch(), list[rows.OptionGreeks])
    for row in query:
        assert_type(row, rows.OptionGreeks)


def option_snapshot_binomial_greeks_first_order(session: sync.Session) -> None:
    query = session.option.snapshot_binomial_greeks_first_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionGreeksFirstOrder])
    assert_type(query.fetch(), list[rows.OptionGreeksFirstOrder])
    for row in query:
        assert_type(row, rows.OptionGreeksFirstOrder)


def option_snapshot_binomial_greeks_second_order(session: sync.Session) -> None:
    query = session.option.snapshot_binomial_greeks_second_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionGreeksSecondOrder])
    assert_type(query.fetch(), list[rows.OptionGreeksSecondOrder])
    for row in query:
        assert_type(row, rows.OptionGreeksSecondOrder)


def option_snapshot_binomial_greeks_third_order(session: sync.Session) -> None:
    query = session.option.snapshot_binomial_greeks_third_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionGreeksThirdOrder])
    assert_type(query.fetch(), list[rows.OptionGreeksThirdOrder])
    for row in query:
        assert_type(row, rows.OptionGreeksThirdOrder)


def option_history_binomial_greeks_eod(session: sync.Session) -> None:
    query = session.option.history_binomial_greeks_eod(
        "AAPL", expiration=DAY, start_date=DAY, end_date=DAY
    )
    assert_type(query, sync.Query[rows.OptionGreeksEod])
    assert_type(query.fetch(), list[rows.OptionGreeksEod])
    for row in query:
        assert_type(row, rows.OptionGreeksEod)


def option_history_binomial_greeks_all(session: sync.Session) -> None:
    query = session.option.history_binomial_greeks_all("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionGreeks])
    assert_type(query.fetch(), list[rows.OptionGreeks])
    for row in query:
        assert_type(row, rows.OptionGreeks)


def option_history_binomial_greeks_first_order(session: sync.Session) -> None:
    query = session.option.history_binomial_greeks_first_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionGreeksFirstOrder])
    assert_type(query.fetch(), list[rows.OptionGreeksFirstOrder])
    for row in query:
        assert_type(row, rows.OptionGreeksFirstOrder)


def option_history_binomial_greeks_second_order(session: sync.Session) -> None:
    query = session.option.history_binomial_greeks_second_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionGreeksSecondOrder])
    assert_type(query.fetch(), list[rows.OptionGreeksSecondOrder])
    for row in query:
        assert_type(row, rows.OptionGreeksSecondOrder)


def option_history_binomial_greeks_third_order(session: sync.Session) -> None:
    query = session.option.history_binomial_greeks_third_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionGreeksThirdOrder])
    assert_type(query.fetch(), list[rows.OptionGreeksThirdOrder])
    for row in query:
        assert_type(row, rows.OptionGreeksThirdOrder)


def option_history_binomial_trade_greeks_all(session: sync.Session) -> None:
    query = session.option.history_binomial_trade_greeks_all("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionTradeGreeks])
    assert_type(query.fetch(), list[rows.OptionTradeGreeks])
    for row in query:
        assert_type(row, rows.OptionTradeGreeks)


def option_history_binomial_trade_greeks_first_order(session: sync.Session) -> None:
    query = session.option.history_binomial_trade_greeks_first_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionTradeGreeksFirstOrder])
    assert_type(query.fetch(), list[rows.OptionTradeGreeksFirstOrder])
    for row in query:
        assert_type(row, rows.OptionTradeGreeksFirstOrder)


def option_history_binomial_trade_greeks_second_order(session: sync.Session) -> None:
    query = session.option.history_binomial_trade_greeks_second_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionTradeGreeksSecondOrder])
    assert_type(query.fetch(), list[rows.OptionTradeGreeksSecondOrder])
    for row in query:
        assert_type(row, rows.OptionTradeGreeksSecondOrder)


def option_history_binomial_trade_greeks_third_order(session: sync.Session) -> None:
    query = session.option.history_binomial_trade_greeks_third_order("AAPL", expiration=DAY)
    assert_type(query, sync.Query[rows.OptionTradeGreeksThirdOrder])
    assert_type(query.fetch(), list[rows.OptionTradeGreeksThirdOrder])
    for row in query:
        assert_type(row, rows.OptionTradeGreeksThirdOrder)


def index_list_symbols(session: sync.Session) -> None:
    query = session.index.list_symbols()
    assert_type(query, sync.Query[rows.Symbol])
    assert_type(query.fetch(), list[rows.Symbol])
    for row in query:
        assert_type(row, rows.Symbol)


def index_list_dates(session: sync.Session) -> None:
    query = session.index.list_dates("AAPL")
    assert_type(query, sync.Query[rows.Date])
    assert_type(query.fetch(), list[rows.Date])
    for row in query:
        assert_type(row, rows.Date)


def index_snapshot_ohlc(session: sync.Session) -> None:
    query = session.index.snapshot_ohlc("AAPL")
    assert_type(query, sync.Query[rows.SnapshotOhlc])
    assert_type(query.fetch(), list[rows.SnapshotOhlc])
    for row in query:
        assert_type(row, rows.SnapshotOhlc)


def index_snapshot_price(session: sync.Session) -> None:
    query = session.index.snapshot_price("AAPL")
    assert_type(query, sync.Query[rows.IndexPrice])
    assert_type(query.fetch(), list[rows.IndexPrice])
    for row in query:
        assert_type(row, rows.IndexPrice)


def index_snapshot_market_value(session: sync.Session) -> None:
    query = session.index.snapshot_market_value("AAPL")
    assert_type(query, sync.Query[rows.IndexMarketValue])
    assert_type(query.fetch(), list[rows.IndexMarketValue])
    for row in query:
        assert_type(row, rows.IndexMarketValue)


def index_history_eod(session: sync.Session) -> None:
    query = session.index.history_eod("AAPL", start_date=DAY, end_date=DAY)
    assert_type(query, sync.Query[rows.Eod])
    assert_type(query.fetch(), list[rows.Eod])
    for row in query:
        assert_type(row, rows.Eod)


def index_history_ohlc(session: sync.Session) -> None:
    query = session.index.history_ohlc("AAPL", start_date=DAY, end_date=DAY)
    assert_type(query, sync.Query[rows.Ohlc])
    assert_type(query.fetch(), list[rows.Ohlc])
    for row in query:
        assert_type(row, rows.Ohlc)


def index_history_price(session: sync.Session) -> None:
    query = session.index.history_price("AAPL")
    assert_type(query, sync.Query[rows.Price])
    assert_type(query.fetch(), list[rows.Price])
    for row in query:
        assert_type(row, rows.Price)


def index_at_time_price(session: sync.Session) -> None:
    query = session.index.at_time_price("AAPL", start_date=DAY, end_date=DAY, time_of_day="10:00")
    assert_type(query, sync.Query[rows.Trade])
    assert_type(query.fetch(), list[rows.Trade])
    for row in query:
        assert_type(row, rows.Trade)


def index_flat_file_eod(session: sync.Session) -> None:
    query = session.index.flat_file_eod(date=DAY)
    assert_type(query, sync.FileQuery)


def calendar_open_today(session: sync.Session) -> None:
    query = session.calendar.open_today()
    assert_type(query, sync.Query[rows.CalendarHours])
    assert_type(query.fetch(), list[rows.CalendarHours])
    for row in query:
        assert_type(row, rows.CalendarHours)


def calendar_on_date(session: sync.Session) -> None:
    query = session.calendar.on_date(date=DAY)
    assert_type(query, sync.Query[rows.CalendarHours])
    assert_type(query.fetch(), list[rows.CalendarHours])
    for row in query:
        assert_type(row, rows.CalendarHours)


def calendar_year(session: sync.Session) -> None:
    query = session.calendar.year(year=2024)
    assert_type(query, sync.Query[rows.CalendarDay])
    assert_type(query.fetch(), list[rows.CalendarDay])
    for row in query:
        assert_type(row, rows.CalendarDay)


def interest_rate_history_eod(session: sync.Session) -> None:
    query = session.interest_rate.history_eod("AAPL", start_date=DAY, end_date=DAY)
    assert_type(query, sync.Query[rows.InterestRate])
    assert_type(query.fetch(), list[rows.InterestRate])
    for row in query:
        assert_type(row, rows.InterestRate)
