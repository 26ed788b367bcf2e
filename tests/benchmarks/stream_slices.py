"""The client's side of a measurement: slices of messages, asked for and counted."""

from __future__ import annotations

import gc
import json
import os
import socket
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.to_thread
import msgspec

from tests.benchmarks.stream_server import Job, Sent
from tests.benchmarks.stream_tape import CLOCK_RANGE
from tests.benchmarks.turns import CLIENT_CPU, pin
from thetatrio.events import Quote, Trade

SLICE = 40_000
SLOW_SLICE = 2_000
"""For clients that take some twenty times as long for a message."""
RATE = 5_000
PACED = 2 * RATE
TURN_LIMIT = 60.0
NAME = str(os.getpid())


class Envelope(msgspec.Struct, gc=False):
    """A message as a client declares it that decodes it in one go; it asks for no header."""

    contract: WireContract | None = None
    quote: Quote | None = None
    trade: Trade | None = None


class WireContract(msgspec.Struct, gc=False, frozen=True):
    """A contract as the terminal writes it."""

    security_type: str
    root: str
    expiration: int = 0
    strike: int = 0
    right: str = ""


class Line:
    """The line to the server on which this process asks for its messages."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"ws://127.0.0.1:{port}/v1/events/{NAME}"
        self.told_url = f"ws://127.0.0.1:{port}/v1/events/status/{NAME}"
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=TURN_LIMIT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")

    def ask(self, count: int = 0, *, seconds: float = 0.0, rate: int = 0) -> None:
        job = Job(NAME, count, seconds, rate)
        self._socket.sendall(msgspec.json.encode(job) + b"\n")

    def sent(self) -> Sent:
        """Wait until the job is done; return what was sent."""
        return msgspec.json.decode(self._file.readline(), type=Sent)


class Slice:
    """One measured slice: `begin` asks for it, `end` takes the time and proves the count."""

    def __init__(self, line: Line, count: int) -> None:
        self.line = line
        self.count = count
        self._cpu = self._wall = 0.0

    def begin(self) -> None:
        gc.collect()
        self._wall = time.perf_counter()
        self._cpu = time.process_time()
        self.line.ask(self.count)

    def end(self, received: int, last: object, *, wanted: int | None = None) -> dict[str, float]:
        """Return the cost of a message; `last` is the last one received, decoded."""
        cpu = time.process_time() - self._cpu
        wall = time.perf_counter() - self._wall
        sent = self.line.sent()
        wanted = self.count if wanted is None else wanted
        if (received, sent.messages) != (wanted, self.count):
            raise RuntimeError(f"{received} of {wanted} received, {sent.messages} sent")
        if isinstance(last, Envelope):
            last = last.quote or last.trade
        if not isinstance(last, Quote | Trade):
            raise RuntimeError(f"this is no event: {last!r}")
        return {"cpu": cpu / self.count, "wall": wall / self.count}


class Latencies:
    """Microseconds from a message's sending, which it carries, to its reader."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.found: list[int] = []

    def begin(self) -> None:
        self.found.clear()
        gc.collect()
        self.line.ask(PACED, rate=RATE)

    def note(self, bid_size: int) -> bool:
        """Keep one; return whether it was the last."""
        # The clock is one for all processes of a machine (Linux's CLOCK_MONOTONIC).
        now = time.monotonic_ns() // 1000
        self.found.append((now - bid_size) % CLOCK_RANGE)
        return len(self.found) == PACED

    def end(self) -> dict[str, float]:
        sent = self.line.sent()
        if (len(self.found), sent.messages) != (PACED, PACED):
            raise RuntimeError(f"{len(self.found)} received, {sent.messages} sent")
        hundredths = statistics.quantiles(self.found, n=100)
        return {"p50": hundredths[49] / 1e6, "p99": hundredths[98] / 1e6}


async def take_turns(turn: Callable[[], Awaitable[dict[str, Any]]]) -> None:
    """Await `turn()` for each line of input, on whatever loop this runs, and print its figures."""
    while await anyio.to_thread.run_sync(sys.stdin.readline):
        with anyio.fail_after(TURN_LIMIT):
            result = await turn()
        print(json.dumps(result), flush=True)


def main(variants: dict[str, Callable[[Line], None]]) -> None:
    """Run the variant that the command line names: `VARIANT PORT`."""
    pin(CLIENT_CPU)
    variants[sys.argv[1]](Line(int(sys.argv[2])))
