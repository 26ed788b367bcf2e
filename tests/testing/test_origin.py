"""thetatrio.testing._origin: programs may use a simulated terminal, web pages may not."""

from __future__ import annotations

import h11
import pytest
from wsproto.events import Request

import thetatrio
from tests.testing.client import STATUS, connected, small
from tests.testing.stream_client import raw_connection
from thetatrio.testing import open_terminal
from thetatrio.testing._origin import refusal_of

SHUTDOWN = "/v3/terminal/shutdown"
OWN = "127.0.0.1:25503"

TAKEN = {
    "a program": {"host": OWN},
    "a program that says localhost": {"host": "localhost:25503"},
    "IPv6": {"host": "[::1]:25503"},
    "another loopback address": {"host": "127.0.0.2"},
    "no host at all": {},
    "a page of its own address": {"host": OWN, "origin": f"http://{OWN}"},
    "a page of localhost at its port": {"host": OWN, "origin": "http://localhost:25503"},
    "a page of its own that loads an image": {"host": OWN, "referer": f"http://{OWN}/page"},
    "an address that was typed": {"host": OWN, "sec-fetch-site": "none"},
    "a page of its own at the usual port": {"host": "localhost", "origin": "http://localhost"},
}
REFUSED = {
    "a rebound name": {"host": "evil.example:25503"},
    "a name that looks like ours": {"host": "localhost.evil.example:25503"},
    "an address that looks like ours": {"host": "127.0.0.1.evil.example"},
    "a host that is none": {"host": "[::1:25503"},
    "another site": {"host": OWN, "origin": "http://evil.example"},
    "another site at its port": {"host": OWN, "origin": "http://evil.example:25503"},
    "another server of this machine": {"host": OWN, "origin": "http://localhost:3000"},
    "a file or a frame": {"host": OWN, "origin": "null"},
    "an origin that is none": {"host": OWN, "origin": "http://[::1"},
    "an image of another site": {"host": OWN, "referer": "http://evil.example/"},
    "a link of another site": {"host": OWN, "sec-fetch-site": "cross-site"},
    "a link of another port": {"host": OWN, "sec-fetch-site": "same-site"},
    "a rebound name and its page": {
        "host": "evil.example:25503",
        "origin": "http://evil.example:25503",
        "sec-fetch-site": "same-origin",
    },
}


async def status_of_request(terminal, headers, path=SHUTDOWN):
    """Return the status of a request with exactly these headers."""
    async with connected(terminal) as client:
        request = h11.Request(
            method="GET", target=path, headers=list(headers.items()), http_version="1.1"
        )
        data = client.http.send(request) + client.http.send(h11.EndOfMessage())
        await client.stream.send_all(data)
        return await client.answer()


async def status_of_handshake(terminal, headers):
    """Return the status of a WebSocket handshake with these headers."""
    async with raw_connection(terminal) as client:
        extra = [
            (name.encode(), value.encode()) for name, value in headers.items() if name != "host"
        ]
        target = terminal.stream.path
        request = Request(host=headers["host"], target=target, extra_headers=extra)
        client.send_once = client.send

        async def send(_):
            await client.send_once(request)

        client.send = send
        await client.handshake()
        return client.status


@pytest.mark.parametrize("headers", TAKEN.values(), ids=TAKEN)
async def test_programs_and_own_pages_are_served(headers):
    """No Origin, or one of this machine at the terminal's own port, is served."""
    assert refusal_of(headers, ()) is None
    if "host" in headers:  # HTTP/1.1 has one
        terminal = small()
        assert (await status_of_request(terminal, headers)).status == 200
        assert terminal.shut_down.is_set()
        assert await status_of_handshake(small(), headers) == 101


@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)
async def test_web_pages_of_other_sites_are_refused(headers):
    """A foreign Host, Origin or referring page is 403: it reads nothing and shuts nothing down."""
    terminal = small()
    answer = await status_of_request(terminal, headers)
    assert answer.status == 403
    assert answer.text.startswith("Refused: ")
    assert "access-control-allow-origin" not in answer.headers
    assert not terminal.shut_down.is_set()
    assert await status_of_handshake(terminal, headers) == 403
    assert terminal.stream.connections == ()
    # The refused host does not become the one that the terminal is addressed by.
    assert (await status_of_request(terminal, {"host": OWN}, STATUS)).status == 200


@pytest.mark.parametrize("allow_hosts", ["Terminal.Internal", ["x", "terminal.internal"]])
async def test_hosts_can_be_allowed(allow_hosts):
    """A terminal in a container is reached by another name, which `allow_hosts` takes."""
    for headers in (
        {"host": "terminal.internal:8080"},
        {"host": "TERMINAL.internal.", "origin": "https://terminal.internal"},
        {"host": OWN, "origin": "http://terminal.internal:3000", "sec-fetch-site": "cross-site"},
    ):
        terminal = small(allow_hosts=allow_hosts)
        assert (await status_of_request(terminal, headers, STATUS)).status == 200
        assert await status_of_handshake(terminal, headers) == 101
        assert (await status_of_request(terminal, REFUSED["another site"])).status == 403


async def test_a_session_by_another_name_is_told_what_to_do():
    """A program that uses a name of its own for the terminal gets the option's name."""
    async with open_terminal(contracts=12) as terminal:
        options = {"base_url": terminal.url, "stream_url": terminal.stream_url}
        async with thetatrio.open_session(headers={"Origin": "http://me"}, **options) as session:
            with pytest.raises(thetatrio.PermissionDenied, match="allow_hosts"):
                await session.stock.list_symbols()


async def test_a_handshake_without_end_is_not_kept(monkeypatch):
    """Of a handshake only so much is looked at as one may have."""
    from thetatrio.testing._stream import wire

    monkeypatch.setattr(wire, "_LONGEST_HEAD", 64)
    terminal = small()
    async with raw_connection(terminal) as client:
        await client.stream.send_all(b"GET / HTTP/1.1\r\nHost: evil.example\r\n" + b"X: y\r\n" * 99)
        await client.stream.aclose()
    assert terminal.stream.connections == ()
