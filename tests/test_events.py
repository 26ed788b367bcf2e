"""thetatrio.events: what the stream delivers, and what a feed can be of."""

import copy
import datetime as dt
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thetatrio.contracts import Index, Option, Stock
from thetatrio.errors import InvalidRequest
from thetatrio.events import (
    Dropped,
    Following,
    Gap,
    JoinedTrade,
    Lost,
    MarketValue,
    Ohlc,
    Price,
    Quote,
    Replayed,
    Topic,
    Trade,
    Undecodable,
)
from thetatrio.market_time import NEW_YORK

pytestmark = pytest.mark.core

AAPL, MSFT, SPX = Stock("AAPL"), Stock("MSFT"), Index("SPX")
CALL = Option("SPXW", "2024-03-15", 4800, "C")
PUT = Option("SPXW", "2024-03-15", 4800, "P")
DAY = 20241104
OPEN = 34_200_000
"""Half past nine."""


def quote(ms=OPEN, contract=AAPL, bid=10.0, *, date=DAY):
    """A quote; other tests make theirs by this too, as those below."""
    return Quote(
        contract=contract, ms_of_day=ms, date_int=date, bid=bid, bid_size=3, bid_exchange=5,
        bid_condition=50, ask=bid + 0.5, ask_size=4, ask_exchange=7, ask_condition=50,
    )  # fmt: skip


def trade(ms=OPEN, contract=AAPL, sequence=1, price=10.25, size=100, *, date=DAY):
    return Trade(
        contract=contract, ms_of_day=ms, date_int=date, sequence=sequence, size=size,
        condition=18, price=price, exchange=57,
    )  # fmt: skip


def bar(ms=OPEN, contract=AAPL, close=10.25, *, date=DAY):
    return Ohlc(
        contract=contract, ms_of_day=ms, date_int=date, open=10.0, high=11.0, low=9.5,
        close=close, volume=12_345, count=67,
    )  # fmt: skip


def price(ms=OPEN, contract=SPX, value=5700.25, *, date=DAY):
    return Price(contract=contract, ms_of_day=ms, date_int=date, price=value)


def market_value(ms=OPEN, contract=SPX, value=3.0, *, date=DAY):
    return MarketValue(
        contract=contract, ms_of_day=ms, date_int=date, market_bid=value - 0.5,
        market_ask=value + 0.5, market_price=value,
    )  # fmt: skip


def at(ms=OPEN, *, date=DAY):
    """The moment of an event made above."""
    return quote(ms, date=date).timestamp


MAKERS = [quote, trade, bar, price, market_value]
each_kind = pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)


@each_kind
def test_an_event_is_a_value(make):
    """Equal events are equal, hash equally, cannot be changed, and survive copy and pickle."""
    event, same = make(), make()
    assert event == same
    assert hash(event) == hash(same)
    assert event != make(OPEN + 1)
    assert event != make(contract=MSFT)
    for copied in (copy.copy(event), pickle.loads(pickle.dumps(event))):
        assert copied == event
    with pytest.raises(AttributeError):
        event.ms_of_day = 1


@each_kind
def test_the_time_of_an_event_is_new_yorks(make):
    """`timestamp` is aware and reads as the exchange's wall clock, in winter and in summer."""
    winter, summer = make(OPEN + 123), make(OPEN + 123, date=20240705)
    assert winter.timestamp == dt.datetime(2024, 11, 4, 9, 30, 0, 123_000, NEW_YORK)
    assert winter.timestamp.utcoffset() == dt.timedelta(hours=-5)
    assert summer.timestamp.utcoffset() == dt.timedelta(hours=-4)
    assert (summer.date, summer.timestamp.time()) == (
        dt.date(2024, 7, 5),
        dt.time(9, 30, 0, 123000),
    )


def test_the_last_millisecond_of_a_day_is_midnight():
    """86400000, which index prices have, is midnight of the next day."""
    assert price(86_400_000).timestamp == dt.datetime(2024, 11, 5, tzinfo=NEW_YORK)


