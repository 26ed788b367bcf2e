"""thetatrio._rest.save: answers as files, whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import trio
from pyarrow import parquet

import thetatrio
from tests.network import answer, scripted, simulated
from tests.test_answer import BODY, CUT, GONE, history
from thetatrio import sync
from thetatrio._rest import save
from thetatrio.requests import OptionHistoryQuote
from thetatrio.testing import HalfOpen, LimitData
from thetatrio.testing.sync import open_terminal

CSV = b"timestamp,price\r\n2024-11-04T09:31:00,5728.56\r\n"


@pytest.mark.parametrize(
    ("name", "format", "asked", "body"),
    [
        ("a.csv", None, "csv", CSV),
        ("a.ndjson", None, "ndjson", BODY),
        ("a.JSONL", None, "ndjson", BODY),
        ("a.json", None, "json", b'{"response" : [ ] }\r\n'),
        ("a.dat", "csv", "csv", CSV),
    ],
)
async def test_a_file_holds_what_the_terminal_sent(tmp_path, name, format, asked, body):
    """The bytes are the terminal's; the format is that of the name's suffix, or as requested."""
    types = {"csv": "text/csv", "ndjson": "application/x-ndjson", "json": "application/json"}
    async with scripted(answer(body, content_type=types[asked])) as (script, session):
        size = await history(session).save(tmp_path / name, format=format)
        assert (tmp_path / name).read_bytes() == body
        assert size == len(body)
        assert script.targets[0].endswith(f"format={asked}")
        assert os.listdir(tmp_path) == [name]


async def test_a_large_answer_is_written_in_blocks(tmp_path):
    """An answer of many blocks is the same bytes."""
    body = CSV * 60_000
    async with scripted(answer(body, content_type="text/csv")) as (_, session):
        assert await history(session).save(str(tmp_path / "a.csv")) == len(body) > 2 * save.BLOCK
        assert (tmp_path / "a.csv").read_bytes() == body


async def test_no_data_is_an_empty_file(tmp_path):
    """472 makes an empty file."""
    async with scripted(GONE) as (_, session):
        assert await history(session).save(tmp_path / "a.csv") == 0
        assert (tmp_path / "a.csv").read_bytes() == b""


async def test_a_cut_starts_the_file_over(tmp_path, monkeypatch):
    """After a cut the file holds one whole answer, also where part of it was written."""
    monkeypatch.setattr(save, "BLOCK", 1000)
    retry = thetatrio.RetryPolicy(base=0, cap=0)
    async with scripted(CUT, CUT, answer(BODY), retry=retry) as (_, session):
        assert await history(session).save(tmp_path / "a.ndjson") == len(BODY)
        assert (tmp_path / "a.ndjson").read_bytes() == BODY
    async with scripted(CUT, GONE, retry=retry) as (_, session):
        assert await history(session).save(tmp_path / "a.ndjson") == 0
        assert (tmp_path / "a.ndjson").read_bytes() == b""


async def test_a_failure_leaves_what_was_there_before(tmp_path):
    """An answer that does not come to its end leaves the old file and no other."""
    target = tmp_path / "a.ndjson"
    target.write_bytes(b"old")
    retry = thetatrio.RetryPolicy(base=0, cap=0)
    async with scripted(CUT, retry=retry) as (_, session):
        with pytest.raises(thetatrio.ConnectionLost):
            await history(session).save(target)
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.ndjson"]


async def test_a_cancelled_save_leaves_nothing(tmp_path):
    """Cancelling ends the request and takes the unfinished file away."""
    reached = trio.Event()

    async def falls_silent(stream, head):
        await stream.send_all(answer(BODY, length=10**6))
        reached.set()
        await trio.sleep_forever()

    async with scripted(falls_silent) as (_, session), trio.open_nursery() as nursery:
        nursery.start_soon(history(session).save, tmp_path / "a.ndjson")
        await reached.wait()
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert os.listdir(tmp_path) == []


async def test_an_unknown_ending_is_refused_before_sending(tmp_path):
    """A name without a known ending and an unknown format are InvalidRequest, each by name."""
    async with scripted(answer(CSV)) as (script, session):
        with pytest.raises(thetatrio.InvalidRequest, match="no known ending, .*format='csv'"):
            await history(session).save(tmp_path / "a.xlsx")
        with pytest.raises(thetatrio.InvalidRequest, match="'xml' is not a format; use 'csv'"):
            await history(session).save(tmp_path / "a.csv", format="xml")
        assert script.heads == []


async def test_another_format_than_asked_is_not_saved(tmp_path):
    """A terminal that answers with NDJSON for CSV makes no .csv file."""
    async with scripted(answer(BODY)) as (_, session):
        with pytest.raises(thetatrio.DecodeError, match="asked for csv"):
            await history(session).save(tmp_path / "a.csv")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
async def test_a_missing_folder_is_named(tmp_path, name):
    """The operating system's error names the folder, before anything is sent."""
    folder = tmp_path / "none"
    async with scripted(answer(CSV)) as (script, session):
        with pytest.raises(FileNotFoundError) as caught:
            await history(session).save(folder / name)
        assert caught.value.filename == str(folder)
        assert script.heads == []


