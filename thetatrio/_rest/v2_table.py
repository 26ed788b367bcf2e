"""Which request of a v2 terminal answers which operation. A line for each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

__all__ = ["ABSENT", "DOES_NOT_HAVE", "MOMENTS", "OPERATIONS", "Old"]


class Old(msgspec.Struct, frozen=True):
    """One request of a v2 terminal."""

    path: str
    """With `{request_type}` where that word is part of it."""
    parameters: frozenset[str]
    """By v2's names; `use_csv` and `pretty_time` apart."""
    bulk: bool = False
    """Whether it gives all contracts of an expiration, or all stocks."""
    scalar: str = ""
    """The only column, by v3's name, where the answer is a list without rows."""


def _old(path: str, parameters: str, *, scalar: str = "") -> Old:
    bulk = path.startswith("/v2/bulk_")
    return Old(path, frozenset(parameters.split()), bulk=bulk, scalar=scalar)


_DAYS: Final = "start_date end_date"
_STOCK: Final = f"root {_DAYS}"
_CHAIN: Final = f"root exp {_DAYS}"
_OPTION: Final = f"{_CHAIN} strike right"
_TIMES: Final = "start_time end_time"
_TERMS: Final = "annual_div rate rate_value"
_NOW: Final = "root exp strike right"


def _greeks(name: str, bulk: str = f"ivl rth {_TIMES}") -> tuple[Old, ...]:
    return (
        _old(f"/v2/hist/option/{name}", f"{_OPTION} ivl rth"),
        _old(f"/v2/bulk_hist/option/{name}", f"{_CHAIN} {_TERMS} {bulk}"),
    )


def _snapshot_greeks(name: str) -> tuple[Old, ...]:
    return (_old(f"/v2/bulk_snapshot/option/{name}", f"root exp under_price {_TERMS}"),)


def _snapshot(name: str, *, bulk: bool = True) -> tuple[Old, ...]:
    one = _old(f"/v2/snapshot/option/{name}", _NOW)
    return (one, _old(f"/v2/bulk_snapshot/option/{name}", "root exp")) if bulk else (one,)


def _trade_greeks(name: str, *, bulk: bool = False) -> tuple[Old, ...]:
    one = _old(f"/v2/hist/option/{name}", f"{_OPTION} perf_boost")
    every = _old(f"/v2/bulk_hist/option/{name}", f"{_CHAIN} {_TERMS} perf_boost")
    return (one, every) if bulk else (one,)


def _file(name: str) -> tuple[Old, ...]:
    return (_old(f"/v2/file/{name}", "start_date", scalar="path"),)


