"""How a request is spelled for a v3 terminal, and what the head of its answer means. Pure."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress
from functools import lru_cache
from typing import Final, Literal, TypeVar, cast
from urllib.parse import quote

import msgspec

from thetatrio._rest.decode import Form
from thetatrio._rest.dialect import Spelling, Target
from thetatrio.config import RowFormat
from thetatrio.errors import (
    AuthenticationFailed,
    DecodeError,
    InvalidRequest,
    PermissionDenied,
    RateLimited,
    RequestTooLarge,
    ServerError,
    SessionConflict,
    TerminalDisconnected,
    TerminalError,
    TerminalStarting,
    ThetaDataError,
    WrongHost,
    WrongVersion,
)
from thetatrio.market_time import parse_date, time_text
from thetatrio.requests import Request
from thetatrio.requests._base import UNSENT, UnsentFlag
from thetatrio.rows import Row

__all__ = [
    "FPSS_STATUS",
    "MDDS_STATUS",
    "NO_DATA",
    "SHUTDOWN",
    "SIMULATOR",
    "error_of",
    "form_of",
    "known_form",
    "spell",
    "target_of",
    "value_text",
]

R = TypeVar("R", bound=Row)

SIMULATOR: Final = "thetatrio-simulator"
"""What the simulated terminal calls itself in the Server header."""
NO_DATA: Final = 472
"""The status that means an empty result."""

MDDS_STATUS: Final = "/v3/terminal/mdds/status"
FPSS_STATUS: Final = "/v3/terminal/fpss/status"
SHUTDOWN: Final = "/v3/terminal/shutdown"

ACCEPT: Final[dict[RowFormat, str]] = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
    "json": "application/json",
}
_FORMS: Final[dict[str, Form]] = {
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/x-jsonlines": "ndjson",
    "text/csv": "csv",
    "application/csv": "csv",
    "application/json": "json",
    "text/json": "json",
}
_HTML: Final = ("text/html", "application/xhtml+xml")

# What stays as it is in a query: the wildcard, lists of symbols, times.
_SAFE: Final = "*,:"


def value_text(value: object) -> str:
    """Return a parameter's value as the wire has it."""
    if isinstance(value, (bool, UnsentFlag)):
        return "true" if value else "false"
    if isinstance(value, dt.time):
        return time_text(value)
    if isinstance(value, (tuple, list)):
        return ",".join(map(value_text, cast("tuple[object, ...]", value)))
    return str(value)


def target_of(request: Request[R], row_format: RowFormat | Literal["html"]) -> str:
    """Return the path and query that ask for a request's answer in a format.

    None, and documented defaults that the caller did not give, are left out; everything else is
    sent, False and 0 included.
    """
    path = request.path
    query: list[str] = []
    for name in request.__struct_fields__:
        value: object = getattr(request, name)
        if value is None or isinstance(value, UNSENT):
            continue
        text = value_text(value)
        if "{" in path and (place := f"{{{name}}}") in path:
            path = path.replace(place, quote(text, safe=""))
        else:
            query.append(f"{name}={quote(text, safe=_SAFE)}")
    query.append(f"format={row_format}")
    return f"{path}?{'&'.join(query)}"


def spell(request: Request[R], wanted: RowFormat | None, row_format: RowFormat) -> Spelling:
    """Return how a request is asked of a v3 terminal: by one GET request, read as it comes.

    Raises InvalidRequest for what only v2 terminals have.
    """
    if request.v2_only:
        raise InvalidRequest(
            f"{request.operation}: only v2 terminals have it; open the session with api='v2'",
            request=request,
        )
    asked = wanted or row_format
    return Spelling((Target(target_of(request, asked)),), ACCEPT[asked])


@lru_cache(64)
def known_form(content_type: str) -> Form | None:
    """Return the format that a media type names; None for other media types."""
    return _FORMS.get(content_type.partition(";")[0].strip().lower())


