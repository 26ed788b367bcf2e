"""Contract values: one contract however it is spelled, and exact to a tenth of a cent."""

import copy
import datetime as dt
import decimal
import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thetatrio.contracts import (
    Index,
    Option,
    Stock,
    index_of_root,
    normalise_right,
    normalise_symbol,
    roots_of_index,
    same_share_class,
    strike_text,
    strike_thousandths,
    without_share_class_mark,
)
from thetatrio.errors import InvalidRequest, WrongCall

pytestmark = pytest.mark.core

EXPIRATION = dt.date(2024, 3, 15)
SPXW = Option("SPXW", EXPIRATION, 4800, "C")

symbols = st.from_regex(r"[A-Z][A-Z0-9.]{0,5}", fullmatch=True)
dates = st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31))
thousandths = st.integers(0, 10**8 - 1)
options = st.builds(
    lambda symbol, date, strike, right: Option(symbol, date, strike_text(strike), right),
    symbols,
    dates,
    thousandths,
    st.sampled_from("CP"),
)


@pytest.mark.parametrize("symbol", ["SPXW", " spxw "])
@pytest.mark.parametrize("expiration", [EXPIRATION, "2024-03-15", "20240315"])
@pytest.mark.parametrize("strike", [4800, 4800.0, Decimal(4800), "4800", "4800.000", "4.8E3"])
@pytest.mark.parametrize("right", ["C", "c", "CALL", "call", "Call"])
def test_an_option_is_one_value_however_it_is_spelled(symbol, expiration, strike, right):
    """All spellings of one contract are equal, hash equally and find each other in a dict."""
    option = Option(symbol, expiration, strike, right)
    assert option == SPXW
    assert hash(option) == hash(SPXW)
    assert {SPXW: 1}[option] == 1
    assert (option.symbol, option.expiration, option.right) == ("SPXW", EXPIRATION, "C")


@pytest.mark.parametrize(
    ("strike", "expected"),
    [(0.5, 500), (2.5, 2500), (147.14, 147_140), (4800, 4_800_000), (1.005, 1005), (0, 0),
     ("147.14", 147_140), (99_999.999, 99_999_999), (-0.0, 0)],
)  # fmt: skip
def test_strikes_are_exact(strike, expected):
    """Dollars become thousandths without a cent lost to binary fractions, and come back."""
    assert strike_thousandths(strike) == expected
    option = Option("A", EXPIRATION, strike, "P")
    assert option.strike_thousandths == expected
    assert option.strike == expected / 1000


@given(strike=st.integers(0, 10**8 - 1))
def test_every_strike_round_trips(strike):
    """Any thousandth is the same strike as a float, a Decimal and text in dollars."""
    assert strike_thousandths(strike / 1000) == strike
    assert strike_thousandths(Decimal(strike) / 1000) == strike
    assert strike_thousandths(strike_text(strike)) == strike


@pytest.mark.parametrize(
    "strike",
    [
        -1, 10**5, 10**6, 1e300, "1e999999", 0.0001, "0.5001", "abc", "", None, True, b"5", [5],
        float("nan"), float("inf"), Decimal("sNaN"), Decimal("-Infinity"),
        Decimal("4800." + "0" * 40 + "1"),
    ],
)  # fmt: skip
def test_what_is_no_strike_is_refused(strike):
    """Negative, too fine, too large and non-numbers are a ValueError, never rounded away."""
    with pytest.raises(ValueError, match="strike"):
        strike_thousandths(strike)


@pytest.mark.parametrize("strike", [573000, 573000.0, "573000", Decimal(573000)])
def test_a_strike_in_thousandths_is_refused_with_its_dollars(strike):
    """No option has a strike of 100,000 dollars or more: it is v2's unit, and the error says so."""
    hint = "v2 counts in thousandths of a dollar: strike=573000.* there is strike=573.000 here"
    with pytest.raises(InvalidRequest, match=hint):
        Option("SPY", "2024-11-15", strike, "C")
    assert Option("SPY", "2024-11-15", "99999.999", "C").occ_symbol.endswith("99999999")


@pytest.mark.parametrize("strike", [100_000, 10**9, float("inf"), float("nan"), -573000])
def test_only_what_can_be_thousandths_has_their_hint(strike):
    """The hint is in the error of 100,000 to 1,000,000,000, which thousandths can be."""
    with pytest.raises(ValueError, match="0 to 99999.999") as caught:
        strike_thousandths(strike)
    assert ("thousandths" in str(caught.value)) is (strike == 100_000)