# Several are tried in turn: the first that can say all that the request says is asked.
OPERATIONS: Final[Mapping[str, tuple[Old, ...]]] = {
    "stock_list_symbols": (_old("/v2/list/roots/stock", "", scalar="symbol"),),
    "option_list_symbols": (_old("/v2/list/roots/option", "", scalar="symbol"),),
    "index_list_symbols": (_old("/v2/list/roots/index", "", scalar="symbol"),),
    "stock_list_dates": (_old("/v2/list/dates/stock/{request_type}", "root", scalar="date"),),
    "option_list_dates": (
        _old("/v2/list/dates/option/{request_type}", "root exp strike right", scalar="date"),
        _old("/v2/list/dates/option/{request_type}", "root exp", scalar="date"),
    ),
    "index_list_dates": (_old("/v2/list/dates/index/trade", "root", scalar="date"),),
    "option_list_expirations": (_old("/v2/list/expirations", "root", scalar="expiration"),),
    "option_list_strikes": (_old("/v2/list/strikes", "root exp", scalar="strike"),),
    "option_list_contracts": (_old("/v2/list/contracts/option/{request_type}", "root start_date"),),
    "stock_history_eod": (_old("/v2/hist/stock/eod", _STOCK),),
    "stock_history_ohlc": (_old("/v2/hist/stock/ohlc", f"{_STOCK} ivl rth {_TIMES} venue"),),
    "stock_history_quote": (_old("/v2/hist/stock/quote", f"{_STOCK} ivl rth {_TIMES} venue"),),
    "stock_history_trade": (_old("/v2/hist/stock/trade", f"{_STOCK} {_TIMES} venue"),),
    "stock_history_trade_quote": (_old("/v2/hist/stock/trade_quote", f"{_STOCK} exclusive"),),
    # The same answers, of which more columns are kept.
    "stock_history_trade_flags": (_old("/v2/hist/stock/trade", f"{_STOCK} {_TIMES} venue"),),
    "option_history_trade_flags": (
        _old("/v2/hist/option/trade", f"{_OPTION} {_TIMES}"),
        _old("/v2/bulk_hist/option/trade", _CHAIN),
    ),
    "stock_history_split": (_old("/v2/hist/stock/split", _STOCK),),
    "stock_history_dividend": (_old("/v2/hist/stock/dividend", _STOCK),),
    "option_history_eod": (
        _old("/v2/hist/option/eod", _OPTION),
        _old("/v2/bulk_hist/option/eod", f"{_CHAIN} {_TERMS}"),
    ),
    "option_history_ohlc": (
        _old("/v2/hist/option/ohlc", f"{_OPTION} ivl rth {_TIMES}"),
        _old("/v2/bulk_hist/option/ohlc", f"{_CHAIN} ivl {_TIMES}"),
    ),
    "option_history_quote": (
        _old("/v2/hist/option/quote", f"{_OPTION} ivl rth {_TIMES}"),
        _old("/v2/bulk_hist/option/quote", f"{_CHAIN} ivl {_TIMES}"),
    ),
    "option_history_open_interest": (
        _old("/v2/hist/option/open_interest", _OPTION),
        _old("/v2/bulk_hist/option/open_interest", _CHAIN),
    ),
    "option_history_trade": (
        _old("/v2/hist/option/trade", f"{_OPTION} {_TIMES}"),
        _old("/v2/bulk_hist/option/trade", _CHAIN),
    ),
    "option_history_trade_quote": (
        _old("/v2/hist/option/trade_quote", f"{_OPTION} rth exclusive"),
        _old("/v2/bulk_hist/option/trade_quote", f"{_CHAIN} exclusive"),
    ),
    "option_history_greeks_implied_volatility": (
        _old("/v2/hist/option/implied_volatility", f"{_OPTION} ivl rth"),
    ),
    "option_history_greeks_first_order": _greeks("greeks"),
    "option_history_greeks_second_order": _greeks("greeks_second_order"),
    "option_history_greeks_third_order": _greeks("greeks_third_order"),
    "option_history_greeks_all": _greeks("all_greeks", "ivl"),
    "option_history_greeks_eod": (_old("/v2/bulk_hist/option/eod_greeks", f"{_CHAIN} {_TERMS}"),),
    "option_history_trade_greeks_all": (
        _old("/v2/hist/option/all_trade_greeks", f"{_OPTION} ivl rth"),
        _old("/v2/bulk_hist/option/all_trade_greeks", f"{_CHAIN} {_TERMS} ivl"),
    ),
    "option_history_trade_greeks_first_order": _trade_greeks("trade_greeks", bulk=True),
    "option_history_trade_greeks_implied_volatility": _trade_greeks("trade_greeks", bulk=True),
    "option_history_trade_greeks_second_order": _trade_greeks("trade_greeks_second_order"),
    "option_history_trade_greeks_third_order": _trade_greeks("trade_greeks_third_order"),
    "index_history_price": (_old("/v2/hist/index/price", f"{_STOCK} ivl rth {_TIMES}"),),
    "index_history_eod": (_old("/v2/hist/index/eod", _STOCK),),
    "index_history_ohlc": (_old("/v2/hist/index/ohlc", f"{_STOCK} ivl rth {_TIMES}"),),
    "stock_snapshot_ohlc": (_old("/v2/snapshot/stock/ohlc", "root venue"),),
    "stock_snapshot_quote": (
        _old("/v2/snapshot/stock/quote", "root venue"),
        _old("/v2/bulk_snapshot/stock/quote", "root venue"),
    ),
    "stock_snapshot_trade": (_old("/v2/snapshot/stock/trade", "root venue"),),
    "option_snapshot_ohlc": _snapshot("ohlc"),
    "option_snapshot_quote": _snapshot("quote"),
    "option_snapshot_trade": _snapshot("trade", bulk=False),
    "option_snapshot_open_interest": _snapshot("open_interest"),
    "option_snapshot_greeks_first_order": _snapshot_greeks("greeks"),
    "option_snapshot_greeks_implied_volatility": _snapshot_greeks("greeks"),
    "option_snapshot_greeks_second_order": _snapshot_greeks("greeks_second_order"),
    "option_snapshot_greeks_third_order": _snapshot_greeks("greeks_third_order"),
    "option_snapshot_greeks_all": _snapshot_greeks("all_greeks"),
    "index_snapshot_price": (_old("/v2/snapshot/index/price", "root"),),
    "index_snapshot_ohlc": (_old("/v2/snapshot/index/ohlc", "root"),),
    "stock_at_time_quote": (_old("/v2/at_time/stock/quote", f"{_STOCK} ivl rth venue"),),
    "stock_at_time_trade": (_old("/v2/at_time/stock/trade", f"{_STOCK} ivl rth venue"),),
    "option_at_time_quote": (
        _old("/v2/at_time/option/quote", f"{_OPTION} ivl rth"),
        _old("/v2/bulk_at_time/option/quote", f"{_CHAIN} ivl rth"),
    ),
    "option_at_time_trade": (
        _old("/v2/at_time/option/trade", f"{_OPTION} ivl rth"),
        _old("/v2/bulk_at_time/option/trade", f"{_CHAIN} ivl rth"),
    ),
    "option_file_eod": _file("option/eod"),
    "option_file_open_interest": _file("option/open_interest"),
    "option_file_trade_quote": _file("option/trade_quote"),
    "stock_file_trade_quote": _file("stock/trade_quote"),
}
"""What a v2 terminal has, by the operation's name on v3; its own have names in v3's manner."""

