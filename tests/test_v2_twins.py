"""Each operation that v2 and v3 both have: the same rows from either kind of terminal."""

import math

import msgspec
import pytest

import thetatrio
import thetatrio.requests.v2
from tests.network import simulated
from thetatrio import requests
from thetatrio._rest.raw import RawAnswer
from thetatrio._rest.v2_table import OPERATIONS
from thetatrio.errors import InvalidRequest

pytestmark = pytest.mark.core

DAY = "2024-11-04"
ONE = {"symbol": "AAPL", "expiration": "2024-11-15", "strike": 220, "right": "call"}
CHAIN = {"symbol": "AAPL", "expiration": "2024-11-15"}
SPAN = {"start_date": "2024-11-01", "end_date": DAY}
EVERY = {"interval": "1h"}
TERMS = {"annual_dividend": 0.5, "rate_type": "treasury_y1", "rate_value": 4.25}
AT = {**SPAN, "time_of_day": "15:30:00.250"}
HALF = {"start_time": "10:00", "end_time": "11:00"}
NARROW = {"start_time": "09:30", "end_time": "09:31"}

# Every operation at least once; where v2 has a single and a bulk form, both.
TWINS = {
    "stock_list_symbols": [{}],
    "option_list_symbols": [{}],
    "index_list_symbols": [{}],
    "stock_list_dates": [{"symbol": "AAPL", "request_type": "trade"}],
    "option_list_dates": [{**CHAIN, "request_type": "quote"}, {**ONE, "request_type": "trade"}],
    "index_list_dates": [{"symbol": "SPX"}],
    "option_list_expirations": [{"symbol": "SPY"}, {"symbol": "SPY,AAPL"}],
    "option_list_strikes": [CHAIN],
    "option_list_contracts": [{"symbol": "AAPL", "request_type": "quote", "date": DAY}],
    "stock_history_eod": [{"symbol": "AAPL", **SPAN}],
    "stock_history_ohlc": [{"symbol": "AAPL", "date": DAY, **EVERY, **HALF}],
    "stock_history_quote": [
        {"symbol": "AAPL", **SPAN, **EVERY},
        {"symbol": "AAPL", "date": DAY, **EVERY, "start_time": "08:00", "end_time": "17:00"},
    ],
    "stock_history_trade": [{"symbol": "AAPL", "date": DAY, **NARROW}],
    "stock_history_trade_quote": [
        {"symbol": "AAPL", "date": DAY, **NARROW},
        {"symbol": "AAPL", "date": DAY, **NARROW, "exclusive": False},
    ],
    "option_history_eod": [{**ONE, **SPAN}, {**CHAIN, **SPAN}, {**CHAIN, **SPAN, "right": "put"}],
    "option_history_ohlc": [{**ONE, "date": DAY, **EVERY}, {**CHAIN, "date": DAY, **EVERY}],
    "option_history_quote": [
        {**ONE, "date": DAY, **EVERY, **HALF},
        {**CHAIN, "date": DAY, **EVERY},
        {**ONE, "right": "both", "date": DAY, **EVERY},
        {**ONE, "expiration": "*", "date": DAY, "interval": "1m", **NARROW},
    ],
    "option_history_open_interest": [{**ONE, **SPAN}, {**CHAIN, "date": DAY}],
    "option_history_trade": [{**ONE, "date": DAY}, {**CHAIN, "date": DAY, **HALF}],
    "option_history_trade_quote": [{**ONE, "date": DAY}, {**CHAIN, "date": DAY, **HALF}],
    "option_history_greeks_implied_volatility": [{**ONE, "date": DAY, **EVERY}],
    **{
        f"option_history_greeks_{order}": [
            {**ONE, "date": DAY, **EVERY},
            {**ONE, "date": DAY, **EVERY, **TERMS},
            {**CHAIN, "date": DAY, **EVERY},
        ]
        for order in ("first_order", "second_order", "third_order", "all")
    },
    "option_history_greeks_eod": [{**ONE, **SPAN}, {**CHAIN, **SPAN, **TERMS}],
    **{
        f"option_history_trade_greeks_{order}": [
            {**ONE, "date": DAY}, {**CHAIN, "date": DAY, **HALF, **TERMS},
        ]
        for order in ("first_order", "implied_volatility", "all")
    },
    "option_history_trade_greeks_second_order": [{**ONE, "right": "both", "date": DAY}],
    "option_history_trade_greeks_third_order": [{**ONE, "date": DAY}],
    "index_history_price": [{"symbol": "SPX", "date": DAY, "interval": "5m"}],
    "index_history_eod": [{"symbol": "SPX", **SPAN}],
    "index_history_ohlc": [{"symbol": "SPX", **SPAN, **EVERY}],
    "stock_snapshot_ohlc": [{"symbol": "AAPL"}, {"symbol": "AAPL,F"}],
    "stock_snapshot_quote": [{"symbol": "AAPL,F"}, {"symbol": "*"}],
    "stock_snapshot_trade": [{"symbol": "AAPL"}],
    "option_snapshot_ohlc": [ONE, CHAIN],
    "option_snapshot_quote": [ONE, CHAIN, {**CHAIN, "expiration": "*"}],
    "option_snapshot_trade": [ONE],
    "option_snapshot_open_interest": [ONE, CHAIN],
    **{
        f"option_snapshot_greeks_{order}": [{**ONE, **TERMS}, {**CHAIN, "stock_price": 221.5}]
        for order in ("first_order", "implied_volatility", "second_order", "third_order", "all")
    },
    "index_snapshot_price": [{"symbol": "SPX"}],
    "index_snapshot_ohlc": [{"symbol": "SPX"}],
    "stock_at_time_quote": [{"symbol": "AAPL", **AT}],
    "stock_at_time_trade": [{"symbol": "AAPL", **AT}],
    "option_at_time_quote": [{**ONE, **AT}, {**CHAIN, **AT}],
    "option_at_time_trade": [{**ONE, **AT}, {**CHAIN, **AT}],
}  # fmt: skip
# What a v2 terminal does not send, and what stands there.
HOLES = {
    "vwap": math.nan, "vera": math.nan, "d1": math.nan, "d2": math.nan, "dual_delta": math.nan,
    "dual_gamma": math.nan, "ext_condition1": 255, "ext_condition2": 255, "ext_condition3": 255,
    "ext_condition4": 255, "exchange": 0,
}  # fmt: skip


