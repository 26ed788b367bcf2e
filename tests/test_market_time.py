"""New York wall clock: what the wire says becomes the moment that was meant."""

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thetatrio import market_time
from thetatrio.market_time import (
    MS_PER_DAY,
    NEW_YORK,
    from_ms_of_day,
    in_new_york,
    is_weekend,
    ms_of_day,
    parse_date,
    parse_time,
    time_text,
    weekdays,
)

pytestmark = pytest.mark.core

SPRING = dt.date(2024, 3, 10)  # 02:00 becomes 03:00
AUTUMN = dt.date(2024, 11, 3)  # 02:00 becomes 01:00
NOON = 12 * 3_600_000

dates = st.dates(dt.date(1990, 1, 1), dt.date(2090, 12, 31))


@pytest.mark.parametrize(
    ("date", "hours"),
    [(dt.date(2024, 1, 2), -5), (SPRING, -4), (dt.date(2024, 7, 1), -4), (AUTUMN, -5)],
)
def test_half_past_nine_is_half_past_nine_on_every_day(date, hours):
    """34200000 ms is 09:30 on the wall in winter, in summer and on both days of the change."""
    moment = from_ms_of_day(date, 34_200_000)
    assert (moment.date(), moment.hour, moment.minute) == (date, 9, 30)
    assert moment.utcoffset() == dt.timedelta(hours=hours)


def test_the_skipped_hour_keeps_its_reading():
    """A wall-clock time that the spring change skips is neither moved nor refused."""
    moment = in_new_york(dt.datetime(2024, 3, 10, 2, 30))
    assert (moment.hour, moment.minute) == (2, 30)
    assert ms_of_day(moment.replace(tzinfo=None)) == 9_000_000


