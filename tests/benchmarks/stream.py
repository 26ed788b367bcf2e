"""Readers of thetatrio's stream. `python -m tests.benchmarks.stream VARIANT PORT` takes turns."""

from __future__ import annotations

import contextlib
import gc
import logging
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import trio

import thetatrio
from tests.benchmarks.stream_slices import SLICE, Envelope, Latencies, Line, Slice, main, take_turns
from tests.benchmarks.stream_tape import CONTRACTS, blocks, option, options
from tests.benchmarks.turns import resident
from thetatrio.contracts import Option
from thetatrio.events import Topic

BUFFER = 65_536
MANY = 10_000
STALL = 30.0
IDLE = 10.0
SAMPLE = 0.02
SETTLE = 2.0


def topics(contracts: list[Option]) -> tuple[Topic[Any], Topic[Any]]:
    return Topic.quotes(*contracts), Topic.trades(*contracts)


async def read_batches(feed, count: int) -> tuple[int, Any]:
    """Read so many events in lists; return how many came, and the last."""
    received = 0
    async for batch in feed.batches():
        received += len(batch)
        if received >= count:
            return received, batch[-1]
    raise RuntimeError("the feed ended")


async def read_each(feed, count: int) -> tuple[int, Any]:
    """Read so many events one by one."""
    received = 0
    async for event in feed:
        received += 1
        if received == count:
            return received, event
    raise RuntimeError("the feed ended")


async def one_feed(
    line: Line, read, contracts: list[Option], open_session=thetatrio.open_session
) -> None:
    """Read a feed of these contracts, while messages of all come."""
    wanted = SLICE * len(contracts) // CONTRACTS
    async with (
        open_session(stream_url=line.told_url) as session,
        session.stream.subscribe(*topics(contracts)) as feed,
    ):

        async def turn() -> dict[str, float]:
            part = Slice(line, SLICE)
            part.begin()
            received, last = await read(feed, wanted)
            result = part.end(received, last, wanted=wanted)
            assert last.contract in contracts
            return result

        await take_turns(turn)


