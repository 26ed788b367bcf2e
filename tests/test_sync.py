"""thetatrio.sync: what only scripts meet; tests/test_faces.py has what all faces promise."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import signal
import sys
import threading
import time

import pytest

import thetatrio
from thetatrio import Stock, sync
from thetatrio.testing import Latency, StreamSettings
from thetatrio.testing.sync import open_terminal

DAY = "2024-11-04"
AAPL = Stock("AAPL")
SILENT = StreamSettings(source="none", numbered=True)

pytestmark = pytest.mark.core


def opened(terminal, **settings):
    return sync.open_session(config=terminal.config, **settings)


def bars(session):
    return session.stock.history_ohlc("AAPL", date=DAY, interval="1m")


def test_a_query_is_iterated():
    """`for row in query` and `list(query)` give its rows; breaking off ends the request."""
    with open_terminal() as terminal, opened(terminal) as session:
        listed = bars(session).fetch()
        assert list(bars(session)) == listed
        for number, row in enumerate(bars(session)):
            assert row == listed[number]
            if number == 10:
                break
        terminal.wait_until(lambda ledger: ledger.in_flight == 0)
        assert session.statistics().in_flight == 0


def test_a_query_that_is_not_used_warns():
    """Dropping a query unused warns, in words that fit this face."""
    with open_terminal() as terminal, opened(terminal) as session:
        with pytest.warns(RuntimeWarning, match="never used: iterate it"):
            session.stock.list_symbols()


def test_receiving_takes_a_timeout():
    """What does not come in time is TimeoutError, or the end of `iterate`; nothing is lost."""
    with open_terminal(stream=SILENT) as terminal, opened(terminal) as session:
        with session.stream.quotes(AAPL) as feed, session.stream.states() as states:
            for receive in (feed.receive, feed.batches().receive, feed.with_notices().receive):
                with pytest.raises(TimeoutError, match=r"within 0\.01 s"):
                    receive(timeout=0.01)
            terminal.call(lambda it: [it.stream.emit("QUOTE", AAPL) for _ in range(9)])
            sizes = [feed.receive(timeout=10).bid_size]
            sizes += [quote.bid_size for quote in feed.iterate(timeout=0.2)]
            assert sizes == list(range(1, 10))
            terminal.call(lambda it: [it.stream.emit("QUOTE", AAPL) for _ in range(3)])
            found = [len(batch) for batch in feed.batches().iterate(timeout=0.2)]
            assert sum(found) == 3
            assert list(feed.with_notices().iterate(timeout=0.01)) == []
            assert states.receive(timeout=1).name == "live"
            with pytest.raises(TimeoutError):
                states.receive(timeout=0.01)
        terminal.call(lambda it: it.faults.append(Latency(3600.0)))
        with pytest.raises(TimeoutError):
            session._caller.finish(bars(session)._native.fetch, 0.05)
        assert session.statistics().in_flight == 0


def test_connect_is_closed_by_hand():
    """A session of `connect` works until it is closed; closing again does no harm."""
    with open_terminal() as terminal:
        session = sync.connect(config=terminal.config)
        assert bars(session).fetch()
        session.close()
        session.close()
        with pytest.raises(thetatrio.SessionClosed):
            bars(session).fetch()
        with pytest.raises(thetatrio.SessionClosed), session:
            pass
        with sync.connect(config=terminal.config) as session:
            assert bars(session).fetch()
        with pytest.raises(thetatrio.InvalidConfig):
            sync.connect(slots=0)


def test_threads_share_a_session_and_a_feed():
    """Several threads may ask at once, and read one feed: each event goes to one of them."""
    with open_terminal(stream=SILENT) as terminal, opened(terminal, slots=2) as session:
        found: list[int] = []
        sizes: list[int] = []

        def ask():
            found.append(len(bars(session).fetch()))

        with session.stream.quotes(AAPL) as feed:

            def read():
                for quote in feed.iterate(timeout=1):
                    sizes.append(quote.bid_size)
                    if len(sizes) == 2000:
                        return

            threads = [threading.Thread(target=job) for job in (ask, ask, ask, read, read)]
            for thread in threads:
                thread.start()
            terminal.call(lambda it: [it.stream.emit("QUOTE", AAPL) for _ in range(2000)])
            for thread in threads:
                thread.join(20)
        assert found == [391] * 3
        assert sorted(sizes) == list(range(1, 2001))
        assert terminal.ledger.total == 3


def test_it_works_inside_a_running_loop():
    """In a thread whose asyncio loop runs, as a notebook's does, it blocks and works."""

    async def cell(session):
        return len(bars(session).fetch()), len(list(session.stock.list_symbols()))

    with open_terminal() as terminal:
        session = sync.connect(config=terminal.config)
        assert asyncio.run(cell(session)) == (391, 13)
        assert asyncio.run(cell(session)) == (391, 13)
        session.close()


