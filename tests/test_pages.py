"""thetatrio._rest.pages: which link to a next page is followed, and what is never asked for."""

import logging
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thetatrio._rest.pages import Replay, Trail, envelope_of, links_of
from thetatrio.errors import DecodeError, ForeignPage

pytestmark = pytest.mark.core

HERE = "http://127.0.0.1:25510"
GATEWAY = "https://gateway.example"


def follow(*links, base=HERE, has_key=False, first="/v2/hist/stock/eod?root=A"):
    return Trail(base, has_key=has_key, first=first).follow(links)


@pytest.mark.parametrize("nothing", [None, "", "null", "NULL", " null "])
def test_the_last_page_names_none(nothing):
    """The text `null`, JSON's null and an absent link all mean that there is no more."""
    assert follow(nothing, None) is None


@pytest.mark.parametrize(
    ("link", "target"),
    [
        (f"{HERE}/v2/page/7f3a", "/v2/page/7f3a"),
        (f"{HERE}/v2/page?id=7&x=%2F", "/v2/page?id=7&x=%2F"),
        ("/v2/page/2", "/v2/page/2"),
        ("?page=2", "/v2/hist/stock/eod?page=2"),
        ("page/2", "/v2/hist/stock/page/2"),
        (f"{HERE}/v2/a/../page//2/./3", "/v2/page/2/3"),
        (f"{HERE}/v2/page/2/", "/v2/page/2/"),
        ("HTTP://127.0.0.1:25510/v2/page/2", "/v2/page/2"),
    ],
)
def test_of_a_link_path_and_query_are_used(link, target):
    """Whatever form a link has, what is asked for is its path and its query as they are."""
    assert follow(link) == target


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:25510@evil.example/v2/page/2",
        "http://user:word@127.0.0.1:25510/v2/page/2",
        "http://@127.0.0.1:25510/v2/page/2",
        "https://127.0.0.1:25510/v2/page/2",
        "ftp://127.0.0.1:25510/v2/page/2",
        "javascript:alert(1)",
        "file:///v2/page",
        f"{HERE}/v2/page/2#top",
        f"{HERE}/v2/page/2#",
        f"{HERE}/v2/page\r\nX: 1",
        f"{HERE}/v2/page\t2",
        f"{HERE}/v2/page 2",
        f"{HERE}/v2/page\x002",
        f"{HERE}/v2/p\xe4ge",
        f"{HERE}\\@evil.example/v2/page",
        f"{HERE}/v2\\page",
        "http://127.0.0.1:port/v2/page",
        "http://[::1/v2/page",
        "http:///v2/page",
        "http:/v2/page",
        "/v2/" + "x" * 20_000,
        f"{HERE}/v2/system/terminal/shutdown",
        f"{HERE}/v2/SYSTEM/mdds/status",
        f"{HERE}/v2/%73ystem/terminal/shutdown",
        f"{HERE}/v2/%2573ystem/terminal/shutdown",
        f"{HERE}/v2/system;a=b/terminal/shutdown",
        f"{HERE}/v2/page/../system/terminal/shutdown",
        f"{HERE}/v2/page/%2e%2e/system/terminal/shutdown",
        f"{HERE}/v2/page%2f..%2fsystem",
        f"{HERE}/v2/page%5c..",
        f"{HERE}/v2/page%00",
        f"{HERE}/v2/../v3/terminal/shutdown",
        f"{HERE}/v3/terminal/shutdown",
        f"{HERE}/v3/stock/list/symbols",
        f"{HERE}/v2",
        f"{HERE}/v2/",
        f"{HERE}/",
        f"{HERE}/v20/page",
        "/../v2/page",
        "../../../../v2/page",
    ],
)
def test_other_links_are_refused(link):
    """A link that leads elsewhere, that reads in two ways, or that ends the terminal is refused."""
    with pytest.raises(ForeignPage):
        follow(link)


def test_the_terminals_own_control_is_refused_under_a_base_path_too():
    """A gateway's path before it does not make a shutdown a page."""
    base = f"{GATEWAY}/theta"
    assert follow(f"{base}/data?cursor=2", base=base) == "/data?cursor=2"
    assert follow(f"{base}/v2/page/2", base=base) == "/v2/page/2"
    assert follow(f"{GATEWAY}/v2/page/2", base=base) == "/v2/page/2"
    for path in ("/theta/v2/system/terminal/shutdown", "/theta/../admin", "/other/page", "/theta"):
        with pytest.raises(ForeignPage):
            follow(GATEWAY + path, base=base)


