"""Downloads in processes of their own: killed, interrupted, and measured."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

import thetatrio
from tests.network import answer
from tests.test_download import tree
from thetatrio.testing import open_terminal

ROOT = Path(__file__).parents[1]
KILLS = 10

DOWNLOAD = """
import sys, trio, thetatrio

async def main(url, to, form):
    async with thetatrio.open_session(base_url=url, tier="pro") as session:
        queries = [
            session.option.history_quote(symbol, expiration="*", interval="30m",
                start_date="2024-09-03", end_date="2024-11-04")
            for symbol in ("SPY", "QQQ")]
        report = await session.download(queries, to, format=form)
        print(report.done, report.parts)

trio.run(main, *sys.argv[1:])
"""

MEASURED = """
import sys, trio, thetatrio

def memory(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name)) / 1024

async def main(url, to, end):
    async with thetatrio.open_session(base_url=url, tier="pro") as session:
        def part(symbol, end):
            return session.option.history_quote(symbol, expiration="*", interval="1m",
                start_date="2024-08-01", end_date=end)
        await session.download(part("WARM", "2024-08-02"), to)  # pyarrow and its threads
        start = memory("VmRSS")
        report = await session.download(part("SPY", end), to)
        print(report.rows, memory("VmHWM") - start)

trio.run(main, *sys.argv[1:])
"""


async def start(script, *arguments):
    return await trio.lowlevel.open_process(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )


async def ended(process):
    """Wait for a process; return its output."""
    out, err = b"", b""
    async for piece in process.stdout:
        out += piece
    async for piece in process.stderr:
        err += piece
    await process.wait()
    assert err == b""
    return out.decode()


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("form", ["csv", pytest.param("parquet", marks=pytest.mark.deep)])
async def test_killed_ten_times_it_comes_to_the_same(tmp_path, form):
    """SIGKILL at random moments, resumed each time: file by file and hash by hash the same."""
    chance = random.Random()
    async with open_terminal(contracts=24, latency=0.02) as terminal:
        process = await start(DOWNLOAD, terminal.url, tmp_path / "calm", form)
        with trio.fail_after(60):
            done, parts = map(int, (await ended(process)).split())
        assert done > 30
        kills = 0
        while True:
            terminal.ledger.reset()
            process = await start(DOWNLOAD, terminal.url, tmp_path / "rough", form)
            with trio.fail_after(60):
                if kills == KILLS:
                    assert (await ended(process)).split() == [str(done), str(parts)]
                    break
                after = chance.randint(4, 16)
                await terminal.ledger.wait_until(lambda it, after=after: it.total > after)
                await trio.sleep(chance.random() * 0.03)
                process.kill()
                await process.wait()
            kills += process.returncode == -signal.SIGKILL
    # Each run went on from where the one before was.
    assert 0 < terminal.ledger.total < parts - KILLS
    assert tree(tmp_path / "rough") == tree(tmp_path / "calm")


@asynccontextmanager
async def endless_quotes(rows):
    """Serve the same day of quotes to whoever asks; yield the URL."""
    names = (
        "symbol,expiration,strike,right,timestamp,bid_size,bid_exchange,bid,bid_condition,"
        "ask_size,ask_exchange,ask,ask_condition\r\n"
    )
    lines = [
        f"SPY,2024-11-15,{400 + n // 391}.000,{('CALL', 'PUT')[n % 2]},"
        f"2024-11-04T{9 + n % 391 // 60:02}:{n % 60:02}:00,"
        f"{n % 997},{n % 60},{n % 40}.{n % 100:02},50,"
        f"{n % 991},{n % 50},{n % 41}.{n % 100:02},50\r\n"
        for n in range(rows)
    ]
    body = answer((names + "".join(lines)).encode(), content_type="text/csv")

    async def serve(stream):
        waiting = b""
        async with stream:
            try:
                while got := await stream.receive_some():
                    waiting += got
                    while b"\r\n\r\n" in waiting:
                        head, _, waiting = waiting.partition(b"\r\n\r\n")
                        calendar = b"/calendar/" in head
                        await stream.send_all(answer(status=404) if calendar else body)
            except trio.BrokenResourceError:
                pass

    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        yield f"http://127.0.0.1:{listener.socket.getsockname()[1]}"
        nursery.cancel_scope.cancel()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(
    ("end", "rows"),
    [
        ("2024-08-15", 60_000),
        pytest.param("2024-10-31", 150_000, marks=pytest.mark.deep),
    ],
)
async def test_memory_stays_flat(tmp_path, end, rows):
    """A long pull at eight parts at a time takes less than 64 MB above its start."""
    async with endless_quotes(rows) as url:
        process = await start(MEASURED, url, tmp_path, end)
        with trio.fail_after(600):
            found, growth = map(float, (await ended(process)).split())
    days = sum(day.weekday() < 5 for day in _days(end))
    assert found == rows * days
    assert growth < 64


def _days(end):
    first = thetatrio.market_time.parse_date("2024-08-01")
    last = thetatrio.market_time.parse_date(end)
    return thetatrio.market_time.weekdays(first, last)
