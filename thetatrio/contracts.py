"""Contract values: what a request, a row or an event is about.

`Stock`, `Index` and `Option` are immutable and hashable. An option is the same
option however it was spelled: strikes are kept as integer thousandths of a
dollar (what the stream and v2 use), rights as `C` or `P`.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from functools import total_ordering
from typing import Final, Literal, NoReturn, TypeAlias, cast, final

from thetatrio._calls import explain_constructor
from thetatrio._numbers import as_decimal, read_decimal
from thetatrio.errors import InvalidRequest
from thetatrio.market_time import parse_date

__all__ = [
    "Contract",
    "Index",
    "Option",
    "Right",
    "Stock",
    "StrikeLike",
    "index_of_root",
    "normalise_right",
    "normalise_symbol",
    "roots_of_index",
    "same_share_class",
    "strike_text",
    "strike_thousandths",
    "without_share_class_mark",
]

Right: TypeAlias = Literal["C", "P"]
StrikeLike: TypeAlias = float | Decimal | str

# Index -> roots its options trade under; the first is the AM-settled monthly
# one where the index has two (gotcha: weeklies and 0DTE are under the second).
_INDEX_ROOTS: Final[dict[str, tuple[str, ...]]] = {
    "SPX": ("SPX", "SPXW", "SPXQ", "SPXPM"),
    "VIX": ("VIX", "VIXW"),
    "RUT": ("RUT", "RUTW", "RUTQ"),
    "NDX": ("NDX", "NDXP"),
    "XSP": ("XSP", "XSPPM", "XSPAM"),
    "DJX": ("DJX",),
    "OEX": ("OEX",),
    "XEO": ("XEO",),
}
_MARKS: Final = str.maketrans("", "", "./- ")
_INDEX_OF_ROOT: Final = {root: index for index, roots in _INDEX_ROOTS.items() for root in roots}

# Letters, digits and the marks seen in US tickers (BRK.B, BF/B, ^VIX, $SPX).
_SYMBOL = re.compile(r"[A-Z0-9.^$/_+=-]{1,32}")
_OCC = re.compile(r"([A-Z0-9.^$/_+=-]{1,6}) *(\d{2})(\d{2})(\d{2})([CP])(\d{8})", re.ASCII)
_THOUSANDTH: Final = Decimal("0.001")
# An OCC symbol has eight digits for the strike, so no listed option has a higher one.
_MAX_STRIKE: Final = Decimal("99999.999")
_RIGHTS: Final[dict[str, Right]] = {"C": "C", "CALL": "C", "P": "P", "PUT": "P"}


def normalise_symbol(value: object) -> str:
    """Return a ticker or root in the vendor's spelling (upper case, no outer space).

    Raises ValueError for anything but 1 to 32 of the characters tickers have.
    """
    if not isinstance(value, str):
        raise ValueError(f"expected a symbol as text, got {value!r}{_symbol_hint(value)}")
    symbol = value.strip().upper()
    if not _SYMBOL.fullmatch(symbol):
        raise ValueError(f"{value!r} is not a symbol such as 'AAPL' or 'BRK.B'")
    return symbol


def _symbol_hint(value: object) -> str:
    if isinstance(value, Option):
        return (
            "; pass the option's parts: option.symbol, expiration=option.expiration,"
            " strike=option.strike, right=option.right"
        )
    return f"; pass its symbol, {value.symbol!r}" if isinstance(value, _Symbol) else ""


def normalise_right(value: object) -> Right:
    """Return `C` or `P` for call/put/C/P in any case. Raises ValueError otherwise."""
    right = _RIGHTS.get(value.strip().upper()) if isinstance(value, str) else None
    if right is None:
        raise ValueError(f"{value!r} is not a right: use 'C', 'P', 'call' or 'put'")
    return right


def strike_thousandths(value: object) -> int:
    """Return a strike in dollars as integer thousandths of a dollar, exactly.

    `4800`, `4800.0`, `Decimal(4800)`, `"4800.000"` and numpy's `float32(4800)` all
    return 4800000.

    Args:
        value: Dollars: a number of Python or numpy, a Decimal, or text.

    Raises:
        ValueError: A negative number, one above 99,999.999, more than three decimals,
            NaN, a bool, or not a number.
    """
    dollars = _dollars(value)
    # In range first: what comes after fits any precision, and nothing overflows.
    in_range = dollars.is_finite() and 0 <= dollars <= _MAX_STRIKE
    if not in_range or dollars != (rounded := dollars.quantize(_THOUSANDTH)):
        raise ValueError(
            f"{value!r} is not a strike in dollars (0 to {_MAX_STRIKE}, three decimals at most)"
            + _thousandths_hint(dollars)
        )
    return int(rounded * 1000)


def _dollars(value: object) -> Decimal:
    if isinstance(value, str):
        try:
            return read_decimal(value)
        except ValueError:
            raise ValueError(f"{value!r} is not a strike in dollars") from None
    dollars = as_decimal(value)
    if dollars is None:
        raise ValueError(f"expected a strike in dollars, got {value!r}")
    return dollars


def _thousandths_hint(strike: Decimal) -> str:
    """Return a hint for a strike that may be in the unit of v2 and of the stream's messages."""
    if not strike.is_finite() or not _MAX_STRIKE < strike < 10**9:
        return ""
    return (
        f"; v2 counts in thousandths of a dollar: strike={strike:f} there is"
        f" strike={strike / 1000:.3f} here"
    )


