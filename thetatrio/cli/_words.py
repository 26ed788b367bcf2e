"""From the words of a command line to a request, and back to words."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Sequence

from thetatrio.errors import InvalidRequest
from thetatrio.requests import Parameter, Request, operations
from thetatrio.rows import Row

__all__ = ["cell_text", "find_operation", "request_of"]

_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def find_operation(name: str) -> type[Request[Row]]:
    """Return an operation by the vendor's name. Raises InvalidRequest with near matches."""
    known = operations()
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
            return float(text)
        if parameter.kind.startswith("whole number"):
            return int(text)
    except ValueError:
        pass
    return text


def cell_text(value: object) -> str:
    """Return a value as a cell of a table."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".") if value else "0"
    return str(value)
