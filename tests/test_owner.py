"""thetatrio._owner: who may use a session, in which process, and in which event loop."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import signal
import subprocess
import sys
import threading
import warnings
from contextlib import AsyncExitStack, ExitStack, contextmanager
from functools import partial
from urllib.parse import urlsplit

import pytest
import trio

import thetatrio
from tests.tls_peers import authority, certificates, listening
from thetatrio import _calls, aio, sync
from thetatrio._faces.on_asyncio import MIRRORS
from thetatrio._owner import Owner, runtime_here
from thetatrio._rest.channels import BatchChannel, RowChannel
from thetatrio._stream.feed import Batches, Feed, FeedWithNotices
from thetatrio.sync._query import native_of
from thetatrio.testing import StreamSettings
from thetatrio.testing.sync import open_terminal

pytestmark = [pytest.mark.core, pytest.mark.usefixtures("measured_processes")]

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

AAPL = thetatrio.Stock("AAPL")
DAY = "2024-11-04"
REQUEST = thetatrio.requests.StockListSymbols()

# What each public class of the interfaces offers, and with which arguments it is called here.
# A method that is in neither table fails the tests: decide what it does in a forked child, in
# another event loop and after the session's end, and enter it.
CALLS = {
    "Session": {
        "statistics": (), "chain": ("SPY",), "expirations": ("SPY",), "get": ("/v3/x",),
        "trading_sessions": (DAY, DAY), "pages": ("/v3/x",), "gather": (), "as_completed": ((),),
    },
    "TerminalControl": {"mdds_status": (), "fpss_status": (), "shutdown": ()},
    "Query": {
        "__await__": (), "__iter__": (), "fetch": (), "resolve": (), "rows": (), "batches": (),
        "frames": (), "polars": (), "arrow": (), "pandas": (), "save": ("x.csv",), "send": (None,),
    },
    "FileQuery": {"save": ("x.csv",), "chunks": ()},
    "RowChannel": {"receive": (), "receive_nowait": (), "__anext__": (), "__next__": ()},
    "BatchChannel": {"receive": (), "__anext__": (), "__next__": ()},
    "FrameChannel": {"receive": (), "__anext__": ()},
    "ChunkChannel": {"receive": (), "__anext__": ()},
    "PageChannel": {"receive": (), "__anext__": ()},
    "CompletedChannel": {"receive": (), "__anext__": ()},
    "DownloadEvents": {"receive": (), "__anext__": ()},
    "Channel": {"receive": (), "__next__": ()},
    "StateChannel": {"receive": (), "receive_nowait": (), "__anext__": (), "__next__": ()},
    "Download": {"__await__": (), "run": (), "events": (), "progress": ()},
    "Stream": {
        "quotes": (AAPL,), "trades": (AAPL,), "ohlc": (AAPL,), "market_values": (AAPL,),
        "prices": (thetatrio.Index("SPX"),), "full_trades": ("option",), "states": (),
        "subscribe": (thetatrio.Topic.quotes(AAPL),), "statistics": (),
    },
    "Feed": {
        "receive": (), "receive_nowait": (), "statistics": (), "add": (AAPL,), "remove": (AAPL,),
        "iterate": (), "__anext__": (), "__next__": (),
    },
    "Batches": {
        "receive": (), "receive_nowait": (), "iterate": (), "__anext__": (), "__next__": (),
    },
    "FeedWithNotices": {
        "receive": (), "receive_nowait": (), "iterate": (), "__anext__": (), "__next__": (),
    },
}  # fmt: skip
OPTIONS = {("Session", "chain"): {"expiration": "2024-11-15"}}
# These describe, or make another object, and send and read nothing; or they end something,
# which has ended already.
HARMLESS = {
    "Session": {
        "config", "simulated", "server", "query", "file_query", "requests_for", "download",
        "stock", "option", "index", "calendar", "interest_rate", "stream", "terminal", "close",
        "__enter__",
    },
    "Query": {"request", "plan", "estimate", "close", "throw", "ways"},
    "FileQuery": {"request"},
    "RowChannel": {"batches", "aclose", "close", "disown", "__aiter__", "__iter__"},
    "BatchChannel": {"next", "turn", "block", "aclose", "close", "__aiter__", "__iter__"},
    "FrameChannel": {"block", "aclose", "__aiter__"},
    "ChunkChannel": {"block", "aclose", "__aiter__"},
    "PageChannel": {"block", "aclose", "__aiter__"},
    "CompletedChannel": {"block", "__aiter__"},
    "DownloadEvents": {"block", "__aiter__"},
    "Channel": {"close", "__iter__"},
    "StateChannel": {"close", "push", "end", "__aiter__", "__iter__"},
    "Download": {"report", "parts"},
    "Feed": {"topics", "refused", "batches", "with_notices", "__aiter__", "__iter__"},
    "Batches": {"__aiter__", "__iter__"},
    "FeedWithNotices": {"__aiter__", "__iter__"},
}  # fmt: skip
SPECIAL = ("__await__", "__iter__", "__next__", "__aiter__", "__anext__", "__enter__")
# Bases whose special methods only raise WrongCall.
EXPLAINING = {
    _calls.AsyncIterationOnly, _calls.BlockingIterationOnly, _calls.Unfetched, _calls.Fetchable,
    _calls.OnlyAFile,
}  # fmt: skip
# What came before the end may still be looked at after it.
AFTERWARDS = {("Feed", "statistics"), ("Download", "progress")} | {
    (kind, name)
    for kind in ("StateChannel",)
    for name in ("receive", "receive_nowait", "__anext__", "__next__")
}
FEEDS = {"Feed", "Batches", "FeedWithNotices"}
CHANNELS = {
    "RowChannel", "BatchChannel", "FrameChannel", "ChunkChannel", "PageChannel", "Channel",
    "CompletedChannel", "DownloadEvents",
}  # fmt: skip


def offered(thing):
    """Return the names of everything public that an object offers."""
    names = {name for name in dir(thing) if not name.startswith("_")}
    return names | {
        name
        for name in SPECIAL
        if hasattr(type(thing), name) and defining(type(thing), name) not in EXPLAINING
    }


def defining(kind, name):
    """Return the class that a method of a class is from."""
    return next((base for base in kind.__mro__ if name in vars(base)), None)


def calls(thing):
    """Yield each call to try on an object; fail for a name that no table has."""
    kind = type(thing).__name__
    known = CALLS[kind].keys() | HARMLESS.get(kind, set())
    assert not offered(thing) - known, f"enter these of {kind} in one of the tables"
    for name, arguments in CALLS[kind].items():
        if hasattr(thing, name) and defining(type(thing), name) not in EXPLAINING:
            yield name, arguments, OPTIONS.get((kind, name), {})


def outcome(thing, name, arguments, options):
    """Call a method as far as it gets without an event loop; return what it raised, as text."""
    try:
        result = getattr(thing, name)(*arguments, **options)
        if inspect.isgenerator(result) and name != "__await__":
            next(result)
        elif isinstance(result, _calls.Opening):
            result.__enter__()
        elif hasattr(result, "__aenter__"):
            result = result.__aenter__()
        elif hasattr(result, "__next__") and name == "__iter__":
            next(result)
        if hasattr(result, "send") and name != "send":
            step = result.send(None)
            result.close()
            return f"waited for {step!r}"
    except StopIteration as end:
        return f"returned {end.value!r}"
    except BaseException as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"
    return f"returned {result!r}"


def outcomes(things):
    return {
        f"{type(thing).__name__}.{name}": outcome(thing, name, arguments, options)
        for thing in things
        for name, arguments, options in calls(thing)
    }


def of_all(session, download):
    """Return what a session has without opening anything."""
    return [
        session, session.terminal, session.stream, session.stock.list_symbols(),
        session.file_query(REQUEST), download,
    ]  # fmt: skip


def blocks(session, download):
    """Return everything that is opened."""
    query = session.stock.history_ohlc
    bars = {"date": DAY, "interval": "1m"}
    return [
        query("AAPL", **bars).rows(), query("AAPL", **bars).batches(),
        query("AAPL", **bars).frames(), session.file_query(REQUEST).chunks(format="csv"),
        session.pages("/v3/stock/list/symbols", {"format": "csv"}),
        session.as_completed([session.stock.list_symbols()]),
        session.stream.states(), session.stream.quotes(AAPL), download.events(),
    ]  # fmt: skip


async def everything(session, stack, folder):
    """Return an object of every public class that a session of an async interface has."""
    query = session.stock.history_eod("AAPL", start_date=DAY, end_date=DAY)
    download = session.download(query, folder, format="csv")
    things = of_all(session, download)
    for block in blocks(session, download):
        things.append(await stack.enter_async_context(block))
    await next(thing for thing in things if isinstance(thing, RowChannel)).receive()
    feed = next(thing for thing in things if isinstance(thing, Feed))
    await feed.receive()
    return [*things, feed.batches(), feed.with_notices()]


def everything_blocking(session, stack, folder):
    """Return an object of every public class that a session of the blocking interface has."""
    query = session.stock.history_eod("AAPL", start_date=DAY, end_date=DAY)
    download = session.download(query, folder, format="csv")
    things = of_all(session, download)
    things += [stack.enter_context(block) for block in blocks(session, download)]
    next(thing for thing in things if isinstance(thing, sync.RowChannel)).receive()
    feed = next(thing for thing in things if isinstance(thing, sync.Feed))
    feed.receive()
    return [*things, feed.batches(), feed.with_notices()]


def in_child(work):
    """Run work in a forked child; return what it returned, through JSON."""
    there, here = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the process has threads
        pid = os.fork()
    if not pid:  # pragma: no cover  # the child's lines are not recorded
        signal.alarm(20)
        try:
            with os.fdopen(here, "w") as out:
                json.dump(work(), out)
        finally:
            os._exit(0)
    os.close(here)
    with os.fdopen(there) as told:
        text = told.read()
    os.waitpid(pid, 0)
    assert text, "the child did not come to its end"
    return json.loads(text)


def using(things, use):
    try:
        return use(things)
    finally:
        for thing in things:  # what was used in a child, or by nobody, warns here
            if isinstance(thing, aio.Query):
                thing.close()
            elif isinstance(thing, sync.Query):
                native_of(thing).close()


def on(interface, terminal, folder, use):
    """Have all objects of an interface used by `use(things)`, with the session open."""
    if interface == "sync":
        with sync.open_session(config=terminal.config) as session, ExitStack() as stack:
            return using(everything_blocking(session, stack, folder), use)

    async def main():
        module = thetatrio if interface == "trio" else aio
        async with (
            module.open_session(config=terminal.config) as session,
            AsyncExitStack() as stack,
        ):
            return using(await everything(session, stack, folder), use)

    return trio.run(main) if interface == "trio" else asyncio.run(main())


@pytest.fixture(scope="module")
def terminal():
    with open_terminal() as opened:
        yield opened


EXPECTED = {
    "trio": {*MIRRORS, Feed, Batches, FeedWithNotices, RowChannel, BatchChannel},
    "sync": {value for value in vars(sync).values() if inspect.isclass(value)},
}


@pytest.mark.parametrize("interface", ["trio", "aio", "sync"])
def test_every_public_class_is_in_the_tables(interface, terminal, tmp_path):
    """A new public class of a session is used by the tests of this file, or they fail."""

    def kinds(things):
        return {type(thing).__name__ for thing in things}

    tried = on(interface, terminal, tmp_path / "data", kinds)
    expected = {kind.__name__ for kind in EXPECTED["sync" if interface == "sync" else "trio"]}
    # Groups make queries and do nothing else.
    assert {name for name in expected - tried if not name.endswith("Group")} == set()


@forks
@pytest.mark.parametrize("interface", ["trio", "aio", "sync"])
def test_everything_refuses_a_forked_child(interface, terminal, tmp_path):
    """Each method that sends or reads raises SessionClosed at once, in a child of its process."""
    told = on(
        interface, terminal, tmp_path / "data", lambda things: in_child(lambda: outcomes(things))
    )
    wrong = {
        name: text
        for name, text in told.items()
        if not (text.startswith("SessionClosed:") and "before the process was forked" in text)
    }
    assert told
    assert wrong == {}


def elsewhere(where, work):
    """Run work in another thread: where nothing runs, in another trio.run or another loop."""
    results = []

    async def run():
        results.append(work())

    runs = {
        "nothing": lambda: results.append(work()),
        "trio": lambda: trio.run(run),
        "asyncio": lambda: asyncio.run(run()),
    }
    thread = threading.Thread(target=runs[where])
    thread.start()
    thread.join(30)
    return results[0]


# Of a download that has ended it is a value that does not change, for after `trio.run()` too.
HANDED_OUT = {"Download.progress"}
MODULES = {"nothing": "thetatrio.sync", "trio": "thetatrio.open", "asyncio": "thetatrio.aio"}


@pytest.mark.parametrize("interface", ["trio", "aio"])
@pytest.mark.parametrize("where", ["nothing", "trio", "asyncio"])
def test_everything_refuses_another_event_loop(interface, where, terminal, tmp_path):
    """Used in another loop, run or thread, each method names the owner and the module to use."""
    told = on(
        interface,
        terminal,
        tmp_path / "data",
        lambda things: elsewhere(where, lambda: outcomes(things)),
    )
    owner = "thetatrio.open_session()" if interface == "trio" else "thetatrio.aio.open_session()"
    wrong = {
        name: text
        for name, text in told.items()
        if not (
            text.startswith("RuntimeError:")
            and f"was opened with {owner}" in text
            and MODULES[where] in text.partition("it was used")[2]
        )
    }
    wrong = {name: text for name, text in wrong.items() if name not in HANDED_OUT}
    assert told
    assert wrong == {}


@pytest.mark.parametrize("interface", ["trio", "aio"])
def test_a_loop_that_begins_elsewhere_is_refused(interface, terminal, tmp_path):
    """`async for` in another event loop is refused before it hands out what has arrived."""

    async def started(thing):
        try:
            async for each in thing:
                return f"returned {each!r}"
        except RuntimeError as error:
            return str(error)

    def work(things):
        channels = [
            each for each in things if isinstance(each, Feed | FeedWithNotices | RowChannel)
        ]
        return [elsewhere("asyncio", partial(pulled, started(each))) for each in channels]

    told = on(interface, terminal, tmp_path / "data", work)
    assert len(told) >= 3
    assert all("can only be used there" in text for text in told)


def pulled(coroutine):
    """Run a coroutine that does not wait; return its result."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    return "waited"


