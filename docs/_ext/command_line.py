"""`{command}`: a command's arguments and options, as the program declares them."""

from __future__ import annotations

import enum
import inspect
import textwrap
from collections.abc import Callable
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

from docutils import nodes
from operations import markdown_table
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from typer.models import ArgumentInfo, OptionInfo

from thetatrio.cli._app import app as program

COMMANDS: dict[str, Callable[..., None]] = {
    command.callback.__name__: command.callback
    for command in program.registered_commands
    if command.callback is not None
}
KINDS = {str: "text", int: "whole number", float: "number", bool: ""}


def given_as(hint: object) -> str:
    """Return what may be given, in words."""
    if get_origin(hint) is Literal:
        return ", ".join(f"`{word}`" for word in get_args(hint))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return ", ".join(f"`{member.value}`" for member in hint)
    options = [option for option in get_args(hint) if option is not type(None)]
    return ", ".join(map(given_as, options)) if options else KINDS.get(hint, "")  # type: ignore[call-overload]


def parameters_of(function: Callable[..., None]) -> str:
    """Return a table of a command's arguments and options."""
    rows = []
    hints = get_type_hints(function, include_extras=True)
    for name, parameter in inspect.signature(function).parameters.items():
        kind, info = get_args(hints[name])[:2]
        assert get_origin(hints[name]) is Annotated
        if isinstance(info, ArgumentInfo):
            shown = f"`{info.metavar or name.upper()}`"
        else:
            assert isinstance(info, OptionInfo)
            words = [info.default, *(info.param_decls or ())]
            names = [word for word in words if isinstance(word, str)]
            shown = ", ".join(f"`{word}`" for word in names or [f"--{name.replace('_', '-')}"])
        default = parameter.default
        told = "" if default in (None, False) else f"`{default}`"
        if default is inspect.Parameter.empty:
            told = "must be given"
        rows.append((shown, given_as(kind), told, info.help or ""))
    return markdown_table(("argument or option", "given as", "default", "meaning"), rows)


class Command(SphinxDirective):
    """One command; without its name, the options that stand before any command."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the entry."""
        if not self.arguments:
            callback = program.registered_callback
            assert callback is not None
            assert callback.callback is not None
            return self.parse_text_to_nodes(parameters_of(callback.callback))
        function = COMMANDS[self.arguments[0]]
        text, _, example = (inspect.getdoc(function) or "").partition("For example: ")
        parts = [text, parameters_of(function)]
        if example:
            command = textwrap.dedent(example).replace("\n", " \\\n    ")
            parts.append(f"```sh\n{command}\n```")
        return self.parse_text_to_nodes("\n\n".join(parts))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("command", Command)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
