"""The same rows in every format, and the same bytes each time."""

import csv
import io
import json

import pytest

from tests.testing.client import (
    GREEKS,
    QUOTE,
    REQUESTS,
    TRADE,
    ask_once,
    ask_operation,
    body_of,
    shared,
    small,
)
from thetatrio.testing._formats import CONTENT_TYPES, clock_text

CONTRACT = ("symbol", "expiration", "strike", "right")
everything = pytest.mark.parametrize("name", sorted(REQUESTS))


def rows_of(reply, kind):
    """Rows as dictionaries of text, whatever they came in."""
    if kind == "csv":
        return list(csv.DictReader(io.StringIO(reply.text, newline="")))
    if kind == "ndjson":
        found = [parsed(line) for line in reply.text.splitlines()]
    else:
        body = parsed(reply.text)
        if "response" not in body:
            return [
                dict(zip(body, cells, strict=True)) for cells in zip(*body.values(), strict=True)
            ]
        found = []
        for row in body["response"]:
            found += [row["contract"] | data for data in row["data"]] if "data" in row else [row]
    return found


def parsed(text):
    return json.loads(text, parse_float=str, parse_int=str)


def no_nulls(rows):
    return [{name: "" if cell is None else cell for name, cell in row.items()} for row in rows]


@everything
async def test_same_seed_same_bytes(name, autojump_clock):
    """Two terminals of one seed answer alike to the byte; the type says what it is."""
    for kind, content_type in CONTENT_TYPES.items():
        one = await ask_operation(shared(), name, format=kind)
        assert one.status == 200
        assert one.whole
        assert one.headers["content-type"] == content_type
        assert one.headers["server"] == "thetatrio-simulator"
        assert one.body == body_of(shared(twin=1), name, format=kind)


@everything
async def test_formats_agree(name, autojump_clock):
    """CSV, NDJSON and both JSON shapes have the same rows with the same decimals."""
    expected = rows_of(await ask_operation(shared(), name), "csv")
    assert expected
    for kind, shape in (("ndjson", "rows"), ("json", "rows"), ("json", "columns")):
        reply = await ask_operation(shared(json_shape=shape), name, format=kind)
        assert no_nulls(rows_of(reply, kind)) == expected, (kind, shape)


@everything
async def test_csv_is_the_default(name, autojump_clock):
    """Without a format, CSV: CRLF after each line, the header first."""
    reply = await ask_operation(shared(), name)
    assert reply.headers["content-type"] == "text/csv"
    assert reply.text.endswith("\r\n")
    assert reply.text.count("\r") == reply.text.count("\n") == reply.text.count("\r\n")


async def test_cells_are_the_vendors(autojump_clock):
    """Strikes have three decimals, option prices two, Greeks four, rights are words."""
    chain = {"symbol": "AAPL", "expiration": "*", "date": "20241104"}
    rows = rows_of(await ask_once(small(), QUOTE, **chain, interval="1m"), "csv")
    first, second = rows[0], rows[1]
    assert first["strike"].split(".")[1] in ("000", "500")
    assert first["right"] == "CALL"
    assert (first["timestamp"], first["bid"], first["bid_condition"]) == (
        "2024-11-04T09:30:00",
        "0.00",
        "50",
    )
    assert len(second["ask"].split(".")[1]) == 2
    trade = rows_of(await ask_once(small(), TRADE, **chain), "csv")[0]
    assert trade["ext_condition1"] == "255"
    greek = rows_of(await ask_operation(small(), "option_snapshot_greeks_all"), "csv")[0]
    assert len(greek["vega"].split(".")[1]) == len(greek["implied_vol"].split(".")[1]) == 4
    assert "-0.0000" not in greek.values()