async def awaited(thing, name, arguments, options):
    """Call a method and await what it returns; return what it raised, as text."""
    try:
        result = thing if name == "__await__" else getattr(thing, name)(*arguments, **options)
        if hasattr(result, "__aenter__"):
            await result.__aenter__()
        elif hasattr(result, "__await__"):
            await result
    except BaseException as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"
    return f"returned {result!r}"


def after_the_end(interface, terminal, folder):
    """Use everything after its session was closed, in the same event loop."""
    kept = []
    if interface == "sync":
        on(interface, terminal, folder, kept.extend)
        return outcomes(kept)

    async def main():
        module = thetatrio if interface == "trio" else aio
        async with (
            module.open_session(config=terminal.config) as session,
            AsyncExitStack() as stack,
        ):
            using(await everything(session, stack, folder), kept.extend)
        return {
            f"{type(thing).__name__}.{name}": await awaited(thing, name, arguments, options)
            for thing in kept
            for name, arguments, options in calls(thing)
            if name != "send"  # an event loop's way to do what `await` does
        }

    return trio.run(main) if interface == "trio" else asyncio.run(main())


@pytest.mark.parametrize("interface", ["trio", "aio", "sync"])
def test_everything_says_that_its_session_was_closed(interface, terminal, tmp_path):
    """After the session's end each method raises SessionClosed, statistics included.

    Feeds raise FeedClosed, since their blocks were left first; the channel of states ends.
    The statistics of a feed and the progress of a download can still be read.
    """
    told = after_the_end(interface, terminal, tmp_path / "data")
    wrong = {}
    for name, text in told.items():
        kind, method = name.split(".")
        allowed = ["SessionClosed:"]
        if kind in FEEDS:
            allowed += ["FeedClosed:"]
        if not text.startswith(tuple(allowed)) and (kind, method) not in AFTERWARDS:
            wrong[name] = text
    assert told
    assert wrong == {}


