"""An option chain at one moment: quotes, open interest, Greeks and underlying, joined.

The terminal gives each of these in a request of its own, for other contracts
and of other ages. Here they stand together for each contract, and say how old
each part is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal, Protocol, TypeAlias, TypeVar, cast

import msgspec

from thetatrio import market_time
from thetatrio._numbers import as_int
from thetatrio._nursery import run_together
from thetatrio._rest.query import Query
from thetatrio.contracts import Option, Right, index_of_root, normalise_symbol, roots_of_index
from thetatrio.errors import InvalidRequest, PermissionDenied
from thetatrio.market_time import in_new_york, parse_date, parse_moment
from thetatrio.requests import (
    CalendarYear,
    OptionAtTimeQuote,
    OptionHistoryGreeksAll,
    OptionHistoryGreeksFirstOrder,
    OptionHistoryOpenInterest,
    OptionListExpirations,
    OptionSnapshotGreeksAll,
    OptionSnapshotGreeksFirstOrder,
    OptionSnapshotOpenInterest,
    OptionSnapshotQuote,
    Request,
)
from thetatrio.rows import (
    OpenInterest,
    OptionGreeks,
    OptionGreeksFirstOrder,
    OptionQuote,
    OptionRow,
    Row,
)

__all__ = [
    "ChainEntry",
    "OptionChain",
    "TradingSession",
    "checked_date",
    "fetch_chain",
    "fetch_expirations",
    "fetch_trading_sessions",
]

R = TypeVar("R", bound=Row)

NO_FIT: Final = 100.0
"""The `iv_error` from which on an implied volatility means nothing."""

AnyGreeks: TypeAlias = OptionGreeks | OptionGreeksFirstOrder


class Asks(Protocol):
    """What makes queries of requests: a session."""

    def query(self, request: Request[R]) -> Query[R]:
        """Return a query of a request."""
        ...


class ChainEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one contract at the chain's moment. None: the terminal gave no such part."""

    contract: Option
    quote: OptionQuote | None = None
    open_interest: OpenInterest | None = None
    greeks: AnyGreeks | None = None
    """Of every order, or of the first where the account's tier has no more."""
    quote_age: dt.timedelta | None = None
    """How much older than the chain's moment the quote is; so for the other two."""
    open_interest_age: dt.timedelta | None = None
    greeks_age: dt.timedelta | None = None

    @property
    def is_solved(self) -> bool:
        """Whether an implied volatility was found that fits the quote.

        Terminals send 0, or an `iv_error` of 100 and more, if none was; the Greeks of such a
        contract mean nothing. It is common far from the money.
        """
        greeks = self.greeks
        return greeks is not None and greeks.implied_vol > 0 and greeks.iv_error < NO_FIT

    @property
    def implied_volatility(self) -> float | None:
        """The implied volatility, a fraction; None without Greeks, or if none fits."""
        return self.greeks.implied_vol if self.is_solved and self.greeks is not None else None

    @property
    def delta(self) -> float | None:
        """The delta; None without Greeks, or if no implied volatility fits."""
        return self.greeks.delta if self.is_solved and self.greeks is not None else None


