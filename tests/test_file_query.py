"""thetatrio._rest.file_query: flat files as bytes, in order, and whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from functools import partial

import pytest
import trio

import thetatrio
from tests.network import answer, scripted
from thetatrio import market_time
from thetatrio.requests import OptionFlatFileEod, StockListSymbols

pytestmark = pytest.mark.core

LINES = b"".join(b"SPY,2024-11-15,570000,C,%08d,20241104\r\n" % n for n in range(2000))
HEAD = b"root,expiration,strike,right,ms_of_day,date\r\n"
FILE = HEAD + LINES
WHOLE = answer(FILE, content_type="text/csv", chunks=1000)
CUT = ("cut", answer(FILE[:30_011], content_type="text/csv", length=len(FILE)))
GONE = answer(b"no data", status=472, content_type="text/plain")
RETRY = thetatrio.RetryPolicy(base=0, cap=0)


def flat_file(session, **kwargs):
    return session.option.flat_file_eod(**{"date": "2024-11-04", **kwargs})


async def read_all(query, **kwargs):
    async with query.chunks(**kwargs) as chunks:
        return [chunk async for chunk in chunks]


def test_a_file_query_shows_its_request():
    """It can be printed and asked for its request, and nothing is sent for that."""
    request = OptionFlatFileEod(date="2024-11-04")
    query = thetatrio.FileQuery(None, request)
    assert query.request is request
    assert repr(query) == f"<FileQuery {request!r}>"


async def test_chunks_come_in_order():
    """The pieces together are the file, none of them empty, and then the channel ends."""
    async with scripted(WHOLE) as (script, session):
        chunks = await read_all(flat_file(session))
        assert b"".join(chunks) == FILE
        assert all(chunks)
        assert script.targets == ["/v3/option/flat_file/eod?date=2024-11-04&format=csv"]
        assert b"accept: text/csv" in script.heads[0].lower()
        async with flat_file(session).chunks() as channel:
            assert b"".join([chunk async for chunk in channel]) == FILE
            for _ in range(2):
                with pytest.raises(thetatrio.EndOfChannel, match="all bytes"):
                    await channel.receive()


@pytest.mark.parametrize(
    ("format", "content_type"),
    [("csv", "text/csv"), ("ndjson", "application/x-ndjson"), ("json", "application/json")],
)
async def test_each_format_is_asked_for(format, content_type, tmp_path):
    """A format is asked for by name and type, and the bytes are handed on as they are."""
    body = b'{"root":"SPY"}\n'
    async with scripted(answer(body, content_type=content_type)) as (script, session):
        assert await read_all(flat_file(session), format=format) == [body]
        assert await flat_file(session).save(tmp_path / "a", format=format) == len(body)
        assert {target.partition("format=")[2] for target in script.targets} == {format}
        assert all(f"accept: {content_type}".encode() in head.lower() for head in script.heads)


async def test_any_request_can_be_taken_as_bytes():
    """`session.file_query` gives the bytes of any operation's answer."""
    body = b"symbol\r\nA\r\n"
    async with scripted(answer(body, content_type="text/csv")) as (_, session):
        assert await read_all(session.file_query(StockListSymbols())) == [body]


async def test_several_tasks_share_one_channel():
    """Each piece goes to one of them, and all pieces to somebody."""
    found = []

    async def take(channel):
        async for chunk in channel:
            found.append(chunk)
            await trio.lowlevel.checkpoint()

    async with scripted(WHOLE) as (_, session), flat_file(session).chunks() as channel:
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(take, channel)
    assert sorted(b"".join(found)) == sorted(FILE)


async def test_a_cut_file_goes_on_where_it_was_cut(autojump_clock):
    """Bytes handed out before a cut are not handed out again, and none is missing."""
    async with scripted(CUT, CUT, WHOLE) as (script, session):
        assert b"".join(await read_all(flat_file(session))) == FILE
        assert len(script.heads) == 3


async def test_a_file_that_came_otherwise_is_connection_lost(autojump_clock):
    """After a cut, other bytes are never joined to those that were handed out."""
    other = answer(FILE.replace(b"570000", b"571000"), content_type="text/csv")
    found = []
    async with scripted(CUT, other) as (_, session):
        with pytest.raises(thetatrio.ConnectionLost, match=r"\d pieces had been delivered") as lost:
            async with flat_file(session).chunks() as channel:
                async for chunk in channel:
                    found.append(chunk)
    assert b"".join(found) == FILE[:30_011]
    assert lost.value.rows_delivered == 0
    assert lost.value.request == OptionFlatFileEod(date="2024-11-04")