def strike_text(thousandths: int) -> str:
    """Return thousandths of a dollar as the vendor's text in dollars: 147140 is `147.140`."""
    return f"{thousandths // 1000}.{thousandths % 1000:03}"


def without_share_class_mark(symbol: str) -> str:
    """Return a symbol as the roots of options are written: `BRKB` for `BRK.B` and `BRK/B`.

    Args:
        symbol: A symbol of a stock or a root of options, in any case.
    """
    return symbol.upper().translate(_MARKS)


def same_share_class(first: str, second: str) -> bool:
    """Return whether two symbols are spellings of one share class: `BRK.B`, `BRK/B`, `BRKB`.

    Contracts are equal only if their symbols are spelled alike, since the terminal takes
    exactly one spelling for each.

    Args:
        first: A symbol, in any case.
        second: Another one.

            print(thetatrio.contracts.same_share_class("BRK.B", "BRKB"))
    """
    return without_share_class_mark(first) == without_share_class_mark(second)


def roots_of_index(symbol: str) -> tuple[str, ...]:
    """Return the option roots of an index: `SPX` gives `("SPX", "SPXW")`; unknown ones, none."""
    return _INDEX_ROOTS.get(normalise_symbol(symbol), ())


def index_of_root(root: str) -> str | None:
    """Return the index behind an option root (`SPXW` gives `SPX`), or None for stock options."""
    return _INDEX_OF_ROOT.get(normalise_symbol(root))


def _checked_symbol(symbol: object) -> str:
    try:
        return normalise_symbol(symbol)
    except ValueError as problem:
        raise InvalidRequest(f"symbol: {problem}") from None


class _Frozen:
    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable; make a new one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable; make a new one")


@explain_constructor
@total_ordering
class _Symbol(_Frozen):
    __slots__ = ("symbol",)
    symbol: str

    def __init__(self, symbol: str) -> None:
        object.__setattr__(self, "symbol", _checked_symbol(symbol))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.symbol == other.symbol

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self.symbol < other.symbol

    def __hash__(self) -> int:
        return hash((type(self), self.symbol))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.symbol!r})"

    def __str__(self) -> str:
        return self.symbol

    def __reduce__(self) -> tuple[type[_Symbol], tuple[str]]:
        return type(self), (self.symbol,)


@final
class Stock(_Symbol):
    """A stock or ETF by its ticker: `Stock("AAPL")`.

    Raises InvalidRequest where `symbol` is not a ticker.
    """

    __slots__ = ()


@final
class Index(_Symbol):
    """An index by its symbol: `Index("SPX")`.

    Raises InvalidRequest where `symbol` is not a symbol.
    """

    __slots__ = ()


