"""CSV to frames: any pieces, any spelling a terminal is known for, and nothing else."""

import math
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.answers import ANSWERS
from tests.frame_forms import ARROW, BY_TYPE, FEWER, KINDS, POLARS, each_answer
from tests.test_decode import CELLS, IRREGULAR, cut, lines_of, mutations
from thetatrio import rows
from thetatrio._rest.decode import decoder_for
from thetatrio.errors import DecodeError
from thetatrio.frames import _reader

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
# pandas' frames are pyarrow's tables, converted at the end.
each_road = pytest.mark.parametrize("kind", [POLARS, ARROW], ids=lambda kind: kind.name)
ALL = list(BY_TYPE.values())
QUOTES = ANSWERS["option_history_quote"]
PRICES = ANSWERS["index_history_price"]
MORE = settings(max_examples=3000, deadline=None)


@pytest.fixture
def slow_road(monkeypatch):
    """The pieces that were read cell by cell."""
    taken = []
    read = _reader.values_of

    def values_of(columns, names, lines, rows_before):
        taken.append(lines)
        return read(columns, names, lines, rows_before)

    monkeypatch.setattr(_reader, "values_of", values_of)
    return taken


def in_small_pieces(size, read):
    """Return what is read where a library is handed no more than so many bytes at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_reader, "PIECE", size)
        return read()


# ------------------------------------------------------------- pieces


@pytest.mark.core
@each_road
@each_answer
def test_byte_by_byte(kind, answer):
    """Where an answer is cut does not matter: one byte at a time gives the same frame."""
    pieces = [answer.csv[i : i + 1] for i in range(len(answer.csv))]
    whole = kind.seen(kind.read(answer.row_type, answer.csv))
    assert kind.seen(kind.read(answer.row_type, *pieces)) == whole
    for size in (1, 300):
        read = in_small_pieces(size, lambda: kind.read(answer.row_type, *pieces))
        assert kind.seen(read) == whole


@each_road
@FEWER
@given(
    answer=st.sampled_from(ALL),
    times=st.integers(1, 4),
    places=st.lists(st.integers(0, 10**6), max_size=8),
    size=st.integers(1, 2000),
)
def test_any_cuts_give_the_same_frame(kind, answer, times, places, size):
    """Any number of cuts anywhere, parsed in pieces of any size, gives the same frame."""
    header, lines = lines_of(answer, "csv")
    body = b"\n".join(header + lines * times)
    read = in_small_pieces(size, lambda: kind.read(answer.row_type, *cut(body, places)))
    assert kind.seen(read) == kind.seen(kind.of_rows(answer.rows * times))


@each_road
def test_an_answer_of_many_megabytes(kind, slow_road):
    """Pieces of the size that sockets give, over several parses, lose and repeat nothing."""
    header, lines = lines_of(QUOTES, "csv")
    times = 18_000_000 // len(b"".join(lines))
    body = b"\n".join(header + lines * times) + b"\n"
    pieces = [body[i : i + 65536] for i in range(0, len(body), 65536)]
    reader = kind.reader(QUOTES.row_type)
    for piece in pieces:
        reader.feed(piece)
        assert reader._size < _reader.PIECE  # what waits is bounded, and the rest is parsed
    frame = reader.finish()
    once = kind.values(kind.of_rows(QUOTES.rows))
    assert kind.values(frame) == [column * times for column in once]
    assert not slow_road


# ------------------------------------------------------------- several answers


@pytest.mark.core
@each_kind
def test_several_answers_one_after_the_other(kind):
    """Each with its header, its own order of columns, with or without a last newline."""
    columns = QUOTES.csv.split(b"\r\n")[0].split(b",")
    turned = b"\r\n".join(
        b",".join(reversed(line.split(b","))) for line in QUOTES.csv.split(b"\r\n") if line
    )
    assert columns[0] == turned.split(b"\r\n")[0].split(b",")[-1]
    reader = kind.reader(QUOTES.row_type)
    bodies = (QUOTES.csv, b"", QUOTES.csv.rstrip(), columns and b",".join(columns), turned, turned)
    for number, body in enumerate(bodies):
        if number:
            reader.next_answer()
        for piece in (body[:50], body[50:]):
            reader.feed(piece)
    assert kind.seen(reader.finish()) == kind.seen(kind.of_rows(QUOTES.rows * 4))


@each_road
@FEWER
@given(places=st.lists(st.integers(0, 10**6), max_size=6), size=st.integers(1, 800))
def test_answers_cut_anywhere(kind, places, size):
    """An answer's last row is its own, whatever is fed next and however it is cut."""
    bodies = (QUOTES.csv.rstrip(), QUOTES.csv, b"\n" + QUOTES.csv.rstrip() + b"\n\n")

    def read():
        reader = kind.reader(QUOTES.row_type)
        for body in bodies:
            for piece in cut(body, places):
                reader.feed(piece)
            reader.next_answer()
        return reader.finish()

    assert kind.seen(in_small_pieces(size, read)) == kind.seen(kind.of_rows(QUOTES.rows * 3))