@pytest.mark.parametrize("date", [0, -1, 20241301, 20240230, 20241104_00000000, 10**30, -(10**30)])
def test_a_date_that_is_none_is_a_value_error(date):
    """Whatever number the wire has for a date, reading it gives a date or ValueError."""
    event = quote(date=date)
    for read in ("date", "timestamp"):
        with pytest.raises(ValueError):
            getattr(event, read)


@pytest.mark.parametrize(
    ("ms", "date"), [(-1, DAY), (86_400_001, DAY), (10**30, DAY), (86_400_000, 99991231)]
)
def test_a_time_that_is_none_is_a_value_error(ms, date):
    """Whatever number the wire has for a time, reading it gives a time or ValueError."""
    with pytest.raises(ValueError):
        _ = quote(ms, date=date).timestamp


@given(st.integers(), st.integers())
def test_reading_the_time_raises_nothing_else(ms, date):
    """Two arbitrary numbers are a moment, or ValueError."""
    try:
        moment = trade(ms, date=date).timestamp
    except ValueError:
        return
    assert moment.tzinfo is NEW_YORK


def test_what_is_joined_speaks_of_its_contract_and_time():
    """A joined trade has the trade's contract and time, a quote that follows has its own."""
    bought = trade(OPEN, CALL)
    joined = JoinedTrade(bought, quote(OPEN - 1, CALL), None)
    following = Following(bought, quote(OPEN + 7, CALL), 1)
    assert (joined.contract, joined.timestamp) == (CALL, at(OPEN))
    assert (following.contract, following.timestamp) == (CALL, at(OPEN + 7))
    assert joined == JoinedTrade(trade(OPEN, CALL), quote(OPEN - 1, CALL), None)
    with pytest.raises(AttributeError):
        joined.bar = None


ALLOWED = {
    "quotes": [AAPL, CALL],
    "trades": [AAPL, CALL],
    "ohlc": [AAPL, CALL, SPX],
    "prices": [SPX],
    "market_values": [AAPL, CALL, SPX],
}


@pytest.mark.parametrize("kind", ALLOWED)
def test_a_topic_is_of_what_the_terminal_streams(kind):
    """Each kind takes exactly the contracts it exists for; others are refused by name."""
    make = getattr(Topic, kind)
    allowed = ALLOWED[kind]
    topic = make(*allowed)
    assert (topic.kind, topic.contracts, topic.security, topic.joined) == (
        kind, tuple(allowed), None, False,
    )  # fmt: skip
    assert make().contracts == ()
    for wrong in {AAPL, CALL, SPX} - set(allowed):
        with pytest.raises(InvalidRequest, match=f"{kind}: expected .*, got") as caught:
            make(*allowed, wrong)
        assert caught.value.problems == (repr(wrong),)
        assert ("Topic.prices" in str(caught.value)) == (wrong is SPX)


@pytest.mark.parametrize("kind", ALLOWED)
def test_a_topic_of_what_is_no_contract_is_refused(kind):
    """Text, None and other values in place of contracts are all named."""
    with pytest.raises(InvalidRequest, match="'AAPL', None") as caught:
        getattr(Topic, kind)("AAPL", None, SPX)
    assert caught.value.problems[:2] == ("'AAPL'", "None")


def test_a_topic_of_text_says_how_to_write_the_contract():
    """Who gives a ticker where a contract is wanted reads what to write instead."""
    with pytest.raises(InvalidRequest, match=r"got 'AAPL'; write it as thetatrio.Stock\('AAPL'\)"):
        Topic.quotes("AAPL")
    with pytest.raises(InvalidRequest, match=r"write it as thetatrio.Index\('SPX'\)"):
        Topic.prices("SPX")


