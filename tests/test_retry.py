"""What is tried again: one table of outcomes, bounded in time, in number and in jitter."""

import datetime as dt
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thetatrio._rest.dialect_v3 import error_of
from thetatrio._rest.retry import Fail, History, Retry, judge, parse_retry_after
from thetatrio.config import RetryPolicy
from thetatrio.errors import (
    ConnectError,
    ConnectionLost,
    ConnectTimeout,
    DecodeError,
    RateLimited,
    ReadTimeout,
    SessionClosed,
    SlowConsumer,
    TerminalStarting,
    TLSError,
    TransportError,
)

pytestmark = pytest.mark.core

NOW = dt.datetime(2024, 11, 4, 12, tzinfo=dt.UTC)

UNTIL_ELAPSED = [429, 474, 500, 502, 503, 504, 571]
ONCE = [470, 572, 501, 505, 573, 599]
NEVER = [301, 400, 401, 403, 404, 405, 410, 418, 471, 473, 475, 476, 477, 478, 570]


class Highest(random.Random):
    """Chance that always comes out at its bound, so that waits are known."""

    def uniform(self, a, b):
        return b


def asked_again(
    error,
    *,
    policy=None,
    answered=True,
    quick=True,
    wait_for_terminal=0.0,
    chance=None,
    limit=100,
):
    """Return the waits before each new try of a request that meets one error again and again."""
    history, now, waits = History(), 1000.0, []
    while len(waits) < limit:
        verdict = judge(
            error,
            history,
            now=now,
            policy=policy or RetryPolicy(),
            chance=chance or Highest(),
            answered=answered,
            quick=quick,
            wait_for_terminal=wait_for_terminal,
        )
        if isinstance(verdict, Fail):
            assert history.failures == len(waits) + 1
            return waits, verdict.error
        waits.append(verdict.after)
        now += verdict.after
    return waits, None


@pytest.mark.parametrize("status", UNTIL_ELAPSED)
def test_what_passes_is_tried_until_the_time_is_up(status):
    """A terminal that is busy, starting, cut off or behind a gateway is asked until max_elapsed."""
    error = error_of(status, "")
    waits, given_up = asked_again(error)
    assert waits == [0.25, 0.5, 1, 2, 4, 8, 8, 8, 8, 5.25]  # 45 s, the last wait cut to fit
    assert given_up is error


@pytest.mark.parametrize("status", ONCE)
def test_what_may_have_been_chance_is_tried_once_more(status):
    """A failure without a known cause is worth one more try and no third."""
    error = error_of(status, "")
    assert asked_again(error) == ([0.25], error)


@pytest.mark.parametrize("status", NEVER)
def test_what_stays_wrong_is_not_tried_again(status):
    """What the terminal refuses for good is raised at once."""
    error = error_of(status, "")
    assert asked_again(error) == ([], error)


@pytest.mark.parametrize("answered", [True, False])
def test_certificate_that_is_not_accepted_is_never_retried(answered):
    """TLSError is a ConnectError, but waiting for a terminal or for its restart does not help."""
    error = TLSError("expired")
    assert asked_again(error, answered=answered, wait_for_terminal=300) == ([], error)


@pytest.mark.parametrize(
    "error",
    [DecodeError("x"), SlowConsumer("x"), SessionClosed("x"), TransportError("x")],
    ids=lambda e: type(e).__name__,
)
def test_what_is_no_trouble_of_the_line_is_not_tried_again(error):
    """Answers that cannot be read, readers that do not read and closed sessions stay so."""
    assert asked_again(error) == ([], error)


def test_a_lost_connection_is_tried_until_the_time_is_up():
    """A request cut on its way is sent again within max_elapsed: all of them only read."""
    waits, _ = asked_again(ConnectionLost("cut"))
    assert sum(waits) == 45


@pytest.mark.parametrize("kind", [ConnectError, ConnectTimeout])
def test_a_terminal_that_was_never_there_is_reported_at_once(kind):
    """Before a session's first answer a refused connection means that nobody listens there."""
    error = kind("refused")
    assert asked_again(error, answered=False) == ([], error)


@pytest.mark.parametrize("kind", [ConnectError, ConnectTimeout])
def test_a_terminal_that_was_there_is_waited_for(kind):
    """After a session's first answer a refused connection means that the terminal restarts."""
    waits, _ = asked_again(kind("refused"), answered=True)
    assert sum(waits) == 45


@pytest.mark.parametrize("patience", [3, 30, 44, 45, 100, 600])
@pytest.mark.parametrize(
    "error", [ConnectError("refused"), ConnectTimeout("silent")], ids=lambda e: type(e).__name__
)
def test_patience_goes_by_the_clock(error, patience):
    """wait_for_terminal is kept to the second, however many tries that takes."""
    policy = RetryPolicy(max_attempts=3, cap=1.0)
    waits, given_up = asked_again(
        error, policy=policy, answered=False, wait_for_terminal=patience, limit=10_000
    )
    assert sum(waits) == pytest.approx(patience)
    assert max(waits) <= 1
    assert given_up is error