RANGE = OptionHistoryQuote(
    "SPY", expiration="*", start_date="2024-11-12", end_date="2024-11-15", interval="1h"
)


async def test_a_range_is_one_file(autojump_clock, tmp_path):
    """Several answers make one CSV with one line of names, one NDJSON, one Parquet."""
    async with simulated(contracts=40, day="2024-11-15") as (_, session):
        single = []
        for place, request in enumerate(session.query(RANGE).plan().requests):
            for ending in ("csv", "ndjson"):
                await session.query(request).save(tmp_path / f"{place}.{ending}")
            single.append(place)
        for ending in ("csv", "ndjson", "parquet"):
            path = tmp_path / f"all.{ending}"
            assert await session.query(RANGE).save(path) == path.stat().st_size > 0
        whole = await session.query(RANGE).arrow()
    parts = [(tmp_path / f"{place}.csv").read_bytes() for place in single]
    expected = parts[0] + b"".join(part.partition(b"\n")[2] for part in parts[1:])
    assert (tmp_path / "all.csv").read_bytes() == expected
    parts = [(tmp_path / f"{place}.ndjson").read_bytes() for place in single]
    assert (tmp_path / "all.ndjson").read_bytes() == b"".join(parts)
    assert parquet.read_table(tmp_path / "all.parquet").equals(whole)