def form_of(content_type: str, asked: RowFormat) -> Form:
    """Return how an answer is read: as its type says; as asked for where it says nothing much.

    Raises DecodeError for HTML, which is a page for people.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind in _HTML:
        raise DecodeError(f"the answer is a web page ({kind}), not data: is that a Theta Terminal?")
    return known_form(content_type) or asked


class _Meaning(msgspec.Struct, frozen=True):
    error: type[ThetaDataError]
    what: str
    remedy: str


# Gathered from the vendor's table of codes, and from what clients have met.
_MEANINGS: Final[dict[int, _Meaning]] = {
    400: _Meaning(
        InvalidRequest, "the terminal refuses the request", "change it as the text demands"
    ),
    401: _Meaning(AuthenticationFailed, "the key was refused", "check api_key"),
    403: _Meaning(PermissionDenied, "not permitted", "the subscription does not include this"),
    404: _Meaning(
        InvalidRequest,
        "this terminal does not know the operation",
        "update the terminal; a v2 terminal is asked with api='v2'",
    ),
    407: _Meaning(
        AuthenticationFailed,
        "the proxy refused the request",
        "give proxy= the user and password that the proxy expects",
    ),
    410: _Meaning(
        WrongVersion,
        "this terminal speaks v3 and was asked in v2's words",
        "use v3 paths and parameter names",
    ),
    429: _Meaning(
        RateLimited,
        "too many requests are waiting",
        "lower slots, or raise request_queue_length in the terminal's config.toml",
    ),
    470: _Meaning(ServerError, "the terminal reports a general error", "try again later"),
    471: _Meaning(
        PermissionDenied, "not permitted", "the subscription does not include this, or so far back"
    ),
    473: _Meaning(
        InvalidRequest, "the terminal refuses the parameters", "check the values of the request"
    ),
    474: _Meaning(
        TerminalDisconnected,
        "the terminal has lost the vendor's servers",
        "wait, or see its log and session.terminal.mdds_status()",
    ),
    475: _Meaning(
        InvalidRequest,
        "the terminal could not read the request",
        "check the names and values of its parameters",
    ),
    476: _Meaning(
        WrongHost,
        "the terminal saw another spelling of its host first",
        "use one spelling everywhere, 127.0.0.1 or localhost, and restart the terminal",
    ),
    477: _Meaning(ServerError, "the page is gone", "ask again from the first page"),
    478: _Meaning(
        SessionConflict,
        "another terminal took this account's session",
        "run one terminal for each account, and restart this one",
    ),
    570: _Meaning(RequestTooLarge, "too much for one answer", "ask for fewer days or contracts"),
    571: _Meaning(TerminalStarting, "the terminal is starting", "wait for it"),
    572: _Meaning(ServerError, "the terminal met an unexpected error", "report it to the vendor"),
}


def _meaning_of(status: int, redirect: str) -> _Meaning:
    if redirect:
        return _Meaning(
            TerminalError,
            f"redirect to {redirect}",
            "redirects are not followed: open the session with that base_url if you trust it",
        )
    if 300 <= status < 400:
        return _Meaning(
            TerminalError,
            "redirect that does not say where to",
            "redirects are not followed: is that base_url a Theta Terminal's?",
        )
    if status >= 500:
        return _Meaning(ServerError, "the terminal failed", "see its log, or retry later")
    return _Meaning(
        TerminalError,
        "the terminal did not answer with data",
        "check that base_url is a Theta Terminal's, and see its log",
    )


def error_of(
    status: int,
    text: str,
    *,
    request: object | None = None,
    retry_after: float | None = None,
    redirect: str = "",
) -> ThetaDataError:
    """Return the error that an answer's status means, with the terminal's own text.

    Args:
        status: Status of the answer.
        text: Body of the answer; may be empty.
        request: What was requested.
        retry_after: Seconds of the Retry-After header, or None.
        redirect: Where a redirect points, without secrets; empty if it is none.
    """
    meaning = _MEANINGS.get(status) or _meaning_of(status, redirect)
    since: str = getattr(request, "since", "")
    if status == 404 and since:
        meaning = _Meaning(
            InvalidRequest,
            f"this terminal does not have {getattr(request, 'operation', 'the operation')}",
            f"only {since} have it: update the terminal",
        )
    said = " ".join(text.split())[:500]
    where = f" to {request}" if request is not None else ""
    message = f"{meaning.what} (HTTP {status}{where}); {meaning.remedy}"
    if said:
        message += f"; it said: {said}"
    if issubclass(meaning.error, TerminalError):
        return meaning.error(
            message, code=status, request=request, terminal_text=text, retry_after=retry_after
        )
    if issubclass(meaning.error, InvalidRequest):
        return meaning.error(message, code=status, request=request, terminal_text=text)
    if issubclass(meaning.error, PermissionDenied):
        return _denied(message, status, text, request)
    return meaning.error(message, code=status, request=request)


_NEEDED_TIER: Final = r"(?i)requir\w+ an? (\w+) subscription"
_FIRST_DAY: Final = r"(?i)first access date is:? *([0-9]{4}-?[0-9]{2}-?[0-9]{2})"


def _denied(message: str, status: int, text: str, request: object | None) -> PermissionDenied:
    """Return the error of a permission that is missing, with what its text says of a remedy."""
    tier = re.search(_NEEDED_TIER, text)
    needed = tier[1].lower() if tier else None
    first: dt.date | None = None
    if match := re.search(_FIRST_DAY, text):
        with suppress(ValueError):
            first = parse_date(match[1])
    if needed:
        message += f"; it needs the tier {needed!r}"
    if first:
        message += f"; days from {first} on are allowed"
    if "real time data unavailable" in text.lower():
        # The default venue needs the real-time entitlement for days that have not settled.
        message += "; venue='utp_cta' does not need that entitlement"
    return PermissionDenied(
        message,
        terminal_text=text,
        needed_tier=needed,
        allowed_from=first,
        code=status,
        request=request,
    )
