"""thetatrio._rest.json_text: JSON that has what JSON lacks, and members that are there twice."""

from __future__ import annotations

import json
import math

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import thetatrio
from tests.frame_forms import KINDS
from tests.network import answer, scripted
from tests.test_answer import history
from tests.test_decode import outcome, read
from thetatrio import rows
from thetatrio._rest import json_text
from thetatrio._rest.json_text import check_members, json_value, mark_not_a_number, unmark
from thetatrio.errors import DecodeError

pytestmark = pytest.mark.core

WORDS = ("NaN", "Infinity", "-Infinity")
# A text column, a float, an int, and one that may be null.
CONTRACT = {"symbol": "NaN", "expiration": "2024-11-08", "strike": 1.5, "right": "CALL"}


class Figures(rows.Row):
    """A row with a column of each kind that matters here."""

    name: str
    count: int
    price: float
    change: float | None
    size: int | None


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats()
    | st.text()
    | st.sampled_from(['NaN"', "NaN", '\\"NaN', "[NaN,Infinity]", "\u0000NaN", "0e-99001"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(JSON_VALUES, st.booleans())
def test_any_json_with_bare_words_is_what_python_reads(value, is_ascii):
    """Words outside of strings are floats; strings with the same words in them stay as they are."""
    body = json.dumps(value, ensure_ascii=is_ascii)
    try:
        body.encode()
    except UnicodeEncodeError:
        assume(False)
    assert repr(json_value(body.encode())) == repr(json.loads(body))
    marked = json.loads(mark_not_a_number(body.encode()))

    def plain(value):
        if isinstance(value, list):
            return [plain(item) for item in value]
        if isinstance(value, dict):
            return {name: plain(item) for name, item in value.items()}
        return unmark(value)

    if "\\u0000" not in body:
        assert repr(plain(marked)) == repr(json.loads(body))


@pytest.mark.parametrize(
    "body",
    ["nan", "inf", "+Infinity", "-NaN", "NaNN", "xNaN", "NaN1", "1NaN", "[NaN NaN]", "Infinit",
     "-inf", "{NaN:1}", "--Infinity", ".NaN", "NaN.", "INFINITY", '"NaN', "[NaN", "[1e999,NaN]"],
)  # fmt: skip
def test_other_words_are_not_numbers(body):
    """Only the three words that JSON writers use are read, and only as values."""
    with pytest.raises((msgspec.MsgspecError, ValueError)):
        json_value(body.encode())


def test_a_number_that_stands_for_a_word_is_never_in_the_data():
    """What the words are written as is chosen so that no number of the answer is taken for one."""
    numbers = [f"0e-{99_001 + n}" for n in range(5)]
    body = "[" + ",".join([*numbers, *WORDS]) + "]"
    assert repr(json_value(body.encode())) == "[0.0, 0.0, 0.0, 0.0, 0.0, nan, inf, -inf]"


def body_of(form, values, *, words):
    """Return a row as CSV, NDJSON or JSON, of values that are written as they are in `words`."""
    if form == "csv":
        cells = ["" if v is None else str(words.get(v, v)) for v in values.values()]
        return (",".join(values) + "\r\n" + ",".join(cells) + "\r\n").encode()
    members = (f'"{name}":{words.get(v, json.dumps(v))}' for name, v in values.items())
    row = "{" + ",".join(members) + "}"
    if form == "columns":
        lists = (f'"{name}":[{words.get(v, json.dumps(v))}]' for name, v in values.items())
        return ("{" + ",".join(lists) + "}").encode()
    if form == "groups":
        return f'{{"response":[{{"contract":{{}},"data":[{row}]}}]}}'.encode()
    return (row + "\n" if form == "ndjson" else f'{{"response":[{row}]}}').encode()


class Word(str):
    """A bare word of JSON, which is a text to nothing else."""

    __slots__ = ()


SPELLED = {Word(f"<{word}>"): word for word in WORDS}
FORMS = {"csv": "csv", "ndjson": "ndjson", "json": "json", "groups": "json", "columns": "json"}
NUMBERS = st.sampled_from([*SPELLED, None]) | st.floats(-1e9, 1e9) | st.integers(-9, 9)
NAMES = st.sampled_from(["A", "NaN", "Infinity", "x NaN", "null NaN"])


@given(
    NAMES,
    st.integers(0, 9) | st.sampled_from([*SPELLED, None]),
    NUMBERS,
    NUMBERS,
    st.integers(0, 9) | st.sampled_from([*SPELLED, None]),
)
def test_all_forms_agree_on_numbers_that_json_lacks(name, count, price, change, size):
    """Rows of CSV, NDJSON, JSON rows, groups and columns, and frames of all libraries, agree: NaN
    and Infinity in float columns are floats, null and CSV's empty cell are None if the column
    allows it, and all else is refused.
    """
    values = {"name": name, "count": count, "price": price, "change": change, "size": size}
    found = {
        shape: outcome(form, Figures, body_of(shape, values, words=SPELLED))
        for shape, form in FORMS.items()
    }
    assert len({str(each) for each in found.values()}) == 1, found
    bad = count is None or price is None or isinstance(count, str) or isinstance(size, str)
    assert (found["csv"] == "refused") == bad
    for kind in KINDS:
        frame = kind.outcome(Figures, body_of("csv", values, words=SPELLED))
        assert (frame == "refused") == bad
        if not bad:
            (row,) = read("ndjson", Figures, body_of("ndjson", values, words=SPELLED))
            of_rows = repr(kind.values(kind.of_rows([row], Figures)))
            assert frame == of_rows


@pytest.mark.parametrize("shape", FORMS)
@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("column", ["symbol", "expiration", "strike", "right"])
def test_a_word_in_another_column_is_refused_by_name(shape, word, column):
    """A word in a text, a date, a right, or a float with bounds is an error that names it."""
    if shape == "csv" and column == "symbol":
        return  # text is all there is in CSV
    values = CONTRACT | {column: Word("<w>")}
    with pytest.raises(DecodeError, match=f"row 1: .*{column}"):
        read(
            FORMS[shape],
            rows.ListedContract,
            body_of(shape, values, words={Word("<w>"): word}),
        )


@pytest.mark.parametrize("shape", FORMS)
def test_a_text_that_is_such_a_word_stays_text(shape):
    """A symbol `NaN` is a symbol, also beside a bare NaN."""
    (row,) = read(FORMS[shape], rows.ListedContract, body_of(shape, CONTRACT, words={}))
    assert row.symbol == "NaN"
    values = {"name": "NaN", "count": 1, "price": Word("<NaN>"), "change": None, "size": 2}
    (figures,) = read(FORMS[shape], Figures, body_of(shape, values, words=SPELLED))
    assert figures.name == "NaN"
    assert math.isnan(figures.price)


def test_the_fast_path_is_taken_without_words(monkeypatch):
    """Only what msgspec refuses is looked at for bare words."""
    monkeypatch.setattr(json_text, "_HAS_ONE", None)
    values = CONTRACT | {"strike": 2.5}
    for shape in ("ndjson", "json", "groups", "columns"):
        assert read(FORMS[shape], rows.ListedContract, body_of(shape, values, words={}))


@pytest.mark.parametrize("api", ["v3", "v2"])
async def test_a_session_reads_them(api):
    """Queries and raw answers of both terminals have the floats."""
    body = b'{"response":[{"timestamp":"2024-11-04T09:30:00","price":NaN}]}'
    if api == "v2":
        body = (
            b'{"header":{"format":["ms_of_day","price","date"]},'
            b'"response":[[34200000,NaN,20241104],[34201000,-Infinity,20241104]]}'
        )
    line = answer(body, content_type="application/json")
    async with scripted(line, api=api, row_format="json") as (_, session):
        assert math.isnan((await history(session))[0].price)
        got = (await session.get("/v3/x")).rows()
        assert math.isnan(got[0]["price"])
        assert "nan" in repr((await session.get("/v3/x")).json())
        if api == "v2":
            assert math.isnan((await history(session).polars())["price"][0])
            assert got[1]["price"] == -math.inf


@pytest.mark.parametrize(
    ("names", "row", "column"),
    [
        ('["ms_of_day","price","date"]', b"[34200000,1.5,NaN]", None),
        ('["ms_of_day","price","date"]', b"[NaN,1.5,20241104]", None),
        ('["ms_of_day","price","date"]', b"[34200000,null,20241104]", "price"),
        ('["ms_of_day","price","date"]', b"[34200000,true,20241104]", None),
    ],
)
async def test_words_in_other_columns_of_a_v2_terminal_are_refused(names, row, column):
    """So are null in a column that must have a value, and what is no cell at all."""
    body = b'{"header":{"format":%s},"response":[%s]}' % (names.encode(), row)
    line = answer(body, content_type="application/json")
    async with scripted(line, api="v2") as (_, session):
        with pytest.raises(DecodeError, match=column):
            await history(session)


async def test_a_symbol_of_a_v2_terminal_is_a_text():
    """A root that is a bare NaN, or null, is not taken for a symbol."""
    for root in (b"NaN", b"null"):
        body = (
            b'{"header":{"format":["ms_of_day","bid_size","bid_exchange","bid","bid_condition",'
            b'"ask_size","ask_exchange","ask","ask_condition","date"]},"response":[{"ticks":'
            b'[[34200000,1,1,1.5,0,1,1,1.75,0,20241104]],"contract":{"root":%s}}]}' % root
        )
        line = answer(body, content_type="application/json")
        async with scripted(line, api="v2") as (_, session):
            with pytest.raises(DecodeError, match="is not a text"):
                await session.stock.snapshot_quote("*")


# ---------------------------------------------------------------- members that are there twice

ROW = '{"timestamp":"2024-11-04T09:30:00","price":1.5}'
TWICE = [
    f'{{"response":[{ROW}],"response":[]}}',
    f'{{"response":[],"response":[{ROW}]}}',
    f'{{"response":[{ROW}],"respons\\u0065":[]}}',
    f'{{"response":[{ROW}],"other":1,"response":null}}',
    f'{{"results":[{ROW}],"results":[],"status":"OK"}}',
    f'{{"response":[{ROW}],"results":[]}}',
    f'{{"results":[{ROW}],"response":[]}}',
    f'{{"response":[{{"contract":{{}},"data":[{ROW}],"data":[]}}]}}',
    f'{{"response":[{{"contract":{{}},"data":[{ROW}],"contract":{{}}}}]}}',
    f'{{"response":[{{"contract":{{}},"data":[{ROW}],"d\\u0061ta":[]}}]}}',
    '{"timestamp":["2024-11-04T09:30:00"],"price":[1.5],"price":[2.5]}',
    '{"timestamp":["2024-11-04T09:30:00"],"price":[1.5],"\\u0070rice":[2.5]}',
]


@pytest.mark.parametrize("body", TWICE)
async def test_rows_that_a_second_member_would_hide_are_an_error(body):
    """A second `response`, `data` or column is never taken in place of the first, nor beside it."""
    line = answer(body.encode(), content_type="application/json")
    async with scripted(line) as (_, session):
        with pytest.raises(DecodeError, match="twice|both"):
            await history(session)
        got = await session.get("/v3/x")
        with pytest.raises(DecodeError, match="twice|both"):
            got.rows()


@pytest.mark.parametrize(
    "body",
    [
        '{"header":{"format":["n"]},"response":[[1]],"response":[]}',
        '{"header":{"format":["n"]},"response":[[1]],"results":[]}',
        '{"header":{"format":["n"]},"response":[{"ticks":[[1]],"contract":{},"ticks":[]}]}',
        '{"header":{"format":["n"]},"response":[[1]],"re\\u0073ponse":[]}',
    ],
)
async def test_pages_with_a_second_member_are_an_error(body):
    """The same in the pages of v2 terminals and gateways."""
    line = answer(body.encode(), content_type="application/json")
    async with scripted(line, api="v2") as (_, session):
        with pytest.raises(thetatrio.DecodeError, match="twice|both"):
            await history(session)


@pytest.mark.parametrize("text", ["response", "data", "contract", "price", "a\\u0062c", "results"])
def test_the_same_word_as_a_value_hides_nothing(text):
    """A value with the name of a member, and an escape, are data like any other."""
    body = f'{{"response":[{{"symbol":"{text}"}},{{"symbol":"{text}"}}]}}'.encode()
    expected = [rows.Symbol(json.loads(f'"{text}"'))] * 2
    assert read("json", rows.Symbol, body) == expected
    assert read("json", rows.Symbol, f'{{"symbol":["{text}","{text}"]}}'.encode()) == expected
    check_members(body, {"response": 1, "data": 0, "contract": 0})
