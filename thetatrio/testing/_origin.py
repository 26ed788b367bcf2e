"""Who may send requests: programs, and pages of the terminal's own address. No other web page.

A web page can have its reader's browser send requests to this machine. Three
headers tell which page it was: `Host` names another host when the page's own
name was made to resolve to this machine (DNS rebinding), `Origin` is the page's
for WebSockets and scripts that read answers, and `Sec-Fetch-Site` or `Referer`
come with images and links, which could shut a terminal down. Programs send
none but `Host`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import urlsplit

from thetatrio.config import is_loopback

__all__ = ["refusal_of"]

_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_FOREIGN: Final = frozenset({"cross-site", "same-site"})


def refusal_of(headers: Mapping[str, str], allow_hosts: Collection[str]) -> str | None:
    """Return why a request is refused; None if it is not.

    Args:
        headers: The request's headers, by their names in lower case.
        allow_hosts: Names in lower case that are taken besides those of this machine, with
            any port.

    Returns:
        The text of the answer (403), or None.
    """
    host = headers.get("host", "")
    name, port = _address(f"http://{host}")
    if host and not (is_loopback(name) or name in allow_hosts):
        return (
            f"Refused: Host {host!r} is not an address of this machine. A simulated terminal that"
            " is reached by another name is opened with allow_hosts=[name] (--allow-host NAME)."
        )
    for header in ("origin", "referer"):
        page = headers.get(header)
        if page is None:
            continue
        of_page, page_port = _address(page)
        if of_page in allow_hosts or (is_loopback(of_page) and page_port == port):
            return None
        return (
            f"Refused: {header.title()} {page!r} is another site. Web pages have no access to this"
            " terminal; one whose host you trust is allowed by allow_hosts=[host] (--allow-host)."
        )
    if headers.get("sec-fetch-site", "") in _FOREIGN:
        return "Refused: sent by a web page of another site (Sec-Fetch-Site)."
    return None


def _address(url: str) -> tuple[str, int | None]:
    """Return the host in lower case and the port of a URL; no host if it is not one."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return "", None
