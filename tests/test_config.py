"""Settings: every one is checked, all problems come at once, and no key is ever shown."""

import copy
import math
import pickle
import ssl
from typing import get_type_hints

import msgspec
import pytest

from thetatrio import config
from thetatrio.config import (
    Config,
    ConfigOptions,
    Rate,
    ReconnectPolicy,
    RetryPolicy,
    Secret,
    Tier,
)
from thetatrio.errors import InvalidConfig

pytestmark = pytest.mark.core

KEY = "hunter2-key"
NOT_SECONDS = [0, -1, math.inf, math.nan, True, "5", None]
NOT_WHOLE = [0, -1, 1.5, True, "5", None]
SECONDS = (
    "connect_timeout",
    "first_byte_timeout",
    "flat_file_timeout",
    "silence_timeout",
    "ack_timeout",
    "subscribe_timeout",
    "idle_timeout",
    "message_deadline",
    "close_timeout",
)
# For each field, values that cannot be meant.
WRONG = {
    "base_url": [
        "", "127.0.0.1:25503", "ftp://127.0.0.1", "http://", "http://h:0", "http://h:99999",
        "http://h/a b", "http://h/a/../b", "http://h/%2e", "http://h/?a=1",
        "http://h/#a", "http://h h", "http://h\n", None, 5,
    ],
    "stream_api": ["", "v2", None, 2],
    "stream_sockets": ["", "two", None],
    "stream_form": ["", "xml", None],
    "stream_url": ["", "http://127.0.0.1:25520", "ws://", "ws://h:x", "ws://h/#a", b"ws://h"],
    "api": ["v1", "", None],
    "tier": ["gold", "PRO", "", 3],
    "slots": [0, 65, -1, 1.5, True, "4"],
    "rate": [20, (20, 60), "20/60"],
    **dict.fromkeys(SECONDS, NOT_SECONDS),
    "first_byte_timeout": NOT_SECONDS[:-1],  # None: by operation
    "wait_for_terminal": [-1, math.inf, math.nan, True, "5", None],
    "buffer": NOT_WHOLE,
    "max_frame": NOT_WHOLE,
    "spool_limit": NOT_WHOLE,
    "max_pages": NOT_WHOLE,
    "max_requests": NOT_WHOLE,
    "eod_duplicates": ["", "oldest", None, 1],
    "row_format": ["html", "CSV", None],
    "retry": [None, 3, {}],
    "reconnect": [None, 3, {}],
    "unsubscribe_on_exit": [None, "yes", 1],
    "headers": [
        None, [("a", "b")], {"a b": "c"}, {"": "c"}, {"a": "b\r\nc: d"}, {"a": 5}, {5: "a"},
        {"a": "é"}, {"Accept": "text/csv"}, {"authorization": "Bearer x"}, {"Host": "h"},
    ],
    "api_key": ["", "a b", "é", "a\r\nb", 5],
    "proxy": ["", "socks5://h:1", "h:3128", 5, Secret("nowhere")],
    "verify": [None, "", 1, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)],
}  # fmt: skip


def test_a_gateways_stream_has_a_place_of_its_own():
    """`stream_api="gateway"` alone is the gateway's usual place; a given one is kept."""
    assert Config(stream_api="gateway").stream_url == "ws://127.0.0.1:25510/stream"
    given = Config(stream_api="gateway", stream_url="wss://gateway.example/live")
    assert given.stream_url == "wss://gateway.example/live"
    assert Config().stream_url == "ws://127.0.0.1:25520/v1/events"


def test_the_wrong_values_cover_every_field():
    """Every setting is held to something: none is taken as it comes."""
    assert set(WRONG) == set(Config.__struct_fields__)


@pytest.mark.parametrize(
    ("name", "value"),
    [pytest.param(n, v, id=f"{n}-{v!r:.24}") for n, values in WRONG.items() for v in values],
)
def test_each_wrong_value_is_refused_by_name(name, value):
    """A setting that cannot be meant is InvalidConfig, which names the setting, and it alone."""
    with pytest.raises(InvalidConfig) as caught:
        Config(**{name: value})
    assert {problem.split()[0] for problem in caught.value.problems} == {name}


