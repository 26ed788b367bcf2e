"""thetatrio.aio: what only asyncio programs meet; test_faces.py has what all faces promise."""

from __future__ import annotations

import asyncio
import inspect
import random
import threading
import time
from contextlib import suppress

import anyio
import pytest

import thetatrio
from tests.leaks import descriptors
from thetatrio import Stock, aio
from thetatrio._faces.on_asyncio import MIRRORS
from thetatrio.testing import Latency, StreamSettings
from thetatrio.testing.aio import open_terminal

DAY = "2024-11-04"
AAPL = Stock("AAPL")
SILENT = StreamSettings(source="none", numbered=True)

pytestmark = pytest.mark.core


def on_asyncio(test):
    """Run a test under asyncio."""

    def run():
        asyncio.run(test())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


def opened(terminal, **settings):
    return aio.open_session(config=terminal.config, **settings)


def long_query(session):
    return session.stock.history_quote("AAPL", date=DAY, interval="1s")


async def idle(terminal):
    await terminal.wait_until(lambda ledger: not (ledger.in_flight or ledger.waiting))


@on_asyncio
async def test_queries_are_coroutines_for_tasks():
    """`create_task`, TaskGroup, `gather` and `wait_for` take a query as it is."""
    async with open_terminal() as terminal, opened(terminal) as session:
        task = asyncio.create_task(session.stock.list_symbols())
        async with asyncio.TaskGroup() as group:
            one = group.create_task(session.option.list_symbols())
            two = group.create_task(session.index.list_symbols())
        both = await asyncio.gather(session.stock.list_symbols(), session.option.list_symbols())
        limited = await asyncio.wait_for(session.stock.list_symbols(), 10)
        assert await task == both[0] == limited
        assert one.result() == both[1]
        assert two.result()


@on_asyncio
async def test_objects_are_those_of_the_core():
    """What is written for the core's classes takes those of this face."""
    async with open_terminal() as terminal, opened(terminal) as session:
        assert isinstance(session, thetatrio.Session)
        query = session.stock.list_symbols()
        assert isinstance(query, thetatrio.Query)
        async with query.rows() as channel:
            assert isinstance(channel, thetatrio.RowChannel)
        async with session.stream.quotes(AAPL) as feed:
            assert isinstance(feed, thetatrio.Feed)


def test_every_method_of_a_mirrored_class_crosses():
    """A method that waits, or opens what waits, does so in the portal's thread."""
    for kind, mirror in MIRRORS.items():
        for name, member in inspect.getmembers(kind, inspect.isfunction):
            if name.startswith("_"):
                continue
            opens = str(inspect.signature(member).return_annotation).startswith(
                ("AsyncGenerator", "AbstractAsyncContextManager")
            )
            if inspect.iscoroutinefunction(member) or opens:
                assert getattr(mirror, name) is not member, f"{kind.__name__}.{name}"
                assert inspect.signature(getattr(mirror, name)) == inspect.signature(member)


STAGES = ["slot", "head", "body", "rows", "subscribing", "feed", "frame", "open"]


async def at_stage(stage, terminal, session, there):
    """Come to a stage of a request, say so, and stay there."""
    if stage == "slot":
        async with long_query(session).rows() as one, long_query(session).rows() as two:
            await one.receive()
            await two.receive()
            there.set()
            await session.stock.history_eod("AAPL", start_date=DAY, end_date=DAY)
    elif stage in ("head", "body", "open"):
        there.set()
        if stage == "open":
            async with long_query(session).batches():
                await asyncio.sleep(3600)
        await long_query(session)
    elif stage == "rows":
        async with long_query(session).rows() as channel:
            async for _ in channel:
                there.set()
                await asyncio.sleep(3600)
    elif stage == "frame":
        there.set()
        await long_query(session).polars()
    elif stage == "subscribing":
        there.set()
        async with session.stream.quotes(AAPL):
            await asyncio.sleep(3600)
    else:
        async with session.stream.quotes(AAPL) as feed:
            there.set()
            await feed.receive()


