"""thetatrio._rest.gzip_decoder: compressed answers, whatever a gateway makes of them."""

from __future__ import annotations

import gzip
import time
import zlib

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from tests.network import answer, scripted
from tests.test_answer import BODY, history, prices
from thetatrio._rest.gzip_decoder import GzipDecoder, content_codings
from thetatrio.errors import DecodeError

pytestmark = pytest.mark.core

GATEWAY = "http://gateway.example"


def decoded(*chunks):
    """Return what the decoder makes of a body that arrives in these chunks."""
    decoder = GzipDecoder(("gzip",))
    pieces = []
    for chunk in chunks:
        decoder.feed(chunk)
        while not decoder.needs_input:
            pieces.append(decoder.take())
    decoder.finish()
    assert max(map(len, pieces), default=0) <= 1 << 16
    return b"".join(pieces)


def compressed(body, *, encoding="gzip", members=1, **how):
    size = -(-len(body) // members)
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    headers = [("Content-Encoding", encoding)] if encoding is not None else []
    return answer(b"".join(map(gzip.compress, pieces)), headers=headers, **how)


@given(st.lists(st.binary(max_size=300)), st.lists(st.integers(0, 10**6), max_size=6))
def test_all_members_are_read_wherever_the_chunks_end(members, places):
    """A gzip body is its members, one after the other, in chunks of any size (RFC 1952, 2.2)."""
    body = b"".join(map(gzip.compress, [b"", *members]))
    ends = sorted(place % (len(body) + 1) for place in places)
    chunks = [body[a:b] for a, b in zip([0, *ends], [*ends, len(body)], strict=True)]
    assert decoded(*chunks) == b"".join(members)


@pytest.mark.parametrize("members", [1, 2, 7])
@pytest.mark.parametrize("chunks", [None, 1000])
async def test_rows_of_all_members_arrive(members, chunks):
    """A query of an answer of several members has the rows of all of them."""
    line = compressed(BODY, members=members, chunks=chunks)
    async with scripted(line, base_url=GATEWAY) as (_, session):
        assert len(await history(session)) == 1000


@pytest.mark.parametrize(
    "tail", [b"x", b"\0", b"\0" * 512, b"\x1f", b"\x1f\x8b", gzip.compress(b"more", mtime=0)[:-1]]
)
def test_bytes_after_the_last_member_that_are_no_member_are_an_error(tail):
    """What follows a member is another one, or the answer is refused. So is zero padding."""
    body = gzip.compress(BODY, mtime=0)
    with pytest.raises(DecodeError, match="after member 1|truncated"):
        decoded(body + tail)
    with pytest.raises(DecodeError, match="after member 1|truncated"):
        decoded(body, tail)


@pytest.mark.parametrize("size", [0, 1, 5, 17, -1, -8])
def test_a_member_that_does_not_end_is_an_error(size):
    """A body that ends within a member, or before the first one, is truncated."""
    body = gzip.compress(BODY, mtime=0)
    with pytest.raises(DecodeError, match="truncated"):
        decoded(body[:size])
    with pytest.raises(DecodeError, match="truncated") if size else pytest.raises(DecodeError):
        decoded(body + (body[:size] if size else b"x"))


def test_a_wrong_checksum_is_an_error():
    """A member whose content is not what it was compressed from is refused, with its bytes."""
    body = bytearray(gzip.compress(BODY, mtime=0))
    body[-5] ^= 1
    with pytest.raises(DecodeError, match="incorrect data check") as caught:
        decoded(bytes(body))
    assert 0 < len(caught.value.first_bytes) <= 256


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, ()),
        ("", ()),
        (" ", ()),
        ("identity", ()),
        ("Identity, ,", ()),
        ("gzip", ("gzip",)),
        (" GZip ", ("gzip",)),
        ("X-Gzip", ("x-gzip",)),
        ("identity, gzip", ("gzip",)),
        ("gzip, GZIP", ("gzip", "gzip")),
        ("deflate,br", ("deflate", "br")),
    ],
)
def test_names_of_codings_are_read_as_http_has_them(header, expected):
    """Content-Encoding is a list of case-insensitive names; identity and nothing are no coding."""
    assert content_codings(header) == expected


