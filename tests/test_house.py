"""The house's own rules: who may import whom, what the public may see, what is written where."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "thetatrio"

# From the top floor down. A room imports from its own floor and those below.
# "" is the public face, `thetatrio/__init__.py`.
FLOORS = [
    {"cli"},
    {"testing"},
    {"aio", "sync"},
    {"_faces"},
    {"", "_session", "_portal"},
    {"_completed", "_control"},
    {"chains", "download"},
    {"_rest", "_stream", "_endpoints"},
    {"requests", "frames"},
    {"rows", "events", "config", "_files", "_nursery", "_interrupt", "_network", "_owner"}
    | {"_retry_after"},
    {"contracts", "market_time", "codes", "errors", "_bell", "_calls", "_numbers"} | {"rules"},
    {"_secrets"},
    {"_version"},
]
# Rooms of one floor that know nothing of each other.
STRANGERS = {("_rest", "_stream"), ("_stream", "_rest")}
# Each endpoint becomes a method of all three faces, and its overloads name their classes.
FOR_TYPES_ONLY = {("_endpoints", face) for face in ("_session", "aio", "sync")} | {
    ("errors", "events")  # an error that carries a notice says so
}

# These are tested whole and byte by byte: no event loop, no network.
PURE = {
    "requests", "rows", "events", "contracts", "market_time", "codes", "errors", "config",
    "_rest.planner", "_rest.refusals", "_rest.retry", "_rest.decode", "_stream.wire",
    "_stream.subscriptions",
    "_rest.completeness", "_rest.gzip_decoder", "_rest.json_text", "_rest.no_data", "rules",
}  # fmt: skip
IMPURE = {"trio", "anyio", "asyncio", "httpx", "httpcore", "trio_websocket", "socket", "threading"}
# What `import thetatrio` must not wait for.
HEAVY = {"httpx", "html", "trio_websocket", "polars", "pyarrow", "pandas", "typer", "rich"}


class Import(NamedTuple):
    """One imported module, by its full name."""

    name: str
    for_types_only: bool
    line: int


class Module(NamedTuple):
    """One module of the package."""

    name: str
    """Its name inside the package; "" is the package itself."""
    tree: ast.Module

    @property
    def room(self):
        return self.name.partition(".")[0]

    @property
    def is_public(self):
        return not any(part.startswith("_") for part in self.name.split("."))


def name_of(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules():
    """Return every module of the package by its name inside it."""
    return {
        name_of(path): Module(name_of(path), ast.parse(path.read_bytes()))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def floor_of(room):
    floors = [number for number, rooms in enumerate(FLOORS) if room in rooms]
    assert floors, f"{room} is on no floor: give it one in FLOORS"
    return floors[0]


def imports(module):
    """Return what a module imports anywhere in it, function bodies included."""
    found = []

    def visit(node, for_types_only):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for child in node.body:
                visit(child, True)
            for child in node.orelse:
                visit(child, for_types_only)
            return
        if isinstance(node, ast.Import):
            found.extend(Import(a.name, for_types_only, node.lineno) for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module.name}:{node.lineno}: relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                is_module = whole.removeprefix("thetatrio.") in modules()
                name = whole if is_module else node.module
                found.append(Import(name, for_types_only, node.lineno))
        for child in ast.iter_child_nodes(node):
            visit(child, for_types_only)

    visit(module.tree, False)
    return found


def rooms_used(module):
    for used in imports(module):
        package, _, inner = used.name.partition(".")
        if package == "thetatrio":
            yield inner.partition(".")[0], used


def each_module(test):
    return pytest.mark.parametrize(
        "module", modules().values(), ids=lambda m: m.name or "thetatrio"
    )(test)


@each_module
def test_every_module_has_a_floor(module):
    """A new room is given its floor before anything is built on it."""
    assert floor_of(module.room) >= 0


@each_module
def test_imports_run_one_way(module):
    """A module imports from its own floor and those below, and never from a stranger."""
    wrong = [
        f"line {used.line}: {used.name}"
        for room, used in rooms_used(module)
        if not (used.for_types_only and (module.room, room) in FOR_TYPES_ONLY)
        and (floor_of(room) < floor_of(module.room) or (module.room, room) in STRANGERS)
    ]
    assert not wrong


@each_module
def test_pure_modules_stay_pure(module):
    """What is tested byte by byte knows of no event loop, network or thread, not even by type."""
    if module.name in PURE or module.room in PURE:
        assert not {used.name.partition(".")[0] for used in imports(module)} & IMPURE


HTTP_LIBRARIES = {"httpx", "httpx2", "httpcore", "httpcore2"}


@each_module
def test_one_module_names_httpx(module):
    """The HTTP library can be replaced by rewriting `_rest/transport.py`, and it alone."""
    named = {used.name.partition(".")[0] for used in imports(module)} & HTTP_LIBRARIES
    assert named == ({"httpx"} if module.name == "_rest.transport" else set())


def test_one_line_names_httpx():
    """`import httpx` is one line, which `nox -s httpx2` replaces; tests take httpx from there."""
    transport = (PACKAGE / "_rest" / "transport.py").read_text(encoding="utf-8")
    assert transport.splitlines().count("import httpx") == 1
    # Benchmarks compare the package with httpx itself, and so name it.
    importers = {
        path.relative_to(ROOT).as_posix()
        for path in [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
        if "benchmarks" not in path.parts
        and HTTP_LIBRARIES & {name.partition(".")[0] for name in imported_names(path)}
    }
    assert importers == {"thetatrio/_rest/transport.py"}


@cache
def imported_names(path):
    """Return the full names of the modules that a file imports anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return frozenset(names)


