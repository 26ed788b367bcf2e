"""Numbers of Python, numpy, decimal and fractions, wherever the library takes a number."""

from __future__ import annotations

import math
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import thetatrio
from thetatrio import requests
from thetatrio._numbers import (
    as_decimal,
    as_float,
    as_int,
    read_decimal,
    read_float,
    read_int,
)
from thetatrio._rest.json_text import unmark
from thetatrio._rest.v2_rows import _date, _ms, _number, _strike
from thetatrio._stream import wire
from thetatrio.testing._stream.commands import _whole

WHOLE = (
    np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64,
)  # fmt: skip
FLOATS = (np.float16, np.float32, np.float64, np.longdouble)
NOT_NUMBERS = (
    *(True, False, np.True_, np.array(True), "5", b"5", None, [5], 5j, np.complex64(1)),
    *(np.timedelta64(5, "D"), np.datetime64("2024-11-04"), np.array([5]), np.str_("5"), object()),
)


@pytest.mark.parametrize("kind", WHOLE)
def test_whole_numbers_of_any_width_are_ints(kind):
    """numpy's integers, and arrays of one without dimensions, become Python's int."""
    for value in (kind(57), np.array(57, dtype=kind)):
        assert as_int(value) == 57
        assert type(as_int(value)) is int
        assert as_float(value) == 57.0
        assert as_decimal(value) == 57


@pytest.mark.parametrize("kind", FLOATS)
def test_floats_of_any_width_are_the_decimals_they_print(kind):
    """A float of 32 or 16 bits has no decimals that a conversion to 64 bits would add."""
    for value in (kind(0.05), np.array(0.05, dtype=kind)):
        assert as_float(value) == 0.05
        assert as_decimal(value) == Decimal("0.05")
        assert type(as_float(value)) is float
    assert as_int(kind(5)) is None
    assert math.isnan(as_float(kind("nan")))
    assert as_float(kind("inf")) == math.inf


@given(cents=st.integers(0, 9_999_999))
def test_every_price_of_a_float32_is_exact(cents):
    """A price in cents that a float32 can hold apart from its neighbours comes back exactly."""
    value = np.float32(cents / 100)
    decimal = as_decimal(value)
    assert np.float32(decimal) == value
    if cents < 10_000_00:  # seven digits
        assert decimal == Decimal(cents) / 100


@pytest.mark.parametrize("value", NOT_NUMBERS, ids=lambda value: type(value).__name__)
def test_what_is_not_a_number_is_not_taken_for_one(value):
    """Booleans, texts, times and arrays with dimensions are not numbers, numpy's neither."""
    assert as_int(value) is None
    assert as_float(value) is None
    assert as_decimal(value) is None


def test_numbers_that_a_float_cannot_hold_are_infinite_or_nan():
    """An int or fraction of hundreds of digits is an infinite float; a signalling NaN is NaN."""
    assert as_float(10**400) == math.inf
    assert as_float(Fraction(10**400)) == math.inf
    assert as_float(Fraction(-(10**400))) == -math.inf
    assert as_float(Fraction(1, 8)) == 0.125
    assert math.isnan(as_float(Decimal("sNaN")))


def test_a_float_that_prints_otherwise_is_its_value():
    """A narrow float of a library that prints it with its type is read by its value."""

    class Half(float):
        dtype = np.dtype("float16")
        shape = ()

        def __str__(self):
            return "half(0.5)"

    assert as_decimal(Half(0.5)) == Decimal("0.5")


@pytest.mark.parametrize("kind", [*WHOLE[1:], *FLOATS])
def test_numpys_numbers_are_accepted_wherever_a_number_is(kind):
    """Strikes, prices, counts, years and settings are the same from numpy as from Python."""
    option = thetatrio.Option("SPY", "2024-11-15", kind(57), "C")
    assert option == thetatrio.Option("SPY", "2024-11-15", 57, "C")
    day = {"expiration": "2024-11-15", "date": "2024-11-04"}
    request = requests.OptionHistoryQuote("SPY", **day, strike=kind(57))
    assert request == requests.OptionHistoryQuote("SPY", **day, strike=57)
    priced = requests.OptionSnapshotGreeksAll("SPY", expiration="*", stock_price=kind(57))
    assert priced == requests.OptionSnapshotGreeksAll("SPY", expiration="*", stock_price=57)
    timeout = thetatrio.Config(connect_timeout=kind(57)).connect_timeout
    assert timeout == 57
    assert isinstance(timeout, int | float)