async def many_feeds(line: Line, read, groups: list[list[Option]]) -> None:
    """Read a feed of each group of contracts, each in a task of its own."""
    wanted = [SLICE * len(group) // CONTRACTS for group in groups]
    results: list[tuple[int, Any]] = []
    over = trio.Event()

    async def reader(feed, count: int) -> None:
        while True:
            results.append(await read(feed, count))
            if len(results) == len(groups):
                over.set()

    async def turn() -> dict[str, float]:
        nonlocal over
        results.clear()
        over = trio.Event()
        part = Slice(line, SLICE)
        part.begin()
        await over.wait()
        received = sum(count for count, _ in results)
        return part.end(received, results[-1][1], wanted=sum(wanted))

    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(thetatrio.open_session(stream_url=line.told_url))
        feeds = [
            await stack.enter_async_context(session.stream.subscribe(*topics(group)))
            for group in groups
        ]
        async with trio.open_nursery() as nursery:
            for feed, count in zip(feeds, wanted, strict=True):
                nursery.start_soon(reader, feed, count)
            await take_turns(turn)
            nursery.cancel_scope.cancel()


async def note_batches(feed, latencies: Latencies) -> None:
    async for batch in feed.batches():
        for quote in batch:
            if latencies.note(quote.bid_size):
                return


async def note_each(feed, latencies: Latencies) -> None:
    async for quote in feed:
        if latencies.note(quote.bid_size):
            return


async def paced(line: Line, note, open_session=thetatrio.open_session) -> None:
    """Note the latency of quotes that come at even intervals."""
    async with (
        open_session(stream_url=line.told_url) as session,
        session.stream.quotes(*options()) as feed,
    ):
        latencies = Latencies(line)

        async def turn() -> dict[str, float]:
            latencies.begin()
            await note(feed, latencies)
            return latencies.end()

        await take_turns(turn)


def highest() -> int:
    """Return the most bytes of memory this process ever had."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


async def stalled(line: Line) -> None:
    """Stop reading quotes, which drop the oldest, while they come as fast as they are taken."""
    logging.getLogger("thetatrio").setLevel(logging.ERROR)  # it would tell of what was dropped
    async with (
        thetatrio.open_session(stream_url=line.told_url) as session,
        session.stream.quotes(*options(), buffer=BUFFER) as feed,
    ):
        peak = 0

        async def watch() -> None:
            nonlocal peak
            while True:
                peak = max(peak, resident())
                await trio.sleep(SAMPLE)

        async def turn() -> dict[str, float]:
            nonlocal peak
            before = feed.statistics()
            gc.collect()
            held, most = resident(), highest()
            peak = held
            started = time.process_time()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(watch)
                line.ask(seconds=STALL)
                sent = await trio.to_thread.run_sync(line.sent)
                await trio.sleep(SETTLE)  # what was sent last is still on its way
                cpu = time.process_time() - started
                nursery.cancel_scope.cancel()
            if highest() > most:
                peak = max(peak, highest())  # which no sample can have missed
            full = feed.statistics()
            read = 0
            while feed.statistics().waiting:
                read += len(await anext(feed.batches()))
            after = feed.statistics()
            return {
                "cpu": cpu / sent.messages,
                "grown": peak - held,
                "sent": sent.quotes,
                "received": after.received - before.received,
                "dropped": after.dropped - before.dropped,
                "waiting": full.waiting,
                "read": read,
                "balance": after.received
                - after.delivered
                - after.dropped
                - after.conflated
                - after.replayed
                - after.waiting,
            }

        await take_turns(turn)


async def event_memory(line: Line) -> None:
    """Keep a buffer's worth of quotes, and say what one takes."""
    decode = msgspec.json.Decoder(Envelope).decode
    quotes = [data for block in blocks() for kind, data in block if kind == "QUOTE"]

    async def turn() -> dict[str, float]:
        before = resident()
        kept = [decode(quotes[number % len(quotes)]).quote for number in range(BUFFER)]
        grown = resident() - before
        return {"cpu": 0.0, "bytes": grown / len(kept)}

    await take_turns(turn)


async def idle(line: Line) -> None:
    """Have a feed to which nothing comes."""
    async with (
        thetatrio.open_session(stream_url=line.told_url) as session,
        session.stream.quotes(option(0)),
    ):

        async def turn() -> dict[str, float]:
            started = time.process_time()
            await trio.sleep(IDLE)
            return {"cpu": (time.process_time() - started) / IDLE}

        await take_turns(turn)


async def subscribe(line: Line) -> None:
    """Subscribe to many contracts, on a connection that is there."""
    contracts = options(MANY)

    async def turn() -> dict[str, float]:
        async with (
            thetatrio.open_session(stream_url=line.told_url) as session,
            session.stream.quotes(option(MANY)),
        ):
            started, cpu = time.perf_counter(), time.process_time()
            async with session.stream.quotes(*contracts):
                entered, used = time.perf_counter(), time.process_time()
            left = time.perf_counter()
        return {"cpu": used - cpu, "wall": entered - started, "leaving": left - entered}

    await take_turns(turn)


ALL = [options()]
HALF = options()[: CONTRACTS // 2]
EACH = [[contract] for contract in options()]

VARIANTS: dict[str, Callable[..., Any]] = {
    "batches": partial(one_feed, read=read_batches, contracts=options()),
    "one_by_one": partial(one_feed, read=read_each, contracts=options()),
    "half_batches": partial(one_feed, read=read_batches, contracts=HALF),
    "half_one_by_one": partial(one_feed, read=read_each, contracts=HALF),
    "two_feeds_batches": partial(many_feeds, read=read_batches, groups=ALL * 2),
    "two_feeds_one_by_one": partial(many_feeds, read=read_each, groups=ALL * 2),
    "many_feeds_batches": partial(many_feeds, read=read_batches, groups=EACH),
    "many_feeds_one_by_one": partial(many_feeds, read=read_each, groups=EACH),
    "paced_batches": partial(paced, note=note_batches),
    "paced_one_by_one": partial(paced, note=note_each),
    "stalled": stalled,
    "event_memory": event_memory,
    "idle": idle,
    "subscribe": subscribe,
}


if __name__ == "__main__":
    main({name: partial(trio.run, variant) for name, variant in VARIANTS.items()})
