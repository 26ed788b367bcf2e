"""A terminal's stream for tests: frame by frame, over memory streams, on trio's clock.

It does what its script says: each connection lives through the next of some
lives, `Peer.live` unless told otherwise, and the test itself may send through
`terminal.peer` whatever bytes it likes, right or wrong.
"""

from __future__ import annotations

import ast
import base64
import errno
import hashlib
import json
import random
import struct
from collections.abc import Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
import trio

import thetatrio
from thetatrio import Option, Stock, market_time
from thetatrio._nursery import open_hidden_nursery
from thetatrio.events import Quote, Trade
from thetatrio.testing import MemoryStream, memory_stream_pair

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
AAPL = Stock("AAPL")
SPY = Stock("SPY")
SPX = Option("SPXW", "2024-11-15", 5800, "C")
DATE = 20241104
OPENING = 34_200_000
"""09:30 in milliseconds: the time of the event numbered 0."""


class Spoken(NamedTuple):
    """What is spoken on the stream: the settings of a session that speaks it."""

    name: str
    options: dict[str, str]

    @property
    def is_flat(self) -> bool:
        return bool(self.options)


TERMINAL = Spoken("terminal", {})
SPOKEN = [
    TERMINAL,
    Spoken("gateway", {"stream_api": "gateway"}),
    Spoken(
        "gateway-text", {"stream_api": "gateway", "stream_form": "text", "stream_sockets": "one"}
    ),
]
"""A terminal's stream, and a gateway's: told in JSON at a socket for each kind, in text at one."""
# What texts are written in and sessions speak; set by the fixture `spoken`.
spoken: list[Spoken] = [TERMINAL]


def each_stream(test: Any) -> Any:
    """Run a test for a terminal's stream and for a gateway's."""
    every = pytest.mark.parametrize("spoken", SPOKEN, indirect=True, ids=lambda it: it.name)
    return pytest.mark.usefixtures("spoken")(every(test))


GONE = (trio.BrokenResourceError, trio.ClosedResourceError)
Life = Callable[["Peer"], Awaitable[None]]


# What is said


def frame(payload: bytes = b"", opcode: int = TEXT, *, fin: bool = True) -> bytes:
    """Return a server's frame."""
    first, size = opcode | (0x80 if fin else 0), len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """Return a close frame."""
    return frame(struct.pack("!H", code) + reason.encode(), CLOSE)


