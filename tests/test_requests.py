"""Requests: brought to one form, refused with every reason at once, kept as values."""

import copy
import datetime as dt
import inspect
import pickle
from decimal import Decimal
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.table_greeks import GREEKS_TABLE
from tests.table_market import MARKET_TABLE
from thetatrio import market_time, requests, rows
from thetatrio.config import Tier
from thetatrio.contracts import Option
from thetatrio.errors import InvalidRequest
from thetatrio.requests import (
    CalendarYear,
    IndexHistoryPrice,
    OptionHistoryQuote,
    OptionHistoryTrade,
    OptionListContracts,
    OptionListExpirations,
    OptionSnapshotGreeksAll,
    Request,
    StockAtTimeQuote,
    StockHistoryEod,
    StockHistoryOhlc,
    StockListSymbols,
    StockSnapshotQuote,
    operations,
)
from thetatrio.requests._base import DateLike

pytestmark = pytest.mark.core

TODAY = dt.date(2024, 11, 20)
NOV_4 = dt.date(2024, 11, 4)
NOV_15 = dt.date(2024, 11, 15)

INTERVALS = (
    "tick", "10ms", "100ms", "500ms", "1s", "5s", "10s", "15s", "30s",
    "1m", "5m", "10m", "15m", "30m", "1h",
)  # fmt: skip
RATES = (
    "sofr", "treasury_m1", "treasury_m3", "treasury_m6", "treasury_y1", "treasury_y2",
    "treasury_y3", "treasury_y5", "treasury_y7", "treasury_y10", "treasury_y20", "treasury_y30",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(market_time, "today", lambda: TODAY)


class Facts(NamedTuple):
    """What the vendor documents of an operation."""

    request: type[Request]
    path: str
    tier: str
    required: tuple[str, ...]
    defaults: dict[str, object]
    columns: str
    call: dict[str, object]
    """Arguments that are enough."""
    takes_slot: bool = True
    history_limited: bool = True
    settles: bool = True
    intraday: bool = False
    tick: bool = False
    flat_file: bool = False


WINDOW = {"start_time": dt.time(9, 30), "end_time": dt.time(16)}
DAYS = {"date": None, "start_date": None, "end_date": None}
CONTRACT = "symbol expiration strike right"
CHAIN = {"strike": "*", "right": "both"}
NEAR = {"max_dte": None, "strike_range": None}

TABLE = {
    "stock_list_symbols": Facts(
        StockListSymbols, "/v3/stock/list/symbols", "free", (), {}, "symbol", {},
        history_limited=False,
    ),
    "stock_snapshot_quote": Facts(
        StockSnapshotQuote, "/v3/stock/snapshot/quote", "value", ("symbol",),
        {"venue": "nqb", "min_time": None, "current_day_only": None},
        "timestamp symbol bid_size bid_exchange bid bid_condition"
        " ask_size ask_exchange ask ask_condition",
        {"symbol": "AAPL"}, takes_slot=False, history_limited=False, settles=False,
    ),
    "stock_history_eod": Facts(
        StockHistoryEod, "/v3/stock/history/eod", "free", ("symbol", "start_date", "end_date"), {},
        "created last_trade open high low close volume count bid_size bid_exchange bid"
        " bid_condition ask_size ask_exchange ask ask_condition",
        {"symbol": "AAPL", "start_date": "2024-10-01", "end_date": "2024-10-31"},
    ),
    "stock_history_ohlc": Facts(
        StockHistoryOhlc, "/v3/stock/history/ohlc", "value", ("symbol",),
        {**DAYS, "interval": "1s", **WINDOW, "venue": "nqb"},
        "timestamp open high low close volume count vwap",
        {"symbol": "AAPL", "date": "2024-11-04"}, intraday=True,
    ),
    "option_list_expirations": Facts(
        OptionListExpirations, "/v3/option/list/expirations", "free", ("symbol",), {},
        "symbol expiration", {"symbol": "SPY"}, history_limited=False,
    ),
    "option_list_contracts": Facts(
        OptionListContracts, "/v3/option/list/contracts/{request_type}", "value",
        ("request_type", "date"), {"symbol": None, "max_dte": None}, CONTRACT,
        {"request_type": "quote", "date": "2024-11-04"},
    ),
    "option_history_trade": Facts(
        OptionHistoryTrade, "/v3/option/history/trade", "standard", ("symbol", "expiration"),
        {**DAYS, **CHAIN, **WINDOW, **NEAR},
        CONTRACT + " timestamp sequence ext_condition1 ext_condition2 ext_condition3"
        " ext_condition4 condition size exchange price",
        {"symbol": "SPY", "expiration": "2024-11-15", "date": "2024-11-04"},
        intraday=True, tick=True,
    ),
    "option_history_quote": Facts(
        OptionHistoryQuote, "/v3/option/history/quote", "value", ("symbol", "expiration"),
        {**DAYS, "interval": "1s", **CHAIN, **WINDOW, **NEAR},
        CONTRACT + " timestamp bid_size bid_exchange bid bid_condition ask_size ask_exchange ask"
        " ask_condition",
        {"symbol": "SPY", "expiration": "2024-11-15", "date": "2024-11-04"}, intraday=True,
    ),
    "index_history_price": Facts(
        IndexHistoryPrice, "/v3/index/history/price", "value", ("symbol",),
        {**DAYS, "interval": "1s", **WINDOW}, "timestamp price",
        {"symbol": "SPX", "date": "2024-11-04"}, intraday=True,
    ),
    "calendar_year": Facts(
        CalendarYear, "/v3/calendar/year_holidays", "value", ("year",), {},
        "date type open close", {"year": 2024}, history_limited=False,
    ),
    **{name: Facts(**facts) for name, facts in (MARKET_TABLE | GREEKS_TABLE).items()},
}  # fmt: skip

each_operation = pytest.mark.parametrize(
    ("name", "facts"), TABLE.items(), ids=lambda value: value if isinstance(value, str) else ""
)
MINIMAL = {facts.request: facts.call for facts in TABLE.values()}


def ask(request, **changes):
    """Make a request with arguments that are enough, and these."""
    return request(**{**MINIMAL[request], **changes})


def problems_of(request, **changes):
    """Return everything that a refusal names."""
    with pytest.raises(InvalidRequest) as caught:
        ask(request, **changes)
    error = caught.value
    assert isinstance(error, ValueError)
    assert str(error) == f"{request.operation}: " + "; ".join(error.problems)
    return error.problems


# -------------------------------------------------------------- the catalogue


def test_the_operations_are_those_of_the_table():
    """`operations()` gives every operation by the vendor's name, in order, unchangeable."""
    assert list(operations()) == sorted(TABLE)
    assert all(operations()[name] is facts.request for name, facts in TABLE.items())
    with pytest.raises(TypeError):
        operations()["more"] = StockListSymbols
    exported = {name for name in vars(requests) if name[0].isupper()}
    assert exported - {"FlatFileRequest", "Parameter", "Request"} == {
        f.request.__name__ for f in TABLE.values()
    }


@each_operation
def test_what_the_vendor_documents(name, facts):
    """Path, tier, what counts against the tier, and what bounds the range are the vendor's."""
    request = facts.request
    assert request.operation == name
    assert request.path == facts.path
    assert request.tier is Tier(facts.tier)
    assert request.takes_slot is facts.takes_slot
    assert request.history_limited is facts.history_limited
    assert request.settles is facts.settles
    assert (request.intraday, request.tick, request.flat_file) == (
        facts.intraday, facts.tick, facts.flat_file,
    )  # fmt: skip


@each_operation
def test_parameters_and_their_defaults(name, facts):
    """Parameters have the vendor's names and defaults; what has none must be given."""
    parameters = facts.request.parameters()
    assert {p.name for p in parameters if p.required} == set(facts.required)
    assert {p.name: p.default for p in parameters if not p.required} == facts.defaults
    assert all(p.default is None for p in parameters if p.required)
    assert [p.name for p in parameters] == [
        field.name for field in msgspec.structs.fields(facts.request)
    ]
    if "symbol" in {p.name for p in parameters}:
        assert parameters[0].name == "symbol"
    made = ask(facts.request)
    for key, default in facts.defaults.items():
        if key not in facts.call:
            assert getattr(made, key) == default


@each_operation
def test_columns_of_the_rows(name, facts):
    """Each operation's rows have the documented columns in the documented order."""
    if facts.flat_file:
        assert facts.columns == ""
        return
    kind = facts.request.row_type()
    assert issubclass(kind, rows.Row)
    assert [field.encode_name for field in msgspec.structs.fields(kind)] == facts.columns.split()


def test_choices_and_kinds_are_told():
    """`parameters()` says what each may be, with all its words where only those may be given."""
    found = {
        p.name: (p.kind, p.choices)
        for facts in TABLE.values()
        for p in facts.request.parameters()
        if p.name != "symbol"
    }
    right = ("call", "put", "both", "C", "P")
    assert found == {
        "venue": ("one word", ("nqb", "utp_cta")),
        "min_time": ("time of day", None),
        "start_date": ("date", None),
        "end_date": ("date", None),
        "date": ("date", None),
        "interval": ("one word", INTERVALS),
        "start_time": ("time of day", None),
        "end_time": ("time of day", None),
        "request_type": ("one word", ("trade", "quote")),
        "max_dte": ("whole number from 0", None),
        "expiration": ("date or *", None),
        "strike": ("strike in dollars or *", None),
        "right": ("right", right),
        "annual_dividend": ("number", None),
        "rate_type": ("one word", RATES),
        "rate_value": ("number", None),
        "stock_price": ("number", None),
        "version": ("one word", ("latest", "1")),
        "strike_range": ("whole number from 1", None),
        "use_market_value": ("True or False", None),
        "time_of_day": ("time of day", None),
        "exclusive": ("True or False", None),
        "current_day_only": ("True or False", None),
        "use_time_based_trade_quote": ("True or False", None),
        "annual_dividend_amount": ("number", None),
        "binomial_steps": ("whole number from 1", None),
        "option_use_nbbo": ("True or False", None),
        "perf_boost_intraday": ("True or False", None),
        "underlyer_use_nbbo": ("True or False", None),
        "year": ("year", None),
    }
    assert StockHistoryEod.parameters()[0].kind == "symbol"
    assert StockSnapshotQuote.parameters()[0].kind == "symbols"
    assert OptionListContracts.parameters()[0].kind == "symbols"


# ------------------------------------------------------------ one form of each


@pytest.mark.parametrize(
    ("request_type", "name", "values", "expected"),
    [
        (StockHistoryEod, "symbol", ["AAPL", "aapl", " Aapl "], "AAPL"),
        (StockHistoryEod, "symbol", ["brk.b"], "BRK.B"),
        (StockSnapshotQuote, "symbol", ["AAPL", ["AAPL"], ("aapl", "AAPL"), "aapl, AAPL"],
         ("AAPL",)),
        (StockSnapshotQuote, "symbol", ["MSFT,AAPL", ["msft", "aapl"], " msft , aapl "],
         ("MSFT", "AAPL")),
        (StockSnapshotQuote, "symbol", ["*", " * ", ["*"], ["AAPL", "*"], "AAPL,*"], ("*",)),
        (OptionListContracts, "symbol", [None], None),
        (StockHistoryOhlc, "date", [NOV_4, "2024-11-04", "20241104", " 2024-11-04 "], NOV_4),
        (OptionHistoryQuote, "expiration", [NOV_15, "2024-11-15", "20241115"], NOV_15),
        (OptionHistoryQuote, "expiration", ["*", " * "], "*"),
        (OptionHistoryQuote, "strike", [570, 570.0, "570", "570.000", Decimal(570), "5.7e2"],
         "570.000"),
        (OptionHistoryQuote, "strike", [147.14, "147.14", Decimal("147.140")], "147.140"),
        (OptionHistoryQuote, "strike", [0, 0.0, "0"], "0.000"),
        (OptionHistoryQuote, "strike", ["*", " *"], "*"),
        (OptionHistoryQuote, "right", ["call", "C", "c", "CALL", " Call "], "call"),
        (OptionHistoryQuote, "right", ["put", "P", "p", "PUT"], "put"),
        (OptionHistoryQuote, "right", ["both", "BOTH", " Both"], "both"),
        (StockHistoryOhlc, "start_time", [dt.time(9, 45), "09:45", "9:45", "09:45:00.000"],
         dt.time(9, 45)),
        (StockHistoryOhlc, "start_time", ["09:45:00.25"], dt.time(9, 45, 0, 250_000)),
        (StockHistoryOhlc, "interval", ["1m"], "1m"),
        (OptionHistoryQuote, "max_dte", [0], 0),
        (OptionHistoryQuote, "max_dte", [None], None),
        (OptionHistoryQuote, "strike_range", [1], 1),
        (OptionSnapshotGreeksAll, "annual_dividend", [0, 0.0, Decimal(0)], 0.0),
        (OptionSnapshotGreeksAll, "rate_value", [-0.5, Decimal("-0.5")], -0.5),
        (OptionSnapshotGreeksAll, "use_market_value", [False], False),
        (OptionSnapshotGreeksAll, "use_market_value", [True], True),
        (CalendarYear, "year", [2024, "2024"], 2024),
    ],
)  # fmt: skip
def test_every_spelling_becomes_one(request_type, name, values, expected):
    """However a value is spelled, one form is kept, and such requests are one request."""
    made = [ask(request_type, **{name: value}) for value in values]
    for one in made:
        kept = getattr(one, name)
        assert kept == expected
        assert type(kept) is type(expected)
    assert len(set(made)) == 1
    assert len(set(map(repr, made))) == 1


@pytest.mark.parametrize(
    ("request_type", "name", "values"),
    [
        (StockHistoryEod, "symbol", ["", " ", "*", "A B", "A,B", "ÄPFEL", "A" * 33, None, 5,
                                     b"AAPL", ["AAPL"], True]),
        (StockSnapshotQuote, "symbol", ["", [], (), ",", "AAPL,", ["AAPL", 5], [None], 5, b"AAPL",
                                        None, {"AAPL"}, ["A B"]]),
        (StockHistoryOhlc, "date", ["", "2024-11-31", "2024-1-1", "11/04/2024", "202411-04",
                                    20241104, dt.datetime(2024, 11, 4), True, "*"]),
        (OptionHistoryQuote, "expiration", ["", "**", "2024", 20241115, None, True, [NOV_15],
                                            dt.datetime(2024, 11, 15)]),
        (OptionHistoryQuote, "strike", ["", "abc", -1, 10**5, 573000, 10**6, 1e300, 0.0001, None,
                                        True, b"5", [5], float("nan"), float("inf"), "1e999999",
                                        "nan"]),
        (OptionHistoryQuote, "right", ["", "X", "calls", None, True, 1, ["call"], "*"]),
        (StockHistoryOhlc, "start_time", ["", "9", "25:00", "09:60", "09:30:61", 93000, True,
                                          dt.time(9, 30, tzinfo=dt.UTC), "09:30:00Z", None]),
        (StockHistoryOhlc, "interval", ["", "1M", "2m", "1 m", 60, None, True, ["1m"]]),
        (StockHistoryOhlc, "venue", ["", "NQB", "iex", None, 1]),
        (OptionListContracts, "request_type", ["", "Trade", "ohlc", None]),
        (OptionHistoryQuote, "max_dte", [-1, 1.0, "1", True, False, Decimal(1), [1]]),
        (OptionHistoryQuote, "strike_range", [0, -1, 1.5, "5", True]),
        (OptionSnapshotGreeksAll, "annual_dividend", ["0", True, float("nan"), float("inf"),
                                                      Decimal("inf"), Decimal("sNaN"), 10**400,
                                                      1j, [1.0]]),
        (OptionSnapshotGreeksAll, "rate_type", ["", "SOFR", "treasury", None]),
        (OptionSnapshotGreeksAll, "version", ["", "2", 1, None]),
        (OptionSnapshotGreeksAll, "use_market_value", [0, 1, "true", None]),
        (CalendarYear, "year", [24, 0, -2024, 20240, "24", "0024", "2O24",
                                "\uff12\uff10\uff12\uff14", 2024.0, True, None, ""]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_means_nothing_is_refused_by_name(request_type, name, values):
    """A value no terminal could take is refused before anything is sent, naming the parameter."""
    for value in values:
        (problem,) = problems_of(request_type, **{name: value})
        assert problem.startswith(f"{name}: ")


@pytest.mark.parametrize("several", ["AAPL,MSFT", ["AAPL", "MSFT"], ("AAPL", "MSFT")])
def test_several_symbols_where_one_is_meant_say_what_to_do(several):
    """Who asks for more symbols than an operation takes reads how to ask for all of them."""
    with pytest.raises(InvalidRequest, match=r"one symbol for each query, not .*AAPL.*gather"):
        StockHistoryOhlc(several, date="2024-11-01")


@given(st.sampled_from(sorted(TABLE)), st.data())
def test_any_value_is_taken_or_refused(name, data):
    """Values of any type give a request or InvalidRequest, and nothing else."""
    request = TABLE[name].request
    parameters = [p.name for p in request.parameters()]
    if not parameters:
        return
    values = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), st.text(),
        st.binary(), st.dates(), st.datetimes(), st.times(), st.lists(st.text()),
        st.dictionaries(st.text(), st.text()), st.sampled_from(["*", "both", "1m", "20240101"]),
    )  # fmt: skip
    chosen = data.draw(st.dictionaries(st.sampled_from(parameters), values))
    try:
        made = ask(request, **chosen)
    except InvalidRequest as refused:
        named = {problem.partition(":")[0] for problem in refused.problems}
        assert named <= set(parameters)
    else:
        assert hash(made) == hash(copy.copy(made))


def test_every_problem_is_named_at_once():
    """One refusal tells everything that is wrong, in the order of the parameters."""
    found = problems_of(
        OptionHistoryQuote, symbol="?", expiration="soon", date="today", strike=-5, right="up",
        interval="2m", max_dte=-1, strike_range=0,
    )  # fmt: skip
    assert [problem.partition(":")[0] for problem in found] == [
        "symbol", "expiration", "date", "interval", "strike", "right", "max_dte", "strike_range",
    ]  # fmt: skip


# ------------------------------------------------- between parameters


RANGED = [facts.request for facts in TABLE.values() if {*DAYS, *WINDOW} <= {*facts.defaults}]


@pytest.mark.parametrize("request_type", RANGED)
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"date": None}, "date: give date, or start_date and end_date"),
        ({"start_date": NOV_4}, "date: give either date, or start_date and end_date"),
        ({"end_date": NOV_4}, "date: give either date, or start_date and end_date"),
        ({"start_date": NOV_4, "end_date": NOV_4},
         "date: give either date, or start_date and end_date"),
        ({"date": None, "start_date": NOV_4}, "end_date: must be given with start_date"),
        ({"date": None, "end_date": NOV_4}, "start_date: must be given with end_date"),
        ({"date": None, "start_date": NOV_15, "end_date": NOV_4},
         "end_date: 2024-11-04 is before start_date 2024-11-15"),
        ({"date": TODAY + dt.timedelta(1)},
         "date: 2024-11-21 is in the future (it is 2024-11-20 in New York)"),
        ({"date": None, "start_date": "20241121", "end_date": "20241122"},
         "start_date: 2024-11-21 is in the future (it is 2024-11-20 in New York)"),
        ({"start_time": "12:00", "end_time": "11:59:59.999"},
         "end_time: 11:59:59.999000 is before start_time 12:00:00"),
    ],
)  # fmt: skip
def test_dates_and_times_that_contradict_each_other(request_type, changes, problem):
    """Either one day or both ends of a range, in order, not in the future; times in order."""
    assert problems_of(request_type, **changes) == (problem,)


