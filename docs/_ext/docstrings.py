"""Docstrings as they are written here, made ready for Sphinx.

Examples are indented blocks without a mark, `name` is code, and a struct's
fields are its declaration. Here examples become highlighted blocks, and each
struct gets a table of its fields.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import re
import textwrap
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from units import unit_of

from thetatrio import _calls, errors
from thetatrio._stream import stream
from thetatrio.events import Event
from thetatrio.rows import Row

ARGUMENT = re.compile(r"    ([*\w]+(?:, [*\w]+)*): ")
YIELDS = re.compile(r"~?collections\.abc\.(Async)?Generator\[(.*?), None(?:, None)?\]")
OWN_PARTS = frozenset({"block", "patterns"})
"""Members without an underscore, for other modules of the library, that are not for users."""
MANY_FIELDS = 5
"""A struct with more is read in its table, and its signature is left out."""


def blocks_of(text: str) -> Iterator[str]:
    """Yield what blank lines part, a block of code with blank lines in it being one."""
    held = ""
    for block in re.split(r"\n{2,}", text.strip("\n")):
        indented = block.startswith("    ")
        if held and indented and held.startswith("    "):
            held += "\n\n" + block
            continue
        if held:
            yield held
        held = block
    if held:
        yield held


def is_code(block: str) -> bool:
    """Tell whether a block without indent is Python: ruff takes it from those that end a summary.

    Prose of several words does not parse; a word alone has no call in it.
    """
    source = "async def shown():\n" + textwrap.indent(block, "    ")
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    return any(isinstance(node, (ast.Call, ast.Await)) for node in ast.walk(tree))


def arguments_of(block: str) -> dict[str, str]:
    """Return what a block that begins with `Args:` says of each argument."""
    meanings: dict[str, str] = {}
    names: list[str] = []
    for line in block.splitlines()[1:]:
        found = ARGUMENT.match(line)
        if found:
            names = found[1].split(", ")
            meanings |= dict.fromkeys(names, line[found.end() :])
        else:
            meanings |= {name: f"{meanings[name]} {line.strip()}" for name in names}
    return meanings


ERROR = re.compile(
    rf"(?<![\w`.])({'|'.join(sorted(errors.__all__, key=len, reverse=True))})(?![\w`])"
)


def linked(text: str) -> str:
    """Return prose with the library's errors as code, which is linked; docstrings say them bare."""
    return ERROR.sub(r"`\1`", text)


def marked(text: str) -> str:
    """Return a docstring with its blocks of code marked as such."""
    found = []
    for number, block in enumerate(blocks_of(text)):
        if block.startswith("    ") or (number and is_code(block)):
            language = "python" if is_code(textwrap.dedent(block)) else "text"
            code = textwrap.indent(textwrap.dedent(block), "   ")
            found.append(f".. code-block:: {language}\n\n{code}")
        elif "├──" in block:
            found.append(".. code-block:: text\n\n" + textwrap.indent(block, "   "))
        elif block.startswith("Args:"):
            meanings = arguments_of(block).items()
            said = (
                f":param {name.replace('*', chr(92) + '*')}: {linked(it)}" for name, it in meanings
            )
            found.append("\n".join(said))
        else:
            found.append(linked(block))
    return "\n\n".join(found)


def declared(owner: type, name: str) -> str:
    """Return a field's type as the source has it."""
    for base in owner.__mro__:
        said = inspect.get_annotations(base).get(name)
        if said is not None:
            return said if isinstance(said, str) else inspect.formatannotation(said)
    return ""


def documents_in(module: str, owner: str) -> dict[str, str]:
    """Return what the source says below the names of a class, or (for "") of a module."""
    documents = ModuleAnalyzer.for_module(module).find_attr_docs()
    return {
        name: " ".join(" ".join(lines).split())
        for (where, name), lines in documents.items()
        if where == owner
    }


def field_documents(owner: type) -> dict[str, str]:
    """Return what the source says below a class's fields, those of its bases included."""
    found: dict[str, str] = {}
    for base in reversed(owner.__mro__):
        if base.__module__.startswith("thetatrio"):
            found |= documents_in(base.__module__, base.__qualname__)
    return found


def value_document(name: str) -> str:
    """Return what the source says below a module's value, in the module that defines it."""
    where, _, name = name.rpartition(".")
    while True:
        said = documents_in(where, "").get(name)
        if said:
            return said
        tree = ast.parse(inspect.getsource(importlib.import_module(where)))
        sources = [
            node.module
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and any(alias.name == name for alias in node.names)
        ]
        if not sources or sources[0] is None:
            return ""
        (where,) = sources


def type_words(annotation: str) -> str:
    """Return a type as a reader knows it, without the names that this library gives it."""
    words = annotation.replace("WallClock", "datetime").replace("StrikeDollars", "float")
    words = words.replace("TimeOfDay", "time").replace("_Contract", "Contract")
    return re.sub(r"\b(dt|msgspec|typing|trio)\.", "", words)


def fields_of(owner: type[msgspec.Struct]) -> list[tuple[str, str, str, str]]:
    """Return the name, type, default and meaning of each field of a struct.

    Of a row's time, that is the attribute that users read, with its zone.
    """
    documents = field_documents(owner)
    found = []
    for field in msgspec.structs.fields(owner):
        name, meaning = field.name, documents.get(field.name, "")
        if issubclass(owner, (Row, Event)):
            if name.endswith("_ny"):
                name = name.removesuffix("_ny")
                meaning = inspect.getdoc(getattr(owner, name)) or ""
            unit = unit_of(owner, field.name if issubclass(owner, Event) else field.encode_name)
            # What a symbol or a count is of, a struct says better where it says so.
            if not meaning.startswith(unit) and not (meaning and name in {"symbol", "count"}):
                meaning = f"{unit}. {meaning}".strip()
        # An event's contract is read apart: that it may be left out is nothing to users.
        made = field.required or issubclass(owner, Event)
        default = "" if made else default_words(field)
        found.append((name, type_words(declared(owner, field.name)), default, meaning))
    return found


