"""The other faces, each in turns: `python -m tests.benchmarks.faces VARIANT PORT`."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from functools import partial

import thetatrio
from tests.benchmarks.rest import SMALL_REQUESTS
from tests.benchmarks.stream import (
    note_batches,
    note_each,
    one_feed,
    paced,
    read_batches,
    read_each,
    topics,
)
from tests.benchmarks.stream_slices import SLICE, Latencies, Line, Slice, main
from tests.benchmarks.stream_tape import options
from tests.benchmarks.turns import serve_turns
from thetatrio import aio, sync

ONE = {"contracts": options(), "open_session": aio.open_session}


def on_asyncio(job, loop_factory=None):
    """Make a job of a coroutine function one that an asyncio loop runs."""

    def run(*args):
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(job(*args))

    return run


def on_uvloop(job):
    """The same on uvloop."""

    def run(*args):
        import uvloop

        on_asyncio(job, uvloop.new_event_loop)(*args)

    return run


def take_turns(turn) -> None:
    """Run `turn()` for each line of input."""
    for _ in sys.stdin:
        print(json.dumps(turn()), flush=True)


def blocking(line: Line, *, each: bool) -> None:
    """Read a feed in a script."""
    with (
        sync.open_session(stream_url=line.told_url) as session,
        session.stream.subscribe(*topics(options())) as feed,
    ):

        def turn():
            part = Slice(line, SLICE)
            part.begin()
            received = 0
            last = None
            if each:
                for event in feed:
                    received += 1
                    if received == SLICE:
                        last = event
                        break
            else:
                for batch in feed.batches():
                    received += len(batch)
                    if received >= SLICE:
                        last = batch[-1]
                        break
            return part.end(received, last)

        take_turns(turn)


def blocking_paced(line: Line) -> None:
    """Note latencies in a script."""
    with (
        sync.open_session(stream_url=line.told_url) as session,
        session.stream.quotes(*options()) as feed,
    ):
        latencies = Latencies(line)

        def turn():
            latencies.begin()
            for quote in feed:
                if latencies.note(quote.bid_size):
                    break
            return latencies.end()

        take_turns(turn)


def measured(ask) -> dict[str, float]:
    """Return what one of the small requests costs that `ask()` sends."""
    cpu, wall = time.process_time(), time.perf_counter()
    ask()
    return {
        "cpu": (time.process_time() - cpu) / SMALL_REQUESTS,
        "wall": (time.perf_counter() - wall) / SMALL_REQUESTS,
    }


async def ask_small(port: int, open_session) -> None:
    """Send small requests one after another."""
    async with open_session(base_url=f"http://127.0.0.1:{port}") as session:
        for _ in range(SMALL_REQUESTS):
            assert await session.calendar.year(year=2024)


def ask_small_blocking(port: int) -> None:
    """The same in a script."""
    with sync.open_session(base_url=f"http://127.0.0.1:{port}") as session:
        for _ in range(SMALL_REQUESTS):
            assert session.calendar.year(year=2024).fetch()


STREAMS = {
    "aio_batches": on_asyncio(partial(one_feed, read=read_batches, **ONE)),
    "aio_one_by_one": on_asyncio(partial(one_feed, read=read_each, **ONE)),
    "uvloop_batches": on_uvloop(partial(one_feed, read=read_batches, **ONE)),
    "uvloop_one_by_one": on_uvloop(partial(one_feed, read=read_each, **ONE)),
    "sync_batches": partial(blocking, each=False),
    "sync_one_by_one": partial(blocking, each=True),
    "aio_paced_batches": on_asyncio(
        partial(paced, note=note_batches, open_session=aio.open_session)
    ),
    "aio_paced": on_asyncio(partial(paced, note=note_each, open_session=aio.open_session)),
    "sync_paced": blocking_paced,
}
SMALL = {
    "small_trio": lambda port: __import__("trio").run(ask_small, port, thetatrio.open_session),
    "small_aio": lambda port: asyncio.run(ask_small(port, aio.open_session)),
    "small_sync": ask_small_blocking,
}


if __name__ == "__main__":
    if sys.argv[1] in SMALL:
        job = partial(SMALL[sys.argv[1]], int(sys.argv[2]))
        serve_turns(lambda: measured(job))
    else:
        main(STREAMS)
