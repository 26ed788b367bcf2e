"""What the vendor's data does that nobody expects, where no module's own tests are about it."""

import datetime as dt

import pytest

from tests.network import answer, scripted, simulated
from tests.test_events import AAPL, MSFT, quote
from tests.test_stream_buffer import POLICIES
from thetatrio import frames
from thetatrio._stream.buffer import Buffer
from thetatrio.contracts import Option

pytestmark = pytest.mark.core

EOD = (
    "created,last_trade,open,high,low,close,volume,count,bid_size,bid_exchange,bid,"
    "bid_condition,ask_size,ask_exchange,ask,ask_condition\r\n"
)
REPORTS = (
    "2024-11-01T17:15:02,2024-11-01T15:59:59.9,1,3,1,2,10,5,1,7,1.9,50,1,7,2.1,50\r\n"
    "2024-11-04T17:22:11.3,2024-11-04T15:59:58,2,4,2,3,10,5,1,7,2.9,50,1,7,3.1,50\r\n"
    "2024-11-04T17:32:40,2024-11-04T15:59:58,2,4,2,3.5,11,6,1,7,2.9,50,1,7,3.1,50\r\n"
)
CSV = {"content_type": "text/csv"}


def reports_of(session):
    return session.stock.history_eod("AAPL", start_date="2024-11-01", end_date="2024-11-04")


async def test_a_reports_date_is_new_yorks():
    """The date of `created` is the trading day, in rows and in frames, and not UTC's."""
    pytest.importorskip("polars")
    days = [dt.date(2024, 11, 1), dt.date(2024, 11, 4), dt.date(2024, 11, 4)]
    late = REPORTS.replace("T17:", "T21:").encode()  # when it is tomorrow in UTC
    for body in (REPORTS.encode(), late):
        async with scripted(answer(EOD.encode() + body, **CSV)) as (_, session):
            rows = await reports_of(session)
            assert [row.created.date() for row in rows] == days
            frame = await reports_of(session).polars()
            assert frame["created"].dt.date().to_list() == days
    assert rows[0].created.astimezone(dt.UTC).date() == dt.date(2024, 11, 2)


async def test_two_reports_of_a_day_are_two_rows():
    """Nothing is thrown away: the newest of a day is told by `created`."""
    async with scripted(answer((EOD + REPORTS).encode(), **CSV)) as (_, session):
        rows = await reports_of(session)
    assert [row.close for row in rows] == [2, 3, 3.5]
    newest = {row.created.date(): row.close for row in sorted(rows, key=lambda r: r.created)}
    assert newest == {dt.date(2024, 11, 1): 2, dt.date(2024, 11, 4): 3.5}


async def test_zeros_stay_zeros():
    """Quotes nobody made and bars without a trade are rows of zeros, in lists and in frames."""
    pytest.importorskip("polars")
    async with simulated(contracts=200) as (_, session):
        query = session.option.history_quote(
            "SPY", expiration="2024-11-15", strike=573, right="call", date="2024-11-04",
            interval="1h",
        )  # fmt: skip
        first = (await query)[0]
        assert (first.bid, first.ask, first.bid_size, first.ask_size) == (0, 0, 0, 0)
        frame = await query.polars()
        assert frame.select("bid", "ask", "bid_size").row(0) == (0, 0, 0)
        bars = session.stock.history_ohlc(
            "F", date="2024-11-04", interval="1s", start_time="12:00", end_time="12:10"
        )
        rows = await bars
        assert len(rows) == 601
        still = [row for row in rows if not row.count]
        assert still
        assert all((row.open, row.close, row.volume) == (0, 0, 0) for row in still)
        assert (await bars.polars()).null_count().row(0) == (0,) * 9


