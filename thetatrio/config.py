"""What a session can be told, with its defaults.

Everything is checked at once when a `Config` is made, and `InvalidConfig`
names all that is wrong.
"""

from __future__ import annotations

import math
import os
import re
import ssl
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypedDict, cast
from urllib.parse import SplitResult, urlsplit, urlunsplit

import msgspec

from thetatrio import _secrets
from thetatrio._calls import ExplainedStruct
from thetatrio._numbers import as_float, as_int
from thetatrio._secrets import Secret, sealed
from thetatrio.errors import InvalidConfig

__all__ = [
    "Api",
    "Config",
    "ConfigOptions",
    "EodDuplicates",
    "Rate",
    "ReconnectPolicy",
    "RetryPolicy",
    "RowFormat",
    "Secret",
    "StreamApi",
    "StreamForm",
    "StreamSockets",
    "Tier",
    "TierName",
    "key_from_environment",
    "key_from_file",
]

Api: TypeAlias = Literal["v3", "v2", "auto"]
TierName: TypeAlias = Literal["free", "value", "standard", "pro"]
RowFormat: TypeAlias = Literal["ndjson", "csv", "json"]
EodDuplicates: TypeAlias = Literal["newest", "keep"]
StreamApi: TypeAlias = Literal["terminal", "gateway"]
StreamSockets: TypeAlias = Literal["per_kind", "one"]
StreamForm: TypeAlias = Literal["json", "text"]

SLOTS_UNKNOWN_TIER: Final = 2
KEY_VARIABLE: Final = "THETATRIO_API_KEY"
V3_URL: Final = "http://127.0.0.1:25503"
V2_URL: Final = "http://127.0.0.1:25510"
STREAM_URL: Final = "ws://127.0.0.1:25520/v1/events"
GATEWAY_STREAM_URL: Final = "ws://127.0.0.1:25510/stream"
_LOOPBACK = r"localhost|127(\.\d{1,3}){3}|::1"
_BASE_PATH = r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*"
_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# What the library itself says; a caller's value would break what is promised of it.
_OWN_HEADERS: Final = frozenset(
    {"accept", "accept-encoding", "authorization", "connection", "content-length", "host", "te"}
    | {"transfer-encoding", "upgrade"}
)


