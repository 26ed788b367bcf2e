"""thetatrio.chains: a chain joined, expirations by days, sessions by the calendar."""

from __future__ import annotations

import datetime as dt

import msgspec
import pandas as pd
import pytest

import thetatrio
from tests.network import answer, scripted, simulated
from thetatrio import chains
from thetatrio.chains import ChainEntry, OptionChain
from thetatrio.market_time import NEW_YORK
from thetatrio.rows import OptionGreeks, OptionGreeksFirstOrder
from thetatrio.testing import Status

DAY = dt.date(2024, 11, 4)
NOON = dt.datetime(2024, 11, 4, 12, tzinfo=NEW_YORK)


async def first_expiration(session) -> dt.date:
    return (await session.expirations("SPY", on=DAY, min_dte=1))[-1]


async def test_a_chain_of_now_joins_the_snapshots():
    """Quotes, open interest and Greeks of each contract are those of the single operations."""
    async with simulated(contracts=30) as (terminal, session):
        expiration = await first_expiration(session)
        chain = await session.chain("spy", expiration=expiration)
        asked = {entry.operation for entry in terminal.ledger.requests[1:]}
        assert asked == {
            "option_snapshot_quote",
            "option_snapshot_open_interest",
            "option_snapshot_greeks_all",
        }
        quotes = await session.option.snapshot_quote("SPY", expiration=expiration)
        greeks = await session.option.snapshot_greeks_all("SPY", expiration=expiration)
        interest = await session.option.snapshot_open_interest("SPY", expiration=expiration)
        entries = {entry.contract: entry for entry in chain.entries}
        assert (chain.symbol, chain.expiration) == ("SPY", expiration)
        assert {row.contract for row in quotes} == set(entries)
        assert all(entries[row.contract].quote == row for row in quotes)
        assert all(entries[row.contract].greeks == row for row in greeks)
        assert all(entries[row.contract].open_interest == row for row in interest)
        assert interest
        assert chain.underlying_price == greeks[0].underlying_price


async def test_each_part_of_a_chain_says_how_old_it_is():
    """Ages are measured from the chain's moment: now, from its newest part."""
    async with simulated(contracts=30) as (_, session):
        chain = await session.chain("SPY", expiration=await first_expiration(session))
        stamps = [entry.quote.timestamp for entry in chain.entries]
        assert chain.at >= max(stamps)
        assert chain.underlying_age is not None
        assert chain.underlying_age >= dt.timedelta(0)
        for entry in chain.entries:
            assert entry.quote_age == chain.at - entry.quote.timestamp >= dt.timedelta(0)
            assert entry.greeks_age == chain.at - entry.greeks.timestamp >= dt.timedelta(0)
            if entry.open_interest is not None:  # made before the open
                assert entry.open_interest_age > dt.timedelta(hours=6)
        assert any(entry.open_interest for entry in chain.entries)


async def test_a_chain_of_a_past_moment_is_as_of_then():
    """With `at`, every part is what held at that moment, and nothing is newer."""
    async with simulated(contracts=30) as (terminal, session):
        expiration = await first_expiration(session)
        chain = await session.chain("SPY", expiration=expiration, at=NOON)
        asked = {entry.operation for entry in terminal.ledger.requests[1:]}
        assert asked == {
            "option_at_time_quote",
            "option_history_open_interest",
            "option_history_greeks_all",
        }
        assert chain.at == NOON
        assert chain.entries
        for entry in chain.entries:
            assert entry.quote.timestamp <= NOON
            assert entry.greeks.timestamp == NOON
        naive = await session.chain("SPY", expiration=expiration, at=NOON.replace(tzinfo=None))
        assert naive == chain
        utc = await session.chain("SPY", expiration=expiration, at=NOON.astimezone(dt.UTC))
        assert utc == chain


async def test_greeks_are_those_that_the_tier_permits():
    """Standard has the first order, value none; quotes and open interest are there all the same."""
    for tier, kind in (
        ("pro", OptionGreeks),
        ("standard", OptionGreeksFirstOrder),
        ("value", None),
    ):
        async with simulated(contracts=12, tier=tier) as (_, session):
            expiration = (await session.expirations("SPY", on=DAY, min_dte=1))[-1]
            chain = await session.chain("SPY", expiration=expiration)
            assert chain.entries
            for entry in chain.entries:
                assert entry.quote is not None
                assert (entry.greeks is None) == (kind is None)
                assert kind is None or isinstance(entry.greeks, kind)
            assert (chain.underlying_price is None) == (kind is None)


async def test_a_chain_whose_quotes_are_refused_is_an_error():
    """Without quotes there is no chain: the terminal's refusal comes out."""
    refusal = Status(471, path="option_snapshot_quote")
    async with simulated(contracts=12, faults=[refusal]) as (_, session):
        with pytest.raises(thetatrio.PermissionDenied):
            await session.chain("SPY", expiration="2024-11-15")