@pytest.mark.parametrize("request_type", RANGED)
@pytest.mark.parametrize(
    ("changes", "days"),
    [
        ({}, (NOV_4, NOV_4)),
        ({"date": TODAY}, (TODAY, TODAY)),
        ({"date": None, "start_date": NOV_4, "end_date": NOV_4}, (NOV_4, NOV_4)),
        ({"date": None, "start_date": NOV_4, "end_date": "2025-01-01"},
         (NOV_4, dt.date(2025, 1, 1))),
        ({"start_time": "12:00", "end_time": "12:00"}, (NOV_4, NOV_4)),
        ({"date": dt.date(2024, 11, 3)}, (dt.date(2024, 11, 3),) * 2),
    ],
)  # fmt: skip
def test_what_some_terminal_could_answer_is_not_refused(request_type, changes, days):
    """A day, a range, today, a range that ends later, a Sunday and one moment are all asked."""
    assert ask(request_type, **changes).date_range == days


def test_the_calendar_may_be_asked_about_days_to_come():
    """Where the future is known it may be asked for, and is not settled; nowhere else."""
    tomorrow = TODAY + dt.timedelta(1)
    asked = requests.CalendarOnDate(date=tomorrow)
    assert asked.date_range == (tomorrow, tomorrow)
    assert not asked.is_settled(TODAY)
    assert asked.is_settled(tomorrow + dt.timedelta(1))
    others = [f.request for f in TABLE.values() if "date" in f.call or "start_date" in f.call]
    for other in set(others) - {requests.CalendarOnDate}:
        assert not other.future_dates
        name = "date" if "date" in MINIMAL[other] else "start_date"
        changes = {name: tomorrow} if name == "date" else {name: tomorrow, "end_date": tomorrow}
        (problem,) = problems_of(other, **changes)
        assert problem.startswith(f"{name}: {tomorrow} is in the future")


