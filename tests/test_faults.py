"""The fault table: each case a sentence, seen through a whole session."""

from __future__ import annotations

import signal
import socket
import time

import pytest
import trio

import thetatrio
from tests.network import simulated
from thetatrio import Rate
from thetatrio.testing import (
    Bandwidth,
    Garbage,
    HalfOpen,
    Latency,
    LimitData,
    Mute,
    NoLength,
    Refuse,
    ResetPeer,
    Slicer,
    Status,
    WrongType,
    open_terminal,
)

DAY = "2024-11-04"
QUICK = thetatrio.RetryPolicy(base=0, cap=0)


def bars(session):
    return session.stock.history_ohlc("AAPL", date=DAY, interval="1m")


def chain(session):
    return session.option.history_trade("SPY", expiration="*", date=DAY)


async def read_all(query):
    async with query.rows() as rows:
        return [row async for row in rows]


async def test_a_connection_refused_at_first_says_where_and_what_to_do():
    """Case 1: ConnectError names host and port and asks whether the terminal runs."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    before = trio.lowlevel.current_statistics().tasks_living
    with pytest.raises(
        thetatrio.ConnectError, match=rf"127\.0\.0\.1:{port} .*refused.*; is it running\?"
    ):
        async with thetatrio.open_session(base_url=f"http://127.0.0.1:{port}") as session:
            await bars(session)
    assert trio.lowlevel.current_statistics().tasks_living == before


def test_an_interrupt_in_the_block_comes_out_as_one_in_bounded_time():
    """Case 26: Ctrl-C ends a session that waits for a mute terminal, as KeyboardInterrupt."""

    async def main():
        async with (
            open_terminal(faults=[Mute()]) as terminal,
            thetatrio.open_session(terminal.config) as session,
            trio.open_nursery() as nursery,
        ):

            async def interrupt():
                await terminal.ledger.wait_until(lambda ledger: ledger.in_flight == 1)
                signal.raise_signal(signal.SIGINT)

            nursery.start_soon(interrupt)
            await bars(session)

    started = time.monotonic()
    with pytest.raises(BaseException) as caught:  # the user's own nursery groups it
        trio.run(main)
    error = caught.value
    while isinstance(error, BaseExceptionGroup):
        (error,) = error.exceptions
    assert isinstance(error, KeyboardInterrupt)
    assert time.monotonic() - started < 10


async def test_the_wall_clock_may_jump(autojump_clock, monkeypatch):
    """Case 35: no timer looks at the wall clock."""
    wall = [1_000_000.0]
    monkeypatch.setattr(time, "time", lambda: wall[0])
    faults = [Status(503, headers={"Retry-After": "5"}, times=1), Latency(2)]
    async with simulated(contracts=2, faults=faults) as (_, session):
        start = trio.current_time()

        async def jump():
            await trio.sleep(3)
            wall[0] -= 3600

        async with trio.open_nursery() as nursery:
            nursery.start_soon(jump)
            assert await bars(session)
        assert trio.current_time() - start == pytest.approx(7, abs=2.5)


@pytest.mark.parametrize("cut", [LimitData(30_000, times=1), ResetPeer(30_000, times=1)])
async def test_a_body_cut_on_a_real_socket_is_taken_up_again(cut):
    """Case 36, stable answers: rows go on where the cut was; none is missing or double."""
    async with (
        open_terminal(contracts=4, faults=[cut]) as terminal,
        thetatrio.open_session(terminal.config, retry=QUICK) as session,
    ):
        got = await read_all(chain(session))
        assert len(terminal.ledger.requests) == 2
        assert got == await chain(session)
        assert len(got) > 500


@pytest.mark.parametrize("answers", ["changing", "reordered"])
async def test_a_body_cut_on_a_terminal_that_answers_otherwise_is_lost(answers):
    """Case 36, changing and reordered answers: ConnectionLost with rows_delivered."""
    cut = LimitData(30_000, path="option_history_trade", times=1)
    async with (
        open_terminal(contracts=4, faults=[cut], answers=answers) as terminal,
        thetatrio.open_session(terminal.config, retry=QUICK) as session,
    ):
        got = []
        with pytest.raises(thetatrio.ConnectionLost, match="other bytes") as caught:
            async with chain(session).rows() as rows:
                async for row in rows:
                    got.append(row)
        assert caught.value.rows_delivered == len(got) > 0


@pytest.mark.parametrize("answers", ["stable", "changing", "reordered"])
async def test_a_list_cut_on_any_terminal_is_whole(answers):
    """Case 36 with nothing handed out: the list starts over and is one whole answer."""
    cut = LimitData(30_000, times=1)
    async with (
        open_terminal(contracts=4, faults=[cut], answers=answers) as terminal,
        thetatrio.open_session(terminal.config, retry=QUICK) as session,
    ):
        rows = await chain(session)
        keys = [(row.contract, row.timestamp, row.sequence) for row in rows]
        assert len(set(keys)) == len(keys) > 500
        assert len(terminal.ledger.requests) == 2


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("retry_after", "waited"), [("7", (7, 7.1)), (None, (0, 0.3)), ("soon", (0, 0.3))]
)
async def test_a_busy_terminal_pauses_as_it_asks(autojump_clock, status, retry_after, waited):
    """Case 37: 429 and 503 with, without and with a garbled Retry-After."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    async with simulated(contracts=2, faults=[Status(status, headers=headers, times=1)]) as (
        terminal,
        session,
    ):
        assert await bars(session)
        first, second = (entry.started for entry in terminal.ledger.requests)
        assert waited[0] <= second - first <= waited[1]


