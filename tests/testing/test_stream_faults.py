"""Each fault of the stream does what its name says, to what it is aimed at."""

import json
import re

import pytest
import trio
from wsproto import WSConnection
from wsproto.events import CloseConnection
from wsproto.utilities import RemoteProtocolError

from tests.testing.stream_client import AAPL, Ended, connected, raw_connection, terminal_with
from thetatrio import Stock, testing
from thetatrio.testing import Fault


def terminal_of(*faults: Fault, **settings):
    return terminal_with({"source": "none", "numbered": True} | settings, faults=faults)


def emit(terminal, count):
    for ms in range(count):
        terminal.stream.emit("TRADE", Stock("AAPL"), ms_of_day=ms)


def numbers(events):
    return [event["trade"]["size"] for event in events]


async def received(terminal, count, capacity=65536):
    """What a client gets of so many events until its connection ends or nothing comes."""
    async with connected(terminal, capacity) as client:
        emit(terminal, count)
        events, code = [], "quiet"
        with trio.move_on_after(30):
            try:
                while True:
                    message = await client.message()
                    if message["header"]["type"] == "TRADE":
                        events.append(message)
            except Ended as ended:
                code = ended.code
        return events, code, client


@pytest.mark.parametrize(("reset", "code"), [(False, None), (True, "reset")])
@pytest.mark.parametrize("size", [0, 1, 50, 10_000])
async def test_cut_frame(size, reset, code, autojump_clock):
    """The connection ends within the frame, which the ledger counts as cut, not as sent."""
    terminal = terminal_of(testing.CutFrame(size, reset=reset, nth=3, times=1))
    async with raw_connection(terminal) as client:
        await client.handshake()
        await client.text()
        emit(terminal, 5)
        data = b""
        try:
            while piece := await client.stream.receive_some():
                data += piece
        except trio.BrokenResourceError:
            assert reset
        else:
            assert not reset
    if not reset:
        assert re.findall(rb'"size":(\d+)', data[: 2 * 200 + 40])[:2] == [b"1", b"2"]
    entry = terminal.ledger.stream.connections[1]
    assert list(entry.sent) == [1, 2]
    assert list(entry.cut) == ([3] if size else [])
    assert terminal.faults.hits(testing.CutFrame(size, reset=reset, nth=3, times=1)) == 1
    events, *_ = await received(terminal, 2)
    assert len(events) == 2


@pytest.mark.parametrize("ping_between", [False, True])
async def test_fragmented(ping_between, autojump_clock):
    """The message comes in so many frames, and is the same message."""
    terminal = terminal_of(testing.Fragmented(4, ping_between=ping_between, nth=2, times=1))
    async with connected(terminal) as client:
        emit(terminal, 3)
        assert numbers(await client.events(1)) == [1]
        assert numbers(await client.events(1)) == [2]
        assert client.pieces == 4
        assert client.pings == [b"between"] * (3 * ping_between)
        assert numbers(await client.events(1)) == [3]
    assert list(terminal.ledger.stream.numbers(1)) == [1, 2, 3]


async def test_cut_between_fragments(autojump_clock):
    """The connection ends between two frames of one message."""
    terminal = terminal_of(testing.CutFragments(3, after=2, nth=2))
    events, code, _ = await received(terminal, 3)
    assert (numbers(events), code) == ([1], None)
    entry = terminal.ledger.stream.connections[1]
    assert (list(entry.sent), list(entry.cut)) == ([1], [2])


async def test_ping_flood(autojump_clock):
    """So many pings come before the frame, and their pongs are read."""
    terminal = terminal_of(testing.PingFlood(1000, payload_size=5, nth=2, times=1))
    events, _, client = await received(terminal, 3)
    assert numbers(events) == [1, 2, 3]
    assert client.pings == [b"ppppp"] * 1000
    assert terminal.ledger.stream.connections[1].pings == 1000


