"""Answers in pages: which link may be followed, and what was handed out before. Pure.

An old terminal, or a gateway, gives a long answer in pages, each with a link
to the next one. Of a link only path and query are ever used, on the origin
that the session was opened on, so that nothing can leave it; and a link that
looks as if it led elsewhere, or to what ends the terminal, is refused.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Sequence
from typing import Final, final
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from thetatrio._rest.json_text import check_members, mark_not_a_number
from thetatrio._secrets import HiddenQuery, redact, shown_url
from thetatrio.config import is_loopback
from thetatrio.errors import DecodeError, ForeignPage

__all__ = ["Envelope", "Replay", "Trail", "envelope_of", "links_of"]

_LOGGER: Final = logging.getLogger("thetatrio.rest")
_LONGEST: Final = 16 << 10
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_CONTROL: Final = frozenset({"system", "terminal"})
_ROOT: Final = ("v2",)
_DIGEST: Final = 16


class Head(msgspec.Struct):
    """What an old terminal says of its answer; all of it may be missing."""

    error_type: object = None
    error_msg: object = None
    next_page: object = None
    format: list[str] | None = None


class Envelope(msgspec.Struct, rename={"next_url": "nextUrl"}):
    """A page as JSON: the terminal's form, or the gateway's."""

    header: Head | None = None
    response: msgspec.Raw = msgspec.Raw()  # msgspec's own way to say "not there"
    results: msgspec.Raw = msgspec.Raw()
    next_url: object = None

    @property
    def rows(self) -> bytes:
        """What it is about, undecoded; nothing if it is missing, or is a `results` of null."""
        results = bytes(self.results)
        return bytes(self.response) or (b"" if results.strip() == b"null" else results)

    def __repr__(self) -> str:
        return "Envelope(***)"  # its link may have a token


_ENVELOPE: Final = msgspec.json.Decoder(Envelope)


def envelope_of(content: bytes) -> Envelope:
    """Return a page of JSON taken apart. Raises DecodeError where it is none.

    A bare `NaN`, `Infinity` or `-Infinity` in its rows is a marked text there:
    see `thetatrio._rest.json_text`.
    """
    try:
        try:
            envelope = _ENVELOPE.decode(content)
        except msgspec.DecodeError:
            envelope = _ENVELOPE.decode(mark_not_a_number(content))
        _check_members(content, envelope)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DecodeError(
            f"a page is no JSON object of a terminal's form: {str(error)[:200]}",
            first_bytes=content[:256],
        ) from error
    return envelope


def _check_members(content: bytes, envelope: Envelope) -> None:
    """Check that a page has one list of rows: of two, one would be lost."""
    groups = content.count(b'"contract"')
    check_members(content, {"response": 1, "results": 1, "ticks": groups})
    if bytes(envelope.response) and bytes(envelope.results):
        raise ValueError("it has both 'response' and 'results'")


def links_of(envelope: Envelope | None, header: str | None) -> tuple[object, ...]:
    """Return what a page says of the one after it: in its body, and in its Next-Page header."""
    found: list[object] = [header]
    if envelope is not None:
        found += [envelope.next_url, envelope.header.next_page if envelope.header else None]
    return tuple(found)


@final
class Trail:
    """The pages of one answer so far, and which comes next.

    Args:
        base_url: what the session was opened on: an origin, and a gateway's base path.
        has_key: whether the session has a key that must not go elsewhere.
        first: path and query of the first page, after the base path.
    """

    def __init__(self, base_url: str, *, has_key: bool, first: str) -> None:
        self._base = urlsplit(base_url)
        self._strict = has_key and not is_loopback(self._base.hostname or "")
        self._here = first
        self._seen = {_digest(first)}
        self._told = False

    def follow(self, links: Sequence[object]) -> str | None:
        """Return the next page's path and query, after the base path; None at the end.

        Args:
            links: what the page says in its several places: text, `"null"` or nothing.

        Raises ForeignPage for a link that may not be followed, DecodeError
        for places that disagree, and for a page that was there before. The frames of
        these errors have the links in their locals, which may have a token.
        """
        found = {self._judge(link) for link in links if not _is_nothing(link)}
        if len(found) > 1:
            raise DecodeError(
                "a page names two different pages as the next, in its body and in its"
                f" Next-Page header: {' and '.join(shown_url(target) for target in sorted(found))}"
            )
        for target in found:
            digest = _digest(target)
            if digest in self._seen:
                raise DecodeError(
                    f"the pages run in a circle: {shown_url(target)} was there before"
                )
            self._seen.add(digest)
            self._here = target
            return HiddenQuery(target)
        return None

    def step_back(self, after: str, here: str) -> None:
        """Be at a page once more, and not have been told of the one after it."""
        self._seen.discard(_digest(after))
        self._here = here

    def _judge(self, link: object) -> str:
        if not isinstance(link, str):
            raise DecodeError(f"a page's link to the next is not a text but {type(link).__name__}")
        if len(link) > _LONGEST:
            raise _refused("is too long")
        if not (link.isascii() and link.isprintable()) or " " in link or "\\" in link:
            raise _refused("has characters that no URL has")
        if "#" in link:
            raise _refused("has a fragment")
        try:
            parts = urlsplit(link)
            port = parts.port
        except ValueError:
            raise _refused("is no URL") from None
        if "@" in parts.netloc:
            raise _refused("has a user name in it")
        if parts.scheme and parts.scheme != self._base.scheme:
            raise _refused(f"leads to another scheme, {parts.scheme!r}")
        if parts.scheme and not parts.hostname:
            raise _refused("names no host")
        if parts.netloc and self._is_foreign(parts, port):
            self._meet_foreign(parts)
        return self._target(parts)

    def _is_foreign(self, link: SplitResult, port: int | None) -> bool:
        usual = _DEFAULT_PORTS.get(self._base.scheme)
        mine = ((self._base.hostname or "").rstrip("."), self._base.port or usual)
        return mine != ((link.hostname or "").rstrip("."), port or usual)

    def _meet_foreign(self, link: SplitResult) -> None:
        if self._strict:
            raise ForeignPage(
                f"the next page is said to be at {link.netloc}, and the session's key is for"
                f" {self._base.netloc} only; ask the gateway's operator"
            )
        if not self._told:
            self._told = True
            _LOGGER.warning(
                "pages are said to be at %s; they are asked for at %s, where the session is",
                redact(link.netloc),
                self._base.netloc,
            )

    def _target(self, link: SplitResult) -> str:
        path = link.path
        if not path.startswith("/"):
            if link.netloc and path:
                raise _refused("is no URL")
            here = self._base.path.rstrip("/") + self._here.partition("?")[0]
            path = (here.rpartition("/")[0] + "/" + path) if path else here
        raw, plain = _normalised(path)
        base = tuple(_normalised(self._base.path)[1])
        if base and tuple(plain[: len(base)]) == base:
            raw, plain = raw[len(base) :], plain[len(base) :]
        elif tuple(plain[: len(_ROOT)]) != _ROOT:
            wanted = self._base.path.rstrip("/") or "/v2"
            raise _refused(f"does not lie under {wanted}/")
        if len(plain) < 1 or (not base and len(plain) <= len(_ROOT)):
            raise _refused("names no page")
        if _CONTROL.intersection(plain):
            raise _refused("leads to what controls the terminal")
        target = "/" + "/".join(raw) + ("/" if path.endswith("/") else "")
        return f"{target}?{link.query}" if link.query else target


def _normalised(path: str) -> tuple[list[str], list[str]]:
    """Return a path's segments as they are sent, and as they are meant; dots worked out."""
    raw: list[str] = []
    plain: list[str] = []
    for segment in path.split("/"):
        meant = segment
        # Some servers decode once, some gateways once more before them.
        while (once := unquote(meant)) != meant:
            meant = once
        meant = meant.partition(";")[0].lower()
        if "/" in meant or "\\" in meant or not (meant.isprintable() and meant.isascii()):
            raise _refused("has a path that can be read in two ways")
        if meant == "..":
            if not raw:
                raise _refused("leads above the root")
            raw.pop()
            plain.pop()
        elif meant not in ("", "."):
            raw.append(segment)
            plain.append(meant)
    return raw, plain


