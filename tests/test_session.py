"""thetatrio._session: what a session owns, and how it ends."""

from __future__ import annotations

import asyncio
import random

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import thetatrio
from tests.network import MemoryNetwork, Script, answer, scripted, simulated
from tests.test_answer import history, prices
from thetatrio._session import _guard
from thetatrio.config import Config, ConfigOptions

pytestmark = pytest.mark.core

BODY = b'{"symbol":"A"}\n'
PRICES = answer(prices(1000) * 20)
EXPIRATION = b'{"symbol":"SPY","expiration":"2024-11-15"}\n'
REFUSED = answer(b"no", status=471, content_type="text/plain")


async def test_settings_of_the_call_go_before_those_of_the_config():
    """Keyword arguments override `config`, and what neither says is the default."""
    config = Config(tier="pro", connect_timeout=3)
    async with thetatrio.open_session(config, tier="value") as session:
        assert session.config == Config(tier="value", connect_timeout=3)
        assert session.statistics().slots == 2
    async with thetatrio.open_session() as session:
        assert session.config == Config()


async def test_settings_that_are_wrong_are_all_named():
    """A wrong value is InvalidConfig; a setting that does not exist is TypeError with a hint."""
    with pytest.raises(thetatrio.InvalidConfig, match=r"buffer .*; slots "):
        async with thetatrio.open_session(slots=0, buffer=-1):
            pass
    with pytest.raises(TypeError, match="no setting 'slot'; did you mean 'slots'"):
        async with thetatrio.open_session(slot=1):
            pass
    with pytest.raises(TypeError, match="no setting 'xyzzy'; it takes base_url"):
        async with thetatrio.open_session(xyzzy=1):
            pass


def test_settings_of_the_call_are_the_fields_of_the_config():
    """Nothing can be set that the call does not know, and the other way round."""
    assert set(ConfigOptions.__annotations__) == set(Config.__struct_fields__)


def test_outside_trio_it_says_so():
    """Under asyncio, and without a loop, one clear error names trio."""

    async def under_asyncio():
        async with thetatrio.open_session():
            pass

    with pytest.raises(RuntimeError, match="inside trio.run.*this is asyncio"):
        asyncio.run(under_asyncio())
    opening = thetatrio.open_session()
    coroutine = opening.__aenter__()
    with pytest.raises(RuntimeError, match="no event loop"):
        coroutine.send(None)


async def test_an_exception_of_the_block_comes_out_bare():
    """What the block raises comes out as it is, while requests are under way."""
    error = ValueError("mine")
    with pytest.raises(ValueError, match="mine") as caught:
        async with scripted(PRICES) as (_, session), history(session).rows() as rows:
            await rows.receive()
            raise error
    assert caught.value is error


async def test_leaving_frees_who_waits_and_who_reads():
    """A query of another task that waits or reads meets SessionClosed, and nothing hangs."""
    met: list[Exception] = []

    async def use(action):
        try:
            await action()
        except thetatrio.ThetaDataError as error:
            met.append(error)

    async def mute(stream, head):
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        async with scripted(mute, slots=1) as (_, session):
            for _ in range(3):
                nursery.start_soon(use, session.stock.list_symbols().fetch)
            await wait_all_tasks_blocked()
    assert [type(error) for error in met] == [thetatrio.SessionClosed] * 3


async def test_a_session_that_was_left_refuses():
    """Queries made before or after leaving raise SessionClosed."""
    async with scripted(answer(BODY)) as (script, session):
        early = session.stock.list_symbols()
    for query in (early, session.stock.list_symbols()):
        with pytest.raises(thetatrio.SessionClosed):
            await query
    with pytest.raises(thetatrio.SessionClosed):
        await session.terminal.mdds_status()
    with pytest.raises(thetatrio.SessionClosed):
        await session.get("/v3/x")
    assert script.heads == []


