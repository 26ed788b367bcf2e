"""Every operation of implied volatilities and Greeks: what a type checker must know of it.

Checked by mypy and pyright, never run.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import assert_type

from thetatrio import Option, Plan, Query, RowChannel, Session, requests, rows
from thetatrio.requests import Request

DAY = dt.date(2024, 11, 4)


async def snapshots(session: Session) -> None:
    greeks_implied_volatility = session.option.snapshot_greeks_implied_volatility(
        "SPY", expiration=DAY
    )
    assert_type(greeks_implied_volatility, Query[rows.OptionImpliedVolatility])
    assert_type(greeks_implied_volatility.request, Request[rows.OptionImpliedVolatility])
    assert_type(await greeks_implied_volatility, list[rows.OptionImpliedVolatility])
    greeks_all = session.option.snapshot_greeks_all("SPY", expiration=DAY)
    assert_type(greeks_all, Query[rows.OptionGreeks])
    assert_type(greeks_all.request, Request[rows.OptionGreeks])
    assert_type(await greeks_all, list[rows.OptionGreeks])
    greeks_first_order = session.option.snapshot_greeks_first_order("SPY", expiration=DAY)
    assert_type(greeks_first_order, Query[rows.OptionGreeksFirstOrder])
    assert_type(greeks_first_order.request, Request[rows.OptionGreeksFirstOrder])
    assert_type(await greeks_first_order, list[rows.OptionGreeksFirstOrder])
    greeks_second_order = session.option.snapshot_greeks_second_order("SPY", expiration=DAY)
    assert_type(greeks_second_order, Query[rows.OptionGreeksSecondOrder])
    assert_type(greeks_second_order.request, Request[rows.OptionGreeksSecondOrder])
    assert_type(await greeks_second_order, list[rows.OptionGreeksSecondOrder])
    greeks_third_order = session.option.snapshot_greeks_third_order("SPY", expiration=DAY)
    assert_type(greeks_third_order, Query[rows.OptionGreeksThirdOrder])
    assert_type(greeks_third_order.request, Request[rows.OptionGreeksThirdOrder])
    assert_type(await greeks_third_order, list[rows.OptionGreeksThirdOrder])
    binomial_greeks_all = session.option.snapshot_binomial_greeks_all("SPY", expiration=DAY)
    assert_type(binomial_greeks_all, Query[rows.OptionGreeks])
    assert_type(binomial_greeks_all.request, Request[rows.OptionGreeks])
    assert_type(await binomial_greeks_all, list[rows.OptionGreeks])
    binomial_greeks_first_order = session.option.snapshot_binomial_greeks_first_order(
        "SPY", expiration=DAY
    )
    assert_type(binomial_greeks_first_order, Query[rows.OptionGreeksFirstOrder])
    assert_type(binomial_greeks_first_order.request, Request[rows.OptionGreeksFirstOrder])
    assert_type(await binomial_greeks_first_order, list[rows.OptionGreeksFirstOrder])
    binomial_greeks_second_order = session.option.snapshot_binomial_greeks_second_order(
        "SPY", expiration=DAY
    )
    assert_type(binomial_greeks_second_order, Query[rows.OptionGreeksSecondOrder])
    assert_type(binomial_greeks_second_order.request, Request[rows.OptionGreeksSecondOrder])
    assert_type(await binomial_greeks_second_order, list[rows.OptionGreeksSecondOrder])
    binomial_greeks_third_order = session.option.snapshot_binomial_greeks_third_order(
        "SPY", expiration=DAY
    )
    assert_type(binomial_greeks_third_order, Query[rows.OptionGreeksThirdOrder])
    assert_type(binomial_greeks_third_order.request, Request[rows.OptionGreeksThirdOrder])
    assert_type(await binomial_greeks_third_order, list[rows.OptionGreeksThirdOrder])


async def quotes_at_an_interval(session: Session) -> None:
    greeks_implied_volatility = session.option.history_greeks_implied_volatility(
        "SPY", expiration=DAY, date=DAY
    )
    assert_type(greeks_implied_volatility, Query[rows.OptionBidAskImpliedVolatility])
    assert_type(greeks_implied_volatility.request, Request[rows.OptionBidAskImpliedVolatility])
    assert_type(await greeks_implied_volatility, list[rows.OptionBidAskImpliedVolatility])
    greeks_all = session.option.history_greeks_all("SPY", expiration=DAY, date=DAY)
    assert_type(greeks_all, Query[rows.OptionGreeks])
    assert_type(greeks_all.request, Request[rows.OptionGreeks])
    assert_type(await greeks_all, list[rows.OptionGreeks])
    greeks_first_order = session.option.history_greeks_first_order("SPY", expiration=DAY, date=DAY)
    assert_type(greeks_first_order, Query[rows.OptionGreeksFirstOrder])
    assert_type(greeks_first_order.request, Request[rows.OptionGreeksFirstOrder])
    assert_type(await greeks_first_order, list[rows.OptionGreeksFirstOrder])
    greeks_second_order = session.option.history_greeks_second_order(
        "SPY", expiration=DAY, date=DAY
    )
    assert_type(greeks_second_order, Query[rows.OptionGreeksSecondOrder])
    assert_type(greeks_second_order.request, Request[rows.OptionGreeksSecondOrder])
    assert_type(await greeks_second_order, list[rows.OptionGreeksSecondOrder])
    greeks_third_order = session.option.history_greeks_third_order("SPY", expiration=DAY, date=DAY)
    assert_type(greeks_third_order, Query[rows.OptionGreeksThirdOrder])
    assert_type(greeks_third_order.request, Request[rows.OptionGreeksThirdOrder])
    assert_type(await greeks_third_order, list[rows.OptionGreeksThirdOrder])
    binomial_greeks_all = session.option.history_binomial_greeks_all(
        "SPY", expiration=DAY, date=DAY
    )
    assert_type(binomial_greeks_all, Query[rows.OptionGreeks])
    assert_type(binomial_greeks_all.request, Request[rows.OptionGreeks])
    assert_type(await binomial_greeks_all, list[rows.OptionGreeks])
    binomial_greeks_first_order = session.option.history_binomial_greeks_first_order(
        "SPY", expiration=DAY, date=DAY
    )
    assert_type(binomial_greeks_first_order, Query[rows.OptionGreeksFirstOrder])
    assert_type(binomial_greeks_first_order.request, Request[rows.OptionGreeksFirstOrder])
    assert_type(await binomial_greeks_first_order, list[rows.OptionGreeksFirstOrder])
    binomial_greeks_second_order = session.option.history_binomial_greeks_second_order(
        "SPY", expiration=DAY, date=DAY
    )
    assert_type(binomial_greeks_second_order, Query[rows.OptionGreeksSecondOrder])
    assert_type(binomial_greeks_second_order.request, Request[rows.OptionGreeksSecondOrder])
    assert_type(await binomial_greeks_second_order, list[rows.OptionGreeksSecondOrder])
    binomial_greeks_third_order = session.option.history_binomial_greeks_third_order(
        "SPY", expiration=DAY, date=DAY
    )
    assert_type(binomial_greeks_third_order, Query[rows.OptionGreeksThirdOrder])
    assert_type(binomial_greeks_third_order.request, Request[rows.OptionGreeksThirdOrder])
    assert_type(await binomial_greeks_third_order, list[rows.OptionGreeksThirdOrder])


async def trades(session: Session) -> None:
    trade_greeks_implied_volatility = session.option.history_trade_greeks_implied_volatility(
        "SPY", expiration=DAY, date=DAY
    )
    assert_type(trade_greeks_implied_volatility, Query[rows.OptionTradeImpliedVolatility])
    assert_type(trade_greeks_implied_volatility.request, Request[rows.OptionTradeImpliedVolatility])
    assert_type(await trade_greeks_implied_volatility, list[rows.OptionTradeImpliedVolatility])
    trade_greeks_all = session.option.history_trade_greeks_all("SPY", expiration=DAY, date=DAY)
    assert_type(trade_greeks_all, Query[rows.OptionTradeGreeks])
    assert_type(trade_greeks_all.request, Request[rows.OptionTradeGreeks])
    assert_type(await trade_greeks_all, list[rows.OptionTradeGreeks])
    trade_greeks_first_order = session.option.history_trade_greeks_first_order(
        "SPY", expiration=DAY, date=DAY
    )
    assert_type(trade_greeks_first_order, Query[rows.OptionTradeGreeksFirstOrder])
    assert_type(trade_greeks_first_order.request, Request[rows.OptionTradeGreeksFirstOrder])
    assert_type(await trade_greeks_first_order, list[rows.OptionTradeGreeksFirstOrder])
    trade_greeks_second_order = session.option.history_trade_greeks_second_order(
        "SPY", expiration=DAY, date=DAY
    )
    assert_type(trade_greeks_second_order, Query[rows.OptionTradeGreeksSecondOrder])
    assert_type(trade_greeks_second_order.request, Request[rows.OptionTradeGreeksSecondOrder])
    assert_type(await trade_greeks_second_order, list[rows.OptionTradeGreeksSecondOrder])
    trade_greeks_third_order = session.option.history_trade_greeks_third_order(
        "SPY", expiration=DAY, date=DAY
    )
    assert_type(trade_greeks_third_order, Query[rows.OptionTradeGreeksThirdOrder])
    assert_type(trade_greeks_third_order.request, Request[rows.OptionTradeGreeksThirdOrder])
    assert_type(await trade_greeks_third_order, list[rows.OptionTradeGreeksThirdOrder])
    binomial_trade_greeks_all = session.option.history_binomial_trade_greeks_all(
        "SPY", expiration=DAY, date=DAY
    )
    assert_type(binomial_trade_greeks_all, Query[rows.OptionTradeGreeks])
    assert_type(binomial_trade_greeks_all.request, Request[rows.OptionTradeGreeks])
    assert_type(await binomial_trade_greeks_all, list[rows.OptionTradeGreeks])
    binomial_trade_greeks_first_order = session.option.history_binomial_trade_greeks_first_order(
        "SPY", expiration=DAY, date=DAY
    )
    assert_type(binomial_trade_greeks_first_order, Query[rows.OptionTradeGreeksFirstOrder])
    assert_type(
        binomial_trade_greeks_first_order.request, Request[rows.OptionTradeGreeksFirstOrder]
    )
    assert_type(await binomial_trade_greeks_first_order, list[rows.OptionTradeGreeksFirstOrder])
    binomial_trade_greeks_second_order = session.option.history_binomial_trade_greeks_second_order(
        "SPY", expiration=DAY, date=DAY
    )
    assert_type(binomial_trade_greeks_second_order, Query[rows.OptionTradeGreeksSecondOrder])
    assert_type(
        binomial_trade_greeks_second_order.request, Request[rows.OptionTradeGreeksSecondOrder]
    )
    assert_type(await binomial_trade_greeks_second_order, list[rows.OptionTradeGreeksSecondOrder])
    binomial_trade_greeks_third_order = session.option.history_binomial_trade_greeks_third_order(
        "SPY", expiration=DAY, date=DAY
    )
    assert_type(binomial_trade_greeks_third_order, Query[rows.OptionTradeGreeksThirdOrder])
    assert_type(
        binomial_trade_greeks_third_order.request, Request[rows.OptionTradeGreeksThirdOrder]
    )
    assert_type(await binomial_trade_greeks_third_order, list[rows.OptionTradeGreeksThirdOrder])


async def end_of_day(session: Session) -> None:
    greeks_eod = session.option.history_greeks_eod(
        "SPY", expiration=DAY, start_date=DAY, end_date=DAY
    )
    assert_type(greeks_eod, Query[rows.OptionGreeksEod])
    assert_type(greeks_eod.request, Request[rows.OptionGreeksEod])
    assert_type(await greeks_eod, list[rows.OptionGreeksEod])
    binomial_greeks_eod = session.option.history_binomial_greeks_eod(
        "SPY", expiration=DAY, start_date=DAY, end_date=DAY
    )
    assert_type(binomial_greeks_eod, Query[rows.OptionGreeksEod])
    assert_type(binomial_greeks_eod.request, Request[rows.OptionGreeksEod])
    assert_type(await binomial_greeks_eod, list[rows.OptionGreeksEod])


async def in_every_way(session: Session) -> None:
    query = session.option.history_greeks_first_order("SPY", expiration=DAY, date=DAY)
    assert_type(query.plan(), Plan[rows.OptionGreeksFirstOrder])
    assert_type(await query.fetch(), list[rows.OptionGreeksFirstOrder])
    async with query.rows() as channel:
        assert_type(channel, RowChannel[rows.OptionGreeksFirstOrder])
        async for row in channel:
            assert_type(row, rows.OptionGreeksFirstOrder)
    async with query.batches() as batches:
        async for batch in batches:
            assert_type(batch, list[rows.OptionGreeksFirstOrder])


async def columns(session: Session) -> None:
    (greeks, *_) = await session.option.history_greeks_all("SPY", expiration=DAY, date=DAY)
    assert_type(greeks.contract, Option)
    assert_type(greeks.lambda_, float)
    assert_type(greeks.timestamp, dt.datetime)
    assert_type(greeks.underlying_timestamp_ny, dt.datetime)
    (trade, *_) = await session.option.history_trade_greeks_all("SPY", expiration=DAY, date=DAY)
    assert_type(trade.sequence, int)
    assert_type(trade.price, float)
    assert_type(trade.underlying_timestamp, dt.datetime)
    (report, *_) = await session.option.history_greeks_eod(
        "SPY", expiration=DAY, start_date=DAY, end_date=DAY
    )
    assert_type(report.volume, int)
    assert_type(report.implied_vol, float)


async def every_parameter(session: Session) -> None:
    await session.option.snapshot_greeks_first_order(
        "SPY", expiration="*", strike=570, right="C", annual_dividend=Decimal(7), rate_type="sofr",
        rate_value=5.3, stock_price=571, version="1", max_dte=7, strike_range=5, min_time="09:45",
        use_market_value=True, current_day_only=True, annual_dividend_amount=7.0,
    )  # fmt: skip
    await session.option.history_greeks_implied_volatility(
        "SPY", expiration=DAY, start_date=DAY, end_date="2024-11-08", interval="1m", strike="*",
        right="both", start_time=dt.time(10), end_time="16:00", annual_dividend=0, rate_value=0,
        version="latest", strike_range=1, annual_dividend_amount=None,
    )  # fmt: skip
    await session.option.history_trade_greeks_all(
        "SPY", expiration="*", date=DAY, max_dte=0, perf_boost_intraday=False
    )
    await session.option.history_greeks_eod(
        "SPY", expiration="*", start_date=DAY, end_date=DAY, underlyer_use_nbbo=True,
        option_use_nbbo=False,
    )  # fmt: skip
    await session.option.snapshot_binomial_greeks_all("SPY", expiration="*", binomial_steps=51)


async def by_hand(session: Session) -> None:
    made = requests.OptionHistoryTradeGreeksImpliedVolatility("SPY", expiration=DAY, date=DAY)
    assert_type(made.perf_boost_intraday, bool | None)
    assert_type(made.since, str)
    assert_type(await session.query(made), list[rows.OptionTradeImpliedVolatility])
    tree = requests.OptionHistoryBinomialGreeksEod(
        "SPY", expiration=DAY, start_date=DAY, end_date=DAY
    )
    assert_type(tree.binomial_steps, int)
    assert_type(tree.option_use_nbbo, bool)
    assert_type(session.query(tree), Query[rows.OptionGreeksEod])
    assert_type(
        requests.OptionHistoryBinomialTradeGreeksAll.row_type(), type[rows.OptionTradeGreeks]
    )
