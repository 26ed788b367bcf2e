"""A long run: client and terminal in two processes, cuts, a slow reader beside a fast one.

    python -m tests.soak --minutes 480

The terminal sends numbered trades at a steady rate and ends the connection
every few seconds, mostly in the middle of a frame. Each number is delivered,
counted by `Dropped` in its place, or lies in a gap; the terminal's ledger says
how many there were and how many it did not send. It fails where that does not
balance, where memory grows by more than `GROWTH` over the second half, and
where descriptors or tasks do.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Final

import msgspec
import trio

import thetatrio
from thetatrio import Dropped, Gap, Lost, Stock
from thetatrio.config import Config, ReconnectPolicy, Tier
from thetatrio.events import Trade
from thetatrio.testing import CutFrame, StreamSettings, Terminal, open_terminal

ROOT: Final = Path(__file__).parent.parent
CONTRACTS: Final = (Stock("AAPL"), Stock("MSFT"), Stock("SPY"))
GROWTH: Final = 8 << 20
"""Bytes that the client may grow by over the second half, as the slope of that half tells."""
SAMPLE: Final = 5.0
STABLE: Final = 2.0
SLOW_BURST: Final = 40_000
SLOW_PAUSE: Final = 4.0
LAST_WORDS: Final = 60.0
"""Seconds in which everything has arrived that was sent."""


class Report(msgspec.Struct):
    """What the terminal's books say at the end."""

    last: int
    """The number of the last event, which is how many there were."""
    unsent: int
    """Events that were meant for a connection and not sent whole."""
    overflowed: int
    """Events that its queue had no room for, since the client was slower than it."""
    connections: int
    seconds: float
    """How long events were made."""


# The terminal's process


async def run_terminal(rate: float, cut: float) -> None:
    """Say where the terminal is; serve; on a line of standard input stop, and report."""
    stream = StreamSettings(rate=rate, numbered=True, keep=0)
    async with open_terminal(contracts=2, tier=Tier.PRO, stream=stream) as terminal:
        print(terminal.stream_url, flush=True)
        await terminal.stream.wait_subscribed(len(CONTRACTS))
        begun = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(end_connections, terminal, cut)
            await trio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True)
            nursery.cancel_scope.cancel()
        seconds = trio.current_time() - begun
        terminal.faults.clear()
        terminal.stream.settings = StreamSettings(source="none", numbered=True, keep=0)
        print(msgspec.json.encode(await reported(terminal, seconds)).decode(), flush=True)
        await trio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True)


async def end_connections(terminal: Terminal, every: float) -> None:
    """End the connection again and again, each time in another way."""
    for way in cycle(["frame", "end", "frame", "close", "frame", "reset"]):
        await trio.sleep(every)
        match way:
            case "frame":  # what waits behind it stays unsent
                terminal.faults.append(CutFrame(50, times=1))
            case "end":
                terminal.stream.drop(now=True)
            case "close":
                terminal.stream.drop(code=1011)
            case _:
                terminal.stream.drop(reset=True, now=True)


async def reported(terminal: Terminal, seconds: float) -> Report:
    """Send one last event, and return what the books say once it is sent."""
    ledger = terminal.ledger.stream
    while True:
        await ledger.wait_until(lambda it: it.open > 0)
        last = terminal.stream.emit("TRADE", CONTRACTS[0])
        with trio.move_on_after(SAMPLE):
            await ledger.wait_until(
                lambda it: it.connections[len(it.connections)].sent.last == it.total
            )
            break
    entries = ledger.connections.values()
    return Report(
        last=last,
        unsent=last - sum(len(entry.sent) for entry in entries),
        overflowed=sum(len(entry.overflowed) for entry in entries),
        connections=len(entries),
        seconds=seconds,
    )


# The client's process


