"""The stream over real sockets: losses, slow readers and leaving, as the kernel does them."""

from __future__ import annotations

import gc
import os
import random
import socket
import sys
import time

import pytest
import trio

import thetatrio
from tests.stream_peer import AAPL, told, until
from thetatrio import ReconnectPolicy, testing
from thetatrio.events import Gap, Lost
from thetatrio.testing import StreamSettings, open_terminal

pytestmark = pytest.mark.core

SOON = ReconnectPolicy(base=0.01, cap=0.01)


def terminal_of(*faults, **settings):
    stream = StreamSettings(source="none", numbered=True, **settings)
    return open_terminal(contracts=2, stream=stream, faults=faults)


def session_on(terminal, **options):
    options.setdefault("reconnect", SOON)
    return thetatrio.open_session(terminal.config, chance=random.Random(1), **options)


def emit(terminal, count):
    """Send so many trades, numbered by their size; return the number of the last."""
    for ms in range(count):
        number = terminal.stream.emit("TRADE", AAPL, ms_of_day=34_200_000 + ms)
    return number


async def subscribed_again(terminal, connection):
    """Wait until the terminal has heard of the subscription on a connection."""
    ledger = terminal.ledger.stream
    with trio.fail_after(5):
        await ledger.wait_until(
            lambda it: any(each.connection == connection and each.add for each in it.commands)
        )


