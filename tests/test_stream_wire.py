"""thetatrio._stream.wire: what is said on the stream, read in any spelling and written in one."""

import datetime as dt
import itertools
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.test_events import (
    AAPL,
    CALL,
    MAKERS,
    MSFT,
    PUT,
    SPX,
    bar,
    market_value,
    price,
    quote,
    trade,
)
from thetatrio._stream import wire
from thetatrio._stream.wire import (
    Answer,
    Key,
    Received,
    Undecoded,
    Unknown,
    UpstreamStatus,
    command,
    decode,
    decoder_for,
    head_of,
    keys_of,
    routes_of,
    security_of,
)
from thetatrio.contracts import Option, Stock
from thetatrio.events import MarketValue, Ohlc, Price, Quote, Topic, Trade

pytestmark = pytest.mark.core

KINDS = {Quote: "QUOTE", Trade: "TRADE", Price: "TRADE", Ohlc: "OHLC", MarketValue: "MARKET_VALUE"}


def terms(contract):
    """A contract as the terminal writes it."""
    found = {"security_type": security_of(contract), "root": contract.symbol}
    if isinstance(contract, Option):
        found |= {
            "expiration": int(f"{contract.expiration:%Y%m%d}"),
            "strike": contract.strike_thousandths,
            "right": contract.right,
        }
    return found


def body_of(event):
    body = {"ms_of_day": event.ms_of_day, "date": event.date_int}
    if isinstance(event, Price):  # the wire calls it a trade
        body |= {"sequence": 0, "size": 0, "condition": 0, "exchange": 5}
    body |= {
        name: getattr(event, name)
        for name in event.__struct_fields__
        if name not in ("contract", "ms_of_day", "date_int")
    }
    return body


def message(event):
    """An event as the terminal's message, to be spelled."""
    kind = KINDS[type(event)]
    return {
        "header": {"type": kind, "status": "CONNECTED"},
        "contract": terms(event.contract),
        kind.lower(): body_of(event),
    }


def text(said):
    """A message's bytes, as the terminal spaces them."""
    return json.dumps(said, separators=(",", ":")).encode()


def frame(event):
    """An event as the terminal sends it; other tests make their frames by this too."""
    return text(message(event))


def answer(number, response="SUBSCRIBED"):
    header = {"type": "REQ_RESPONSE", "status": "CONNECTED", "response": response}
    return text({"header": header | {"req_id": number}})


def status(word="CONNECTED"):
    return text({"header": {"status": word, "type": "STATUS"}})


def contents(event):
    """All that an event says, with its type, since events are compared with care."""
    return type(event), {name: getattr(event, name) for name in event.__struct_fields__}


CONTRACTS = [AAPL, CALL, PUT, SPX, Stock("BRK.B"), Option("AAPL", "2024-12-20", "147.14", "P")]
EVENTS = [
    *(make(contract=AAPL) for make in (quote, trade, bar, market_value)),
    *(make(contract=CALL) for make in (quote, trade, bar, market_value)),
    bar(contract=SPX),
    price(),
    market_value(),
    *(quote(contract=contract) for contract in CONTRACTS if contract is not SPX),
    trade(0, sequence=-2_147_483_648, size=0, price=0.0001),
    trade(86_400_000, sequence=2_147_483_647, size=10**9, price=999_999.99),
    quote(bid=0.0),
    bar(close=-1.5),
]  # fmt: skip
each_event = pytest.mark.parametrize(
    "event", EVENTS, ids=lambda e: f"{type(e).__name__}-{e.contract}"
)


@each_event
def test_an_event_is_read(event):
    """Each kind of event of each kind of contract is read with its kind and contract."""
    (received,) = decode(frame(event))
    assert received == (KINDS[type(event)], event.contract, event)
    assert contents(received.event) == contents(event)


@each_event
def test_an_event_is_read_in_two_parts(event):
    """The beginning gives kind, contract and the body's decoder; both parts give the event."""
    said = frame(event)
    brace = said.rfind(b"{")
    head = head_of(said[:brace])
    assert head[:2] == (KINDS[type(event)], event.contract)
    read = head.decode(said[brace:-1])
    assert type(read) is type(event)
    assert body_of(read) == body_of(event)


