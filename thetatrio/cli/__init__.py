"""The `thetatrio` command.

`thetatrio --version` needs nothing but the package; everything else needs the
`cli` extra, and says so in one line where it is missing.
"""

from __future__ import annotations

import importlib.util
import sys

from thetatrio._interrupt import exit_code, exit_when_terminated
from thetatrio._version import __version__
from thetatrio.cli._stdio import discard_output, prepare, reader_has_gone, report

__all__ = ["main"]


def main() -> None:
    """Run the command; raises SystemExit with its code."""
    prepare()
    exit_when_terminated()
    code: str | int | None = 0
    try:
        _run()
    except SystemExit as leaving:
        code = leaving.code
    except KeyboardInterrupt as interrupt:
        code = exit_code(interrupt)
    except OSError as error:
        code = _report(error)
    try:
        sys.stdout.flush()
    except OSError as error:
        code = code or _report(error)
    # rich, which writes the help, has 1 for a reader that has seen enough.
    raise SystemExit(0 if code == 1 and reader_has_gone() else code)


def _report(error: OSError) -> int:
    discard_output()
    if isinstance(error, BrokenPipeError):  # the reader has seen enough
        return 0
    report(f"thetatrio: {error}")
    return 1


def _run() -> None:
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"thetatrio {__version__}")
        raise SystemExit(0)
    missing = [name for name in ("typer", "rich") if importlib.util.find_spec(name) is None]
    if missing:
        raise SystemExit(
            f"thetatrio: the command needs {' and '.join(missing)}:"
            " python -m pip install 'thetatrio[cli]', or '.[cli]' in a clone of thetatrio"
        )
    from thetatrio.cli._app import app

    app()