async def test_rows_outlived_by_their_session_end_in_session_closed():
    """A channel whose session is gone says so instead of ending."""
    script = Script(PRICES)
    async with trio.open_nursery() as nursery:
        network = MemoryNetwork(nursery, script.serve)
        opening = thetatrio.open_session(transport=network.transport())
        async with trio.open_nursery() as inner:
            session = await opening.__aenter__()
            query = history(session).rows()
            rows = await query.__aenter__()
            await rows.receive()
            await opening.__aexit__(None, None, None)
            with pytest.raises(thetatrio.SessionClosed):
                while True:
                    await rows.receive()
            await query.__aexit__(None, None, None)
            inner.cancel_scope.cancel()
        nursery.cancel_scope.cancel()


async def test_leaving_takes_no_longer_than_close_timeout(autojump_clock):
    """A transport that does not close is left behind in time."""

    class Stuck(MemoryNetwork):
        def transport(self):
            transport = super().transport()
            transport.aclose = trio.sleep_forever
            return transport

    script = Script(answer(BODY))
    async with trio.open_nursery() as nursery:
        network = Stuck(nursery, script.serve)
        async with thetatrio.open_session(transport=network.transport()) as session:
            await session.stock.list_symbols()
            start = trio.current_time()
        assert trio.current_time() - start == pytest.approx(1)
        nursery.cancel_scope.cancel()


async def test_gather_gives_lists_in_order(autojump_clock):
    """Results come in the order of the queries, whichever is done first."""

    async def by_path(stream, head):
        if b"index" in head:
            await trio.sleep(3)
            await stream.send_all(answer(prices(2)))
        else:
            await stream.send_all(answer(EXPIRATION))

    async with scripted(by_path) as (_, session):
        prices_got, expirations = await session.gather(
            history(session), session.option.list_expirations("SPY")
        )
        assert len(prices_got) == 2
        assert expirations[0].symbol == "SPY"
        assert await session.gather() == ()


async def test_gather_fails_as_one(autojump_clock):
    """The first error comes out bare, and the other queries are cancelled."""

    async def by_path(stream, head):
        if b"index" in head:
            await trio.sleep_forever()
        await stream.send_all(REFUSED)

    async with scripted(by_path) as (_, session):
        with pytest.raises(thetatrio.PermissionDenied):
            await session.gather(history(session), session.stock.list_symbols())
        await wait_all_tasks_blocked()
        assert session.statistics().in_flight == 0


async def test_as_completed_gives_pairs_as_they_come(autojump_clock):
    """A query that is done first comes first, with itself to tell it by."""

    async def by_path(stream, head):
        await trio.sleep(5 if b"symbol=SPX" in head else 1)
        await stream.send_all(answer(prices(3)))

    async with scripted(by_path) as (_, session):
        queries = [session.index.history_price(s, date="2024-11-04") for s in ("SPX", "VIX")]
        async with session.as_completed(queries) as done:
            pairs = [(query.request.symbol, len(rows)) async for query, rows in done]
        assert pairs == [("VIX", 3), ("SPX", 3)]
        async with session.as_completed([]) as done:
            with pytest.raises(thetatrio.EndOfChannel):
                await done.receive()


async def test_as_completed_raises_in_turn_and_goes_on(autojump_clock):
    """A query that fails is raised where it would have come; the others still come."""

    async def by_path(stream, head):
        await stream.send_all(REFUSED if b"symbol=VIX" in head else answer(prices(3)))

    async with scripted(by_path) as (_, session):
        queries = [session.index.history_price(s, date="2024-11-04") for s in ("VIX", "SPX")]
        got = []
        async with session.as_completed(queries) as done:
            with pytest.raises(thetatrio.PermissionDenied) as caught:
                async for _query, rows in done:
                    got.append(rows)
            got += [rows async for _query, rows in done]
        assert caught.value.request.symbol == "VIX"
        assert [len(rows) for rows in got] == [3]


async def test_as_completed_runs_no_further_than_results_are_received(autojump_clock):
    """Results nobody takes hold the rest back: memory is bounded."""
    async with scripted(answer(prices(1)), slots=1) as (script, session):
        queries = [session.index.history_price("SPX", date="2024-11-04") for _ in range(100)]
        async with session.as_completed(queries) as done:
            await done.receive()
            await wait_all_tasks_blocked()
            assert len(script.heads) <= 12
        for query in queries:
            query.close()


