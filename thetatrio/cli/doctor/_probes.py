"""What `thetatrio doctor` checks: each assumption of the library, and the request that tests it.

Each probe is one small, harmless request about AAPL or SPY. What it expects is written here
and not taken from `thetatrio.rules`, so that a mistake in that table is seen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from thetatrio._rest.refusals import Wanted, classify
from thetatrio.market_time import is_weekend

__all__ = ["PROBES", "Days", "Judged", "Outcome", "Probe", "Reply", "Result"]

Result: TypeAlias = Literal["agrees", "differs", "not judged"]
"""Whether the terminal does what the library assumes."""
Parameters: TypeAlias = Mapping[str, str]

_NO_DATA: Final = 472
_DENIED: Final = frozenset({401, 403, 471})
_BUSY: Final = frozenset({429, 474, 478, 500, 502, 503, 504, 571, 572})
_REFUSED: Final = frozenset({400, 473, 475})


class Days(msgspec.Struct, frozen=True):
    """The days that probes ask about."""

    today: dt.date

    @property
    def settled(self) -> dt.date:
        """A weekday some days ago, of which everything is final."""
        day = self.today - dt.timedelta(4)
        while is_weekend(day):
            day -= dt.timedelta(1)
        return day

    @property
    def before(self) -> dt.date:
        """The weekday before that one."""
        day = self.settled - dt.timedelta(1)
        while is_weekend(day):
            day -= dt.timedelta(1)
        return day

    @property
    def weekend(self) -> dt.date:
        """The Sunday before that."""
        day = self.before - dt.timedelta(1)
        while day.weekday() != 6:  # Sunday
            day -= dt.timedelta(1)
        return day


class Reply(msgspec.Struct, frozen=True):
    """What the terminal answered."""

    status: int
    """0 if nothing came in time."""
    text: str = ""
    """The text of a refusal, or the beginning of the data."""
    content_type: str = ""


class Judged(msgspec.Struct, frozen=True):
    """What a reply says of an assumption."""

    result: Result
    detail: str = ""


Outcome: TypeAlias = Callable[[Reply], Judged]

_YES: Final = Judged("agrees")


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """One assumption, and the request that tests it."""

    name: str
    assumption: str
    """What the library assumes, in one sentence."""
    certainty: str
    """How sure that is: who saw it."""
    setting: str
    """What to change if the terminal differs; empty if nothing has to be."""
    path: str
    parameters: Callable[[Days], Parameters]
    judge: Outcome


def _unanswered(reply: Reply) -> Judged | None:
    """Return why a reply says nothing of any assumption; None if it says something."""
    if reply.status == 0:
        return Judged("not judged", "no answer within 20 seconds")
    if reply.status in _DENIED:
        return Judged("not judged", "the subscription does not include it")
    if reply.status in _BUSY:
        return Judged("not judged", f"the terminal answered {reply.status}")
    return None


def _answered(reply: Reply) -> Judged:
    """Judge a request that is expected to have data, or none on that day."""
    if reply.status == 200:
        return _YES
    if reply.status == _NO_DATA:
        return Judged("not judged", "there is no data of that day")
    return _unanswered(reply) or Judged("differs", f"refused with {reply.status}")


def _refused(wanted: Wanted | None) -> Outcome:
    """Return what judges a request that is expected to be refused with 400 for a reason."""

    def judge(reply: Reply) -> Judged:
        if reply.status == 400:
            refusal = classify(reply.text)
            if wanted is None or (refusal is not None and refusal.wanted == wanted):
                return _YES
            return Judged("differs", "refused with a text that is not known")
        if reply.status == 200:
            return Judged("differs", "accepted")
        if reply.status == _NO_DATA:
            return Judged("not judged", "there is no data of that day")
        if reply.status in _REFUSED or reply.status == 570:
            return Judged("differs", f"refused with {reply.status}")
        return _unanswered(reply) or Judged("differs", f"answered {reply.status}")

    return judge


def _status(*expected: int) -> Outcome:
    """Return what judges a request by its status alone."""

    def judge(reply: Reply) -> Judged:
        if reply.status in expected:
            return _YES
        return _unanswered(reply) or Judged("differs", f"answered {reply.status}")

    return judge


def _text(holds: Callable[[Reply], str]) -> Outcome:
    """Return what judges data by its text: `holds` returns what is wrong with it."""

    def judge(reply: Reply) -> Judged:
        judged = _answered(reply)
        if judged.result != "agrees":
            return judged
        problem = holds(reply)
        return Judged("differs", problem) if problem else _YES

    return judge


def _columns(*names: str) -> Outcome:
    def holds(reply: Reply) -> str:
        found = reply.text.splitlines()[0].strip().split(",")
        missing = [name for name in names if name not in found]
        if missing:
            return f"columns are missing: {', '.join(missing)}"
        return "" if found[: len(names)] == list(names) else "the columns have another order"

    return _text(holds)


def _rows(reply: Reply) -> list[str]:
    return reply.text.splitlines()[1:]


def _both_ends(reply: Reply) -> str:
    rows = _rows(reply)
    times = [row.partition("T")[2][:8] for row in rows]
    if "09:30:00" not in times:
        return "no row of 09:30:00"
    return "" if "16:00:00" in times else "no row of 16:00:00"


def _no_zone(reply: Reply) -> str:
    stamps = [row.split(",")[0] for row in _rows(reply)]
    zoned = [stamp for stamp in stamps if stamp.endswith("Z") or "+" in stamp]
    return "time stamps have a zone" if zoned else ""


def _type(expected: str) -> Outcome:
    def holds(reply: Reply) -> str:
        kind = reply.content_type.partition(";")[0].strip().lower()
        return "" if kind == expected else f"the content type is {kind or 'missing'}"

    return _text(holds)


def _twins(reply: Reply) -> str:
    rows = [row for row in _rows(reply) if row.strip()]
    names = reply.text.splitlines()[0].strip().split(",")
    if "created" not in names:
        return "there is no column created"
    place = names.index("created")
    cells = [row.split(",") for row in rows]
    contents = [(*row[:place], *row[place + 1 :]) for row in cells]
    if len(contents) == len(set(contents)):
        return "reports of 2020 come once"
    return ""


def _one(symbol: str, **parameters: str) -> Callable[[Days], Parameters]:
    def build(days: Days) -> Parameters:
        given = {"symbol": symbol, **parameters}
        return given if "date" in given or "start_date" in given else _on(days.settled, **given)

    return build


def _on(day: dt.date, **parameters: str) -> Parameters:
    return {**parameters, "date": str(day)}


def _between(first: dt.date, last: dt.date, **parameters: str) -> Parameters:
    return {**parameters, "start_date": str(first), "end_date": str(last)}


_SEVERAL: Final = "several independent users, 2026"
_ONE: Final = "one user, 2026"
_DOCUMENTED: Final = "the vendor's documentation"
_NARROW: Final = {"expiration": "*", "strike_range": "1"}
_EOD: Final = "/v3/stock/history/eod"
_OHLC: Final = "/v3/stock/history/ohlc"
_OPTION: Final = "/v3/option/history"

PROBES: Final[tuple[Probe, ...]] = (
    Probe(
        name="eod_365_days",
        assumption="Daily reports of 365 days, both ends included, are one request.",
        certainty=_SEVERAL,
        setting="",
        path=_EOD,
        parameters=lambda days: _between(
            days.settled - dt.timedelta(364), days.settled, symbol="AAPL"
        ),
        judge=_answered,
    ),
    Probe(
        name="eod_366_days",
        assumption="Daily reports of 366 days are refused with 400.",
        certainty=_SEVERAL,
        setting="",
        path=_EOD,
        parameters=lambda days: _between(
            days.settled - dt.timedelta(365), days.settled, symbol="AAPL"
        ),
        judge=_refused("days"),
    ),
    Probe(
        name="eod_of_today",
        assumption="Daily reports of the current day are refused with 400 until they are made.",
        certainty=_SEVERAL,
        setting="",
        path=_EOD,
        parameters=lambda days: _between(days.settled, days.today, symbol="AAPL"),
        judge=_refused("past_day"),
    ),
    Probe(
        name="wildcard_eod_week",
        assumption="Daily reports of options take all expirations over a week.",
        certainty=_SEVERAL,
        setting="",
        path=f"{_OPTION}/eod",
        parameters=lambda days: _between(days.before, days.settled, symbol="SPY", **_NARROW),
        judge=_answered,
    ),
    Probe(
        name="wildcard_open_interest_week",
        assumption="Open interest takes all expirations over a week.",
        certainty=_SEVERAL,
        setting="",
        path=f"{_OPTION}/open_interest",
        parameters=lambda days: _between(days.before, days.settled, symbol="SPY", **_NARROW),
        judge=_answered,
    ),
    Probe(
        name="wildcard_greeks_eod",
        assumption="Daily Greeks take all expirations of one day only.",
        certainty=_SEVERAL,
        setting="",
        path=f"{_OPTION}/greeks/eod",
        parameters=lambda days: _between(days.before, days.settled, symbol="SPY", **_NARROW),
        judge=_refused("day"),
    ),
    Probe(
        name="wildcard_greeks",
        assumption="Greeks at intervals refuse all expirations at once with 400.",
        certainty=_SEVERAL,
        setting="",
        path=f"{_OPTION}/greeks/first_order",
        parameters=_one("SPY", interval="1h", **_NARROW),
        judge=_refused("expiration"),
    ),
    Probe(
        name="wildcard_ohlc",
        assumption="Option bars refuse all expirations at once with 400.",
        certainty=_SEVERAL,
        setting="",
        path=f"{_OPTION}/ohlc",
        parameters=_one("SPY", interval="1h", **_NARROW),
        judge=_refused("expiration"),
    ),
    Probe(
        name="wildcard_quote",
        assumption="Option quotes take all expirations of one day.",
        certainty=_SEVERAL,
        setting="",
        path=f"{_OPTION}/quote",
        parameters=_one("SPY", interval="1h", **_NARROW),
        judge=_answered,
    ),
    Probe(
        name="wildcard_today",
        assumption="No history takes all expirations of the current day.",
        certainty=_SEVERAL,
        setting="",
        path=f"{_OPTION}/quote",
        parameters=lambda days: _on(days.today, symbol="SPY", interval="1h", **_NARROW),
        judge=_refused("expiration"),
    ),
    Probe(
        name="month_of_bars",
        assumption="More than a month of bars is refused with 400.",
        certainty=_SEVERAL,
        setting="",
        path=_OHLC,
        parameters=lambda days: _between(
            days.settled - dt.timedelta(40), days.settled, symbol="AAPL", interval="1h"
        ),
        judge=_refused("month"),
    ),
    Probe(
        name="seconds_of_two_days",
        assumption="Intervals below a minute are refused with 400 for more than a day.",
        certainty=_SEVERAL,
        setting="",
        path=_OHLC,
        parameters=lambda days: _between(days.before, days.settled, symbol="AAPL", interval="30s"),
        judge=_refused("day"),
    ),
    Probe(
        name="wrong_interval",
        assumption="An interval that is not known is refused with 400.",
        certainty=_SEVERAL,
        setting="",
        path=_OHLC,
        parameters=_one("AAPL", interval="60"),
        judge=_refused(None),
    ),
    Probe(
        name="unknown_parameter",
        assumption="A parameter that is not known is ignored.",
        certainty=_SEVERAL,
        setting="",
        path=_OHLC,
        parameters=_one("AAPL", interval="1h", nothing="1"),
        judge=_answered,
    ),
    Probe(
        name="names_of_version_2",
        assumption="Parameter names of version 2 are answered with 410.",
        certainty="recorded, 2026",
        setting='open_session(api="v2") for an older terminal',
        path=_OHLC,
        parameters=_one("AAPL", interval="1h", root="AAPL"),
        judge=_status(410),
    ),
    Probe(
        name="unknown_path",
        assumption="A path that is not known is answered with 404.",
        certainty=_DOCUMENTED,
        setting="",
        path="/v3/stock/history/nothing",
        parameters=_one("AAPL"),
        judge=_status(404),
    ),
    Probe(
        name="no_data",
        assumption="A day without trading is answered with 472.",
        certainty=_DOCUMENTED,
        setting="",
        path=_OHLC,
        parameters=lambda days: _on(days.weekend, symbol="AAPL", interval="1h"),
        judge=_status(_NO_DATA),
    ),
    Probe(
        name="eod_columns",
        assumption="Daily reports have the documented columns in their order.",
        certainty=_DOCUMENTED,
        setting="",
        path=_EOD,
        parameters=lambda days: _between(days.before, days.settled, symbol="AAPL"),
        judge=_columns("created", "last_trade", "open", "high", "low", "close", "volume", "count"),
    ),
    Probe(
        name="bar_columns",
        assumption="Bars have the documented columns in their order.",
        certainty=_DOCUMENTED,
        setting="",
        path=_OHLC,
        parameters=_one("AAPL", interval="1h"),
        judge=_columns("timestamp", "open", "high", "low", "close", "volume", "count"),
    ),
    Probe(
        name="both_ends_of_the_day",
        assumption="Bars of a day begin at 09:30:00 and end with 16:00:00.",
        certainty=_SEVERAL,
        setting="start_time= and end_time=",
        path=_OHLC,
        parameters=_one("AAPL", interval="30m"),
        judge=_text(_both_ends),
    ),
    Probe(
        name="stamps_without_a_zone",
        assumption="Time stamps are New York's wall clock, without a zone.",
        certainty=_DOCUMENTED,
        setting="",
        path=_OHLC,
        parameters=_one("AAPL", interval="1h"),
        judge=_text(_no_zone),
    ),
    Probe(
        name="csv_lines",
        assumption="Lines of CSV end with CR and LF.",
        certainty=_DOCUMENTED,
        setting="",
        path=_OHLC,
        parameters=_one("AAPL", interval="1h"),
        judge=_text(lambda reply: "" if "\r\n" in reply.text else "lines end without CR"),
    ),
    Probe(
        name="ndjson",
        assumption="NDJSON is delivered as application/x-ndjson.",
        certainty=_DOCUMENTED,
        setting='row_format="csv" if there is none',
        path=_OHLC,
        parameters=_one("AAPL", interval="1h", format="ndjson"),
        judge=_type("application/x-ndjson"),
    ),
    Probe(
        name="reports_twice",
        assumption="Daily reports of options of 2020 come twice.",
        certainty=_SEVERAL,
        setting='eod_duplicates="keep"',
        path=f"{_OPTION}/eod",
        parameters=lambda _days: _between(
            dt.date(2020, 11, 4), dt.date(2020, 11, 4), symbol="SPY", expiration="2020-11-20"
        ),
        judge=_text(_twins),
    ),
    Probe(
        name="share_classes",
        assumption="Options of BRK.B have no data under that name.",
        certainty="recorded, 2026",
        setting="",
        path="/v3/option/list/expirations",
        parameters=lambda _days: {"symbol": "BRK.B"},
        judge=_status(_NO_DATA),
    ),
    Probe(
        name="right_wildcard",
        assumption="`right=*` is refused with 400.",
        certainty=_ONE,
        setting="",
        path=f"{_OPTION}/eod",
        parameters=lambda days: _between(
            days.settled, days.settled, symbol="SPY", right="*", **_NARROW
        ),
        judge=_refused(None),
    ),
)
"""All of them, in the order in which they are sent."""
