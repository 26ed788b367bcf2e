"""thetatrio._rest.no_data: the ways in which services report "no data" with status 200."""

from __future__ import annotations

import polars as pl
import pytest

import thetatrio
from tests.network import answer, scripted
from tests.test_answer import BODY, history, prices
from thetatrio._rest.no_data import LONGEST, is_no_data, is_no_data_document, may_be_no_data

pytestmark = pytest.mark.core

TEXTS = [
    b"No data found for your request",
    b"No data found for your request\r\n",
    b":No data for the specified timeframe & contract.",
    b"  :no data\n",
]
DOCUMENTS = [
    b'{"status":"OK"}',
    b'{"status":"OK","results":null}',
    b'{"status":"ok","results":[],"queryCount":0}',
    b'\n{"status": "DELAYED", "request_id": "7"}\n',
    b'{"status":200,"results":null}',
]
ERRORS = [
    b'{"status":"ERROR","error":"the request is wrong"}',
    b'{"status":"OK","error":"the request is wrong"}',
    b'{"status":"NOT_FOUND"}',
    b'{"status":500,"results":null}',
    b'{"status":null}',
    b'{"results":null}',
    b'{"response":null}',
    b'{"status":"OK","response":null}',
    b'{"status":"OK","results":{}}',
    b"{}",
    b'{"error":[]}',
    b'{"errors":[]}',
    b'{"error":null}',
    b'{"message":[]}',
]
EMPTY = [
    *((text, content_type) for text in TEXTS for content_type in ("text/plain", "as requested")),
    *((document, "application/json") for document in DOCUMENTS),
]
each_no_data = pytest.mark.parametrize(("body", "content_type"), EMPTY)


def scripted_no_data(body, content_type, requested="application/x-ndjson", **options):
    if content_type == "as requested":
        content_type = requested
    return scripted(answer(body, content_type=content_type), **options)


@each_no_data
@pytest.mark.parametrize("row_format", ["ndjson", "csv", "json"])
async def test_no_data_with_status_200_has_no_rows(body, content_type, row_format):
    """The documented texts, and a status without results, are an empty list and a channel that
    ends at once, whatever format was requested.
    """
    requested = {"ndjson": "application/x-ndjson", "csv": "text/csv", "json": "application/json"}
    async with scripted_no_data(
        body, content_type, requested[row_format], row_format=row_format
    ) as (_, session):
        assert await history(session) == []
        async with history(session).rows() as rows:
            assert [row async for row in rows] == []


@each_no_data
async def test_no_data_with_status_200_is_an_empty_frame(body, content_type):
    """A frame of it has the columns of a full one and no rows, of every library."""
    async with scripted_no_data(body, content_type, "text/csv") as (_, session):
        frame = await history(session).polars()
        assert isinstance(frame, pl.DataFrame)
        assert (frame.height, frame.columns[-1]) == (0, "price")
        assert (await history(session).arrow()).num_rows == 0
        assert len(await history(session).pandas()) == 0


@each_no_data
@pytest.mark.parametrize("name", ["a.csv", "a.ndjson", "a.json"])
async def test_no_data_with_status_200_is_an_empty_file(tmp_path, body, content_type, name):
    """`save` makes the empty file that it makes of status 472."""
    types = {"a.csv": "text/csv", "a.ndjson": "application/x-ndjson", "a.json": "application/json"}
    async with scripted_no_data(body, content_type, types[name]) as (_, session):
        assert await history(session).save(tmp_path / name) == 0
        assert (tmp_path / name).read_bytes() == b""


@each_no_data
async def test_a_raw_answer_of_no_data_has_no_rows(body, content_type):
    """`session.get` and `session.pages` give the content as it came; it has no rows."""
    async with scripted_no_data(body, content_type) as (_, session):
        got = await session.get("/v3/x")
        assert (got.status, got.content, got.rows()) == (200, body, [])
        async with session.pages("/v2/x") as pages:
            assert [page.rows() async for page in pages] == [[]]


@each_no_data
@pytest.mark.parametrize("row_format", ["json", "csv"])
async def test_no_data_of_a_v2_terminal_has_no_rows(body, content_type, row_format):
    """The same texts and documents are no rows in v2's pages."""
    requested = {"csv": "text/csv", "json": "application/json"}[row_format]
    async with scripted_no_data(body, content_type, requested, api="v2", row_format=row_format) as (
        _,
        session,
    ):
        assert await history(session) == []
        assert (await history(session).polars()).height == 0


@pytest.mark.parametrize("body", ERRORS)
@pytest.mark.parametrize("api", ["v3", "v2"])
async def test_what_reports_no_success_is_an_error(body, api):
    """An empty document, an error, and a status other than success are never zero rows."""
    line = answer(body, content_type="application/json")
    async with scripted(line, api=api, row_format="json") as (_, session):
        with pytest.raises(thetatrio.DecodeError):
            await history(session)
        with pytest.raises(thetatrio.DecodeError):
            await history(session).polars()
        with pytest.raises(thetatrio.DecodeError):
            async with history(session).rows() as rows:
                await rows.receive()


@pytest.mark.parametrize("body", [*ERRORS[:7], *ERRORS[9:13]])
async def test_an_error_is_no_rows_of_a_raw_answer(body):
    """Nor are they zero rows of `session.get`."""
    async with scripted(answer(body, content_type="application/json")) as (_, session):
        got = await session.get("/v3/x")
        with pytest.raises(thetatrio.DecodeError):
            got.rows()


