"""Networks for tests: memory streams in place of sockets, under httpx's own code."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import trio
from trio.testing import memory_stream_pair

import thetatrio
from tests.http_library import httpcore, httpx
from thetatrio._nursery import open_hidden_nursery
from thetatrio.testing import Terminal
from thetatrio.testing.faults import FaultScript, RequestFault

Serve = Callable[[trio.abc.Stream], Awaitable[None]]


class _NetworkStream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: trio.abc.Stream, most: int) -> None:
        self._stream = stream
        self._most = most

    async def read(self, max_bytes, timeout=None):
        try:
            with trio.fail_after(timeout if timeout is not None else float("inf")):
                return bytes(await self._stream.receive_some(min(max_bytes, self._most)))
        except trio.TooSlowError as error:
            raise httpcore.ReadTimeout from error
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise httpcore.ReadError from error

    async def write(self, buffer, timeout=None):
        try:
            await self._stream.send_all(buffer)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise httpcore.WriteError from error

    async def aclose(self):
        await self._stream.aclose()

    def get_extra_info(self, info):
        return None


class MemoryNetwork(httpcore.AsyncNetworkBackend):
    """Each connection is a pair of memory streams; the other end is served by `serve`.

    `most` is how many bytes the client gets at once.
    """

    def __init__(
        self, nursery: trio.Nursery, serve: Serve, *, refusals: int = 0, most: int = 1 << 20
    ) -> None:
        self.connections = 0
        self._most = most
        self.refusals = refusals
        self.attempts: list[float] = []
        self._nursery = nursery
        self._serve = serve

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        await trio.lowlevel.checkpoint()
        self.attempts.append(trio.current_time())
        if self.refusals:
            self.refusals -= 1
            raise httpcore.ConnectError("connection refused")
        client, server = memory_stream_pair()
        self.connections += 1
        self._nursery.start_soon(self._serve, server)
        return _NetworkStream(client, self._most)

    def transport(self) -> httpx.AsyncHTTPTransport:
        """Return an httpx transport over this network."""
        transport = httpx.AsyncHTTPTransport(verify=False)
        transport._pool = httpcore.AsyncConnectionPool(network_backend=self)
        return transport


def answer(
    body: bytes = b"",
    *,
    status: int = 200,
    content_type: str = "application/x-ndjson",
    headers: Iterable[tuple[str, str]] = (),
    length: int | None = None,
    chunks: int | None = None,
) -> bytes:
    """Return an HTTP/1.1 answer as bytes.

    `length` says another Content-Length than the true one (a cut); `chunks`
    sends pieces of that many bytes in place of a length.
    """
    lines = [f"HTTP/1.1 {status} ", f"Content-Type: {content_type}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if chunks is None:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    else:
        lines.append("Transfer-Encoding: chunked")
        pieces = [body[i : i + chunks] for i in range(0, len(body), chunks)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
    return "\r\n".join([*lines, "", ""]).encode() + body


class Script:
    """Answers requests one after another, each with the next line of the script.

    A line is bytes to send, ("cut", bytes) to send and then close the
    connection, or an async function of the stream and the request's head. The
    last line answers all further requests.
    """

    def __init__(self, *lines) -> None:
        self.lines = list(lines)
        self.heads: list[bytes] = []
        self.times: list[float] = []

    @property
    def targets(self) -> list[str]:
        """Paths and queries asked for so far."""
        return [head.split(b" ", 2)[1].decode() for head in self.heads]

    async def serve(self, stream: trio.abc.Stream) -> None:
        async with stream:
            buffer = b""
            while True:
                while b"\r\n\r\n" not in buffer:
                    try:
                        got = await stream.receive_some()
                    except (trio.BrokenResourceError, trio.ClosedResourceError):
                        return
                    if not got:
                        return
                    buffer += got
                head, _, buffer = buffer.partition(b"\r\n\r\n")
                self.heads.append(head)
                self.times.append(trio.current_time())
                line = self.lines.pop(0) if len(self.lines) > 1 else self.lines[0]
                try:
                    if isinstance(line, tuple):
                        await stream.send_all(line[1])
                        return
                    if callable(line):
                        await line(stream, head)
                    else:
                        await stream.send_all(line)
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    return


@asynccontextmanager
async def scripted(*lines, refusals: int = 0, **options):
    """Open a session on a scripted terminal over memory streams; yield (script, session)."""
    script = Script(*lines)
    async with open_hidden_nursery() as nursery:
        network = MemoryNetwork(nursery, script.serve, refusals=refusals)
        script.network = network
        options.setdefault("chance", random.Random(1))
        async with thetatrio.open_session(transport=network.transport(), **options) as session:
            yield script, session


@asynccontextmanager
async def simulated(config=None, *, session_options=None, most=1 << 20, **options):
    """Open a session on a simulated terminal over memory streams; yield (terminal, session)."""
    terminal = Terminal(**options)
    async with open_hidden_nursery() as nursery:
        network = MemoryNetwork(nursery, terminal.serve, most=most)
        async with thetatrio.open_session(
            config or terminal.config,
            transport=network.transport(),
            chance=random.Random(1),
            **(session_options or {}),
        ) as session:
            yield terminal, session


class FirstTime(FaultScript):
    """A script that hits every request the first time it is asked, and not when it comes again."""

    def __init__(self, terminal: Terminal, fault: RequestFault) -> None:
        super().__init__()
        self.asked: list[frozenset[tuple[str, str]]] = []
        self._ledger = terminal.ledger
        self._fault = fault

    def for_request(self, path: str, operation: str) -> list[RequestFault]:
        asked = frozenset(self._ledger.requests[-1].query.items())
        self.asked.append(asked)
        found = super().for_request(path, operation)
        return found if self.asked.count(asked) > 1 else [self._fault, *found]