async def test_no_data_is_a_chain_without_entries():
    """An expiration that exists and has no quotes at that moment is an empty chain."""
    async with simulated(contracts=30) as (terminal, session):
        expiration = await first_expiration(session)
        terminal.faults.append(Status(472, text="No data", times=3))
        chain = await session.chain("SPY", expiration=expiration)
        assert chain.at == dt.datetime(2024, 11, 4, 16, tzinfo=NEW_YORK)  # the terminal's day
        assert chain.entries == chain.strikes == chain.calls == chain.puts == ()
        with pytest.raises(thetatrio.InvalidRequest, match="no strikes"):
            chain.nearest_strike()
        with pytest.raises(thetatrio.InvalidRequest, match="has Greeks"):
            chain.nearest_delta(0.5)


@pytest.mark.parametrize(
    ("symbol", "expiration", "at", "message"),
    [
        ("SPY", "2024-11-16", None, "SPY has no expiration 2024-11-16; near it are 2024-11-"),
        ("SPY", "2024-11-16", NOON, "SPY has no expiration 2024-11-16; near it are 2024-11-"),
        ("XYZQ", "2024-11-15", None, "the terminal has no options of root 'XYZQ';"),
        ("SPX", "2024-11-06", None, "other options of the index are under SPXW"),
    ],
)
async def test_a_chain_of_an_expiration_that_does_not_exist_says_so(
    symbol, expiration, at, message
):
    """An expiration or root that does not exist is InvalidRequest with near ones, not no rows."""
    async with simulated(contracts=30) as (_, session):
        with pytest.raises(thetatrio.InvalidRequest, match=message):
            await session.chain(symbol, expiration=expiration, at=at)


@pytest.mark.parametrize(
    "at",
    ["2024-11-04 12:00", "2024-11-04T12:00:00.000", "2024-11-04T17:00:00Z", "20241104 12:00",
     "2024-11-04T18:00+01:00", dt.datetime(2024, 11, 4, 12), pd.Timestamp("2024-11-04 12:00"),
     pd.Timestamp("2024-11-04 17:00", tz="UTC"), dt.datetime(2024, 11, 4, 17, tzinfo=dt.UTC)],
    ids=repr,
)  # fmt: skip
async def test_the_moment_of_a_chain_may_be_text(at):
    """Text, pandas' timestamps and datetimes with or without a zone are the same moment."""
    async with simulated(contracts=30) as (_, session):
        chain = await session.chain("SPY", expiration=await first_expiration(session), at=at)
        assert chain.at == NOON
        assert type(chain.at) is dt.datetime
        assert chain.at.tzinfo is NEW_YORK


async def test_expirations_count_from_the_simulated_day():
    """Without `on`, days are counted from the simulated terminal's day, not from the real one."""
    async with simulated(contracts=30) as (_, session):
        assert await session.expirations("SPY", max_dte=7) == await session.expirations(
            "SPY", on=DAY, max_dte=7
        )
        assert (await session.expirations("SPY"))[0] >= DAY


async def test_expirations_of_a_real_terminal_count_from_today(monkeypatch):
    """A terminal that is not simulated has no day of its own, whatever its headers say."""
    monkeypatch.setattr(thetatrio.market_time, "today", lambda: dt.date(2024, 11, 14))
    body = b"symbol,expiration\r\nSPY,2024-11-13\r\nSPY,2024-11-15\r\n"
    for headers in (
        [("Thetatrio-Day", "2024-11-01")],
        [("Server", "thetatrio-simulator"), ("Thetatrio-Day", "soon")],
    ):
        reply = answer(body, content_type="text/csv", headers=headers)
        async with scripted(reply) as (_, session):
            assert await session.expirations("SPY") == [dt.date(2024, 11, 15)]


async def test_the_nearest_strike_and_delta_are_the_nearest():
    """Nearest by price, and by delta on the side that its sign says or that is named."""
    async with simulated(contracts=60) as (_, session):
        chain = await session.chain("SPY", expiration=await first_expiration(session))
    strike = chain.nearest_strike()
    assert all(
        abs(strike - chain.underlying_price) <= abs(other - chain.underlying_price)
        for other in chain.strikes
    )
    assert chain.nearest_strike(0) == chain.strikes[0]
    assert chain.nearest_strike(10_000) == chain.strikes[-1]
    call, put = chain.nearest_delta(0.4), chain.nearest_delta(-0.4)
    assert (call.contract.right, put.contract.right) == ("C", "P")
    assert all(
        abs(call.greeks.delta - 0.4) <= abs(other.greeks.delta - 0.4) for other in chain.calls
    )
    assert chain.nearest_delta(0.4, "P").contract.right == "P"
    assert len(chain.calls) == len(chain.puts) == len(chain.strikes)
    keys = [(entry.contract.strike, entry.contract.right) for entry in chain.entries]
    assert keys == sorted(keys)


