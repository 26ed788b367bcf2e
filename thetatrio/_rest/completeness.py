"""Whether an answer arrived completely, checked on its bytes while they pass. Pure.

HTTP proves the end of a body by its length or by the last chunk. That does not
prove that the terminal wrote all of it: one that loses its servers has been seen
to end a JSON answer within an array, with status 200. So the content is checked
too: a JSON document must close, and a last line must end as the lines before it.
Every consumer of an answer gets its bytes through this check.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, final

from thetatrio._rest.decode import Form
from thetatrio._rest.no_data import is_no_data
from thetatrio.errors import DecodeError

__all__ = ["CompletenessCheck", "JsonEnd"]

_BLANK: Final = b" \t\r\n\v\f\xef\xbb\xbf"  # a byte order mark is among them
LONGEST_LINE: Final = 1 << 16
"""Bytes of the longest lone line that is checked for its end; a longer one is no row."""
_ESCAPE: Final = rb"(?s)\\."
_BRACKETS: Final = b"{[}]"
_NO_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in _BRACKETS)


@final
class JsonEnd:
    """Finds the end of a JSON document in pieces of any size, in constant memory.

    It counts brackets outside of strings. A document that was truncated never
    passes, as its last bracket is missing; whether it is valid is for its reader.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._is_in_string = False
        self._is_escaped = False
        self._is_closed = False
        self._has_more = False

    @property
    def is_complete(self) -> bool:
        """Whether one object or array has been closed, and only blanks followed."""
        return self._is_closed and not (self._has_more or self._is_in_string)

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        if self._is_escaped and data:
            data = data[1:]
            self._is_escaped = False
        if b"\\" in data:
            data = re.sub(_ESCAPE, b"_", data)
            if data.endswith(b"\\"):
                self._is_escaped = True
                data = data[:-1]
        parts = data.split(b'"')
        # A quote stays for each string, so that a string after the end is found.
        outside = b'"'.join(parts[self._is_in_string :: 2])
        self._is_in_string ^= len(parts) % 2 == 0
        if self._is_escaped and not self._is_in_string:  # where no backslash can be
            self._has_more = True
        if self._is_closed:
            self._has_more = self._has_more or bool(outside.strip(_BLANK)) or len(parts) > 1
            return
        for bracket in outside.translate(None, _NO_BRACKETS):
            if self._is_closed:
                self._has_more = True
            self._depth += 1 if bracket in b"{[" else -1
            self._is_closed = self._is_closed or self._depth <= 0
            self._has_more = self._has_more or self._depth < 0
        if self._is_closed:
            last = max(outside.rfind(b"}"), outside.rfind(b"]"))
            self._has_more = self._has_more or bool(outside[last + 1 :].strip(_BLANK))


@final
class CompletenessCheck:
    """Checks one answer with status 200. Feed it all bytes, then call `finish`.

    Args:
        form: of the answer; None if it is not known, which checks nothing of the content.
        may_be_empty: whether an empty body is acceptable, as it is for raw bytes.
        check_json: whether a JSON document must be shown to close. Not needed if HTTP
            proves the end and the document is parsed as a whole.
        columns: names that a lone line of CSV without a line end must have.
    """

    def __init__(
        self,
        form: Form | None,
        *,
        may_be_empty: bool,
        check_json: bool,
        columns: Sequence[str] = (),
    ) -> None:
        self._may_be_empty = may_be_empty
        self._columns = columns
        self._is_csv = form == "csv"
        self._has_lines = form in ("csv", "ndjson")
        self._is_blank = True
        self._is_within_line = False
        self._has_line_end = False
        self._first_line = b""  # while it is the only one
        self._json: JsonEnd | None = JsonEnd() if form == "json" and check_json else None

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the answer."""
        if self._is_blank:
            self._is_blank = not chunk.strip(_BLANK)
        if not self._has_lines:
            if self._json is not None:
                self._json.feed(chunk)
            return
        end = chunk.rfind(b"\n") + 1
        if end:
            self._is_within_line = False
            self._has_line_end = self._has_line_end or bool(
                self._first_line.strip(_BLANK) or chunk[:end].strip(_BLANK)
            )
        if end < len(chunk):
            rest = chunk[end:] if end else chunk
            self._is_within_line = self._is_within_line or bool(rest.strip(_BLANK))
            if not self._has_line_end:
                self._first_line = (self._first_line + rest)[: LONGEST_LINE + 1]

    def finish(self) -> None:
        """Check the end of the answer.

        Raises:
            DecodeError: the answer is empty, or truncated.
        """
        if self._is_blank:
            if self._may_be_empty:
                return
            raise DecodeError(
                "the answer is empty, though its status is 200: a terminal without data sends"
                " status 472, so these rows may have been lost; send the request again, and see"
                " the terminal's log"
            )
        if not self._has_lines:
            if self._json is not None and not self._json.is_complete:
                raise DecodeError("the answer is truncated: its JSON document does not end")
        elif self._is_within_line and not self._is_last_line_complete():
            raise DecodeError(
                "the answer is truncated: its last line has no line end"
                + (", and the lines before it have one" if self._has_line_end else "")
            )

    def _is_last_line_complete(self) -> bool:
        # The lines before it, if there are any, have a line end.
        line = self._first_line.strip(_BLANK)
        if self._has_line_end or len(line) > LONGEST_LINE:
            return False
        if is_no_data(line):
            return True
        if self._is_csv:  # column names alone, which is an answer without rows
            names = {name.strip(b' \t"') for name in line.split(b",")}
            return all(name.encode() in names for name in self._columns)
        end = JsonEnd()
        end.feed(line)
        return end.is_complete
