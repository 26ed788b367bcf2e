"""Compare the speed of this tree with that of a commit: `... --against COMMIT [FIGURE ...]`.

Both are run by the benchmarks of this tree, in one environment, from folders that
hold a package each. A round starts a process for each of the two, which live
through a few slices of work and take turns: the ratios of neighbouring slices are
paired, so that a machine that is busy for a second is busy for both, and processes
are fresh in each round, so that the layout of one process's memory does not decide.
A figure is the median of the rounds' ratios (this tree to the commit) with its 95 %
interval by order statistics. Rounds are run until the interval is narrower than 3 %
or the time for the figure is over. A figure whose interval lies entirely above 1.03
is worse, and then the run fails.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.turns import Variant, server

ROOT = Path(__file__).parents[2]
WORSE = 1.03
NARROW = 0.03
SLICES = 5
"""Measured slices of each process of a round, after one that warms up."""
LONG_SLICES = 2
"""The same of figures whose slices are a million rows."""
LEAST_ROUNDS = 8
SECONDS = 50.0
"""For one figure; all of them take less than a quarter of an hour."""
HELP = "--help"


@dataclass(frozen=True)
class Figure:
    """One figure that is compared."""

    label: str
    module: str
    variant: str
    server: str = ""
    """Which server it needs, by its name in SERVERS."""
    cost: str = "cpu"
    slices: int = SLICES


FIGURES = {
    "stream_batches": Figure("stream, batches()", "stream", "batches", "stream"),
    "stream_each": Figure("stream, async for", "stream", "one_by_one", "stream"),
    "asyncio_batches": Figure("asyncio stream, batches()", "faces", "aio_batches", "stream"),
    "asyncio_each": Figure("asyncio stream, async for", "faces", "aio_one_by_one", "stream"),
    "rows_batches": Figure("rows, batches()", "rest", "batches", "rows"),
    "rows_each": Figure("rows, async for", "rest", "one_by_one", "rows"),
    "small": Figure("small request", "rest", "small", "rows"),
    "polars": Figure("polars over loopback", "frames", "ask_polars", "csv", slices=LONG_SLICES),
    "arrow": Figure("pyarrow over loopback", "frames", "ask_arrow", "csv", slices=LONG_SLICES),
    "pandas": Figure("pandas over loopback", "frames", "ask_pandas", "csv", slices=LONG_SLICES),
    "download": Figure("download, elapsed time", "frames", "download", "days", "wall", LONG_SLICES),
    "import": Figure("import thetatrio", "imports", "thetatrio"),
    "help": Figure("thetatrio --help", "imports", HELP),
}
SERVERS: dict[str, tuple[tuple[str, ...], str]] = {
    "stream": ((), "tests.benchmarks.stream_server"),
    "rows": (("200000",), "tests.benchmarks.server"),
    "csv": (("1000000", "csv"), "tests.benchmarks.server"),
    "days": (("200000", "csv"), "tests.benchmarks.server"),
}


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the median, and between which values it lies with a probability of 95 %.

    By order statistics: no distribution is assumed. Six values are the least for it.
    """
    ordered = sorted(values)
    count = len(ordered)
    if count < 6:
        return statistics.median(ordered), -math.inf, math.inf
    # The median of the population is below the k-th least with the probability that
    # fewer than k of `count` fair coins show heads.
    below = 0.0
    rank = 0
    while below + math.comb(count, rank) / 2**count <= 0.025:
        below += math.comb(count, rank) / 2**count
        rank += 1
    return statistics.median(ordered), ordered[rank - 1], ordered[count - rank]


def verdict(low: float, high: float) -> str:
    """Return what an interval says: `worse`, `unclear` or `as fast` (or faster)."""
    if low > WORSE:
        return "worse"
    return "unclear" if high - low >= NARROW else "as fast"


