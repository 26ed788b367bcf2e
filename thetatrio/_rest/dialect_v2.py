"""How a request is spelled for a v2 terminal, and how its answer becomes v3's rows. Pure."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar, cast
from urllib.parse import quote, urlencode

import msgspec

from thetatrio._rest import dialect_v3
from thetatrio._rest.dialect import Spelling, Target
from thetatrio._rest.v2_rows import V2Rows
from thetatrio._rest.v2_table import DOES_NOT_HAVE, OPERATIONS, Old
from thetatrio.config import RowFormat
from thetatrio.contracts import strike_thousandths
from thetatrio.errors import InvalidRequest, ThetaDataError, WrongVersion
from thetatrio.market_time import ms_of_day
from thetatrio.requests import Request
from thetatrio.rows import Row

__all__ = [
    "FPSS_STATUS",
    "MDDS_STATUS",
    "SHUTDOWN",
    "error_of",
    "spell",
    "why_not",
]

R = TypeVar("R", bound=Row)

MDDS_STATUS: Final = "/v2/system/mdds/status"
FPSS_STATUS: Final = "/v2/system/fpss/status"
SHUTDOWN: Final = "/v2/system/terminal/shutdown"

_OPEN_MS: Final = 34_200_000
_CLOSE_MS: Final = 57_600_000
_MINUTE_MS: Final = 60_000
_INTERVALS: Final[Mapping[str, int]] = {
    "tick": 0, "10ms": 10, "100ms": 100, "500ms": 500, "1s": 1_000, "5s": 5_000, "10s": 10_000,
    "15s": 15_000, "30s": 30_000, "1m": 60_000, "5m": 300_000, "10m": 600_000, "15m": 900_000,
    "30m": 1_800_000, "1h": 3_600_000,
}  # fmt: skip
# What says which rows, contract and window are wanted; worked out below.
_ABOUT: Final = frozenset(
    {"symbol", "expiration", "strike", "right", "date", "start_date", "end_date"}
    | {"start_time", "end_time", "request_type"}
)
# The others by v2's names, and how their values are written there.
_WORDS: Final[Mapping[str, tuple[str, Callable[[Any], str]]]] = {
    "interval": ("ivl", lambda value: str(_INTERVALS[value])),
    "time_of_day": ("ivl", lambda value: str(ms_of_day(value))),
    "venue": ("venue", str),
    "exclusive": ("exclusive", dialect_v3.value_text),
    "annual_dividend": ("annual_div", dialect_v3.value_text),
    "rate_type": ("rate", str.upper),
    # Percent on v3, a fraction on v2; the shortest text that is that number.
    "rate_value": ("rate_value", lambda value: f"{value / 100:.12g}"),
    "stock_price": ("under_price", dialect_v3.value_text),
    "perf_boost_intraday": ("perf_boost", dialect_v3.value_text),
}
# v2 knows one model; what v3 calls its versions is not sent.
_SILENT: Final = frozenset({"version"})
_V3_ONLY: Final = "open the session on a v3 terminal (api='v3') for it"


def spell(request: Request[R], wanted: RowFormat | None, row_format: RowFormat) -> Spelling:
    """Return the GET requests of a v2 terminal that answer a request.

    Rows are made as CSV, the only form that says "not a number".

    Raises InvalidRequest, naming the v3 terminal, for what v2 cannot do.
    """
    candidates = OPERATIONS.get(request.operation)
    if candidates is None:
        raise _cannot(request, (why_not(request.operation),))
    problems: tuple[str, ...] = ()
    for old in candidates:
        found = _Sentence(request, old)
        if not found.problems:
            return Spelling(
                found.targets(use_csv=row_format == "csv"),
                "text/csv" if row_format == "csv" else "application/json",
                found.translator(wanted or "csv"),
            )
        # The last one can say the most.
        problems = tuple(found.problems)
    raise _cannot(request, problems)


def why_not(operation: str) -> str:
    """Return in words why a v2 terminal lacks an operation; nothing where it has it."""
    if operation in OPERATIONS:
        return ""
    for part, why in DOES_NOT_HAVE.items():
        if part in operation:
            return why
    return "a v2 terminal has no such operation"


def _cannot(request: Request[R], problems: Sequence[str]) -> InvalidRequest:
    return InvalidRequest(
        f"{request.operation}: {'; '.join(problems)}; {_V3_ONLY}",
        problems=tuple(problems),
        request=request,
    )


class _Sentence:
    """One request in the words of one request of v2."""

    def __init__(self, request: Request[Any], old: Old) -> None:
        self._request = request
        self._old = old
        self.problems: list[str] = []
        self._query: dict[str, str] = {}
        self._symbols = self._said_symbols()
        self._rights: tuple[str, ...] = ()
        self._contract()
        self._dates()
        self._window = self._said_window()
        self._others()

    def _get(self, name: str) -> Any:
        return getattr(self._request, name, None)

    def _has(self, name: str) -> bool:
        return name in self._old.parameters

    def _need(self, holds: bool, problem: str) -> None:  # noqa: FBT001
        if not holds:
            self.problems.append(problem)

    def _said_symbols(self) -> tuple[str, ...]:
        given: object = self._get("symbol")
        symbols = (given,) if isinstance(given, str) else cast("tuple[str, ...]", given or ())
        if "*" in symbols:
            bulk = self._old.bulk and "exp" not in self._old.parameters
            self._need(bulk, "symbol: a v2 terminal is asked about symbols by name")
            return ("0",)
        if self._old.bulk and "exp" not in self._old.parameters:
            self._need(False, "symbol: several are asked for one by one")
        if self._request.operation == "option_list_contracts":
            return (",".join(symbols),)
        if self._old.scalar == "date":
            self._need(len(symbols) == 1, "symbol: a v2 terminal lists the dates of one symbol")
        return symbols

    def _contract(self) -> None:
        fields = self._request.__struct_fields__
        expiration, strike, right = (self._get(n) for n in ("expiration", "strike", "right"))
        if "expiration" in fields and expiration is not None:
            every = expiration == "*"
            if every:
                self._need(
                    self._old.bulk,
                    "expiration: * is asked for with all strikes, and v2 has no bulk of this kind",
                )
                self._check_every_expiration()
            self._query["exp"] = "0" if every else f"{expiration:%Y%m%d}"
        if "strike" not in fields:
            return
        if self._old.bulk:
            return  # rows are picked by strike and right when they arrive
        listing = self._old.scalar == "date"
        if not self._has("strike"):
            self._need(
                strike == "*" and right == "both", "strike, right: they are not asked for here"
            )
            return
        self._need(strike != "*", "strike: v2 is asked about one strike here, not about *")
        self._need(
            not listing or right != "both", "right: v2 lists the dates of a call or of a put"
        )
        if strike != "*":
            self._query["strike"] = str(strike_thousandths(strike))
        self._rights = {"call": ("C",), "put": ("P",)}.get(right, ("C", "P"))

    def _check_every_expiration(self) -> None:
        if self._old.path == "/v2/bulk_hist/option/quote":
            self._need(
                _INTERVALS.get(self._get("interval")) == _MINUTE_MS,
                "interval: with expiration='*' a v2 terminal gives quotes of '1m' only",
            )

    def _dates(self) -> None:
        days = self._request.date_range
        if days is None or not self._has("start_date"):
            return
        self._query["start_date"] = f"{days[0]:%Y%m%d}"
        if self._has("end_date"):
            self._query["end_date"] = f"{days[1]:%Y%m%d}"

    def _said_window(self) -> tuple[int, int] | None:
        """Return the part of the day that is kept of the rows, where it cannot be asked for."""
        start: dt.time | None = self._get("start_time")
        end: dt.time | None = self._get("end_time")
        at: dt.time | None = self._get("time_of_day")
        if at is not None and self._has("rth"):
            self._query["rth"] = "false"
        if start is None or end is None:
            return None
        window = ms_of_day(start), ms_of_day(end)
        if self._has("rth") and not (window[0] >= _OPEN_MS and window[1] <= _CLOSE_MS):
            self._query["rth"] = "false"
        if self._has("start_time"):
            self._query["start_time"], self._query["end_time"] = map(str, window)
            return None
        return window

    def _others(self) -> None:
        for field in msgspec.structs.fields(type(self._request)):
            name = field.name
            value = self._get(name)
            if name in _ABOUT or name in _SILENT or value is None:
                continue
            word, write = _WORDS.get(name, ("", str))
            if word and self._has(word):
                self._query[word] = write(value)
            elif field.required or value != field.default:
                self._need(
                    word == "perf_boost", f"{name}: a v2 terminal has no such parameter here"
                )

    def targets(self, *, use_csv: bool) -> tuple[Target, ...]:
        """Return what is asked for, one after the other."""
        if use_csv and self._old.scalar != "path":
            self._query["use_csv"] = "true"
        symbols: tuple[str, ...] = self._symbols or ("",)
        rights: tuple[str, ...] = self._rights or ("",)
        return tuple(
            self._target(symbol, right) for symbol, right in itertools.product(symbols, rights)
        )

    def _target(self, symbol: str, right: str) -> Target:
        query: dict[str, str] = {}
        if symbol:
            query["root"] = symbol
        query |= self._query
        if right:
            query["right"] = right
        fixed: dict[str, str] = {}
        if symbol not in ("", "0") and "," not in symbol:
            fixed["symbol"] = symbol
        if right:
            fixed["right"] = {"C": "CALL", "P": "PUT"}[right]
            fixed["expiration"] = self._get("expiration").isoformat()
            fixed["strike"] = str(self._get("strike"))
        path = self._old.path.replace("{request_type}", quote(str(self._get("request_type"))))
        return (
            Target(path, {}) if not query else Target(f"{path}?{urlencode(query, safe=',')}", fixed)
        )

    def translator(self, wanted: RowFormat) -> V2Rows:
        """Return what makes rows of its pages."""
        row_type = self._request.row_type()
        columns = [field.encode_name for field in msgspec.structs.fields(row_type)]
        strike, right = self._get("strike"), self._get("right")
        picks = self._old.bulk
        return V2Rows(
            columns,
            wanted,
            scalar=self._old.scalar,
            window=self._window,
            strike=strike_thousandths(strike) if picks and strike not in (None, "*") else None,
            right={"call": "C", "put": "P"}.get(right) if picks else None,
        )


def error_of(
    status: int,
    text: str,
    *,
    request: object | None = None,
    retry_after: float | None = None,
    redirect: str = "",
) -> ThetaDataError:
    """Return the error that an answer's status means; see `dialect_v3.error_of`."""
    if status == 410:
        said = " ".join(text.split())[:500]
        return WrongVersion(
            'this terminal speaks v3; open the session with api="v3" (HTTP 410)'
            + (f"; it said: {said}" if said else ""),
            code=status,
            request=request,
            terminal_text=text,
        )
    return dialect_v3.error_of(
        status, text, request=request, retry_after=retry_after, redirect=redirect
    )
