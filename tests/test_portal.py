"""thetatrio._portal: one thread, counted, and gone after the last session."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import trio

import thetatrio
from tests.leaks import descriptors
from thetatrio import _portal, aio, sync
from thetatrio._bell import Bell
from thetatrio._faces.on_threads import Caller
from thetatrio._stream import supervisor
from thetatrio.testing.sync import open_terminal

pytestmark = pytest.mark.core

PACKAGE = Path(thetatrio.__file__).parent


def portals():
    return sum(thread.name == "thetatrio" for thread in threading.enumerate())


@pytest.fixture
def caller():
    use = _portal.Use()
    yield Caller(use.open())
    use.close()


def test_the_thread_is_shared_and_counted():
    """Sessions share one thread, which is gone after the last of them."""
    assert portals() == 0
    with sync.open_session():
        assert portals() == 1
        with sync.open_session():
            assert portals() == 1
        assert portals() == 1
    assert portals() == 0


def test_two_hundred_sessions_leave_nothing_behind():
    """Sessions opened and closed, of both faces: threads and descriptors are as before."""

    async def main():
        for _ in range(100):
            async with aio.open_session():
                pass

    asyncio.run(main())
    before = descriptors()
    for _ in range(100):
        with sync.open_session():
            pass
    asyncio.run(main())
    assert descriptors() <= before
    assert portals() == 0


def test_an_exception_crosses_as_itself(caller):
    """What the work raises is raised here, the same object, with the work's own frames."""
    mine = ValueError("mine")

    async def work():
        await trio.lowlevel.checkpoint()
        raise mine

    with pytest.raises(ValueError, match="mine") as caught:
        caller.ask(work)
    assert caught.value is mine
    names = [entry.name for entry in caught.traceback]
    assert names[0] == "test_an_exception_crosses_as_itself"
    assert names[-1] == "work"
    assert "run" not in names


def test_work_left_when_the_thread_ends_is_told(caller):
    """Work under way, or asked for, when the thread ends is SessionClosed and never hangs."""
    portal = _portal.Portal()
    portal.launch()
    portal.wait_until_started()
    begun = threading.Event()

    async def work():
        begun.set()
        await trio.sleep_forever()

    bell = Bell()
    job = portal.start(work, bell.ring)
    assert begun.wait(10)
    portal.stop()
    bell.until(lambda: job.ended)
    with pytest.raises(thetatrio.SessionClosed):
        job.result()
    with pytest.raises(thetatrio.SessionClosed):
        portal.start(work, bell.ring)
    assert portal.peek(lambda: 5) == 5


def test_what_is_looked_at_raises_here(caller):
    """An error of a look at something over there is raised by the look."""
    with pytest.raises(KeyError):
        caller.portal.peek(lambda: {}["x"])
    assert caller.portal.peek(lambda: caller.portal.is_here)
    assert caller.portal.peek(lambda: caller.portal.peek(lambda: 3)) == 3


def run(script, *arguments):
    """Run a script in a process of its own; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c",
         textwrap.dedent(script), *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout.split("\n")[:-1]


HEAD = """
import asyncio, multiprocessing, os, sys
from thetatrio import SessionClosed, aio, sync
from thetatrio.testing.sync import open_terminal