@pytest.mark.parametrize("status", [474, 571])
def test_patience_covers_a_terminal_that_starts(status):
    """A terminal that says it is starting is waited for as long as one that is not there yet."""
    policy = RetryPolicy(max_attempts=3, cap=1.0)
    waits, _ = asked_again(error_of(status, ""), policy=policy, wait_for_terminal=100, limit=1000)
    assert sum(waits) == pytest.approx(100)
    waits, _ = asked_again(error_of(status, ""), policy=policy)
    assert len(waits) == 2


def test_patience_of_a_day_does_not_overflow():
    """Thousands of failures in a row are no more than that."""
    policy = RetryPolicy(cap=5.0)
    waits, _ = asked_again(
        ConnectError("refused"),
        policy=policy,
        answered=False,
        wait_for_terminal=86_400.0,
        limit=100_000,
    )
    assert sum(waits) == pytest.approx(86_400)


def test_silence_is_given_a_second_chance_where_answers_are_quick():
    """A timeout of a quick operation is tried once; a flat file had half an hour already."""
    error = ReadTimeout("silence")
    assert asked_again(error, quick=True) == ([0.25], error)
    assert asked_again(error, quick=False) == ([], error)


def test_one_more_try_is_one_more_for_all_of_them():
    """A request that met two failures of the kind that is tried once is given up."""
    history = History()
    verdicts = [
        judge(
            error,
            history,
            now=0.0,
            policy=RetryPolicy(),
            chance=Highest(),
            answered=True,
            quick=True,
        )
        for error in (error_of(470, ""), error_of(503, ""), ReadTimeout("silence"))
    ]
    assert [type(verdict) for verdict in verdicts] == [Retry, Retry, Fail]


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_the_number_of_tries_is_bounded(attempts):
    """max_attempts counts all tries, the first included."""
    waits, _ = asked_again(error_of(503, ""), policy=RetryPolicy(max_attempts=attempts))
    assert len(waits) == attempts - 1


@pytest.mark.parametrize("elapsed", [0, 0.1, 7.5, 45])
def test_the_time_of_tries_is_bounded(elapsed):
    """No try is begun later than max_elapsed after the first failure."""
    policy = RetryPolicy(max_elapsed=elapsed, max_attempts=1000)
    waits, _ = asked_again(error_of(503, ""), policy=policy)
    assert sum(waits) == pytest.approx(elapsed)


@given(
    seed=st.integers(),
    base=st.floats(0, 10),
    cap=st.floats(0, 60),
    failures=st.integers(0, 3000),
)
def test_waits_have_full_jitter(seed, base, cap, failures):
    """Each wait is anywhere from 0 to the smaller of the cap and the base doubled each time."""
    verdict = judge(
        ConnectError("refused"),
        History(failures=failures, since=0.0),
        now=0.0,
        policy=RetryPolicy(base=base, cap=cap),
        chance=random.Random(seed),
        answered=False,
        quick=True,
        wait_for_terminal=1e9,
    )
    assert isinstance(verdict, Retry)
    assert 0 <= verdict.after <= min(cap, base * 2.0 ** min(failures, 1000))
    assert not verdict.pause


def test_jitter_uses_all_of_its_range():
    """Clients that failed together do not come back together."""
    chance = random.Random(1)
    firsts = [asked_again(error_of(470, ""), chance=chance)[0][0] for _ in range(500)]
    assert min(firsts) < 0.01
    assert max(firsts) > 0.24
    assert sum(firsts) / 500 == pytest.approx(0.125, abs=0.01)


def verdict_on(status, retry_after, policy=None, now=0.0, since=None):
    return judge(
        error_of(status, "go away", retry_after=retry_after, request="the request"),
        History(failures=0 if since is None else 1, since=since),
        now=now,
        policy=policy or RetryPolicy(),
        chance=Highest(),
        answered=True,
        quick=True,
    )


@pytest.mark.parametrize("status", [429, 503, 500, 474, 571, 470])
@pytest.mark.parametrize("seconds", [0.0, 0.5, 7.0, 120.0])
def test_the_terminals_own_wish_is_kept(status, seconds):
    """Retry-After is waited for exactly, by everybody, even beyond max_elapsed."""
    assert verdict_on(status, seconds) == Retry(seconds, pause=True)


def test_a_busy_terminal_is_left_alone_by_everybody():
    """429 without Retry-After pauses all; other failures are one request's own."""
    assert verdict_on(429, None) == Retry(0.25, pause=True)
    assert verdict_on(503, None) == Retry(0.25, pause=False)


