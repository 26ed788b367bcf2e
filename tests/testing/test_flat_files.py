"""Files of a day: everything of it, made while it is sent."""

import tracemalloc

import pytest
import trio

from tests.testing.client import DAY, ask_once, body_at, connected, rows_at, small
from thetatrio.errors import InvalidConfig
from thetatrio.testing._flat_files import repeated
from thetatrio.testing._operations import Group

EOD = "/v3/option/flat_file/eod"
QUOTES = "/v3/option/flat_file/quote"
OPTION = ("root", "expiration", "strike", "right")


def test_a_days_file_has_the_day():
    """Without a length, every contract of every root, as its own history has it."""
    terminal = small(contracts=2)
    rows = rows_at(terminal, EOD, date=DAY)
    assert len(rows) == 21 * 2
    assert {row["date"] for row in rows} == {"20241104"}
    assert 62_100_000 <= int(rows[0]["ms_of_day"]) < 62_280_000
    mine = [row for row in rows if row["root"] == "AAPL"]
    span = {"start_date": DAY, "end_date": DAY, "expiration": "*"}
    for row, report in zip(
        mine, rows_at(terminal, "/v3/option/history/eod", symbol="AAPL", **span), strict=True
    ):
        for name in ("open", "high", "low", "close", "volume", "bid", "ask", "strike", "right"):
            assert row[name] == report[name]
    held = rows_at(terminal, "/v3/option/flat_file/open_interest", date=DAY)
    assert len(held) <= len(rows)
    assert all(int(row["open_interest"]) > 0 for row in held)


def test_files_of_stocks_and_indices():
    """A row for each; trades with their quotes."""
    terminal = small(contracts=2)
    assert len(rows_at(terminal, "/v3/stock/flat_file/eod", date=DAY)) == 13
    levels = rows_at(terminal, "/v3/index/flat_file/eod", date=DAY)
    assert [row["root"] for row in levels] == ["NDX", "RUT", "SPX", "VIX"]
    short = small(flat_file_rows=5_000)
    joined = rows_at(short, "/v3/stock/flat_file/trade_quote", date=DAY)
    assert all(int(row["quote_ms_of_day"]) < int(row["ms_of_day"]) for row in joined)
    quotes = rows_at(short, "/v3/stock/flat_file/quote", date=DAY)
    assert len(quotes) == len(joined) == 5_000
    assert quotes[:1000] == quotes[4_000:]


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
@pytest.mark.parametrize("rows", [1, 59, 4_000, 9_001])
def test_length_is_as_asked_for(rows, kind):
    """`flat_file_rows` rows, no more, no fewer, whatever the day has."""
    terminal = small(flat_file_rows=rows)
    path = "/v3/stock/flat_file/quote"
    lines = body_at(terminal, path, date=DAY, format=kind).decode().splitlines()
    assert len(lines) - (kind == "csv") == rows


def test_nothing_repeats_to_nothing():
    """No rows stay none."""
    assert list(repeated(iter([]), 10)) == []
    assert list(repeated(iter([Group(None, None, [])]), 10)) == []
    assert rows_at(small(flat_file_rows=10), EOD, date="20241103") == []


def test_half_a_gigabyte_needs_little():
    """A file of 500 MB is made in pieces, with a few megabytes of memory."""
    terminal = small(flat_file_rows=8_500_000)
    route = terminal.service.route(QUOTES)
    answer = terminal.service.answer(route, QUOTES, {"date": DAY}, "127.0.0.1")
    size = len(next(answer.body)) + len(next(answer.body))
    tracemalloc.start()
    try:
        longest = 0
        for piece in answer.body:
            size += len(piece)
            longest = max(longest, len(piece))
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
    assert size > 500_000_000
    assert longest < 100_000


async def test_a_file_comes_in_chunks(autojump_clock):
    """Over a connection: no length, whole at the end; a slow reader makes the terminal wait."""
    terminal = small(flat_file_rows=20_000)
    reply = await ask_once(terminal, QUOTES, date=DAY)
    assert reply.headers["transfer-encoding"] == "chunked"
    assert reply.whole
    assert reply.text.count("\r\n") == 20_001
    async with connected(terminal, capacity=4096) as client:
        await client.ask(QUOTES, date=DAY)
        await client.stream.receive_some(100)
        await trio.sleep(60)
        assert terminal.ledger.requests[-1].body_bytes < 200_000


@pytest.mark.parametrize(
    ("options", "word"),
    [({"flat_file_rows": 0}, "flat_file_rows"), ({"release": "next"}, "release")],
)
def test_settings_are_checked(options, word):
    """A setting that cannot be is named."""
    with pytest.raises(InvalidConfig, match=word):
        small(**options)
