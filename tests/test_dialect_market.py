"""How each operation on stocks, options, indices, calendar and rates is spelled for v3."""

import datetime as dt

import msgspec
import pytest

from tests.table_market import MARKET_TABLE
from thetatrio import requests
from thetatrio._rest.dialect_v3 import target_of
from thetatrio.requests import operations

pytestmark = pytest.mark.core

# Written down from the vendor's description, not made by the code under test.
WEEK = "start_date=2024-11-04&end_date=2024-11-08"
AT = f"{WEEK}&time_of_day=15:30:00.000"
AAPL, SPX = "symbol=AAPL", "symbol=SPX"
SPY = "symbol=SPY&expiration=2024-11-15"
DAY = "date=2024-11-04"

BARE = {
    "stock_list_dates": f"/v3/stock/list/dates/trade?{AAPL}",
    "stock_snapshot_ohlc": f"/v3/stock/snapshot/ohlc?{AAPL}",
    "stock_snapshot_trade": f"/v3/stock/snapshot/trade?{AAPL}",
    "stock_snapshot_market_value": f"/v3/stock/snapshot/market_value?{AAPL}",
    "stock_history_trade": f"/v3/stock/history/trade?{AAPL}&{DAY}",
    "stock_history_quote": f"/v3/stock/history/quote?{AAPL}&{DAY}&interval=1s",
    "stock_history_trade_quote": (f"/v3/stock/history/trade_quote?{AAPL}&{DAY}"),
    "stock_at_time_trade": f"/v3/stock/at_time/trade?{AAPL}&{AT}",
    "stock_at_time_quote": f"/v3/stock/at_time/quote?{AAPL}&{AT}",
    "option_list_symbols": "/v3/option/list/symbols",
    "option_list_dates": f"/v3/option/list/dates/quote?{SPY}",
    "option_list_strikes": f"/v3/option/list/strikes?{SPY}",
    "option_snapshot_ohlc": f"/v3/option/snapshot/ohlc?{SPY}",
    "option_snapshot_trade": f"/v3/option/snapshot/trade?{SPY}",
    "option_snapshot_quote": f"/v3/option/snapshot/quote?{SPY}",
    "option_snapshot_open_interest": f"/v3/option/snapshot/open_interest?{SPY}",
    "option_snapshot_market_value": f"/v3/option/snapshot/market_value?{SPY}",
    "option_history_eod": f"/v3/option/history/eod?{SPY}&{WEEK}",
    "option_history_ohlc": f"/v3/option/history/ohlc?{SPY}&{DAY}&interval=1s",
    "option_history_trade_quote": (f"/v3/option/history/trade_quote?{SPY}&{DAY}"),
    "option_history_open_interest": f"/v3/option/history/open_interest?{SPY}&{DAY}",
    "option_at_time_trade": f"/v3/option/at_time/trade?{SPY}&{AT}",
    "option_at_time_quote": f"/v3/option/at_time/quote?{SPY}&{AT}",
    "index_list_symbols": "/v3/index/list/symbols",
    "index_list_dates": f"/v3/index/list/dates?{SPX}",
    "index_snapshot_ohlc": f"/v3/index/snapshot/ohlc?{SPX}",
    "index_snapshot_price": f"/v3/index/snapshot/price?{SPX}",
    "index_snapshot_market_value": f"/v3/index/snapshot/market_value?{SPX}",
    "index_history_eod": f"/v3/index/history/eod?{SPX}&{WEEK}",
    "index_history_ohlc": f"/v3/index/history/ohlc?{SPX}&{WEEK}&interval=1s",
    "index_at_time_price": f"/v3/index/at_time/price?{SPX}&{AT}",
    "calendar_open_today": "/v3/calendar/today",
    "calendar_on_date": f"/v3/calendar/on_date?{DAY}",
    "interest_rate_history_eod": f"/v3/interest_rate/history/eod?symbol=SOFR&{WEEK}",
    "option_flat_file_trade_quote": f"/v3/option/flat_file/trade_quote?{DAY}",
    "option_flat_file_quote": f"/v3/option/flat_file/quote?{DAY}",
    "option_flat_file_eod": f"/v3/option/flat_file/eod?{DAY}",
    "option_flat_file_open_interest": f"/v3/option/flat_file/open_interest?{DAY}",
    "stock_flat_file_trade_quote": f"/v3/stock/flat_file/trade_quote?{DAY}",
    "stock_flat_file_quote": f"/v3/stock/flat_file/quote?{DAY}",
    "stock_flat_file_eod": f"/v3/stock/flat_file/eod?{DAY}",
    "index_flat_file_eod": f"/v3/index/flat_file/eod?{DAY}",
}

