"""thetatrio._stream.router: messages to the feeds that want them, in order, each read once."""

import json
import logging
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_events import AAPL, CALL, MSFT, PUT, SPX, bar, market_value, price, quote, trade
from tests.test_stream_lane import Inbox
from tests.test_stream_wire import answer, beginning, frame, message, reordered, status, text
from thetatrio._stream import router as module
from thetatrio._stream.frames import FrameSplitter
from thetatrio._stream.lane import Lane
from thetatrio._stream.router import Router
from thetatrio._stream.wire import Answer, routes_of
from thetatrio.contracts import Option, Stock
from thetatrio.events import Following, JoinedTrade, Topic, Undecodable

pytestmark = pytest.mark.core

OOPS = b"oops"
UNDECODABLE = Undecodable(count=1, first_bytes=OOPS)


class Routed:
    """A router with feeds, and a record of what it was told by."""

    def __init__(self, *feeds):
        self.now = 0.0
        self.told = []
        self.router = Router(lambda: self.now, self.note, self.note)
        self.inboxes = [self.open(*topics) for topics in feeds]
        self.deliver = self.router.deliver

    def note(self, word):
        self.told.append((word, [len(inbox.got) for inbox in self.inboxes]))

    def open(self, *topics):
        lane = Lane(topics)
        inbox = Inbox()
        inbox.lane = lane
        lane.receivers.append(inbox)
        self.router.add(lane)
        return inbox

    def close(self, inbox):
        self.router.remove(inbox.lane)

    def crowd(self, count=200):
        """Open so many other lanes that small reads are flushed one by one."""
        for number in range(count):
            self.open(Topic.quotes(Stock(f"X{number}")))


crowded = pytest.mark.parametrize("crowd", [0, 200], ids=["few lanes", "many lanes"])


@crowded
def test_events_go_to_who_wants_them(crowd):
    """Each feed gets the events of its topics, and of them all, in order of arrival."""
    routed = Routed(
        [Topic.quotes(AAPL)],
        [Topic.trades(AAPL, CALL), Topic.quotes(CALL)],
        [Topic.prices(SPX), Topic.ohlc(SPX)],
        [Topic.market_values(SPX)],
    )
    routed.crowd(crowd)
    sent = [
        quote(1), quote(2, CALL), trade(3, CALL), trade(4), quote(5, MSFT), bar(6, SPX), price(7),
        market_value(8), quote(9, CALL), trade(10, PUT), bar(11), trade(12),
    ]  # fmt: skip
    routed.deliver([frame(event) for event in sent])
    quotes, options, index, values = (inbox.got for inbox in routed.inboxes)
    assert quotes == [quote(1)]
    assert options == [quote(2, CALL), trade(3, CALL), trade(4), quote(9, CALL), trade(12)]
    assert index == [bar(6, SPX), price(7)]
    assert values == [market_value(8)]
    assert routed.router.messages == len(sent)
    assert routed.router.unwanted == 3
    assert routed.router.undecodable == 0


@crowded
def test_the_events_of_one_read_are_one_list(crowd):
    """Whatever is between them, a feed's events of one read come together; those of two do not."""
    routed = Routed([Topic.quotes(AAPL), Topic.trades(AAPL)])
    routed.crowd(crowd)
    routed.deliver([frame(quote(1)), frame(quote(2, MSFT)), frame(trade(3))])
    routed.deliver([frame(quote(4))])
    assert routed.inboxes[0].lists == [[quote(1), trade(3)], [quote(4)]]


def test_a_contract_is_one_object():
    """All events of a contract share one contract, of whatever kind and however it is spelled."""
    routed = Routed([Topic.quotes(CALL), Topic.trades(CALL), Topic.ohlc(CALL)])
    by_symbol = message(quote(4, CALL))
    by_symbol["contract"]["symbol"] = by_symbol["contract"].pop("root")
    last = message(trade(5, CALL))
    last = {"trade": last["trade"], "header": last["header"], "contract": last["contract"]}
    routed.deliver([frame(make(n, CALL)) for n, make in enumerate((quote, trade, bar, quote))])
    routed.deliver([text(by_symbol), text(last), text({"new": 1} | message(bar(6, CALL)))])
    got = routed.inboxes[0].got
    assert len(got) == 7
    assert len({id(event.contract) for event in got}) == 1


