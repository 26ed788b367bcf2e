"""Messages for wrong calls: arguments that do not exist, and objects used before they are opened.

Python's own messages name no operation and no remedy ("got an unexpected keyword
argument", "object is not iterable"). Nothing here runs unless a call fails, but for one
wrapper around each public method that opens something or sends a request.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import wraps
from types import FunctionType, TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, NoReturn, ParamSpec, TypeVar, cast

import msgspec

from thetatrio.errors import WrongCall

__all__ = [
    "AsyncIterationOnly",
    "BlockingIterationOnly",
    "ExplainedAttributes",
    "ExplainedStruct",
    "Fetchable",
    "OnlyAFile",
    "Opening",
    "OpeningAsync",
    "Unfetched",
    "call_problem",
    "check_queries",
    "explain_calls",
    "explain_constructor",
    "explained",
    "mark_used",
    "missing_attribute",
    "opening",
    "unknown_name",
]

C = TypeVar("C", bound=type)
P = ParamSpec("P")
T = TypeVar("T")

# What other clients, the older terminals and habit call a parameter: the first group of
# names that all exist is suggested.
_ALIASES: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "date": (("start_date", "end_date"), ("on",)),
    "day": (("date",), ("start_date", "end_date"), ("on",)),
    "start": (("start_date",), ("start_time",)),
    "end": (("end_date",), ("end_time",)),
    "from_date": (("start_date",),),
    "to_date": (("end_date",),),
    "time": (("time_of_day",), ("start_time", "end_time"), ("at",)),
    "root": (("symbol",),),
    "ticker": (("symbol",),),
    "tickers": (("symbol",),),
    "symbols": (("symbol",),),
    "exp": (("expiration",),),
    "expiry": (("expiration",),),
    "ivl": (("interval",),),
    "interval_size": (("interval",),),
    "dte": (("max_dte",),),
    "strikes": (("strike_range",), ("strike",)),
    "option_right": (("right",),),
    "under_price": (("stock_price",),),
    "annual_div": (("annual_dividend",),),
    "contract": (("symbol", "expiration", "strike", "right"),),
    "option": (("symbol", "expiration", "strike", "right"),),
    "url": (("base_url",),),
    "host": (("base_url",),),
    "port": (("base_url",),),
    "key": (("api_key",),),
    "token": (("api_key",),),
    "timeout": (("first_byte_timeout", "silence_timeout"),),
    "retries": (("retry",), ("max_attempts",)),
    "concurrency": (("slots",),),
    "max_connections": (("slots",),),
}
# The name of what a block opens, in examples, where it is not the method's own.
_OPENED: Final = {
    "open_session": "session",
    "open_terminal": "terminal",
    "subscribe": "feed",
    "full_trades": "trades",
    "as_completed": "done",
    "market_values": "values",
    "ohlc": "bars",
}


def close_matches(name: str, names: Iterable[str], limit: int) -> list[str]:
    """Return the names most like this one, best first, at most `limit` of them."""
    from difflib import get_close_matches  # only a wrong call needs it

    return get_close_matches(name, list(names), limit)


def unknown_name(name: str, names: Iterable[str]) -> str:
    """Return a hint for a name that does not exist: the near matches, and all there are."""
    known = list(names)
    for group in _ALIASES.get(name, ()):
        if all(alias in known for alias in group):
            close = " and ".join(map(repr, group))
            break
    else:
        close = " or ".join(map(repr, close_matches(name, known, 2)))
    all_of_them = f"it takes {', '.join(known) or 'none'}"
    return f"; did you mean {close}? ({all_of_them})" if close else f"; {all_of_them}"


def call_problem(
    name: str,
    signature: inspect.Signature,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
) -> str | None:
    """Return what is wrong with the arguments of a call.

    Args:
        name: What is called, as a user writes it.
        signature: Its parameters, without `self`.
        args: Positional arguments of the call.
        kwargs: Keyword arguments of the call.

    Returns:
        The problem and its remedy, or None if the arguments fit the signature.
    """
    parameters = signature.parameters
    kinds = {parameter.kind for parameter in parameters.values()}
    names = [
        parameter.name
        for parameter in parameters.values()
        if parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
    ]
    positional = [n for n in names if parameters[n].kind is not inspect.Parameter.KEYWORD_ONLY]
    if len(args) > len(positional) and inspect.Parameter.VAR_POSITIONAL not in kinds:
        only = f"only {' and '.join(positional)}" if positional else "nothing"
        verb = "are" if len(positional) > 1 else "is"
        others = ", ".join(n for n in names if n not in positional)
        rest = f"; name the other parameters: {others}" if others else f", and {len(args)} came"
        return f"{name}: {only} {verb} positional{rest}"
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        for keyword in kwargs:
            if keyword not in names:
                return f"{name}: there is no parameter {keyword!r}{unknown_name(keyword, names)}"
    given = {*kwargs, *positional[: len(args)]}
    missing = [
        n for n in names if parameters[n].default is inspect.Parameter.empty and n not in given
    ]
    if missing:
        hint = _contract_hint(name, args[0]) if args else ""
        return f"{name}: must be given: {', '.join(missing)}{hint}"
    twice = [n for n in positional[: len(args)] if n in kwargs]
    return f"{name}: {', '.join(twice)} was given twice" if twice else None


def _contract_hint(name: str, value: object) -> str:
    """Return how an option is made of a symbol, or its parts are passed."""
    if name == "Option" and isinstance(value, str):
        return "; Option.from_occ(text) reads an OCC symbol"
    if not hasattr(value, "strike_thousandths"):
        return ""
    return (
        "; a contract is not an argument; pass option.symbol, expiration=option.expiration,"
        " strike=option.strike, right=option.right"
    )


def _signature_of(function: Callable[..., object], *, is_method: bool) -> inspect.Signature:
    """Return what a call of a function, or of a method of an object, takes."""
    signature = inspect.signature(function)
    if is_method:
        signature = signature.replace(parameters=list(signature.parameters.values())[1:])
    return signature


def explained(
    name: str, function: Callable[P, T], owner: type | None = None, *, opens: bool = True
) -> Callable[P, T]:
    """Return a function whose wrong calls are WrongCall with a remedy.

    Args:
        name: What a user writes: `session.chain`, `thetatrio.open_session`.
        function: A function, or a method.
        owner: The class of the method; None for a function.
        opens: Whether a context manager that it returns has to be entered before anything
            else; it is returned as one that explains that.
    """
    is_coroutine = bool(inspect.iscoroutinefunction(function))
    opens = opens and not is_coroutine

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        if owner is not None and not (args and isinstance(args[0], owner)):
            thing = name.rpartition(".")[0]
            raise WrongCall(
                f"{owner.__name__}.{function.__name__}() is a method of an object: call"
                f" {name}(), with the {thing} that was opened"
            )
        try:
            result = function(*args, **kwargs)
        except TypeError:
            signature = _signature_of(function, is_method=owner is not None)
            problem = call_problem(name, signature, args[owner is not None :], kwargs)
            if problem is None:  # the arguments fit: it is a TypeError of something inside
                raise
            raise WrongCall(problem) from None
        return opening(name, result, args[0] if owner else None) if opens else result

    if is_coroutine:
        mark: Any = getattr(inspect, "markcoroutinefunction", None)  # Python 3.12 on
        if mark is not None:
            mark(call)
    return call


def explain_constructor(kind: C) -> C:
    """Explain wrong arguments of a class's constructor; a class decorator."""
    initialise: Any = getattr(kind, "__init__")  # noqa: B009  # mypy refuses it as an attribute

    @wraps(initialise)
    def init(self: object, *args: Any, **kwargs: Any) -> None:
        try:
            initialise(self, *args, **kwargs)
        except TypeError:
            signature = _signature_of(initialise, is_method=True)
            problem = call_problem(type(self).__name__, signature, args, kwargs)
            if problem is None:
                raise
            raise WrongCall(problem) from None

    setattr(kind, "__init__", init)  # noqa: B010  # mypy refuses it as an attribute
    return kind


