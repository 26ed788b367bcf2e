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

SUPPORTED = ("3.13", "3.12", "3.11")
# Not locked, and not part of the default run: `nox -s tests-3.14` where it is installed.
LATER = ("3.15", "3.14")
ROOT = Path(__file__).parent
# Bytes of the package and all that it needs, installed, without bytecode: what it
# is meant to stay under, and what it must. trio's own tests are 0.5 MB of it. Time
# zone data, 0.6 MB that most systems have too, is counted apart.
WANTED_CORE, LARGEST_CORE = 6_000_000, 7_000_000
PYPROJECT = nox.project.load_toml("pyproject.toml")

# What sessions install is locked: each dependency group of pyproject.toml has a file for
# each Python in SUPPORTED, `tests/locks/3.13/docs.txt`, and "project" is what the project
# and all of its extras need. A group's file comes on top of those of the groups that are
# named here, and leaves out what is in them.
LOCKS = ROOT / "tests" / "locks"
LOCKED_ON = {
    "build": (),
    "coverage": (),
    "lint": (),
    "package": ("build",),
    "project": ("build",),
    "audit": ("build", "project"),
    "docs": ("build", "project"),
    "test": ("coverage", "build", "project"),
    "bench": ("coverage", "build", "project", "test"),
    "fuzz": ("coverage", "build", "project", "test"),
    "httpx2": ("coverage", "build", "project", "test"),
    "mutants": ("coverage", "build", "project", "test"),
    "shuffle": ("coverage", "build", "project", "test"),
    "types": ("coverage", "build", "project", "test"),
}

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
    for version in (*SUPPORTED, *LATER):
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
LATER_FOUND = [version for version in LATER if _runs(version)]
# On a machine that has a later Python only, that one is used, with no lock.
FOUND = [version for version in SUPPORTED if _runs(version)] or LATER_FOUND
MISSING = [version for version in SUPPORTED if version not in FOUND]
if not FOUND:
    sys.exit(f"thetatrio needs one of Python {', '.join(SUPPORTED)}, and none was found here")
NEWEST = FOUND[0]
ALL_FOUND = list(dict.fromkeys([*LATER_FOUND, *FOUND]))
nox.options.sessions = [
    *("lint", "types"),
    *(f"tests-{version}" for version in FOUND),
    *("coverage", "docs", "conformance", "package"),
]


def _requirements(group: str) -> list[str]:
    """Return what a group needs as pyproject.toml has it: with ranges of versions."""
    if group != "project":
        # By way of nox: pip reads dependency groups itself only from 25.1 on.
        return list(nox.project.dependency_groups(PYPROJECT, group))
    project = PYPROJECT["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(it for extra in extras for it in extra)]
    return list(dict.fromkeys(it for it in wanted if not it.startswith("thetatrio[")))


def _locks(group: str, version: str) -> list[Path]:
    """Return the lock files of a group and of what it comes on top of."""
    return [LOCKS / version / f"{name}.txt" for name in (*LOCKED_ON[group], group)]


def _install(session: nox.Session, group: str, *, editable: bool = True) -> None:
    """Install a group's locked versions, and then the project, which has no hash."""
    files = _locks(group, str(session.python))
    if all(path.is_file() for path in files):
        session.install("--quiet", *(f"--requirement={path}" for path in files))
    else:
        session.warn(f"no versions are locked for Python {session.python}: the newest are used")
        _install_newest(session, group)
    if "project" in LOCKED_ON[group]:
        _install_project(session, ROOT, editable=editable)


def _install_newest(session: nox.Session, group: str) -> None:
    """Install the newest versions of what a group needs, and the project needs."""
    wanted = [it for name in (*LOCKED_ON[group], group) for it in _requirements(name)]
    session.install("--quiet", "--upgrade", "--upgrade-strategy=eager", *wanted)


def _install_project(session: nox.Session, source: Path, *, editable: bool = True) -> None:
    """Install the project alone: what it needs, and what builds it, is there already."""
    how = ("--editable",) if editable else ()
    session.install("--quiet", "--no-deps", "--no-build-isolation", *how, str(source))


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
    # Not editable: the installed package is looked at, as a user's editor does.
    _install(session, "types", editable=False)
    _check_types(session, *session.posargs)


def _check_types(session: nox.Session, *arguments: str) -> None:
    session.run("mypy")
    session.run("pyright")
    session.run("python", "-m", "pytest", "tests/typing", *arguments)
    # Elsewhere, so that the installed package is found and not the source tree.
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


@nox.session(python=ALL_FOUND)
def tests(session: nox.Session) -> None:
    """Run the suite: all of it, under coverage, on the newest Python; its core on the others.

    Arguments after `--` go to pytest in place of that choice. Python 3.14 and later,
    where they are installed, run when they are named: `nox -s tests-3.14`.
    """
    _install(session, "test")
    # Those of tests/typing run the type checkers: they belong to `types`.
    # worksteal: neighbours stay in one process, with what their module made once, and
    # none of the processes is idle at the end.
    shared = ("--numprocesses=auto", "--dist=worksteal")
    run = ("-m", "pytest", "--ignore=tests/typing", *shared)
    # Without bytecode, each process that a test starts compiles all that it imports.
    session.env["PYTHONDONTWRITEBYTECODE"] = None
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
    _install(session, "coverage")
    session.run("coverage", "report")


@nox.session(python=NEWEST)
def deep(session: nox.Session) -> None:
    """Run what takes long: full-size data, and each property on many more examples."""
    _install(session, "test")
    # Hypothesis marks its tests itself.
    choice = ("-m", "deep or hypothesis", "--hypothesis-profile=deep")
    patient = ("-o", "faulthandler_exit_on_timeout=false")  # some of them take minutes
    session.run("python", "-m", "pytest", *choice, *patient, *session.posargs)


@nox.session(python=NEWEST)
def soak(session: nox.Session) -> None:
    """Stream for minutes (5, or `-- --minutes 480`): nothing untold, no growth, no leak."""
    _install(session, "test")
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
    _install(session, "test")
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
        how = ("--no-isolation", "--outdir", str(place / name))
        build = ("python", "-m", "build", *how, str(sources))
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


def _measure(
    session: nox.Session, place: Path, built: tuple[Path, Path], python: str, env: dict[str, str]
) -> None:
    """Say how large the core is with all that it needs, and how long importing it takes."""
    wheel, sdist = built
    core = place / "core"
    shutil.rmtree(core, ignore_errors=True)
    pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check")
    install = ("install", "--no-compile", "--target", str(core), str(wheel))
    session.run(*pip, *install, env=env, external=True)
    sizes: dict[str, int] = {}
    for path in core.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            name = path.relative_to(core).parts[0].partition("-")[0].partition(".")[0]
            sizes[name] = sizes.get(name, 0) + path.stat().st_size
    zones = sizes.pop("tzdata", 0)
    total = sum(sizes.values())
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:6]
    session.log(f"{wheel.name} {wheel.stat().st_size:,} B, {sdist.name} {sdist.stat().st_size:,} B")
    session.log(f"the core with its dependencies, without bytecode: {total / 1e6:.2f} MB")
    session.log(f"and {zones / 1e6:.2f} MB of time zone data; the largest parts are")
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


