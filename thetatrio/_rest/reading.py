"""The rows of one query, part after part, decoded as they arrive."""

from __future__ import annotations

from functools import partial
from typing import Any, Generic, TypeVar

from thetatrio._owner import Owner
from thetatrio._rest import dialect_v3 as dialect
from thetatrio._rest.answer import AnswerBytes
from thetatrio._rest.asking import ask_for
from thetatrio._rest.body import READ_AHEAD
from thetatrio._rest.client import RestClient
from thetatrio._rest.decode import Decoder, decoder_for
from thetatrio._rest.limiter import Lane
from thetatrio._rest.parts import Parts
from thetatrio._rest.planner import Plan
from thetatrio._secrets import hide_causes
from thetatrio.config import RowFormat
from thetatrio.errors import ConnectionLost, DecodeError
from thetatrio.requests import Request
from thetatrio.rows import Row

__all__ = ["Reading", "fetch_all"]

R = TypeVar("R", bound=Row)


class Reading(Generic[R]):
    """The rows of one query, batch after batch. `open()` first, `aclose()` in any case.

    Or all of them by `fetch()`, which does both.
    """

    def __init__(self, client: RestClient, plan: Plan[R], *, read_ahead: bool) -> None:
        self._client = client
        self.owner: Owner = client.owner
        self._asked: RowFormat = client.config.row_format
        self._parts = Parts(
            client,
            plan,
            self._make_answer,
            partial(fetch_all, client),
            ahead_alone=READ_AHEAD if read_ahead else 0,
        )
        self._request: Request[R] | None = None
        self._answer: AnswerBytes | None = None
        self._decoder: Decoder[R] | None = None
        self._delivered = 0
        self._at_end = False
        # What `fetch` has, and how many of them are of the parts before this one.
        self._fetched: list[R] = []
        self._before = 0

    def _make_answer(
        self, request: Request[R], /, *, ticket: int, pieces: int, alone: bool
    ) -> AnswerBytes:
        return ask_for(
            self._client,
            request,
            None,
            read_ahead=pieces,
            # Where nothing is handed out before the end, a cut means starting over.
            settles=bool(pieces),
            lane=Lane.QUERY if alone else Lane.PART,
            ticket=ticket,
            on_restart=self._restart,
        )

    async def fetch(self) -> list[R]:
        """Return all rows. A part that is cut starts over; those before it stand."""
        try:
            await self.open()
            while batch := await self.next_batch():
                self._fetched += batch
        finally:
            await self.aclose()
        return self._fetched

    async def open(self) -> None:
        """Send the first request and wait for the head of its answer."""
        await self._next_part()

    async def next_batch(self) -> list[R]:
        """Return the rows that arrive next; none at the end."""
        rows: list[R] = []
        try:
            while not rows and not self._at_end:
                rows = await self._next_of_part()
        except DecodeError as error:
            self._at_end = True
            hide_causes(error)  # its frames have the answer, in which a server may repeat a key
            raise self._named(error) from error.__cause__
        except ConnectionLost as error:
            error.rows_delivered += self._delivered
            raise
        return rows

    async def _next_of_part(self) -> list[R]:
        answer = self._answer
        if answer is None:
            await self._next_part()
            return []
        chunk = await answer.receive()
        if chunk:
            if self._decoder is None:
                self._decoder = self._choose_decoder(answer)
            return self._decoder.feed(chunk)
        rows = [] if self._decoder is None else self._decoder.finish()
        self._delivered += answer.delivered
        self._answer = None
        return rows

    async def _next_part(self) -> None:
        self._answer = self._decoder = None
        self._before = len(self._fetched)
        found = await self._parts.next_answer()
        if found is None:
            self._at_end = True
            return
        self._request, self._answer = found
        self._decoder = self._choose_decoder(self._answer)

    def delivered(self, rows: int) -> None:
        """Note that so many more rows are in a user's hands."""
        if self._answer is not None:
            self._answer.delivered += rows
        else:
            self._delivered += rows

    async def aclose(self) -> None:
        """End the request and give its slot back."""
        self._at_end = True
        await self._parts.aclose()

    def _restart(self) -> None:
        self._decoder = None
        del self._fetched[self._before :]

    def _choose_decoder(self, answer: AnswerBytes) -> Decoder[R]:
        request = self._request
        if request is None:
            raise AssertionError("an answer without a request")
        try:
            form = dialect.form_of(answer.content_type, self._asked)
        except DecodeError as error:
            raise self._named(error) from None
        return decoder_for(form, request.row_type())

    def _named(self, error: DecodeError) -> DecodeError:
        """Return the error with the request it happened to."""
        if error.request is not None or self._request is None:
            return error
        return DecodeError(
            f"{self._request.operation}: {error}",
            first_bytes=error.first_bytes,
            request=self._request,
        )


async def fetch_all(client: RestClient, request: Request[Any]) -> list[Any]:
    """Return all rows of one request."""
    reading: Reading[Any] = Reading(client, Plan((request,)), read_ahead=False)
    return await reading.fetch()
