"""How each operation of implied volatilities and Greeks is spelled for a v3 terminal."""

import datetime as dt
from decimal import Decimal

import pytest

from tests.table_greeks import GREEKS_TABLE
from thetatrio import requests
from thetatrio._rest.dialect_v3 import target_of
from thetatrio.errors import InvalidRequest
from thetatrio.requests._base import NEWER

pytestmark = pytest.mark.core

# Written down from the vendor's description, not made by the code under test.
ONE_DAY = "symbol=SPY&expiration=2024-11-15&date=2024-11-04"
# The documentation calls the interval required, and names a default.
EACH_SECOND = f"{ONE_DAY}&interval=1s"
BARE_SNAPSHOT = "symbol=SPY&expiration=2024-11-15"
BARE_EOD = "symbol=SPY&expiration=2024-11-15&start_date=2024-11-04&end_date=2024-11-08"
DAY = {"date": "2024-11-04"}
WEEK = {"start_date": "2024-11-04", "end_date": "2024-11-08"}

BARE = [
    (
        requests.OptionSnapshotGreeksImpliedVolatility,
        {},
        f"/v3/option/snapshot/greeks/implied_volatility?{BARE_SNAPSHOT}",
    ),
    (requests.OptionSnapshotGreeksAll, {}, f"/v3/option/snapshot/greeks/all?{BARE_SNAPSHOT}"),
    (
        requests.OptionSnapshotGreeksFirstOrder,
        {},
        f"/v3/option/snapshot/greeks/first_order?{BARE_SNAPSHOT}",
    ),
    (
        requests.OptionSnapshotGreeksSecondOrder,
        {},
        f"/v3/option/snapshot/greeks/second_order?{BARE_SNAPSHOT}",
    ),
    (
        requests.OptionSnapshotGreeksThirdOrder,
        {},
        f"/v3/option/snapshot/greeks/third_order?{BARE_SNAPSHOT}",
    ),
    (requests.OptionHistoryGreeksEod, WEEK, f"/v3/option/history/greeks/eod?{BARE_EOD}"),
    (
        requests.OptionHistoryGreeksImpliedVolatility,
        DAY,
        f"/v3/option/history/greeks/implied_volatility?{EACH_SECOND}",
    ),
    (requests.OptionHistoryGreeksAll, DAY, f"/v3/option/history/greeks/all?{EACH_SECOND}"),
    (
        requests.OptionHistoryGreeksFirstOrder,
        DAY,
        f"/v3/option/history/greeks/first_order?{EACH_SECOND}",
    ),
    (
        requests.OptionHistoryGreeksSecondOrder,
        DAY,
        f"/v3/option/history/greeks/second_order?{EACH_SECOND}",
    ),
    (
        requests.OptionHistoryGreeksThirdOrder,
        DAY,
        f"/v3/option/history/greeks/third_order?{EACH_SECOND}",
    ),
    (
        requests.OptionHistoryTradeGreeksImpliedVolatility,
        DAY,
        f"/v3/option/history/trade_greeks/implied_volatility?{ONE_DAY}",
    ),
    (
        requests.OptionHistoryTradeGreeksAll,
        DAY,
        f"/v3/option/history/trade_greeks/all?{ONE_DAY}",
    ),
    (
        requests.OptionHistoryTradeGreeksFirstOrder,
        DAY,
        f"/v3/option/history/trade_greeks/first_order?{ONE_DAY}",
    ),
    (
        requests.OptionHistoryTradeGreeksSecondOrder,
        DAY,
        f"/v3/option/history/trade_greeks/second_order?{ONE_DAY}",
    ),
    (
        requests.OptionHistoryTradeGreeksThirdOrder,
        DAY,
        f"/v3/option/history/trade_greeks/third_order?{ONE_DAY}",
    ),
    (
        requests.OptionSnapshotBinomialGreeksAll,
        {},
        f"/v3/option/snapshot/binomial_greeks/all?{BARE_SNAPSHOT}",
    ),
    (
        requests.OptionSnapshotBinomialGreeksFirstOrder,
        {},
        f"/v3/option/snapshot/binomial_greeks/first_order?{BARE_SNAPSHOT}",
    ),
    (
        requests.OptionSnapshotBinomialGreeksSecondOrder,
        {},
        f"/v3/option/snapshot/binomial_greeks/second_order?{BARE_SNAPSHOT}",
    ),
    (
        requests.OptionSnapshotBinomialGreeksThirdOrder,
        {},
        f"/v3/option/snapshot/binomial_greeks/third_order?{BARE_SNAPSHOT}",
    ),
    (
        requests.OptionHistoryBinomialGreeksEod,
        WEEK,
        f"/v3/option/history/binomial_greeks/eod?{BARE_EOD}",
    ),
    (
        requests.OptionHistoryBinomialGreeksAll,
        DAY,
        f"/v3/option/history/binomial_greeks/all?{EACH_SECOND}",
    ),
    (
        requests.OptionHistoryBinomialGreeksFirstOrder,
        DAY,
        f"/v3/option/history/binomial_greeks/first_order?{EACH_SECOND}",
    ),
    (
        requests.OptionHistoryBinomialGreeksSecondOrder,
        DAY,
        f"/v3/option/history/binomial_greeks/second_order?{EACH_SECOND}",
    ),
    (
        requests.OptionHistoryBinomialGreeksThirdOrder,
        DAY,
        f"/v3/option/history/binomial_greeks/third_order?{EACH_SECOND}",
    ),
    (
        requests.OptionHistoryBinomialTradeGreeksAll,
        DAY,
        f"/v3/option/history/binomial_trade_greeks/all?{ONE_DAY}",
    ),
    (
        requests.OptionHistoryBinomialTradeGreeksFirstOrder,
        DAY,
        f"/v3/option/history/binomial_trade_greeks/first_order?{ONE_DAY}",
    ),
    (
        requests.OptionHistoryBinomialTradeGreeksSecondOrder,
        DAY,
        f"/v3/option/history/binomial_trade_greeks/second_order?{ONE_DAY}",
    ),
    (
        requests.OptionHistoryBinomialTradeGreeksThirdOrder,
        DAY,
        f"/v3/option/history/binomial_trade_greeks/third_order?{ONE_DAY}",
    ),
]

