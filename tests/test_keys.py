"""Keys of gateways: sent to one origin, and shown nowhere."""

import base64
import copy
import io
import logging
import pickle
import traceback
from functools import partial

import pytest

import thetatrio
from tests.network import MemoryNetwork, Script, answer, scripted
from tests.stream_peer import AAPL, close_frame, response, status, streaming
from thetatrio.config import Config, Secret, key_from_environment, key_from_file
from thetatrio.errors import AuthenticationFailed, ForeignPage, InvalidConfig, PermissionDenied

pytestmark = pytest.mark.core

KEY = "sesame-open-0123456789"
ORIGIN = "http://127.0.0.1:25510"


def page(link):
    body = f'{{"results":[{{"a":1}}],"nextUrl":"{link}"}}'
    return answer(body.encode(), content_type="application/json")


def keys_sent(script):
    return [head.decode().lower().count(f"authorization: bearer {KEY}") for head in script.heads]


@pytest.fixture
def everything_said(caplog, capfd):
    """What is logged at DEBUG by anybody, and what is printed."""
    caplog.set_level(logging.DEBUG)
    return lambda: caplog.text + "".join(capfd.readouterr())


async def test_a_key_is_sent_to_its_origin_only(everything_said):
    """A redirect is an error and is not followed, by whatever status and to wherever."""
    for code in (301, 302, 303, 307, 308):
        moved = answer(b"", status=code, headers=[("Location", "http://evil.example/v2/x")])
        async with scripted(moved, base_url=ORIGIN, api_key=KEY) as (script, session):
            with pytest.raises(thetatrio.TerminalError) as caught:
                await session.get("/v2/x")
            assert keys_sent(script) == [1]
            assert script.network.connections == 1
            assert KEY not in "".join(traceback.format_exception(caught.value))
    assert KEY not in everything_said()


async def test_a_foreign_link_is_not_followed_with_a_key(everything_said):
    """A gateway's nextUrl elsewhere is ForeignPage; on this machine it is asked for here."""
    async with scripted(page("http://evil.example/v2/y"), page("null"), base_url=ORIGIN,
                        api_key=KEY) as (script, session):  # fmt: skip
        async with session.pages("/v2/x") as pages:
            assert [len(page.content) > 0 async for page in pages] == [True, True]
        assert script.targets == ["/v2/x", "/v2/y"]
        assert b"host: 127.0.0.1:25510" in script.heads[1].lower()
        assert keys_sent(script) == [1, 1]
    said = everything_said()
    assert "evil.example" in said
    assert KEY not in said


async def test_a_gateways_foreign_link_is_refused(nursery):
    """With a key for a gateway a link to another host ends the pages, and nothing is sent there."""
    hosts = []
    script = Script(page("https://evil.example/v2/y"))
    network = MemoryNetwork(nursery, script.serve)
    connect = network.connect_tcp

    async def noted(host, port, **rest):
        hosts.append(host)
        return await connect(host, port, **rest)

    network.connect_tcp = noted
    transport = network.transport()

    # Without TLS, which memory streams have not.
    async def handle(request):
        request.url = request.url.copy_with(scheme="http")
        return await type(transport).handle_async_request(transport, request)

    opened = thetatrio.open_session(
        base_url="https://gateway.example", api_key=KEY, transport=_Handing(handle, transport)
    )
    async with opened as session:
        async with session.pages("/v2/x") as pages:
            with pytest.raises(ForeignPage) as caught:
                await pages.receive()
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert hosts == ["gateway.example"]
    nursery.cancel_scope.cancel()


class _Handing:
    def __init__(self, handle, inner):
        self.handle_async_request = handle
        self.aclose = inner.aclose


@pytest.mark.parametrize(
    ("status", "error"), [(401, AuthenticationFailed), (403, PermissionDenied)]
)
async def test_an_error_page_does_not_show_the_key(status, error, everything_said):
    """401 and 403 are their errors; a refused key is neither in them nor in any log."""
    refused = answer(b"who are you?", status=status, content_type="text/plain")
    async with scripted(refused, base_url=ORIGIN, api_key=KEY) as (_, session):
        with pytest.raises(error) as caught:
            await session.get("/v2/x")
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    text = "".join(shown.format()) + repr(caught.value) + str(vars(caught.value))
    assert KEY not in text
    assert KEY not in repr(pickle.loads(pickle.dumps(caught.value)))
    assert KEY not in everything_said()