class ExplainedStruct(msgspec.StructMeta):
    """A metaclass of Structs that users make: wrong arguments are WrongCall with a remedy.

    It costs half a microsecond for each object that Python code makes, and nothing for those
    that msgspec decodes. Rows and events of the stream do without.
    """

    if not TYPE_CHECKING:  # a type checker derives the constructor from the fields

        def __call__(cls, *args: object, **kwargs: object) -> object:  # noqa: N805  # a class
            try:
                return super().__call__(*args, **kwargs)
            except TypeError:
                problem = call_problem(cls.__name__, inspect.signature(cls), args, kwargs)
                if problem is None:  # the arguments fit: it is a TypeError of a check
                    raise
                raise WrongCall(problem) from None


def mark_used(value: object) -> None:
    """Keep a query, of any interface, from warning that it was dropped unused."""
    query: Any = vars(value).get("_native", value) if hasattr(value, "__dict__") else value
    if getattr(query, "_used", None) is False:
        query._used = True  # noqa: SLF001


def check_queries(call: str, values: Iterable[object], kind: type) -> None:
    """Raise WrongCall for the first value that is not a query, with a remedy.

    None of the queries warns that it was never used: the error is enough.

    Args:
        call: The method that takes them: `session.gather`.
        values: What it was called with.
        kind: The class of queries of its interface.
    """
    several = list(values)
    for value in several:
        several_in_one = isinstance(value, (list, tuple, set))
        for query in cast("Iterable[object]", value) if several_in_one else (value,):
            mark_used(query)
    for value in several:
        if not isinstance(value, kind):
            raise WrongCall(f"{call}: expected queries, got {_no_query(call, value)}")


