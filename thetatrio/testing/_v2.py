"""The simulated terminal's older face, and a gateway's: the same market in v2's words.

Parameters are read into those of version 3, its operations give the rows, and
these are written in version 2's envelope, its bulk form, its CSV, or as the
flat objects of a gateway; page by page.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias, final

from thetatrio._numbers import read_float, read_int
from thetatrio.testing._formats import cell_text, clock_text
from thetatrio.testing._operations import Group, Kind, Operation, Refusal
from thetatrio.testing._parameters import INTERVALS
from thetatrio.testing._v2_table import EVENTS, FILES, REQUESTS, Request

__all__ = ["CONTROL", "Face", "Page", "Pager", "read_query"]

Face: TypeAlias = Literal["v3", "v2", "gateway"]
"""What a simulated terminal speaks."""

CONTROL: Final = {
    "/v2/system/mdds/status": "terminal_mdds_status",
    "/v2/system/fpss/status": "terminal_fpss_status",
    "/v2/system/terminal/shutdown": "terminal_shutdown",
}
_PAGE: Final = "/v2/page/"
_LAST_MS: Final = 86_399_999
_RENAMED: Final = {
    "root": "symbol", "right": "right", "venue": "venue", "under_price": "stock_price",
    "annual_div": "annual_dividend", "start_date": "start_date", "end_date": "end_date",
}  # fmt: skip
_NAMES: Final = {ms: name for name, ms in INTERVALS.items()}
_FLAGS: Final = frozenset({"condition_flags", "price_flags", "volume_type", "records_back"})
_FIRST_CLOCKS: Final = ("timestamp", "created", "trade_timestamp")
_SECOND_CLOCKS: Final = ("last_trade", "quote_timestamp", "underlying_timestamp")


class Page(NamedTuple):
    """One answer of version 2."""

    content_type: str
    body: bytes
    next_page: str
    """The link to the next one, or `null`."""


class _Row(NamedTuple):
    contract: tuple[str, str, str, str] | None
    """Root, expiration, strike and right as JSON has them."""
    cells: tuple[str, ...]
    """As JSON has them."""


def renamed(query: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that have another name in version 3, and the same values."""
    return {new: query[old] for old, new in _RENAMED.items() if old in query}


def read_query(path: str, query: Mapping[str, str], operation: Operation) -> dict[str, str]:
    """Return a query of version 2 in version 3's words. Raises a 473 Refusal."""
    try:
        return _read_query(REQUESTS[path], path, query, operation)
    except (ValueError, KeyError) as problem:
        raise Refusal(473, f"Invalid parameters: {problem}") from None


def _read_query(
    request: Request, path: str, query: Mapping[str, str], operation: Operation
) -> dict[str, str]:
    found = renamed(query)
    if found.get("symbol") == "0":
        found["symbol"] = "*"
    if "exp" in query:
        found["expiration"] = "*" if query["exp"] == "0" else query["exp"]
    if "strike" in query:
        found["strike"] = f"{read_int(query['strike']) / 1000:.3f}"
    if path.startswith(("/v2/hist/option", "/v2/snapshot/option", "/v2/at_time/option")):
        missing = [name for name in ("exp", "strike", "right") if name not in query]
        if missing:
            raise ValueError(f"{', '.join(missing)}: required and not given")
    if "rate" in query:
        found["rate_type"] = query["rate"].lower()
    if "rate_value" in query:
        found["rate_value"] = f"{read_float(query['rate_value']) * 100:.10g}"
    if "exclusive" in {parameter.name for parameter in operation.parameters}:
        found["exclusive"] = query.get("exclusive", "false")
    found |= _read_times(path, query)
    if request.operation == "option_list_contracts":
        found["date"] = found.pop("start_date")
    return found


