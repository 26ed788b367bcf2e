"""thetatrio._rest.query: a request tied to a session, taken as one likes."""

from __future__ import annotations

import asyncio
import gc
import types
import warnings
from collections.abc import Coroutine

import pytest
import trio

import thetatrio
from tests.network import answer, scripted
from tests.test_answer import GONE, history, prices
from thetatrio._rest import planner

pytestmark = pytest.mark.core

BODY = prices(10)
PAGE = answer(b"<html>hello</html>", content_type="text/html; charset=utf-8")


async def test_awaiting_a_query_gives_a_list_of_rows():
    """`await query` is the list of its rows; each await sends anew."""
    async with scripted(answer(BODY), answer(prices(3))) as (script, session):
        query = history(session)
        assert len(await query) == 10
        assert len(await query) == 3
        assert len(await query.fetch()) == 3
        assert len(script.heads) == 3


async def test_no_data_is_an_empty_list():
    """472, a header without rows, and a document without rows are all an empty list."""
    lines = (
        answer(b"none", status=472, content_type="text/plain"),
        answer(b"timestamp,price\r\n", content_type="text/csv"),
        answer(b'{"response":[]}', content_type="application/json"),
    )
    async with scripted(*lines) as (_, session):
        for _line in lines:
            assert await history(session) == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/csv", b"timestamp,price\r\n2024-11-04T09:31:00,5728.56\r\n"),
        (
            "application/json",
            b'{"response":[{"price":5728.56,"timestamp":"2024-11-04T09:31:00"}]}',
        ),
        ("application/json", b'{"timestamp":["2024-11-04T09:31:00"],"price":[5728.56]}'),
        ("text/plain", b'{"price":5728.56,"timestamp":"2024-11-04T09:31:00"}\n'),
        ("", b'{"price":5728.56,"timestamp":"2024-11-04T09:31:00"}\n'),
    ],
)
async def test_an_answer_is_read_as_what_it_is(content_type, body):
    """CSV or JSON where NDJSON was asked is read by its type; no type is taken as asked."""
    async with scripted(answer(body, content_type=content_type)) as (_, session):
        (row,) = await history(session)
        assert row.price == 5728.56
        assert row.timestamp.isoformat() == "2024-11-04T09:31:00-05:00"


@pytest.mark.parametrize("row_format", ["ndjson", "csv", "json"])
async def test_rows_are_asked_in_the_format_of_the_settings(row_format):
    """`row_format` says what is asked for, with a matching Accept header."""
    async with scripted(GONE, row_format=row_format) as (script, session):
        await history(session)
        assert f"format={row_format}" in script.targets[0]
        accept = {"ndjson": "application/x-ndjson", "csv": "text/csv", "json": "application/json"}
        assert f"Accept: {accept[row_format]}".encode() in script.heads[0]


async def test_a_web_page_is_a_decode_error():
    """HTML is an error that names the operation, on entering and on awaiting."""
    async with scripted(PAGE) as (_, session):
        with pytest.raises(thetatrio.DecodeError, match="index_history_price: .*web page"):
            await history(session)
        with pytest.raises(thetatrio.DecodeError, match="web page"):
            async with history(session).rows():
                raise AssertionError("not reached")
        assert session.statistics().in_flight == 0


async def test_refusals_are_raised_on_entering():
    """An error of the terminal is raised by the `async with` line, not by the first row."""
    line = answer(b"no", status=471, content_type="text/plain")
    async with scripted(line) as (_, session):
        with pytest.raises(thetatrio.PermissionDenied):
            async with history(session).batches():
                raise AssertionError("not reached")


async def test_a_query_is_a_coroutine():
    """Event loops and type checks take it for what it is."""
    async with scripted(answer(BODY)) as (_, session):
        query = history(session)
        assert isinstance(query, Coroutine)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(query.fetch)
        assert "IndexHistoryPrice(symbol='SPX'" in repr(query)


async def test_an_endpoint_can_be_started_as_a_task():
    """trio's `start_soon` takes the method itself with its positional argument."""
    async with scripted(answer(b'{"symbol":"SPY","expiration":"2024-11-15"}\n')) as (
        script,
        session,
    ):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(session.option.list_expirations, "SPY")
        assert len(script.heads) == 1


