"""thetatrio._stream.fast_lane: a trio stream to the letter, that takes the messages out."""

import socket
import struct
from itertools import pairwise

import pytest
import trio
import trio_websocket
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import check_two_way_stream, wait_all_tasks_blocked
from wsproto.frame_protocol import FrameProtocol

from tests.test_stream_frames import (
    CLOSE,
    PING,
    PONG,
    TEXT,
    fragments,
    frame,
    payload_of,
    read_by_a_server,
)
from thetatrio._stream.fast_lane import READ_SIZE, FastLane
from thetatrio.testing import memory_stream_pair

pytestmark = pytest.mark.core

HEAD = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
IDLE, MESSAGE = 10.0, 30.0


class Recorded(FastLane):
    """A fast lane over one end of a pair; `peer` is the other, `reads` the lists delivered."""

    def __init__(self, capacity=1 << 20, stream=None, **options):
        self.reads = []
        ours, self.peer = memory_stream_pair(capacity)
        super().__init__(stream or ours, lambda found: self.reads.append(list(found)), **options)

    @property
    def messages(self):
        return [message for read in self.reads for message in read]

    async def upgrade(self):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.peer.send_all, HEAD)
            head = b""
            while head != HEAD:
                head += await self.receive_some()
        assert self.upgraded
        return self

    async def rest(self, max_bytes=None):
        """Return what passes up to the end."""
        pieces = []
        while piece := await self.receive_some(max_bytes):
            assert max_bytes is None or len(piece) <= max_bytes
            pieces.append(piece)
        return b"".join(pieces)


async def upgraded(**options):
    return await Recorded(**options).upgrade()


@pytest.mark.parametrize("handshake", [False, True], ids=["before", "after"])
async def test_it_is_a_stream(handshake):
    """trio's own check of streams passes before and after the handshake, with and without room."""

    async def made(capacity):
        lane = Recorded(capacity)
        if handshake:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(lane.upgrade)
        return lane, lane.peer

    async def roomy():
        return await made(1 << 16)

    async def clogged():
        lane, peer = await made(16)
        await lane.send_all(bytes(16))
        await peer.send_all(bytes(16))
        return lane, peer

    await check_two_way_stream(roomy, clogged)


@pytest.mark.parametrize("wrong", [0, -1])
async def test_a_read_of_nothing_is_refused(wrong):
    """Less than a byte cannot be asked for."""
    with pytest.raises(ValueError):
        await Recorded().receive_some(wrong)


MIXED = [
    frame(TEXT, b"one"), frame(PING, b"p" * 125), frame(TEXT, payload_of(300)),
    frame(PONG, b""), *fragments(b"a", payload_of(700), b"c", between=[frame(PONG, b"between")]),
    frame(TEXT, payload_of(66_000)), frame(PING, b"!"), frame(TEXT, b""), frame(CLOSE, b"\x03\xe8"),
]  # fmt: skip
MESSAGES = [b"one", payload_of(300), b"a" + payload_of(700) + b"c", payload_of(66_000), b""]
THROUGH = b"".join([
    frame(PING, b"p" * 125), frame(PONG, b""), frame(PONG, b"between") * 2, frame(PING, b"!"),
    frame(CLOSE, b"\x03\xe8"),
])  # fmt: skip


@pytest.mark.parametrize("max_bytes", [1, 2, 3, 7, 1000, 1 << 20, None])
@pytest.mark.parametrize("capacity", [1 << 20, 61])
async def test_no_more_than_asked_for_is_given(max_bytes, capacity):
    """Each piece has at most `max_bytes`; together they are all that is no message, in order."""
    lane = Recorded(capacity)
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def send():
            await lane.peer.send_all(HEAD + b"".join(MIXED) + b"after the close")
            await lane.peer.send_eof()

        assert await lane.rest(max_bytes) == HEAD + THROUGH + b"after the close"
    assert lane.messages == MESSAGES
    assert lane.bytes_read == len(HEAD + b"".join(MIXED) + b"after the close")


@pytest.mark.parametrize("step", [1, 2, 3, 7])
async def test_slices_of_the_stream_make_no_difference(step):
    """A stream that arrives in the smallest pieces gives the messages of one that comes whole."""
    lane = Recorded(step)
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def send():
            few = [part for part in MIXED if len(part) < 60_000]
            await lane.peer.send_all(HEAD + b"".join(few))
            await lane.peer.send_eof()

        assert await lane.rest() == HEAD + THROUGH
    assert lane.messages == [message for message in MESSAGES if len(message) < 60_000]


