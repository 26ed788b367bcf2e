"""Bytes to rows: every form of every answer, in any pieces, regular, irregular or hostile."""

import contextlib
import csv
import datetime as dt
import json
import re
from itertools import pairwise

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.answers import ANSWERS, at, crlf
from thetatrio import rows
from thetatrio._rest import decode
from thetatrio._rest.decode import decoder_for, read_any, rows_of_document
from thetatrio.errors import DecodeError

CASES = [
    pytest.param(answer, form, body, id=f"{operation}-{form}{number}")
    for operation, answer in ANSWERS.items()
    for number, (form, body) in enumerate(answer.bodies())
]
each_body = pytest.mark.parametrize(("answer", "form", "body"), CASES)
each_answer = pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))
BODIES = [(answer, form, body) for answer in ANSWERS.values() for form, body in answer.bodies()]

PRICES = ANSWERS["index_history_price"]
CONTRACTS = ANSWERS["option_list_contracts"]
CALENDAR = ANSWERS["calendar_year"]
SYMBOLS = ANSWERS["stock_list_symbols"]

MORE = settings(max_examples=3000, deadline=None)


def read(form, row_type, *pieces):
    """Return the rows of an answer that arrives in these pieces."""
    decoder = decoder_for(form, row_type)
    found = [row for piece in pieces for row in decoder.feed(piece)]
    return found + decoder.finish()


def outcome(form, row_type, *pieces):
    """Return the rows, or "refused"; anything else that is raised is a defect.

    Values are compared by their text: NaN is not equal to itself.
    """
    try:
        return [repr(row) for row in read(form, row_type, *pieces)]
    except DecodeError as error:
        return "refused" if len(error.first_bytes) <= 256 else "refused at length"


def cut(body, places):
    """Return the pieces of a body cut at these places."""
    ends = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    return [body[a:b] for a, b in pairwise(ends)]


def price_line(form, timestamp="2024-11-04T09:31:00", price="5728.56"):
    """Return a body of one price; in JSON the price stands as it is given."""
    if form == "csv":
        return f"timestamp,price\r\n{timestamp},{price}\r\n".encode()
    row = f'{{"timestamp":"{timestamp}","price":{price}}}'
    return (row if form == "ndjson" else f'{{"response":[{row}]}}').encode()


# ------------------------------------------------------------- every answer


@pytest.mark.core
@each_body
def test_every_form_gives_the_same_rows(answer, form, body):
    """Each operation's rows are the same from CSV, NDJSON, JSON rows or groups, and columns."""
    found = read(form, answer.row_type, body)
    assert found == answer.rows
    assert [type(row) for row in found] == [answer.row_type] * len(found)


@pytest.mark.core
@each_body
def test_values_have_the_types_they_are_declared_with(answer, form, body):
    """A float column is a float even where the wire has 0, on every road."""
    for row in read(form, answer.row_type, body):
        msgspec.convert(msgspec.to_builtins(row), answer.row_type)
        for name, hint in answer.row_type.__annotations__.items():
            if hint in (float, "float"):
                assert type(getattr(row, name)) is float


@each_body
def test_every_body_byte_by_byte(answer, form, body):
    """Where an answer is cut does not matter: one byte at a time gives the same rows."""
    pieces = [body[i : i + 1] for i in range(len(body))]
    assert read(form, answer.row_type, *pieces) == answer.rows


@each_body
def test_every_body_cut_once_anywhere(answer, form, body):
    """A cut at any one place gives the same rows, and none of them twice."""
    for place in range(0, len(body), 7):
        assert read(form, answer.row_type, body[:place], b"", body[place:]) == answer.rows


@given(st.sampled_from(BODIES), st.lists(st.integers(0, 10**6), max_size=8))
def test_every_body_cut_anywhere(case, places):
    """Any number of cuts anywhere gives the same rows."""
    answer, form, body = case
    assert read(form, answer.row_type, *cut(body, places)) == answer.rows


@pytest.mark.core
@each_body
def test_the_last_newline_may_be_missing_or_doubled(answer, form, body):
    """An answer may end with no newline, one, or several."""
    bare = body.rstrip(b"\r\n")
    for end in (b"", b"\n", b"\r\n", b"\n\n", b"\r\n\r\n \r\n"):
        assert read(form, answer.row_type, bare + end) == answer.rows


@each_body
def test_line_ends_and_blank_lines_do_not_matter(answer, form, body):
    """LF, CRLF, blank lines and lines of spaces give the same rows."""
    plain = body.replace(b"\r\n", b"\n")
    for changed in (
        plain,
        plain.replace(b"\n", b"\r\n"),
        plain.replace(b"\n", b"\n\n"),
        plain.replace(b"\n", b"\r\n\r\n"),
        b"\r\n\n" + plain.replace(b"\n", b"\n  \n\t\n"),
    ):
        assert read(form, answer.row_type, changed) == answer.rows
        middle = len(changed) // 2
        assert read(form, answer.row_type, changed[:middle], changed[middle:]) == answer.rows


@each_body
def test_a_byte_order_mark_is_passed_over(answer, form, body):
    """A byte order mark at the head, whole or cut, changes nothing."""
    marked = b"\xef\xbb\xbf" + body
    assert read(form, answer.row_type, marked) == answer.rows
    assert read(form, answer.row_type, marked[:2], marked[2:]) == answer.rows


@each_answer
def test_nothing_is_no_rows(answer):
    """A header alone, an empty list and empty columns of the row's names are no rows.

    So is an empty body here: whether there may be one is for whoever reads the answer.
    """
    header = answer.csv.partition(b"\r\n")[0]
    for form, body in (
        ("csv", b""),
        ("csv", b"\r\n"),
        ("csv", header),
        ("csv", header + b"\r\n"),
        ("csv", header + b"\r\n\r\n"),
        ("ndjson", b""),
        ("ndjson", b"\n"),
        ("json", b""),
        ("json", b" \n"),
        ("json", b"[]"),
        ("json", b'{"response":[]}'),
        ("json", b'{"response": [ ], "other": 1}'),
        ("json", json.dumps({name: [] for name in decode._wire_names(answer.row_type)}).encode()),
    ):
        assert read(form, answer.row_type, body) == []


