"""HTTP as a terminal speaks it, on one connection."""

import logging

import h11
import pytest
import trio
from trio.testing import memory_stream_pair as unbounded_pair
from trio.testing import wait_all_tasks_blocked

from tests.testing.client import EOD, OHLC, QUOTE, STATUS, SYMBOLS, connected, small
from thetatrio.testing import Latency, Mute, memory_stream_pair

CHAIN = {"symbol": "AAPL", "expiration": "*", "date": "20241104", "interval": "1m"}


async def test_keep_alive(autojump_clock):
    """One connection serves one request after the other."""
    terminal = small()
    async with connected(terminal) as client:
        for _ in range(3):
            assert (await client.get(STATUS)).text == "CONNECTED"
        assert (await client.get("/v3/nope")).status == 404
        assert (await client.get(STATUS)).status == 200
    await terminal.ledger.wait_until(lambda ledger: ledger.connections == 0)
    assert terminal.ledger.connections_total == 1
    assert terminal.ledger.completed == 5


async def test_pipelining(autojump_clock):
    """Requests sent ahead are answered in their order."""
    terminal = small()
    ours, theirs = memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(terminal.serve, theirs)
        one = b"GET /v3/terminal/mdds/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        await ours.send_all(one + b"GET /v3/nope HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + one)
        data = b""
        while data.count(b"HTTP/1.1") < 3 or not data.endswith(b"CONNECTED"):
            data += await ours.receive_some()
        await ours.aclose()
    assert [entry.path for entry in terminal.ledger.requests] == [STATUS, "/v3/nope", STATUS]
    assert data.index(b"404") > data.index(b"CONNECTED")


async def test_closing_on_request(autojump_clock):
    """`Connection: close`, and HTTP/1.0, end the connection after the answer."""
    for head in (b"HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", b"HTTP/1.0\r\n\r\n"):
        terminal = small()
        ours, theirs = memory_stream_pair()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(terminal.serve, theirs)
            await ours.send_all(b"GET /v3/terminal/mdds/status " + head)
            data = b"".join([piece async for piece in ours])
        assert data.endswith(b"CONNECTED")


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT"])
async def test_only_get(method, autojump_clock):
    """Other methods are 405, and the connection goes on."""
    terminal = small()
    async with connected(terminal) as client:
        client.http = h11.Connection(h11.CLIENT)
        await client.ask(STATUS, method=method)
        reply = await client.answer()
        assert (reply.status, reply.headers["allow"]) == (405, "GET")
        assert (await client.get(STATUS)).status == 200


async def test_bodies_of_requests_are_read_over(autojump_clock):
    """A body nobody wanted does not garble the next request."""
    terminal = small()
    async with connected(terminal) as client:
        request = h11.Request(
            method="POST", target=SYMBOLS, headers=[("Host", "127.0.0.1"), ("Content-Length", "5")]
        )
        data = client.http.send(request) + client.http.send(h11.Data(data=b"12345"))
        await client.stream.send_all(data + client.http.send(h11.EndOfMessage()))
        assert (await client.answer()).status == 405
        client.host = "127.0.0.1"
        assert (await client.get(SYMBOLS)).status == 200


@pytest.mark.parametrize(
    ("garbled", "status"),
    [
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"y" * 40_000, 431),
    ],
)
async def test_garbled_requests(garbled, status, autojump_clock):
    """What is not HTTP, or has an endless head, is refused and the connection ended."""
    terminal = small()
    ours, theirs = memory_stream_pair(1 << 20)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(terminal.serve, theirs)
        await ours.send_all(garbled)
        data = b"".join([piece async for piece in ours])
    assert data.startswith(b"HTTP/1.1 %d" % status)
    assert b"thetatrio-simulator" in data
    assert terminal.ledger.total == 0


async def test_a_second_garbled_request(autojump_clock):
    """A connection that turns to nonsense after a good request is ended."""
    terminal = small()
    async with connected(terminal) as client:
        assert (await client.get(STATUS)).status == 200
        await client.stream.send_all(b"\x00\x01\r\n\r\n")
        data = b"".join([piece async for piece in client.stream])
        assert b" 400 " in data


async def test_a_client_that_goes_while_waiting(autojump_clock):
    """A client that closes during a latency of an hour frees its slot at once."""
    terminal = small(latency=3600.0)
    async with connected(terminal) as client:
        await client.ask(SYMBOLS)
        await terminal.ledger.wait_until(lambda ledger: ledger.in_flight == 1)
        await client.stream.aclose()
        await terminal.ledger.wait_idle()
    assert trio.current_time() < 1
    entry = terminal.ledger.requests[0]
    assert (entry.outcome, entry.status, entry.body_bytes) == ("aborted", None, 0)