async def test_a_key_shows_nowhere(everything_said):
    """repr, str, copies, dictionaries, debug logs and tracebacks with locals say `***`."""
    async with scripted(answer(b"{}\n"), base_url=ORIGIN, api_key=KEY) as (_, session):
        logging.getLogger("anyone").debug("%r %s", session.config, session.config)
        await session.get("/v2/x")
        things = [session, session.config, vars(session), session.config.api_key]
        assert KEY not in repr(things) + str(things) + repr(copy.deepcopy(session.config))
        with pytest.raises(TypeError, match="THETATRIO_API_KEY"):
            pickle.dumps(session.config)
        with pytest.raises(TypeError):
            pickle.dump(session.config, io.BytesIO())
    said = everything_said()
    assert "***" in said
    assert KEY not in said


@pytest.mark.parametrize("url", ["http://gateway.example", "http://10.0.0.8:25510"])
def test_a_key_is_not_sent_in_the_clear(url):
    """Over plain http to another host a key is refused before anything is sent."""
    with pytest.raises(InvalidConfig, match="plain http") as caught:
        Config(base_url=url, api_key=KEY)
    assert KEY not in str(caught.value)


async def test_a_key_of_the_environment_is_held_to_the_same(monkeypatch):
    """THETATRIO_API_KEY stands in where no key is given; the vendor's own variable is not read."""
    monkeypatch.setenv("THETATRIO_API_KEY", KEY)
    async with scripted(answer(b"{}\n"), base_url=ORIGIN) as (script, session):
        await session.get("/v2/x")
        assert keys_sent(script) == [1]
        assert KEY not in repr(session.config)
    async with scripted(answer(b"{}\n"), base_url=ORIGIN, api_key="other") as (script, session):
        await session.get("/v2/x")
        assert keys_sent(script) == [0]
    with pytest.raises(InvalidConfig, match="plain http"):
        async with thetatrio.open_session(base_url="http://gateway.example"):
            pass
    monkeypatch.delenv("THETATRIO_API_KEY")
    monkeypatch.setenv("THETADATA_API_KEY", KEY)
    assert key_from_environment() is None


B64 = base64.b64encode(b"user:" + KEY.encode())
PART, BASIC = KEY[:12], B64.decode()[8:24]
ECHO = b"denied <" + KEY.encode() + b"> <" + B64 + b"> <" + KEY.encode()[:12]


def moved(code):
    return answer(ECHO, status=code, headers=[("Location", f"http://evil.example/{KEY}")])


REPEATED = {
    **{f"an error {code}": answer(ECHO, status=code) for code in (401, 403, 404, 429, 471, 500)},
    "a status of no meaning": answer(ECHO, status=418),
    "a redirect": moved(302),
    "a web page": answer(ECHO, content_type=f"text/html; {KEY}"),
    "another type": answer(ECHO, content_type=f"text/{KEY}"),
    "garbage": answer(b'{"a":' + ECHO + b"\n"),
    "a wrong cell": answer(b'{"symbol":' + KEY.encode() + b"}\n"),
    "another encoding": answer(ECHO, headers=[("Content-Encoding", KEY)]),
    "a header that is none": b"HTTP/1.1 200 OK\r\n" + ECHO + b"\r\n\r\n",
    "no HTTP": ECHO + b"\r\n\r\n",
    "its name": answer(ECHO, status=403, headers=[("Server", KEY)]),
}


# Bodies of 200 are data: what decodes them has pieces of them in its locals.
DATA = ("another type", "garbage", "a wrong cell")


def everything_of(error, *, capture_locals=True):
    shown = traceback.TracebackException.from_exception(error, capture_locals=capture_locals)
    return "".join(shown.format()) + repr(error) + repr(vars(error))


@pytest.mark.parametrize("name", REPEATED)
async def test_a_server_that_repeats_the_key_does_not_show_it(
    tmp_path, name, everything_said, autojump_clock
):
    """Errors, their causes and locals, logs and a download's files are without the key."""
    retry = thetatrio.RetryPolicy(max_attempts=1)
    options = {"base_url": ORIGIN, "api_key": Secret(KEY), "retry": retry}
    async with scripted(REPEATED[name], **options) as (_, session):
        query = session.stock.history_ohlc("AAPL", date="2024-11-01", interval="1m")
        calls = [
            query.fetch,
            partial(session.query(query.request).save, tmp_path / "a.csv"),
            partial(session.download(query, tmp_path / "data", format="csv").run),
            session.terminal.mdds_status,
        ]
        errors = []
        for call in calls:
            try:
                await call()
            except thetatrio.ThetaDataError as error:
                errors.append(everything_of(error, capture_locals=name not in DATA))
        logging.getLogger("anyone").debug("%r %r", session.server, session)
    said = "".join(errors) + everything_said()
    said += "".join(each.read_text() for each in (tmp_path / "data").rglob("*") if each.is_file())
    assert len(errors) >= 2
    assert not any(each in said for each in (KEY, PART, BASIC))