@pytest.mark.parametrize("stage", STAGES)
def test_cancelling_frees_everything_first(stage):
    """Wherever a task is cancelled, its request has ended when the cancellation is through."""

    async def main():
        settings = StreamSettings(
            source="none", acknowledge_delay=3600.0 * (stage == "subscribing")
        )
        faults = [Latency(3600.0)] if stage in ("head", "open", "frame") else ()
        async with open_terminal(stream=settings, faults=faults) as terminal:
            async with opened(terminal, slots=2, ack_timeout=30) as session:
                there = asyncio.Event()
                task = asyncio.create_task(at_stage(stage, terminal, session, there))
                await there.wait()
                if stage in ("head", "body", "open", "frame"):
                    await terminal.wait_until(lambda ledger: ledger.in_flight == 1)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert session.statistics().in_flight == 0
                assert session.statistics().waiting == 0
                assert session.stream.statistics().feeds == 0
                await idle(terminal)

    asyncio.run(main())


@on_asyncio
async def test_time_limits_of_asyncio_and_anyio():
    """`asyncio.timeout` and anyio's scopes cancel, and the session goes on."""
    async with open_terminal(faults=[Latency(3600.0)]) as terminal, opened(terminal) as session:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await session.stock.list_symbols()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(long_query(session), 0.05)
        with anyio.move_on_after(0.05) as scope:
            await session.stock.list_symbols()
        assert scope.cancelled_caught
        assert session.statistics().in_flight == 0
        await idle(terminal)
        terminal.call(lambda it: it.faults.clear())
        assert await session.stock.list_symbols()


@on_asyncio
async def test_nothing_received_is_lost_by_cancelling():
    """Reads that are given up again and again get each event and each row once."""
    async with open_terminal(stream=SILENT) as terminal, opened(terminal) as session:
        async with session.stream.quotes(AAPL) as feed:
            sizes: list[int] = []
            luck = random.Random(5)
            while len(sizes) < 200:
                if terminal.ledger.stream.total < 200:
                    terminal.call(lambda it: it.stream.emit("QUOTE", AAPL))
                task = asyncio.create_task(feed.receive())
                for _ in range(luck.randrange(12)):
                    await asyncio.sleep(0)
                task.cancel()
                with suppress(asyncio.CancelledError):
                    sizes.append((await task).bid_size)
        assert sizes == list(range(1, 201))
        roots = ("AAPL", "MSFT", "SPY")
        queries = [session.option.list_expirations(root) for root in roots]
        found: list[str] = []
        async with session.as_completed(queries) as done:
            while len(found) < len(roots):
                task = asyncio.create_task(done.receive())
                for _ in range(luck.randrange(50)):
                    await asyncio.sleep(0)
                task.cancel()
                with suppress(asyncio.CancelledError):
                    found += (await task)[0].request.symbol
        assert sorted(found) == sorted(roots)


def test_two_hundred_cancellations_leave_nothing_behind():
    """Random work cancelled at random moments leaks no thread, task, socket or slot."""

    async def main():
        luck = random.Random(11)
        async with open_terminal(stream=StreamSettings(rate=500.0)) as terminal:
            async with opened(terminal, slots=2) as session:
                # With its first frame polars opens what it keeps for as long as the process lives.
                await session.stock.list_symbols().polars()
                before = len(asyncio.all_tasks())
                for _ in range(50):
                    tasks = [asyncio.create_task(one_of(luck, session)) for _ in range(4)]
                    for _ in range(luck.randrange(200)):
                        await asyncio.sleep(0)
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
                assert len(asyncio.all_tasks()) == before
                told = session.statistics()
                assert (told.in_flight, told.waiting) == (0, 0)
                assert session.stream.statistics().feeds == 0
                assert await session.stock.list_symbols()
            await terminal.wait_until(lambda ledger: not (ledger.in_flight or ledger.connections))

    asyncio.run(main())  # what was open before the first is not counted
    threads, open_before = portals(), descriptors()
    asyncio.run(main())
    assert portals() == threads == 0
    assert descriptors() <= open_before