async def test_a_pause_above_the_cap_is_refused_at_once(autojump_clock):
    """Case 37: Retry-After above 120 s is RateLimited now."""
    fault = Status(429, headers={"Retry-After": "600"})
    async with simulated(contracts=2, faults=[fault]) as (terminal, session):
        start = trio.current_time()
        with pytest.raises(thetatrio.RateLimited):
            await bars(session)
        assert trio.current_time() == start
        assert terminal.ledger.total == 1


async def test_no_data_is_empty_and_refusals_are_told_in_the_terminals_words():
    """Case 38: 472 is empty, 471 PermissionDenied, text in the message, HTML DecodeError."""
    async with simulated(contracts=2, tier="free", rate=Rate(1000)) as (terminal, session):
        weekend = session.stock.history_eod("AAPL", start_date="2024-11-02", end_date="2024-11-03")
        assert await weekend == []
        unknown = session.stock.history_eod("XYZQ", start_date="2024-11-01", end_date="2024-11-04")
        assert await unknown == []
        with pytest.raises(thetatrio.PermissionDenied) as caught:
            await session.option.history_trade("SPY", expiration="*", date=DAY)
        assert caught.value.code == 471
        said = terminal.ledger.requests[-1]
        assert said.status == 471
        terminal.faults.append(Status(200, "<html></html>", content_type="text/html"))
        with pytest.raises(thetatrio.DecodeError, match="web page"):
            await weekend


def test_the_limiter_holds_for_two_hundred_callers_of_whom_many_give_up():
    """Case 39: 200 callers, 30 cancelled while waiting, 20 in flight: width held, all served."""

    async def main():
        options = {"contracts": 2, "tier": "standard", "latency": 0.05}
        async with simulated(**options) as (terminal, session):
            done = 0
            scopes = [trio.CancelScope() for _ in range(200)]

            async def call(scope):
                nonlocal done
                with scope:
                    assert await session.option.list_expirations("F")
                    done += 1

            async with trio.open_nursery() as nursery:
                for scope in scopes:
                    nursery.start_soon(call, scope)
                await trio.testing.wait_all_tasks_blocked()
                for scope in scopes[-30:]:
                    scope.cancel()
                cancelled = 0
                while cancelled < 20:
                    await trio.sleep(0.06)
                    running = session.statistics().in_flight
                    assert running <= 4
                    scopes[cancelled + 10].cancel()
                    cancelled += 1
            await terminal.ledger.wait_idle()
            assert terminal.ledger.highest_in_flight == 4
            assert terminal.ledger.highest_waiting == 0
            assert session.statistics().in_flight == 0
            assert 150 <= done <= 170

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


