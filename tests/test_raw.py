"""thetatrio._rest.raw: endpoints that the library does not know."""

from __future__ import annotations

import datetime as dt

import pytest

import thetatrio
from tests.network import answer, scripted

pytestmark = pytest.mark.core

CSV = b"symbol,n\r\nA,1\r\nB,\r\n"


async def test_any_path_can_be_asked():
    """The whole answer comes as it is, and as rows by column."""
    async with scripted(answer(CSV, content_type="text/csv")) as (script, session):
        got = await session.get("/v3/new/thing", {"symbol": ("A", "B"), "on": False, "n": 0})
        assert script.targets == ["/v3/new/thing?symbol=A,B&on=false&n=0"]
        assert (got.status, got.content_type, got.content) == (200, "text/csv", CSV)
        assert got.text == CSV.decode()
        assert got.rows() == [{"symbol": "A", "n": "1"}, {"symbol": "B", "n": ""}]
        with pytest.raises(thetatrio.DecodeError, match="no"):
            got.json()


async def test_values_are_spelled_as_in_any_request():
    """Dates, times, None and text that needs quoting are what the wire wants."""
    async with scripted(answer(b'{"a":[]}', content_type="application/json")) as (script, session):
        params = {"d": dt.date(2024, 11, 4), "t": dt.time(9, 30), "x": None, "q": "a b&c"}
        got = await session.get("/v3/x", params)
        assert script.targets == ["/v3/x?d=2024-11-04&t=09:30:00.000&q=a%20b%26c"]
        assert got.json() == {"a": []}
        assert got.rows() == []


async def test_no_data_is_an_answer_without_rows():
    """472 is told by its status and has no rows."""
    async with scripted(answer(b"no data", status=472, content_type="text/plain")) as (_, session):
        got = await session.get("/v3/x")
        assert (got.status, got.rows()) == (472, [])


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (
            b'{"header":{"format":["close","date"]},"response":[[1.5,20241101],[2,20241104]]}',
            [{"close": 1.5, "date": 20241101}, {"close": 2, "date": 20241104}],
        ),
        (b'{"header":{"format":["root"]},"response":["A","B"]}', [{"root": "A"}, {"root": "B"}]),
        (
            b'{"header":{"format":["n"]},"response":[{"ticks":[[1],[2]],"contract":{"root":"A"}}]}',
            [{"root": "A", "n": 1}, {"root": "A", "n": 2}],
        ),
        (b'{"results":[{"root":"A"}],"nextUrl":null}', [{"root": "A"}]),
        (b'{"header":{"format":null},"response":[{"root":"A"}]}', [{"root": "A"}]),
    ],
    ids=["cells", "scalars", "groups", "gateway", "no format"],
)
async def test_pages_of_old_terminals_are_rows_by_column(body, rows):
    """Columns have the names of the header, and those of the contract before them."""
    async with scripted(answer(body, content_type="application/json")) as (_, session):
        assert (await session.get("/v2/x")).rows() == rows


@pytest.mark.parametrize(
    "rows",
    [b"[[1]]", b"[[1,2,3]]", b"[1]", b"{}", b'[{"ticks":7}]', b'[{"ticks":[[1]]}]', b"[[1,2],"],
)
async def test_rows_that_are_not_as_the_header_says_are_an_error(rows):
    """A cell without a column's name is no row, and no row is half there."""
    body = b'{"header":{"format":["close","date"]},"response":' + rows + b"}"
    async with scripted(answer(body, content_type="application/json")) as (_, session):
        got = await session.get("/v2/x")
        with pytest.raises(thetatrio.DecodeError) as caught:
            got.rows()
        assert caught.value.first_bytes.startswith(b'{"header"')


async def test_cuts_are_tried_again_from_the_start(autojump_clock):
    """A cut answer is not half an answer."""
    whole = answer(CSV, content_type="text/csv")
    cut = ("cut", answer(CSV[:12], length=len(CSV), content_type="text/csv"))
    async with scripted(cut, whole) as (_, session):
        assert (await session.get("/v3/x")).content == CSV


@pytest.mark.parametrize(
    ("path", "params", "words"),
    [
        ("v3/x", {}, "not a path"),
        ("/", {}, "not a path"),
        ("//evil.example/x", {}, "not a path"),
        ("http://evil.example/x", {}, "not a path"),
        ("/v3/../x", {}, "not a path"),
        ("/v3/x?y=1", {}, "not a path"),
        ("/v3/x#y", {}, "not a path"),
        ("/v3/x y", {}, "not a path"),
        ("/v3/x\r\nHost: evil", {}, "not a path"),
        ("/v3/terminal/shutdown", {}, "session.terminal"),
        ("/V3/Terminal/shutdown", {}, "session.terminal"),
        ("/v2/system/terminal/shutdown", {}, "session.terminal"),
        ("/v3/x", {"a b": 1}, "not a parameter's name"),
        ("/v3/x", {"a&b": 1}, "not a parameter's name"),
    ],
)
async def test_what_is_no_path_or_name_is_refused_before_sending(path, params, words):
    """Nothing leaves the session's origin, and nothing shuts a terminal down by accident."""
    async with scripted(answer(CSV)) as (script, session):
        with pytest.raises(thetatrio.InvalidRequest, match=words):
            await session.get(path, params)
        assert script.heads == []