@pytest.mark.parametrize("wanted", [False, True])
def test_what_nobody_wants_is_not_read(wanted):
    """A body that is no JSON is nothing to look at where nobody wants its kind of its contract."""
    routed = Routed(*([[Topic.trades(Stock("A"))]] if wanted else []))
    for body in (b"{not JSON}}", b'{"price":"text"}}', b"{\xff}}"):
        routed.deliver([beginning(b'"trade":') + body] * 3)
    assert routed.router.unwanted == (0 if wanted else 9)
    assert routed.router.undecodable == (9 if wanted else 0)


def test_what_nobody_wants_is_counted_in_every_spelling():
    """Unwanted events are counted, also where they must be read whole to know what they are."""
    routed = Routed([Topic.quotes(AAPL)])
    for said in reordered(message(trade())):
        routed.deliver([text(said)])
    assert routed.router.unwanted == routed.router.messages == 12
    assert routed.inboxes[0].got == []


@crowded
def test_feeds_that_want_the_same_all_get_it(crowd):
    """In one lane or in several, each feed gets every event of what it wants."""
    routed = Routed(
        [Topic.trades(AAPL)],
        [Topic.trades(AAPL), Topic.quotes(AAPL)],
        [Topic.full_trades("stock")],
        [Topic.trades(MSFT, AAPL)],
    )
    routed.crowd(crowd)
    second = Inbox()
    routed.inboxes[0].lane.receivers.append(second)
    sent = [trade(1), quote(2), trade(3, MSFT), bar(4), trade(5)]
    for event in sent:
        routed.deliver([frame(event)])
    one, two, full, four = (inbox.got for inbox in routed.inboxes)
    assert one == second.got == [trade(1), trade(5)]
    assert two == [trade(1), quote(2), trade(5)]
    assert full == sent
    assert four == [trade(1), trade(3, MSFT), trade(5)]
    assert routed.router.unwanted == 0


def test_an_event_comes_once_for_two_reasons():
    """A feed of the full stream and of one contract gets that contract's events once."""
    routed = Routed([Topic.full_trades("option"), Topic.trades(CALL), Topic.quotes(AAPL)])
    routed.deliver([frame(trade(1, CALL)), frame(trade(2, PUT)), frame(trade(3, AAPL))])
    assert routed.inboxes[0].got == [trade(1, CALL), trade(2, PUT)]


def test_the_full_stream_is_of_one_security():
    """All contracts of it are routed, those never seen before too, and none of another."""
    routed = Routed([Topic.full_trades("option")], [Topic.joined_trades("stock")])
    options = [Option("SPXW", "2024-03-15", strike, "P") for strike in range(50)]
    routed.deliver([frame(trade(1, option)) for option in options])
    routed.deliver([frame(quote(2)), frame(trade(3)), frame(market_value(4, CALL)), frame(price())])
    assert [event.contract for event in routed.inboxes[0].got] == options
    assert routed.inboxes[1].got == [JoinedTrade(trade(3), quote(2), None)]
    assert routed.router.unwanted == 2


# Changes while it runs


