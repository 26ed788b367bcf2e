"""Where a dataset's parts lie, and which parts a request has. Pure.

A part is one day of one symbol for intraday operations, one calendar month
for daily ones. Its file lies in Hive layout below `operation=`, `symbol=` and
`date=`, which readers take as columns.
"""

from __future__ import annotations

import calendar
import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import Final, Literal, TypeAlias, TypeVar, cast, get_args

import msgspec

from thetatrio._rest.dialect_v3 import value_text
from thetatrio._rest.planner import trades_on_sundays
from thetatrio.errors import InvalidRequest
from thetatrio.market_time import is_weekend
from thetatrio.requests import Request
from thetatrio.rows import Row

__all__ = [
    "FORMATS",
    "OWN_FOLDER",
    "PARTITIONS",
    "Contents",
    "DatasetFormat",
    "DatasetPart",
    "check_request",
    "contracts_of",
    "days_of",
    "file_of",
    "is_choice",
    "overlaps",
    "parts_of",
    "settings_of",
]

R = TypeVar("R", bound=Row)

DatasetFormat: TypeAlias = Literal["parquet", "csv", "ndjson"]
FORMATS: Final[tuple[DatasetFormat, ...]] = get_args(DatasetFormat)

OWN_FOLDER: Final = "_thetatrio"
"""Manifest, lock and unfinished files: readers of datasets pass over names with `_` in front."""
PARTITIONS: Final = ("operation", "symbol", "date")
"""Columns that the path says, so that the files do not have them."""

# What chooses contracts: several choices can lie side by side in one dataset.
_CHOICE: Final = ("expiration", "strike", "right", "max_dte", "strike_range")
_WINDOW: Final = ("symbol", "date", "start_date", "end_date")
_EVERYTHING: Final = ("*", "both")
_ENDINGS: Final[dict[DatasetFormat, str]] = {
    "parquet": ".parquet",
    "csv": ".csv",
    "ndjson": ".ndjson",
}
_PLAIN: Final = rb"[A-Za-z0-9._-]"
_DATE: Final = r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?"


class DatasetPart(msgspec.Struct, frozen=True, order=True):
    """One file's worth of a dataset."""

    operation: str
    """The vendor's name of the operation."""
    symbol: str
    date: str
    """A day (`2024-11-04`), or a month (`2024-11`) of a daily operation."""
    contracts: str = ""
    """Which options, as the request chose them; empty where there is nothing to choose."""

    def __str__(self) -> str:
        chosen = f" ({self.contracts})" if self.contracts else ""
        return f"{self.operation} {self.symbol} {self.date}{chosen}"


class Contents(msgspec.Struct, frozen=True):
    """A part, and what is asked for it."""

    part: DatasetPart
    first: dt.date
    last: dt.date
    request: Request[Row] | None
    """None where the first of its days is yet to come."""

    def covering(self, first: dt.date, last: dt.date) -> Contents:
        """Return the same part about more days, so that what was there before stays."""
        first, last = min(first, self.first), max(last, self.last)
        if self.request is None or (first, last) == (self.first, self.last):
            return self
        return Contents(self.part, first, last, _between(self.request, first, last))


def check_request(request: object) -> Request[Row]:
    """Return a request that can be downloaded.

    Raises InvalidRequest where it is not about the past of one symbol.
    """
    if not isinstance(request, Request):
        raise InvalidRequest(f"download: expected a query or several, got {request!r}")
    asked = cast("Request[Row]", request)
    symbol = getattr(asked, "symbol", None)
    if asked.flat_file:
        raise InvalidRequest(
            f"download: {asked.operation} is a file of its own; keep it with `.save()`"
        )
    if asked.date_range is None or not isinstance(symbol, str) or not asked.settles:
        raise InvalidRequest(
            f"download: {asked.operation} does not ask about days of one symbol; a dataset is made"
            " of history and at_time operations"
        )
    return asked


def parts_of(request: Request[Row], today: dt.date) -> Iterator[Contents]:
    """Yield the parts of a request in the order of their days; weekends have none."""
    days = request.date_range
    if days is None:
        raise AssertionError("a request without days")
    symbol, chosen = str(getattr(request, "symbol", "")), contracts_of(request)
    for text, span in groupby(_days(request, *days), lambda day: _date_text(request, day)):
        inside = list(span)
        first, last = inside[0], inside[-1]
        # A request about days to come only is refused when it is made.
        asked = None if first > today else _between(request, first, last)
        yield Contents(DatasetPart(request.operation, symbol, text, chosen), first, last, asked)