async def test_rows_that_repeat_the_key_are_in_no_frame_of_their_error():
    """What is wrong in an answer is said without the frames that hold the answer."""
    names = "timestamp,open,high,low,close,volume,count,vwap"
    line = answer(f"{names}\r\n{KEY},1\r\n".encode(), content_type="text/csv")
    key = Secret(KEY)
    async with scripted(line, base_url=ORIGIN, api_key=key) as (_, session):
        query = session.stock.history_ohlc("AAPL", date="2024-11-01", interval="1m")
        for call in (query.fetch, session.query(query.request).arrow):
            with pytest.raises(thetatrio.DecodeError, match="2 cells for 8 columns") as caught:
                await call()
            error = caught.value
            shown = traceback.TracebackException.from_exception(error, capture_locals=True)
            # This function's own frame has the answer.
            said = "".join(f"{each.locals}" for each in shown.stack if "tests" not in each.filename)
            while shown.__cause__ is not None or shown.__context__ is not None:
                shown = shown.__cause__ or shown.__context__
                said += "".join(shown.format())
            assert KEY not in said + repr(error) + repr(vars(error))


@pytest.mark.parametrize("where", ["nextUrl", "another page"])
async def test_a_link_that_repeats_the_key_does_not_show_it(where, everything_said):
    """A gateway may put the key into its links; they are followed, and no message has it."""
    link = f"{ORIGIN}/v2/x?apiKey={KEY}"
    headers = [("Next-Page", link + "&other=1")] if where == "another page" else []
    body = f'{{"results":[{{"a":1}}],"nextUrl":"{link}"}}'.encode()
    loop = answer(body, content_type="application/json", headers=headers)
    async with scripted(loop, base_url=ORIGIN, api_key=KEY) as (_, session):
        async with session.pages("/v2/x") as pages:
            with pytest.raises(thetatrio.DecodeError) as caught:
                async for _ in pages:
                    pass
    assert KEY not in str(caught.value) + everything_said()


TOKEN = "signed-777777-token"
LINK = f"{ORIGIN}/v2/x?sig={TOKEN}"
BAD_LINKS = {
    "a loop": [page(LINK), page(LINK)],
    "two links": [
        answer(
            f'{{"results":[],"nextUrl":"{LINK}"}}'.encode(),
            content_type="application/json",
            headers=[("Next-Page", LINK + "&other=1")],
        )
    ],
    "a fragment": [page(LINK + "#top")],
    "a list": [
        answer(f'{{"results":[],"nextUrl":["{LINK}"]}}'.encode(), content_type="application/json")
    ],
    "an error": [page(LINK), answer(b"no", status=500)],
    "truncated JSON": [page(LINK)[:-1] + b" "],
    "a cut": [page(LINK), ("cut", page(LINK)[:-5])],
}


@pytest.mark.parametrize("name", BAD_LINKS)
async def test_a_token_in_a_link_is_in_no_frame(name, everything_said):
    """A link's query may be a token nobody knows of: no message and no local of a frame has it."""
    retry = thetatrio.RetryPolicy(max_attempts=1)
    async with scripted(*BAD_LINKS[name], base_url=ORIGIN, retry=retry) as (_, session):
        async with session.pages("/v2/x") as pages:
            with pytest.raises(thetatrio.ThetaDataError) as caught:
                async for _ in pages:
                    pass
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    said = str(caught.value)
    while shown is not None:  # this function's own frame is without the values
        said += "".join(f"{each.locals}" for each in shown.stack if "tests" not in each.filename)
        shown = shown.__cause__ or shown.__context__
    assert TOKEN not in said


async def test_a_request_that_is_cut_shows_no_header(everything_said):
    """The HTTP library's frames have the headers in their locals: with a key they are left out."""
    retry = thetatrio.RetryPolicy(max_attempts=1)
    async with scripted(("cut", b""), base_url=ORIGIN, api_key=KEY, retry=retry) as (_, session):
        with pytest.raises(thetatrio.ConnectionLost) as caught:
            await session.get("/v2/x")
    assert caught.value.__cause__ is not None
    assert KEY not in everything_of(caught.value) + everything_said()


@pytest.mark.parametrize("code", [401, 403, 404, 429, 500, 503])
async def test_a_stream_that_repeats_the_key_does_not_show_it(
    code, autojump_clock, everything_said
):
    """A refused handshake's body is in the error, without the key, however long it is."""

    async def refuses(peer):
        await peer.reject(code, b"x" * 190 + b" <" + KEY.encode() + b"> " + B64)

    policy = thetatrio.ReconnectPolicy(max_attempts=1)
    options = {"base_url": "http://127.0.0.1:25510", "api_key": Secret(KEY), "reconnect": policy}
    async with streaming(refuses, **options) as (_, session):
        states = []
        async with session.stream.states() as channel:
            with pytest.raises(thetatrio.ThetaDataError) as caught:
                async with session.stream.trades(AAPL):
                    pass
            for _ in range(2):
                states.append(await channel.receive())
    said = everything_of(caught.value) + repr(states) + everything_said()
    assert PART not in said