async def test_a_client_that_goes_while_sent_to(autojump_clock):
    """A client that closes while the server is held up in sending frees its slot."""
    terminal = small(contracts=100)
    async with connected(terminal, capacity=4096) as client:
        await client.ask(QUOTE, **CHAIN)
        await client.stream.receive_some(1000)
        await wait_all_tasks_blocked()
        assert terminal.ledger.in_flight == 1
        await client.stream.aclose()
        await terminal.ledger.wait_idle()
    entry = terminal.ledger.requests[0]
    assert (entry.outcome, entry.status) == ("aborted", 200)
    assert entry.body_bytes < 1_000_000


async def test_a_reset_while_sent_to(autojump_clock):
    """A client that resets is gone like one that closes."""
    terminal = small(contracts=100)
    async with connected(terminal, capacity=4096) as client:
        await client.ask(QUOTE, **CHAIN)
        await client.stream.receive_some(1000)
        client.stream.reset()
        await terminal.ledger.wait_idle()
    assert terminal.ledger.requests[0].outcome == "aborted"
    await terminal.ledger.wait_until(lambda ledger: ledger.connections == 0)


async def test_a_client_that_goes_in_its_head(autojump_clock):
    """A request that never became whole is no request."""
    terminal = small()
    ours, theirs = memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(terminal.serve, theirs)
        await ours.send_all(b"GET / HT")
        await ours.aclose()
    assert terminal.ledger.total == 0


async def test_a_client_that_talks_too_much(autojump_clock):
    """What a client sends ahead is kept up to a bound; the rest waits in the connection."""
    terminal = small(faults=[Mute()])
    async with connected(terminal, capacity=1 << 16) as client:
        await client.ask(SYMBOLS)
        await wait_all_tasks_blocked()
        with trio.move_on_after(10) as scope:
            await client.stream.send_all(b"x" * (1 << 20))
        assert scope.cancelled_caught
        client.stream.reset()
        terminal.stop()


async def test_other_streams_are_served(autojump_clock):
    """Any trio stream will do, trio's own memory streams too."""
    terminal = small()
    ours, theirs = unbounded_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(terminal.serve, theirs)
        await ours.send_all(b"GET /v3/terminal/mdds/status HTTP/1.0\r\n\r\n")
        data = b""
        while piece := await ours.receive_some():
            data += piece
    assert data.endswith(b"CONNECTED")


async def test_time_is_trios(autojump_clock):
    """Latency and ledger go by trio's clock, so tests of hours take none."""
    terminal = small(latency=100.0, faults=[Latency(3600.0)])
    async with connected(terminal) as client:
        await client.get(SYMBOLS)
    entry = terminal.ledger.requests[0]
    assert entry.ended - entry.started == pytest.approx(3700.0)


async def test_a_defect_is_a_500(autojump_clock, monkeypatch, caplog):
    """A defect of the simulator is logged and answered, and the terminal goes on."""
    terminal = small()
    monkeypatch.setattr(terminal.market, "stock", lambda *_: 1 // 0)
    with caplog.at_level(logging.ERROR, "thetatrio.testing"):
        async with connected(terminal) as client:
            span = {"start_date": "20241104", "end_date": "20241104"}
            assert (await client.get(EOD, symbol="F", **span)).status == 500
    assert "ZeroDivisionError" in caplog.text
    async with connected(terminal) as client:
        assert (await client.get(STATUS)).status == 200


async def test_a_defect_in_mid_body_cuts(autojump_clock, monkeypatch, caplog):
    """A defect after the head cuts the connection, as there is no other way to say it."""
    terminal = small(contracts=100)
    option = terminal.market.option
    calls = iter(range(1000))
    monkeypatch.setattr(
        terminal.market, "option", lambda *a: option(*a) if next(calls) < 50 else 1 // 0
    )
    with caplog.at_level(logging.ERROR, "thetatrio.testing"):
        async with connected(terminal) as client:
            reply = await client.get(QUOTE, **CHAIN)
    assert reply.status == 200
    assert not reply.whole


async def test_the_ledger_knows_it_all(autojump_clock):
    """Each request is entered with what was asked and what was sent."""
    terminal = small()
    async with connected(terminal, host="127.0.0.1:1") as client:
        query = {"symbol": "F", "date": "20241104", "interval": "1h", "format": "csv"}
        reply = await client.get(OHLC, **query)
        await client.get("/v3/nope")
    ledger = terminal.ledger
    entry = ledger.of("stock_history_ohlc")[0]
    assert entry.query == query
    assert (entry.number, entry.connection, entry.method, entry.path) == (1, 1, "GET", OHLC)
    assert (entry.host, entry.headers["host"]) == ("127.0.0.1:1", "127.0.0.1:1")
    assert entry.body_bytes == len(reply.body)
    assert ledger.statuses() == [200, 404]
    assert (ledger.total, ledger.completed, ledger.aborted) == (2, 2, 0)
    assert ledger.body_bytes > entry.body_bytes
    assert ledger.highest_in_flight == 1
    ledger.reset()
    assert (ledger.total, ledger.highest_in_flight, ledger.connections_total) == (0, 0, 0)
