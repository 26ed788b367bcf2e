"""What has to hold before a change is merged: `nox` runs all of it, `nox -l` lists it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.error_on_external_run = True
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "tests", "coverage", "docs", "conformance", "package"]

SUPPORTED = ("3.13", "3.12", "3.11")
ROOT = Path(__file__).parent
# Bytes of the package and all that it needs, installed, without bytecode: what it
# is meant to stay under, and what it must. trio's own tests are 0.5 MB of it.
WANTED_CORE, LARGEST_CORE = 6_000_000, 7_000_000
PYPROJECT = nox.project.load_toml("pyproject.toml")

# What touches each dependency, and little else: `bounds` runs it.
BOUNDS_TESTS = (
    "tests/test_session.py", "tests/test_query.py", "tests/test_transport.py",
    "tests/test_decode.py", "tests/test_stream_websockets.py", "tests/test_stream_sockets.py",
    "tests/test_aio.py", "tests/test_sync.py", "tests/test_frames.py",
    "tests/test_frames_reader.py", "tests/test_cli.py", "tests/test_cli_stream.py",
    "tests/test_download.py", "tests/testing/test_terminal.py",
)  # fmt: skip

# Codes of flake8-async that hold for the package. ASYNC1xx and ASYNC2xx are
# mistakes in any trio program; ASYNC900 is an async generator that is not a
# context manager. ASYNC910 and ASYNC911 (a way through a function without a
# checkpoint) are not asked for: rows are handed on in batches on purpose, and
# inner functions leave the checkpoint to the public one, which tests hold to it.
ASYNC_CODES = ("ASYNC1", "ASYNC2", "ASYNC900")
ASYNC_IGNORED = (
    "ASYNC124",  # "could be sync": not where an interface that others wait in is implemented
    "ASYNC127",  # "use httpx2": which HTTP library is used is not decided by a linter
)


def _reveal_pyenv() -> None:
    # pyenv's shims only run versions that are "global" or "local"; the other
    # ones it has are found in its own folder. At the end of PATH, so that what
    # the user put first stays first.
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for version in SUPPORTED:
        for folder in sorted((root / "versions").glob(f"{version}.*/bin"), reverse=True):
            os.environ["PATH"] += os.pathsep + str(folder)


def _runs(version: str) -> bool:
    # A name on PATH proves nothing (a shim may refuse), so each is tried.
    names = (shutil.which(f"python{version}", path=p) for p in os.get_exec_path())
    commands = [[sys.executable], *([name] for name in names if name)]
    if launcher := shutil.which("py"):
        commands.append([launcher, f"-{version}"])
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    for command in commands:
        try:
            answer = subprocess.run(
                [*command, "-c", ask], capture_output=True, text=True, timeout=30, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if answer.stdout.strip() == version:
            return True
    return False


_reveal_pyenv()
FOUND = [version for version in SUPPORTED if _runs(version)]
MISSING = [version for version in SUPPORTED if version not in FOUND]
if not FOUND:
    sys.exit(f"thetatrio needs one of Python {', '.join(SUPPORTED)}, and none was found here")
NEWEST = FOUND[0]


def _install(session: nox.Session, *groups: str, project: tuple[str, ...] = ()) -> None:
    # By way of nox: pip reads dependency groups itself only from 25.1 on.
    requirements = nox.project.dependency_groups(PYPROJECT, *groups)
    session.install("--quiet", *requirements, *project)


@nox.session(python=NEWEST)
def lint(session: nox.Session) -> None:
    """Hold the style: ruff's rules and format, and flake8-async's rules for the package."""
    _install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    # --isolated: flake8 is here for these codes alone and needs no settings of its own.
    codes = (f"--select={','.join(ASYNC_CODES)}", f"--extend-ignore={','.join(ASYNC_IGNORED)}")
    session.run("flake8", "--isolated", *codes, "thetatrio")


@nox.session(python=NEWEST)
def types(session: nox.Session) -> None:
    """Hold the types: mypy and pyright strict, and every public name's type complete."""
    _install(session, "types", project=(".[all]",))
    session.run("mypy")
    session.run("pyright")
    session.run("python", "-m", "pytest", "tests/typing", *session.posargs)
    # Elsewhere, so that the installed package is looked at, as a user's editor does.
    with session.chdir(session.create_tmp()):
        told = session.run(
            *("pyright", "--verifytypes", "thetatrio", "--ignoreexternal", "--outputjson"),
            silent=True,
            success_codes=[0, 1],
        )
    report = json.loads(str(told)[str(told).index("{") :])
    completeness = report.get("typeCompleteness", {})
    score = completeness.get("completenessScore", 0.0)
    session.log(f"types of public names: {score:.1%} complete")
    if score < 1:
        for symbol in completeness.get("symbols", ()):
            if symbol["isExported"] and not symbol["isTypeKnown"]:
                why = "; ".join(found["message"] for found in symbol.get("diagnostics", ()))
                session.warn(f"{symbol['name']}: {why}")
        for found in report.get("generalDiagnostics", ()):
            session.warn(found["message"])
        session.error("a public name's type is not complete")


