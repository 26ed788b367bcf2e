"""`thetatrio fetch`: any operation by its vendor's name, to the terminal or a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from thetatrio import Session, open_session
from thetatrio._files import local_path
from thetatrio._interrupt import run_interruptibly
from thetatrio.cli._console import note
from thetatrio.cli._words import cell_text, request_of
from thetatrio.config import ConfigOptions
from thetatrio.errors import InvalidRequest
from thetatrio.frames._schema import library
from thetatrio.requests import Request
from thetatrio.rows import Row

__all__ = ["OutputFormat", "run"]

FileFormat: TypeAlias = Literal["csv", "ndjson", "json"]
OutputFormat: TypeAlias = Literal["table", "csv", "ndjson", "json", "parquet"]
MEASURED_ROWS: Final = 200  # rows by which the columns of a table are measured
GAP: Final = "  "


def run(
    operation: str,
    words: Sequence[str],
    *,
    format: OutputFormat | None,  # noqa: A002
    out: str | None,
    options: ConfigOptions,
) -> None:
    """Fetch and show or save. Raises errors of `thetatrio.errors`, and OSError of the file."""
    request = request_of(operation, words)
    if format == "table" and (out is not None or request.flat_file):
        raise InvalidRequest("a file is csv, ndjson or json, not a table: choose with --format")
    if format == "parquet" and out is None:
        raise InvalidRequest("Parquet is written to a file: give --out FILE.parquet")
    if out is not None:
        out = local_path(out, "--out")  # before a session is opened
        if format == "parquet" or (format is None and out.lower().endswith(".parquet")):
            if request.flat_file:
                raise InvalidRequest(
                    f"{request.operation} is saved as the terminal sends it: give --out FILE.csv"
                )
            library("pyarrow", "arrow")
            run_interruptibly(_save_parquet, request, out, options)
            return
        run_interruptibly(_save, request, _file_format(format), out, options)
    elif format == "table" or (format is None and sys.stdout.isatty() and not request.flat_file):
        run_interruptibly(_show_table, request, options)
    else:
        run_interruptibly(_pipe, request, _file_format(format) or "csv", options)


def _file_format(wanted: OutputFormat | None) -> FileFormat | None:
    return None if wanted is None or wanted == "table" or wanted == "parquet" else wanted  # noqa: PLR1714


async def _save(
    request: Request[Row], wanted: FileFormat | None, out: str, options: ConfigOptions
) -> None:
    async with open_session(**options) as session:
        size = await session.file_query(request).save(out, format=wanted)
    note(f"{out}: {size} bytes")


async def _save_parquet(request: Request[Row], out: str, options: ConfigOptions) -> None:
    async with open_session(**options) as session:
        size = await session.query(request).save(out, format="parquet")
    note(f"{out}: {size} bytes")


async def _pipe(request: Request[Row], wanted: FileFormat, options: ConfigOptions) -> None:
    empty = True
    async with (
        open_session(**options) as session,
        session.file_query(request).chunks(format=wanted) as chunks,
    ):
        async for chunk in chunks:
            empty = False
            sys.stdout.buffer.write(chunk)
    if empty:
        note("no data")


async def _show_table(request: Request[Row], options: ConfigOptions) -> None:
    async with open_session(**options) as session:
        await _print_table(session, request)


async def _print_table(session: Session, request: Request[Row]) -> None:
    names = [
        (field.name, field.encode_name) for field in msgspec.structs.fields(request.row_type())
    ]
    waiting: list[list[str]] = []
    widths: list[int] = []

    def show() -> None:
        nonlocal widths
        if not widths and waiting:
            lines = [[wire for _, wire in names], *waiting]
            widths = [max(len(line[place]) for line in lines) for place in range(len(names))]
            print(GAP.join(wire.rjust(w) for (_, wire), w in zip(names, widths, strict=True)))
        for line in waiting:
            print(GAP.join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
        waiting.clear()

    count = 0
    async with session.query(request).batches() as batches:
        async for rows in batches:
            count += len(rows)
            waiting += [[cell_text(getattr(row, name)) for name, _ in names] for row in rows]
            if widths or len(waiting) >= MEASURED_ROWS:
                show()
    show()
    if not count:
        note("no data")
