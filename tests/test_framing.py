"""Queries into frames: the same rows, in the same order, whatever happens on the way."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest
import trio

import thetatrio
from tests.network import answer, scripted, simulated
from tests.test_cancellation import CancelAtStep
from thetatrio import frames
from thetatrio._rest import framing
from thetatrio.frames import _reader
from thetatrio.requests import OptionHistoryQuote, StockHistoryEod, StockHistoryOhlc
from thetatrio.testing import LimitData, Status

SMALL = {"contracts": 40, "seed": 7, "day": "2024-11-15"}
CHAIN = OptionHistoryQuote(
    "SPY", expiration="*", start_date="2024-11-11", end_date="2024-11-15", interval="1h"
)
BARS = StockHistoryOhlc("AAPL", date="2024-11-04", interval="1h")


async def test_a_frame_holds_the_rows_of_the_query(autojump_clock):
    """polars, arrow and pandas: each is the frame of the rows that the query gives."""
    async with simulated(**SMALL) as (_, session):
        listed = await session.query(CHAIN)
        assert (await session.query(CHAIN).polars()).equals(frames.polars(listed))
        assert (await session.query(CHAIN).arrow()).equals(frames.arrow(listed))
        assert (await session.query(CHAIN).pandas()).equals(frames.pandas(listed))


async def test_symbol_is_added_where_the_vendor_leaves_it_out(autojump_clock):
    """A stock's bars say whose they are; a chain's rows say so themselves."""
    async with simulated(**SMALL) as (_, session):
        bars = await session.query(BARS).polars()
        assert bars.columns[:2] == ["symbol", "timestamp"]
        assert bars["symbol"].unique().to_list() == ["AAPL"]
        assert (await session.query(CHAIN).polars()).columns.count("symbol") == 1


async def test_no_data_is_an_empty_frame_with_its_columns(autojump_clock):
    """Empty and full frames agree in names and types."""
    async with simulated(**SMALL) as (_, session):
        saturday = StockHistoryOhlc("AAPL", date="2024-11-02", interval="1h")
        full, none = await session.query(BARS).polars(), await session.query(saturday).polars()
        assert none.height == 0
        assert none.schema == full.schema
        async with session.query(saturday).frames() as channel:
            assert [frame async for frame in channel] == []
            with pytest.raises(thetatrio.EndOfChannel):
                await channel.receive()


@pytest.mark.parametrize("library", ["polars", "arrow", "pandas"])
async def test_a_channel_of_frames_is_the_query_in_pieces(autojump_clock, monkeypatch, library):
    """Frames of whole answers, in order, are together the frame of everything."""
    monkeypatch.setattr(framing, "ENOUGH", 1)
    async with simulated(**SMALL) as (_, session):
        whole = await session.query(CHAIN).polars()
        async with session.query(CHAIN).frames(library) as channel:
            pieces = [frame async for frame in channel]
        assert len(pieces) == 5
        assert sum(len(piece) for piece in pieces) == whole.height
        assert type(pieces[0]).__module__.split(".")[0] in (library, f"py{library}")


@pytest.mark.parametrize("fault", [LimitData(700, times=1), Status(474, times=1)])
async def test_a_cut_on_the_way_changes_nothing(autojump_clock, monkeypatch, fault):
    """Where bytes were parsed already, the answer goes on after them and not from the start."""
    monkeypatch.setattr(framing, "FEED", 100)
    async with simulated(**SMALL) as (terminal, session):
        whole = await session.query(CHAIN).polars()
        terminal.faults.append(fault)
        assert (await session.query(CHAIN).polars()).equals(whole)
        assert terminal.faults.hits(fault) == 1


async def test_other_bytes_after_a_cut_are_no_frame(autojump_clock, monkeypatch):
    """What cannot be shown to be the same answer is an error, never a frame of two halves."""
    monkeypatch.setattr(framing, "FEED", 10)
    body = b"created,last_trade,open,high,low,close,volume,count\r\n" + b"x" * 100
    cut = answer(body, content_type="text/csv", length=5_000)
    other = answer(body.replace(b"open", b"OPEN"), content_type="text/csv")
    request = StockHistoryEod("AAPL", start_date="2024-11-04", end_date="2024-11-05")
    async with scripted(("cut", cut), other) as (_, session):
        with pytest.raises((thetatrio.ConnectionLost, thetatrio.DecodeError)):
            await session.query(request).polars()


async def test_what_is_no_csv_is_refused_by_name(autojump_clock):
    """Another content type, and text that is no such CSV, name the operation."""
    for body, kind in ((b"{}", "application/x-ndjson"), (b"a,b\r\n1,2\r\n", "text/csv")):
        async with scripted(answer(body, content_type=kind)) as (_, session):
            with pytest.raises(thetatrio.DecodeError, match="stock_history_ohlc") as caught:
                await session.query(BARS).polars()
        assert caught.value.request == BARS


async def test_a_wrong_library_is_told_before_anything_is_sent():
    """A misspelt library is an error at once."""
    async with scripted(b"") as (script, session):
        with pytest.raises(thetatrio.InvalidRequest, match="polars, arrow, pandas"):
            session.query(BARS).frames("numpy")
        assert script.heads == []


async def test_a_missing_library_is_told_before_anything_is_sent(monkeypatch):
    """Without polars the error says what to install, and nothing is asked."""
    import sys

    monkeypatch.setitem(sys.modules, "polars", None)
    async with scripted(b"") as (script, session):
        with pytest.raises(thetatrio.InvalidRequest, match=r"thetatrio\[polars\]"):
            await session.query(BARS).polars()
        assert script.heads == []


def parsers():
    return [each for each in threading.enumerate() if each.name.startswith("thetatrio-frames")]


@pytest.mark.parametrize("library", ["polars", "arrow", "pandas"])
async def test_pieces_are_parsed_in_threads_that_end_with_the_query(
    autojump_clock, monkeypatch, library
):
    """The same frame comes of them; received, cancelled or refused, no thread is left."""
    async with simulated(**SMALL) as (_, session):
        whole = await getattr(session.query(CHAIN), library)()
        monkeypatch.setattr(framing, "FEED", 4_000)
        monkeypatch.setattr(_reader, "PIECE", 4_000)
        seen = []
        submit = ThreadPoolExecutor.submit
        monkeypatch.setattr(
            ThreadPoolExecutor, "submit", lambda *given: seen.append(given) or submit(*given)
        )
        again = await getattr(session.query(CHAIN), library)()
        assert again.equals(whole)
        assert len(seen) > 5
        assert not parsers()
        async with session.query(CHAIN).frames(library) as channel:
            instrument = CancelAtStep(60, None)
            trio.lowlevel.add_instrument(instrument)
            with instrument.scope:
                await channel.receive()
            trio.lowlevel.remove_instrument(instrument)
            assert instrument.scope.cancelled_caught
        assert not parsers()


async def test_a_piece_that_a_thread_refused_ends_the_query_by_name(autojump_clock, monkeypatch):
    """The operation and the row are named, and no thread is left."""
    monkeypatch.setattr(framing, "FEED", 100)
    monkeypatch.setattr(_reader, "PIECE", 100)
    rows = b"2024-11-04T09:30:00.000,1,1,1,1,1,1,1\r\n"
    body = b"timestamp,open,high,low,close,volume,count,vwap\r\n" + rows * 50
    body += rows.replace(b"1,", b"one,", 1) + rows * 50
    async with scripted(answer(body, content_type="text/csv")) as (_, session):
        with pytest.raises(
            thetatrio.DecodeError, match="stock_history_ohlc: row 51: column"
        ) as caught:
            await session.query(BARS).polars()
        assert caught.value.request == BARS
        assert not parsers()


async def test_leaving_a_channel_early_ends_the_requests(autojump_clock, monkeypatch):
    """Leaving the block after one frame leaves nothing in flight."""
    monkeypatch.setattr(framing, "ENOUGH", 1)
    async with simulated(**SMALL, latency=0.2) as (terminal, session):
        async with session.query(CHAIN).frames() as channel:
            assert (await channel.receive()).height
        await terminal.ledger.wait_idle()
        assert session.statistics().in_flight == 0


async def test_a_reader_that_is_cancelled_loses_nothing(autojump_clock, monkeypatch):
    """Cancelled wherever it waits, `receive` goes on the next time: all frames, each once."""
    monkeypatch.setattr(framing, "ENOUGH", 20_000)
    monkeypatch.setattr(framing, "FEED", 4_000)
    async with simulated(**SMALL, latency=0.5, most=1_000) as (_, session):
        whole = await session.query(CHAIN).polars()
        received, cancelled = [], 0
        async with session.query(CHAIN).frames() as channel:
            for turn in itertools.count():
                instrument = CancelAtStep(1 + turn % 40, None)
                trio.lowlevel.add_instrument(instrument)
                try:
                    with instrument.scope:
                        received.append(await channel.receive())
                except thetatrio.EndOfChannel:
                    break
                finally:
                    trio.lowlevel.remove_instrument(instrument)
                cancelled += instrument.scope.cancelled_caught
        assert cancelled > 20
        assert len(received) > 2
        assert whole.equals(pl.concat(received))


async def test_several_parts_of_one_frame_keep_their_order(autojump_clock):
    """Days arrive in any order and stand in theirs."""
    async with simulated(**SMALL) as (_, session):
        frame = await session.query(CHAIN).polars()
        days = frame["timestamp"].dt.date().to_list()
        assert days == sorted(days)
        assert len(set(days)) == 5
        await trio.lowlevel.checkpoint()