def _pins(session: nox.Session, place: Path) -> str:
    """Return the path of constraints: the locked versions of the tests, without their hashes."""
    files = [path for path in _locks("test", str(session.python)) if path.is_file()]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    pins = re.findall(r"^[\w.-]+==.*?(?= *\\?$)", text, re.MULTILINE)
    path = place / "pins.txt"
    path.write_text("\n".join(pins) + "\n", encoding="utf-8")
    return str(path)


_TIMED = "import time; begun = time.perf_counter(); {}; print(time.perf_counter() - begun)"


@nox.session(python=NEWEST)
def package(session: nox.Session) -> None:
    """Build both distributions; each must work alone in a bare virtual environment.

    A folder after `--` gets them.
    """
    _install(session, "package")
    place = Path(session.create_tmp()).resolve()
    # In the bare environments too nothing depends on the day, yet pip finds for itself
    # what the distributions need.
    pins = _pins(session, place)
    env = {"PIP_CONSTRAINT": pins, "PIP_BUILD_CONSTRAINT": pins}
    wheel, sdist = _build_twice(session, place)
    session.run("twine", "check", "--strict", str(wheel), str(sdist))

    names = zipfile.ZipFile(wheel).namelist()
    if "thetatrio/py.typed" not in names:
        session.error("the wheel lacks thetatrio/py.typed: its types would not be seen")
    if not any(name.endswith("licenses/LICENSE") for name in names):
        session.error("the wheel lacks the licence")
    metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
    text = zipfile.ZipFile(wheel).read(metadata).decode()
    if relative := re.findall(r"\]\((?!https?://|#)[^)]*\)", text):
        session.error(f"links of the long description that are dead on PyPI: {relative}")
    strays = [n for n in names if not n.startswith(("thetatrio/", "thetatrio-"))]
    if strays:
        session.error(f"the wheel has what is not the package: {strays}")

    for distribution in (wheel, sdist):
        bare = place / f"bare-{distribution.suffix[1:]}"
        session.run("python", "-m", "venv", "--clear", str(bare))
        scripts = bare / ("Scripts" if sys.platform == "win32" else "bin")
        python = str(scripts / "python")
        pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check")
        session.run(*pip, "install", str(distribution), env=env, external=True)
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
    session.run(*pip, "install", "pytest>=8.3", "pytest-trio>=0.8", env=env, external=True)
    with session.chdir(scratch):
        session.run(python, "-W", "error", "-m", "pytest", "-q", external=True)
        _measure(session, place, (wheel, sdist), python, env)
    for folder in session.posargs:
        shutil.copytree(place / "dist", ROOT / folder, dirs_exist_ok=True)