def seen(row, holes):
    """A row as a tuple of what both terminals send."""
    return tuple(None if field in holes else getattr(row, field) for field in row.__struct_fields__)


def holes_of(row):
    """The columns that stand for something a v2 terminal did not send."""
    return {
        name
        for name, value in HOLES.items()
        if name in row.__struct_fields__
        and (
            getattr(row, name) == value
            or (isinstance(value, float) and math.isnan(getattr(row, name)))
        )
    }


async def fetched(request, *, row_format="ndjson", **options):
    settings = {"row_format": row_format}
    async with simulated(session_options=settings, **options) as (terminal, session):
        rows = await session.query(request).fetch()
        return rows, [entry.path for entry in terminal.ledger.requests]


def small(request):
    # Fewer contracts make the same point.
    return {"contracts": 40 if getattr(request, "symbol", "") else 200}


def made(name, arguments):
    return requests.operations()[name](**arguments)


CASES = [(name, arguments) for name, several in TWINS.items() for arguments in several]


@pytest.mark.parametrize(
    ("name", "arguments"), CASES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(CASES)]
)
async def test_both_terminals_give_the_same_rows(name, arguments):
    """Times, strikes, rights, prices, sequences and Greeks are equal, row by row."""
    request = made(name, arguments)
    new, _ = await fetched(request, **small(request))
    old, paths = await fetched(request, api="v2", page_rows=50, **small(request))
    assert new
    assert {path.rsplit("/", 1)[0] for path in paths[1:]} <= {"/v2/page", *_folders(paths[0])}
    holes = holes_of(old[0])
    assert [seen(row, holes) for row in old] == [seen(row, holes) for row in new]
    assert {type(row) for row in old} == {request.row_type()}


def _folders(path):
    return (path.rsplit("/", 1)[0], path)


