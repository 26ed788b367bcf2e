"""The content coding gzip, undone in pieces of bounded size. Pure: no I/O, no clock.

httpx's own decoder is not used: it inflates a whole chunk at once, whatever it
grows to, and it stops without an error after the first of several members.
"""

from __future__ import annotations

import zlib
from typing import Final, final

from thetatrio.errors import DecodeError

__all__ = ["GzipDecoder", "content_codings"]

_GZIP: Final = 31  # zlib's window bits for the gzip format
_OUTPUT: Final = 1 << 16  # bytes inflated at once
_INPUT: Final = 1 << 13
"""Bytes handed to zlib at once. zlib copies what it does not use, after each piece and after each
member, so that the time is linear in the input only if this is bounded."""
_FIRST_BYTES: Final = 256
_GZIP_NAMES: Final = ("gzip", "x-gzip")


def content_codings(header: str | None) -> tuple[str, ...]:
    """Return the content codings of an answer in the order they were applied (RFC 9110, 8.4).

    Names are case-insensitive. `identity`, an empty header and empty list
    elements mean no coding.

    Args:
        header: the value of Content-Encoding, several header lines joined by commas; or None.
    """
    names = (name.strip().lower() for name in (header or "").split(","))
    return tuple(name for name in names if name not in ("", "identity"))


@final
class GzipDecoder:
    """Inflates the members of a gzip body, one after the other (RFC 1952, 2.2).

    Feed it a chunk, then call `take` until `needs_input`. Each call does a
    bounded amount of work, so that the caller can let other tasks run between
    two calls, however much a small chunk inflates to.

    Args:
        codings: the content codings of the answer, of which only one gzip is supported.
    """

    def __init__(self, codings: tuple[str, ...]) -> None:
        self._codings = codings
        self._inflate = zlib.decompressobj(wbits=_GZIP)
        self._chunk = memoryview(b"")
        self._pending = b""
        self._is_within_member = False
        self._members = 0

    @property
    def needs_input(self) -> bool:
        """Whether all bytes that were fed have been decoded."""
        return not self._pending and not self._chunk

    def check_codings(self) -> None:
        """Refuse codings that were not requested; before the body is read.

        Raises:
            DecodeError: the body is not encoded with gzip, once.
        """
        if len(self._codings) != 1 or self._codings[0] not in _GZIP_NAMES:
            raise DecodeError(
                f"the answer's Content-Encoding is {', '.join(self._codings)!r}, which was not"
                " requested: only gzip, applied once, is supported; configure the proxy or gateway"
                " to respect Accept-Encoding"
            )

    def feed(self, chunk: bytes) -> None:
        """Add compressed bytes. Only when `needs_input`."""
        self._chunk = memoryview(chunk)

    def take(self) -> bytes:
        """Return the next decoded bytes, 64 KiB at most; none does not mean the end.

        Raises:
            DecodeError: the data is damaged, or bytes follow
                the last member that are not a member. Zero padding is not accepted
                either: HTTP has no use for it.
        """
        if self.needs_input:
            return b""
        if not self._pending:
            self._pending = bytes(self._chunk[:_INPUT])
            self._chunk = self._chunk[_INPUT:]
        data = self._pending
        self._is_within_member = True
        try:
            piece = self._inflate.decompress(data, _OUTPUT)
        except zlib.error as error:
            after = f" after member {self._members}" if self._members else ""
            raise DecodeError(
                f"the answer is not valid gzip data{after} ({error})",
                first_bytes=data[:_FIRST_BYTES],
            ) from error
        if self._inflate.eof:
            # What follows the end of a member is the next member or an error. zlib would
            # collect it, and would not look at it.
            self._pending = self._inflate.unused_data
            self._inflate = zlib.decompressobj(wbits=_GZIP)
            self._is_within_member = False
            self._members += 1
        else:
            self._pending = self._inflate.unconsumed_tail
        return piece

    def finish(self) -> None:
        """Check the end of the body.

        The end of a member says nothing about further members: only the end of
        the HTTP body (Content-Length, the last chunk) proves that there are none.

        Raises:
            DecodeError: the body ends within a member, or before the first one.
        """
        if self._is_within_member or not self._members:
            raise DecodeError("the compressed answer is truncated: it ends within a gzip member")