def left_blocks(interface, terminal, folder):
    """Use each channel after its block was left, with its session still open."""
    if interface == "sync":
        with sync.open_session(config=terminal.config) as session:
            with ExitStack() as stack:
                things = using(everything_blocking(session, stack, folder), list)
            kept = [thing for thing in things if type(thing).__name__ in CHANNELS]
            return outcomes(kept)

    async def main():
        module = thetatrio if interface == "trio" else aio
        async with module.open_session(config=terminal.config) as session:
            async with AsyncExitStack() as stack:
                things = using(await everything(session, stack, folder), list)
            return {
                f"{type(thing).__name__}.{name}": await awaited(thing, name, arguments, options)
                for thing in things
                if type(thing).__name__ in CHANNELS
                for name, arguments, options in calls(thing)
            }

    return trio.run(main) if interface == "trio" else asyncio.run(main())


@pytest.mark.parametrize("interface", ["trio", "aio", "sync"])
def test_a_channel_refuses_use_after_its_block(interface, terminal, tmp_path):
    """Receiving or iterating after the block was left raises, and never looks like the end."""
    told = left_blocks(interface, terminal, tmp_path / "data")
    wrong = {
        name: text
        for name, text in told.items()
        if not (text.startswith("SessionClosed:") and "has been left" in text)
    }
    assert len({name.split(".")[0] for name in told}) == (3 if interface == "sync" else 7)
    assert wrong == {}