@settings(max_examples=settings.default.max_examples // 2)
@given(st.lists(st.integers(1, 2000), max_size=30), st.integers(1, 5000))
def test_cuts_of_the_handshake_and_of_frames_make_no_difference(sizes, max_bytes):
    """Wherever the bytes are cut, and whatever is asked for, the messages are the same."""

    async def main():
        lane = Recorded()
        data = HEAD + b"".join(MIXED)
        edges = [0]
        for size in sizes:
            edges.append(min(len(data), edges[-1] + size))
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def send():
                for start, end in pairwise([*edges, len(data)]):
                    await lane.peer.send_all(data[start:end])
                    await wait_all_tasks_blocked()
                await lane.peer.aclose()

            assert await lane.rest(max_bytes) == HEAD + THROUGH
        assert lane.messages == MESSAGES

    trio.run(main)


async def test_the_messages_of_one_read_are_one_delivery():
    """64 KiB of frames that arrive together are handed over together, in order."""
    lane = await upgraded()
    texts = [b"%06d" % number * 20 for number in range(64 * 1024 // 122)]
    await lane.peer.send_all(b"".join(frame(TEXT, text) for text in texts))
    await lane.peer.send_all(frame(PONG, b""))
    assert await lane.receive_some() == frame(PONG, b"")
    assert lane.reads == [texts]


async def test_messages_that_come_with_the_handshake_are_not_lost():
    """Frames behind the answer's head in one read are taken out of it."""
    lane = Recorded()
    await lane.peer.send_all(HEAD + frame(TEXT, b"early") + frame(PING, b"x"))
    assert await lane.receive_some() == HEAD + frame(PING, b"x")
    assert lane.reads == [[b"early"]]


async def test_read_sizes_are_as_told():
    """After the handshake each read asks for what `read_size` says then."""
    sizes = [10]
    lane = await upgraded(read_size=lambda: sizes[0])
    await lane.peer.send_all(frame(TEXT, b"12345678") * 3 + frame(PONG, b""))
    assert await lane.receive_some() == frame(PONG, b"")
    assert lane.reads == [[b"12345678"]] * 3
    sizes[0] = READ_SIZE
    await lane.peer.send_all(frame(TEXT, b"12345678") * 3 + frame(PONG, b""))
    await lane.receive_some()
    assert lane.reads[3:] == [[b"12345678"] * 3]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", 200),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", 503),
        (b"HTTP/1.1 abc Nonsense\r\n\r\n", None),
        (b"\r\n\r\n", None),
        (b"", None),
        (b"x" * 70_000 + HEAD, None),
    ],
    ids=["200", "503", "words", "blank", "nothing", "without end"],
)
@pytest.mark.parametrize("capacity", [1 << 20, 10_000, 5])
async def test_an_answer_that_is_no_upgrade_passes_whole(head, status, capacity):
    """Without a 101 no byte is taken as a frame; the status is known where there is one."""
    body = frame(TEXT, b"no message")
    lane = Recorded(capacity)
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def send():
            await lane.peer.send_all(head + body)
            await lane.peer.aclose()

        assert await lane.rest() == head + body
    assert (lane.status, lane.upgraded, lane.messages) == (status, False, [])


# Clocks


async def until_broken(lane):
    """Read until the connection is given up; return when."""
    with pytest.raises(trio.BrokenResourceError):
        while True:
            assert await lane.receive_some()
    assert lane.ended.is_set()
    return trio.current_time()


async def send_at(lane, *times_and_data):
    for when, data in times_and_data:
        await trio.sleep_until(when)
        await lane.peer.send_all(data)


async def test_silence_ends_it(autojump_clock):
    """Without a message for `idle_timeout` the connection is given up then, and says why."""
    lane = await upgraded(idle_timeout=IDLE)
    assert await until_broken(lane) == IDLE
    assert lane.reason == "no message for 10 s"


