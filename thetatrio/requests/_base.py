"""What every request is made of: kinds of parameters, and the base classes.

A request is a value: frozen, printable, hashable, checked when it is made.
Its fields are the vendor's parameters under the vendor's names; a field's
annotation says what may be given, and carries the `Kind` that brings it to
the one form that is kept and sent.
"""

from __future__ import annotations

import datetime as dt
import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from thetatrio import market_time
from thetatrio._calls import ExplainedStruct, call_problem
from thetatrio._numbers import as_float, as_int
from thetatrio.config import Tier
from thetatrio.contracts import (
    StrikeLike,
    normalise_right,
    normalise_symbol,
    strike_text,
    strike_thousandths,
)
from thetatrio.errors import InvalidRequest
from thetatrio.market_time import parse_date, parse_time
from thetatrio.rows import Row

__all__ = [
    "NEWER",
    "AnySymbolsRequest",
    "Count",
    "DateLike",
    "Expiration",
    "FlatFileRequest",
    "Interval",
    "Kind",
    "Number",
    "Parameter",
    "PositiveCount",
    "RateType",
    "Request",
    "RequestType",
    "Right",
    "Strike",
    "SymbolRequest",
    "Symbols",
    "SymbolsRequest",
    "TimeLike",
    "Venue",
    "Version",
    "Year",
    "operations",
]

R = TypeVar("R", bound=Row)
T = TypeVar("T")

WILDCARD: Final = "*"
# Parameters that can contradict each other, once each is right by itself.
_WINDOW: Final = frozenset({"date", "start_date", "end_date", "start_time", "end_time"})
NEWER: Final = "terminals newer than the published API description of 2026-07"
"""Which terminals have what the vendor's own library has and that description has not."""


