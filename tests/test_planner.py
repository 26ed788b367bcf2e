"""Ranges of dates: what the terminal takes in one answer passes, the rest is split."""

import calendar
import datetime as dt
import inspect
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thetatrio import market_time
from thetatrio._rest.planner import (
    Estimate,
    LeftOut,
    Plan,
    by_date,
    by_expiration,
    by_right,
    by_strike,
    by_time,
    estimate,
    next_split,
    plan,
)
from thetatrio.requests import (
    CalendarYear,
    IndexHistoryPrice,
    OptionHistoryEod,
    OptionHistoryQuote,
    OptionHistoryTrade,
    OptionListContracts,
    OptionListExpirations,
    OptionSnapshotGreeksAll,
    StockHistoryEod,
    StockHistoryOhlc,
    StockHistoryTrade,
    StockListSymbols,
    StockSnapshotQuote,
    operations,
    v2,
)

pytestmark = pytest.mark.core

SUB_MINUTE = ["tick", "10ms", "100ms", "500ms", "1s", "5s", "10s", "15s", "30s"]
MINUTES = ["1m", "5m", "10m", "15m", "30m", "1h"]
DAY = dt.timedelta(1)
STEP = {"tick": 1, "100ms": 100, "1s": 1_000, "30s": 30_000, "1m": 60_000, "15m": 900_000}

days = st.dates(dt.date(2004, 1, 1), dt.date(2024, 12, 31))


def bars(first, last, interval="1m"):
    return StockHistoryOhlc("AAPL", start_date=first, end_date=last, interval=interval)


def quotes(first, last, interval="1m", expiration="2024-11-15"):
    return OptionHistoryQuote(
        "SPY", expiration=expiration, start_date=first, end_date=last, interval=interval
    )


def trades(first, last, expiration="2024-11-15"):
    return OptionHistoryTrade("SPY", expiration=expiration, start_date=first, end_date=last)


def spans(found):
    """Return first and last day of each request of a plan."""
    return [request.date_range for request in found.requests]


@pytest.mark.parametrize("interval", SUB_MINUTE + MINUTES)
@pytest.mark.parametrize(
    "make",
    [
        lambda interval: StockHistoryOhlc("AAPL", date="2024-11-04", interval=interval),
        lambda interval: IndexHistoryPrice("SPX", date="2024-11-04", interval=interval),
        lambda interval: bars("2024-11-04", "2024-11-04", interval),
        lambda interval: quotes("2024-11-04", "2024-11-04", interval, "*"),
    ],
)
def test_one_day_always_passes(make, interval):
    """A single day is asked for as it is, at any interval and for any expiration."""
    request = make(interval)
    assert plan(request) == Plan((request,))


@pytest.mark.parametrize("expiration", ["2024-11-15", "*"])
def test_one_day_of_trades_passes(expiration):
    """Every trade of one day, of all expirations too, is one request."""
    request = trades("2024-11-04", "2024-11-04", expiration)
    assert plan(request).requests == (request,)


@pytest.mark.parametrize("interval", MINUTES)
def test_a_month_passes_from_a_minute_up(interval):
    """A whole month of bars is one request."""
    request = bars("2024-10-01", "2024-10-31", interval)
    assert plan(request).requests == (request,)


def test_the_intervals_here_are_all_there_are():
    """Each interval that a request takes is known to be of one day or of a month."""
    (interval,) = (p for p in StockHistoryOhlc.parameters() if p.name == "interval")
    assert set(interval.choices) == {*SUB_MINUTE, *MINUTES}


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2024-01-01", "2024-01-31"),
        ("2024-01-15", "2024-02-14"),
        ("2024-01-28", "2024-02-27"),
        ("2024-01-29", "2024-02-28"),
        ("2024-01-30", "2024-02-29"),  # there is no 30 February to stop before
        ("2024-01-31", "2024-02-29"),
        ("2023-01-31", "2023-02-28"),
        ("2023-01-29", "2023-02-28"),
        ("2024-02-01", "2024-02-29"),
        ("2023-02-01", "2023-02-28"),
        ("2024-02-29", "2024-03-28"),
        ("2024-03-31", "2024-04-30"),
        ("2023-12-01", "2023-12-31"),
        ("2023-12-15", "2024-01-14"),
        ("2023-12-31", "2024-01-30"),
    ],
)
def test_a_month_ends_where_the_calendar_says(first, last):
    """A month runs to the day before the same day of the next; a day more is another request."""
    first, last = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    assert spans(plan(bars(first, last))) == [(first, last)]
    assert spans(plan(bars(first, last + DAY))) == [(first, last), (last + DAY, last + DAY)]


