"""Keys and passwords: held so that they do not show, and removed from what a server sends back.

`Secret` and `HiddenHeaders` hold the values; their repr is `***`. The entry
points of all interfaces are wrapped with `sealing`, which puts values into
them before anything else runs, so that no frame of a traceback has the plain
value in its locals.

Every `Secret` that is alive is also known to `redact`, which removes its value
from texts: raw, URL-encoded, in JSON, in HTML, in hexadecimal and in base64 (so
also inside of `Basic` credentials), and parts of it, for a server may truncate
what it repeats. The constructors of the errors in `errors.py` call it. Cost:
nothing for a program without keys, and nothing where no error is made.
"""

from __future__ import annotations

import base64
import inspect
import logging
import re
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Final, NoReturn, ParamSpec, TypeVar, cast, final
from urllib.parse import quote, unquote

__all__ = [
    "HiddenHeaders",
    "HiddenQuery",
    "Secret",
    "drop_frames",
    "hide_causes",
    "redact",
    "redact_bytes",
    "redact_record",
    "redact_url",
    "seal",
    "sealing",
    "shown_url",
]

P = ParamSpec("P")
T = TypeVar("T")

MASK: Final = "***"
_WHOLE: Final = 8
"""Characters of a value from which on parts of it are removed, too; shorter ones as a word."""
_PART: Final = (6, 8)
"""Characters of the shortest part that is removed: half of the value, within these bounds."""
# Headers whose values are credentials; those of `User-Agent` or `X-Team` may be in any message.
_CREDENTIAL: Final = "(?i)auth|key|token|secret|cookie|passw|credential|session|signature"
_URL_FIELDS: Final = frozenset({"base_url", "stream_url", "config"})
_HOST_PORT: Final = r"(\[[^]]*\]|[^:]*)(:[0-9]+)?"
# Of the same length in any text, which `str.lower` is not.
_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_LIVE: Final[list[weakref.ref[Secret]]] = []