async def test_messages_keep_it(autojump_clock):
    """Each message begins the silence anew."""
    lane = await upgraded(idle_timeout=IDLE)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(send_at, lane, *((9.5 * n, frame(TEXT, b"x")) for n in range(1, 11)))
        assert await until_broken(lane) == 95 + IDLE
    assert lane.message_at == 95
    assert len(lane.messages) == 10


@pytest.mark.parametrize("control", [PING, PONG])
@pytest.mark.parametrize("every", [0.5, 5.0])
async def test_control_frames_are_no_messages(autojump_clock, control, every):
    """A peer that sends nothing but pings or pongs is given up all the same."""
    lane = await upgraded(idle_timeout=IDLE)
    async with trio.open_nursery() as nursery:
        times = [every * n for n in range(1, int(30 / every))]
        nursery.start_soon(send_at, lane, *((when, frame(control, b"x")) for when in times))
        assert await until_broken(lane) == IDLE
        nursery.cancel_scope.cancel()


async def test_a_flood_of_pings_does_not_keep_it(autojump_clock):
    """A hundred thousand pings in each second are read, and do not starve the clock."""
    lane = await upgraded(idle_timeout=1.0)
    flood = frame(PING, b"x" * 20) * 10_000
    async with trio.open_nursery() as nursery:
        nursery.start_soon(send_at, lane, *((n / 10, flood) for n in range(1, 20)))
        assert await until_broken(lane) == 1.0
        nursery.cancel_scope.cancel()
    assert lane.bytes_read >= 9 * len(flood)


@pytest.mark.parametrize("text", [frame(TEXT, payload_of(300)), b"".join(fragments(*[b"x"] * 40))])
async def test_a_message_has_a_deadline_of_its_own(autojump_clock, text):
    """Once a message has begun, `message_deadline` from its first byte is what counts."""
    lane = await upgraded(idle_timeout=IDLE, message_deadline=MESSAGE)
    async with trio.open_nursery() as nursery:
        drips = [(5 + n, text[n : n + 1]) for n in range(len(text))]
        nursery.start_soon(send_at, lane, *drips)
        assert await until_broken(lane) == 5 + MESSAGE
        nursery.cancel_scope.cancel()
    assert lane.reason == "a message was not complete after 30 s"
    assert lane.messages == []


async def test_a_slow_message_in_time_is_a_message(autojump_clock):
    """A message that takes longer than `idle_timeout` and not too long is given; silence begins."""
    lane = await upgraded(idle_timeout=IDLE, message_deadline=MESSAGE)
    text = frame(TEXT, payload_of(300))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(
            send_at, lane, (9, text[:100]), (20, text[100:200]), (38.5, text[200:] + text[:50]),
            (60, frame(PONG, b"no, this is inside of a text")),  # and does not end it
        )  # fmt: skip
        assert await until_broken(lane) == 38.5 + MESSAGE
    assert lane.messages == [payload_of(300)]


async def test_pings_between_fragments_do_not_move_the_deadline(autojump_clock):
    """Control frames inside of a message pass, and it must be complete in time all the same."""
    lane = await upgraded(idle_timeout=IDLE, message_deadline=MESSAGE)
    async with trio.open_nursery() as nursery:
        pings = [(n, frame(PING, b"x")) for n in range(2, 60)]
        nursery.start_soon(send_at, lane, (1, frame(TEXT, b"begun", flags=0)), *pings)
        assert await until_broken(lane) == 1 + MESSAGE
        nursery.cancel_scope.cancel()


async def test_the_handshake_has_no_clock_of_ours(autojump_clock):
    """Before it is done, silence is a matter of the caller's deadline."""
    lane = Recorded(idle_timeout=IDLE, message_deadline=MESSAGE)
    with trio.move_on_after(1000) as scope:
        await lane.receive_some()
    assert scope.cancelled_caught
    await lane.upgrade()
    assert lane.message_at == 1000
    assert await until_broken(lane) == 1000 + IDLE


class Socket(trio.abc.Stream):
    """Bytes that lie in a socket, whose reader is woken only by a deadline: the loop was busy."""

    def __init__(self):
        self.data = [HEAD]
        self.wakes = trio.Event()

    async def receive_some(self, max_bytes=None):
        await trio.lowlevel.checkpoint()
        while not self.data:
            await self.wakes.wait()
            self.wakes = trio.Event()
        return self.data.pop(0)

    async def send_all(self, data):
        raise NotImplementedError

    async def wait_send_all_might_not_block(self):
        raise NotImplementedError

    async def aclose(self):
        await trio.lowlevel.checkpoint()


