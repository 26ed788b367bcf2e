"""What real terminals differ in is a setting, and the ledger counts what was sent."""

import json

import pytest
import trio

from tests.testing.stream_client import AAPL, connected, raw_connection, terminal_with
from thetatrio import Index, Option, Stock
from thetatrio.errors import InvalidConfig
from thetatrio.testing import NumberRanges, StreamSettings, Terminal


def test_settings_are_checked_at_once():
    """Everything wrong is named in one error."""
    with pytest.raises(InvalidConfig) as caught:
        StreamSettings(
            clients="some", source="rate", speed=0, start="noon", newline_joined=0, keep=-1,
            status_interval=0, acknowledge_delay=-1, queue_events=0, key_order="odd",
        )  # fmt: skip
    assert len(caught.value.problems) == 10
    assert StreamSettings(rate=5).source == "rate"


def test_settings_of_a_wrong_type_are_invalid_settings():
    """Text or None in place of a number is InvalidConfig that names each, not a TypeError."""
    with pytest.raises(InvalidConfig, match="speed must be a number above 0") as caught:
        StreamSettings(speed="fast", rate="many", keep=None, start=9, clients=["broadcast"])
    assert len(caught.value.problems) == 5


async def test_broadcast(autojump_clock):
    """Every client gets every event, with one number for all."""
    terminal = terminal_with({"numbered": True})
    async with connected(terminal) as one, connected(terminal) as other:
        await one.subscribe()
        first, second = await one.events(20), await other.events(20)
    assert first == second
    ledger = terminal.ledger.stream
    assert ledger.event(3).connections == (1, 2)
    assert list(ledger.numbers(1))[:20] == list(ledger.numbers(2))[:20] == list(range(1, 21))
    assert ledger.total == ledger.sent()[-1]


async def test_replace(autojump_clock):
    """A second client ends the first with 1000."""
    terminal = terminal_with({"clients": "replace", "source": "none"})
    async with connected(terminal) as one, connected(terminal) as other:
        terminal.stream.emit("TRADE", Stock("AAPL"))
        assert await one.rest() == ([], 1000)
        assert await other.events(1)
        await terminal.ledger.stream.wait_until(lambda ledger: ledger.open == 1)
        assert terminal.stream.connections == (2,)


async def test_refuse(autojump_clock):
    """A second client's handshake is refused while there is a first."""
    terminal = terminal_with({"clients": "refuse"})
    async with connected(terminal), raw_connection(terminal) as other:
        await other.handshake()
        assert other.status == 503
    async with connected(terminal):
        pass


@pytest.mark.parametrize(
    ("settings", "tier", "answers"),
    [
        ({}, "pro", ["SUBSCRIBED", "ERROR", "SUBSCRIBED"]),
        ({"acknowledge_removals": False}, "pro", ["SUBSCRIBED", "ERROR"]),
        ({"acknowledge": "never"}, "pro", []),
        ({"acknowledge": "refusals"}, "pro", ["ERROR"]),
        ({"acknowledge": "refusals"}, "free", ["INVALID_PERMS", "ERROR"]),
    ],
)
async def test_what_is_answered(settings, tier, answers, autojump_clock):
    """Commands, refusals and removals are answered as the settings say."""
    terminal = terminal_with({"source": "none"} | settings, tier=tier)
    async with connected(terminal) as client:
        await client.command(sec_type="STOCK", req_type="TRADE", contract=AAPL)
        await client.command(sec_type="STOCK")
        await client.command(sec_type="STOCK", req_type="TRADE", contract=AAPL, add=False)
        await trio.sleep(1)
    entry = terminal.ledger.stream.connections[1]
    assert [it.response for it in terminal.ledger.stream.commands if it.response] == answers
    assert entry.unanswered == 3 - len(answers)
    assert entry.commands == 3


async def test_late_answers(autojump_clock):
    """Answers may be late; data does not wait for them."""
    terminal = terminal_with({"acknowledge_delay": 2.0})
    async with connected(terminal) as client:
        await client.command(sec_type="STOCK", req_type="TRADE", contract=AAPL)
        await client.command(sec_type="INDEX", req_type="TRADE", contract={"root": "SPX"})
        kinds = [(await client.message())["header"]["type"] for _ in range(3)]
        assert "OHLC" in kinds
        await client.until("REQ_RESPONSE")
        assert trio.current_time() == pytest.approx(2.0)
    assert terminal.ledger.stream.connections[1].highest_unanswered == 2


async def test_numbers_in_events(autojump_clock):
    """An event's number is where a client can see it, in each kind."""
    terminal = terminal_with({"source": "none", "numbered": True})
    emit = terminal.stream.emit
    async with connected(terminal) as client:
        emit("TRADE", Stock("AAPL"), price=1)
        emit("QUOTE", Stock("AAPL"), bid=1)
        emit("OHLC", Stock("AAPL"))
        emit("TRADE", Index("SPX"))
        emit("MARKET_VALUE", Index("SPX"))
        emit("TRADE", Stock("AAPL"), size=77)
        events = await client.events(6)
    assert events[0]["trade"]["size"] == 1
    assert events[1]["quote"]["bid_size"] == 2
    assert events[2]["ohlc"]["volume"] == 3
    assert events[3]["trade"]["price"] == 4.0
    assert events[4]["market_value"]["market_price"] == 5.0
    assert events[5]["trade"]["size"] == 77


