"""thetatrio._stream.refill: the requests that fetch what a gap is missing."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_events import AAPL, CALL, MSFT, SPX
from thetatrio import requests
from thetatrio._stream.refill import requests_for
from thetatrio.contracts import Option
from thetatrio.errors import InvalidRequest
from thetatrio.events import Gap, Topic
from thetatrio.market_time import NEW_YORK

pytestmark = pytest.mark.core

MONDAY = dt.date(2024, 11, 4)
LAST = dt.time(23, 59, 59, 999_000)


def moment(day, *time):
    return dt.datetime(2024, 11, day, *time, tzinfo=NEW_YORK)


def gap(since, until, *topics):
    topics = topics or (Topic.trades(AAPL),)
    return Gap(reason="cut", since=since, until=until, replayed=0, topics=topics)


def spans(*arguments, **options):
    """Day, first and last moment of each request for a gap in trades of one stock."""
    found = requests_for(gap(*arguments), **options)
    assert all(type(each) is requests.StockHistoryTrade for each in found)
    return [(each.date, each.start_time, each.end_time) for each in found]


TEN, ELEVEN = moment(4, 10), moment(4, 11)
TIMES = {"date": MONDAY, "start_time": dt.time(10, 0, 0, 1000),
         "end_time": dt.time(10, 59, 59, 999_000)}  # fmt: skip
RANGE = {
    **{name: time for name, time in TIMES.items() if name != "date"},
    "start_date": MONDAY,
    "end_date": MONDAY,
}
OPTION = {"expiration": dt.date(2024, 3, 15), "strike": "4800.000", "right": "C", **TIMES}


@pytest.mark.parametrize(
    ("topic", "request_"),
    [
        (Topic.quotes(AAPL), requests.StockHistoryQuote("AAPL", interval="tick", **TIMES)),
        (Topic.trades(AAPL), requests.StockHistoryTrade("AAPL", **TIMES)),
        (Topic.ohlc(AAPL), requests.StockHistoryOhlc("AAPL", interval="1s", **TIMES)),
        (Topic.quotes(CALL), requests.OptionHistoryQuote("SPXW", interval="tick", **OPTION)),
        (Topic.trades(CALL), requests.OptionHistoryTrade("SPXW", **OPTION)),
        (Topic.ohlc(CALL), requests.OptionHistoryOhlc("SPXW", interval="1s", **OPTION)),
        (Topic.prices(SPX), requests.IndexHistoryPrice("SPX", interval="tick", **TIMES)),
        (Topic.ohlc(SPX), requests.IndexHistoryOhlc("SPX", interval="1s", **RANGE)),
    ],
    ids=lambda value: value.__class__.__name__ if not isinstance(value, Topic) else repr(value),
)
def test_each_kind_of_event_has_its_request(topic, request_):
    """Quotes and prices are asked for by tick, bars by second, each contract by its own terms."""
    assert requests_for(gap(TEN, ELEVEN, topic)) == [request_]


def test_strikes_are_exact():
    """A strike of fractions is asked for as it is."""
    option = Option("AAPL", "2024-12-20", "147.145", "P")
    (request,) = requests_for(gap(TEN, ELEVEN, Topic.trades(option)))
    assert (request.strike, request.right) == ("147.145", "put")


def test_every_contract_of_every_topic_is_asked_for():
    """One request for each kind, contract and day, in that order."""
    found = requests_for(
        gap(TEN, moment(5, 11), Topic.trades(AAPL, MSFT), Topic.prices(SPX), Topic.quotes())
    )
    assert [(type(each), each.symbol, each.date.day) for each in found] == [
        (requests.StockHistoryTrade, "AAPL", 4),
        (requests.StockHistoryTrade, "AAPL", 5),
        (requests.StockHistoryTrade, "MSFT", 4),
        (requests.StockHistoryTrade, "MSFT", 5),
        (requests.IndexHistoryPrice, "SPX", 4),
        (requests.IndexHistoryPrice, "SPX", 5),
    ]


@pytest.mark.parametrize("topic", [Topic.market_values(SPX), Topic.market_values(AAPL),
                                   Topic.market_values(CALL)])  # fmt: skip
def test_what_has_no_history_is_refused(topic):
    """Market values cannot be asked for afterwards, and the error says of what."""
    with pytest.raises(InvalidRequest, match=r"market_values of .*: the terminal has no history"):
        requests_for(gap(TEN, ELEVEN, Topic.trades(AAPL), topic))


@pytest.mark.parametrize("security", ["option", "stock"])
@pytest.mark.parametrize("make", [Topic.full_trades, Topic.joined_trades])
def test_all_trades_are_refused(make, security):
    """There is no history of all trades at once; the error says what can be asked for."""
    with pytest.raises(InvalidRequest, match=f"all trades of {security}s .* the contracts you"):
        requests_for(gap(TEN, ELEVEN, make(security)))


def test_both_ends_are_left_out():
    """What was delivered before and after the gap is not asked for again."""
    assert spans(TEN, ELEVEN) == [(MONDAY, TIMES["start_time"], TIMES["end_time"])]


def test_both_ends_can_be_had():
    """With inclusive=True the milliseconds of both ends are asked for too."""
    assert spans(TEN, ELEVEN, inclusive=True) == [(MONDAY, dt.time(10), dt.time(11))]
    assert spans(TEN, TEN, inclusive=True) == [(MONDAY, dt.time(10), dt.time(10))]


@pytest.mark.parametrize("milliseconds", [0, 1])
def test_nothing_between_is_no_request(milliseconds):
    """A gap between one millisecond and the same or the next is empty."""
    assert spans(TEN, TEN + dt.timedelta(milliseconds=milliseconds)) == []


def test_a_millisecond_is_a_request():
    """The shortest gap is one millisecond, asked for from itself to itself."""
    between = dt.time(10, 0, 0, 1000)
    assert spans(TEN, TEN + dt.timedelta(milliseconds=2)) == [(MONDAY, between, between)]


@pytest.mark.parametrize("microseconds", [1, 500, 999])
def test_parts_of_a_millisecond_are_within(microseconds):
    """An end within a millisecond leaves that millisecond's events in the gap."""
    until = TEN + dt.timedelta(milliseconds=5, microseconds=microseconds)
    ((_, start, end),) = spans(TEN, until)
    assert (start, end) == (dt.time(10, 0, 0, 1000), dt.time(10, 0, 0, 5000))
    ((_, start, end),) = spans(until, ELEVEN)
    assert (start, end) == (dt.time(10, 0, 0, 6000), dt.time(10, 59, 59, 999_000))
    ((_, start, end),) = spans(until, until + dt.timedelta(milliseconds=1), inclusive=True)
    assert (start, end) == (dt.time(10, 0, 0, 5000), dt.time(10, 0, 0, 6000))