# What may hold a key or password.
_SEALED: Final = ("api_key", "headers", "proxy", "base_url", "stream_url")
_DURATIONS: Final = (
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


class _Problems:
    def __init__(self, what: str) -> None:
        self._what = what
        self._found: list[str] = []

    def need(self, holds: bool, name: str, wanted: str) -> None:  # noqa: FBT001
        if not holds:
            self._found.append(f"{name} must be {wanted}")

    def raise_any(self) -> None:
        if self._found:
            raise InvalidConfig(
                f"{self._what}: " + "; ".join(self._found), problems=tuple(self._found)
            )


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine."""
    return re.fullmatch(_LOOPBACK, host.lower()) is not None


def _checked_url(
    url: object,
    schemes: tuple[str, ...],
    name: str,
    problems: _Problems,
    *,
    user_info: bool = False,
) -> SplitResult | None:
    usual = "127.0.0.1:25520/v1/events" if schemes[0] == "ws" else "127.0.0.1:25503"
    wanted = f"a URL as in {schemes[0]}://{usual}"
    if not isinstance(url, str) or not url.isprintable() or " " in url:
        problems.need(False, name, wanted)
        return None
    try:
        parts = urlsplit(url)
        good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
        parts = None
    if not good or parts is None or parts.fragment:
        problems.need(False, name, wanted)
        return None
    if not user_info and "@" in parts.netloc:
        # Said without the value, which may hold a password.
        problems.need(False, name, "without user name and password; use api_key or headers")
        return None
    return parts


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _take_numbers(settings: msgspec.Struct) -> None:
    """Replace numpy's numbers by Python's, which is what is kept, printed and pickled."""
    for name in settings.__struct_fields__:
        value: object = getattr(settings, name)
        if not isinstance(value, (int, float, str)):
            whole = as_int(value)
            number = as_float(value) if whole is None else whole
            if number is not None:
                msgspec.structs.force_setattr(settings, name, number)


def _is_a(kind: type, value: object) -> bool:
    # Callers without a type checker give anything; this is where it is noticed.
    return isinstance(value, kind)


def _is_verify(value: object) -> bool:
    if isinstance(value, ssl.SSLContext):
        return value.protocol is not ssl.PROTOCOL_TLS_SERVER
    return isinstance(value, bool) or (isinstance(value, str) and value != "")


def _not_negative(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return 0 <= value < math.inf


def _positive(value: object) -> bool:
    return _not_negative(value) and value != 0


class Tier(StrEnum):
    """A subscription tier. The highest one of any asset class sets the width."""

    FREE = "free"
    VALUE = "value"
    STANDARD = "standard"
    PRO = "pro"
    """What the vendor's API description calls `professional`."""

    @property
    def slots(self) -> int:
        """Requests the vendor serves at the same time on v3: 1, 2, 4, 8."""
        return {Tier.FREE: 1, Tier.VALUE: 2, Tier.STANDARD: 4, Tier.PRO: 8}[self]


class Rate(msgspec.Struct, frozen=True, metaclass=ExplainedStruct):
    """At most `count` requests started in any window of `per` seconds."""

    count: int
    per: float = 60.0

    def __post_init__(self) -> None:
        _take_numbers(self)
        problems = _Problems("Rate")
        problems.need(_whole(self.count) and self.count >= 1, "count", "a whole number from 1")
        problems.need(_positive(self.per), "per", "seconds above 0")
        problems.raise_any()


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True, metaclass=ExplainedStruct):
    """How long and how densely a request is tried again (full jitter)."""

    max_elapsed: float = 45.0
    """Seconds from the first failure after which no further wait is begun. A wait that the
    terminal asks for (Retry-After) may end later."""
    max_attempts: int = 12
    """Tries in all, the first included."""
    base: float = 0.25
    """Seconds: the first wait is anywhere from 0 to this; the bound doubles each time."""
    cap: float = 8.0
    """Seconds: the highest bound of a wait."""
    max_retry_after: float = 120.0
    """Seconds: a terminal that asks for a longer pause gets `RateLimited` instead."""

    def __post_init__(self) -> None:
        _take_numbers(self)
        problems = _Problems("RetryPolicy")
        for name in ("max_elapsed", "base", "cap", "max_retry_after"):
            problems.need(_not_negative(getattr(self, name)), name, "seconds from 0")
        attempts = self.max_attempts
        problems.need(_whole(attempts) and attempts >= 1, "max_attempts", "a whole number from 1")
        problems.raise_any()


class ReconnectPolicy(msgspec.Struct, frozen=True, kw_only=True, metaclass=ExplainedStruct):
    """How a stream that was up is brought back (full jitter)."""

    base: float = 0.25
    """Seconds: the first wait is anywhere from 0 to this; the bound doubles each time."""
    cap: float = 30.0
    """Seconds: the highest bound of a wait."""
    stable: float = 10.0
    """Seconds of data after which a connection counts as good and waits start from `base`."""
    max_attempts: int | None = None
    """Failed attempts in a row after which the stream gives up; None: never."""
    max_elapsed: float | None = None
    """Seconds without a connection after which the stream gives up; None: never."""

    def __post_init__(self) -> None:
        _take_numbers(self)
        problems = _Problems("ReconnectPolicy")
        for name in ("base", "cap", "stable"):
            problems.need(_not_negative(getattr(self, name)), name, "seconds from 0")
        attempts, elapsed = self.max_attempts, self.max_elapsed
        problems.need(
            attempts is None or (_whole(attempts) and attempts >= 1),
            "max_attempts",
            "a whole number from 1, or None",
        )
        problems.need(
            elapsed is None or _positive(elapsed), "max_elapsed", "seconds above 0, or None"
        )
        problems.raise_any()


def key_from_environment() -> Secret | None:
    """Return the gateway's key of THETATRIO_API_KEY; None where there is none."""
    value = os.environ.get(KEY_VARIABLE, "").strip()
    return Secret(value) if value else None


def key_from_file(path: str) -> Secret:
    """Return the key that a file holds. Raises InvalidConfig where it holds none."""
    problem, key = _read_key(Path(path))
    if key is None:
        # Raised here, where neither the file's text nor an error that has it is in a local.
        raise InvalidConfig(f"the key file {path!r} {problem}")
    return key


def _read_key(path: Path) -> tuple[str, Secret | None]:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        return f"cannot be read ({reason})", None
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        return "must hold one key, on one line", None
    return "", Secret(text)