async def busy(clock, seconds, socket, *data):
    """Keep the loop busy: time passes, bytes arrive, and nobody is told."""
    await wait_all_tasks_blocked()
    socket.data += data
    clock.jump(seconds)


@pytest.mark.parametrize("begun", [b"", frame(TEXT, b"begun")[:3]], ids=["between", "in a message"])
async def test_who_wakes_late_reads_first(autojump_clock, begun):
    """A program that blocks its loop for three times a timeout finds its messages, and goes on."""
    socket = Socket()
    lane = Recorded(stream=socket, idle_timeout=IDLE, message_deadline=IDLE)
    assert await lane.receive_some() == HEAD
    rest = frame(TEXT, b"begun")[len(begun) :]
    socket.data += [begun] if begun else []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(busy, autojump_clock, 3 * IDLE, socket, rest, frame(PONG, b"x"))
        assert await lane.receive_some() == frame(PONG, b"x")
    assert lane.messages == [b"begun"]
    assert trio.current_time() == 3 * IDLE
    assert await until_broken(lane) == 4 * IDLE, "and from then on the clock is the same"


@pytest.mark.parametrize("begun", [b"", frame(TEXT, b"begun")[:3]], ids=["between", "in a message"])
async def test_who_wakes_late_to_nothing_gives_up(autojump_clock, begun):
    """Where nothing lies in the socket, the silence was the peer's."""
    socket = Socket()
    lane = Recorded(stream=socket, idle_timeout=IDLE, message_deadline=MESSAGE)
    assert await lane.receive_some() == HEAD
    socket.data += [begun] if begun else []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(busy, autojump_clock, 3 * MESSAGE, socket)
        assert 3 * MESSAGE < await until_broken(lane) < 3 * MESSAGE + 0.2
    assert lane.reason == (
        "a message was not complete after 30 s" if begun else "no message for 10 s"
    )


async def test_who_always_wakes_late_gives_up_all_the_same(autojump_clock):
    """A program that keeps its loop busy again and again does not wait for ever for a dead peer."""
    socket = Socket()
    lane = Recorded(stream=socket, idle_timeout=IDLE)
    assert await lane.receive_some() == HEAD

    async def always_busy():
        while True:
            await busy(autojump_clock, 0.2, socket)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(busy, autojump_clock, 3 * IDLE, socket)
        nursery.start_soon(always_busy)
        with trio.fail_after(100):
            assert await until_broken(lane) < 3 * IDLE + 1
        nursery.cancel_scope.cancel()


async def test_who_wakes_late_is_not_kept_by_pings(autojump_clock):
    """After a late waking, pings in quick succession are no reason to wait for ever."""
    socket = Socket()
    lane = Recorded(stream=socket, idle_timeout=IDLE)
    assert await lane.receive_some() == HEAD

    async def ping():
        await busy(autojump_clock, 3 * IDLE, socket)
        while True:
            socket.data.append(frame(PING, b"x"))
            socket.wakes.set()
            await trio.sleep(0.02)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ping)
        with trio.fail_after(100):
            assert await until_broken(lane) < 3 * IDLE + 1
        nursery.cancel_scope.cancel()


# Room


class Room:
    """Lets the reader wait."""

    def __init__(self):
        self.waits = []
        self.asked = 0

    async def __call__(self):
        self.asked += 1
        if self.waits:
            await trio.sleep(self.waits.pop(0))


async def test_time_without_room_is_no_silence(autojump_clock):
    """While reading is held back, the peer is not blamed for it."""
    room = Room()
    lane = await upgraded(idle_timeout=IDLE, room=room)
    room.waits = [100, 50]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(send_at, lane, (101, frame(PONG, b"")))
        assert await until_broken(lane) == 100 + 50 + IDLE


async def test_time_without_room_is_none_of_a_messages(autojump_clock):
    """A message that has begun is not late because nobody read it."""
    room = Room()
    lane = await upgraded(idle_timeout=IDLE, message_deadline=MESSAGE, room=room)
    text = frame(TEXT, payload_of(300))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(send_at, lane, (1, text[:100]), (8, text[100:200]))
        nursery.start_soon(until_broken_at, lane, 1 + 1000 + MESSAGE)
        await trio.sleep(2)
        room.waits = [1000]


