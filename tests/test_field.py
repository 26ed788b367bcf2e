"""The calls that users write, against terminals as they were seen in 2026 (`field_terminal`)."""

import datetime as dt
from collections import Counter

import polars as pl
import pytest

import thetatrio
from tests.field_terminal import DAY, FieldTerminal, field_session, trading_days

TODAY = dt.date(2026, 10, 14)  # a Wednesday
SETTLED = TODAY - 2 * DAY
FRIDAYS = [dt.date(2026, 10, 2) + 7 * DAY * week for week in range(8)]


@pytest.fixture
def field(monkeypatch):
    monkeypatch.setattr("thetatrio.market_time.today", lambda: TODAY)
    return FieldTerminal(TODAY, FRIDAYS)


def days_of(rows):
    return [row.created.date() for row in rows]


async def test_a_year_of_daily_reports_is_one_request(field, autojump_clock):
    """365 days of EOD, both ends included, are one request; 366 are two; rows are complete."""
    last = dt.date(2025, 12, 31)
    async with field_session(field) as session:
        rows = await session.stock.history_eod("AAPL", start_date=last - 364 * DAY, end_date=last)
        assert days_of(rows) == list(trading_days(last - 364 * DAY, last))
        assert len(field.requests) == 1
        rows = await session.stock.history_eod("AAPL", start_date=last - 365 * DAY, end_date=last)
    assert days_of(rows) == list(trading_days(last - 365 * DAY, last))
    assert len(field.requests) == 3
    assert not field.refused


async def test_ten_years_of_daily_reports_are_eleven_requests(field, autojump_clock):
    """Ten years of EOD are requested in parts of 365 days; none is refused."""
    first, last = dt.date(2016, 1, 1), dt.date(2025, 12, 31)
    async with field_session(field) as session:
        query = session.stock.history_eod("AAPL", start_date=first, end_date=last)
        assert query.estimate().requests == 11
        rows = await query
    assert days_of(rows) == list(trading_days(first, last))
    assert len(field.requests) == 11
    assert not field.refused


async def test_two_years_of_one_expiration_are_three_requests(field, autojump_clock):
    """731 days of one option expiration's EOD are three requests."""
    field.expirations = [dt.date(2026, 9, 18)]
    first, last = dt.date(2024, 9, 18), dt.date(2026, 9, 18)
    async with field_session(field) as session:
        rows = await session.option.history_eod(
            "AAPL",
            expiration="2026-09-18",
            strike=100,
            right="call",
            start_date=first,
            end_date=last,
        )
    assert days_of(rows) == list(trading_days(first, last))
    assert len(field.requests) == 3
    assert not field.refused


async def test_a_range_that_reaches_today_ends_with_yesterday(field, autojump_clock):
    """EOD of today is refused by the terminal; the settled days before it are returned."""
    async with field_session(field) as session:
        rows = await session.stock.history_eod("AAPL", start_date=TODAY - 7 * DAY, end_date=TODAY)
    assert days_of(rows) == list(trading_days(TODAY - 7 * DAY, TODAY - DAY))
    assert len(field.requests) == 2


async def test_reports_of_today_alone_are_an_error(field, autojump_clock):
    """Who asks about the current day only gets the terminal's text, and no empty list."""
    async with field_session(field) as session:
        query = session.stock.history_eod("AAPL", start_date=TODAY, end_date=TODAY)
        with pytest.raises(thetatrio.InvalidRequest, match="not available for the current day"):
            await query
    assert len(field.requests) == 1


async def test_a_day_that_is_left_out_is_logged(field, autojump_clock, caplog):
    """The log says which day, of which operation, in the terminal's words."""
    async with field_session(field) as session:
        await session.stock.history_eod("AAPL", start_date=SETTLED, end_date=TODAY)
    (message,) = caplog.messages
    assert f"stock_history_eod: {TODAY} is left out" in message


async def test_reports_of_today_are_refused_once(field, autojump_clock, caplog):
    """Of all expirations: what is not made yet is not requested for each of them."""
    async with field_session(field, slots=1) as session:
        rows = await session.option.history_eod(
            "SPY", expiration="*", start_date=SETTLED, end_date=TODAY
        )
    assert {row.created.date() for row in rows} == {SETTLED, TODAY - DAY}
    assert len(caplog.messages) == 1
    assert len(field.refused) <= 3  # what was under way ahead of the reader


async def test_all_expirations_of_a_settled_day_have_rows(field, autojump_clock):
    """`expiration="*"` sends no time window unless it is given: with one it would be empty."""
    day = SETTLED
    async with field_session(field) as session:
        rows = await session.option.history_trade_quote("SPY", expiration="*", date=day)
    assert {row.expiration for row in rows} == {day_ for day_ in FRIDAYS if day_ >= day}
    assert len(field.requests) == 1
    assert not field.requests[0][1].keys() & {"start_time", "end_time", "exclusive"}


