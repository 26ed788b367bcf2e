"""The bytes of one part: its requests, planned, split where too large, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, final

from thetatrio import market_time
from thetatrio._rest import dialect_v3 as dialect
from thetatrio._rest.answer import Answer
from thetatrio._rest.client import Ask, RestClient
from thetatrio._rest.limiter import Lane
from thetatrio._rest.parts import Parts
from thetatrio._rest.planner import plan
from thetatrio._rest.query import Query
from thetatrio.config import RowFormat
from thetatrio.errors import DecodeError
from thetatrio.requests import Request
from thetatrio.rows import Row

__all__ = ["PartSource"]

# A download has several parts under way, so that each of them reads only a
# little ahead: 64 KiB a piece.
_PIECES: Final = 4


@final
class PartSource:
    """What the terminal answers about one part. `aclose()` in any case.

    Args:
        client: sends.
        request: what is asked; planned as a query of its own would be.
        form: of the answers, `csv` or `ndjson`.
        on_restart: called when the bytes of the only answer are void and come again from the first.
    """

    def __init__(
        self,
        client: RestClient,
        request: Request[Row],
        form: RowFormat,
        on_restart: Callable[[], None],
    ) -> None:
        self._client = client
        self._form: RowFormat = form
        self._on_restart = on_restart
        planned = plan(request, client.closed_days)
        self._one_by_one = False
        self._parts: Parts[Row] = Parts(
            client, planned.requests, self._make_answer, self._fetch, ahead_alone=0
        )
        self._answer: Answer | None = None
        self.delivered: int = 0
        """Bytes handed out so far."""

    async def _fetch(self, request: Request[Any]) -> list[Any]:
        return await Query(self._client, request).fetch()

    def _make_answer(
        self, request: Request[Any], /, *, ticket: int, pieces: int, alone: bool
    ) -> Answer:
        ask = Ask(
            dialect.target_of(request, self._form),
            dialect.ACCEPT[self._form],
            counted=request.takes_slot,
            read_ahead=min(pieces, _PIECES),
            about=request,
        )
        self._one_by_one = not alone
        return Answer(
            self._client,
            ask,
            # One answer is the whole file, which starts over where it is cut.
            # Of several, those before it are written: the same bytes must come again.
            settled=not alone and request.is_settled(market_time.today()),
            lane=Lane.PART,
            ticket=ticket,
            on_restart=self._on_restart if alone else lambda: None,
            unit="pieces",
        )

    async def next_answer(self) -> bool:
        """Begin the next answer that has data; return False where there is none.

        Raises what a part failed with; DecodeError where the terminal answers
        in another form than it was asked for.
        """
        found = await self._parts.next_answer()
        if found is None:
            return False
        request, answer = found
        try:
            form = dialect.form_of(answer.content_type, self._form)
        except DecodeError as error:
            error.request = request
            raise
        if form != self._form:
            raise DecodeError(
                f"{request.operation}: asked for {self._form}, the terminal answered with"
                f" {answer.content_type}",
                request=request,
            )
        self._answer = answer
        return True

    async def receive(self) -> bytes:
        """Return the next bytes of the answer; none at its proven end."""
        if self._answer is None:
            return b""
        chunk = await self._answer.receive()
        if self._one_by_one:
            self._answer.delivered += bool(chunk)
        self.delivered += len(chunk)
        return chunk

    async def aclose(self) -> None:
        """End all requests, and give their slots back."""
        await self._parts.aclose()
