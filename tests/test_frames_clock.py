"""Moments in frames: New York's wall clock, on the days of its two changes above all."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.frame_forms import ARROW, FEWER, KINDS, PANDAS, POLARS
from thetatrio import rows
from thetatrio.frames import _clock
from thetatrio.market_time import NEW_YORK, in_new_york

SPRING = dt.date(2024, 3, 10)  # 02:00 becomes 03:00
AUTUMN = dt.date(2024, 11, 3)  # 02:00 becomes 01:00
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MS = dt.timedelta(milliseconds=1)

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
each_change = pytest.mark.parametrize("day", [SPRING, AUTUMN], ids=["spring", "autumn"])


def instant(naive):
    """Return the milliseconds since 1970 in UTC of a wall-clock time, by `market_time`'s rule."""
    return (in_new_york(naive) - EPOCH) // MS


def answer(moments):
    """Return CSV of prices at these moments."""
    lines = [f"{moment.isoformat('T', 'milliseconds')},1.5" for moment in moments]
    return "\r\n".join(["timestamp,price", *lines, ""]).encode()


def moments_of(kind, frame):
    return kind.values(frame)[0]


def hold_that_instants_are_the_rule(kind, moments):
    """Both roads, and the road cell by cell, give the instants of `in_new_york`."""
    expected = [instant(moment) for moment in moments]
    body = answer(moments)
    made = kind.of_rows([rows.Price(moment, 1.5) for moment in moments])
    assert moments_of(kind, made) == expected
    for read in (
        kind.read(rows.Price, body),
        kind.read(rows.Price, body.replace(b",1.5", b',"1.5"')),
    ):
        assert moments_of(kind, read) == expected


@pytest.mark.core
@each_kind
@each_change
def test_every_minute_of_a_day_of_change(kind, day):
    """The repeated hour is the first of the two; the skipped one keeps its reading's instant."""
    midnight = dt.datetime.combine(day, dt.time())
    hold_that_instants_are_the_rule(
        kind, [midnight + dt.timedelta(minutes=minute) for minute in range(1440)]
    )


@pytest.mark.core
@each_kind
def test_the_last_and_first_milliseconds_about_a_change(kind):
    """The change is between one millisecond and the next, in one frame and in frames of one row."""
    about = [
        dt.datetime.combine(day, dt.time(hour)) + delta
        for day in (SPRING, AUTUMN)
        for hour in (1, 2, 3)
        for delta in (-MS, 0 * MS, MS)
    ]
    hold_that_instants_are_the_rule(kind, about)
    for moment in about:
        hold_that_instants_are_the_rule(kind, [moment])


@pytest.mark.core
def test_what_is_shown_in_the_skipped_and_in_the_repeated_hour():
    """02:30 that never was shows as the same instant's 03:30, 01:30 as daylight-saving time."""
    body = answer([dt.datetime(2024, 3, 10, 2, 30), dt.datetime(2024, 11, 3, 1, 30)])
    shown = ["2024-03-10 03:30:00-04:00", "2024-11-03 01:30:00-04:00"]
    assert [str(at) for at in POLARS.read(rows.Price, body)["timestamp"]] == shown
    assert [str(at) for at in ARROW.read(rows.Price, body)["timestamp"].to_pylist()] == shown
    assert [str(at) for at in PANDAS.read(rows.Price, body)["timestamp"]] == shown


def test_in_the_market_hours_of_every_trading_day_the_wall_clock_is_kept():
    """Of 1990 to 2037, each day's 09:30 is read back as 09:30 from polars."""
    days = [dt.datetime(1990, 1, 1, 9, 30) + dt.timedelta(n) for n in range(17_500)]
    frame = POLARS.read(rows.Price, answer(days))
    assert [at.replace(tzinfo=None) for at in frame["timestamp"]] == days


# What hostile bytes can say is read by the same rule.
WALLS = st.one_of(
    st.datetimes(dt.datetime(1850, 1, 1), dt.datetime(2150, 12, 31)),
    st.datetimes(dt.datetime(1883, 11, 17), dt.datetime(1883, 11, 20)),
    st.datetimes(dt.datetime(2024, 3, 10, 1), dt.datetime(2024, 3, 10, 4)),
    st.datetimes(dt.datetime(2024, 11, 3, 0), dt.datetime(2024, 11, 3, 3)),
).map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, fold=0))


@pytest.mark.parametrize("kind", [POLARS, ARROW], ids=lambda kind: kind.name)
@FEWER
@given(moments=st.lists(WALLS, min_size=1, max_size=6))
@example(moments=[dt.datetime(1883, 11, 18, 12, 3, 57), dt.datetime(1883, 11, 18, 12, 3, 58)])
def test_any_moments_together(kind, moments):
    """However far apart they are, each is the instant that `in_new_york` says."""
    hold_that_instants_are_the_rule(kind, moments)


@pytest.mark.deep
@pytest.mark.parametrize("kind", [POLARS, ARROW], ids=lambda kind: kind.name)
def test_the_first_and_the_last_moment_together(kind):
    """All changes between them are looked up, which takes a second."""
    last = dt.datetime(9999, 12, 31, 23, 59, 59, 999_000)
    hold_that_instants_are_the_rule(kind, [dt.datetime(1, 1, 1), last])


def test_the_clock_never_changed_twice_within_a_stride():
    """What finds the changes looks once a week; New York's lie further apart than that."""
    day = dt.timedelta(1)
    at = dt.datetime(1850, 1, 1, tzinfo=dt.UTC)
    offsets = []
    while at.year < 2100:
        offsets.append((at, at.astimezone(NEW_YORK).utcoffset()))
        at += day
    changes = [b[0] for a, b in pairwise(offsets) if a[1] != b[1]]
    assert len(changes) > 300
    assert min(b - a for a, b in pairwise(changes)) > 2 * _clock._STRIDE * MS
