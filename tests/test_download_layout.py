"""thetatrio.download: parts, their places, and when a day is over. Nothing is sent here."""

from __future__ import annotations

import datetime as dt
import errno
import os
import signal
import subprocess
import sys

import pytest

import thetatrio
from tests.leaks import descriptors
from thetatrio import requests as r
from thetatrio.download import _layout as layout
from thetatrio.download._finality import is_final
from thetatrio.download._layout import DatasetPart
from thetatrio.download._lock import FolderLock
from thetatrio.market_time import NEW_YORK

TODAY = dt.date(2024, 11, 20)


def quotes(symbol="SPY", **given):
    return r.OptionHistoryQuote(symbol, **{"expiration": "*", "interval": "1m"} | given)


def dates(request, today=TODAY):
    return [each.part.date for each in layout.parts_of(request, today)]


def test_an_intraday_operation_has_a_part_for_each_weekday():
    """Days of a range, weekends left out; each part asks for its one day."""
    request = quotes(start_date="2024-10-31", end_date="2024-11-05")
    assert dates(request) == ["2024-10-31", "2024-11-01", "2024-11-04", "2024-11-05"]
    asked = [each.request for each in layout.parts_of(request, TODAY)]
    assert asked[0] == quotes(date="2024-10-31")


def test_a_day_asked_for_by_itself_is_the_same_part():
    """`date=` and a range of one day are one question, and have one place."""
    one = list(layout.parts_of(quotes(date="2024-11-04"), TODAY))
    assert one == list(
        layout.parts_of(quotes(start_date="2024-11-04", end_date="2024-11-04"), TODAY)
    )


def test_sundays_of_index_options_are_asked_for_where_nights_are():
    """Night sessions make Sundays unknown, outside market hours; Saturdays are never anything."""
    days = {"start_date": "2024-11-01", "end_date": "2024-11-04"}
    assert dates(quotes("SPXW", **days)) == ["2024-11-01", "2024-11-04"]
    assert dates(quotes("SPXW", **days, start_time="00:00", end_time="23:59:59")) == [
        "2024-11-01",
        "2024-11-03",
        "2024-11-04",
    ]


def test_a_daily_operation_has_a_part_for_each_month():
    """Calendar months, the first and the last cut to what is asked."""
    request = r.StockHistoryEod("AAPL", start_date="2024-09-10", end_date="2024-11-04")
    found = list(layout.parts_of(request, TODAY))
    assert [each.part.date for each in found] == ["2024-09", "2024-10", "2024-11"]
    assert [(each.first.day, each.last.day) for each in found] == [(10, 30), (1, 31), (1, 4)]


def test_days_to_come_are_parts_that_nobody_asks_for():
    """They are counted, and have no request."""
    found = list(layout.parts_of(quotes(start_date="2024-11-19", end_date="2024-11-22"), TODAY))
    assert [each.request is None for each in found] == [False, False, True, True]


@pytest.mark.parametrize(
    "request_",
    [
        r.StockSnapshotQuote("AAPL"),
        r.StockListSymbols(),
        r.OptionFlatFileEod(date="2024-11-04"),
        r.CalendarYear(year=2024),
        r.OptionListContracts(request_type="quote", date="2024-11-04"),
        "AAPL",
    ],
)
def test_what_is_no_history_of_a_symbol_is_refused(request_):
    """Snapshots, lists and flat files are no datasets: InvalidRequest says so."""
    with pytest.raises(thetatrio.InvalidRequest, match="download: "):
        layout.check_request(request_)


def test_places_are_hive_folders_with_encoded_names():
    """Everything but letters, digits, dot, underscore and hyphen is percent-encoded."""
    part = DatasetPart("stock_history_eod", "BRK.B/ü~", "2024-11")
    assert layout.file_of(part, "parquet") == (
        "operation=stock_history_eod/symbol=BRK.B%2F%C3%BC%7E/date=2024-11/part.parquet"
    )


def test_choices_of_contracts_have_files_of_their_own():
    """Two expirations lie side by side; the same one is the same file."""
    places = [
        layout.file_of(next(layout.parts_of(request, TODAY)).part, "csv")
        for request in (
            quotes(date="2024-11-04", expiration="2024-11-15"),
            quotes(date="2024-11-04", expiration="20241115"),
            quotes(date="2024-11-04", expiration="2024-11-22"),
        )
    ]
    assert places[0] == places[1] != places[2]


@pytest.mark.parametrize(
    ("choices", "common"),
    [
        ([{"expiration": "2024-11-15"}, {"expiration": "2024-11-22"}], False),
        ([{"expiration": "2024-11-15"}, {"expiration": "*"}], True),
        (
            [{"expiration": "2024-11-15", "right": "call"}, {"expiration": "*", "right": "put"}],
            False,
        ),
        ([{"strike": 500, "right": "C"}, {"strike": 500, "right": "both"}], True),
        ([{"strike": 500, "right": "C"}, {"strike": 505, "right": "both"}], False),
        (
            [
                {"expiration": "2024-11-15", "strike": 5, "right": "C"},
                {"expiration": "2024-11-15", "strike": 5, "right": "C", "max_dte": 3},
            ],
            True,
        ),
    ],
)
def test_choices_with_contracts_in_common_are_found(choices, common):
    """Rows that would be in the dataset twice are noticed from the requests."""
    texts = [layout.contracts_of(quotes(date="2024-11-04", **choice)) for choice in choices]
    assert (layout.overlaps(texts) is not None) is common