@given(
    first=days,
    length=st.integers(2, 800),
    make=st.sampled_from(
        [bars, quotes, trades, lambda a, b: bars(a, b, "1s"), lambda a, b: quotes(a, b, "5m", "*")]
    ),
)
def test_every_day_is_asked_for_once_or_named(first, length, make):
    """Parts and what is left out are together each day of the range, once, in order."""
    last = min(first + (length - 1) * DAY, dt.date(2024, 12, 31))
    found = plan(make(first, last))
    parts = [(a, b) for a, b in spans(found)]
    assert parts == sorted(parts)
    every = parts + [(each.first, each.last) for each in found.left_out]
    covered = sorted(a + n * DAY for a, b in every for n in range((b - a).days + 1))
    assert covered == [first + n * DAY for n in range((last - first).days + 1)]
    for a, b in parts:
        assert (b - a).days < calendar.monthrange(a.year, a.month)[1]
    for each in found.left_out:
        assert {day.weekday() for day in (each.first, each.last)} <= {5, 6}


@pytest.mark.parametrize(
    "request_",
    [
        *(bars("2024-11-04", "2024-11-06", i) for i in SUB_MINUTE),
        *(quotes("2024-11-04", "2024-11-06", i) for i in SUB_MINUTE),
        IndexHistoryPrice("SPX", start_date="2024-11-04", end_date="2024-11-06"),
        trades("2024-11-04", "2024-11-06"),
        trades("2024-11-04", "2024-11-06", "*"),
        quotes("2024-11-04", "2024-11-06", "1h", "*"),
        OptionHistoryEod("SPY", expiration="*", start_date="2024-11-04", end_date="2024-11-06"),
    ],
    ids=repr,
)
def test_what_comes_a_day_at_a_time_is_split_by_days(request_):
    """Ticks, seconds and all expirations of several days are asked for day by day."""
    monday = dt.date(2024, 11, 4)
    found = plan(request_)
    assert spans(found) == [(monday + n * DAY, monday + n * DAY) for n in range(3)]
    others = {"start_date", "end_date"}
    for part in found.requests:
        same = [n for n in part.__struct_fields__ if n not in others]
        assert [getattr(part, n) for n in same] == [getattr(request_, n) for n in same]


def test_days_that_cannot_trade_are_left_out_and_named():
    """Weekends by arithmetic, holidays by what the calendar said; both with their reason."""
    thanksgiving = dt.date(2024, 11, 28)
    found = plan(trades("2024-11-22", "2024-11-29"), {thanksgiving})
    assert [a.day for a, _ in spans(found)] == [22, 25, 26, 27, 29]
    assert found.left_out == (
        LeftOut(dt.date(2024, 11, 23), dt.date(2024, 11, 24), "weekend"),
        LeftOut(thanksgiving, thanksgiving, "closed, says the terminal's calendar"),
    )


@pytest.mark.parametrize(
    ("symbol", "window", "sunday"),
    [
        ("SPXW", {"start_time": "00:00", "end_time": "23:59:59"}, True),
        ("SPXW", {"start_time": "09:30", "end_time": "16:15"}, False),
        ("VIX", {"start_time": "09:00", "end_time": "16:00"}, True),
        ("VIX", {"start_time": "10:00", "end_time": "17:00"}, True),
        ("SPY", {"start_time": "00:00", "end_time": "23:59:59"}, False),
    ],
)
def test_sundays_of_night_sessions_are_asked_for(symbol, window, sunday):
    """Where a root trades at night and the window reaches there, only Saturdays are left out."""
    request = OptionHistoryTrade(
        symbol, expiration="*", start_date="2024-11-01", end_date="2024-11-04", **window
    )
    asked = {a.day for a, _ in spans(plan(request))}
    assert asked == ({1, 3, 4} if sunday else {1, 4})


