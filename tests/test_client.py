"""thetatrio._rest.client: retries joined with the limiter."""

from __future__ import annotations

import pytest
import trio

import thetatrio
from tests.network import answer, scripted

pytestmark = pytest.mark.core

BODY = b'{"symbol":"A"}\n'
BUSY = answer(b"queue is full", status=429, content_type="text/plain")


def failing(status: int, text: bytes = b"words of the terminal", **headers: str) -> bytes:
    return answer(
        text,
        status=status,
        content_type="text/plain",
        headers=[(name.replace("_", "-"), value) for name, value in headers.items()],
    )


@pytest.mark.parametrize("status", [429, 474, 500, 502, 503, 504, 571])
async def test_a_passing_trouble_is_waited_out(autojump_clock, status):
    """Statuses that pass are tried again until they have passed."""
    async with scripted(*[failing(status)] * 4, answer(BODY)) as (script, session):
        assert len(await session.stock.list_symbols()) == 1
        assert len(script.heads) == 5


@pytest.mark.parametrize("status", [429, 474, 500, 502, 503, 504, 571])
async def test_a_trouble_that_stays_is_its_error_in_bounded_time(autojump_clock, status):
    """Retries end within max_elapsed, with the error of the last answer."""
    async with scripted(failing(status)) as (script, session):
        start = trio.current_time()
        with pytest.raises(thetatrio.TerminalError, match="words of the terminal") as caught:
            await session.stock.list_symbols()
        assert caught.value.code == status
        assert caught.value.terminal_text == "words of the terminal"
        assert trio.current_time() - start <= 45
        assert 1 < len(script.heads) <= 12


@pytest.mark.parametrize("status", [470, 572, 501, 599])
async def test_an_unexpected_error_is_tried_once_more(autojump_clock, status):
    """General and unknown server errors get one more try."""
    async with scripted(failing(status)) as (script, session):
        with pytest.raises(thetatrio.ServerError):
            await session.stock.list_symbols()
        assert len(script.heads) == 2


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, thetatrio.InvalidRequest),
        (401, thetatrio.AuthenticationFailed),
        (403, thetatrio.PermissionDenied),
        (404, thetatrio.InvalidRequest),
        (410, thetatrio.WrongVersion),
        (471, thetatrio.PermissionDenied),
        (473, thetatrio.InvalidRequest),
        (475, thetatrio.InvalidRequest),
        (476, thetatrio.WrongHost),
        (477, thetatrio.ServerError),
        (478, thetatrio.SessionConflict),
        (570, thetatrio.RequestTooLarge),
    ],
)
async def test_a_refusal_is_not_tried_again(autojump_clock, status, error):
    """What will not change is raised at once, with the terminal's words and the request."""
    async with scripted(failing(status)) as (script, session):
        with pytest.raises(error, match="words of the terminal") as caught:
            await session.option.list_expirations("SPY")
        assert type(caught.value) is error
        assert caught.value.code == status
        assert caught.value.request == thetatrio.requests.OptionListExpirations("SPY")
        assert len(script.heads) == 1


async def test_a_busy_terminal_is_left_alone_by_everybody(autojump_clock):
    """A 429 with Retry-After holds all requests of the session for so long."""
    async with scripted(failing(429, Retry_After="7"), answer(BODY), slots=4) as (script, session):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(session.stock.list_symbols().fetch)
            await trio.sleep(0.5)
            for _ in range(3):
                nursery.start_soon(session.stock.list_symbols().fetch)
            await trio.sleep(1)
            assert 5 < session.statistics().paused_for <= 6
            assert session.statistics().waiting == 4
        first, *others = script.times
        assert [time - first for time in others] == [pytest.approx(7)] * 4


async def test_a_busy_terminal_that_names_no_time_is_left_alone_too(autojump_clock):
    """A bare 429 pauses all for the back-off's time."""
    async with scripted(BUSY, BUSY, answer(BODY)) as (script, session):
        await session.stock.list_symbols()
        assert len(script.heads) == 3


async def test_a_pause_that_is_too_long_is_refused_at_once(autojump_clock):
    """Retry-After above the cap is RateLimited now, not a program that hangs for an hour."""
    async with scripted(failing(503, Retry_After="3600")) as (script, session):
        with pytest.raises(thetatrio.RateLimited, match="3600 s") as caught:
            await session.stock.list_symbols()
        assert caught.value.retry_after == 3600
        assert caught.value.code == 503
        assert isinstance(caught.value.__cause__, thetatrio.ServerError)
        assert len(script.heads) == 1


