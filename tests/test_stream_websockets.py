"""The stream against a server of another library, in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from contextlib import asynccontextmanager

import trio
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

import thetatrio
from tests.stream_peer import AAPL, read, response, status, told, trade, until
from thetatrio import ReconnectPolicy

SOON = ReconnectPolicy(base=0.01, cap=0.01)
LOGGER = logging.getLogger("tests.websockets")


class Server:
    """Serves each connection by one async function, and keeps what that returned or raised."""

    def __init__(self, life):
        self.port = 0
        self.outcomes = []
        """What each connection came to, in order."""
        self._life = life
        self._loop = None
        self._stop = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    async def _run(self):
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        options = {"ping_interval": None, "close_timeout": 1, "logger": LOGGER}
        async with serve(self._handle, "127.0.0.1", 0, **options) as server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            async with asyncio.timeout(30):
                await self._stop.wait()

    async def _handle(self, connection):
        try:
            self.outcomes.append(await self._life(connection))
        except Exception as error:  # noqa: BLE001  # for the test to look at
            self.outcomes.append(error)

    @asynccontextmanager
    async def running(self):
        self._thread.start()
        try:
            assert await trio.to_thread.run_sync(self._ready.wait, 10)
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._stop.set)
            await trio.to_thread.run_sync(self._thread.join, 10)
            assert not self._thread.is_alive()

    async def outcome(self, number=1):
        """Wait for what a connection came to, and return it."""
        await until(lambda: len(self.outcomes) >= number)
        found = self.outcomes[number - 1]
        if isinstance(found, Exception):
            raise found
        return found


@asynccontextmanager
async def against(life, **options):
    """Open a session on such a server; yield (server, session)."""
    options.setdefault("reconnect", SOON)
    async with Server(life).running() as server:
        url = f"ws://127.0.0.1:{server.port}/v1/events"
        with trio.fail_after(20):
            async with thetatrio.open_session(stream_url=url, **options) as session:
                yield server, session


async def greet(connection):
    """Tell the status, and acknowledge the first command; return it."""
    await connection.send(status().decode())
    command = json.loads(await connection.recv())
    await connection.send(response(command["id"]).decode())
    return command


async def rest(connection):
    """Return the commands that come until the client closes, and its code."""
    found = []
    try:
        while True:
            found.append(json.loads(await connection.recv()))
    except ConnectionClosed as closed:
        return found, closed.rcvd and closed.rcvd.code


async def test_they_shake_hands_and_the_client_closes():
    """Path, command, events and the goodbye are what the other library understands."""

    async def life(connection):
        command = await greet(connection)
        await connection.send(trade(1).decode())
        return connection.request.path, command, await rest(connection)

    async with against(life) as (server, session):
        async with session.stream.trades(AAPL) as feed:
            assert told(await read(feed, 1)) == [1]
    path, command, (others, code) = await server.outcome()
    assert path == "/v1/events"
    assert (command["add"], command["contract"]) == (True, {"root": "AAPL"})
    assert [each["add"] for each in others] == [False]
    assert code == 1000


async def test_its_pings_are_answered_while_nobody_reads():
    """Each ping gets its pong, although the feed's buffer is full."""

    async def life(connection):
        await greet(connection)
        for number in range(50):
            await connection.send(trade(number).decode())
            async with asyncio.timeout(10):
                await (await connection.ping(b"%d" % number))
        return await rest(connection)

    async with against(life) as (_, session):
        async with session.stream.trades(AAPL, overflow="drop_oldest", buffer=5) as feed:
            await until(lambda: feed.statistics().received == 50)
            assert told(await read(feed.with_notices(), 2)) == ["Dropped", 45]


async def test_our_pings_are_answered(monkeypatch, caplog):
    """They go out now and then, and the other library takes them for pings."""
    monkeypatch.setattr("thetatrio._stream.connection._PING_EVERY", 0.01)

    async def life(connection):
        await greet(connection)
        return await rest(connection)

    def pings():
        return [record for record in caplog.records if "< PING" in record.getMessage()]

    with caplog.at_level(logging.DEBUG, LOGGER.name):
        async with against(life) as (server, session):
            async with session.stream.trades(AAPL):
                await until(lambda: len(pings()) >= 3)
    _, code = await server.outcome()
    assert code == 1000
    assert any("> PONG" in record.getMessage() for record in caplog.records)