async def test_json_groups_options_by_contract(autojump_clock):
    """Option rows stand under their contract, each contract once, without its columns."""
    query = {"symbol": "AAPL", "expiration": "20241108", "interval": "1h"}
    span = {"start_date": "20241104", "end_date": "20241106"}
    terminal = small(day="2024-11-08")
    body = parsed((await ask_once(terminal, QUOTE, **query, **span, format="json")).text)
    contracts = [tuple(sorted(group["contract"].items())) for group in body["response"]]
    assert len(set(contracts)) == len(contracts) == 6
    for group in body["response"]:
        assert set(group["contract"]) == set(CONTRACT)
        assert not set(CONTRACT) & set(group["data"][0])
        assert {row["timestamp"][:10] for row in group["data"]} == {
            "2024-11-04",
            "2024-11-05",
            "2024-11-06",
        }


async def test_json_keys_are_in_no_order_to_rely_on(autojump_clock):
    """Keys stand as a hash map has them: not as the columns do, and always alike."""
    reply = await ask_operation(small(), "option_history_trade", format="ndjson")
    orders = {tuple(json.loads(line)) for line in reply.text.splitlines()}
    head = (await ask_operation(small(), "option_history_trade")).text.split("\r\n")[0]
    assert len(orders) == 1
    assert orders != {tuple(head.split(","))}


async def test_null_is_an_empty_cell(autojump_clock):
    """A closed day has no times: empty in CSV, null in JSON."""
    text = (await ask_operation(small(), "calendar_year")).text
    assert "2024-11-28,full_close,,\r\n" in text
    assert "2024-12-24,early_close,09:30:00,13:00:00\r\n" in text
    rows = json.loads((await ask_operation(small(), "calendar_year", format="json")).text)
    assert {"date": "2024-11-28", "type": "full_close", "open": None, "close": None} in rows[
        "response"
    ]


async def test_html_is_a_table(autojump_clock):
    """A browser gets one row for each row."""
    text = (await ask_operation(small(), "stock_list_symbols", format="html")).text
    assert text.startswith("<!DOCTYPE html>")
    assert "<tr><td>AAPL</td></tr>" in text


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (34_200_000, "09:30:00"),
        (34_200_471, "09:30:00.471"),
        (62_134_350, "17:15:34.35"),
        (62_134_300, "17:15:34.3"),
        (62_134_005, "17:15:34.005"),
        (0, "00:00:00"),
    ],
)
def test_fractions_are_trimmed(ms, text):
    """A time has no more digits than it needs."""
    assert clock_text(ms) == text


async def test_lengths(autojump_clock):
    """A short body says its length, a long one comes in chunks."""
    short = await ask_operation(small(), "stock_list_symbols")
    assert int(short.headers["content-length"]) == len(short.body)
    long = await ask_once(
        small(), QUOTE, symbol="AAPL", expiration="*", date="20241104", interval="1m"
    )
    assert long.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in long.headers


async def test_greeks_are_those_of_the_quote(autojump_clock):
    """A snapshot's implied volatility prices its quote's middle; parameters are honoured."""
    from thetatrio.testing._pricing import Terms, price

    query = {"symbol": "AAPL", "expiration": "*"}
    terminal = small()
    rows = rows_of(await ask_once(terminal, GREEKS, **query), "csv")
    fitted = 0
    for row in rows:
        days = {"2024-11-08": 4, "2024-11-15": 11}[row["expiration"]]
        terms = Terms(
            float(row["underlying_price"]), float(row["strike"]), days / 365, 0.0482, 0.0,
            row["right"] == "CALL",
        )  # fmt: skip
        middle = (float(row["bid"]) + float(row["ask"])) / 2
        if float(row["iv_error"]) < 0.01:
            fitted += 1
            assert price(terms, float(row["implied_vol"])) == pytest.approx(middle, rel=0.01)
    assert fitted >= 10
    first = rows[0]
    for change in (
        {"rate_value": "9"},
        {"rate_type": "treasury_y2"},
        {"annual_dividend": "5"},
        {"stock_price": "230"},
        {"use_market_value": "true"},
    ):
        changed = rows_of(await ask_once(terminal, GREEKS, **query, **change), "csv")[0]
        assert changed != first, change
    today = {"symbol": "SPXW", "expiration": "20241104"}
    late = rows_of(await ask_once(terminal, GREEKS, **today), "csv")
    fixed = rows_of(await ask_once(terminal, GREEKS, **today, version="1"), "csv")
    assert late != fixed
