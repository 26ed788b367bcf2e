"""`thetatrio doctor`: whether a terminal does what the library assumes, and a report of it."""

from __future__ import annotations

import datetime as dt
import itertools

import msgspec
import trio
from rich.console import Console

from thetatrio import Session, market_time, open_session
from thetatrio._interrupt import run_interruptibly
from thetatrio.cli._console import note
from thetatrio.cli.doctor._probes import PROBES, Days
from thetatrio.cli.doctor._report import lines_of, report_of
from thetatrio.cli.doctor._runner import Finding, probe_all
from thetatrio.config import ConfigOptions, RetryPolicy
from thetatrio.errors import InvalidRequest
from thetatrio.testing import open_terminal
from thetatrio.testing._rules import Profile

__all__ = ["PROBES", "run"]

_OFFLINE_DAY = dt.date(2024, 11, 15)


def run(
    console: Console,
    options: ConfigOptions,
    json: str | None,
    *,
    offline: bool,
    profile: Profile,
) -> int:
    """Probe a terminal and print the report; return 0 if it could be reached."""
    return run_interruptibly(_doctor, console, options, json, offline, profile)


async def _doctor(
    console: Console,
    options: ConfigOptions,
    json: str | None,
    offline: bool,  # noqa: FBT001
    profile: Profile,
) -> int:
    if json is not None and await trio.Path(json).is_dir():
        raise InvalidRequest(f"--json: {json} is a folder; name a file")
    if json is not None and not await trio.Path(json).parent.is_dir():
        raise InvalidRequest(f"--json: the folder of {json} does not exist; make it first")
    patient = RetryPolicy(max_attempts=1)
    if not offline:
        once: ConfigOptions = {**options, "retry": patient}
        async with open_session(**once) as session:
            return await _examine(console, session, json, market_time.today())
    async with (
        open_terminal(day=_OFFLINE_DAY, profile=profile) as terminal,
        open_session(terminal.config, retry=patient) as session,
    ):
        return await _examine(console, session, json, _OFFLINE_DAY)


async def _examine(console: Console, session: Session, json: str | None, today: dt.date) -> int:
    await session.terminal.mdds_status()  # says what is wrong if nobody answers
    numbers = itertools.count(1)

    def show(found: Finding) -> None:
        note(f"{next(numbers)} of {len(PROBES)}: {found.probe.name}: {found.judged.result}")

    findings = await probe_all(session, Days(today), show)
    for line in lines_of(findings):
        console.print(line, highlight=False, soft_wrap=True)
    if json is not None:
        tier = session.config.tier
        report = report_of(
            findings,
            tier=None if tier is None else str(tier),
            simulated=bool(session.simulated),
        )
        encoded = msgspec.json.format(msgspec.json.encode(report))
        await trio.Path(json).write_bytes(encoded + b"\n")
        console.print(f"written to {json}; it has no keys, names or prices", highlight=False)
    return 0
