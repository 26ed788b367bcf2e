"""Queries against terminals that apply any of the rules: complete, or one clear error."""

import datetime as dt

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

import thetatrio
from tests.field_terminal import DAY, FieldTerminal, field_session, trading_days
from thetatrio.requests import (
    OptionHistoryEod,
    OptionHistoryGreeksFirstOrder,
    OptionHistoryOhlc,
    OptionHistoryOpenInterest,
    OptionHistoryQuote,
    StockHistoryEod,
    StockHistoryOhlc,
)

TODAY = dt.date(2026, 10, 14)
EXPIRATIONS = [dt.date(2026, 10, 2) + 7 * DAY * week for week in range(4)]


class RuledTerminal(FieldTerminal):
    """A terminal that applies rules of its own.

    Args:
        most_days: Days of one request, or None.
        text: How it refuses more of them.
        refuses_wildcard: Whether it refuses all expirations at once.
        wildcard_text: How it says so.
        wildcard_days: Days of one request with all expirations, or None.
        refuses_today: Whether it refuses the current day for all expirations.
    """

    def __init__(
        self, *, most_days, text, refuses_wildcard, wildcard_text, wildcard_days, refuses_today
    ):
        super().__init__(TODAY, EXPIRATIONS)
        self._most_days = most_days
        self._text = text
        self._refuses_wildcard = refuses_wildcard
        self._wildcard_text = wildcard_text
        self._wildcard_days = wildcard_days
        self._refuses_today = refuses_today

    def _refusal(self, kind, what, query, first, last):
        days = (last - first).days + 1
        if query.get("expiration") == "*":
            if self._refuses_wildcard:
                return self._wildcard_text
            if self._refuses_today and last >= self.today:
                return "Cannot fetch current-day data without specifying an expiration"
            if self._wildcard_days is not None and days > self._wildcard_days:
                return "When expiration=*, you must request data a day-at-a-time"
        if self._most_days is not None and days > self._most_days:
            return self._text.format(days=self._most_days)
        return None


TERMINALS = st.builds(
    RuledTerminal,
    most_days=st.none() | st.integers(1, 40),
    text=st.sampled_from(
        [
            "Too many days between start and end date; max {days} days allowed",
            "too many days",
        ]
    ),
    refuses_wildcard=st.booleans(),
    wildcard_text=st.sampled_from(
        ["Cannot specify '*' for the date", "You must specify an expiration"]
    ),
    wildcard_days=st.none() | st.integers(1, 9),
    refuses_today=st.booleans(),
)
RANGES = st.tuples(st.integers(0, 40), st.integers(0, 30)).map(
    lambda pair: (TODAY - (pair[0] + pair[1]) * DAY, TODAY - pair[0] * DAY)
)
CALLS = st.one_of(
    st.builds(
        lambda e: (OptionHistoryEod, {"expiration": e}), st.sampled_from(["*", "2026-10-16"])
    ),
    st.builds(
        lambda e: (OptionHistoryOpenInterest, {"expiration": e}),
        st.sampled_from(["*", "2026-10-16"]),
    ),
    st.builds(
        lambda kind, e: (kind, {"expiration": e, "interval": "1h"}),
        st.sampled_from([OptionHistoryOhlc, OptionHistoryQuote, OptionHistoryGreeksFirstOrder]),
        st.sampled_from(["*", "2026-10-16"]),
    ),
    st.just((StockHistoryEod, {})),
    st.just((StockHistoryOhlc, {"interval": "1h"})),
)


def expected_rows(kind, given, first, last):
    """Return how many rows there are, by the terminal's contracts and days."""
    days = list(trading_days(first, last))
    if not kind.operation.startswith("option"):
        return len(days)
    wanted = [e for e in EXPIRATIONS if given["expiration"] in ("*", str(e))]
    return sum(4 for day in days for expiration in wanted if expiration >= day)


@given(terminal=TERMINALS, call=CALLS, days=RANGES)
def test_a_query_is_complete_or_one_error(terminal, call, days):
    """Whatever a terminal refuses: all rows or one clear error, and no refusal is sent twice."""
    kind, given_ = call
    first, last = days

    async def main():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("thetatrio.market_time.today", lambda: TODAY)
            async with field_session(terminal, tier="pro") as session:
                request = kind("SPY", start_date=first, end_date=last, **given_)
                try:
                    return len(await session.query(request)), ""
                except thetatrio.InvalidRequest as error:
                    return None, error.terminal_text

    count, text = trio.run(main, clock=MockClock(autojump_threshold=0))
    # After four reactions the terminal's own text is passed on.
    assert text if count is None else count == expected_rows(kind, given_, first, last)
    sent = [(path, tuple(sorted(query.items()))) for path, query in terminal.requests]
    refused = [(path, tuple(sorted(query.items()))) for path, query in terminal.refused]
    assert len(set(refused)) == len(refused)
    days_asked = (last - first).days + 1
    assert len(sent) <= 4 * (len(EXPIRATIONS) + 2) * days_asked