async def test_what_lay_unread_may_have_arrived_when_reading_stopped(autojump_clock):
    """After a wait for room a message is as old as the wait; the next one is of its moment."""
    room, seen = Room(), []
    lane = await upgraded(idle_timeout=IDLE, room=room)
    deliver = lane._deliver
    lane._deliver = lambda messages: (seen.append(lane.arrived_at), deliver(messages))
    text = frame(TEXT, payload_of(300))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(send_at, lane, (2, text), (50, text), (105, text))
        nursery.start_soon(until_broken, lane)
        await trio.sleep(1)
        room.waits = [100]  # from the second second on
        await trio.sleep_until(106)
        nursery.cancel_scope.cancel()
    assert seen == [2, 2, 105]


async def until_broken_at(lane, when):
    assert await until_broken(lane) == when


async def test_reading_waits_for_room():
    """Without room nothing is read; what has passed already is given without asking."""
    gate = trio.Event()
    gate.set()

    async def room():
        await gate.wait()

    lane = await upgraded(capacity=200, room=room)
    gate = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lane.peer.send_all, frame(TEXT, b"x" * 100) * 10 + frame(PING, b"123"))

        @nursery.start_soon
        async def read():
            assert await lane.receive_some(2) == frame(PING, b"123")[:2]

        await wait_all_tasks_blocked()
        assert lane.messages == []
        gate.set()
    assert len(lane.messages) == 10
    gate = trio.Event()
    assert await lane.receive_some(100) == b"123"


# How it ends


async def test_the_end_of_the_stream_is_told():
    """When the peer ends, an empty piece says so, again and again, and `ended` is set."""
    lane = await upgraded()
    await lane.peer.send_all(frame(TEXT, b"x"))
    await lane.peer.send_eof()
    assert await lane.receive_some() == b""
    assert await lane.receive_some() == b""
    assert lane.messages == [b"x"]
    assert lane.ended.is_set()
    assert lane.reason == "the terminal ended the connection"


async def test_a_reset_is_told():
    """A connection that breaks raises what trio's streams raise, and `ended` is set."""
    lane = await upgraded()
    lane.peer.reset()
    await until_broken(lane)
    assert lane.reason == "the connection broke (connection reset by peer)"


class Broken(Socket):
    def __init__(self, error):
        super().__init__()
        self.error = error

    async def receive_some(self, max_bytes=None):
        await trio.lowlevel.checkpoint()
        raise trio.BrokenResourceError from self.error


@pytest.mark.parametrize(
    ("error", "reason"),
    [(OSError(104, "reset"), "the connection broke ([Errno 104] reset)"),
     (None, "the connection broke")],
)  # fmt: skip
async def test_the_reason_is_the_systems(error, reason):
    """What the operating system said is the reason; where it said nothing, there is no more."""
    lane = Recorded(stream=Broken(error))
    await until_broken(lane)
    assert lane.reason == reason


@pytest.mark.parametrize("close", [FastLane.aclose, FastLane.aclose_forcefully])
async def test_closing_ends_it(close):
    """Closing ends the reading of another task, closes the bytes below, and is a reason."""
    lane = await upgraded()
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def read():
            with pytest.raises(trio.ClosedResourceError):
                await lane.receive_some()

        await wait_all_tasks_blocked()
        await close(lane)
    with pytest.raises(trio.ClosedResourceError):
        await lane.send_all(b"x")
    assert lane.ended.is_set()
    assert lane.reason == "closed"
    assert await lane.peer.receive_some() == b""


async def test_who_reads_what_was_closed_below_is_told():
    """Also where the bytes were closed by somebody else, the reason is known."""
    ours, _ = memory_stream_pair()
    lane = Recorded(stream=ours)
    await ours.aclose()
    with pytest.raises(trio.ClosedResourceError):
        await lane.receive_some()
    assert lane.ended.is_set()
    assert lane.reason == "closed"


async def test_the_first_reason_counts(autojump_clock):
    """What ended a connection stays the reason when it is closed after that."""
    lane = await upgraded(idle_timeout=IDLE)
    await until_broken(lane)
    await lane.aclose()
    assert lane.reason == "no message for 10 s"