@nox.session(python=FOUND)
def tests(session: nox.Session) -> None:
    """Run the suite: all of it, under coverage, on the newest Python; its core on the others.

    Arguments after `--` go to pytest in place of that choice.
    """
    _install(session, "test", project=("--editable", ".[all]"))
    # Those of tests/typing run the type checkers: they belong to `types`.
    run = ("-m", "pytest", "--ignore=tests/typing", "--numprocesses=auto")
    if session.python != NEWEST:
        session.run("python", *run, *(session.posargs or ("-m", "core")))
        return
    for version in MISSING:
        session.warn(f"Python {version} was not found here: nothing is run on it")
    measured = ("--cov", "--cov-report=")  # reported by `coverage`
    session.run("python", *run, *measured, *(session.posargs or ("-m", "not deep")))


@nox.session(python=NEWEST)
def coverage(session: nox.Session) -> None:
    """Hold the branch coverage of what `tests` ran on the newest Python."""
    session.install("--quiet", "coverage>=7.6")
    session.run("coverage", "report")


@nox.session(python=NEWEST)
def deep(session: nox.Session) -> None:
    """Run what takes long: full-size data, and each property on many more examples."""
    _install(session, "test", project=("--editable", ".[all]"))
    # Hypothesis marks its tests itself.
    choice = ("-m", "deep or hypothesis", "--hypothesis-profile=deep")
    patient = ("-o", "faulthandler_exit_on_timeout=false")  # some of them take minutes
    session.run("python", "-m", "pytest", *choice, *patient, *session.posargs)


@nox.session(python=NEWEST)
def soak(session: nox.Session) -> None:
    """Stream for minutes (5, or `-- --minutes 480`): nothing untold, no growth, no leak."""
    _install(session, "test", project=("--editable", ".[all]"))
    session.run("python", "-W", "error", "-m", "tests.soak", *session.posargs)


@nox.session(python=NEWEST)
def conformance(session: nox.Session) -> None:
    """Hold every request and row against a catalogue of the vendor's operations.

    THETATRIO_CATALOGUE names the folder that has it as v3_endpoints.json and v2_endpoints.json.
    """
    folder = os.environ.get("THETATRIO_CATALOGUE")
    if not folder:
        session.skip("THETATRIO_CATALOGUE is not set: nothing was checked")
    if not (ROOT / folder / "v3_endpoints.json").is_file():
        session.error(f"THETATRIO_CATALOGUE: there is no v3_endpoints.json in {folder!r}")
    _install(session, "test", project=("--editable", "."))
    checks = ["tests/conformance/check_v3.py", "tests/conformance/check_v2.py"]
    session.run("python", "-m", "pytest", *checks, *session.posargs)