@crowded
def test_routes_follow_what_is_wanted(crowd):
    """A feed that opens gets what comes from then on, one that closes nothing more."""
    routed = Routed()
    routed.crowd(crowd)
    send = [frame(trade(1)), frame(quote(1))]
    routed.deliver(send)
    first = routed.open(Topic.trades(AAPL))
    routed.deliver(send)
    second = routed.open(Topic.trades(AAPL), Topic.quotes(AAPL))
    routed.deliver(send)
    routed.close(first)
    routed.deliver(send)
    third = routed.open(Topic.full_trades("stock"))
    routed.deliver(send)
    routed.close(second)
    routed.deliver(send)
    routed.close(third)
    routed.deliver(send)
    assert first.got == [trade(1)] * 2
    assert second.got == [trade(1), quote(1)] * 3
    assert third.got == [trade(1), quote(1)] * 2
    assert routed.router.unwanted == 2 + 1 + 2
    assert not routed.router._wanted or crowd


@crowded
def test_what_is_wanted_may_change_within_a_read(crowd):
    """An answer that opens or closes a feed has its effect from the next message on."""
    routed = Routed([Topic.trades(AAPL)])
    routed.crowd(crowd)
    opened = []

    def change(word):
        routed.note(word)
        if isinstance(word, Answer) and word.req_id == 1:
            opened.append(routed.open(Topic.trades(AAPL)))
        elif isinstance(word, Answer):
            routed.close(routed.inboxes[0])

    routed.router._on_answer = change
    routed.deliver([
        frame(trade(1)), answer(1), frame(trade(2)), answer(2), frame(trade(3)),
    ])  # fmt: skip
    assert routed.inboxes[0].got == [trade(1), trade(2)]
    assert opened[0].got == [trade(2), trade(3)]


# Answers, heartbeats, and what is neither


@crowded
def test_answers_and_heartbeats_are_told_in_their_place(crowd):
    """When the terminal's word is told, the events before it have been given, no others."""
    routed = Routed([Topic.trades(AAPL)], [Topic.trades(MSFT)])
    routed.crowd(crowd)
    routed.deliver([
        status("CONNECTED"), frame(trade(1)), frame(trade(2, MSFT)), answer(7, "ERROR"),
        frame(trade(3)), status("DISCONNECTED"), frame(trade(4)),
    ])  # fmt: skip
    assert routed.told == [
        ("CONNECTED", [0, 0]), (Answer(7, "ERROR"), [1, 1]), ("DISCONNECTED", [2, 1]),
    ]  # fmt: skip
    assert [len(inbox.got) for inbox in routed.inboxes] == [3, 1]


@crowded
def test_what_cannot_be_read_is_told_everybody(crowd):
    """Whose it was is not known: every feed is told, between its events."""
    routed = Routed([Topic.trades(AAPL)], [Topic.trades(MSFT)])
    routed.crowd(crowd)
    bad = frame(trade(2)).replace(b'"price":10.25', b'"price":null')
    routed.deliver([frame(trade(1)), OOPS, frame(trade(3, MSFT)), bad, frame(trade(4))])
    last = Undecodable(count=1, first_bytes=bad[:256])
    one, other = routed.inboxes
    assert one.got == [trade(1), UNDECODABLE, last, trade(4)]
    assert other.got == [UNDECODABLE, trade(3, MSFT), last]
    assert routed.router.undecodable == 2


@pytest.mark.parametrize("payload", [b"", b"{", b"}", b"{}", b"\x00", b"x" * 10_000, b"{" * 10_000])
def test_strange_messages_are_undecodable(payload):
    """Messages without a brace, or with nothing else, are told as they came, shortened."""
    routed = Routed([Topic.trades(AAPL)])
    routed.deliver([payload])
    assert routed.inboxes[0].got == [Undecodable(count=1, first_bytes=payload[:256])]


def test_unknown_kinds_are_logged_after_dictconfig(caplog, monkeypatch):
    """A logging configuration that disables existing loggers does not silence this warning."""
    monkeypatch.setattr(logging.getLogger("thetatrio.stream"), "disabled", True)
    Routed().deliver([text({"header": {"type": "NEWS"}})])
    assert [record.getMessage() for record in caplog.records] == [
        "the terminal sends messages of an unknown kind, 'NEWS'"
    ]


