"""Rows: aware times over the wire's wall clock, contracts, values that cannot change."""

import copy
import datetime as dt
import inspect
import pickle
from typing import get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.answers import ANSWERS, at
from thetatrio import rows
from thetatrio.contracts import Option
from thetatrio.market_time import NEW_YORK
from thetatrio.requests import operations, v2

pytestmark = pytest.mark.core

SAMPLES = [pytest.param(answer.rows[0], id=name) for name, answer in ANSWERS.items()]
OPTION_ROWS = [
    pytest.param(row, id=f"{name}-{number}")
    for name, answer in ANSWERS.items()
    for number, row in enumerate(answer.rows)
    if isinstance(row, rows.OptionRow)
]


def kinds(base=rows.Row):
    """Return every row class of the package, bases included."""
    found = [base]
    for child in base.__subclasses__():
        if child.__module__.startswith("thetatrio."):  # other tests have rows of their own
            found += kinds(child)
    return found


def test_every_kind_of_row_is_exported_and_used():
    """Each row class is a public name of the package, and answers some operation or is a base."""
    public = {name for name, value in vars(rows).items() if isinstance(value, type)}
    assert public == {kind.__name__ for kind in kinds()}
    assert all(getattr(rows, kind.__name__) is kind for kind in kinds())
    every = (*operations().values(), *v2.operations().values())
    answers = {request.row_type() for request in every}
    assert answers <= set(kinds())
    assert all(kind in answers or kind.__subclasses__() for kind in kinds())


def test_every_column_is_documented_by_name():
    """Attributes have the vendor's names, but for `_ny` on times and `lambda_`."""
    for kind in kinds():
        hints = get_type_hints(kind)
        for field in msgspec.structs.fields(kind):
            expected = field.encode_name
            if hints[field.name] in (dt.datetime, dt.datetime | None):
                expected += "_ny"
            assert field.name == {"lambda": "lambda_"}.get(expected, expected)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_wall_clock_field_has_an_aware_property(kind):
    """For each `x_ny` there is an `x`, documented, that is the same reading in New York."""
    names = [name for name in kind.__struct_fields__ if name.endswith("_ny")]
    for name in names:
        member = inspect.getattr_static(kind, name.removesuffix("_ny"))
        assert isinstance(member, property)
        assert member.__doc__
    for answer in ANSWERS.values():
        for row in answer.rows:
            if type(row) is kind:
                for name in names:
                    naive, aware = getattr(row, name), getattr(row, name.removesuffix("_ny"))
                    assert naive.tzinfo is None
                    assert aware.tzinfo is NEW_YORK
                    assert aware.replace(tzinfo=None) == naive


@pytest.mark.parametrize(
    ("wall", "utc"),
    [
        ("2024-03-08T09:30:00", "2024-03-08T14:30:00"),
        ("2024-03-11T09:30:00", "2024-03-11T13:30:00"),
        ("2024-11-01T16:00:00", "2024-11-01T20:00:00"),
        ("2024-11-04T16:00:00", "2024-11-04T21:00:00"),
        ("2024-11-03T01:30:00", "2024-11-03T05:30:00"),
    ],
)
def test_times_are_new_yorks_on_both_sides_of_the_change(wall, utc):
    """09:30 is 09:30 all year; the moment it means moves with daylight saving."""
    row = rows.Price(at(wall), 1.0)
    # Not compared as they are: in the repeated hour, Python holds no two zones equal.
    assert row.timestamp.astimezone(dt.UTC) == at(utc).replace(tzinfo=dt.UTC)
    assert row.timestamp.strftime("%H:%M") == wall[11:16]


@pytest.mark.parametrize("row", OPTION_ROWS)
def test_option_rows_have_their_contract(row):
    """`.contract` equals the contract made by hand, so that it can be looked up and asked for."""
    expected = Option(row.symbol, row.expiration, row.strike, row.right)
    assert row.contract == expected
    assert hash(row.contract) == hash(expected)
    assert {expected: "found"}[row.contract] == "found"
    assert isinstance(row.contract.right, str)
    assert row.contract.right == row.right[0]