def _build_twice(session: nox.Session, place: Path) -> tuple[Path, Path]:
    """Return a wheel and an sdist whose bytes are those of any build of the same commit."""
    env = {"SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH") or _commit_time()}
    shutil.rmtree(place / "source", ignore_errors=True)
    hashes: list[dict[str, str]] = []
    sources = ROOT
    for name in ("dist", "again"):
        shutil.rmtree(place / name, ignore_errors=True)
        # The wheel is built from the sdist, as an installer without wheels would do.
        build = ("python", "-m", "build", "--outdir", str(place / name), str(sources))
        session.run(*build, env=env, silent=True)
        built = sorted((place / name).iterdir())
        hashes.append({it.name: hashlib.sha256(it.read_bytes()).hexdigest() for it in built})
        if name == "dist":
            # Again from what was published, elsewhere, and with other times of the files.
            (sdist,) = (place / name).glob("*.tar.gz")
            shutil.unpack_archive(sdist, place / "source", filter="data")
            (sources,) = (place / "source").iterdir()
            for path in sources.rglob("*"):
                os.utime(path, (1_700_000_000, 1_700_000_000))
    for name, digest in hashes[0].items():
        session.log(f"sha256 {digest}  {name}")
    if hashes[0] != hashes[1]:
        session.error(f"built again, the distributions differ: {hashes[1]}")
    (wheel,) = (place / "dist").glob("*.whl")
    (sdist,) = (place / "dist").glob("*.tar.gz")
    return wheel, sdist


def _commit_time() -> str:
    ask = ("git", "-C", str(ROOT), "log", "-1", "--format=%ct")
    try:
        told = subprocess.run(ask, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return "1735689600"  # not a clone: any moment, as long as it is the same
    return told.stdout.strip()


def _measure(session: nox.Session, place: Path, wheel: Path, sdist: Path, python: str) -> None:
    """Say how large the core is with all that it needs, and how long importing it takes."""
    core = place / "core"
    shutil.rmtree(core, ignore_errors=True)
    pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check")
    session.run(*pip, "install", "--no-compile", "--target", str(core), str(wheel), external=True)
    sizes: dict[str, int] = {}
    for path in core.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            name = path.relative_to(core).parts[0].partition("-")[0].partition(".")[0]
            sizes[name] = sizes.get(name, 0) + path.stat().st_size
    total = sum(sizes.values())
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:6]
    session.log(f"{wheel.name} {wheel.stat().st_size:,} B, {sdist.name} {sdist.stat().st_size:,} B")
    session.log(f"the core with its dependencies, without bytecode: {total / 1e6:.2f} MB; of it")
    session.log(", ".join(f"{name} {size / 1e6:.2f}" for name, size in largest))
    if total > WANTED_CORE:
        tell = session.error if total > LARGEST_CORE else session.warn
        tell(f"more than {WANTED_CORE / 1e6:g} MB, {sizes['thetatrio'] / 1e6:.2f} of them ours")
    times = {
        script: min(
            float(str(session.run(python, "-c", _TIMED.format(script), silent=True, external=True)))
            for _ in range(5)
        )
        for script in ("import trio", "import thetatrio")
    }
    told = (f"{script!r} {1000 * seconds:.0f} ms" for script, seconds in times.items())
    session.log(f"the best of five, with bytecode: {', '.join(told)}")


_TIMED = "import time; begun = time.perf_counter(); {}; print(time.perf_counter() - begun)"