def test_the_repeated_hour_is_the_first_of_the_two():
    """01:30 on the autumn change is 01:30 daylight-saving time, and says so."""
    moment = in_new_york(dt.datetime(2024, 11, 3, 1, 30))
    assert moment.tzname() == "EDT"
    assert moment.astimezone(dt.UTC) == dt.datetime(2024, 11, 3, 5, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(("date", "hours"), [(SPRING, 23), (AUTUMN, 25), (dt.date(2024, 6, 3), 24)])
def test_a_day_ends_at_the_next_midnight(date, hours):
    """86400000 ms, which index prices have, is the next day's midnight however long the day."""
    start, end = from_ms_of_day(date, 0), from_ms_of_day(date, MS_PER_DAY)
    assert end.replace(tzinfo=None) == dt.datetime.combine(date + dt.timedelta(1), dt.time(0, 0))
    assert end.astimezone(dt.UTC) - start.astimezone(dt.UTC) == dt.timedelta(hours=hours)


@pytest.mark.parametrize("milliseconds", [-1, MS_PER_DAY + 1, 2**40])
def test_milliseconds_outside_a_day_are_refused(milliseconds):
    """A number that is no millisecond of a day is an error, not another day's time."""
    with pytest.raises(ValueError, match=str(milliseconds)):
        from_ms_of_day(AUTUMN, milliseconds)


@given(date=dates, milliseconds=st.integers(0, MS_PER_DAY - 1))
def test_milliseconds_come_back(date, milliseconds):
    """Any millisecond of any day becomes a moment of that day with that millisecond."""
    moment = from_ms_of_day(date, milliseconds)
    assert moment.date() == date
    assert ms_of_day(moment.replace(tzinfo=None)) == milliseconds
    assert ms_of_day(moment.timetz().replace(tzinfo=None)) == milliseconds


def test_aware_moments_are_brought_to_new_york():
    """A moment told in another zone has the milliseconds of New York's clock at that moment."""
    assert ms_of_day(dt.datetime(2024, 7, 1, 16, 0, tzinfo=dt.UTC)) == NOON
    assert ms_of_day(dt.datetime(2024, 1, 2, 17, 0, tzinfo=dt.UTC)) == NOON
    assert ms_of_day(dt.datetime(2024, 7, 1, 12, 0, 0, 999)) == NOON


@given(date=dates)
def test_dates_are_read_in_both_spellings(date):
    """A date, `YYYY-MM-DD` and `YYYYMMDD` are the same day, with or without outer space."""
    assert parse_date(date) is date
    assert parse_date(date.isoformat()) == date
    assert parse_date(f" {date:%Y%m%d} ") == date


@pytest.mark.parametrize(
    "value",
    [
        "", "today", "2024-13-01", "2024-02-30", "20240230", "2024-1-5", "24-01-05", "05/01/2024",
        "2024-0105", "202401-05", "2024-01-05T00:00:00", "\uff12024-01-05", 20240105, None, True,
        dt.datetime(2024, 1, 5), dt.time(9, 30),
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused(value):
    """Anything but one clear day is a ValueError that shows the value, and never a guess."""
    with pytest.raises(ValueError, match="date"):
        parse_date(value)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("9:30", dt.time(9, 30)),
        ("09:30", dt.time(9, 30)),
        ("09:30:00", dt.time(9, 30)),
        (" 15:59:59.9 ", dt.time(15, 59, 59, 900_000)),
        ("00:00:00.001", dt.time(0, 0, 0, 1000)),
        ("12:00:00.123456789", dt.time(12, 0, 0, 123_456)),
        (dt.time(16, 0), dt.time(16, 0)),
    ],
)
def test_times_are_read_in_each_spelling(text, time):
    """A time of day is read from a time or text, to the second or any fraction of it."""
    assert parse_time(text) == time


@pytest.mark.parametrize(
    "value",
    [
        "", "noon", "24:00", "09:60", "9", "0930", "09:30:", "09:30:00.", "09:30 AM", "-1:30",
        "09:30:00.1234567890", 34_200_000, None, dt.time(9, 30, tzinfo=dt.UTC),
        dt.datetime(2024, 1, 5, 9, 30),
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(value):
    """Anything but one clear wall-clock time is a ValueError; so is a time with a zone."""
    with pytest.raises(ValueError, match=r"time"):
        parse_time(value)


@given(milliseconds=st.integers(0, MS_PER_DAY - 1))
def test_times_round_trip_through_the_requests_spelling(milliseconds):
    """What a request sends as `HH:MM:SS.mmm` is read back as the same time."""
    time = from_ms_of_day(AUTUMN, milliseconds).timetz().replace(tzinfo=None)
    assert len(time_text(time)) == 12
    assert ms_of_day(parse_time(time_text(time))) == milliseconds


def test_today_is_new_yorks(monkeypatch):
    """Late in New York's evening, when it is tomorrow in London, today is still today."""
    evening = dt.datetime(2024, 7, 2, 2, 0, tzinfo=dt.UTC).astimezone(NEW_YORK)
    monkeypatch.setattr(market_time, "now", lambda: evening)
    assert market_time.today() == dt.date(2024, 7, 1)


def test_now_is_aware():
    """The present moment is told in New York's zone."""
    assert market_time.now().tzinfo is NEW_YORK


@given(start=dates, days=st.integers(-3, 40))
def test_weekdays_are_all_days_but_weekends(start, days):
    """Both ends count, order is by date, no weekday is left out, no weekend is in."""
    end = start + dt.timedelta(days)
    found = list(weekdays(start, end))
    assert found == [
        date for date in (start + dt.timedelta(n) for n in range(days + 1)) if not is_weekend(date)
    ]
    assert {date.isoweekday() for date in found} <= {1, 2, 3, 4, 5}


def test_months_cut_a_range_at_the_ends_of_months():
    """Every day of the range is in exactly one month, and none is longer than a month."""
    start, end = dt.date(2023, 12, 15), dt.date(2024, 3, 10)
    assert list(market_time.months(start, end)) == [
        (dt.date(2023, 12, 15), dt.date(2023, 12, 31)),
        (dt.date(2024, 1, 1), dt.date(2024, 1, 31)),
        (dt.date(2024, 2, 1), dt.date(2024, 2, 29)),
        (dt.date(2024, 3, 1), dt.date(2024, 3, 10)),
    ]
    assert list(market_time.months(end, start)) == []


WITHOUT_ZONES = """
import zoneinfo
assert not zoneinfo.TZPATH
import thetatrio
from thetatrio.market_time import from_ms_of_day
import datetime as dt
print(from_ms_of_day(dt.date(2024, 7, 1), 34_200_000).isoformat())
"""


def test_no_time_zone_data_of_the_system_is_needed():
    """Where the system has none (Alpine, distroless, Windows), the package's own tzdata is used."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_ZONES],
        cwd=Path(__file__).parents[1],
        env=os.environ | {"PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.stdout, run.stderr) == ("2024-07-01T09:30:00-04:00\n", "")
