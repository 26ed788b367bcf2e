"""Errors, one tree, ordered by whose fault it is.

ThetaDataError
├── InvalidConfig            (also a ValueError) a session cannot be opened with these settings
├── InvalidRequest           (also a ValueError) no terminal could answer this; 400, 404, 473, 475
│   └── RequestTooLarge      more than the terminal gives in one answer; 570
├── AuthenticationFailed     a gateway refused the key; 401
├── PermissionDenied         the subscription does not include this; 403, 471
├── TransportError           the bytes did not get through
│   ├── ConnectError         nobody listens there
│   │   └── TLSError         TLS failed: a certificate is not trusted, or TLS is not spoken
│   ├── ConnectTimeout       nobody answered the connection attempt
│   ├── ReadTimeout          connected, then silence
│   ├── ConnectionLost       cut after the request was sent
│   └── ForeignPage          an answer's next page is said to be where it must not be asked for
├── TerminalError            the terminal answered, and cannot serve
│   ├── RateLimited          429
│   ├── TerminalDisconnected the terminal lost the vendor's servers; 474
│   ├── TerminalStarting     the terminal or its upstream is starting; 571
│   ├── SessionConflict      another terminal took the account's session; 478
│   ├── WrongHost            localhost and 127.0.0.1 were mixed; 476
│   ├── WrongVersion         a v3 terminal was asked in v2's words; 410
│   └── ServerError          470, 477, 500, 572 and other 5xx
├── DecodeError              the answer is not what was asked for
├── StreamError
│   ├── SubscriptionRefused  the terminal said no to a subscription
│   ├── SubscriptionUnanswered  the terminal said nothing to a subscription
│   ├── GapError             data is missing here; its notice says which
│   ├── SlowConsumer         data had to be given up because nobody read it
│   ├── ReconnectGaveUp      the stream did not come back within its bounds
│   └── ProtocolError        what answers there does not speak the stream's protocol
├── FeedClosed               used after its feed's block was left
├── WrongCall                (also a TypeError) arguments, or a use, that cannot work
├── DownloadError            a download cannot go on, or parts of it could not be had
├── SessionClosed            used after its session was left
├── EndOfChannel             there is nothing more to receive
├── WouldBlock               nothing can be received without waiting
└── InternalError            a defect of thetatrio; please report it

Every error carries its data as attributes, survives pickling, and its message
says what happened, where, and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from thetatrio._secrets import redact, redact_bytes

if TYPE_CHECKING:
    import datetime as dt

    from thetatrio.contracts import Contract
    from thetatrio.events import Notice

__all__ = [
    "AuthenticationFailed",
    "ConnectError",
    "ConnectTimeout",
    "ConnectionLost",
    "DecodeError",
    "DownloadError",
    "EndOfChannel",
    "FeedClosed",
    "ForeignPage",
    "GapError",
    "InternalError",
    "InvalidConfig",
    "InvalidRequest",
    "PermissionDenied",
    "ProtocolError",
    "RateLimited",
    "ReadTimeout",
    "ReconnectGaveUp",
    "RequestTooLarge",
    "ServerError",
    "SessionClosed",
    "SessionConflict",
    "SlowConsumer",
    "StreamError",
    "SubscriptionRefused",
    "SubscriptionUnanswered",
    "TLSError",
    "TerminalDisconnected",
    "TerminalError",
    "TerminalStarting",
    "ThetaDataError",
    "TransportError",
    "WouldBlock",
    "WrongCall",
    "WrongHost",
    "WrongVersion",
]


class ThetaDataError(Exception):
    """Base of every error that thetatrio raises on purpose."""

    code: int | None
    """The HTTP status the terminal answered with, or None where there was none."""
    request: object | None
    """The request this happened to, or None where there was none."""

    # Attributes beyond the message are keywords with defaults, so that the
    # default pickling of exceptions (class, message, then the __dict__) works.
    def __init__(
        self, message: str, *, code: int | None = None, request: object | None = None
    ) -> None:
        # A message may quote what a server sent, and that may repeat a key.
        super().__init__(redact(message))
        self.code = code
        self.request = request


class _WithProblems(ThetaDataError, ValueError):
    problems: tuple[str, ...]
    """Each thing that is wrong, in words."""

    def __init__(
        self,
        message: str,
        *,
        problems: tuple[str, ...] = (),
        code: int | None = None,
        request: object | None = None,
    ) -> None:
        super().__init__(message, code=code, request=request)
        self.problems = tuple(redact(problem) for problem in problems or (message,))


class InvalidConfig(_WithProblems):
    """A session cannot be opened with these settings; `problems` names all of them."""


class InvalidRequest(_WithProblems):
    """No terminal could answer this request; `problems` names everything wrong with it.

    Raised before anything is sent where the library can know it, and for the
    terminal's own 400, 404, 473 and 475. It is never retried.
    """

    terminal_text: str
    """The terminal's text, unchanged; empty if nothing was sent."""

    def __init__(
        self,
        message: str,
        *,
        problems: tuple[str, ...] = (),
        terminal_text: str = "",
        code: int | None = None,
        request: object | None = None,
    ) -> None:
        super().__init__(message, problems=problems, code=code, request=request)
        self.terminal_text = redact(terminal_text)