# When "no data" is the last word. Times are New York's; 2024's clocks changed
# on 10 March and 3 November.
CASES = [
    # Monday's ticks: Tuesday 02:00.
    ("quote", "2024-11-04", "2024-11-05 01:59:59", False),
    ("quote", "2024-11-04", "2024-11-05 02:00", True),
    # Midnight in UTC is 19:00 in New York: neither date nor hour is Greenwich's.
    ("quote", "2024-11-04", "2024-11-04 18:59", False),
    ("quote", "2024-11-04", "2024-11-04 19:01", False),
    # Reports and open interest: noon.
    ("eod", "2024-11-04", "2024-11-05 11:59:59", False),
    ("eod", "2024-11-04", "2024-11-05 12:00", True),
    ("open_interest", "2024-11-04", "2024-11-05 02:00", False),
    ("open_interest", "2024-11-04", "2024-11-05 12:00", True),
    # Over a weekend, and over Thanksgiving, as the calendar says.
    ("quote", "2024-11-08", "2024-11-10 23:00", False),
    ("quote", "2024-11-08", "2024-11-11 02:00", True),
    ("quote", "2024-11-27", "2024-11-28 03:00", False),
    ("quote", "2024-11-27", "2024-11-29 01:59", False),
    ("quote", "2024-11-27", "2024-11-29 02:00", True),
    # Over the end of daylight saving (02:00 is 07:00 UTC from then on) and its start.
    ("quote", "2024-11-01", "2024-11-03 02:00", False),
    ("quote", "2024-11-01", "2024-11-04 01:59:59", False),
    ("quote", "2024-11-01", "2024-11-04 02:00", True),
    ("quote", "2024-03-08", "2024-03-11 01:59:59", False),
    ("quote", "2024-03-08", "2024-03-11 02:00", True),
    ("eod", "2024-03-08", "2024-03-11 11:59", False),
    ("eod", "2024-03-08", "2024-03-11 12:00", True),
]
OPERATIONS = {
    "quote": lambda day: quotes(date=day),
    "eod": lambda day: r.StockHistoryEod("AAPL", start_date=day, end_date=day),
    "open_interest": lambda day: r.OptionHistoryOpenInterest("SPY", expiration="*", date=day),
}


@pytest.mark.parametrize(("operation", "day", "asked", "final"), CASES)
@pytest.mark.parametrize("zone", [NEW_YORK, dt.UTC])
def test_no_data_is_final_from_its_hour_on(operation, day, asked, final, zone):
    """02:00 of the next trading day; noon for reports; wherever the clock is read."""
    (part,) = layout.parts_of(OPERATIONS[operation](day), TODAY)
    moment = dt.datetime.fromisoformat(asked).replace(tzinfo=NEW_YORK).astimezone(zone)
    assert is_final(part, moment, {dt.date(2024, 11, 28)}, has_data=False) is final


def test_data_of_a_day_is_final_when_the_day_is():
    """A single day is complete after its midnight; a month's last day may still be missing."""
    (day,) = layout.parts_of(quotes(date="2024-11-08"), TODAY)
    (month,) = layout.parts_of(
        r.StockHistoryEod("AAPL", start_date="2024-11-01", end_date="2024-11-08"), TODAY
    )

    def final(part, text):
        moment = dt.datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)
        return is_final(part, moment, (), has_data=True)

    assert [final(day, f"2024-11-{text}") for text in ("08 23:59", "09 00:00")] == [False, True]
    assert [final(month, f"2024-11-{text}") for text in ("09 00:00", "11 12:00")] == [False, True]


@pytest.mark.skipif(sys.platform == "win32", reason="flock")
def test_a_file_system_without_locks_is_an_error_that_leaves_nothing_open(tmp_path, monkeypatch):
    """What locking raises is raised, the file is closed, and the lock can be taken later."""
    path = tmp_path / "lock"
    lock = FolderLock(path)

    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    before = descriptors()
    with monkeypatch.context() as patch:
        patch.setattr("fcntl.flock", no_locks)
        with pytest.raises(OSError, match="No locks available"):
            lock.take()
    assert descriptors() == before
    lock.take()
    lock.release()


def test_a_lock_keeps_two_apart_and_dies_with_its_owner(tmp_path):
    """Within a process and between two; a process that is killed holds nothing."""
    path = tmp_path / "_thetatrio" / "lock"
    path.parent.mkdir()
    first, second = FolderLock(path), FolderLock(path)
    first.take()
    with pytest.raises(thetatrio.DownloadError, match=rf"another download .*{os.getpid()}"):
        second.take()
    first.release()
    script = (
        "import sys, pathlib, time; from thetatrio.download._lock import FolderLock\n"
        "lock = FolderLock(pathlib.Path(sys.argv[1])); lock.take(); print('taken', flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline().strip() == b"taken"
        with pytest.raises(thetatrio.DownloadError, match=str(other.pid)):
            second.take()
        other.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        other.wait()
    second.take()
    second.release()