@pytest.mark.core
@pytest.mark.parametrize("header", ["more,symbol", "symbol,more", "a,symbol,b"])
def test_rows_of_one_field_are_found_among_other_columns(header):
    """A list of symbols is read by name too, when a terminal sends more beside them."""
    place = header.split(",").index("symbol")
    cells = ["x", "y", "z"][: header.count(",") + 1]
    body = header + "\r\n"
    for symbol in ("A", "AAPL", "BRK.B"):
        cells[place] = symbol
        body += ",".join(cells) + "\r\n"
    expected = [rows.Symbol("A"), rows.Symbol("AAPL"), rows.Symbol("BRK.B")]
    assert read("csv", rows.Symbol, body.encode()) == expected


@pytest.mark.core
@each_answer
def test_unknown_columns_are_ignored(answer):
    """A terminal that sends more than we know of is read all the same, wherever it stands."""
    lines = [line for line in answer.csv.decode().split("\r\n") if line]
    more = [["more", *lines[0].split(","), "and"]]
    for text in ("x y", "x"):  # with a space, it goes the slow road
        rest = [[text, *line.split(","), ""] for line in lines[1:]]
        body = "\r\n".join(map(",".join, more + rest)).encode()
        assert read("csv", answer.row_type, body) == answer.rows
    body = answer.ndjson.replace(b"{", b'{"more":{"a":[1,null]},').replace(b"}\n", b',"and":""}\n')
    body = body.replace(b'"more":{"a":[1,null]},"and":""', b'"more":1,"and":""')
    assert read("ndjson", answer.row_type, body) == answer.rows
    document = json.loads(answer.columns)
    body = json.dumps({"more": [None] * len(answer.rows), **document}).encode()
    assert read("json", answer.row_type, body) == answer.rows


@given(st.data())
def test_columns_come_in_any_order(data):
    """Columns are found by name, never by place."""
    answer = data.draw(st.sampled_from(list(ANSWERS.values())))
    lines = [line.split(",") for line in answer.csv.decode().split("\r\n") if line]
    order = data.draw(st.permutations(range(len(lines[0]))))
    body = "".join(",".join(line[i] for i in order) + "\r\n" for line in lines).encode()
    assert read("csv", answer.row_type, body) == answer.rows
    rows_of = [json.loads(line) for line in answer.ndjson.splitlines()]
    names = data.draw(st.permutations(list(rows_of[0])))
    shuffled = [{name: row[name] for name in names} for row in rows_of]
    body = "\n".join(map(json.dumps, shuffled)).encode()
    assert read("ndjson", answer.row_type, body) == answer.rows
    assert read("json", answer.row_type, json.dumps({"response": shuffled}).encode()) == answer.rows


@each_answer
def test_a_missing_column_is_named(answer):
    """An answer without a column is refused by name, in every form, whichever it is."""
    for name in decode._required(answer.row_type):
        lines = [line.split(",") for line in answer.csv.decode().split("\r\n") if line]
        gone = lines[0].index(name)
        lines = [line[:gone] + line[gone + 1 :] for line in lines]
        bodies = [("csv", "\n".join(map(",".join, lines)).encode() or b"\nx\n")]
        without = [json.loads(line) for line in answer.ndjson.splitlines()]
        for row in without:
            del row[name]
        bodies.append(("ndjson", "\n".join(map(json.dumps, without)).encode()))
        bodies.append(("json", json.dumps({"response": without}).encode()))
        columns = json.loads(answer.columns)
        del columns[name]
        if columns:
            bodies.append(("json", json.dumps(columns).encode()))
        for form, body in bodies:
            if not body.strip():
                continue
            with pytest.raises(DecodeError, match=rf"no column {name}\b") as caught:
                read(form, answer.row_type, body)
            assert caught.value.first_bytes


# ----------------------------------------------------- spellings of one value


def spelled(form, **changes):
    """Return one contract's row as a body in a form, with some values spelled otherwise."""
    values = {"symbol": "AAPL", "expiration": "2025-11-04", "strike": 100.0, "right": "CALL"}
    values.update(changes)
    if form == "csv":
        cells = [v if isinstance(v, str) else json.dumps(v) for v in values.values()]
        return f"{','.join(values)}\n{','.join(cells)}\n".encode()
    if form == "ndjson":
        return json.dumps(values).encode()
    if form == "json":
        return json.dumps({"response": [values]}).encode()
    if form == "groups":
        values = {"contract": values, "data": [{}]}
        return json.dumps({"response": [values]}).encode()
    return json.dumps({name: [value] for name, value in values.items()}).encode()


SHAPES = {"csv": "csv", "ndjson": "ndjson", "json": "json", "groups": "json", "columns": "json"}
each_shape = pytest.mark.parametrize("shape", SHAPES)


@pytest.mark.core
@each_shape
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"expiration": "20251104"},
        {"expiration": 20251104},
        {"expiration": " 2025-11-04 "},
        *({"right": right} for right in ("C", "c", "call", "Call", " CALL ")),
        {"strike": 100},
        {"strike": "100.000"},
        {"strike": "1e2"},
        {"symbol": " AAPL", "strike": "100"},
        {"symbol": '"AAPL"', "right": '"CALL"'},
    ],
    ids=str,
)
def test_spellings_of_one_contract(shape, changes):
    """Dates with and without dashes, rights by letter and word, numbers as text: one row."""
    if changes.get("symbol") == '"AAPL"' and shape != "csv":
        changes = {}
    expected = rows.ListedContract("AAPL", dt.date(2025, 11, 4), 100.0, "CALL")
    assert read(SHAPES[shape], rows.ListedContract, spelled(shape, **changes)) == [expected]