@pytest.mark.parametrize("name", ["option_history_quote", "stock_history_trade_quote"])
async def test_csv_and_a_gateways_pages_give_the_same_rows(name):
    """`use_csv` with links in heads only, and `results` with `nextUrl`, read alike."""
    for arguments in TWINS[name][1:2]:
        request = made(name, arguments)
        new, _ = await fetched(request, **small(request))
        csv, paths = await fetched(
            request, api="v2", page_rows=20, row_format="csv", **small(request)
        )
        gateway, _ = await fetched(
            request, api="gateway", page_rows=20, api_key="k", **small(request)
        )
        assert csv == new
        assert gateway == new
        assert len(paths) > 1


def test_every_request_of_v2_is_tried():
    """The table of twins has every operation of the dialect's table that v3 has too."""
    known = requests.operations()
    assert set(TWINS) == {name for name in OPERATIONS if name in known}


async def test_what_only_v2_has_is_asked_there():
    """A file's path comes as a row; a v3 session refuses to ask for one."""
    request = requests.v2.OptionFileEod(date=DAY)
    rows, paths = await fetched(request, api="v2")
    assert rows[0].path.endswith("OPTION-EOD-20241104.csv")
    assert paths == ["/v2/file/option/eod"]
    span = {"start_date": "2024-10-31", "end_date": DAY}
    splits, paths = await fetched(requests.v2.StockHistorySplit("AAPL", **span), api="v2")
    assert [(row.split_date.isoformat(), row.after_shares) for row in splits] == [
        ("2020-08-31", 4)
    ] * 3
    assert [row.timestamp.date().isoformat() for row in splits] == [
        "2024-10-31", "2024-11-01", "2024-11-04",
    ]  # fmt: skip
    assert paths == ["/v2/hist/stock/split"]
    dividends, _ = await fetched(requests.v2.StockHistoryDividend("AAPL", **span), api="v2")
    assert [row.dividend_amount for row in dividends] == [0.25] * 3
    with pytest.raises(InvalidRequest, match="only v2 terminals"):
        await fetched(request)


async def test_what_only_v2_has_are_methods_that_others_refuse():
    """Each is a method of its group; a v3 session refuses it before anything is sent."""
    async with simulated(contracts=2) as (terminal, session):
        for name, request in requests.v2.operations().items():
            group, _, method = name.partition("_")
            fields = request.__struct_fields__
            call = {"date": DAY} if "date" in fields else {"start_date": DAY, "end_date": DAY}
            if "expiration" in fields:
                call["expiration"] = "2024-11-15"
            if "symbol" in fields:
                call["symbol"] = "SPY"
            query = getattr(getattr(session, group), method)(**call)
            assert type(query.request) is request
            with pytest.raises(InvalidRequest, match=f"{name}: only v2 terminals have it"):
                await query
        assert terminal.ledger.requests == []


async def test_flags_of_trades_are_fields_beside_those_of_v3():
    """Rows with flags are the trades that `history_trade` gives, and four columns more."""
    minute = {"date": "2024-11-01", "end_time": "09:31"}
    chain = {**CHAIN, "date": DAY, **HALF}
    async with simulated(api="v2", page_rows=50) as (_, session):
        bulk = await session.option.history_trade(**chain)
        one = chain | {"strike": f"{bulk[0].strike:g}"}
        pairs = [
            (
                await session.stock.history_trade("AAPL", **minute),
                await session.stock.history_trade_flags("AAPL", **minute),
            ),
            (bulk, await session.option.history_trade_flags(**chain)),
            (
                await session.option.history_trade(**one),
                await session.option.history_trade_flags(**one),
            ),
        ]
        frame = await session.stock.history_trade_flags("AAPL", **minute).arrow()
    four = ("condition_flags", "price_flags", "volume_type", "records_back")
    for plain, more in pairs:
        assert plain
        names = type(plain[0]).__struct_fields__
        assert type(more[0]).__struct_fields__ == (*names, *four)
        assert [[getattr(row, name) for name in names] for row in plain] == [
            [getattr(row, name) for name in names] for row in more
        ]
        assert {getattr(row, name) for row in more for name in four} == {0}
    assert frame.column_names[-4:] == list(four)


