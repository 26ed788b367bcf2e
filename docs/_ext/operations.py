"""Operations as their request classes declare them: `{operations}` and `{operations-table}`."""

from __future__ import annotations

import inspect
import textwrap

from docstrings import arguments_of, blocks_of, fields_of, linked
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from thetatrio import _endpoints, requests
from thetatrio._rest.dialect_v2 import why_not
from thetatrio._rest.v2_table import OPERATIONS as OLD
from thetatrio.requests import Request, v2
from thetatrio.rows import Row

GROUPS = {
    "stock": _endpoints.StockEndpoints,
    "option": _endpoints.OptionEndpoints,
    "index": _endpoints.IndexEndpoints,
    "calendar": _endpoints.CalendarEndpoints,
    "interest_rate": _endpoints.InterestRateEndpoints,
}
METHODS = {
    endpoint.request_class: f"session.{group}.{method}"
    for group, endpoints in GROUPS.items()
    for method, endpoint in vars(endpoints).items()
    if isinstance(endpoint, (_endpoints.Endpoint, _endpoints.FileEndpoint))
}
"""What a user writes for each request class."""


def object_name(request: type[Request[Row]]) -> str:
    """Return the name that a request class has in the reference."""
    where = "thetatrio.requests.v2" if request.v2_only else "thetatrio.requests"
    return f"{where}.{request.__name__}"


def shown_name(request: type[Request[Row]]) -> str:
    """Return what its entry is called."""
    return METHODS[request]


def terminals_of(request: type[Request[Row]]) -> str:
    """Return which terminals have an operation, in few words."""
    if request.v2_only:
        return "v2"
    new = "newer v3" if request.since else "v3, newer v3"
    return new if why_not(request.operation) else f"v2, {new}"


def terminals_in_full(request: type[Request[Row]]) -> str:
    """Return which terminals have an operation, with what is asked of a v2 terminal."""
    new = f"only {request.since}" if request.since else "every v3 terminal"
    reason = "" if request.v2_only else why_not(request.operation)
    if reason:
        return f"{new}; not v2 terminals: {reason}"
    paths = " or ".join(f"`GET {old.path}`" for old in OLD[request.operation])
    return (
        f"v2 terminals only ({paths})" if request.v2_only else f"{new}, and v2 terminals ({paths})"
    )


def signature_of(request: type[Request[Row]]) -> str:
    """Return the parameters with their defaults, as a call has them."""
    shown = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in request.signature("").parameters.values()
    ]
    return str(inspect.Signature(shown))


def parsed(request: type[Request[Row]]) -> tuple[list[str], dict[str, str]]:
    """Return a docstring's blocks but for `Args:`, and what it says of each parameter."""
    blocks = list(blocks_of(inspect.getdoc(request) or ""))
    meanings = [arguments_of(block) for block in blocks if block.startswith("Args:")]
    rest = [block for block in blocks if not block.startswith("Args:")]
    return rest, meanings[0] if meanings else {}


def cell(text: str) -> str:
    """Return a text as a table cell of Markdown."""
    return text.replace("|", r"\|").replace("\n", " ")


def markdown_table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [headings, ("---",) * len(headings), *rows]
    return "\n".join("| " + " | ".join(map(cell, line)) + " |" for line in lines)


def parameters_table(request: type[Request[Row]], meanings: dict[str, str]) -> str:
    """Return the parameters of an operation with kinds and defaults. All must be documented."""
    rows = []
    for parameter in request.parameters():
        given = ", ".join(f"`{word}`" for word in parameter.choices or ()) or parameter.kind
        default = "must be given" if parameter.required else f"`{parameter.default!r}`"
        if not parameter.required and parameter.default is None:
            default = "left out"
        rows.append((f"`{parameter.name}`", given, default, meanings[parameter.name]))
    return markdown_table(("parameter", "given as", "default", "meaning"), rows)


def columns_of(request: type[Request[Row]]) -> str:
    """Return the columns of an operation's answer, folded away under the name of its row."""
    if request.flat_file and not request.v2_only:
        names = ", ".join(f"`{name}`" for name in request.columns)  # type: ignore[attr-defined]
        return f"**Columns** that the vendor documents, by v2's names and units: {names}."
    row = request.row_type()
    rows = [(f"`{name}`", f"`{kind}`", meaning) for name, kind, _, meaning in fields_of(row)]
    table = markdown_table(("column", "type", "unit, meaning"), rows)
    title = f"Columns of each row, `thetatrio.rows.{row.__name__}` ({len(rows)})"
    return f":::{{dropdown}} {title}\n\n{table}\n:::"


def entry_of(request: type[Request[Row]]) -> str:
    """Return the whole entry of an operation in Markdown."""
    blocks, meanings = parsed(request)
    examples = [block for block in blocks if block.startswith("    ")]
    prose = [linked(block) for block in blocks if not block.startswith("    ")]
    body = [
        *prose[:2],
        f"**Terminals:** {terminals_in_full(request)}.",
        *([parameters_table(request, meanings)] if meanings else []),
        *prose[2:],
        columns_of(request),
        *(f"```python\n{textwrap.dedent(example)}\n```" for example in examples),
    ]
    head = f"`````{{py:function}} {shown_name(request)}{signature_of(request)}"
    return "\n\n".join([head, *body, "`````"])


class Operations(SphinxDirective):
    """The entries of the request classes that its content names."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Make the entries, and their classes known to the reference."""
        found = []
        for name in " ".join(self.content).split():
            request = getattr(v2 if hasattr(v2, name) else requests, name)
            found += self.parse_text_to_nodes(entry_of(request), allow_section_headings=False)
            domain = self.env.domains.python_domain
            place = domain.objects[shown_name(request)].node_id
            if request in METHODS:
                domain.note_object(
                    object_name(request), "class", place, location=self.get_location()
                )
            inner = f"{request.__module__}.{request.__name__}"
            if inner != object_name(request):
                domain.note_object(inner, "class", place, aliased=True)
        return found


def belongs(request: type[Request[Row]], page: str) -> bool:
    """Tell whether an operation is in the table of a page."""
    if request.v2_only or page == "v2":
        return request.v2_only and page == "v2"
    if request.flat_file or page == "flat_file":
        return request.flat_file and page == "flat_file"
    return request.operation.startswith(f"{page}_")


class OperationsTable(SphinxDirective):
    """A line for each operation of a page: `stock`, ..., `flat_file`, `v2`, or `all`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the table."""
        (page,) = self.arguments
        rows = []
        for request in METHODS:
            if page != "all" and not belongs(request, page):
                continue
            name = shown_name(request)
            short = name if page in {"all", "flat_file", "v2"} else name.rpartition(".")[2]
            summary = (
                (inspect.getdoc(request) or "")
                .partition("\n")[0]
                .replace(" v2 terminals only.", "")
            )
            gives = "a file"
            if not request.flat_file or request.v2_only:
                gives = f"`rows.{request.row_type().__name__}`"
            rows.append(
                (
                    f"{{py:func}}`{short} <{name}>`",
                    summary,
                    f"{request.tier}",
                    terminals_of(request),
                    gives,
                )
            )
        headings = ("method", "what it does", "tier", "terminals", "gives")
        if page == "all":  # which has the longest names; each page has the rest
            headings = headings[:-1]
            rows = [row[:-1] for row in rows]
        box = nodes.container(classes=["operations"])
        box += self.parse_text_to_nodes(markdown_table(headings, rows))
        return [box]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("operations", Operations)
    app.add_directive("operations-table", OperationsTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