async def test_its_fragments_are_put_together():
    """A message sent in pieces is one message, with a ping among them too."""
    text = trade(2).decode()

    async def pieces(connection):
        for at in range(0, len(text), 40):
            yield text[at : at + 40]
            await connection.ping()

    async def life(connection):
        await greet(connection)
        whole = trade(1).decode()
        await connection.send([whole[:10], whole[10:100], whole[100:]])
        await connection.send(pieces(connection))
        await connection.send(trade(3).decode())
        return await rest(connection)

    async with against(life) as (_, session):
        async with session.stream.trades(AAPL) as feed:
            assert told(await read(feed, 3)) == [1, 2, 3]


async def test_its_long_messages_are_read():
    """70,000 bytes need a length of eight bytes."""

    async def life(connection):
        await greet(connection)
        await connection.send(trade(1, note="x" * 70_000).decode())
        await connection.send(trade(2).decode())
        return await rest(connection)

    async with against(life) as (_, session):
        async with session.stream.trades(AAPL) as feed:
            assert told(await read(feed, 2)) == [1, 2]


async def test_our_long_commands_are_read():
    """Thousands of commands, masked and sent together, arrive one by one."""
    many = [thetatrio.Stock(f"T{number:04}") for number in range(1000)]

    async def life(connection):
        roots = []
        while len(roots) < 1000:
            command = await greet(connection)
            roots.append(command["contract"]["root"])
        await connection.send(trade(1, many[-1]).decode())
        return roots, await rest(connection)

    async with against(life) as (server, session):
        async with session.stream.trades(*many) as feed:
            assert told(await read(feed, 1)) == [1]
    roots, (others, code) = await server.outcome()
    assert roots == [each.symbol for each in many]
    assert sorted(each["contract"]["root"] for each in others) == roots
    assert code == 1000


async def test_its_close_is_answered_and_the_stream_comes_back():
    """The close handshake is whole on both sides; the loss is told in its place."""
    lives = []

    async def life(connection):
        lives.append(connection)
        number = len(lives)
        await greet(connection)
        await connection.send(trade(number).decode())
        if number == 1:
            await connection.close(1001, "going away")
            return connection.close_code, connection.protocol.close_rcvd.code
        return await rest(connection)

    async with against(life) as (server, session):
        async with session.stream.trades(AAPL) as feed:
            got = await read(feed.with_notices(), 4)
            assert told(got) == [1, "Lost", "Gap", 2]
            assert got[1].reason == "the terminal closed the connection (1001: going away)"
    assert await server.outcome() == (1001, 1001)


async def test_a_message_that_is_too_long_for_us_is_refused_politely():
    """The other library sees a close of 1009."""

    async def life(connection):
        await greet(connection)
        await connection.send(trade(1, note="x" * 9000).decode())
        return await rest(connection)

    async with against(life, max_frame=8192) as (server, session):
        async with session.stream.trades(AAPL) as feed:
            assert told(await read(feed.with_notices(), 1)) == ["Lost"]
            assert await server.outcome() == ([], 1009)


async def test_a_program_that_blocks_its_loop_is_not_reconnected():
    """Three times idle_timeout without a look: what came meanwhile lies in the socket."""
    ended = threading.Event()

    async def life(connection):
        await greet(connection)
        number = 0
        while not ended.is_set():
            number += 1
            await connection.send(status().decode())
            await connection.send(trade(number).decode())
            await asyncio.sleep(0.02)
        return await rest(connection)

    async with against(life, idle_timeout=0.25) as (_, session):
        async with session.stream.trades(AAPL) as feed:
            assert told(await read(feed, 1)) == [1]
            time.sleep(0.75)  # noqa: ASYNC251  # this is the program that blocks its loop
            got = await read(feed.with_notices(), 20)
            assert told(got) == list(range(2, 22))
            assert session.stream.statistics().connections == 1
            ended.set()
