"""The reference of the documentation: every public name is in it, once, and nothing else is."""

import ast
import importlib
import inspect
import pkgutil
import re
from collections import Counter
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import thetatrio
from thetatrio import requests
from thetatrio.cli._app import app
from thetatrio.requests import v2

DOCS = Path(__file__).parent.parent / "docs"
ENTRY = re.compile(r"^\.\. auto(?:class|data|exception|function|module):: ([\w.]+)", re.MULTILINE)
OPERATIONS = re.compile(r"^```\{operations\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^```\{command\} (\w+)$", re.MULTILINE)


def is_public(module):
    """Tell whether a module is one that users import from. The command's are its own."""
    return not any(part.startswith("_") for part in module.split(".")) and not module.startswith(
        "thetatrio.cli."
    )


MODULES = [
    "thetatrio",
    *filter(is_public, (m.name for m in pkgutil.walk_packages(thetatrio.__path__, "thetatrio."))),
]


def handed_on(module):
    """Return the names that a module imports `as` themselves: so that users find them there."""
    return {
        alias.name
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }


@cache
def exported(name):
    """Return the public names of a module."""
    module = importlib.import_module(name)
    return frozenset(getattr(module, "__all__", ())) or frozenset(handed_on(module))


@cache
def texts():
    return [
        page.read_text(encoding="utf-8")
        for folder in ("reference", "operations")
        for page in sorted((DOCS / folder).glob("*.md"))
    ]


@cache
def entries():
    """Return the full name of each entry of the reference, as often as it is there."""
    found = []
    for text in texts():
        found += ENTRY.findall(text)
        for names in OPERATIONS.findall(text):
            where = dict.fromkeys(dir(requests), requests) | {
                name: v2 for name in dir(v2) if name not in dir(requests)
            }
            found += [f"{where[name].__name__}.{name}" for name in names.split()]
    return found


def value_of(entry):
    """Return what an entry is about, by its name and itself: equal values may be one object."""
    module, _, name = entry.rpartition(".")
    value = thetatrio
    if module:
        owner = importlib.import_module(module)
        # A module that nobody has imported yet is no attribute of its package.
        value = getattr(owner, name) if hasattr(owner, name) else importlib.import_module(entry)
    return name, id(value)


@pytest.mark.parametrize("name", MODULES)
def test_what_is_exported_is_what_all_says(name):
    """`from module import *`, editors and the reader of the source see the same names."""
    module = importlib.import_module(name)
    names = exported(name)
    assert names
    assert handed_on(module) <= names
    assert [each for each in names if not hasattr(module, each)] == []
    assert len(getattr(module, "__all__", ())) == len(set(getattr(module, "__all__", ())))


def test_every_public_name_is_in_the_reference_once():
    """Whatever users can import by a public name has one entry, and each entry is such a name."""
    wanted = {}
    for module in MODULES:
        for name in exported(module):
            wanted.setdefault(value_of(f"{module}.{name}"), f"{module}.{name}")
    found = Counter(map(value_of, entries()))
    assert [said for key, said in wanted.items() if not found[key]] == []
    assert [said for key, said in wanted.items() if found[key] > 1] == []
    modules = {value_of(name) for name in MODULES}
    strange = [
        entry
        for entry in entries()
        if value_of(entry) not in wanted and value_of(entry) not in modules
    ]
    assert strange == []


def test_entries_have_the_shortest_public_name():
    """What `thetatrio` itself exports is called so, and not by the module it is from."""
    short = {value_of(f"thetatrio.{name}"): f"thetatrio.{name}" for name in exported("thetatrio")}
    wrong = [
        entry
        for entry in entries()
        if not isinstance(getattr(thetatrio, entry.rpartition(".")[2], None), ModuleType)
        and short.get(value_of(entry), entry) != entry
    ]
    assert wrong == []


def test_every_command_is_in_the_reference():
    """The page of the command line has all of them."""
    commands = [c.callback.__name__ for c in app.registered_commands if c.callback is not None]
    assert COMMAND.findall("\n".join(texts())) == commands
