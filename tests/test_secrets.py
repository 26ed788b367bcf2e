"""thetatrio._secrets: keys and passwords that show nowhere."""

from __future__ import annotations

import asyncio
import base64
import copy
import gc
import html
import json
import logging
import pickle
import traceback
from collections.abc import Mapping
from urllib.parse import quote

import msgspec
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

import thetatrio
from thetatrio import _secrets, aio, errors, sync
from thetatrio._secrets import (
    HiddenHeaders,
    Secret,
    hide_causes,
    redact,
    redact_bytes,
    redact_record,
    redact_url,
    sealing,
    shown_url,
)
from thetatrio.config import Config, key_from_file
from thetatrio.errors import InvalidConfig, ThetaDataError

pytestmark = pytest.mark.core

KEY = "s3cr3t-KEY/9f8e7d+x"


@pytest.fixture(autouse=True)
def no_other_secrets(monkeypatch):
    """Secrets of other tests, which tracebacks keep alive for a while, are not looked for."""
    monkeypatch.setattr(_secrets, "_LIVE", [])


def shown(error):
    """Return all that a traceback with locals, an error's repr and its attributes show."""
    text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    return text + repr(error) + repr(vars(error))


async def on_trio(make):
    args, options = make()
    del make
    block = thetatrio.open_session(*args, **options)
    del args, options
    async with block:
        pass


async def on_asyncio(make):
    args, options = make()
    del make
    block = aio.open_session(*args, **options)
    del args, options
    async with block:
        pass


def blocking(make):
    args, options = make()
    del make
    block = sync.open_session(*args, **options)
    del args, options
    with block:
        pass


class Passing:
    """Arguments of a call whose frame would have them in its locals."""

    def __init__(self, make):
        self.make = make

    def __repr__(self):
        return "arguments"

    def __call__(self):
        return self.make()


FACES = {
    "trio": lambda make: trio.run(on_trio, make),
    "asyncio": lambda make: asyncio.run(on_asyncio(make)),
    "blocking": blocking,
    "connect": lambda make: sync.connect(*make()[0], **make()[1]),
    "config": lambda make: Config(*make()[0], **make()[1]),
}


class Unreadable(Mapping):
    """A mapping that cannot be read, and shows what it has."""

    def __iter__(self):
        raise ValueError("no")

    __getitem__ = __len__ = __iter__

    def __repr__(self):
        return KEY


MISTAKES = {
    "an unknown setting beside it": lambda: ((), {"api_key": KEY, "slot": 2}),
    "a wrong setting beside it": lambda: ((), {"api_key": KEY, "slots": 0}),
    "its name misspelled": lambda: ((), {"apikey": KEY}),
    "a key of bytes": lambda: ((), {"api_key": KEY.encode()}),
    "a key with a space": lambda: ((), {"api_key": KEY + " x"}),
    "a key in the clear": lambda: ((), {"api_key": KEY, "base_url": "http://h.example"}),
    "a header of our own": lambda: ((), {"headers": {"Authorization": f"Bearer {KEY}"}}),
    "a header that is wrong": lambda: ((), {"headers": {"X-Api-Key": KEY + "\n"}}),
    "headers in a list": lambda: ((), {"headers": [("X-Api-Key", KEY)]}),
    "headers that cannot be read": lambda: ((), {"headers": Unreadable()}),
    "a proxy that is wrong": lambda: ((), {"proxy": f"socks://u:{KEY}@h"}),
    "a proxy of bytes": lambda: ((), {"proxy": f"http://u:{KEY}@h".encode()}),
    "a password in base_url": lambda: ((), {"base_url": f"http://u:{KEY}@127.0.0.1:1"}),
    "a password and no scheme": lambda: ((), {"base_url": f"u:{KEY}@127.0.0.1:1"}),
    "a password with a hash": lambda: ((), {"base_url": f"http://u:#{KEY}@127.0.0.1:1"}),
    "a password in stream_url": lambda: ((), {"stream_url": f"ws://u:{KEY}@127.0.0.1:1/v1"}),
    "a query in stream_url": lambda: ((), {"stream_url": f"ws://h/v1?token={KEY}", "slots": 0}),
}
POSITIONAL = {
    "a URL as config": lambda: ((f"http://u:{KEY}@127.0.0.1:1",), {}),
    "a URL as config by name": lambda: ((), {"config": f"http://u:{KEY}@127.0.0.1:1"}),
}


@pytest.mark.parametrize("face", FACES.values(), ids=FACES)
@pytest.mark.parametrize("make", [*map(Passing, MISTAKES.values())], ids=MISTAKES)
def test_a_mistake_shows_no_key(face, make):
    """From the first line of every entry point on no frame has the plain value in its locals."""
    with pytest.raises((InvalidConfig, TypeError)) as caught:
        face(make)
    assert KEY not in shown(caught.value)
    assert KEY not in shown(caught.value).replace("\\", "")


