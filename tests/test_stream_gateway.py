"""thetatrio._stream.gateway: a gateway's commands and flat objects, byte by byte."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thetatrio._stream.gateway import GatewayDialect
from thetatrio._stream.lane import identity
from thetatrio._stream.subscriptions import Command
from thetatrio._stream.wire import Key, Received, Undecoded, Unknown
from thetatrio.contracts import Option, Stock
from thetatrio.errors import InvalidRequest
from thetatrio.events import Quote, Topic, Trade

pytestmark = pytest.mark.core

SPY = Stock("SPY")
SPX = Option("SPXW", "2024-11-15", 5800, "C")
QUOTES, TRADES = Key("QUOTE", "STOCK", SPY), Key("TRADE", "STOCK", SPY)
OF_OPTION = Key("QUOTE", "OPTION", SPX)

QUOTE = {
    "root": "SPY", "ms_of_day": 34_200_005, "bid_size": 3, "bid_exchange": 7, "bid": 450.0,
    "bid_condition": 0, "ask_size": 4, "ask_exchange": 9, "ask": 450.05, "ask_condition": 1,
    "date": 20241104,
}  # fmt: skip
TRADE = {
    "root": "SPY", "ms_of_day": 34_200_006, "sequence": -5, "size": 100, "condition": 37,
    "price": 450.01, "exchange": 57, "date": 20241104,
}  # fmt: skip


def said(**fields):
    return json.dumps(fields).encode()


def one(frame, kind=None):
    (message,) = GatewayDialect("json", kind).decode(frame)
    return message


# Commands


@pytest.mark.parametrize(
    ("form", "key", "add", "text"),
    [
        ("json", QUOTES, True, b'{"action":"SUBSCRIBE","root":"SPY"}'),
        ("json", TRADES, False, b'{"action":"UNSUBSCRIBE","root":"SPY"}'),
        ("text", QUOTES, True, b"SUBSCRIBE {'root': 'SPY'}"),
        ("text", TRADES, False, b"UNSUBSCRIBE {'root': 'SPY'}"),
        (
            "json", OF_OPTION, True,
            b'{"action":"SUBSCRIBE","root":"SPXW","exp":20241115,"strike":5800000,"right":"C"}',
        ),
        (
            "text", OF_OPTION, True,
            b"SUBSCRIBE {'root': 'SPXW', 'exp': 20241115, 'strike': 5800000, 'right': 'C'}",
        ),
    ],
)  # fmt: skip
def test_commands_are_written_in_both_forms(form, key, add, text):
    """A contract is named as v2's requests name it, strikes in thousandths of a dollar."""
    assert GatewayDialect(form, "quotes").texts([Command(5, key, add)], ()) == [text]


def test_a_socket_for_everything_is_told_of_a_contract_once():
    """Quotes and trades of one contract are one subscription there, as long as either is wanted."""
    both = [Command(1, QUOTES, True), Command(2, TRADES, True)]
    everything, of_quotes = GatewayDialect(), GatewayDialect(kind="quotes")
    assert everything.texts(both, {QUOTES, TRADES}) == [b'{"action":"SUBSCRIBE","root":"SPY"}']
    gone = [Command(3, QUOTES, False)]
    assert everything.texts(gone, {TRADES}) == []
    assert everything.texts(gone, ()) == [b'{"action":"UNSUBSCRIBE","root":"SPY"}']
    assert of_quotes.texts(gone, {TRADES}) == [b'{"action":"UNSUBSCRIBE","root":"SPY"}']
    leaving = [Command(4, QUOTES, False), Command(5, TRADES, False)]
    assert everything.texts(leaving, ()) == [b'{"action":"UNSUBSCRIBE","root":"SPY"}']


@pytest.mark.parametrize(
    "topics",
    [
        [Topic.full_trades("option")],
        [Topic.joined_trades("stock")],
        [Topic.quotes(SPY), Topic.market_values(SPY)],
        [Topic.ohlc(SPY)],
        [Topic.prices()],
    ],
    ids=repr,
)
def test_what_it_has_not_is_refused_by_name(topics):
    """Only quotes and trades of named contracts exist; the error says who has the others."""
    wrong = next(topic for topic in topics if topic.kind not in ("quotes", "trades"))
    with pytest.raises(InvalidRequest, match=rf"no {wrong.kind}; a Theta Terminal has") as caught:
        GatewayDialect().check(topics)
    assert caught.value.problems == (wrong.kind,)
    GatewayDialect().check([Topic.quotes(SPY, SPX), Topic.trades(SPY)])


# Messages


def test_whole_events_are_the_terminals():
    """With all fields, a quote and a trade are those that a terminal would have sent."""
    values = {name: value for name, value in QUOTE.items() if name not in ("root", "date")}
    quote = Quote(contract=SPY, date_int=20241104, **values)
    assert one(said(**QUOTE)) == Received("QUOTE", SPY, quote)
    values = {name: value for name, value in TRADE.items() if name not in ("root", "date")}
    trade = Trade(contract=SPY, date_int=20241104, **values)
    assert one(said(**TRADE)) == Received("TRADE", SPY, trade)
    assert trade.timestamp.isoformat() == "2024-11-04T09:30:00.006000-05:00"


