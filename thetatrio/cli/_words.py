"""From the words of a command line to a request or a topic, and back to words."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias, cast, get_args

from thetatrio._numbers import read_float, read_int
from thetatrio.contracts import Contract, Index, Option, Stock, index_of_root
from thetatrio.errors import InvalidRequest
from thetatrio.events import (
    AnyTopic,
    Dropped,
    FullTradeKind,
    Gap,
    Lost,
    Notice,
    Replayed,
    Topic,
    TopicKind,
    Undecodable,
)
from thetatrio.requests import Parameter, Request, operations, v2
from thetatrio.rows import Row

__all__ = [
    "StreamKind",
    "cell_text",
    "clock_text",
    "contract_of",
    "find_operation",
    "notice_text",
    "request_of",
    "topic_of",
]

StreamKind: TypeAlias = Literal[
    "quotes", "trades", "ohlc", "prices", "market-values", "full-trades"
]

_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_OCC_STRIKE: Final = re.compile(r"\d{8}$", re.ASCII)
_SMALL: Final = 0.1
_FORMS: Final = "AAPL, SPXW:2024-03-15:4800:C or 'SPXW  240315C04800000'"


def find_operation(name: str) -> type[Request[Row]]:
    """Return an operation by the vendor's name. Raises InvalidRequest with near matches."""
    known = {**operations(), **v2.operations()}
    found = known.get(name.strip().lower().replace("-", "_").replace(".", "_"))
    if found is None:
        close = difflib.get_close_matches(name, known, 3)
        hint = f"did you mean {', '.join(close)}?" if close else "see `thetatrio operations`"
        raise InvalidRequest(f"there is no operation {name!r}; {hint}")
    return found


def request_of(operation: str, words: Sequence[str]) -> Request[Row]:
    """Return the request that words ask for: at most one symbol, the others `name=value`.

    Raises InvalidRequest that names everything wrong.
    """
    request = find_operation(operation)
    parameters = {parameter.name: parameter for parameter in request.parameters()}
    symbols = [word for word in words if "=" not in word]
    given = dict(word.split("=", 1) for word in words if "=" in word)
    problem = request.call_problem(tuple(symbols), given)
    if len(symbols) > ("symbol" in parameters):
        raise InvalidRequest(f"{problem}; write {symbols[-1]!r} as name=value")
    if any(name not in parameters for name in given):
        raise InvalidRequest(problem)
    if symbols:
        given["symbol"] = symbols[0]
    missing = [p.name for p in parameters.values() if p.required and p.name not in given]
    if missing:
        raise InvalidRequest(f"{request.operation}: must be given: {', '.join(missing)}")
    return request(**{name: _value(parameters[name], text) for name, text in given.items()})


def _value(parameter: Parameter, text: str) -> object:
    # What cannot be read stays text: the request then says what it wanted.
    if parameter.kind == "True or False":
        return _FLAGS.get(text.lower(), text)
    try:
        if parameter.kind == "number":
            return read_float(text)
        if parameter.kind.startswith("whole number"):
            return read_int(text)
    except ValueError:
        pass
    return text


def cell_text(value: object) -> str:
    """Return a value as a cell of a table: numbers with four decimals, or four digits if small."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    if isinstance(value, float):
        if 0 < abs(value) < _SMALL:  # such as a deep option's gamma, which is not zero
            return f"{value:.4g}"
        return f"{value:.4f}".rstrip("0").rstrip(".") if value else "0"
    return str(value)


def contract_of(word: str) -> Contract:
    """Return the contract that a word names.

    `ROOT:EXPIRATION:STRIKE:RIGHT` and OCC symbols are options, SPX and other
    indices with options are indices, everything else is a stock. Raises
    InvalidRequest that names the word.
    """
    text = word.strip()
    try:
        if ":" in text:
            root, expiration, strike, right = text.split(":")
            return Option(root, expiration, strike, right)
        if _OCC_STRIKE.search(text):
            return Option.from_occ(text)
        index = index_of_root(text)
        if index is None:
            return Stock(text)
        if index == text.upper():
            return Index(text)
    except InvalidRequest as problem:
        reasons = "; ".join(problem.problems)
        raise InvalidRequest(f"{word!r} is no contract: {reasons}") from None
    except ValueError:
        raise InvalidRequest(f"{word!r} is no contract: write one as {_FORMS}") from None
    raise InvalidRequest(
        f"{word!r} is no contract, options of {index} trade under it: name one, as in {_FORMS}"
    )


def topic_of(kind: StreamKind, words: Sequence[str]) -> AnyTopic:
    """Return the topic of a kind of event for the contracts that words name.

    Raises InvalidRequest for what is no contract, or none that has such events.
    """
    if kind == "full-trades":
        if len(words) != 1 or words[0] not in get_args(FullTradeKind):
            told = " ".join(words) or "nothing"
            raise InvalidRequest(f"full-trades: of 'option' or of 'stock', not of {told!r}")
        return Topic.joined_trades(cast("FullTradeKind", words[0]))
    if not words:
        raise InvalidRequest(f"{kind}: name a contract or more, such as {_FORMS}")
    contracts = [contract_of(word) for word in words]
    if kind == "prices":
        # Whatever an index is called, here it is one.
        contracts = [Index(one.symbol) if isinstance(one, Stock) else one for one in contracts]
    elif kind in ("quotes", "trades"):
        indices = [one.symbol for one in contracts if isinstance(one, Index)]
        if indices:
            raise InvalidRequest(
                f"{kind}: {', '.join(indices)} is an index and has prices:"
                f" thetatrio stream prices {' '.join(indices)}"
            )
    return Topic(cast("TopicKind", kind.replace("-", "_")), tuple(contracts))


def notice_text(notice: Notice) -> str:
    """Return a notice as a line."""
    match notice:
        case Lost(reason=reason, since=since):
            after = "before the first event" if since is None else f"after {clock_text(since)}"
            return f"lost {after}: {reason}"
        case Gap(reason=reason, since=since, until=until):
            start, end = "the beginning", clock_text(until)
            if since is not None:
                start = clock_text(since)
            if since is None or since.date() != until.date():
                end = f"{until.date()} {end}"
                start = start if since is None else f"{since.date()} {start}"
            return f"gap from {start} to {end} New York time: {reason}"
        case Dropped(count=count):
            return f"{count} events dropped here, not read in time"
        case Replayed(count=count):
            return f"{count} events repeated by the terminal, left out"
        case Undecodable(count=count, first_bytes=first_bytes):
            return f"{count} frames could not be read: {first_bytes[:80]!r}"


def clock_text(moment: dt.datetime | None) -> str:
    """Return a moment's wall-clock time in milliseconds; nothing for none."""
    return "" if moment is None else f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03}"
