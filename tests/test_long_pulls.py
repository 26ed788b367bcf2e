"""Long pulls as a whole: months of chains, every way to take them, in bounded memory."""

from __future__ import annotations

import datetime as dt
import hashlib

import msgspec
import pytest

import thetatrio
from tests.network import simulated
from thetatrio.requests import OptionHistoryQuote
from thetatrio.testing.faults import LimitData, Refuse, ResetPeer, Status

FIRST, LAST = dt.date(2024, 8, 16), dt.date(2024, 11, 15)
DAYS = [FIRST + dt.timedelta(number) for number in range((LAST - FIRST).days + 1)]
TODAY = dt.date(2024, 11, 18)
TRADING = 65  # of these are neither weekends nor Labor Day


def is_open(day):
    return day.weekday() < 5 and day != dt.date(2024, 9, 2)


def quotes(symbol, interval, **days):
    return OptionHistoryQuote(symbol, expiration="*", interval=interval, **days)


class Digest:
    """A hash of rows, whatever lists they come in, and their days."""

    def __init__(self) -> None:
        self.rows = 0
        self.dates: set[dt.date] = set()
        self._encoder = msgspec.json.Encoder()
        self._hash = hashlib.sha256()

    def add(self, rows):
        self.rows += len(rows)
        self.dates.update(row.timestamp_ny.date() for row in rows)
        self._hash.update(self._encoder.encode_lines(rows))

    def __eq__(self, other):
        return self._hash.digest() == other._hash.digest()

    __hash__ = None


@pytest.mark.parametrize(
    ("symbols", "contracts", "interval"),
    [
        # Of one index: the prices under them are made once. SPXW has days without data.
        (("SPX", "SPXW"), 12, "1h"),
        pytest.param(("AAPL", "MSFT"), 12, "1m", marks=pytest.mark.deep),
    ],
)
async def test_three_months_are_their_days(autojump_clock, symbols, contracts, interval):
    """Two symbols, all expirations: row for row what asking for each day by itself gives."""
    async with simulated(contracts=contracts, day=TODAY) as (terminal, session):
        for symbol in symbols:
            whole, single = Digest(), Digest()
            query = session.query(quotes(symbol, interval, start_date=FIRST, end_date=LAST))
            async with query.batches() as batches:
                async for rows in batches:
                    whole.add(rows)
            assert terminal.ledger.highest_in_flight == 8
            for day in DAYS:
                single.add(await session.query(quotes(symbol, interval, date=day)))
            assert whole == single
            stamps = {"1h": 7, "1m": 391}[interval]
            listed = [len(terminal.market.listed(symbol, day)) for day in DAYS if is_open(day)]
            assert whole.rows == sum(listed) * stamps
            assert len(whole.dates) == sum(map(bool, listed))
            assert len(listed) == TRADING
            assert max(listed) == contracts


# ---------------------------------------------------------------- every way to take it


async def listed(query, to):
    return await query


async def one_by_one(query, to):
    async with query.rows() as rows:
        return [row async for row in rows]


async def in_polars(query, to):
    return (await query.polars()).rows()


async def in_pieces(query, to):
    async with query.frames("arrow") as channel:
        return [row async for table in channel for row in table.to_pylist()]


async def saved(query, to):
    await query.save(to / "all.ndjson")
    return (to / "all.ndjson").read_text().splitlines()


async def saved_csv(query, to):
    await query.save(to / "all.csv")
    return (to / "all.csv").read_text().splitlines()


async def saved_parquet(query, to):
    await query.save(to / "all.parquet")
    return (to / "all.parquet").read_bytes()


WAYS = [listed, one_by_one, in_polars, in_pieces, saved, saved_csv, saved_parquet]
PULL = quotes("SPY", "1h", start_date="2024-11-07", end_date="2024-11-15")


def troubles():
    """Return faults that hit every few requests of a pull, each kind of them several times."""
    for number, fault in enumerate([
        Status(429, headers={"Retry-After": "2"}, nth=2, times=1),
        LimitData(4_000, nth=3, times=1),
        Status(474, nth=5, times=1),
        ResetPeer(2_000, nth=7, times=1),
        Status(571, nth=9, times=1),
        LimitData(0, nth=11, times=1),
        Refuse(nth=2, times=1),
        ResetPeer(nth=14, times=1),
    ]):  # fmt: skip
        yield fault
        # Connections are fewer than requests: the refused ones are counted by themselves.
        later = 4 if isinstance(fault, Refuse) else 16 + number % 2
        again = {"nth": fault.nth + later, "times": 1}
        yield msgspec.structs.replace(fault, **again)


@pytest.mark.parametrize("take", WAYS, ids=lambda way: way.__name__)
async def test_trouble_every_few_requests_changes_nothing(autojump_clock, tmp_path, take):
    """429, 474, 571, cuts, resets and refusals, and 570 for most days: complete and equal."""
    # The mock clock jumps while threads make frames, so that retries need more time.
    patient = {"retry": thetatrio.RetryPolicy(max_elapsed=3600)}
    options = {"contracts": 40, "day": TODAY, "row_limit": 100, "session_options": patient}
    async with simulated(**options) as (_, session):
        calm = await take(session.query(PULL), tmp_path)
    async with simulated(**options, faults=troubles()) as (terminal, session):
        assert await take(session.query(PULL), tmp_path) == calm
        hit = sum(terminal.faults.hits(fault) for fault in troubles())
        assert hit > 14
        await terminal.ledger.wait_idle()
    assert calm


@pytest.mark.parametrize("take", WAYS[:4], ids=lambda way: way.__name__)
async def test_a_day_without_data_leaves_the_others(autojump_clock, tmp_path, take):
    """472 in the middle of a range: what the other days give, and no more."""
    options = {"contracts": 40, "day": TODAY, "session_options": {"slots": 1}}
    days = [quotes("SPY", "1h", date=f"2024-11-{day}") for day in (11, 12, 13)]
    week = quotes("SPY", "1h", start_date="2024-11-11", end_date="2024-11-13")
    async with simulated(**options) as (_, session):
        monday, tuesday, wednesday = [await take(session.query(day), tmp_path) for day in days]
    gone = Status(472, "No data", nth=2, times=1)
    async with simulated(**options, faults=[gone]) as (_, session):
        assert await take(session.query(week), tmp_path) == monday + wednesday
    assert tuesday
