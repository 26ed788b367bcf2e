"""What thetatrio's stream is measured against. `... stream_peers VARIANT PORT` takes turns."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from collections.abc import Awaitable, Callable

import msgspec
import trio

from tests.benchmarks.stream_slices import (
    SLICE,
    SLOW_SLICE,
    Envelope,
    Latencies,
    Line,
    Slice,
    WireContract,
    main,
    take_turns,
)
from thetatrio.events import Quote, Trade

READ = 65_536
READ_AT_ONCE = 262_144
CHANNEL = 1024

decode = msgspec.json.Decoder(Envelope).decode


def picows_bare(line: Line) -> None:
    """Decode each message whole, and drop it."""
    import picows

    class Listener(picows.WSListener):
        def __init__(self) -> None:
            self.count = 0
            self.last: Envelope | None = None
            self.done: asyncio.Future[None] | None = None

        def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
            self.last = decode(frame.get_payload_as_bytes())
            self.count += 1
            if self.count == SLICE and self.done is not None:
                self.done.set_result(None)

    async def client() -> None:
        transport, listener = await picows.ws_connect(Listener, line.url)
        assert isinstance(listener, Listener)

        async def turn() -> dict[str, float]:
            part = Slice(line, SLICE)
            listener.count = 0
            listener.done = asyncio.get_running_loop().create_future()
            part.begin()
            await listener.done
            return part.end(listener.count, listener.last)

        await take_turns(turn)
        transport.disconnect()

    asyncio.run(client())


Route = tuple[Callable[[bytes], Quote | Trade], WireContract]
KINDS: dict[str, type[Quote | Trade]] = {"QUOTE": Quote, "TRADE": Trade}


class Header(msgspec.Struct):
    type: str


class Prefix(msgspec.Struct):
    """What stands before a message's body."""

    header: Header
    contract: WireContract


def learn(prefix: bytes) -> Route:
    """Return how the messages that begin so are decoded, and what they are about."""
    found = msgspec.json.decode(prefix + b"{}}", type=Prefix)
    return msgspec.json.Decoder(KINDS[found.header.type]).decode, found.contract


def picows_routed(line: Line) -> None:
    """Do what thetatrio does: route, give events their contract, hand lists on, count."""
    import picows

    give = msgspec.structs.force_setattr

    class Listener(picows.WSListener):
        def __init__(self) -> None:
            self.routes: dict[bytes, Route] = {}
            self.lists: asyncio.Queue[list[Quote | Trade]] = asyncio.Queue()
            self.events: list[Quote | Trade] = []
            self.received = 0

        def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
            payload = frame.get_payload_as_bytes()
            end = payload.rfind(b"{")
            prefix = payload[:end]
            route = self.routes.get(prefix)
            if route is None:
                route = self.routes[prefix] = learn(prefix)
            body, contract = route
            event = body(payload[end:-1])
            give(event, "contract", contract)
            self.events.append(event)
            if frame.last_in_buffer:
                self.received += len(self.events)
                self.lists.put_nowait(self.events)
                self.events = []

    async def client() -> None:
        transport, listener = await picows.ws_connect(Listener, line.url)
        assert isinstance(listener, Listener)

        async def turn() -> dict[str, float]:
            part = Slice(line, SLICE)
            count = 0
            part.begin()
            while count < SLICE:
                events = await listener.lists.get()
                count += len(events)
            return part.end(count, events[-1])

        await take_turns(turn)
        transport.disconnect()

    asyncio.run(client())


def aiohttp(line: Line) -> None:
    """Decode each message of aiohttp's."""
    from aiohttp import ClientSession

    async def client() -> None:
        async with (
            ClientSession() as session,
            session.ws_connect(line.url, decode_text=False) as socket,
        ):

            async def turn() -> dict[str, float]:
                part = Slice(line, SLICE)
                part.begin()
                for _ in range(SLICE):
                    last = decode((await socket.receive()).data)
                return part.end(SLICE, last)

            await take_turns(turn)

    asyncio.run(client())


async def each(
    line: Line, size: int, receive: Callable[[], Awaitable[bytes | str]]
) -> dict[str, float]:
    """Measure a client that gives one message for each call."""
    part = Slice(line, size)
    part.begin()
    for _ in range(size):
        last = decode(await receive())
    return part.end(size, last)