def own(address):
    with sync.open_session(base_url=address) as session:
        return len(session.stock.list_symbols().fetch())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_is_told_and_opens_its_own():
    """A session used after a fork is one clear error; leaving its block does no harm."""
    script = (
        HEAD
        + """
def child(session, query, address, out):
    def told(function):
        try:
            function()
        except SessionClosed as error:
            os.write(out, f"{error}\\n".encode())
    told(session.stock.list_symbols().fetch)
    told(session.statistics)
    async def loop():
        async with aio.open_session(base_url=address) as mine:
            return len(await mine.stock.list_symbols())
    os.write(out, f"{own(address)} {asyncio.run(loop())}\\n".encode())

with open_terminal() as terminal:
    with sync.open_session(config=terminal.config) as session:
        query = session.stock.list_symbols()
        mine = len(query.fetch())
        there, here = os.pipe()
        pid = os.fork()
        if not pid:
            try:
                with session:
                    child(session, query, terminal.url, here)
            finally:
                os._exit(0)
        os.close(here)
        os.waitpid(pid, 0)
        print(os.read(there, 10000).decode(), end="")
        print(mine, len(query.fetch()))
"""
    )
    first, second, counts, mine = run(script)
    assert "before the process was forked" in first
    assert first == second
    assert counts == mine


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("face", ["aio", "sync"])
def test_a_query_that_a_fork_refuses_was_used(face):
    """What is asked of a session from before the fork is one error, and no warning besides."""
    script = (
        HEAD
        + """
import gc
from thetatrio.testing import aio as testing_aio

def told(out, error):
    gc.collect()  # what is dropped unused warns on stderr
    os.write(out, f"{error}\\n".encode())

def blocking(session, out):
    query = session.stock.list_symbols
    for way in (
        lambda: query().fetch(), lambda: list(query()), lambda: query().polars(),
        lambda: query().frames().__enter__(), lambda: session.gather(query(), query()),
    ):
        try:
            way()
        except SessionClosed as error:
            told(out, error)

async def enter(block):
    async with block:
        pass

async def awaiting(session, out):
    query = session.stock.list_symbols
    for way in (
        lambda: query(), lambda: enter(query().rows()), lambda: query().polars(),
        lambda: enter(query().frames()), lambda: session.gather(query(), query()),
    ):
        try:
            await way()
        except SessionClosed as error:
            told(out, error)

def in_a_child(work):
    there, here = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            work(here)
        finally:
            os._exit(0)
    os.close(here)
    os.waitpid(pid, 0)
    print(os.read(there, 10000).decode(), end="")

async def main():
    async with testing_aio.open_terminal() as terminal:
        async with aio.open_session(config=terminal.config) as session:
            in_a_child(lambda out: asyncio.run(awaiting(session, out)))

if sys.argv[1] == "aio":
    asyncio.run(main())
else:
    with open_terminal() as terminal, sync.open_session(config=terminal.config) as session:
        in_a_child(lambda out: blocking(session, out))
"""
    )
    told = run(script, face)
    assert len(told) == 5
    assert all("before the process was forked" in line for line in told)


def test_a_spawned_child_opens_its_own():
    """A child that was spawned shares nothing, and its session works."""
    script = (
        HEAD
        + """
with open_terminal() as terminal, sync.open_session(config=terminal.config) as session:
    mine = len(session.stock.list_symbols().fetch())
    done = __import__("subprocess").run(
        [sys.executable, "-c", "import sys; from thetatrio import sync\\n"
         "with sync.open_session(base_url=sys.argv[1]) as s:"
         " print(len(s.stock.list_symbols().fetch()))", terminal.url],
        capture_output=True, text=True, check=True)
    print(mine, int(done.stdout))
"""
    )
    (line,) = run(script)
    mine, theirs = line.split()
    assert mine == theirs


def test_the_interpreters_end_closes_what_is_open():
    """A program that ends without closing its session ends at once, and in peace."""
    script = (
        HEAD
        + """
from thetatrio import Stock
opening = open_terminal()
terminal = opening.__enter__()
session = sync.connect(config=terminal.config)
print(len(session.stock.list_symbols().fetch()) > 0)
feed = session.stream.quotes(Stock("AAPL")).__enter__()  # a block may be left to itself
print(feed.receive(timeout=10) is not None)
"""
    )
    assert run(script) == ["True", "True"]


def test_the_interpreters_end_waits_as_long_as_leaving_may_take(monkeypatch):
    """With thousands of subscriptions leaving takes longer: the end of the program waits for it."""
    portal = _portal.Portal()
    portal.launch()
    portal.wait_until_started()
    ending, may_end, timeouts = threading.Event(), threading.Event(), []

    async def work():
        try:
            await trio.sleep_forever()
        finally:
            ending.set()
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(may_end.wait, 30)

    def join(timeout):
        timeouts.append(timeout)
        if len(timeouts) == 1:  # the first has passed, as it were
            assert ending.wait(30)
        else:
            may_end.set()
            threading.Thread.join(portal._thread, 30)

    job = portal.start(work, lambda: None)
    job.time_to_end = lambda: 60.0
    with monkeypatch.context() as patched:
        patched.setattr(portal._thread, "join", join)
        patched.setattr(_portal, "_GOODBYE", 5.0)
        portal.stop()
    assert not portal._thread.is_alive()
    assert timeouts[1] > 30


