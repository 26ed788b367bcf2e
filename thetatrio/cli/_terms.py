"""Messages of the library in the terms of the command: its options, not arguments in Python."""

from __future__ import annotations

import re
from typing import Final

from thetatrio.config import ConfigOptions
from thetatrio.errors import InvalidConfig

__all__ = ["OPTIONS", "PHRASES", "in_options"]

OPTIONS: Final = {
    "base_url": "--url",
    "stream_url": "--stream-url",
    "api_key": "--key-file",
    "api": "--api",
    "tier": "--tier",
    "buffer": "--buffer",
    "stream_api": "--stream-api",
    "stream_sockets": "--stream-sockets",
    "stream_form": "--stream-form",
    "port": "--port",
    "stream_port": "--stream-port",
    "allow_real_port": "--allow-real-port",
    "retry_failed": "--retry-failed",
    "verify": "--verify",
    "force": "--force",
    "format": "--format",
}
"""The option for each argument or setting that messages name."""

PHRASES: Final = {
    # What cannot be had by an option, by a pattern of the message.
    r"open the session (?=with )": "run the command ",
    r"open the session on a v3 terminal \(api=['\"]v3['\"]\) for it": "use a v3 terminal for it",
    r"(?<=; )a v2 terminal is asked with ": "for a v2 terminal use ",
    r"use api_key or headers": "use --key-file",
    r"make a query for each, and session\.gather\(\) or session\.download\(\) of them all": (
        "run the command for each; `thetatrio download` takes several: SPY,QQQ"
    ),
    r"; partial=True goes on without those": "; leave those out",
    r'; unanswered="accept" goes on without an answer': "",
    r"session\.terminal\.mdds_status\(\)": "`thetatrio status`",
    r"; an index has prices: Topic\.prices, session\.stream\.prices": (
        "; an index has prices: `thetatrio stream prices`"
    ),
    r"lower slots, or ": "choose a lower --tier, or ",
}
"""What replaces the phrases that are about Python code."""

# Names that are words of English too, so that only `name=value` and problems of it are meant.
_WORDS: Final = frozenset({"api", "tier", "buffer", "port", "verify", "force", "format"})
_VALUE: Final = re.compile(
    rf"\b({'|'.join(sorted(OPTIONS, key=len, reverse=True))})=(?:(True)\b|(['\"]?)([\w.*-]+)\3)"
)
_NAME: Final = re.compile(rf"\b({'|'.join(set(OPTIONS) - _WORDS)})\b")
_SETTINGS: Final = frozenset(ConfigOptions.__annotations__) - set(OPTIONS)


def in_options(error: Exception, *, url: str = "--url") -> str:
    """Return an error's message with the command's options in place of Python's arguments.

    A setting that the command has no option for keeps its name, with the note
    that only programs have it.

    Args:
        error: The library's error.
        url: The option that `base_url` comes from; `--stream-url` if the command has only that.
    """
    text = str(error)
    if isinstance(error, InvalidConfig):
        problems = error.problems
        if url == OPTIONS["stream_url"] and any(
            each.startswith("stream_url ") for each in problems
        ):
            problems = tuple(each for each in problems if not each.startswith("base_url "))
        parts = [_problem(problem.replace("base_url", url)) for problem in problems]
        text = "; ".join(parts) or text
    for pattern, phrase in PHRASES.items():
        text = re.sub(pattern, phrase, text)
    text = text.replace("base_url", url)
    text = _VALUE.sub(_with_value, text)
    text = _NAME.sub(lambda match: OPTIONS[match[1]], text)
    programs_only = [
        name for name in sorted(_SETTINGS) if "_" in name and re.search(rf"\b{name}\b", text)
    ]
    if programs_only:
        names = " and ".join(programs_only)
        text += f" ({names}: a setting of sessions in Python, not of this command)"
    return text


def _problem(problem: str) -> str:
    """Return a problem, which begins with a setting's name, with the option's name instead."""
    name, must, rest = problem.partition(" must ")
    return f"{OPTIONS.get(name, name)}{must}{rest}" if must else problem


def _with_value(match: re.Match[str]) -> str:
    option = OPTIONS[match[1]]
    return option if match[2] else f"{option} {match[4]}"
