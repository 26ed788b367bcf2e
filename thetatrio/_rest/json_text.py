"""JSON as terminals write it, where msgspec refuses it or loses something. Pure.

Java's and Python's JSON writers put a bare `NaN`, `Infinity` or `-Infinity` for
numbers that JSON does not have, and msgspec refuses the whole document. Of a
member that is there twice msgspec keeps the last one, without an error.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Container, Mapping
from typing import Final

import msgspec

from thetatrio._numbers import read_float

__all__ = [
    "MARK",
    "MARKS",
    "check_members",
    "json_value",
    "mark_not_a_number",
    "refuse_repeated",
    "unmark",
]

_STRING: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
_STRING_OR_NUMBER: Final = rb"(?s)" + _STRING + rb"|(?<![\w.+-])(-?Infinity|NaN)(?![\w.+-])"
_ESCAPED_LETTER: Final = rb"\\u00[67]"
_HAS_ONE: Final = rb"Infinity|NaN"
MARK: Final = "\u0000"
"""What a marked text begins with. No column has such text."""
MARKS: Final = frozenset(b'"\\u0000%s"' % name for name in (b"NaN", b"Infinity", b"-Infinity"))
"""The marked texts as JSON."""


def json_value(data: bytes) -> object:
    """Return one JSON value, in which `NaN`, `Infinity` and `-Infinity` are floats.

    Raises:
        msgspec.DecodeError: it is not JSON.
        ValueError: a number is out of range.
        RecursionError: the nesting is too deep.
    """
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        if not re.search(_HAS_ONE, data):
            raise
    # Each is written as a number that is nowhere else in the data, and read back from that.
    # A text in their place could not be told from the same text in the data.
    literals = _unused_literals(data)
    values = {
        literal.decode(): value
        for literal, value in zip(literals, (math.nan, math.inf, -math.inf), strict=True)
    }
    names: dict[bytes, bytes] = dict(
        zip((b"NaN", b"Infinity", b"-Infinity"), literals, strict=True)
    )
    replaced = re.sub(
        _STRING_OR_NUMBER, lambda found: names[found[1]] if found[1] else found[0], data
    )
    return msgspec.json.Decoder(float_hook=lambda text: _float(values, text)).decode(replaced)


def _unused_literals(data: bytes) -> list[bytes]:
    numbers = (b"0e-%d" % number for number in itertools.count(99_001))
    return list(itertools.islice((n for n in numbers if n not in data), 3))


def _float(values: dict[str, float], text: str) -> float:
    found = values.get(text)
    if found is None:
        found = float(text)
        if math.isinf(found):
            raise ValueError("Number out of range")
    return found


def mark_not_a_number(data: bytes) -> bytes:
    """Return JSON in which bare `NaN`, `Infinity` and `-Infinity` are marked texts.

    For data whose parts are decoded later; `unmark` tells such a text.
    """
    return re.sub(
        _STRING_OR_NUMBER,
        lambda found: b'"\\u0000%s"' % found[1] if found[1] else found[0],
        data,
    )


def unmark(value: object) -> object:
    """Return the float that a marked text means; any other value as it is."""
    if isinstance(value, str) and value[:1] == MARK:
        return read_float(value[1:])
    return value


def check_members(body: bytes, expected: Mapping[str, int]) -> None:
    """Check that no member with rows in it is there twice, of which one would be lost.

    The names are counted. Only if there are more of them than there are members, or
    if an escape could hide one, the document is parsed for them.

    Args:
        body: a JSON document.
        expected: names of members, and how many of each name can be in it.

    Raises:
        ValueError: an object has one of these members twice.
    """
    is_hidden = b"\\u" in body and re.search(_ESCAPED_LETTER, body) is not None
    if is_hidden or any(
        body.count(b'"%s"' % name.encode()) > count for name, count in expected.items()
    ):
        refuse_repeated(body, expected)


def refuse_repeated(body: bytes, members: Container[str]) -> None:
    """Parse a document, and raise ValueError if an object has one of these members twice."""
    import json  # few answers need it

    def unique(pairs: list[tuple[str, object]]) -> None:
        names = [name for name, _ in pairs if name in members]
        if len(set(names)) != len(names):
            repeated = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"an object has the member {repeated!r} twice")

    json.loads(body, object_pairs_hook=unique)
