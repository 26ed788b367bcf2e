"""The bytes of one part: its requests, planned, split where too large, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, final

from thetatrio._rest import dialect_v3 as dialect
from thetatrio._rest.answer import AnswerBytes
from thetatrio._rest.asking import ask_for
from thetatrio._rest.client import RestClient
from thetatrio._rest.limiter import Lane
from thetatrio._rest.parts import Parts
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
        planned = client.plan(request)
        self._one_by_one = False
        self._parts: Parts[Row] = Parts(
            client, planned, self._make_answer, self._fetch, ahead_alone=0
        )
        self._answer: AnswerBytes | None = None
        self.delivered: int = 0
        """Bytes handed out so far."""

    async def _fetch(self, request: Request[Any]) -> list[Any]:
        return await Query(self._client, request).fetch()

    def _make_answer(
        self, request: Request[Any], /, *, ticket: int, pieces: int, alone: bool
    ) -> AnswerBytes:
        self._one_by_one = not alone
        return ask_for(
            self._client,
            request,
            self._form,
            read_ahead=min(pieces, _PIECES),
            # One answer is the whole file, which starts over where it is cut.
            # Of several, those before it are written: the same bytes must come again.
            settles=not alone,
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
