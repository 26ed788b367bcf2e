"""What is fuzzed: for each target the call, the only exceptions it may raise, and seeds.

A target also asserts what holds of any bytes, such as that the pieces in which
they come do not matter. An AssertionError is allowed nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import NamedTuple

import msgspec

from tests.answers import ANSWERS
from thetatrio._rest.decode import Form, decoder_for
from thetatrio._rest.dialect import Target as Question
from thetatrio._rest.pages import Trail, envelope_of, links_of
from thetatrio._rest.raw import RawAnswer
from thetatrio._rest.v2_rows import V2Rows
from thetatrio._stream import wire
from thetatrio._stream.frames import FrameSplitter
from thetatrio.contracts import Option
from thetatrio.errors import (
    DecodeError,
    ForeignPage,
    InvalidRequest,
    PermissionDenied,
    TerminalError,
)

__all__ = ["TARGETS", "Target", "run"]


class Target(NamedTuple):
    """One entrance for bytes from outside."""

    call: Callable[[bytes], object]
    allowed: tuple[type[Exception], ...]
    """All that it may raise."""
    seeds: Callable[[], list[bytes]]
    """Inputs that are right, to begin with."""


def run(name: str, data: bytes) -> None:
    """Run a target on bytes; whatever it may not raise comes out."""
    target = TARGETS[name]
    with suppress(*target.allowed):
        target.call(data)


def chosen(data: bytes, *bounds: int) -> tuple[list[int], bytes]:
    """Return a number below each bound, made of a byte each, and the bytes after those."""
    numbers = [(data[n] if n < len(data) else 0) % bound for n, bound in enumerate(bounds)]
    return numbers, data[len(bounds) :]


def pieces_of(data: bytes, *places: int) -> Iterator[bytes]:
    """Yield data cut at places, of which 255 is its end and 0 its beginning."""
    ends = sorted(place * len(data) // 255 for place in places)
    for begin, end in pairwise([0, *ends, len(data)]):
        yield data[begin:end]


# ---------------------------------------------------------------- answers

ROW_TYPES = [answer.row_type for answer in ANSWERS.values()]
OPERATIONS = list(ANSWERS)


def _rows(form: Form, data: bytes) -> None:
    (kind, first, second), body = chosen(data, len(ROW_TYPES), 256, 256)
    whole = _outcome(form, kind, [body])
    cut = _outcome(form, kind, list(pieces_of(body, first, second)))
    # Objects across lines of NDJSON are refused by chance of the cuts, or rightly read.
    if form != "ndjson" or None not in (whole, cut):
        assert cut == whole


def _outcome(form: Form, kind: int, pieces: list[bytes]) -> list[str] | None:
    """Return the rows by their text, since NaN is not equal to itself; None where refused."""
    decoder = decoder_for(form, ROW_TYPES[kind])
    try:
        rows = [row for piece in pieces for row in decoder.feed(piece)] + decoder.finish()
    except DecodeError:
        return None
    assert all(type(row) is ROW_TYPES[kind] for row in rows)
    return [repr(row) for row in rows]


def _seeds_of(form: Form) -> list[bytes]:
    return [
        bytes([OPERATIONS.index(operation), 85, 170]) + body
        for operation, answer in ANSWERS.items()
        for kind, body in answer.bodies()
        if kind == form
    ]


# ---------------------------------------------------------------- stream

_EVENTS = rb"""
{"header":{"type":"QUOTE","status":"CONNECTED"},"contract":{"security_type":"OPTION","root":"SPXW",\
"expiration":20240315,"strike":4800000,"right":"C"},"quote":{"ms_of_day":34200000,"bid_size":1,\
"bid_exchange":5,"bid":1.5,"bid_condition":50,"ask_size":2,"ask_exchange":5,"ask":1.6,\
"ask_condition":50,"date":20240304}}
{"header":{"type":"TRADE","status":"CONNECTED"},"contract":{"security_type":"STOCK","root":"AAPL"},\
"trade":{"ms_of_day":34200000,"sequence":7,"size":1,"condition":0,"price":222.5,"exchange":57,\
"date":20240304}}
{"header":{"type":"TRADE","status":"CONNECTED"},"contract":{"security_type":"INDEX","root":"SPX"},\
"trade":{"ms_of_day":34200000,"price":5100.5,"date":20240304}}
{"header":{"type":"OHLC","status":"CONNECTED"},"contract":{"security_type":"STOCK","root":"AAPL"},\
"ohlc":{"ms_of_day":34200000,"open":1,"high":2,"low":1,"close":2,"volume":9,"count":2,\
"date":20240304}}
{"header":{"type":"STATUS","status":"CONNECTED"}}
{"header":{"type":"REQ_RESPONSE","response":"SUBSCRIBED","req_id":"7"}}
""".replace(b"\\\n", b"").strip().split(b"\n")  # fmt: skip


def _events(data: bytes) -> None:
    messages = wire.decode(data)
    assert messages
    # What is remembered of an event's beginning must say what the whole frame says.
    brace = data.rfind(b"{")
    head = wire.head_of(data[:brace]) if brace > 0 and data.endswith(b"}}") else None
    if head is None:
        return
    try:
        event = head.decode(data[brace:-1])
    except wire.UNREADABLE:
        return
    msgspec.structs.force_setattr(event, "contract", head.contract)
    assert [repr(message) for message in messages] == [
        repr(wire.Received(head.kind, head.contract, event))
    ]


def _frames(data: bytes) -> None:
    (size, first, second), body = chosen(data, 256, 256, 256)
    max_frame = 1 << 20 if size > 127 else 1 + size * 3
    whole = _split(max_frame, [body])
    assert _split(max_frame, list(pieces_of(body, first, second))) == whole


def _split(max_frame: int, pieces: list[bytes]) -> tuple[object, ...]:
    splitter = FrameSplitter(max_frame)
    payloads: list[bytes] = []
    through = b""
    for piece in pieces:
        found, rest = splitter.feed(piece)
        payloads += found
        through += rest
    assert sum(map(len, payloads)) + len(through) <= 2 * sum(map(len, pieces))
    assert all(len(payload) <= max_frame for payload in payloads)
    # Not what passes through: of several pings in one piece, one is kept.
    return payloads, splitter.passing, splitter.irregular, splitter.oversize, splitter.partial


def _frame_seeds() -> list[bytes]:
    texts = b"".join(bytes([0x81, 126]) + len(e).to_bytes(2, "big") + e for e in _EVENTS[:3])
    return [
        bytes([200, 85, 170]) + texts,
        bytes([200, 20, 30]) + b"\x01\x03abc\x89\x01p\x00\x02de\x80\x01f" + texts,
        bytes([10, 100, 120]) + b"\x81\x02ab\x82\x03abc\x89\x00\x8a\x00\x88\x02\x03\xe8",
        bytes([255, 10, 250]) + b"\x81\x7f" + (300).to_bytes(8, "big") + b"x" * 300,
    ]


# ---------------------------------------------------------------- pages

_TERMS = {"symbol": "A", "expiration": "2024-11-15", "strike": "170.000", "right": "CALL"}
_QUESTION = Question("/v2/hist/option/ohlc?root=A", _TERMS)
_COLUMNS = ["symbol", "expiration", "strike", "right", "timestamp", "open", "volume", "date"]
_SHAPES = (
    {"form": "csv"},
    {"form": "ndjson"},
    {"form": "json", "window": (34_200_000, 57_600_000)},
    {"form": "ndjson", "strike": 170_000, "right": "C"},
)
_BASES = ("http://127.0.0.1:25510", "https://gateway.example/base")


def _pages(data: bytes) -> None:
    (shape, base, scalar, header), body = chosen(data, len(_SHAPES), 2, 3, 2)
    link = body.partition(b"\n")[0].decode(errors="replace") if header else None
    envelope = envelope_of(body) if body.lstrip()[:1] == b"{" else None
    first = "/v2/hist/option/ohlc?root=A" if not base else "/hist/option/ohlc?root=A"
    trail = Trail(_BASES[base], has_key=bool(base), first=first)
    _follow(trail, links_of(envelope, link))
    word = ("", "date", "path")[scalar]
    columns = [word] if word else _COLUMNS
    rows = V2Rows(columns, scalar=word, **_SHAPES[shape])
    made = rows.rows(_QUESTION, "application/json" if envelope else "text/csv", body, envelope)
    assert isinstance(made, bytes)


def _follow(trail: Trail, links: tuple[object, ...]) -> None:
    try:
        target = trail.follow(links)
    except (DecodeError, ForeignPage):
        return
    if target is not None:
        # A path on the session's own origin, with nothing in it that ends a line of HTTP.
        assert target.startswith("/")
        assert not target.startswith("//")
        assert target.isascii()
        assert target.isprintable()
        assert not {" ", "\\", "#"} & set(target)
        path = target.partition("?")[0].lower().split("/")
        assert not {"..", ".", "system", "terminal"} & set(path)


def _page_seeds() -> list[bytes]:
    head = b'{"header":{"next_page":"http://127.0.0.1:25510/v2/page/1?a=b","format":'
    names = b'["ms_of_day","open","volume","date"]},"response":'
    group = (
        b'{"ticks":[[34200000,1.5,7,20241101]],"contract":{"root":"A","strike":170000,"right":"C"}}'
    )
    one = b'{"root":"A","strike":170000,"right":"P","ms_of_day":34200000,"open":1,"volume":2,'
    return [
        b"\0\0\0\0" + head + names + b"[[34200000,1.5,7,20241101]]}",
        b"\1\0\0\0" + head + names + b"[" + group + b"]}",
        b"\2\1\0\0" + b'{"results":[' + one + b'"date":20241101}],"nextUrl":"/base/next?c=7"}',
        b"\0\0\1\0" + b'{"header":{"format":["date"]},"response":[20241101,20241104]}',
        b"\0\0\2\0" + b"C:\\files\\option.csv\r\n",
        b"\1\0\0\1" + b"ms_of_day,open,volume,date\r\n34200000,1.5,7,20241101\r\n",
        b"\0\1\1\1" + b"https://gateway.example/base/page/2?x=%2F..\n20241101\n",
        b"\0\0\0\0" + b'{"header":{"error_type":"PERMISSION","error_msg":"no"},"response":[0]}',
    ]


def _raw(data: bytes) -> None:
    (form,), body = chosen(data, 4)
    kind = ("application/json", "text/csv", "application/x-ndjson", "")[form]
    rows = RawAnswer(200, kind, body).rows()
    assert all(isinstance(row, dict) for row in rows)


# ---------------------------------------------------------------- symbols


def _occ(data: bytes) -> None:
    option = Option.from_occ(data.decode(errors="surrogateescape"))
    assert Option.from_occ(option.occ_symbol) == option
    assert hash(Option.from_occ(option.occ_symbol)) == hash(option)


TARGETS = {
    "frames": Target(_frames, (), _frame_seeds),
    "events": Target(_events, (), lambda: [*_EVENTS, b"\n".join(_EVENTS)]),
    "csv": Target(lambda data: _rows("csv", data), (), lambda: _seeds_of("csv")),
    "json": Target(lambda data: _rows("json", data), (), lambda: _seeds_of("json")),
    "ndjson": Target(lambda data: _rows("ndjson", data), (), lambda: _seeds_of("ndjson")),
    "pages": Target(
        # A page can tell of an error of the terminal, whichever it is.
        _pages,
        (DecodeError, ForeignPage, InvalidRequest, PermissionDenied, TerminalError),
        _page_seeds,
    ),
    "raw": Target(
        _raw,
        (DecodeError,),
        lambda: [
            *(b"\0" + seed[4:] for seed in _page_seeds()[:4]),
            *(b'\0{"a":[1,2]}', b"\1a,b\r\n1,2\r\n", b'\2{"a":1}\n', b"\3a,b\r\n1,2\r\n"),
        ],
    ),
    "occ": Target(
        _occ,
        (InvalidRequest,),
        lambda: [b"SPXW  240315C04800000", b"AAPL241115P00170500", b" brkb  250117c00400000 "],
    ),
}
"""Each entrance by its name."""
