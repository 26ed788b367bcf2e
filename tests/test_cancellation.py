"""Cancelling a query at every await point leaves nothing behind, at the terminal or here."""

from __future__ import annotations

import os

import pytest
import trio
from trio.testing import MockClock

import thetatrio
from tests.network import simulated
from thetatrio.testing import LimitData, Slicer, Status

DAY = "2024-11-04"


class CancelAtStep(trio.abc.Instrument):
    """Cancels a scope when a task (None: any task at all) is about to run for the nth time."""

    def __init__(self, step: int, task: trio.lowlevel.Task | None) -> None:
        self.step = step
        self.steps = 0
        self.scope = trio.CancelScope()
        self.task = task

    def before_task_step(self, task):
        if self.task is None or task is self.task:
            self.steps += 1
            if self.steps == self.step:
                self.scope.cancel()


async def fetch(session, folder):
    await session.stock.history_ohlc("AAPL", date=DAY, interval="1m")


async def rows(session, folder):
    async with session.stock.history_ohlc("AAPL", date=DAY, interval="1m").rows() as channel:
        async for _row in channel:
            pass


async def batches(session, folder):
    query = session.option.history_quote("SPY", expiration="*", date=DAY, interval="1m")
    async with query.batches() as channel:
        async for _rows in channel:
            pass


async def leave_early(session, folder):
    query = session.option.history_quote("SPY", expiration="*", date=DAY, interval="1m")
    async with query.rows() as channel:
        await channel.receive()


async def gather(session, folder):
    await session.gather(
        session.stock.list_symbols(),
        session.stock.snapshot_quote(["AAPL", "MSFT"]),
        session.calendar.year(year=2024),
    )


async def as_completed(session, folder):
    queries = [session.option.list_expirations(root) for root in ("AAPL", "MSFT", "F")]
    try:
        async with session.as_completed(queries) as done:
            async for _pair in done:
                pass
    finally:
        for query in queries:
            query.close()


async def nested(session, folder):
    query = session.option.history_quote("SPY", expiration="*", date=DAY, interval="1m")
    async with query.rows() as channel:
        await channel.receive()
        await session.stock.list_symbols()
        await channel.receive()


async def get(session, folder):
    await session.get("/v3/stock/list/symbols")


WAYS = [fetch, rows, batches, leave_early, gather, as_completed, nested, get]
FAULTS = {
    "in peace": (),
    "after a retry": (Status(474, times=1),),
    "after a cut": (LimitData(9_000, times=1), Slicer(4_000)),
}


async def attempt(way, faults, step: int, folder) -> bool:
    """Run a way, cancelled at its nth step; return whether it was done before."""
    options = {"contracts": 2, "faults": faults}
    settings = {"slots": 1, "rate": thetatrio.Rate(1000)}
    async with simulated(session_options=settings, **options) as (terminal, session):
        await session.stock.list_symbols()
        # Ways that work through tasks of their own are cancelled at any step of any task.
        mine = None if way in (gather, as_completed) else trio.lowlevel.current_task()
        instrument = CancelAtStep(step, mine)
        trio.lowlevel.add_instrument(instrument)
        try:
            with instrument.scope:
                await way(session, folder)
        finally:
            trio.lowlevel.remove_instrument(instrument)
        statistics = session.statistics()
        assert statistics.in_flight == 0
        assert statistics.uncounted_in_flight == 0
        assert statistics.waiting == 0
        await terminal.ledger.wait_idle()
        assert terminal.ledger.in_flight == 0
        # And everything still works, with the one slot there is.
        assert await session.stock.list_symbols()
        return instrument.steps < step


def cancel_at_steps(way, faults, folder, dense: float) -> int:
    """Cancel a way at each step up to `dense`, then at ever fewer; return the steps it has."""
    step = 1
    while not trio.run(attempt, way, faults, step, folder, clock=MockClock(autojump_threshold=0)):
        step += 1 if step < dense else step // 2
    return step


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_cancelled_at_any_step_a_query_leaves_nothing_behind(way, faults, tmp_path):
    """Whichever checkpoint the cancellation meets: nothing in flight, all slots free."""
    # Long answers repeat the same few await points: the deep run looks at all of them.
    assert cancel_at_steps(way, faults, tmp_path, dense=20) > 3


@pytest.mark.deep
@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_cancelled_at_every_step_a_query_leaves_nothing_behind(way, faults, tmp_path):
    """The same at every single step, to the last."""
    assert cancel_at_steps(way, faults, tmp_path, dense=float("inf")) > 3


@pytest.mark.parametrize("step", range(1, 40))
def test_cancelled_at_any_step_a_save_leaves_no_file(step, tmp_path):
    """A save that is cancelled leaves neither a file nor a request."""

    async def save(session, folder):
        await session.stock.list_symbols().save(folder / "a.csv")

    # A real clock: writing takes threads, which a clock that jumps does not see.
    done = trio.run(attempt, save, (), step, tmp_path)
    assert os.listdir(tmp_path) in ([], ["a.csv"])
    assert os.listdir(tmp_path) or not done
