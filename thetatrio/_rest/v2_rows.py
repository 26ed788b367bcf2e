"""Pages of a v2 terminal or of a gateway, as the rows a v3 terminal would have sent. Pure."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias, final

import msgspec

from thetatrio._numbers import read_float, read_int
from thetatrio._rest.dialect import Target
from thetatrio._rest.dialect_v3 import error_of
from thetatrio._rest.json_text import MARK
from thetatrio._rest.no_data import is_no_data
from thetatrio._rest.pages import Envelope
from thetatrio._rest.v2_table import ABSENT, MOMENTS
from thetatrio.contracts import strike_text
from thetatrio.errors import DecodeError

__all__ = ["V2Rows", "error_code_of"]

_Cells: TypeAlias = "list[object]"
_REFUSALS: Final = (
    ValueError,
    TypeError,
    OverflowError,
    LookupError,
    RecursionError,
    csv.Error,
    msgspec.MsgspecError,
)


class _Bulk(msgspec.Struct):
    ticks: list[list[object]]
    contract: dict[str, object]


_ITEMS: Final = msgspec.json.Decoder(list[dict[str, object] | list[object]])
_SCALARS: Final = msgspec.json.Decoder(list[str | int | dict[str, str | int] | list[str | int]])
_NOTHING: Final = ([0], ["0"])
_DAY_MS: Final = 86_400_000
_CODES: Final[Mapping[str, int]] = {
    "NO_IMPL": 404, "OS_LIMIT": 429, "GENERAL": 470, "PERMISSION": 471, "NO_DATA": 472,
    "INVALID_PARAMS": 473, "DISCONNECTED": 474, "TERMINAL_PARSE": 475, "WRONG_IP": 476,
    "NO_PAGE_FOUND": 477, "INVALID_SESSION_ID": 478, "LARGE_REQUEST": 570,
    "SERVER_STARTING": 571, "UNCAUGHT_ERROR": 572,
}  # fmt: skip
_DATES: Final = frozenset(
    {"date", "expiration", "split_date", "ex_date", "record_date", "payment_date", "ann_date"}
)


def error_code_of(name: str) -> int:
    """Return the status that a name of an error stands for; the general one where it is new."""
    return _CODES.get(name.strip().upper(), _CODES["GENERAL"])


@final
class V2Rows:
    """Makes CSV or NDJSON in v3's columns from pages in v2's.

    Args:
        columns: v3's, in their order.
        form: what is made.
        scalar: the only column, where pages are lists without rows.
        window: first and last millisecond of the day of rows that are kept.
        strike: thousandths of a dollar; the contracts that are kept.
        right: `C` or `P`, likewise.
    """

    def __init__(
        self,
        columns: Sequence[str],
        form: str,
        *,
        scalar: str = "",
        window: tuple[int, int] | None = None,
        strike: int | None = None,
        right: str | None = None,
    ) -> None:
        self._columns = tuple(columns)
        self._form = form
        self._scalar = scalar
        self._window = window
        self._strike = strike
        self._right = right
        self._begun = False

    @property
    def content_type(self) -> str:
        """What it makes."""
        return {"csv": "text/csv", "json": "application/json"}.get(
            self._form, "application/x-ndjson"
        )

    def head(self) -> bytes:
        """Return CSV's line of names, or the beginning of a document."""
        self._begun = False
        if self._form == "csv":
            return (",".join(self._columns) + "\r\n").encode()
        return b'{"response":[' if self._form == "json" else b""

    def tail(self) -> bytes:
        """Return the end of a document."""
        return b"\n]}\n" if self._form == "json" else b""

    def rows(
        self, target: Target, content_type: str, content: bytes, envelope: Envelope | None
    ) -> bytes:
        """Return a page's rows; nothing where it has none. Raises DecodeError for what is none."""
        if envelope is not None and envelope.header is not None:
            name = str(envelope.header.error_type or "null").strip()
            if name.upper() == "NO_DATA":
                return b""
            if name.lower() not in ("null", ""):
                said = f"{name}: {envelope.header.error_msg}"
                raise error_of(error_code_of(name), said)
        if is_no_data(content):
            return b""
        if content.lstrip()[:1] == b":":
            said = content[:500].decode(errors="replace")
            raise error_of(error_code_of(""), said)
        try:
            return self._written(list(self._translated(target, content_type, content, envelope)))
        except _REFUSALS as error:
            raise DecodeError(
                f"a page of a v2 terminal cannot be read: {error}", first_bytes=content[:256]
            ) from error

    def _written(self, cells: Sequence[Sequence[str]]) -> bytes:
        if not cells:
            return b""
        if self._form == "csv":
            return ("\r\n".join(map(",".join, cells)) + "\r\n").encode()
        lines = [msgspec.json.encode(self._object(row)) for row in cells]
        if self._form != "json":
            return b"\n".join(lines) + b"\n"
        lead, self._begun = (b",\n" if self._begun else b"\n"), True
        return lead + b",\n".join(lines)

    def _object(self, row: Sequence[str]) -> dict[str, object]:
        return {
            name: cell if name in _TEXTS or name in MOMENTS else _number(cell)
            for name, cell in zip(self._columns, row, strict=True)
        }

    def _translated(
        self, target: Target, content_type: str, content: bytes, envelope: Envelope | None
    ) -> Iterator[list[str]]:
        for names, fixed, ticks in self._groups(content_type, content, envelope):
            if not self._wants(fixed):
                continue
            place = {name: number for number, name in enumerate(names)}
            make = self._maker(place, {**target.fixed, **_contract_cells(fixed)})
            for tick in ticks:
                if len(tick) != len(names):
                    raise ValueError(f"{len(tick)} cells for {len(names)} columns")
                if self._is_in(place, tick):
                    yield [write(tick) for write in make]

    def _groups(
        self, content_type: str, content: bytes, envelope: Envelope | None
    ) -> Iterator[tuple[Sequence[str], Mapping[str, object], Iterable[_Cells]]]:
        if envelope is None:
            yield from self._csv_groups(content_type, content)
            return
        names = envelope.header.format if envelope.header is not None else None
        if not envelope.rows:
            raise ValueError("there is neither 'response' nor 'results'")
        if self._scalar:
            # An expiration of 0 has been seen in lists, and is none.
            items = _SCALARS.decode(envelope.rows)
            cells = map(_cells_of, items)
            yield (self._scalar,), {}, ([*cell[:1]] for cell in cells if cell[:1] not in _NOTHING)
            return
        plain: list[_Cells] = []
        for item in _ITEMS.decode(envelope.rows):
            if not isinstance(item, dict):
                plain.append(item)
            elif "ticks" in item:
                bulk = msgspec.convert(item, _Bulk)
                yield names or (), bulk.contract, bulk.ticks
            else:
                yield tuple(item), item, ([*item.values()],)
        if plain:
            if names is None:
                raise ValueError("header.format is not there")
            yield names, {}, plain

    def _csv_groups(
        self, content_type: str, content: bytes
    ) -> Iterator[tuple[Sequence[str], Mapping[str, object], Iterable[_Cells]]]:
        if "html" in content_type:
            raise ValueError("it is a web page")
        if self._scalar == "path":
            yield ("path",), {}, ([content.decode().strip()],)
            return
        lines = csv.reader(content.decode().splitlines(), skipinitialspace=True)
        rows = [[cell.strip() for cell in line] for line in lines if line]
        if not rows:
            return
        names, *ticks = rows
        if self._scalar:
            kept = (row for row in ticks if row[0] != "0")
            yield (self._scalar,), {}, ([row[0]] for row in kept)
            return
        for tick in ticks:
            # One by one: contracts may change from line to line.
            yield names, dict(zip(names, tick, strict=True)), ([*tick],)

    def _wants(self, contract: Mapping[str, object]) -> bool:
        strike, right = contract.get("strike"), contract.get("right")
        if None not in (self._strike, strike) and read_int(str(strike)) != self._strike:
            return False
        return self._right is None or right is None or str(right)[:1].upper() == self._right

    def _is_in(self, place: Mapping[str, int], tick: Sequence[object]) -> bool:
        if self._window is None or "ms_of_day" not in place:
            return True
        return self._window[0] <= _ms(tick[place["ms_of_day"]]) <= self._window[1]

    def _maker(
        self, place: Mapping[str, int], fixed: Mapping[str, str]
    ) -> list[Callable[[Sequence[object]], str]]:
        return [_writer(column, place, fixed) for column in self._columns]


