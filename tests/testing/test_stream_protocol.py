"""Handshake, statuses, commands and their answers, limits, the end of a connection."""

import json

import pytest
import trio
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong

from tests.testing.stream_client import AAPL, Ended, connected, raw_connection, terminal_with
from thetatrio import Index, Option, Stock
from thetatrio.testing import STREAM_LIMITS, StreamSubscription

OPTION = {"root": "SPXW", "expiration": 20241115, "strike": 5700000, "right": "C"}


async def test_it_is_one_path(autojump_clock):
    """The stream is at /v1/events and nowhere else, and says who it is."""
    async with connected(terminal_with()) as client:
        assert client.headers["server"] == "thetatrio-simulator"
    terminal = terminal_with()
    async with raw_connection(terminal) as client:
        await client.handshake("/v1/other")
        assert (client.status, client.headers["server"]) == (404, "thetatrio-simulator")
        assert b"/v1/events" in client.body
    assert terminal.ledger.stream.connections[1].handshake == 404


@pytest.mark.parametrize(
    "text", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01rubbish\r\n\r\n"]
)
async def test_what_is_no_handshake(text, autojump_clock):
    """A request that asks for no WebSocket, and rubbish, are refused and closed."""
    terminal = terminal_with()
    async with raw_connection(terminal) as client:
        await client.stream.send_all(text)
        data = b""
        while piece := await client.stream.receive_some():
            data += piece
        assert data[:12] in (b"HTTP/1.1 400", b"")
    assert terminal.ledger.stream.open == 0


async def test_a_client_that_leaves_early(autojump_clock):
    """A connection that ends before its handshake is over."""
    terminal = terminal_with()
    async with raw_connection(terminal) as client:
        await client.stream.send_all(b"GET /v1/events HT")
    assert terminal.ledger.stream.connections[1].closed is not None


async def test_status_each_second(autojump_clock):
    """Statuses come from connect on, each second; the first command connects upstream."""
    terminal = terminal_with()
    async with connected(terminal) as client:
        for second in range(3):
            message = await client.message()
            assert message == {"header": {"status": "DISCONNECTED", "type": "STATUS"}}
            assert trio.current_time() == pytest.approx(second)
        assert terminal.service.fpss_status == "DISCONNECTED"
        assert await client.subscribe() == "SUBSCRIBED"
        assert (await client.until("STATUS"))["header"]["status"] == "CONNECTED"
        assert terminal.service.fpss_status == "CONNECTED"
    async with connected(terminal) as client:
        assert (await client.message())["header"]["status"] == "CONNECTED"


async def test_pings_are_answered(autojump_clock):
    """Pings get their pongs."""
    async with connected(terminal_with()) as client:
        await client.send(Ping(payload=b"here"))
        event = await client.event()
        while not isinstance(event, Pong):
            event = await client.event()
        assert bytes(event.payload) == b"here"


