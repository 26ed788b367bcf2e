"""Downloads of the blocking face."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import final

from thetatrio import download as native
from thetatrio._calls import explain_calls
from thetatrio._faces.on_threads import Block, Caller, Receiver
from thetatrio.download import (
    DatasetPart,
    DownloadEvent,
    DownloadEvents,
    DownloadProgress,
    DownloadReport,
)
from thetatrio.sync._channels import Channel

__all__ = ["Download"]


@final
@explain_calls("download", "session.download()")
class Download:
    """Queries on their way into a dataset: run it, or take its events.

    Made by `session.download()`. Each run asks for what is missing then, so
    that it may be run again.
    """

    def __init__(self, caller: Caller, download: native.Download) -> None:
        self._caller = caller
        self._native = download

    def __repr__(self) -> str:
        return repr(self._native)

    @property
    def report(self) -> DownloadReport | None:
        """What the last run came to; None before its end."""
        return self._native.report

    def parts(self) -> tuple[DatasetPart, ...]:
        """Return all parts of the dataset that is asked for, in order. Sends nothing."""
        return self._native.parts()

    def progress(self) -> DownloadProgress:
        """Return how far it is; after a run, how far it came."""
        return self._caller.portal.peek(self._native.progress)

    def run(self) -> DownloadReport:
        """Ask for everything that is missing, and return what came of it.

        Raises DownloadError where the folder cannot be written, another
        download is at work in it, it has data that does not go with this, or
        parts could not be had (`failed` names them, all others are done);
        InvalidRequest where the queries do not go together; the errors of any
        query where the terminal cannot go on. Whatever ends it, files that are
        there are whole, and running it again goes on from there.
        """
        return self._caller.ask(self._native.run)

    def events(self) -> AbstractContextManager[Channel[DownloadEvent]]:
        """Run it, and open a channel of what happens.

        Leaving the block ends it, whatever has been read of the events.

            with download.events() as events:
                for event in events:
                    print(event, download.progress().settled)
        """

        def dress(events: DownloadEvents) -> Channel[DownloadEvent]:
            return Channel(Receiver(self._caller, events.receive, events.block).receive)

        return Block(self._caller, self._native.events, dress)