# ------------------------------------------------ the rest of what a line can do


@pytest.mark.parametrize(
    ("fault", "interval"),
    [
        (Slicer(3), "10m"),
        pytest.param(Slicer(3), "1m", marks=pytest.mark.deep),
        (Slicer(4096), "1m"),
        (Bandwidth(20_000), "1m"),
    ],
)
async def test_a_body_in_slices_is_the_same_rows(autojump_clock, fault, interval):
    """However the bytes are sliced, the rows are the same."""
    async with simulated(contracts=2) as (terminal, session):
        query = session.stock.history_ohlc("AAPL", date=DAY, interval=interval)
        whole = await query
        terminal.faults.append(fault)
        assert await read_all(query) == whole


@pytest.mark.parametrize("form", ["ndjson", "csv", "json"])
async def test_garbage_is_a_decode_error(form):
    """Random bytes in any form are DecodeError with the first of them."""
    async with simulated(contracts=2, faults=[Garbage()], session_options={"row_format": form}) as (
        _,
        session,
    ):
        with pytest.raises(thetatrio.DecodeError) as caught:
            await bars(session)
        assert 0 < len(caught.value.first_bytes) <= 256


async def test_a_wrong_type_is_a_decode_error_and_a_missing_one_is_as_asked():
    """What says it is another form and is not fails; what says nothing is read as asked."""
    async with simulated(contracts=2) as (terminal, session):
        whole = await bars(session)
        terminal.faults.append(WrongType(None))
        assert await bars(session) == whole
        terminal.faults.clear()
        terminal.faults.append(WrongType("text/csv"))
        with pytest.raises(thetatrio.DecodeError):
            await bars(session)


async def test_a_body_without_a_provable_end_is_refused():
    """Neither a length nor chunks: an error instead of rows that may be short."""
    async with simulated(contracts=2, faults=[NoLength()]) as (_, session):
        with pytest.raises(thetatrio.DecodeError, match="neither a length nor chunks"):
            await bars(session)


async def test_a_terminal_that_never_answers_is_given_up(autojump_clock):
    """A mute terminal is ReadTimeout after first_byte_timeout, and is not sent the same again."""
    async with simulated(contracts=2, faults=[Mute()]) as (terminal, session):
        start = trio.current_time()
        with pytest.raises(thetatrio.ReadTimeout):
            await bars(session)
        assert 60 <= trio.current_time() - start <= 61
        assert len(terminal.ledger.requests) == 1
        await terminal.ledger.wait_idle()


async def test_a_half_open_connection_is_given_up(autojump_clock):
    """A body that stops is ReadTimeout after two silences."""
    async with simulated(contracts=2, faults=[HalfOpen(2000)]) as (terminal, session):
        with pytest.raises(thetatrio.ReadTimeout):
            await bars(session)
        assert trio.current_time() < 70
        await terminal.ledger.wait_idle()


async def test_a_connection_that_is_closed_on_arrival_is_tried_again(autojump_clock):
    """A terminal that closes new connections for a while is waited out."""
    async with simulated(contracts=2, faults=[Refuse(times=3)]) as (terminal, session):
        assert await bars(session)
        assert terminal.ledger.total == 1


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("disconnected", thetatrio.TerminalDisconnected),
        ("starting", thetatrio.TerminalStarting),
        ("conflict", thetatrio.SessionConflict),
        ("uncaught", thetatrio.ServerError),
    ],
)
async def test_each_state_of_a_terminal_has_its_error(autojump_clock, state, error):
    """474, 571, 478 and 572 are errors of their own once retries have not helped."""
    async with simulated(contracts=2) as (terminal, session):
        terminal.state = state
        with pytest.raises(error):
            await bars(session)


