"""Refusals (HTTP 400): what their texts ask for, and what a session remembers of them."""

import pytest

from thetatrio._rest.refusals import Lessons, Refusal, classify, reaction_to
from thetatrio.requests import OptionHistoryEod, OptionHistoryQuote, StockHistoryEod

pytestmark = pytest.mark.core

EXPIRATION = Refusal("expiration")

SEEN = [
    (
        "Too many days between start and end date; max 365 days allowed",
        Refusal("days", 365),
    ),
    ("Bulk history requests are limited to no more than 1 month.", Refusal("month", 28)),
    (
        "Bulk history requests are limited to intervals of at least 1 minute.",
        Refusal("day", 1),
    ),
    ("When expiration=*, you must request data a day-at-a-time", Refusal("day", 1)),
    ("Cannot specify '*' for the date", EXPIRATION),
    ("Cannot fetch current-day data without specifying an expiration", EXPIRATION),
    (
        "Current day requests must have a start time less than current time",
        Refusal("start_time"),
    ),
    ("EOD is not available for the current day", Refusal("past_day")),
    ("Invalid interval: 60", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "refusal"), SEEN)
def test_each_text_that_was_seen_is_recognised(text, refusal):
    """A refusal asks for what its text says, whatever its case and line ends."""
    assert classify(text) == refusal
    assert classify(f"  {text.upper()}\r\n") == refusal


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("At most 100 days can be requested", Refusal("days", 100)),
        ("too many days", Refusal("days", None)),
        ("please request a single day", Refusal("day", 1)),
        ("You have to specify an expiration for this", EXPIRATION),
    ],
)
def test_other_words_for_it_are_recognised(text, refusal):
    """Builds differ in their texts: key words decide."""
    assert classify(text) == refusal


def eod(first, last, expiration="*"):
    return OptionHistoryEod("SPY", expiration=expiration, start_date=first, end_date=last)


@pytest.mark.parametrize(
    ("request_", "refusal", "split"),
    [
        (eod("2024-11-04", "2024-11-08"), Refusal("days", 2), "date"),
        (eod("2024-11-04", "2024-11-04"), Refusal("days", 2), None),
        (eod("2024-11-04", "2024-11-08"), Refusal("past_day"), "date"),
        (eod("2024-11-04", "2024-11-08"), EXPIRATION, "expiration"),
        (eod("2024-11-04", "2024-11-08", "2024-11-15"), EXPIRATION, None),
        (eod("2024-11-04", "2024-11-08"), Refusal("start_time"), None),
        (
            OptionHistoryQuote("SPY", expiration="*", date="2024-11-04", interval="1m"),
            Refusal("day", 1),
            None,
        ),
    ],
)
def test_a_reaction_makes_smaller_requests_or_none(request_, refusal, split):
    """What cannot be made smaller is not sent again."""
    assert reaction_to(request_, refusal) == split


def test_lessons_are_of_an_operation_and_its_wildcard():
    """A bound on days of all expirations says nothing of one expiration, or of stocks."""
    lessons = Lessons()
    assert lessons.is_empty
    every, one = eod("2024-11-04", "2024-11-08"), eod("2024-11-04", "2024-11-08", "2024-11-15")
    lessons.learn(every, Refusal("days", 3), of_today=False)
    lessons.learn(every, Refusal("days", 5), of_today=False)
    assert not lessons.is_empty
    assert lessons.most_days(every) == 3
    assert lessons.most_days(one) is None
    stock = StockHistoryEod("SPY", start_date="2024-11-04", end_date="2024-11-08")
    assert lessons.most_days(stock) is None


@pytest.mark.parametrize("of_today", [True, False])
def test_a_refused_wildcard_is_remembered(of_today):
    """What is refused for settled days is for today; what is refused for today may not be else."""
    lessons = Lessons()
    request = eod("2024-11-04", "2024-11-04")
    lessons.learn(request, EXPIRATION, of_today=of_today)
    assert lessons.refuses_wildcard(request, of_today=True)
    assert lessons.refuses_wildcard(request, of_today=False) is not of_today


def test_reports_that_are_not_made_are_asked_for_again_later():
    """The current day's reports come in the evening: a refusal is remembered for a minute."""
    lessons = Lessons()
    request = eod("2024-11-08", "2024-11-08")
    day = request.date_range[0]
    assert lessons.note_not_made(request, day, 100.0)
    assert not lessons.note_not_made(request, day, 101.0)
    assert lessons.is_not_made(request, 160.9)
    assert not lessons.is_not_made(request, 161.0)
    assert not lessons.is_not_made(eod("2024-11-07", "2024-11-07"), 102.0)
    assert lessons.note_not_made(request, day, 200.0)