def test_unknown_kinds_are_logged_once(caplog):
    """A message of a kind that is not known is no loss: one warning for each kind, and a count."""
    routed = Routed([Topic.trades(AAPL)])
    for kind in ("OPEN_INTEREST", "NEWS", "OPEN_INTEREST"):
        routed.deliver([text({"header": {"type": kind}})] * 2 + [frame(trade(1))])
    assert routed.router.unknown == {"OPEN_INTEREST": 4, "NEWS": 2}
    assert [record.getMessage() for record in caplog.records] == [
        "the terminal sends messages of an unknown kind, 'OPEN_INTEREST'",
        "the terminal sends messages of an unknown kind, 'NEWS'",
    ]
    assert routed.inboxes[0].got == [trade(1)] * 3


def test_unknown_kinds_without_end_take_no_room(caplog):
    """However many kinds a terminal makes up, and however long, few are kept; all are counted."""
    routed = Routed()
    for number in range(1000):
        routed.deliver([text({"header": {"type": f"{number}" + "x" * 1000}})])
    assert sum(routed.router.unknown.values()) == 1000
    assert len(routed.router.unknown) <= 100
    assert len(caplog.records) <= 100
    assert sum(map(len, routed.router.unknown)) < 20_000


def test_several_messages_in_a_frame_are_routed_in_order():
    """Frames that are joined by line ends count as what they are."""
    routed = Routed([Topic.trades(AAPL), Topic.quotes(AAPL)])
    lines = [frame(trade(1)), answer(1), frame(quote(2)), OOPS, frame(trade(3)), status()]
    routed.deliver([b"\n".join(lines), b"\r\n".join(lines[:3]) + b"\n"])
    assert routed.inboxes[0].got == [
        trade(1), quote(2), UNDECODABLE, trade(3), trade(1), quote(2),
    ]  # fmt: skip
    assert [word for word, _ in routed.told] == [
        Answer(1, "SUBSCRIBED"), "CONNECTED", Answer(1, "SUBSCRIBED"),
    ]  # fmt: skip


@crowded
def test_every_spelling_is_routed_alike(crowd):
    """Order of keys, white space, new fields and the header's status change no event's way."""
    event = trade(1, CALL)
    spellings = [text(said) for said in reordered(message(event))]
    spellings += [
        json.dumps(message(event)).encode(),
        json.dumps(message(event), indent=2).encode(),
        frame(event) + b"\n",
        b" " + frame(event),
        frame(event).replace(b'"status":"CONNECTED"', b'"status":"DISCONNECTED"'),
        text(message(event) | {"new": {"x": 1}}),
        text({"new": {"x": 1}} | message(event)),
    ]
    routed = Routed([Topic.trades(CALL)])
    routed.crowd(crowd)
    for _ in range(3):
        routed.deliver(spellings)
        for said in spellings:
            routed.deliver([said])
    assert routed.inboxes[0].got == [event] * 6 * len(spellings)
    assert routed.router.undecodable == routed.router.unwanted == 0


# Room


@crowded
def test_routes_take_a_bounded_room(monkeypatch, crowd):
    """Of beginnings without end only so many are remembered, and nothing goes astray by it."""
    monkeypatch.setattr(module, "ROUTES_KEPT", 10)
    routed = Routed([Topic.full_trades("option")], [Topic.trades(CALL)], [Topic.quotes(AAPL)])
    routed.crowd(crowd)
    options = [Option("SPXW", "2024-03-15", strike, "P") for strike in range(100)]
    sent = []
    for place, option in enumerate(options):
        events = [quote(place), trade(place, option), trade(place, CALL), trade(place, MSFT)]
        sent += events
        routed.deliver([frame(event) for event in events])
        assert len(routed.router._routes) <= 10
        assert not any(lane.pending for lane in routed.router.lanes)
        assert len(routed.router._by_event) <= 20
    full, one, quotes = (inbox.got for inbox in routed.inboxes)
    assert full == [event for event in sent if isinstance(event.contract, Option)]
    assert one == [trade(place, CALL) for place in range(100)]
    assert quotes == [quote(place) for place in range(100)]
    assert routed.router.unwanted == 100
    routed.close(routed.inboxes[1])
    routed.deliver([frame(trade(1, CALL)), frame(trade(2, PUT))])
    assert len(one) == 100
    assert full[-2:] == [trade(1, CALL), trade(2, PUT)]