@given(st.integers(0, 10**9 - 1))
def test_every_strike_survives_the_way_through_dollars(thousandths):
    """A strike in dollars as the wire has it gives back its thousandths exactly."""
    row = rows.ListedContract("SPXW", dt.date(2024, 3, 15), thousandths / 1000, "PUT")
    assert row.contract.strike_thousandths == thousandths
    assert row.contract.strike == row.strike


@pytest.mark.parametrize("row", SAMPLES)
def test_rows_cannot_be_changed(row):
    """Attributes can neither be set, nor added, nor taken away."""
    name = type(row).__struct_fields__[0]
    for attribute in (name, "something"):
        with pytest.raises(AttributeError):
            setattr(row, attribute, 1)
    with pytest.raises(AttributeError):
        delattr(row, name)


@pytest.mark.parametrize("row", SAMPLES)
def test_rows_compare_by_value_and_hash(row):
    """Equal rows are equal and hash equally; another value, or another kind, is another row."""
    again = type(row)(*(getattr(row, name) for name in type(row).__struct_fields__))
    assert again == row
    assert hash(again) == hash(row)
    assert len({row, again, copy.copy(row), copy.deepcopy(row)}) == 1
    name = type(row).__struct_fields__[0]
    other = msgspec.structs.replace(row, **{name: None})
    assert other != row
    assert row != tuple(getattr(row, name) for name in type(row).__struct_fields__)


@pytest.mark.parametrize("row", SAMPLES)
def test_rows_survive_pickling(row):
    """Rows go to other processes and back."""
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(row, protocol)) == row


def test_lambda_has_an_underscore():
    """The Greek whose name Python keeps for itself is `lambda_`; on the wire it is `lambda`."""
    row = ANSWERS["option_snapshot_greeks_all"].rows[0]
    assert row.lambda_ == 3.2071
    assert msgspec.to_builtins(row)["lambda"] == 3.2071


def test_a_row_shows_its_values():
    """The repr of a row names every value, for logs and failing tests."""
    row = rows.ListedContract("AAPL", dt.date(2024, 11, 8), 220.0, "CALL")
    assert repr(row) == (
        "ListedContract(symbol='AAPL', expiration=datetime.date(2024, 11, 8), strike=220.0,"
        " right='CALL')"
    )


WITHOUT_MARKET = [
    (rows.StockQuote, ("bid", "ask")),
    (rows.OptionQuote, ("bid", "ask")),
    (rows.Ohlc, ("open", "high", "low", "close")),
    (rows.OptionOhlc, ("open", "high", "low", "close")),
    (rows.OptionEod, ("open", "high", "low", "close", "bid", "ask")),
    (rows.Eod, ("open", "high", "low", "close", "bid", "ask")),
]


@pytest.mark.parametrize(("kind", "prices"), WITHOUT_MARKET)
def test_a_row_of_zeros_says_that_it_is_empty(kind, prices):
    """Bars without trades, quotes before the open: rows stay, and `is_empty` tells them."""
    row = next(row for answer in ANSWERS.values() for row in answer.rows if type(row) is kind)
    row = msgspec.structs.replace(row, **dict.fromkeys(prices, 1.0))
    assert not row.is_empty
    empty = msgspec.structs.replace(row, **dict.fromkeys(prices, 0.0))
    assert empty.is_empty
    for name in prices:
        assert not msgspec.structs.replace(empty, **{name: 0.01}).is_empty


def test_an_expired_contract_is_told_by_the_day():
    """Snapshots can have contracts that expired the day before; the expiry's day is not over."""
    (row, *_) = ANSWERS["option_snapshot_quote"].rows
    assert not row.expired_on(row.expiration)
    assert row.expired_on(row.expiration + dt.timedelta(1))