class OptionChain(msgspec.Struct, frozen=True, kw_only=True):
    """The contracts of one root and expiration at one moment, by strike, calls first."""

    symbol: str
    expiration: dt.date
    at: dt.datetime
    """The moment asked for; for a chain of now, that of its newest part. New York time."""
    underlying_price: float | None
    """Dollars; None if the terminal sent no Greeks that have one."""
    underlying_age: dt.timedelta | None
    entries: tuple[ChainEntry, ...]

    @property
    def without_open_interest(self) -> int:
        """How many contracts have no open interest: a terminal has no row of about 5 % of them."""
        return sum(entry.open_interest is None for entry in self.entries)

    @property
    def unsolved(self) -> int:
        """How many contracts have Greeks, and no implied volatility that fits."""
        return sum(entry.greeks is not None and not entry.is_solved for entry in self.entries)

    @property
    def strikes(self) -> tuple[float, ...]:
        """The strikes in dollars, ascending."""
        return tuple(sorted({entry.contract.strike for entry in self.entries}))

    @property
    def calls(self) -> tuple[ChainEntry, ...]:
        """The calls by strike."""
        return tuple(entry for entry in self.entries if entry.contract.right == "C")

    @property
    def puts(self) -> tuple[ChainEntry, ...]:
        """The puts by strike."""
        return tuple(entry for entry in self.entries if entry.contract.right == "P")

    def nearest_strike(self, price: float | None = None) -> float:
        """Return the strike nearest to a price; without one, to the underlying's.

        Raises InvalidRequest where there are no strikes, or neither price.
        """
        wanted = self.underlying_price if price is None else price
        if wanted is None or not self.entries:
            raise InvalidRequest("nearest_strike: the chain has no strikes or no underlying price")
        return min(self.strikes, key=lambda strike: abs(strike - wanted))

    def nearest_delta(self, delta: float, right: Literal["C", "P"] | None = None) -> ChainEntry:
        """Return the entry whose delta is nearest; puts have negative ones.

        Without `right`, calls are looked at for a positive delta and puts for
        a negative one. Contracts without an implied volatility that fits are left out.
        Raises InvalidRequest if no such contract has Greeks.
        """
        side: Right = right or ("C" if delta >= 0 else "P")
        found = [
            (abs(known - delta), entry)
            for entry in self.entries
            if entry.contract.right == side and (known := entry.delta) is not None
        ]
        if not found:
            raise InvalidRequest(f"nearest_delta: no contract of right {side} has Greeks")
        return min(found, key=lambda pair: pair[0])[1]


class TradingSession(msgspec.Struct, frozen=True):
    """One day on which the stock market trades. Both times are New York's, aware."""

    date: dt.date
    open: dt.datetime
    close: dt.datetime
    """16:00, or 13:00 and the like on days of early close (options trade a quarter hour longer)."""

    @property
    def closes_early(self) -> bool:
        """Whether the close is before 16:00."""
        return self.close.time() < _USUAL_CLOSE


_USUAL_OPEN = dt.time(9, 30)
_USUAL_CLOSE = dt.time(16)
_NEAR = 4


async def fetch_chain(
    session: Asks,
    symbol: str,
    expiration: dt.date | str,
    at: dt.datetime | str | None = None,
    strike_range: int | None = None,
    *,
    today: Callable[[], dt.date] = market_time.today,
) -> OptionChain:
    """Fetch the parts of a chain concurrently and join them; see `Session.chain`.

    Args:
        session: What makes queries of requests.
        symbol: As of `Session.chain`, and so the next three.
        expiration: A date.
        at: A past moment, or None for now.
        strike_range: Strikes above and below the money.
        today: Returns the terminal's day, once it has answered.
    """
    expiration = checked_date("expiration", expiration)
    moment = None if at is None else _checked_moment("at", at)
    fetches = (
        _now(session, symbol, expiration, strike_range)
        if moment is None
        else _then(session, symbol, expiration, moment, strike_range)
    )
    parts = await run_together(fetches)
    if not any(parts):
        await _check_expiration(session, symbol, expiration)
        moment = moment or _end_of(today())
    return _join(symbol, expiration, parts, moment)


async def _check_expiration(session: Asks, symbol: str, expiration: dt.date) -> None:
    """Raise InvalidRequest, naming near ones, if a root has no such expiration."""
    root = normalise_symbol(symbol)
    dates = await fetch_expirations(session, symbol)
    if expiration in dates:
        return  # without quotes at that moment
    roots = [other for other in roots_of_index(index_of_root(root) or root) if other != root]
    others = f"; other options of the index are under {', '.join(roots)}" if roots else ""
    if not dates:
        raise InvalidRequest(
            f"chain: the terminal has no options of root {root!r}{others};"
            " session.option.list_symbols() returns the roots"
        )
    near = sorted(dates, key=lambda date: abs(date - expiration))[:_NEAR]
    raise InvalidRequest(
        f"chain: {root} has no expiration {expiration}; near it are"
        f" {', '.join(map(str, sorted(near)))}{others}"
    )