# All that each family can be given, with every False and every 0.
FULL = [
    (
        requests.OptionSnapshotGreeksFirstOrder(
            "spy", expiration="*", strike=0, right="C", annual_dividend=0, rate_type="treasury_m1",
            rate_value=0, stock_price=0, version="1", max_dte=0, strike_range=1,
            min_time=dt.time(0), use_market_value=False, current_day_only=False,
            annual_dividend_amount=0,
        ),
        ("/v3/option/snapshot/greeks/first_order?symbol=SPY&expiration=*&strike=0.000&right=call"
        "&annual_dividend=0.0&rate_type=treasury_m1&rate_value=0.0&stock_price=0.0&version=1"
        "&max_dte=0&strike_range=1&min_time=00:00:00.000&use_market_value=false"
        "&current_day_only=false&annual_dividend_amount=0.0"),
    ),
    (
        requests.OptionHistoryGreeksImpliedVolatility(
            "SPXW", expiration="20241115", start_date="2024-11-04", end_date="2024-11-08",
            interval="1m", strike=5720.5, right="put", start_time="00:00", end_time="00:00",
            annual_dividend=0, rate_value=-0.5, version="1", strike_range=3,
            annual_dividend_amount=Decimal(0),
        ),
        ("/v3/option/history/greeks/implied_volatility?symbol=SPXW&expiration=2024-11-15"
        "&start_date=2024-11-04&end_date=2024-11-08&interval=1m&strike=5720.500&right=put"
        "&start_time=00:00:00.000&end_time=00:00:00.000&annual_dividend=0.0"
        "&rate_value=-0.5&version=1&strike_range=3&annual_dividend_amount=0.0"),
    ),
    (
        requests.OptionHistoryTradeGreeksAll(
            "SPY", expiration="*", start_date="2024-11-04", end_date="2024-11-04",
            annual_dividend=0, rate_value=0, max_dte=0, strike_range=1, perf_boost_intraday=False,
            annual_dividend_amount=0,
        ),
        ("/v3/option/history/trade_greeks/all?symbol=SPY&expiration=*&start_date=2024-11-04"
        "&end_date=2024-11-04&annual_dividend=0.0&rate_value=0.0"
        "&max_dte=0&strike_range=1&perf_boost_intraday=false"
        "&annual_dividend_amount=0.0"),
    ),
    (
        requests.OptionHistoryGreeksEod(
            "SPY", expiration="*", **WEEK, annual_dividend=0, rate_value=0,
            underlyer_use_nbbo=False, max_dte=0, strike_range=1, option_use_nbbo=False,
            annual_dividend_amount=0,
        ),
        ("/v3/option/history/greeks/eod?symbol=SPY&expiration=*&start_date=2024-11-04"
        "&end_date=2024-11-08&annual_dividend=0.0&rate_value=0.0"
        "&underlyer_use_nbbo=false&max_dte=0&strike_range=1&option_use_nbbo=false"
        "&annual_dividend_amount=0.0"),
    ),
    (
        requests.OptionSnapshotBinomialGreeksThirdOrder(
            "SPY", expiration="*", annual_dividend=0, rate_value=0, stock_price=0,
            binomial_steps=1, max_dte=0, min_time="00:00", current_day_only=True,
            annual_dividend_amount=0,
        ),
        ("/v3/option/snapshot/binomial_greeks/third_order?symbol=SPY&expiration=*"
        "&annual_dividend=0.0&rate_value=0.0&stock_price=0.0&binomial_steps=1"
        "&max_dte=0&min_time=00:00:00.000"
        "&current_day_only=true&annual_dividend_amount=0.0"),
    ),
    (
        requests.OptionHistoryBinomialGreeksAll(
            "SPY", expiration="2024-11-15", date="2024-11-04", annual_dividend=0, rate_value=0,
            binomial_steps=5, strike_range=1, annual_dividend_amount=0,
        ),
        (f"/v3/option/history/binomial_greeks/all?{EACH_SECOND}"
        "&annual_dividend=0.0&rate_value=0.0&binomial_steps=5"
        "&strike_range=1&annual_dividend_amount=0.0"),
    ),
    (
        requests.OptionHistoryBinomialTradeGreeksSecondOrder(
            "SPY", expiration="*", date="2024-11-04", annual_dividend=0, rate_value=0, max_dte=0,
            perf_boost_intraday=True, annual_dividend_amount=0,
        ),
        ("/v3/option/history/binomial_trade_greeks/second_order?symbol=SPY&expiration=*"
        "&date=2024-11-04&annual_dividend=0.0&rate_value=0.0"
        "&max_dte=0&perf_boost_intraday=true"
        "&annual_dividend_amount=0.0"),
    ),
    (
        requests.OptionHistoryBinomialGreeksEod(
            "SPY", expiration="*", **WEEK, annual_dividend=0, rate_value=0, max_dte=0,
            underlyer_use_nbbo=True, option_use_nbbo=False, annual_dividend_amount=0,
        ),
        ("/v3/option/history/binomial_greeks/eod?symbol=SPY&expiration=*&start_date=2024-11-04"
        "&end_date=2024-11-08&annual_dividend=0.0&rate_value=0.0"
        "&underlyer_use_nbbo=true&max_dte=0"
        "&option_use_nbbo=false&annual_dividend_amount=0.0"),
    ),
]  # fmt: skip