async def test_a_close_is_answered(autojump_clock):
    """The client's close is answered, and the ledger has its code."""
    terminal = terminal_with()
    async with connected(terminal) as client:
        await client.send(CloseConnection(code=1001))
        assert await client.rest() == ([], 1001)
        with pytest.raises(Ended):
            await client.event()
    entry = terminal.ledger.stream.connections[1]
    assert (entry.close_code, terminal.stream.connections) == (1001, ())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"sec_type": "STOCK", "req_type": "TRADE", "contract": AAPL}, Stock("AAPL")),
        ({"sec_type": "STOCK", "req_type": "QUOTE", "contract": {"symbol": "SPY"}}, Stock("SPY")),
        ({"sec_type": "INDEX", "req_type": "TRADE", "contract": {"root": "SPX"}}, Index("SPX")),
        (
            {"sec_type": "OPTION", "req_type": "QUOTE", "contract": OPTION},
            Option("SPXW", "20241115", 5700, "C"),
        ),
        (
            {
                "sec_type": "OPTION",
                "req_type": "TRADE",
                "contract": OPTION | {"expiration": "20241115", "strike": "5700000"},
            },
            Option("SPXW", "20241115", 5700, "C"),
        ),
        (
            {"sec_type": "INDEX", "req_type": "MARKET_VALUE", "contract": {"root": "VIX"}},
            Index("VIX"),
        ),
        ({"msg_type": "STREAM_BULK", "sec_type": "STOCK", "req_type": "TRADE"}, None),
        ({"msg_type": "STREAM_BULK", "sec_type": "OPTION", "req_type": "TRADE"}, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("write", [json.dumps, str])
async def test_subscribing(fields, expected, write, autojump_clock):
    """What the vendor documents is understood, as JSON and as the text of a dict."""
    terminal = terminal_with({"source": "none"})
    wanted = StreamSubscription(fields["sec_type"], fields["req_type"], expected)
    async with connected(terminal) as client:
        message = {"msg_type": "STREAM", "add": True, "id": 7} | fields
        await client.send_text(write(message))
        header = {"type": "REQ_RESPONSE", "status": "CONNECTED"}
        header |= {"response": "SUBSCRIBED", "req_id": 7}
        assert await client.until("REQ_RESPONSE") == {"header": header}
        assert terminal.stream.subscriptions == {wanted}
        await client.send_text(write(message | {"add": False, "id": 8}))
        assert (await client.until("REQ_RESPONSE"))["header"]["req_id"] == 8
        assert not terminal.stream.subscriptions
    command = terminal.ledger.stream.commands[0]
    assert (command.connection, command.id, command.add) == (1, 7, True)
    assert (command.contract, command.response, command.grows) == (expected, "SUBSCRIBED", True)


def stream(**fields):
    return json.dumps({"msg_type": "STREAM", "req_type": "TRADE", "add": True} | fields)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("rubbish", 0),
        ("[1]", 0),
        ("((((", 0),
        ("[" * 60_000, 0),
        ("{'id': 4}", 4),
        (stream(msg_type="JUMP", id=5), 5),
        (stream(sec_type="STOCK", id=6, add=None, contract=AAPL), 6),
        (stream(sec_type="BOND", id=7), 7),
        (stream(sec_type="INDEX", req_type="QUOTE", id=8, contract={"root": "SPX"}), 8),
        (stream(sec_type="STOCK", id="9"), 9),
        (stream(sec_type="STOCK", id=10, contract={"root": "not a root"}), 10),
        (stream(sec_type="STOCK", id=11, contract={"root": 7}), 11),
        (stream(sec_type="OPTION", id=12, contract=OPTION | {"expiration": 20241399}), 12),
        (stream(sec_type="OPTION", id=13, contract=OPTION | {"strike": "many"}), 13),
        (stream(sec_type="OPTION", id=14.0, contract=OPTION | {"strike": True}), 14),
        (stream(sec_type="INDEX", msg_type="STREAM_BULK", id=15), 15),
        (stream(sec_type="STOCK", id=True, add="maybe"), 0),
    ],
)
async def test_what_is_not_understood(text, number, autojump_clock):
    """Rubbish is answered ERROR with the id, where one can be read, and harms nobody."""
    terminal = terminal_with()
    async with connected(terminal) as client:
        await client.send_text(text)
        header = (await client.until("REQ_RESPONSE"))["header"]
        assert (header["response"], header["req_id"]) == ("ERROR", number)
        await client.send(BytesMessage(data=b"\xff\xfe"))
        assert (await client.until("REQ_RESPONSE"))["header"]["response"] == "ERROR"
        assert await client.subscribe() == "SUBSCRIBED"
    assert terminal.ledger.stream.connections[1].responses == {"ERROR": 2, "SUBSCRIBED": 1}