def test_what_is_missing_is_none_and_named():
    """A field that is not there is None, and `missing` names it; a time is none at all then."""
    quote = one(said(root="SPY", bid=450.0, ask=450.05, bid_size=None)).event
    names = ("ms_of_day", "date_int", "bid_size", "bid_exchange", "bid_condition")
    names += ("ask_size", "ask_exchange", "ask_condition")
    assert (quote.bid, quote.ask) == (450.0, 450.05)
    assert quote.missing == names
    assert {getattr(quote, name) for name in names} == {None}
    assert not quote.has_time
    for ask in (lambda: quote.timestamp, lambda: quote.date):
        with pytest.raises(ValueError, match="without its date or time|not a date"):
            ask()
    assert one(said(root="SPY", ask=1)).event.bid is None
    trade = one(said(root="SPY", price=450, date=20241104)).event
    assert trade.price == 450.0
    assert trade.missing == ("ms_of_day", "sequence", "size", "condition", "exchange")
    assert trade.date.isoformat() == "2024-11-04"
    with pytest.raises(ValueError, match="without its date or time"):
        _ = trade.timestamp


def test_whole_events_miss_nothing():
    """What a terminal would have sent has its time, and nothing is missing."""
    trade = one(said(**TRADE)).event
    assert (trade.missing, trade.has_time) == ((), True)


def test_events_without_a_time_are_never_taken_for_repeated_ones():
    """Two that say the same may be two; of those with a time, one is the other again."""
    same = [one(said(root="SPY", price=450, size=1)).event for _ in range(2)]
    assert identity(same[0]) != identity(same[1])
    same = [one(said(**TRADE)).event for _ in range(2)]
    assert identity(same[0]) == identity(same[1])


@pytest.mark.parametrize(
    "fields",
    [
        {"root": "SPXW", "exp": 20241115, "strike": 5_800_000, "right": "C"},
        {"root": "SPXW", "expiration": "20241115", "strike": "5800000", "right": "C"},
        {"symbol": "SPXW", "exp": "2024-11-15", "strike": 5_800_000, "right": "CALL"},
    ],
)
def test_options_are_known_however_they_are_named(fields):
    """`exp` or `expiration`, numbers or text, fields nobody knows: the contract is the same."""
    messages = GatewayDialect().decode(said(**fields, bid=1, ask=2, unknown={"a": [1]}))
    assert [message.contract for message in messages] == [SPX]


def test_one_contract_is_one_object():
    """Events share their contract, however many come."""
    dialect = GatewayDialect()
    first, second = (dialect.decode(said(**TRADE))[0] for _ in range(2))
    assert first.contract is second.contract


def test_what_a_message_is_of_is_seen_by_its_fields_or_its_socket():
    """With a price it is a trade, with bid or ask a quote; a socket of one kind has no other."""
    both = said(**QUOTE, price=450.0)
    assert one(both).kind == "TRADE"
    assert one(both, "quotes").kind == "QUOTE"
    assert one(said(**TRADE), "quotes") == Undecoded(said(**TRADE))
    assert one(said(**QUOTE), "trades") == Undecoded(said(**QUOTE))


def test_several_messages_may_share_a_frame():
    """Each line is a message of its own; one object may be written over several."""
    lines = said(**QUOTE) + b"\n\n" + said(**TRADE) + b"\n?"
    kinds = [type(message).__name__ for message in GatewayDialect().decode(lines)]
    assert kinds == ["Received", "Received", "Undecoded"]
    assert one(json.dumps(QUOTE, indent=2).encode()).kind == "QUOTE"


@pytest.mark.parametrize(
    "text",
    [
        b"", b"hello", b"[]", b"17", b"null", b'{"root":"SPY","bid":"a lot"}',
        b'{"root":"\xff\xfe","bid":1}', b'{"root":"SPY"}', b'{"root":"","bid":1}',
        b'{"root":"SPY","bid":1', b'{"root":"SPY","bid":1,"strike":5000}',
        b'{"root":"SPY","bid":1,"exp":20241399,"strike":5000,"right":"C"}',
        b'{"root":"SPY","bid":1,"exp":20241115,"strike":5000,"right":"X"}',
        b'{"root":"SPY","bid":1,"date":"Monday"}', b"[" * 100_000,
    ],
    ids=lambda text: repr(text[:40]),
)  # fmt: skip
def test_what_cannot_be_read_is_undecoded(text):
    """No quote without bid and ask, no contract in part, no rubbish."""
    assert one(text) == Undecoded(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b'{"error": "not entitled"}', "error: not entitled"),
        (b'{"message": "welcome", "version": 3}', "message: welcome"),
        (b'{"status": "ok", "id": 5}', "object of status, id"),
        (b"{}", "object of "),
    ],
)
def test_what_is_of_no_contract_is_of_an_unknown_kind(text, kind):
    """Whatever else a gateway says is logged and counted by what it is."""
    assert one(text) == Unknown(kind)


def test_integers_of_long_events_have_64_bits():
    """An event of more than 1 KiB with an integer above 64 bits is undecoded."""
    padding = {"x": "y" * 1024}
    assert one(said(**TRADE | padding)).event == one(said(**TRADE)).event
    for fields in ({**QUOTE, "bid_size": 10**1024}, {**TRADE, "sequence": -(10**1024)}):
        text = said(**fields)
        assert one(text) == Undecoded(text)


@given(st.binary(max_size=200) | st.dictionaries(
    st.sampled_from([*QUOTE, *TRADE, "exp", "strike", "right", "error", "x"]),
    st.none() | st.integers() | st.floats() | st.text(max_size=9) | st.lists(st.none()),
).map(lambda fields: json.dumps(fields).encode()))  # fmt: skip
def test_anything_at_all_is_messages(text):
    """Reading raises nothing, whatever comes."""
    for message in GatewayDialect().decode(text):
        assert isinstance(message, Received | Undecoded | Unknown)