@pytest.mark.parametrize(("unsubscribe", "takes"), [(True, 1.0 + 3), (False, 1.0)])
def test_a_session_says_how_long_leaving_it_may_take(unsubscribe, takes, monkeypatch):
    """The bound of the interpreter's end is that of leaving: a second for 500 subscriptions."""
    monkeypatch.setattr(supervisor, "REMOVED_PER_SECOND", 1)
    with open_terminal() as terminal:
        config = terminal.config
        with sync.open_session(config, unsubscribe_on_exit=unsubscribe) as session:
            stocks = [thetatrio.Stock(symbol) for symbol in ("AAPL", "MSFT", "SPY")]
            with session.stream.quotes(*stocks):
                portal = _portal._shared.portal
                times = portal.peek(lambda: [job.time_to_end() for job in portal._jobs])
    assert max(times) == takes


def gone():
    """Wait until no portal is left, for as long as one may take to end."""
    until = time.monotonic() + 10
    while portals() and time.monotonic() < until:
        time.sleep(0.001)
    return not portals()


class Blocked(RuntimeError):
    """What a test plugin raises that blocks sockets."""


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
        (Blocked("sockets are blocked"), "--allow-unix-socket"),
    ],
)
@pytest.mark.parametrize("face", ["aio", "sync"])
def test_why_the_thread_cannot_start_is_the_cause(face, error, hint, monkeypatch):
    """Where the event loop's thread cannot start, its error is the cause of what one gets.

    Nothing is left behind, and a session can be opened once the reason is gone.
    """

    def fails(*_):
        raise error

    async def main():
        async with aio.open_session():
            pass

    def opens():
        if face == "aio":
            asyncio.run(main())
        else:
            with sync.open_session():
                pass

    opens()
    before = descriptors()
    loop = asyncio.new_event_loop()  # which needs sockets as well
    monkeypatch.setattr(trio._core._wakeup_socketpair.socket, "socketpair", fails)
    with pytest.raises(RuntimeError, match=f"could not start.*{hint}") as caught:
        if face == "aio":
            loop.run_until_complete(main())
        else:
            opens()
    assert caught.value.__cause__ is error
    monkeypatch.undo()
    loop.close()
    assert gone()
    assert descriptors() <= before
    opens()
    assert gone()


