"""Daily reports that a terminal sends twice: of two that say the same, the newest is delivered.

Reports of options up to December 2021 were seen twice for each contract and day, and once from
January 2022 on; the two differ in nothing but `created`. Reports that differ in anything else
are both delivered, and that is logged.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Final, final

import msgspec

from thetatrio._rest.answer import AnswerBytes
from thetatrio._rest.dialect_v3 import known_form
from thetatrio.requests import OptionHistoryEod, Request

__all__ = ["NewestReports", "ReportLines", "has_twins"]

_logger = logging.getLogger("thetatrio")

ONCE_FROM: Final = dt.date(2022, 1, 3)
"""The first day whose reports come once."""
REMEMBERED: Final = 65_536
"""Reports that are remembered, for twins that are not next to each other."""
_CREATED: Final = rb'"created"\s*:\s*"([^"]*)"'
_CONTRACT: Final = (b"symbol", b"expiration", b"strike", b"right")


def has_twins(request: Request[Any]) -> bool:
    """Return whether reports that a request is about may come twice."""
    days = request.date_range
    return isinstance(request, OptionHistoryEod) and days is not None and days[0] < ONCE_FROM


class _Contract(msgspec.Struct, frozen=True):
    symbol: str = ""
    expiration: str = ""
    strike: float = 0.0
    right: str = ""


class _Report(msgspec.Struct):
    """One line: what it is about, when it was made, and what it says besides."""

    key: tuple[object, ...]
    created: bytes
    content: bytes
    line: bytes


_decode_contract: Final = msgspec.json.Decoder(_Contract).decode


@final
class ReportLines:
    """Lines of one answer in CSV or NDJSON, without the older ones of equal reports. Pure.

    Args:
        is_csv: Whether the first line has the names of columns.
    """

    def __init__(self, *, is_csv: bool) -> None:
        self._needs_header = is_csv
        self._is_csv = is_csv
        self._places: Sequence[int] = ()
        self._created_at = -1
        self._rest = b""
        self._held: _Report | None = None
        self._seen: OrderedDict[tuple[object, ...], tuple[bytes, ...]] = OrderedDict()
        self.equal: int = 0
        """Reports left out, since another one of the same contract and day says the same."""
        self.different: int = 0
        """Reports that differ from another one of the same contract and day; all are kept."""

    def feed(self, data: bytes) -> bytes:
        """Return the lines that are known to be the newest, with what these bytes complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        found: list[bytes] = []
        for line in lines:
            self._take(line + b"\n", found)
        return b"".join(found)

    def finish(self) -> bytes:
        """Return what is left at the end of the answer."""
        found: list[bytes] = []
        rest, self._rest = self._rest, b""
        if rest:
            self._take(rest, found)
        self._let_go(found)
        return b"".join(found)

    def _take(self, line: bytes, found: list[bytes]) -> None:
        if self._needs_header:
            self._read_header(line)
            found.append(line)
            return
        report = self._report_of(line)
        if report is None:  # not one of these; whoever decodes it says what is wrong
            self._let_go(found)
            found.append(line)
            return
        held = self._held
        is_held = held is not None and held.key == report.key
        known = self._seen.get(report.key, ())
        if is_held and held is not None and held.content == report.content:
            self.equal += 1
            if report.created > held.created:
                self._held = report
            return
        if report.content in known:
            self.equal += 1
            return
        self.different += is_held or bool(known)
        self._let_go(found)
        self._held = report

    def _let_go(self, found: list[bytes]) -> None:
        held, self._held = self._held, None
        if held is not None:
            found.append(held.line)
            self._seen[held.key] = (*self._seen.get(held.key, ()), held.content)
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)

    def _read_header(self, line: bytes) -> None:
        self._needs_header = False
        names = [name.strip(b' \t\r\n"\xef\xbb\xbf') for name in line.split(b",")]
        if b"created" in names:
            self._created_at = names.index(b"created")
            self._places = [names.index(name) for name in _CONTRACT if name in names]

    def _report_of(self, line: bytes) -> _Report | None:
        return self._of_csv(line) if self._is_csv else self._of_json(line)

    def _of_csv(self, line: bytes) -> _Report | None:
        cells = line.rstrip(b"\r\n").split(b",")
        if self._created_at < 0 or len(cells) <= max(self._created_at, *self._places, 0):
            return None
        created = cells.pop(self._created_at).strip(b'"')
        places = [place - (place > self._created_at) for place in self._places]
        key = (created[:10], *(cells[place] for place in places))
        return _Report(key, created, b",".join(cells), line)

    def _of_json(self, line: bytes) -> _Report | None:
        match = re.search(_CREATED, line)
        if match is None:
            return None
        try:
            contract = _decode_contract(line)
        except msgspec.DecodeError:
            return None
        created = match[1]
        content = line[: match.start()] + line[match.end() :].rstrip(b"\r\n")
        return _Report((created[:10], contract), created, content, line)


@final
class NewestReports:
    """An answer without the older ones of equal reports. `open()` first, `aclose()` in any case.

    Args:
        answer: What is read.
        operation: What it answers, for the log.
        chain_restart: Sets what is called when the answer starts over; None if it never does once
            bytes were handed out.
    """

    def __init__(
        self,
        answer: AnswerBytes,
        operation: str,
        chain_restart: Callable[[Callable[[], None]], None] | None,
    ) -> None:
        self._answer = answer
        self._operation = operation
        self._lines: ReportLines | None = None
        self._ended = False
        self.content_type: str = ""
        if chain_restart is not None:
            chain_restart(self._begin)

    @property
    def delivered(self) -> int:
        """Rows or pieces made of these bytes that a user has in hand."""
        return self._answer.delivered

    @delivered.setter
    def delivered(self, count: int) -> None:
        self._answer.delivered = count

    def _begin(self) -> None:
        form = known_form(self.content_type)
        is_lines = form in ("csv", "ndjson")
        self._lines = ReportLines(is_csv=form == "csv") if is_lines else None
        self._ended = False

    async def open(self) -> bool:
        """Send the request; return whether there is data."""
        has_data = await self._answer.open()
        self.content_type = self._answer.content_type
        self._begin()
        return has_data

    async def receive(self) -> bytes:
        """Return the next bytes; none at the proven end."""
        if self._ended:
            return b""
        while chunk := await self._answer.receive():
            if self._lines is None:  # one JSON document: it is delivered as it is
                return chunk
            if found := self._lines.feed(chunk):
                return found
        self._ended = True
        lines = self._lines
        if lines is None:
            return b""
        rest = lines.finish()
        if lines.equal:
            _logger.info(
                "%s: %d reports came twice; the newest of each is delivered"
                ' (eod_duplicates="keep" delivers all)',
                self._operation,
                lines.equal,
            )
        if lines.different:
            _logger.warning(
                "%s: %d reports differ from another one of the same contract and day; all of them"
                " are delivered",
                self._operation,
                lines.different,
            )
        return rest

    async def aclose(self) -> None:
        """End the request and give its slot back."""
        await self._answer.aclose()
