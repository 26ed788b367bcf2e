"""thetatrio._stream.frames: frames taken apart, held against wsproto, whole and byte by byte."""

import struct
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.frame_protocol import FrameProtocol, Opcode

from thetatrio._stream.frames import FrameSplitter, masked_close, masked_texts

pytestmark = pytest.mark.core

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN, RSV1, RSV2, RSV3, MASKED = 0x80, 0x40, 0x20, 0x10, 0x80
SIZES = [0, 1, 2, 125, 126, 127, 300, 65_534, 65_535, 65_536, 70_000]


def frame(opcode, payload=b"", *, flags=FIN, mask=0):
    """A frame as a server sends it, or should not; other tests make theirs by this too."""
    size = len(payload)
    first = flags | opcode
    if size < 126:
        return struct.pack(">BB", first, mask | size) + payload
    if size <= 0xFFFF:
        return struct.pack(">BBH", first, mask | 126, size) + payload
    return struct.pack(">BBQ", first, mask | 127, size) + payload


def payload_of(size, seed=0):
    """Text of a size, different in every place."""
    letters = bytes(range(32, 127))
    return (letters[seed % 95 :] + letters * (size // 95 + 1))[:size]


def payload_in(data):
    """Return the payload of a frame."""
    return data[2 if data[1] < 126 else 4 if data[1] == 126 else 10 :]


def fragments(*pieces, opcode=TEXT, between=()):
    """One message in pieces, with other frames between them."""
    parts = [frame(opcode, pieces[0], flags=0)]
    for piece in pieces[1:-1]:
        parts += [*between, frame(CONTINUATION, piece, flags=0)]
    return [*parts, *between, frame(CONTINUATION, pieces[-1])]


def split_at(data, cuts):
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def feed_all(splitter, pieces):
    """Feed pieces one after the other; return all messages, and all that passed."""
    payloads, through = [], b""
    for piece in pieces:
        found, passed = splitter.feed(piece)
        payloads += found
        through += passed
    return payloads, through


def each_byte(data):
    return [data[place : place + 1] for place in range(len(data))]


def by_wsproto(data):
    """Return messages and the other frames, as wsproto reads them."""
    protocol = FrameProtocol(client=True, extensions=[])
    protocol.receive_bytes(data)
    messages, controls, message = [], [], b""
    for each in protocol.received_frames():
        if each.opcode in (Opcode.PING, Opcode.PONG):
            controls.append(frame(each.opcode, bytes(each.payload)))
            continue
        message += each.payload.encode() if isinstance(each.payload, str) else bytes(each.payload)
        if each.message_finished:
            messages.append(message)
            message = b""
    assert not message
    return messages, controls


def assert_coalesced(through, controls):
    """Hold what passed to be all control frames, but pings that another ping follows."""
    kept = []
    while through:
        end = 2 + through[1]
        kept.append(through[:end])
        through = through[end:]
    after = b" "
    for each in reversed(controls):
        if kept and kept[-1] == each:
            kept.pop()
        else:
            assert each[0] == after[0] == FIN | PING
        after = each
    assert not kept


sizes = st.one_of(st.integers(0, 200), st.sampled_from(SIZES))
payloads = st.builds(payload_of, sizes, st.integers(0, 94))
controls = st.builds(
    frame, st.sampled_from([PING, PING, PONG]), st.builds(payload_of, st.integers(0, 125))
)
messages = st.one_of(
    st.builds(lambda code, data: [frame(code, data)], st.sampled_from([TEXT, BINARY]), payloads),
    st.builds(
        lambda pieces, between: fragments(*pieces, between=between),
        st.lists(payloads, min_size=2, max_size=4),
        st.lists(controls, max_size=2),
    ),
    st.builds(lambda control: [control], controls),
)  # fmt: skip
traffic = st.lists(messages, max_size=8).map(lambda found: b"".join(b"".join(m) for m in found))
cuts = st.lists(st.integers(0, 600_000), max_size=12)


@given(traffic, cuts)
def test_regular_traffic_is_taken_apart_wherever_it_is_cut(data, cuts):
    """However the bytes arrive: every message whole and in order, and the control frames pass."""
    expected, controls = by_wsproto(data)
    splitter = FrameSplitter()
    found, through = feed_all(splitter, split_at(data, cuts))
    assert found == expected
    assert_coalesced(through, controls)
    assert (splitter.passing, splitter.oversize, splitter.partial) == (False, False, False)


@pytest.mark.parametrize("max_frame", [70_000, 1 << 20])
@pytest.mark.parametrize("size", SIZES)
def test_a_message_of_any_size_whole_and_byte_by_byte(size, max_frame):
    """Each form of a length is read, in one piece and in the smallest."""
    data = frame(TEXT, payload_of(size)) + frame(PONG, b"x") + frame(TEXT, payload_of(size, 7))
    expected = [payload_of(size), payload_of(size, 7)]
    edges = {*range(20), *range(len(data) // 2 - 20, len(data) // 2 + 20), len(data) - 1}
    for cuts in ((), range(len(data)) if size < 1000 else edges, [len(data) - 1]):
        splitter = FrameSplitter(max_frame)
        assert feed_all(splitter, split_at(data, cuts)) == (expected, frame(PONG, b"x"))
        assert not splitter.partial


@pytest.mark.parametrize("size", [0, 1, 125, 126, 300])
@pytest.mark.parametrize("opcode", [TEXT, PING])
def test_a_frame_ends_with_its_last_byte(size, opcode):
    """A frame is given as soon as it is whole, an empty one too, and not with the next one."""
    data = frame(opcode, payload_of(min(size, 125) if opcode == PING else size))
    for cut in range(len(data)):
        splitter = FrameSplitter()
        assert splitter.feed(data[:cut]) == ([], b"")
        given = splitter.feed(data[cut:])
        assert given == (([], data) if opcode == PING else ([payload_of(size)], b""))
        assert not splitter.partial


@pytest.mark.parametrize("step", [1, 2, 3, 7, 126, 4096])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_fragments_are_joined_with_pings_between(step, opcode):
    """A message in fragments is one message; control frames between them pass at once."""
    pieces = [payload_of(size, size) for size in (0, 1, 130, 0, 66_000, 3)]
    between = [frame(PONG, b"a"), frame(PING, b"b")]
    data = b"".join(fragments(*pieces, opcode=opcode, between=between)) + frame(TEXT, b"next")
    splitter = FrameSplitter()
    slices = [data[place : place + step] for place in range(0, len(data), step)]
    found, through = feed_all(splitter, slices)
    assert found == [b"".join(pieces), b"next"]
    assert_coalesced(through, between * 5)


def test_what_has_begun_is_known():
    """`partial` is true from the first byte of a message or frame up to its last."""
    parts = [
        *fragments(b"one", b"", b"two", between=[frame(PONG, b"!")]),
        frame(TEXT, b"three" * 40),
        frame(PING, b"four"),
    ]
    fragmented = len(b"".join(parts[:5]))
    ends = {sum(map(len, parts[:count])) for count in range(len(parts) + 1)}
    splitter = FrameSplitter()
    for place, byte in enumerate(each_byte(b"".join(parts)), 1):
        splitter.feed(byte)
        assert splitter.partial == (place < fragmented or place not in ends)


def test_pings_of_one_read_are_answered_once():
    """Of pings that lie before us together only the last passes, in its place among the others."""
    pings = [frame(PING, b"%d" % number) for number in range(1000)]
    splitter = FrameSplitter()
    assert splitter.feed(b"".join(pings)) == ([], pings[-1])
    assert splitter.feed(pings[0] + frame(TEXT, b"x") + pings[1]) == ([b"x"], pings[1])
    pong = frame(PONG, b"")
    assert splitter.feed(pings[0] + pong + pings[1]) == ([], pings[0] + pong + pings[1])
    assert feed_all(splitter, pings[:3]) == ([], b"".join(pings[:3])), "reads of their own"


IRREGULAR = {
    "masked text": frame(TEXT, b"x", mask=MASKED) + b"....",
    "masked ping": frame(PING, b"x", mask=MASKED) + b"....",
    "masked and long": frame(TEXT, bytes(300), mask=MASKED) + b"....",
    "RSV1": frame(TEXT, b"x", flags=FIN | RSV1),
    "RSV2": frame(TEXT, bytes(300), flags=FIN | RSV2),
    "RSV3 of a ping": frame(PING, b"x", flags=FIN | RSV3),
    "RSV1 in a continuation": frame(CONTINUATION, b"x", flags=RSV1),
    **{f"opcode {code}": frame(code, b"x") for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "a long ping": frame(PING, bytes(126)),
    "a very long pong": frame(PONG, bytes(70_000)),
    "a long close": frame(CLOSE, bytes(126)),
    "a ping in fragments": frame(PING, b"x", flags=0),
    "a close in fragments": frame(CLOSE, b"", flags=0),
    "a close with half a code": frame(CLOSE, b"\x03"),
    "no WebSocket at all": b"HTTP/1.1 400 Bad Request\r\n\r\n",
}
OUTSIDE = {
    "a continuation of nothing": frame(CONTINUATION, b"x"),
    "a long continuation of nothing": frame(CONTINUATION, bytes(300), flags=0),
}
INSIDE = {
    "a text within a message": frame(TEXT, b"x"),
    "a long text within a message": frame(TEXT, bytes(300)),
    "a binary within a message": frame(BINARY, b"x", flags=0),
}
TAIL = frame(TEXT, b"never a message") + b"\xff\x00" + frame(CLOSE, b"\x03\xe8") + frame(PING, b"?")


def assert_passes(before, message, irregular):
    """Hold a splitter to pass an irregular frame with all of its message, however it is cut."""
    expected, controls = by_wsproto(b"".join(before))
    begun = [part for part in message if part[0] & 0x0F in (TEXT, BINARY, CONTINUATION)]
    controls += [part for part in message if part not in begun]
    data = b"".join([*before, *message, irregular, TAIL])
    # Its fragments pass as one.
    joined = [frame(TEXT, b"".join(map(payload_in, begun)), flags=0)] if begun else []
    suffix = b"".join([*joined, irregular, TAIL])
    edge = len(data) - len(irregular) - len(TAIL)
    cut_at = [[], [edge], [edge + 1], [edge + 2], [edge + 1, edge + 2, edge + 3], range(len(data))]
    for cuts in cut_at:
        splitter = FrameSplitter()
        found, through = feed_all(splitter, split_at(data, cuts))
        assert found == expected
        assert through.endswith(suffix)
        assert splitter.irregular
        assert_coalesced(through.removesuffix(suffix), controls)
        assert splitter.passing
        assert not splitter.partial
        assert splitter.feed(frame(TEXT, b"more")) == ([], frame(TEXT, b"more"))


BEFORE = [frame(TEXT, b"good"), frame(PONG, b"1"), frame(TEXT, payload_of(300)), frame(PING, b"2")]
BEGUN = [
    frame(TEXT, b"begun", flags=0),
    frame(PONG, b"between"),
    frame(CONTINUATION, payload_of(200), flags=0),
]


@pytest.mark.parametrize("name", [*IRREGULAR, *OUTSIDE])
def test_an_irregular_frame_passes_and_all_after_it(name):
    """At the first frame that is not as it should be, every byte from it on passes, unchanged."""
    irregular = (IRREGULAR | OUTSIDE)[name]
    assert_passes([], [], irregular)
    assert_passes(BEFORE, [], irregular)


@pytest.mark.parametrize("name", [*IRREGULAR, *INSIDE])
def test_an_irregular_frame_in_a_message_takes_its_message_with_it(name):
    """What was kept of a message passes before the frame that spoils it, and nothing is lost."""
    irregular = (IRREGULAR | INSIDE)[name]
    assert_passes([], BEGUN[:1], irregular)
    assert_passes(BEFORE, BEGUN, irregular)


@given(st.binary(max_size=300), cuts)
def test_what_passes_and_what_is_taken_is_all_there_was(data, cuts):
    """Any bytes: nothing raises, and cutting them changes nothing but the answers to pings."""
    first, second = FrameSplitter(200), FrameSplitter(200)
    whole = feed_all(first, [data])
    cut = feed_all(second, split_at(data, cuts))
    assert whole[0] == cut[0]
    assert (first.passing, first.oversize, first.partial) == (
        second.passing, second.oversize, second.partial,
    )  # fmt: skip
    assert len(whole[1]) <= len(data)
    assert len(cut[1]) <= len(data)
    if first.passing and bytes([FIN | PING]) not in data:
        assert whole[1] == cut[1]


@pytest.mark.parametrize("step", [1, 2, 5, 10_000])
def test_a_close_ends_the_taking(step):
    """After a close frame every byte passes, whatever it looks like."""
    close = frame(CLOSE, b"\x03\xe8bye")
    data = frame(TEXT, b"last") + close + TAIL
    splitter = FrameSplitter()
    slices = [data[place : place + step] for place in range(0, len(data), step)]
    assert feed_all(splitter, slices) == ([b"last"], close + TAIL)
    assert splitter.passing
    assert not splitter.irregular


def test_pings_are_not_answered_after_our_close():
    """Once our close is being sent, pings go nowhere; messages, pongs and the close still come."""
    splitter = FrameSplitter()
    parts = [frame(PING, b"1"), frame(TEXT, b"x"), frame(PONG, b"2"), frame(CLOSE, b"\x03\xe8")]
    splitter.closing = True
    assert splitter.feed(b"".join(parts)) == ([b"x"], parts[2] + parts[3])


def kept(splitter):
    """Bytes that a splitter holds."""
    return len(splitter._waiting) + len(splitter._message)


def head_only(size):
    return struct.pack(">BBQ", FIN | TEXT, 127, size)


@pytest.mark.parametrize("size", [1001, 65_535, 65_536, 1 << 20, 1 << 40, (1 << 64) - 1])
def test_too_long_a_message_is_not_kept(size):
    """A longer one is known by its head; its bytes are thrown away, and so is all after it."""
    head = head_only(size)
    for pieces in ([head], each_byte(head)):
        splitter = FrameSplitter(1000)
        before = frame(TEXT, b"kept")
        assert feed_all(splitter, [before, *pieces]) == ([b"kept"], b"")
        assert splitter.oversize
        for _ in range(10):
            assert splitter.feed(bytes(10_000)[: max(0, min(size, 10_000))])[0] == []
            assert kept(splitter) < 16
            size -= 10_000


@pytest.mark.parametrize("step", [1, 3, 1000, 10_000])
def test_after_too_long_a_message_only_control_frames_pass(step):
    """Nothing is delivered any more, whole or in fragments; pings, pongs and the close pass."""
    data = b"".join([
        frame(TEXT, payload_of(1000)), frame(PONG, b"0"),
        frame(TEXT, payload_of(1001)), frame(PING, b"1"),
        frame(TEXT, b"small"), frame(PONG, b"2"),
        *fragments(b"a", b"b", b"c", between=[frame(PONG, b"3")]),
        frame(CONTINUATION, b"of what was thrown away"),
        frame(TEXT, b"begun", flags=0), frame(TEXT, payload_of(2000)),
        frame(CLOSE, b"\x03\xf1"), b"rest",
    ])  # fmt: skip
    splitter = FrameSplitter(1000)
    slices = [data[place : place + step] for place in range(0, len(data), step)]
    found, through = feed_all(splitter, slices)
    assert found == [payload_of(1000)]
    assert through == b"".join([
        frame(PONG, b"0"), frame(PING, b"1"), frame(PONG, b"2"), frame(PONG, b"3") * 2,
        frame(CLOSE, b"\x03\xf1"), b"rest",
    ])  # fmt: skip
    assert splitter.passing
    assert kept(splitter) == 0


@pytest.mark.parametrize("name", IRREGULAR)
def test_irregular_frames_pass_after_too_long_a_message_too(name):
    """What is not as it should be ends the taking, also where nothing is taken any more."""
    irregular = IRREGULAR[name] + TAIL
    data = frame(TEXT, payload_of(1001)) + irregular
    for pieces in ([data], each_byte(data)):
        splitter = FrameSplitter(1000)
        assert feed_all(splitter, pieces) == ([], irregular)
        assert splitter.passing


@pytest.mark.parametrize("last", [1, 300, 70_000])
@pytest.mark.parametrize("flags", [0, FIN])
@pytest.mark.parametrize("step", [1, 50, 100_000])
def test_fragments_that_sum_up_too_high_are_not_kept(last, flags, step):
    """The bound holds for a message, in however many frames it comes."""
    parts = fragments(payload_of(400), payload_of(300), payload_of(300))
    assert FrameSplitter(1000).feed(b"".join(parts)) == (
        [(payload_of(400) + payload_of(300) * 2)],
        b"",
    )
    too_long = [*parts[:2], frame(CONTINUATION, payload_of(300), flags=0)]
    too_long += [frame(PONG, b"x"), frame(CONTINUATION, payload_of(last), flags=flags)]
    data = b"".join(too_long)
    splitter = FrameSplitter(1000)
    slices = [data[place : place + step] for place in range(0, len(data), step)]
    assert feed_all(splitter, slices) == ([], frame(PONG, b"x"))
    assert splitter.oversize
    assert not splitter.partial
    assert kept(splitter) == 0
    assert splitter.feed(frame(TEXT, b"n") + frame(PONG, b"y")) == ([], frame(PONG, b"y"))


@pytest.mark.parametrize("times", [3, pytest.param(20, marks=pytest.mark.deep)])
def test_empty_fragments_take_no_memory(times):
    """A message of any number of empty fragments takes no memory, and is complete at its end."""
    splitter = FrameSplitter(1000)
    assert splitter.feed(frame(TEXT, b"a", flags=0)) == ([], b"")
    many = frame(CONTINUATION, b"", flags=0) * 10_000
    tracemalloc.start()
    try:
        for _ in range(times):
            assert splitter.feed(many) == ([], b"")
        assert tracemalloc.get_traced_memory()[0] < 20_000
    finally:
        tracemalloc.stop()
    assert splitter.partial
    assert splitter.feed(frame(CONTINUATION, b"b")) == ([b"ab"], b"")
    assert not splitter.partial


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_fragments_pass_as_one_before_an_irregular_frame(size):
    """What passes of an unfinished message is one fragment, of any size, that a parser accepts."""
    half = payload_of(size // 2), payload_of(size - size // 2)
    splitter = FrameSplitter()
    begun = frame(TEXT, half[0], flags=0) + frame(CONTINUATION, half[1], flags=0)
    assert splitter.feed(begun) == ([], b"")
    _, through = splitter.feed(frame(TEXT, b"within"))
    assert through == frame(TEXT, half[0] + half[1], flags=0) + frame(TEXT, b"within")


@pytest.mark.parametrize("max_frame", [1, 10, 65_534, 65_535, 65_536])
def test_the_bound_is_exact(max_frame):
    """A message of `max_frame` bytes is given, one of a byte more is not."""
    splitter = FrameSplitter(max_frame)
    longest = frame(TEXT, payload_of(max_frame))
    assert splitter.feed(longest * 2) == ([payload_of(max_frame)] * 2, b"")
    assert not splitter.oversize
    assert splitter.feed(longest + frame(TEXT, payload_of(max_frame + 1)) + longest) == (
        [payload_of(max_frame)], b"",
    )  # fmt: skip
    assert splitter.oversize


def read_by_a_server(data):
    protocol = FrameProtocol(client=False, extensions=[])
    protocol.receive_bytes(data)
    found, message = [], ""
    for each in protocol.received_frames():
        assert each.opcode is Opcode.TEXT
        message += each.payload
        if each.message_finished:
            found.append(message.encode())
            message = ""
    return found


@pytest.mark.parametrize("code", [1000, 1002, 1009, 4999])
def test_a_close_is_masked_too(code):
    """A server reads the code back."""
    protocol = FrameProtocol(client=False, extensions=[])
    protocol.receive_bytes(masked_close(code))
    (close,) = protocol.received_frames()
    assert (close.opcode, close.payload[0]) == (Opcode.CLOSE, code)


@given(st.lists(payloads, max_size=5))
def test_texts_are_masked_as_a_client_must(texts):
    """A server reads back what was sent, of any size, one message for each text."""
    assert read_by_a_server(masked_texts(texts)) == texts


def test_every_text_has_a_mask_of_its_own():
    """The same text sent twice looks different: masks are not to be foreseen."""
    data = masked_texts([b"0123456789" * 2] * 8)
    sent = {data[place : place + 26] for place in range(0, len(data), 26)}
    assert len(sent) == 8
    assert {each[:2] for each in sent} == {b"\x81\x94"}
    assert masked_texts([]) == b""
    assert read_by_a_server(masked_texts([b"", "é".encode()])) == [b"", "é".encode()]
