"""Long pulls: parts side by side, in order, never short without saying so."""

import datetime as dt
import functools
import itertools
import random

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

import thetatrio
from tests.network import FirstTime, simulated
from thetatrio._rest import parts
from thetatrio.requests import OptionHistoryQuote, OptionHistoryTrade, StockHistoryTrade
from thetatrio.testing import Latency, LimitData, ResetPeer, Status

SMALL = {"contracts": 40, "seed": 7, "day": "2024-11-15"}
WIDTHS = [1, 2, 4, 8]
MARKET_HOURS = {"start_time": "09:30", "end_time": "16:15"}


def chain(first="2024-11-04", last="2024-11-08", symbol="SPY", **parameters):
    """Return a request about all options of a week, some hundred rows a day."""
    given = {"expiration": "*", "start_date": first, "end_date": last, "interval": "1h"}
    return OptionHistoryQuote(symbol, **{**given, **parameters})


async def one_by_one(session, query):
    """Return the rows of each planned request, asked for by itself, one after the other."""
    return [row for request in query.plan().requests for row in await session.query(request)]


@pytest.mark.parametrize("width", WIDTHS)
async def test_parts_equal_single_requests_in_order(autojump_clock, width):
    """A range over all expirations is what its days give one by one, at any width."""
    async with simulated(**SMALL, session_options={"slots": width}) as (_, session):
        query = session.query(chain("2024-11-12", "2024-11-15"))
        rows = await query
        assert rows
        assert len(query.plan().requests) == 4
        assert rows == await one_by_one(session, query)
        async with query.batches() as batches:
            assert [row async for batch in batches for row in batch] == rows


@pytest.mark.parametrize("width", WIDTHS)
async def test_width_is_kept_and_never_exceeded(autojump_clock, width):
    """As many parts are in flight as the tier permits, no more, for nine tenths of the time."""
    options = {**SMALL, "contracts": 12, "latency": 0.05, "session_options": {"slots": width}}
    async with simulated(**options) as (terminal, session):
        query = session.query(chain("2024-09-16", "2024-11-15", symbol="SPX", **MARKET_HOURS))
        async with query.batches() as batches:
            async for _ in batches:
                pass
        entries = terminal.ledger.requests
        assert len(entries) == len(query.plan().requests) == 45
        assert terminal.ledger.highest_in_flight == width
        edges = sorted({moment for each in entries for moment in (each.started, each.ended)})
        # While there is work: until the last part has begun.
        last_start = max(each.started for each in entries)
        busy = total = 0.0
        for begin, end in itertools.pairwise(edges):
            if begin < last_start:
                total += end - begin
                busy += (end - begin) * sum(e.started <= begin < e.ended for e in entries)
        assert busy >= 0.9 * width * total


