"""The sub-commands, and what every one of them does with errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from thetatrio import __version__
from thetatrio.cli import demo as demo_command
from thetatrio.errors import ThetaDataError

__all__ = ["app"]

INTERRUPTED = 130  # what shells give for a program that Ctrl-C ended


class PipeConsole(Console):
    """A console for which a closed pipe is no error: its reader has seen enough."""

    def on_broken_pipe(self) -> None:
        """End quietly; Python would complain again when it flushes at exit."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0)


def carry_out(job: Callable[[], None]) -> None:
    """Do what a sub-command is for; its errors are one line and a code, never a traceback."""
    try:
        job()
    except ThetaDataError as error:
        typer.echo(f"thetatrio: {error}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    name="thetatrio",
    help="ThetaData's Theta Terminal from the command line.",
    epilog="Nothing here needs an account but a terminal of your own; the demo brings its own.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # typer hands it over by position
    if wanted:
        typer.echo(f"thetatrio {__version__}")
        raise typer.Exit


@app.callback()
def thetatrio(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_show_version, is_eager=True, help="Say which."),
    ] = False,
) -> None:
    """ThetaData's Theta Terminal from the command line."""


@app.command()
def demo(
    symbol: Annotated[str, typer.Option(help="A stock or ETF that has options.")] = "SPY",
    day: Annotated[str, typer.Option(help="The day of the bars, YYYY-MM-DD.")] = "2024-11-04",
    seed: Annotated[int, typer.Option(help="Another seed is another market.")] = 7,
    url: Annotated[
        str | None,
        typer.Option(
            help="Ask this terminal, such as http://127.0.0.1:25503, not a simulated one."
        ),
    ] = None,
) -> None:
    """Show a session at work: an option chain with Greeks and a day of minute bars.

    Starts a simulated terminal, which needs no account and no market hours,
    and asks it as a program would ask a real one.
    """
    carry_out(lambda: demo_command.run(PipeConsole(), symbol=symbol, day=day, seed=seed, url=url))