def test_several_days_are_several_requests():
    """The first day from the beginning, the last to the end, those between as a whole."""
    assert spans(TEN, moment(7, 11)) == [
        (dt.date(2024, 11, 4), dt.time(10, 0, 0, 1000), LAST),
        (dt.date(2024, 11, 5), dt.time(), LAST),
        (dt.date(2024, 11, 6), dt.time(), LAST),
        (dt.date(2024, 11, 7), dt.time(), dt.time(10, 59, 59, 999_000)),
    ]


def test_weekends_are_left_out():
    """Nothing is asked for on days that do not trade by arithmetic."""
    days = [day for day, _, _ in spans(moment(7, 10), moment(12, 11))]
    assert days == [dt.date(2024, 11, day) for day in (7, 8, 11, 12)]
    assert spans(moment(9, 10), moment(10, 11)) == []
    assert spans(moment(8, 23, 59, 59, 999_000), moment(11, 0)) == []


def test_midnight_belongs_to_the_next_day():
    """An end at midnight is the last millisecond of the day before it."""
    assert spans(TEN, moment(5)) == [(MONDAY, dt.time(10, 0, 0, 1000), LAST)]
    assert spans(moment(4), moment(4, 10), inclusive=True) == [(MONDAY, dt.time(), dt.time(10))]


def test_a_gap_without_a_beginning_is_of_its_day():
    """Where no event came before it, the day of its end is asked for from its midnight."""
    assert spans(None, ELEVEN) == [(MONDAY, dt.time(), dt.time(10, 59, 59, 999_000))]
    assert spans(None, ELEVEN, inclusive=True) == [(MONDAY, dt.time(), dt.time(11))]
    assert spans(None, moment(9, 11)) == []


def test_an_end_before_its_beginning_is_nothing():
    """A gap that runs backwards is empty."""
    assert spans(ELEVEN, TEN) == []
    assert spans(moment(5, 10), TEN) == []


moments = st.datetimes(dt.datetime(2024, 10, 25), dt.datetime(2024, 11, 20))
MILLISECOND = dt.timedelta(milliseconds=1)


def milliseconds(span):
    return [dt.datetime.combine(span[0], time) for time in span[1:]]


@given(moments, moments, st.booleans())
def test_the_requests_are_the_gap(one, other, inclusive):
    """Together they are every millisecond of weekdays in the gap, each once, and no other."""
    since, until = (each.replace(tzinfo=NEW_YORK) for each in sorted([one, other]))
    found = [milliseconds(span) for span in spans(since, until, inclusive=inclusive)]
    assert all(start <= end and start.date() == end.date() for start, end in found)
    days = [start.date() for start, _ in found]
    assert days == sorted(set(days))
    assert all(day.weekday() < 5 for day in days)
    since, until = since.replace(tzinfo=None), until.replace(tzinfo=None)
    for start, end in found:
        # Each is as long as it can be.
        assert start.microsecond % 1000 == end.microsecond % 1000 == 0
        before, after = start - MILLISECOND, end + MILLISECOND
        if inclusive:
            assert start > since - MILLISECOND
            assert end <= until
            assert before <= since - MILLISECOND or before.date() != start.date()
            assert after > until or after.date() != end.date()
        else:
            assert since < start
            assert end < until
            assert before <= since or before.date() != start.date()
            assert after >= until or after.date() != end.date()
    day = since.date() + dt.timedelta(1)
    while day < until.date():
        assert (day in days) == (day.weekday() < 5)
        day += dt.timedelta(1)
