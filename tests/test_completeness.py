"""thetatrio._rest.completeness: what shows that an answer is complete, for every consumer."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.network import answer, scripted
from tests.test_answer import history, prices
from thetatrio._rest.completeness import LONGEST_LINE, CompletenessCheck, JsonEnd
from thetatrio.errors import DecodeError

pytestmark = pytest.mark.core

NAMES = b"timestamp,price\r\n"
NDJSON = prices(50)
CSV = NAMES + b"".join(
    b"%s,%.2f\r\n" % (row["timestamp"].encode(), row["price"])
    for row in map(json.loads, NDJSON.splitlines())
)
DOCUMENT = b'{"response":[%s]}' % b",".join(NDJSON.splitlines())
COLUMNS = b'{"timestamp":["2024-11-04T09:30:00"],"price":[1.5]}'
TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson", "json": "application/json"}
BODIES = {"csv": CSV, "ndjson": NDJSON, "json": DOCUMENT}


def unprovable(body, content_type):
    """Return an answer that ends where the connection does."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\n"
    return ("cut", head.encode() + body)


def is_complete(form, body, *places, **how):
    """Return whether a body that arrives in pieces passes."""
    how = {"may_be_empty": False, "check_json": True, **how}
    check = CompletenessCheck(form, **how)
    ends = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    for start, end in pairwise(ends):
        check.feed(body[start:end])
    try:
        check.finish()
    except DecodeError:
        return False
    return True


PLACES = st.lists(st.integers(0, 10**6), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.lists(VALUES) | st.dictionaries(st.text(), VALUES), PLACES, st.booleans())
def test_every_document_ends_at_its_last_bracket(document, places, is_ascii):
    """A JSON document is complete with its last bracket, and not one byte earlier."""
    body = json.dumps(document, ensure_ascii=is_ascii, indent=len(places) % 3 or None).encode()
    assert is_complete("json", body, *places)
    assert is_complete("json", b"\xef\xbb\xbf" + body + b" \r\n", *places)
    for place in places:
        assert not is_complete("json", body[: place % len(body)], *places)


@pytest.mark.parametrize("more", [b"{", b"x", b"}", b'"', b'"x"', b"[]", b"\\", b"0", b"{}", b"\0"])
def test_what_follows_a_document_is_an_error(more):
    """A document with anything but blanks behind it is not one whose end is known."""
    for body in (b"{}" + more, b'{"a":[1]}\n' + more):
        for place in range(len(body)):
            assert not is_complete("json", body, place)


@pytest.mark.parametrize("body", [b"5", b"tru", b'"text"', b"}", b"]{", b'{"a":"}', b'{"a":"\\"}'])
def test_a_document_without_brackets_of_its_own_shows_no_end(body):
    """A number, a text, or brackets that do not match are never complete."""
    for place in range(len(body)):
        assert not is_complete("json", body, place)


def test_a_document_that_is_parsed_is_not_checked_twice():
    """Where HTTP proves the end, and the reader parses the document, nothing is counted."""
    assert is_complete("json", DOCUMENT[:-1], check_json=False)
    assert is_complete(None, b"anything")


@given(st.sampled_from(["csv", "ndjson"]), PLACES, st.integers(1, 10**6), st.booleans())
def test_a_last_line_ends_as_the_lines_before_it(form, places, cut, has_blanks):
    """Lines that were cut off anywhere but at a line end are truncated, however they arrive."""
    body = BODIES[form] if form == "csv" else BODIES[form].replace(b"\n", b"\r\n")
    end = cut % len(body)
    body = body[:end]
    blanks = b" \r\n\t" if has_blanks else b""
    at_line_end = body.endswith(b"\n")
    first = body.find(b"\n") < 0
    lone = first and (body in (NAMES[:-1], NAMES[:-2]) or body.endswith((b"}", b"}\r")))
    assert is_complete(form, body, *places, columns=["timestamp", "price"]) == (at_line_end or lone)
    if at_line_end:
        assert is_complete(form, body + blanks, *places)