# Everything that can be given, with False and 0 wherever those may be.
FULL = [
    (
        requests.StockSnapshotOhlc(
            ["AAPL", "MSFT"], venue="utp_cta", min_time="09:45", current_day_only=False
        ),
        (
            "/v3/stock/snapshot/ohlc?symbol=AAPL,MSFT&venue=utp_cta&min_time=09:45:00.000"
            "&current_day_only=false"
        ),
    ),
    (
        requests.StockHistoryTradeQuote(
            "AAPL", start_date="20241104", end_date="20241104", start_time="9:30",
            end_time=dt.time(9, 30, 0, 250_000), exclusive=False, venue="utp_cta",
            use_time_based_trade_quote=False,
        ),
        (
            "/v3/stock/history/trade_quote?symbol=AAPL&start_date=2024-11-04&end_date=2024-11-04"
            "&start_time=09:30:00.000&end_time=09:30:00.250&exclusive=false&venue=utp_cta"
            "&use_time_based_trade_quote=false"
        ),
    ),
    (
        requests.StockAtTimeQuote(
            "BRK.B", start_date="2024-11-04", end_date="2024-11-04", time_of_day="15:59:59.999",
            venue="utp_cta",
        ),
        (
            "/v3/stock/at_time/quote?symbol=BRK.B&start_date=2024-11-04&end_date=2024-11-04"
            "&time_of_day=15:59:59.999&venue=utp_cta"
        ),
    ),
    (
        requests.OptionListDates(
            "spxw", request_type="trade", expiration="*", strike=0, right="P"
        ),
        "/v3/option/list/dates/trade?symbol=SPXW&expiration=*&strike=0.000&right=put",
    ),
    (
        requests.OptionSnapshotQuote(
            "SPY", expiration="*", strike=570.5, right="C", max_dte=0, strike_range=1,
            min_time="10:00", current_day_only=True,
        ),
        (
            "/v3/option/snapshot/quote?symbol=SPY&expiration=*&strike=570.500&right=call&max_dte=0"
            "&strike_range=1&min_time=10:00:00.000&current_day_only=true"
        ),
    ),
    (
        requests.OptionHistoryTradeQuote(
            "SPY", expiration="*", date="2024-11-04", strike=570, right="put", max_dte=0,
            strike_range=2, exclusive=False, use_time_based_trade_quote=True,
        ),
        (
            "/v3/option/history/trade_quote?symbol=SPY&expiration=*&date=2024-11-04"
            "&strike=570.000&right=put&exclusive=false&max_dte=0&strike_range=2"
            "&use_time_based_trade_quote=true"
        ),
    ),
    (
        requests.OptionHistoryOpenInterest(
            "SPY", expiration="2024-11-15", start_date="2024-11-04", end_date="2024-11-08",
            max_dte=0, strike_range=3,
        ),
        f"/v3/option/history/open_interest?{SPY}&{WEEK}&max_dte=0&strike_range=3",
    ),
    (
        requests.IndexHistoryOhlc(
            "VIX", start_date="2024-11-04", end_date="2024-11-08", interval="1h",
            start_time="09:00", end_time="17:00",
        ),
        (
            f"/v3/index/history/ohlc?symbol=VIX&{WEEK}&interval=1h"
            "&start_time=09:00:00.000&end_time=17:00:00.000"
        ),
    ),
]  # fmt: skip


def test_every_operation_is_written_down():
    """The list has each operation of the table once."""
    assert list(BARE) == list(MARKET_TABLE)


@pytest.mark.parametrize("name", BARE)
@pytest.mark.parametrize("row_format", ["ndjson", "csv", "json", "html"])
def test_what_is_sent_when_nothing_is_asked_for(name, row_format):
    """Defaults are sent in the vendor's spelling; what only newer terminals know is not."""
    facts = MARKET_TABLE[name]
    target = BARE[name]
    joint = "&" if "?" in target else "?"
    request = facts["request"](**facts["call"])
    assert target_of(request, row_format) == f"{target}{joint}format={row_format}"


@pytest.mark.parametrize(
    ("request_", "target"), FULL, ids=[request.operation for request, _ in FULL]
)
def test_everything_that_can_be_given_is_sent(request_, target):
    """Every parameter reaches the wire under the vendor's name, False and 0 included."""
    assert target_of(request_, "ndjson") == f"{target}&format=ndjson"


@pytest.mark.parametrize("name", MARKET_TABLE)
def test_false_and_zero_reach_the_wire(name):
    """Whatever takes False or 0 is sent when it is False or 0: only None is left out."""
    facts = MARKET_TABLE[name]
    request = facts["request"](**facts["call"])
    for parameter in operations()[name].parameters():
        none = {"True or False": (False, "false"), "whole number from 0": (0, "0")}
        if parameter.kind in none:
            value, text = none[parameter.kind]
            changed = msgspec.structs.replace(request, **{parameter.name: value})
            assert f"&{parameter.name}={text}&" in target_of(changed, "csv")
