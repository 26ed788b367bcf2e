"""The cost of imports, in a fresh interpreter each. `... imports MODULES` takes turns.

`... imports --help` is the cost of `thetatrio --help`.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys

from tests.benchmarks.turns import serve_turns

# An installed package has bytecode: what is compared is not the compiler.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
HELP = "import sys; sys.argv = ['thetatrio', '--help']; from thetatrio.cli import main; main()"


def cost(modules: str) -> dict[str, float]:
    """Return the CPU time of a process that imports these modules, or prints the help."""
    script = HELP if modules == "--help" else f"import {modules}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


if __name__ == "__main__":
    serve_turns(lambda: cost(sys.argv[1]))