@pytest.mark.parametrize(
    ("form", "line", "expected"),
    [
        ("csv", b"timestamp,price", True),
        ("csv", b' "timestamp" , "price",more', True),
        ("csv", b"\xef\xbb\xbftimestamp,price\r", True),
        ("csv", b"timestamp,pric", False),
        ("csv", b"timestamp", False),
        ("csv", b"\r\ntimestamp,price", True),
        ("ndjson", b'{"a":1}', True),
        ("ndjson", b'\n{"a":1} ', True),
        ("ndjson", b'{"a":1', False),
        ("ndjson", b"5", False),
        ("ndjson", b'{"a":"' + b"x" * LONGEST_LINE + b'"}', False),
        ("ndjson", b"No data found for your request", True),
        ("csv", b":No data for the specified timeframe & contract.", True),
    ],
)
def test_a_lone_line_shows_its_own_end(form, line, expected):
    """There is no other line to compare it with: column names must all be there, an object
    must close.
    """
    for size in (1, 7, len(line)):
        places = range(0, len(line), size)
        assert is_complete(form, line, *places, columns=["timestamp", "price"]) == expected


def test_nothing_is_not_complete():
    """An empty answer is an error, unless it is of an unknown kind."""
    for body in (b"", b"\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf \r\n"):
        for form in ("csv", "ndjson", "json", None):
            assert not is_complete(form, body)
            assert is_complete(form, body, may_be_empty=True)


def test_an_empty_piece_changes_nothing():
    """Neither between two pieces nor within an escape."""
    end = JsonEnd()
    for piece in (b'{"a":"\\', b"", b'"', b"", b'"}'):
        assert not end.is_complete
        end.feed(piece)
    assert end.is_complete


# ---------------------------------------------------------------- every consumer


async def take_rows(session, tmp_path):
    return await history(session)


async def take_channel(session, tmp_path):
    async with history(session).rows() as rows:
        return [row async for row in rows]


async def take_frame(session, tmp_path):
    return (await history(session).polars()).height


async def take_frames(session, tmp_path):
    async with history(session).frames("arrow") as channel:
        return [frame async for frame in channel]


async def save_csv(session, tmp_path):
    return await history(session).save(tmp_path / "a.csv")


async def save_ndjson(session, tmp_path):
    return await history(session).save(tmp_path / "a.ndjson")


async def save_json(session, tmp_path):
    return await history(session).save(tmp_path / "a.json")


async def save_parquet(session, tmp_path):
    return await history(session).save(tmp_path / "a.parquet")


async def take_chunks(session, tmp_path, form="csv"):
    query = history(session)
    query.close()
    async with session.file_query(query.request).chunks(format=form) as chunks:
        return [chunk async for chunk in chunks]


async def take_json_chunks(session, tmp_path):
    return await take_chunks(session, tmp_path, "json")


async def get(session, tmp_path):
    return await session.get("/v3/x")


async def get_pages(session, tmp_path):
    async with session.pages("/v3/x") as pages:
        return [page async for page in pages]


CONSUMERS = [
    (take_rows, "ndjson"),
    (take_rows, "csv"),
    (take_rows, "json"),
    (take_channel, "ndjson"),
    (take_channel, "csv"),
    (take_channel, "json"),
    (take_frame, "csv"),
    (take_frames, "csv"),
    (save_csv, "csv"),
    (save_ndjson, "ndjson"),
    (save_json, "json"),
    (save_parquet, "csv"),
    (take_chunks, "csv"),
    (take_json_chunks, "json"),
    (get, "csv"),
    (get, "ndjson"),
    (get, "json"),
    (get_pages, "csv"),
    (get_pages, "ndjson"),
    (get_pages, "json"),
]
each_consumer = pytest.mark.parametrize(
    ("consume", "form"), CONSUMERS, ids=lambda it: getattr(it, "__name__", it)
)