def _days(request: Request[R], first: dt.date, last: dt.date) -> Iterator[dt.date]:
    sundays = trades_on_sundays(request)
    for number in range((last - first).days + 1):
        day = first + dt.timedelta(number)
        if (
            first == last
            or not request.intraday
            or not is_weekend(day)
            or (sundays and day.weekday() == calendar.SUNDAY)
        ):
            yield day


def _date_text(request: Request[R], day: dt.date) -> str:
    return day.isoformat() if request.intraday else f"{day:%Y-%m}"


def _between(request: Request[R], first: dt.date, last: dt.date) -> Request[R]:
    # One spelling for one question, however it was asked: it is kept in the manifest.
    if "date" in request.__struct_fields__:
        if first == last:
            return msgspec.structs.replace(request, date=first, start_date=None, end_date=None)
        return msgspec.structs.replace(request, date=None, start_date=first, end_date=last)
    return msgspec.structs.replace(request, start_date=first, end_date=last)


def contracts_of(request: Request[R]) -> str:
    """Return how a request chooses among an underlying's contracts, in one text."""
    chosen = {name: getattr(request, name, None) for name in _CHOICE}
    return "&".join(
        f"{name}={value_text(value)}" for name, value in chosen.items() if value is not None
    )


def settings_of(request: Request[R]) -> dict[str, str]:
    """Return the parameters that decide what a row of the answer means."""
    values = {name: getattr(request, name) for name in request.__struct_fields__}
    return {
        name: value_text(value)
        for name, value in values.items()
        if value is not None and name not in _WINDOW and name not in _CHOICE
    }


def is_choice(contracts: str) -> bool:
    """Return whether a text is one that `contracts_of` can return."""
    if not contracts:
        return True
    names = [pair.partition("=")[0] for pair in contracts.split("&")]
    values = [pair.partition("=")[2] for pair in contracts.split("&")]
    return names == [name for name in _CHOICE if name in names] and all(values)


def days_of(date: str) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day of a part by its date; None if that is no day or month."""
    if re.fullmatch(_DATE, date) is None:
        return None
    try:
        if len(date) > len("2024-11"):
            return (day := dt.date.fromisoformat(date)), day
        first = dt.date.fromisoformat(f"{date}-01")
    except ValueError:
        return None
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def overlaps(contracts: Iterable[str]) -> tuple[str, str] | None:
    """Return two choices of contracts that have contracts in common, if there are any."""
    chosen = {text: _choice(text) for text in contracts}
    wide = {text for text, values in chosen.items() if set(values) & set(_EVERYTHING)}
    narrow: dict[tuple[str, ...], str] = {}
    for text in sorted(chosen.keys() - wide):
        same = narrow.setdefault(chosen[text], text)
        if same != text:  # they differ in max_dte or strike_range alone
            return same, text
    for one in sorted(wide):
        for other in sorted(chosen):
            pairs = zip(chosen[one], chosen[other], strict=True)
            if one != other and all(a == b or {a, b} & set(_EVERYTHING) for a, b in pairs):
                return one, other
    return None


def _choice(contracts: str) -> tuple[str, ...]:
    values = dict(pair.split("=", 1) for pair in contracts.split("&") if pair)
    return tuple(values.get(name, "") for name in _CHOICE[:3])


def file_of(part: DatasetPart, form: DatasetFormat) -> str:
    """Return where a part's file lies in its dataset, with `/` between folders."""
    folders = [f"{name}={_component(str(getattr(part, name)))}" for name in PARTITIONS]
    name = "part"
    if part.contracts:
        name += "-" + hashlib.sha256(part.contracts.encode()).hexdigest()[:8]
    return "/".join([*folders, name + _ENDINGS[form]])


@lru_cache(4096)  # a manifest has the same few over and over
def _component(text: str) -> str:
    return "".join(
        chr(byte) if re.match(_PLAIN, bytes([byte])) else f"%{byte:02X}" for byte in text.encode()
    )
