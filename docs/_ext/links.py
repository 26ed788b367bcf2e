"""Code in running text that names something of the reference becomes a link to it."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.domains.python import PythonDomain
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

# A name with a dot, a call, or a capital: other words are seldom names of ours.
NAME = re.compile(r"(?:await |async with )?([A-Za-z_][\w.]*\w)(\(.*\))?")
# Objects that the documentation calls by the name of a variable.
VARIABLES = {
    "session": "thetatrio.Session",
    "query": "thetatrio.Query",
    "feed": "thetatrio.Feed",
    "stream": "thetatrio.Stream",
    "session.stream": "thetatrio.Stream",
    "session.terminal": "thetatrio.TerminalControl",
    "chain": "thetatrio.OptionChain",
    "terminal": "thetatrio.testing.Terminal",
    "theta": "thetatrio",
}
MODULES = ("thetatrio", "thetatrio.config", "thetatrio.download")
"""Where a type is that is written without its module."""


def candidates(text: str) -> list[str]:
    """Return the full names that a piece of code may mean, the likeliest first."""
    found = NAME.fullmatch(text)
    if found is None:
        return []
    name, call = found.groups()
    if "." not in name and not call and not (name[0].isupper() and not name.isupper()):
        return []
    names = [name, f"thetatrio.{name}"]
    if "." in name and name in VARIABLES:
        names.append(VARIABLES[name])
    owner, dot, member = name.rpartition(".")
    if dot and owner in VARIABLES:
        names.append(f"{VARIABLES[owner]}.{member}")
    return names


def places_of(node: nodes.Element) -> list[str]:
    """Return the class and the module that a text is about, where it is a docstring's."""
    parent = node.parent
    while parent is not None and not isinstance(parent, addnodes.desc):
        parent = parent.parent
    if parent is None:
        return []
    signature = parent[0]
    module, owner = signature.get("module") or "", signature.get("class") or ""
    inner = (signature.get("fullname"), owner) if parent["objtype"] == "class" else (owner,)
    return [f"{module}.{each}" for each in inner if each] + ([module] if module else [])


class LinkCode(SphinxPostTransform):
    """Links literals that name documented objects."""

    default_priority = 5

    def run(self, **kwargs: object) -> None:
        """Go through the literals of one page."""
        domain = self.env.domains.python_domain
        for literal in list(self.document.findall(nodes.literal)):
            parent = literal.parent
            if isinstance(parent, (nodes.reference, nodes.title)) or len(literal.children) != 1:
                continue
            if not isinstance(literal.children[0], nodes.Text):
                continue
            found = self.find(domain, literal.astext(), places_of(literal))
            if found is None:
                continue
            name, document, anchor = found
            here = self.env.docname
            literal.replace_self(
                make_refnode(self.app.builder, here, document, anchor, literal.deepcopy(), name)
            )

    def find(
        self, domain: PythonDomain, text: str, places: list[str]
    ) -> tuple[str, str, str] | None:
        """Return the name, page and place of what a piece of code means, if that is one thing."""
        names = candidates(text)
        inner = [f"{place}.{names[0]}" for place in places if names and "." not in names[0]]
        for name in (*inner, *names):
            if name in domain.objects:
                entry = domain.objects[name]
                return name, entry.docname, entry.node_id
        return None


class NameTypes(SphinxPostTransform):
    """Gives the types of signatures their full names, where the source has a short one.

    What is imported for type checkers alone stays in a signature as it is written.
    """

    default_priority = 4

    def run(self, **kwargs: object) -> None:
        """Go through the types on one page."""
        objects = self.env.domains.python_domain.objects
        for node in list(self.document.findall(addnodes.pending_xref)):
            name = node.get("reftarget", "")
            if node.get("refdomain") != "py" or "." in name:
                continue
            where = node.get("py:module") or "thetatrio"
            for full in (f"{where}.{name}", *(f"{module}.{name}" for module in MODULES)):
                if full in objects:
                    node["reftarget"] = full
                    node.attributes.pop("refspecific", None)
                    break


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_post_transform(NameTypes)
    app.add_post_transform(LinkCode)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