@pytest.mark.parametrize("overflow", POLICIES)
def test_a_quote_is_never_made_of_two(overflow):
    """Whatever is dropped or conflated, an event that is given is one that was sent."""
    sent = [
        quote(contract=contract, bid=float(bid)) for bid in range(1, 9) for contract in (AAPL, MSFT)
    ]
    buffer = Buffer(3, overflow)
    for event in sent:
        buffer.push([event])
    given = [*buffer.items]
    while (entry := buffer.take(100)) is not None:
        given += entry if isinstance(entry, list) else []
    assert given
    assert all(event in sent and event.ask == event.bid + 0.5 for event in given)


async def test_the_venue_is_sent_if_it_is_given():
    """The terminal's default is left to it: the venue that a caller names is sent."""
    async with simulated(contracts=2) as (terminal, session):
        for options in ({}, {"venue": "utp_cta"}):
            await session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1h", **options)
        venues = [entry.query.get("venue") for entry in terminal.ledger.requests]
        assert venues == [None, "utp_cta"]


async def test_a_chain_has_contracts_without_open_interest():
    """A contract that nobody holds is an entry whose open interest is None, and no zero."""
    async with simulated(contracts=200) as (_, session):
        chain = await session.chain("SPY", expiration="2024-11-15")
        rows = await session.option.snapshot_open_interest("SPY", expiration="2024-11-15")
        held = {row.contract for row in rows}
        for entry in chain.entries:
            assert (entry.open_interest is not None) == (entry.contract in held)
        assert 0 < len(held) < len(chain.entries)


TRADES = (
    "symbol,expiration,strike,right,timestamp,sequence,ext_condition1,ext_condition2,"
    "ext_condition3,ext_condition4,condition,size,exchange,price\r\n"
    "ZZZ,1882-12-31,6850.000,CALL,2024-11-04T09:30:00.5,-2147483648,255,255,255,255,18,1,0,0.05\r\n"
)


async def test_strange_values_are_read_as_they_are():
    """Negative sequences, condition 255, exchange 0 and the year 1882 are rows like others."""
    async with scripted(answer(TRADES.encode(), **CSV)) as (_, session):
        (row,) = await session.option.history_trade("ZZZ", expiration="*", date="2024-11-04")
    assert (row.sequence, row.ext_condition1, row.exchange) == (-(2**31), 255, 0)
    assert row.contract == Option("ZZZ", dt.date(1882, 12, 31), 6850, "C")
    assert frames.polars([row]).height == 1


@pytest.mark.parametrize("body", [b"[0,20241115,18821231]", b"[[0],[20241115],[18821231]]"])
async def test_an_expiration_of_zero_is_none(body):
    """v2's lists may have a 0 among their dates: it is left out, and the others come."""
    page = b'{"header":{"next_page":"null","error_type":"null"},"response":%s}' % body
    line = answer(page, content_type="application/json")
    async with scripted(line, api="v2") as (_, session):
        rows = await session.option.list_expirations("SPY")
    assert [row.expiration for row in rows] == [dt.date(2024, 11, 15), dt.date(1882, 12, 31)]


@pytest.mark.parametrize(("api", "sent"), [("v3", "4.25"), ("v2", "0.0425")])
async def test_a_rate_is_percent_whatever_the_terminal_wants(api, sent):
    """`rate_value=4.25` is four and a quarter percent; v2 is sent the fraction."""
    async with simulated(api=api, contracts=200) as (terminal, session):
        await session.option.history_greeks_first_order(
            "SPY", expiration="2024-11-15", strike=573, right="call", date="2024-11-04",
            interval="1h", rate_value=4.25,
        )  # fmt: skip
        assert terminal.ledger.requests[0].query["rate_value"] == sent


async def test_an_expired_contract_has_history_alone():
    """What expired may be asked for: history has it, a snapshot is empty."""
    gone = {"expiration": "2024-11-01"}
    async with simulated(contracts=200) as (_, session):
        (listed, *_) = await session.option.list_contracts(
            "SPY", request_type="trade", date="2024-11-01", max_dte=0
        )
        gone |= {"strike": listed.strike, "right": listed.right.lower()}
        assert await session.option.history_trade("SPY", date="2024-11-01", **gone)
        assert await session.option.snapshot_quote("SPY", **gone) == []