def reordered(said):
    """Yield a message in every order of its outer keys, and of its inner ones."""
    for outer in itertools.permutations(said):
        for step in (1, -1):
            yield {key: dict(list(said[key].items())[::step]) for key in outer}


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_the_order_of_keys_means_nothing(make):
    """Header, contract and body, and the keys in each, may come in any order."""
    event = make()
    for said in reordered(message(event)):
        (received,) = decode(text(said))
        assert contents(received.event) == contents(event)


SPACINGS = {
    "none": text,
    "some": lambda said: json.dumps(said).encode(),
    "much": lambda said: json.dumps(said, indent=4).encode(),
    "CRLF": lambda said: json.dumps(said, indent=1).replace("\n", "\r\n").encode(),
    "around": lambda said: b" \r\n\t" + text(said) + b"\r\n\n ",
    "escapes": lambda it: text(it).replace(b'"A', b'"\\u0041').replace(b"TRADE", b"TR\\u0041DE"),
}  # fmt: skip


@pytest.mark.parametrize("spacing", SPACINGS)
def test_white_space_and_escapes_mean_nothing(spacing):
    """Spaces, line ends and escapes of JSON are read as JSON has them."""
    for event in (trade(), quote(contract=CALL)):
        (received,) = decode(SPACINGS[spacing](message(event)))
        assert contents(received.event) == contents(event)


@pytest.mark.parametrize("as_text", [("expiration",), ("strike",), ("expiration", "strike")])
def test_numbers_of_a_contract_may_be_text(as_text):
    """Expiration and strike are read from numbers and from text alike, to one contract."""
    said = message(quote(contract=CALL))
    for name in as_text:
        said["contract"][name] = str(said["contract"][name])
    (received,) = decode(text(said))
    assert received.contract == CALL
    assert isinstance(received.contract.strike_thousandths, int)


@pytest.mark.parametrize(
    ("changes", "contract"),
    [
        ({"security_type": "option"}, CALL),
        ({"right": "call"}, CALL),
        ({"right": "P"}, PUT),
        ({"root": "spxw"}, CALL),
        ({"root": None, "symbol": "SPXW"}, CALL),
        ({"symbol": "SPX"}, CALL),
        ({"strike": 0}, Option("SPXW", "2024-03-15", 0, "C")),
        ({"strike": 147_140}, Option("SPXW", "2024-03-15", 147.14, "C")),
        ({"strike": 99_999_999}, Option("SPXW", "2024-03-15", "99999.999", "C")),
        ({"security_type": "STOCK"}, Stock("SPXW")),
        ({"security_type": "INDEX", "root": "SPX"}, SPX),
        ({"strike_price": 1, "multiplier": {"of": [100]}}, CALL),
    ],
)
def test_a_contract_is_read_however_it_is_spelled(changes, contract):
    """Case, `symbol` for `root` and unknown fields make no other contract; strikes are exact."""
    said = message(bar(contract=CALL))
    said["contract"] |= changes
    (received,) = decode(text(said))
    assert received.contract == contract
    assert received.event.contract is received.contract


def test_a_contract_may_have_a_symbol_and_no_root():
    """Where only `symbol` is sent, it is the root."""
    said = message(trade())
    said["contract"] = {"symbol": "AAPL", "security_type": "STOCK"}
    assert decode(text(said)) == [Received("TRADE", AAPL, trade())]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_what_is_new_is_ignored(make):
    """Fields that later terminals add, in any part, do not hide what is known."""
    event = make()
    said = message(event)
    new = {"new": {"a": [1, {"b": None}]}, "other": "{", "more": -1.5e300}
    for part in said.values():
        part.update(new)
    (received,) = decode(text(new | said | {"last": [{}]}))
    assert contents(received.event) == contents(event)


@pytest.mark.parametrize("value", ["10", "10.0", "1e1", "10.000000"])
def test_prices_are_numbers_of_any_spelling(value):
    """A price without a fraction, or with an exponent, is the same price."""
    said = frame(quote()).replace(b'"bid":10.0', b'"bid":' + value.encode())
    assert decode(said)[0].event == quote()


