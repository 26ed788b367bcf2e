"""The calls of the other faces that the type checkers look at are all there are."""

import ast
from pathlib import Path

from tests.typing import generate_faces


def test_the_calls_are_those_of_the_table() -> None:
    """The files made from the table of operations are made from it as it is now."""
    for name, text in generate_faces.texts().items():
        written = (Path(__file__).parent / name).read_text(encoding="utf-8")
        assert ast.dump(ast.parse(written)) == ast.dump(ast.parse(text))


def test_every_operation_is_called() -> None:
    """No operation is left out."""
    assert len(generate_faces.operations()) > 80
