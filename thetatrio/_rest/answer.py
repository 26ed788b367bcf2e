"""One request's bytes, through retries and through cuts in the middle.

Before anything has been handed out, a cut means asking again from the start.
Afterwards the same bytes must come again: how many there were and their
checksum are known, as many are read again, and only if both agree does the
answer go on. What cannot be shown to be the same answer is `ConnectionLost`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Literal, NoReturn, final

from thetatrio._rest.body import Body
from thetatrio._rest.client import Ask, RestClient
from thetatrio._rest.limiter import Lane
from thetatrio._rest.retry import History
from thetatrio.errors import ConnectionLost, DecodeError, ReadTimeout, ThetaDataError

__all__ = ["Answer"]


@final
class Answer:
    """The bytes of one answer. `open()` first, `aclose()` in any case."""

    def __init__(
        self,
        client: RestClient,
        ask: Ask,
        *,
        settled: bool,
        lane: Lane = Lane.QUERY,
        ticket: int | None = None,
        on_restart: Callable[[], None] = lambda: None,
        unit: Literal["rows", "pieces"] = "rows",
    ) -> None:
        """Keep what is needed to ask, and to ask again.

        Args:
            client: sends.
            ask: what to send.
            settled: whether asking again can be expected to bring the same bytes.
            lane: where the request queues.
            ticket: its place there; None: the last.
            on_restart: called when the bytes so far are void and come again from the first.
            unit: what is handed out, for errors to say how many there were.
        """
        self._client = client
        self._ask = ask
        self._settled = settled
        self._lane = lane
        self._ticket = ticket
        self._on_restart = on_restart
        self._unit = unit
        self._history = History()
        self._body: Body | None = None
        self._received = 0
        self._furthest = 0
        self._checksum = 0
        self._ahead = b""
        self._ended = False
        self._cut: ConnectionLost | ReadTimeout | None = None
        self.content_type: str = ""
        self.delivered: int = 0
        """Rows or pieces made of these bytes that a user has in hand; kept up to date by the
        reader."""

    async def open(self) -> bool:
        """Send the request; return whether there is data."""
        opened = await self._client.open(self._ask, self._history, self._lane, self._ticket)
        self.content_type = opened.content_type
        self._body = opened.body
        if opened.body is None:
            return False
        if not opened.end_is_provable and not _shows_its_end(opened.content_type):
            raise DecodeError(
                "the answer has neither a length nor chunks, so that a cut could not be told"
                " from its end: is there a proxy that takes them away?",
                request=self._ask.about,
            )
        return True

    async def receive(self) -> bytes:
        """Return the next bytes; none at the proven end.

        Raises ConnectionLost where the answer was cut and could not be taken
        up again, ReadTimeout where it fell silent, SlowConsumer, SessionClosed.
        """
        while not self._ended:
            self._client.check_open()
            if self._cut is not None:
                await self._again(self._cut)
            if self._body is None:
                break
            chunk, self._ahead = self._ahead, b""
            try:
                chunk = chunk or await self._body.receive()
            except (ConnectionLost, ReadTimeout) as cut:
                # Kept until it is mended: a reader that is cancelled meanwhile
                # and comes back must not take the cut for the end.
                self._cut = cut
                self._furthest = max(self._furthest, self._received)
                continue
            if not chunk:
                break
            self._received += len(chunk)
            if self._settled:
                self._checksum = zlib.crc32(chunk, self._checksum)
            if self._history.failures and self._received > self._furthest:
                self._history = History()  # it got further: later trouble is new trouble
            return chunk
        self._ended = True
        return b""

    async def aclose(self) -> None:
        """End the request and give its slot back."""
        self._ended = True
        await self._let_go()

    async def _let_go(self) -> None:
        body, self._body = self._body, None
        self._ahead = b""
        if body is not None:
            await body.aclose()

    async def _again(self, cut: ConnectionLost | ReadTimeout) -> None:
        """Get back to where the answer was cut, or raise."""
        again: ConnectionLost | ReadTimeout | None = cut
        while again is not None:
            await self._let_go()
            if self.delivered and not self._settled:
                self._lose(again, "asked again it could differ: it is not about the settled past")
            try:
                await self._client.wait_before_retry(again, self._ask, self._history)
                has_data = await self.open()
            except ThetaDataError as error:
                if not self.delivered:
                    raise
                self._lose(error, "trying again did not help")
            if self.delivered:
                again = await self._catch_up(again, has_data=has_data)
            else:
                self._received = self._checksum = 0
                self._on_restart()
                again = None
        self._cut = None

    async def _catch_up(
        self, cut: ThetaDataError, *, has_data: bool
    ) -> ConnectionLost | ReadTimeout | None:
        """Read again what has been handed on; return what cut that short, if anything did."""
        left, checksum = self._received, 0
        while has_data and left and self._body is not None:
            try:
                chunk = await self._body.receive()
            except (ConnectionLost, ReadTimeout) as error:
                return error
            if not chunk:
                break
            checksum = zlib.crc32(chunk[:left], checksum)
            self._ahead = chunk[left:]
            left -= min(left, len(chunk))
        if left or checksum != self._checksum:
            self._lose(cut, "asked again, the terminal gave other bytes")
        return None

    def _lose(self, cause: ThetaDataError, why: str) -> NoReturn:
        raise ConnectionLost(
            f"{cause}; {self.delivered} {self._unit} had been delivered, and {why}",
            rows_delivered=self.delivered if self._unit == "rows" else 0,
            request=self._ask.about,
        ) from cause


def _shows_its_end(content_type: str) -> bool:
    # A JSON document is whole or does not parse; lines of it show nothing.
    return content_type.partition(";")[0].strip().lower() in ("application/json", "text/json")
