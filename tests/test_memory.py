"""The memory of long pulls, in processes of their own: it does not grow with their length."""

from __future__ import annotations

import subprocess
import sys
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from tests.network import answer
from thetatrio import market_time

ROOT = Path(__file__).parents[1]
FIRST = "2024-08-01"
THREE_MONTHS = "2024-10-31"

MEASURED = """
import sys, trio, thetatrio

def memory(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name)) / 1024

async def rows(session, query, to):
    count = 0
    async with query.rows() as rows:
        async for row in rows:
            count += 1
    return count, 0

async def frames(session, query, to, library="polars"):
    count = largest = 0
    async with query.frames(library) as frames:
        async for frame in frames:
            count += len(frame)
            size = frame.estimated_size() if library == "polars" else frame.nbytes
            largest = max(largest, size / 2**20)
    return count, largest

async def arrow(session, query, to):
    return await frames(session, query, to, "arrow")

async def download(session, query, to):
    return (await session.download(query, to)).rows, 0

async def main(url, to, first, warm, end, way):
    take = globals()[way]
    async with thetatrio.open_session(base_url=url, tier="pro") as session:
        def part(symbol, end):
            return session.option.history_quote(symbol, expiration="*", interval="1m",
                start_date=first, end_date=end)
        await take(session, part("WARM", warm), to)  # libraries and their threads
        start = memory("VmRSS")
        count, largest = await take(session, part("SPY", end), to)
        print(count, memory("VmHWM") - start, largest)

trio.run(main, *sys.argv[1:])
"""


@asynccontextmanager
async def endless_quotes(rows):
    """Serve the same day of quotes to whoever asks; yield the URL."""
    names = (
        "symbol", "expiration", "strike", "right", "timestamp", "bid_size", "bid_exchange", "bid",
        "bid_condition", "ask_size", "ask_exchange", "ask", "ask_condition",
    )  # fmt: skip
    table = [
        ("SPY", "2024-11-15", f"{400 + n // 391}.000", ("CALL", "PUT")[n % 2],
         f"2024-11-04T{9 + n % 391 // 60:02}:{n % 60:02}:00",
         f"{n % 997}", f"{n % 60}", f"{n % 40}.{n % 100:02}", "50",
         f"{n % 991}", f"{n % 50}", f"{n % 41}.{n % 100:02}", "50")
        for n in range(rows)
    ]  # fmt: skip
    lines = [",".join(cells) for cells in (names, *table)]
    texts = ("symbol", "expiration", "right", "timestamp")
    layout = ",".join(f'"{name}":"%s"' if name in texts else f'"{name}":%s' for name in names)
    bodies = {
        b"csv": answer("".join(f"{line}\r\n" for line in lines).encode(), content_type="text/csv"),
        b"ndjson": answer("".join(f"{{{layout % cells}}}\n" for cells in table).encode()),
    }

    async def serve(stream):
        waiting = b""
        async with stream:
            try:
                while got := await stream.receive_some():
                    waiting += got
                    while b"\r\n\r\n" in waiting:
                        head, _, waiting = waiting.partition(b"\r\n\r\n")
                        calendar = b"/calendar/" in head
                        body = bodies[b"ndjson" if b"format=ndjson" in head else b"csv"]
                        await stream.send_all(answer(status=404) if calendar else body)
            except trio.BrokenResourceError:
                pass

    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        yield f"http://127.0.0.1:{listener.socket.getsockname()[1]}"
        nursery.cancel_scope.cancel()


async def measured(way, url, to, warm, end):
    """Take a pull in a process; return its rows, its growth and its largest frame, in MiB."""
    run = partial(subprocess.run, capture_output=True, check=True, cwd=ROOT, text=True)
    command = [sys.executable, "-c", MEASURED, url, str(to), FIRST, warm, end, way]
    done = await trio.to_thread.run_sync(run, command)
    return map(float, done.stdout.split())


def weekdays(end):
    first, last = map(market_time.parse_date, (FIRST, end))
    return sum(day.weekday() < 5 for day in market_time.weekdays(first, last))


DEEP = pytest.mark.deep


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(
    ("way", "end", "rows"),
    [
        ("download", "2024-08-09", 15_000),
        pytest.param("download", THREE_MONTHS, 150_000, marks=DEEP),
        pytest.param("rows", THREE_MONTHS, 150_000, marks=DEEP),
    ],
)
async def test_memory_stays_flat(tmp_path, way, end, rows):
    """A long pull at eight parts at a time takes less than 64 MB above its start."""
    async with endless_quotes(rows) as url:
        found, growth, _ = await measured(way, url, tmp_path, "2024-08-02", end)
    assert found == rows * weekdays(end)
    assert growth < 64


@DEEP
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("way", ["frames", "arrow"])
async def test_frames_take_the_memory_of_three(tmp_path, way):
    """Frame after frame of three months takes no more than three frames' own size."""
    async with endless_quotes(150_000) as url:
        found, growth, largest = await measured(way, url, tmp_path, "2024-08-01", THREE_MONTHS)
    assert found == 150_000 * weekdays(THREE_MONTHS)
    assert growth <= 3 * largest
