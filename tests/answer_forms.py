"""What an answer of a terminal is written as, for `tests.answers`."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from thetatrio import requests, rows


class Answer(NamedTuple):
    """One operation's answer in every form, and the rows it means."""

    request: type[requests.Request]
    rows: list[rows.Row]
    csv: bytes
    ndjson: bytes
    json: bytes
    columns: bytes

    @property
    def row_type(self):
        """What each row becomes."""
        return self.request.row_type()

    def bodies(self):
        """Return each form's name for the decoder, and its bytes."""
        return [
            ("csv", self.csv),
            ("ndjson", self.ndjson),
            ("json", self.json),
            ("json", self.columns),
        ]


def at(text):
    """Return a wall-clock value as rows hold it."""
    return dt.datetime.fromisoformat(text)


def crlf(text):
    """Return CSV as terminals send it."""
    return text.replace("\n", "\r\n").encode()