class Kind(msgspec.Struct, frozen=True):
    """One kind of parameter: its name in messages, and how a value is brought to one form."""

    name: str
    normalise: Callable[[object], object]
    choices: tuple[str, ...] | None = None
    """The words that may be given, where those are all that may be."""


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of an operation, as documentation and the command show it."""

    name: str
    required: bool
    default: object
    """What is sent when it is not given; None where nothing is."""
    kind: str
    choices: tuple[str, ...] | None


def _symbol(value: object) -> str:
    several = "," in value if isinstance(value, str) else isinstance(value, (list, tuple, set))
    if several:
        raise ValueError(
            f"one symbol for each query, not {value!r}; make a query for each, and"
            " session.gather() or session.download() of them all"
        )
    return normalise_symbol(value)


def _symbols(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, Sequence) or isinstance(value, bytes):
        hint = "; use list(...)" if isinstance(value, Iterable) else ""
        raise ValueError(f"expected a symbol or a list of symbols, got {value!r}{hint}")
    items = cast("Sequence[object]", value)
    if not items:
        raise ValueError("expected at least one symbol")
    if any(isinstance(item, str) and item.strip() == WILDCARD for item in items):
        return (WILDCARD,)
    return tuple(dict.fromkeys(normalise_symbol(item) for item in items))


def _expiration(value: object) -> dt.date | str:
    if isinstance(value, str) and value.strip() == WILDCARD:
        return WILDCARD
    return parse_date(value)


def _strike(value: object) -> str:
    if isinstance(value, str) and value.strip() == WILDCARD:
        return WILDCARD
    return strike_text(strike_thousandths(value))


def _right(value: object) -> str:
    if isinstance(value, str) and value.strip().lower() == "both":
        return "both"
    try:
        return {"C": "call", "P": "put"}[normalise_right(value)]
    except ValueError:
        raise ValueError(f"{value!r} is not one of 'call', 'put', 'both', 'C', 'P'") from None


def _count(minimum: int) -> Callable[[object], int]:
    def normalise(value: object) -> int:
        number = as_int(value)
        if number is None or number < minimum:
            raise ValueError(f"expected a whole number from {minimum}, got {value!r}")
        return number

    return normalise


def _number(value: object) -> float:
    number = as_float(value)
    if number is None:
        raise ValueError(f"expected a number, got {value!r}")
    if not math.isfinite(number):
        raise ValueError(f"expected a finite number, got {value!r}")
    return number


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected True or False, got {value!r}")
    return value


def _year(value: object) -> int:
    number = as_int(value)
    text = value if isinstance(value, str) else "" if number is None else str(number)
    if not (text.isascii() and text.isdigit() and len(text) == 4 and text[0] != "0"):
        raise ValueError(f"expected a year of four digits, got {value!r}")
    return int(text)


class _UnsentText(str):
    """A documented default in text."""

    __slots__ = ()


class _UnsentTime(dt.time):
    """A documented default that is a time of day."""

    def __repr__(self) -> str:
        return repr(dt.time(self.hour, self.minute, self.second, self.microsecond))


class _UnsentNumber(int):
    """A documented default that is a number."""


class UnsentFlag(int):
    """A documented default that is true or false: bool cannot be subclassed."""

    def __repr__(self) -> str:
        return repr(bool(self))

    __str__ = __repr__


UNSENT: Final = (_UnsentText, _UnsentTime, _UnsentNumber, UnsentFlag)
"""Types of values that are known and not sent: the caller did not give them."""


def unsent(value: T) -> T:
    """Return a documented default that stays out of the request unless the caller gives it.

    What a terminal does without a parameter can differ from what is documented, and some
    answer wrongly if they get one: times of day with `expiration=*` gave 200 without rows. The
    planner and the estimates calculate with the documented value.

    Not for parameters that the documentation calls required though it names a default, as it
    does of `interval`.
    """
    if isinstance(value, dt.time):
        moment = _UnsentTime(value.hour, value.minute, value.second, value.microsecond)
        return cast("T", moment)
    if isinstance(value, bool):
        return cast("T", UnsentFlag(value))
    return cast("T", _UnsentNumber(value) if isinstance(value, int) else _UnsentText(value))


@cache
def _row_type(request_type: type[object]) -> object:
    bases = cast("tuple[object, ...]", getattr(request_type, "__orig_bases__", ()))
    return get_args(bases[0])[0]


DateLike: TypeAlias = Annotated[dt.date | str, Kind("date", parse_date)]
TimeLike: TypeAlias = Annotated[dt.time | str, Kind("time of day", parse_time)]
Symbol: TypeAlias = Annotated[str, Kind("symbol", _symbol)]
Symbols: TypeAlias = Annotated[str | Sequence[str], Kind("symbols", _symbols)]
Expiration: TypeAlias = Annotated[dt.date | str, Kind("date or *", _expiration)]
Strike: TypeAlias = Annotated[StrikeLike, Kind("strike in dollars or *", _strike)]
Right: TypeAlias = Annotated[
    Literal["call", "put", "both", "C", "P"],
    Kind("right", _right, ("call", "put", "both", "C", "P")),
]
Count: TypeAlias = Annotated[int, Kind("whole number from 0", _count(0))]
PositiveCount: TypeAlias = Annotated[int, Kind("whole number from 1", _count(1))]
Number: TypeAlias = Annotated[float | Decimal, Kind("number", _number)]
Year: TypeAlias = Annotated[int | str, Kind("year", _year)]
Interval: TypeAlias = Literal[
    "tick", "10ms", "100ms", "500ms", "1s", "5s", "10s", "15s", "30s",
    "1m", "5m", "10m", "15m", "30m", "1h",
]  # fmt: skip
Venue: TypeAlias = Literal["nqb", "utp_cta"]
RequestType: TypeAlias = Literal["trade", "quote"]
Version: TypeAlias = Literal["latest", "1"]
RateType: TypeAlias = Literal[
    "sofr", "treasury_m1", "treasury_m3", "treasury_m6", "treasury_y1", "treasury_y2",
    "treasury_y3", "treasury_y5", "treasury_y7", "treasury_y10", "treasury_y20", "treasury_y30",
]  # fmt: skip


class Request(
    msgspec.Struct,
    Generic[R],
    frozen=True,
    repr_omit_defaults=True,
    metaclass=ExplainedStruct,
):
    """Base of all requests; `R` is the row its answer is made of.

    Raises InvalidRequest, when it is made, that names everything wrong with
    it; nothing has been sent then.
    """

    operation: ClassVar[str]
    """The vendor's name of the operation."""
    path: ClassVar[str]
    """The path on a v3 terminal, with `{name}` for parameters that are part of it."""
    tier: ClassVar[Tier]
    """The lowest tier that has it."""
    takes_slot: ClassVar[bool] = True
    """Whether the vendor counts it against the tier's requests in flight."""
    history_limited: ClassVar[bool] = False
    """Whether the tier limits how far back it reaches."""
    settles: ClassVar[bool] = True
    """Whether the same question about the past gets the same answer: not so for snapshots."""
    intraday: ClassVar[bool] = False
    """Whether the terminal bounds the range of dates of one request to a month."""
    tick: ClassVar[bool] = False
    """Whether it returns every tick, for which the terminal bounds the range of one request to a
    day."""
    flat_file: ClassVar[bool] = False
    """Whether the vendor builds the answer while one waits."""
    future_dates: ClassVar[bool] = False
    """Whether it can be asked about days to come."""
    since: ClassVar[str] = ""
    """Which terminals have it, in words; empty for all."""
    v2_only: ClassVar[bool] = False
    """Whether only v2 terminals have it."""

    def __post_init__(self) -> None:
        wrong: dict[str, str] = {}
        for name, kind, optional in _kinds(type(self)):
            value: object = getattr(self, name)
            if value is None:
                if not optional:
                    wrong[name] = "must be given"
                continue
            if isinstance(value, UNSENT):
                continue
            try:
                normal = kind.normalise(value)
            except ValueError as problem:
                wrong[name] = str(problem)
            else:
                if normal is not value:
                    msgspec.structs.force_setattr(self, name, normal)
        problems = [f"{name}: {problem}" for name, problem in wrong.items()]
        if _WINDOW.isdisjoint(wrong):
            problems.extend(self._contradictions())
        if problems:
            raise InvalidRequest(
                f"{self.operation}: " + "; ".join(problems), problems=tuple(problems)
            )

    def _contradictions(self) -> Iterator[str]:
        """Yield what is wrong between parameters that are each right."""
        fields = self.__struct_fields__
        if "start_date" in fields:
            yield from self._date_problems("date" in fields)
        start_time: dt.time | None = getattr(self, "start_time", None)
        end_time: dt.time | None = getattr(self, "end_time", None)
        if start_time is not None and end_time is not None and end_time < start_time:
            yield f"end_time: {end_time} is before start_time {start_time}"
        first = self.date_range
        if first is not None and not self.future_dates:
            today = market_time.today()
            if first[0] > today:
                yield (
                    f"{'date' if getattr(self, 'date', None) else 'start_date'}: {first[0]} is in"
                    f" the future (it is {today} in New York)"
                )

    def _date_problems(self, has_date: bool) -> Iterator[str]:  # noqa: FBT001
        date: dt.date | None = getattr(self, "date", None)
        start: dt.date | None = getattr(self, "start_date", None)
        end: dt.date | None = getattr(self, "end_date", None)
        if date is not None:
            if start is not None or end is not None:
                yield "date: give either date, or start_date and end_date"
        elif start is None and end is None:
            yield (
                "date: give date, or start_date and end_date"
                if has_date
                else ("start_date: give start_date and end_date")
            )
        elif start is None:
            yield "start_date: must be given with end_date"
        elif end is None:
            yield "end_date: must be given with start_date"
        elif end < start:
            yield f"end_date: {end} is before start_date {start}"

    @property
    def date_range(self) -> tuple[dt.date, dt.date] | None:
        """First and last day asked for, both inclusive; None where it asks about no past day."""
        date: dt.date | None = getattr(self, "date", None)
        if date is not None:
            return date, date
        start: dt.date | None = getattr(self, "start_date", None)
        end: dt.date | None = getattr(self, "end_date", None)
        return None if start is None or end is None else (start, end)

    def is_settled(self, today: dt.date) -> bool:
        """Tell whether asking again can be expected to bring the same bytes again.

        Not so for snapshots, and for ranges that reach today.
        """
        days = self.date_range
        return self.settles and (days is None or days[1] < today)

    @classmethod
    def row_type(cls) -> type[R]:
        """Return the Struct that each row of the answer becomes."""
        return cast("type[R]", _row_type(cls))

    @classmethod
    def parameters(cls) -> tuple[Parameter, ...]:
        """Return the operation's parameters in the order of its documentation."""
        kinds = {name: kind for name, kind, _ in _kinds(cls)}
        return tuple(
            Parameter(
                field.name,
                field.required,
                None if field.required else field.default,
                kinds[field.name].name,
                kinds[field.name].choices,
            )
            for field in msgspec.structs.fields(cls)
        )

    @classmethod
    def signature(cls, returns: str) -> inspect.Signature:
        """Return the signature that `help()` and editors show for the operation's method."""
        hints = get_type_hints(cls)
        parameters = [
            inspect.Parameter(
                field.name,
                inspect.Parameter.POSITIONAL_OR_KEYWORD
                if field.name == "symbol"
                else inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.required else field.default,
                annotation=_shown(hints[field.name]),
            )
            for field in msgspec.structs.fields(cls)
        ]
        return inspect.Signature(parameters, return_annotation=returns)

    @classmethod
    def call_problem(cls, args: tuple[object, ...], kwargs: Mapping[str, object]) -> str:
        """Return what is wrong with a call that Python refused, naming the operation."""
        problem = call_problem(cls.operation, cls.signature("Query"), args, kwargs)
        return problem or f"{cls.operation}: cannot be called with these arguments"