def _is_nothing(link: object) -> bool:
    return link is None or (isinstance(link, str) and link.strip().lower() in ("", "null"))


def _refused(why: str) -> ForeignPage:
    # Without the link, which may be long, and may hold what is nobody's business.
    return ForeignPage(f"the link to the next page is not followed: it {why}")


def _digest(target: str) -> bytes:
    import hashlib

    return hashlib.blake2b(target.encode(), digest_size=_DIGEST).digest()


@final
class Replay:
    """Bytes that have been handed out, so that the same can be told when they come again."""

    def __init__(self) -> None:
        self._length = 0
        self._checksum = 0
        self._left = 0
        self._again = 0

    @property
    def length(self) -> int:
        """Bytes handed out."""
        return self._length

    def restart(self) -> None:
        """Expect all bytes once more, from the first."""
        self._left, self._again = self._length, 0

    def take(self, data: bytes) -> bytes | None:
        """Return what of the next bytes is new; None where the old ones were others."""
        if self._left:
            old, data = data[: self._left], data[self._left :]
            self._left -= len(old)
            self._again = zlib.crc32(old, self._again)
            if not self._left and self._again != self._checksum:
                return None
        self._length += len(data)
        self._checksum = zlib.crc32(data, self._checksum)
        return data

    @property
    def is_whole(self) -> bool:
        """Whether all that was handed out has come again."""
        return not self._left