def test_what_only_newer_terminals_have():
    """Operations that the published description lacks say which terminals have them."""
    newer = {name for name, facts in TABLE.items() if facts.request.since}
    assert newer == {
        name for name in TABLE if name.endswith("flat_file_quote") or "binomial" in name
    }


def test_times_of_day_are_one_moment():
    """`time_of_day` is taken in every spelling of a time, and must be given."""
    for facts in TABLE.values():
        if "time_of_day" not in facts.call:
            continue
        for spelling in ("15:30", "15:30:00.000", dt.time(15, 30)):
            assert ask(facts.request, time_of_day=spelling).time_of_day == dt.time(15, 30)
        assert problems_of(facts.request, time_of_day=None) == ("time_of_day: must be given",)


def test_rates_are_named_in_capitals():
    """The words of `rate_type` are taken as names of rates, in the vendor's capitals."""
    for rate in RATES:
        assert ask(requests.InterestRateHistoryEod, symbol=rate).symbol == rate.upper()


def test_ranges_without_a_single_date():
    """End-of-day reports take a range only, and say so."""
    assert ask(StockHistoryEod).date_range == (dt.date(2024, 10, 1), dt.date(2024, 10, 31))
    assert problems_of(StockHistoryEod, end_date="2024-09-30") == (
        "end_date: 2024-09-30 is before start_date 2024-10-01",
    )
    assert problems_of(StockHistoryEod, start_date=None, end_date=None) == (
        "start_date: must be given",
        "end_date: must be given",
    )
    assert problems_of(OptionListContracts, date="2024-11-21")[0].startswith("date: 2024-11-21 is")


