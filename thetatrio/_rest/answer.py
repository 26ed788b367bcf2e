"""One request's bytes, through retries and through cuts in the middle.

Before anything has been handed out, a cut means asking again from the start.
Afterwards the same bytes must come again: how many there were and their
checksum are known, as many are read again, and only if both agree does the
answer go on. What cannot be shown to be the same answer is `ConnectionLost`.

What ends before its end is an error here, for every consumer: see
`thetatrio._rest.completeness`. So is an empty answer, and the forms of "no data"
that services send with status 200 become an answer without bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Literal, NoReturn, Protocol, final

from thetatrio._rest.body import Body
from thetatrio._rest.client import Ask, RestClient
from thetatrio._rest.completeness import CompletenessCheck
from thetatrio._rest.decode import Form
from thetatrio._rest.dialect_v3 import known_form
from thetatrio._rest.limiter import Lane
from thetatrio._rest.no_data import is_no_data, may_be_no_data
from thetatrio._rest.retry import History
from thetatrio.errors import ConnectionLost, DecodeError, ReadTimeout, ThetaDataError

__all__ = ["Answer", "AnswerBytes"]


class AnswerBytes(Protocol):
    """The bytes of one answer, however they are had. `open()` first, `aclose()` in any case."""

    content_type: str

    @property
    def delivered(self) -> int:
        """Rows or pieces made of these bytes that a user has in hand; updated by the reader."""
        ...

    @delivered.setter
    def delivered(self, count: int) -> None: ...

    async def open(self) -> bool:
        """Send the request; return whether there is data."""
        ...

    async def receive(self) -> bytes:
        """Return the next bytes; none at the proven end."""
        ...

    async def aclose(self) -> None:
        """End the request and give its slot back."""
        ...


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
        expected: Form | None = None,
        columns: Sequence[str] = (),
        is_parsed: bool = False,
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
            expected: the format that was requested; None for an answer of an unknown kind, which
                may be empty, and of which "no data" with status 200 is content like any other.
            columns: names of the columns that an answer in CSV must have.
            is_parsed: whether the consumer parses a JSON document as a whole, which shows
                that it is complete.
        """
        self._client = client
        self._ask = ask
        self._settled = settled
        self._lane = lane
        self._ticket = ticket
        self.on_restart: Callable[[], None] = on_restart
        """Called when the bytes so far are void and come again from the first."""
        self._unit = unit
        self._history = History()
        self._body: Body | None = None
        self._received = 0
        self._furthest = 0
        self._checksum = 0
        self._ahead = b""
        self._ended = False
        self._cut: ConnectionLost | ReadTimeout | None = None
        self._expected: Form | None = expected
        self._columns = columns
        self._is_parsed = is_parsed
        self._end_is_provable = True
        self._check: CompletenessCheck | None = None
        self._incomplete: DecodeError | None = None
        # What was wrong with an answer that ended early, once it has been requested again.
        self._truncated: DecodeError | None = None
        # The beginning, while the answer can still turn out to be "no data".
        self._beginning = b""
        self._is_begun = False
        self.content_type: str = ""
        self.next_page: str | None = None
        """What the answer's head says of the page after this one."""
        self.delivered: int = 0
        """Rows or pieces made of these bytes that a user has in hand; kept up to date by the
        reader."""

    def chain_restart(self, before: Callable[[], None]) -> None:
        """Have something called before `on_restart` is."""
        after = self.on_restart

        def restart() -> None:
            before()
            after()

        self.on_restart = restart

    async def open(self) -> bool:
        """Send the request; return whether there is data."""
        has_data = await self._send()
        self._begin()
        if has_data and self._expected not in (None, known_form(self.content_type)):
            # Its type is not the one that was requested. Who reads only that one has to know
            # now whether this is "no data" in another form.
            await self._read_beginning()
            has_data = bool(self._beginning) or not self._ended
        return has_data

    async def _send(self) -> bool:
        opened = await self._client.open(self._ask, self._history, self._lane, self._ticket)
        self.content_type = opened.content_type
        self.next_page = opened.next_page
        self._body = opened.body
        self._end_is_provable = opened.end_is_provable
        if opened.body is None:
            return False
        if not opened.end_is_provable and known_form(opened.content_type) != "json":
            raise DecodeError(
                "the answer has neither a length nor chunks, so that a truncated one could not be"
                " told from a complete one: is there a proxy that removes them?",
                request=self._ask.about,
            )
        return True

    def _begin(self) -> None:
        """Expect the first byte of the answer."""
        self._beginning = b""
        self._is_begun = self._expected is None
        self._check = CompletenessCheck(
            known_form(self.content_type) or self._expected,
            may_be_empty=self._expected is None and self._end_is_provable,
            check_json=not (self._is_parsed and self._end_is_provable),
            columns=self._columns,
        )

    async def receive(self) -> bytes:
        """Return the next bytes; none at the proven end.

        Raises ConnectionLost where the answer was cut and could not be taken
        up again, DecodeError where it is truncated or empty, ReadTimeout where
        it fell silent, SlowConsumer, SessionClosed.
        """
        if not self._is_begun:
            await self._read_beginning()
        if self._beginning:
            chunk, self._beginning = self._beginning, b""
            return chunk
        chunk = await self._pull()
        if not self._is_begun:  # it came again from its first byte
            self._beginning = chunk
            return await self.receive()
        return chunk

    async def _read_beginning(self) -> None:
        """Read until this is known to be data, or to be "no data", which has no bytes."""
        is_json = known_form(self.content_type) == "json"
        while not self._is_begun and not self._ended:
            if self._beginning and not may_be_no_data(self._beginning, is_json=is_json):
                self._is_begun = True
            elif chunk := await self._pull():
                # A body that came again from its first byte has cleared what was here.
                self._beginning += chunk
            elif is_no_data(self._beginning):
                self._beginning = b""
        self._is_begun = True

    async def _pull(self) -> bytes:
        """Return the next bytes of the body, through cuts; none at its proven end."""
        if self._incomplete is not None:
            raise self._incomplete
        while not self._ended:
            self._client.check_still_open()
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
            if not chunk and not self._finish():
                continue
            if not chunk:
                break
            self._note_received(chunk)
            return chunk
        self._ended = True
        return b""

    def _note_received(self, chunk: bytes) -> None:
        self._received += len(chunk)
        if self._check is not None:
            self._check.feed(chunk)
        if self._settled:
            self._checksum = zlib.crc32(chunk, self._checksum)
        if self._history.failures and self._received > self._furthest:
            self._history = History()  # it got further: later trouble is new trouble

    def _finish(self) -> bool:
        """Return whether what ended is complete, or has to be requested once more.

        A terminal under load was seen to end an answer in the middle, properly framed.

        Raises:
            DecodeError: It is incomplete again, or what was handed out cannot be compared.
        """
        if self._check is None or (not self._is_begun and is_no_data(self._beginning)):
            return True
        try:
            self._check.finish()
        except DecodeError as error:
            request = self._ask.about
            problem = DecodeError(
                f"{getattr(request, 'operation', request)}: {error}", request=request
            )
            may_repeat = self._received > 0 and (self._settled or not self.delivered)
            if self._truncated is None and may_repeat:
                self._truncated = problem
                self._cut = ConnectionLost(str(problem), request=request)
                self._furthest = max(self._furthest, self._received)
                return False
            # Kept: whoever reads on must not take what follows for the end.
            self._incomplete = problem
            raise self._incomplete from None
        return True

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
                has_data = await self._send()
            except ThetaDataError as error:
                if not self.delivered:
                    raise
                self._lose(error, "trying again did not help")
            if self.delivered:
                again = await self._catch_up(again, has_data=has_data)
            else:
                self._received = self._checksum = 0
                self._begin()
                self.on_restart()
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
        if self._truncated is not None:
            self._incomplete = self._truncated
            raise self._truncated from cause
        raise ConnectionLost(
            f"{cause}; {self.delivered} {self._unit} had been delivered, and {why}",
            rows_delivered=self.delivered if self._unit == "rows" else 0,
            request=self._ask.about,
        ) from cause
