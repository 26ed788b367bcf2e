"""The bytes of a query's answers, one after the other, as one file has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias, final

from thetatrio._rest import dialect_v3 as dialect
from thetatrio._rest.answer import AnswerBytes
from thetatrio._rest.asking import ask_for
from thetatrio._rest.client import RestClient
from thetatrio._rest.framing import Fetch
from thetatrio._rest.limiter import Lane
from thetatrio._rest.parts import Parts
from thetatrio._rest.planner import Plan
from thetatrio.errors import DecodeError, InvalidRequest
from thetatrio.requests import Request

__all__ = ["FileFormat", "JoinedBytes"]

FileFormat: TypeAlias = Literal["csv", "ndjson", "json"]

_NO_NAMES: Final = b""


@final
class JoinedBytes:
    """The bytes of a plan's answers. `open()` first, `aclose()` in any case.

    Of several answers in CSV the first one's line of names is kept, and each
    ends with a line end.

    Args:
        client: sends.
        plan: what to send.
        wanted: the format that is asked for.
        fetch: asks for a list that splitting needs.
        read_ahead: pieces that a single answer holds ahead of its reader.
        start_over: called where a single answer comes again from its first byte, after a
            cut; None: what was handed on stays, and after a cut the same bytes must come.
    """

    def __init__(
        self,
        client: RestClient,
        plan: Plan[Any],
        wanted: FileFormat,
        fetch: Fetch,
        *,
        read_ahead: int = 0,
        start_over: Callable[[], None] | None = None,
    ) -> None:
        self._client = client
        self._wanted: FileFormat = wanted
        self._start_over = start_over
        if len(plan.requests) > 1 and wanted == "json":
            raise InvalidRequest(
                f"{plan.requests[0].operation}: these are {len(plan.requests)} answers, which are"
                " no one JSON document: ask for csv or ndjson, or save them as .parquet"
            )
        self._parts: Parts[Any] = Parts(
            client, plan, self._make_answer, fetch, ahead_alone=read_ahead, keeps_bytes=True
        )
        self._answer: AnswerBytes | None = None
        self._is_first = True  # until there is a byte
        # What was read of a line of names that is left out; None once that is over.
        self._names: bytes | None = None
        self._ends_line = True

    def _make_answer(
        self, request: Request[Any], /, *, ticket: int, pieces: int, alone: bool
    ) -> AnswerBytes:
        # Of several, what those before it gave stays.
        start_over = self._start_over if alone else None
        return ask_for(
            self._client,
            request,
            self._wanted,
            read_ahead=pieces,
            settles=start_over is None,
            lane=Lane.QUERY if alone else Lane.PART,
            ticket=ticket,
            on_restart=start_over or (lambda: None),
            unit="pieces",
        )

    async def open(self) -> None:
        """Send the first request and wait for the head of its answer."""
        await self._next_answer()

    async def receive(self) -> bytes:
        """Return the next bytes; none at the end."""
        while self._answer is not None or await self._next_answer():
            answer = self._answer
            if answer is None:
                raise AssertionError("an answer that is there is not there")
            if chunk := await self._receive_from(answer):
                self._is_first = False
                self._ends_line = chunk.endswith(b"\n")
                # From here on an answer that is cut may only go on with the same bytes.
                answer.delivered += self._start_over is None or self._parts.is_several
                return chunk
            self._answer = None
            if not self._ends_line and self._parts.is_several:
                self._ends_line = True
                return b"\n"
        return b""

    async def aclose(self) -> None:
        """End all requests and give their slots back."""
        self._answer = None
        await self._parts.aclose()

    async def _next_answer(self) -> bool:
        found = await self._parts.next_answer()
        if found is None:
            return False
        request, self._answer = found
        form = dialect.form_of(self._answer.content_type, self._wanted)
        if form != self._wanted:
            raise DecodeError(
                f"{request.operation}: asked for {self._wanted}, the terminal answered with"
                f" {self._answer.content_type}",
                request=request,
            )
        self._names = None if self._is_first or self._wanted != "csv" else _NO_NAMES
        return True

    async def _receive_from(self, answer: AnswerBytes) -> bytes:
        while self._names is not None:
            chunk = await answer.receive()
            if not chunk:
                return b""
            answer.delivered += 1
            names, end, rest = (self._names + chunk).lstrip().partition(b"\n")
            self._names = None if end else names
            if rest:
                return rest
        return await answer.receive()
