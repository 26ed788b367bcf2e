"""Frames of rows and events: their columns, their types, their values, their files."""

import datetime as dt
import subprocess
import sys
from zoneinfo import ZoneInfo

import msgspec
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.answers import ANSWERS
from tests.frame_forms import ARROW, KINDS, PANDAS, POLARS, each_answer, each_type
from tests.network import simulated
from tests.testing.client import REQUESTS, body_of, shared
from thetatrio import Index, Option, Stock, events, frames, requests, rows
from thetatrio.errors import DecodeError, InvalidRequest, WrongCall

ROW_TYPES = sorted(
    {answer.row_type for answer in ANSWERS.values()}
    | {
        kind
        for kind in vars(rows).values()
        if isinstance(kind, type) and kind.__subclasses__() == []
    },
    key=lambda kind: kind.__name__,
)
EVENT_TYPES = [events.Quote, events.Trade, events.Ohlc, events.Price, events.MarketValue]
OPERATIONS = [name for name in sorted(REQUESTS) if not requests.operations()[name].flat_file]

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
each_row_type = pytest.mark.parametrize("row_type", ROW_TYPES, ids=lambda kind: kind.__name__)
each_operation = pytest.mark.parametrize("name", OPERATIONS)
each_event_type = pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda kind: kind.__name__)

NEW_YORK = "America/New_York"
TRADE = ANSWERS["stock_history_trade"]


@pytest.mark.core
def test_every_type_of_row_is_here():
    """No type of row is left out of what follows, but those that v2 alone has."""
    v2 = {kind for kind in ROW_TYPES if kind.__module__ == "thetatrio.rows.v2"}
    assert {answer.row_type for answer in ANSWERS.values()} == set(ROW_TYPES) - v2


# ------------------------------------------------------------- columns and types


def types_by_hand(row_type):
    """Return each column's type in polars and arrow, said once more."""
    category = pa.dictionary(pa.int32(), pa.string())
    kinds = {
        dt.datetime: (pl.Datetime("ms", NEW_YORK), pa.timestamp("ms", NEW_YORK)),
        dt.date: (pl.Date(), pa.date32()),
        dt.time: (pl.Time(), pa.time32("ms")),
        int: (pl.Int64(), pa.int64()),
        float: (pl.Float64(), pa.float64()),
        str: (pl.String(), pa.string()),
        "symbol": (pl.Categorical(), category),
        "right": (pl.Enum(["CALL", "PUT"]), category),
    }
    found = {}
    for field in msgspec.structs.fields(row_type):
        kind = msgspec.inspect.type_info(field.type)
        if isinstance(kind, msgspec.inspect.UnionType):
            kind = next(k for k in kind.types if not isinstance(k, msgspec.inspect.NoneType))
        key = {
            "DateTimeType": dt.datetime,
            "DateType": dt.date,
            "TimeType": dt.time,
            "IntType": int,
            "FloatType": float,
            "StrType": str,
            "LiteralType": str,
        }[type(kind).__name__]
        name = field.encode_name
        found[name] = kinds[name if name in ("symbol", "right") else key]
    return found


@pytest.mark.core
@each_row_type
def test_columns_have_the_vendors_names_and_their_fields_types(row_type):
    """A frame's columns are the answer's, in the Struct's order, and each has its field's type."""
    expected = types_by_hand(row_type)
    assert not any(name.endswith("_ny") or name == "lambda_" for name in expected)
    assert POLARS.schema(frames.empty_polars(row_type)) == {n: t[0] for n, t in expected.items()}
    assert list(frames.empty_polars(row_type).columns) == list(expected)
    assert ARROW.schema(frames.empty_arrow(row_type)) == pa.schema(
        [(name, types[1]) for name, types in expected.items()]
    )


