"""The requests of a v2 terminal: which operation each is of, and its columns in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

__all__ = ["EVENTS", "FILES", "REQUESTS", "Request"]


class Request(NamedTuple):
    """One path of version 2."""

    operation: str
    """The operation of version 3 that has the same rows."""
    columns: tuple[str, ...]
    bulk: bool
    request_type: str
    scalar: bool
    """Whether the answer is a list without rows."""


_DAY: Final = "open high low close volume count"
_BAR: Final = f"ms_of_day {_DAY} date"
_SIDES: Final = "bid_size bid_exchange bid bid_condition ask_size ask_exchange ask ask_condition"
_QUOTE: Final = f"ms_of_day {_SIDES} date"
_PRINT: Final = (
    "ms_of_day sequence ext_condition1 ext_condition2 ext_condition3 ext_condition4 condition"
    " size exchange price condition_flags price_flags volume_type records_back"
)
_TRADE: Final = f"{_PRINT} date"
_TRADE_QUOTE: Final = f"{_PRINT} ms_of_day2 {_SIDES} date"
_EOD: Final = f"ms_of_day ms_of_day2 {_DAY} {_SIDES} date"
_OI: Final = "ms_of_day open_interest date"
_END: Final = "implied_vol iv_error ms_of_day2 underlying_price date"
_FIRST: Final = "delta theta vega rho epsilon lambda"
_SECOND: Final = "gamma vanna charm vomma veta"
_THIRD: Final = "speed zomma color ultima"
_ALL: Final = f"{_FIRST} {_SECOND} vera {_THIRD} d1 d2 dual_delta dual_gamma"
_BID_ASK: Final = "ms_of_day bid ask"
_IV: Final = (
    "ms_of_day bid bid_implied_vol midpoint implied_vol ask ask_implied_vol iv_error"
    " ms_of_day2 underlying_price date"
)
_PRICE: Final = "ms_of_day price date"

_GREEKS: Final = {
    "greeks": ("first_order", _FIRST),
    "greeks_second_order": ("second_order", _SECOND),
    "greeks_third_order": ("third_order", _THIRD),
    "all_greeks": ("all", _ALL),
}
_TRADE_GREEKS: Final = {
    "trade_greeks": ("first_order", _FIRST),
    "trade_greeks_second_order": ("second_order", _SECOND),
    "trade_greeks_third_order": ("third_order", _THIRD),
    "all_trade_greeks": ("all", _ALL),
}
_HISTORY: Final = {
    "eod": _EOD, "ohlc": _BAR, "quote": _QUOTE, "trade": _TRADE, "trade_quote": _TRADE_QUOTE,
    "open_interest": _OI,
}  # fmt: skip


_Found: TypeAlias = "Iterator[tuple[str, Request]]"


def _old(
    path: str, operation: str, columns: str, *, request_type: str = "", scalar: bool = False
) -> tuple[str, Request]:
    bulk = path.startswith("/v2/bulk_")
    return path, Request(operation, tuple(columns.split()), bulk, request_type, scalar)


def _lists() -> _Found:
    for security in ("stock", "option", "index"):
        yield _old(f"/v2/list/roots/{security}", f"{security}_list_symbols", "root", scalar=True)
    for word in ("trade", "quote"):
        for security in ("stock", "option"):
            path = f"/v2/list/dates/{security}/{word}"
            operation = f"{security}_list_dates"
            yield _old(path, operation, "date", request_type=word, scalar=True)
        columns = "root expiration strike right"
        path = f"/v2/list/contracts/option/{word}"
        yield _old(path, "option_list_contracts", columns, request_type=word)
    yield _old("/v2/list/dates/index/trade", "index_list_dates", "date", scalar=True)
    yield _old("/v2/list/expirations", "option_list_expirations", "date", scalar=True)
    yield _old("/v2/list/strikes", "option_list_strikes", "strike", scalar=True)


def _history() -> _Found:
    for name, columns in _HISTORY.items():
        if name != "open_interest":
            yield _old(f"/v2/hist/stock/{name}", f"stock_history_{name}", columns)
        for kind in ("hist", "bulk_hist"):
            yield _old(f"/v2/{kind}/option/{name}", f"option_history_{name}", columns)
    yield _old("/v2/hist/index/price", "index_history_price", _PRICE)
    yield _old("/v2/hist/index/eod", "index_history_eod", _EOD)
    yield _old("/v2/hist/index/ohlc", "index_history_ohlc", _BAR)
    for name in ("quote", "trade"):
        yield _old(f"/v2/at_time/stock/{name}", f"stock_at_time_{name}", _HISTORY[name])
        for kind in ("at_time", "bulk_at_time"):
            yield _old(f"/v2/{kind}/option/{name}", f"option_at_time_{name}", _HISTORY[name])


def _greeks() -> _Found:
    for name, (order, columns) in _GREEKS.items():
        operation = f"option_history_greeks_{order}"
        for kind in ("hist", "bulk_hist"):
            yield _old(f"/v2/{kind}/option/{name}", operation, f"{_BID_ASK} {columns} {_END}")
        # The snapshot of all is shorter than the history of all.
        short = columns.replace("vera ", "").replace(" d1 d2 dual_delta dual_gamma", "")
        path = f"/v2/bulk_snapshot/option/{name}"
        yield _old(path, f"option_snapshot_greeks_{order}", f"{_BID_ASK} {short} {_END}")
    for name, (order, columns) in _TRADE_GREEKS.items():
        operation = f"option_history_trade_greeks_{order}"
        yield _old(f"/v2/hist/option/{name}", operation, f"{_PRINT} {columns} {_END}")
        if order in ("all", "first_order"):
            yield _old(f"/v2/bulk_hist/option/{name}", operation, f"{_PRINT} {columns} {_END}")
    path = "/v2/hist/option/implied_volatility"
    yield _old(path, "option_history_greeks_implied_volatility", _IV)
    greeks = _ALL.replace(" dual_delta dual_gamma", "")
    columns = f"ms_of_day {_DAY} {_SIDES} {greeks} {_END}"
    yield _old("/v2/bulk_hist/option/eod_greeks", "option_history_greeks_eod", columns)


def _snapshots() -> _Found:
    for name in ("ohlc", "quote", "open_interest"):
        if name != "open_interest":
            yield _old(f"/v2/snapshot/stock/{name}", f"stock_snapshot_{name}", _HISTORY[name])
        for kind in ("snapshot", "bulk_snapshot"):
            yield _old(f"/v2/{kind}/option/{name}", f"option_snapshot_{name}", _HISTORY[name])
    last = "ms_of_day sequence size condition price date"
    yield _old("/v2/snapshot/stock/trade", "stock_snapshot_trade", last)
    yield _old("/v2/snapshot/option/trade", "option_snapshot_trade", last)
    yield _old("/v2/bulk_snapshot/stock/quote", "stock_snapshot_quote", _QUOTE)
    yield _old("/v2/snapshot/index/price", "index_snapshot_price", _PRICE)
    yield _old("/v2/snapshot/index/ohlc", "index_snapshot_ohlc", _BAR)


REQUESTS: Final = dict([*_lists(), *_history(), *_greeks(), *_snapshots()])
EVENTS: Final[dict[str, dict[str, float]]] = {
    "/v2/hist/stock/split": {
        "split_date": 20200831, "before_shares": 1, "after_shares": 4,
    },
    "/v2/hist/stock/dividend": {
        "ex_date": 20240812, "record_date": 20240812, "payment_date": 20240815,
        "ann_date": 20240801, "dividend_amount": 0.25, "undefined": 0, "less_amount": 0,
    },
}  # fmt: skip
"""Paths that say, for each day, what of a stock's was the last: the same for all stocks."""
FILES: Final = {
    "/v2/file/option/eod": "OPTION-EOD",
    "/v2/file/option/open_interest": "OPTION-OPEN_INTEREST",
    "/v2/file/option/trade_quote": "OPTION-TRADE_QUOTE",
    "/v2/file/stock/trade_quote": "STOCK-TRADE_QUOTE",
}
"""Paths for which a file is written, and the beginning of its name."""
