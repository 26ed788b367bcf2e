"""From a request's path and query to its answer: what the terminal checks, in its order."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from thetatrio.codes import TerminalStatus
from thetatrio.config import Tier
from thetatrio.rules import rules_of
from thetatrio.testing import _formats
from thetatrio.testing import _v2 as v2
from thetatrio.testing import _v2_table as v2_table
from thetatrio.testing._catalogue import OPERATIONS
from thetatrio.testing._flat_files import repeated
from thetatrio.testing._market import Market
from thetatrio.testing._operations import Arguments, Group, Operation, Refusal
from thetatrio.testing._parameters import read_arguments, refuse_version_2
from thetatrio.testing._rules import (
    DEFAULT_PROFILE,
    PROFILES,
    TerminalRules,
    check_days,
    check_permission,
    check_wildcard,
    reports_twice,
)
from thetatrio.testing._v2 import Face, Pager
from thetatrio.testing._variation import Answers, varied

JsonShape: TypeAlias = Literal["rows", "columns"]
Release: TypeAlias = Literal["newest", "published"]
"""Which operations and parameters a terminal knows: all, or those of the published description."""
State: TypeAlias = Literal["connected", "disconnected", "starting", "conflict", "uncaught"]

MDDS_STATUS: Final = "/v3/terminal/mdds/status"
FPSS_STATUS: Final = "/v3/terminal/fpss/status"
SHUTDOWN: Final = "/v3/terminal/shutdown"
CONTROL: Final = {
    MDDS_STATUS: "terminal_mdds_status",
    FPSS_STATUS: "terminal_fpss_status",
    SHUTDOWN: "terminal_shutdown",
}

HISTORY_YEARS: Final[Mapping[Tier, int | None]] = {
    Tier.FREE: 1,
    Tier.VALUE: 4,
    Tier.STANDARD: 8,
    Tier.PRO: None,
}
"""How many years before today each tier's history begins; None: with the calendar."""

ROW_LIMIT: Final = 1_000_000
# End-of-day rows are few; the vendor states no bound, a year is what this one gives.
_LONGEST_RANGE_DAYS: Final = 366
_LONGEST_INTRADAY_DAYS: Final = 31
_MINUTE_MS: Final = 60_000
_ORDER: Final = (Tier.FREE, Tier.VALUE, Tier.STANDARD, Tier.PRO)
_STATES: Final[Mapping[str, Refusal]] = {
    "disconnected": Refusal(474, "Connection lost to the data server."),
    "starting": Refusal(571, "The server is starting; try again in a moment."),
    "conflict": Refusal(478, "Invalid session: another terminal has taken it."),
    "uncaught": Refusal(572, "Uncaught error in the terminal."),
}


class Route(NamedTuple):
    """What a path leads to."""

    operation: Operation | None
    name: str
    """The operation's name or a control route's; empty where there is none."""
    request_type: str

    @property
    def counted(self) -> bool:
        """Whether a request takes one of the account's slots."""
        return self.operation is None or self.operation.counted


class Answer(NamedTuple):
    """What is sent back: a status and a body in pieces."""

    status: int
    content_type: str
    body: Iterator[bytes]
    headers: tuple[tuple[str, str], ...] = ()


