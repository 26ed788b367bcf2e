"""European options by Black, Scholes and Merton: prices, sensitivities, implied volatility.

Units are the vendor's, as one of its published rows shows them: vega, vanna
and vomma for a change of volatility by 1.00 and rho and epsilon for a change
of the rate and the yield by 1.00 (not by a percent), theta for one calendar
day, charm, veta and color for one year; ultima held between -100 and 100.
Signs of charm, veta, color: for time that passes. The vendor's own veta, vera, zomma, color
and dual gamma do not follow from that row's inputs by any textbook formula;
here they are the textbook's (Haug, The Complete Guide to Option Pricing
Formulas), so that they agree with finite differences of `price`.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

DAYS_A_YEAR: Final = 365.0
_ROOT_TWO: Final = math.sqrt(2.0)
_ROOT_TWO_PI: Final = math.sqrt(2.0 * math.pi)
_LOWEST_VOLATILITY: Final = 0.005
_HIGHEST_VOLATILITY: Final = 8.0
_FALLBACK_VOLATILITY: Final = 0.25
_NO_FIT: Final = 100.0
_ULTIMA_BOUND: Final = 100.0


class Terms(NamedTuple):
    """What an option's price depends on, its volatility apart."""

    spot: float
    strike: float
    years: float
    rate: float
    """A fraction, continuously compounded."""
    dividend_yield: float
    """A fraction, continuously compounded."""
    call: bool


class Greeks(NamedTuple):
    """Sensitivities in the vendor's order of columns."""

    delta: float
    theta: float
    vega: float
    rho: float
    epsilon: float
    leverage: float
    """The vendor's `lambda`."""
    gamma: float
    vanna: float
    charm: float
    vomma: float
    veta: float
    vera: float
    speed: float
    zomma: float
    color: float
    ultima: float
    d1: float
    d2: float
    dual_delta: float
    dual_gamma: float


class ImpliedVolatility(NamedTuple):
    """A volatility and how far its price is from the price that was asked for."""

    volatility: float
    error: float
    """Relative: |price at this volatility - price| / price; up to 100 where nothing fits."""


def _normal(x: float) -> float:
    return 0.5 * math.erfc(-x / _ROOT_TWO)


def price(terms: Terms, volatility: float) -> float:
    """Return an option's theoretical price in dollars."""
    spot, strike, years, rate, dividend_yield, call = terms
    deviation = volatility * math.sqrt(years)
    d1 = math.log(spot / strike) + (rate - dividend_yield) * years
    d1 = d1 / deviation + deviation / 2
    sign = 1.0 if call else -1.0
    forward = spot * math.exp(-dividend_yield * years) * _normal(sign * d1)
    return sign * (forward - strike * math.exp(-rate * years) * _normal(sign * (d1 - deviation)))


def implied_volatility(terms: Terms, target: float) -> ImpliedVolatility:
    """Return the volatility, to four decimals, whose price is `target`.

    A price of zero, and one that no volatility reaches, have an error of
    (up to) 100, as the vendor marks them.
    """
    if target <= 0.0:
        return ImpliedVolatility(_FALLBACK_VOLATILITY, _NO_FIT)
    low, high = _LOWEST_VOLATILITY, _HIGHEST_VOLATILITY
    if price(terms, low) < target < price(terms, high):
        # Bisection on a rising function: 8 / 2**20 is finer than the last decimal.
        for _ in range(20):
            middle = (low + high) / 2
            if price(terms, middle) < target:
                low = middle
            else:
                high = middle
    elif target >= price(terms, high):
        low = high
    volatility = round(low, 4)
    error = abs(price(terms, volatility) - target) / target
    return ImpliedVolatility(volatility, min(_NO_FIT, error))


def greeks(terms: Terms, volatility: float) -> Greeks:
    """Return all sensitivities of an option at a volatility."""
    spot, strike, years, rate, carry, call = terms
    root = math.sqrt(years)
    deviation = volatility * root
    d1 = (math.log(spot / strike) + (rate - carry) * years) / deviation + deviation / 2
    d2 = d1 - deviation
    discount, growth = math.exp(-rate * years), math.exp(-carry * years)
    density = math.exp(-d1 * d1 / 2) / _ROOT_TWO_PI
    sign = 1.0 if call else -1.0
    upper, lower = _normal(sign * d1), _normal(sign * d2)
    value = sign * (spot * growth * upper - strike * discount * lower)
    delta = sign * growth * upper
    gamma = growth * density / (spot * deviation)
    vega = spot * growth * density * root
    drift = (rate - carry) / deviation - d2 / (2 * years)
    decay = (
        -spot * growth * density * volatility / (2 * root)
        + sign * carry * spot * growth * upper
        - sign * rate * strike * discount * lower
    )
    vomma = vega * d1 * d2 / volatility
    ultima = -vega / volatility**2 * (d1 * d2 * (1 - d1 * d2) + d1 * d1 + d2 * d2)
    return Greeks(
        delta=delta,
        theta=decay / DAYS_A_YEAR,
        vega=vega,
        rho=sign * strike * years * discount * lower,
        epsilon=-sign * spot * years * growth * upper,
        leverage=max(-1e6, min(1e6, delta * spot / value)) if value > 1e-300 else 0.0,
        gamma=gamma,
        vanna=-growth * density * d2 / volatility,
        charm=sign * carry * growth * upper - growth * density * drift,
        vomma=vomma,
        veta=vega * (carry + (rate - carry) * d1 / deviation - (1 + d1 * d2) / (2 * years)),
        vera=-strike * years * discount * _density(d2) * d1 / volatility,
        speed=-gamma / spot * (d1 / deviation + 1),
        zomma=gamma * (d1 * d2 - 1) / volatility,
        color=gamma * (carry + (rate - carry) * d1 / deviation + (1 - d1 * d2) / (2 * years)),
        ultima=max(-_ULTIMA_BOUND, min(_ULTIMA_BOUND, ultima)),
        d1=d1,
        d2=d2,
        dual_delta=-sign * discount * lower,
        dual_gamma=discount * _density(d2) / (strike * deviation),
    )


def _density(x: float) -> float:
    return math.exp(-x * x / 2) / _ROOT_TWO_PI