@final
class Secret:
    """A key that does not show: repr and str are `***`, and it cannot be pickled."""

    __slots__ = ("__weakref__", "_patterns", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        self._patterns: _Patterns | None = None
        if value:
            # Both are single steps of the interpreter, so that threads need no lock.
            _LIVE.append(weakref.ref(self, _LIVE.remove))

    def reveal(self) -> str:
        """Return the key itself."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __deepcopy__(self, _memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not pickled; set THETATRIO_API_KEY where the copy will run")

    @property
    def patterns(self) -> _Patterns:
        """What of a text is this secret, or a part of it."""
        if self._patterns is None:
            self._patterns = _Patterns(_secret_parts(self._value))
        return self._patterns


@final
class HiddenHeaders(Mapping[str, str]):
    """Headers that do not show their values. Not to be changed."""

    __slots__ = ("_secrets", "_values")

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._values = dict(headers)
        # Alive as long as the headers are, so that `redact` knows them.
        self._secrets = [
            Secret(value)
            for name, value in self._values.items()
            if _is_text(name) and _is_text(value) and re.search(_CREDENTIAL, name)
        ]

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name!r}: {MASK}" for name in self._values) + "}"


class HiddenQuery(str):
    """A URL whose repr does not show the values of its query, which may be a token."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(shown_url(str(self)))


def _is_text(value: object) -> bool:
    return isinstance(value, str)  # callers without a type checker pass anything


def _is_map(value: object) -> bool:
    return isinstance(value, Mapping)


# ---------------------------------------------------------------- from the entry points on


def sealing(settings: Iterable[str]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return a decorator of entry points: keyword arguments are sealed before anything runs.

    Args:
        settings: Names of the settings that the entry point takes as `**options`.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        names = frozenset(settings) | frozenset(inspect.signature(function).parameters)

        @wraps(function)
        def call(*args: P.args, **options: P.kwargs) -> T:
            seal(cast("dict[str, object]", options), names)
            positional = tuple(redact_url(each) if isinstance(each, str) else each for each in args)
            del args
            return function(*positional, **options)  # type: ignore[arg-type]

        return call

    return decorate


def seal(options: dict[str, object], names: frozenset[str]) -> None:
    """Replace values of arguments that may hold a secret, in place. Never raises.

    Args:
        options: Keyword arguments.
        names: Arguments that exist. A value under another name is replaced, whatever it is:
            `apikey=` is a misspelled key.
    """
    for name, value in options.items():
        if name in names:
            options[name] = sealed(name, value)
        elif value is not None:
            options[name] = Secret("")


def sealed(name: str, value: object) -> object:
    """Return the value of a setting in a form that does not show. Never raises.

    What has the wrong type becomes an empty `Secret`, which `Config` refuses.
    """
    if value is None or isinstance(value, (Secret, HiddenHeaders)):
        return value
    if name == "headers":
        try:
            return HiddenHeaders(cast("Mapping[str, str]", value)) if _is_map(value) else Secret("")
        except Exception:  # noqa: BLE001  # a mapping that cannot be read
            return Secret("")
    if name == "api_key":
        return Secret(value if isinstance(value, str) else "")
    if name == "proxy":
        shows = isinstance(value, str) and "@" not in value
        return value if shows else Secret(value if isinstance(value, str) else "")
    if name in _URL_FIELDS and isinstance(value, str):
        return value if isinstance(value, HiddenQuery) else HiddenQuery(redact_url(value))
    return value


def redact_url(url: str) -> str:
    """Return a URL without the user name and password in it; `***@` stays to be refused."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    if "@" not in rest:
        return url
    # A password with `/`, `?` or `#` in it ends the authority early, in what is no port.
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority or re.fullmatch(_HOST_PORT, authority) is None:
        rest = f"{MASK}@{rest.rpartition('@')[2]}"
    return f"{scheme}{separator}{rest}"


def shown_url(url: str) -> str:
    """Return a URL for messages: without user name, password, and the values of its query."""
    head, mark, _ = redact_url(url).partition("?")
    return f"{head}{mark}{MASK}" if mark else head


# ---------------------------------------------------------------- in what a server sends


class _Patterns:
    """The forms that a secret can have in a text, and their parts."""

    def __init__(self, values: list[str]) -> None:
        self._parts: dict[int, set[str]] = {}
        words: set[str] = set()
        for form in {form.translate(_LOWER) for value in values for form in _forms(value)}:
            if len(form) < _WHOLE:
                words.add(re.escape(form))
                continue
            size = max(_PART[0], min(_PART[1], len(form) // 2))
            parts = self._parts.setdefault(size, set())
            parts.update(form[at : at + size] for at in range(len(form) - size + 1))
        pattern = "|".join(sorted(words, key=len, reverse=True))
        self._words = re.compile(rf"(?<![0-9a-z])(?:{pattern})(?![0-9a-z])") if words else None

    def mask(self, text: str) -> str:
        """Return a text without the secret and its parts."""
        lower = text.translate(_LOWER)
        hidden = bytearray(len(text))
        if self._words is not None:
            for match in self._words.finditer(lower):
                hidden[match.start() : match.end()] = b"\1" * (match.end() - match.start())
        for size, parts in self._parts.items():
            for at in range(len(lower) - size + 1):
                if lower[at : at + size] in parts:
                    hidden[at : at + size] = b"\1" * size
        if 1 not in hidden:
            return text
        kept = (MASK if each[0] else text[each[1] : each[2]] for each in _runs(hidden))
        return "".join(kept)


def _runs(hidden: bytearray) -> Iterator[tuple[int, int, int]]:
    start = 0
    while start < len(hidden):
        end = hidden.find(1 - hidden[start], start)
        end = len(hidden) if end < 0 else end
        yield hidden[start], start, end
        start = end


def _secret_parts(value: str) -> list[str]:
    """Return what of a value is secret: of a URL its password, of a header what follows Bearer."""
    if "://" in value and "@" in value:
        user_info = value.partition("://")[2].rpartition("@")[0]
        user, _, password = user_info.partition(":")
        secret = password or user
        return [each for each in {secret, unquote(secret)} if each]
    return [value.rsplit(maxsplit=1)[-1]] if value.split() else []


def _forms(value: str) -> Iterator[str]:
    # Only programs with a key need these.
    import html
    import json

    yield value
    quoted = quote(value, safe="")
    yield quoted
    yield quote(quoted, safe="")
    yield json.dumps(value)[1:-1]
    yield html.escape(value)
    data = value.encode(errors="surrogatepass")
    yield data.hex()
    # In base64 a text has three forms, by what is before it: `Basic` has the user name there.
    for before, skipped in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(b"\0" * before + data).decode()
        form = encoded[skipped : (before + len(data)) * 8 // 6]
        if len(form) >= _PART[0]:
            yield form
            yield form.replace("+", "-").replace("/", "_")


def redact(text: str) -> str:
    """Return a text without the secrets that are alive in this process, `***` in their place."""
    for reference in tuple(_LIVE):
        secret = reference()
        if secret is not None:
            text = secret.patterns.mask(text)
    return text


def redact_bytes(data: bytes) -> bytes:
    """Return bytes without the secrets that are alive in this process."""
    return redact(data.decode("latin-1")).encode("latin-1") if _LIVE else data


def redact_record(record: logging.LogRecord) -> bool:
    """Filter of loggers of other libraries: remove secrets from what they log."""
    if _LIVE:
        record.msg, record.args = redact(record.getMessage()), ()
    return True


def hide_causes(error: BaseException) -> None:
    """Remove secrets from an error of another library, and from all that led to it.

    Its frames have the request's headers in their locals, so that they go, too. Does nothing
    where no secret is alive.
    """
    if _LIVE:
        for each in _all_of(error):
            each.__traceback__ = None
            each.args = tuple(redact(part) if isinstance(part, str) else part for part in each.args)


def drop_frames(error: BaseException) -> None:
    """Remove the frames of an error, and of all that led to it: their locals have a secret.

    For secrets that this process does not know, such as a token in a link of a server.
    """
    for each in _all_of(error):
        each.__traceback__ = None


def _all_of(error: BaseException) -> Iterator[BaseException]:
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += cast("BaseExceptionGroup[BaseException]", each).exceptions
