"""What a program can know of a download: events, progress, the report."""

from __future__ import annotations

from typing import TypeAlias, final

import msgspec
import trio

from thetatrio._calls import AsyncIterationOnly
from thetatrio._owner import OpenBlock, Owner
from thetatrio.download._layout import DatasetPart
from thetatrio.download._manifest import PartState
from thetatrio.errors import EndOfChannel

__all__ = [
    "DownloadEvent",
    "DownloadEvents",
    "DownloadProgress",
    "DownloadReport",
    "PartBegun",
    "PartEnded",
]


class PartBegun(msgspec.Struct, frozen=True):
    """A part is being asked for."""

    part: DatasetPart


class PartEnded(msgspec.Struct, frozen=True):
    """A part is settled for this run, and its file, if any, is in its place."""

    part: DatasetPart
    state: PartState
    rows: int = 0
    bytes: int = 0
    """Size of its file."""
    error: str = ""
    """Why the terminal did not give it."""


DownloadEvent: TypeAlias = PartBegun | PartEnded


class DownloadProgress(msgspec.Struct, frozen=True):
    """A download at one moment."""

    parts: int
    """All of them, those of earlier runs included."""
    done: int
    no_data: int
    pending: int
    failed: int
    running: int
    """Parts that are being asked for."""
    rows: int
    """Rows in the files, those of earlier runs included."""
    bytes: int
    """Bytes of the files, those of earlier runs included."""
    received: int
    """Bytes that came from the terminal in this run."""
    seconds: float
    """Since this run began to ask."""
    seconds_left: float | None
    """Until it ends, by the parts so far; None before the first."""
    waiting: int
    """Requests that wait for a slot, a token, or the end of a pause."""
    paused_for: float
    """Seconds until the pause ends that a busy terminal asked for; 0 where there is none."""

    @property
    def settled(self) -> int:
        """Parts for which nothing more is asked in this run."""
        return self.done + self.no_data + self.pending + self.failed


class DownloadReport(msgspec.Struct, frozen=True):
    """What a download came to. Counts are of the parts asked for, whichever run brought them."""

    path: str
    """The dataset's folder."""
    parts: int
    done: int
    no_data: int
    """Parts for which there is no data, for good."""
    pending: int
    """Parts whose days were not over when they were asked for: ask again later."""
    asked: int
    """Parts that this run asked the terminal for."""
    rows: int
    bytes: int
    simulated: bool
    """Whether this is data of a simulated terminal."""


@final
class DownloadEvents(AsyncIterationOnly):
    """The events of a download, as they happen. Made by `download.events()`."""

    def __init__(
        self, receiver: trio.MemoryReceiveChannel[DownloadEvent | Exception], owner: Owner
    ) -> None:
        self._receiver = receiver
        self.block: OpenBlock = OpenBlock(owner, "events")
        """Where they can be received."""

    async def receive(self) -> DownloadEvent:
        """Return the next event.

        Raises EndOfChannel when everything is done, and what the download
        itself would raise where it fails; SessionClosed after its block.
        """
        self.block.check()
        try:
            event = await self._receiver.receive()
        except (trio.EndOfChannel, trio.ClosedResourceError):
            self.block.check_left()  # while this task waited
            raise EndOfChannel("the download is done") from None
        if isinstance(event, Exception):
            raise event
        return event

    def __aiter__(self) -> DownloadEvents:
        return self

    async def __anext__(self) -> DownloadEvent:
        try:
            return await self.receive()
        except EndOfChannel:
            raise StopAsyncIteration from None