@pytest.mark.parametrize("value", ["soon", "-1", "nan", ""])
async def test_a_garbled_retry_after_is_no_time(autojump_clock, value):
    """What Retry-After cannot mean is ignored, and the usual back-off holds."""
    async with scripted(failing(503, Retry_After=value), answer(BODY)) as (script, session):
        await session.stock.list_symbols()
        assert len(script.heads) == 2


async def test_a_terminal_that_was_never_there_is_not_waited_for(autojump_clock):
    """A refused first connection is ConnectError at once."""
    async with scripted(answer(BODY), refusals=1) as (script, session):
        with pytest.raises(thetatrio.ConnectError, match="is it running"):
            await session.stock.list_symbols()
        assert len(script.network.attempts) == 1


async def test_a_terminal_can_be_waited_for(autojump_clock):
    """With wait_for_terminal a first request is patient."""
    async with scripted(answer(BODY), refusals=20, wait_for_terminal=300) as (script, session):
        assert len(await session.stock.list_symbols()) == 1
        assert len(script.network.attempts) == 21


async def test_waiting_for_a_terminal_ends(autojump_clock):
    """The wait is no longer than was asked for."""
    async with scripted(answer(BODY), refusals=10**6, wait_for_terminal=20) as (_, session):
        start = trio.current_time()
        with pytest.raises(thetatrio.ConnectError):
            await session.stock.list_symbols()
        assert trio.current_time() - start == pytest.approx(20, abs=0.01)


async def test_a_terminal_that_restarts_is_waited_for(autojump_clock):
    """Once it has answered, a refused connection means a restart, and is tried again."""
    async with scripted(answer(BODY, headers=[("Connection", "close")])) as (script, session):
        await session.stock.list_symbols()
        script.network.refusals = 3
        assert len(await session.stock.list_symbols()) == 1
        assert len(script.network.attempts) == 5


async def test_retries_count_against_the_rate(autojump_clock):
    """In no window do more requests start than the rate allows, retries included."""
    rate = thetatrio.Rate(2, per=60)
    async with scripted(failing(474), answer(BODY), rate=rate) as (script, session):
        for _ in range(3):
            await session.stock.list_symbols()
        times = [time - script.times[0] for time in script.times]
        assert len(times) == 4
        assert all(later - first >= 60 for first, later in zip(times, times[2:], strict=False))


async def test_a_request_that_was_never_sent_costs_no_token(autojump_clock):
    """A refused connection gives its token back."""
    rate = thetatrio.Rate(1, per=60)
    async with scripted(answer(BODY), refusals=5, rate=rate, wait_for_terminal=50) as (_, session):
        await session.stock.list_symbols()
        assert trio.current_time() < 60


async def test_a_slot_is_free_while_a_retry_waits(autojump_clock):
    """Back-off holds no slot: others go on meanwhile."""
    retry = thetatrio.RetryPolicy(base=1000, cap=1000, max_elapsed=10_000)
    options = {"slots": 1, "retry": retry}
    async with scripted(failing(474), answer(BODY), **options) as (script, session):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(session.stock.list_symbols().fetch)
            await trio.testing.wait_all_tasks_blocked()
            assert session.statistics().in_flight == 0
            await session.stock.list_symbols()
            assert len(script.heads) == 2
        assert len(script.heads) == 3


async def test_a_long_error_text_is_cut():
    """A terminal that talks without end about an error is not listened to for ever."""
    async with scripted(failing(473, b"x" * 1_000_000)) as (_, session):
        with pytest.raises(thetatrio.InvalidRequest) as caught:
            await session.stock.list_symbols()
        assert len(str(caught.value)) < 1000


async def test_an_error_text_that_is_cut_is_still_told():
    """What was read of an error before its connection ended is in the message."""
    text = answer(b"the reason", status=473, content_type="text/plain", length=1000)
    async with scripted(("cut", text)) as (_, session):
        with pytest.raises(thetatrio.InvalidRequest, match="the reason"):
            await session.stock.list_symbols()