async def test_greeks_of_all_expirations_are_planned_by_expiration(field, autojump_clock):
    """Interval Greeks refuse `*`: each expiration that the day's contracts have is requested."""
    day = SETTLED
    async with field_session(field) as session:
        rows = await session.option.history_greeks_first_order(
            "SPY", expiration="*", date=day, interval="1h"
        )
    alive = [expiration for expiration in FRIDAYS if expiration >= day]
    assert [row.expiration for row in rows] == [e for e in alive for _ in range(4)]
    counts = Counter(path.rpartition("/v3/option/")[2] for path, _ in field.requests)
    assert counts["history/greeks/first_order"] == len(alive)
    assert sum(counts.values()) == len(alive) + 1
    assert not field.refused


@pytest.mark.parametrize(
    "operation",
    [
        "history_ohlc",
        "history_quote",
        "history_trade",
        "history_trade_quote",
        "history_greeks_all",
        "history_greeks_first_order",
        "history_greeks_implied_volatility",
        "history_trade_greeks_all",
    ],
)
async def test_all_expirations_of_today_are_planned(field, autojump_clock, operation):
    """No history operation takes `*` for the current day: each expiration is requested."""
    async with field_session(field) as session:
        rows = await getattr(session.option, operation)("SPY", expiration="*", date=TODAY)
    alive = {expiration for expiration in FRIDAYS if expiration >= TODAY}
    assert {row.expiration for row in rows} == alive
    assert len(field.requests) == len(alive) + 1
    assert not field.refused


async def test_daily_reports_of_all_expirations_are_requested_by_week(field, autojump_clock):
    """Option EOD takes `*` over several days: a month is five requests, not twenty-two."""
    first, last = dt.date(2026, 9, 1), dt.date(2026, 9, 30)
    async with field_session(field) as session:
        rows = await session.option.history_eod(
            "SPY", expiration="*", start_date=first, end_date=last
        )
    assert {row.created.date() for row in rows} == set(trading_days(first, last))
    assert len(field.requests) <= 5
    assert not field.refused


async def test_a_slow_first_byte_is_waited_for(field, autojump_clock):
    """A list whose first byte comes after 100 s is waited for, and requested once."""
    field.head_delay = lambda path: 100.0 if "greeks" in path else 0.0
    async with field_session(field) as session:
        rows = await session.option.history_greeks_first_order(
            "SPXW", expiration="2026-10-16", date=SETTLED, interval="1h"
        )
    assert rows
    assert len(field.requests) == 1


def twice(_operation, _query, rows):
    """Send each report of before 2022 twice, as terminals do."""
    return [
        {**row, "created": f"{row['created'][:10]}T{stamp}"}
        for row in rows
        for stamp in ("17:15:20.5", "23:40:01.25")
    ]


@pytest.mark.parametrize("form", ["rows", "polars", "arrow", "pandas", "parquet", "keep", "ndjson"])
async def test_reports_that_come_twice_are_delivered_once(field, autojump_clock, tmp_path, form):
    """EOD of 2020 comes twice per contract: the newest is delivered; saved bytes stay."""
    field.expirations = [dt.date(2020, 12, 18)]
    field.rows = twice
    day = dt.date(2020, 11, 4)
    options = {"eod_duplicates": "keep"} if form == "keep" else {}
    async with field_session(field, **options) as session:
        query = session.option.history_eod(
            "SPY", expiration="2020-12-18", start_date=day, end_date=day
        )
        if form in ("rows", "keep"):
            created = [row.created.time() for row in await query]
        elif form == "parquet":
            await query.save(tmp_path / "x.parquet")
            created = pl.read_parquet(tmp_path / "x.parquet")["created"].dt.time().to_list()
        elif form == "ndjson":
            await query.save(tmp_path / "x.ndjson")
            created = (tmp_path / "x.ndjson").read_bytes().splitlines()
        else:
            frame = await getattr(query, form)()
            created = [each.time() for each in pl.DataFrame(frame)["created"]]
    expected = {"keep": 8, "ndjson": 8}.get(form, 4)
    assert len(created) == expected
    if form not in ("keep", "ndjson"):
        assert created == [dt.time(23, 40, 1, 250_000)] * 4


@pytest.mark.parametrize("root", ["BRK.B", "BRK/B"])
async def test_the_spelling_of_an_option_root_is_suggested(field, autojump_clock, root):
    """An option root with a mark has no data: the hint names the spelling that exists."""
    async with field_session(field) as session:
        with pytest.raises(thetatrio.ThetaDataError, match="BRKB"):
            await session.option.history_eod(
                root, expiration="2026-10-16", start_date=SETTLED, end_date=SETTLED
            )