def test_pandas_has_types_of_its_own_where_it_has_them():
    """Moments, numbers and categories are pandas' own; dates and times are pyarrow's."""
    found = dict(PANDAS.schema(frames.empty_pandas(rows.OptionQuote)))
    assert found["timestamp"] == "datetime64[ms, America/New_York]"
    assert found["symbol"] == found["right"] == "category"
    assert found["expiration"] == "date32[day][pyarrow]"
    assert (found["strike"], found["bid_size"]) == ("float64", "int64")
    assert dict(PANDAS.schema(frames.empty_pandas(rows.CalendarDay)))["open"] == (
        "time32[ms][pyarrow]"
    )


@pytest.mark.core
@each_kind
@each_type
def test_a_frame_without_rows_has_the_types_of_a_full_one(kind, answer):
    """Empty, of rows, of an answer, of an answer without rows: one schema."""
    full = kind.of_rows(answer.rows)
    header = answer.csv.partition(b"\n")[0]
    for frame in (
        kind.empty(answer.row_type),
        kind.of_rows([], answer.row_type),
        kind.read(answer.row_type),
        kind.read(answer.row_type, header),
        kind.read(answer.row_type, answer.csv),
    ):
        assert kind.schema(frame) == kind.schema(full)


# ------------------------------------------------------------- values


@pytest.mark.core
@each_kind
@each_answer
def test_an_answer_gives_what_its_rows_give(kind, answer):
    """Reading CSV and putting its rows into a frame is one and the same."""
    read, made = kind.read(answer.row_type, answer.csv), kind.of_rows(answer.rows)
    assert kind.seen(read) == kind.seen(made)
    if kind is PANDAS:
        pd.testing.assert_frame_equal(read, made)
    else:
        assert read.equals(made)