def test_a_range_without_any_date(monkeypatch):
    """A request of a range with optional ends, and no single date, asks for both ends."""

    class Ranged(Request[rows.Price], frozen=True, kw_only=True):
        start_date: DateLike | None = None
        end_date: DateLike | None = None

    # For the message alone: with it in its body the class would count as an operation.
    monkeypatch.setattr(Ranged, "operation", "ranged", raising=False)
    with pytest.raises(InvalidRequest, match="start_date: give start_date and end_date"):
        Ranged()


@pytest.mark.parametrize(
    ("request_type", "changes", "settled"),
    [
        (StockHistoryOhlc, {}, True),
        (StockHistoryOhlc, {"date": TODAY}, False),
        (StockHistoryOhlc, {"date": TODAY - dt.timedelta(1)}, True),
        (StockHistoryEod, {"end_date": TODAY}, False),
        (StockHistoryEod, {"end_date": "2025-01-01"}, False),
        (StockSnapshotQuote, {}, False),
        (OptionSnapshotGreeksAll, {}, False),
        (StockListSymbols, {}, True),
        (CalendarYear, {}, True),
        (requests.CalendarOpenToday, {}, False),
        (requests.StockAtTimeQuote, {}, True),
        (requests.StockAtTimeQuote, {"end_date": TODAY}, False),
        (requests.OptionFlatFileEod, {}, True),
        (requests.OptionFlatFileEod, {"date": TODAY}, False),
    ],
)
def test_what_is_settled(request_type, changes, settled):
    """The past is settled; snapshots, and ranges that reach today, are not."""
    assert ask(request_type, **changes).is_settled(TODAY) is settled