async def test_a_cut_file_of_today_is_connection_lost(autojump_clock):
    """A day that is not over could give other bytes: it is not asked again."""
    async with scripted(CUT, WHOLE) as (script, session):
        with pytest.raises(thetatrio.ConnectionLost, match="not about the settled past"):
            await read_all(flat_file(session, date=market_time.today()))
        assert len(script.heads) == 1


async def test_a_file_that_is_always_cut_ends_in_connection_lost(autojump_clock):
    """Retries are bounded, and the error is of the connection."""
    async with scripted(CUT) as (_, session):
        with pytest.raises(thetatrio.ConnectionLost):
            await read_all(flat_file(session))


async def test_no_data_is_no_bytes(tmp_path):
    """472 is a channel without chunks, and an empty file."""
    async with scripted(GONE) as (_, session):
        assert await read_all(flat_file(session)) == []
        assert await flat_file(session).save(tmp_path / "a.csv") == 0
    assert (tmp_path / "a.csv").read_bytes() == b""


async def test_a_web_page_is_no_file(tmp_path):
    """HTML is DecodeError before a byte of it is handed out, and no file appears."""
    page = answer(b"<html>hello</html>", content_type="text/html")
    async with scripted(page) as (_, session):
        with pytest.raises(thetatrio.DecodeError, match="web page"):
            async with flat_file(session).chunks():
                pytest.fail("the channel was opened")  # pragma: no cover
        with pytest.raises(thetatrio.DecodeError, match="web page"):
            await flat_file(session).save(tmp_path / "a.csv")
        assert session.statistics().in_flight == 0
    assert os.listdir(tmp_path) == []


async def test_an_older_terminal_is_told_apart(tmp_path):
    """404 for a file that only newer terminals have says so."""
    missing = answer(b"no such path", status=404, content_type="text/plain")
    async with scripted(missing) as (_, session):
        query = session.stock.flat_file_quote(date="2024-11-04")
        with pytest.raises(thetatrio.InvalidRequest, match="does not have stock_flat_file_quote"):
            await query.save(tmp_path / "a.csv")
    assert os.listdir(tmp_path) == []


async def test_a_file_is_saved_whole_or_not_at_all(tmp_path):
    """A cut starts over; a file that never comes whole leaves the old one."""
    target = tmp_path / "a.csv"
    async with scripted(CUT, WHOLE, retry=RETRY) as (_, session):
        assert await flat_file(session).save(target) == len(FILE)
    assert target.read_bytes() == FILE
    async with scripted(CUT, retry=RETRY) as (_, session):
        with pytest.raises(thetatrio.ConnectionLost):
            await flat_file(session).save(target)
    assert target.read_bytes() == FILE
    assert os.listdir(tmp_path) == ["a.csv"]


async def test_an_unknown_ending_is_refused_before_sending(tmp_path):
    """A path that says no format is InvalidRequest, and nothing is sent."""
    async with scripted(WHOLE) as (script, session):
        with pytest.raises(thetatrio.InvalidRequest, match="no known ending"):
            await flat_file(session).save(tmp_path / "a.dat")
        assert script.heads == []


async def test_leaving_early_gives_the_slot_back():
    """A channel that is left or closed early ends its request; closing twice is fine."""
    async with scripted(WHOLE) as (_, session):
        async with flat_file(session).chunks() as channel:
            assert await channel.receive()
            assert session.statistics().in_flight == 1
        assert session.statistics().in_flight == 0
        with pytest.raises(thetatrio.SessionClosed, match="has been left"):
            await channel.receive()
        async with flat_file(session).chunks() as channel:
            await channel.aclose()
            await channel.aclose()
            assert session.statistics().in_flight == 0
            assert [chunk async for chunk in channel] == []


async def test_closing_from_elsewhere_is_the_end(autojump_clock):
    """A task that waits for bytes sees the end, not an error, when another closes the channel."""

    async def falls_silent(stream, head):
        await stream.send_all(answer(HEAD, content_type="text/csv", length=10**6))
        await trio.sleep_forever()

    found = []
    async with scripted(falls_silent) as (_, session), flat_file(session).chunks() as channel:

        async def take():
            async for chunk in channel:
                found.append(chunk)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(take)
            await trio.sleep(1)
            await channel.aclose()
    assert b"".join(found) == HEAD


