"""What every sub-command does with its output, its errors and the signals that end it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Final

import typer
from rich.console import Console

from thetatrio._interrupt import exit_code
from thetatrio.cli._stdio import (
    OutputError,
    discard_output,
    report,
    tolerate_closed_output,
)
from thetatrio.cli._terms import in_options
from thetatrio.errors import ThetaDataError

__all__ = ["PipeConsole", "carry_out", "note", "width_of"]

_UNBOUNDED: Final = 10_000  # columns where nothing bounds the width of a line


class PipeConsole(Console):
    """A console on stdout for which a closed pipe is no error: its reader has seen enough.

    Lines are as wide as the terminal window, or as COLUMNS says. In a pipe or a
    file nothing bounds them, so that no column is left out there.
    """

    def __init__(self) -> None:
        super().__init__(width=width_of())

    def on_broken_pipe(self) -> None:
        """End quietly."""
        discard_output()
        raise SystemExit(0)


def width_of() -> int | None:
    """Return how wide a line of output may be; None for as wide as the terminal window."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit():
        return None
    return _UNBOUNDED


def note(text: str) -> None:
    """Write a line that is not data to stderr."""
    report(text)


def carry_out(
    job: Callable[[], int | None], *, output_is_data: bool = True, url: str = "--url"
) -> None:
    """Run a sub-command, and exit with its code.

    Errors are one line and code 1, Ctrl-C is code 130, SIGTERM code 143, a
    closed pipe is no error; none of them has a traceback.

    Args:
        job: What to run; returns an exit code, or None for 0.
        output_is_data: Whether a closed stdout is an error, because what the command is for
            is written there.
        url: The option for the address that it connects to.
    """
    if not output_is_data:
        tolerate_closed_output()
    try:
        code = job()
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
        raise typer.Exit(0) from None
    except (ThetaDataError, OSError) as error:
        if isinstance(error, OutputError):
            discard_output()
        note(f"thetatrio: {in_options(error, url=url)}")
        raise typer.Exit(1) from None
    except KeyboardInterrupt as interrupt:
        raise typer.Exit(exit_code(interrupt)) from None
    if code:
        raise typer.Exit(code)