FORKED = """
import asyncio, gc, os, sys, time, trio, thetatrio
from thetatrio import _calls, aio, sync
how, way, base_url, stream_url, *authority = sys.argv[1:]
AAPL = thetatrio.Stock("AAPL")
settings = {"base_url": base_url, "stream_url": stream_url}
if authority:
    settings["verify"] = authority[0]

def fork(use):
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    if way == "use":
        for _ in range(2):
            try:
                use()
            except thetatrio.SessionClosed as error:
                assert "before the process was forked" in str(error)
            else:
                os._exit(8)
    if way == "collect":
        gc.collect()
        os._exit(7)
    sys.exit(7)  # through every block of the session, and the interpreter's end

def report(numbers, pid, symbols):
    _, status = os.waitpid(pid, 0)
    print(numbers == list(range(numbers[0], numbers[0] + len(numbers))), len(numbers))
    print(os.waitstatus_to_exitcode(status), symbols)

async def main(module, sleep):
    async with module.open_session(**settings) as session:
        await session.stock.list_symbols()
        async with (
            session.stock.history_quote("AAPL", date="2024-11-04", interval="1s").rows() as rows,
            session.stream.trades(AAPL) as feed,
        ):
            await rows.receive()
            numbers = [(await feed.receive()).size]
            pid = fork(lambda: session.stock.list_symbols().__await__().send(None))
            numbers += [(await feed.receive()).size for _ in range(500)]
            rest = [row async for row in rows]
            report(numbers, pid, len(rest) > 20_000 and len(await session.stock.list_symbols()))

if how == "sync":
    with sync.open_session(**settings) as session:
        session.stock.list_symbols().fetch()
        with (
            session.stock.history_quote("AAPL", date="2024-11-04", interval="1s").rows() as rows,
            session.stream.trades(AAPL) as feed,
        ):
            rows.receive()
            numbers = [feed.receive().size]
            pid = fork(session.stock.list_symbols().fetch)
            numbers += [feed.receive().size for _ in range(500)]
            rest = list(rows)
            report(numbers, pid, len(rest) > 20_000 and len(session.stock.list_symbols().fetch()))
elif how == "aio":
    asyncio.run(main(aio, asyncio.sleep))
else:
    trio.run(main, thetatrio, trio.sleep)
"""


