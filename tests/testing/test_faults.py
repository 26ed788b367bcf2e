"""Each fault does what its name says, to the requests it is aimed at."""

import pytest
import trio
from trio.testing import memory_stream_pair as unbounded_pair
from trio.testing import wait_all_tasks_blocked

from tests.testing.client import (
    OHLC,
    QUOTE,
    STATUS,
    SYMBOLS,
    Client,
    ask_operation,
    connected,
    small,
)
from thetatrio import testing
from thetatrio.testing import open_terminal

BARS = {"symbol": "F", "date": "20241104", "interval": "1m"}


async def body_of(name="stock_history_ohlc"):
    return (await ask_operation(small(), name)).body


async def test_latency(autojump_clock):
    """The answer begins so much later, within the jitter, the same for the same seed."""
    times = []
    for _ in range(2):
        terminal = small(faults=[testing.Latency(10.0, jitter=2.0)])
        started = trio.current_time()
        async with connected(terminal) as client:
            await client.get(SYMBOLS)
        times.append(trio.current_time() - started)
    assert 8.0 <= times[0] <= 12.0
    assert times[0] == pytest.approx(times[1])
    assert times[0] != 10.0


async def test_slicer(autojump_clock):
    """The body comes in slices, so far apart, and is the same body."""
    expected = await body_of("stock_list_symbols")
    terminal = small(faults=[testing.Slicer(10, delay=1.0)])
    assert (await ask_operation(terminal, "stock_list_symbols")).body == expected
    assert trio.current_time() == pytest.approx(8.0)
    assert terminal.ledger.completed == 1
    assert (
        await ask_operation(small(faults=[testing.Slicer(7)]), "stock_list_symbols")
    ).body == expected


async def test_bandwidth(autojump_clock):
    """The body takes its length divided by the rate."""
    expected = await body_of()
    terminal = small(faults=[testing.Bandwidth(1000)])
    reply = await ask_operation(terminal, "stock_history_ohlc")
    assert reply.body == expected
    assert trio.current_time() == pytest.approx(len(expected) / 1000, rel=0.02)


@pytest.mark.parametrize("after", [0, 1, 5_000])
async def test_limit_data(after, autojump_clock):
    """The connection ends after so many bytes of the body, not one more or less."""
    expected = await body_of()
    terminal = small(faults=[testing.LimitData(after)])
    reply = await ask_operation(terminal, "stock_history_ohlc")
    assert (reply.status, reply.whole) == (200, False)
    assert reply.body == expected[:after]
    entry = terminal.ledger.requests[0]
    assert (entry.outcome, entry.body_bytes) == ("aborted", after)


async def test_limit_data_leaves_short_bodies(autojump_clock):
    """A body that fits is whole, one of exactly that length too."""
    expected = await body_of("stock_list_symbols")
    terminal = small(faults=[testing.LimitData(len(expected))])
    assert (await ask_operation(terminal, "stock_list_symbols")).whole


@pytest.mark.parametrize("after", [0, 100])
async def test_reset_peer(after, autojump_clock):
    """The peer sees the connection break rather than end."""
    terminal = small(faults=[testing.ResetPeer(after)])
    async with connected(terminal) as client:
        await client.ask(OHLC, **BARS)
        with pytest.raises(trio.BrokenResourceError):
            await client.answer()
    assert terminal.ledger.requests[0].body_bytes == after


async def test_reset_after_the_last_byte(autojump_clock):
    """A body shorter than the bound is reset at its end."""
    terminal = small(faults=[testing.ResetPeer(10_000)])
    async with connected(terminal) as client:
        await client.ask(SYMBOLS)
        with pytest.raises(trio.BrokenResourceError):
            while True:
                await client.stream.receive_some()


async def test_reset_of_a_socket():
    """On sockets it is an RST."""
    async with open_terminal(contracts=12, faults=[testing.ResetPeer(0)]) as terminal:
        stream = await trio.open_tcp_stream("127.0.0.1", terminal.port)
        async with stream:
            client = Client(stream)
            await client.ask(SYMBOLS)
            with pytest.raises(trio.BrokenResourceError):
                await client.answer()


async def test_reset_of_a_stream_that_cannot(autojump_clock):
    """A stream without a reset of its own is closed."""
    terminal = small(faults=[testing.ResetPeer(0)])
    ours, theirs = unbounded_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(terminal.serve, theirs)
        client = Client(ours)
        await client.ask(SYMBOLS)
        assert not (await client.answer()).whole


async def test_mute(autojump_clock):
    """The request is taken and nothing is said, until the client goes."""
    terminal = small(faults=[testing.Mute()])
    async with connected(terminal) as client:
        await client.ask(SYMBOLS)
        with trio.move_on_after(1e6) as scope:
            await client.stream.receive_some()
        assert scope.cancelled_caught
        assert terminal.ledger.in_flight == 1
    await terminal.ledger.wait_idle()
    assert terminal.ledger.requests[0].status is None


async def test_half_open(autojump_clock):
    """Sending stops in mid-body and the connection stays."""
    expected = await body_of()
    terminal = small(faults=[testing.HalfOpen(2_000)])
    async with connected(terminal) as client:
        await client.ask(OHLC, **BARS)
        data = b""
        with trio.move_on_after(1e6) as scope:
            while piece := await client.stream.receive_some():
                data += piece
        assert scope.cancelled_caught
        assert data.endswith(expected[:2000])
        assert terminal.ledger.in_flight == 1
    await terminal.ledger.wait_idle()