def test_a_header_is_not_taken_for_a_row_of_the_answer_before():
    """Without `next_answer()` a second header is what it is there: a row that cannot be read."""
    with pytest.raises(DecodeError, match=f"row {len(QUOTES.rows) + 1}: "):
        POLARS.read(QUOTES.row_type, QUOTES.csv, QUOTES.csv)


# ------------------------------------------------------------- what is accepted


def spellings(answer):
    """Yield an answer's CSV as terminals have been seen to spell it, with a name for each."""
    bare = answer.csv.replace(b"\r\n", b"\n").rstrip(b"\n")
    yield "no last newline", bare
    yield "LF", bare + b"\n"
    yield "CRLF at the end doubled", bare.replace(b"\n", b"\r\n") + b"\r\n\r\n"
    yield "blank lines", b"\r\n\n" + bare.replace(b"\n", b"\r\n\r\n\n") + b"\n\n"
    yield "lines of spaces", b" \n" + bare.replace(b"\n", b"\n  \n\t\n")
    yield "byte order mark", b"\xef\xbb\xbf" + bare
    yield "spaces", bare.replace(b",", b" ,\t ").replace(b"\n", b" \n ")
    header, lines = lines_of(answer, "csv")
    cells = [[b'"%s"' % cell for cell in line.strip().split(b",")] for line in header + lines]
    yield "quotes", b"\r\n".join(map(b", ".join, cells))
    turned = [list(reversed(line.strip().split(b","))) for line in header + lines]
    yield "other order", b"\r\n".join(map(b",".join, turned))
    more = [[b"first", *line.strip().split(b","), b"x y"] for line in header + lines]
    yield "unknown columns", b"\r\n".join(map(b",".join, more))
    empty = [[b"", *line.strip().split(b","), b""] for line in lines]
    yield "unknown empty cells", b"\n".join(map(b",".join, [more[0], *empty]))
    yield "dates without dashes", bare.replace(b"2024-11-08,", b"20241108,")
    yield "short rights", bare.replace(b"CALL", b"C").replace(b"PUT", b"p")


@pytest.mark.core
@each_road
@each_answer
def test_spellings_of_one_answer(kind, answer):
    """Line ends, blank lines, spaces, quotes, order, unknown columns, short forms: one frame."""
    expected = kind.seen(kind.of_rows(answer.rows))
    for name, body in spellings(answer):
        middle = len(body) // 2
        assert kind.seen(kind.read(answer.row_type, body)) == expected, name
        assert kind.seen(kind.read(answer.row_type, body[:middle], body[middle:])) == expected, name


@each_road
@each_answer
def test_what_is_ordinary_takes_the_fast_road(kind, answer, slow_road):
    """Each type of row, with blank lines or not, is parsed by the library as a whole."""
    for name, body in spellings(answer):
        if name not in ("lines of spaces", "quotes", "spaces"):
            kind.read(answer.row_type, body)
            assert not slow_road, name


@pytest.mark.core
@each_kind
@pytest.mark.parametrize("digits", range(10))
def test_fractions_of_seconds_have_any_number_of_digits(kind, digits, slow_road):
    """Milliseconds are kept and finer ones cut off; rows of all widths may stand together."""
    fraction = "987654321"[:digits]
    texts = ["2024-11-04T09:30:00" + ("." + fraction if digits else ""), "2024-11-04T09:31:00"]
    texts += ["2024-11-04T09:31:00.1", "2024-11-04T09:31:00.12", "2024-11-04T09:31:00.123"]
    base = 1_730_730_600_000
    first = base + int((fraction + "000")[:3])
    expected = [first, base + 60_000, base + 60_100, base + 60_120, base + 60_123]
    body = "timestamp,price\n" + "".join(f"{text},1.5\n" for text in texts)
    assert kind.values(kind.read(rows.Price, body.encode()))[0] == expected
    one = f"timestamp,price\n{texts[0]},1.5\n".encode()
    assert kind.values(kind.read(rows.Price, one))[0] == [first]
    assert not slow_road
    spaced = body.replace("T", " ").encode()
    assert kind.values(kind.read(rows.Price, spaced))[0] == expected