# Too long a message


async def test_too_long_a_message_is_told_and_not_kept():
    """`oversized` is set at its head, nothing is delivered any more, control frames still pass."""
    lane = await upgraded(max_frame=1000)
    long = frame(TEXT, payload_of(70_000))
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def send():
            await lane.peer.send_all(frame(TEXT, b"good") + long[:10])
            await lane.oversized.wait()
            await lane.peer.send_all(long[10:] + long + frame(TEXT, b"x") + frame(PING, b"p"))

        assert await lane.receive_some() == frame(PING, b"p")
    assert lane.messages == [b"good"]
    assert lane.reason == "a message was longer than 1000 bytes"
    assert not lane.ended.is_set()
    await lane.peer.send_all(frame(TEXT, b"y") + frame(CLOSE, b"\x03\xf1"))
    assert await lane.receive_some() == frame(CLOSE, b"\x03\xf1")
    assert lane.messages == [b"good"]


# Sending


async def test_texts_are_sent_as_masked_frames():
    """Several texts are one write, each a message that a server can read."""
    lane = await upgraded()
    texts = [b"one", payload_of(300), payload_of(70_000), b""]
    await lane.send_texts(texts)
    assert read_by_a_server(await lane.peer.receive_some()) == texts


async def test_sending_takes_turns():
    """Texts and trio-websocket's frames never mix, also where the peer reads slowly."""
    lane = await upgraded(capacity=64)
    masked = FrameProtocol(client=True, extensions=[])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lane.send_texts, [b"a" * 300, b"b" * 300])
        await wait_all_tasks_blocked()
        nursery.start_soon(lane.send_all, masked.send_data("c" * 300, fin=True))
        await wait_all_tasks_blocked()
        nursery.start_soon(lane.send_texts, [b"d" * 300])
        await wait_all_tasks_blocked()
        with pytest.raises(trio.BusyResourceError):
            await lane.send_all(b"x")
        with pytest.raises(trio.BusyResourceError):
            await lane.wait_send_all_might_not_block()
        data = b""
        while len(data) < 4 * 308:
            data += await lane.peer.receive_some()
    assert read_by_a_server(data) == [letter * 300 for letter in (b"a", b"b", b"c", b"d")]
    await lane.wait_send_all_might_not_block()


async def test_a_cancelled_sender_lets_the_next_one_send():
    """Who gives up waiting for its turn leaves nothing behind."""
    lane = await upgraded(capacity=16)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lane.send_texts, [b"a" * 90])
        await wait_all_tasks_blocked()
        with trio.move_on_after(0):
            await lane.send_all(b"never sent")
        with trio.move_on_after(0):
            await lane.send_texts([b"never sent"])
        nursery.start_soon(lane.send_texts, [b"b" * 90])
        data = b""
        while len(data) < 2 * 96:
            data += await lane.peer.receive_some()
    assert read_by_a_server(data) == [b"a" * 90, b"b" * 90]


async def test_pings_are_not_answered_while_closing():
    """Nothing may follow our close, so that pings pass no more from then on."""
    lane = Recorded()
    lane.close_soon()
    await lane.upgrade()
    assert not lane.irregular
    await lane.peer.send_all(frame(PING, b"1"))
    assert await lane.receive_some() == frame(PING, b"1")
    lane.close_soon()
    await lane.peer.send_all(frame(PING, b"2") + frame(TEXT, b"x") + frame(CLOSE, b"\x03\xe8"))
    assert await lane.receive_some() == frame(CLOSE, b"\x03\xe8")
    assert lane.messages == [b"x"]


# With trio-websocket above


async def test_trio_websocket_refuses_what_is_irregular():
    """A message within a message reaches trio-websocket with all that it needs to refuse it."""
    lane = Recorded()
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def serve():
            request = await trio_websocket.wrap_server_stream(nursery, lane.peer)
            assert isinstance(request, trio_websocket.WebSocketRequest)
            server = await request.accept()
            await server.send_message("whole")
            bad = frame(TEXT, b"begun", flags=0) + frame(PONG, b"") + frame(TEXT, b"within")
            await lane.peer.send_all(bad)

        client = await trio_websocket.wrap_client_stream(nursery, lane, "localhost", "/")
        with pytest.raises(trio_websocket.ConnectionClosed) as caught:
            await client.get_message()
        assert caught.value.reason.code == 1002
        assert lane.irregular
        await lane.aclose()
    assert lane.messages == [b"whole"]


