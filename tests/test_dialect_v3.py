"""v3's words: how each operation is spelled, and what the head of each answer means."""

import datetime as dt
import pickle

import msgspec
import pytest

from thetatrio._rest import dialect_v2, dialect_v3
from thetatrio._rest.dialect_v3 import ACCEPT, error_of, form_of, target_of, value_text
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
    WrongHost,
    WrongVersion,
)
from thetatrio.requests import (
    CalendarYear,
    IndexHistoryPrice,
    OptionHistoryQuote,
    OptionHistoryTrade,
    OptionListContracts,
    OptionListExpirations,
    OptionSnapshotBinomialGreeksAll,
    OptionSnapshotGreeksAll,
    StockFlatFileQuote,
    StockHistoryEod,
    StockHistoryOhlc,
    StockListSymbols,
    StockSnapshotQuote,
)

pytestmark = pytest.mark.core

# Written by hand from the vendor's description, not by the code under test.
TARGETS = [
    (CalendarYear(year=2024), "/v3/calendar/year_holidays?year=2024"),
    (
        IndexHistoryPrice("SPX", date="2024-11-04"),
        "/v3/index/history/price?symbol=SPX&date=2024-11-04&interval=1s",
    ),
    (
        OptionHistoryQuote("SPY", expiration="2024-11-15", date="20241104", interval="1m"),
        ("/v3/option/history/quote?symbol=SPY&expiration=2024-11-15&date=2024-11-04&interval=1m"),
    ),
    (
        OptionHistoryQuote(
            "SPXW",
            expiration="*",
            start_date="2024-11-04",
            end_date="2024-11-04",
            strike=4800.5,
            right="C",
            start_time="9:30",
            end_time=dt.time(9, 30, 0, 250_000),
            max_dte=0,
            strike_range=3,
        ),
        (
            "/v3/option/history/quote?symbol=SPXW&expiration=*&start_date=2024-11-04"
            "&end_date=2024-11-04&interval=1s&strike=4800.500&right=call"
            "&start_time=09:30:00.000&end_time=09:30:00.250&max_dte=0&strike_range=3"
        ),
    ),
    (
        OptionHistoryTrade("SPY", expiration="2024-11-15", date="2024-11-04", right="put"),
        ("/v3/option/history/trade?symbol=SPY&expiration=2024-11-15&date=2024-11-04&right=put"),
    ),
    (
        OptionListContracts(request_type="trade", date="2024-11-04"),
        "/v3/option/list/contracts/trade?date=2024-11-04",
    ),
    (
        OptionListContracts(["SPY", "QQQ"], request_type="quote", date="2024-11-04", max_dte=7),
        "/v3/option/list/contracts/quote?symbol=SPY,QQQ&date=2024-11-04&max_dte=7",
    ),
    (OptionListExpirations("*"), "/v3/option/list/expirations?symbol=*"),
    (OptionListExpirations("spy, qqq"), "/v3/option/list/expirations?symbol=SPY,QQQ"),
    (
        OptionSnapshotGreeksAll("SPY", expiration="2024-11-15"),
        ("/v3/option/snapshot/greeks/all?symbol=SPY&expiration=2024-11-15"),
    ),
    (
        OptionSnapshotGreeksAll(
            "SPY",
            expiration="*",
            annual_dividend=0,
            rate_value=0.0,
            stock_price=571.25,
            version="1",
            min_time="09:45",
            use_market_value=True,
        ),
        (
            "/v3/option/snapshot/greeks/all?symbol=SPY&expiration=*"
            "&annual_dividend=0.0&rate_value=0.0&stock_price=571.25&version=1"
            "&min_time=09:45:00.000&use_market_value=true"
        ),
    ),
    (
        StockHistoryEod("BRK.B", start_date="2024-10-01", end_date="2024-10-31"),
        "/v3/stock/history/eod?symbol=BRK.B&start_date=2024-10-01&end_date=2024-10-31",
    ),
    (
        StockHistoryOhlc("AAPL", date="2024-11-04", venue="utp_cta"),
        "/v3/stock/history/ohlc?symbol=AAPL&date=2024-11-04&interval=1s&venue=utp_cta",
    ),
    (StockListSymbols(), "/v3/stock/list/symbols"),
    (
        StockSnapshotQuote(("AAPL", "MSFT")),
        "/v3/stock/snapshot/quote?symbol=AAPL,MSFT",
    ),
]