@pytest.mark.parametrize("value", [5, None, b"SPXW  240315C04800000", ["SPXW"]])
def test_an_occ_symbol_is_text(value):
    """A number or bytes in place of an OCC symbol is InvalidRequest."""
    with pytest.raises(InvalidRequest, match="is not an OCC symbol"):
        Option.from_occ(value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Option("SPY", "2024-11-15", 573), "Option: must be given: right"),
        (lambda: Option("SPY   241115C00573000"), r"Option.from_occ\(text\) reads an OCC symbol"),
        (lambda: Option("SPY", exp="2024-11-15", strike=573, right="C"), "mean 'expiration'"),
        (lambda: Stock("AAPL", "MSFT"), "Stock: only symbol is positional, and 2 came"),
        (Index, "Index: must be given: symbol"),
    ],
)
def test_wrong_arguments_of_a_contract_are_explained(call, message):
    """A contract with wrong arguments is WrongCall, a TypeError that names what it takes."""
    with pytest.raises(WrongCall, match=message):
        call()


@pytest.mark.parametrize(
    ("contract", "hint"),
    [(SPXW, "strike=option.strike"), (Stock("AAPL"), "pass its symbol, 'AAPL'"), (5, "got 5$")],
)
def test_a_contract_is_not_a_symbol(contract, hint):
    """A contract where a symbol is expected is refused with what to pass."""
    with pytest.raises(ValueError, match=hint):
        normalise_symbol(contract)


def test_strikes_do_not_depend_on_the_callers_decimal_context():
    """A program that computes with few digits gets the same strikes."""
    with decimal.localcontext(prec=9):
        assert strike_thousandths("147.14000000000000") == 147_140


def test_a_float_of_another_library_is_a_float():
    """A strike out of a data frame is the strike its number shows."""

    class Float64(float):
        def __repr__(self):
            return f"np.float64({float(self)!r})"

    assert strike_thousandths(Float64(147.14)) == 147_140


@given(option=options)
def test_occ_symbols_round_trip(option):
    """Any option whose symbol fits is the same one after OCC/OSI spelling, padded or not."""
    text = option.occ_symbol
    assert len(text) == 21
    assert Option.from_occ(text) == option
    assert Option.from_occ(text.replace(" ", "").lower()) == option


def test_occ_symbols_are_the_markets():
    """Root padded to six, YYMMDD, right, strike in thousandths with eight digits."""
    assert SPXW.occ_symbol == "SPXW  240315C04800000"
    assert Option("F", "2025-01-17", 0.5, "put").occ_symbol == "F     250117P00000500"
    assert Option.from_occ("BRKB  250117C00500000") == Option("BRKB", "2025-01-17", 500, "C")


@pytest.mark.parametrize(
    "text",
    ["", "SPXW", "SPXW  240315C0480000", "SPXW  240315X04800000", "TOOLONG240315C04800000",
     "SPXW  241315C04800000", "SPXW  ٢٤0315C04800000"],
)  # fmt: skip
def test_what_is_no_occ_symbol_is_refused(text):
    """Anything that is not exactly such a symbol is InvalidRequest, and nothing is guessed."""
    with pytest.raises(InvalidRequest):
        Option.from_occ(text)


@pytest.mark.parametrize(
    "option",
    [
        Option("TOOLONG", EXPIRATION, 5, "C"),
        Option.from_row("A", EXPIRATION, 100_000, "C"),
        Option("A", dt.date(1999, 12, 31), 5, "C"),
    ],
)
def test_no_occ_symbol_is_made_that_would_not_come_back(option):
    """A root, strike or year that the form has no room for is refused rather than cut."""
    with pytest.raises(InvalidRequest, match="does not fit"):
        _ = option.occ_symbol


def test_every_problem_is_named_at_once():
    """Four wrong arguments are four problems in one error, each under its argument's name."""
    with pytest.raises(InvalidRequest) as caught:
        Option("SP XW", "2024-02-30", -1, "X")
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "symbol",
        "expiration",
        "strike",
        "right",
    ]
    assert all(problem in str(caught.value) for problem in caught.value.problems)


