"""Reports that come twice: of equal ones the newest stays, different ones all do."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.answers import ANSWERS
from tests.network import answer, scripted
from thetatrio._rest import newest_reports
from thetatrio._rest.newest_reports import ReportLines, has_twins
from thetatrio.requests import OptionHistoryEod, StockHistoryEod

HEADER = b"symbol,expiration,strike,right,created,last_trade,close\r\n"


def csv_line(strike, stamp, close, day="2020-11-04"):
    return b'"SPY","2020-12-18",%d.000,"CALL",%sT%s,%sT15:59:59,%d.0000\r\n' % (
        strike, day.encode(), stamp.encode(), day.encode(), close,
    )  # fmt: skip


def json_line(strike, stamp, close, day="2020-11-04"):
    return (
        b'{"symbol":"SPY","created":"%sT%s","strike":%d.000,"right":"CALL",'
        b'"expiration":"2020-12-18","close":%d.0}\n'
    ) % (day.encode(), stamp.encode(), strike, close)


FORMS = {"csv": csv_line, "ndjson": json_line}


def read(form, reports, pieces=(1 << 20,)):
    """Return (lines that are delivered, equal, different) of reports, fed in pieces."""
    lines = ReportLines(is_csv=form == "csv")
    data = (HEADER if form == "csv" else b"") + b"".join(FORMS[form](*each) for each in reports)
    found, at = b"", 0
    sizes = iter(pieces)
    while at < len(data):
        size = next(sizes, len(data))
        found += lines.feed(data[at : at + size])
        at += size
    found += lines.finish()
    return found, lines.equal, lines.different


def joined(form, reports):
    return (HEADER if form == "csv" else b"") + b"".join(FORMS[form](*each) for each in reports)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("sent", "delivered", "equal", "different"),
    [
        ([(1, "17:15:20", 5)], [(1, "17:15:20", 5)], 0, 0),
        ([(1, "17:15:20", 5), (1, "17:15:20.5", 5)], [(1, "17:15:20.5", 5)], 1, 0),
        ([(1, "17:15:20.5", 5), (1, "17:15:20.35", 5)], [(1, "17:15:20.5", 5)], 1, 0),
        # They do not say the same.
        ([(1, "17:15:20", 5), (1, "18:00:00", 6)], [(1, "17:15:20", 5), (1, "18:00:00", 6)], 0, 1),
        # Other contracts, other days.
        ([(1, "17:15:20", 5), (2, "17:15:20", 5)], [(1, "17:15:20", 5), (2, "17:15:20", 5)], 0, 0),
        (
            [(1, "17:15:20", 5), (1, "17:15:20", 5, "2020-11-05")],
            [(1, "17:15:20", 5), (1, "17:15:20", 5, "2020-11-05")],
            0,
            0,
        ),
        # Not next to each other: the first is delivered already.
        (
            [(1, "17:15:20", 5), (2, "17:15:20", 5), (1, "18:00:00", 5), (2, "18:00:00", 5)],
            [(1, "17:15:20", 5), (2, "18:00:00", 5)],
            2,
            0,
        ),
    ],
)
def test_of_equal_reports_the_newest_stays(form, sent, delivered, equal, different):
    """Equal is: contract, day and everything but `created`."""
    assert read(form, sent) == (joined(form, delivered), equal, different)


REPORTS = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from(["17:15:20", "17:15:20.5", "18:00:00"]),
        st.integers(1, 2),
        st.sampled_from(["2020-11-04", "2020-11-05"]),
    ),
    max_size=30,
)


@given(form=st.sampled_from(list(FORMS)), reports=REPORTS, pieces=st.lists(st.integers(1, 90)))
def test_nothing_but_equal_reports_is_left_out(form, reports, pieces):
    """Wherever the pieces end: what each contract says of each day is delivered at least once."""
    found, equal, _ = read(form, reports, pieces)
    assert found == read(form, reports)[0]
    lines = found.splitlines(keepends=True)
    assert len(lines) == len(reports) + (form == "csv") - equal
    assert set(lines) <= set(joined(form, reports).splitlines(keepends=True))

    def said(report):
        return (report[0], report[3], report[2])

    left = [report for report in reports if FORMS[form](*report) in lines]
    assert {said(report) for report in left} == {said(report) for report in reports}


def test_a_line_that_is_no_report_is_passed_on():
    """What is wrong with it is for the decoder to say."""
    lines = ReportLines(is_csv=False)
    good = json_line(1, "17:15:20", 5)
    assert lines.feed(good + b"{broken\n") == good + b"{broken\n"
    assert lines.feed(b"no line end") == b""
    assert lines.finish() == b"no line end"
    short = ReportLines(is_csv=True)
    assert short.feed(b"symbol,close\r\nSPY,5\r\n") == b"symbol,close\r\nSPY,5\r\n"


def test_what_is_remembered_is_bounded(monkeypatch):
    """Memory does not grow with the answer."""
    monkeypatch.setattr(newest_reports, "REMEMBERED", 10)
    lines = ReportLines(is_csv=False)
    for strike in range(100):
        lines.feed(json_line(strike, "17:15:20", 5))
    assert len(lines._seen) == 10


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2021-12-15", "2021-12-15", True),
        ("2021-12-15", "2022-02-01", True),
        ("2022-01-03", "2022-01-03", False),
    ],
)
def test_only_reports_of_before_2022_are_looked_at(first, last, expected):
    """Nobody else pays for it."""
    option = OptionHistoryEod("SPY", expiration="*", start_date=first, end_date=last)
    assert has_twins(option) is expected
    assert not has_twins(StockHistoryEod("SPY", start_date=first, end_date=last))


async def test_reports_that_differ_are_reported(caplog):
    """All of them are delivered, and the log says how many."""
    caplog.set_level(logging.INFO, "thetatrio")
    line = ANSWERS["option_history_eod"].ndjson.splitlines(keepends=True)[0]
    other = line.replace(b'"close":', b'"close":1')
    assert other != line
    async with scripted(answer(line + other + line)) as (_, session):
        rows = await session.option.history_eod(
            "AAPL", expiration="2020-12-18", start_date="2020-11-04", end_date="2020-11-04"
        )
    assert len(rows) == 2
    assert "1 reports came twice" in caplog.text
    assert "1 reports differ" in caplog.text
