"""What the vendor documents of each operation of implied volatilities and Greeks.

The fields of `Facts` in `tests.test_requests`, by operation. The operations
of a binomial tree are those of the vendor's own Python library.
"""

import datetime as dt

from thetatrio import requests

CONTRACT = "symbol expiration strike right"
QUOTED = CONTRACT + " timestamp bid ask "
TRADED = (
    CONTRACT + " timestamp sequence ext_condition1 ext_condition2 ext_condition3 ext_condition4"
    " condition size exchange price "
)
REPORTED = (
    CONTRACT + " timestamp open high low close volume count bid_size bid_exchange bid"
    " bid_condition ask_size ask_exchange ask ask_condition "
)
FIRST = "delta theta vega rho epsilon lambda "
SECOND = "gamma vanna charm vomma veta "
THIRD = "speed zomma color ultima "
ALL = FIRST + SECOND + "vera " + THIRD + "d1 d2 dual_delta dual_gamma "
FITTED = "implied_vol iv_error underlying_timestamp underlying_price"

CHAIN = {"strike": "*", "right": "both"}
WINDOW = {"start_time": dt.time(9, 30), "end_time": dt.time(16)}
DAYS = {"date": None, "start_date": None, "end_date": None}
PRICING = {"annual_dividend": None, "rate_type": "sofr", "rate_value": None, "version": "latest"}
TREE = {"binomial_steps": 101}
AMOUNT = {"annual_dividend_amount": None}
NEAR = {"max_dte": None, "strike_range": None}

SNAPSHOT = {
    **CHAIN, **PRICING, "stock_price": None, **NEAR, "min_time": None, "use_market_value": False,
    **AMOUNT,
}  # fmt: skip
HISTORY = {**DAYS, "interval": "1s", **CHAIN, **WINDOW, **PRICING, "strike_range": None, **AMOUNT}
TRADES = {**DAYS, **CHAIN, **WINDOW, **PRICING, **NEAR, **AMOUNT}
EOD = {**CHAIN, **PRICING, "underlyer_use_nbbo": False, **NEAR, **AMOUNT}


def snapshot(request, path, tier, columns, **newer):
    """Return the facts of a snapshot: it takes no slot and does not settle."""
    return {
        "request": request, "path": f"/v3/option/snapshot/{path}", "tier": tier,
        "required": ("symbol", "expiration"), "defaults": {**SNAPSHOT, **newer},
        "columns": columns, "call": {"symbol": "SPY", "expiration": "*"},
        "takes_slot": False, "history_limited": False, "settles": False,
    }  # fmt: skip


def history(request, path, tier, columns, **newer):
    """Return the facts of quotes at an interval, of one expiration."""
    return {
        "request": request, "path": f"/v3/option/history/{path}", "tier": tier,
        "required": ("symbol", "expiration"), "defaults": {**HISTORY, **newer},
        "columns": columns, "intraday": True,
        "call": {"symbol": "SPY", "expiration": "2024-11-15", "date": "2024-11-04"},
    }  # fmt: skip


def trades(request, path, columns, **newer):
    """Return the facts of trades: every tick is given."""
    return {
        "request": request, "path": f"/v3/option/history/{path}", "tier": "pro",
        "required": ("symbol", "expiration"), "defaults": {**TRADES, **newer},
        "columns": columns, "intraday": True, "tick": True,
        "call": {"symbol": "SPY", "expiration": "*", "date": "2024-11-04"},
    }  # fmt: skip


def eod(request, path, **newer):
    """Return the facts of end-of-day reports, which have no single date."""
    return {
        "request": request, "path": f"/v3/option/history/{path}", "tier": "standard",
        "required": ("symbol", "expiration", "start_date", "end_date"),
        "defaults": {**EOD, **newer}, "columns": REPORTED + ALL + FITTED,
        "call": {
            "symbol": "SPY", "expiration": "*",
            "start_date": "2024-11-04", "end_date": "2024-11-08",
        },
    }  # fmt: skip


# Parameters that only newer terminals know are not sent unless they are given.
TODAY_ONLY = {"current_day_only": None}
BOOST = {"perf_boost_intraday": None}