def portals():
    return sum(thread.name == "thetatrio" for thread in threading.enumerate())


async def one_of(luck, session):
    """Do some work, or another."""
    match luck.randrange(5):
        case 0:
            await session.stock.list_symbols()
        case 1:
            async with session.stock.history_ohlc("AAPL", date=DAY, interval="1m").rows() as found:
                async for _ in found:
                    pass
        case 2:
            async with session.stream.quotes(AAPL) as feed:
                await feed.batches().receive()
        case 3:
            await session.gather(session.stock.list_symbols(), session.option.list_symbols())
        case _:
            await session.stock.history_ohlc("AAPL", date=DAY, interval="1m").polars()


@on_asyncio
async def test_a_blocked_loop_keeps_its_stream():
    """A loop that stands still for longer than the stream's patience loses no connection."""
    async with open_terminal(stream=StreamSettings(rate=4000.0, numbered=True)) as terminal:
        async with opened(terminal, idle_timeout=0.3, buffer=500) as session:
            async with session.stream.quotes(AAPL, overflow="drop_oldest") as feed:
                await feed.receive()
                time.sleep(1.0)  # noqa: ASYNC251  # that is what is tested
                told = feed.statistics()
                assert told.received > 3000
                assert told.waiting <= 3 * 500
                assert told.received == told.delivered + told.dropped + told.waiting
                last = 1
                while last < told.received:
                    for quote in await feed.batches().receive():
                        assert quote.bid_size > last
                        last = quote.bid_size
                assert session.stream.statistics().connections == 1


def test_sessions_on_two_loops_at_once():
    """Three sessions on loops of two threads work side by side and share one portal."""
    together = threading.Barrier(2)
    seen: list[int] = []

    async def main(count):
        async with open_terminal() as terminal:
            for _ in range(count):
                assert await bars(terminal) == 391
            async with opened(terminal) as one, opened(terminal) as two:
                sessions = [one, two][:count]
                together.wait(10)
                seen.append(portals())
                found = await asyncio.gather(*(each.stock.list_symbols() for each in sessions))
                assert all(found)
                together.wait(10)

    async def bars(terminal):
        async with opened(terminal) as session:
            query = session.stock.history_ohlc("AAPL", date=DAY, interval="1m")
            async with query.rows() as channel:
                return len([row async for row in channel])

    other = threading.Thread(target=asyncio.run, args=(main(1),))
    other.start()
    asyncio.run(main(2))
    other.join(20)
    assert seen == [1, 1]
    assert portals() == 0


def test_without_a_loop_it_says_so():
    """Opened where nothing runs, it names what it works under."""
    opening = aio.open_session()
    with pytest.raises(RuntimeError, match="works under asyncio, anyio and trio"):
        opening.__aenter__().send(None)


def test_a_loop_that_is_gone_does_not_stop_the_others():
    """A program that drops its loop with a session open leaves a portal that still works."""

    async def leave_open(terminal):
        opening = opened(terminal)
        session = await opening.__aenter__()
        feed = session.stream.quotes(AAPL)
        await feed.__aenter__()
        return opening, feed

    async def main():
        async with open_terminal(stream=StreamSettings(rate=1000.0)) as terminal:

            def run():
                loop = asyncio.new_event_loop()
                kept = loop.run_until_complete(leave_open(terminal))
                loop.close()
                return kept

            kept = await asyncio.to_thread(run)
            async with opened(terminal) as session, session.stream.quotes(AAPL) as feed:
                for _ in range(50):
                    await feed.receive()
            opening, feed_block = kept
            await feed_block.__aexit__(None, None, None)
            await opening.__aexit__(None, None, None)

    asyncio.run(main())
    assert portals() == 0