# ----------------------------------------------------------------- values


@each_operation
def test_requests_are_values(name, facts):
    """Requests compare and hash by value, survive copying and pickling, and cannot be changed."""
    one, two = ask(facts.request), ask(facts.request)
    assert one == two
    assert hash(one) == hash(two)
    for again in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert again == one
        assert type(again) is facts.request
    for attribute in (*one.__struct_fields__[:1], "operation", "more"):
        with pytest.raises(AttributeError):
            setattr(one, attribute, 1)


def test_requests_of_other_values_are_other_requests():
    """One parameter changed is another request, and another operation is never equal."""
    one = ask(StockHistoryOhlc)
    assert one != ask(StockHistoryOhlc, interval="1m")
    assert one != ask(IndexHistoryPrice, symbol="AAPL")
    assert len({one, ask(StockHistoryOhlc), ask(StockHistoryOhlc, venue="utp_cta")}) == 2


def test_the_repr_tells_what_was_asked_and_can_be_pasted():
    """A request shows what differs from the defaults, in words that make it again."""
    one = ask(OptionHistoryQuote, strike=570, right="C", max_dte=0)
    assert repr(one) == (
        "OptionHistoryQuote(symbol='SPY', expiration=datetime.date(2024, 11, 15),"
        " date=datetime.date(2024, 11, 4), strike='570.000', right='call', max_dte=0)"
    )
    assert eval(repr(one), {"OptionHistoryQuote": OptionHistoryQuote, "datetime": dt}) == one
    assert repr(StockListSymbols()) == "StockListSymbols()"