def _end_of(day: dt.date) -> dt.datetime:
    """Return the present moment, or the close of a day that is not today."""
    now = market_time.now()
    return now if now.date() == day else in_new_york(dt.datetime.combine(day, _USUAL_CLOSE))


def checked_date(name: str, value: dt.date | str) -> dt.date:
    """Return a date that was given as one or as text. Raises InvalidRequest naming the argument."""
    try:
        return parse_date(value)
    except ValueError as problem:
        raise InvalidRequest(f"{name}: {problem}") from None


def _checked_moment(name: str, value: dt.datetime | str) -> dt.datetime:
    try:
        return parse_moment(value)
    except ValueError as problem:
        raise InvalidRequest(f"{name}: {problem}") from None


def _checked_days(name: str, value: int) -> int:
    number = as_int(value)
    if number is None:
        raise InvalidRequest(f"{name}: expected a whole number of days, got {value!r}")
    return number


async def fetch_expirations(
    session: Asks,
    symbol: str,
    on: Callable[[], dt.date] | None = None,
    min_dte: int = 0,
    max_dte: int | None = None,
) -> list[dt.date]:
    """Fetch expirations by days to expiry; see `Session.expirations`.

    Args:
        session: What makes queries of requests.
        symbol: A root.
        on: Returns the day to count from, once the terminal has answered; None: all of them.
        min_dte: Calendar days to expiry, at least.
        max_dte: At most; None: without end.
    """
    problems: list[str] = []
    several = cast("object", symbol)  # who checks no types may pass anything
    if not isinstance(several, str) or "," in several:
        problems.append(f"symbol: expected one symbol as text, got {several!r}")
    least = _checked_days("min_dte", min_dte)
    most = dt.date.max.toordinal() if max_dte is None else _checked_days("max_dte", max_dte)
    if most < least:
        problems.append(f"max_dte: {most} is below min_dte {least}")
    if problems:
        raise InvalidRequest("expirations: " + "; ".join(problems), problems=tuple(problems))
    rows = await session.query(OptionListExpirations(symbol))
    dates = {row.expiration for row in rows}
    if on is None:
        return sorted(dates)
    day = on()
    return sorted(date for date in dates if least <= (date - day).days <= most)


async def fetch_trading_sessions(
    session: Asks, start: dt.date, end: dt.date
) -> list[TradingSession]:
    """Fetch the days on which the market trades; see `Session.trading_sessions`."""
    if end < start:
        raise InvalidRequest(f"trading_sessions: end {end} is before start {start}")
    years = range(start.year, end.year + 1)
    lists = await run_together([session.query(CalendarYear(year=year)).fetch for year in years])
    special = {day.date: day for days in lists for day in days}
    found: list[TradingSession] = []
    for date in market_time.weekdays(start, end):
        day = special.get(date)
        if day is not None and (day.type == "full_close" or day.open is None):
            continue
        opens = day.open if day is not None and day.open is not None else _USUAL_OPEN
        closes = day.close if day is not None and day.close is not None else _USUAL_CLOSE
        found.append(
            TradingSession(
                date,
                in_new_york(dt.datetime.combine(date, opens)),
                in_new_york(dt.datetime.combine(date, closes)),
            )
        )
    return found


Part: TypeAlias = Sequence[OptionRow]
Fetch: TypeAlias = Callable[[], Awaitable[Part]]


# Each part has a name of its own below: an argument's expected type would
# otherwise decide what mypy takes its rows for.