@each_shape
@pytest.mark.parametrize("right", ["P", "p", "PUT", "put", "Put"])
def test_puts_are_puts(shape, right):
    """A put is a put in every spelling."""
    (row,) = read(SHAPES[shape], rows.ListedContract, spelled(shape, right=right))
    assert row.right == "PUT"
    assert row.contract.right == "P"


@pytest.mark.core
@each_shape
@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("right", right) for right in ("", "X", "CAT", "PUTT", "both", 1, None, True, ["C"])),
        *(("expiration", date) for date in ("", "2025-13-04", "2025-1-4", 2025110, "251104", None)),
        ("expiration", 1762214400),
        ("expiration", "\uff12\uff10\uff12\uff15\uff11\uff11\uff10\uff14"),
        *(("strike", strike) for strike in ("", "abc", None, True, [100], {"a": 1}, "1_0", "0x1")),
        *(("strike", strike) for strike in ("nan", "inf", -1, 1_000_000)),
        *(("symbol", symbol) for symbol in (None, 5, ["AAPL"], {"a": "AAPL"})),
    ],
)
def test_what_is_no_value_is_refused_by_name(shape, column, value):
    """A value that means nothing is refused, naming its row and the column."""
    if shape == "csv" and column == "symbol":
        value = "AAPL,AAPL"  # text is all there is in CSV: a cell too many
        column = "5 cells for 4 columns"
    changes = {"symbol": value} if "cells" in column else {column: value}
    with pytest.raises(DecodeError, match=column) as caught:
        read(SHAPES[shape], rows.ListedContract, spelled(shape, **changes))
    assert "row 1" in str(caught.value)
    assert 0 < len(caught.value.first_bytes) <= 256
    assert len(str(caught.value)) < 1000


def test_null_is_taken_where_a_day_has_no_session():
    """A closed day's hours may be null or empty; nothing else may."""
    for empty in ("", " ", "null", "Null", "NULL", '""'):
        body = f"date,type,open,close\n2024-12-25,full_close,{empty},{empty}\n".encode()
        assert read("csv", rows.CalendarDay, body) == [CALENDAR.rows[1]]
    for empty in (b"null", b'""', b'"null"'):
        row = b'{"date":"20241225","type":"FULL_CLOSE","open":%s,"close":%s}' % (empty, empty)
        assert read("ndjson", rows.CalendarDay, row) == [CALENDAR.rows[1]]
    day = b'{"date":"2024-12-25","type":"open","open":null,"close":null}'
    assert len(read("ndjson", rows.CalendarDay, day)) == 1
    for there, wrong in (
        (b'"2024-12-25"', b"null"),
        (b'"open","open"', b'null,"open"'),
        (b'"open","open"', b'"holiday","open"'),
        (b'"close":null', b'"close":"9.30"'),
        (b'"close":null', b'"close":"09:30:00Z"'),
        (b'"close":null', b'"close":34200'),
    ):
        with pytest.raises(DecodeError):
            read("ndjson", rows.CalendarDay, day.replace(there, wrong))


@pytest.mark.core
@pytest.mark.parametrize("form", ["csv", "ndjson", "json"])
@pytest.mark.parametrize("digits", range(10))
def test_fractions_of_seconds_have_any_number_of_digits(form, digits):
    """Terminals trim zeros: 0 to 9 digits are read, to the microsecond."""
    fraction = "120034467"[:digits]
    text = "2024-11-04T09:30:00" + ("." + fraction if digits else "")
    micro = int(fraction[:6].ljust(6, "0"))
    (row,) = read(form, rows.Price, price_line(form, text))
    assert row.timestamp_ny == dt.datetime(2024, 11, 4, 9, 30, 0, micro)


@pytest.mark.core
@pytest.mark.parametrize("form", ["csv", "ndjson", "json"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-11-04 09:30:00", "2024-11-04T09:30:00"),
        (" 2024-11-04T09:30:00.5 ", "2024-11-04T09:30:00.500"),
        ("2024-11-04T14:30:00Z", "2024-11-04T09:30:00"),
        ("2024-07-01T13:30:00Z", "2024-07-01T09:30:00"),
        ("2024-11-04T09:30:00-05:00", "2024-11-04T09:30:00"),
        ("2024-11-04T15:30:00.250+01:00", "2024-11-04T09:30:00.250"),
    ],
)
def test_timestamps_with_space_or_offset(form, text, expected):
    """An offset means what it says: the row has New York's wall clock of that moment."""
    (row,) = read(form, rows.Price, price_line(form, text))
    assert row.timestamp_ny == at(expected)
    assert row.timestamp.utcoffset() is not None


@pytest.mark.core
@pytest.mark.parametrize("form", ["csv", "ndjson", "json"])
@pytest.mark.parametrize(
    "text",
    ["", "1730730600", "1730730600000", "1730730600.5", "-1", "2024-11-04", "20241104T093000",
     "2024-11-04T24:00:00", "2024-11-04T09:30", "09:30:00", "null", "2024-02-30T09:30:00",
     "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999", "9999-12-31T23:59:59-12:00"],
)  # fmt: skip
def test_what_is_no_wall_clock_is_refused(form, text):
    """Unix seconds are not guessed at, and moments outside the calendar are a DecodeError."""
    with pytest.raises(DecodeError, match="row 1: column timestamp"):
        read(form, rows.Price, price_line(form, text))


def test_a_number_is_no_timestamp():
    """A timestamp that is a JSON number is refused: msgspec would take it for Unix seconds."""
    for number in (b"1730730600", b"1730730600.5", b"true", b"null"):
        with pytest.raises(DecodeError, match="column timestamp"):
            read("ndjson", rows.Price, b'{"timestamp":%s,"price":1}' % number)


def test_numbers_out_of_range_are_refused():
    """What no float holds, fractions of shares, and numbers of 5000 digits are a DecodeError."""
    for form in ("csv", "ndjson", "json"):
        for number in ("1e400", "9" * 5000, "-1e999"):
            with pytest.raises(DecodeError):
                read(form, rows.Price, price_line(form, price=number))
    for volume in (b"1.5", b'"1.5"', b"true", b"null", b'"x"', b"1e400"):
        body = ANSWERS["stock_history_ohlc"].ndjson.replace(b"3256708", volume)
        with pytest.raises(DecodeError):
            read("ndjson", rows.Ohlc, body)