async def test_joined_by_newlines(autojump_clock):
    """Several messages may share a frame; together they are the same messages."""
    terminal = terminal_with({"source": "none", "newline_joined": 3})
    async with connected(terminal) as client:
        await client.text()
        for _ in range(7):
            terminal.stream.emit("TRADE", Stock("AAPL"))
        texts = [await client.text() for _ in range(3)]
    assert [len(text.split("\n")) for text in texts] == [3, 3, 1]
    assert all(json.loads(line)["trade"] for text in texts for line in text.split("\n"))
    assert terminal.ledger.stream.numbers(1).ranges == (range(1, 8),)


async def test_numbers_as_strings(autojump_clock):
    """Expirations and strikes of events may be text."""
    terminal = terminal_with({"source": "none", "string_numbers": True})
    async with connected(terminal) as client:
        terminal.stream.emit("TRADE", Option("SPXW", "2024-11-15", 5700, "P"))
        (event,) = await client.events(1)
    assert (event["contract"]["expiration"], event["contract"]["strike"]) == ("20241115", "5700000")


async def test_shuffled_keys(autojump_clock):
    """Keys may come in any order, the same for the same seed, with the same values."""
    plain, shuffled, again = [], [], []
    for texts, order in ((plain, "header"), (shuffled, "shuffled"), (again, "shuffled")):
        terminal = terminal_with({"key_order": order})
        async with connected(terminal) as client:
            await client.subscribe()
            while len(texts) < 40:
                text = await client.text()
                if '"STATUS"' not in text:
                    texts.append(text)
    assert list(map(json.loads, plain)) == list(map(json.loads, shuffled))
    assert plain != shuffled == again
    assert len({tuple(json.loads(text)) for text in shuffled}) > 3


async def test_a_client_that_does_not_read(autojump_clock):
    """Its events wait, up to a bound; what comes then is counted and never sent."""
    terminal = terminal_with({"rate": 1000.0, "queue_events": 2000, "numbered": True})
    async with connected(terminal) as client:
        await client.subscribe()
        await trio.sleep(20)
        entry = terminal.ledger.stream.connections[1]
        assert len(entry.overflowed) > 10_000
        assert len(entry.sent) < 2000
        overflowed = set(entry.overflowed)
        sizes = [event["trade"]["size"] for event in await client.events(3000)]
    assert not overflowed & set(sizes)
    assert sizes == list(entry.sent)[:3000]


async def test_details_are_bounded(autojump_clock):
    """The ledger keeps the details of the last events and the numbers of all."""
    terminal = terminal_with({"source": "none", "keep": 10})
    async with connected(terminal) as client:
        await client.subscribe()
        for ms in range(1, 51):
            terminal.stream.emit("TRADE", Stock("AAPL"), ms_of_day=ms, sequence=-ms)
        await client.events(50)
        ledger = terminal.ledger.stream
        assert [event.number for event in ledger.details] == list(range(41, 51))
        assert ledger.sent_to(1) == ledger.details
        assert ledger.event(40) is None
        event = ledger.event(50)
        assert (event.kind, event.contract, event.date) == ("TRADE", Stock("AAPL"), 20241104)
        assert (event.ms_of_day, event.sequence, event.connections) == (50, -50, (1,))
        assert ledger.numbers(1).ranges == (range(1, 51),)
        assert (ledger.connections[1].events, ledger.connections[1].statuses) == (50, 1)


async def test_waiting_for_the_ledger(autojump_clock):
    """Tests wait for what the terminal has seen."""
    terminal = terminal_with({"source": "none"})
    async with trio.open_nursery() as nursery:
        nursery.start_soon(terminal.stream.wait_subscribed, 1)
        async with connected(terminal) as client:
            await terminal.ledger.stream.wait_until(lambda ledger: ledger.open == 1)
            assert terminal.ledger.stream.open == 1
            with trio.move_on_after(5) as early:
                await terminal.stream.wait_subscribed(1)
            assert early.cancelled_caught
            await client.command(sec_type="STOCK", req_type="TRADE", contract=AAPL)
            await terminal.stream.wait_subscribed(1)
            await client.command(sec_type="STOCK", req_type="QUOTE", contract=AAPL)
            with trio.fail_after(5):
                await terminal.stream.wait_subscribed(2)


