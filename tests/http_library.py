"""The HTTP library that the package uses, for tests that need the library itself.

The package names it in one line, in `thetatrio/_rest/transport.py`. Tests take it
from here, so that they run with whatever that line imports.
"""

from importlib import import_module

from thetatrio._rest.transport import httpx

__all__ = ["httpcore", "httpx"]

# httpx stands on httpcore, its fork httpx2 on httpcore2.
httpcore = import_module(httpx.__name__.replace("httpx", "httpcore"))