class ConfigOptions(TypedDict, total=False):
    """The fields of `Config` as keyword arguments of `open_session`."""

    base_url: str
    stream_url: str
    stream_api: StreamApi
    stream_sockets: StreamSockets
    stream_form: StreamForm
    api: Api
    tier: Tier | TierName | None
    slots: int | None
    rate: Rate | None
    connect_timeout: float
    first_byte_timeout: float | None
    flat_file_timeout: float
    silence_timeout: float
    wait_for_terminal: float
    ack_timeout: float
    subscribe_timeout: float
    idle_timeout: float
    message_deadline: float
    close_timeout: float
    buffer: int
    max_frame: int
    spool_limit: int
    max_pages: int
    eod_duplicates: EodDuplicates
    max_requests: int
    row_format: RowFormat
    retry: RetryPolicy
    reconnect: ReconnectPolicy
    unsubscribe_on_exit: bool
    headers: Mapping[str, str]
    api_key: Secret | str | None
    proxy: Secret | str | None
    verify: bool | str | ssl.SSLContext


class _SealedStruct(ExplainedStruct):
    # Of Structs with secrets: no frame has one in its locals, from the constructor's first on.

    if not TYPE_CHECKING:  # a type checker derives the constructor from the fields

        def __call__(cls, *args: object, **kwargs: object) -> object:  # noqa: N805  # a class
            _secrets.seal(kwargs, frozenset(cls.__struct_fields__))
            positional = tuple(
                _secrets.redact_url(it) if isinstance(it, str) else it for it in args
            )
            del args
            return super().__call__(*positional, **kwargs)


