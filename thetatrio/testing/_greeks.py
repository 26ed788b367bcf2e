"""From a price at a moment to sensitivities: the numbers of a row with Greeks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from thetatrio.testing import _binomial
from thetatrio.testing._calendar import close_ms
from thetatrio.testing._operations import Arguments
from thetatrio.testing._options import OptionTape, years_to
from thetatrio.testing._pricing import Greeks, ImpliedVolatility, Terms, greeks, implied_volatility
from thetatrio.testing._tape import Quote, market_value

ALL: Final = (
    "delta",
    "theta",
    "vega",
    "rho",
    "epsilon",
    "lambda",
    "gamma",
    "vanna",
    "charm",
    "vomma",
    "veta",
    "vera",
    "speed",
    "zomma",
    "color",
    "ultima",
    "d1",
    "d2",
    "dual_delta",
    "dual_gamma",
)
"""Names in the order of `Greeks`."""
ORDERS: Final = {
    "all": ALL,
    "first_order": ALL[:6],
    "second_order": ALL[6:11],
    "third_order": ALL[12:16],
    "implied_volatility": (),
}
"""Which of them each kind of answer has."""

Model: TypeAlias = Callable[[Terms, float, int], tuple[Greeks, ImpliedVolatility]]
"""From terms, a price and steps of a tree to sensitivities and a volatility."""


class Underlying(NamedTuple):
    """An underlying's price, and when it was that."""

    ms: int
    price: float


def closed_form(terms: Terms, value: float, steps: int) -> tuple[Greeks, ImpliedVolatility]:
    """Return what the closed formula says; it has no steps."""
    del steps
    fit = implied_volatility(terms, value)
    return greeks(terms, fit.volatility), fit


binomial: Final[Model] = _binomial.binomial


def underlying_of(tape: OptionTape, ms: int, arguments: Arguments) -> Underlying:
    """Return the underlying at a moment: what its own history has then, or the price given."""
    moment = min(ms - ms % 1000, close_ms(tape.date))
    return Underlying(moment, arguments.stock_price or tape.underlying_at(ms))


def value_of(quote: Quote, arguments: Arguments) -> float:
    """Return a quote's middle; with `use_market_value` the price its sizes weigh."""
    return market_value(quote) if arguments.use_market_value else (quote.bid + quote.ask) / 2


def terms_of(tape: OptionTape, ms: int, spot: float, arguments: Arguments) -> Terms:
    """Return what an option is priced with at a moment, as a request says."""
    percent = arguments.rate_value
    if percent is None:
        percent = tape.rate_percent(arguments.rate_type)
    dividend = arguments.annual_dividend_amount
    if dividend is None:
        dividend = arguments.annual_dividend
    return tape.terms(ms)._replace(
        spot=spot,
        years=years_to(tape.contract.expiration, tape.date, ms, arguments.version),
        rate=percent / 100,
        dividend_yield=math.log1p(max(0.0, dividend) / spot),
    )


def _shown(number: float) -> float:
    # Rounded here, and -0.0 made 0.0, so that no cell reads -0.0000.
    return round(number, 4) + 0.0


def greeks_row(
    tape: OptionTape,
    value: float,
    ms: int,
    arguments: Arguments,
    *,
    order: str = "all",
    model: Model = closed_form,
    underlying: Underlying | None = None,
) -> tuple[float, ...]:
    """Return an order's sensitivities, implied volatility, its error, the underlying's
    time and price, for an option that is worth `value` at a millisecond of the day.
    """  # noqa: D205 - one list
    if underlying is None:
        underlying = underlying_of(tape, ms, arguments)
    terms = terms_of(tape, ms, underlying.price, arguments)
    found, fit = model(terms, value, arguments.binomial_steps)
    names = ORDERS[order]
    first = ALL.index(names[0]) if names else 0
    numbers = map(_shown, (*found[first : first + len(names)], *fit))
    return (*numbers, *underlying)


def volatility_row(tape: OptionTape, quote: Quote, arguments: Arguments) -> tuple[float, ...]:
    """Return bid, middle and ask, each with its volatility, the middle's error, the underlying.

    A price of zero has a volatility of zero.
    """
    underlying = underlying_of(tape, quote.ms, arguments)
    terms = terms_of(tape, quote.ms, underlying.price, arguments)
    prices = (quote.bid, (quote.bid + quote.ask) / 2, quote.ask)
    fits = [implied_volatility(terms, price) for price in prices]
    row: list[float] = []
    for price, fit in zip(prices, fits, strict=True):
        row += (price, fit.volatility if price > 0 else 0.0)
    return (*row, _shown(fits[1].error), *underlying)
