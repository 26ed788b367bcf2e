"""Rows of implied volatilities and Greeks: odd figures of the vendor's, and what they become."""

import json
import re

import msgspec
import pytest

from tests.answers_greeks import GREEKS_ANSWERS
from tests.table_greeks import GREEKS_TABLE
from thetatrio import rows
from thetatrio._rest.decode import decoder_for

pytestmark = pytest.mark.core

each_answer = pytest.mark.parametrize("answer", GREEKS_ANSWERS.values(), ids=list(GREEKS_ANSWERS))


def read(form, answer, body):
    """Return the rows of a body."""
    decoder = decoder_for(form, answer.row_type)
    return [*decoder.feed(body), *decoder.finish()]


def floats_of(row_type):
    """Return the wire's names of the columns that are not whole numbers."""
    return {field.encode_name for field in msgspec.structs.fields(row_type) if field.type is float}


def test_every_operation_has_an_answer():
    """But for the one whose answer `tests.answers` has, each operation has one here."""
    assert set(GREEKS_TABLE) - set(GREEKS_ANSWERS) == {"option_snapshot_greeks_all"}
    assert set(GREEKS_ANSWERS) <= set(GREEKS_TABLE)


@each_answer
def test_columns_are_those_of_the_wire_in_its_order(answer):
    """The header of CSV is the list of the row's fields."""
    header = answer.csv.decode().partition("\r\n")[0].split(",")
    assert header == [field.encode_name for field in msgspec.structs.fields(answer.row_type)]


@each_answer
def test_numbers_may_be_quoted(answer):
    """The vendor describes some Greeks as text and sends numbers; both are read as numbers."""
    quoted = re.compile(rf'"({"|".join(floats_of(answer.row_type))})":(-?[\d.]+)'.encode())
    for form, body in (("ndjson", answer.ndjson), ("json", answer.json)):
        changed, count = quoted.subn(rb'"\1":"\2"', body)
        assert count >= len(answer.rows)
        assert read(form, answer, changed) == answer.rows
    columns = json.loads(answer.columns)
    for name in floats_of(answer.row_type):
        columns[name] = [str(value) for value in columns[name]]
    assert read("json", answer, json.dumps(columns).encode()) == answer.rows


def test_a_quote_that_no_volatility_fits_is_a_row():
    """Zero is not left out and not made NaN: the row is there, with the vendor's mark."""
    first, second = GREEKS_ANSWERS["option_history_greeks_first_order"].rows
    assert (first.bid, first.ask, first.delta, first.iv_error) == (0.0, 0.0, 0.0, 100.0)
    assert (first.implied_vol, first.lambda_) == (0.25, 261.9304)
    assert (second.implied_vol, second.iv_error) == (0.5874, 0.0721)
    first, second = GREEKS_ANSWERS["option_history_greeks_implied_volatility"].rows
    assert (first.bid_implied_vol, first.implied_vol, first.iv_error) == (0.0, 0.0, 100.0)
    assert second.bid_implied_vol < second.implied_vol < second.ask_implied_vol


def test_sequences_of_trades_wrap():
    """The exchange's numbers are signed, and negative ones are kept."""
    found = GREEKS_ANSWERS["option_history_trade_greeks_all"].rows
    assert all(isinstance(row, rows.OptionTradeGreeks) for row in found)
    assert [row.sequence for row in found] == [-1391330475, -1391313694]
    assert found[1].timestamp_ny.microsecond == 220_000


def test_vega_and_rho_are_for_a_change_of_one():
    """Documented figures agree with the scale that the rows' documentation tells."""
    row = GREEKS_ANSWERS["option_history_greeks_eod"].rows[0]
    # A call at the money, four days from expiry: 0.4 of the spot, times the root of the time.
    years = (row.expiration - row.timestamp_ny.date()).days / 365
    assert row.vega == pytest.approx(0.4 * row.underlying_price * years**0.5, rel=0.1)
    # A day's theta is about half of vega, times volatility, over the days that are left.
    assert -row.theta == pytest.approx(row.vega * row.implied_vol / (2 * years * 365), rel=0.15)