class Config(msgspec.Struct, frozen=True, kw_only=True, metaclass=_SealedStruct):
    """Settings of one session. All durations are seconds.

    Raises InvalidConfig that names everything wrong at once.
    """

    base_url: str = V3_URL
    """Where the terminal's REST is: scheme, host and port, as the terminal first saw
    the host (it refuses `localhost` after `127.0.0.1`, and the other way round). A gateway's
    may have a path, which goes before that of each request. With `api="v2"` the default is
    `http://127.0.0.1:25510`."""
    stream_url: str = STREAM_URL
    """Where the terminal's WebSocket is. With `stream_api="gateway"` the default is
    `ws://127.0.0.1:25510/stream`."""
    stream_api: StreamApi = "terminal"
    """What is spoken there: `terminal`, or `gateway`, a simpler stream of quotes and trades
    without acknowledgements and heartbeat."""
    stream_sockets: StreamSockets = "per_kind"
    """A gateway's sockets: `per_kind`, at `/quotes` and `/trades` under `stream_url`, or `one`
    at `stream_url` for everything."""
    stream_form: StreamForm = "json"
    """How a gateway is told: in `json`, or in `text`, `SUBSCRIBE {'root': 'SPY'}`."""
    api: Api = "v3"
    """What the terminal speaks: `v3`, `v2`, or `auto`, which asks it when the session is opened
    (without a `base_url`, first at v3's port and then at v2's)."""
    tier: Tier | TierName | None = None
    """The account's highest tier; sets `slots` and `rate` where those are not given."""
    slots: int | None = None
    """Requests in flight at most. None: by tier, 2 where the tier is not known."""
    rate: Rate | None = None
    """Bound on requests started. None: `Rate(20, per=60)` for the free tier, else no bound."""
    connect_timeout: float = 5.0
    """To make a connection, through a proxy and with its TLS handshake if there are any."""
    first_byte_timeout: float | None = None
    """From a request sent to the end of its answer's headers, whatever trickles in. None: by
    operation (`thetatrio.rules`): 300 for Greeks, 180 for lists, 60 for the others. A request that
    takes longer is an error and is not sent again, since the terminal may still be busy with it."""
    flat_file_timeout: float = 1800.0
    """The same for flat files, which the vendor builds while one waits."""
    silence_timeout: float = 30.0
    """Between two pieces of an answer, while somebody reads it; and for all of an error's text."""
    wait_for_terminal: float = 0.0
    """How long a session's first request waits for a terminal that is not there yet."""
    ack_timeout: float = 5.0
    """From a subscription sent to the terminal's word on it."""
    subscribe_timeout: float = 30.0
    """How long a new subscription waits for a terminal that has lost the vendor's servers."""
    idle_timeout: float = 10.0
    """Between two messages of the stream (the terminal sends a status each second)."""
    message_deadline: float = 30.0
    """From a message's first byte to its last."""
    close_timeout: float = 1.0
    """The longest time that leaving a session takes, whatever the terminal does; with 500
    subscriptions of the stream or more, one second longer for each 500."""
    buffer: int = 65_536
    """Events a feed holds for a reader that is behind."""
    max_frame: int = 1 << 20
    """Bytes of the longest stream message that is accepted."""
    spool_limit: int = 1 << 30
    """Bytes of unread answers kept in temporary files, in all, so that their slots are free."""
    max_pages: int = 10_000
    """Pages of one answer of a v2 terminal or gateway, so that pagination without end is an
    error."""
    eod_duplicates: EodDuplicates = "newest"
    """Daily reports of options that a terminal sends twice, up to December 2021: `newest` delivers
    one of two that differ in nothing but `created`, `keep` all of them. `save` and raw answers keep
    the terminal's bytes."""
    max_requests: int = 2_000
    """Requests of one query; a query that needs more is refused before it asks for data."""
    row_format: RowFormat = "ndjson"
    """What rows are asked in; for terminals and gateways that lack NDJSON."""
    retry: RetryPolicy = RetryPolicy()
    """What is tried again, and for how long."""
    reconnect: ReconnectPolicy = ReconnectPolicy()
    """How the stream comes back."""
    unsubscribe_on_exit: bool = True
    """Whether leaving takes subscriptions back; off for those who share a terminal."""
    headers: Mapping[str, str] = MappingProxyType({})
    """Headers added to each request."""
    api_key: Secret | str | None = None
    """A gateway's key, sent as a bearer token to `base_url` only, over TLS or loopback only."""
    proxy: Secret | str | None = None
    """A proxy for requests to hosts that are not on this machine; the stream connects directly.
    The environment's is never used. One with a password in it is held as a `Secret`."""
    verify: bool | str | ssl.SSLContext = True
    """How TLS with a gateway is done, for requests and the stream. True: its certificate must be
    issued by a CA that the system or certifi trusts. A path: by a CA of that file, in PEM format.
    An `ssl.SSLContext`: as that says, for client certificates and TLS versions; it is shared, and
    httpx sets its ALPN protocols to `http/1.1`. False: any certificate is accepted, so that
    whoever is between can read the key."""

    def __post_init__(self) -> None:
        fill = msgspec.structs.force_setattr
        for name in _SEALED:  # before anything can raise: tracebacks show this struct
            fill(self, name, sealed(name, getattr(self, name)))
        _take_numbers(self)
        problems = _Problems("Config")
        if self.tier is not None:
            try:
                fill(self, "tier", Tier(self.tier))
            except ValueError:
                problems.need(False, "tier", "free, value, standard or pro")
        base = _checked_url(self.base_url, ("http", "https"), "base_url", problems)
        _checked_url(self.stream_url, ("ws", "wss"), "stream_url", problems)
        if base is not None:
            path = base.path.rstrip("/")
            problems.need(
                not base.query and re.fullmatch(_BASE_PATH, path) is not None,
                "base_url",
                "scheme, host and port, as in http://127.0.0.1:25503, and a gateway's path if any",
            )
            fill(self, "base_url", urlunsplit((base.scheme, base.netloc, path, "", "")))
        problems.need(self.api in ("v3", "v2", "auto"), "api", "'v3', 'v2' or 'auto'")
        if self.api == "v2" and self.base_url == V3_URL:
            fill(self, "base_url", V2_URL)
        self._check_stream(problems)
        for name in _DURATIONS:
            value = getattr(self, name)
            is_by_operation = name == "first_byte_timeout" and value is None
            problems.need(is_by_operation or _positive(value), name, "seconds above 0")
        problems.need(_not_negative(self.wait_for_terminal), "wait_for_terminal", "seconds from 0")
        for name in ("buffer", "max_frame", "spool_limit", "max_pages", "max_requests"):
            value = getattr(self, name)
            problems.need(_whole(value) and value >= 1, name, "a whole number from 1")
        problems.need(
            self.eod_duplicates in ("newest", "keep"), "eod_duplicates", "'newest' or 'keep'"
        )
        slots = self.slots
        problems.need(
            slots is None or (_whole(slots) and 1 <= slots <= 64), "slots", "a number from 1 to 64"
        )
        problems.need(self.rate is None or _is_a(Rate, self.rate), "rate", "a Rate or None")
        problems.need(_is_a(RetryPolicy, self.retry), "retry", "a RetryPolicy")
        problems.need(_is_a(ReconnectPolicy, self.reconnect), "reconnect", "a ReconnectPolicy")
        problems.need(
            self.row_format in ("ndjson", "csv", "json"), "row_format", "'ndjson', 'csv' or 'json'"
        )
        self._check_headers(self.headers, problems)
        if self.api_key is not None:
            self._check_key(base, problems)
        if self.proxy is not None:
            self._check_proxy(self.proxy, problems)
        problems.need(
            _is_verify(self.verify),
            "verify",
            "True, False, the path of a CA file, or an ssl.SSLContext for clients",
        )
        problems.need(_is_a(bool, self.unsubscribe_on_exit), "unsubscribe_on_exit", "True or False")
        problems.raise_any()

    def _check_stream(self, problems: _Problems) -> None:
        for name, words in (
            ("stream_api", ("terminal", "gateway")),
            ("stream_sockets", ("per_kind", "one")),
            ("stream_form", ("json", "text")),
        ):
            wanted = " or ".join(map(repr, words))
            problems.need(getattr(self, name) in words, name, wanted)
        if self.stream_api == "gateway" and self.stream_url == STREAM_URL:
            msgspec.structs.force_setattr(self, "stream_url", GATEWAY_STREAM_URL)

    def _check_proxy(self, given: object, problems: _Problems) -> None:
        url = given.reveal() if isinstance(given, Secret) else given
        _checked_url(url, ("http", "https"), "proxy", problems, user_info=True)

    def _check_headers(self, headers: object, problems: _Problems) -> None:
        if not isinstance(headers, Mapping):
            problems.need(False, "headers", "a mapping of names to values")
            return
        given = cast("Mapping[object, object]", headers)
        for name, value in given.items():
            good = (
                isinstance(name, str)
                and isinstance(value, str)
                and re.fullmatch(_HEADER_NAME, name) is not None
                and value.isprintable()
                and value.isascii()
            )
            problems.need(good, "headers", f"printable ASCII names and values (not {name!r})")
            problems.need(
                str(name).lower() not in _OWN_HEADERS,
                "headers",
                f"without {name!r}, which the library sets itself",
            )

    def _check_key(self, base: SplitResult | None, problems: _Problems) -> None:
        key = self.api_key
        text = key.reveal() if isinstance(key, Secret) else ""
        good = bool(text) and text.isascii() and text.isprintable() and " " not in text
        # The value is not named: it is the key.
        problems.need(good, "api_key", "printable ASCII without spaces")
        if base is not None and base.scheme == "http":
            problems.need(
                is_loopback(base.hostname or ""),
                "api_key",
                "sent over https, or to this machine; base_url is plain http to another host",
            )

    def __repr__(self) -> str:
        shown = {name: sealed(name, getattr(self, name)) for name in self.__struct_fields__}
        return f"Config({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def __deepcopy__(self, _memo: object) -> Config:
        return self  # frozen, and an ssl.SSLContext cannot be copied

    def __reduce__(self) -> tuple[Callable[[dict[str, object]], Config], tuple[object]]:
        if isinstance(self.verify, ssl.SSLContext):
            raise TypeError(
                "a Config whose verify is an ssl.SSLContext cannot be pickled; make the context in"
                " the process that needs it, or give the path of a CA file"
            )
        fields: dict[str, object] = {name: getattr(self, name) for name in self.__struct_fields__}
        return _restored, ({**fields, "headers": dict(self.headers)},)

    @property
    def effective_slots(self) -> int:
        """Requests in flight at most, as `slots` and `tier` say together."""
        if self.slots is not None:
            return self.slots
        if not isinstance(self.tier, Tier):
            return SLOTS_UNKNOWN_TIER
        # A v2 terminal serves half as many.
        return max(1, self.tier.slots // 2) if self.api == "v2" else self.tier.slots

    @property
    def effective_rate(self) -> Rate | None:
        """The bound on requests started, as `rate` and `tier` say together."""
        if self.rate is None and self.tier == Tier.FREE:
            return Rate(20, per=60.0)
        return self.rate


def _restored(fields: dict[str, Any]) -> Config:
    return Config(**fields)