async def test_a_query_can_be_driven_by_hand():
    """send, throw and close work as on any coroutine."""
    async with scripted(answer(BODY)) as (_, session):
        query = history(session)
        with pytest.raises(ZeroDivisionError):
            query.throw(ZeroDivisionError())
        query = history(session)
        with pytest.raises(KeyError):
            query.throw(KeyError, KeyError("k"), None)
        query = history(session)
        with pytest.raises(KeyError):
            query.throw(KeyError)
        query = history(session)
        query.close()
        query.close()
        line = answer(b"no", status=472, content_type="text/plain")
    async with scripted(line) as (_, session):

        async def drive():
            query = history(session)

            class Driven:
                def __await__(self):
                    sent = None
                    while True:
                        try:
                            sent = yield query.send(sent)
                        except StopIteration as stop:
                            return stop.value

            return await Driven()

        assert await drive() == []


def test_asyncio_takes_a_query_for_a_coroutine():
    """`asyncio.iscoroutine` holds, so create_task and TaskGroup take queries."""
    query = thetatrio.Query(None, thetatrio.requests.StockListSymbols())
    assert asyncio.iscoroutine(query)
    query.close()


def test_a_query_dropped_unused_warns():
    """Like a coroutine that was never awaited."""
    with pytest.warns(RuntimeWarning, match="StockListSymbols.* was never used"):
        dropped()


def dropped():
    thetatrio.Query(None, thetatrio.requests.StockListSymbols())
    gc.collect()


UNOPENED = types.SimpleNamespace(plan=planner.plan)


def test_a_query_that_was_used_does_not_warn():
    """Planning or closing is use enough."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        thetatrio.Query(None, thetatrio.requests.StockListSymbols()).close()
        query = thetatrio.Query(UNOPENED, thetatrio.requests.StockListSymbols())
        assert query.plan().requests == (query.request,)
        del query
        gc.collect()


async def test_what_needs_splitting_is_planned(tmp_path):
    """More days than the terminal gives at once are several requests, whichever way it is taken."""
    async with scripted(answer(b"", status=472)) as (script, session):

        def query():
            return session.option.history_quote(
                "SPY", expiration="*", start_date="2024-11-04", end_date="2024-11-08", interval="1m"
            )

        assert len(query().plan().requests) == query().estimate().requests == 5
        assert script.heads == []
        assert await query() == []
        assert await query().save(tmp_path / "x.csv") == 0
        assert len(script.heads) == 10
        with pytest.raises(thetatrio.InvalidRequest, match="5 answers"):
            await query().save(tmp_path / "x.json")
        assert len(script.heads) == 10


@pytest.mark.parametrize(
    ("name", "call", "expected"),
    [
        (
            "use_market_value",
            lambda s: s.option.snapshot_greeks_all("SPY", expiration="*", use_market_value=False),
            "use_market_value=false",
        ),
        (
            "use_market_value",
            lambda s: s.option.snapshot_greeks_all("SPY", expiration="*", use_market_value=True),
            "use_market_value=true",
        ),
        (
            "annual_dividend",
            lambda s: s.option.snapshot_greeks_all("SPY", expiration="*", annual_dividend=0),
            "annual_dividend=0.0",
        ),
        (
            "rate_value",
            lambda s: s.option.snapshot_greeks_all("SPY", expiration="*", rate_value=0),
            "rate_value=0.0",
        ),
        (
            "stock_price",
            lambda s: s.option.snapshot_greeks_all("SPY", expiration="*", stock_price=0),
            "stock_price=0.0",
        ),
        (
            "max_dte",
            lambda s: s.option.snapshot_greeks_all("SPY", expiration="*", max_dte=0),
            "max_dte=0",
        ),
        (
            "max_dte",
            lambda s: s.option.list_contracts(request_type="quote", date="2024-11-04", max_dte=0),
            "max_dte=0",
        ),
        (
            "max_dte",
            lambda s: s.option.history_quote("SPY", expiration="*", date="2024-11-04", max_dte=0),
            "max_dte=0",
        ),
        (
            "max_dte",
            lambda s: s.option.history_trade("SPY", expiration="*", date="2024-11-04", max_dte=0),
            "max_dte=0",
        ),
        (
            "strike",
            lambda s: s.option.history_quote("SPY", expiration="*", date="2024-11-04", strike=0),
            "strike=0.000",
        ),
    ],
)
async def test_false_and_zero_reach_the_wire(name, call, expected):
    """Only None, and what the caller did not give, is left out of a request."""
    async with scripted(GONE) as (script, session):
        await call(session)
        query = script.targets[0].partition("?")[2].split("&")
        assert [part for part in query if part.partition("=")[0] == name] == [expected]