@pytest.mark.parametrize(("request_", "target"), TARGETS, ids=lambda v: getattr(v, "operation", ""))
@pytest.mark.parametrize("row_format", ["ndjson", "csv", "json", "html"])
def test_each_request_is_spelled_as_the_vendor_has_it(request_, target, row_format):
    """Path, names, order and values are the vendor's; None is left out, False and 0 are sent."""
    joint = "&" if "?" in target else "?"
    assert target_of(request_, row_format) == f"{target}{joint}format={row_format}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (0.05, "0.05"),
        ("*", "*"),
        (dt.date(2024, 11, 4), "2024-11-04"),
        (dt.time(9, 30), "09:30:00.000"),
        (dt.time(15, 59, 59, 999_000), "15:59:59.999"),
        (("AAPL", "MSFT"), "AAPL,MSFT"),
        ((True, dt.time(9, 30), dt.date(2024, 11, 4), 5), "true,09:30:00.000,2024-11-04,5"),
    ],
)
def test_values_are_spelled_alike_alone_and_in_lists(value, text):
    """Flags, times and dates have one spelling, inside a tuple too."""
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("symbol", "spelled"),
    [("BRK/B", "BRK%2FB"), ("A&B=C", "A%26B%3DC"), ("A+B", "A%2BB"), ("A#B", "A%23B")],
)
def test_values_cannot_become_parameters(symbol, spelled):
    """What has a meaning in a URL is quoted, in a query as in a path."""

    class Odd(StockListSymbols, frozen=True, kw_only=True):
        path = "/v3/{name}/x"
        name: str
        other: str

        def __post_init__(self):
            pass

    assert target_of(Odd(name=symbol, other=symbol), "csv") == (
        f"/v3/{spelled}/x?other={spelled}&format=csv"
    )


@pytest.mark.parametrize(
    ("said", "asked", "form"),
    [
        ("application/x-ndjson", "csv", "ndjson"),
        ("application/ndjson", "csv", "ndjson"),
        ("application/jsonl", "csv", "ndjson"),
        ("application/x-jsonlines", "csv", "ndjson"),
        ("text/csv", "ndjson", "csv"),
        ("text/csv; charset=utf-8", "ndjson", "csv"),
        ("Text/CSV;charset=UTF-8;header=present", "ndjson", "csv"),
        ("application/csv", "ndjson", "csv"),
        (" application/json ; charset=utf-8", "ndjson", "json"),
        ("text/json", "ndjson", "json"),
        ("", "ndjson", "ndjson"),
        ("", "json", "json"),
        ("text/plain", "csv", "csv"),
        ("text/plain;charset=utf-8", "ndjson", "ndjson"),
        ("application/octet-stream", "json", "json"),
        (";", "csv", "csv"),
    ],
)
def test_an_answer_is_read_as_its_type_says(said, asked, form):
    """The Content-Type decides; one that is missing or says nothing means what was asked for."""
    assert form_of(said, asked) == form


@pytest.mark.parametrize("asked", list(ACCEPT))
def test_what_is_accepted_is_understood(asked):
    """The type that a request accepts is read as the form it was asked in."""
    assert form_of(ACCEPT[asked], "csv" if asked != "csv" else "json") == asked


@pytest.mark.parametrize("said", ["text/html", "Text/HTML; charset=utf-8", "application/xhtml+xml"])
def test_a_page_for_people_is_no_data(said):
    """HTML is DecodeError, which asks whether that is a terminal at all."""
    with pytest.raises(DecodeError, match="is that a Theta Terminal"):
        form_of(said, "csv")


MEANINGS = [
    (401, AuthenticationFailed, "check api_key"),
    (403, PermissionDenied, "subscription"),
    (404, InvalidRequest, "update the terminal"),
    (407, AuthenticationFailed, "user and password"),
    (410, WrongVersion, "use v3 paths"),
    (429, RateLimited, "lower slots"),
    (470, ServerError, "try again later"),
    (471, PermissionDenied, "so far back"),
    (473, InvalidRequest, "refuses the parameters"),
    (474, TerminalDisconnected, "mdds_status"),
    (475, InvalidRequest, "could not read the request"),
    (476, WrongHost, "127.0.0.1 or localhost"),
    (477, ServerError, "from the first page"),
    (478, SessionConflict, "one terminal for each account"),
    (570, RequestTooLarge, "fewer days or contracts"),
    (571, TerminalStarting, "wait for it"),
    (572, ServerError, "report it to the vendor"),
    # What no table has.
    (301, TerminalError, "redirects are not followed"),
    (400, InvalidRequest, "change it as the text demands"),
    (418, TerminalError, "check that base_url"),
    (500, ServerError, "retry later"),
    (503, ServerError, "retry later"),
    (599, ServerError, "retry later"),
]