@each_kind
def test_an_offset_is_meant_if_it_is_there(kind):
    """No terminal sends one; a timestamp with an offset is that instant."""
    body = b"timestamp,price\n2024-11-04T14:30:00Z,1\n2024-11-04T09:30:00.000-05:00,1\n"
    assert kind.values(kind.read(rows.Price, body))[0] == [1_730_730_600_000] * 2


@each_road
def test_numbers_are_read_to_the_last_bit(kind, slow_road):
    """Long decimals become the float that Python makes of them, and 64 bits are whole."""
    texts = ["0.1", "123456789.123456789123456789", "1.7976931348623157e308", "5e-324", "-0.0"]
    texts += ["9007199254740993", "0.30000000000000004", "2.2250738585072011e-308"]
    body = "timestamp,price\n" + "".join(f"2024-11-04T09:30:00,{text}\n" for text in texts)
    found = kind.values(kind.read(rows.Price, body.encode()))[1]
    assert [number.hex() for number in found] == [float(text).hex() for text in texts]
    header, lines = lines_of(ANSWERS["stock_history_trade"], "csv")
    for number in (2**63 - 1, -(2**63)):
        cells = lines[0].split(b",")
        cells[1] = str(number).encode()
        read = kind.read(rows.Trade, *header, b"\n", b",".join(cells))
        assert kind.values(read)[1] == [number]
    assert not slow_road


@each_road
@FEWER
@given(
    answer=st.sampled_from(ALL),
    choice=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), max_size=12),
    places=st.lists(st.integers(0, 10**6), max_size=4),
    size=st.integers(1, 800),
)
def test_an_odd_row_does_not_change_its_neighbours(kind, answer, choice, places, size):
    """Rows spelled oddly among regular ones, in any pieces, are what each is alone."""
    header, lines = lines_of(answer, "csv")
    ways = [lambda line: line, *IRREGULAR["csv"].values()]
    chosen = [ways[way](lines[which % len(lines)].strip()) for which, way in choice]
    expected = [answer.rows[which % len(lines)] for which, _ in choice]
    body = b"\n".join([*header, *chosen])
    read = in_small_pieces(size, lambda: kind.read(answer.row_type, *cut(body, places)))
    assert kind.seen(read) == kind.seen(kind.of_rows(expected, answer.row_type))


# ------------------------------------------------------------- what is refused


@pytest.mark.core
@each_kind
@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Not found</body></html>\n",
        b'{"response": [{"timestamp": "2024-11-04T09:30:00", "price": 1}]}',
        b'{"timestamp":"2024-11-04T09:30:00","price":1}\n',
        b"No data found for your request",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
        b"\x00" * 300 + b"\n" + b"\xff" * 10_000,
        b'"' * 999 + b"\n",
    ],
    ids=["html", "json", "ndjson", "text", "gzip", "binary", "quotes"],
)
def test_what_is_no_csv_of_this_kind(kind, body):
    """Other formats and garbage are DecodeErrors that carry the first 256 bytes."""
    for answer in ALL:
        with pytest.raises(DecodeError) as caught:
            kind.read(answer.row_type, body)
        assert body.startswith(caught.value.first_bytes)
        assert 0 < len(caught.value.first_bytes) <= 256


@each_kind
def test_a_page_is_refused_when_its_first_line_is_there(kind):
    """Nobody waits for the end of an answer that began wrongly."""
    reader = kind.reader(rows.Price)
    with pytest.raises(DecodeError, match="no column timestamp, price"):
        reader.feed(b"<!doctype html>\n<html>")


