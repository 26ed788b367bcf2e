"""Sends the probes of `thetatrio doctor`, one after the other, and judges what comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
import trio

from thetatrio import Session
from thetatrio.cli.doctor._probes import PROBES, Days, Judged, Probe, Reply
from thetatrio.errors import (
    InvalidRequest,
    PermissionDenied,
    TerminalError,
    ThetaDataError,
    TransportError,
)

__all__ = ["Finding", "probe_all"]

LONGEST: Final = 20.0
"""Seconds that one probe may take."""
MOST_TEXT: Final = 256 << 10
"""Characters of an answer that are looked at."""


class Finding(msgspec.Struct, frozen=True):
    """What one probe found."""

    probe: Probe
    status: int
    judged: Judged
    text: str = ""
    """The text of a refusal, as it came."""


async def probe_all(
    session: Session, days: Days, on_finding: Callable[[Finding], None] = lambda _: None
) -> list[Finding]:
    """Send all probes, one at a time, and return what each found.

    Args:
        session: Sends.
        days: What they ask about.
        on_finding: Called with each as it comes.

    Raises:
        TransportError: The terminal cannot be reached at all.
    """
    findings: list[Finding] = []
    for probe in PROBES:
        reply = await _send(session, probe, days)
        refused = reply.text if reply.status not in (0, 200) else ""
        findings.append(Finding(probe, reply.status, probe.judge(reply), refused))
        on_finding(findings[-1])
    return findings


async def _send(session: Session, probe: Probe, days: Days) -> Reply:
    with trio.move_on_after(LONGEST):
        try:
            answer = await session.get(probe.path, {"format": "csv", **probe.parameters(days)})
        except TransportError:
            raise
        except (InvalidRequest, PermissionDenied, TerminalError) as error:
            return Reply(error.code or 0, error.terminal_text)
        except ThetaDataError as error:
            return Reply(error.code or 0)
        text = answer.text[:MOST_TEXT]
        return Reply(answer.status, text, answer.content_type)
    return Reply(0)