async def test_cancelling_gives_the_slot_back():
    """A cancelled reader leaves nothing behind."""

    async def falls_silent(stream, head):
        await stream.send_all(answer(HEAD, content_type="text/csv", length=10**6))
        await trio.sleep_forever()

    async with scripted(falls_silent) as (_, session):
        with trio.move_on_after(0.05) as scope:
            await read_all(flat_file(session))
        assert scope.cancelled_caught
        assert session.statistics().in_flight == 0


async def test_a_long_wait_for_the_first_byte_is_a_flat_files_own(autojump_clock):
    """The vendor builds the file while one waits: `flat_file_timeout` governs, and no other."""

    async def takes_its_time(stream, head):
        await trio.sleep(1700)
        await stream.send_all(WHOLE)

    async with scripted(takes_its_time) as (_, session):
        assert b"".join(await read_all(flat_file(session))) == FILE
    async with scripted(takes_its_time, flat_file_timeout=600, retry=RETRY) as (_, session):
        with pytest.raises(thetatrio.ReadTimeout):
            await read_all(flat_file(session))


PIECE = b"SPY,2024-11-15,570000,C,34200000,20241104\r\n" * 1525  # about 64 KiB
PIECES = 1600


async def large(stream, head):
    """Send about 100 MB without holding them."""
    await stream.send_all(answer(b"", content_type="text/csv", length=len(PIECE) * PIECES))
    for _ in range(PIECES):
        await stream.send_all(PIECE)


async def test_a_large_file_passes_in_flat_memory():
    """A hundred megabytes are received in pieces that do not pile up."""
    received = 0

    async def at_the_readers_pace(stream, head):
        await stream.send_all(answer(b"", content_type="text/csv", length=len(PIECE) * PIECES))
        for number in range(PIECES):
            # A memory stream takes all it is given; a socket would not.
            while len(PIECE) * number - received > 1 << 20:
                await trio.lowlevel.checkpoint()
            await stream.send_all(PIECE)

    async with scripted(at_the_readers_pace) as (_, session):
        tracemalloc.start()
        try:
            async with flat_file(session).chunks() as channel:
                async for chunk in channel:
                    received += len(chunk)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert received == len(PIECE) * PIECES > 99_000_000
    assert peak < 10_000_000


async def test_a_large_file_is_saved_in_flat_memory(tmp_path):
    """A hundred megabytes go to the disk in blocks."""
    async with scripted(large) as (_, session):
        size = await flat_file(session).save(tmp_path / "a.csv")
    assert size == len(PIECE) * PIECES
    with (tmp_path / "a.csv").open("rb") as file:
        assert file.read(len(PIECE)) == PIECE
    assert (tmp_path / "a.csv").stat().st_size == size


SAVED = """
import sys, trio, thetatrio

def memory(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name)) / 1024

async def main(url, to):
    async with thetatrio.open_session(base_url=url) as session:
        await session.option.flat_file_eod(date="2024-11-01").save(to)  # imports at first use
        start = memory("VmRSS")
        print(await session.option.flat_file_eod(date="2024-11-04").save(to))
        print(memory("VmHWM") - start)

trio.run(main, *sys.argv[1:])
"""


@pytest.mark.deep
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
async def test_half_a_gigabyte_is_saved_through_a_cut_in_flat_memory(tmp_path):
    """A day of 500 MB over a socket, cut in the middle: whole, and in less than 16 MB."""
    pieces, asked = 8_000, []

    async def serve(stream):
        async with stream:
            asked.append(await stream.receive_some())
            if len(asked) == 1:  # the small file, on the connection that the large one takes too
                await stream.send_all(WHOLE)
                asked.append(await stream.receive_some())
            head = answer(b"", content_type="text/csv", length=len(PIECE) * pieces)
            await stream.send_all(head)
            for number in range(pieces):
                await stream.send_all(b"%07d" % number + PIECE[7:])
                if number == pieces // 2 and len(asked) == 2:
                    return  # cut, the first time

    to = tmp_path / "day.csv"
    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        url = f"http://127.0.0.1:{listener.socket.getsockname()[1]}"
        run = partial(subprocess.run, capture_output=True, check=True, text=True)
        done = await trio.to_thread.run_sync(run, [sys.executable, "-c", SAVED, url, str(to)])
        nursery.cancel_scope.cancel()
    size, growth = map(float, done.stdout.split())
    assert size == to.stat().st_size == len(PIECE) * pieces > 500_000_000
    assert len(asked) == 3
    with to.open("rb") as file:
        for number in range(pieces):
            assert file.read(len(PIECE)) == b"%07d" % number + PIECE[7:]
    assert growth < 16
