"""Variants in turns: one process each, slices in random order, medians of paired ratios."""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROUNDS = 7
CLIENT_CPU = 0
SERVER_CPU = 1
BUSY = 1.2
"""Elapsed time to the processor's, of clients that are never kept waiting."""


def pin(cpu: int) -> None:
    """Keep this process on one processor, where the system lets it."""
    if hasattr(os, "sched_setaffinity") and cpu in os.sched_getaffinity(0):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {cpu})


def resident() -> int:
    """Return the bytes of memory this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def serve_turns(turn) -> None:
    """In a variant's process: run `turn()` for each line of input, print what it measured."""
    pin(CLIENT_CPU)
    for _ in sys.stdin:
        print(json.dumps(turn()), flush=True)


def end(process: subprocess.Popen) -> None:
    """End a process as all of them end here: its input does."""
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


@dataclass
class Variant:
    """One way of doing the job, in a process of its own."""

    name: str
    command: list[str]
    results: list[dict[str, float]] = field(default_factory=list)
    process: subprocess.Popen | None = None
    folder: Path | None = None
    """Where it is run, and so which packages it finds; None is where this process is."""

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *self.command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=self.folder,
        )

    def turn(self) -> dict[str, float]:
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write("go\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} died")
        return json.loads(line)

    def stop(self) -> None:
        if self.process is not None:
            end(self.process)


def run(variants: list[Variant], rounds: int = ROUNDS) -> None:
    """Give each variant a warm-up and then its turns."""
    try:
        for variant in variants:
            variant.start()
        for number in range(rounds + 1):
            for variant in random.sample(variants, len(variants)):
                result = variant.turn()
                if number:  # the first turn warms up
                    variant.results.append(result)
    finally:
        for variant in variants:
            variant.stop()


def ratio(variant: Variant, base: Variant, figure: str = "cpu") -> tuple[float, float, float]:
    """Return the median and quartiles of the ratios of paired turns."""
    pairs = [a[figure] / b[figure] for a, b in zip(variant.results, base.results, strict=True)]
    low, middle, high = statistics.quantiles(pairs, n=4)
    return middle, low, high


def table(title: str, variants: list[Variant], unit: str, scale: float) -> None:
    """Print each variant's median cost and its ratio to the first one."""
    print(f"\n{title}")
    base = variants[0]
    for variant in variants:
        costs = [result["cpu"] * scale for result in variant.results]
        line = f"  {variant.name:<44} {statistics.median(costs):9.3f} {unit} cpu"
        line += f" (least {min(costs):.3f})"
        if variant is not base:
            middle, low, high = ratio(variant, base)
            line += f"   x{middle:.2f} [{low:.2f}-{high:.2f}]"
        if all("wall" in result for result in variant.results):
            wall = statistics.median(result["wall"] for result in variant.results) * scale
            line += f"   wall {wall:.3f}"
        grown = [result["grown"] for result in variant.results if "grown" in result]
        if grown:
            line += f"   memory +{max(grown) / 1e6:.1f} MB"
        print(line, flush=True)
    walls = [(r["wall"], r["cpu"]) for v in variants for r in v.results if "wall" in r]
    if walls and statistics.median(wall / cpu for wall, cpu in walls) > BUSY:
        print("  the processors were shared with other programs: these figures say little")


@dataclass
class Goal:
    """What a median is to be, and what it was."""

    name: str
    limit: float
    found: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        # As many digits as are shown: the next one is noise.
        found = round(self.found, 2)
        return found >= self.limit if self.at_least else found <= self.limit

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        return f"{self.name}: {self.found:.2f} ({sign} {self.limit:g})"


GOALS: list[Goal] = []


def judge(name: str, found: float, limit: float, *, at_least: bool = False) -> None:
    """Note a goal, for the end of the run."""
    GOALS.append(Goal(name, limit, found, at_least))


def judge_ratio(name: str, variant: Variant, base: Variant, limit: float, **how) -> None:
    """Note a goal for the median of paired ratios."""
    figure = how.pop("figure", "cpu")
    judge(name, ratio(variant, base, figure)[0], limit, **how)


def goals() -> None:
    """Say which goals were met, and which were not."""
    for title, met in (("met", True), ("not met", False)):
        found = [goal for goal in GOALS if goal.met is met]
        if found:
            print(f"\ngoals {title}")
            for goal in found:
                print(f"  {goal}")


@contextlib.contextmanager
def server(*args: str, module: str = "tests.benchmarks.server"):
    """Run the server process; yield its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield int(process.stdout.readline())
    finally:
        end(process)