class Sides:
    """A folder for each of the two packages, with benchmarks that can run it."""

    def __init__(self, place: Path, commit: str) -> None:
        self.new = place / "new"
        self.old = place / "old"
        self.own = place / "old-benchmarks"
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "thetatrio", self.new / "thetatrio", ignore=ignore)
        extract(commit, ["thetatrio"], self.old)
        for folder in (self.new, self.old):
            with_benchmarks = folder / "tests"
            shutil.copytree(ROOT / "tests" / "benchmarks", with_benchmarks / "benchmarks")
            (with_benchmarks / "__init__.py").touch()
        extract(commit, ["thetatrio", "tests/__init__.py", "tests/benchmarks"], self.own)
        for folder in (self.new, self.old, self.own):
            script = "import thetatrio; print(thetatrio.__file__)"
            ask = [sys.executable, "-c", script]
            found = subprocess.run(ask, cwd=folder, capture_output=True, text=True, check=True)
            if not Path(found.stdout.strip()).is_relative_to(folder):
                raise RuntimeError(f"in {folder} another package is imported: {found.stdout}")

    def variants(self, figure: Figure, *port: int) -> tuple[Variant, Variant]:
        """Return the commit's and this tree's process for a figure, neither of them started.

        Where the commit cannot be run by this tree's benchmarks, its own run it.
        """
        command = ["-m", f"tests.benchmarks.{figure.module}", figure.variant, *map(str, port)]
        old = Variant("commit", command, folder=self.old)
        try:
            with running(old):
                old.turn()
        except RuntimeError:
            print(f"  {figure.label}: the commit is run by its own benchmarks", flush=True)
            old = Variant("commit", command, folder=self.own)
        return old, Variant("this tree", command, folder=self.new)


def extract(commit: str, paths: list[str], place: Path) -> None:
    """Write what a commit has at these paths to a folder."""
    command = ["git", "-C", str(ROOT), "archive", "--format=tar", commit, *paths]
    run = subprocess.run(command, capture_output=True, check=False)
    if run.returncode:
        raise SystemExit(f"git cannot read {commit}: {run.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(run.stdout)) as archive:
        archive.extractall(place, filter="data")


@contextlib.contextmanager
def running(*variants: Variant):
    """Start processes, and end them."""
    try:
        for variant in variants:
            variant.start()
        yield
    finally:
        for variant in variants:
            variant.stop()


def one_round(old: Variant, new: Variant, figure: Figure) -> float:
    """Run both in fresh processes, in turns; return the median of the paired ratios."""
    ratios = []
    with running(old, new):
        for number in range(figure.slices + 1):
            taken = {it.name: it.turn()[figure.cost] for it in random.sample([old, new], 2)}
            if number:  # the first slice warms up
                ratios.append(taken[new.name] / taken[old.name])
    return statistics.median(ratios)


def compare(sides: Sides, figure: Figure, seconds: float, *port: int) -> bool:
    """Compare one figure and print it; return whether it is not worse."""
    old, new = sides.variants(figure, *port)
    ends = time.monotonic() + seconds
    ratios: list[float] = []
    while True:
        ratios.append(one_round(old, new, figure))
        middle, low, high = interval(ratios)
        if len(ratios) >= LEAST_ROUNDS and (high - low < NARROW or time.monotonic() > ends):
            break
        if time.monotonic() > ends + seconds / 2:  # its rounds are very slow
            break
    found = verdict(low, high)
    print(
        f"  {figure.label:<28} x{middle:.3f} [{low:.3f}-{high:.3f}]  {len(ratios)} rounds  {found}",
        flush=True,
    )
    return found != "worse"


def main(arguments: Sequence[str]) -> int:
    """Compare what the command line names; return the exit code."""
    parser = argparse.ArgumentParser(prog="nox -s bench --", description="Compare two commits.")
    parser.add_argument("--against", metavar="COMMIT", required=True)
    help_text = f"bound of time for one figure (default {SECONDS:g})"
    parser.add_argument("--seconds", type=float, default=SECONDS, help=help_text)
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=", ".join(FIGURES))
    options = parser.parse_args(arguments)
    if unknown := set(options.figures) - FIGURES.keys():
        parser.error(f"no figure {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    names = options.figures or list(FIGURES)
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > 1:
        print("this machine is busy with other programs: intervals will be wide")
    worse = []
    with tempfile.TemporaryDirectory() as place:
        sides = Sides(Path(place).resolve(), options.against)
        print(f"this tree to {options.against}, median ratio of cost and its 95 % interval")
        for kind in ("", *SERVERS):
            chosen = [name for name in names if FIGURES[name].server == kind]
            if not chosen:
                continue
            with contextlib.ExitStack() as stack:
                port = []
                if kind:
                    given, module = SERVERS[kind]
                    port.append(stack.enter_context(server(*given, module=module)))
                for name in chosen:
                    if not compare(sides, FIGURES[name], options.seconds, *port):
                        worse.append(name)
    if worse:
        print(f"worse than {options.against}, each by more than 3 %: {', '.join(worse)}")
    return 1 if worse else 0
