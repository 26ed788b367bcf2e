"""Rows as bytes: CSV, JSON in both shapes, NDJSON, HTML.

Bodies come as pieces of a few hundred rows, so that a long answer is never
whole in memory, except in the legacy JSON shape, whose columns cannot be
begun before all rows are known.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from thetatrio.contracts import strike_text
from thetatrio.testing._operations import Column, Group, Kind, Operation, Row

CONTENT_TYPES: Final = {
    "csv": "text/csv",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "html": "text/html",
}
_ROWS_A_PIECE: Final = 400
_CONTRACT: Final = ("symbol", "expiration", "strike", "right")


@lru_cache(maxsize=100_000)
def clock_text(ms: object) -> str:
    """Return a millisecond of the day as `HH:MM:SS` with up to three fraction digits, trimmed."""
    seconds, fraction = divmod(int(str(ms)), 1000)
    minutes, second = divmod(seconds, 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}:{second:02}"
    return f"{text}.{fraction:03}".rstrip("0") if fraction else text


def _stock_price(value: object) -> str:
    text = f"{value:.4f}"
    return text.removesuffix("0")


def _index_price(value: object) -> str:
    return f"{value:.2f}" if value else "0.0"


_NUMBERS: Final = {Kind.INTEGER: "%d", Kind.DOLLARS: "%.2f", Kind.THREE: "%.3f", Kind.FOUR: "%.4f"}
_WRITERS: Final[dict[Kind, Callable[[object], str]]] = {
    Kind.CLOCK: clock_text,
    Kind.STOCK_PRICE: _stock_price,
    Kind.INDEX_PRICE: _index_price,
}


def cell_text(kind: Kind, value: object) -> str:
    """Return one value as JSON has it, of a kind that is a number."""
    if value is None:
        return "null"
    write = _WRITERS.get(kind)
    return write(value) if write is not None else _NUMBERS[kind] % value


def _json_or_null(value: object) -> str:
    return "null" if value is None else f'"{value}"'


def _text_or_empty(value: object) -> str:
    return "" if value is None else str(value)


class _Layout(NamedTuple):
    """One line of text with gaps, and where the values of a row go in it."""

    template: str
    order: Sequence[int]
    writers: Sequence[tuple[int, Callable[[object], str]]]

    def lines(self, rows: Sequence[Row]) -> Iterator[str]:
        template, order, writers = self
        for row in rows:
            values = [row[index] for index in order]
            for place, write in writers:
                values[place] = write(values[place])
            yield template % tuple(values)


def _constants(group: Group) -> dict[str, str]:
    if group.contract is None:
        return {}
    root, expiration, strike, right = group.contract
    return {
        "symbol": root,
        "expiration": expiration.isoformat(),
        "strike": strike_text(strike),
        "right": right,
    }


def _gap(kind: Kind, group: Group, quote: str) -> str:
    if kind is Kind.CLOCK:
        return f"{quote}{group.date.isoformat()}T%s{quote}"
    if kind is Kind.TEXT:
        return f"{quote}%s{quote}"
    return _NUMBERS.get(kind, "%s")


def _layout(
    columns: Sequence[Column],
    group: Group,
    *,
    quote: str,
    join: Callable[[Sequence[tuple[str, str]]], str],
    arrange: Callable[[Sequence[str]], Sequence[str]] = list,
) -> _Layout:
    constants = _constants(group)
    kinds = dict(columns)
    own = [name for name, _ in columns if name not in constants]
    names = arrange([name for name, _ in columns])
    gaps = [
        (name, _constant(name, constants[name], quote))
        if name in constants
        else (name, _gap(kinds[name], group, quote))
        for name in names
    ]
    filled = [name for name in names if name not in constants]
    nullable = _json_or_null if quote else _text_or_empty
    writers = _WRITERS | {Kind.NULLABLE: nullable}
    return _Layout(
        join(gaps),
        [own.index(name) for name in filled],
        [
            (place, writers[kinds[name]])
            for place, name in enumerate(filled)
            if kinds[name] in writers
        ],
    )


def _constant(name: str, text: str, quote: str) -> str:
    return text if name == "strike" else f"{quote}{text}{quote}"


def _shuffled(names: Sequence[str]) -> Sequence[str]:
    # The order of a hash map: not the columns', and always the same.
    return sorted(names, key=lambda name: zlib.crc32(name.encode()))


def _object(gaps: Sequence[tuple[str, str]]) -> str:
    return "{" + ",".join(f'"{name}":{gap}' for name, gap in gaps) + "}"


def _cells(separator: str, left: str = "", right: str = "") -> Callable[..., str]:
    def join(gaps: Sequence[tuple[str, str]]) -> str:
        return left + separator.join(gap for _, gap in gaps) + right

    return join


def _pieces(lines: Iterator[str], end: str) -> Iterator[bytes]:
    batch: list[str] = []
    for line in lines:
        batch.append(line)
        if len(batch) == _ROWS_A_PIECE:
            yield (end.join(batch) + end).encode()
            batch.clear()
    if batch:
        yield (end.join(batch) + end).encode()


def csv(operation: Operation, groups: Iterator[Group]) -> Iterator[bytes]:
    """Yield CSV: a header line, lines ended by CRLF, empty cells for what is not there."""
    columns = operation.columns
    yield (",".join(name for name, _ in columns) + "\r\n").encode()
    join = _cells(",")
    yield from _written(
        operation, groups, lambda group: _layout(columns, group, quote="", join=join), "\r\n"
    )


def _written(
    operation: Operation,
    groups: Iterator[Group],
    layout: Callable[[Group], _Layout],
    end: str,
) -> Iterator[bytes]:
    before: Group | None = None
    kept: list[bytes] = []
    for group in groups:
        if operation.is_file and group is before:
            # A block of a file that repeats it: written once, sent many times.
            yield from kept
            continue
        before = group
        kept.clear()
        for piece in _pieces(layout(group).lines(group.rows), end):
            if operation.is_file:
                kept.append(piece)
            yield piece


def ndjson(operation: Operation, groups: Iterator[Group]) -> Iterator[bytes]:
    """Yield one flat JSON object a line, contract columns among the others."""
    yield from _written(
        operation,
        groups,
        lambda group: _layout(operation.columns, group, quote='"', join=_object, arrange=_shuffled),
        "\n",
    )


def json_rows(operation: Operation, groups: Iterator[Group]) -> Iterator[bytes]:
    """Yield `{"response": [...]}`: flat rows, option rows grouped by their contract."""
    columns = operation.columns
    if operation.by_contract:
        columns = tuple(column for column in columns if column[0] not in _CONTRACT)
    yield b'{"response":['
    before: object = None
    started = False
    for group in groups:
        layout = _layout(
            columns,
            group._replace(contract=None),
            quote='"',
            join=_object,
            arrange=_shuffled,
        )
        same = started and group.contract == before
        lead = "," if same else ""
        if operation.by_contract and not same:
            contract = _object([(name, _contract_cell(group, name)) for name in _CONTRACT_ORDER])
            lead = ("\n]}," if started else "") + f'\n{{"contract":{contract},"data":['
        started, before = True, group.contract
        for at in range(0, len(group.rows), _ROWS_A_PIECE):
            lines = layout.lines(group.rows[at : at + _ROWS_A_PIECE])
            yield (lead + "\n" + ",\n".join(lines)).encode()
            lead = ","
    yield b"\n]}\n]}\n" if operation.by_contract and started else b"\n]}\n"


def _contract_cell(group: Group, name: str) -> str:
    return _constant(name, _constants(group)[name], '"')


_CONTRACT_ORDER: Final = _shuffled(_CONTRACT)


def json_columns(operation: Operation, groups: Iterator[Group]) -> Iterator[bytes]:
    """Yield the legacy shape: one array for each column, no wrapper."""
    names = _shuffled([name for name, _ in operation.columns])
    arrays: dict[str, list[str]] = {name: [] for name in names}
    for group in groups:
        layout = _layout(operation.columns, group, quote='"', join=_cells("\n"), arrange=_shuffled)
        for line in layout.lines(group.rows):
            for name, cell in zip(names, line.split("\n"), strict=True):
                arrays[name].append(cell)
    lead = "{"
    for name in names:
        yield f'{lead}"{name}":[{",".join(arrays.pop(name))}]'.encode()
        lead = ",\n"
    yield b"}\n"


def html(operation: Operation, groups: Iterator[Group]) -> Iterator[bytes]:
    """Yield a page with a table, for browsers."""
    head = "".join(f"<th>{name}</th>" for name, _ in operation.columns)
    yield f"<!DOCTYPE html>\n<html><body><table>\n<tr>{head}</tr>\n".encode()
    join = _cells("</td><td>", "<tr><td>", "</td></tr>")
    for group in groups:
        layout = _layout(operation.columns, group, quote="", join=join)
        yield from _pieces(layout.lines(group.rows), "\n")
    yield b"</table></body></html>\n"