@pytest.mark.parametrize("word", ["CONNECTED", "DISCONNECTED", "UNVERIFIED", "ERROR", "", "νέο"])
def test_the_heartbeat_is_read(word):
    """A STATUS says how the terminal's upstream is, in either order of its keys."""
    for header in ({"type": "STATUS", "status": word}, {"status": word, "type": "STATUS"}):
        assert decode(text({"header": header})) == [UpstreamStatus(word)]


@pytest.mark.parametrize("state", ["START", "STOP"])
def test_a_state_is_a_heartbeat(state):
    """STATE tells the same as STATUS: what its status says."""
    header = {"type": "STATE", "status": "CONNECTED", "state": state}
    assert decode(text({"header": header})) == [UpstreamStatus("CONNECTED")]
    assert decode(b'{"header":{"type":"STATUS"}}') == [UpstreamStatus("")]


WORDS = ["SUBSCRIBED", "ERROR", "MAX_STREAMS_REACHED", "INVALID_PERMS", "SOMETHING_NEW", ""]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("number", [0, 1, 7, 1_730_000_000, -1])
def test_an_answer_is_read(word, number):
    """A REQ_RESPONSE gives the command's number and the terminal's word, known or not."""
    assert decode(answer(number, word)) == [Answer(number, word)]
    assert decode(answer(str(number), word)) == [Answer(number, word)]


def test_an_answer_without_a_number_is_nobodys():
    """An answer that does not say to what belongs to no command."""
    assert decode(b'{"header":{"type":"REQ_RESPONSE","response":"ERROR"}}') == [Answer(-1, "ERROR")]
    assert decode(answer(None)) == [Answer(-1, "SUBSCRIBED")]


@pytest.mark.parametrize("kind", ["OPEN_INTEREST", "quote", "", "HELLO", "x" * 1000])
def test_a_kind_that_is_not_known_is_named(kind):
    """A message of a new kind is no error; its kind is told, whatever else it has."""
    said = message(quote())
    said["header"]["type"] = kind
    assert decode(text(said)) == [Unknown(kind)]
    assert decode(text({"header": {"type": kind}})) == [Unknown(kind)]


def test_a_frame_may_have_several_messages():
    """Messages joined by line ends are read in order, blank lines apart."""
    lines = [frame(quote()), status(), b"", answer(7), b"  ", frame(trade(contract=CALL)), b"oops"]
    expected = [
        Received("QUOTE", AAPL, quote()),
        UpstreamStatus("CONNECTED"),
        Answer(7, "SUBSCRIBED"),
        Received("TRADE", CALL, trade(contract=CALL)),
        Undecoded(b"oops"),
    ]
    assert decode(b"\n".join(lines)) == expected
    assert decode(b"\n" + b"\n\n".join(lines) + b"\n") == expected
    (*first, last) = decode(b"\r\n".join(lines))
    assert first == expected[:-1]
    assert last.data.strip() == b"oops"


VALID = frame(trade(contract=CALL))


def changed(where, *path_and_value):
    *path, name, value = path_and_value
    said = message(where)
    inner = said
    for key in path:
        inner = inner[key]
    inner[name] = value
    return text(said)


def lacking(where, *path):
    said = message(where)
    inner = said
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return text(said)