def test_quoted_cells():
    """Quotes around names and cells are taken off; commas and doubled quotes inside are kept."""
    body = crlf('"symbol","expiration"\n"AAPL",2024-11-08\n"A,B", "2024-11-08"\n"A""B",20241108\n')
    expected = [rows.Expiration(name, dt.date(2024, 11, 8)) for name in ("AAPL", "A,B", 'A"B')]
    assert read("csv", rows.Expiration, body) == expected
    for place in range(len(body)):
        assert read("csv", rows.Expiration, body[:place], body[place:]) == expected


def test_a_quote_that_does_not_end_is_refused_where_it_is():
    """One stray quote cannot swallow the rows after it: its line is refused at once."""
    good = b"symbol,expiration\nAAPL,2024-11-08\n"
    for line in (b'"AAPL,2024-11-08\n', b'AAPL,"2024-11-08\n', b'"AAPL"x,2024-11-08\n'):
        decoder = decoder_for("csv", rows.Expiration)
        assert len(decoder.feed(good)) == 1
        with pytest.raises(DecodeError, match="row 2") as caught:
            decoder.feed(line)
        assert caught.value.first_bytes == line.rstrip()


def test_unprintable_space_is_text_on_both_roads():
    """Only spaces and tabs are stray: a no-break space stays, whatever its neighbours are."""
    plain = "symbol,expiration\nA\u00a0,2024-11-08\n".encode()
    (row,) = read("csv", rows.Expiration, plain)
    (also, _) = read("csv", rows.Expiration, plain + b"B, 2024-11-08\n")
    assert row == also
    assert row.symbol == "A\u00a0"


def test_a_column_twice_is_refused():
    """Which of two columns of one name would be meant is not guessed."""
    with pytest.raises(DecodeError, match="twice"):
        read("csv", rows.Symbol, b"symbol,x,x\nA,1,2\n")


def test_a_lone_carriage_return_is_no_line_end():
    """A carriage return inside a line does not make two rows of it."""
    with pytest.raises(DecodeError, match="row 1"):
        read("csv", rows.Expiration, b"symbol,expiration\nA,2024-11-08\rB,2024-11-08\n")


# ----------------------------------------------------------- what is no answer


GARBAGE = {
    "html": b"<!DOCTYPE html>\n<html><body>Not Found, sorry</body></html>\n",
    "words": b":No data for the specified timeframe & contract.",
    "error object": b'{"error": "bad request"}',
    "number": b"5",
    "null": b"null",
    "text": b'"text"',
    "true": b"true",
    "list of numbers": b"[1, 2]",
    "response of numbers": b'{"response": [1, 2]}',
    "response object": b'{"response": {"symbol": "A"}}',
    "response null": b'{"response": null}',
    "group of numbers": b'{"response": [{"contract": {}, "data": [1]}]}',
    "group without data": b'{"response": [{"contract": {}, "data": 1}]}',
    "unequal columns": b'{"symbol": ["A", "B"], "expiration": ["2024-11-08"]}',
    "half columns": b'{"symbol": ["A"], "expiration": "2024-11-08"}',
    "nested columns": b'{"symbol": [["A"]], "expiration": [["2024-11-08"]]}',
    "nested": b'{"response": [[{"symbol": "A", "expiration": "2024-11-08"}]]}',
    "cut": b'{"response": [{"symbol": "A", "expirat',
    "two documents": b'{"symbol":"A","expiration":"2024-11-08"}{"symbol":"B"}',
    "not UTF-8": b'{"symbol":"\xff\xfe","expiration":"2024-11-08"}',
    "surrogate": b'{"symbol":"\xed\xa0\x80","expiration":"2024-11-08"}',
    "zeros": bytes(300),
    "binary": bytes(range(256)) * 3,
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03+N\xcd\xcd\xcfI\x05\x00",
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "deep response": b'{"response":' + b"[" * 100_000,
    "deep column": b'{"symbol":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "less deep column": b'{"symbol":' + b"[" * 600 + b"]" * 600 + b',"expiration":""}',
    "deep extra": b'{"symbol":"A","x":' + b"[" * 100_000,
}


@pytest.mark.core
@pytest.mark.parametrize("form", ["csv", "ndjson", "json"])
@pytest.mark.parametrize("body", GARBAGE.values(), ids=list(GARBAGE))
def test_garbage_is_a_decode_error(form, body):
    """A page, words, a wrong shape or bytes of no kind are a DecodeError that shows its bytes."""
    with pytest.raises(DecodeError) as caught:
        read(form, rows.Expiration, body)
    first = caught.value.first_bytes
    assert 0 < len(first) <= 256
    assert first in body
    assert repr(first[:80]) in str(caught.value)


