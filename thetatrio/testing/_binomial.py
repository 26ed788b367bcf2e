"""American options on a tree: Cox, Ross and Rubinstein (1979), with early exercise.

Price, delta, gamma and theta are read off the tree's own nodes; vega, rho and
epsilon are differences between trees whose volatility, rate or yield is moved
a little. What is of a higher order is the closed formula's at the tree's
implied volatility: differences of differences on a tree are mostly noise.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

from thetatrio.testing._pricing import (
    DAYS_A_YEAR,
    Greeks,
    ImpliedVolatility,
    Terms,
    greeks,
    implied_volatility,
)

_KEPT: Final = 4_096
_LOWEST: Final = 0.005
_HIGHEST: Final = 8.0
_ROUNDS: Final = 12
_CLOSE_ENOUGH: Final = 1e-5
_SMALL_RATE: Final = 1e-3
_FALLBACK: Final = ImpliedVolatility(0.25, 100.0)


class Tree(NamedTuple):
    """What the root of a tree and its first two steps say."""

    value: float
    delta: float
    gamma: float
    theta: float
    """For a calendar day."""


@lru_cache(maxsize=_KEPT)
def tree(terms: Terms, volatility: float, steps: int) -> Tree:
    """Return the price of an option on a tree of `steps` (2 or more), and what it says beside."""
    spot, strike, years, rate, carry, call = terms
    step = years / steps
    up = math.exp(volatility * math.sqrt(step))
    chance = (math.exp((rate - carry) * step) - 1 / up) / (up - 1 / up)
    # Where volatility is next to nothing, growth alone leaves the tree's range.
    chance = min(1.0, max(0.0, chance))
    discount = math.exp(-rate * step)
    rise, fall = discount * chance, discount * (1 - chance)
    sign = 1.0 if call else -1.0
    prices = [spot * up**power for power in range(-steps, steps + 1)]
    paid = [max(0.0, sign * (price - strike)) for price in prices]
    values = paid[::2]
    kept: dict[int, list[float]] = {}
    for at in range(steps - 1, -1, -1):
        now = paid[steps - at : steps + at + 1 : 2]
        values = [
            held if (held := fall * low + rise * high) > exercised else exercised
            for low, high, exercised in zip(values, values[1:], now, strict=False)
        ]
        if at <= 2:
            kept[at] = values
    if steps == 2:
        kept[2] = paid[::2]
    (value,), (down1, up1), (down2, same, up2) = kept[0], kept[1], kept[2]
    below, above = prices[steps - 2], prices[steps + 2]
    bend = (up2 - same) / (above - spot) - (same - down2) / (spot - below)
    return Tree(
        value,
        (up1 - down1) / (prices[steps + 1] - prices[steps - 1]),
        bend / ((above - below) / 2),
        (same - value) / (2 * step) / DAYS_A_YEAR,
    )


def _fit(terms: Terms, target: float, steps: int) -> ImpliedVolatility:
    if target <= 0.0:
        return _FALLBACK
    volatility = implied_volatility(terms, target).volatility
    best = ImpliedVolatility(volatility, math.inf)
    for _ in range(_ROUNDS):
        volatility = round(volatility, 4)
        gap = tree(terms, volatility, steps).value - target
        if abs(gap) / target < best.error:
            best = ImpliedVolatility(volatility, abs(gap) / target)
        slope = greeks(terms, volatility).vega
        if best.error < _CLOSE_ENOUGH or slope < _CLOSE_ENOUGH:
            break
        moved = min(_HIGHEST, max(_LOWEST, volatility - gap / slope))
        if abs(moved - volatility) < _CLOSE_ENOUGH * 5:
            break
        volatility = moved
    return best._replace(error=min(_FALLBACK.error, best.error))


@lru_cache(maxsize=_KEPT)
def binomial(terms: Terms, target: float, steps: int) -> tuple[Greeks, ImpliedVolatility]:
    """Return the volatility whose tree has the price `target`, and the sensitivities there."""
    fit = _fit(terms, target, steps)
    volatility = fit.volatility
    root = tree(terms, volatility, steps)
    wide = min(0.01, volatility / 4)
    higher, lower = (tree(terms, volatility + by, steps).value for by in (wide, -wide))

    def slope(moved: Terms) -> float:
        return (tree(moved, volatility, steps).value - root.value) / _SMALL_RATE

    rho = slope(terms._replace(rate=terms.rate + _SMALL_RATE))
    epsilon = slope(terms._replace(dividend_yield=terms.dividend_yield + _SMALL_RATE))
    leverage = root.delta * terms.spot / root.value if root.value > 1e-300 else 0.0
    found = greeks(terms, volatility)._replace(
        delta=root.delta,
        gamma=root.gamma,
        theta=root.theta,
        vega=(higher - lower) / (2 * wide),
        rho=rho,
        epsilon=epsilon,
        leverage=max(-1e6, min(1e6, leverage)),
    )
    return found, fit