@pytest.mark.core
@each_answer
def test_values_are_the_rows(answer):
    """Each value of a polars frame is the row's attribute of that name."""
    frame = POLARS.read(answer.row_type, answer.csv)
    for row, found in zip(answer.rows, frame.iter_rows(named=True), strict=True):
        for name, value in found.items():
            expected = getattr(row, "lambda_" if name == "lambda" else name)
            if isinstance(expected, dt.datetime):
                expected = expected.replace(microsecond=expected.microsecond // 1000 * 1000)
                assert value.utcoffset() == expected.utcoffset()
            assert value == expected
            assert type(value) is type(expected)


@each_operation
def test_the_simulated_terminals_own_csv(name):
    """What a terminal sends for each operation is read, and is what its rows are, in all kinds."""
    body = body_of(shared(), name, format="csv")
    lines = body_of(shared(), name, format="ndjson")
    row_type = requests.operations()[name].row_type()
    expected = msgspec.json.Decoder(row_type).decode_lines(lines)
    assert expected
    if name == "option_snapshot_market_value":  # its NDJSON has no timestamps
        expected = [
            msgspec.structs.replace(row, timestamp_ny=moment.replace(tzinfo=None))
            for row, moment in zip(
                expected, POLARS.read(row_type, body)["timestamp"].to_list(), strict=True
            )
        ]
    for kind in KINDS:
        assert kind.seen(kind.read(row_type, body)) == kind.seen(kind.of_rows(expected))


@pytest.mark.core
@each_kind
def test_what_a_row_may_lack_is_null(kind):
    """None becomes null, and only there."""
    holiday = rows.CalendarDay(dt.date(2024, 12, 25), "full_close", None, None)
    short = rows.CalendarDay(dt.date(2024, 12, 24), "early_close", dt.time(9, 30), dt.time(13))
    frame = kind.of_rows([holiday, short])
    assert kind.values(frame)[2:] == [[None, dt.time(9, 30)], [None, dt.time(13)]]
    read = kind.read(rows.CalendarDay, b"date,type,open,close\n2024-12-25,full_close,,null\n")
    assert kind.values(read) == [[dt.date(2024, 12, 25)], ["full_close"], [None], [None]]


def test_pandas_frames_can_be_written_to():
    """A value of any column can be replaced."""
    frame = PANDAS.of_rows(TRADE.rows)
    for name in frame.columns:
        frame.loc[0, name] = frame.loc[len(frame) - 1, name]
        assert frame.loc[0, name] == frame.loc[len(frame) - 1, name]


@pytest.mark.core
@each_kind
def test_finer_than_a_millisecond_is_cut_off(kind):
    """Before and after 1970, nothing is rounded up."""
    for year in (1969, 2024):
        moment = dt.datetime(year, 12, 31, 23, 59, 59, 999_999)
        (found,) = kind.values(kind.of_rows([rows.Price(moment, 1.0)]))[0]
        assert found % 1000 == 999
        body = f"timestamp,price\n{moment.isoformat()},1\n".encode()
        assert kind.values(kind.read(rows.Price, body))[0] == [found]


# ------------------------------------------------------------- the symbol


@pytest.mark.core
@each_kind
def test_a_symbol_is_the_first_column_where_there_is_none(kind):
    """`symbol=` adds it, as a category, to full and empty frames of both roads."""
    frame = kind.read(TRADE.row_type, TRADE.csv, symbol="AAPL")
    assert kind.values(frame)[0] == ["AAPL"] * len(TRADE.rows)
    assert kind.values(frame)[1:] == kind.values(kind.of_rows(TRADE.rows))
    for other in (
        kind.of_rows(TRADE.rows, symbol="AAPL"),
        kind.empty(TRADE.row_type, symbol="AAPL"),
        kind.read(TRADE.row_type, symbol="AAPL"),
    ):
        assert kind.schema(other) == kind.schema(frame)


@each_kind
@pytest.mark.parametrize("name", ["stock_snapshot_quote", "option_history_quote"])
def test_a_symbol_that_is_there_stays(kind, name):
    """Rows that say their symbol keep it, and its place."""
    answer = ANSWERS[name]
    plain = kind.read(answer.row_type, answer.csv)
    assert kind.seen(kind.read(answer.row_type, answer.csv, symbol="X")) == kind.seen(plain)
    assert kind.seen(kind.of_rows(answer.rows, symbol="X")) == kind.seen(plain)


# ------------------------------------------------------------- files


@each_type
def test_polars_frames_come_back_from_parquet(answer, tmp_path):
    """Written to Parquet and read again, a frame is the same, types included."""
    for frame in (
        POLARS.read(answer.row_type, answer.csv, symbol="AAPL"),
        POLARS.empty(answer.row_type),
    ):
        frame.write_parquet(tmp_path / "frame.parquet")
        again = pl.read_parquet(tmp_path / "frame.parquet")
        assert again.schema == frame.schema
        assert again.equals(frame)


@each_type
def test_arrow_tables_come_back_from_parquet(answer, tmp_path):
    """Written to Parquet and read again, a table is the same, types included."""
    for table in (
        ARROW.read(answer.row_type, answer.csv, symbol="AAPL"),
        ARROW.empty(answer.row_type),
    ):
        pyarrow.parquet.write_table(table, tmp_path / "table.parquet")
        again = pyarrow.parquet.read_table(tmp_path / "table.parquet")
        assert again.schema.equals(table.schema)
        assert ARROW.seen(again) == ARROW.seen(table)


# ------------------------------------------------------------- events

SPX = Option("SPXW", dt.date(2024, 11, 8), 5800.5, "P")


def event_of(event_type, contract, **more):
    """Return an event whose every figure is a small number."""
    names = set(event_type.__struct_fields__) - {"contract", "ms_of_day", "date_int"}
    values = dict.fromkeys(sorted(names), 2) | {"ms_of_day": 34_200_250, "date_int": 20241104}
    return event_type(contract=contract, **(values | more))


@pytest.mark.core
@each_kind
@each_event_type
def test_events_have_their_contract_and_moment_first(kind, event_type):
    """A frame of events has four columns of the contract, the moment, then the event's own."""
    found = [event_of(event_type, contract) for contract in (SPX, Stock("AAPL"), Index("VIX"))]
    frame = kind.of_rows(found)
    assert kind.schema(kind.empty(event_type)) == kind.schema(frame)
    values = kind.values(frame)
    moment = int(found[0].timestamp.timestamp() * 1000)
    assert values[0] == ["SPXW", "AAPL", "VIX"]
    assert values[1][0] == SPX.expiration
    assert values[2][0] == 5800.5
    assert values[3][0] == "PUT"
    assert values[4] == [moment] * 3
    own = [name for name in event_type.__struct_fields__ if name not in (
        "contract", "ms_of_day", "date_int"
    )]  # fmt: skip
    assert values[5:] == [[2, 2, 2]] * len(own)
    if kind is POLARS:
        assert frame.columns[5:] == own
        assert frame.null_count().row(0)[:6] == (0, 2, 2, 2, 0, 0)


@each_kind
def test_what_a_gateway_left_out_is_null(kind):
    """A field that an event came without is null in its row, and its column's type stays."""
    whole = event_of(events.Trade, Stock("AAPL"))
    partial = event_of(events.Trade, Stock("AAPL"), size=None, sequence=None)
    frame = kind.of_rows([whole, partial])
    assert frames.polars([whole, partial])["size"].to_list() == [whole.size, None]
    if kind is not PANDAS:  # whose integers have no null
        assert kind.schema(frame) == kind.schema(kind.of_rows([whole]))


def test_an_event_without_a_time_is_refused_by_its_number():
    """A date that is none, and milliseconds beyond a day, are DecodeErrors."""
    good = event_of(events.Price, Index("SPX"))
    midnight = event_of(events.Price, Index("SPX"), ms_of_day=86_400_000)
    assert POLARS.of_rows([good, midnight])["timestamp"].to_list() == [
        good.timestamp,
        midnight.timestamp,
    ]
    for wrong in (
        {"date_int": 0},
        {"ms_of_day": -1},
        {"ms_of_day": None},
        {"date_int": None},
        {"date_int": 99991231, "ms_of_day": 86_400_000},
    ):
        with pytest.raises(DecodeError, match="event 2 has no time"):
            frames.polars([good, event_of(events.Price, Index("SPX"), **wrong)])


# ------------------------------------------------------------- what is asked for wrongly


@each_kind
def test_rows_of_several_types_are_refused(kind):
    """A frame is of one type of row; without rows it has to be said which."""
    quote, price = ANSWERS["stock_history_quote"].rows[0], ANSWERS["index_history_price"].rows[0]
    with pytest.raises(InvalidRequest, match="several: Price, Quote"):
        kind.of_rows([quote, price])
    with pytest.raises(InvalidRequest, match="several: Price, Quote"):
        kind.of_rows([quote], rows.Price)
    with pytest.raises(InvalidRequest, match="needs their type"):
        kind.of_rows([])


@each_kind
def test_what_a_column_cannot_hold_is_refused_by_its_name(kind):
    """A number of more than 64 bits, what is no number, and no right, are DecodeErrors."""
    for wrong in (2**63, -(2**63) - 1, "5"):
        row = msgspec.structs.replace(TRADE.rows[0], sequence=wrong)
        with pytest.raises(DecodeError, match="column sequence: [^\n]+$"):
            kind.of_rows([row])
    row = msgspec.structs.replace(ANSWERS["option_history_quote"].rows[0], right="X")
    with pytest.raises(DecodeError, match="column right: [^\n]+$"):
        kind.of_rows([row])


@pytest.mark.core
@pytest.mark.parametrize(
    ("name", "gone", "extra"),
    [
        ("polars", "polars", "polars"),
        ("arrow", "pyarrow", "arrow"),
        ("pandas", "pandas", "pandas"),
        ("pandas", "pyarrow", "pandas"),
    ],
)
def test_a_library_that_is_not_installed_is_named_with_its_extra(name, gone, extra, monkeypatch):
    """One line says which library is missing, and what to install."""
    monkeypatch.setitem(sys.modules, gone, None)
    expected = (
        rf"^this needs {gone}: pip install 'thetatrio\[{extra}\]', or '\.\[{extra}\]' in a clone"
    )
    for made in (
        lambda: getattr(frames, f"{name}_reader")(rows.Quote),
        lambda: getattr(frames, name)([], rows.Quote),
        lambda: getattr(frames, f"empty_{name}")(rows.Quote),
    ):
        with pytest.raises(InvalidRequest, match=expected):
            made()


@pytest.mark.parametrize(
    ("made", "loaded", "others"),
    [
        ("None", "sys", {"polars", "pyarrow", "pandas"}),
        ("frames.empty_polars(rows.Quote)", "polars", {"pyarrow", "pandas"}),
        # pyarrow itself loads pandas where there is one.
        pytest.param(
            "frames.empty_arrow(rows.Quote)", "pyarrow", {"polars"}, marks=pytest.mark.deep
        ),
        pytest.param(
            "frames.empty_pandas(rows.Quote)", "pandas", {"polars"}, marks=pytest.mark.deep
        ),
    ],
)
def test_only_the_library_that_is_asked_for_is_loaded(made, loaded, others):
    """Importing `frames` loads none, and a frame needs no library but its own."""
    script = f"import sys; from thetatrio import frames, rows; {made}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert loaded in run.stdout.split()
    assert not others & set(run.stdout.split())


@pytest.mark.parametrize("make", [frames.polars, frames.arrow, frames.pandas])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "a list of rows or events, got None"),
        (5, "a list of rows or events, got 5"),
        ([{"a": 1}], "events of a feed, got a dict$"),
        ("rows", "got a str$"),
        ([Stock("AAPL")], "got a Stock$"),
        (rows.Symbol(symbol="AAPL"), r"got one: give a list, \[row\]"),
        ([rows.Symbol(symbol="AAPL"), 5], "got a int$"),
    ],
)
def test_what_is_not_rows_is_refused_with_a_remedy(make, value, message):
    """A frame of anything but rows or events is WrongCall that says what it was."""
    with pytest.raises(WrongCall, match=message):
        make(value)