BROKEN = {
    "nothing": b"",
    "white space": b" \r\n ",
    "no JSON": b"hello",
    "a number": b"42",
    "a list": b"[" + VALID + b"]",
    "null": b"null",
    "an empty object": b"{}",
    "bad UTF-8": VALID.replace(b"SPXW", b"SP\xffW"),
    "bad UTF-8 of no use": VALID.replace(b"CONNECTED", b"\xc3\x28"),
    "a bare surrogate": VALID.replace(b"SPXW", b"\\ud800"),
    "a byte-order mark": b"\xef\xbb\xbf" + VALID,
    "a second closing brace": VALID + b"}",
    "two messages on a line": VALID + VALID,
    "single quotes": VALID.replace(b'"', b"'"),
    "a deep nest": b"[" * 100_000,
    "a deep nest inside": b'{"header":{"type":"TRADE","x":' + b"[" * 100_000,
    "no header": lacking(trade(), "header"),
    "no contract": lacking(trade(), "contract"),
    "no body": lacking(trade(), "trade"),
    "another kind's body": text(message(trade()) | {"header": {"type": "QUOTE"}}),
    "no type": lacking(trade(), "header", "type"),
    "a type that is a number": changed(trade(), "header", "type", 1),
    "a header that is text": changed(trade(), "header", "TRADE"),
    "a status that is a number": changed(trade(), "header", "status", 1),
    "a contract that is text": changed(trade(), "contract", "AAPL"),
    "no security": lacking(trade(), "contract", "security_type"),
    "an unknown security": changed(trade(), "contract", "security_type", "BOND"),
    "no root": lacking(trade(), "contract", "root"),
    "a root that is none": changed(trade(), "contract", "root", "A PL"),
    "an empty root": changed(trade(), "contract", "root", ""),
    "no expiration": lacking(trade(contract=CALL), "contract", "expiration"),
    "an expiration that is none": changed(trade(contract=CALL), "contract", "expiration", 20240230),
    "an expiration in words": changed(trade(contract=CALL), "contract", "expiration", "Friday"),
    "a fraction of a strike": changed(trade(contract=CALL), "contract", "strike", 4800.5),
    "a strike in words": changed(trade(contract=CALL), "contract", "strike", "4800.0"),
    "a strike below 0": changed(trade(contract=CALL), "contract", "strike", -1),
    "a strike without end": changed(trade(contract=CALL), "contract", "strike", 10**9),
    "a strike of many digits": VALID.replace(b":4800000", b":" + b"9" * 5000),
    "a strike of much text": VALID.replace(b":4800000", b':"' + b"9" * 5000 + b'"'),
    "an unknown right": changed(trade(contract=CALL), "contract", "right", "X"),
    "no right": lacking(trade(contract=CALL), "contract", "right"),
    "no price": lacking(trade(), "trade", "price"),
    "a price in words": changed(trade(), "trade", "price", "10.25"),
    "a price of null": changed(trade(), "trade", "price", None),
    "a price beyond floats": VALID.replace(b":10.25", b":1e999"),
    "a price that is none": VALID.replace(b":10.25", b":NaN"),
    "a size that is a fraction": changed(trade(), "trade", "size", 1.5),
    "a size that is true": changed(trade(), "trade", "size", True),
    "a body that is a list": changed(trade(), "trade", []),
    "a body that is null": changed(trade(), "trade", None),
    "an answer to words": answer("seven"),
    "an answer to a fraction": answer(1.5),
    "an answer to many digits": answer("9" * 5000),
    "an answer of a number": answer(7, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_told_as_it_came(name):
    """Bad UTF-8, truncated or wrong JSON and wrong types are Undecoded, with the bytes."""
    assert decode(BROKEN[name]) == [Undecoded(BROKEN[name])]


@pytest.mark.parametrize("event", [trade(contract=CALL), quote(), bar(), price(), market_value()])
def test_every_truncation_is_undecoded(event):
    """A message that stops anywhere is told as it came."""
    said = frame(event)
    for end in range(len(said)):
        assert decode(said[:end]) == [Undecoded(said[:end])]


MESSAGES = (Received, UpstreamStatus, Answer, Unknown, Undecoded)
VALID_FRAMES = [frame(event) for event in EVENTS] + [status(), answer(7), answer("8", "ERROR")]
TOKENS = [
    b"{", b"}", b"[", b"]", b'"', b",", b":", b"\n", b"\\", b"\\u", b"\xff", b"\x00", b"null",
    b"true", b"-1", b"1e999", b"0.5", b"9" * 25, b"9" * 4400, b'"header"', b'"contract"',
    b'"trade":', b'{"header":{"type":"TRADE"},', b"TRADE", b"QUOTE", b"OPTION", b"INDEX", b"STOCK",
]  # fmt: skip


@st.composite
def mutated(draw):
    """A good frame with some bytes replaced, taken out or repeated."""
    said = draw(st.sampled_from(VALID_FRAMES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(said)))
        end = draw(
            st.integers(start, min(len(said), start + draw(st.sampled_from([0, 1, 5, 500]))))
        )
        new = draw(
            st.one_of(st.sampled_from(TOKENS), st.binary(max_size=4), st.just(said[start:end] * 2))
        )
        said = said[:start] + new + said[end:]
    return said  # fmt: skip


arbitrary = st.one_of(
    st.binary(max_size=200),
    st.lists(st.sampled_from(TOKENS), max_size=30).map(b"".join),
    mutated(),
    st.lists(mutated(), max_size=3).map(b"\n".join),
)


@given(arbitrary)
@example(b"[" * 100_000)
@example(b'{"header":' * 50_000)
@example(b'{"header":{"type":"STATUS"},"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}")
def test_no_bytes_are_too_strange_to_read(said):
    """Any bytes at all give messages: an error is none of the answers."""
    found = decode(said)
    assert found or (not said.strip() and b"\n" in said)
    for each in found:
        assert isinstance(each, MESSAGES)
        if isinstance(each, Received):
            assert each.event.contract is each.contract
            assert KINDS[type(each.event)] == each.kind


@given(arbitrary)
def test_no_beginning_is_too_strange(said):
    """A beginning is understood or not; it raises nothing, and says what `decode` says."""
    brace = said.rfind(b"{")
    for beginning in (said, said[:brace]):
        head = head_of(beginning)
        assert head is None or head.kind in wire.BODIES
    head = head_of(said[:brace])
    if head is None:
        return
    try:
        event = head.decode(said[brace:-1])
    except wire.UNREADABLE:
        return
    whole = decode(said[:-1] + b"}")
    assert [(m.kind, m.contract) for m in whole] == [(head.kind, head.contract)]
    assert body_of(whole[0].event) == body_of(event)


def beginning(rest, kind="TRADE", security="STOCK"):
    contract = text({"security_type": security, "root": "A"})
    return b'{"header":{"type":"%s"},"contract":%s,%s' % (kind.encode(), contract, rest)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{",
        b'{"header":{"type":"TRADE"},"contract":',
        b'{"header":{"type":"TRADE"},"trade":',
        beginning(b'"trade":', kind="STATUS"),
        beginning(b'"trade":', kind="QUOTE"),
        beginning(b'"trade":', kind="NEWS"),
        beginning(b'"trade":', security="BOND"),
        beginning(b'"trade":{"x":'),
        beginning(b'"x":'),
        beginning(b'"trade":{},"x":'),
        beginning(b'"trade":{},"quote":'),
        beginning(b'"trade":['),
        beginning(b'"trade":"'),
        b'{"trade":{},"header":{"type":"TRADE"},"contract":',
        b'{"contract":{"security_type":"STOCK","root":"A"},"trade":{},"header":',
    ],
)
def test_only_the_brace_that_opens_the_body_makes_a_beginning(said):
    """Where the last brace opens something else, or something is missing, it is read whole."""
    assert head_of(said) is None


@pytest.mark.parametrize("colon", [b":", b" : ", b"\t:\n"], ids=["close", "spaced", "over lines"])
def test_a_beginning_may_be_spaced(colon):
    """White space around the colon before the body does not matter."""
    assert head_of(beginning(b'"trade"' + colon))[:2] == ("TRADE", Stock("A"))


def test_braces_in_text_open_nothing():
    """A brace inside of text is no beginning, and the message is read all the same."""
    said = message(trade())
    said["trade"]["note"] = "{"
    said = text(said)
    assert head_of(said[: said.rfind(b"{")]) is None
    assert decode(said) == [Received("TRADE", AAPL, trade())]


def test_the_body_of_an_index_is_its_price():
    """Of an index's trade only price and time are kept; other kinds decode as they are."""
    assert decode(frame(price())) == [Received("TRADE", SPX, price())]
    assert decoder_for("TRADE", SPX)(b'{"price":1,"ms_of_day":2,"date":3}').price == 1.0
    assert decoder_for("TRADE", AAPL) is decoder_for("TRADE", CALL)
    assert decoder_for("OHLC", SPX) is decoder_for("OHLC", AAPL)


@pytest.mark.parametrize("add", [True, False])
@pytest.mark.parametrize(
    ("key", "said"),
    [
        (
            Key("QUOTE", "STOCK", AAPL),
            {"msg_type": "STREAM", "sec_type": "STOCK", "req_type": "QUOTE",
             "contract": {"root": "AAPL"}},
        ),
        (
            Key("TRADE", "STOCK", Stock("BRK.B")),
            {"msg_type": "STREAM", "sec_type": "STOCK", "req_type": "TRADE",
             "contract": {"root": "BRK.B"}},
        ),
        (
            Key("TRADE", "INDEX", SPX),
            {"msg_type": "STREAM", "sec_type": "INDEX", "req_type": "TRADE",
             "contract": {"root": "SPX"}},
        ),
        (
            Key("QUOTE", "OPTION", CALL),
            {"msg_type": "STREAM", "sec_type": "OPTION", "req_type": "QUOTE",
             "contract": {"root": "SPXW", "expiration": 20240315, "strike": 4800000,
                          "right": "C"}},
        ),
        (
            Key("MARKET_VALUE", "OPTION", Option("AAPL", dt.date(2024, 12, 20), 147.14, "put")),
            {"msg_type": "STREAM", "sec_type": "OPTION", "req_type": "MARKET_VALUE",
             "contract": {"root": "AAPL", "expiration": 20241220, "strike": 147140,
                          "right": "P"}},
        ),
        (
            Key("TRADE", "OPTION", None),
            {"msg_type": "STREAM_BULK", "sec_type": "OPTION", "req_type": "TRADE"},
        ),
        (
            Key("TRADE", "STOCK", None),
            {"msg_type": "STREAM_BULK", "sec_type": "STOCK", "req_type": "TRADE"},
        ),
    ],
    ids=str,
)  # fmt: skip
def test_a_command_is_what_the_vendor_wants(key, said, add):
    """Commands have `root`, a date and tenths of a cent as numbers, and no more than is known."""
    found = json.loads(command(key, 1_730_000_000, add=add))
    assert found == said | {"add": add, "id": 1_730_000_000}
    assert type(found["add"]) is bool


EARLY = Key("TRADE", "STOCK", AAPL)


@pytest.mark.parametrize(
    ("topic", "keys", "routes"),
    [
        (Topic.quotes(AAPL, CALL),
         [Key("QUOTE", "STOCK", AAPL), Key("QUOTE", "OPTION", CALL)],
         [("QUOTE", AAPL), ("QUOTE", CALL)]),
        (Topic.trades(AAPL), [EARLY], [("TRADE", AAPL)]),
        (Topic.ohlc(AAPL, SPX),
         [EARLY, Key("TRADE", "INDEX", SPX)],
         [("OHLC", AAPL), ("OHLC", SPX)]),
        (Topic.prices(SPX), [Key("TRADE", "INDEX", SPX)], [("TRADE", SPX)]),
        (Topic.market_values(SPX), [Key("MARKET_VALUE", "INDEX", SPX)], [("MARKET_VALUE", SPX)]),
        (Topic.full_trades("option"), [Key("TRADE", "OPTION", None)],
         [("QUOTE", "OPTION"), ("TRADE", "OPTION"), ("OHLC", "OPTION")]),
        (Topic.joined_trades("stock"), [Key("TRADE", "STOCK", None)],
         [("QUOTE", "STOCK"), ("TRADE", "STOCK"), ("OHLC", "STOCK")]),
        (Topic.quotes(), [], []),
    ],
    ids=str,
)  # fmt: skip
def test_a_topic_says_what_to_ask_for_and_what_comes(topic, keys, routes):
    """Bars come with trades; the full stream is one subscription and three kinds of events."""
    assert keys_of(topic) == keys
    assert routes_of(topic) == routes


def test_a_subscription_says_what_it_is_of():
    """Its subject is the contract, or the security of the full stream."""
    assert EARLY.subject is AAPL
    assert Key("TRADE", "OPTION", None).subject == "option"
    assert [security_of(each) for each in (AAPL, CALL, SPX)] == ["STOCK", "OPTION", "INDEX"]


def test_the_frames_of_these_tests_are_the_terminals():
    """What the cases above are made by is spelled as the terminal spells it, to the letter."""
    assert frame(trade(36_000_007, MSFT, -7, 410.5, size=5)) == (
        b'{"header":{"type":"TRADE","status":"CONNECTED"},'
        b'"contract":{"security_type":"STOCK","root":"MSFT"},'
        b'"trade":{"ms_of_day":36000007,"date":20241104,"sequence":-7,"size":5,'
        b'"condition":18,"price":410.5,"exchange":57}}'
    )