each_operation = pytest.mark.parametrize(
    ("request_type", "call", "target"), BARE, ids=lambda value: getattr(value, "operation", "")
)


def test_every_operation_is_written_down():
    """The list has each operation of implied volatilities and Greeks once."""
    assert sorted(kind.operation for kind, _, _ in BARE) == sorted(GREEKS_TABLE)


@each_operation
def test_what_is_sent_when_nothing_is_asked_for(request_type, call, target):
    """Defaults are sent in the vendor's spelling; what only newer terminals know is not."""
    request = request_type("SPY", expiration="2024-11-15", **call)
    assert target_of(request, "csv") == f"{target}&format=csv"


@pytest.mark.parametrize(
    ("request_", "target"), FULL, ids=[request.operation for request, _ in FULL]
)
def test_everything_that_can_be_given_is_sent(request_, target):
    """Every parameter reaches the wire under the vendor's name, False and 0 included."""
    assert target_of(request_, "ndjson") == f"{target}&format=ndjson"


@each_operation
def test_false_and_zero_reach_the_wire(request_type, call, target):
    """Whatever may be False or 0 is sent as that, in each operation, and never left out."""
    spelled = {"True or False": (False, "false"), "number": (0, "0.0")}
    spelled["whole number from 0"] = (0, "0")
    given = {
        parameter.name: spelled[parameter.kind]
        for parameter in request_type.parameters()
        if parameter.kind in spelled
    }
    assert {"annual_dividend", "rate_value", "annual_dividend_amount"} <= set(given)
    values = {name: value for name, (value, _) in given.items()}
    sent = target_of(request_type("SPY", expiration="2024-11-15", **call, **values), "csv")
    assert {f"{name}={text}" for name, (_, text) in given.items()} <= {*sent.split("&")}


@each_operation
def test_newer_operations_say_which_terminals_have_them(request_type, call, target):
    """The operations of a binomial tree name the terminals that have them, in words too."""
    newer = "binomial" in request_type.operation
    assert request_type.since == (NEWER if newer else "")
    told = " ".join(request_type.__doc__.split())
    assert (f"Only {NEWER} have it" in told) is newer
    assert ("an older terminal ignores it" in told) is not newer


@each_operation
def test_all_expirations_can_be_asked_for(request_type, call, target):
    """The wildcard is sent as it is, also where the vendor documents dates alone."""
    request = request_type("SPY", expiration="*", **call)
    assert "&expiration=*&" in target_of(request, "csv")


def test_a_tree_has_a_step():
    """A tree without steps is refused."""
    with pytest.raises(InvalidRequest, match="binomial_steps: expected a whole number from 1"):
        requests.OptionSnapshotBinomialGreeksAll("SPY", expiration="*", binomial_steps=0)