def _now(session: Asks, symbol: str, expiration: dt.date, strike_range: int | None) -> list[Fetch]:
    quotes = _fetching(
        session, OptionSnapshotQuote(symbol, expiration=expiration, strike_range=strike_range)
    )
    interest = _fetching(
        session,
        OptionSnapshotOpenInterest(symbol, expiration=expiration, strike_range=strike_range),
    )
    every = _fetching(
        session, OptionSnapshotGreeksAll(symbol, expiration=expiration, strike_range=strike_range)
    )
    first = _fetching(
        session,
        OptionSnapshotGreeksFirstOrder(symbol, expiration=expiration, strike_range=strike_range),
    )
    return [quotes, _permitted(interest), _permitted(every, first)]


def _then(
    session: Asks,
    symbol: str,
    expiration: dt.date,
    moment: dt.datetime,
    strike_range: int | None,
) -> list[Fetch]:
    day, time = moment.date(), moment.time()
    quotes = _fetching(
        session,
        OptionAtTimeQuote(
            symbol,
            expiration=expiration,
            start_date=day,
            end_date=day,
            time_of_day=time,
            strike_range=strike_range,
        ),
    )
    interest = _fetching(
        session,
        OptionHistoryOpenInterest(
            symbol, expiration=expiration, date=day, strike_range=strike_range
        ),
    )
    # A window of one moment: one row for each contract, whatever the interval.
    every = _fetching(
        session,
        OptionHistoryGreeksAll(
            symbol,
            expiration=expiration,
            date=day,
            interval="1m",
            start_time=time,
            end_time=time,
            strike_range=strike_range,
        ),
    )
    first = _fetching(
        session,
        OptionHistoryGreeksFirstOrder(
            symbol,
            expiration=expiration,
            date=day,
            interval="1m",
            start_time=time,
            end_time=time,
            strike_range=strike_range,
        ),
    )
    return [quotes, _permitted(interest), _permitted(every, first)]


def _fetching(session: Asks, request: Request[R]) -> Callable[[], Awaitable[Sequence[R]]]:
    async def fetch() -> Sequence[R]:
        return await session.query(request)

    return fetch


def _permitted(*fetches: Fetch) -> Fetch:
    """Return a fetch of the first one that the account's tier permits; of nothing where none is."""

    async def fetch() -> Part:
        for attempt in fetches:
            try:
                return await attempt()
            except PermissionDenied:
                continue
        return ()

    return fetch


def _join(
    symbol: str, expiration: dt.date, parts: Sequence[Part], moment: dt.datetime | None
) -> OptionChain:
    quotes, interest, greeks = parts
    stamps = [_stamp(row) for part in parts for row in part]
    known_greeks = [
        row for row in greeks if isinstance(row, (OptionGreeks, OptionGreeksFirstOrder))
    ]
    # 0 is what a terminal sends of an underlying that it could not price.
    priced = [row for row in known_greeks if row.underlying_price > 0]
    newest = max(priced, key=lambda row: row.underlying_timestamp_ny, default=None)
    if newest is not None:
        stamps.append(newest.underlying_timestamp)
    at = moment or max(stamps, default=market_time.now())
    by_contract: dict[Option, dict[str, OptionRow]] = {}
    for name, part in (("quote", quotes), ("open_interest", interest), ("greeks", greeks)):
        for row in part:
            by_contract.setdefault(row.contract, {})[name] = row
    return OptionChain(
        symbol=symbol.strip().upper(),
        expiration=expiration,
        at=at,
        underlying_price=None if newest is None else newest.underlying_price,
        underlying_age=None if newest is None else at - newest.underlying_timestamp,
        entries=tuple(
            _entry(contract, by_contract[contract], at)
            for contract in sorted(by_contract, key=lambda it: (it.strike_thousandths, it.right))
        ),
    )


def _stamp(row: OptionRow) -> dt.datetime:
    return cast("OptionQuote", row).timestamp  # each kind of part has one


def _entry(contract: Option, parts: dict[str, OptionRow], at: dt.datetime) -> ChainEntry:
    ages = {f"{name}_age": at - _stamp(row) for name, row in parts.items()}
    return msgspec.structs.replace(ChainEntry(contract=contract), **parts, **ages)