def test_all_problems_come_at_once():
    """Who has several settings wrong reads all of them in one error."""
    wrong = {name: values[0] for name, values in WRONG.items()}
    with pytest.raises(InvalidConfig) as caught:
        Config(**wrong)
    assert {problem.split()[0] for problem in caught.value.problems} == set(wrong)
    assert all(problem in str(caught.value) for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("cls", "name", "values"),
    [
        (Rate, "count", [0, -1, 1.5, True, "20"]),
        (Rate, "per", [0, -1, math.inf, math.nan, True, "60"]),
        *((RetryPolicy, n, [-1, math.nan, math.inf, True, "1"])
          for n in ("max_elapsed", "base", "cap", "max_retry_after")),
        (RetryPolicy, "max_attempts", [0, 1.5, True, None]),
        *((ReconnectPolicy, n, [-1, math.nan, math.inf, True, None])
          for n in ("base", "cap", "stable")),
        (ReconnectPolicy, "max_attempts", [0, 1.5, True]),
        (ReconnectPolicy, "max_elapsed", [0, -1, math.nan, True]),
    ],
)  # fmt: skip
def test_policies_refuse_what_cannot_be_meant(cls, name, values):
    """Rates and back-off policies are held to the same: each wrong value is named."""
    for value in values:
        with pytest.raises(InvalidConfig, match=f"^{cls.__name__}: {name} must be"):
            cls(**{"count": 1, name: value} if cls is Rate else {name: value})


def test_the_defaults_are_a_terminal_on_this_machine():
    """`Config()` reaches a terminal as it is started without any setting of its own."""
    default = Config()
    assert default.base_url == "http://127.0.0.1:25503"
    assert default.stream_url == "ws://127.0.0.1:25520/v1/events"
    assert default.effective_slots == 2
    assert default.effective_rate is None


def test_what_is_right_is_accepted():
    """Other hosts, ports, https, a CA file, IPv6 and a trailing slash are good settings."""
    given = Config(
        base_url="https://gateway.example:8443/",
        stream_url="wss://gateway.example/any/path?id=1",
        api_key=KEY,
        headers={"X-Team": "desk 4"},
        proxy="http://proxy.example:3128",
        verify="ca.pem",
        slots=64,
        retry=RetryPolicy(max_elapsed=0, max_attempts=1),
        reconnect=ReconnectPolicy(max_attempts=3, max_elapsed=60),
    )
    assert given.base_url == "https://gateway.example:8443"
    assert given.proxy == "http://proxy.example:3128"
    assert Config(base_url="http://[::1]:25503", api_key=KEY).api_key == Secret(KEY)


@pytest.mark.parametrize(
    ("tier", "slots", "rate"),
    [
        ("free", 1, Rate(20, per=60.0)),
        ("value", 2, None),
        (Tier.STANDARD, 4, None),
        ("pro", 8, None),
        (None, 2, None),
    ],
)
def test_the_tier_sets_width_and_rate(tier, slots, rate):
    """Width and rate are the tier's where nothing was said of them, and the user's where it was."""
    assert Config(tier=tier).effective_slots == slots
    assert Config(tier=tier).effective_rate == rate
    given = Config(tier=tier, slots=3, rate=Rate(5, per=1))
    assert (given.effective_slots, given.effective_rate) == (3, Rate(5, per=1))


def test_a_tier_is_kept_as_a_tier():
    """A tier given as a word is the same setting as the Tier itself."""
    assert Config(tier="pro").tier is Tier.PRO
    assert Config(tier="pro") == Config(tier=Tier.PRO)


def test_options_are_the_fields():
    """Every field of Config is a keyword of `open_session` with the same type, and no other is."""
    assert get_type_hints(ConfigOptions) == get_type_hints(Config)
    assert ConfigOptions.__optional_keys__ == set(Config.__struct_fields__)


def test_headers_are_taken_as_they_were():
    """A dict that its owner changes later does not change the settings."""
    headers = {"X-Team": "a"}
    given = Config(headers=headers)
    headers["X-Team"] = "b"
    assert given.headers == {"X-Team": "a"}
    with pytest.raises(TypeError):
        given.headers["X-Team"] = "c"


