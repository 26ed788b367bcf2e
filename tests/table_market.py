"""What the vendor documents of each operation but the first ones and those of Greeks.

The fields of `Facts` in `tests.test_requests`, by operation. Rows about a
contract begin with the contract, wherever the vendor's columns have it.
"""

import datetime as dt

from thetatrio import requests

CONTRACT = "symbol expiration strike right "
QUOTE = "bid_size bid_exchange bid bid_condition ask_size ask_exchange ask ask_condition"
TRADE = (
    "sequence ext_condition1 ext_condition2 ext_condition3 ext_condition4 condition size exchange"
    " price"
)
OHLC = "open high low close volume count"
TRADE_QUOTE = f"trade_timestamp quote_timestamp {TRADE} {QUOTE}"
EOD = f"created last_trade {OHLC} {QUOTE}"
VALUE = "market_bid market_ask market_price"

WINDOW = {"start_time": dt.time(9, 30), "end_time": dt.time(16)}
DAYS = {"date": None, "start_date": None, "end_date": None}
CHAIN = {"strike": "*", "right": "both"}
NEAR = {"max_dte": None, "strike_range": None}
VENUE = {"venue": "nqb"}
PRESENT = {"min_time": None, "current_day_only": None}
PAIRING = {"exclusive": True, "use_time_based_trade_quote": None}

ONE_DAY = {"date": "2024-11-04"}
RANGE = {"start_date": "2024-11-04", "end_date": "2024-11-08"}
AT = {**RANGE, "time_of_day": "15:30"}


def listed(request, path, columns, defaults, **call):
    """Return the facts of a list, which everyone may ask for."""
    return {**past(request, path, "free", columns, defaults, **call), "history_limited": False}


def snapshot(request, path, tier, columns, defaults, **call):
    """Return the facts of a snapshot: it takes no slot and does not settle."""
    return {
        **past(request, path, tier, columns, defaults, **call),
        "takes_slot": False, "history_limited": False, "settles": False,
    }  # fmt: skip


def past(request, path, tier, columns, defaults, **call):
    """Return the facts of an operation on the past; a call needs what has no default."""
    return {
        "request": request, "path": path, "tier": tier,
        "required": tuple(name for name in call if name not in defaults),
        "defaults": defaults, "columns": columns, "call": call,
    }  # fmt: skip


def intraday(request, path, tier, columns, defaults, **call):
    """Return the facts of an operation that gives a month at most."""
    return {**past(request, path, tier, columns, defaults, **call), "intraday": True}


def ticks(request, path, tier, columns, defaults, **call):
    """Return the facts of an operation that gives a day at most."""
    return {**intraday(request, path, tier, columns, defaults, **call), "tick": True}


def flat(request, path):
    """Return the facts of a flat file."""
    return {**past(request, path, "pro", "", {}, **ONE_DAY), "history_limited": False,
            "flat_file": True}  # fmt: skip


AAPL = {"symbol": "AAPL"}
SPX = {"symbol": "SPX"}
SPY = {"symbol": "SPY", "expiration": "2024-11-15"}

