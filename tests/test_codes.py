"""Exchange, quote-condition and trade-condition tables: complete, right, and harmless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thetatrio import codes
from thetatrio.codes import EXCHANGES, QUOTE_CONDITIONS, TRADE_CONDITIONS

pytestmark = pytest.mark.core

TABLES = [EXCHANGES, QUOTE_CONDITIONS, TRADE_CONDITIONS]
NAMES = [
    (codes.exchange_symbol, EXCHANGES, "symbol"),
    (codes.quote_condition_name, QUOTE_CONDITIONS, "name"),
    (codes.trade_condition_name, TRADE_CONDITIONS, "name"),
]


def test_the_tables_are_complete():
    """Every code the vendor documents is there: 77 exchanges, 74 and 149 conditions."""
    assert sorted(EXCHANGES) == list(range(1, 78))
    assert sorted(QUOTE_CONDITIONS) == [code for code in range(75) if code != 31]
    assert sorted(TRADE_CONDITIONS) == list(range(149))


@pytest.mark.parametrize("table", TABLES)
def test_each_entry_knows_its_code(table):
    """An entry says the code it stands under, and no name is empty."""
    assert all(entry.code == code and entry.name for code, entry in table.items())


@pytest.mark.parametrize("table", TABLES)
def test_tables_cannot_be_changed(table):
    """One program's correction of a table cannot reach another part of it."""
    with pytest.raises(TypeError):
        table[0] = None


def test_exchanges_are_the_vendors():
    """Exchanges that option and stock quotes name are under their codes; 56 is put right."""
    assert EXCHANGES[1] == (1, "NQEX", "Nasdaq Exchange")
    assert EXCHANGES[5].symbol == "CBOE"
    assert EXCHANGES[56] == (56, "FCME", "CME Floor")
    assert EXCHANGES[73].symbol == "MEMX"


def test_quote_conditions_tell_firm_and_halted():
    """Whether a quote can be traded against, and whether trading stands still, is read off."""
    regular, halted, indicated = (QUOTE_CONDITIONS[code] for code in (0, 17, 21))
    assert (regular.name, regular.firm, regular.halted) == ("REGULAR", True, False)
    assert (halted.name, halted.firm, halted.halted) == ("HALTED", False, True)
    assert (indicated.name, indicated.firm, indicated.halted) == ("NON_FIRM", False, False)
    assert QUOTE_CONDITIONS[50].name == "NATIONAL_BBO"


def test_trade_conditions_tell_what_a_trade_counts_for():
    """Volume, high, low and last, late and cancelled trades are read off their condition."""
    regular, form_t, late, auto = (TRADE_CONDITIONS[code] for code in (0, 1, 2, 18))
    assert (regular.volume, regular.high, regular.low, regular.last) == (True,) * 4
    assert (form_t.volume, form_t.high, form_t.low, form_t.last) == (True, False, False, False)
    assert late.late
    assert not late.last
    assert (auto.name, auto.auto) == ("AUTO_EXECUTION", True)
    assert [c.code for c in TRADE_CONDITIONS.values() if c.cancel] == [40, 41, 42, 43, 44]
    assert not any(c.volume for c in TRADE_CONDITIONS.values() if c.cancel)


@given(code=st.integers(-(2**31), 2**31))
def test_unknown_codes_stay_numbers(code):
    """A code of next year's table is the number it is, and nothing fails because of it."""
    for name_of, table, attribute in NAMES:
        expected = getattr(table[code], attribute) if code in table else code
        assert name_of(code) == expected


def test_zero_is_an_exchange_without_a_name():
    """Exchange 0, which rows without trades have, is in no table and stays 0."""
    assert codes.exchange_symbol(0) == 0


def test_statuses_compare_as_the_terminals_words():
    """A status equals the word the terminal says, so that it can be compared and logged."""
    assert codes.TerminalStatus("CONNECTED") == "CONNECTED"
    assert codes.NO_CONDITION == 255