def test_tls_context_is_kept_as_it_is():
    """An ssl.SSLContext is compared by identity, shown without content, and shared by copies."""
    context = ssl.create_default_context()
    given = Config(verify=context)
    assert given.verify is context
    assert given == Config(verify=context)
    assert given != Config(verify=ssl.create_default_context())
    assert "verify=<ssl.SSLContext" in repr(given)
    for copied in (copy.copy(given), copy.deepcopy(given), msgspec.structs.replace(given, slots=1)):
        assert copied.verify is context
    with pytest.raises(TypeError, match="cannot be pickled; make the context in"):
        pickle.dumps(given)


def test_settings_cannot_be_changed():
    """A session's settings are the ones it was opened with."""
    with pytest.raises(AttributeError):
        Config().slots = 5


@pytest.mark.parametrize(
    "settings",
    [
        {"api_key": KEY},
        {"api_key": Secret(KEY)},
        {"proxy": f"http://user:{KEY}@proxy.example:3128"},
        {"proxy": Secret(f"http://user:{KEY}@proxy.example:3128")},
    ],
)
def test_keys_do_not_show(settings):
    """Neither repr, str, formatting, JSON nor a pickle of the settings has the key in it."""
    given = Config(**settings)
    (secret,) = (getattr(given, name) for name in settings)
    for text in (repr(given), str(given), f"{given}", f"{secret}", f"{secret!r}", str([secret])):
        assert KEY not in text
        assert "***" in text
    for write in (pickle.dumps, msgspec.json.encode):
        for thing in (secret, given):
            with pytest.raises(TypeError) as caught:
                write(thing)
            assert KEY not in str(caught.value)
    assert KEY in secret.reveal()


@pytest.mark.parametrize("name", ["base_url", "stream_url"])
@pytest.mark.parametrize("rest", ["127.0.0.1", "127.0.0.1/#a", "h h", "h:0"])
def test_credentials_in_a_url_are_refused_unseen(name, rest):
    """A password written into a URL is an error that does not repeat it."""
    scheme = "http" if name == "base_url" else "ws"
    with pytest.raises(InvalidConfig) as caught:
        Config(**{name: f"{scheme}://user:{KEY}@{rest}"})
    assert KEY not in repr(caught.value)


@pytest.mark.parametrize("settings", [{"api_key": f"{KEY} x"}, {"proxy": f"x://a:{KEY}@h"}])
def test_a_wrong_key_is_not_shown_either(settings):
    """The error about a key or proxy that cannot be used says what is wrong, not the value."""
    with pytest.raises(InvalidConfig) as caught:
        Config(**settings)
    assert KEY not in repr(caught.value)


@pytest.mark.parametrize("host", ["example.com", "10.0.0.5", "127.0.0.1.example.com"])
def test_a_key_goes_only_over_tls_or_loopback(host):
    """A key with plain http to another machine is refused before anything is sent."""
    with pytest.raises(InvalidConfig, match="https"):
        Config(base_url=f"http://{host}:25503", api_key=KEY)
    assert Config(base_url=f"https://{host}:25503", api_key=KEY)
    assert not config.is_loopback(host)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1"])
def test_loopback_is_this_machine(host):
    """Each name of this machine counts as it."""
    assert config.is_loopback(host)


def test_keys_compare_without_showing():
    """Two settings with the same key are equal; a key is not equal to its text."""
    assert Secret(KEY) == Secret(KEY)
    assert len({Secret(KEY), Secret(KEY), Secret("other")}) == 2
    assert Secret(KEY) != KEY
    assert Config(api_key=KEY) == Config(api_key=Secret(KEY))


def test_settings_can_be_copied_and_sent_to_other_processes():
    """A Config without a key is copied and pickled whole; one with a key is copied only."""
    config = Config(tier="pro", headers={"X-Desk": "vol"}, slots=3)
    assert pickle.loads(pickle.dumps(config)) == config
    assert copy.deepcopy(config) == config
    keyed = Config(api_key="sesame")
    assert copy.deepcopy(keyed) == keyed
    with pytest.raises(TypeError, match="THETATRIO_API_KEY"):
        pickle.dumps(keyed)


def test_values_of_headers_are_not_shown():
    """What a header holds may be a key, so only its name is printed."""
    shown = repr(Config(headers={"X-Api-Key": "sesame"}))
    assert "X-Api-Key" in shown
    assert "sesame" not in shown