@pytest.mark.parametrize(
    "kind", ["not_json", "truncated", "wrong_types", "bad_utf8", "unknown_kind", "unknown_field"]
)
async def test_garbage(kind, autojump_clock):
    """Garbage comes before the event, which is sent all the same."""
    terminal = terminal_of(testing.GarbageText(kind, nth=2, times=1))
    async with connected(terminal) as client:
        emit(terminal, 2)
        assert numbers(await client.events(1)) == [1]
        if kind == "bad_utf8":
            with pytest.raises(Ended, match="1007"):
                await client.text()
            return
        text = await client.text()
        match kind:
            case "not_json" | "truncated":
                with pytest.raises(json.JSONDecodeError):
                    json.loads(text)
            case "wrong_types":
                assert set(json.loads(text)["trade"].values()) == {"wrong"}
            case "unknown_kind":
                assert json.loads(text)["header"]["type"] == "NEWS"
            case "unknown_field":
                event = json.loads(text)
                assert event["unknown"] == 1
                assert event["trade"]["unknown"]
                assert numbers([event]) == [2]
        if kind != "unknown_field":
            assert numbers(await client.events(1)) == [2]
    assert list(terminal.ledger.stream.numbers(1)) == [1, 2]


async def test_oversize(autojump_clock):
    """A message of exactly so many bytes comes before the frame."""
    terminal = terminal_of(testing.Oversize(200_000))
    async with connected(terminal) as client:
        await client.text()
        emit(terminal, 1)
        text = await client.text()
        assert len(text) == 200_000
        assert json.loads(text)["header"]["type"] == "STATUS"
        assert numbers(await client.events(1)) == [1]


async def test_slow_loris(autojump_clock):
    """The frame comes byte by byte; what follows waits."""
    terminal = terminal_of(testing.SlowLoris(0.1, nth=2, times=1))
    async with connected(terminal) as client:
        emit(terminal, 3)
        await client.events(1)
        started = trio.current_time()
        assert numbers(await client.events(2)) == [2, 3]
        assert 15 < trio.current_time() - started < 25
    assert list(terminal.ledger.stream.numbers(1)) == [1, 2, 3]


@pytest.mark.parametrize("fault", [testing.MuteStream(nth=3), testing.HalfOpenStream(nth=3)])
async def test_silence(fault, autojump_clock):
    """Nothing more comes, not even a status, and the connection stays."""
    terminal = terminal_of(fault)
    async with connected(terminal) as client:
        emit(terminal, 5)
        assert numbers(await client.events(2)) == [1, 2]
        with trio.move_on_after(50) as scope:
            await client.event()
        assert scope.cancelled_caught
        assert terminal.stream.emit("TRADE", Stock("AAPL")) == 0
        await client.send(CloseConnection(code=1000))
        with trio.move_on_after(5) as scope, pytest.raises(Ended):
            await client.event()
        # Who reads learns that the client wants to go; the other one gives up in the end.
        assert scope.cancelled_caught == isinstance(fault, testing.HalfOpenStream)
    assert list(terminal.ledger.stream.numbers(1)) == [1, 2]


async def test_pings_only(autojump_clock):
    """From the frame on only pings come, one each interval."""
    terminal = terminal_of(testing.PingsOnly(2.0, nth=2))
    events, code, client = await received(terminal, 5)
    assert (numbers(events), code) == ([1], "quiet")
    assert set(client.pings) == {b"only"}
    assert 14 <= len(client.pings) <= 15


@pytest.mark.parametrize("code", [1000, 1011, 4000])
async def test_close_frame(code, autojump_clock):
    """The connection is closed with the code in place of the frame."""
    terminal = terminal_of(testing.CloseFrame(code, "why", nth=2))
    events, got, _ = await received(terminal, 5)
    assert (numbers(events), got) == ([1], code)
    assert trio.current_time() < 0.1
    assert list(terminal.ledger.stream.numbers(1)) == [1]