MARKET_TABLE = {
    "stock_list_dates": listed(
        requests.StockListDates, "/v3/stock/list/dates/{request_type}", "date", {},
        **AAPL, request_type="trade",
    ),
    "stock_snapshot_ohlc": snapshot(
        requests.StockSnapshotOhlc, "/v3/stock/snapshot/ohlc", "value",
        f"timestamp symbol {OHLC}", {**VENUE, **PRESENT}, **AAPL,
    ),
    "stock_snapshot_trade": snapshot(
        requests.StockSnapshotTrade, "/v3/stock/snapshot/trade", "standard",
        "timestamp symbol sequence size condition price", {**VENUE, **PRESENT}, **AAPL,
    ),
    "stock_snapshot_market_value": snapshot(
        requests.StockSnapshotMarketValue, "/v3/stock/snapshot/market_value", "standard",
        f"timestamp symbol {VALUE}", {**VENUE, **PRESENT}, **AAPL,
    ),
    "stock_history_trade": ticks(
        requests.StockHistoryTrade, "/v3/stock/history/trade", "standard", f"timestamp {TRADE}",
        {**DAYS, **WINDOW, **VENUE}, **AAPL, **ONE_DAY,
    ),
    "stock_history_quote": intraday(
        requests.StockHistoryQuote, "/v3/stock/history/quote", "value", f"timestamp {QUOTE}",
        {**DAYS, "interval": "1s", **WINDOW, **VENUE}, **AAPL, **ONE_DAY,
    ),
    "stock_history_trade_quote": ticks(
        requests.StockHistoryTradeQuote, "/v3/stock/history/trade_quote", "standard", TRADE_QUOTE,
        {**DAYS, **WINDOW, **VENUE, **PAIRING}, **AAPL, **ONE_DAY,
    ),
    "stock_at_time_trade": past(
        requests.StockAtTimeTrade, "/v3/stock/at_time/trade", "standard", f"timestamp {TRADE}",
        VENUE, **AAPL, **AT,
    ),
    "stock_at_time_quote": past(
        requests.StockAtTimeQuote, "/v3/stock/at_time/quote", "value", f"timestamp {QUOTE}",
        VENUE, **AAPL, **AT,
    ),
    "option_list_symbols": listed(
        requests.OptionListSymbols, "/v3/option/list/symbols", "symbol", {},
    ),
    "option_list_dates": listed(
        requests.OptionListDates, "/v3/option/list/dates/{request_type}", "date", CHAIN,
        **SPY, request_type="quote",
    ),
    "option_list_strikes": listed(
        requests.OptionListStrikes, "/v3/option/list/strikes", "symbol strike", {}, **SPY,
    ),
    "option_snapshot_ohlc": snapshot(
        requests.OptionSnapshotOhlc, "/v3/option/snapshot/ohlc", "value",
        f"{CONTRACT} timestamp {OHLC}", {**CHAIN, **NEAR, **PRESENT}, **SPY,
    ),
    "option_snapshot_trade": snapshot(
        requests.OptionSnapshotTrade, "/v3/option/snapshot/trade", "standard",
        f"{CONTRACT} timestamp {TRADE}", {**CHAIN, "strike_range": None, **PRESENT}, **SPY,
    ),
    "option_snapshot_quote": snapshot(
        requests.OptionSnapshotQuote, "/v3/option/snapshot/quote", "value",
        f"{CONTRACT} timestamp {QUOTE}", {**CHAIN, **NEAR, **PRESENT}, **SPY,
    ),
    "option_snapshot_open_interest": snapshot(
        requests.OptionSnapshotOpenInterest, "/v3/option/snapshot/open_interest", "value",
        f"{CONTRACT} timestamp open_interest", {**CHAIN, **NEAR, **PRESENT}, **SPY,
    ),
    "option_snapshot_market_value": snapshot(
        requests.OptionSnapshotMarketValue, "/v3/option/snapshot/market_value", "standard",
        f"{CONTRACT} {VALUE} timestamp", {**CHAIN, **NEAR, **PRESENT}, **SPY,
    ),
    "option_history_eod": past(
        requests.OptionHistoryEod, "/v3/option/history/eod", "free", f"{CONTRACT} {EOD}",
        {**CHAIN, **NEAR}, **SPY, **RANGE,
    ),
    "option_history_ohlc": intraday(
        requests.OptionHistoryOhlc, "/v3/option/history/ohlc", "value",
        f"{CONTRACT} timestamp {OHLC} vwap",
        {**DAYS, "interval": "1s", **CHAIN, **WINDOW, "strike_range": None}, **SPY, **ONE_DAY,
    ),
    "option_history_trade_quote": ticks(
        requests.OptionHistoryTradeQuote, "/v3/option/history/trade_quote", "standard",
        f"{CONTRACT} {TRADE_QUOTE}",
        {**DAYS, **CHAIN, **WINDOW, **NEAR, **PAIRING}, **SPY, **ONE_DAY,
    ),
    "option_history_open_interest": past(
        requests.OptionHistoryOpenInterest, "/v3/option/history/open_interest", "value",
        f"{CONTRACT} timestamp open_interest",
        {**DAYS, **CHAIN, **NEAR}, **SPY, **ONE_DAY,
    ),
    "option_at_time_trade": past(
        requests.OptionAtTimeTrade, "/v3/option/at_time/trade", "standard",
        f"{CONTRACT} timestamp {TRADE}", {**CHAIN, **NEAR}, **SPY, **AT,
    ),
    "option_at_time_quote": past(
        requests.OptionAtTimeQuote, "/v3/option/at_time/quote", "value",
        f"{CONTRACT} timestamp {QUOTE}", {**CHAIN, **NEAR}, **SPY, **AT,
    ),
    "index_list_symbols": listed(
        requests.IndexListSymbols, "/v3/index/list/symbols", "symbol", {},
    ),
    "index_list_dates": listed(
        requests.IndexListDates, "/v3/index/list/dates", "date", {}, **SPX,
    ),
    "index_snapshot_ohlc": snapshot(
        requests.IndexSnapshotOhlc, "/v3/index/snapshot/ohlc", "standard",
        f"timestamp symbol {OHLC}", PRESENT, **SPX,
    ),
    "index_snapshot_price": snapshot(
        requests.IndexSnapshotPrice, "/v3/index/snapshot/price", "standard",
        "timestamp symbol price", PRESENT, **SPX,
    ),
    "index_snapshot_market_value": snapshot(
        requests.IndexSnapshotMarketValue, "/v3/index/snapshot/market_value", "standard",
        "timestamp symbol market_price", PRESENT, **SPX,
    ),
    "index_history_eod": past(
        requests.IndexHistoryEod, "/v3/index/history/eod", "free", EOD, {},
        **SPX, **RANGE,
    ),
    "index_history_ohlc": intraday(
        requests.IndexHistoryOhlc, "/v3/index/history/ohlc", "standard", f"timestamp {OHLC} vwap",
        {"interval": "1s", **WINDOW}, **SPX, **RANGE,
    ),
    "index_at_time_price": past(
        requests.IndexAtTimePrice, "/v3/index/at_time/price", "value", f"timestamp {TRADE}",
        {}, **SPX, **AT,
    ),
    "calendar_open_today": {
        **listed(requests.CalendarOpenToday, "/v3/calendar/today", "type open close", {}),
        "settles": False,
    },
    "calendar_on_date": {
        **listed(
            requests.CalendarOnDate, "/v3/calendar/on_date", "type open close", {}, **ONE_DAY,
        ),
        "tier": "value",
    },
    "interest_rate_history_eod": listed(
        requests.InterestRateHistoryEod, "/v3/interest_rate/history/eod", "created rate", {},
        symbol="SOFR", **RANGE,
    ),
    "option_flat_file_trade_quote": flat(
        requests.OptionFlatFileTradeQuote, "/v3/option/flat_file/trade_quote",
    ),
    "option_flat_file_quote": flat(requests.OptionFlatFileQuote, "/v3/option/flat_file/quote"),
    "option_flat_file_eod": flat(requests.OptionFlatFileEod, "/v3/option/flat_file/eod"),
    "option_flat_file_open_interest": flat(
        requests.OptionFlatFileOpenInterest, "/v3/option/flat_file/open_interest",
    ),
    "stock_flat_file_trade_quote": flat(
        requests.StockFlatFileTradeQuote, "/v3/stock/flat_file/trade_quote",
    ),
    "stock_flat_file_quote": flat(requests.StockFlatFileQuote, "/v3/stock/flat_file/quote"),
    "stock_flat_file_eod": flat(requests.StockFlatFileEod, "/v3/stock/flat_file/eod"),
    "index_flat_file_eod": flat(requests.IndexFlatFileEod, "/v3/index/flat_file/eod"),
}  # fmt: skip
