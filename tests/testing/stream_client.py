"""A WebSocket client for tests of the simulated stream: wsproto on a memory stream."""

import json
from contextlib import asynccontextmanager, suppress

import trio
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Message,
    Ping,
    Pong,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError

from thetatrio.testing import StreamSettings, Terminal, memory_stream_pair

DAY = 20241104
AAPL = {"root": "AAPL"}


class Ended(Exception):
    """The connection has ended; `code` is that of the close frame, None without one."""

    def __init__(self, code=None):
        super().__init__(code)
        self.code = code


class StreamClient:
    """One connection: sends commands, reads messages one by one."""

    def __init__(self, stream):
        self.stream = stream
        self.protocol = WSConnection(ConnectionType.CLIENT)
        self.status = None
        self.headers = {}
        self.body = b""
        self.pings = []
        self.pieces = 0
        self._events = []
        self._done = False
        self._ids = 0

    async def handshake(self, path="/v1/events"):
        await self.send(Request(host="127.0.0.1", target=path))
        while self.status is None or (self.status != 101 and not self._done):
            event = await self.event()
            match event:
                case AcceptConnection():
                    self.status = 101
                    self.headers = self._named(event.extra_headers)
                case RejectConnection():
                    self.status = event.status_code
                    self.headers = self._named(event.headers)
                    self._done = not event.has_body
                case RejectData():
                    self.body += event.data
                    self._done = event.body_finished
        return self

    @staticmethod
    def _named(headers):
        return {name.decode().lower(): value.decode() for name, value in headers}

    async def send(self, event):
        await self.stream.send_all(self.protocol.send(event))

    async def event(self):
        """Return the next event of wsproto's."""
        while not self._events:
            try:
                data = await self.stream.receive_some(65536)
            except trio.BrokenResourceError:
                raise Ended("reset") from None
            if not data:
                raise Ended
            self.protocol.receive_data(data)
            self._events.extend(self.protocol.events())
        return self._events.pop(0)

    async def text(self):
        """Return the next text message; pings are answered, a close raises Ended."""
        text, self.pieces = "", 0
        while True:
            event = await self.event()
            match event:
                case TextMessage():
                    text += event.data
                    self.pieces += event.frame_finished
                    if event.message_finished:
                        return text
                case Ping():
                    self.pings.append(bytes(event.payload))
                    await self.send(event.response())
                case CloseConnection():
                    with suppress(LocalProtocolError, trio.BrokenResourceError):
                        await self.send(event.response())
                    raise Ended(int(event.code))
                case Pong() | Message():
                    pass

    async def message(self):
        """Return the next message, decoded."""
        return json.loads(await self.text())

    async def until(self, *kinds):
        """Return the next message of one of some kinds."""
        while True:
            message = await self.message()
            if message["header"]["type"] in kinds:
                return message

    async def events(self, count):
        """Return the next events: all but statuses and responses."""
        return [await self.until("QUOTE", "TRADE", "OHLC", "MARKET_VALUE") for _ in range(count)]

    async def rest(self):
        """Return the events up to the connection's end, and its close code."""
        found = []
        try:
            while True:
                message = await self.message()
                if message["header"]["type"] not in ("STATUS", "REQ_RESPONSE"):
                    found.append(message)
        except Ended as ended:
            return found, ended.code

    async def send_text(self, text):
        await self.send(TextMessage(data=text))

    async def command(self, **fields):
        """Send a command without waiting for its answer; return its id."""
        self._ids += 1
        command = {"msg_type": "STREAM", "add": True, "id": self._ids} | fields
        await self.send_text(json.dumps(command))
        return command["id"]

    async def ask(self, **fields):
        """Send a command; return the response to it."""
        number = await self.command(**fields)
        header = (await self.until("REQ_RESPONSE"))["header"]
        assert header["req_id"] == number
        return header["response"]

    async def subscribe(self, sec_type="STOCK", req_type="TRADE", **contract):
        """Subscribe to one contract; return the response."""
        contract = contract or AAPL
        return await self.ask(sec_type=sec_type, req_type=req_type, contract=contract)


def terminal_with(settings=None, **options):
    """A small terminal without sockets; `settings` are those of its stream."""
    return Terminal(contracts=12, stream=StreamSettings(**(settings or {})), **options)


@asynccontextmanager
async def raw_connection(terminal, capacity=65536):
    """A client on a memory stream that the terminal's stream serves, before its handshake."""
    async with trio.open_nursery() as nursery:
        ours, theirs = memory_stream_pair(capacity)
        nursery.start_soon(terminal.serve_stream, theirs)
        yield StreamClient(ours)
        await ours.aclose()


@asynccontextmanager
async def connected(terminal, capacity=65536):
    """A client whose handshake is done."""
    async with raw_connection(terminal, capacity) as client:
        yield await client.handshake()


def prices(events, kind="TRADE"):
    return [event[kind.lower()]["price"] for event in events]