@pytest.mark.parametrize(("status", "kind", "remedy"), MEANINGS, ids=lambda v: str(v)[:12])
def test_each_code_is_an_error_that_says_what_to_do(status, kind, remedy):
    """Every code has its class, its code, the terminal's words, a remedy, and the request."""
    request = StockListSymbols()
    error = error_of(status, "No such\r\n luck.\n", request=request, retry_after=7.0)
    assert type(error) is kind
    assert (error.code, error.request) == (status, request)
    for words in (f"HTTP {status} to {request}", remedy, "it said: No such luck."):
        assert words in str(error)
    if isinstance(error, TerminalError):
        assert (error.terminal_text, error.retry_after) == ("No such\r\n luck.\n", 7.0)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), vars(again)) == (str(error), vars(error))


@pytest.mark.parametrize(("status", "kind", "remedy"), MEANINGS, ids=lambda v: str(v)[:12])
def test_a_terminal_without_words_is_not_quoted(status, kind, remedy):
    """An empty body adds nothing to the message, and no request no 'to'."""
    message = str(error_of(status, " \n"))
    assert "it said" not in message
    assert "its words" not in message
    assert f"(HTTP {status});" in message


def test_redirect_says_where_it_points():
    """A redirect's error names the place, and what to do if that place is the right one."""
    error = error_of(302, "", redirect="https://other.example/")
    assert type(error) is TerminalError
    assert str(error) == (
        "redirect to https://other.example/ (HTTP 302); redirects are not followed: open the"
        " session with that base_url if you trust it"
    )
    assert "does not say where" in str(error_of(302, ""))


@pytest.mark.parametrize("dialect", [dialect_v2, dialect_v3])
@pytest.mark.parametrize("status", [*range(300, 310), *range(400, 480), *range(500, 580)])
def test_no_message_refers_to_a_text_that_is_not_there(dialect, status):
    """Without a text in the answer no message points to one."""
    message = str(dialect.error_of(status, ""))
    assert "word" not in message.replace("password", "").replace("in v2's words", "")
    assert "it said" not in message


@pytest.mark.parametrize(
    "request_",
    [StockFlatFileQuote(date="2024-11-04"), OptionSnapshotBinomialGreeksAll("SPY", expiration="*")],
)
def test_what_an_older_terminal_lacks_is_said_clearly(request_):
    """404 to an operation of newer terminals names it and says which terminals have it."""
    error = error_of(404, "NO_IMPL", request=request_)
    assert type(error) is InvalidRequest
    assert f"does not have {request_.operation} (HTTP 404 to {request_})" in str(error)
    assert f"only {request_.since} have it: update the terminal" in str(error)
    assert "base_url" not in str(error)
    # Any other status means to it what it means to others.
    assert str(error_of(403, "", request=request_)) == (
        str(error_of(403, "", request=StockListSymbols())).replace(
            str(StockListSymbols()), str(request_)
        )
    )


def test_a_long_body_is_cut_in_the_message():
    """A page of words does not drown the message; the error has it whole."""
    error = error_of(500, "word " * 1000)
    assert len(str(error)) < 700
    assert error.terminal_text == "word " * 1000


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, ""),
        ({"start_time": "09:30"}, "&start_time=09:30:00.000"),
        ({"end_time": dt.time(16)}, "&end_time=16:00:00.000"),
        ({"strike": "*", "start_time": "09:30"}, "&strike=*&start_time=09:30:00.000"),
        ({"right": "both"}, "&right=both"),
    ],
)
def test_a_default_is_sent_only_if_it_was_given(given, sent):
    """A value that the caller gives is sent even if it equals the documented default."""
    request = OptionHistoryQuote("SPY", expiration="*", date="2024-11-04", **given)
    target = target_of(request, "csv")
    start = "/v3/option/history/quote?symbol=SPY&expiration=*&date=2024-11-04&interval=1s"
    assert target == f"{start}{sent}&format=csv"
    assert target_of(pickle.loads(pickle.dumps(request)), "csv") == target
    assert target_of(msgspec.structs.replace(request, max_dte=None), "csv") == target


def test_a_default_that_is_not_sent_is_known():
    """Planner, estimates and whoever prints a request see the documented values."""
    request = OptionHistoryQuote("SPY", expiration="2024-11-15", date="2024-11-04")
    assert (request.start_time, request.end_time) == (dt.time(9, 30), dt.time(16))
    assert (request.strike, request.right) == ("*", "both")
    given = OptionHistoryQuote(
        "SPY", expiration="2024-11-15", date="2024-11-04", start_time="09:30", strike="*"
    )
    assert request == given