async def test_an_unknown_contract_is_silent(autojump_clock):
    """SUBSCRIBED does not prove that a contract exists."""
    terminal = terminal_with()
    async with connected(terminal) as client:
        assert await client.subscribe(root="NOSUCH") == "SUBSCRIBED"
        assert await client.subscribe("OPTION", "QUOTE", **OPTION | {"strike": 1}) == "SUBSCRIBED"
        await trio.sleep(120)
    assert terminal.ledger.stream.total == 0


async def test_stop_drops_everything(autojump_clock):
    """STOP takes back what any client subscribed to."""
    terminal = terminal_with({"source": "none"})
    async with connected(terminal) as one, connected(terminal) as other:
        await one.subscribe()
        await other.subscribe(root="SPY")
        assert len(terminal.stream.subscriptions) == 2
        await other.send_text('{"msg_type": "STOP"}')
        assert (await other.until("REQ_RESPONSE"))["header"]["req_id"] == 0
        assert not terminal.stream.subscriptions


@pytest.mark.parametrize("tier", ["free", "value"])
async def test_lower_tiers_stream_nothing(tier, autojump_clock):
    """Free and value accounts have no streams."""
    async with connected(terminal_with(tier=tier)) as client:
        assert await client.subscribe() == "INVALID_PERMS"


async def test_limits_of_standard(autojump_clock):
    """The fourth index of a standard account is too many; its full streams are for pro."""
    terminal = terminal_with({"source": "none"}, tier="standard")
    assert STREAM_LIMITS["INDEX", "TRADE"][terminal.tier] == 3
    async with connected(terminal) as client:
        for root in ("SPX", "NDX", "RUT"):
            assert await client.subscribe("INDEX", root=root) == "SUBSCRIBED"
        assert await client.subscribe("INDEX", root="VIX") == "MAX_STREAMS_REACHED"
        assert await client.subscribe("INDEX", root="SPX") == "SUBSCRIBED"
        full = {"msg_type": "STREAM_BULK", "sec_type": "STOCK", "req_type": "TRADE"}
        assert await client.ask(**full) == "INVALID_PERMS"
        removal = {"sec_type": "INDEX", "req_type": "TRADE", "contract": {"root": "SPX"}}
        assert await client.ask(**removal, add=False) == "SUBSCRIBED"
        assert await client.subscribe("INDEX", root="VIX") == "SUBSCRIBED"


async def test_ids_that_do_not_grow(autojump_clock):
    """They are answered all the same, and the ledger knows."""
    terminal = terminal_with({"source": "none"})
    async with connected(terminal) as client:
        for number in (5, 5, 4, 6):
            await client.command(sec_type="STOCK", req_type="TRADE", id=number, contract=AAPL)
            await client.until("REQ_RESPONSE")
    assert terminal.ledger.stream.connections[1].ids_not_growing == 2
    assert [it.grows for it in terminal.ledger.stream.commands] == [True, False, False, True]


async def test_subscriptions_outlive_their_connection(autojump_clock):
    """By default data flows on to the next connection; by a setting they end with theirs."""
    for owner, left in (("account", 1), ("connection", 0)):
        terminal = terminal_with({"subscriptions": owner})
        async with connected(terminal) as client:
            await client.subscribe()
        assert len(terminal.stream.subscriptions) == left
        if left:
            async with connected(terminal) as client:
                assert (await client.events(1))[0]["contract"]["root"] == "AAPL"


async def test_stop_ends_streams(autojump_clock):
    """A terminal that is stopped ends its stream and serves no other."""
    terminal = terminal_with()
    async with connected(terminal) as client:
        terminal.stop()
        assert await client.rest() == ([], None)
    async with raw_connection(terminal) as client:
        assert await client.stream.receive_some() == b""


async def test_restart_forgets(autojump_clock):
    """A restarted terminal has no clients, no subscriptions, and is not connected upstream."""
    terminal = terminal_with()
    async with connected(terminal) as client:
        await client.subscribe()
        terminal.restart()
        await client.rest()
    assert (terminal.stream.upstream, terminal.stream.subscriptions) == (
        "DISCONNECTED",
        frozenset(),
    )