def _read_times(path: str, query: Mapping[str, str]) -> dict[str, str]:
    step = read_int(query.get("ivl", "0"))
    if "/at_time" in path or "/bulk_at_time" in path:
        return {"time_of_day": clock_text(step)}
    # Every tick is of the whole day, whatever rth says.
    whole = step == 0 or query.get("rth", "true") == "false"
    first, last = (0, _LAST_MS) if whole else (34_200_000, 57_600_000)
    return {
        "interval": _NAMES[step],
        "start_time": clock_text(read_int(str(query.get("start_time", first)))),
        "end_time": clock_text(read_int(str(query.get("end_time", last)))),
    }


def rows_of(request: Request, operation: Operation, groups: Iterator[Group]) -> Iterator[_Row]:
    """Yield an operation's rows in version 2's columns."""
    own = [column for column in operation.columns if not _is_constant(column[0], operation)]
    place = {name: number for number, (name, _) in enumerate(own)}
    kinds = dict(operation.columns)
    for group in groups:
        contract = None
        if group.contract is not None:
            root, expiration, strike, right = group.contract
            contract = (f'"{root}"', f"{expiration:%Y%m%d}", str(strike), f'"{right[0]}"')
        make = [_cell(name, place, kinds, group, contract) for name in request.columns]
        for row in group.rows:
            shown = contract
            if request.bulk and contract is None:
                shown = (f'"{row[place["symbol"]]}"', "", "", "")
            yield _Row(shown, tuple(write(row) for write in make))


def _is_constant(name: str, operation: Operation) -> bool:
    return operation.by_contract and name in ("symbol", "expiration", "strike", "right")


def _cell(
    name: str,
    place: Mapping[str, int],
    kinds: Mapping[str, Kind],
    group: Group,
    contract: tuple[str, str, str, str] | None,
) -> Callable[[Sequence[object]], str]:
    clocks = {"ms_of_day": _FIRST_CLOCKS, "ms_of_day2": _SECOND_CLOCKS}.get(name)
    if clocks is not None:
        at = next(place[clock] for clock in clocks if clock in place)
        return lambda row: str(row[at])
    if name in _FLAGS:
        return lambda _row: "0"
    if name == "date" and "date" not in place and "expiration" not in place:
        text = f"{group.date:%Y%m%d}"
        return lambda _row: text
    source = {"root": "symbol"}.get(name, name)
    if name == "date":
        source = "date" if "date" in place else "expiration"
    if source not in place and contract is not None:
        text = contract[("symbol", "expiration", "strike", "right").index(source)]
        return lambda _row: text
    at, kind = place[source], kinds[source]
    if source in ("date", "expiration"):
        return lambda row: str(row[at]).replace("-", "")
    if source == "strike":
        return lambda row: str(
            round(float(str(row[at])) * (1 if isinstance(row[at], int) else 1000))
        )
    if source == "right":
        return lambda row: f'"{str(row[at])[0]}"'
    if kind is Kind.TEXT:
        return lambda row: f'"{row[at]}"'
    return lambda row: cell_text(kind, row[at])


@final
class Pager:
    """Cuts answers into pages, and keeps those that have not been asked for.

    Args:
        rows: of one page; None: all of an answer.
        gateway: whether pages are a gateway's.
    """

    def __init__(self, rows: int | None, *, gateway: bool) -> None:
        self.rows = rows
        self._gateway = gateway
        self._kept: dict[str, tuple[Request, Iterator[_Row], bool]] = {}
        self._numbers = itertools.count(1)

    def expire(self) -> None:
        """Forget all pages: asking for one is answered 477 then."""
        self._kept.clear()

    def first(self, request: Request, rows: Iterator[_Row], origin: str, *, use_csv: bool) -> Page:
        """Return the first page of an answer; origin is that of links."""
        return self._page(request, rows, origin, use_csv=use_csv)

    def later(self, path: str, origin: str) -> Page:
        """Return another page. Raises a 477 Refusal for one that is not there any more."""
        kept = self._kept.pop(path.removeprefix(_PAGE), None)
        if kept is None:
            raise Refusal(477, "No page found: it has expired.")
        request, rows, use_csv = kept
        return self._page(request, rows, origin, use_csv=use_csv)

    @staticmethod
    def has(path: str) -> bool:
        """Tell whether a path is a page's."""
        return path.startswith(_PAGE)

    def _page(self, request: Request, rows: Iterator[_Row], origin: str, *, use_csv: bool) -> Page:
        taken = list(itertools.islice(rows, self.rows)) if self.rows else list(rows)
        following = next(rows, None)
        link = "null"
        if following is not None:
            token = f"{next(self._numbers):08x}"
            self._kept[token] = (request, itertools.chain([following], rows), use_csv)
            link = f"{origin}{_PAGE}{token}"
        if self._gateway:
            return Page("application/json", _gateway_body(request, taken, link), link)
        if use_csv:
            return Page("text/csv", _csv_body(request, taken), link)
        return Page("application/json", _json_body(request, taken, link), link)