def test_routes_of_what_is_read_whole_take_a_bounded_room(monkeypatch):
    """A terminal that orders its keys otherwise fills no memory with contracts nobody wants."""
    monkeypatch.setattr(module, "ROUTES_KEPT", 10)
    routed = Routed([Topic.trades(CALL)])
    for strike in range(100):
        option = Option("SPXW", "2024-03-15", strike, "P")
        for event in (trade(strike, option), trade(strike, CALL)):
            said = message(event)
            routed.deliver([text({"trade": said.pop("trade")} | said)])
        assert len(routed.router._by_event) <= 20
    assert len(routed.inboxes[0].got) == 100
    assert routed.router.unwanted == 100


@crowded
def test_long_beginnings_are_not_remembered(crowd):
    """A header of any length takes no memory; its event is delivered all the same."""
    routed = Routed([Topic.trades(CALL)])
    routed.crowd(crowd)
    for place in range(50):
        said = message(trade(place, CALL))
        said["header"] |= {"n": place, "pad": "x" * 5000}
        routed.deliver([text(said), frame(quote(place))])
    assert sum(map(len, routed.router._routes)) <= 1000
    assert routed.inboxes[0].got == [trade(place, CALL) for place in range(50)]
    assert (routed.router.unwanted, routed.router.undecodable) == (50, 0)


@crowded
@pytest.mark.parametrize("bulk", [False, True], ids=["payloads", "frames"])
def test_integers_of_long_events_have_64_bits(crowd, bulk):
    """An event of more than 1 KiB with an integer above 64 bits is undecodable, on every path."""
    routed = Routed([Topic.trades(CALL)])
    routed.crowd(crowd)
    fits, too_large = message(trade(1, CALL)), message(trade(2, CALL))
    fits["trade"] |= {"sequence": -(2**63), "size": 2**63 - 1, "x": "y" * 1024}
    too_large["trade"]["size"] = 10**1024
    after = trade(3, CALL)
    texts = [frame(trade(0, CALL)), text(fits), text(too_large), frame(after)]
    if bulk:
        data = b"".join(b"\x81\x7e" + len(each).to_bytes(2, "big") + each for each in texts)
        payloads, _ = FrameSplitter().feed(data, routed.router.take)
        routed.deliver(payloads)
    else:
        routed.deliver(texts)
    (got_first, got_fits, notice, got_after) = routed.inboxes[0].got
    assert (got_first, got_after) == (trade(0, CALL), after)
    assert (got_fits.sequence, got_fits.size) == (-(2**63), 2**63 - 1)
    assert notice == Undecodable(count=1, first_bytes=text(too_large)[:256])


def test_beginnings_take_a_bounded_number_of_bytes(monkeypatch):
    """Beginnings that are all different and not long are forgotten together, and learnt anew."""
    monkeypatch.setattr(module, "BEGINNINGS_SIZE", 10_000)
    routed = Routed([Topic.trades(CALL)])
    for place in range(200):
        said = message(trade(place, CALL))
        said["header"] |= {"n": place, "pad": "x" * 500}
        routed.deliver([text(said)])
        assert sum(map(len, routed.router._routes)) == routed.router._routes_size <= 10_000
    assert routed.inboxes[0].got == [trade(place, CALL) for place in range(200)]


# All of it