@each_consumer
async def test_a_truncated_answer_without_a_proven_end_is_an_error(tmp_path, consume, form):
    """Without length and chunks, what the connection cut off is data for no consumer."""
    body = BODIES[form]
    for end in (0, 1, len(body) // 2, len(body) - 1):
        options = {"row_format": form} if consume in (take_rows, take_channel) else {}
        async with scripted(unprovable(body[:end], TYPES[form]), **options) as (_, session):
            with pytest.raises(DecodeError):
                await consume(session, tmp_path)
    assert list(tmp_path.iterdir()) == []


@each_consumer
async def test_an_answer_that_shows_its_own_end_needs_no_length(tmp_path, consume, form):
    """A JSON document that closes is complete; lines without a length are refused even so."""
    options = {"row_format": form} if consume in (take_rows, take_channel) else {}
    async with scripted(unprovable(BODIES[form], TYPES[form]), **options) as (_, session):
        if form == "json":
            assert await consume(session, tmp_path)
        else:
            with pytest.raises(DecodeError, match="neither a length nor chunks"):
                await consume(session, tmp_path)


@each_consumer
@pytest.mark.parametrize("chunks", [None, 1000])
async def test_a_last_line_without_an_end_is_an_error(tmp_path, consume, form, chunks):
    """HTTP's end does not make a truncated record one: `5019.0` of `5019.00`, say, parses."""
    body = BODIES[form]
    options = {"row_format": form} if consume in (take_rows, take_channel) else {}
    line = answer(body, content_type=TYPES[form], chunks=chunks)
    async with scripted(line, **options) as (_, session):
        assert await consume(session, tmp_path)
    if form == "json":
        return
    for cut in (1, 2, 3, 4):
        line = answer(body[:-cut], content_type=TYPES[form], chunks=chunks)
        if cut == 1 and form == "csv":
            assert line.endswith((b"\r", b"0\r\n\r\n"))
        async with scripted(line, **options) as (_, session):
            with pytest.raises(DecodeError, match="last line has no line end"):
                await consume(session, tmp_path / "..")


async def test_a_truncated_json_document_is_no_file(tmp_path):
    """A document that the terminal ended within an array, with status 200 and a length that is
    right, is not saved.
    """
    for chunks in (None, 100):
        line = answer(DOCUMENT[:-2], content_type="application/json", chunks=chunks)
        async with scripted(line) as (_, session):
            with pytest.raises(DecodeError, match="document does not end"):
                await save_json(session, tmp_path)
            with pytest.raises(DecodeError, match="document does not end"):
                await take_json_chunks(session, tmp_path)
            with pytest.raises(DecodeError):
                (await get(session, tmp_path)).json()
    assert list(tmp_path.iterdir()) == []


async def test_an_error_of_the_end_is_raised_again():
    """Whoever reads on after it gets it again, and never an end."""
    line = answer(CSV[:-5], content_type="text/csv")
    query = None
    async with scripted(line) as (_, session):
        query = history(session)
        query.close()
        async with session.file_query(query.request).chunks() as chunks:
            assert await chunks.receive()
            for _ in range(3):
                with pytest.raises(DecodeError, match="index_history_price: the answer is trunc"):
                    await chunks.receive()


async def test_a_truncated_part_is_an_error_of_its_range(tmp_path):
    """Of several answers joined, each must be complete: the next one must not hide it."""
    lines = [
        answer(
            NAMES + b"2024-11-04T09:30:00,1.5\r\n2024-11-04T09:30:01,1", content_type="text/csv"
        ),
        answer(NAMES + b"2024-11-05T09:30:00,1.5\r\n", content_type="text/csv"),
    ]

    async def send_day(stream, head):
        await stream.send_all(lines[b"20241105" in head or b"2024-11-05" in head])

    async with scripted(send_day, tier="free") as (_, session):
        query = session.index.history_price(
            "SPX", start_date="2024-11-04", end_date="2024-11-05", interval="1s"
        )
        with pytest.raises(DecodeError, match="last line has no line end"):
            await query.save(tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


async def test_a_truncated_answer_is_requested_once_more(tmp_path, autojump_clock):
    """A terminal under load was seen to end an answer early, properly framed."""
    row = b"2024-11-04T09:30:00,1.5\r\n"
    cut = answer(NAMES + row + b"2024-11-04T09:30:01,1", content_type="text/csv")
    whole = answer(NAMES + row, content_type="text/csv")
    async with scripted(cut, whole) as (script, session):
        query = session.index.history_price("SPX", date="2024-11-04", interval="1s")
        await query.save(tmp_path / "a.csv")
        assert len(script.heads) == 2
    assert (tmp_path / "a.csv").read_bytes() == NAMES + b"2024-11-04T09:30:00,1.5\r\n"


async def test_a_page_of_a_v2_terminal_must_be_complete(autojump_clock):
    """Pages in CSV end with a line end, too, before the next one is asked for."""
    csv = b"ms_of_day,price,date\r\n34200000,1.5,20241104\r\n34201000,1"
    async with scripted(answer(csv, content_type="text/csv"), api="v2", row_format="csv") as (
        script,
        session,
    ):
        with pytest.raises(DecodeError, match="last line has no line end"):
            await history(session)
        assert len(script.heads) == 2  # once more, and never its next page