@pytest.mark.parametrize(
    ("how", "code"), [({}, None), ({"code": 1011}, 1011), ({"reset": True}, "reset")]
)
async def test_dropping(how, code, autojump_clock):
    """A connection is dropped with what waits sent first, by FIN, RST or a close frame."""
    terminal = terminal_with({"source": "none"})
    async with connected(terminal) as one, connected(terminal) as other:
        terminal.stream.emit("TRADE", Stock("AAPL"))
        terminal.stream.drop(**how)
        terminal.stream.emit("TRADE", Stock("AAPL"))
        events, ended = await other.rest()
        if not how.get("reset"):
            assert len(events) == 1
        assert ended == code
        assert len(await one.events(2)) == 2
        assert list(terminal.ledger.stream.numbers(2)) == [1]
        terminal.stream.drop_all(now=True)
        assert await one.rest() == ([], None)


async def test_dropping_one_that_does_not_read(autojump_clock):
    """It takes a second at most; what was cut is known to the byte."""
    terminal = terminal_with({"source": "none"})
    async with connected(terminal, 1000) as client:
        for _ in range(100):
            terminal.stream.emit("TRADE", Stock("AAPL"))
        started = trio.current_time()
        terminal.stream.drop(1)
        await terminal.ledger.stream.wait_until(lambda ledger: ledger.open == 0)
        assert trio.current_time() - started == pytest.approx(1.0, abs=0.01)
        events, _ = await client.rest()
    entry = terminal.ledger.stream.connections[1]
    assert list(entry.sent) == list(range(1, len(events) + 1))
    assert list(entry.cut) == [len(events) + 1]


async def test_a_flap(autojump_clock):
    """While upstream is away nothing flows; ids that did not grow are not subscribed again."""
    terminal = terminal_with()
    async with connected(terminal) as client:
        await client.command(sec_type="INDEX", req_type="TRADE", contract={"root": "SPX"}, id=9)
        await client.command(sec_type="STOCK", req_type="TRADE", contract=AAPL, id=9)
        await client.events(50)
        await terminal.stream.wait_subscribed(2)
        terminal.stream.flap(10.0)
        total = terminal.ledger.stream.total
        await trio.sleep(9.9)
        assert terminal.ledger.stream.total == total
        assert terminal.stream.upstream == "DISCONNECTED"
        await trio.sleep(5)
        assert terminal.stream.upstream == "CONNECTED"
        assert {event.contract for event in terminal.ledger.stream.details[total:]} == {
            Index("SPX")
        }


@pytest.mark.parametrize(
    ("upstream", "response"),
    [("UNVERIFIED", "INVALID_PERMS"), ("ERROR", "ERROR"), ("DISCONNECTED", "SUBSCRIBED")],
)
async def test_upstream_states(upstream, response, autojump_clock):
    """Statuses and answers tell how upstream is, and only when connected do events flow."""
    terminal = terminal_with()
    terminal.stream.set_upstream(upstream)
    async with connected(terminal) as client:
        assert (await client.message())["header"]["status"] == upstream
        assert await client.subscribe() == response
        await trio.sleep(60)
        assert terminal.ledger.stream.total == 0
        assert terminal.service.fpss_status == upstream
        terminal.stream.set_upstream("CONNECTED")
        assert (await client.subscribe(root="SPY")) == "SUBSCRIBED"
        await client.events(1)


async def test_raw_bytes_and_texts(autojump_clock):
    """Anything can be put on the wire."""
    terminal = terminal_with({"source": "none"})
    async with connected(terminal) as client:
        await client.text()
        terminal.stream.send_text('{"any": "text"}')
        terminal.stream.send_raw(b"\x81\x02{}")
        assert await client.text() == '{"any": "text"}'
        assert await client.text() == "{}"
    assert Terminal().stream.settings == StreamSettings()


def test_number_ranges():
    """Numbers are kept as ranges, in whatever order they come."""
    ranges = NumberRanges()
    ranges.add_all([1, 2, 3, 7])
    ranges.add(8, 10)
    assert (list(ranges), len(ranges), ranges.last) == ([1, 2, 3, 7, 8, 9, 10], 7, 10)
    assert (7 in ranges, 5 in ranges, "7" in ranges, 0 in ranges) == (True, False, False, False)
    ranges.add(2, 3)
    assert (3 in ranges, 4 in ranges, repr(ranges)) == (True, False, "NumberRanges(1-3, 7-10, 2-3)")


async def test_a_standing_market_sends_nothing_until_it_is_moved(autojump_clock):
    """With `opening=False` the opening quotes wait for `advance`, and come with it, once."""
    terminal = terminal_with({"speed": 1e-9, "opening": False, "start": "10:00:00"})
    async with connected(terminal) as client:
        await client.subscribe(req_type="QUOTE")
        with trio.move_on_after(60) as silence:
            await client.events(1)
        assert silence.cancelled_caught
        terminal.stream.emit("QUOTE", Stock("AAPL"), bid=101.0)
        with trio.fail_after(60):
            (by_hand,) = await client.events(1)
        assert by_hand["quote"]["ms_of_day"] == 36_000_000
        terminal.stream.advance(30)
        with trio.fail_after(60):
            first = (await client.events(1))[0]
        assert first["quote"]["bid"] != 101.0
        assert 36_000_000 <= first["quote"]["ms_of_day"] <= 36_030_000
