"""Answers kept as files, byte for byte as the terminal sent them."""

from __future__ import annotations

import itertools
import os
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypeVar, final

import trio

from thetatrio._rest import dialect_v3 as dialect
from thetatrio._rest.answer import Answer
from thetatrio._rest.client import Ask, RestClient
from thetatrio.errors import DecodeError, InvalidRequest
from thetatrio.requests import Request
from thetatrio.rows import Row

__all__ = ["FileFormat", "file_format", "save_answer"]

R = TypeVar("R", bound=Row)

FileFormat: TypeAlias = Literal["csv", "ndjson", "json"]

_ENDINGS: Final[dict[str, FileFormat]] = {
    ".csv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
}
BLOCK: Final = 1 << 20  # bytes written at once: each write is a trip to another thread
_NUMBERS = itertools.count()


def file_format(path: str, wanted: FileFormat | None) -> FileFormat:
    """Return the format of a file: the one that is wanted, else the one its ending says.

    Raises InvalidRequest where neither says one.
    """
    found = wanted or _ENDINGS.get(Path(path).suffix.lower())
    if found is None or found not in _ENDINGS.values():
        raise InvalidRequest(
            f"save: {path!r} has no known ending; give format='csv', 'ndjson' or 'json'"
        )
    return found


@final
class PartFile:
    """A file that appears under its name whole, or not at all."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        # In the same folder, for only there is a rename a single step.
        self._part = Path(f"{path}.{os.getpid()}-{next(_NUMBERS)}.part")
        self._file = self._part.open("wb")
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

    def close(self) -> None:
        """Let go of the file, and take away what was not committed."""
        with suppress(OSError):
            self._file.close()
        with suppress(FileNotFoundError):
            self._part.unlink()

    def _flush(self) -> None:
        self._file.write(b"".join(self._block))
        self.size += self._waiting
        self._block.clear()
        self._waiting = 0

    def _commit(self) -> None:
        self._flush()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)


async def save_answer(
    client: RestClient, request: Request[R], wanted: FileFormat, path: str
) -> int:
    """Save the answer to a request at a path; return its size in bytes."""
    ask = Ask(
        dialect.target_of(request, wanted),
        dialect.ACCEPT[wanted],
        counted=request.takes_slot,
        flat_file=request.flat_file,
        about=request,
    )
    file = PartFile(path)
    answer = Answer(client, ask, settled=False, on_restart=file.start_over)
    try:
        if await answer.open():
            form = dialect.form_of(answer.content_type, wanted)
            if form != wanted:
                raise DecodeError(
                    f"{request.operation}: asked for {wanted}, the terminal answered with"
                    f" {answer.content_type}",
                    request=request,
                )
        while chunk := await answer.receive():
            await file.write(chunk)
        await file.commit()
    finally:
        file.close()
        await answer.aclose()
    return file.size
