"""What a Retry-After header says, over HTTP and in a WebSocket handshake alike."""

from __future__ import annotations

import datetime as dt
import math
import re
from email.utils import parsedate_to_datetime
from typing import Final

__all__ = ["parse_retry_after"]

_SECONDS: Final = r"[0-9]+(\.[0-9]*)?([eE][0-9]+)?"


def parse_retry_after(value: str | None, now: dt.datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, or None where it says nothing usable.

    Seconds (whole or not) or an HTTP date; a date that has passed is 0.
    """
    if value is None:
        return None
    text = value.strip()
    if re.fullmatch(_SECONDS, text):
        seconds = float(text)
        return seconds if math.isfinite(seconds) else None
    if "_" in text or not text.isascii():  # the parser of dates would read such digits
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:  # RFC 9110: HTTP dates are in GMT
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - now).total_seconds())