async def test_entries_of_a_chain_name_the_parts_that_are_rows():
    """Entries of a chain are no rows; the error names their parts, of which frames are made."""
    async with simulated(contracts=30) as (_, session):
        expiration = (await session.expirations("SPY"))[-1]
        chain = await session.chain("SPY", expiration=expiration)
        with pytest.raises(WrongCall, match=r"got a ChainEntry; .*\[it.quote for it in entries"):
            frames.polars(chain.entries)
        quotes = [entry.quote for entry in chain.entries if entry.quote is not None]
        assert frames.polars(quotes).height == len(quotes) > 0


async def test_a_query_is_not_its_rows():
    """A query in place of rows is refused with the methods that make frames of it."""
    async with simulated(contracts=30) as (_, session):
        with pytest.raises(WrongCall, match=r"got a query: query.polars\(\)"):
            frames.polars(session.stock.list_symbols())


def test_any_iterable_of_rows_makes_a_frame():
    """A generator of rows is read once, as a list is."""
    several = [rows.Symbol(symbol="AAPL"), rows.Symbol(symbol="SPY")]
    assert frames.polars(iter(several)).equals(frames.polars(several))


def test_frames_join_on_time_after_one_line():
    """The documented line brings frames to the unit of frames made from Python's datetimes."""
    zone = ZoneInfo("America/New_York")
    opens = [dt.datetime(2024, 11, 4, 9, minute) for minute in (30, 31, 32)]
    bars = [rows.Ohlc(moment, 1, 1, 1, float(moment.minute), 1, 1, 1) for moment in opens]
    moments = [dt.datetime(2024, 11, 4, 9, 31, 30, 500, tzinfo=zone)]

    frame = frames.polars(bars)
    frame = frame.with_columns(pl.col("timestamp").dt.cast_time_unit("us"))
    joined = pl.DataFrame({"timestamp": moments}).join_asof(frame, on="timestamp")
    assert joined["close"].to_list() == [31.0]

    table = frames.pandas(bars)
    table["timestamp"] = table["timestamp"].dt.as_unit("us")
    merged = pd.merge_asof(pd.DataFrame({"timestamp": moments}), table, on="timestamp")
    assert merged["close"].tolist() == [31.0]
