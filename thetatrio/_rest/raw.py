"""Answers of endpoints that the library does not know."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Final, cast, final
from urllib.parse import quote

import msgspec

from thetatrio._numbers import as_float
from thetatrio._rest import dialect_v3 as dialect
from thetatrio._rest.answer import Answer
from thetatrio._rest.client import Ask, RestClient
from thetatrio._rest.decode import read_any
from thetatrio._rest.json_text import json_value, unmark
from thetatrio._rest.no_data import is_no_data
from thetatrio._rest.pages import envelope_of
from thetatrio.errors import DecodeError, InvalidRequest

__all__ = ["ParameterValue", "RawAnswer", "get", "target_of"]

ParameterValue = object
"""What `session.get` takes for a parameter: text, numbers, bool, date, time, or a list of them."""

_PATH: Final = r"(/[A-Za-z0-9._~!$'()*+,;=:@%-]+)+"
_CONTROL: Final = ("/v3/terminal", "/v2/system")


@final
class RawAnswer(msgspec.Struct, frozen=True):
    """What a terminal answered, as it answered it."""

    status: int
    """200, or 472 where there is no data."""
    content_type: str
    content: bytes

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode(errors="replace")

    def json(self) -> object:
        """Return the content as one JSON document, in which a bare `NaN` or `Infinity` is a float.

        Raises DecodeError if it is not one.
        """
        try:
            document: object = json_value(self.content)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise DecodeError(
                f"the answer is not a JSON document: {error}", first_bytes=self.content[:256]
            ) from error
        return document

    def rows(self) -> list[dict[str, object]]:
        """Return the content as rows by column, whatever its form; cells of CSV stay text.

        So are the pages of v2 terminals and gateways, whose columns are named in the
        header; rows of several contracts have the contract's columns first. "No data" of any
        form is no rows. Raises DecodeError for an empty answer, and for what is no rows.
        """
        if self.status == dialect.NO_DATA or is_no_data(self.content):
            return []
        if not self.content.strip():
            raise DecodeError("the answer is empty, though its status is 200")
        form = dialect.form_of(self.content_type, "csv")
        table = _table_of(self.content) if form == "json" else None
        return read_any(form, self.content) if table is None else table


def _table_of(content: bytes) -> list[dict[str, object]] | None:
    """Return the rows of a v2 terminal's or a gateway's JSON; None for other JSON."""
    try:
        envelope = envelope_of(content)
    except DecodeError:
        return None
    names = (envelope.header and envelope.header.format) or []
    if not envelope.rows or not (names or bytes(envelope.results)):
        return None
    try:
        items = msgspec.json.decode(envelope.rows, type=list[object])
        return [row for item in items for row in _rows_in(item, names)]
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DecodeError(
            f"the answer's rows are not as its header says: {str(error)[:200]}",
            first_bytes=content[:256],
        ) from error


def _rows_in(item: object, names: list[str]) -> list[dict[str, object]]:
    if not _is_group(item):
        return [_row_of(item, names)]
    group = msgspec.convert(item, _Ticks)
    return [group.contract | _row_of(tick, names) for tick in group.ticks]


def _is_group(item: object) -> bool:
    return isinstance(item, dict) and "ticks" in item


def _row_of(item: object, names: list[str]) -> dict[str, object]:
    if isinstance(item, dict):
        return {name: unmark(cell) for name, cell in cast("dict[str, object]", item).items()}
    cells = cast("list[object]", item) if isinstance(item, list) else [item]
    return dict(zip(names, map(unmark, cells), strict=True))


class _Ticks(msgspec.Struct):
    """A bulk request's rows of one contract."""

    ticks: list[object]
    contract: dict[str, object] = {}


async def get(client: RestClient, path: str, params: Mapping[str, ParameterValue]) -> RawAnswer:
    """Ask for a path with parameters, through limiter and retries, and read the whole answer."""
    target = target_of("get", path, params)
    client.check_open()
    pieces: list[bytes] = []
    answer = Answer(
        client,
        Ask(target, about=target),
        settled=False,
        on_restart=pieces.clear,
        is_parsed=True,  # by who asks for rows or for the document
    )
    try:
        has_data = await answer.open()
        while chunk := await answer.receive():
            pieces.append(chunk)
    finally:
        await answer.aclose()
    return RawAnswer(200 if has_data else dialect.NO_DATA, answer.content_type, b"".join(pieces))


def _is_value(value: object) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(_is_value, cast("tuple[object, ...]", value)))
    if isinstance(value, dt.datetime):  # of which day and which zone would be a guess
        return False
    return isinstance(value, (str, bool, dt.date, dt.time)) or as_float(value) is not None


def target_of(method: str, path: str, params: Mapping[str, ParameterValue]) -> str:
    """Return a path with its parameters. Raises InvalidRequest that names all that is wrong."""
    problems: list[str] = []
    text = cast("object", path)  # who checks no types may pass anything
    if not isinstance(text, str):
        raise InvalidRequest(
            f"{method}: path: expected text such as '/v3/stock/list/symbols', got {text!r:.100}"
        )
    segments = path.split("/")
    if not re.fullmatch(_PATH, path) or ".." in segments or "." in segments:
        problems.append(f"path: {path!r} is not a path such as '/v3/stock/list/symbols'")
    elif path.lower().startswith(_CONTROL):
        problems.append(f"path: {path!r} controls the terminal; use session.terminal")
    query: list[str] = []
    given = cast("object", params)  # who checks no types may pass anything
    if not isinstance(given, Mapping):
        raise InvalidRequest(
            f"{method}: params: expected a dict of names and values, got {given!r}"
        )
    for name, value in params.items():
        if value is None:
            continue
        if not _is_value(value):
            problems.append(
                f"params: {name}: expected text, a number, a bool, a date, a time, or a list of"
                f" them, got {value!r}"
            )
            continue
        if not name.replace("_", "").isalnum() or not name.isascii():
            problems.append(f"params: {name!r} is not a parameter's name")
        query.append(f"{name}={quote(dialect.value_text(value), safe='*,:')}")
    if problems:
        raise InvalidRequest(f"{method}: " + "; ".join(problems), problems=tuple(problems))
    return f"{path}?{'&'.join(query)}" if query else path