@pytest.mark.core
@pytest.mark.parametrize("form", ["csv", "ndjson", "json"])
@pytest.mark.parametrize("blank", [b"", b"\n\n"])
@pytest.mark.parametrize("pieces", [1, 2, 10_000])
def test_the_row_that_is_wrong_is_numbered(form, blank, pieces):
    """The message counts rows, not lines or pieces; the bytes are the row's own."""
    good = [f'{{"symbol":"S{n}","expiration":"2024-11-08"}}' for n in range(40)]
    bad = '{"symbol":"BAD","expiration":"never"}'
    if form == "json":
        body = ('{"response":[' + ",".join([*good, bad, *good]) + "]}").encode()
    else:
        if form == "csv":
            good = [f"S{n},2024-11-08" for n in range(40)]
            bad = "BAD,never"
        lines = [*good, bad, *good]
        body = b"\n".join(line.encode() + blank for line in lines)
        body = (b"symbol,expiration\n" if form == "csv" else b"") + body
    step = len(body) // pieces + 1
    with pytest.raises(DecodeError, match=r"row 41: column expiration: 'never'") as caught:
        read(form, rows.Expiration, *(body[i : i + step] for i in range(0, len(body), step)))
    if form != "json":
        assert caught.value.first_bytes == bad.encode()


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_bytes_that_are_not_text_are_found_in_their_row(form):
    """A byte that is no UTF-8 is blamed on its own row, whose neighbours are not."""
    header, good, bad = b"symbol,expiration\n", b"A,2024-11-08\n", b"\xff,2024-11-08"
    if form == "ndjson":
        header = b""
        good = b'{"symbol":"A","expiration":"2024-11-08"}\n'
        bad = b'{"symbol":"\xff","expiration":"2024-11-08"}'
    with pytest.raises(DecodeError, match="row 3") as caught:
        read(form, rows.Expiration, header + good + good + bad + b"\n" + good)
    assert caught.value.first_bytes == bad


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_a_line_without_an_end_cannot_fill_the_memory(form, monkeypatch):
    """What goes on for more than MAX_LINE without a line end is refused while it arrives."""
    monkeypatch.setattr(decode, "MAX_LINE", 1000)
    for piece in (b"x" * 300, b"x", b'"'):
        decoder = decoder_for(form, rows.Expiration)
        assert decoder.feed(b"symbol,expiration\n" if form == "csv" else b"\n") == []
        with pytest.raises(DecodeError, match="1000 bytes") as caught:
            for _ in range(1001):
                decoder.feed(piece)
        assert caught.value.first_bytes == (piece * 256)[:256]


def test_a_stray_quote_cannot_fill_the_memory(monkeypatch):
    """A quote that never ends is refused with its line, not kept until MAX_LINE."""
    monkeypatch.setattr(decode, "MAX_LINE", 1000)
    decoder = decoder_for("csv", rows.Expiration)
    decoder.feed(b"symbol,expiration\n")
    with pytest.raises(DecodeError):
        decoder.feed(b'"A,2024-11-08\n')


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_lines_up_to_the_limit_are_read(form, monkeypatch):
    """The limit is on one line, not on the answer."""
    monkeypatch.setattr(decode, "MAX_LINE", 100)
    answer = ANSWERS["option_list_expirations"]
    body = answer.csv if form == "csv" else answer.ndjson
    head, _, tail = body.partition(b"\n")
    again = tail if form == "csv" else body
    found = read(form, rows.Expiration, *(body[i : i + 1] for i in range(len(body))), *[again] * 9)
    assert len(found) == 20
    assert head


def test_objects_in_each_others_lines_are_refused_or_rightly_read():
    """NDJSON is one object to a line: over two lines, or two in one, is never half a row."""
    for body in (b'{"symbol":\n"A"}\n', b'{"symbol":"A"}{"symbol":"B"}\n'):
        for place in range(len(body)):
            assert outcome("ndjson", rows.Symbol, body[:place], body[place:]) == "refused"
    # As many line ends as objects, but not between them: not worth a second look
    # at every byte of every answer, for the rows are right where they are given.
    for body in (
        b'{"symbol":"A"} {"symbol":"B"}\n\n',
        b'{"symbol":\n"A"}{"symbol":"B"}\n',
        b'{"x":\n{"y":1},"symbol":"A"}{"symbol":"B"}\n',
    ):
        right = ["Symbol(symbol='A')", "Symbol(symbol='B')"]
        for place in range(len(body)):
            got = outcome("ndjson", rows.Symbol, body[:place], body[place:])
            assert got in ("refused", right)


# --------------------------------------------------- hostile and irregular


@st.composite
def mutations(draw, body):
    """Yield a body with some of its bytes flipped, lost, added, doubled, moved, or cut off."""
    data = bytearray(body)
    for _ in range(draw(st.integers(1, 6))):
        size = len(data)
        a, b = sorted((draw(st.integers(0, size)), draw(st.integers(0, size))))
        what = draw(
            st.sampled_from(["flip", "delete", "insert", "cut", "double", "splice", "token"])
        )
        if what == "flip" and size:
            data[a % size] ^= 1 << draw(st.integers(0, 7))
        elif what == "delete":
            del data[a : min(b, a + 8)]
        elif what == "insert":
            data[a:a] = draw(st.binary(max_size=8))
        elif what == "cut":
            del data[max(a, 1) :]
        elif what == "double":
            data[a:a] = data[a:b]
        elif what == "splice":
            data[a:b] = draw(st.sampled_from(BODIES))[2][: b - a]
        else:
            data[a:a] = draw(st.sampled_from(TOKENS))
    return bytes(data)


TOKENS = [
    b'"', b'""', b",", b",,", b"\n", b"\r", b"\r\n", b"\n\n", b"{", b"}", b"[", b"]", b"}{", b" ",
    b"\\", b"\\u0000", b"\\ud800", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xc2\xa0", b"\xc2\x85",
    b"\xe2\x80\xa8", b"null", b"Null", b"NaN", b"nan", b"Infinity", b"-inf", b"true", b"1e999",
    b"-", b"+", b".", b"1_0", b"Z", b"+23:59", b"0001-01-01T00:00:00+23:59", b"20241108", b"C",
    b"[" * 3000, b'{"a":' * 3000, b"9" * 5000, b'"x":', b":",
]  # fmt: skip


def hold_the_promise(case, data):
    """Rows or DecodeError, and the same whatever the cuts are."""
    answer, form, body = case
    hostile = data.draw(mutations(body))
    whole = outcome(form, answer.row_type, hostile)
    places = data.draw(st.lists(st.integers(0, 10**6), max_size=5))
    assert outcome(form, answer.row_type, *cut(hostile, places)) == whole


@given(st.sampled_from(BODIES), st.data())
def test_hostile_bytes_give_rows_or_a_decode_error(case, data):
    """Whatever happens to a body, it gives rows or DecodeError, the same for any cuts."""
    hold_the_promise(case, data)


