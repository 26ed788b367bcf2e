"""Prices, sensitivities and implied volatility."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thetatrio.testing._pricing import Terms, greeks, implied_volatility, price

CASES = [
    Terms(225.0, 210.0, 0.5, 0.04, 0.012, call=True),
    Terms(225.0, 240.0, 0.5, 0.04, 0.012, call=False),
    Terms(5700.0, 5700.0, 4 / 365, 0.05, 0.0, call=True),
]


def slope(function, step):
    return (function(step) - function(-step)) / (2 * step)


@pytest.mark.parametrize("terms", CASES, ids=["call", "put", "short"])
def test_greeks_are_slopes_of_prices(terms):
    """Each sensitivity is the finite difference of what it is the sensitivity of."""
    vol = 0.3
    found = greeks(terms, vol)

    def moved(field, measure):
        size = {"spot": 1e-5 * terms.spot, "strike": 1e-5 * terms.strike, "years": 1e-5}
        return slope(
            lambda by: measure(terms._replace(**{field: getattr(terms, field) + by}), vol),
            size.get(field, 1e-6) * (terms.years if field == "years" else 1),
        )

    def bent(measure):
        return slope(lambda by: measure(terms, vol + by), 1e-5)

    def one(name):
        return lambda terms, vol: getattr(greeks(terms, vol), name)

    expected = {
        "delta": moved("spot", price),
        "gamma": moved("spot", one("delta")),
        "speed": moved("spot", one("gamma")),
        "theta": -moved("years", price) / 365,
        "charm": -moved("years", one("delta")),
        "veta": -moved("years", one("vega")),
        "color": -moved("years", one("gamma")),
        "rho": moved("rate", price),
        "epsilon": moved("dividend_yield", price),
        "vega": bent(price),
        "vanna": bent(one("delta")),
        "vomma": bent(one("vega")),
        "zomma": bent(one("gamma")),
        "vera": bent(one("rho")),
        "dual_delta": moved("strike", price),
        "dual_gamma": moved("strike", one("dual_delta")),
        "leverage": found.delta * terms.spot / price(terms, vol),
    }
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, rel=2e-4, abs=1e-7), name
    assert found.ultima == pytest.approx(max(-100, min(100, bent(one("vomma")))), rel=1e-3)


def test_units_are_the_vendors():
    """A row the vendor publishes is met to its inputs' precision: units and signs are its own."""
    found = greeks(Terms(221.87, 220.0, 4 / 365, 0.0479, 0.0, call=True), 0.3334)
    for name, published in {
        "delta": 0.6083, "theta": -0.3892, "vega": 8.9221, "rho": 1.4334, "epsilon": -1.4791,
        "leverage": 32.3623, "gamma": 0.0495, "vanna": -0.2765, "charm": 3.6779, "vomma": 1.7667,
        "ultima": -15.6407, "d1": 0.2750, "d2": 0.2401, "dual_delta": -0.5945,
    }.items():  # fmt: skip
        assert getattr(found, name) == pytest.approx(published, rel=3e-3), name


@given(st.floats(0.6, 1.6), st.floats(2 / 365, 2.0), st.floats(0.08, 1.5), st.booleans())
def test_implied_volatility_gives_the_price_back(moneyness, years, vol, call):
    """The fitted volatility prices the option as it was priced."""
    terms = Terms(100.0, 100.0 * moneyness, years, 0.05, 0.0, call)
    target = price(terms, vol)
    fit = implied_volatility(terms, target)
    if greeks(terms, vol).vega > 0.5 and target > 0.05:
        assert fit.volatility == pytest.approx(vol, abs=2e-4)
        assert fit.error == pytest.approx(
            abs(price(terms, fit.volatility) - target) / target, abs=1e-12
        )


def test_prices_no_volatility_fits():
    """A price of zero, one below the intrinsic value and one above the stock are marked so."""
    terms = Terms(100.0, 50.0, 0.5, 0.0, 0.0, call=True)
    assert implied_volatility(terms, 0.0) == (0.25, 100.0)
    assert implied_volatility(terms, 40.0).error == pytest.approx(0.25)
    assert implied_volatility(terms, 120.0).volatility == 8.0
    assert implied_volatility(terms, 0.001).error == 100.0


@given(st.floats(0.5, 2.0), st.floats(1 / 8760, 2.0), st.floats(0.05, 2.0))
def test_put_call_parity(moneyness, years, vol):
    """A call less a put is the forward, exactly."""
    call = Terms(100.0, 100.0 * moneyness, years, 0.05, 0.01, call=True)
    forward = 100.0 * math.exp(-0.01 * years) - call.strike * math.exp(-0.05 * years)
    difference = price(call, vol) - price(call._replace(call=False), vol)
    assert difference == pytest.approx(forward, abs=1e-9)


def test_worthless_options_have_no_leverage():
    """An option whose price is zero in floating point does not divide by it."""
    found = greeks(Terms(100.0, 1e6, 1 / 8760, 0.0, 0.0, call=True), 0.05)
    assert found.leverage == 0.0
    assert found.delta == 0.0