@each_kind
@each_answer
def test_a_missing_column_is_named(kind, answer):
    """An answer without a column that it must have is refused by that name."""
    header, lines = lines_of(answer, "csv")
    table = [line.strip().split(b",") for line in header + lines]
    for place, name in enumerate(table[0]):
        if (answer.row_type, name) == (rows.OptionMarketValue, b"timestamp"):
            continue
        body = b"\n".join(b",".join(line[:place] + line[place + 1 :]) for line in table) or b"x\n"
        with pytest.raises(DecodeError, match=f"no column {name.decode()}"):
            kind.read(answer.row_type, b"x\n" if len(table[0]) == 1 else body)


@each_kind
def test_a_column_that_may_be_missing_may_be_missing(kind):
    """Values of options may come without their time, or without any in its column: all null."""
    answer = ANSWERS["option_snapshot_market_value"]
    header, lines = lines_of(answer, "csv")
    table = [line.strip().split(b",") for line in header + lines]
    place = table[0].index(b"timestamp")
    empty = [table[0], *([*line[:place], b"", *line[place + 1 :]] for line in table[1:])]
    for body in (
        b"\n".join(b",".join(line[:place] + line[place + 1 :]) for line in table),
        b"\n".join(
            b",".join(b'"%s"' % c for c in line[:place] + line[place + 1 :]) for line in table
        ),
        b"\n".join(map(b",".join, empty)),
    ):
        found = kind.read(answer.row_type, body)
        assert kind.schema(found) == kind.schema(kind.empty(answer.row_type))
        assert kind.values(found)[-1] == [None] * len(lines)
        assert kind.values(found)[:-1] == kind.values(kind.of_rows(answer.rows))[:-1]


@each_kind
@each_answer
def test_rows_that_are_cut_or_too_long_are_refused(kind, answer):
    """A row with fewer cells than columns, or with more, is refused and numbered, never filled."""
    header, lines = lines_of(answer, "csv")
    for number, line in enumerate(lines, 1):
        whole = line.strip()
        wrong = [whole + b",", whole + b",5", b"," + whole]
        if b"," in whole:
            wrong.append(whole.rpartition(b",")[0])
        for odd in wrong:
            for end in (b"", b"\r\n"):
                body = b"\n".join([*header, *lines[: number - 1], odd]) + end
                with pytest.raises(DecodeError, match=f"row {number}: .* cells for") as caught:
                    kind.read(answer.row_type, body)
                assert caught.value.first_bytes.strip() == odd[:256].strip()


@each_road
@pytest.mark.parametrize("name", ["option_snapshot_market_value", "calendar_year"])
def test_cells_are_counted_where_some_may_be_empty(kind, name):
    """A short row is no row with empty cells, even if only cells that may be empty are cut off."""
    answer = ANSWERS[name]
    header, lines = lines_of(answer, "csv")
    order = sorted(range(len(lines[0].split(b","))), key=lambda i: header[0].split(b",")[i] in (
        b"timestamp", b"open", b"close\r"
    ))  # fmt: skip
    table = [[line.strip().split(b",")[i] for i in order] for line in header + lines]
    body = b"\n".join(map(b",".join, table))
    assert kind.outcome(answer.row_type, body) == repr(kind.values(kind.of_rows(answer.rows)))
    table[-1].pop()
    assert kind.outcome(answer.row_type, b"\n".join(map(b",".join, table))) == "refused"


@each_kind
@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("timestamp", ""),
        ("timestamp", "2024-11-04"),
        ("timestamp", "2024-11-04T09:30"),
        ("timestamp", "2024-02-30T09:30:00"),
        ("timestamp", "2024-11-04T24:00:00"),
        ("timestamp", "2024-11-04T09:30:60.000"),
        ("timestamp", "2024-11-04T09:30:0x.000"),
        ("timestamp", "0000-11-04T09:30:00.000"),
        ("timestamp", "1730730600"),
        ("expiration", "2024-11-31"),
        ("expiration", "tomorrow"),
        ("expiration", ""),
        ("strike", "-0.001"),
        ("strike", "1000000"),
        ("strike", "nan"),
        ("right", "X"),
        ("right", ""),
        ("bid_size", "1.5"),
        ("bid_size", "9223372036854775808"),
        ("bid_size", "0x10"),
        ("bid_size", "0X10"),
        ("bid_size", ""),
        ("bid", "1e400"),
        ("bid", "one"),
        ("bid", "1,5"),
        ("bid", "null"),
        ("symbol", "A\rB"),
        ("symbol", "\x80"),
    ],
)
def test_what_is_no_value_is_refused_by_name(kind, column, text):
    """A cell that is no value of its column is a DecodeError with the row and the column."""
    header, lines = lines_of(QUOTES, "csv")
    names = header[0].strip().decode().split(",")
    cells = lines[0].strip().decode().split(",")
    cells[names.index(column)] = text
    wrong = ",".join(cells).encode("latin-1")
    with pytest.raises(DecodeError, match="row 2: ") as caught:
        kind.read(QUOTES.row_type, b"\n".join([*header, lines[1], wrong]))
    assert caught.value.first_bytes == wrong[:256]
    if text not in ("1,5", "\x80"):
        assert f"column {column}" in str(caught.value)


