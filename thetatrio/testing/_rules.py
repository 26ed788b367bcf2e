"""What a simulated terminal refuses and repeats, by profile: as documented, or as seen in 2026."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import msgspec

from thetatrio._calls import ExplainedStruct
from thetatrio.config import Tier
from thetatrio.rules import rules_of
from thetatrio.testing._operations import Arguments, Group, Operation, Refusal, Row

__all__ = ["DEFAULT_PROFILE", "PROFILES", "Profile", "TerminalRules"]

Profile: TypeAlias = Literal["2026", "documented"]
"""Which terminals a simulated one is like: those that users saw from July to October 2026, or the
vendor's documentation."""
DEFAULT_PROFILE: Final[Profile] = "documented"

_BAD_REQUEST: Final = 400
_MONTH_DAYS: Final = 31
_MINUTE_MS: Final = 60_000
_LATER_MS: Final = 3_600_000


class TerminalRules(msgspec.Struct, frozen=True, kw_only=True, metaclass=ExplainedStruct):
    """Each difference between the profiles, as a setting of its own."""

    bad_request: bool = False
    """Whether wrong parameters and ranges that are too long are refused with 400; as documented,
    with 473 and 570."""
    forbidden: bool = False
    """Whether a missing permission is 403 and names the tier that is needed; as documented,
    471."""
    eod_days: int | None = None
    """Days of one request for daily reports, both ends inclusive; None: 366, as documented."""
    wildcard_days: int | None = None
    """Days of one request for daily reports and open interest of all expirations; None: one, as
    documented."""
    wildcards: bool = False
    """Whether `expiration="*"` is refused by the operations that were seen to refuse it, and by all
    history for the current day; as documented, every history operation takes it for a day."""
    eod_of_today: bool = True
    """Whether daily reports of the current day are made already."""
    eod_twice_until: dt.date | None = None
    """The last day of which daily reports of options come twice."""


PROFILES: Final[Mapping[Profile, TerminalRules]] = MappingProxyType(
    {
        "documented": TerminalRules(),
        "2026": TerminalRules(
            bad_request=True,
            forbidden=True,
            eod_days=365,
            wildcard_days=365,
            wildcards=True,
            eod_of_today=False,
            eod_twice_until=dt.date(2021, 12, 15),
        ),
    }
)
"""The settings of each profile."""


def check_permission(rules: TerminalRules, operation: Operation, tier: Tier) -> Refusal:
    """Return the refusal of an operation that a tier does not have."""
    if rules.forbidden:
        kind = operation.name.partition("_")[0]
        return Refusal(
            403,
            f"Requesting {'an' if kind[0] in 'aeio' else 'a'} {kind} endpoint requiring a"
            f" {operation.tier} subscription, but you only have a {tier} subscription",
        )
    return Refusal(471, f"This request needs a {operation.tier} subscription or a higher one.")


def check_wildcard(rules: TerminalRules, operation: Operation) -> None:
    """Raise the refusal of all expirations at once, by an operation that does not accept them."""
    if rules.wildcards and rules_of(operation.name).expiration_wildcard == "refuses":
        # Its text is about the expiration, in spite of its words.
        raise Refusal(_BAD_REQUEST, "Cannot specify '*' for the date")


def check_days(
    rules: TerminalRules, operation: Operation, arguments: Arguments, today: dt.date
) -> None:
    """Raise the refusal of a range that is too long, or of a wildcard that is not accepted.

    For settings that differ from the documentation only.
    """
    span = arguments.span
    if span is None or operation.span == "none":
        return
    days = (span[1] - span[0]).days + 1
    accepted = rules_of(operation.name)
    names = {parameter.name for parameter in operation.parameters}
    is_all = "expiration" in names and arguments.expiration is None
    of_today = span[1] >= today
    if rules.wildcards and is_all and of_today and accepted.current_day_wildcard == "refuses":
        raise Refusal(
            _BAD_REQUEST, "Cannot fetch current-day data without specifying an expiration"
        )
    if not rules.eod_of_today and not accepted.current_day and of_today:
        raise Refusal(_BAD_REQUEST, "EOD is not available for the current day")
    if rules.bad_request:
        _check_bulk(rules, operation, arguments, days, is_all=is_all)


def _check_bulk(
    rules: TerminalRules, operation: Operation, arguments: Arguments, days: int, *, is_all: bool
) -> None:
    accepted = rules_of(operation.name)
    most = rules.eod_days
    if most is not None and accepted.most_days is not None and days > most:
        raise Refusal(
            _BAD_REQUEST,
            f"Too many days between start and end date; max {most} days allowed",
        )
    takes_several = accepted.wildcard_days > 1 and rules.wildcard_days is not None
    if is_all and days > (rules.wildcard_days or 1 if takes_several else 1):
        raise Refusal(_BAD_REQUEST, "When expiration=*, you must request data a day-at-a-time")
    if operation.span != "days":
        return
    if days > _MONTH_DAYS:
        raise Refusal(_BAD_REQUEST, "Bulk history requests are limited to no more than 1 month.")
    if days > 1 and arguments.interval < _MINUTE_MS:
        raise Refusal(
            _BAD_REQUEST, "Bulk history requests are limited to intervals of at least 1 minute."
        )


def reports_twice(
    rules: TerminalRules, operation: Operation, groups: Iterator[Group]
) -> Iterator[Group]:
    """Return daily reports, each of the days until `eod_twice_until` a second time, made later."""
    until = rules.eod_twice_until
    if until is None or operation.name != "option_history_eod":
        return groups
    place = [name for name, _ in operation.columns].index("created")
    return (_twice(group, place) if group.date <= until else group for group in groups)


def _twice(group: Group, place: int) -> Group:
    rows: list[Row] = []
    for row in group.rows:
        later = list(row)
        created = later[place]
        if isinstance(created, int):
            later[place] = created + _LATER_MS
        rows += [row, later]
    return group._replace(rows=rows)
