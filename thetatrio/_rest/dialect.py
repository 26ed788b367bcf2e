"""What the core asks of a dialect: how requests are spelled, and how answers are read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

import msgspec

from thetatrio._rest.pages import Envelope
from thetatrio.config import RowFormat
from thetatrio.errors import ThetaDataError
from thetatrio.requests import Request
from thetatrio.rows import Row

__all__ = ["Dialect", "Spelling", "Target", "Translator"]

R = TypeVar("R", bound=Row)


class Target(msgspec.Struct, frozen=True):
    """One GET request of those that answer a request."""

    target: str
    """Path and query."""
    fixed: Mapping[str, str] = {}
    """Columns that all of its rows share, which the terminal does not send."""


class Translator(Protocol):
    """Turns pages into the bytes that a v3 terminal would have sent."""

    @property
    def content_type(self) -> str:
        """What it makes."""
        ...

    def head(self) -> bytes:
        """Return what goes before the first row."""
        ...

    def rows(
        self, target: Target, content_type: str, content: bytes, envelope: Envelope | None
    ) -> bytes:
        """Return the rows of one page; nothing where it has none.

        Raises DecodeError for what is no page, and the error that a page with
        a status of 200 tells of.
        """
        ...

    def tail(self) -> bytes:
        """Return what goes after the last row."""
        ...


class Spelling(msgspec.Struct, frozen=True):
    """How a request goes over the wire."""

    targets: tuple[Target, ...]
    """What is asked for, one after the other; one, unless there is a translator."""
    accept: str
    translator: Translator | None = None
    """How its pages are read; None: the answer is one, and as it should be."""


class Dialect(Protocol):
    """What a terminal speaks. The session's `api` says which."""

    @property
    def MDDS_STATUS(self) -> str:  # noqa: N802  # a module's constant
        """Path of the status of historical data."""
        ...

    @property
    def FPSS_STATUS(self) -> str:  # noqa: N802
        """Path of the status of the stream."""
        ...

    @property
    def SHUTDOWN(self) -> str:  # noqa: N802
        """Path that ends the terminal."""
        ...

    def spell(
        self, request: Request[R], wanted: RowFormat | None, row_format: RowFormat
    ) -> Spelling:
        """Return how a request is asked.

        Args:
            request: what is asked.
            wanted: what the bytes must be; None: whatever rows are read from.
            row_format: what the session is told to ask rows in.

        Raises InvalidRequest for what this kind of terminal cannot answer.
        """
        ...

    def error_of(
        self,
        status: int,
        text: str,
        *,
        request: object | None = None,
        retry_after: float | None = None,
        redirect: str = "",
    ) -> ThetaDataError:
        """Return the error that an answer's status means, with the terminal's own text."""
        ...
