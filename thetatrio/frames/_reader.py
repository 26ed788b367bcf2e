"""CSV in pieces to a frame: lines are cut, column names read, whole pieces handed to a library."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from thetatrio.errors import DecodeError
from thetatrio.frames._cells import REFUSALS, cells_of, fail, values_of
from thetatrio.frames._schema import Column, Values

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

__all__ = ["CsvReader", "FrameReader", "Library"]

P = TypeVar("P")
F_co = TypeVar("F_co", covariant=True)

PIECE: Final = 6 << 20
"""Bytes parsed at once: a library's own cost for each call is nothing then, and memory is not."""
AHEAD: Final = 2
"""Pieces that wait for a pool's threads, or are being parsed there; then the reader waits."""
MAX_LINE: Final = 16 << 20
"""Bytes of the longest line: past that it is no row, and must not fill the memory."""
_ENDS: Final = (b"\n", b"\r\n")
_BLANK_ENDS: Final = (b"\n\n", b"\n\r\n")
_BLANK: Final = re.compile(rb"\n[\r\n]*\n")
_SOMETHING: Final = re.compile(rb"[^\r\n]")
_BEFORE_HEADER: Final = b" \t\r\n\v\f\xef\xbb\xbf"  # a byte order mark is among them


class Library(Protocol[P, F_co]):
    """What makes frames of one library: parts first, then one frame of them."""

    @property
    def columns(self) -> Sequence[Column]:
        """The columns that an answer is read for."""
        ...

    def parse(self, names: tuple[str, ...], lines: bytes) -> P | None:
        """Return a part of whole lines of CSV whose cells have these names.

        None where anything in them is out of the ordinary: it is not guessed
        at, but read cell by cell.
        """
        ...

    def build(self, values: Values) -> P:
        """Return a part of values that have been read already."""
        ...

    def join(self, parts: list[P], symbol: str | None) -> F_co:
        """Return one frame of the parts, one after the other; of none, an empty one."""
        ...

    def height(self, part: P) -> int:
        """Return the number of rows of a part."""
        ...


class FrameReader(Protocol[F_co]):
    """Turns answers in CSV into one frame, while they arrive.

        reader = frames.polars_reader(rows.OptionQuote)
        for piece in pieces:
            reader.feed(piece)
        frame = reader.finish()

    Its methods keep the processor busy and wait for nothing: in an async
    program they belong into a worker thread, and into one at a time. After a
    DecodeError it is of no more use.
    """

    def feed(self, data: bytes) -> None:
        """Take bytes as they arrive, cut anywhere; every few megabytes they are parsed.

        Raises DecodeError for what is no such answer, which may have come a few pieces ago
        where a pool parses them.
        """
        ...

    def next_answer(self) -> None:
        """End an answer: what is fed next begins with a line of column names again."""
        ...

    def finish(self) -> F_co:
        """Return the frame of all that was fed; raises DecodeError where its end is not whole."""
        ...


class CsvReader(Generic[P, F_co]):
    """The reader of all libraries.

    Args:
        library: makes parts and frames.
        symbol: that of all rows, where they do not say it.
        pool: parses pieces in its threads, side by side; None: where they are fed.
    """

    def __init__(
        self,
        library: Library[P, F_co],
        symbol: str | None,
        pool: ThreadPoolExecutor | None = None,
    ) -> None:
        self._library = library
        self._symbol = symbol
        self._pool = pool
        self._parts: list[Future[P]] = []
        # What there is of an answer's line of names; None once it has been read.
        self._header: list[bytes] | None = []
        self._header_size = 0
        # What is held for the next parse; its lines have these names.
        self._names: tuple[str, ...] = ()
        self._held: list[bytes] = []
        self._size = 0
        self._open = 0  # bytes after the last line end

    def feed(self, data: bytes) -> None:
        """Take bytes as they arrive, cut anywhere; every few megabytes they are parsed."""
        with self._in_order():
            if self._header is None:
                self._hold(data)
                return
            self._header.append(data)
            self._header_size += len(data)
            if b"\n" in data:
                self._read_header(b"".join(self._header))
            elif self._header_size > MAX_LINE:
                fail(f"no line ends within {MAX_LINE} bytes", b"".join(self._header))

    def next_answer(self) -> None:
        """End an answer: what is fed next begins with a line of column names again."""
        if self._header is not None:
            with self._in_order():
                self._read_header(b"".join(self._header), at_end=True)
        elif self._held and not self._held[-1].endswith(b"\n"):
            self._hold(b"\n")
        # What is held stays: many small answers are best parsed together.
        self._header, self._header_size = [], 0

    def finish(self) -> F_co:
        """Return the frame of all that was fed."""
        self.next_answer()
        self._parse(here=not self._parts)
        parts, self._parts = self._settled(), []
        return self._library.join(parts, self._symbol)

    def _settled(self) -> list[P]:
        """Return all parts; raises what the first failed with that did."""
        return [part.result() for part in self._parts]

    @contextmanager
    def _in_order(self) -> Generator[None, None, None]:
        """Let what is wrong further back, and perhaps not parsed yet, be refused first."""
        try:
            yield
        except DecodeError:
            self._settled()
            raise

    def _hold(self, data: bytes) -> None:
        self._size += len(data)
        end = data.rfind(b"\n") + 1
        self._open = len(data) - end if end else self._open + len(data)
        if end and self._size >= PIECE:
            self._held.append(data[:end])
            self._parse()
            data = data[end:]
            self._size = len(data)
        elif self._open > MAX_LINE:
            fail(f"no line ends within {MAX_LINE} bytes", b"".join(self._held)[-self._open :])
        if data:
            self._held.append(data)

    def _read_header(self, data: bytes, *, at_end: bool = False) -> None:
        line, end, rest = data.lstrip(_BEFORE_HEADER).partition(b"\n")
        if not end and not (at_end and line):
            self._header = [line]
            return
        try:
            names = tuple(cells_of(line))
        except REFUSALS as error:
            fail("the line of column names cannot be read", line, error)
        columns = self._library.columns
        missing = [each.name for each in columns if each.required and each.name not in names]
        if missing:
            fail(f"the answer has no column {', '.join(missing)}", line)
        if len(set(names)) != len(names):
            fail("the answer has a column twice", line)
        if names != self._names:
            self._parse()
            self._names = names
        self._header = None
        self._hold(rest)

    def _parse(self, *, here: bool = False) -> None:
        """Parse the lines that are held: here, or in the pool if there is one."""
        lines = b"".join(self._held)
        self._held, self._size = [], 0
        if lines.startswith(_ENDS) or lines.endswith(_BLANK_ENDS):
            lines = lines.strip(b"\r\n") + b"\n"
        if not _SOMETHING.search(lines):
            return
        work = partial(self._part_of, self._names, lines, len(self._parts))
        if self._pool is not None and not here:
            self._parts.append(self._pool.submit(work))
            if len(self._parts) > AHEAD:
                self._parts[-1 - AHEAD].result()
            return
        from concurrent.futures import Future

        part: Future[P] = Future()
        part.set_result(work())
        self._parts.append(part)

    def _part_of(self, names: tuple[str, ...], lines: bytes, place: int) -> P:
        library = self._library
        part = library.parse(names, lines)
        if part is None and _BLANK.search(lines):
            part = library.parse(names, _BLANK.sub(b"\n", lines))
        if part is None:
            # Those before it were begun before it, so that this waits for nobody who waits.
            rows = sum(library.height(before.result()) for before in self._parts[:place])
            part = library.build(values_of(library.columns, names, lines, rows))
        return part
