"""Variants in turns: one process each, slices in random order, medians of paired ratios."""

from __future__ import annotations

import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
from dataclasses import dataclass, field

ROUNDS = 7
CLIENT_CPU = 0
SERVER_CPU = 1


def pin(cpu: int) -> None:
    """Keep this process on one processor, where the system lets it."""
    if hasattr(os, "sched_setaffinity") and cpu in os.sched_getaffinity(0):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {cpu})


def serve_turns(turn) -> None:
    """In a variant's process: run `turn()` for each line of input, print what it measured."""
    pin(CLIENT_CPU)
    for _ in sys.stdin:
        print(json.dumps(turn()), flush=True)


@dataclass
class Variant:
    """One way of doing the job, in a process of its own."""

    name: str
    command: list[str]
    results: list[dict[str, float]] = field(default_factory=list)
    process: subprocess.Popen | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *self.command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def turn(self) -> dict[str, float]:
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} died")
        return json.loads(line)

    def stop(self) -> None:
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait(20)
            self.process.stdout.close()


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
        cost = statistics.median(result["cpu"] for result in variant.results) * scale
        line = f"  {variant.name:<44} {cost:9.3f} {unit} cpu"
        if variant is not base:
            middle, low, high = ratio(variant, base)
            line += f"   x{middle:.2f} [{low:.2f}-{high:.2f}]"
        grown = [result["grown"] for result in variant.results if "grown" in result]
        if grown:
            line += f"   memory +{max(grown) / 1e6:.1f} MB"
        print(line, flush=True)


@contextlib.contextmanager
def server(*args: str):
    """Run the server process; yield its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.server", *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()  # which ends it
        process.wait(20)
        process.stdout.close()