_TEXTS: Final = frozenset({"symbol", "right", "path"}) | _DATES


def _cells_of(item: str | int | dict[str, str | int] | list[str | int]) -> list[str | int]:
    if isinstance(item, dict):  # a gateway's
        return [*item.values()]
    return item if isinstance(item, list) else [item]


def _contract_cells(contract: Mapping[str, object]) -> dict[str, str]:
    found: dict[str, str] = {}
    if "root" in contract:
        found["symbol"] = _text(contract["root"])
    for name, read in _READERS.items():
        if name in contract:
            found[name] = read(contract[name])
    return found


def _writer(
    column: str, place: Mapping[str, int], fixed: Mapping[str, str]
) -> Callable[[Sequence[object]], str]:
    if column in fixed:
        text = fixed[column]
        return lambda _tick: text
    clock = MOMENTS.get(column)
    if clock is not None and clock in place and "date" in place:
        at, day = place[clock], place["date"]
        return lambda tick: _moment(tick[day], tick[at])
    source = "root" if column == "symbol" and "root" in place else column
    if source in place:
        at = place[source]
        read = _READERS.get(column, _plain)
        return lambda tick: read(tick[at])
    if column in ABSENT:
        text = ABSENT[column]
        return lambda _tick: text
    raise ValueError(f"there is no column {clock or column}")