async def test_garbage(autojump_clock):
    """Random bytes under the usual type, the same for the same seed."""
    replies = [
        await ask_operation(small(faults=[testing.Garbage(500)]), "stock_history_ohlc")
        for _ in range(2)
    ]
    assert replies[0].headers["content-type"] == "text/csv"
    assert len(replies[0].body) == 500
    assert replies[0].body == replies[1].body


@pytest.mark.parametrize("named", ["text/html", None])
async def test_wrong_type(named, autojump_clock):
    """Another content type, or none."""
    terminal = small(faults=[testing.WrongType(named)])
    reply = await ask_operation(terminal, "stock_list_symbols")
    assert reply.headers.get("content-type") == named
    assert reply.body == await body_of("stock_list_symbols")


async def test_status(autojump_clock):
    """A status with its text and headers, so often and no more."""
    fault = testing.Status(503, "busy", headers={"Retry-After": "7"}, times=2)
    terminal = small(faults=[fault])
    async with connected(terminal) as client:
        for _ in range(2):
            reply = await client.get(SYMBOLS)
            assert (reply.status, reply.text, reply.headers["retry-after"]) == (503, "busy", "7")
        assert (await client.get(SYMBOLS)).status == 200
    assert terminal.faults.hits(fault) == 2


async def test_no_length(autojump_clock):
    """The body's end is the connection's, and nothing says where it should have been."""
    expected = await body_of()
    terminal = small(faults=[testing.NoLength(times=1)])
    reply = await ask_operation(terminal, "stock_history_ohlc")
    assert not {"content-length", "transfer-encoding"} & set(reply.headers)
    assert reply.body == expected
    assert terminal.ledger.requests[0].outcome == "completed"
    assert (await ask_operation(terminal, "stock_history_ohlc")).headers["content-length"]


async def test_no_length_and_a_cut(autojump_clock):
    """Together with a cut, a short body that looks whole: what only its text can tell."""
    terminal = small(faults=[testing.NoLength(), testing.LimitData(777)])
    reply = await ask_operation(terminal, "stock_history_ohlc")
    assert reply.whole
    assert len(reply.body) == 777


async def test_refuse(autojump_clock):
    """The second and third connection are closed before a word."""
    terminal = small(faults=[testing.Refuse(nth=2, times=2)])
    statuses = [(await ask_operation(terminal, "stock_list_symbols")).status for _ in range(1)]
    for _ in range(2):
        async with connected(terminal) as client:
            assert await client.stream.receive_some() == b""
    statuses.append((await ask_operation(terminal, "stock_list_symbols")).status)
    assert statuses == [200, 200]
    assert terminal.ledger.connections_total == 2


async def test_aim(autojump_clock):
    """A fault hits the operations and paths it names, from the nth on, so many times."""
    by_name = testing.Status(500, path="stock_history_ohlc")
    by_glob = testing.Status(501, path="/v3/terminal/*", nth=2, times=1)
    terminal = small(faults=[by_name])
    terminal.faults.append(by_glob)
    async with connected(terminal) as client:
        assert (await client.get(SYMBOLS)).status == 200
        assert (await client.get(OHLC, **BARS)).status == 500
        assert [(await client.get(STATUS)).status for _ in range(3)] == [200, 501, 200]
        terminal.faults.remove(by_name)
        assert (await client.get(OHLC, **BARS)).status == 200
    assert list(terminal.faults) == [by_glob]
    assert len(terminal.faults) == 1
    with pytest.raises(ValueError, match="not in the script"):
        terminal.faults.remove(by_name)
    terminal.faults.clear()
    assert not list(terminal.faults)


async def test_faults_added_while_it_runs(autojump_clock):
    """A script may grow in the middle of a test; earlier requests do not count."""
    terminal = small()
    async with connected(terminal) as client:
        assert (await client.get(SYMBOLS)).status == 200
        terminal.faults.append(testing.Status(474, nth=1, times=1))
        assert (await client.get(SYMBOLS)).status == 474
        assert (await client.get(SYMBOLS)).status == 200


async def test_the_earlier_bound_counts(autojump_clock):
    """Of two bounds in one body the lower one is met first."""
    terminal = small(faults=[testing.HalfOpen(5_000), testing.LimitData(1_000)])
    assert len((await ask_operation(terminal, "stock_history_ohlc")).body) == 1_000


async def test_a_cut_in_a_chunked_body(autojump_clock):
    """Far into a long body the cut is as exact."""
    terminal = small(faults=[testing.LimitData(200_000, path=QUOTE)])
    async with connected(terminal) as client:
        query = {"symbol": "AAPL", "expiration": "*", "date": "20241104", "interval": "1m"}
        reply = await client.get(QUOTE, **query)
    assert not reply.whole
    assert len(reply.body) == 200_000


async def test_a_slow_body_does_not_hold_up_the_rest(autojump_clock):
    """Other connections are served while one waits."""
    terminal = small(faults=[testing.Mute(path="stock_history_ohlc")])
    async with connected(terminal) as slow, connected(terminal) as quick:
        await slow.ask(OHLC, **BARS)
        await wait_all_tasks_blocked()
        assert (await quick.get(SYMBOLS)).status == 200
        assert terminal.ledger.in_flight == 1