@each_road
@pytest.mark.parametrize("size", [1, 10**9])
def test_the_row_that_is_wrong_is_numbered(kind, size):
    """Rows are counted from 1 over all pieces and answers, blank lines left out."""
    header, lines = lines_of(PRICES, "csv")
    body = b"\n".join([*header, lines[0], b"", lines[1], b""])

    def read():
        reader = kind.reader(PRICES.row_type)
        for piece in (body, b"\n" + lines[0]):
            reader.feed(piece)
        reader.next_answer()
        reader.feed(header[0] + b"\n" + lines[0] + b"\nx,y")
        return reader.finish()

    with pytest.raises(DecodeError, match="row 5: column timestamp: 'x'"):
        in_small_pieces(size, read)


def test_a_column_twice_is_refused():
    """Which of the two is meant would be a guess."""
    with pytest.raises(DecodeError, match="a column twice"):
        POLARS.read(rows.Price, b"timestamp,price,price\n2024-11-04T09:30:00,1,2\n")


def test_a_lone_carriage_return_is_no_line_end():
    """Neither library's own idea of it decides."""
    body = b"timestamp,price\n2024-11-04T09:30:00,1\r2024-11-04T09:30:00,2\n"
    for kind in KINDS:
        assert kind.outcome(rows.Price, body) == "refused"


@each_road
@pytest.mark.parametrize("start", [b"", b"timestamp,price\n", b"timestamp,price\n2024-11-04T"])
def test_a_line_without_an_end_cannot_fill_the_memory(kind, start, monkeypatch):
    """Past the longest line there can be, it is refused while it still arrives."""
    monkeypatch.setattr(_reader, "MAX_LINE", 10_000)
    reader = kind.reader(rows.Price)
    reader.feed(start)
    with pytest.raises(DecodeError, match="no line ends within 10000 bytes") as caught:
        for _ in range(200):
            reader.feed(b"9" * 100)
    assert len(caught.value.first_bytes) == 256


@pytest.mark.parametrize("symbols", [("SPXW",), ("SPXW", "XX", "x", "A")])
@pytest.mark.parametrize("letter", ["x", "X"])
def test_symbols_with_an_x_do_not_hide_a_hexadecimal_number(symbols, letter, slow_road):
    """They take the fast road, for pyarrow too, until a number has one."""
    header, lines = lines_of(QUOTES, "csv")
    names = header[0].strip().split(b",")
    cells = lines[0].strip().split(b",")
    body = header[0]
    for symbol in symbols * 3:
        cells[names.index(b"symbol")] = symbol.encode()
        body += b"\n" + b",".join(cells)
    for kind in KINDS:
        assert kind.values(kind.read(QUOTES.row_type, body))[0] == list(symbols * 3)
    assert not slow_road
    cells[names.index(b"bid_size")] = b"0" + letter.encode() + b"10"
    for kind in KINDS:
        with pytest.raises(DecodeError, match=f"row {len(symbols) * 3 + 1}: column bid_size"):
            kind.read(QUOTES.row_type, body, b"\n" + b",".join(cells))


# ------------------------------------------------------------- in a pool of threads


@each_kind
@FEWER
@given(
    answer=st.sampled_from(ALL),
    times=st.integers(1, 6),
    places=st.lists(st.integers(0, 10**6), max_size=8),
    size=st.integers(1, 2000),
)
def test_a_pool_gives_the_same_frame(kind, answer, times, places, size):
    """Pieces that are parsed side by side stand in their order, with another answer after them."""
    header, lines = lines_of(answer, "csv")
    body = b"\n".join(header + lines * times)

    def read():
        reader = kind.reader(answer.row_type, pool=pool)
        for piece in cut(body, places):
            reader.feed(piece)
        reader.next_answer()
        reader.feed(answer.csv)
        return reader.finish()

    with ThreadPoolExecutor(2) as pool:
        frame = in_small_pieces(size, read)
    assert kind.seen(frame) == kind.seen(kind.of_rows(answer.rows * (times + 1)))


