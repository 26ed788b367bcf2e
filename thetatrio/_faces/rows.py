"""The rows of a query on their way to a reader on another side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from thetatrio._faces.pipe import Pipe
from thetatrio._portal import Portal
from thetatrio._rest.channels import BatchChannel
from thetatrio.errors import ThetaDataError
from thetatrio.rows import Row

__all__ = ["RowPipe"]

R = TypeVar("R", bound=Row)

ON_THE_WAY: Final = 1024
"""Rows on their way between two threads, before the list that goes beyond."""


class RowPipe(Generic[R]):
    """Lists of rows from a channel in the portal's thread; an empty one at the end.

    Args:
        portal: whose thread reads the channel.
        wake: called in that thread when there is something to take.
    """

    def __init__(self, portal: Portal, wake: Callable[[], object]) -> None:
        self._pipe: Pipe[list[R] | ThetaDataError] = Pipe(portal, ON_THE_WAY, wake)
        self._taken = 0

    async def pump(self, near: BatchChannel[R]) -> None:
        """Hand on what comes; in the portal's thread."""
        while True:
            await self._pipe.room()
            found: list[R] | ThetaDataError
            try:
                found = await near.next()
            except ThetaDataError as error:
                found = error
            # After an end or an error nothing is asked for before it has been met.
            size = len(found) if isinstance(found, list) and found else ON_THE_WAY
            self._pipe.send(found, size)

    def take(self) -> list[R] | None:
        """Return the next rows, if something has come; raises the error that has."""
        found = self._pipe.take()
        if found is None:
            return None
        size = len(found) if isinstance(found, list) and found else ON_THE_WAY
        self._taken += size
        self._pipe.credit(self._taken)
        if isinstance(found, ThetaDataError):
            raise found
        return found