@pytest.mark.parametrize("kind", WHOLE[1:])
def test_numpys_whole_numbers_are_accepted_as_counts(kind):
    """Counts and limits are Python's ints, whatever width they came in."""
    day = {"expiration": "2024-11-15", "date": "2024-11-04"}
    request = requests.OptionHistoryQuote("SPY", **day, strike_range=kind(2), max_dte=kind(0))
    assert repr(request) == repr(
        requests.OptionHistoryQuote("SPY", **day, strike_range=2, max_dte=0)
    )
    if np.iinfo(kind).max >= 2024:
        assert requests.CalendarYear(year=kind(2024)) == requests.CalendarYear(year=2024)
    config = thetatrio.Config(slots=kind(3), buffer=kind(100))
    assert (repr(config.slots), repr(config.buffer)) == ("3", "100")
    assert repr(thetatrio.Rate(kind(20))) == repr(thetatrio.Rate(20))
    assert thetatrio.RetryPolicy(max_attempts=kind(3)).max_attempts == 3
    day = thetatrio.market_time.parse_date("2024-11-04")
    moment = thetatrio.market_time.from_ms_of_day(day, kind(100))
    assert moment == thetatrio.market_time.from_ms_of_day(day, 100)


@pytest.mark.parametrize("value", [np.float32("nan"), np.float64("inf"), np.True_], ids=repr)
def test_nan_infinity_and_booleans_are_refused(value):
    """What is no number of dollars or days is InvalidRequest, from numpy too."""
    day = {"expiration": "2024-11-15", "date": "2024-11-04"}
    for name in ("strike", "strike_range", "max_dte"):
        with pytest.raises(thetatrio.InvalidRequest, match=f"{name}: "):
            requests.OptionHistoryQuote("SPY", **day, **{name: value})
    with pytest.raises(thetatrio.InvalidRequest, match="stock_price: "):
        requests.OptionSnapshotGreeksAll("SPY", expiration="*", stock_price=value)


ALIEN = ("1_0", "\uff11\uff10", "\u0661", "1\u0660", "1_0.5")


@pytest.mark.parametrize("text", ALIEN)
def test_digits_of_other_scripts_and_underscores_are_no_number(text):
    """Text is a number in ASCII digits only: what Python alone accepts was never written so."""
    for read in (read_int, read_float, read_decimal, _number, _ms, _strike, _date):
        with pytest.raises(ValueError, match="is no"):
            read(text)
    with pytest.raises(ValueError, match="is not a number"):
        unmark("\0" + text)
    with pytest.raises(thetatrio.InvalidRequest, match="strike"):
        thetatrio.Option("SPY", "2024-11-15", text, "C")
    assert _whole(text) is None


def test_plain_numbers_are_read():
    """ASCII digits are read as Python does."""
    assert (read_int("-10"), read_float("1e1"), read_decimal("10.50")) == (-10, 10.0, 10.5)
    with pytest.raises(ValueError, match="is not a number"):
        read_decimal("ten")


@pytest.mark.parametrize("text", ["1_0", "\uff11\uff10"])
def test_a_streams_numbers_are_ascii(text):
    """A request id or a strike in other digits makes a message undecodable, not another number."""
    answer = f'{{"header":{{"type":"REQ_RESPONSE","response":"SUBSCRIBED","req_id":"{text}"}}}}'
    (read,) = wire.decode(answer.encode())
    assert isinstance(read, wire.Undecoded)


def test_a_strike_between_thousandths_is_refused():
    """A strike of v2 that is no whole number of thousandths is not cut to one."""
    with pytest.raises(ValueError, match="invalid literal"):
        _strike(4800.5)


def test_a_week_of_the_year_is_no_date():
    """Of ISO's forms of a date only the vendor's is read."""
    with pytest.raises(ValueError, match="is not a date"):
        _date("2024-W01-1")
    assert _date("2024-11-04") == _date(20241104) == "2024-11-04"


def test_numpy_is_not_imported():
    """Who has no numpy needs none, and who has it does not wait for it."""
    script = (
        "import sys, thetatrio; thetatrio.Option('A', '2024-11-15', 5.5, 'C');"
        " print('numpy' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.strip() == "False"