@each_road
@pytest.mark.parametrize("end", [b"", b"x,y\n", b"timestamp,price,price\n"])
def test_with_a_pool_the_first_mistake_is_the_one_that_is_told(kind, end):
    """What was fed later, and is found wrong sooner, waits for what came before it."""
    header, lines = lines_of(PRICES, "csv")
    good = b"".join(line.strip() + b"\n" for line in lines)
    body = header[0].strip() + b"\n" + good + b"2024-11-04T09:30:00.000,wrong\n" + good

    def read():
        reader = kind.reader(PRICES.row_type, pool=pool)
        for at in range(len(body)):
            reader.feed(body[at : at + 1])
        reader.next_answer()
        reader.feed(end)
        return reader.finish()

    expected = re.escape(f"row {len(lines) + 1}: column price: 'wrong'")
    with ThreadPoolExecutor(2) as pool:
        for size in (1, 30, 100):
            with pytest.raises(DecodeError, match=expected):
                in_small_pieces(size, read)


def test_pieces_are_parsed_side_by_side_and_only_a_few_wait(monkeypatch):
    """Two threads parse at once; whoever feeds waits once two more pieces do."""
    reader_of_prices = POLARS.reader(rows.Price)
    parse = reader_of_prices._library.parse
    both, leave = threading.Barrier(2), threading.Event()

    class Held:
        """Parses when two threads do, and when it may."""

        columns = reader_of_prices._library.columns
        height = reader_of_prices._library.height
        join = reader_of_prices._library.join

        def parse(self, names, lines):
            both.wait(10)
            assert leave.wait(10)
            return parse(names, lines)

    monkeypatch.setattr(_reader, "PIECE", 1)
    fed = threading.Semaphore(0)

    def feed(reader):
        reader.feed(b"timestamp,price\n")
        for number in range(8):
            reader.feed(b"2024-11-04T09:30:00.000,%d\n" % number)
            fed.release()
        return reader.finish()

    with ThreadPoolExecutor(2) as pool, ThreadPoolExecutor(1) as feeder:
        frame = feeder.submit(feed, _reader.CsvReader(Held(), None, pool))
        for _ in range(_reader.AHEAD):
            assert fed.acquire(timeout=10)
        assert not fed.acquire(timeout=0.05)  # the next waits for the first piece's frame
        leave.set()
        assert frame.result(10)["price"].to_list() == list(range(8))


# ------------------------------------------------------------- anything at all


def hold_the_promise(kind, answer, data):
    """A frame or DecodeError, and the same whatever the cuts are."""
    hostile = data.draw(mutations(answer.csv))
    whole = kind.outcome(answer.row_type, hostile)
    places = data.draw(st.lists(st.integers(0, 10**6), max_size=5))
    size = data.draw(st.integers(1, 600))
    pieces = cut(hostile, places)
    assert in_small_pieces(size, lambda: kind.outcome(answer.row_type, *pieces)) == whole
    with ThreadPoolExecutor(2) as pool:
        read = in_small_pieces(size, lambda: kind.outcome(answer.row_type, *pieces, pool=pool))
    assert read == whole


@each_road
@FEWER
@given(answer=st.sampled_from(ALL), data=st.data())
def test_hostile_bytes_give_a_frame_or_a_decode_error(kind, answer, data):
    """Whatever happens to an answer, it is a frame or DecodeError, the same for any cuts."""
    hold_the_promise(kind, answer, data)


@pytest.mark.deep
@each_road
@MORE
@given(answer=st.sampled_from(ALL), data=st.data())
def test_many_hostile_bytes_give_a_frame_or_a_decode_error(kind, answer, data):
    """The same on thousands of answers."""
    hold_the_promise(kind, answer, data)


