"""Tables that fit the terminal window: whole columns are left out before a digit is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from rich.box import Box
from rich.cells import cell_len
from rich.table import Table

__all__ = ["BOXED", "COMPACT", "SPACED", "Column", "Layout", "fit", "left_out", "make_table"]


class Column(NamedTuple):
    """One column of a table."""

    heading: str
    justify: Literal["left", "center", "right"] = "right"
    style: str | None = None
    rank: int | None = None
    """When it is left out of a table that is too wide: 1 first; None: never. Columns of one
    rank are left out together."""
    wraps_at: int | None = None
    """The least width of a column of prose, whose lines may wrap."""


class Layout(NamedTuple):
    """The space around columns."""

    gap: int
    """Between two columns."""
    edge: int
    """At both ends together."""


BOXED: Final = Layout(gap=3, edge=4)
"""With lines around the cells."""
SPACED: Final = Layout(gap=2, edge=0)
"""Two spaces between columns."""
COMPACT: Final = Layout(gap=1, edge=0)
"""One space between columns."""


def fit(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int, layout: Layout
) -> list[int]:
    """Return the places of the columns that are shown in a window.

    Args:
        columns: All columns, with the order in which they are left out.
        rows: The cells of each row, one for each column.
        width: Characters of a line of the window.
        layout: The space around columns.

    Returns:
        Places in `columns`, in order. If even the columns that are never left
        out are too wide, all of those.
    """
    widths = _widths(columns, rows)
    places = list(range(len(columns)))
    for rank in sorted({column.rank for column in columns if column.rank is not None}):
        if _needed([widths[place] for place in places], layout) <= width:
            break
        places = [place for place in places if columns[place].rank != rank]
    return places


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    widths: list[int] = []
    for place, column in enumerate(columns):
        natural = max([cell_len(column.heading), *(cell_len(row[place]) for row in rows)])
        widths.append(natural if column.wraps_at is None else min(natural, column.wraps_at))
    return widths


def _needed(widths: Sequence[int], layout: Layout) -> int:
    return sum(widths) + layout.gap * (len(widths) - 1) + layout.edge


def left_out(columns: Sequence[Column], places: Sequence[int], width: int) -> str:
    """Return a line that names the columns left out, the first of them first; empty if none is."""
    missing = [column for place, column in enumerate(columns) if place not in places]
    missing.sort(key=lambda column: column.rank or 0)
    names = dict.fromkeys(column.heading for column in missing)
    return f"left out to fit {width} columns: {', '.join(names)}" if names else ""


def make_table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    width: int,
    layout: Layout,
    *,
    title: str | None = None,
    caption: str | None = None,
    box: Box | None = None,
    header_style: str = "table.header",
) -> Table:
    """Return a table of the columns that fit, and beneath it the names of those that do not.

    Args:
        columns: All columns, with the order in which they are left out.
        rows: The cells of each row, one for each column.
        width: Characters of a line of the window.
        layout: The space around columns.
        title: What stands above it.
        caption: What stands beneath it.
        box: Its lines, if `layout` is `BOXED`.
        header_style: The style of its headings.
    """
    places = fit(columns, rows, width, layout)
    widths = _widths(columns, rows)
    fits = _needed([widths[place] for place in places], layout) <= width
    notes = [note for note in (caption, left_out(columns, places, width)) if note]
    table = Table(
        box=box if layout is BOXED else None,
        pad_edge=layout is BOXED,
        collapse_padding=layout is COMPACT,
        header_style=header_style,
        title=title,
        caption="\n".join(notes) or None,
        caption_justify="center" if layout is BOXED else "left",
    )
    for place in places:
        column = columns[place]
        # Folded: in a window that is too narrow for anything, digits go on in the next line.
        table.add_column(
            column.heading,
            justify=column.justify,
            style=column.style,
            overflow="fold",
            no_wrap=fits and column.wraps_at is None,
        )
    for row in rows:
        table.add_row(*(row[place] for place in places))
    return table
