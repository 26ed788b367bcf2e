"""Ranges of dates: what the terminal takes in one answer passes, the rest names what it takes."""

import calendar
import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thetatrio._rest.planner import Plan, plan
from thetatrio.errors import RequestTooLarge
from thetatrio.requests import (
    CalendarYear,
    IndexHistoryPrice,
    OptionHistoryQuote,
    OptionHistoryTrade,
    OptionListContracts,
    OptionListExpirations,
    OptionSnapshotGreeksAll,
    StockHistoryEod,
    StockHistoryOhlc,
    StockListSymbols,
    StockSnapshotQuote,
    operations,
)

pytestmark = pytest.mark.core

SUB_MINUTE = ["tick", "10ms", "100ms", "500ms", "1s", "5s", "10s", "15s", "30s"]
MINUTES = ["1m", "5m", "10m", "15m", "30m", "1h"]
DAY = dt.timedelta(1)

days = st.dates(dt.date(2004, 1, 1), dt.date(2024, 12, 31))


def bars(first, last, interval="1m"):
    return StockHistoryOhlc("AAPL", start_date=first, end_date=last, interval=interval)


def quotes(first, last, interval="1m", expiration="2024-11-15"):
    return OptionHistoryQuote(
        "SPY", expiration=expiration, start_date=first, end_date=last, interval=interval
    )


def trades(first, last, expiration="2024-11-15"):
    return OptionHistoryTrade("SPY", expiration=expiration, start_date=first, end_date=last)


def allowed_by(error):
    """Return first and last day that a refusal names, and the day to go on from."""
    named = re.search(r"ask for (\S+) to (\S+) and go on from (\S+)$", str(error))
    return tuple(dt.date.fromisoformat(text) for text in named.groups())


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
    """A month runs to the day before the same day of the next, and a day more is refused."""
    first, last = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    plan(bars(first, last))
    with pytest.raises(RequestTooLarge) as caught:
        plan(bars(first, last + DAY))
    assert allowed_by(caught.value) == (first, last, last + DAY)
    assert "a month at a time" in str(caught.value)


@given(days)
def test_no_allowed_range_is_longer_than_its_month(first):
    """What passes never holds one day of a month and the same day of the next."""
    with pytest.raises(RequestTooLarge) as caught:
        plan(bars(first, first + 40 * DAY))
    _, allowed, _ = allowed_by(caught.value)
    length = (allowed - first).days + 1
    assert 28 <= length <= calendar.monthrange(first.year, first.month)[1]
    assert allowed.month == first.month or allowed.day < first.day


@given(
    first=days,
    length=st.integers(2, 800),
    make=st.sampled_from(
        [bars, quotes, trades, lambda a, b: bars(a, b, "1s"), lambda a, b: quotes(a, b, "5m", "*")]
    ),
)
def test_what_a_refusal_names_is_accepted(first, length, make):
    """Asking for the days a refusal names, and on from there, gets every day exactly once."""
    last = min(first + (length - 1) * DAY, dt.date(2024, 12, 31))
    asked = []
    begin = first
    while True:
        try:
            plan(make(begin, last))
        except RequestTooLarge as error:
            start, allowed, begin_again = allowed_by(error)
            assert start == begin
            plan(make(start, allowed))
            asked.append((start, allowed))
            begin = begin_again
        else:
            asked.append((begin, last))
            break
    covered = [a + n * DAY for a, b in asked for n in range((b - a).days + 1)]
    assert covered == [first + n * DAY for n in range((last - first).days + 1)]


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        *((bars("2024-11-04", "2024-11-05", i), f"interval='{i}'") for i in SUB_MINUTE),
        *((quotes("2024-11-04", "2024-11-05", i), f"interval='{i}'") for i in SUB_MINUTE),
        (
            IndexHistoryPrice("SPX", start_date="2024-11-04", end_date="2024-11-05"),
            "interval='1s'",
        ),
        (trades("2024-11-04", "2024-11-05"), "every tick is given"),
        (trades("2024-11-04", "2024-11-05", "*"), "every tick is given"),
        (quotes("2024-11-04", "2024-11-05", "1h", "*"), "expiration='*'"),
    ],
)
def test_what_comes_a_day_at_a_time_is_refused_for_more(request_, why):
    """Ticks, seconds and all expirations of several days are refused, saying which days may be."""
    with pytest.raises(RequestTooLarge) as caught:
        plan(request_)
    error = caught.value
    assert error.request is request_
    assert str(error) == (
        f"{request_.operation}: the terminal gives one day at a time ({why}); 2024-11-04 to"
        " 2024-11-05 are 2 days: ask for 2024-11-04 to 2024-11-04 and go on from 2024-11-05"
    )


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
