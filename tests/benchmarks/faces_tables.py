"""The benchmarks of the other faces: who takes turns, and what the figures are to be."""

from __future__ import annotations

import statistics

from tests.benchmarks.stream_tables import NEWER, PICOWS, UNIT, ours, peer, server
from tests.benchmarks.turns import Variant, judge, judge_ratio, ratio, run, table
from tests.benchmarks.turns import server as rest_server

ROUNDS = 21
# msgspec's and picows' compiled code gains less from 3.13 than Python code loses by it.
BATCHES_LIMIT = 1.35 if NEWER else 1.25
EACH_LIMIT = 1.4 if NEWER else 1.35


def face(name: str, label: str, port: int) -> Variant:
    return Variant(label, ["-m", "tests.benchmarks.faces", name, str(port)])


def faces_stream() -> None:
    """From the socket to the hands of users of each face, at full blast."""
    with server() as port:
        variants = [
            batches := ours("batches", "trio, batches()", port),
            each := ours("one_by_one", "trio, async for", port),
            bare := peer("picows_bare", PICOWS, port),
            aiohttp := peer("aiohttp", "aiohttp + msgspec", port),
            far := face("aio_batches", "asyncio, batches()", port),
            far_each := face("aio_one_by_one", "asyncio, async for", port),
            face("uvloop_batches", "uvloop, batches()", port),
            face("uvloop_one_by_one", "uvloop, async for", port),
            face("sync_batches", "sync, batches()", port),
            face("sync_one_by_one", "sync, for", port),
        ]
        run(variants, ROUNDS)
    table(
        "messages of 200 contracts at full blast (goals: asyncio x1.2 of trio,"
        f" x{BATCHES_LIMIT:g} and x{EACH_LIMIT:g} of picows)",
        variants,
        UNIT,
        1e6,
    )
    judge_ratio("asyncio batches to trio's", far, batches, 1.2)
    judge_ratio("asyncio batches to picows", far, bare, BATCHES_LIMIT)
    judge_ratio("asyncio async for to picows", far_each, bare, EACH_LIMIT)
    judge_ratio("asyncio batches to aiohttp", far, aiohttp, 1.0)
    middle, low, high = ratio(far_each, each)
    print(f"  {far_each.name} to {each.name}: x{middle:.2f} [{low:.2f}-{high:.2f}]")


def faces_latency() -> None:
    """The way from the server's send to the reader of each face, at a pace all can keep."""
    with server() as port:
        variants = [
            near := ours("paced_one_by_one", "trio, async for", port),
            face("aio_paced_batches", "asyncio, batches()", port),
            far := face("aio_paced", "asyncio, async for", port),
            script := face("sync_paced", "sync, for", port),
        ]
        run(variants)
    print("\nlatency at 5,000 messages a second (goal: p50 at most 75 us more than trio's)")
    medians = {
        variant.name: statistics.median(result["p50"] for result in variant.results) * 1e6
        for variant in variants
    }
    for name, cost in medians.items():
        print(f"  {name:<44}   p50 {cost:7.1f} us", flush=True)
    judge("latency p50, asyncio to trio, us", medians[far.name] - medians[near.name], 75.0)
    judge("latency p50, sync to trio, us", medians[script.name] - medians[near.name], 75.0)


def faces_small() -> None:
    """Small requests on a connection that is kept, on each face."""
    with rest_server("10000") as port:
        variants = [
            near := face("small_trio", "trio", port),
            far := face("small_aio", "asyncio", port),
            script := face("small_sync", "sync", port),
        ]
        run(variants)
    print("\nsmall keep-alive requests (goal: at most 0.3 ms more than trio's)")
    medians = {
        variant.name: statistics.median(result["wall"] for result in variant.results) * 1e3
        for variant in variants
    }
    for name, cost in medians.items():
        print(f"  {name:<44} {cost:7.3f} ms", flush=True)
    judge("small request, asyncio to trio, ms", medians[far.name] - medians[near.name], 0.3)
    judge("small request, sync to trio, ms", medians[script.name] - medians[near.name], 0.3)


BENCHMARKS = (faces_stream, faces_latency, faces_small)