async def test_the_terminals_status_is_asked_past_the_limiter():
    """Statuses take no slot; 429 means alive and busy."""
    busy = answer(b"busy", status=429, content_type="text/plain")
    lines = [
        answer(b"CONNECTED", content_type="text/plain"),
        answer(b"disconnected\n", content_type="text/plain"),
        busy,
        answer(b"whatever", content_type="text/plain"),
        answer(b"gone", status=410, content_type="text/plain"),
    ]
    async with scripted(*lines) as (script, session):
        assert await session.terminal.mdds_status() is thetatrio.TerminalStatus.CONNECTED
        assert await session.terminal.fpss_status() is thetatrio.TerminalStatus.DISCONNECTED
        assert await session.terminal.mdds_status() is thetatrio.TerminalStatus.BUSY
        with pytest.raises(thetatrio.DecodeError, match="'whatever' is no status"):
            await session.terminal.mdds_status()
        with pytest.raises(thetatrio.WrongVersion):
            await session.terminal.fpss_status()
        assert script.targets[0] == "/v3/terminal/mdds/status"
        assert script.targets[1] == "/v3/terminal/fpss/status"
        assert session.statistics().started == 0


async def test_shutdown_is_sent_once():
    """Shutting down is never tried again; a terminal that is gone before its answer is ended."""
    async with scripted(("cut", b"")) as (script, session):
        await session.terminal.shutdown()
        assert script.targets == ["/v3/terminal/shutdown"]
    async with scripted(answer(b"OK", content_type="text/plain")) as (script, session):
        await session.terminal.shutdown()
    async with scripted(answer(b"no", status=500, content_type="text/plain")) as (script, session):
        with pytest.raises(thetatrio.ServerError):
            await session.terminal.shutdown()
        assert len(script.heads) == 1


async def test_a_simulated_terminal_is_known_for_one():
    """`simulated` is None before the first answer, then what the answers say."""
    async with simulated(contracts=2) as (_, session):
        assert session.simulated is None
        await session.terminal.mdds_status()
        assert session.simulated is True
    async with scripted(answer(BODY, headers=[("Server", "Jetty(12.0.14)")])) as (_, session):
        await session.stock.list_symbols()
        assert session.simulated is False


async def test_a_request_made_by_hand_can_be_queried():
    """`session.query` takes a request as a value."""
    async with scripted(answer(BODY)) as (_, session):
        request = thetatrio.requests.StockListSymbols()
        assert await session.query(request) == [thetatrio.rows.Symbol("A")]
        assert await session.stock.bind(request) == [thetatrio.rows.Symbol("A")]


async def test_a_defect_in_the_background_reaches_who_waits_and_who_leaves(monkeypatch):
    """If the limiter's task dies, waiting queries raise InternalError, and so does leaving."""

    async def broken(self):
        raise ZeroDivisionError

    monkeypatch.setattr("thetatrio._rest.limiter.Limiter.run", broken)
    with pytest.raises(thetatrio.InternalError, match="ZeroDivisionError"):
        async with scripted(answer(BODY)) as (_, session):
            await wait_all_tasks_blocked()
            with pytest.raises(thetatrio.InternalError):
                await session.stock.list_symbols()


def test_background_tasks_are_protected_from_interrupts():
    """Ctrl-C is delivered to the program's own task, not to ours."""
    assert _guard is not None
    seen = []

    async def main():
        async def look():
            seen.append(trio.lowlevel.currently_ki_protected())

        async with scripted(answer(BODY)) as (_, session):
            session._client.start_soon(look)
            await wait_all_tasks_blocked()

    trio.run(main)
    assert seen == [True]


async def test_jitter_comes_from_the_chance_that_was_handed_in(autojump_clock):
    """The same seed waits the same times."""
    waits = []
    for _ in range(2):
        down = answer(b"down", status=474, content_type="text/plain")
        lines = [down, down, answer(BODY)]
        async with scripted(*lines, chance=random.Random(5)) as (script, session):
            await session.stock.list_symbols()
            waits.append(
                [round(b - a, 9) for a, b in zip(script.times, script.times[1:], strict=False)]
            )
    assert waits[0] == waits[1]
    assert sum(waits[0]) > 0
