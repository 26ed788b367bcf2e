"""The stream's benchmarks: who takes turns, what is printed, and what the figures are to be."""

from __future__ import annotations

import statistics
import sys

from tests.benchmarks.turns import (
    Variant,
    judge,
    judge_ratio,
    ratio,
    run,
    table,
)
from tests.benchmarks.turns import server as any_server

ROUNDS = 41
UNIT = "us a message"
PICOWS = "picows + msgspec, decoded and dropped"
# msgspec's and picows' compiled code gains less from 3.13 than Python code loses by it.
NEWER = sys.version_info >= (3, 13)
BATCHES_LIMIT = 1.15 if NEWER else 1.1
EACH_LIMIT = 1.3 if NEWER else 1.25


def server():
    return any_server(module="tests.benchmarks.stream_server")


def ours(name: str, label: str, port: int) -> Variant:
    return Variant(label, ["-m", "tests.benchmarks.stream", name, str(port)])


def peer(name: str, label: str, port: int) -> Variant:
    return Variant(label, ["-m", "tests.benchmarks.stream_peers", name, str(port)])


def stream() -> None:
    """Everything wanted, at full blast."""
    with server() as port:
        variants = [
            bare := peer("picows_bare", PICOWS, port),
            routed := peer("picows_routed", "picows + msgspec, same routing and lists", port),
            least := peer("python_loop", "a loop in Python, routed and dropped", port),
            batches := ours("batches", "thetatrio, batches()", port),
            each := ours("one_by_one", "thetatrio, async for", port),
            peer("aiohttp", "aiohttp + msgspec", port),
            peer("websockets", "websockets + msgspec", port),
            plain := peer("trio_websocket", "trio-websocket + msgspec + channel", port),
            peer("httpx_ws", "httpx-ws on trio + msgspec", port),
        ]
        run(variants, ROUNDS)
    table(
        "messages of 200 contracts at full blast (goals: batches x1 of the same routing and"
        f" x{BATCHES_LIMIT:g} of the first, async for x{EACH_LIMIT:g},"
        " trio-websocket x15 of batches)",
        variants,
        UNIT,
        1e6,
    )
    judge_ratio("batches to picows with the same routing", batches, routed, 1.0)
    judge_ratio("batches to picows", batches, bare, BATCHES_LIMIT)
    judge_ratio("async for to picows", each, bare, EACH_LIMIT)
    judge_ratio("trio-websocket + channel to batches", plain, batches, 15, at_least=True)
    for variant, base in ((batches, routed), (batches, least), (plain, batches), (plain, each)):
        middle, low, high = ratio(variant, base)
        print(f"  {variant.name} to {base.name}: x{middle:.2f} [{low:.2f}-{high:.2f}]")


def stream_unwanted() -> None:
    """Half of the messages are about contracts nobody asked for."""
    with server() as port:
        variants = [
            bare := peer("picows_bare", PICOWS, port),
            batches := ours("half_batches", "thetatrio, half unwanted, batches()", port),
            each := ours("half_one_by_one", "thetatrio, half unwanted, async for", port),
        ]
        run(variants, ROUNDS)
    table("half of the messages unwanted (goal: x1)", variants, UNIT, 1e6)
    judge_ratio("half unwanted, batches to picows", batches, bare, 1.0)
    judge_ratio("half unwanted, async for to picows", each, bare, 1.0)


def stream_feeds() -> None:
    """Several feeds on one connection, each with a reading task."""
    with server() as port:
        variants = [
            bare := peer("picows_bare", PICOWS, port),
            two := ours("two_feeds_batches", "thetatrio, 2 feeds, batches()", port),
            two_each := ours("two_feeds_one_by_one", "thetatrio, 2 feeds, async for", port),
            many := ours("many_feeds_batches", "thetatrio, 200 feeds, batches()", port),
            many_each := ours("many_feeds_one_by_one", "thetatrio, 200 feeds, async for", port),
        ]
        run(variants, ROUNDS)
    table(
        "2 feeds of the same 200 contracts (goal: x1.25), 200 of one contract each (goal: x2)",
        variants,
        UNIT,
        1e6,
    )
    judge_ratio("2 feeds, batches to picows", two, bare, 1.25)
    judge_ratio("2 feeds, async for to picows", two_each, bare, 1.25)
    judge_ratio("200 feeds, batches to picows", many, bare, 2.0)
    judge_ratio("200 feeds, async for to picows", many_each, bare, 2.0)