def test_one_day_is_asked_for_even_on_a_weekend():
    """Who names a single day is asked about that day: the terminal knows best."""
    saturday = trades("2024-11-02", "2024-11-02")
    assert plan(saturday) == Plan((saturday,))


@pytest.mark.parametrize(
    ("request_", "split"),
    [
        (bars("2024-11-04", "2024-11-05"), "date"),
        (quotes("2024-11-04", "2024-11-05", expiration="*"), "date"),
        (quotes("2024-11-04", "2024-11-04", expiration="*"), "expiration"),
        (quotes("2024-11-04", "2024-11-04"), "strike"),
        (
            OptionHistoryQuote("SPY", expiration="2024-11-15", date="2024-11-04", strike=570),
            "right",
        ),
        (
            OptionHistoryQuote(
                "SPY", expiration="2024-11-15", date="2024-11-04", strike=570, right="C"
            ),
            "time",
        ),
        (
            StockHistoryTrade(
                "AAPL", date="2024-11-04", start_time="10:00", end_time="10:01:59.999"
            ),
            "time",
        ),
        (
            StockHistoryTrade("AAPL", date="2024-11-04", start_time="10:00", end_time="10:01:58"),
            None,
        ),
        (bars("2024-11-04", "2024-11-04", "1s"), None),  # its vwap runs on
        (StockHistoryEod("AAPL", start_date="2024-11-01", end_date="2024-11-04"), "date"),
        (StockHistoryEod("AAPL", start_date="2024-11-01", end_date="2024-11-01"), None),
        (StockListSymbols(), None),
    ],
    ids=repr,
)
def test_what_is_too_large_is_split_in_this_order(request_, split):
    """By date, then expiration, strike, right, and by time for a single contract."""
    assert next_split(request_) == split


@given(first=days, length=st.integers(2, 400), most=st.none() | st.integers(1, 60))
def test_split_by_date_is_the_range(first, length, most):
    """The halves, or runs of so many days, are the range, each shorter than it."""
    last = first + (length - 1) * DAY
    parts = [r.date_range for r in by_date(bars(first, last), most)]
    assert parts[0][0] == first
    assert parts[-1][1] == last
    for (_, end), (begin, _) in itertools.pairwise(parts):
        assert begin == end + DAY
    assert all((b - a).days + 1 <= (most or length) for a, b in parts)
    assert len(parts) > 1


def test_split_by_expiration_leaves_out_what_had_expired():
    """Each expiration from the day on, once, in order."""
    request = quotes("2024-11-04", "2024-11-04", expiration="*")
    listed = [dt.date(2024, 11, d) for d in (15, 1, 8, 8, 4)]
    assert [r.expiration.day for r in by_expiration(request, listed)] == [4, 8, 15]


def test_split_by_strike_and_right():
    """Each strike once, by number; calls before puts."""
    request = quotes("2024-11-04", "2024-11-04")
    assert [r.strike for r in by_strike(request, [570.0, 95.5, 570.0, 100.0])] == [
        "95.500", "100.000", "570.000",
    ]  # fmt: skip
    assert [r.right for r in by_right(request)] == ["call", "put"]


@given(
    start=st.integers(0, 86_000_000),
    span=st.integers(120_000, 40_000_000),
    interval=st.sampled_from(["tick", "100ms", "1s", "30s", "1m", "15m"]),
)
def test_split_by_time_meets_between_milliseconds(start, span, interval):
    """The halves share no millisecond and leave none out, and stay on the interval's grid."""
    end = min(86_399_999, start + span)
    clock = [market_time.from_ms_of_day(dt.date(2024, 11, 4), ms).time() for ms in (start, end)]
    request = OptionHistoryQuote(
        "SPY", expiration="2024-11-15", strike=570, right="C", date="2024-11-04",
        start_time=clock[0], end_time=clock[1], interval=interval,
    )  # fmt: skip
    if next_split(request) is None:
        assert end - start < 2 * max(60_000, STEP[interval]) - 1
        return
    first, second = by_time(request)
    assert (first.start_time, second.end_time) == tuple(clock)
    seam = market_time.ms_of_day(second.start_time)
    assert market_time.ms_of_day(first.end_time) + 1 == seam
    assert (seam - start) % STEP[interval] == 0
    assert start < seam <= end