@nox.session(python=NEWEST)
def package(session: nox.Session) -> None:
    """Build both distributions; each must work alone in a bare virtual environment.

    A folder after `--` gets them.
    """
    session.install("--quiet", "build", "twine>=6.1")
    place = Path(session.create_tmp()).resolve()
    wheel, sdist = _build_twice(session, place)
    session.run("twine", "check", "--strict", str(wheel), str(sdist))

    names = zipfile.ZipFile(wheel).namelist()
    if "thetatrio/py.typed" not in names:
        session.error("the wheel lacks thetatrio/py.typed: its types would not be seen")
    if not any(name.endswith("licenses/LICENSE") for name in names):
        session.error("the wheel lacks the licence")
    strays = [n for n in names if not n.startswith(("thetatrio/", "thetatrio-"))]
    if strays:
        session.error(f"the wheel has what is not the package: {strays}")

    for distribution in (wheel, sdist):
        bare = place / f"bare-{distribution.suffix[1:]}"
        session.run("python", "-m", "venv", "--clear", str(bare))
        scripts = bare / ("Scripts" if sys.platform == "win32" else "bin")
        python = str(scripts / "python")
        pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check")
        session.run(*pip, "install", str(distribution), external=True)
        # Away from the source tree, which would be imported instead. -W error:
        # what warns when it is imported warns every user.
        with session.chdir(place):
            session.run(python, "-W", "error", "-c", "import thetatrio", external=True)
            session.run(str(scripts / "thetatrio"), "--version", external=True)
            simulator = ("-m", "thetatrio.testing", "--help")
            session.run(python, *simulator, external=True, silent=True)

    # A project of somebody else, whose tests have the fixtures of the wheel's plugin.
    scratch = place / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    shutil.copy(ROOT / "examples" / "test_strategy.py", scratch)
    (scratch / "pytest.ini").write_text("[pytest]\n")  # else this project's settings are found
    bare = place / "bare-whl"
    python = str(bare / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check")
    session.run(*pip, "install", "pytest>=8.3", "pytest-trio>=0.8", external=True)
    with session.chdir(scratch):
        session.run(python, "-W", "error", "-m", "pytest", "-q", external=True)
        _measure(session, place, wheel, sdist, python)
    for folder in session.posargs:
        shutil.copytree(place / "dist", ROOT / folder, dirs_exist_ok=True)


@nox.session(python=NEWEST)
def docs(session: nox.Session) -> None:
    """Build the documentation into docs/_build: every warning and dead link is an error."""
    _install(session, "docs", project=("--editable", ".[all]"))
    shutil.rmtree(ROOT / "docs" / "_build", ignore_errors=True)
    strict = ("-W", "-n", "--keep-going", "--jobs=auto", "--quiet")
    session.run("sphinx-build", *strict, "-b", "html", "docs", "docs/_build/html", *session.posargs)
    session.run("python", "docs/check_links.py", "docs/_build/html")


@nox.session(python=NEWEST)
def bench(session: nox.Session) -> None:
    """Measure; arguments after `--` go to the benchmarks."""
    _install(session, "bench", "test", project=(".[all]",))
    session.run("python", "-m", "tests.benchmarks", *session.posargs)


def _bounds() -> dict[str, list[str]]:
    """Return constraints that install the lowest version each requirement allows, and none."""
    project = PYPROJECT["project"]
    wanted = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        wanted += extra
    lowest: dict[str, str] = {}
    for requirement in wanted:
        found = re.match(r"([\w-]+)(?:\[[\w,-]+\])?>=([\w.]+)", requirement)
        if found:
            lowest[found[1]] = f"{found[1]}=={found[2]}"
    return {"lowest": sorted(lowest.values()), "newest": []}


@nox.session(python=FOUND[-1] if len(FOUND) > 1 else NEWEST)
@nox.parametrize("end", ["lowest", "newest"])
def bounds(session: nox.Session, end: str) -> None:
    """Run what touches each dependency with its lowest and with its newest version.

    On the oldest Python, for which the lowest versions were made. Arguments after
    `--` go to pytest in place of the choice.
    """
    place = Path(session.create_tmp()).resolve()
    constraints = place / "constraints.txt"
    constraints.write_text("\n".join(_bounds()[end]) + "\n", encoding="utf-8")
    session.log(f"{end}: {', '.join(_bounds()[end]) or 'whatever pip takes'}")
    groups = nox.project.dependency_groups(PYPROJECT, "test")
    upgrade = ("--upgrade", "--upgrade-strategy=eager", "--constraint", str(constraints))
    session.install("--quiet", *upgrade, *groups, "--editable", ".[all]")
    session.run("python", "-m", "pip", "check")
    run = ("-m", "pytest", "--numprocesses=auto", "--quiet")
    session.run("python", *run, *(session.posargs or BOUNDS_TESTS))


@nox.session(python=NEWEST)
def audit(session: nox.Session) -> None:
    """Ask whether an installed version of a dependency is known to be vulnerable.

    PyPI is asked, or `-- -s osv`. What nobody can say anything of is an error.
    """
    _install(session, "audit", project=("--editable", ".[all]"))
    frozen = session.run("python", "-m", "pip", "freeze", "--exclude-editable", silent=True)
    pinned = Path(session.create_tmp()).resolve() / "pinned.txt"
    pinned.write_text("\n".join(re.findall(r"^\S+==\S+$", str(frozen), re.MULTILINE)) + "\n")
    # As they are installed: nothing is resolved anew.
    what = ("--strict", "--disable-pip", "--no-deps", "--requirement", str(pinned))
    session.run("pip-audit", *what, "--progress-spinner=off", *session.posargs)


@nox.session(python=NEWEST)
def fuzz(session: nox.Session) -> None:
    """Fuzz each target of tests/fuzz with atheris for 10 s.

    Arguments after `--` name targets, and go to libFuzzer where they begin with a
    dash: `-- csv json -max_total_time=600 -corpus=FOLDER` (of one target).
    """
    if sys.platform != "linux":
        session.skip("atheris is built for Linux only")
    _install(session, "fuzz", "test", project=("--editable", "."))
    listed = session.run(
        "python",
        "-c",
        "from tests.fuzz.targets import TARGETS; print(*TARGETS)",
        silent=True,
    )
    options = [argument for argument in session.posargs if argument.startswith("-")]
    names = [argument for argument in session.posargs if not argument.startswith("-")]
    found = f"-artifact_prefix={Path(session.create_tmp()).resolve()}{os.sep}"
    for name in names or str(listed).split():
        session.log(f"fuzzing {name}")
        run = ("python", "-m", "tests.fuzz", name, "-max_total_time=10", "-verbosity=0", found)
        session.run(*run, *options)


@nox.session(python=NEWEST)
def mutants(session: nox.Session) -> None:
    """Change limiter, retry, feed and decoders in every small way; the tests must notice.

    Takes half an hour. Arguments after `--` are names of mutants, with stars:
    `-- "thetatrio._rest.retry*"`. Those that survive are shown as they differ.
    """
    _install(session, "mutants", "test", project=("--editable", ".[all]"))
    place = Path(session.create_tmp()).resolve() / "project"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name in ("thetatrio", "tests", "pyproject.toml", "README.md", "LICENSE"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, place / name)
    with session.chdir(place):
        session.run("mutmut", "run", "--max-children", "1", *session.posargs)
        lines = str(session.run("mutmut", "results", silent=True)).splitlines()
        for line in lines:
            name, _, verdict = line.strip().partition(": ")
            if verdict == "survived":
                session.run("mutmut", "show", name)


@nox.session(python=NEWEST)
def shuffle(session: nox.Session) -> None:
    """Run the suite in random order, in Python's development mode, with warnings as errors.

    The seed is printed, and taken again with `-- --randomly-seed=...`. Arguments
    after `--` go to pytest.
    """
    _install(session, "shuffle", "test", project=("--editable", ".[all]"))
    strict = ("-X", "dev", "-W", "error")
    run = ("-m", "pytest", "--ignore=tests/typing", "--numprocesses=auto")
    session.run("python", *strict, *run, *(session.posargs or ("-m", "not deep")))
