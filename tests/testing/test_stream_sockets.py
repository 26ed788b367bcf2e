"""The stream on real sockets: ports, shutting down, cutting, load, what is imported when."""

import math
import subprocess
import sys

import pytest
import trio
from trio_websocket import open_websocket_url

from tests.testing.stream_client import StreamClient
from thetatrio import Stock
from thetatrio.errors import InvalidConfig
from thetatrio.testing import REAL_PORTS, StreamSettings, open_terminal

SMALL = {"contracts": 12}


async def test_it_listens_on_loopback():
    """A WebSocket client talks to it; its config points a session at it."""
    async with open_terminal(**SMALL) as terminal:
        assert terminal.stream_url == f"ws://127.0.0.1:{terminal.stream_port}/v1/events"
        assert terminal.stream_port not in (None, terminal.port)
        assert terminal.config.stream_url == terminal.stream_url
        async with open_websocket_url(terminal.stream_url) as client:
            assert (
                await client.get_message() == '{"header":{"status":"DISCONNECTED","type":"STATUS"}}'
            )
    assert terminal.ledger.stream.connections[1].closed is not None
    with pytest.raises(OSError):
        await trio.open_tcp_stream("127.0.0.1", terminal.stream_port)


@pytest.mark.parametrize("port", sorted(REAL_PORTS))
async def test_real_ports_are_refused(port):
    """A simulated stream is never mistaken for a real one, and no port stays open."""
    with pytest.raises(InvalidConfig, match="real terminal"):
        async with open_terminal(stream_port=port, **SMALL):
            raise AssertionError


async def test_shutdown_ends_streams():
    """A terminal that is shut down drops its stream's connections and listens no more."""
    async with open_terminal(**SMALL) as terminal:
        stream = await trio.open_tcp_stream("127.0.0.1", terminal.stream_port)
        client = await StreamClient(stream).handshake()
        terminal.stop()
        assert await client.rest() == ([], None)
        await stream.aclose()
        await terminal.ledger.stream.wait_until(lambda ledger: ledger.open == 0)
        with pytest.raises(OSError):
            await trio.open_tcp_stream("127.0.0.1", terminal.stream_port)


@pytest.mark.parametrize("reset", [False, True])
async def test_a_cut_is_known_to_the_byte(reset):
    """What was handed to a client that does not read is counted; the rest is not."""
    settings = StreamSettings(rate=math.inf, numbered=True, queue_events=20_000)
    async with open_terminal(stream=settings, **SMALL) as terminal:
        stream = await trio.open_tcp_stream("127.0.0.1", terminal.stream_port)
        client = await StreamClient(stream).handshake()
        await client.command(sec_type="STOCK", req_type="TRADE", contract={"root": "AAPL"})
        await client.events(100)
        await trio.sleep(0.1)
        terminal.stream.drop(reset=reset, now=True)
        await terminal.ledger.stream.wait_until(lambda ledger: ledger.open == 0)
        entry = terminal.ledger.stream.connections[1]
        assert entry.sent.ranges == (range(1, len(entry.sent) + 1),)
        if not reset:
            events, _ = await client.rest()
            assert [event["trade"]["size"] for event in events] == list(entry.sent)[100:]
            assert entry.bytes > 0
        await stream.aclose()


async def test_load():
    """Events come by the tens of thousands a second, and none is missing."""
    settings = StreamSettings(rate=math.inf, numbered=True)
    async with open_terminal(stream=settings, **SMALL) as terminal:
        stream = await trio.open_tcp_stream("127.0.0.1", terminal.stream_port)
        client = await StreamClient(stream).handshake()
        for root in ("AAPL", "SPY", "QQQ"):
            await client.command(sec_type="STOCK", req_type="QUOTE", contract={"root": root})
        received = 0
        started = trio.current_time()
        while received < 50_000:
            received += (await stream.receive_some(1 << 20)).count(b'"QUOTE"')
        # A tenth of what an idle machine does, so that a busy one passes, too.
        assert received / (trio.current_time() - started) > 5_000
        await stream.aclose()


async def test_a_client_that_vanishes():
    """A client that is gone without a word leaves nothing behind."""
    async with open_terminal(**SMALL) as terminal:
        stream = await trio.open_tcp_stream("127.0.0.1", terminal.stream_port)
        await StreamClient(stream).handshake()
        await trio.aclose_forcefully(stream)
        await terminal.ledger.stream.wait_until(lambda ledger: ledger.open == 0)
        assert terminal.stream.emit("TRADE", Stock("AAPL")) == 0


def test_importing_is_light():
    """The WebSocket library is loaded with the first connection, not before."""
    script = "import sys, thetatrio.testing; print('trio_websocket' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
