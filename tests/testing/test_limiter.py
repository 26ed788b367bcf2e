"""Slots, queue, refusals: what a tier can have at once."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.testing.client import SNAPSHOT, STATUS, SYMBOLS, ask_once, connected, small
from thetatrio.config import Rate
from thetatrio.testing import Mute


async def crowd(terminal, count, path=SYMBOLS, **query):
    """Ask `count` times at once; return the statuses."""
    statuses = []

    async def one():
        statuses.append((await ask_once(terminal, path, **query)).status)

    async with trio.open_nursery() as nursery:
        for _ in range(count):
            nursery.start_soon(one)
    return statuses


@pytest.mark.parametrize(
    ("tier", "width"), [("free", 1), ("value", 2), ("standard", 4), ("pro", 8)]
)
async def test_width_by_tier(tier, width, autojump_clock):
    """As many are served at once as the tier has slots; the others wait their turn."""
    terminal = small(tier=tier, latency=1.0)
    assert await crowd(terminal, 16) == [200] * 16
    assert terminal.ledger.highest_in_flight == width
    assert terminal.ledger.highest_waiting == 16 - width
    assert trio.current_time() == pytest.approx(16 / width)
    assert terminal.ledger.in_flight == terminal.ledger.waiting == 0


@pytest.mark.parametrize(("queue", "refused"), [(0, 11), (3, 8), (16, 0)])
async def test_a_full_queue_is_429(queue, refused, autojump_clock):
    """What finds neither a slot nor a place in the queue is refused at once."""
    terminal = small(tier="free", queue=queue, latency=1.0)
    statuses = await crowd(terminal, 12)
    assert statuses.count(429) == refused
    assert statuses.count(200) == 12 - refused
    assert terminal.ledger.highest_waiting == min(queue, 11)


async def test_status_shares_the_limiter(autojump_clock):
    """A probe of a busy terminal gets 429 too."""
    terminal = small(tier="free", queue=0, latency=5.0)
    async with connected(terminal) as client:
        await client.ask(SYMBOLS)
        await wait_all_tasks_blocked()
        assert (await ask_once(terminal, STATUS)).status == 429
        assert (await client.answer()).status == 200
    assert (await ask_once(terminal, STATUS)).status == 200


async def test_snapshots_have_a_width_of_their_own(autojump_clock):
    """Snapshots take no slot: eight at once on any tier, beside whatever goes on."""
    terminal = small(tier="value", latency=1.0, faults=[Mute(path="stock_list_symbols")])
    async with connected(terminal) as first, connected(terminal) as second:
        await first.ask(SYMBOLS)
        await second.ask(SYMBOLS)
        await wait_all_tasks_blocked()
        assert await crowd(terminal, 16, SNAPSHOT, symbol="F") == [200] * 16
        assert trio.current_time() == pytest.approx(2.0)
        assert terminal.ledger.in_flight == 2


async def test_who_leaves_the_queue_is_forgotten(autojump_clock):
    """A client that goes while it waits gives its place to the next."""
    terminal = small(tier="free", queue=1, latency=5.0)
    async with connected(terminal) as first, connected(terminal) as second:
        await first.ask(SYMBOLS)
        await wait_all_tasks_blocked()
        await second.ask(SYMBOLS)
        await terminal.ledger.wait_until(lambda ledger: ledger.waiting == 1)
        await second.stream.aclose()
        await terminal.ledger.wait_until(lambda ledger: ledger.waiting == 0)
        assert (await ask_once(terminal, SYMBOLS)).status == 200
        assert (await first.answer()).status == 200
    assert terminal.ledger.aborted == 1


async def test_the_free_tier_has_a_rate(autojump_clock):
    """Twenty requests a minute, then 429 until the minute has passed; others have none."""
    terminal = small(tier="free")
    async with connected(terminal) as client:
        statuses = [(await client.get(SYMBOLS)).status for _ in range(22)]
        assert statuses == [200] * 20 + [429] * 2
        await trio.sleep(61)
        assert (await client.get(SYMBOLS)).status == 200
    async with connected(small(tier="value")) as client:
        assert {(await client.get(SYMBOLS)).status for _ in range(30)} == {200}


async def test_a_rate_can_be_set(autojump_clock):
    """Any tier can be given a bound."""
    async with connected(small(rate=Rate(2, per=10))) as client:
        assert [(await client.get(SYMBOLS)).status for _ in range(3)] == [200, 200, 429]
        await trio.sleep(10)
        assert (await client.get(SYMBOLS)).status == 200