class Books:
    """What one reader was given and told. Few numbers, however long it runs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.last = 0
        self.delivered = 0
        self.dropped = 0
        self.in_gaps = 0
        self.gaps = 0
        self.wrong: list[str] = []
        """What does not balance; the first of it."""
        self.hurry = trio.Event()
        """Set when no pause is made any more."""
        self._awaited = sys.maxsize
        self._reached = trio.Event()
        self._dropped_here = 0
        self._gap_here = False
        self._told = False

    def note(self, entry: object) -> None:
        """Note what the feed gave."""
        if isinstance(entry, Trade):
            self.delivered += 1
            if self._told or entry.size != self.last + 1:
                self._close(entry.size)
            self.last = entry.size
            if self.last >= self._awaited:
                self._reached.set()
            return
        self._told = True
        match entry:
            case Dropped(count=count):
                self._dropped_here += count
                self.dropped += count
            case Gap():
                self.gaps += 1
                self._gap_here = True
            case Lost():
                self._gap_here = True
            case _:
                self._complain(f"an unexpected notice after {self.last}: {entry!r}")

    def _close(self, number: int) -> None:
        """Balance the place between the last event and this one."""
        missing = number - self.last - 1
        rest = missing - self._dropped_here
        if missing < 0:
            self._complain(f"{number} came after {self.last}")
        elif rest < 0 or (rest and not self._gap_here):
            self._complain(
                f"{missing} are missing before {number}, and {self._dropped_here} were told"
            )
        else:
            self.in_gaps += rest
        self._dropped_here = 0
        self._gap_here = self._told = False

    def _complain(self, text: str) -> None:
        if len(self.wrong) < 20:
            self.wrong.append(f"{self.name}: {text}")

    async def read(self, feed: thetatrio.Feed[Trade], burst: int, pause: float) -> None:
        """Read so many entries at a time, with pauses."""
        channel = feed.with_notices()
        while True:
            for _ in range(burst):
                self.note(await channel.receive())
            if pause:
                with trio.move_on_after(pause):
                    await self.hurry.wait()

    async def wait_for(self, number: int) -> None:
        """Wait until an event was read."""
        self._awaited = number
        if self.last < number:
            await self._reached.wait()

    def __str__(self) -> str:
        return (
            f"{self.name} {self.delivered:,} delivered, {self.dropped:,} dropped,"
            f" {self.in_gaps:,} in {self.gaps:,} gaps"
        )


class Sample(msgspec.Struct):
    """What the client takes at one moment."""

    time: float
    memory: int
    descriptors: int
    tasks: int


def taken() -> Sample:
    """Return what this process takes now."""
    return Sample(
        time=trio.current_time(),
        memory=memory_of(os.getpid()),
        descriptors=descriptors(),
        tasks=trio.lowlevel.current_statistics().tasks_living,
    )


def memory_of(process: int) -> int:
    """Return the resident bytes of a process."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    except OSError:  # no Linux
        told = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True, check=True
        )
        return int(told.stdout) * 1024
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    """Return how many descriptors this process has open."""
    listed = Path("/proc/self/fd")
    return len(os.listdir(listed if listed.exists() else "/dev/fd"))


def slope(samples: Sequence[Sample]) -> float:
    """Return by how many bytes a second memory grows, by least squares."""
    middle = sum(each.time for each in samples) / len(samples)
    level = sum(each.memory for each in samples) / len(samples)
    spread = sum((each.time - middle) ** 2 for each in samples)
    shared = sum((each.time - middle) * (each.memory - level) for each in samples)
    return shared / spread if spread else 0.0