def fragments(payload: bytes, pieces: int) -> list[bytes]:
    """Return a text message as so many frames."""
    size = -(-len(payload) // pieces)
    parts = [payload[at : at + size] for at in range(0, len(payload), size)]
    return [
        frame(part, CONTINUATION if at else TEXT, fin=at == len(parts) - 1)
        for at, part in enumerate(parts)
    ]


def status(word: str = "CONNECTED") -> bytes:
    """Return the heartbeat's text."""
    return json.dumps({"header": {"type": "STATUS", "status": word}}).encode()


def response(number: int, word: str = "SUBSCRIBED") -> bytes:
    """Return the text that answers a command."""
    header = {"type": "REQ_RESPONSE", "status": "CONNECTED", "response": word, "req_id": number}
    return json.dumps({"header": header}).encode()


def contract_of(contract: Any) -> dict[str, object]:
    """Return a contract as events spell it."""
    said = {"security_type": type(contract).__name__.upper(), "root": contract.symbol}
    if isinstance(contract, Option):
        said["expiration"] = int(f"{contract.expiration:%Y%m%d}")
        said["strike"] = contract.strike_thousandths
        said["right"] = contract.right
    return said


def _event(kind: str, contract: Any, number: int, fields: dict[str, object]) -> bytes:
    if spoken[0].is_flat:
        names = {"expiration": "exp"}
        named = {names.get(key, key): value for key, value in contract_of(contract).items()}
        del named["security_type"]
        return json.dumps({**named, "ms_of_day": OPENING + number, **fields, "date": DATE}).encode()
    said = {
        "header": {"type": kind.upper(), "status": "CONNECTED"},
        "contract": contract_of(contract),
        kind: {"ms_of_day": OPENING + number, **fields, "date": DATE},
    }
    return json.dumps(said).encode()


def trade(number: int, contract: Any = AAPL, **fields: object) -> bytes:
    """Return the text of a trade: sequence and milliseconds after 09:30 are its number."""
    said = {"sequence": number, "size": 100, "condition": 0, "price": 187.25, "exchange": 57}
    return _event("trade", contract, number, said | fields)


def quote(number: int, contract: Any = AAPL, **fields: object) -> bytes:
    """Return the text of a quote: bid size and milliseconds after 09:30 are its number."""
    bid = {"bid_size": number, "bid_exchange": 7, "bid": 187.2, "bid_condition": 50}
    ask = {"ask_size": 4, "ask_exchange": 7, "ask": 187.3, "ask_condition": 50}
    return _event("quote", contract, number, bid | ask | fields)


def trades(numbers: Iterable[int], contract: Any = AAPL) -> bytes:
    """Return frames of trades, to be sent together."""
    return b"".join(frame(trade(number, contract)) for number in numbers)


def moment(number: int) -> Any:
    """Return the market time of the event of a number."""
    day = market_time.parse_date(str(DATE))
    return market_time.from_ms_of_day(day, OPENING + number)


# Who says it


class Command(NamedTuple):
    """What the client asked for, and when."""

    time: float
    said: dict[str, Any]

    @property
    def number(self) -> int:
        return self.said["id"]

    @property
    def add(self) -> bool:
        return self.said["add"]

    @property
    def root(self) -> str:
        return self.said["contract"]["root"]


def said_in(payload: bytes) -> dict[str, Any]:
    """Return a command's words in a terminal's manner."""
    if not spoken[0].is_flat:
        return dict(json.loads(payload))
    if payload.startswith(b"{"):
        named = json.loads(payload)
        action = named.pop("action")
    else:
        action, _, rest = payload.decode().partition(" ")
        named = ast.literal_eval(rest)
    return {"add": {"SUBSCRIBE": True, "UNSUBSCRIBE": False}[action], "contract": named, "id": 0}


class Peer:
    """The terminal's end of one connection."""

    def __init__(self, terminal: ScriptedTerminal, stream: MemoryStream) -> None:
        self.terminal = terminal
        self.stream = stream
        self.head = b""
        """The client's request for an upgrade."""
        self.opened = False
        """Whether the handshake was answered with 101."""
        self.commands: list[Command] = []
        self.pings: list[bytes] = []
        """Pings of the client's, by their payload."""
        self.pongs: list[bytes] = []
        self.close_code: int | None = None
        """That of the client's close frame."""
        self.has_ended = False
        """Whether the connection has ended, from whichever side."""
        self.muted = False
        """Whether nothing is sent any more, whoever wants to."""
        self._turn = trio.Lock()
        self._unread = b""

    @property
    def added(self) -> list[str]:
        """The roots that were subscribed, in order."""
        return [command.root for command in self.commands if command.add]

    @property
    def removed(self) -> list[str]:
        """The roots that were unsubscribed, in order."""
        return [command.root for command in self.commands if not command.add]

    # A life, and its parts

    async def live(self) -> None:
        """Accept, tell the status each second, answer commands, until the client goes."""
        await self.accept()
        await self.go_on()

    async def go_on(self) -> None:
        """Do what `live` does once the handshake is done."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tell_status)
            await self.obey()
            nursery.cancel_scope.cancel()

    async def accept(self, *, wrong_key: bool = False, also: bytes = b"") -> None:
        """Answer the handshake with 101; `also` goes out in the same piece."""
        await self.read_head()
        key = next(
            line.partition(b":")[2].strip()
            for line in self.head.split(b"\r\n")
            if line.lower().startswith(b"sec-websocket-key:")
        )
        if wrong_key:
            key = base64.b64encode(b"another's nonce!")
        digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False)
        answer = (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(digest.digest()) + b"\r\n\r\n"
        )
        await self.send(answer, also)
        self.opened = True
        self.terminal.accepted()

    async def reject(self, code: int, text: bytes = b"no", **headers: str) -> None:
        """Answer the handshake with another status, and end the connection."""
        await self.read_head()
        fields = {"Content-Length": str(len(text)), "Content-Type": "text/plain"}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"HTTP/1.1 {code} ", *(f"{name}: {value}" for name, value in fields.items())]
        await self.send("\r\n".join([*lines, "", ""]).encode(), text)
        await self.stream.aclose()

    async def read_head(self) -> None:
        """Read the client's request for an upgrade."""
        while b"\r\n\r\n" not in self._unread:
            await self._receive()
        self.head, _, self._unread = self._unread.partition(b"\r\n\r\n")

    async def obey(self) -> None:
        """Answer commands, pings and the close, until the client goes."""
        while True:
            try:
                opcode, payload = await self._frame()
            except GONE:
                return
            if opcode == TEXT:
                await self._take_command(payload)
            elif opcode == PING:
                self.pings.append(payload)
                await self.send(frame(payload, PONG))
            elif opcode == PONG:
                self.pongs.append(payload)
            elif opcode == CLOSE:
                self.close_code = int.from_bytes(payload[:2], "big")
                if self.terminal.on_close == "ignore" or self.muted:
                    continue
                await self.send(frame(payload[:2], CLOSE))
                if self.terminal.on_close == "answer":
                    await self.stream.aclose()
                    return

    async def _take_command(self, payload: bytes) -> None:
        command = Command(trio.current_time(), said_in(payload))
        self.commands.append(command)
        word = None if spoken[0].is_flat else self.terminal.answer(command)
        if word is not None:
            await self.send(frame(response(command.number, word)))

    async def _tell_status(self) -> None:
        while True:
            if self.terminal.status is not None and not spoken[0].is_flat:
                await self.send(frame(status(self.terminal.status)))
            await trio.sleep(1)

    async def _receive(self) -> None:
        piece = await self.stream.receive_some()
        if not piece:
            raise trio.ClosedResourceError
        self._unread += piece

    async def _take(self, count: int) -> bytes:
        while len(self._unread) < count:
            await self._receive()
        taken, self._unread = self._unread[:count], self._unread[count:]
        return taken

    async def _frame(self) -> tuple[int, bytes]:
        first, second = await self._take(2)
        assert first & 0x80, "ours sends whole messages"
        assert second & 0x80, "clients mask"
        size = second & 0x7F
        if size > 125:
            size = int.from_bytes(await self._take(2 if size == 126 else 8), "big")
        mask = await self._take(4)
        covered = await self._take(size)
        return first & 0x0F, bytes(byte ^ mask[at & 3] for at, byte in enumerate(covered))

    # What a test does with it

    async def send(self, *parts: bytes) -> None:
        """Send bytes as they are, in one piece."""
        async with self._turn:
            if not self.muted:
                await self.stream.send_all(b"".join(parts))

    async def send_texts(self, *texts: bytes) -> None:
        """Send text messages, in one piece."""
        await self.send(*map(frame, texts))

    async def send_trades(self, first: int, last: int, contract: Any = AAPL) -> None:
        """Send trades of these numbers, both inclusive, in one piece."""
        await self.send(trades(range(first, last + 1), contract))

    async def cut(self, *parts: bytes) -> None:
        """Send bytes, and end the connection without a goodbye."""
        await self.send(*parts)
        await self.stream.aclose()


class ScriptedTerminal:
    """What a session's `dial` reaches.

    Args:
        nursery: where connections are served.
        lives: what becomes of each connection; the last is that of all further ones.
        refuse: attempts to connect that are refused.
        capacity: bytes that lie between the two ends, in each direction.
    """

    def __init__(
        self, nursery: trio.Nursery, *lives: Life, refuse: float = 0, capacity: int = 1 << 16
    ) -> None:
        self.lives = list(lives) or [Peer.live]
        self.refuse = refuse
        self.attempts: list[float] = []
        """When connections were attempted."""
        self.addresses: set[tuple[str, int]] = set()
        self.peers: list[Peer] = []
        self.status: str | None = "CONNECTED"
        """What heartbeats say; None: there are none."""
        self.answer: Callable[[Command], str | None] = lambda _: "SUBSCRIBED"
        """The word on a command; None: no answer."""
        self.on_close = "answer"
        """The client's close: `answer` and end, answer and `keep` open, or `ignore`."""
        self.start_soon = nursery.start_soon
        """Does something beside the connections."""
        self._capacity = capacity
        self._accepted = trio.Event()

    @property
    def peer(self) -> Peer:
        """The newest connection."""
        return self.peers[-1]

    @property
    def delays(self) -> list[float]:
        """Seconds between attempts to connect."""
        return [after - before for before, after in pairwise(self.attempts)]

    async def dial(self, host: str, port: int) -> trio.abc.Stream:
        """Connect, as a session's `dial` does."""
        await trio.lowlevel.checkpoint()
        self.attempts.append(trio.current_time())
        self.addresses.add((host, port))
        if self.refuse > 0:
            self.refuse -= 1
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        ours, theirs = memory_stream_pair(self._capacity)
        peer = Peer(self, theirs)
        self.peers.append(peer)
        life = self.lives.pop(0) if len(self.lives) > 1 else self.lives[0]
        self.start_soon(self._serve, peer, life)
        return ours

    @staticmethod
    async def _serve(peer: Peer, life: Life) -> None:
        async with peer.stream:
            try:
                await life(peer)
            except* GONE:
                pass
        peer.has_ended = True

    async def connection(self, number: int) -> Peer:
        """Wait until the connection of a number, from 1, was accepted, and return it."""
        while sum(peer.opened for peer in self.peers) < number:
            await self._accepted.wait()
        return [peer for peer in self.peers if peer.opened][number - 1]

    def accepted(self) -> None:
        """Tell those who wait for a connection that one was accepted."""
        self._accepted.set()
        self._accepted = trio.Event()


@asynccontextmanager
async def streaming(*lives: Life, refuse: float = 0, capacity: int = 1 << 16, **options: Any):
    """Open a session whose stream is scripted; yield (terminal, session)."""
    options = {"chance": random.Random(1), **spoken[0].options, **options}
    async with open_hidden_nursery() as nursery:
        terminal = ScriptedTerminal(nursery, *lives, refuse=refuse, capacity=capacity)
        async with thetatrio.open_session(dial=terminal.dial, **options) as session:
            yield terminal, session


# What is read


def told(entries: Iterable[Any]) -> list[Any]:
    """Return events by their numbers and notices by their names."""
    found: list[Any] = []
    for entry in entries:
        match entry:
            case Trade(sequence=number) | Quote(bid_size=number):
                found.append(number)
            case _:
                found.append(type(entry).__name__)
    return found


async def read(channel: Any, count: int) -> list[Any]:
    """Return so many of what a feed, its batches or its notices give."""
    return [await channel.receive() for _ in range(count)]


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something is true of which nobody tells, such as what the kernel does."""
    with trio.fail_after(10):
        while not holds():  # noqa: ASYNC110
            await trio.sleep(0.001)