def _shown(hint: Any) -> object:
    # `date | str | None` reads better than `Union[date, str, NoneType]`.
    if get_origin(hint) is not Union:
        return hint
    first, *others = get_args(hint)
    shown: Any = first
    for other in others:
        shown = shown | other
    return shown


class SymbolRequest(Request[R], Generic[R], frozen=True):
    """Base of requests about one symbol, which is the only positional argument."""

    symbol: Symbol


class SymbolsRequest(Request[R], Generic[R], frozen=True):
    """Base of requests about one symbol or several, the only positional argument."""

    symbol: Symbols


class AnySymbolsRequest(Request[R], Generic[R], frozen=True):
    """Base of requests about one symbol, several, or (None) all; the only positional argument."""

    symbol: Symbols | None = None


class FlatFileRequest(Request[Row], frozen=True):
    """Base of requests for a flat file: one day of everything, as a file and not as rows."""

    takes_slot: ClassVar[bool] = True
    flat_file: ClassVar[bool] = True
    columns: ClassVar[tuple[str, ...]]
    """The columns that the vendor documents; files may have more."""

    date: DateLike


@cache
def _kinds(request: type[Request[R]]) -> tuple[tuple[str, Kind, bool], ...]:
    hints = get_type_hints(request, include_extras=True)
    return tuple(
        (name, *_kind_of(hints[name], f"{request.__name__}.{name}"))
        for name in request.__struct_fields__
    )