@forks
@pytest.mark.parametrize("way", ["collect", "exit"])
@pytest.mark.parametrize("interface", ["trio", "aio", "sync"])
def test_a_child_that_ends_takes_nothing_from_its_parent(interface, way):
    """Whatever ends a forked child, the parent loses no event and no row, and keeps its sockets.

    The child's `sys.exit()` unwinds every block of the session, and its garbage collection
    finds every object: no command, no close frame and no byte is sent on the parent's
    sockets, and no event of the parent's epoll is consumed.
    """
    stream = StreamSettings(rate=1000.0, numbered=True)
    with open_terminal(stream=stream) as terminal:
        config = terminal.config
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", FORKED, interface, way,
             config.base_url, config.stream_url],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert not done.stderr
        assert done.stdout.split("\n")[:-1] == ["True 501", "7 13"]

        def commands(it):
            return [command.add for command in it.ledger.stream.commands]

        assert terminal.call(commands) == [True, False]
        assert len(terminal.call(lambda it: list(it.ledger.stream.connections))) == 1


@contextmanager
def tls_in_front_of(*ports):
    """Serve TLS in a thread in front of servers of this machine.

    Yields its ports, and the servers' ports for each connection that was made.
    """
    ready, stop = threading.Event(), threading.Event()
    fronts, connections = [], []

    def serving(port):
        async def serve(client):
            connections.append(port)
            async with await trio.open_tcp_stream("127.0.0.1", port) as server:
                async with trio.open_nursery() as nursery:

                    async def answers():
                        while data := await server.receive_some():
                            await client.send_all(data)

                    nursery.start_soon(answers)
                    while data := await client.receive_some():
                        await server.send_all(data)
                    nursery.cancel_scope.cancel()

        return serve

    async def main():
        context = certificates("127.0.0.1").good
        async with AsyncExitStack() as stack:
            for port in ports:
                fronts.append(await stack.enter_async_context(listening(serving(port), context)))
            ready.set()
            await trio.to_thread.run_sync(stop.wait)

    thread = threading.Thread(target=trio.run, args=(main,))
    thread.start()
    try:
        assert ready.wait(30)
        yield fronts, connections
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()


