"""Requests for implied volatilities and Greeks of options.

Those of a family have the same parameters, which stand in its base class.
Greeks are the vendor's, by its closed formula; what scale they have is told
in `thetatrio.rows.greeks`.
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Generic, TypeVar

from thetatrio import rows
from thetatrio.config import Tier
from thetatrio.requests._base import (
    Count,
    DateLike,
    Expiration,
    Interval,
    Number,
    PositiveCount,
    RateType,
    Right,
    Strike,
    SymbolRequest,
    TimeLike,
    Version,
    unsent,
)

__all__ = [
    "HistoryGreeks",
    "OptionHistoryGreeksAll",
    "OptionHistoryGreeksEod",
    "OptionHistoryGreeksFirstOrder",
    "OptionHistoryGreeksImpliedVolatility",
    "OptionHistoryGreeksSecondOrder",
    "OptionHistoryGreeksThirdOrder",
    "OptionHistoryTradeGreeksAll",
    "OptionHistoryTradeGreeksFirstOrder",
    "OptionHistoryTradeGreeksImpliedVolatility",
    "OptionHistoryTradeGreeksSecondOrder",
    "OptionHistoryTradeGreeksThirdOrder",
    "OptionSnapshotGreeksAll",
    "OptionSnapshotGreeksFirstOrder",
    "OptionSnapshotGreeksImpliedVolatility",
    "OptionSnapshotGreeksSecondOrder",
    "OptionSnapshotGreeksThirdOrder",
    "SnapshotGreeks",
    "TradeGreeks",
]

R = TypeVar("R", bound=rows.Row)


class SnapshotGreeks(SymbolRequest[R], Generic[R], frozen=True, kw_only=True):
    """Base of requests for the Greeks of present quotes."""

    takes_slot: ClassVar[bool] = False
    settles: ClassVar[bool] = False

    expiration: Expiration
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    annual_dividend: Number | None = None
    rate_type: RateType = unsent("sofr")
    rate_value: Number | None = None
    stock_price: Number | None = None
    version: Version = unsent("latest")
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None
    min_time: TimeLike | None = None
    use_market_value: bool = unsent(False)
    current_day_only: bool | None = None
    annual_dividend_amount: Number | None = None


class OptionSnapshotGreeksImpliedVolatility(
    SnapshotGreeks[rows.OptionImpliedVolatility], frozen=True, kw_only=True
):
    """Fetch present quotes with the volatilities they imply.

    Makes a `GET /v3/option/snapshot/greeks/implied_volatility` request. Tier:
    standard. Takes no slot. The terminal forgets its snapshots at midnight
    New York time and has none on days without a session, nor for expired
    contracts.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        stock_price: a price of the underlying, dollars, in place of the present one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15 days
            on the day of expiry.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        min_time: leave out quotes older than this time of day, New York wall clock.
        use_market_value: price from the vendor's market value instead of the quote's middle.
        current_day_only: leave out what is from before today; an older terminal ignores it.
        annual_dividend_amount: dividend of a year as an amount; the vendor does not say how it
            goes with `annual_dividend`; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionImpliedVolatility`, one for each
    contract that has a quote. Prices and strikes are dollars. Volatilities
    are fractions. Where no volatility fits, `iv_error` is large.

        found = await session.option.snapshot_greeks_implied_volatility(
            "SPY", expiration="2024-11-15")
        print(found[0].contract, found[0].iv_error, found[0].implied_vol)
    """

    operation: ClassVar[str] = "option_snapshot_greeks_implied_volatility"
    path: ClassVar[str] = "/v3/option/snapshot/greeks/implied_volatility"
    tier: ClassVar[Tier] = Tier.STANDARD


class OptionSnapshotGreeksAll(SnapshotGreeks[rows.OptionGreeks], frozen=True, kw_only=True):
    """Fetch present quotes with implied volatility and Greeks of every order.

    Makes a `GET /v3/option/snapshot/greeks/all` request. Tier: pro. Takes no
    slot. The terminal forgets its snapshots at midnight New York time and has
    none on days without a session, nor for expired contracts.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        stock_price: a price of the underlying, dollars, in place of the present one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15 days
            on the day of expiry.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        min_time: leave out quotes older than this time of day, New York wall clock.
        use_market_value: price from the vendor's market value instead of the quote's middle.
        current_day_only: leave out what is from before today; an older terminal ignores it.
        annual_dividend_amount: dividend of a year as an amount; the vendor does not say how it
            goes with `annual_dividend`; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionGreeks`, one for each contract that
    has a quote. Prices and strikes are dollars. Vega and rho are for a change
    of 1.00 (100 points), theta is for one day, `implied_vol` is a fraction.
    Where no volatility fits, `iv_error` is large.

        for row in await session.option.snapshot_greeks_all("SPY", expiration="2024-11-15"):
            print(row.contract, row.delta, row.implied_vol)
    """

    operation: ClassVar[str] = "option_snapshot_greeks_all"
    path: ClassVar[str] = "/v3/option/snapshot/greeks/all"
    tier: ClassVar[Tier] = Tier.PRO


class OptionSnapshotGreeksFirstOrder(
    SnapshotGreeks[rows.OptionGreeksFirstOrder], frozen=True, kw_only=True
):
    """Fetch present quotes with implied volatility and first-order Greeks.

    Makes a `GET /v3/option/snapshot/greeks/first_order` request. Tier:
    standard. Takes no slot. The terminal forgets its snapshots at midnight
    New York time and has none on days without a session, nor for expired
    contracts.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        stock_price: a price of the underlying, dollars, in place of the present one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15 days
            on the day of expiry.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        min_time: leave out quotes older than this time of day, New York wall clock.
        use_market_value: price from the vendor's market value instead of the quote's middle.
        current_day_only: leave out what is from before today; an older terminal ignores it.
        annual_dividend_amount: dividend of a year as an amount; the vendor does not say how it
            goes with `annual_dividend`; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionGreeksFirstOrder`, one for each
    contract that has a quote. Prices and strikes are dollars. Vega and rho
    are for a change of 1.00 (100 points), theta is for one day, `implied_vol`
    is a fraction. Where no volatility fits, `iv_error` is large.

        for row in await session.option.snapshot_greeks_first_order("SPY", expiration="2024-11-15"):
            print(row.contract, row.delta, row.implied_vol)
    """

    operation: ClassVar[str] = "option_snapshot_greeks_first_order"
    path: ClassVar[str] = "/v3/option/snapshot/greeks/first_order"
    tier: ClassVar[Tier] = Tier.STANDARD


class OptionSnapshotGreeksSecondOrder(
    SnapshotGreeks[rows.OptionGreeksSecondOrder], frozen=True, kw_only=True
):
    """Fetch present quotes with implied volatility and second-order Greeks.

    Makes a `GET /v3/option/snapshot/greeks/second_order` request. Tier: pro.
    Takes no slot. The terminal forgets its snapshots at midnight New York
    time and has none on days without a session, nor for expired contracts.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        stock_price: a price of the underlying, dollars, in place of the present one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15 days
            on the day of expiry.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        min_time: leave out quotes older than this time of day, New York wall clock.
        use_market_value: price from the vendor's market value instead of the quote's middle.
        current_day_only: leave out what is from before today; an older terminal ignores it.
        annual_dividend_amount: dividend of a year as an amount; the vendor does not say how it
            goes with `annual_dividend`; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionGreeksSecondOrder`, one for each
    contract that has a quote. Prices and strikes are dollars. Changes of
    volatility are counted in units of 1.00 (100 points), charm is for a year,
    `implied_vol` is a fraction. Where no volatility fits, `iv_error` is
    large.

        found = await session.option.snapshot_greeks_second_order(
            "SPY", expiration="2024-11-15")
        print(found[0].contract, found[0].gamma, found[0].implied_vol)
    """

    operation: ClassVar[str] = "option_snapshot_greeks_second_order"
    path: ClassVar[str] = "/v3/option/snapshot/greeks/second_order"
    tier: ClassVar[Tier] = Tier.PRO


class OptionSnapshotGreeksThirdOrder(
    SnapshotGreeks[rows.OptionGreeksThirdOrder], frozen=True, kw_only=True
):
    """Fetch present quotes with implied volatility and third-order Greeks.

    Makes a `GET /v3/option/snapshot/greeks/third_order` request. Tier: pro.
    Takes no slot. The terminal forgets its snapshots at midnight New York
    time and has none on days without a session, nor for expired contracts.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        stock_price: a price of the underlying, dollars, in place of the present one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15 days
            on the day of expiry.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        min_time: leave out quotes older than this time of day, New York wall clock.
        use_market_value: price from the vendor's market value instead of the quote's middle.
        current_day_only: leave out what is from before today; an older terminal ignores it.
        annual_dividend_amount: dividend of a year as an amount; the vendor does not say how it
            goes with `annual_dividend`; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionGreeksThirdOrder`, one for each
    contract that has a quote. Prices and strikes are dollars. Changes of
    volatility are counted in units of 1.00 (100 points), `implied_vol` is a
    fraction. Where no volatility fits, `iv_error` is large.

        for row in await session.option.snapshot_greeks_third_order("SPY", expiration="2024-11-15"):
            print(row.contract, row.speed, row.implied_vol)
    """

    operation: ClassVar[str] = "option_snapshot_greeks_third_order"
    path: ClassVar[str] = "/v3/option/snapshot/greeks/third_order"
    tier: ClassVar[Tier] = Tier.PRO


class OptionHistoryGreeksEod(SymbolRequest[rows.OptionGreeksEod], frozen=True, kw_only=True):
    """Fetch end-of-day reports with implied volatility and every Greek.

    Makes a `GET /v3/option/history/greeks/eod` request. Tier: standard; how
    far back a tier reaches is limited. The vendor makes the reports of a day
    at about 17:15 New York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        start_date: first day, inclusive.
        end_date: last day, inclusive. Any range: per request the terminal accepts one day with
            `expiration="*"`; a longer range is sent as several requests. The vendor advises a
            month at a time.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15 days
            on the day of expiry.
        underlyer_use_nbbo: take the underlying's closing price from its best bid and offer.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        option_use_nbbo: take the option's closing price from its best bid and offer (the vendor's
            own habit) or not; an older terminal ignores it.
        annual_dividend_amount: dividend of a year as an amount; the vendor does not say how it
            goes with `annual_dividend`; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionGreeksEod`, contract after contract,
    one for each day. Prices and strikes are dollars, sizes and volume are
    contracts. Vega and rho are for a change of 1.00 (100 points), theta is
    for one day, `implied_vol` is a fraction.

        reports = await session.option.history_greeks_eod(
            "SPY", expiration="2024-11-15", start_date="2024-11-04", end_date="2024-11-08")
        print(reports[0].contract, reports[0].close, reports[0].delta)
    """

    operation: ClassVar[str] = "option_history_greeks_eod"
    path: ClassVar[str] = "/v3/option/history/greeks/eod"
    tier: ClassVar[Tier] = Tier.STANDARD
    history_limited: ClassVar[bool] = True

    expiration: Expiration
    start_date: DateLike
    end_date: DateLike
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    annual_dividend: Number | None = None
    rate_type: RateType = unsent("sofr")
    rate_value: Number | None = None
    version: Version = unsent("latest")
    underlyer_use_nbbo: bool = unsent(False)
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None
    option_use_nbbo: bool | None = None
    annual_dividend_amount: Number | None = None


class HistoryGreeks(SymbolRequest[R], Generic[R], frozen=True, kw_only=True):
    """Base of requests for the Greeks of quotes at an interval."""

    history_limited: ClassVar[bool] = True
    intraday: ClassVar[bool] = True

    expiration: Expiration
    date: DateLike | None = None
    start_date: DateLike | None = None
    end_date: DateLike | None = None
    interval: Interval = "1s"
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    start_time: TimeLike = unsent(dt.time(9, 30))
    end_time: TimeLike = unsent(dt.time(16))
    annual_dividend: Number | None = None
    rate_type: RateType = unsent("sofr")
    rate_value: Number | None = None
    version: Version = unsent("latest")
    strike_range: PositiveCount | None = None
    annual_dividend_amount: Number | None = None


class OptionHistoryGreeksImpliedVolatility(
    HistoryGreeks[rows.OptionBidAskImpliedVolatility], frozen=True, kw_only=True
):
    """Fetch the volatilities that bid, middle and ask imply, at an interval.

    Makes a `GET /v3/option/history/greeks/implied_volatility` request. Tier:
    standard; how far back a tier reaches is limited. Yesterday's data is
    there from about 01:45 New York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all; the vendor documents dates alone.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts a month, or
            one day with `expiration="*"` or an interval under a minute; a longer range is sent as
            several requests.
        interval: distance of the moments; `tick` takes every quote instead.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        start_time: first moment, New York wall clock, inclusive.
        end_time: last moment, New York wall clock, inclusive.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15 days
            on the day of expiry.
        strike_range: only this many strikes above and below the money, and the one at it.
        annual_dividend_amount: dividend of a year as an amount; the vendor does not say how it
            goes with `annual_dividend`; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionBidAskImpliedVolatility`, contract
    after contract, each in order of time: of the last quote at each moment.
    Prices and strikes are dollars. Volatilities are fractions. Where there is
    no market, as at 09:30:00, quotes are zero and `iv_error` is 100.

        found = await session.option.history_greeks_implied_volatility(
            "SPY", expiration="2024-11-15", right="call", date="2024-11-04", interval="1h")
        print(found[1].contract, found[1].iv_error, found[1].implied_vol)
    """

    operation: ClassVar[str] = "option_history_greeks_implied_volatility"
    path: ClassVar[str] = "/v3/option/history/greeks/implied_volatility"
    tier: ClassVar[Tier] = Tier.STANDARD


class OptionHistoryGreeksAll(HistoryGreeks[rows.OptionGreeks], frozen=True, kw_only=True):
    """Fetch quotes with implied volatility and Greeks of every order.

    Makes a `GET /v3/option/history/greeks/all` request. Tier: pro; how far
    back a tier reaches is limited. Yesterday's data is there from about 01:45
    New York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all; the vendor documents dates alone.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts a month, or
            one day with `expiration="*"` or an interval under a minute; a longer range is sent as
            several requests.
        interval: distance of the moments; `tick` takes every quote instead.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        start_time: first moment, New York wall clock, inclusive.
        end_time: last moment, New York wall clock, inclusive.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15 days
            on the day of expiry.
        strike_range: only this many strikes above and below the money, and the one at it.
        annual_dividend_amount: dividend of a year as an amount; the vendor does not say how it
            goes with `annual_dividend`; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionGreeks`, contract after contract,
    each in order of time: of the last quote at each moment, from its middle.
    Prices and strikes are dollars. Vega and rho are for a change of 1.00 (100
    points), theta is for one day, `implied_vol` is a fraction. Where there is
    no market, as at 09:30:00, quotes are zero and `iv_error` is 100.

        found = await session.option.history_greeks_all(
            "SPY", expiration="2024-11-15", right="call", date="2024-11-04", interval="1h")
        print(found[1].contract, found[1].delta, found[1].implied_vol)
    """

    operation: ClassVar[str] = "option_history_greeks_all"
    path: ClassVar[str] = "/v3/option/history/greeks/all"
    tier: ClassVar[Tier] = Tier.PRO


class OptionHistoryGreeksFirstOrder(
    HistoryGreeks[rows.OptionGreeksFirstOrder], frozen=True, kw_only=True
):
    """Fetch quotes with implied volatility and first-order Greeks.

    Makes a `GET /v3/option/history/greeks/first_order` request. Tier:
    standard; how far back a tier reaches is limited. Yesterday's data is
    there from about 01:45 New York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all; the vendor documents dates alone.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts a month, or
            one day with `expiration="*"` or an interval under a minute; a longer range is sent as
            several requests.
        interval: distance of the moments; `tick` takes every quote instead.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        start_time: first moment, New York wall clock, inclusive.
        end_time: last moment, New York wall clock, inclusive.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15 days
            on the day of expiry.
        strike_range: only this many strikes above and below the money, and the one at it.
        annual_dividend_amount: dividend of a year as an amount; the vendor does not say how it
            goes with `annual_dividend`; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionGreeksFirstOrder`, contract after
    contract, each in order of time: of the last quote at each moment, from
    its middle. Prices and strikes are dollars. Vega and rho are for a change
    of 1.00 (100 points), theta is for one day, `implied_vol` is a fraction.
    Where there is no market, as at 09:30:00, quotes are zero and `iv_error`
    is 100.

        found = await session.option.history_greeks_first_order(
            "SPY", expiration="2024-11-15", right="call", date="2024-11-04", interval="1h")
        print(found[1].contract, found[1].delta, found[1].implied_vol)
    """

    operation: ClassVar[str] = "option_history_greeks_first_order"
    path: ClassVar[str] = "/v3/option/history/greeks/first_order"
    tier: ClassVar[Tier] = Tier.STANDARD


class OptionHistoryGreeksSecondOrder(
    HistoryGreeks[rows.OptionGreeksSecondOrder], frozen=True, kw_only=True
):
    """Fetch quotes with implied volatility and second-order Greeks.

    Makes a `GET /v3/option/history/greeks/second_order` request. Tier: pro;
    how far back a tier reaches is limited. Yesterday's data is there from
    about 01:45 New York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all; the vendor documents dates alone.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts a month, or
            one day with `expiration="*"` or an interval under a minute; a longer range is sent as
            several requests.
        interval: distance of the moments; `tick` takes every quote instead.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        start_time: first moment, New York wall clock, inclusive.
        end_time: last moment, New York wall clock, inclusive.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15 days
            on the day of expiry.
        strike_range: only this many strikes above and below the money, and the one at it.
        annual_dividend_amount: dividend of a year as an amount; the vendor does not say how it
            goes with `annual_dividend`; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionGreeksSecondOrder`, contract after
    contract, each in order of time: of the last quote at each moment, from
    its middle. Prices and strikes are dollars. Changes of volatility are
    counted in units of 1.00 (100 points), charm is for a year, `implied_vol`
    is a fraction. Where there is no market, as at 09:30:00, quotes are zero
    and `iv_error` is 100.

        found = await session.option.history_greeks_second_order(
            "SPY", expiration="2024-11-15", right="call", date="2024-11-04", interval="1h")
        print(found[1].contract, found[1].gamma, found[1].implied_vol)
    """

    operation: ClassVar[str] = "option_history_greeks_second_order"
    path: ClassVar[str] = "/v3/option/history/greeks/second_order"
    tier: ClassVar[Tier] = Tier.PRO


class OptionHistoryGreeksThirdOrder(
    HistoryGreeks[rows.OptionGreeksThirdOrder], frozen=True, kw_only=True
):
    """Fetch quotes with implied volatility and third-order Greeks.

    Makes a `GET /v3/option/history/greeks/third_order` request. Tier: pro;
    how far back a tier reaches is limited. Yesterday's data is there from
    about 01:45 New York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all; the vendor documents dates alone.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts a month, or
            one day with `expiration="*"` or an interval under a minute; a longer range is sent as
            several requests.
        interval: distance of the moments; `tick` takes every quote instead.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        start_time: first moment, New York wall clock, inclusive.
        end_time: last moment, New York wall clock, inclusive.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15 days
            on the day of expiry.
        strike_range: only this many strikes above and below the money, and the one at it.
        annual_dividend_amount: dividend of a year as an amount; the vendor does not say how it
            goes with `annual_dividend`; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionGreeksThirdOrder`, contract after
    contract, each in order of time: of the last quote at each moment, from
    its middle. Prices and strikes are dollars. Changes of volatility are
    counted in units of 1.00 (100 points), `implied_vol` is a fraction. Where
    there is no market, as at 09:30:00, quotes are zero and `iv_error` is 100.

        found = await session.option.history_greeks_third_order(
            "SPY", expiration="2024-11-15", right="call", date="2024-11-04", interval="1h")
        print(found[1].contract, found[1].speed, found[1].implied_vol)
    """

    operation: ClassVar[str] = "option_history_greeks_third_order"
    path: ClassVar[str] = "/v3/option/history/greeks/third_order"
    tier: ClassVar[Tier] = Tier.PRO


class TradeGreeks(SymbolRequest[R], Generic[R], frozen=True, kw_only=True):
    """Base of requests for the Greeks of every trade."""

    history_limited: ClassVar[bool] = True
    intraday: ClassVar[bool] = True
    tick: ClassVar[bool] = True

    expiration: Expiration
    date: DateLike | None = None
    start_date: DateLike | None = None
    end_date: DateLike | None = None
    strike: Strike = unsent("*")
    right: Right = unsent("both")
    start_time: TimeLike = unsent(dt.time(9, 30))
    end_time: TimeLike = unsent(dt.time(16))
    annual_dividend: Number | None = None
    rate_type: RateType = unsent("sofr")
    rate_value: Number | None = None
    version: Version = unsent("latest")
    max_dte: Count | None = None
    strike_range: PositiveCount | None = None
    perf_boost_intraday: bool | None = None
    annual_dividend_amount: Number | None = None


class OptionHistoryTradeGreeksImpliedVolatility(
    TradeGreeks[rows.OptionTradeImpliedVolatility], frozen=True, kw_only=True
):
    """Fetch every trade with the volatility that its price implies.

    Makes a `GET /v3/option/history/trade_greeks/implied_volatility` request.
    Tier: pro; how far back a tier reaches is limited. Yesterday's data is
    there from about 01:45 New York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts one day; a
            longer range is sent as several requests.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        start_time: from this time on, New York wall clock, inclusive.
        end_time: to this time, New York wall clock, inclusive.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15 days
            on the day of expiry.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        perf_boost_intraday: the vendor's switch for speed within a day; it does not say at what
            price; an older terminal ignores it.
        annual_dividend_amount: dividend of a year as an amount; the vendor does not say how it
            goes with `annual_dividend`; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionTradeImpliedVolatility`, contract
    after contract, each in order of time: of the trade's price, and the
    underlying's at that time. Prices and strikes are dollars, sizes are
    contracts. Volatilities are fractions.

        trades = await session.option.history_trade_greeks_implied_volatility(
            "SPY", expiration="2024-11-15", right="call", date="2024-11-04")
        print(trades[0].contract, trades[0].price, trades[0].iv_error)
    """

    operation: ClassVar[str] = "option_history_trade_greeks_implied_volatility"
    path: ClassVar[str] = "/v3/option/history/trade_greeks/implied_volatility"
    tier: ClassVar[Tier] = Tier.PRO


class OptionHistoryTradeGreeksAll(TradeGreeks[rows.OptionTradeGreeks], frozen=True, kw_only=True):
    """Fetch every trade with implied volatility and Greeks of every order.

    Makes a `GET /v3/option/history/trade_greeks/all` request. Tier: pro; how
    far back a tier reaches is limited. Yesterday's data is there from about
    01:45 New York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts one day; a
            longer range is sent as several requests.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        start_time: from this time on, New York wall clock, inclusive.
        end_time: to this time, New York wall clock, inclusive.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15 days
            on the day of expiry.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        perf_boost_intraday: the vendor's switch for speed within a day; it does not say at what
            price; an older terminal ignores it.
        annual_dividend_amount: dividend of a year as an amount; the vendor does not say how it
            goes with `annual_dividend`; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionTradeGreeks`, contract after
    contract, each in order of time: of the trade's price, and the
    underlying's at that time. Prices and strikes are dollars, sizes are
    contracts. Vega and rho are for a change of 1.00 (100 points), theta is
    for one day, `implied_vol` is a fraction.

        trades = await session.option.history_trade_greeks_all(
            "SPY", expiration="2024-11-15", right="call", date="2024-11-04")
        print(trades[0].contract, trades[0].price, trades[0].delta)
    """

    operation: ClassVar[str] = "option_history_trade_greeks_all"
    path: ClassVar[str] = "/v3/option/history/trade_greeks/all"
    tier: ClassVar[Tier] = Tier.PRO


class OptionHistoryTradeGreeksFirstOrder(
    TradeGreeks[rows.OptionTradeGreeksFirstOrder], frozen=True, kw_only=True
):
    """Fetch every trade with implied volatility and first-order Greeks.

    Makes a `GET /v3/option/history/trade_greeks/first_order` request. Tier:
    pro; how far back a tier reaches is limited. Yesterday's data is there
    from about 01:45 New York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts one day; a
            longer range is sent as several requests.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        start_time: from this time on, New York wall clock, inclusive.
        end_time: to this time, New York wall clock, inclusive.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15 days
            on the day of expiry.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        perf_boost_intraday: the vendor's switch for speed within a day; it does not say at what
            price; an older terminal ignores it.
        annual_dividend_amount: dividend of a year as an amount; the vendor does not say how it
            goes with `annual_dividend`; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionTradeGreeksFirstOrder`, contract
    after contract, each in order of time: of the trade's price, and the
    underlying's at that time. Prices and strikes are dollars, sizes are
    contracts. Vega and rho are for a change of 1.00 (100 points), theta is
    for one day, `implied_vol` is a fraction.

        trades = await session.option.history_trade_greeks_first_order(
            "SPY", expiration="2024-11-15", right="call", date="2024-11-04")
        print(trades[0].contract, trades[0].price, trades[0].delta)
    """

    operation: ClassVar[str] = "option_history_trade_greeks_first_order"
    path: ClassVar[str] = "/v3/option/history/trade_greeks/first_order"
    tier: ClassVar[Tier] = Tier.PRO


class OptionHistoryTradeGreeksSecondOrder(
    TradeGreeks[rows.OptionTradeGreeksSecondOrder], frozen=True, kw_only=True
):
    """Fetch every trade with implied volatility and second-order Greeks.

    Makes a `GET /v3/option/history/trade_greeks/second_order` request. Tier:
    pro; how far back a tier reaches is limited. Yesterday's data is there
    from about 01:45 New York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts one day; a
            longer range is sent as several requests.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        start_time: from this time on, New York wall clock, inclusive.
        end_time: to this time, New York wall clock, inclusive.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15 days
            on the day of expiry.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        perf_boost_intraday: the vendor's switch for speed within a day; it does not say at what
            price; an older terminal ignores it.
        annual_dividend_amount: dividend of a year as an amount; the vendor does not say how it
            goes with `annual_dividend`; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionTradeGreeksSecondOrder`, contract
    after contract, each in order of time: of the trade's price, and the
    underlying's at that time. Prices and strikes are dollars, sizes are
    contracts. Changes of volatility are counted in units of 1.00 (100
    points), charm is for a year, `implied_vol` is a fraction.

        trades = await session.option.history_trade_greeks_second_order(
            "SPY", expiration="2024-11-15", right="call", date="2024-11-04")
        print(trades[0].contract, trades[0].price, trades[0].gamma)
    """

    operation: ClassVar[str] = "option_history_trade_greeks_second_order"
    path: ClassVar[str] = "/v3/option/history/trade_greeks/second_order"
    tier: ClassVar[Tier] = Tier.PRO


class OptionHistoryTradeGreeksThirdOrder(
    TradeGreeks[rows.OptionTradeGreeksThirdOrder], frozen=True, kw_only=True
):
    """Fetch every trade with implied volatility and third-order Greeks.

    Makes a `GET /v3/option/history/trade_greeks/third_order` request. Tier:
    pro; how far back a tier reaches is limited. Yesterday's data is there
    from about 01:45 New York time.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        expiration: a date, or `*` for all.
        date: one day; or
        start_date: first day and
        end_date: last day, both inclusive. Any range: per request the terminal accepts one day; a
            longer range is sent as several requests.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.
        start_time: from this time on, New York wall clock, inclusive.
        end_time: to this time, New York wall clock, inclusive.
        annual_dividend: dividend of a year, dollars; the vendor assumes none.
        rate_type: the interest rate to use.
        rate_value: a rate in percent, in place of that one.
        version: `latest` uses the real time to expiry, of one hour at least; `1` uses 0.15 days
            on the day of expiry.
        max_dte: leave out contracts with more days to expiry than this.
        strike_range: only this many strikes above and below the money, and the one at it.
        perf_boost_intraday: the vendor's switch for speed within a day; it does not say at what
            price; an older terminal ignores it.
        annual_dividend_amount: dividend of a year as an amount; the vendor does not say how it
            goes with `annual_dividend`; an older terminal ignores it.

    Returns rows of `thetatrio.rows.OptionTradeGreeksThirdOrder`, contract
    after contract, each in order of time: of the trade's price, and the
    underlying's at that time. Prices and strikes are dollars, sizes are
    contracts. Changes of volatility are counted in units of 1.00 (100
    points), `implied_vol` is a fraction.

        trades = await session.option.history_trade_greeks_third_order(
            "SPY", expiration="2024-11-15", right="call", date="2024-11-04")
        print(trades[0].contract, trades[0].price, trades[0].speed)
    """

    operation: ClassVar[str] = "option_history_trade_greeks_third_order"
    path: ClassVar[str] = "/v3/option/history/trade_greeks/third_order"
    tier: ClassVar[Tier] = Tier.PRO
