"""What a session promises holds whichever terminal answers: v3, v2, or a gateway."""

import pytest
import trio

import thetatrio
from tests.network import simulated
from thetatrio import rows
from thetatrio.testing.faults import (
    Bandwidth,
    HalfOpen,
    Latency,
    LimitData,
    Mute,
    ResetPeer,
    Slicer,
    Status,
)

pytestmark = [
    pytest.mark.core,
    pytest.mark.parametrize("api", ["v3", pytest.param("v2", marks=pytest.mark.v2), "gateway"]),
]

DAY = {"date": "2024-11-01", "interval": "1m"}


def market(api, **options):
    return simulated(api=api, page_rows=100, **options)


def bars(session):
    return session.stock.history_quote("AAPL", **DAY)


@pytest.mark.parametrize(
    "fault",
    [
        LimitData(bytes=3_000, nth=2, times=1),
        LimitData(bytes=0, times=1),
        ResetPeer(after=2_000, times=1),
        HalfOpen(after=2_000, times=1),
        Slicer(size=700),
        Bandwidth(rate=20_000),
        Latency(seconds=3, jitter=1),
        Status(429, headers={"Retry-After": "7"}, times=2),
        Status(571, times=3),
        Status(500, times=2),
        Status(474, nth=2, times=1),
    ],
    ids=lambda fault: f"{type(fault).__name__}-{getattr(fault, 'code', '')}",
)
async def test_a_list_is_whole_whatever_happens_once(autojump_clock, api, fault):
    """A cut, a reset, silence, slowness and busy answers leave the rows that there would be."""
    async with market(api) as (_, session):
        wanted = await bars(session)
    async with market(api, faults=[fault]) as (terminal, session):
        assert await bars(session) == wanted
        assert terminal.ledger.requests
    assert len(wanted) == 391


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Status(471), thetatrio.PermissionDenied),
        (Status(473), thetatrio.InvalidRequest),
        (Status(476), thetatrio.WrongHost),
        (Status(478), thetatrio.SessionConflict),
        (Status(401), thetatrio.AuthenticationFailed),
        (Status(500), thetatrio.ServerError),
        (Mute(), thetatrio.ReadTimeout),
        (LimitData(bytes=100), thetatrio.ConnectionLost),
    ],
    ids=lambda it: str(getattr(it, "code", getattr(it, "__name__", type(it).__name__))),
)
async def test_what_does_not_end_is_its_error(autojump_clock, api, fault, error):
    """A refusal, silence and cuts without end are the error of the tree, with the request."""
    async with market(api, faults=[fault]) as (_, session):
        with pytest.raises(error) as caught:
            await bars(session)
        assert caught.value.request == bars_request()


def bars_request():
    return thetatrio.requests.StockHistoryQuote("AAPL", **DAY)


async def test_no_more_run_at_once_than_the_account_has(autojump_clock, api):
    """However many are asked for, slots are kept to, and lists come in their order."""
    symbols = ("AAPL", "F", "SPY", "QQQ", "MSFT", "TSLA")
    span = {"start_date": "2024-10-28", "end_date": "2024-11-01"}
    async with market(api, tier="value", latency=1.0) as (terminal, session):
        queries = [session.stock.history_eod(symbol, **span) for symbol in symbols]
        lists = await session.gather(*queries)
        assert terminal.ledger.highest_in_flight == session.statistics().slots
        assert terminal.ledger.highest_waiting == 0
    assert all(len(days) == 5 and isinstance(days[0], rows.Eod) for days in lists)


async def test_cancelling_gives_everything_back(autojump_clock, api):
    """A query that is cancelled, or left in the middle, frees its slot and its connection."""
    async with market(
        api, tier="value", session_options={"slots": 1}, faults=[Latency(seconds=9, times=1)]
    ) as (
        terminal,
        session,
    ):
        with trio.move_on_after(1):
            await bars(session)
        assert session.statistics().in_flight == 0
        async with bars(session).rows() as channel:
            await channel.receive()
        assert len(await bars(session)) == 391
        assert session.statistics().in_flight == 0
    assert terminal.ledger.in_flight == 0


async def test_a_query_inside_anothers_loop_never_hangs(autojump_clock, api):
    """With one slot, a query may be asked while the rows of another are read."""
    async with (
        market(api, tier="value", session_options={"slots": 1}) as (_, session),
        bars(session).rows() as channel,
    ):
        seen = 0
        async for _ in channel:
            if seen % 200 == 0:
                with trio.fail_after(60):
                    assert await session.stock.list_symbols()
            seen += 1
        assert seen == 391


async def test_long_ranges_are_one_answer(autojump_clock, api):
    """A range that the terminal gives day by day comes as one, in order."""
    async with market(api) as (_, session):
        query = session.stock.history_quote(
            "AAPL", start_date="2024-10-28", end_date="2024-11-01", interval="30s",
            start_time="10:00", end_time="10:05",
        )  # fmt: skip
        found = [row.timestamp for row in await query]
        assert len(found) == 5 * 11
        assert found == sorted(found)


async def test_leaving_the_session_ends_what_runs(autojump_clock, api):
    """Whoever reads when the session is left meets SessionClosed, and nothing hangs."""
    async with market(api, faults=[Latency(seconds=50)]) as (_, session), trio.open_nursery() as n:
        errors = []

        async def read():
            try:
                await bars(session)
            except thetatrio.ThetaDataError as error:
                errors.append(type(error))

        n.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        n.cancel_scope.cancel()
    assert errors == []
    with pytest.raises(thetatrio.SessionClosed):
        await bars(session)
