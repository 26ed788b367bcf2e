"""Numbers as callers have them, Python's or numpy's of any width, and numbers in text.

numpy is not imported here. Its scalars are registered with `numbers`, and their
`dtype` says what they are: its booleans, times and complex numbers are refused.

Text from the network, a file or the command line is read by `read_int`,
`read_float` and `read_decimal`: Python alone also reads `1_0` and digits of any script.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from numbers import Integral, Rational, Real
from typing import Any, Final, cast

__all__ = ["as_decimal", "as_float", "as_int", "read_decimal", "read_float", "read_int"]

_NUMERIC: Final = frozenset("iuf")
_FLOAT_BYTES: Final = 8


def read_int(text: str) -> int:
    """Return the whole number that a text is, in ASCII digits and without underscores.

    Raises:
        ValueError: It is not a whole number.
    """
    return int(_plain(text))


def read_float(text: str) -> float:
    """Return the number that a text is, in ASCII digits and without underscores.

    Raises:
        ValueError: It is not a number.
    """
    return float(_plain(text))


def read_decimal(text: str) -> Decimal:
    """Return the decimal that a text is, in ASCII digits and without underscores.

    Raises:
        ValueError: It is not a number.
    """
    try:
        return Decimal(_plain(text))
    except InvalidOperation:
        raise ValueError(f"{text!r:.40} is not a number") from None


def _plain(text: str) -> str:
    if "_" in text or not text.isascii():
        raise ValueError(f"{text!r:.40} is not a number")
    return text


def as_int(value: object) -> int | None:
    """Return a whole number as an int.

    Args:
        value: An int or a numpy integer. True and False are not numbers, and 2.0 is not
            a whole number.

    Returns:
        The int, or None if `value` is anything else.
    """
    if type(value) is int:
        return value
    value = _scalar(value)
    if isinstance(value, bool) or not isinstance(value, Integral):
        return None
    return int(value)


def as_float(value: object) -> float | None:
    """Return a real number as a float.

    A numpy float32 or float16 becomes the float that it prints as: 0.05 stays 0.05,
    and does not become 0.05000000074505806.

    Args:
        value: A number of Python, `decimal`, `fractions` or numpy.

    Returns:
        The float, which may be NaN or infinite (so for numbers that a float cannot
        hold), or None if `value` is not a real number.
    """
    decimal = as_decimal(value)
    if decimal is None:
        return None
    return float("nan") if decimal.is_nan() else float(decimal)


def as_decimal(value: object) -> Decimal | None:
    """Return a real number as the decimal that it is written as: 147.14 is exactly 147.14.

    Args:
        value: A number of Python, `decimal`, `fractions` or numpy.

    Returns:
        The decimal, which may be NaN or infinite, or None if `value` is not a real number.
    """
    value = _scalar(value)
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    if isinstance(value, Integral):
        return Decimal(int(value))
    text = str(value) if _is_narrow(value) else repr(_float(value))
    try:
        return Decimal(text)
    except InvalidOperation:  # a float-like type that prints otherwise
        return Decimal(repr(_float(value)))


def _float(value: Real) -> float:
    try:
        return float(value)
    except OverflowError:
        negative = isinstance(value, Rational) and value < 0
        return float("-inf") if negative else float("inf")


def _scalar(value: object) -> object:
    """Return the number in an array without dimensions; anything else as it is, or None.

    None is returned for what numpy has and is not a number, although `numbers` says so,
    such as `timedelta64`.
    """
    dtype: Any = getattr(value, "dtype", None)
    if dtype is None:
        return value
    if getattr(dtype, "kind", "") not in _NUMERIC or getattr(value, "shape", None) != ():
        return None
    return value if isinstance(value, Real) else cast("Any", value)[()]


def _is_narrow(value: object) -> bool:
    # A float32 holds fewer digits than a float: as a float it has decimals that nobody wrote.
    size: object = getattr(getattr(value, "dtype", None), "itemsize", _FLOAT_BYTES)
    return isinstance(size, int) and size < _FLOAT_BYTES