def _plain(value: object) -> str:
    if value is None:
        return ""  # as CSV's empty cell: whether there may be none is for the column
    if isinstance(value, (list, dict, bool)):
        raise ValueError(f"{value!r:.40} is no cell")
    text = str(value).removeprefix(MARK)  # a bare NaN
    if any(sign in text for sign in ',"\r\n'):
        raise ValueError(f"{value!r:.40} is no cell")
    return text


def _text(value: object) -> str:
    text = _plain(value)
    if value is None or str(value).startswith(MARK):
        raise ValueError(f"{text or 'null'} is not a text")
    return text


@lru_cache(maxsize=4096)
def _date(value: object) -> str:
    text = str(value)
    if not text.isascii():
        raise ValueError(f"{value!r:.40} is not a date")
    if len(text) == 10 and "W" not in text:  # the vendor sends no weeks of the year
        return dt.date.fromisoformat(text).isoformat()
    if len(text) != 8 or not text.isdigit():
        raise ValueError(f"{value!r:.40} is not a date")
    return dt.date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat()


def _strike(value: object) -> str:
    return strike_text(read_int(str(value)))


def _right(value: object) -> str:
    return {"C": "CALL", "P": "PUT"}[str(value)[:1].upper()]


_READERS: Final[Mapping[str, Callable[[object], str]]] = {
    **dict.fromkeys(_DATES, _date),
    "strike": _strike,
    "right": _right,
    "symbol": _text,
}


def _ms(value: object) -> int:
    text = str(value)
    if ":" in text:  # pretty_time
        at = dt.time.fromisoformat(text)
        return ((at.hour * 60 + at.minute) * 60 + at.second) * 1000 + at.microsecond // 1000
    return read_int(text)


@lru_cache(maxsize=65_536)
def _clock(ms: int) -> str:
    seconds, fraction = divmod(ms, 1000)
    minutes, second = divmod(seconds, 60)
    return f"T{minutes // 60:02}:{minutes % 60:02}:{second:02}.{fraction:03}"


def _moment(date: object, clock: object) -> str:
    ms = _ms(clock)
    day = _date(date)
    if not 0 <= ms < _DAY_MS:
        # An index's price can be stamped at midnight.
        over, ms = divmod(ms, _DAY_MS)
        day = (dt.date.fromisoformat(day) + dt.timedelta(over)).isoformat()
    return day + _clock(ms)


def _number(text: str) -> object:
    try:
        return read_int(text)
    except ValueError:
        number = read_float(text)
        return None if number != number else number  # noqa: PLR0124  # JSON has no nan