@pytest.mark.parametrize("encoding", ["GZIP", "x-gzip", "identity, gzip", "gzip,"])
async def test_gzip_is_decoded_however_it_is_spelled(encoding):
    """Any spelling of gzip is decoded."""
    async with scripted(compressed(BODY, encoding=encoding), base_url=GATEWAY) as (_, session):
        assert len(await history(session)) == 1000


@pytest.mark.parametrize("encoding", ["", "IDENTITY", "identity,identity"])
async def test_no_coding_is_no_coding_however_it_is_spelled(encoding):
    """An answer that is said to be encoded by nothing is read as it is."""
    line = answer(BODY, headers=[("Content-Encoding", encoding)])
    async with scripted(line) as (_, session):
        assert len(await history(session)) == 1000


@pytest.mark.parametrize("encoding", ["deflate", "br", "zstd", "gzip, gzip", "gzip, br"])
async def test_other_codings_are_refused_by_name(encoding):
    """A coding that was not requested is a DecodeError that names it, whatever the body is."""
    body = (
        gzip.compress(gzip.compress(BODY, mtime=0))
        if encoding == "gzip, gzip"
        else zlib.compress(BODY)
    )
    line = answer(body, headers=[("Content-Encoding", encoding)])
    async with scripted(line, base_url=GATEWAY) as (_, session):
        with pytest.raises(DecodeError, match=f"'{encoding}'.* was not requested"):
            await history(session)


async def test_two_header_lines_are_one_list():
    """Codings in two header lines are two codings."""
    headers = [("Content-Encoding", "gzip"), ("Content-Encoding", "gzip")]
    line = answer(gzip.compress(gzip.compress(BODY, mtime=0)), headers=headers)
    async with scripted(line, base_url=GATEWAY) as (_, session):
        with pytest.raises(DecodeError, match="'gzip, gzip'"):
            await history(session)


async def test_a_member_proves_no_end():
    """The end of a member does not prove that there are no others: without length or chunks the
    answer is refused.
    """
    body = gzip.compress(prices(10)) + gzip.compress(prices(10))
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Encoding: gzip\r\n\r\n"
    )
    async with scripted(("cut", head + body), base_url=GATEWAY) as (_, session):
        with pytest.raises(DecodeError, match="neither a length nor chunks"):
            await history(session)


async def test_other_tasks_run_while_a_small_body_inflates_to_a_large_one():
    """A bomb is inflated piece by piece, with a checkpoint between two pieces."""
    turns = 0

    async def count():
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    line = compressed(bytes(32 << 20), content_type="application/octet-stream")
    async with scripted(line, base_url=GATEWAY) as (_, session), trio.open_nursery() as nursery:
        nursery.start_soon(count)
        answered = await session.get("/v3/x")
        nursery.cancel_scope.cancel()
        assert len(answered.content) == 32 << 20
        assert turns >= 32 << 20 >> 16


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda size: gzip.compress(b"", mtime=0) * (size // 20), id="members"),
        pytest.param(lambda size: gzip.compress(bytes(size * 100), 1)[:size], id="zeros"),
        pytest.param(
            lambda size: gzip.compress(b"a" * 100, mtime=0) * (size // 24), id="more members"
        ),
    ],
)
def test_the_time_is_linear_in_the_size_of_a_chunk(make):
    """One chunk of any size is decoded in time that grows with its size, not with its square."""

    def seconds(size):
        decoder = GzipDecoder(("gzip",))
        decoder.feed(make(size))
        start = time.process_time()
        while not decoder.needs_input:
            decoder.take()
        return time.process_time() - start

    few = min(seconds(1 << 17) for _ in range(3))
    assert seconds(1 << 20) < 8 * few * 4 + 0.1


def test_a_call_does_a_bounded_amount_of_work():
    """Of a chunk with a thousand members no call decodes more than a piece."""
    decoder = GzipDecoder(("gzip",))
    decoder.feed(gzip.compress(b"abc", mtime=0) * 1000)
    calls = 0
    while not decoder.needs_input:
        assert len(decoder.take()) <= 1 << 16
        calls += 1
    assert calls >= 1000
    decoder.finish()
