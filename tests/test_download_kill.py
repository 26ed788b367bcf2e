"""Downloads in processes of their own, killed: what is there is whole, and they go on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from tests.test_download import FORMATS, tree
from thetatrio.testing import open_terminal

ROOT = Path(__file__).parents[1]

# Each download is a process of its own, forked from one that has imported everything.
DOWNLOADS = """
import os, sys, pyarrow.parquet, thetatrio._rest.transport, thetatrio.download, trio

async def main(url, to, form):
    async with thetatrio.open_session(base_url=url, tier="value") as session:
        queries = [
            session.option.history_quote(symbol, expiration="*", interval="1h",
                start_date="2024-10-01", end_date="2024-11-04")
            for symbol in ("SPX", "SPXW")]
        report = await session.download(queries, to, format=form)
        print("report", report.done, report.parts, flush=True)

for line in sys.stdin:
    child = os.fork()
    if not child:
        trio.run(main, *line.split())
        os._exit(0)
    print("child", child, flush=True)
    print("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Downloads:
    """What starts downloads, and tells how each of them ended."""

    def __init__(self, process):
        self._process = process
        self._waiting = b""

    async def start(self, *arguments):
        """Start a download; return its process id."""
        line = " ".join(map(str, arguments)) + "\n"
        await self._process.stdin.send_all(line.encode())
        return int((await self._line("child"))[0])

    async def report(self):
        return [int(word) for word in await self._line("report")]

    async def ended(self):
        return int((await self._line("ended"))[0])

    async def _line(self, word):
        """Return the words of the next line that begins with this one."""
        while True:
            while b"\n" not in self._waiting:
                got = await self._process.stdout.receive_some()
                assert got, "it ended"
                self._waiting += got
            line, _, self._waiting = self._waiting.partition(b"\n")
            first, *words = line.decode().split()
            if first == word:
                return words


@asynccontextmanager
async def open_downloads():
    process = await trio.lowlevel.open_process(
        [sys.executable, "-c", DOWNLOADS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    async with process.stdin, process.stdout:
        try:
            yield Downloads(process)
        finally:
            process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks, and POSIX signals")
@pytest.mark.parametrize(
    ("form", "times"),
    [
        ("parquet", 3),
        *(pytest.param(form, 10, marks=pytest.mark.deep) for form in FORMATS),
    ],
)
async def test_killed_again_and_again_it_comes_to_the_same(tmp_path, form, times):
    """SIGKILL at random moments, resumed each time: file by file and hash by hash the same."""
    chance = random.Random()
    async with (
        open_terminal(contracts=12, latency=0.005) as terminal,
        open_downloads() as downloads,
    ):
        with trio.fail_after(120):
            await downloads.start(terminal.url, tmp_path / "calm", form)
            done, parts = await downloads.report()
            assert await downloads.ended() == 0
            assert parts > done > 30
            kills = 0
            while kills < times:
                missing = done - len(list((tmp_path / "rough").glob("operation=*/*/*/*")))
                after = chance.randint(1, max(1, missing // (times - kills + 1)))
                terminal.ledger.reset()
                child = await downloads.start(terminal.url, tmp_path / "rough", form)
                await terminal.ledger.wait_until(lambda it, after=after: it.total > after)
                await trio.sleep(chance.random() * 0.01)
                os.kill(child, signal.SIGKILL)
                kills += await downloads.ended() == -signal.SIGKILL
            terminal.ledger.reset()
            await downloads.start(terminal.url, tmp_path / "rough", form)
            assert await downloads.report() == [done, parts]
            assert await downloads.ended() == 0
    # Each run went on from where the one before was.
    assert 0 < terminal.ledger.total < parts
    assert tree(tmp_path / "rough") == tree(tmp_path / "calm")
