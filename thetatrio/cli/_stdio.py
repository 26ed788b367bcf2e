"""Standard streams that are closed, full or broken. Needs neither typer nor rich.

A program may be started with any of its three standard streams closed
(`>&-`). Python then has None for it, and the next file or socket that is
opened gets its number, so that output would go into that. `prepare` fills the
three numbers before anything else is opened.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from typing import TextIO, cast

__all__ = [
    "OutputError",
    "discard_output",
    "prepare",
    "reader_has_gone",
    "report",
    "tolerate_closed_output",
    "write_out",
]


class OutputError(OSError):
    """Standard output takes no more data: it is closed, or its disk is full."""

    def __str__(self) -> str:
        return f"cannot write to standard output ({self.strerror})"


class _OutputFile(io.FileIO):
    """Standard output. What cannot be written is an OutputError, whoever writes it."""

    reader_has_gone = False

    def write(self, data: object, /) -> int:
        try:
            return super().write(cast("bytes", data))
        except OSError as error:
            _OutputFile.reader_has_gone = isinstance(error, BrokenPipeError)
            raise _output_error(error) from None


class _MessageFile(io.FileIO):
    """Standard error. A message that cannot be written is dropped."""

    def write(self, data: object, /) -> int:
        with contextlib.suppress(OSError):
            super().write(cast("bytes", data))
        return memoryview(cast("bytes", data)).nbytes


def prepare() -> None:
    """Open what is closed: stdin is empty, stderr takes anything, stdout refuses to be written to.

    Afterwards an error of stderr changes neither what a command does nor its
    exit code, and an error of stdout is an `OutputError`. Streams that are not
    the process's own, such as those of a test, are left alone.
    """
    if sys.__stdin__ is None:
        _fill(0, os.O_RDONLY)
    # For reading, so that writing fails: output that nobody gets is an error, as in coreutils.
    if sys.__stdout__ is None:
        _fill(1, os.O_RDONLY)
    if sys.__stderr__ is None:
        _fill(2, os.O_WRONLY)
    if sys.stdout is sys.__stdout__ and not _is_screen(sys.__stdout__):
        sys.stdout = _text_file(_OutputFile(1, "w", closefd=False), sys.__stdout__)
    if sys.stderr is sys.__stderr__ and not _is_screen(sys.__stderr__):
        sys.stderr = _text_file(_MessageFile(2, "w", closefd=False), sys.__stderr__)


def _is_screen(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _text_file(raw: io.FileIO, before: TextIO | None) -> TextIO:
    """Return a text file that writes as the stream before it did."""
    if not isinstance(before, io.TextIOWrapper):
        return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", "backslashreplace")
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        before.encoding,
        before.errors,
        line_buffering=before.line_buffering,
        write_through=before.write_through,
    )


def reader_has_gone() -> bool:
    """Return whether stdout was a pipe whose reader had ended when it was last written to."""
    return _OutputFile.reader_has_gone


def _fill(number: int, flags: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        opened = os.open(os.devnull, flags)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)


def tolerate_closed_output() -> None:
    """Let what is printed go nowhere if stdout was closed: for commands that only report on it."""
    if sys.__stdout__ is None:
        discard_output()


def discard_output() -> None:
    """Let what is still to be written go nowhere: Python would complain when it flushes at exit."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: it is no file
        number = sys.stdout.fileno()
        opened = os.open(os.devnull, os.O_WRONLY)
        os.dup2(opened, number)
        os.close(opened)


def write_out(data: bytes) -> None:
    """Write bytes to stdout, past Python's buffer.

    Raises:
        BrokenPipeError: Its reader has gone.
        OutputError: It is closed, or its disk is full.
    """
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(sys.stdout.fileno(), rest) :]
    except OSError as error:
        raise _output_error(error) from None


def _output_error(error: OSError) -> OSError:
    if isinstance(error, BrokenPipeError):
        return error
    return OutputError(error.errno or errno.EIO, error.strerror or str(error))


def report(text: str) -> None:
    """Write a line to stderr; a line that cannot be written is dropped."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)