@forks
@pytest.mark.parametrize("way", ["collect", "exit", "use"])
@pytest.mark.parametrize("interface", ["trio", "aio", "sync"])
def test_a_child_that_ends_leaves_its_parents_tls_alone(interface, way, tmp_path):
    """A child is refused at once over https and wss, and its end closes no TLS of its parent.

    A `close_notify` of the child's copy, or any other record with the parent's numbers, would
    end the parent's connection, or break it.
    """
    authority().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    stream = StreamSettings(rate=1000.0, numbered=True)
    with open_terminal(stream=stream) as terminal:
        config = terminal.config
        places = urlsplit(config.base_url), urlsplit(config.stream_url)
        with tls_in_front_of(*(place.port for place in places)) as ((rest, live), made):
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", FORKED, interface, way,
                 f"https://127.0.0.1:{rest}", f"wss://127.0.0.1:{live}{places[1].path}",
                 str(tmp_path / "ca.pem")],
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert not done.stderr
        assert done.stdout.split("\n")[:-1] == ["True 501", "7 13"]

        def commands(it):
            return [command.add for command in it.ledger.stream.commands]

        assert terminal.call(commands) == [True, False]
        assert made.count(places[1].port) == 1
        assert made.count(places[0].port) == 1


def test_opening_under_asyncio_names_the_module_for_it():
    """`thetatrio.open_session()` under asyncio is a RuntimeError that names `thetatrio.aio`."""

    async def main():
        await thetatrio.open_session().__aenter__()

    with pytest.raises(RuntimeError, match=r"this is asyncio; .* use thetatrio\.aio\.open_session"):
        asyncio.run(main())


def test_opening_without_an_event_loop_names_the_module_for_scripts():
    """`thetatrio.open_session()` in a plain script is a RuntimeError that names both ways."""
    with pytest.raises(RuntimeError, match=r"trio\.run\(\), or thetatrio\.sync\.open_session"):
        thetatrio.open_session().__aenter__().send(None)


def test_the_library_that_runs_here_is_named():
    """trio, asyncio and nothing are told apart, in callbacks of asyncio's loop too."""
    seen = []

    async def look():
        seen.append(runtime_here())

    async def look_in_callback():
        asyncio.get_running_loop().call_soon(lambda: seen.append(runtime_here()))
        await asyncio.sleep(0)

    trio.run(look)
    asyncio.run(look())
    asyncio.run(look_in_callback())
    assert [*seen, runtime_here()] == ["trio", "asyncio", "asyncio", ""]


def test_an_owner_without_a_loop_is_every_threads():
    """A session of `thetatrio.sync` may be used from each thread of its process."""
    owner = Owner("thetatrio.sync", None)
    owner.check()
    assert elsewhere("trio", owner.is_here)
    owner.disown()
    assert not owner.is_here()
    for check in (owner.check, owner.check_process):
        with pytest.raises(thetatrio.SessionClosed, match="before the process was forked"):
            check()


@forks
def test_threads_of_a_child_get_the_forks_error(terminal):
    """A stale session is refused in each thread of a child, whatever the threads' idents are."""
    with sync.open_session(config=terminal.config) as session:
        assert session.stock.list_symbols().fetch()

        def in_threads():
            told = []

            def use():
                told.append(outcome(session, "statistics", (), {}))

            for _ in range(5):  # idents are used again
                thread = threading.Thread(target=use)
                thread.start()
                thread.join(10)
            return told

        told = in_child(in_threads)
    assert len(told) == 5
    assert all("before the process was forked" in text for text in told)