CONTRACTS = [AAPL, MSFT, CALL, SPX]
EVENTS = [
    make(number, contract)
    for number, make in enumerate((quote, trade, bar, market_value))
    for contract in CONTRACTS[:3]
] + [price(7), bar(8, SPX), market_value(9, SPX)]
topics = st.sampled_from([
    Topic.quotes(AAPL, CALL), Topic.quotes(MSFT), Topic.trades(AAPL), Topic.trades(CALL, MSFT),
    Topic.ohlc(SPX, AAPL), Topic.prices(SPX), Topic.market_values(SPX, CALL),
    Topic.full_trades("option"), Topic.full_trades("stock"),
])  # fmt: skip
payloads = st.one_of(
    st.sampled_from(EVENTS).map(frame),
    st.sampled_from(EVENTS).map(frame),
    st.sampled_from(EVENTS).map(lambda event: text(dict(reversed(message(event).items())))),
    st.lists(st.sampled_from(EVENTS).map(frame), max_size=3).map(b"\n".join),
    st.sampled_from([status(), answer(1), OOPS, text({"header": {"type": "NEWS"}})]),
)


def all_of_it(feeds, payloads, edges, crowd):
    routed = Routed(*feeds)
    routed.crowd(crowd)
    for start, end in pairwise(edges):
        routed.deliver(payloads[start:end])
        assert not any(lane.pending for lane in routed.router.lanes)
    counts = (routed.router.messages, routed.router.unwanted, routed.router.undecodable)
    return [inbox.got for inbox in routed.inboxes], routed.told, counts