def test_where_it_cannot_wait_it_says_so():
    """In the thread that does the work, waiting for it is one clear error."""
    with open_terminal(stream=SILENT) as terminal, opened(terminal) as session:
        query = bars(session)
        assert query.fetch()
        with session.stream.quotes(AAPL) as feed:
            while True:  # what has come needs no waiting
                try:
                    feed.receive_nowait()
                except thetatrio.WouldBlock:
                    break
            for wait in (query.fetch, feed.receive, query.rows().__enter__):
                with pytest.raises(RuntimeError, match="in the thread that works for it"):
                    terminal.call(lambda _, wait=wait: wait())


def interrupt(began, terminal, holds):
    """Send Ctrl-C to this process as soon as something is true of the terminal."""

    def press():
        terminal.wait_until(holds)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    began.append(thread)  # before it may be too late
    thread.start()


@pytest.mark.skipif(sys.platform == "win32", reason="the signal ends the whole process there")
@pytest.mark.parametrize("stage", ["query", "rows", "stream", "download"])
def test_ctrl_c_ends_it_with_everything_closed(stage, tmp_path):
    """Ctrl-C in the middle of anything comes through within a moment, and nothing goes on."""
    faults = [Latency(3600.0)] if stage in ("query", "download") else []
    with open_terminal(stream=SILENT, faults=faults) as terminal:
        began = []

        def work(session):
            if stage == "query":
                interrupt(began, terminal, lambda ledger: ledger.in_flight == 1)
                bars(session).fetch()
            elif stage == "rows":
                with session.stock.history_quote("AAPL", date=DAY, interval="1s").rows() as rows:
                    terminal.call(lambda it: it.faults.append(Latency(3600.0)))
                    rows.receive()
                    interrupt(began, terminal, lambda ledger: ledger.in_flight == 2)
                    bars(session).fetch()
            elif stage == "stream":
                with session.stream.quotes(AAPL) as feed:
                    interrupt(began, terminal, lambda ledger: ledger.stream.open == 1)
                    for _ in feed:
                        pass
            else:
                query = session.stock.history_eod("AAPL", start_date="2024-10-01", end_date=DAY)
                interrupt(began, terminal, lambda ledger: ledger.in_flight == 1)
                session.download(query, tmp_path / "data", format="csv").run()

        with pytest.raises(KeyboardInterrupt):
            with opened(terminal, slots=2) as session:
                work(session)
        began[0].join(10)
        terminal.wait_until(lambda it: not (it.in_flight or it.connections or it.stream.open))
        with pytest.raises(thetatrio.SessionClosed):
            session.statistics()


def test_leaving_is_quick_whatever_is_under_way():
    """A session left with feeds and requests of other threads under way closes at once."""
    met: list[BaseException] = []
    with open_terminal(stream=SILENT) as terminal:
        with opened(terminal) as session:
            feed = session.stream.quotes(AAPL).__enter__()

            def read():
                try:
                    feed.receive()
                except thetatrio.ThetaDataError as error:
                    met.append(error)

            thread = threading.Thread(target=read)
            thread.start()
            began = time.monotonic()
        assert time.monotonic() - began < 5
        thread.join(10)
    assert [type(error) for error in met] == [thetatrio.SessionClosed]


def test_a_slow_log_does_not_hold_up_the_stream(caplog):
    """While a reader is kept by what logs its losses, the stream comes in and goes on."""
    during: list[int] = []
    with open_terminal(stream=SILENT) as terminal, opened(terminal, buffer=10) as session:
        with session.stream.quotes(AAPL) as feed:

            class Slow(logging.Handler):
                def emit(self, record):
                    before = feed.statistics().received
                    terminal.call(lambda it: [it.stream.emit("QUOTE", AAPL) for _ in range(50)])
                    while feed.statistics().received < before + 50:
                        terminal.call(lambda it: None)
                    during.append(feed.statistics().received - before)

            slow = Slow()
            logging.getLogger("thetatrio").addHandler(slow)
            try:
                terminal.call(lambda it: [it.stream.emit("QUOTE", AAPL) for _ in range(500)])
                while feed.statistics().received < 500:
                    terminal.call(lambda it: None)
                while not during:
                    feed.receive(timeout=10)
            finally:
                logging.getLogger("thetatrio").removeHandler(slow)
    assert during[0] == 50


def test_signatures_are_those_of_the_core():
    """Names, order and defaults of every method are those of trio's face."""
    pairs = [
        (sync.Session, thetatrio.Session),
        (sync.Query, thetatrio.Query),
        (sync.FileQuery, thetatrio.FileQuery),
        (sync.Stream, thetatrio.Stream),
        (sync.TerminalControl, thetatrio.TerminalControl),
        (sync.Feed, thetatrio.Feed),
        (sync.Download, thetatrio.download.Download),
    ]
    of_coroutines = {"send", "throw", "close"}
    for ours, native in pairs:
        for name, member in inspect.getmembers(native, inspect.isfunction):
            if name.startswith("_") or name in of_coroutines:
                continue
            mine = inspect.signature(getattr(ours, name)).parameters
            kept = [each for each in mine.values() if each.name != "timeout"]
            theirs = list(inspect.signature(member).parameters.values())
            assert [(p.name, p.kind, p.default) for p in kept] == [
                (p.name, p.kind, p.default) for p in theirs
            ], f"{ours.__name__}.{name}"