async def test_nobody_listens_there():
    """ConnectError at once, naming host and port, asking whether it runs; no task is left."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
    living = trio.lowlevel.current_statistics().tasks_living
    async with thetatrio.open_session(stream_url=f"ws://127.0.0.1:{port}/v1/events") as session:
        with pytest.raises(thetatrio.ConnectError) as caught:
            async with session.stream.trades(AAPL):
                raise AssertionError
    message = str(caught.value)
    assert f"127.0.0.1:{port}" in message
    assert "refused" in message
    assert "is it running?" in message
    assert trio.lowlevel.current_statistics().tasks_living == living


@pytest.mark.parametrize(
    ("drop", "reason"),
    [
        ({"code": 1011}, "closed the connection (1011)"),
        ({"reset": True}, "the connection broke"),
        ({}, "ended the connection"),
    ],
)
async def test_a_cut_loses_nothing_that_was_sent_and_is_told(drop, reason):
    """Close, RST and FIN: all before it is delivered, then Lost and Gap, then what comes after."""
    async with terminal_of() as terminal, session_on(terminal) as session:
        async with session.stream.trades(AAPL) as feed:
            got = []
            notices = feed.with_notices()
            for turn in range(1, 4):
                last = emit(terminal, 1000)
                # A reset may overtake what lies in the kernel: that is the network's, not ours.
                await until(lambda last=last: feed.statistics().received >= last)
                terminal.stream.drop(**drop)
                await subscribed_again(terminal, turn + 1)
            with trio.fail_after(5):
                while len(got) < 3 * 1002:
                    got.append(await notices.receive())
            losses = [each for each in got if isinstance(each, Lost | Gap)]
            assert told(losses) == ["Lost", "Gap"] * 3
            assert all(reason in each.reason for each in losses)
            events = [each.size for each in got if not isinstance(each, Lost | Gap)]
            assert events == terminal.ledger.stream.sent() == list(range(1, 3001))


async def test_a_reader_that_pauses_is_told_what_it_lost():
    """Unread, the buffer stays within its bound, pings are answered, and the number is exact."""
    flood = testing.PingFlood(50, nth=1000, every=1000)
    async with terminal_of(flood) as terminal, session_on(terminal) as session:
        async with session.stream.trades(AAPL, overflow="drop_oldest", buffer=100) as feed:
            for turn in range(1, 11):
                emit(terminal, 500)
                await until(lambda turn=turn: feed.statistics().received == 500 * turn)
                assert feed.statistics().waiting == 100
            entry = terminal.ledger.stream.connections[1]
            assert entry.pings == 50 * terminal.faults.hits(flood) > 0
            dropped, first, *_ = [await feed.with_notices().receive() for _ in range(101)]
            assert dropped.count == 4900
            assert first.size == 4901
            assert session.stream.statistics().connections == 1


async def test_leaving_with_thousands_of_unread_events_does_not_hang():
    """5,000 events in the buffer and a terminal that sends as fast as it can: still prompt."""
    settings = StreamSettings(rate=float("inf"), numbered=True)
    async with open_terminal(contracts=2, stream=settings) as terminal:
        async with session_on(terminal, close_timeout=20) as session:
            async with session.stream.trades(AAPL, overflow="drop_newest", buffer=5000) as feed:
                await until(lambda: feed.statistics().waiting == 5000)
                began = time.monotonic()
        assert time.monotonic() - began < 5
        await until(lambda: terminal.ledger.stream.open == 0)
        assert terminal.ledger.stream.connections[1].close_code == 1000


def descriptors():
    """Return how many files and sockets are open."""
    gc.collect()
    return len(os.listdir("/dev/fd"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not list what is open")
@pytest.mark.parametrize(
    ("fault", "at_most"),
    [
        (None, 0.0),
        (testing.KeepOpen(), 0.0),
        (testing.IgnoreClose(), 0.2),
        (testing.MuteStream(nth=4), 0.2),
        (testing.HalfOpenStream(nth=4), 0.2),
    ],
    ids=["well behaved", "keeps TCP open", "ignores the close", "mute", "half open"],
)
async def test_leaving_closes_its_socket_whatever_the_terminal_does(fault, at_most):
    """Within close_timeout; afterwards no more is open, and no more tasks live, than before."""
    faults = () if fault is None else (fault,)
    async with terminal_of(*faults) as terminal:
        before = descriptors()
        living = trio.lowlevel.current_statistics().tasks_living
        async with session_on(terminal, close_timeout=0.2) as session:
            async with session.stream.trades(AAPL):
                emit(terminal, 10)
                await until(lambda: session.stream.statistics().messages > 2)
                began = time.monotonic()
        took = time.monotonic() - began
        assert took < at_most + 2  # of a machine that may be busy
        # The terminal's end is open for as long as it likes.
        terminal.stream.drop_all(now=True)
        terminal.stop()
        await until(lambda: descriptors() <= before)
        await until(lambda: trio.lowlevel.current_statistics().tasks_living <= living)


@pytest.mark.parametrize("count", [1000, pytest.param(3000, marks=pytest.mark.deep)])
@pytest.mark.parametrize("how", ["left", "cancelled"])
async def test_thousands_of_subscriptions_are_removed(how, count, caplog):
    """After a session with thousands of subscriptions none is left, and all can be had again."""
    stocks = [thetatrio.Stock(f"T{number:04}") for number in range(count)]
    async with terminal_of() as terminal:
        options = {"close_timeout": 30, "ack_timeout": 60}  # of a machine that may be busy
        async with trio.open_nursery() as nursery:
            async with session_on(terminal, **options) as session:
                async with session.stream.trades(*stocks):
                    assert len(terminal.stream.subscriptions) == count
                    if how == "cancelled":
                        nursery.cancel_scope.cancel()
                        await trio.lowlevel.checkpoint_if_cancelled()
        assert not terminal.stream.subscriptions
        async with session_on(terminal, **options) as session:
            async with session.stream.trades(*stocks) as feed:
                assert not feed.refused
    assert "may remain" not in caplog.text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not list what is open")
async def test_many_reconnects_leave_no_socket_behind():
    """Thirty connections cut in every way, and in the end there is one."""
    async with terminal_of() as terminal, session_on(terminal) as session:
        async with session.stream.trades(AAPL):
            before = descriptors()
            for turn in range(30):
                ways = ({"code": 1000}, {"reset": True}, {"code": 1011}, {})
                terminal.stream.drop(**ways[turn % 4])
                await subscribed_again(terminal, turn + 2)
            assert session.stream.statistics().connections == 31
            await until(lambda: descriptors() == before)


async def test_slices_of_a_connection_are_put_together():
    """What the terminal sent is what was delivered, whatever pieces the kernel gives it in."""
    async with terminal_of(testing.SlicedStream(31)) as terminal:
        async with session_on(terminal) as session, session.stream.trades(AAPL) as feed:
            with trio.fail_after(10):
                for turn in range(3):
                    emit(terminal, 200)
                    got = [(await feed.receive()).size for _ in range(200)]
                    assert got == list(range(200 * turn + 1, 200 * turn + 201))
        await terminal.ledger.stream.wait_until(lambda ledger: ledger.open == 0)
        assert list(terminal.ledger.stream.connections[1].sent) == list(range(1, 601))


async def test_who_is_too_many_for_a_terminal_comes_back_when_it_is_free():
    """A terminal of one client that refuses others (503) is tried again once told to wait."""
    async with terminal_of(clients="refuse") as terminal:
        async with session_on(terminal) as first, session_on(terminal) as second:
            async with first.stream.trades(AAPL):
                with pytest.raises(thetatrio.ServerError) as caught:
                    async with second.stream.trades(AAPL):
                        raise AssertionError
                assert caught.value.code == 503
        async with session_on(terminal, wait_for_terminal=5) as third:
            async with third.stream.trades(AAPL) as feed:
                emit(terminal, 1)
                assert (await feed.receive()).size == 1


async def test_two_clients_of_one_terminal_each_get_their_own():
    """A terminal that sends everything to everybody: each feed has what it asked for."""
    spy = thetatrio.Stock("SPY")
    async with terminal_of() as terminal:
        async with session_on(terminal) as one, session_on(terminal) as two:
            async with one.stream.trades(AAPL) as apple, two.stream.trades(spy) as spider:
                for ms in range(100):
                    terminal.stream.emit("TRADE", AAPL, ms_of_day=ms)
                    terminal.stream.emit("TRADE", spy, ms_of_day=ms)
                with trio.fail_after(5):
                    got = [
                        [(await feed.receive()).size for _ in range(100)]
                        for feed in (apple, spider)
                    ]
                assert got == [list(range(1, 201, 2)), list(range(2, 201, 2))]
                await until(lambda: one.stream.statistics().unwanted == 100)