def stream_latency() -> None:
    """The way from the server's send to the reader, at a pace all can keep."""
    with server() as port:
        variants = [
            bare := peer("trio_loop", "a trio socket, split and decoded", port),
            each := ours("paced_one_by_one", "thetatrio, async for", port),
            batches := ours("paced_batches", "thetatrio, batches()", port),
        ]
        run(variants)
    print("\nlatency at 5,000 messages a second (goal: p50 x1.3 of the first)")
    for variant in variants:
        line = f"  {variant.name:<44}"
        for figure in ("p50", "p99"):
            cost = statistics.median(result[figure] for result in variant.results) * 1e6
            line += f"   {figure} {cost:7.1f} us"
            if variant is not bare:
                middle, low, high = ratio(variant, bare, figure)
                line += f" x{middle:.2f} [{low:.2f}-{high:.2f}]"
        print(line, flush=True)
    judge_ratio("latency p50, async for to a trio loop", each, bare, 1.3, figure="p50")
    judge_ratio("latency p50, batches to a trio loop", batches, bare, 1.3, figure="p50")


def once(name: str, port: int, rounds: int = 1) -> list[dict[str, float]]:
    """Give a variant its turns alone, with no warm-up; return what it measured."""
    variant = ours(name, name, port)
    try:
        variant.start()
        return [variant.turn() for _ in range(rounds)]
    finally:
        variant.stop()


def stream_stalled() -> None:
    """A reader that stops for half a minute at full blast."""
    with server() as port:
        (event,) = once("event_memory", port)
        (found,) = once("stalled", port)
    bound = event["bytes"] * 65_536 + 8e6
    print(
        f"\na reader stopped for 30 s at full blast, buffer 65,536"
        f" (goal: its {event['bytes']:.0f} bytes an event, and 8 MB)\n"
        f"  memory +{found['grown'] / 1e6:.1f} MB of {bound / 1e6:.1f} MB,"
        f" {found['cpu'] * 1e6:.3f} {UNIT} cpu\n"
        f"  {found['sent']:,} quotes sent, {found['received']:,} received,"
        f" {found['dropped']:,} dropped, {found['waiting']:,} waited, {found['read']:,} read"
    )
    judge("stopped reader, memory to its bound", found["grown"] / bound, 1.0)
    missing = abs(found["sent"] - found["received"])
    missing += abs(found["received"] - found["dropped"] - found["read"])
    missing += abs(found["balance"]) + abs(found["waiting"] - found["read"])
    judge("stopped reader, events that the counters miss", missing, 0)


def stream_idle() -> None:
    """A connection on which there is only the status each second."""
    with server() as port:
        (found,) = once("idle", port)
    print(f"\n10 s of statuses alone (goal: 1 % of a core)\n  {found['cpu']:.3%} of a core")
    judge("idle, per cent of a core", found["cpu"] * 100, 1.0)


def stream_subscribe() -> None:
    """Ten thousand contracts at once."""
    with server() as port:
        results = once("subscribe", port, 3)
    wall, cpu, leaving = (
        statistics.median(result[figure] for result in results)
        for figure in ("wall", "cpu", "leaving")
    )
    print(
        "\n10,000 contracts subscribed on a connection (goal: 2 s)\n"
        f"  {wall:.2f} s until all are acknowledged ({cpu:.2f} s cpu), {leaving:.2f} s to leave"
    )
    judge("10,000 contracts subscribed, seconds", wall, 2.0)


BENCHMARKS = (
    stream,
    stream_unwanted,
    stream_feeds,
    stream_latency,
    stream_stalled,
    stream_idle,
    stream_subscribe,
)