def websockets(line: Line) -> None:
    """Decode each message of websockets'."""
    from websockets.asyncio.client import connect

    async def client() -> None:
        async with connect(line.url, compression=None, ping_interval=None, proxy=None) as socket:
            await take_turns(lambda: each(line, SLICE // 4, lambda: socket.recv(decode=False)))

    asyncio.run(client())


def trio_websocket(line: Line) -> None:
    """Decode each message of trio-websocket's, and send it to its reader by a channel."""
    from trio_websocket import WebSocketConnection, open_websocket_url

    async def read(socket: WebSocketConnection, channel: trio.MemorySendChannel[Envelope]) -> None:
        while True:
            await channel.send(decode(await socket.get_message()))

    async def client() -> None:
        send, receive = trio.open_memory_channel[Envelope](CHANNEL)

        async def turn() -> dict[str, float]:
            part = Slice(line, SLOW_SLICE)
            count = 0
            part.begin()
            while count < SLOW_SLICE:
                last = await receive.receive()
                count += 1
            return part.end(count, last)

        async with open_websocket_url(line.url) as socket, trio.open_nursery() as nursery:
            nursery.start_soon(read, socket, send)
            await take_turns(turn)
            nursery.cancel_scope.cancel()

    trio.run(client)


def httpx_ws(line: Line) -> None:
    """Decode each message of httpx-ws's."""
    from httpx import AsyncClient
    from httpx_ws import aconnect_ws

    async def client() -> None:
        url = line.url.replace("ws:", "http:")
        async with (
            AsyncClient(trust_env=False) as session,
            aconnect_ws(url, session, keepalive_ping_interval_seconds=None) as socket,
        ):
            await take_turns(lambda: each(line, SLOW_SLICE, socket.receive_text))

    trio.run(client)


HEAD = struct.Struct(">HH").unpack_from
WHOLE_TEXT = 0x817E
"""A whole text message whose length is in two bytes, as all here are."""


async def shake_hands(stream: trio.SocketStream, line: Line) -> None:
    key = base64.b64encode(os.urandom(16)).decode()
    path = line.url.partition(f":{line.port}")[2]
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{line.port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await stream.send_all(request.encode())
    assert (await stream.receive_some(READ)).endswith(b"\r\n\r\n")


def trio_loop(line: Line) -> None:
    """Note the latency of each message in the least that trio can do: read, split, decode."""

    async def client() -> None:
        stream = await trio.open_tcp_stream("127.0.0.1", line.port)
        await shake_hands(stream, line)
        latencies = Latencies(line)

        async def turn() -> dict[str, float]:
            latencies.begin()
            data = b""
            while True:
                data += await stream.receive_some(READ)
                start = 0
                while len(data) - start >= 4:
                    kind, size = HEAD(data, start)
                    assert kind == WHOLE_TEXT
                    end = start + 4 + size
                    if end > len(data):
                        break
                    quote = decode(data[start + 4 : end]).quote
                    start = end
                    assert quote is not None
                    if latencies.note(quote.bid_size):
                        return latencies.end()
                data = data[start:]

        await take_turns(turn)
        await trio.aclose_forcefully(stream)

    trio.run(client)


def python_loop(line: Line) -> None:
    """Do the least that a loop in Python can: cut, find the route, decode the body, drop it.

    No copy of a frame's end, no counting, no list, no other kind of frame: what
    thetatrio takes more than this is what it does more.
    """
    give = msgspec.structs.force_setattr
    routes: dict[bytes, Route] = {}

    def take(data: bytes) -> tuple[int, bytes, object]:
        """Return how many messages are whole, what is left, and the last event."""
        count = start = 0
        event: Quote | Trade | None = None
        last = len(data) - 4
        while start <= last:
            kind, size = HEAD(data, start)
            assert kind == WHOLE_TEXT
            end = start + 4 + size
            if end > len(data):
                break
            beginning, _, body = data[start + 4 : end - 1].rpartition(b"{")
            route = routes.get(beginning)
            if route is None:
                route = routes[beginning] = learn(beginning)
            event = route[0](b"{" + body)
            give(event, "contract", route[1])
            count += 1
            start = end
        return count, data[start:], event

    async def client() -> None:
        stream = await trio.open_tcp_stream("127.0.0.1", line.port)
        await shake_hands(stream, line)
        read, number = os.read, stream.socket.fileno()

        async def turn() -> dict[str, float]:
            part = Slice(line, SLICE)
            count = 0
            rest = b""
            event: object = None
            part.begin()
            while count < SLICE:
                await trio.lowlevel.wait_readable(number)
                whole, rest, found = take(rest + read(number, READ_AT_ONCE))
                count += whole
                event = found or event
            return part.end(count, event)

        await take_turns(turn)
        await trio.aclose_forcefully(stream)

    trio.run(client)


VARIANTS = {
    function.__name__: function
    for function in (
        picows_bare,
        picows_routed,
        aiohttp,
        websockets,
        trio_websocket,
        httpx_ws,
        trio_loop,
        python_loop,
    )
}


if __name__ == "__main__":
    main(VARIANTS)
