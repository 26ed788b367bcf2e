"""The simulated terminal's profiles: what terminals of 2026 refuse, and what is documented."""

import datetime as dt

import msgspec
import pytest

import thetatrio
from tests.http_library import httpx
from tests.network import simulated
from thetatrio import requests
from thetatrio.testing import PROFILES, Terminal, TerminalRules, open_terminal

LAST = "2024-11-15"
EVERY = "symbol=SPY&expiration=*"

REFUSED = [
    # path, query, text of 2026, status as documented
    (
        "stock/history/eod",
        "symbol=AAPL&start_date=2023-10-31&end_date=2024-10-30",
        "Too many days between start and end date; max 365 days allowed",
        200,
    ),
    (
        "stock/history/eod",
        f"symbol=AAPL&start_date=2024-11-01&end_date={LAST}",
        "EOD is not available for the current day",
        200,
    ),
    (
        "option/history/greeks/first_order",
        f"{EVERY}&date=2024-11-13&interval=1h",
        "Cannot specify '*' for the date",
        473,
    ),
    ("option/history/ohlc", f"{EVERY}&date=2024-11-13&interval=1h", "Cannot specify '*'", 473),
    (
        "option/history/trade",
        f"{EVERY}&date={LAST}",
        "Cannot fetch current-day data without specifying an expiration",
        200,
    ),
    (
        "option/history/greeks/eod",
        f"{EVERY}&start_date=2024-11-12&end_date=2024-11-13",
        "When expiration=*, you must request data a day-at-a-time",
        570,
    ),
    (
        "stock/history/ohlc",
        "symbol=AAPL&start_date=2024-10-01&end_date=2024-11-08&interval=1h",
        "Bulk history requests are limited to no more than 1 month.",
        570,
    ),
    (
        "stock/history/ohlc",
        "symbol=AAPL&start_date=2024-11-07&end_date=2024-11-08&interval=1s",
        "Bulk history requests are limited to intervals of at least 1 minute.",
        570,
    ),
    ("stock/history/ohlc", "symbol=AAPL&date=2024-11-08&interval=60", "interval", 473),
]


@pytest.mark.parametrize(("path", "query", "text", "documented"), REFUSED)
async def test_each_profile_refuses_in_its_way(path, query, text, documented):
    """What is 400 with a text on terminals of 2026 is answered, or 473 or 570, as documented."""
    for profile in PROFILES:
        async with (
            open_terminal(day=LAST, contracts=60, profile=profile) as terminal,
            httpx.AsyncClient(base_url=terminal.url) as client,
        ):
            reply = await client.get(f"/v3/{path}?{query}&format=ndjson")
            if profile == "2026":
                assert (reply.status_code, reply.text) == (400, reply.text)
                assert text in reply.text
            else:
                assert reply.status_code == documented, reply.text


async def test_a_missing_permission_names_the_tier():
    """403 on terminals of 2026, 471 as documented; the error has the tier in both."""
    async with simulated(tier="free", profile="2026") as (_, session):
        with pytest.raises(thetatrio.PermissionDenied, match="needs the tier 'value'") as caught:
            await session.option.history_ohlc("SPY", expiration="2024-11-08", date="2024-11-01")
        assert (caught.value.code, caught.value.needed_tier) == (403, "value")
    async with simulated(tier="free", profile="documented") as (_, session):
        with pytest.raises(thetatrio.PermissionDenied) as caught:
            await session.option.history_ohlc("SPY", expiration="2024-11-08", date="2024-11-01")
        assert caught.value.code == 471


async def test_reports_of_before_2022_come_twice():
    """Up to 2021-12-15, made an hour apart; the client delivers one, or both if told so."""
    options = {"day": "2022-02-01", "contracts": 60, "profile": "2026"}
    day = dt.date(2021, 12, 15)
    call = {"expiration": "*", "start_date": day, "end_date": day}
    async with simulated(**options, session_options={"eod_duplicates": "keep"}) as (_, session):
        both = await session.option.history_eod("SPY", **call)
    async with simulated(**options) as (_, session):
        rows = await session.option.history_eod("SPY", **call)
    assert len(both) == 2 * len(rows) > 0
    assert {row.contract for row in both} == {row.contract for row in rows}
    assert [row.created for row in rows] == [row.created for row in both[1::2]]


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_same_calls_work_on_both(autojump_clock, profile):
    """What a user writes has the same rows, whatever the terminal refuses."""
    async with simulated(day=LAST, contracts=60, profile=profile) as (_, session):
        eod = await session.stock.history_eod(
            "AAPL", start_date="2023-01-03", end_date="2024-11-14"
        )
        assert [row.created.date() for row in eod] == sorted({row.created.date() for row in eod})
        assert len(eod) > 450
        bars = await session.option.history_ohlc(
            "SPY", expiration="*", start_date="2024-11-12", end_date="2024-11-13", interval="1h"
        )
        assert {row.timestamp.day for row in bars} == {12, 13}
        trades = await session.option.history_trade("SPY", expiration="*", date=LAST)
        assert {row.timestamp.date().isoformat() for row in trades} == {LAST}


def test_a_setting_goes_before_the_profile():
    """Each difference can be set alone."""
    assert Terminal(profile="2026").service.rules == PROFILES["2026"]
    rules = TerminalRules(eod_days=10)
    assert Terminal(profile="2026", rules=rules).service.rules is rules


@pytest.mark.parametrize("wrong", [{"profile": "2025"}, {"rules": "2026"}])
def test_what_is_no_profile_is_refused(wrong):
    """The message names what there is."""
    with pytest.raises(thetatrio.InvalidConfig, match="2026|TerminalRules"):
        Terminal(**wrong)


BARE = {
    "symbol": "SPY",
    "expiration": "2024-11-22",
    "date": "2024-11-14",
    "start_date": "2024-11-14",
    "end_date": "2024-11-14",
    "time_of_day": "12:00",
    "request_type": "quote",
    "year": 2024,
}
OPERATIONS = sorted(
    (
        kind
        for name in dir(requests)
        if isinstance(kind := getattr(requests, name), type)
        and issubclass(kind, requests.Request)
        and getattr(kind, "operation", None)
        and not kind.v2_only
    ),
    key=lambda kind: kind.operation,
)


def bare(kind):
    """Return a request with what has to be given, and no more."""
    fields = {field.name: field.required for field in msgspec.structs.fields(kind)}
    names = [name for name, required in fields.items() if required]
    if "date" in fields and "start_date" in fields:
        names.append("date")
    given = {name: BARE[name] for name in names}
    if kind.operation.startswith("index"):
        given |= {"symbol": "SPX"} if "symbol" in given else {}
    elif kind.operation.startswith("interest"):
        given["symbol"] = "SOFR"
    elif kind.operation in {"stock_list_dates", "option_list_dates", "option_list_contracts"}:
        given["request_type"] = "trade"
    return kind(**given)


@pytest.mark.parametrize("profile", PROFILES)
async def test_what_a_caller_leaves_out_is_not_missed(autojump_clock, profile):
    """Each operation is accepted with its required parameters alone, on both kinds of terminals."""
    options = {"day": LAST, "contracts": 12, "profile": profile, "flat_file_rows": 10}
    async with simulated(**options) as (terminal, session):
        for kind in OPERATIONS:
            before = len(terminal.ledger.requests)
            await session.query(bare(kind))
            statuses = {entry.status for entry in terminal.ledger.requests[before:]}
            assert statuses <= {200, 472}, kind.operation
    assert len(OPERATIONS) > 75
