"""What every sub-command does with its output, its errors and Ctrl-C."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import typer
from rich.console import Console

from thetatrio.errors import ThetaDataError

__all__ = ["PipeConsole", "carry_out", "note"]

INTERRUPTED = 130  # what shells give for a program that Ctrl-C ended


class PipeConsole(Console):
    """A console for which a closed pipe is no error: its reader has seen enough."""

    def on_broken_pipe(self) -> None:
        """End quietly."""
        forget_output()
        raise SystemExit(0)


def forget_output() -> None:
    """Let what is still to be written go nowhere: Python would complain when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(text: str) -> None:
    """Say something that is no data, beside the data."""
    typer.echo(text, err=True)


def carry_out(job: Callable[[], int | None]) -> None:
    """Do what a sub-command is for, and exit with its code.

    Errors are one line and code 1, Ctrl-C is code 130, a closed pipe is no
    error; none of them has a traceback.
    """
    try:
        code = job()
        sys.stdout.flush()
    except (ThetaDataError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            forget_output()
            raise typer.Exit(0) from None
        note(f"thetatrio: {error}")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    if code:
        raise typer.Exit(code)