def hold_that_roads_agree(kind, answer, where, text):
    """Put a text in one cell: it is the same beside regular rows and beside a quoted one."""
    header, lines = lines_of(answer, "csv")
    cells = lines[0].strip().decode().split(",")
    cells[where % len(cells)] = text
    line = ",".join(cells).encode()
    last = lines[-1].strip()
    quoted = b",".join(b'"%s"' % cell for cell in last.split(b","))
    fast, slow = (
        kind.outcome(answer.row_type, b"\n".join([*header, line, other]))
        for other in (last, quoted)
    )
    assert fast == slow


# What terminals do not write and libraries differ on.
ODD = st.one_of(
    CELLS,
    st.sampled_from([
        " 5", "5 ", "\t5", "5\t", "\r5", "5\r", "-007", "+007", "-.5", "+.5", "+nan", "-nan",
        "+inf", "0X1F", "1d5", "5f", "1e", "e5", "-", "+", ".", "--5", "1E+5", "1e-400",
        "-1e400", "#", "N/A", "#N/A", "NA", "2024-1-4", "+2024-11-04", "2024-11-4",
        "2024-11-04T9:030:00.000", "x\x01",
        "+024-11-04T09:30:00.123", "2024-11-04T09:30:00.", "2024-11-04T09:30:00,1", "\x0b", "\x0c",
        "2024-11-04T23:59:60", "2024-11-04 09:30:00.1", "9999-12-31T23:59:59.999", "A\tB", "A\x00",
        "0001-01-01T00:00:00.000", "0000-01-01T00:00:00.000", "2024-11-04T09:30:00.0009999",
        "16:00:00.0009", "24:00:00", "9:30", "A\\B", "x^", "Call", "OPEN",
    ]),
    st.text(st.sampled_from("0123456789.-+eE:TZ \t\rnaif"), max_size=24),
)  # fmt: skip


@each_road
@FEWER
@given(answer=st.sampled_from(ALL), where=st.integers(0, 40), text=ODD)
def test_both_roads_agree_on_every_cell(kind, answer, where, text):
    """What a cell becomes does not depend on whether a neighbour is quoted."""
    hold_that_roads_agree(kind, answer, where, text)


@pytest.mark.deep
@each_road
@MORE
@given(answer=st.sampled_from(ALL), where=st.integers(0, 40), text=ODD)
def test_both_roads_agree_on_many_cells(kind, answer, where, text):
    """The same on thousands of cells."""
    hold_that_roads_agree(kind, answer, where, text)


def rows_in(answer, body):
    """Return the rows that decoding gives, or None where it refuses."""
    decoder = decoder_for("csv", answer.row_type)
    try:
        return decoder.feed(body) + decoder.finish()
    except DecodeError:
        return None


def can_be_held(row):
    return all(
        not isinstance(value, int) or -(2**63) <= value < 2**63
        for value in (getattr(row, name) for name in row.__struct_fields__)
    )


@each_road
@FEWER
@given(answer=st.sampled_from(ALL), where=st.integers(0, 40), text=ODD)
def test_what_rows_accept_frames_accept(kind, answer, where, text):
    """Where CSV becomes rows, it becomes a frame of the same values; more than 64 bits are not."""
    header, lines = lines_of(answer, "csv")
    cells = lines[0].strip().decode().split(",")
    cells[where % len(cells)] = text
    body = b"\n".join([*header, ",".join(cells).encode()])
    decoded = rows_in(answer, body)
    if decoded is None:
        return
    if not all(map(can_be_held, decoded)):
        assert kind.outcome(answer.row_type, body) == "refused"
    elif not (":" in text and len(text.partition(".")[2]) > 6):  # which rows round, not cut off
        expected = repr(kind.values(kind.of_rows(decoded, answer.row_type)))
        found = kind.outcome(answer.row_type, body)
        assert found.replace("-0.0]", "0.0]") == expected.replace("-0.0]", "0.0]")


def test_not_a_number_is_a_number():
    """`NaN` and `inf` are floats where a terminal says so, in rows and in frames."""
    body = b"timestamp,price\n" + b"".join(
        b"2024-11-04T09:30:00,%s\n" % text for text in (b"NaN", b"nan", b"-inf", b"Infinity")
    )
    for kind in KINDS:
        found = kind.values(kind.read(rows.Price, body))[1]
        # pandas has no null of its own in a column of floats: NaN is it.
        assert found[0] is None if kind.name == "pandas" else math.isnan(found[0])
        assert found[2:] == [-math.inf, math.inf]