@pytest.mark.parametrize("face", [FACES["trio"], FACES["asyncio"], blocking, FACES["connect"]])
@pytest.mark.parametrize("make", [*map(Passing, POSITIONAL.values())], ids=POSITIONAL)
def test_a_url_as_config_shows_no_password(face, make):
    """A URL in place of a Config is an error that does not show the password in it."""
    with pytest.raises((TypeError, ValueError, AttributeError)) as caught:
        face(make)
    assert KEY not in shown(caught.value)


def test_a_block_that_was_not_entered_holds_no_key():
    """What `open_session()` returns holds the key wrapped, before the block begins, too."""
    for module in (thetatrio, aio, sync):
        block = module.open_session(api_key=KEY, proxy=f"http://u:{KEY}@h", headers={"X-Key": KEY})
        assert KEY not in repr(vars(block))


def test_a_config_shows_no_key_in_any_form():
    """repr, str, asdict, replace and copies show `***`; neither pickle nor JSON takes a key."""
    config = Config(
        api_key=KEY,
        proxy=f"http://u:{quote(KEY, safe='')}@h",
        headers={"X-Api-Key": KEY},
        stream_url=f"ws://127.0.0.1/v1?token={KEY}",
    )
    faster = msgspec.structs.replace(config, slots=1)
    fields = msgspec.structs.asdict(config)
    for each in (config, faster, copy.copy(config), copy.deepcopy(config), fields, config.headers):
        assert KEY not in f"{each!r}{each!s}"
        assert "***" in repr(each)
    assert copy.deepcopy(config) == config
    with pytest.raises(TypeError, match="a key is not pickled"):
        pickle.dumps(config)
    with pytest.raises(TypeError):
        msgspec.json.encode(config)
    assert config.headers == {"X-Api-Key": KEY}
    assert pickle.loads(pickle.dumps(Config(headers={"X-Team": "a"}))).headers == {"X-Team": "a"}


@pytest.mark.parametrize("content", [b"", b"two words", b"\xff%s", b"%s\n%s"])
def test_a_key_file_that_is_refused_shows_nothing(tmp_path, content):
    """Neither the file's text nor the decoder's error is in a local of the traceback."""
    (tmp_path / "key").write_bytes(content.replace(b"%s", KEY.encode()))
    with pytest.raises(InvalidConfig) as caught:
        key_from_file(str(tmp_path / "key"))
    assert KEY not in shown(caught.value)
    assert caught.value.__context__ is None


# ---------------------------------------------------------------- URLs


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://127.0.0.1:25503", "http://127.0.0.1:25503"),
        ("http://[::1]:25503/a", "http://[::1]:25503/a"),
        ("ws://h/a@b?c=d@e", "ws://h/a@b?c=d@e"),
        ("http://user@h", "http://***@h"),
        ("http://user:p@ss@h:1/x", "http://***@h:1/x"),
        ("http://user:p/ss@h", "http://***@h"),
        ("http://user:p?ss@h", "http://***@h"),
        ("http://user:p#ss@h", "http://***@h"),
        ("user:pass@h", "***@h"),
    ],
)
def test_a_urls_password_is_removed(url, kept):
    """User name and password become `***`, whatever characters are in them; the rest stays."""
    assert redact_url(url) == kept


def test_a_url_is_shown_without_the_values_of_its_query():
    """A query may hold a token: messages show that there is one, and not what it is."""
    assert shown_url("ws://h/v1?token=x") == "ws://h/v1?***"
    assert shown_url("ws://u:p@h/v1") == "ws://***@h/v1"


# ---------------------------------------------------------------- what servers send back


def basic(user, password):
    return base64.b64encode(f"{user}:{password}".encode()).decode()