DOES_NOT_HAVE: Final[Mapping[str, str]] = {
    "flat_file": (
        "a v2 terminal writes the file on its own machine and gives its path:"
        " thetatrio.requests.v2 has requests for that"
    ),
    "at_time_price": "a v2 terminal has no index prices at a time",
    "market_value": "a v2 terminal has no market values",
    "calendar": "a v2 terminal has no calendar",
    "interest_rate": "a v2 terminal has no interest rates",
    "binomial": "a v2 terminal has no binomial Greeks",
}
"""Why a v2 terminal lacks an operation, by a part of its name."""

MOMENTS: Final[Mapping[str, str]] = {
    "timestamp": "ms_of_day",
    "created": "ms_of_day",
    "trade_timestamp": "ms_of_day",
    "last_trade": "ms_of_day2",
    "quote_timestamp": "ms_of_day2",
    "underlying_timestamp": "ms_of_day2",
}
"""Columns of v3 that v2 sends as a millisecond of the day, its date beside it."""

_NOT_A_NUMBER: Final = ("vwap", "vera", "d1", "d2", "dual_delta", "dual_gamma")
ABSENT: Final[Mapping[str, str]] = {
    **dict.fromkeys(_NOT_A_NUMBER, "nan"),
    **{f"ext_condition{number}": "255" for number in (1, 2, 3, 4)},
    "exchange": "0",
    "volume": "0",
    "count": "0",
}
"""What stands in v3's rows where a v2 terminal does not send a column: not a number, no
condition, no exchange, an index's missing volume."""
