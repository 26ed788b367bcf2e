"""`thetatrio download`: history into a folder, and on from there after an interruption."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final, TypedDict

import trio
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from thetatrio import open_session
from thetatrio._files import local_path
from thetatrio._interrupt import run_interruptibly
from thetatrio._nursery import open_hidden_nursery
from thetatrio.cli._console import note
from thetatrio.cli._words import find_operation, request_of
from thetatrio.config import ConfigOptions
from thetatrio.download import DatasetFormat, Download, DownloadProgress, DownloadReport
from thetatrio.errors import DownloadError, ThetaDataError
from thetatrio.requests import Request
from thetatrio.rows import Row

__all__ = ["Switches", "run"]

EVERY: Final = 0.25  # seconds between two looks at the progress
BAR: Final = 24  # columns of the bar; a third of a narrower window
_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


class Switches(TypedDict):
    """What `session.download` is told besides the queries."""

    format: DatasetFormat
    verify: bool
    retry_failed: bool
    force: bool


class _Asked:
    """A request made from words; a session's download takes it as it takes a query."""

    def __init__(self, request: Request[Row]) -> None:
        self.request = request


def run(
    operation: str, words: Sequence[str], *, out: str, switches: Switches, options: ConfigOptions
) -> None:
    """Download what is missing, and say what there is then. Raises errors of `thetatrio.errors`."""
    out = local_path(out, "--out")
    requests = _requests(operation, words)
    under_way: list[Download] = []
    try:
        report = run_interruptibly(_download, requests, out, switches, options, under_way)
    except KeyboardInterrupt:
        _say_how_to_go_on(under_way)
        raise
    except ThetaDataError as error:
        notes = getattr(error, "__notes__", ())
        if not notes:
            raise
        raise DownloadError("; ".join([str(error), *notes])) from error
    print(_summary(report))


def _requests(operation: str, words: Sequence[str]) -> list[Request[Row]]:
    """Return a request for each symbol: the first word may be several, `SPY,QQQ`."""
    operation = find_operation(operation).operation
    place = next((place for place, word in enumerate(words) if "=" not in word), None)
    if place is None:
        return [request_of(operation, words)]
    return [
        request_of(operation, [*words[:place], symbol, *words[place + 1 :]])
        for symbol in dict.fromkeys(words[place].split(","))
    ]


async def _download(
    requests: Sequence[Request[Row]],
    out: str,
    switches: Switches,
    options: ConfigOptions,
    under_way: list[Download],
) -> DownloadReport:
    async with open_session(**options) as session:
        download = session.download([_Asked(request) for request in requests], out, **switches)
        under_way.append(download)
        if not sys.stderr.isatty():
            return await download
        with _bar(Console(stderr=True)) as bar:
            async with open_hidden_nursery() as nursery:
                nursery.start_soon(_show, download, bar, bar.add_task("", total=None))
                return await download


def _bar(console: Console) -> Progress:
    return Progress(
        BarColumn(bar_width=min(BAR, console.width // 3)),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        console=console,
        transient=True,
    )


async def _show(download: Download, bar: Progress, task: TaskID) -> None:
    while True:
        now = download.progress()
        beside = min(BAR, bar.console.width // 3) + len(f"{now.parts}/{now.parts}") + 2
        text = _line(now, bar.console.width - beside)
        bar.update(task, total=now.parts, completed=now.settled, description=text)
        await trio.sleep(EVERY)


def _line(now: DownloadProgress, width: int) -> str:
    """Return rows, bytes, rate, time left, and what waits.

    Args:
        now: The state of the download.
        width: Columns that there are. What does not fit is left out as a whole, first the
            waiting requests, then bytes, rate, rows, the time left and the pause.
    """
    shown = {"rows": f"{now.rows:,} rows", "bytes": _size(now.bytes)}
    if now.seconds:
        shown["rate"] = f"{_size(now.received / now.seconds)}/s"
    if now.seconds_left is not None:
        minutes, seconds = divmod(round(now.seconds_left), 60)
        shown["left"] = f"{minutes // 60}:{minutes % 60:02}:{seconds:02} left"
    if now.paused_for:
        shown["pause"] = f"the terminal is busy: paused for {now.paused_for:.0f} s"
    elif now.waiting:
        shown["waiting"] = f"{now.waiting} requests wait for a slot"
    for name in ("waiting", "bytes", "rate", "rows", "left", "pause"):
        if len(", ".join(shown.values())) <= width:
            break
        shown.pop(name, None)
    return ", ".join(shown.values())


def _size(count: float) -> str:
    for unit in _UNITS:
        if count < 1000 or unit == _UNITS[-1]:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError("the last unit takes all")


def _summary(report: DownloadReport) -> str:
    simulated = " of simulated data" if report.simulated else ""
    told = [f"{report.done} of {report.parts} parts{simulated} are there"]
    told.append(f"{report.rows:,} rows in {_size(report.bytes)}")
    if report.no_data:
        told.append(f"{report.no_data} have no data")
    if report.pending:
        told.append(f"{report.pending} are of days that are not over: ask again later")
    return f"{report.path}: " + "; ".join(told)


def _say_how_to_go_on(under_way: Sequence[Download]) -> None:
    for download in under_way:
        now = download.progress()
        note(
            f"stopped: {now.settled} of {now.parts} parts are settled, and every file is whole;"
            " the same command goes on from there"
        )
