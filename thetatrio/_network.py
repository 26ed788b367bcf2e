"""What errors of the network mean, and the TLS settings: one table for REST and for the stream."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Iterable
from typing import Final, cast
from urllib.parse import urljoin, urlsplit, urlunsplit

import certifi
import msgspec

from thetatrio.errors import ConnectError, InvalidConfig, TLSError

__all__ = ["Peer", "connect_error", "reason_of", "redirect_target", "tls_context", "tls_error"]


class Peer(msgspec.Struct, frozen=True):
    """What a connection is made to, in the words of an error message."""

    name: str
    """Such as `Theta Terminal at 127.0.0.1:25503`."""
    host: str
    """The host name or address that is resolved and connected to."""
    setting: str
    """The setting that names it: `base_url`, `stream_url` or `proxy`."""
    plain_scheme: str = "http"
    """The scheme of a URL without TLS, `http` or `ws`; the one with TLS has an `s` more."""


class _Meaning(msgspec.Struct, frozen=True):
    text: str
    remedy: str


_REFUSED: Final = _Meaning("connection refused", "is it running?")
_UNREACHABLE: Final = "there is no route to it: check this machine's network, a VPN, and {setting}"
_CLOSED: Final = "it, or a firewall between, closes connections at once: is it starting?"
_FORBIDDEN: Final = (
    "a sandbox, a container's policy or a firewall of this machine forbids the connection"
)
_NO_MEMORY: Final = "this machine has no memory left for sockets: close programs or connections"

# By name, since numbers differ between systems and some systems lack some of them. Where several
# addresses of a host were tried, the remedy of the error that is first here is shown.
_OS_ERRORS: Final[dict[str, _Meaning]] = {
    "EMFILE": _Meaning(
        "too many open files",
        "this process is at its limit of open files and sockets: raise the limit (ulimit -n), or"
        " close files and sessions",
    ),
    "ENFILE": _Meaning(
        "too many open files in the system",
        "this machine is at its limit of open files: raise the limit (fs.file-max), or close"
        " programs",
    ),
    "ENOBUFS": _Meaning("no buffer space available", _NO_MEMORY),
    "ENOMEM": _Meaning("out of memory", _NO_MEMORY),
    "EADDRNOTAVAIL": _Meaning(
        "cannot assign a local address",
        "this machine has no free local port left, as after very many short connections, or no"
        " address of that kind: wait a minute, or check {setting}",
    ),
    "EACCES": _Meaning("permission denied", _FORBIDDEN),
    "EPERM": _Meaning("operation not permitted", _FORBIDDEN),
    "ECONNREFUSED": _REFUSED,
    "ECONNRESET": _Meaning("connection reset by peer", _CLOSED),
    "ECONNABORTED": _Meaning("connection aborted", _CLOSED),
    "EPIPE": _Meaning("broken pipe", _CLOSED),
    "ETIMEDOUT": _Meaning(
        "connection timed out", "nothing answers there: check {setting}, and firewalls"
    ),
    "ENETUNREACH": _Meaning("network is unreachable", _UNREACHABLE),
    "EHOSTUNREACH": _Meaning("no route to host", _UNREACHABLE),
    "ENETDOWN": _Meaning("network is down", _UNREACHABLE),
    "EHOSTDOWN": _Meaning("host is down", _UNREACHABLE),
    "EAFNOSUPPORT": _Meaning(
        "address family not supported",
        "this machine has no addresses of that kind (IPv6?): use another address in {setting}",
    ),
}
_BY_NUMBER: Final[dict[int, _Meaning]] = {
    getattr(errno, name): meaning for name, meaning in _OS_ERRORS.items() if hasattr(errno, name)
}

# Numbers of OpenSSL (X509_V_ERR_...), which `ssl` hands on as `verify_code`.
_EXPIRED: Final = 10
_NOT_YET_VALID: Final = 9
_WRONG_HOST: Final = frozenset({62, 64})
_UNKNOWN_ISSUER: Final = frozenset({2, 18, 19, 20, 21})
_VERIFY: Final = "verify= takes the path of a CA file or an ssl.SSLContext"
# What an HTTP server's bytes look like to OpenSSL, by its version.
_NOT_TLS: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL", "HTTP_REQUEST"}
)


def tls_context(verify: bool | str | ssl.SSLContext) -> ssl.SSLContext:  # noqa: FBT001
    """Return the TLS settings that `Config.verify` means.

    Args:
        verify: True trusts the CAs of the system and of certifi; False trusts everybody; a path
            is that of a CA file; a context is used as it is.

    Raises:
        InvalidConfig: The CA file cannot be read, or holds no certificate.
    """
    if isinstance(verify, ssl.SSLContext):
        return verify
    if isinstance(verify, str):
        try:
            return ssl.create_default_context(cafile=verify)
        except ssl.SSLError as error:
            raise InvalidConfig(
                f"verify: the CA file {verify!r} holds no certificate that can be read"
                f" ({reason_of(error)}); it must be in PEM format"
            ) from error
        except OSError as error:
            raise InvalidConfig(
                f"verify: the CA file {verify!r} cannot be read ({reason_of(error)})"
            ) from error
    if not verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    context = ssl.create_default_context()
    # Some Pythons come without the system's CAs.
    context.load_verify_locations(cafile=certifi.where())
    return context


def connect_error(error: BaseException, peer: Peer) -> ConnectError:
    """Return the error of our tree for one of resolving, connecting or the TLS handshake.

    Args:
        error: What was raised; the operating system's error may be deep in its causes.
        peer: What was connected to.
    """
    failed = tls_error(error, peer)
    if failed is not None:
        return failed
    found = _os_errors(error)
    unresolved = [each for each in found if isinstance(each, (socket.gaierror, UnicodeError))]
    if unresolved:
        return ConnectError(
            f"cannot resolve host {peer.host!r} ({_text_of(unresolved[0])}); check {peer.setting}"
        )
    if any(isinstance(each, ssl.SSLError) for each in found):
        return ConnectError(
            f"{peer.name} closed the connection during the TLS handshake; does it speak TLS?"
            f" Without it {peer.setting} begins with {peer.plain_scheme}://"
        )
    return ConnectError(f"cannot reach {peer.name} ({reason_of(error)}); {_remedy(found, peer)}")


def _remedy(found: Iterable[Exception], peer: Peer) -> str:
    meanings = [_BY_NUMBER.get(each.errno or 0) for each in found if isinstance(each, OSError)]
    for meaning in _OS_ERRORS.values():
        if meaning in meanings:
            return meaning.remedy.format(setting=peer.setting)
    return f"check {peer.setting}, and is it running?"


def tls_error(error: BaseException, peer: Peer, *, alerts_only: bool = False) -> TLSError | None:
    """Return what TLS was refused for, or None if the error is another one.

    A connection that ends in the middle of a handshake is another one: the peer may restart.

    Args:
        error: What was raised.
        peer: What was connected to.
        alerts_only: Whether only the peer's refusals count. With TLS 1.3 the refusal of a client
            certificate arrives after the handshake, when the answer is awaited.
    """
    for each in _os_errors(error):
        if isinstance(each, ssl.SSLError) and not isinstance(
            each, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
        ):
            reason: str = getattr(each, "reason", None) or ""
            if "_ALERT_" in reason:
                return TLSError(
                    f"{peer.name} refused the TLS handshake ({_text_of(each)}); if it requires a"
                    " client certificate, give verify= an ssl.SSLContext that has one"
                    " (load_cert_chain)"
                )
            if not alerts_only and "EOF" not in reason:
                return TLSError(_tls_message(each, reason, peer))
    return None


def _tls_message(error: ssl.SSLError, reason: str, peer: Peer) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{peer.name} has a certificate that {_certificate_message(error, peer)}"
    if reason in _NOT_TLS:
        return (
            f"{peer.name} does not speak TLS ({_text_of(error)}); if it needs none, {peer.setting}"
            f" begins with {peer.plain_scheme}://"
        )
    return (
        f"the TLS handshake with {peer.name} failed ({_text_of(error)}); an ssl.SSLContext given"
        " as verify= sets versions, ciphers and certificates"
    )


def _certificate_message(error: ssl.SSLCertVerificationError, peer: Peer) -> str:
    code = getattr(error, "verify_code", 0)
    # OpenSSL ends some of its texts with a period.
    text = str(getattr(error, "verify_message", "") or _text_of(error)).rstrip(".").lower()
    if code == _EXPIRED:
        return f"has expired ({text}); have it renewed, or check this machine's clock; {_VERIFY}"
    if code == _NOT_YET_VALID:
        return f"is not valid yet ({text}); check this machine's clock; {_VERIFY}"
    if code in _WRONG_HOST:
        return (
            f"is for another host ({text}); write the host as the certificate has it in"
            f" {peer.setting}; {_VERIFY}"
        )
    if code in _UNKNOWN_ISSUER:
        return (
            f"was issued by an authority that is not trusted here ({text}); {_VERIFY} that trusts"
            " it"
        )
    return f"is not accepted ({text}); {_VERIFY}"


def reason_of(error: BaseException) -> str:
    """Return in a few words what the operating system or TLS reported, without addresses."""
    texts = [_text_of(each) for each in _os_errors(error)]
    return "; ".join(dict.fromkeys(texts)) or str(error) or type(error).__name__


def _text_of(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return str(getattr(error, "reason", None) or error).replace("_", " ").lower()
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror):
        number = error.errno or 0
        if number in _BY_NUMBER:
            return _BY_NUMBER[number].text
        if number > 0:
            return os.strerror(number).lower()  # without the address, which trio adds
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).lower()


def _os_errors(error: BaseException) -> list[Exception]:
    """Return the errors of the operating system, of TLS or of names at the bottom of an error.

    The first of each chain of causes: further down are errors that the caller was handling
    while it sent the request.
    """
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        if isinstance(current, BaseExceptionGroup):  # one OSError for each address tried
            group = cast("BaseExceptionGroup[BaseException]", current)
            return [found for inner in group.exceptions for found in _os_errors(inner)]
        if isinstance(current, (ssl.SSLError, socket.gaierror, UnicodeError)):
            return [current]
        if isinstance(current, OSError) and current.errno is not None:
            return [current]
        current = current.__cause__ or current.__context__
    return []


def redirect_target(location: str, request_url: str) -> str:
    """Return where a redirect points, for a message: absolute, without query, user and password.

    Args:
        location: The Location header, which may be relative.
        request_url: URL that was requested.
    """
    try:
        parts = urlsplit(urljoin(request_url, location))
        host = parts.hostname or ""
        place = f"[{host}]" if ":" in host else host
        netloc = place if parts.port is None else f"{place}:{parts.port}"
        target = urlunsplit((parts.scheme, netloc, parts.path, "", ""))
    except ValueError:
        return "a place that is not a valid URL"
    return target[:200] if target.isprintable() else "a place that is not a valid URL"