@pytest.mark.deep
@MORE
@given(st.sampled_from(BODIES), st.data())
def test_many_hostile_bytes_give_rows_or_a_decode_error(case, data):
    """The same on thousands of bodies."""
    hold_the_promise(case, data)


@given(st.sampled_from(["csv", "ndjson", "json"]), st.sampled_from(list(ANSWERS)), st.binary())
def test_any_bytes_give_rows_or_a_decode_error(form, operation, body):
    """Bytes of no kind give rows or DecodeError and nothing else."""
    outcome(form, ANSWERS[operation].row_type, body)


def lines_of(answer, form):
    """Return the header of a body, if it has one, and its rows' lines."""
    lines = [line for line in getattr(answer, form).split(b"\n") if line.strip()]
    return (lines[:1], lines[1:]) if form == "csv" else ([], lines)


IRREGULAR = {
    "csv": {
        # A cell more, of spaces that are stripped, is not regular: a row spelled oddly is.
        "space": lambda line: b" " + line,
        "dates": lambda line: line.replace(b"2024-11-08", b"20241108"),
        "rights": lambda line: line.replace(b"CALL", b"C").replace(b"PUT", b"p"),
        "quotes": lambda line: b",".join(b'"%s"' % cell for cell in line.strip().split(b",")),
    },
    "ndjson": {
        "text": lambda line: line.replace(b'"bid":', b'"bid":"').replace(
            b',"bid_condition', b'","bid_condition'
        ) if b',"bid_condition' in line.partition(b'"bid":')[2][:24] else line,
        "dates": lambda line: line.replace(b'"2024-11-08"', b"20241108"),
        "rights": lambda line: line.replace(b"CALL", b"C").replace(b"PUT", b"p"),
        "spaces": lambda line: b" \t" + line + b"  ",
    },
}  # fmt: skip


@given(
    st.sampled_from(["csv", "ndjson"]),
    st.sampled_from(list(ANSWERS.values())),
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), max_size=12),
    st.lists(st.integers(0, 10**6), max_size=4),
)
def test_an_irregular_row_does_not_change_its_neighbours(form, answer, choice, places):
    """Rows spelled oddly among regular ones, in any pieces, are what each is alone."""
    header, lines = lines_of(answer, form)
    ways = [lambda line: line, *IRREGULAR[form].values()]
    chosen, expected = [], []
    for which, way in choice:
        chosen.append(ways[way](lines[which % len(lines)].strip()))
        expected.append(answer.rows[which % len(lines)])
    body = b"\n".join([*header, *chosen])
    assert read(form, answer.row_type, *cut(body, places)) == expected


CELLS = st.one_of(
    st.sampled_from([
        "", "null", "NULL", "nUlL", "nan", "NaN", "inf", "-Infinity", "1e5", "1E5", "+5", "-0",
        "007", ".5", "5.", "5.0", "5.5", "1_0", "0x10", "true", "True", "None", "C", "P", "put",
        "CALL", "20241108", "2024-11-08", "2024-11-08T09:30:00", "2024-11-08T09:30:00Z",
        "2024-11-08t09:30:00.1234567", "1730730600", "1730730600.5", "09:30:00", "09:30:00Z",
        "9" * 30, "9" * 400, "9" * 5000, "-9223372036854775809", "\u00a0", "A\u2028", "\u0663",
        "full_close", "Weekend", "0001-01-01T00:00:00Z", "1e400", "A\x85",
        "2024-11-08T09:30:00+0530",
    ]),
    st.text(st.characters(exclude_characters=',"\r\n\\', exclude_categories=["Cs", "Cc", "Zs"])),
    st.floats().map(repr),
    st.integers().map(str),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.dates().map(str),
)  # fmt: skip


def hold_that_roads_agree(answer, where, text):
    """Put a text in one cell: both roads of CSV make the same of it."""
    header, lines = lines_of(answer, "csv")
    cells = lines[0].strip().decode().split(",")
    cells[where % len(cells)] = text
    line = ",".join(cells).encode()
    alone = outcome("csv", answer.row_type, *header, b"\n", line)
    # A quoted cell in the next line sends the piece down the slow road.
    quoted = b",".join(b'"%s"' % cell for cell in lines[-1].strip().split(b","))
    beside = outcome("csv", answer.row_type, b"\n".join([*header, line, quoted]))
    assert beside == (alone if alone == "refused" else [*alone, repr(answer.rows[-1])])


@given(st.sampled_from(list(ANSWERS.values())), st.integers(0, 40), CELLS)
def test_both_roads_of_csv_agree_on_every_cell(answer, where, text):
    """What a cell becomes does not depend on whether a neighbour is quoted."""
    hold_that_roads_agree(answer, where, text)


@pytest.mark.deep
@MORE
@given(st.sampled_from(list(ANSWERS.values())), st.integers(0, 40), CELLS)
def test_both_roads_of_csv_agree_on_many_cells(answer, where, text):
    """The same on thousands of cells."""
    hold_that_roads_agree(answer, where, text)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    CELLS, st.lists(st.integers(), max_size=2), st.dictionaries(st.text(), st.none(), max_size=1),
)  # fmt: skip


@given(st.sampled_from(list(ANSWERS.values())), st.integers(0, 40), VALUES)
@example(PRICES, 1, 10**400)
@example(PRICES, 0, "0001-01-01T00:00:00Z")
def test_all_roads_of_json_agree_on_every_value(answer, where, value):
    """What a value becomes is the same alone, beside an odd row, in a document or in columns."""
    regular = [json.loads(line) for line in answer.ndjson.splitlines()]
    changed = dict(regular[0])
    changed[list(changed)[where % len(changed)]] = value
    odd = {name: str(v) if type(v) is float else v for name, v in regular[-1].items()}
    alone = outcome("ndjson", answer.row_type, json.dumps(changed).encode())
    expected = alone if alone == "refused" else [*alone, repr(answer.rows[-1])]
    for other in (regular[-1], odd):
        two = [changed, other]
        assert outcome("ndjson", answer.row_type, "\n".join(map(json.dumps, two)).encode()) == (
            expected
        )
        for document in (two, {"response": two}, {n: [row[n] for row in two] for n in changed}):
            body = json.dumps(document).encode()
            assert outcome("json", answer.row_type, body) == expected


