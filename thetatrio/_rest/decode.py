"""Bytes to rows: NDJSON, CSV, and JSON in all of its shapes. Pure: no I/O, no clock.

A decoder is fed the pieces of an answer as they arrive and gives rows, or
`DecodeError`, and nothing else. Each form has two roads. The fast one hands
whole pieces to msgspec and holds for what terminals usually send. Where it
refuses a piece, the slow one reads that piece again line by line and accepts
what terminals also send: dates as `20251104`, numbers as text, rights as `C`,
quoted or empty cells, stray spaces, and JSON's missing numbers: a bare `NaN`,
`Infinity` or `-Infinity` in a float column is what the same text is in CSV, and
`null` is what CSV's empty cell is.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import starmap
from operator import itemgetter
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    NoReturn,
    Protocol,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from thetatrio._rest.json_text import json_value, refuse_repeated
from thetatrio._rest.no_data import is_no_data_document
from thetatrio.errors import DecodeError
from thetatrio.market_time import NEW_YORK
from thetatrio.rows import Row

__all__ = ["Decoder", "Form", "decoder_for", "read_any"]

R = TypeVar("R", bound=Row)

Form: TypeAlias = Literal["ndjson", "csv", "json"]

FIRST_BYTES: Final = 256
MAX_LINE: Final = 16 << 20
"""Bytes of the longest line: past that it is no row, and must not fill the memory."""
# What msgspec, the csv module and datetime raise on hostile bytes.
# UnicodeDecodeError is a ValueError; msgspec before 0.23 lets it through for some
# invalid UTF-8. OverflowError is an offset that leads out of the calendar.
_REFUSALS: Final = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError, csv.Error)
_BOM: Final = b"\xef\xbb\xbf"
# Not all that str.strip() takes for space: a no-break space is part of a text
# on the fast road, and so it must be on the slow one.
_SPACE: Final = " \t\r\n"


class Decoder(Protocol[R]):
    """Turns the pieces of one answer into rows."""

    def feed(self, piece: bytes) -> list[R]:
        """Return the rows that this piece completes."""
        ...

    def finish(self) -> list[R]:
        """Return the rows that the end of the answer completes."""
        ...


def decoder_for(form: Form, row_type: type[R]) -> Decoder[R]:
    """Return a decoder of answers in a form to rows of a type."""
    if form == "ndjson":
        return NdjsonDecoder(row_type)
    if form == "csv":
        return CsvDecoder(row_type)
    return JsonDecoder(row_type)


def _fail(what: str, data: bytes, cause: BaseException | None = None) -> NoReturn:
    first = data[:FIRST_BYTES]
    raise DecodeError(f"{what}; the bytes there begin {first[:80]!r}", first_bytes=first) from cause


class _Lines:
    """Cuts pieces at the last line end and keeps the rest, without copying it again and again."""

    def __init__(self) -> None:
        self._kept: list[bytes] = []
        self._size = 0

    def take(self, piece: bytes) -> bytes:
        """Return all whole lines there are now, or nothing."""
        end = piece.rfind(b"\n") + 1
        if not end:
            self.keep(piece)
            return b""
        whole = piece[:end]
        if self._kept:
            self._kept.append(whole)
            whole = b"".join(self._kept)
            self._kept.clear()
        self._size = 0
        if end < len(piece):
            self.keep(piece[end:])
        return whole

    def keep(self, piece: bytes) -> None:
        """Keep a piece for later."""
        self._kept.append(piece)
        self._size += len(piece)
        if self._size > MAX_LINE:
            _fail(f"no line ends within {MAX_LINE} bytes", b"".join(self._kept))

    def rest(self) -> bytes:
        """Return what is left, and keep nothing."""
        whole = b"".join(self._kept)
        self._kept.clear()
        return whole


# ---------------------------------------------------------------- NDJSON


class NdjsonDecoder(Generic[R]):
    """One JSON object on each line, with or without a last newline."""

    def __init__(self, row_type: type[R]) -> None:
        self._row_type = row_type
        decoder = _line_decoder(row_type)
        self._decode_line = decoder.decode
        self._decode_lines = decoder.decode_lines
        self._lines = _Lines()
        self._rows = 0

    def feed(self, piece: bytes) -> list[R]:
        """Return the rows whose lines this piece completes."""
        whole = self._lines.take(piece)
        return self._decode(whole) if whole else []

    def finish(self) -> list[R]:
        """Return the row of a last line without a newline."""
        last = self._lines.rest()
        return self._decode(last) if last else []

    def _decode(self, lines: bytes) -> list[R]:
        if not self._rows:
            lines = lines.removeprefix(_BOM)
        try:
            rows: list[R] | None = self._decode_lines(lines)
        except _REFUSALS:
            rows = None
        # msgspec also takes objects that go over several lines, and several in
        # one line; with a cut between them they would be refused.
        if rows is None or len(rows) != _line_count(lines):
            rows = self._slowly(lines)
        self._rows += len(rows)
        return rows

    def _slowly(self, lines: bytes) -> list[R]:
        rows: list[R] = []
        for line in lines.strip().split(b"\n"):
            if not line.strip():
                continue
            try:
                # Each line as the fast road would read it where it can: what a
                # row becomes must not depend on its neighbours in the piece.
                rows.append(self._decode_line(line))
            except _REFUSALS:
                try:
                    rows.append(_tolerant(self._row_type, _object(line)))
                except _REFUSALS as error:
                    _fail(f"row {self._rows + len(rows) + 1}: {_words(error, line)}", line, error)
        return rows


@cache
def _line_decoder(row_type: type[R]) -> msgspec.json.Decoder[R]:
    return msgspec.json.Decoder(row_type)


def _line_count(lines: bytes) -> int:
    # Deleting a byte goes by memchr, and is four times as fast as counting it.
    return len(lines) - len(lines.replace(b"\n", b"")) + (not lines.endswith(b"\n"))


def _object(data: bytes) -> Mapping[str, object]:
    value = json_value(data)
    if not isinstance(value, dict):
        raise ValueError("expected an object")
    return cast("dict[str, object]", value)


# ---------------------------------------------------------------- CSV

# A piece with any of these goes the slow road: quoting, escapes that the fast
# road would misread, control characters, and spaces that would stay in text.
_CSV_IRREGULAR = re.compile(rb'["\\ \x00-\x09\x0b-\x1f]')
_BEFORE_HEADER: Final = b" \t\r\n\v\f" + _BOM


class CsvDecoder(Generic[R]):
    """A line of column names, then a line for each row; columns are found by name.

    A quoted cell with a line break in it is refused: no column has such text,
    and one stray quote would swallow rows.
    """

    def __init__(self, row_type: type[R]) -> None:
        self._row_type = row_type
        self._lines = _Lines()
        self._columns: tuple[str, ...] = ()
        self._fast: Callable[[bytes], list[R]] | None = None
        self._rows = 0

    def feed(self, piece: bytes) -> list[R]:
        """Return the rows whose lines this piece completes."""
        whole = self._lines.take(piece)
        return self._decode(whole) if whole else []

    def finish(self) -> list[R]:
        """Return the row of a last line without a newline."""
        last = self._lines.rest()
        return self._decode(last) if last else []

    def _decode(self, lines: bytes) -> list[R]:
        if not self._columns:
            lines = self._read_header(lines)
        lines = lines.replace(b"\r\n", b"\n")
        rows: list[R] | None = None
        if self._fast is not None and not _CSV_IRREGULAR.search(lines):
            try:
                rows = self._fast(lines)
            except _REFUSALS:
                rows = None
        if rows is None:
            rows = self._slowly(lines)
        self._rows += len(rows)
        return rows

    def _read_header(self, lines: bytes) -> bytes:
        header, _, rest = lines.lstrip(_BEFORE_HEADER).partition(b"\n")
        if not header:
            return b""
        try:
            names = tuple(_cells(header))
        except _REFUSALS as error:
            _fail("the line of column names cannot be read", header, error)
        missing = [name for name in _required(self._row_type) if name not in names]
        if missing:
            _fail(f"the answer has no column {', '.join(missing)}", header)
        if len(set(names)) != len(names):
            _fail("the answer has a column twice", header)
        self._columns = names
        self._fast = _csv_reader(self._row_type, names)
        return rest

    def _slowly(self, lines: bytes) -> list[R]:
        rows: list[R] = []
        for line in lines.split(b"\n"):
            if not line.strip():
                continue
            try:
                cells = _by_name(self._columns, _cells(line))
                rows.append(_tolerant(self._row_type, cells))
            except _REFUSALS as error:
                _fail(f"row {self._rows + len(rows) + 1}: {_words(error, line)}", line, error)
        return rows


def _cells(line: bytes) -> list[str]:
    text = line.decode().strip(_SPACE)
    (cells,) = csv.reader([text], strict=True, skipinitialspace=True)
    return [cell.strip(_SPACE) for cell in cells]


def _by_name(columns: Sequence[str], cells: Sequence[str]) -> dict[str, object]:
    if len(cells) != len(columns):
        raise ValueError(f"{len(cells)} cells for {len(columns)} columns")
    return dict(zip(columns, cells, strict=True))


def _csv_reader(row_type: type[R], columns: tuple[str, ...]) -> Callable[[bytes], list[R]] | None:
    """Return the fast road: cells as JSON text, typed by msgspec, in the order of the fields."""
    if len(columns) == 1:
        return (
            None  # a lone empty cell is an empty line: leave lists of one column to the slow road
        )
    hints = dict(zip(_wire_names(row_type), _field_types(row_type), strict=True))
    # Made as values: type checkers take what stands in `list[...]` for a type expression.
    line_type = types.GenericAlias(tuple, tuple(hints.get(name, str) for name in columns))
    lines_type = cast("type[list[tuple[object, ...]]]", types.GenericAlias(list, (line_type,)))
    decode = msgspec.json.Decoder(lines_type, strict=False).decode
    fields = _wire_names(row_type)
    if any(name not in columns for name in fields):
        return None  # a column that may be missing is
    # A slice, so that one field too is handed on as a row of one.
    places = [columns.index(name) for name in fields]
    one = slice(places[0], places[0] + 1)
    order = None if columns == fields else itemgetter(*(places if len(places) > 1 else [one]))

    def read(lines: bytes) -> list[R]:
        body = lines.strip(b"\n")
        if not body:
            return []
        if b"\n\n" in body:
            body = re.sub(rb"\n\n+", b"\n", body)
        quoted = body.replace(b",", b'","').replace(b"\n", b'"],["')
        found: Iterable[tuple[object, ...]] = decode(b'[["' + quoted + b'"]]')
        return list(starmap(row_type, found if order is None else map(order, found)))

    return read


# ---------------------------------------------------------------- JSON

_NO_COMMA = re.compile(rb"\}[ \t\r]*\n\s*\{")


class JsonDecoder(Generic[R]):
    """A whole document: `{"response": ...}` of rows or of groups, or an object of columns.

    Nothing can be given out before the document is whole, so memory grows
    with the answer: this is the form for small answers and old terminals.
    """

    def __init__(self, row_type: type[R]) -> None:
        self._row_type = row_type
        self._pieces: list[bytes] = []

    def feed(self, piece: bytes) -> list[R]:
        """Keep the piece; there are no rows before the end."""
        self._pieces.append(piece)
        return []

    def finish(self) -> list[R]:
        """Return all rows."""
        body, self._pieces = b"".join(self._pieces), []
        body = body.removeprefix(_BOM)
        if not body.strip():
            return []
        for decode in _flat_decoders(self._row_type):
            try:
                return decode(body)
            except _REFUSALS:
                pass
        try:
            return self._tolerantly(body)
        except _REFUSALS as error:
            _fail(_words(error, body), body, error)

    def _tolerantly(self, body: bytes) -> list[R]:
        document = _document(body)
        _check_document(body, document)
        objects = rows_of_document(document)
        if not objects and isinstance(document, dict):
            self._check_columns(cast("dict[str, object]", document))
        return _rows_of_objects(self._row_type, objects)

    def _check_columns(self, document: Mapping[str, object]) -> None:
        """Refuse empty columns, if they are not those of a row: they may be anything."""
        if "response" in document or "results" in document or is_no_data_document(document):
            return
        missing = [name for name in _required(self._row_type) if name not in document]
        if missing:
            raise ValueError(f"there is no column {', '.join(missing)}")


_RESPONSE: Final = re.compile(rb'\s*\{\s*"response"\s*:')


@cache
def _flat_decoders(row_type: type[R]) -> tuple[Callable[[bytes], list[R]], ...]:
    """Return the fast paths: a document of nothing but one list of rows, and of one with more.

    Both refuse a document with a second list, of which one would be lost without an error.
    """
    row: Any = row_type
    rows: Any = list[row]
    decode_list: Callable[[memoryview], list[R]] = msgspec.json.Decoder(rows).decode
    document = msgspec.defstruct("Document", [("response", rows)])
    decode = msgspec.json.Decoder(document).decode

    def read_only_list(body: bytes) -> list[R]:
        # Whatever else there is in the document is between its list and its last bracket,
        # where msgspec refuses it, which costs nothing.
        start, end = _RESPONSE.match(body), body.rfind(b"}")
        if start is None or body[end + 1 :].strip():
            raise ValueError("there is more than 'response'")
        return decode_list(memoryview(body)[start.end() : end])

    def read(body: bytes) -> list[R]:
        found: list[R] = getattr(decode(body), "response")  # noqa: B009  # made just above
        if _list_count(body) > 1:
            raise ValueError("there are other lists")
        return found

    return read_only_list, read


def _document(body: bytes) -> object:
    try:
        return json_value(body)
    except msgspec.DecodeError:
        # A string has no line break in it, so one between two objects stands
        # outside of all strings, and only a comma can be meant there.
        mended, count = _NO_COMMA.subn(b"},{", body)
        if not count:
            raise
        return json_value(mended)


def _check_document(body: bytes, document: object) -> None:
    """Check that no rows of a document are lost because a member is there twice."""
    members: Mapping[str, object] = {}
    rows = document
    if isinstance(document, dict):
        members = cast("dict[str, object]", document)
        rows = members.get("response", members.get("results"))
    lists, groups = sum(isinstance(value, list) for value in members.values()), 0
    if isinstance(rows, list):
        items = cast("list[object]", rows)
        groups = sum(isinstance(item, dict) and "contract" in item for item in items)
        lists = max(lists, 1) + groups
    # A list that was lost has left its bracket. One in a text only costs a second look.
    if _list_count(body) > lists or (groups and body.count(b'"contract"') > groups):
        refuse_repeated(body, {"response", "results", "contract", "data", *members})


def _list_count(body: bytes) -> int:
    return len(body) - len(body.replace(b"[", b""))


def rows_of_document(document: object) -> list[Mapping[str, object]]:
    """Return the rows of a JSON document, whichever of the terminal's shapes it has.

    `{"response": [row, ...]}`, `{"response": [{"contract": {...}, "data":
    [row, ...]}, ...]}` and `{"column": [...], ...}`; a bare list is taken as
    the first, and so is a gateway's `{"status": "OK", "results": [row, ...]}`, whose
    results may be missing. Raises ValueError for anything else.
    """
    if isinstance(document, dict):
        columns = cast("dict[str, object]", document)
        if is_no_data_document(columns):
            return []
        if not ("response" in columns or "results" in columns):
            return _rows_of_columns(columns)
        document = _list_of(columns)
    if not isinstance(document, list):
        raise ValueError("the document has neither a list 'response' nor columns")
    rows: list[Mapping[str, object]] = []
    for item in cast("list[object]", document):
        if not isinstance(item, dict):
            raise ValueError("an element of 'response' is not an object")
        row = cast("dict[str, object]", item)
        contract, data = row.get("contract"), row.get("data")
        if isinstance(contract, dict) and isinstance(data, list):
            for tick in cast("list[object]", data):
                if not isinstance(tick, dict):
                    raise ValueError("an element of 'data' is not an object")
                rows.append(
                    {**cast("dict[str, object]", contract), **cast("dict[str, object]", tick)}
                )
        else:
            rows.append(row)
    return rows


def _list_of(document: Mapping[str, object]) -> object:
    if "response" in document and document.get("results") is not None:
        raise ValueError("the document has both 'response' and 'results'")
    return document["response"] if "response" in document else document["results"]


def _rows_of_columns(columns: Mapping[str, object]) -> list[Mapping[str, object]]:
    if not columns:
        raise ValueError("the document is empty: it has neither 'response' nor columns")
    if any(name in columns for name in ("error", "errors")):
        raise ValueError("the document reports an error, and has neither 'response' nor columns")
    lists = [cast("list[object]", value) for value in columns.values() if isinstance(value, list)]
    if len(lists) != len(columns):
        raise ValueError("the document has neither 'response' nor only columns")
    if len({len(values) for values in lists}) != 1:
        raise ValueError("the columns of the document have different lengths")
    return [dict(zip(columns, values, strict=True)) for values in zip(*lists, strict=True)]


# ---------------------------------------------------------------- the slow road


def _rows_of_objects(row_type: type[R], objects: list[Mapping[str, object]]) -> list[R]:
    row: Any = row_type
    try:
        return cast("list[R]", msgspec.convert(objects, list[row]))
    except _REFUSALS:
        rows: list[R] = []
        for number, values in enumerate(objects, 1):
            try:
                rows.append(msgspec.convert(values, row_type))
            except _REFUSALS:
                try:
                    rows.append(_tolerant(row_type, values))
                except _REFUSALS as error:
                    raise ValueError(f"row {number}: {_words(error)}") from error
        return rows


def _tolerant(row_type: type[R], values: Mapping[str, object]) -> R:
    """Make a row from one object, accepting every spelling that terminals have been seen with."""
    normal: dict[str, object] = {}
    for name, readers in _columns(row_type):
        try:
            value = values[name]
        except KeyError:
            if name not in _required(row_type):
                continue
            raise ValueError(f"there is no column {name}") from None
        if isinstance(value, str):
            value = value.strip(_SPACE)
        try:
            normal[name] = readers(value)
        except _REFUSALS as error:
            raise ValueError(f"column {name}: {value!r:.80}: {_words(error)}") from None
    return msgspec.convert(normal, row_type, strict=False)


@cache
def _columns(row_type: type[R]) -> tuple[tuple[str, Callable[[object], object]], ...]:
    pairs = zip(_wire_names(row_type), _field_types(row_type), strict=True)
    return tuple((name, _reader(kind)) for name, kind in pairs)


def _reader(kind: object) -> Callable[[object], object]:
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    options: Sequence[object] = (
        get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    )
    if type(None) in options:
        inner = _reader(next(option for option in options if option is not type(None)))
        return lambda value: (
            None if value is None or _lower(value) in ("", "null") else inner(value)
        )
    if kind is dt.date:
        return _date
    if kind is dt.datetime:
        return _wall_clock
    if get_origin(kind) is Literal:
        words = get_args(kind)
        return _right if words == ("CALL", "PUT") else _lower if "open" in words else _plain
    return lambda value: msgspec.convert(value, cast("Any", kind), strict=False)


def _plain(value: object) -> object:
    return value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


_RIGHTS: Final = {"C": "CALL", "CALL": "CALL", "P": "PUT", "PUT": "PUT"}


def _right(value: object) -> object:
    return _RIGHTS.get(value.upper(), value) if isinstance(value, str) else value


def _date(value: object) -> dt.date:
    text = str(value)
    if len(text) == 8 and text.isascii() and text.isdigit():
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return msgspec.convert(text, dt.date)


def _wall_clock(value: object) -> dt.datetime:
    # Text only: msgspec would take a number for Unix seconds, and the vendor has none such.
    if not isinstance(value, str):
        raise ValueError("expected a timestamp as text")
    moment = msgspec.convert(value, dt.datetime)
    if moment.tzinfo is not None:  # no terminal sends an offset; one that did would mean it
        moment = moment.astimezone(NEW_YORK).replace(tzinfo=None)
    return moment


@cache
def _wire_names(row_type: type[R]) -> tuple[str, ...]:
    return tuple(field.encode_name for field in msgspec.structs.fields(row_type))


@cache
def _required(row_type: type[R]) -> tuple[str, ...]:
    """Return the columns that an answer must have."""
    return tuple(f.encode_name for f in msgspec.structs.fields(row_type) if f.required)


@cache
def _field_types(row_type: type[R]) -> tuple[object, ...]:
    # With their Annotated parts: the fast road's types must be as strict as the Struct's.
    hints = get_type_hints(row_type, include_extras=True)
    return tuple(hints[name] for name in row_type.__struct_fields__)


def _words(error: BaseException, data: bytes = b"") -> str:
    if isinstance(error, RecursionError):
        return "the nesting is too deep"
    # Which error msgspec raises for invalid UTF-8, and its text, depend on its version.
    if isinstance(error, UnicodeDecodeError) or not _is_utf8(data):
        return "the text is not UTF-8"
    return str(error)[:FIRST_BYTES]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


# ---------------------------------------------------------------- without a type


def read_any(form: Form, body: bytes) -> list[dict[str, object]]:
    """Return the rows of an answer of an unknown kind as dictionaries; CSV cells stay text."""
    body = body.removeprefix(_BOM)
    try:
        if form == "json":
            document = _document(body)
            _check_document(body, document)
            return [dict(row) for row in rows_of_document(document)]
        lines = [line for line in body.split(b"\n") if line.strip()]
        if form == "ndjson":
            return [dict(_object(line)) for line in lines]
        names, *rows = [_cells(line) for line in lines] or [[]]
        if len(set(names)) != len(names):
            raise ValueError("the answer has a column twice")
        return [_by_name(names, cells) for cells in rows]
    except _REFUSALS as error:
        _fail(_words(error, body), body, error)
