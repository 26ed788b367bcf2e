"""One part on its way from the terminal into its file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar, TypeVarTuple, final

from thetatrio import market_time
from thetatrio._rest import dialect_v3 as dialect
from thetatrio._rest.client import RestClient
from thetatrio.config import RowFormat
from thetatrio.download._dataset import Dataset
from thetatrio.download._encode import Encoder, encoder_for
from thetatrio.download._files import HashedFile
from thetatrio.download._finality import is_final
from thetatrio.download._layout import Contents
from thetatrio.download._manifest import PartRecord, PartState
from thetatrio.download._source import PartSource
from thetatrio.errors import ConnectionLost, DownloadError, ReadTimeout
from thetatrio.requests import Request
from thetatrio.rows import Row

__all__ = ["PartFetch"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

BLOCK: Final = 1 << 19
"""Bytes handed to a worker thread at once."""
ATTEMPTS: Final = 5
"""Times that a part of several answers is begun, where one of them was cut and came differently."""


class InThread(Protocol):
    """Runs a function in a worker thread."""

    def __call__(self, job: Callable[[*Ts], T], /, *args: *Ts) -> Awaitable[T]: ...


@final
class PartFetch:
    """Fetches one part. Its file appears when everything has come, and not before."""

    def __init__(
        self,
        client: RestClient,
        contents: Contents,
        dataset: Dataset,
        *,
        row_group_rows: int,
        simulated: bool,
        in_thread: InThread,
        on_bytes: Callable[[int], None],
    ) -> None:
        if contents.request is None:
            raise AssertionError("a part that is yet to come")
        self._client = client
        self._contents = contents
        self._request: Request[Row] = contents.request
        self._dataset = dataset
        self._form: RowFormat = "ndjson" if dataset.form == "ndjson" else "csv"
        self._row_group_rows = row_group_rows
        self._simulated = simulated
        self._in_thread = in_thread
        self._on_bytes = on_bytes
        self._file: HashedFile | None = None
        self._encoder: Encoder | None = None
        self._restarted = False

    async def fetch(self) -> PartRecord:
        """Fetch, write and note the part; return what was noted."""
        # When it was asked for, not when it came, says what "no data" means.
        asked = market_time.now()
        try:
            columns = await self._read_through_cuts()
            rows = 0 if self._encoder is None else self._encoder.rows
            closed = self._client.closed_days
            final = is_final(self._contents, asked, closed, has_data=bool(rows))
            state: PartState = "pending" if not final else "done" if rows else "no_data"
            return await self._in_thread(
                self._dataset.settle,
                self._record(state, rows),
                self._file if rows else None,
                columns,
            )
        finally:
            self._discard()

    def failed(self, error: Exception) -> PartRecord:
        """Return what is noted of the part where the terminal did not give it."""
        return self._record("failed", error=str(error))

    def _record(self, state: PartState, rows: int = 0, error: str = "") -> PartRecord:
        part = self._contents.part
        return PartRecord(
            part.operation,
            part.symbol,
            part.date,
            self._contents.first,
            self._contents.last,
            state,
            part.contracts,
            dialect.target_of(self._request, self._form),
            rows=rows,
            error=error,
        )

    async def _read_through_cuts(self) -> tuple[str, ...]:
        attempt = 1
        while True:
            source = PartSource(self._client, self._request, self._form, self._note_restart)
            try:
                return await self._read(source)
            except ConnectionLost as cut:
                # Cut between bytes that are written already: all of it anew.
                of_this_part = isinstance(cut.__cause__, (ConnectionLost, ReadTimeout))
                if attempt == ATTEMPTS or not source.delivered or not of_this_part:
                    raise
                attempt += 1
                self._discard()
            finally:
                await source.aclose()

    def _note_restart(self) -> None:
        self._restarted = True

    async def _read(self, source: PartSource) -> tuple[str, ...]:
        while await source.next_answer():
            if (self._client.server == dialect.SIMULATOR) != self._simulated:
                raise DownloadError(
                    "another terminal answers than at the beginning, and one of them is simulated:"
                    " real and simulated data do not mix"
                )
            await self._read_answer(source)
        encoder = self._encoder
        return () if encoder is None else await self._in_thread(encoder.finish)

    async def _read_answer(self, source: PartSource) -> None:
        waiting = bytearray()
        at_end = False
        while not at_end:
            chunk = await source.receive()
            self._on_bytes(len(chunk))
            if self._restarted:
                self._restarted = False
                waiting.clear()
                self._discard()
            waiting += chunk
            at_end = not chunk
            while len(waiting) >= BLOCK or (at_end and waiting):
                # In equal blocks, whatever pieces came: the file depends on them.
                block = bytes(waiting[:BLOCK])
                del waiting[:BLOCK]
                await self._in_thread(self._feed, block)
        await self._in_thread(self._end_answer)

    def _feed(self, block: bytes) -> None:
        if self._encoder is None:
            self._file = HashedFile(self._dataset.folder)
            self._encoder = encoder_for(
                self._dataset.form,
                self._request.row_type(),
                self._file,
                row_group_rows=self._row_group_rows,
                simulated=self._simulated,
            )
        self._encoder.feed(block)

    def _end_answer(self) -> None:
        if self._encoder is not None:
            self._encoder.end_answer()

    def _discard(self) -> None:
        file, encoder = self._file, self._encoder
        self._file = self._encoder = None
        if file is not None:
            file.discard()
        if encoder is not None:
            encoder.abandon()