def test_many_wrong_contracts_are_named_shortly():
    """The message names five of them, `problems` all."""
    with pytest.raises(InvalidRequest) as caught:
        Topic.prices(*(Stock(f"S{number}") for number in range(100)))
    assert str(caught.value).count("Stock(") == 5
    assert len(caught.value.problems) == 100


def test_a_topic_names_each_contract_once():
    """Contracts given twice are asked for once, in the order given."""
    same = Option("spxw", dt.date(2024, 3, 15), 4800.0, "call")
    assert Topic.quotes(CALL, AAPL, same, AAPL).contracts == (CALL, AAPL)


@pytest.mark.parametrize("security", ["option", "stock"])
def test_the_full_trade_stream_is_of_all_contracts(security):
    """Its topics name a security and no contract, joined or as it comes."""
    plain, joined = Topic.full_trades(security), Topic.joined_trades(security)
    assert plain.kind == joined.kind == "full_trades"
    assert plain.security == joined.security == security
    assert plain.contracts == joined.contracts == ()
    assert (plain.joined, joined.joined) == (False, True)
    assert plain != joined


@pytest.mark.parametrize("make", [Topic.full_trades, Topic.joined_trades])
@pytest.mark.parametrize("security", ["index", "OPTION", "", None])
def test_there_is_no_full_stream_of_anything_else(make, security):
    """Other securities are refused, and the message says what there is."""
    with pytest.raises(InvalidRequest, match="'option' or 'stock', not"):
        make(security)


def test_a_topic_made_by_hand_is_checked_too():
    """An unknown kind, and contracts of the full stream, are refused."""
    with pytest.raises(InvalidRequest, match="'greeks' is no kind of topic; there are quotes"):
        Topic("greeks", (AAPL,))
    with pytest.raises(InvalidRequest, match="name none"):
        Topic("full_trades", (AAPL,), security="stock")


TOPICS = [
    Topic.quotes(AAPL),
    Topic.quotes(AAPL, MSFT),
    Topic.quotes(MSFT, AAPL),
    Topic.trades(AAPL),
    Topic.ohlc(AAPL),
    Topic.prices(SPX),
    Topic.market_values(AAPL),
    Topic.quotes(),
    Topic.full_trades("stock"),
    Topic.full_trades("option"),
    Topic.joined_trades("option"),
]


def test_topics_are_values():
    """Equal ones are equal and hash equally, different ones differ; copy and pickle keep them."""
    again = [pickle.loads(pickle.dumps(topic)) for topic in TOPICS]
    assert again == TOPICS == copy.deepcopy(TOPICS)
    assert len({*TOPICS, *again}) == len(TOPICS)
    assert Topic.quotes(AAPL) != "quotes"


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        (Topic.quotes(AAPL), "Topic.quotes(Stock('AAPL'))"),
        (Topic.prices(SPX), "Topic.prices(Index('SPX'))"),
        (Topic.quotes(), "Topic.quotes()"),
        (Topic.full_trades("stock"), "Topic.full_trades('stock')"),
        (Topic.joined_trades("option"), "Topic.joined_trades('option')"),
        (
            Topic.trades(*(Stock(name) for name in "ABCDEFG")),
            "Topic.trades(Stock('A'), Stock('B'), Stock('C'), and 4 more)",
        ),
    ],
)
def test_a_topic_reads_as_it_is_written(topic, text):
    """repr() says how it was made, shortly where it is of many contracts."""
    assert repr(topic) == text


NOTICES = [
    Lost(reason="cut", since=at()),
    Gap(reason="cut", since=None, until=at(), replayed=0, topics=(Topic.quotes(AAPL),)),
    Dropped(count=3, since=at(), until=at()),
    Replayed(count=2),
    Undecodable(count=1, first_bytes=b"{"),
]


def test_notices_are_values():
    """Notices are equal to their like, survive pickle and cannot be changed."""
    assert pickle.loads(pickle.dumps(NOTICES)) == NOTICES
    for notice in NOTICES:
        with pytest.raises(AttributeError):
            setattr(notice, notice.__struct_fields__[0], None)