@pytest.mark.parametrize("cls", [Stock, Index])
@pytest.mark.parametrize("symbol", ["", "A B", "A,B", "*", "é", "A" * 33, 5, None])
def test_what_is_no_symbol_is_refused(cls, symbol):
    """A list, a wildcard, a space or nothing is no contract."""
    with pytest.raises(InvalidRequest, match="symbol"):
        cls(symbol)


def test_symbols_are_normalised():
    """Tickers are upper case without outer space, whatever marks they have."""
    assert Stock(" brk.b ") == Stock("BRK.B")
    assert [normalise_symbol(s) for s in ("^vix", "bf/b", "$spx")] == ["^VIX", "BF/B", "$SPX"]
    assert [normalise_right(r) for r in ("call", " P ", "put", "c")] == ["C", "P", "P", "C"]
    with pytest.raises(ValueError, match="right"):
        normalise_right(1)


def test_stocks_and_indices_of_one_name_are_different():
    """`Stock("SPX")` is not `Index("SPX")`, in a comparison, in a set and in order."""
    assert Stock("SPX") != Index("SPX")
    assert len({Stock("SPX"), Index("SPX"), Stock("spx")}) == 2
    assert Stock("SPX") != "SPX"
    with pytest.raises(TypeError):
        _ = Stock("SPX") < Index("SPX")
    with pytest.raises(TypeError):
        sorted([SPXW, Stock("SPX")])
    assert SPXW != "SPXW"


def test_indices_know_their_roots():
    """Monthlies and weeklies of an index are found from it, and it from each of them."""
    assert roots_of_index("spx") == ("SPX", "SPXW", "SPXQ", "SPXPM")
    assert roots_of_index("NDX") == ("NDX", "NDXP")
    assert roots_of_index("AAPL") == ()
    assert [index_of_root(root) for root in ("SPXW", "VIX", "AAPL")] == ["SPX", "VIX", None]
    assert SPXW.underlying == Index("SPX")
    assert Option("AAPL", EXPIRATION, 5, "C").underlying == Stock("AAPL")


@pytest.mark.parametrize("contract", [Stock("A"), Index("SPX"), SPXW])
def test_contracts_cannot_be_changed(contract):
    """A key of a dict stays the key it was: setting and deleting attributes is refused."""
    with pytest.raises(AttributeError):
        contract.symbol = "B"
    with pytest.raises(AttributeError):
        del contract.symbol
    with pytest.raises(AttributeError):
        contract.note = "mine"


@pytest.mark.parametrize("contract", [Stock("A"), Index("SPX"), SPXW])
def test_contracts_survive_pickling_and_copying(contract):
    """A contract sent to another process, or copied, is equal and hashes equally there."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(contract, protocol))
        assert again == contract
        assert hash(again) == hash(contract)
    assert copy.deepcopy(contract) == contract


@given(option=options)
def test_the_repr_is_the_contract(option):
    """What is printed can be pasted, and is the same option."""
    assert eval(repr(option), {"Option": Option}) == option


def test_what_is_printed_reads_well():
    """A log line says symbol, date, strike and right as people do."""
    assert str(SPXW) == "SPXW 2024-03-15 4800 C"
    assert (str(Stock("A")), repr(Index("SPX"))) == ("A", "Index('SPX')")


@given(chain=st.lists(options, max_size=8))
def test_order_is_by_symbol_expiration_strike_and_right(chain):
    """Sorting a chain sorts strikes as numbers, within an expiration within a symbol."""
    key = [(o.symbol, o.expiration, o.strike_thousandths, o.right) for o in sorted(chain)]
    assert key == sorted(key)
    assert Stock("A") < Stock("B")


@given(option=options, word=st.sampled_from([("C", "P"), ("CALL", "PUT"), ("call", "put")]))
def test_rows_give_the_same_contract(option, word):
    """An option made from an answer's columns equals the one the user wrote."""
    right = word["CP".index(option.right)]
    row = Option.from_row(option.symbol, option.expiration, option.strike, right)
    assert row == option
    assert hash(row) == hash(option)


@pytest.mark.parametrize("spelling", ["BRK.B", "BRK/B", "brk-b", "BRKB"])
def test_spellings_of_a_share_class_compare(spelling):
    """Stocks and options of one class are spelled differently; contracts stay exact."""
    assert same_share_class("BRK.B", spelling)
    assert without_share_class_mark(spelling) == "BRKB"
    assert not same_share_class("BRK.A", spelling)
    assert Stock("BRK.B") != Stock("BRKB")