@pytest.mark.parametrize(
    "link",
    [
        "http://localhost:25510/v2/page/2",
        "http://evil.example/v2/page/2",
        "//evil.example/v2/page/2",
        "http://127.0.0.1:9/v2/page/2",
        "http://127.0.0.1/v2/page/2",
    ],
)
def test_a_foreign_host_is_told_of_once_and_not_asked(link, caplog):
    """On this machine another host in a link is logged once; the page is asked for here."""
    trail = Trail(HERE, has_key=True, first="/v2/x")
    with caplog.at_level(logging.WARNING, "thetatrio"):
        assert trail.follow([link]) == "/v2/page/2"
        assert trail.follow([link.replace("/2", "/3")]) == "/v2/page/3"
    assert len(caplog.records) == 1
    assert "pages are said to be at" in caplog.text


def test_a_gateways_key_stays_at_the_gateway():
    """With a key a link to another host is refused; without one it is followed here."""
    link = "https://evil.example/v2/page/2"
    assert follow(link, base=GATEWAY) == "/v2/page/2"
    with pytest.raises(ForeignPage, match="gateway.example only"):
        follow(link, base=GATEWAY, has_key=True)
    with pytest.raises(ForeignPage, match="another scheme"):
        follow("http://gateway.example/v2/page/2", base=GATEWAY, has_key=True)
    same = f"{GATEWAY}:443/v2/page/2"
    assert follow(same, base=GATEWAY, has_key=True) == "/v2/page/2"
    assert follow("https://GATEWAY.example./v2/page/2", base=GATEWAY, has_key=True) == "/v2/page/2"


def test_a_link_that_is_no_text_is_refused():
    """A number where a link is expected is no page, and not the end either."""
    with pytest.raises(DecodeError, match="not a text but int"):
        follow(7)


def test_two_links_must_be_one():
    """Body and header may spell one page differently, and may not name two."""
    assert follow(f"{HERE}/v2/page/2", "http://localhost:25510/v2/page/2") == "/v2/page/2"
    assert follow("null", "/v2/page/2") == "/v2/page/2"
    with pytest.raises(DecodeError, match="two different pages"):
        follow("/v2/page/2", "/v2/page/3")


def test_a_circle_is_noticed():
    """A page that was there before, the first one too, is an error and not asked for again."""
    trail = Trail(HERE, has_key=False, first="/v2/first?root=A")
    for target in ("/v2/page/2", "/v2/page/3"):
        assert trail.follow([target]) == target
    for target in ("/v2/page/3", "/v2/page/2", "/v2/first?root=A", "/v2/x/../page/2"):
        with pytest.raises(DecodeError, match="circle"):
            trail.follow([target])


@given(st.text(max_size=60) | st.from_regex(r"(https?:)?(//[a-z@:\\.0-9]*)?[/.a-z%25;2ef]*"))
def test_nothing_but_a_page_is_ever_asked_for(link):
    """Whatever a link says: a path under /v2/ of this origin, the end, or an error."""
    try:
        target = follow(link)
    except (ForeignPage, DecodeError):
        return
    if target is not None:
        assert target.startswith("/v2/")
        assert target.isascii()
        assert target.isprintable()
        path = target.partition("?")[0].lower()
        assert not {"..", ".", "system", "terminal"} & set(path.split("/"))


def test_pages_of_every_form_say_where_the_next_one_is():
    """The old terminal's envelope, the gateway's, and a header alone."""
    old = envelope_of(b'{"header":{"next_page":"/v2/a","error_type":"null"},"response":[[1]]}')
    gateway = envelope_of(b'{"results":[{"a":1}],"nextUrl":"/v2/b"}')
    assert [link for link in links_of(old, None) if link] == ["/v2/a"]
    assert [link for link in links_of(gateway, None) if link] == ["/v2/b"]
    assert [link for link in links_of(None, "/v2/c") if link] == ["/v2/c"]
    assert (old.rows, gateway.rows) == (b"[[1]]", b'[{"a":1}]')
    for body in (b'{"header":', b"[1]", b'{"header":{"format":7}}', b"\xff"):
        with pytest.raises(DecodeError):
            envelope_of(body)


def cut(data, places):
    edges = [0, *sorted(places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


@given(st.binary(max_size=200), st.data())
def test_what_was_handed_out_is_not_handed_out_again(data, draw):
    """However the pages are cut, before and after: no byte lost, repeated or out of order."""
    places = st.lists(st.integers(0, len(data)), max_size=5)
    first, second = cut(data, draw.draw(places)), cut(data, draw.draw(places))
    replay, got = Replay(), b""
    for piece in first[: draw.draw(st.integers(0, len(first)))]:
        got += replay.take(piece) or b""
    replay.restart()
    for piece in second:
        got += replay.take(piece) or b""
    assert got == data
    assert replay.is_whole
    assert replay.length == len(data)


@given(st.binary(min_size=1, max_size=200), st.data())
def test_other_bytes_are_noticed(data, draw):
    """One byte that is another the second time is never handed out."""
    place = draw.draw(st.integers(0, len(data) - 1))
    other = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    replay = Replay()
    replay.take(data)
    replay.restart()
    assert replay.take(other + b"more") is None
    replay.restart()
    assert replay.take(data[:-1]) == b""
    assert not replay.is_whole