@pytest.mark.core
def test_rows_of_json_without_a_comma_between_them():
    """Rows that stand one below the other mean the same with and without the comma."""
    expected = [rows.InterestRate(dt.date(2025, 11, 4 + n), 4.0) for n in range(3)]
    lines = [b'{"rate":4.0000,"created":"2025-11-0%d"}' % (4 + n) for n in range(3)]
    for between in (b",", b"\n", b"\r\n", b" \n\t ", b",\n", b"\n,\n"):
        for document in (b"[%s]", b'{"response": [\n    %s\n  ]\n}\n'):
            body = document % between.join(lines)
            assert read("json", rows.InterestRate, body) == expected
            assert len(read_any("json", body)) == 3
    mixed = b'{"response":[%s,\n%s\n%s]}' % tuple(lines)
    assert read("json", rows.InterestRate, mixed) == expected


@pytest.mark.parametrize(
    "body",
    [
        b'{"response":[{"symbol":"A"} {"symbol":"B"}]}',  # one line: it may be anything
        b'{"response":[{"symbol":"A"}{"symbol":"B"}]}',
        b'{"symbol":"A"}\n{"symbol":"B"}',
        b'{"response":[{"symbol":"A"}\n{"symbol":"B"]}',
        b'{"response":[{"symbol":"A"}\n{"symbol":"B"}',
        b'{"response":[{"symbol":"A\n"}\n{"symbol":"B"}]}',
    ],
)
def test_other_json_without_a_comma_is_refused(body):
    """Nothing is mended but a comma between rows, each on its line."""
    assert outcome("json", rows.Symbol, body) == "refused"


def test_text_that_looks_like_rows_is_left_alone():
    """Braces inside of a text stay as they are when a comma is mended elsewhere."""
    body = b'{"response":[{"symbol":"} {"}\n{"symbol":"}\\n{"}]}'
    assert read("json", rows.Symbol, body) == [rows.Symbol("} {"), rows.Symbol("}\n{")]


@pytest.mark.core
def test_dates_that_are_spelled_oddly_in_one_answer():
    """Leading spaces, dates without dashes and blank lines are read through, in any pieces."""
    body = crlf("created,rate\n 2025-11-04,4.0000\n\n 2025-11-07,3.9300\n 20251108,3.9400\n")
    expected = [
        rows.InterestRate(dt.date(2025, 11, 4), 4.0),
        rows.InterestRate(dt.date(2025, 11, 7), 3.93),
        rows.InterestRate(dt.date(2025, 11, 8), 3.94),
    ]
    assert read("csv", rows.InterestRate, body) == expected
    for place in range(len(body)):
        assert read("csv", rows.InterestRate, body[:place], body[place:]) == expected


# ------------------------------------------------------------- without a type


@pytest.mark.core
@each_answer
def test_read_any_gives_dictionaries_in_every_form(answer):
    """Without a row type, rows are dictionaries by column: values in JSON, text in CSV."""
    expected = [json.loads(line) for line in answer.ndjson.splitlines()]
    assert read_any("ndjson", answer.ndjson) == expected
    assert read_any("json", answer.json) == expected
    assert read_any("json", answer.columns) == expected
    texts = list(csv.DictReader(line for line in answer.csv.decode().splitlines() if line))
    assert read_any("csv", answer.csv) == texts
    assert read_any("csv", b"\xef\xbb\xbf" + answer.csv) == texts


def test_read_any_of_nothing():
    """No answer, and a header alone, are no rows."""
    header = b"a,b\r\n"
    for form, body in (("csv", b""), ("csv", b"\r\n"), ("csv", header), ("ndjson", b"\n")):
        assert read_any(form, body) == []
    assert read_any("json", b'{"response": []}') == []


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("csv", b"a,b\n1\n"),
        ("csv", b"a,b\n1,2,3\n"),
        ("csv", b"a,a\n1,2\n"),
        ("csv", b'a,b\n"1,2\n'),
        ("csv", b"a,b\n\xff,2\n"),
        ("ndjson", b"[1]\n"),
        ("ndjson", b'{"a":1}\n{"a":\n'),
        ("ndjson", b"\xff"),
        ("json", b"5"),
        ("json", b'{"a":[1],"b":[]}'),
        ("json", b"[" * 100_000),
    ],
)
def test_read_any_refuses_what_is_no_rows(form, body):
    """Ragged lines, broken JSON and bytes of no kind are a DecodeError here too."""
    with pytest.raises(DecodeError) as caught:
        read_any(form, body)
    assert body.startswith(caught.value.first_bytes)


@given(st.sampled_from(BODIES), st.data())
def test_read_any_of_hostile_bytes(case, data):
    """Whatever happens to a body, reading it without a type gives rows or DecodeError."""
    _, form, body = case
    with contextlib.suppress(DecodeError):
        read_any(form, data.draw(mutations(body)))


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b'{"rows": 1}', "the document has neither 'response' nor only columns"),
        (b'{"a": [1], "b": [1, 2]}', "the columns of the document have different lengths"),
        (b'{"response": 1}', "the document has neither a list 'response' nor columns"),
        (b'{"response": [{"contract": {}, "data": [1]}]}', "an element of 'data' is not an object"),
    ],
)
def test_a_document_of_no_known_shape_says_what_it_lacks(document, words):
    """Not only that it is none: which of the shapes it comes near to, and why it is not that."""
    with pytest.raises(DecodeError, match=f"^{words}"):
        read_any("json", document)


def test_groups_and_rows_may_be_mixed():
    """A document's groups and plain rows are told apart one by one."""
    document = {"response": [{"a": 1}, {"contract": {"a": 2}, "data": [{"b": 3}, {"b": 4}]}]}
    assert rows_of_document(document) == [{"a": 1}, {"a": 2, "b": 3}, {"a": 2, "b": 4}]


