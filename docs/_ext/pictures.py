"""`{picture}`: an SVG of docs/_pictures inside the page, so that it has the page's colours."""

from __future__ import annotations

import html
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import OptionSpec

FOLDER = Path(__file__).parents[1] / "_pictures"


class Picture(SphinxDirective):
    """A figure; its content is the caption, and `alt` says what is to be seen."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[OptionSpec] = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Put the source of the picture into the page."""
        path = FOLDER / self.arguments[0]
        self.env.note_dependency(str(path))
        source = path.read_text(encoding="utf-8")
        label = html.escape(self.options["alt"], quote=True)
        drawing = source.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
        box = nodes.container(classes=["picture"])
        box += nodes.raw("", f'<div class="drawing">{drawing}</div>', format="html")
        caption = nodes.container(classes=["caption"])
        caption += self.parse_content_to_nodes()
        box += caption
        return [box]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("picture", Picture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