def test_a_changed_copy_is_checked_too():
    """`msgspec.structs.replace` makes a request that is normalised and checked like any other."""
    one = msgspec.structs.replace(ask(StockHistoryOhlc), date="20241105")
    assert one.date == dt.date(2024, 11, 5)
    with pytest.raises(InvalidRequest, match="date"):
        msgspec.structs.replace(one, date="never")


# ---------------------------------------------------------------- calling


@each_operation
def test_signatures_show_names_defaults_and_what_is_positional(name, facts):
    """The signature has every parameter and default; only symbol is positional."""
    signature = facts.request.signature("Query[Row]")
    assert signature.return_annotation == "Query[Row]"
    assert list(signature.parameters) == [p.name for p in facts.request.parameters()]
    for parameter in signature.parameters.values():
        positional = parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        assert positional is (parameter.name == "symbol")
        assert positional or parameter.kind is inspect.Parameter.KEYWORD_ONLY
        if parameter.name in facts.required:
            assert parameter.default is inspect.Parameter.empty
        else:
            assert parameter.default == facts.defaults[parameter.name]
        assert "Kind" not in str(parameter.annotation)


@pytest.mark.parametrize(
    ("request_type", "args", "kwargs", "words"),
    [
        (StockHistoryEod, ("AAPL", "20241101"), {},
         ("stock_history_eod: only symbol is positional; name the other parameters:"
          " start_date, end_date")),
        (CalendarYear, (2024,), {},
         "calendar_year: nothing is positional; name the other parameters: year"),
        (StockHistoryOhlc, ("AAPL",), {"intervall": "1m"},
         ("stock_history_ohlc: there is no parameter 'intervall'; did you mean 'interval'? (it"
          " takes symbol, date, start_date, end_date, interval, start_time, end_time, venue)")),
        (StockHistoryOhlc, ("AAPL",), {"start": "2024-11-01"},
         ("stock_history_ohlc: there is no parameter 'start'; did you mean 'start_date'? (it takes"
          " symbol, date, start_date, end_date, interval, start_time, end_time, venue)")),
        (StockAtTimeQuote, ("AAPL",), {"date": "2024-11-04"},
         ("stock_at_time_quote: there is no parameter 'date'; did you mean 'start_date' and"
          " 'end_date'? (it takes symbol, start_date, end_date, time_of_day, venue)")),
        (OptionHistoryQuote, (Option("SPY", "2024-11-15", 573, "C"),), {"date": "2024-11-04"},
         ("option_history_quote: must be given: expiration; a contract is not an argument; pass"
          " option.symbol, expiration=option.expiration, strike=option.strike,"
          " right=option.right")),
        (StockHistoryEod, ("AAPL",), {"qqq": 1},
         "stock_history_eod: there is no parameter 'qqq'; it takes symbol, start_date, end_date"),
        (StockHistoryEod, (), {"end_date": "20241101"},
         "stock_history_eod: must be given: symbol, start_date"),
        (OptionListContracts, (), {}, "option_list_contracts: must be given: request_type, date"),
        (StockSnapshotQuote, ("AAPL",), {"symbol": "MSFT"},
         "stock_snapshot_quote: symbol was given twice"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_explained(request_type, args, kwargs, words):
    """A call that Python refuses is explained in the operation's own words."""
    with pytest.raises(TypeError):
        request_type(*args, **kwargs)
    assert request_type.call_problem(args, kwargs) == words


@pytest.mark.parametrize("hint", [complex, complex | None, list[str], "object"])
def test_a_parameter_without_a_kind_is_a_mistake_of_ours(hint):
    """A request class whose annotation says no kind fails when it is first made, by name."""

    class Unfinished(Request[rows.Symbol], frozen=True):
        what: hint

    with pytest.raises(TypeError, match=r"Unfinished\.what: its annotation says no kind"):
        Unfinished(1)
    assert "Unfinished" not in {request.__name__ for request in operations().values()}


def test_contradictions_are_named_beside_other_problems():
    """A reversed window and a wrong word are both said at once; a wrong date hides neither."""
    with pytest.raises(InvalidRequest) as caught:
        StockHistoryOhlc(
            "AAPL", date="2024-11-04", interval="2m", start_time="16:00", end_time="10:00"
        )
    assert len(caught.value.problems) == 2
    with pytest.raises(InvalidRequest) as caught:
        StockHistoryOhlc("AAPL", date="soon", interval="2m")
    assert len(caught.value.problems) == 2


def test_signatures_read_as_one_writes_them():
    """Optional parameters are shown as `date | str | None`."""
    shown = str(StockHistoryOhlc.signature("Query"))
    assert "date: datetime.date | str | None = None" in shown
    assert "Union" not in shown


def test_flat_files_say_how_long_the_vendor_keeps_them():
    """Every flat file's docstring says that only the last seven days can be requested."""
    flat_files = [request for request in requests.operations().values() if request.flat_file]
    assert len(flat_files) == 8
    for request in flat_files:
        assert "one of the last seven calendar days" in inspect.getdoc(request)