class RequestTooLarge(InvalidRequest):
    """The request asks for more than the terminal gives in one answer (its code 570)."""


class WrongCall(ThetaDataError, TypeError):
    """Something was called or used in a way that cannot work; the message has the remedy.

    Raised for an argument that does not exist or is missing, for an object of the wrong
    kind (a coroutine where a query is expected), and for what is iterated before it is
    opened or awaited. Nothing was sent.
    """


class AuthenticationFailed(ThetaDataError):
    """A gateway refused the key (401)."""


class PermissionDenied(ThetaDataError):
    """The account's subscription does not include this data (403 or 471)."""

    terminal_text: str
    """The terminal's text, unchanged."""
    needed_tier: str | None
    """The subscription that the text names as needed, such as `value`; None if it names none."""
    allowed_from: dt.date | None
    """The first day that the account may request, if the text names it."""

    def __init__(
        self,
        message: str,
        *,
        terminal_text: str = "",
        needed_tier: str | None = None,
        allowed_from: dt.date | None = None,
        code: int | None = None,
        request: object | None = None,
    ) -> None:
        super().__init__(message, code=code, request=request)
        self.terminal_text = redact(terminal_text)
        self.needed_tier = needed_tier
        self.allowed_from = allowed_from


class TransportError(ThetaDataError):
    """The bytes did not get through."""


class ConnectError(TransportError):
    """No connection could be made: nobody listens at that host and port."""


class TLSError(ConnectError):
    """TLS failed: one of the two certificates is not accepted, or the peer does not speak TLS.

    The message says which, and what `verify=` can do about it. A request or a stream that gets
    it is not retried.
    """


class ConnectTimeout(TransportError):
    """No connection could be made within `connect_timeout`."""


class ReadTimeout(TransportError):
    """The terminal took the request, and then sent nothing for too long."""

    first_byte: bool
    """Whether the answer had not begun: such a request is not sent a second time, since the
    terminal may still be busy with the first."""

    def __init__(
        self,
        message: str,
        *,
        first_byte: bool = False,
        code: int | None = None,
        request: object | None = None,
    ) -> None:
        super().__init__(message, code=code, request=request)
        self.first_byte = first_byte


class ConnectionLost(TransportError):
    """The connection ended before the answer did."""

    rows_delivered: int
    """Rows of this query that were handed out before the cut; all of them are good."""

    def __init__(
        self,
        message: str,
        *,
        rows_delivered: int = 0,
        code: int | None = None,
        request: object | None = None,
    ) -> None:
        super().__init__(message, code=code, request=request)
        self.rows_delivered = rows_delivered


class ForeignPage(TransportError):
    """An answer's link to its next page leads elsewhere, or to what is no page."""


class TerminalError(ThetaDataError):
    """The terminal answered, and cannot serve the request now."""

    terminal_text: str
    """What the terminal said, as it said it."""
    retry_after: float | None
    """Seconds after which the terminal asked to be tried again, or None."""

    def __init__(
        self,
        message: str,
        *,
        terminal_text: str = "",
        retry_after: float | None = None,
        code: int | None = None,
        request: object | None = None,
    ) -> None:
        super().__init__(message, code=code, request=request)
        self.terminal_text = redact(terminal_text)
        self.retry_after = retry_after


class RateLimited(TerminalError):
    """Too many requests are waiting at the terminal (429), and it did not get better."""


class TerminalDisconnected(TerminalError):
    """The terminal has lost the vendor's servers (474)."""


