"""The simulated gateway's stream: sockets by kind, commands in both forms, flat events."""

import pytest
import trio

import thetatrio
from tests.network import MemoryNetwork
from tests.testing.stream_client import Ended, raw_connection, terminal_with
from thetatrio import Option, Stock
from thetatrio.testing import (
    Duplicates,
    StreamSettings,
    StreamSubscription,
    Terminal,
    open_terminal,
)

AAPL = Stock("AAPL")
STEADY = {"rate": 100, "numbered": True}


def gateway(**settings):
    return terminal_with({**STEADY, **settings}, api="gateway")


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("/stream", {"QUOTE", "TRADE"}),
        ("/stream/quotes", {"QUOTE"}),
        ("/stream/trades?x=1", {"TRADE"}),
    ],
)
async def test_a_path_is_of_its_kinds(path, kinds, autojump_clock):
    """Each socket brings its kinds of flat events, and nothing that acknowledges."""
    terminal = gateway()
    async with raw_connection(terminal) as client:
        await client.handshake(path)
        assert client.status == 101
        await client.send_text('{"action": "SUBSCRIBE", "root": "AAPL"}')
        messages = [await client.message() for _ in range(20)]
    assert {message["root"] for message in messages} == {"AAPL"}
    found = {"TRADE" if "price" in message else "QUOTE" for message in messages}
    assert found == kinds
    assert terminal.ledger.stream.connections[1].statuses == 0
    assert [c.response for c in terminal.ledger.stream.commands] == [None] * len(kinds)


async def test_there_is_nothing_elsewhere(autojump_clock):
    """A terminal's path is 404, and says where the stream is."""
    async with raw_connection(gateway()) as client:
        await client.handshake("/v1/events")
        assert client.status == 404
        assert b"/stream" in client.body


@pytest.mark.parametrize(
    "text",
    [
        '{"action":"%sSUBSCRIBE","root":"SPXW","exp":20241115,"strike":5700000,"right":"C"}',
        "%sSUBSCRIBE {'root': 'SPXW', 'exp': '20241115', 'strike': 5700000, 'right': 'C'}",
    ],
)
async def test_commands_in_both_forms(text, autojump_clock):
    """JSON and the older text say the same, of options too; so they are taken back."""
    terminal = gateway(source="none")
    async with raw_connection(terminal) as client:
        await client.handshake("/stream/quotes")
        await client.send_text(text % "")
        await terminal.stream.wait_subscribed(1)
        option = Option("SPXW", "2024-11-15", 5700, "C")
        assert terminal.stream.subscriptions == {StreamSubscription("OPTION", "QUOTE", option)}
        await client.send_text(text % "UN")
        await terminal.ledger.stream.wait_until(lambda it: len(it.commands) == 2)
        assert terminal.stream.subscriptions == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "hello", "[]", '{"action": "DANCE", "root": "SPY"}', '{"action": "SUBSCRIBE"}',
        "SUBSCRIBE", "SUBSCRIBE 5", "SUBSCRIBE {'root': 'SPY'", "\x00",
        '{"action": "SUBSCRIBE", "root": "SPY", "strike": "x"}',
    ],
)  # fmt: skip
async def test_what_is_no_command_is_entered_and_does_nothing(text, autojump_clock):
    """A gateway says nothing of it; the ledger has it."""
    terminal = gateway()
    async with raw_connection(terminal) as client:
        await client.handshake("/stream")
        await client.send_text(text)
        await terminal.ledger.stream.wait_until(lambda it: len(it.commands) == 1)
    assert terminal.ledger.stream.commands[0].text == text
    assert terminal.stream.subscriptions == frozenset()


async def test_subscriptions_end_with_their_connection(autojump_clock):
    """Whoever comes back subscribes again; nothing flows before."""
    terminal = gateway()
    async with raw_connection(terminal) as client:
        await client.handshake("/stream/trades")
        await client.send_text("SUBSCRIBE {'root': 'AAPL'}")
        await client.message()
    assert terminal.stream.subscriptions == frozenset()


async def test_kinds_without_a_socket_have_no_number(autojump_clock):
    """What nobody could be sent is not an event of the ledger."""
    terminal = gateway(source="none")
    async with raw_connection(terminal) as client:
        await client.handshake("/stream/trades")
        assert terminal.stream.emit("OHLC", AAPL) == 0
        assert terminal.stream.emit("QUOTE", AAPL) == 0
        assert terminal.stream.emit("TRADE", AAPL, price=3.5) == 1
        assert (await client.message())["price"] == 3.5
    assert terminal.ledger.stream.total == 1


async def test_what_is_sent_again_is_of_the_sockets_kinds(autojump_clock):
    """`Duplicates` repeats to a socket what is of its kind."""
    terminal = terminal_with({"source": "none"}, api="gateway", faults=[Duplicates(10, nth=2)])
    async with raw_connection(terminal) as client:
        await client.handshake("/stream")
        for kind in ("QUOTE", "TRADE", "QUOTE"):
            terminal.stream.emit(kind, AAPL)
            await client.message()
    async with raw_connection(terminal) as client:
        await client.handshake("/stream/quotes")
        for _ in range(2):
            assert "bid" in await client.message()


async def test_clients_of_one_kind_replace_each_other(autojump_clock):
    """With `replace`, a second client of a socket ends the first of the same kind only."""
    terminal = gateway(clients="replace", source="none")
    async with raw_connection(terminal) as quotes, raw_connection(terminal) as trades:
        await quotes.handshake("/stream/quotes")
        await trades.handshake("/stream/trades")
        async with raw_connection(terminal) as again:
            await again.handshake("/stream/quotes")
            with pytest.raises(Ended):
                await quotes.text()
            await terminal.ledger.stream.wait_until(lambda it: it.open == 2)
            assert terminal.stream.emit("TRADE", AAPL)
            assert "price" in await trades.message()


async def test_the_key_is_asked_for_where_requests_are(nursery, autojump_clock):
    """At the port of the requests the handshake needs the bearer key, as they do."""
    terminal = Terminal(contracts=2, api="gateway", api_key="sesame", stream=StreamSettings(rate=9))
    async with raw_connection(terminal) as client:
        await client.handshake("/stream")
        assert client.status == 401

    async def dial(host, port):
        ours, theirs = thetatrio.testing.memory_stream_pair()
        nursery.start_soon(terminal.serve_stream, theirs)
        return ours

    transport = MemoryNetwork(nursery, terminal.serve).transport()
    async with thetatrio.open_session(terminal.config, dial=dial, transport=transport) as session:
        assert await session.stock.list_symbols()
        async with session.stream.quotes(AAPL) as feed:
            assert (await feed.receive()).contract == AAPL
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize("sockets", ["per_kind", "one"])
async def test_a_session_on_sockets_needs_no_more_than_its_settings(sockets):
    """`terminal.config` says where and how; both layouts of sockets are there."""
    settings = StreamSettings(rate=2_000)
    async with open_terminal(api="gateway", contracts=2, stream=settings) as terminal:
        assert terminal.stream_url.endswith("/stream")
        opened = thetatrio.open_session(terminal.config, stream_sockets=sockets)
        topics = thetatrio.Topic.quotes(AAPL), thetatrio.Topic.trades(AAPL)
        async with opened as session, session.stream.subscribe(*topics) as feed:
            with trio.fail_after(20):
                seen = {type(await feed.receive()).__name__ for _ in range(200)}
                assert seen == {"Quote", "Trade"}
                assert len(terminal.stream.connections) == (2 if sockets == "per_kind" else 1)