GREEKS_TABLE = {
    "option_history_greeks_implied_volatility": history(
        requests.OptionHistoryGreeksImpliedVolatility, "greeks/implied_volatility", "standard",
        CONTRACT + " timestamp bid bid_implied_vol midpoint implied_vol ask ask_implied_vol"
        " iv_error underlying_timestamp underlying_price",
    ),
    "option_history_greeks_all": history(
        requests.OptionHistoryGreeksAll, "greeks/all", "pro", QUOTED + ALL + FITTED,
    ),
    "option_history_greeks_first_order": history(
        requests.OptionHistoryGreeksFirstOrder, "greeks/first_order", "standard",
        QUOTED + FIRST + FITTED,
    ),
    "option_history_greeks_second_order": history(
        requests.OptionHistoryGreeksSecondOrder, "greeks/second_order", "pro",
        QUOTED + SECOND + FITTED,
    ),
    "option_history_greeks_third_order": history(
        requests.OptionHistoryGreeksThirdOrder, "greeks/third_order", "pro",
        QUOTED + THIRD + FITTED,
    ),
    "option_history_binomial_greeks_all": history(
        requests.OptionHistoryBinomialGreeksAll, "binomial_greeks/all", "pro",
        QUOTED + ALL + FITTED, **TREE,
    ),
    "option_history_binomial_greeks_first_order": history(
        requests.OptionHistoryBinomialGreeksFirstOrder, "binomial_greeks/first_order", "standard",
        QUOTED + FIRST + FITTED, **TREE,
    ),
    "option_history_binomial_greeks_second_order": history(
        requests.OptionHistoryBinomialGreeksSecondOrder, "binomial_greeks/second_order", "pro",
        QUOTED + SECOND + FITTED, **TREE,
    ),
    "option_history_binomial_greeks_third_order": history(
        requests.OptionHistoryBinomialGreeksThirdOrder, "binomial_greeks/third_order", "pro",
        QUOTED + THIRD + FITTED, **TREE,
    ),
    "option_history_greeks_eod": eod(
        requests.OptionHistoryGreeksEod, "greeks/eod", option_use_nbbo=None,
    ),
    "option_history_binomial_greeks_eod": eod(
        requests.OptionHistoryBinomialGreeksEod, "binomial_greeks/eod",
        option_use_nbbo=True, **TREE,
    ),
    "option_history_trade_greeks_implied_volatility": trades(
        requests.OptionHistoryTradeGreeksImpliedVolatility, "trade_greeks/implied_volatility",
        TRADED + FITTED, **BOOST,
    ),
    "option_history_trade_greeks_all": trades(
        requests.OptionHistoryTradeGreeksAll, "trade_greeks/all", TRADED + ALL + FITTED, **BOOST,
    ),
    "option_history_trade_greeks_first_order": trades(
        requests.OptionHistoryTradeGreeksFirstOrder, "trade_greeks/first_order",
        TRADED + FIRST + FITTED, **BOOST,
    ),
    "option_history_trade_greeks_second_order": trades(
        requests.OptionHistoryTradeGreeksSecondOrder, "trade_greeks/second_order",
        TRADED + SECOND + FITTED, **BOOST,
    ),
    "option_history_trade_greeks_third_order": trades(
        requests.OptionHistoryTradeGreeksThirdOrder, "trade_greeks/third_order",
        TRADED + THIRD + FITTED, **BOOST,
    ),
    "option_history_binomial_trade_greeks_all": trades(
        requests.OptionHistoryBinomialTradeGreeksAll, "binomial_trade_greeks/all",
        TRADED + ALL + FITTED, perf_boost_intraday=False, **TREE,
    ),
    "option_history_binomial_trade_greeks_first_order": trades(
        requests.OptionHistoryBinomialTradeGreeksFirstOrder, "binomial_trade_greeks/first_order",
        TRADED + FIRST + FITTED, perf_boost_intraday=False, **TREE,
    ),
    "option_history_binomial_trade_greeks_second_order": trades(
        requests.OptionHistoryBinomialTradeGreeksSecondOrder,
        "binomial_trade_greeks/second_order",
        TRADED + SECOND + FITTED, perf_boost_intraday=False, **TREE,
    ),
    "option_history_binomial_trade_greeks_third_order": trades(
        requests.OptionHistoryBinomialTradeGreeksThirdOrder, "binomial_trade_greeks/third_order",
        TRADED + THIRD + FITTED, perf_boost_intraday=False, **TREE,
    ),
    "option_snapshot_greeks_implied_volatility": snapshot(
        requests.OptionSnapshotGreeksImpliedVolatility, "greeks/implied_volatility", "standard",
        QUOTED + FITTED, **TODAY_ONLY,
    ),
    "option_snapshot_greeks_all": snapshot(
        requests.OptionSnapshotGreeksAll, "greeks/all", "pro", QUOTED + ALL + FITTED,
        **TODAY_ONLY,
    ),
    "option_snapshot_greeks_first_order": snapshot(
        requests.OptionSnapshotGreeksFirstOrder, "greeks/first_order", "standard",
        QUOTED + FIRST + FITTED, **TODAY_ONLY,
    ),
    "option_snapshot_greeks_second_order": snapshot(
        requests.OptionSnapshotGreeksSecondOrder, "greeks/second_order", "pro",
        QUOTED + SECOND + FITTED, **TODAY_ONLY,
    ),
    "option_snapshot_greeks_third_order": snapshot(
        requests.OptionSnapshotGreeksThirdOrder, "greeks/third_order", "pro",
        QUOTED + THIRD + FITTED, **TODAY_ONLY,
    ),
    "option_snapshot_binomial_greeks_all": snapshot(
        requests.OptionSnapshotBinomialGreeksAll, "binomial_greeks/all", "pro",
        QUOTED + ALL + FITTED, current_day_only=False, **TREE,
    ),
    "option_snapshot_binomial_greeks_first_order": snapshot(
        requests.OptionSnapshotBinomialGreeksFirstOrder, "binomial_greeks/first_order", "standard",
        QUOTED + FIRST + FITTED, current_day_only=False, **TREE,
    ),
    "option_snapshot_binomial_greeks_second_order": snapshot(
        requests.OptionSnapshotBinomialGreeksSecondOrder, "binomial_greeks/second_order", "pro",
        QUOTED + SECOND + FITTED, current_day_only=False, **TREE,
    ),
    "option_snapshot_binomial_greeks_third_order": snapshot(
        requests.OptionSnapshotBinomialGreeksThirdOrder, "binomial_greeks/third_order", "pro",
        QUOTED + THIRD + FITTED, current_day_only=False, **TREE,
    ),
}  # fmt: skip

GREEKS_CALLS = {
    name: (
        (facts["call"]["symbol"],),
        {key: value for key, value in facts["call"].items() if key != "symbol"},
    )
    for name, facts in GREEKS_TABLE.items()
}
"""Positional and named arguments that are enough for each."""