LIMITED = """
import asyncio, gc, os, resource, socket, sys, threading, warnings
from thetatrio import aio, sync
warnings.simplefilter("ignore", ResourceWarning)  # trio and Python leave theirs to the collector

def state():
    gc.collect()
    return len(os.listdir("/dev/fd")), threading.active_count()

async def opens_in_loop():
    async with aio.open_session():
        pass

def opens():
    if sys.argv[1] == "aio":
        loop.run_until_complete(opens_in_loop())
    else:
        with sync.open_session():
            pass

loop = asyncio.new_event_loop()  # which needs sockets of its own
opens()
before = state()

def attempt():
    # Nothing keeps the error: what it refers to must not be what keeps files open.
    try:
        opens()
    except RuntimeError as error:
        cause = error.__cause__
        return f"{type(cause).__name__} {getattr(cause, 'errno', '')}: {error}"
    return "opened"
"""


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="descriptors cannot be counted here")
@pytest.mark.parametrize("face", ["aio", "sync"])
def test_a_real_limit_of_open_files_is_the_cause(face):
    """However few descriptors are left, opening works or names the limit, and leaves nothing."""
    script = (
        LIMITED
        + """
import errno
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
lowest, outcomes = 1 + max(map(int, os.listdir("/dev/fd"))), []
for left in range(6):
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + left - 1, most))
    outcomes.append(attempt())
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    assert state() == before, (left, outcomes[-1], state(), before)
opens()
assert state() == before
print(outcomes[0].startswith(f"OSError {errno.EMFILE}: "), "ulimit -n" in outcomes[0])
print({each for each in outcomes if each != "opened" and "ulimit -n" not in each})
print(outcomes[-1])
loop.close()
"""
    )
    assert run(script, face) == ["True True", "set()", "opened"]


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="descriptors cannot be counted here")
@pytest.mark.parametrize("face", ["aio", "sync"])
def test_sockets_that_a_plugin_blocks_are_the_cause(face):
    """Where a test plugin replaces `socket.socket`, its error is the cause, and nothing is left."""
    script = (
        LIMITED
        + """
class Blocked(RuntimeError):
    pass

class Guarded(socket.socket):
    def __new__(cls, *args, **options):
        raise Blocked("A test tried to use socket.socket.")

def no_pair(*args, **options):
    raise Blocked("A test tried to use socket.socketpair.")

true_pair, true_socket = socket.socketpair, socket.socket
socket.socketpair = no_pair
print(attempt())
socket.socketpair = true_pair
assert state() == before, (state(), before)
opens()
assert state() == before
socket.socket = Guarded
print(attempt())
socket.socket = true_socket
assert threading.active_count() == before[1]  # Python's own socketpair() leaves one of its files
opens()
loop.close()
"""
    )
    first, second = run(script, face)
    for line in (first, second):
        assert line.startswith("Blocked : the thread that runs thetatrio's event loop could not")
        assert "--allow-unix-socket" in line


def test_no_more_threads_is_the_cause(monkeypatch):
    """Where the system gives no thread, that is what one gets, and nothing is left behind."""

    def start(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(RuntimeError, match="could not start") as caught:
        sync.connect()
    assert "can't start new thread" in str(caught.value.__cause__)
    monkeypatch.undo()
    with sync.open_session():
        pass
    assert gone()


def test_a_session_that_nobody_has_is_closed():
    """A session of `connect()` closes when nothing of it is referred to, and not before."""
    with open_terminal() as terminal:
        query = sync.connect(config=terminal.config).stock.list_symbols()
        gc.collect()
        assert query.fetch()  # the query keeps the session
        terminal.wait_until(lambda ledger: ledger.connections == 1)
        del query
        gc.collect()
        terminal.wait_until(lambda ledger: ledger.connections == 0)
    assert gone()


def interrupted_at(line):
    """Open and close a session, with Ctrl-C before the given line of it; tell whether it came."""
    lines = 0
    came = False

    def trace(frame, event, _):
        nonlocal lines, came
        code = frame.f_code
        # Python reports an interrupt in a finaliser, and goes on.
        if str(PACKAGE) not in code.co_filename or code.co_name == "__del__":
            return None
        if event == "line":
            lines += 1
            if lines == line:
                came = True
                signal.raise_signal(signal.SIGINT)
        return trace

    before = sys.gettrace()
    try:
        sys.settrace(trace)
        with sync.open_session():
            pass
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return came


@pytest.mark.parametrize(
    ("shared", "step"),
    [(False, 4), (True, 5), pytest.param(False, 1, marks=pytest.mark.deep)],
)
def test_an_interrupt_at_any_line_leaves_nothing(shared, step):
    """Ctrl-C before any line of opening or closing a session leaves no thread and no task.

    Each line is interrupted in a run of its own; here at each fourth or fifth, in `deep` at all.
    """
    with ExitStack() as stack:
        other = stack.enter_context(sync.open_session()) if shared else None
        interrupted_at(0)
        line = 1
        while interrupted_at(line):
            if other is None and portals():
                gc.collect()
                assert gone(), line
            line += step
        if other is not None:
            gc.collect()
            portal = other._caller.portal
            until = time.monotonic() + 10
            while len(portal._jobs) > 1 and time.monotonic() < until:
                time.sleep(0.001)
            assert len(portal._jobs) == 1
            assert portal.users == 1
        assert line > 100
    assert gone()