class Soak:
    """The client, its two readers, and what they take over time."""

    def __init__(self, terminal: trio.Process, every: float) -> None:
        self.fast = Books("fast")
        self.slow = Books("slow")
        self.samples: list[Sample] = []
        self.at_first: Sample | None = None
        self.at_last: Sample | None = None
        self._terminal = terminal
        self._every = every

    async def run(self, url: str, seconds: float) -> list[str]:
        """Live through it; return what is wrong."""
        before = descriptors()
        # Stable sooner than it is cut, so that it is back at once each time.
        config = Config(stream_url=url, tier="pro", reconnect=ReconnectPolicy(stable=STABLE))
        async with thetatrio.open_session(config) as session:
            quick = session.stream.trades(*CONTRACTS)
            lazy = session.stream.trades(*CONTRACTS, overflow="drop_oldest")
            async with quick as fast, lazy as slow, trio.open_nursery() as nursery:
                nursery.start_soon(self.fast.read, fast, 1, 0.0)
                nursery.start_soon(self.slow.read, slow, SLOW_BURST, SLOW_PAUSE)
                # Once things have got going, and with the same tasks as at the end.
                await trio.sleep(1)
                self.at_first = taken()
                with trio.move_on_after(seconds):
                    await self._watch()
                report = await self._stop()
                self.slow.hurry.set()
                with trio.move_on_after(LAST_WORDS):
                    await self.fast.wait_for(report.last)
                    await self.slow.wait_for(report.last)
                self.at_last = taken()
                wrong = self._judge(report)
                for books, feed in ((self.fast, fast), (self.slow, slow)):
                    counts = feed.statistics()
                    if (counts.delivered, counts.dropped) != (books.delivered, books.dropped):
                        wrong.append(f"{books.name}: its feed counts otherwise: {counts}")
                nursery.cancel_scope.cancel()
        if descriptors() > before:
            wrong.append(f"descriptors left open: {descriptors() - before}")
        return wrong

    async def _watch(self) -> None:
        due = self._every
        begun = trio.current_time()
        while True:
            await trio.sleep(SAMPLE)
            self.samples.append(taken())
            if self.samples[-1].time - begun >= due:
                due += self._every
                self._tell(self.samples[-1], begun)

    def _tell(self, now: Sample, begun: float) -> None:
        seconds = now.time - begun
        terminal = memory_of(self._terminal.pid)
        print(
            f"{seconds:7.0f} s  {now.memory / 1e6:6.1f} MB (terminal {terminal / 1e6:.1f} MB)"
            f"  {now.descriptors} descriptors  {now.tasks} tasks  {self.fast}; {self.slow}",
            flush=True,
        )

    async def _stop(self) -> Report:
        assert self._terminal.stdin is not None
        await self._terminal.stdin.send_all(b"\n")
        return msgspec.json.decode(await line_of(self._terminal), type=Report)

    def _judge(self, report: Report) -> list[str]:
        wrong = [*self.fast.wrong, *self.slow.wrong]
        for books in (self.fast, self.slow):
            told = books.delivered + books.dropped + books.in_gaps
            if told != report.last:
                wrong.append(f"{books.name}: {report.last:,} were made, {told:,} are accounted for")
            if books.in_gaps < report.unsent:
                wrong.append(
                    f"{books.name}: {report.unsent:,} were not sent, {books.in_gaps:,} in gaps"
                )
        if report.overflowed:
            wrong.append(
                f"the terminal gave up {report.overflowed:,}: the client is too slow for it"
            )
        half = self.samples[len(self.samples) // 2 :]
        grown = slope(half) * (half[-1].time - half[0].time) if half else 0.0
        if grown > GROWTH:
            wrong.append(f"memory grew by {grown / 1e6:.1f} MB over the second half")
        first, last = self.at_first, self.at_last
        assert first is not None
        assert last is not None
        for name, was, is_now in (
            ("descriptors", first.descriptors, last.descriptors),
            ("tasks", first.tasks, last.tasks),
        ):
            if is_now > was:
                wrong.append(f"{name}: {was} at first, {is_now} in the end")
        print(
            f"made {report.last:,} ({report.last / report.seconds:,.0f}/s) over"
            f" {report.connections} connections, {report.unsent:,} of them not sent\n"
            f"{self.fast}\n{self.slow}\n"
            f"memory {first.memory / 1e6:.1f} MB at first, {last.memory / 1e6:.1f} MB in the end;"
            f" by the slope of the second half {grown / 1e6:+.2f} MB over it,"
            f" {GROWTH / 1e6:.1f} MB are allowed\n"
            f"descriptors {first.descriptors} and {last.descriptors},"
            f" tasks {first.tasks} and {last.tasks}",
            flush=True,
        )
        return wrong


async def line_of(process: trio.Process) -> bytes:
    """Return the next line that a process writes."""
    assert process.stdout is not None
    line = b""
    while not line.endswith(b"\n"):
        piece = bytes(await process.stdout.receive_some(4096))
        if not piece:
            raise SystemExit("the terminal's process has ended")
        line += piece
    return line


async def run_client(minutes: float, rate: float, cut: float, every: float) -> int:
    """Start the terminal's process, live through the run, and tell what is wrong."""
    command = [sys.executable, "-m", "tests.soak", "--terminal", "--rate", str(rate)]
    process = await trio.lowlevel.open_process(
        [*command, "--cut", str(cut)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        url = (await line_of(process)).decode().strip()
        print(f"{minutes:g} minutes, {rate:,.0f} events a second, a cut each {cut:g} s", flush=True)
        wrong = await Soak(process, every).run(url, minutes * 60)
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
            assert process.stdin is not None
            assert process.stdout is not None
            await process.stdin.aclose()
            await process.stdout.aclose()
    for each in wrong:
        print(f"WRONG: {each}")
    print("FAILED" if wrong else "all is accounted for")
    return bool(wrong)


def main() -> None:
    """Read the arguments and run one of the two processes."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long (5)")
    parser.add_argument("--rate", type=float, default=20_000, help="events a second (20,000)")
    parser.add_argument("--cut", type=float, default=10.0, help="seconds between cuts (10)")
    parser.add_argument("--every", type=float, default=30.0, help="seconds between lines (30)")
    parser.add_argument("--terminal", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.terminal:
        trio.run(run_terminal, given.rate, given.cut)
    else:
        sys.exit(trio.run(run_client, given.minutes, given.rate, given.cut, given.every))


if __name__ == "__main__":
    main()
