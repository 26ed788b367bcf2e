"""`thetatrio operations`: what can be asked, and how."""

from __future__ import annotations

import inspect

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from thetatrio.cli._words import cell_text, find_operation
from thetatrio.requests import Request, operations
from thetatrio.rows import Row

__all__ = ["run"]

EVERYWHERE = "every v3 terminal"


def run(console: Console, name: str | None) -> None:
    """Print all operations, or one in full. Raises InvalidRequest for one that does not exist."""
    if name is None:
        _print_all(console)
    else:
        _print_one(console, find_operation(name))


def columns_of(request: type[Request[Row]]) -> tuple[str, ...]:
    """Return the columns of an operation's answer."""
    import msgspec

    if request.flat_file:
        return getattr(request, "columns", ())
    return tuple(field.encode_name for field in msgspec.structs.fields(request.row_type()))


def _summary(request: type[Request[Row]]) -> str:
    return (inspect.getdoc(request) or "").partition("\n")[0]


def _print_all(console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("operation", no_wrap=True, style="bold")
    table.add_column("tier", no_wrap=True)
    table.add_column("what it does")
    for name, request in operations().items():
        table.add_row(name, request.tier, escape(_summary(request)))
    console.print(table)
    console.print(
        f"\n{len(operations())} operations; `thetatrio operations NAME` says more of one.",
        highlight=False,
    )


def _print_one(console: Console, request: type[Request[Row]]) -> None:
    console.print(f"[bold]{request.operation}[/bold]  GET {escape(request.path)}", highlight=False)
    console.print(f"tier {request.tier}; {request.since or EVERYWHERE}\n", highlight=False)
    table = Table(box=None, pad_edge=False)
    for heading in ("parameter", "given as", "default"):
        table.add_column(heading, no_wrap=heading == "parameter")
    for parameter in request.parameters():
        given = ", ".join(parameter.choices) if parameter.choices else parameter.kind
        default = "must be given" if parameter.required else cell_text(parameter.default)
        table.add_row(parameter.name, escape(given), default or "left out")
    if request.parameters():
        console.print(table)
    columns = ", ".join(columns_of(request))
    console.print(f"\ncolumns: {columns}\n", highlight=False, soft_wrap=True)
    console.print(escape(inspect.getdoc(request) or ""), highlight=False, soft_wrap=True)
