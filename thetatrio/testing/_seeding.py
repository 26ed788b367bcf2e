"""Random streams that are the same in every process, and caches that stay small."""

from __future__ import annotations

import hashlib
import random
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

_Value = TypeVar("_Value")
_MASK: Final = (1 << 64) - 1


def stable_number(*parts: object) -> int:
    """Return 64 bits that depend on the text of `parts` only (never on `hash()`)."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def random_stream(*parts: object) -> random.Random:
    """Return a random stream of its own for what `parts` name."""
    return random.Random(stable_number(*parts))


def mixed(number: int) -> int:
    """Return 64 well-mixed bits of an integer: the finisher of SplitMix64 (Steele et al., 2014)."""
    number = (number + 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


class Recent(Generic[_Value]):
    """The `size` values used last, made again when they are asked for after that."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, _Value] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], _Value]) -> _Value:
        """Return the value of `key`, made by `make` where it is not at hand.

        Threads that ask at the same time may each make it: a value is what it is made from.
        """
        try:
            value = self._values[key]
            self._values.move_to_end(key)
        except KeyError:
            value = self._values[key] = make()
            while len(self._values) > self._size:
                self._values.popitem(last=False)
        return value

    def __len__(self) -> int:
        return len(self._values)