async def test_messages_of_a_stream_do_not_show_the_key(autojump_clock, everything_said):
    """A status, a refusal, an unknown kind, garbage, a close: states and notices are without it."""

    async def repeats(peer):
        await peer.accept()
        await peer.send_texts(status())
        await peer.obey()

    options = {"base_url": "http://127.0.0.1:25510", "api_key": Secret(KEY)}
    async with streaming(repeats, **options) as (terminal, session):
        async with session.stream.states() as channel, session.stream.trades(AAPL) as feed:
            peer = terminal.peer
            notices = feed.with_notices()
            await peer.send_texts(KEY.encode(), b'{"header":{"type":"%s"}}' % KEY.encode())
            seen = [await notices.receive()]
            await peer.send_texts(status(f"DISCONNECTED {KEY}"))
            seen.append(await notices.receive())
            await peer.send_texts(response(peer.commands[0].number, KEY))
            await peer.cut(close_frame(4000, f"bye {KEY}"))
            seen += [await channel.receive() for _ in range(5)]
            seen.append(session.stream.statistics())
    assert "***" in repr(seen)
    assert KEY not in repr(seen) + everything_said()


def test_a_key_file_holds_one_key(tmp_path):
    """A file's key is held as a Secret; a file that holds none, or several, is refused unshown."""
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    assert key_from_file(str(file)) == Secret(KEY)
    for content in ("", f"{KEY}\n{KEY}", f"{KEY} x"):
        file.write_text(content)
        with pytest.raises(InvalidConfig) as caught:
            key_from_file(str(file))
        assert KEY not in str(caught.value)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidConfig, match="cannot be read"):
        key_from_file(str(file))
    with pytest.raises(InvalidConfig, match="cannot be read"):
        key_from_file(str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("script", "api", "targets"),
    [
        ([answer(b"CONNECTED", content_type="text/plain")], "v3", ["/v3/terminal/mdds/status"]),
        (
            [answer(b"no", status=404, content_type="text/plain")],
            "v2",
            ["/v3/terminal/mdds/status"],
        ),
        (
            [answer(b"busy", status=429, content_type="text/plain")],
            "v3",
            ["/v3/terminal/mdds/status"],
        ),
    ],
)
async def test_auto_asks_once(script, api, targets):
    """`api="auto"` with a URL is one status call; a v2 terminal does not know v3's path."""
    async with scripted(*script, api="auto", base_url="http://127.0.0.1:9999") as (seen, session):
        assert session.config.api == api
        assert session.config.base_url == "http://127.0.0.1:9999"
        assert seen.targets == targets


async def test_auto_tries_v3s_port_and_then_v2s():
    """Without a URL, 25503 is asked first and then 25510; nobody there is one error."""
    up = answer(b"CONNECTED", content_type="text/plain")
    async with scripted(up, api="auto", refusals=1) as (seen, session):
        assert session.config.api == "v2"
        assert session.config.base_url == "http://127.0.0.1:25510"
        assert seen.targets == ["/v2/system/mdds/status"]
    with pytest.raises(thetatrio.ConnectError, match=r"25503.*And neither.*25510"):
        async with scripted(up, api="auto", refusals=2):
            pass


async def test_auto_looks_nowhere_else_for_a_url_that_was_given():
    """With a URL, nobody there is the error of that URL, and v2's port is not asked."""
    url = "http://127.0.0.1:9999"
    up = answer(b"CONNECTED", content_type="text/plain")
    with pytest.raises(thetatrio.ConnectError, match="9999") as caught:
        async with scripted(up, api="auto", base_url=url, refusals=1):
            pass
    assert "And neither" not in str(caught.value)


@pytest.mark.parametrize(("code", "error"), [(401, AuthenticationFailed), (403, PermissionDenied)])
async def test_auto_raises_what_refuses_its_status_call(code, error):
    """Who refuses the key is not taken for a v3 terminal: the session does not open."""
    refusal = answer(b"not you", status=code, content_type="text/plain")
    with pytest.raises(error, match="not you"):
        async with scripted(refusal, api="auto", base_url="http://127.0.0.1:9999"):
            pass


def test_the_default_port_is_that_of_the_dialect():
    """v2 terminals listen at 25510; a URL that is given is kept."""
    assert Config(api="v2").base_url == "http://127.0.0.1:25510"
    assert Config(api="v2", base_url="http://127.0.0.1:7").base_url == "http://127.0.0.1:7"
    assert Config(api="v2", tier="pro").effective_slots == 4
    assert Config(api="v2", tier="free").effective_slots == 1