def test_importing_is_light():
    """`import thetatrio` loads neither httpx nor trio-websocket nor html nor any extra."""
    script = "import sys, thetatrio; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not HEAVY & set(run.stdout.split())


def public_definitions():
    """Yield each public function and class with its name, wherever it is defined.

    Public are the names of public modules, and what those take over from private ones.
    """
    wanted = [(m.name, name) for m in modules().values() if m.is_public for name in names_of(m)]
    seen = set()
    while wanted:
        where, name = wanted.pop()
        if (where, name) in seen or where not in modules():
            continue
        seen.add((where, name))
        for node in modules()[where].tree.body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                if node.name == name:
                    yield f"{where}.{name}", node
            elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("thetatrio"):
                inner = str(node.module).removeprefix("thetatrio").removeprefix(".")
                wanted.extend((inner, a.name) for a in node.names if (a.asname or a.name) == name)


def names_of(module):
    """Return a public module's public names: what it defines, and what it hands on."""
    for node in module.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if not node.name.startswith("_"):
                yield node.name
        elif isinstance(node, ast.ImportFrom):
            # `import x as x` is how a name is handed on.
            yield from (alias.name for alias in node.names if alias.asname == alias.name)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            yield from ast.literal_eval(node.value)


def with_members(name, node):
    """Yield a definition, and a class's public methods and attributes."""
    yield name, node
    if isinstance(node, ast.ClassDef):
        for member in node.body:
            if isinstance(member, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if not member.name.startswith("_") or member.name == "__init__":
                    yield f"{name}.{member.name}", member
            elif isinstance(member, ast.AnnAssign):
                attribute = ast.unparse(member.target)
                if not attribute.startswith("_"):
                    yield f"{name}.{attribute}", member


def public_members():
    return (found for name, node in public_definitions() for found in with_members(name, node))


def annotations(node):
    if isinstance(node, ast.AnnAssign):
        yield node.annotation
    elif not isinstance(node, ast.ClassDef):
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
        yield from (argument.annotation for argument in every if argument.annotation is not None)
        if node.returns is not None:
            yield node.returns


def test_the_public_is_found():
    """The two tests below look at something."""
    names = {name for name, _ in public_members()}
    assert {"contracts.Option", "contracts.Option.from_occ", "config.Config.base_url"} <= names


def test_no_public_signature_says_any():
    """A type checker that knows the arguments of a call knows its result."""
    # Behind overloads the implementation's own signature is seen by nobody.
    members = list(public_members())
    overloaded = {name for name, node in members if is_overload(node)}
    wrong = [
        f"{name}: {ast.unparse(annotation)}"
        for name, node in members
        if name not in overloaded or is_overload(node)
        for annotation in annotations(node)
        if re.search(r"\bAny\b", ast.unparse(annotation))
    ]
    assert "_session.Session.gather" in overloaded
    assert not wrong


def is_overload(node):
    decorators = getattr(node, "decorator_list", [])
    return any(ast.unparse(decorator).endswith("overload") for decorator in decorators)


def test_every_public_definition_is_documented():
    """`help()` has something to say on every public function, class, method and property."""
    wrong = [
        name
        for name, node in public_members()
        if not isinstance(node, ast.AnnAssign)
        and not name.endswith("__init__")
        and not any(ast.unparse(d).endswith(("overload", ".setter")) for d in node.decorator_list)
        and not ast.get_docstring(node)
    ]
    assert not wrong


def test_every_test_says_what_it_promises():
    """A test that fails says in words which promise was broken."""
    wrong = [
        f"{path.name}: {node.name}"
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert not wrong


def project_texts():
    """Yield every text of the project that is not made by a tool."""
    made = {"build", "dist", "htmlcov", "__pycache__", "_build", "venv"}
    kept = {".ci", ".github", ".pre-commit-config.yaml", ".gitignore"}
    waiting = [ROOT]
    while waiting:
        for path in waiting.pop().iterdir():
            if path.name in made or (path.name.startswith(".") and path.name not in kept):
                continue
            if path.is_dir():
                waiting.append(path)
            else:
                try:
                    yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
                except UnicodeDecodeError:
                    continue


def test_no_file_names_a_place_of_one_machine():
    """A clone works anywhere: only `.ci/run` may look for something beside it."""
    # Put together here, so that this file does not have what it looks for.
    places = re.compile("|".join([r"(?<![\w.<])/(?:work|root|home|Users)/", r"\.\./" + "shared"]))
    found = {
        f"{name}: {match[0]}"
        for name, text in project_texts()
        for match in places.finditer(text)
        if name != ".ci/run"
    }
    assert not found


def test_ci_runs_what_the_readme_says():
    """What a contributor is told to run is what is run, to the letter, and nothing else is."""
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    *preparation, command = [line for line in lines if line and not line.startswith("#")]
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert readme.count(command) == 1
    assert [line.split()[0] for line in preparation] == ["set", "cd", "if", "export", "fi"]
