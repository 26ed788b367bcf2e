"""Drive one target with atheris: `python -m tests.fuzz csv -max_total_time=60`.

What follows the name goes to libFuzzer. It begins with the target's seeds and
the inputs it kept in `-corpus=FOLDER`, if that is given; an input that raises
what it may not is written to a file whose name is printed.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["thetatrio"]):
    from tests.fuzz import targets


def main() -> None:
    """Run until the time is up; libFuzzer ends the process."""
    _, *arguments = sys.argv
    if not arguments or arguments[0] not in targets.TARGETS:
        sys.exit(f"usage: python -m tests.fuzz {'|'.join(targets.TARGETS)} [libFuzzer's options]")
    name, *rest = arguments
    folder = next((a.partition("=")[2] for a in rest if a.startswith("-corpus=")), None)
    rest = [argument for argument in rest if not argument.startswith("-corpus=")]
    corpus = Path(folder or tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in targets.TARGETS[name].seeds():
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    # A slow input is a finding too: nothing this small may take seconds.
    bounds = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=4096", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], str(corpus), *bounds, *rest], lambda data: targets.run(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