FORMS = {
    "plain": KEY,
    "in capitals": KEY.upper(),
    "url-encoded": quote(KEY, safe=""),
    "url-encoded twice": quote(quote(KEY, safe=""), safe=""),
    "JSON": json.dumps(KEY)[1:-1],
    "HTML": html.escape(KEY),
    "hexadecimal": KEY.encode().hex(),
    "base64": base64.b64encode(KEY.encode()).decode(),
    "base64 of URLs": base64.urlsafe_b64encode(KEY.encode()).decode(),
    **{f"Basic of {'u' * n!r}": basic("u" * n, KEY) for n in range(4)},
    "truncated": KEY[:10],
    "its end": KEY[-9:],
    "its middle": KEY[4:13],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_key_is_removed_in_every_form(form):
    """Encoded, truncated or inside of Basic credentials: no eight characters of it remain."""
    secret = Secret(KEY)
    text = f"refused: <{form}> at 127.0.0.1"
    masked = redact(text)
    assert masked.startswith("refused: <")
    assert masked.endswith("> at 127.0.0.1")
    assert "***" in masked
    assert not any(form[at : at + 8] in masked for at in range(len(form) - 7))
    assert redact_bytes(text.encode()) == masked.encode()
    assert secret == Secret(KEY)


def test_a_short_key_is_removed_as_a_word():
    """A key of a few letters is removed where it stands alone, not inside of other words."""
    keys = [Secret("other"), Secret("abcdefgh")]
    assert redact("the other, another: OTHER") == "the ***, another: ***"
    assert redact("xabcdefghx") == "x***x"
    del keys


@given(st.text(min_size=1), st.text(), st.text())
def test_no_secret_breaks_a_text(value, before, after):
    """Any secret and any text: what is returned is text, and does not have the secret."""
    secret = Secret(value)
    masked = redact(f"{before}{value}{after}")
    is_key = value.isascii() and value.isprintable() and not {" ", "*", ":"} & set(value)
    if len(value) >= 8 and is_key:
        assert value not in masked
    del secret


def test_a_secret_that_is_gone_is_forgotten():
    """Only secrets that somebody holds are looked for: nothing is kept of a closed session."""
    value = "0123456789-of-this-test"
    secret = Secret(value)
    assert redact(value) == "***"
    del secret
    gc.collect()
    assert redact(value) == value


def test_of_a_proxy_the_password_is_secret():
    """A proxy's host may be in messages; its password, as written and decoded, may not."""
    secrets = [Secret("http://user:p%40ssw0rd-1@proxy.example:8080"), Secret("http://tok-1234@h")]
    text = "proxy.example:8080 refused p%40ssw0rd-1, p@ssw0rd-1 and tok-1234"
    assert redact(text) == "proxy.example:8080 refused ***, *** and ***"
    del secrets


def test_of_headers_the_credentials_are_secret():
    """Values of headers named for credentials are removed, others may be in messages."""
    headers = HiddenHeaders({"X-Auth": "Bearer tok-12345678", "X-Team": "volatility-desk"})
    assert redact("Bearer tok-12345678 of volatility-desk") == "Bearer *** of volatility-desk"
    assert repr(headers) == "{'X-Auth': ***, 'X-Team': ***}"
    assert len(headers) == 2


def test_every_error_is_without_secrets():
    """Messages, texts, bytes and lists of every class are redacted where the error is made."""
    secret = Secret(KEY)
    made = [
        kind(f"it said: {KEY}")
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, ThetaDataError)
    ]
    assert len(made) > 30
    made += [
        errors.ServerError("x", terminal_text=f"<{KEY}>"),
        errors.DecodeError("x", first_bytes=KEY.encode()),
        errors.InvalidRequest("x", problems=(KEY,)),
        errors.SubscriptionRefused("x", refused={"option": KEY}),
        errors.DownloadError("x", failed=(KEY,)),
    ]
    for error in made:
        assert KEY not in str(error) + repr(error) + repr(vars(error))
        assert KEY not in repr(pickle.loads(pickle.dumps(error)))
    del secret


def test_causes_lose_texts_and_frames():
    """Errors of the HTTP library that lead to ours have neither the key nor frames with it."""
    secret = Secret(KEY)

    def fail(header):
        raise ValueError(f"illegal header {header}")

    def fail_together():
        try:
            fail(KEY)
        except ValueError as first:
            raise ExceptionGroup("several", [first, OSError(5, "io")]) from first

    with pytest.raises(ExceptionGroup) as caught:
        fail_together()
    hide_causes(caught.value)
    assert KEY not in shown(caught.value)
    assert caught.value.__cause__.__traceback__ is None
    del secret


def test_without_a_secret_errors_keep_their_frames():
    """A program without keys has tracebacks and log lines as they are."""
    with pytest.raises(ZeroDivisionError) as caught:
        1 / 0  # noqa: B018
    hide_causes(caught.value)
    assert caught.value.__traceback__ is not None
    record = logging.LogRecord("x", logging.DEBUG, "x", 1, "%s", (KEY,), None)
    assert redact_record(record)
    assert record.args == (KEY,)


def test_a_decorated_function_keeps_its_face():
    """The decorator changes neither name, signature nor documentation."""

    @sealing(["api_key"])
    def opened(config=None, **options):
        """Open it."""
        return config, options

    assert (opened.__name__, opened.__doc__) == ("opened", "Open it.")
    config, options = opened("http://u:p@h", api_key=KEY, typo=KEY, none=None)
    assert (config, repr(options)) == (
        "http://***@h",
        "{'api_key': ***, 'typo': ***, 'none': None}",
    )
    assert options["api_key"].reveal() == KEY