async def test_mixing_host_spellings_names_the_remedy():
    """476 says which spelling to use and that the terminal must be restarted."""
    async with open_terminal(contracts=2) as terminal:
        async with thetatrio.open_session(terminal.config) as session:
            await session.stock.list_symbols()
        other = terminal.url.replace("127.0.0.1", "localhost")
        async with thetatrio.open_session(base_url=other) as session:
            with pytest.raises(thetatrio.WrongHost, match="one spelling"):
                await session.stock.list_symbols()


async def test_a_v3_terminal_asked_in_v2s_words_says_so():
    """410 is WrongVersion with the terminal's list of names."""
    async with simulated(contracts=2) as (_, session):
        with pytest.raises(thetatrio.WrongVersion, match="expiration"):
            await session.get("/v3/option/list/strikes", {"root": "SPY", "exp": "20241115"})


async def test_too_large_an_answer_is_said():
    """570 of the terminal is RequestTooLarge."""
    async with simulated(contracts=2) as (_, session):
        with pytest.raises(thetatrio.RequestTooLarge) as caught:
            await session.get(
                "/v3/option/history/quote",
                {
                    "symbol": "SPY",
                    "expiration": "*",
                    "start_date": "2024-10-01",
                    "end_date": "2024-11-01",
                    "interval": "1m",
                },
            )
        assert caught.value.code == 570


async def nested(session, depth: int) -> list[int]:
    """Ask a query inside another's loop, to a depth; return rows seen at each."""
    seen = [0] * depth

    async def level(number: int) -> None:
        query = session.option.history_quote("SPY", expiration="*", date=DAY, interval="1m")
        count = 0
        async with query.rows() as rows:
            async for _row in rows:
                count += 1
                if number + 1 < depth and count in (10, 3000):
                    await level(number + 1)
        seen[number] += count

    await level(0)
    return seen


async def test_queries_inside_queries_finish_at_width_one(autojump_clock):
    """Three levels deep, one slot: every row of every level, nothing hangs."""
    options = {"contracts": 10, "day": "2024-11-05"}  # DAY has settled
    async with simulated(**options, session_options={"slots": 1}) as (terminal, session):
        one, two, three = await nested(session, 3)
        assert one > 3000
        assert (two, three) == (2 * one, 4 * one)
        assert terminal.ledger.highest_in_flight == 1
        assert session.statistics().spooled >= 2
        assert session.statistics().in_flight == 0


async def test_queries_inside_queries_finish_at_width_one_on_sockets():
    """The same over real connections, in real time, with what is unread in files."""
    async with (
        open_terminal(contracts=30) as terminal,
        thetatrio.open_session(terminal.config, slots=1) as session,
    ):
        one, two, three = await nested(session, 3)
        assert one > 10_000
        assert (two, three) == (2 * one, 4 * one)
        assert terminal.ledger.highest_in_flight == 1
        assert session._client.spool_room.taken == 0


async def test_an_unread_body_above_the_spool_limit_is_given_up(autojump_clock):
    """The slot comes free; the reader gets the rows that fit, and then SlowConsumer."""
    options = {"slots": 1, "spool_limit": 100_000}
    async with simulated(contracts=10, day="2024-11-05", session_options=options) as (_, session):
        query = session.option.history_quote("SPY", expiration="*", date=DAY, interval="1m")
        async with query.rows() as rows:
            await rows.receive()
            assert await session.stock.list_symbols()
            got = 1
            with pytest.raises(thetatrio.SlowConsumer, match="spool_limit"):
                async for _row in rows:
                    got += 1
            assert got > 100
        assert await session.stock.list_symbols()
