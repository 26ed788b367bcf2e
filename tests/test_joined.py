"""thetatrio._rest.joined: the bytes of several answers, as one file has them."""

from __future__ import annotations

import pytest

import thetatrio
from tests.network import answer, scripted, simulated
from tests.test_save import RANGE
from thetatrio.requests import StockHistoryQuote
from thetatrio.testing import LimitData

pytestmark = pytest.mark.core

NAMES = b"timestamp,bid\r\n"
ALL_NAMES = b",".join(
    name.encode() for name in StockHistoryQuote.row_type().__struct_encode_fields__
)
TWO_DAYS = StockHistoryQuote(
    "AAPL", start_date="2024-11-04", end_date="2024-11-05", interval="1s"
)  # fmt: skip
GONE = answer(b"no data", status=472, content_type="text/plain")
RETRY = thetatrio.RetryPolicy(base=0, cap=0)


def part(rows, *, names=NAMES, content_type="text/csv", **how):
    return answer(names + rows, content_type=content_type, **how)


async def bytes_of(session, request, **options):
    async with session.file_query(request).chunks(**options) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def joined(*lines, **options):
    """Return what the chunks of two answers are together."""
    async with scripted(*lines, retry=RETRY, tier="free") as (script, session):
        found = await bytes_of(session, TWO_DAYS, **options)
        assert len(script.heads) >= 2
        return found


async def test_one_line_of_names_is_kept():
    """Of answers in CSV the later lines of names are left out, wherever they are cut."""
    for size in (None, 1, 5):
        assert await joined(part(b"1,2\r\n", chunks=size), part(b"3,4\r\n", chunks=size)) == (
            NAMES + b"1,2\r\n3,4\r\n"
        )


async def test_each_answer_ends_with_a_line_end():
    """A last line without one, if it is the only line, is not joined to what follows it."""
    lines = [answer(b'{"bid":1}'), answer(b'{"bid":2}\n')]
    assert await joined(*lines, format="ndjson") == b'{"bid":1}\n{"bid":2}\n'


async def test_an_answer_of_names_alone_adds_nothing():
    """A day without rows, and one without an answer, leave the others as they are."""
    assert await joined(part(b""), part(b"3,4\r\n")) == NAMES + b"3,4\r\n"
    assert await joined(part(b"1,2\r\n"), part(b"", names=ALL_NAMES)) == NAMES + b"1,2\r\n"
    assert await joined(GONE, part(b"3,4\r\n")) == NAMES + b"3,4\r\n"
    assert await joined(GONE, GONE) == b""


async def test_several_answers_are_no_json_document():
    """JSON of a range is refused before anything is sent, in a channel as in a file."""
    async with scripted(part(b"")) as (script, session):
        with pytest.raises(thetatrio.InvalidRequest, match="no one JSON document"):
            await bytes_of(session, TWO_DAYS, format="json")
        assert script.heads == []


async def test_another_format_than_asked_is_no_part():
    """An answer in NDJSON is not put behind one in CSV."""
    with pytest.raises(thetatrio.DecodeError, match="asked for csv"):
        await joined(part(b"1,2\r\n"), answer(b'{"bid":2}\n'))


async def test_a_range_comes_whole_through_cuts(autojump_clock, tmp_path):
    """Chunks of a range are its file's bytes, also where each of its answers is cut."""
    async with simulated(contracts=12, day="2024-11-15") as (terminal, session):
        await session.query(RANGE).save(tmp_path / "a.csv")
        terminal.faults.extend(LimitData(300 * n, nth=n, times=1) for n in range(1, 5))
        assert await bytes_of(session, RANGE) == (tmp_path / "a.csv").read_bytes()
        size = await session.file_query(RANGE).save(tmp_path / "b.csv")
        assert size == (tmp_path / "a.csv").stat().st_size
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


async def test_leaving_early_ends_all_answers(autojump_clock):
    """Whoever stops after the first bytes leaves nothing in flight."""
    async with simulated(contracts=12, day="2024-11-15") as (terminal, session):
        async with session.file_query(RANGE).chunks() as chunks:
            assert await chunks.receive()
        await terminal.ledger.wait_until(lambda ledger: ledger.in_flight == 0)
        assert session.statistics().in_flight == 0