def default_words(field: msgspec.structs.FieldInfo) -> str:
    """Return a field's default as it would be written."""
    value: object = field.default
    if value is msgspec.NODEFAULT:
        factory = field.default_factory
        value = factory() if callable(factory) else ""
    if isinstance(value, Mapping):
        value = dict(value)
    words = repr(value)
    # A long one is an object with its own defaults.
    return words if len(words) <= 40 else f"{type(value).__name__}()"


def table(headings: tuple[str, ...], rows: list[tuple[str, ...]], widths: str) -> list[str]:
    """Return a table as reStructuredText."""
    lines = ["", ".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in (headings, *rows):
        for number, cell in enumerate(row):
            lines.append(f"   {'*' if not number else ' '} - {cell}")
    return [*lines, ""]


def entries_of(owner: Any) -> list[tuple[str, str, str, str]]:
    """Return the fields of a struct, a typed dictionary or a named tuple; of others none."""
    if not isinstance(owner, type):
        return []
    if issubclass(owner, msgspec.Struct):
        return fields_of(owner)
    names: tuple[str, ...] = ()
    if issubclass(owner, errors.ThetaDataError):
        # Its own attributes; those of a documented base are told there.
        hidden = (base for base in owner.__mro__ if base.__name__.startswith("_"))
        return [
            (name, type_words(declared(base, name)), "", said)
            for base in (owner, *hidden)
            for name, said in documents_in(base.__module__, base.__qualname__).items()
        ]
    if typing.is_typeddict(owner):
        names = tuple(owner.__annotations__)
    elif issubclass(owner, tuple):
        names = getattr(owner, "_fields", ())
    said = field_documents(owner)
    return [
        (name, type_words(source_annotation(owner, name)), "", said.get(name, "")) for name in names
    ]


def source_annotation(owner: type, name: str) -> str:
    """Return the annotation of one field as its class's source has it."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    assert isinstance(tree, ast.ClassDef)
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name:
            return ast.unparse(node.annotation)
    return ""


def process_docstring(
    app: Sphinx, what: str, name: str, obj: Any, options: object, lines: list[str]
) -> None:
    """Mark examples, and add the table of a struct's fields."""
    if what == "data" and "\n".join(lines).strip() == (type(obj).__doc__ or "").strip():
        lines[:] = [value_document(name)]
    lines[:] = [*marked("\n".join(lines)).split("\n"), ""]
    rows = []
    for field, kind, default, said in entries_of(obj):
        meaning = f"{said} Default: ``{default}``." if default else said
        rows.append((f"``{field}``", f"``{kind}``" if kind else "", meaning.strip()))
    if rows:
        kinds = {Row: "column", errors.ThetaDataError: "attribute"}
        heading = next((word for base, word in kinds.items() if issubclass(obj, base)), "field")
        lines += table((heading, "type", "meaning"), rows, "22 22 56")


def process_signature(
    app: Sphinx,
    what: str,
    name: str,
    obj: object,
    options: object,
    signature: str | None,
    returns: str | None,
) -> tuple[str, str | None] | None:
    """Leave out the signature of what users do not make, and of what has a table instead.

    What is a block says so: its source, a generator, is not what its users have.
    """
    if not isinstance(obj, type):
        found = YIELDS.fullmatch(returns or "")
        if found is None or not hasattr(obj, "__wrapped__"):
            return None
        kind = "AbstractAsyncContextManager" if found[1] else "AbstractContextManager"
        return signature or "", f"~contextlib.{kind}[{found[2]}]"
    if issubclass(obj, msgspec.Struct):
        told = issubclass(obj, (Row, Event)) or len(obj.__struct_fields__) > MANY_FIELDS
        # Of a metaclass's call, Sphinx would show the annotations as they are written.
        told = told or type(obj) is not msgspec.StructMeta
    else:
        # What takes the library's own parts is made by the library.
        told = "thetatrio._" in (signature or "") or "RestClient" in (signature or "")
        told = told or typing.is_typeddict(obj) or issubclass(obj, errors.ThetaDataError)
    return ("", None) if told else None


@functools.cache
def field_names() -> frozenset[str]:
    """Return the names of all fields that are in tables."""
    found: set[str] = set()
    waiting = [msgspec.Struct]
    while waiting:
        for child in waiting.pop().__subclasses__():
            waiting.append(child)
            if child.__module__.startswith("thetatrio"):
                found.update(child.__struct_fields__)
    return frozenset(found)


def skip_member(
    app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object
) -> bool | None:
    """Leave out fields, which their table has, and parts that are the library's own."""
    if name in OWN_PARTS:
        return True
    if isinstance(obj, property) or callable(obj):
        return None
    if type(obj).__name__ == "_tuplegetter" or name in field_names():
        return True
    return None


def process_bases(app: Sphinx, name: str, obj: object, options: object, bases: list[type]) -> None:
    """Name the bases of a base that is the library's own, and not itself."""
    bases[:] = [
        shown
        for base in bases
        for shown in (base.__bases__ if base.__name__.startswith("_") else (base,))
    ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    # Sphinx reads the annotations of overloads as a wrapper's own module would.
    for name, value in vars(stream).items():
        vars(_calls).setdefault(name, value)
    app.connect("autodoc-process-docstring", process_docstring)
    app.connect("autodoc-process-signature", process_signature)
    app.connect("autodoc-process-bases", process_bases)
    app.connect("autodoc-skip-member", skip_member)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
