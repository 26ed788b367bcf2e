"""`thetatrio fetch`: any operation by its vendor's name, to the terminal or a file."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import msgspec
import trio

from thetatrio import Session, open_session
from thetatrio._files import local_path
from thetatrio._interrupt import run_interruptibly
from thetatrio.cli._console import note, width_of
from thetatrio.cli._stdio import write_out
from thetatrio.cli._tables import SPACED, Column, fit, left_out
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
_ALWAYS: Final = frozenset({"strike", "right", "timestamp"})
_LATE: Final = ("symbol", "expiration")
_PRICES: Final = frozenset({"open", "high", "low", "close", "bid", "ask", "price", "value"})
_CODES: Final = re.compile("exchange|condition|flags|sequence|records_back|error$")
_SIZES: Final = re.compile("size$|count$")


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
            # In a thread: the pipe's reader may be slow, and a signal ends this all the same.
            await trio.to_thread.run_sync(write_out, chunk, abandon_on_cancel=True)
    if empty:
        note("no data")


async def _show_table(request: Request[Row], options: ConfigOptions) -> None:
    async with open_session(**options) as session:
        await _print_table(session, request)


def table_columns(names: Sequence[str]) -> list[Column]:
    """Return a column for each name of a row's columns, with the order in which they are left out.

    A window that is too narrow loses codes and sequence numbers first, then
    sizes and counts, then the others from the right, then the symbol and the
    expiration, and at last prices from the right. Strike, right and the time
    are always shown.
    """
    last = len(names)

    def rank(place: int, name: str) -> int | None:
        if name in _ALWAYS:
            return None
        if name in _LATE:
            return 3 + last + _LATE.index(name)
        if name in _PRICES:
            return 3 + 2 * last - place
        if _CODES.search(name):
            return 1
        if _SIZES.search(name):
            return 2
        return 2 + last - place

    return [Column(name, rank=rank(place, name)) for place, name in enumerate(names)]


async def _print_table(session: Session, request: Request[Row]) -> None:
    names = [
        (field.name, field.encode_name) for field in msgspec.structs.fields(request.row_type())
    ]
    columns = table_columns([wire for _, wire in names])
    width = width_of() or shutil.get_terminal_size().columns
    waiting: list[list[str]] = []
    places: list[int] = []
    widths: list[int] = []

    async def show() -> None:
        nonlocal places, widths
        lines = waiting
        if not places and waiting:
            places = fit(columns, waiting, width, SPACED)
            lines = [[wire for _, wire in names], *waiting]
            widths = [max(len(line[place]) for line in lines) for place in places]
        text = "".join(
            GAP.join(line[place].rjust(w) for place, w in zip(places, widths, strict=True)) + "\n"
            for line in lines
        )
        sys.stdout.flush()
        await trio.to_thread.run_sync(
            write_out, text.encode(sys.stdout.encoding, "replace"), abandon_on_cancel=True
        )
        waiting.clear()

    count = 0
    async with session.query(request).batches() as batches:
        async for rows in batches:
            count += len(rows)
            waiting += [[cell_text(getattr(row, name)) for name, _ in names] for row in rows]
            if places or len(waiting) >= MEASURED_ROWS:
                await show()
    await show()
    if not count:
        note("no data")
    elif missing := left_out(columns, places, width):
        note(f"{missing}; --format csv has all")