@pytest.mark.parametrize("body", [b"", b"\r\n", b" \n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
@pytest.mark.parametrize("api", ["v3", "v2"])
@pytest.mark.parametrize("row_format", ["ndjson", "csv", "json"])
async def test_an_empty_answer_is_an_error(body, api, row_format):
    """Nothing at all with status 200 is not "no data": it cannot be told from what was lost."""
    types = {"ndjson": "application/x-ndjson", "csv": "text/csv", "json": "application/json"}
    line = answer(body, content_type=types[row_format])
    async with scripted(line, api=api, row_format=row_format) as (_, session):
        with pytest.raises(thetatrio.DecodeError, match="index_history_price.* is empty") as caught:
            await history(session)
        assert caught.value.request.operation == "index_history_price"


async def test_an_empty_answer_is_no_frame_and_no_file(tmp_path):
    """Frames, files, chunks and raw rows of an empty answer are errors too."""
    async with scripted(answer(b"", content_type="text/csv")) as (_, session):
        for make in (
            lambda: history(session).polars(),
            lambda: history(session).save(tmp_path / "a.csv"),
            lambda: history(session).save(tmp_path / "a.parquet"),
        ):
            with pytest.raises(thetatrio.DecodeError, match="is empty"):
                await make()
        async with session.file_query(history_request(session)).chunks() as chunks:
            for _ in range(2):
                with pytest.raises(thetatrio.DecodeError, match="is empty"):
                    await chunks.receive()
        got = await session.get("/v3/x")
        with pytest.raises(thetatrio.DecodeError, match="is empty"):
            got.rows()
    assert list(tmp_path.iterdir()) == []


def history_request(session):
    query = history(session)
    query.close()
    return query.request


async def test_a_first_part_without_data_does_not_take_the_column_names(tmp_path):
    """Of several answers in CSV, the first that has bytes gives the line of column names."""
    query = {"start_date": "2024-11-04", "end_date": "2024-11-05", "interval": "1s"}
    names = ",".join(thetatrio.rows.Ohlc.__struct_encode_fields__).encode() + b"\r\n"
    row = b"2024-11-05T09:30:00,1,1,1,1,1,1,1\r\n"
    lines = [
        answer(TEXTS[0], content_type="text/plain"),
        answer(names + row, content_type="text/csv"),
    ]
    async with scripted(*lines, tier="free") as (_, session):
        await session.stock.history_ohlc("AAPL", **query).save(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == names + row


async def test_no_data_can_arrive_byte_by_byte():
    """Where the text is cut into chunks does not matter."""
    for body, content_type in EMPTY:
        if content_type != "as requested":
            line = answer(body, content_type=content_type, chunks=1)
            async with scripted(line) as (_, session):
                assert await history(session) == []


async def test_data_that_begins_alike_is_data():
    """What is longer, or goes on in a second line, is not "no data" but an error; rows are rows."""
    for body in (
        b"No data found for your request\nbut this",
        b"no data" + b"x" * LONGEST,
        b"n\n",
        b":\n",
    ):
        async with scripted(answer(body, content_type="text/plain")) as (_, session):
            with pytest.raises(thetatrio.DecodeError):
                await history(session)
    for chunks in (None, 1, 2, 7):
        async with scripted(answer(prices(60), chunks=chunks)) as (_, session):
            assert len(await history(session)) == 60


async def test_no_data_after_a_cut_is_no_data(autojump_clock):
    """A beginning that was cut off is forgotten when the answer comes again."""
    cut = ("cut", answer(b"No da", content_type="text/plain", length=30))
    data = ("cut", answer(BODY[:3], length=len(BODY)))
    whole = answer(TEXTS[0], content_type="text/plain")
    async with scripted(cut, data, whole) as (script, session):
        assert await history(session) == []
        assert len(script.heads) == 3
    async with scripted(cut, answer(BODY)) as (_, session):
        assert len(await history(session)) == 1000


def test_only_short_answers_are_looked_at_as_a_whole():
    """An answer that is too long to be "no data" is not parsed for it."""
    long = b'{"status":"OK","results":null,"x":"' + b"x" * LONGEST + b'"}'
    assert not is_no_data(long)
    assert not may_be_no_data(long, is_json=True)
    assert not is_no_data(b'{"status":"OK"')
    assert not is_no_data(b"[" * 1000)
    assert not is_no_data(b"rows")
    assert not is_no_data_document(["status"])
    assert may_be_no_data(b"", is_json=False)
    assert not may_be_no_data(b'{"price', is_json=False)


async def test_results_of_a_gateway_are_rows():
    """`results` beside a status are rows on v3, too; a document with `response` as well is not."""
    row = b'{"timestamp":"2024-11-04T09:31:00","price":5728.56}'
    good = answer(b'{"status":"OK","results":[%s]}' % row, content_type="application/json")
    both = answer(b'{"results":[%s],"response":[%s]}' % (row, row), content_type="application/json")
    async with scripted(good, both, row_format="json") as (_, session):
        assert len(await history(session)) == 1
        with pytest.raises(thetatrio.DecodeError):
            await history(session)
