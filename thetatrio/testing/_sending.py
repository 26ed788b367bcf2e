"""Sending one answer over a connection, with the faults that hit it."""

from __future__ import annotations

import datetime as dt
import random
import socket
import struct
from collections.abc import Iterable, Iterator
from typing import Final, NoReturn, TypeVar, assert_never

import h11
import trio

from thetatrio.testing._ledger import LedgerEntry
from thetatrio.testing.faults import (
    Bandwidth,
    Garbage,
    HalfOpen,
    Latency,
    LimitData,
    NoLength,
    RequestFault,
    ResetPeer,
    Slicer,
    WrongType,
)

SERVER: Final = "thetatrio-simulator"
# What a Jetty server's output buffer holds: shorter bodies get a Content-Length.
_SMALL_BODY: Final = 32 * 1024
_TICKS_A_SECOND: Final = 10
_Kind = TypeVar("_Kind")


class Hangup(Exception):
    """The connection is to be closed now, by FIN or by RST."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__("reset" if reset else "cut")
        self.reset = reset


def first_of(kind: type[_Kind], faults: Iterable[RequestFault]) -> _Kind | None:
    """Return the first fault of a kind."""
    return next((fault for fault in faults if isinstance(fault, kind)), None)


async def reset(stream: trio.abc.Stream) -> None:
    """Close a stream so that its peer sees a reset rather than an end.

    Sockets by closing with a linger of zero; others by their `reset()`, and
    where they have none, by closing.
    """
    own = getattr(stream, "reset", None)
    if isinstance(stream, trio.SocketStream):
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif callable(own):
        own()
    await stream.aclose()


class Sender:
    """Writes one answer. Faults that end it come out as Hangup."""

    def __init__(
        self,
        stream: trio.abc.Stream,
        protocol: h11.Connection,
        entry: LedgerEntry,
        faults: list[RequestFault],
        stream_of_chance: random.Random,
        *,
        day: dt.date,
    ) -> None:
        self._stream = stream
        self._protocol = protocol
        self._entry = entry
        self._faults = faults
        self._chance = stream_of_chance
        self._day = day
        self._unframed = first_of(NoLength, faults) is not None

    async def send(
        self,
        status: int,
        content_type: str,
        body: Iterator[bytes],
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Send an answer whole, unless a fault says otherwise."""
        await self._wait()
        garbage = first_of(Garbage, self._faults)
        if garbage is not None:
            body = iter([self._chance.randbytes(garbage.size)])
        pieces = await self._first_pieces(body)
        whole = sum(map(len, pieces)) <= _SMALL_BODY
        fields = [("Server", SERVER), ("Thetatrio-Day", self._day.isoformat())]
        wrong = first_of(WrongType, self._faults)
        named: str | None = content_type if wrong is None else wrong.content_type
        if named is not None:
            fields.append(("Content-Type", named))
        fields += headers
        if whole and not self._unframed:
            fields.append(("Content-Length", str(sum(map(len, pieces)))))
        await self._head(status, fields)
        for piece in pieces:
            await self._piece(piece)
        if not whole:
            for piece in body:
                await self._piece(piece)
                await trio.lowlevel.checkpoint()
        await self._end()

    async def _wait(self) -> None:
        latency = first_of(Latency, self._faults)
        if latency is not None:
            jitter = self._chance.uniform(-latency.jitter, latency.jitter)
            await trio.sleep(max(0.0, latency.seconds + jitter))

    @staticmethod
    async def _first_pieces(body: Iterator[bytes]) -> list[bytes]:
        pieces: list[bytes] = []
        length = 0
        for piece in body:
            pieces.append(piece)
            length += len(piece)
            if length > _SMALL_BODY:
                break
            await trio.lowlevel.checkpoint()
        return pieces

    async def _head(self, status: int, fields: list[tuple[str, str]]) -> None:
        self._entry.status = status
        if self._unframed:
            lines = [f"HTTP/1.1 {status} ", *(f"{name}: {value}" for name, value in fields)]
            lines += ["Connection: close", "", ""]
            await self._stream.send_all("\r\n".join(lines).encode())
            return
        event = h11.Response(status_code=status, headers=fields)
        await self._stream.send_all(self._protocol.send(event) or b"")

    async def _piece(self, piece: bytes) -> None:
        slicer = first_of(Slicer, self._faults)
        rate = first_of(Bandwidth, self._faults)
        size = slicer.size if slicer is not None else len(piece)
        if rate is not None:
            size = min(size, max(1, int(rate.rate / _TICKS_A_SECOND)))
        for at in range(0, len(piece), max(1, size)):
            part = piece[at : at + size]
            # Before each slice, so that nothing waits once the last one is sent.
            if slicer is not None and self._entry.body_bytes:
                await trio.sleep(slicer.delay)
            if rate is not None:
                await trio.sleep(len(part) / rate.rate)
            await self._part(part)

    async def _part(self, part: bytes) -> None:
        ends = [
            (fault.bytes if isinstance(fault, LimitData) else fault.after, fault)
            for fault in self._faults
            if isinstance(fault, (LimitData, ResetPeer, HalfOpen))
        ]
        sent = self._entry.body_bytes
        for bound, fault in sorted(ends, key=lambda end: end[0]):
            if sent + len(part) > bound:
                await self._data(part[: bound - sent])
                await self._stop(fault)
        await self._data(part)

    async def _data(self, data: bytes) -> None:
        if not data or self._entry.method == "HEAD":
            return
        framed = data if self._unframed else self._protocol.send(h11.Data(data=data)) or b""
        await self._stream.send_all(framed)
        self._entry.body_bytes += len(data)

    @staticmethod
    async def _stop(fault: LimitData | ResetPeer | HalfOpen) -> NoReturn:
        match fault:
            case LimitData():
                raise Hangup(reset=False)
            case ResetPeer():
                raise Hangup(reset=True)
            case HalfOpen():
                await trio.sleep_forever()
            case _ as never:
                assert_never(never)

    async def _end(self) -> None:
        if first_of(ResetPeer, self._faults) is not None:
            raise Hangup(reset=True)
        if not self._unframed:
            data = self._protocol.send(h11.EndOfMessage()) or b""
            if data:
                await self._stream.send_all(data)
