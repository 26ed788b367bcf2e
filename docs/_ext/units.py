"""What is in each column of an answer: its unit, or what its number stands for."""

from __future__ import annotations

import msgspec

from thetatrio import rows
from thetatrio.events import Ohlc, Price

DOLLARS = "Dollars"
SHARES = "Shares of a stock, contracts of an option"
TIME = "New York time"
CODE = "A code, see `thetatrio.codes`"

UNITS = {
    "symbol": "The ticker or root",
    "expiration": "The date of expiry",
    "strike": DOLLARS,
    "right": "`CALL` or `PUT`",
    "date": "A day in New York",
    "type": "A word",
    "created": TIME,
    "last_trade": TIME,
    "timestamp": TIME,
    "trade_timestamp": TIME,
    "quote_timestamp": TIME,
    "underlying_timestamp": TIME,
    "open": DOLLARS,
    "high": DOLLARS,
    "low": DOLLARS,
    "close": DOLLARS,
    "vwap": DOLLARS,
    "bid": DOLLARS,
    "ask": DOLLARS,
    "midpoint": DOLLARS,
    "price": DOLLARS,
    "underlying_price": DOLLARS,
    "market_bid": DOLLARS,
    "market_ask": DOLLARS,
    "market_price": DOLLARS,
    "volume": SHARES,
    "size": SHARES,
    "bid_size": SHARES,
    "ask_size": SHARES,
    "open_interest": "Contracts",
    "count": "Trades",
    "sequence": "A signed counter",
    "bid_exchange": CODE,
    "ask_exchange": CODE,
    "exchange": CODE,
    "bid_condition": CODE,
    "ask_condition": CODE,
    "condition": CODE,
    "ext_condition1": CODE,
    "ext_condition2": CODE,
    "ext_condition3": CODE,
    "ext_condition4": CODE,
    "rate": "Percent",
    "implied_vol": "A fraction (0.25 is 25 %)",
    "bid_implied_vol": "A fraction (0.25 is 25 %)",
    "ask_implied_vol": "A fraction (0.25 is 25 %)",
    "iv_error": "How badly the volatility fits: 0 is well, 100 not at all",
    "delta": "Dollars for a dollar of the underlying",
    "theta": "Dollars for one day",
    "vega": "Dollars for a change of volatility by 1.00 (100 points)",
    "rho": "Dollars for a change of the rate by 1.00 (100 points)",
    "epsilon": "Dollars for a change of the dividend yield by 1.00 (100 points)",
    "lambda": "Percent for a percent of the underlying",
    "gamma": "Delta for a dollar of the underlying",
    "vanna": "Delta for a change of volatility by 1.00",
    "charm": "Delta for a year that passes",
    "vomma": "Vega for a change of volatility by 1.00",
    "veta": "Vega for time that passes",
    "vera": "Rho for a change of volatility by 1.00",
    "speed": "Gamma for a dollar of the underlying",
    "zomma": "Gamma for a change of volatility by 1.00",
    "color": "Gamma for time that passes",
    "ultima": "Vomma for a change of volatility by 1.00; stops at -100 and 100",
    "d1": "Black and Scholes' d1",
    "d2": "Black and Scholes' d2",
    "dual_delta": "Dollars for a dollar of the strike",
    "dual_gamma": "Dual delta for a dollar of the strike",
    "split_date": "A date",
    "before_shares": "Shares",
    "after_shares": "Shares",
    "ex_date": "A date",
    "record_date": "A date",
    "payment_date": "A date",
    "ann_date": "A date",
    "dividend_amount": "Dollars a share",
    "less_amount": DOLLARS,
    "contract": "",
    "ms_of_day": "",
    "date_int": "",
    "condition_flags": "A number of the vendor's",
    "price_flags": "A number of the vendor's",
    "volume_type": "A number of the vendor's",
    "records_back": "A number of the vendor's",
    "path": "A path on the terminal's machine",
}
# Where a column of the same name holds something else.
EXCEPTIONS: dict[tuple[type[msgspec.Struct], str], str] = {
    (rows.InterestRate, "created"): "A date",
    (rows.CalendarDay, "open"): TIME,
    (rows.CalendarDay, "close"): TIME,
    (rows.CalendarHours, "open"): TIME,
    (rows.CalendarHours, "close"): TIME,
    (rows.IndexPrice, "price"): "Points",
    (rows.IndexMarketValue, "market_price"): "Points",
    (rows.Price, "price"): "Points",
    (Price, "price"): "Points",
    (Ohlc, "count"): "",
}


def unit_of(row: type[msgspec.Struct], column: str) -> str:
    """Return what a column holds. Raises KeyError for one that nobody has described."""
    return EXCEPTIONS.get((row, column), UNITS[column])
