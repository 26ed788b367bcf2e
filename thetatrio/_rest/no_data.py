"""The ways in which a service reports "no data" in an answer with status 200. Pure.

A terminal sends status 472. Older ones, and gateways, send 200 with the text of
that status, or a JSON document of a status without results. All of these are an
empty result. An empty body is not: it cannot be told from a lost one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

import msgspec

from thetatrio._rest.json_text import check_members

__all__ = ["LONGEST", "is_no_data", "is_no_data_document", "may_be_no_data"]

LONGEST: Final = 1024
"""Bytes of the longest answer that is looked at as a whole."""
_NO_DATA: Final = b"no data"
"""How the texts begin: v3's `No data found for your request`, and v2's `:No data for the specified
timeframe & contract.`."""
_BEFORE: Final = b" \t\r\n:\xef\xbb\xbf"  # a byte order mark is among them
_GOOD_STATUS: Final = frozenset({"ok", "success", "delayed", "no_data", "no data"})


def may_be_no_data(beginning: bytes, *, is_json: bool) -> bool:
    """Return whether an answer that begins with these bytes can turn out to be "no data".

    Args:
        beginning: its first bytes, as many as there are.
        is_json: whether its type is JSON.
    """
    text = beginning.lstrip(_BEFORE)
    if len(beginning) > LONGEST:
        return False
    return _NO_DATA.startswith(text[: len(_NO_DATA)].lower()) or (is_json and text[:1] == b"{")


def is_no_data(content: bytes) -> bool:
    """Return whether a complete answer with status 200 is a service's "no data"."""
    if len(content) > LONGEST:
        return False
    text = content.strip(_BEFORE)
    if text[: len(_NO_DATA)].lower() == _NO_DATA:
        return b"\n" not in text
    if text[:1] != b"{":
        return False
    try:
        check_members(text, {"status": 1, "results": 1, "error": 1})
        return is_no_data_document(msgspec.json.decode(text))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False


def is_no_data_document(document: object) -> bool:
    """Return whether a JSON document has a status of success, and no results.

    `{"status": "OK"}`, `{"status": "OK", "results": null}` and `{"status": "OK",
    "results": []}` are such documents. One with an error in it, with another
    status, or with rows is not.
    """
    if not isinstance(document, dict):
        return False
    members = cast("Mapping[str, object]", document)
    status = members.get("status")
    is_good = status == 200 or (isinstance(status, str) and status.lower() in _GOOD_STATUS)
    if not is_good or members.get("error") or members.get("errors") or "response" in members:
        return False
    return members.get("results") in (None, [])