async def test_a_range_survives_cuts_in_its_file(autojump_clock, tmp_path):
    """A part that is cut goes on with the same bytes; the file is that of an undisturbed save."""
    async with simulated(contracts=40, day="2024-11-15") as (terminal, session):
        await session.query(RANGE).save(tmp_path / "a.csv")
        terminal.faults.extend(LimitData(300 * n, nth=n, times=1) for n in range(1, 5))
        await session.query(RANGE).save(tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


async def test_no_data_is_a_parquet_file_without_rows(autojump_clock, tmp_path):
    """The schema is there all the same."""
    async with simulated(contracts=40, day="2024-11-15") as (_, session):
        request = RANGE.__class__("SPY", expiration="*", date="2024-11-10", interval="1h")
        await session.query(request).save(tmp_path / "a.parquet")
        full = await session.query(RANGE).arrow()
    assert parquet.read_table(tmp_path / "a.parquet").schema.equals(full.schema)
    assert [each.name for each in tmp_path.iterdir()] == ["a.parquet"]


# ---------------------------------------------------------------- real limits of the system


WRITER = """
import asyncio, gc, os, signal, sys, threading, trio, thetatrio
from pathlib import Path
from thetatrio import aio, sync
interface, how, folder, base_url = sys.argv[1:]

def limit(bytes_of_a_file):
    import resource
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_of_a_file if bytes_of_a_file else most, most))

def work(session):
    query = session.stock.history_quote("AAPL", date="2024-11-04", interval="1s")
    if how in ("csv", "parquet"):
        return query.save(f"{folder}/a.{how}")
    return session.download(query, f"{folder}/data", format=how.partition(" ")[2]).run()

def written():
    return sorted(each.name for each in Path(folder).rglob("*") if each.is_file())

def descriptors():
    gc.collect()
    return len(os.listdir("/dev/fd"))

def failed(error, before):
    left = [name for name in written() if name not in ("lock", "manifest.ndjson")]
    print(type(error).__name__, "File too large" in str(error), folder in str(error))
    print(left, descriptors() <= before)  # an answer that was left took its connection along

async def main(module):
    async with module.open_session(base_url=base_url) as session:
        await session.stock.list_symbols()
        before = descriptors()
        limit(5000)
        try:
            await work(session)
        except (OSError, thetatrio.ThetaDataError) as error:
            limit(0)
            failed(error, before)
        await work(session)
        print(written())

if interface == "sync":
    with sync.open_session(base_url=base_url) as session:
        session.stock.list_symbols().fetch()
        before = descriptors()
        limit(5000)
        try:
            work(session)
        except (OSError, thetatrio.ThetaDataError) as error:
            limit(0)
            failed(error, before)
        work(session)
        print(written())
elif interface == "aio":
    asyncio.run(main(aio))
else:
    trio.run(main, thetatrio)
"""
has_limits = pytest.mark.skipif(
    sys.platform == "win32" or not Path("/dev/fd").exists(), reason="there are no such limits here"
)


@has_limits
@pytest.mark.parametrize("how", ["csv", "parquet", "download csv"])
@pytest.mark.parametrize("interface", ["trio", "aio", "sync"])
def test_a_write_that_the_system_refuses_names_the_file_and_leaves_nothing(
    interface, how, tmp_path
):
    """A real limit, as a full disk: one error with the path; with space the session goes on."""
    with open_terminal(contracts=12) as terminal:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", WRITER, interface, how, str(tmp_path),
             terminal.config.base_url],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    is_save = how in ("csv", "parquet")
    written = [f"a.{how}"] if is_save else ["lock", "manifest.ndjson", "part.csv"]
    error = "OSError" if is_save else "DownloadError"
    assert done.stdout.splitlines() == [f"{error} True True", "[] True", str(written)]


KILLED = """
import sys, thetatrio
from thetatrio import sync
with sync.open_session(base_url=sys.argv[1]) as session:
    query = session.stock.history_quote("AAPL", date="2024-11-04", interval="1s")
    print("begun", flush=True)
    query.save(sys.argv[2])
"""


@has_limits
def test_a_killed_save_leaves_no_file_under_its_name(tmp_path):
    """SIGKILL in the middle: what was there stays, and the next save removes the temporary file."""
    target = tmp_path / "a.csv"
    target.write_bytes(b"what was there")
    with open_terminal(contracts=12) as terminal:
        address = terminal.config.base_url
        # It never gets past half of the answer.
        terminal.call(lambda it: it.faults.append(HalfOpen(after=200_000, path="*history/quote*")))
        words = [sys.executable, "-c", KILLED, address, str(target)]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"begun\n"
            deadline = time.monotonic() + 60
            while len(os.listdir(tmp_path)) < 2 and time.monotonic() < deadline:
                time.sleep(0.001)
            process.kill()
            assert process.wait(60) == -signal.SIGKILL
        assert target.read_bytes() == b"what was there"
        (left,) = [each for each in tmp_path.iterdir() if each != target]
        assert left.name.endswith(".part")
        terminal.call(lambda it: it.faults.clear())
        with sync.open_session(terminal.config) as session:
            query = session.stock.history_quote("AAPL", date="2024-11-04", interval="1s")
            size = query.save(target)
    assert os.listdir(tmp_path) == ["a.csv"]
    assert target.stat().st_size == size > 200_000