@pytest.mark.parametrize(
    "kind", ["masked", "rsv", "reserved_opcode", "continuation", "long_control", "interleaved"]
)
async def test_bad_frames(kind, autojump_clock):
    """A client that knows the protocol refuses the frame."""
    terminal = terminal_of(testing.BadFrame(kind, nth=2, times=1))
    async with connected(terminal) as client:
        emit(terminal, 3)
        assert numbers(await client.events(1)) == [1]
        with pytest.raises(Ended, match="1002"):
            await client.text()
    entry = terminal.ledger.stream.connections[1]
    assert list(entry.cut) == ([2] if kind == "interleaved" else [])


async def test_upstream_flap(autojump_clock):
    """After the frame the upstream is away for so long."""
    terminal = terminal_with(faults=[testing.UpstreamFlap(30.0, nth=10, times=1)])
    async with connected(terminal) as client:
        await client.subscribe("INDEX", root="SPX")
        await client.events(10)
        started = trio.current_time()
        assert (await client.until("STATUS"))["header"]["status"] == "DISCONNECTED"
        await client.events(1)
        assert trio.current_time() - started == pytest.approx(30, abs=2)


async def test_reject_handshake(autojump_clock):
    """The handshake is answered with a status, headers and a text."""
    fault = testing.RejectHandshake(503, {"Retry-After": "7"}, "later", times=1)
    terminal = terminal_of(fault)
    async with raw_connection(terminal) as client:
        await client.handshake()
        assert (client.status, client.headers["retry-after"]) == (503, "7")
        assert (client.body, client.headers["server"]) == (b"later", "thetatrio-simulator")
    async with connected(terminal) as client:
        assert client.status == 101


async def test_wrong_accept(autojump_clock):
    """The answer is another key's."""
    async with raw_connection(terminal_of(testing.WrongAccept())) as client:
        with pytest.raises(RemoteProtocolError, match="accept"):
            await client.handshake()


async def test_silent_handshake(autojump_clock):
    """The handshake is never answered."""
    terminal = terminal_of(testing.SilentHandshake())
    async with raw_connection(terminal) as client:
        with trio.move_on_after(100) as scope:
            await client.handshake()
        assert scope.cancelled_caught
    assert terminal.ledger.stream.connections[1].handshake is None


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_sliced_stream(size, autojump_clock):
    """All bytes come in slices, from the handshake on, and are the same bytes."""
    terminal = terminal_of(testing.SlicedStream(size))
    async with connected(terminal) as client:
        emit(terminal, 20)
        slices = []
        receive = client.stream.receive_some

        async def counted(_):
            slices.append(len(data := await receive()))
            return data

        client.stream.receive_some = counted
        assert numbers(await client.events(20)) == list(range(1, 21))
        assert max(slices[5:]) <= 3 * size


async def test_ignore_close(autojump_clock):
    """The client's close is not answered, and events go on."""
    terminal = terminal_of(testing.IgnoreClose())
    async with connected(terminal) as client:
        await client.text()
        client.protocol.send(CloseConnection(code=1000))
        await client.stream.send_all(b"\x88\x82\0\0\0\0\x03\xe8")
        await trio.sleep(5)
        emit(terminal, 1)
        await trio.sleep(0.1)
        data = await client.stream.receive_some()
        assert b"\x88" not in data
        assert b'"size":1,' in data
        assert terminal.stream.connections == (1,)
    assert terminal.stream.connections == ()


async def test_keep_open(autojump_clock):
    """The close is answered, and then nothing comes and nothing ends."""
    terminal = terminal_of(testing.KeepOpen())
    async with connected(terminal) as client:
        await client.send(CloseConnection(code=1000))
        assert await client.rest() == ([], 1000)
        emit(terminal, 1)
        with trio.move_on_after(100) as scope:
            await client.stream.receive_some()
        assert scope.cancelled_caught