def test_estimate_counts_before_anything_is_sent():
    """Requests, days and rows of one contract, as far as the parameters say."""
    request = quotes("2024-11-01", "2024-11-08", expiration="*")
    assert estimate(plan(request)) == Estimate(requests=6, days=6, rows_per_contract=6 * 391)
    assert estimate(plan(trades("2024-11-01", "2024-11-08"))).rows_per_contract is None
    eod = StockHistoryEod("AAPL", start_date="2024-11-01", end_date="2024-11-08")
    assert estimate(plan(eod)) == Estimate(requests=1, days=6, rows_per_contract=6)
    assert estimate(plan(StockListSymbols())) == Estimate(1, 0, None)


@pytest.mark.parametrize(
    "request_",
    [
        StockHistoryEod("AAPL", start_date="2010-01-01", end_date="2024-10-31"),
        StockListSymbols(),
        StockSnapshotQuote("*"),
        OptionListContracts("SPY", request_type="quote", date="2024-11-04"),
        OptionListExpirations("SPY"),
        OptionSnapshotGreeksAll("SPY", expiration="*"),
        CalendarYear(year=2024),
    ],
    ids=lambda r: r.operation,
)
def test_what_has_no_bound_passes_whole(request_):
    """Reports of many years, lists and snapshots are one request."""
    assert plan(request_).requests == (request_,)


def test_ranges_within_a_day_are_those_bounded():
    """Every operation with a range of dates and an interval is one whose range is bounded."""
    for request in operations().values():
        names = request.__struct_fields__
        assert request.intraday == ("start_date" in names and "start_time" in names), request


RANGES = [
    request
    for request in {**operations(), **v2.operations()}.values()
    if "start_date" in request.__struct_fields__
]


def accepted_range(request_type, **arguments):
    """Return the longest range of dates that the planner sends as one request, in words."""
    values = {
        "symbol": "SPY",
        "expiration": "2024-11-15",
        "time_of_day": "10:00",
        **arguments,
    }
    fields = request_type.__struct_fields__
    given = {name: value for name, value in values.items() if name in fields}
    planned = plan(request_type(start_date="2024-07-01", end_date="2024-10-31", **given))
    longest = max((last - first).days + 1 for first, last in spans(planned))
    return {1: "one day", 31: "a month", 123: ""}[longest]


def documented_end(request_type):
    """Return the text on `end_date` of a request's docstring, without its line breaks."""
    docstring = inspect.getdoc(request_type)
    (text,) = re.findall(r"^    end_date: (.*(?:\n {8}.*)*)", docstring, re.MULTILINE)
    return " ".join(text.split())


@pytest.mark.parametrize("request_type", RANGES, ids=lambda request_type: request_type.operation)
def test_docstrings_state_the_limits_of_the_planner(request_type):
    """A docstring says that any range works, and which one the terminal accepts per request."""
    limit = accepted_range(request_type, interval="1m")
    exceptions = [
        name
        for name, arguments in (
            ('`expiration="*"`', {"expiration": "*", "interval": "1m"}),
            ("an interval under a minute", {"interval": "1s"}),
        )
        if accepted_range(request_type, **arguments) != limit
    ]
    parts = [limit, f"one day with {' or '.join(exceptions)}" if exceptions else ""]
    accepted = ", or ".join(filter(None, parts))
    text = documented_end(request_type)
    if accepted:
        assert (
            f"Any range: per request the terminal accepts {accepted};"
            " a longer range is sent as several requests."
        ) in text
    else:
        assert text == "last day, inclusive."
    docstring = " ".join(inspect.getdoc(request_type).split())
    assert not re.search("at most|one day only|and the same|RequestTooLarge", docstring)