@nox.session(python=NEWEST)
def docs(session: nox.Session) -> None:
    """Build the documentation into docs/_build: every warning and dead link is an error."""
    _install(session, "docs")
    shutil.rmtree(ROOT / "docs" / "_build", ignore_errors=True)
    strict = ("-W", "-n", "--keep-going", "--jobs=auto", "--quiet")
    session.run("sphinx-build", *strict, "-b", "html", "docs", "docs/_build/html", *session.posargs)
    session.run("python", "docs/check_links.py", "docs/_build/html")


@nox.session(python=NEWEST)
def bench(session: nox.Session) -> None:
    """Measure what is named after `--`, or all; or compare with a commit.

    `-- --against COMMIT` fails where something is more than 3 % slower than it was in
    that commit; figures, and `--seconds` for each, may be added.
    """
    _install(session, "bench", editable=False)
    session.create_tmp()
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
def newest(session: nox.Session) -> None:
    """Check the types and run the suite with the newest version of everything.

    Arguments after `--` go to pytest in place of the choice of tests.
    """
    _install_newest(session, "types")
    _install_project(session, ROOT, editable=False)
    session.run("python", "-m", "pip", "check")
    _check_types(session)
    run = ("-m", "pytest", "--ignore=tests/typing", "--numprocesses=auto")
    session.run("python", *run, *(session.posargs or ("-m", "not deep")))


@nox.session(python=NEWEST)
def httpx2(session: nox.Session) -> None:
    """Run the core tests with httpx2, a fork of httpx, in place of httpx.

    In a copy of the project in which the one line that imports httpx is another.
    Arguments after `--` go to pytest in place of the choice of tests.
    """
    _install(session, "httpx2")
    place = Path(session.create_tmp()).resolve() / "project"
    shutil.rmtree(place, ignore_errors=True)
    unwanted = (".git", ".nox", ".venv*", ".*_cache", "__pycache__", "_build", "build", "dist")
    shutil.copytree(ROOT, place, ignore=shutil.ignore_patterns(*unwanted))
    transport = place / "thetatrio" / "_rest" / "transport.py"
    text = transport.read_text(encoding="utf-8")
    swapped, count = re.subn(r"^import httpx$", "import httpx2 as httpx", text, flags=re.MULTILINE)
    if count != 1:
        session.error(f"transport.py has {count} lines 'import httpx', and not one")
    transport.write_text(swapped, encoding="utf-8")
    _install_project(session, place)
    # So that nothing else can use them: what still imports httpx fails.
    session.run("python", "-m", "pip", "uninstall", "--quiet", "--yes", "httpx", "httpcore")
    run = ("-m", "pytest", "--ignore=tests/typing", "--numprocesses=auto")
    with session.chdir(place):
        session.run("python", *run, *(session.posargs or ("-m", "core")))


@nox.session(python=NEWEST)
def lock(session: nox.Session) -> None:
    """Write tests/locks anew: the newest versions that pyproject.toml allows, for each Python."""
    session.install("--quiet", "--upgrade", "uv")
    for group in LOCKED_ON:
        for version in SUPPORTED:
            *below, path = _locks(group, version)
            _lock(session, version, _requirements(group), below, path)
        session.log(f"locked {group}")
    # One file for all Pythons: the command that installs nox does not know which it is.
    _lock(session, SUPPORTED[-1], _requirements("nox"), [], LOCKS / "nox.txt")


def _lock(
    session: nox.Session, version: str, requirements: list[str], below: list[Path], path: Path
) -> None:
    """Write a lock file; what the files below it install on every platform is left out."""
    wanted = Path(session.create_tmp()).resolve() / "wanted.txt"
    wanted.write_text("\n".join(requirements) + "\n", encoding="utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    pinned = [line for file in below for line in file.read_text(encoding="utf-8").splitlines()]
    names = [line.partition("==")[0] for line in pinned if re.match(r"[\w.-]+==[^;]+$", line)]
    # Every platform's files are listed. No setting of this machine is read, and neither an
    # index nor a path is written: whoever installs takes the same files from their own index.
    session.run(
        *("uv", "pip", "compile", "--quiet", "--no-config", "--universal", "--upgrade"),
        *("--python-version", version, "--generate-hashes", "--no-annotate"),
        *("--custom-compile-command", "nox -s lock", "--output-file", str(path)),
        *(f"--constraints={file}" for file in below),
        *(f"--no-emit-package={name}" for name in names),
        str(wanted),
        log=False,
        silent=True,
        env={name: None for name in os.environ if name.startswith(("UV_", "PIP_"))},
    )


@nox.session(python=NEWEST)
def audit(session: nox.Session) -> None:
    """Ask whether an installed version of a dependency is known to be vulnerable.

    PyPI is asked, or `-- -s osv`. What nobody can say anything of is an error.
    """
    _install(session, "audit")
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
    _install(session, "fuzz")
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
    _install(session, "mutants")
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
    _install(session, "shuffle")
    strict = ("-X", "dev", "-W", "error")
    run = ("-m", "pytest", "--ignore=tests/typing", "--numprocesses=auto")
    session.run("python", *strict, *run, *(session.posargs or ("-m", "not deep")))
