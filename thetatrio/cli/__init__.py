"""The `thetatrio` command.

`thetatrio --version` needs nothing but the package; everything else needs the
`cli` extra, and says so in one line where it is missing.
"""

from __future__ import annotations

import importlib.util
import sys

from thetatrio._version import __version__

__all__ = ["main"]


def main() -> None:
    """Run the command; raises SystemExit with its code."""
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