def test_a_wish_for_too_long_a_pause_is_an_error():
    """Retry-After above max_retry_after is RateLimited at once, with all that was said."""
    verdict = verdict_on(503, 120.5)
    assert isinstance(verdict, Fail)
    error = verdict.error
    assert type(error) is RateLimited
    assert (error.code, error.retry_after, error.request) == (503, 120.5, "the request")
    assert error.terminal_text == "go away"
    for words in ("120.5 s", "max_retry_after (120 s)", "go away", "503"):
        assert words in str(error)


def test_a_wish_does_not_make_more_tries():
    """Retry-After is kept only where there is time and number for one more try."""
    assert isinstance(verdict_on(404, 1.0), Fail)
    assert isinstance(verdict_on(503, 1.0, now=50.0, since=1.0), Fail)
    assert isinstance(verdict_on(503, 1.0, RetryPolicy(max_attempts=1)), Fail)


def test_a_history_knows_how_long_it_goes_back():
    """Time counts from the first failure."""
    assert History().elapsed(5.0) == 0
    assert History(since=3.0).elapsed(5.0) == 2


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("0.25", 0.25),
        ("1e2", 100.0),
        ("100000000", 1e8),
        ("Mon, 04 Nov 2024 12:00:30 GMT", 30.0),
        ("Mon, 04 Nov 2024 12:00:30", 30.0),  # no zone: GMT
        ("Mon, 04 Nov 2024 12:00:30 -0000", 30.0),
        ("Mon, 04 Nov 2024 07:00:30 -0500", 30.0),
        ("Monday, 04-Nov-24 12:00:30 GMT", 30.0),
        ("Mon Nov  4 12:00:30 2024", 30.0),
        ("Mon, 04 Nov 2024 11:59:30 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("", None),
        ("  ", None),
        ("1_0", None),
        ("1_0.5", None),
        ("\uff11\uff10", None),
        ("Mon, 04 Nov 2_024 12:00:30 GMT", None),
        ("Mon, 0\uff14 Nov 2024 12:00:30 GMT", None),
        ("-1", None),
        ("-0.001", None),
        ("nan", None),
        ("inf", None),
        ("-inf", None),
        ("1e400", None),
        ("9" * 5000, None),
        ("soon", None),
        ("7 seconds", None),
        ("7, 8", None),
        ("2024-11-04T12:00:30Z", None),
        ("Mon, 04 Nov 99999 12:00:30 GMT", None),
        ("Mon, 04 Nov 99999999999999999999 12:00:30 GMT", None),
        ("Mon, 31 Feb 2024 12:00:30 GMT", None),
        ("\x00", None),
    ],
)
def test_retry_after_is_read(said, seconds):
    """Seconds, whole or not, and HTTP dates are understood; everything else says nothing."""
    assert parse_retry_after(said, NOW) == seconds


words = st.sampled_from(
    [
        "Mon,",
        "Nov",
        "04",
        "2024",
        "12:00:30",
        "GMT",
        "-0500",
        "+99999",
        "9" * 12,
        "9" * 30,
        ":",
        ",",
    ]
)


@given(st.one_of(st.text(), st.lists(words).map(" ".join), st.floats().map(repr)))
def test_no_retry_after_is_too_strange(said):
    """Whatever a header says is finite seconds from 0, or nothing."""
    seconds = parse_retry_after(said, NOW)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)


def test_patience_is_for_a_terminal_that_has_not_answered():
    """Who waits for a terminal to start is not patient by the clock with one that has restarted."""
    policy = RetryPolicy(max_attempts=3, max_elapsed=45.0)
    waits, error = asked_again(
        ConnectError("refused"), policy=policy, answered=True, wait_for_terminal=600.0
    )
    assert len(waits) == 2
    assert isinstance(error, ConnectError)


def test_patience_ends_at_its_second():
    """From the moment that patience is over the number of tries counts again."""
    policy = RetryPolicy(max_attempts=3, max_elapsed=45.0)
    for now, expected in ((9.999, Retry), (10.0, Fail)):
        verdict = judge(
            TerminalStarting("starting", code=571),
            History(failures=5, since=0.0),
            now=now,
            policy=policy,
            chance=Highest(),
            answered=False,
            quick=True,
            wait_for_terminal=10.0,
        )
        assert isinstance(verdict, expected)


def test_nobody_is_patient_unasked():
    """Without `wait_for_terminal`, a terminal that was never there is reported at once."""
    verdict = judge(
        ConnectError("refused"),
        History(),
        now=0.0,
        policy=RetryPolicy(),
        chance=Highest(),
        answered=False,
        quick=True,
    )
    assert isinstance(verdict, Fail)