@final
@explain_constructor
@total_ordering
class Option(_Frozen):
    """One listed option: `Option("SPXW", dt.date(2024, 3, 15), 4800, "C")`.

    Args:
        symbol: the root the option trades under (`SPXW` for weeklies of SPX).
        expiration: a date, `YYYY-MM-DD` or `YYYYMMDD`.
        strike: dollars, 0 to 99,999.999, as a number, a Decimal or text; three decimals at most.
        right: `C`, `P`, `call` or `put`, in any case.

    Equal options are equal and hash equally however they were written. Raises
    InvalidRequest that names every argument which is wrong.
    """

    __slots__ = ("_hash", "expiration", "right", "strike_thousandths", "symbol")
    symbol: str
    expiration: dt.date
    strike_thousandths: int
    """The strike in thousandths of a dollar, as the stream and v2 write it."""
    right: Right
    _hash: int

    def __init__(
        self, symbol: str, expiration: dt.date | str, strike: StrikeLike, right: str
    ) -> None:
        problems: list[str] = []
        values: list[object] = []
        for name, normalise, value in (
            ("symbol", normalise_symbol, symbol),
            ("expiration", parse_date, expiration),
            ("strike", strike_thousandths, strike),
            ("right", normalise_right, right),
        ):
            try:
                values.append(normalise(value))
            except ValueError as problem:
                problems.append(f"{name}: {problem}")
        if problems:
            raise InvalidRequest(
                "not an option contract: " + "; ".join(problems), problems=tuple(problems)
            )
        self._fill(*values)

    def _fill(self, *values: object) -> None:
        fill = object.__setattr__
        for name, value in zip(_OPTION_FIELDS, values, strict=True):
            fill(self, name, value)
        fill(self, "_hash", hash(values))

    @classmethod
    def from_row(cls, symbol: str, expiration: dt.date, strike: float, right: str) -> Option:
        """Make an option from the columns of an answer, which need no further checks."""
        self = cls.__new__(cls)
        self._fill(symbol, expiration, round(strike * 1000), "C" if right[0] in "Cc" else "P")
        return self

    @classmethod
    def from_occ(cls, text: str) -> Option:
        """Read an OCC/OSI symbol, padded or not: `SPXW  240315C04800000`.

        The two-digit year is of this century. Raises InvalidRequest for
        anything else.
        """
        given = cast("object", text)  # who checks no types may pass anything
        match = _OCC.fullmatch(given.strip().upper()) if isinstance(given, str) else None
        if match is None:
            raise InvalidRequest(
                f"{text!r} is not an OCC symbol: root, YYMMDD, C or P, strike in thousandths"
                " with eight digits, as in 'SPXW  240315C04800000'"
            )
        root, year, month, day, right, strike = match.groups()
        return cls(root, f"20{year}-{month}-{day}", Decimal(strike) / 1000, right)

    @property
    def strike(self) -> float:
        """The strike in dollars."""
        return self.strike_thousandths / 1000

    @property
    def occ_symbol(self) -> str:
        """The 21-character OCC/OSI symbol, the root padded to six.

        Raises InvalidRequest where the symbol has no room for the root, year or strike.
        """
        if len(self.symbol) > 6 or self.strike_thousandths >= 10**8:  # of rows: not checked
            raise InvalidRequest(f"{self} does not fit an OCC symbol")
        if not 2000 <= self.expiration.year <= 2099:
            raise InvalidRequest(f"{self} does not fit an OCC symbol: two-digit years are 20xx")
        return f"{self.symbol:<6}{self.expiration:%y%m%d}{self.right}{self.strike_thousandths:08}"

    @property
    def underlying(self) -> Stock | Index:
        """What the option is on: `Index("SPX")` for root `SPXW`, `Stock("AAPL")` for `AAPL`."""
        index = _INDEX_OF_ROOT.get(self.symbol)
        return Stock(self.symbol) if index is None else Index(index)

    def _key(self) -> tuple[str, dt.date, int, str]:
        return self.symbol, self.expiration, self.strike_thousandths, self.right

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Option):
            return NotImplemented
        return self._key() == other._key()

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Option):
            return NotImplemented
        return self._key() < other._key()

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return (
            f"Option({self.symbol!r}, {self.expiration.isoformat()!r},"
            f" {strike_text(self.strike_thousandths)!r}, {self.right!r})"
        )

    def __str__(self) -> str:
        return f"{self.symbol} {self.expiration} {self.strike:g} {self.right}"

    def __reduce__(self) -> tuple[type[Option], tuple[str, dt.date, str, str]]:
        strike = strike_text(self.strike_thousandths)
        return Option, (self.symbol, self.expiration, strike, self.right)


_OPTION_FIELDS: Final = ("symbol", "expiration", "strike_thousandths", "right")

Contract: TypeAlias = Stock | Index | Option