@pytest.mark.parametrize("cut", [1, 10**6])
def test_a_column_that_may_be_missing_may_be_missing(cut):
    """The vendor's JSON of option market values has no timestamp, its CSV has: both are read."""
    columns = ("symbol", "expiration", "strike", "right", "market_bid", "market_ask")
    values = ("SPY", "2024-11-15", "570.000", "CALL", "1.10", "1.20")
    head, line = ",".join((*columns, "market_price")), ",".join((*values, "1.15"))
    for stamp in (None, "2024-11-04T15:59:59.5"):
        names, cells = (head, line) if stamp is None else (head + ",timestamp", f"{line},{stamp}")
        body = f"{names}\r\n{cells}\r\n{cells}\r\n".encode()
        decoder = decoder_for("csv", rows.OptionMarketValue)
        pieces = [body[i : i + cut] for i in range(0, len(body), cut)]
        found = [row for piece in pieces for row in decoder.feed(piece)] + decoder.finish()
        assert len(found) == 2
        assert (found[0].timestamp is None) == (stamp is None)
        assert found[0].market_price == 1.15


DEEP = b"[" * 100_000
STAMPED = price_line("ndjson").replace(b'"2024-11-04T09:31:00"', b"7")
WORDS = [
    ("ndjson", rows.Symbol, b"[1]\n", "row 1: expected an object; "),
    ("ndjson", rows.Symbol, b'{"symbol":"A"}\n' + DEEP + b"\n", "row 2: the nesting is too deep; "),
    ("ndjson", rows.Symbol, b'{"symbol":"\xff"}\n', "row 1: the text is not UTF-8; "),
    (
        "ndjson",
        rows.IndexPrice,
        STAMPED,
        "row 1: column timestamp: 7: expected a timestamp as text; ",
    ),
    ("csv", rows.Symbol, b"symbol,n\nA,1\nB\n", "row 2: 1 cells for 2 columns; "),
    ("csv", rows.Symbol, b"symbol\n\xff\n", "row 1: the text is not UTF-8; "),
    ("json", rows.Symbol, DEEP, "the nesting is too deep; "),
    ("json", rows.Symbol, b'{"response":[{"symbol":"\xff"}]}', "the text is not UTF-8; "),
    ("json", rows.Symbol, b'{"response":[1]}', "an element of 'response' is not an object; "),
]


@pytest.mark.parametrize(("form", "row_type", "body", "words"), WORDS)
def test_a_refusal_says_where_and_why(form, row_type, body, words):
    """The message begins with the row and what is wrong with it, and the cause is kept."""
    with pytest.raises(DecodeError) as caught:
        read(form, row_type, body)
    assert str(caught.value).startswith(words)
    assert caught.value.__cause__ is not None


def test_a_refusal_without_a_type_says_why():
    """So does that of an answer whose kind is not known."""
    for form, body, words in (
        ("csv", b"a,a\n1,2\n", "the answer has a column twice; "),
        ("csv", b"a,b\n1\n", "1 cells for 2 columns; "),
        ("ndjson", b"7\n", "expected an object; "),
        ("ndjson", b'{"a":"\xff"}\n', "the text is not UTF-8; "),
        ("csv", b"a\n\xff\n", "the text is not UTF-8; "),
        ("json", b'{"response":[{"a":"\xff"}]}', "the text is not UTF-8; "),
        ("json", DEEP, "the nesting is too deep; "),
    ):
        with pytest.raises(DecodeError) as caught:
            read_any(form, body)
        assert str(caught.value).startswith(words)
        assert caught.value.__cause__ is not None


def test_lines_are_what_ends_in_a_newline():
    """A space in a cell ends nothing."""
    assert read_any("csv", b"a,b\nx y,2\n\n") == [{"a": "x y", "b": "2"}]


# Several columns, no empty cell, and nothing that is quoted or spaced.
REGULAR = [
    pytest.param(answer, id=operation)
    for operation, answer in ANSWERS.items()
    if b"," in answer.csv and not re.search(rb',,|,\r|["\\ ]', answer.csv)
]


def refuse(*_):
    raise AssertionError("the slow road was taken")


@pytest.mark.parametrize("answer", REGULAR)
def test_regular_csv_is_never_read_slowly(answer, monkeypatch):
    """What terminals usually send goes the fast road, whole and in pieces, blank lines or not."""
    monkeypatch.setattr(decode.CsvDecoder, "_slowly", refuse)
    assert read("csv", answer.row_type, answer.csv) == answer.rows
    assert read("csv", answer.row_type, answer.csv[:50], answer.csv[50:]) == answer.rows
    spaced = answer.csv.replace(b"\r\n", b"\r\n\r\n\n")
    assert read("csv", answer.row_type, spaced) == answer.rows
    more = b"\r\n".join(b"new," + line for line in answer.csv.split(b"\r\n") if line)
    assert read("csv", answer.row_type, more) == answer.rows


@each_answer
def test_regular_ndjson_is_never_read_slowly(answer, monkeypatch):
    """Each operation's lines go the fast road, with a newline after the last or without."""
    bodies = [body for form, body in answer.bodies() if form == "ndjson"]
    monkeypatch.setattr(decode.NdjsonDecoder, "_slowly", refuse)
    assert bodies
    for body in bodies:
        assert read("ndjson", answer.row_type, body) == answer.rows
        assert read("ndjson", answer.row_type, body.rstrip(), b"") == answer.rows


class Sparse(rows.Row):
    """A row of which two columns may be missing."""

    number: int
    first: int | None = None
    last: int | None = None


def test_a_missing_column_hides_none_after_it():
    """On the slow road, too, what comes after a column that may be missing is read."""
    assert read("ndjson", Sparse, b'{"number":"1","last":"3"}\n') == [Sparse(1, None, 3)]
    assert read("json", Sparse, b'[{"number":"1","last":"3"}]') == [Sparse(1, None, 3)]