@settings(max_examples=settings.default.max_examples // 2)
@given(
    st.lists(st.lists(topics, min_size=1, max_size=3, unique=True), max_size=4),
    st.lists(payloads, max_size=20),
    st.lists(st.integers(0, 20), max_size=8),
    st.sampled_from([0, 50]),
)
def test_reads_and_lanes_make_no_difference(feeds, payloads, cuts, crowd):
    """Wherever reads end, whoever else there is: each feed gets the same in the same order."""
    edges = sorted({0, len(payloads), *(cut for cut in cuts if cut < len(payloads))})
    got, told, counts = all_of_it(feeds, payloads, edges, crowd)
    one_by_one = list(range(len(payloads) + 1))
    assert (got, told, counts) == all_of_it(feeds, payloads, one_by_one, 0)
    lines = [line for payload in payloads for line in payload.split(b"\n") if payload.strip()]
    by_line = {frame(event): event for event in EVENTS}
    by_line |= {text(dict(reversed(message(event).items()))): event for event in EVENTS}
    for inbox, wanted in zip(got, feeds, strict=True):
        subjects = {subject for topic in wanted for subject in routes_of(topic)}
        sent = [by_line[line] for line in lines if line in by_line]
        assert [entry for entry in inbox if not isinstance(entry, Undecodable)] == [
            event for event in sent if is_wanted(event, subjects)
        ]


def is_wanted(event, subjects):
    said = message(event)
    kind, security = said["header"]["type"], said["contract"]["security_type"]
    return (kind, event.contract) in subjects or (kind, security) in subjects


def test_joined_trades_come_through():
    """A lane of joined trades gives quotes that follow as they arrive, read by read."""
    routed = Routed([Topic.joined_trades("option")])
    routed.deliver([frame(quote(1, CALL)), frame(trade(2, CALL))])
    routed.deliver([frame(quote(1, CALL))])
    routed.deliver([frame(quote(3, CALL))])
    assert routed.inboxes[0].lists == [
        [JoinedTrade(trade(2, CALL), quote(1, CALL), None)],
        [Following(trade(2, CALL), quote(3, CALL), 1)],
    ]


# Ordinary frames out of a read


def framed(payload):
    """Return a server's frame of 126 bytes or more."""
    return b"\x81\x7e" + len(payload).to_bytes(2, "big") + payload


ODD = [
    framed(frame(quote(1, CALL)) + b" " * 20),  # ends in no brace
    framed(frame(quote(1, CALL))[:-1] + b"]"),
    framed(frame(trade(2, CALL)).replace(b'"size"', b'"sise"')),  # decodes to nothing
    framed(text(list(reordered(message(quote(3, CALL))))[7])),
    framed(frame(quote(4, MSFT)) + b"\n" + frame(quote(5, CALL))),
    framed(b"x" * 200),
    framed(b"{" * 200),
    framed(b"}" * 200),
    b"\x81\x7e\x00\x00",
    b"\x81\x7e\x00\x01}",
    b"\x81\x02{}",
    b"\x89\x01x",
    b"\x01\x7e\x00\xc8" + b"{" * 200 + b"\x80\x01}",
    b"\xc1" + framed(frame(quote(6, CALL)))[1:],
    b"\x82" + framed(frame(quote(7, CALL)))[1:],
]  # fmt: skip
ORDINARY = [
    framed(frame(make(number, contract)))
    for number, (make, contract) in enumerate([(quote, CALL), (trade, CALL), (quote, PUT)] * 3)
]


def both_ways(pieces, max_frame=1 << 20):
    """Return what comes of the pieces of a stream, with and without taking frames out of reads."""
    for taking in (False, True):
        routed = Routed([Topic.quotes(CALL), Topic.trades(CALL)], [Topic.quotes(CALL)])
        splitter = FrameSplitter(max_frame)
        passed = []
        # The first teaches it what is ordinary.
        for piece in (b"".join(ORDINARY), *pieces):
            payloads, through = splitter.feed(piece, routed.router.take if taking else None)
            routed.deliver(payloads)
            passed.append(through)
        router = routed.router
        counts = (router.messages, router.unwanted, router.undecodable, dict(router.unknown))
        got = [inbox.got for inbox in routed.inboxes]
        yield got, counts, passed, splitter.partial, splitter.passing


@pytest.mark.parametrize("odd", ODD)
def test_what_is_not_ordinary_is_left_alone(odd):
    """Between ordinary frames, every other is what it is where each message is taken whole."""
    without, taking = both_ways([ORDINARY[0] + odd + ORDINARY[1], ORDINARY[2] + ORDINARY[3]])
    assert taking == without


@settings(max_examples=100)
@given(
    st.lists(st.sampled_from([*range(len(ODD)), *[100] * 40]), max_size=40),
    st.lists(st.integers(1, 6000), max_size=12),
    st.sampled_from([1 << 20, 1000]),
)
def test_what_is_taken_out_of_a_read_is_what_comes_of_whole_messages(kinds, cuts, max_frame):
    """Cut anywhere, ordinary or not, frames give the same events, counts and rest either way."""
    data = b"".join(
        ORDINARY[place % len(ORDINARY)] if kind == 100 else ODD[kind]
        for place, kind in enumerate(kinds)
    )
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    without, taking = both_ways([data[start:end] for start, end in pairwise(edges)], max_frame)
    assert taking == without


def test_ordinary_events_of_one_read_are_one_list():
    """The end of a frame, whole ones and the beginning of another come together, without a copy."""
    routed = Routed([Topic.quotes(CALL), Topic.trades(CALL)])
    splitter = FrameSplitter()
    data = b"".join(framed(frame(quote(number, CALL))) for number in range(30))
    ends = [len(data) // 3, 2 * len(data) // 3]
    for piece in (data[: ends[0]], data[ends[0] : ends[1]], data[ends[1] :]):
        routed.deliver(splitter.feed(piece, routed.router.take)[0])
    assert routed.inboxes[0].got == [quote(number, CALL) for number in range(30)]
    assert len(routed.inboxes[0].lists) <= 4, "the first of its kind is learnt by the slow road"


def test_small_reads_do_not_look_at_thousands_of_feeds():
    """Where lanes are many, a read of few bytes is taken by the road that knows its lanes."""
    routed = Routed([Topic.quotes(CALL)])
    routed.crowd(1000)
    one = framed(frame(quote(1, CALL)))
    assert routed.router.take([frame(quote(0, CALL))], one, 0) == 0
    assert routed.inboxes[0].got == [quote(0, CALL)]