async def test_trio_websocket_answers_pings_and_closes():
    """Between messages that it never sees, trio-websocket answers pings and the close."""
    lane = Recorded()
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def serve():
            request = await trio_websocket.wrap_server_stream(nursery, lane.peer)
            assert isinstance(request, trio_websocket.WebSocketRequest)
            server = await request.accept()
            for number in range(100):
                await server.send_message(str(number))
                if number % 10 == 0:
                    await server.ping(b"%d" % number)
            await server.aclose(1000, "enough")

        client = await trio_websocket.wrap_client_stream(nursery, lane, "localhost", "/")
        with pytest.raises(trio_websocket.ConnectionClosed) as caught:
            await client.get_message()
        assert caught.value.reason.code == 1000
    assert lane.messages == [b"%d" % number for number in range(100)]


# Messages that are taken by themselves, and sockets


async def test_messages_that_are_taken_by_themselves_keep_it(autojump_clock):
    """A message begins the silence anew, whoever took it; one that was not taken is delivered."""
    taken = []

    def take(payloads, data, position):
        taken.extend(payloads)
        taken.append(data[position:])
        return len(data) if data.endswith(b"x") else position

    lane = await upgraded(idle_timeout=IDLE, take=take)
    async with trio.open_nursery() as nursery:
        texts = [(9, frame(TEXT, b"x")), (18, frame(TEXT, b"y")), (27, frame(PONG, b""))]
        nursery.start_soon(send_at, lane, *texts)
        assert await until_broken(lane) == 18 + IDLE
    assert taken == [data for _, data in texts]
    assert lane.messages == [b"y"]


async def upgraded_socket():
    """Return a lane over a real socket, past its handshake, and the socket's other end."""
    ours, theirs = map(trio.SocketStream, trio.socket.socketpair())
    lane = Recorded(stream=ours)
    await theirs.send_all(HEAD)
    assert await lane.receive_some() == HEAD
    return lane, theirs


async def test_a_socket_is_read_to_its_end():
    """Over a real socket messages are delivered as they come, and its end is its end."""
    lane, theirs = await upgraded_socket()
    async with theirs:
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def send():
                for number in range(100):
                    await theirs.send_all(frame(TEXT, b"%d" % number))
                    await trio.lowlevel.checkpoint()
                await theirs.send_eof()

            assert await lane.receive_some() == b""
    assert lane.messages == [b"%d" % number for number in range(100)]
    assert lane.reason == "the terminal ended the connection"
    await lane.aclose()


async def test_nothing_is_lost_where_reading_a_socket_is_cancelled():
    """Whoever is cancelled while reading has taken nothing that the next reader would miss."""
    lane, theirs = await upgraded_socket()
    async with theirs, lane:
        for number in range(20):
            with trio.CancelScope() as scope:
                await theirs.send_all(frame(TEXT, b"%d" % number))
                scope.cancel()
                await lane.receive_some()
            assert scope.cancelled_caught
        await theirs.send_all(frame(PONG, b""))
        assert await lane.receive_some() == frame(PONG, b"")
    assert lane.messages == [b"%d" % number for number in range(20)]


async def test_a_socket_that_is_closed_is_read_no_more():
    """ClosedResourceError, for who reads it then and for who begins later."""
    lane, theirs = await upgraded_socket()
    async with theirs:
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def close():
                await wait_all_tasks_blocked()
                await lane.aclose()

            with pytest.raises(trio.ClosedResourceError):
                await lane.receive_some()
        with pytest.raises(trio.ClosedResourceError):
            await lane.receive_some()


async def test_a_socket_that_breaks_says_why():
    """A reset is a broken connection, with the system's word for it."""
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    async with listener:
        ours = await trio.testing.open_stream_to_socket_listener(listener)
        theirs = await listener.accept()
    lane = Recorded(stream=ours)
    await theirs.send_all(HEAD)
    assert await lane.receive_some() == HEAD
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await theirs.aclose()
    with pytest.raises(trio.BrokenResourceError):
        await lane.receive_some()
    assert lane.reason.startswith("the connection broke (")
    await lane.aclose()