def _kind_of(hint: object, where: str) -> tuple[Kind, bool]:
    options = [hint, *get_args(hint)] if get_origin(hint) is not Annotated else [hint]
    optional = type(None) in get_args(hint)
    for option in options:
        if get_origin(option) is Annotated:
            for extra in get_args(option)[1:]:
                if isinstance(extra, Kind):
                    return extra, optional
        if get_origin(option) is Literal:
            return _words(get_args(option)), optional
        if option is bool:
            return _FLAG, optional
    raise TypeError(f"{where}: its annotation says no kind of parameter")


_FLAG: Final = Kind("True or False", _flag)


@cache
def _words(words: tuple[str, ...]) -> Kind:
    allowed = frozenset(words)

    def normalise(value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(f"{value!r} is not one of {', '.join(map(repr, words))}")
        return value

    return Kind("one word", normalise, words)


def _descend(request: type[Request[R]]) -> Iterator[type[Request[R]]]:
    for child in request.__subclasses__():
        if "operation" in child.__dict__:
            yield child
        yield from _descend(child)


@cache
def operations() -> Mapping[str, type[Request[Row]]]:
    """Return every operation's request class by the vendor's name of the operation.

    Those that only v2 terminals have are in `thetatrio.requests.v2.operations()`.
    """
    found = cast("Iterator[type[Request[Row]]]", _descend(Request))
    named = ((request.operation, request) for request in found if not request.v2_only)
    return MappingProxyType(dict(sorted(named)))
