"""Answers kept as files, byte for byte as the terminal sent them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, cast, final

import trio

from thetatrio._files import UnfinishedFile, remove_unfinished
from thetatrio._rest.client import RestClient
from thetatrio._rest.framing import Fetch, FrameReading
from thetatrio._rest.joined import FileFormat, JoinedBytes
from thetatrio._rest.planner import Plan
from thetatrio.errors import InvalidRequest
from thetatrio.frames import FrameReader

__all__ = ["FileFormat", "SaveFormat", "file_format", "save_answer", "save_parquet"]

SaveFormat: TypeAlias = Literal["csv", "ndjson", "json", "parquet"]

_ENDINGS: Final[dict[str, FileFormat]] = {
    ".csv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
}
BLOCK: Final = 1 << 20  # bytes written at once: each write is a trip to another thread
GROUP: Final = 64 << 20  # bytes of CSV that become one table on their way into Parquet


def file_format(path: str, wanted: FileFormat | None) -> FileFormat:
    """Return the format of a file: the one that is wanted, else the one of its name's ending.

    Raises InvalidRequest if neither is a format.
    """
    if wanted is not None and wanted not in _ENDINGS.values():
        raise InvalidRequest(f"save: {wanted!r} is not a format; use 'csv', 'ndjson' or 'json'")
    of_name = _ENDINGS.get(Path(path).suffix.lower())
    if wanted is None and of_name is None:
        raise InvalidRequest(
            f"save: {path!r} has no known ending, such as .csv, .ndjson or .json; rename it, or"
            " give format='csv'"
        )
    return cast("FileFormat", wanted or of_name)


@final
class PartFile:
    """A file that appears under its name whole, or not at all."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        folder, name = self._path.parent, self._path.name
        remove_unfinished(folder, name)
        try:
            self._unfinished = UnfinishedFile(folder, name)
        except OSError as error:
            error.filename = str(folder)  # what is missing or not writable; not a random name
            raise
        self._file = self._unfinished.file
        self._block: list[bytes] = []
        self._waiting = 0
        self.size = 0

    async def write(self, chunk: bytes) -> None:
        """Add bytes."""
        self._block.append(chunk)
        self._waiting += len(chunk)
        if self._waiting >= BLOCK:
            await trio.to_thread.run_sync(self._flush)

    def start_over(self) -> None:
        """Forget all bytes so far."""
        self._block.clear()
        self._file.seek(0)
        self._file.truncate()
        self._waiting = self.size = 0

    async def commit(self) -> None:
        """Put the file under its name, safely on the disk."""
        await trio.to_thread.run_sync(self._commit)

    @contextmanager
    def naming(self) -> Generator[None, None, None]:
        """Name the file in what the system reports of a write, such as a full disk."""
        try:
            yield
        except OSError as error:
            if error.errno is not None and error.filename is None:
                error.filename = str(self._path)
            raise

    def parquet_writer(self, schema: Any) -> Any:
        """Return what writes Parquet into the file."""
        from pyarrow import parquet  # type: ignore[import-untyped]

        return parquet.ParquetWriter(self._file, schema, compression="zstd")

    def close(self) -> None:
        """Let go of the file, and take away what was not committed."""
        self._unfinished.discard()

    def _flush(self) -> None:
        self._file.write(b"".join(self._block))
        self.size += self._waiting
        self._block.clear()
        self._waiting = 0

    def _commit(self) -> None:
        self._flush()
        self.size = self._file.tell()
        self._unfinished.commit(self._path)


async def save_answer(
    client: RestClient, plan: Plan[Any], wanted: FileFormat, path: str, fetch: Fetch
) -> int:
    """Save the answers of a plan as one file at a path; return its size in bytes."""
    # In a thread: a large folder takes a while to look through.
    file = await trio.to_thread.run_sync(PartFile, path)
    try:
        # One alone starts over where it is cut: nobody has seen its file.
        answers = JoinedBytes(client, plan, wanted, fetch, start_over=file.start_over)
        try:
            while chunk := await answers.receive():
                with file.naming():
                    await file.write(chunk)
            with file.naming():
                await file.commit()
        finally:
            await answers.aclose()
    finally:
        file.close()
    return file.size


async def save_parquet(
    client: RestClient,
    plan: Plan[Any],
    make_reader: Callable[[], FrameReader[Any]],
    path: str,
    fetch: Fetch,
) -> int:
    """Save the rows of a plan as a Parquet file at a path; return its size in bytes."""
    # In a thread: a large folder takes a while to look through.
    file = await trio.to_thread.run_sync(PartFile, path)
    reading = FrameReading(client, plan, make_reader, fetch)
    try:
        frame = await reading.next_frame(GROUP)
        table = make_reader().finish() if frame is None else frame
        with file.naming():
            writer = await trio.to_thread.run_sync(file.parquet_writer, table.schema)
        while table is not None:
            with file.naming():
                await trio.to_thread.run_sync(writer.write_table, table)
            table = None if frame is None else await reading.next_frame(GROUP)
        with file.naming():
            await trio.to_thread.run_sync(writer.close)
            await file.commit()
    finally:
        file.close()
        await reading.aclose()
    return file.size
