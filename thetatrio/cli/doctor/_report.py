"""What `thetatrio doctor` reports: lines for people, and JSON for an issue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from thetatrio import __version__
from thetatrio._rest.refusals import classify
from thetatrio.cli.doctor._probes import Result
from thetatrio.cli.doctor._runner import Finding

__all__ = ["Report", "ReportedProbe", "lines_of", "report_of", "safe_text"]

LONGEST_TEXT: Final = 200

# A text of a terminal may have a name, an address or a key in it. Only these words are
# repeated; everything else becomes `_`, and each digit `#`.
_WORDS: Final = frozenset(
    """
    a accepted access account all allow allowed an and are as at available be before between bulk
    but by call cannot compare current data date dates day days does endpoint end eod error
    exception exceed expiration expirations failed fetch first for format found from greeks has have
    history index instead internal interval intervals invalid io is it least less limit limited max
    maximum minute missing month more most must no not number of on one only option options or out
    parameter parameters permission permissions please put query quote quotes range rate request
    requested requesting requests require required requires requiring right server session single
    specify specifying start stock strike subscription symbol than that the this time to too trade
    unknown use value when wildcard with without year you your
    """.split()  # noqa: SIM905  # a hundred words are read as a text
)


class ReportedProbe(msgspec.Struct, frozen=True, kw_only=True):
    """One probe in the JSON."""

    name: str
    result: Result
    detail: str
    status: int
    text: str
    """Of a refusal that is not known, without anything that could name somebody."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The whole JSON: nothing of the account but its tier."""

    report: int = 1
    """The version of this form."""
    thetatrio: str
    tier: str | None
    simulated: bool
    probes: tuple[ReportedProbe, ...]


def safe_text(text: str) -> str:
    """Return a terminal's text without names, addresses, keys, hosts, paths and digits."""

    def word(match: re.Match[str]) -> str:
        found = match[0]
        if found.isdigit():
            return "#" * len(found)
        return found if found.lower() in _WORDS else "_"

    shown = re.sub(r"[0-9]+|[^\W\d]+", word, " ".join(text.split())[:LONGEST_TEXT])
    return "".join(letter if letter.isascii() else "_" for letter in shown)


def report_of(findings: Sequence[Finding], *, tier: str | None, simulated: bool) -> Report:
    """Return what is written as JSON."""
    return Report(
        thetatrio=__version__,
        tier=tier,
        simulated=simulated,
        probes=tuple(
            ReportedProbe(
                name=found.probe.name,
                result=found.judged.result,
                detail=found.judged.detail,
                status=found.status,
                text="" if classify(found.text) else safe_text(found.text),
            )
            for found in findings
        ),
    )


def lines_of(findings: Sequence[Finding]) -> list[str]:
    """Return the lines of the readable report: what differs first, then the counts."""
    lines: list[str] = []
    for result, title in (
        ("differs", "What this terminal does otherwise than assumed"),
        ("not judged", "What could not be judged"),
    ):
        some = [found for found in findings if found.judged.result == result]
        if some:
            lines += [f"{title}:"]
        for found in some:
            lines.append(f"  {found.probe.name}: {found.judged.detail}")
            lines.append(f"    assumed: {found.probe.assumption}")
            if result == "differs" and found.probe.setting:
                lines.append(f"    setting: {found.probe.setting}")
    counts = {
        result: sum(found.judged.result == result for found in findings)
        for result in ("agrees", "differs", "not judged")
    }
    lines.append(", ".join(f"{count} {result}" for result, count in counts.items()))
    return lines