def test_a_chain_without_a_price_needs_one():
    """Where no Greeks came, the nearest strike wants a price."""
    option = thetatrio.Option("SPY", "2024-11-15", 570, "C")
    chain = OptionChain(
        symbol="SPY",
        expiration=option.expiration,
        at=NOON,
        underlying_price=None,
        underlying_age=None,
        entries=(ChainEntry(contract=option),),
    )
    assert chain.nearest_strike(400) == 570
    with pytest.raises(thetatrio.InvalidRequest, match="no underlying price"):
        chain.nearest_strike()


async def test_expirations_are_chosen_by_days():
    """Both bounds are inclusive, and dates come in order, each once."""
    lines = b"".join(
        b'{"symbol":"SPY","expiration":"2024-11-%02d"}\n' % day for day in (29, 4, 15, 8, 4)
    )
    async with scripted(answer(lines)) as (_, session):

        async def days(**bounds):
            return [date.day for date in await session.expirations("SPY", **bounds)]

        assert await days(on=DAY) == [4, 8, 15, 29]
        assert await days(on="20241104", min_dte=1, max_dte=11) == [8, 15]
        assert await days(on="2024-11-15", min_dte=0, max_dte=0) == [15]
        assert await days() == []
        with pytest.raises(thetatrio.InvalidRequest, match="on: 'soon'"):
            await days(on="soon")


async def test_sessions_are_weekdays_less_holidays_with_their_hours():
    """Thanksgiving is left out, the day after closes early, years are joined."""
    async with simulated(contracts=2) as (terminal, session):
        days = await session.trading_sessions("2024-11-25", "2024-12-02")
        assert [day.date.day for day in days] == [25, 26, 27, 29, 2]
        assert [day.closes_early for day in days] == [False, False, False, True, False]
        assert days[3].close == dt.datetime(2024, 11, 29, 13, tzinfo=NEW_YORK)
        assert days[0].open == dt.datetime(2024, 11, 25, 9, 30, tzinfo=NEW_YORK)
        across = await session.trading_sessions("2024-12-30", "2025-01-03")
        assert [day.date.isoformat() for day in across] == [
            "2024-12-30",
            "2024-12-31",
            "2025-01-02",
            "2025-01-03",
        ]
        assert len(terminal.ledger.of("calendar_year")) == 3
        with pytest.raises(thetatrio.InvalidRequest, match="before start"):
            await session.trading_sessions("2024-11-25", "2024-11-01")
        with pytest.raises(thetatrio.InvalidRequest, match="start: 'x'"):
            await session.trading_sessions("x", "2024-11-01")


async def test_contracts_without_a_fit_are_not_taken_for_data():
    """IV of 0 and `iv_error` from 100 on are None, counted, and no delta is near them."""
    async with simulated(contracts=60) as (_, session):
        chain = await session.chain("SPY", expiration=await first_expiration(session))
    assert (chain.unsolved, chain.calls[0].is_solved) == (0, True)
    best = chain.nearest_delta(0.4)
    entries = []
    for entry in chain.entries:
        greeks = entry.greeks
        if entry == best:
            greeks = msgspec.structs.replace(greeks, implied_vol=0.0)
        elif entry == chain.calls[0]:
            greeks = msgspec.structs.replace(greeks, iv_error=100.0, underlying_price=0.0)
        elif entry == chain.calls[1]:
            greeks = None
        entries.append(msgspec.structs.replace(entry, greeks=greeks))
    chain = msgspec.structs.replace(chain, entries=tuple(entries))
    assert chain.unsolved == 2
    assert len(chain.entries) == len(entries), "no row is dropped"
    for unsolved in (chain.calls[0], chain.calls[1]):
        assert (unsolved.implied_volatility, unsolved.delta) == (None, None)
    other = chain.nearest_delta(0.4)
    assert other.contract != best.contract
    assert other.delta == other.greeks.delta
    assert other.implied_volatility == other.greeks.implied_vol > 0


async def test_open_interest_that_is_missing_is_counted():
    """A contract that nobody holds has no row; the chain says how many there are."""
    async with simulated(contracts=200) as (_, session):
        chain = await session.chain("SPY", expiration="2024-11-15")
    missing = sum(entry.open_interest is None for entry in chain.entries)
    assert chain.without_open_interest == missing > 0


async def test_a_chain_takes_no_price_from_a_solver_that_failed():
    """An `underlying_price` of 0 is not the underlying's price."""
    async with simulated(contracts=20) as (_, session):
        expiration = await first_expiration(session)
        rows = await session.option.snapshot_greeks_all("SPY", expiration=expiration)
    newest = rows[0].underlying_timestamp_ny + dt.timedelta(seconds=1)
    failed = msgspec.structs.replace(
        rows[0], underlying_price=0.0, iv_error=100.0, underlying_timestamp_ny=newest
    )
    chain = chains._join("SPY", expiration, [[], [], [failed, *rows[1:]]], None)
    assert chain.underlying_price == rows[1].underlying_price