class Service:
    """The terminal without its sockets."""

    def __init__(
        self,
        market: Market,
        *,
        tier: Tier,
        answers: Answers,
        json_shape: JsonShape,
        release: Release = "newest",
        flat_file_rows: int | None = None,
        row_limit: int = ROW_LIMIT,
        face: Face = "v3",
        page_rows: int | None = None,
        api_key: str | None = None,
        allow_hosts: Iterable[str] = (),
        rules: TerminalRules = PROFILES[DEFAULT_PROFILE],
    ) -> None:
        self.rules: TerminalRules = rules
        """What it refuses and repeats; may be set while it runs."""
        self.face: Face = face
        """What it speaks."""
        self.pages: Pager = Pager(page_rows, gateway=face == "gateway")
        """Pages of version 2, and those of a gateway."""
        self.api_key = api_key
        """What a gateway wants as a bearer token."""
        self.allow_hosts: frozenset[str] = frozenset(host.lower() for host in allow_hosts)
        """Names besides those of this machine that it may be reached by."""
        self.row_limit = row_limit
        """Rows of one answer; more is 570."""
        self.market = market
        self.tier = tier
        self.answers: Answers = answers
        self.json_shape: JsonShape = json_shape
        self.release: Release = release
        self.flat_file_rows = flat_file_rows
        """How long each day's file is made; None: as long as the day."""
        self.state: State = "connected"
        self.fpss_status = TerminalStatus.DISCONNECTED
        """What the stream's status route says; `DISCONNECTED` until a first subscription."""
        self._host: str | None = None
        self._asked: Counter[str] = Counter()
        self._by_name = {operation.name: operation for operation in OPERATIONS}
        self._operations = {
            operation.path.replace("{request_type}", word): (operation, word)
            for operation in OPERATIONS
            if release == "newest" or not operation.newer
            for word in operation.request_types or ("",)
        }

    def restart(self) -> None:
        """Forget what a terminal forgets when it is started again."""
        self.state = "connected"
        self._host = None

    def route(self, path: str) -> Route:
        """Return what a path leads to."""
        if self.face != "v3":
            return self._old_route(path)
        operation, word = self._operations.get(path, (None, ""))
        name = operation.name if operation is not None else CONTROL.get(path, "")
        return Route(operation, name, word)

    def answer(self, route: Route, path: str, query: Mapping[str, str], host: str) -> Answer:
        """Return the answer to a GET. Raises Refusal for every status but 200."""
        self._check_host(host)
        if self.face != "v3":
            return self._old_answer(route, path, query, host)
        if path in CONTROL:
            return Answer(200, "text/plain", iter([self._control(path).encode()]))
        refuse_version_2(query)
        if path.startswith("/v2/"):
            raise Refusal(410, "This terminal speaks API v3; paths of version 2 are gone.")
        if route.operation is None:
            raise Refusal(404, f"No such request: {path}")
        refusal = _STATES.get(self.state)
        if refusal is not None:
            raise Refusal(refusal.status, refusal.text)
        operation = route.operation
        arguments = self._admitted(operation, query, route.request_type)
        groups = self._groups(operation, arguments, path, query)
        first = next(groups, None)
        if first is None:
            raise Refusal(472, "No data found for your request")
        return Answer(
            200,
            _formats.CONTENT_TYPES[arguments.format],
            self._written(operation, arguments, _chained(first, groups)),
        )

    def _admitted(
        self, operation: Operation, query: Mapping[str, str], request_type: str
    ) -> Arguments:
        """Return the arguments of a request that is going to be answered."""
        if query.get("expiration") == "*":
            check_wildcard(self.rules, operation)
        try:
            arguments = read_arguments(
                operation, query, request_type, newest=self.release == "newest"
            )
            self._admit(operation, arguments)
        except Refusal as refusal:
            if refusal.status == 473 and self.rules.bad_request:
                raise Refusal(400, refusal.text) from None
            raise
        return arguments

    def _old_route(self, path: str) -> Route:
        old = v2_table.REQUESTS.get(path)
        if old is None:
            return Route(None, v2.CONTROL.get(path, ""), "")
        operation = self._by_name[old.operation]
        return Route(operation, operation.name, old.request_type)

    def _old_answer(self, route: Route, path: str, query: Mapping[str, str], host: str) -> Answer:
        if path in v2.CONTROL:
            modern = {name: route for route, name in CONTROL.items()}[v2.CONTROL[path]]
            return Answer(200, "text/plain", iter([self._control(modern).encode()]))
        refusal = _STATES.get(self.state)
        if refusal is not None:
            raise Refusal(refusal.status, refusal.text)
        origin = f"http://{host}"
        if v2.Pager.has(path):
            return _paged(self.pages.later(path, origin))
        if path in v2_table.EVENTS:
            daily = self._by_name["stock_history_eod"]
            span = read_arguments(daily, v2.renamed(query)).span
            days = self.market.days(*span) if span is not None else ()
            return _paged(v2.events_page(path, days))
        if path in v2_table.FILES:
            return Answer(200, "text/plain", iter([v2.file_path(path, query).encode()]))
        if route.operation is None:
            raise Refusal(404, f"No implementation of {path}")
        operation, old = route.operation, v2_table.REQUESTS[path]
        asked = v2.read_query(path, query, operation)
        arguments = read_arguments(operation, asked, route.request_type)
        self._admit(operation, arguments)
        rows = v2.rows_of(old, operation, self._groups(operation, arguments, path, query))
        first = next(rows, None)
        if first is None:
            raise Refusal(472, ":No data for the specified timeframe & contract.")
        use_csv = query.get("use_csv") == "true"
        every = itertools.chain([first], rows)
        return _paged(self.pages.first(old, every, origin, use_csv=use_csv))

    def _check_host(self, host: str) -> None:
        name = host.rsplit(":", 1)[0].lower() if not host.endswith("]") else host.lower()
        if self._host is None:
            self._host = name
        elif name != self._host:
            raise Refusal(476, f"Wrong host: this terminal was first addressed as {self._host}.")

    def _control(self, path: str) -> str:
        if path == SHUTDOWN:
            return "OK"
        if path == FPSS_STATUS:
            return self.fpss_status.value
        down = self.state in ("disconnected", "starting")
        return (TerminalStatus.DISCONNECTED if down else TerminalStatus.CONNECTED).value

    def _groups(
        self, operation: Operation, arguments: Arguments, path: str, query: Mapping[str, str]
    ) -> Iterator[Group]:
        key = path + "?" + "&".join(f"{name}={query[name]}" for name in sorted(query))
        nth = self._asked[key]
        if self.answers != "stable":
            self._asked[key] += 1
        groups = operation.groups(self.market, arguments)
        if self.face == "v3":
            groups = reports_twice(self.rules, operation, groups)
        if operation.is_file and self.flat_file_rows is not None:
            return repeated(groups, self.flat_file_rows)
        return varied(operation, groups, self.answers, nth)

    def _written(
        self, operation: Operation, arguments: Arguments, groups: Iterator[Group]
    ) -> Iterator[bytes]:
        if arguments.format == "json":
            columns = self.json_shape == "columns"
            write = _formats.json_columns if columns else _formats.json_rows
        else:
            write = {
                "csv": _formats.csv,
                "ndjson": _formats.ndjson,
                "html": _formats.html,
            }[arguments.format]
        return write(operation, groups)

    def _admit(self, operation: Operation, arguments: Arguments) -> None:
        if _ORDER.index(operation.tier) > _ORDER.index(self.tier):
            raise check_permission(self.rules, operation, self.tier)
        span = arguments.span
        if operation.span == "none":
            return
        if span is None:
            raise Refusal(473, "Invalid parameters: date, or start_date and end_date, required")
        start, end = span
        if end < start:
            raise Refusal(473, "Invalid parameters: end_date: lies before start_date")
        if arguments.end_time < arguments.start_time:
            raise Refusal(473, "Invalid parameters: end_time: lies before start_time")
        if self.face == "v3":
            check_days(self.rules, operation, arguments, self.market.day)
        self._check_size(operation, arguments, start, end)
        first = self.first_date()
        if operation.limited_history and first is not None and start < first:
            raise Refusal(471, f"This subscription's history begins on {first}.")

    def first_date(self) -> dt.date | None:
        """Return the first day of this tier's history, or None where nothing bounds it."""
        years = HISTORY_YEARS[self.tier]
        if years is None:
            return None
        day = self.market.day
        leap = (day.month, day.day) == (2, 29)
        return day.replace(year=day.year - years, day=28 if leap else day.day)

    def _check_size(
        self, operation: Operation, arguments: Arguments, start: dt.date, end: dt.date
    ) -> None:
        days = (end - start).days + 1
        names = {parameter.name for parameter in operation.parameters}
        takes_several = self.rules.wildcard_days is not None and self.face == "v3"
        is_bulk = takes_several and rules_of(operation.name).wildcard_days > 1
        if days > 1 and "expiration" in names and arguments.expiration is None and not is_bulk:
            raise Refusal(570, "Too large: expiration=* is for a single day.")
        if operation.span == "dates":
            if days > _LONGEST_RANGE_DAYS:
                raise Refusal(570, f"Too large: {days} days asked for, a year is the most.")
        elif days > _LONGEST_INTRADAY_DAYS:
            raise Refusal(570, f"Too large: {days} days asked for, a month is the most.")
        elif days > 1 and arguments.interval < _MINUTE_MS:
            raise Refusal(570, "Too large: intervals below a minute are for a single day.")
        if operation.rows_a_day is None:
            return
        rows = 0
        for day in self.market.days(start, end):
            rows += operation.rows_a_day(self.market, arguments, day)
            if rows > self.row_limit:
                raise Refusal(570, f"Too large: more than {self.row_limit} rows.")


def _paged(page: v2.Page) -> Answer:
    headers = (("Next-Page", page.next_page),)
    return Answer(200, page.content_type, iter([page.body]), headers)


def _chained(first: Group, others: Iterator[Group]) -> Iterator[Group]:
    yield first
    yield from others