def _no_query(call: str, value: object) -> str:
    """Return what a value is that should be a query, and the remedy."""
    if inspect.iscoroutine(value):
        for local in inspect.getcoroutinelocals(value).values():
            mark_used(local)  # the query whose method it is
        value.close()  # it need not warn that it was never awaited
        return (
            f"the coroutine {value.__qualname__}(); it fetches lists. For frames and chains start"
            " a task for each, in a nursery of trio or by asyncio.gather()"
        )
    what = f"{value!r:.100}"
    if callable(value):
        return f"{what}; call it: what an operation returns is a query"
    if hasattr(value, "operation"):
        return f"{what}; session.query(request) makes a query of a request"
    if hasattr(value, "request"):
        return f"{what}; it belongs to another interface of thetatrio than this session"
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        kind: type = type(cast("object", value))
        return (
            f"a {kind.__name__}; give each query as an argument of its own:"
            f" {call}(*queries). What .fetch(), .polars(), .pandas() and .arrow() return has been"
            " fetched already"
        )
    return what


def explain_calls(prefix: str, made_by: str, skip: Container[str] = ()) -> Callable[[C], C]:
    """Return a class decorator: every public method of the class is `explained`.

    Args:
        prefix: An object of the class, as a user writes it: `session.stream`.
        made_by: How one gets such an object, for who calls the class.
        skip: Methods that are left as they are.
    """

    def decorate(kind: C) -> C:
        for name, member in list(vars(kind).items()):
            if isinstance(member, FunctionType) and name[0] != "_" and name not in skip:
                setattr(kind, name, explained(f"{prefix}.{name}", member, kind))
        initialise: Any = getattr(kind, "__init__")  # noqa: B009  # as below

        @wraps(initialise)
        def init(self: object, *args: Any, **kwargs: Any) -> None:
            try:
                initialise(self, *args, **kwargs)
            except TypeError:
                try:
                    inspect.signature(initialise).bind(self, *args, **kwargs)
                except TypeError:
                    thing = kind.__name__
                    raise WrongCall(f"{thing}: not made by calling it, but by {made_by}") from None
                raise

        setattr(kind, "__init__", init)  # noqa: B010  # mypy refuses it as an attribute
        return kind

    return decorate


def missing_attribute(thing: str, name: str, names: Iterable[str], hint: str = "") -> str:
    """Return the message of an attribute that an object does not have."""
    close = close_matches(name, [n for n in names if not n.startswith("_")], 2)
    near = f"; did you mean {' or '.join(map(repr, close))}?" if close and not hint else ""
    return f"{thing} has no {name!r}{hint or near}"


