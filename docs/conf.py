"""How the documentation is built: `nox -s docs`, with every warning an error and no network."""

from __future__ import annotations

import sys
from pathlib import Path

import thetatrio

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "thetatrio"
author = "The thetatrio developers"
copyright = author  # noqa: A001 - Sphinx's name
version = release = thetatrio.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx_design",
    "command_line",
    "docstrings",
    "links",
    "operations",
    "pictures",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
default_role = "code"
highlight_language = "python"
nitpicky = True
# Names of other projects, whose documentation cannot be asked for while this is built.
nitpick_ignore = [
    ("py:class", name)
    for name in (
        "AbstractAsyncContextManager",
        "AbstractContextManager",
        "collections.abc.AsyncGenerator",
        "collections.abc.Callable",
        "collections.abc.Generator",
        "collections.abc.Iterable",
        "collections.abc.Iterator",
        "collections.abc.Mapping",
        "collections.abc.Sequence",
        "contextlib.AbstractAsyncContextManager",
        "contextlib.AbstractContextManager",
        "datetime.date",
        "datetime.datetime",
        "datetime.time",
        "datetime.timedelta",
        "decimal.Decimal",
        "inspect.Signature",
        "msgspec.Meta",
        "pa.Table",
        "pd.DataFrame",
        "pl.DataFrame",
        "random.Random",
        "StrPath",
        "ThreadPoolExecutor",
        "trio.Event",
        "trio.MemoryReceiveChannel",
        "trio.SocketListener",
        "trio.abc.Stream",
        "types.TracebackType",
        # The library's own: seams for tests, and words that are told where they are given.
        "Dial",
        "FileFormat",
        "HttpTransport",
        "RestClient",
        "SaveFormat",
        "thetatrio.chains.Asks",
    )
]
nitpick_ignore_regex = [
    # Type variables, which stand for what a caller gives.
    ("py:class", r"(thetatrio\.[\w.]+\.)?[A-Z](_co)?"),
    # Of a function without arguments Sphinx takes the list for a part of the name.
    ("py:class", r"collections\.abc\.Callable\[\[\]"),
    # What the simulated terminal is made of.
    ("py:class", r"thetatrio\.testing\._.*|SecType|ReqType"),
]

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist", "attrs_inline"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "thetatrio"
html_static_path = ["_static"]
html_css_files = ["thetatrio.css"]
html_copy_source = False
html_show_sphinx = False
