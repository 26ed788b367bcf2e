"""The tree: it becomes the closed formula, and knows early exercise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thetatrio.testing._binomial import binomial, tree
from thetatrio.testing._pricing import Terms, greeks, implied_volatility, price

few = settings(max_examples=25, deadline=None)
CALL = Terms(222.0, 220.0, 30 / 365, 0.048, 0.0, call=True)
PUT = CALL._replace(call=False)
spots = st.floats(180, 270)


@few
@given(spot=spots, vol=st.floats(0.1, 0.9), days=st.integers(1, 400))
def test_calls_without_dividends_are_european(spot, vol, days):
    """No reason to exercise: many steps come to Black and Scholes."""
    terms = CALL._replace(spot=spot, years=days / 365)
    expected = price(terms, vol)
    slack = 0.6 * spot * vol * terms.years**0.5 / 101
    assert tree(terms, vol, 101).value == pytest.approx(expected, abs=slack + 1e-9)


def test_more_steps_are_closer():
    """The distance to the formula falls with the number of steps, not with each one."""
    expected = price(CALL, 0.3)
    gaps = [abs(tree(CALL, 0.3, steps).value - expected) for steps in (10, 11, 100, 101, 1000)]
    assert max(gaps[:2]) > max(gaps[2:4]) > gaps[4]
    assert gaps[4] < 0.005


@few
@given(spot=spots, vol=st.floats(0.1, 0.9))
def test_puts_may_be_exercised(spot, vol):
    """An American put is worth no less than the European one, and than exercising it now."""
    terms = PUT._replace(spot=spot)
    value = tree(terms, vol, 101).value
    assert value >= max(220.0 - spot, 0.0) - 1e-9
    assert value >= price(terms, vol) - 0.6 * spot * vol * terms.years**0.5 / 101


def test_dividends_make_calls_exercised():
    """Deep in the money with a high yield, a call is worth its exercise."""
    terms = CALL._replace(spot=300.0, dividend_yield=0.5)
    assert tree(terms, 0.2, 51).value >= 80.0 > price(terms, 0.2)


@pytest.mark.parametrize("terms", [CALL, CALL._replace(spot=235.0), PUT._replace(rate=0.0)])
def test_sensitivities_are_the_formulas_where_exercise_is_not(terms):
    """Delta, gamma, theta, vega, rho and epsilon near those of the closed formula.

    Rho of a put apart: a rate above zero is what makes exercise worth it.
    """
    target = price(terms, 0.3)
    found, fit = binomial(terms, target, 101)
    expected = greeks(terms, 0.3)
    closed = implied_volatility(terms, target)
    assert fit.volatility == pytest.approx(closed.volatility, abs=0.003)
    assert fit.error < 1e-3
    slacks = {"delta": 0.02, "gamma": 0.05, "theta": 0.03, "vega": 0.05, "epsilon": 0.03}
    for name, slack in (slacks | {"rho": 0.03 if terms.call else 0.1, "leverage": 0.02}).items():
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=slack), name


def test_what_has_no_volatility():
    """A price of zero has none; one below exercise has the least, and an error."""
    assert binomial(CALL, 0.0, 25)[1] == (0.25, 100.0)
    found, fit = binomial(PUT._replace(spot=150.0), 60.0, 25)
    assert fit.volatility == pytest.approx(0.005)
    assert fit.error > 0.1
    assert found.delta == pytest.approx(-1.0)
    worthless = binomial(CALL._replace(spot=20.0), 1e-12, 25)
    assert worthless[0].leverage == 0.0 or worthless[1].volatility > 0.25


def test_two_steps_are_enough():
    """The smallest tree has its three first levels."""
    root = tree(CALL, 0.3, 2)
    assert root.value == pytest.approx(price(CALL, 0.3), rel=0.2)
    assert 0 < root.delta < 1
    assert root.gamma > 0
    assert root.theta < 0