class ExplainedAttributes:
    """A base of objects that say which attribute may have been meant."""

    _called: ClassVar[str]
    """An object of the class, as a user writes it."""

    if not TYPE_CHECKING:  # a type checker knows that it is not there

        def __getattr__(self, name: str) -> object:
            if name.startswith("_"):
                raise AttributeError(name)
            raise AttributeError(missing_attribute(self._called, name, dir(type(self))))


class _Unopened:
    """Explains what is done with a context manager that has not been entered."""

    def __init__(self, name: str, statement: str, of: object) -> None:
        self._name = name
        self._of = of
        opened = name.rpartition(".")[2]
        self._remedy = f"`{statement} {name}(...) as {_OPENED.get(opened, opened)}:`"

    def _refuse(self, what: str) -> NoReturn:
        mark_used(self._of)
        raise WrongCall(f"{self._name}() {what}; open it first: {self._remedy}")

    if not TYPE_CHECKING:  # a type checker knows that these are not there

        def __getattr__(self, name: str) -> object:
            if name.startswith("_"):
                raise AttributeError(name)
            mark_used(self._of)
            raise AttributeError(
                f"{self._name}() has no {name!r} before it is opened; open it first: {self._remedy}"
            )

        def __iter__(self) -> NoReturn:
            self._refuse("cannot be iterated before it is opened")

        def __aiter__(self) -> NoReturn:
            self._refuse("cannot be iterated before it is opened")

        def __next__(self) -> NoReturn:
            self._refuse("cannot be iterated before it is opened")

        def __anext__(self) -> NoReturn:
            self._refuse("cannot be iterated before it is opened")


class OpeningAsync(_Unopened, AbstractAsyncContextManager[T], Generic[T]):
    """An async context manager that explains itself if it is used before it is entered.

    Args:
        name: The call that made it, as a user writes it.
        inner: What it enters and leaves.
        of: The object whose method was called; None for a function.
    """

    def __init__(self, name: str, inner: AbstractAsyncContextManager[T], of: object = None) -> None:
        super().__init__(name, "async with", of)
        self._inner = inner

    def around(self, inner: AbstractAsyncContextManager[T]) -> OpeningAsync[T]:
        """Return the same for another context manager."""
        return OpeningAsync(self._name, inner, self._of)

    async def __aenter__(self) -> T:
        return await self._inner.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        return await self._inner.__aexit__(kind, error, trace)  # noqa: ASYNC102  # what is inside bounds it

    if not TYPE_CHECKING:

        def __enter__(self) -> NoReturn:
            self._refuse("is opened with `async with`, not with `with`")

        def __exit__(self, *error: object) -> None:
            pass

        def __await__(self) -> NoReturn:
            self._refuse("is opened with `async with`, not awaited")


class Opening(_Unopened, AbstractContextManager[T], Generic[T]):
    """A context manager that explains itself if it is used before it is entered.

    Args:
        name: The call that made it, as a user writes it.
        inner: What it enters and leaves.
        of: The object whose method was called; None for a function.
    """

    def __init__(self, name: str, inner: AbstractContextManager[T], of: object = None) -> None:
        super().__init__(name, "with", of)
        self._inner = inner

    def __enter__(self) -> T:
        return self._inner.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        return self._inner.__exit__(kind, error, trace)

    if not TYPE_CHECKING:

        async def __aenter__(self) -> NoReturn:
            self._refuse("is opened with `with`: nothing of thetatrio.sync is awaited")

        async def __aexit__(self, *error: object) -> None:
            pass


def opening(name: str, value: T, of: object = None) -> T:
    """Return a context manager as one that explains itself; anything else as it is."""
    made: Any = value
    if isinstance(made, _Unopened):
        pass
    elif isinstance(made, AbstractAsyncContextManager):
        made = OpeningAsync(name, cast("AbstractAsyncContextManager[object]", made), of)
    elif isinstance(made, AbstractContextManager):
        made = Opening(name, cast("AbstractContextManager[object]", made), of)
    return cast("T", made)