@pytest.mark.parametrize("name", sorted(set(requests.operations()) - set(OPERATIONS)))
async def test_what_v2_lacks_is_refused_before_sending(name):
    """The error says why, and names the v3 terminal; nothing is sent."""
    request_type = requests.operations()[name]
    given = {
        "symbol": "SPX", "expiration": "2024-11-15", "date": DAY, "year": 2024, **AT,
        "request_type": "trade", "interval": "1m",
    }  # fmt: skip
    fields = {field.name: field for field in msgspec.structs.fields(request_type)}
    wanted = {k: v for k, v in given.items() if k in fields and fields[k].required}
    if "start_date" in fields and "start_date" not in wanted:
        wanted["date"] = DAY
    if name == "interest_rate_history_eod":
        wanted["symbol"] = "SOFR"
    request = request_type(**wanted)
    async with simulated(api="v2") as (terminal, session):
        with pytest.raises(InvalidRequest, match=r"v2 terminal.*v3 terminal \(api='v3'\)"):
            if request.flat_file:
                async with session.file_query(request).chunks():
                    pass
            else:
                await session.query(request)
        assert not terminal.ledger.requests


@pytest.mark.parametrize(
    ("name", "arguments", "word"),
    [
        ("option_history_quote", {**CHAIN, "date": DAY, **EVERY, "max_dte": 5}, "max_dte"),
        (
            "option_history_quote",
            {**CHAIN, "date": DAY, **EVERY, "strike_range": 5},
            "strike_range",
        ),
        (
            "option_history_quote",
            {**CHAIN, "expiration": "*", "date": DAY, "interval": "5m"},
            "'1m'",
        ),
        ("option_history_trade_greeks_second_order", {**CHAIN, "date": DAY}, "strike"),
        (
            "option_history_greeks_implied_volatility",
            {**ONE, "date": DAY, **TERMS},
            "annual_dividend",
        ),
        ("option_snapshot_trade", CHAIN, "strike"),
        ("option_snapshot_quote", {**ONE, "min_time": "09:45"}, "min_time"),
        ("option_snapshot_greeks_all", {**ONE, "use_market_value": True}, "use_market_value"),
        ("stock_snapshot_trade", {"symbol": "*"}, "symbol"),
        ("stock_history_trade_quote", {"symbol": "F", "date": DAY, "venue": "utp_cta"}, "venue"),
        ("stock_list_dates", {"symbol": "F,AAPL", "request_type": "trade"}, "symbol"),
        ("option_list_dates", {**ONE, "right": "both", "request_type": "trade"}, "right"),
    ],
)
async def test_words_that_v2_lacks_are_refused(name, arguments, word):
    """A parameter that would be lost on the way is an error that names it, before sending."""
    async with simulated(api="v2") as (terminal, session):
        with pytest.raises(InvalidRequest, match=f"{word}.*v3 terminal"):
            await session.query(made(name, arguments))
        assert not terminal.ledger.requests


async def test_frames_and_files_have_v3s_columns(tmp_path):
    """What is saved or framed from a v2 terminal has the columns that v3 would have sent."""
    query = TWINS["option_history_quote"][0]
    kept = {}
    for api in ("v3", "v2"):
        async with simulated(api=api, page_rows=3) as (_, session):
            asked = session.query(made("option_history_quote", query))
            for form in ("csv", "ndjson", "json"):
                path = tmp_path / f"{api}.{form}"
                await asked.save(path)
                raw = RawAnswer(
                    200,
                    {"csv": "text/csv"}.get(form, f"application/{'x-' * (form == 'ndjson')}{form}"),
                    path.read_bytes(),
                )
                kept[api, form] = raw.rows()
    columns = [field.encode_name for field in msgspec.structs.fields(thetatrio.rows.OptionQuote)]
    for form in ("csv", "ndjson", "json"):
        assert list(kept["v2", form][0]) == columns
        assert len(kept["v2", form]) == len(kept["v3", form])
    assert [row["bid_size"] for row in kept["v2", "json"]] == [
        row["bid_size"] for row in kept["v3", "json"]
    ]
