"""`thetatrio operations`: what can be asked, and how."""

from __future__ import annotations

import inspect
from typing import Final

from rich.console import Console
from rich.markup import escape

from thetatrio._rest.dialect_v2 import why_not
from thetatrio.cli._tables import SPACED, Column, make_table
from thetatrio.cli._words import cell_text, find_operation
from thetatrio.requests import Request, operations, v2
from thetatrio.rows import Row

__all__ = ["run"]

LIST: Final = (
    Column("operation", "left", "bold"),
    Column("tier", "left", rank=2),
    Column("terminals", "left", rank=1),
    Column("what it does", "left", rank=3, wraps_at=24),
)
"""Left out in a narrow window, in this order: terminals, tier, what it does."""
PARAMETERS: Final = (
    Column("parameter", "left"),
    Column("given as", "left", wraps_at=16),
    Column("default", "left", wraps_at=12),
)


def run(console: Console, name: str | None) -> None:
    """Print all operations, or one in full. Raises InvalidRequest for one that does not exist."""
    if name is None:
        _print_all(console)
    else:
        _print_one(console, find_operation(name))


def columns_of(request: type[Request[Row]]) -> tuple[str, ...]:
    """Return the columns of an operation's answer."""
    import msgspec

    if request.flat_file and not request.v2_only:
        return getattr(request, "columns", ())
    return tuple(field.encode_name for field in msgspec.structs.fields(request.row_type()))


def _summary(request: type[Request[Row]]) -> str:
    return (inspect.getdoc(request) or "").partition("\n")[0]


def terminals_of(request: type[Request[Row]]) -> str:
    """Return which kinds of terminal have an operation."""
    if request.v2_only:
        return "v2"
    return "v3" if why_not(request.operation) else "v3, v2"


def _who(request: type[Request[Row]]) -> str:
    if request.v2_only:
        return request.since
    reason = why_not(request.operation)
    new = request.since or "every v3 terminal"
    return f"{new}; not v2: {reason}" if reason else f"{new}, and v2 terminals"


def _print_all(console: Console) -> None:
    rows = [
        (name, request.tier, terminals_of(request), escape(_summary(request)))
        for name, request in {**operations(), **v2.operations()}.items()
    ]
    console.print(make_table(LIST, rows, console.width, SPACED))
    console.print(
        f"\n{len(operations())} operations of v3 terminals, and {len(v2.operations())} that only"
        " v2 terminals have; `thetatrio operations NAME` says more of one.",
        highlight=False,
    )


def _print_one(console: Console, request: type[Request[Row]]) -> None:
    console.print(f"[bold]{request.operation}[/bold]  GET {escape(request.path)}", highlight=False)
    console.print(f"tier {request.tier}; {_who(request)}\n", highlight=False)
    rows: list[tuple[str, str, str]] = []
    for parameter in request.parameters():
        given = ", ".join(parameter.choices) if parameter.choices else parameter.kind
        default = "must be given" if parameter.required else cell_text(parameter.default)
        rows.append((parameter.name, escape(given), default or "left out"))
    if request.parameters():
        console.print(make_table(PARAMETERS, rows, console.width, SPACED))
    columns = ", ".join(columns_of(request))
    console.print(f"\ncolumns: {columns}\n", highlight=False, soft_wrap=True)
    console.print(escape(inspect.getdoc(request) or ""), highlight=False, soft_wrap=True)