def _json_body(request: Request, rows: Sequence[_Row], link: str) -> bytes:
    names = ",".join(f'"{name}"' for name in request.columns)
    head = (
        f'{{"header":{{"latency_ms":1,"error_type":"null","error_msg":"null",'
        f'"next_page":"{link}","format":[{names}]}},"response":['
    )
    return (head + ",".join(_json_items(request, rows)) + "]}").encode()


def _json_items(request: Request, rows: Sequence[_Row]) -> Iterator[str]:
    if request.scalar:
        yield from (row.cells[0] for row in rows)
    elif not request.bulk:
        yield from (f"[{','.join(row.cells)}]" for row in rows)
    else:
        for contract, group in itertools.groupby(rows, key=lambda row: row.contract):
            ticks = ",".join(f"[{','.join(row.cells)}]" for row in group)
            yield f'{{"ticks":[{ticks}],"contract":{_contract(contract)}}}'


_CONTRACT: Final = ("root", "expiration", "strike", "right")


def _contract(contract: tuple[str, ...] | None) -> str:
    cells = zip(_CONTRACT, contract or (), strict=False)
    return "{" + ",".join(f'"{name}":{cell}' for name, cell in cells if cell) + "}"


def _csv_body(request: Request, rows: Sequence[_Row]) -> bytes:
    lead: tuple[str, ...] = ()
    if request.bulk:
        several = any(row.contract is not None and row.contract[1] for row in rows)
        lead = _CONTRACT if several else _CONTRACT[:1]
    lines = [",".join((*lead, *request.columns))]
    for row in rows:
        shown = (row.contract or ())[: len(lead)]
        lines.append(",".join((*shown, *row.cells)).replace('"', ""))
    return ("\r\n".join(lines) + "\r\n").encode()


def _gateway_body(request: Request, rows: Sequence[_Row], link: str) -> bytes:
    items: list[str] = []
    for row in rows:
        cells: list[tuple[str, Any]] = []
        if request.bulk and row.contract is not None:
            cells += [pair for pair in zip(_CONTRACT, row.contract, strict=True) if pair[1]]
        cells += zip(request.columns, row.cells, strict=True)
        items.append("{" + ",".join(f'"{name}":{cell}' for name, cell in cells) + "}")
    following = "null" if link == "null" else f'"{link}"'
    return f'{{"results":[{",".join(items)}],"nextUrl":{following}}}'.encode()


def events_page(path: str, days: Iterable[dt.date]) -> Page:
    """Return a page with one row for each day."""
    said = EVENTS[path]
    columns = ("ms_of_day", *said, "date")
    cells = [str(value) for value in said.values()]
    rows = [_Row(None, ("0", *cells, f"{day:%Y%m%d}")) for day in days]
    request = Request("", columns, bulk=False, request_type="", scalar=False)
    return Page("application/json", _json_body(request, rows, "null"), "null")


def file_path(path: str, query: Mapping[str, str]) -> str:
    """Return where a terminal would have written a file. Raises a 473 Refusal without a date."""
    date = query.get("start_date", "")
    if len(date) != 8 or not (date.isascii() and date.isdigit()):
        raise Refusal(473, "Invalid parameters: start_date: required")
    return f"C:\\ThetaData\\ThetaTerminal\\downloads\\{FILES[path]}-{date}.csv"