async def test_duplicates(autojump_clock):
    """The next connection begins with the last events again, under their old numbers."""
    terminal = terminal_of(testing.Duplicates(3, nth=2))
    assert len((await received(terminal, 5))[0]) == 5
    async with connected(terminal) as client:
        emit(terminal, 1)
        assert numbers(await client.events(4)) == [3, 4, 5, 6]
    entry = terminal.ledger.stream.connections[2]
    assert (list(entry.resent), list(entry.sent)) == ([3, 4, 5], [6])


async def test_late_acknowledgement(autojump_clock):
    """One command's answer is late; those after it are not."""
    terminal = terminal_of(testing.LateAcknowledgement(5.0, times=1))
    async with connected(terminal) as client:
        await client.command(sec_type="STOCK", req_type="TRADE", contract=AAPL)
        await client.command(sec_type="STOCK", req_type="QUOTE", contract=AAPL)
        answers = [(await client.until("REQ_RESPONSE"))["header"]["req_id"] for _ in range(2)]
        assert answers == [2, 1]
        assert trio.current_time() == pytest.approx(5.0)


async def test_unanswered_and_refused(autojump_clock):
    """Single commands, or those of a root, are refused or not answered."""
    refused = testing.RefuseSubscription("MAX_STREAMS_REACHED", root="SP*")
    terminal = terminal_of(testing.Unanswered(nth=2, times=1), refused)
    async with connected(terminal) as client:
        assert await client.subscribe(root="SPY") == "MAX_STREAMS_REACHED"
        await client.command(sec_type="STOCK", req_type="QUOTE", contract=AAPL)
        assert await client.subscribe(root="QQQ") == "SUBSCRIBED"
        removal = {"sec_type": "STOCK", "req_type": "TRADE", "contract": {"root": "SPY"}}
        assert await client.ask(**removal, add=False) == "SUBSCRIBED"
        assert len(terminal.stream.subscriptions) == 2
    assert terminal.ledger.stream.commands[1].response is None
    assert terminal.faults.hits(refused) == 1


async def test_every_so_many(autojump_clock):
    """A fault may come back each so many frames, up to a bound."""
    fault = testing.GarbageText("unknown_kind", nth=2, every=3, times=3)
    terminal = terminal_of(fault)
    async with connected(terminal) as client:
        emit(terminal, 20)
        order = [(await client.until("TRADE", "NEWS"))["header"]["type"][0] for _ in range(23)]
    assert "".join(order) == "T" + "NTTT" * 3 + "T" * 10
    assert terminal.faults.hits(fault) == 3


async def test_faults_of_one_connection(autojump_clock):
    """A fault may be for one connection; frames of the others do not count."""
    terminal = terminal_of(testing.CloseFrame(nth=3, connection=2))
    async with connected(terminal) as one, connected(terminal) as other:
        emit(terminal, 5)
        assert numbers(await one.events(5)) == [1, 2, 3, 4, 5]
        events, code = await other.rest()
        assert (numbers(events), code) == ([1, 2], 1000)


async def test_requests_are_not_counted(autojump_clock):
    """Faults of the stream leave requests alone, and the other way round."""
    faults = [testing.CutFrame(), testing.Mute(path="/v3/none"), testing.RejectHandshake(nth=2)]
    terminal = terminal_of(*faults)
    script = terminal.faults
    assert script.for_request("/v3/stock/list/symbols", "stock_list_symbols") == []
    assert script.hits_frames
    script.remove(faults[0])
    assert not script.hits_frames
    assert script.for_frame(1) == []
    assert script.for_stream_connection() == []
    assert script.for_stream_connection() == [faults[2]]
    script.append(testing.MuteStream())
    script.clear()
    assert not script.hits_frames


async def test_a_defect_is_logged(autojump_clock, monkeypatch, caplog):
    """What trio-websocket does not foresee ends one connection, and is logged."""

    def broken(self, data):
        raise ZeroDivisionError

    monkeypatch.setattr(WSConnection, "receive_data", broken)
    terminal = terminal_of()
    async with raw_connection(terminal) as client:
        await client.stream.send_all(b"anything")
        assert await client.stream.receive_some() == b""
    assert "stream connection 1 failed" in caplog.text