FAULTS = {
    "474": Status(474),
    "429": Status(429, headers={"Retry-After": "1"}),
    "571": Status(571),
    "cut": LimitData(500),
    "reset": ResetPeer(after=900),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
async def test_each_part_fails_once(autojump_clock, monkeypatch, width, fault):
    """Each part fails the first time, and all rows come, in order, with a window of one row."""
    monkeypatch.setattr(parts, "WINDOW_BYTES", 0)
    # One piece is held ahead, and none has more than a row: a line has some 250 bytes.
    options = {**SMALL, "most": 200, "session_options": {"slots": width}}
    async with simulated(**options) as (terminal, session):
        query = session.query(chain("2024-11-11", "2024-11-14", right="call"))
        whole = await one_by_one(session, query)
        terminal.faults = script = FirstTime(terminal, fault)
        with trio.fail_after(3600):
            async with query.rows() as rows:
                assert [row async for row in rows] == whole
        assert len(set(script.asked)) == len(query.plan().requests) == 4
        assert {script.asked.count(asked) for asked in script.asked} == {2}
        await terminal.ledger.wait_idle()
        assert session.statistics().in_flight == 0


async def test_a_part_without_data_is_no_end(autojump_clock):
    """472 inside a range leaves the rows of the other days."""
    async with simulated(**SMALL) as (terminal, session):
        query = session.query(chain())
        days = [await session.query(request) for request in query.plan().requests]
        terminal.faults.append(Status(472, "No data", nth=3, times=1))
        rows = await query
        dates = sorted({row.timestamp.date() for row in rows})
        assert len(dates) == 4
        kept = [row for day in days for row in day if row.timestamp.date() in dates]
        assert rows == kept


async def test_a_failed_part_fails_the_query_by_name(autojump_clock):
    """The error names the part; rows before it were given, nothing after it is."""
    async with simulated(**SMALL, session_options={"slots": 1}) as (terminal, session):
        query = session.query(chain())
        terminal.faults.append(Status(473, "Invalid parameters", nth=3))
        seen = []
        with pytest.raises(thetatrio.InvalidRequest) as caught:
            async with query.rows() as rows:
                async for row in rows:
                    seen.append(row)
        assert sorted({row.timestamp.date().day for row in seen}) == [4, 5]
        assert caught.value.request.start_date == dt.date(2024, 11, 6)
        await terminal.ledger.wait_idle()
        assert session.statistics().in_flight == session.statistics().waiting == 0


@pytest.mark.parametrize("row_limit", [1_000, 200, 60, 8])
async def test_what_is_too_large_is_split_until_it_fits(autojump_clock, row_limit):
    """570 splits by date, expiration, strike, right and time; the rows are the same, in order."""
    request = chain("2024-11-11", "2024-11-13")
    async with simulated(**SMALL) as (_, session):
        whole = await session.query(request)
    async with simulated(**SMALL, row_limit=row_limit) as (terminal, session):
        assert await session.query(request) == whole
        refused = terminal.ledger.statuses().count(570)
    assert refused > 0 or row_limit == 1_000
    # What one part taught is not asked again by the parts that follow.
    assert refused <= 12


async def test_a_lone_request_is_split_too(autojump_clock):
    """A single day that is too large is split as any part is."""
    request = StockHistoryTrade("AAPL", date="2024-11-12", start_time="10:30", end_time="11:00")
    async with simulated(**SMALL) as (_, session):
        whole = await session.query(request)
    async with simulated(**SMALL, row_limit=500) as (terminal, session):
        rows = await session.query(request)
        assert 570 in terminal.ledger.statuses()
    assert rows == whole
    keys = [(row.timestamp, row.sequence) for row in rows]
    assert len(set(keys)) == len(keys)


async def test_seams_of_time_share_no_trade(autojump_clock):
    """All trades of a chain, split down to pieces of a day: each once, in order."""
    request = OptionHistoryTrade(
        "AAPL", expiration="*", start_date="2024-11-13", end_date="2024-11-14", end_time="11:00"
    )
    options = {**SMALL, "contracts": 8}
    async with simulated(**options) as (_, session):
        whole = await session.query(request)
    keys = {(row.contract, row.timestamp, row.sequence) for row in whole}
    assert len(keys) == len(whole) > 300
    async with simulated(**options, row_limit=50) as (terminal, session):
        assert await session.query(request) == whole
        starts = {entry.query.get("start_time") for entry in terminal.ledger.requests}
        assert len(starts) > 2  # by time of day too


async def test_what_cannot_be_split_any_further_is_named(autojump_clock):
    """A contract's minute that is still too large is an error that names it."""
    async with simulated(**SMALL) as (terminal, session):
        terminal.faults.append(Status(570, "Too large"))
        request = StockHistoryTrade("AAPL", date="2024-11-12", start_time="09:30", end_time="09:40")
        with pytest.raises(thetatrio.RequestTooLarge) as caught:
            await session.query(request)
        start, end = caught.value.request.start_time, caught.value.request.end_time
        assert (end.minute - start.minute) <= 1
        assert "stock_history_trade(symbol=AAPL, date=2024-11-12, start_time=09:30" in str(
            caught.value
        )
        assert "cannot be split any further" in str(caught.value)


async def test_the_calendar_of_the_session_is_used(autojump_clock):
    """Days that the terminal's calendar called closed are not asked about any more."""
    async with simulated(**{**SMALL, "day": "2024-12-02"}) as (_, session):
        query = session.query(chain("2024-11-25", "2024-11-29"))
        assert len(query.plan().requests) == 5
        await session.calendar.year(year=2024)
        plan = query.plan()
        assert [request.start_date.day for request in plan.requests] == [25, 26, 27, 29]
        assert plan.left_out[0].first == dt.date(2024, 11, 28)


async def test_plain_queries_go_between_parts(autojump_clock):
    """A query asked while a long pull runs does not wait for its end."""
    async with simulated(**SMALL, tier="value", latency=1.0) as (terminal, session):
        async with session.query(chain("2024-10-14", "2024-11-08")).batches() as batches:
            await batches.receive()
            await session.stock.list_symbols()
            asked = [entry.operation for entry in terminal.ledger.requests]
        assert asked.index("stock_list_symbols") <= 6


async def test_a_reader_that_stops_holds_no_memory_and_no_slot_forever(autojump_clock):
    """Parts ahead of a reader that stopped are bounded, and others get their slots."""
    async with simulated(**SMALL, tier="value") as (terminal, session):
        async with session.query(chain("2024-10-14", "2024-11-08")).batches() as batches:
            await batches.receive()
            await trio.sleep(60)
            # Those that may be in flight, as many more that are read already, and the first.
            assert len(terminal.ledger.requests) <= 2 * session.config.effective_slots + 1
            with trio.fail_after(10):
                assert await session.stock.history_eod(
                    "AAPL", start_date="2024-11-04", end_date="2024-11-05"
                )


async def test_leaving_early_ends_all_parts(autojump_clock):
    """Leaving the block in the middle leaves nothing in flight."""
    async with simulated(**SMALL, latency=0.5) as (terminal, session):
        async with session.query(chain()).rows() as rows:
            await rows.receive()
        await terminal.ledger.wait_idle()
        statistics = session.statistics()
        assert (statistics.in_flight, statistics.waiting) == (0, 0)


async def test_leaving_the_session_is_told_to_the_reader(autojump_clock):
    """A pull that outlives its session gets SessionClosed, not an end."""
    async with trio.open_nursery() as nursery:
        seen = []

        async def pull(session):
            try:
                async with session.query(chain()).rows() as rows:
                    async for row in rows:
                        seen.append(row)
            except thetatrio.ThetaDataError as error:
                seen.append(error)

        async with simulated(**SMALL, latency=5.0) as (_, session):
            nursery.start_soon(pull, session)
            await trio.testing.wait_all_tasks_blocked()
    assert [type(each) for each in seen] == [thetatrio.SessionClosed]


PULLED = chain("2024-11-11", "2024-11-15")


@functools.cache
def pulled():
    """Return what a pull gives in peace."""

    async def ask():
        async with simulated(**SMALL) as (_, session):
            return await session.query(PULLED)

    return trio.run(ask, clock=trio.testing.MockClock(autojump_threshold=0))


def trouble(chance):
    """Return a fault that hits one of the first requests."""
    aim = {"nth": chance.randrange(1, 12), "times": 1}
    return chance.choice(
        [
            Latency(chance.uniform(0, 3), **{**aim, "times": 2}),
            *(Status(code, **aim) for code in (429, 474, 571)),
            LimitData(chance.randrange(4_000), **aim),
            ResetPeer(chance.randrange(4_000), **aim),
        ]
    )


@settings(max_examples=max(15, settings.default.max_examples // 8))
@given(
    seed=st.integers(0, 2**32),
    width=st.sampled_from(WIDTHS),
    row_limit=st.just(10**6) | st.integers(20, 300),
    cancel_at=st.none() | st.floats(0.0, 20.0),
)
def test_rows_are_never_twice_missing_or_out_of_order(seed, width, row_limit, cancel_at):
    """Under random delays, failures, splits and cancellation: in order, once; slots come back."""
    chance = random.Random(seed)
    whole = pulled()

    async def main():
        options = {**SMALL, "row_limit": row_limit, "session_options": {"slots": width}}
        async with simulated(**options) as (terminal, session):
            terminal.faults.extend(trouble(chance) for _ in range(chance.randrange(8)))
            seen = []
            with trio.move_on_after(10**4 if cancel_at is None else cancel_at) as scope:
                async with session.query(PULLED).rows() as rows:
                    async for row in rows:
                        seen.append(row)
            assert seen == whole[: len(seen)]
            assert scope.cancelled_caught or seen == whole
            await terminal.ledger.wait_idle()
            statistics = session.statistics()
            assert (statistics.in_flight, statistics.waiting) == (0, 0)

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