class AsyncIterationOnly:
    """A base of what is iterated with `async for`: says so to `for`."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __iter__(self) -> NoReturn:
            raise WrongCall(f"a {type(self).__name__} is iterated with `async for`, not with `for`")

        def __next__(self) -> NoReturn:
            raise WrongCall(f"a {type(self).__name__} is read with `anext()`, not with `next()`")


class Unfetched:
    """A base of queries that are awaited: explains what is done with one that was not."""

    def _not_awaited(self, what: str, remedy: str = "") -> str:
        mark_used(self)
        return f"a query {what}; {remedy or '`await query` returns its rows as a list'}"

    if not TYPE_CHECKING:  # a type checker knows that these are not there

        def __getattr__(self, name: str) -> object:
            if name.startswith("_"):
                raise AttributeError(name)
            close = close_matches(name.removeprefix("to_"), dir(type(self)), 1)
            remedy = f"did you mean query.{close[0]}()?" if close else ""
            raise AttributeError(self._not_awaited(f"has no {name!r}", remedy))

        def __aiter__(self) -> NoReturn:
            raise WrongCall(self._not_awaited("cannot be iterated itself", _ROWS))

        def __iter__(self) -> NoReturn:
            raise WrongCall(self._not_awaited("cannot be iterated itself", _ROWS))

        def __anext__(self) -> NoReturn:
            raise WrongCall(self._not_awaited("cannot be iterated itself", _ROWS))

        def __getitem__(self, key: object) -> NoReturn:
            raise WrongCall(self._not_awaited("has no rows by number before it is awaited"))

        def __len__(self) -> NoReturn:
            raise WrongCall(self._not_awaited("has no length before it is awaited"))

        def __bool__(self) -> bool:
            return True


# A bare iterator would need a task of its own, with nothing that ends it when the loop is left.
_ROWS: Final = (
    "`async with query.rows() as rows:` and then `async for row in rows:`, or `await query` for"
    " a list"
)


class Fetchable:
    """A base of queries of `thetatrio.sync`: explains what is done with them by mistake."""

    if not TYPE_CHECKING:

        def __await__(self) -> NoReturn:
            mark_used(self)
            raise WrongCall(
                "nothing of thetatrio.sync is awaited: query.fetch() returns the rows; under"
                " asyncio and trio use thetatrio.aio or thetatrio"
            )

        def __aiter__(self) -> NoReturn:
            self.__await__()

        def __getitem__(self, key: object) -> NoReturn:
            mark_used(self)
            raise WrongCall("a query has no rows by number; query.fetch() returns them as a list")

        def __len__(self) -> NoReturn:
            mark_used(self)
            raise WrongCall("a query has no length; len(query.fetch()) fetches and counts its rows")

        def __bool__(self) -> bool:
            return True

        def __getattr__(self, name: str) -> object:
            if name.startswith("_"):
                raise AttributeError(name)
            mark_used(self)
            hint = "; query.fetch() returns its rows as a list"
            close = close_matches(name.removeprefix("to_"), dir(type(self)), 1)
            near = f"; did you mean query.{close[0]}()?" if close else hint
            raise AttributeError(f"a query has no {name!r}{near}")


class OnlyAFile:
    """A base of queries of flat files: explains that they have no rows."""

    if not TYPE_CHECKING:

        def _refuse(self) -> NoReturn:
            raise WrongCall(
                "a flat file is not a list of rows: save it with query.save(path), or read its"
                " bytes with query.chunks()"
            )

        def __await__(self) -> NoReturn:
            self._refuse()

        def __aiter__(self) -> NoReturn:
            self._refuse()

        def __iter__(self) -> NoReturn:
            self._refuse()


class BlockingIterationOnly:
    """A base of what is iterated with `for`: says so to `async for`."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __aiter__(self) -> NoReturn:
            raise WrongCall(
                f"a {type(self).__name__} of thetatrio.sync is iterated with `for`, not with"
                " `async for`; under asyncio and trio use thetatrio.aio or thetatrio"
            )