class TerminalStarting(TerminalError):
    """The terminal, or the server behind it, is starting (571)."""


class SessionConflict(TerminalError):
    """Another terminal took the account's session (478)."""


class WrongHost(TerminalError):
    """The terminal saw another spelling of its host first (476)."""


class WrongVersion(TerminalError):
    """A v3 terminal was asked in v2's words (410)."""


class ServerError(TerminalError):
    """The terminal failed (470, 477, 500, 572, other 5xx), again after what may be retried."""


class DecodeError(ThetaDataError):
    """An answer arrived and is not what was asked for."""

    first_bytes: bytes
    """The first 256 bytes of what could not be read."""

    def __init__(
        self,
        message: str,
        *,
        first_bytes: bytes = b"",
        code: int | None = None,
        request: object | None = None,
    ) -> None:
        super().__init__(message, code=code, request=request)
        self.first_bytes = redact_bytes(first_bytes)


class StreamError(ThetaDataError):
    """Something about a channel of data, live or historical."""


class SubscriptionRefused(StreamError):
    """The terminal refused subscriptions; those it accepted have been taken back."""

    refused: Mapping[Contract | str, str]
    """The terminal's word, such as `INVALID_PERMS`, for each contract (`option` or `stock` for
    the full trade stream)."""

    def __init__(
        self,
        message: str,
        *,
        refused: Mapping[Contract | str, str] = MappingProxyType({}),
        code: int | None = None,
        request: object | None = None,
    ) -> None:
        super().__init__(message, code=code, request=request)
        self.refused = {what: redact(text) for what, text in refused.items()}


class SubscriptionUnanswered(StreamError):
    """The terminal did not answer subscriptions within `ack_timeout`."""

    contracts: tuple[Contract | str, ...]
    """What it did not answer (`option` or `stock` for the full trade stream)."""

    def __init__(
        self,
        message: str,
        *,
        contracts: tuple[Contract | str, ...] = (),
        code: int | None = None,
        request: object | None = None,
    ) -> None:
        super().__init__(message, code=code, request=request)
        self.contracts = contracts


class GapError(StreamError):
    """Data is missing in this place of a feed; reading may go on."""

    notice: Notice | None
    """What is missing, as `feed.with_notices()` would say it."""

    def __init__(
        self,
        message: str,
        *,
        notice: Notice | None = None,
        code: int | None = None,
        request: object | None = None,
    ) -> None:
        super().__init__(message, code=code, request=request)
        self.notice = notice


class SlowConsumer(StreamError):
    """Data had to be given up because its reader did not read it; reading may go on."""

    count: int
    """Events of a feed that were given up in this place; 0 where it was no feed."""

    def __init__(
        self,
        message: str,
        *,
        count: int = 0,
        code: int | None = None,
        request: object | None = None,
    ) -> None:
        super().__init__(message, code=code, request=request)
        self.count = count


class ReconnectGaveUp(StreamError):
    """The stream did not come back within the bounds of its `ReconnectPolicy`."""

    attempts: int
    """Attempts made since the connection was lost."""

    def __init__(
        self,
        message: str,
        *,
        attempts: int = 0,
        code: int | None = None,
        request: object | None = None,
    ) -> None:
        super().__init__(message, code=code, request=request)
        self.attempts = attempts


class ProtocolError(StreamError):
    """What answers at the stream's address does not speak its protocol."""


class FeedClosed(ThetaDataError):
    """The block of the feed this belonged to has been left."""


class DownloadError(ThetaDataError):
    """A download cannot go on, or parts of it could not be had. What is done stays done."""

    failed: tuple[str, ...]
    """The parts that the terminal did not give, each with its reason."""

    def __init__(
        self,
        message: str,
        *,
        failed: tuple[str, ...] = (),
        code: int | None = None,
        request: object | None = None,
    ) -> None:
        super().__init__(message, code=code, request=request)
        self.failed = tuple(redact(part) for part in failed)


class SessionClosed(ThetaDataError):
    """The session, or the block of the channel, that this belonged to has been left."""


class EndOfChannel(ThetaDataError):
    """Everything has been received; `async for` ends here by itself."""


class WouldBlock(ThetaDataError):
    """Nothing can be received right now without waiting."""


class InternalError(ThetaDataError):
    """A defect of thetatrio itself. Please report it with the traceback."""
