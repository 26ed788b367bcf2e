"""The cost of imports, in a fresh interpreter each. `... imports MODULES` takes turns."""

from __future__ import annotations

import resource
import subprocess
import sys

from tests.benchmarks.turns import serve_turns


def cost(modules: str) -> dict[str, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", f"import {modules}"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


if __name__ == "__main__":
    serve_turns(lambda: cost(sys.argv[1]))
